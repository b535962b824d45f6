//! Expressions and what they find. That Kyverno finds the same is asked in `tests/agreement/jmespath.rs`.

use std::sync::Arc;

use aipc_runtime::document::{Document, read};
use aipc_runtime::value::{Shared, Time};

use super::*;
use crate::json::Escape;

fn document() -> Arc<Document> {
    let text = r#"{
        "s": {"i": 5, "t": "abc", "nul": null, "l": [3, 1, 2], "lm": [{"n": "b", "p": 2}, {"n": "a"}]},
        "empty": {}
    }"#;
    Arc::clone(&read("test.json", text.as_bytes(), &Default::default()).documents[0])
}

/// The value as JSON, or the error.
fn found(text: &str) -> String {
    let document = document();
    let root = Json::of(&document);
    let now = Time::from_unix(1_700_000_000, 0);
    match Query::parse(text) {
        Err(error) => error.to_string(),
        Ok(query) => match query.search(&root, Some(now)) {
            Ok(value) => value.to_json(Escape::Plain),
            Err(error) => error.to_string(),
        },
    }
}

#[test]
fn an_unknown_key_is_an_error_where_nobody_forgives_it() {
    for (text, expected) in [
        ("s.zz", "Unknown key \"zz\" in path"),
        ("s.zz[0]", "Unknown key \"zz\" in path"),
        ("s.lm[0].zz", "Unknown key \"zz\" in path"),
        ("'a' && s.zz", "Unknown key \"zz\" in path"),
        ("s.zz || s.yy", "null"),
        ("s.zz == `null`", "true"),
        ("s.zz == null", "true"),
        ("s.zz | @", "null"),
        ("s.zz[]", "null"),
        ("s.zz[*].a", "null"),
        ("s.zz.*", "null"),
        ("s.nul.a", "null"),
        ("s.t.q", "null"),
        ("s.l[5]", "null"),
        ("s.lm[*].zz", "[]"),
        ("a.b.c || ''", "\"\""),
        (
            "length(s.zz)",
            "Invalid type for: <nil>, expected: []jmespath.JpType{\"string\", \"array\", \"object\"}",
        ),
        ("map(&zz, s.lm)", "[null,null]"),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn operators() {
    for (text, expected) in [
        ("s.l[-1]", "2"),
        ("s.l[::-1]", "[2,1,3]"),
        ("s.l[?@ > `1`]", "[3,2]"),
        ("s.lm[?n=='a'].n | [0]", "\"a\""),
        ("s.{a: i, b: t}", "{\"a\":5,\"b\":\"abc\"}"),
        ("s.[i, t]", "[5,\"abc\"]"),
        ("s.i >= '2'", "null"),
        ("!s.t", "null"),
        ("!(s.t)", "false"),
        ("!empty", "true"),
        ("`0` && 'yes'", "\"yes\""),
        ("s.lm[].n", "[\"b\",\"a\"]"),
        ("empty.*", "[]"),
        ("`{\"a\":1}`.*.to_string(@)", "[\"null\",\"1\"]"),
        ("'it\\'s'", "\"it's\""),
        ("length('abc' 'd')", "incorrect number of args"),
        ("[1", "Unknown AST node: ASTEmpty"),
        ("nope(s)", "unknown function: nope"),
        ("(s.t)(s)", "invalid node value type"),
        ("'length'('abc')", "3"),
        ("s.", "SyntaxError: Expected identifier, lbracket, or lbrace"),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn functions_by_example() {
    for (text, expected) in [
        ("add('1Gi', '1Mi')", "\"1025Mi\""),
        ("add('1h', '30m')", "JMESPath function 'add': Types mismatch"),
        ("subtract('10m', '15m')", "\"-5m\""),
        ("divide('10', '4')", "2.5"),
        ("divide('1Gi', `3`)", "\"357913941\""),
        ("modulo('1h1m', '25m')", "JMESPath function 'modulo': Types mismatch"),
        ("modulo('1h1m', '25m1s')", "\"10m58s\""),
        ("compare('a', 'b')", "-1"),
        ("items(`{\"b\":1,\"a\":2}`, 'k', 'v')", r#"[{"k":"a","v":2},{"k":"b","v":1}]"#),
        ("type(items(s, 'k', 'v'))", "unknown type"),
        ("sort_by(s.lm, &n)[*].n", "[\"a\",\"b\"]"),
        ("regex_replace_all('(a)(b)', 'xabx', '$2$1-$3')", "\"xba-x\""),
        ("time_now_utc()", "\"2023-11-14T22:13:20Z\""),
        ("time_add('2024-01-31T00:00:00+02:00', '24h')", "\"2024-02-01T00:00:00+02:00\""),
        ("semver_compare('1.5.0', '>=1.2.x <2.0.0')", "true"),
        ("semver_compare('bad', '<1.0.0')", "true"),
        ("path_canonicalize('/a//b/../c/')", "\"/a/c\""),
        ("image_normalize('nginx')", "\"docker.io/nginx:latest\""),
        ("random('[a-z]')", "not evaluated: `random` is chance"),
        (
            "contains(`[{}]`, `{}`)",
            "panic: runtime error: comparing uncomparable type map[string]interface {}",
        ),
        ("parse_yaml('a: [1, 2]\n')", "{\"a\":[1,2]}"),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn hostile_expressions_end() {
    let deep = "The expression is nested too deeply";
    for text in ["(".repeat(100_000), "!".repeat(100_000), "[".repeat(100_000), "a|".repeat(100_000) + "a"] {
        assert!(found(&text).contains(deep));
    }
    assert!(found(&("a".to_owned() + &".a".repeat(100_000))).contains("Unknown key"));
    assert!(found(&("`".to_owned() + &"[".repeat(100_000) + "`")).contains("max depth"));
    // Each step doubles what a walk over the value would take.
    let doubled = "[@,@]".to_owned() + &" | [@,@]".repeat(100);
    for text in [doubled.clone(), format!("to_string({doubled})"), format!("({doubled}) == ({doubled})")] {
        assert!(found(&text).starts_with("not evaluated"), "{text}");
    }
    let grown = "'aaaaaaaaaaaaaaaa'".to_owned() + &" | replace_all(@, 'a', 'aaaaaaaaaaaaaaaa')".repeat(20);
    assert!(found(&grown).starts_with("not evaluated"));
    assert!(found("`[1,2]`[1::9223372036854775807]").starts_with("panic"));
}

/// Answers for two keys, and counts how often it is asked for all.
struct Lazy(std::cell::Cell<usize>);

impl<'a> Root<'a> for Lazy {
    fn get(&self, key: &str) -> Result<Option<Json<'a>>, SearchError> {
        match key {
            "broken" => Err(SearchError::Other("no such ConfigMap".to_owned())),
            "known" => Ok(Some(Json::Text(Shared::Borrowed("x")))),
            _ => Ok(None),
        }
    }

    fn whole(&self) -> Result<Json<'a>, SearchError> {
        self.0.set(self.0.get() + 1);
        Ok(Json::map(vec![(Shared::Borrowed("known"), Json::Null)]))
    }
}

#[test]
fn a_root_is_asked_for_what_is_needed() {
    let root = Lazy(Default::default());
    let search = |text: &str| Query::parse(text).unwrap().search(&root, None);
    assert_eq!(search("known || broken").unwrap().as_text(), Some("x"));
    assert_eq!(search("absent"), Err(SearchError::UnknownKey("absent".to_owned())));
    assert_eq!(search("absent || broken"), Err(SearchError::Other("no such ConfigMap".to_owned())));
    assert_eq!(root.0.get(), 0);
    assert!(search("keys(@)").is_ok());
    assert_eq!(root.0.get(), 1);
    assert!(matches!(search("time_now()"), Err(SearchError::NotEvaluated(_))));
}
