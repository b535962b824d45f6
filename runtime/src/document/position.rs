//! Where a node or a key stands in its file.

/// The place of a node or of a key.
///
/// Lines and columns count from 1, columns in characters; `start` and `end` are byte offsets into
/// the file, `end` excluded. A document that was not read from text has [`Position::ABSENT`]
/// everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    pub line: u32,
    pub column: u32,
    pub start: u32,
    pub end: u32,
}

impl Position {
    /// The position of what has no text, such as a document made from a JSON value.
    pub const ABSENT: Position = Position { line: 0, column: 0, start: 0, end: 0 };

    /// Whether there is no text behind this node.
    pub fn is_absent(self) -> bool {
        self.line == 0
    }

    /// Whether no byte stands for the node, as for the value of `key:` alone.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}
