//! Mutation of existing objects: what our bytecode makes of the objects of a cluster when another one is admitted is what
//! Kyverno makes of them by our ClusterPolicy, and by our MutatingPolicy.
//!
//! Without Kyverno the objects are compared with digests of those that it made.

use super::hostile::TEXTS;
use super::{admissible, give_namespace};
use crate::support::compile::compile;
use crate::support::oracle::{Numbers, Operation, Oracle, Request, UserInfo};
use crate::support::parallel::in_parallel;
use crate::support::policies::quoted;
use crate::support::recording::Digests;
use crate::support::resources::{Hint, Profile};
use serde_json::{Map, Value, json};

const TRIGGERS: usize = 12;
const TARGETS: usize = 8;

/// The kind of the triggers, that of the targets, a name, and a rule.
const RULES: &[(&str, &str, &str, &str)] = &[
    (
        "ConfigMap",
        "Deployment",
        "annotation",
        r#"mutate Deployment where metadata.namespace == trigger.metadata.namespace
  for ConfigMap where has data.policy {
  set metadata.annotations["example.com/policy"] = trigger.data.policy }"#,
    ),
    (
        "ConfigMap",
        "Deployment",
        "template",
        r#"mutate Deployment where metadata.labels.team == "ml" for ConfigMap {
  set spec.template.metadata.annotations["example.com/restart"] = trigger.metadata.name
  default spec.replicas = 2
}"#,
    ),
    (
        "ConfigMap",
        "Pod",
        "containers",
        r#"mutate container where resource.kind == "Pod" and image ~ "ghcr.io/*" for ConfigMap where has data.policy {
  set imagePullPolicy = "Always"
  append env = { name: "POLICY", value: trigger.data.policy }
}"#,
    ),
    (
        "ConfigMap",
        "CronJob",
        "pods",
        r#"mutate pod where spec.hostNetwork for ConfigMap where data.policy == "strict" {
  set spec.hostNetwork = false
  remove spec.nodeName
}"#,
    ),
    (
        "Namespace",
        "ConfigMap",
        "scalars",
        r#"mutate ConfigMap where metadata.namespace == trigger.metadata.name for Namespace where label.team == "ml" {
  set data.team = trigger.metadata.labels.team
  default data.owner = "nobody"
}"#,
    ),
    (
        "Namespace",
        "ConfigMap",
        "literals",
        r#"mutate ConfigMap where metadata.namespace == "models" for Namespace {
  set data.seen = "yes"
  remove data.policy
}"#,
    ),
    (
        "ConfigMap",
        "ConfigMap",
        "one-kind",
        r#"mutate ConfigMap where metadata.name != trigger.metadata.name and metadata.namespace == trigger.metadata.namespace
  for ConfigMap where has data.policy { set data.policy = trigger.data.policy }"#,
    ),
    (
        "Namespace",
        "Namespace",
        "by-name",
        r#"mutate Namespace where metadata.name == "target3" for Namespace where label.app == "web" {
  set label.seen-by = trigger.metadata.name
  remove label.team
}"#,
    ),
    (
        "ConfigMap",
        "Deployment",
        "tolerations",
        r#"mutate Deployment where spec.replicas > 1 for ConfigMap where has data.policy {
  append spec.template.spec.tolerations = { key: trigger.data.policy, operator: "Exists" }
  for c in spec.template.spec.containers where c.image !~ "ghcr.io/*" {
    set c.image = "ghcr.io/mirror:{trigger.metadata.name}"
  }
}"#,
    ),
    (
        "ConfigMap",
        "Pod",
        "with",
        r#"mutate Pod with tag = label.team ?? "none" where tag != "api"
  for ConfigMap with wanted = data.policy ?? "open" where wanted != "" {
  set label.policy = "{wanted}-{tag}"
  default annotation.from = trigger.metadata.namespace
}"#,
    ),
    (
        "ConfigMap",
        "Deployment",
        "images",
        r#"mutate Deployment for ConfigMap where data.policy == "strict" {
  for c in spec.template.spec.containers where c.image.tag == "latest" { set c.imagePullPolicy = "Always" }
}"#,
    ),
    (
        "ConfigMap",
        "Deployment",
        "user",
        r#"mutate Deployment where not has metadata.annotations.touched for ConfigMap where user.name == "ann" {
  set metadata.annotations.touched = "{user.name ?? "nobody"} {trigger.metadata.name}"
}"#,
    ),
];

fn hints() -> Vec<Hint> {
    let images = vec![json!("ghcr.io/a/b:1"), json!("nginx"), json!("ghcr.io/c:latest")];
    vec![
        Hint::new("metadata.labels.app", vec![json!("web"), json!("api")]),
        Hint::new("metadata.labels.team", vec![json!("ml"), json!("api"), json!("")]),
        Hint::new("spec.replicas", vec![json!(1), json!(2), json!(3)]),
        Hint::new("spec.containers[].image", images.clone()),
        Hint::new("spec.template.spec.containers[].image", images),
        Hint::new("spec.jobTemplate.spec.template.spec.hostNetwork", vec![json!(true), json!(false)]),
        Hint::new("spec.jobTemplate.spec.template.spec.nodeName", vec![json!("n1")]),
    ]
}

pub(super) fn objects(first: u64, kind: &'static str, count: usize, name: &str) -> Vec<Value> {
    let mut profile = Profile::workloads();
    profile.kinds = vec![kind];
    profile.hints = hints();
    let mut objects = admissible(first, count, &profile);
    give_namespace(&mut objects);
    let spaces = ["models", "default", "t1"];
    let policies = ["strict", "open", ""];
    for (index, object) in objects.iter_mut().enumerate() {
        object["metadata"]["name"] = json!(format!("{name}{index}"));
        if kind != "Namespace" {
            object["metadata"]["namespace"] = json!(spaces[index % spaces.len()]);
        }
        if index % 4 != 3 {
            object["metadata"]["labels"]["team"] = json!(["api", "ml", ""][index % 3]);
        }
        if kind == "Deployment" && index % 4 != 0 {
            object["spec"]["replicas"] = json!(index % 4);
        }
        if kind == "ConfigMap" && index % 4 != 3 {
            object["data"]["policy"] = json!(policies[index % policies.len()]);
        }
    }
    objects
}

pub(super) fn request(world: &[Value]) -> Request {
    let user = UserInfo { username: "ann".to_owned(), groups: vec!["ml".to_owned()], ..UserInfo::default() };
    Request { user_info: Some(user), numbers: Numbers::Int64, cluster: world.to_vec(), ..Request::default() }
}

/// The objects by what they are. Numbers are compared as numbers.
pub(super) fn plain(objects: &[Value]) -> Value {
    let by_name = objects.iter().map(|object| {
        let metadata = &object["metadata"];
        let key = format!("{} {} {}", object["kind"], metadata["namespace"], metadata["name"]);
        (key, super::generation::numbers_as_floats(object))
    });
    Value::Object(by_name.collect::<Map<_, _>>())
}

struct Tried {
    changed: usize,
    problem: Option<String>,
}

fn try_rule(number: usize, oracle: Option<&Oracle>, digests: &Digests) -> Tried {
    let (of_trigger, of_target, name, source) = RULES[number];
    let source = format!("policy change-{name} {{ {source} }}\n");
    let compiled = match compile(&source) {
        Ok(compiled) => compiled,
        Err(said) => return Tried { changed: 1, problem: Some(format!("{name}: {said:?}")) },
    };
    let triggers = objects(number as u64 * 1000, of_trigger, TRIGGERS, "t");
    let world = objects(number as u64 * 1000 + 500, of_target, TARGETS, "target");
    let request = request(&world);
    let ours: Vec<Value> =
        triggers.iter().map(|trigger| plain(&compiled.existing(trigger, &request))).collect();
    let changed = ours.iter().filter(|it| it.as_object().is_some_and(|it| !it.is_empty())).count();
    let mut tried = Tried { changed, problem: None };
    if let Some(oracle) = oracle {
        let live = |yaml: &Result<String, Vec<String>>| match yaml {
            Err(reasons) => Some(format!("{name}: {reasons:?}")),
            Ok(yaml) => live(oracle, name, yaml, &triggers, &ours, &request),
        };
        tried.problem = live(&compiled.legacy).or_else(|| live(&compiled.successor));
        digests.note(name, &source, &ours);
    } else {
        tried.problem = digests.compare(name, &source, &ours).err();
    }
    tried
}

pub(super) fn live(
    oracle: &Oracle,
    name: &str,
    yaml: &str,
    triggers: &[Value],
    ours: &[Value],
    request: &Request,
) -> Option<String> {
    super::difference(oracle, name, yaml, (triggers, ours), request, |answer, _| match &answer.patched {
        None => plain(&answer.targets),
        // A trigger stays as it is.
        Some(patched) => json!({ "the trigger becomes": patched }),
    })
}

#[test]
fn changed_objects_are_those_of_kyverno() {
    let oracle = Oracle::shared();
    let digests = Digests::open("existing");
    let tried = in_parallel(RULES.len(), |number| try_rule(number, oracle, &digests));
    let problems: Vec<&str> = tried.iter().filter_map(|it| it.problem.as_deref()).collect();
    assert!(problems.is_empty(), "{} of {} rules:\n{}", problems.len(), RULES.len(), problems.join("\n\n"));
    // A rule that changes nothing would show nothing.
    let idle: Vec<&str> =
        tried.iter().zip(RULES).filter(|(tried, _)| tried.changed == 0).map(|(_, rule)| rule.2).collect();
    assert!(idle.is_empty(), "{idle:?} change nothing");
    digests.close();
}

/// Texts that mean something to a template engine, in the rule, in the trigger and in the target: they stay as they are.
#[test]
fn hostile_texts_stay_as_they_were_written() {
    let Some(oracle) = Oracle::shared() else { return };
    let tried = in_parallel(TEXTS.len(), |number| {
        let text = TEXTS[number];
        let literal = quoted(text);
        let source = format!(
            r#"policy hostile {{
  rule values: mutate ConfigMap where data.a == {literal} for Namespace where annotation.a == {literal} {{
    set data.b = {literal}
    set data.c = trigger.metadata.annotations.a
    set annotation[{literal}] = "key"
  }}
  rule copied: mutate ConfigMap where data.a != {literal} for Namespace where annotation.a != "x" {{
    set data.a = {literal}
    default data.d = trigger.metadata.annotations.a
  }}
}}
"#
        );
        let world: Vec<Value> = [text, "x", "y"]
            .iter()
            .enumerate()
            .map(|(index, a)| {
                json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": a, "z": text},
                    "metadata": {"name": format!("c{index}"), "namespace": "default", "annotations": {"k": text}}})
            })
            .collect();
        let triggers: Vec<Value> = [text, "x", "other"]
            .iter()
            .enumerate()
            .map(|(index, a)| {
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("n{index}"), "annotations": {"a": a}}})
            })
            .collect();
        let compiled = compile(&source).unwrap_or_else(|said| panic!("{said:?}\n{source}"));
        let request = Request { operation: Some(Operation::Update), ..request(&world) };
        let ours: Vec<Value> =
            triggers.iter().map(|trigger| plain(&compiled.existing(trigger, &request))).collect();
        let live = |yaml: &Result<String, Vec<String>>| match yaml {
            Ok(yaml) => live(oracle, text, yaml, &triggers, &ours, &request),
            Err(said) => Some(format!("{text}: {said:?}")),
        };
        [live(&compiled.legacy), live(&compiled.successor)]
    });
    let problems: Vec<String> = tried.into_iter().flatten().flatten().collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n\n"));
}
