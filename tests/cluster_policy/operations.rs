//! What functions and comparisons say, on values of an annotation.

use aipc_compiler::ir::*;
use serde_json::json;

use super::build::*;
use super::yaml;
use crate::support::oracle::{Numbers, Oracle, Request};

fn note() -> Value {
    subject("metadata!.annotations{}.note", Type::Text)
}

fn call(operation: Operation, arguments: Vec<Value>, ty: Type) -> Value {
    value(ValueKind::Call(operation, arguments), ty)
}

fn duration(nanoseconds: i64) -> Value {
    literal(Literal::Duration(nanoseconds))
}

const SECOND: i64 = 1_000_000_000;

/// A condition, texts for which it holds, and texts for which it does not; without the annotation it does not.
fn cases() -> Vec<(&'static str, Cond, Vec<&'static str>, Vec<&'static str>)> {
    let as_duration = || call(Operation::ToDuration, vec![note()], Type::Duration);
    let as_time = || call(Operation::ToTime, vec![note()], Type::Time);
    let as_semver = || call(Operation::ToSemver, vec![note()], Type::Semver);
    let as_version = || call(Operation::ToVersion, vec![note()], Type::Semver);
    let as_quantity = || call(Operation::ToQuantity, vec![note()], Type::Quantity);
    let as_int = || call(Operation::ToInt, vec![note()], Type::Int);
    let semver = |text: &str| literal(Literal::Semver(text.to_owned()));
    let time = |text: &str| literal(Literal::Time(text.to_owned()));
    let is = |comparison, domain, left, right| compare(comparison, domain, left, right);
    use Comparison::*;
    vec![
        (
            "duration > 30min",
            is(Greater, Domain::Duration, as_duration(), duration(1800 * SECOND)),
            vec!["31m", "1h", "30m1ns", "1800.5s", "+1h"],
            vec!["30m", "1800s", "0", "-1h", "5ms", "x", "", "1", "1d", "30m0s"],
        ),
        (
            "duration == 1h",
            is(Equal, Domain::Duration, as_duration(), duration(3600 * SECOND)),
            vec!["1h", "60m", "3600s", "0.5h30m"],
            vec!["1h1s", "60", "-1h", "0"],
        ),
        (
            "duration == 0",
            is(Equal, Domain::Duration, as_duration(), duration(0)),
            vec!["0", "0s", "-0", "0h0m"],
            vec!["1ns", "", "zero"],
        ),
        (
            "duration <= 250ms",
            is(LessOrEqual, Domain::Duration, as_duration(), duration(SECOND / 4)),
            vec!["250ms", "0", "-5m", "1us"],
            vec!["251ms", "5m", "quarter"],
        ),
        (
            "duration - 5min < 0",
            is(
                Less,
                Domain::Duration,
                call(Operation::Subtract, vec![as_duration(), duration(300 * SECOND)], Type::Duration),
                duration(0),
            ),
            vec!["4m", "0", "299s"],
            vec!["5m", "10m", "1h", "x"],
        ),
        (
            "time > 2024",
            is(Greater, Domain::Time, as_time(), time("2024-01-01T00:00:00Z")),
            vec!["2024-01-01T00:00:01Z", "2025-06-01T00:00:00+02:00", "2024-01-01T00:00:00.5Z"],
            vec![
                "2024-01-01T00:00:00Z",
                "2024-01-01T01:00:00+01:00",
                "2023-12-31T23:59:59Z",
                "yesterday",
                "2024-13-01T00:00:00Z",
            ],
        ),
        (
            "time - 2024 >= 1h",
            is(
                GreaterOrEqual,
                Domain::Duration,
                call(Operation::Subtract, vec![as_time(), time("2024-01-01T00:00:00Z")], Type::Duration),
                duration(3600 * SECOND),
            ),
            vec!["2024-01-01T01:00:00Z", "2024-02-01T00:00:00Z"],
            vec!["2024-01-01T00:59:59Z", "2023-01-01T00:00:00Z", ""],
        ),
        (
            "now - time > 1h",
            is(
                Greater,
                Domain::Duration,
                call(Operation::Subtract, vec![path(Root::Now, "", Type::Time), as_time()], Type::Duration),
                duration(3600 * SECOND),
            ),
            vec!["2020-01-01T00:00:00Z"],
            vec!["2200-01-01T00:00:00Z", "never"],
        ),
        (
            "semver >= 1.20.0",
            is(GreaterOrEqual, Domain::Semver, as_semver(), semver("1.20.0")),
            vec!["1.20.0", "1.20.1", "2.0.0-rc.1", "1.20.0+build"],
            vec!["1.19.9", "1.20.0-rc.1", "v1.21.0", "1.20", "bad", ""],
        ),
        (
            "semver == 1.0.0",
            is(Equal, Domain::Semver, as_semver(), semver("1.0.0")),
            vec!["1.0.0", "1.0.0+x"],
            vec!["1.0.0-x", "1.0.1", "1"],
        ),
        (
            "version < 1.2.0",
            is(Less, Domain::Semver, as_version(), semver("1.2.0")),
            vec!["v1.1", "1", "v1.1.9", "1.02-rc.1", "1.2.0-rc.1"],
            vec!["1.2", "v1.2.0", "v2", "latest", "", "1.2.0.1"],
        ),
        (
            "quantity > 1.5Gi",
            is(Greater, Domain::Number, as_quantity(), quantity("1536Mi")),
            vec!["2Gi", "1537Mi", "2e9", "1610612737"],
            vec!["1536Mi", "1.5Gi", "1Gi", "30m", "1h", "x", "-3Gi"],
        ),
        (
            "int > 5",
            is(Greater, Domain::Number, as_int(), int(5)),
            vec!["6", "007", "+10"],
            vec!["5", "-6", "6.5", "six", "1e3", ""],
        ),
        (
            "matchGroup",
            equals(
                call(Operation::MatchGroup, vec![note(), text("v(\\d+)\\.(\\d+)"), int(2)], Type::Text),
                "5",
            ),
            vec!["v1.5", "xv10.5y", "line\nv1.5"],
            vec!["v1.6", "v1", "v1.5v"].into_iter().filter(|text| *text != "v1.5v").collect(),
        ),
        (
            "substring",
            equals(call(Operation::Substring, vec![note(), int(1), int(3)], Type::Text), "éb"),
            vec!["aébc", "xéb"],
            vec!["éb", "ab", ""],
        ),
        (
            "split and count",
            is(
                Equal,
                Domain::Number,
                call(
                    Operation::Count,
                    vec![call(Operation::Split, vec![note(), text(",")], Type::List(Box::new(Type::Text)))],
                    Type::Int,
                ),
                int(2),
            ),
            vec!["a,b", ","],
            vec!["a", "", "a,b,c"],
        ),
        (
            "hash",
            equals(
                call(Operation::Sha256, vec![note()], Type::Text),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            vec!["abc"],
            vec!["abd", ""],
        ),
        (
            "base64",
            equals(call(Operation::Base64Decode, vec![note()], Type::Text), "abc"),
            vec!["YWJj"],
            vec!["YWJ", "!!!!", ""],
        ),
        (
            "replace, trim, upper",
            equals(
                call(
                    Operation::Upper,
                    vec![call(
                        Operation::Trim,
                        vec![
                            call(Operation::Replace, vec![note(), text("-"), text("_")], Type::Text),
                            text(" "),
                        ],
                        Type::Text,
                    )],
                    Type::Text,
                ),
                "A_B",
            ),
            vec!["a-b", " a-b ", "A_b"],
            vec!["a b", ""],
        ),
    ]
}

#[test]
fn functions_say_what_they_mean() {
    let Some(oracle) = Oracle::shared() else { return };
    let pod = |note: Option<&str>| {
        let annotations = note.map_or(json!({}), |note| json!({ "note": note }));
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p", "annotations": annotations },
            "spec": { "containers": [{ "name": "c", "image": "i" }] } })
    };
    for (name, condition, holds, fails) in cases() {
        for negated in [false, true] {
            let condition = if negated { not(condition.clone()) } else { condition.clone() };
            let yaml = yaml(&policy("p", vec![pod_rule("r", condition)]));
            let loaded = oracle.load(&[&yaml]);
            assert!(loaded.refused.is_empty() && !yaml.is_empty(), "{name}: {:?}\n{yaml}", loaded.refused);
            let texts = holds
                .iter()
                .map(|text| (Some(*text), true))
                .chain(fails.iter().map(|text| (Some(*text), false)));
            let texts: Vec<(Option<&str>, bool)> = texts.chain([(None, false)]).collect();
            let pods: Vec<_> = texts.iter().map(|(text, _)| pod(*text)).collect();
            for numbers in [Numbers::Float64, Numbers::Int64] {
                let request = Request { numbers, ..Request::default() };
                for (answer, (text, violated)) in loaded.evaluate(&pods, &request).iter().zip(&texts) {
                    let status: Vec<&str> = answer.rows.iter().map(|row| row.status.as_str()).collect();
                    let expected = if *violated != negated { "fail" } else { "pass" };
                    assert_eq!(
                        status,
                        [expected],
                        "{name} ({negated}) on {text:?}: {:?}\n{yaml}",
                        answer.rows
                    );
                }
            }
        }
    }
}
