//! `aipc build`: policies as files that others run.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use aipc_compiler::diagnostic::has_errors;
use aipc_compiler::formats::support::{Target, legalize};
use aipc_compiler::formats::{self, Emitted};
use aipc_compiler::ir::PolicySet;

use crate::arguments::{Build, BuildTarget};
use crate::console::Console;
use aipc_project::compile::Compilation;
use aipc_project::files::discover::has_extension;
use aipc_project::files::{read, write};
use aipc_project::outcome::Outcome;
use aipc_project::report::count;
use aipc_project::report::escape::visible;

const DEPRECATION: &str = "ClusterPolicy is deprecated in Kyverno; its successors are ValidatingPolicy, MutatingPolicy, \
     GeneratingPolicy, ImageValidatingPolicy and DeletingPolicy: `--target kyverno`";

pub fn build(arguments: &Build, console: &Console) -> Outcome {
    let mut compilation = Compilation::until_the_end();
    let found = compilation.discover(&arguments.inputs);
    compilation.add_all(&found.files);
    let first = found.files.first().map_or(Path::new("."), |it| it.path.as_path()).to_path_buf();
    let project = compilation.project_of(&first);

    let configured = arguments.target.map(BuildTarget::targets).or_else(|| project.settings.targets.clone());
    let nobody_chose = configured.is_none();
    let targets = configured.unwrap_or_else(|| vec![Target::KyvernoLegacy]);
    let from_settings = || project.settings.out.as_ref().map(|out| project.root.join(out));
    let out = arguments.out.clone().or_else(from_settings).filter(|it| !read::is_stdin(it));
    let place = match Place::of(out, &targets, arguments.check) {
        Ok(place) => place,
        Err(problem) => {
            console.error(&visible(&problem));
            return Outcome::Usage;
        }
    };

    if arguments.prune && !matches!(place, Place::Folder(_)) {
        console.error("`--prune` removes files of a folder; say which with `-o`");
        return Outcome::Usage;
    }

    let policies = ManuallyDrop::new(compilation.lower());
    for target in &targets {
        if !has_errors(&compilation.diagnostics) {
            let said = legalize(&policies, *target);
            compilation.say(said);
        }
    }
    let outputs: Vec<Output> = match compilation.has_errors() {
        true => Vec::new(),
        false => targets.iter().filter_map(|it| emit(*it, &policies, &mut compilation)).collect(),
    };
    super::show_problems(&compilation, console);
    if compilation.has_errors() {
        return Outcome::Incomplete;
    }
    if policies.policies.is_empty() {
        console.error("there is no policy to build: the files hold no rules");
        return Outcome::Incomplete;
    }
    if nobody_chose {
        console.say(&format!("{}: {DEPRECATION}", console.err_style.strong("note")));
    }
    let files = match files(&outputs, &place, console) {
        files if arguments.check => return compare(&files, &stale(&place, &files, &compilation), console),
        files => files,
    };
    let written = write_all(&files, console);
    match written {
        Outcome::Clean => leave(&stale(&place, &files, &compilation), arguments.prune, console),
        other => other,
    }
}

/// What one target gives.
enum Output {
    Yaml { folder: &'static str, documents: Vec<Emitted> },
    Program(Vec<u8>),
}

/// What a target gives; nothing where it refuses, which is then among the diagnostics.
fn emit(target: Target, policies: &PolicySet, compilation: &mut Compilation) -> Option<Output> {
    if target == Target::Bytecode {
        return compilation.program(policies).map(|it| Output::Program(it.encode()));
    }
    match formats::emit_yaml(policies, target, &compilation.sources) {
        Ok(documents) => Some(Output::Yaml { folder: target.name(), documents }),
        Err(refused) => {
            compilation.say(refused);
            None
        }
    }
}

/// Where outputs go.
enum Place {
    Stdout,
    File(PathBuf),
    Folder(PathBuf),
}

impl Place {
    fn of(out: Option<PathBuf>, targets: &[Target], check: bool) -> Result<Place, String> {
        let Some(out) = out else {
            if check {
                return Err("`--check` compares with files; say which with `-o`".to_string());
            }
            if targets.len() > 1 {
                return Err("several targets go into a folder; say which with `-o`".to_string());
            }
            if targets == [Target::Bytecode] && std::io::stdout().is_terminal() {
                return Err("bytecode is no text for a terminal; write it to a file with `-o`".to_string());
            }
            return Ok(Place::Stdout);
        };
        let text = out.to_string_lossy();
        let is_folder =
            out.is_dir() || text.ends_with(['/', '\\']) || out.extension().is_none() && !out.exists();
        match (is_folder, targets.len()) {
            (true, _) => Ok(Place::Folder(out)),
            (false, 1) => Ok(Place::File(out)),
            (false, _) => Err(format!("`{text}` is a file, and several targets go into a folder")),
        }
    }
}

/// The name of the program in a folder.
const PROGRAM_NAME: &str = "policies.aipb";

/// The files to write; what goes to stdout is written at once.
fn files(outputs: &[Output], place: &Place, console: &Console) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for output in outputs {
        match (place, output) {
            (Place::Stdout, Output::Yaml { documents, .. }) => console.out(&joined(documents)),
            (Place::Stdout, Output::Program(bytes)) => console.out_bytes(bytes),
            (Place::File(path), Output::Yaml { documents, .. }) => {
                files.push((path.clone(), joined(documents).into_bytes()));
            }
            (Place::File(path), Output::Program(bytes)) => files.push((path.clone(), bytes.clone())),
            (Place::Folder(folder), Output::Program(bytes)) => {
                files.push((folder.join(PROGRAM_NAME), bytes.clone()));
            }
            (Place::Folder(folder), Output::Yaml { folder: target, documents }) => {
                let folder = if outputs.len() > 1 { folder.join(target) } else { folder.clone() };
                files.extend(by_name(documents).into_iter().map(|(name, text)| (folder.join(name), text)));
            }
        }
    }
    files
}

/// Files of the folder that an earlier build wrote, and this one does not: the policy has another name now, or is gone.
fn stale(place: &Place, files: &[(PathBuf, Vec<u8>)], compilation: &Compilation) -> Vec<PathBuf> {
    let Place::Folder(folder) = place else { return Vec::new() };
    let folders = Target::ALL.iter().map(|it| folder.join(it.name())).chain([folder.clone()]);
    let entries = folders.filter_map(|it| std::fs::read_dir(it).ok()).flatten().flatten();
    let mut stale: Vec<PathBuf> = entries
        .map(|it| it.path())
        .filter(|path| has_extension(path, &["yaml"]) && !files.iter().any(|it| it.0 == *path))
        .filter(|path| is_ours(path, compilation))
        .collect();
    stale.sort();
    stale
}

/// Whether each document of a file says that aipc made it, from a source that is built now or is gone.
fn is_ours(path: &Path, compilation: &Compilation) -> bool {
    let is_plain = std::fs::symlink_metadata(path).is_ok_and(|it| it.is_file());
    let Some(text) = read::text(path, read::MANIFEST_BYTES_MAX).ok().filter(|_| is_plain) else {
        return false;
    };
    let is_built = |name: &str| compilation.sources.iter().any(|(_, it)| it.name == name);
    let is_gone = |name: &str| !name.starts_with('<') && !Path::new(name).exists();
    let from = |document: &str| source_of(document).is_some_and(|name| is_built(name) || is_gone(name));
    text.split("\n---\n").all(from)
}

/// The source that the first line of a document names.
fn source_of(document: &str) -> Option<&str> {
    let place = document.lines().next()?.strip_prefix(HEADER)?;
    let is_line = |(at, _): &(usize, &str)| place[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    place.match_indices(':').find(is_line).map(|(at, _)| &place[..at])
}

/// What the first line of each document begins with.
const HEADER: &str = "# Generated by aipc from ";

/// Names what is no longer written, or removes it.
fn leave(stale: &[PathBuf], prune: bool, console: &Console) -> Outcome {
    for path in stale {
        let name = visible(&read::name(path)).to_string();
        if !prune {
            console.say(&format!("  {} {name}", console.err_style.faint("stale")));
        } else if let Err(error) = std::fs::remove_file(path) {
            console.error(&format!("`{name}` cannot be removed: {error}"));
            return Outcome::Incomplete;
        } else {
            console.say(&format!("  {} {name}", console.err_style.good("removed")));
        }
    }
    if !stale.is_empty() && !prune {
        console.say("note: an earlier build wrote what is stale; `--prune` removes it");
    }
    Outcome::Clean
}

fn write_all(files: &[(PathBuf, Vec<u8>)], console: &Console) -> Outcome {
    for (path, bytes) in files {
        if let Err(error) = write::whole(path, bytes) {
            console.error(&visible(&error));
            return Outcome::Incomplete;
        }
        console.say(&format!("  {} {}", console.err_style.good("wrote"), visible(&read::name(path))));
    }
    Outcome::Clean
}

fn compare(files: &[(PathBuf, Vec<u8>)], stale: &[PathBuf], console: &Console) -> Outcome {
    let mut changed = stale.len();
    for (path, bytes) in files {
        if !write::is_same(path, bytes) {
            changed += 1;
            let word = if path.exists() { "would change" } else { "is missing" };
            console.out(&format!("{word}: {}\n", visible(&read::name(path))));
        }
    }
    for path in stale {
        console.out(&format!("is no longer built: {}\n", visible(&read::name(path))));
    }
    let total = count(files.len() + stale.len(), "file", "files");
    console.say(&format!("{} of {total} not as they would be built", changed));
    if changed > 0 { Outcome::Denied } else { Outcome::Clean }
}

/// Documents of one stream.
fn joined(documents: &[Emitted]) -> String {
    let texts: Vec<&str> = documents.iter().map(|it| it.yaml.as_str()).collect();
    texts.join("---\n")
}

/// File names and what goes into each; documents of one name share a file.
fn by_name(documents: &[Emitted]) -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for document in documents {
        let file = files.entry(file_name(&document.name)).or_default();
        if !file.is_empty() {
            file.extend_from_slice(b"---\n");
        }
        file.extend_from_slice(document.yaml.as_bytes());
    }
    files
}

/// A policy's name as the name of a file: nothing in it leads to another folder.
fn file_name(name: &str) -> String {
    let plain = |ch: char| if ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_' | '.') { ch } else { '-' };
    let name: String = name.chars().map(plain).collect();
    let name = name.trim_start_matches('.');
    let file = format!("{}.yaml", if name.is_empty() { "policy" } else { name });
    debug_assert!(has_extension(Path::new(&file), &["yaml"]));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_names_its_source() {
        let header = |rest: &str| format!("{HEADER}{rest}\napiVersion: v1\n");
        assert_eq!(source_of(&header("a/b.aip:2.")), Some("a/b.aip"));
        assert_eq!(source_of(&header("C:/b.aip:12: deny pod if image ~ \"a:1\"")), Some("C:/b.aip"));
        assert_eq!(source_of("# Made by hand\n"), None);
    }

    #[test]
    fn names_of_policies_stay_in_the_folder() {
        assert_eq!(file_name("trusted-images"), "trusted-images.yaml");
        assert_eq!(file_name("../../etc/passwd"), "-..-etc-passwd.yaml");
        assert_eq!(file_name(".."), "policy.yaml");
    }
}
