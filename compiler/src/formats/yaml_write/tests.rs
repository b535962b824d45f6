//! What is written reads back as it was, through libyaml's events with the scalars of both YAML versions.

use libyaml_safer::{EventData, Parser, ScalarStyle};
use proptest::prelude::*;
use regex::Regex;

use super::*;

/// Reads one document. A plain scalar becomes what 1.1 or 1.2 or Go's reader could take it for, so that a
/// text that is written plain by mistake shows up as something else.
fn read(text: &str) -> Node {
    // libyaml takes the first byte of some characters for the beginning of a byte order mark.
    let text = format!("# a comment\n{text}");
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let mut events = Vec::new();
    loop {
        let event = parser.parse().unwrap_or_else(|error| panic!("{error}\n{text}")).data;
        match event {
            EventData::StreamEnd => break,
            EventData::StreamStart { .. }
            | EventData::DocumentStart { .. }
            | EventData::DocumentEnd { .. } => {}
            event => events.push(event),
        }
    }
    events.reverse();
    let node = read_node(&mut events);
    assert!(events.is_empty(), "a single document\n{text}");
    node
}

fn read_node(events: &mut Vec<EventData>) -> Node {
    match events.pop().expect("a node") {
        EventData::Scalar { value, style: ScalarStyle::Plain, .. } => plain(&value),
        EventData::Scalar { value, .. } => Node::Text(value),
        EventData::SequenceStart { .. } => {
            let mut items = Vec::new();
            while !matches!(events.last(), Some(EventData::SequenceEnd)) {
                items.push(read_node(events));
            }
            events.pop();
            Node::List(items)
        }
        EventData::MappingStart { .. } => {
            let mut map = Map::new();
            while !matches!(events.last(), Some(EventData::MappingEnd)) {
                let Node::Text(key) = read_node(events) else { panic!("a key is text") };
                map.set(key, read_node(events));
            }
            events.pop();
            Node::Map(map)
        }
        event => panic!("unexpected {event:?}"),
    }
}

fn plain(value: &str) -> Node {
    let is = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(value);
    match value {
        "true" => Node::Bool(true),
        "false" => Node::Bool(false),
        "null" => Node::Null,
        _ if is("[-+]?[0-9]+") => Node::Int(value.parse().unwrap()),
        _ if is(r"[-+]?[0-9]+\.[0-9]+(e[-+][0-9]+)?") => Node::Float(value.parse().unwrap()),
        // every other thing that the specifications of both versions give a meaning to
        _ if is("(?i)y|yes|n|no|on|off|true|false|null|~|=|<<|")
            || is(r"(?i)[-+]?\.?(inf|nan)")
            || is(r"[-+.0-9][-+.0-9_:a-fA-FxobeTtZ ]*") =>
        {
            panic!("written plain: {value:?}")
        }
        _ => Node::Text(value.to_owned()),
    }
}

/// Prose and text are the same once read.
fn as_read(node: &Node) -> Node {
    match node {
        Node::Prose(text) => Node::Text(text.clone()),
        Node::List(items) => Node::List(items.iter().map(as_read).collect()),
        Node::Map(map) => Node::Map(Map(map
            .0
            .iter()
            .map(|e| Entry { comments: vec![], key: e.key.clone(), value: as_read(&e.value) })
            .collect())),
        other => other.clone(),
    }
}

#[track_caller]
fn round_trips(node: &Node) {
    let text = document(node);
    assert_eq!(read(&text), as_read(node), "\n{text}");
    assert!(text.ends_with('\n'));
}

const NASTY: &[&str] = &[
    "",
    " ",
    "on",
    "On",
    "yes",
    "y",
    "N",
    "NO",
    "null",
    "Null",
    "~",
    "true",
    "TRUE",
    "0644",
    "1_000",
    "0b1",
    "0x1F",
    "0o17",
    "1e3",
    "1E3",
    ".inf",
    "-.INF",
    ".NaN",
    "nan",
    "12:30:45",
    "1:2",
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    "+1",
    "-1",
    "-",
    "--",
    "---",
    "...",
    "- a",
    "? a",
    "?",
    ": a",
    "a: b",
    "a:b",
    "a:",
    ":",
    "a #b",
    "a#b",
    "#a",
    " a",
    "a ",
    "\ta",
    "a\t",
    "a\tb",
    "&a",
    "*a",
    "*",
    "!a",
    "!",
    "!!str a",
    "|",
    "|-",
    ">",
    ">-",
    "%a",
    "@a",
    "`a",
    "'",
    "\"",
    "'a'",
    "\"a\"",
    "it's",
    "say \"hi\"",
    "both ' and \"",
    "\\",
    "a\\nb",
    "{",
    "}",
    "{a: b}",
    "[",
    "]",
    "[a]",
    ",",
    "a, b",
    "{{ request.object }}",
    "$(x)",
    "=",
    "<<",
    "=(spec)",
    "(name)",
    "<(image)",
    "+(a)",
    "^(l)",
    "X(hostPath)",
    "?*",
    "*-vault",
    "!*:latest",
    ">5",
    "<1Gi",
    "1-5",
    "a | b",
    "64Gi",
    "500m",
    "1.0",
    "1.",
    "1.2.3",
    "10.0.0.1",
    "a\nb",
    "a\nb\n",
    "a\nb\n\n",
    "\n",
    "\n\n",
    "\na",
    " a\nb",
    "a\n b",
    "a\n\tb",
    "a \nb",
    "a\n\nb",
    "a\n ",
    "a\n---\nb",
    "a\n# b",
    "# a\nb",
    "a\r\nb",
    "a\rb",
    "\0",
    "\x07",
    "\x1b[31m",
    "\x7f",
    "\u{85}",
    "a\u{85}b",
    "\u{a0}",
    "\u{2028}",
    "a\u{2029}b\nc",
    "\u{feff}a",
    "\u{202e}a",
    "\u{200b}",
    "é",
    "日本",
    "日本\n語",
    "😀",
    "\u{e000}",
    "\u{ffff}",
    "\u{10ffff}",
    "\u{fffd}",
    "object.kind == 'Pod' ? a : b",
    "x.all(c, c.image != \"a\")",
    "/path",
    "_",
    "_1",
    "Infinity",
    "v1",
    "a?",
    "policy.aip:12: deny pod if {",
    "\u{2014} dash",
    "!!binary",
    "0",
    "00",
];

#[test]
fn nasty_texts_are_themselves_everywhere() {
    for text in NASTY {
        let value = Node::Text((*text).to_owned());
        round_trips(&value);
        let map = Map::new().with(*text, value.clone()).with("inner", Map::new().with(*text, value.clone()));
        round_trips(&Node::Map(map.clone()));
        let commented = map.comment_first(*text).comment_last(*text);
        let prose = Node::Prose(format!("{text} {}", "word ".repeat(40)));
        round_trips(&Node::List(vec![
            value.clone(),
            Node::Map(commented),
            Node::List(vec![value, prose.clone()]),
            prose,
            Node::Text(format!("first\n{text}")),
            Node::Text(format!("{text}\nlast\n")),
        ]));
    }
}

#[test]
fn numbers_keep_their_kind() {
    for float in [0.0, -0.0, 1.0, 0.1, 1e300, -1.5e-7, 123456789.125, f64::MAX, f64::MIN_POSITIVE] {
        round_trips(&Node::Float(float));
    }
    for int in [0, -1, i64::MAX, i64::MIN] {
        round_trips(&Node::Int(int));
    }
    assert_eq!(document(&Node::Float(1e300)), "1.0e+300\n");
}

#[test]
fn long_keys_are_read() {
    let key = "k".repeat(5000);
    let inner = Map::new().with("a", 1).with("b", vec!["c"]);
    round_trips(&Node::Map(
        Map::new().with(key.clone(), 1).with(format!("{key}2"), inner).with(format!("{key}\n"), vec![1]),
    ));
}

#[test]
fn looks_as_people_write_it() {
    let rule = Map::new()
        .with("expression", "object.kind == 'Pod' ? object : object.spec.template")
        .with("message", "Two\nlines.")
        .with("empty", Vec::<Node>::new())
        .comment_first("policy.aip:3: deny pod if\nhostPID");
    let root = Map::new()
        .with("apiVersion", "v1")
        .with("count", 3)
        .with("spec", Map::new().with("rules", vec![rule]).with("versions", vec!["v1", "*"]))
        .with("description", Node::Prose("Words ".repeat(30).trim_end().to_owned()))
        .comment_first("head");
    insta::assert_snapshot!(document(&Node::Map(root)), @r#"
    # head
    apiVersion: v1
    count: 3
    spec:
      rules:
        # policy.aip:3: deny pod if\nhostPID
        - expression: "object.kind == 'Pod' ? object : object.spec.template"
          message: |-
            Two
            lines.
          empty: []
      versions:
        - v1
        - "*"
    description: >-
      Words Words Words Words Words Words Words Words Words Words Words Words Words Words Words Words
      Words Words Words Words Words Words Words Words Words Words Words Words Words Words
    "#);
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => proptest::sample::select(NASTY).prop_map(str::to_owned),
        2 => "[ -~\n\t]{0,12}",
        1 => "\\PC{0,6}",
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn any_node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        any::<i64>().prop_map(Node::Int),
        any_text().prop_map(Node::Text),
        any_text().prop_map(Node::Prose),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let entry = (proptest::collection::vec(any_text(), 0..2), any_text(), inner.clone())
            .prop_map(|(comments, key, value)| Entry { comments, key, value });
        prop_oneof![
            proptest::collection::vec(inner, 0..5).prop_map(Node::List),
            proptest::collection::vec(entry, 0..5).prop_map(|entries| Node::Map(Map(entries))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn every_tree_reads_back(node in any_node()) {
        round_trips(&node);
    }
}
