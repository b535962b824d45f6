//! Wildcards as Kyverno matches them everywhere: `*` for any characters, `?` for one, the rest for itself.

/// Whether the whole text matches the pattern. Takes time by the product of the lengths at worst.
pub fn matches(pattern: &str, text: &str) -> bool {
    if !has_wildcard(pattern) {
        return pattern == text;
    }
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on when the last star takes one character more.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let mut ahead = pattern.clone();
        match ahead.next() {
            Some('*') => {
                pattern = ahead;
                retry = Some((pattern.clone(), text.clone()));
                continue;
            }
            Some(expected) => match text.next() {
                None => return false,
                Some(found) if expected == '?' || expected == found => {
                    pattern = ahead;
                    continue;
                }
                Some(_) => {}
            },
            None if text.as_str().is_empty() => return true,
            None => {}
        }
        match &mut retry {
            Some((star, from)) => {
                if from.next().is_none() {
                    return false;
                }
                pattern = star.clone();
                text = from.clone();
            }
            None => return false,
        }
    }
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
