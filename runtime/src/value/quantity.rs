//! Kubernetes quantities: `500m`, `64Gi`, `1e3`.
//!
//! Source of the rules: `k8s.io/apimachinery/pkg/api/resource`. A sign, digits with an optional point (either
//! side of it may be empty), then one of `n u m k M G T P E`, `Ki Mi Gi Ti Pi Ei`, or `e`/`E` and a whole
//! number. What is finer than a nano is rounded away from zero; binary quantities end at 2^63 - 1.

use super::decimal::Decimal;

/// Longer texts are no quantities to us; Kubernetes has no such limit.
const LEN_MAX: usize = 256;
/// Decimal places that a quantity keeps.
const NANO: i64 = 9;

/// In which family of suffixes a quantity is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum QuantityFormat {
    /// `Ki`, `Mi`, …
    Binary,
    /// `m`, `k`, `M`, …
    Decimal,
    /// `1e3`
    Exponent,
}

/// A number with the family of suffixes it is written in.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Quantity {
    pub number: Decimal,
    pub format: QuantityFormat,
    /// As it was written, if it was.
    text: Option<Box<str>>,
}

impl Quantity {
    /// Reads a quantity and keeps its spelling; `None` if it is none.
    pub fn parse(text: &str) -> Option<Quantity> {
        let (number, format) = parse_quantity(text)?;
        Some(Quantity { number, format, text: Some(text.into()) })
    }

    /// Whether a text is a quantity.
    pub fn is_quantity(text: &str) -> bool {
        parse_quantity(text).is_some()
    }

    /// A number that was computed; it prints in Kubernetes' canonical form.
    pub fn computed(number: Decimal, format: QuantityFormat) -> Quantity {
        Quantity { number, format, text: None }
    }

    /// As written, or in Kubernetes' canonical form: the largest suffix that leaves a whole number.
    pub fn to_text(&self) -> String {
        match &self.text {
            Some(text) => text.to_string(),
            None => canonical(self.number, self.format),
        }
    }
}

/// The number that a quantity says; `None` if the text is no quantity.
pub fn parse_number(text: &str) -> Option<Decimal> {
    parse_quantity(text).map(|(number, _)| number)
}

fn parse_quantity(text: &str) -> Option<(Decimal, QuantityFormat)> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > LEN_MAX {
        return None;
    }
    let negative = bytes[0] == b'-';
    let mut at = usize::from(matches!(bytes[0], b'+' | b'-'));
    let digits_from = |start: usize| {
        let len = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        (&bytes[start..start + len], start + len)
    };
    let (whole, end) = digits_from(at);
    at = end;
    let mut fraction: &[u8] = &[];
    let pointed = bytes.get(at) == Some(&b'.');
    if pointed {
        (fraction, at) = digits_from(at + 1);
    }
    if whole.is_empty() && !pointed && at == 0 {
        // Kubernetes takes a number to be there only by its first character.
        return None;
    }
    let (base, exponent, format) = interpret_suffix(&text[at..])?;
    let scale = i64::from(if base == 10 { exponent } else { 0 }) - fraction.len() as i64;
    let doublings = if base == 2 { exponent as u32 } else { 0 };
    let number = match small(whole, fraction) {
        Some(mantissa) if scale >= -NANO && doublings <= 60 => {
            let mantissa = mantissa.checked_mul(1i128 << doublings)?;
            cap(Decimal::new(mantissa, scale as i32), format)
        }
        _ => large(whole, fraction, scale, doublings, format)?,
    };
    Some((if negative { number.checked_neg()? } else { number }, format))
}

/// The digits as a number, if there are no more than 19 of them.
fn small(whole: &[u8], fraction: &[u8]) -> Option<i128> {
    if whole.len() + fraction.len() > 19 {
        return None;
    }
    let digit = |number: i128, byte: &u8| number * 10 + i128::from(byte - b'0');
    Some(fraction.iter().fold(whole.iter().fold(0, digit), digit))
}

/// The same on digits one by one, as many as there are.
fn large(
    whole: &[u8],
    fraction: &[u8],
    scale: i64,
    doublings: u32,
    format: QuantityFormat,
) -> Option<Decimal> {
    // Least significant digit first.
    let mut digits: Vec<u8> = whole.iter().chain(fraction).rev().map(|byte| byte - b'0').collect();
    for _ in 0..doublings {
        let mut carry = 0;
        for digit in &mut digits {
            let doubled = *digit * 2 + carry;
            *digit = doubled % 10;
            carry = doubled / 10;
        }
        if carry > 0 {
            digits.push(carry);
        }
    }
    let mut scale = scale;
    if scale < -NANO {
        let drop = usize::try_from(-NANO - scale).ok()?;
        let rest = digits.iter().take(drop).any(|digit| *digit != 0);
        digits.drain(..drop.min(digits.len()));
        if rest {
            increment(&mut digits);
        }
        scale = -NANO;
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    // More than 38 digits do not fit; the excess is rounded away from zero like what is finer than a nano.
    let excess = digits.len().saturating_sub(38);
    if excess > 0 {
        let rest = digits.iter().take(excess).any(|digit| *digit != 0);
        digits.drain(..excess);
        if rest {
            increment(&mut digits);
        }
        scale += excess as i64;
    }
    let mantissa = digits.iter().rev().fold(0i128, |number, digit| number * 10 + i128::from(*digit));
    Some(cap(Decimal::new(mantissa, i32::try_from(scale).ok()?), format))
}

fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut() {
        if *digit < 9 {
            *digit += 1;
            return;
        }
        *digit = 0;
    }
    digits.push(1);
}

fn cap(number: Decimal, format: QuantityFormat) -> Decimal {
    let max = Decimal::from(i64::MAX);
    if format == QuantityFormat::Binary && number > max { max } else { number }
}

/// Base, exponent and family of a suffix.
fn interpret_suffix(suffix: &str) -> Option<(u8, i32, QuantityFormat)> {
    let decimal = |exponent| Some((10, exponent, QuantityFormat::Decimal));
    let binary = |exponent| Some((2, exponent, QuantityFormat::Binary));
    match suffix {
        "" => decimal(0),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            // Kubernetes keeps the low 32 bits; exponents that large are nobody's, so they are refused.
            Some((10, exponent.parse().ok()?, QuantityFormat::Exponent))
        }
    }
}

/// Kubernetes' canonical text of a computed quantity.
fn canonical(number: Decimal, format: QuantityFormat) -> String {
    const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    const DECIMAL: [(&str, i32); 10] = [
        ("E", 18),
        ("P", 15),
        ("T", 12),
        ("G", 9),
        ("M", 6),
        ("k", 3),
        ("", 0),
        ("m", -3),
        ("u", -6),
        ("n", -9),
    ];
    let number = round_up_to_nano(number);
    if number.is_zero() {
        return "0".to_owned();
    }
    let at_least_kibi = number >= Decimal::from(1024) || number <= Decimal::from(-1024);
    if format == QuantityFormat::Binary
        && at_least_kibi
        && let Some(mut whole) = number.to_i128()
    {
        let mut step = 0;
        while whole % 1024 == 0 && step + 1 < BINARY.len() {
            whole /= 1024;
            step += 1;
        }
        return format!("{whole}{}", BINARY[step]);
    }
    let (mantissa, exponent) = number.parts();
    let multiple = exponent - exponent.rem_euclid(3);
    let padded =
        |to: i32| match 10i128.checked_pow((exponent - to) as u32).and_then(|by| mantissa.checked_mul(by)) {
            Some(digits) => digits.to_string(),
            None => format!("{mantissa}{}", "0".repeat((exponent - to) as usize)),
        };
    if format == QuantityFormat::Exponent {
        return if multiple == 0 { padded(0) } else { format!("{}e{multiple}", padded(multiple)) };
    }
    for (suffix, power) in DECIMAL {
        if power <= multiple {
            // Beyond exa the digits grow, up to a length that is still text for people.
            if exponent - power > 60 {
                break;
            }
            return format!("{}{suffix}", padded(power));
        }
    }
    format!("{mantissa}e{exponent}")
}

fn round_up_to_nano(number: Decimal) -> Decimal {
    let rounded = number.round(NANO);
    let unit = Decimal::new(1, -NANO as i32);
    match (rounded == number, number.is_negative()) {
        (true, _) => rounded,
        (false, false) if rounded < number => rounded.checked_add(unit).unwrap_or(rounded),
        (false, true) if rounded > number => rounded.checked_sub(unit).unwrap_or(rounded),
        (false, _) => rounded,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Option<String> {
        parse_number(text).map(|number| number.to_string())
    }

    #[test]
    fn texts_and_their_numbers() {
        let table = [
            ("0", "0"),
            ("1", "1"),
            ("-1", "-1"),
            ("+5", "5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0.5", "0.5"),
            ("007", "7"),
            ("+.5m", "0.0005"),
            ("500m", "0.5"),
            ("1u", "0.000001"),
            ("1n", "0.000000001"),
            ("0.1n", "0.000000001"),
            ("-0.1n", "-0.000000001"),
            ("1.0000000001", "1.000000001"),
            ("1k", "1000"),
            ("1M", "1000000"),
            ("1G", "1000000000"),
            ("1T", "1000000000000"),
            ("1P", "1000000000000000"),
            ("1E", "1000000000000000000"),
            ("1Ki", "1024"),
            ("1.5Gi", "1610612736"),
            ("64Gi", "68719476736"),
            ("1Ei", "1152921504606846976"),
            ("8Ei", "9223372036854775807"),
            ("100Ei", "9223372036854775807"),
            ("-100Ei", "-9223372036854775807"),
            ("0.1Ki", "102.4"),
            ("0.0000000000001Ei", "115292.150460685"),
            ("1e3", "1000"),
            ("1E3", "1000"),
            ("1e-3", "0.001"),
            ("1e+3", "1000"),
            ("12e-1", "1.2"),
            ("9223372036854775808", "9223372036854775808"),
            ("100E", "100000000000000000000"),
            ("1e-20", "0.000000001"),
            (".", "0"),
            ("+", "0"),
            ("1.G", "1000000000"),
        ];
        for (text, expected) in table {
            assert_eq!(number(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "", " 1", "1 ", "1K", "1ki", "1kk", "1KI", "1Kib", "abc", "1.2.3", "1_000", "0x10", "--1", "+-1",
            "1e", "1e1.5", "1eM", "25%", "1h", "NaN", "inf", "1mi", "１", "e3", "m", "Gi",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn long_digits_keep_their_order() {
        let nines = "9".repeat(38);
        assert_eq!(number(&nines), Some(nines.clone()));
        assert!(parse_number(&format!("{nines}9")) > parse_number(&nines));
        assert_eq!(number(&"1".repeat(300)), None);
        assert_eq!(number(&format!("0.{}1", "0".repeat(100))).as_deref(), Some("0.000000001"));
    }

    #[test]
    fn computed_quantities_print_canonically() {
        let table = [
            ("1536", QuantityFormat::Binary, "1536"),
            ("2048", QuantityFormat::Binary, "2Ki"),
            ("1073741824", QuantityFormat::Binary, "1Gi"),
            ("1000", QuantityFormat::Binary, "1k"),
            ("1000", QuantityFormat::Decimal, "1k"),
            ("1500", QuantityFormat::Decimal, "1500"),
            ("0.5", QuantityFormat::Decimal, "500m"),
            ("0.0000005", QuantityFormat::Decimal, "500n"),
            ("1200000", QuantityFormat::Exponent, "1200e3"),
            ("12", QuantityFormat::Exponent, "12"),
            ("0", QuantityFormat::Binary, "0"),
            ("-2048", QuantityFormat::Binary, "-2Ki"),
        ];
        for (text, format, expected) in table {
            let number = parse_number(text).unwrap();
            assert_eq!(Quantity::computed(number, format).to_text(), expected, "{text}");
        }
        assert_eq!(Quantity::parse("1024Mi").unwrap().to_text(), "1024Mi");
    }

    proptest! {
        #[test]
        fn order_is_that_of_whole_nanos(
            a in 0u64..1_000_000_000_000, b in 0u64..1_000_000_000_000, i in 0usize..8, j in 0usize..8,
        ) {
            let suffixes = [
                ("n", 1u128), ("u", 1_000), ("m", 1_000_000), ("", 1_000_000_000), ("k", 1_000_000_000_000),
                ("M", 1_000_000_000_000_000), ("Ki", 1024 * 1_000_000_000), ("Mi", 1024 * 1024 * 1_000_000_000),
            ];
            let left = parse_number(&format!("{a}{}", suffixes[i].0)).unwrap();
            let right = parse_number(&format!("{b}{}", suffixes[j].0)).unwrap();
            let expected = (u128::from(a) * suffixes[i].1).cmp(&(u128::from(b) * suffixes[j].1));
            prop_assert_eq!(left.cmp(&right), expected);
        }

        #[test]
        fn both_roads_agree(text in "[+-]?[0-9]{0,22}(\\.[0-9]{0,22})?(n|u|m||k|M|G|E|Ki|Gi|Ei|e-?[0-9])") {
            // The road of few digits must give what the road of all digits gives.
            if let Some((short, format)) = parse_quantity(&text) {
                let padded = format!("{}{}", if text.starts_with('-') { "-" } else { "" }, "0".repeat(30));
                let long = format!("{padded}{}", text.trim_start_matches(['+', '-']));
                prop_assert_eq!(parse_quantity(&long), Some((short, format)));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _ = parse_number(&text);
        }
    }
}
