//! Literals as JSON has them.

use crate::ir::Literal;

/// A literal as JSON: what stands in a manifest for it.
pub fn literal_json(literal: &Literal) -> serde_json::Value {
    match literal {
        Literal::Bool(value) => (*value).into(),
        Literal::Int(value) => (*value).into(),
        Literal::Float(value) => {
            serde_json::Number::from_f64(*value).map_or(serde_json::Value::Null, Into::into)
        }
        Literal::Text(text)
        | Literal::Quantity(text)
        | Literal::Time(text)
        | Literal::Semver(text)
        | Literal::Ip(text)
        | Literal::Cidr(text) => text.clone().into(),
        Literal::Duration(nanoseconds) => go_duration(*nanoseconds).into(),
        Literal::Percent(percent) => format!("{percent}%").into(),
    }
}

/// As Go writes a duration; never a quantity, as it ends in `s`.
pub fn go_duration(nanoseconds: i64) -> String {
    if nanoseconds == 0 {
        return "0s".to_owned();
    }
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let fraction = |value: u64, unit: u64| {
        let (whole, rest) = (value / unit, value % unit);
        let digits = format!("{rest:0width$}", width = unit.ilog10() as usize);
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() { whole.to_string() } else { format!("{whole}.{digits}") }
    };
    match total {
        ..1_000 => format!("{sign}{total}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", fraction(total, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", fraction(total, 1_000_000)),
        _ => {
            let (minutes, rest) = (total / 60_000_000_000, total % 60_000_000_000);
            let seconds = fraction(rest, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}
