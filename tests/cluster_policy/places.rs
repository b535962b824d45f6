//! Subjects in unusual places, names for values, and values that must be there.

use aipc_compiler::ir::*;
use serde_json::{Value as Json, json};

use super::build::*;
use super::yaml;
use crate::support::oracle::{Oracle, Request};

/// The statuses of a set on each object; an empty one where no rule spoke.
fn statuses(oracle: &Oracle, set: &PolicySet, objects: &[Json]) -> Vec<String> {
    let yaml = yaml(set);
    let loaded = oracle.load(&[&yaml]);
    assert!(loaded.refused.is_empty() && !yaml.is_empty(), "{:?}\n{yaml}", loaded.refused);
    let answers = loaded.evaluate(objects, &Request::default());
    answers
        .iter()
        .map(|answer| answer.rows.iter().map(|row| row.status.clone()).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn pods_in_lists_are_each_asked() {
    let Some(oracle) = Oracle::shared() else { return };
    let mut cluster = target("ray.io", "v1", "RayCluster", "spec.headGroupSpec.template");
    let field =
        |name: &str| SubjectStep::Field(Field { name: name.to_owned(), required: false, shape: Shape::Any });
    cluster.subjects.push(SubjectPath(vec![
        field("spec"),
        field("workerGroupSpecs"),
        SubjectStep::Each,
        field("template"),
    ]));
    let privileged = cond(CondKind::Is(element(1, "securityContext.privileged", Type::Bool)));
    let mut rule = element_rule("privileged", 1, containers(), privileged);
    rule.targets = vec![cluster];
    rule.message.parts.push(TextPart::Value(element(1, "name!", Type::Text)));
    let set = policy("ray", vec![rule]);
    let pod = |privileged: bool| {
        json!({ "spec": { "containers": [
        { "name": "a", "image": "b", "securityContext": { "privileged": privileged } } ] } })
    };
    let object = |head: Option<bool>, workers: &[bool]| {
        let workers: Vec<Json> = workers.iter().map(|it| json!({ "template": pod(*it) })).collect();
        let mut spec = json!({ "workerGroupSpecs": workers });
        if let Some(head) = head {
            spec["headGroupSpec"] = json!({ "template": pod(head) });
        }
        json!({ "apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": { "name": "r" }, "spec": spec })
    };
    let objects = [
        object(Some(false), &[false, false]),
        object(Some(true), &[]),
        object(Some(false), &[false, true]),
        object(None, &[]),
        json!({ "apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": { "name": "r" } }),
    ];
    assert_eq!(statuses(oracle, &set, &objects), ["pass", "fail", "fail", "pass", "pass"]);
}

#[test]
fn what_must_be_there_is_an_error_where_it_is_not() {
    let Some(oracle) = Oracle::shared() else { return };
    let app = subject("metadata!.labels{}.app", Type::Text);
    let must = value(ValueKind::Must(Box::new(app)), Type::Text);
    let set = policy("must", vec![pod_rule("must", equals(must, "a"))]);
    let pod = |labels: Json| {
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p", "labels": labels },
            "spec": { "containers": [{ "name": "c", "image": "i" }] } })
    };
    let objects = [pod(json!({ "app": "a" })), pod(json!({ "app": "b" })), pod(json!({}))];
    assert_eq!(statuses(oracle, &set, &objects), ["fail", "pass", "error"]);
}

#[test]
fn names_stand_for_their_values() {
    let Some(oracle) = Oracle::shared() else { return };
    // with firsts = [c.image for c in spec.containers], with wanted = label.image ?? "i"
    let collect = Collect {
        binder: Binder { key: None, element: Local(5) },
        source: list("spec!.containers!"),
        filter: Cond::constant(true, at()),
        body: element(5, "image", Type::Image),
        flatten: false,
    };
    let images = Type::List(Box::new(Type::Image));
    let firsts = value(ValueKind::Collect(Box::new(collect)), images.clone());
    let label = subject("metadata!.labels{}.image", Type::Text);
    let wanted = value(ValueKind::Coalesce(Box::new(label), Box::new(text("i"))), Type::Text);
    let named = |local: u32, ty: Type| path(Root::Local(Local(local)), "", ty);
    let found = CondKind::Test(Test::InList, vec![named(11, Type::Text), named(10, images)]);
    let mut rule = pod_rule("names", not(cond(found)));
    rule.bindings = vec![
        Binding { local: Local(10), name: "firsts".to_owned(), value: firsts },
        Binding { local: Local(11), name: "wanted".to_owned(), value: wanted },
    ];
    let set = policy("names", vec![rule]);
    let pod = |labels: Json, image: &str| {
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p", "labels": labels },
            "spec": { "containers": [{ "name": "c", "image": image }] } })
    };
    let objects = [
        pod(json!({}), "i"),
        pod(json!({}), "j"),
        pod(json!({ "image": "j" }), "j"),
        pod(json!({ "image": "i" }), "j"),
    ];
    assert_eq!(statuses(oracle, &set, &objects), ["pass", "fail", "pass", "fail"]);
}
