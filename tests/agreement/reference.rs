//! The examples of the language reference: what is built of each of them, for each target that carries it, is what
//! Kyverno accepts.

use crate::support::compile::compile;
use crate::support::oracle::{Oracle, Request};
use crate::support::parallel::in_parallel;
use serde_json::json;

const REFERENCE: &str = include_str!("../../compiler/reference/language.md");

/// The blocks of the page that hold policies, with their lines.
fn examples() -> Vec<(usize, String)> {
    let mut examples = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in REFERENCE.lines().enumerate() {
        match &mut open {
            Some((_, text)) if line != "```" => {
                text.push_str(line);
                text.push('\n');
            }
            Some(_) => examples.extend(open.take()),
            None if line == "```aip" || line.starts_with("```aip ") => {
                open = Some((number + 2, String::new()))
            }
            None => {}
        }
    }
    examples
}

/// What one example is good for: how many of its targets Kyverno accepted, and what is wrong.
fn try_example(oracle: &Oracle, line: usize, source: &str) -> (usize, Vec<String>) {
    // What needs files or other modules beside it is compiled by the tests of the page.
    let Ok(compiled) = compile(source) else { return (0, Vec::new()) };
    let mut accepted = 0;
    let mut problems = Vec::new();
    // Examples look things up: there is a cluster to look in.
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "production"}});
    let request = Request { cluster: vec![namespace], ..Request::default() };
    for (target, yaml) in [("kyverno-legacy", &compiled.legacy), ("kyverno", &compiled.successor)] {
        match yaml {
            Ok(yaml) if yaml.is_empty() => {}
            Ok(yaml) => {
                let set = oracle.load_with(&[yaml], &request);
                match set.refused.first() {
                    None => accepted += 1,
                    Some(first) => {
                        problems.push(format!("language.md:{line} for {target}: {}\n{yaml}", first.reason))
                    }
                }
            }
            Err(said) if said.iter().all(|it| it.starts_with("AIP0601")) => {}
            Err(said) => problems.push(format!("language.md:{line} for {target}: {said:?}")),
        }
    }
    (accepted, problems)
}

#[test]
fn examples_of_the_language_are_accepted_by_kyverno() {
    let Some(oracle) = Oracle::shared() else { return };
    let examples = examples();
    let tried =
        in_parallel(examples.len(), |number| try_example(oracle, examples[number].0, &examples[number].1));
    let problems: Vec<&str> = tried.iter().flat_map(|(_, problems)| problems).map(String::as_str).collect();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n\n"));
    let accepted: usize = tried.iter().map(|(accepted, _)| accepted).sum();
    assert!(accepted > examples.len(), "{accepted} outputs of {} examples", examples.len());
}
