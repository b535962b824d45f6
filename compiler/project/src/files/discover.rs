//! From the paths that a user wrote to the files that a command reads.
//!
//! A file that is named is taken as it is. A folder is walked in the order of names; hidden files, what
//! `.gitignore` names, links and files of other kinds are skipped, and every skipped one is kept with the
//! reason, since a manifest that nobody looked at must not look like one that passed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::read::{self, is_stdin};

/// The files behind some paths.
#[derive(Debug, Default)]
pub struct Found {
    pub files: Vec<FoundFile>,
    pub skipped: Vec<Skipped>,
    /// Paths that do not exist or cannot be read, with a sentence.
    pub unreadable: Vec<(String, String)>,
    /// How many folders were among the paths.
    pub folder_count: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundFile {
    /// `-` for stdin.
    pub path: PathBuf,
    /// The user named this very file, rather than a folder above it.
    pub explicit: bool,
}

/// A file or folder that a walk passed by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Skipped {
    pub path: PathBuf,
    pub why: SkipReason,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SkipReason {
    /// Its name begins with a dot.
    Hidden,
    /// `.gitignore` or `.ignore` names it.
    Ignored,
    /// A link: what it leads to is read under its own name, if it lies in the folder.
    Link,
    /// Neither a file nor a folder.
    Special,
    /// Its name ends in nothing that the command reads.
    OtherKind,
    /// YAML or JSON that holds no Kubernetes object.
    NoObject,
}

impl SkipReason {
    pub fn as_str(self) -> &'static str {
        match self {
            SkipReason::Hidden => "hidden",
            SkipReason::Ignored => "ignored by .gitignore",
            SkipReason::Link => "a symbolic link",
            SkipReason::Special => "not a file",
            SkipReason::OtherKind => "of another kind",
            SkipReason::NoObject => "no Kubernetes object in it",
        }
    }
}

/// The files that `paths` name, folders walked for names with one of `extensions`. A file that is named
/// twice, or named and found, comes once.
pub fn discover(paths: &[PathBuf], extensions: &[&str]) -> Found {
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        if is_stdin(path) {
            add(&mut found, &mut seen, path.clone(), true);
            continue;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                found.folder_count += 1;
                walk(path, extensions, &mut found, &mut seen);
            }
            Ok(_) => add(&mut found, &mut seen, path.clone(), true),
            Err(error) => found.unreadable.push((read::name(path), read::reason(&error))),
        }
    }
    found
}

fn add(found: &mut Found, seen: &mut BTreeSet<PathBuf>, path: PathBuf, explicit: bool) {
    let identity = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    if seen.insert(identity.clone()) {
        found.files.push(FoundFile { path, explicit });
    } else if explicit {
        let same = |file: &&mut FoundFile| fs::canonicalize(&file.path).is_ok_and(|it| it == identity);
        if let Some(file) = found.files.iter_mut().find(same) {
            file.explicit = true;
        }
    }
}

fn walk(root: &Path, extensions: &[&str], found: &mut Found, seen: &mut BTreeSet<PathBuf>) {
    let mut visited = BTreeSet::new();
    let mut folders = Vec::new();
    // Only what lies in the tree decides, so that two machines read the same files.
    let walk = WalkBuilder::new(root)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .follow_links(false)
        .sort_by_file_path(|a, b| a.cmp(b))
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let reason = error.io_error().map_or_else(|| error.to_string(), read::reason);
                found.unreadable.push((path_of(&error).unwrap_or(root).display().to_string(), reason));
                continue;
            }
        };
        let path = without_dot(entry.path());
        visited.insert(path.clone());
        let Some(file_type) = entry.file_type() else { continue };
        if file_type.is_dir() || entry.depth() == 0 {
            folders.push(path);
        } else if file_type.is_symlink() {
            found.skipped.push(Skipped { path, why: SkipReason::Link });
        } else if !file_type.is_file() {
            found.skipped.push(Skipped { path, why: SkipReason::Special });
        } else if !has_extension(&path, extensions) {
            found.skipped.push(Skipped { path, why: SkipReason::OtherKind });
        } else {
            add(found, seen, path, false);
        }
    }
    // The walk does not tell what it left out; one look into each visited folder does.
    for folder in folders {
        let listing = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        let Ok(entries) = fs::read_dir(listing) else { continue };
        for entry in entries.flatten() {
            let path = without_dot(&entry.path());
            if visited.contains(&path) {
                continue;
            }
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            let why = if hidden { SkipReason::Hidden } else { SkipReason::Ignored };
            found.skipped.push(Skipped { path, why });
        }
    }
    found.skipped.sort();
}

/// `a.aip` for `./a.aip`, as a user would write it.
fn without_dot(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_path_buf()
}

/// Whether the name of `path` ends in a dot and one of `extensions`.
pub fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|it| it.to_str());
    extension.is_some_and(|it| extensions.iter().any(|wanted| wanted.eq_ignore_ascii_case(it)))
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let root = std::env::temp_dir().join(format!("aipc-discover-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn names(root: &Path, files: &[FoundFile]) -> Vec<String> {
        files.iter().map(|it| it.path.strip_prefix(root).unwrap().display().to_string()).collect()
    }

    #[test]
    fn every_file_of_a_folder_is_read_or_named() {
        let root = tree(
            "all",
            &[
                (".gitignore", "out/\n*.tmp.yaml\n"),
                ("b.yaml", ""),
                ("a/deep/er/c.yml", ""),
                ("a/d.json", ""),
                ("a/x.tmp.yaml", ""),
                ("out/e.yaml", ""),
                (".github/f.yaml", ""),
                ("README.md", ""),
            ],
        );
        let found = discover(std::slice::from_ref(&root), &["yaml", "yml", "json"]);
        assert_eq!(names(&root, &found.files), ["a/d.json", "a/deep/er/c.yml", "b.yaml"]);
        let skipped: Vec<(String, SkipReason)> = found
            .skipped
            .iter()
            .map(|it| (it.path.strip_prefix(&root).unwrap().display().to_string(), it.why))
            .collect();
        let expected = [
            (".github", SkipReason::Hidden),
            (".gitignore", SkipReason::Hidden),
            ("README.md", SkipReason::OtherKind),
            ("a/x.tmp.yaml", SkipReason::Ignored),
            ("out", SkipReason::Ignored),
        ];
        assert_eq!(skipped, expected.map(|(path, why)| (path.to_string(), why)));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_named_file_is_read_whatever_its_name() {
        let root = tree("named", &[(".gitignore", "*"), ("a.txt", ""), ("b.yaml", "")]);
        let found = discover(&[root.join("a.txt"), root.join("a.txt"), root.join("gone.yaml")], &["yaml"]);
        assert_eq!(names(&root, &found.files), ["a.txt"]);
        assert!(found.files[0].explicit);
        assert_eq!(found.unreadable.len(), 1);
        assert_eq!(found.unreadable[0].1, "it does not exist");
        fs::remove_dir_all(root).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn links_are_named_and_not_followed() {
        let root = tree("links", &[("a.yaml", "")]);
        std::os::unix::fs::symlink("/", root.join("everything")).unwrap();
        std::os::unix::fs::symlink(root.join("a.yaml"), root.join("b.yaml")).unwrap();
        let found = discover(std::slice::from_ref(&root), &["yaml"]);
        assert_eq!(names(&root, &found.files), ["a.yaml"]);
        assert_eq!(found.skipped.iter().filter(|it| it.why == SkipReason::Link).count(), 2);
        fs::remove_dir_all(root).unwrap();
    }
}
