//! Out of the IR into the formats that others run: Kyverno's YAML and bytecode.

pub mod bytecode;
pub mod cel;
pub mod cluster_policy;
pub mod jmespath;
pub mod support;
pub mod validating_policy;
pub mod yaml_write;

use crate::diagnostic::Diagnostic;
use crate::ir::PolicySet;
use crate::source::Sources;
use support::Target;

/// All documents of a target that is YAML, in source order. The set is legal for the target. There are none of
/// [`Target::Bytecode`], which [`bytecode::emit`] writes.
///
/// # Errors
/// A diagnostic for each rule of a form that only shows to be beyond the target when it is written.
pub fn emit_yaml(
    set: &PolicySet,
    target: Target,
    sources: &Sources,
) -> Result<Vec<Emitted>, Vec<Diagnostic>> {
    match target {
        Target::KyvernoLegacy => cluster_policy::emit(set, sources),
        Target::Kyverno => Ok(validating_policy::emit(set, sources)),
        Target::Bytecode => Ok(Vec::new()),
    }
}

/// One object of a target, as YAML.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Emitted {
    /// `ClusterPolicy`, `ValidatingPolicy`, …
    pub kind: String,
    /// `metadata.name`
    pub name: String,
    /// One document, ended by a line break.
    pub yaml: String,
    /// Where the source's rules are in it, in source order.
    pub rules: Vec<EmittedRule>,
}

/// A rule of the source and what reports of the engine call it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EmittedRule {
    /// The rule's name in the source.
    pub rule: String,
    /// Its names in reports: several where it was split, or where the engine makes rules for workloads.
    pub names: Vec<String>,
}
