//! Mutations of Kyverno's policies as they are: the object that `aipc-kyverno` makes by a patch is the one that Kyverno
//! makes, or its refusal says the same.
//!
//! Without Kyverno the outcomes are compared with digests of its own.

use super::kyverno_corpus::Nothing;
use super::ports::{corpus, objects};
use super::{admissible, give_namespace};
use crate::support::oracle::{Answer, Numbers, Operation, Oracle, Request};
use crate::support::parallel::in_parallel;
use crate::support::random::Random;
use crate::support::recording::Digests;
use crate::support::resources::{KINDS, Profile, mutate};
use aipc_compiler::kubernetes::{Cluster, KindLookup};
use aipc_kyverno::context::Queries;
use aipc_kyverno::engine::{self, Engine, Status};
use aipc_kyverno::json::{Escape, Json};
use aipc_kyverno::matching::UserInfo;
use aipc_kyverno::object::as_read;
use aipc_kyverno::policy::rule::Body;
use aipc_kyverno::policy::{self, Policy};
use aipc_runtime::document::{self, Document};
use aipc_runtime::value::Time;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const CASES: usize = 400;
const RESOURCES: usize = 6;

/// A patch, and the objects that it is tried on.
struct Case {
    patch: Patch,
    objects: Vec<Value>,
}

#[derive(Clone, Debug)]
enum Patch {
    Strategic(Value),
    Json(String),
}

impl Case {
    fn policy(&self) -> String {
        let mutate = match &self.patch {
            Patch::Strategic(patch) => json!({"patchStrategicMerge": patch}),
            Patch::Json(text) => json!({"patchesJson6902": text}),
        };
        let kind = &self.objects[0]["kind"];
        json!({
            "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy",
            "metadata": {"name": "p", "annotations": {"pod-policies.kyverno.io/autogen-controllers": "none"}},
            "spec": {"rules": [{"name": "r", "match": {"any": [{"resources": {"kinds": [kind]}}]}, "mutate": mutate}]},
        })
        .to_string()
    }

    /// What we make of each object.
    fn ours(&self) -> Vec<Value> {
        let policy = serde_json::from_str(&self.policy()).expect("it is JSON");
        let document = Document::from_json(&policy);
        let policy = policy::read(&document, document.root());
        let cluster = Cluster::newest();
        let outcome = |object: &Value| match &policy {
            Ok(policy) => outcome(policy, &cluster, object),
            Err(faults) => json!({"refused": faults[0].message}),
        };
        self.objects.iter().map(outcome).collect()
    }
}

fn outcome(policy: &Policy, cluster: &Cluster, object: &Value) -> Value {
    let said = ours_of_policies(std::slice::from_ref(policy), cluster, object, &Request::default());
    let Some(said) = said else { return json!({"panic": ""}) };
    match said.rows.first() {
        None => json!({"none": ""}),
        Some((_, status, _)) if status == "pass" => json!({"pass": said.object}),
        Some((_, status, message)) => json!({status.as_str(): message}),
    }
}

/// What Kyverno made of an object, in the same form.
fn theirs(answer: &Answer, object: &Value) -> Value {
    if let Some(error) = &answer.error {
        return json!({"panic": error});
    }
    match answer.rows.first() {
        None => json!({"none": ""}),
        Some(row) if row.status == "pass" => {
            json!({"pass": answer.patched.clone().unwrap_or_else(|| object.clone())})
        }
        Some(row) => json!({row.status.as_str(): row.message}),
    }
}

fn are_same(ours: &Value, theirs: &Value) -> bool {
    // Go says where in its own memory it was.
    ours == theirs || !ours["panic"].is_null() && !theirs["panic"].is_null()
}

/// How many outcomes there are of each kind, and those that differ.
#[derive(Default)]
struct Tally {
    refused: usize,
    outcomes: BTreeMap<String, usize>,
    problems: Vec<String>,
}

fn compare(suite: &'static str, cases: &[Case]) {
    let oracle = Oracle::shared();
    let digests = Digests::open(suite);
    let each = in_parallel(cases.len(), |number| {
        let case = &cases[number];
        let (policy, ours) = (case.policy(), case.ours());
        let mut tally = Tally::default();
        let source = format!("{policy}\n{}", json!(case.objects));
        let name = number.to_string();
        let Some(oracle) = oracle else {
            tally.problems.extend(digests.compare(&name, &source, &ours).err());
            return tally;
        };
        let set = oracle.load(&[&policy]);
        if !set.refused.is_empty() {
            // Nobody can be asked; the recording only says that nothing changed.
            tally.refused += 1;
            digests.note(&name, &source, &ours);
            return tally;
        }
        let answers = set.evaluate(&case.objects, &Request::default());
        for ((object, ours), answer) in case.objects.iter().zip(&ours).zip(&answers) {
            let theirs = theirs(answer, object);
            let kind = theirs.as_object().and_then(|it| it.keys().next()).cloned();
            *tally.outcomes.entry(kind.unwrap_or_default()).or_default() += 1;
            if !are_same(ours, &theirs) {
                let patch = &case.patch;
                tally.problems.push(format!(
                    "{name}\npatch  {patch:?}\nobject {object}\nours   {ours}\ntheirs {theirs}"
                ));
            }
        }
        digests.note(&name, &source, &ours);
        tally
    });
    let mut whole = Tally::default();
    for tally in each {
        whole.refused += tally.refused;
        whole.problems.extend(tally.problems);
        for (kind, count) in tally.outcomes {
            *whole.outcomes.entry(kind).or_default() += count;
        }
    }
    println!("{suite}: {} policies refused; {:?}", whole.refused, whole.outcomes);
    let shown = whole.problems.iter().take(8).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(whole.problems.is_empty(), "{} differ\n{shown}", whole.problems.len());
    digests.close();
}

/// Keys by which elements of lists are told.
const KEYS: [&str; 12] = [
    "name",
    "containerPort",
    "protocol",
    "port",
    "mountPath",
    "devicePath",
    "ip",
    "topologyKey",
    "whenUnsatisfiable",
    "type",
    "uid",
    "key",
];

/// A patch that has something to do with the object.
fn strategic(random: &mut Random, object: &Value) -> Value {
    let mut patch = Map::new();
    for (key, value) in object.as_object().into_iter().flatten() {
        if key == "metadata" || key != "apiVersion" && key != "kind" && random.chance(90) {
            patch.insert(key.clone(), sketch(random, key, value));
        }
    }
    if let Some(metadata) = patch["metadata"].as_object_mut() {
        metadata.retain(|key, value| !(key.contains("name") || key.contains("labels") && value.is_string()));
        if random.chance(30) {
            let finalizers = json!([random.pick(&["example.com/a", "example.com/b"]), "example.com/c"]);
            metadata.insert("finalizers".to_owned(), finalizers);
        }
    }
    Value::Object(patch)
}

fn sketch(random: &mut Random, key: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => sketch_of_map(random, key, fields),
        Value::Array(elements) => Value::Array(sketch_of_list(random, key, elements)),
        scalar if key == "labels" || key == "annotations" => scalar.clone(),
        scalar => changed(random, scalar),
    }
}

fn sketch_of_map(random: &mut Random, of: &str, fields: &Map<String, Value>) -> Value {
    let only_texts = ["labels", "annotations"].contains(&of);
    let mut out = Map::new();
    for (key, value) in fields {
        if !random.chance(40) {
            continue;
        }
        match random.below(100) {
            0..6 if !only_texts => out.insert(key.clone(), Value::Null),
            6..9 if !only_texts => out.insert(key.clone(), other_kind(random)),
            9..13 => out.insert(format!("+({key})"), value.clone()),
            13..19 => out.insert(format!("({key})"), condition(random, value)),
            19..21 => out.insert(format!("<({key})"), condition(random, value)),
            21..22 => out.insert(format!("=({key})"), value.clone()),
            _ if only_texts => out.insert(key.clone(), json!(*random.pick(&["x", "on", "1"]))),
            _ => out.insert(key.clone(), sketch(random, key, value)),
        };
    }
    if random.chance(15) {
        let added = if only_texts { json!("added") } else { other_kind(random) };
        let key = *random.pick(&["added", "+(added)", "on", "8080"]);
        out.insert(key.to_owned(), added);
    }
    match random.below(100) {
        0..3 if !only_texts => {
            out.insert("$patch".to_owned(), json!(*random.pick(&["delete", "replace", "merge", "other"])));
        }
        3..5 => {
            out.insert("(absent)".to_owned(), json!("x"));
        }
        _ => {}
    }
    Value::Object(out)
}

fn sketch_of_list(random: &mut Random, of: &str, elements: &[Value]) -> Vec<Value> {
    let mut out = Vec::new();
    for element in elements {
        if random.chance(40) {
            continue;
        }
        let mut drawn = sketch(random, of, element);
        if let (Some(drawn), Some(element)) = (drawn.as_object_mut(), element.as_object()) {
            for (key, value) in element.iter().filter(|(key, _)| KEYS.contains(&key.as_str())) {
                drawn.retain(|drawn, _| !(drawn.ends_with(&format!("({key})"))));
                if random.chance(85) {
                    drawn.insert(key.clone(), value.clone());
                } else if random.chance(50) {
                    drawn.remove(key);
                    drawn.insert(format!("({key})"), condition(random, value));
                }
            }
            if random.chance(6) {
                drawn.insert("$patch".to_owned(), json!(*random.pick(&["delete", "replace", "merge"])));
            }
        }
        out.push(drawn);
    }
    if random.chance(30) {
        let element = elements.first().cloned().unwrap_or_else(|| json!({"name": "added"}));
        let mut added = sketch(random, of, &element);
        if let Some(added) = added.as_object_mut() {
            added.insert("name".to_owned(), json!("added"));
        }
        out.push(added);
    }
    match random.below(100) {
        0..6 => out.push(json!({"$patch": random.pick(&["delete", "replace", "merge"])})),
        6..8 => out.push(Value::Null),
        8..10 => out.push(json!({})),
        10..14 => out.push(json!({"(name)": "*", "image": "all:1"})),
        14..16 => out.push(json!({"<(image)": random.pick(&["*:latest", "nginx*", "*"])})),
        16..18 => out.extend(out.first().cloned()),
        _ => {}
    }
    out
}

fn condition(random: &mut Random, value: &Value) -> Value {
    match value {
        Value::Object(_) | Value::Array(_) if random.chance(70) => value.clone(),
        _ if random.chance(40) => json!("*"),
        _ if random.chance(30) => json!("?*"),
        _ if random.chance(20) => json!("other"),
        value => value.clone(),
    }
}

fn changed(random: &mut Random, scalar: &Value) -> Value {
    match scalar {
        _ if random.chance(20) => scalar.clone(),
        Value::String(_) if random.chance(70) => {
            json!(*random.pick(&["a", "yes", "5", "", "1e3", "<&>", "null"]))
        }
        Value::Number(number) if random.chance(70) => json!(number.as_i64().unwrap_or(0) + 1),
        Value::Bool(value) if random.chance(70) => json!(!value),
        _ => [json!("text"), json!(7), json!(1.5), json!(true)][random.below(4)].clone(),
    }
}

fn other_kind(random: &mut Random) -> Value {
    let kinds = [
        json!("text"),
        json!(3),
        json!({}),
        json!([]),
        json!({"a": {}, "b": null, "c": {"d": 1}}),
        json!(["x", 1]),
        json!([{"name": "n", "a": null}]),
    ];
    kinds[random.below(kinds.len())].clone()
}

/// Operations on places of the object, and beside them.
fn operations(random: &mut Random, object: &Value) -> String {
    let mut places = Vec::new();
    collect(object, String::new(), &mut places);
    let count = 1 + random.below(4);
    let list: Vec<Value> = (0..count).map(|_| operation(random, &places)).collect();
    match random.below(3) {
        0 => serde_yaml::to_string(&list).expect("it can be written"),
        1 => serde_json::to_string_pretty(&list).expect("it can be written"),
        _ => json!(list).to_string(),
    }
}

fn operation(random: &mut Random, places: &[String]) -> Value {
    let path = place(random, places);
    let value = match random.below(3) {
        0 => other_kind(random),
        1 => changed(random, &json!("x")),
        _ => {
            [json!(null), json!(1.0), json!(9_007_199_254_740_993_i64), json!("<a>")][random.below(4)].clone()
        }
    };
    match random.below(12) {
        0..5 => json!({"op": "add", "path": path, "value": value}),
        5..7 => json!({"op": "remove", "path": path}),
        7..9 => json!({"op": "replace", "path": path, "value": value}),
        9 => json!({"op": "move", "from": place(random, places), "path": path}),
        10 => json!({"op": "copy", "from": place(random, places), "path": path}),
        _ => json!({"op": "test", "path": path, "value": value}),
    }
}

fn place(random: &mut Random, places: &[String]) -> String {
    let place = random.pick(places).clone();
    // Kind and name tell which object an answer is about.
    if ["/kind", "/apiVersion", "/metadata", "/metadata/name", "/metadata/namespace"]
        .contains(&place.as_str())
    {
        return "/spec/added".to_owned();
    }
    let tails = [
        "/-",
        "/0",
        "/-1",
        "/1",
        "/new",
        "/new/deep",
        "/2/deep",
        "/-/deep",
        "/a~1b",
        "/x/-2/y",
        "",
        "/",
        "/-3",
        "/01",
    ];
    match random.below(100) {
        0..65 => place,
        65..88 => format!("{place}{}", random.pick(&tails)),
        88..94 => {
            let parent = place.rsplit_once('/').map_or("", |(parent, _)| parent);
            if ["", "/metadata"].contains(&parent) { "/spec/-".to_owned() } else { format!("{parent}/-1") }
        }
        94..97 => format!("/spec/nothing{}", random.pick(&tails)),
        _ => format!("{place}~1z"),
    }
}

fn collect(value: &Value, path: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                collect(value, format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                collect(value, format!("{path}/{index}"), places);
            }
        }
        _ => {}
    }
    if !path.is_empty() {
        places.push(path);
    }
}

/// Cases whose patches are made for the first of their objects.
fn cases(make: impl Fn(&mut Random, &Value) -> Patch) -> Vec<Case> {
    (0..CASES)
        .map(|number| {
            let kinds = vec![KINDS[number % KINDS.len()]];
            let profile = Profile { admissible: true, kinds, hints: Vec::new() };
            let mut objects = admissible(70_000 + number as u64 * 10, RESOURCES, &profile);
            give_namespace(&mut objects);
            if number % 9 == 0 {
                for object in &mut objects {
                    object["apiVersion"] = json!("example.com/v1");
                    object["kind"] = json!("Thing");
                    object["metadata"]["namespace"] = json!("default");
                }
            }
            let mut random = Random::new(number as u64);
            Case { patch: make(&mut random, &objects[0]), objects }
        })
        .collect()
}

#[test]
fn strategic_merge_patches() {
    let cases = cases(|random, object| Patch::Strategic(strategic(random, object)));
    compare("kyverno_strategic_patches", &cases);
}

#[test]
fn json_patches() {
    let cases = cases(|random, object| Patch::Json(operations(random, object)));
    compare("kyverno_json_patches", &cases);
}

/// A rule with its status and its message.
type Row = (String, String, String);

/// What is said of a request, and what becomes of the objects.
struct Said {
    rows: Vec<Row>,
    /// None after a failure.
    object: Option<Value>,
    /// Existing objects that changed.
    targets: Vec<Value>,
}

/// A row without what a reader of YAML says of text that it cannot read, for which ours has its own words.
fn row(rule: &str, status: &str, message: &str) -> Row {
    const UNREAD: &str = "failed to convert patchesJSON6902 to JSON";
    let end = message.find(UNREAD).map_or(message.len(), |at| at + UNREAD.len());
    (rule.to_owned(), status.to_owned(), message[..end].to_owned())
}

/// Rows without the name of a variable that is not there: of several, Kyverno names the one it meets first in a
/// map, which it goes through in any order.
fn without_variables(rows: &mut [Row]) {
    const UNRESOLVED: &str = "variable substitution failed";
    for (_, _, message) in rows {
        let end = message.find(UNRESOLVED).map_or(message.len(), |at| at + UNRESOLVED.len());
        message.truncate(end);
    }
}

/// A file with policies, and the objects that they are tested with.
struct File {
    name: String,
    yaml: String,
    objects: Vec<Value>,
}

/// Files with mutation rules of ClusterPolicy and Policy.
fn files(corpus: &Path) -> Vec<File> {
    let (mut all, mut found) = (Vec::new(), Vec::new());
    yaml_files(corpus, &mut all);
    for file in all {
        let Ok(yaml) = std::fs::read_to_string(&file) else { continue };
        let inside = file.strip_prefix(corpus).unwrap_or(&file);
        let in_tests = inside.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'));
        let is_classic = yaml.contains("kind: ClusterPolicy") || yaml.contains("kind: Policy\n");
        if in_tests || !is_classic || !yaml.contains("mutate:") {
            continue;
        }
        let folder = file.parent().unwrap_or(corpus);
        let mut beside = Vec::new();
        for tests in [".kyverno-test", ".chainsaw-test"] {
            yaml_files(&folder.join(tests), &mut beside);
        }
        let objects = beside.iter().flat_map(|file| objects(file)).collect();
        let name = inside.display().to_string();
        found.push(File { name, yaml, objects });
    }
    found
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            yaml_files(&entry, found);
        } else if entry.extension().is_some_and(|ending| ending == "yaml") {
            found.push(entry);
        }
    }
}

/// What all policies make of an object, one after another; `None` if anything could not be evaluated.
fn ours_of_policies(
    policies: &[Policy],
    cluster: &Cluster,
    object: &Value,
    request: &Request,
) -> Option<Said> {
    let queries = Queries::default();
    let engine = Engine { queries: &queries, world: &Nothing };
    let documents: Vec<Document> = request.world.iter().map(Document::from_json).collect();
    let world: Vec<Json<'_>> = documents
        .iter()
        .zip(&request.world)
        .map(|(document, object)| taken(document, object, cluster, request))
        .collect();
    let document = Document::from_json(object);
    let read = taken(&document, object, cluster, request);
    let is_update = request.operation == Some(Operation::Update);
    let (user, labels) = (UserInfo::default(), BTreeMap::new());
    let about = |object| asked(object, is_update.then(|| read.clone()), &user, &labels);
    let mut responses = Vec::new();
    let mut current = Some(read.clone());
    for policy in policies {
        let Some(object) = current else { break };
        let mutation = engine.mutate(policy, &about(object));
        responses.extend(mutation.responses);
        current = mutation.object;
    }
    let mut targets = Vec::new();
    if let Some(object) = &current {
        for policy in policies {
            for existing in engine.mutate_existing(policy, &about(object.clone()), &world) {
                responses.push(existing.response);
                targets.extend(existing.changed.as_ref().map(value_of));
            }
        }
    }
    if responses.iter().any(|response| response.status == Status::NotEvaluated) {
        return None;
    }
    let rows = responses.iter().map(|it| row(&it.rule, it.status.word(), &it.message)).collect();
    Some(Said { rows, object: current.as_ref().map(value_of), targets })
}

/// The request for an object, an update if there is an old one.
fn asked<'a, 'c>(
    object: Json<'a>,
    old_object: Option<Json<'a>>,
    user: &'c UserInfo,
    labels: &'c BTreeMap<&'c str, &'c str>,
) -> engine::Request<'a, 'c> {
    engine::Request {
        object: Some(object),
        operation: if old_object.is_some() { "UPDATE" } else { "CREATE" },
        old_object,
        user,
        has_user: false,
        namespace_labels: labels,
        values: Vec::new(),
        now: Time::from_unix(1_800_000_000, 0),
    }
}

/// An object as the command line takes it from a file.
fn taken<'d>(document: &'d Document, object: &Value, cluster: &Cluster, request: &Request) -> Json<'d> {
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    let is_namespaced = match cluster.kind(&format!("{}/{}", text("apiVersion"), text("kind"))) {
        KindLookup::Found(kind) => cluster.kind_of(kind).namespaced,
        _ => true,
    };
    let read = as_read(&Json::of(document), is_namespaced.then_some("default"));
    if request.numbers == Numbers::Int64 { read.with_integers() } else { read }
}

fn value_of(object: &Json<'_>) -> Value {
    serde_json::from_str(&object.to_json(Escape::Plain)).expect("it is JSON")
}

/// What differs between ours and theirs, in words.
fn difference(ours: &Said, answer: &Answer, is_mutation: impl Fn(&str) -> bool) -> Option<String> {
    let rows = answer.rows.iter().filter(|it| is_mutation(&it.rule));
    let mut theirs: Vec<Row> = rows.map(|it| row(&it.rule, &it.status, &it.message)).collect();
    // Kyverno lists existing objects in any order.
    let sorted = |values: &[Value]| {
        let mut values: Vec<String> = values.iter().map(sorted_text).collect();
        values.sort();
        values
    };
    let mut rows = ours.rows.clone();
    without_variables(&mut rows);
    without_variables(&mut theirs);
    if !answer.targets.is_empty() || !ours.targets.is_empty() {
        rows.sort();
        theirs.sort();
    }
    // Without a change the oracle does not show the object.
    let is_same = answer.patched.is_none() || answer.patched == ours.object;
    let are_same = sorted(&ours.targets) == sorted(&answer.targets);
    (rows != theirs || !is_same || !are_same || answer.error.is_some()).then(|| {
        format!(
            "  ours   {rows:?}\n  theirs {theirs:?} {:?}\n  ours   {}\n  theirs {}\n  ours   {}\n  theirs {}",
            answer.error,
            json!(ours.object),
            json!(answer.patched),
            json!(ours.targets),
            json!(answer.targets),
        )
    })
}

fn sorted_text(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    value.to_string()
}

/// Objects each of which is another one for a cluster.
fn without_doubles(objects: &[Value]) -> Vec<Value> {
    let id = |object: &Value| {
        let metadata = &object["metadata"];
        let namespace = metadata["namespace"].as_str().unwrap_or("default").to_owned();
        (object["kind"].to_string(), namespace, metadata["name"].to_string())
    };
    let mut kept: Vec<Value> = Vec::new();
    for object in objects {
        if !kept.iter().any(|known| id(known) == id(object)) {
            kept.push(object.clone());
        }
    }
    kept
}

/// How many changed objects each policy is tried on.
fn variants() -> usize {
    std::env::var("AIPC_VARIANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(40)
}

#[derive(Default)]
struct Compared {
    pairs: usize,
    changed: usize,
    not_evaluated: usize,
    refused: Vec<String>,
    problems: Vec<String>,
}

/// Rules about existing objects: how targets are chosen, and what a rule knows of them.
const EXISTING: &[&str] = &[
    r#"
    mutate:
      targets: [{apiVersion: apps/v1, kind: Deployment}]
      patchStrategicMerge: {metadata: {labels: {from: "{{ request.object.metadata.name }}", of: "{{ target.metadata.name }}"}}}
"#,
    r#"
    mutate:
      targets:
        - {apiVersion: v1, kind: ConfigMap, namespace: "{{ request.object.metadata.namespace }}", name: "*"}
        - {apiVersion: v1, kind: Secret, name: "{{ request.object.metadata.name }}"}
      patchStrategicMerge: {metadata: {annotations: {+(seen): "yes"}}}
"#,
    r#"
    mutate:
      targets:
        - apiVersion: v1
          kind: Pod
          selector: {matchExpressions: [{key: app, operator: Exists}]}
          context: [{name: first, variable: {jmesPath: "target.spec.containers[0].image"}}]
          preconditions: {all: [{key: "{{ first }}", operator: NotEquals, value: "*nginx*", message: "nginx in {{ first }}"}]}
      patchesJson6902: |
        - {op: add, path: /metadata/annotations/image, value: "{{ first }}"}
"#,
    r#"
    mutate:
      targets: [{apiVersion: apps/v1, kind: StatefulSet}]
      foreach:
        - list: target.spec.template.spec.containers
          patchStrategicMerge: {spec: {template: {spec: {containers: [{name: "{{ element.name }}", env: [{name: N, value: "{{ elementIndex }}"}]}]}}}}
"#,
    r#"
    mutate:
      targets: [{apiVersion: v1, kind: ConfigMap, namespace: default, name: nowhere}]
      patchStrategicMerge: {data: {a: "{{ request.object.spec.none }}"}}
"#,
    r#"
    mutate:
      targets: [{apiVersion: v1, kind: Service, name: "{{ request.object.metadata.none }}"}]
      patchStrategicMerge: {spec: {type: ClusterIP}}
"#,
    r#"
    mutate:
      targets: [{apiVersion: v1, kind: Service}]
      patchStrategicMerge: {spec: {ports: [{(port): 80, name: "{{ @ }}"}], +(type): ClusterIP, sessionAffinity: null}}
"#,
];

#[test]
fn existing_objects() {
    let Some(oracle) = Oracle::shared() else { return };
    let compared = in_parallel(EXISTING.len(), |number| {
        let head = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  background: false\n  rules:\n  - name: r\n    match: {any: [{resources: {kinds: [ConfigMap, Pod]}}]}";
        let yaml = format!("{head}{}", EXISTING[number]);
        let mut objects = admissible(number as u64 * 1000, 60, &Profile::all());
        give_namespace(&mut objects);
        compare_file(&File { name: format!("existing {number}"), yaml, objects }, number, oracle)
    });
    report(&compared);
    assert!(compared.iter().all(|it| it.refused.is_empty()));
    assert!(compared.iter().map(|it| it.changed).sum::<usize>() > 50);
}

fn compare_file(file: &File, number: usize, oracle: &Oracle) -> Compared {
    let mut compared = Compared::default();
    let read = document::read(&file.name, file.yaml.as_bytes(), &Default::default());
    let (mut policies, mut faults) = (Vec::new(), Vec::new());
    for resource in &read.resources {
        if policy::is_policy(resource.api_version(), resource.kind()) {
            match policy::read(resource.document(), resource.root()) {
                Ok(policy) => policies.push(policy),
                Err(found) => {
                    faults.extend(found.into_iter().map(|it| format!("{}: {}", it.path, it.message)))
                }
            }
        }
    }
    let set = oracle.load(&[&file.yaml]);
    let refused: Vec<&str> = set.refused.iter().map(|refused| refused.reason.as_str()).collect();
    if !refused.is_empty() || !faults.is_empty() {
        // What needs a cluster is refused by the oracle, not by Kyverno.
        if refused.is_empty() == faults.is_empty() || refused.iter().any(|it| it.contains("has no cluster")) {
            compared.refused.push(file.name.clone());
        } else {
            compared.problems.push(format!("{}: ours {faults:?}, theirs {refused:?}", file.name));
        }
        return compared;
    }
    let mutating: Vec<&str> = policies
        .iter()
        .flat_map(|policy| policy.rules_for_all())
        .filter(|rule| matches!(rule.body, Body::Mutate(_)))
        .map(|rule| rule.name.as_str())
        .collect();
    let mut objects = file.objects.clone();
    let profile = Profile { hints: Vec::new(), ..Profile::workloads() }.aimed_at(&file.yaml);
    objects.extend(admissible(number as u64 * 1000, 12, &profile));
    let written = objects.len();
    for seed in 0..variants() {
        objects.push(mutate(&objects[seed % written], (number * 10_000 + seed) as u64));
    }
    let cluster = Cluster::newest();
    let is_about_existing = policies
        .iter()
        .flat_map(|policy| &policy.rules)
        .any(|rule| matches!(&rule.body, Body::Mutate(mutate) if !mutate.targets.is_empty()));
    let world = if is_about_existing { without_doubles(&objects[..written]) } else { Vec::new() };
    let plain = Request { world, ..Request::default() };
    let requests = [
        plain.clone(),
        Request { numbers: Numbers::Int64, ..plain.clone() },
        Request { operation: Some(Operation::Update), ..plain },
    ];
    for (index, request) in requests.iter().enumerate() {
        // Creation is what policies are tested with; the other requests look at some of the objects.
        let objects = if index == 0 { &objects[..] } else { &objects[..objects.len().min(variants() / 2)] };
        let answers = set.evaluate(objects, request);
        for (object, answer) in objects.iter().zip(&answers) {
            compared.pairs += 1;
            let Some(ours) = ours_of_policies(&policies, &cluster, object, request) else {
                compared.not_evaluated += 1;
                continue;
            };
            compared.changed += usize::from(answer.patched.is_some()) + answer.targets.len();
            if let Some(difference) = difference(&ours, answer, |rule| mutating.contains(&rule)) {
                let operation = request.operation;
                compared
                    .problems
                    .push(format!("{} {operation:?}\n{difference}\n  object {object}", file.name));
            }
        }
    }
    compared
}

#[test]
fn public_policies() {
    let (Some(corpus), Some(oracle)) = (corpus(), Oracle::shared()) else { return };
    let only = std::env::var("AIPC_CASE").unwrap_or_default();
    let mut files = files(&corpus);
    files.retain(|file| file.name.contains(&only));
    let compared = in_parallel(files.len(), |number| compare_file(&files[number], number, oracle));
    report(&compared);
    assert!(only.len() + compared.iter().map(|it| it.changed).sum::<usize>() > 1000);
}

fn report(compared: &[Compared]) {
    let sum = |count: fn(&Compared) -> usize| compared.iter().map(count).sum::<usize>();
    println!(
        "{} files, {} not to be compared, {} pairs, {} changed, {} not evaluated",
        compared.len(),
        sum(|it| it.refused.len()),
        sum(|it| it.pairs),
        sum(|it| it.changed),
        sum(|it| it.not_evaluated),
    );
    for refused in compared.iter().flat_map(|it| &it.refused) {
        println!("not to be compared: {refused}");
    }
    let problems: Vec<String> = compared
        .iter()
        .filter_map(|it| Some(format!("{} of {}\n{}", it.problems.len(), it.pairs, it.problems.first()?)))
        .collect();
    assert!(problems.is_empty(), "{} files differ\n{}", problems.len(), problems.join("\n\n"));
}
