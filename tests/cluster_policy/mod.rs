//! ClusterPolicies from the IR: their text, and what Kyverno makes of them.

mod build;
mod from_source;
mod random_rules;
mod reference;
mod shown;

use aipc_compiler::formats::{Emitted, cluster_policy};
use aipc_compiler::ir::*;
use aipc_compiler::source::Sources;
use serde_json::Value as Json;

use crate::support::oracle::{Numbers, Oracle, Request};
use crate::support::random::Random;
use crate::support::resources::{Profile, generate_many};
use crate::support::shrink::shrink;
use crate::support::verdict::Verdict;
use build::*;

fn emit(set: &PolicySet) -> Vec<Emitted> {
    let mut sources = Sources::default();
    sources.add("policy.aip", "deny pod if …\n");
    cluster_policy::emit(set, &sources)
}

fn yaml(set: &PolicySet) -> String {
    emit(set).iter().map(|emitted| emitted.yaml.as_str()).collect::<Vec<_>>().join("---\n")
}

/// Compares the meaning of the set with Kyverno's verdicts on what is emitted, with numbers in both forms.
/// Gives what differs.
fn differences(oracle: &Oracle, set: &PolicySet, resources: &[Json]) -> Option<String> {
    let yaml = yaml(set);
    let loaded = oracle.load(&[&yaml]);
    if let Some(refusal) = loaded.refused.first() {
        return Some(format!("Kyverno refuses it: {}\n{yaml}", refusal.reason));
    }
    for numbers in [Numbers::Float64, Numbers::Int64] {
        let request = Request { numbers, ..Request::default() };
        for (resource, answer) in resources.iter().zip(loaded.evaluate(resources, &request)) {
            let ours = reference::verdict(set, resource, None);
            if answer.verdict() != ours {
                let differs = |candidate: &Json| {
                    let answer = loaded.evaluate(std::slice::from_ref(candidate), &request);
                    reference::verdict(set, candidate, None) != answer[0].verdict()
                        && oracle.admit(std::slice::from_ref(candidate))[0].is_empty()
                };
                let smallest = shrink(resource, differs);
                let answer = loaded.evaluate(std::slice::from_ref(&smallest), &request);
                let ours = reference::verdict(set, &smallest, None);
                return Some(format!(
                    "{numbers:?}: ours is {ours:?}\n{:?}\n{smallest}\nfound on {resource}\n{yaml}",
                    answer[0].rows
                ));
            }
        }
    }
    None
}

/// How many random rules; `AIPC_CASES` asks for more.
fn cases() -> u64 {
    std::env::var("AIPC_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

#[test]
fn kyverno_agrees_on_random_rules() {
    let Some(oracle) = Oracle::shared() else { return };
    let first: u64 = std::env::var("AIPC_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let profile = Profile { hints: random_rules::hints(), ..Profile::workloads() };
    let (mut written, mut refused, mut divided) = (0, 0, 0);
    let mut found = Vec::new();
    for seed in first..first + cases() {
        let mut random = Random::new(seed);
        let set = policy("random", vec![random_rules::Rules::rule(&mut random, "r")]);
        if !cluster_policy::unsupported(&set).is_empty() {
            refused += 1;
            continue;
        }
        written += 1;
        let resources = generate_many(seed * 20, 20, &profile);
        let fails = resources
            .iter()
            .filter(|resource| reference::verdict(&set, resource, None) == Verdict::Fail)
            .count();
        divided += usize::from(fails > 0 && fails < resources.len());
        if let Some(difference) = differences(oracle, &set, &resources) {
            found.push(format!("seed {seed}: {difference}"));
        }
    }
    let total = found.len();
    found.truncate(3);
    assert!(
        found.is_empty(),
        "{total} of {written} rules differ ({refused} not written)\n{}",
        found.join("\n\n")
    );
    println!("{written} rules agree, {refused} are not written; of two minds about resources: {divided}");
}
