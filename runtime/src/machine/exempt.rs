//! Exemptions: which one covers an object.

use super::evaluator::{forget_bindings, is_of_kind, make_room, speaks_on, subjects_of, whole_object};
use super::run::{Machine, Stop};
use super::{ErrorReason, EvaluationError, Limits};
use crate::budget::Budget;
use crate::program::{Exemption, ExemptionId, RuleId};

/// The first exemption from a rule that is in force and covers the object, if one does. What is not known, and what
/// ends in an error, exempts nothing: then the rule's own verdict stands.
pub(super) fn exemption_for(machine: &mut Machine<'_>, rule: RuleId, limits: Limits) -> Option<ExemptionId> {
    let program = machine.program;
    let of_rule = &program.prepared().exemptions[rule.0 as usize];
    let found = of_rule.iter().copied().find(|id| {
        let exemption = program.exemption(*id);
        let end = program.prepared().ends[id.0 as usize];
        let is_over = end.is_some_and(|end| machine.environment.now >= end);
        !is_over
            && speaks_on(exemption.operations, machine.environment.operation)
            && covers(machine, *id, exemption, limits) == Ok(true)
    });
    machine.assumed.clear();
    found
}

/// Whether the `where` conditions hold of each place of the object that the exemption speaks of, one at least.
fn covers<'a>(
    machine: &mut Machine<'a>,
    id: ExemptionId,
    exemption: &'a Exemption,
    limits: Limits,
) -> Result<bool, Stop> {
    machine.budget = Budget::new(limits.fuel);
    make_room(machine, exemption.slots, exemption.bindings);
    let subjects = if exemption.targets.is_empty() {
        [whole_object(machine)].into()
    } else {
        let kind = machine.kind;
        let subresource = machine.environment.subresource;
        let fits = |it: &&'a crate::program::Target| {
            it.subresource.as_deref() == subresource && is_of_kind(it, kind)
        };
        let Some(at) = exemption.targets.iter().position(|target| fits(&target)) else { return Ok(false) };
        let target = &exemption.targets[at];
        machine.namespaced = machine.environment.namespaced.unwrap_or(target.namespaced);
        let number = machine.program.prepared().exemption_subjects[id.0 as usize][at];
        subjects_of(machine, target, number)
            .map_err(|_| Stop::Error(EvaluationError { reason: ErrorReason::OverBudget, origin: None }))?
    };
    for subject in subjects.iter() {
        machine.subject.clone_from(subject);
        forget_bindings(machine, exemption.bindings);
        if let Some(applies) = exemption.applies
            && !machine.ask(applies)?
        {
            return Ok(false);
        }
    }
    Ok(!subjects.is_empty())
}
