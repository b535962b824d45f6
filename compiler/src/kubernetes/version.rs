//! Kubernetes versions: the minor releases whose shapes are known.

use std::fmt;

/// A minor release of Kubernetes, `1.30` to `1.37`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Version {
    minor: u8,
}

impl Version {
    /// The oldest release with known shapes.
    pub const OLDEST: Version = Version { minor: 30 };
    /// The newest release with known shapes, and the default.
    pub const NEWEST: Version = Version { minor: 37 };

    /// Reads `1.33`, `v1.33` or `1.33.5`; nothing for text that is no version, or not one of the known ones.
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next());
        if major != "1" || parts.next().is_some() || patch.is_some_and(|it| it.parse::<u32>().is_err()) {
            return None;
        }
        Version::from_minor(minor.parse().ok()?)
    }

    /// The release `1.minor`, if its shapes are known.
    pub fn from_minor(minor: u8) -> Option<Version> {
        (Version::OLDEST.minor..=Version::NEWEST.minor).contains(&minor).then_some(Version { minor })
    }

    /// The `33` of `1.33`.
    pub fn minor(self) -> u8 {
        self.minor
    }

    /// All known releases, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Version> {
        (Version::OLDEST.minor..=Version::NEWEST.minor).map(|minor| Version { minor })
    }
}

impl Default for Version {
    fn default() -> Version {
        Version::NEWEST
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

/// The releases in which something exists: one bit for each known release, the lowest for the oldest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Releases(pub u8);

impl Releases {
    pub(crate) fn contains(self, version: Version) -> bool {
        self.0 & (1 << (version.minor - Version::OLDEST.minor)) != 0
    }

    pub(crate) fn union(self, other: Releases) -> Releases {
        Releases(self.0 | other.0)
    }

    /// The first known release that has it: [`Version::OLDEST`] for what is older still.
    pub(crate) fn since(self) -> Version {
        Version { minor: Version::OLDEST.minor + self.0.trailing_zeros().min(7) as u8 }
    }

    /// The release that no longer has it; nothing while the newest has it.
    pub(crate) fn removed(self) -> Option<Version> {
        let last = 7u8.saturating_sub(self.0.leading_zeros() as u8);
        Version::from_minor(Version::OLDEST.minor + last + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_people_write_them() {
        assert_eq!(Version::parse("1.33").map(Version::minor), Some(33));
        assert_eq!(Version::parse("v1.30.14"), Some(Version::OLDEST));
        for text in ["", "1", "1.29", "1.99", "2.30", "1.33.x", "1.33.1.1", "latest"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        assert_eq!(Version::NEWEST.to_string(), "1.37");
        assert_eq!(Version::all().count(), 8);
    }

    #[test]
    fn releases_tell_first_and_last() {
        let from_32_to_34 = Releases(0b0001_1100);
        assert_eq!(from_32_to_34.since().minor(), 32);
        assert_eq!(from_32_to_34.removed().map(Version::minor), Some(35));
        assert_eq!(Releases(u8::MAX).removed(), None);
        assert_eq!(Releases(u8::MAX).since(), Version::OLDEST);
        assert!(from_32_to_34.contains(Version::from_minor(34).unwrap()));
        assert!(!from_32_to_34.contains(Version::NEWEST));
    }
}
