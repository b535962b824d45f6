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
    deliver(&outputs, &place, arguments.check, console)
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

fn deliver(outputs: &[Output], place: &Place, check: bool, console: &Console) -> Outcome {
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
    if check { compare(&files, console) } else { write_all(&files, console) }
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

fn compare(files: &[(PathBuf, Vec<u8>)], console: &Console) -> Outcome {
    let mut changed = 0;
    for (path, bytes) in files {
        if !write::is_same(path, bytes) {
            changed += 1;
            let word = if path.exists() { "would change" } else { "is missing" };
            console.out(&format!("{word}: {}\n", visible(&read::name(path))));
        }
    }
    let total = count(files.len(), "file", "files");
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
    fn names_of_policies_stay_in_the_folder() {
        assert_eq!(file_name("trusted-images"), "trusted-images.yaml");
        assert_eq!(file_name("../../etc/passwd"), "-..-etc-passwd.yaml");
        assert_eq!(file_name(".."), "policy.yaml");
    }
}
