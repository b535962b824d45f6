//! The sources that mutations start from, and the words that they are made of.

use std::path::{Path, PathBuf};

pub struct Corpus {
    pub sources: Vec<String>,
    /// Each different piece of the sources but white space and comments.
    pub pieces: Vec<String>,
}

impl Corpus {
    /// Every `.aip` file of the project, every example of its Markdown files, and those of the file or folder that
    /// `AIPC_FUZZ_SOURCES` names.
    pub fn read() -> Corpus {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        for folder in ["stdlib", "compiler", "tests"] {
            walk(&root.join(folder), &mut files);
        }
        if let Some(path) = std::env::var_os("AIPC_FUZZ_SOURCES") {
            walk(Path::new(&path), &mut files);
        }
        files.sort();
        let mut sources = Vec::new();
        for file in files {
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            match file.extension().and_then(|it| it.to_str()) {
                Some("aip") => sources.push(text),
                _ => sources.extend(examples(&text)),
            }
        }
        assert!(!sources.is_empty(), "the library is part of the project");
        let mut pieces: Vec<String> = sources
            .iter()
            .flat_map(|text| pieces(text))
            .filter(|piece| !piece.trim().is_empty() && !piece.starts_with("//"))
            .map(str::to_string)
            .collect();
        pieces.extend(EXTRA_PIECES.iter().map(|it| it.to_string()));
        pieces.sort();
        pieces.dedup();
        Corpus { sources, pieces }
    }
}

/// Pieces that no source of the project may hold, and that have meant trouble to compilers.
const EXTRA_PIECES: &[&str] = &[
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "1e308",
    "1e999",
    "0.1",
    "1.5Gi",
    "1e3",
    "64Ei",
    "9999999Ei",
    "100%",
    "0..5",
    "5..0",
    "1s",
    "99999999999h",
    "2027-01-31",
    "2027-02-31",
    "\"\"",
    "\"*\"",
    "\"?*\"",
    "\"{\"",
    "\"}\"",
    "\"{a}\"",
    "\"{self}\"",
    "\"{spec.replicas}\"",
    "\"{{ request }}\"",
    "\"$(x)\"",
    "\"a|b\"",
    "\">5\"",
    "\"\\n\"",
    "\"\\u{0}\"",
    "\"é\"",
    "r\"[\"",
    "r\"(a+)+$\"",
    "r\"\\p{L}\"",
    "\"\"\"\na\n\"\"\"",
    "\"0644\"",
    "\"10.0.0.0/8\"",
    "\"10.0.0.0/99\"",
    "\"::/0\"",
    "\"1.2.3\"",
    "[]",
    "{}",
    "[[]]",
    "[\"a\", 1]",
    "{ a: 1 }",
    "self",
    "old",
    "resource",
    "namespace",
    "user",
    "request",
    "now",
    "trigger",
    "cluster",
    "predicate",
    "kyverno",
    "self.self",
    "old.old",
    "..",
    ".",
    "[0]",
    "[-1]",
    "[\"a\"]",
    "[self]",
    "?",
    "??",
    "!~",
    "~",
    "matches",
    "not in",
    "or missing",
    "any",
    "every",
    "x",
    "x:",
    "any x in",
    "every k, v in",
    "if true then false else true",
    "[x for x in [1, 2]]",
    "{ k: v for k, v in label }",
    "count",
    "podSecurity(self, \"restricted\")",
    "now - 1d",
    "json(\"{}\")",
    "int(\"1\")",
    "Pod",
    "pod",
    "container",
    "Pod only",
    "Deployment/scale",
    "Pod/exec",
    "untyped",
    "message",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\0",
    "\t",
    "\r",
];

fn walk(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        if path.extension().is_some_and(|it| it == "aip" || it == "md") {
            files.push(path.to_path_buf());
        }
        return;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        if entry.file_name() != "target" {
            walk(&entry.path(), files);
        }
    }
}

/// The blocks marked `aip` of a Markdown text.
fn examples(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        match &mut block {
            Some(_) if line.trim_start().starts_with("```") => found.extend(block.take()),
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
            None if line.trim_start().starts_with("```aip") => block = Some(String::new()),
            None => {}
        }
    }
    found
}

/// A text in pieces that join to it again: words, numbers, strings, signs, comments, white space. A rough reading that
/// shares nothing with the lexer under test.
pub fn pieces(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            c if c.is_whitespace() => run(rest, char::is_whitespace),
            c if c.is_alphanumeric() || c == '_' => {
                run(rest, |c| c.is_alphanumeric() || c == '_' || c == '-')
            }
            '=' | '!' | '<' | '>' | '?' | '.' => match rest.get(..2) {
                Some("==" | "!=" | "!~" | "<=" | ">=" | "??" | "..") => 2,
                _ => 1,
            },
            c => c.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        found.push(piece);
        rest = after;
    }
    found
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn string_length(text: &str) -> usize {
    if let Some(inside) = text.strip_prefix("\"\"\"") {
        return inside.find("\"\"\"").map_or(text.len(), |at| at + 6);
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return at,
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}
