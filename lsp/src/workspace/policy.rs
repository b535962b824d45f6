//! What is known of one policy file.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use aipc_compiler::analysis::{self, Analysis};
use aipc_compiler::diagnostic::Code;
use aipc_compiler::source::{FileId, Source, Sources, Span};
use aipc_project::files::loader::OpenTexts;

use super::ProjectState;
use crate::text::Lines;

/// A policy file, parsed and checked, with the texts that it rests on.
pub struct PolicyFile {
    pub path: PathBuf,
    /// The file, what it uses, and what is built in.
    pub sources: Sources,
    pub analysis: Analysis,
    pub lines: Lines,
    pub project: Rc<ProjectState>,
}

impl PolicyFile {
    /// Analyses a text as the file at `path`. Open files count before those on disk. `cursor` is the word that stands in the
    /// text where the editor's cursor is.
    pub fn analyze(
        path: &Path,
        text: Arc<str>,
        project: Rc<ProjectState>,
        open: OpenTexts,
        cursor: Option<&'static str>,
    ) -> PolicyFile {
        project.reset();
        let mut sources = Sources::default();
        let lines = Lines::of(&text);
        let file = sources.add(path.to_string_lossy(), text);
        let loader = project.project.loader().with_open(open);
        let options = &mut *project.options.borrow_mut();
        options.cursor = cursor;
        let analysis = analysis::analyze(&mut sources, file, &loader, options);
        PolicyFile { path: path.to_path_buf(), sources, analysis, lines, project: Rc::clone(&project) }
    }

    pub fn file(&self) -> FileId {
        self.analysis.file
    }

    pub fn source(&self) -> &Source {
        self.sources.get(self.file())
    }

    pub fn text(&self) -> &str {
        &self.source().text
    }

    /// The span is in this file, rather than in one that it uses.
    pub fn is_own(&self, span: Span) -> bool {
        span.file == self.file()
    }

    /// The path of a file of the analysis; for what is built in, the name in `<>`.
    pub fn path_of(&self, file: FileId) -> PathBuf {
        PathBuf::from(&self.sources.get(file).name)
    }

    /// The texts under the names that a build in the project's folder shows.
    pub fn sources_as_built(&self) -> Sources {
        let mut shown = Sources::default();
        for (_, source) in self.sources.iter() {
            let below = Path::new(&source.name).strip_prefix(self.project.root());
            let name = below.map_or_else(|_| source.name.clone().into(), Path::to_string_lossy);
            shown.add(name, Arc::clone(&source.text));
        }
        shown
    }

    /// Whether a change of that file may change what is known here.
    pub fn rests_on(&self, path: &Path) -> bool {
        // Compared as text: paths are compared part by part, which is slow for so many.
        let uses = path.to_str().is_some_and(|path| self.sources.iter().any(|(_, it)| it.name == path));
        // A file that was not found may be there now.
        let misses = self.analysis.diagnostics.iter().any(|it| it.code == Code::UnreadableFile);
        uses || misses
    }
}
