//! What the reader has to say about a file.

use super::position::Position;

/// One remark about a file, at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub kind: FindingKind,
    pub severity: Severity,
    /// One sentence without capital and period; text of the file stands in backticks.
    pub message: String,
    pub position: Position,
    /// The other place that the finding is about, such as the first of two equal keys.
    pub related: Option<Position>,
}

impl Finding {
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The values are those of Kubernetes, but other tools may read others.
    Warning,
    /// Something of the file was not read, or a cluster would refuse or change it.
    Error,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// The bytes are not UTF-8, or hold characters that YAML forbids.
    Encoding,
    /// The file, a scalar or the nesting is larger than [`super::ReadOptions`] allows.
    TooLarge,
    /// The text is neither YAML nor JSON.
    Syntax,
    /// A line starts with `---` and goes on with something else than a comment.
    SeparatorText,
    /// Text after the end of a document that no `---` separates; a cluster would drop it.
    TrailingDocument,
    /// The same key twice in one map.
    DuplicateKey,
    /// A merge key `<<` replaces a key that stands before it.
    MergeOverride,
    /// A merge key `<<` whose value is neither a map nor a list of maps.
    MergeValue,
    /// An alias without anchor, inside its own anchor, or over the budget.
    Alias,
    /// A key that JSON cannot hold: null, a list, a map, or an integer of `2^63` or more.
    Key,
    /// A value that its tag cannot mean, such as `!!int x`, or that JSON cannot hold, such as `.inf`.
    Value,
    /// A tag that means nothing to Kubernetes.
    UnknownTag,
    /// A plain scalar that YAML 1.1 and YAML 1.2 read differently.
    AmbiguousScalar,
    /// A number that Kubernetes cannot keep exactly.
    Precision,
    /// A document that is no Kubernetes object, or a List whose items are none.
    NotAResource,
    /// More findings of one kind than are listed.
    Suppressed,
}
