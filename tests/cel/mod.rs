//! The ValidatingPolicy back end: how its YAML looks, and that its CEL means what the IR means.

pub mod agreement;
mod build;
mod conditions;
mod from_source;
mod listed;
mod reference;
mod snapshots;
mod texts;
