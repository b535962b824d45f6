//! Comments: the side table of a parse. The tree does not hold them; the formatter puts them back by place.

/// One `//` or `///` comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comment {
    /// Bytes in the file, from the first slash to the end of the line.
    pub start: u32,
    pub end: u32,
    /// Written with exactly three slashes.
    pub doc: bool,
    /// Whether it is alone on its line; otherwise it trails the text before it.
    pub own_line: bool,
    /// Whether an empty line stands above it.
    pub blank_above: bool,
    /// Where the next token starts, or where the file ends.
    pub next_token: u32,
}

impl Comment {
    /// The comment as written, without white space at its end.
    pub fn text<'s>(&self, source: &'s str) -> &'s str {
        source.get(self.start as usize..self.end as usize).unwrap_or("").trim_end()
    }
}

/// The comments of one file in source order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comments {
    pub all: Vec<Comment>,
}

impl Comments {
    /// Those that begin in `start..end`.
    pub fn between(&self, start: u32, end: u32) -> &[Comment] {
        let from = self.all.partition_point(|comment| comment.start < start);
        let to = self.all.partition_point(|comment| comment.start < end);
        self.all.get(from..to).unwrap_or(&[])
    }

    /// The doc comments whose next token starts at `start`.
    pub fn docs_before(&self, start: u32) -> impl Iterator<Item = &Comment> {
        let to = self.all.partition_point(|comment| comment.start < start);
        let from =
            self.all[..to].iter().rposition(|comment| comment.next_token != start).map_or(0, |at| at + 1);
        self.all[from..to].iter().filter(|comment| comment.doc && comment.own_line)
    }
}
