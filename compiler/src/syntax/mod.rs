//! Text to tree and back, for broken text too. Names and types are not known here.

pub mod ast;
mod adapter;
mod build;
pub mod comments;
mod depth;
mod errors;
mod expected;
mod lexer;
mod literal;
mod number;
mod parse;
mod recover;
mod repairs;
mod shape;
mod strings;
pub mod token;

lalrpop_util::lalrpop_mod!(
    #[allow(clippy::all, unused, reason = "generated")]
    grammar,
    "/grammar.rs"
);

pub use parse::{Parsed, parse};
