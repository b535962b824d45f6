//! Tests of the room: parsing, repair, formatting.

mod broken;
mod dump;
mod formatting;
mod fuzz;
mod language;
mod precedence;
mod random;

use super::{Parsed, parse};
use crate::source::FileId;

fn parsed(text: &str) -> Parsed {
    parse(FileId(0), text)
}
