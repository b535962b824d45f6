//! JSON as Go's `encoding/json` reads it: numbers are floats, of equal keys the last one counts, and half of a
//! surrogate pair is U+FFFD.

use std::fmt;
use std::sync::Arc;

use aipc_runtime::budget::DEPTH_MAX;
use aipc_runtime::value::Shared;

use crate::json::{Entry, Json};

/// Why a text is no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// Go refuses it as well.
    Syntax(String),
    /// It has more levels than we read.
    Depth,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Syntax(message) => f.write_str(message),
            Fault::Depth => f.write_str("exceeded max depth"),
        }
    }
}

/// The value that a text says.
pub(super) fn read(text: &str) -> Result<Json<'static>, Fault> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.value()?;
    reader.space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.unexpected("after top-level value")),
    }
}

/// The text that a JSON text in its quotes says.
pub(super) fn read_text(quoted: &str) -> Result<String, Fault> {
    let mut reader = Reader { text: quoted, at: 0, depth: 0 };
    match reader.peek() {
        Some(b'"') => reader.at += 1,
        _ => return Err(reader.unexpected("looking for beginning of value")),
    }
    let text = reader.string()?;
    match reader.peek() {
        None => Ok(text),
        Some(_) => Err(reader.unexpected("after top-level value")),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, context: &str) -> Fault {
        Fault::Syntax(match self.text[self.at..].chars().next() {
            None => "unexpected end of JSON input".to_owned(),
            Some(c) => format!("invalid character {c:?} {context}"),
        })
    }

    fn value(&mut self) -> Result<Json<'static>, Fault> {
        self.space();
        match self.peek() {
            Some(b'{') => self.nested(Reader::map),
            Some(b'[') => self.nested(Reader::list),
            Some(b'"') => {
                self.at += 1;
                self.string().map(Json::text)
            }
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Json<'static>, Fault>,
    ) -> Result<Json<'static>, Fault> {
        if self.depth >= DEPTH_MAX {
            return Err(Fault::Depth);
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn word(&mut self, word: &str, value: Json<'static>) -> Result<Json<'static>, Fault> {
        for byte in word.bytes() {
            if self.peek() != Some(byte) {
                return Err(self.unexpected(&format!("in literal {word}")));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self, context: &str) -> Result<(), Fault> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected(context));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Json<'static>, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = &self.text[start..self.at];
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Json::Float(number)),
            _ => Err(Fault::Syntax(format!(
                "json: cannot unmarshal number {text} into Go value of type float64"
            ))),
        }
    }

    /// The rest of a text whose first quote was read.
    fn string(&mut self) -> Result<String, Fault> {
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20));
            let Some(plain) = plain else {
                self.at = self.text.len();
                return Err(self.unexpected("in string literal"));
            };
            out.push_str(&rest[..plain]);
            self.at += plain;
            match rest.as_bytes()[plain] {
                b'"' => {
                    self.at += 1;
                    return Ok(out);
                }
                b'\\' => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let c = match self.peek() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.at += 1;
        Ok(c)
    }

    fn unicode(&mut self) -> Result<char, Fault> {
        let first = self.hexadecimal()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let rest = self.text.as_bytes().get(self.at..self.at + 2);
        if (0xd800..0xdc00).contains(&first) && rest == Some(b"\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.hexadecimal()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            // The second stands for itself.
            self.at = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hexadecimal(&mut self) -> Result<u32, Fault> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected("in \\u hexadecimal character escape"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn list(&mut self) -> Result<Json<'static>, Fault> {
        let mut elements = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::list(elements));
        }
        loop {
            elements.push(self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::list(elements));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn map(&mut self) -> Result<Json<'static>, Fault> {
        let mut entries: Vec<Entry<'static>> = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::map(entries));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            self.at += 1;
            let key: Arc<str> = self.string()?.into();
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            entries.push((Shared::Owned(key), self.value()?));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::map(entries));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Escape;

    #[test]
    fn values_as_go_reads_them() {
        let table = [
            (r#" [1, -0, 1e2, 1.5, "é\u00e9\n\ud83d\ude00"] "#, "[1,-0,100,1.5,\"éé\\n😀\"]"),
            (r#"{"b":1,"a":2,"b":3}"#, r#"{"a":2,"b":3}"#),
            (r#""\ud800x \udc00 \ud800\u0041""#, "\"\u{fffd}x \u{fffd} \u{fffd}A\""),
            ("1e-999", "0"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).unwrap().to_json(Escape::Plain), expected);
        }
        for text in [
            "",
            "nul",
            "01",
            "1.",
            "1e",
            "+1",
            "[1,]",
            "{a:1}",
            "{\"a\"}",
            "\"\n\"",
            "\"\\x\"",
            "1 2",
            "'a'",
            "1e999",
            "\"\\u12\"",
            "NaN",
            "[",
            "{",
        ] {
            assert!(matches!(read(text), Err(Fault::Syntax(_))), "{text}");
        }
        assert_eq!(read(&"[".repeat(100_000)).err(), Some(Fault::Depth));
    }
}
