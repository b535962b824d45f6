//! Mutations of Kyverno's policies as they are: the object that `aipc-kyverno` makes by a patch is the one that Kyverno
//! makes, or its refusal says the same.
//!
//! Without Kyverno the outcomes are compared with digests of its own.

use super::{admissible, give_namespace};
use crate::support::oracle::{Answer, Oracle, Request};
use crate::support::parallel::in_parallel;
use crate::support::random::Random;
use crate::support::recording::Digests;
use crate::support::resources::{KINDS, Profile};
use aipc_kyverno::json::{Escape, Json};
use aipc_kyverno::mutate::{PatchError, Patched, patch_json, patch_strategic};
use aipc_runtime::document::Document;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

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
        self.objects.iter().map(|object| outcome(&self.patch, object)).collect()
    }
}

fn outcome(patch: &Patch, object: &Value) -> Value {
    let document = Document::from_json(object);
    let object = Json::of(&document);
    let patched = match patch {
        Patch::Strategic(patch) => {
            let patch = Document::from_json(patch);
            patch_strategic(&object, &Json::of(&patch).with_integers())
        }
        Patch::Json(text) => patch_json(&object, text),
    };
    match patched {
        Ok(Patched::Unchanged) => json!({"skip": "no patches applied"}),
        Ok(Patched::Changed(object)) => {
            json!({"pass": serde_json::from_str::<Value>(&object.to_json(Escape::Plain)).expect("it is JSON")})
        }
        Err(PatchError::Refused(why)) => json!({"error": format!("failed to patch resource: {why}")}),
        Err(PatchError::Panic(why)) => json!({"panic": why}),
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
        metadata.retain(|key, value| !key.contains("name") && !(key.contains("labels") && value.is_string()));
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
