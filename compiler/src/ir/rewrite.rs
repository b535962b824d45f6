//! Meaning-preserving changes that several back ends ask for: negation pushed inwards, the subject put at
//! its place in one kind, walks over all values.

use super::*;
use crate::source::Span;

/// Negation normal form: `not` only in front of atoms; nested `and`/`or` flattened, constants folded.
pub fn normalize(cond: &Cond) -> Cond {
    push(cond, false)
}

fn push(cond: &Cond, negated: bool) -> Cond {
    let origin = cond.origin;
    let make = |kind| Cond::new(kind, origin);
    match &cond.kind {
        CondKind::Const(value) => Cond::constant(*value != negated, origin),
        CondKind::Not(inner) => push(inner, !negated),
        CondKind::And(parts) => junction(parts, negated, !negated, origin),
        CondKind::Or(parts) => junction(parts, negated, negated, origin),
        CondKind::Any(q) | CondKind::All(q) => {
            let any = matches!(cond.kind, CondKind::Any(_)) != negated;
            let body = push(&q.body, negated);
            // any over "false" is false, every over "true" is true, whatever the list holds
            if body.is_const(!any) {
                return body;
            }
            let quantified = Box::new(Quantified { binder: q.binder, source: q.source.clone(), body });
            make(if any { CondKind::Any(quantified) } else { CondKind::All(quantified) })
        }
        CondKind::Known { about, cond: inner, otherwise } => make(CondKind::Known {
            about: *about,
            cond: Box::new(push(inner, negated)),
            otherwise: *otherwise != negated,
        }),
        atom => {
            let atom = make(atom.clone());
            if negated { atom.negate() } else { atom }
        }
    }
}

/// `and` where `conjunctive`, else `or`, of the parts pushed through.
fn junction(parts: &[Cond], negated: bool, conjunctive: bool, origin: Span) -> Cond {
    let mut flat = Vec::new();
    for part in parts.iter().map(|part| push(part, negated)) {
        match part.kind {
            CondKind::And(inner) if conjunctive => flat.extend(inner),
            CondKind::Or(inner) if !conjunctive => flat.extend(inner),
            CondKind::Const(value) if value == conjunctive => {}
            CondKind::Const(value) => return Cond::constant(value, origin),
            kind => flat.push(Cond::new(kind, part.origin)),
        }
    }
    if flat.len() == 1 {
        return flat.remove(0);
    }
    match (flat.is_empty(), conjunctive) {
        (true, _) => Cond::constant(conjunctive, origin),
        (false, true) => Cond::new(CondKind::And(flat), origin),
        (false, false) => Cond::new(CondKind::Or(flat), origin),
    }
}

/// Applies `change` to each path of a condition, in values, globs and steps too.
pub fn map_paths(cond: &Cond, change: &mut dyn FnMut(&Path) -> Path) -> Cond {
    let mut cond = cond.clone();
    visit_values(&mut cond, &mut |value| {
        if let ValueKind::Path(path) = &mut value.kind {
            *path = change(path);
        }
    });
    cond
}

/// Calls `visit` on each value of a condition, outer ones before those inside them.
pub fn visit_values(cond: &mut Cond, visit: &mut dyn FnMut(&mut Value)) {
    match &mut cond.kind {
        CondKind::Const(_) => {}
        CondKind::Not(inner) | CondKind::Known { cond: inner, .. } => visit_values(inner, visit),
        CondKind::And(parts) | CondKind::Or(parts) => {
            parts.iter_mut().for_each(|part| visit_values(part, visit))
        }
        CondKind::Is(value)
        | CondKind::Has(value)
        | CondKind::Empty(value)
        | CondKind::Regex { value, .. } => {
            visit_value(value, visit);
        }
        CondKind::Compare { left, right, .. } => {
            visit_value(left, visit);
            visit_value(right, visit);
        }
        CondKind::Changed { now, before } => {
            visit_value(now, visit);
            visit_value(before, visit);
        }
        CondKind::Glob { value, globs } => {
            visit_value(value, visit);
            for part in globs.iter_mut().flat_map(|glob| glob.0.iter_mut()) {
                if let GlobPart::Value(value) = part {
                    visit_value(value, visit);
                }
            }
        }
        CondKind::Test(_, values) => values.iter_mut().for_each(|value| visit_value(value, visit)),
        CondKind::Any(q) | CondKind::All(q) => {
            visit_value(&mut q.source, visit);
            visit_values(&mut q.body, visit);
        }
    }
}

/// Calls `visit` on a value and on each value inside it.
pub fn visit_value(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    visit(value);
    match &mut value.kind {
        ValueKind::Literal(_) => {}
        ValueKind::Path(path) => {
            for step in &mut path.steps {
                if let Step::Key(key) = step {
                    visit_value(key, visit);
                }
            }
        }
        ValueKind::Call(_, values) | ValueKind::List(values) | ValueKind::Concat(values) => {
            values.iter_mut().for_each(|value| visit_value(value, visit));
        }
        ValueKind::Coalesce(a, b) => {
            visit_value(a, visit);
            visit_value(b, visit);
        }
        ValueKind::If(test, a, b) => {
            visit_values(test, visit);
            visit_value(a, visit);
            visit_value(b, visit);
        }
        ValueKind::Bool(cond) => visit_values(cond, visit),
        ValueKind::Object(entries) => entries.iter_mut().for_each(|(_, value)| visit_value(value, visit)),
        ValueKind::Collect(collect) => {
            visit_value(&mut collect.source, visit);
            visit_values(&mut collect.filter, visit);
            visit_value(&mut collect.body, visit);
        }
        ValueKind::Text(parts) => {
            for part in parts {
                if let TextPart::Value(value) = part {
                    visit_value(value, visit);
                }
            }
        }
        ValueKind::Must(inner) => visit_value(inner, visit),
        ValueKind::Lookup(lookup) => lookup.for_each_value_mut(&mut |value| visit_value(value, visit)),
    }
}

/// Calls `visit` on each value that a rule holds: conditions, bindings, elements, message.
pub fn visit_rule(rule: &mut Rule, visit: &mut dyn FnMut(&mut Value)) {
    rule.applies.iter_mut().for_each(|cond| visit_values(cond, visit));
    rule.bindings.iter_mut().for_each(|binding| visit_value(&mut binding.value, visit));
    visit_body(&mut rule.body, visit);
    for part in &mut rule.message.parts {
        if let TextPart::Value(value) = part {
            visit_value(value, visit);
        }
    }
    rule.actions
        .iter_mut()
        .filter_map(|action| action.condition.as_mut())
        .for_each(|cond| visit_values(cond, visit));
}

/// As [`visit_rule`], of its body.
pub fn visit_body(body: &mut Body, visit: &mut dyn FnMut(&mut Value)) {
    match body {
        Body::Check(check) => {
            check.elements.iter_mut().for_each(|elements| visit_elements(elements, visit));
            visit_values(&mut check.violation, visit);
        }
        Body::Mutate(mutation) => {
            if let Some(existing) = &mut mutation.existing {
                existing.applies.iter_mut().for_each(|cond| visit_values(cond, visit));
                existing.bindings.iter_mut().for_each(|binding| visit_value(&mut binding.value, visit));
            }
            mutation.edits.iter_mut().for_each(|edit| visit_edit(edit, visit));
        }
        Body::Generate(generation) => {
            if let Some(each) = &mut generation.each {
                visit_value(&mut each.source, visit);
                visit_values(&mut each.filter, visit);
            }
            match &mut generation.make {
                Make::Object { kind: _, name, namespace, fields } => {
                    [Some(name), namespace.as_mut(), Some(fields)]
                        .into_iter()
                        .flatten()
                        .for_each(|value| visit_value(value, visit));
                }
                Make::Copy { kinds: _, name, namespace, filter, into, rename } => {
                    name.iter_mut().chain(namespace).for_each(|value| visit_value(value, visit));
                    visit_values(filter, visit);
                    [into].into_iter().chain(rename).for_each(|value| visit_value(value, visit));
                }
            }
        }
        Body::Delete(deletion) => visit_values(&mut deletion.condition, visit),
        Body::Verify(verification) => {
            match &mut verification.of {
                Verified::Images { elements, image } => {
                    visit_elements(elements, visit);
                    visit_value(image, visit);
                }
                Verified::Manifest { ignoring } => {
                    ignoring.iter_mut().for_each(|value| visit_value(value, visit));
                }
            }
            for check in &mut verification.checks {
                if let SignatureCheck::Attested { condition: Some(condition), .. } = check {
                    visit_values(condition, visit);
                }
            }
        }
    }
}

/// Calls `visit` on each value of an edit, the places that it writes among them.
pub fn visit_edit(edit: &mut Edit, visit: &mut dyn FnMut(&mut Value)) {
    edit.each.iter_mut().for_each(|each| visit_value(&mut each.list, visit));
    visit_values(&mut edit.guard, visit);
    match &mut edit.change {
        Change::Put { place: first, value: second }
        | Change::Insert { list: first, end: _, value: second } => {
            visit_value(first, visit);
            visit_value(second, visit);
        }
        Change::Remove { place } => visit_value(place, visit),
    }
}

fn visit_elements(elements: &mut Elements, visit: &mut dyn FnMut(&mut Value)) {
    visit_value(&mut elements.source, visit);
    visit_values(&mut elements.filter, visit);
}

/// The rule for one place of its subject: `Root::Subject` becomes a path from the object. `None` if the
/// place lies in a list, where a quantifier has to open it first.
pub fn at_subject(rule: &Rule, place: &SubjectPath) -> Option<Rule> {
    let fields: Vec<Step> = place.fields()?.into_iter().map(|field| Step::Field(field.clone())).collect();
    let mut rule = rule.clone();
    visit_rule(&mut rule, &mut |value| {
        if let ValueKind::Path(path) = &mut value.kind {
            let root = match path.root {
                Root::Subject => Root::Object,
                Root::OldSubject => Root::OldObject,
                _ => return,
            };
            path.root = root;
            path.steps.splice(0..0, fields.iter().cloned());
        }
    });
    Some(rule)
}

/// Whether a rule's values begin at `root` anywhere.
pub fn mentions(rule: &Rule, root: Root) -> bool {
    measure::any_value_of_rule(rule, &mut |value| value.as_path().is_some_and(|path| path.root == root))
}

/// The violation of a whole subject: for element rules, that some element violates.
pub fn violation_of_subject(check: &Check) -> Cond {
    let Some(elements) = &check.elements else { return check.violation.clone() };
    let origin = check.violation.origin;
    let body = match elements.filter.is_const(true) {
        true => check.violation.clone(),
        false => Cond::new(CondKind::And(vec![elements.filter.clone(), check.violation.clone()]), origin),
    };
    let quantified = Quantified { binder: elements.binder, source: elements.source.clone(), body };
    Cond::new(CondKind::Any(Box::new(quantified)), origin)
}

/// The rule with its `with` values in place of their names. Values are pure, so where they stand does not matter.
pub fn inlined(rule: &Rule) -> Rule {
    let mut rule = inlined_existing(rule);
    let bindings = std::mem::take(&mut rule.bindings);
    inline(&mut rule, bindings);
    rule
}

/// As [`inlined`], of what the rule says of existing objects only.
pub fn inlined_existing(rule: &Rule) -> Rule {
    let mut rule = rule.clone();
    let bindings = match &mut rule.body {
        Body::Mutate(Mutation { existing: Some(existing), .. }) => std::mem::take(&mut existing.bindings),
        _ => Vec::new(),
    };
    inline(&mut rule, bindings);
    rule
}

fn inline(rule: &mut Rule, bindings: Vec<Binding>) {
    let mut known: Vec<(Local, Value)> = Vec::new();
    for mut binding in bindings {
        visit_value(&mut binding.value, &mut |value| substitute(value, &known));
        known.push((binding.local, binding.value));
    }
    if !known.is_empty() {
        visit_rule(rule, &mut |value| substitute(value, &known));
    }
}

/// What a name stands for, in its place.
fn substitute(value: &mut Value, known: &[(Local, Value)]) {
    let Some(path) = value.as_path() else { return };
    let Root::Local(local) = path.root else { return };
    let Some((_, bound)) = known.iter().find(|(name, _)| *name == local) else { return };
    let steps = path.steps.clone();
    if steps.is_empty() {
        value.kind = bound.kind.clone();
        return;
    }
    match &bound.kind {
        ValueKind::Path(path) => {
            let steps = [path.steps.clone(), steps].concat();
            value.kind = ValueKind::Path(Path { root: path.root, steps });
        }
        // Steps into something computed: taken one by one.
        _ => {
            let mut base = bound.clone();
            for step in steps {
                let (key, ty) = match step {
                    Step::Field(field) => (ValueKind::Literal(Literal::Text(field.name)), Type::Text),
                    Step::Element(index) => (ValueKind::Literal(Literal::Int(index)), Type::Int),
                    Step::Key(key) => (key.kind, Type::Text),
                };
                let key = Value::new(key, ty, value.origin);
                let kind = ValueKind::Call(Operation::Index, vec![base, key]);
                base = Value::new(kind, Type::Json, value.origin);
            }
            value.kind = base.kind;
        }
    }
}
