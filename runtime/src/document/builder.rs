//! Fills the arena of a [`Document`] from a walk over some tree.
//!
//! The caller opens and closes collections in source order; a builder never recurses. Children of
//! open collections wait on one stack and move to their final place when the collection closes.

use std::collections::HashMap;

use super::node::{Data, Document, Entry, LINEAR_LEN_MAX, Node, NodeId, Text};
use super::position::Position;

/// A scalar as the builder takes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(&'a str),
}

/// An entry that lost its place because a later one has the same key.
pub(super) struct Replaced {
    pub(super) earlier: Position,
    pub(super) later: Position,
    /// Whether the earlier and the later entry came by a merge key.
    pub(super) earlier_merged: bool,
    pub(super) later_merged: bool,
}

/// A document that is being filled.
pub(super) struct Builder {
    document: Document,
    open: Vec<Open>,
    elements: Vec<NodeId>,
    entries: Vec<Pending>,
    root: Option<NodeId>,
}

struct Open {
    node: NodeId,
    is_map: bool,
    /// Where this collection's children start on the stack of its kind.
    first: usize,
    key: Option<(Text, Position)>,
}

#[derive(Clone)]
struct Pending {
    entry: Entry,
    merged: bool,
}

impl Builder {
    pub(super) fn new() -> Self {
        Builder {
            document: Document {
                nodes: Vec::new(),
                elements: Vec::new(),
                entries: Vec::new(),
                order: Vec::new(),
                text: String::new(),
                root: NodeId(0),
            },
            open: Vec::new(),
            elements: Vec::new(),
            entries: Vec::new(),
            root: None,
        }
    }

    /// Adds a scalar to the open collection, or as the root.
    pub(super) fn scalar(&mut self, scalar: Scalar<'_>, position: Position) -> NodeId {
        let data = match scalar {
            Scalar::Null => Data::Null,
            Scalar::Bool(it) => Data::Bool(it),
            Scalar::Int(it) => Data::Int(it),
            Scalar::Uint(it) => Data::Uint(it),
            Scalar::Float(it) => Data::Float(it),
            Scalar::Str(it) => Data::Str(self.intern(it)),
        };
        self.add(data, position)
    }

    /// Adds a use of `target`, which must be complete.
    pub(super) fn shared(&mut self, target: NodeId, position: Position) -> NodeId {
        let target = self.document.resolved(target);
        self.add(Data::Shared(target), position)
    }

    /// Sets the key of the next value in the open map.
    pub(super) fn key(&mut self, key: &str, position: Position) {
        let text = self.intern(key);
        if let Some(open) = self.open.last_mut() {
            open.key = Some((text, position));
        }
    }

    pub(super) fn open_seq(&mut self, position: Position) -> NodeId {
        let node = self.add(Data::Seq { first: 0, len: 0 }, position);
        let first = self.elements.len();
        self.open.push(Open { node, is_map: false, first, key: None });
        node
    }

    pub(super) fn open_map(&mut self, position: Position) -> NodeId {
        let node = self.add(Data::Map { first: 0, len: 0, order: 0 }, position);
        let first = self.entries.len();
        self.open.push(Open { node, is_map: true, first, key: None });
        node
    }

    /// Takes over the entries of the complete map `from` into the open map, as a merge key does.
    pub(super) fn merge(&mut self, from: NodeId) {
        let from = self.document.resolved(from);
        let Data::Map { first, len, .. } = self.document.nodes[from.index()].data else {
            return;
        };
        for at in first..first + len {
            let Entry { key, key_position, value } = self.document.entries[at as usize].clone();
            let position = self.document.position(value);
            if let Some(open) = self.open.last_mut() {
                open.key = Some((key, key_position));
            }
            self.shared(value, position);
            if let Some(pending) = self.entries.last_mut() {
                pending.merged = true;
            }
        }
    }

    /// Closes the innermost collection, which ends at byte `end`. For every key that occurs again,
    /// the later entry stays and `replaced` hears of the earlier.
    pub(super) fn close(&mut self, end: u32, replaced: &mut dyn FnMut(&str, Replaced)) -> Option<NodeId> {
        let open = self.open.pop()?;
        let data = if open.is_map {
            self.drop_replaced(open.first, replaced);
            let first = self.document.entries.len() as u32;
            self.document.entries.extend(self.entries.drain(open.first..).map(|it| it.entry));
            let len = self.document.entries.len() as u32 - first;
            Data::Map { first, len, order: self.sort_index(first, len) }
        } else {
            let first = self.document.elements.len() as u32;
            self.document.elements.extend(self.elements.drain(open.first..));
            Data::Seq { first, len: self.document.elements.len() as u32 - first }
        };
        let node = &mut self.document.nodes[open.node.index()];
        node.data = data;
        if !node.position.is_absent() {
            node.position.end = end.max(node.position.start);
        }
        Some(open.node)
    }

    /// Whether the open collection has children so far.
    pub(super) fn has_children(&self) -> bool {
        self.open.last().is_some_and(|open| {
            let len = if open.is_map { self.entries.len() } else { self.elements.len() };
            len > open.first
        })
    }

    /// Takes the last child out of the open collection; it stays in the arena to be shared.
    pub(super) fn take_last(&mut self) -> Option<NodeId> {
        let open = self.open.last()?;
        if open.is_map { self.entries.pop().map(|pending| pending.entry.value) } else { self.elements.pop() }
    }

    /// The document so far, for questions about complete nodes.
    pub(super) fn document(&self) -> &Document {
        &self.document
    }

    /// The finished document; an empty one has a null root.
    pub(super) fn finish(mut self) -> Document {
        let mut ignore = |_: &str, _: Replaced| {};
        while !self.open.is_empty() {
            self.close(0, &mut ignore);
        }
        if self.root.is_none() {
            self.scalar(Scalar::Null, Position::ABSENT);
        }
        self.document.root = self.root.unwrap_or(NodeId(0));
        self.document
    }

    fn add(&mut self, data: Data, position: Position) -> NodeId {
        let node = NodeId(self.document.nodes.len() as u32);
        let mut parent = node;
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(open) => {
                parent = open.node;
                if open.is_map {
                    let (key, key_position) =
                        open.key.take().unwrap_or((Text { start: 0, len: 0 }, Position::ABSENT));
                    let entry = Entry { key, key_position, value: node };
                    self.entries.push(Pending { entry, merged: false });
                } else {
                    self.elements.push(node);
                }
            }
        }
        self.document.nodes.push(Node { data, parent, position });
        node
    }

    fn intern(&mut self, text: &str) -> Text {
        let start = self.document.text.len() as u32;
        self.document.text.push_str(text);
        Text { start, len: text.len() as u32 }
    }

    fn drop_replaced(&mut self, first: usize, replaced: &mut dyn FnMut(&str, Replaced)) {
        let document = &self.document;
        let pending = &self.entries[first..];
        // For each entry that a later one replaces, the offset of that later one.
        let mut replaced_by: Vec<(usize, usize)> = Vec::new();
        if pending.len() <= LINEAR_LEN_MAX {
            for (at, earlier) in pending.iter().enumerate() {
                let key = document.str(earlier.entry.key);
                let later = pending[at + 1..].iter().position(|later| document.str(later.entry.key) == key);
                if let Some(later) = later {
                    replaced_by.push((at, at + 1 + later));
                }
            }
        } else {
            let mut last: HashMap<&str, usize> = HashMap::with_capacity(pending.len());
            for (at, it) in pending.iter().enumerate() {
                if let Some(earlier) = last.insert(document.str(it.entry.key), at) {
                    replaced_by.push((earlier, at));
                }
            }
            replaced_by.sort_unstable();
        }
        if replaced_by.is_empty() {
            return;
        }
        for &(earlier, later) in &replaced_by {
            let (earlier, later) = (&pending[earlier], &pending[later]);
            replaced(
                document.str(later.entry.key),
                Replaced {
                    earlier: earlier.entry.key_position,
                    later: later.entry.key_position,
                    earlier_merged: earlier.merged,
                    later_merged: later.merged,
                },
            );
        }
        let mut gone = replaced_by.iter().map(|&(earlier, _)| earlier + first).peekable();
        let mut at = 0;
        self.entries.retain(|_| {
            let drop = gone.next_if_eq(&at).is_some();
            at += 1;
            !drop
        });
    }

    fn sort_index(&mut self, first: u32, len: u32) -> u32 {
        if len as usize <= LINEAR_LEN_MAX {
            return 0;
        }
        let document = &mut self.document;
        let start = document.order.len();
        let mut order = std::mem::take(&mut document.order);
        order.extend(0..len);
        let entries = &document.entries[first as usize..(first + len) as usize];
        order[start..].sort_unstable_by(|&a, &b| {
            document.str(entries[a as usize].key).cmp(document.str(entries[b as usize].key))
        });
        document.order = order;
        start as u32
    }
}
