//! An editor, as far as the protocol goes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long an answer may take before the server counts as dead.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Client {
    process: Child,
    stdin: ChildStdin,
    messages: Receiver<Value>,
    next: u64,
    /// What `initialize` answered.
    pub capabilities: Value,
    /// The diagnostics that were sent last of each file, with their version.
    pub published: BTreeMap<String, (Value, Vec<Value>)>,
    /// What the server logged.
    pub log: Vec<String>,
    /// How often the server said that lenses are to be asked for again.
    pub lens_refreshes: usize,
}

impl Client {
    /// Starts a server in a folder, for an editor that can what `capabilities` says.
    pub fn start(folder: &Path, capabilities: Value) -> Client {
        let mut process = Command::new(env!("CARGO_BIN_EXE_aipc"))
            .arg("lsp")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let stdin = process.stdin.take().expect("its stdin");
        let stdout = process.stdout.take().expect("its stdout");
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut reader = BufReader::new(stdout);
            while let Some(message) = read(&mut reader) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut client = Client {
            process,
            stdin,
            messages,
            next: 0,
            capabilities: Value::Null,
            published: BTreeMap::new(),
            log: Vec::new(),
            lens_refreshes: 0,
        };
        let uri = address(folder);
        let answer = client.request(
            "initialize",
            json!({
                "processId": std::process::id(),
                "rootUri": uri,
                "workspaceFolders": [{ "uri": uri, "name": "test" }],
                "capabilities": capabilities,
            }),
        );
        client.capabilities = answer.expect("it initializes")["capabilities"].clone();
        client.notify("initialized", json!({}));
        client
    }

    /// Bytes as they are, for what is no message.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.stdin.write_all(bytes).and_then(|()| self.stdin.flush()).expect("the server reads");
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request and gives its number.
    pub fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The answer to a request that was begun.
    pub fn finish(&mut self, id: u64) -> Result<Value, Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = self.receive(deadline);
            if message.get("method").is_none() && message["id"] == json!(id) {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].clone()),
                };
            }
        }
    }

    pub fn request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.begin(method, params);
        self.finish(id)
    }

    /// Waits until diagnostics of a file at a version have come.
    pub fn diagnostics(&mut self, uri: &str, version: i64) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((at, found)) = self.published.get(uri)
                && *at == json!(version)
            {
                return found.clone();
            }
            self.receive(deadline);
        }
    }

    /// Waits until something holds after one of the messages to come, or before.
    pub fn until(&mut self, mut holds: impl FnMut(&mut Client) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            self.receive(deadline);
        }
    }

    /// The next message; what the server asks is answered, what it tells is noted.
    fn receive(&mut self, deadline: Instant) -> Value {
        let wait = deadline.saturating_duration_since(Instant::now());
        let message = self.messages.recv_timeout(wait).expect("the server lives and answers");
        let params = &message["params"];
        match message["method"].as_str() {
            Some("textDocument/publishDiagnostics") => {
                let found = params["diagnostics"].as_array().cloned().unwrap_or_default();
                let uri = params["uri"].as_str().unwrap_or_default().to_string();
                self.published.insert(uri, (params["version"].clone(), found));
            }
            Some("window/logMessage") => {
                self.log.push(params["message"].as_str().unwrap_or_default().to_string());
            }
            Some(method) if message.get("id").is_some() => {
                self.lens_refreshes += usize::from(method == "workspace/codeLens/refresh");
                let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": null });
                self.send(&answer);
            }
            _ => {}
        }
        message
    }

    pub fn open(&mut self, uri: &str, language: &str, text: &str) {
        let item = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
    }

    /// Says goodbye as the protocol has it, and gives the exit code.
    pub fn goodbye(mut self) -> Option<i32> {
        self.request("shutdown", Value::Null).expect("it shuts down");
        self.notify("exit", Value::Null);
        self.ended()
    }

    /// The exit code of a server that is to end by itself.
    pub fn ended(mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.process.try_wait() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.process.kill();
        panic!("the server does not end");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(reader: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("Content-Length: ") {
            length = number.parse().ok()?;
        }
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The address of a path without characters that would have to be escaped.
pub fn address(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// A folder for a session; it goes with the value.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("aipc-editor-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        address(&path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
