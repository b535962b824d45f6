//! `aipc explain CODE`: the page of a diagnostic, or what a finding of a run means.

use aipc_compiler::diagnostic::{Code, explain::page};
use aipc_compiler::suggest;

use crate::arguments::Explain;
use crate::console::Console;
use aipc_project::outcome::Outcome;
use aipc_project::report::escape::visible;
use aipc_project::report::kinds::{self, KINDS};

pub fn explain(arguments: &Explain, console: &Console) -> Outcome {
    let Some(wanted) = &arguments.code else {
        for code in Code::ALL {
            console.out(&format!("{}  {}\n", console.out_style.strong(code.as_str()), code.title()));
        }
        console.out("\nFindings of runs:\n");
        for kind in KINDS {
            let code = format!("{:<18}", kind.code);
            console.out(&format!("{}  {}\n", console.out_style.strong(&code), kind.title));
        }
        return Outcome::Clean;
    };
    if let Some(kind) = kinds::find(&wanted.to_ascii_lowercase()) {
        let page = format!("# {}: {}\n\n{}\n", kind.code, kind.title, kind.text);
        console.out(&styled(&page, console));
        return Outcome::Clean;
    }
    let Some(code) = Code::parse(&full(wanted)) else {
        console.error(&format!("there is no code `{}`", visible(wanted)));
        let codes = Code::ALL.iter().map(|it| it.as_str());
        let nearest = suggest::closest(&wanted.to_ascii_uppercase(), codes)
            .or_else(|| suggest::closest(&wanted.to_ascii_lowercase(), KINDS.iter().map(|it| it.code)));
        match nearest {
            Some(code) => console.say(&format!("help: did you mean `{code}`?")),
            None => console.say("help: `aipc explain` lists all codes"),
        }
        return Outcome::Usage;
    };
    let Some(page) = page(code) else {
        // Every code has a page, which the tests of the compiler see to.
        console.out(&format!("# {}: {}\n", code.as_str(), code.title()));
        return Outcome::Clean;
    };
    console.out(&styled(page, console));
    if !page.ends_with('\n') {
        console.out("\n");
    }
    Outcome::Clean
}

/// `AIP0301` of `301`, `aip301`, `AIP-0301`.
fn full(wanted: &str) -> String {
    let wanted = wanted.trim_matches(['[', ']']);
    let number = wanted.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '-');
    match !number.is_empty() && number.len() <= 4 && number.bytes().all(|b| b.is_ascii_digit()) {
        true => format!("AIP{number:0>4}"),
        false => wanted.to_string(),
    }
}

/// The Markdown with its headings in bold; on a pipe, the page as it is.
fn styled(page: &str, console: &Console) -> String {
    let style = console.out_style;
    let paint = |line: &str| match line.starts_with('#') {
        true => style.strong(line.trim_start_matches('#').trim_start()),
        false => line.to_string(),
    };
    if !style.color {
        return page.to_string();
    }
    page.lines().map(|line| paint(line) + "\n").collect()
}
