//! One source, three verdicts: our bytecode, Kyverno on our ClusterPolicy, Kyverno on our ValidatingPolicy.

use super::compile::{Compiled, Judged};
use super::oracle::{Answer, Numbers, Oracle, Request};
use super::recording::{Key, Recording};
use super::shrink::shrink;
use super::verdict::Verdict;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// Set to 1, with the oracle: the recording is written anew.
const RECORD: &str = "AIPC_RECORD";

/// Verdicts of Kyverno for one suite. Its lines are keyed by the source of the policies, not by what is emitted:
/// without the oracle a suite compares our bytecode with what Kyverno said of an emission that agreed.
pub struct ThreeWays {
    suite: &'static str,
    pub oracle: Option<&'static Oracle>,
    recorded: Recording,
    asked: Mutex<BTreeMap<Key, Vec<Verdict>>>,
    records: bool,
}

/// What became of one source.
#[derive(Default)]
pub struct Outcome {
    /// Our verdicts by class: pass, fail, error.
    pub counts: [usize; 3],
    /// Verdicts of Kyverno that were compared.
    pub compared: usize,
    pub differences: Vec<Difference>,
    /// A form that Kyverno refuses, a verdict that it does not have, a question that is not recorded.
    pub problems: Vec<String>,
}

/// Kyverno on one of our forms says something else than our bytecode.
pub struct Difference {
    /// `ClusterPolicy`, `ValidatingPolicy`, `recording`.
    pub form: &'static str,
    pub numbers: Numbers,
    pub ours: Verdict,
    pub kyverno: Verdict,
    /// What Kyverno reports, as text.
    pub reported: String,
    /// A small resource on which they differ.
    pub resource: Value,
    /// On how many of the resources they differ.
    pub count: usize,
    pub yaml: String,
}

impl ThreeWays {
    /// `suite` names the recording, `tests/recorded/<suite>.txt`.
    pub fn open(suite: &'static str) -> ThreeWays {
        let oracle = Oracle::shared();
        let records = std::env::var_os(RECORD).is_some_and(|value| value == "1");
        assert!(
            !records || oracle.is_some(),
            "{RECORD} needs AIPC_ORACLE, the program that knows the verdicts"
        );
        let recorded = Recording::read(&Recording::file(suite));
        ThreeWays { suite, oracle, recorded, asked: Mutex::default(), records }
    }

    pub fn is_live(&self) -> bool {
        self.oracle.is_some()
    }

    /// Compares all three on admissible resources, with numbers both as files and as a cluster give them.
    /// `keeps`: whether the verdicts are among those that are recorded.
    pub fn compare(
        &self,
        source: &str,
        compiled: &Compiled,
        resources: &[Value],
        request: &Request,
        keeps: bool,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let ours: Vec<Verdict> = resources
            .iter()
            .enumerate()
            .map(|(index, resource)| compiled.judge(resource, index, request).verdict)
            .collect();
        for verdict in &ours {
            outcome.counts[*verdict as usize] += 1;
        }
        if let Some(oracle) = self.oracle {
            let forms = [("ClusterPolicy", &compiled.legacy), ("ValidatingPolicy", &compiled.successor)];
            for (form, yaml) in forms {
                if let Ok(yaml) = yaml {
                    live(oracle, form, yaml, compiled, (resources, &ours), request, &mut outcome);
                }
            }
        }
        if keeps {
            let asked = serde_json::to_value(request).expect("requests are plain data");
            let key = Key::new(source, &asked, resources);
            if self.records {
                if outcome.differences.is_empty() && outcome.problems.is_empty() {
                    self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(key, ours);
                }
            } else {
                self.compare_with_recorded(&key, &ours, resources, &mut outcome);
            }
        }
        outcome
    }

    fn compare_with_recorded(&self, key: &Key, ours: &[Verdict], resources: &[Value], outcome: &mut Outcome) {
        let Some(recorded) = self.recorded.verdicts.get(key) else {
            outcome.problems.push(format!(
                "tests/recorded/{}.txt does not have this question: build tests/oracle, then run \
                 `AIPC_ORACLE=<program> {RECORD}=1 cargo test -p aipc --test e2e`",
                self.suite
            ));
            return;
        };
        let different: Vec<usize> =
            (0..ours.len()).filter(|&at| recorded.get(at) != Some(&ours[at])).collect();
        if let Some(&first) = different.first() {
            outcome.differences.push(Difference {
                form: "recording",
                numbers: Numbers::Float64,
                ours: ours[first],
                kyverno: recorded.get(first).copied().unwrap_or(Verdict::Error),
                reported: String::new(),
                resource: resources[first].clone(),
                count: different.len(),
                yaml: String::new(),
            });
        }
    }

    /// Writes the recording if this is a recording run; lines that nobody asked for leave it.
    pub fn close(self) {
        if let (true, Some(oracle)) = (self.records, self.oracle) {
            let verdicts = self.asked.into_inner().unwrap_or_else(PoisonError::into_inner);
            Recording { kyverno: oracle.version(), verdicts }.write(&Recording::file(self.suite));
        }
    }
}

fn live(
    oracle: &Oracle,
    form: &'static str,
    yaml: &str,
    compiled: &Compiled,
    (resources, ours): (&[Value], &[Verdict]),
    request: &Request,
    outcome: &mut Outcome,
) {
    let set = oracle.load_with(&[yaml], request);
    if let Some(refusal) = set.refused.first() {
        outcome.problems.push(format!("Kyverno refuses our {form}: {}\n{yaml}", refusal.reason));
        return;
    }
    for numbers in [Numbers::Float64, Numbers::Int64] {
        let request = Request { numbers, ..request.clone() };
        let answers = set.evaluate(resources, &request);
        outcome.compared += answers.len();
        let different: Vec<usize> = (0..ours.len()).filter(|&at| answers[at].verdict() != ours[at]).collect();
        let Some(&first) = different.first() else { continue };
        // Old objects go by index, so that one keeps its own.
        let mut alone = request.clone();
        alone.old_resources = request.old_resources.get(first).cloned().into_iter().collect();
        // What is shrunk differs in the same way, and stays an object that the API server takes.
        let same = (ours[first], answers[first].verdict(), complaint(&answers[first]));
        let smallest = shrink(&resources[first], |candidate| {
            let judged = compiled.judge(candidate, 0, &alone);
            candidate["metadata"]["name"].is_string()
                && !judged.invalid
                && oracle.admit(std::slice::from_ref(candidate))[0].is_empty()
                && {
                    let answer = set.evaluate(std::slice::from_ref(candidate), &alone).remove(0);
                    (judged.verdict, answer.verdict(), complaint(&answer)) == same
                }
        });
        let answer = set.evaluate(std::slice::from_ref(&smallest), &alone).remove(0);
        outcome.differences.push(Difference {
            form,
            numbers,
            ours: compiled.judge(&smallest, 0, &alone).verdict,
            kyverno: answer.verdict(),
            reported: match &answer.error {
                Some(error) => error.clone(),
                None => format!("{:?}", answer.rows),
            },
            resource: smallest,
            count: different.len(),
            yaml: yaml.to_owned(),
        });
        // The same rule differs for the same reason with other numbers.
        break;
    }
}

/// What Kyverno says of an error; nothing for other verdicts, whose messages show values.
fn complaint(answer: &Answer) -> String {
    let mut rows = answer.rows.iter().filter(|row| row.status == "error");
    answer.error.clone().or_else(|| rows.next().map(|row| row.message.clone())).unwrap_or_default()
}

impl Outcome {
    pub fn agrees(&self) -> bool {
        self.differences.is_empty() && self.problems.is_empty()
    }

    pub fn describe(&self, source: &str) -> String {
        let mut text = format!("{source}\n{}", self.problems.join("\n"));
        for it in &self.differences {
            let _ = writeln!(
                text,
                "\n{} ({:?}), {} resources: ours is {:?}, Kyverno's is {:?}: {}\n{}\n{}",
                it.form, it.numbers, it.count, it.ours, it.kyverno, it.reported, it.resource, it.yaml
            );
        }
        text
    }
}

/// Runs that found an inadmissible value say so: they are never clean where Kyverno fails.
pub fn is_clean(judged: &Judged) -> bool {
    judged.verdict == Verdict::Pass && !judged.invalid
}
