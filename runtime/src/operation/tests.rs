//! Tables of operations, comparisons and tests: arguments and what comes out.
//!
//! Values are written as JSON; what is not JSON as a one-entry object: `{"$quantity": "1Gi"}`.

use serde_json::{Value as Json, json};

use super::*;
use crate::budget::{Budget, LEN_MAX};
use crate::value::{Shared, Value, View, json_text, scalar_text};

fn value(json: &Json) -> Value<'static> {
    let typed = json.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
    if let Some((name, it)) = typed
        && let Some(name) = name.strip_prefix('$')
    {
        let operation = match name {
            "quantity" => Operation::ToQuantity,
            "duration" => Operation::ToDuration,
            "time" => Operation::ToTime,
            "semver" => Operation::ToSemver,
            "ip" => Operation::ToIp,
            "cidr" => Operation::ToCidr,
            "percent" => return Value::Percent(it.as_i64().unwrap()),
            _ => panic!("{name}"),
        };
        return apply(operation, &[value(it)], &mut Budget::default()).unwrap();
    }
    match json {
        Json::Null => Value::Missing,
        Json::Bool(it) => Value::Bool(*it),
        Json::Number(it) => it.as_i64().map_or_else(|| Value::Float(it.as_f64().unwrap()), Value::Int),
        Json::String(it) => Value::text(it.as_str()),
        Json::Array(it) => Value::list(it.iter().map(value).collect()),
        Json::Object(it) => Value::map(
            it.iter()
                .map(|(key, it)| (Shared::Owned(std::sync::Arc::from(key.as_str())), value(it)))
                .collect(),
        ),
    }
}

/// The type of a value and its text.
fn shown(value: &Value<'_>) -> String {
    let text = scalar_text(value).unwrap_or_default();
    match value.view() {
        View::Missing => "missing".to_owned(),
        View::Quantity(_) => format!("quantity {text}"),
        View::Duration(_) => format!("duration {text}"),
        View::Time(_) => format!("time {text}"),
        View::Semver(_) => format!("semver {text}"),
        View::Ip(_) => format!("ip {text}"),
        View::Cidr(_) => format!("cidr {text}"),
        View::Float(_) => format!("float {text}"),
        _ => json_text(value, &mut Budget::default()).unwrap(),
    }
}

fn applied(operation: Operation, arguments: &Json) -> String {
    let arguments: Vec<_> = arguments.as_array().unwrap().iter().map(value).collect();
    shown(&apply(operation, &arguments, &mut Budget::default()).unwrap())
}

fn check(operation: Operation, table: &[(Json, &str)]) {
    for (arguments, expected) in table {
        assert_eq!(applied(operation, arguments), *expected, "{} {arguments}", operation.name());
    }
}

#[test]
fn a_missing_argument_gives_missing() {
    for operation in Operation::ALL {
        for missing in 0..operation.arity() {
            let mut arguments = vec![json!("1"); operation.arity()];
            arguments[missing] = Json::Null;
            assert_eq!(applied(*operation, &Json::Array(arguments)), "missing", "{}", operation.name());
        }
    }
}

#[test]
fn any_operation_takes_any_values() {
    let values = [
        json!(true),
        json!(-3),
        json!(1e300),
        json!("é*"),
        json!([1, null, "a"]),
        json!({"a": null, "b": [1]}),
        json!({"$quantity": "1Gi"}),
        json!({"$duration": "1h"}),
        json!({"$time": "2026-01-01T00:00:00Z"}),
        json!({"$semver": "1.2.3"}),
        json!({"$ip": "::1"}),
        json!({"$cidr": "10.0.0.0/8"}),
        json!({"$percent": 25}),
        json!(i64::MIN),
        json!(""),
        json!([]),
    ];
    for operation in Operation::ALL {
        for a in &values {
            for b in &values {
                for c in &values[..if operation.arity() == 3 { values.len() } else { 1 }] {
                    let arguments = [a.clone(), b.clone(), c.clone()];
                    applied(*operation, &Json::from(&arguments[..operation.arity()]));
                }
            }
        }
    }
}

#[test]
fn arithmetic() {
    let q = |text: &str| json!({"$quantity": text});
    let d = |text: &str| json!({"$duration": text});
    let t = |text: &str| json!({"$time": text});
    check(
        Operation::Add,
        &[
            (json!([1, 2]), "3"),
            (json!([i64::MAX, 1]), "float 9223372036854776000"),
            (json!([0.1, 0.2]), "float 0.30000000000000004"),
            (json!([1, 0.5]), "float 1.5"),
            (json!([q("500m"), q("1")]), "quantity 1500m"),
            (json!([q("1Gi"), q("512Mi")]), "quantity 1536Mi"),
            (json!([q("100m"), 1]), "quantity 1100m"),
            (json!([1, q("100m")]), "quantity 1100m"),
            (json!([q("100m"), 0.2]), "quantity 300m"),
            (json!(["a", "é"]), "\"aé\""),
            (json!([[1], ["a"]]), "[1,\"a\"]"),
            (json!([d("1h"), d("30m")]), "duration 1h30m0s"),
            (json!([t("2026-01-01T00:00:00Z"), d("24h")]), "time 2026-01-02T00:00:00Z"),
            (json!([d("24h"), t("2026-01-01T00:00:00Z")]), "missing"),
            (json!([1, "1"]), "missing"),
            (json!([true, 1]), "missing"),
            (json!([d("2562047h"), d("2562047h")]), "missing"),
        ],
    );
    check(
        Operation::Subtract,
        &[
            (json!([1, 2]), "-1"),
            (json!([q("1Gi"), q("1Mi")]), "quantity 1023Mi"),
            (json!([t("2026-01-02T00:00:00Z"), t("2026-01-01T12:00:00Z")]), "duration 12h0m0s"),
            (json!([t("2026-01-02T00:00:00Z"), d("12h")]), "time 2026-01-01T12:00:00Z"),
            (json!([d("1h"), d("2h")]), "duration -1h0m0s"),
            (json!(["a", "b"]), "missing"),
        ],
    );
    check(
        Operation::Multiply,
        &[
            (json!([3, 4]), "12"),
            (json!([q("500m"), 3]), "quantity 1500m"),
            (json!([d("1h"), 3]), "duration 3h0m0s"),
            (json!([0.5, d("1h")]), "duration 30m0s"),
            (json!([d("1h"), d("1h")]), "missing"),
            (json!([d("2562047h"), 2]), "missing"),
        ],
    );
    check(
        Operation::Divide,
        &[
            (json!([6, 3]), "2"),
            (json!([7, 2]), "float 3.5"),
            (json!([1, 0]), "missing"),
            (json!([1.5, 0.0]), "missing"),
            (json!([i64::MIN, -1]), "float 9223372036854776000"),
            (json!([q("1"), 4]), "quantity 250m"),
            (json!([q("1Gi"), q("512Mi")]), "2"),
            (json!([q("1"), q("3")]), "float 0.3333333333333333"),
            (json!([q("1"), q("0")]), "missing"),
            (json!([d("1h"), 4]), "duration 15m0s"),
            (json!([d("1h"), d("30m")]), "2"),
            (json!([d("1h"), d("0s")]), "missing"),
        ],
    );
    check(
        Operation::Negate,
        &[
            (json!([5]), "-5"),
            (json!([i64::MIN]), "float 9223372036854776000"),
            (json!([1.5]), "float -1.5"),
            (json!([q("1Gi")]), "quantity -1Gi"),
            (json!([d("1h")]), "duration -1h0m0s"),
            (json!(["a"]), "missing"),
        ],
    );
    check(
        Operation::Round,
        &[
            (json!([2.345, 2]), "float 2.35"),
            (json!([2.5, 0]), "float 3"),
            (json!([-2.5, 0]), "float -3"),
            (json!([1234, -2]), "1200"),
            (json!([q("1250m"), 1]), "quantity 1300m"),
            (json!([1.5, "a"]), "missing"),
        ],
    );
}

#[test]
fn lists_and_maps() {
    check(
        Operation::Count,
        &[
            (json!([[1, null, 2]]), "3"),
            (json!([{"a": 1, "b": null}]), "2"),
            (json!(["aé"]), "2"),
            (json!([5]), "missing"),
        ],
    );
    check(
        Operation::Sum,
        &[
            (json!([[]]), "0"),
            (json!([[1, 2, null]]), "3"),
            (json!([[1, 0.5]]), "float 1.5"),
            (json!([[{"$duration": "1h"}, {"$duration": "1m"}]]), "duration 1h1m0s"),
            (json!([["a"]]), "missing"),
            (json!([[1, "a"]]), "missing"),
            (json!([[{"$quantity": "1Gi"}, {"$quantity": "1Gi"}]]), "quantity 2Gi"),
            (json!([5]), "missing"),
        ],
    );
    check(
        Operation::Min,
        &[
            (json!([[3, 1.5, 2]]), "float 1.5"),
            (json!([[]]), "missing"),
            (json!([["b", "a"]]), "\"a\""),
            (json!([[1, "a"]]), "missing"),
            (json!([[{"$quantity": "1"}, {"$quantity": "500m"}]]), "quantity 500m"),
            (json!([[true]]), "missing"),
        ],
    );
    check(
        Operation::Max,
        &[
            (json!([[3, 1.5, 2]]), "3"),
            (json!([[{"$semver": "1.2.0"}, {"$semver": "1.10.0"}]]), "semver 1.10.0"),
            (json!([[null, 2]]), "2"),
        ],
    );
    check(
        Operation::Distinct,
        &[(
            json!([[1, 1.0, "1", "1", null, [1], [1.0], {"a": 1, "b": 2}, {"b": 2, "a": 1}]]),
            r#"[1,"1",[1],{"a":1,"b":2}]"#,
        )],
    );
    check(
        Operation::Sort,
        &[
            (json!([[3, 1, 2.5]]), "[1,2.5,3]"),
            (json!([["b", "a", null]]), r#"["a","b"]"#),
            (json!([[1, "a"]]), "missing"),
            (json!([[]]), "[]"),
        ],
    );
    check(Operation::Reverse, &[(json!([[1, 2]]), "[2,1]"), (json!(["ab"]), "missing")]);
    check(Operation::Keys, &[(json!([{"b": 1, "a": 2}]), r#"["a","b"]"#), (json!([[1]]), "missing")]);
    check(Operation::Values, &[(json!([{"b": 1, "a": 2}]), "[2,1]")]);
    check(
        Operation::Without,
        &[(json!([{"b": 1, "a": 2}, "a"]), r#"{"b":1}"#), (json!([{"b": 1}, "x"]), r#"{"b":1}"#)],
    );
    check(
        Operation::Merge,
        &[
            (json!([{"a": 1, "b": 1}, {"b": 2, "c": 3}]), r#"{"a":1,"b":2,"c":3}"#),
            (json!([{}, 1]), "missing"),
        ],
    );
    check(
        Operation::Index,
        &[
            (json!([[1, 2], 0]), "1"),
            (json!([[1, 2], -1]), "2"),
            (json!([[1, 2], 2]), "missing"),
            (json!([[1, 2], -3]), "missing"),
            (json!([{"a": 1}, "a"]), "1"),
            (json!([{"a": 1}, "b"]), "missing"),
            (json!([[1], "a"]), "missing"),
            (json!([[1], i64::MIN]), "missing"),
        ],
    );
}

#[test]
fn texts() {
    check(
        Operation::Join,
        &[
            (json!([["a", 1, true, null], ", "]), "\"a, 1, true\""),
            (json!([[], ","]), "\"\""),
            (json!([[[1]], ","]), "missing"),
            (json!([["a"], 1]), "missing"),
        ],
    );
    check(
        Operation::Split,
        &[
            (json!(["a,b,", ","]), r#"["a","b",""]"#),
            (json!(["", ","]), r#"[""]"#),
            (json!(["aé", ""]), r#"["a","é"]"#),
            (json!([1, ","]), "missing"),
        ],
    );
    check(Operation::Lower, &[(json!(["AÉİΣ"]), "\"aéiσ\""), (json!([1]), "missing")]);
    check(Operation::Upper, &[(json!(["aéß"]), "\"AÉß\"")]);
    check(
        Operation::Trim,
        &[(json!(["--a-b-", "-"]), "\"a-b\""), (json!(["xyay", "yx"]), "\"a\""), (json!(["a", ""]), "\"a\"")],
    );
    check(
        Operation::Replace,
        &[
            (json!(["aXbX", "X", "--"]), "\"a--b--\""),
            (json!(["ab", "", "-"]), "\"-a-b-\""),
            (json!(["ab", "c", "-"]), "\"ab\""),
        ],
    );
    check(
        Operation::Substring,
        &[
            (json!(["aébc", 1, 3]), "\"éb\""),
            (json!(["abc", -5, 99]), "\"abc\""),
            (json!(["abc", 2, 1]), "\"\""),
            (json!(["abc", 9, 12]), "\"\""),
        ],
    );
    check(
        Operation::MatchGroup,
        &[
            (json!(["v1.25.3", r"^v(\d+)\.(\d+)", 2]), "\"25\""),
            (json!(["v1", r"^v(?P<n>\d+)", "n"]), "\"1\""),
            (json!(["x", r"^v(\d+)", 1]), "missing"),
            (json!(["v1", r"^v(\d+)", 5]), "missing"),
            (json!(["v1", "(", 0]), "missing"),
            (json!(["v1", "v", 0]), "\"v\""),
            (json!(["b", "(a)|b", 1]), "missing"),
        ],
    );
    check(
        Operation::ToText,
        &[
            (json!(["a"]), "\"a\""),
            (json!([1]), "\"1\""),
            (json!([1.5]), "\"1.5\""),
            (json!([1e21]), "\"1e+21\""),
            (json!([1e-7]), "\"1e-7\""),
            (json!([true]), "\"true\""),
            (json!([{"$quantity": "1024Mi"}]), "\"1024Mi\""),
            (json!([{"$duration": "90m"}]), "\"1h30m0s\""),
            (json!([{"$percent": 5}]), "\"5%\""),
            (json!([[1]]), "missing"),
            (json!([{"a": 1}]), "missing"),
        ],
    );
}

#[test]
fn conversions() {
    check(
        Operation::ToInt,
        &[
            (json!(["42"]), "42"),
            (json!(["-1"]), "-1"),
            (json!([" 1"]), "missing"),
            (json!(["1.5"]), "missing"),
            (json!([1.9]), "1"),
            (json!([-1.9]), "-1"),
            (json!([1e300]), "missing"),
            (json!([{"$quantity": "2k"}]), "2000"),
            (json!([{"$quantity": "1500m"}]), "missing"),
            (json!([true]), "missing"),
        ],
    );
    check(
        Operation::ToFloat,
        &[
            (json!(["1.5"]), "float 1.5"),
            (json!(["1e3"]), "float 1000"),
            (json!([2]), "float 2"),
            (json!(["inf"]), "missing"),
            (json!(["nan"]), "missing"),
            (json!(["x"]), "missing"),
            (json!(["1e999"]), "missing"),
            (json!([{"$quantity": "500m"}]), "float 0.5"),
        ],
    );
    check(
        Operation::ToQuantity,
        &[
            (json!(["64Gi"]), "quantity 64Gi"),
            (json!([5]), "quantity 5"),
            (json!([0.5]), "quantity 0.5"),
            (json!(["5x"]), "missing"),
        ],
    );
    check(
        Operation::ToDuration,
        &[(json!(["90s"]), "duration 1m30s"), (json!(["7d"]), "missing"), (json!([5]), "missing")],
    );
    check(
        Operation::ToTime,
        &[
            (json!(["2026-01-01T01:00:00+01:00"]), "time 2026-01-01T00:00:00Z"),
            (json!(["2026-01-01"]), "missing"),
        ],
    );
    check(
        Operation::ToSemver,
        &[(json!(["1.2.3-rc.1"]), "semver 1.2.3-rc.1"), (json!(["v1.2.3"]), "missing")],
    );
    check(Operation::ToVersion, &[(json!(["v1.2"]), "semver 1.2.0"), (json!(["latest"]), "missing")]);
    check(
        Operation::ToIp,
        &[
            (json!(["10.0.0.1"]), "ip 10.0.0.1"),
            (json!(["::1"]), "ip ::1"),
            (json!(["10.0.0.01"]), "missing"),
            (json!(["fe80::1%eth0"]), "missing"),
        ],
    );
    check(Operation::ToCidr, &[(json!(["10.0.0.0/8"]), "cidr 10.0.0.0/8"), (json!(["10.0.0.0"]), "missing")]);
    check(
        Operation::ToJson,
        &[(
            json!([{"b": [1, null, "\u{1}\"é"], "a": 1.5}]),
            r#""{\"a\":1.5,\"b\":[1,null,\"\\u0001\\\"é\"]}""#,
        )],
    );
    check(
        Operation::FromJson,
        &[
            (json!(["{\"a\": [1, 2.0, null]}"]), r#"{"a":[1,2,null]}"#),
            (json!(["[1"]), "missing"),
            (json!(["1 2"]), "missing"),
            (json!(["null"]), "missing"),
        ],
    );
    check(
        Operation::FromYaml,
        &[
            (json!(["a: on\nb: [0644, 1.0]\n"]), r#"{"a":true,"b":[420,1]}"#),
            (json!(["a: b: c"]), "missing"),
            (json!(["a\n---\nb"]), "missing"),
            (json!(["text"]), "\"text\""),
            (json!(["x: &a 1\nz: *a"]), r#"{"x":1,"z":1}"#),
        ],
    );
    check(Operation::Base64Encode, &[(json!(["hé?>"]), "\"aMOpPz4=\""), (json!([""]), "\"\"")]);
    check(
        Operation::Base64Decode,
        &[
            (json!(["aMOp\nPz4="]), "\"hé?>\""),
            (json!(["aMOpPz4"]), "missing"),
            (json!(["/w=="]), "missing"),
            (json!(["*"]), "missing"),
        ],
    );
    check(
        Operation::Sha256,
        &[(json!(["abc"]), "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"")],
    );
    check(Operation::Sha1, &[(json!(["abc"]), "\"a9993e364706816aba3e25717850c26c9cd0d89d\"")]);
    check(Operation::Md5, &[(json!(["abc"]), "\"900150983cd24fb0d6963f7d28e17f72\"")]);
}

#[test]
fn images() {
    let tagged = json!(["ghcr.io/acme/app:v1"]);
    let digest = format!("sha256:{}", "0".repeat(64));
    let pinned = json!([format!("app@{digest}")]);
    check(
        Operation::ImageRegistry,
        &[(tagged.clone(), "\"ghcr.io\""), (json!(["app"]), "\"docker.io\""), (json!(["A B"]), "missing")],
    );
    check(Operation::ImageRepository, &[(tagged.clone(), "\"acme/app\""), (json!(["nginx"]), "\"nginx\"")]);
    check(
        Operation::ImageTag,
        &[(tagged.clone(), "\"v1\""), (json!(["app"]), "\"latest\""), (pinned.clone(), "missing")],
    );
    check(Operation::ImageDigest, &[(tagged.clone(), "missing"), (pinned.clone(), &format!("\"{digest}\""))]);
    check(
        Operation::ImageName,
        &[(tagged.clone(), "\"ghcr.io/acme/app\""), (json!(["app"]), "\"docker.io/app\"")],
    );
    check(
        Operation::ImageReference,
        &[(json!(["app"]), "\"docker.io/app:latest\""), (pinned, &format!("\"docker.io/app@{digest}\""))],
    );
    check(Operation::ImageWrittenTag, &[(tagged, "\"v1\""), (json!(["app"]), "missing")]);
}

fn compares(comparison: Comparison, domain: Domain, left: &Json, right: &Json) -> bool {
    compare(comparison, domain, &value(left), &value(right), &mut Budget::default()).unwrap()
}

#[test]
fn order_in_each_domain() {
    let q = |text: &str| json!({"$quantity": text});
    let table: Vec<(Domain, Vec<Json>)> = vec![
        (
            Domain::Number,
            vec![
                json!(-1),
                q("-500m"),
                json!(0),
                json!(0.1),
                q("500m"),
                json!(1),
                q("1.5"),
                json!("2k"),
                q("1Gi"),
                json!(1e300),
            ],
        ),
        (Domain::Text, vec![json!(""), json!("A"), json!("a"), json!("ab"), json!("é"), json!("\u{10000}")]),
        (
            Domain::Duration,
            vec![json!("-1h"), json!("0"), json!("30s"), json!({"$duration": "1m"}), json!("1h")],
        ),
        (
            Domain::Time,
            vec![
                json!("2026-01-01T01:00:00+02:00"),
                json!("2026-01-01T00:00:00Z"),
                json!({"$time": "2026-01-01T00:00:00.1Z"}),
            ],
        ),
        (
            Domain::Semver,
            vec![json!("1.0.0-rc.1"), json!("1.0.0"), json!({"$semver": "1.2.0"}), json!("1.10.0")],
        ),
        (Domain::Percent, vec![json!("0%"), json!({"$percent": 25}), json!("50%"), json!("100%")]),
    ];
    for (domain, sorted) in table {
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                for comparison in Comparison::ALL {
                    assert_eq!(
                        compares(*comparison, domain, a, b),
                        comparison.accepts(i.cmp(&j)),
                        "{a} {comparison:?} {b}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_does_not_belong_to_a_domain_reads_as_missing() {
    for (domain, outside) in [
        (Domain::Bool, json!("true")),
        (Domain::Number, json!("25%")),
        (Domain::Number, json!("x")),
        (Domain::Number, json!(true)),
        (Domain::Text, json!(1)),
        (Domain::Duration, json!("7d")),
        (Domain::Duration, json!(5)),
        (Domain::Time, json!("2026-01-01")),
        (Domain::Semver, json!("v1.2.3")),
        (Domain::Percent, json!(25)),
        (Domain::Percent, json!("-5%")),
        (Domain::Ip, json!("x")),
        (Domain::Json, json!(null)),
        (Domain::Number, json!(null)),
    ] {
        for comparison in Comparison::ALL {
            assert!(!compares(*comparison, domain, &outside, &outside), "{domain:?} {outside}");
        }
    }
}

#[test]
fn whole_values_are_equal_deeply() {
    let equal = |a: Json, b: Json| compares(Comparison::Equal, Domain::Json, &a, &b);
    assert!(equal(json!({"a": [1, {"b": 2}], "c": null}), json!({"a": [1.0, {"b": 2}]})));
    assert!(equal(json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1})));
    assert!(!equal(json!([1, 2]), json!([2, 1])));
    assert!(!equal(json!("1"), json!(1)));
    assert!(!equal(json!(true), json!(1)));
    assert!(equal(json!({"$quantity": "1000m"}), json!(1)));
    assert!(equal(json!({"$percent": 25}), json!("25%")));
    assert!(!compares(Comparison::Less, Domain::Json, &json!(1), &json!(2)));
    assert!(compares(Comparison::Equal, Domain::Ip, &json!("::1"), &json!("0:0:0:0:0:0:0:1")));
    assert!(compares(Comparison::Equal, Domain::Ip, &json!("10.0.0.0/8"), &json!("10.0.0.0/8")));
    assert!(!compares(Comparison::Equal, Domain::Ip, &json!("10.0.0.0/8"), &json!("10.0.0.0/9")));
    assert!(!compares(Comparison::Equal, Domain::Ip, &json!("10.0.0.0/32"), &json!("10.0.0.0")));
    assert!(compares(Comparison::Equal, Domain::Bool, &json!(true), &json!(true)));
    let deep = (0..2000).fold(Value::Int(1), |inner, _| Value::list(vec![inner]));
    let compared = compare(Comparison::Equal, Domain::Json, &deep, &deep, &mut Budget::default());
    assert_eq!(compared, Err(crate::budget::OverBudget));
}

#[test]
fn tests_and_their_answers() {
    let table = [
        (Test::InList, json!(["a", ["b", "a"]]), true),
        (Test::InList, json!(["a", ["b", null]]), false),
        (Test::InList, json!([{"x": 1}, [{"x": 1.0}]]), true),
        (Test::InList, json!([null, [null]]), false),
        (Test::InList, json!(["a", null]), false),
        (Test::InListNumber, json!(["500m", [0.5]]), true),
        (Test::InListNumber, json!([{"$quantity": "1Ki"}, [1, 1024]]), true),
        (Test::InListNumber, json!([1, ["x"]]), false),
        (Test::InMap, json!(["a", {"a": 1}]), true),
        (Test::InMap, json!(["a", {"a": null}]), false),
        (Test::InMap, json!([1, {"1": 1}]), false),
        (Test::InText, json!(["b", "abc"]), true),
        (Test::InText, json!(["", "abc"]), true),
        (Test::InText, json!(["x", "abc"]), false),
        (Test::InRange, json!([5, 0, 5]), true),
        (Test::InRange, json!(["500m", 0.5, 1]), true),
        (Test::InRange, json!([6, 0, 5]), false),
        (Test::InRange, json!([null, 0, 5]), false),
        (Test::InCidr, json!(["10.1.2.3", "10.0.0.0/8"]), true),
        (Test::InCidr, json!(["x", "10.0.0.0/8"]), false),
        (Test::CidrInCidr, json!(["10.1.0.0/16", {"$cidr": "10.0.0.0/8"}]), true),
        (Test::CidrInCidr, json!(["10.0.0.0/8", "10.1.0.0/16"]), false),
    ];
    for (it, arguments, expected) in table {
        let values: Vec<_> = arguments.as_array().unwrap().iter().map(value).collect();
        assert_eq!(test(it, &values, &mut Budget::default()), Ok(expected), "{} {arguments}", it.name());
    }
}

#[test]
fn presence_counts_as_change() {
    let differs =
        |now: Json, before: Json| changed(&value(&now), &value(&before), &mut Budget::default()).unwrap();
    assert!(!differs(json!(null), json!(null)));
    assert!(differs(json!(""), json!(null)));
    assert!(differs(json!(null), json!(0)));
    assert!(!differs(json!([1]), json!([1.0])));
    assert!(differs(json!("1"), json!("1000m")));
}

#[test]
fn large_results_are_over_budget() {
    let long = Value::text("a".repeat(LEN_MAX / 2 + 1));
    let mut budget = Budget::default();
    assert!(apply(Operation::Add, &[long.clone(), long.clone()], &mut budget).is_err());
    let replaced = [long.clone(), Value::text("a"), long.clone()];
    assert!(apply(Operation::Replace, &replaced, &mut budget).is_err());
    assert!(apply(Operation::Split, &[long, Value::text("")], &mut Budget::new(1000)).is_err());
}
