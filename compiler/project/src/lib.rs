//! A project on disk: its files, its settings, its policies, and what they say of manifests.
//!
//! ```text
//!   paths ─▶ files ─▶ project (aip.toml, schemas) ─▶ compile ─▶ run (programs × manifests) ─▶ report, Outcome
//!                                                       └─▶ test, fix
//! ```
//! What lies between the disk and the compiler and runtime, which know no files. The command line and the editor stand on it
//! alike, so that both read the same settings and reach the same verdicts.

pub mod outcome;
pub mod report;
pub mod files;
pub mod project;
pub mod compile;
pub mod run;
pub mod kyverno_test;
pub mod test;
pub mod fix;

/// The stack of a thread that compiles or evaluates. The parser, the checker and the evaluator bound their depth; this
/// holds the deepest of them with room to spare. The memory is only reserved until it is used.
pub const STACK_BYTES: usize = 64 << 20;
