//! What the IR means, said a second time as plainly as can be, over JSON: for comparisons with what is emitted.

use std::cmp::Ordering;
use std::collections::HashMap;

use aipc_compiler::ir::*;
use serde_json::Value as Json;

use crate::support::resources::amount_of;
use crate::support::verdict::Verdict;

/// What conditions are asked of.
pub struct World<'a> {
    pub object: &'a Json,
    pub old: Option<&'a Json>,
    subject: Option<&'a Json>,
    old_subject: Option<&'a Json>,
    locals: HashMap<Local, Json>,
}

/// The verdict of a set on an object, on create, or on update if there is an old one.
pub fn verdict(set: &PolicySet, object: &Json, old: Option<&Json>) -> Verdict {
    let violated =
        set.policies.iter().flat_map(|policy| &policy.rules).any(|rule| violates(rule, object, old));
    if violated { Verdict::Fail } else { Verdict::Pass }
}

fn violates(rule: &Rule, object: &Json, old: Option<&Json>) -> bool {
    let kind = object["kind"].as_str().unwrap_or("");
    let Some(target) = rule.targets.iter().find(|target| target.kind.is_any() || target.kind.kind == kind)
    else {
        return false;
    };
    let at = |json: &'_ Json| -> Option<Json> {
        let fields = target.subjects[0].fields()?;
        fields.iter().try_fold(json.clone(), |json, field| json.get(&field.name).cloned())
    };
    let (subject, old_subject) = (at(object), old.and_then(at));
    let mut world = World {
        object,
        old,
        subject: subject.as_ref(),
        old_subject: old_subject.as_ref(),
        locals: HashMap::new(),
    };
    for binding in &rule.bindings {
        if let Some(found) = world.value(&binding.value) {
            world.locals.insert(binding.local, found);
        }
    }
    rule.applies.iter().all(|cond| world.cond(cond))
        && world.cond(&rewrite::violation_of_subject(rule.check().expect("a check")))
}

impl World<'_> {
    pub fn cond(&mut self, cond: &Cond) -> bool {
        match &cond.kind {
            CondKind::Const(value) => *value,
            CondKind::Not(inner) => !self.cond(inner),
            CondKind::And(parts) => parts.iter().all(|part| self.cond(part)),
            CondKind::Or(parts) => parts.iter().any(|part| self.cond(part)),
            CondKind::Is(value) => self.value(value) == Some(Json::Bool(true)),
            CondKind::Has(value) => self.value(value).is_some(),
            CondKind::Empty(value) => match self.value(value) {
                None => true,
                Some(Json::String(text)) => text.is_empty(),
                Some(Json::Array(items)) => items.is_empty(),
                Some(Json::Object(entries)) => entries.is_empty(),
                Some(_) => false,
            },
            CondKind::Compare { comparison, domain, left, right } => {
                let (left, right) = (self.value(left), self.value(right));
                compare(*comparison, *domain, left, right)
            }
            CondKind::Glob { value, globs } => {
                let Some(Json::String(text)) = self.value(value) else { return false };
                globs.iter().any(|glob| self.glob(glob).is_some_and(|regex| regex.is_match(&text)))
            }
            CondKind::Regex { value, patterns } => {
                let Some(Json::String(text)) = self.value(value) else { return false };
                patterns.iter().any(|pattern| regex::Regex::new(pattern).expect("a regex").is_match(&text))
            }
            CondKind::Test(test, values) => {
                let values: Option<Vec<Json>> = values.iter().map(|value| self.value(value)).collect();
                values.is_some_and(|values| test_of(*test, &values))
            }
            CondKind::Any(q) => {
                self.rows(q.binder, &q.source).into_iter().any(|row| self.under(&row, |w| w.cond(&q.body)))
            }
            CondKind::All(q) => {
                self.rows(q.binder, &q.source).into_iter().all(|row| self.under(&row, |w| w.cond(&q.body)))
            }
            CondKind::Changed { now, before } => self.value(now) != self.value(before),
            CondKind::Known { otherwise, .. } => *otherwise,
        }
    }

    fn glob(&mut self, glob: &Glob) -> Option<regex::Regex> {
        let mut pattern = String::from("(?s)^");
        for part in &glob.0 {
            match part {
                GlobPart::Text(text) => pattern.push_str(&regex::escape(text)),
                GlobPart::Many => pattern.push_str(".*"),
                GlobPart::One => pattern.push('.'),
                GlobPart::Value(value) => pattern.push_str(&regex::escape(self.value(value)?.as_str()?)),
            }
        }
        pattern.push('$');
        Some(regex::Regex::new(&pattern).expect("a glob as a regex"))
    }

    fn rows(&mut self, binder: Binder, source: &Value) -> Vec<Vec<(Local, Json)>> {
        let row = |key: Json, element: Json| {
            binder.key.map(|local| (local, key)).into_iter().chain([(binder.element, element)]).collect()
        };
        match self.value(source) {
            Some(Json::Array(items)) => {
                items.into_iter().enumerate().map(|(number, item)| row(number.into(), item)).collect()
            }
            Some(Json::Object(entries)) => {
                entries.into_iter().map(|(key, value)| row(key.into(), value)).collect()
            }
            _ => vec![],
        }
    }

    fn under<T>(&mut self, row: &[(Local, Json)], inside: impl FnOnce(&mut Self) -> T) -> T {
        self.locals.extend(row.iter().cloned());
        inside(self)
    }

    pub fn value(&mut self, value: &Value) -> Option<Json> {
        match &value.kind {
            ValueKind::Literal(literal) => Some(match literal {
                Literal::Bool(value) => (*value).into(),
                Literal::Int(value) => (*value).into(),
                Literal::Float(value) => (*value).into(),
                Literal::Text(text) | Literal::Quantity(text) | Literal::Semver(text) => text.clone().into(),
                other => panic!("{other:?} is not used here"),
            }),
            ValueKind::Path(path) => self.path(path),
            ValueKind::Call(operation, arguments) => {
                let arguments: Option<Vec<Json>> =
                    arguments.iter().map(|argument| self.value(argument)).collect();
                call(*operation, &arguments?)
            }
            ValueKind::Coalesce(first, second) => self.value(first).or_else(|| self.value(second)),
            ValueKind::If(test, yes, no) => {
                if self.cond(test) {
                    self.value(yes)
                } else {
                    self.value(no)
                }
            }
            ValueKind::Bool(cond) => Some(self.cond(cond).into()),
            ValueKind::List(items) => Some(items.iter().filter_map(|item| self.value(item)).collect()),
            ValueKind::Concat(lists) => {
                let lists = lists.iter().filter_map(|list| self.value(list));
                Some(lists.flat_map(|list| list.as_array().cloned().unwrap_or_default()).collect())
            }
            ValueKind::Collect(collect) => {
                let rows = self.rows(collect.binder, &collect.source);
                let mut found = Vec::new();
                for row in rows {
                    let body = self
                        .under(&row, |w| w.cond(&collect.filter).then(|| w.value(&collect.body)).flatten());
                    match body {
                        Some(Json::Array(items)) if collect.flatten => found.extend(items),
                        Some(item) => found.push(item),
                        None => {}
                    }
                }
                Some(Json::Array(found))
            }
            ValueKind::Text(parts) => {
                let mut whole = String::new();
                for part in parts {
                    match part {
                        TextPart::Text(text) => whole.push_str(text),
                        TextPart::Value(value) => match self.value(value)? {
                            Json::String(text) => whole.push_str(&text),
                            other => whole.push_str(&other.to_string()),
                        },
                    }
                }
                Some(whole.into())
            }
            ValueKind::Object(_) | ValueKind::Must(_) | ValueKind::Lookup(_) => panic!("not used here"),
        }
    }

    fn path(&mut self, path: &Path) -> Option<Json> {
        let mut found = match path.root {
            Root::Object => self.object.clone(),
            Root::OldObject => self.old?.clone(),
            Root::Subject => self.subject?.clone(),
            Root::OldSubject => self.old_subject?.clone(),
            Root::Local(local) => self.locals.get(&local)?.clone(),
            Root::Namespace => {
                self.object["metadata"].get("namespace").cloned().unwrap_or_else(|| Json::from("default"))
            }
            other => panic!("{other:?} is not used here"),
        };
        for step in &path.steps {
            found = match step {
                Step::Field(field) => found.get(&field.name)?.clone(),
                Step::Element(index) => found.get(usize::try_from(*index).ok()?)?.clone(),
                Step::Key(key) => {
                    let key = self.value(key)?;
                    found.get(key.as_str()?)?.clone()
                }
            };
        }
        Some(found).filter(|found| !found.is_null())
    }
}

fn compare(comparison: Comparison, domain: Domain, left: Option<Json>, right: Option<Json>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return false };
    let order = match domain {
        Domain::Bool | Domain::Json => return left == right,
        Domain::Text => match (left.as_str(), right.as_str()) {
            (Some(left), Some(right)) => left.cmp(right),
            _ => return false,
        },
        Domain::Number => match (amount_of(&left), amount_of(&right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => return false,
        },
        other => panic!("{other:?} is not used here"),
    };
    match comparison {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
    }
}

fn test_of(test: Test, values: &[Json]) -> bool {
    match (test, values) {
        (Test::InList, [value, list]) => list.as_array().is_some_and(|items| items.contains(value)),
        (Test::InListNumber, [value, list]) => {
            let same = |item: &Json| amount_of(item).is_some() && amount_of(item) == amount_of(value);
            list.as_array().is_some_and(|items| items.iter().any(same))
        }
        (Test::InMap, [key, map]) => key.as_str().is_some_and(|key| map.get(key).is_some()),
        (Test::InText, [part, whole]) => {
            matches!((part.as_str(), whole.as_str()), (Some(part), Some(whole)) if whole.contains(part))
        }
        (Test::InRange, [value, low, high]) => {
            let [value, low, high] = [value, low, high].map(amount_of);
            value.is_some() && low <= value && value <= high
        }
        other => panic!("{other:?} is not used here"),
    }
}

fn call(operation: Operation, arguments: &[Json]) -> Option<Json> {
    let text = |number: usize| arguments.get(number).and_then(Json::as_str);
    let image = || aipc_runtime::value::Image::parse(text(0)?);
    match operation {
        Operation::Count => Some(match &arguments[0] {
            Json::Array(items) => items.len().into(),
            Json::Object(entries) => entries.len().into(),
            Json::String(text) => text.chars().count().into(),
            _ => return None,
        }),
        Operation::Lower => Some(text(0)?.to_lowercase().into()),
        Operation::Upper => Some(text(0)?.to_uppercase().into()),
        Operation::Add => Some((arguments[0].as_i64()? + arguments[1].as_i64()?).into()),
        Operation::ImageRegistry => Some(image()?.registry.into()),
        Operation::ImageRepository => Some(image()?.repository.into()),
        Operation::ImageTag => Some(image()?.tag()?.into()),
        Operation::ImageDigest => Some(image()?.digest?.into()),
        Operation::ImageName => Some(image()?.name().into()),
        Operation::ImageReference => Some(image()?.reference().into()),
        Operation::ImageWrittenTag => Some(image()?.written_tag?.into()),
        other => panic!("{other:?} is not used here"),
    }
}
