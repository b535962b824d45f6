//! Inputs made to cost much: each is refused or read within a second.

use std::time::{Duration, Instant};

use aipc_runtime::document::{FindingKind, Read, ReadOptions, read};

/// Generous, since tests run unoptimised beside others; release builds need a fraction.
const LIMIT: Duration = Duration::from_secs(10);

fn timed(name: &str, text: &str) -> Read {
    let start = Instant::now();
    let read = read(name, text.as_bytes(), &ReadOptions::default());
    let time = start.elapsed();
    println!("{name}: {} bytes, {time:?}, {:?}", text.len(), read.findings.first().map(|it| &it.message));
    assert!(time < LIMIT, "{name}: {time:?}");
    read
}

fn kinds(read: &Read) -> Vec<FindingKind> {
    read.findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn billion_laughs_is_refused() {
    let mut text = "a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol,lol]\n".to_owned();
    for level in 1..20 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(",");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert_eq!(kinds(&timed("billion laughs", &text)), [FindingKind::Alias]);
}

#[test]
fn merged_laughs_are_refused() {
    let mut text = "m0: &m0 {".to_owned();
    for key in 0..1000 {
        text.push_str(&format!("k{key}: v, "));
    }
    text.push_str("}\n");
    for level in 0..100_000 {
        text.push_str(&format!("n{level}: {{<<: *m0}}\n"));
    }
    assert_eq!(kinds(&timed("merged laughs", &text)), [FindingKind::Alias]);
}

#[test]
fn deep_nesting_is_refused_without_recursion() {
    const DEPTH: usize = 1_000_000;
    for (name, unit) in [("flow lists", "["), ("flow maps", "{a: "), ("block lists", "- "), ("lines", "[\n")]
    {
        let read = timed(name, &unit.repeat(DEPTH));
        assert_eq!(kinds(&read), [FindingKind::TooLarge], "{name}");
    }
    assert_eq!(kinds(&timed("keys", &"? ".repeat(DEPTH))), [FindingKind::Key]);
    let json = "{\"a\":[".repeat(DEPTH / 2);
    assert_eq!(kinds(&timed("JSON", &json)), [FindingKind::TooLarge]);
    // Each alias adds the depth of its anchor.
    let list = |inner: &str| format!("{}{inner}{}", "[".repeat(100), "]".repeat(100));
    let mut text = format!("a0: &a0 {}\n", list("x"));
    for level in 1..10 {
        text.push_str(&format!("a{level}: &a{level} {}\n", list(&format!("*a{}", level - 1))));
    }
    assert_eq!(kinds(&timed("depth by aliases", &text)), [FindingKind::TooLarge]);
}

#[test]
fn many_aliases_are_shared() {
    let aliases = vec!["*a"; 100_000].join(", ");
    let read = timed("100,000 aliases", &format!("a: &a x\nb: [{aliases}]\n"));
    assert_eq!(kinds(&read), [FindingKind::NotAResource]);
    let document = &read.documents[0];
    let list = document.get(document.root(), "b").unwrap();
    assert_eq!(document.len(list), 100_000);
}

#[test]
fn many_anchors_are_read() {
    let text: String = (0..100_000).map(|at| format!("- &a{at} x\n- *a{at}\n")).collect();
    assert_eq!(kinds(&timed("100,000 anchors", &text)), [FindingKind::NotAResource]);
}

#[test]
fn a_million_duplicate_keys_are_counted() {
    let read = timed("duplicate keys", &"a: 1\n".repeat(1_000_000));
    let options = ReadOptions::default();
    let listed = kinds(&read).iter().filter(|kind| **kind == FindingKind::DuplicateKey).count();
    assert_eq!(listed, options.findings_each_max);
    let rest = read.findings.iter().find(|it| it.kind == FindingKind::Suppressed).unwrap();
    assert!(rest.is_error() && rest.message.starts_with("999899 more"), "{}", rest.message);
    assert_eq!(read.documents[0].len(read.documents[0].root()), 1);
    let json = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(1_000_000));
    assert_eq!(timed("JSON duplicates", &json).documents.len(), 1);
}

#[test]
fn many_keys_are_read() {
    let text: String = (0..300_000).map(|at| format!("k{at}: {at}\n")).collect();
    let read = timed("300,000 keys", &text);
    let document = &read.documents[0];
    assert!(document.get(document.root(), "k299999").is_some());
}

#[test]
fn large_scalars_have_a_limit() {
    let below = "x".repeat(15 << 20);
    let above = "x".repeat(17 << 20);
    for (name, before, after) in [
        ("plain", "a: ", "\n"),
        ("double", "a: \"", "\"\n"),
        ("literal", "a: |\n  ", "\n"),
        ("json", "{\"a\": \"", "\"}"),
        ("comment", "#", "\na: 1\n"),
    ] {
        let read = timed(name, &format!("{before}{below}{after}"));
        assert_eq!(kinds(&read), [FindingKind::NotAResource], "{name}");
        let read = timed(name, &format!("{before}{above}{after}"));
        let expected = if name == "comment" { FindingKind::NotAResource } else { FindingKind::TooLarge };
        assert_eq!(kinds(&read), [expected], "{name}");
    }
    let words = "word \n ".repeat(1 << 20);
    timed("folded", &format!("a: {words}\n"));
    timed("quoted", &format!("a: \"{words}\"\n"));
    timed("escaped", &format!("a: \"{}\"\n", "\\\n ".repeat(1 << 20)));
    timed("block", &format!("a: >\n{}\n", "  word\n\n".repeat(1 << 20)));
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let options = ReadOptions { file_bytes_max: 10, ..ReadOptions::default() };
    let read = read("large", b"a: 1\nb: 2\nc: 3\n", &options);
    assert_eq!(kinds(&read), [FindingKind::TooLarge]);
    assert!(read.has_errors() && read.documents.is_empty());
}

#[test]
fn repeated_indicators_are_read_in_one_pass() {
    for (name, unit, count) in [
        ("separators", "---\n", 300_000),
        ("bad separators", "--- x\n", 300_000),
        ("document ends", "...\n", 300_000),
        ("colons", ": ", 500_000),
        ("commas", "[a,", 300_000),
        ("quotes", "'", 1_000_000),
        ("comments", "# c\n", 500_000),
        ("tags", "!a ", 300_000),
        ("anchors", "&a ", 300_000),
        ("merge keys", "<<: {}\n", 300_000),
        ("spaces", " ", 5_000_000),
        ("newlines", "\n", 5_000_000),
        ("percent", "%a\n", 300_000),
        ("words", "a ", 1_000_000),
        ("escapes", "\"\\", 500_000),
        ("carriage returns", "a: 1\r", 300_000),
        ("open braces", "{}", 300_000),
        ("documents", "a: 1\n---\n", 100_000),
    ] {
        timed(name, &unit.repeat(count));
    }
}
