//! The grammar of the VS Code extension, which colours text before the server has read it, knows the words of the language.

use std::collections::BTreeSet;
use std::path::Path;

use aipc_compiler::syntax::token::Keyword;
use serde_json::Value;

#[test]
fn the_grammar_of_the_extension_has_every_word() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../editors/vscode/syntaxes/aip.tmLanguage.json");
    let text = std::fs::read_to_string(path).expect("the grammar");
    let grammar: Value = serde_json::from_str(&text).expect("it is JSON");
    let patterns = grammar["repository"]["keywords"]["patterns"].as_array().expect("patterns of words");
    let words: BTreeSet<&str> = patterns
        .iter()
        .filter_map(|it| it["match"].as_str())
        .filter_map(|it| it.split_once('(')?.1.split_once(')'))
        .flat_map(|(words, _)| words.split('|'))
        .collect();
    let known: BTreeSet<&str> =
        Keyword::RESERVED.iter().chain(Keyword::CONTEXTUAL).map(|it| it.as_str()).collect();
    let missing: Vec<_> = known.difference(&words).collect();
    let strange: Vec<_> = words.difference(&known).collect();
    assert!(missing.is_empty() && strange.is_empty(), "missing: {missing:?}, strange: {strange:?}");
}
