//! Text to tree and back, for broken text too. Names and types are not known here.
//!
//! ```text
//! text ─lexer→ tokens + comments ─adapter→ balanced tokens ─grammar, recover→ ast::Module ─format→ text
//! ```

mod adapter;
pub mod ast;
mod build;
pub mod comments;
mod depth;
mod dump;
mod errors;
mod expected;
mod format;
mod lexer;
mod literal;
mod number;
pub mod operators;
mod parse;
mod recover;
mod repairs;
mod shape;
mod strings;
pub mod token;
pub mod walk;

pub use dump::{dump_ast, dump_expr, dump_tokens};
pub use format::format;
pub use lexer::is_hidden;
pub use number::is_date;
pub use parse::{Parsed, keywords_at, parse, parse_expr, tokens};

lalrpop_util::lalrpop_mod!(
    #[allow(clippy::all, unused, reason = "generated")]
    grammar,
    "/grammar.rs"
);

#[cfg(test)]
mod tests;
