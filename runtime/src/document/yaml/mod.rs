//! YAML text to events, accepting exactly what the YAML reader of Kubernetes accepts.
//!
//! This is the door behind which the parser stands: `super::compose` asks for one [`Event`] after
//! another and knows nothing of tokens. The grammar is that of libyaml, which Kubernetes' reader
//! descends from, with its known quirks, since a manifest that one of the two refuses must be
//! refused here too. What scalars *mean* is not decided here (see `super::resolve`).
//!
//! The text must be valid UTF-8 without a byte order mark and without the control characters that
//! YAML forbids; `super::read` sees to that.

mod parser;
mod scalars;
mod scanner;
mod tags;

use std::borrow::Cow;

pub(super) use parser::Parser;

/// One step of the walk over a stream, with the bytes it covers.
#[derive(Debug)]
pub(super) struct Event<'a> {
    pub(super) kind: EventKind<'a>,
    /// Offset of the first byte of the content, after any anchor and tag.
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) enum EventKind<'a> {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(&'a str),
    Scalar {
        properties: Properties<'a>,
        value: Cow<'a, str>,
        /// Whether the scalar may stand for something else than text: it is plain and has no tag,
        /// or has the tag `!`.
        implicit: bool,
    },
    SeqStart(Properties<'a>),
    SeqEnd,
    MapStart(Properties<'a>),
    MapEnd,
}

/// What may stand before a node.
#[derive(Debug, Default)]
pub(super) struct Properties<'a> {
    pub(super) anchor: Option<&'a str>,
    /// The tag with its handle replaced, such as `tag:yaml.org,2002:int` for `!!int`.
    pub(super) tag: Option<Cow<'a, str>>,
}

/// Why the text is not YAML.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) message: &'static str,
    /// The byte at which reading stopped.
    pub(super) offset: usize,
}
