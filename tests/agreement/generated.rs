//! Random rules on random resources, three ways, with numbers as files and as a cluster give them.
//!
//! Without Kyverno a few hundred rules are compared with what was recorded. With it, `AIPC_RULES` says how many
//! (5,000 is the claim that the project makes), and `AIPC_SEED` which is the first.

use super::{admissible, give_namespace};
use crate::support::compile::compile;
use crate::support::oracle::Request;
use crate::support::parallel::in_parallel;
use crate::support::policies::generate_rule;
use crate::support::three_ways::{Outcome, ThreeWays};
use std::collections::BTreeMap;

/// Rules beyond the first that once had different verdicts; each stays with its cause.
const ONCE_DIFFERENT: [u64; 11] = [
    // Networks were never equal in bytecode.
    417, 944, 1146, 1418, 2597, 2705, 3034, 3105, 3554, 3770,
    // A resource had lost a field without which the API server refuses it.
    3251,
];

/// The rules whose verdicts are recorded, besides those above.
const RECORDED: u64 = 250;
/// The rules that a run with Kyverno compares unless told otherwise.
const COMPARED: u64 = 300;
const RESOURCES: usize = 20;
/// How many of a hundred rules the compiler may refuse: what is meant to be a rule is one.
const REFUSED_MAX: usize = 6;
/// How many of a hundred rules each of the forms may be unable to say.
const UNSAID_MAX: usize = 5;

struct Tried {
    seed: u64,
    source: String,
    /// Why the compiler refuses it.
    refused: Option<String>,
    /// By form: what it cannot say.
    unsaid: Vec<String>,
    features: Vec<&'static str>,
    outcome: Outcome,
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

#[test]
fn three_verdicts_are_one() {
    let judge = ThreeWays::open("generated");
    let count = match judge.is_live() {
        true => number("AIPC_RULES").unwrap_or(COMPARED),
        false => RECORDED,
    };
    let first = number("AIPC_SEED").filter(|_| judge.is_live()).unwrap_or(0);
    let started = std::time::Instant::now();
    let seeds: Vec<u64> = (first..first + count)
        .chain(ONCE_DIFFERENT.into_iter().filter(|seed| !(first..first + count).contains(seed)))
        .collect();
    let tried = in_parallel(seeds.len(), |index| try_rule(&judge, seeds[index]));
    report(&tried, started.elapsed());
    let bad: Vec<String> = tried
        .iter()
        .filter(|it| !it.outcome.agrees())
        .map(|it| format!("seed {}: {}", it.seed, it.outcome.describe(&it.source)))
        .collect();
    let shown = number("AIPC_SHOW").unwrap_or(3) as usize;
    assert!(
        bad.is_empty(),
        "{} of {} rules differ; the first of them:\n{}",
        bad.len(),
        tried.len(),
        bad[..bad.len().min(shown)].join("\n\n")
    );
    judge.close();
}

fn try_rule(judge: &ThreeWays, seed: u64) -> Tried {
    let rule = generate_rule(seed, &format!("generated-{seed}"));
    let mut tried = Tried {
        seed,
        source: rule.source,
        refused: None,
        unsaid: Vec::new(),
        features: rule.features.into_iter().collect(),
        outcome: Outcome::default(),
    };
    match compile(&tried.source) {
        Err(problems) => tried.refused = problems.into_iter().next(),
        Ok(compiled) => {
            for (form, yaml) in
                [("ClusterPolicy", &compiled.legacy), ("ValidatingPolicy", &compiled.successor)]
            {
                if let Err(reasons) = yaml {
                    tried.unsaid.push(format!("{form}: {}", reasons[0]));
                }
            }
            let mut resources = admissible(seed * RESOURCES as u64, RESOURCES, &rule.profile);
            if tried.source.contains("metadata.namespace") {
                give_namespace(&mut resources);
            }
            let request = Request::default();
            let keeps = seed < RECORDED || ONCE_DIFFERENT.contains(&seed);
            tried.outcome = judge.compare(&tried.source, &compiled, &resources, &request, keeps);
        }
    }
    tried
}

fn report(tried: &[Tried], took: std::time::Duration) {
    let mut features: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut unsaid, mut refused): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
    let (mut counts, mut compared, mut divided) = ([0; 3], 0, 0);
    for it in tried {
        if let Some(reason) = &it.refused {
            *refused.entry(&reason[..7]).or_default() += 1;
            continue;
        }
        it.features.iter().for_each(|feature| *features.entry(feature).or_default() += 1);
        it.unsaid.iter().for_each(|reason| *unsaid.entry(reason).or_default() += 1);
        compared += it.outcome.compared;
        divided += usize::from(it.outcome.counts[0] > 0 && it.outcome.counts[1] > 0);
        for (sum, count) in counts.iter_mut().zip(it.outcome.counts) {
            *sum += count;
        }
    }
    println!(
        "{} rules in {took:.1?}; {compared} verdicts of Kyverno compared; ours: {counts:?} (pass, fail, error); {divided} rules pass and fail",
        tried.len()
    );
    println!("refused by the compiler: {refused:?}\nunsaid: {unsaid:#?}\nused: {features:?}");
    let seeds: Vec<u64> = tried.iter().filter(|it| !it.outcome.agrees()).map(|it| it.seed).collect();
    println!("disagreeing seeds: {seeds:?}");
    let share = |count: usize| count * 100 / tried.len().max(1);
    let refused: usize = refused.values().sum();
    assert!(share(refused) <= REFUSED_MAX, "{refused} of {} rules are refused by the compiler", tried.len());
    for form in ["ClusterPolicy", "ValidatingPolicy"] {
        let count: usize =
            unsaid.iter().filter(|(reason, _)| reason.starts_with(form)).map(|(_, count)| count).sum();
        assert!(share(count) <= UNSAID_MAX, "{count} of {} rules cannot be said in {form}", tried.len());
    }
}
