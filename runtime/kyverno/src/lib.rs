//! Kyverno's policies as they are: read, matched and judged in Kyverno's own words, without Kyverno.
//!
//! ```text
//! policy YAML ─▶ Document ─▶ policy ─┐
//!                                    ├─▶ engine ─▶ pass, fail, skip, warn, error, or no result
//! manifest ────▶ Document ─▶ Json ───┘
//! ```
//!
//! Nothing here goes through the language of aipc: what a field means is what Kyverno 1.19.1 makes of it, its oddities
//! included. Kyverno itself is the judge of that, in `tests/oracle`.

pub mod condition;
pub mod context;
pub mod engine;
pub mod go_text;
pub mod images;
pub mod jmespath;
pub mod json;
pub mod matching;
pub mod mutate;
pub mod object;
pub mod pattern;
pub mod pod_security;
pub mod policy;
pub mod regular_expression;
pub mod substitute;
pub mod wildcard;
