//! Public policies of Kyverno as they are: the results of our engine, rule by rule in Kyverno's words, beside Kyverno's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aipc_compiler::kubernetes::{Cluster, KindLookup};
use aipc_kyverno::context::{Queries, World};
use aipc_kyverno::engine::{Engine, Request, Status};
use aipc_kyverno::json::Json;
use aipc_kyverno::matching::UserInfo;
use aipc_kyverno::object::as_read;
use aipc_kyverno::policy::{self, Policy};
use aipc_project::kyverno_test;
use aipc_runtime::document::{self, Document};
use aipc_runtime::value::Time;
use serde_json::Value;

use super::ports::{corpus, objects};
use crate::support::oracle::{self, Operation, Oracle};
use crate::support::parallel::in_parallel;
use crate::support::resources::mutate;

/// Resources of each policy, at least.
const RESOURCES: usize = 300;

/// A rule with its status.
type Row = (String, String);

/// Nothing is known but the objects.
pub(super) struct Nothing;

impl World for Nothing {}

/// A file of the corpus with its policies and what they are tested with.
struct Case {
    name: String,
    yaml: String,
    resources: Vec<Value>,
}

/// The policies of the corpus that are ClusterPolicy or Policy, without those written in CEL.
fn cases(corpus: &Path) -> Vec<Case> {
    let mut files = Vec::new();
    walk(corpus, &mut files);
    let mut cases = Vec::new();
    for file in files {
        let Ok(yaml) = std::fs::read_to_string(&file) else { continue };
        let is_classic = yaml.contains("kind: ClusterPolicy") || yaml.contains("kind: Policy\n");
        if !is_classic || !yaml.contains("kyverno.io/") || yaml.contains("cel:") {
            continue;
        }
        let folder = file.parent().unwrap_or(corpus);
        let mut resources = Vec::new();
        for tests in [".kyverno-test", ".chainsaw-test"] {
            let mut inside = Vec::new();
            walk_all(&folder.join(tests), &mut inside);
            resources.extend(inside.iter().flat_map(|file| objects(file)));
        }
        let name = file.strip_prefix(corpus).unwrap_or(&file).with_extension("").display().to_string();
        cases.push(Case { name, yaml, resources });
    }
    cases
}

/// The YAML files below a folder, without the folders of tests.
fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() && !name.starts_with('.') {
            walk(&entry, found);
        } else if name.ends_with(".yaml") && name != "kyverno-test.yaml" {
            found.push(entry);
        }
    }
}

fn walk_all(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            walk_all(&entry, found);
        } else if entry.extension().is_some_and(|ending| ending == "yaml") {
            found.push(entry);
        }
    }
}

/// Whether objects of a kind have a namespace; those of unknown kinds do.
fn is_namespaced(cluster: &Cluster, object: &Value) -> bool {
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    match cluster.kind(&format!("{}/{}", text("apiVersion"), text("kind"))) {
        KindLookup::Found(kind) => cluster.kind_of(kind).namespaced,
        _ => true,
    }
}

/// Our rows for one object; `None` if anything could not be evaluated.
fn ours(
    policies: &[Policy],
    queries: &Queries,
    cluster: &Cluster,
    object: &Value,
    old: Option<&Value>,
    request: &oracle::Request,
) -> Option<Vec<Row>> {
    let engine = Engine { queries, world: &Nothing };
    let namespace = |object: &Value| is_namespaced(cluster, object).then_some("default");
    let document = Document::from_json(object);
    let read = as_read(&Json::of(&document), namespace(object));
    let old_document = old.map(Document::from_json);
    let old =
        old_document.as_ref().zip(old).map(|(document, old)| as_read(&Json::of(document), namespace(old)));
    let user = request.user_info.as_ref().map_or_else(UserInfo::default, |user| UserInfo {
        username: user.username.clone(),
        groups: user.groups.clone(),
        roles: user.roles.clone(),
        cluster_roles: user.cluster_roles.clone(),
    });
    let (operation, object, old) = match request.operation {
        None | Some(Operation::Create) => ("CREATE", Some(read), None),
        Some(Operation::Update) => ("UPDATE", Some(read.clone()), Some(old.unwrap_or(read))),
        Some(Operation::Delete) => ("DELETE", None, Some(old.unwrap_or(read))),
    };
    let labels = request.namespace_labels.clone().unwrap_or_default();
    let labels: BTreeMap<&str, &str> = labels.iter().map(|(key, value)| (&**key, &**value)).collect();
    let asked = Request {
        object,
        old_object: old,
        operation,
        user: &user,
        has_user: request.user_info.is_some(),
        namespace_labels: &labels,
        values: Vec::new(),
        now: Time::from_unix(1_800_000_000, 0),
    };
    let mut rows = Vec::new();
    for policy in policies {
        for response in engine.validate(policy, &asked) {
            if response.status == Status::NotEvaluated {
                return None;
            }
            rows.push((response.rule, response.status.word().to_owned()));
        }
    }
    rows.sort();
    Some(rows)
}

fn theirs(answer: &oracle::Answer) -> Vec<Row> {
    let mut rows: Vec<Row> = answer.rows.iter().map(|row| (row.rule.clone(), row.status.clone())).collect();
    rows.sort();
    rows
}

/// A cause of differences that is Kyverno's: what it is, the policy, and whether an object has it.
type Cause = (&'static str, &'static str, fn(&Value) -> bool);

const CAUSES: &[Cause] = &[(
    "a key with a wildcard stands for any one of the keys that match, which Kyverno picks at random",
    "disallow-ingress-nginx-custom-snippets",
    |object| {
        let annotations = object["metadata"]["annotations"].as_object();
        annotations.is_some_and(|it| it.keys().filter(|key| key.starts_with("nginx.org/")).count() > 1)
    },
)];

/// What came of one case.
#[derive(Default)]
struct Compared {
    pairs: usize,
    not_evaluated: usize,
    /// Only one of us takes the policies.
    refusal: Option<String>,
    refused_by_both: bool,
    needs_a_cluster: bool,
    explained: usize,
    differences: Vec<String>,
}

fn requests() -> Vec<oracle::Request> {
    let user = oracle::UserInfo {
        username: "system:serviceaccount:team:bot".to_owned(),
        groups: vec!["system:authenticated".to_owned()],
        roles: vec!["team:editor".to_owned()],
        cluster_roles: vec!["view".to_owned()],
    };
    let plain = oracle::Request::default();
    vec![
        plain.clone(),
        oracle::Request { operation: Some(Operation::Update), ..plain.clone() },
        oracle::Request { operation: Some(Operation::Delete), ..plain.clone() },
        oracle::Request {
            user_info: Some(user),
            namespace_labels: Some(BTreeMap::from([("team".to_owned(), "a".to_owned())])),
            ..plain
        },
    ]
}

fn compare(case: &Case, number: usize, oracle: &Oracle) -> Compared {
    let mut compared = Compared::default();
    let read = document::read(&case.name, case.yaml.as_bytes(), &Default::default());
    let mut policies = Vec::new();
    let mut faults = Vec::new();
    for resource in &read.resources {
        if !policy::is_policy(resource.api_version(), resource.kind()) {
            continue;
        }
        match policy::read(resource.document(), resource.root()) {
            Ok(policy) => policies.push(policy),
            Err(found) => {
                faults.extend(found.into_iter().map(|fault| format!("{}: {}", fault.path, fault.message)))
            }
        }
    }
    let is_validation = |policy: &Policy| {
        policy.rules.iter().all(|rule| matches!(rule.body, aipc_kyverno::policy::rule::Body::Validate(_)))
    };
    if faults.is_empty() && !policies.iter().all(is_validation) {
        return compared;
    }
    let set = oracle.load(&[&case.yaml]);
    if let Some(refused) = set.refused.first() {
        compared.needs_a_cluster = refused.reason.contains("has no cluster for context");
        compared.refused_by_both = !faults.is_empty();
        if faults.is_empty() && !compared.needs_a_cluster {
            compared.refusal = Some(format!("{}: only Kyverno refuses: {}", case.name, refused.reason));
        }
        return compared;
    }
    if !faults.is_empty() {
        compared.refusal = Some(format!("{}: only we refuse: {}", case.name, faults.join("; ")));
        return compared;
    }
    if case.resources.is_empty() {
        return compared;
    }
    let mut resources = case.resources.clone();
    for seed in 0..RESOURCES.saturating_sub(resources.len()) {
        resources.push(mutate(&case.resources[seed % case.resources.len()], (number * 10_000 + seed) as u64));
    }
    let queries = Queries::default();
    let cluster = Cluster::newest();
    for (kind, mut request) in requests().into_iter().enumerate() {
        if request.operation == Some(Operation::Update) {
            request.old_resources = (0..resources.len().min(RESOURCES / 5))
                .map(|at| mutate(&resources[at], (number * 777 + at) as u64))
                .collect();
        }
        // Creation is what policies are tested with; the other requests look at some of the resources.
        let some = if kind == 0 { resources.len() } else { resources.len().min(RESOURCES / 5) };
        let resources = &resources[..some];
        let answers = set.evaluate(resources, &request);
        for (at, (resource, answer)) in resources.iter().zip(&answers).enumerate() {
            let old = request.old_resources.get(at);
            compared.pairs += 1;
            let Some(ours) = ours(&policies, &queries, &cluster, resource, old, &request) else {
                compared.not_evaluated += 1;
                continue;
            };
            let theirs = theirs(answer);
            let has = |(_, policy, has): &&Cause| case.name.ends_with(policy) && has(resource);
            if ours != theirs && CAUSES.iter().any(|cause| has(&cause)) {
                compared.explained += 1;
            } else if ours != theirs || answer.error.is_some() {
                let words = format!(
                    "{}: {:?}\n  ours   {ours:?}\n  theirs {theirs:?} {:?}\n  {resource}\n  old {old:?}\n  {:?}",
                    case.name, request.operation, answer.error, answer.rows
                );
                compared.differences.push(words);
            }
        }
    }
    compared
}

#[test]
fn validation_says_what_kyverno_says() {
    let (Some(corpus), Some(oracle)) = (corpus(), Oracle::shared()) else { return };
    let only = std::env::var("AIPC_CASE").unwrap_or_default();
    let mut cases = cases(&corpus);
    cases.retain(|case| case.name.contains(&only));
    let compared = in_parallel(cases.len(), |number| compare(&cases[number], number, oracle));
    let sum = |count: fn(&Compared) -> usize| compared.iter().map(count).sum::<usize>();
    let counts = BTreeMap::from([
        ("policies", cases.len()),
        ("pairs", sum(|it| it.pairs)),
        ("not evaluated", sum(|it| it.not_evaluated)),
        ("refused by both", sum(|it| usize::from(it.refused_by_both))),
        ("need a cluster", sum(|it| usize::from(it.needs_a_cluster))),
        ("explained", sum(|it| it.explained)),
        ("differences", sum(|it| it.differences.len())),
    ]);
    println!("{counts:?}");
    let refusals: BTreeSet<&String> = compared.iter().filter_map(|it| it.refusal.as_ref()).collect();
    for refusal in &refusals {
        println!("{refusal}");
    }
    for case in &compared {
        for difference in case.differences.iter().take(2) {
            println!("{} differences, first: {difference}\n", case.differences.len());
        }
    }
    assert!(refusals.is_empty() && counts["differences"] == 0);
    assert!(only.len() + counts["pairs"] > 10_000, "{counts:?}");
}

/// What Kyverno's command line passes in silence: a rule that the policy does not have, and a patched object that the file
/// does not have.
const SILENT: &[&str] = &[
    "add-ambient-mode-namespace/check-ambient-mode-enabled on istio-test-none-ns",
    "add-ambient-mode-namespace/check-ambient-mode-enabled on istio-test-dis-ns",
    "add-ambient-mode-namespace/check-ambient-mode-enabled on istio-test-en-ns",
    "add-ambient-mode-namespace/check-ambient-mode-enabled on istio-test-alt-ns",
    "add-psa-labels/add-baseline-enforce-restricted-warn on test-fail",
];

/// The tests of the corpus whose policies we run: each row is as it is expected. What we do not do is said, and nothing else.
#[test]
fn tests_of_the_corpus_pass() {
    let Some(corpus) = corpus() else { return };
    let (mut rows, mut incomplete, mut wrong, mut silent) = (0, 0, Vec::new(), Vec::new());
    for path in kyverno_test::discover(&[corpus]) {
        let test = match kyverno_test::read(&path) {
            Ok(test) => test,
            Err(findings) => {
                wrong.push(format!("{}: {findings:?}", path.display()));
                continue;
            }
        };
        let ran = kyverno_test::run(&test, true);
        let strict = kyverno_test::run(&test, false);
        silent.extend(strict.rows.into_iter().filter(|row| row.failure.is_some()).map(|row| row.what));
        let is_undone = |code: &str| ["unsupported-policy", "unsupported-test"].contains(&code);
        wrong.extend(
            ran.findings.iter().filter(|it| !is_undone(it.code)).map(|it| format!("{}: {it:?}", test.name)),
        );
        incomplete += usize::from(!ran.findings.is_empty());
        rows += ran.rows.len();
        let failed = ran.rows.iter().filter_map(|row| Some((row, row.failure.as_ref()?)));
        wrong.extend(
            failed.map(|(row, actual)| {
                format!("{}: {}: wanted {}, {actual}", test.name, row.what, row.expected)
            }),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows >= 1_100, "{rows} rows, {incomplete} tests incomplete");
    assert_eq!(silent, SILENT);
}
