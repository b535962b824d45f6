//! Violations that ask who the user is, or what labels the namespace has, where that is not known.
//!
//! The rule then says nothing, unless it is decided before the question comes up: `spec.hostPID or
//! user.name != "ann"` is violated by a Pod with `hostPID` whoever the user is.

use std::collections::HashSet;

use crate::ir::{self, Cond, CondKind, Local, Quantified, Root, Rule, Unknown, Value};

/// The violation, false where it cannot be told.
pub(super) fn where_known(violation: Cond, rule: &Rule) -> Cond {
    [Unknown::User, Unknown::NamespaceLabels].into_iter().fold(violation, |violation, about| {
        let question = Question::of(about, rule);
        if !question.comes_up_in(&violation) {
            return violation;
        }
        let origin = violation.origin;
        let undecided = ir::rewrite::normalize(&question.split(&violation).holds);
        let known =
            |cond| Cond::new(CondKind::Known { about, cond: Box::new(cond), otherwise: false }, origin);
        if undecided.is_const(false) {
            return known(violation);
        }
        let unknown = known(Cond::constant(true, origin)).negate();
        let decided_anyway = Cond::new(CondKind::And(vec![unknown, undecided]), origin);
        Cond::new(CondKind::Or(vec![known(violation), decided_anyway]), origin)
    })
}

/// Something unknown, and the names that stand for values made of it.
struct Question {
    about: Unknown,
    locals: HashSet<Local>,
}

/// When a condition holds, and when it does not, without the question coming up.
struct Split {
    holds: Cond,
    fails: Cond,
}

impl Question {
    fn of(about: Unknown, rule: &Rule) -> Question {
        let mut question = Question { about, locals: HashSet::new() };
        for binding in &rule.bindings {
            if question.is_asked_by(&binding.value) {
                question.locals.insert(binding.local);
            }
        }
        question
    }

    fn is_asked_by(&self, value: &Value) -> bool {
        ir::measure::any_value_within(value, &mut |value| self.is_asked_at(value))
    }

    fn is_asked_at(&self, value: &Value) -> bool {
        value.as_path().is_some_and(|path| match path.root {
            Root::User => self.about == Unknown::User,
            Root::NamespaceObject => self.about == Unknown::NamespaceLabels,
            Root::Local(local) => self.locals.contains(&local),
            _ => false,
        })
    }

    fn comes_up_in(&self, cond: &Cond) -> bool {
        match &cond.kind {
            CondKind::Known { about, .. } if *about == self.about => false,
            CondKind::Not(inner) | CondKind::Known { cond: inner, .. } => self.comes_up_in(inner),
            CondKind::And(parts) | CondKind::Or(parts) => parts.iter().any(|part| self.comes_up_in(part)),
            CondKind::Any(q) | CondKind::All(q) => self.is_asked_by(&q.source) || self.comes_up_in(&q.body),
            _ => ir::measure::any_value(cond, &mut |value| self.is_asked_at(value)),
        }
    }

    fn split(&self, cond: &Cond) -> Split {
        let origin = cond.origin;
        let constant = |value| Cond::constant(value, origin);
        let make = |kind| Cond::new(kind, origin);
        if !self.comes_up_in(cond) {
            return Split { holds: cond.clone(), fails: cond.clone().negate() };
        }
        match &cond.kind {
            CondKind::Not(inner) => {
                let Split { holds, fails } = self.split(inner);
                Split { holds: fails, fails: holds }
            }
            CondKind::Known { about, cond, otherwise } => {
                let Split { holds, fails } = self.split(cond);
                let known = |cond, otherwise| {
                    make(CondKind::Known { about: *about, cond: Box::new(cond), otherwise })
                };
                Split { holds: known(holds, *otherwise), fails: known(fails, !otherwise) }
            }
            CondKind::And(parts) => {
                let Split { holds, fails } = self.sequence(parts, origin, |split| (split.fails, split.holds));
                Split { holds: fails, fails: holds }
            }
            CondKind::Or(parts) => self.sequence(parts, origin, |split| (split.holds, split.fails)),
            CondKind::Any(q) | CondKind::All(q) if !self.is_asked_by(&q.source) => {
                let any = matches!(cond.kind, CondKind::Any(_));
                let Split { holds, fails } = self.split(&q.body);
                let over = |body: Cond, any: bool| {
                    let quantified = Quantified { binder: q.binder, source: q.source.clone(), body };
                    let quantified = Box::new(quantified);
                    make(if any { CondKind::Any(quantified) } else { CondKind::All(quantified) })
                };
                let decided = over(make(CondKind::Or(vec![holds.clone(), fails.clone()])), false);
                let (deciding, other) = if any { (holds, fails) } else { (fails, holds) };
                let found = make(CondKind::And(vec![over(deciding, true), decided]));
                let none = over(other, false);
                let (holds, fails) = if any { (found, none) } else { (none, found) };
                Split { holds, fails }
            }
            _ => Split { holds: constant(false), fails: constant(false) },
        }
    }

    /// Parts in their order, where the first that decides ends it. `of` gives when a part decides, and when
    /// the next one is asked.
    fn sequence(
        &self,
        parts: &[Cond],
        origin: crate::source::Span,
        of: impl Fn(Split) -> (Cond, Cond),
    ) -> Split {
        let mut before: Vec<Cond> = Vec::new();
        let mut decided: Vec<Cond> = Vec::new();
        for part in parts {
            let (decides, goes_on) = of(self.split(part));
            let reached = before.iter().cloned().chain([decides]).collect();
            decided.push(Cond::new(CondKind::And(reached), origin));
            // that a part went on is said again only where it could not be told
            if self.comes_up_in(part) {
                before.push(goes_on);
            }
        }
        let all: Vec<Cond> = parts.iter().map(|part| of(self.split(part)).1).collect();
        Split {
            holds: Cond::new(CondKind::Or(decided), origin),
            fails: Cond::new(CondKind::And(all), origin),
        }
    }
}
