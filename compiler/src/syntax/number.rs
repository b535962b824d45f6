//! What kind of literal a run of digits and letters is: `3`, `0.25`, `500m`, `1h30min`, `50%`.

use super::token::Tok;

const QUANTITY_SUFFIXES: &[&str] =
    &["n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DURATION_UNITS: &[&str] = &["ns", "us", "ms", "s", "min", "h", "d", "w"];

/// The kind of `text`, which begins with a digit; `None` when it is no literal of the language.
pub fn classify(text: &str) -> Option<Tok> {
    if let Some(number) = text.strip_suffix('%') {
        return plain_number(number).map(|_| Tok::Percent);
    }
    if let Some(kind) = plain_number(text) {
        return Some(kind);
    }
    let (number, unit) = split_unit(text)?;
    plain_number(number)?;
    if QUANTITY_SUFFIXES.contains(&unit) {
        return Some(Tok::Quantity);
    }
    is_duration(text).then_some(Tok::Duration)
}

/// The literal a person most likely meant by `text`, which has no kind: another case of the unit.
pub fn suggestion(text: &str) -> Option<String> {
    let (number, unit) = split_unit(text)?;
    plain_number(number)?;
    let meant = match unit {
        "K" => "k",
        "ki" | "KI" | "kI" | "KiB" | "KB" => "Ki",
        "mi" | "MI" | "MiB" | "MB" => "Mi",
        "gi" | "GI" | "GiB" | "GB" => "Gi",
        "ti" | "TI" | "TiB" | "TB" => "Ti",
        "g" => "G",
        "sec" | "secs" | "second" | "seconds" | "S" => "s",
        "mins" | "minute" | "minutes" => "min",
        "hr" | "hrs" | "hour" | "hours" | "H" => "h",
        "day" | "days" | "D" => "d",
        "week" | "weeks" | "W" => "w",
        _ => return None,
    };
    Some(format!("{number}{meant}"))
}

/// The literal that a number and a unit with a space between them are meant for: `3 days`, `64 Gi`.
pub fn with_unit(number: &str, unit: &str) -> Option<String> {
    let joined = format!("{number}{unit}");
    match classify(&joined) {
        Some(Tok::Quantity | Tok::Duration) => Some(joined),
        _ => suggestion(&joined),
    }
}

fn split_unit(text: &str) -> Option<(&str, &str)> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    Some(text.split_at(at))
}

/// `3`, `1_000`: int. `0.25`, `1e6`, `1e-6`: float.
fn plain_number(text: &str) -> Option<Tok> {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent_is_good = exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e), false));
    if !digits(whole, true) || !fraction.is_none_or(|f| digits(f, true)) || !exponent_is_good {
        return None;
    }
    Some(if fraction.is_none() && exponent.is_none() { Tok::Int } else { Tok::Float })
}

/// Digits, with single underscores between them where those are allowed.
fn digits(text: &str, underscores: bool) -> bool {
    let bytes = text.as_bytes();
    let bad = |(i, b): (usize, &u8)| match b {
        b'0'..=b'9' => false,
        b'_' => !underscores || i == 0 || i + 1 == bytes.len() || bytes[i - 1] == b'_',
        _ => true,
    };
    !bytes.is_empty() && !bytes.iter().enumerate().any(bad)
}

/// `1h30min`: numbers with units, repeated.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let Some((number, after)) = split_unit(rest) else { return false };
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let number_is_plain = !number.contains('e') && plain_number(number).is_some();
        if !number_is_plain || !DURATION_UNITS.contains(&unit) {
            return false;
        }
        rest = next;
    }
    true
}

/// Whether `text` begins as a date does.
pub fn looks_like_date(text: &str) -> bool {
    text.get(..10).is_some_and(is_date)
}

/// Whether `text`, which has the shape of a date, is one: `2027-01-31`, `2027-01-31T12:00:00Z`.
pub fn is_date(text: &str) -> bool {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let parts: Vec<u32> = date.split('-').filter_map(|part| part.parse().ok()).collect();
    let &[year, month, day] = parts.as_slice() else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    (1..=12).contains(&month) && (1..=days).contains(&day) && time.is_none_or(is_time)
}

/// `12:00:00Z`, `12:00:00.5+02:00`
fn is_time(text: &str) -> bool {
    let zone = text.find(['Z', '+', '-']);
    let Some((clock, zone)) = zone.map(|at| text.split_at(at)) else { return false };
    let zone_is_good = zone == "Z" || clock_is_good(&zone[1..], &[23, 59]);
    let (whole, fraction) = match clock.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (clock, None),
    };
    zone_is_good && clock_is_good(whole, &[23, 59, 59]) && fraction.is_none_or(|f| digits(f, false))
}

fn clock_is_good(text: &str, limits: &[u32]) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    parts.len() == limits.len()
        && parts.iter().zip(limits).all(|(part, limit)| {
            part.len() == 2 && digits(part, false) && part.parse::<u32>().is_ok_and(|value| value <= *limit)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_have_the_kind_that_their_unit_says() {
        for (text, kind) in [
            ("3", Some(Tok::Int)),
            ("1_000", Some(Tok::Int)),
            ("0.25", Some(Tok::Float)),
            ("1e6", Some(Tok::Float)),
            ("1e-6", Some(Tok::Float)),
            ("500m", Some(Tok::Quantity)),
            ("5E", Some(Tok::Quantity)),
            ("64Gi", Some(Tok::Quantity)),
            ("5min", Some(Tok::Duration)),
            ("1h30min", Some(Tok::Duration)),
            ("7d", Some(Tok::Duration)),
            ("50%", Some(Tok::Percent)),
            ("1__0", None),
            ("1_", None),
            ("5x", None),
            ("1h30", None),
            ("1E6", None),
        ] {
            assert_eq!(classify(text), kind, "{text}");
        }
    }

    #[test]
    fn a_date_must_exist() {
        assert!(
            is_date("2028-02-29")
                && is_date("2027-01-31T12:00:00Z")
                && is_date("2027-01-31T12:00:00.5+02:00")
        );
        assert!(!is_date("2027-02-29") && !is_date("2027-13-01") && !is_date("2027-01-31T25:00:00Z"));
        assert!(!is_date("2027-01-31T12:00:00"));
    }
}
