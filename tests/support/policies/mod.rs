//! Random rules as source text: what a person could write, over Kubernetes' own kinds.
//!
//! [`generate_rule`] gives the same rule for the same seed, always. A few of the rules are refused by the
//! compiler (a requirement that absence would meet, two conditions on different elements); suites count them.

mod condition;
mod fields;
mod text;

pub use text::quoted;

use super::random::Random;
use super::resources::{Profile, TEXTS};
use condition::{Conditions, Mode};
use fields::{SUBJECTS, Subject};
use std::collections::BTreeSet;

/// A policy of one rule.
pub struct GeneratedRule {
    /// A whole file.
    pub source: String,
    /// Kinds and hints for resources at the boundary of the rule.
    pub profile: Profile,
    /// What of the language it uses.
    pub features: BTreeSet<&'static str>,
}

/// The rule of a seed, in a policy named `name`.
pub fn generate_rule(seed: u64, name: &str) -> GeneratedRule {
    let mut random = Random::new(Random::new(seed).next());
    let subject = subject(&mut random);
    let denies = random.chance(55);
    let mut conditions = Conditions::new(&mut random, subject);
    let mut scope = String::new();
    if conditions.random.chance(8) {
        scope.push_str(" on create, update");
    }
    while conditions.random.chance(25) {
        let condition = where_condition(&mut conditions, subject);
        scope.push_str(&format!("\n    where {condition}"));
    }
    let condition = match denies {
        true => format!("\n    if {}", conditions.verdict(Mode::One)),
        false => format!("\n    that {}", conditions.verdict(Mode::All)),
    };
    let (hints, mut features) = (std::mem::take(&mut conditions.hints), std::mem::take(&mut conditions.used));
    let verb = if denies { "deny" } else { "require" };
    features.extend([verb, subject.name]);
    if scope.contains("where") {
        features.insert("where");
    }
    let tail = tail(&mut random, &mut features);
    let title = text::quoted(random.pick::<&str>(&TEXTS));
    let rule = format!("{verb} {}{scope}{condition}{tail}", subject.name);
    let source = match random.below(3) {
        0 => format!("policy {name} {{\n  {rule}\n}}\n"),
        1 => format!("policy {name} {title} {{\n  severity medium\n  {rule}\n}}\n"),
        _ => format!("policy {name} {title} {{\n  rule r-{seed}: {rule}\n}}\n"),
    };
    let profile = Profile { admissible: true, kinds: subject.kinds.to_vec(), hints };
    GeneratedRule { source, profile, features }
}

fn subject(random: &mut Random) -> &'static Subject {
    let mut at = random.below(SUBJECTS.iter().map(|it| it.share).sum());
    for subject in SUBJECTS {
        match at.checked_sub(subject.share) {
            Some(rest) => at = rest,
            None => return subject,
        }
    }
    &SUBJECTS[0]
}

fn where_condition(conditions: &mut Conditions<'_>, subject: &Subject) -> String {
    let negation = if conditions.random.chance(20) { "not " } else { "" };
    let is_namespaced = !subject.kinds.contains(&"Namespace");
    match conditions.random.below(8) {
        0 if is_namespaced => {
            conditions.used.insert("where namespace");
            format!(
                "namespace {} \"{}\"",
                conditions.random.pick(&["==", "!="]),
                conditions.random.pick(&["prod", "default", "kube-system"])
            )
        }
        1 if is_namespaced => {
            conditions.used.insert("where namespace");
            format!(
                "namespace {} \"{}\"",
                conditions.random.pick(&["~", "!~"]),
                conditions.random.pick(&["prod-*", "kube-*", "*", "?rod"])
            )
        }
        2 if subject.in_pods() => {
            conditions.used.insert("where resource.kind");
            format!(
                "{negation}resource.kind in [\"Pod\", \"{}\"]",
                conditions.random.pick(&["Deployment", "CronJob", "Job"])
            )
        }
        3 => {
            conditions.used.insert("where resource");
            format!(
                "{negation}resource.metadata.name {} \"{}\"",
                conditions.random.pick(&["==", "!=", "~"]),
                conditions.random.pick(&["web", "a", "main", "default"])
            )
        }
        4 => {
            conditions.used.insert("where resource");
            format!(
                "{negation}has resource.metadata.labels.{}",
                conditions.random.pick(&["app", "owner", "team"])
            )
        }
        _ => {
            let condition = conditions.single();
            format!("{negation}({condition})")
        }
    }
}

/// Message and action.
fn tail(random: &mut Random, features: &mut BTreeSet<&'static str>) -> String {
    let mut tail = String::new();
    if random.chance(40) {
        features.insert("message");
        let words = *random.pick(&TEXTS);
        tail.push_str(&format!("\n    message {}", text::quoted(&format!("{words} is not right: {words}"))));
    } else if random.chance(15) {
        features.insert("message with a value");
        tail.push_str("\n    message \"{resource.metadata.name} of {resource.kind} is not right\"");
    }
    if random.chance(15) {
        tail.push_str("\n    action audit");
    }
    tail
}
