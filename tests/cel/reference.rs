//! What conditions mean, read off the definition: the judge of the CEL that is written for them. It knows
//! the forms that [`super::conditions`] makes.

use std::collections::HashMap;
use std::net::IpAddr;

use aipc_compiler::ir::*;
use aipc_runtime::value::{self, Cidr, Decimal, Image, Semver, Time};
use regex::Regex;
use serde_json::{Value as Json, json};

/// The roots and local names at a place of the rule.
#[derive(Clone, Default)]
pub struct World {
    pub object: Json,
    pub old_object: Option<Json>,
    pub subject: Json,
    pub user: Option<Json>,
    pub namespace_labels: Option<Json>,
    pub locals: HashMap<Local, Json>,
}

impl World {
    fn with(&self, binder: &Binder, key: Json, element: Json) -> World {
        let mut world = self.clone();
        if let Some(local) = binder.key {
            world.locals.insert(local, key);
        }
        world.locals.insert(binder.element, element);
        world
    }

    pub fn holds(&self, cond: &Cond) -> bool {
        match &cond.kind {
            CondKind::Const(value) => *value,
            CondKind::Not(inner) => !self.holds(inner),
            CondKind::And(parts) => parts.iter().all(|part| self.holds(part)),
            CondKind::Or(parts) => parts.iter().any(|part| self.holds(part)),
            CondKind::Is(value) => self.value(value) == Some(Json::Bool(true)),
            CondKind::Has(value) => self.value(value).is_some(),
            CondKind::Empty(value) => match self.value(value) {
                None => true,
                Some(value) => value == json!("") || value == json!([]) || value == json!({}),
            },
            CondKind::Compare { comparison, domain, left, right } => {
                // the text of an IntOrString is no number, whatever it looks like
                let of = |value: &Value| {
                    let found = self.value(value)?;
                    let is_name =
                        value.ty == Type::IntOrPercent && *domain == Domain::Number && found.is_string();
                    (!is_name).then_some(found)
                };
                match (of(left), of(right)) {
                    (Some(left), Some(right)) => compare(*comparison, *domain, &left, &right),
                    _ => false,
                }
            }
            CondKind::Glob { value, globs } => {
                let Some(Json::String(text)) = self.value(value) else { return false };
                globs.iter().any(|glob| self.glob(glob).is_some_and(|glob| glob.is_match(&text)))
            }
            CondKind::Regex { value, patterns } => {
                let Some(Json::String(text)) = self.value(value) else { return false };
                patterns.iter().any(|pattern| Regex::new(pattern).unwrap().is_match(&text))
            }
            CondKind::Test(test, values) => {
                let values: Option<Vec<Json>> = values.iter().map(|value| self.value(value)).collect();
                values.is_some_and(|values| tested(*test, &values))
            }
            CondKind::Any(q) => {
                self.elements(&q.source).into_iter().any(|(k, e)| self.with(&q.binder, k, e).holds(&q.body))
            }
            CondKind::All(q) => {
                self.elements(&q.source).into_iter().all(|(k, e)| self.with(&q.binder, k, e).holds(&q.body))
            }
            CondKind::Changed { now, before } => match (self.value(now), self.value(before)) {
                (Some(now), Some(before)) => !same(&now, &before),
                (now, before) => now.is_some() || before.is_some(),
            },
            CondKind::Known { about, cond, otherwise } => {
                let known = match about {
                    Unknown::User => self.user.is_some(),
                    Unknown::NamespaceLabels => self.namespace_labels.is_some(),
                };
                if known { self.holds(cond) } else { *otherwise }
            }
        }
    }

    /// Key or number, and element.
    fn elements(&self, source: &Value) -> Vec<(Json, Json)> {
        match self.value(source) {
            Some(Json::Array(items)) => items.into_iter().enumerate().map(|(i, e)| (json!(i), e)).collect(),
            Some(Json::Object(map)) => map.into_iter().map(|(k, v)| (json!(k), v)).collect(),
            _ => vec![],
        }
    }

    fn glob(&self, glob: &Glob) -> Option<Regex> {
        let mut pattern = String::from("^(?s:");
        for part in &glob.0 {
            match part {
                GlobPart::Text(text) => pattern.push_str(&regex::escape(text)),
                GlobPart::Many => pattern.push_str(".*"),
                GlobPart::One => pattern.push('.'),
                GlobPart::Value(value) => match self.value(value)? {
                    Json::String(text) => pattern.push_str(&regex::escape(&text)),
                    _ => return None,
                },
            }
        }
        Regex::new(&(pattern + ")$")).ok()
    }

    /// The value; `None` where it is missing, as null is.
    pub fn value(&self, value: &Value) -> Option<Json> {
        let found = match &value.kind {
            ValueKind::Literal(literal) => literal_json(literal),
            ValueKind::Path(path) => self.path(path)?,
            ValueKind::Call(operation, arguments) => {
                let arguments: Option<Vec<Json>> = arguments.iter().map(|value| self.value(value)).collect();
                call(*operation, &arguments?)?
            }
            ValueKind::Coalesce(first, second) => self.value(first).or_else(|| self.value(second))?,
            ValueKind::If(test, then, otherwise) => match self.holds(test) {
                true => self.value(then)?,
                false => self.value(otherwise)?,
            },
            ValueKind::Bool(cond) => Json::Bool(self.holds(cond)),
            ValueKind::List(values) => values.iter().filter_map(|value| self.value(value)).collect(),
            ValueKind::Object(entries) => Json::Object(
                entries.iter().filter_map(|(key, value)| Some((key.clone(), self.value(value)?))).collect(),
            ),
            ValueKind::Concat(values) => {
                values.iter().flat_map(|value| self.elements(value)).map(|(_, element)| element).collect()
            }
            ValueKind::Collect(collect) => {
                let mut items = Vec::new();
                for (key, element) in self.elements(&collect.source) {
                    let world = self.with(&collect.binder, key, element);
                    if world.holds(&collect.filter) {
                        match collect.flatten {
                            true => items.extend(world.elements(&collect.body).into_iter().map(|(_, e)| e)),
                            false => items.extend(world.value(&collect.body)),
                        }
                    }
                }
                Json::Array(items)
            }
            ValueKind::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        TextPart::Text(part) => text.push_str(part),
                        TextPart::Value(value) => match self.value(value)? {
                            Json::String(part) => text.push_str(&part),
                            other => text.push_str(&other.to_string()),
                        },
                    }
                }
                Json::String(text)
            }
            ValueKind::Lookup(_) => panic!("not used here"),
            ValueKind::Must(inner) => self.value(inner)?,
        };
        (!found.is_null()).then_some(found)
    }

    fn path(&self, path: &Path) -> Option<Json> {
        let root = match path.root {
            Root::Object => self.object.clone(),
            Root::OldObject | Root::OldSubject => self.old_object.clone()?,
            Root::Subject => self.subject.clone(),
            Root::Local(local) => self.locals.get(&local)?.clone(),
            Root::Namespace => self.object["metadata"]["namespace"].clone(),
            Root::NamespaceObject => json!({"metadata": {"labels": self.namespace_labels.clone()?}}),
            Root::User => self.user.clone()?,
            Root::Existing | Root::ExistingSubject | Root::Predicate => panic!("not used here"),
            Root::Request | Root::Now => return None,
        };
        path.steps.iter().try_fold(root, |at, step| match step {
            Step::Field(field) => at.get(&field.name).cloned(),
            Step::Key(key) => at.get(self.value(key)?.as_str()?).cloned(),
            Step::Element(number) => {
                let list = at.as_array()?;
                let number = if *number < 0 { list.len() as i64 + number } else { *number };
                list.get(usize::try_from(number).ok()?).cloned()
            }
        })
    }
}

fn literal_json(literal: &Literal) -> Json {
    match literal {
        Literal::Bool(value) => json!(value),
        Literal::Int(value) => json!(value),
        Literal::Float(value) => json!(value),
        Literal::Duration(nanoseconds) => json!(value::format_duration(*nanoseconds)),
        Literal::Percent(value) => json!(format!("{value}%")),
        Literal::Text(text)
        | Literal::Quantity(text)
        | Literal::Time(text)
        | Literal::Semver(text)
        | Literal::Ip(text)
        | Literal::Cidr(text) => json!(text),
    }
}

fn number(value: &Json) -> Option<Decimal> {
    match value {
        Json::String(text) => value::parse_number(text),
        Json::Number(number) => value::parse_number(&number.to_string()),
        _ => None,
    }
}

fn compare(comparison: Comparison, domain: Domain, left: &Json, right: &Json) -> bool {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let order = match domain {
        Domain::Bool | Domain::Json => return same(left, right),
        Domain::Number => number(left).zip(number(right)).map(|(a, b)| a.cmp(&b)),
        Domain::Text => text(left).zip(text(right)).map(|(a, b)| a.cmp(&b)),
        Domain::Duration => {
            let parse = |value: &Json| value::parse_duration(value.as_str()?);
            parse(left).zip(parse(right)).map(|(a, b)| a.cmp(&b))
        }
        Domain::Time => {
            let parse = |value: &Json| Time::parse(value.as_str()?);
            parse(left).zip(parse(right)).map(|(a, b)| a.cmp(&b))
        }
        Domain::Semver => {
            let parse = |value: &Json| Semver::parse(value.as_str()?);
            parse(left).zip(parse(right)).map(|(a, b)| a.precedence(&b))
        }
        Domain::Percent => {
            let parse = |value: &Json| value.as_str()?.strip_suffix('%')?.parse::<u64>().ok();
            parse(left).zip(parse(right)).map(|(a, b)| a.cmp(&b))
        }
        Domain::Ip => {
            let parse = |value: &Json| value.as_str()?.parse::<IpAddr>().ok();
            parse(left).zip(parse(right)).map(|(a, b)| a.cmp(&b))
        }
    };
    order.is_some_and(|order| match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    })
}

/// Whole values: numbers by value, maps without order.
fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(_), Json::Number(_)) => number(left) == number(right),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

fn tested(test: Test, values: &[Json]) -> bool {
    let text = |at: usize| values[at].as_str().unwrap_or("\0");
    match test {
        Test::InList => values[1].as_array().is_some_and(|list| list.iter().any(|e| same(e, &values[0]))),
        Test::InListNumber => values[1]
            .as_array()
            .is_some_and(|list| list.iter().any(|e| number(e).is_some() && number(e) == number(&values[0]))),
        Test::InMap => values[1].get(text(0)).is_some_and(|value| !value.is_null()),
        Test::InText => text(1).contains(text(0)),
        Test::InRange => match (number(&values[0]), number(&values[1]), number(&values[2])) {
            (Some(number), Some(low), Some(high)) => low <= number && number <= high,
            _ => false,
        },
        Test::InCidr => match (text(0).parse::<IpAddr>(), Cidr::parse(text(1))) {
            (Ok(address), Some(network)) => network.contains(address),
            _ => false,
        },
        Test::CidrInCidr => match (Cidr::parse(text(0)), Cidr::parse(text(1))) {
            (Some(inner), Some(outer)) => outer.contains_network(inner),
            _ => false,
        },
    }
}

fn call(operation: Operation, arguments: &[Json]) -> Option<Json> {
    let text = |at: usize| arguments[at].as_str();
    let integer = |at: usize| arguments[at].as_i64().or_else(|| arguments[at].as_f64().map(|f| f as i64));
    let image = || Image::parse(arguments[0].as_str()?);
    Some(match operation {
        Operation::Add if arguments[0].is_string() => json!(format!("{}{}", text(0)?, text(1)?)),
        Operation::Add => json!(integer(0)? + integer(1)?),
        Operation::Subtract => json!(integer(0)? - integer(1)?),
        Operation::Multiply => json!(integer(0)? * integer(1)?),
        Operation::Negate => json!(-integer(0)?),
        Operation::Count => match &arguments[0] {
            Json::String(text) => json!(text.chars().count()),
            Json::Array(list) => json!(list.len()),
            Json::Object(map) => json!(map.len()),
            _ => return None,
        },
        Operation::Lower => json!(text(0)?.to_ascii_lowercase()),
        Operation::Upper => json!(text(0)?.to_ascii_uppercase()),
        Operation::Trim => json!(text(0)?.trim_matches(|c| text(1).unwrap().contains(c))),
        Operation::Replace => json!(text(0)?.replace(text(1)?, text(2)?)),
        Operation::Substring => {
            let characters: Vec<char> = text(0)?.chars().collect();
            let start = (integer(1)?.max(0) as usize).min(characters.len());
            let end = (integer(2)?.max(0) as usize).min(characters.len()).max(start);
            json!(characters[start..end].iter().collect::<String>())
        }
        Operation::Split => text(0)?.split(text(1)?).map(|part| json!(part)).collect(),
        Operation::Join => {
            let parts: Option<Vec<&str>> = arguments[0].as_array()?.iter().map(Json::as_str).collect();
            json!(parts?.join(text(1)?))
        }
        Operation::MatchGroup => {
            let pattern = Regex::new(text(1)?).ok()?;
            json!(pattern.captures(text(0)?)?.get(integer(2)? as usize)?.as_str())
        }
        Operation::Keys => {
            let mut keys: Vec<&String> = arguments[0].as_object()?.keys().collect();
            keys.sort();
            json!(keys)
        }
        Operation::Distinct => {
            let mut seen: Vec<Json> = Vec::new();
            for item in arguments[0].as_array()? {
                if !seen.iter().any(|other| same(other, item)) {
                    seen.push(item.clone());
                }
            }
            Json::Array(seen)
        }
        Operation::Reverse => arguments[0].as_array()?.iter().rev().cloned().collect(),
        Operation::Index => match &arguments[0] {
            Json::Array(list) => {
                let at = integer(1)?;
                let at = if at < 0 { list.len() as i64 + at } else { at };
                list.get(usize::try_from(at).ok()?)?.clone()
            }
            map => map.get(text(1)?)?.clone(),
        },
        Operation::ToText => match &arguments[0] {
            Json::String(text) => json!(text),
            other => json!(other.to_string()),
        },
        Operation::ToInt => {
            let text = text(0)?;
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            let plain =
                !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit());
            json!(plain.then(|| text.parse::<i64>().ok())??)
        }
        Operation::ToQuantity => {
            number(&arguments[0])?;
            arguments[0].clone()
        }
        Operation::ToSemver => {
            Semver::parse(text(0)?)?;
            arguments[0].clone()
        }
        Operation::ToDuration => {
            value::parse_duration(text(0)?)?;
            arguments[0].clone()
        }
        Operation::ImageRegistry => json!(image()?.registry),
        Operation::ImageRepository => json!(image()?.repository),
        Operation::ImageTag => json!(image()?.tag()?),
        Operation::ImageDigest => json!(image()?.digest?),
        Operation::ImageName => json!(image()?.name()),
        Operation::ImageReference => json!(image()?.reference()),
        Operation::ImageWrittenTag => json!(image()?.written_tag?),
        other => panic!("the reference does not know {other:?}"),
    })
}
