//! Lines, columns and byte offsets of a text, in the units that a client counts in.
//!
//! Offsets are bytes of UTF-8. A position beyond the end of a line or of the text means that end, as the protocol has it.

use std::ops::Range;

/// The unit of columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    Utf8,
    /// What every client knows.
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    fn width(self, ch: char) -> u32 {
        let width = match self {
            Encoding::Utf8 => ch.len_utf8(),
            Encoding::Utf16 => ch.len_utf16(),
            Encoding::Utf32 => 1,
        };
        width as u32
    }
}

/// A line and a column, both from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// Where the lines of a text begin. Lines end in `\n`, `\r\n` or `\r`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    pub fn of(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Lines { starts: std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect() }
    }

    /// How many lines there are; at least one.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The bytes of a line without its end; the end of the text for lines beyond it.
    pub fn line(&self, text: &str, line: u32) -> Range<usize> {
        let Some(start) = self.starts.get(line as usize) else { return text.len()..text.len() };
        let end = self.starts.get(line as usize + 1).map_or(text.len(), |next| *next as usize);
        let kept = text[*start as usize..end].trim_end_matches(['\n', '\r']);
        *start as usize..*start as usize + kept.len()
    }

    /// The byte at a position.
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let line = self.line(text, position.line);
        let mut left = position.column;
        for (at, ch) in text[line.clone()].char_indices() {
            let width = encoding.width(ch);
            // Within a character means before it.
            if left < width {
                return line.start + at;
            }
            left -= width;
        }
        line.end
    }

    /// The position of a byte; a byte within a character counts as the character's first.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start as usize <= offset) - 1;
        let start = self.starts[line] as usize;
        let column = text[start..offset].chars().map(|ch| encoding.width(ch)).sum();
        Position { line: line as u32, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_in_the_units_of_the_client() {
        let text = "a\u{1f600}b\r\nö\rx\n";
        let lines = Lines::of(text);
        assert_eq!(lines.count(), 4);
        for (encoding, column) in [(Encoding::Utf8, 5), (Encoding::Utf16, 3), (Encoding::Utf32, 2)] {
            let position = Position { line: 0, column };
            assert_eq!(lines.offset(text, position, encoding), 5, "{encoding:?}");
            assert_eq!(lines.position(text, 5, encoding), position);
        }
        assert_eq!(lines.line(text, 1), 8..10);
        assert_eq!(&text[lines.line(text, 2)], "x");
        let end = text.len();
        assert_eq!(lines.position(text, 99, Encoding::Utf16), Position { line: 3, column: 0 });
        assert_eq!(lines.offset(text, Position { line: 9, column: 9 }, Encoding::Utf16), end);
        assert_eq!(lines.offset(text, Position { line: 1, column: 9 }, Encoding::Utf16), 10);
        assert_eq!(lines.offset(text, Position { line: 0, column: 2 }, Encoding::Utf16), 1, "within a pair");
    }

    proptest::proptest! {
        #[test]
        fn offsets_and_positions_are_inverse(text in "[a\u{1f600}ö\r\n]{0,24}") {
            let lines = Lines::of(&text);
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                for (at, ch) in text.char_indices() {
                    // Between `\r` and `\n` no position is, and after an unended line break the next line begins.
                    if ch == '\n' && text[..at].ends_with('\r') {
                        continue;
                    }
                    let position = lines.position(&text, at, encoding);
                    proptest::prop_assert_eq!(lines.offset(&text, position, encoding), at);
                }
            }
        }
    }
}
