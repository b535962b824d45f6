//! Manifests as the evaluator sees them: documents of nodes with a place for every node and key.
//!
//! ```text
//! bytes ─split▶ texts ─yaml::Parser▶ events ─compose▶ Document ─resources_of▶ Resource
//!                └──────read_json (texts that start with `{`)──┘
//! ```
//!
//! [`read`] gives the values that Kubernetes gives (`sigs.k8s.io/yaml`), and says where a cluster
//! would drop or change something. A [`Document`] is one arena, filled by a reader or made from a
//! JSON value; it never changes afterwards, so any number of threads may walk it.

mod builder;
mod compose;
mod finding;
mod findings;
mod json;
mod json_text;
mod lines;
mod node;
mod number;
mod options;
mod path;
mod position;
mod read;
mod resolve;
mod resource;
mod split;
mod timestamp;
mod yaml;

pub use finding::{Finding, FindingKind, Severity};
pub use node::{Document, NodeId, NodeValue};
pub use options::{DuplicateKeys, ReadOptions};
pub use path::{push_index, push_key};
pub use position::Position;
pub use read::{Read, read};
pub use resource::Resource;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_values_come_back_with_their_key_order() {
        let value = json!({
            "z": [1, -2, 1.5, "text", null, true, [], {}],
            "a": {"nested": {"deep": [[["x"]]]}},
            "big": 18_446_744_073_709_551_615_u64,
        });
        let document = Document::from_json(&value);
        assert_eq!(document.to_json(document.root()).to_string(), value.to_string());
    }

    #[test]
    fn keys_are_found_in_small_and_large_maps() {
        for len in [0, 1, 12, 13, 500] {
            let value: serde_json::Map<_, _> =
                (0..len).map(|at| (format!("key{}", at * 7 % len), json!(at))).collect();
            let document = Document::from_json(&json!({ "map": value.clone() }));
            let map = document.get(document.root(), "map").unwrap();
            assert_eq!(document.len(map), value.len());
            for (key, it) in &value {
                let node = document.get(map, key).unwrap();
                assert_eq!(document.value(node), NodeValue::Int(it.as_i64().unwrap()));
                assert_eq!(document.path(node), format!("map.{key}"));
            }
            assert_eq!(document.get(map, "absent"), None);
        }
    }

    #[test]
    fn paths_quote_keys_that_are_not_names() {
        let document = Document::from_json(&json!({"a": [{"b.c/d": {"\"": 1}}]}));
        let element = document.element(document.get(document.root(), "a").unwrap(), 0).unwrap();
        let key = document.get(element, "b.c/d").unwrap();
        let node = document.get(key, "\"").unwrap();
        assert_eq!(document.path(node), r#"a[0]["b.c/d"]["\""]"#);
        assert_eq!(document.path_below(element, node), r#"["b.c/d"]["\""]"#);
        assert_eq!(document.path_below(key, key), "");
    }

    #[test]
    fn documents_may_be_shared_between_threads() {
        fn is_shareable<T: Send + Sync>() {}
        is_shareable::<Document>();
    }
}
