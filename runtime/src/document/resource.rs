//! The Kubernetes objects of a document: itself, or the items of a List, to any depth.

use std::sync::Arc;

use super::compose::Refusal;
use super::finding::FindingKind;
use super::node::{Document, NodeId, NodeValue};
use super::position::Position;

/// One Kubernetes object: a document, or a place in one.
#[derive(Clone, Debug)]
pub struct Resource {
    document: Arc<Document>,
    root: NodeId,
    /// What an item takes from its typed list, such as `PodList`, if it does not say it itself.
    list: Option<Arc<ListType>>,
}

#[derive(Debug)]
struct ListType {
    api_version: String,
    kind: String,
}

impl Resource {
    /// The object at `root` of a document, whatever stands there.
    pub fn new(document: Arc<Document>, root: NodeId) -> Self {
        Resource { document, root, list: None }
    }

    pub fn document(&self) -> &Arc<Document> {
        &self.document
    }

    /// The node that holds the object.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// `apiVersion`; empty if it is missing or no text.
    pub fn api_version(&self) -> &str {
        self.text(&["apiVersion"]).or(self.list.as_ref().map(|list| list.api_version.as_str())).unwrap_or("")
    }

    /// `kind`; empty if it is missing or no text.
    pub fn kind(&self) -> &str {
        self.text(&["kind"]).or(self.list.as_ref().map(|list| list.kind.as_str())).unwrap_or("")
    }

    /// `metadata.name`, if it is text.
    pub fn name(&self) -> Option<&str> {
        self.text(&["metadata", "name"])
    }

    /// `metadata.namespace`, if it is text.
    pub fn namespace(&self) -> Option<&str> {
        self.text(&["metadata", "namespace"])
    }

    /// Where the object is written.
    pub fn position(&self) -> Position {
        self.document.position(self.root)
    }

    /// The path of a node below the object, such as `spec.containers[0].image`.
    pub fn path(&self, node: NodeId) -> String {
        self.document.path_below(self.root, node)
    }

    fn text(&self, keys: &[&str]) -> Option<&str> {
        let node = self.document.get_path(self.root, keys)?;
        self.document.as_str(node)
    }
}

/// The objects of a document in source order, and what in it is none.
///
/// A map whose kind is `List`, or ends so and holds a list of items, stands for its items. A null
/// document holds nothing.
pub(super) fn resources_of(document: &Arc<Document>) -> (Vec<Resource>, Vec<Refusal>) {
    let mut resources = Vec::new();
    let mut refusals = Vec::new();
    let mut waiting = vec![Resource::new(Arc::clone(document), document.root())];
    while let Some(resource) = waiting.pop() {
        let root = resource.root;
        let refuse = |message: &str, node| Refusal {
            kind: FindingKind::NotAResource,
            message: message.to_owned(),
            position: document.position(node),
            related: None,
        };
        match document.value(root) {
            NodeValue::Null if root == document.root() => {}
            NodeValue::Map { .. } => match items_of(&resource) {
                Items::None if resource.kind().is_empty() => {
                    refusals.push(refuse("this object has no `kind`", root));
                }
                Items::None => resources.push(resource),
                Items::Empty => {}
                Items::Are(items) => {
                    let list = list_type(&resource).map(Arc::new);
                    let items: Vec<NodeId> = document.elements(items).collect();
                    waiting.extend(items.into_iter().rev().map(|root| Resource {
                        document: Arc::clone(document),
                        root,
                        list: list.clone(),
                    }));
                }
                Items::Wrong(node) => {
                    refusals.push(refuse("the items of a List must be a list", node));
                }
            },
            NodeValue::Null
            | NodeValue::Bool(_)
            | NodeValue::Int(_)
            | NodeValue::Uint(_)
            | NodeValue::Float(_)
            | NodeValue::Str(_)
            | NodeValue::Seq { .. } => {
                refusals.push(refuse("this is not a Kubernetes object: an object is a map", root));
            }
        }
    }
    (resources, refusals)
}

enum Items {
    /// The object is not a list.
    None,
    /// It is one, and holds nothing.
    Empty,
    Are(NodeId),
    Wrong(NodeId),
}

fn items_of(resource: &Resource) -> Items {
    let document = &resource.document;
    let kind = resource.kind();
    let Some(items) = document.get(resource.root, "items") else {
        return if kind == "List" { Items::Empty } else { Items::None };
    };
    match document.value(items) {
        NodeValue::Seq { .. } if kind.ends_with("List") => Items::Are(items),
        NodeValue::Null if kind == "List" => Items::Empty,
        _ if kind == "List" => Items::Wrong(items),
        _ => Items::None,
    }
}

/// What the items of a typed list are, `Pod` for `PodList`.
fn list_type(list: &Resource) -> Option<ListType> {
    let kind = list.kind().strip_suffix("List").filter(|kind| !kind.is_empty())?;
    Some(ListType { api_version: list.api_version().to_owned(), kind: kind.to_owned() })
}
