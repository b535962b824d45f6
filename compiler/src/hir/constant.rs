//! Literals as their values, and constant expressions as JSON: what tests, settings and parameters are made of.

use super::{Expr, ExprKind, Literal, TextPart};
use serde_json::{Map, Number, Value};

/// Nanoseconds of a duration as the language writes it: `1h30min`, `7d`, `0s`, `-5s`; also Go's spelling (`1h30m`,
/// `1.5h`) for strings that are read as durations. `None` if it is none or too long for 64 bits.
pub fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let unit_len = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_len);
        let scale: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "min" | "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "w" => 604_800_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.len() > 18 || whole.len() > 18 {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total += whole * scale;
        if !fraction.is_empty() {
            let value: i128 = fraction.parse().ok()?;
            total += value * scale / 10i128.pow(fraction.len() as u32);
        }
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// A date or time of the source as RFC 3339; `None` if there is no such moment.
pub fn parse_date(text: &str) -> Option<String> {
    let full = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    is_time(&full).then_some(full)
}

/// RFC 3339.
pub fn is_time(text: &str) -> bool {
    aipc_runtime::value::Time::parse(text).is_some()
}

pub fn is_semver(text: &str) -> bool {
    aipc_runtime::value::Semver::parse(text).is_some()
}

pub fn is_quantity(text: &str) -> bool {
    aipc_runtime::value::Quantity::parse(text).is_some()
}

pub fn is_cidr(text: &str) -> bool {
    aipc_runtime::value::Cidr::parse(text).is_some()
}

/// The JSON value of a constant expression; the span of the first part that is not constant otherwise.
pub fn to_json(expr: &Expr) -> Result<Value, crate::source::Span> {
    Ok(match &expr.kind {
        ExprKind::Literal(literal) => literal_to_json(literal),
        ExprKind::List(items) => Value::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        ExprKind::Object(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(key.clone(), to_json(value)?);
            }
            Value::Object(map)
        }
        ExprKind::Text(parts) => {
            let mut text = String::new();
            for part in parts {
                match part {
                    TextPart::Text(part) => text.push_str(part),
                    TextPart::Value(value) => match to_json(value)? {
                        Value::String(part) => text.push_str(&part),
                        other => text.push_str(&other.to_string()),
                    },
                }
            }
            Value::String(text)
        }
        ExprKind::Operation(super::Operation::Merge, args) => {
            match (to_json(&args[0])?, to_json(&args[1])?) {
                (Value::Object(mut left), Value::Object(right)) => {
                    left.extend(right);
                    Value::Object(left)
                }
                _ => return Err(expr.span),
            }
        }
        ExprKind::Operation(super::Operation::Negate, args) => match to_json(&args[0])? {
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => Value::from(-value),
                (None, Some(value)) => Value::from(-value),
                (None, None) => return Err(expr.span),
            },
            _ => return Err(expr.span),
        },
        _ => return Err(expr.span),
    })
}

fn literal_to_json(literal: &Literal) -> Value {
    match literal {
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Int(value) => Value::from(*value),
        Literal::Float(value) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
        Literal::Text(text)
        | Literal::Quantity(text)
        | Literal::Time(text)
        | Literal::Semver(text)
        | Literal::Ip(text)
        | Literal::Cidr(text) => Value::String(text.clone()),
        Literal::Duration(nanoseconds) => Value::String(duration_text(*nanoseconds)),
        Literal::Percent(value) => Value::String(format!("{value}%")),
    }
}

/// A duration in Go's spelling, as Kubernetes reads it: `1h30m0s`, `1.5s`, `10ms`.
pub fn duration_text(nanoseconds: i64) -> String {
    if nanoseconds == 0 {
        return "0s".into();
    }
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let (hours, rest) = (total / 3_600_000_000_000, total % 3_600_000_000_000);
    let (minutes, rest) = (rest / 60_000_000_000, rest % 60_000_000_000);
    let mut text = String::from(sign);
    if hours > 0 {
        text.push_str(&format!("{hours}h"));
    }
    if minutes > 0 {
        text.push_str(&format!("{minutes}m"));
    }
    if rest > 0 {
        let (unit, scale) = match rest {
            it if it >= 1_000_000_000 => ("s", 1_000_000_000),
            it if it >= 1_000_000 => ("ms", 1_000_000),
            it if it >= 1_000 => ("us", 1_000),
            _ => ("ns", 1),
        };
        let (whole, fraction) = (rest / scale, rest % scale);
        text.push_str(&whole.to_string());
        if fraction > 0 {
            let width = scale.to_string().len() - 1;
            text.push('.');
            text.push_str(format!("{fraction:0width$}").trim_end_matches('0'));
        }
        text.push_str(unit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_write() {
        assert_eq!(parse_duration("1h30min"), Some(5_400_000_000_000));
        assert_eq!(parse_duration("7d"), Some(604_800_000_000_000));
        assert_eq!(parse_duration("1.5s"), Some(1_500_000_000));
        assert_eq!(parse_duration("5"), None);
        assert_eq!(parse_duration(""), None);
        assert_eq!(duration_text(5_400_000_000_000), "1h30m");
        assert_eq!(duration_text(1_500_000_000), "1.5s");
        assert_eq!(duration_text(10_000_000), "10ms");
    }
}
