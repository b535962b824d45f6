//! The arena of one document: nodes, sequence elements, mapping entries and their text.
//!
//! Readers of a document hold a `&Document` and small [`NodeId`]s; no accessor allocates. Aliases
//! and merged entries are nodes of their own that point at the shared value, so a document that
//! repeats a value by `*name` costs one node for each use.
//!
//! Nothing here knows YAML: `super::builder` fills the arena, `super::reader` decides with what.

use super::position::Position;

/// A node of one [`Document`]; meaningless with any other document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// The place of the node in its document, usable as an index into tables of [`Document::node_count`] rows.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node holds. Collections are walked with [`Document::elements`] and [`Document::entries`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NodeValue<'a> {
    Null,
    Bool(bool),
    /// Every integer that fits, and every float whose JSON text is such an integer: Kubernetes
    /// passes all numbers through JSON text, so it reads `1.0` and `1e3` as the integers 1 and 1000.
    Int(i64),
    /// An integer in `2^63 .. 2^64`. Kubernetes keeps it as a float.
    Uint(u64),
    /// A finite number that is not an integer below `2^63`.
    Float(f64),
    Str(&'a str),
    Seq {
        len: usize,
    },
    Map {
        len: usize,
    },
}

/// One document: a tree of values with the place of every node and key.
///
/// Maps keep source order; a key occurs once (the last one written wins, as in Kubernetes).
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) nodes: Vec<Node>,
    pub(super) elements: Vec<NodeId>,
    pub(super) entries: Vec<Entry>,
    /// For each large map, its entries' offsets sorted by key.
    pub(super) order: Vec<u32>,
    pub(super) text: String,
    pub(super) root: NodeId,
}

/// Maps up to this length are searched in a row, longer ones through their sorted index.
pub(super) const LINEAR_LEN_MAX: usize = 12;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) data: Data,
    /// The collection that holds this node; the root holds itself.
    pub(super) parent: NodeId,
    pub(super) position: Position,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Data {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(Text),
    Seq {
        first: u32,
        len: u32,
    },
    /// `order` is the offset of the sorted index; only maps above [`LINEAR_LEN_MAX`] have one.
    Map {
        first: u32,
        len: u32,
        order: u32,
    },
    /// INVARIANT: the target is never itself a `Shared` node.
    Shared(NodeId),
}

/// A piece of `Document::text`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub(super) start: u32,
    pub(super) len: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Text,
    pub(super) key_position: Position,
    pub(super) value: NodeId,
}

impl Document {
    /// The node that holds the whole document.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// How many nodes the document has; every [`NodeId::index`] is below it.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// What the node holds; an alias holds what its anchor holds.
    #[inline]
    pub fn value(&self, node: NodeId) -> NodeValue<'_> {
        match self.data(node) {
            Data::Null | Data::Shared(_) => NodeValue::Null,
            Data::Bool(it) => NodeValue::Bool(it),
            Data::Int(it) => NodeValue::Int(it),
            Data::Uint(it) => NodeValue::Uint(it),
            Data::Float(it) => NodeValue::Float(it),
            Data::Str(it) => NodeValue::Str(self.str(it)),
            Data::Seq { len, .. } => NodeValue::Seq { len: len as usize },
            Data::Map { len, .. } => NodeValue::Map { len: len as usize },
        }
    }

    /// The value under `key`; `None` if the key is missing or `node` is not a map.
    /// A key written with the value null gives that null node.
    #[inline]
    pub fn get(&self, node: NodeId, key: &str) -> Option<NodeId> {
        self.find(node, key).map(|entry| entry.value)
    }

    /// The place of `key` itself in the map `node`.
    pub fn key_position(&self, node: NodeId, key: &str) -> Option<Position> {
        self.find(node, key).map(|entry| entry.key_position)
    }

    /// The value at a path of map keys, from `node` on.
    pub fn get_path(&self, node: NodeId, keys: &[&str]) -> Option<NodeId> {
        keys.iter().try_fold(node, |node, key| self.get(node, key))
    }

    /// The element at `index`, counted from 0; `None` outside the sequence or if `node` is none.
    #[inline]
    pub fn element(&self, node: NodeId, index: usize) -> Option<NodeId> {
        self.element_slice(node).get(index).copied()
    }

    /// The elements of a sequence in order; nothing if `node` is not a sequence.
    pub fn elements(
        &self,
        node: NodeId,
    ) -> impl ExactSizeIterator<Item = NodeId> + DoubleEndedIterator + Clone + '_ {
        self.element_slice(node).iter().copied()
    }

    /// The entries of a map in source order, as key, place of the key, and value; nothing if `node`
    /// is not a map. Entries that came by a merge key `<<` stand where the merge key stands.
    pub fn entries(
        &self,
        node: NodeId,
    ) -> impl ExactSizeIterator<Item = (&str, Position, NodeId)> + DoubleEndedIterator + Clone + '_ {
        self.entry_slice(node).iter().map(|entry| (self.str(entry.key), entry.key_position, entry.value))
    }

    /// The entry of a map at `index`, counted from 0 in source order, as key and value.
    pub fn entry(&self, node: NodeId, index: usize) -> Option<(&str, NodeId)> {
        self.entry_slice(node).get(index).map(|entry| (self.str(entry.key), entry.value))
    }

    /// The number of elements or entries; 0 for a scalar.
    pub fn len(&self, node: NodeId) -> usize {
        match self.data(node) {
            Data::Seq { len, .. } | Data::Map { len, .. } => len as usize,
            Data::Null
            | Data::Bool(_)
            | Data::Int(_)
            | Data::Uint(_)
            | Data::Float(_)
            | Data::Str(_)
            | Data::Shared(_) => 0,
        }
    }

    /// Whether the node has neither elements nor entries; true for every scalar.
    pub fn is_empty(&self, node: NodeId) -> bool {
        self.len(node) == 0
    }

    /// The text of a string node; `None` for every other kind.
    #[inline]
    pub fn as_str(&self, node: NodeId) -> Option<&str> {
        match self.value(node) {
            NodeValue::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Where the node is written. An alias has the place of `*name`; an entry merged by `<<` has the
    /// place of the value it took over.
    pub fn position(&self, node: NodeId) -> Position {
        self.nodes[node.index()].position
    }

    /// The collection that holds the node; `None` for the root.
    ///
    /// Below an alias this is the way through the anchor, where the text stands.
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        let parent = self.nodes[node.index()].parent;
        (parent != node).then_some(parent)
    }

    /// The node that carries the value: the anchored one for an alias, else `node` itself.
    #[inline]
    pub fn resolved(&self, node: NodeId) -> NodeId {
        match self.nodes[node.index()].data {
            Data::Shared(target) => target,
            Data::Null
            | Data::Bool(_)
            | Data::Int(_)
            | Data::Uint(_)
            | Data::Float(_)
            | Data::Str(_)
            | Data::Seq { .. }
            | Data::Map { .. } => node,
        }
    }

    #[inline]
    fn data(&self, node: NodeId) -> Data {
        self.nodes[self.resolved(node).index()].data
    }

    #[inline]
    pub(super) fn str(&self, text: Text) -> &str {
        &self.text[text.start as usize..(text.start + text.len) as usize]
    }

    #[inline]
    fn element_slice(&self, node: NodeId) -> &[NodeId] {
        match self.data(node) {
            Data::Seq { first, len } => &self.elements[first as usize..(first + len) as usize],
            _ => &[],
        }
    }

    #[inline]
    fn entry_slice(&self, node: NodeId) -> &[Entry] {
        match self.data(node) {
            Data::Map { first, len, .. } => &self.entries[first as usize..(first + len) as usize],
            _ => &[],
        }
    }

    #[inline]
    fn find(&self, node: NodeId, key: &str) -> Option<&Entry> {
        let Data::Map { first, len, order } = self.data(node) else {
            return None;
        };
        let entries = &self.entries[first as usize..(first + len) as usize];
        if entries.len() <= LINEAR_LEN_MAX {
            // Most keys differ in length, and no text is looked at for those.
            let same_len = |entry: &&Entry| entry.key.len as usize == key.len();
            return entries.iter().filter(same_len).find(|entry| self.str(entry.key) == key);
        }
        let order = &self.order[order as usize..(order + len) as usize];
        let at = order.binary_search_by(|&at| self.str(entries[at as usize].key).cmp(key)).ok()?;
        entries.get(order[at] as usize)
    }
}
