//! `--context`: the recorded world, from a file.
//!
//! ```yaml
//! objects:                      # of a kind that stands here, these are all
//!   apps/v1/Deployment:
//!   - metadata: {name: web, namespace: staging}
//!   v1/ConfigMap: []
//! answers:
//! - get: https://prices.acme.io/v1
//!   answer: {monthly: 12.5}
//! ```
//!
//! Or what `kubectl get … -o yaml` prints: a List, or objects. Of a kind that stands in it, these are all.

use std::collections::BTreeMap;
use std::path::Path;

use aipc_runtime::document::{self, Document, FindingKind, NodeId, NodeValue, ReadOptions};
use aipc_runtime::machine::{Answer, World};
use serde_json::{Map, Value, json};

use super::manifests::{location, to_finding};
use crate::files::read;
use crate::report::Finding;

/// The world that a file records; what is wrong with the file is in the findings.
pub fn load(path: &Path) -> (World, Vec<Finding>) {
    let name = read::name(path);
    let bytes = match read::bytes(path, read::MANIFEST_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(why) => {
            let message = format!("`{name}` cannot be read: {why}");
            return (World::default(), vec![Finding::error("unreadable", message)]);
        }
    };
    let text = document::read(&name, &bytes, &ReadOptions::default());
    let mut reader = Reader { name, world: World::default(), findings: Vec::new() };
    let unread = text.findings.iter().filter(|it| it.kind != FindingKind::NotAResource);
    reader.findings.extend(unread.map(|it| to_finding(&reader.name, it)));
    match text.documents.as_slice() {
        [] if reader.findings.is_empty() => reader.says_nothing(),
        documents if documents.iter().all(|it| is_printed(it)) => {
            documents.iter().for_each(|it| reader.printed(it))
        }
        [document] => reader.root(document),
        [_, second, ..] => {
            reader.error(second, second.root(), "a context is one document; this is a second one".to_owned());
        }
        [] => {}
    }
    (reader.world, reader.findings)
}

/// Whether a document is an object, or a List of objects.
fn is_printed(document: &Document) -> bool {
    let root = document.root();
    document.get(root, "kind").is_some() && document.get(root, "apiVersion").is_some()
}

struct Reader {
    name: String,
    world: World,
    findings: Vec<Finding>,
}

impl Reader {
    fn error(&mut self, document: &Document, node: NodeId, message: String) {
        let place = location(&self.name, document.position(node), String::new());
        self.findings.push(Finding::error("wrong-context", message).at(place));
    }

    fn says_nothing(&mut self) {
        let message = format!("`{}` says nothing", self.name);
        self.findings.push(Finding::error("wrong-context", message));
    }

    fn root(&mut self, document: &Document) {
        let root = document.root();
        if document.value(root) == NodeValue::Null {
            return self.says_nothing();
        }
        if !matches!(document.value(root), NodeValue::Map { .. }) {
            return self.error(document, root, "a context is a map with `objects` and `answers`".to_owned());
        }
        for (key, _, value) in document.entries(root) {
            match key {
                "objects" => self.objects(document, value),
                "answers" => self.answers(document, value),
                _ => {
                    let message = format!("`{key}` is not in a context; `objects` and `answers` are");
                    self.error(document, value, message);
                }
            }
        }
    }

    /// What `kubectl get … -o yaml` prints.
    fn printed(&mut self, document: &Document) {
        let root = document.root();
        let text = |node: NodeId, key: &str| {
            let value = document.get(node, key).map(|it| document.to_json(it));
            value.as_ref().and_then(Value::as_str).map(str::to_owned)
        };
        let Some(items) = document.get(root, "items") else {
            return self.printed_object(document, root, None);
        };
        if !matches!(document.value(items), NodeValue::Seq { .. }) {
            return self.error(document, items, "the items of a List are a list".to_owned());
        }
        // The items of a `ConfigMapList` need not name their kind.
        let kind = text(root, "kind").filter(|kind| kind != "List");
        let named = kind.as_deref().and_then(|kind| kind.strip_suffix("List"));
        let full = text(root, "apiVersion").zip(named).map(|(version, kind)| format!("{version}/{kind}"));
        match &full {
            Some(full) => {
                self.world.add_kind(full);
            }
            None if document.elements(items).next().is_none() => {
                let message = "the List is empty, and does not say of which kind there is none; write `objects: {v1/ConfigMap: []}`";
                return self.error(document, items, message.to_owned());
            }
            None => {}
        }
        for object in document.elements(items) {
            self.printed_object(document, object, full.as_deref());
        }
    }

    fn printed_object(&mut self, document: &Document, node: NodeId, of_list: Option<&str>) {
        let text = |key: &str| document.get(node, key).map(|it| document.to_json(it));
        let own = match (text("apiVersion"), text("kind")) {
            (Some(Value::String(version)), Some(Value::String(kind))) => Some(format!("{version}/{kind}")),
            _ => None,
        };
        let Some(full) = own.or_else(|| of_list.map(str::to_owned)) else {
            return self.error(document, node, "it has no `apiVersion` and `kind`".to_owned());
        };
        let Some((version, kind)) = full_kind(&full) else {
            return self.error(document, node, format!("`{full}` is no kind with its version"));
        };
        self.world.add_kind(&full);
        self.object(document, node, &full, (version, kind));
    }

    fn objects(&mut self, document: &Document, kinds: NodeId) {
        if !matches!(document.value(kinds), NodeValue::Map { .. }) {
            return self.error(document, kinds, "`objects` is a map by kind".to_owned());
        }
        for (kind, _, objects) in document.entries(kinds) {
            let Some((api_version, name)) = full_kind(kind) else {
                let message = format!("`{kind}` is no kind with its version; write `apps/v1/Deployment`");
                self.error(document, objects, message);
                continue;
            };
            self.world.add_kind(kind);
            match document.value(objects) {
                NodeValue::Seq { .. } => {
                    for object in document.elements(objects) {
                        self.object(document, object, kind, (api_version, name));
                    }
                }
                _ => {
                    self.error(document, objects, format!("the objects of `{kind}` are a list; `[]` is none"))
                }
            }
        }
    }

    fn object(&mut self, document: &Document, node: NodeId, full: &str, (api_version, kind): (&str, &str)) {
        let Value::Object(fields) = document.to_json(node) else {
            return self.error(document, node, "an object is a map".to_owned());
        };
        for (field, wanted) in [("apiVersion", api_version), ("kind", kind)] {
            if let Some(is) = fields.get(field).filter(|is| **is != json!(wanted)) {
                let place = document.get(node, field).unwrap_or(node);
                let message = format!("its {field} is {is}, and it stands under `{full}`");
                return self.error(document, place, message);
            }
        }
        let text = |key: &str| {
            let value = fields.get("metadata").and_then(|metadata| metadata.get(key));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let (namespace, name) = (text("namespace"), text("name"));
        if name.is_empty() {
            return self.error(document, node, "it has no `metadata.name`".to_owned());
        }
        let object = Document::from_json(&with_kind(fields, api_version, kind));
        if !self.world.add_object(full, &namespace, &name, object) {
            self.error(document, node, format!("`{full}` `{name}` stands here twice"));
        }
    }

    fn answers(&mut self, document: &Document, answers: NodeId) {
        if !matches!(document.value(answers), NodeValue::Seq { .. }) {
            return self.error(document, answers, "`answers` is a list".to_owned());
        }
        for node in document.elements(answers) {
            match Answer::recorded(&document.to_json(node)) {
                Ok((question, answer)) => {
                    if !self.world.add_answer(question, answer) {
                        self.error(document, node, "this question has an answer already".to_owned());
                    }
                }
                Err(why) => self.error(document, node, why),
            }
        }
    }
}

/// `apps/v1` and `Deployment` of `apps/v1/Deployment`.
fn full_kind(text: &str) -> Option<(&str, &str)> {
    let (api_version, kind) = text.rsplit_once('/')?;
    let is_word = |part: &str| {
        !part.is_empty() && part.bytes().all(|it| it.is_ascii_alphanumeric() || b"-.".contains(&it))
    };
    let parts = api_version.split('/').count();
    let fits = parts <= 2 && api_version.split('/').all(is_word) && is_word(kind);
    (fits && kind.starts_with(|it: char| it.is_ascii_uppercase())).then_some((api_version, kind))
}

/// An object of a cluster says what it is.
fn with_kind(mut fields: Map<String, Value>, api_version: &str, kind: &str) -> Value {
    fields.insert("apiVersion".to_owned(), json!(api_version));
    fields.insert("kind".to_owned(), json!(kind));
    Value::Object(fields)
}

/// The world of a test: its objects are all there are.
pub fn of_test<'a>(
    objects: impl Iterator<Item = &'a Value>,
    answers: impl Iterator<Item = &'a Value>,
) -> World {
    let mut world = World::whole();
    let mut by_id = BTreeMap::new();
    for object in objects {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let kind = format!("{}/{}", text(&object["apiVersion"]), text(&object["kind"]));
        let metadata = &object["metadata"];
        by_id.insert((kind, text(&metadata["namespace"]), text(&metadata["name"])), object);
    }
    for ((kind, namespace, name), object) in by_id {
        world.add_object(&kind, &namespace, &name, Document::from_json(object));
    }
    // The checker has read them before.
    for (question, answer) in answers.filter_map(|answer| Answer::recorded(answer).ok()) {
        world.add_answer(question, answer);
    }
    world
}
