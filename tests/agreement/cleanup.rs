//! Clean-ups: the objects that our bytecode says would go are those that Kyverno deletes by our ClusterCleanupPolicy,
//! and by our DeletingPolicy.

use super::admissible;
use crate::support::compile::compile;
use crate::support::oracle::{Oracle, Request};
use crate::support::parallel::in_parallel;
use crate::support::policies::quoted;
use crate::support::resources::{Hint, KINDS, Profile};
use crate::support::three_ways::ThreeWays;
use serde_json::{Value, json};

const RESOURCES: usize = 200;

/// Rules with what they try. Times are years away from any moment at which this runs.
const RULES: &[(&str, &str)] = &[
    // Age
    ("age", "delete Pod only if now - metadata.creationTimestamp > 1d every 1h"),
    ("young", "delete ConfigMap if now - metadata.creationTimestamp < 1d every 1h"),
    (
        "age-by-label",
        r#"delete Secret where metadata.labels.app == "web" if metadata.creationTimestamp < now - 30d every 1d"#,
    ),
    (
        "finished-jobs",
        "delete Job if status.succeeded > 0 and now - metadata.creationTimestamp > 1h every 10min",
    ),
    ("no-age", "delete Service if not has metadata.creationTimestamp every 1d"),
    // Labels and annotations
    ("label", r#"delete ConfigMap if metadata.labels.app == "web" every 1d"#),
    ("label-missing", "delete Deployment if not has metadata.labels.team every 1d"),
    ("label-not", r#"delete StatefulSet if metadata.labels.app != "web" every 1d"#),
    ("label-in", r#"delete DaemonSet if metadata.labels.app in ["web", "api"] every 1d"#),
    ("key-in", r#"delete Secret if "team" in metadata.annotations every 1d"#),
    ("no-labels", "delete ServiceAccount if empty metadata.labels every 1d"),
    // Owners, phases, counts
    ("orphan", "delete ReplicaSet if spec.replicas == 0 and empty metadata.ownerReferences every 1min"),
    ("owned-by", r#"delete Pod only if any o in metadata.ownerReferences: o.kind == "Pod" every 1d"#),
    ("phase", r#"delete Pod only if status.phase in ["Succeeded", "Failed"] every 1h"#),
    ("no-phase", r#"delete PersistentVolumeClaim if (status.phase ?? "Lost") == "Lost" every 1d"#),
    ("replicas", "delete Deployment if spec.replicas > 2 every 1d"),
    ("count", "delete Pod only if count(spec.containers) > 1 every 1d"),
    ("nothing-in-it", "delete ConfigMap if empty data and empty binaryData every 1d"),
    // Quantifiers and templates
    ("any", r#"delete Pod only if any c in container: c.image ~ "*:latest" every 1d"#),
    ("every", "delete Pod only if every c in spec.containers: has c.resources.limits every 1d"),
    ("nested", "delete Pod only if any c in spec.containers: any p in c.ports: p.hostPort > 0 every 1d"),
    ("templates", "delete pod if spec.hostNetwork every 1d"),
    ("templates-any", "delete pod if any c in container: c.securityContext.privileged every 1d"),
    ("host-paths", "delete pod if any v in spec.volumes: has v.hostPath every 1d"),
    // Kinds, namespaces
    ("kinds", r#"delete ConfigMap, Secret, Service if metadata.name ~ "*a*" every 1d"#),
    (
        "groups",
        "delete Ingress, NetworkPolicy, ReplicationController if not has metadata.labels.app every 1d",
    ),
    ("all-of-a-kind", "delete ResourceQuota every 1d"),
    ("in-namespaces", r#"delete ConfigMap where namespace ~ "kube-*" or namespace == "prod" every 1d"#),
    ("not-in-namespaces", r#"delete Service where namespace !~ "kube-*" every 1d"#),
    ("spaces", r#"delete Namespace if metadata.name ~ "kube-*" or metadata.labels.app == "web" every 1d"#),
    ("namespace-label", r#"delete Secret where namespace.labels.team == "ml" every 1d"#),
    (
        "namespace-label-and",
        r#"delete Secret where namespace.labels.team == "ml" and metadata.labels.app == "web" every 1d"#,
    ),
    (
        "namespace-of-policy",
        r#"settings { namespace: "prod" }  delete ConfigMap if has metadata.labels every 1d"#,
    ),
    (
        "namespaces-of-policy",
        r#"settings { namespace: "prod" }  delete ConfigMap where namespace ~ "p*" if has metadata.annotations every 1d"#,
    ),
    ("propagation", r#"delete Deployment if spec.paused every 1d settings { propagation: "Orphan" }"#),
    // Names of values, images
    ("with", r#"delete ConfigMap with a = metadata.labels.app ?? "none" if a in ["none", "web"] every 1d"#),
    ("image-parts", r#"delete Pod only if any c in container: c.image.tag == "latest" every 1d"#),
    // Kinds that no schema is known of
    ("untyped", r#"delete Model if spec.stage == "old" and now - metadata.creationTimestamp > 1d every 1d"#),
];

/// Values around what the rules ask for.
fn hints() -> Vec<Hint> {
    vec![
        Hint::new("metadata.labels.app", [json!("web"), json!("api"), json!("")]),
        Hint::new("metadata.labels.team", [json!("ml")]),
        Hint::new("status.phase", [json!("Succeeded"), json!("Running"), json!("Lost")])
            .of_kinds(&["Pod", "PersistentVolumeClaim"]),
        Hint::new("status.succeeded", [json!(0), json!(1)]).of_kinds(&["Job"]),
        Hint::new("spec.replicas", [json!(0), json!(1), json!(3)]).of_kinds(&["Deployment", "ReplicaSet"]),
        Hint::new("spec.paused", [json!(true), json!(false)]).of_kinds(&["Deployment"]),
        Hint::new("spec.hostNetwork", [json!(true)]).of_kinds(&["Pod"]),
    ]
}

/// A rule's resources: three quarters of the kinds that it names, the rest of all kinds.
fn resources(number: usize, source: &str) -> Vec<Value> {
    let head = source.split(" every ").next().unwrap_or_default();
    let named: Vec<&'static str> = KINDS.into_iter().filter(|kind| names(head, kind)).collect();
    let kinds = if named.is_empty() { Profile::workloads().kinds } else { named };
    let near = Profile { kinds, hints: hints(), ..Profile::workloads() };
    let every = Profile { hints: hints(), ..Profile::all() };
    let first = 40_000 + number as u64 * 1000;
    let mut resources = admissible(first, RESOURCES * 3 / 4, &near);
    resources.extend(admissible(first + 500, RESOURCES / 4, &every));
    resources.iter_mut().enumerate().for_each(|(number, it)| give_space_and_time(number, it));
    if source.contains("Model") {
        resources.iter_mut().enumerate().for_each(|(number, it)| *it = model(it, number));
    }
    // A Namespace lies in none.
    for space in resources.iter_mut().filter(|it| it["kind"] == "Namespace") {
        space["metadata"].as_object_mut().map(|it| it.remove("namespace"));
    }
    resources
}

/// One of four namespaces, and one of four times of creation.
pub(super) fn give_space_and_time(number: usize, resource: &mut Value) {
    resource["metadata"]["namespace"] = json!(["kube-system", "prod", "pre", "default"][number / 4 % 4]);
    let time = ["2020-02-01T00:00:00Z", "2021-01-01T12:00:00Z", "2099-01-01T00:00:00Z", ""][number % 4];
    resource["metadata"].as_object_mut().map(|it| match time {
        "" => it.remove("creationTimestamp"),
        time => it.insert("creationTimestamp".to_owned(), json!(time)),
    });
}

fn names(head: &str, kind: &str) -> bool {
    head.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == kind)
}

/// An object of a kind that only its users know.
fn model(like: &Value, number: usize) -> Value {
    let spec = match number % 4 {
        0 => json!({"stage": "old"}),
        1 => json!({"stage": "new"}),
        2 => json!({}),
        _ => json!({"stage": ["old"]}),
    };
    json!({"apiVersion": "ai.example.com/v1", "kind": "Model", "metadata": like["metadata"], "spec": spec})
}

fn request() -> Request {
    let labels = [("team".to_owned(), "ml".to_owned())].into_iter().collect();
    Request { namespace_labels: Some(labels), ..Request::default() }
}

#[test]
fn what_goes_is_what_kyverno_deletes() {
    let judge = ThreeWays::open("cleanup");
    let tried = in_parallel(RULES.len(), |number| {
        let (name, rule) = RULES[number];
        let kinds = "kind Model = \"ai.example.com/v1/Model\" untyped\n";
        let kinds = if rule.contains("Model") { kinds } else { "" };
        let source = format!("{kinds}policy clean-{name} {{\n  {rule}\n}}\n");
        let compiled = compile(&source).map_err(|said| format!("{name}: {said:#?}"))?;
        for form in [&compiled.legacy, &compiled.successor] {
            form.as_ref().map_err(|reasons| format!("{name}: {reasons:?}"))?;
        }
        let outcome = judge.compare(&source, &compiled, &resources(number, &source), &request(), true);
        match outcome.agrees() {
            false => Err(format!("{name}: {}", outcome.describe(&source))),
            // What deletes nothing, or all, would show little.
            true if outcome.counts[1] == 0 || outcome.counts[0] == 0 => {
                Err(format!("{name}: {:?}", outcome.counts))
            }
            true => Ok(()),
        }
    });
    let problems: Vec<String> = tried.into_iter().filter_map(Result::err).collect();
    assert!(problems.is_empty(), "{} of {}:\n{}", problems.len(), RULES.len(), problems.join("\n\n"));
    judge.close();
}

/// Rules with a text in every place that takes one.
const PLACES: [&str; 8] = [
    "delete ConfigMap if data.a == TEXT every 1d",
    "delete ConfigMap if data.a != TEXT and data.a in [TEXT, \"b\", \"\"] every 1d",
    "delete ConfigMap where metadata.labels.app == TEXT every 1d",
    "delete ConfigMap where namespace == TEXT every 1d",
    "delete ConfigMap where namespace != TEXT if has data.a every 1d",
    "delete ConfigMap if metadata.annotations[TEXT] == \"v\" every 1d",
    "delete ConfigMap where namespace.labels.team == TEXT every 1d",
    "delete ConfigMap with t = \"{data.a}TEXTUAL\" if t == TEXT or data.a == TEXT every 1d settings { annotations: { \"example.com/a\": TEXT } }",
];

#[test]
fn texts_of_clean_ups_mean_themselves() {
    let judge = ThreeWays::open("cleanup_hostile");
    let texts = super::hostile::TEXTS;
    let found = in_parallel(texts.len() * PLACES.len(), |index| {
        let (text, rule) = (texts[index / PLACES.len()], PLACES[index % PLACES.len()]);
        let source = format!("policy hostile {{\n  {}\n}}\n", rule.replace("TEXT", &quoted(text)));
        let source = source.replace(&format!("{}UAL", quoted(text)), "");
        let compiled = compile(&source).map_err(|said| format!("{said:?}\n{source}"))?;
        for (number, form) in [&compiled.legacy, &compiled.successor].into_iter().enumerate() {
            // A selector takes only what can be the value of a label.
            let refusable = number == 0 && rule.contains("namespace.labels");
            form.as_ref().map_or_else(
                |reasons| if refusable { Ok(()) } else { Err(format!("{reasons:?}\n{source}")) },
                |_| Ok(()),
            )?;
        }
        let near = [text, text.trim(), "a", "b", "6", "420", "true", "v", ""];
        let resources: Vec<Value> = near
            .iter()
            .map(|near| {
                let keyed = json!({*near: "v"});
                let space = if near.is_empty() { "default" } else { near };
                json!({
                    "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": near},
                    "metadata": {"name": "c", "namespace": space, "labels": {"app": near}, "annotations": keyed},
                })
            })
            .collect();
        let labels = [("team".to_owned(), text.to_owned())].into_iter().collect();
        let request = Request { namespace_labels: Some(labels), ..Request::default() };
        let outcome = judge.compare(&source, &compiled, &resources, &request, true);
        if outcome.agrees() { Ok(()) } else { Err(outcome.describe(&source)) }
    });
    let found: Vec<String> = found.into_iter().filter_map(Result::err).collect();
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found[..found.len().min(5)].join("\n\n"));
    judge.close();
}

/// The examples of the language reference.
#[test]
fn clean_ups_of_the_reference_are_taken_by_kyverno() {
    let page = include_str!("../../compiler/reference/language.md");
    let examples: Vec<&str> =
        page.split("```aip").skip(1).filter_map(|it| it.split("\n```").next()).collect();
    let deletes = |text: &&&str| {
        text.lines().any(|line| line.trim_start().starts_with("delete ") || line.contains(": delete "))
    };
    let examples: Vec<&str> =
        examples.iter().filter(deletes).map(|text| text.trim_start_matches(" checked")).collect();
    assert!(examples.len() >= 2, "{examples:?}");
    for example in examples {
        let compiled = compile(example).unwrap_or_else(|said| panic!("{said:?}\n{example}"));
        for yaml in [&compiled.legacy, &compiled.successor] {
            let yaml = yaml.as_ref().unwrap_or_else(|reasons| panic!("{reasons:?}\n{example}"));
            if let Some(oracle) = Oracle::shared() {
                let set = oracle.load(&[yaml]);
                assert!(set.refused.is_empty(), "{}\n{yaml}", set.refused[0].reason);
            }
        }
    }
}
