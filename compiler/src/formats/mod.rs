//! Out of the IR into the formats that others run: Kyverno's YAML and bytecode.

pub mod bytecode;
pub mod cel;
pub mod cluster_policy;
pub mod jmespath;
pub mod support;
pub mod validating_policy;
pub mod yaml_write;

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
