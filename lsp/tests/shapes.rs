//! Outline, folds, selections, tokens, hints, formatting: what a file looks like.

use aipc_lsp::ide::{folding, formatting, inlay, outline, selection, tokens};

use crate::fixture::Project;

const FILE: &str = r#"use "std/ai/track-ownership" as own

/// Images.
// More words.
policy trusted "Ours" {
  severity high
  let allowed = ["a/*"]

  rule ours: deny pod if image !~ allowed
    message "not {allowed}"

  require container that any p in ports: p.containerPort > 1024
}

test "it works" {
  expect deny Pod { spec: { containers: [{ image: "b", name: "b" }] } }
}
"#;

#[test]
fn the_outline_has_policies_with_their_rules() {
    let mut project = Project::one(FILE);
    let (file, ..) = project.spot();
    let names = |symbols: &[outline::Symbol]| symbols.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let symbols = outline::outline(&file);
    assert_eq!(names(&symbols), ["own", "trusted", "it works"]);
    assert_eq!(
        names(&symbols[1].children),
        ["allowed", "ours", "require container that any p in ports: p.containerPort > 1024"]
    );
    let (_, _, files) = project.spot();
    let found = outline::search(&files, "our");
    assert_eq!(
        found.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["ours", "require container that any p in ports: p.containerPort > 1024"][..1]
    );
    assert_eq!(found[0].container, "trusted");
}

#[test]
fn blocks_and_comments_fold() {
    let mut project = Project::one(FILE);
    let (file, ..) = project.spot();
    let line = |at: usize| FILE[..at].matches('\n').count();
    let folds: Vec<(usize, usize, bool)> = folding::folds(&file)
        .iter()
        .map(|it| (line(it.range.start), line(it.range.end), it.comment))
        .collect();
    assert_eq!(folds, [(2, 3, true), (4, 12, false), (14, 16, false)]);
}

#[test]
fn a_selection_grows_by_the_tree() {
    let mut project = Project::one("deny pod if a$0ny c in container: c.image == \"x\"\n");
    let (file, offset, _) = project.spot();
    let text = file.text().to_string();
    let parts = selection::around(&file, offset);
    let words: Vec<&str> = parts.iter().map(|it| &text[it.clone()]).collect();
    assert_eq!(words[0], "any");
    assert_eq!(words[1], "any c in container: c.image == \"x\"");
    assert_eq!(*words.last().expect("the file"), text);
    assert!(parts.windows(2).all(|it| it[1].start <= it[0].start && it[0].end <= it[1].end));
}

#[test]
fn tokens_are_in_order_and_know_their_names() {
    let mut project = Project::one(FILE);
    let (file, ..) = project.spot();
    let found = tokens::semantic_tokens(&file);
    assert!(found.windows(2).all(|it| it[0].range.end <= it[1].range.start), "none overlaps");
    assert!(found.iter().all(|it| !FILE[it.range.clone()].contains('\n')), "each is within a line");
    let kind = |word: &str| {
        let it = found.iter().find(|it| &FILE[it.range.clone()] == word);
        it.map(|it| it.kind.name())
    };
    assert_eq!(kind("deny"), Some("keyword"));
    assert_eq!(kind("own"), Some("namespace"));
    assert_eq!(kind("trusted"), Some("method"));
    assert_eq!(kind("allowed"), Some("variable"));
    assert_eq!(kind("pod"), Some("macro"));
    assert_eq!(kind("containerPort"), Some("property"));
    assert_eq!(kind("Pod"), Some("class"));
    assert_eq!(kind("1024"), Some("number"));
    assert_eq!(kind("\"not {"), Some("string"), "a string is cut around its values");
}

#[test]
fn hints_say_what_is_implied() {
    let mut project = Project::one(FILE);
    let (file, ..) = project.spot();
    let whole = 0..FILE.len();
    let hints = inlay::hints(&file, &whole, inlay::Wanted::default());
    let shown = |label: &str| {
        let it = hints.iter().find(|it| it.label == label)?;
        Some(&FILE[..it.offset])
    };
    assert!(shown(": list of string").is_some_and(|it| it.ends_with("let allowed")), "{hints:?}");
    assert!(shown("any").is_some_and(|it| it.ends_with("deny pod if ")), "{hints:?}");
    assert!(
        shown("→ Pod, Deployment, StatefulSet +5").is_some_and(|it| it.ends_with("deny pod")),
        "{hints:?}"
    );
    assert!(shown(": ContainerPort").is_some_and(|it| it.ends_with("any p")), "{hints:?}");
    let none = inlay::Wanted { types: false, kinds: false, quantifiers: false };
    assert!(inlay::hints(&file, &whole, none).is_empty());
}

#[test]
fn formatting_is_that_of_the_command_line() {
    let mut project = Project::one("deny pod   if image !~ \"a/*\"\n\n\n\ndeny   pod if spec.hostNetwork\n");
    let (file, ..) = project.spot();
    let apply = |changed: Option<(std::ops::Range<usize>, String)>| {
        let mut text = file.text().to_string();
        if let Some((range, with)) = changed {
            text.replace_range(range, &with);
        }
        text
    };
    let whole = apply(formatting::format(&file).expect("it has no mistakes"));
    assert_eq!(whole, "deny pod if image !~ \"a/*\"\n\ndeny pod if spec.hostNetwork\n");
    let first = apply(formatting::format_range(&file, 0..4).expect("it has no mistakes"));
    assert_eq!(first, "deny pod if image !~ \"a/*\"\n\n\n\ndeny   pod if spec.hostNetwork\n");
    let mut project = Project::one("deny pod if if\n");
    let (file, ..) = project.spot();
    assert!(formatting::format(&file).is_err_and(|it| it.contains("1 mistake ")));
}
