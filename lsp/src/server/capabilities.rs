//! What client and server can do for each other.

use std::path::PathBuf;

use tower_lsp::ls_types as lsp;

use super::Can;
use crate::ide::tokens::TokenKind;
use crate::protocol::{self, Shown};
use crate::text::Encoding;

/// What the client can, and the unit of columns that both know best.
pub fn of_client(client: &lsp::ClientCapabilities) -> (Can, Encoding) {
    let text = client.text_document.as_ref();
    let workspace = client.workspace.as_ref();
    let diagnostics = text.and_then(|it| it.publish_diagnostics.as_ref());
    let can = Can {
        shown: Shown {
            related: diagnostics.and_then(|it| it.related_information).unwrap_or(false),
            tags: diagnostics.is_some_and(|it| it.tag_support.is_some()),
            links: diagnostics.and_then(|it| it.code_description_support).unwrap_or(false),
        },
        pull: text.is_some_and(|it| it.diagnostic.is_some()),
        refresh_findings: workspace
            .and_then(|it| it.diagnostics.as_ref())
            .and_then(|it| it.refresh_support)
            .unwrap_or(false),
        refresh_lenses: workspace
            .and_then(|it| it.code_lens.as_ref())
            .and_then(|it| it.refresh_support)
            .unwrap_or(false),
        refresh_hints: workspace
            .and_then(|it| it.inlay_hint.as_ref())
            .and_then(|it| it.refresh_support)
            .unwrap_or(false),
        refresh_tokens: workspace
            .and_then(|it| it.semantic_tokens.as_ref())
            .and_then(|it| it.refresh_support)
            .unwrap_or(false),
        snippets: text
            .and_then(|it| it.completion.as_ref())
            .and_then(|it| it.completion_item.as_ref())
            .and_then(|it| it.snippet_support)
            .unwrap_or(false),
        configuration: workspace.and_then(|it| it.configuration).unwrap_or(false),
        commands: client
            .experimental
            .as_ref()
            .and_then(|it| it.get("aipcCommands"))
            .and_then(serde_json::Value::as_bool)
            .unwrap_or(false),
        watch_files: workspace
            .and_then(|it| it.did_change_watched_files)
            .and_then(|it| it.dynamic_registration)
            .unwrap_or(false),
    };
    let known = client.general.as_ref().and_then(|it| it.position_encodings.as_ref());
    let knows = |kind: &lsp::PositionEncodingKind| known.is_some_and(|it| it.contains(kind));
    let encoding = if knows(&lsp::PositionEncodingKind::UTF8) {
        Encoding::Utf8
    } else if knows(&lsp::PositionEncodingKind::UTF16) || known.is_none() {
        Encoding::Utf16
    } else if knows(&lsp::PositionEncodingKind::UTF32) {
        Encoding::Utf32
    } else {
        Encoding::Utf16
    };
    (can, encoding)
}

/// The folders that the client has open.
pub fn folders(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    if let Some(folders) = &params.workspace_folders {
        return folders.iter().map(|it| protocol::path(&it.uri)).collect();
    }
    #[allow(deprecated, reason = "old clients send nothing else")]
    params.root_uri.iter().map(protocol::path).collect()
}

/// What the server offers.
pub fn of_server(can: Can, encoding: Encoding) -> lsp::ServerCapabilities {
    let kind = match encoding {
        Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
        Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
        Encoding::Utf32 => lsp::PositionEncodingKind::UTF32,
    };
    lsp::ServerCapabilities {
        position_encoding: Some(kind),
        text_document_sync: Some(lsp::TextDocumentSyncCapability::Options(lsp::TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(lsp::TextDocumentSyncKind::INCREMENTAL),
            save: Some(lsp::TextDocumentSyncSaveOptions::Supported(true)),
            ..lsp::TextDocumentSyncOptions::default()
        })),
        // Never both: a client that asks is not told as well.
        diagnostic_provider: can.pull.then(|| {
            lsp::DiagnosticServerCapabilities::Options(lsp::DiagnosticOptions {
                identifier: Some("aipc".to_string()),
                inter_file_dependencies: true,
                workspace_diagnostics: false,
                ..lsp::DiagnosticOptions::default()
            })
        }),
        hover_provider: Some(lsp::HoverProviderCapability::Simple(true)),
        completion_provider: Some(lsp::CompletionOptions {
            resolve_provider: Some(true),
            trigger_characters: Some([".", "\"", "/", " "].map(str::to_string).to_vec()),
            ..lsp::CompletionOptions::default()
        }),
        signature_help_provider: Some(lsp::SignatureHelpOptions {
            trigger_characters: Some(vec!["(".to_string(), ",".to_string()]),
            ..lsp::SignatureHelpOptions::default()
        }),
        definition_provider: Some(lsp::OneOf::Left(true)),
        type_definition_provider: Some(lsp::TypeDefinitionProviderCapability::Simple(true)),
        references_provider: Some(lsp::OneOf::Left(true)),
        document_highlight_provider: Some(lsp::OneOf::Left(true)),
        document_symbol_provider: Some(lsp::OneOf::Left(true)),
        workspace_symbol_provider: Some(lsp::OneOf::Left(true)),
        code_action_provider: Some(lsp::CodeActionProviderCapability::Options(lsp::CodeActionOptions {
            code_action_kinds: Some(vec![lsp::CodeActionKind::QUICKFIX, lsp::CodeActionKind::SOURCE_FIX_ALL]),
            ..lsp::CodeActionOptions::default()
        })),
        code_lens_provider: Some(lsp::CodeLensOptions { resolve_provider: Some(false) }),
        document_link_provider: Some(lsp::DocumentLinkOptions {
            resolve_provider: Some(false),
            work_done_progress_options: lsp::WorkDoneProgressOptions::default(),
        }),
        document_formatting_provider: Some(lsp::OneOf::Left(true)),
        document_range_formatting_provider: Some(lsp::OneOf::Left(true)),
        rename_provider: Some(lsp::OneOf::Right(lsp::RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: lsp::WorkDoneProgressOptions::default(),
        })),
        folding_range_provider: Some(lsp::FoldingRangeProviderCapability::Simple(true)),
        selection_range_provider: Some(lsp::SelectionRangeProviderCapability::Simple(true)),
        semantic_tokens_provider: Some(lsp::SemanticTokensServerCapabilities::SemanticTokensOptions(
            lsp::SemanticTokensOptions {
                legend: lsp::SemanticTokensLegend {
                    token_types: TokenKind::ALL
                        .iter()
                        .map(|it| lsp::SemanticTokenType::new(it.name()))
                        .collect(),
                    token_modifiers: vec![
                        lsp::SemanticTokenModifier::DECLARATION,
                        lsp::SemanticTokenModifier::DEFAULT_LIBRARY,
                    ],
                },
                full: Some(lsp::SemanticTokensFullOptions::Delta { delta: Some(true) }),
                ..lsp::SemanticTokensOptions::default()
            },
        )),
        inlay_hint_provider: Some(lsp::OneOf::Left(true)),
        workspace: Some(lsp::WorkspaceServerCapabilities {
            workspace_folders: Some(lsp::WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(lsp::OneOf::Left(true)),
            }),
            ..lsp::WorkspaceServerCapabilities::default()
        }),
        ..lsp::ServerCapabilities::default()
    }
}

/// The files whose changes on disk matter.
pub fn watched_files() -> Vec<lsp::Registration> {
    let watcher = |pattern: &str| serde_json::json!({ "globPattern": pattern });
    vec![lsp::Registration {
        id: "aipc-files".to_string(),
        method: "workspace/didChangeWatchedFiles".to_string(),
        register_options: Some(serde_json::json!({
            "watchers": [watcher("**/*.aip"), watcher("**/aip.toml"), watcher("**/*.{yaml,yml,json}")]
        })),
    }]
}
