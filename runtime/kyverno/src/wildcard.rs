//! Wildcards as Kyverno matches them everywhere: `*` for any characters, `?` for one, the rest for itself.

use aipc_runtime::glob::matches_pattern;

/// Whether the whole text matches the pattern. Takes time by the product of the lengths at worst.
pub fn matches(pattern: &str, text: &str) -> bool {
    if !has_wildcard(pattern) {
        return pattern == text;
    }
    matches_pattern(pattern, text)
}

/// Whether a text has a wildcard.
pub fn has_wildcard(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'*' | b'?'))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_and_texts() {
        let table = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("?*", "a", true),
            ("?*", "", false),
            ("a*b", "ab", true),
            ("a*b", "axxb", true),
            ("a*b", "axxbc", false),
            ("*a*b*c", "xaybzc", true),
            ("*a*b*c", "xaybz", false),
            ("nginx:*", "nginx:1.2", true),
            ("[a]", "[a]", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn means_what_the_globs_of_the_runtime_mean() {
        use aipc_runtime::glob::{Glob, Matcher};
        let pieces = ["a", "b", "*", "?", "ab", ""];
        let texts = ["", "a", "b", "ab", "ba", "aab", "abab", "bbab"];
        for a in pieces {
            for b in pieces {
                for c in pieces {
                    for d in pieces {
                        let pattern = format!("{a}{b}{c}{d}");
                        let Some(matcher) = Matcher::new(&Glob::parse(&pattern)) else { continue };
                        for text in texts {
                            assert_eq!(matches(&pattern, text), matcher.matches(text), "{pattern} {text}");
                        }
                    }
                }
            }
        }
    }
}
