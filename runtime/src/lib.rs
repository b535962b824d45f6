//! Values, operation meanings, programs and the evaluator of aipc; embeddable without the compiler.

pub mod budget;
pub mod document;
pub mod glob;
pub mod machine;
pub mod operation;
pub mod patch;
pub mod program;
pub mod regular_expression;
pub mod value;
