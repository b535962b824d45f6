//! Typed tree to IR: quantifiers, presence and views become explicit, and `require` is turned around.
//!
//! Enters: a [`hir::Module`] without errors. Leaves: [`ir::PolicySet`], and a diagnostic for each rule that no
//! output carries yet. Nothing here knows a target.

mod condition;
mod element;
mod exempt;
mod generate;
mod lookup;
mod message;
mod mutate;
mod place;
mod rule;
mod value;
mod verify;

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
    let mut exemptions = Vec::new();
    for exemption in &module.exemptions {
        match exempt::lower_exemption(exemption) {
            Ok(exemption) => exemptions.push(exemption),
            Err(refusal) => diagnostics.push(refusal.diagnostic()),
        }
    }
    (ir::PolicySet { policies, exemptions }, diagnostics)
}

/// Why a rule has no IR.
#[derive(Debug)]
pub(crate) struct Refusal {
    span: Span,
    reason: String,
    code: Code,
}

impl Refusal {
    pub(crate) fn new(span: Span, reason: impl Into<String>) -> Refusal {
        Refusal { span, reason: reason.into(), code: Code::NotCarriedYet }
    }

    /// For a rule that is wrong in a way that shows only once its values are known.
    pub(crate) fn coded(code: Code, span: Span, reason: impl Into<String>) -> Refusal {
        Refusal { span, reason: reason.into(), code }
    }

    /// For a rule that its functions, views and lists make larger than outputs can hold.
    pub(crate) fn too_large(span: Span) -> Refusal {
        let reason = "this comes to more conditions than one rule may have";
        Refusal { span, reason: reason.into(), code: Code::TooLarge }
    }

    fn diagnostic(self) -> Diagnostic {
        let help = match self.code {
            Code::TooLarge => {
                "functions, views and lists multiply where they stand in each other; write several rules"
            }
            Code::MayBeMissing => {
                "give a value instead (`x ?? \"…\"`), insist (`must(x)`), or ask first (`where has x`)"
            }
            Code::UnwrittenElement => "write its fields: `{ name: …, … }`",
            Code::NeedsPath => {
                "name a place: a path from the object, or the element of a `for` over a list of it"
            }
            Code::VerbClause => "name the kind of the objects",
            _ => "`check`, `fmt` and the editor know it; `build` and `run` refuse it",
        };
        Diagnostic::new(self.code, self.span, self.reason).help(help)
    }
}

pub(crate) type Lowered<T> = Result<T, Refusal>;
