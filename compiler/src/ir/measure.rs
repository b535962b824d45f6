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
    let mut shallow = true;
    for_each_part_of_rule(rule, &mut |part| {
        shallow = shallow
            && match part {
                Part::Cond(cond) => size_of_cond(cond).is_some(),
                Part::Value(value) => size_of_value(value).is_some(),
            };
    });
    shallow
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

/// As [`any_value`], of all that a rule holds.
pub fn any_value_of_rule(rule: &Rule, test: &mut dyn FnMut(&Value) -> bool) -> bool {
    let mut found = false;
    for_each_part_of_rule(rule, &mut |part| found = found || any_value_of_part(part, test));
    found
}

/// Whether a path within a condition begins at a root that fulfils `test`.
pub fn any_root(cond: &Cond, test: &mut dyn FnMut(Root) -> bool) -> bool {
    any_value(cond, &mut |value| value.as_path().is_some_and(|path| test(path.root)))
}

/// As [`any_root`], of a value and what is within it.
pub fn any_root_within(value: &Value, test: &mut dyn FnMut(Root) -> bool) -> bool {
    any_value_within(value, &mut |value| value.as_path().is_some_and(|path| test(path.root)))
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
        ValueKind::Lookup(lookup) => lookup.for_each_value(&mut |value| visit(Part::Value(value))),
    }
}

/// Calls `visit` on each condition and value that a rule directly holds, in reading order.
pub fn for_each_part_of_rule<'a>(rule: &'a Rule, visit: &mut dyn FnMut(Part<'a>)) {
    rule.applies.iter().for_each(|cond| visit(Part::Cond(cond)));
    rule.bindings.iter().for_each(|binding| visit(Part::Value(&binding.value)));
    for_each_part_of_body(&rule.body, visit);
    for part in &rule.message.parts {
        if let TextPart::Value(value) = part {
            visit(Part::Value(value));
        }
    }
    rule.actions.iter().filter_map(|it| it.condition.as_ref()).for_each(|cond| visit(Part::Cond(cond)));
}

/// As [`for_each_part_of_rule`], of its body.
pub fn for_each_part_of_body<'a>(body: &'a Body, visit: &mut dyn FnMut(Part<'a>)) {
    match body {
        Body::Check(check) => {
            check.elements.iter().for_each(|elements| elements_parts(elements, visit));
            visit(Part::Cond(&check.violation));
        }
        Body::Mutate(mutation) => {
            if let Some(existing) = &mutation.existing {
                existing.applies.iter().for_each(|cond| visit(Part::Cond(cond)));
                existing.bindings.iter().for_each(|binding| visit(Part::Value(&binding.value)));
            }
            for edit in &mutation.edits {
                edit.each.iter().for_each(|each| visit(Part::Value(&each.list)));
                visit(Part::Cond(&edit.guard));
                visit(Part::Value(edit.change.place()));
                edit.change.value().into_iter().for_each(|value| visit(Part::Value(value)));
            }
        }
        Body::Generate(generation) => {
            if let Some(each) = &generation.each {
                visit(Part::Value(&each.source));
                visit(Part::Cond(&each.filter));
            }
            match &generation.make {
                Make::Object { kind: _, name, namespace, fields } => {
                    [Some(name), namespace.as_ref(), Some(fields)]
                        .into_iter()
                        .flatten()
                        .for_each(|value| visit(Part::Value(value)));
                }
                Make::Copy { kinds: _, name, namespace, filter, into, rename } => {
                    name.iter().chain(namespace).for_each(|value| visit(Part::Value(value)));
                    visit(Part::Cond(filter));
                    [into].into_iter().chain(rename).for_each(|value| visit(Part::Value(value)));
                }
            }
        }
        Body::Delete(deletion) => visit(Part::Cond(&deletion.condition)),
        Body::Verify(verification) => {
            match &verification.of {
                Verified::Images { elements, image } => {
                    elements_parts(elements, visit);
                    visit(Part::Value(image));
                }
                Verified::Manifest { ignoring } => {
                    ignoring.iter().for_each(|value| visit(Part::Value(value)));
                }
            }
            for check in &verification.checks {
                if let SignatureCheck::Attested { condition: Some(condition), .. } = check {
                    visit(Part::Cond(condition));
                }
            }
        }
    }
}

fn elements_parts<'a>(elements: &'a Elements, visit: &mut dyn FnMut(Part<'a>)) {
    visit(Part::Value(&elements.source));
    visit(Part::Cond(&elements.filter));
}

impl Lookup {
    /// As the source calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Lookup::Get { .. } => "cluster.get",
            Lookup::List { .. } => "cluster.list",
            Lookup::Post { .. } => "cluster.post",
            Lookup::HttpGet { .. } => "http.get",
            Lookup::HttpPost { .. } => "http.post",
            Lookup::Cache { .. } => "cache",
            Lookup::ImageRemote { .. } => "image.remote",
            Lookup::Random { .. } => "random",
        }
    }

    /// The kind that it asks for, if it asks the cluster.
    pub fn kind(&self) -> Option<&KindRef> {
        match self {
            Lookup::Get { kind, .. } | Lookup::List { kind, .. } | Lookup::Post { kind, .. } => Some(kind),
            Lookup::HttpGet { .. }
            | Lookup::HttpPost { .. }
            | Lookup::Cache { .. }
            | Lookup::ImageRemote { .. }
            | Lookup::Random { .. } => None,
        }
    }

    /// Calls `visit` on each value that the question is made of.
    pub fn for_each_value<'a>(&'a self, visit: &mut dyn FnMut(&'a Value)) {
        let parts: [Option<&Value>; 3] = match self {
            Lookup::Get { kind: _, name, namespace } => [Some(name), namespace.as_ref(), None],
            Lookup::List { kind: _, namespace, labels } => [namespace.as_ref(), labels.as_ref(), None],
            Lookup::Post { kind: _, object } => [Some(object), None, None],
            Lookup::HttpGet { url, headers } => [Some(url), headers.as_ref(), None],
            Lookup::HttpPost { url, body, headers } => [Some(url), Some(body), headers.as_ref()],
            Lookup::Cache { name: value } | Lookup::ImageRemote { image: value } => [Some(value), None, None],
            Lookup::Random { pattern: _ } => [None, None, None],
        };
        parts.into_iter().flatten().for_each(visit);
    }

    /// As [`Lookup::for_each_value`], to change them.
    pub fn for_each_value_mut(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        let parts: [Option<&mut Value>; 3] = match self {
            Lookup::Get { kind: _, name, namespace } => [Some(name), namespace.as_mut(), None],
            Lookup::List { kind: _, namespace, labels } => [namespace.as_mut(), labels.as_mut(), None],
            Lookup::Post { kind: _, object } => [Some(object), None, None],
            Lookup::HttpGet { url, headers } => [Some(url), headers.as_mut(), None],
            Lookup::HttpPost { url, body, headers } => [Some(url), Some(body), headers.as_mut()],
            Lookup::Cache { name: value } | Lookup::ImageRemote { image: value } => [Some(value), None, None],
            Lookup::Random { pattern: _ } => [None, None, None],
        };
        parts.into_iter().flatten().for_each(visit);
    }
}
