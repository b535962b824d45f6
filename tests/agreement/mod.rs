//! The promise of the project: verdicts of our bytecode = Kyverno on our ClusterPolicy = Kyverno on our
//! ValidatingPolicy.

mod generated;
mod library;

use serde_json::{Value, json};

/// The fields that Kubernetes asks for whatever its published schema says, and those that a steered resource lost.
const REQUIRED: [(&str, &str, &str); 6] = [
    ("containers", "image", "nginx"),
    ("initContainers", "image", "nginx"),
    ("ephemeralContainers", "image", "nginx"),
    ("volumeMounts", "mountPath", "/data"),
    ("paths", "pathType", "Prefix"),
    ("hostAliases", "ip", "10.0.0.1"),
];

/// Gives a generated resource the fields without which the API server refuses it.
fn complete(resource: &mut Value) {
    let service = ["Service", "NetworkPolicy"].contains(&resource["kind"].as_str().unwrap_or_default());
    complete_below(resource, service);
}

fn complete_below(value: &mut Value, service: bool) {
    match value {
        Value::Object(fields) => {
            for (key, child) in fields.iter_mut() {
                if let Value::Array(elements) = &mut *child {
                    for element in elements.iter_mut().filter_map(Value::as_object_mut) {
                        for (_, field, value) in REQUIRED.iter().filter(|it| it.0 == key.as_str()) {
                            element.entry(*field).or_insert_with(|| json!(value));
                        }
                        if key == "ports" && service {
                            element.entry("port").or_insert_with(|| json!(80));
                        } else if key == "ports"
                            && !element.contains_key("port")
                            && !element.contains_key("endPort")
                        {
                            element.entry("containerPort").or_insert_with(|| json!(80));
                        }
                    }
                }
                if ["httpGet", "tcpSocket"].contains(&key.as_str()) {
                    if let Some(action) = child.as_object_mut() {
                        action.entry("port").or_insert_with(|| json!(80));
                    }
                }
                complete_below(child, service);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|it| complete_below(it, service)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
