//! Byte offsets to lines and columns.

use super::position::Position;

/// Turns offsets that mostly grow into positions, reading the text once.
///
/// Lines end at `\n`, `\r\n` or a lone `\r`, as editors count; columns count characters.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    first: Cursor,
    cursor: Cursor,
}

#[derive(Clone, Copy)]
struct Cursor {
    offset: usize,
    line: u32,
    column: u32,
}

impl<'a> Lines<'a> {
    /// `bytes` is the whole file, in which the text starts at byte `start` of line 1.
    pub(super) fn new(bytes: &'a [u8], start: usize) -> Self {
        let first = Cursor { offset: start, line: 1, column: 1 };
        Lines { bytes, first, cursor: first }
    }

    /// The position of the bytes from `start` up to `end`.
    pub(super) fn position(&mut self, start: usize, end: usize) -> Position {
        let start = start.min(self.bytes.len());
        if start < self.cursor.offset {
            self.cursor = self.first;
        }
        let mut at = self.cursor;
        while at.offset < start {
            match self.bytes[at.offset] {
                b'\n' => at = at.next_line(),
                b'\r' if self.bytes.get(at.offset + 1) != Some(&b'\n') => at = at.next_line(),
                // The carriage return of `\r\n` and the later bytes of a character have no column.
                b'\r' | 0x80..=0xBF => at.offset += 1,
                _ => {
                    at.offset += 1;
                    at.column += 1;
                }
            }
        }
        self.cursor = at;
        Position {
            line: at.line,
            column: at.column,
            start: start as u32,
            end: end.clamp(start, self.bytes.len()) as u32,
        }
    }
}

impl Cursor {
    fn next_line(self) -> Self {
        Cursor { offset: self.offset + 1, line: self.line + 1, column: 1 }
    }
}
