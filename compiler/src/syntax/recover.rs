//! Parsing that survives mistakes. The grammar says where it stops and what it would have taken; then
//! repairs of the token list are tried, the most likely first, and the first that lets the grammar go on
//! is kept, with one diagnostic. What no repair saves becomes an `Error` node, as small as possible.
//!
//! Every round gets strictly further or gives up a larger piece, so it ends.

use std::cell::Cell;

use lalrpop_util::ParseError;

use super::build::{Builder, Never, Said};
use super::comments::Comments;
use super::repairs::{self, Repair};
use super::token::{Tok, Token};
use crate::diagnostic::Diagnostic;
use crate::source::FileId;

/// Mistakes repaired in one item; what is broken more often is given up.
const REPAIRS_MAX: usize = 40;
/// Each repair reads the item several times over, so a very long item gets fewer of them.
const REPAIR_TOKENS_MAX: usize = 100_000;

/// The text that tokens point into.
#[derive(Clone, Copy)]
pub struct Source<'s> {
    pub file: FileId,
    pub text: &'s str,
    /// The offset of `text` in the file.
    pub base: u32,
    pub comments: &'s Comments,
    /// Where the tokens of the text end, ascending.
    pub token_ends: &'s [u32],
    pub interpolation_depth: u32,
}

impl<'s> Source<'s> {
    pub fn slice(&self, start: u32, end: u32) -> &'s str {
        let text: &'s str = self.text;
        text.get(start.saturating_sub(self.base) as usize..end.saturating_sub(self.base) as usize)
            .unwrap_or("")
    }
}

/// A token as the parser takes it.
pub type Triple = Result<(u32, Tok, u32), Never>;
type Failed = ParseError<u32, Tok, Never>;
/// One entry point of the grammar.
pub type Run<'r, T> = dyn Fn(&Builder, &mut dyn Iterator<Item = Triple>) -> Result<T, Failed> + 'r;

/// Where the grammar stopped.
#[derive(Clone, Debug)]
pub struct Stop {
    /// Index of the token it could not take; the number of tokens at the end.
    pub at: usize,
    /// Terminals it would have taken, as the grammar spells them, without quotes.
    pub expected: Vec<String>,
}

impl Stop {
    pub fn expects(&self, terminal: &str) -> bool {
        self.expected.iter().any(|expected| expected == terminal)
    }
}

/// Parses `tokens`, with repairs. Their diagnostics go to `diagnostics`; those about the content of the
/// text that was kept come with the tree.
pub fn parse<T>(
    source: &Source,
    tokens: &[Token],
    run: &Run<T>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (T, Said) {
    let mut tokens = tokens.to_vec();
    let mut rounds = 0;
    loop {
        let stop = match attempt(source, &tokens, run) {
            Ok(done) => return done,
            Err(stop) => stop,
        };
        rounds += 1;
        let probe = |tokens: &[Token]| attempt(source, tokens, run).err();
        let repairs_max = (REPAIR_TOKENS_MAX / tokens.len().max(1)).clamp(1, REPAIRS_MAX);
        let Repair { tokens: repaired, diagnostic } = if rounds > repairs_max {
            repairs::give_up(source, &tokens, &stop)
        } else {
            repairs::choose(source, &tokens, &stop, &probe)
        };
        diagnostics.push(diagnostic);
        tokens = repaired;
    }
}

/// What the grammar would have taken in place of the last token; nothing where it stops before, or takes it.
pub fn expected<T>(source: &Source, tokens: &[Token], run: &Run<T>) -> Vec<String> {
    match attempt(source, tokens, run) {
        Err(stop) if stop.at + 1 == tokens.len() => stop.expected,
        Ok(_) | Err(_) => Vec::new(),
    }
}

fn attempt<T>(source: &Source, tokens: &[Token], run: &Run<T>) -> Result<(T, Said), Stop> {
    let builder = Builder::new(source);
    let taken = Cell::new(0_usize);
    let mut triples = tokens.iter().map(|token| {
        taken.set(taken.get() + 1);
        Ok((token.start, token.tok, token.end))
    });
    match run(&builder, &mut triples) {
        Ok(tree) => Ok((tree, builder.into_said())),
        Err(error) => Err(stop(error, taken.get(), tokens.len())),
    }
}

fn stop(error: Failed, taken: usize, length: usize) -> Stop {
    let unquote = |list: Vec<String>| list.iter().map(|word| word.trim_matches('"').to_string()).collect();
    match error {
        ParseError::UnrecognizedEof { expected, .. } => Stop { at: length, expected: unquote(expected) },
        ParseError::UnrecognizedToken { expected, .. } => {
            Stop { at: taken.saturating_sub(1), expected: unquote(expected) }
        }
        ParseError::ExtraToken { .. } | ParseError::InvalidToken { .. } => {
            Stop { at: taken.saturating_sub(1), expected: vec![] }
        }
        ParseError::User { error } => match error {},
    }
}
