//! Kyverno's policies as they are, on the objects of a run.
//!
//! ```text
//!   *.yaml ─▶ policies (read strictly, faults as findings) ─▶ judge (engine of aipc-kyverno) ─▶ results in Kyverno's words
//!                                            lookups (objects and answers of `--context`) ─┘
//! ```

mod judge;
mod lookups;

use aipc_compiler::suggest::closest;
use aipc_kyverno::policy::fields::{Fault, FaultKind};
use aipc_kyverno::policy::rule::{Body, Check, Rule};
use aipc_kyverno::policy::{self, Policy};

use super::manifests::{Manifest, location};
use crate::report::{Finding, SourceLocation};

pub(in crate::run) use judge::ObjectState;
pub use judge::{Given, Judge, Seen, as_judged};

/// A policy of Kyverno with the file that it was read from.
pub struct KyvernoPolicy {
    pub file: String,
    pub policy: Policy,
}

impl KyvernoPolicy {
    /// Where a rule is written.
    fn source(&self, rule: &Rule) -> SourceLocation {
        SourceLocation { file: self.file.clone(), line: rule.position.line, column: rule.position.column }
    }
}

/// The policies of a file of them. What is wrong with one, or cannot be done, is a finding, and the policy is left out.
pub fn read(manifest: &Manifest, findings: &mut Vec<Finding>) -> Vec<KyvernoPolicy> {
    findings.extend(manifest.read.findings.iter().map(|it| super::manifests::to_finding(&manifest.name, it)));
    let mut policies = Vec::new();
    for resource in &manifest.read.resources {
        let place = location(&manifest.name, resource.position(), String::new());
        if !policy::is_policy(resource.api_version(), resource.kind()) {
            let message = format!(
                "`run` does not evaluate a {} of `{}` as YAML",
                resource.kind(),
                resource.api_version()
            );
            let help = "ClusterPolicy and Policy of `kyverno.io/v1` run as they are";
            findings.push(Finding::error("unsupported-policy", message).at(place).help(help));
            continue;
        }
        match policy::read(resource.document(), resource.root()) {
            Err(faults) => findings.extend(faults.iter().map(|fault| to_finding(&manifest.name, fault))),
            Ok(policy) => {
                let file = manifest.name.clone();
                let undone: Vec<Finding> =
                    policy.rules.iter().filter_map(|rule| undone(&file, rule)).collect();
                if undone.is_empty() {
                    policies.push(KyvernoPolicy { file, policy });
                } else {
                    findings.extend(undone);
                }
            }
        }
    }
    policies
}

/// A fault of a policy in the words of reports.
pub fn to_finding(file: &str, fault: &Fault) -> Finding {
    let place = location(file, fault.position, fault.path.clone());
    match &fault.kind {
        FaultKind::UnknownField { field, known } => {
            let finding = Finding::error("unknown-field", &fault.message).at(place);
            match closest(field, known.iter().copied()) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(format!("known here: {}", known.join(", "))),
            }
        }
        FaultKind::Shape => Finding::error("wrong-shape", &fault.message).at(place),
        FaultKind::Refused => Finding::error("refused-policy", &fault.message).at(place),
        FaultKind::Unsupported => Finding::error("unsupported-policy", &fault.message).at(place),
    }
}

/// What of a rule cannot be done.
fn undone(file: &str, rule: &Rule) -> Option<Finding> {
    let what = match &rule.body {
        Body::Validate(validate) => match &validate.check {
            Check::Cel(_) => "is written in CEL",
            Check::Manifests(_) => "verifies the signature of manifests",
            Check::PodSecurity(_)
            | Check::Deny(_)
            | Check::Pattern(_)
            | Check::AnyPattern(_)
            | Check::ForEach(_)
            | Check::Nothing => {
                return None;
            }
        },
        Body::Mutate(mutate) if mutate.targets.is_empty() => return None,
        Body::Mutate(_) => "mutates existing objects",
        Body::Generate(_) => "generates",
        Body::VerifyImages(_) => "verifies images",
    };
    let message = format!("rule `{}` {what}, which `run` does not do for policies as YAML", rule.name);
    let place = location(file, rule.position, String::new());
    Some(Finding::error("unsupported-policy", message).at(place))
}
