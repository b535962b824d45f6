//! All rules of a program on one resource.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use super::elements::{bind, each_element};
use super::path::NoteKind;
use super::record::Recorder;
use super::run::{Machine, Stop, Subject};
use super::{
    Action, AdmissionOperation, Decision, Environment, EvaluationError, Limits, NotApplicable, ObjectKind,
    Resource, RuleVerdict, Trace, Verdict, Violation,
};
use crate::budget::{Budget, OverBudget};
use crate::document::{Document, NodeId, NodeValue, push_key};
use crate::patch;
use crate::program::{
    BindingId, Body, Check, Effect, Elements, Operations, Program, Rule, RuleId, SubjectStep, Target,
};
use crate::value::Value;

/// A program made ready to judge resources. It may be shared between threads.
#[derive(Debug)]
pub struct Evaluator<'p> {
    program: &'p Program,
    /// For each kind that a rule names the rules that speak of it, in order; those that speak of several kinds
    /// at once among them.
    by_kind: HashMap<ObjectKind<'p>, Vec<Candidate>>,
    /// Whether there are mutations at all.
    edits: bool,
    /// The targets that stand for several kinds.
    of_several_kinds: Vec<Candidate>,
}

/// What mutations made of a resource.
#[derive(Debug, Default)]
pub struct Mutated {
    /// Of the mutations that speak of the resource's kind, in order.
    pub verdicts: Vec<RuleVerdict>,
    /// The object after all changes; `None` where there was none.
    pub document: Option<Document>,
}

impl RuleVerdict {
    /// Nothing said yet.
    fn new(rule: RuleId) -> RuleVerdict {
        RuleVerdict {
            rule,
            verdict: Verdict::NotApplicable(NotApplicable::EarlierRule),
            violations: Vec::new(),
            changes: Vec::new(),
            existing: Vec::new(),
            created: Vec::new(),
            unverified: Vec::new(),
            assumed: Vec::new(),
            unanswered: None,
        }
    }
}

/// A rule and its target that fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Candidate {
    rule: u32,
    target: u32,
}

impl<'p> Evaluator<'p> {
    pub fn new(program: &'p Program) -> Evaluator<'p> {
        let mut by_kind: HashMap<ObjectKind<'p>, Vec<Candidate>> = HashMap::new();
        let mut of_several_kinds = Vec::new();
        for (rule, row) in program.rules().iter().enumerate() {
            for (target, it) in row.targets.iter().enumerate() {
                let candidate = Candidate { rule: rule as u32, target: target as u32 };
                if [&it.group, &it.version, &it.kind].into_iter().any(|part| part == "*") {
                    of_several_kinds.push(candidate);
                } else {
                    let kind = ObjectKind { group: &it.group, version: &it.version, kind: &it.kind };
                    by_kind.entry(kind).or_default().push(candidate);
                }
            }
        }
        for (kind, candidates) in &mut by_kind {
            candidates.extend(of_several_kinds.iter().filter(|it| names_kind(program, it, *kind)));
            candidates.sort_by_key(|candidate| (candidate.rule, candidate.target));
        }
        let edits = program.rules().iter().any(|rule| matches!(rule.body, Body::Edit(_)));
        Evaluator { program, by_kind, of_several_kinds, edits }
    }

    pub fn program(&self) -> &'p Program {
        self.program
    }

    /// The rules that speak of a kind, whatever their conditions and operations, in order.
    pub fn rules_for(&self, kind: ObjectKind<'_>, subresource: Option<&str>) -> Vec<RuleId> {
        let mut rules: Vec<RuleId> = self
            .candidates(kind)
            .iter()
            .filter(|candidate| self.target(candidate).subresource.as_deref() == subresource)
            .map(|candidate| RuleId(candidate.rule))
            .collect();
        rules.dedup();
        rules
    }

    /// What the mutations make of a resource: each sees what those before it made.
    pub fn mutate(&self, resource: Resource<'_>, environment: &Environment<'_>, limits: Limits) -> Mutated {
        self.mutate_traced(resource, environment, limits, None).0
    }

    /// As [`Evaluator::mutate`], with the trace of one of the mutations if it speaks of the resource.
    pub fn mutate_traced(
        &self,
        resource: Resource<'_>,
        environment: &Environment<'_>,
        limits: Limits,
        traced: Option<RuleId>,
    ) -> (Mutated, Option<Trace>) {
        let mut mutated = Mutated::default();
        let mut trace = None;
        if !self.edits {
            return (mutated, trace);
        }
        let mut done = None;
        let candidates = self.candidates(environment.kind.unwrap_or(resource.kind));
        for candidate in candidates.iter() {
            let target = self.target(candidate);
            let rule_id = RuleId(candidate.rule);
            let rule = self.program.rule(rule_id);
            let fits = target.subresource.as_deref() == environment.subresource;
            if !matches!(rule.body, Body::Edit(_)) || done == Some(candidate.rule) || !fits {
                continue;
            }
            done = Some(candidate.rule);
            let subjects =
                self.program.prepared().subjects[candidate.rule as usize][candidate.target as usize];
            let mut verdict = RuleVerdict::new(rule_id);
            let changed = {
                let now = mutated.document.as_ref().map_or(resource, Resource::of);
                let kind = environment.kind.unwrap_or(now.kind);
                let mut machine = Machine::new(self.program, now, environment, kind);
                if traced == Some(rule_id) {
                    machine.recorder = Some(Box::new(Recorder::of_trace()));
                }
                judge(&mut machine, rule, target, subjects, limits, &mut verdict);
                trace = trace.or_else(|| traced_verdict(&mut machine, &verdict));
                (!verdict.changes.is_empty()).then(|| {
                    let before = now.document.to_json(now.object);
                    (patch::apply(&before, &verdict.changes), before)
                })
            };
            if let Some((after, before)) = changed {
                match after == before {
                    true => verdict.changes.clear(),
                    false => mutated.document = Some(Document::from_json(&after)),
                }
            }
            mutated.verdicts.push(verdict);
        }
        (mutated, trace)
    }

    /// One rule on one resource, with everything that it asks; nothing where it does not speak of such resources, or is a
    /// mutation of them. What other rules of its policy say is left out.
    pub fn trace<'a>(
        &'a self,
        rule: RuleId,
        resource: Resource<'a>,
        environment: &'a Environment<'a>,
        limits: Limits,
    ) -> Option<Trace> {
        let kind = environment.kind.unwrap_or(resource.kind);
        let candidates = self.candidates(kind);
        let fits = |it: &&Candidate| {
            it.rule == rule.0 && self.target(it).subresource.as_deref() == environment.subresource
        };
        let candidate = candidates.iter().find(fits)?;
        let row = self.program.rule(rule);
        if matches!(row.body, Body::Edit(_)) {
            return None;
        }
        let subjects = self.program.prepared().subjects[candidate.rule as usize][candidate.target as usize];
        let mut machine = Machine::new(self.program, resource, environment, kind);
        machine.recorder = Some(Box::new(Recorder::of_trace()));
        let mut verdict = RuleVerdict::new(rule);
        judge(&mut machine, row, self.target(candidate), subjects, limits, &mut verdict);
        traced_verdict(&mut machine, &verdict)
    }

    /// Judges one resource by all rules that speak of its kind, mutations left out.
    pub fn evaluate<'a>(
        &'a self,
        resource: Resource<'a>,
        environment: &'a Environment<'a>,
        limits: Limits,
    ) -> Decision {
        let kind = environment.kind.unwrap_or(resource.kind);
        let candidates = self.candidates(kind);
        let mut decision = Decision { verdicts: Vec::with_capacity(candidates.len()), invalid: Vec::new() };
        let mut machine = Machine::new(self.program, resource, environment, kind);
        let mut done = None;
        // The policy that wants one rule only, and has it.
        let mut settled = None;
        for candidate in candidates.iter() {
            let target = self.target(candidate);
            if done == Some(candidate.rule) || target.subresource.as_deref() != environment.subresource {
                continue;
            }
            done = Some(candidate.rule);
            let rule_id = RuleId(candidate.rule);
            let rule = self.program.rule(rule_id);
            if matches!(rule.body, Body::Edit(_)) {
                continue;
            }
            decision.verdicts.push(RuleVerdict::new(rule_id));
            let Some(verdict) = decision.verdicts.last_mut().filter(|_| settled != Some(rule.policy)) else {
                continue;
            };
            let subjects =
                self.program.prepared().subjects[candidate.rule as usize][candidate.target as usize];
            judge(&mut machine, rule, target, subjects, limits, verdict);
            let applied = matches!(verdict.verdict, Verdict::Pass | Verdict::Fail);
            if applied && self.program.policy_of(rule_id).first_rule_only {
                settled = Some(rule.policy);
            }
        }
        machine.notes.sort_unstable();
        machine.notes.dedup();
        decision.invalid = machine.notes.iter().map(|note| note.to_invalid()).collect();
        decision
    }

    fn candidates<'s>(&'s self, kind: ObjectKind<'s>) -> Cow<'s, [Candidate]> {
        match self.by_kind.get(&kind) {
            Some(candidates) => Cow::Borrowed(candidates),
            // No rule names this kind; some may mean it.
            None => {
                let fits = |candidate: &&Candidate| names_kind(self.program, candidate, kind);
                Cow::Owned(self.of_several_kinds.iter().filter(fits).copied().collect())
            }
        }
    }

    fn target(&self, candidate: &Candidate) -> &'p Target {
        &self.program.rule(RuleId(candidate.rule)).targets[candidate.target as usize]
    }
}

/// The trace that a machine has noted, if it was to note one.
fn traced_verdict(machine: &mut Machine<'_>, verdict: &RuleVerdict) -> Option<Trace> {
    let recorder = machine.recorder.take()?;
    Some(Trace { verdict: verdict.clone(), passes: recorder.into_passes() })
}

/// Whether a target that stands for several kinds stands for this one.
fn names_kind(program: &Program, candidate: &Candidate, kind: ObjectKind<'_>) -> bool {
    is_of_kind(&program.rule(RuleId(candidate.rule)).targets[candidate.target as usize], kind)
}

/// Whether a target stands for a kind, alone or with others.
pub(super) fn is_of_kind(target: &Target, kind: ObjectKind<'_>) -> bool {
    let is = |pattern: &str, text: &str| pattern == "*" || pattern == text;
    let any_kind = target.kind == "*" && target.group == "*";
    any_kind
        || is(&target.group, kind.group) && is(&target.version, kind.version) && is(&target.kind, kind.kind)
}

/// One rule on one resource.
fn judge<'a>(
    machine: &mut Machine<'a>,
    rule: &'a Rule,
    target: &'a Target,
    subjects: u32,
    limits: Limits,
    verdict: &mut RuleVerdict,
) {
    machine.budget = Budget::new(limits.fuel);
    machine.namespaced = machine.environment.namespaced.unwrap_or(target.namespaced);
    machine.assumed.clear();
    machine.unanswered = None;
    if !speaks_on(rule.operations, machine.environment.operation) {
        verdict.verdict = Verdict::NotApplicable(NotApplicable::Operation);
        return;
    }
    let policy = &machine.program.policies()[rule.policy.0 as usize];
    if let Some(namespace) = &policy.namespace
        && machine.namespace() != Some(namespace)
    {
        verdict.verdict = Verdict::NotApplicable(NotApplicable::Namespace);
        return;
    }
    make_room(machine, rule.slots, rule.bindings);

    let mut merged: Option<Verdict> = None;
    // The usual subject is the object itself.
    if let [subject] = target.subjects.as_slice()
        && subject.is_empty()
    {
        machine.subject = whole_object(machine);
        merged = Some(judge_subject(machine, rule, limits, verdict));
    } else {
        match subjects_of(machine, target, subjects) {
            Ok(subjects) => {
                for subject in subjects.iter() {
                    machine.subject.clone_from(subject);
                    let next = judge_subject(machine, rule, limits, verdict);
                    let heavier = merged.as_ref().is_none_or(|merged| weight(&next) > weight(merged));
                    if heavier {
                        merged = Some(next);
                    }
                    if matches!(merged, Some(Verdict::Error(_))) {
                        break;
                    }
                }
            }
            Err(OverBudget) => merged = Some(Verdict::Error(over_budget())),
        }
    }
    // Nothing is wrong with a subject that has no places, and nothing in it says that its object goes.
    verdict.verdict = merged.unwrap_or(match rule.body {
        Body::Delete(_) => Verdict::NotApplicable(NotApplicable::Condition),
        Body::Check(_) | Body::Edit(_) | Body::EditExisting(_) | Body::Generate(_) | Body::Verify(_) => {
            Verdict::Pass
        }
    });
    verdict.assumed.append(&mut machine.assumed);
    verdict.unanswered = match verdict.verdict {
        Verdict::NotEvaluated(_) => machine.unanswered.take(),
        _ => None,
    };
    if !matches!(verdict.verdict, Verdict::NotApplicable(_))
        && let Some(exemption) = super::exempt::exemption_for(machine, verdict.rule, limits)
    {
        verdict.verdict = Verdict::NotApplicable(NotApplicable::Exempt(exemption));
        verdict.violations.clear();
        verdict.changes.clear();
        verdict.existing.clear();
        verdict.created.clear();
        verdict.unverified.clear();
        verdict.assumed.clear();
    }
}

pub(super) fn speaks_on(operations: Operations, operation: AdmissionOperation) -> bool {
    match operation {
        AdmissionOperation::Create => operations.create,
        AdmissionOperation::Update => operations.update,
        AdmissionOperation::Delete => operations.delete,
        AdmissionOperation::Connect => operations.connect,
    }
}

/// Room for the names that the code of a rule or exemption uses.
pub(super) fn make_room(machine: &mut Machine<'_>, slots: u32, bindings: (BindingId, BindingId)) {
    if machine.slots.len() < slots as usize {
        machine.slots.resize(slots as usize, Value::Missing);
    }
    machine.bindings_start = bindings.0;
}

fn over_budget() -> EvaluationError {
    EvaluationError { reason: super::ErrorReason::OverBudget, origin: None }
}

/// Of the verdicts on several subjects the heaviest is that of the rule.
fn weight(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::NotApplicable(_) => 0,
        Verdict::Pass => 1,
        Verdict::NotEvaluated(_) => 2,
        Verdict::Fail => 3,
        Verdict::Error(_) => 4,
    }
}

pub(super) fn whole_object(machine: &Machine<'_>) -> Subject {
    Subject {
        node: Some(machine.resource.object),
        old_node: machine.old.map(|old| old.object),
        nearest: machine.resource.object,
        rest: String::new(),
    }
}

/// The places of a target's subjects, found once for each resource.
pub(super) fn subjects_of<'a>(
    machine: &mut Machine<'a>,
    target: &'a Target,
    number: u32,
) -> Result<Rc<[Subject]>, OverBudget> {
    if let Some(known) = &machine.subjects[number as usize] {
        machine.budget.spend(known.len() as u64)?;
        return Ok(Rc::clone(known));
    }
    let mut found = Vec::new();
    for path in &target.subjects {
        find_subjects(machine, path, whole_object(machine), &mut found)?;
    }
    let found: Rc<[Subject]> = found.into();
    machine.subjects[number as usize] = Some(Rc::clone(&found));
    Ok(found)
}

/// Finds the places of a subject path. A missing field leads to a subject that is missing, as a path of a
/// condition would; a missing list has no elements. Elements of the old object are those in the same place.
fn find_subjects<'a>(
    machine: &mut Machine<'a>,
    path: &'a [SubjectStep],
    from: Subject,
    found: &mut Vec<Subject>,
) -> Result<(), OverBudget> {
    let mut subject = from;
    for (at, step) in path.iter().enumerate() {
        machine.budget.spend(1)?;
        let document = machine.resource.document;
        match step {
            SubjectStep::Field { name, required } => {
                let field = |old: super::Resource<'a>, node| old.document.get(node, name);
                subject.old_node = machine.old.zip(subject.old_node).and_then(|(old, node)| field(old, node));
                let next = subject.node.and_then(|node| document.get(node, name));
                match (subject.node, next) {
                    (_, Some(next)) => {
                        if *required && document_value_is_null(machine, next) {
                            machine.note(document, next, NoteKind::Null("an object"));
                        }
                        subject.node = Some(next);
                        subject.nearest = next;
                    }
                    (Some(node), None) => {
                        match document.value(node) {
                            NodeValue::Map { .. } if *required => {
                                machine.note(document, node, NoteKind::MissingField(name));
                            }
                            NodeValue::Map { .. } | NodeValue::Null => {}
                            _ => machine.note(document, node, NoteKind::WrongType("an object")),
                        }
                        push_key(&mut subject.rest, name);
                        subject.node = None;
                    }
                    (None, None) => push_key(&mut subject.rest, name),
                }
            }
            SubjectStep::Each => {
                let Some(list) = subject.node else { return Ok(()) };
                if !matches!(document.value(list), NodeValue::Seq { .. } | NodeValue::Null) {
                    machine.note(document, list, NoteKind::WrongType("a list"));
                }
                for (index, element) in document.elements(list).enumerate() {
                    machine.budget.spend(1)?;
                    let old_node = machine
                        .old
                        .zip(subject.old_node)
                        .and_then(|(old, node)| old.document.element(node, index));
                    let next =
                        Subject { node: Some(element), old_node, nearest: element, rest: String::new() };
                    find_subjects(machine, &path[at + 1..], next, found)?;
                }
                return Ok(());
            }
        }
    }
    if let Some(node) = subject.node
        && document_value_is_null(machine, node)
    {
        subject.node = None;
    }
    found.push(subject);
    Ok(())
}

fn document_value_is_null(machine: &Machine<'_>, node: NodeId) -> bool {
    machine.resource.document.value(node) == NodeValue::Null
}

/// The rule on one subject; violations are added to the verdict.
fn judge_subject<'a>(
    machine: &mut Machine<'a>,
    rule: &'a Rule,
    limits: Limits,
    verdict: &mut RuleVerdict,
) -> Verdict {
    match try_subject(machine, rule, limits, verdict) {
        Ok(verdict) => verdict,
        Err(Stop::Error(error)) => Verdict::Error(error),
        Err(Stop::NoUser) => Verdict::NotApplicable(NotApplicable::NoUser),
        Err(Stop::NotEvaluated(about)) => Verdict::NotEvaluated(about),
    }
}

fn try_subject<'a>(
    machine: &mut Machine<'a>,
    rule: &'a Rule,
    limits: Limits,
    verdict: &mut RuleVerdict,
) -> Result<Verdict, Stop> {
    forget_bindings(machine, rule.bindings);
    if let Some(applies) = rule.applies
        && !machine.ask(applies)?
    {
        return Ok(Verdict::NotApplicable(NotApplicable::Where));
    }
    let before = verdict.violations.len();
    match &rule.body {
        Body::Check(check) => match &check.elements {
            None => {
                if machine.ask(check.violation)? {
                    let path = machine.subject_path();
                    let node = machine.subject.nearest;
                    verdict.violations.push(violation(machine, rule, check, limits, node, path)?);
                }
            }
            Some(elements) => judge_elements(machine, rule, check, elements, limits, verdict)?,
        },
        Body::Edit(edits) => verdict.changes.extend(super::edit::changes(machine, edits)?),
        Body::EditExisting(groups) => verdict.existing.extend(super::edit::existing(machine, groups)?),
        Body::Generate(generation) => {
            verdict.created.extend(super::generate::objects(machine, generation)?);
        }
        // Whether the object is one to remove.
        Body::Delete(condition) => {
            return Ok(match machine.ask(*condition)? {
                true => Verdict::Pass,
                false => Verdict::NotApplicable(NotApplicable::Condition),
            });
        }
        // Who signed an object is not known here.
        Body::Verify(None) => return Ok(Verdict::NotEvaluated(super::Unknown::Signatures)),
        Body::Verify(Some(images)) => return super::verify::images(machine, rule, images, verdict),
    }
    Ok(if verdict.violations.len() > before { Verdict::Fail } else { Verdict::Pass })
}

fn judge_elements<'a>(
    machine: &mut Machine<'a>,
    rule: &'a Rule,
    check: &'a Check,
    elements: &'a Elements,
    limits: Limits,
    verdict: &mut RuleVerdict,
) -> Result<(), Stop> {
    let lists = machine.values(elements.sources)?;
    let judged = judge_lists(machine, rule, (check, elements), &lists, limits, verdict);
    machine.done_with(lists);
    judged
}

fn judge_lists<'a>(
    machine: &mut Machine<'a>,
    rule: &'a Rule,
    (check, elements): (&'a Check, &'a Elements),
    lists: &[Value<'a>],
    limits: Limits,
    verdict: &mut RuleVerdict,
) -> Result<(), Stop> {
    let names = (elements.key, elements.element);
    each_element(machine, lists, |machine, key, element| {
        // Elements of lists have numbers, entries of maps have names.
        if let (Value::Node(document, node), true, Value::Int(_)) = (&element, element.is_missing(), &key) {
            machine.note(document, *node, NoteKind::Null("a value"));
        }
        let (node, path) = match element {
            Value::Node(document, node) if std::ptr::eq(document, machine.resource.document) => (node, None),
            _ => (machine.subject.nearest, Some(())),
        };
        bind(machine, names, key.clone(), element.clone());
        forget_element_bindings(machine, rule);
        let path_of = |machine: &Machine<'a>| match path {
            None => machine.resource.document.path_below(machine.resource.object, node),
            Some(()) => machine.subject_path(),
        };
        let asked = machine.ask(check.violation);
        if machine.is_traced() {
            let path = path_of(machine);
            machine.pass_was_about(node, &path);
        }
        if !asked? {
            return Ok(());
        }
        let path = path_of(machine);
        // The blocks of this rule may have used the slots for loops of their own.
        bind(machine, names, key, element);
        verdict.violations.push(violation(machine, rule, check, limits, node, path)?);
        Ok(())
    })
}

pub(super) fn forget_bindings(machine: &mut Machine<'_>, (first, last): (BindingId, BindingId)) {
    if first == last {
        return;
    }
    machine.bindings.clear();
    machine.bindings.resize((last.0 - first.0) as usize, None);
}

pub(super) fn forget_element_bindings(machine: &mut Machine<'_>, rule: &Rule) {
    for (row, value) in machine.bindings.iter_mut().enumerate() {
        let id = rule.bindings.0.0 as usize + row;
        if machine.program.parts().bindings[id].per_element {
            *value = None;
        }
    }
}

/// Says of a violation what there is to say: its cause, its message, its action.
fn violation<'a>(
    machine: &mut Machine<'a>,
    rule: &'a Rule,
    check: &'a Check,
    limits: Limits,
    node: NodeId,
    path: String,
) -> Result<Violation, Stop> {
    // The pass is the same as the one before, so it takes no more than that did, and costs the rule nothing.
    let left = std::mem::replace(&mut machine.budget, Budget::new(limits.fuel));
    forget_bindings(machine, rule.bindings);
    let traced = machine.recorder.replace(Box::default());
    let recorded = machine.ask(check.violation);
    let cause = machine.cause(check.violation_origin, node, &path);
    machine.recorder = traced;
    machine.budget = left;
    recorded?;

    machine.unknown_is_missing = true;
    let message = machine.values(rule.message);
    machine.unknown_is_missing = false;
    let message = message?.first().and_then(|text| text.as_text().map(str::to_owned)).unwrap_or_default();
    Ok(Violation { node, path, message, cause, action: action(machine, rule)? })
}

/// The first action whose condition holds; one that asks for what is not known does not hold.
fn action(machine: &mut Machine<'_>, rule: &Rule) -> Result<Action, Stop> {
    for action in &rule.actions {
        let holds = match action.condition {
            None => true,
            Some(condition) => match machine.ask(condition) {
                Ok(holds) => holds,
                Err(Stop::NoUser) => false,
                Err(Stop::NotEvaluated(about)) => {
                    if !machine.assumed.contains(&about) {
                        machine.assumed.push(about);
                    }
                    false
                }
                Err(error @ Stop::Error(_)) => return Err(error),
            },
        };
        if holds {
            return Ok(Action { effect: action.effect, warn: action.warn });
        }
    }
    Ok(Action { effect: Effect::Enforce, warn: false })
}
