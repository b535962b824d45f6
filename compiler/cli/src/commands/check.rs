//! `aipc check`: all mistakes of policies at once, and the fixes that need no second thought.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::path::{Path, PathBuf};

use aipc_compiler::diagnostic::{Edit, Severity};

use crate::arguments::{Check, CheckFormat};
use crate::console::Console;
use crate::report::diagnostics;
use aipc_project::compile::{Compilation, PolicyFile};
use aipc_project::files::{read, write};
use aipc_project::fix;
use aipc_project::outcome::Outcome;
use aipc_project::project::FILE_NAME;
use aipc_project::report::escape::visible;
use aipc_project::report::{Finding, count};

/// Fixes may uncover mistakes that have fixes; no chain of them is this long.
const FIX_ROUNDS_MAX: usize = 10;

pub fn check(arguments: &Check, console: &Console) -> Outcome {
    let mut compilation = analyze(arguments);
    if arguments.fix {
        let mut fixed = 0;
        for _ in 0..FIX_ROUNDS_MAX {
            match apply_fixes(&compilation) {
                Ok(0) => break,
                Ok(count) => fixed += count,
                Err(error) => {
                    console.error(&visible(&error));
                    return Outcome::Incomplete;
                }
            }
            compilation = analyze(arguments);
        }
        if fixed > 0 {
            console.say(&format!("fixed {}", count(fixed, "mistake", "mistakes")));
        }
    }

    let outcome = if compilation.has_errors() { Outcome::Incomplete } else { Outcome::Clean };
    match arguments.format {
        CheckFormat::Text => {
            super::show_problems(&compilation, console);
            console.say(&summary(&compilation, console));
        }
        CheckFormat::Json => console.out(&diagnostics::render(
            &compilation.diagnostics,
            &compilation.findings,
            &compilation.sources,
            compilation.files.len(),
            outcome,
        )),
    }
    outcome
}

fn analyze(arguments: &Check) -> ManuallyDrop<Compilation> {
    let mut compilation = Compilation::until_the_end();
    let found = compilation.discover(&arguments.inputs);
    compilation.add_all(&found.files);
    if compilation.is_complete {
        compilation.check_exemptions();
    }
    let is_empty = |it: &PolicyFile| it.analysis.ast().items.is_empty() && it.analysis.diagnostics.is_empty();
    if !compilation.files.is_empty() && compilation.files.iter().all(is_empty) {
        let finding = Finding::error("no-policies", "there is nothing to check: the files say nothing");
        compilation.findings.push(finding.help("write a policy, or start a project with `aipc init`"));
    }
    compilation
}

fn summary(compilation: &Compilation, console: &Console) -> String {
    let of = |severity| compilation.diagnostics.iter().filter(|it| it.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error) + compilation.findings.len(), of(Severity::Warning));
    let files = count(compilation.files.len(), "file", "files");
    let fixable = compilation.diagnostics.iter().filter(|it| it.fixes.iter().any(|fix| fix.safe)).count();
    let style = console.err_style;
    let mut line = match (errors, warnings) {
        (0, 0) => return format!("{}: no mistakes in {files}", style.good("clean")),
        (0, _) => {
            format!("{}: {} in {files}", style.warning("clean"), count(warnings, "warning", "warnings"))
        }
        (_, 0) => format!("{}: {} in {files}", style.error("wrong"), count(errors, "error", "errors")),
        (_, _) => format!(
            "{}: {} and {} in {files}",
            style.error("wrong"),
            count(errors, "error", "errors"),
            count(warnings, "warning", "warnings"),
        ),
    };
    if fixable > 0 {
        line.push_str(&format!("; `--fix` repairs {fixable}"));
    }
    line
}

/// Writes the safe fixes into the files of the user; how many there were. Of two that touch, the second waits for
/// the next round.
fn apply_fixes(compilation: &Compilation) -> Result<usize, String> {
    let safe = compilation.diagnostics.iter().filter_map(|it| it.fixes.iter().find(|fix| fix.safe));
    let fixes = fix::together(safe, |fix| {
        let part = |edit: &Edit| Some((own_path(compilation, edit)?, bytes(edit)));
        fix.edits.iter().map(part).collect()
    });
    let mut edits: BTreeMap<PathBuf, Vec<&Edit>> = BTreeMap::new();
    for edit in fixes.iter().flat_map(|it| &it.edits) {
        if let Some(path) = own_path(compilation, edit) {
            edits.entry(path).or_default().push(edit);
        }
    }
    for (path, mut edits) in edits {
        edits.sort_by_key(|it| std::cmp::Reverse((it.span.start, it.span.end)));
        let mut text = read::text(&path, read::SOURCE_BYTES_MAX)
            .map_err(|why| format!("`{}` cannot be read: {why}", read::name(&path)))?;
        for edit in edits {
            let range = bytes(edit);
            if text.get(range.clone()).is_none() {
                return Err(format!("`{}` changed while it was checked", read::name(&path)));
            }
            text.replace_range(range, &edit.text);
        }
        write::whole(&path, text.as_bytes())?;
    }
    Ok(fixes.len())
}

/// The file of an edit, if it is one that the user asked to check: libraries and stdin stay as they are.
fn own_path(compilation: &Compilation, edit: &Edit) -> Option<PathBuf> {
    let name = &compilation.sources.get(edit.span.file).name;
    let policy = compilation.files.iter().find(|it| it.file == edit.span.file);
    match policy {
        Some(policy) if !read::is_stdin(&policy.path) => Some(policy.path.clone()),
        Some(_) => None,
        None => (Path::new(name).file_name()? == FILE_NAME).then(|| PathBuf::from(name)),
    }
}

fn bytes(edit: &Edit) -> Range<usize> {
    edit.span.start as usize..edit.span.end as usize
}
