//! Generation: the objects that our bytecode makes are those that Kyverno makes of our ClusterPolicy, and of our
//! GeneratingPolicy.
//!
//! Without Kyverno the objects are compared with digests of those that it made.

use super::hostile::TEXTS;
use super::{admissible, give_namespace};
use crate::support::compile::compile;
use crate::support::oracle::{Numbers, Oracle, Request, UserInfo};
use crate::support::parallel::in_parallel;
use crate::support::policies::quoted;
use crate::support::recording::Digests;
use crate::support::resources::{Hint, Profile};
use serde_json::{Map, Value, json};

const RESOURCES: usize = 100;

/// The kind of the triggers, a name, and a rule.
const RULES: &[(&str, &str, &str)] = &[
    (
        "Namespace",
        "default-deny",
        r#"generate NetworkPolicy "default-deny" in trigger.metadata.name for Namespace {
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } }"#,
    ),
    (
        "Namespace",
        "where-label",
        r#"generate NetworkPolicy "closed" in trigger.metadata.name for Namespace where label.team == "ml"
  settings { synchronize: true, existing: true, orphan: true } { spec: { podSelector: {}, policyTypes: ["Ingress"] } }"#,
    ),
    (
        "Namespace",
        "quota",
        r#"generate ResourceQuota "quota" in trigger.metadata.name for Namespace {
  metadata: { labels: { "acme.io/owner": "platform" } }
  spec: { hard: { "requests.cpu": 4, "limits.memory": 64Gi, pods: if trigger.metadata.labels.team == "ml" then 50 else 10 } } }"#,
    ),
    (
        "Namespace",
        "missing-label-is-left-out",
        r#"generate ConfigMap "info" in trigger.metadata.name for Namespace {
  metadata: { labels: { team: trigger.metadata.labels.team, app: trigger.metadata.labels.app, of: trigger.metadata.name } }
  data: { name: trigger.metadata.name } }"#,
    ),
    (
        "Namespace",
        "missing-name-makes-nothing",
        r#"generate ConfigMap trigger.metadata.labels.app in trigger.metadata.name for Namespace { data: { a: "b" } }"#,
    ),
    (
        "Namespace",
        "missing-namespace-makes-nothing",
        r#"generate ConfigMap "here" in trigger.metadata.labels.team for Namespace { data: { a: "b" } }"#,
    ),
    (
        "Namespace",
        "cluster-scoped",
        r#"generate ClusterRole "edit-{trigger.metadata.name}" for Namespace {
  rules: [{ apiGroups: ["", "apps"], resources: ["pods"], verbs: ["*"] }] }"#,
    ),
    (
        "Namespace",
        "role-binding",
        r#"generate RoleBinding "admin" in trigger.metadata.name for Namespace where has label.team {
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "admin" }
  subjects: [{ kind: "Group", name: "team-{trigger.metadata.labels.team}", apiGroup: "rbac.authorization.k8s.io" }] }"#,
    ),
    (
        "Namespace",
        "hostile-text",
        r#"generate ConfigMap "text" in trigger.metadata.name for Namespace {
  data: { variable: "\{\{ request.object }}", reference: "$(a)", quotes: "'\" * ? > | \\", "a.b": "yes", n: "null", y: "0644" } }"#,
    ),
    (
        "Namespace",
        "user",
        r#"generate ConfigMap "creator" in trigger.metadata.name for Namespace on create { data: { name: user.name } }"#,
    ),
    (
        "ConfigMap",
        "each-of-split",
        r#"generate ConfigMap "for-{team}" in team for ConfigMap where has data.teams
  each team in split(trigger.data.teams, ",") where not empty team { data: { owner: team, from: trigger.metadata.name } }"#,
    ),
    (
        "ConfigMap",
        "each-of-literals",
        r#"generate ConfigMap "copy" in space for ConfigMap where label.app == "web"
  each space in ["dev", "test", "prod"] { data: { space: space } }"#,
    ),
    (
        "Service",
        "each-of-objects",
        r#"generate ConfigMap "{trigger.metadata.name}-{p.port}" in namespace for Service
  each p in trigger.spec.ports where p.port > 79 { data: { name: p.name ?? "none", protocol: p.protocol ?? "TCP" } }"#,
    ),
    (
        "Deployment",
        "computed",
        r#"generate PodDisruptionBudget "{trigger.metadata.name}-pdb" in namespace for Deployment where spec.replicas > 1 {
  spec: { minAvailable: 1, selector: trigger.spec.selector } }"#,
    ),
    (
        "Deployment",
        "nested-missing",
        r#"generate ConfigMap "{trigger.metadata.name}" in namespace for Deployment {
  metadata: { annotations: { app: trigger.metadata.labels.app ?? "none", paused: text(trigger.spec.paused ?? false) } }
  data: { images: join([c.image for c in trigger.spec.template.spec.containers], " ") } }"#,
    ),
    (
        "Pod",
        "of-pods",
        r#"generate Service "{trigger.metadata.name}" in namespace for Pod only where has label.app {
  spec: { selector: { app: trigger.metadata.labels.app }, ports: [{ port: 80, targetPort: 8080 }] } }"#,
    ),
    (
        "Namespace",
        "with",
        r#"generate ConfigMap "known" in trigger.metadata.name for Namespace with team = label.team ?? "nobody" where team != "api" {
  data: { team: team } }"#,
    ),
];

pub(super) fn request() -> Request {
    let user = UserInfo { username: "ann".to_owned(), groups: vec!["ml".to_owned()], ..UserInfo::default() };
    Request { user_info: Some(user), numbers: Numbers::Int64, ..Request::default() }
}

pub(super) fn triggers(number: usize, kind: &'static str) -> Vec<Value> {
    let hints = vec![
        Hint::new("metadata.labels.app", vec![json!("web"), json!("api")]),
        Hint::new("metadata.labels.team", vec![json!("ml"), json!("api"), json!("")]),
        Hint::new("data.teams", vec![json!("red,blue"), json!("red,,red"), json!("")]),
        Hint::new("spec.replicas", vec![json!(1), json!(2)]),
    ];
    let mut profile = Profile::workloads();
    profile.kinds = vec![kind];
    profile.hints = hints;
    let mut triggers = admissible(number as u64 * 1000, RESOURCES, &profile);
    give_namespace(&mut triggers);
    for (index, trigger) in triggers.iter_mut().enumerate() {
        // Objects of one name would be one object.
        trigger["metadata"]["name"] = json!(format!("t{index}"));
        if kind == "ConfigMap" && index % 2 == 0 {
            let teams = ["red,blue", "red,,red", "", ","];
            trigger["data"]["teams"] = json!(teams[index / 2 % teams.len()]);
        }
    }
    triggers
}

/// Labels that Kyverno puts on what it makes, so that it finds it again.
fn is_of_kyverno(label: &str, value: &Value) -> bool {
    label.starts_with("generate.kyverno.io/") || label == "app.kubernetes.io/managed-by" && value == "kyverno"
}

/// The objects by what they are, each once, without what Kyverno adds to them. Numbers are compared as numbers.
pub(super) fn plain(objects: &[Value]) -> Value {
    let mut by_name = Map::new();
    for object in objects {
        let mut object = numbers_as_floats(object);
        if let Some(labels) = object.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            labels.retain(|label, value| !is_of_kyverno(label, value));
            if labels.is_empty()
                && let Some(metadata) = object["metadata"].as_object_mut()
            {
                metadata.remove("labels");
            }
        }
        let metadata = &object["metadata"];
        let key = format!("{} {} {}", object["kind"], metadata["namespace"], metadata["name"]);
        by_name.entry(key).or_insert(object);
    }
    Value::Object(by_name)
}

pub(super) fn numbers_as_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(numbers_as_floats).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), numbers_as_floats(value))).collect()
        }
        other => other.clone(),
    }
}

struct Tried {
    made: usize,
    problem: Option<String>,
}

fn try_rule(number: usize, oracle: Option<&Oracle>, digests: &Digests) -> Tried {
    let (kind, name, source) = RULES[number];
    let source = format!("policy make-{name} {{ {source} }}\n");
    let compiled = match compile(&source) {
        Ok(compiled) => compiled,
        Err(said) => return Tried { made: 1, problem: Some(format!("{name}: {said:?}")) },
    };
    let (triggers, request) = (triggers(number, kind), request());
    let ours: Vec<Value> =
        triggers.iter().map(|trigger| plain(&compiled.generate(trigger, &request))).collect();
    let made = ours.iter().filter(|it| it.as_object().is_some_and(|it| !it.is_empty())).count();
    let mut tried = Tried { made, problem: None };
    for yaml in [&compiled.legacy, &compiled.successor] {
        let found = match (yaml, oracle) {
            (Err(reasons), _) => Some(format!("{name}: {reasons:?}")),
            (Ok(yaml), Some(oracle)) => live(oracle, name, yaml, &triggers, &ours, &request),
            (Ok(_), None) => None,
        };
        if found.is_some() {
            tried.problem = found;
            return tried;
        }
    }
    match oracle {
        None => tried.problem = digests.compare(name, &source, &ours).err(),
        Some(_) => digests.note(name, &source, &ours),
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
    super::difference(oracle, name, yaml, (triggers, ours), request, |answer, _| plain(&answer.generated))
}

#[test]
fn generated_objects_are_those_of_kyverno() {
    let oracle = Oracle::shared();
    let digests = Digests::open("generation");
    let tried = in_parallel(RULES.len(), |number| try_rule(number, oracle, &digests));
    let problems: Vec<&str> = tried.iter().filter_map(|it| it.problem.as_deref()).collect();
    assert!(problems.is_empty(), "{} of {} rules:\n{}", problems.len(), RULES.len(), problems.join("\n\n"));
    // A rule that makes nothing would show nothing.
    let idle: Vec<&str> =
        tried.iter().zip(RULES).filter(|(tried, _)| tried.made == 0).map(|(_, rule)| rule.1).collect();
    assert!(idle.is_empty(), "{idle:?} make nothing of their triggers");
    digests.close();
}

/// Texts that mean something to a template engine, in every place of a rule that takes one and in the trigger: they
/// arrive as they were written.
#[test]
fn hostile_texts_arrive_as_they_were_written() {
    let Some(oracle) = Oracle::shared() else { return };
    let tried = in_parallel(TEXTS.len(), |number| {
        let text = TEXTS[number];
        let literal = quoted(text);
        let source = format!(
            r#"policy hostile {{
  rule values: generate ConfigMap "values" in trigger.metadata.name for Namespace {{
    metadata: {{ annotations: {{ a: {literal} }} }}
    data: {{ a: {literal}, both: join([trigger.metadata.name, {literal}], {literal}), from: trigger.metadata.annotations.a ?? {literal} }}
  }}
  rule scope: generate ConfigMap "scope" in trigger.metadata.name for Namespace where annotation.a == {literal} {{
    data: {{ a: "b" }}
  }}
  rule names: generate ConfigMap {literal} in {literal} for Namespace {{ data: {{ a: "b" }} }}
  rule rounds: generate ConfigMap "rounds" in trigger.metadata.name for Namespace
    each text in [{literal}, "x"] where text == {literal} {{ data: {{ a: text }} }}
}}
"#
        );
        let keys = format!(
            r#"policy hostile {{
  rule keys: generate ConfigMap "keys" in trigger.metadata.name for Namespace {{
    metadata: {{ annotations: {{ {literal}: "key", b: trigger.metadata.annotations.b ?? "none" }} }}
  }}
}}"#
        );
        let missing = format!(
            r#"policy hostile {{
  rule missing: generate ConfigMap "missing" in trigger.metadata.name for Namespace {{
    metadata: {{ annotations: {{ a: {literal}, c: trigger.metadata.annotations.c }} }}
  }}
}}"#
        );
        let trigger = |name: &str, annotations: Value| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "annotations": annotations}});
        let triggers = [
            trigger("a", json!({"a": text, "b": text})),
            trigger("b", json!({"a": "x"})),
            trigger("c", json!({"b": "y", text: "z"})),
        ];
        let request = request();
        let is_variable = ["{{", "}}", "$("].iter().any(|it| text.contains(it));
        let mut found = Vec::new();
        for source in [&source, &keys, &missing] {
            let compiled = compile(source).unwrap_or_else(|said| panic!("{said:?}\n{source}"));
            let ours: Vec<Value> =
                triggers.iter().map(|trigger| plain(&compiled.generate(trigger, &request))).collect();
            for yaml in [&compiled.legacy, &compiled.successor] {
                match yaml {
                    Ok(yaml) => found.extend(live(oracle, text, yaml, &triggers, &ours, &request)),
                    // Kyverno puts variables into keys, and into what stands beside computed fields.
                    Err(said) if source == &keys && is_variable && said[0].contains("the key") => {}
                    Err(said) if source == &missing && is_variable && said[0].contains("read this text") => {}
                    Err(said) => found.push(format!("{text}: {said:?}")),
                }
            }
        }
        found
    });
    let problems: Vec<String> = tried.into_iter().flatten().collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n\n"));
}

/// A text of the trigger that looks like a variable, where a map is copied, ends the rule in an error, and is not replaced.
#[test]
fn texts_in_maps_of_triggers_are_no_variables() {
    let Some(oracle) = Oracle::shared() else { return };
    let text = "{{ request.object.metadata.name }}";
    let data = |key: &str, value: &str| {
        let data = Value::Object(Map::from_iter([(key.to_owned(), json!(value))]));
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}, "data": data})
    };
    for source in [
        "generate ConfigMap \"c\" in namespace for ConfigMap where has data { data: trigger.data }",
        "generate ConfigMap \"c\" in namespace for ConfigMap { metadata: { labels: { x: trigger.metadata.labels.x }, annotations: trigger.data } }",
        "generate ConfigMap \"c\" in namespace for ConfigMap { metadata: { annotations: { x: trigger.metadata.labels.x, k: trigger.data.k } } }",
    ] {
        let compiled = compile(source).unwrap_or_else(|said| panic!("{said:?}"));
        let yaml = compiled.legacy.as_ref().unwrap_or_else(|said| panic!("{said:?}"));
        let set = oracle.load(&[yaml]);
        assert!(set.refused.is_empty(), "{:?}\n{yaml}", set.refused);
        let objects = [data("k", text), data(text, "v"), data("k", "$(a)"), data("k", "v")];
        for (object, answer) in objects.iter().zip(set.evaluate(&objects, &request())) {
            let is_error = answer.rows.iter().any(|row| row.status == "error");
            let same = plain(&answer.generated) == plain(&compiled.generate(object, &request()));
            assert!(if is_error { answer.generated.is_empty() } else { same }, "{answer:?}\n{yaml}");
            assert!(!is_error || *object != objects[3], "{answer:?}\n{yaml}");
        }
    }
}

/// Copies of objects of a cluster: ours from a recorded one, and Kyverno's of both outputs.
#[test]
fn copies_are_those_that_the_source_says() {
    let object = |kind: &str, namespace: &str, name: &str, labels: Value| {
        json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "data": {"a": "YQ=="}})
    };
    let world = vec![
        object("Secret", "default", "regcred", json!({"share": "yes"})),
        object("Secret", "default", "other", json!({"share": "no"})),
        object("Secret", "kube-system", "regcred", json!({"share": "yes"})),
        object("ConfigMap", "default", "roots", json!({"share": "yes", "app": "web"})),
    ];
    let cases: &[(&str, &[(&str, &str)])] = &[
        (
            r#"generate copy of Secret "regcred" in "default" into trigger.metadata.name for Namespace"#,
            &[("Secret", "regcred")],
        ),
        (
            r#"generate copy of Secret, ConfigMap in "default" where label.share == "yes" into trigger.metadata.name for Namespace"#,
            &[("Secret", "regcred"), ("ConfigMap", "roots")],
        ),
        (
            r#"generate copy of ConfigMap in "default" where label.share == "yes" and label.app == "web" into trigger.metadata.name for Namespace where label.team == "ml""#,
            &[("ConfigMap", "roots")],
        ),
    ];
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "ml"}}});
    for (source, wanted) in cases {
        let compiled =
            compile(&format!("policy copies {{ {source} }}\n")).unwrap_or_else(|said| panic!("{said:#?}"));
        let known = Request { cluster: world.clone(), ..request() };
        let ours = plain(&compiled.generate(&namespace, &known));
        assert_eq!(ours.as_object().map(Map::len), Some(wanted.len()), "{source}: {ours}");
        for yaml in [&compiled.legacy, &compiled.successor] {
            let yaml = yaml.as_ref().unwrap_or_else(|said| panic!("{source}: {said:?}"));
            let Some(oracle) = Oracle::shared() else { continue };
            let set = oracle.load_with(&[yaml], &known);
            assert!(set.refused.is_empty(), "{:?}\n{yaml}", set.refused);
            let answers = set.evaluate(std::slice::from_ref(&namespace), &known);
            let mut made: Vec<(&str, &str)> = Vec::new();
            for object in &answers[0].generated {
                assert_eq!(object["metadata"]["namespace"], "shop", "{yaml}");
                assert_eq!(object["data"], json!({"a": "YQ=="}), "{yaml}");
                made.push((
                    object["kind"].as_str().unwrap_or_default(),
                    object["metadata"]["name"].as_str().unwrap_or_default(),
                ));
            }
            assert_eq!(&made, wanted, "{:?}\n{yaml}", answers[0]);
            assert_eq!(plain(&answers[0].generated), ours, "{yaml}");
        }
    }
}
