//! CustomResourceDefinitions: a user's YAML to kinds and types.
//!
//! Enter: documents of the runtime's reader, so that a definition means here what it means to Kubernetes, with the place of
//! every node. Leaves: kinds of the [`Cluster`]. The structural schema's types are taken; its validations (`pattern`,
//! `minimum`, `oneOf`, CEL rules) are not, except where they tell a type (`enum`, `format`, the pattern of quantities).

mod definition;
mod recognise;
mod schema;
#[cfg(test)]
mod tests;

use std::fmt;

use aipc_runtime::document::{self, Document, Finding, NodeId, Position, ReadOptions};

use super::cluster::Cluster;
use super::types::KindId;

use definition::Definition;
pub(super) use definition::NewKind;

/// Why a definition could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CrdError {
    /// The file as [`Cluster::add_crd`] was told.
    pub file: String,
    /// Counted from 1; 0 in a document without text.
    pub line: u32,
    /// Counted from 1, in characters; 0 in a document without text.
    pub column: u32,
    /// One sentence without capital or period.
    pub message: String,
}

impl CrdError {
    fn at(file: &str, position: Position, message: String) -> CrdError {
        CrdError { file: file.to_string(), line: position.line, column: position.column, message }
    }
}

impl fmt::Display for CrdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl Cluster {
    /// Adds the kinds of a YAML or JSON file of CustomResourceDefinitions (`apiextensions.k8s.io/v1`).
    ///
    /// What [`Cluster::add_crd_documents`] does with the file's documents. Text that cannot be read is an error too.
    pub fn add_crd(&mut self, text: &str, name: &str) -> Result<Vec<KindId>, Vec<CrdError>> {
        let read = document::read(name, text.as_bytes(), &ReadOptions::default());
        let findings = read.findings.into_iter().filter(Finding::is_error);
        let unreadable: Vec<CrdError> =
            findings.map(|it| CrdError::at(name, it.position, it.message)).collect();
        if !unreadable.is_empty() {
            return Err(unreadable);
        }
        self.add_crd_documents(read.documents.iter().map(|it| it.as_ref()), name)
    }

    /// Adds the kinds of documents among which are CustomResourceDefinitions.
    ///
    /// Each served version becomes a kind. Other objects are passed over, but there must be one definition. Nothing is
    /// added where there is an error. `name` is what errors call the file.
    pub fn add_crd_documents<'d>(
        &mut self,
        documents: impl IntoIterator<Item = &'d Document>,
        name: &str,
    ) -> Result<Vec<KindId>, Vec<CrdError>> {
        let mut errors = Errors { file: name, list: Vec::new() };
        let mut definitions = Vec::new();
        for document in documents {
            collect(document, document.root(), &mut definitions, &mut errors);
        }
        if definitions.is_empty() && errors.list.is_empty() {
            errors.list.push(CrdError {
                file: name.to_string(),
                line: 1,
                column: 1,
                message: "there is no CustomResourceDefinition in this file".to_string(),
            });
        }
        let mut kinds = Vec::new();
        for definition in &definitions {
            definition.to_kinds(self, &mut kinds, &mut errors);
        }
        if errors.list.is_empty() { Ok(self.push_kinds(kinds)) } else { Err(errors.list) }
    }
}

/// Finds the definitions in a document, which may be a list of objects.
fn collect<'d>(document: &'d Document, node: NodeId, found: &mut Vec<Definition<'d>>, errors: &mut Errors) {
    let text = |key: &str| document.get(node, key).and_then(|it| document.as_str(it)).unwrap_or_default();
    match (text("kind"), text("apiVersion")) {
        ("CustomResourceDefinition", "apiextensions.k8s.io/v1") => {
            found.extend(Definition::read(document, node, errors));
        }
        ("CustomResourceDefinition", other) => {
            let at = document.get(node, "apiVersion").unwrap_or(node);
            let message = format!(
                "`{other}` of CustomResourceDefinition is not served; write `apiextensions.k8s.io/v1`"
            );
            errors.push(document, at, message);
        }
        ("List" | "CustomResourceDefinitionList", _) => {
            let items = document.get(node, "items").into_iter().flat_map(|it| document.elements(it));
            for item in items.collect::<Vec<NodeId>>() {
                collect(document, item, found, errors);
            }
        }
        _ => {}
    }
}

/// What was wrong so far in one file.
struct Errors<'a> {
    file: &'a str,
    list: Vec<CrdError>,
}

impl Errors<'_> {
    fn push(&mut self, document: &Document, node: NodeId, message: String) {
        self.list.push(CrdError::at(self.file, document.position(node), message));
    }
}
