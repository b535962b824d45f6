//! The generator of resources: it repeats itself exactly, and its objects are what it says they are.

use crate::support::oracle::Oracle;
use crate::support::place::{Path, Step};
use crate::support::resources::{Hint, KINDS, Profile, amount_of, generate, generate_many, mutate};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn a_seed_gives_one_resource() {
    for profile in [Profile::all(), Profile { admissible: false, ..Profile::all() }] {
        let first = generate_many(7, 50, &profile);
        assert_eq!(first, generate_many(7, 50, &profile));
        assert_eq!(first[3], generate(10, &profile));
        let different: BTreeSet<String> = first.iter().map(Value::to_string).collect();
        assert!(different.len() > 45, "{} of 50 differ", different.len());
        assert_eq!(mutate(&first[0], 1), mutate(&first[0], 1));
        assert!((0..50).any(|seed| mutate(&first[0], seed) != first[0]));
    }
}

/// Recordings are keyed by content, so a change of the generator makes them unusable: this test says so first.
#[test]
fn the_stream_of_resources_is_pinned() {
    let mut hasher = blake3::Hasher::new();
    for resource in generate_many(0, 200, &Profile::all()) {
        hasher.update(resource.to_string().as_bytes());
    }
    assert_eq!(
        &hasher.finalize().to_hex()[..16],
        "643b0e33634ff9ab",
        "the generator gives other resources: record verdicts anew (tests/README.md), then put the new hash here"
    );
}

#[test]
fn every_kind_and_the_shapes_that_matter_appear() {
    let resources = generate_many(0, 2_000, &Profile::all());
    let kinds: BTreeSet<&str> = resources.iter().filter_map(|resource| resource["kind"].as_str()).collect();
    assert_eq!(kinds.len(), KINDS.len());
    let pods: Vec<&Value> = resources.iter().filter(|resource| resource["kind"] == "Pod").collect();
    let count = |holds: &dyn Fn(&Value) -> bool| pods.iter().filter(|pod| holds(pod)).count();
    for (what, number) in [
        ("labels absent", count(&|pod| pod["metadata"].get("labels").is_none())),
        ("labels empty", count(&|pod| pod["metadata"]["labels"] == json!({}))),
        ("init containers empty", count(&|pod| pod["spec"]["initContainers"] == json!([]))),
        ("init containers absent", count(&|pod| pod["spec"].get("initContainers").is_none())),
        ("ephemeral containers", count(&|pod| pod["spec"]["ephemeralContainers"][0].is_object())),
        ("limits without parent", count(&|pod| pod["spec"]["containers"][0].get("resources").is_none())),
        (
            "cpu as number",
            count(&|pod| pod["spec"]["containers"][0]["resources"]["limits"]["cpu"].is_number()),
        ),
        ("cpu as text", count(&|pod| pod["spec"]["containers"][0]["resources"]["limits"]["cpu"].is_string())),
        ("host network false", count(&|pod| pod["spec"]["hostNetwork"] == false)),
        ("no image", count(&|pod| pod["spec"]["containers"][0].get("image").is_none())),
    ] {
        assert!(number > 0, "{what}: none of {} pods", pods.len());
    }
}

#[test]
fn hints_bring_values_to_their_boundary() {
    let hints = vec![
        Hint::new("spec.containers[].image", [json!("trusted.io/*")]),
        Hint::new("spec.securityContext.runAsUser", [json!(1000)]),
        Hint::new(r#"metadata.labels["a.b/c"]"#, [json!("exact")]),
        Hint::new("spec.containers[].resources.limits.memory", [json!("1Gi")]),
    ];
    let profile = Profile { hints, ..Profile::workloads() };
    let resources = generate_many(0, 1_000, &profile);
    let share = |path: &str, holds: &dyn Fn(&Value) -> bool| {
        let found: Vec<&Value> = resources
            .iter()
            .filter(|resource| resource["kind"] == "Deployment")
            .flat_map(|resource| found(&resource["spec"]["template"], &Path::parse(path).0))
            .collect();
        (found.iter().filter(|value| holds(value)).count() * 100) / found.len().max(1)
    };
    for (path, holds) in [
        (
            "spec.containers[].image",
            (&|value: &Value| value.as_str().is_some_and(|text| text.starts_with("trusted.io/")))
                as &dyn Fn(&Value) -> bool,
        ),
        ("spec.securityContext.runAsUser", &|value| *value == 1000),
        (r#"metadata.labels["a.b/c"]"#, &|value| *value == "exact"),
        ("spec.containers[].resources.limits.memory", &|value| amount_of(value) == amount_of(&json!("1Gi"))),
    ] {
        let share = share(path, holds);
        assert!((35..95).contains(&share), "{path}: {share} percent match");
    }
}

fn found<'a>(value: &'a Value, steps: &[Step]) -> Vec<&'a Value> {
    match steps {
        [] => vec![value],
        [Step::Key(key), rest @ ..] => value.get(key).map(|child| found(child, rest)).unwrap_or_default(),
        [Step::Each, rest @ ..] => {
            value.as_array().into_iter().flatten().flat_map(|child| found(child, rest)).collect()
        }
    }
}

#[test]
fn admissible_means_what_kubernetes_means() {
    let Some(oracle) = Oracle::shared() else { return };
    let policies = include_str!("article/2-require-resource-limits.yaml");
    for profile in [Profile::all(), Profile::workloads().aimed_at(policies)] {
        let resources = generate_many(0, 2_000, &profile);
        for (resource, faults) in resources.iter().zip(oracle.admit(&resources)) {
            assert!(faults.is_empty(), "{faults:?} in {resource}");
        }
    }
    let spoiled = generate_many(0, 2_000, &Profile { admissible: false, ..Profile::all() });
    let refused = oracle.admit(&spoiled).iter().filter(|faults| !faults.is_empty()).count();
    assert!(refused > 1_800, "{refused} of 2000 spoiled resources are refused");
}
