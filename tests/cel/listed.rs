//! Kinds with several Pods in them, some in lists.

use super::build::*;
use crate::support::oracle::{Oracle, Request};
use crate::support::verdict::Verdict;
use aipc_compiler::formats::validating_policy::emit;
use aipc_compiler::ir::*;
use aipc_compiler::source::Sources;
use serde_json::{Value as Json, json};

fn cluster() -> Target {
    let field = |name: &str| {
        SubjectStep::Field(Field { name: name.to_owned(), required: false, shape: Shape::Object })
    };
    let mut target = target("ray.io", "v1", "RayCluster", "");
    target.subjects = vec![
        SubjectPath(vec![field("spec"), field("headGroupSpec"), field("template")]),
        SubjectPath(vec![field("spec"), field("workerGroupSpecs"), SubjectStep::Each, field("template")]),
    ];
    target
}

fn set() -> PolicySet {
    let image = |message: bool| {
        let mut rule = rule(
            if message { "named" } else { "images" },
            pods().into_iter().chain([cluster()]).collect(),
            not(glob(local(0, "image", Type::Image), &["good/*"])),
        );
        rule.check_mut().expect("a check").elements = Some(Elements {
            view: "container".to_owned(),
            binder: binder(0),
            source: containers(),
            filter: not(equal(local(0, "name!", Type::Text), text("sidecar"))),
        });
        if message {
            rule.message.parts.push(TextPart::Value(local(0, "image", Type::Image)));
        }
        rule
    };
    let mut host = rule("host", vec![cluster()], is(subject("spec! hostNetwork", Type::Bool)));
    host.applies = vec![equal(path(Root::Object, "metadata! labels{} @team", Type::Text), text("ml"))];
    host.bindings = vec![Binding {
        local: Local(5),
        name: "account".to_owned(),
        value: subject("spec! serviceAccountName", Type::Text),
    }];
    host.check_mut().expect("a check").violation = or(vec![
        host.check().expect("a check").violation.clone(),
        equal(local(5, "", Type::Text), text("root")),
    ]);
    PolicySet {
        policies: vec![policy("listed", vec![image(false), image(true), host])],
        ..PolicySet::default()
    }
}

#[test]
fn each_pod_in_an_object_is_judged() {
    let mut sources = Sources::default();
    sources.add("policy.aip", "");
    let emitted = emit(&set(), &sources);
    let yaml: Vec<&str> = emitted.iter().map(|it| it.yaml.as_str()).collect();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("listed", yaml.join("---\n"));
    });
    let Some(oracle) = Oracle::shared() else { return };
    let loaded = oracle.load(&yaml);
    assert!(loaded.refused.is_empty(), "{:?}\n{}", loaded.refused, yaml.join("---\n"));

    let template = |image: &str, more: Json| {
        let mut spec =
            json!({"containers": [{"name": "a", "image": image}, {"name": "sidecar", "image": "x"}]});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"spec": spec})
    };
    let ray = |spec: Json, team: &str| json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "r", "labels": {"team": team}}, "spec": spec});
    let good = || template("good/a", json!({}));
    let cases = [
        (ray(json!({}), "ml"), [false, false, false]),
        (ray(json!({"headGroupSpec": {"template": good()}}), "ml"), [false, false, false]),
        (ray(json!({"headGroupSpec": {"template": template("bad", json!({}))}}), "ml"), [true, true, false]),
        (
            ray(
                json!({"headGroupSpec": null, "workerGroupSpecs": [{"template": good()}, {"template": template("bad", json!({}))}]}),
                "x",
            ),
            [true, true, false],
        ),
        (
            ray(json!({"workerGroupSpecs": [{}, {"template": null}, {"template": good()}]}), "ml"),
            [false, false, false],
        ),
        (
            ray(
                json!({"workerGroupSpecs": [{"template": template("good/b", json!({"hostNetwork": true}))}]}),
                "ml",
            ),
            [false, false, true],
        ),
        (
            ray(
                json!({"workerGroupSpecs": [{"template": template("good/b", json!({"serviceAccountName": "root"}))}]}),
                "ml",
            ),
            [false, false, true],
        ),
        (
            ray(
                json!({"workerGroupSpecs": [{"template": template("good/b", json!({"serviceAccountName": "root"}))}]}),
                "x",
            ),
            [false, false, false],
        ),
        (
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"template": template("bad", json!({}))}}),
            [true, true, false],
        ),
    ];
    for (resource, expected) in cases {
        let answer = &loaded.evaluate(std::slice::from_ref(&resource), &Request::default())[0];
        for (object, expected) in emitted.iter().zip(expected) {
            let verdict = if expected { Verdict::Fail } else { Verdict::Pass };
            assert_eq!(
                answer.verdict_of_rule(&object.name, ""),
                verdict,
                "{resource}\n{:?}\n{}",
                answer.rows,
                object.yaml
            );
        }
    }
}
