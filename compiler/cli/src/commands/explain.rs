//! `aipc explain CODE`: the page of a diagnostic.

use aipc_compiler::diagnostic::{Code, explain::page};
use aipc_compiler::suggest;

use crate::arguments::Explain;
use crate::console::Console;
use aipc_project::outcome::Outcome;
use aipc_project::report::escape::visible;

pub fn explain(arguments: &Explain, console: &Console) -> Outcome {
    let Some(wanted) = &arguments.code else {
        for code in Code::ALL {
            console.out(&format!("{}  {}\n", console.out_style.strong(code.as_str()), code.title()));
        }
        return Outcome::Clean;
    };
    let Some(code) = Code::parse(wanted) else {
        console.error(&format!("there is no code `{}`", visible(wanted)));
        let nearest = suggest::closest(&wanted.to_ascii_uppercase(), Code::ALL.iter().map(|it| it.as_str()));
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
