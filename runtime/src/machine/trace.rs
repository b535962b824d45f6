//! One rule on one resource, with everything that it asked: for those who want to know why a verdict is what it is.

use super::RuleVerdict;
use crate::document::NodeId;
use crate::program::{Block, OriginId};

/// The verdict of a rule, and how it came about.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    pub verdict: RuleVerdict,
    /// In the order in which they ran.
    pub passes: Vec<Pass>,
}

/// One run of a block of conditions, about a subject or an element of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Pass {
    pub block: Block,
    /// The subject or element; the nearest parent that exists where it is missing.
    pub node: NodeId,
    /// Its path; empty for the whole object.
    pub path: String,
    pub events: Vec<Event>,
}

/// Something that happened in a pass.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// The condition of the source that it belongs to; an index into the program's origins.
    pub origin: Option<OriginId>,
    pub kind: EventKind,
}

#[derive(Clone, PartialEq, Debug)]
pub enum EventKind {
    /// A condition has its answer, by these values.
    Answer { holds: bool, reads: Vec<TracedValue> },
    /// A quantifier comes to an element.
    Element(TracedValue),
    /// A quantifier has no more elements.
    Exhausted,
    /// What a condition asks is not known, and an answer is taken for granted.
    Assumed,
}

/// A value, and where it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TracedValue {
    /// The node, or the nearest parent that exists; in the resource. `None` for a value that lies nowhere in it.
    pub node: Option<NodeId>,
    /// Empty where it has none.
    pub path: String,
    /// Compact JSON; long values are cut and end in `…`. `None` where it is missing.
    pub value: Option<String>,
}
