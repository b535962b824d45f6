//! Which part of the text a comment belongs to.
//!
//! A comment on its own line belongs to what stands below it, one at a line's end to the largest part that
//! ends there. Each is claimed once; one in a place that no part starts or ends at goes behind the part it
//! is in. So no comment is lost.

use super::Formatter;
use super::layout::{Layout, blank_line, concat, hard_line, nil, suffix, text};
use crate::source::Span;
use crate::syntax::comments::{Comment, Comments};

/// The comments of a file, and which of them have been placed.
pub struct Attached<'s> {
    source: &'s str,
    comments: &'s [Comment],
    placed: Vec<bool>,
}

impl<'s> Attached<'s> {
    pub fn of(comments: &'s Comments, source: &'s str) -> Attached<'s> {
        Attached { source, comments: &comments.all, placed: vec![false; comments.all.len()] }
    }

    /// Claims the comments in `from..to` that `wanted` picks.
    fn claim(&mut self, from: u32, to: u32, wanted: impl Fn(&Comment) -> bool) -> Vec<&'s Comment> {
        let first = self.comments.partition_point(|comment| comment.start < from);
        let mut claimed = vec![];
        for (at, comment) in self.comments.iter().enumerate().skip(first) {
            if comment.start >= to {
                break;
            }
            if !self.placed[at] && wanted(comment) {
                self.placed[at] = true;
                claimed.push(comment);
            }
        }
        claimed
    }

    /// Claims what is still free in `from..to`.
    pub fn between(&mut self, from: u32, to: u32) -> Vec<&'s Comment> {
        self.claim(from, to, |_| true)
    }

    /// Claims the comment behind `end` on the same line, with at most a comma between.
    pub fn behind(&mut self, end: u32) -> Vec<&'s Comment> {
        let source = self.source;
        let rest = source.get(end as usize..).unwrap_or("");
        let line_end = end + rest.find('\n').unwrap_or(rest.len()) as u32;
        self.claim(end, line_end, |comment| {
            let gap = source.get(end as usize..comment.start as usize).unwrap_or("").trim();
            gap.is_empty() || gap == ","
        })
    }

    /// The start of the last comments in `from..to` that no empty line separates from what is at `to`;
    /// `from` where there is no empty line.
    fn last_gap(&self, from: u32, to: u32) -> u32 {
        let before = self.source.get(..to as usize).unwrap_or("");
        let gap = &before[before.trim_end().len()..];
        if gap.matches('\n').count() > 1 {
            return to;
        }
        let inside = self.comments.iter().rev().filter(|comment| from <= comment.start && comment.start < to);
        inside.clone().find(|comment| comment.blank_above).map_or(from, |comment| comment.start)
    }

    pub fn text(&self, comment: &Comment) -> String {
        comment.text(self.source).to_string()
    }
}

/// A statement, or what else stands on lines of its own, with the comments above it.
pub struct Piece {
    pub doc: Layout,
    /// An empty line in the source above the piece with its comments.
    pub blank_above: bool,
    /// Written on one line in the source and without comments above.
    pub one_line: bool,
    /// The piece with its comments begins a line of the source.
    pub starts_line: bool,
}

/// A part of a statement, and its comments.
pub struct Part {
    /// At the end of the line above the part.
    line_above: Layout,
    /// On lines of their own.
    above: Layout,
    pub body: Layout,
    behind: Layout,
}

impl Part {
    pub fn has_comments(&self) -> bool {
        self.line_above.is_hard() || self.above.is_hard() || self.behind.is_hard()
    }

    /// The part behind a separator.
    pub fn write(self, docs: &mut Vec<Layout>, separator: Layout) {
        docs.extend([self.line_above, separator, self.above, self.body, self.behind]);
    }
}

impl Formatter<'_> {
    /// Whether an empty line stands above `offset`.
    pub fn blank_above(&self, offset: u32) -> bool {
        let before = self.source.get(..offset as usize).unwrap_or("");
        let gap = &before[before.trim_end().len()..];
        gap.matches('\n').count() > 1
    }

    /// Whether only white space stands before `offset` on its line.
    fn starts_line(&self, offset: u32) -> bool {
        let before = self.source.get(..offset as usize).unwrap_or("");
        before.trim_end_matches([' ', '\t']).ends_with('\n') || before.trim().is_empty()
    }

    /// The comments in `from..to` that an empty line separates from what is at `to`.
    pub fn comments_apart(&mut self, from: u32, to: u32) -> Vec<Piece> {
        let apart_until = self.comments.last_gap(from, to);
        self.last_comments(from, apart_until)
    }

    /// Whether the source of a span has a line break.
    pub fn spans_lines(&self, span: Span) -> bool {
        self.source.get(span.start as usize..span.end as usize).is_some_and(|text| text.contains('\n'))
    }

    pub fn suffixes(&mut self, comments: Vec<&crate::syntax::comments::Comment>) -> Layout {
        concat(comments.into_iter().map(|comment| suffix(self.comments.text(comment))).collect())
    }

    /// The comment behind `end` on its line.
    pub fn behind(&mut self, end: u32) -> Layout {
        let comments = self.comments.behind(end);
        self.suffixes(comments)
    }

    /// A part of a statement with the comments that belong to it. `from` is where the part before ends:
    /// what is commented at the end of that line stays there.
    pub fn part(&mut self, from: u32, span: Span, build: impl FnOnce(&mut Self) -> Layout) -> Part {
        let above = self.comments.between(from, span.start);
        let (own, trailing): (Vec<_>, Vec<_>) = above.into_iter().partition(|comment| comment.own_line);
        let line_above = self.suffixes(trailing);
        let above = own.iter().flat_map(|comment| [text(self.comments.text(comment)), hard_line()]).collect();
        let behind = self.behind(span.end);
        let body = build(self);
        let inside = self.comments.between(span.start, span.end);
        let inside = self.suffixes(inside);
        Part { line_above, above: concat(above), body, behind: concat(vec![inside, behind]) }
    }

    /// Adds a part behind a separator.
    pub fn follow(
        &mut self,
        docs: &mut Vec<Layout>,
        separator: Layout,
        from: u32,
        span: Span,
        build: impl FnOnce(&mut Self) -> Layout,
    ) {
        let part = self.part(from, span, build);
        part.write(docs, separator);
    }

    /// A statement with the comments above it; `from` is where the text before it ends.
    pub fn piece(&mut self, from: u32, span: Span, build: impl FnOnce(&mut Self) -> Layout) -> Piece {
        let above = self.comments.between(from, span.start);
        let first = above.first().map_or(span.start, |comment| comment.start);
        let mut docs = vec![];
        for (i, comment) in above.iter().enumerate() {
            if i > 0 {
                docs.push(if comment.blank_above { blank_line() } else { hard_line() });
            }
            docs.push(text(self.comments.text(comment)));
        }
        if let Some(last) = above.last() {
            let apart = !last.doc && self.blank_above(span.start);
            docs.push(if apart { blank_line() } else { hard_line() });
        }
        let behind = self.behind(span.end);
        docs.push(build(self));
        let inside = self.comments.between(span.start, span.end);
        docs.push(self.suffixes(inside));
        docs.push(behind);
        Piece {
            doc: concat(docs),
            blank_above: self.blank_above(first),
            one_line: above.is_empty() && !self.spans_lines(span),
            starts_line: self.starts_line(first),
        }
    }

    /// The comments before a closer or the end of the file, each on its line.
    pub fn last_comments(&mut self, from: u32, to: u32) -> Vec<Piece> {
        let comments = self.comments.between(from, to);
        let piece = |comment: &&crate::syntax::comments::Comment| Piece {
            doc: text(self.comments.text(comment)),
            blank_above: comment.blank_above,
            one_line: false,
            starts_line: true,
        };
        comments.iter().map(piece).collect()
    }
}

/// Pieces one below the other, with an empty line where `blank` says so for a pair.
pub fn stack(pieces: Vec<Piece>, blank: impl Fn(&Piece, &Piece) -> bool) -> Layout {
    let mut docs = vec![];
    for (i, piece) in pieces.iter().enumerate() {
        if let Some(before) = i.checked_sub(1).and_then(|before| pieces.get(before)) {
            docs.push(if blank(before, piece) { blank_line() } else { hard_line() });
        }
        docs.push(piece.doc.clone());
    }
    if docs.is_empty() { nil() } else { concat(docs) }
}
