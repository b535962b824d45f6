//! Plain, quoted and block scalars.
//!
//! A scalar that stands in the text as it is read is borrowed from there; only folding and escapes
//! make a copy.

use std::borrow::Cow;

use super::SyntaxError;
use super::scanner::{Scanner, Token, TokenKind};

type Scan<T> = Result<T, SyntaxError>;

/// Text under way: borrowed from the source as long as it reads the same there.
struct Pieces<'a> {
    text: &'a str,
    start: usize,
    end: usize,
    owned: Option<String>,
}

impl<'a> Pieces<'a> {
    fn new(text: &'a str, start: usize) -> Self {
        Pieces { text, start, end: start, owned: None }
    }

    /// Adds the source from where the last such piece ended up to `end`.
    fn extend_to(&mut self, end: usize) {
        if let Some(owned) = &mut self.owned {
            owned.push_str(&self.text[self.end..end]);
        }
        self.end = end;
    }

    /// Steps over source up to `end` that does not belong to the value.
    fn skip_to(&mut self, end: usize) -> &mut String {
        let owned = self.owned.get_or_insert_with(|| self.text[self.start..self.end].to_owned());
        self.end = end;
        owned
    }

    fn finish(self) -> Cow<'a, str> {
        match self.owned {
            None => Cow::Borrowed(&self.text[self.start..self.end]),
            Some(owned) => Cow::Owned(owned),
        }
    }
}

/// The line breaks between two lines of a folded scalar.
#[derive(Default)]
struct Breaks {
    first: &'static str,
    rest: String,
}

impl Breaks {
    /// One line break folds to a space, more lose the first.
    fn fold_into(&mut self, value: &mut String) {
        if self.first == "\n" {
            if self.rest.is_empty() {
                value.push(' ');
            }
        } else {
            value.push_str(self.first);
        }
        value.push_str(&self.rest);
        self.first = "";
        self.rest.clear();
    }
}

impl<'a> Scanner<'a> {
    pub(super) fn scan_plain_scalar(&mut self) -> Scan<Token<'a>> {
        let start = self.pos;
        let indent = self.indent + 1;
        let mut value = Pieces::new(self.text, start);
        let mut breaks = Breaks::default();
        let mut after_break = false;
        loop {
            if self.is_document_indicator() || self.byte(0) == b'#' {
                break;
            }
            let run_end = self.plain_run_end();
            if run_end > self.pos {
                if after_break {
                    breaks.fold_into(value.skip_to(self.pos));
                    after_break = false;
                }
                value.extend_to(run_end);
                self.pos = run_end;
            }
            if !self.is_blank(0) && self.break_len(self.pos) == 0 {
                break;
            }
            loop {
                if self.is_blank(0) {
                    if after_break && self.column() < indent && self.byte(0) == b'\t' {
                        return self.error("a tab cannot indent this line");
                    }
                    self.pos += 1;
                } else if self.break_len(self.pos) > 0 {
                    let text = self.take_break();
                    if after_break {
                        breaks.rest.push_str(text);
                    } else {
                        breaks.first = text;
                        after_break = true;
                    }
                } else {
                    break;
                }
            }
            if self.flow_level == 0 && self.column() < indent {
                break;
            }
        }
        if after_break {
            self.simple_key_allowed = true;
        }
        let end = value.end;
        let kind = TokenKind::Scalar { value: value.finish(), plain: true };
        Ok(Token { kind, start, end })
    }

    /// Where the run of characters from the current one ends: at a blank, a line break, or an
    /// indicator that ends plain text.
    fn plain_run_end(&self) -> usize {
        let is_flow = self.flow_level > 0;
        let mut at = self.pos;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => break,
                b':' => {
                    let next = at + 1;
                    let ends =
                        matches!(self.bytes.get(next), None | Some(b' ' | b'\t')) || self.break_len(next) > 0;
                    if ends {
                        break;
                    }
                }
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if is_flow => break,
                0xC2 | 0xE2 if self.break_len(at) > 0 => break,
                _ => {}
            }
            at += 1;
        }
        at
    }

    pub(super) fn scan_quoted_scalar(&mut self, quote: u8) -> Scan<Token<'a>> {
        let start = self.pos;
        self.pos += 1;
        let mut value = Pieces::new(self.text, self.pos);
        let mut breaks = Breaks::default();
        loop {
            if self.is_document_indicator() {
                return self.error("a document marker inside quotes");
            }
            if self.is_end() {
                let message = "the closing quote is missing";
                return Err(SyntaxError { message, offset: start });
            }
            let mut after_break = self.scan_quoted_run(quote, &mut value)?;
            if self.byte(0) == quote {
                break;
            }
            let blanks_start = self.pos;
            loop {
                if self.is_blank(0) {
                    self.pos += 1;
                } else if self.break_len(self.pos) > 0 {
                    let text = self.take_break();
                    if after_break {
                        breaks.rest.push_str(text);
                    } else {
                        breaks.first = text;
                        after_break = true;
                    }
                } else {
                    break;
                }
            }
            if after_break {
                debug_assert!(value.end <= blanks_start, "blanks follow the text before them");
                breaks.fold_into(value.skip_to(self.pos));
            } else {
                value.extend_to(self.pos);
            }
        }
        self.pos += 1;
        let kind = TokenKind::Scalar { value: value.finish(), plain: false };
        Ok(Token { kind, start, end: self.pos })
    }

    /// Reads up to a blank, a line break or the closing quote; true after an escaped line break.
    fn scan_quoted_run(&mut self, quote: u8, value: &mut Pieces<'a>) -> Scan<bool> {
        while let Some(&byte) = self.bytes.get(self.pos) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => break,
                0xC2 | 0xE2 if self.break_len(self.pos) > 0 => break,
                b'\'' if quote == b'\'' => {
                    if self.byte(1) != b'\'' {
                        break;
                    }
                    value.extend_to(self.pos + 1);
                    value.skip_to(self.pos + 2);
                    self.pos += 2;
                }
                b'"' if quote == b'"' => break,
                b'\\' if quote == b'"' => {
                    value.extend_to(self.pos);
                    if self.break_len(self.pos + 1) > 0 {
                        self.pos += 1;
                        self.take_break();
                        value.skip_to(self.pos);
                        return Ok(true);
                    }
                    let ch = self.scan_escape()?;
                    value.skip_to(self.pos).push(ch);
                }
                _ => self.pos += 1,
            }
        }
        value.extend_to(self.pos);
        Ok(false)
    }

    /// The character of an escape; steps over it.
    fn scan_escape(&mut self) -> Scan<char> {
        let (ch, digits) = match self.byte(1) {
            b'0' => ('\0', 0),
            b'a' => ('\x07', 0),
            b'b' => ('\x08', 0),
            b't' | b'\t' => ('\t', 0),
            b'n' => ('\n', 0),
            b'v' => ('\x0B', 0),
            b'f' => ('\x0C', 0),
            b'r' => ('\r', 0),
            b'e' => ('\x1B', 0),
            b' ' => (' ', 0),
            b'"' => ('"', 0),
            b'\'' => ('\'', 0),
            b'\\' => ('\\', 0),
            b'N' => ('\u{85}', 0),
            b'_' => ('\u{A0}', 0),
            b'L' => ('\u{2028}', 0),
            b'P' => ('\u{2029}', 0),
            b'x' => ('\0', 2),
            b'u' => ('\0', 4),
            b'U' => ('\0', 8),
            _ => return self.error("unknown escape in double quotes"),
        };
        if digits == 0 {
            self.pos += 2;
            return Ok(ch);
        }
        let mut code: u32 = 0;
        for at in 0..digits {
            let Some(digit) = (self.byte(2 + at) as char).to_digit(16) else {
                return self.error("expected hexadecimal digits in this escape");
            };
            code = code << 4 | digit;
        }
        let Some(ch) = char::from_u32(code) else {
            return self.error("this escape is not a Unicode character");
        };
        self.pos += 2 + digits;
        Ok(ch)
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Scan<Token<'a>> {
        let start = self.pos;
        self.pos += 1;
        let (keep, increment) = self.scan_block_header()?;
        let mut end = self.pos;
        self.take_break();
        let mut indent = match increment {
            0 => 0,
            increment => self.indent.max(0) + increment,
        };
        let mut value = String::new();
        // The line break after the last content line, and those of the empty lines that follow.
        let mut line_break = "";
        let mut empty_lines = String::new();
        let mut was_blank = false;
        self.scan_block_breaks(&mut indent, &mut empty_lines)?;
        while self.column() == indent && !self.is_end() {
            let is_blank = self.is_blank(0);
            if !literal && line_break == "\n" && !was_blank && !is_blank {
                if empty_lines.is_empty() {
                    value.push(' ');
                }
            } else {
                value.push_str(line_break);
            }
            value.push_str(&empty_lines);
            empty_lines.clear();
            was_blank = is_blank;
            let line_start = self.pos;
            self.pos = self.line_end();
            value.push_str(&self.text[line_start..self.pos]);
            end = self.pos;
            line_break = self.take_break();
            self.scan_block_breaks(&mut indent, &mut empty_lines)?;
        }
        if keep != Chomp::Strip {
            value.push_str(line_break);
        }
        if keep == Chomp::Keep {
            value.push_str(&empty_lines);
        }
        let kind = TokenKind::Scalar { value: Cow::Owned(value), plain: false };
        Ok(Token { kind, start, end })
    }

    /// The signs after `|` or `>`, up to the end of the line.
    fn scan_block_header(&mut self) -> Scan<(Chomp, i64)> {
        let mut chomp = Chomp::Clip;
        let mut increment = 0;
        let chomp_first = matches!(self.byte(0), b'+' | b'-');
        for is_chomp in [chomp_first, !chomp_first] {
            let byte = self.byte(0);
            if is_chomp && matches!(byte, b'+' | b'-') {
                chomp = if byte == b'+' { Chomp::Keep } else { Chomp::Strip };
                self.pos += 1;
            } else if !is_chomp && byte.is_ascii_digit() {
                if byte == b'0' {
                    return self.error("the indentation of a block must be 1 to 9");
                }
                increment = i64::from(byte - b'0');
                self.pos += 1;
            } else if !is_chomp && !chomp_first {
                // Without a digit there is no sign behind it either.
                break;
            }
        }
        self.skip_blanks();
        self.skip_comment();
        if !self.is_break_or_end() {
            return self.error("expected the end of the line after `|` or `>`");
        }
        Ok((chomp, increment))
    }

    /// Skips the indentation and the empty lines, and settles an open indentation by the first
    /// line with content.
    fn scan_block_breaks(&mut self, indent: &mut i64, breaks: &mut String) -> Scan<()> {
        let mut widest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.byte(0) == b' ' {
                self.pos += 1;
            }
            widest = widest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.byte(0) == b'\t' {
                return self.error("a tab cannot indent this line");
            }
            if self.break_len(self.pos) == 0 {
                break;
            }
            breaks.push_str(self.take_break());
        }
        if *indent == 0 {
            *indent = widest.max(self.indent + 1).max(1);
        }
        Ok(())
    }

    fn line_end(&self) -> usize {
        let mut at = self.pos;
        while at < self.bytes.len() && self.break_len(at) == 0 {
            at += 1;
        }
        at
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}
