//! Where text is: the files of one compilation, spans in them, lines and columns.
//!
//! Texts enter through [`Sources::add`]; the only door to the file system is the [`Loader`] that a caller
//! hands in. Nothing here knows any stage of the compiler.

use std::sync::Arc;

/// A file of one [`Sources`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileId(pub u32);

/// A range of bytes in one file, end exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(file: FileId, start: u32, end: u32) -> Span {
        Span { file, start, end }
    }

    /// The smallest span that covers both; `self` where they lie in different files.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span at the end of this one: where an insertion goes.
    pub fn at_end(self) -> Span {
        Span { start: self.end, ..self }
    }

    /// The empty span at the start of this one.
    pub fn at_start(self) -> Span {
        Span { end: self.start, ..self }
    }

    pub fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }
}

/// One source text and the name it is shown by.
#[derive(Debug)]
pub struct Source {
    /// As the user wrote it (`policies/a.aip`), or `<std/prelude>` for what is built in.
    pub name: String,
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

impl Source {
    fn new(name: String, text: Arc<str>) -> Source {
        let starts = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1);
        let line_starts = std::iter::once(0).chain(starts).collect();
        Source { name, text, line_starts }
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let offset = (offset as usize).min(self.text.len()) as u32;
        let line = self.line_starts.partition_point(|start| *start <= offset) - 1;
        let start = self.line_starts[line] as usize;
        let mut end = offset as usize;
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        (line as u32 + 1, self.text[start..end].chars().count() as u32 + 1)
    }

    /// Byte offsets at which lines begin; the first is 0.
    pub fn line_starts(&self) -> &[u32] {
        &self.line_starts
    }
}

/// All texts of one compilation.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.files.push(Source::new(name.into(), text.into()));
        FileId(self.files.len() as u32 - 1)
    }

    pub fn get(&self, file: FileId) -> &Source {
        &self.files[file.0 as usize]
    }

    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(i, s)| (FileId(i as u32), s))
    }
}

/// The door to files: `use "./lib"`, `file("ca.pem")` and manifests named in tests come in through it, so
/// that the compiler runs the same in the command line, an editor and a test.
pub trait Loader {
    /// The text of `path` as seen from the file named `from`, and the name to show it by.
    ///
    /// # Errors
    /// A sentence for the user: it does not exist, lies outside the project, is not UTF-8.
    fn load(&self, from: &str, path: &str) -> Result<(String, Arc<str>), String>;
}

/// A loader without files.
pub struct NoFiles;

impl Loader for NoFiles {
    fn load(&self, _from: &str, path: &str) -> Result<(String, Arc<str>), String> {
        Err(format!("`{path}` cannot be read here: no files are available"))
    }
}
