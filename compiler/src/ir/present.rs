//! Which values are certainly there.

use super::{Cond, CondKind, Literal, Operation, Path, Root, Step, Target, TextPart, Value, ValueKind};

/// Values that conditions have found to be there.
#[derive(Clone, Default, Debug)]
pub(crate) struct Facts {
    paths: Vec<Path>,
    /// What operations made of values.
    computed: Vec<Value>,
    /// The subject is the object itself, and no template in it.
    whole_objects: bool,
}

impl Facts {
    /// What is there where all of the conditions hold.
    pub(crate) fn of<'a>(conds: impl IntoIterator<Item = &'a Cond>) -> Facts {
        let mut facts = Facts::default();
        conds.into_iter().for_each(|cond| facts.learn(cond));
        facts
    }

    /// The same, about subjects at these places.
    pub(crate) fn about(mut self, targets: &[Target]) -> Facts {
        self.whole_objects = targets.iter().flat_map(|it| &it.subjects).all(|place| place.0.is_empty());
        self
    }

    /// These, and those of further conditions.
    pub(crate) fn and(&self, conds: &[Cond]) -> Facts {
        let mut facts = self.clone();
        conds.iter().for_each(|cond| facts.learn(cond));
        facts
    }

    fn learn(&mut self, cond: &Cond) {
        match &cond.kind {
            CondKind::And(parts) => parts.iter().for_each(|part| self.learn(part)),
            CondKind::Is(value)
            | CondKind::Has(value)
            | CondKind::Glob { value, .. }
            | CondKind::Regex { value, .. } => self.learn_value(value),
            CondKind::Compare { left, right, .. } => {
                self.learn_value(left);
                self.learn_value(right);
            }
            CondKind::Test(_, values) => values.iter().for_each(|value| self.learn_value(value)),
            CondKind::Not(inner) => {
                if let CondKind::Empty(value) = &inner.kind {
                    self.learn_value(value);
                }
            }
            // Where something is not known the condition says nothing.
            CondKind::Known { .. }
            | CondKind::Const(_)
            | CondKind::Or(_)
            | CondKind::Empty(_)
            | CondKind::Any(_)
            | CondKind::All(_)
            | CondKind::Changed { .. } => {}
        }
    }

    fn learn_value(&mut self, value: &Value) {
        if let Some(path) = value.as_path() {
            self.paths.push(path.clone());
        }
        // What is computed is there only where all that it is made of is.
        if let ValueKind::Call(_, arguments) = &value.kind {
            self.computed.push(value.clone());
            arguments.iter().for_each(|argument| self.learn_value(argument));
        }
    }

    fn has_computed(&self, value: &Value) -> bool {
        self.computed.iter().any(|known| same(known, value))
    }

    fn has(&self, path: &Path) -> bool {
        let known = |known: &&Path| self.is_same_root(known.root, path.root);
        self.paths.iter().filter(known).any(|known| known.steps.starts_with(&path.steps))
    }

    /// Where subjects are whole objects, both names mean the same.
    fn is_same_root(&self, a: Root, b: Root) -> bool {
        let of_object = |root: Root| match root {
            Root::Subject if self.whole_objects => Root::Object,
            Root::ExistingSubject if self.whole_objects => Root::Existing,
            root => root,
        };
        of_object(a) == of_object(b)
    }
}

/// Whether two values are the same operations on the same paths and literals, wherever they are written.
fn same(a: &Value, b: &Value) -> bool {
    match (&a.kind, &b.kind) {
        (ValueKind::Call(a, one), ValueKind::Call(b, other)) => {
            a == b && one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b))
        }
        (ValueKind::Path(a), ValueKind::Path(b)) => a == b,
        (ValueKind::Literal(a), ValueKind::Literal(b)) => a == b,
        _ => false,
    }
}

/// Whether a value is there in every admissible object of which the facts hold.
pub(crate) fn certain(value: &Value, facts: &Facts) -> bool {
    match &value.kind {
        ValueKind::Literal(_)
        | ValueKind::Bool(_)
        | ValueKind::List(_)
        | ValueKind::Object(_)
        | ValueKind::Concat(_)
        | ValueKind::Collect(_)
        | ValueKind::Must(_) => true,
        ValueKind::Path(path) => facts.has(path) || is_always_there(path, facts.whole_objects),
        ValueKind::Call(operation, arguments) => {
            facts.has_computed(value)
                || is_total(*operation, arguments) && arguments.iter().all(|it| certain(it, facts))
        }
        ValueKind::Coalesce(first, second) => certain(first, facts) || certain(second, facts),
        ValueKind::If(_, yes, no) => certain(yes, facts) && certain(no, facts),
        ValueKind::Text(parts) => parts.iter().all(|part| match part {
            TextPart::Text(_) => true,
            TextPart::Value(value) => certain(value, facts),
        }),
        ValueKind::Lookup(_) => false,
    }
}

fn is_always_there(path: &Path, whole_objects: bool) -> bool {
    let names: Vec<&str> = path
        .steps
        .iter()
        .map(|step| match step {
            Step::Field(field) => field.name.as_str(),
            Step::Key(_) | Step::Element(_) => "",
        })
        .collect();
    match path.root {
        // An object that is looked at has a name by now.
        Root::Object | Root::Existing if names == ["metadata", "name"] => true,
        Root::Subject | Root::ExistingSubject if whole_objects && names == ["metadata", "name"] => true,
        Root::Object | Root::Subject | Root::Existing | Root::ExistingSubject | Root::Local(_) => {
            path.steps.iter().all(|step| matches!(step, Step::Field(field) if field.required))
        }
        Root::Namespace | Root::Now => path.steps.is_empty(),
        Root::User => matches!(names.as_slice(), [] | ["name" | "groups"]),
        Root::Request => matches!(names.as_slice(), [] | ["operation"]),
        Root::OldObject | Root::OldSubject | Root::NamespaceObject | Root::Predicate => false,
    }
}

/// Whether an operation has a result for all arguments of its types.
fn is_total(operation: Operation, arguments: &[Value]) -> bool {
    match operation {
        Operation::Add | Operation::Subtract | Operation::Multiply | Operation::Negate => true,
        Operation::Divide => {
            let divisor = arguments.get(1).and_then(Value::as_literal);
            matches!(divisor, Some(Literal::Int(number)) if *number != 0)
        }
        Operation::Count
        | Operation::Distinct
        | Operation::Sort
        | Operation::Reverse
        | Operation::Keys
        | Operation::Values
        | Operation::Without
        | Operation::Merge
        | Operation::Join
        | Operation::Split
        | Operation::Lower
        | Operation::Upper
        | Operation::Trim
        | Operation::Replace
        | Operation::ToText
        | Operation::ToJson
        | Operation::Base64Encode
        | Operation::Sha256
        | Operation::Sha1
        | Operation::Md5 => true,
        // Text that is no image reference has no parts.
        _ => false,
    }
}

/// Whether the author of a text may take it that a value is there: as [`certain`], and images are image references. An
/// image has a tag unless it has a digest.
fn expected(value: &Value, facts: &Facts) -> bool {
    let of_image = |operation: &Operation| {
        matches!(
            operation,
            Operation::ImageRegistry
                | Operation::ImageRepository
                | Operation::ImageName
                | Operation::ImageReference
        )
    };
    match &value.kind {
        ValueKind::Call(operation, arguments) if of_image(operation) => {
            arguments.iter().all(|it| certain(it, facts))
        }
        _ => certain(value, facts),
    }
}

/// The first value inside a text that may be missing, unless the text has a substitute.
pub(crate) fn missing_in_text<'v>(value: &'v Value, facts: &Facts) -> Option<&'v Value> {
    match &value.kind {
        ValueKind::Text(parts) => parts.iter().find_map(|part| match part {
            TextPart::Value(value) if !expected(value, facts) => Some(value),
            TextPart::Value(value) => missing_in_text(value, facts),
            TextPart::Text(_) => None,
        }),
        ValueKind::Coalesce(_, second) => missing_in_text(second, facts),
        ValueKind::If(test, yes, no) => {
            let yes_facts = facts.and(std::slice::from_ref(test));
            missing_in_text(yes, &yes_facts).or_else(|| missing_in_text(no, facts))
        }
        ValueKind::Object(entries) => entries.iter().find_map(|(_, value)| missing_in_text(value, facts)),
        ValueKind::List(values) | ValueKind::Call(_, values) | ValueKind::Concat(values) => {
            values.iter().find_map(|value| missing_in_text(value, facts))
        }
        ValueKind::Literal(_)
        | ValueKind::Path(_)
        | ValueKind::Bool(_)
        | ValueKind::Collect(_)
        | ValueKind::Must(_)
        | ValueKind::Lookup(_) => None,
    }
}
