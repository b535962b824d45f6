//! What words mean, as tables without algorithms: functions, operators, types, predefined names, knobs.
//!
//! The checker, the outputs, the editor and the reference pages read the same rows.

pub mod functions;
pub mod names;
pub mod operators;
pub mod types;
