//! What the editor has open, the projects around it, and what is known of each policy file.
//!
//! Texts come from the editor where it has a file open, and else from the disk. A policy file is analysed when somebody
//! asks, and again once it or a file that it uses has changed.

mod document;
mod policy;
mod project;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use aipc_project::files::loader::OpenTexts;
use aipc_project::files::read;
use aipc_project::project::FILE_NAME;

pub use document::{Change, Document, Language};
pub use policy::PolicyFile;
pub use project::ProjectState;

use aipc_project::run::manifests::Manifests;

use crate::ide::manifest::Running;
use crate::ide::verdicts::{self, Verdicts};

/// Everything that the server knows.
#[derive(Default)]
pub struct Workspace {
    /// The folders that the editor has open, absolute.
    pub folders: Vec<PathBuf>,
    documents: BTreeMap<PathBuf, Document>,
    projects: BTreeMap<PathBuf, Rc<ProjectState>>,
    policies: BTreeMap<PathBuf, Rc<PolicyFile>>,
    /// Every policy file of every project around an open file is analysed, but for the one that is being edited.
    is_complete: bool,
    /// By the roots of projects.
    running: BTreeMap<PathBuf, Rc<Running>>,
    manifests: BTreeMap<PathBuf, Rc<Manifests>>,
    verdicts: BTreeMap<PathBuf, Rc<Verdicts>>,
}

impl Workspace {
    /// The file is open from now on; its text is the editor's.
    pub fn open(&mut self, path: PathBuf, document: Document) {
        self.changed(&path);
        self.documents.insert(path, document);
    }

    /// Edits an open file; false where it is not open.
    pub fn edit(&mut self, path: &Path, version: i32, changes: &[Change]) -> bool {
        let Some(document) = self.documents.get_mut(path) else { return false };
        document.apply(version, changes);
        match document.language {
            Language::Policy => self.forget_what_rests_on(path),
            Language::Manifest | Language::Settings => self.changed(path),
            Language::Other => {}
        }
        true
    }

    /// The text of a policy file is another one.
    fn forget_what_rests_on(&mut self, path: &Path) {
        let before = self.policies.len();
        self.policies.retain(|_, it| !it.rests_on(path));
        // The file itself is looked at at once; others that went with it are not.
        self.is_complete &= before - self.policies.len() <= 1;
        self.running.clear();
        self.verdicts.clear();
    }

    /// The file is closed; what is on disk counts again.
    pub fn close(&mut self, path: &Path) {
        self.documents.remove(path);
        self.changed(path);
    }

    /// A file changed, came or went: what rests on it is to be found out anew.
    pub fn changed(&mut self, path: &Path) {
        if path.file_name().is_some_and(|name| name == FILE_NAME) || is_manifest(path) {
            self.manifests.clear();
            self.verdicts.clear();
            // Settings reach everything, and so may the definitions of a kind; manifests that are neither cost only time.
            let is_read = |it: &ProjectState| it.reads(path);
            if is_settings(path) || self.projects.values().any(|it| is_read(it)) {
                self.forget();
            }
            return;
        }
        self.forget_what_rests_on(path);
        self.is_complete = false;
        for project in self.projects.values() {
            project.forget_files();
        }
    }

    /// Forgets everything but the texts: also after a fault, since what was in the making may be broken.
    pub fn forget(&mut self) {
        self.projects.clear();
        self.policies.clear();
        self.running.clear();
        self.manifests.clear();
        self.verdicts.clear();
        self.is_complete = false;
    }

    /// The open files, by path.
    pub fn documents(&self) -> impl Iterator<Item = (&Path, &Document)> {
        self.documents.iter().map(|(path, document)| (path.as_path(), document))
    }

    pub fn document(&self, path: &Path) -> Option<&Document> {
        self.documents.get(path)
    }

    /// The text of a file: the editor's, else the disk's.
    pub fn text(&self, path: &Path) -> Option<Arc<str>> {
        if let Some(document) = self.documents.get(path) {
            return Some(document.text.clone());
        }
        read::text(path, read::SOURCE_BYTES_MAX).ok().map(Arc::from)
    }

    /// The project around a file: the nearest folder with an `aip.toml`, else the editor's folder, else its own.
    pub fn project(&mut self, path: &Path) -> Rc<ProjectState> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let with_file =
            folder.ancestors().find(|it| !it.as_os_str().is_empty() && it.join(FILE_NAME).is_file());
        let open =
            self.folders.iter().filter(|it| folder.starts_with(it)).max_by_key(|it| it.as_os_str().len());
        let root = with_file.or(open.map(PathBuf::as_path)).unwrap_or(folder).to_path_buf();
        let is_listed = with_file.is_some() || open.is_some();
        if let Some(project) = self.projects.get(&root) {
            return Rc::clone(project);
        }
        let project = Rc::new(ProjectState::read(root.clone(), with_file.is_some(), is_listed));
        self.projects.insert(root, Rc::clone(&project));
        project
    }

    /// What is known of a policy file; nothing where it cannot be read.
    pub fn policy(&mut self, path: &Path) -> Option<Rc<PolicyFile>> {
        if let Some(known) = self.policies.get(path) {
            return Some(Rc::clone(known));
        }
        let text = self.text(path)?;
        let project = self.project(path);
        let file = Rc::new(PolicyFile::analyze(path, text, project, self.open_texts(), None));
        self.policies.insert(path.to_path_buf(), Rc::clone(&file));
        Some(file)
    }

    /// As [`Workspace::policy`], for a text that is not the file's: with a word put in to see what may stand there. It is
    /// not kept.
    pub fn policy_with(&mut self, path: &Path, text: Arc<str>, cursor: &'static str) -> PolicyFile {
        let project = self.project(path);
        PolicyFile::analyze(path, text, project, self.open_texts(), Some(cursor))
    }

    /// The texts of open files.
    pub fn open_texts(&self) -> OpenTexts {
        let texts = self.documents.iter().map(|(path, document)| (path.clone(), document.text.clone()));
        Rc::new(texts.collect())
    }

    /// The policy files of the project around a file: those on disk, and those that are open.
    pub fn project_files(&mut self, path: &Path) -> Vec<PathBuf> {
        let project = self.project(path);
        let mut files: BTreeSet<PathBuf> = project.files().iter().cloned().collect();
        let open: Vec<PathBuf> = self.open_policies();
        files.extend(open.into_iter().filter(|it| self.project(it).root() == project.root()));
        files.into_iter().collect()
    }

    /// A policy file of the project around a file that is not analysed yet: work for an idle moment.
    pub fn unknown_policy(&mut self) -> Option<PathBuf> {
        if self.is_complete {
            return None;
        }
        let open = self.open_policies();
        let files: BTreeSet<PathBuf> = open.iter().flat_map(|it| self.project_files(it)).collect();
        let found = files.into_iter().find(|it| !self.policies.contains_key(it) && self.text(it).is_some());
        self.is_complete = found.is_none();
        found
    }

    /// What is known of the policy files of the project around a file; each is analysed where it was not.
    pub fn project_policies(&mut self, path: &Path) -> Vec<Rc<PolicyFile>> {
        let files = self.project_files(path);
        files.iter().filter_map(|it| self.policy(it)).collect()
    }

    /// What is known so far of the policy files of the project around a file, without looking at more.
    pub fn known_policies(&mut self, path: &Path) -> Vec<Rc<PolicyFile>> {
        let files = self.project_files(path);
        files.iter().filter_map(|it| self.policies.get(it).cloned()).collect()
    }

    /// The policies of the project around a file, ready to judge.
    pub fn running(&mut self, path: &Path) -> Rc<Running> {
        let root = self.project(path).root().to_path_buf();
        if let Some(known) = self.running.get(&root) {
            return Rc::clone(known);
        }
        let running = Rc::new(Running::of(self, path));
        self.running.insert(root, Rc::clone(&running));
        running
    }

    /// The manifests of the project around a file.
    pub fn manifests(&mut self, path: &Path) -> Rc<Manifests> {
        let root = self.project(path).root().to_path_buf();
        if let Some(known) = self.manifests.get(&root) {
            return Rc::clone(known);
        }
        let manifests = Rc::new(verdicts::manifests(self, path));
        self.manifests.insert(root, Rc::clone(&manifests));
        manifests
    }

    /// What the policies of the project around a file say of its manifests.
    pub fn verdicts(&mut self, path: &Path) -> Rc<Verdicts> {
        let root = self.project(path).root().to_path_buf();
        if let Some(known) = self.verdicts.get(&root) {
            return Rc::clone(known);
        }
        let verdicts = Rc::new(verdicts::verdicts(self, path));
        self.verdicts.insert(root, Rc::clone(&verdicts));
        verdicts
    }

    /// What is known of all policy files of all projects of the workspace.
    pub fn all_policies(&mut self) -> Vec<Rc<PolicyFile>> {
        let open = self.open_policies();
        let folders = self.folders.clone();
        let mut files: BTreeSet<PathBuf> = BTreeSet::new();
        for path in open.into_iter().chain(folders.iter().map(|it| it.join(FILE_NAME))) {
            files.extend(self.project_files(&path));
        }
        files.iter().filter_map(|it| self.policy(it)).collect()
    }

    fn open_policies(&self) -> Vec<PathBuf> {
        let policies = self.documents.iter().filter(|(_, it)| it.language == Language::Policy);
        policies.map(|(path, _)| path.clone()).collect()
    }
}

fn is_settings(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == FILE_NAME)
}

fn is_manifest(path: &Path) -> bool {
    Language::of(path, "") == Language::Manifest
}
