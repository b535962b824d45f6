//! What the editor has open, the projects around it, and what is known of each policy file.
//!
//! Texts come from the editor where it has a file open, and else from the disk. A policy file is analysed when somebody
//! asks, and again once it or a file that it uses has changed.

mod document;
mod policy;
mod project;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use aipc_project::files::loader::OpenTexts;
use aipc_project::files::read;
use aipc_project::project::FILE_NAME;

pub use document::{Change, Document, Language};
pub use policy::PolicyFile;
pub use project::ProjectState;

use aipc_project::run::context;
use aipc_project::run::manifests::Manifests;
use aipc_runtime::machine;

use crate::ide::manifest::Running;
use crate::ide::types;
use crate::ide::verdicts::{self, Answer, Question, Verdicts};

/// Everything that the server knows.
#[derive(Default)]
pub struct Workspace {
    /// The folders that the editor has open, absolute.
    pub folders: Vec<PathBuf>,
    documents: BTreeMap<PathBuf, Document>,
    projects: BTreeMap<PathBuf, Rc<ProjectState>>,
    /// The projects of folders: to find one means to look for settings in each folder above.
    project_of: HashMap<PathBuf, Rc<ProjectState>>,
    policies: HashMap<PathBuf, Rc<PolicyFile>>,
    /// The policy files around open files that are not analysed yet; `None` where that is to be found out anew. The one that
    /// is being edited is not among them.
    unknown: Option<Vec<PathBuf>>,
    /// Grows with each change.
    revision: u64,
    // By the roots of projects.
    files: BTreeMap<PathBuf, Rc<[PathBuf]>>,
    running: BTreeMap<PathBuf, Rc<Running>>,
    recorded: BTreeMap<PathBuf, Arc<machine::World>>,
    manifests: BTreeMap<PathBuf, Arc<Manifests>>,
    verdicts: BTreeMap<PathBuf, KnownVerdicts>,
    /// The keys of labels that were asked for last, with the manifests that they are in.
    keys: Option<(Arc<Manifests>, Rc<BTreeSet<String>>)>,
}

/// The verdicts of a project as they were found last.
#[derive(Default)]
struct KnownVerdicts {
    verdicts: Rc<Verdicts>,
    /// The revision at which they are true; `None` before the first.
    revision: Option<u64>,
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
        if before - self.policies.len() > 1 {
            self.unknown = None;
        }
        self.running.clear();
        self.revision += 1;
    }

    /// The file is closed; what is on disk counts again.
    pub fn close(&mut self, path: &Path) {
        self.documents.remove(path);
        self.changed(path);
        let open: Vec<PathBuf> = self.open_policies();
        let open: BTreeSet<PathBuf> = open.iter().map(|it| self.project(it).root().to_path_buf()).collect();
        self.verdicts.retain(|root, _| open.contains(root));
    }

    /// A file changed, came or went: what rests on it is to be found out anew.
    pub fn changed(&mut self, path: &Path) {
        if path.file_name().is_some_and(|name| name == FILE_NAME) || is_manifest(path) {
            self.manifests.clear();
            self.revision += 1;
            if self.projects.values().any(|it| it.context().as_deref() == Some(path)) {
                self.recorded.clear();
                self.running.clear();
            }
            // Settings reach everything, and so may the definitions of a kind; manifests that are neither cost only time.
            let is_read = |it: &ProjectState| it.reads(path);
            if is_settings(path) || self.projects.values().any(|it| is_read(it)) {
                self.forget();
            }
            return;
        }
        self.forget_what_rests_on(path);
        self.unknown = None;
        self.files.clear();
    }

    /// Forgets everything but the texts: also after a fault, since what was in the making may be broken.
    pub fn forget(&mut self) {
        self.projects.clear();
        self.project_of.clear();
        self.policies.clear();
        self.files.clear();
        self.running.clear();
        self.recorded.clear();
        self.manifests.clear();
        self.verdicts.clear();
        self.unknown = None;
        self.revision += 1;
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
        if let Some(project) = self.project_of.get(folder) {
            return Rc::clone(project);
        }
        let project = self.find_project(folder);
        self.project_of.insert(folder.to_path_buf(), Rc::clone(&project));
        project
    }

    fn find_project(&mut self, folder: &Path) -> Rc<ProjectState> {
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

    /// The page of a type, as one of the projects knows it.
    pub fn type_page(&self, name: &str) -> Option<String> {
        self.projects.values().find_map(|it| types::named(&it.options.borrow().cluster, name))
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
        Arc::new(texts.collect())
    }

    /// The policy files of the project around a file, in order: those on disk, and those that are open.
    pub fn project_files(&mut self, path: &Path) -> Rc<[PathBuf]> {
        let project = self.project(path);
        if let Some(known) = self.files.get(project.root()) {
            return Rc::clone(known);
        }
        let mut files: BTreeSet<PathBuf> = project.files().into_iter().collect();
        let open: Vec<PathBuf> = self.open_policies();
        files.extend(open.into_iter().filter(|it| self.project(it).root() == project.root()));
        let files: Rc<[PathBuf]> = files.into_iter().collect();
        self.files.insert(project.root().to_path_buf(), Rc::clone(&files));
        files
    }

    /// A policy file of the project around an open file that is not analysed yet, once each: work for an idle moment.
    pub fn unknown_policy(&mut self) -> Option<PathBuf> {
        let mut unknown = match self.unknown.take() {
            Some(unknown) => unknown,
            None => {
                let open = self.open_policies();
                let lists: Vec<Rc<[PathBuf]>> = open.iter().map(|it| self.project_files(it)).collect();
                let files: BTreeSet<&PathBuf> = lists.iter().flat_map(|it| it.iter()).collect();
                files.into_iter().rev().cloned().collect()
            }
        };
        let mut found = None;
        while let Some(path) = unknown.pop() {
            if !self.policies.contains_key(&path) {
                found = Some(path);
                break;
            }
        }
        self.unknown = Some(unknown);
        found
    }

    /// No policy file is left for an idle moment.
    pub fn is_complete(&self) -> bool {
        let is_known = |it: &PathBuf| self.policies.contains_key(it);
        self.unknown.as_ref().is_some_and(|it| it.iter().all(is_known))
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

    /// The recorded world that the settings of the project around a file name.
    pub fn recorded(&mut self, path: &Path) -> Arc<machine::World> {
        let project = self.project(path);
        let read = || project.context().map_or_else(Default::default, |it| context::load(&it).0);
        let known = self.recorded.entry(project.root().to_path_buf());
        Arc::clone(known.or_insert_with(|| Arc::new(read())))
    }

    /// The manifests of the project around a file.
    pub fn manifests(&mut self, path: &Path) -> Arc<Manifests> {
        let project = self.project(path);
        if let Some(known) = self.manifests.get(project.root()) {
            return Arc::clone(known);
        }
        let root = project.is_listed().then(|| project.root());
        let manifests = Arc::new(verdicts::manifests(root, &self.open_texts()));
        self.manifests.insert(project.root().to_path_buf(), Arc::clone(&manifests));
        manifests
    }

    /// The keys of labels in the manifests of the project around a file.
    pub fn label_keys(&mut self, path: &Path) -> Rc<BTreeSet<String>> {
        let manifests = self.manifests(path);
        match &self.keys {
            Some((of, keys)) if Arc::ptr_eq(of, &manifests) => Rc::clone(keys),
            _ => {
                let keys = Rc::new(verdicts::label_keys(&manifests));
                self.keys = Some((manifests, Rc::clone(&keys)));
                keys
            }
        }
    }

    /// What the policies of the project around a file say of its manifests, as they are now.
    pub fn verdicts(&mut self, path: &Path) -> Rc<Verdicts> {
        let root = self.project(path).root().to_path_buf();
        if self.verdicts.get(&root).is_none_or(|it| it.revision != Some(self.revision)) {
            let answer = self.question(path).answer();
            self.note_verdicts(path, answer);
        }
        self.last_verdicts(path)
    }

    /// What they said when they were asked last; nothing before the first time. [`Workspace::stale_verdicts`] will name it.
    pub fn last_verdicts(&mut self, path: &Path) -> Rc<Verdicts> {
        let root = self.project(path).root().to_path_buf();
        Rc::clone(&self.verdicts.entry(root).or_default().verdicts)
    }

    /// A question whose last answer is not true any more, as far as somebody wanted to know it.
    pub fn stale_verdicts(&mut self) -> Option<(PathBuf, Question)> {
        let revision = Some(self.revision);
        let root = self.verdicts.iter().find(|(_, it)| it.revision != revision)?.0.clone();
        let inside = root.join(FILE_NAME);
        let question = self.question(&inside);
        Some((inside, question))
    }

    /// Keeps an answer; false where it says what was said before. One that came too late is kept as well, as the last.
    pub fn note_verdicts(&mut self, path: &Path, answer: Answer) -> bool {
        let root = self.project(path).root().to_path_buf();
        if answer.revision == self.revision {
            self.manifests.insert(root.clone(), answer.manifests);
        }
        let known = self.verdicts.entry(root).or_default();
        known.revision = Some(answer.revision);
        let is_new = *known.verdicts != answer.verdicts;
        if is_new {
            known.verdicts = Rc::new(answer.verdicts);
        }
        is_new
    }

    /// There is no answer to a question: it is not put again until something changes.
    pub fn give_up_verdicts(&mut self, path: &Path, revision: u64) {
        let root = self.project(path).root().to_path_buf();
        self.verdicts.entry(root).or_default().revision = Some(revision);
    }

    fn question(&mut self, path: &Path) -> Question {
        let project = self.project(path);
        let judges = Arc::clone(&self.running(path).judges);
        Question {
            root: project.is_listed().then(|| project.root().to_path_buf()),
            judges,
            manifests: self.manifests.get(project.root()).cloned(),
            open: self.open_texts(),
            revision: self.revision,
        }
    }

    /// What is known of all policy files of all projects of the workspace.
    pub fn all_policies(&mut self) -> Vec<Rc<PolicyFile>> {
        let open = self.open_policies();
        let folders = self.folders.clone();
        let mut files: BTreeSet<PathBuf> = BTreeSet::new();
        for path in open.into_iter().chain(folders.iter().map(|it| it.join(FILE_NAME))) {
            files.extend(self.project_files(&path).iter().cloned());
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
