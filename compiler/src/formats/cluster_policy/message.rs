//! Messages: text arrives as it is written, and values in it are never read as variables.

use super::Unsupported;
use super::conditions::variable;
use super::scope::{Context, Scope};
use super::value::as_text;
use crate::formats::jmespath::Expr;
use crate::ir::*;

/// The message of a rule, for `validate.message`.
pub fn message(context: &Context, scope: &Scope, rule: &Rule) -> Result<Option<String>, Unsupported> {
    if rule.message.parts.is_empty() {
        return Ok(None);
    }
    if let Some(text) = rule.message.as_text() {
        return Ok(Some(literal(&text)));
    }
    let mut parts = Vec::new();
    for part in &rule.message.parts {
        parts.push(match part {
            TextPart::Text(text) => Expr::text(text.clone()),
            TextPart::Value(value) => {
                let offending = offending(context, rule, value);
                let term = as_text(context, scope, offending.as_ref().unwrap_or(value))?;
                match term.total && term.guards.is_empty() {
                    true => term.expr,
                    false => Expr::call("not_null", [term.or_null(), Expr::text("")]),
                }
            }
        });
    }
    // One variable and nothing around it: what it gives is not searched for variables again.
    let whole = Expr::call("join", [Expr::text(""), Expr::list(parts)]);
    Ok(Some(variable(&whole)))
}

/// A value of the element, as the list of it for all elements that violate the rule, if a filter can find them.
fn offending(context: &Context, rule: &Rule, value: &Value) -> Option<Value> {
    let check = rule.check()?;
    let elements = check.elements.as_ref()?;
    let bound = super::capture::bound(elements.binder);
    if !super::capture::value_mentions(value, &bound) {
        return None;
    }
    let origin = value.origin;
    let parts = vec![elements.filter.clone(), check.violation.clone()];
    let mut filter = rewrite::normalize(&Cond::new(CondKind::And(parts), origin));
    // What tells the offending ones from the others may be outside of what a filter sees: then all are named.
    if !super::capture::lift(context, elements.binder, &filter).values.is_empty() {
        filter = Cond::constant(true, origin);
    }
    let collect = Collect {
        binder: elements.binder,
        source: elements.source.clone(),
        filter,
        body: value.clone(),
        flatten: matches!(value.ty, Type::List(_)),
    };
    let ty = match &value.ty {
        Type::List(inner) => Type::List(inner.clone()),
        scalar => Type::List(Box::new(scalar.clone())),
    };
    Some(Value::new(ValueKind::Collect(Box::new(collect)), ty, origin))
}

/// A text that Kyverno prints as it is.
fn literal(text: &str) -> String {
    let reference = text.contains("$(");
    if !text.contains("{{") && !reference {
        return text.to_owned();
    }
    // `\{{` stands for `{{`; what has more braces, or backslashes, would be taken otherwise.
    if !text.contains('\\') && !text.contains("{{{") && !reference {
        return text.replace("{{", "\\{{");
    }
    variable(&Expr::call("to_string", [Expr::text(text)]))
}
