//! Values as Go prints them, which Kyverno compares and reports.
//!
//! Source of the rules: `fmt` (`%v`) and `strconv.FormatFloat` of Go.

use std::fmt::Write;

use crate::json::{Json, View};

/// What `fmt.Sprint` prints of a value: `map[a:1 b:[x <nil>]]`.
pub fn sprint(value: &Json<'_>) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Json<'_>, out: &mut String) {
    match value.view() {
        View::Null => out.push_str("<nil>"),
        View::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        View::Int(number) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "{number}");
        }
        View::Float(number) => out.push_str(&float_g(number)),
        View::Text(text) => out.push_str(text),
        View::List { .. } => {
            out.push('[');
            for (index, element) in value.elements().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                write(&element, out);
            }
            out.push(']');
        }
        View::Map { .. } => {
            out.push_str("map[");
            for (index, (key, value)) in value.entries().iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write(value, out);
            }
            out.push(']');
        }
    }
}

/// The name of a value's type, as `%T` prints it.
pub fn type_name(value: &Json<'_>) -> &'static str {
    match value.view() {
        View::Null => "<nil>",
        View::Bool(_) => "bool",
        View::Int(_) => "int64",
        View::Float(_) => "float64",
        View::Text(_) => "string",
        View::List { .. } => "[]interface {}",
        View::Map { .. } => "map[string]interface {}",
    }
}

/// The shortest digits, with an exponent below -4 and from 6 on: `%v`.
pub fn float_g(number: f64) -> String {
    if !number.is_finite() {
        return not_finite(number);
    }
    let (sign, digits, exponent) = shortest(number);
    if !(-4..6).contains(&exponent) {
        return format!("{sign}{}e{}", mantissa(&digits), exponent_text(exponent));
    }
    plain(sign, &digits, exponent)
}

/// The shortest digits with an exponent: `8.08E+03`.
pub fn float_e(number: f64) -> String {
    if !number.is_finite() {
        return not_finite(number);
    }
    let (sign, digits, exponent) = shortest(number);
    format!("{sign}{}E{}", mantissa(&digits), exponent_text(exponent))
}

/// Six digits after the point: `%f`.
pub fn float_f(number: f64) -> String {
    if number.is_finite() { format!("{number:.6}") } else { not_finite(number) }
}

fn not_finite(number: f64) -> String {
    let text = match (number.is_nan(), number > 0.0) {
        (true, _) => "NaN",
        (_, true) => "+Inf",
        (_, false) => "-Inf",
    };
    text.to_owned()
}

/// Sign, shortest digits that say the number, and the power of ten of the first of them.
fn shortest(number: f64) -> (&'static str, String, i32) {
    let text = format!("{:e}", number.abs());
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let sign = if number.is_sign_negative() { "-" } else { "" };
    (sign, digits.replace('.', ""), exponent.parse().unwrap_or(0))
}

fn mantissa(digits: &str) -> String {
    match digits.split_at(1) {
        (first, "") => first.to_owned(),
        (first, rest) => format!("{first}.{rest}"),
    }
}

fn exponent_text(exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{:02}", exponent.abs())
}

fn plain(sign: &str, digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        let zeros = "0".repeat((-exponent - 1) as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        return format!("{sign}{digits}{}", "0".repeat(whole - digits.len()));
    }
    let (before, after) = digits.split_at(whole);
    format!("{sign}{before}.{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_as_go_prints_them() {
        let general = [
            (0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (100_000.0, "100000"),
            (999_999.0, "999999"),
            (1e6, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (123_456.789, "123456.789"),
            (12_345_678.9, "1.23456789e+07"),
            (1e20, "1e+20"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
        ];
        for (number, text) in general {
            assert_eq!(float_g(number), text);
        }
        assert_eq!(float_e(8080.0), "8.08E+03");
        assert_eq!(float_e(0.0), "0E+00");
        assert_eq!(float_e(1.5), "1.5E+00");
        assert_eq!(float_f(1.5), "1.500000");
        assert_eq!(float_f(0.0), "0.000000");
    }

    #[test]
    fn values_are_as_go_prints_them() {
        let text = "{b: [x, null, 1], a: {c: true}}";
        let read = aipc_runtime::document::read("test.yaml", text.as_bytes(), &Default::default());
        assert_eq!(sprint(&Json::of(&read.documents[0])), "map[a:map[c:true] b:[x <nil> 1]]");
    }
}
