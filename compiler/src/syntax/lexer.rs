//! Text to tokens and comments. Words are told from keywords here, numbers are classified, and characters
//! that could deceive a reader are refused. Nothing is said about the order of tokens.

use logos::Logos;

use super::comments::{Comment, Comments};
use super::strings::Ending;
use super::token::{Keyword, RawToken, Tok, Token};
use super::{errors, number};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// What the lexer made of a text.
#[derive(Debug, Default)]
pub struct Lexed {
    pub tokens: Vec<Token>,
    pub comments: Comments,
    pub diagnostics: Vec<Diagnostic>,
}

/// The tokens of `text`, which begins at byte `base` of `file`.
pub fn lex(file: FileId, text: &str, base: u32) -> Lexed {
    let mut cx = Ctx { file, text, base, out: Lexed::default(), line_breaks: 0, pending_comments: 0 };
    let skip = if base == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    cx.hidden_characters(skip);
    cx.run(skip);
    cx.out
}

struct Ctx<'s> {
    file: FileId,
    text: &'s str,
    base: u32,
    out: Lexed,
    /// Line breaks since the last token or comment.
    line_breaks: u32,
    /// Comments at the end of the table whose next token is not yet known.
    pending_comments: usize,
}

impl Ctx<'_> {
    fn run(&mut self, skip: usize) {
        let text = self.text;
        let mut starts_line = true;
        let mut unknown: Option<(usize, usize)> = None;
        let mut lexer = RawToken::lexer(&text[skip..]).spanned();
        while let Some((raw, range)) = lexer.next() {
            let (start, end) = (range.start + skip, range.end + skip);
            let Ok(raw) = raw else {
                // Neighbouring unknown characters are one finding.
                unknown = match unknown {
                    Some((from, to)) if to == start => Some((from, end)),
                    Some(run) => {
                        self.unknown(run, starts_line);
                        Some((start, end))
                    }
                    None => Some((start, end)),
                };
                continue;
            };
            if let Some(run) = unknown.take() {
                self.unknown(run, starts_line);
            }
            let tok = match raw {
                RawToken::Newline => {
                    self.line_breaks += 1;
                    starts_line = true;
                    continue;
                }
                RawToken::Comment => {
                    self.comment(start, end);
                    continue;
                }
                RawToken::Name => self.word(start, end),
                RawToken::Number => self.number(start, end),
                RawToken::Date => self.date(start, end),
                RawToken::String(ending) => self.string(start, end, ending),
                RawToken::SingleQuoted => {
                    self.report(errors::single_quotes(self.span(start, end), &text[start + 1..end - 1]));
                    Some(Tok::Str)
                }
                RawToken::Sign(sign) => Some(sign),
                // `ghcr.io/*` without quotes, not a comment.
                RawToken::Foreign if &text[start..end] == "/*" && self.touches_word(start) => {
                    self.push(Tok::Slash, start, start + 1, starts_line);
                    self.push(Tok::Star, start + 1, end, false);
                    starts_line = false;
                    None
                }
                RawToken::Foreign => self.foreign(&mut lexer, skip, start, end),
            };
            if let Some(tok) = tok {
                self.push(tok, start, end, starts_line);
                starts_line = false;
            }
        }
        if let Some(run) = unknown.take() {
            self.unknown(run, starts_line);
        }
        self.settle_comments(self.base + text.len() as u32);
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, self.base + start as u32, self.base + end as u32)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.out.diagnostics.push(diagnostic);
    }

    fn push(&mut self, tok: Tok, start: usize, end: usize, starts_line: bool) {
        let (start, end) = (self.base + start as u32, self.base + end as u32);
        self.settle_comments(start);
        self.line_breaks = 0;
        self.out.tokens.push(Token { tok, start, end, starts_line });
    }

    fn settle_comments(&mut self, next_token: u32) {
        let from = self.out.comments.all.len() - self.pending_comments;
        for comment in &mut self.out.comments.all[from..] {
            comment.next_token = next_token;
        }
        self.pending_comments = 0;
    }

    fn comment(&mut self, start: usize, end: usize) {
        let text = &self.text[start..end];
        let is_first = self.out.tokens.is_empty() && self.out.comments.all.is_empty();
        self.out.comments.all.push(Comment {
            start: self.base + start as u32,
            end: self.base + end as u32,
            doc: text.starts_with("///") && !text.starts_with("////"),
            own_line: self.line_breaks > 0 || is_first,
            blank_above: self.line_breaks > 1,
            next_token: 0,
        });
        self.pending_comments += 1;
        self.line_breaks = 0;
    }

    fn word(&self, start: usize, end: usize) -> Option<Tok> {
        Some(Keyword::parse(&self.text[start..end]).map_or(Tok::Name, Tok::Keyword))
    }

    fn number(&mut self, start: usize, end: usize) -> Option<Tok> {
        let text = &self.text[start..end];
        match number::classify(text) {
            Some(kind) => Some(kind),
            None => {
                self.report(errors::malformed_number(self.span(start, end), text));
                Some(Tok::Error)
            }
        }
    }

    fn date(&mut self, start: usize, end: usize) -> Option<Tok> {
        let text = &self.text[start..end];
        if !number::is_date(text) {
            self.report(errors::not_a_date(self.span(start, end), text));
        }
        Some(Tok::Date)
    }

    fn string(&mut self, start: usize, end: usize, ending: Ending) -> Option<Tok> {
        let text = &self.text[start..end];
        match ending {
            Ending::Closed => {}
            Ending::Unclosed => self.report(errors::unclosed_string(self.span(start, end), text)),
            Ending::UnclosedInterpolation => {
                self.report(errors::unclosed_interpolation(self.span(start, end), text));
            }
        }
        Some(Tok::Str)
    }

    fn touches_word(&self, start: usize) -> bool {
        self.text[..start].ends_with(|c: char| c.is_ascii_alphanumeric())
    }

    /// Signs of other languages: read as what they mean there.
    fn foreign(
        &mut self,
        lexer: &mut logos::SpannedIter<'_, RawToken>,
        skip: usize,
        start: usize,
        end: usize,
    ) -> Option<Tok> {
        let sign = &self.text[start..end];
        let span = self.span(start, end);
        let (meant, tok) = match sign {
            "&&" => ("and", Some(Tok::Keyword(Keyword::And))),
            "||" => ("or", Some(Tok::Keyword(Keyword::Or))),
            "!" => ("not ", Some(Tok::Keyword(Keyword::Not))),
            "=~" => ("matches", Some(Tok::Keyword(Keyword::Matches))),
            "=>" => (">=", Some(Tok::Ge)),
            _ if sign.starts_with("===") => ("==", Some(Tok::EqEq)),
            _ if sign.starts_with("<>") || sign.starts_with("!==") => ("!=", Some(Tok::Ne)),
            "?." => (".", Some(Tok::Dot)),
            "#" => {
                // The rest of the line is a comment elsewhere, so it is one here.
                let rest = &self.text[end..];
                let length = rest.find('\n').unwrap_or(rest.len());
                lexer.bump(length);
                self.report(errors::foreign_comment(span));
                return None;
            }
            "/*" => {
                let rest = &self.text[end..];
                let length = rest.find("*/").map_or(rest.len(), |at| at + 2);
                lexer.bump(length);
                debug_assert_eq!(lexer.span().end + skip, end + length);
                self.report(errors::foreign_comment(self.span(start, end + length)));
                return None;
            }
            "*/" => {
                self.report(errors::foreign_comment(span));
                return None;
            }
            _ => ("", None),
        };
        self.report(errors::foreign_sign(span, sign, meant));
        tok
    }

    fn unknown(&mut self, (start, end): (usize, usize), starts_line: bool) {
        let text = &self.text[start..end];
        // Hidden characters have been reported by their own rule.
        if text.chars().any(|c| !is_hidden(c)) {
            self.report(errors::unknown_character(self.span(start, end), text));
        }
        // A typographic dash is read as the minus it was before an editor improved it.
        if matches!(text, "\u{2013}" | "\u{2014}" | "\u{2212}") {
            self.push(Tok::Minus, start, end, starts_line);
        }
    }

    fn hidden_characters(&mut self, skip: usize) {
        let text = &self.text[skip..];
        let plain = |b: u8| matches!(b, b'\t' | b'\n' | b' '..=b'~');
        if text.bytes().all(plain) {
            return;
        }
        for (at, c) in text.char_indices().filter(|(_, c)| is_hidden(*c)) {
            let start = at + skip;
            let diagnostic = errors::hidden_character(self.span(start, start + c.len_utf8()), c);
            self.report(diagnostic);
        }
        // A carriage return is white space before a line feed only: alone it hides text in terminals.
        for (at, _) in text.match_indices('\r').filter(|(at, _)| !text[at + 1..].starts_with('\n')) {
            let start = at + skip;
            let diagnostic = errors::hidden_character(self.span(start, start + 1), '\r');
            self.report(diagnostic);
        }
    }
}

/// Unicode's general categories Cc, Cf, Zl and Zp, but for tab, line feed and carriage return. They do not
/// show, or reorder what shows, so text with them may read otherwise than it runs (CVE-2021-42574).
pub fn is_hidden(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' => true,
        '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' => true,
        '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}' => true,
        _ => false,
    }
}
