//! Policy arguments to programs: `.aip` files are compiled together, `.aipb` files are decoded one by one.

use std::path::PathBuf;
use std::sync::OnceLock;

use aipc_compiler::kubernetes::{Cluster, KindLookup};
use aipc_runtime::document::ReadOptions;
use aipc_runtime::program::Program;

use super::explain::RuleSource;
use super::kyverno::{self, KyvernoPolicy};
use super::manifests::{self, Manifest, Manifests};
use crate::compile::Compilation;
use crate::files::discover::{self, Found, FoundFile, SkipReason, Skipped};
use crate::files::read;
use crate::report::Finding;

/// What names of policies end in.
pub const EXTENSIONS: [&str; 2] = ["aip", "aipb"];

/// The policies of a run.
#[derive(Default)]
pub struct Policies {
    pub compilation: Compilation,
    pub programs: Vec<Program>,
    /// Kyverno's policies as they are.
    pub kyverno: Vec<KyvernoPolicy>,
    pub findings: Vec<Finding>,
    pub skipped: Vec<Skipped>,
    compiled: Vec<PathBuf>,
    /// What is known of clusters where no policy comes with a project.
    newest: OnceLock<Cluster>,
}

impl Policies {
    /// Whether nothing was named that could be a policy, not even in vain.
    pub fn is_empty(&self) -> bool {
        self.compiled.is_empty() && self.kyverno.is_empty() && self.findings.is_empty()
    }

    /// The recorded world that the settings of a policy's project name first.
    pub fn context(&self) -> Option<PathBuf> {
        let of = |file: &crate::compile::PolicyFile| {
            file.project.settings.context.as_ref().map(|context| file.project.root.join(context))
        };
        self.compilation.files.iter().find_map(of)
    }

    /// A rule as it was understood, by policy and rule; nothing for one of a program that was read from a file.
    pub fn source(&self, policy: &str, rule: &str) -> Option<RuleSource<'_>> {
        let sources = &self.compilation.sources;
        let files = self.compilation.files.iter();
        files.filter_map(|it| RuleSource::find(&it.analysis, sources, policy, rule)).next()
    }

    /// Whether the settings of a policy's project ask for strictness.
    pub fn is_strict(&self) -> bool {
        self.compilation.files.iter().any(|it| it.project.settings.strict)
    }

    /// Takes the policies that `-p` names.
    pub fn add_arguments(&mut self, paths: &[PathBuf]) {
        let extensions: Vec<&str> = EXTENSIONS.iter().chain(&manifests::EXTENSIONS).copied().collect();
        let found = discover::discover(paths, &extensions);
        self.note_unreadable(&found);
        self.skipped.extend(found.skipped);
        let before = self.found();
        for file in &found.files {
            if is_policy_name(file) {
                self.add(file);
            } else {
                self.pass_by_yaml(file);
            }
        }
        if before == self.found() {
            let names: Vec<String> = paths.iter().map(|it| format!("`{}`", read::name(it))).collect();
            self.findings.push(
                Finding::error("no-policies", format!("there are no policies in {}", names.join(", ")))
                    .help("policies are files that end in `.aip` or `.aipb`, and Kyverno's policies in YAML"),
            );
        }
    }

    /// How much was found of anything.
    fn found(&self) -> usize {
        self.compiled.len() + self.programs.len() + self.kyverno.len() + self.findings.len()
    }

    /// Takes a file of Kyverno's policies.
    pub fn add_kyverno(&mut self, manifest: &Manifest) {
        let policies = kyverno::read(manifest, &mut self.findings);
        self.kyverno.extend(policies);
    }

    /// Takes the policies of the project around the working folder.
    pub fn add_project(&mut self) {
        let project = self.compilation.project_of(std::path::Path::new("."));
        if !project.has_file {
            self.findings.push(
                Finding::error(
                    "no-policies",
                    "no policies are given, and there is no `aip.toml` that names some",
                )
                .help("name policies with `-p POLICY`"),
            );
            return;
        }
        self.compilation.is_complete = true;
        let found = project.policies();
        self.note_unreadable(&found);
        if found.files.is_empty() {
            let root = read::name(&project.root.join(crate::project::FILE_NAME));
            self.findings
                .push(Finding::error("no-policies", format!("the project of `{root}` has no policies")));
        }
        for file in &found.files {
            self.add(file);
        }
    }

    /// Takes one policy file; a file comes once, however often it is named.
    pub fn add(&mut self, file: &FoundFile) {
        let identity = std::fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
        if self.compiled.contains(&identity) {
            return;
        }
        self.compiled.push(identity);
        if discover::has_extension(&file.path, &["aipb"]) {
            self.add_program(file);
        } else {
            self.compilation.add(&file.path);
        }
    }

    /// Compiles what was added. Afterwards `programs` is what runs.
    pub fn finish(&mut self) {
        if self.compilation.files.is_empty() {
            return;
        }
        self.compilation.check_names();
        self.compilation.check_parameters();
        let policies = self.compilation.lower();
        if !policies.policies.is_empty() {
            self.programs.splice(0..0, self.compilation.program(&policies));
        }
    }

    pub fn policy_count(&self) -> usize {
        self.programs.iter().map(|it| it.policies().len()).sum::<usize>() + self.kyverno.len()
    }

    /// Rules as they are written.
    pub fn rule_count(&self) -> usize {
        let of_programs: usize = self.programs.iter().map(|it| it.rules().len()).sum();
        of_programs + self.kyverno.iter().map(|it| it.policy.rules.len()).sum::<usize>()
    }

    /// Whether a schema of any project knows the kind.
    pub fn knows_kind(&self, api_version: &str, kind: &str) -> bool {
        let name = format!("{api_version}/{kind}");
        self.clusters().iter().any(|cluster| matches!(cluster.kind(&name), KindLookup::Found(_)))
    }

    /// The clusters of the projects that the policies are of.
    pub fn clusters(&self) -> Vec<&Cluster> {
        let known: Vec<&Cluster> = self.compilation.clusters().collect();
        if known.is_empty() { vec![self.newest.get_or_init(Cluster::newest)] } else { known }
    }

    fn add_program(&mut self, file: &FoundFile) {
        let name = read::name(&file.path);
        let bytes = match read::bytes(&file.path, read::SOURCE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.findings.push(Finding::error("unreadable", format!("`{name}` cannot be read: {why}")));
                return;
            }
        };
        match Program::decode(&bytes) {
            Ok(program) => self.programs.push(program),
            Err(error) => {
                let message = format!("`{name}` is not a program that can run: {error}");
                let help = "build it again with `aipc build --target bytecode`";
                self.findings.push(Finding::error("damaged-program", message).help(help));
            }
        }
    }

    /// Looks at a YAML file among policies: Kyverno's policies are taken, other files are passed by.
    fn pass_by_yaml(&mut self, file: &FoundFile) {
        match manifests::load(&file.path, &ReadOptions::default()) {
            Ok(manifest) if manifests::is_kyverno_policy(&manifest.read) => {
                self.add_kyverno(&manifest);
            }
            Ok(_) if !file.explicit => {
                self.skipped.push(Skipped { path: file.path.clone(), why: SkipReason::OtherKind });
            }
            Ok(_) => {
                let message = format!("`{}` is not a policy", read::name(&file.path));
                let help = "policies are files that end in `.aip` or `.aipb`, and Kyverno's policies in YAML";
                self.findings.push(Finding::error("unsupported-policy", message).help(help));
            }
            Err(finding) => self.findings.push(finding),
        }
    }

    fn note_unreadable(&mut self, found: &Found) {
        for (name, why) in &found.unreadable {
            self.findings.push(Finding::error("unreadable", format!("`{name}` cannot be read: {why}")));
        }
    }
}

/// Whether the name says that the file is a policy.
pub fn is_policy_name(file: &FoundFile) -> bool {
    discover::has_extension(&file.path, &EXTENSIONS)
}

/// Reads manifests from positional arguments; with `policies_too`, files that are policies become such.
pub fn take_inputs(
    inputs: &[PathBuf],
    policies_too: bool,
    policies: &mut Policies,
    options: &ReadOptions,
) -> Manifests {
    let mut manifests = Manifests::default();
    let extensions: Vec<&str> = manifests::EXTENSIONS.iter().chain(&EXTENSIONS).copied().collect();
    let found = discover::discover(inputs, &extensions);
    for (name, why) in &found.unreadable {
        manifests.findings.push(Finding::error("unreadable", format!("`{name}` cannot be read: {why}")));
    }
    manifests.skipped.extend(found.skipped.iter().cloned());
    for file in &found.files {
        if is_policy_name(file) {
            match (policies_too, file.explicit) {
                (true, _) => policies.add(file),
                (false, true) => {
                    let message = format!("`{}` is a policy", read::name(&file.path));
                    let help = "with `-p`, nothing else is a policy; put `-p` before it too";
                    manifests.findings.push(Finding::error("not-a-manifest", message).help(help));
                }
                (false, false) => {
                    manifests.skipped.push(Skipped { path: file.path.clone(), why: SkipReason::OtherKind });
                }
            }
            continue;
        }
        match manifests::load(&file.path, options) {
            Ok(manifest) if policies_too && manifests::is_kyverno_policy(&manifest.read) => {
                policies.add_kyverno(&manifest);
            }
            Ok(manifest) => manifests.add_read(file, manifest),
            Err(finding) => manifests.findings.push(finding),
        }
    }
    manifests
}
