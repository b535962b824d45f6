//! Points in time: RFC 3339 text, and the order of what it says.

use std::fmt;

use super::calendar::{civil_from_days, days_from_civil, days_in_month};

/// A moment, to the nanosecond. The order is that of time; the zone it was written in is gone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Time {
    /// Seconds since 1970-01-01T00:00:00Z.
    seconds: i64,
    /// Below 1 000 000 000.
    nanoseconds: u32,
}

const NANOS_PER_SECOND: i128 = 1_000_000_000;

impl Time {
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> Time {
        Time {
            seconds: seconds.saturating_add(i64::from(nanoseconds / 1_000_000_000)),
            nanoseconds: nanoseconds % 1_000_000_000,
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Reads `2027-01-31T12:00:00.5Z` or with an offset `+02:00`; `None` if it is not RFC 3339.
    pub fn parse(text: &str) -> Option<Time> {
        let bytes = text.as_bytes();
        let number = |start: usize, len: usize| -> Option<i64> {
            let digits = bytes.get(start..start + len)?;
            if !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
            Some(digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
        };
        let is = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
        if !(is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':')) {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
        let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let mut at = 19;
        let mut nanoseconds = 0u32;
        if is(at, b'.') || is(at, b',') {
            let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            // What is finer than a nanosecond is cut off.
            for place in 0..9 {
                let digit = if place < digits { bytes[at + 1 + place] - b'0' } else { 0 };
                nanoseconds = nanoseconds * 10 + u32::from(digit);
            }
            at += 1 + digits;
        }
        let offset = match bytes.get(at)? {
            b'Z' if bytes.len() == at + 1 => 0,
            sign @ (b'+' | b'-') if bytes.len() == at + 6 && is(at + 3, b':') => {
                let (hours, minutes) = (number(at + 1, 2)?, number(at + 4, 2)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
            }
            _ => return None,
        };
        let seconds =
            days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
        Some(Time { seconds, nanoseconds })
    }

    /// The nanoseconds from `earlier` to this moment; `None` beyond 64 bits (292 years).
    pub fn since(self, earlier: Time) -> Option<i64> {
        i64::try_from(self.total() - earlier.total()).ok()
    }

    /// The moment so many nanoseconds later; `None` outside the years that text can say.
    pub fn plus(self, nanoseconds: i64) -> Option<Time> {
        let total = self.total() + i128::from(nanoseconds);
        let seconds = i64::try_from(total.div_euclid(NANOS_PER_SECOND)).ok()?;
        // 0000-01-01 up to 10000-01-01.
        if !(-62_167_219_200..253_402_300_800).contains(&seconds) {
            return None;
        }
        Some(Time { seconds, nanoseconds: total.rem_euclid(NANOS_PER_SECOND) as u32 })
    }

    fn total(self) -> i128 {
        i128::from(self.seconds) * NANOS_PER_SECOND + i128::from(self.nanoseconds)
    }
}

/// RFC 3339 in UTC, with as many decimal places as it has.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(86_400));
        let second = self.seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanoseconds > 0 {
            let fraction = format!("{:09}", self.nanoseconds);
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_their_seconds() {
        let table = [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:30:45Z", 951_827_445),
            ("2027-01-31T12:00:00Z", 1_801_396_800),
            ("2027-01-31T12:00:00+02:00", 1_801_389_600),
            ("2027-01-31T12:00:00-05:30", 1_801_416_600),
            ("1969-12-31T23:59:59Z", -1),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
        ];
        for (text, seconds) in table {
            assert_eq!(Time::parse(text).map(Time::unix_seconds), Some(seconds), "{text}");
        }
        for text in [
            "",
            "2027-01-31",
            "2027-01-31 12:00:00Z",
            "2027-01-31t12:00:00z",
            "2027-02-29T00:00:00Z",
            "2027-13-01T00:00:00Z",
            "2027-01-01T24:00:00Z",
            "2027-01-01T00:00:60Z",
            "2027-01-01T00:00:00",
            "2027-01-01T00:00:00.Z",
            "2027-01-01T00:00:00+2:00",
            "2027-01-01T00:00:00Zx",
            "+027-01-01T00:00:00Z",
            "2027-01-01T00:00:00é",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn text_comes_back() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59.5Z",
            "1600-12-31T01:02:03.000000001Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(Time::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn differences_and_sums() {
        let (a, b) =
            (Time::parse("2024-01-01T00:00:00Z").unwrap(), Time::parse("2024-01-02T00:00:00.5Z").unwrap());
        assert_eq!(b.since(a), Some(86_400_500_000_000));
        assert_eq!(a.plus(86_400_500_000_000), Some(b));
        assert_eq!(b.plus(-86_400_500_000_000), Some(a));
        let (first, last) =
            (Time::parse("0000-01-01T00:00:00Z").unwrap(), Time::parse("9999-12-31T23:59:59Z").unwrap());
        assert_eq!(last.since(first), None);
        assert_eq!(last.plus(i64::MAX), None);
    }
}
