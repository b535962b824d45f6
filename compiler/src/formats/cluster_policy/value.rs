//! Values as JMESPath, in the form that their use asks for.
//!
//! Numbers of a resource reach Kyverno as floats in its command line and as 64-bit integers in a cluster, and
//! JMESPath compares and computes only the former. So a number is always read through its text.

use super::Unsupported;
use super::condition::{condition, rows};
use super::operation;
use super::scope::{Context, Scope};
use super::term::Term;
use super::{capture, compare};
use crate::formats::jmespath::{Expr, Order};
use crate::formats::literal::go_duration;
pub use crate::formats::literal::literal_json;
use crate::ir::*;

/// In which form a value is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// As it stands in the object.
    Raw,
    /// A float.
    Number,
    /// A text that is a quantity.
    Quantity,
    /// A text that is a duration, and is not a quantity as well: `30m` is both, `0h30m` is not.
    Duration,
    /// A text in RFC 3339.
    Time,
    /// A text that is a version of SemVer.
    Semver,
    /// A float: the number before the sign.
    Percent,
    /// The JSON text of a list of it: equal for equal values.
    Canonical,
}

type Result<T> = std::result::Result<T, Unsupported>;

/// The value as it stands in the object.
pub fn raw(context: &Context, scope: &Scope, value: &Value) -> Result<Term> {
    self::value(context, scope, value, Form::Raw)
}

/// The value as an argument that has to be text; values of unknown type that are none read as missing.
pub fn text(context: &Context, scope: &Scope, value: &Value) -> Result<Term> {
    let term = raw(context, scope, value)?;
    Ok(match value.ty {
        Type::Json | Type::IntOrPercent => {
            let json = Expr::call("to_string", [Expr::list(vec![term.expr.clone()])]);
            let is_text = Expr::call("starts_with", [json, Expr::text("[\"")]);
            Term { guards: [term.guards, vec![is_text]].concat(), expr: term.expr, total: true }
        }
        _ => term,
    })
}

/// The value in a form.
pub fn value(context: &Context, scope: &Scope, value: &Value, form: Form) -> Result<Term> {
    let recur = |inner: &Value| self::value(context, scope, inner, form);
    match &value.kind {
        ValueKind::Coalesce(first, second) => {
            let (first, second) = (recur(first)?, recur(second)?);
            if first.total && first.guards.is_empty() {
                return Ok(first);
            }
            let total = second.total && second.guards.is_empty();
            // `||` also passes over `false`, `""` and `[]`, which is the same if those are what follows
            let same = [Expr::bool(false), Expr::text(""), Expr::empty_list()].contains(&second.expr);
            let expr = match form == Form::Number || same && total {
                true => first.or_null().or(second.or_null()),
                false => Expr::call("not_null", [first.or_null(), second.or_null()]),
            };
            Ok(Term { guards: vec![], expr, total })
        }
        ValueKind::If(test, yes, no) => {
            let test = condition(context, scope, test)?;
            let (yes, no) = (recur(yes)?, recur(no)?);
            let total = [&yes, &no].iter().all(|term| term.total && term.guards.is_empty());
            let yes = Expr::all([test, Expr::list(vec![yes.or_null()])]);
            let expr = Expr::any([yes, Expr::list(vec![no.or_null()])]).index(0);
            Ok(Term { guards: vec![], expr, total })
        }
        ValueKind::Must(inner) => {
            let inner = recur(inner)?;
            let found = Expr::all(inner.presence().into_iter().chain([Expr::list(vec![inner.expr])]));
            // the only way to end a rule in an error: a function that cannot take what it gets
            let error = Expr::call("to_boolean", [Expr::text("a value that must be there is missing")]);
            Ok(Term::total(Expr::any([found, error]).index(0)))
        }
        ValueKind::Call(operation, arguments) => {
            operation::call(context, scope, *operation, arguments, value, form)
        }
        _ => match form {
            Form::Raw => plain(context, scope, value),
            Form::Number => number(context, scope, value),
            Form::Quantity => quantity(context, scope, value),
            Form::Duration => duration(context, scope, value),
            Form::Time | Form::Semver => present(context, scope, value),
            Form::Percent => percent(context, scope, value),
            Form::Canonical => Ok(canonical(raw(context, scope, value)?)),
        },
    }
}

/// `to_string([x])` of what is there.
pub fn canonical(term: Term) -> Term {
    Term::of(vec![term], |items| Expr::call("to_string", [Expr::list(items)]))
}

fn plain(context: &Context, scope: &Scope, value: &Value) -> Result<Term> {
    Ok(match &value.kind {
        ValueKind::Literal(literal) => Term::total(literal_expr(literal)),
        ValueKind::Path(path) => self::path(context, scope, path, value)?,
        ValueKind::Bool(cond) => {
            let cond = condition(context, scope, cond)?.to_boolean();
            let boolean = matches!(
                cond,
                Expr::Compare(_, Order::Equal | Order::NotEqual, _)
                    | Expr::Not(_)
                    | Expr::Call(..)
                    | Expr::Json(_)
            );
            Term::total(if boolean { cond } else { cond.or(Expr::bool(false)) })
        }
        ValueKind::List(items) => match literal_list(value) {
            Some(items) => Term::total(Expr::Json(serde_json::Value::Array(items))),
            None => {
                let items = items.iter().map(|item| Ok(raw(context, scope, item)?.or_null()));
                let list = Expr::list(items.collect::<Result<Vec<_>>>()?);
                Term::total(list.filter(Expr::Current.is_present()))
            }
        },
        ValueKind::Concat(lists) => {
            let lists = lists.iter().map(|list| Ok(raw(context, scope, list)?.or_null()));
            Term::total(Expr::flatten(factored(lists.collect::<Result<Vec<_>>>()?)))
        }
        ValueKind::Collect(collect) => self::collect(context, scope, collect)?,
        ValueKind::Text(parts) => {
            let mut guards = Vec::new();
            let mut texts = Vec::new();
            for part in parts {
                texts.push(match part {
                    TextPart::Text(text) => Expr::text(text.clone()),
                    TextPart::Value(value) => {
                        let term = as_text(context, scope, value)?;
                        guards.extend(term.presence());
                        term.expr
                    }
                });
            }
            let expr = Expr::call("join", [Expr::text(""), Expr::list(texts)]);
            Term { guards, expr, total: true }
        }
        ValueKind::Object(entries) => {
            let literals: Option<serde_json::Map<_, _>> = entries
                .iter()
                .map(|(key, value)| Some((key.clone(), literal_json(value.as_literal()?))))
                .collect();
            match literals {
                Some(literals) => Term::total(Expr::Json(serde_json::Value::Object(literals))),
                None => Term::total(self::object(context, scope, entries)?),
            }
        }
        ValueKind::Lookup(lookup) => super::lookup::lookup(context, scope, lookup, value)?,
        ValueKind::Coalesce(..) | ValueKind::If(..) | ValueKind::Must(_) | ValueKind::Call(..) => {
            self::value(context, scope, value, Form::Raw)?
        }
    })
}

/// An object of the entries whose values are there.
fn object(context: &Context, scope: &Scope, entries: &[(String, Value)]) -> Result<Expr> {
    let mut certain = Vec::new();
    let mut parts = Vec::new();
    for (key, value) in entries {
        let term = raw(context, scope, value)?;
        match term.total && term.guards.is_empty() {
            true => certain.push((key.clone(), term.expr)),
            false => {
                let there = Expr::all(term.presence());
                let entry = Expr::list(vec![Expr::Object(vec![(key.clone(), term.expr)])]);
                let empty = Expr::Json(serde_json::json!([{}]));
                parts.push(Expr::any([Expr::all([there, entry]), empty]).index(0));
            }
        }
    }
    let certain = match certain.is_empty() {
        true => Expr::Json(serde_json::json!({})),
        false => Expr::Object(certain),
    };
    Ok(parts.into_iter().fold(certain, |object, part| Expr::call("merge", [object, part])))
}

/// A list of values with what all of them begin with written once: `spec.[containers, initContainers]`.
fn factored(items: Vec<Expr>) -> Expr {
    let mut bases = Vec::new();
    let mut names = Vec::new();
    for item in &items {
        let Expr::Field(base, name) = item else { return Expr::list(items) };
        bases.push(base.as_ref());
        names.push(Expr::Current.field(name.clone()));
    }
    match bases.first() {
        Some(first) if bases.iter().all(|base| base == first) => {
            Expr::Select(Box::new((*first).clone()), names)
        }
        _ => Expr::list(items),
    }
}

/// The path. Missing pieces on the way are unknown keys, which each use of it swallows.
fn path(context: &Context, scope: &Scope, path: &Path, value: &Value) -> Result<Term> {
    let mut expr = scope.root(context, path.root, value.origin)?;
    let mut guards = Vec::new();
    let mut steps = path.steps.as_slice();
    let mut total = match path.root {
        Root::Object | Root::Subject | Root::Now => true,
        Root::Local(local) => scope.is_present(local),
        Root::Namespace => context.kind.namespaced && !context.kind.is_any(),
        _ => false,
    };
    if let Root::User = path.root {
        let names: Vec<&str> = steps
            .iter()
            .map_while(|step| match step {
                Step::Field(field) => Some(field.name.as_str()),
                Step::Key(_) | Step::Element(_) => None,
            })
            .collect();
        let (found, used) = match names.as_slice() {
            ["name", ..] => (expr.field("username"), 1),
            ["roles", ..] => (Expr::path(["request", "roles"]), 1),
            ["clusterRoles", ..] => (Expr::path(["request", "clusterRoles"]), 1),
            // empty for users that are no service accounts
            ["serviceAccount", "name", ..] => (Expr::path(["serviceAccountName"]).or(Expr::null()), 2),
            ["serviceAccount", "namespace", ..] => {
                (Expr::path(["serviceAccountNamespace"]).or(Expr::null()), 2)
            }
            _ => (expr, 0),
        };
        expr = found;
        steps = &steps[used..];
    }
    for step in steps {
        expr = match step {
            // A field that an object must have may be missing in what a command line is given, and then
            // nothing may fail, so this does not lean on `required`.
            Step::Field(field) => {
                total = false;
                expr.field(field.name.clone())
            }
            Step::Element(index) => {
                total = false;
                expr.index(*index)
            }
            Step::Key(key) => {
                let key = text(context, scope, key)?;
                guards.extend(key.presence());
                let map = if total { expr } else { expr.or(Expr::Json(serde_json::json!({}))) };
                total = false;
                Expr::call("lookup", [map, key.expr])
            }
        };
    }
    Ok(Term { guards, expr, total })
}

fn collect(context: &Context, scope: &Scope, collect: &Collect) -> Result<Term> {
    let Collect { binder, source, filter, body, flatten } = collect;
    // Filter and body are asked of the same rows, so what both capture is brought along together.
    let mut captured = capture::lift(context, *binder, &rewrite::normalize(filter));
    let body = capture::lift_value(context, *binder, body, &mut captured.values);
    let (mut list, inner) = rows(context, scope, *binder, source, &captured.values)?;
    if !captured.body.is_const(true) {
        list = list.filter(condition(context, &inner, &captured.body)?);
    }
    let body = raw(context, &inner, &body)?.or_null();
    let default = |list: Expr| list.or(Expr::empty_list());
    let collected = match body {
        Expr::Current => default(list),
        chain if chain.is_chain() => default(Expr::Project(Box::new(list), Box::new(chain))),
        body => Expr::map(body, default(list)).filter(Expr::Current.is_present()),
    };
    Ok(Term::total(if *flatten { collected.flatten() } else { collected }))
}

fn number(context: &Context, scope: &Scope, value: &Value) -> Result<Term> {
    if let Some(Literal::Int(_) | Literal::Float(_)) = value.as_literal() {
        return plain(context, scope, value);
    }
    let raw = plain(context, scope, value)?;
    Ok(to_number(raw, &value.ty))
}

/// The number that a raw value is; null where it is none.
pub fn to_number(raw: Term, ty: &Type) -> Term {
    let text = match ty {
        // `"80"` is a text to both, and stays one in the JSON text of a list
        Type::IntOrPercent => {
            let json = Expr::call("to_string", [Expr::list(vec![raw.expr])]);
            Expr::call("trim", [json, Expr::text("[]")])
        }
        Type::Json => {
            let json = Expr::call("to_string", [Expr::list(vec![raw.expr])]);
            Expr::call("regex_replace_all", [Expr::text(r"^\[([^\[]*)\]$"), json, Expr::text("$1")])
        }
        _ => Expr::call("to_string", [raw.expr]),
    };
    Term {
        guards: raw.guards,
        expr: Expr::call("to_number", [text]),
        total: raw.total && *ty != Type::Json && *ty != Type::IntOrPercent,
    }
}

fn quantity(context: &Context, scope: &Scope, value: &Value) -> Result<Term> {
    match value.as_literal() {
        Some(Literal::Quantity(text)) => return Ok(Term::total(Expr::text(text.clone()))),
        Some(Literal::Int(int)) => return Ok(Term::total(Expr::text(int.to_string()))),
        Some(Literal::Float(float)) => return Ok(Term::total(Expr::text(float.to_string()))),
        _ => {}
    }
    let raw = plain(context, scope, value)?;
    let term = Term::of(vec![raw], |mut items| Expr::call("to_string", [items.remove(0)]));
    Ok(match value.ty {
        Type::Json => {
            let guard = Expr::call("regex_match", [Expr::text(compare::QUANTITY), term.expr.clone()]);
            term.guarded(guard)
        }
        _ => term,
    })
}

fn duration(context: &Context, scope: &Scope, value: &Value) -> Result<Term> {
    if let Some(Literal::Duration(nanoseconds)) = value.as_literal() {
        return Ok(Term::total(Expr::text(go_duration(*nanoseconds))));
    }
    let text = self::text(context, scope, value)?;
    Ok(compare::duration_text(text))
}

fn percent(context: &Context, scope: &Scope, value: &Value) -> Result<Term> {
    if let Some(Literal::Percent(percent)) = value.as_literal() {
        return Ok(Term::total(Expr::number(*percent)));
    }
    let raw = plain(context, scope, value)?;
    let text = Expr::call("to_string", [raw.expr]);
    let is_percent = Expr::call("regex_match", [Expr::text("^[0-9]+%$"), text.clone()]);
    let number = Expr::call("to_number", [Expr::call("trim", [text, Expr::text("%")])]);
    Ok(Term { guards: [raw.guards, vec![is_percent]].concat(), expr: number, total: true })
}

/// The value as an argument that must not be missing.
fn present(context: &Context, scope: &Scope, value: &Value) -> Result<Term> {
    let term = text(context, scope, value)?;
    Ok(Term { guards: term.presence(), expr: term.expr, total: true })
}

/// The text of a scalar.
pub fn as_text(context: &Context, scope: &Scope, value: &Value) -> Result<Term> {
    if let Some(literal) = value.as_literal() {
        return Ok(Term::total(Expr::text(match literal_json(literal) {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        })));
    }
    let to_string = |mut items: Vec<Expr>| Expr::call("to_string", [items.remove(0)]);
    Ok(match &value.ty {
        Type::Text
        | Type::Image
        | Type::Duration
        | Type::Time
        | Type::Semver
        | Type::Ip
        | Type::Cidr
        | Type::Percent => raw(context, scope, value)?,
        Type::Bool | Type::Int | Type::Float | Type::Quantity | Type::IntOrPercent => {
            Term::of(vec![raw(context, scope, value)?], to_string)
        }
        Type::List(_) => Term::of(vec![raw(context, scope, value)?], |mut items| {
            Expr::call("join", [Expr::text(", "), texts_of(items.remove(0), &value.ty)])
        }),
        Type::Json | Type::Map(_) | Type::Object => {
            let raw = raw(context, scope, value)?;
            let json = Expr::call("to_string", [Expr::list(vec![raw.expr.clone()])]);
            // a scalar, and not null
            let is_scalar = Expr::call("regex_match", [Expr::text(r"^\[[^\[{n]"), json]);
            let guards = [raw.guards, vec![is_scalar]].concat();
            Term { guards, expr: Expr::call("to_string", [raw.expr]), total: true }
        }
    })
}

/// The texts of a list's elements.
pub fn texts_of(list: Expr, ty: &Type) -> Expr {
    match ty {
        Type::List(inner) if matches!(**inner, Type::Text | Type::Image) => list,
        _ => Expr::map(Expr::call("to_string", [Expr::Current]), list),
    }
}

fn literal_expr(literal: &Literal) -> Expr {
    match literal_json(literal) {
        serde_json::Value::String(text) => Expr::Text(text),
        other => Expr::Json(other),
    }
}

/// The items of a list of literals.
pub fn literal_list(value: &Value) -> Option<Vec<serde_json::Value>> {
    match &value.kind {
        ValueKind::List(items) => items.iter().map(|item| item.as_literal().map(literal_json)).collect(),
        _ => None,
    }
}
