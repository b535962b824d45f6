//! The project that a policy belongs to: its root, its settings, its policies.

mod cluster;
mod settings;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use aipc_compiler::analysis::Options;
use aipc_compiler::diagnostic::Diagnostic;
use aipc_compiler::kubernetes::Cluster;
use aipc_compiler::source::Sources;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::files::discover::{self, Found};
use crate::files::{loader::ProjectLoader, read};

pub use cluster::cluster;
pub use settings::{Located, Settings};

/// Settings from text: for an editor, whose text may not be on disk yet.
pub use settings::parse as parse_settings;

/// The name of the settings file.
pub const FILE_NAME: &str = "aip.toml";

/// A folder with an `aip.toml`, or a stand-in for one.
#[derive(Debug)]
pub struct Project {
    /// As it is shown; empty for the working folder.
    pub root: PathBuf,
    /// Whether there is an `aip.toml`; without one, all settings have their defaults.
    pub has_file: bool,
    pub settings: Settings,
    /// What is wrong with the settings.
    pub diagnostics: Vec<Diagnostic>,
}

/// The projects met so far, each read once.
#[derive(Default)]
pub struct Projects {
    by_root: BTreeMap<PathBuf, Rc<Project>>,
}

impl Projects {
    /// The project of a policy file, of a folder, or for `-` of the working folder: the nearest `aip.toml` above it.
    pub fn of(&mut self, path: &Path, sources: &mut Sources) -> Rc<Project> {
        let start = if read::is_stdin(path) {
            Path::new(".")
        } else if path.is_dir() {
            path
        } else {
            path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
        };
        let full = fs::canonicalize(start).unwrap_or_else(|_| start.to_path_buf());
        let with_file = full.ancestors().find(|it| it.join(FILE_NAME).is_file());
        let (root, has_file) = match with_file {
            Some(root) => (root.to_path_buf(), true),
            None => (fallback_root(&full), false),
        };
        if let Some(project) = self.by_root.get(&root) {
            return Rc::clone(project);
        }
        let project = Rc::new(Project::read(shown(&root), has_file, sources));
        self.by_root.insert(root, Rc::clone(&project));
        project
    }
}

impl Project {
    /// The project at a root, which is shown and joined to paths as it is given; what is wrong with its settings is in it.
    pub fn read(root: PathBuf, has_file: bool, sources: &mut Sources) -> Project {
        let (settings, diagnostics) = if has_file {
            settings::read(&root.join(FILE_NAME), sources)
        } else {
            (Settings::default(), Vec::new())
        };
        Project { root, has_file, settings, diagnostics }
    }

    /// The compiler's door to the files of this project.
    pub fn loader(&self) -> ProjectLoader {
        ProjectLoader::new(&self.root)
    }

    /// What the files of this project are analysed with, against the shapes of [`cluster`].
    pub fn options(&self, cluster: Cluster) -> Options {
        let parameters = self.settings.parameters.iter();
        let parameters =
            parameters.map(|it| ((it.policy.value.clone(), it.name.value.clone()), it.value.clone()));
        Options {
            cluster,
            lints: self.settings.lints.clone(),
            parameters: parameters.collect(),
            cursor: None,
            prelude: Default::default(),
        }
    }

    /// The policy files of the project, as `[policies]` says.
    pub fn policies(&self) -> Found {
        let root = if self.root.as_os_str().is_empty() { PathBuf::from(".") } else { self.root.clone() };
        let mut found = discover::discover(std::slice::from_ref(&root), &["aip"]);
        let include = patterns(&root, &self.settings.include);
        let exclude = patterns(&root, &self.settings.exclude);
        found.files.retain(|file| {
            let names = |patterns: &Gitignore| {
                // Patterns count from the root, and so must the paths that they are held against.
                let below = file.path.strip_prefix(&root).unwrap_or(&file.path);
                patterns.matched_path_or_any_parents(below, false).is_ignore()
            };
            (self.settings.include.is_empty() || names(&include)) && !names(&exclude)
        });
        found
    }
}

/// Patterns in the manner of `.gitignore`; the settings have refused those that cannot be read.
fn patterns(root: &Path, lines: &[String]) -> Gitignore {
    let mut builder = GitignoreBuilder::new(root);
    for line in lines {
        // Unreadable patterns were reported with the settings.
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Without an `aip.toml`: the working folder for what lies in it, else the folder itself.
fn fallback_root(folder: &Path) -> PathBuf {
    match std::env::current_dir().and_then(fs::canonicalize) {
        Ok(working) if folder.starts_with(&working) => working,
        Ok(_) | Err(_) => folder.to_path_buf(),
    }
}

/// A canonical path as seen from the working folder, if it lies in it or above it.
fn shown(root: &Path) -> PathBuf {
    let Ok(working) = std::env::current_dir().and_then(fs::canonicalize) else {
        return root.to_path_buf();
    };
    if let Ok(below) = root.strip_prefix(&working) {
        return below.to_path_buf();
    }
    match working.strip_prefix(root) {
        Ok(above) => above.components().map(|_| "..").collect(),
        Err(_) => root.to_path_buf(),
    }
}
