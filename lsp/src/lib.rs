//! The language server of aipc.
//!
//! ```text
//!   stdio ─▶ server (async, the protocol) ─▶ analyst (one thread) ─▶ workspace ─▶ ide ─▶ answers
//! ```
//! [`ide`] answers what an editor asks, in plain types: it looks up what the compiler recorded, and infers nothing itself.
//! [`workspace`] holds the open documents, the projects around them and the analyses. [`server`] and [`protocol`] alone
//! know the protocol. One thread owns the workspace and takes changes and questions in the order in which they came.

pub mod text;
mod settings;
pub mod ide;
pub mod workspace;
mod protocol;
mod analyst;
mod server;

pub use server::serve;
