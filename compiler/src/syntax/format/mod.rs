//! The one canonical form of a source file: two spaces, 100 columns, one clause per line unless a rule
//! fits one line.
//!
//! The tree gives the shape, the side table gives the comments, and literals are copied from the source.
//! What is a matter of taste and changes no token is kept: whether an object is spread over lines, and
//! single empty lines between statements.

mod attach;
mod layout;
mod expr;
mod items;
mod rules;

use attach::Attached;

use super::parse::{Parsed, parse};
use crate::diagnostic::{Diagnostic, has_errors};

/// Columns of a line.
const WIDTH: usize = 100;

/// The canonical form of `source`, of which `parsed` is the tree.
///
/// # Errors
/// The diagnostics, where the source has syntax errors: what was not understood cannot be written.
pub fn format(parsed: &Parsed, source: &str) -> Result<String, Vec<Diagnostic>> {
    if has_errors(&parsed.diagnostics) {
        return Err(parsed.diagnostics.clone());
    }
    let mut text = lay_out(parsed, source);
    // A comment in a place that has no form of its own moves to the next one that has. There it may belong
    // to another part, which shows when the result is read again.
    for _ in 0..MOVES_MAX {
        if parsed.comments.all.is_empty() {
            break;
        }
        let again = parse(parsed.module.file, &text);
        let next = lay_out(&again, &text);
        if has_errors(&again.diagnostics) || next == text {
            break;
        }
        text = next;
    }
    Ok(text)
}

/// More often than this no comment has to move: each time it leaves one bracket.
const MOVES_MAX: usize = 20;

fn lay_out(parsed: &Parsed, source: &str) -> String {
    let mut formatter = Formatter { source, comments: Attached::of(&parsed.comments, source) };
    let doc = formatter.module(&parsed.module);
    layout::print(&doc, WIDTH)
}

/// The tree is walked once, in source order; comments are claimed on the way.
struct Formatter<'s> {
    source: &'s str,
    comments: Attached<'s>,
}

impl Formatter<'_> {
    /// The source of a span, with line breaks as line feeds.
    fn written(&self, span: crate::source::Span) -> String {
        let text = self.source.get(span.start as usize..span.end as usize).unwrap_or("");
        text.replace("\r\n", "\n")
    }
}
