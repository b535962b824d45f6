//! Values as nodes that are changed in place, which is how kustomize holds what it merges.
//!
//! What it makes depends on that: a node can stand in two places, and a scalar keeps the quotes of the one that it
//! replaces.

use aipc_runtime::value::{Shared, json_float};

use super::PatchError;
use super::raw_json::number_of;
use crate::json::{Entry, Escape, Json, View};

/// All nodes of one merge.
#[derive(Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// A node of a [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Id(usize);

#[derive(Clone, Debug)]
pub(super) enum Node {
    Null {
        /// It stands in the object, and nothing in the patch is about it.
        stays: bool,
    },
    Scalar(Scalar),
    List(Vec<Id>),
    /// Keys can occur twice, once an anchor is taken off one.
    Map(Vec<(Box<str>, Id)>),
}

/// A scalar as YAML has it.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub(super) text: Box<str>,
    is_text: bool,
    /// With quotes it is read as text again, whatever it was.
    is_quoted: bool,
}

/// What a node is, of what kustomize tells apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Scalar,
    List,
    Map,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Scalar => "ScalarNode",
            Kind::List => "SequenceNode",
            Kind::Map => "MappingNode",
        }
    }
}

impl Tree {
    fn push(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        Id(self.nodes.len() - 1)
    }

    /// A value read from its JSON text.
    pub(super) fn read(&mut self, value: &Json<'_>) -> Id {
        let plain =
            |text: String| Node::Scalar(Scalar { text: text.into(), is_text: false, is_quoted: false });
        let node = match value.view() {
            View::Null => Node::Null { stays: false },
            View::Bool(value) => plain(value.to_string()),
            View::Int(number) => plain(number.to_string()),
            View::Float(number) => plain(json_float(number)),
            View::Text(text) => return self.text(text),
            View::List { .. } => Node::List(value.elements().map(|element| self.read(&element)).collect()),
            View::Map { .. } => {
                let entries = value.entries();
                Node::Map(entries.iter().map(|(key, value)| ((&**key).into(), self.read(value))).collect())
            }
        };
        self.push(node)
    }

    pub(super) fn text(&mut self, text: &str) -> Id {
        self.push(Node::Scalar(Scalar { text: text.into(), is_text: true, is_quoted: true }))
    }

    pub(super) fn null_that_stays(&mut self) -> Id {
        self.push(Node::Null { stays: true })
    }

    pub(super) fn empty_list(&mut self) -> Id {
        self.push(Node::List(Vec::new()))
    }

    pub(super) fn empty_map(&mut self) -> Id {
        self.push(Node::Map(Vec::new()))
    }

    /// A copy, with copies of everything below.
    pub(super) fn copy(&mut self, id: Id) -> Id {
        let node = match self.nodes[id.0].clone() {
            Node::List(elements) => {
                Node::List(elements.into_iter().map(|element| self.copy(element)).collect())
            }
            Node::Map(entries) => {
                Node::Map(entries.into_iter().map(|(key, value)| (key, self.copy(value))).collect())
            }
            node => node,
        };
        self.push(node)
    }

    /// `None` for null, which is of every kind.
    pub(super) fn kind(&self, id: Id) -> Option<Kind> {
        match &self.nodes[id.0] {
            Node::Null { .. } => None,
            Node::Scalar(_) => Some(Kind::Scalar),
            Node::List(_) => Some(Kind::List),
            Node::Map(_) => Some(Kind::Map),
        }
    }

    pub(super) fn is_null(&self, id: Id) -> bool {
        self.kind(id).is_none()
    }

    pub(super) fn is_map(&self, id: Id) -> bool {
        self.kind(id) == Some(Kind::Map)
    }

    /// Whether there is nothing in it: null, or a list or map without content.
    pub(super) fn is_empty(&self, id: Id) -> bool {
        match &self.nodes[id.0] {
            Node::Null { .. } => true,
            Node::Scalar(_) => false,
            Node::List(elements) => elements.is_empty(),
            Node::Map(entries) => entries.is_empty(),
        }
    }

    pub(super) fn is_null_or_empty_map(&self, id: Id) -> bool {
        !matches!(self.kind(id), Some(Kind::Scalar | Kind::List)) && self.is_empty(id)
    }

    /// # Errors
    /// The node is of another kind; null is of every kind.
    pub(super) fn expect(&self, id: Id, kind: Kind) -> Result<(), PatchError> {
        match self.kind(id) {
            Some(found) if found != kind => {
                let mut text = String::new();
                self.write(id, &mut text);
                Err(PatchError::Refused(format!(
                    "wrong node kind: expected {} but got {}: node contents:\n{text}\n",
                    kind.name(),
                    found.name()
                )))
            }
            _ => Ok(()),
        }
    }

    /// The text of a scalar, `null` for null; nothing for lists and maps.
    pub(super) fn scalar_text(&self, id: Id) -> &str {
        match &self.nodes[id.0] {
            Node::Null { .. } => "null",
            Node::Scalar(scalar) => &scalar.text,
            Node::List(_) | Node::Map(_) => "",
        }
    }

    /// The elements of a list; none of anything else.
    pub(super) fn elements(&self, id: Id) -> &[Id] {
        if let Node::List(elements) = &self.nodes[id.0] { elements } else { &[] }
    }

    pub(super) fn elements_mut(&mut self, id: Id) -> Option<&mut Vec<Id>> {
        if let Node::List(elements) = &mut self.nodes[id.0] { Some(elements) } else { None }
    }

    /// The entries of a map; none of anything else.
    pub(super) fn entries(&self, id: Id) -> &[(Box<str>, Id)] {
        if let Node::Map(entries) = &self.nodes[id.0] { entries } else { &[] }
    }

    pub(super) fn keys(&self, id: Id) -> Vec<Box<str>> {
        self.entries(id).iter().map(|(key, _)| key.clone()).collect()
    }

    /// What stands under a key of a map, null included.
    pub(super) fn field(&self, id: Id, key: &str) -> Option<Id> {
        self.entries(id).iter().find(|(name, _)| &**name == key).map(|(_, value)| *value)
    }

    pub(super) fn clear(&mut self, id: Id, key: &str) {
        if let Node::Map(entries) = &mut self.nodes[id.0]
            && let Some(at) = entries.iter().position(|(name, _)| &**name == key)
        {
            entries.remove(at);
        }
    }

    pub(super) fn rename(&mut self, id: Id, key: &str, new: &str) {
        if let Node::Map(entries) = &mut self.nodes[id.0]
            && let Some((name, _)) = entries.iter_mut().find(|(name, _)| &**name == key)
        {
            *name = new.into();
        }
    }

    /// Puts a value under a key. What stood there keeps its quotes; null takes it away.
    ///
    /// # Errors
    /// This is no map.
    pub(super) fn set(&mut self, id: Id, key: &str, value: Option<Id>) -> Result<(), PatchError> {
        self.expect(id, Kind::Map)?;
        let Some(value) = value.filter(|value| !matches!(self.nodes[value.0], Node::Null { stays: false }))
        else {
            self.clear(id, key);
            return Ok(());
        };
        let Some(before) = self.field(id, key) else {
            if let Node::Map(entries) = &mut self.nodes[id.0] {
                entries.push((key.into(), value));
            }
            return Ok(());
        };
        let was_quoted = matches!(&self.nodes[before.0], Node::Scalar(Scalar { is_quoted: true, .. }));
        if let Node::Scalar(scalar) = &mut self.nodes[value.0] {
            scalar.is_quoted = was_quoted;
        }
        self.nodes[before.0] = self.nodes[value.0].clone();
        Ok(())
    }

    /// What is written, as it is read again.
    ///
    /// # Errors
    /// A key stands twice in a map.
    pub(super) fn to_json(&self, id: Id) -> Result<Json<'static>, PatchError> {
        Ok(match &self.nodes[id.0] {
            Node::Null { .. } => Json::Null,
            Node::Scalar(scalar) if scalar.is_text || scalar.is_quoted => Json::text(&*scalar.text),
            Node::Scalar(scalar) => match &*scalar.text {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                // YAML knows no integer less than zero and equal to it.
                "-0" => Json::Int(0),
                number => number_of(number),
            },
            Node::List(elements) => {
                Json::list(elements.iter().map(|element| self.to_json(*element)).collect::<Result<_, _>>()?)
            }
            Node::Map(entries) => {
                let entry = |(key, value): &(Box<str>, Id)| -> Result<Entry<'static>, PatchError> {
                    Ok((Shared::Owned((&**key).into()), self.to_json(*value)?))
                };
                let map = Json::map(entries.iter().map(entry).collect::<Result<_, _>>()?);
                if let View::Map { len } = map.view()
                    && len < entries.len()
                {
                    let twice = entries
                        .iter()
                        .enumerate()
                        .find(|(index, (key, _))| entries[..*index].iter().any(|(before, _)| before == key));
                    let key = twice.map_or("", |(_, (key, _))| &**key);
                    return Err(PatchError::Refused(format!(
                        "yaml: unmarshal errors:\n  line 1: mapping key {key:?} already defined at line 1"
                    )));
                }
                map
            }
        })
    }

    /// The text of a node, as messages have it.
    fn write(&self, id: Id, out: &mut String) {
        let quoted = |text: &str| Json::Text(Shared::Borrowed(text)).to_json(Escape::Plain);
        match &self.nodes[id.0] {
            Node::Null { .. } => out.push_str("null"),
            Node::Scalar(scalar) if scalar.is_text || scalar.is_quoted => out.push_str(&quoted(&scalar.text)),
            Node::Scalar(scalar) => out.push_str(&scalar.text),
            Node::List(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    self.write(*element, out);
                }
                out.push(']');
            }
            Node::Map(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&quoted(key));
                    out.push_str(": ");
                    self.write(*value, out);
                }
                out.push('}');
            }
        }
    }
}
