//! The policy IR: what a policy means, with nothing left to decide.
//!
//! Here views are inlined, Pods are expanded to the kinds that hold their templates, quantifiers and
//! presence are explicit, and names are gone. Back ends only spell. Text, YAML and targets are not here.
//!
//! # How it reads
//! - A [`Cond`] is true or false, never missing. A [`Value`] is present or missing. A comparison, match or
//!   test with a missing operand is false, so its [`Cond::Not`] is true.
//! - A path ([`ValueKind::Path`]) never passes through a list: lists are opened by [`Cond::Any`],
//!   [`Cond::All`] or [`ValueKind::Collect`] only. `null` and values of the wrong type read as missing.
//! - A missing list has no elements.

mod body;
mod expr;
pub mod measure;
mod policy;
pub(crate) mod present;
pub mod print;
pub mod rewrite;
pub mod verify;

pub use body::*;
pub use expr::*;
pub use policy::*;
