//! What words mean, as tables without algorithms: functions, predefined names, knobs.
//!
//! The checker, the outputs, the editor and the reference pages read the same rows.

pub mod functions;
pub mod names;
