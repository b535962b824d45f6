//! Which objects a file holds.

use aipc_runtime::document::{Read, ReadOptions, Resource, read};

fn objects(read: &Read) -> Vec<String> {
    let line = |it: &Resource| {
        format!(
            "{} {} {}/{} at {}",
            it.api_version(),
            it.kind(),
            it.namespace().unwrap_or("-"),
            it.name().unwrap_or("-"),
            it.position().line,
        )
    };
    read.resources.iter().map(line).collect()
}

fn read_text(text: &str) -> Read {
    read("file", text.as_bytes(), &ReadOptions::default())
}

#[test]
fn lists_are_taken_apart_to_any_depth() {
    let read = read_text(include_str!("seeds/list.yaml"));
    assert!(!read.has_errors(), "{:?}", read.findings);
    // An item of a typed list takes kind and version from the list.
    assert_eq!(objects(&read), ["v1 Pod -/one at 5", "v1 Secret ns/two at 11", "v1 ConfigMap -/three at 18"]);
    let secret = &read.resources[1];
    let data = secret.document().get(secret.root(), "data").unwrap();
    assert_eq!(secret.path(data), "data");
    assert_eq!(secret.document().path(data), "items[1].items[0].data");
}

#[test]
fn empty_lists_and_null_documents_hold_nothing() {
    for text in ["kind: List\nitems: []\n", "kind: List\nitems:\n", "kind: List\n", "~\n", "null\n"] {
        let read = read_text(text);
        assert!(read.resources.is_empty() && read.findings.is_empty(), "{text}: {read:?}");
    }
}

#[test]
fn a_kind_that_ends_in_list_without_items_is_an_object() {
    let read = read_text("apiVersion: x/v1\nkind: AllowList\nspec: {}\n");
    assert_eq!(objects(&read), ["x/v1 AllowList -/- at 1"]);
}

#[test]
fn json_lines_are_objects_of_their_own() {
    let read = read_text("{\"kind\": \"Pod\"}\n{\"kind\": \"Service\", \"metadata\": {\"name\": \"s\"}}\n");
    assert_eq!(objects(&read), [" Pod -/- at 1", " Service -/s at 2"]);
}

#[test]
fn names_that_are_no_text_are_none() {
    let read = read_text("kind: Pod\nmetadata: {name: 12, namespace: [a]}\n");
    assert_eq!(objects(&read), [" Pod -/- at 1"]);
}

#[test]
fn aliased_items_are_objects_where_the_alias_stands() {
    let read = read_text("kind: List\nitems:\n- &a {kind: Pod, metadata: {name: p}}\n- *a\n");
    assert_eq!(objects(&read), [" Pod -/p at 3", " Pod -/p at 4"]);
    let second = &read.resources[1];
    let name = second.document().get_path(second.root(), &["metadata", "name"]).unwrap();
    assert_eq!(second.path(name), "metadata.name");
}

#[test]
fn resources_may_be_shared_between_threads() {
    fn is_shareable<T: Send + Sync>() {}
    is_shareable::<Resource>();
    is_shareable::<Read>();
}
