//! Another name for what a file declares, everywhere it is used.

use std::ops::Range;

use aipc_compiler::hir::Definition;
use aipc_compiler::syntax::token::Keyword;
use aipc_compiler::vocabulary::names::PREDEFINED;

use super::{TextEdit, names, range};
use crate::workspace::PolicyFile;

/// The name at a byte, if it can be another.
///
/// # Errors
/// A sentence: why it cannot, or that there is no name.
pub fn prepare(
    file: &PolicyFile,
    offset: usize,
    files: &[&PolicyFile],
) -> Result<(Range<usize>, String), String> {
    let Some(found) = names::at(file, offset) else {
        return Err("there is no name here".to_string());
    };
    match found.meaning {
        Definition::Kind(name) => return Err(format!("`{name}` is a kind of Kubernetes")),
        Definition::Field { field, .. } => return Err(format!("`{field}` is a field of Kubernetes")),
        Definition::Function(name) | Definition::Predefined(name) => {
            return Err(format!("`{name}` is part of the language"));
        }
        Definition::Source(span) if names::is_built_in(file, span.file) => {
            return Err("it is declared in the library".to_string());
        }
        Definition::Source(span) if file.sources.text(span).starts_with('"') => {
            return Err("write `as NAME` behind the path to give the file a name".to_string());
        }
        Definition::Source(_) => {}
        Definition::Rule { policy, .. } => {
            if names::definition(file, offset, files).is_none() {
                return Err(format!("no policy of the project has the name `{policy}`"));
            }
        }
    }
    Ok((range(found.span), file.sources.text(found.span).to_string()))
}

/// The edits that give what stands at a byte another name.
///
/// # Errors
/// As [`prepare`], or that the new name is none.
pub fn rename(
    file: &PolicyFile,
    offset: usize,
    name: &str,
    files: &[&PolicyFile],
) -> Result<Vec<TextEdit>, String> {
    prepare(file, offset, files)?;
    check_name(name)?;
    let places = names::references(file, offset, files, true);
    Ok(places.into_iter().map(|place| TextEdit { place, text: name.to_string() }).collect())
}

fn check_name(name: &str) -> Result<(), String> {
    let is_word = |it: &str| !it.is_empty() && it.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
    let begins = name.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_');
    if !begins || !name.split('-').all(is_word) {
        return Err(format!("`{name}` is no name: letters, digits, `_`, and `-` between them"));
    }
    if Keyword::parse(name).is_some_and(Keyword::is_reserved) {
        return Err(format!("`{name}` is a word of the language"));
    }
    if PREDEFINED.iter().any(|it| it.name == name) {
        return Err(format!("`{name}` is a name that the language keeps for itself"));
    }
    Ok(())
}
