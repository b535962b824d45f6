//! Verdicts of the workspace's policies on its manifests, while they are written.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aipc_compiler::diagnostic::Severity;
use aipc_compiler::formats::bytecode;
use aipc_project::report::{Effect, RuleResult, Status};
use aipc_project::run::judge::{Judged, World, judge_only};
use aipc_project::run::manifests::{Manifest, Manifests, is_kyverno_policy};
use aipc_project::run::patched::patched_file;
use aipc_runtime::document::{self, ReadOptions};
use aipc_runtime::machine::{self, AdmissionOperation};
use aipc_runtime::program::Program;
use aipc_runtime::value::Time;

use super::diagnostics::{Finding, QuickFix};
use super::{Place, TextEdit};
use crate::text::{Lines, Position};
use crate::workspace::{PolicyFile, Workspace};

/// The policies of a project as they run, with the world that its settings name.
pub struct Running {
    pub judges: Arc<Judges>,
    /// What they were compiled from.
    pub files: Vec<Rc<PolicyFile>>,
}

/// Programs, and the world that they ask.
pub struct Judges {
    programs: Vec<Program>,
    recorded: Arc<machine::World>,
}

impl Running {
    /// Compiles what is known of the policy files of the project around a path. Files with mistakes are left out.
    pub fn of(workspace: &mut Workspace, path: &Path) -> Running {
        let recorded = workspace.recorded(path);
        let files = workspace.project_policies(path);
        let whole = files.iter().filter(|it| !it.analysis.has_errors());
        let sets: Vec<_> = whole.map(|it| (&it.analysis.policies, &it.sources)).collect();
        // What the runtime cannot carry is found where it is compiled for it.
        let programs = bytecode::emit_all(&sets).into_iter().collect();
        Running { judges: Arc::new(Judges { programs, recorded }), files }
    }
}

impl Judges {
    /// What the policies say of manifests.
    pub fn judge(&self, manifests: &Manifests) -> Judged {
        self.ask(|programs, world| judge_only(programs, manifests, world))
    }

    /// Asks the programs, in the world as it is now.
    pub fn ask<T>(&self, question: impl FnOnce(&[Program], &World<'_>) -> T) -> T {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let world = World {
            operation: AdmissionOperation::Create,
            namespace: "default",
            user: None,
            old: None,
            recorded: &self.recorded,
            now: Time::from_unix(since.as_secs() as i64, since.subsec_nanos()),
            strict: false,
            audit_warn: false,
            show_values: false,
        };
        question(&self.programs, &world)
    }
}

/// A text read as a manifest; nothing where it holds no object of Kubernetes, or Kyverno's policies.
pub fn read(path: &Path, text: &str) -> Option<Manifests> {
    let name = path.to_string_lossy().into_owned();
    let read = document::read(&name, text.as_bytes(), &ReadOptions::default());
    if read.resources.is_empty() || is_kyverno_policy(&read) {
        return None;
    }
    Some(Manifests { files: vec![Manifest { name, text: text.to_string(), read }], ..Manifests::default() })
}

/// What the policies of the workspace find in a manifest, and what is wrong with its text.
pub fn findings(workspace: &mut Workspace, path: &Path) -> Vec<Finding> {
    let Some(text) = workspace.text(path) else { return Vec::new() };
    let Some(manifests) = read(path, &text) else { return Vec::new() };
    let lines = Lines::of(&text);
    let mut found: Vec<Finding> = Vec::new();
    for it in manifests.files.iter().flat_map(|it| &it.read.findings) {
        let start = it.position.start as usize;
        let end = (it.position.end as usize).clamp(start, text.len());
        let severity =
            if it.severity == document::Severity::Error { Severity::Error } else { Severity::Warning };
        found.push(plain(start.min(text.len())..end, severity, "manifest", it.message.clone()));
    }
    let running = workspace.running(path);
    let judged = running.judges.judge(&manifests);
    let at_line = |line: u32| lines.line(&text, line.saturating_sub(1));
    for result in &judged.results {
        let rule = format!("{}/{}", result.policy, result.rule);
        match result.status {
            Status::Fail | Status::Warn => {
                let severity =
                    if result.status == Status::Fail { Severity::Error } else { Severity::Warning };
                for violation in &result.violations {
                    let range = match &violation.bytes {
                        Some(bytes) => first_line(&text, bytes.clone()),
                        None => at_line(violation.location.line),
                    };
                    let mut message = violation.message.clone();
                    if message.is_empty() {
                        message.clone_from(&violation.condition);
                    }
                    let mut finding = plain(range, severity, "policy", format!("{message} ({rule})"));
                    finding.related = related(workspace, result);
                    found.push(finding);
                }
            }
            Status::Error => {
                let why = result.because.clone().unwrap_or_default();
                let range = at_line(result.location.line);
                found.push(plain(
                    range,
                    Severity::Warning,
                    "policy",
                    format!("{rule} has no verdict: {why}"),
                ));
            }
            Status::Pass | Status::Skip => {}
        }
    }
    let patches = judged.results.iter().filter(|it| it.effect == Some(Effect::Patch)).count();
    if patches > 0 {
        found.extend(mutation(path, &text, &manifests, &judged));
    }
    found
}

fn plain(range: std::ops::Range<usize>, severity: Severity, code: &'static str, message: String) -> Finding {
    Finding { range, severity, code, message, related: Vec::new(), tag: None, fixes: Vec::new() }
}

/// The part of a range that is in its first line: an object of forty lines need not be underlined as a whole.
fn first_line(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let end = range.end.min(text.len());
    let start = range.start.min(end);
    let line = text.get(start..end).and_then(|it| it.find(['\r', '\n']));
    start..line.map_or(end, |at| start + at)
}

/// The place in the policy that decided.
fn related(workspace: &Workspace, result: &RuleResult) -> Vec<(Place, String)> {
    let path = PathBuf::from(&result.source.file);
    let Some(text) = workspace.text(&path) else { return Vec::new() };
    let lines = Lines::of(&text);
    let position = Position {
        line: result.source.line.saturating_sub(1),
        column: result.source.column.saturating_sub(1),
    };
    let start = lines.offset(&text, position, crate::text::Encoding::Utf32);
    let end = lines.line(&text, position.line).end.max(start);
    vec![(Place { path, text, range: start..end }, "the rule".to_string())]
}

/// What mutations would change, with the change as a repair.
fn mutation(path: &Path, text: &Arc<str>, manifests: &Manifests, judged: &Judged) -> Option<Finding> {
    let manifest = manifests.files.first()?;
    let patched = patched_file(manifest, &judged.patched, &ReadOptions::default())?;
    let rules: Vec<String> = judged
        .results
        .iter()
        .filter(|it| it.effect == Some(Effect::Patch))
        .map(|it| format!("{}/{}", it.policy, it.rule))
        .collect();
    let first = judged.results.iter().find(|it| it.effect == Some(Effect::Patch))?;
    let lines = Lines::of(text);
    let range = lines.line(text, first.location.line.saturating_sub(1));
    let message = format!("admission changes this object ({})", rules.join(", "));
    let mut finding = plain(range, Severity::Note, "policy", message);
    let place = Place { path: path.to_path_buf(), text: text.clone(), range: 0..text.len() };
    let edits = vec![TextEdit { place, text: patched.text }];
    finding.fixes.push(QuickFix {
        title: "Write what admission would make of it".to_string(),
        edits,
        safe: false,
    });
    Some(finding)
}
