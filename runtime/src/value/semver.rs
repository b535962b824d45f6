//! Semantic Versioning 2.0.0.

use std::cmp::Ordering;
use std::fmt;

/// A version. Order and equality are those of precedence: build metadata counts for nothing.
#[derive(Clone, Debug)]
pub struct Semver {
    numbers: [u64; 3],
    /// What follows `-`, without it; empty for a release.
    pre: Box<str>,
    /// What follows `+`, without it.
    build: Box<str>,
}

impl Semver {
    /// Reads `1.2.3-rc.1+build`, strictly as the standard says; `None` for anything else, such as `v1.2.3`.
    pub fn parse(text: &str) -> Option<Semver> {
        let (rest, build) = match text.split_once('+') {
            Some((rest, build)) => (rest, identifiers(build, false)?),
            None => (text, ""),
        };
        let (core, pre) = match rest.split_once('-') {
            Some((core, pre)) => (core, identifiers(pre, true)?),
            None => (rest, ""),
        };
        let mut parts = core.split('.');
        let mut number = || numeric(parts.next()?);
        let numbers = [number()?, number()?, number()?];
        if parts.next().is_some() {
            return None;
        }
        Some(Semver { numbers, pre: pre.into(), build: build.into() })
    }

    /// As [`Semver::parse`], after dropping a leading `v` and filling up missing numbers: `v1.2` is 1.2.0.
    pub fn parse_lenient(text: &str) -> Option<Semver> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let core_len = text.find(['-', '+']).unwrap_or(text.len());
        let (core, rest) = text.split_at(core_len);
        let filling = match core.split('.').count() {
            1 => ".0.0",
            2 => ".0",
            _ => "",
        };
        // Leading zeros (`1.02`) are common in tags and say the same number.
        let core: Option<Vec<String>> =
            core.split('.').map(|part| Some(lenient(part)?.to_string())).collect();
        Semver::parse(&format!("{}{filling}{rest}", core?.join(".")))
    }

    /// The place in the order: smaller versions come first.
    pub fn precedence(&self, other: &Semver) -> Ordering {
        let by_numbers = self.numbers.cmp(&other.numbers);
        if by_numbers != Ordering::Equal {
            return by_numbers;
        }
        match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let (mut a, mut b) = (self.pre.split('.'), other.pre.split('.'));
        loop {
            match (a.next(), b.next()) {
                (None, None) => return Ordering::Equal,
                (None, Some(_)) => return Ordering::Less,
                (Some(_), None) => return Ordering::Greater,
                (Some(a), Some(b)) => match compare_identifiers(a, b) {
                    Ordering::Equal => {}
                    other => return other,
                },
            }
        }
    }
}

fn numeric(text: &str) -> Option<u64> {
    if text.len() > 1 && text.starts_with('0') {
        return None;
    }
    lenient(text)
}

fn lenient(text: &str) -> Option<u64> {
    // `parse` alone would take a plus sign.
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn is_numeric(identifier: &str) -> bool {
    identifier.bytes().all(|byte| byte.is_ascii_digit())
}

/// The text, if it is a list of identifiers with points between them.
fn identifiers(text: &str, no_leading_zeros: bool) -> Option<&str> {
    let valid = text.split('.').all(|identifier| {
        !identifier.is_empty()
            && identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !(no_leading_zeros
                && identifier.len() > 1
                && identifier.starts_with('0')
                && is_numeric(identifier))
    });
    valid.then_some(text)
}

/// Numeric identifiers by number and before others, which go by their bytes.
fn compare_identifiers(a: &str, b: &str) -> Ordering {
    match (is_numeric(a), is_numeric(b)) {
        // Without leading zeros the longer number is the larger one, however long.
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

impl PartialEq for Semver {
    fn eq(&self, other: &Semver) -> bool {
        self.precedence(other) == Ordering::Equal
    }
}

impl fmt::Display for Semver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.build.is_empty() {
            write!(f, "+{}", self.build)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_the_standard() {
        let sorted = [
            "0.0.1",
            "1.0.0-0",
            "1.0.0-9",
            "1.0.0-10",
            "1.0.0-99999999999999999999999",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "1.10.0",
            "2.0.0",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                let (a, b) = (Semver::parse(a).unwrap(), Semver::parse(b).unwrap());
                assert_eq!(a.precedence(&b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(Semver::parse("1.0.0+a").unwrap(), Semver::parse("1.0.0+b").unwrap());
    }

    #[test]
    fn only_the_standard_is_read() {
        for text in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "v1.2.3",
            "01.2.3",
            "1.2.3-",
            "1.2.3+",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3-é",
            "+1.2.3",
            "1.+2.3",
            "1.2.3 ",
            "99999999999999999999.0.0",
        ] {
            assert!(Semver::parse(text).is_none(), "{text}");
        }
        for text in ["1.2.3", "1.2.3-0a", "1.2.3--", "1.2.3+01", "1.2.3-a.b+c.d", "0.0.0"] {
            assert_eq!(Semver::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn lenient_versions() {
        for (text, expected) in [
            ("v1.2", "1.2.0"),
            ("1", "1.0.0"),
            ("V1.2.3-rc.1", "1.2.3-rc.1"),
            ("1.2-rc1", "1.2.0-rc1"),
            ("1.02.3", "1.2.3"),
        ] {
            assert_eq!(Semver::parse_lenient(text).unwrap().to_string(), expected);
        }
        for text in ["", "v", "latest", "1.2.3.4", "1..2"] {
            assert!(Semver::parse_lenient(text).is_none(), "{text}");
        }
    }
}
