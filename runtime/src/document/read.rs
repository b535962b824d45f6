//! Files to documents: the steps from bytes, and what happens to text that cannot be read.
//!
//! A document that is broken costs an error and itself; the others of the file are read. Nothing is
//! dropped without a finding.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::compose::{Context, Refusal, compose};
use super::finding::{Finding, FindingKind, Severity};
use super::findings::Findings;
use super::json_text::read_json;
use super::lines::Lines;
use super::node::Document;
use super::options::ReadOptions;
use super::resource::{Resource, resources_of};
use super::split::{Piece, Pieces};
use super::yaml::{EventKind, Parser};

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Read {
    /// The name of the file, as it was given.
    pub name: String,
    /// The documents with content, in order. Broken ones are missing and have a finding.
    pub documents: Vec<Arc<Document>>,
    /// The Kubernetes objects of the documents, Lists taken apart.
    pub resources: Vec<Resource>,
    /// In the order of the file.
    pub findings: Vec<Finding>,
}

impl Read {
    /// Whether anything of the file was not read as it stands there.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }
}

/// Reads a file of YAML or JSON documents with the values that Kubernetes gives them.
pub fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Read {
    let mut file = File {
        bytes,
        options,
        lines: Lines::new(bytes, if bytes.starts_with(BYTE_ORDER_MARK) { 3 } else { 0 }),
        findings: Findings::new(options.findings_each_max),
        documents: Vec::new(),
    };
    if let Err(refusal) = file.check() {
        file.report(refusal);
    } else {
        for piece in Pieces::new(bytes) {
            let read = match piece {
                Piece::Document(text) => file.document(text),
                Piece::BadSeparator { line, .. } => file.bad_separator(line),
            };
            if let Err(refusal) = read {
                file.report(refusal);
            }
        }
    }
    let mut resources = Vec::new();
    let documents: Vec<Arc<Document>> = file.documents.into_iter().map(Arc::new).collect();
    for document in &documents {
        let (found, refusals) = resources_of(document);
        resources.extend(found);
        for Refusal { kind, message, position, related } in refusals {
            file.findings.add(kind, Severity::Error, position, related, || message);
        }
    }
    Read { name: name.to_owned(), documents, resources, findings: file.findings.finish() }
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

struct File<'a> {
    bytes: &'a [u8],
    options: &'a ReadOptions,
    lines: Lines<'a>,
    findings: Findings,
    documents: Vec<Document>,
}

impl<'a> File<'a> {
    fn context(&mut self, base: usize) -> Context<'a, '_> {
        Context { options: self.options, lines: &mut self.lines, findings: &mut self.findings, base }
    }

    fn report(&mut self, refusal: Refusal) {
        let Refusal { kind, message, position, related } = refusal;
        self.findings.add(kind, Severity::Error, position, related, || message);
    }

    /// What makes the whole file unreadable.
    fn check(&mut self) -> Result<(), Refusal> {
        // Offsets are kept in 32 bits.
        let max = self.options.file_bytes_max.min(u32::MAX as usize / 4);
        if self.bytes.len() > max {
            let message = format!("this file is larger than {max} bytes");
            return self.context(0).refuse(FindingKind::TooLarge, 0, message);
        }
        if self.bytes.starts_with(b"\xFF\xFE") || self.bytes.starts_with(b"\xFE\xFF") {
            let message = "this file is UTF-16; save it as UTF-8";
            return self.context(0).refuse(FindingKind::Encoding, 0, message);
        }
        Ok(())
    }

    fn bad_separator(&mut self, line: Range<usize>) -> Result<(), Refusal> {
        let message = "only a comment may follow `---` on its line; \
                       Kubernetes stops reading the file here, and this document is not read";
        let mut context = self.context(0);
        let position = context.position(line.start, line.end);
        let kind = FindingKind::SeparatorText;
        Err(Refusal { kind, message: message.to_owned(), position, related: None })
    }

    fn document(&mut self, range: Range<usize>) -> Result<(), Refusal> {
        let mut start = range.start;
        let has_mark = self.bytes[range.clone()].starts_with(BYTE_ORDER_MARK);
        if has_mark {
            start += BYTE_ORDER_MARK.len();
        }
        let bytes = &self.bytes[start..range.end];
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let message = "these bytes are not UTF-8";
                let mut context = self.context(start);
                return context.refuse(FindingKind::Encoding, error.valid_up_to(), message);
            }
        };
        if !has_mark && text.trim_start().starts_with('{') && self.json(text, start) {
            return Ok(());
        }
        if let Some(at) = forbidden_character(bytes) {
            let message = match bytes[at] {
                0 => "a NUL byte is not text; is this file UTF-16?",
                _ => "YAML does not allow this control character",
            };
            return self.context(start).refuse(FindingKind::Encoding, at, message);
        }
        self.yaml(text, start)
    }

    /// Reads JSON documents; false if the text is none.
    fn json(&mut self, text: &str, base: usize) -> bool {
        let mut findings = Findings::new(self.options.findings_each_max);
        let mut context =
            Context { options: self.options, lines: &mut self.lines, findings: &mut findings, base };
        let Some(documents) = read_json(text, &mut context) else { return false };
        self.findings.append(findings);
        self.documents.extend(documents);
        true
    }

    fn yaml(&mut self, text: &str, base: usize) -> Result<(), Refusal> {
        // Kubernetes completes the last line, which a block scalar at the end can see.
        let text = match text.ends_with('\n') {
            true => Cow::Borrowed(text),
            false => Cow::Owned(format!("{text}\n")),
        };
        let mut events = Parser::new(&text);
        let mut context = self.context(base);
        let Some(document) = compose(&mut events, &mut context, text.len())? else {
            return Ok(());
        };
        let rest = match events.next() {
            Ok(event) if matches!(event.kind, EventKind::StreamEnd) => None,
            Ok(event) => Some(event.start),
            Err(error) => Some(error.offset),
        };
        let is_empty = document.node_count() == 1 && document.position(document.root()).is_empty();
        if !is_empty {
            self.documents.push(document);
        }
        match rest {
            None => Ok(()),
            Some(at) => {
                let message = "a document ended before this, and Kubernetes drops what follows; \
                               put `---` between documents";
                self.context(base).refuse(FindingKind::TrailingDocument, at, message)
            }
        }
    }
}

/// The first byte of a character that YAML forbids.
fn forbidden_character(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let is_forbidden = match byte {
            b'\t' | b'\n' | b'\r' | 0x20..=0x7E => false,
            0..0x20 | 0x7F => true,
            // U+0080 to U+009F except U+0085.
            0xC2 => matches!(bytes.get(at + 1), Some(0x80..=0x84 | 0x86..=0x9F)),
            // U+FFFE and U+FFFF.
            0xEF => bytes.get(at + 1) == Some(&0xBF) && matches!(bytes.get(at + 2), Some(0xBE | 0xBF)),
            _ => false,
        };
        if is_forbidden {
            return Some(at);
        }
        at += 1;
    }
    None
}
