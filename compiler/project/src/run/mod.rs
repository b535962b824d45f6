//! `aipc run` between its arguments and its report: policies to programs, files to objects, decisions to results.
//!
//! ```text
//!   -p, *.aip, *.aipb ─▶ policies ─▶ Program ─┐
//!   Kyverno's YAML ────▶ kyverno::read ───────┤
//!   *.yaml, *.json, - ─▶ manifests ─▶ Manifests ─▶ judge ─▶ Report
//! ```

pub mod generated;
pub mod context;
pub mod explain;
mod fields;
pub mod judge;
pub mod kyverno;
pub mod manifests;
pub mod mask;
pub mod patched;
pub mod policies;
