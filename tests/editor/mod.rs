//! `aipc lsp` from outside: an editor at the other end of its pipes.

mod client;
mod edits;
mod grammar;
mod session;
