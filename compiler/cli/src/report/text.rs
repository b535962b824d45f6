//! The report for people.
//!
//! ```text
//! pods/bad.yaml
//!   FAIL images/deny-pod  Pod default/web
//!     not from a trusted registry
//!     pods/bad.yaml:7:14  spec.containers[0].image = "nginx"
//!     7 |     - image: nginx
//!       |              ^^^^^
//!     images.aip:3:13  image !~ "trusted/*"
//! ```
//! One fact a line; every text from a policy or a manifest is escaped, so that none can start a line of its own.

use std::fmt::Write;

use aipc_project::outcome::Outcome;
use aipc_project::report::escape::visible;
use aipc_project::report::{
    Effect, Finding, Level, Location, Report, RuleResult, Snippet, SourceLocation, Status, Violation, count,
};

use crate::console::Style;

/// What of a report is shown.
#[derive(Clone, Copy, Debug)]
pub struct TextOptions {
    pub style: Style,
    /// Show passed and skipped rules too.
    pub verbose: bool,
}

/// A snippet's line is cut around the marked part beyond this many characters.
const SNIPPET_CHARS_MAX: usize = 160;

/// The results, and a summary in the last line. Findings are said on stderr, by [`finding`].
pub fn render(report: &Report, options: TextOptions) -> String {
    let mut out = String::new();
    let mut file = None;
    for result in &report.results {
        if !is_shown(result, options.verbose) {
            continue;
        }
        if file != Some(&result.location.file) {
            if file.is_some() {
                out.push('\n');
            }
            line(&mut out, &options.style.strong(&visible(&result.location.file)));
            file = Some(&result.location.file);
        }
        render_result(&mut out, result, options.style);
    }
    if file.is_some() {
        out.push('\n');
    }
    line(&mut out, &summary(report, options.style));
    out
}

fn is_shown(result: &RuleResult, verbose: bool) -> bool {
    match result.status {
        Status::Fail | Status::Warn | Status::Error => true,
        Status::Pass | Status::Skip => verbose || result.effect.is_some() || result.exemption.is_some(),
    }
}

fn render_result(out: &mut String, result: &RuleResult, style: Style) {
    let word = match result.status {
        Status::Pass => match result.effect {
            Some(Effect::Patch) => style.good("PATCH"),
            Some(Effect::Create) => style.good("CREATE"),
            Some(Effect::Delete) => style.warning("DELETE"),
            None => style.good("PASS"),
        },
        Status::Fail => style.error("FAIL"),
        Status::Warn => style.warning("WARN"),
        Status::Error => style.error("ERROR"),
        Status::Skip if result.exemption.is_some() => style.warning("EXEMPT"),
        Status::Skip => style.faint("SKIP"),
    };
    let rule = format!("{}/{}", visible(&result.policy), visible(&result.rule));
    line(out, &format!("  {word} {}  {}", style.strong(&rule), resource(result)));
    if let Some(because) = &result.because {
        line(out, &format!("    because {}", visible(because)));
    }
    if let Some(exemption) = &result.exemption {
        line(out, &format!("    {}", source(&exemption.source, "", style)));
    }
    for object in &result.created {
        line(out, &format!("    {}", named(object)));
    }
    for object in &result.changed {
        line(out, &format!("    changes {}", named(object)));
    }
    for violation in &result.violations {
        render_violation(out, violation, style);
    }
    if result.violations.is_empty() && result.status == Status::Error {
        line(out, &format!("    {}", source(&result.source, &result.source_text, style)));
    }
}

fn render_violation(out: &mut String, violation: &Violation, style: Style) {
    line(out, &format!("    {}", visible(&violation.message)));
    let path = match violation.location.path.as_str() {
        "" => "the object".to_string(),
        path => visible(path).into_owned(),
    };
    let value = match &violation.value {
        Some(value) => format!("{path} = {}", visible(value)),
        None => format!("{path} is missing"),
    };
    line(out, &format!("    {}  {value}", style.gutter(&place(&violation.location))));
    if let Some(snippet) = &violation.snippet {
        render_snippet(out, snippet, style);
    }
    line(out, &format!("    {}", source(&violation.source, &violation.condition, style)));
}

fn render_snippet(out: &mut String, snippet: &Snippet, style: Style) {
    let number = snippet.line.to_string();
    let (before, marked, after) = cut(snippet);
    let bar = style.gutter("|");
    line(out, &format!("    {} {bar} {before}{marked}{after}", style.gutter(&number)));
    let indent = " ".repeat(before.chars().count());
    let carets = "^".repeat(marked.chars().count().max(1));
    line(out, &format!("    {} {bar} {indent}{}", " ".repeat(number.len()), style.error(&carets)));
}

/// The line before, in and after the marked part, escaped, and cut where it is long.
fn cut(snippet: &Snippet) -> (String, String, String) {
    let part = |range: std::ops::Range<usize>| {
        // Tabs have no width of their own; spaces keep the carets below their word.
        visible(&snippet.text.get(range).unwrap_or("").replace('\t', "    ")).into_owned()
    };
    let (start, end) = (snippet.marked.start, snippet.marked.end);
    let (before, marked, after) = (part(0..start), part(start..end), part(end..snippet.text.len()));
    let length = |text: &str| text.chars().count();
    if length(&before) + length(&marked) + length(&after) <= SNIPPET_CHARS_MAX {
        return (before, marked, after);
    }
    let third = SNIPPET_CHARS_MAX / 3;
    let tail = |text: &str| match length(text) {
        it if it > third => format!("…{}", text.chars().skip(it - third).collect::<String>()),
        _ => text.to_string(),
    };
    let head = |text: &str| match length(text) {
        it if it > third => format!("{}…", text.chars().take(third).collect::<String>()),
        _ => text.to_string(),
    };
    (tail(&before), head(&marked), head(&after))
}

fn resource(result: &RuleResult) -> String {
    let it = &result.resource;
    let name = if it.name.is_empty() { "(no name)" } else { &it.name };
    match it.namespace.as_str() {
        "" => format!("{} {}", visible(&it.kind), visible(name)),
        namespace => format!("{} {}/{}", visible(&it.kind), visible(namespace), visible(name)),
    }
}

/// An object that a rule makes or changes, by its kind and name.
fn named(object: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value| visible(value.as_str().unwrap_or("")).into_owned();
    let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
    match text(&object["metadata"]["namespace"]).as_str() {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    }
}

fn source(at: &SourceLocation, text: &str, style: Style) -> String {
    let place = style.gutter(&format!("{}:{}:{}", visible(&at.file), at.line, at.column));
    match text {
        "" => place,
        text => format!("{place}  {}", visible(text)),
    }
}

fn place(at: &Location) -> String {
    match at.line {
        0 => visible(&at.file).into_owned(),
        line => format!("{}:{line}:{}", visible(&at.file), at.column),
    }
}

/// One finding, for stderr.
pub fn finding(finding: &Finding, style: Style) -> String {
    let word = match finding.level {
        Level::Error => style.error("error"),
        Level::Warning => style.warning("warning"),
        Level::Note => style.strong("note"),
    };
    let mut out = format!("{word}[{}]: {}\n", finding.code, visible(&finding.message));
    if let Some(at) = &finding.location {
        let path = if at.path.is_empty() { String::new() } else { format!("  {}", visible(&at.path)) };
        line(&mut out, &format!("  {} {}{path}", style.gutter("-->"), place(at)));
    }
    for help in &finding.help {
        line(&mut out, &format!("  {} help: {}", style.gutter("="), visible(help)));
    }
    out
}

fn summary(report: &Report, style: Style) -> String {
    let word = match report.outcome() {
        Outcome::Clean => style.good("clean"),
        Outcome::Denied => style.error("denied"),
        Outcome::Incomplete | Outcome::Usage | Outcome::Fault => style.error("incomplete"),
    };
    let mut parts = vec![format!("{} passed", report.count(Status::Pass))];
    let others = [(Status::Fail, "failed"), (Status::Warn, "warned"), (Status::Error, "in error")];
    for (status, words) in others {
        if status == Status::Fail || report.count(status) > 0 {
            parts.push(format!("{} {words}", report.count(status)));
        }
    }
    match (report.count(Status::Skip), report.not_evaluated()) {
        (0, _) => {}
        (skipped, 0) => parts.push(format!("{skipped} skipped")),
        (skipped, not_evaluated) => {
            parts.push(format!("{skipped} skipped, of which {not_evaluated} not evaluated"))
        }
    }
    let counts = &report.counts;
    let mut looked_at = format!(
        "{}, {}, {} in {}",
        count(counts.policies, "policy", "policies"),
        count(counts.rules, "rule", "rules"),
        count(counts.resources, "resource", "resources"),
        count(counts.files, "file", "files"),
    );
    if counts.skipped_files > 0 {
        // Writing to a string cannot fail.
        let _ = write!(looked_at, ", {} not read", count(counts.skipped_files, "entry", "entries"));
    }
    format!("{word}: {} ({looked_at})", parts.join(", "))
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    const PLAIN: TextOptions = TextOptions { style: Style::PLAIN, verbose: false };

    #[test]
    fn the_report_reads_as_documented() {
        let expected = "\
pods/bad.yaml
  FAIL images/deny-pod  Pod default/web
    not from a trusted registry
    pods/bad.yaml:7:14  spec.containers[0].image = \"nginx\"
    7 |     - image: nginx
      |              ^^^^^
    images.aip:3:13  image !~ \"trusted/*\"
";
        assert!(render(&sample(), PLAIN).starts_with(expected), "{}", render(&sample(), PLAIN));
        let last = "incomplete: 1 passed, 1 failed, 1 warned, 1 in error, 1 skipped \
                    (1 policy, 2 rules, 5 resources in 1 file, 3 entries not read)\n";
        assert!(render(&sample(), PLAIN).ends_with(last), "{}", render(&sample(), PLAIN));
    }

    #[test]
    fn no_text_from_outside_starts_a_line() {
        let mut report = sample();
        let evil = "x\nclean: 1 passed\x1b[2J";
        for result in &mut report.results {
            result.policy = evil.to_string();
            result.resource.name = evil.to_string();
            result.location.file = evil.to_string();
            result.because = Some(evil.to_string());
            for violation in &mut result.violations {
                violation.message = evil.to_string();
                violation.location.path = evil.to_string();
                violation.value = Some(evil.to_string());
                violation.snippet = Some(Snippet { line: 1, text: evil.to_string(), marked: 0..evil.len() });
            }
        }
        let text = render(&report, TextOptions { verbose: true, ..PLAIN });
        assert!(!text.lines().any(|it| it.trim_start().starts_with("clean: 1")), "{text}");
        assert!(!text.contains('\x1b'));
        let said = finding(&Finding::error("syntax", evil).help(evil), Style::PLAIN);
        assert!(!said.contains('\x1b') && said.lines().count() == 2, "{said}");
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("{}MARK{}", "a".repeat(5000), "b".repeat(5000));
        let (before, marked, after) = cut(&Snippet { line: 1, text, marked: 5000..5004 });
        assert_eq!(marked, "MARK");
        assert!(before.starts_with('…') && after.ends_with('…'));
        assert!(before.chars().count() < 60 && after.chars().count() < 60);
    }
}
