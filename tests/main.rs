//! Tests of the whole: one binary, one module a suite. `tests/README.md` says what each is for.

mod agreement;
mod article;
mod cel;
mod cli;
mod cluster_policy;
mod docs;
mod editor;
mod explain;
mod generator;
mod judge;
mod support;
mod tidy;
