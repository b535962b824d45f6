//! What `aipc dump` shows, on a text with every kind of item.

use super::parsed;
use crate::syntax::{dump_ast, dump_tokens};

#[test]
fn a_tree_is_shown_without_places() {
    let text = r#"
use "std/ai" as ai
kind Cluster = "example.com/v1/Cluster" untyped
refine Container.image as image
view pod of Deployment, Job = spec.template, self
/// Doc.
fn f(a: list of string, b: int? = 3) = a.b[0] ?? c
policy p(x: string) "Title" on create, delete where a with s = b {
  severity high
  control c "1", d "2"
  action enforce, warn where namespace == "x"
  settings { background: true }
  let a = [1, 2.5, -3, 64Gi, 1h30min, 50%, 2027-01-31, true]
  rule "n 1": require Pod only, Deployment/scale that a == b or missing message "m {a.b}"
}
policy q = lib.p(x: "y") { severity low }
mutate pod for Secret on update { set a.b = if c then d else e for k, v in l where not x { remove v } append z = { a: 1 } f.g(1) }
generate Secret "s" in "n" for Namespace each x in split(y, ",") where z { data: { "{x}": 1 for x in l } }
generate copy of Secret, ConfigMap "r" in "d" where a into b as c for Namespace
verify pod signed by 2 of [a, b] attested "t" by k that p ignoring spec.a, spec.b
delete Pod if any x in l: x not in 1..3 every "0 * * * *"
exempt p.r, "q-*" for pod where a until 2027-01-31 because "b"
test "t" {
  given "w.yaml"
  given user { name: "n" }
  given now 2027-01-31T12:00:00Z
  expect deny on update Pod "a.yaml" from {} by p.r message "m"
  expect delete Pod {} by p.r
  expect keep Pod "a.yaml"
  expect Pod {} becomes "b.yaml"
  expect Pod {} generates Secret { a: ["{x}" for x in y] }
}
"#;
    let tree = parsed(text);
    assert!(tree.diagnostics.is_empty(), "{:#?}", tree.diagnostics);
    insta::assert_snapshot!(dump_ast(&tree));
}

#[test]
fn tokens_are_shown_as_the_grammar_sees_them() {
    insta::assert_snapshot!(dump_tokens("deny pod if a.if not in [\n  \"x\"\n  b\n]\n"), @r#"
         0    4 keyword  deny
         5    3 name     pod
         9    2 keyword  if
        12    1 name     a
        13    1 sign     .
        14    2 name     if
        17    6 sign     not in
        24    1 sign     [
        28    3 string   \"x\"
        31    0 sign     ,
        34    1 name     b
        36    1 sign     ]
    "#);
}

#[test]
fn a_thousand_rules_are_read_in_no_time() {
    let rule = "rule r: deny pod on create, update where namespace ~ \"prod-*\"\n  if spec.hostNetwork and \
        any c in container: c.image ~ \"x/*\"\n  message \"No {image}.\"\n\n";
    let text = rule.repeat(1000);
    let started = std::time::Instant::now();
    let tree = parsed(&text);
    let parsing = started.elapsed();
    let started = std::time::Instant::now();
    let form = crate::syntax::format(&tree, &text);
    println!("{} bytes: parsed in {parsing:?}, formatted in {:?}", text.len(), started.elapsed());
    assert_eq!(tree.module.items.len(), 1000);
    assert!(form.is_ok());
}
