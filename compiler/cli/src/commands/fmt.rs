//! `aipc fmt`: the one way to lay out a policy.

use aipc_compiler::syntax;
use similar::TextDiff;

use crate::arguments::Fmt;
use crate::console::{Console, Style};
use aipc_project::compile::Compilation;
use aipc_project::files::{read, write};
use aipc_project::outcome::Outcome;
use aipc_project::report::count;
use aipc_project::report::escape::visible;

pub fn fmt(arguments: &Fmt, console: &Console) -> Outcome {
    let mut compilation = Compilation::default();
    let found = compilation.discover(&arguments.inputs);
    let mut outcome = Outcome::Clean;
    let (mut changed, mut unchanged) = (0, 0);
    for file in &found.files {
        let name = read::name(&file.path);
        let text = match read::text(&file.path, read::SOURCE_BYTES_MAX) {
            Ok(text) => text,
            Err(why) => {
                console.error(&format!("`{}` cannot be read: {why}", visible(&name)));
                outcome = outcome.and(Outcome::Incomplete);
                continue;
            }
        };
        let id = compilation.sources.add(name.clone(), text.as_str());
        let parsed = syntax::parse(id, &text);
        let formatted = match syntax::format(&parsed, &text) {
            Ok(formatted) => formatted,
            Err(diagnostics) => {
                // A layout of text that was not understood could lose some of it.
                compilation.say(diagnostics);
                outcome = outcome.and(Outcome::Incomplete);
                continue;
            }
        };
        let is_stdin = read::is_stdin(&file.path);
        if formatted == text {
            unchanged += 1;
        } else {
            changed += 1;
        }
        if arguments.check || arguments.diff {
            if formatted != text {
                outcome = outcome.and(Outcome::Denied);
                match arguments.diff {
                    true => console.out(&diff(&name, &text, &formatted, console.out_style)),
                    false => console.out(&format!("would reformat: {}\n", visible(&name))),
                }
            }
        } else if is_stdin {
            console.out(&formatted);
        } else if formatted != text
            && let Err(error) = write::whole(&file.path, formatted.as_bytes())
        {
            console.error(&visible(&error));
            outcome = outcome.and(Outcome::Incomplete);
        }
    }
    super::show_problems(&compilation, console);
    if !compilation.findings.is_empty() {
        outcome = outcome.and(Outcome::Incomplete);
    }
    let verb = if arguments.check || arguments.diff { "would change" } else { "changed" };
    if changed + unchanged > 0 {
        console.say(&format!("{} {verb}, {unchanged} left as they are", count(changed, "file", "files")));
    }
    outcome
}

/// What changes, line by line. That lines end otherwise is said once, and not at each of them.
fn diff(name: &str, before: &str, after: &str, style: Style) -> String {
    let bare = before.replace("\r\n", "\n");
    let ends = match bare == before {
        true => String::new(),
        false => format!("{name}: lines end in CRLF, and would end in LF\n"),
    };
    ends + &line_diff(name, &bare, after, style)
}

fn line_diff(name: &str, before: &str, after: &str, style: Style) -> String {
    if before == after {
        return String::new();
    }
    let diff = TextDiff::from_lines(before, after);
    let unified = diff.unified_diff().context_radius(3).header(name, name).to_string();
    if !style.color {
        return unified;
    }
    let paint = |line: &str| match line.as_bytes().first() {
        Some(b'+') => style.good(line),
        Some(b'-') => style.error(line),
        Some(b'@') => style.gutter(line),
        Some(_) | None => line.to_string(),
    };
    unified.lines().map(|line| paint(line) + "\n").collect()
}
