//! Our reading of a text against what Go recorded for it.

use aipc_runtime::document::{FindingKind, Read, ReadOptions, read};
use serde_json::Value;

/// What the Go program of `tests/oracle/reader` says about one text.
pub struct GoAnswer {
    /// JSON texts
    values: Vec<String>,
    errors: usize,
    stopped: bool,
    unstable: bool,
    duplicates: bool,
}

impl GoAnswer {
    pub fn from_json(answer: &Value) -> Self {
        let flag = |name: &str| answer[name].as_bool().unwrap_or(false);
        GoAnswer {
            values: answer["values"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|text| text.as_str().map(str::to_owned))
                .collect(),
            errors: answer["errors"].as_array().map_or(0, Vec::len),
            stopped: flag("stopped"),
            unstable: flag("unstable"),
            duplicates: flag("duplicates"),
        }
    }
}

/// The outcome of a comparison.
pub enum Verdict {
    Equal,
    /// We refuse what Go reads, for a reason on the published list.
    Listed(String),
    Different(String),
}

/// The rows of `differences.json`: the names under which we may refuse what Go reads.
pub struct Differences(Vec<(String, String)>);

impl Differences {
    pub fn load() -> Self {
        let rows: Value = serde_json::from_str(include_str!("differences.json")).unwrap();
        let rows = rows.as_array().unwrap().iter().map(|row| {
            assert!(row["reason"].as_str().is_some_and(|reason| reason.len() > 20), "{row}");
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            (text("finding"), text("message"))
        });
        Differences(rows.collect())
    }

    fn row(&self, kind: FindingKind, message: &str) -> Option<String> {
        let kind = format!("{kind:?}");
        self.0
            .iter()
            .find(|(finding, part)| *finding == kind && message.contains(part.as_str()))
            .map(|(finding, part)| format!("{finding}: {part}"))
    }
}

/// Reads `text` and compares with Go's answer.
///
/// Every value that we give must be Go's next value, so nothing that Go refuses is ever accepted.
/// Values of Go that we lack must be matched by refusals from the list.
pub fn compare(text: &[u8], go: &GoAnswer, differences: &Differences) -> Verdict {
    let ours = read("case", text, &ReadOptions::default());
    if go.unstable {
        return match has_kind(&ours, FindingKind::DuplicateKey) {
            true => Verdict::Listed("DuplicateKey: Go's own value is not stable".to_owned()),
            false => Verdict::Different("Go's value is not stable, and we do not say so".to_owned()),
        };
    }
    let stop = ours
        .findings
        .iter()
        .filter(|finding| finding.kind == FindingKind::SeparatorText)
        .map(|finding| finding.position.start)
        .min();
    if stop.is_some() != go.stopped {
        return Verdict::Different(format!("separator: {stop:?}, Go stopped: {}", go.stopped));
    }
    let values: Vec<Value> = ours
        .documents
        .iter()
        .map(|document| document.to_json(document.root()))
        .filter(|value| !value.is_null())
        .collect();
    if stop.is_some() {
        // Go stops at the line and drops the document before it; we go on.
        let is_prefix = go.values.len() <= values.len()
            && go.values.iter().zip(&values).all(|(theirs, value)| is_same_text(value, theirs));
        return match is_prefix {
            true => Verdict::Listed("SeparatorText: Go stops here".to_owned()),
            false => Verdict::Different(format!("we read {values:?}, Go {:?}", go.values)),
        };
    }
    let mut rest = go.values.iter();
    for value in &values {
        if !rest.any(|theirs| is_same_text(value, theirs)) {
            return Verdict::Different(format!("we read {value}, Go {:?}", go.values));
        }
    }
    if go.duplicates
        && values.len() == go.values.len()
        && !text.windows(2).any(|pair| pair == b"<<")
        && !has_kind(&ours, FindingKind::DuplicateKey)
    {
        return Verdict::Different("Go sees a duplicate key, and we do not".to_owned());
    }
    let refusals: Vec<_> = ours.findings.iter().filter(|it| is_refusal(it.kind)).collect();
    let missing = go.values.len() - values.len();
    let refused_by_go = go.errors;
    if missing == 0 && refusals.len() == refused_by_go {
        return Verdict::Equal;
    }
    let listed: Vec<String> =
        refusals.iter().filter_map(|it| differences.row(it.kind, &it.message)).collect();
    if refusals.len() >= refused_by_go && listed.len() >= missing && !listed.is_empty() {
        return Verdict::Listed(listed.into_iter().next().unwrap_or_default());
    }
    Verdict::Different(format!(
        "we read {} values and refuse {:?}; Go reads {} and refuses {refused_by_go}",
        values.len(),
        refusals,
        go.values.len(),
    ))
}

fn has_kind(read: &Read, kind: FindingKind) -> bool {
    read.findings.iter().any(|finding| finding.kind == kind)
}

/// Whether a finding of this kind says that text was not read.
fn is_refusal(kind: FindingKind) -> bool {
    match kind {
        FindingKind::Encoding
        | FindingKind::TooLarge
        | FindingKind::Syntax
        | FindingKind::TrailingDocument
        | FindingKind::MergeValue
        | FindingKind::Alias
        | FindingKind::Key
        | FindingKind::Value => true,
        FindingKind::SeparatorText
        | FindingKind::DuplicateKey
        | FindingKind::MergeOverride
        | FindingKind::UnknownTag
        | FindingKind::AmbiguousScalar
        | FindingKind::Precision
        | FindingKind::NotAResource
        | FindingKind::Suppressed => false,
    }
}

fn is_same_text(ours: &Value, theirs: &str) -> bool {
    match serde_json::from_str(theirs) {
        Ok(theirs) => is_same(ours, &theirs),
        // serde_json reads no more than 128 levels.
        Err(_) => serde_json::to_string(ours).is_ok_and(|ours| ours == theirs),
    }
}

/// Equal values; keys in any order, and integers of 2^63 or more equal to the float that Kubernetes
/// makes of them, which is a finding of its own.
fn is_same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => match (ours.as_i64(), theirs.as_i64()) {
            (Some(ours), Some(theirs)) => ours == theirs,
            (None, None) => ours.as_f64() == theirs.as_f64(),
            // `0` and `-0`
            _ => ours.as_f64() == Some(0.0) && theirs.as_f64() == Some(0.0),
        },
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(key, value)| theirs.get(key).is_some_and(|theirs| is_same(value, theirs)))
        }
        _ => ours == theirs,
    }
}
