//! Numbers: how Go reads them from text, and how they look after Kubernetes passed them on as JSON.
//!
//! Syntax and bounds are those of Go's `strconv` package, which the YAML reader of Kubernetes calls.

use super::builder::Scalar;

/// A number in a plain scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    /// `2^63 .. 2^64`
    Uint(u64),
    Float(f64),
}

/// The value that a finite float has after it went through JSON text: Go writes `1.0` and `1e3` as
/// `1` and `1000`, and Kubernetes reads those back as integers.
///
/// Above `2^53` the text has the fewest digits that tell the float apart, filled up with zeros, and
/// the integer is that of the text.
pub(super) fn json_number(number: f64) -> Scalar<'static> {
    const EXACT_MAX: f64 = (1_u64 << 53) as f64;
    // Go turns to the notation with `e` here.
    const PLAIN_END: f64 = 1e21;
    if number.trunc() != number || number.abs() >= PLAIN_END {
        return Scalar::Float(number);
    }
    if number.abs() <= EXACT_MAX {
        return Scalar::Int(number as i64);
    }
    match number.to_string().parse() {
        Ok(int) => Scalar::Int(int),
        Err(_) => Scalar::Float(number),
    }
}

/// The number that a plain scalar starting with a digit or a sign stands for, if it is one.
pub(super) fn plain_number(text: &str) -> Option<Number> {
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        stripped.as_str()
    } else {
        text
    };
    if let Some(int) = go_int(plain) {
        return Some(int);
    }
    if is_decimal_float(plain) {
        // A float beyond the range of 64 bits stays text.
        if let Some(float) = plain.parse().ok().filter(|it: &f64| it.is_finite()) {
            return Some(Number::Float(float));
        }
    }
    // The reader tries the digits after `0b` once more, where a sign is then allowed.
    if let Some(digits) = plain.strip_prefix("0b") {
        return signed(digits, 2);
    }
    if let Some(digits) = plain.strip_prefix("-0b") {
        if digits.starts_with(['+', '-']) {
            return None;
        }
        return signed(&format!("-{digits}"), 2);
    }
    None
}

/// The float that a plain scalar starting with `.` stands for, if it is one.
pub(super) fn point_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        None => (text, None),
        Some(at) => (&text[..at], Some(&text[at + 1..])),
    };
    let digits = mantissa.strip_prefix('.')?;
    let is_grouped = |text: &str| {
        let bytes = text.as_bytes();
        bytes.first().is_some_and(u8::is_ascii_digit)
            && bytes.last().is_some_and(u8::is_ascii_digit)
            && bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'_')
            && !text.contains("__")
    };
    let exponent_is_fine =
        exponent.is_none_or(|exponent| is_grouped(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    if !is_grouped(digits) || !exponent_is_fine {
        return None;
    }
    text.replace('_', "").parse().ok().filter(|it: &f64| it.is_finite())
}

/// Go's shortest form of a float at 32 bits, which its YAML reader uses for keys: `1e6` becomes
/// `1e+06`, and what 32 bits cannot hold becomes `.inf`.
pub(super) fn float_key(number: f64) -> String {
    let number = number as f32;
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) || number == 0.0 {
        return format!("{number}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// An integer in the notation of Go literals: `0x`, `0o`, `0b`, and `0` for octal, after a sign.
fn go_int(text: &str) -> Option<Number> {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => ("-", &text[1..]),
        Some(b'+') => ("+", &text[1..]),
        _ => ("", text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| (byte as char).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match sign {
        "-" => i64::try_from(-i128::from(magnitude)).ok().map(Number::Int),
        _ => match i64::try_from(magnitude) {
            Ok(int) => Some(Number::Int(int)),
            Err(_) if sign.is_empty() => Some(Number::Uint(magnitude)),
            Err(_) => None,
        },
    }
}

fn signed(text: &str, radix: u32) -> Option<Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.starts_with(['+', '-']) {
        return None;
    }
    match i64::from_str_radix(text, radix) {
        Ok(int) => Some(Number::Int(int)),
        Err(_) => {
            u64::from_str_radix(digits, radix).ok().filter(|_| digits.len() == text.len()).map(Number::Uint)
        }
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        None => (text, None),
        Some(at) => (&text[..at], Some(&text[at + 1..])),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_is_fine = match mantissa.split_once('.') {
        None => !mantissa.is_empty() && is_digits(mantissa),
        Some((whole, part)) => is_digits(whole) && is_digits(part) && !(whole.is_empty() && part.is_empty()),
    };
    let exponent_is_fine = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    mantissa_is_fine && exponent_is_fine
}
