//! JMESPath of `aipc-kyverno` and of Kyverno: generated expressions over all functions find the same value, or fail alike.
//!
//! Where they do not, a cause says why (`found::cause`): what Kyverno leaves to chance, or what we do not evaluate. Without
//! Kyverno the outcomes are compared with digests of its own.

mod expressions;
mod found;
mod values;

use crate::support::oracle::{Found, Oracle};
use crate::support::parallel::in_parallel;
use crate::support::recording::Digests;
use expressions::{FUNCTIONS, Question, by_hand, question};
use found::{cause, is_settled, ours, outcome};
use serde_json::json;
use std::collections::BTreeMap;

/// Seeds of a run with Kyverno; `AIPC_EXPRESSIONS=0..100000` asks others.
const SEEDS: std::ops::Range<u64> = 0..10_000;
const RECORDED: u64 = 500;
const CHUNK: u64 = 250;

fn seeds() -> std::ops::Range<u64> {
    let Ok(range) = std::env::var("AIPC_EXPRESSIONS") else { return SEEDS };
    let ends = range.split_once("..").map(|(from, to)| (from.parse(), to.parse()));
    let Some((Ok(from), Ok(to))) = ends else { panic!("AIPC_EXPRESSIONS={range}: it is no range of seeds") };
    from..to
}

fn describe(question: &Question, ours: &Found, theirs: &Found) -> String {
    format!(
        "{} of {}\n  ours   {} {}\n  theirs {} {}",
        question.expression,
        question.document,
        outcome(ours),
        ours.message(),
        outcome(theirs),
        theirs.message()
    )
}

/// What a part of a run found out.
#[derive(Default)]
struct Tally {
    /// How often each word stood in an expression for which both found the same value.
    agreed: BTreeMap<&'static str, usize>,
    causes: BTreeMap<String, usize>,
    unexplained: Vec<String>,
}

impl Tally {
    fn ask(&mut self, oracle: &Oracle, questions: &[Question]) {
        let queries: Vec<_> = questions.iter().map(Question::to_json).collect();
        for (question, theirs) in questions.iter().zip(oracle.search(&queries)) {
            let ours = ours(question);
            if outcome(&ours) == outcome(&theirs) {
                let name = |it: &&(&'static str, _, _)| question.expression.contains(&format!("{}(", it.0));
                for (name, ..) in FUNCTIONS.iter().filter(name).filter(|_| theirs.message().is_empty()) {
                    *self.agreed.entry(name).or_default() += 1;
                }
                continue;
            }
            let again = || oracle.search(&[question.to_json()]).remove(0);
            match cause(question, &ours, again) {
                Some(cause) => *self.causes.entry(cause).or_default() += 1,
                None => self.unexplained.push(describe(question, &ours, &theirs)),
            }
        }
    }

    fn join(mut self, other: Tally) -> Tally {
        for (name, count) in other.agreed {
            *self.agreed.entry(name).or_default() += count;
        }
        for (cause, count) in other.causes {
            *self.causes.entry(cause).or_default() += count;
        }
        self.unexplained.extend(other.unexplained);
        self
    }

    #[track_caller]
    fn assert_explained(&self) {
        let first: Vec<_> = self.unexplained.iter().take(20).map(String::as_str).collect();
        let count = self.unexplained.len();
        assert!(count == 0, "{count} unexplained, among them\n{}", first.join("\n"));
    }
}

#[test]
fn generated_expressions_find_what_they_find_in_kyverno() {
    let Some(oracle) = Oracle::shared() else { return };
    let seeds = seeds();
    let chunks = (seeds.end - seeds.start).div_ceil(CHUNK);
    let tallies = in_parallel(chunks as usize, |chunk| {
        let from = seeds.start + chunk as u64 * CHUNK;
        let questions: Vec<_> = (from..seeds.end.min(from + CHUNK)).map(question).collect();
        let mut tally = Tally::default();
        tally.ask(oracle, &questions);
        tally
    });
    let tally = tallies.into_iter().fold(Tally::default(), Tally::join);
    println!("causes: {:#?}", tally.causes);
    tally.assert_explained();
    // What never has a value here cannot be compared: chance, names of hosts, certificates in texts of letters.
    const WITHOUT_VALUE: [&str; 3] = ["nope", "random", "x509_decode"];
    let wanted = FUNCTIONS.iter().map(|(name, ..)| *name).filter(|name| !WITHOUT_VALUE.contains(name));
    let rare: Vec<_> = wanted.filter(|name| tally.agreed.get(name).is_none_or(|count| *count < 5)).collect();
    assert!(seeds != SEEDS || rare.is_empty(), "hardly asked: {rare:?}");
}

#[test]
fn expressions_by_hand_find_what_they_find_in_kyverno() {
    let Some(oracle) = Oracle::shared() else { return };
    for (question, expected) in by_hand() {
        let mut tally = Tally::default();
        tally.ask(oracle, std::slice::from_ref(&question));
        tally.assert_explained();
        let cause = tally.causes.into_keys().next().unwrap_or_default();
        // Any order may happen to be ours.
        let by_chance = expected.starts_with("maps have") && cause.is_empty();
        let is_expected = cause.starts_with(expected) && cause.is_empty() == expected.is_empty();
        assert!(is_expected || by_chance, "{}: {cause}, not {expected}", question.expression);
    }
}

#[test]
fn recorded_expressions_find_what_they_found_in_kyverno() {
    let digests = Digests::open("jmespath");
    let questions: Vec<_> = (0..RECORDED).map(question).collect();
    let theirs = Oracle::shared().map(|oracle| {
        let queries: Vec<_> = questions.iter().map(Question::to_json).collect();
        oracle.search(&queries)
    });
    let mut wrong = Vec::new();
    let mut settled = 0;
    for (seed, question) in questions.iter().enumerate() {
        let ours = ours(question);
        if !is_settled(question, &ours) {
            continue;
        }
        settled += 1;
        let (name, source) = (seed.to_string(), question.to_json().to_string());
        match &theirs {
            Some(theirs) if outcome(&theirs[seed]) != outcome(&ours) => {
                wrong.push(describe(question, &ours, &theirs[seed]));
            }
            Some(_) => digests.note(&name, &source, &[json!(outcome(&ours))]),
            None => wrong.extend(digests.compare(&name, &source, &[json!(outcome(&ours))]).err()),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(settled > RECORDED * 9 / 10, "{settled} of {RECORDED}");
    digests.close();
}
