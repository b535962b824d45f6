//! Reading the fields of a policy strictly: each with its type, and none that Kyverno does not know.

use std::collections::BTreeMap;

use aipc_runtime::document::{Document, NodeId, NodeValue, Position};
use aipc_runtime::value::Shared;

use crate::json::Json;

/// What is wrong with a policy, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub position: Position,
    /// As `spec.rules[0].validate`.
    pub path: String,
    pub kind: FaultKind,
    pub message: String,
}

/// The kinds of fault.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// The schema has no such field.
    UnknownField {
        field: String,
        /// Those that it has there.
        known: Vec<&'static str>,
    },
    /// The value has another type than the field, or a field that has to be there is missing.
    Shape,
    /// Kyverno refuses the policy for what it says.
    Refused,
    /// Kyverno takes it, and we cannot do it.
    Unsupported,
}

/// A document that is being read, with the faults found so far.
pub struct Reader<'d> {
    pub document: &'d Document,
    pub faults: Vec<Fault>,
}

impl<'d> Reader<'d> {
    pub fn new(document: &'d Document) -> Reader<'d> {
        Reader { document, faults: Vec::new() }
    }

    /// Notes a fault at a node.
    pub fn fault(&mut self, node: NodeId, kind: FaultKind, message: impl Into<String>) {
        let position = self.document.position(node);
        self.faults.push(Fault { position, path: self.document.path(node), kind, message: message.into() });
    }

    /// The fields of a map; a fault, and none, if the node is no map.
    pub fn fields(&mut self, node: NodeId) -> Option<Fields> {
        match self.document.value(node) {
            NodeValue::Map { .. } => Some(Fields { node, known: Vec::new() }),
            NodeValue::Null => None,
            _ => {
                self.wrong_type(node, "an object");
                None
            }
        }
    }

    /// The elements of a list; a fault, and none, if the node is no list.
    pub fn elements(&mut self, node: NodeId) -> Vec<NodeId> {
        match self.document.value(node) {
            NodeValue::Seq { .. } => self.document.elements(node).collect(),
            NodeValue::Null => Vec::new(),
            _ => {
                self.wrong_type(node, "a list");
                Vec::new()
            }
        }
    }

    /// The text of a node; a fault if it is none.
    pub fn text(&mut self, node: NodeId) -> Option<&'d str> {
        let text = self.document.as_str(node);
        if text.is_none() {
            self.wrong_type(node, "text");
        }
        text
    }

    pub fn wrong_type(&mut self, node: NodeId, wanted: &str) {
        let found = match self.document.value(node) {
            NodeValue::Null => "null",
            NodeValue::Bool(_) => "a boolean",
            NodeValue::Int(_) | NodeValue::Uint(_) | NodeValue::Float(_) => "a number",
            NodeValue::Str(_) => "text",
            NodeValue::Seq { .. } => "a list",
            NodeValue::Map { .. } => "an object",
        };
        self.fault(node, FaultKind::Shape, format!("this has to be {wanted}, and it is {found}"));
    }

    /// A value as policies hold it: integers are integers.
    pub fn json(&self, node: NodeId) -> Json<'static> {
        let document = self.document;
        match document.value(node) {
            NodeValue::Null => Json::Null,
            NodeValue::Bool(value) => Json::Bool(value),
            NodeValue::Int(number) => Json::Int(number),
            NodeValue::Uint(number) => Json::Float(number as f64),
            NodeValue::Float(number) => Json::Float(number),
            NodeValue::Str(text) => Json::text(text),
            NodeValue::Seq { .. } => {
                Json::list(document.elements(node).map(|node| self.json(node)).collect())
            }
            NodeValue::Map { .. } => {
                let entries =
                    document.entries(node).map(|(key, _, node)| (Shared::Owned(key.into()), self.json(node)));
                Json::map(entries.collect())
            }
        }
    }
}

/// The fields of one map. Those that nobody asked for are unknown in the end.
pub struct Fields {
    pub node: NodeId,
    known: Vec<&'static str>,
}

impl Fields {
    /// The value of a field; null is no value.
    pub fn get(&mut self, reader: &Reader<'_>, name: &'static str) -> Option<NodeId> {
        self.known.push(name);
        reader.document.get(self.node, name).filter(|node| reader.document.value(*node) != NodeValue::Null)
    }

    /// Says of fields that they exist, without a look at them.
    pub fn allow(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    pub fn text<'d>(&mut self, reader: &mut Reader<'d>, name: &'static str) -> Option<&'d str> {
        let node = self.get(reader, name)?;
        reader.text(node)
    }

    pub fn bool(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<bool> {
        let node = self.get(reader, name)?;
        match reader.document.value(node) {
            NodeValue::Bool(value) => Some(value),
            _ => {
                reader.wrong_type(node, "true or false");
                None
            }
        }
    }

    pub fn int(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Option<i64> {
        let node = self.get(reader, name)?;
        match reader.document.value(node) {
            NodeValue::Int(value) => Some(value),
            _ => {
                reader.wrong_type(node, "a whole number");
                None
            }
        }
    }

    pub fn elements(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Vec<NodeId> {
        self.get(reader, name).map_or_else(Vec::new, |node| reader.elements(node))
    }

    /// A list of texts.
    pub fn texts(&mut self, reader: &mut Reader<'_>, name: &'static str) -> Vec<String> {
        let elements = self.elements(reader, name);
        elements.into_iter().filter_map(|node| reader.text(node).map(str::to_owned)).collect()
    }

    /// A map of texts.
    pub fn text_map(&mut self, reader: &mut Reader<'_>, name: &'static str) -> BTreeMap<String, String> {
        let Some(node) = self.get(reader, name) else { return BTreeMap::new() };
        if reader.fields(node).is_none() {
            return BTreeMap::new();
        }
        let entries: Vec<(String, NodeId)> =
            reader.document.entries(node).map(|(key, _, value)| (key.to_owned(), value)).collect();
        let mut map = BTreeMap::new();
        for (key, value) in entries {
            if let Some(text) = reader.text(value) {
                map.insert(key, text.to_owned());
            }
        }
        map
    }

    /// One of a set of words.
    pub fn word<T: Copy>(
        &mut self,
        reader: &mut Reader<'_>,
        name: &'static str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let node = self.get(reader, name)?;
        let text = reader.text(node)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            reader.fault(node, FaultKind::Shape, format!("`{text}` is none of {}", known.join(", ")));
        }
        found
    }

    /// Notes each field that nobody knows.
    pub fn finish(self, reader: &mut Reader<'_>) {
        let unknown: Vec<(String, Position)> = reader
            .document
            .entries(self.node)
            .filter(|(key, _, _)| !self.known.contains(key))
            .map(|(key, position, _)| (key.to_owned(), position))
            .collect();
        for (field, position) in unknown {
            let path = reader.document.path(self.node);
            let message = format!("`{field}` is no field here");
            let kind = FaultKind::UnknownField { field, known: self.known.clone() };
            reader.faults.push(Fault { position, path, kind, message });
        }
    }
}
