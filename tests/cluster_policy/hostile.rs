//! Texts that are something to YAML, to JMESPath or to Kyverno, in each place where a text can be.

use aipc_compiler::ir::*;
use serde_json::json;

use super::build::*;
use super::{differences, yaml};
use crate::support::oracle::{Oracle, Request};

const TEXTS: [&str; 44] = [
    "{{ request.object.kind }}",
    "{{x}}",
    "{{{ x }}}",
    "\\{{ x }}",
    "{{",
    "}}",
    "{",
    "a {b} c",
    "x}}y{{z",
    "$(a)",
    "\\$(a)",
    "$( a )",
    "$()",
    "a|b",
    "a & b",
    "*",
    "a*",
    "?",
    "!a",
    "!",
    ">5",
    "<=2Gi",
    "1-10",
    "10m",
    "1Gi",
    "1.0",
    "0",
    "1h",
    "yes",
    "on",
    "0644",
    "null",
    "true",
    "~",
    "it's",
    "\"q\"",
    "back`tick",
    "back\\slash",
    "ends\\",
    "line\nbreak\n",
    "\ttab",
    "request.object.spec.x",
    "conditional anchor mismatch",
    "é—𝄞\u{7f}\u{85}\u{2028}",
];

/// Pods whose label, annotation and environment are near the text.
fn pods(text: &str) -> Vec<serde_json::Value> {
    let near = [
        text.to_owned(),
        format!("{text}x"),
        format!("x{text}"),
        text.replace(['*', '?'], "z"),
        text.replace('\\', ""),
        text.chars().rev().collect(),
        "Pod".to_owned(),
        "5".to_owned(),
        "1024Mi".to_owned(),
        "60m".to_owned(),
        String::new(),
    ];
    let pod = |value: Option<&str>, template: bool| {
        let metadata = match value {
            Some(value) => {
                json!({ "name": "p", "labels": { "app": value, text: "key" }, "annotations": { "note": value } })
            }
            None => json!({ "name": "p" }),
        };
        let env = json!([{ "name": value.unwrap_or("none"), "value": value.unwrap_or("") }]);
        let spec = json!({ "nodeName": value, "containers": [{ "name": "c", "image": value.unwrap_or("i"), "env": env }] });
        let mut spec = spec;
        if value.is_none()
            && let Some(fields) = spec.as_object_mut()
        {
            fields.remove("nodeName");
        }
        match template {
            false => json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec }),
            true => json!({
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "d" },
                "spec": { "selector": {}, "template": { "metadata": metadata, "spec": spec } },
            }),
        }
    };
    let values = near.iter().map(|text| Some(text.as_str())).chain([None]);
    values.flat_map(|value| [pod(value, false), pod(value, true)]).collect()
}

/// Conditions with the text in each place.
fn conditions(hostile: &str) -> Vec<Cond> {
    let label = || subject("metadata!.labels{}.app", Type::Text);
    let note = || subject("metadata!.annotations{}.note", Type::Text);
    let image = || element(1, "image", Type::Image);
    let env = |local, field: &str| element(local, field, Type::Text);
    let inside = Glob(vec![GlobPart::Text(hostile.replace(['*', '?'], "")), GlobPart::Many]);
    let prefix = Glob(vec![GlobPart::Value(note()), GlobPart::Many]);
    let key = Field { name: hostile.to_owned(), required: false, shape: Shape::Scalar };
    let mut by_key = subject("metadata!.labels{}", Type::Text);
    if let ValueKind::Path(path) = &mut by_key.kind {
        path.steps.push(Step::Field(key));
    }
    let default = value(ValueKind::Coalesce(Box::new(note()), Box::new(text(hostile))), Type::Text);
    let around =
        value(ValueKind::Text(vec![TextPart::Text(hostile.to_owned()), TextPart::Value(note())]), Type::Text);
    vec![
        equals(label(), hostile),
        not(equals(label(), hostile)),
        equals(note(), hostile),
        glob(label(), &[hostile]),
        not(glob(label(), &[hostile])),
        cond(CondKind::Glob { value: note(), globs: vec![inside.clone()] }),
        cond(CondKind::Glob { value: label(), globs: vec![prefix] }),
        cond(CondKind::Regex { value: note(), patterns: vec![format!("^{}", regex::escape(hostile))] }),
        cond(CondKind::Test(Test::InList, vec![note(), texts(&[hostile, "other"])])),
        cond(CondKind::Test(Test::InText, vec![text(hostile), note()])),
        any(1, containers(), not(glob(image(), &[hostile]))),
        any(1, containers(), cond(CondKind::Glob { value: image(), globs: vec![inside] })),
        any(
            1,
            containers(),
            any(
                2,
                element(1, "env", Type::List(Box::new(Type::Object))),
                and(vec![
                    equals(env(2, "value"), hostile),
                    compare(Comparison::Equal, Domain::Text, env(2, "name"), note()),
                ]),
            ),
        ),
        has(by_key.clone()),
        equals(by_key, "key"),
        equals(default, hostile),
        compare(Comparison::Equal, Domain::Text, around, text(&format!("{hostile}{hostile}"))),
        compare(Comparison::Less, Domain::Text, note(), text(hostile)),
    ]
}

#[test]
fn texts_of_a_policy_are_text() {
    let Some(oracle) = Oracle::shared() else { return };
    for hostile in TEXTS {
        for (number, condition) in conditions(hostile).into_iter().enumerate() {
            let mut rule = pod_rule("r", condition);
            rule.source_text = hostile.to_owned();
            let mut set = policy("p", vec![rule]);
            set.policies[0].title = Some(hostile.to_owned());
            set.policies[0].category = Some(hostile.to_owned());
            set.policies[0].description = Some(hostile.to_owned());
            if let Some(difference) = differences(oracle, &set, &pods(hostile)) {
                panic!("{hostile:?} in condition {number}: {difference}");
            }
        }
    }
}

#[test]
fn messages_arrive_as_written() {
    let Some(oracle) = Oracle::shared() else { return };
    let note = || subject("metadata!.annotations{}.note", Type::Text);
    for hostile in TEXTS {
        let plain = vec![TextPart::Text(hostile.to_owned())];
        let computed = vec![TextPart::Text(hostile.to_owned()), TextPart::Value(note())];
        for (parts, expected) in [(plain, hostile.to_owned()), (computed, format!("{hostile}{hostile}"))] {
            // as a condition, as a pattern, and as a `foreach`
            let violations = [
                has(note()),
                not(has(subject("spec!.hostNetwork", Type::Bool))),
                any(
                    1,
                    containers(),
                    compare(Comparison::Equal, Domain::Text, element(1, "image", Type::Image), note()),
                ),
            ];
            for violation in violations {
                let mut rule = pod_rule("r", violation);
                rule.message = Message { parts: parts.clone(), written: true };
                let set = policy("p", vec![rule]);
                let yaml = yaml(&set);
                let loaded = oracle.load(&[&yaml]);
                assert!(loaded.refused.is_empty(), "{hostile:?}: {:?}\n{yaml}", loaded.refused);
                for answer in loaded.evaluate(&pods(hostile)[..2], &Request::default()) {
                    let [row] = answer.rows.as_slice() else { panic!("{hostile:?}: {answer:?}\n{yaml}") };
                    assert_eq!(row.status, "fail", "{hostile:?}\n{yaml}");
                    let found = row
                        .message
                        .trim_start_matches("validation error: ")
                        .trim_start_matches("validation failure: ");
                    assert!(found.starts_with(&expected), "{expected:?} became {found:?}\n{yaml}");
                    assert!(
                        yaml.contains("pattern:") || found == expected,
                        "{expected:?} became {found:?}\n{yaml}"
                    );
                }
            }
        }
    }
}
