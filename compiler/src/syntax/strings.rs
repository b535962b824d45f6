//! Where a string literal ends, seen from the lexer.
//!
//! A string is one token, interpolations included: the callbacks here count braces and skip strings nested
//! in them. Nothing is decoded here; [`super::literal`] does that.

use logos::Lexer;

use super::token::RawToken;

/// An interpolation longer than this is taken for a forgotten brace. It also bounds the work on text made
/// of forgotten braces only.
const INTERPOLATION_LENGTH_MAX: usize = 4096;
/// Strings within interpolations within strings.
const STRING_NESTING_MAX: usize = 8;

/// How the end of a string was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    Closed,
    /// The line or file ends first.
    Unclosed,
    /// An interpolation has no `}`, so the string was ended at its first plain quote.
    UnclosedInterpolation,
}

pub(super) fn end_of_plain(lexer: &mut Lexer<RawToken>) -> Ending {
    interpolated(lexer, "\"")
}

pub(super) fn end_of_block(lexer: &mut Lexer<RawToken>) -> Ending {
    interpolated(lexer, "\"\"\"")
}

pub(super) fn end_of_raw(lexer: &mut Lexer<RawToken>) -> Ending {
    raw(lexer, "\"", true)
}

pub(super) fn end_of_raw_block(lexer: &mut Lexer<RawToken>) -> Ending {
    raw(lexer, "\"\"\"", false)
}

/// `r#"…"#`, with any number of `#`.
pub(super) fn end_of_hashed(lexer: &mut Lexer<RawToken>) -> Ending {
    let hashes = lexer.slice().len() - 2;
    let quote = format!("\"{}", "#".repeat(hashes));
    raw(lexer, &quote, false)
}

fn raw(lexer: &mut Lexer<RawToken>, quote: &str, one_line: bool) -> Ending {
    let rest = lexer.remainder();
    let limit = if one_line { line_end(rest) } else { rest.len() };
    match rest[..limit].find(quote) {
        Some(at) => {
            lexer.bump(at + quote.len());
            Ending::Closed
        }
        None => {
            lexer.bump(if one_line { limit } else { line_end(rest) });
            Ending::Unclosed
        }
    }
}

fn interpolated(lexer: &mut Lexer<RawToken>, quote: &str) -> Ending {
    let rest = lexer.remainder();
    let block = quote.len() == 3;
    if let Some(end) = plain_end(rest.as_bytes(), block, true) {
        lexer.bump(end);
        return Ending::Closed;
    }
    match plain_end(rest.as_bytes(), block, false) {
        Some(end) => {
            lexer.bump(end);
            Ending::UnclosedInterpolation
        }
        None => {
            lexer.bump(line_end(rest));
            Ending::Unclosed
        }
    }
}

/// The length up to and with the closing quote; `None` when there is none, or, where interpolations
/// count, when one of them does not end.
fn plain_end(rest: &[u8], block: bool, interpolations: bool) -> Option<usize> {
    let mut at = 0;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'\n' if !block => return None,
            b'"' if !block => return Some(at + 1),
            b'"' if rest[at..].starts_with(b"\"\"\"") => return Some(at + 3),
            b'{' if interpolations && rest.get(at + 1) == Some(&b'{') => at += 2,
            b'{' if interpolations => at += 1 + interpolation_end(&rest[at + 1..])?,
            _ => at += 1,
        }
    }
    None
}

/// The length of an interpolation that begins after its `{`, up to and with its `}`.
/// It lies on one line. No recursion: the text may nest as deep as it likes.
pub(super) fn interpolation_end(rest: &[u8]) -> Option<usize> {
    // `Braces(n)`: in an expression with n open braces of its own. `Quotes`: in a string.
    enum Inside {
        Braces(u32),
        Quotes,
    }
    let mut stack = vec![Inside::Braces(0)];
    let mut at = 0;
    while at < rest.len().min(INTERPOLATION_LENGTH_MAX) {
        let byte = rest[at];
        if byte == b'\n' {
            return None;
        }
        match stack.last_mut() {
            None => return Some(at),
            Some(Inside::Braces(open)) => match byte {
                b'{' => *open += 1,
                b'}' if *open > 0 => *open -= 1,
                b'}' => {
                    stack.pop();
                    if stack.is_empty() {
                        return Some(at + 1);
                    }
                }
                b'r' if rest.get(at + 1) == Some(&b'"') && !preceded_by_word(rest, at) => {
                    let length = rest[at + 2..].iter().position(|b| matches!(b, b'"' | b'\n'))?;
                    at += 2 + length;
                    if rest[at] == b'\n' {
                        return None;
                    }
                }
                b'"' if stack.len() < 2 * STRING_NESTING_MAX => stack.push(Inside::Quotes),
                b'"' => return None,
                _ => {}
            },
            Some(Inside::Quotes) => match byte {
                b'\\' => at += 1,
                b'"' => {
                    stack.pop();
                }
                b'{' if rest.get(at + 1) == Some(&b'{') => at += 1,
                b'{' => stack.push(Inside::Braces(0)),
                _ => {}
            },
        }
        at += 1;
    }
    None
}

fn preceded_by_word(rest: &[u8], at: usize) -> bool {
    at > 0 && (rest[at - 1].is_ascii_alphanumeric() || matches!(rest[at - 1], b'_' | b'-'))
}

fn line_end(rest: &str) -> usize {
    let end = rest.find('\n').unwrap_or(rest.len());
    if rest[..end].ends_with('\r') { end - 1 } else { end }
}
