//! What an editor asks, answered in plain types: bytes of texts, names of files, words.
//!
//! Every answer is looked up in what the compiler recorded. Nothing here knows the protocol.

pub mod actions;
pub mod completion;
pub mod diagnostics;
pub mod explain;
pub mod folding;
pub mod formatting;
pub mod hover;
pub mod inlay;
pub mod lens;
pub mod links;
pub mod manifest;
pub mod names;
pub mod outline;
pub mod preview;
pub mod rename;
pub mod selection;
pub mod signature;
pub mod tests;
pub mod tokens;
pub mod types;
pub mod verdicts;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use aipc_compiler::source::Span;

use crate::workspace::PolicyFile;

/// A place in some file, with the text that it is in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// `<std/prelude>` and the like for what is built in.
    pub path: PathBuf,
    pub text: Arc<str>,
    /// In bytes.
    pub range: Range<usize>,
}

impl Place {
    pub fn of(file: &PolicyFile, span: Span) -> Place {
        let source = file.sources.get(span.file);
        Place { path: PathBuf::from(&source.name), text: source.text.clone(), range: range(span) }
    }
}

/// The bytes of a span.
pub fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// A replacement in one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextEdit {
    pub place: Place,
    pub text: String,
}
