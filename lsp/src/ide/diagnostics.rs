//! What is wrong with a file, for its squiggles.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use aipc_compiler::diagnostic::{Code, Diagnostic, Fix, Severity, has_errors};
use aipc_compiler::formats::support::{Target, legalize};
use aipc_compiler::source::{Sources, Span};
use aipc_compiler::syntax::ast;
use aipc_project::compile;

use super::{Place, TextEdit, range};
use crate::workspace::{PolicyFile, Workspace};

/// One finding in a file.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// In bytes of the file.
    pub range: Range<usize>,
    pub severity: Severity,
    pub code: &'static str,
    /// The sentence, what is said at the place, and the help, a line each.
    pub message: String,
    pub related: Vec<(Place, String)>,
    pub tag: Option<Tag>,
    pub fixes: Vec<QuickFix>,
}

/// How an editor may show a finding besides its squiggle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tag {
    /// Text that does nothing: greyed.
    Unnecessary,
    /// Struck through.
    Deprecated,
}

/// A repair, as the compiler knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct QuickFix {
    pub title: String,
    pub edits: Vec<TextEdit>,
    /// It says what the author surely meant, so that it may be made together with others.
    pub safe: bool,
}

/// Everything that is wrong with a policy file: by itself, beside the other `files` of its project, and for each of the
/// `targets` that it is meant for.
pub fn policy(file: &PolicyFile, files: &[&PolicyFile], targets: &[Target]) -> Vec<Finding> {
    let analysis = &file.analysis;
    let mut found: Vec<Diagnostic> = analysis.diagnostics.clone();
    found.extend(analysis.not_carried.iter().cloned());
    if !analysis.has_errors() {
        for target in targets {
            found.extend(legalize(&analysis.policies, *target));
        }
        found.extend(beside_others(file, files));
    }
    let mut findings: Vec<Finding> = Vec::new();
    for diagnostic in found.iter().filter(|it| file.is_own(it.primary())) {
        let finding = finding(diagnostic, &file.sources);
        let same = |it: &Finding| it.range == finding.range && it.message == finding.message;
        if !findings.iter().any(same) {
            findings.push(finding);
        }
    }
    findings.sort_by_key(|it| (it.range.start, it.range.end));
    findings
}

/// What only shows beside the other files: names that two policies have, and exemptions from nothing.
fn beside_others(file: &PolicyFile, files: &[&PolicyFile]) -> Vec<Diagnostic> {
    let others = || files.iter().filter(|it| it.path != file.path);
    let mut found = Vec::new();
    let mut declared: HashMap<&str, &PolicyFile> = HashMap::new();
    for other in others() {
        for policy in &other.analysis.module.policies {
            declared.entry(&policy.name).or_insert(other);
        }
    }
    for policy in &file.analysis.module.policies {
        if let Some(twin) = declared.get(policy.name.as_str()) {
            let at = name_of(file.analysis.ast(), policy.span);
            let name = twin.path.file_name().unwrap_or(twin.path.as_os_str()).to_string_lossy().into_owned();
            found.push(compile::repeated_policy(&policy.name, at, None).at(format!("also in {name}")));
        }
    }
    if file.analysis.policies.exemptions.is_empty() {
        return found;
    }
    let is_whole = others().all(|it| !has_errors(&it.analysis.diagnostics));
    if is_whole && file.analysis.not_carried.is_empty() {
        let sets = others().map(|it| &it.analysis.policies).chain([&file.analysis.policies]);
        let policies: Vec<_> = sets.flat_map(|it| &it.policies).collect();
        found.extend(compile::exemptions_of_nothing(&file.analysis.policies.exemptions, &policies));
    }
    found
}

/// The name of the policy that has this place.
fn name_of(module: &ast::Module, policy: Span) -> Span {
    let name = module.items.iter().find_map(|item| match item {
        ast::Item::Policy(it) if it.span == policy => Some(it.name.span),
        ast::Item::PolicyInstance(it) if it.span == policy => Some(it.name.span),
        _ => None,
    });
    name.unwrap_or(policy)
}

/// A diagnostic of the compiler as the editor shows it.
pub fn finding(diagnostic: &Diagnostic, sources: &Sources) -> Finding {
    let place = |span: Span| {
        let source = sources.get(span.file);
        Place { path: source.name.clone().into(), text: source.text.clone(), range: range(span) }
    };
    let mut message = diagnostic.message.clone();
    let mut related = Vec::new();
    for (index, label) in diagnostic.labels.iter().enumerate().filter(|(_, it)| !it.text.is_empty()) {
        match index {
            // "unknown name" says no more than the message does.
            0 if diagnostic.code.title().starts_with(&label.text) => {}
            0 => {
                message.push_str(": ");
                message.push_str(&label.text);
            }
            _ => related.push((place(label.span), label.text.clone())),
        }
    }
    for help in &diagnostic.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    let fix = |it: &Fix| QuickFix {
        title: it.title.clone(),
        edits: it.edits.iter().map(|it| TextEdit { place: place(it.span), text: it.text.clone() }).collect(),
        safe: it.safe,
    };
    Finding {
        range: range(diagnostic.primary()),
        severity: diagnostic.severity,
        code: diagnostic.code.as_str(),
        message,
        related,
        tag: tag(diagnostic.code),
        fixes: diagnostic.fixes.iter().map(fix).collect(),
    }
}

fn tag(code: Code) -> Option<Tag> {
    match code {
        Code::StrayDocComment | Code::AlwaysTrue => Some(Tag::Unnecessary),
        Code::NotInThisVersion => Some(Tag::Deprecated),
        _ => None,
    }
}

/// What is wrong with an `aip.toml`: with its open text, and with what it names on disk.
pub fn settings(workspace: &mut Workspace, path: &Path) -> Vec<Finding> {
    let Some(text) = workspace.text(path) else { return Vec::new() };
    let mut sources = Sources::default();
    let (_, found) = aipc_project::project::parse_settings(&path.to_string_lossy(), &text, &mut sources);
    let mut findings: Vec<Finding> = found.iter().map(|it| finding(it, &sources)).collect();
    let project = workspace.project(path);
    for diagnostic in &project.diagnostics {
        let source = project.sources.get(diagnostic.primary().file);
        // Places in a text that is not the open one would be wrong.
        if Path::new(&source.name) == path && source.text == text {
            let finding = finding(diagnostic, &project.sources);
            let same = |it: &Finding| it.range == finding.range && it.message == finding.message;
            if !findings.iter().any(same) {
                findings.push(finding);
            }
        }
    }
    findings
}
