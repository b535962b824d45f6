//! Values, operation meanings, programs and the evaluator of aipc; embeddable without the compiler.

pub mod document;
pub mod operation;
