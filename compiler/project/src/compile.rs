//! From the paths that a user wrote to analysed policies: what `check`, `build`, `run` and `test` share.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use aipc_compiler::analysis::{self, Analysis};
use aipc_compiler::diagnostic::{Code, Diagnostic, has_errors};
use aipc_compiler::formats::bytecode;
use aipc_compiler::hir::errors;
use aipc_compiler::ir;
use aipc_compiler::kubernetes::Cluster;
use aipc_compiler::source::{FileId, Sources, Span};
use aipc_compiler::suggest;
use aipc_compiler::syntax::ast;
use aipc_runtime::program::Program;

use crate::files::discover::{self, Found, FoundFile};
use crate::files::read;
use crate::project::{self, Located, Project, Projects, Settings};
use crate::report::Finding;

/// Policies as far as they could be understood, and everything that is wrong with them.
#[derive(Default)]
pub struct Compilation {
    pub sources: Sources,
    pub files: Vec<PolicyFile>,
    /// Of settings and policies, in the order of files; each once.
    pub diagnostics: Vec<Diagnostic>,
    /// Of files: unreadable ones, none at all.
    pub findings: Vec<Finding>,
    /// All files of the project were asked for, rather than some.
    pub is_complete: bool,
    projects: Projects,
    /// What the files of a project are analysed with, by its root.
    options: BTreeMap<PathBuf, analysis::Options>,
    said: BTreeSet<Said>,
}

/// What makes two diagnostics the same to a reader: code, name of the file, place, message. A file that two
/// policies use is analysed with each.
type Said = (Code, String, u32, u32, String);

pub struct PolicyFile {
    pub path: PathBuf,
    pub file: FileId,
    pub project: Rc<Project>,
    pub analysis: Analysis,
}

impl Compilation {
    /// A compilation that stays until the process ends. To give back its memory piece by piece would take a
    /// command that is done a good part of its time.
    pub fn until_the_end() -> ManuallyDrop<Compilation> {
        ManuallyDrop::new(Compilation::default())
    }

    /// The policy files behind `paths`: of the project around the working folder if there are none.
    pub fn discover(&mut self, paths: &[PathBuf]) -> Found {
        let found = if paths.is_empty() {
            let project = self.project_of(Path::new("."));
            self.is_complete = true;
            project.policies()
        } else {
            discover::discover(paths, &["aip"])
        };
        for (name, why) in &found.unreadable {
            self.findings.push(Finding::error("unreadable", format!("`{name}` cannot be read: {why}")));
        }
        if found.files.is_empty() && found.unreadable.is_empty() {
            let finding = Finding::error("no-policies", "no policies were found");
            self.findings.push(match paths.is_empty() {
                true => finding.help("name a file or folder, or start a project with `aipc init`"),
                false => finding.help("policies are files that end in `.aip`"),
            });
        }
        found
    }

    /// Reads and analyses files.
    pub fn add_all(&mut self, files: &[FoundFile]) {
        for file in files {
            self.add(&file.path);
        }
        self.check_names();
        self.check_parameters();
    }

    /// Reports policies of different files that have one name; to be called once all files are there.
    pub fn check_names(&mut self) {
        self.say(repeated_names(&self.files));
    }

    /// Reads and analyses one file.
    pub fn add(&mut self, path: &Path) {
        let project = self.project_of(path);
        let text = match read::text(path, read::SOURCE_BYTES_MAX) {
            Ok(text) => text,
            Err(why) => {
                let message = format!("`{}` cannot be read: {why}", read::name(path));
                self.findings.push(Finding::error("unreadable", message));
                return;
            }
        };
        self.prepare(&project);
        let Some(options) = self.options.get_mut(&project.root) else { return };
        let file = self.sources.add(read::name(path), text);
        let loader = project.loader();
        let analysis = analysis::analyze(&mut self.sources, file, &loader, options);
        self.say(analysis.diagnostics.clone());
        self.files.push(PolicyFile { path: path.to_path_buf(), file, project, analysis });
    }

    /// Reports parameters in settings that no policy has; to be called once all files are there.
    pub fn check_parameters(&mut self) {
        let mut projects: Vec<Rc<Project>> = Vec::new();
        for file in &self.files {
            if !projects.iter().any(|it| it.root == file.project.root) {
                projects.push(Rc::clone(&file.project));
            }
        }
        for project in projects {
            let diagnostics = stray_parameters(&self.files, &project.settings, self.is_complete);
            self.say(diagnostics);
        }
    }

    /// The IR of all files without errors, in order. A rule that no output carries is left out, and an error among
    /// the diagnostics says so; the others are there, so that a run can judge by them.
    pub fn lower(&mut self) -> ir::PolicySet {
        let mut all = ir::PolicySet::default();
        let mut found = Vec::new();
        for file in self.files.iter().filter(|it| !has_errors(&it.analysis.diagnostics)) {
            all.policies.extend(file.analysis.policies.policies.iter().cloned());
            all.exemptions.extend(file.analysis.policies.exemptions.iter().cloned());
            found.extend(file.analysis.not_carried.iter().cloned());
        }
        self.say(found);
        self.check_exemptions();
        all
    }

    /// Reports exemptions that stand for no rule of any file; to be called once all files of a project are there.
    pub fn check_exemptions(&mut self) {
        // Of what was left out, an exemption may speak rightly.
        let is_whole = self.files.iter().all(|it| it.analysis.not_carried.is_empty());
        if !is_whole || self.has_errors() {
            return;
        }
        let sets = || self.files.iter().map(|it| &it.analysis.policies);
        let policies: Vec<&ir::Policy> = sets().flat_map(|it| &it.policies).collect();
        let found = sets().flat_map(|it| exemptions_of_nothing(&it.exemptions, &policies)).collect();
        self.say(found);
    }

    /// The program of lowered policies; what it cannot carry is added to the diagnostics.
    pub fn program(&mut self, policies: &ir::PolicySet) -> Option<Program> {
        match bytecode::emit(policies, &self.sources) {
            Ok(program) => Some(program),
            Err(diagnostics) => {
                self.say(diagnostics);
                None
            }
        }
    }

    /// Adds diagnostics that were not said before.
    pub fn say(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            let at = diagnostic.primary();
            let name = self.sources.get(at.file).name.clone();
            if self.said.insert((diagnostic.code, name, at.start, at.end, diagnostic.message.clone())) {
                self.diagnostics.push(diagnostic);
            }
        }
    }

    /// Whether something is wrong that forbids outputs.
    pub fn has_errors(&self) -> bool {
        has_errors(&self.diagnostics) || !self.findings.is_empty()
    }

    /// The project of a file or folder; what is wrong with its settings is said once.
    pub fn project_of(&mut self, path: &Path) -> Rc<Project> {
        let project = self.projects.of(path, &mut self.sources);
        self.say(project.diagnostics.clone());
        project
    }

    /// The shapes that a project's files are checked against; nothing for a project without files so far.
    pub fn cluster_of(&self, project: &Project) -> Option<&Cluster> {
        self.options.get(&project.root).map(|it| &it.cluster)
    }

    /// What is known of the clusters of all projects.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.options.values().map(|it| &it.cluster)
    }

    fn prepare(&mut self, project: &Project) {
        if self.options.contains_key(&project.root) {
            return;
        }
        let (cluster, diagnostics) = project::cluster(project, &mut self.sources);
        self.say(diagnostics);
        self.options.insert(project.root.clone(), project.options(cluster));
    }
}

/// Parameters that settings give and no policy has. A policy that no file has is a mistake only if `complete`:
/// all files of the project are there.
fn stray_parameters(files: &[PolicyFile], settings: &Settings, complete: bool) -> Vec<Diagnostic> {
    let policies: Vec<&ast::Policy> = files
        .iter()
        .flat_map(|it| &it.analysis.ast().items)
        .filter_map(|item| match item {
            ast::Item::Policy(policy) => Some(&**policy),
            _ => None,
        })
        .collect();
    let unknown = |what: &str, name: &Located<String>, known: &mut dyn Iterator<Item = &str>| {
        let message = format!("there is no {what} `{}`", name.value);
        let diagnostic = Diagnostic::new(Code::UnknownSetting, name.span, message);
        match suggest::closest(&name.value, known) {
            Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
            None => diagnostic,
        }
    };
    let mut diagnostics = Vec::new();
    for parameter in &settings.parameters {
        match policies.iter().find(|it| it.name.text == parameter.policy.value) {
            None if complete => {
                let mut names = policies.iter().map(|it| it.name.text.as_str());
                diagnostics.push(unknown("policy", &parameter.policy, &mut names));
            }
            None => {}
            Some(policy) => {
                let mut names = policy.params.iter().flatten().map(|it| it.name.text.as_str());
                if !names.clone().any(|it| it == parameter.name.value) {
                    let what = format!("parameter of policy `{}`:", policy.name.text);
                    diagnostics.push(unknown(&what, &parameter.name, &mut names));
                }
            }
        }
    }
    diagnostics
}

/// The names and globs of exemptions that stand for no rule of the policies.
pub fn exemptions_of_nothing(exemptions: &[ir::Exemption], policies: &[&ir::Policy]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for exemption in exemptions {
        for names in &exemption.rules {
            let mut rules = policies.iter().flat_map(|it| it.rules.iter().map(|rule| (&it.name, rule)));
            if rules.any(|(policy, rule)| ir::Exemption::stands_for(names, policy, Some(&rule.name))) {
                continue;
            }
            let (policy, rule) = names;
            let known = policies.iter().find(|it| it.name == *policy);
            let (name, meant) = match (rule, known) {
                (Some(rule), Some(known)) => {
                    let names = known.rules.iter().map(|it| it.name.as_str());
                    let meant = suggest::closest(rule, names).map(|meant| format!("{policy}.{meant}"));
                    (format!("{policy}.{rule}"), meant)
                }
                _ => {
                    let names = policies.iter().map(|it| it.name.as_str());
                    (policy.clone(), suggest::closest(policy, names).map(str::to_string))
                }
            };
            diagnostics.push(errors::exempt_of_nothing(&name, exemption.origin, meant.as_deref()));
        }
    }
    diagnostics
}

/// A policy whose name another file has too; `other` is where.
pub fn repeated_policy(name: &str, at: Span, other: Option<Span>) -> Diagnostic {
    let message = format!("the policy `{name}` exists in another file too");
    let mut diagnostic = Diagnostic::new(Code::RepeatedPolicy, at, message);
    if let Some(other) = other {
        diagnostic = diagnostic.also(other, "the other one");
    }
    diagnostic.help("give one of them another name; rules outside of policies are named after their file")
}

/// Policies of different files that have one name: reports and outputs could not tell them apart.
fn repeated_names(files: &[PolicyFile]) -> Vec<Diagnostic> {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for policy in files.iter().flat_map(|it| &it.analysis.module.policies) {
        match first.get(policy.name.as_str()) {
            Some(other) if other.file != policy.span.file => {
                diagnostics.push(repeated_policy(&policy.name, policy.span, Some(*other)));
            }
            Some(_) => {}
            None => {
                first.insert(&policy.name, policy.span);
            }
        }
    }
    diagnostics
}
