//! Literals and names of CEL.

/// A string literal of CEL: the one place where text of users enters an expression.
pub fn quote(text: &str) -> String {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(mark);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == mark => {
                out.push('\\');
                out.push(c);
            }
            c if is_plain(c) => out.push(c),
            c if (c as u32) <= 0xffff => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push_str(&format!("\\U{:08X}", c as u32)),
        }
    }
    out.push(mark);
    out
}

/// A string literal of a regular expression: raw where that is shorter and says the same.
pub fn quote_regex(pattern: &str) -> String {
    let raw = pattern.contains('\\') && !pattern.contains('\'') && pattern.chars().all(is_plain);
    // a raw literal cannot end in an odd number of backslashes, and a valid pattern never does
    match raw && !pattern.ends_with('\\') {
        true => format!("r'{pattern}'"),
        false => quote(pattern),
    }
}

/// Characters that stand for themselves: visible ones, and those that do not disturb the text around them.
fn is_plain(c: char) -> bool {
    match c as u32 {
        0x20..=0x7e => true,
        0..=0x9f | 0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f => false,
        0xd800..=0xf8ff | 0xfdd0..=0xfdef | 0xfeff | 0xfff0..=0xffff | 0xe0000..=0x10ffff => false,
        _ => true,
    }
}

/// Text as a regular expression that matches it and nothing else.
pub fn escape_regex(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_plain(c) => out.push(c),
            c => out.push_str(&format!("\\x{{{:X}}}", c as u32)),
        }
    }
    out
}

/// Whether a field is selected as `.name`; other keys go into brackets.
pub fn is_selector(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !matches!(name, "in" | "true" | "false" | "null")
}

/// Whether a variable may have the name: not a reserved word, nothing that means something already.
pub fn is_variable_name(name: &str) -> bool {
    const TAKEN: [&str; 43] = [
        "in",
        "true",
        "false",
        "null",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
        "object",
        "oldObject",
        "request",
        "namespaceObject",
        "variables",
        "exceptions",
        "images",
        "optional",
        "math",
        "sets",
        "strings",
        "regex",
        "base64",
        "cel",
        "type",
        "resource",
        "globalContext",
        "http",
        "image",
        "json",
        "time",
        "generator",
    ];
    const TYPES: [&str; 12] = [
        "int",
        "uint",
        "double",
        "bool",
        "string",
        "bytes",
        "list",
        "map",
        "dyn",
        "duration",
        "timestamp",
        "has",
    ];
    is_selector(name) && !TAKEN.contains(&name) && !TYPES.contains(&name) && !name.starts_with("__")
}

/// A duration as Go writes and CEL reads it: `1h30m0.5s`.
pub fn duration(nanoseconds: i64) -> String {
    if nanoseconds == 0 {
        return "0s".to_owned();
    }
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let mut rest = nanoseconds.unsigned_abs();
    let mut out = String::from(sign);
    for (unit, size) in [("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000)] {
        if rest / size > 0 {
            out.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    for (unit, size) in [("ms", 1_000_000), ("us", 1_000), ("ns", 1)] {
        if rest / size > 0 {
            out.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(quote("it's"), "\"it's\"");
        assert_eq!(quote("a'b\"c\\"), r#"'a\'b"c\\'"#);
        assert_eq!(quote("a\n\u{2028}\u{1b}\u{e0001}é"), r"'a\n\u2028\u001B\U000E0001é'");
        assert_eq!(quote_regex(r"^\d+$"), r"r'^\d+$'");
        assert_eq!(quote_regex("a'\\d"), "\"a'\\\\d\"");
        assert_eq!(escape_regex("a.b*\n"), "a\\.b\\*\\n");
    }

    #[test]
    fn durations_are_read_by_go() {
        assert_eq!(duration(5_400_000_000_000), "1h30m");
        assert_eq!(duration(-1_500_000_000), "-1s500ms");
        assert_eq!(duration(86_400_000_000_000 * 7), "168h");
    }
}
