//! Kyverno's ClusterPolicy (`kyverno.io/v1`), and Policy where a namespace is given.
//!
//! ```text
//! ir::Rule ─► at each place of the subject (autogen where Kyverno writes the workloads' rules itself)
//!          ─► match, exclude ─► preconditions ─► pattern │ deny │ foreach ─► message
//! ```
//! A pattern where one says exactly what the rule means, else conditions; those speak JMESPath. Kyverno's own
//! operators and patterns read texts as numbers, durations, ranges and wildcards, so they are used only where a
//! text cannot be read so. Nothing here decides what a rule means.

mod capture;
mod cleanup;
mod compare;
mod condition;
mod conditions;
mod emit;
mod exception;
mod generate;
mod image;
mod lookup;
mod matching;
mod message;
mod mutate;
mod operation;
mod pattern;
pub(super) mod place;
mod scope;
mod term;
mod value;
mod verify;

use super::Unsupported;

pub use emit::emit;
pub use exception::emit_exceptions;
