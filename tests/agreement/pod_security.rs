//! The Pod Security Standards of the library: each policy three ways, and those of public ClusterPolicies of the same
//! intent verdict for verdict, on the resources that those are tested with and on changed ones.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::{admissible, complete};
use crate::support::compile::{Compiled, compile};
use crate::support::judge::Judge;
use crate::support::oracle::Request;
use crate::support::resources::{Profile, WORKLOADS, mutate};
use crate::support::three_ways::{ThreeWays, is_clean};
use crate::support::verdict::Verdict;

const RESOURCES: usize = 200;

/// The policies of the library.
const POLICIES: [(&str, &[&str]); 2] = [
    (
        "baseline",
        &[
            "disallow-host-process",
            "disallow-host-namespaces",
            "disallow-privileged-containers",
            "disallow-capabilities",
            "disallow-host-path",
            "disallow-host-ports",
            "disallow-probe-hosts",
            "restrict-apparmor-profiles",
            "disallow-selinux",
            "disallow-proc-mount",
            "restrict-seccomp",
            "restrict-sysctls",
        ],
    ),
    (
        "restricted",
        &[
            "restrict-volume-types",
            "disallow-privilege-escalation",
            "require-run-as-nonroot",
            "require-run-as-non-root-user",
            "require-seccomp",
            "disallow-capabilities-strict",
        ],
    ),
];

/// A ClusterPolicy of the corpus, the policy of ours with its intent, and where they differ.
struct Port {
    level: &'static str,
    /// The name of ours, of the folder and of the file.
    name: &'static str,
    /// Published causes of a difference: what they are, and whether a resource has it.
    causes: &'static [(&'static str, fn(&str) -> bool)],
}

const PORTS: [Port; 8] = [
    Port { level: "baseline", name: "disallow-host-ports", causes: &[] },
    Port { level: "baseline", name: "disallow-proc-mount", causes: &[] },
    Port {
        level: "baseline",
        name: "disallow-selinux",
        causes: &[
            ("the standard lets the fields be empty", |json| {
                [r#""type":"""#, r#""user":"""#, r#""role":"""#].iter().any(|it| json.contains(it))
            }),
            ("the standard allows container_engine_t since 1.31", |json| json.contains("container_engine_t")),
        ],
    },
    Port {
        level: "baseline",
        name: "restrict-apparmor-profiles",
        causes: &[("ours sees the field that took the annotation's place", |json| {
            json.contains("appArmorProfile")
        })],
    },
    Port {
        level: "baseline",
        name: "restrict-sysctls",
        causes: &[("the standard allows more sysctls since 1.27", |json| {
            json.contains("net.ipv4.ip_local_reserved_ports") || json.contains("net.ipv4.tcp_")
        })],
    },
    Port { level: "restricted", name: "disallow-privilege-escalation", causes: WINDOWS },
    Port { level: "restricted", name: "require-run-as-nonroot", causes: &[] },
    Port {
        level: "restricted",
        name: "disallow-capabilities-strict",
        causes: &[
            WINDOWS[0],
            ("a capability called `*` is a wildcard to the operator AnyNotIn", |json| {
                json.contains(r#""*""#)
            }),
        ],
    },
];

const WINDOWS: &[(&str, fn(&str) -> bool)] =
    &[("the standard leaves Pods for Windows out since 1.25", |json| json.contains(r#""windows""#))];

fn policy(level: &str, name: &str) -> (String, Compiled) {
    let source = format!("use \"std/pod-security/{level}\" as library\npolicy {name} = library.{name}()\n");
    let compiled = compile(&source).unwrap_or_else(|said| panic!("{name}: {said:#?}"));
    (source, compiled)
}

#[test]
fn policies_say_the_same_three_ways() {
    let judge = ThreeWays::open("pod-security");
    for (level, names) in POLICIES {
        for (number, name) in names.iter().enumerate() {
            let (source, compiled) = policy(level, name);
            for form in [&compiled.legacy, &compiled.successor] {
                assert!(form.is_ok(), "{name}: {form:?}");
            }
            let resources = admissible(7_000 + number as u64 * 1_000, RESOURCES, &Profile::workloads());
            let outcome = judge.compare(&source, &compiled, &resources, &Request::default(), true);
            assert!(outcome.agrees(), "{name}: {}", outcome.describe(&source));
        }
    }
    judge.close();
}

/// The folder of the corpus, if it is here.
fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/pod-security");
    path.is_dir().then_some(path)
}

/// The workloads among the objects of a file; none if there is no such file.
fn objects(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let documents = serde_yaml::Deserializer::from_str(&text).filter_map(|it| Value::deserialize(it).ok());
    documents.filter(|it| it["kind"].as_str().is_some_and(|kind| WORKLOADS.contains(&kind))).collect()
}

#[test]
fn verdicts_are_those_of_public_policies() {
    let Some(corpus) = corpus() else {
        eprintln!("SKIPPED: ../shared/corpus is not here, so no public policies are compared");
        return;
    };
    let judge = Judge::open("pod-security-corpus");
    for port in &PORTS {
        let folder = corpus.join(port.level).join(port.name);
        let yaml = std::fs::read_to_string(folder.join(format!("{}.yaml", port.name)))
            .unwrap_or_else(|error| panic!("{}: {error}", port.name));
        let mut resources = Vec::new();
        for file in [
            ".kyverno-test/resource.yaml",
            ".chainsaw-test/pod-good.yaml",
            ".chainsaw-test/pod-bad.yaml",
            ".chainsaw-test/podcontroller-good.yaml",
            ".chainsaw-test/podcontroller-bad.yaml",
        ] {
            resources.extend(objects(&folder.join(file)));
        }
        assert!(resources.len() > 4, "{}: {} resources", port.name, resources.len());
        let changed = |seed: usize| {
            let mut changed = mutate(&resources[seed % resources.len()], seed as u64);
            complete(&mut changed, false, false);
            changed
        };
        let changed: Vec<Value> = (0..RESOURCES).map(changed).collect();
        resources.extend(changed);
        resources.extend(admissible(9_000, RESOURCES, &Profile::workloads().aimed_at(&yaml)));
        resources.retain(|it| it["metadata"]["name"].is_string());

        let (_, compiled) = policy(port.level, port.name);
        let theirs = judge
            .verdicts(&yaml, &resources, &Request::default())
            .unwrap_or_else(|problem| panic!("{}: {problem}", port.name));
        let mut unexplained = Vec::new();
        let (mut compared, mut denied) = (0, 0);
        for (resource, theirs) in resources.iter().zip(theirs) {
            let ours = compiled.judge(resource, 0, &Request::default());
            let json = resource.to_string();
            // What the API server would not take: we may say less, but never that all is well where Kyverno fails.
            let differs = match ours.invalid {
                true => is_clean(&ours) && theirs == Verdict::Fail,
                false => ours.verdict != theirs,
            };
            compared += usize::from(!ours.invalid);
            denied += usize::from(theirs == Verdict::Fail);
            if differs && !port.causes.iter().any(|(_, has)| has(&json)) {
                unexplained.push(format!("ours {:?}, theirs {theirs:?}: {json}", ours.verdict));
            }
        }
        assert!(
            unexplained.is_empty(),
            "{}: {} of {}\n{}",
            port.name,
            unexplained.len(),
            resources.len(),
            unexplained.iter().take(3).cloned().collect::<Vec<_>>().join("\n")
        );
        assert!(compared > RESOURCES && denied > 20, "{}: {compared} compared, {denied} denied", port.name);
    }
    judge.close();
}
