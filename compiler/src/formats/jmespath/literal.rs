//! Literals and names, written so that no text in them is read as anything else: not by JMESPath, not as one
//! of Kyverno's variables (`{{ }}`) or references (`$( )`), not by the text replacement with which Kyverno
//! makes rules for workloads out of rules for Pods.

use std::fmt::Write;

/// What Kyverno replaces in the text of a rule when it makes rules for workloads.
pub const REPLACED: [&str; 2] = ["request.object", "request.oldObject"];

/// A text: in single quotes where it stands there for itself, else as JSON in backticks.
pub fn text_literal(text: &str) -> String {
    if is_raw(text) { format!("'{text}'") } else { format!("`{}`", escaped(&json(text), text)) }
}

/// A value in backticks. Objects go through `parse_json`, as braces would end Kyverno's variables.
pub fn json_literal(value: &serde_json::Value) -> String {
    let json = value.to_string();
    if has_entries(value) {
        return format!("parse_json({})", text_literal(&json));
    }
    match value {
        serde_json::Value::Object(_) => "`{}`".to_owned(),
        _ => format!("`{}`", escaped(&json, &json)),
    }
}

/// A name behind a dot.
pub fn identifier(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { escaped(&json(name), name) }
}

fn has_entries(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Object(entries) => !entries.is_empty(),
        serde_json::Value::Array(items) => items.iter().any(|item| item.is_object() || has_entries(item)),
        _ => false,
    }
}

fn is_raw(text: &str) -> bool {
    !text.contains(['\'', '{', '}'])
        // a backslash stands for itself in single quotes, except before the quote that ends the text
        && !text.ends_with('\\')
        && !text.contains("$(")
        && !text.chars().any(char::is_control)
        && !REPLACED.iter().any(|replaced| text.contains(replaced))
}

fn json(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// JSON with what others could read escaped away. Only texts are escaped: `source` tells what is in them.
fn escaped(json: &str, source: &str) -> String {
    let replaced = REPLACED.iter().any(|replaced| source.contains(replaced));
    let reference = source.contains("$(");
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '{' | '}' | '`' | '\u{7f}'..='\u{9f}' => escape(&mut out, c),
            '$' if reference => escape(&mut out, c),
            // the dots of `request.object` only; numbers beside it in a list keep their value
            'q' if replaced => escape(&mut out, c),
            c => out.push(c),
        }
    }
    out
}

fn escape(out: &mut String, c: char) {
    // writing to a String cannot fail
    let _ = write!(out, "\\u{:04x}", c as u32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_for_themselves() {
        let table = [
            ("a*", "'a*'"),
            (r"\bx\b", r"'\bx\b'"),
            ("it's", "`\"it's\"`"),
            ("{{x}}", r#"`"\u007b\u007bx\u007d\u007d"`"#),
            ("$(x)", r#"`"\u0024(x)"`"#),
            ("a`b", "'a`b'"),
            ("a`'b", r#"`"a\u0060'b"`"#),
            ("a\nb", r#"`"a\nb"`"#),
            ("ends\\", r#"`"ends\\"`"#),
            ("request.object.spec", r#"`"re\u0071uest.object.spec"`"#),
        ];
        for (text, expected) in table {
            assert_eq!(text_literal(text), expected, "{text}");
        }
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        assert_eq!(identifier("hostPID"), "hostPID");
        assert_eq!(identifier("nvidia.com/gpu"), "\"nvidia.com/gpu\"");
        assert_eq!(identifier("a{b}\"c"), r#""a\u007bb\u007d\"c""#);
    }

    #[test]
    fn objects_hold_no_braces() {
        assert_eq!(
            json_literal(&serde_json::json!({ "a": { "b": 1 } })),
            r#"parse_json(`"\u007b\"a\":\u007b\"b\":1\u007d\u007d"`)"#
        );
        assert_eq!(json_literal(&serde_json::json!(["a", 5])), "`[\"a\",5]`");
    }
}
