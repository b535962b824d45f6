//! Words that lead to another text: the paths of `use`, and codes of diagnostics.

use std::ops::Range;
use std::path::PathBuf;

use aipc_compiler::diagnostic::Code;
use aipc_compiler::syntax::ast::Item;

use super::names::file_of_use;
use crate::workspace::PolicyFile;

/// A part of a text, and what it leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    pub range: Range<usize>,
    pub target: LinkTarget,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkTarget {
    /// A file; one that is built in has its name in `<>`.
    File(PathBuf),
    /// The page of a code.
    Page(&'static str),
}

/// The links of a policy file.
pub fn policy(file: &PolicyFile) -> Vec<Link> {
    let mut links = codes(file.text());
    for item in &file.analysis.ast().items {
        if let Item::Use(it) = item
            && let Some(place) = file_of_use(file, it)
        {
            // Within the quotes.
            let range = it.path.span.start as usize + 1..it.path.span.end as usize - 1;
            links.push(Link { range, target: LinkTarget::File(place.path) });
        }
    }
    links.sort_by_key(|it| it.range.start);
    links
}

/// The codes of diagnostics in a text, in its order: of settings, and in comments.
pub fn codes(text: &str) -> Vec<Link> {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'_');
    let link = |(start, _): (usize, &str)| {
        let end = start + CODE_LENGTH;
        let code = Code::parse(text.get(start..end)?)?;
        let bytes = text.as_bytes();
        let is_whole =
            !is_word(start.checked_sub(1).and_then(|it| bytes.get(it))) && !is_word(bytes.get(end));
        is_whole.then(|| Link { range: start..end, target: LinkTarget::Page(code.as_str()) })
    };
    text.match_indices("AIP").filter_map(link).collect()
}

/// `AIP0101`
const CODE_LENGTH: usize = 7;
