//! Verdicts of Kyverno kept in files, so that `cargo test` needs no Go.
//!
//! A line holds the key of the policies and the request, the key of the resources, and one letter a
//! resource. Keys are hashes of content: whatever changes a question makes its line unusable.

use super::verdict::Verdict;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const HEADER: &str = "\
# Verdicts of Kyverno, recorded through tests/oracle (tests/README.md says how to record them anew).
# A line: policies and request, resources, and a letter for each resource:
# p pass, skip or no result; f fail; e error.
";

/// The verdicts of one suite.
#[derive(Debug, PartialEq, Eq)]
pub struct Recording {
    /// The version of Kyverno that gave the verdicts, `v1.19.1`; empty if nothing was recorded.
    pub kyverno: String,
    pub verdicts: BTreeMap<Key, Vec<Verdict>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    question: String,
    resources: String,
}

impl Key {
    /// `request` is everything that is asked besides policies and resources.
    ///
    /// Comment lines of the YAML do not count: they point to source lines, which move.
    pub fn new(policies: &str, request: &Value, resources: &[Value]) -> Key {
        let mut question = blake3::Hasher::new();
        for line in policies.lines().filter(|line| !line.trim_start().starts_with('#')) {
            question.update(line.as_bytes()).update(b"\n");
        }
        question.update(request.to_string().as_bytes());
        let mut hasher = blake3::Hasher::new();
        for resource in resources {
            hasher.update(resource.to_string().as_bytes()).update(b"\n");
        }
        let short = |hasher: blake3::Hasher| hasher.finalize().to_hex()[..16].to_owned();
        Key { question: short(question), resources: short(hasher) }
    }
}

impl Recording {
    /// `tests/recorded/<suite>.txt`.
    pub fn file(suite: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recorded").join(format!("{suite}.txt"))
    }

    /// An empty recording if there is no such file; panics on a broken one.
    pub fn read(file: &Path) -> Recording {
        match std::fs::read_to_string(file) {
            Ok(text) => Recording::parse(&text)
                .unwrap_or_else(|line| panic!("{}: cannot read `{line}`", file.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Recording { kyverno: String::new(), verdicts: BTreeMap::new() }
            }
            Err(error) => panic!("{}: {error}", file.display()),
        }
    }

    /// The offending line is the error.
    fn parse(text: &str) -> Result<Recording, String> {
        let mut recording = Recording { kyverno: String::new(), verdicts: BTreeMap::new() };
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let broken = || line.to_owned();
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["kyverno", version] => recording.kyverno = (*version).to_owned(),
                [question, resources, letters] => {
                    let verdicts = letters.chars().map(Verdict::from_letter).collect::<Option<_>>();
                    let key = Key { question: (*question).to_owned(), resources: (*resources).to_owned() };
                    recording.verdicts.insert(key, verdicts.ok_or_else(broken)?);
                }
                _ => return Err(broken()),
            }
        }
        Ok(recording)
    }

    pub fn write(&self, file: &Path) {
        std::fs::write(file, self.print()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    fn print(&self) -> String {
        let mut text = HEADER.to_owned();
        let _ = writeln!(text, "kyverno {}", self.kyverno);
        for (key, verdicts) in &self.verdicts {
            let letters: String = verdicts.iter().map(|verdict| verdict.letter()).collect();
            let _ = writeln!(text, "{} {} {letters}", key.question, key.resources);
        }
        text
    }
}

#[test]
fn recordings_survive_their_file() {
    let resources = [serde_json::json!({"a": 1})];
    let recording = Recording {
        kyverno: "v1.2.3".into(),
        verdicts: BTreeMap::from([
            (Key::new("a: b", &Value::Null, &resources), vec![Verdict::Pass, Verdict::Fail, Verdict::Error]),
            (Key::new("a: c", &Value::Null, &resources), vec![Verdict::Fail]),
        ]),
    };
    assert_eq!(Recording::parse(&recording.print()), Ok(recording));
    assert!(Recording::parse("kyverno v1\n0 0 pxf").is_err());
}

#[test]
fn keys_follow_content_but_not_comments() {
    let key = |yaml: &str, request: i64, resource: i64| Key::new(yaml, &request.into(), &[resource.into()]);
    assert_eq!(key("a: b\n  # one\nc: d\n", 1, 1), key("a: b\n# two\nc: d", 1, 1));
    assert_ne!(key("a: b", 1, 1), key("a: c", 1, 1));
    assert_ne!(key("a: b", 1, 1), key("a: b", 2, 1));
    assert_ne!(key("a: b", 1, 1), key("a: b", 1, 2));
}

/// Digests of what Kyverno made, one a question, for what is too large to keep: `tests/recorded/<suite>.txt`.
pub struct Digests {
    suite: &'static str,
    recorded: BTreeMap<String, String>,
    noted: std::sync::Mutex<BTreeMap<String, String>>,
}

const DIGESTS_HEADER: &str = "\
# Digests of objects that Kyverno made, recorded through tests/oracle (tests/README.md says how to record them anew).
# A line: name, digest of the source and of the objects.
";

impl Digests {
    pub fn open(suite: &'static str) -> Digests {
        let text = std::fs::read_to_string(Recording::file(suite)).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let recorded =
            lines.filter_map(|line| line.split_once(' ')).map(|(a, b)| (a.into(), b.into())).collect();
        Digests { suite, recorded, noted: std::sync::Mutex::default() }
    }

    fn digest(source: &str, objects: &[Value]) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(source.as_bytes());
        for object in objects {
            // Objects whose keys stand in another order are the same.
            let mut object = object.clone();
            object.sort_all_objects();
            hasher.update(object.to_string().as_bytes()).update(b"\n");
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    /// What Kyverno agreed to.
    pub fn note(&self, name: &str, source: &str, objects: &[Value]) {
        let digest = Digests::digest(source, objects);
        self.noted.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(name.to_owned(), digest);
    }

    /// Whether these are the objects that Kyverno agreed to.
    pub fn compare(&self, name: &str, source: &str, objects: &[Value]) -> Result<(), String> {
        match self.recorded.get(name) {
            Some(digest) if *digest == Digests::digest(source, objects) => Ok(()),
            Some(_) => {
                Err(format!("{name}: not the objects that Kyverno made; ask it again with AIPC_ORACLE"))
            }
            None => Err(format!(
                "{name}: tests/recorded/{}.txt does not have it; record it with AIPC_ORACLE",
                self.suite
            )),
        }
    }

    /// Writes the recording, if this is a recording run; else it must be what was noted.
    pub fn close(self) {
        let noted = self.noted.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if noted.is_empty() {
            return;
        }
        if std::env::var_os("AIPC_RECORD").is_some_and(|value| value == "1") {
            let lines = noted.iter().map(|(name, digest)| format!("{name} {digest}\n")).collect::<String>();
            std::fs::write(Recording::file(self.suite), format!("{DIGESTS_HEADER}{lines}"))
                .expect("it can be written");
        } else {
            assert_eq!(noted, self.recorded, "tests/recorded/{}.txt is not what Kyverno says", self.suite);
        }
    }
}
