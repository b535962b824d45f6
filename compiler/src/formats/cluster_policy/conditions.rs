//! Conditions as Kyverno's `any` and `all`, one entry for each part, with its own operators where they say
//! exactly the same, else with an expression that is true or false.
//!
//! Kyverno's operators read a text as a duration, a quantity or a pattern, and say no to everything where the key
//! is null; so a text is compared with one that is nothing of it, and keys have a default.

use super::Unsupported;
use super::condition::condition;
use super::pattern::is_plain_text;
use super::scope::{Context, Scope};
use super::value::raw;
use crate::formats::jmespath::{self, Expr};
use crate::formats::yaml_write::{Map, Node};
use crate::ir::*;

/// Expressions longer than this have a line for each of their parts.
const WIDTH: usize = 90;

/// `any` and `all` that hold where all of the conditions do.
pub fn all_of(context: &Context, scope: &Scope, conds: &[Cond]) -> Result<Map, Unsupported> {
    let mut parts = Vec::new();
    for cond in conds {
        match rewrite::normalize(cond) {
            Cond { kind: CondKind::And(inner), .. } => parts.extend(inner),
            cond if cond.is_const(true) => {}
            cond => parts.push(cond),
        }
    }
    let is_or = |part: &Cond| matches!(part.kind, CondKind::Or(_));
    let ors = parts.iter().filter(|part| is_or(part)).count();
    let entries = |parts: &[Cond]| -> Result<Node, Unsupported> {
        Ok(Node::List(
            parts.iter().map(|part| Ok(Node::Map(entry(context, scope, part)?))).collect::<Result<_, _>>()?,
        ))
    };
    // There is one `any`; more of them become expressions.
    if ors == 1 {
        let at = parts.iter().position(is_or).unwrap_or(0);
        if let CondKind::Or(inner) = parts.remove(at).kind {
            let map = Map::new().with("any", entries(&inner)?);
            return Ok(if parts.is_empty() { map } else { map.with("all", entries(&parts)?) });
        }
    }
    Ok(Map::new().with("all", entries(&parts)?))
}

/// One condition.
fn entry(context: &Context, scope: &Scope, cond: &Cond) -> Result<Map, Unsupported> {
    if let Some(entry) = native(context, scope, cond)? {
        return Ok(entry);
    }
    let expr = condition(context, scope, cond)?;
    // How many elements are such: clearer than whether there is one.
    let (list, operator) = match &expr {
        Expr::Filter(..) | Expr::Flatten(_) | Expr::Project(..) => (Some(expr.clone()), "GreaterThan"),
        Expr::Not(inner) if matches!(**inner, Expr::Filter(..) | Expr::Flatten(_) | Expr::Project(..)) => {
            (Some((**inner).clone()), "Equals")
        }
        _ => (None, ""),
    };
    if let Some(list) = list {
        let length = Expr::call("length", [list.or(Expr::empty_list())]);
        return Ok(row(&length, operator, Node::Int(0)));
    }
    Ok(row(&anchored(expr.to_boolean()), "Equals", Node::Bool(true)))
}

/// Kyverno takes an expression only if it speaks of `request`, an element or a function.
fn anchored(expr: Expr) -> Expr {
    match expr {
        Expr::Json(value) => Expr::call("not_null", [Expr::Json(value)]),
        other => other,
    }
}

fn row(key: &Expr, operator: &str, value: Node) -> Map {
    Map::new().with("key", variable(key)).with("operator", operator).with("value", value)
}

/// A text that is one variable: its value takes the place of the text and is not read again.
pub fn variable(expr: &Expr) -> String {
    match jmespath::lines(expr, WIDTH).as_slice() {
        [line] => format!("{{{{ {line} }}}}"),
        lines => format!("{{{{\n  {}\n}}}}", lines.join("\n  ")),
    }
}

/// A condition in Kyverno's own operators.
fn native(context: &Context, scope: &Scope, cond: &Cond) -> Result<Option<Map>, Unsupported> {
    let (atom, negated) = match &cond.kind {
        CondKind::Not(inner) => (inner.as_ref(), true),
        _ => (cond, false),
    };
    let equality = if negated { "NotEquals" } else { "Equals" };
    // Of paths only, so that no guard is needed.
    let key = |value: &Value, default: Expr| -> Result<Option<Expr>, Unsupported> {
        if value.as_path().is_none() {
            return Ok(None);
        }
        let term = raw(context, scope, value)?;
        Ok(match (term.guards.is_empty(), term.total) {
            (false, _) => None,
            (true, true) => Some(term.expr),
            (true, false) => Some(term.expr.or(default)),
        })
    };
    Ok(match &atom.kind {
        CondKind::Is(value) if value.ty == Type::Bool => {
            key(value, Expr::bool(false))?.map(|key| row(&key, equality, Node::Bool(true)))
        }
        CondKind::Compare { comparison: Comparison::Equal, domain: Domain::Text, left, right }
            if matches!(left.ty, Type::Text | Type::Image) =>
        {
            match right.as_literal() {
                Some(Literal::Text(text)) if is_plain_text(text) => {
                    key(left, Expr::text(""))?.map(|key| row(&key, equality, Node::Text(text.clone())))
                }
                _ => None,
            }
        }
        CondKind::Compare { comparison, domain: Domain::Number, left, right } if left.ty == Type::Int => {
            let Some(Literal::Int(bound)) = right.as_literal() else { return Ok(None) };
            // 0 must not satisfy the comparison, since it stands for a missing number, and null satisfies none.
            let zero_holds = match comparison {
                Comparison::Equal => *bound == 0,
                Comparison::Less => 0 < *bound,
                Comparison::LessOrEqual => 0 <= *bound,
                Comparison::Greater => 0 > *bound,
                Comparison::GreaterOrEqual => 0 >= *bound,
            };
            let operator = match (comparison, negated) {
                (Comparison::Equal, false) => "Equals",
                (Comparison::Equal, true) => "NotEquals",
                (Comparison::Less, false) | (Comparison::GreaterOrEqual, true) => "LessThan",
                (Comparison::LessOrEqual, false) | (Comparison::Greater, true) => "LessThanOrEquals",
                (Comparison::Greater, false) | (Comparison::LessOrEqual, true) => "GreaterThan",
                (Comparison::GreaterOrEqual, false) | (Comparison::Less, true) => "GreaterThanOrEquals",
            };
            if zero_holds {
                return Ok(None);
            }
            key(left, Expr::number(0))?.map(|key| row(&key, operator, Node::Int(*bound)))
        }
        _ => None,
    })
}
