//! Conditions as JMESPath.
//!
//! The result counts as true or as false and never fails: a missing key is swallowed by the comparison,
//! function argument or `||` that it stands in, and what functions cannot take is guarded before.

use super::Unsupported;
use super::capture;
use super::compare::compare;
use super::scope::{Context, Scope};
use super::term::{Term, equal};
use super::value::{self, Form, raw, text, value as term};
use crate::formats::jmespath::{Expr, Order};
use crate::ir::*;

/// The condition, over the current value of the scope.
pub fn condition(context: &Context, scope: &Scope, cond: &Cond) -> Result<Expr, Unsupported> {
    let recur = |cond: &Cond| condition(context, scope, cond);
    let raw = |value: &Value| raw(context, scope, value);
    Ok(match &cond.kind {
        CondKind::Const(value) => Expr::bool(*value),
        CondKind::Not(inner) => recur(inner)?.negate(),
        CondKind::And(parts) => Expr::all(parts.iter().map(recur).collect::<Result<Vec<_>, _>>()?),
        CondKind::Or(parts) => Expr::any(parts.iter().map(recur).collect::<Result<Vec<_>, _>>()?),
        CondKind::Is(value) => is_true(context, scope, value)?,
        CondKind::Has(value) => raw(value)?.is_present(),
        CondKind::Empty(value) => empty(raw(value)?.or_null(), &value.ty),
        CondKind::Compare { comparison, domain, left, right } => {
            compare(context, scope, *comparison, *domain, left, right)?
        }
        CondKind::Glob { value, globs } => {
            let subject = text(context, scope, value)?;
            let globs = globs.iter().map(|glob| glob_match(context, scope, &subject, glob));
            Expr::any(globs.collect::<Result<Vec<_>, _>>()?)
        }
        CondKind::Regex { value, patterns } => {
            let subject = text(context, scope, value)?;
            let matches = patterns.iter().map(|pattern| matches_regex(pattern, subject.expr.clone()));
            Expr::all(subject.presence().into_iter().chain([Expr::any(matches)]))
        }
        CondKind::Test(test, values) => test_of(context, scope, *test, values, cond)?,
        CondKind::Any(q) => quantified(context, scope, q, false)?,
        CondKind::All(q) => quantified(context, scope, q, true)?,
        CondKind::Changed { now, before } => changed(context, scope, now, before)?,
        CondKind::Known { about, cond, otherwise } => known(context, scope, *about, cond, *otherwise)?,
    })
}

fn is_true(context: &Context, scope: &Scope, value: &Value) -> Result<Expr, Unsupported> {
    if let ValueKind::Bool(cond) = &value.kind {
        return condition(context, scope, cond);
    }
    Ok(equal(raw(context, scope, value)?, Term::total(Expr::bool(true))))
}

/// Missing, `""`, `[]` or `{}`.
fn empty(value: Expr, ty: &Type) -> Expr {
    let equals = |json: serde_json::Value| value.clone().equals(Expr::Json(json));
    match ty {
        // only null is like missing to these, and `false` counts as false in JMESPath
        Type::Bool | Type::Int | Type::Float => equals(serde_json::Value::Null),
        Type::Json => Expr::any([
            equals(serde_json::Value::Null),
            equals("".into()),
            equals(serde_json::Value::Array(vec![])),
            equals(serde_json::Value::Object(Default::default())),
        ]),
        Type::Quantity
        | Type::IntOrPercent
        | Type::Percent
        | Type::Text
        | Type::Image
        | Type::Duration
        | Type::Time
        | Type::Semver
        | Type::Ip
        | Type::Cidr
        | Type::List(_)
        | Type::Map(_)
        | Type::Object => Expr::Not(Box::new(value)),
    }
}

/// One glob over a text.
fn glob_match(context: &Context, scope: &Scope, subject: &Term, glob: &Glob) -> Result<Expr, Unsupported> {
    if let Some(pattern) = glob.to_pattern() {
        let matches_empty = pattern.chars().all(|c| c == '*');
        return Ok(match subject.guards.is_empty() && (subject.total || !matches_empty) {
            // the empty text does not match, so it can stand for a missing one
            true if subject.total => Expr::call("pattern_match", [Expr::text(pattern), subject.expr.clone()]),
            true => {
                let value = subject.expr.clone().or(Expr::text(""));
                Expr::call("pattern_match", [Expr::text(pattern), value])
            }
            false => Expr::all(
                subject
                    .presence()
                    .into_iter()
                    .chain([Expr::call("pattern_match", [Expr::text(pattern), subject.expr.clone()])]),
            ),
        });
    }
    // Values in the glob: their wildcards are characters, so no pattern can be put together.
    let mut guards = subject.presence();
    let mut pieces = Vec::new();
    for part in &glob.0 {
        pieces.push(match part {
            GlobPart::Text(text) => Piece::Text(Expr::text(text.clone())),
            GlobPart::Many => Piece::Regex(".*"),
            GlobPart::One => Piece::Regex("."),
            GlobPart::Value(value) => {
                let term = value::as_text(context, scope, value)?;
                guards.extend(term.presence());
                Piece::Text(term.expr)
            }
        });
    }
    let texts = |pieces: &[Piece]| -> Option<Expr> {
        let texts = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Some(text.clone()),
            Piece::Regex(_) => None,
        });
        let mut texts = texts.collect::<Option<Vec<_>>>()?;
        Some(match texts.len() {
            1 => texts.remove(0),
            _ => Expr::call("join", [Expr::text(""), Expr::list(texts)]),
        })
    };
    let value = subject.expr.clone();
    let simple = match pieces.as_slice() {
        [head @ .., Piece::Regex(".*")] => {
            texts(head).map(|head| Expr::call("starts_with", [value.clone(), head]))
        }
        [Piece::Regex(".*"), tail @ ..] => {
            texts(tail).map(|tail| Expr::call("ends_with", [value.clone(), tail]))
        }
        all => texts(all).map(|all| value.clone().equals(all)),
    };
    let matched = simple.unwrap_or_else(|| {
        let pieces = pieces.into_iter().map(|piece| match piece {
            Piece::Regex(regex) => Expr::text(regex),
            Piece::Text(Expr::Text(text)) => Expr::text(regex::escape(&text)),
            Piece::Text(text) => quoted_for_regex(text),
        });
        let pieces: Vec<Expr> =
            [Expr::text("(?s)^")].into_iter().chain(pieces).chain([Expr::text("$")]).collect();
        Expr::call("regex_match", [Expr::call("join", [Expr::text(""), Expr::list(pieces)]), value])
    });
    Ok(Expr::all(guards.into_iter().chain([matched])))
}

enum Piece {
    Text(Expr),
    Regex(&'static str),
}

/// The text with each character that means something in a regular expression escaped.
fn quoted_for_regex(text: Expr) -> Expr {
    let special = Expr::text(r"([\\.+*?()|\[\]{}^$])");
    Expr::call("regex_replace_all", [special, text, Expr::text(r"\$1")])
}

fn matches_regex(pattern: &str, value: Expr) -> Expr {
    Expr::call("regex_match", [Expr::text(pattern), value])
}

fn test_of(
    context: &Context,
    scope: &Scope,
    test: Test,
    values: &[Value],
    cond: &Cond,
) -> Result<Expr, Unsupported> {
    let unsupported = |reason| Err(Unsupported { span: cond.origin, reason });
    let recur = |kind: CondKind| condition(context, scope, &Cond::new(kind, cond.origin));
    let compare = |comparison, domain, left: &Value, right: &Value| CondKind::Compare {
        comparison,
        domain,
        left: left.clone(),
        right: right.clone(),
    };
    match (test, values) {
        (Test::InList, [value, list]) => in_list(context, scope, value, list),
        (Test::InListNumber, [value, list]) => match &list.kind {
            ValueKind::List(items) => {
                let equals =
                    |item| Cond::new(compare(Comparison::Equal, Domain::Number, value, item), cond.origin);
                recur(CondKind::Or(items.iter().map(equals).collect()))
            }
            _ => {
                let element = context.fresh_local();
                let ty = match &list.ty {
                    Type::List(inner) => (**inner).clone(),
                    _ => Type::Json,
                };
                let item = Value::new(
                    ValueKind::Path(Path { root: Root::Local(element), steps: vec![] }),
                    ty,
                    list.origin,
                );
                let body = Cond::new(compare(Comparison::Equal, Domain::Number, value, &item), cond.origin);
                let binder = Binder { key: None, element };
                recur(CondKind::Any(Box::new(Quantified { binder, source: list.clone(), body })))
            }
        },
        (Test::InMap, [key, map]) => {
            let (key, map) = (text(context, scope, key)?, raw(context, scope, map)?);
            let guards = Term::guards_of(&[key.clone(), map.clone()]);
            let keys = Expr::call("keys", [map.expr]);
            Ok(Expr::all(guards.into_iter().chain([Expr::call("contains", [keys, key.expr])])))
        }
        (Test::InText, [part, whole]) => {
            let (part, whole) = (text(context, scope, part)?, text(context, scope, whole)?);
            let guards = Term::guards_of(&[whole.clone(), part.clone()]);
            Ok(Expr::all(guards.into_iter().chain([Expr::call("contains", [whole.expr, part.expr])])))
        }
        (Test::InRange, [value, low, high]) => {
            let low = compare(Comparison::GreaterOrEqual, Domain::Number, value, low);
            let high = compare(Comparison::LessOrEqual, Domain::Number, value, high);
            let bounds = [low, high].map(|kind| Cond::new(kind, cond.origin));
            recur(CondKind::And(bounds.into()))
        }
        (Test::InCidr | Test::CidrInCidr, _) => unsupported("JMESPath knows no networks"),
        _ => unsupported("a test has another number of values than its table says"),
    }
}

fn in_list(context: &Context, scope: &Scope, value: &Value, list: &Value) -> Result<Expr, Unsupported> {
    let needle = raw(context, scope, value)?;
    // A list of literals holds no null, so a missing value is in none.
    if let Some(items) = value::literal_list(list) {
        let scalars = items.iter().all(|item| item.is_string() || item.is_boolean());
        if scalars {
            let list = Expr::Json(serde_json::Value::Array(items));
            let found = Expr::call("contains", [list, needle.expr]);
            return Ok(Expr::all(needle.guards.into_iter().chain([found])));
        }
    }
    let list = raw(context, scope, list)?;
    let textual = matches!(value.ty, Type::Text | Type::Image | Type::Bool);
    let (needle_guards, list_guards) = (needle.presence(), list.presence());
    let found = match textual {
        true => Expr::call("contains", [list.expr, needle.expr]),
        // `contains` fails on lists and maps, and takes 5 and 5.0 for different
        false => {
            let wrapped = Expr::call("to_string", [Expr::list(vec![Expr::Current])]);
            let needle = Expr::call("to_string", [Expr::list(vec![needle.expr])]);
            Expr::call("contains", [Expr::map(wrapped, list.expr), needle])
        }
    };
    Ok(Expr::all(needle_guards.into_iter().chain(list_guards).chain([found])))
}

/// `any`, or `every` where `all`: none for which the body is false.
fn quantified(context: &Context, scope: &Scope, q: &Quantified, all: bool) -> Result<Expr, Unsupported> {
    let body = if all { rewrite::normalize(&q.body.clone().negate()) } else { rewrite::normalize(&q.body) };
    let any = any_of(context, scope, q.binder, &q.source, &body)?;
    Ok(if all { any.negate() } else { any })
}

/// The list of the elements for which the body holds: it counts as true if there are any. What the body says
/// of other things than the element is asked outside of the filter.
fn any_of(
    context: &Context,
    scope: &Scope,
    binder: Binder,
    source: &Value,
    body: &Cond,
) -> Result<Expr, Unsupported> {
    let bound = capture::bound(binder);
    if let CondKind::And(parts) = &body.kind {
        let (inside, outside): (Vec<&Cond>, Vec<&Cond>) =
            parts.iter().partition(|part| capture::mentions(part, &bound));
        if !outside.is_empty() {
            let guards = outside.into_iter().map(|part| condition(context, scope, part));
            let guards = guards.collect::<Result<Vec<_>, _>>()?;
            let inside = Cond::new(CondKind::And(inside.into_iter().cloned().collect()), body.origin);
            let any = any_of(context, scope, binder, source, &rewrite::normalize(&inside))?;
            return Ok(Expr::all(guards.into_iter().chain([any])));
        }
    }
    if let Some(found) = contains_outer(context, scope, binder, source, body)? {
        return Ok(found);
    }
    let captured = capture::lift(context, binder, body);
    let (list, inner) = rows(context, scope, binder, source, &captured.values)?;
    if captured.body.is_const(true) {
        return Ok(list);
    }
    Ok(list.filter(condition(context, &inner, &captured.body)?))
}

/// `any x in list: x.a == outer`, as `contains(list[].a, outer)`: the one common case of an outer value.
fn contains_outer(
    context: &Context,
    scope: &Scope,
    binder: Binder,
    source: &Value,
    body: &Cond,
) -> Result<Option<Expr>, Unsupported> {
    let CondKind::Compare { comparison: Comparison::Equal, domain: Domain::Text, left, right } = &body.kind
    else {
        return Ok(None);
    };
    let bound = capture::bound(binder);
    let (inside, outside) = match capture::value_mentions(left, &bound) {
        true => (left, right),
        false => (right, left),
    };
    let is_path = inside.as_path().is_some_and(|path| path.root == Root::Local(binder.element))
        && matches!(inside.ty, Type::Text | Type::Image);
    if outside.as_literal().is_some()
        || capture::value_mentions(outside, &bound)
        || !is_path
        || binder.key.is_some()
    {
        return Ok(None);
    }
    if matches!(source.ty, Type::Map(_) | Type::Object) || !matches!(outside.ty, Type::Text | Type::Image) {
        return Ok(None);
    }
    let (list, inner) = rows(context, scope, binder, source, &[])?;
    let inside = raw(context, &inner, inside)?;
    if !inside.guards.is_empty() || !inside.expr.is_chain() {
        return Ok(None);
    }
    let outside = raw(context, scope, outside)?;
    let texts = match inside.expr {
        Expr::Current => list,
        chain => Expr::Project(Box::new(list), Box::new(chain)),
    };
    // nulls are left out of projections, so a missing value is in none
    let found = Expr::call("contains", [texts.or(Expr::empty_list()), outside.expr]);
    Ok(Some(Expr::all(outside.guards.into_iter().chain([found]))))
}

/// The list to filter, and the scope of the filter: of plain elements, of entries, or of pairs of captured
/// values and element. Null where the list is missing.
pub fn rows(
    context: &Context,
    scope: &Scope,
    binder: Binder,
    source: &Value,
    captured: &[(Local, Value)],
) -> Result<(Expr, Scope), Unsupported> {
    let mut inner = Scope::inner();
    let is_map = matches!(source.ty, Type::Map(_) | Type::Object);
    let list = raw(context, scope, source)?;
    let mut elements = list.clone().or_null();
    let entries = is_map || binder.key.is_some();
    if entries {
        let default = if is_map { Expr::Json(serde_json::json!({})) } else { Expr::empty_list() };
        let argument = if list.total && list.guards.is_empty() { elements } else { elements.or(default) };
        let items = Expr::call("items", [argument, Expr::text("key"), Expr::text("value")]);
        // Its result is a list that filters and projections take, and functions do not; a projection of it is one
        // for all.
        elements = Expr::Project(Box::new(items), Box::new(Expr::Current));
    }
    let mut element = Expr::Current;
    if !captured.is_empty() {
        // A filter sees nothing but its element, so the element brings along what else is asked for: each
        // becomes `[[captured…], [element]]`. JSON text is the only way to put a value beside each of a list.
        let values = captured.iter().map(|(_, value)| Ok(raw(context, scope, value)?.or_null()));
        let values = Expr::call("to_string", [Expr::list(values.collect::<Result<Vec<_>, _>>()?)]);
        let join = |separator: Expr, list: Expr| Expr::call("join", [separator, list]);
        let glue = join(Expr::text(""), Expr::list(vec![Expr::text("],["), values.clone(), Expr::text(",")]));
        let each = Expr::map(Expr::call("to_string", [Expr::list(vec![Expr::Current])]), elements.clone());
        let pairs =
            Expr::list(vec![Expr::text("[["), values, Expr::text(","), join(glue, each), Expr::text("]]")]);
        let pairs = Expr::call("parse_json", [join(Expr::text(""), pairs)]);
        elements = Expr::all([elements, pairs]);
        for (number, (local, _)) in captured.iter().enumerate() {
            inner.bind_nullable(*local, Expr::Current.index(0).index(number as i64));
        }
        element = Expr::Current.index(1).index(0);
    }
    match (binder.key, entries) {
        (Some(key), _) => {
            inner.bind(key, element.clone().field("key"));
            inner.bind(binder.element, element.field("value"));
        }
        (None, true) => inner.bind(binder.element, element.field("value")),
        (None, false) => inner.bind(binder.element, element),
    }
    Ok((elements, inner))
}

/// Value or presence differ. Texts of the values are compared, so that 5 is 5 in each representation.
fn changed(context: &Context, scope: &Scope, now: &Value, before: &Value) -> Result<Expr, Unsupported> {
    let form = match now.ty {
        Type::Bool | Type::Text | Type::Image => Form::Raw,
        _ => Form::Canonical,
    };
    let now = term(context, scope, now, form)?.or_null();
    let before = term(context, scope, before, form)?.or_null();
    Ok(now.compare(Order::NotEqual, before))
}

fn known(
    context: &Context,
    scope: &Scope,
    about: Unknown,
    cond: &Cond,
    otherwise: bool,
) -> Result<Expr, Unsupported> {
    match about {
        Unknown::User if scope.is_top() => {
            let is_known = Expr::path(["request", "userInfo"]).is_present();
            let cond = condition(context, scope, cond)?;
            Ok(match otherwise {
                true => Expr::any([is_known.negate(), cond]),
                false => Expr::all([is_known, cond]),
            })
        }
        // captured as a whole, outside of the filter
        Unknown::User => Err(Unsupported { span: cond.origin, reason: "a filter does not see the user" }),
        Unknown::NamespaceLabels => condition(context, scope, cond),
    }
}
