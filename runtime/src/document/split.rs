//! A file to the texts of its documents, cut as Kubernetes cuts.
//!
//! Kubernetes looks for lines that start with `---` before any YAML is parsed. Only a comment may
//! follow on such a line.

use std::ops::Range;

/// A part of a file.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// The text of one document, with the separator line before it only at the very start or after
    /// another separator.
    Document(Range<usize>),
    /// A separator line with text on it, and everything up to the next separator.
    BadSeparator { line: Range<usize>, text: Range<usize> },
}

/// The pieces of a file in order.
pub(super) struct Pieces<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Pieces { bytes, pos: 0 }
    }

    /// The line from `pos` on, without its end.
    fn line(&self, pos: usize) -> Range<usize> {
        let rest = &self.bytes[pos..];
        pos..pos + memchr::memchr(b'\n', rest).unwrap_or(rest.len())
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let start = self.pos;
        let mut bad_line = None;
        let mut pos = start;
        while pos < self.bytes.len() {
            let line = self.line(pos);
            let next = (line.end + 1).min(self.bytes.len());
            match separator(&self.bytes[line.clone()]) {
                Separator::None => {}
                Separator::Clean if pos == start => {}
                Separator::Clean => {
                    self.pos = next;
                    return Some(piece(start..pos, bad_line));
                }
                Separator::WithText if pos == start => bad_line = Some(line),
                Separator::WithText => {
                    // The line is looked at once more, as the start of its own piece.
                    self.pos = pos;
                    return Some(piece(start..pos, bad_line));
                }
            }
            pos = next;
        }
        self.pos = pos;
        (start < pos).then(|| piece(start..pos, bad_line))
    }
}

fn piece(text: Range<usize>, bad_line: Option<Range<usize>>) -> Piece {
    match bad_line {
        None => Piece::Document(text),
        Some(line) => Piece::BadSeparator { line, text },
    }
}

enum Separator {
    None,
    Clean,
    WithText,
}

fn separator(line: &[u8]) -> Separator {
    let Some(rest) = line.strip_prefix(b"---") else { return Separator::None };
    let is_clean = match std::str::from_utf8(rest) {
        Ok(rest) => rest.trim().is_empty() || rest.trim_start().starts_with('#'),
        Err(_) => rest.trim_ascii_start().starts_with(b"#"),
    };
    if is_clean { Separator::Clean } else { Separator::WithText }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_at_separator_lines() {
        let pieces = |text: &str| {
            Pieces::new(text.as_bytes())
                .map(|piece| match piece {
                    Piece::Document(range) => text[range].to_owned(),
                    Piece::BadSeparator { text: range, .. } => format!("bad: {}", &text[range]),
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(pieces(""), Vec::<String>::new());
        assert_eq!(pieces("a"), ["a"]);
        assert_eq!(pieces("---\na\n---\nb"), ["---\na\n", "b"]);
        assert_eq!(pieces("---\n--- # c\n---\r\nb\r\n"), ["---\n", "---\r\nb\r\n"]);
        assert_eq!(pieces("a\n--- {b: 1}\nc\n---\nd\n"), ["a\n", "bad: --- {b: 1}\nc\n", "d\n"]);
        assert_eq!(pieces(" ---\n"), [" ---\n"]);
        assert_eq!(pieces("---x\n---y\n"), ["bad: ---x\n", "bad: ---y\n"]);
    }
}
