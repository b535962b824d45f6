//! Objects as Kyverno's command line takes them from files.

use aipc_runtime::document::{Document, NodeId};
use aipc_runtime::value::Shared;

use crate::json::{Json, View};

/// The fields whose null becomes an empty map, wherever they stand.
const EMPTIED: &[&str] = &["annotations", "labels", "matchLabels", "nodeSelector", "data", "stringData"];

/// An object as rules see it: null for some maps is empty, and a namespaced object without a namespace is in the default one.
pub fn as_read<'a>(object: &Json<'a>, default_namespace: Option<&str>) -> Json<'a> {
    let object = filled(object).unwrap_or_else(|| object.clone());
    let metadata = object.get("metadata").unwrap_or(Json::Null);
    let has_namespace = metadata
        .get("namespace")
        .is_some_and(|namespace| namespace.as_text().is_some_and(|text| !text.is_empty()));
    let (Some(namespace), false) = (default_namespace, has_namespace) else { return object };
    if !metadata.is_map() && !metadata.is_null() {
        return object;
    }
    let mut fields = metadata.entries();
    fields.push((Shared::Borrowed("namespace"), Json::text(namespace)));
    let mut entries = object.entries();
    entries.push((Shared::Borrowed("metadata"), Json::map(fields)));
    Json::map(entries)
}

/// The object without its namespace.
pub fn without_namespace<'a>(object: &Json<'a>) -> Json<'a> {
    let Some(metadata) = object.get("metadata").filter(Json::is_map) else { return object.clone() };
    let fields = metadata.entries().into_iter().filter(|(key, _)| &**key != "namespace").collect();
    let mut entries = object.entries();
    entries.push((Shared::Borrowed("metadata"), Json::map(fields)));
    Json::map(entries)
}

/// The value with empty maps in the place of some nulls; `None` if there is none of them.
fn filled<'a>(value: &Json<'a>) -> Option<Json<'a>> {
    match value.view() {
        View::List { .. } => {
            let elements: Vec<Json<'a>> = value.elements().collect();
            let new: Vec<Option<Json<'a>>> = elements.iter().map(filled).collect();
            new.iter().any(Option::is_some).then(|| {
                let pairs = new.into_iter().zip(elements);
                Json::list(pairs.map(|(new, old)| new.unwrap_or(old)).collect())
            })
        }
        View::Map { .. } => {
            let mut entries = value.entries();
            let mut is_changed = false;
            for (key, value) in &mut entries {
                let new = match value.is_null() {
                    true => EMPTIED.contains(&&**key).then(|| Json::map(Vec::new())),
                    false => filled(value),
                };
                if let Some(new) = new {
                    *value = new;
                    is_changed = true;
                }
            }
            is_changed.then(|| Json::map(entries))
        }
        _ => None,
    }
}

/// The node at a path as Kyverno names it, `/spec/containers/0/image/`, or the nearest above it that is there, with the
/// steps that are missing.
pub fn node_at<'p>(document: &Document, root: NodeId, path: &'p str) -> (NodeId, Vec<&'p str>) {
    let mut node = root;
    let mut rest = path.strip_prefix('/').unwrap_or(path);
    while !rest.is_empty() {
        // Keys may have slashes themselves, so the longest that fits is meant.
        let entries = document.entries(node).filter_map(|(key, _, value)| {
            let after = rest.strip_prefix(key)?;
            let after = if after.is_empty() { Some(after) } else { after.strip_prefix('/') };
            after.map(|after| (after, value))
        });
        let (step, after) = rest.split_once('/').unwrap_or((rest, ""));
        let element = step.parse().ok().and_then(|index| document.element(node, index)).map(|it| (after, it));
        let Some((after, next)) = entries.min_by_key(|(after, _)| after.len()).or(element) else { break };
        node = next;
        rest = after;
    }
    (node, rest.split('/').filter(|step| !step.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Escape;

    #[test]
    fn paths_lead_to_nodes() {
        let text = "{metadata: {labels: {a/b: x}}, spec: {list: [{c: 1}]}}";
        let read = aipc_runtime::document::read("test.yaml", text.as_bytes(), &Default::default());
        let document = &read.documents[0];
        let path = |path: &str| {
            let (node, missing) = node_at(document, document.root(), path);
            format!("{}{missing:?}", document.path(node))
        };
        assert_eq!(path("/metadata/labels/a/b/"), "metadata.labels[\"a/b\"][]");
        assert_eq!(path("/spec/list/0/c/"), "spec.list[0].c[]");
        assert_eq!(path("/spec/list/0/missing/"), "spec.list[0][\"missing\"]");
        assert_eq!(path("/"), "[]");
    }

    #[test]
    fn namespaces_and_empty_maps_are_filled_in() {
        let text = "{kind: Pod, metadata: {name: a, labels: null}, spec: {a: null, b: [{data: null}]}}";
        let read = aipc_runtime::document::read("test.yaml", text.as_bytes(), &Default::default());
        let object = Json::of(&read.documents[0]);
        assert_eq!(
            as_read(&object, Some("default")).to_json(Escape::Plain),
            r#"{"kind":"Pod","metadata":{"labels":{},"name":"a","namespace":"default"},"spec":{"a":null,"b":[{"data":{}}]}}"#
        );
        assert!(as_read(&object, None).get("metadata").unwrap().get("namespace").is_none());
    }
}
