//! Messages: written by the author, or made from the source.
//!
//! In a written message a path of many values stands for the offending ones, joined by `, `: those of which the
//! violation holds, where it can be told for a single element, else all of them.

use super::Lowered;
use super::place::{Ctx, groups, list_of};
use super::rule::one_line;
use super::value::as_text;
use crate::hir::{self, Expr, ExprKind};
use crate::ir::{self, Binder, Cond, Literal, Message, Operation, Root, TextPart, Type, Value, ValueKind};
use crate::source::{Sources, Span};

impl Ctx {
    pub(super) fn message(
        &mut self,
        rule: &hir::Rule,
        condition: &Expr,
        is_deny: bool,
        sources: &Sources,
    ) -> Lowered<Message> {
        let Some(parts) = &rule.message else {
            let text = made_message(rule, condition, is_deny, sources);
            return Ok(Message { parts: vec![TextPart::Text(text)], written: false });
        };
        let mut lowered = Vec::new();
        for part in parts {
            lowered.push(match part {
                hir::TextPart::Text(text) => TextPart::Text(text.clone()),
                hir::TextPart::Value(value) => {
                    let many = hir::pairing::many(value);
                    TextPart::Value(match many.first() {
                        Some(place) => self.offending(value, place, condition, is_deny)?,
                        None => as_text(self.value(value)?),
                    })
                }
            });
        }
        Ok(Message { parts: lowered, written: true })
    }

    /// The offending values of a path in a message, joined.
    fn offending(&mut self, value: &Expr, many: &Expr, condition: &Expr, is_deny: bool) -> Lowered<Value> {
        let span = value.span;
        let Some(place) = many.as_place() else { return Ok(as_text(self.value(value)?)) };
        let mut lists = Vec::new();
        for group in groups(place) {
            let atom = offending_atom(condition, &group, is_deny);
            lists.push(self.offending_group(value, &group, atom, span)?);
        }
        let list = match lists.len() {
            1 => lists.remove(0),
            _ => Value::new(ValueKind::Concat(lists), list_of(Type::Text), span),
        };
        let distinct =
            Value::new(ValueKind::Call(Operation::Distinct, vec![list]), list_of(Type::Text), span);
        let comma = Value::new(ValueKind::Literal(Literal::Text(", ".into())), Type::Text, span);
        Ok(Value::new(ValueKind::Call(Operation::Join, vec![distinct, comma]), Type::Text, span))
    }

    fn offending_group(
        &mut self,
        value: &Expr,
        group: &super::place::Group,
        atom: Option<(&Expr, bool)>,
        span: Span,
    ) -> Lowered<Value> {
        let Some(rest) = &group.rest else {
            let head = &group.heads[0];
            let one = self.path(head.root, &head.steps, value.ty.to_ir(), span)?;
            let text = self.with_chosen(one, |ctx| ctx.value(value))?;
            return Ok(Value::new(ValueKind::List(vec![as_text(text)]), list_of(Type::Text), span));
        };
        let heads = hir::Place {
            branches: group
                .heads
                .iter()
                .map(|head| {
                    let mut head = head.clone();
                    head.steps.push(hir::Step::Each);
                    head
                })
                .collect(),
        };
        let source = self.collected(&heads, &hir::Ty::Json, span)?;
        let local = self.fresh();
        let flatten = rest.contains(&hir::Step::Each);
        let branch = hir::Branch { root: Root::Local(local), steps: rest.clone() };
        let body = if flatten {
            let place = hir::Place { branches: vec![branch] };
            let deeper: Vec<super::place::Group> = groups(&place);
            self.offending_group(value, &deeper[0], atom, span)?
        } else {
            let one = self.path(Root::Local(local), rest, value.ty.to_ir(), span)?;
            as_text(self.with_chosen(one, |ctx| ctx.value(value))?)
        };
        let filter = match atom {
            Some((atom, holds)) if !flatten => {
                let one = self.path(Root::Local(local), rest, value.ty.to_ir(), span)?;
                let cond = self.with_chosen(one, |ctx| ctx.chosen_atom(atom))?;
                if holds { cond } else { cond.negate() }
            }
            _ => Cond::constant(true, span),
        };
        let collect =
            ir::Collect { binder: Binder { key: None, element: local }, source, filter, body, flatten };
        Ok(Value::new(ValueKind::Collect(Box::new(collect)), list_of(Type::Text), span))
    }

    fn with_chosen<T>(&mut self, value: Value, work: impl FnOnce(&mut Ctx) -> Lowered<T>) -> Lowered<T> {
        let before = self.chosen.replace(value);
        let result = work(self);
        self.chosen = before;
        result
    }
}

/// The comparison of the condition that looks through the same list to the same end, and whether its truth (or its
/// falsehood) makes the violation. `None` unless there is exactly one.
fn offending_atom<'e>(
    condition: &'e Expr,
    group: &super::place::Group,
    is_deny: bool,
) -> Option<(&'e Expr, bool)> {
    let mut found = Vec::new();
    walk(condition, is_deny, &mut |atom, holds| {
        let same = hir::pairing::many(atom).iter().any(|it| {
            it.as_place().is_some_and(|place| {
                groups(place).iter().any(|other| other.rest == group.rest && other.heads == group.heads)
            })
        });
        if same {
            found.push((atom, holds));
        }
    });
    match found.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

fn walk<'e>(expr: &'e Expr, holds: bool, visit: &mut dyn FnMut(&'e Expr, bool)) {
    match &expr.kind {
        ExprKind::Not(inner) => walk(inner, !holds, visit),
        ExprKind::And(a, b) | ExprKind::Or(a, b) => {
            walk(a, holds, visit);
            walk(b, holds, visit);
        }
        ExprKind::Atom(_) | ExprKind::Has(_) | ExprKind::Empty(_) | ExprKind::Place(_) => visit(expr, holds),
        _ => {}
    }
}

/// `container must have: has resources.limits.cpu`, `denied: image !~ "…"`.
fn made_message(rule: &hir::Rule, condition: &Expr, is_deny: bool, sources: &Sources) -> String {
    let subject = &rule.subject.text;
    let text = one_line(sources.text(condition.span));
    match (is_deny, text.is_empty()) {
        (true, true) => format!("{subject} is not allowed"),
        (true, false) => format!("{subject} is not allowed where {text}"),
        (false, _) => format!("{subject} must satisfy {text}"),
    }
}
