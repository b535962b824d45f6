//! A second evaluator of the IR, slow and plain: it walks the tree and copies every value. The machine has to
//! agree with it. Single operations and comparisons are the runtime's own; they have tables of their own.

use std::collections::HashMap;

use aipc_compiler::ir::*;
use aipc_runtime::budget::Budget;
use aipc_runtime::operation;
use aipc_runtime::value::{self, Value as V};

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    MustMissing,
    NoUser,
    OverBudget,
}

impl From<aipc_runtime::budget::OverBudget> for Stop {
    fn from(_: aipc_runtime::budget::OverBudget) -> Stop {
        Stop::OverBudget
    }
}

type R<T> = Result<T, Stop>;

pub struct World {
    pub object: V<'static>,
    pub old: V<'static>,
    pub subject: V<'static>,
    pub user: Option<V<'static>>,
    pub now: value::Time,
}

/// A JSON value as the reader has it: whole floats are ints, null is missing.
pub fn owned(json: &serde_json::Value) -> V<'static> {
    match json {
        serde_json::Value::Null => V::Missing,
        serde_json::Value::Bool(it) => V::Bool(*it),
        serde_json::Value::Number(it) => match (it.as_i64(), it.as_f64()) {
            (Some(it), _) => V::Int(it),
            (None, Some(it)) if it.fract() == 0.0 && it.abs() < 9e18 => V::Int(it as i64),
            (None, it) => V::Float(it.unwrap()),
        },
        serde_json::Value::String(it) => V::text(it.as_str()),
        serde_json::Value::Array(it) => V::list(it.iter().map(owned).collect()),
        serde_json::Value::Object(it) => {
            let entry = |(key, it): (&String, &serde_json::Value)| {
                (value::Shared::Owned(std::sync::Arc::from(key.as_str())), owned(it))
            };
            V::map(it.iter().map(entry).collect())
        }
    }
}

#[derive(PartialEq, Debug)]
pub enum Verdict {
    NotApplicable,
    /// The messages of the violations; none is a pass.
    Judged(Vec<String>),
    Stopped(Stop),
}

pub fn judge(rule: &Rule, world: &World) -> Verdict {
    let mut eval = Eval { rule, world, locals: HashMap::new(), budget: Budget::new(1 << 40), lenient: false };
    match eval.rule() {
        Ok(verdict) => verdict,
        Err(Stop::NoUser) => Verdict::NotApplicable,
        Err(stop) => Verdict::Stopped(stop),
    }
}

struct Eval<'a> {
    rule: &'a Rule,
    world: &'a World,
    locals: HashMap<Local, V<'static>>,
    budget: Budget,
    lenient: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Whole,
    Number,
    Percent,
}

impl Eval<'_> {
    fn rule(&mut self) -> R<Verdict> {
        for cond in &self.rule.applies {
            if !self.cond(cond)? {
                return Ok(Verdict::NotApplicable);
            }
        }
        let mut messages = Vec::new();
        match &self.rule.check().expect("a check").elements {
            None => {
                if self.cond(&self.rule.check().expect("a check").violation)? {
                    messages.push(self.message()?);
                }
            }
            Some(elements) => {
                for (key, element) in self.iterate(&elements.source)? {
                    self.bind(elements.binder, key, element);
                    if self.cond(&elements.filter)?
                        && self.cond(&self.rule.check().expect("a check").violation)?
                    {
                        messages.push(self.message()?);
                    }
                }
            }
        }
        Ok(Verdict::Judged(messages))
    }

    fn message(&mut self) -> R<String> {
        self.lenient = true;
        let mut message = String::new();
        for part in &self.rule.message.parts {
            match part {
                TextPart::Text(text) => message.push_str(text),
                TextPart::Value(value) => {
                    let value = self.value(value)?;
                    message.push_str(&shown(&value));
                }
            }
        }
        self.lenient = false;
        Ok(message)
    }

    fn bind(&mut self, binder: Binder, key: V<'static>, element: V<'static>) {
        if let Some(local) = binder.key {
            self.locals.insert(local, key);
        }
        self.locals.insert(binder.element, element);
    }

    /// Keys and elements of a list or map, or of several after each other.
    fn iterate(&mut self, source: &Value) -> R<Vec<(V<'static>, V<'static>)>> {
        let mut parts = Vec::new();
        self.parts(source, &mut parts)?;
        let mut found: Vec<(V<'static>, V<'static>)> = Vec::new();
        for part in parts {
            if part.map_len().is_some() {
                for (key, value) in part.entries() {
                    found.push((V::Text(key), value));
                }
            } else {
                for element in part.elements() {
                    found.push((V::Int(found.len() as i64), element));
                }
            }
        }
        Ok(found)
    }

    fn parts(&mut self, source: &Value, parts: &mut Vec<V<'static>>) -> R<()> {
        match &source.kind {
            ValueKind::Concat(lists) => lists.iter().try_for_each(|list| self.parts(list, parts)),
            _ => {
                parts.push(self.value(source)?);
                Ok(())
            }
        }
    }

    fn cond(&mut self, cond: &Cond) -> R<bool> {
        Ok(match &cond.kind {
            CondKind::Const(it) => *it,
            CondKind::Not(inner) => !self.cond(inner)?,
            CondKind::And(parts) => {
                for part in parts {
                    if !self.cond(part)? {
                        return Ok(false);
                    }
                }
                true
            }
            CondKind::Or(parts) => {
                for part in parts {
                    if self.cond(part)? {
                        return Ok(true);
                    }
                }
                false
            }
            CondKind::Is(value) => matches!(self.value(value)?, V::Bool(true)),
            CondKind::Has(value) => !self.value(value)?.is_missing(),
            CondKind::Empty(value) => {
                let value = self.value(value)?;
                value.is_missing()
                    || value.as_text() == Some("")
                    || value.list_len() == Some(0)
                    || value.map_len() == Some(0)
            }
            CondKind::Compare { comparison, domain, left, right } => {
                let wanted = match domain {
                    Domain::Number => Wanted::Number,
                    Domain::Percent => Wanted::Percent,
                    _ => Wanted::Whole,
                };
                let (left, right) = (self.value_as(left, wanted)?, self.value_as(right, wanted)?);
                operation::compare(*comparison, *domain, &left, &right, &mut self.budget)?
            }
            CondKind::Glob { value, globs } => self.globs(value, globs)?,
            CondKind::Regex { value, patterns } => {
                let value = self.value(value)?;
                let found = |text| patterns.iter().any(|it| regex::Regex::new(it).unwrap().is_match(text));
                value.as_text().is_some_and(found)
            }
            CondKind::Test(test, values) => {
                let wanted = match test {
                    Test::InRange | Test::InListNumber => Wanted::Number,
                    _ => Wanted::Whole,
                };
                let values: Vec<_> = values.iter().map(|it| self.value_as(it, wanted)).collect::<R<_>>()?;
                operation::test(*test, &values, &mut self.budget)?
            }
            CondKind::Any(quantified) => {
                for (key, element) in self.iterate(&quantified.source)? {
                    self.bind(quantified.binder, key, element);
                    if self.cond(&quantified.body)? {
                        return Ok(true);
                    }
                }
                false
            }
            CondKind::All(quantified) => {
                for (key, element) in self.iterate(&quantified.source)? {
                    self.bind(quantified.binder, key, element);
                    if !self.cond(&quantified.body)? {
                        return Ok(false);
                    }
                }
                true
            }
            CondKind::Changed { now, before } => {
                let (now, before) = (self.value(now)?, self.value(before)?);
                operation::changed(&now, &before, &mut self.budget)?
            }
            CondKind::Known { about, cond, otherwise } => match about {
                Unknown::User if self.world.user.is_none() => *otherwise,
                Unknown::NamespaceLabels => *otherwise,
                Unknown::User => self.cond(cond)?,
            },
        })
    }

    fn globs(&mut self, value: &Value, globs: &[Glob]) -> R<bool> {
        let value = self.value(value)?;
        let mut any = false;
        for glob in globs {
            let mut pattern = String::from("^(?s)");
            let mut known = true;
            for part in &glob.0 {
                match part {
                    GlobPart::Text(text) => pattern.push_str(&regex::escape(text)),
                    GlobPart::Many => pattern.push_str(".*"),
                    GlobPart::One => pattern.push('.'),
                    GlobPart::Value(value) => match self.value(value)?.as_text() {
                        Some(text) => pattern.push_str(&regex::escape(text)),
                        None => known = false,
                    },
                }
            }
            pattern.push('$');
            let matches = |text| regex::Regex::new(&pattern).unwrap().is_match(text);
            any |= known && value.as_text().is_some_and(matches);
        }
        Ok(any)
    }

    fn value(&mut self, value: &Value) -> R<V<'static>> {
        self.value_as(value, Wanted::Whole)
    }

    fn value_as(&mut self, value: &Value, wanted: Wanted) -> R<V<'static>> {
        Ok(match &value.kind {
            ValueKind::Literal(literal) => constant(literal),
            ValueKind::Path(path) => {
                let found = self.path(path)?;
                if fits(&found, &value.ty, wanted) { found } else { V::Missing }
            }
            ValueKind::Call(operation, arguments) => self.call(*operation, arguments)?,
            ValueKind::Coalesce(first, second) => {
                let first = self.value_as(first, wanted)?;
                if first.is_missing() { self.value_as(second, wanted)? } else { first }
            }
            ValueKind::If(test, yes, no) => {
                let chosen = if self.cond(test)? { yes } else { no };
                self.value_as(chosen, wanted)?
            }
            ValueKind::Bool(cond) => V::Bool(self.cond(cond)?),
            ValueKind::List(values) => {
                let values: Vec<_> = values.iter().map(|it| self.value(it)).collect::<R<_>>()?;
                V::list(values.into_iter().filter(|it| !it.is_missing()).collect())
            }
            ValueKind::Object(entries) => {
                let mut map = Vec::new();
                for (key, value) in entries {
                    let value = self.value(value)?;
                    if !value.is_missing() {
                        map.push((value::Shared::Owned(std::sync::Arc::from(key.as_str())), value));
                    }
                }
                V::map(map)
            }
            ValueKind::Concat(lists) => {
                let mut all = Vec::new();
                for list in lists {
                    all.extend(self.value(list)?.elements());
                }
                V::list(all)
            }
            ValueKind::Collect(collect) => {
                let mut all = Vec::new();
                for (key, element) in self.iterate(&collect.source)? {
                    self.bind(collect.binder, key, element);
                    if !self.cond(&collect.filter)? {
                        continue;
                    }
                    let body = self.value(&collect.body)?;
                    if collect.flatten {
                        all.extend(body.elements().filter(|it| !it.is_missing()));
                    } else if !body.is_missing() {
                        all.push(body);
                    }
                }
                V::list(all)
            }
            ValueKind::Text(parts) => {
                let mut text = String::new();
                let mut whole = true;
                for part in parts {
                    match part {
                        TextPart::Text(piece) => text.push_str(piece),
                        TextPart::Value(value) => {
                            let value = self.value(value)?;
                            whole &= !value.is_missing();
                            text.push_str(&shown(&value));
                        }
                    }
                }
                if whole { V::text(text) } else { V::Missing }
            }
            ValueKind::Lookup(_) => panic!("not used here"),
            ValueKind::Must(inner) => {
                let value = self.value_as(inner, wanted)?;
                if value.is_missing() {
                    return Err(Stop::MustMissing);
                }
                value
            }
        })
    }

    fn path(&mut self, path: &Path) -> R<V<'static>> {
        let mut at = match path.root {
            Root::Object => self.world.object.clone(),
            Root::OldObject => self.world.old.clone(),
            Root::Subject => self.world.subject.clone(),
            Root::Local(local) => match self.rule.bindings.iter().find(|it| it.local == local) {
                Some(binding) => self.value(&binding.value)?,
                None => self.locals[&local].clone(),
            },
            Root::User => match &self.world.user {
                Some(user) => user.clone(),
                None if self.lenient => V::Missing,
                None => return Err(Stop::NoUser),
            },
            Root::Now => V::Time(self.world.now),
            Root::Existing
            | Root::ExistingSubject
            | Root::Predicate
            | Root::OldSubject
            | Root::Namespace
            | Root::NamespaceObject
            | Root::Request => unreachable!(),
        };
        for step in &path.steps {
            at = match step {
                Step::Field(field) => at.entry(&field.name),
                Step::Key(key) => {
                    let key = self.value(key)?;
                    key.as_text().map_or(V::Missing, |key| at.entry(key))
                }
                Step::Element(number) => match at.list_len() {
                    None => V::Missing,
                    Some(len) => {
                        let place = if *number < 0 { *number + len as i64 } else { *number };
                        usize::try_from(place).map_or(V::Missing, |place| at.element(place))
                    }
                },
            };
        }
        Ok(at)
    }

    fn call(&mut self, operation: Operation, arguments: &[Value]) -> R<V<'static>> {
        use Operation::*;
        let typed =
            matches!(operation, Add | Subtract | Multiply | Divide | Negate | Round | Sum | Min | Max | Sort);
        let mut values = Vec::new();
        for argument in arguments {
            let mut value = self.value_as(argument, if typed { Wanted::Number } else { Wanted::Whole })?;
            if typed && argument.as_literal().is_none() {
                let conversion = |ty: &Type| match ty {
                    Type::Quantity => Some(ToQuantity),
                    Type::Duration => Some(ToDuration),
                    Type::Time => Some(ToTime),
                    Type::Semver => Some(ToSemver),
                    _ => None,
                };
                if let Some(conversion) = conversion(&argument.ty) {
                    value = operation::apply(conversion, &[value], &mut self.budget)?;
                } else if let Type::List(element) = &argument.ty
                    && let Some(conversion) = conversion(element)
                {
                    let mut converted = Vec::new();
                    for element in value.elements().filter(|it| !it.is_missing()) {
                        converted.push(operation::apply(conversion, &[element], &mut self.budget)?);
                    }
                    let whole = value.list_len().is_some() && !converted.iter().any(V::is_missing);
                    value = if whole { V::list(converted) } else { V::Missing };
                }
            }
            values.push(value);
        }
        Ok(operation::apply(operation, &values, &mut self.budget)?)
    }
}

fn shown(value: &V<'_>) -> String {
    value::scalar_text(value).unwrap_or_else(|| match value.is_missing() {
        true => String::new(),
        false => value::json_text(value, &mut Budget::default()).unwrap(),
    })
}

fn constant(literal: &Literal) -> V<'static> {
    let text = |text: &str, operation| {
        operation::apply(operation, &[V::text(text)], &mut Budget::default()).unwrap()
    };
    match literal {
        Literal::Bool(it) => V::Bool(*it),
        Literal::Int(it) => V::Int(*it),
        Literal::Float(it) => V::Float(*it),
        Literal::Text(it) => V::text(it.as_str()),
        Literal::Quantity(it) => text(it, Operation::ToQuantity),
        Literal::Duration(it) => V::Duration(*it),
        Literal::Time(it) => text(it, Operation::ToTime),
        Literal::Percent(it) => V::Percent(*it),
        Literal::Semver(it) => text(it, Operation::ToSemver),
        Literal::Ip(it) => text(it, Operation::ToIp),
        Literal::Cidr(it) => text(it, Operation::ToCidr),
    }
}

/// Whether a value belongs to a type; others read as missing.
fn fits(value: &V<'_>, ty: &Type, wanted: Wanted) -> bool {
    let text = value.as_text();
    match ty {
        Type::Json => !value.is_missing(),
        Type::Bool => matches!(value, V::Bool(_)),
        Type::Int => matches!(value, V::Int(_)),
        Type::Float => matches!(value, V::Int(_) | V::Float(_)),
        Type::Quantity => match value {
            V::Int(_) | V::Float(_) | V::Quantity(_) => true,
            _ => text.is_some_and(|it| value::parse_number(it).is_some()),
        },
        Type::IntOrPercent => match wanted {
            Wanted::Whole => matches!(value, V::Int(_) | V::Text(_) | V::Percent(_)),
            Wanted::Number => matches!(value, V::Int(_)),
            Wanted::Percent => value.as_percent().is_some(),
        },
        Type::Percent => value.as_percent().is_some(),
        Type::Text | Type::Image => text.is_some(),
        Type::Duration => value.as_duration().is_some(),
        Type::Time => value.as_time().is_some(),
        Type::Semver => value.as_semver().is_some(),
        Type::Ip => value.as_ip().is_some(),
        Type::Cidr => value.as_cidr().is_some(),
        Type::List(_) => value.list_len().is_some(),
        Type::Map(_) | Type::Object => value.map_len().is_some(),
    }
}
