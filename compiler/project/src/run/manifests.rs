//! Manifest files to Kubernetes objects, with a finding for everything that was not read as it stands there.

use std::path::Path;

use aipc_runtime::document::{self, FindingKind, Position, Read, ReadOptions, Resource, Severity};

use crate::files::discover::{FoundFile, SkipReason, Skipped};
use crate::files::read;
use crate::report::{Finding, Level, Location};

/// What names of manifests end in.
pub const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// A manifest file that was read.
pub struct Manifest {
    pub name: String,
    /// The whole file, for snippets.
    pub text: String,
    pub read: Read,
}

/// All manifests of a run.
#[derive(Default)]
pub struct Manifests {
    pub files: Vec<Manifest>,
    pub findings: Vec<Finding>,
    /// Files of folders that hold no Kubernetes object.
    pub skipped: Vec<Skipped>,
}

impl Manifests {
    /// The objects of all files, each with its file.
    pub fn resources(&self) -> impl Iterator<Item = (&Manifest, &Resource)> {
        self.files.iter().flat_map(|file| file.read.resources.iter().map(move |it| (file, it)))
    }

    /// Reads a file and keeps it.
    pub fn add(&mut self, file: &FoundFile, options: &ReadOptions) {
        match load(&file.path, options) {
            Ok(manifest) => self.add_read(file, manifest),
            Err(finding) => self.findings.push(finding),
        }
    }

    /// Keeps a file that was read.
    pub fn add_read(&mut self, file: &FoundFile, manifest: Manifest) {
        if !file.explicit && holds_no_object(&manifest.read) {
            self.skipped.push(Skipped { path: file.path.clone(), why: SkipReason::NoObject });
            return;
        }
        match is_helm_template(&manifest) {
            // What the reader stumbled over follows from it.
            true => self.findings.push(helm_template(&manifest.name)),
            false => {
                self.findings.extend(manifest.read.findings.iter().map(|it| to_finding(&manifest.name, it)))
            }
        }
        self.files.push(manifest);
    }
}

/// Reads a file.
///
/// # Errors
/// A finding: it cannot be opened, or is too large.
pub fn load(path: &Path, options: &ReadOptions) -> Result<Manifest, Finding> {
    let name = read::name(path);
    let bytes = read::bytes(path, read::MANIFEST_BYTES_MAX)
        .map_err(|why| Finding::error("unreadable", format!("`{name}` cannot be read: {why}")))?;
    let read = document::read(&name, &bytes, options);
    // Snippets come from documents that were read, which are UTF-8 as a whole but for broken neighbours.
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => blank_out(error.into_bytes()),
    };
    Ok(Manifest { name, text, read })
}

/// Text of the same length, so that offsets stay true, with `?` for bytes that are no text.
fn blank_out(bytes: Vec<u8>) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

/// Whether a file, found in a folder, is about something else than a cluster: settings of some tool, values of a
/// chart. A file with one object, or with text that could not be read, is not.
fn holds_no_object(read: &Read) -> bool {
    let only_foreign = read.findings.iter().all(|it| !it.is_error() || it.kind == FindingKind::NotAResource);
    let is_foreign = |document: &document::Document| {
        let root = document.root();
        document.get(root, "apiVersion").is_none() && document.get(root, "kind").is_none()
    };
    read.resources.is_empty()
        && only_foreign
        && !read.documents.is_empty()
        && read.documents.iter().all(|it| is_foreign(it))
}

/// Whether a file that cannot be read as it stands is a template: it speaks to Helm.
fn is_helm_template(manifest: &Manifest) -> bool {
    let actions =
        [".Values", ".Release", ".Chart", "include ", "template ", "define ", "if ", "range ", "with "];
    let speaks_to_helm = || {
        manifest.text.match_indices("{{").any(|(at, _)| {
            let action = manifest.text[at + 2..].trim_start_matches('-').trim_start();
            actions.iter().any(|begin| action.starts_with(begin))
        })
    };
    manifest.read.findings.iter().any(document::Finding::is_error) && speaks_to_helm()
}

fn helm_template(name: &str) -> Finding {
    Finding::error("helm-template", format!("`{name}` is a template of Helm, and no manifest yet"))
        .help("render it first: `helm template CHART | aipc run -p POLICY -`")
}

/// A finding of the reader in the words of reports.
pub fn to_finding(file: &str, finding: &document::Finding) -> Finding {
    let level = match finding.severity {
        Severity::Warning => Level::Warning,
        Severity::Error => Level::Error,
    };
    let mut out = Finding {
        code: code(finding.kind),
        level,
        message: finding.message.clone(),
        location: Some(location(file, finding.position, String::new())),
        help: Vec::new(),
    };
    if let Some(related) = finding.related {
        out = out.help(format!("the other place is line {}, column {}", related.line, related.column));
    }
    if finding.kind == FindingKind::DuplicateKey && level == Level::Error {
        out = out.help("`--duplicate-keys=last` takes the last one, as Kubernetes does");
    }
    out
}

/// A place of a manifest in a report.
pub fn location(file: &str, position: Position, path: String) -> Location {
    Location { file: file.to_string(), line: position.line, column: position.column, path }
}

fn code(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Encoding => "encoding",
        FindingKind::TooLarge => "too-large",
        FindingKind::Syntax => "syntax",
        FindingKind::SeparatorText => "separator-text",
        FindingKind::TrailingDocument => "trailing-document",
        FindingKind::DuplicateKey => "duplicate-key",
        FindingKind::MergeOverride => "merge-override",
        FindingKind::MergeValue => "merge-value",
        FindingKind::Alias => "alias",
        FindingKind::Key => "key",
        FindingKind::Value => "value",
        FindingKind::UnknownTag => "unknown-tag",
        FindingKind::AmbiguousScalar => "ambiguous-scalar",
        FindingKind::Precision => "precision",
        FindingKind::NotAResource => "not-a-resource",
        FindingKind::Suppressed => "suppressed",
    }
}

/// Whether every object of the file is a policy of Kyverno, so that the file as a whole is one.
pub fn is_kyverno_policy(read: &Read) -> bool {
    !read.resources.is_empty() && read.resources.iter().all(is_policy)
}

fn is_policy(resource: &Resource) -> bool {
    let group = resource.api_version().split_once('/').map_or("", |(group, _)| group);
    match group {
        "kyverno.io" => matches!(
            resource.kind(),
            "ClusterPolicy" | "Policy" | "ClusterCleanupPolicy" | "CleanupPolicy" | "PolicyException"
        ),
        "policies.kyverno.io" => resource.kind().ends_with("Policy") || resource.kind() == "PolicyException",
        "admissionregistration.k8s.io" => matches!(
            resource.kind(),
            "ValidatingAdmissionPolicy"
                | "ValidatingAdmissionPolicyBinding"
                | "MutatingAdmissionPolicy"
                | "MutatingAdmissionPolicyBinding"
        ),
        _ => false,
    }
}
