//! The blocks of the language reference: each checks without a finding, or gives exactly the code that it names. All of
//! them have the canonical form.

use aipc_compiler::source::FileId;
use aipc_compiler::syntax;

/// A block of a Markdown page.
struct Block {
    /// What stands behind the opening fence: `aip`, `aip error=AIP0301`.
    info: String,
    text: String,
    /// The line of the opening fence, from 1.
    line: usize,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                open = Some(Block { info: info.trim().to_string(), text: String::new(), line: index + 1 })
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

#[test]
fn examples_of_the_language_are_as_they_are_marked() {
    let page = include_str!("../../reference/language.md");
    let mut wrong = Vec::new();
    let mut count = 0;
    for block in blocks(page) {
        let expected: Vec<&str> = match block.info.split_once(' ') {
            None if block.info == "aip" => vec![],
            // The rules are right, and no output carries them yet.
            Some(("aip", "checked")) => vec!["AIP0407"],
            Some(("aip", mark)) => match mark.strip_prefix("error=") {
                Some(code) => vec![code],
                None => panic!("language.md:{}: unknown mark `{mark}`", block.line),
            },
            _ => continue,
        };
        count += 1;
        let (found, sources) = super::check(&block.text, None);
        let mut codes: Vec<&str> = found.iter().map(|it| it.code.as_str()).collect();
        if block.info == "aip checked" {
            codes.dedup();
        }
        if codes != expected {
            let said: Vec<String> = found
                .iter()
                .map(|it| {
                    let (line, _) = sources.get(it.primary().file).line_column(it.primary().start);
                    format!("  line {}: {} {}", block.line + line as usize, it.code.as_str(), it.message)
                })
                .collect();
            wrong.push(format!("language.md:{}: expected {expected:?}\n{}", block.line, said.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 60, "only {count} examples were found");
}

#[test]
fn examples_of_the_language_have_the_canonical_form() {
    let page = include_str!("../../reference/language.md");
    let mut wrong = String::new();
    for block in blocks(page).iter().filter(|it| it.info.starts_with("aip")) {
        let parsed = syntax::parse(FileId(0), &block.text);
        match syntax::format(&parsed, &block.text) {
            Ok(text) if text == block.text => {}
            Ok(text) => wrong.push_str(&format!("language.md:{}:\n{text}\n", block.line)),
            Err(_) => wrong.push_str(&format!("language.md:{}: cannot be read\n", block.line)),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
