//! What the rules of a project say of its manifests, all together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aipc_project::files::discover::{self, FoundFile};
use aipc_project::files::loader::OpenTexts;
use aipc_project::files::read;
use aipc_project::report::Status;
use aipc_project::run::manifests::{EXTENSIONS, Manifests};
use serde_json::Value;

use super::manifest::{self, Judges};

/// How often a rule let objects pass, and which it did not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    pub pass: usize,
    pub fail: usize,
    /// It ended in an error, or could not be evaluated.
    pub error: usize,
    /// Where it failed: file, line from 1, and the object.
    pub failures: Vec<(PathBuf, u32, String)>,
}

/// By policy and rule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdicts {
    /// There is something to judge.
    pub has_manifests: bool,
    pub rules: BTreeMap<(String, String), Tally>,
}

/// More files and bytes are not looked at while somebody types; `aipc run` looks at all.
const FILES_MAX: usize = 500;
const BYTES_MAX: usize = 8 << 20;

/// The manifests of a project, with the texts that are open; none where nobody meant a folder as one.
pub fn manifests(root: Option<&Path>, open: &OpenTexts) -> Manifests {
    let Some(root) = root else { return Manifests::default() };
    let found = discover::discover(&[root.to_path_buf()], &EXTENSIONS);
    let mut all = Manifests::default();
    let mut bytes = 0;
    for FoundFile { path, .. } in found.files.into_iter().take(FILES_MAX) {
        let text = match open.get(&path) {
            Some(text) => Some(text.clone()),
            None => read::text(&path, read::SOURCE_BYTES_MAX).ok().map(Arc::from),
        };
        let Some(text) = text else { continue };
        bytes += text.len();
        if bytes > BYTES_MAX {
            break;
        }
        if let Some(read) = manifest::read(&path, &text) {
            all.files.extend(read.files);
        }
    }
    all
}

/// What is to be judged, apart from the workspace: another thread may do it.
pub struct Question {
    /// The folder of the project; none where nobody meant it as one.
    pub root: Option<PathBuf>,
    pub judges: Arc<Judges>,
    /// The manifests, where they are known already.
    pub manifests: Option<Arc<Manifests>>,
    pub open: OpenTexts,
    /// Of the workspace, when the question was put.
    pub revision: u64,
}

/// What came of a question.
pub struct Answer {
    pub manifests: Arc<Manifests>,
    pub verdicts: Verdicts,
    pub revision: u64,
}

impl Question {
    /// Judges the manifests; reads them where they are not known.
    pub fn answer(&self) -> Answer {
        let read = || Arc::new(manifests(self.root.as_deref(), &self.open));
        let manifests = self.manifests.clone().unwrap_or_else(read);
        Answer { verdicts: tally(&self.judges, &manifests), manifests, revision: self.revision }
    }
}

fn tally(judges: &Judges, manifests: &Manifests) -> Verdicts {
    let mut verdicts = Verdicts { has_manifests: !manifests.files.is_empty(), ..Verdicts::default() };
    if !verdicts.has_manifests {
        return verdicts;
    }
    for result in judges.judge(manifests).results {
        let tally = verdicts.rules.entry((result.policy, result.rule)).or_default();
        match result.status {
            Status::Pass => tally.pass += 1,
            Status::Fail | Status::Warn => {
                tally.fail += 1;
                let place = result.violations.first().map_or(&result.location, |it| &it.location);
                let object = format!("{} {}", result.resource.kind, result.resource.name);
                tally.failures.push((PathBuf::from(&place.file), place.line, object));
            }
            Status::Error => tally.error += 1,
            Status::Skip => {}
        }
    }
    verdicts
}

/// The keys of labels, annotations and selectors in manifests.
pub fn label_keys(manifests: &Manifests) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (_, resource) in manifests.resources() {
        add_keys(&resource.document().to_json(resource.root()), &mut keys);
    }
    keys
}

/// The fields whose keys are those of labels or annotations.
const LABELLED: &[&str] = &["labels", "annotations", "matchLabels", "nodeSelector", "selector"];

fn add_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(labels) = value.as_object().filter(|_| LABELLED.contains(&name.as_str())) {
                    // What has more in it is no label: `matchLabels` in a selector.
                    keys.extend(labels.iter().filter(|(_, it)| it.is_string()).map(|(key, _)| key.clone()));
                }
                add_keys(value, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|it| add_keys(it, keys)),
        _ => {}
    }
}

/// So many files a lens names.
const NAMED_MAX: usize = 2;

impl Tally {
    /// `3 pass, 1 fail: bad-pod.yaml`
    pub fn words(&self) -> String {
        let mut words = format!("{} pass", self.pass);
        if self.error > 0 {
            words.push_str(&format!(", {} without a verdict", self.error));
        }
        if self.fail == 0 {
            return words;
        }
        let mut names: Vec<&str> = Vec::new();
        for (path, ..) in &self.failures {
            let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let more = names.len().saturating_sub(NAMED_MAX);
        names.truncate(NAMED_MAX);
        words.push_str(&format!(", {} fail: {}", self.fail, names.join(", ")));
        if more > 0 {
            words.push_str(&format!(" and {more} more"));
        }
        words
    }
}
