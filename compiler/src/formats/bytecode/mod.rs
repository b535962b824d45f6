//! Policies as bytecode: `ir::PolicySet` to [`Program`].
//!
//! Everything that the IR can say has instructions, so a refusal is about size, or about a literal or pattern
//! that the runtime does not read. Nothing is left out in silence.

mod assembler;
mod condition;
mod lookup;
mod rule;
mod value;

use aipc_runtime::program::{self, PolicyId, Program, RuleId};

use super::support::{self, Target};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir;
use crate::source::{Sources, Span};
use assembler::Assembler;

/// The program of a set of policies, verified.
///
/// # Errors
/// A diagnostic for each rule that cannot be carried, with the reason.
pub fn emit(set: &ir::PolicySet, sources: &Sources) -> Result<Program, Vec<Diagnostic>> {
    emit_all(&[(set, sources)])
}

/// One program of several sets of policies, each with the texts that its places are in. Exemptions are from the rules of
/// all of them.
///
/// # Errors
/// A diagnostic for each rule that cannot be carried, with the reason; its place is in the texts of its own set.
pub fn emit_all(sets: &[(&ir::PolicySet, &Sources)]) -> Result<Program, Vec<Diagnostic>> {
    let mut assembler = Assembler::default();
    let mut diagnostics = Vec::new();
    for (set, sources) in sets {
        if cfg!(debug_assertions) {
            let broken = ir::verify::verify(set);
            assert!(broken.is_empty(), "the IR is not well-formed: {broken:?}");
        }
        assembler.turn_to(sources);
        for policy in &set.policies {
            let first = RuleId(assembler.parts.rules.len() as u32);
            let id = PolicyId(assembler.parts.policies.len() as u32);
            for rule in &policy.rules {
                if let Err(refusal) = rule::emit_rule(&mut assembler, rule, id) {
                    diagnostics.push(refusal.diagnostic());
                }
            }
            let last = RuleId(assembler.parts.rules.len() as u32);
            let row = policy_row(&mut assembler, policy, (first, last));
            assembler.parts.policies.push(row);
        }
    }
    let policies = || sets.iter().flat_map(|(set, _)| &set.policies);
    for (set, sources) in sets {
        assembler.turn_to(sources);
        for exemption in &set.exemptions {
            let names = policies().flat_map(|it| it.rules.iter().map(|rule| (&it.name, &rule.name)));
            let is_from = |(policy, rule): (&String, &String)| exemption.is_from(policy, rule);
            let rules = (0..).map(RuleId).zip(names).filter_map(|(id, names)| is_from(names).then_some(id));
            let mut said = sets
                .iter()
                .flat_map(|(other, _)| support::legalize_exemption(other, exemption, Target::Bytecode));
            diagnostics.extend(said.find(Diagnostic::is_error));
            if let Err(refusal) = rule::emit_exemption(&mut assembler, exemption, rules.collect()) {
                diagnostics.push(refusal.diagnostic());
            }
        }
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    Program::new(assembler.parts).map_err(|error| {
        let span = policies().next().map_or(NOWHERE, |policy| policy.origin);
        vec![Diagnostic::new(Code::NotInTarget, span, format!("bytecode cannot hold this: {error}"))]
    })
}

/// The place of what has none: an empty set of policies.
const NOWHERE: Span = Span { file: crate::source::FileId(0), start: 0, end: 0 };

/// Why a rule has no bytecode.
#[derive(Debug)]
struct Refusal {
    span: Span,
    reason: String,
}

impl Refusal {
    fn new(span: Span, reason: impl Into<String>) -> Refusal {
        Refusal { span, reason: reason.into() }
    }

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::new(Code::NotInTarget, self.span, format!("bytecode cannot say this: {}", self.reason))
    }
}

type Emitted<T> = Result<T, Refusal>;

fn policy_row(
    assembler: &mut Assembler<'_>,
    policy: &ir::Policy,
    rules: (RuleId, RuleId),
) -> program::Policy {
    let settings = &policy.settings;
    program::Policy {
        name: policy.name.clone(),
        title: policy.title.clone(),
        description: policy.description.clone(),
        severity: policy.severity.clone(),
        category: policy.category.clone(),
        controls: policy.controls.clone(),
        namespace: settings.namespace.clone(),
        first_rule_only: settings.apply_rules.as_deref() == Some("One"),
        scored: settings.scored.unwrap_or(true),
        background: settings.background,
        labels: settings.labels.clone(),
        annotations: settings.annotations.clone(),
        place: assembler.place(policy.origin),
        rules,
    }
}
