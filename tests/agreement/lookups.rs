//! Lookups in the cluster: the answers of a recorded world are those that Kyverno gets from an API server.

use crate::support::compile::compile;
use crate::support::oracle::Request;
use crate::support::three_ways::ThreeWays;
use serde_json::{Value, json};

const RULES: &[&str] = &[
    r#"deny Deployment if not has cluster.get(Deployment, metadata.name, in: "staging")"#,
    r#"deny Deployment with staged = cluster.get(Deployment, metadata.name, in: "staging") where has staged
         if spec.replicas > staged.spec.replicas * 2
         message "{metadata.name} asks for {spec.replicas}, staging runs {staged.spec.replicas}""#,
    r#"deny Deployment if has cluster.get(ConfigMap, metadata.labels.ref, in: namespace)"#,
    r#"deny Deployment if not has cluster.get(ConfigMap, metadata.labels.ref, in: namespace)"#,
    r#"deny Deployment if has cluster.get(ConfigMap, "settings", in: metadata.labels.ref)"#,
    r#"deny Deployment if cluster.get(ConfigMap, "settings", in: "default").data[metadata.name] == "on""#,
    r#"deny Deployment if namespace not in split(cluster.get(ConfigMap, "settings", in: "default").data.teams, ",")"#,
    r#"deny Deployment if has cluster.get(Namespace, metadata.labels.ref)"#,
    r#"deny Deployment if any d in cluster.list(Deployment, in: namespace): d.metadata.name == metadata.name and d.spec.replicas > 2"#,
    r#"deny Deployment if count(cluster.list(ConfigMap, labels: { app: "web" })) > spec.replicas"#,
    r#"deny Deployment if not any c in cluster.list(ConfigMap, labels: { app: metadata.labels.ref }): has c.data"#,
    r#"deny Deployment if count(cluster.list(ConfigMap, in: metadata.labels.ref)) == 0"#,
    r#"deny Deployment if any c in spec.template.spec.containers: not has cluster.get(ConfigMap, c.name, in: namespace)"#,
    r#"deny Deployment if has cluster.get("apps/v1/{metadata.labels.ref}", metadata.name, in: "staging")"#,
    r#"deny Deployment if cluster.get(ConfigMap, cluster.get(ConfigMap, "settings", in: "default").data.next, in: "default").data.go == "yes" and spec.replicas > 3"#,
    r#"deny Deployment if any c in spec.template.spec.containers: has cluster.get(Namespace, c.name)"#,
    r#"deny Deployment if not any d in cluster.list(Deployment, in: namespace): d.kind == "Deployment" and d.apiVersion == "apps/v1""#,
    r#"deny mainContainer where has cluster.get(ConfigMap, "web", in: namespace) if not has cluster.get(ConfigMap, name, in: namespace)"#,
    r#"deny pod if any c in container: not has cluster.get(ConfigMap, c.name, in: namespace)"#,
    r#"deny mainContainer where resource.kind == "Deployment" if cluster.get(ConfigMap, name, in: namespace).data.image != image"#,
];

/// What objects say of other objects: names, and what must not become more than a name.
const REFERENCES: &[&str] = &[
    "web",
    "default",
    "settings",
    "Deployment",
    "StatefulSet",
    "Secret",
    "a/b",
    "../default",
    "..",
    ".",
    "",
    "x y",
    "web,app=api",
    "web&labelSelector=",
    "{{ request.object }}",
    "$(x)",
    "%2e%2e",
    "*",
    "Web",
    "a:b",
    "-web",
    "web-",
    "wéb",
    "'",
    "\"",
    "a\nb",
];

const NAMES: &[&str] = &["web", "api", "db", "default"];
const NAMESPACES: &[&str] = &["default", "staging", "prod"];

pub(super) fn cluster() -> Vec<Value> {
    let deployment = |namespace: &str, name: &str, replicas: i64| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": replicas, "selector": {}, "template": {"spec": {"containers": [{"name": "a", "image": "b"}]}}}})
    };
    let config = |namespace: &str, name: &str, labels: Value, data: Value| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data,
            "metadata": {"name": name, "namespace": namespace, "labels": labels}})
    };
    vec![
        deployment("staging", "web", 2),
        deployment("staging", "api", 1),
        deployment("default", "db", 3),
        deployment("default", "web", 1),
        config(
            "default",
            "settings",
            json!({"app": "web"}),
            json!({"web": "on", "api": "off", "teams": "default,prod", "next": "web"}),
        ),
        config("default", "web", json!({"app": "api"}), json!({"go": "yes", "image": "nginx"})),
        config("prod", "web", json!({"app": "web"}), json!({"image": "busybox"})),
        config("prod", "a:b", json!({"app": ""}), json!({})),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}),
    ]
}

/// Deployments of all combinations that numbers lead to.
pub(super) fn deployments(count: usize) -> Vec<Value> {
    let pick = |list: &[&str], at: usize| list[at % list.len()].to_owned();
    (0..count)
        .map(|at| {
            let containers: Vec<Value> = (0..at % 3)
                .map(|it| json!({"name": pick(NAMES, at + it), "image": pick(&["nginx", "busybox"], at / 2)}))
                .chain([json!({"name": "web", "image": pick(&["nginx", "busybox"], at / 3)})])
                .collect();
            let mut labels = json!({"n": "1"});
            if at % 9 != 8 {
                labels["ref"] = json!(pick(REFERENCES, at));
            }
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": pick(NAMES, at / 5), "namespace": pick(NAMESPACES, at / 2), "labels": labels},
                "spec": {"replicas": at % 7, "selector": {}, "template": {"spec": {"containers": containers}}}})
        })
        .collect()
}

#[test]
fn lookups_find_what_the_cluster_has() {
    let judge = ThreeWays::open("lookups");
    let resources = deployments(104);
    let request = Request { cluster: cluster(), ..Request::default() };
    let mut problems = String::new();
    for rule in RULES {
        let compiled = compile(rule).unwrap_or_else(|problems| panic!("{rule}: {problems:?}"));
        for refused in [&compiled.legacy, &compiled.successor].into_iter().filter_map(|it| it.as_ref().err())
        {
            problems.push_str(&format!("{rule}: {refused:?}\n"));
        }
        let outcome = judge.compare(rule, &compiled, &resources, &request, true);
        if !outcome.agrees() {
            problems.push_str(&outcome.describe(rule));
        }
        let [pass, fail, error] = outcome.counts;
        if pass == 0 || fail == 0 || error != 0 {
            problems.push_str(&format!("{rule}: {:?}\n", outcome.counts));
        }
    }
    assert!(problems.is_empty(), "{problems}");
    judge.close();
}
