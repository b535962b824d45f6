//! The aipc compiler: source text to typed tree to policy IR to Kyverno YAML and bytecode.
//!
//! ```text
//!  text ─lex, parse─► ast ─resolve, check─► hir ─lower─► ir::PolicySet ─legalize─► per target
//!                      │                                                    ├─emit─► ClusterPolicy YAML
//!                      └─format─► text                                      ├─emit─► ValidatingPolicy YAML
//!                                                                           └─emit─► Program
//! ```
//! The modules stand in reading order. The crate is pure: files come in through [`source::Loader`], and there is no
//! clock and no network.

pub mod source;
pub mod diagnostic;
pub mod suggest;
pub mod vocabulary;
pub mod syntax;
pub mod kubernetes;
pub mod stdlib;
pub mod manifest;
pub mod hir;
pub mod ir;
pub mod lower;
pub mod formats;
pub mod analysis;
