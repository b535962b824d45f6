//! The documents run: commands in them print what stands below, and `test` blocks of the language reference pass.
//!
//! `AIPC_BLESS=1` writes what commands print into the documents.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::sandbox::Sandbox;

/// Documents with blocks marked `console`.
const TRANSCRIPTS: [&str; 2] = ["README.md", "compiler/reference/cli.md"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn commands_in_documents_print_what_stands_below() {
    let root = repository();
    let bless = std::env::var_os("AIPC_BLESS").is_some();
    for name in TRANSCRIPTS {
        let path = root.join(name);
        let page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let now = with_output(&page, &root);
        if bless {
            std::fs::write(&path, &now).expect("the document can be written");
        } else {
            assert_eq!(page, now, "{name} is stale: AIPC_BLESS=1 cargo test -p aipc --test e2e docs");
        }
    }
}

/// The page with each `$ command` of its `console` blocks followed by what it prints.
fn with_output(page: &str, root: &Path) -> String {
    let mut out = String::new();
    let mut in_block = false;
    for line in page.lines() {
        let fence = line.starts_with("```");
        match (in_block, line.strip_prefix("$ ")) {
            (true, _) if fence => in_block = false,
            (true, Some(command)) => {
                out.push_str(line);
                out.push('\n');
                out.push_str(&printed(command, root));
                continue;
            }
            (true, None) => continue,
            (false, _) => in_block = line == "```console",
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// What a command prints on both streams, as on a terminal without colour.
fn printed(command: &str, root: &Path) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_aipc"));
    let folder = binary.parent().expect("the binary is in a folder");
    let output = Command::new("sh")
        .args(["-c", &format!("{command} 2>&1")])
        .current_dir(root)
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .output()
        .expect("there is a shell");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    // A block has no empty line at its end.
    match lines.trim_end() {
        "" => String::new(),
        trimmed => format!("{trimmed}\n"),
    }
}

#[test]
fn tests_in_the_language_reference_pass() {
    let page = std::fs::read_to_string(repository().join("compiler/reference/language.md"))
        .expect("the reference is there");
    let sandbox = Sandbox::new();
    let (mut count, mut wrong) = (0, String::new());
    let mut block: Option<(usize, String)> = None;
    for (index, line) in page.lines().enumerate() {
        match (&mut block, line) {
            (None, "```aip") => block = Some((index + 1, String::new())),
            (Some((at, text)), "```") => {
                if text.lines().any(|line| line.starts_with("test \"")) {
                    // The name of the file is that of its bare rules.
                    sandbox.write("language.aip", &*text);
                    let ended = sandbox.run("test language.aip");
                    if ended.code != Some(0) {
                        wrong.push_str(&format!("language.md:{at}\n{}{}\n", ended.stdout, ended.stderr));
                    }
                    count += 1;
                }
                block = None;
            }
            (Some((_, text)), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 20, "only {count} blocks with tests were found");
}
