//! The page of each code: what it means, why it is said, a text that fails and one that does not.
//!
//! Pages are `explain/<CODE>.md`, embedded at build time. Their examples are compiled by tests.

use super::Code;

include!(concat!(env!("OUT_DIR"), "/explain.rs"));

/// The page of a code, in Markdown; `None` only for a code whose page is not written.
pub fn page(code: Code) -> Option<&'static str> {
    PAGES.iter().find(|(name, _)| *name == code.as_str()).map(|(_, text)| *text)
}

/// The `aip` block under the heading `## Fails` or `## Repaired` of a page.
pub fn example<'p>(page: &'p str, heading: &str) -> Option<&'p str> {
    let section = page.split("\n## ").find(|section| section.lines().next() == Some(heading))?;
    let block = section.split_once("```aip\n")?.1;
    block.split_once("```").map(|(text, _)| text)
}

/// Compares the pages of `codes` with what `check` says of their examples: `Fails` must raise the page's
/// code and no other error; `Repaired` must raise none. The answer lists what is wrong, one line each.
pub fn verify_pages(codes: &[Code], check: &dyn Fn(&str) -> Vec<Code>) -> Vec<String> {
    use super::Severity;
    let mut wrong = vec![];
    for &code in codes {
        let name = code.as_str();
        let Some(page) = page(code) else {
            wrong.push(format!("{name}: no page"));
            continue;
        };
        if !page.starts_with(&format!("# {name}: {}\n", code.title())) {
            wrong.push(format!("{name}: the heading is not `# {name}: {}`", code.title()));
        }
        for heading in ["What it means", "Why", "Fails", "Repaired"] {
            if !page.contains(&format!("\n## {heading}\n")) {
                wrong.push(format!("{name}: no section `{heading}`"));
            }
        }
        let (Some(fails), Some(repaired)) = (example(page, "Fails"), example(page, "Repaired")) else {
            wrong.push(format!("{name}: an example is missing"));
            continue;
        };
        let said = check(fails);
        let others: Vec<&str> = said
            .iter()
            .filter(|other| **other != code && other.severity() == Severity::Error)
            .map(|other| other.as_str())
            .collect();
        if !said.contains(&code) || !others.is_empty() {
            wrong.push(format!("{name}: `Fails` says {said:?}"));
        }
        let said = check(repaired);
        if said.contains(&code) || said.iter().any(|other| other.severity() == Severity::Error) {
            wrong.push(format!("{name}: `Repaired` says {said:?}"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::syntax;

    #[test]
    fn pages_of_broken_texts_show_what_they_say() {
        let codes: Vec<Code> =
            Code::ALL.iter().copied().filter(|code| code.as_str().starts_with("AIP01")).collect();
        let check = |text: &str| {
            syntax::parse(FileId(0), text).diagnostics.iter().map(|found| found.code).collect::<Vec<_>>()
        };
        let wrong = verify_pages(&codes, &check);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_page_belongs_to_a_code() {
        for (name, _) in PAGES {
            assert!(Code::parse(name).is_some(), "{name}.md is the page of no code");
        }
    }
}
