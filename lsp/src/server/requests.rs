//! One function for each request: the question in plain types, and its answer in the protocol's.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::str::FromStr;

use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types as lsp;
use tower_lsp::ls_types::request::{GotoTypeDefinitionParams, GotoTypeDefinitionResponse};

use super::Backend;
use crate::analyst::Analyst;
use crate::ide::{
    actions, completion, explain, folding, formatting, hover, inlay, lens, links, names, outline, preview,
    rename, selection, signature, tests, tokens, types,
};
use crate::protocol::{self, Text};
use crate::workspace::{Language, PolicyFile};
use aipc_compiler::formats::support::Target;

/// A policy file, a place in it, and the other files of its project.
struct Spot {
    file: Rc<PolicyFile>,
    offset: usize,
    others: Vec<Rc<PolicyFile>>,
}

impl Spot {
    fn files(&self) -> Vec<&PolicyFile> {
        self.others.iter().map(|it| &**it).collect()
    }
}

impl Analyst {
    /// An open policy file, as it is now.
    fn policy(&mut self, path: &Path) -> Option<Rc<PolicyFile>> {
        let document = self.workspace.document(path)?;
        if document.language != Language::Policy {
            return None;
        }
        self.workspace.policy(path)
    }

    fn spot(&mut self, path: &Path, position: lsp::Position, whole_project: bool) -> Option<Spot> {
        let file = self.policy(path)?;
        let offset = self.text(&file).offset(position);
        let others = match whole_project {
            true => self.workspace.project_policies(path),
            false => vec![Rc::clone(&file)],
        };
        Some(Spot { file, offset, others })
    }

    fn text<'f>(&self, file: &'f PolicyFile) -> Text<'f> {
        Text { text: file.text(), lines: file.lines.clone(), encoding: self.manner.encoding }
    }

    /// The target whose output is shown.
    fn target(&self, file: &PolicyFile) -> Target {
        let configured = file.project.project.settings.targets.as_ref();
        let first = configured.and_then(|it| it.iter().find(|it| **it != Target::Bytecode).copied());
        self.settings.target.or(first).unwrap_or(Target::KyvernoLegacy)
    }
}

fn at(params: &lsp::TextDocumentPositionParams) -> (PathBuf, lsp::Position) {
    (protocol::path(&params.text_document.uri), params.position)
}

impl Backend {
    pub(super) async fn pull(
        &self,
        params: lsp::DocumentDiagnosticParams,
    ) -> Result<lsp::DocumentDiagnosticReportResult> {
        let path = protocol::path(&params.text_document.uri);
        let shown = self.can().shown;
        let items = self
            .ask(move |it| {
                let findings = it.findings(&path);
                let text = it.workspace.text(&path).unwrap_or_default();
                let text = Text::new(&text, it.manner.encoding);
                findings.iter().map(|it| protocol::diagnostic(it, &text, shown)).collect::<Vec<_>>()
            })
            .await?;
        let report = lsp::RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: lsp::FullDocumentDiagnosticReport { result_id: None, items },
        };
        Ok(lsp::DocumentDiagnosticReportResult::Report(lsp::DocumentDiagnosticReport::Full(report)))
    }

    pub(super) async fn on_hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        let (path, position) = at(&params.text_document_position_params);
        self.ask(move |it| {
            let spot = it.spot(&path, position, true)?;
            let target = it.target(&spot.file);
            let found = hover::hover(&spot.file, spot.offset, &spot.files(), target)?;
            let range = it.text(&spot.file).range(&found.range);
            Some(lsp::Hover {
                contents: lsp::HoverContents::Markup(protocol::markup(found.markdown)),
                range: Some(range),
            })
        })
        .await
    }

    pub(super) async fn on_completion(
        &self,
        params: lsp::CompletionParams,
    ) -> Result<Option<lsp::CompletionResponse>> {
        let (path, position) = at(&params.text_document_position);
        let snippets = self.can().snippets;
        self.ask(move |it| {
            let document = it.workspace.document(&path).filter(|it| it.language == Language::Policy)?;
            let text = document.text.clone();
            let text = Text::new(&text, it.manner.encoding);
            let found = completion::at(&mut it.workspace, &path, text.offset(position))?;
            let range = text.range(&found.replace);
            let items = found.items.iter().enumerate().map(|(index, item)| {
                // What leads back to the words about it, once somebody wants to read them.
                let data = json!({ "path": path, "about": item.about.to_json() });
                protocol::completion_item(item, index, range, snippets, data)
            });
            Some(lsp::CompletionResponse::List(lsp::CompletionList {
                is_incomplete: false,
                items: items.collect(),
            }))
        })
        .await
    }

    pub(super) async fn on_resolve(&self, mut item: lsp::CompletionItem) -> Result<lsp::CompletionItem> {
        let data = item.data.clone().unwrap_or(Value::Null);
        let path = data.get("path").and_then(Value::as_str).map(PathBuf::from);
        let about = data.get("about").and_then(completion::About::from_json);
        let (Some(path), Some(about)) = (path, about) else { return Ok(item) };
        let words = self
            .ask(move |it| {
                let project = it.workspace.project(&path);
                let options = project.options.borrow();
                completion::about(&about, &options.cluster)
            })
            .await?;
        item.documentation = words.map(|it| lsp::Documentation::MarkupContent(protocol::markup(it)));
        Ok(item)
    }

    pub(super) async fn on_signature(
        &self,
        params: lsp::SignatureHelpParams,
    ) -> Result<Option<lsp::SignatureHelp>> {
        let (path, position) = at(&params.text_document_position_params);
        self.ask(move |it| {
            let spot = it.spot(&path, position, false)?;
            let found = signature::signature(&spot.file, spot.offset)?;
            let units = |at: usize| found.label[..at].encode_utf16().count() as u32;
            let parameters = found.parameters.iter().map(|it| lsp::ParameterInformation {
                label: lsp::ParameterLabel::LabelOffsets([units(it.start), units(it.end)]),
                documentation: None,
            });
            let active = Some(found.active as u32).filter(|it| (*it as usize) < found.parameters.len());
            Some(lsp::SignatureHelp {
                signatures: vec![lsp::SignatureInformation {
                    label: found.label.clone(),
                    documentation: Some(lsp::Documentation::MarkupContent(protocol::markup(
                        found.summary.clone(),
                    )))
                    .filter(|_| !found.summary.is_empty()),
                    parameters: Some(parameters.collect()),
                    active_parameter: active,
                }],
                active_signature: Some(0),
                active_parameter: active,
            })
        })
        .await
    }

    pub(super) async fn on_definition(
        &self,
        params: lsp::GotoDefinitionParams,
    ) -> Result<Option<lsp::GotoDefinitionResponse>> {
        let (path, position) = at(&params.text_document_position_params);
        self.ask(move |it| {
            let spot = it.spot(&path, position, true)?;
            let place = names::definition(&spot.file, spot.offset, &spot.files())?;
            protocol::location(&place, it.manner.encoding).map(lsp::GotoDefinitionResponse::Scalar)
        })
        .await
    }

    pub(super) async fn on_type_definition(
        &self,
        params: GotoTypeDefinitionParams,
    ) -> Result<Option<GotoTypeDefinitionResponse>> {
        let (path, position) = at(&params.text_document_position_params);
        self.ask(move |it| {
            let spot = it.spot(&path, position, false)?;
            let place = types::definition(&spot.file, spot.offset)?;
            protocol::location(&place, it.manner.encoding).map(lsp::GotoDefinitionResponse::Scalar)
        })
        .await
    }

    pub(super) async fn on_references(
        &self,
        params: lsp::ReferenceParams,
    ) -> Result<Option<Vec<lsp::Location>>> {
        let (path, position) = at(&params.text_document_position);
        let declaration = params.context.include_declaration;
        self.ask(move |it| {
            let spot = it.spot(&path, position, true)?;
            let places = names::references(&spot.file, spot.offset, &spot.files(), declaration);
            Some(places.iter().filter_map(|place| protocol::location(place, it.manner.encoding)).collect())
        })
        .await
    }

    pub(super) async fn on_highlight(
        &self,
        params: lsp::DocumentHighlightParams,
    ) -> Result<Option<Vec<lsp::DocumentHighlight>>> {
        let (path, position) = at(&params.text_document_position_params);
        self.ask(move |it| {
            let spot = it.spot(&path, position, false)?;
            let places = names::references(&spot.file, spot.offset, &spot.files(), true);
            let text = it.text(&spot.file);
            let highlight = |place: &crate::ide::Place| lsp::DocumentHighlight {
                range: text.range(&place.range),
                kind: Some(lsp::DocumentHighlightKind::TEXT),
            };
            Some(places.iter().map(highlight).collect())
        })
        .await
    }

    pub(super) async fn on_symbols(
        &self,
        params: lsp::DocumentSymbolParams,
    ) -> Result<Option<lsp::DocumentSymbolResponse>> {
        let path = protocol::path(&params.text_document.uri);
        self.ask(move |it| {
            let file = it.policy(&path)?;
            let text = it.text(&file);
            let symbols = outline::outline(&file).into_iter().map(|it| protocol::symbol(it, &text));
            Some(lsp::DocumentSymbolResponse::Nested(symbols.collect()))
        })
        .await
    }

    pub(super) async fn on_workspace_symbols(
        &self,
        params: lsp::WorkspaceSymbolParams,
    ) -> Result<Option<lsp::WorkspaceSymbolResponse>> {
        self.ask(move |it| {
            let files = it.workspace.all_policies();
            let found = outline::search(&files, &params.query);
            let symbols = found.into_iter().filter_map(|symbol| {
                #[allow(deprecated, reason = "the field has to be given")]
                Some(lsp::SymbolInformation {
                    name: symbol.name,
                    kind: protocol::symbol_kind(symbol.kind),
                    tags: None,
                    deprecated: None,
                    location: protocol::location(&symbol.place, it.manner.encoding)?,
                    container_name: Some(symbol.container).filter(|it| !it.is_empty()),
                })
            });
            Some(lsp::WorkspaceSymbolResponse::Flat(symbols.collect()))
        })
        .await
    }

    pub(super) async fn on_actions(
        &self,
        params: lsp::CodeActionParams,
    ) -> Result<Option<lsp::CodeActionResponse>> {
        let path = protocol::path(&params.text_document.uri);
        let only = params.context.only.unwrap_or_default();
        let shown = self.can().shown;
        let wants = move |kind: &lsp::CodeActionKind| {
            let within = |it: &lsp::CodeActionKind| {
                kind == it || kind.as_str().starts_with(&format!("{}.", it.as_str()))
            };
            only.is_empty() || only.iter().any(within)
        };
        self.ask(move |it| {
            let findings = it.findings(&path);
            let text = it.workspace.text(&path)?;
            let text = Text::new(&text, it.manner.encoding);
            let mut found: lsp::CodeActionResponse = Vec::new();
            if wants(&lsp::CodeActionKind::QUICKFIX) {
                for action in actions::quick_fixes(&findings, &text.bytes(params.range)) {
                    let of = action.finding.map(|index| protocol::diagnostic(&findings[index], &text, shown));
                    found.push(lsp::CodeActionOrCommand::CodeAction(lsp::CodeAction {
                        title: action.fix.title.clone(),
                        kind: Some(lsp::CodeActionKind::QUICKFIX),
                        diagnostics: of.map(|it| vec![it]),
                        edit: Some(protocol::workspace_edit(&action.fix.edits, text.encoding)),
                        is_preferred: action.preferred.then_some(true),
                        ..lsp::CodeAction::default()
                    }));
                }
            }
            let all = actions::fix_all(&findings);
            if wants(&lsp::CodeActionKind::SOURCE_FIX_ALL) && all.count > 0 {
                found.push(lsp::CodeActionOrCommand::CodeAction(lsp::CodeAction {
                    title: "Repair what can be repaired safely".to_string(),
                    kind: Some(lsp::CodeActionKind::SOURCE_FIX_ALL),
                    edit: Some(protocol::workspace_edit(&all.edits, text.encoding)),
                    ..lsp::CodeAction::default()
                }));
            }
            Some(found)
        })
        .await
    }

    pub(super) async fn on_formatting(
        &self,
        uri: lsp::Uri,
        part: Option<lsp::Range>,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        let path = protocol::path(&uri);
        let answer = self
            .ask(move |it| {
                let file = it.policy(&path)?;
                let text = it.text(&file);
                let changed = match part {
                    Some(part) => formatting::format_range(&file, text.bytes(part)),
                    None => formatting::format(&file),
                };
                let edit =
                    |(range, with): (Range<usize>, String)| lsp::TextEdit::new(text.range(&range), with);
                Some(changed.map(|it| it.map(edit).into_iter().collect::<Vec<_>>()))
            })
            .await?;
        answer.transpose().map_err(failed)
    }

    pub(super) async fn on_prepare_rename(
        &self,
        params: lsp::TextDocumentPositionParams,
    ) -> Result<Option<lsp::PrepareRenameResponse>> {
        let (path, position) = at(&params);
        let answer = self
            .ask(move |it| {
                let spot = it.spot(&path, position, true)?;
                let found = rename::prepare(&spot.file, spot.offset, &spot.files());
                Some(found.map(|(range, placeholder)| lsp::PrepareRenameResponse::RangeWithPlaceholder {
                    range: it.text(&spot.file).range(&range),
                    placeholder,
                }))
            })
            .await?;
        answer.transpose().map_err(failed)
    }

    pub(super) async fn on_rename(&self, params: lsp::RenameParams) -> Result<Option<lsp::WorkspaceEdit>> {
        let (path, position) = at(&params.text_document_position);
        let answer = self
            .ask(move |it| {
                let spot = it.spot(&path, position, true)?;
                let edits = rename::rename(&spot.file, spot.offset, &params.new_name, &spot.files());
                Some(edits.map(|edits| protocol::workspace_edit(&edits, it.manner.encoding)))
            })
            .await?;
        answer.transpose().map_err(failed)
    }

    pub(super) async fn on_folding(
        &self,
        params: lsp::FoldingRangeParams,
    ) -> Result<Option<Vec<lsp::FoldingRange>>> {
        let path = protocol::path(&params.text_document.uri);
        self.ask(move |it| {
            let file = it.policy(&path)?;
            let text = it.text(&file);
            let fold = |it: &folding::Fold| {
                let (start, end) = (text.position(it.range.start), text.position(it.range.end));
                lsp::FoldingRange {
                    start_line: start.line,
                    start_character: Some(start.character),
                    end_line: end.line,
                    end_character: Some(end.character),
                    kind: it.comment.then_some(lsp::FoldingRangeKind::Comment),
                    collapsed_text: None,
                }
            };
            Some(folding::folds(&file).iter().map(fold).collect())
        })
        .await
    }

    pub(super) async fn on_selection(
        &self,
        params: lsp::SelectionRangeParams,
    ) -> Result<Option<Vec<lsp::SelectionRange>>> {
        let path = protocol::path(&params.text_document.uri);
        self.ask(move |it| {
            let file = it.policy(&path)?;
            let text = it.text(&file);
            let nested = |position: &lsp::Position| {
                let parts = selection::around(&file, text.offset(*position));
                let mut outer: Option<Box<lsp::SelectionRange>> = None;
                for part in parts.iter().rev() {
                    outer = Some(Box::new(lsp::SelectionRange { range: text.range(part), parent: outer }));
                }
                outer.map_or_else(lsp::SelectionRange::default, |it| *it)
            };
            Some(params.positions.iter().map(nested).collect())
        })
        .await
    }

    pub(super) async fn on_tokens(
        &self,
        params: lsp::SemanticTokensParams,
    ) -> Result<Option<lsp::SemanticTokensResult>> {
        let path = protocol::path(&params.text_document.uri);
        self.ask(move |it| {
            let (id, rows) = it.encoded_tokens(&path)?;
            Some(lsp::SemanticTokensResult::Tokens(lsp::SemanticTokens {
                result_id: Some(id.to_string()),
                data: rows.iter().map(token).collect(),
            }))
        })
        .await
    }

    pub(super) async fn on_tokens_delta(
        &self,
        params: lsp::SemanticTokensDeltaParams,
    ) -> Result<Option<lsp::SemanticTokensFullDeltaResult>> {
        let path = protocol::path(&params.text_document.uri);
        self.ask(move |it| {
            let before = it.tokens.get(&path).cloned();
            let (id, rows) = it.encoded_tokens(&path)?;
            let before = before.filter(|(id, _)| id.to_string() == params.previous_result_id);
            let Some((_, before)) = before else {
                return Some(lsp::SemanticTokensFullDeltaResult::Tokens(lsp::SemanticTokens {
                    result_id: Some(id.to_string()),
                    data: rows.iter().map(token).collect(),
                }));
            };
            let start = before.iter().zip(&rows).take_while(|(a, b)| a == b).count();
            let rest = || before[start..].iter().rev().zip(rows[start..].iter().rev());
            let same = rest().take_while(|(a, b)| a == b).count();
            let edit = lsp::SemanticTokensEdit {
                start: 5 * start as u32,
                delete_count: 5 * (before.len() - start - same) as u32,
                data: Some(rows[start..rows.len() - same].iter().map(token).collect()),
            };
            let is_same = edit.delete_count == 0 && start + same == rows.len();
            Some(lsp::SemanticTokensFullDeltaResult::TokensDelta(lsp::SemanticTokensDelta {
                result_id: Some(id.to_string()),
                edits: if is_same { Vec::new() } else { vec![edit] },
            }))
        })
        .await
    }

    pub(super) async fn on_hints(&self, params: lsp::InlayHintParams) -> Result<Option<Vec<lsp::InlayHint>>> {
        let path = protocol::path(&params.text_document.uri);
        self.ask(move |it| {
            let file = it.policy(&path)?;
            let text = it.text(&file);
            let hints = inlay::hints(&file, &text.bytes(params.range), it.settings.hints);
            let hint = |hint: inlay::Hint| lsp::InlayHint {
                position: text.position(hint.offset),
                label: lsp::InlayHintLabel::String(hint.label.clone()),
                kind: hint.is_type.then_some(lsp::InlayHintKind::TYPE),
                text_edits: None,
                tooltip: Some(lsp::InlayHintTooltip::String(hint.tooltip.clone()))
                    .filter(|_| !hint.tooltip.is_empty()),
                padding_left: Some(!hint.is_type && hint.label.starts_with('→')),
                padding_right: Some(!hint.is_type && !hint.label.starts_with('→')),
                data: None,
            };
            Some(hints.into_iter().map(hint).collect())
        })
        .await
    }
}

impl Backend {
    pub(super) async fn on_lenses(&self, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>> {
        let uri = params.text_document.uri;
        let path = protocol::path(&uri);
        let has_commands = self.can().commands;
        self.ask(move |it| {
            if it.settings.without_lenses {
                return None;
            }
            let file = it.policy(&path)?;
            let verdicts = it.verdicts(&path);
            let text = it.text(&file);
            let address = uri.as_str();
            let lens = |lens: lens::Lens| {
                // Of an editor that knows none of our commands only the words are of use.
                let is_of_use = has_commands || matches!(lens.action, lens::Action::Failures(_));
                let (command, arguments) = match lens.action {
                    lens::Action::Preview => ("aipc.preview", vec![json!(address)]),
                    lens::Action::Test(title) => ("aipc.runTest", vec![json!(address), json!(title)]),
                    lens::Action::Failures(places) => {
                        let places = places.iter().filter_map(|(path, line, words)| {
                            let uri = protocol::uri(path)?;
                            Some(json!({ "uri": uri.as_str(), "line": line.saturating_sub(1), "object": words }))
                        });
                        ("aipc.showFailures", vec![json!(address), Value::Array(places.collect())])
                    }
                };
                is_of_use.then(|| lsp::CodeLens {
                    range: text.range(&lens.range),
                    command: Some(lsp::Command {
                        title: lens.title,
                        command: if has_commands { command.to_string() } else { String::new() },
                        arguments: Some(arguments).filter(|_| has_commands),
                    }),
                    data: None,
                })
            };
            Some(lens::lenses(&file, &verdicts).into_iter().filter_map(lens).collect())
        })
        .await
    }

    /// `aipc/preview`: `{ uri, target? }` to what the file compiles to, with the lines that belong together. While the file
    /// has mistakes, what it compiled to before, marked as stale.
    pub(super) async fn preview(&self, params: Value) -> Result<Value> {
        let uri = params.get("uri").and_then(Value::as_str).unwrap_or_default();
        let uri = lsp::Uri::from_str(uri).map_err(|_| Error::invalid_params("`uri` is no address"))?;
        let asked = match params.get("target").and_then(Value::as_str) {
            Some(name) => match Target::parse(name).filter(|it| *it != Target::Bytecode) {
                Some(target) => Some(target),
                None => return Err(Error::invalid_params(format!("`{name}` is no target of YAML"))),
            },
            None => None,
        };
        let path = protocol::path(&uri);
        let answer = self
            .ask(move |it| {
                let file = it.policy(&path)?;
                let target = asked.unwrap_or_else(|| it.target(&file));
                let version = it.workspace.document(&path).map_or(0, |it| it.version);
                let key = (path.clone(), target.name());
                let (shown, problems) = match preview::preview(&file, target) {
                    Ok(fresh) => {
                        it.previews.insert(key, fresh.clone());
                        (Some(fresh), Vec::new())
                    }
                    Err(problems) => (it.previews.get(&key).cloned(), problems),
                };
                let region = |it: &preview::Region| {
                    json!({ "source": it.source, "start": it.output.start, "end": it.output.end })
                };
                Some(json!({
                    "target": target.name(),
                    "version": version,
                    "stale": !problems.is_empty(),
                    "problems": problems,
                    "text": shown.as_ref().map_or("", |it| it.yaml.as_str()),
                    "regions": shown.iter().flat_map(|it| &it.regions).map(region).collect::<Vec<_>>(),
                }))
            })
            .await?;
        Ok(answer.unwrap_or(Value::Null))
    }
}

impl Backend {
    /// `aipc/explainVerdict`: `{ textDocument, position }` to a tree of `{ label, detail, outcome, deciding, uri?, range?,
    /// children }`: in a policy of its rule on the objects of the workspace, in a manifest of its object by the rules.
    pub(super) async fn explain_verdict(&self, params: Value) -> Result<Value> {
        let params: lsp::TextDocumentPositionParams =
            serde_json::from_value(params).map_err(|why| Error::invalid_params(why.to_string()))?;
        let (path, position) = at(&params);
        let answer = self
            .ask(move |it| {
                let encoding = it.manner.encoding;
                let text = it.workspace.document(&path)?.text.clone();
                let offset = Text::new(&text, encoding).offset(position);
                explain::at(&mut it.workspace, &path, offset)
                    .map(|node| protocol::explanation(&node, encoding))
            })
            .await?;
        Ok(answer.unwrap_or(Value::Null))
    }
}

impl Backend {
    pub(super) async fn on_links(
        &self,
        params: lsp::DocumentLinkParams,
    ) -> Result<Option<Vec<lsp::DocumentLink>>> {
        let path = protocol::path(&params.text_document.uri);
        self.ask(move |it| {
            let document = it.workspace.document(&path)?;
            let (language, text) = (document.language, document.text.clone());
            let found = match language {
                Language::Policy => links::policy(&*it.policy(&path)?),
                Language::Settings => links::codes(&text),
                Language::Manifest | Language::Other => return None,
            };
            let text = Text::new(&text, it.manner.encoding);
            let link = |it: &links::Link| lsp::DocumentLink {
                range: text.range(&it.range),
                target: match &it.target {
                    links::LinkTarget::File(path) => protocol::uri(path),
                    links::LinkTarget::Page(code) => protocol::page(code),
                },
                tooltip: None,
                data: None,
            };
            Some(found.iter().map(link).collect())
        })
        .await
    }

    /// `aipc/runTests`: `{ textDocument, title? }` to what came of the `test` blocks of a file, or of those with a title:
    /// `{ version, problems, tests: [{ title, range, passed, failures: [{ range, expected, actual }] }] }`.
    pub(super) async fn run_tests(&self, params: Value) -> Result<Value> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Params {
            text_document: lsp::TextDocumentIdentifier,
            title: Option<String>,
        }
        let params: Params =
            serde_json::from_value(params).map_err(|why| Error::invalid_params(why.to_string()))?;
        let path = protocol::path(&params.text_document.uri);
        let answer = self
            .ask(move |it| {
                let file = it.policy(&path)?;
                let version = it.workspace.document(&path)?.version;
                let text = it.text(&file);
                let run = tests::run(&file, params.title.as_deref());
                let failure = |it: &tests::TestFailure| {
                    json!({ "range": text.range(&it.range), "expected": it.expected, "actual": it.actual })
                };
                let test = |it: &tests::TestResult| {
                    json!({
                        "title": it.title,
                        "range": text.range(&it.range),
                        "passed": it.failures.is_empty(),
                        "failures": it.failures.iter().map(failure).collect::<Vec<_>>(),
                    })
                };
                let tests: Vec<Value> = run.tests.iter().map(test).collect();
                Some(json!({ "version": version, "problems": run.problems, "tests": tests }))
            })
            .await?;
        Ok(answer.unwrap_or(Value::Null))
    }
}

impl Analyst {
    /// The tokens of a file as the protocol counts them, from one to the next, and the number of this answer.
    fn encoded_tokens(&mut self, path: &Path) -> Option<(u64, Vec<[u32; 5]>)> {
        let file = self.policy(path)?;
        let text = self.text(&file);
        let (mut line, mut column) = (0, 0);
        let mut rows = Vec::new();
        for it in tokens::semantic_tokens(&file) {
            let (start, end) = (text.position(it.range.start), text.position(it.range.end));
            let from = if start.line == line { start.character - column } else { start.character };
            let kind = tokens::TokenKind::ALL.iter().position(|kind| *kind == it.kind).unwrap_or(0);
            let modifiers = u32::from(it.declaration) | u32::from(it.built_in) << 1;
            rows.push([start.line - line, from, end.character - start.character, kind as u32, modifiers]);
            (line, column) = (start.line, start.character);
        }
        let id = self.tokens.get(path).map_or(1, |(id, _)| id + 1);
        self.tokens.insert(path.to_path_buf(), (id, rows.clone()));
        Some((id, rows))
    }
}

fn token(row: &[u32; 5]) -> lsp::SemanticToken {
    lsp::SemanticToken {
        delta_line: row[0],
        delta_start: row[1],
        length: row[2],
        token_type: row[3],
        token_modifiers_bitset: row[4],
    }
}

/// A request that has no answer, for a reason that the user is to read.
fn failed(sentence: String) -> Error {
    let mut error = Error::invalid_params(sentence);
    // RequestFailed
    error.code = tower_lsp::jsonrpc::ErrorCode::ServerError(-32803);
    error
}
