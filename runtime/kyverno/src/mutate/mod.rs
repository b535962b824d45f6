//! Mutations: the object that a patch of a rule makes of an object.
//!
//! ```text
//! patchesJson6902 ─▶ json_patch ───────────────────────┐
//!                                                      ├─▶ Patched
//! patchStrategicMerge ─▶ preprocess ─▶ strategic_merge ┘
//! ```
//!
//! Both are what Kyverno makes of libraries that know nothing of objects as values, only of their text. So whether a
//! patch changed anything is asked of the text, and what a patch leaves behind has integers.

mod elements;
mod json_patch;
mod merge_keys;
mod preprocess;
mod raw_json;
mod strategic_merge;
mod tree;

pub use json_patch::{check_patch, patch_json};

use crate::json::{Escape, Json};
use tree::Tree;

/// What a patch made of an object.
#[derive(Clone, Debug)]
pub enum Patched {
    /// Its text is the same as before.
    Unchanged,
    Changed(Json<'static>),
}

/// Why there is no patched object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchError {
    /// In Kyverno's words, without what it says before them.
    Refused(String),
    /// Kyverno itself fails with a panic, in these words; there is no verdict to agree with.
    Panic(String),
}

/// What a strategic merge patch with anchors makes of an object.
///
/// # Errors
/// The patch does not fit the object.
pub fn patch_strategic(object: &Json<'_>, patch: &Json<'_>) -> Result<Patched, PatchError> {
    let mut tree = Tree::default();
    let (mut patch, target) = (tree.read(patch), tree.read(object));
    if !preprocess::settle(&mut tree, patch, target)? {
        patch = tree.empty_map();
    }
    let target = tree.read(object);
    let merged = strategic_merge::merge(&mut tree, target, patch)?;
    let merged = tree.to_json(merged)?;
    let is_same = merged.to_json(Escape::Html) == object.to_json(Escape::Html);
    Ok(if is_same { Patched::Unchanged } else { Patched::Changed(merged) })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aipc_runtime::document::Document;

    use super::*;

    fn document(text: &str) -> Arc<Document> {
        let read = aipc_runtime::document::read("test.yaml", text.as_bytes(), &Default::default());
        Arc::clone(&read.documents[0])
    }

    fn shown(patched: Result<Patched, PatchError>) -> String {
        match patched {
            Ok(Patched::Unchanged) => "unchanged".to_owned(),
            Ok(Patched::Changed(object)) => object.get("spec").unwrap().to_json(Escape::Plain),
            Err(error) => format!("{error:?}"),
        }
    }

    const POD: &str = "{apiVersion: v1, kind: Pod, spec: {nodeName: a, priority: 1, \
        containers: [{name: a, image: 'x:1', args: [b]}, {name: b, image: 'y:1'}]}}";

    fn strategic(patch: &str) -> String {
        let (object, patch) = (document(POD), document(&format!("{{spec: {patch}}}")));
        shown(patch_strategic(&Json::of(&object), &Json::of(&patch)))
    }

    #[test]
    fn lists_with_keys_are_joined_with_new_elements_first() {
        assert_eq!(
            strategic(
                "{nodeName: null, containers: [{name: c, image: z}, {name: a, args: [d], stdin: true}]}"
            ),
            r#"{"containers":[{"image":"z","name":"c"},{"args":["d"],"image":"x:1","name":"a","stdin":true},{"image":"y:1","name":"b"}],"priority":1}"#
        );
        assert_eq!(
            strategic("{containers: [{name: a, $patch: delete}]}"),
            r#"{"containers":[{"image":"y:1","name":"b"}],"nodeName":"a","priority":1}"#
        );
    }

    #[test]
    fn anchors_say_what_a_patch_is_for() {
        let added = "{containers: [{(image): 'x:*', stdin: true}], +(nodeName): b, +(hostname): h}";
        assert_eq!(
            strategic(added),
            r#"{"containers":[{"args":["b"],"image":"x:1","name":"a","stdin":true},{"image":"y:1","name":"b"}],"hostname":"h","nodeName":"a","priority":1}"#
        );
        assert_eq!(strategic("{(nodeName): b, priority: 2}"), "unchanged");
    }

    #[test]
    fn a_scalar_keeps_the_quotes_of_the_one_before() {
        let patched = strategic("{nodeName: 5, priority: '2'}");
        assert!(patched.ends_with(r#""nodeName":"5","priority":"2"}"#), "{patched}");
        assert!(
            strategic("{nodeName: {}, priority: {a: 1}}").contains("expected ScalarNode but got MappingNode")
        );
    }

    #[test]
    fn operations_count_from_the_end_and_make_what_is_missing() {
        let object = document(POD);
        let patch = |text: &str| shown(patch_json(&Json::of(&object), text));
        assert_eq!(
            patch(
                "- {op: remove, path: /spec/containers/-1}\n- {op: remove, path: /spec/x/y}\n- {op: add, path: /spec/a/1, value: 1.0}"
            ),
            r#"{"a":[null,1],"containers":[{"args":["b"],"image":"x:1","name":"a"}],"nodeName":"a","priority":1}"#
        );
        assert_eq!(patch(r#"[{"op": "replace", "path": "/spec/priority", "value": 1}]"#), "unchanged");
        assert!(patch(r#"[{"op": "test", "path": "/spec/priority", "value": 1.0}]"#).contains("test failed"));
        assert!(patch("{op: add}").contains("cannot unmarshal object"));
    }
}
