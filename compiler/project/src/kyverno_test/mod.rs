//! Tests of Kyverno's policies as they are: folders with a `kyverno-test.yaml`.
//!
//! A test names policies, resources and the results that are expected of rules on them. Unlike Kyverno's command line, a
//! result that is expected of a rule which says nothing about the resource is a failure.

mod read;
mod run;

use std::path::{Path, PathBuf};

pub use read::{Expected, TestFile, read};
pub use run::{Ran, Row, run};

/// The name of the files.
pub const FILE_NAME: &str = "kyverno-test.yaml";

/// The test files among paths and below folders, those in hidden folders included, in the order of names.
pub fn discover(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut found);
        } else if path.file_name().is_some_and(|name| name == FILE_NAME) {
            found.push(path.clone());
        }
    }
    found
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default();
        if entry.is_symlink() || name == ".git" || name == "node_modules" {
            continue;
        }
        if entry.is_dir() {
            walk(&entry, found);
        } else if name == FILE_NAME {
            found.push(entry);
        }
    }
}
