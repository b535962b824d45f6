//! ClusterPolicies from the IR: their text, and what Kyverno makes of them.

mod build;
mod from_source;
mod hostile;
mod machine;
mod operations;
mod places;
mod random_rules;
mod reference;
mod shown;

use aipc_compiler::diagnostic::Diagnostic;
use aipc_compiler::formats::{Emitted, cluster_policy};
use aipc_compiler::ir::{PolicySet, Root, rewrite};
use aipc_compiler::source::Sources;
use serde_json::Value as Json;

use crate::cel::agreement::{BackEnd, run};
use crate::support::oracle::{Numbers, Operation, Oracle, Request};
use crate::support::random::Random;
use crate::support::resources::{Profile, generate_many};
use crate::support::shrink::shrink;
use crate::support::verdict::Verdict;
use build::*;

fn emit(set: &PolicySet) -> Vec<Emitted> {
    try_emit(set).unwrap_or_else(|refused| panic!("{refused:?}"))
}

fn try_emit(set: &PolicySet) -> Result<Vec<Emitted>, Vec<Diagnostic>> {
    let mut sources = Sources::default();
    sources.add("policy.aip", "deny pod if …\n");
    cluster_policy::emit(set, &sources)
}

fn yaml(set: &PolicySet) -> String {
    emit(set).iter().map(|emitted| emitted.yaml.as_str()).collect::<Vec<_>>().join("---\n")
}

/// Compares the meaning of the set with Kyverno's verdicts on what is emitted, with numbers in both forms: on create,
/// on update with other resources as the old ones, and on delete if a rule speaks of it. Gives what differs.
fn differences(oracle: &Oracle, set: &PolicySet, resources: &[Json]) -> Option<String> {
    let yaml = yaml(set);
    let loaded = oracle.load(&[&yaml]);
    if let Some(refusal) = loaded.refused.first() {
        return Some(format!("Kyverno refuses it: {}\n{yaml}", refusal.reason));
    }
    let rules = || set.policies.iter().flat_map(|policy| &policy.rules);
    // an old object of the same kind, if there is one
    let old: Vec<Json> = (0..resources.len())
        .map(|at| {
            let others = resources.iter().cycle().skip(at + 1).take(resources.len());
            let old = others.into_iter().find(|other| other["kind"] == resources[at]["kind"]);
            old.unwrap_or(&resources[at]).clone()
        })
        .collect();
    let mut requests = Vec::new();
    for numbers in [Numbers::Float64, Numbers::Int64] {
        let request = Request { numbers, ..Request::default() };
        if rules().all(|rule| rule.operations.create) {
            requests.push((request.clone(), false));
        }
        let old_is_asked = rules().any(|rule| {
            rewrite::mentions(rule, Root::OldObject) || rewrite::mentions(rule, Root::OldSubject)
        });
        if rules().all(|rule| rule.operations.update) && old_is_asked {
            let operation = Some(Operation::Update);
            requests.push((Request { operation, old_resources: old.clone(), ..request.clone() }, true));
        }
        if rules().all(|rule| rule.operations.delete) {
            requests.push((Request { operation: Some(Operation::Delete), ..request }, false));
        }
    }
    for (request, with_old) in requests {
        for (at, answer) in loaded.evaluate(resources, &request).into_iter().enumerate() {
            let (resource, old) = (&resources[at], with_old.then(|| &old[at]));
            let ours = reference::verdict(set, resource, old);
            if answer.verdict() == ours {
                continue;
            }
            let mut alone = request.clone();
            alone.old_resources = old.into_iter().cloned().collect();
            let ask = |candidate: &Json| loaded.evaluate(std::slice::from_ref(candidate), &alone).remove(0);
            let smallest = shrink(resource, |candidate| {
                reference::verdict(set, candidate, old) != ask(candidate).verdict()
                    && oracle.admit(std::slice::from_ref(candidate))[0].is_empty()
            });
            return Some(format!(
                "{:?} {:?}: ours is {ours:?}\n{:?}\n{smallest}\nfound on {resource}\nold {old:?}\n{yaml}",
                request.operation,
                request.numbers,
                ask(&smallest).rows
            ));
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
        let mut rule = random_rules::Rules::rule(&mut random, "r");
        // a tenth on delete, too, where there is no old object beside the one that goes
        if seed % 10 == 0 && !rewrite::mentions(&rule, Root::OldSubject) {
            rule.operations.delete = true;
        }
        let set = policy("random", vec![rule]);
        if try_emit(&set).is_err() {
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

/// The rules that are compared for ValidatingPolicies: they speak of users and labels of namespaces as well.
#[test]
fn kyverno_gives_the_verdicts_of_the_reference() {
    let Some(oracle) = Oracle::shared() else { return };
    let format = aipc_compiler::formats::support::Target::KyvernoLegacy;
    let back_end = BackEnd { format, nulls: false };
    let batches = std::env::var("AIPC_BATCHES").ok().and_then(|count| count.parse().ok()).unwrap_or(15);
    let compared: usize = (0..batches).map(|batch| run(oracle, 7_000 + batch, &back_end)).sum();
    println!("{compared} verdicts agree");
}
