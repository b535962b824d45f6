//! JSON as it is written: scalars as their text, keys in their order.
//!
//! A JSON patch moves pieces of text. `1.0` stays `1.0`, and a key that was removed and added again stands last.

use std::borrow::Cow;

use aipc_runtime::document::{Document, NodeId, NodeValue};
use aipc_runtime::value::{Shared, json_float};

use crate::json::{Entry, Escape, Json, View};

/// A value as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw {
    /// A null that was read within a list or a map, which counts as nothing.
    Nothing,
    /// A scalar's text. A null that was added is one too.
    Scalar(Box<str>),
    List(Vec<Raw>),
    Map(Vec<(Box<str>, Raw)>),
}

/// Text nested deeper than this is refused; manifests are nowhere near.
const DEPTH_MAX: usize = 500;

impl Raw {
    /// An object as Kyverno writes it: keys sorted.
    pub(super) fn of(value: &Json<'_>) -> Raw {
        match value.view() {
            View::Null => Raw::Nothing,
            View::List { .. } => Raw::List(value.elements().map(|element| Raw::of(&element)).collect()),
            View::Map { .. } => {
                let entries = value.entries();
                Raw::Map(entries.iter().map(|(key, value)| ((&**key).into(), Raw::of(value))).collect())
            }
            _ => Raw::Scalar(value.to_json(Escape::Html).into()),
        }
    }

    /// A document as JSON that was made of YAML: keys sorted, integers as they are.
    pub(super) fn of_document(document: &Document, node: NodeId) -> Raw {
        let scalar = |text: String| Raw::Scalar(text.into());
        match document.value(node) {
            NodeValue::Null => Raw::Nothing,
            NodeValue::Bool(value) => scalar(value.to_string()),
            NodeValue::Int(number) => scalar(number.to_string()),
            NodeValue::Uint(number) => scalar(number.to_string()),
            NodeValue::Float(number) => scalar(json_float(number)),
            NodeValue::Str(text) => scalar(Json::Text(Shared::Borrowed(text)).to_json(Escape::Html)),
            NodeValue::Seq { .. } => Raw::List(
                document.elements(node).map(|element| Raw::of_document(document, element)).collect(),
            ),
            NodeValue::Map { .. } => {
                let mut entries: Vec<(Box<str>, Raw)> = document
                    .entries(node)
                    .map(|(key, _, value)| (key.into(), Raw::of_document(document, value)))
                    .collect();
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                Raw::Map(entries)
            }
        }
    }

    /// JSON text; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Raw> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.skip_space();
        (reader.at == text.len()).then_some(value)
    }

    /// The value as Kubernetes reads it from the text: integers where the text is one.
    pub(super) fn to_json(&self) -> Json<'static> {
        match self {
            Raw::Nothing => Json::Null,
            Raw::Scalar(text) => match text.as_bytes()[0] {
                b'n' => Json::Null,
                b't' => Json::Bool(true),
                b'f' => Json::Bool(false),
                b'"' => Json::text(&*unquoted(text)),
                _ => number_of(text),
            },
            Raw::List(elements) => Json::list(elements.iter().map(Raw::to_json).collect()),
            Raw::Map(entries) => {
                let entry = |(key, value): &(Box<str>, Raw)| -> Entry<'static> {
                    (Shared::Owned((&**key).into()), value.to_json())
                };
                Json::map(entries.iter().map(entry).collect())
            }
        }
    }

    pub(super) fn is_null(&self) -> bool {
        match self {
            Raw::Nothing => true,
            Raw::Scalar(text) => &**text == "null",
            _ => false,
        }
    }

    /// The text, if it is text.
    pub(super) fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Raw::Scalar(text) if text.starts_with('"') => Some(unquoted(text)),
            _ => None,
        }
    }

    /// What Go's JSON reader calls a value of this kind.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Raw::Nothing => "null",
            Raw::List(_) => "array",
            Raw::Map(_) => "object",
            Raw::Scalar(text) => match text.as_bytes()[0] {
                b'"' => "string",
                b't' | b'f' => "bool",
                b'n' => "null",
                _ => "number",
            },
        }
    }

    /// Compact JSON text.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Raw::Nothing => out.push_str("null"),
            Raw::Scalar(text) => out.push_str(text),
            Raw::List(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Raw::Map(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    out.push_str(&Json::Text(Shared::Borrowed(key)).to_json(Escape::Html));
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// The number that Kubernetes reads: an integer if its text is one that fits.
pub(super) fn number_of(text: &str) -> Json<'static> {
    match text.parse::<i64>() {
        Ok(number) => Json::Int(number),
        // JSON's numbers are numbers of Rust.
        Err(_) => Json::Float(text.parse().unwrap_or(f64::INFINITY)),
    }
}

/// The text that a JSON string is.
fn unquoted(quoted: &str) -> Cow<'_, str> {
    let inner = &quoted[1..quoted.len() - 1];
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes()[at + 1];
        rest = &rest[at + 2..];
        match escape {
            b'u' => {
                let high = hex(rest);
                rest = &rest[4..];
                let low = rest.strip_prefix("\\u").map(hex).filter(|low| (0xDC00..0xE000).contains(low));
                match low {
                    Some(low) if (0xD800..0xDC00).contains(&high) => {
                        let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                        rest = &rest[6..];
                    }
                    _ => out.push(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)),
                }
            }
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            other => out.push(other.into()),
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The four digits at the start, which the reader has seen.
fn hex(text: &str) -> u32 {
    u32::from_str_radix(&text[..4], 16).unwrap_or(0xFFFD)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// Whether this is the next byte, which is then read.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.byte() == byte;
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self, depth: usize) -> Option<Raw> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.skip_space();
        let start = self.at;
        match self.byte() {
            b'[' => self.list(depth),
            b'{' => self.map(depth),
            b'"' => {
                self.string()?;
                Some(Raw::Scalar(self.text[start..self.at].into()))
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                Some(Raw::Scalar(self.text[start..self.at].into()))
            }
            _ => {
                let word = ["true", "false", "null"]
                    .into_iter()
                    .find(|word| self.text[start..].starts_with(word))?;
                self.at += word.len();
                Some(if word == "null" { Raw::Nothing } else { Raw::Scalar(word.into()) })
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Raw> {
        self.at += 1;
        let mut elements = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Some(Raw::List(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Some(Raw::List(elements));
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn map(&mut self, depth: usize) -> Option<Raw> {
        self.at += 1;
        let mut entries: Vec<(Box<str>, Raw)> = Vec::new();
        self.skip_space();
        if self.take(b'}') {
            return Some(Raw::Map(entries));
        }
        loop {
            self.skip_space();
            let start = self.at;
            self.string()?;
            let key = unquoted(&self.text[start..self.at]);
            self.skip_space();
            if !self.take(b':') {
                return None;
            }
            let value = self.value(depth + 1)?;
            match entries.iter_mut().find(|(name, _)| **name == *key) {
                Some((_, before)) => *before = value,
                None => entries.push((key.into(), value)),
            }
            self.skip_space();
            if self.take(b'}') {
                return Some(Raw::Map(entries));
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        if !self.take(b'"') {
            return None;
        }
        loop {
            match self.byte() {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => {
                    self.at += 1;
                    match self.byte() {
                        b'u' => {
                            let digits = self.text.as_bytes().get(self.at + 1..self.at + 5)?;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return None;
                            }
                            self.at += 5;
                        }
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
                        _ => return None,
                    }
                }
                // The end of the text is a zero here too.
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Option<String> {
        let mut out = String::new();
        Raw::parse(text)?.write(&mut out);
        Some(out)
    }

    #[test]
    fn text_stays_as_it_is_written() {
        let text = r#" { "z" : [ 1.0 , 1e3, -0, "\/\ud83d\ude00" ], "a" : { } , "z2" : null } "#;
        assert_eq!(written(text).as_deref(), Some(r#"{"z":[1.0,1e3,-0,"\/\ud83d\ude00"],"a":{},"z2":null}"#));
        let value = Raw::parse(text).unwrap().to_json();
        assert_eq!(
            value.to_json(Escape::Plain),
            r#"{"a":{},"z":[1,1000,-0,"/😀"],"z2":null}"#.replace("-0", "0")
        );
        assert_eq!(value.get("z").unwrap().element(0).unwrap().view(), View::Float(1.0));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in
            ["", "[", "[1,]", "{\"a\"}", "01", "1.", "\"\\x\"", "\"\u{1}\"", "tru", "[1] 2", "{a: 1}", "+1"]
        {
            assert_eq!(written(text), None, "{text}");
        }
        assert_eq!(written(&"[".repeat(100_000)), None);
    }
}
