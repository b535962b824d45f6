//! Resources to compare verdicts on, made from a seed.
//!
//! [`generate`] gives admissible objects (right types, required fields there, no null) or inadmissible
//! ones. Hints, taken from a policy, steer values to its boundary: what its conditions match, and what
//! they almost match.

mod atoms;
mod edit;
mod hint;
mod objects;
mod pod;
mod quantity;
mod steer;

pub use atoms::TEXTS;
pub use edit::mutate;
pub use hint::{Hint, hints_of_policies};
pub use quantity::{amount_of, parse as amount_of_text, spellings};

use super::random::Random;
use serde_json::{Map, Value};

/// What to generate.
#[derive(Clone, Debug)]
pub struct Profile {
    /// False: objects are spoiled by wrong types, null and missing required fields. A few stay admissible,
    /// for instance where a number is as good as text.
    pub admissible: bool,
    /// Some of [`KINDS`]; the seed picks one of them.
    pub kinds: Vec<&'static str>,
    pub hints: Vec<Hint>,
}

/// Every kind that the generator knows.
pub const KINDS: [&str; 17] = [
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
    "Service",
    "Ingress",
    "ConfigMap",
    "Namespace",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Secret",
    "ServiceAccount",
    "ResourceQuota",
];

/// Pods and the kinds with a template of one.
pub const WORKLOADS: [&str; 8] = [
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
];

impl Profile {
    /// Admissible workloads without hints.
    pub fn workloads() -> Profile {
        Profile { admissible: true, kinds: WORKLOADS.to_vec(), hints: Vec::new() }
    }

    /// Admissible objects of every kind without hints.
    pub fn all() -> Profile {
        Profile { admissible: true, kinds: KINDS.to_vec(), hints: Vec::new() }
    }

    /// The same, steered by the literals and patterns of ClusterPolicies.
    pub fn aimed_at(mut self, policies: &str) -> Profile {
        self.hints = hints_of_policies(policies);
        self
    }
}

/// The resource of a seed. The same seed and profile give the same resource, always.
pub fn generate(seed: u64, profile: &Profile) -> Value {
    // Neighbouring seeds must not give neighbouring streams of numbers.
    let mut random = Random::new(Random::new(seed).next());
    let kind = *random.pick(&profile.kinds);
    let density = *random.pick(&[5, 20, 40, 70, 95]);
    let mut maker = Maker { random: &mut random, density };
    let mut resource = objects::object(kind, &mut maker);
    steer::steer(&mut resource, kind, &profile.hints, &mut random);
    if !profile.admissible {
        edit::spoil(&mut resource, &mut random);
    }
    resource
}

/// The resources of the seeds from `first`, `count` of them.
pub fn generate_many(first: u64, count: usize, profile: &Profile) -> Vec<Value> {
    (first..).take(count).map(|seed| generate(seed, profile)).collect()
}

/// The keys from the root to the pod specification of a kind's template, without `spec` at the end; None if it has no pods.
fn template_of(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "Pod" => Some(&[]),
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template"]),
        kind if WORKLOADS.contains(&kind) => Some(&["spec", "template"]),
        _ => None,
    }
}

/// Makes values; `density` is the chance, in percent, that an optional field is there.
struct Maker<'r> {
    random: &'r mut Random,
    density: u64,
}

impl Maker<'_> {
    fn maybe(&mut self, fields: &mut Map<String, Value>, key: &str, make: impl FnOnce(&mut Self) -> Value) {
        if self.random.chance(self.density) {
            let value = make(self);
            fields.insert(key.to_owned(), value);
        }
    }

    /// A list of up to `max` elements, empty now and then.
    fn list(&mut self, min: usize, max: usize, mut make: impl FnMut(&mut Self, usize) -> Value) -> Value {
        let length = min + self.random.below(max - min + 1);
        (0..length).map(|index| make(self, index)).collect()
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        *self.random.pick(choices)
    }
}
