//! Kyverno as the judge of our verdicts: live through the oracle, or from what was recorded.

use super::oracle::{Oracle, PolicySet, Request};
use super::recording::{Key, Recording};
use super::shrink::shrink;
use super::verdict::Verdict;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// Set to 1, with the oracle: recordings are written anew instead of compared.
const RECORD: &str = "AIPC_RECORD";

/// Kyverno for one suite. One test function owns a recording: it opens the judge, asks (from several
/// threads if it likes), and closes it.
pub struct Judge {
    suite: &'static str,
    oracle: Option<&'static Oracle>,
    recorded: Recording,
    /// What was asked in this run, to be written if recording.
    asked: Mutex<BTreeMap<Key, Vec<Verdict>>>,
    records: bool,
}

/// How our verdicts compare with Kyverno's on one policy file.
#[derive(Debug, Default)]
pub struct Report {
    pub resources: usize,
    /// Kyverno's verdicts by class: pass, fail, error.
    pub counts: [usize; 3],
    pub disagreements: Vec<Disagreement>,
    /// Kyverno does not accept the policies, or has no verdict, or the recording does not have it: what to do about it.
    pub problems: Vec<String>,
}

#[derive(Debug)]
pub struct Disagreement {
    /// Index in the resources.
    pub index: usize,
    pub ours: Verdict,
    pub kyverno: Verdict,
    pub resource: Value,
    /// A smaller resource with a disagreement; for the first one only, and only with the oracle.
    pub smallest: Option<Value>,
}

impl Judge {
    /// `suite` names the recording, `tests/recorded/<suite>.txt`.
    pub fn open(suite: &'static str) -> Judge {
        let oracle = Oracle::shared();
        let records = std::env::var_os(RECORD).is_some_and(|value| value == "1");
        assert!(
            !records || oracle.is_some(),
            "{RECORD} needs AIPC_ORACLE, the program that knows the verdicts"
        );
        let recorded = Recording::read(&Recording::file(suite));
        if let Some(oracle) = oracle.filter(|_| !records) {
            let version = oracle.version();
            assert_eq!(
                recorded.kyverno,
                version,
                "tests/recorded/{suite}.txt is of another Kyverno: {}",
                how_to_record()
            );
        }
        Judge { suite, oracle, recorded, asked: Mutex::default(), records }
    }

    /// True if verdicts come from Kyverno itself.
    pub fn is_live(&self) -> bool {
        self.oracle.is_some()
    }

    /// Kyverno's verdicts, compared with ours, for a request with nothing known but the resource.
    pub fn agree(&self, policies: &str, resources: &[Value], ours: impl Fn(&Value) -> Verdict) -> Report {
        self.agree_on(policies, resources, &Request::default(), ours)
    }

    /// Kyverno's verdicts, compared with ours. `policies` is YAML text, one document or more; the verdict
    /// on a resource is over all of its rules.
    pub fn agree_on(
        &self,
        policies: &str,
        resources: &[Value],
        request: &Request,
        ours: impl Fn(&Value) -> Verdict,
    ) -> Report {
        let mut report = Report { resources: resources.len(), ..Report::default() };
        let verdicts = match self.verdicts(policies, resources, request) {
            Ok(verdicts) => verdicts,
            Err(problem) => {
                report.problems.push(problem);
                return report;
            }
        };
        for (index, (resource, &kyverno)) in resources.iter().zip(&verdicts).enumerate() {
            report.counts[kyverno as usize] += 1;
            let ours = ours(resource);
            if ours != kyverno {
                report.disagreements.push(Disagreement {
                    index,
                    ours,
                    kyverno,
                    resource: resource.clone(),
                    smallest: None,
                });
            }
        }
        if let (Some(oracle), Some(first)) = (self.oracle, report.disagreements.first_mut()) {
            let set = oracle.load(&[policies]);
            // Old objects go by index, so that one keeps its own.
            let mut alone = request.clone();
            alone.old_resources = request.old_resources.get(first.index).cloned().into_iter().collect();
            first.smallest = Some(shrink(&first.resource, |candidate| {
                ours(candidate) != set.evaluate(std::slice::from_ref(candidate), &alone)[0].verdict()
            }));
        }
        report
    }

    /// Kyverno's verdict on each resource. The error says what to do.
    pub fn verdicts(
        &self,
        policies: &str,
        resources: &[Value],
        request: &Request,
    ) -> Result<Vec<Verdict>, String> {
        let asked = serde_json::to_value(request).expect("requests are plain data");
        let key = Key::new(policies, &asked, resources);
        let recorded = self.recorded.verdicts.get(&key);
        let Some(oracle) = self.oracle else {
            return recorded.cloned().ok_or_else(|| {
                format!("tests/recorded/{}.txt does not have this question: {}", self.suite, how_to_record())
            });
        };
        let verdicts = live(&oracle.load(&[policies]), resources, request)?;
        if self.records {
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(key, verdicts.clone());
        } else if recorded != Some(&verdicts) {
            let what = if recorded.is_some() {
                "has other verdicts than Kyverno"
            } else {
                "does not have this question"
            };
            return Err(format!("tests/recorded/{}.txt {what}: {}", self.suite, how_to_record()));
        }
        Ok(verdicts)
    }

    /// Writes the recording if this is a recording run; lines that nobody asked for leave it.
    pub fn close(self) {
        if let (true, Some(oracle)) = (self.records, self.oracle) {
            let verdicts = self.asked.into_inner().unwrap_or_else(PoisonError::into_inner);
            Recording { kyverno: oracle.version(), verdicts }.write(&Recording::file(self.suite));
        }
    }
}

fn live(set: &PolicySet<'_>, resources: &[Value], request: &Request) -> Result<Vec<Verdict>, String> {
    if let Some(refusal) = set.refused.first() {
        return Err(format!("Kyverno refuses {}: {}", refusal.policy, refusal.reason));
    }
    let mut verdicts = Vec::with_capacity(resources.len());
    for (index, answer) in set.evaluate(resources, request).into_iter().enumerate() {
        match answer.error {
            Some(error) => return Err(format!("Kyverno has no verdict on resource {index}: {error}")),
            None => verdicts.push(answer.verdict()),
        }
    }
    Ok(verdicts)
}

fn how_to_record() -> String {
    format!("build tests/oracle, then run `AIPC_ORACLE=<program> {RECORD}=1 cargo test -p aipc --test e2e`")
}

impl Report {
    /// Panics with what a person needs, unless every verdict agrees.
    #[track_caller]
    pub fn assert_agrees(&self, what: &str) {
        assert!(self.problems.is_empty() && self.disagreements.is_empty(), "{what}: {}", self.describe());
    }

    pub fn describe(&self) -> String {
        let mut text = self.problems.join("\n");
        if let Some(first) = self.disagreements.first() {
            let _ = write!(
                text,
                "{} disagreements on {} resources; the first, resource {}: ours is {:?}, Kyverno's is {:?} on\n{}",
                self.disagreements.len(),
                self.resources,
                first.index,
                first.ours,
                first.kyverno,
                first.smallest.as_ref().unwrap_or(&first.resource),
            );
        }
        text
    }
}
