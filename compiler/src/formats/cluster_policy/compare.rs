//! Comparisons by domain.

use super::Unsupported;
use super::scope::{Context, Scope};
use super::term::{Term, equal, ordered};
use super::value::{Form, canonical, raw, text, value};
use crate::formats::jmespath::{Expr, Order};
use crate::ir::*;

/// What Kubernetes reads as a quantity.
pub const QUANTITY: &str = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$";

/// What Go reads as a duration.
pub const DURATION: &str = r"^[+-]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$";

/// What RFC 3339 allows, but for the length of months.
pub const TIME: &str = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

/// What SemVer 2.0.0 allows.
pub const SEMVER: &str = r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$";

/// The condition that the comparison holds.
pub fn compare(
    context: &Context,
    scope: &Scope,
    comparison: Comparison,
    domain: Domain,
    left: &Value,
    right: &Value,
) -> Result<Expr, Unsupported> {
    let both = |form| -> Result<[Term; 2], Unsupported> {
        Ok([value(context, scope, left, form)?, value(context, scope, right, form)?])
    };
    let order = order(comparison);
    let origin = right.origin;
    Ok(match domain {
        Domain::Bool => {
            let [left, right] = both(Form::Raw)?;
            equal(left, right)
        }
        Domain::Text if comparison == Comparison::Equal => {
            let [left, right] = both(Form::Raw)?;
            equal(left, right)
        }
        Domain::Text => {
            let (left, right) = (text(context, scope, left)?, text(context, scope, right)?);
            let guards = Term::guards_of(&[left.clone(), right.clone()]);
            // the result is an integer, which JMESPath orders only through its text
            let sign = Expr::call("to_string", [Expr::call("compare", [left.expr, right.expr])]);
            let sign = match comparison {
                Comparison::Equal => sign.equals(Expr::text("0")),
                Comparison::Less => sign.equals(Expr::text("-1")),
                Comparison::LessOrEqual => sign.compare(Order::NotEqual, Expr::text("1")),
                Comparison::Greater => sign.equals(Expr::text("1")),
                Comparison::GreaterOrEqual => sign.compare(Order::NotEqual, Expr::text("-1")),
            };
            Expr::all(guards.into_iter().chain([sign]))
        }
        Domain::Number if [left, right].iter().any(|value| value.ty == Type::Quantity) => {
            let [left, right] = both(Form::Quantity)?;
            by_difference(comparison, left, right, "0")
        }
        Domain::Number => {
            let [left, right] = both(Form::Number)?;
            if comparison == Comparison::Equal { equal(left, right) } else { ordered(left, order, right) }
        }
        Domain::Percent => {
            let [left, right] = both(Form::Percent)?;
            if comparison == Comparison::Equal { equal(left, right) } else { ordered(left, order, right) }
        }
        Domain::Duration => {
            let [left, right] = both(Form::Duration)?;
            by_difference(comparison, left, right, "0s")
        }
        Domain::Time => {
            let [left, right] = both(Form::Time)?;
            let guards = Term::guards_of(&[left.clone(), right.clone()]);
            let call = |name| Expr::call(name, [left.expr.clone(), right.expr.clone()]);
            let compared = match comparison {
                Comparison::Equal => call("time_diff").equals(Expr::text("0s")),
                Comparison::Less => call("time_before"),
                Comparison::LessOrEqual => call("time_after").negate(),
                Comparison::Greater => call("time_after"),
                Comparison::GreaterOrEqual => call("time_before").negate(),
            };
            Expr::all(guards.into_iter().chain([compared]))
        }
        Domain::Semver if left.as_literal().is_some() => {
            return compare(context, scope, mirrored(comparison), domain, right, left);
        }
        Domain::Semver => {
            let [left, right] = both(Form::Semver)?;
            let guards = Term::guards_of(&[left.clone(), right.clone()]);
            let operator = if comparison == Comparison::Equal { "=" } else { order.symbol() };
            // In a range an `x` would stand for any number.
            let range = match right.expr {
                Expr::Text(version) if !version.contains(['x', 'X']) => {
                    Expr::text(format!("{operator}{}", version.split('+').next().unwrap_or_default()))
                }
                _ => {
                    let reason = "Kyverno compares versions with a constant one without `x` only";
                    return Err(Unsupported { span: origin, reason });
                }
            };
            Expr::all(guards.into_iter().chain([Expr::call("semver_compare", [left.expr, range])]))
        }
        Domain::Ip => {
            return Err(Unsupported { span: left.origin, reason: "JMESPath knows no IP addresses" });
        }
        Domain::Json => {
            let left = canonical(raw(context, scope, left)?);
            equal(left, canonical(raw(context, scope, right)?))
        }
    })
}

/// By the sign of the exact difference, which is a quantity or a duration as text.
fn by_difference(comparison: Comparison, left: Term, right: Term, zero: &str) -> Expr {
    let guards = Term::guards_of(&[left.clone(), right.clone()]);
    let (left, right) = (left.expr, right.expr);
    let negative = |a: &Expr, b: &Expr| {
        let difference = Expr::call("subtract", [a.clone(), b.clone()]);
        Expr::call("starts_with", [difference, Expr::text("-")])
    };
    let compared = match comparison {
        Comparison::Equal => Expr::call("subtract", [left, right]).equals(Expr::text(zero)),
        Comparison::Less => negative(&left, &right),
        Comparison::LessOrEqual => negative(&right, &left).negate(),
        Comparison::Greater => negative(&right, &left),
        Comparison::GreaterOrEqual => negative(&left, &right).negate(),
    };
    Expr::all(guards.into_iter().chain([compared]))
}

/// A duration that no reader takes for a quantity.
pub fn duration_text(term: Term) -> Term {
    Term::of(vec![term], |mut items| {
        // `0` alone has no unit; `30m` would be thirty thousandths
        let text = items.remove(0);
        let zero = Expr::call("regex_replace_all", [Expr::text("^[+-]?0$"), text, Expr::text("0s")]);
        Expr::call("regex_replace_all", [Expr::text("^([+-]?)"), zero, Expr::text("${1}0h")])
    })
}

/// The comparison with its sides exchanged.
fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal => Comparison::Equal,
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
    }
}

fn order(comparison: Comparison) -> Order {
    match comparison {
        Comparison::Equal => Order::Equal,
        Comparison::Less => Order::Less,
        Comparison::LessOrEqual => Order::LessOrEqual,
        Comparison::Greater => Order::Greater,
        Comparison::GreaterOrEqual => Order::GreaterOrEqual,
    }
}
