//! The words of an expression.

use super::QueryError;
use super::json_text;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TokenKind {
    Unknown,
    Star,
    Dot,
    Filter,
    Flatten,
    Lparen,
    Rparen,
    Lbracket,
    Rbracket,
    Lbrace,
    Rbrace,
    Or,
    Pipe,
    Number,
    UnquotedIdentifier,
    QuotedIdentifier,
    Comma,
    Colon,
    Lt,
    Lte,
    Gt,
    Gte,
    Eq,
    Ne,
    JsonLiteral,
    StringLiteral,
    Current,
    Expref,
    And,
    Not,
    Eof,
}

impl TokenKind {
    /// The name that messages use.
    pub fn name(self) -> &'static str {
        match self {
            TokenKind::Unknown => "tUnknown",
            TokenKind::Star => "tStar",
            TokenKind::Dot => "tDot",
            TokenKind::Filter => "tFilter",
            TokenKind::Flatten => "tFlatten",
            TokenKind::Lparen => "tLparen",
            TokenKind::Rparen => "tRparen",
            TokenKind::Lbracket => "tLbracket",
            TokenKind::Rbracket => "tRbracket",
            TokenKind::Lbrace => "tLbrace",
            TokenKind::Rbrace => "tRbrace",
            TokenKind::Or => "tOr",
            TokenKind::Pipe => "tPipe",
            TokenKind::Number => "tNumber",
            TokenKind::UnquotedIdentifier => "tUnquotedIdentifier",
            TokenKind::QuotedIdentifier => "tQuotedIdentifier",
            TokenKind::Comma => "tComma",
            TokenKind::Colon => "tColon",
            TokenKind::Lt => "tLT",
            TokenKind::Lte => "tLTE",
            TokenKind::Gt => "tGT",
            TokenKind::Gte => "tGTE",
            TokenKind::Eq => "tEQ",
            TokenKind::Ne => "tNE",
            TokenKind::JsonLiteral => "tJSONLiteral",
            TokenKind::StringLiteral => "tStringLiteral",
            TokenKind::Current => "tCurrent",
            TokenKind::Expref => "tExpref",
            TokenKind::And => "tAnd",
            TokenKind::Not => "tNot",
            TokenKind::Eof => "tEOF",
        }
    }

    /// How strongly what stands before it belongs to it; nothing for words that cannot go on an expression.
    pub fn binding_power(self) -> u8 {
        match self {
            TokenKind::Pipe => 1,
            TokenKind::Or => 2,
            TokenKind::And => 3,
            TokenKind::Eq
            | TokenKind::Ne
            | TokenKind::Lt
            | TokenKind::Lte
            | TokenKind::Gt
            | TokenKind::Gte => 5,
            TokenKind::Flatten => 9,
            TokenKind::Star => 20,
            TokenKind::Filter => 21,
            TokenKind::Dot => 40,
            TokenKind::Not => 45,
            TokenKind::Lbrace => 50,
            TokenKind::Lbracket => 55,
            TokenKind::Lparen => 60,
            TokenKind::Unknown
            | TokenKind::Rparen
            | TokenKind::Rbracket
            | TokenKind::Rbrace
            | TokenKind::Number
            | TokenKind::UnquotedIdentifier
            | TokenKind::QuotedIdentifier
            | TokenKind::Comma
            | TokenKind::Colon
            | TokenKind::JsonLiteral
            | TokenKind::StringLiteral
            | TokenKind::Current
            | TokenKind::Expref
            | TokenKind::Eof => 0,
        }
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token {
    pub kind: TokenKind,
    /// What an identifier, a number or a literal says, without its quotes; of other words nothing.
    pub text: Box<str>,
    /// Bytes before it.
    pub offset: usize,
}

/// The words of a text, the last of which is [`TokenKind::Eof`].
pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next_token()? {
        tokens.push(token);
    }
    tokens.push(Token { kind: TokenKind::Eof, text: "".into(), offset: text.len() });
    Ok(tokens)
}

struct Lexer<'t> {
    text: &'t str,
    /// Bytes that were read.
    at: usize,
}

impl<'t> Lexer<'t> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn takes(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn next_token(&mut self) -> Result<Option<Token>, QueryError> {
        let c = loop {
            match self.next() {
                None => return Ok(None),
                Some(' ' | '\t' | '\n' | '\r') => {}
                Some(c) => break c,
            }
        };
        let offset = self.at - c.len_utf8();
        let word = |kind| Ok(Some(Token { kind, text: "".into(), offset }));
        match c {
            'a'..='z' | 'A'..='Z' | '_' => Ok(Some(self.identifier(offset))),
            '-' | '0'..='9' => Ok(Some(self.number(offset))),
            '"' => self.quoted_identifier(offset).map(Some),
            '\'' => self.raw_string().map(Some),
            '`' => self.json_literal().map(Some),
            '.' => word(TokenKind::Dot),
            '*' => word(TokenKind::Star),
            ',' => word(TokenKind::Comma),
            ':' => word(TokenKind::Colon),
            '{' => word(TokenKind::Lbrace),
            '}' => word(TokenKind::Rbrace),
            ']' => word(TokenKind::Rbracket),
            '(' => word(TokenKind::Lparen),
            ')' => word(TokenKind::Rparen),
            '@' => word(TokenKind::Current),
            '[' if self.takes('?') => word(TokenKind::Filter),
            '[' if self.takes(']') => word(TokenKind::Flatten),
            '[' => word(TokenKind::Lbracket),
            '|' => word(if self.takes('|') { TokenKind::Or } else { TokenKind::Pipe }),
            '<' => word(if self.takes('=') { TokenKind::Lte } else { TokenKind::Lt }),
            '>' => word(if self.takes('=') { TokenKind::Gte } else { TokenKind::Gt }),
            '!' => word(if self.takes('=') { TokenKind::Ne } else { TokenKind::Not }),
            '=' => word(if self.takes('=') { TokenKind::Eq } else { TokenKind::Unknown }),
            '&' => word(if self.takes('&') { TokenKind::And } else { TokenKind::Expref }),
            c => Err(QueryError::syntax(format!("Unknown char: {}", quoted(c)), self.at - 1)),
        }
    }

    fn identifier(&mut self, offset: usize) -> Token {
        while let Some(c) = self.peek() {
            if c.is_ascii_alphanumeric() || c == '_' {
                self.at += 1;
                continue;
            }
            // Kyverno: its library takes this character for the last one of an identifier.
            if c == '\u{80}' {
                self.at += c.len_utf8();
            }
            break;
        }
        Token { kind: TokenKind::UnquotedIdentifier, text: self.text[offset..self.at].into(), offset }
    }

    fn number(&mut self, offset: usize) -> Token {
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        Token { kind: TokenKind::Number, text: self.text[offset..self.at].into(), offset }
    }

    /// What stands before the closing delimiter; a backslash takes the character after it along.
    fn until(&mut self, end: char) -> Result<&'t str, QueryError> {
        let start = self.at;
        loop {
            match self.next() {
                None => return Err(self.unclosed(end)),
                Some(c) if c == end => return Ok(&self.text[start..self.at - end.len_utf8()]),
                Some('\\') => {
                    self.next();
                }
                Some(_) => {}
            }
        }
    }

    fn unclosed(&self, delimiter: char) -> QueryError {
        QueryError::syntax(format!("Unclosed delimiter: {delimiter}"), self.text.len())
    }

    fn quoted_identifier(&mut self, offset: usize) -> Result<Token, QueryError> {
        let raw = self.until('"')?;
        let decoded = json_text::read_text(&format!("\"{raw}\""));
        let text = decoded.map_err(|fault| QueryError { message: fault.to_string(), offset })?;
        Ok(Token { kind: TokenKind::QuotedIdentifier, text: text.into(), offset })
    }

    /// Between single quotes everything is itself but `\'`, which is a quote.
    fn raw_string(&mut self) -> Result<Token, QueryError> {
        let offset = self.at;
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(self.unclosed('\'')),
                Some('\'') => break,
                Some('\\') if self.takes('\'') => text.push('\''),
                Some(c) => text.push(c),
            }
        }
        Ok(Token { kind: TokenKind::StringLiteral, text: text.into(), offset })
    }

    fn json_literal(&mut self) -> Result<Token, QueryError> {
        let offset = self.at;
        let text = self.until('`')?.replace("\\`", "`");
        Ok(Token { kind: TokenKind::JsonLiteral, text: text.into(), offset })
    }
}

/// A character as Go's `%q` writes it in ASCII.
fn quoted(c: char) -> String {
    match c {
        '\'' | '\\' => format!("'\\{c}'"),
        c if c.is_ascii_graphic() => format!("'{c}'"),
        '\u{7}' => "'\\a'".to_owned(),
        '\u{8}' => "'\\b'".to_owned(),
        '\u{b}' => "'\\v'".to_owned(),
        '\u{c}' => "'\\f'".to_owned(),
        c if c.is_ascii() => format!("'\\x{:02x}'", c as u32),
        c if (c as u32) < 0x10000 => format!("'\\u{:04x}'", c as u32),
        c => format!("'\\U{:08x}'", c as u32),
    }
}
