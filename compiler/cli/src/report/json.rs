//! The report for machines. The keys and their order are a documented format: new ones may come, none goes.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};

use aipc_project::report::escape::is_hazardous;
use aipc_project::report::{
    Effect, Finding, Location, Report, RuleResult, SourceLocation, Status, Violation,
};

/// The version of the format, the first key.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    results: Vec<ResultRow<'a>>,
    findings: Vec<FindingRow<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct ResultRow<'a> {
    policy: &'a str,
    rule: &'a str,
    result: &'static str,
    /// Only where it is false.
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'static str>,
    /// The objects that the rule makes, whole; hidden values are masked.
    #[serde(skip_serializing_if = "<[serde_json::Value]>::is_empty")]
    created: &'a [serde_json::Value],
    /// The existing objects that the rule changes, as they are afterwards.
    #[serde(skip_serializing_if = "<[serde_json::Value]>::is_empty")]
    changed: &'a [serde_json::Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exemption: Option<ExemptionRow<'a>>,
    message: &'a str,
    resource: Resource<'a>,
    location: LocationRow<'a>,
    source: SourceRow<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<ViolationRow<'a>>,
}

#[derive(Serialize)]
struct ExemptionRow<'a> {
    because: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<&'a str>,
    source: SourceRow<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'a> {
    api_version: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct LocationRow<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    path: &'a str,
}

#[derive(Serialize)]
struct SourceRow<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct ViolationRow<'a> {
    message: &'a str,
    location: LocationRow<'a>,
    source: SourceRow<'a>,
    condition: &'a str,
    /// The offending value as JSON text; null where it is missing.
    value: Option<&'a str>,
}

#[derive(Serialize)]
struct FindingRow<'a> {
    code: &'a str,
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationRow<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    help: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    pass: usize,
    fail: usize,
    warn: usize,
    error: usize,
    skip: usize,
    /// Of those that are skipped.
    not_evaluated: usize,
    policies: usize,
    rules: usize,
    files: usize,
    resources: usize,
    skipped_files: usize,
    outcome: &'static str,
    exit_code: u8,
}

/// The report as indented JSON with a newline at its end.
pub fn render(report: &Report) -> String {
    let outcome = report.outcome();
    let counts = report.counts;
    to_text(&Root {
        version: VERSION,
        results: report.results.iter().map(result).collect(),
        findings: report.findings.iter().map(finding).collect(),
        summary: Summary {
            pass: report.count(Status::Pass),
            fail: report.count(Status::Fail),
            warn: report.count(Status::Warn),
            error: report.count(Status::Error),
            skip: report.count(Status::Skip),
            not_evaluated: report.not_evaluated(),
            policies: counts.policies,
            rules: counts.rules,
            files: counts.files,
            resources: counts.resources,
            skipped_files: counts.skipped_files,
            outcome: outcome.as_str(),
            exit_code: outcome.code(),
        },
    })
}

/// Any value as indented JSON that is safe to print: what could disturb a terminal is escaped.
pub fn to_text(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Safe(PrettyFormatter::new()));
    // Our own types have text keys and no fallible parts, and a vector takes every byte.
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok(), "reports are always JSON");
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    text.push('\n');
    text
}

fn result(it: &RuleResult) -> ResultRow<'_> {
    ResultRow {
        policy: &it.policy,
        rule: &it.rule,
        result: it.status.as_str(),
        evaluated: (!it.evaluated).then_some(false),
        effect: it.effect.map(Effect::as_str),
        created: &it.created,
        changed: &it.changed,
        because: it.because.as_deref(),
        exemption: it.exemption.as_ref().map(|it| ExemptionRow {
            because: &it.because,
            until: it.end(),
            source: source(&it.source),
        }),
        message: &it.message,
        resource: Resource {
            api_version: &it.resource.api_version,
            kind: &it.resource.kind,
            namespace: &it.resource.namespace,
            name: &it.resource.name,
        },
        location: location(&it.location),
        source: source(&it.source),
        violations: it.violations.iter().map(violation).collect(),
    }
}

fn violation(it: &Violation) -> ViolationRow<'_> {
    ViolationRow {
        message: &it.message,
        location: location(&it.location),
        source: source(&it.source),
        condition: &it.condition,
        value: it.value.as_deref(),
    }
}

fn finding(it: &Finding) -> FindingRow<'_> {
    FindingRow {
        code: it.code,
        severity: it.level.as_str(),
        message: &it.message,
        location: it.location.as_ref().map(location),
        help: &it.help,
    }
}

fn location(it: &Location) -> LocationRow<'_> {
    LocationRow { file: &it.file, line: it.line, column: it.column, path: &it.path }
}

fn source(it: &SourceLocation) -> SourceRow<'_> {
    SourceRow { file: &it.file, line: it.line, column: it.column }
}

/// Indents as usual, and escapes what [`is_hazardous`] beyond JSON's own escapes.
struct Safe(PrettyFormatter<'static>);

impl Formatter for Safe {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        for (at, ch) in fragment.char_indices().filter(|(_, ch)| is_hazardous(*ch)) {
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            for unit in ch.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = at + ch.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.0.write_char_escape(writer, escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sample;

    #[test]
    fn keys_stand_in_the_documented_order() {
        let text = render(&sample());
        let keys = [
            "version",
            "results",
            "policy",
            "rule",
            "result",
            "message",
            "resource",
            "apiVersion",
            "kind",
            "namespace",
            "name",
            "location",
            "file",
            "line",
            "column",
            "path",
            "source",
            "file",
            "line",
            "column",
            "violations",
        ];
        let mut from = 0;
        for key in keys {
            let wanted = format!("\"{key}\":");
            from += text[from..].find(&wanted).unwrap_or_else(|| panic!("{key} is missing or early\n{text}"));
            from += wanted.len();
        }
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["summary"]["exitCode"], 3);
        assert_eq!(value["results"].as_array().unwrap().len(), 5);
        assert_eq!(value["results"][3]["because"], "a `where` condition is false");
    }

    #[test]
    fn text_arrives_as_it_was_and_cannot_disturb_a_terminal() {
        let evil = "a\u{1b}[2J\u{9b}\u{202e}\u{e0001}\n\"\\ größe";
        let text = to_text(&[evil]);
        assert!(!text.trim_end().lines().any(|it| it.chars().any(is_hazardous)), "{text:?}");
        let back: Vec<String> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, [evil]);
    }
}
