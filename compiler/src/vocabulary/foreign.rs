//! How other languages say what is said otherwise here: words, values, phrases and calls.
//!
//! `$1`, `$2`, … stand for operands; `$2*` is the operand as a glob that ends in anything.

/// Words where ours has another keyword.
const KEYWORDS: &[(&str, &str)] = &[
    ("const", "let"),
    ("var", "let"),
    ("def", "fn"),
    ("func", "fn"),
    ("function", "fn"),
    ("import", "use"),
    ("include", "use"),
    ("denied", "deny"),
    ("denies", "deny"),
    ("reject", "deny"),
    ("rejects", "deny"),
    ("forbid", "deny"),
    ("block", "deny"),
    ("fail", "deny"),
    ("fails", "deny"),
    ("allowed", "allow"),
    ("allows", "allow"),
    ("pass", "allow"),
    ("passes", "allow"),
    ("skipped", "skip"),
    ("deleted", "delete"),
    ("kept", "keep"),
    ("patch", "mutate"),
];

/// Values where ours has another word.
const VALUES: &[(&str, &str)] = &[
    ("True", "true"),
    ("TRUE", "true"),
    ("yes", "true"),
    ("False", "false"),
    ("FALSE", "false"),
    ("no", "false"),
    ("object", "resource"),
    ("oldObject", "old"),
];

/// Words for what is not there.
const NULLS: &[&str] = &["null", "Null", "NULL", "nil", "None", "none", "undefined", "missing"];

/// Words behind a value, with or without a value behind them. Longer ones stand first.
const PHRASES: &[(&str, &str)] = &[
    ("is not null", "has $1"),
    ("is not none", "has $1"),
    ("is not missing", "has $1"),
    ("is not empty", "not empty $1"),
    ("is not in", "$1 not in $2"),
    ("is null", "not has $1"),
    ("is none", "not has $1"),
    ("is missing", "not has $1"),
    ("is absent", "not has $1"),
    ("is present", "has $1"),
    ("is empty", "empty $1"),
    ("is in", "$1 in $2"),
    ("is not", "$1 != $2"),
    ("is", "$1 == $2"),
    ("equals", "$1 == $2"),
    ("exists", "has $1"),
    ("not contains", "$2 not in $1"),
    ("contains", "$2 in $1"),
    ("includes", "$2 in $1"),
    ("not like", "$1 !~ $2"),
    ("like", "$1 ~ $2"),
    ("starts with", "$1 ~ $2*"),
    ("startswith", "$1 ~ $2*"),
    ("ends with", "$1 ~ *$2"),
    ("endswith", "$1 ~ *$2"),
];

/// Functions by name and number of arguments. What a method is called on is its first argument.
const CALLS: &[(&str, usize, &str)] = &[
    ("len", 1, "count($1)"),
    ("length", 1, "count($1)"),
    ("size", 1, "count($1)"),
    ("contains", 2, "$2 in $1"),
    ("includes", 2, "$2 in $1"),
    ("startsWith", 2, "$1 ~ $2*"),
    ("startswith", 2, "$1 ~ $2*"),
    ("starts_with", 2, "$1 ~ $2*"),
    ("hasPrefix", 2, "$1 ~ $2*"),
    ("endsWith", 2, "$1 ~ *$2"),
    ("endswith", 2, "$1 ~ *$2"),
    ("ends_with", 2, "$1 ~ *$2"),
    ("hasSuffix", 2, "$1 ~ *$2"),
    ("matches", 2, "$1 matches $2"),
    ("exists", 1, "has $1"),
    ("defined", 1, "has $1"),
    ("isset", 1, "has $1"),
    ("is_null", 1, "not has $1"),
    ("isNull", 1, "not has $1"),
    ("isEmpty", 1, "empty $1"),
    ("is_empty", 1, "empty $1"),
    ("exists", 3, "any $2 in $1: $3"),
    ("all", 3, "every $2 in $1: $3"),
    ("filter", 3, "[$2 for $2 in $1 where $3]"),
    ("map", 3, "[$3 for $2 in $1]"),
    ("orValue", 2, "$1 ?? $2"),
    ("coalesce", 2, "$1 ?? $2"),
    ("lowerAscii", 1, "lower($1)"),
    ("to_lower", 1, "lower($1)"),
    ("toLower", 1, "lower($1)"),
    ("upperAscii", 1, "upper($1)"),
    ("to_upper", 1, "upper($1)"),
    ("toUpper", 1, "upper($1)"),
    ("str", 1, "text($1)"),
    ("to_string", 1, "text($1)"),
    ("toString", 1, "text($1)"),
];

/// Our keyword for a word of other languages.
pub fn keyword(word: &str) -> Option<&'static str> {
    KEYWORDS.iter().find(|row| row.0 == word).map(|row| row.1)
}

/// Our word for a value of other languages.
pub fn value(word: &str) -> Option<&'static str> {
    VALUES.iter().find(|row| row.0 == word).map(|row| row.1)
}

/// Whether other languages call by this word what is not there.
pub fn is_null(word: &str) -> bool {
    NULLS.contains(&word)
}

/// The phrase that these words begin with: how many of them it has, and how it is said here.
pub fn phrase(words: &[&str]) -> Option<(usize, &'static str)> {
    PHRASES.iter().find_map(|(phrase, ours)| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        let begins = words.len() >= phrase.len()
            && phrase.iter().zip(words).all(|(theirs, word)| theirs.eq_ignore_ascii_case(word));
        begins.then_some((phrase.len(), *ours))
    })
}

/// How a call of other languages is said here.
pub fn call(name: &str, arguments: usize) -> Option<&'static str> {
    CALLS.iter().find(|row| row.0 == name && row.1 == arguments).map(|row| row.2)
}

/// How many operands a phrase of ours wants.
pub fn operands(ours: &str) -> usize {
    (1..=3).filter(|index| ours.contains(&format!("${index}"))).count()
}

/// Our phrase with its operands; nothing where one of them cannot be made a glob.
pub fn filled(ours: &str, operands: &[&str]) -> Option<String> {
    let mut text = String::new();
    let mut rest = ours;
    while let Some(at) = rest.find('$') {
        let index: usize = rest.get(at + 1..at + 2)?.parse().ok()?;
        let operand = operands.get(index.checked_sub(1)?)?;
        let before = rest[..at].ends_with('*');
        let behind = rest[at + 2..].starts_with('*');
        text.push_str(&rest[..at - usize::from(before)]);
        match before || behind {
            true => text.push_str(&as_glob(operand, before, behind)?),
            false => text.push_str(operand),
        }
        rest = &rest[at + 2 + usize::from(behind)..];
    }
    text.push_str(rest);
    Some(text)
}

/// A plain string or a path as a glob with a star before or behind it.
fn as_glob(operand: &str, before: bool, behind: bool) -> Option<String> {
    let star = |wanted: bool| if wanted { "*" } else { "" };
    let (before, behind) = (star(before), star(behind));
    if let Some(inner) = operand.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
        return (!inner.contains('"')).then(|| format!("\"{before}{inner}{behind}\""));
    }
    let is_path = operand.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    is_path.then(|| format!("\"{before}{{{operand}}}{behind}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_take_their_operands() {
        assert_eq!(filled("$2 in $1", &["image", "\"x\""]).as_deref(), Some("\"x\" in image"));
        assert_eq!(filled("$1 ~ $2*", &["image", "\"x\""]).as_deref(), Some("image ~ \"x*\""));
        assert_eq!(filled("$1 ~ *$2", &["image", "a.b"]).as_deref(), Some("image ~ \"*{a.b}\""));
        assert_eq!(filled("$1 ~ $2*", &["image", "f(x)"]), None);
    }

    #[test]
    fn a_longer_phrase_hides_no_shorter_one() {
        for (at, (phrase, _)) in PHRASES.iter().enumerate() {
            let words: Vec<&str> = phrase.split(' ').collect();
            let found = super::phrase(&words).map(|it| it.0);
            assert_eq!(found, Some(words.len()), "{phrase} stands behind a shorter one at {at}");
        }
    }
}
