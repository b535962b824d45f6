//! What people get to read: the YAML of typical rules, and that Kyverno agrees on it.

use aipc_compiler::ir::*;

use super::build::*;
use super::{differences, emit, random_rules, yaml};
use crate::support::oracle::Oracle;
use crate::support::resources::{Hint, Profile, generate_many};

/// Shows the YAML, and asks Kyverno about 300 resources.
#[track_caller]
fn shows(name: &str, set: &PolicySet, hints: Vec<Hint>) {
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, yaml(set));
    });
    let Some(oracle) = Oracle::shared() else { return };
    let hints = [random_rules::hints(), hints].concat();
    let resources = generate_many(0, 300, &Profile { hints, ..Profile::workloads() });
    if let Some(difference) = differences(oracle, set, &resources) {
        panic!("{difference}");
    }
}

fn image() -> Value {
    element(1, "image", Type::Image)
}

fn trusted() -> Vec<Hint> {
    let images =
        ["trusted-registry.io/ai-models/a:1", "trusted-registry.io/x", "trusted-registry.io/ai-models/*"];
    vec![Hint::new("spec.containers[].image", images.map(serde_json::Value::from))]
}

#[test]
fn images_of_one_registry() {
    let mut rule = pod_rule(
        "restrict-ai-image-sources",
        any(1, containers(), not(glob(image(), &["trusted-registry.io/ai-models/*"]))),
    );
    rule.source_text = "deny pod if image !~ \"trusted-registry.io/ai-models/*\"".to_owned();
    let mut set = policy("restrict-ai-image-sources", vec![rule]);
    set.policies[0].description = Some("Only models and runtimes that we scanned may run.".to_owned());
    set.policies[0].controls = vec![("nist-ai-rmf".to_owned(), "MANAGE 3.1".to_owned())];
    shows("images_of_one_registry", &set, trusted());
}

#[test]
fn limits_on_every_container() {
    let limit = |name: &str| has(element(1, &format!("resources.limits{{}}.{name}"), Type::Quantity));
    let required = and(vec![limit("cpu"), limit("memory")]);
    let rule = element_rule("require-limits", 1, list("spec!.containers!"), not(required));
    shows("limits_on_every_container", &policy("require-limits", vec![rule]), vec![]);
}

#[test]
fn host_ports_are_zero_or_missing() {
    let port = || element(2, "hostPort", Type::Int);
    let body = or(vec![compare(Comparison::Equal, Domain::Number, port(), int(1000)), not(has(port()))]);
    let ports = element(1, "ports", Type::List(Box::new(Type::Object)));
    let rule = pod_rule("host-ports", any(1, containers(), any(2, ports, not(body))));
    shows("host_ports_are_zero_or_missing", &policy("host-ports", vec![rule]), vec![]);
}

#[test]
fn host_namespaces() {
    let is = |field: &str| cond(CondKind::Is(subject(&format!("spec!.{field}"), Type::Bool)));
    let rule = pod_rule("host-namespaces", or(vec![is("hostPID"), is("hostIPC"), is("hostNetwork")]));
    shows("host_namespaces", &policy("host-namespaces", vec![rule]), vec![]);
}

#[test]
fn privileged_with_the_latest_tag() {
    let tag = value(ValueKind::Call(Operation::ImageTag, vec![image()]), Type::Text);
    let privileged = cond(CondKind::Is(element(1, "securityContext.privileged", Type::Bool)));
    let rule = element_rule("latest", 1, containers(), and(vec![equals(tag, "latest"), privileged]));
    shows("privileged_with_the_latest_tag", &policy("latest", vec![rule]), vec![]);
}

#[test]
fn an_element_beside_the_pod() {
    let mut rule = element_rule("volume-of-app", 1, list("spec!.volumes"), {
        let other = subject("metadata!.labels{}.app", Type::Text);
        not(compare(Comparison::Equal, Domain::Text, element(1, "name!", Type::Text), other))
    });
    rule.message = Message {
        parts: vec![
            TextPart::Text("{{ volumes }} ".to_owned()),
            TextPart::Value(element(1, "name!", Type::Text)),
            TextPart::Text(" of ".to_owned()),
            TextPart::Value(subject("metadata!.name", Type::Text)),
        ],
        written: true,
    };
    shows("an_element_beside_the_pod", &policy("volume-of-app", vec![rule]), vec![]);
}

#[test]
fn memory_by_quantity() {
    let memory = element(1, "resources.limits{}.memory", Type::Quantity);
    let more = compare(Comparison::Greater, Domain::Number, memory, quantity("2Gi"));
    let rule = element_rule("memory", 1, list("spec!.containers!"), more);
    shows("memory_by_quantity", &policy("memory", vec![rule]), vec![]);
}

#[test]
fn the_object_beside_the_template() {
    let mut rule = pod_rule("own-name", {
        let name = path(Root::Object, "metadata!.name!", Type::Text);
        not(compare(Comparison::Equal, Domain::Text, subject("metadata!.labels{}.app", Type::Text), name))
    });
    rule.applies = vec![
        glob(path(Root::Namespace, "", Type::Text), &["prod-*", "default"]),
        not(equals(path(Root::Namespace, "", Type::Text), "kube-system")),
        equals(path(Root::Object, "metadata!.labels{}.app", Type::Text), "prod"),
    ];
    rule.actions = vec![
        Action {
            effect: Effect::Audit,
            warn: false,
            condition: Some(glob(path(Root::Namespace, "", Type::Text), &["dev-*"])),
            origin: at(),
        },
        Action { effect: Effect::Enforce, warn: true, condition: None, origin: at() },
    ];
    let set = policy("own-name", vec![rule]);
    shows("the_object_beside_the_template", &set, vec![]);
    let names = &emit(&set)[0].rules[0].names;
    assert_eq!(names, &["own-name", "own-name-workloads", "own-name-cronjob"]);
}
