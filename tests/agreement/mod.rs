//! The promise of the project: verdicts of our bytecode = Kyverno on our ClusterPolicy = Kyverno on our
//! ValidatingPolicy.

mod best_practices;
mod cleanup;
mod exceptions;
mod exempted;
mod existing;
mod generated;
mod generation;
mod hostile;
mod kyverno_corpus;
mod jmespath;
mod one_liner;
mod pod_security;
mod ports;
mod reference;
mod kyverno_mutations;
mod library;
mod lookups;
mod lookups_elsewhere;
mod lookups_of_changes;
mod mutations;
mod signers;
mod verify;

use crate::support::oracle::{Answer, Oracle, Request};
use crate::support::resources::{Profile, generate_many};
use serde_json::{Value, json};

/// Fields without which the API server refuses an object, whatever its published schema says; in elements of a list.
const OF_ELEMENTS: [(&str, &str, &str); 6] = [
    ("containers", "image", "nginx"),
    ("initContainers", "image", "nginx"),
    ("ephemeralContainers", "image", "nginx"),
    ("volumeMounts", "mountPath", "/data"),
    ("paths", "pathType", "Prefix"),
    ("hostAliases", "ip", "10.0.0.1"),
];

/// The same, in objects by themselves.
const OF_OBJECTS: [(&str, &str, &str); 3] =
    [("httpGet", "port", "80"), ("tcpSocket", "port", "80"), ("hostPath", "path", "/data")];

/// Where what Kyverno makes of inputs by a policy is another thing than ours, in words: the first of them. `theirs` reads
/// it from an answer.
fn difference(
    oracle: &Oracle,
    name: &str,
    yaml: &str,
    (inputs, ours): (&[Value], &[Value]),
    request: &Request,
    theirs: impl Fn(&Answer, &Value) -> Value,
) -> Option<String> {
    let set = oracle.load_with(&[yaml], request);
    if let Some(refusal) = set.refused.first() {
        return Some(format!("{name}: Kyverno refuses: {}\n{yaml}", refusal.reason));
    }
    let answers = set.evaluate(inputs, request);
    let mut different = 0;
    let mut first = None;
    for ((input, ours), answer) in inputs.iter().zip(ours).zip(&answers) {
        let theirs = theirs(answer, input);
        let failed = answer.error.is_some() || answer.rows.iter().any(|row| row.status == "error");
        if theirs != *ours || failed {
            different += 1;
            first.get_or_insert_with(|| {
                let (rows, error) = (&answer.rows, &answer.error);
                format!("input  {input}\nours   {ours}\ntheirs {theirs}\n{rows:?} {error:?}")
            });
        }
    }
    first.map(|first| format!("{name}: {different} of {} differ\n{first}\n{yaml}", inputs.len()))
}

/// Generated resources, each with all the fields without which the API server refuses it: those that its published
/// schema does not ask for, and those that a steered resource lost.
fn admissible(first: u64, count: usize, profile: &Profile) -> Vec<Value> {
    let mut resources = generate_many(first, count, profile);
    for resource in &mut resources {
        let kind = resource["kind"].as_str().unwrap_or_default().to_owned();
        if kind == "CronJob" && resource["spec"]["schedule"].is_null() {
            resource["spec"]["schedule"] = json!("@daily");
        }
        complete(resource, kind == "Service", ["Service", "NetworkPolicy"].contains(&kind.as_str()));
    }
    resources
}

fn complete(value: &mut Value, is_service: bool, is_network: bool) {
    match value {
        Value::Object(fields) => {
            for (key, child) in fields.iter_mut() {
                for element in child.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
                    for (_, field, value) in OF_ELEMENTS.iter().filter(|it| it.0 == key.as_str()) {
                        element.entry(*field).or_insert_with(|| json!(value));
                    }
                    if key == "ports" && is_service {
                        element.entry("port").or_insert_with(|| json!(80));
                    } else if key == "ports" && !is_network {
                        element.entry("containerPort").or_insert_with(|| json!(80));
                    }
                }
                for (_, field, value) in OF_OBJECTS.iter().filter(|it| it.0 == key.as_str()) {
                    if let Some(object) = child.as_object_mut() {
                        object
                            .entry(*field)
                            .or_insert_with(|| value.parse().unwrap_or_else(|_| json!(value)));
                    }
                }
                complete(child, is_service, is_network);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|it| complete(it, is_service, is_network)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Writes the namespace into objects that name none, as the API server does before anyone judges them.
fn give_namespace(resources: &mut [Value]) {
    for resource in resources.iter_mut().filter(|it| it["kind"] != "Namespace") {
        if resource["metadata"]["namespace"].is_null() {
            resource["metadata"]["namespace"] = json!("default");
        }
    }
}
