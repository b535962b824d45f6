//! What Go makes of numbers and text where Rust makes something else of them.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// The integer that a float is cast to: towards zero, and the least one for whatever does not fit.
pub(super) fn to_int(number: f64) -> i64 {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    if fits { number as i64 } else { i64::MIN }
}

/// A float as it is put into text: the shortest digits that say it in 32 bits.
pub(super) fn short_float_text(number: f64) -> String {
    let number = number as f32;
    match number {
        number if number.is_nan() => "NaN".to_owned(),
        f32::INFINITY => "+Inf".to_owned(),
        f32::NEG_INFINITY => "-Inf".to_owned(),
        number => number.to_string(),
    }
}

/// The number that a text says, as `strconv.ParseFloat` has it; `None` also where it is too large for one.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let word = unsigned.to_ascii_lowercase();
    match word.as_str() {
        "inf" | "infinity" => return Some(sign * f64::INFINITY),
        "nan" if unsigned.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    if !underscores_are_fine(unsigned) {
        return None;
    }
    let plain = word.replace('_', "");
    let number = match plain.strip_prefix("0x") {
        Some(digits) => hexadecimal(digits)?,
        None if !plain.bytes().all(|it| matches!(it, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-')) => {
            return None;
        }
        None if !plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') => return None,
        None => plain.parse::<f64>().ok()?,
    };
    number.is_finite().then_some(sign * number)
}

/// Underscores stand between digits only, or after a prefix of a base.
fn underscores_are_fine(unsigned: &str) -> bool {
    let bytes = unsigned.as_bytes();
    let is_prefixed = bytes.len() >= 2 && bytes[0] == b'0' && matches!(bytes[1] | 0x20, b'b' | b'o' | b'x');
    let is_hexadecimal = is_prefixed && bytes[1] | 0x20 == b'x';
    let mut before = if is_prefixed { b'0' } else { b'^' };
    for byte in bytes.iter().skip(if is_prefixed { 2 } else { 0 }) {
        let is_digit = byte.is_ascii_digit() || is_hexadecimal && byte.is_ascii_hexdigit();
        before = match (byte, before) {
            _ if is_digit => b'0',
            (b'_', b'0') => b'_',
            (b'_', _) | (_, b'_') => return false,
            _ => b'!',
        };
    }
    before != b'_'
}

/// `1.8p3` of a number in base 16; the exponent has to be there.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once('p')?;
    let mut exponent: i32 = exponent.parse::<i64>().ok()?.clamp(-100_000, 100_000) as i32;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut mantissa = 0u64;
    for (at, c) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u64::from(c.to_digit(16)?);
        let is_fraction = at >= whole.len();
        match mantissa.checked_mul(16) {
            Some(more) => {
                mantissa = more + digit;
                exponent -= if is_fraction { 4 } else { 0 };
            }
            None => {
                // Beyond 64 bits digits only say which way to round.
                mantissa |= u64::from(digit != 0);
                exponent += if is_fraction { 0 } else { 4 };
            }
        }
    }
    // In two halves, so that neither is beyond a float.
    let half = exponent.clamp(-2000, 2000) / 2;
    Some(mantissa as f64 * 2f64.powi(half) * 2f64.powi(exponent.clamp(-2000, 2000) - half))
}

/// The decimal power that quantities are scaled with.
pub(super) fn power_of_ten(exponent: i32) -> f64 {
    // Go takes two entries of tables; each is the float nearest to its power.
    let entry = |exponent: i32| format!("1e{exponent}").parse::<f64>().unwrap_or(f64::NAN);
    match exponent {
        0..=308 => entry(exponent / 32 * 32) * entry(exponent % 32),
        -323..0 => entry(-(-exponent / 32 * 32)) / entry(-exponent % 32),
        309.. => f64::INFINITY,
        _ => 0.0,
    }
}

/// `math.Pow(10, n)`, which is not the nearest float for every `n`.
pub(super) fn ten_to_the(power: i64) -> f64 {
    let (mut result, mut exponent) = (1.0f64, 0i64);
    // 10 is 0.625 · 2^4.
    let (mut base, mut base_exponent) = (0.625f64, 4i64);
    let mut rest = power;
    while rest != 0 {
        if !(-(1 << 12)..1 << 12).contains(&base_exponent) {
            exponent += base_exponent;
            break;
        }
        if rest & 1 == 1 {
            result *= base;
            exponent += base_exponent;
        }
        base *= base;
        base_exponent <<= 1;
        if base < 0.5 {
            base += base;
            base_exponent -= 1;
        }
        rest >>= 1;
    }
    if exponent > 2000 {
        return f64::INFINITY;
    }
    let half = exponent / 2;
    result * 2f64.powi(half as i32) * 2f64.powi((exponent - half) as i32)
}

/// A character in upper case, where a single one is that.
pub(super) fn upper(c: char) -> char {
    // Greek with an iota below has a single capital, which only Go's simple mapping knows.
    match c {
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => {
            char::from_u32(c as u32 + 8).unwrap_or(c)
        }
        '\u{1fb3}' => '\u{1fbc}',
        '\u{1fc3}' => '\u{1fcc}',
        '\u{1ff3}' => '\u{1ffc}',
        c => {
            let mut upper = c.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(upper), None) => upper,
                _ => c,
            }
        }
    }
}

/// A character in lower case. Only the capital dotted I has a second one, which Go leaves away.
pub(super) fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Whether two texts differ at most in case.
pub(super) fn equal_fold(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || folds(a, b) => {}
            _ => return false,
        }
    }
}

fn folds(a: char, b: char) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(&b);
    }
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(a, a)]);
    class.case_fold_simple();
    class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_texts() {
        for (text, expected) in [
            ("1", 1.0),
            ("+1.5e3", 1500.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1_000", 1000.0),
            ("0x1p4", 16.0),
            ("-0x1.8p1", -3.0),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(parse_float(text), Some(expected), "{text}");
        }
        for text in ["", "1e400", "1e", "_1", "1__0", "1_", "0x1", "+nan", "--1", "1 ", "e5", ".", "1Gi"] {
            assert_eq!(parse_float(text), None, "{text}");
        }
        assert!(parse_float("NaN").is_some_and(f64::is_nan));
    }

    #[test]
    fn texts_of_numbers() {
        assert_eq!(short_float_text(0.1), "0.1");
        assert_eq!(short_float_text(16_777_217.0), "16777216");
        assert_eq!(ten_to_the(3), 1000.0);
        assert_eq!(ten_to_the(400), f64::INFINITY);
        assert_eq!(power_of_ten(-9), 1e-9);
    }

    #[test]
    fn cases() {
        assert!(equal_fold("Straße ΣΑΣ K", "straße σας \u{212a}"));
        assert!(!equal_fold("ß", "ss"));
        assert_eq!("ǆᾳß".chars().map(upper).collect::<String>(), "Ǆᾼß");
    }
}
