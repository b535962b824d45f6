//! A file that the editor has open.

use std::path::Path;
use std::sync::Arc;

use aipc_project::project::FILE_NAME;

use crate::text::{Encoding, Lines, Position};

/// The text as the editor shows it.
#[derive(Clone, Debug)]
pub struct Document {
    pub text: Arc<str>,
    pub lines: Lines,
    /// The editor's number for this text.
    pub version: i32,
    pub language: Language,
}

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    Policy,
    /// YAML or JSON.
    Manifest,
    /// `aip.toml`
    Settings,
    Other,
}

impl Language {
    /// By the name of the file, else by what the editor calls it.
    pub fn of(path: &Path, id: &str) -> Language {
        let extension = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
        match extension {
            "aip" => Language::Policy,
            "yaml" | "yml" | "json" => Language::Manifest,
            "toml" if path.file_name().is_some_and(|name| name == FILE_NAME) => Language::Settings,
            _ => match id {
                "aip" => Language::Policy,
                "yaml" | "json" => Language::Manifest,
                _ => Language::Other,
            },
        }
    }
}

/// A change that the editor made.
#[derive(Clone, Debug)]
pub struct Change {
    /// From and to; without them, the whole text.
    pub range: Option<(Position, Position)>,
    pub text: String,
    pub encoding: Encoding,
}

impl Document {
    pub fn new(text: String, version: i32, language: Language) -> Document {
        Document { lines: Lines::of(&text), text: text.into(), version, language }
    }

    /// Makes the changes, one after the other. Positions beyond the text mean its end, and a range that runs backwards
    /// means the same range forwards.
    pub fn apply(&mut self, version: i32, changes: &[Change]) {
        self.version = version;
        let mut text = self.text.to_string();
        for change in changes {
            match change.range {
                None => text.clone_from(&change.text),
                Some((from, to)) => {
                    let from = self.lines.offset(&text, from, change.encoding);
                    let to = self.lines.offset(&text, to, change.encoding);
                    text.replace_range(from.min(to)..from.max(to), &change.text);
                }
            }
            self.lines = Lines::of(&text);
        }
        self.text = text.into();
    }
}
