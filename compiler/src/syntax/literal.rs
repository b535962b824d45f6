//! What a string token says: escapes, indentation of text blocks, interpolations.
//!
//! The lexer found where the string ends; here it is decoded. Interpolations are parsed by the caller's
//! function, with their places in the file.

use super::ast::{Expr, StringLiteral, StringPart};
use super::errors;
use super::strings::interpolation_end;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The string literal `text` at `span`. `interpolate` parses the expression in a range of the file.
pub fn decode(
    text: &str,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
    interpolate: &mut dyn FnMut(&str, u32, &mut Vec<Diagnostic>) -> Expr,
) -> StringLiteral {
    let shape = Shape::of(text);
    let mut content = Content { parts: vec![], pending: String::new() };
    let lines = content_lines(text, span, &shape, diagnostics);
    for (i, (from, to)) in lines.iter().enumerate() {
        if i > 0 {
            content.pending.push('\n');
        }
        let line = &text[*from..*to];
        if shape.raw {
            content.pending.push_str(line);
        } else {
            decode_line(line, span, *from as u32, &mut content, diagnostics, interpolate);
        }
    }
    StringLiteral { parts: content.finish(), raw: shape.raw, span }
}

/// The delimiters of a literal.
struct Shape {
    raw: bool,
    block: bool,
    /// Bytes before and behind the content.
    open: usize,
    close: usize,
}

impl Shape {
    fn of(text: &str) -> Shape {
        if text.starts_with('\'') {
            return Shape { raw: true, block: false, open: 1, close: 1 };
        }
        let raw = text.starts_with('r');
        let hashes = text[raw as usize..].bytes().take_while(|b| *b == b'#').count();
        let after = &text[raw as usize + hashes..];
        let block = hashes == 0 && after.starts_with("\"\"\"");
        let quotes = if block { 3 } else { 1 };
        let open = (raw as usize + hashes + quotes).min(text.len());
        let closing = format!("{}{}", "\"".repeat(quotes), "#".repeat(hashes));
        // A string that the lexer could not close has no closing quote.
        let close = if text[open..].ends_with(&closing) { closing.len() } else { 0 };
        Shape { raw, block, open, close }
    }
}

/// The ranges of `text` that are content, line by line, without the line breaks and, in a text block,
/// without the indentation of the closing quotes.
fn content_lines(
    text: &str,
    span: Span,
    shape: &Shape,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(usize, usize)> {
    let (start, end) = (shape.open, text.len() - shape.close);
    let mut lines = vec![];
    let mut from = start;
    for line in text[start..end].split('\n') {
        let bare = line.strip_suffix('\r').unwrap_or(line);
        lines.push((from, from + bare.len()));
        from += line.len() + 1;
    }
    if !shape.block || lines.len() < 2 {
        return lines;
    }
    if lines.first().is_some_and(|(from, to)| from == to) {
        lines.remove(0);
    }
    let Some(&(last_from, last_to)) = lines.last() else { return lines };
    let indentation = &text[last_from..last_to];
    if !indentation.bytes().all(|b| matches!(b, b' ' | b'\t')) {
        return lines;
    }
    lines.pop();
    for (from, to) in &mut lines {
        let line = &text[*from..*to];
        if line.starts_with(indentation) {
            *from += indentation.len();
        } else if line.trim().is_empty() {
            *from = *to;
        } else {
            let start = span.start + *from as u32;
            let place = Span::new(span.file, start, span.start + *to as u32);
            diagnostics.push(errors::block_indentation(place));
            *from += line.len() - line.trim_start().len();
        }
    }
    lines
}

struct Content {
    parts: Vec<StringPart>,
    pending: String,
}

impl Content {
    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.parts.push(StringPart::Text(std::mem::take(&mut self.pending)));
        }
    }

    fn finish(mut self) -> Vec<StringPart> {
        self.flush();
        self.parts
    }
}

/// Decodes one line of a plain string, which begins `offset` bytes into the literal at `span`.
fn decode_line(
    line: &str,
    span: Span,
    offset: u32,
    content: &mut Content,
    diagnostics: &mut Vec<Diagnostic>,
    interpolate: &mut dyn FnMut(&str, u32, &mut Vec<Diagnostic>) -> Expr,
) {
    let base = span.start + offset;
    let place = |from: usize, to: usize| Span::new(span.file, base + from as u32, base + to as u32);
    let mut at = 0;
    while at < line.len() {
        let rest = &line[at..];
        if rest.starts_with('\\') {
            let (length, text) = escape(rest);
            match text {
                Some(text) => content.pending.push(text),
                None => {
                    diagnostics.push(errors::bad_escape(place(at, at + length), &rest[..length]));
                    content.pending.push_str(&rest[..length]);
                }
            }
            at += length;
        } else if rest.starts_with("{{") {
            content.pending.push_str("{{");
            at += 2;
        } else if rest.starts_with('{') {
            // Without an end the lexer has reported it, and the brace is text.
            let Some(length) = interpolation_end(&rest.as_bytes()[1..]) else {
                content.pending.push('{');
                at += 1;
                continue;
            };
            content.flush();
            let inner = &rest[1..length];
            let expr = if inner.trim().is_empty() {
                diagnostics.push(errors::empty_interpolation(place(at, at + length + 1)));
                Expr { kind: super::ast::ExprKind::Hole, span: place(at + 1, at + 1) }
            } else {
                interpolate(inner, base + at as u32 + 1, diagnostics)
            };
            content.parts.push(StringPart::Interpolation(expr));
            at += length + 1;
        } else {
            let end = rest.find(['\\', '{']).unwrap_or(rest.len());
            content.pending.push_str(&rest[..end]);
            at += end;
        }
    }
}

/// The length of the escape at the start of `rest`, and the character it stands for.
fn escape(rest: &str) -> (usize, Option<char>) {
    let Some(letter) = rest[1..].chars().next() else { return (1, None) };
    let simple = match letter {
        'n' => Some('\n'),
        't' => Some('\t'),
        '"' => Some('"'),
        '\\' => Some('\\'),
        '{' => Some('{'),
        'u' => return unicode_escape(rest),
        _ => None,
    };
    (1 + letter.len_utf8(), simple)
}

/// `\u{1f600}`: one to six hexadecimal digits.
fn unicode_escape(rest: &str) -> (usize, Option<char>) {
    let Some(after) = rest.strip_prefix("\\u{") else { return (2, None) };
    let Some(length) = after.find('}').filter(|length| *length <= 6) else { return (2, None) };
    let digits = &after[..length];
    let is_hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let c = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex).and_then(char::from_u32);
    (3 + length + 1, c)
}
