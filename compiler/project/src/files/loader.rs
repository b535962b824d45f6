//! The compiler's door to files: `use "./lib"` and manifests named in tests, inside the project and nowhere else.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use aipc_compiler::source::Loader;

use super::read;

/// Loads regular files below one root.
pub struct ProjectLoader {
    /// Canonical. Without one, nothing is loaded.
    root: Option<PathBuf>,
    loaded: RefCell<BTreeSet<PathBuf>>,
    open: OpenTexts,
}

/// Texts that an editor has open, by the names of their files: they count instead of what is on disk.
pub type OpenTexts = Arc<BTreeMap<PathBuf, Arc<str>>>;

/// Different files that one compilation may load.
const FILES_MAX: usize = 10_000;

impl ProjectLoader {
    /// A loader for what lies below `root`; for a root that does not exist, one that loads nothing.
    pub fn new(root: &Path) -> ProjectLoader {
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let root = fs::canonicalize(root).ok();
        ProjectLoader { root, loaded: RefCell::default(), open: OpenTexts::default() }
    }

    /// The loader with the texts of an editor.
    pub fn with_open(self, open: OpenTexts) -> ProjectLoader {
        ProjectLoader { open, ..self }
    }

    fn resolve(&self, from: &str, path: &str) -> Result<PathBuf, String> {
        let Some(root) = &self.root else {
            return Err(format!("`{path}` cannot be read: there is no folder to look in"));
        };
        let wanted = Path::new(path);
        let relative = |part: Component<'_>| {
            matches!(part, Component::Normal(_) | Component::CurDir | Component::ParentDir)
        };
        if path.is_empty() || path.contains(['\0', '\\']) || !wanted.components().all(relative) {
            return Err(format!("`{path}` is not a relative path; write it from the folder of this file"));
        }
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let full = fs::canonicalize(folder.join(wanted))
            .map_err(|error| format!("`{path}` cannot be read: {}", read::reason(&error)))?;
        if !full.starts_with(root) {
            return Err(format!("`{path}` lies outside the project, in which files must stay"));
        }
        match fs::metadata(&full) {
            Ok(metadata) if metadata.is_file() => Ok(full),
            Ok(_) => Err(format!("`{path}` is not a file")),
            Err(error) => Err(format!("`{path}` cannot be read: {}", read::reason(&error))),
        }
    }
}

impl Loader for ProjectLoader {
    fn load(&self, from: &str, path: &str) -> Result<(String, Arc<str>), String> {
        let full = self.resolve(from, path)?;
        let mut loaded = self.loaded.borrow_mut();
        loaded.insert(full.clone());
        if loaded.len() > FILES_MAX {
            return Err(format!("more than {FILES_MAX} files are used"));
        }
        let name = shown_name(from, path);
        if let Some(text) = self.open.get(Path::new(&name)) {
            return Ok((name, text.clone()));
        }
        let text = read::text(&full, read::SOURCE_BYTES_MAX)
            .map_err(|why| format!("`{path}` cannot be read: {why}"))?;
        Ok((name, text.into()))
    }
}

/// `policies/lib.aip` for `./lib.aip` seen from `policies/a.aip`: from where the user stands, without detours.
fn shown_name(from: &str, path: &str) -> String {
    let joined = Path::new(from).parent().unwrap_or(Path::new("")).join(path);
    let mut name = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(name.components().next_back(), Some(Component::Normal(_))) => {
                name.pop();
            }
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                name.push(part);
            }
        }
    }
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_project_are_loaded() {
        let base = std::env::temp_dir().join(format!("aipc-loader-{}", std::process::id()));
        let _ = fs::remove_dir_all(&base);
        let root = base.join("project");
        fs::create_dir_all(root.join("policies/folder.aip")).unwrap();
        fs::write(root.join("lib.aip"), "inside").unwrap();
        fs::write(base.join("outside.aip"), "outside").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(base.join("outside.aip"), root.join("policies/link.aip")).unwrap();
        let loader = ProjectLoader::new(&root);
        let from = root.join("policies/a.aip").display().to_string();

        let (name, text) = loader.load(&from, "../lib.aip").unwrap();
        assert_eq!(&*text, "inside");
        assert_eq!(name, root.join("lib.aip").display().to_string());
        let refused = [
            "../../outside.aip",
            "link.aip",
            "/etc/passwd",
            "folder.aip",
            "gone.aip",
            "",
            "a\0b",
            "..\\lib.aip",
        ];
        for path in refused {
            assert!(loader.load(&from, path).is_err(), "{path}");
        }
        fs::remove_dir_all(base).unwrap();
    }

    #[test]
    fn names_are_shown_without_detours() {
        assert_eq!(shown_name("policies/a.aip", "./lib.aip"), "policies/lib.aip");
        assert_eq!(shown_name("policies/a.aip", "../lib.aip"), "lib.aip");
        assert_eq!(shown_name("a.aip", "../lib.aip"), "../lib.aip");
    }
}
