//! Lookups of rules that change, make and remove objects: what our bytecode makes of a recorded cluster is what Kyverno
//! makes of it by our YAML.
//!
//! Without Kyverno the objects are compared with digests of those that it made.

use super::generation::plain as by_name;
use super::lookups::{cluster, deployments};
use super::mutations;
use crate::support::compile::{Compiled, compile};
use crate::support::oracle::{Numbers, Oracle, Request};
use crate::support::parallel::in_parallel;
use crate::support::recording::Digests;
use crate::support::three_ways::ThreeWays;
use serde_json::{Value, json};

/// Kind of the objects, a name, a rule.
const MUTATIONS: &[(&str, &str)] = &[
    (
        "value",
        r#"mutate Deployment { set metadata.labels.go = cluster.get(ConfigMap, "web", in: "default").data.go }"#,
    ),
    (
        "of-the-object",
        r#"mutate Deployment { set metadata.annotations.image = cluster.get(ConfigMap, metadata.labels.ref, in: namespace).data.image }"#,
    ),
    (
        "where",
        r#"mutate Deployment where has cluster.get(ConfigMap, metadata.labels.ref, in: namespace) { set metadata.labels.known = "yes" }"#,
    ),
    (
        "where-not",
        r#"mutate Deployment where not has cluster.get(Namespace, metadata.labels.ref) { remove metadata.labels.ref }"#,
    ),
    (
        "default",
        r#"mutate Deployment { default metadata.annotations.teams = cluster.get(ConfigMap, "settings", in: "default").data.teams }"#,
    ),
    ("count", r#"mutate Deployment { set spec.replicas = count(cluster.list(Deployment, in: namespace)) }"#),
    (
        "if",
        r#"mutate Deployment { if any d in cluster.list(Deployment, in: namespace): d.metadata.name == metadata.name { set metadata.labels.twin = "yes" } }"#,
    ),
    (
        "let",
        r#"mutate Deployment {
  let found = cluster.get(ConfigMap, metadata.labels.ref, in: "default")
  set metadata.labels.go = found.data.go
  set metadata.annotations.image = found.data.image
}"#,
    ),
    (
        "nested",
        r#"mutate Deployment { set metadata.labels.go = cluster.get(ConfigMap, cluster.get(ConfigMap, "settings", in: "default").data.next, in: namespace).data.image }"#,
    ),
    (
        "computed-kind",
        r#"mutate Deployment { set metadata.labels.of = cluster.get("apps/v1/{metadata.labels.ref}", metadata.name, in: "staging").metadata.name }"#,
    ),
    (
        "element",
        r#"mutate mainContainer where resource.kind == "Deployment" { set image = cluster.get(ConfigMap, name, in: namespace).data.image }"#,
    ),
    (
        "element-where",
        r#"mutate mainContainer where resource.kind == "Deployment" and has cluster.get(ConfigMap, name, in: namespace) { set imagePullPolicy = "Always" }"#,
    ),
    (
        "loop-over-found",
        r#"mutate Deployment { for c in cluster.list(ConfigMap, in: namespace) { set metadata.annotations["of-{c.metadata.labels.app}"] = c.data.image ?? "none" } }"#,
    ),
    (
        "loop-in-loop",
        r#"mutate Deployment { for o in cluster.list(ConfigMap, labels: { app: "web" }) { for c in spec.template.spec.containers { set metadata.annotations["{c.name}-{o.metadata.namespace}"] = "found" } } }"#,
    ),
    (
        "read-after-write",
        r#"mutate Deployment { set metadata.labels.ref = "web"  set metadata.annotations.found = cluster.get(ConfigMap, metadata.labels.ref, in: "default").data.go ?? "none" }"#,
    ),
    (
        "map",
        r#"mutate Deployment { set metadata.annotations = cluster.get(ConfigMap, "settings", in: "default").data }"#,
    ),
    (
        "config",
        r#"mutate ConfigMap { set data.next = cluster.get(ConfigMap, "settings", in: "default").data.next  default data.here = cluster.get(ConfigMap, metadata.name, in: "prod").data.image }"#,
    ),
];

const EXISTING: &[(&str, &str)] = &[
    (
        "of-the-cluster",
        r#"mutate ConfigMap where metadata.namespace == trigger.metadata.namespace for Deployment { set data.next = cluster.get(ConfigMap, "settings", in: "default").data.next }"#,
    ),
    (
        "of-the-target",
        r#"mutate ConfigMap where has cluster.get(Deployment, metadata.name, in: metadata.namespace) for Deployment { set data.seen = trigger.metadata.name }"#,
    ),
    (
        "of-the-trigger",
        r#"mutate ConfigMap where metadata.name == "settings" for Deployment where has cluster.get(ConfigMap, metadata.name, in: namespace) { set data.image = cluster.get(ConfigMap, trigger.metadata.name, in: trigger.metadata.namespace).data.image }"#,
    ),
    (
        "of-elements",
        r#"mutate Deployment where metadata.namespace == trigger.metadata.namespace for Deployment { for c in spec.template.spec.containers { set c.image = cluster.get(ConfigMap, c.name, in: "default").data.next ?? "none" } }"#,
    ),
    (
        "of-elements-of-the-trigger",
        r#"mutate ConfigMap where metadata.namespace == trigger.metadata.namespace for Deployment { for c in trigger.spec.template.spec.containers where has cluster.get(ConfigMap, c.name, in: metadata.namespace) { set annotation[c.name] = "known" } }"#,
    ),
];

const GENERATIONS: &[(&str, &str)] = &[
    (
        "value",
        r#"generate ConfigMap "made" in namespace for Deployment { data: { go: cluster.get(ConfigMap, "web", in: "default").data.go ?? "no" } }"#,
    ),
    (
        "where",
        r#"generate ConfigMap "made" in namespace for Deployment where not has cluster.get(ConfigMap, metadata.name, in: namespace) { data: { a: "b" } }"#,
    ),
    (
        "name",
        r#"generate ConfigMap cluster.get(ConfigMap, "settings", in: "default").data[trigger.metadata.name] in namespace for Deployment { data: { a: "b" } }"#,
    ),
    (
        "each-found",
        r#"generate ConfigMap "for-{c.metadata.namespace ?? "none"}" in namespace for Deployment each c in cluster.list(ConfigMap, labels: { app: "web" }) { data: { of: c.metadata.name } }"#,
    ),
    (
        "of-each",
        r#"generate ConfigMap "made-{team}" in namespace for Deployment each team in ["web", "api"] where has cluster.get(ConfigMap, team, in: namespace) { data: { image: cluster.get(ConfigMap, team, in: namespace).data.image ?? "none" } }"#,
    ),
    (
        "left-out",
        r#"generate ConfigMap "made" in namespace for Deployment { metadata: { annotations: { image: cluster.get(ConfigMap, trigger.metadata.name, in: namespace).data.image } }, data: { a: "b" } }"#,
    ),
];

const CLEAN_UPS: &[&str] = &[
    r#"delete Deployment if metadata.name in split(cluster.get(ConfigMap, "settings", in: "default").data.teams, ",") or namespace in split(cluster.get(ConfigMap, "settings", in: "default").data.teams, ",") every 1h"#,
    r#"delete Deployment if has cluster.get(ConfigMap, "web", in: "prod") and spec.replicas == 0 every 1h"#,
    r#"delete Deployment if not has cluster.get(ConfigMap, "keep", in: "prod") and spec.replicas > 3 every 1h"#,
    r#"delete Deployment if not any d in cluster.list(Deployment, in: "staging"): d.metadata.name == metadata.name every 1h"#,
    r#"delete Deployment where metadata.name == "web" if count(cluster.list(ConfigMap, labels: { app: "web" })) == 2 every 1h"#,
];

/// Those that ask anew for each object, which a ClusterCleanupPolicy does not.
const CLEAN_UPS_OF_OBJECTS: &[&str] = &[
    r#"delete Deployment if has cluster.get(ConfigMap, metadata.name, in: namespace) every 1h"#,
    r#"delete Deployment if not any c in spec.template.spec.containers: has cluster.get(ConfigMap, c.name, in: namespace) every 1h"#,
];

fn request() -> Request {
    Request { cluster: cluster(), numbers: Numbers::Int64, ..Request::default() }
}

fn objects(source: &str) -> Vec<Value> {
    match source.contains("mutate ConfigMap {") {
        true => cluster().into_iter().filter(|it| it["kind"] == "ConfigMap").collect(),
        false => deployments(104),
    }
}

/// What a rule does to each object by all three: `ours`, and Kyverno's as `live` finds where it differs.
fn compare(
    suite: &'static str,
    rules: &[(&str, &str)],
    ours: impl Fn(&Compiled, &Value, &Request) -> Value + Sync,
    live: impl Fn(&Oracle, &str, &str, &[Value], &[Value]) -> Option<String> + Sync,
) {
    let oracle = Oracle::shared();
    let digests = Digests::open(suite);
    let tried = in_parallel(rules.len(), |number| {
        let (name, source) = rules[number];
        let source = format!("policy lookup-{name} {{ {source} }}\n");
        let compiled = match compile(&source) {
            Ok(compiled) => compiled,
            Err(said) => return vec![format!("{name}: {said:?}")],
        };
        let (objects, request) = (objects(&source), request());
        let ours: Vec<Value> = objects.iter().map(|object| ours(&compiled, object, &request)).collect();
        let mut problems = Vec::new();
        if ours.iter().all(|it| *it == ours[0]) {
            problems.push(format!("{name} does the same to all objects"));
        }
        for yaml in [&compiled.legacy, &compiled.successor] {
            match (yaml, oracle) {
                (Err(said), _) => problems.push(format!("{name}: {said:?}")),
                (Ok(yaml), Some(oracle)) => problems.extend(live(oracle, name, yaml, &objects, &ours)),
                (Ok(_), None) => {}
            }
        }
        match oracle {
            None => problems.extend(digests.compare(name, &source, &ours).err()),
            Some(_) => digests.note(name, &source, &ours),
        }
        problems
    });
    let problems: Vec<String> = tried.into_iter().flatten().collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n\n"));
    digests.close();
}

#[test]
fn mutations_write_what_the_cluster_has() {
    compare(
        "lookup_mutations",
        MUTATIONS,
        |compiled, object, request| compiled.mutate(object, request),
        |oracle, name, yaml, objects, ours| mutations::live(oracle, name, yaml, objects, ours, &request()),
    );
}

#[test]
fn existing_objects_become_what_the_cluster_has() {
    compare(
        "lookup_existing",
        EXISTING,
        |compiled, trigger, request| by_name(&compiled.existing(trigger, request)),
        |oracle, name, yaml, triggers, ours| {
            let theirs = |answer: &crate::support::oracle::Answer, _: &Value| by_name(&answer.targets);
            super::difference(oracle, name, yaml, (triggers, ours), &request(), theirs)
        },
    );
}

#[test]
fn generated_objects_hold_what_the_cluster_has() {
    compare(
        "lookup_generation",
        GENERATIONS,
        |compiled, trigger, request| by_name(&compiled.generate(trigger, request)),
        |oracle, name, yaml, triggers, ours| {
            let theirs = |answer: &crate::support::oracle::Answer, _: &Value| by_name(&answer.generated);
            super::difference(oracle, name, yaml, (triggers, ours), &request(), theirs)
        },
    );
}

#[test]
fn clean_ups_ask_the_cluster() {
    let judge = ThreeWays::open("lookup_cleanup");
    let mut problems = String::new();
    for (rule, by_object) in
        CLEAN_UPS.iter().map(|it| (it, false)).chain(CLEAN_UPS_OF_OBJECTS.iter().map(|it| (it, true)))
    {
        let compiled = compile(rule).unwrap_or_else(|said| panic!("{rule}: {said:?}"));
        let outcome = judge.compare(rule, &compiled, &deployments(104), &request(), true);
        if !outcome.agrees() {
            problems.push_str(&outcome.describe(rule));
        }
        if outcome.counts[0] == 0 || outcome.counts[1] == 0 || outcome.counts[2] != 0 {
            problems.push_str(&format!("{rule}: {:?}\n", outcome.counts));
        }
        match &compiled.legacy {
            Err(said) if by_object && said.iter().any(|it| it.contains("cannot speak of one of them")) => {}
            Ok(_) if !by_object => {}
            said => problems.push_str(&format!("{rule}: {said:?}\n")),
        }
        if let Err(said) = &compiled.successor {
            problems.push_str(&format!("{rule}: {said:?}\n"));
        }
    }
    assert!(problems.is_empty(), "{problems}");
    judge.close();
}

/// Rules that come to a question that nobody may ask.
const FORBIDDEN: &[&str] = &[
    r#"deny Deployment if has cluster.get(ConfigMap, "web", in: "default")"#,
    r#"deny Deployment if not has cluster.get(ConfigMap, "web", in: "default")"#,
    r#"deny Deployment if count(cluster.list(ConfigMap)) == 0"#,
    r#"deny Deployment if any c in spec.template.spec.containers: not has cluster.get(ConfigMap, c.name, in: namespace)"#,
    r#"deny mainContainer if resource.kind == "Deployment" and not has cluster.get(ConfigMap, name, in: namespace)"#,
    r#"delete Deployment if not has cluster.get(ConfigMap, "keep", in: "prod") every 1h"#,
    r#"delete Deployment if count(cluster.list(ConfigMap)) == 0 every 1h"#,
];

/// Changes that come to such a question: no object is changed or made.
const FORBIDDEN_CHANGES: &[&str] = &[
    r#"mutate Deployment { set metadata.labels.go = cluster.get(ConfigMap, "web", in: "default").data.go ?? "none" }"#,
    r#"mutate Deployment where not has cluster.get(ConfigMap, "web", in: "default") { set metadata.labels.go = "no" }"#,
    r#"mutate Deployment { for c in spec.template.spec.containers where not has cluster.get(ConfigMap, c.name, in: namespace) { set c.imagePullPolicy = "Always" } }"#,
    r#"generate ConfigMap "made" in namespace for Deployment where not has cluster.get(ConfigMap, "web", in: "default") { data: { a: "b" } }"#,
    r#"generate ConfigMap "made-{team}" in namespace for Deployment each team in ["web", "api"] where not has cluster.get(ConfigMap, team, in: namespace) { data: { a: "b" } }"#,
];

#[test]
fn what_nobody_may_ask_ends_a_rule_in_an_error() {
    let judge = ThreeWays::open("lookup_forbidden");
    let request = Request { forbidden: vec!["v1/ConfigMap".to_owned()], ..request() };
    let mut problems = String::new();
    for rule in FORBIDDEN {
        let compiled = compile(rule).unwrap_or_else(|said| panic!("{rule}: {said:?}"));
        let outcome = judge.compare(rule, &compiled, &deployments(26), &request, true);
        if !outcome.agrees() {
            problems.push_str(&outcome.describe(rule));
        }
        if outcome.counts != [0, 0, 26] {
            problems.push_str(&format!("{rule}: {:?}\n", outcome.counts));
        }
    }
    assert!(problems.is_empty(), "{problems}");
    judge.close();
}

#[test]
fn what_nobody_may_ask_changes_nothing() {
    let Some(oracle) = Oracle::shared() else { return };
    let request = Request { forbidden: vec!["v1/ConfigMap".to_owned()], ..request() };
    let objects = deployments(26);
    for rule in FORBIDDEN_CHANGES {
        let compiled = compile(rule).unwrap_or_else(|said| panic!("{rule}: {said:?}"));
        for yaml in [&compiled.legacy, &compiled.successor] {
            let yaml = yaml.as_ref().unwrap_or_else(|said| panic!("{rule}: {said:?}"));
            let set = oracle.load_with(&[yaml], &request);
            assert!(set.refused.is_empty(), "{:?}\n{yaml}", set.refused);
            for (object, answer) in objects.iter().zip(set.evaluate(&objects, &request)) {
                let is_error = answer.error.is_some() || answer.rows.iter().any(|row| row.status == "error");
                let is_same =
                    answer.patched.as_ref().is_none_or(|it| it == object) && answer.generated.is_empty();
                assert!(is_error && is_same, "{rule}: {answer:?}\n{yaml}");
                assert_eq!(compiled.mutate(object, &request), *object, "{rule}");
                assert_eq!(compiled.generate(object, &request), Vec::<Value>::new(), "{rule}");
            }
        }
    }
    // The same rules do something where they may ask.
    let known = Request {
        cluster: vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}})],
        ..Request::default()
    };
    for rule in FORBIDDEN_CHANGES {
        let compiled = compile(rule).unwrap_or_else(|said| panic!("{rule}: {said:?}"));
        let changes = |object: &Value| {
            compiled.mutate(object, &known) != *object || !compiled.generate(object, &known).is_empty()
        };
        assert!(objects.iter().any(changes), "{rule} does nothing");
    }
}
