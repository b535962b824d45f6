//! Points in time with their zone, and the layouts that Go reads them by: `2006-01-02T15:04:05Z07:00`.
//!
//! Source of the rules: Go's package `time`. The machine's own zone is UTC here, as it is where Kyverno runs.

use aipc_runtime::value::calendar::{civil_from_days, days_from_civil, days_in_month};

pub(super) const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

const NANOS: i128 = 1_000_000_000;
/// Seconds from the first second of the year 1 to that of 1970.
const YEAR_ONE: i64 = -62_135_596_800;

/// A point in time as some zone's clock shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Moment {
    /// Since 1970-01-01T00:00:00Z.
    seconds: i64,
    /// Below 1 000 000 000.
    nanoseconds: u32,
    /// Seconds that its clock is ahead of UTC.
    offset: i64,
}

/// What a clock and a calendar show.
pub(super) struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    /// Sunday is 0.
    pub weekday: i64,
}

impl Moment {
    pub fn from_unix(seconds: i64) -> Moment {
        Moment { seconds, nanoseconds: 0, offset: 0 }
    }

    /// Nanoseconds since 1970.
    pub fn total(self) -> i128 {
        i128::from(self.seconds) * NANOS + i128::from(self.nanoseconds)
    }

    pub fn plus(self, nanoseconds: i128) -> Moment {
        let total = self.total() + nanoseconds;
        Moment {
            seconds: total.div_euclid(NANOS) as i64,
            nanoseconds: total.rem_euclid(NANOS) as u32,
            ..self
        }
    }

    /// Nanoseconds from an earlier point to this one, as many as fit.
    pub fn since(self, earlier: Moment) -> i64 {
        let difference = self.total() - earlier.total();
        difference.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    pub fn in_utc(self) -> Moment {
        Moment { offset: 0, ..self }
    }

    /// Down to a multiple of so many nanoseconds since the year 1; as it is where that is no length.
    pub fn truncated(self, unit: i64) -> Moment {
        if unit <= 0 {
            return self;
        }
        let since_year_one = self.total() - i128::from(YEAR_ONE) * NANOS;
        self.plus(-since_year_one.rem_euclid(unit.into()))
    }

    pub fn civil(self) -> Civil {
        let local = self.seconds + self.offset;
        let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            weekday: (days + 4).rem_euclid(7),
        }
    }

    /// Without what is finer than seconds.
    pub fn to_rfc3339(self) -> String {
        let Civil { year, month, day, hour, minute, second, .. } = self.civil();
        let sign = if year < 0 { "-" } else { "" };
        let year = year.unsigned_abs();
        let clock = format!("{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if self.offset == 0 {
            return clock + "Z";
        }
        let minutes = self.offset / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{clock}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }
}

/// What a layout has at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Element {
    LongYear,
    Year,
    LongMonth,
    Month,
    /// Whether two digits have to be there.
    NumericMonth(bool),
    LongWeekday,
    Weekday,
    Day {
        fixed: bool,
        padded: bool,
    },
    YearDay {
        fixed: bool,
    },
    Hour,
    Hour12(bool),
    Minute(bool),
    Second(bool),
    /// The words for the halves of the day.
    Half([&'static str; 2]),
    ZoneName,
    Offset {
        zulu: bool,
        colons: bool,
        minutes: bool,
        seconds: bool,
    },
    /// So many digits, or as many as there are.
    Fraction {
        digits: usize,
        exact: bool,
    },
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The text before the first element of a layout, the element, and the rest.
fn next_element(layout: &[u8]) -> (&[u8], Option<Element>, &[u8]) {
    for at in 0..layout.len() {
        let rest = &layout[at..];
        if let Some((element, literal, len)) = element_at(rest) {
            return (&layout[..at + literal], Some(element), &rest[len..]);
        }
    }
    (layout, None, b"")
}

/// The element that a text begins with, bytes of it that are no part of the element, and bytes up to its end.
fn element_at(text: &[u8]) -> Option<(Element, usize, usize)> {
    const OFFSETS: [(&str, bool, bool, bool); 5] = [
        ("070000", false, true, true),
        ("07:00:00", true, true, true),
        ("0700", false, true, false),
        ("07:00", true, true, false),
        ("07", false, false, false),
    ];
    let is = |word: &str| text.starts_with(word.as_bytes());
    let is_word_end = |at: usize| !text.get(at).is_some_and(u8::is_ascii_lowercase);
    let found = |element, len| Some((element, 0, len));
    match text.first()? {
        b'J' if is("January") => found(Element::LongMonth, 7),
        b'J' if is("Jan") && is_word_end(3) => found(Element::Month, 3),
        b'M' if is("Monday") => found(Element::LongWeekday, 6),
        b'M' if is("Mon") && is_word_end(3) => found(Element::Weekday, 3),
        b'M' if is("MST") => found(Element::ZoneName, 3),
        b'0' => match text.get(1)? {
            b'1' => found(Element::NumericMonth(true), 2),
            b'2' => found(Element::Day { fixed: true, padded: false }, 2),
            b'3' => found(Element::Hour12(true), 2),
            b'4' => found(Element::Minute(true), 2),
            b'5' => found(Element::Second(true), 2),
            b'6' => found(Element::Year, 2),
            b'0' if is("002") => found(Element::YearDay { fixed: true }, 3),
            _ => None,
        },
        b'1' if is("15") => found(Element::Hour, 2),
        b'1' => found(Element::NumericMonth(false), 1),
        b'2' if is("2006") => found(Element::LongYear, 4),
        b'2' => found(Element::Day { fixed: false, padded: false }, 1),
        b'_' if is("_2006") => Some((Element::LongYear, 1, 5)),
        b'_' if is("_2") => found(Element::Day { fixed: false, padded: true }, 2),
        b'_' if is("__2") => found(Element::YearDay { fixed: false }, 3),
        b'3' => found(Element::Hour12(false), 1),
        b'4' => found(Element::Minute(false), 1),
        b'5' => found(Element::Second(false), 1),
        b'P' if is("PM") => found(Element::Half(["AM", "PM"]), 2),
        b'p' if is("pm") => found(Element::Half(["am", "pm"]), 2),
        sign @ (b'-' | b'Z') => {
            let form = OFFSETS.iter().find(|(form, ..)| text[1..].starts_with(form.as_bytes()));
            let (form, colons, minutes, seconds) = *form?;
            found(Element::Offset { zulu: *sign == b'Z', colons, minutes, seconds }, 1 + form.len())
        }
        b'.' | b',' => {
            let digit = *text.get(1).filter(|digit| matches!(digit, b'0' | b'9'))?;
            let digits = text[1..].iter().take_while(|byte| **byte == digit).count();
            if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            found(Element::Fraction { digits, exact: digit == b'0' }, 1 + digits)
        }
        _ => None,
    }
}

/// What is read while a text is gone through.
#[derive(Default)]
struct Read {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    /// Whether it is the second half of the day.
    half: Option<bool>,
    is_utc: bool,
    offset: Option<i64>,
    zone: Option<String>,
}

/// The point that a text says in a layout.
pub(super) fn parse(layout: &str, text: &str) -> Option<Moment> {
    let (mut layout, mut value) = (layout.as_bytes(), text.as_bytes());
    let mut read = Read::default();
    loop {
        let (prefix, element, rest) = next_element(layout);
        value = skip(value, prefix)?;
        let Some(element) = element else {
            return if value.is_empty() { read.finish() } else { None };
        };
        layout = rest;
        value = read.element(element, value, layout)?;
    }
}

impl Read {
    /// Reads an element from the beginning of a text; what is left of it.
    fn element<'t>(&mut self, element: Element, value: &'t [u8], layout: &[u8]) -> Option<&'t [u8]> {
        let in_range = |number: i64, range: std::ops::Range<i64>| range.contains(&number).then_some(number);
        Some(match element {
            Element::Year => {
                let (digits, rest) = value.split_at_checked(2)?;
                let year = integer(digits)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
                rest
            }
            Element::LongYear => {
                let (digits, rest) = value.split_at_checked(4)?;
                if !digits[0].is_ascii_digit() {
                    return None;
                }
                self.year = integer(digits)?;
                rest
            }
            Element::LongMonth => {
                let (at, rest) = name(&MONTHS, usize::MAX, value)?;
                self.month = Some(at + 1);
                rest
            }
            Element::Month => {
                let (at, rest) = name(&MONTHS, 3, value)?;
                self.month = Some(at + 1);
                rest
            }
            Element::NumericMonth(fixed) => {
                let (number, rest) = number(value, fixed)?;
                self.month = Some(in_range(number, 1..13)?);
                rest
            }
            Element::LongWeekday => name(&WEEKDAYS, usize::MAX, value)?.1,
            Element::Weekday => name(&WEEKDAYS, 3, value)?.1,
            Element::Day { fixed, padded } => {
                let value = if padded { value.strip_prefix(b" ").unwrap_or(value) } else { value };
                let (number, rest) = number(value, fixed)?;
                self.day = Some(number);
                rest
            }
            Element::YearDay { fixed } => {
                let unpadded = |value: &'t [u8]| value.strip_prefix(b" ").unwrap_or(value);
                let value = if fixed { value } else { unpadded(unpadded(value)) };
                let digits = value.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
                if digits == 0 || fixed && digits != 3 {
                    return None;
                }
                self.year_day = Some(integer(&value[..digits])?);
                &value[digits..]
            }
            Element::Hour => {
                let (number, rest) = number(value, false)?;
                self.hour = in_range(number, 0..24)?;
                rest
            }
            Element::Hour12(fixed) => {
                let (number, rest) = number(value, fixed)?;
                self.hour = in_range(number, 0..13)?;
                rest
            }
            Element::Minute(fixed) => {
                let (number, rest) = number(value, fixed)?;
                self.minute = in_range(number, 0..60)?;
                rest
            }
            Element::Second(fixed) => {
                let (number, rest) = number(value, fixed)?;
                self.second = in_range(number, 0..60)?;
                // A fraction may follow though the layout does not have one.
                let digits = fraction_digits(rest);
                if digits == 0 || matches!(next_element(layout).1, Some(Element::Fraction { .. })) {
                    return Some(rest);
                }
                self.fraction(rest, digits)?
            }
            Element::Half(words) => {
                let (word, rest) = value.split_at_checked(2)?;
                let at = words.iter().position(|it| it.as_bytes() == word)?;
                // Of contradicting halves the second one counts.
                self.half = Some(at == 1 || self.half == Some(true));
                rest
            }
            Element::ZoneName => match value.strip_prefix(b"UTC") {
                Some(rest) => {
                    self.is_utc = true;
                    rest
                }
                None => {
                    let (zone, rest) = value.split_at(zone_name_len(value)?);
                    self.zone = Some(String::from_utf8_lossy(zone).into_owned());
                    rest
                }
            },
            Element::Offset { zulu: true, .. } if value.first() == Some(&b'Z') => {
                self.is_utc = true;
                &value[1..]
            }
            Element::Offset { colons, minutes, seconds, .. } => {
                self.offset(value, colons, minutes, seconds)?
            }
            Element::Fraction { digits, exact: true } => self.fraction(value, digits)?,
            Element::Fraction { exact: false, .. } => match fraction_digits(value) {
                0 => value,
                digits => self.fraction(value, digits)?,
            },
        })
    }

    /// A point or comma with so many digits; what is finer than nanoseconds is cut off.
    fn fraction<'t>(&mut self, value: &'t [u8], digits: usize) -> Option<&'t [u8]> {
        let (fraction, rest) = value.split_at_checked(1 + digits)?;
        if !matches!(fraction[0], b'.' | b',') {
            return None;
        }
        let kept = digits.min(9);
        let number = integer(&fraction[1..=kept])?;
        self.nanoseconds = u32::try_from(number).ok()? * 10u32.pow(9 - kept as u32);
        Some(rest)
    }

    fn offset<'t>(
        &mut self,
        value: &'t [u8],
        colons: bool,
        minutes: bool,
        seconds: bool,
    ) -> Option<&'t [u8]> {
        let sign = match value.first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let mut rest = &value[1..];
        let mut total = 0;
        for (is_there, max) in [(true, 24), (minutes, 60), (seconds, 60)] {
            total *= 60;
            if !is_there {
                continue;
            }
            if colons && max == 60 {
                rest = rest.strip_prefix(b":")?;
            }
            let digits = rest.get(..2)?;
            if !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
            total += integer(digits).filter(|number| *number <= max)?;
            rest = &rest[2..];
        }
        // Go: -1 says that there is none.
        self.offset = Some(sign * total).filter(|offset| *offset != -1);
        Some(rest)
    }

    fn finish(self) -> Option<Moment> {
        let hour = match self.half {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let (month, day) = match self.year_day {
            Some(year_day) => {
                let (month, day) = month_and_day(self.year, year_day)?;
                if self.month.is_some_and(|it| it != month) || self.day.is_some_and(|it| it != day) {
                    return None;
                }
                (month, day)
            }
            None => (self.month.unwrap_or(1), self.day.unwrap_or(1)),
        };
        if day < 1 || day > days_in_month(self.year, month) {
            return None;
        }
        let days = days_from_civil(self.year, month, day);
        let seconds = days * 86_400 + hour * 3600 + self.minute * 60 + self.second;
        let moment = Moment { seconds, nanoseconds: self.nanoseconds, offset: 0 };
        if self.is_utc {
            return Some(moment);
        }
        if let Some(offset) = self.offset {
            return Some(Moment { seconds: seconds - offset, offset, ..moment });
        }
        // A name says nothing about the clock, but for the hours after GMT, which do not move the point.
        let hours = self.zone.as_deref().and_then(|zone| zone.strip_prefix("GMT")?.parse::<i64>().ok());
        Some(Moment { offset: hours.unwrap_or(0) * 3600, ..moment })
    }
}

/// What follows a prefix; spaces are as many as there are.
fn skip<'t>(mut value: &'t [u8], mut prefix: &[u8]) -> Option<&'t [u8]> {
    let spaces = |text: &[u8]| text.iter().take_while(|byte| **byte == b' ').count();
    while let Some(first) = prefix.first() {
        if *first == b' ' {
            if value.first().is_some_and(|byte| *byte != b' ') {
                return None;
            }
            prefix = &prefix[spaces(prefix)..];
            value = &value[spaces(value)..];
            continue;
        }
        if value.first() != Some(first) {
            return None;
        }
        prefix = &prefix[1..];
        value = &value[1..];
    }
    Some(value)
}

/// Digits with a sign at most.
fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// One or two digits, two if that is fixed.
fn number(value: &[u8], fixed: bool) -> Option<(i64, &[u8])> {
    let digits = value.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || fixed && digits == 1 {
        return None;
    }
    Some((integer(&value[..digits])?, &value[digits..]))
}

/// Which of the names a text begins with, in any case, and the rest.
fn name<'t>(names: &[&str], len: usize, value: &'t [u8]) -> Option<(i64, &'t [u8])> {
    names.iter().enumerate().find_map(|(at, name)| {
        let name = &name.as_bytes()[..len.min(name.len())];
        let found = value.get(..name.len())?.eq_ignore_ascii_case(name);
        found.then(|| (at as i64, &value[name.len()..]))
    })
}

/// How many digits of a fraction a text begins with.
fn fraction_digits(value: &[u8]) -> usize {
    match value.first() {
        Some(b'.' | b',') => value[1..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    }
}

/// How long the name of a zone is that a text begins with.
fn zone_name_len(value: &[u8]) -> Option<usize> {
    if value.len() < 3 {
        return None;
    }
    if value.starts_with(b"ChST") || value.starts_with(b"MeST") {
        return Some(4);
    }
    if value.starts_with(b"GMT") {
        return Some(3 + signed_hours_len(&value[3..]));
    }
    if matches!(value[0], b'+' | b'-') {
        return Some(signed_hours_len(value)).filter(|len| *len > 0);
    }
    match value.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 if value[4] == b'T' => Some(5),
        4 if value[3] == b'T' || value.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// How long a sign with up to 23 hours is; 0 if there is none.
fn signed_hours_len(value: &[u8]) -> usize {
    let Some((b'+' | b'-', rest)) = value.split_first() else { return 0 };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match integer(&rest[..digits]) {
        Some(0..=23) => 1 + digits,
        _ => 0,
    }
}

/// Of the day of a year, from 1 on.
fn month_and_day(year: i64, year_day: i64) -> Option<(i64, i64)> {
    let (found, month, day) = civil_from_days(days_from_civil(year, 1, 1) + year_day - 1);
    (found == year).then_some((month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(layout: &str, text: &str) -> Option<String> {
        parse(layout, text).map(Moment::to_rfc3339)
    }

    #[test]
    fn layouts_and_texts() {
        for (layout, text, expected) in [
            (RFC3339, "2024-02-29T23:59:59.5+02:30", "2024-02-29T23:59:59+02:30"),
            (RFC3339, "2024-02-29T3:04:05,5Z", "2024-02-29T03:04:05Z"),
            ("Mon Jan _2 15:04:05 MST 2006", "Thu Feb  4 21:00:57 PST 2010", "2010-02-04T21:00:57Z"),
            (
                "Mon, 02 Jan 2006 15:04:05 -0700",
                "mon, 01 JAN 2024 00:00:00 -0800",
                "2024-01-01T00:00:00-08:00",
            ),
            ("3:04PM", "12:15AM", "0000-01-01T00:15:00Z"),
            ("2006 002", "2024 060", "2024-02-29T00:00:00Z"),
            ("02 Jan 06 15:04 MST", "01 Jan 68 00:00 GMT+3", "2068-01-01T03:00:00+03:00"),
            ("2006-01-02 15:04:05.000", "2024-01-01 00:00:00.123", "2024-01-01T00:00:00Z"),
            ("_2006", "_2024", "2024-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(layout, text).as_deref(), Some(expected), "{layout} {text}");
        }
        for (layout, text) in [
            (RFC3339, "2024-02-30T00:00:00Z"),
            (RFC3339, "2024-01-01T24:00:00Z"),
            (RFC3339, "2024-01-01"),
            ("2006", "24"),
            ("2006 002", "2023 366"),
            ("Jan", "Foo"),
        ] {
            assert_eq!(read(layout, text), None, "{layout} {text}");
        }
    }
}
