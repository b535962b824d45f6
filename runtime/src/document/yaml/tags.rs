//! Tags and directives.

use std::borrow::Cow;

use super::SyntaxError;
use super::scanner::{Scanner, Token, TokenKind, is_name_byte};

type Scan<T> = Result<T, SyntaxError>;

impl<'a> Scanner<'a> {
    pub(super) fn fetch_tag(&mut self) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.pos;
        let (handle, suffix): (&'a str, Cow<'a, str>);
        if self.byte(1) == b'<' {
            self.pos += 2;
            handle = "";
            suffix = self.scan_tag_uri("")?;
            if self.byte(0) != b'>' {
                return self.error("expected `>` at the end of this tag");
            }
            self.pos += 1;
        } else {
            let head = self.scan_tag_handle();
            if head.len() > 1 && head.ends_with('!') {
                handle = head;
                suffix = self.scan_tag_uri("")?;
            } else {
                let rest = self.scan_tag_uri(head)?;
                // A lone `!` is a tag of its own rather than a handle.
                (handle, suffix) = if rest.is_empty() { ("", Cow::Borrowed("!")) } else { ("!", rest) };
            }
        }
        if !self.is_blank_or_break(0) {
            return self.error("expected a space or a new line after this tag");
        }
        let kind = TokenKind::Tag { handle, suffix };
        self.tokens.push_back(Token { kind, start, end: self.pos });
        Ok(())
    }

    /// `!`, `!name` or `!name!`; the caller saw the first `!`.
    fn scan_tag_handle(&mut self) -> &'a str {
        let start = self.pos;
        self.pos += 1;
        self.take_name();
        if self.byte(0) == b'!' {
            self.pos += 1;
        }
        &self.text[start..self.pos]
    }

    /// The rest of a tag, after `head`, whose first byte `!` does not belong to it.
    fn scan_tag_uri(&mut self, head: &'a str) -> Scan<Cow<'a, str>> {
        let start = self.pos;
        let mut decoded: Option<Vec<u8>> = None;
        loop {
            match self.byte(0) {
                b'%' => {
                    let mut octets = decoded.take().unwrap_or_else(|| self.bytes[start..self.pos].to_vec());
                    self.scan_uri_escape(&mut octets)?;
                    decoded = Some(octets);
                }
                byte if is_uri_byte(byte) => {
                    if let Some(decoded) = &mut decoded {
                        decoded.push(byte);
                    }
                    self.pos += 1;
                }
                _ => break,
            }
        }
        if head.is_empty() && self.pos == start {
            return self.error("expected the name of a tag");
        }
        let head = head.get(1..).unwrap_or("");
        Ok(match decoded {
            // The head stands right before the rest.
            None => Cow::Borrowed(&self.text[start - head.len()..self.pos]),
            Some(octets) => Cow::Owned(head.to_owned() + String::from_utf8_lossy(&octets).as_ref()),
        })
    }

    /// One character as `%` octets.
    fn scan_uri_escape(&mut self, octets: &mut Vec<u8>) -> Scan<()> {
        let mut rest = 0;
        let mut is_first = true;
        while is_first || rest > 0 {
            let hex = |byte: u8| (byte as char).to_digit(16);
            let (b'%', Some(high), Some(low)) = (self.byte(0), hex(self.byte(1)), hex(self.byte(2))) else {
                return self.error("expected `%` and two hexadecimal digits in this tag");
            };
            let octet = (high * 16 + low) as u8;
            if is_first {
                rest = match octet {
                    0x00..=0x7F => 0,
                    0xC0..=0xDF => 1,
                    0xE0..=0xEF => 2,
                    0xF0..=0xF7 => 3,
                    0x80..=0xBF | 0xF8..=0xFF => {
                        return self.error("this octet cannot start a character");
                    }
                };
                is_first = false;
            } else if octet & 0xC0 == 0x80 {
                rest -= 1;
            } else {
                return self.error("this octet cannot continue a character");
            }
            octets.push(octet);
            self.pos += 3;
        }
        Ok(())
    }

    pub(super) fn fetch_directive(&mut self) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.pos;
        self.pos += 1;
        let name = self.take_name();
        if name.is_empty() || !self.is_blank_or_break(0) {
            return self.error("expected the name of a directive");
        }
        let kind = match name {
            "YAML" => {
                self.skip_blanks();
                let major = self.scan_version_number()?;
                if self.byte(0) != b'.' {
                    return self.error("expected a version such as 1.1");
                }
                self.pos += 1;
                TokenKind::VersionDirective { major, minor: self.scan_version_number()? }
            }
            "TAG" => self.scan_tag_directive()?,
            _ => return self.error("unknown directive"),
        };
        let end = self.pos;
        self.skip_blanks();
        self.skip_comment();
        if !self.is_break_or_end() {
            return self.error("expected the end of the line after this directive");
        }
        self.take_break();
        self.tokens.push_back(Token { kind, start, end });
        Ok(())
    }

    fn scan_version_number(&mut self) -> Scan<u32> {
        let mut number = 0;
        let start = self.pos;
        while self.byte(0).is_ascii_digit() {
            if self.pos - start == 2 {
                return self.error("this version number is too long");
            }
            number = number * 10 + u32::from(self.byte(0) - b'0');
            self.pos += 1;
        }
        if self.pos == start {
            return self.error("expected a version such as 1.1");
        }
        Ok(number)
    }

    fn scan_tag_directive(&mut self) -> Scan<TokenKind<'a>> {
        self.skip_blanks();
        if self.byte(0) != b'!' {
            return self.error("expected a tag handle that starts with `!`");
        }
        let handle = self.scan_tag_handle();
        if handle != "!" && !(handle.len() > 1 && handle.ends_with('!')) {
            return self.error("expected `!` at the end of this tag handle");
        }
        if !self.is_blank(0) {
            return self.error("expected a space after this tag handle");
        }
        self.skip_blanks();
        let prefix = self.scan_tag_uri("")?;
        if !self.is_blank_or_break(0) {
            return self.error("expected a space or a new line after this tag prefix");
        }
        Ok(TokenKind::TagDirective { handle, prefix })
    }
}

fn is_uri_byte(byte: u8) -> bool {
    is_name_byte(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte)
}
