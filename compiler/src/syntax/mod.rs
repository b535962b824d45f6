//! Text to tree and back, for broken text too. Names and types are not known here.

pub mod ast;
