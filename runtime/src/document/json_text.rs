//! JSON text to documents, with positions.
//!
//! Kubernetes reads a document that starts with `{` by a JSON reader and turns to YAML only if that
//! fails. The two differ: JSON knows `\/` and pairs of `\u` escapes, and has no budget for keys.
//! This reader therefore says no more than "this is not JSON"; the words about what is wrong come
//! from the YAML reader.

use std::borrow::Cow;

use super::builder::{Builder, Scalar};
use super::compose::Context;
use super::node::Document;
use super::number::{Number, json_number};

/// All JSON values of `text`, one document each; `None` if it is not JSON from start to end.
pub(super) fn read_json(text: &str, context: &mut Context<'_, '_>) -> Option<Vec<Document>> {
    let mut reader = Reader { text, bytes: text.as_bytes(), pos: 0, context };
    let mut documents = Vec::new();
    loop {
        reader.skip_space();
        if reader.pos == reader.bytes.len() {
            return Some(documents);
        }
        documents.push(reader.document()?);
    }
}

struct Reader<'a, 'f, 'c, 'r> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    context: &'r mut Context<'f, 'c>,
}

impl<'a> Reader<'a, '_, '_, '_> {
    fn document(&mut self) -> Option<Document> {
        let mut builder = Builder::new();
        // For each open collection, whether it is a map.
        let mut open: Vec<bool> = Vec::new();
        loop {
            self.skip_space();
            let start = self.pos;
            match self.byte() {
                b'{' | b'[' => {
                    if open.len() >= self.context.options.depth_max {
                        return None;
                    }
                    let is_map = self.byte() == b'{';
                    self.pos += 1;
                    let position = self.context.position(start, self.pos);
                    if is_map {
                        builder.open_map(position);
                    } else {
                        builder.open_seq(position);
                    }
                    open.push(is_map);
                    self.skip_space();
                    if self.byte() != closer(is_map) {
                        if is_map {
                            self.key(&mut builder)?;
                        }
                        continue;
                    }
                }
                _ => self.scalar(&mut builder)?,
            }
            // A value is complete: go on with its collection, or close that too.
            loop {
                let Some(&is_map) = open.last() else {
                    return Some(builder.finish());
                };
                self.skip_space();
                match self.byte() {
                    b',' if builder.has_children() => {
                        self.pos += 1;
                        if is_map {
                            self.skip_space();
                            self.key(&mut builder)?;
                        }
                        break;
                    }
                    byte if byte == closer(is_map) => {
                        self.pos += 1;
                        let end = (self.context.base + self.pos) as u32;
                        let context = &mut *self.context;
                        builder.close(end, &mut |key, replaced| {
                            context.report_replaced(key, &replaced);
                        });
                        open.pop();
                    }
                    _ => return None,
                }
            }
        }
    }

    fn key(&mut self, builder: &mut Builder) -> Option<()> {
        let start = self.pos;
        let key = self.string()?;
        let position = self.context.position(start, self.pos);
        builder.key(&key, position);
        self.skip_space();
        if self.byte() != b':' {
            return None;
        }
        self.pos += 1;
        Some(())
    }

    fn scalar(&mut self, builder: &mut Builder) -> Option<()> {
        let start = self.pos;
        if self.byte() == b'"' {
            let text = self.string()?;
            let position = self.context.position(start, self.pos);
            builder.scalar(Scalar::Str(&text), position);
            return Some(());
        }
        let len = self.bytes[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
            .count();
        let word = &self.text[start..start + len];
        self.pos += len;
        let position = self.context.position(start, self.pos);
        let scalar = match word {
            "null" => Scalar::Null,
            "true" => Scalar::Bool(true),
            "false" => Scalar::Bool(false),
            _ => {
                let number = number(word)?;
                self.context.report_precision(word, number, position);
                match number {
                    Number::Int(it) => Scalar::Int(it),
                    Number::Uint(it) => Scalar::Uint(it),
                    Number::Float(it) => json_number(it),
                }
            }
        };
        builder.scalar(scalar, position);
        Some(())
    }

    /// A string with its escapes settled; half a pair of escapes becomes U+FFFD, as in Go.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        if self.byte() != b'"' {
            return None;
        }
        self.pos += 1;
        let mut owned: Option<String> = None;
        let mut piece = self.pos;
        loop {
            match *self.bytes.get(self.pos)? {
                b'"' => {
                    let rest = &self.text[piece..self.pos];
                    self.pos += 1;
                    let text = match owned {
                        None => Cow::Borrowed(rest),
                        Some(mut owned) => {
                            owned.push_str(rest);
                            Cow::Owned(owned)
                        }
                    };
                    let is_short = text.len() <= self.context.options.scalar_bytes_max;
                    return is_short.then_some(text);
                }
                b'\\' => {
                    let text = owned.get_or_insert_default();
                    text.push_str(&self.text[piece..self.pos]);
                    let ch = self.escape()?;
                    if let Some(text) = &mut owned {
                        text.push(ch);
                    }
                    piece = self.pos;
                }
                0..0x20 => return None,
                _ => self.pos += 1,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let ch = match *self.bytes.get(self.pos + 1)? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\x08',
            b'f' => '\x0C',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.code_unit(self.pos)?;
                self.pos += 6;
                if let Some(ch) = char::from_u32(first) {
                    return Some(ch);
                }
                let second = self.code_unit(self.pos);
                let pair = second.and_then(|second| {
                    let units = [first as u16, second as u16];
                    char::decode_utf16(units).next()?.ok()
                });
                if pair.is_some() {
                    self.pos += 6;
                }
                return Some(pair.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => return None,
        };
        self.pos += 2;
        Some(ch)
    }

    /// The number of the escape `\uXXXX` at `at`.
    fn code_unit(&self, at: usize) -> Option<u32> {
        let escape = self.bytes.get(at..at + 6)?;
        let digits = escape.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |code, digit| Some(code << 4 | (*digit as char).to_digit(16)?))
    }

    fn byte(&self) -> u8 {
        self.bytes.get(self.pos).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), b' ' | b'\t' | b'\n' | b'\r') {
            self.pos += 1;
        }
    }
}

fn closer(is_map: bool) -> u8 {
    if is_map { b'}' } else { b']' }
}

/// A number by the grammar of JSON, within the range of 64-bit floats.
fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let is_fine = matches!(digits, [b'0'] | [b'0', b'.' | b'e' | b'E', ..] | [b'1'..=b'9', ..]);
    // Rust's float syntax differs from JSON's by leading zeros, `+`, bare points and words.
    let rest_is_fine =
        digits.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
            && digits
                .iter()
                .enumerate()
                .all(|(at, byte)| *byte != b'.' || digits.get(at + 1).is_some_and(u8::is_ascii_digit));
    if !is_fine || !rest_is_fine {
        return None;
    }
    if let Ok(int) = text.parse() {
        return Some(Number::Int(int));
    }
    if let Ok(int) = text.parse() {
        return Some(Number::Uint(int));
    }
    text.parse().ok().filter(|it: &f64| it.is_finite()).map(Number::Float)
}
