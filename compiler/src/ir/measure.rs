//! How large and how deep conditions and values are.
//!
//! Whoever copies a value into others asks first: copies of copies double at each step, and what is walked on the
//! stack must not be deep.

use super::*;

/// How deep the IR of one rule may be: back ends walk it on the stack.
pub const DEPTH_MAX: u32 = 320;

/// What a literal adds to a size: long lists of them are plain, and outputs hold them.
pub const LITERAL_SIZE: usize = 1;
/// What any other value or a condition adds to a size.
pub const PART_SIZE: usize = 16;

/// The size of a value with all that is in it; `None` where it is deeper than [`DEPTH_MAX`].
pub fn size_of_value(value: &Value) -> Option<usize> {
    let mut measure = Measure { size: 0, deep: false };
    measure.value(value, 0);
    (!measure.deep).then_some(measure.size)
}

/// As [`size_of_value`], of a condition.
pub fn size_of_cond(cond: &Cond) -> Option<usize> {
    let mut measure = Measure { size: 0, deep: false };
    measure.cond(cond, 0);
    (!measure.deep).then_some(measure.size)
}

/// Whether no condition or value of a rule is deeper than [`DEPTH_MAX`].
pub fn is_shallow(rule: &Rule) -> bool {
    let shallow = |cond: &Cond| size_of_cond(cond).is_some();
    let shallow_value = |value: &Value| size_of_value(value).is_some();
    let elements = rule.check.elements.as_ref();
    let parts = rule.message.parts.iter().filter_map(|part| match part {
        TextPart::Text(_) => None,
        TextPart::Value(value) => Some(value),
    });
    rule.applies.iter().all(shallow)
        && rule.bindings.iter().all(|it| shallow_value(&it.value))
        && elements.is_none_or(|it| shallow_value(&it.source) && shallow(&it.filter))
        && shallow(&rule.check.violation)
        && parts.into_iter().all(shallow_value)
        && rule.actions.iter().filter_map(|it| it.condition.as_ref()).all(shallow)
}

struct Measure {
    size: usize,
    deep: bool,
}

impl Measure {
    fn cond(&mut self, cond: &Cond, depth: u32) {
        if self.enter(depth) {
            for_each_part(cond, &mut |part| self.part(part, depth + 1));
        }
    }

    fn value(&mut self, value: &Value, depth: u32) {
        if matches!(value.kind, ValueKind::Literal(_)) {
            self.size += LITERAL_SIZE;
        } else if self.enter(depth) {
            for_each_part_of_value(value, &mut |part| self.part(part, depth + 1));
        }
    }

    fn part(&mut self, part: Part, depth: u32) {
        match part {
            Part::Cond(cond) => self.cond(cond, depth),
            Part::Value(value) => self.value(value, depth),
        }
    }

    fn enter(&mut self, depth: u32) -> bool {
        self.size += PART_SIZE;
        self.deep |= depth >= DEPTH_MAX;
        !self.deep
    }
}

/// What a condition or value directly consists of.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    Cond(&'a Cond),
    Value(&'a Value),
}

/// Whether a condition or value within `cond` fulfils `test`, in reading order.
pub fn any_value(cond: &Cond, test: &mut dyn FnMut(&Value) -> bool) -> bool {
    let mut found = false;
    for_each_part(cond, &mut |part| found = found || any_value_of_part(part, test));
    found
}

/// As [`any_value`], of a value and what is within it.
pub fn any_value_within(value: &Value, test: &mut dyn FnMut(&Value) -> bool) -> bool {
    if test(value) {
        return true;
    }
    let mut found = false;
    for_each_part_of_value(value, &mut |part| found = found || any_value_of_part(part, test));
    found
}

fn any_value_of_part(part: Part, test: &mut dyn FnMut(&Value) -> bool) -> bool {
    match part {
        Part::Cond(cond) => any_value(cond, test),
        Part::Value(value) => any_value_within(value, test),
    }
}

/// Calls `visit` on each condition and value directly within a condition.
pub fn for_each_part<'a>(cond: &'a Cond, visit: &mut dyn FnMut(Part<'a>)) {
    match &cond.kind {
        CondKind::Const(_) => {}
        CondKind::Not(inner) | CondKind::Known { about: _, cond: inner, otherwise: _ } => {
            visit(Part::Cond(inner))
        }
        CondKind::And(parts) | CondKind::Or(parts) => parts.iter().for_each(|part| visit(Part::Cond(part))),
        CondKind::Is(value)
        | CondKind::Has(value)
        | CondKind::Empty(value)
        | CondKind::Regex { value, patterns: _ } => visit(Part::Value(value)),
        CondKind::Compare { comparison: _, domain: _, left: a, right: b }
        | CondKind::Changed { now: a, before: b } => {
            visit(Part::Value(a));
            visit(Part::Value(b));
        }
        CondKind::Glob { value, globs } => {
            visit(Part::Value(value));
            for part in globs.iter().flat_map(|glob| &glob.0) {
                if let GlobPart::Value(value) = part {
                    visit(Part::Value(value));
                }
            }
        }
        CondKind::Test(_, values) => values.iter().for_each(|value| visit(Part::Value(value))),
        CondKind::Any(quantified) | CondKind::All(quantified) => {
            visit(Part::Value(&quantified.source));
            visit(Part::Cond(&quantified.body));
        }
    }
}

/// As [`for_each_part`], of a value.
pub fn for_each_part_of_value<'a>(value: &'a Value, visit: &mut dyn FnMut(Part<'a>)) {
    match &value.kind {
        ValueKind::Literal(_) => {}
        ValueKind::Path(path) => {
            for step in &path.steps {
                if let Step::Key(key) = step {
                    visit(Part::Value(key));
                }
            }
        }
        ValueKind::Call(_, values) | ValueKind::List(values) | ValueKind::Concat(values) => {
            values.iter().for_each(|value| visit(Part::Value(value)));
        }
        ValueKind::Coalesce(a, b) => {
            visit(Part::Value(a));
            visit(Part::Value(b));
        }
        ValueKind::If(test, yes, no) => {
            visit(Part::Cond(test));
            visit(Part::Value(yes));
            visit(Part::Value(no));
        }
        ValueKind::Bool(cond) => visit(Part::Cond(cond)),
        ValueKind::Object(entries) => entries.iter().for_each(|(_, value)| visit(Part::Value(value))),
        ValueKind::Collect(collect) => {
            visit(Part::Value(&collect.source));
            visit(Part::Cond(&collect.filter));
            visit(Part::Value(&collect.body));
        }
        ValueKind::Text(parts) => {
            for part in parts {
                if let TextPart::Value(value) = part {
                    visit(Part::Value(value));
                }
            }
        }
        ValueKind::Must(inner) => visit(Part::Value(inner)),
    }
}
