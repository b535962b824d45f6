//! YAML text to tokens: indentation, simple keys and indicators.
//!
//! A *simple key* is a key without `?`. It is recognised only at its `:`, so tokens wait in a queue
//! until it is clear whether a key token must go before them. Columns count bytes: everything that
//! can stand before a token that decides indentation is ASCII.
//!
//! Scalars are scanned in `super::scalars`, tags and directives in `super::tags`.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::SyntaxError;

#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: TokenKind<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) enum TokenKind<'a> {
    StreamEnd,
    VersionDirective { major: u32, minor: u32 },
    TagDirective { handle: &'a str, prefix: Cow<'a, str> },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag { handle: &'a str, suffix: Cow<'a, str> },
    Scalar { value: Cow<'a, str>, plain: bool },
}

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    /// The next byte to look at.
    pub(super) pos: usize,
    pub(super) line: usize,
    pub(super) line_start: usize,
    /// The column of the innermost block collection, -1 outside all of them.
    pub(super) indent: i64,
    pub(super) flow_level: usize,
    pub(super) simple_key_allowed: bool,
    indents: Vec<i64>,
    /// One place for each flow level, and one for the block context.
    simple_keys: Vec<SimpleKey>,
    /// Tokens that must wait for their simple key to be decided, with the level of that key, in
    /// order. Kubernetes' reader loses the entry of an empty flow collection, so that `{}` may never
    /// be a simple key; this one does the same.
    waiting: VecDeque<(usize, usize)>,
    pub(super) tokens: VecDeque<Token<'a>>,
    /// How many tokens have been handed out.
    taken: usize,
    /// Whether the first token of the queue is final.
    is_ready: bool,
}

#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    /// The number of the token that would be the key, counted from the start of the stream.
    token: usize,
    pos: usize,
    line: usize,
    column: i64,
}

/// A simple key's `:` must follow within this many characters.
const SIMPLE_KEY_LEN_MAX: usize = 1024;

type Scan<T> = Result<T, SyntaxError>;

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Scanner {
            text,
            bytes: text.as_bytes(),
            pos: 0,
            line: 0,
            line_start: 0,
            indent: -1,
            flow_level: 0,
            simple_key_allowed: true,
            indents: Vec::new(),
            simple_keys: vec![SimpleKey::default()],
            waiting: VecDeque::new(),
            tokens: VecDeque::new(),
            taken: 0,
            is_ready: false,
        }
    }

    /// The next token, which stays in the queue.
    pub(super) fn peek(&mut self) -> Scan<&mut Token<'a>> {
        if !self.is_ready {
            self.fill()?;
            self.is_ready = true;
        }
        match self.tokens.front_mut() {
            Some(token) => Ok(token),
            None => Err(SyntaxError { message: "unexpected end of the text", offset: self.pos }),
        }
    }

    /// Drops the token that `peek` showed.
    pub(super) fn skip(&mut self) {
        self.is_ready = false;
        self.taken += 1;
        self.tokens.pop_front();
    }

    pub(super) fn error<T>(&self, message: &'static str) -> Scan<T> {
        Err(SyntaxError { message, offset: self.pos })
    }

    /// The byte `ahead` of the current one; 0 at the end.
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.pos + ahead).copied().unwrap_or(0)
    }

    pub(super) fn is_end(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    pub(super) fn column(&self) -> i64 {
        (self.pos - self.line_start) as i64
    }

    /// The length in bytes of the line break at `pos`, 0 if there is none.
    pub(super) fn break_len(&self, pos: usize) -> usize {
        match self.bytes.get(pos) {
            Some(b'\n') => 1,
            Some(b'\r') => match self.bytes.get(pos + 1..) {
                Some([b'\n', ..]) => 2,
                // Kubernetes takes the `\r` of each line's end off before YAML is read.
                Some([b'\r', b'\n', ..]) => 3,
                _ => 1,
            },
            Some(0xC2) if self.bytes.get(pos + 1) == Some(&0x85) => 2,
            Some(0xE2)
                if self.bytes.get(pos + 1) == Some(&0x80)
                    && matches!(self.bytes.get(pos + 2), Some(0xA8 | 0xA9)) =>
            {
                3
            }
            _ => 0,
        }
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    /// Whether a space, a tab, a line break or the end is `ahead`.
    pub(super) fn is_blank_or_break(&self, ahead: usize) -> bool {
        let pos = self.pos + ahead;
        pos >= self.bytes.len() || self.is_blank(ahead) || self.break_len(pos) > 0
    }

    pub(super) fn is_break_or_end(&self) -> bool {
        self.is_end() || self.break_len(self.pos) > 0
    }

    /// Steps over the line break at the current byte, if any, and returns what it means in text.
    pub(super) fn take_break(&mut self) -> &'static str {
        let len = self.break_len(self.pos);
        if len == 0 {
            return "";
        }
        let text = match (self.byte(0), self.byte(2)) {
            (0xE2, 0xA8) => "\u{2028}",
            (0xE2, _) => "\u{2029}",
            _ => "\n",
        };
        self.pos += len;
        self.line += 1;
        self.line_start = self.pos;
        text
    }

    /// Whether the line starts with `---` or `...`.
    pub(super) fn is_document_indicator(&self) -> bool {
        self.column() == 0
            && (self.bytes[self.pos..].starts_with(b"---") || self.bytes[self.pos..].starts_with(b"..."))
            && self.is_blank_or_break(3)
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.pos += 1;
        }
    }

    pub(super) fn skip_comment(&mut self) {
        if self.byte(0) == b'#' {
            while !self.is_break_or_end() {
                self.pos += 1;
            }
        }
    }

    fn fill(&mut self) -> Scan<()> {
        loop {
            if !self.tokens.is_empty() {
                while self.waiting.front().is_some_and(|(token, _)| *token < self.taken) {
                    self.waiting.pop_front();
                }
                match self.waiting.front() {
                    Some(&(token, level)) if token == self.taken => {
                        if !self.is_valid_key(level)? {
                            return Ok(());
                        }
                    }
                    Some(_) | None => return Ok(()),
                }
            }
            self.fetch()?;
        }
    }

    fn fetch(&mut self) -> Scan<()> {
        self.skip_to_token()?;
        self.unroll_indent(self.column());
        if self.is_end() {
            return self.fetch_stream_end();
        }
        let byte = self.byte(0);
        if self.column() == 0 && byte == b'%' {
            return self.fetch_directive();
        }
        if self.is_document_indicator() {
            return self.fetch_document_indicator(byte);
        }
        let is_flow = self.flow_level > 0;
        let is_indicator = is_flow || self.is_blank_or_break(1);
        match byte {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.push_indicator(TokenKind::FlowEntry);
                Ok(())
            }
            b'-' if self.is_blank_or_break(1) => self.fetch_block_entry(),
            b'?' if is_indicator => self.fetch_key(),
            b':' if is_indicator => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(byte),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if !is_flow => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                let token = self.scan_block_scalar(byte == b'|')?;
                self.tokens.push_back(token);
                Ok(())
            }
            b'\'' | b'"' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let token = self.scan_quoted_scalar(byte)?;
                self.tokens.push_back(token);
                Ok(())
            }
            b'?' | b':' | b'-' => self.fetch_plain(),
            b'|' | b'>' | b'#' | b'%' | b'@' | b'`' | b' ' | b'\t' => {
                self.error("this character cannot start a value")
            }
            _ => self.fetch_plain(),
        }
    }

    fn fetch_plain(&mut self) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_plain_scalar()?;
        self.tokens.push_back(token);
        Ok(())
    }

    /// Skips spaces, comments and line breaks. Tabs may separate tokens, but not indent them.
    fn skip_to_token(&mut self) -> Scan<()> {
        loop {
            if self.column() == 0 && self.bytes[self.pos..].starts_with(b"\xEF\xBB\xBF") {
                return self.error("a byte order mark may stand only at the start of the file");
            }
            while self.byte(0) == b' '
                || self.byte(0) == b'\t' && (self.flow_level > 0 || !self.simple_key_allowed)
            {
                self.pos += 1;
            }
            self.skip_comment();
            if self.break_len(self.pos) == 0 {
                return Ok(());
            }
            self.take_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    fn push_indicator(&mut self, kind: TokenKind<'a>) {
        let start = self.pos;
        self.pos += 1;
        self.tokens.push_back(Token { kind, start, end: self.pos });
    }

    fn push_mark(&mut self, kind: TokenKind<'a>) {
        self.tokens.push_back(Token { kind, start: self.pos, end: self.pos });
    }

    fn is_valid_key(&mut self, level: usize) -> Scan<bool> {
        let Some(key) = self.simple_keys.get(level).copied() else { return Ok(false) };
        if !key.possible {
            return Ok(false);
        }
        let is_far = || {
            self.pos - key.pos > SIMPLE_KEY_LEN_MAX
                && self.text[key.pos..self.pos].chars().count() > SIMPLE_KEY_LEN_MAX
        };
        if key.line < self.line || is_far() {
            if key.required {
                return self.error("expected `:` after this key");
            }
            self.simple_keys[level].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    pub(super) fn save_simple_key(&mut self) -> Scan<()> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        self.remove_simple_key()?;
        let key = SimpleKey {
            possible: true,
            required: self.flow_level == 0 && self.indent == self.column(),
            token: self.taken + self.tokens.len(),
            pos: self.pos,
            line: self.line,
            column: self.column(),
        };
        let level = self.simple_keys.len() - 1;
        self.simple_keys[level] = key;
        self.forget_waiting(key.token);
        self.waiting.push_back((key.token, level));
        Ok(())
    }

    pub(super) fn remove_simple_key(&mut self) -> Scan<()> {
        if let Some(key) = self.simple_keys.last_mut() {
            if key.possible && key.required {
                return self.error("expected `:` after the key before this");
            }
            if key.possible {
                key.possible = false;
                let token = key.token;
                self.forget_waiting(token);
            }
        }
        Ok(())
    }

    fn forget_waiting(&mut self, token: usize) {
        if let Some(at) = self.waiting.iter().rposition(|(waiting, _)| *waiting == token) {
            self.waiting.remove(at);
        }
    }

    /// Opens a block collection at `column`; its start token goes before token number `before`.
    fn roll_indent(&mut self, column: i64, before: Option<usize>, pos: usize, kind: TokenKind<'a>) {
        if self.flow_level > 0 || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let token = Token { kind, start: pos, end: pos };
        match before {
            None => self.tokens.push_back(token),
            Some(number) => self.insert(number, token),
        }
    }

    fn insert(&mut self, number: usize, token: Token<'a>) {
        // A token that should have gone before one that is gone goes to the end.
        let at = number.checked_sub(self.taken).unwrap_or(self.tokens.len());
        self.tokens.insert(at.min(self.tokens.len()), token);
    }

    pub(super) fn unroll_indent(&mut self, column: i64) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push_mark(TokenKind::BlockEnd);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_stream_end(&mut self) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push_mark(TokenKind::StreamEnd);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, byte: u8) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let kind = if byte == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
        let start = self.pos;
        self.pos += 3;
        self.tokens.push_back(Token { kind, start, end: self.pos });
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind<'a>) -> Scan<()> {
        self.save_simple_key()?;
        let token = self.taken + self.tokens.len();
        self.simple_keys.push(SimpleKey { token, ..SimpleKey::default() });
        self.flow_level += 1;
        self.simple_key_allowed = true;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind<'a>) -> Scan<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(key) = self.simple_keys.pop() {
                self.forget_waiting(key.token);
            }
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Scan<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.error("a list item is not allowed here");
            }
            self.roll_indent(self.column(), None, self.pos, TokenKind::BlockSequenceStart);
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Scan<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.error("a mapping key is not allowed here");
            }
            self.roll_indent(self.column(), None, self.pos, TokenKind::BlockMappingStart);
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Scan<()> {
        let level = self.simple_keys.len() - 1;
        if self.is_valid_key(level)? {
            let key = self.simple_keys[level];
            self.insert(key.token, Token { kind: TokenKind::Key, start: key.pos, end: key.pos });
            let kind = TokenKind::BlockMappingStart;
            self.roll_indent(key.column, Some(key.token), key.pos, kind);
            self.simple_keys[level].possible = false;
            self.forget_waiting(key.token);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.error("a mapping value is not allowed here");
                }
                self.roll_indent(self.column(), None, self.pos, TokenKind::BlockMappingStart);
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value);
        Ok(())
    }

    fn fetch_anchor(&mut self, indicator: u8) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.pos;
        self.pos += 1;
        let name = self.take_name();
        let may_follow = self.is_blank_or_break(0)
            || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !may_follow {
            return self.error("an anchor or alias has a name of letters, digits, `_` and `-`");
        }
        let kind = if indicator == b'*' { TokenKind::Alias(name) } else { TokenKind::Anchor(name) };
        self.tokens.push_back(Token { kind, start, end: self.pos });
        Ok(())
    }

    /// Letters, digits, `_` and `-`.
    pub(super) fn take_name(&mut self) -> &'a str {
        let start = self.pos;
        while is_name_byte(self.byte(0)) {
            self.pos += 1;
        }
        &self.text[start..self.pos]
    }
}

pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
