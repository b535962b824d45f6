//! The client of `tests/oracle`, the program that holds Kyverno. Its README has the protocol.

use super::verdict::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Where the program is; without it suites use what was recorded.
const PROGRAM: &str = "AIPC_ORACLE";

/// A running oracle. All threads share one: requests of several threads run concurrently.
pub struct Oracle {
    requests: Mutex<Requests>,
    sets: AtomicU64,
}

struct Requests {
    to_program: ChildStdin,
    /// Who waits for the next answers, in the order of the requests.
    waiting: Sender<Sender<String>>,
}

/// Everything about a request besides the resource.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// None: nobody is known, as in a background scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_info: Option<UserInfo>,
    /// Labels of the namespace; None: nothing is known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_labels: Option<BTreeMap<String, String>>,
    pub numbers: Numbers,
    /// As many as resources (null: the resource itself), or none at all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub old_resources: Vec<Value>,
    /// The objects of the cluster: what policies look up, copy and change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cluster: Vec<Value>,
    /// The objects that rules about existing objects change, where they are not those of the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub world: Vec<Value>,
    /// What the API server, services and the global context answer; nothing else is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Recorded>,
    /// Kinds that nobody may ask for, as `v1/ConfigMap`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forbidden: Vec<String>,
}

/// An answer to a request by method and URL, or an entry of the global context.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Recorded {
    pub method: String,
    /// Of the API server: without its host.
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    pub entry: String,
    pub answer: Value,
    /// What is posted to the API server, as the language names it.
    #[serde(skip)]
    pub kind: String,
    /// That, as the language says it.
    #[serde(skip)]
    pub object: Value,
}

impl Recorded {
    pub fn entry(name: &str, answer: Value) -> Recorded {
        Recorded { entry: name.to_owned(), answer, ..Recorded::default() }
    }

    pub fn service(method: &str, url: &str, body: Option<Value>, answer: Value) -> Recorded {
        Recorded { method: method.to_owned(), url: url.to_owned(), body, answer, ..Recorded::default() }
    }

    /// Of an object that is sent with its `apiVersion` and `kind`.
    pub fn posted(kind: &str, url: &str, object: Value, answer: Value) -> Recorded {
        let mut body = object.clone();
        let (api_version, name) = kind.rsplit_once('/').unwrap_or_default();
        body["apiVersion"] = json!(api_version);
        body["kind"] = json!(name);
        let kind = kind.to_owned();
        Recorded { kind, object, ..Recorded::service("POST", url, Some(body), answer) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    Create,
    Update,
    Delete,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    pub username: String,
    pub groups: Vec<String>,
    pub roles: Vec<String>,
    pub cluster_roles: Vec<String>,
}

/// How numbers reach the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Numbers {
    /// As Kyverno's command line reads files.
    #[default]
    Float64,
    /// As a cluster's webhook sees integers.
    Int64,
}

/// What a load accepted; dropping it unloads the policies.
pub struct PolicySet<'o> {
    oracle: &'o Oracle,
    id: String,
    pub loaded: usize,
    /// Policies that Kyverno does not take, with its reason.
    pub refused: Vec<Refusal>,
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Refusal {
    pub policy: String,
    pub reason: String,
}

/// What was found out about one resource.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Answer {
    #[serde(default)]
    pub rows: Vec<Row>,
    /// The resource after mutation, if that changed it.
    #[serde(default)]
    pub patched: Option<Value>,
    /// The objects that generate rules make.
    #[serde(default)]
    pub generated: Vec<Value>,
    /// What became of the objects of the world.
    #[serde(default)]
    pub targets: Vec<Value>,
    /// There is no verdict, for instance after a panic of the engine.
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    faults: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    pub policy: String,
    /// Empty for ValidatingPolicy; generated rules have the prefix `autogen-` or `autogen-cronjob-`.
    pub rule: String,
    pub status: String,
    #[serde(default)]
    pub message: String,
}

/// What a JMESPath expression finds; without a message it is a value.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Found {
    /// With the types that JSON has not, as maps of one key.
    pub value: Value,
    /// It does not compile.
    pub refused: String,
    /// Evaluating it fails.
    pub error: String,
    /// The error is that of a key that is not there.
    pub unknown_key: bool,
    pub panic: String,
    /// The document is another one afterwards.
    pub sorted: bool,
    /// Why there is no answer; Kyverno always has one.
    #[serde(skip)]
    pub not_evaluated: String,
}

impl Found {
    /// What is said where there is no value.
    pub fn message(&self) -> &str {
        let messages = [&self.refused, &self.panic, &self.error, &self.not_evaluated];
        messages.into_iter().find(|it| !it.is_empty()).map_or("", |it| it)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Response {
    error: Option<String>,
    kyverno: String,
    loaded: usize,
    refused: Vec<Refusal>,
    warnings: Vec<String>,
    answers: Vec<Answer>,
    found: Vec<Found>,
}

impl Answer {
    pub fn verdict(&self) -> Verdict {
        match self.error {
            Some(_) => Verdict::Error,
            None => Verdict::of(self.rows.iter().map(|row| row.status.as_str())),
        }
    }

    /// The verdict of one rule as its source names it, generated forms included.
    pub fn verdict_of_rule(&self, policy: &str, rule: &str) -> Verdict {
        let named = |row: &&Row| {
            let source = row.rule.strip_prefix("autogen-").unwrap_or(&row.rule);
            let source =
                if row.rule == rule { rule } else { source.strip_prefix("cronjob-").unwrap_or(source) };
            row.policy == policy && source == rule
        };
        Verdict::of(self.rows.iter().filter(named).map(|row| row.status.as_str()))
    }
}

impl Oracle {
    /// The oracle of this test run; None, said loudly, if `AIPC_ORACLE` is not set.
    ///
    /// Panics if the program that it names does not start: a run that asked for the oracle must not pass without it.
    pub fn shared() -> Option<&'static Oracle> {
        static SHARED: OnceLock<Option<Oracle>> = OnceLock::new();
        SHARED
            .get_or_init(|| match std::env::var_os(PROGRAM) {
                Some(program) => Some(Oracle::start(&program)),
                None => {
                    // Not eprintln!, which the test harness swallows.
                    let _ = writeln!(
                        std::io::stderr(),
                        "SKIPPED: no live Kyverno ({PROGRAM} is not set); only recorded verdicts are compared"
                    );
                    None
                }
            })
            .as_ref()
    }

    fn start(program: &std::ffi::OsStr) -> Oracle {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{PROGRAM}={}: {error}", program.display()));
        let to_program = child.stdin.take().expect("stdin was asked for");
        let from_program = BufReader::new(child.stdout.take().expect("stdout was asked for"));
        let (waiting, queue): (Sender<Sender<String>>, Receiver<Sender<String>>) = channel();
        // Ends with the program, which ends when this process closes its stdin.
        std::thread::spawn(move || {
            for line in from_program.lines().map_while(Result::ok) {
                match queue.recv() {
                    // Whoever asked may have panicked meanwhile.
                    Ok(asker) => drop(asker.send(line)),
                    Err(_) => break,
                }
            }
            drop(child.wait());
        });
        Oracle { requests: Mutex::new(Requests { to_program, waiting }), sets: AtomicU64::new(0) }
    }

    fn send(&self, request: &Value) -> Receiver<String> {
        let (answer, receiver) = channel();
        let mut line = request.to_string();
        line.push('\n');
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.waiting.send(answer).expect("the oracle has stopped");
        requests.to_program.write_all(line.as_bytes()).expect("the oracle has stopped");
        receiver
    }

    fn ask(&self, request: &Value) -> Response {
        let line = self.send(request).recv().expect("the oracle has stopped");
        let response: Response =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}"));
        if let Some(error) = &response.error {
            panic!("the oracle refused a request: {error}");
        }
        response
    }

    /// Kyverno's version, `v1.19.1`.
    pub fn version(&self) -> String {
        self.ask(&json!({"op": "version"})).kyverno
    }

    /// Loads policies from YAML text, read by Kyverno's own reader.
    pub fn load(&self, policies: &[&str]) -> PolicySet<'_> {
        let id = self.sets.fetch_add(1, Ordering::Relaxed).to_string();
        let request = json!({"op": "load", "id": id, "policies": policies});
        self.loaded(id, &request)
    }

    /// As [`Oracle::load`], with the cluster of a request.
    pub fn load_with(&self, policies: &[&str], request: &Request) -> PolicySet<'_> {
        if request.cluster.is_empty() {
            return self.load(policies);
        }
        let id = self.sets.fetch_add(1, Ordering::Relaxed).to_string();
        let request = json!({"op": "load", "id": id, "policies": policies, "cluster": request.cluster,
            "forbidden": request.forbidden, "answers": request.answers});
        self.loaded(id, &request)
    }

    fn loaded(&self, id: String, request: &Value) -> PolicySet<'_> {
        let response = self.ask(request);
        PolicySet {
            oracle: self,
            id,
            loaded: response.loaded,
            refused: response.refused,
            warnings: response.warnings,
        }
    }

    /// What each query finds: an expression, a document, and how its numbers arrive.
    pub fn search(&self, queries: &[Value]) -> Vec<Found> {
        let found = self.ask(&json!({"op": "jmespath", "queries": queries})).found;
        assert_eq!(found.len(), queries.len(), "the oracle answers each query");
        found
    }

    /// Why the API server would refuse the structure of each resource; empty for an admissible one.
    pub fn admit(&self, resources: &[Value]) -> Vec<Vec<String>> {
        let response = self.ask(&json!({"op": "admit", "resources": resources}));
        response
            .answers
            .into_iter()
            .map(|answer| answer.faults.into_iter().chain(answer.error).collect())
            .collect()
    }
}

impl PolicySet<'_> {
    pub fn evaluate(&self, resources: &[Value], request: &Request) -> Vec<Answer> {
        let mut line = serde_json::to_value(request).expect("requests are plain data");
        line["op"] = json!("eval");
        line["id"] = json!(self.id);
        line["resources"] = json!(resources);
        let answers = self.oracle.ask(&line).answers;
        assert_eq!(answers.len(), resources.len(), "the oracle answers for each resource");
        answers
    }
}

impl Drop for PolicySet<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(self.oracle.send(&json!({"op": "unload", "id": self.id})));
        }
    }
}

#[test]
fn rules_are_found_under_their_generated_names() {
    let row = |rule: &str, status: &str| Row {
        policy: "p".into(),
        rule: rule.into(),
        status: status.into(),
        message: String::new(),
    };
    let answer =
        Answer { rows: vec![row("autogen-cronjob-a", "fail"), row("b", "error")], ..Answer::default() };
    assert_eq!(answer.verdict(), Verdict::Fail);
    assert_eq!(answer.verdict_of_rule("p", "a"), Verdict::Fail);
    assert_eq!(answer.verdict_of_rule("p", "b"), Verdict::Error);
    assert_eq!(answer.verdict_of_rule("p", "c"), Verdict::Pass);
    assert_eq!(answer.verdict_of_rule("q", "a"), Verdict::Pass);
}
