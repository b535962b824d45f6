//! Typed tree to IR: quantifiers, presence and views become explicit, and `require` is turned around.
//!
//! Enters: a [`hir::Module`] without errors. Leaves: [`ir::PolicySet`], and a diagnostic for each rule that no
//! output carries yet. Nothing here knows a target.

mod condition;
mod element;
mod message;
mod place;
mod rule;
mod value;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Sources, Span};
use crate::{hir, ir};

/// The policies of a module. A rule that cannot be carried is left out and named in the diagnostics.
pub fn lower(module: &hir::Module, sources: &Sources) -> (ir::PolicySet, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut policies = Vec::new();
    for policy in &module.policies {
        let mut rules = Vec::new();
        for rule in &policy.rules {
            match rule::lower_rule(rule, sources) {
                Ok(rule) => rules.push(rule),
                Err(refusal) => diagnostics.push(refusal.diagnostic()),
            }
        }
        policies.push(ir::Policy {
            name: policy.name.clone(),
            title: policy.title.clone(),
            description: policy.description.clone(),
            severity: policy.severity.clone(),
            category: policy.category.clone(),
            controls: policy.controls.clone(),
            settings: policy.settings.clone(),
            rules,
            origin: policy.span,
        });
    }
    for exemption in &module.exemptions {
        diagnostics.push(
            Refusal::new(exemption.span, "exemptions are checked, and no output carries them yet")
                .diagnostic(),
        );
    }
    (ir::PolicySet { policies }, diagnostics)
}

/// Why a rule has no IR.
#[derive(Debug)]
pub(crate) struct Refusal {
    span: Span,
    reason: String,
}

impl Refusal {
    pub(crate) fn new(span: Span, reason: impl Into<String>) -> Refusal {
        Refusal { span, reason: reason.into() }
    }

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::new(Code::NotCarriedYet, self.span, self.reason)
            .help("`check`, `fmt` and the editor know it; `build` and `run` refuse it")
    }
}

pub(crate) type Lowered<T> = Result<T, Refusal>;
