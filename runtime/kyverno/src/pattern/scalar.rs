//! What one value has to be: a scalar of a pattern.
//!
//! Text is a small language of its own: alternatives by `|`, all of several by `&`, comparisons, ranges, wildcards.

use std::cmp::Ordering;

use aipc_runtime::value::{Decimal, parse_duration, parse_number};

use crate::go_text::{float_e, float_f};
use crate::json::{Json, View};
use crate::wildcard;

/// A scalar pattern, made ready.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// Also 0, false and `""`.
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(TextPattern),
}

/// A text pattern, taken apart.
#[derive(Clone, Debug)]
pub struct TextPattern {
    text: Box<str>,
    /// One of these, and of that one all.
    alternatives: Vec<Vec<Atom>>,
}

#[derive(Clone, Debug)]
enum Atom {
    Compare(Sign, Operand),
    /// `a-b`, both ends included.
    InRange(Operand, Operand),
    /// `a!-b`, both ends excluded.
    OutOfRange(Operand, Operand),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sign {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The right side of a comparison in all the ways in which it can be read.
#[derive(Clone, Debug)]
struct Operand {
    text: Box<str>,
    duration: Option<i64>,
    quantity: Option<Decimal>,
}

impl Scalar {
    /// The scalar pattern; `None` for maps and lists.
    pub fn new(pattern: &Json<'_>) -> Option<Scalar> {
        Some(match pattern.view() {
            View::Null => Scalar::Null,
            View::Bool(value) => Scalar::Bool(value),
            View::Int(number) => Scalar::Int(number),
            View::Float(number) => Scalar::Float(number),
            View::Text(text) => Scalar::Text(TextPattern::new(text)),
            View::List { .. } | View::Map { .. } => return None,
        })
    }

    /// Whether a value satisfies the pattern. A missing value is null.
    pub fn matches(&self, value: &Json<'_>) -> bool {
        match self {
            Scalar::Null => match value.view() {
                View::Null | View::Bool(false) | View::Int(0) | View::Text("") => true,
                View::Float(number) => number == 0.0,
                _ => false,
            },
            Scalar::Bool(expected) => value.as_bool() == Some(*expected),
            Scalar::Int(expected) => match value.view() {
                View::Int(number) => number == *expected,
                View::Float(number) => number == number.trunc() && float_to_int(number) == *expected,
                View::Text(text) => parse_int(text) == Some(*expected),
                _ => false,
            },
            Scalar::Float(expected) => match value.view() {
                View::Int(number) => *expected == expected.trunc() && float_to_int(*expected) == number,
                View::Float(number) => number == *expected,
                View::Text(text) => parse_float(text) == Some(*expected),
                _ => false,
            },
            Scalar::Text(pattern) => pattern.matches(value),
        }
    }
}

impl TextPattern {
    pub fn new(text: &str) -> TextPattern {
        let alternatives = text
            .split('|')
            .map(|alternative| {
                let alternative = alternative.trim_matches(' ');
                alternative.split('&').map(|atom| Atom::new(atom.trim_matches(' '))).collect()
            })
            .collect();
        TextPattern { text: text.into(), alternatives }
    }

    pub fn matches(&self, value: &Json<'_>) -> bool {
        if value.as_text() == Some(&*self.text) {
            return true;
        }
        let subject = Subject::new(value);
        self.alternatives.iter().any(|atoms| atoms.iter().all(|atom| atom.matches(&subject)))
    }
}

/// Whether a text alone is a range, `a-b`.
pub fn is_range(text: &str) -> bool {
    matches!(sign_of(text), Found::Range { negated: false, .. })
}

/// A value in the ways in which it is compared.
struct Subject<'v, 'a> {
    value: &'v Json<'a>,
    /// As text for durations and quantities: null is `0`, floats have six digits; `None` for bool, list and map.
    number: Option<std::borrow::Cow<'v, str>>,
}

impl<'v, 'a> Subject<'v, 'a> {
    fn new(value: &'v Json<'a>) -> Self {
        use std::borrow::Cow;
        let number = match value.view() {
            View::Null => Some(Cow::Borrowed("0")),
            View::Text(text) => Some(Cow::Borrowed(text)),
            View::Int(number) => Some(Cow::Owned(number.to_string())),
            View::Float(number) => Some(Cow::Owned(float_f(number))),
            View::Bool(_) | View::List { .. } | View::Map { .. } => None,
        };
        Subject { value, number }
    }

    fn compare(&self, sign: Sign, operand: &Operand) -> bool {
        if let (Some(expected), Some(number)) = (operand.duration, &self.number)
            && let Some(found) = parse_duration(number)
        {
            return sign.accepts(found.cmp(&expected));
        }
        if let (Some(expected), Some(number)) = (&operand.quantity, &self.number)
            && let Some(found) = parse_number(number)
        {
            return sign.accepts(found.cmp(expected));
        }
        let is_equal = match self.value.view() {
            View::Text(text) => wildcard::matches(&operand.text, text),
            View::Float(number) => wildcard::matches(&operand.text, &float_e(number)),
            View::Int(number) => wildcard::matches(&operand.text, &number.to_string()),
            View::Bool(value) => wildcard::matches(&operand.text, if value { "true" } else { "false" }),
            View::Null | View::List { .. } | View::Map { .. } => return false,
        };
        match sign {
            Sign::Equal => is_equal,
            Sign::NotEqual => !is_equal,
            Sign::Less | Sign::LessOrEqual | Sign::Greater | Sign::GreaterOrEqual => false,
        }
    }
}

impl Sign {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Sign::Equal => order.is_eq(),
            Sign::NotEqual => order.is_ne(),
            Sign::Less => order.is_lt(),
            Sign::LessOrEqual => order.is_le(),
            Sign::Greater => order.is_gt(),
            Sign::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Operand {
    fn new(text: &str) -> Operand {
        // Only ASCII and Unicode blanks around it go, as Go trims them.
        let text = text.trim();
        Operand { text: text.into(), duration: parse_duration(text), quantity: parse_number(text) }
    }
}

impl Atom {
    fn new(text: &str) -> Atom {
        match sign_of(text) {
            Found::Sign(sign, rest) => Atom::Compare(sign, Operand::new(rest)),
            Found::Range { negated: false, left, right } => {
                Atom::InRange(Operand::new(left), Operand::new(right))
            }
            Found::Range { negated: true, left, right } => {
                Atom::OutOfRange(Operand::new(left), Operand::new(right))
            }
        }
    }

    fn matches(&self, subject: &Subject<'_, '_>) -> bool {
        match self {
            Atom::Compare(sign, operand) => subject.compare(*sign, operand),
            Atom::InRange(left, right) => {
                subject.compare(Sign::GreaterOrEqual, left) && subject.compare(Sign::LessOrEqual, right)
            }
            Atom::OutOfRange(left, right) => {
                subject.compare(Sign::Less, left) || subject.compare(Sign::Greater, right)
            }
        }
    }
}

enum Found<'t> {
    Sign(Sign, &'t str),
    Range { negated: bool, left: &'t str, right: &'t str },
}

/// The operator that a text begins with, or the range that it is.
fn sign_of(text: &str) -> Found<'_> {
    if text.len() < 2 {
        return Found::Sign(Sign::Equal, text);
    }
    let signs = [
        (">=", Sign::GreaterOrEqual),
        ("<=", Sign::LessOrEqual),
        (">", Sign::Greater),
        ("<", Sign::Less),
        ("!", Sign::NotEqual),
    ];
    for (spelling, sign) in signs {
        if let Some(rest) = text.strip_prefix(spelling) {
            return Found::Sign(sign, rest);
        }
    }
    for (negated, separator) in [(true, "!-"), (false, "-")] {
        if let Some((left, right)) = split_range(text, separator) {
            return Found::Range { negated, left, right };
        }
    }
    Found::Sign(Sign::Equal, text)
}

/// The ends of a range: each an optional sign, digits, perhaps a fraction, and letters.
fn split_range<'t>(text: &'t str, separator: &str) -> Option<(&'t str, &'t str)> {
    let left_len = range_end(text)?;
    let right = text[left_len..].strip_prefix(separator)?;
    (range_end(right)? == right.len()).then_some((&text[..left_len], right))
}

fn range_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let count =
        |from: usize, test: fn(&u8) -> bool| bytes[from..].iter().take_while(|byte| test(byte)).count();
    let mut at = usize::from(matches!(bytes.first(), Some(b'-' | b'|' | b'+')));
    let digits = count(at, u8::is_ascii_digit);
    if digits == 0 {
        return None;
    }
    at += digits;
    if bytes.get(at) == Some(&b'.') {
        let fraction = count(at + 1, u8::is_ascii_digit);
        if fraction > 0 {
            at += 1 + fraction;
        }
    }
    Some(at + count(at, u8::is_ascii_alphabetic))
}

/// A float as Go converts it to an int64.
pub fn float_to_int(number: f64) -> i64 {
    // Go leaves what is out of range to the processor, which gives the smallest number.
    if number >= -(2f64.powi(63)) && number < 2f64.powi(63) { number as i64 } else { i64::MIN }
}

/// What `strconv.ParseInt` reads in base 10.
pub fn parse_int(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// What `strconv.ParseFloat` reads: also `0x1p-2`, `inf`, `infinity` and `nan` in any case; underscores are none of it.
pub fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(hex) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        let number = parse_hex_float(hex)?;
        return Some(if text.starts_with('-') { -number } else { number });
    }
    let number: f64 = text.parse().ok()?;
    // Go says that a decimal beyond the range is an error; Rust says infinity.
    let is_word = unsigned.starts_with(|c: char| c.is_ascii_alphabetic());
    (number.is_finite() || is_word).then_some(number)
}

/// `1.8p3`: hexadecimal digits and a power of two, which has to be there.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || whole.len() + fraction.len() > 13 {
        return None;
    }
    let mantissa = u64::from_str_radix(&format!("{whole}{fraction}"), 16).ok()? as f64;
    let number = mantissa * 2f64.powi(exponent.checked_sub(4 * fraction.len() as i32)?);
    number.is_finite().then_some(number)
}
