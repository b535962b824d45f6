//! Names and metadata of policies.

use std::collections::HashSet;

use crate::formats::yaml_write::{Map, Node};
use crate::ir::{Policy, Rule, Settings};
use crate::source::Sources;

/// Kubernetes allows 253 characters; reports put the name into a label, which holds 63.
const NAME_LEN_MAX: usize = 63;

/// The names given so far.
#[derive(Default)]
pub(in crate::formats) struct Names(HashSet<String>);

impl Names {
    /// `policy`, or `policy-rule` where the policy has several rules; a valid DNS name that is still free.
    pub(in crate::formats) fn name(&mut self, policy: &Policy, rule: &Rule, suffix: Option<&str>) -> String {
        let mut wish = policy.name.clone();
        if policy.rules.len() > 1 {
            wish = format!("{wish}-{}", rule.name);
        }
        if let Some(suffix) = suffix {
            wish = format!("{wish}-{suffix}");
        }
        let wish = dns_name(&wish);
        let mut name = wish.clone();
        let mut number = 2;
        while !self.0.insert(name.clone()) {
            name = dns_name(&format!("{wish}-{number}"));
            number += 1;
        }
        name
    }
}

/// Lower-case letters, digits and `-`; a name that is too long ends in a number made from all of it.
pub(in crate::formats) fn dns_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        let c = if c.is_ascii_alphanumeric() { c } else { '-' };
        if !(c == '-' && (name.is_empty() || name.ends_with('-'))) {
            name.push(c);
        }
    }
    name.truncate(name.trim_end_matches('-').len());
    if name.is_empty() {
        name.push_str("policy");
    }
    if name.len() > NAME_LEN_MAX {
        let tail = format!("-{:08x}", fingerprint(text));
        name.truncate(NAME_LEN_MAX - tail.len());
        name.truncate(name.trim_end_matches('-').len());
        name.push_str(&tail);
    }
    name
}

/// FNV-1a in 32 bits: tells long names apart, and stays the same on each machine.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The metadata of a policy, with the annotations that Kyverno's own policies carry.
pub(in crate::formats) fn metadata(policy: &Policy, rule: &Rule, settings: &Settings, name: &str) -> Map {
    let mut metadata = Map::new().with("name", name);
    if let Some(namespace) = &settings.namespace {
        metadata.set("namespace", namespace.as_str());
    }
    if !settings.labels.is_empty() {
        metadata.set("labels", texts(&settings.labels));
    }
    let annotations = annotations(policy, rule, settings);
    if !annotations.is_empty() {
        metadata.set("annotations", annotations);
    }
    metadata
}

fn annotations(policy: &Policy, rule: &Rule, settings: &Settings) -> Map {
    let description = rule.description.as_ref().or(policy.description.as_ref());
    let controls: Vec<String> =
        policy.controls.iter().map(|(framework, clause)| format!("{framework} {clause}")).collect();
    let own = Map::new()
        .with_some("policies.kyverno.io/title", policy.title.as_deref())
        .with_some("policies.kyverno.io/category", policy.category.as_deref())
        .with_some("policies.kyverno.io/severity", policy.severity.as_deref())
        .with_some("policies.kyverno.io/subject", subject(rule))
        .with_some("policies.kyverno.io/description", description.map(|text| Node::Prose(text.clone())))
        .with_some("policies.kyverno.io/scored", settings.scored.map(|scored| scored.to_string()))
        .with_some("aipc.dev/controls", (!controls.is_empty()).then(|| controls.join("; ")));
    // what the author writes wins
    let written = texts(&settings.annotations);
    let mut all: Vec<_> = own.0.into_iter().filter(|entry| written.get(&entry.key).is_none()).collect();
    all.extend(written.0);
    Map(all)
}

/// The kinds that the rule is about; just `Pod` for Pods and what makes them.
fn subject(rule: &Rule) -> Option<String> {
    let mut kinds: Vec<&str> = rule.targets.iter().map(|target| target.kind.kind.as_str()).collect();
    kinds.dedup();
    match kinds.as_slice() {
        kinds if kinds.contains(&"*") => None,
        kinds if kinds.contains(&"Pod") => Some("Pod".to_owned()),
        kinds => Some(kinds.join(", ")),
    }
}

/// Entries with the last value of each key.
fn texts(entries: &[(String, String)]) -> Map {
    let mut map = Map::new();
    for (number, (key, value)) in entries.iter().enumerate() {
        if !entries[number + 1..].iter().any(|(other, _)| other == key) {
            map.set(key.as_str(), value.as_str());
        }
    }
    map
}

/// `policy.aip:12: deny pod if …`
pub(in crate::formats) fn source_line(rule: &Rule, sources: &Sources) -> String {
    let source = sources.get(rule.origin.file);
    let (line, _) = source.line_column(rule.origin.start);
    format!("{}:{line}: {}", source.name, rule.source_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_names() {
        assert_eq!(dns_name("Pod Baseline_x"), "pod-baseline-x");
        assert_eq!(dns_name("--a..b--"), "a-b");
        assert_eq!(dns_name("日本"), "policy");
        let long = dns_name(&"very-long-name-".repeat(10));
        assert_eq!(long.len(), 63);
        assert_ne!(long, dns_name(&"very-long-name-".repeat(11)));
    }
}
