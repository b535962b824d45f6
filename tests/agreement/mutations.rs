//! Mutations: the object that our bytecode makes is the one that Kyverno makes of our ClusterPolicy, and of our
//! MutatingPolicy.
//!
//! Without Kyverno the objects are compared with digests of those that it made.

use super::{admissible, give_namespace};
use crate::support::compile::{Compiled, compile};
use crate::support::oracle::{Numbers, Oracle, Request, UserInfo};
use crate::support::parallel::in_parallel;
use crate::support::recording::Digests;
use crate::support::resources::{Hint, KINDS, Profile};
use serde_json::{Value, json};

const RESOURCES: usize = 100;

/// Rules with what they try: each verb, each kind of list, parents that are missing, keys, conditions, elements.
const RULES: &[(&str, &str)] = &[
    // Fields
    ("set-label", r#"mutate Pod only { set label.owner = "ml" }"#),
    (
        "set-labels",
        r#"mutate Pod only { set label.owner = user.name  set label.use-case = "customer-support-llm" }"#,
    ),
    ("set-dotted-label", r#"mutate Pod only { set label["app.kubernetes.io/managed-by"] = "a/b~c" }"#),
    ("set-of-template", r#"mutate pod { set label.owner = "ml" }"#),
    ("set-number", "mutate Deployment { set spec.replicas = 3 }"),
    ("set-bool", "mutate pod { set spec.automountServiceAccountToken = false }"),
    ("set-deep", "mutate pod { set spec.securityContext.seLinuxOptions.level = \"s0\" }"),
    ("set-object", "mutate pod { set spec.securityContext = { runAsNonRoot: true, runAsUser: 1000 } }"),
    ("set-list", r#"mutate pod { set spec.tolerations = [{ key: "a", operator: "Exists" }] }"#),
    ("set-quantity", "mutate ResourceQuota { set spec.hard[\"requests.cpu\"] = 500m }"),
    ("set-from-field", "mutate Pod only { set label.image = spec.containers[0].name }"),
    ("set-from-missing", "mutate Pod only { set label.node = spec.serviceAccountName }"),
    ("set-text", r#"mutate Pod only { set metadata.annotations.at = "{namespace}/{metadata.name}" }"#),
    ("set-computed-key", r#"mutate Pod only { set metadata.annotations[namespace] = "here" }"#),
    (
        "swap",
        r#"mutate Pod only where has label.app and has label.team { set label.app = label.team  set label.team = label.app }"#,
    ),
    (
        "read-after-write",
        r#"mutate Pod only { set label.app = "new"  set metadata.annotations.app = label.app ?? "none" }"#,
    ),
    (
        "hostile-text",
        r#"mutate Pod only { set metadata.annotations.text = "\{\{ request.object }} $(a) '\" * ? > |" }"#,
    ),
    (
        "yaml-words",
        r#"mutate Pod only { set label.on = "yes"  set label.off = "0644"  set label.y = "null" }"#,
    ),
    // Defaults
    (
        "default-label",
        r#"mutate Namespace { default label["pod-security.kubernetes.io/enforce"] = "baseline" }"#,
    ),
    ("default-user", "mutate resource on create { default annotation.owner = user.name }"),
    ("default-bool", "mutate pod { default spec.securityContext.runAsNonRoot = true }"),
    (
        "default-object",
        r#"mutate pod { default spec.securityContext.seccompProfile = { type: "RuntimeDefault" } }"#,
    ),
    ("default-list", r#"mutate pod { default spec.imagePullSecrets = [{ name: "regcred" }] }"#),
    (
        "default-several",
        "mutate pod { default spec.hostPID = false  default spec.hostIPC = false  set spec.enableServiceLinks = false }",
    ),
    // Removal
    ("remove-field", "mutate pod { remove spec.serviceAccountName }"),
    ("remove-deep", "mutate pod { remove spec.securityContext.runAsUser  remove spec.nodeSelector }"),
    ("remove-label", r#"mutate Pod only { remove label.app  remove label["app.kubernetes.io/name"] }"#),
    // Lists
    ("append-plain", r#"mutate pod { append spec.tolerations = { key: "gpu", operator: "Exists" } }"#),
    ("prepend-plain", r#"mutate pod { prepend spec.tolerations = { key: "gpu", operator: "Exists" } }"#),
    ("append-text", r#"mutate mainContainer { append args = "--safe" }"#),
    (
        "append-keyed",
        r#"mutate pod { append spec.volumes = { name: "v0", emptyDir: { medium: "Memory" } } }"#,
    ),
    ("append-new-volume", r#"mutate pod { append spec.volumes = { name: "aipc-cache", emptyDir: {} } }"#),
    (
        "prepend-container",
        r#"mutate pod { prepend spec.initContainers = { name: "wait", image: "busybox:1" } }"#,
    ),
    ("append-port", "mutate mainContainer { append ports = { containerPort: 80, name: \"web\" } }"),
    ("append-env", r#"mutate container { append env = { name: "HTTP_PROXY", value: "http://proxy:3128" } }"#),
    ("append-secret", r#"mutate pod { append spec.imagePullSecrets = { name: "regcred" } }"#),
    (
        "append-two",
        r#"mutate pod { append spec.tolerations = { key: "a" }  append spec.tolerations = { key: "b" } }"#,
    ),
    (
        "append-from-field",
        r#"mutate pod where has spec.serviceAccountName { append spec.imagePullSecrets = { name: spec.serviceAccountName } }"#,
    ),
    // Elements
    ("element-set", "mutate container { set imagePullPolicy = \"Always\" }"),
    ("element-default", "mutate container { default securityContext.allowPrivilegeEscalation = false }"),
    ("element-where", r#"mutate container where image ~ "*:latest" { set imagePullPolicy = "Always" }"#),
    (
        "element-computed",
        r#"mutate container { set image = "harbor.acme.io/{image.repository}:{image.tag ?? "latest"}" }"#,
    ),
    (
        "element-limits",
        "mutate mainContainer { default resources.limits.memory = resources.requests.memory  default resources.limits.cpu = 2 }",
    ),
    ("element-drop", r#"mutate container { append securityContext.capabilities.drop = "ALL" }"#),
    ("element-remove-field", "mutate container { remove securityContext.privileged  remove livenessProbe }"),
    ("for-remove", "mutate pod { for v in spec.volumes where has v.hostPath { remove v } }"),
    (
        "for-nested",
        "mutate pod { for c in spec.containers { for m in c.volumeMounts where m.mountPath ~ \"/data*\" { set m.readOnly = true } } }",
    ),
    (
        "for-nested-remove",
        "mutate pod { for c in container { for e in c.env where e.name ~ \"*\" { remove e } } }",
    ),
    (
        "for-correlated",
        "mutate Pod only { for v in spec.volumes where has v.hostPath { remove v }  for c in spec.containers { for m in c.volumeMounts where m.name in [v.name for v in spec.volumes where has v.hostPath] { remove m } } }",
    ),
    ("for-map", r#"mutate Pod only { for k, v in metadata.annotations where k ~ "ai/*" { remove v } }"#),
    (
        "for-outside",
        r#"mutate Pod only { for c in spec.containers where c.image ~ "*:*" { set metadata.annotations[c.name] = c.image } }"#,
    ),
    (
        "for-computed",
        r#"mutate Pod only { for word in split(metadata.name, "-") where word != "a" { set metadata.annotations[word] = "word"  append spec.tolerations = { key: word } } }"#,
    ),
    // Conditions
    ("if", r#"mutate pod { if spec.hostNetwork { set spec.dnsPolicy = "ClusterFirstWithHostNet" } }"#),
    (
        "if-else",
        r#"mutate pod { if spec.hostNetwork { set spec.dnsPolicy = "ClusterFirstWithHostNet" }  if not spec.hostNetwork { set spec.dnsPolicy = "ClusterFirst" } }"#,
    ),
    (
        "where",
        r#"mutate Deployment where spec.replicas > 2 and namespace !~ "kube-*" { set metadata.labels.scale = "many" }"#,
    ),
    (
        "if-value",
        r#"mutate container { set imagePullPolicy = if image.tag == "latest" then "Always" else "IfNotPresent" }"#,
    ),
    (
        "let",
        r#"mutate pod { let gone = [v.name for v in spec.volumes where has v.hostPath]  for c in spec.containers { for m in c.volumeMounts where m.name in gone { remove m } } }"#,
    ),
    (
        "service",
        r#"mutate Service where spec.type == "NodePort" { set spec.type = "ClusterIP"  remove spec.externalTrafficPolicy }"#,
    ),
];

fn request() -> Request {
    let user = UserInfo { username: "ann".to_owned(), groups: vec!["ml".to_owned()], ..UserInfo::default() };
    Request { user_info: Some(user), numbers: Numbers::Int64, ..Request::default() }
}

/// A rule's resources: half of them Pods or workloads, the rest of all kinds.
fn resources(number: usize, source: &str) -> Vec<Value> {
    let hints = vec![
        Hint::new("metadata.labels.app", vec![json!("web"), json!("api")]),
        Hint::new("metadata.labels.team", vec![json!("ml"), json!("")]),
        Hint::new("spec.type", vec![json!("NodePort"), json!("ClusterIP")]),
    ];
    // The kind that the rule names, if it names one.
    let named = KINDS.into_iter().find(|kind| source.contains(&format!("mutate {kind} ")));
    let kinds = named.map_or(Profile::workloads().kinds, |kind| vec![kind]);
    let near = Profile { kinds, hints: hints.clone(), ..Profile::workloads() };
    let every = Profile { kinds: KINDS.to_vec(), hints, ..Profile::workloads() };
    let mut resources = admissible(number as u64 * 1000, RESOURCES / 2, &near);
    resources.extend(admissible(number as u64 * 1000 + 900, RESOURCES / 2, &every));
    give_namespace(&mut resources);
    resources
}

/// What we make of each resource.
fn ours(compiled: &Compiled, resources: &[Value], request: &Request) -> Vec<Value> {
    resources.iter().map(|resource| compiled.mutate(resource, request)).collect()
}

struct Tried {
    changed: usize,
    problem: Option<String>,
}

fn try_rule(number: usize, oracle: Option<&Oracle>, digests: &Digests) -> Tried {
    let (name, source) = RULES[number];
    let source = format!("policy mutate-{name} {{ {source} }}\n");
    let compiled = match compile(&source) {
        Ok(compiled) => compiled,
        Err(said) => return Tried { changed: 1, problem: Some(format!("{name}: {said:?}")) },
    };
    let (resources, request) = (resources(number, &source), request());
    let ours = ours(&compiled, &resources, &request);
    let changed = ours.iter().zip(&resources).filter(|(after, before)| after != before).count();
    let mut tried = Tried { changed, problem: None };
    for yaml in [&compiled.legacy, &compiled.successor] {
        let found = match (yaml, oracle) {
            (Err(reasons), _) => Some(format!("{name}: {reasons:?}")),
            (Ok(yaml), Some(oracle)) => live(oracle, name, yaml, &resources, &ours, &request),
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
    resources: &[Value],
    ours: &[Value],
    request: &Request,
) -> Option<String> {
    super::difference(oracle, name, yaml, (resources, ours), request, |answer, before| {
        answer.patched.clone().unwrap_or_else(|| before.clone())
    })
}

#[test]
fn patched_objects_are_those_of_kyverno() {
    let oracle = Oracle::shared();
    let digests = Digests::open("mutations");
    let tried = in_parallel(RULES.len(), |number| try_rule(number, oracle, &digests));
    let problems: Vec<&String> = tried.iter().filter_map(|it| it.problem.as_ref()).collect();
    assert!(
        problems.is_empty(),
        "{} of {} rules:\n{}",
        problems.len(),
        RULES.len(),
        problems.iter().map(|it| it.as_str()).collect::<Vec<_>>().join("\n\n")
    );
    // A rule that changes nothing, or everything alike, would show little.
    let idle: Vec<&str> =
        tried.iter().zip(RULES).filter(|(tried, _)| tried.changed == 0).map(|(_, (name, _))| *name).collect();
    assert!(idle.is_empty(), "{idle:?} change none of their resources");
    digests.close();
}

/// A map that is copied within an object keeps its keys, whatever they look like.
#[test]
fn keys_of_objects_are_no_variables() {
    let Some(oracle) = Oracle::shared() else { return };
    let source = "mutate ConfigMap { default metadata.annotations = data }";
    let compiled = compile(source).unwrap_or_else(|said| panic!("{said:?}"));
    let data = Value::Object(serde_json::Map::from_iter([(
        "{{ request.object.metadata.name }}".to_owned(),
        json!("{{ x }}"),
    )]));
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}, "data": data});
    let ours = ours(&compiled, std::slice::from_ref(&object), &request());
    for yaml in [&compiled.legacy, &compiled.successor] {
        let yaml = yaml.as_ref().unwrap_or_else(|said| panic!("{said:?}"));
        let problem = live(oracle, "keys", yaml, std::slice::from_ref(&object), &ours, &request());
        assert!(problem.is_none(), "{}", problem.unwrap_or_default());
    }
}

/// The ownership policy of the article, as the library says it again: the objects are those that Kyverno makes of the
/// article's YAML.
#[test]
fn ownership_is_that_of_the_article() {
    let source =
        "use \"std/ai/track-ownership\" as library\npolicy track = library.track-ownership-as-written()\n";
    let compiled = compile(source).unwrap_or_else(|said| panic!("{said:#?}"));
    let request = request();
    let pods = Profile { kinds: vec!["Pod"], ..Profile::workloads() };
    let mut resources = admissible(5_000, 500, &pods);
    give_namespace(&mut resources);
    // The article's strategic merge joins elements with the same key, whatever it is about.
    resources.iter_mut().for_each(without_doubles);
    let ours = ours(&compiled, &resources, &request);
    let digests = Digests::open("ownership");
    match Oracle::shared() {
        None => {
            digests.compare("track-ownership", source, &ours).unwrap_or_else(|problem| panic!("{problem}"))
        }
        Some(oracle) => {
            let article = include_str!("../article/3-track-ownership.yaml");
            let own = compiled.legacy.as_ref().unwrap_or_else(|said| panic!("{said:?}"));
            let successor = compiled.successor.as_ref().unwrap_or_else(|said| panic!("{said:?}"));
            for yaml in [article, own.as_str(), successor.as_str()] {
                let problem = live(oracle, "track-ownership", yaml, &resources, &ours, &request);
                assert!(problem.is_none(), "{}", problem.unwrap_or_default());
            }
            digests.note("track-ownership", source, &ours);
        }
    }
    digests.close();
}

/// Takes away elements of lists that have a merge key of one before them.
fn without_doubles(value: &mut Value) {
    const KEYS: [&str; 7] = ["name", "containerPort", "mountPath", "devicePath", "ip", "topologyKey", "uid"];
    match value {
        Value::Array(elements) => {
            let mut kept: Vec<Value> = Vec::new();
            for element in elements.drain(..) {
                let same = |other: &Value| {
                    KEYS.iter().any(|key| !element[key].is_null() && element[key] == other[key])
                };
                if !kept.iter().any(same) {
                    kept.push(element);
                }
            }
            *elements = kept;
            elements.iter_mut().for_each(without_doubles);
        }
        Value::Object(fields) => fields.values_mut().for_each(without_doubles),
        _ => {}
    }
}
