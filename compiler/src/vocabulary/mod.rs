//! What words mean, as tables without algorithms: functions, operators, types, predefined names, knobs; and how other
//! languages say the same.
//!
//! The checker, the outputs, the editor and the reference pages read the same rows.

pub mod foreign;
pub mod functions;
pub mod names;
pub mod operators;
pub mod types;
