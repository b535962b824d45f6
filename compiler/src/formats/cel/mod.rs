//! Conditions and values of the IR as CEL text.
//!
//! CEL ends in an error where a field is missing or a value has the wrong type; the IR has two values and
//! reads both, and null, as missing. So each atom is translated into guards and a test, `p` is present and
//! `p > 2`: the guards are dropped where the schema or a condition to the left already says so, and fold
//! into `orValue` where that says the same. What comes out never errs on an admissible object.
//!
//! - [`ast`]: expressions of CEL; [`print`]: their text; [`text`]: literals and names
//! - [`translate`]: the state of a translation; `condition`, `value`, `path`, `call`, `glob`, `image`, `json`: its parts
//!
//! User text enters in one place, [`text::quote`]. Policies around the expressions are not here.

pub mod ast;
mod call;
mod condition;
mod glob;
mod image;
mod json;
mod lookup;
mod path;
pub mod print;
pub mod text;
pub mod translate;
mod value;

pub use json::as_json;
pub use translate::{Base, Translator};
