//! Broken texts: what is said, and what is kept.

use super::parsed;
use crate::diagnostic::render::apply_fix;
use crate::syntax::dump_ast;

/// The codes and messages, a line each, and the tree.
fn report(text: &str) -> String {
    let tree = parsed(text);
    let mut out = String::new();
    for found in &tree.diagnostics {
        let place = found.primary();
        let line = text[..place.start as usize].matches('\n').count() + 1;
        out.push_str(&format!("{line}: {} {}\n", found.code.as_str(), found.message));
    }
    out + "\n" + &dump_ast(&tree)
}

#[test]
fn five_mistakes_give_five_findings_and_lose_nothing() {
    insta::assert_snapshot!(report(
        r#"
polcy a {
  deny pod if (spec.hostNetwork or spec.hostPID
    message "m"
  require pod if spec.x
  rule n: deny pod if a = 1
}
deny pod if spec.
policy b { deny pod if x where y }
"#
    ));
}

#[test]
fn what_is_left_out_becomes_a_hole() {
    insta::assert_snapshot!(report(
        r#"
deny pod if a ==
let x 3
let = 4
deny pod if a and
require pod
deny if x
view of pod = a
deny pod if any c in x c.y
let z = if b then c
let l = [1 2]
delete Pod if x
verify container signed github
exempt p until 2027-01-31
rule x:
rule y: deny pod
"#
    ));
}

#[test]
fn what_is_too_much_is_dropped() {
    insta::assert_snapshot!(report(
        r#"
deny pod if a b c message "m"
deny pod unless x
deny "pod" if x
policy p severity high { deny pod }
}} deny pod if x ) deny pod
deny pod if a if b message "m"
use x "y"
"#
    ));
}

#[test]
fn blocks_close_where_the_next_begins() {
    insta::assert_snapshot!(report(
        r#"
policy a {
  deny pod if x
policy b {
  mutate pod {
    for c in container {
      set c.x = 1
    append y = [1, 2
  rule r: deny pod if f(a
}
test "t" {
  expect deny Pod { a: 1
  expect denied Pod {}
  expect allow Pod {}
}
"#
    ));
}

#[test]
fn strings_end_where_they_can() {
    insta::assert_snapshot!(report(
        r#"
deny pod message "unclosed
deny pod message "in {a b} and {"
deny pod message "a {} b \q \u{110000} {name.}"
test "x {y}" { given "f" }
let s = """
    a
  b
    """
let q = 'single'
let r = r"\d{3}"
"#
    ));
}

#[test]
fn spellings_of_other_languages_are_understood() {
    insta::assert_snapshot!(report(
        r#"
# comment
deny pod if a && b || !c;
/* block
   comment */
deny pod if spec.containers[*].image =~ 'abc'
deny pod if a -3 > b
deny pod if x == 1GB or y => 5mins or 2027-02-30 == z
"#
    ));
}

#[test]
fn safe_fixes_repair_the_text() {
    for (broken, repaired) in [
        ("dney pod if a", "deny pod if a"),
        ("deny pod if a where b", "deny pod where b if a"),
        ("deny pod if a = 1", "deny pod if a == 1"),
        ("deny pod if !a", "deny pod if not a"),
        ("deny pod if a && b", "deny pod if a and b"),
        ("deny pod if spec.containers[*].image", "deny pod if spec.containers.image"),
        ("deny pod if a -3 > 1", "deny pod if a - 3 > 1"),
        ("deny pod if 3-a > 1", "deny pod if 3 - a > 1"),
        ("deny pod if a == 'b'", "deny pod if a == \"b\""),
        ("# note", "// note"),
        ("deny pod message \"m\" if a", "deny pod if a message \"m\" "),
    ] {
        let tree = parsed(broken);
        let fixes: Vec<_> = tree.diagnostics.iter().flat_map(|found| &found.fixes).collect();
        assert_eq!(fixes.len(), 1, "{broken}: {:#?}", tree.diagnostics);
        assert!(fixes[0].safe, "{broken}");
        let fixed = apply_fix(broken, fixes[0]);
        assert_eq!(fixed.trim(), repaired.trim(), "{broken}");
        assert!(parsed(&fixed).diagnostics.is_empty(), "{fixed}");
    }
}

#[test]
fn hidden_characters_are_refused_everywhere() {
    for text in [
        "// a\u{202e}b",
        "deny pod\u{200b}",
        "let a = \"\u{2066}\"",
        "let a = 1\u{0}",
        "let a = 1\rlet b = 2",
    ] {
        let codes: Vec<_> = parsed(text).diagnostics.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(codes, ["AIP0103"], "{text:?}");
    }
    assert!(parsed("\u{feff}let a = \"\\u{202e}é\"\r\nlet b = 2\r\n").diagnostics.is_empty());
}

#[test]
fn a_stray_doc_comment_is_a_warning() {
    let found = parsed("policy p {\n  deny pod\n  /// nothing\n}\n").diagnostics;
    assert!(found.len() == 1 && !found[0].is_error(), "{found:#?}");
}
