//! Library policies beside public ClusterPolicies of the same intent: verdict for verdict, on the resources that those are
//! tested with and on changed ones.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::{admissible, complete};
use crate::support::compile::Compiled;
use crate::support::judge::Judge;
use crate::support::oracle::Request;
use crate::support::resources::{Profile, mutate};
use crate::support::three_ways::is_clean;
use crate::support::verdict::Verdict;

const RESOURCES: usize = 200;

/// A published cause of a difference: what it is, and whether a resource has it.
pub type Cause = (&'static str, fn(&Value) -> bool);

/// Whether a resource, as JSON without spaces, has one of the texts in it.
pub fn says(resource: &Value, texts: &[&str]) -> bool {
    let json = resource.to_string();
    texts.iter().any(|text| json.contains(text))
}

/// The folder of the corpus, if it is here; else the test says that it was skipped.
pub fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if !path.is_dir() {
        // Past the capture of output, which hides what passing tests say.
        let said = "SKIPPED: ../shared/corpus is not here, so no public policies are compared";
        writeln!(std::io::stderr(), "{said}").expect("standard error takes text");
        return None;
    }
    Some(path)
}

/// The objects of a file that are no policies; none if there is no such file.
pub fn objects(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let documents = serde_yaml::Deserializer::from_str(&text).filter_map(|it| Value::deserialize(it).ok());
    let is_object = |it: &Value| {
        it["metadata"]["name"].is_string()
            && it["apiVersion"].as_str().is_some_and(|it| !it.contains("kyverno.io"))
    };
    documents.filter(is_object).collect()
}

/// How a comparison went.
pub struct Compared {
    /// Verdicts on admissible resources.
    pub count: usize,
    pub denied: usize,
    /// Differences without a published cause, the first few in words.
    pub unexplained: usize,
    pub words: String,
}

/// Compares ours with a policy of the corpus: `policy` is its file, without the ending.
pub fn compare(
    judge: &Judge,
    corpus: &Path,
    policy: &str,
    ours: &Compiled,
    profile: &Profile,
    causes: &[Cause],
) -> Compared {
    let file = corpus.join(format!("{policy}.yaml"));
    let yaml = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{policy}: {error}"));
    let folder = file.parent().unwrap_or(corpus);
    let mut resources = Vec::new();
    for tests in [".kyverno-test", ".chainsaw-test"] {
        let files = std::fs::read_dir(folder.join(tests)).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = files.map(|file| file.path()).collect();
        files.sort();
        resources.extend(files.iter().flat_map(|file| objects(file)));
    }
    if !resources.is_empty() {
        let changed = |seed: usize| {
            let mut changed = mutate(&resources[seed % resources.len()], seed as u64);
            let kind = changed["kind"].as_str().unwrap_or_default().to_owned();
            complete(&mut changed, kind == "Service", kind == "Service" || kind == "NetworkPolicy");
            changed
        };
        let changed: Vec<Value> = (0..RESOURCES).map(changed).collect();
        resources.extend(changed);
    }
    resources.extend(admissible(9_000, RESOURCES, &profile.clone().aimed_at(&yaml)));
    resources.retain(|it| it["metadata"]["name"].is_string());
    let theirs = judge
        .verdicts(&yaml, &resources, &Request::default())
        .unwrap_or_else(|problem| panic!("{policy}: {problem}"));
    let mut compared = Compared { count: 0, denied: 0, unexplained: 0, words: String::new() };
    for (resource, theirs) in resources.iter().zip(theirs) {
        let ours = ours.judge(resource, 0, &Request::default());
        // What the API server would not take: we may say less, but never that all is well where Kyverno fails.
        let differs = match ours.invalid {
            true => is_clean(&ours) && theirs == Verdict::Fail,
            false => ours.verdict != theirs,
        };
        compared.count += usize::from(!ours.invalid);
        compared.denied += usize::from(theirs == Verdict::Fail);
        if differs && !causes.iter().any(|(_, has)| has(resource)) {
            compared.unexplained += 1;
            if compared.unexplained <= 3 {
                compared.words.push_str(&format!("ours {:?}, theirs {theirs:?}: {resource}\n", ours.verdict));
            }
        }
    }
    compared
}
