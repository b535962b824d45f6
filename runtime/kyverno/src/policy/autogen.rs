//! The rules that Kyverno generates from rules about Pods for the kinds that hold them.
//!
//! Kyverno rewrites the JSON text of a rule; so do we, on its values.

use std::collections::BTreeMap;

use aipc_runtime::document::NodeId;
use aipc_runtime::value::Shared;

use crate::json::{Entry, Escape, Json, View};

use super::fields::{FaultKind, Reader};
use super::filter::{Filter, Filters};
use super::rule::{Body, Rule, read_rule};

/// The annotation that says for which controllers rules are generated.
const CONTROLLERS_ANNOTATION: &str = "pod-policies.kyverno.io/autogen-controllers";

/// The kinds with a Pod template in `spec.template`, and how generated rules select them.
const CONTROLLERS: &[(&str, &str)] = &[
    ("DaemonSet", "apps/v1/DaemonSet"),
    ("Deployment", "apps/v1/Deployment"),
    ("Job", "batch/v1/Job"),
    ("ReplicaSet", "apps/v1/ReplicaSet"),
    ("ReplicationController", "v1/ReplicationController"),
    ("StatefulSet", "apps/v1/StatefulSet"),
];

const CRON_JOB: (&str, &str) = ("CronJob", "batch/v1/CronJob");

/// The generated rules of a policy.
#[derive(Clone, Debug, Default)]
pub struct Generated {
    controllers: BTreeMap<String, Vec<Rule>>,
    /// Those of policies with mutations, for all controllers at once.
    all: Vec<Rule>,
}

impl Generated {
    /// Those for objects of a kind.
    pub fn rules(&self, kind: &str) -> &[Rule] {
        self.controllers.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Those that are not made for one kind.
    pub fn rules_for_all(&self) -> &[Rule] {
        &self.all
    }
}

/// Whether a rule has the name of a generated one.
pub fn is_generated_name(name: &str) -> bool {
    name.starts_with("autogen-")
}

/// The name that a generated rule's original has.
pub fn written_name(rule: &str) -> &str {
    let Some(rest) = rule.strip_prefix("autogen-") else { return rule };
    rest.strip_prefix("cronjob-").unwrap_or(rest)
}

/// Generates the rules of a policy whose rules are in order.
pub fn generate(
    reader: &mut Reader<'_>,
    nodes: &[NodeId],
    rules: &[Rule],
    annotations: &BTreeMap<String, String>,
) -> Generated {
    let mut generated = Generated::default();
    if !can_generate(rules) {
        return generated;
    }
    let asked: Option<Vec<&str>> =
        annotations.get(CONTROLLERS_ANNOTATION).map(|text| text.split(',').collect());
    let is_asked = |kind: &str| asked.as_ref().is_none_or(|kinds| kinds.contains(&kind));
    for (kind, selector) in CONTROLLERS.iter().chain([&CRON_JOB]) {
        if !is_asked(kind) {
            continue;
        }
        let level = if *kind == CRON_JOB.0 { Level::CronJob } else { Level::Template };
        for (node, rule) in nodes.iter().zip(rules) {
            let Some(json) = generate_rule(&reader.json(*node), rule, level, &[*selector]) else { continue };
            if let Some(rule) = read_generated(reader, *node, &json) {
                generated.controllers.entry((*kind).to_owned()).or_default().push(rule);
            }
        }
    }
    if rules.iter().any(|rule| matches!(rule.body, Body::Mutate(_))) {
        let asked = CONTROLLERS.iter().filter(|(kind, _)| is_asked(kind));
        let selectors: Vec<&str> = asked.map(|(_, selector)| *selector).collect();
        let cron_job: &[&str] = if is_asked(CRON_JOB.0) { &[CRON_JOB.1] } else { &[] };
        for (node, rule) in nodes.iter().zip(rules) {
            for (level, selectors) in [(Level::Template, selectors.as_slice()), (Level::CronJob, cron_job)] {
                if selectors.is_empty() {
                    continue;
                }
                let made = generate_rule(&reader.json(*node), rule, level, selectors);
                generated.all.extend(made.and_then(|json| read_generated(reader, *node, &json)));
            }
        }
    }
    generated
}

/// Reads a rule that was made, under the position of its original.
fn read_generated(reader: &mut Reader<'_>, original: NodeId, json: &Json<'_>) -> Option<Rule> {
    let text = json.to_json(Escape::Plain);
    let read = aipc_runtime::document::read("generated rule", text.as_bytes(), &Default::default());
    let document = read.documents.first()?;
    let mut inner = Reader::new(document);
    let rule = read_rule(&mut inner, document.root());
    for fault in inner.faults {
        let message =
            format!("in the rule that is generated from this one for controllers of Pods: {}", fault.message);
        reader.fault(original, FaultKind::Refused, message);
    }
    let mut rule = rule?;
    rule.position = reader.document.position(original);
    Some(rule)
}

/// Whether Kyverno generates rules at all: one rule that it cannot rewrite is enough against all of them.
fn can_generate(rules: &[Rule]) -> bool {
    let mut is_needed = false;
    for rule in rules {
        match &rule.body {
            Body::Generate(_) => return false,
            Body::Mutate(mutate) if mutate.has_json_patch() => return false,
            Body::Mutate(_) | Body::Validate(_) | Body::VerifyImages(_) => {}
        }
        let filters = rule.matches.iter().chain(rule.exclude.iter().flat_map(Filters::iter));
        for filter in filters {
            if !can_rewrite(filter) {
                return false;
            }
            let kinds = filter.kinds.iter();
            is_needed |= kinds.map(|kind| &kind.text).any(|text| {
                text == "Pod" || text == CRON_JOB.0 || CONTROLLERS.iter().any(|(kind, _)| kind == text)
            });
        }
    }
    is_needed
}

fn can_rewrite(filter: &Filter) -> bool {
    let has_pod_among_others = filter.kinds.len() > 1 && filter.kinds.iter().any(|kind| kind.is_pod());
    filter.name.is_none()
        && filter.names.is_empty()
        && filter.selector.is_none()
        && !filter.has_annotations
        && !has_pod_among_others
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// `spec.template`
    Template,
    /// `spec.jobTemplate.spec.template`
    CronJob,
}

/// The rule for one kind of controller; `None` if there is none to make.
fn generate_rule(
    json: &Json<'static>,
    rule: &Rule,
    level: Level,
    selectors: &[&str],
) -> Option<Json<'static>> {
    let is_about_pods =
        |filters: &Filters| filters.iter().any(|filter| filter.kinds.iter().any(|kind| kind.is_pod()));
    let excluded_kinds = |filters: &Filters| filters.iter().any(|filter| !filter.kinds.is_empty());
    let is_excluded_otherwise =
        rule.exclude.as_ref().is_some_and(|filters| excluded_kinds(filters) && !is_about_pods(filters));
    if is_generated_name(&rule.name) || !is_about_pods(&rule.matches) || is_excluded_otherwise {
        return None;
    }
    let prefix = match level {
        Level::Template => "autogen",
        Level::CronJob => "autogen-cronjob",
    };
    let mut entries: Vec<Entry<'static>> = Vec::new();
    for (key, value) in json.entries() {
        let value = match &*key {
            "name" => Json::text(shortened(&format!("{prefix}-{}", rule.name))),
            "match" => with_kinds(&value, level, selectors, true),
            "exclude" => with_kinds(&value, level, selectors, false),
            "validate" => below_validate(&value, level)?,
            "mutate" => below_mutate(&value, level)?,
            _ => value,
        };
        entries.push((key, value));
    }
    let kind = match level {
        Level::Template => "spec.template",
        Level::CronJob => "spec.jobTemplate.spec.template",
    };
    let is_cel = json.get("validate").is_some_and(|validate| validate.get("cel").is_some());
    Some(rewritten(&Json::map(entries), kind, is_cel))
}

/// At most 63 bytes, as many as the name of a rule may have.
fn shortened(name: &str) -> String {
    let mut end = name.len().min(63);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

fn with_kinds(filters: &Json<'static>, level: Level, selectors: &[&str], is_match: bool) -> Json<'static> {
    let kinds = || Json::list(selectors.iter().map(|selector| Json::text(*selector)).collect());
    let in_filter = |filter: &Json<'static>| {
        let resources = filter.get("resources").unwrap_or(Json::Map(Shared::Borrowed(&[])));
        let names_pods = resources.get("kinds").is_some_and(|kinds| {
            kinds.elements().any(|kind| kind.as_text().is_some_and(super::filter::names_pod))
        });
        if level == Level::CronJob || names_pods {
            set(filter, "resources", set(&resources, "kinds", kinds()))
        } else {
            filter.clone()
        }
    };
    for name in ["any", "all"] {
        if let Some(list) = filters.get(name).filter(|list| list.list_len().is_some_and(|len| len > 0)) {
            let list = Json::list(list.elements().map(|filter| in_filter(&filter)).collect());
            return set(filters, name, list);
        }
    }
    let resources = filters.get("resources").unwrap_or(Json::Map(Shared::Borrowed(&[])));
    let has_kinds = resources.get("kinds").is_some_and(|kinds| kinds.list_len().is_some_and(|len| len > 0));
    if is_match || has_kinds {
        set(filters, "resources", set(&resources, "kinds", kinds()))
    } else {
        filters.clone()
    }
}

/// The same map with another value under a key.
fn set(map: &Json<'static>, key: &str, value: Json<'static>) -> Json<'static> {
    let mut entries = map.entries();
    entries.push((Shared::Owned(key.into()), value));
    Json::map(entries)
}

/// A pattern for a Pod, where the template is.
fn wrapped(pattern: Json<'static>, level: Level) -> Json<'static> {
    let below = |key: &'static str, value: Json<'static>| Json::map(vec![(Shared::Borrowed(key), value)]);
    let template = below("spec", below("template", pattern));
    match level {
        Level::Template => template,
        Level::CronJob => below("spec", below("jobTemplate", template)),
    }
}

fn below_validate(validate: &Json<'static>, level: Level) -> Option<Json<'static>> {
    let kept = ["message", "failureAction", "failureActionOverrides", "allowExistingViolations"];
    let with = |name: &'static str, value: Json<'static>| {
        let mut entries: Vec<Entry<'static>> =
            validate.entries().into_iter().filter(|(key, _)| kept.contains(&&**key)).collect();
        entries.push((Shared::Borrowed(name), value));
        Json::map(entries)
    };
    if let Some(pattern) = validate.get("pattern") {
        return Some(with("pattern", wrapped(pattern, level)));
    }
    if let Some(deny) = validate.get("deny") {
        return Some(with("deny", deny));
    }
    if let Some(security) = validate.get("podSecurity") {
        return Some(with("podSecurity", security));
    }
    if let Some(patterns) = validate.get("anyPattern") {
        let patterns = patterns.elements().map(|pattern| wrapped(pattern, level)).collect();
        return Some(with("anyPattern", Json::list(patterns)));
    }
    if let Some(loops) = validate.get("foreach").filter(|loops| loops.list_len().is_some_and(|len| len > 0)) {
        return Some(with("foreach", loops));
    }
    validate.get("cel").map(|_| validate.clone())
}

fn below_mutate(mutate: &Json<'static>, level: Level) -> Option<Json<'static>> {
    if let Some(patch) = mutate.get("patchStrategicMerge") {
        return Some(Json::map(vec![(Shared::Borrowed("patchStrategicMerge"), wrapped(patch, level))]));
    }
    let loops = mutate.get("foreach").filter(|loops| loops.list_len().is_some_and(|len| len > 0))?;
    let loops = loops.elements().map(|each| {
        let kept = ["list", "context", "preconditions"];
        let mut entries: Vec<Entry<'static>> =
            each.entries().into_iter().filter(|(key, _)| kept.contains(&&**key)).collect();
        let patch = each.get("patchStrategicMerge").unwrap_or(Json::Null);
        entries.push((Shared::Borrowed("patchStrategicMerge"), wrapped(patch, level)));
        Json::map(entries)
    });
    Some(Json::map(vec![(Shared::Borrowed("foreach"), Json::list(loops.collect()))]))
}

/// The rule with paths of a Pod in its texts led to the template.
fn rewritten(value: &Json<'static>, template: &str, is_cel: bool) -> Json<'static> {
    match value.view() {
        View::Text(text) => Json::text(rewritten_text(text, template, is_cel)),
        View::List { .. } => {
            Json::list(value.elements().map(|element| rewritten(&element, template, is_cel)).collect())
        }
        View::Map { .. } => {
            let entries = value.entries().into_iter().map(|(key, value)| {
                let key = rewritten_text(&key, template, is_cel);
                (Shared::Owned(key.into()), rewritten(&value, template, is_cel))
            });
            Json::map(entries.collect())
        }
        _ => value.clone(),
    }
}

fn rewritten_text(text: &str, template: &str, is_cel: bool) -> String {
    // CEL can say `object` alone.
    let roots: &[&str] =
        if is_cel { &["object", "oldObject"] } else { &["request.object", "request.oldObject"] };
    let mut text = text.to_owned();
    for part in ["spec", "metadata"] {
        for root in roots {
            let path = format!("{root}.{part}");
            if text.contains(&path) {
                text = text.replace(&path, &format!("{root}.{template}.{part}"));
            }
        }
    }
    text
}
