//! Out of the IR into the formats that others run: Kyverno's YAML and bytecode.

pub mod bytecode;
pub mod cel;
pub mod cluster_policy;
pub mod deleting_policy;
mod deletion;
mod edits;
pub mod image_policy;
mod images;
mod exempted;
mod existing;
pub mod jmespath;
mod literal;
pub mod generating_policy;
pub mod mutating_policy;
mod objects;
pub mod support;
pub mod validating_policy;
pub mod yaml_write;

use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Body, Policy, PolicySet, Rule};
use crate::source::{Sources, Span};
use support::Target;

/// All documents of a target that is YAML: policies that change objects first, then those that judge, then those that make
/// others and those that delete, then exceptions from them. The set is legal for the target. There are none of
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
        Target::KyvernoLegacy => {
            let mut emitted = cluster_policy::emit(set, sources)?;
            emitted.extend(cluster_policy::emit_exceptions(set, &emitted, sources)?);
            Ok(emitted)
        }
        Target::Kyverno => {
            let mut emitted = mutating_policy::emit(set, sources)?;
            emitted.extend(validating_policy::emit(set, sources));
            emitted.extend(generating_policy::emit(set, sources)?);
            emitted.extend(image_policy::emit(set, sources)?);
            emitted.extend(deleting_policy::emit(set, sources)?);
            emitted.extend(validating_policy::emit_exceptions(set, &emitted, sources)?);
            Ok(emitted)
        }
        Target::Bytecode => Ok(Vec::new()),
    }
}

/// Something that the YAML of a target cannot say, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsupported {
    pub span: Span,
    pub reason: &'static str,
}

impl Unsupported {
    /// `kind` is the kind of Kyverno that was to say it.
    fn diagnostic(&self, kind: &str) -> Diagnostic {
        let message = format!("this cannot be said in Kyverno's {kind}");
        Diagnostic::new(Code::NotInTarget, self.span, message).at(self.reason)
    }
}

/// What was written for each of the items, in order.
///
/// # Errors
/// A diagnostic for each item that was refused; `kind` is the kind of Kyverno that was to say it.
fn gathered<T>(
    items: impl IntoIterator<Item = T>,
    kind: &str,
    mut emit: impl FnMut(T) -> Result<Vec<Emitted>, Unsupported>,
) -> Result<Vec<Emitted>, Vec<Diagnostic>> {
    let mut emitted = Vec::new();
    let mut refused = Vec::new();
    for item in items {
        match emit(item) {
            Ok(found) => emitted.extend(found),
            Err(found) => refused.push(found.diagnostic(kind)),
        }
    }
    if refused.is_empty() { Ok(emitted) } else { Err(refused) }
}

/// The rules of a set that a question holds of, with their policies, in source order.
fn rules_with(set: &PolicySet, is_meant: impl Fn(&Body) -> bool) -> impl Iterator<Item = (&Policy, &Rule)> {
    let rules = set.policies.iter().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
    rules.filter(move |(_, rule)| is_meant(&rule.body))
}

/// One object of a target, as YAML.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Emitted {
    /// `ClusterPolicy`, `ValidatingPolicy`, …
    pub kind: String,
    /// `metadata.name`
    pub name: String,
    /// The policy of the source; empty for an exception.
    pub policy: String,
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
