//! What a filter has to bring along, as it sees nothing but its element.
//!
//! Each largest part of a condition that does not speak of the element, and is no constant, becomes a name; its
//! value is computed outside and put beside the element.

use super::scope::Context;
use crate::ir::*;

/// A condition about an element and the values it brings along.
#[derive(Debug)]
pub struct Captured {
    pub body: Cond,
    pub values: Vec<(Local, Value)>,
}

/// The names that a binder binds.
pub fn bound(binder: Binder) -> Vec<Local> {
    binder.key.into_iter().chain([binder.element]).collect()
}

/// Whether a condition speaks of one of the names.
pub fn mentions(cond: &Cond, names: &[Local]) -> bool {
    measure::any_value(cond, &mut |value| begins_at(value, names))
}

/// Whether a value speaks of one of the names.
pub fn value_mentions(value: &Value, names: &[Local]) -> bool {
    measure::any_value_within(value, &mut |value| begins_at(value, names))
}

fn begins_at(value: &Value, names: &[Local]) -> bool {
    value.as_path().is_some_and(|path| matches!(path.root, Root::Local(local) if names.contains(&local)))
}

/// Names what the condition says of other things than what the binder binds.
pub fn lift(context: &Context, binder: Binder, cond: &Cond) -> Captured {
    let mut lift = Lift { context, names: bound(binder), values: Vec::new() };
    let body = lift.cond(cond);
    Captured { body, values: lift.values }
}

/// The same for a value, with names added to `values`.
pub fn lift_value(
    context: &Context,
    binder: Binder,
    value: &Value,
    values: &mut Vec<(Local, Value)>,
) -> Value {
    let mut lift = Lift { context, names: bound(binder), values: std::mem::take(values) };
    let value = lift.value(value);
    *values = lift.values;
    value
}

struct Lift<'a, 'b> {
    context: &'a Context<'b>,
    /// What is bound inside.
    names: Vec<Local>,
    values: Vec<(Local, Value)>,
}

impl Lift<'_, '_> {
    fn name(&mut self, value: Value) -> Value {
        let known = self.values.iter().find(|(_, known)| known.kind == value.kind);
        let (ty, origin) = (value.ty.clone(), value.origin);
        let local = match known {
            Some((local, _)) => *local,
            None => {
                let local = self.context.fresh_local();
                self.values.push((local, value));
                local
            }
        };
        Value::new(ValueKind::Path(Path { root: Root::Local(local), steps: vec![] }), ty, origin)
    }

    fn cond(&mut self, cond: &Cond) -> Cond {
        let is_constant = matches!(cond.kind, CondKind::Const(_));
        if !is_constant && !mentions(cond, &self.names) {
            let value = Value::new(ValueKind::Bool(Box::new(cond.clone())), Type::Bool, cond.origin);
            return Cond::new(CondKind::Is(self.name(value)), cond.origin);
        }
        let kind = match &cond.kind {
            CondKind::Const(value) => CondKind::Const(*value),
            CondKind::Not(inner) => CondKind::Not(Box::new(self.cond(inner))),
            CondKind::And(parts) => CondKind::And(parts.iter().map(|part| self.cond(part)).collect()),
            CondKind::Or(parts) => CondKind::Or(parts.iter().map(|part| self.cond(part)).collect()),
            CondKind::Is(value) => CondKind::Is(self.value(value)),
            CondKind::Has(value) => CondKind::Has(self.value(value)),
            CondKind::Empty(value) => CondKind::Empty(self.value(value)),
            CondKind::Compare { comparison, domain, left, right } => CondKind::Compare {
                comparison: *comparison,
                domain: *domain,
                left: self.value(left),
                right: self.value(right),
            },
            CondKind::Glob { value, globs } => CondKind::Glob {
                value: self.value(value),
                globs: globs.iter().map(|glob| self.glob(glob)).collect(),
            },
            CondKind::Regex { value, patterns } => {
                CondKind::Regex { value: self.value(value), patterns: patterns.clone() }
            }
            CondKind::Test(test, values) => {
                CondKind::Test(*test, values.iter().map(|value| self.value(value)).collect())
            }
            CondKind::Any(q) => CondKind::Any(Box::new(self.quantified(q))),
            CondKind::All(q) => CondKind::All(Box::new(self.quantified(q))),
            CondKind::Changed { now, before } => {
                CondKind::Changed { now: self.value(now), before: self.value(before) }
            }
            CondKind::Known { about, cond, otherwise } => {
                CondKind::Known { about: *about, cond: Box::new(self.cond(cond)), otherwise: *otherwise }
            }
        };
        Cond::new(kind, cond.origin)
    }

    fn glob(&mut self, glob: &Glob) -> Glob {
        let part = |part: &GlobPart| match part {
            GlobPart::Value(value) => GlobPart::Value(self.value(value)),
            other => other.clone(),
        };
        Glob(glob.0.iter().map(part).collect())
    }

    fn quantified(&mut self, q: &Quantified) -> Quantified {
        let source = self.value(&q.source);
        let body = self.under(q.binder, |lift| lift.cond(&q.body));
        Quantified { binder: q.binder, source, body }
    }

    fn under<T>(&mut self, binder: Binder, inside: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.names.len();
        self.names.extend(bound(binder));
        let result = inside(self);
        self.names.truncate(outer);
        result
    }

    fn value(&mut self, value: &Value) -> Value {
        if value.as_literal().is_some() || super::value::literal_list(value).is_some() {
            return value.clone();
        }
        if !value_mentions(value, &self.names) {
            return self.name(value.clone());
        }
        let boxed = |lift: &mut Self, value: &Value| Box::new(lift.value(value));
        let kind = match &value.kind {
            ValueKind::Literal(literal) => ValueKind::Literal(literal.clone()),
            ValueKind::Path(path) => {
                let step = |step: &Step| match step {
                    Step::Key(key) => Step::Key(self.value(key)),
                    other => other.clone(),
                };
                ValueKind::Path(Path { root: path.root, steps: path.steps.iter().map(step).collect() })
            }
            ValueKind::Call(operation, arguments) => {
                ValueKind::Call(*operation, arguments.iter().map(|argument| self.value(argument)).collect())
            }
            ValueKind::Coalesce(a, b) => ValueKind::Coalesce(boxed(self, a), boxed(self, b)),
            ValueKind::If(test, a, b) => {
                ValueKind::If(Box::new(self.cond(test)), boxed(self, a), boxed(self, b))
            }
            ValueKind::Bool(cond) => ValueKind::Bool(Box::new(self.cond(cond))),
            ValueKind::List(items) => ValueKind::List(items.iter().map(|item| self.value(item)).collect()),
            ValueKind::Concat(lists) => {
                ValueKind::Concat(lists.iter().map(|list| self.value(list)).collect())
            }
            ValueKind::Object(entries) => ValueKind::Object(
                entries.iter().map(|(key, value)| (key.clone(), self.value(value))).collect(),
            ),
            ValueKind::Collect(collect) => {
                let source = self.value(&collect.source);
                let (filter, body) = self
                    .under(collect.binder, |lift| (lift.cond(&collect.filter), lift.value(&collect.body)));
                ValueKind::Collect(Box::new(Collect {
                    binder: collect.binder,
                    source,
                    filter,
                    body,
                    flatten: collect.flatten,
                }))
            }
            ValueKind::Text(parts) => {
                let part = |part: &TextPart| match part {
                    TextPart::Text(text) => TextPart::Text(text.clone()),
                    TextPart::Value(value) => TextPart::Value(self.value(value)),
                };
                ValueKind::Text(parts.iter().map(part).collect())
            }
            ValueKind::Lookup(lookup) => {
                let mut lookup = lookup.clone();
                lookup.for_each_value_mut(&mut |value| *value = self.value(value));
                ValueKind::Lookup(lookup)
            }
            ValueKind::Must(inner) => ValueKind::Must(boxed(self, inner)),
        };
        Value::new(kind, value.ty.clone(), value.origin)
    }
}
