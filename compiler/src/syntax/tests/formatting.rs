//! The canonical form: examples, and what must hold for any text.

use super::parsed;
use crate::syntax::token::{Tok, Token};
use crate::syntax::{adapter, dump_ast, format, lexer};

/// The tokens of a text as words, without the commas that a line break may stand for.
fn words(text: &str) -> Vec<&str> {
    let file = crate::source::FileId(0);
    let lexed = lexer::lex(file, text, 0);
    let adapted = adapter::adapt(file, text, 0, &lexed.tokens);
    let word = |token: &Token| &text[token.start as usize..token.end as usize];
    let joined = |tok| matches!(tok, Tok::NotIn | Tok::NotMatches | Tok::OrMissing);
    let tokens = adapted.tokens.iter().filter(|token| token.tok != Tok::Comma);
    tokens.map(|token| if joined(token.tok) { token.tok.describe() } else { word(token) }).collect()
}

fn comments(text: &str) -> Vec<String> {
    let parsed = parsed(text);
    let mut comments: Vec<String> =
        parsed.comments.all.iter().map(|comment| comment.text(text).to_string()).collect();
    comments.sort();
    comments
}

/// Formats `text`, which has no syntax errors, and checks what must hold for any text.
pub fn check_format(text: &str) -> String {
    let tree = parsed(text);
    let once = match format(&tree, text) {
        Ok(once) => once,
        Err(found) => panic!("{found:#?}\n{text}"),
    };
    let again = parsed(&once);
    let twice = match format(&again, &once) {
        Ok(twice) => twice,
        Err(found) => panic!("the form does not parse: {found:#?}\n{text}\n-----\n{once}"),
    };
    if let Some((a, b)) = once.lines().zip(twice.lines()).find(|(a, b)| a != b) {
        panic!("not stable: {a}\n            {b}\n{text}\n-----\n{once}\n-----\n{twice}");
    }
    assert!(once == twice, "not stable at its end:\n{once}\n-----\n{twice}");
    let (before, after) = (comments(text), comments(&once));
    let lost: Vec<_> = before.iter().filter(|comment| !after.contains(comment)).collect();
    assert!(before == after, "lost {lost:?}\n{text}\n-----\n{once}");
    // Sorted `use` lines and patterns that became raw strings change their tokens on purpose.
    if !text.contains("use ") && !text.contains("\\\\") {
        let (before, after) = (words(text), words(&once));
        let differs = before.iter().zip(&after).find(|(a, b)| a != b);
        assert!(before == after, "{differs:?}\n{text}\n-----\n{once}");
        assert_eq!(undocumented(&dump_ast(&tree)), undocumented(&dump_ast(&again)));
    }
    once
}

/// A comment that stood beside an item may come to stand above it, so that it documents it.
fn undocumented(dump: &str) -> String {
    dump.lines().filter(|line| !line.trim_start().starts_with("(doc ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn clauses_share_a_line_or_have_one_each() {
    insta::assert_snapshot!(check_format(r#"
deny   pod on create,update where namespace~"prod-*" if spec.hostNetwork
deny pod on create where namespace ~ "prod-*" and label.tier == "gold" with staged = cluster.get(Deployment, metadata.name) if spec.hostNetwork or spec.hostPID or spec.hostIPC message "No." action audit
"#), @r#"
    deny pod on create, update where namespace ~ "prod-*" if spec.hostNetwork

    deny pod
      on create
      where namespace ~ "prod-*" and label.tier == "gold"
      with staged = cluster.get(Deployment, metadata.name)
      if spec.hostNetwork or spec.hostPID or spec.hostIPC
      message "No."
      action audit
    "#);
}

#[test]
fn operators_lead_their_lines() {
    insta::assert_snapshot!(check_format(r#"
deny pod if spec.containers.securityContext.privileged and spec.hostNetwork and spec.hostPID and spec.hostIPC or not spec.containers.securityContext.runAsNonRoot
"#), @r#"
    deny pod
      if spec.containers.securityContext.privileged
          and spec.hostNetwork
          and spec.hostPID
          and spec.hostIPC
        or not spec.containers.securityContext.runAsNonRoot
    "#);
}

#[test]
fn policies_have_a_header_and_spaced_rules() {
    insta::assert_snapshot!(check_format(r#"
/// Says why.
policy p "Title" where namespace !~ "kube-*" { severity high category "c"
  control nist "1", iso "2"
  settings {background:true}
  let a = 1
  let b = 2
  rule x: deny pod if a // one
  /// Doc.
  rule "y z": require pod that b
  // last
}
"#), @r#"
    /// Says why.
    policy p "Title" where namespace !~ "kube-*" {
      severity high
      category "c"
      control nist "1", iso "2"
      settings { background: true }

      let a = 1
      let b = 2

      rule x: deny pod if a  // one

      /// Doc.
      rule "y z": require pod that b

      // last
    }
    "#);
}

#[test]
fn uses_are_sorted_and_headers_stay() {
    insta::assert_snapshot!(check_format(r#"// Licence

// of b
use "b"
use "a" as x // of a
let c = 1
let d = 2
deny pod
"#), @r#"
    // Licence

    use "a" as x  // of a
    // of b
    use "b"

    let c = 1
    let d = 2

    deny pod
    "#);
}

#[test]
fn objects_keep_their_spread_and_lose_their_commas() {
    insta::assert_snapshot!(check_format(r#"
let a = { b: 1,
  c: 2 }
let d = {
  b: 1, c: [1, 2], "x y": [
  ] }
let e = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", -1, (2), "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]
"#), @r#"
    let a = { b: 1, c: 2 }
    let d = {
      b: 1
      c: [1, 2]
      "x y": []
    }
    let e = [
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      -1,
      (2)
      "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    ]
    "#);
}

#[test]
fn patterns_become_raw_strings() {
    insta::assert_snapshot!(check_format(r#"
deny pod if metadata.name matches "^a\\.b$" and metadata.name not matches ["\\d", "a\"\\w", "plain"]
deny pod if metadata.name == "a\\b"
"#), @r##"
    deny pod
      if metadata.name matches r"^a\.b$" and metadata.name not matches [r"\d", r#"a"\w"#, "plain"]

    deny pod if metadata.name == "a\\b"
    "##);
}

#[test]
fn comments_stay_with_what_they_speak_of() {
    insta::assert_snapshot!(check_format(r#"
mutate pod { // opener
  // above
  set a = 1 // behind

  // apart
  for c in container { // inner
    remove c // gone
    // end
  }
}
deny pod // who
  // when
  where a // and
    and b
  if [ 1, // one
    2 // two
  ] == x // done
"#), @r#"
    mutate pod {  // opener
      // above
      set a = 1  // behind

      // apart
      for c in container {  // inner
        remove c  // gone
        // end
      }
    }

    deny pod  // who
      // when
      where a  // and
        and b
      if [
        1  // one
        2  // two
      ] == x  // done
    "#);
}

#[test]
fn branches_have_a_line_each() {
    insta::assert_snapshot!(check_format(r#"
fn f(r: Requirement) = if r.operator == "In" then labels[r.key] in r.values else if r.operator == "NotIn" then labels[r.key] not in r.values else r.key in labels
let a = if b then c else if d then e else f
"#), @r#"
    fn f(r: Requirement) =
      if r.operator == "In" then labels[r.key] in r.values
      else if r.operator == "NotIn" then labels[r.key] not in r.values
      else r.key in labels

    let a = if b then c else if d then e else f
    "#);
}

#[test]
fn a_text_with_errors_is_refused() {
    let text = "deny pod if";
    assert!(format(&parsed(text), text).is_err());
}

#[test]
fn an_empty_text_stays_empty() {
    assert_eq!(check_format("\n\n"), "");
    assert_eq!(check_format("// only\n\n\n// comments"), "// only\n\n// comments\n");
}
