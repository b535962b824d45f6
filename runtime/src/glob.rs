//! Globs: `*` for any characters, `?` for one, everything else for itself; the whole text has to match.
//!
//! Matching takes time by the product of the lengths at worst and never recurses; the usual forms (`a`, `a*`,
//! `*a`, `*a*`, `a*b`) are plain text searches.

use memchr::memmem;

/// A glob as a policy has it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Glob(pub Vec<GlobPart>);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum GlobPart {
    /// Plain characters.
    Text(String),
    /// `*`
    Many,
    /// `?`
    One,
    /// The text of a value; its wildcards are plain characters.
    Value,
}

impl Glob {
    /// Reads `*` and `?` of a pattern.
    pub fn parse(pattern: &str) -> Glob {
        let mut parts: Vec<GlobPart> = Vec::new();
        for c in pattern.chars() {
            match (c, parts.last_mut()) {
                ('*', _) => parts.push(GlobPart::Many),
                ('?', _) => parts.push(GlobPart::One),
                (c, Some(GlobPart::Text(text))) => text.push(c),
                (c, _) => parts.push(GlobPart::Text(c.to_string())),
            }
        }
        Glob(parts)
    }

    /// How many values its text needs.
    pub fn value_count(&self) -> usize {
        self.0.iter().filter(|part| **part == GlobPart::Value).count()
    }
}

/// A glob without values, made ready.
#[derive(Clone, Debug)]
pub enum Matcher {
    Exact(String),
    /// Begins and ends so, and is at least as long as both together.
    Ends(String, String),
    /// Has this inside.
    Contains(String),
    /// At least this many characters.
    Length(usize),
    General(Vec<Token>),
}

/// One piece of a general glob.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Token {
    Char(char),
    Many,
    One,
}

impl Matcher {
    /// A glob without values; `None` if it has some.
    pub fn new(glob: &Glob) -> Option<Matcher> {
        use GlobPart::{Many, One, Text, Value};
        if glob.0.contains(&Value) {
            return None;
        }
        // Neighbouring stars are one.
        let mut parts = glob.0.clone();
        parts.dedup_by(|a, b| *a == Many && *b == Many);
        Some(match parts.as_slice() {
            [] => Matcher::Exact(String::new()),
            [Text(text)] => Matcher::Exact(text.clone()),
            [Text(prefix), Many] => Matcher::Ends(prefix.clone(), String::new()),
            [Many, Text(suffix)] => Matcher::Ends(String::new(), suffix.clone()),
            [Text(prefix), Many, Text(suffix)] => Matcher::Ends(prefix.clone(), suffix.clone()),
            [Many, Text(inner), Many] => Matcher::Contains(inner.clone()),
            [Many] => Matcher::Length(0),
            parts if is_length(parts) => Matcher::Length(parts.iter().filter(|part| **part == One).count()),
            parts => Matcher::General(tokens(parts, &[])),
        })
    }

    pub fn matches(&self, text: &str) -> bool {
        match self {
            Matcher::Exact(exact) => text == exact,
            Matcher::Ends(prefix, suffix) => {
                text.len() >= prefix.len() + suffix.len()
                    && text.starts_with(&**prefix)
                    && text.ends_with(&**suffix)
            }
            Matcher::Contains(inner) => memmem::find(text.as_bytes(), inner.as_bytes()).is_some(),
            Matcher::Length(0) => true,
            Matcher::Length(count) => text.chars().nth(count - 1).is_some(),
            Matcher::General(tokens) => matches(tokens, text),
        }
    }

    /// The steps that a match on a text of so many bytes may take.
    pub fn cost(&self, text_len: usize) -> u64 {
        match self {
            Matcher::General(tokens) => (text_len as u64).saturating_mul(tokens.len() as u64) / 64,
            _ => text_len as u64 / 256,
        }
    }
}

/// Question marks and exactly one star, such as `?*`.
fn is_length(parts: &[GlobPart]) -> bool {
    parts.iter().filter(|part| **part == GlobPart::Many).count() == 1
        && parts.iter().all(|part| matches!(part, GlobPart::Many | GlobPart::One))
}

/// The pieces of a glob with the texts of its values, in order, in their places.
pub fn tokens(parts: &[GlobPart], values: &[&str]) -> Vec<Token> {
    let mut values = values.iter();
    let mut tokens = Vec::new();
    for part in parts {
        match part {
            GlobPart::Text(text) => tokens.extend(text.chars().map(Token::Char)),
            GlobPart::Many => tokens.push(Token::Many),
            GlobPart::One => tokens.push(Token::One),
            GlobPart::Value => tokens.extend(values.next().unwrap_or(&"").chars().map(Token::Char)),
        }
    }
    tokens
}

/// Whether the whole text matches.
pub fn matches(tokens: &[Token], text: &str) -> bool {
    fits(tokens.iter().copied(), text)
}

/// Whether the whole text matches a pattern that is read as it is matched.
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    let token = |c| match c {
        '*' => Token::Many,
        '?' => Token::One,
        c => Token::Char(c),
    };
    fits(pattern.chars().map(token), text)
}

/// On a mismatch only the last star takes one character more.
fn fits(mut tokens: impl Iterator<Item = Token> + Clone, text: &str) -> bool {
    let mut rest = text.chars();
    // Where to go on when the last star takes one character more.
    let mut retry = None;
    loop {
        let mut after = tokens.clone();
        match after.next() {
            Some(Token::Many) => {
                tokens = after;
                retry = Some((tokens.clone(), rest.clone()));
                continue;
            }
            Some(token) => {
                let Some(found) = rest.next() else { return false };
                if token == Token::One || token == Token::Char(found) {
                    tokens = after;
                    continue;
                }
            }
            None if rest.as_str().is_empty() => return true,
            None => {}
        }
        match &mut retry {
            Some((star, from)) => {
                if from.next().is_none() {
                    return false;
                }
                tokens = star.clone();
                rest = from.clone();
            }
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glob(pattern: &str, text: &str) -> bool {
        Matcher::new(&Glob::parse(pattern)).unwrap().matches(text)
    }

    #[test]
    fn patterns_and_texts() {
        let table = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a/b", true),
            ("?", "", false),
            ("?", "é", true),
            ("?*", "", false),
            ("?*", "a", true),
            ("*?", "a", true),
            ("??*", "a", false),
            ("??*", "éé", true),
            ("a", "a", true),
            ("a", "A", false),
            ("a*", "abc", true),
            ("a*", "ba", false),
            ("*a", "ba", true),
            ("*a*", "bab", true),
            ("*a*", "b", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a**b", "ab", true),
            ("*a*b*c", "xaybzc", true),
            ("*a*b*c", "xaybz", false),
            ("ghcr.io/*/svc-*:v1.*", "ghcr.io/acme/svc-a:v1.2", true),
            ("ghcr.io/*/svc-*:v1.*", "ghcr.io/acme/svc-a:v2.2", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a]", "[a]", true),
            ("\\*", "\\x", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn texts_of_values_are_plain() {
        let parts = [GlobPart::Value, GlobPart::Many];
        assert!(matches(&tokens(&parts, &["a*"]), "a*b"));
        assert!(!matches(&tokens(&parts, &["a*"]), "axb"));
    }

    #[test]
    fn many_stars_stay_cheap() {
        assert!(!glob(
            &"a*".repeat(50),
            &format!("{}b", "a".repeat(2000)).replace('b', "a").replacen('a', "x", 1)
        ));
        assert!(!glob(&format!("{}b", "*a".repeat(30)), &"a".repeat(5000)));
    }

    /// What a glob means, spelt out.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skip| slow(rest, &text[skip..])),
            Some(('?', rest)) => !text.is_empty() && slow(rest, &text[1..]),
            Some((c, rest)) => text.first() == Some(c) && slow(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn quick_forms_mean_the_same(pattern in "[ab*?é]{0,7}", text in "[abé]{0,8}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(glob(&pattern, &text), slow(&p, &t));
        }
    }
}
