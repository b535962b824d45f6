//! A project as the editor sees it: settings and schemas.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use aipc_compiler::analysis::Options;
use aipc_compiler::diagnostic::Diagnostic;
use aipc_compiler::source::Sources;
use aipc_project::project::{self, Project};

/// A project, with what its files are analysed with.
pub struct ProjectState {
    pub project: Rc<Project>,
    /// The texts of settings and of definitions, in which `diagnostics` have their places.
    pub sources: Sources,
    /// What is wrong with settings and definitions.
    pub diagnostics: Vec<Diagnostic>,
    /// The cluster in it is that of the file that was analysed last, as far as files declare kinds without a schema.
    pub options: RefCell<Options>,
    /// The kinds of the project itself.
    kinds: usize,
    is_listed: bool,
}

impl ProjectState {
    pub fn read(root: PathBuf, has_file: bool, is_listed: bool) -> ProjectState {
        let mut sources = Sources::default();
        let project = Project::read(root, has_file, &mut sources);
        let (cluster, found) = project::cluster(&project, &mut sources);
        let mut diagnostics = project.diagnostics.clone();
        diagnostics.extend(found);
        ProjectState {
            kinds: cluster.kind_count(),
            options: RefCell::new(project.options(cluster)),
            project: Rc::new(project),
            sources,
            diagnostics,
            is_listed,
        }
    }

    pub fn root(&self) -> &Path {
        &self.project.root
    }

    /// Whether its files may be listed: somebody meant the folder as a project.
    pub fn is_listed(&self) -> bool {
        self.is_listed
    }

    /// The policy files on disk, listed anew; none for a folder that nobody opened.
    pub fn files(&self) -> Vec<PathBuf> {
        if !self.is_listed {
            return Vec::new();
        }
        self.project.policies().files.into_iter().map(|it| it.path).collect()
    }

    /// The recorded world that the settings name.
    pub fn context(&self) -> Option<PathBuf> {
        self.project.settings.context.as_ref().map(|it| self.root().join(it))
    }

    /// Whether its settings or definitions are in this file.
    pub fn reads(&self, path: &Path) -> bool {
        self.sources.iter().any(|(_, source)| Path::new(&source.name) == path)
    }

    /// The cluster as the project itself has it, without what files declared.
    pub(super) fn reset(&self) {
        self.options.borrow_mut().cluster.forget_kinds_after(self.kinds);
    }
}
