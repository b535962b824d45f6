//! What an evaluation knows besides the resource: operation, user, namespaces, time.

use std::collections::HashMap;

use serde_json::json;

use super::World;

use crate::document::{self, Document, NodeId};
use crate::value::Time;

/// One Kubernetes object: a place in a document.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    pub document: &'a Document,
    /// The root of the document, or an item of a `List` in it.
    pub object: NodeId,
    /// What it says it is.
    pub kind: ObjectKind<'a>,
}

impl<'a> Resource<'a> {
    /// The object at a node of a document.
    pub fn at(document: &'a Document, object: NodeId) -> Resource<'a> {
        let text = |key| document.get(object, key).and_then(|node| document.as_str(node)).unwrap_or_default();
        Resource { document, object, kind: ObjectKind::new(text("apiVersion"), text("kind")) }
    }

    /// The object that makes up the whole document.
    pub fn of(document: &'a Document) -> Resource<'a> {
        Resource::at(document, document.root())
    }

    /// The text at a path of fields; `None` where there is none.
    pub fn text(&self, fields: &[&str]) -> Option<&'a str> {
        self.document.as_str(self.document.get_path(self.object, fields)?)
    }
}

impl<'a> From<&'a document::Resource> for Resource<'a> {
    fn from(resource: &'a document::Resource) -> Resource<'a> {
        let kind = ObjectKind::new(resource.api_version(), resource.kind());
        Resource { document: resource.document(), object: resource.root(), kind }
    }
}

/// An operation of admission.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum AdmissionOperation {
    #[default]
    Create,
    Update,
    Delete,
    Connect,
}

impl AdmissionOperation {
    /// Kubernetes' word: `CREATE`.
    pub fn name(self) -> &'static str {
        match self {
            AdmissionOperation::Create => "CREATE",
            AdmissionOperation::Update => "UPDATE",
            AdmissionOperation::Delete => "DELETE",
            AdmissionOperation::Connect => "CONNECT",
        }
    }
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct User {
    pub name: String,
    pub uid: String,
    pub groups: Vec<String>,
    /// As `namespace:name`.
    pub roles: Vec<String>,
    pub cluster_roles: Vec<String>,
}

impl User {
    /// The user as policies see it: an object with `name`, `uid`, `groups`, `roles`, `clusterRoles`, and
    /// `serviceAccount` where the name is that of one (`system:serviceaccount:NAMESPACE:NAME`). An empty name or
    /// uid is left out.
    pub fn to_document(&self) -> Document {
        let mut user = json!({
            "groups": self.groups,
            "roles": self.roles,
            "clusterRoles": self.cluster_roles,
        });
        for (key, text) in [("name", &self.name), ("uid", &self.uid)] {
            if !text.is_empty() {
                user[key] = json!(text);
            }
        }
        let account = self.name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
        if let Some((namespace, name)) = account {
            user["serviceAccount"] = json!({ "namespace": namespace, "name": name });
        }
        Document::from_json(&user)
    }
}

/// The Namespace objects that are known, by name.
#[derive(Clone, Debug, Default)]
pub struct Namespaces<'a> {
    objects: HashMap<&'a str, Resource<'a>>,
}

impl<'a> Namespaces<'a> {
    pub fn new() -> Namespaces<'a> {
        Namespaces::default()
    }

    /// Makes a Namespace object known; a later one of the same name replaces it.
    pub fn add(&mut self, name: &'a str, object: Resource<'a>) {
        self.objects.insert(name, object);
    }

    pub fn get(&self, name: &str) -> Option<Resource<'a>> {
        self.objects.get(name).copied()
    }
}

/// What is known besides the resource.
#[derive(Clone, Debug)]
pub struct Environment<'a> {
    pub operation: AdmissionOperation,
    /// The object as it was; ignored on create.
    pub old_object: Option<Resource<'a>>,
    /// From [`User::to_document`]; `None` where no user is known.
    pub user: Option<&'a Document>,
    /// The namespace of objects that name none and belong in one.
    pub namespace_default: &'a str,
    /// The Namespace objects that are known; the labels of others are not.
    pub namespaces: Option<&'a Namespaces<'a>>,
    /// What is recorded of the world; without it, no question has an answer.
    pub world: Option<&'a World>,
    /// The subresource that is asked for, without a slash: `scale`, `exec`. `None` for the object itself.
    pub subresource: Option<&'a str>,
    /// The kind that rules are chosen by where it is not the object's own, as for subresources.
    pub kind: Option<ObjectKind<'a>>,
    /// Whether the kind lives in namespaces; `None` leaves it to the rule.
    pub namespaced: Option<bool>,
    pub now: Time,
}

/// Group, version and kind of an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ObjectKind<'a> {
    /// Empty for the core group.
    pub group: &'a str,
    pub version: &'a str,
    pub kind: &'a str,
}

impl<'a> ObjectKind<'a> {
    /// From `apiVersion` and `kind`.
    pub fn new(api_version: &'a str, kind: &'a str) -> ObjectKind<'a> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        ObjectKind { group, version, kind }
    }
}

impl<'a> Environment<'a> {
    /// A creation in namespace `default` at the moment `now`, with nothing else known.
    pub fn new(now: Time) -> Environment<'a> {
        Environment {
            operation: AdmissionOperation::Create,
            old_object: None,
            user: None,
            namespace_default: "default",
            namespaces: None,
            world: None,
            subresource: None,
            kind: None,
            namespaced: None,
            now,
        }
    }
}

/// The bounds of an evaluation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Steps for each rule and resource. Long texts and lists cost steps by their length.
    pub fuel: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { fuel: 10_000_000 }
    }
}
