//! Objects that rules made, and existing ones that they changed, as files.

use std::collections::HashSet;

use aipc_compiler::formats::yaml_write::{Node, document};
use serde_json::Value;

/// A name and a text for each object, in the order in which they were made. Of an object that several rules or triggers
/// make there is one file, as there is one object in a cluster: the first, which the others find there.
pub fn generated_files(objects: &[Value]) -> Vec<(String, String)> {
    let mut seen: HashSet<[String; 4]> = HashSet::new();
    files(objects.iter().filter(|object| seen.insert(identity(object))))
}

/// A name and a text for each existing object that was changed. Each rule and trigger changes the object as it is
/// recorded, so an object that they make different things of has a file for each of these.
pub fn changed_files(objects: &[Value]) -> Vec<(String, String)> {
    let is_first = |(at, object): &(usize, &Value)| !objects[..*at].contains(object);
    files(objects.iter().enumerate().filter(is_first).map(|(_, object)| object))
}

fn files<'a>(objects: impl Iterator<Item = &'a Value>) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for object in objects {
        let stem = file_stem(&identity(object));
        let numbered = (2..).map(|number| format!("{stem}_{number}.yaml"));
        let mut names = std::iter::once(format!("{stem}.yaml")).chain(numbered);
        let free = names.find(|name| !files.iter().any(|(other, _)| other == name));
        files.extend(free.map(|name| (name, document(&Node::from(object.clone())))));
    }
    files
}

/// Group, kind, namespace and name.
fn identity(object: &Value) -> [String; 4] {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let group = text(&object["apiVersion"]).split_once('/').map(|(group, _)| group.to_owned());
    let metadata = &object["metadata"];
    [group.unwrap_or_default(), text(&object["kind"]), text(&metadata["namespace"]), text(&metadata["name"])]
}

/// `networkpolicy.networking.k8s.io_dev_default-deny`: nothing in it leads to another folder.
fn file_stem([group, kind, namespace, name]: &[String; 4]) -> String {
    let kind = kind.to_lowercase();
    let kind = if group.is_empty() { kind } else { format!("{kind}.{group}") };
    let plain = |ch: char| if ch.is_ascii_alphanumeric() || matches!(ch, '-' | '.') { ch } else { '-' };
    let parts = [kind.as_str(), namespace, name].into_iter().filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(|part| part.chars().map(plain).collect()).collect();
    parts.join("_").trim_start_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_tell_objects_apart_and_stay_in_the_folder() {
        let object = |kind: &str, namespace: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"namespace": namespace, "name": name}});
        let made = [
            object("Secret", "dev", "a"),
            object("Secret", "dev", "b"),
            object("Secret", "dev", "a"),
            object("Secret", "", "dev:a"),
            object("Secret", "", "dev-a"),
            object("..", "", "../../etc/passwd"),
        ];
        let files = generated_files(&made);
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let wanted = [
            "secret_dev_a.yaml",
            "secret_dev_b.yaml",
            "secret_dev-a.yaml",
            "secret_dev-a_2.yaml",
            "_..-..-etc-passwd.yaml",
        ];
        assert_eq!(names, wanted);
    }
}
