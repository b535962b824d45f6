//! The manifest reader against Go's, and against hostile input.
//!
//! `recorded.jsonl` holds texts with the values that Go reads from them, written by the program in
//! `tests/oracle/reader`; `generated.jsonl` the same for texts from [`mutate`] with stored seeds.
//! How to record and to make longer runs stands in `tests/oracle/README.md`.
//!
//! Where the two readings differ, the reason stands in `differences.json`.

mod compare;
mod findings;
mod hostile;
mod mutate;
mod positions;
mod resources;

use std::collections::BTreeMap;

use compare::{Differences, GoAnswer, Verdict, compare};
use serde_json::Value;

#[test]
fn recorded_texts_are_read_as_go_reads_them() {
    check(include_str!("recorded.jsonl"));
}

#[test]
fn generated_texts_are_read_as_go_reads_them() {
    check(include_str!("generated.jsonl"));
}

/// Compares the lines of the file named by `AIPC_READER_ANSWERS`, if it is set: the same as the
/// recorded texts, for runs too long to store.
#[test]
fn texts_of_a_long_run_are_read_as_go_reads_them() {
    if let Ok(path) = std::env::var("AIPC_READER_ANSWERS") {
        check(&std::fs::read_to_string(path).unwrap());
    }
}

fn check(lines: &str) {
    let differences = Differences::load();
    let mut listed: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut count = 0;
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = text_of(&case);
        count += 1;
        match compare(&text, &GoAnswer::from_json(&case["go"]), &differences) {
            Verdict::Equal => {}
            Verdict::Listed(reason) => *listed.entry(reason).or_default() += 1,
            Verdict::Different(why) => failures.push(format!(
                "{}: {why}\n  text: {:?}\n  Go: {}",
                case["name"],
                shown(&String::from_utf8_lossy(&text)),
                shown(&case["go"].to_string()),
            )),
        }
    }
    println!("{count} texts, {} different, listed: {listed:#?}", failures.len());
    let first: Vec<_> = failures.iter().take(40).cloned().collect();
    assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), first.join("\n"));
}

fn text_of(case: &Value) -> Vec<u8> {
    match (&case["text"], &case["base64"]) {
        (Value::String(text), _) => text.clone().into_bytes(),
        (_, Value::String(base64)) => decode(base64),
        _ => Vec::new(),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(600).collect()
}

fn decode(base64: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    for four in base64.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = four.iter().fold(0_u32, |bits, byte| bits << 6 | u32::from(digit(*byte)));
        let bits = bits << (6 * (4 - four.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    bytes
}
