//! What can be folded: blocks in braces and brackets, and runs of comments.

use std::ops::Range;

use aipc_compiler::syntax::{self, token::Tok};

use crate::text::Lines;
use crate::workspace::PolicyFile;

/// A part that may be hidden, all but its first line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fold {
    /// From its first byte to its last.
    pub range: Range<usize>,
    pub comment: bool,
}

/// The folds of a file, in order of their beginnings.
pub fn folds(file: &PolicyFile) -> Vec<Fold> {
    let text = file.text();
    let mut folds = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for token in syntax::tokens(file.file(), text) {
        if token.tok.closer().is_some() {
            open.push(token.start as usize);
        } else if token.tok.is_closer()
            && let Some(start) = open.pop()
        {
            folds.push(Fold { range: start..token.end as usize, comment: false });
        } else if token.tok == Tok::Str {
            folds.push(Fold { range: token.start as usize..token.end as usize, comment: false });
        }
    }
    let mut run: Option<Range<usize>> = None;
    for it in file.analysis.parsed.comments.all.iter().filter(|it| it.own_line) {
        let here = it.start as usize..it.end as usize;
        run = Some(match run.take() {
            Some(before) if !it.blank_above && lies_between(text, &before, &here) => before.start..here.end,
            before => {
                folds.extend(before.map(|range| Fold { range, comment: true }));
                here
            }
        });
    }
    folds.extend(run.map(|range| Fold { range, comment: true }));
    let lines = |range: &Range<usize>| text.get(range.clone()).is_some_and(|it| it.trim_end().contains('\n'));
    folds.retain(|it| lines(&it.range));
    folds.sort_by_key(|it| (it.range.start, std::cmp::Reverse(it.range.end)));
    // An editor folds lines: of those that begin in one line, the widest.
    let index = Lines::of(text);
    let line = |it: &Fold| index.position(text, it.range.start, Default::default()).line;
    folds.dedup_by(|later, first| line(later) == line(first));
    folds
}

/// Whether nothing but white space lies between two parts.
fn lies_between(text: &str, before: &Range<usize>, after: &Range<usize>) -> bool {
    text.get(before.end..after.start).is_some_and(|it| it.trim().is_empty())
}
