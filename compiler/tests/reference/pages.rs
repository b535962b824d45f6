//! The pages of diagnostics: what fails gives the page's code alone, what is repaired gives no error.

use aipc_compiler::diagnostic::{Code, explain};
use aipc_compiler::formats::support::Target;

/// The codes of a block, such as `AIP03`.
fn block(prefixes: &[&str]) -> Vec<Code> {
    let of = |code: &Code| prefixes.iter().any(|it| code.as_str().starts_with(it));
    Code::ALL.iter().copied().filter(of).collect()
}

fn codes(text: &str, target: Option<Target>) -> Vec<Code> {
    super::check(text, target).0.iter().map(|it| it.code).collect()
}

#[test]
fn pages_of_the_language_show_what_they_say() {
    let codes_of = block(&["AIP01", "AIP02", "AIP03", "AIP04", "AIP05"]);
    let wrong = explain::verify_pages(&codes_of, &|text| codes(text, None));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Their examples are about `--target kyverno`.
#[test]
fn pages_of_targets_show_what_they_say() {
    let wrong = explain::verify_pages(&block(&["AIP06"]), &|text| codes(text, Some(Target::Kyverno)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_page() {
    let without: Vec<&str> =
        Code::ALL.iter().filter(|it| explain::page(**it).is_none()).map(|it| it.as_str()).collect();
    assert!(without.is_empty(), "{without:?}");
}
