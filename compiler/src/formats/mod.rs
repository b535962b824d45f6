//! Out of the IR into the formats that others run: Kyverno's YAML and bytecode.

pub mod support;
pub mod yaml_write;
