//! Diagnostics about policies as JSON, for `check --format json`.

use aipc_compiler::diagnostic::{Diagnostic, Fix, Severity};
use aipc_compiler::source::{Sources, Span};
use serde::Serialize;

use super::json;
use aipc_project::outcome::Outcome;
use aipc_project::report::{Finding, Level, Location};

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    diagnostics: Vec<DiagnosticRow<'a>>,
    /// About files, rather than about text in them.
    findings: Vec<FindingRow<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct FindingRow<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct DiagnosticRow<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    location: Range<'a>,
    labels: Vec<LabelRow<'a>>,
    help: &'a [String],
    fixes: Vec<FixRow<'a>>,
}

#[derive(Serialize)]
struct LabelRow<'a> {
    location: Range<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct FixRow<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<EditRow<'a>>,
}

#[derive(Serialize)]
struct EditRow<'a> {
    location: Range<'a>,
    text: &'a str,
}

/// Lines and columns count from 1, columns in characters; the end is excluded.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Range<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    errors: usize,
    warnings: usize,
    files: usize,
    outcome: &'static str,
    exit_code: u8,
}

/// All diagnostics as indented JSON with a newline at its end.
pub fn render(
    diagnostics: &[Diagnostic],
    findings: &[Finding],
    sources: &Sources,
    files: usize,
    outcome: Outcome,
) -> String {
    let count = |severity| diagnostics.iter().filter(|it| it.severity == severity).count();
    json::to_text(&Root {
        version: 1,
        diagnostics: diagnostics.iter().map(|it| row(it, sources)).collect(),
        findings: findings
            .iter()
            .map(|it| FindingRow { code: it.code, severity: it.level.as_str(), message: &it.message })
            .collect(),
        summary: Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            files,
            outcome: outcome.as_str(),
            exit_code: outcome.code(),
        },
    })
}

/// A diagnostic among the findings of a run.
pub fn to_finding(diagnostic: &Diagnostic, sources: &Sources) -> Finding {
    let at = range(diagnostic.primary(), sources);
    Finding {
        code: diagnostic.code.as_str(),
        level: match diagnostic.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
            Severity::Note => Level::Note,
        },
        message: diagnostic.message.clone(),
        location: Some(Location {
            file: at.file.to_string(),
            line: at.line,
            column: at.column,
            path: String::new(),
        }),
        help: diagnostic.help.clone(),
    }
}

/// The word for a severity in every format.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn row<'a>(it: &'a Diagnostic, sources: &'a Sources) -> DiagnosticRow<'a> {
    DiagnosticRow {
        code: it.code.as_str(),
        severity: severity_name(it.severity),
        message: &it.message,
        location: range(it.primary(), sources),
        labels: it
            .labels
            .iter()
            .map(|label| LabelRow { location: range(label.span, sources), text: &label.text })
            .collect(),
        help: &it.help,
        fixes: it.fixes.iter().map(|fix| fix_row(fix, sources)).collect(),
    }
}

fn fix_row<'a>(fix: &'a Fix, sources: &'a Sources) -> FixRow<'a> {
    let edits = fix.edits.iter().map(|it| EditRow { location: range(it.span, sources), text: &it.text });
    FixRow { title: &fix.title, safe: fix.safe, edits: edits.collect() }
}

fn range(span: Span, sources: &Sources) -> Range<'_> {
    let source = sources.get(span.file);
    let (line, column) = source.line_column(span.start);
    let (end_line, end_column) = source.line_column(span.end);
    Range { file: &source.name, line, column, end_line, end_column }
}
