//! Values as JSON: text for people and hashes, and equality of whole values.

use std::cmp::Ordering;
use std::fmt::Write;

use super::{Number, Value, View, format_duration};
use crate::budget::{Budget, DEPTH_MAX, OverBudget};

/// The text of a scalar: text as it is, numbers and booleans as JSON writes them, others as they are
/// written in manifests. `None` for lists, maps and what is missing.
pub fn scalar_text(value: &Value<'_>) -> Option<String> {
    match value.view() {
        View::Missing | View::List { .. } | View::Map { .. } => None,
        View::Bool(value) => Some(value.to_string()),
        View::Int(number) => Some(number.to_string()),
        View::Float(number) => Some(json_float(number)),
        View::Quantity(quantity) => Some(quantity.to_text()),
        View::Percent(number) => Some(format!("{number}%")),
        View::Text(text) => Some(text.to_owned()),
        View::Duration(nanoseconds) => Some(format_duration(nanoseconds)),
        View::Time(time) => Some(time.to_string()),
        View::Semver(semver) => Some(semver.to_string()),
        View::Ip(address) => Some(address.to_string()),
        View::Cidr(cidr) => Some(cidr.to_string()),
    }
}

/// A float as Go's JSON writes it: plain digits, and an exponent below 1e-6 and from 1e21 on.
pub fn json_float(number: f64) -> String {
    if number == 0.0 {
        return if number.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    let magnitude = number.abs();
    if (1e-6..1e21).contains(&magnitude) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

/// Compact JSON with sorted keys, which is how Kubernetes' own values come out. Missing is `null`.
///
/// # Errors
/// The text is longer than the budget allows, or the value nested too deeply.
pub fn json_text(value: &Value<'_>, budget: &mut Budget) -> Result<String, OverBudget> {
    let mut out = String::new();
    write_json(value, Spelling::Plain, 0, &mut out, budget)?;
    Ok(out)
}

/// A text that two values share exactly if they are equal as whole values.
///
/// # Errors
/// As [`json_text`].
pub fn canonical_json(value: &Value<'_>, budget: &mut Budget) -> Result<String, OverBudget> {
    let mut out = String::new();
    write_json(value, Spelling::Canonical, 0, &mut out, budget)?;
    Ok(out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// Numbers as JSON writes them.
    Plain,
    /// Each number in one way only.
    Canonical,
}

fn write_json(
    value: &Value<'_>,
    spelling: Spelling,
    depth: usize,
    out: &mut String,
    budget: &mut Budget,
) -> Result<(), OverBudget> {
    if depth > DEPTH_MAX {
        return Err(OverBudget);
    }
    let before = out.len();
    match value.view() {
        View::Missing => out.push_str("null"),
        View::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        View::Int(number) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "{number}");
        }
        View::Float(number) => match (spelling, Number::Float(number).to_decimal()) {
            (Spelling::Canonical, Some(decimal)) => out.push_str(&decimal.to_string()),
            _ => out.push_str(&json_float(number)),
        },
        View::Text(text) => write_string(text, out),
        View::Quantity(_)
        | View::Percent(_)
        | View::Duration(_)
        | View::Time(_)
        | View::Semver(_)
        | View::Ip(_)
        | View::Cidr(_) => write_string(&scalar_text(value).unwrap_or_default(), out),
        View::List { .. } => {
            out.push('[');
            for (index, element) in value.elements().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(&element, spelling, depth + 1, out, budget)?;
            }
            out.push(']');
        }
        View::Map { .. } => {
            let mut entries = value.entries();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            if spelling == Spelling::Canonical {
                entries.retain(|(_, value)| !value.is_missing());
            }
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write_json(value, spelling, depth + 1, out, budget)?;
            }
            out.push('}');
        }
    }
    budget.spend_text(out.len() - before)?;
    budget.text_len(out.len())
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Whether two values are equal as whole values: numbers by value, maps without order, and null in a map
/// like an absent key. A value that is missing equals nothing, so the answer is for present ones.
///
/// # Errors
/// They are nested more deeply than [`DEPTH_MAX`], or the comparison takes too many steps.
pub fn json_equal(a: &Value<'_>, b: &Value<'_>, budget: &mut Budget) -> Result<bool, OverBudget> {
    equal(a, b, 0, budget)
}

fn equal(a: &Value<'_>, b: &Value<'_>, depth: usize, budget: &mut Budget) -> Result<bool, OverBudget> {
    if depth > DEPTH_MAX {
        return Err(OverBudget);
    }
    budget.spend(1)?;
    Ok(match (a.view(), b.view()) {
        (View::Missing, View::Missing) => true,
        (View::Missing, _) | (_, View::Missing) => false,
        (View::Bool(a), View::Bool(b)) => a == b,
        (View::Int(a), View::Int(b)) => a == b,
        (View::Text(x), View::Text(y)) => {
            budget.spend_text(x.len().min(y.len()))?;
            x == y
        }
        (View::Int(_) | View::Float(_), View::Int(_) | View::Float(_)) => {
            compare_numbers(a.as_number(), b.as_number()) == Some(Ordering::Equal)
        }
        (View::Quantity(a), View::Quantity(b)) => a.number == b.number,
        (View::Quantity(q), View::Int(_) | View::Float(_)) => {
            compare_numbers(Some(Number::Decimal(q.number)), b.as_number()) == Some(Ordering::Equal)
        }
        (View::Int(_) | View::Float(_), View::Quantity(q)) => {
            compare_numbers(a.as_number(), Some(Number::Decimal(q.number))) == Some(Ordering::Equal)
        }
        (View::Ip(a), View::Ip(b)) => a == b,
        (View::Cidr(a), View::Cidr(b)) => a == b,
        (View::Time(a), View::Time(b)) => a == b,
        (View::Duration(a), View::Duration(b)) => a == b,
        (View::Semver(a), View::Semver(b)) => a == b,
        (View::List { len }, View::List { len: other }) => {
            if len != other {
                return Ok(false);
            }
            for (a, b) in a.elements().zip(b.elements()) {
                if !equal(&a, &b, depth + 1, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (View::Map { .. }, View::Map { .. }) => {
            let (a, b) = (a.sorted_entries(), b.sorted_entries());
            budget.spend((a.len() + b.len()) as u64)?;
            if a.len() != b.len() {
                return Ok(false);
            }
            for ((a_key, a), (b_key, b)) in a.iter().zip(&b) {
                if a_key != b_key || !equal(a, b, depth + 1, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (View::List { .. } | View::Map { .. } | View::Bool(_) | View::Int(_) | View::Float(_), _)
        | (_, View::List { .. } | View::Map { .. } | View::Bool(_) | View::Int(_) | View::Float(_)) => false,
        // Text against a typed scalar: what the manifest would hold.
        _ => scalar_text(a) == scalar_text(b),
    })
}

/// The order of two numbers, exactly; a float counts as its shortest decimal. `None` if one is none.
#[inline]
pub fn compare_numbers(a: Option<Number>, b: Option<Number>) -> Option<Ordering> {
    match (a?, b?) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b),
        (a, b) => Some(a.to_decimal()?.cmp(&b.to_decimal()?)),
    }
}
