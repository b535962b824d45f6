//! The command line from outside: real runs of the binary in folders of their own.

mod exit_codes;
mod library;
mod output;
pub mod sandbox;
mod signals;
mod transcripts;
