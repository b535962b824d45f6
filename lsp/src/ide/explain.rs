//! Why a rule says what it says of an object, as a tree.
//!
//! In a policy the question is about the rule at the cursor, on every object of the workspace; in a manifest it is about
//! the object at the cursor, by every rule that speaks of it.

use std::path::{Path, PathBuf};

use aipc_project::report::{Location, Status};
use aipc_project::run::explain::{Explanation, RuleSource, Step, Wanted, explain};

use super::Place;
use super::manifest::{self, Running};
use crate::text::Lines;
use crate::workspace::{Language, Workspace};

/// A line of the tree.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    pub label: String,
    pub detail: String,
    /// `pass`, `fail`, `warn`, `error`, `skip` of rules, objects and elements; `true`, `false`, `not asked` of conditions.
    pub outcome: &'static str,
    /// The answer that decided.
    pub deciding: bool,
    pub place: Option<Place>,
    pub children: Vec<Node>,
}

/// So many objects a tree has; those that fail come first.
const OBJECTS_MAX: usize = 200;

/// The tree for a byte of a file; nothing where neither a rule nor an object is.
pub fn at(workspace: &mut Workspace, path: &Path, offset: usize) -> Option<Node> {
    match workspace.document(path)?.language {
        Language::Policy => of_rule(workspace, path, offset),
        Language::Manifest => of_object(workspace, path, offset),
        Language::Settings | Language::Other => None,
    }
}

fn of_rule(workspace: &mut Workspace, path: &Path, offset: usize) -> Option<Node> {
    let file = workspace.policy(path)?;
    let is_here = |span: aipc_compiler::source::Span| file.is_own(span) && span.contains(offset as u32);
    let (policy, rule) = file.analysis.module.policies.iter().find_map(|policy| {
        let rule = policy.rules.iter().find(|rule| is_here(rule.span))?;
        Some((policy.name.clone(), rule))
    })?;
    let (manifests, running) = (workspace.manifests(path), workspace.running(path));
    let wanted = Wanted {
        rule: &|of, name| (of, name) == (&policy, &rule.name),
        object: &|_, _| true,
        source: &|policy, rule| running.source(policy, rule),
    };
    let mut found = running.judges.ask(|programs, world| explain(programs, &manifests, world, &wanted));
    found.sort_by_key(|it| it.status != Status::Fail && it.status != Status::Warn);
    let count = found.len();
    found.truncate(OBJECTS_MAX);
    let detail = match (count, manifests.files.is_empty()) {
        (_, true) => "the workspace has no manifests".to_string(),
        (0, false) if file.analysis.has_errors() => "the policy has mistakes".to_string(),
        (0, false) => "no manifest of the workspace has an object that the rule speaks of".to_string(),
        (count, false) => {
            let number = |status| found.iter().filter(|it| it.status == status).count();
            let shown = if count > OBJECTS_MAX { format!(" (of {count})") } else { String::new() };
            let failed = number(Status::Fail) + number(Status::Warn);
            format!("{} pass, {failed} fail{shown}", number(Status::Pass))
        }
    };
    let has_failed = found.iter().any(|it| matches!(it.status, Status::Fail | Status::Warn));
    Some(Node {
        label: format!("{policy}/{}", rule.name),
        detail,
        outcome: if has_failed { "fail" } else { "pass" },
        deciding: false,
        place: Some(Place::of(&file, rule.span)),
        children: nodes(workspace, &found, true),
    })
}

fn of_object(workspace: &mut Workspace, path: &Path, offset: usize) -> Option<Node> {
    let text = workspace.text(path)?;
    let manifests = manifest::read(path, &text)?;
    let bytes = |it: &aipc_runtime::document::Resource| {
        let position = it.position();
        position.start as usize..position.end as usize
    };
    let resources = || manifests.resources().map(|(_, it)| it);
    // Between two objects the one above is meant.
    let meant = resources().filter(|it| bytes(it).start <= offset).last().or(resources().next())?;
    let meant = bytes(meant);
    let running = workspace.running(path);
    let wanted = Wanted {
        rule: &|_, _| true,
        object: &|_, it| bytes(it) == meant,
        source: &|policy, rule| running.source(policy, rule),
    };
    let found = running.judges.ask(|programs, world| explain(programs, &manifests, world, &wanted));
    let (_, resource) = manifests.resources().find(|(_, it)| bytes(it) == meant)?;
    let has_failed = found.iter().any(|it| matches!(it.status, Status::Fail | Status::Warn));
    let detail = match found.len() {
        0 => "no rule of the workspace speaks of this object".to_string(),
        count => aipc_project::report::count(count, "rule speaks of it", "rules speak of it"),
    };
    Some(Node {
        label: format!("{} {}", resource.kind(), resource.name().unwrap_or_default()),
        detail,
        outcome: if has_failed { "fail" } else { "pass" },
        deciding: false,
        place: Some(Place { path: path.to_path_buf(), text, range: meant }),
        children: nodes(workspace, &found, false),
    })
}

/// `by_object`: they are about one rule, and named after their objects.
fn nodes(workspace: &Workspace, found: &[Explanation], by_object: bool) -> Vec<Node> {
    let node = |it: &Explanation| Node {
        label: match by_object {
            true => format!("{} {}", it.resource.kind, it.resource.name),
            false => format!("{}/{}", it.policy, it.rule),
        },
        detail: it.because.clone(),
        outcome: it.status.as_str(),
        deciding: false,
        place: line(workspace, &it.location),
        children: it.steps.iter().map(|step| of_step(workspace, step)).collect(),
    };
    found.iter().map(node).collect()
}

fn of_step(workspace: &Workspace, step: &Step) -> Node {
    let place = step.source.as_ref().and_then(|(name, range)| {
        let path = PathBuf::from(name);
        let text = workspace.text(&path)?;
        (range.end <= text.len()).then(|| Place { path, text, range: range.clone() })
    });
    Node {
        label: step.label.clone(),
        detail: step.detail.clone(),
        outcome: step.outcome.as_str(),
        deciding: step.deciding,
        place,
        children: step.children.iter().map(|it| of_step(workspace, it)).collect(),
    }
}

/// The line of a place in a manifest.
fn line(workspace: &Workspace, location: &Location) -> Option<Place> {
    let path = PathBuf::from(&location.file);
    let text = workspace.text(&path)?;
    let range = Lines::of(&text).line(&text, location.line.saturating_sub(1));
    Some(Place { path, text, range })
}

impl Running {
    /// A rule as its file has it.
    fn source(&self, policy: &str, rule: &str) -> Option<RuleSource<'_>> {
        self.files.iter().find_map(|it| RuleSource::find(&it.analysis, &it.sources, policy, rule))
    }
}
