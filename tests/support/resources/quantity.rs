//! Amounts as Kubernetes writes them, for values of equal or almost equal amount.

use serde_json::{Value, json};

/// Units of a thousand-millionth, the finest step that Kubernetes keeps.
pub type Nano = i128;

const ONE: Nano = 1_000_000_000;

const SUFFIXES: [(&str, Nano); 15] = [
    ("Ki", ONE << 10),
    ("Mi", ONE << 20),
    ("Gi", ONE << 30),
    ("Ti", ONE << 40),
    ("Pi", ONE << 50),
    ("n", 1),
    ("u", 1_000),
    ("m", 1_000_000),
    ("k", ONE * 1_000),
    ("M", ONE * 1_000_000),
    ("G", ONE * 1_000_000_000),
    ("T", ONE * 1_000_000_000_000),
    ("P", ONE * 1_000_000_000_000_000),
    ("E", ONE * 1_000_000_000_000_000_000),
    ("", ONE),
];

/// None for what is not a quantity, or an amount beyond what tests use.
pub fn parse(text: &str) -> Option<Nano> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c)).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let exponent = suffix.strip_prefix(['e', 'E']).and_then(|exponent| exponent.parse::<u32>().ok());
    let unit = match exponent {
        Some(exponent) => ONE.checked_mul(10i128.checked_pow(exponent)?)?,
        None => SUFFIXES.iter().find(|(known, _)| *known == suffix)?.1,
    };
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.len() > 9 {
        return None;
    }
    let number: Nano = format!("{whole}{fraction}").parse().ok()?;
    let amount = number.checked_mul(unit)?;
    let divisor = 10i128.pow(fraction.len() as u32);
    (amount % divisor == 0).then_some(sign * amount / divisor)
}

/// Every way to write an amount that this file knows, numbers included; the plain one is first.
pub fn spellings(amount: Nano) -> Vec<Value> {
    let mut spellings = Vec::new();
    for (suffix, unit) in SUFFIXES.iter().rev() {
        if amount % unit == 0 && (amount != 0 || ["", "m", "Gi"].contains(suffix)) {
            spellings.push(json!(format!("{}{suffix}", amount / unit)));
        }
    }
    if amount % ONE == 0 {
        let whole = amount / ONE;
        spellings.push(json!(format!("{whole}.0")));
        spellings.push(json!(format!("{whole}e0")));
        spellings.extend(
            i64::try_from(whole).ok().filter(|whole| whole.abs() < 1 << 53).map(|whole| json!(whole)),
        );
        if whole % 1000 == 0 {
            spellings.push(json!(format!("{}E3", whole / 1000)));
        }
    } else if amount > 0 && amount % 1_000_000 == 0 {
        let milli = amount / 1_000_000;
        let decimal = format!("{}.{:03}", milli / 1000, milli % 1000);
        let short = decimal.trim_end_matches('0').to_owned();
        spellings.extend(short.parse::<f64>().ok().map(|number| json!(number)));
        spellings.push(json!(short));
        spellings.push(json!(decimal));
    }
    spellings
}

/// The amount of a quantity as a document has it, a string or a number.
pub fn amount_of(value: &Value) -> Option<Nano> {
    match value {
        Value::String(text) => parse(text),
        Value::Number(number) => parse(&number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[test]
fn amounts_are_read() {
    for (text, amount) in [
        ("0", Some(0)),
        ("500m", Some(ONE / 2)),
        ("0.5", Some(ONE / 2)),
        (".5", Some(ONE / 2)),
        ("1Ki", Some(1024 * ONE)),
        ("2e3", Some(2000 * ONE)),
        ("1E", Some(ONE * 1_000_000_000_000_000_000)),
        ("-1", Some(-ONE)),
        ("", None),
        ("abc", None),
        ("1Gb", None),
    ] {
        assert_eq!(parse(text), amount, "{text}");
    }
}

#[test]
fn every_spelling_is_the_same_amount() {
    for text in ["0", "500m", "1", "1Gi", "1G", "1001m", "2e9", "100m", "64Gi"] {
        let amount = parse(text).unwrap();
        let spellings = spellings(amount);
        assert!(spellings.len() >= 3, "{text}: {spellings:?}");
        for spelling in spellings {
            assert_eq!(amount_of(&spelling), Some(amount), "{text} as {spelling}");
        }
    }
}
