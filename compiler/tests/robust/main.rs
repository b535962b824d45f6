//! The front end under texts that nobody meant: mutated sources, random sources, hostile sources.
//!
//! A few seconds in a plain `cargo test`. `AIPC_FUZZ=100000 cargo test --release -p aipc-compiler --test robust` is the
//! long run; `AIPC_FUZZ_FROM=n` begins at a case, and `AIPC_FUZZ_TRACE=path` keeps the text of the case at work in a
//! file, for the one end of a process that nothing can catch, the overflow of the stack.

mod corpus;
mod generate;
mod hostile;
mod judge;
mod mutate;
#[path = "../../../tests/support/random.rs"]
mod random;
mod shrink;

use std::time::Instant;

use corpus::Corpus;
use random::Random;

/// How many sources a plain `cargo test` tries.
const CASES: u64 = 400;

#[test]
fn no_source_breaks_the_front_end() {
    let number = |name: &str| std::env::var(name).ok().and_then(|it| it.parse::<u64>().ok());
    let (first, count) = (number("AIPC_FUZZ_FROM").unwrap_or(0), number("AIPC_FUZZ").unwrap_or(CASES));
    let corpus = Corpus::read();
    let started = Instant::now();
    let mut failures: Vec<String> = Vec::new();
    let mut outcomes = [0_u64; 3];
    for case in first..first + count {
        let text = source(&corpus, case);
        match judge::judge(&text) {
            Ok(outcome) => outcomes[outcome as usize] += 1,
            Err(fault) => {
                let small = shrink::shrink(&text, &fault);
                // One text for one fault: the rest of a long run is worth more than the same fault again.
                let kind = shrink::kind(&fault);
                if !failures.iter().any(|it| it.contains(&kind)) {
                    failures.push(format!("case {case}: {fault}\n--- smallest text\n{small}\n---"));
                }
            }
        }
        assert!(failures.len() < 20, "{}", failures.join("\n\n"));
    }
    let [refused, checked, built] = outcomes;
    println!(
        "{count} sources in {:.1?}: {refused} refused, {checked} checked, {built} built",
        started.elapsed()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The text of a case: a mutated source three times of four, else a random one.
fn source(corpus: &Corpus, case: u64) -> String {
    let mut random = Random::new(case);
    match random.below(4) {
        0 => generate::source(&mut random),
        1 => {
            let text = generate::source(&mut random);
            mutate::tokens(&text, corpus, &mut random)
        }
        2 => {
            let text = random.pick(&corpus.sources).clone();
            mutate::bytes(&mutate::tokens(&text, corpus, &mut random), &mut random)
        }
        _ => {
            let text = random.pick(&corpus.sources).clone();
            mutate::tokens(&text, corpus, &mut random)
        }
    }
}

/// The sources that mutations start from are themselves unhurt by the judge.
#[test]
fn sources_of_the_project_pass() {
    for text in Corpus::read().sources {
        judge::judge(&text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    }
}

/// Texts that once broke something, as small as they could be made.
const ONCE_BROKEN: &[&str] = &[
    // Fixes of names in texts that the grammar reads otherwise than they are meant.
    "mutate container{set name every k{",
    "test\"each element counts\"{expect deny Pod{spec{containers[{string){\n  ",
    "policy require-labels(of string){",
    "policy(only:int severity 6){",
    "test{given user{ame\"bob\"",
    // A fix that writes a full name where the grammar wants a word.
    "deny Deployment/Deployment",
    // What is computed cannot be put in quotes.
    "mutate resource { set metadata.name = empty annotation[\"a/b\"] }",
    // A condition where a value is asked for.
    "deny container if empty privileged(self)",
    "deny container if has (securityContext.privileged or securityContext.runAsNonRoot)",
    // Deep by way of declarations, with little stack: `let`s that each add ten of the one before.
    r#"let a = + c
let [1]
let b = a + a + a + a + a + a + a + a + a + a
let c = b + b + b + bb + b + b + b + b + b + b
let d = c + c + c + c + c + c + c + c + c + c
let 
e  length(spec.template\.spec= d + d + d + d + d + d + d + d + d + d
let f = e + e + e + e + e + e + e +  said-by-not e + e + e

deny Deployment if spec.replicas in f
e + e + e +"#,
];

#[test]
fn what_once_broke_holds() {
    for text in ONCE_BROKEN {
        judge::judge(text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    }
}
