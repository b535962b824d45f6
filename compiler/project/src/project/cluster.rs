//! From settings to the shapes that policies are checked against.

use std::path::{Path, PathBuf};

use aipc_compiler::diagnostic::{Code, Diagnostic};
use aipc_compiler::kubernetes::Cluster;
use aipc_compiler::source::{Sources, Span};
use ignore::WalkBuilder;
use ignore::gitignore::GitignoreBuilder;

use super::Project;
use super::settings::Located;
use crate::files::read;

/// The built-in kinds of the project's version of Kubernetes, its own kinds, and those without a schema on purpose.
pub fn cluster(project: &Project, sources: &mut Sources) -> (Cluster, Vec<Diagnostic>) {
    let mut cluster = Cluster::new(project.settings.kubernetes);
    let mut diagnostics = Vec::new();
    for pattern in &project.settings.crds {
        let files = files_of(&project.root, &pattern.value);
        if files.is_empty() {
            let message = format!("`{}` names no file", pattern.value);
            diagnostics.push(Diagnostic::new(Code::WrongSetting, pattern.span, message));
        }
        for file in files {
            add_definitions(&mut cluster, &file, pattern, sources, &mut diagnostics);
        }
    }
    for kind in &project.settings.untyped {
        if let Err(message) = cluster.add_untyped(&kind.value) {
            diagnostics.push(Diagnostic::new(Code::WrongSetting, kind.span, message));
        }
    }
    (cluster, diagnostics)
}

fn add_definitions(
    cluster: &mut Cluster,
    path: &Path,
    pattern: &Located<String>,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let name = read::name(path);
    let text = match read::text(path, read::SOURCE_BYTES_MAX) {
        Ok(text) => text,
        Err(why) => {
            let message = format!("the definitions in `{name}` cannot be read: {why}");
            diagnostics.push(Diagnostic::new(Code::WrongSetting, pattern.span, message));
            return;
        }
    };
    let Err(errors) = cluster.add_crd(&text, &name) else { return };
    let file = sources.add(name, text);
    for error in errors {
        let starts = sources.get(file).line_starts();
        let line = starts.get(error.line.saturating_sub(1) as usize).copied().unwrap_or(0);
        let span = Span::new(file, line, line);
        let offset = sources.text(Span { end: sources.get(file).text.len() as u32, ..span });
        let column: usize =
            offset.chars().take(error.column.saturating_sub(1) as usize).map(char::len_utf8).sum();
        let at = line + column as u32;
        diagnostics.push(Diagnostic::new(Code::WrongDefinition, Span::new(file, at, at), error.message));
    }
}

/// The files below `root` that a pattern names, in order of their names.
fn files_of(root: &Path, pattern: &str) -> Vec<PathBuf> {
    // Only the folder before the first wildcard is walked.
    let fixed: PathBuf = pattern.split('/').take_while(|part| !part.contains(['*', '?', '['])).collect();
    let start = root.join(&fixed);
    if start.is_file() {
        return vec![start];
    }
    let mut builder = GitignoreBuilder::new(root);
    let Ok(builder) = builder.add_line(None, pattern) else { return Vec::new() };
    let Ok(matcher) = builder.build() else { return Vec::new() };
    let start = if start.as_os_str().is_empty() { PathBuf::from(".") } else { start };
    let walk = WalkBuilder::new(start).standard_filters(false).sort_by_file_path(|a, b| a.cmp(b)).build();
    walk.flatten()
        .filter(|entry| entry.file_type().is_some_and(|it| it.is_file()))
        .map(|entry| entry.path().strip_prefix("./").unwrap_or(entry.path()).to_path_buf())
        .filter(|path| {
            let below = path.strip_prefix(root).unwrap_or(path);
            let is_yaml = crate::files::discover::has_extension(path, &["yaml", "yml", "json"]);
            is_yaml && matcher.matched_path_or_any_parents(below, false).is_ignore()
        })
        .collect()
}
