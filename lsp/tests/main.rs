//! The answers of the editor's server, in plain types. `$0` in a text is where the cursor is.

mod completion;
mod fixture;
mod lookups;
mod shapes;
