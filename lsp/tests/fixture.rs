//! A project on disk that is open in an editor.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use aipc_lsp::workspace::{Document, Language, PolicyFile, Workspace};

/// A folder of its own with files in it, all of them open; it goes with the value.
pub struct Project {
    pub root: PathBuf,
    pub workspace: Workspace,
    /// The file with the cursor, and the byte of it.
    pub cursor: (PathBuf, usize),
}

impl Project {
    /// Of files, each under its name; one of them has `$0` in it.
    pub fn of(files: &[(&str, &str)]) -> Project {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("aipc-lsp-{}-{number}", std::process::id()));
        fs::create_dir_all(&root).expect("a folder for the test");
        let mut workspace = Workspace::default();
        workspace.folders.push(root.clone());
        let mut project = Project { workspace, cursor: (root.join(files[0].0), 0), root };
        for (name, text) in files {
            project.add(name, text);
        }
        project
    }

    /// Of one file.
    pub fn one(text: &str) -> Project {
        Project::of(&[("a.aip", text)])
    }

    fn add(&mut self, name: &str, text: &str) {
        let path = self.root.join(name);
        if let Some(at) = text.find("$0") {
            self.cursor = (path.clone(), at);
        }
        let text = text.replacen("$0", "", 1);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the file");
        fs::write(&path, &text).expect("a file for the test");
        let language = Language::of(&path, "");
        self.workspace.open(path, Document::new(text, 1, language));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn file(&mut self, path: &Path) -> Rc<PolicyFile> {
        self.workspace.policy(path).expect("a policy file")
    }

    /// The file with the cursor, the byte, and all files of the project.
    pub fn spot(&mut self) -> (Rc<PolicyFile>, usize, Vec<Rc<PolicyFile>>) {
        let (path, offset) = self.cursor.clone();
        (self.file(&path), offset, self.workspace.project_policies(&path))
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // The system cleans up what stays.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// The files as the features take them.
pub fn refs(files: &[Rc<PolicyFile>]) -> Vec<&PolicyFile> {
    files.iter().map(|it| &**it).collect()
}
