//! Between the plain types of `ide` and those of the protocol. With `server`, the only place that knows the latter.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use aipc_compiler::diagnostic::{Code, Severity};
use serde_json::{Value, json};
use tower_lsp::ls_types as lsp;

use crate::ide::completion::{Item, ItemKind};
use crate::ide::diagnostics::{Finding, Tag};
use crate::ide::names::DeclarationKind;
use crate::ide::outline::Symbol;
use crate::ide::{Place, TextEdit, explain, types};
use crate::text::{Encoding, Lines, Position};

/// The scheme of texts that are built in: `aipc:/std/prelude.aip`.
const BUILT_IN: &str = "aipc:/";

/// The path of a document: of a file, or the address itself for what is none.
pub fn path(uri: &lsp::Uri) -> PathBuf {
    let is_file = uri.scheme().as_str().eq_ignore_ascii_case("file");
    match uri.to_file_path().filter(|_| is_file) {
        Some(path) => path.into_owned(),
        None => PathBuf::from(uri.as_str()),
    }
}

/// The address of a path, as [`path`] reads it.
pub fn uri(path: &Path) -> Option<lsp::Uri> {
    let name = path.to_str()?;
    if let Some(built_in) = name.strip_prefix('<').and_then(|it| it.strip_suffix('>')) {
        let ending = if built_in.starts_with(types::FOLDER) { "md" } else { "aip" };
        return lsp::Uri::from_str(&format!("{BUILT_IN}{built_in}.{ending}")).ok();
    }
    if path.is_absolute() { lsp::Uri::from_file_path(path) } else { lsp::Uri::from_str(name).ok() }
}

/// The type whose page an address means.
pub fn type_name(uri: &str) -> Option<&str> {
    uri.strip_prefix(BUILT_IN)?.strip_prefix(types::FOLDER)?.strip_suffix(".md")
}

/// The text behind an address of what is built in: a file of the library, or the page of a code.
pub fn built_in(uri: &str) -> Option<&'static str> {
    let name = uri.strip_prefix(BUILT_IN)?;
    if let Some(code) = name.strip_prefix("explain/").and_then(|it| it.strip_suffix(".md")) {
        return aipc_compiler::diagnostic::explain::page(Code::parse(code)?);
    }
    let name = name.strip_prefix("std/")?.strip_suffix(".aip")?;
    match name {
        "prelude" => Some(aipc_compiler::stdlib::PRELUDE),
        name => aipc_compiler::stdlib::find(name),
    }
}

/// A text with its lines, to turn bytes into positions.
pub struct Text<'a> {
    pub text: &'a str,
    pub lines: Lines,
    pub encoding: Encoding,
}

impl<'a> Text<'a> {
    pub fn new(text: &'a str, encoding: Encoding) -> Text<'a> {
        Text { text, lines: Lines::of(text), encoding }
    }

    pub fn position(&self, offset: usize) -> lsp::Position {
        let Position { line, column } = self.lines.position(self.text, offset, self.encoding);
        lsp::Position::new(line, column)
    }

    pub fn range(&self, range: &Range<usize>) -> lsp::Range {
        lsp::Range::new(self.position(range.start), self.position(range.end))
    }

    pub fn offset(&self, position: lsp::Position) -> usize {
        self.lines.offset(self.text, plain(position), self.encoding)
    }

    pub fn bytes(&self, range: lsp::Range) -> Range<usize> {
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        start.min(end)..start.max(end)
    }
}

pub fn plain(position: lsp::Position) -> Position {
    Position { line: position.line, column: position.character }
}

pub fn location(place: &Place, encoding: Encoding) -> Option<lsp::Location> {
    Some(lsp::Location {
        uri: uri(&place.path)?,
        range: Text::new(&place.text, encoding).range(&place.range),
    })
}

/// What the client can show of a finding.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    pub related: bool,
    pub tags: bool,
    pub links: bool,
}

/// Where the page of a code is.
pub fn page(code: &str) -> Option<lsp::Uri> {
    lsp::Uri::from_str(&format!("{BUILT_IN}explain/{code}.md")).ok()
}

pub fn diagnostic(finding: &Finding, text: &Text<'_>, shown: Shown) -> lsp::Diagnostic {
    let severity = match finding.severity {
        Severity::Error => lsp::DiagnosticSeverity::ERROR,
        Severity::Warning => lsp::DiagnosticSeverity::WARNING,
        Severity::Note => lsp::DiagnosticSeverity::INFORMATION,
    };
    let tag = |it| match it {
        Tag::Unnecessary => lsp::DiagnosticTag::UNNECESSARY,
        Tag::Deprecated => lsp::DiagnosticTag::DEPRECATED,
    };
    let related = finding.related.iter().filter_map(|(place, message)| {
        let location = location(place, text.encoding)?;
        Some(lsp::DiagnosticRelatedInformation { location, message: message.clone() })
    });
    let related: Vec<_> = related.collect();
    let has_page = finding.code.starts_with("AIP");
    lsp::Diagnostic {
        range: text.range(&finding.range),
        severity: Some(severity),
        code: Some(lsp::NumberOrString::String(finding.code.to_string())),
        code_description: page(finding.code)
            .filter(|_| shown.links && has_page)
            .map(|href| lsp::CodeDescription { href }),
        source: Some("aipc".to_string()),
        message: finding.message.clone(),
        related_information: (shown.related && !related.is_empty()).then_some(related),
        tags: finding.tag.filter(|_| shown.tags).map(|it| vec![tag(it)]),
        data: None,
    }
}

/// The edits as the protocol groups them, by file.
pub fn workspace_edit(edits: &[TextEdit], encoding: Encoding) -> lsp::WorkspaceEdit {
    let mut changes: std::collections::HashMap<lsp::Uri, Vec<lsp::TextEdit>> = Default::default();
    for edit in edits {
        if let Some(uri) = uri(&edit.place.path) {
            let range = Text::new(&edit.place.text, encoding).range(&edit.place.range);
            changes.entry(uri).or_default().push(lsp::TextEdit::new(range, edit.text.clone()));
        }
    }
    lsp::WorkspaceEdit { changes: Some(changes), ..lsp::WorkspaceEdit::default() }
}

/// A tree as the answer to `aipc/explainVerdict`.
pub fn explanation(node: &explain::Node, encoding: Encoding) -> Value {
    // A tree has many places in few files.
    let mut lines: BTreeMap<PathBuf, Lines> = BTreeMap::new();
    explained(node, encoding, &mut lines)
}

fn explained(node: &explain::Node, encoding: Encoding, lines: &mut BTreeMap<PathBuf, Lines>) -> Value {
    let mut told = json!({
        "label": node.label,
        "detail": node.detail,
        "outcome": node.outcome,
        "deciding": node.deciding,
    });
    if let Some(place) = &node.place
        && let Some(uri) = uri(&place.path)
    {
        let lines = lines.entry(place.path.clone()).or_insert_with(|| Lines::of(&place.text));
        let text = Text { text: &place.text, lines: lines.clone(), encoding };
        told["uri"] = json!(uri.as_str());
        told["range"] = json!(text.range(&place.range));
    }
    told["children"] = node.children.iter().map(|it| explained(it, encoding, lines)).collect();
    told
}

pub fn symbol_kind(kind: DeclarationKind) -> lsp::SymbolKind {
    match kind {
        DeclarationKind::Alias => lsp::SymbolKind::NAMESPACE,
        DeclarationKind::Kind => lsp::SymbolKind::CLASS,
        DeclarationKind::Let => lsp::SymbolKind::VARIABLE,
        DeclarationKind::View => lsp::SymbolKind::INTERFACE,
        DeclarationKind::Function => lsp::SymbolKind::FUNCTION,
        DeclarationKind::Parameter => lsp::SymbolKind::VARIABLE,
        DeclarationKind::Policy => lsp::SymbolKind::MODULE,
        DeclarationKind::Rule => lsp::SymbolKind::METHOD,
        DeclarationKind::Test => lsp::SymbolKind::EVENT,
    }
}

pub fn symbol(it: Symbol, text: &Text<'_>) -> lsp::DocumentSymbol {
    #[allow(deprecated, reason = "the field has to be given")]
    lsp::DocumentSymbol {
        name: if it.name.is_empty() { "?".to_string() } else { it.name },
        detail: Some(it.detail).filter(|it| !it.is_empty()),
        kind: symbol_kind(it.kind),
        tags: None,
        deprecated: None,
        range: text.range(&it.whole),
        selection_range: text.range(&it.selection),
        children: Some(it.children.into_iter().map(|it| symbol(it, text)).collect()),
    }
}

/// A completion item; `data` leads back to the words about it.
pub fn completion_item(
    item: &Item,
    index: usize,
    replace: lsp::Range,
    snippets: bool,
    data: serde_json::Value,
) -> lsp::CompletionItem {
    let kind = match item.kind {
        ItemKind::Field => lsp::CompletionItemKind::FIELD,
        ItemKind::Value => lsp::CompletionItemKind::ENUM_MEMBER,
        ItemKind::Variable => lsp::CompletionItemKind::VARIABLE,
        ItemKind::Function => lsp::CompletionItemKind::FUNCTION,
        ItemKind::View => lsp::CompletionItemKind::INTERFACE,
        ItemKind::Kind => lsp::CompletionItemKind::CLASS,
        ItemKind::Keyword => lsp::CompletionItemKind::KEYWORD,
        ItemKind::Snippet => lsp::CompletionItemKind::SNIPPET,
        ItemKind::Module => lsp::CompletionItemKind::MODULE,
        ItemKind::Policy => lsp::CompletionItemKind::MODULE,
        ItemKind::Type => lsp::CompletionItemKind::TYPE_PARAMETER,
    };
    let as_snippet = item.snippet && snippets;
    let text = if item.snippet && !snippets { without_holes(&item.insert) } else { item.insert.clone() };
    let import = item.import.as_ref().map(|it| vec![lsp::TextEdit::new(lsp::Range::default(), it.clone())]);
    lsp::CompletionItem {
        label: item.label.clone(),
        kind: Some(kind),
        detail: Some(item.detail.clone()).filter(|it| !it.is_empty()),
        tags: item.deprecated.then(|| vec![lsp::CompletionItemTag::DEPRECATED]),
        sort_text: Some(format!("{index:05}")),
        filter_text: Some(item.label.clone()),
        insert_text_format: Some(match as_snippet {
            true => lsp::InsertTextFormat::SNIPPET,
            false => lsp::InsertTextFormat::PLAIN_TEXT,
        }),
        text_edit: Some(lsp::CompletionTextEdit::Edit(lsp::TextEdit::new(replace, text))),
        additional_text_edits: import,
        data: Some(data),
        ..lsp::CompletionItem::default()
    }
}

/// A snippet for clients that know none: what is to be filled in is left as it stands.
fn without_holes(snippet: &str) -> String {
    let mut out = String::new();
    let mut rest = snippet;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(hole) = rest.strip_prefix('{') {
            let (inner, after) = hole.split_once('}').unwrap_or((hole, ""));
            let words = inner.split_once([':', '|']).map_or("", |it| it.1);
            out.push_str(words.split([',', '|']).next().unwrap_or_default());
            rest = after;
        } else {
            rest = rest.trim_start_matches(|ch: char| ch.is_ascii_digit());
        }
    }
    out.push_str(rest);
    out
}

pub fn markup(markdown: String) -> lsp::MarkupContent {
    lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value: markdown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_addresses_are_inverse() {
        for name in ["/a b/ö#1.aip", "/p/100%/x.aip", "untitled:Untitled-1"] {
            let address = uri(Path::new(name)).unwrap();
            assert_eq!(path(&address), PathBuf::from(name), "{}", address.as_str());
        }
        let library = uri(Path::new("<std/ai/track-ownership>")).unwrap();
        assert_eq!(library.as_str(), "aipc:/std/ai/track-ownership.aip");
        assert!(built_in(library.as_str()).unwrap().contains("policy track-ownership"));
    }

    #[test]
    fn snippets_have_a_plain_form() {
        assert_eq!(without_holes("deny ${1:pod} if ${2|a,b|}: $3x"), "deny pod if a: x");
    }
}
