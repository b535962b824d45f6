//! The aipc compiler: source text to typed tree to policy IR to Kyverno YAML and bytecode.

pub mod diagnostic;
pub mod formats;
pub mod ir;
pub mod kubernetes;
pub mod source;
pub mod suggest;
pub mod syntax;
