//! Texts about objects and fields.

use super::types::DocRef;

/// The text that a reference leads to.
pub(super) fn text(doc: &DocRef) -> Option<&str> {
    match doc {
        DocRef::None | DocRef::BuiltIn(_) => None,
        DocRef::Owned(text) => Some(text),
    }
}
