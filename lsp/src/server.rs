//! The protocol: requests and notifications in, answers out.
//!
//! Handlers only forward. A change or a question is put into the analyst's queue before anything is awaited, so that the
//! order of the editor is kept; and no handler awaits an answer of the editor, which could be waiting for us.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types as lsp;
use tower_lsp::ls_types::request::{GotoTypeDefinitionParams, GotoTypeDefinitionResponse};
use tower_lsp::{Client, LanguageServer, LspService, Server};

use crate::analyst::{Analyst, Door, Manner, Notice};
use crate::protocol::{self, Shown};

mod capabilities;
mod requests;
mod sift;

/// Serves one editor on stdin and stdout until it says that it is done. True if it said goodbye as the protocol has it.
///
/// # Errors
/// The system has no thread to give.
pub fn serve() -> std::io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let said_goodbye = Arc::new(AtomicBool::new(false));
    let (notices, heard) = mpsc::unbounded_channel();
    let door = Door::open(notices)?;
    let goodbye = said_goodbye.clone();
    runtime.block_on(session(door, heard, goodbye, tokio::io::stdin(), tokio::io::stdout()));
    // A read of stdin may still be waiting; nothing is lost with it.
    runtime.shutdown_background();
    Ok(said_goodbye.load(Ordering::SeqCst))
}

/// Answers what comes in until it ends.
async fn session(
    door: Door,
    heard: mpsc::UnboundedReceiver<Notice>,
    goodbye: Arc<AtomicBool>,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Unpin,
) {
    let service = LspService::build(|client| {
        let backend = Backend {
            door,
            client: client.clone(),
            can: Arc::new(OnceLock::new()),
            addresses: Arc::default(),
            goodbye,
        };
        tokio::spawn(backend.clone().pass_on(heard));
        backend
    })
    .custom_method("aipc/builtIn", Backend::built_in)
    .custom_method("aipc/preview", Backend::preview)
    .custom_method("aipc/explainVerdict", Backend::explain_verdict)
    .custom_method("aipc/runTests", Backend::run_tests)
    .custom_method(sift::UNREADABLE, Backend::unreadable);
    #[cfg(test)]
    let service = service.custom_method(tests::FAULT, Backend::fault);
    let (service, socket) = service.finish();
    let (sifted, piped) = tokio::io::duplex(PIPE_BYTES);
    tokio::spawn(sift::sift(input, sifted));
    // More than the default of four: requests wait for the analyst, not for a processor.
    Server::new(piped, output, socket).concurrency_level(64).serve(service).await;
}

/// How much of the input is read ahead.
const PIPE_BYTES: usize = 64 << 10;

/// What the client can do, as far as answers depend on it.
#[derive(Clone, Copy, Debug, Default)]
struct Can {
    shown: Shown,
    /// It asks for findings.
    pull: bool,
    refresh_findings: bool,
    refresh_lenses: bool,
    refresh_hints: bool,
    refresh_tokens: bool,
    snippets: bool,
    configuration: bool,
    watch_files: bool,
    /// It has the commands `aipc.preview`, `aipc.runTest` and `aipc.showFailures`.
    commands: bool,
}

/// The server, as the framework sees it.
#[derive(Clone)]
struct Backend {
    door: Door,
    client: Client,
    can: Arc<OnceLock<Can>>,
    /// Open files by the address that the client gave them.
    addresses: Arc<Mutex<BTreeMap<PathBuf, lsp::Uri>>>,
    goodbye: Arc<AtomicBool>,
}

impl Backend {
    fn can(&self) -> Can {
        self.can.get().copied().unwrap_or_default()
    }

    /// Asks the analyst. The question is in the queue before anything is awaited.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Analyst) -> T + Send + 'static,
    ) -> Result<T> {
        self.door.ask(question).await.map_err(|_| {
            let mut error = Error::internal_error();
            error.message = "aipc met a fault with this request; the log says more".into();
            error
        })
    }

    /// The address of a path: the client's own where it has the file open.
    fn address(&self, path: &std::path::Path) -> Option<lsp::Uri> {
        let known = self.addresses.lock().ok().and_then(|it| it.get(path).cloned());
        known.or_else(|| protocol::uri(path))
    }

    /// Hands on what the analyst says unasked.
    async fn pass_on(self, mut heard: mpsc::UnboundedReceiver<Notice>) {
        while let Some(notice) = heard.recv().await {
            match notice {
                Notice::Findings { path, version, text, findings, encoding } => {
                    let text = protocol::Text::new(&text, encoding);
                    let shown = self.can().shown;
                    let found = findings.iter().map(|it| protocol::diagnostic(it, &text, shown)).collect();
                    if let Some(uri) = self.address(&path) {
                        self.client.publish_diagnostics(uri, found, Some(version)).await;
                    }
                }
                Notice::Closed(path) => {
                    if let Some(uri) = self.address(&path) {
                        self.client.publish_diagnostics(uri, Vec::new(), None).await;
                    }
                    if let Ok(mut addresses) = self.addresses.lock() {
                        addresses.remove(&path);
                    }
                }
                Notice::Stale => self.refresh(),
                Notice::StaleLenses => self.refresh_lenses(),
                Notice::Fault(words) => {
                    self.client.log_message(lsp::MessageType::ERROR, format!("fault: {words}")).await;
                }
            }
        }
    }

    /// Tells the client to ask again for what may have changed; nobody waits for its answer.
    fn refresh(&self) {
        let (can, client) = (self.can(), self.client.clone());
        tokio::spawn(async move {
            if can.pull && can.refresh_findings {
                let _ = client.workspace_diagnostic_refresh().await;
            }
            if can.refresh_lenses {
                let _ = client.code_lens_refresh().await;
            }
            if can.refresh_hints {
                let _ = client.inlay_hint_refresh().await;
            }
            if can.refresh_tokens {
                let _ = client.semantic_tokens_refresh().await;
            }
        });
    }

    fn refresh_lenses(&self) {
        let client = self.client.clone();
        if self.can().refresh_lenses {
            tokio::spawn(async move { client.code_lens_refresh().await });
        }
    }

    /// The answer to what was no message.
    async fn unreadable(&self, params: Value) -> Result<Value> {
        sift::answer(&params)
    }

    /// `aipc/builtIn`: the text behind `aipc:/std/…`, `aipc:/explain/…` or `aipc:/types/…`, of which the client makes a
    /// document.
    async fn built_in(&self, params: Value) -> Result<Value> {
        let uri = params.get("uri").and_then(Value::as_str).unwrap_or_default();
        let text = match protocol::type_name(uri).map(str::to_string) {
            Some(name) => self.ask(move |it| it.workspace.type_page(&name)).await?,
            None => protocol::built_in(uri).map(str::to_string),
        };
        text.map(Value::String).ok_or_else(|| Error::invalid_params(format!("there is no `{uri}`")))
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        let (can, encoding) = capabilities::of_client(&params.capabilities);
        let _ = self.can.set(can);
        let settings = params.initialization_options.clone().unwrap_or(Value::Null);
        let folders = capabilities::folders(&params);
        self.door.tell(move |it| {
            it.manner = Manner { encoding, push: !can.pull, refreshes_lenses: can.refresh_lenses };
            it.settings = crate::settings::Settings::read(settings.get("aip").unwrap_or(&settings));
            it.workspace.folders = folders;
        });
        watch_parent(params.process_id);
        Ok(lsp::InitializeResult {
            capabilities: capabilities::of_server(can, encoding),
            server_info: Some(lsp::ServerInfo {
                name: "aipc".to_string(),
                version: Some(env!("CARGO_PKG_VERSION").to_string()),
            }),
            ..lsp::InitializeResult::default()
        })
    }

    async fn initialized(&self, _: lsp::InitializedParams) {
        let (can, client, backend) = (self.can(), self.client.clone(), self.clone());
        tokio::spawn(async move {
            if can.watch_files {
                let _ = client.register_capability(capabilities::watched_files()).await;
            }
            backend.read_settings().await;
        });
    }

    async fn shutdown(&self) -> Result<()> {
        self.goodbye.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn did_open(&self, params: lsp::DidOpenTextDocumentParams) {
        self.open(params.text_document);
    }

    async fn did_change(&self, params: lsp::DidChangeTextDocumentParams) {
        self.change(params);
    }

    async fn did_close(&self, params: lsp::DidCloseTextDocumentParams) {
        let path = protocol::path(&params.text_document.uri);
        self.door.tell(move |it| {
            it.workspace.close(&path);
            it.note_close(path);
        });
    }

    async fn did_save(&self, params: lsp::DidSaveTextDocumentParams) {
        let path = protocol::path(&params.text_document.uri);
        self.door.tell(move |it| {
            // Settings and definitions are read from disk.
            it.workspace.changed(&path);
            it.note_change(path);
        });
    }

    async fn did_change_watched_files(&self, params: lsp::DidChangeWatchedFilesParams) {
        let paths: Vec<PathBuf> = params.changes.iter().map(|it| protocol::path(&it.uri)).collect();
        self.door.tell(move |it| {
            for path in paths {
                // An open file is the editor's, and what it says of it comes as a change.
                if it.workspace.document(&path).is_none() {
                    it.workspace.changed(&path);
                    it.note_change(path);
                }
            }
        });
    }

    async fn did_change_configuration(&self, params: lsp::DidChangeConfigurationParams) {
        if self.can().configuration {
            let backend = self.clone();
            tokio::spawn(async move { backend.read_settings().await });
        } else {
            self.set_settings(params.settings.get("aip").cloned().unwrap_or(params.settings));
        }
    }

    async fn did_change_workspace_folders(&self, params: lsp::DidChangeWorkspaceFoldersParams) {
        let paths = |it: &[lsp::WorkspaceFolder]| -> Vec<PathBuf> {
            it.iter().map(|it| protocol::path(&it.uri)).collect()
        };
        let (added, removed) = (paths(&params.event.added), paths(&params.event.removed));
        self.door.tell(move |it| {
            it.workspace.folders.retain(|it| !removed.contains(it));
            it.workspace.folders.extend(added);
            it.workspace.forget();
            it.settle();
        });
    }

    async fn diagnostic(
        &self,
        params: lsp::DocumentDiagnosticParams,
    ) -> Result<lsp::DocumentDiagnosticReportResult> {
        self.pull(params).await
    }

    async fn hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        self.on_hover(params).await
    }

    async fn completion(&self, params: lsp::CompletionParams) -> Result<Option<lsp::CompletionResponse>> {
        self.on_completion(params).await
    }

    async fn completion_resolve(&self, item: lsp::CompletionItem) -> Result<lsp::CompletionItem> {
        self.on_resolve(item).await
    }

    async fn signature_help(&self, params: lsp::SignatureHelpParams) -> Result<Option<lsp::SignatureHelp>> {
        self.on_signature(params).await
    }

    async fn goto_definition(
        &self,
        params: lsp::GotoDefinitionParams,
    ) -> Result<Option<lsp::GotoDefinitionResponse>> {
        self.on_definition(params).await
    }

    async fn goto_type_definition(
        &self,
        params: GotoTypeDefinitionParams,
    ) -> Result<Option<GotoTypeDefinitionResponse>> {
        self.on_type_definition(params).await
    }

    async fn references(&self, params: lsp::ReferenceParams) -> Result<Option<Vec<lsp::Location>>> {
        self.on_references(params).await
    }

    async fn document_highlight(
        &self,
        params: lsp::DocumentHighlightParams,
    ) -> Result<Option<Vec<lsp::DocumentHighlight>>> {
        self.on_highlight(params).await
    }

    async fn document_symbol(
        &self,
        params: lsp::DocumentSymbolParams,
    ) -> Result<Option<lsp::DocumentSymbolResponse>> {
        self.on_symbols(params).await
    }

    async fn symbol(
        &self,
        params: lsp::WorkspaceSymbolParams,
    ) -> Result<Option<lsp::WorkspaceSymbolResponse>> {
        self.on_workspace_symbols(params).await
    }

    async fn code_action(&self, params: lsp::CodeActionParams) -> Result<Option<lsp::CodeActionResponse>> {
        self.on_actions(params).await
    }

    async fn formatting(&self, params: lsp::DocumentFormattingParams) -> Result<Option<Vec<lsp::TextEdit>>> {
        self.on_formatting(params.text_document.uri, None).await
    }

    async fn range_formatting(
        &self,
        params: lsp::DocumentRangeFormattingParams,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        self.on_formatting(params.text_document.uri, Some(params.range)).await
    }

    async fn prepare_rename(
        &self,
        params: lsp::TextDocumentPositionParams,
    ) -> Result<Option<lsp::PrepareRenameResponse>> {
        self.on_prepare_rename(params).await
    }

    async fn rename(&self, params: lsp::RenameParams) -> Result<Option<lsp::WorkspaceEdit>> {
        self.on_rename(params).await
    }

    async fn folding_range(&self, params: lsp::FoldingRangeParams) -> Result<Option<Vec<lsp::FoldingRange>>> {
        self.on_folding(params).await
    }

    async fn selection_range(
        &self,
        params: lsp::SelectionRangeParams,
    ) -> Result<Option<Vec<lsp::SelectionRange>>> {
        self.on_selection(params).await
    }

    async fn semantic_tokens_full(
        &self,
        params: lsp::SemanticTokensParams,
    ) -> Result<Option<lsp::SemanticTokensResult>> {
        self.on_tokens(params).await
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: lsp::SemanticTokensDeltaParams,
    ) -> Result<Option<lsp::SemanticTokensFullDeltaResult>> {
        self.on_tokens_delta(params).await
    }

    async fn document_link(&self, params: lsp::DocumentLinkParams) -> Result<Option<Vec<lsp::DocumentLink>>> {
        self.on_links(params).await
    }

    async fn code_lens(&self, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>> {
        self.on_lenses(params).await
    }

    async fn inlay_hint(&self, params: lsp::InlayHintParams) -> Result<Option<Vec<lsp::InlayHint>>> {
        self.on_hints(params).await
    }
}

impl Backend {
    fn open(&self, document: lsp::TextDocumentItem) {
        use crate::workspace::{Document, Language};
        let path = protocol::path(&document.uri);
        if let Ok(mut addresses) = self.addresses.lock() {
            addresses.insert(path.clone(), document.uri.clone());
        }
        self.door.tell(move |it| {
            let language = Language::of(&path, &document.language_id);
            it.workspace.open(path.clone(), Document::new(document.text, document.version, language));
            it.note_change(path);
        });
    }

    fn change(&self, params: lsp::DidChangeTextDocumentParams) {
        use crate::workspace::Change;
        let path = protocol::path(&params.text_document.uri);
        self.door.tell(move |it| {
            let encoding = it.manner.encoding;
            let change = |it: lsp::TextDocumentContentChangeEvent| Change {
                range: it.range.map(|it| (protocol::plain(it.start), protocol::plain(it.end))),
                text: it.text,
                encoding,
            };
            let changes: Vec<Change> = params.content_changes.into_iter().map(change).collect();
            if it.workspace.edit(&path, params.text_document.version, &changes) {
                it.note_change(path);
            }
        });
    }

    /// Asks the client for `aip.*`.
    async fn read_settings(&self) {
        if !self.can().configuration {
            return;
        }
        let item = lsp::ConfigurationItem { scope_uri: None, section: Some("aip".to_string()) };
        if let Ok(found) = self.client.configuration(vec![item]).await
            && let Some(settings) = found.into_iter().next().filter(|it| !it.is_null())
        {
            self.set_settings(settings);
        }
    }

    fn set_settings(&self, settings: Value) {
        self.door.tell(move |it| {
            let settings = crate::settings::Settings::read(&settings);
            if settings != it.settings {
                it.settings = settings;
                it.settle();
            }
        });
    }
}

/// Ends the server once the editor that started it is gone, as the protocol asks.
fn watch_parent(process: Option<u32>) {
    let Some(process) = process else { return };
    let proc = PathBuf::from(format!("/proc/{process}"));
    // Where the system does not show its processes there, the closed stdin has to do.
    if !proc.exists() {
        return;
    }
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
            if !proc.exists() {
                std::process::exit(1);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A request with a fault of ours in it.
    pub(super) const FAULT: &str = "test/fault";

    impl Backend {
        pub(super) async fn fault(&self, _: Value) -> Result<Value> {
            self.ask(|_| -> Value { panic!("a fault for the test") }).await
        }
    }

    /// What a session answers, by the numbers of its requests, and what it logs. Each answer is waited for.
    fn answers(messages: &[Value]) -> (BTreeMap<u64, Value>, Vec<String>) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let (notices, heard) = mpsc::unbounded_channel();
            let door = Door::open(notices).unwrap();
            let (mut ours, theirs) = tokio::io::duplex(1 << 20);
            let (reader, writer) = tokio::io::split(theirs);
            let served = tokio::spawn(session(door, heard, Arc::default(), reader, writer));
            let (mut answers, mut logged) = (BTreeMap::new(), Vec::new());
            for message in messages {
                let text = message.to_string();
                let text = format!("Content-Length: {}\r\n\r\n{text}", text.len());
                ours.write_all(text.as_bytes()).await.unwrap();
                while let Some(id) = message["id"].as_u64().filter(|id| !answers.contains_key(id)) {
                    let found = read(&mut ours).await;
                    match found["method"].as_str() {
                        None => {
                            assert_eq!(found["id"], id, "{found}");
                            answers.insert(id, found);
                        }
                        Some("window/logMessage") => logged.push(found["params"]["message"].to_string()),
                        Some(_) => {}
                    }
                }
            }
            served.await.unwrap();
            (answers, logged)
        })
    }

    async fn read(input: &mut (impl AsyncRead + Unpin)) -> Value {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(input.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.trim().rsplit(": ").next().and_then(|it| it.parse().ok()).unwrap();
        let mut body = vec![0; length];
        input.read_exact(&mut body).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn a_fault_in_a_request_is_answered_and_the_session_goes_on() {
        let uri = "untitled:a";
        let request = |id: u64, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let hover = json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 6 } });
        let item = json!({ "uri": uri, "languageId": "aip", "version": 1, "text": "deny pod if spec.hostNetwork\n" });
        let notify =
            |method: &str, params: Value| json!({ "jsonrpc": "2.0", "method": method, "params": params });
        let (answers, logged) = answers(&[
            request(1, "initialize", json!({ "capabilities": {} })),
            notify("initialized", json!({})),
            notify("textDocument/didOpen", json!({ "textDocument": item })),
            request(2, FAULT, json!({})),
            request(3, "textDocument/hover", hover.clone()),
            request(4, FAULT, json!({})),
            request(5, "textDocument/hover", hover),
            request(6, "shutdown", Value::Null),
            notify("exit", Value::Null),
        ]);
        assert_eq!(answers[&2]["error"]["code"], -32603, "{answers:?}");
        assert_eq!(answers[&4]["error"]["code"], -32603);
        for id in [3, 5] {
            let words = answers[&id]["result"]["contents"]["value"].as_str().unwrap_or_default();
            assert!(words.contains("view pod"), "{}", answers[&id]);
        }
        assert_eq!(answers[&6]["result"], Value::Null);
        assert!(logged.iter().any(|it| it.contains("a fault for the test")), "{logged:?}");
    }
}
