//! The examples of the language's design, and the library, parse and have a stable form.

use super::formatting::check_format;
use super::parsed;

/// The `aip` blocks of a Markdown text.
fn blocks(markdown: &str) -> impl Iterator<Item = &str> {
    markdown.split("```aip\n").skip(1).filter_map(|rest| rest.split("\n```").next())
}

#[test]
fn examples_of_the_design_parse_and_format() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/language.md");
    let Ok(markdown) = std::fs::read_to_string(path) else {
        println!("SKIPPED: the design's examples were not tried, since {path} is not here");
        return;
    };
    let mut tried = 0;
    for block in blocks(&markdown) {
        let tree = parsed(block);
        assert!(tree.diagnostics.is_empty(), "{:#?}\n{block}", tree.diagnostics);
        check_format(block);
        tried += 1;
    }
    assert!(tried > 10, "the design has {tried} examples only");
}

#[test]
fn the_library_has_a_stable_form() {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../stdlib"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the library is here") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "aip") {
                check_format(&std::fs::read_to_string(path).expect("text"));
            }
        }
    }
}
