//! Strings, globs, regular expressions and numbers as the language writes them.

use super::super::random::Random;
use super::super::resources::{TEXTS, amount_of_text, spellings};

/// A string literal that says `text`: quoted with escapes, or raw where that can hold it.
pub fn string(text: &str, random: &mut Random) -> String {
    let raw = !text.contains(['"', '\n', '\r']) && random.chance(20);
    if raw { format!("r\"{text}\"") } else { quoted(text) }
}

/// A quoted string literal.
pub fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\t' => literal.push_str("\\t"),
            '{' => literal.push_str("\\{"),
            other if (other as u32) < 0x20 || other as u32 == 0x7f => {
                literal.push_str(&format!("\\u{{{:x}}}", other as u32));
            }
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

/// A name where one will do, else a quoted string: keys of maps after a dot or in brackets.
pub fn key_step(key: &str) -> String {
    let mut characters = key.chars();
    let plain = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|other| other.is_ascii_alphanumeric() || other == '_');
    if plain { format!(".{key}") } else { format!("[{}]", quoted(key)) }
}

/// A text near `values`, or one that means something to somebody.
pub fn near(values: &[&str], random: &mut Random) -> String {
    if values.is_empty() || random.chance(15) {
        (*random.pick(&TEXTS)).to_owned()
    } else {
        (*random.pick(values)).to_owned()
    }
}

/// A glob that `text` matches or nearly matches, without what the language takes for a regular expression.
pub fn glob(text: &str, random: &mut Random) -> String {
    let text: Vec<char> = text.chars().filter(|it| !"^$[]\\".contains(*it)).collect();
    let cut = random.below(text.len() + 1);
    let (head, tail): (String, String) = (text[..cut].iter().collect(), text[cut..].iter().collect());
    let glob = match random.below(8) {
        0 => "*".to_owned(),
        1 => "?*".to_owned(),
        2 | 3 => format!("{head}*"),
        4 => format!("*{tail}"),
        5 => format!("{head}?{}", tail.chars().skip(1).collect::<String>()),
        6 => format!("{head}*{tail}"),
        _ => text.iter().collect(),
    };
    glob.replace(".*", "*")
}

/// A regular expression about `text`.
pub fn regex(text: &str, random: &mut Random) -> String {
    let escaped: String = text
        .chars()
        .filter(|it| *it != '\n' && *it != '"')
        .take(8)
        .flat_map(|it| {
            let special = !it.is_alphanumeric() && it.is_ascii() && it != ' ' && it != '_';
            special.then_some('\\').into_iter().chain([it])
        })
        .collect();
    match random.below(10) {
        0 => format!("^{escaped}"),
        1 => format!("{escaped}$"),
        2 => format!("^{escaped}$"),
        3 => "^[a-z0-9]+$".to_owned(),
        4 => r"\d".to_owned(),
        5 => format!("(?i){escaped}"),
        6 => r"^\w+(-\w+)*$".to_owned(),
        7 => format!("{escaped}|^$"),
        8 => r"[^a-z]{2,}".to_owned(),
        _ => r"^.{3,6}$".to_owned(),
    }
}

/// A quantity literal: a number with or without a suffix, in one of the spellings of its amount.
pub fn quantity(amount: &str, random: &mut Random) -> String {
    let spellings: Vec<String> = amount_of_text(amount)
        .map(spellings)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|spelling| match spelling {
            // `1e0` and `2E3` are numbers, and exabytes, in the language.
            serde_json::Value::String(text) if !text.contains(['e']) && !text.ends_with("E3") => Some(text),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
        .collect();
    if spellings.is_empty() { amount.to_owned() } else { random.pick(&spellings).clone() }
}

#[test]
fn literals_hide_nothing() {
    assert_eq!(quoted("a\"\\{\n\u{7}"), r#""a\"\\\{\n\u{7}""#);
    assert_eq!(key_step("app"), ".app");
    assert_eq!(key_step("a.b/c"), "[\"a.b/c\"]");
    assert_eq!(key_step("use-case"), "[\"use-case\"]");
}
