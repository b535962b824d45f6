//! Random rules on random Pods and workloads: Kyverno on our ValidatingPolicy gives what the reference says.

use std::collections::BTreeMap;

use super::build::*;
use super::conditions::Conditions;
use super::reference::World;
use crate::support::oracle::{Numbers, Operation, Oracle, Request, UserInfo};
use crate::support::random::Random;
use crate::support::resources::{Profile, generate_many};
use crate::support::verdict::Verdict;
use aipc_compiler::diagnostic::has_errors;
use aipc_compiler::formats::emit_yaml;
use aipc_compiler::formats::support::{Target as Format, legalize};
use aipc_compiler::ir::*;
use aipc_compiler::source::Sources;
use serde_json::{Value as Json, json};

/// The first seed; each batch takes the next one. A failure names its seed.
const SEED: u64 = 20_261_123;
const RULES_IN_A_BATCH: usize = 20;
const RESOURCES: usize = 20;

#[test]
fn kyverno_gives_the_verdicts_of_the_reference() {
    let Some(oracle) = Oracle::shared() else {
        eprintln!("SKIPPED: set AIPC_ORACLE to the oracle's program to compare CEL with the reference");
        return;
    };
    let back_end = BackEnd { format: Format::Kyverno, nulls: true };
    let batches = std::env::var("AIPC_CEL_BATCHES").ok().and_then(|count| count.parse().ok()).unwrap_or(15);
    let mut compared = 0;
    for batch in 0..batches {
        compared += run(oracle, SEED + batch, &back_end);
    }
    println!("{compared} verdicts agree");
}

/// What writes the policies that are compared.
pub struct BackEnd {
    pub format: Format,
    /// Resources hold nulls, which patterns of ClusterPolicies take for values.
    pub nulls: bool,
}

/// One batch of rules on one batch of resources. Returns how many verdicts were compared. Rules that the target
/// cannot say are left out.
pub fn run(oracle: &Oracle, seed: u64, back_end: &BackEnd) -> usize {
    let mut random = Random::new(seed);
    let mut resources = generate_many(seed * 1000, RESOURCES, &Profile::workloads());
    let old = generate_many(seed * 1000, RESOURCES, &Profile::workloads())
        .iter()
        .enumerate()
        .map(|(at, same)| match random.chance(50) {
            true => same.clone(),
            false => other_of_kind(&resources, at),
        })
        .collect::<Vec<Json>>();
    let texts = texts_in(&resources);
    for resource in &mut resources {
        forget(resource, &mut random, back_end.nulls);
        // Kyverno's command line puts objects without a namespace into this one
        if resource["metadata"]["namespace"].is_null() {
            resource["metadata"]["namespace"] = json!("default");
        }
    }

    let mut sources = Sources::default();
    sources.add("policy.aip", "");
    let mut rules: Vec<Rule> = (0..RULES_IN_A_BATCH).map(|_| random_rule(&mut random, &texts)).collect();
    rules.retain(|rule| {
        let set = PolicySet { policies: vec![policy("p", vec![rule.clone()])], ..PolicySet::default() };
        !has_errors(&legalize(&set, back_end.format)) && emit_yaml(&set, back_end.format, &sources).is_ok()
    });
    let policies: Vec<Policy> = rules
        .iter()
        .enumerate()
        .map(|(number, rule)| policy(&format!("p{number}"), vec![rule.clone()]))
        .collect();
    let set = PolicySet { policies, ..PolicySet::default() };
    let emitted = emit_yaml(&set, back_end.format, &sources).unwrap_or_default();
    let yaml: Vec<&str> = emitted.iter().map(|object| object.yaml.as_str()).collect();
    let loaded = oracle.load(&yaml);
    if let Some(refusal) = loaded.refused.first() {
        let yaml = emitted.iter().find(|object| object.name == refusal.policy).map(|o| o.yaml.as_str());
        panic!("seed {seed}: Kyverno refuses\n{}\n{}", yaml.unwrap_or_default(), refusal.reason);
    }

    let user = json!({"name": "ann", "groups": ["dev", "ops"], "uid": "7"});
    let update = random.chance(40);
    let user = random.chance(50).then_some(user);
    let labels = random.chance(50).then(|| BTreeMap::from([("env".to_owned(), "dev".to_owned())]));
    let mut compared = 0;
    for numbers in [Numbers::Float64, Numbers::Int64] {
        let request = Request {
            cluster: Vec::new(),
            operation: Some(if update { Operation::Update } else { Operation::Create }),
            user_info: user.as_ref().map(|_| UserInfo {
                username: "ann".to_owned(),
                groups: vec!["dev".to_owned(), "ops".to_owned()],
                roles: vec![],
                cluster_roles: vec![],
            }),
            namespace_labels: labels.clone(),
            numbers,
            old_resources: if update { old.clone() } else { vec![] },
            ..Request::default()
        };
        for (at, answer) in loaded.evaluate(&resources, &request).iter().enumerate() {
            let resource = &resources[at];
            let world = World {
                object: resource.clone(),
                subject: template(resource).unwrap_or_default(),
                old_object: update.then(|| template(&old[at]).unwrap_or_default()),
                user: user.clone(),
                namespace_labels: labels.as_ref().map(|labels| json!(labels)),
                ..World::default()
            };
            for (rule, emitted) in rules.iter().zip(&emitted) {
                let expected = expected(rule, resource, &world);
                let rows = answer.rows.iter().filter(|row| row.policy == emitted.name);
                let found = Verdict::of(rows.map(|row| row.status.as_str()));
                let message: Vec<&str> = answer
                    .rows
                    .iter()
                    .filter(|row| row.policy == emitted.name)
                    .map(|row| row.message.as_str())
                    .collect();
                assert!(
                    expected == found,
                    "seed {seed}, {numbers:?}: expected {expected:?}, Kyverno says {found:?} {message:?}\n{}\n{}\nold {}\n{:?}",
                    emitted.yaml,
                    serde_json::to_string(resource).unwrap(),
                    if update { old[at].to_string() } else { String::new() },
                    answer.error,
                );
                compared += 1;
            }
        }
    }
    compared
}

fn expected(rule: &Rule, resource: &Json, world: &World) -> Verdict {
    let kind = resource["kind"].as_str().unwrap_or_default();
    let spoken = rule.targets.iter().any(|target| target.kind.kind == kind) && template(resource).is_some();
    let violated = spoken
        && rule.applies.iter().all(|cond| world.holds(cond))
        && world.holds(&rewrite::violation_of_subject(rule.check().expect("a check")));
    if violated { Verdict::Fail } else { Verdict::Pass }
}

fn random_rule(random: &mut Random, texts: &[String]) -> Rule {
    let depth = random.below(4);
    let targets = match random.below(4) {
        0 => vec![target("", "v1", "Pod", "")],
        1 => vec![target("apps", "v1", "Deployment", "spec! template!")],
        _ => pods(),
    };
    let elements = random.chance(30);
    let applies = random.chance(40);
    let mut conditions = Conditions::new(random, texts);
    let mut rule = rule("r", targets, Cond::constant(true, span()));
    if elements {
        let number = 900;
        rule.check_mut().expect("a check").violation = conditions.condition_of_container(number, depth);
        rule.check_mut().expect("a check").elements = Some(Elements {
            view: "container".to_owned(),
            binder: binder(number),
            source: containers(),
            filter: conditions.condition_of_container(number, 0),
        });
        rule.message.parts = vec![
            TextPart::Value(local(number, "name!", Type::Text)),
            TextPart::Text(" {{ x }} ".to_owned()),
            TextPart::Value(path(Root::Object, "metadata! name", Type::Text)),
        ];
    } else {
        rule.check_mut().expect("a check").violation = conditions.condition(depth);
    }
    if applies {
        rule.applies = vec![conditions.condition(1)];
    }
    rule
}

/// The Pod or the template of one.
fn template(resource: &Json) -> Option<Json> {
    let found = match resource["kind"].as_str() {
        Some("Pod") => resource,
        Some("CronJob") => resource.pointer("/spec/jobTemplate/spec/template")?,
        _ => resource.pointer("/spec/template")?,
    };
    (!found.is_null()).then(|| found.clone())
}

fn other_of_kind(resources: &[Json], at: usize) -> Json {
    let same = |other: &&Json| other["kind"] == resources[at]["kind"];
    resources.iter().rev().find(same).unwrap_or(&resources[at]).clone()
}

/// Texts that stand in the resources.
fn texts_in(resources: &[Json]) -> Vec<String> {
    fn walk(value: &Json, found: &mut Vec<String>) {
        match value {
            Json::String(text) if !found.contains(text) => found.push(text.clone()),
            Json::Array(items) => items.iter().for_each(|item| walk(item, found)),
            Json::Object(map) => map.values().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    resources.iter().filter_map(template).for_each(|template| walk(&template, &mut found));
    found
}

/// Takes optional fields away, or makes them null, which means the same.
fn forget(resource: &mut Json, random: &mut Random, nulls: bool) {
    const OPTIONAL: [&str; 22] = [
        "metadata/labels",
        "metadata/annotations",
        "metadata/labels/app",
        "spec/hostNetwork",
        "spec/priority",
        "spec/securityContext",
        "spec/securityContext/runAsUser",
        "spec/initContainers",
        "spec/ephemeralContainers",
        "spec/nodeSelector",
        "spec/nodeSelector/accelerator",
        "spec/serviceAccountName",
        "spec/containers/0/image",
        "spec/containers/0/securityContext",
        "spec/containers/0/securityContext/capabilities",
        "spec/containers/0/securityContext/privileged",
        "spec/containers/0/ports",
        "spec/containers/0/env",
        "spec/containers/0/resources/limits/cpu",
        "spec/containers/0/resources/limits",
        "spec/containers/0/livenessProbe",
        "spec/containers/0/securityContext/capabilities/add",
    ];
    let place = match resource["kind"].as_str() {
        Some("Pod") => "",
        Some("CronJob") => "/spec/jobTemplate/spec/template",
        _ => "/spec/template",
    };
    for _ in 0..random.below(4) {
        let field = *random.pick(&OPTIONAL);
        let null = random.chance(60) && nulls;
        let Some((parent, key)) =
            format!("{place}/{field}").rsplit_once('/').map(|(p, k)| (p.to_owned(), k.to_owned()))
        else {
            continue;
        };
        let Some(Json::Object(parent)) = resource.pointer_mut(&parent) else { continue };
        match null {
            true => {
                parent.insert(key, Json::Null);
            }
            false => {
                parent.remove(&key);
            }
        }
    }
}
