//! Transcripts: each file of `cases/` has the files of a folder and the commands that run in it, in order; its
//! snapshot shows the same with what the commands printed.
//!
//! ```text
//! -- pod.yaml --
//! apiVersion: v1
//! $ aipc run pod.yaml
//! $ aipc fmt - < a.aip
//! $ cat a.aip
//! ```

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::sandbox::Sandbox;

#[test]
fn transcripts_are_as_recorded() {
    let mut failed = Vec::new();
    for case in cases() {
        let name = case.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&case).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        let transcript = play(&text);
        let compared = std::panic::catch_unwind(|| insta::assert_snapshot!(name.clone(), transcript));
        if compared.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "transcripts differ: {}", failed.join(", "));
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cli/cases");
    let entries = fs::read_dir(folder).expect("the folder of cases exists");
    let mut cases: Vec<PathBuf> = entries.flatten().map(|it| it.path()).collect();
    cases.sort();
    assert!(!cases.is_empty(), "there are cases");
    cases
}

/// Writes the files, runs the commands, and gives back the case with their output.
fn play(case: &str) -> String {
    let sandbox = Sandbox::new();
    let mut out = String::new();
    let mut file: Option<(String, String)> = None;
    let write = |file: Option<(String, String)>| {
        if let Some((name, text)) = file {
            sandbox.write(&name, text);
        }
    };
    for line in case.lines() {
        if let Some(name) = line.strip_prefix("-- ").and_then(|it| it.strip_suffix(" --")) {
            write(file.take());
            file = Some((name.to_string(), String::new()));
        } else if let Some(command) = line.strip_prefix("$ ") {
            write(file.take());
            let _ = writeln!(out, "$ {command}");
            out.push_str(&perform(&sandbox, command));
            continue;
        } else if let Some((_, text)) = &mut file {
            text.push_str(line);
            text.push('\n');
        }
        let _ = writeln!(out, "{line}");
    }
    out
}

fn perform(sandbox: &Sandbox, command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["aipc", arguments @ .., "<", file] => shown(sandbox.run_with(arguments, &sandbox.read(file))),
        ["aipc", arguments @ ..] => shown(sandbox.run_with(arguments, "")),
        ["cat", file] => sandbox.read(file),
        ["ls"] => sandbox.files().join("\n") + "\n",
        _ => panic!("a case can use `aipc`, `cat` and `ls`, not `{command}`"),
    }
}

fn shown(ended: super::sandbox::Ended) -> String {
    let mut out = String::new();
    for (name, text) in [("stdout", &ended.stdout), ("stderr", &ended.stderr)] {
        if !text.is_empty() {
            let end = if text.ends_with('\n') { "" } else { "(no newline)\n" };
            let _ = write!(out, "[{name}]\n{text}{end}");
        }
    }
    let _ = writeln!(
        out,
        "[exit {}]\n",
        ended.code.map_or_else(|| "by a signal".to_string(), |it| it.to_string())
    );
    out
}
