//! Why a rule says what it says of an object: its conditions as a tree, each with what it read and what came of it.
//!
//! ```text
//!   machine::Trace ─follow, along ir::Cond─▶ Answered ─tell, along hir::Expr─▶ Step
//! ```
//! What ran is told by the lowered conditions, in whose order the program asks; how it is called, by the expressions as
//! they were written.

use std::ops::Range;

use aipc_compiler::analysis::Analysis;
use aipc_compiler::hir::{self, Expr, ExprKind, Narrow};
use aipc_compiler::ir::{self, Cond, CondKind};
use aipc_compiler::source::{Sources, Span};
use aipc_runtime::document::Resource;
use aipc_runtime::machine::{Evaluator, Event, EventKind, Limits, Pass, Trace, TracedValue, Verdict};
use aipc_runtime::program::{Body, Program, RuleId};

use super::judge::{Object, World, of, with_surroundings};
use super::manifests::{Manifest, Manifests};
use crate::report::{Location, ResourceName, Status};

/// One rule on one object, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    pub policy: String,
    pub rule: String,
    pub resource: ResourceName,
    /// The object in its manifest.
    pub location: Location,
    pub status: Status,
    /// The reason of a skip or an error, or the message of a violation; empty where there is nothing to say.
    pub because: String,
    pub steps: Vec<Step>,
}

/// A part of the tree: a condition, an element, a subject.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The condition as it is written, or the path of what it is about.
    pub label: String,
    /// What was read: `spec.containers[0].image = "nginx"`.
    pub detail: String,
    pub outcome: Outcome,
    /// The answer after which nothing more was asked.
    pub deciding: bool,
    /// The condition in its policy: the name of the file, and bytes.
    pub source: Option<(String, Range<usize>)>,
    pub children: Vec<Step>,
}

/// What came of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    True,
    False,
    /// The answer was clear before, or the evaluation ended.
    NotAsked,
    /// The subject or element is as the rule wants it.
    Pass,
    Fail,
    /// The rule does not speak of the subject or element.
    Skip,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::True => "true",
            Outcome::False => "false",
            Outcome::NotAsked => "not asked",
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Skip => "skip",
        }
    }

    fn of(answer: Option<bool>) -> Outcome {
        match answer {
            Some(true) => Outcome::True,
            Some(false) => Outcome::False,
            None => Outcome::NotAsked,
        }
    }
}

/// A rule as it was understood.
#[derive(Clone, Copy)]
pub struct RuleSource<'a> {
    pub hir: &'a hir::Rule,
    pub ir: &'a ir::Rule,
    pub sources: &'a Sources,
}

impl<'a> RuleSource<'a> {
    /// A rule of a file, by policy and rule.
    pub fn find(
        analysis: &'a Analysis,
        sources: &'a Sources,
        policy: &str,
        rule: &str,
    ) -> Option<RuleSource<'a>> {
        let hir = analysis.module.policies.iter().find(|it| it.name == policy)?;
        let ir = analysis.policies.policies.iter().find(|it| it.name == policy)?;
        Some(RuleSource {
            hir: hir.rules.iter().find(|it| it.name == rule)?,
            ir: ir.rules.iter().find(|it| it.name == rule)?,
            sources,
        })
    }
}

/// Which rules and objects are to be explained.
pub struct Wanted<'a> {
    /// By policy and rule.
    pub rule: &'a dyn Fn(&str, &str) -> bool,
    pub object: &'a dyn Fn(&Manifest, &Resource) -> bool,
    /// The source of a rule, by policy and rule; programs that were read from a file have none.
    pub source: &'a dyn Fn(&str, &str) -> Option<RuleSource<'a>>,
}

/// Explains what rules say of objects; rules that do not speak of an object's kind are left out.
pub fn explain(
    programs: &[Program],
    manifests: &Manifests,
    world: &World<'_>,
    wanted: &Wanted<'_>,
) -> Vec<Explanation> {
    let mut explanations = Vec::new();
    with_surroundings((programs, &[]), manifests, world, |surroundings| {
        let evaluators: Vec<Evaluator<'_>> = programs.iter().map(Evaluator::new).collect();
        for (manifest, resource) in manifests.resources().filter(|(file, it)| (wanted.object)(file, it)) {
            let environment = surroundings.environment(resource);
            let mut object = Object::new(manifest, resource, world);
            let rules = |program: &Program| {
                let is_wanted =
                    |rule: &RuleId| (wanted.rule)(&program.policy_of(*rule).name, &program.rule(*rule).name);
                (0..program.rules().len() as u32).map(RuleId).filter(is_wanted).collect::<Vec<_>>()
            };
            // As admission does: mutations first, then what came of them.
            for evaluator in &evaluators {
                let before = object.judged().clone();
                for rule in rules(evaluator.program()) {
                    let (_, trace) =
                        evaluator.mutate_traced(of(&before), &environment, Limits::default(), Some(rule));
                    let told = trace.map(|it| explanation(evaluator.program(), &object, it, wanted));
                    explanations.extend(told);
                }
                object.became(evaluator.mutate(of(&before), &environment, Limits::default()).document);
            }
            for evaluator in &evaluators {
                let judged = || of(object.judged());
                let decision = evaluator.evaluate(judged(), &environment, Limits::default());
                for rule in rules(evaluator.program()) {
                    let Some(trace) = evaluator.trace(rule, judged(), &environment, Limits::default()) else {
                        continue;
                    };
                    // Beside the others of its policy, it may not have come to speak.
                    let verdict = decision.verdicts.iter().find(|it| it.rule == rule).cloned();
                    let trace = match verdict {
                        Some(verdict) if verdict.verdict != trace.verdict.verdict => {
                            Trace { verdict, passes: Vec::new() }
                        }
                        _ => trace,
                    };
                    explanations.push(explanation(evaluator.program(), &object, trace, wanted));
                }
            }
        }
    });
    explanations
}

fn explanation(program: &Program, object: &Object<'_>, trace: Trace, wanted: &Wanted<'_>) -> Explanation {
    let id = trace.verdict.rule;
    let (policy, rule) = (program.policy_of(id).name.clone(), program.rule(id).name.clone());
    let source = (wanted.source)(&policy, &rule);
    let steps = source.map(|source| Teller { program, object, source, trace: &trace }.steps());
    let not_applicable = match trace.verdict.verdict {
        Verdict::NotApplicable(why) => why.because(),
        _ => "",
    };
    let result = object.result(program, trace.verdict);
    let (status, because) = match result {
        Some(it) => (it.status, it.because.unwrap_or(it.message)),
        None => (Status::Skip, not_applicable.to_string()),
    };
    Explanation {
        policy,
        rule,
        resource: object.name(),
        location: object.location(object.judged().root()),
        status,
        because,
        steps: steps.unwrap_or_default(),
    }
}

/// A condition and what came of it, as far as it was asked.
struct Answered<'c> {
    cond: &'c Cond,
    holds: Option<bool>,
    reads: Vec<TracedValue>,
    /// The conditions in it; of a quantifier its body, once for each element.
    parts: Vec<(Option<TracedValue>, Answered<'c>)>,
    /// Which of the answers of the pass this one was.
    number: Option<usize>,
}

/// Follows a pass along its conditions.
struct Follower<'t> {
    program: &'t Program,
    sources: &'t Sources,
    events: &'t [Event],
    at: usize,
    /// The last answer.
    last: Option<usize>,
}

impl<'t> Follower<'t> {
    /// Conditions that all have to hold, up to the first that does not.
    fn all<'c>(&mut self, conds: &[&'c Cond]) -> Vec<Answered<'c>> {
        let mut open = true;
        let mut answered = Vec::new();
        for cond in conds {
            let it = if open { self.follow(cond) } else { not_asked(cond) };
            open &= it.holds == Some(true);
            answered.push(it);
        }
        answered
    }

    fn follow<'c>(&mut self, cond: &'c Cond) -> Answered<'c> {
        let mut answered = not_asked(cond);
        match &cond.kind {
            CondKind::Const(value) => answered.holds = Some(*value),
            CondKind::Not(inner) => {
                let inner = self.follow(inner);
                answered.holds = inner.holds.map(|it| !it);
                answered.parts.push((None, inner));
            }
            CondKind::And(parts) => self.junction(parts, false, &mut answered),
            CondKind::Or(parts) => self.junction(parts, true, &mut answered),
            CondKind::Any(it) => self.quantified(it, true, &mut answered),
            CondKind::All(it) => self.quantified(it, false, &mut answered),
            CondKind::Known { cond: inner, otherwise, .. } => {
                if self.events.get(self.at).is_some_and(|it| it.kind == EventKind::Assumed) {
                    self.at += 1;
                    answered.holds = Some(*otherwise);
                } else {
                    let inner = self.follow(inner);
                    answered.holds = inner.holds;
                    answered.parts.push((None, inner));
                }
            }
            CondKind::Is(_)
            | CondKind::Has(_)
            | CondKind::Empty(_)
            | CondKind::Compare { .. }
            | CondKind::Glob { .. }
            | CondKind::Regex { .. }
            | CondKind::Test(..)
            | CondKind::Changed { .. } => {
                if let Some((at, EventKind::Answer { holds, reads })) =
                    self.next(cond, |it| matches!(it, EventKind::Answer { .. }))
                {
                    answered.holds = Some(*holds);
                    answered.reads.clone_from(reads);
                    answered.number = Some(at);
                }
            }
        }
        answered
    }

    fn junction<'c>(&mut self, parts: &'c [Cond], decisive: bool, answered: &mut Answered<'c>) {
        let mut settled = None;
        for part in parts {
            let it = if settled.is_none() { self.follow(part) } else { not_asked(part) };
            if settled.is_none() && it.holds != Some(!decisive) {
                settled = Some(it.holds);
            }
            answered.parts.push((None, it));
        }
        answered.holds = settled.unwrap_or(Some(!decisive));
    }

    fn quantified<'c>(&mut self, it: &'c ir::Quantified, decisive: bool, answered: &mut Answered<'c>) {
        let is_loop = |it: &EventKind| matches!(it, EventKind::Element(_) | EventKind::Exhausted);
        while let Some((at, event)) = self.next(answered.cond, is_loop) {
            let EventKind::Element(element) = event else {
                answered.holds = Some(!decisive);
                answered.number = Some(at);
                return;
            };
            let body = self.follow(&it.body);
            let holds = body.holds;
            answered.parts.push((Some(element.clone()), body));
            if holds != Some(!decisive) {
                answered.holds = holds;
                return;
            }
        }
    }

    /// The next event of a condition. What lies before it belongs to the values that the condition is about.
    fn next(&mut self, cond: &Cond, is_it: impl Fn(&EventKind) -> bool) -> Option<(usize, &'t EventKind)> {
        let source = self.sources.get(cond.origin.file);
        let (line, column) = source.line_column(cond.origin.start);
        let text = one_line(self.sources.text(cond.origin));
        let fits = |event: &Event| {
            let Some(origin) = event.origin else { return false };
            let origin = &self.program.parts().origins[origin.0 as usize];
            // A long text is cut.
            is_it(&event.kind)
                && (origin.place.line, origin.place.column) == (line, column)
                && text.starts_with(origin.text.trim_end_matches('…'))
                && self.program.file(origin.place) == source.name
        };
        let found = self.at + self.events[self.at..].iter().position(fits)?;
        self.at = found + 1;
        self.last = Some(found);
        Some((found, &self.events[found].kind))
    }
}

fn not_asked(cond: &Cond) -> Answered<'_> {
    Answered { cond, holds: None, reads: Vec::new(), parts: Vec::new(), number: None }
}

/// Source text on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Puts what came of the conditions of one rule into words.
struct Teller<'a> {
    program: &'a Program,
    object: &'a Object<'a>,
    source: RuleSource<'a>,
    trace: &'a Trace,
}

impl Teller<'_> {
    fn steps(&self) -> Vec<Step> {
        let rule = self.program.rule(self.trace.verdict.rule);
        let mut steps = Vec::new();
        for pass in &self.trace.passes {
            if Some(pass.block) == rule.applies {
                let conds: Vec<&Cond> = self.source.ir.applies.iter().collect();
                let (answered, last) = self.follow(pass, &conds);
                // Of a rule that goes on, its `where`s decided nothing.
                let last = last.filter(|_| answered.iter().any(|it| it.holds == Some(false)));
                steps.extend(self.wheres(&answered, last));
                continue;
            }
            match (&rule.body, &self.source.ir.body, &self.source.hir.body) {
                (Body::Check(check), ir::Body::Check(it), body) if check.violation == pass.block => {
                    let (condition, is_deny) = match body {
                        hir::Body::Deny(condition) => (condition, true),
                        hir::Body::Require(condition) => (condition, false),
                        _ => continue,
                    };
                    steps.extend(self.subject(pass, it, condition, is_deny));
                }
                (Body::Delete(block), ir::Body::Delete(it), hir::Body::Delete(deletion))
                    if *block == pass.block =>
                {
                    let (answered, last) = self.follow(pass, &[&it.condition]);
                    if let (Some(condition), Some(answered)) = (&deletion.condition, answered.first()) {
                        steps.push(self.tell(Some(condition), answered, false, last));
                    }
                }
                _ => {}
            }
        }
        steps
    }

    fn follow<'c>(&self, pass: &Pass, conds: &[&'c Cond]) -> (Vec<Answered<'c>>, Option<usize>) {
        let sources = self.source.sources;
        let mut follower =
            Follower { program: self.program, sources, events: &pass.events, at: 0, last: None };
        (follower.all(conds), follower.last)
    }

    /// What a check asks of one subject or element.
    fn subject(&self, pass: &Pass, check: &ir::Check, condition: &Expr, is_deny: bool) -> Vec<Step> {
        let filter = check.elements.as_ref().map(|it| &it.filter);
        let conds: Vec<&Cond> = filter.into_iter().chain([&check.violation]).collect();
        let (answered, last) = self.follow(pass, &conds);
        let Some((violation, filters)) = answered.split_last() else { return Vec::new() };
        let mut children = Vec::new();
        for it in filters.iter().filter(|it| !it.cond.is_const(true)) {
            let joined: Vec<&Answered<'_>> = match &it.cond.kind {
                CondKind::And(_) => it.parts.iter().map(|(_, part)| part).collect(),
                _ => vec![it],
            };
            let last = last.filter(|_| it.holds == Some(false));
            children.extend(self.wheres(&joined, last));
        }
        if violation.holds.is_some() || filters.is_empty() {
            children.push(self.tell(Some(condition), violation, !is_deny, last));
        }
        if check.elements.is_none() && pass.path.is_empty() {
            return children;
        }
        let outcome = match violation.holds {
            Some(true) => Outcome::Fail,
            Some(false) => Outcome::Pass,
            None if filters.iter().any(|it| it.holds == Some(false)) => Outcome::Skip,
            None => Outcome::NotAsked,
        };
        let is_here = |it: &&aipc_runtime::machine::Violation| it.path == pass.path;
        let message = self.trace.verdict.violations.iter().find(is_here);
        let detail = message.map_or(String::new(), |it| self.object.mask().message(&it.message));
        let label = if pass.path.is_empty() { "the object" } else { &pass.path }.to_string();
        vec![Step { label, detail, outcome, deciding: false, source: None, children }]
    }

    /// `where` conditions: those about the object as a whole, or those about an element.
    fn wheres<'c, A: std::borrow::Borrow<Answered<'c>>>(
        &self,
        answered: &[A],
        last: Option<usize>,
    ) -> Vec<Step> {
        let wheres = self.source.hir.narrows.iter().filter_map(|it| match it {
            Narrow::Where(condition) => Some(condition),
            Narrow::With { .. } => None,
        });
        let lies_in = |cond: &Cond, expr: &Expr| {
            expr.span.file == cond.origin.file && expr.span.contains(cond.origin.start)
        };
        // Both kinds stand in one order in the source.
        let mut rest: Vec<&Expr> = wheres.collect();
        let mut steps = Vec::new();
        for it in answered.iter().map(std::borrow::Borrow::borrow) {
            let at = rest.iter().position(|expr| lies_in(it.cond, expr));
            let expr = at.map(|at| rest.remove(at));
            let mut step = self.tell(expr, it, false, last);
            step.label = format!("where {}", step.label);
            steps.push(step);
        }
        steps
    }

    /// A condition in words. What the expression says is what came of the condition, or with `negated` its contrary.
    fn tell(&self, expr: Option<&Expr>, answered: &Answered<'_>, negated: bool, last: Option<usize>) -> Step {
        let outcome = Outcome::of(answered.holds.map(|it| it != negated));
        let step = |span: Span, children: Vec<Step>| Step {
            label: one_line(self.source.sources.text(span)),
            detail: String::new(),
            outcome,
            deciding: answered.number.is_some() && answered.number == last,
            source: self.place(span),
            children,
        };
        if let Some(Expr { kind: ExprKind::Not(inner), span, .. }) = expr {
            return step(*span, vec![self.tell(Some(inner), answered, !negated, last)]);
        }
        if let CondKind::Not(_) | CondKind::Known { .. } = &answered.cond.kind
            && let [(None, inner)] = &answered.parts[..]
        {
            let negated = negated != matches!(answered.cond.kind, CondKind::Not(_));
            return self.tell(expr, inner, negated, last);
        }
        let Some(expr) = expr else { return self.leaf(answered, negated, last, answered.cond.origin) };
        let is_junction = |both: &ExprKind| match (&answered.cond.kind, both) {
            (CondKind::And(parts), ExprKind::And(..)) | (CondKind::Or(parts), ExprKind::Or(..)) => {
                parts.len() == 2 && !negated
            }
            _ => false,
        };
        match (&expr.kind, &answered.parts[..]) {
            (ExprKind::And(a, b) | ExprKind::Or(a, b), [(_, first), (_, second)])
                if is_junction(&expr.kind) =>
            {
                let mut children = Vec::new();
                for (part, it) in [(a, first), (b, second)] {
                    let told = self.tell(Some(part), it, false, last);
                    // `a and b and c` has three parts.
                    let is_same = std::mem::discriminant(&part.kind) == std::mem::discriminant(&expr.kind);
                    match is_same && !told.children.is_empty() {
                        true => children.extend(told.children),
                        false => children.push(told),
                    }
                }
                step(expr.span, children)
            }
            (ExprKind::Quantified { body, .. } | ExprKind::Apply { body, .. }, parts)
                if matches!(answered.cond.kind, CondKind::Any(_) | CondKind::All(_))
                    && answered.cond.origin == expr.span =>
            {
                let children = parts.iter().map(|(element, it)| {
                    let told = self.tell(Some(body), it, negated, last);
                    self.element(element.as_ref(), told)
                });
                step(expr.span, children.collect())
            }
            // Over elements that are written out.
            (ExprKind::Quantified { body, .. }, parts)
                if matches!(answered.cond.kind, CondKind::And(_) | CondKind::Or(_)) =>
            {
                let children = parts.iter().map(|(_, it)| self.tell(Some(body), it, negated, last));
                step(expr.span, children.collect())
            }
            (ExprKind::Apply { body, .. }, _) => {
                let told = step(expr.span, vec![self.tell(Some(body), answered, negated, last)]);
                // What is called decides, rather than the call.
                Step { deciding: false, ..told }
            }
            _ => self.leaf(answered, negated, last, expr.span),
        }
    }

    /// What was asked of an element.
    fn element(&self, element: Option<&TracedValue>, told: Step) -> Step {
        let Some(element) = element else { return told };
        let label = match &element.path[..] {
            "" => self.value(element),
            path => path.to_string(),
        };
        Step {
            label,
            detail: String::new(),
            outcome: told.outcome,
            deciding: false,
            source: None,
            children: vec![told],
        }
    }

    /// A condition without smaller ones in its text. A path of many values stands for an element each.
    fn leaf(&self, answered: &Answered<'_>, negated: bool, last: Option<usize>, span: Span) -> Step {
        let mut children = Vec::new();
        self.values_asked(answered, negated, last, &mut children);
        let has_loop = has_loop(answered);
        let detail = if has_loop { String::new() } else { self.reads(answered) };
        Step {
            label: one_line(self.source.sources.text(span)),
            detail,
            outcome: Outcome::of(answered.holds.map(|it| it != negated)),
            deciding: last.is_some() && (answered.number == last || !has_loop && answered.has_number(last)),
            source: self.place(span),
            children,
        }
    }

    /// A step for each value that a path of many stands for.
    fn values_asked(
        &self,
        answered: &Answered<'_>,
        negated: bool,
        last: Option<usize>,
        steps: &mut Vec<Step>,
    ) {
        let negated = negated != matches!(answered.cond.kind, CondKind::Not(_));
        for (element, part) in &answered.parts {
            if element.is_none() || has_loop(part) {
                self.values_asked(part, negated, last, steps);
                continue;
            }
            let reads = self.reads(part);
            let label = match element {
                Some(element) if reads.is_empty() => self.value(element),
                _ => reads,
            };
            let outcome = Outcome::of(part.holds.map(|it| it != negated));
            let deciding = last.is_some() && part.has_number(last);
            steps.push(Step {
                label,
                detail: String::new(),
                outcome,
                deciding,
                source: None,
                children: Vec::new(),
            });
        }
    }

    /// Everything that the conditions in a condition read.
    fn reads(&self, answered: &Answered<'_>) -> String {
        let mut words: Vec<String> = Vec::new();
        answered.for_each(&mut |it| {
            for read in &it.reads {
                let read = self.value(read);
                if !words.contains(&read) {
                    words.push(read);
                }
            }
        });
        words.join(", ")
    }

    /// `spec.replicas = 3`
    fn value(&self, read: &TracedValue) -> String {
        let value = match (&read.value, read.node) {
            (None, _) => None,
            (Some(value), Some(node)) => Some(self.object.shown(node, value)),
            (Some(value), None) => Some(self.object.mask().message(value)),
        };
        match (&read.path[..], value) {
            ("", None) => "missing".to_string(),
            ("", Some(value)) => value,
            (path, None) => format!("{path} is missing"),
            (path, Some(value)) => format!("{path} = {value}"),
        }
    }

    fn place(&self, span: Span) -> Option<(String, Range<usize>)> {
        let source = self.source.sources.get(span.file);
        Some((source.name.clone(), span.start as usize..span.end as usize))
    }
}

impl Answered<'_> {
    fn for_each(&self, visit: &mut dyn FnMut(&Answered<'_>)) {
        visit(self);
        self.parts.iter().for_each(|(_, it)| it.for_each(visit));
    }

    fn has_number(&self, number: Option<usize>) -> bool {
        self.number == number || self.parts.iter().any(|(_, it)| it.has_number(number))
    }
}

/// Whether something in it was asked once for each element.
fn has_loop(answered: &Answered<'_>) -> bool {
    matches!(answered.cond.kind, CondKind::Any(_) | CondKind::All(_))
        || answered.parts.iter().any(|(_, it)| has_loop(it))
}
