//! Which objects a policy is about: `matchConstraints`.

use crate::formats::yaml_write::{Map, Node};
use crate::ir::{
    Body, Comparison, Cond, CondKind, Domain, Literal, Path, Root, Rule, Step, Target, Test, Unknown, Value,
    ValueKind,
};

/// The groups in which workloads live: no two of them have a resource of the same name, so that one rule
/// can list them together.
const WORKLOAD_GROUPS: [&str; 3] = ["", "apps", "batch"];

struct ResourceRule {
    groups: Vec<String>,
    version: String,
    resources: Vec<String>,
}

/// The rules of `matchConstraints`: one for each group and version, in the order of the targets.
pub(in crate::formats) fn resource_rules(rule: &Rule) -> Node {
    let mut rules: Vec<ResourceRule> = Vec::new();
    // A clean-up lists each of its resources in each of its groups, at times and not on operations.
    let deletes = matches!(rule.body, Body::Delete(_));
    for target in &rule.targets {
        let (group, version) = match target.kind.is_any() {
            true => ("*".to_owned(), "*".to_owned()),
            false => (target.kind.group.clone(), target.kind.version.clone()),
        };
        let workload = |group: &String| !deletes && WORKLOAD_GROUPS.contains(&group.as_str());
        let same = |rule: &&mut ResourceRule| {
            rule.version == version
                && (rule.groups.contains(&group) || (workload(&group) && rule.groups.iter().all(workload)))
        };
        let resource = resource(target);
        match rules.iter_mut().find(same) {
            Some(rule) => {
                push_new(&mut rule.groups, group);
                push_new(&mut rule.resources, resource);
            }
            None => rules.push(ResourceRule { groups: vec![group], version, resources: vec![resource] }),
        }
    }
    let operations = if deletes { vec!["*"] } else { rule.operations.names() };
    let node = |rule: ResourceRule| {
        Map::new()
            .with("apiGroups", rule.groups)
            .with("apiVersions", vec![rule.version])
            .with("operations", operations.clone())
            .with("resources", rule.resources)
    };
    Node::from(rules.into_iter().map(node).collect::<Vec<Map>>())
}

fn push_new(items: &mut Vec<String>, item: String) {
    if !items.contains(&item) {
        items.push(item);
    }
}

/// `pods`, `pods/exec`, `*`. A plain `*` leaves subresources out.
fn resource(target: &Target) -> String {
    let plural = if target.kind.is_any() { "*" } else { target.kind.plural.as_str() };
    match &target.subresource {
        Some(subresource) => format!("{plural}/{}", subresource.trim_start_matches('/')),
        None => plural.to_owned(),
    }
}

/// Whether Kyverno would make rules for workloads out of this one: it is about Pods and nothing else.
pub(in crate::formats) fn would_autogen(rule: &Rule) -> bool {
    rule.targets.iter().all(|target| {
        target.kind.group.is_empty() && target.kind.kind == "Pod" && target.subresource.is_none()
    })
}

/// Takes out the first condition that a `namespaceSelector` says exactly: labels of the namespace, which do
/// not match where they are unknown.
pub(in crate::formats) fn take_namespace_selector(conditions: &mut Vec<&Cond>, rule: &Rule) -> Option<Map> {
    // the selector reads the own labels of Namespaces, and lets other kinds without a namespace pass
    if !rule.targets.iter().all(|target| target.kind.namespaced && !target.kind.is_any()) {
        return None;
    }
    let (number, selector) =
        conditions.iter().enumerate().find_map(|(number, cond)| Some((number, selector(cond)?)))?;
    conditions.remove(number);
    Some(selector)
}

fn selector(cond: &Cond) -> Option<Map> {
    let CondKind::Known { about: Unknown::NamespaceLabels, cond, otherwise: false } = &cond.kind else {
        return None;
    };
    let parts = match &cond.kind {
        CondKind::And(parts) => parts.as_slice(),
        _ => std::slice::from_ref(&**cond),
    };
    let mut labels = Map::new();
    let mut expressions: Vec<Map> = Vec::new();
    for part in parts {
        match requirement(part)? {
            Requirement::Label(key, value) if labels.get(&key).is_none() => {
                labels.set(key, value);
            }
            Requirement::Label(key, value) => expressions.push(expression(key, "In", Some(vec![value]))),
            Requirement::In(key, values) => expressions.push(expression(key, "In", Some(values))),
            Requirement::Exists(key) => expressions.push(expression(key, "Exists", None)),
        }
    }
    let mut selector = Map::new();
    if !labels.is_empty() {
        selector.set("matchLabels", labels);
    }
    if !expressions.is_empty() {
        selector.set("matchExpressions", expressions);
    }
    Some(selector)
}

enum Requirement {
    Label(String, String),
    In(String, Vec<String>),
    Exists(String),
}

fn requirement(cond: &Cond) -> Option<Requirement> {
    match &cond.kind {
        CondKind::Compare { comparison: Comparison::Equal, domain: Domain::Text, left, right } => {
            match (label(left), text(right), label(right), text(left)) {
                (Some(key), Some(value), _, _) | (_, _, Some(key), Some(value)) => {
                    Some(Requirement::Label(key, value))
                }
                _ => None,
            }
        }
        CondKind::Has(value) => Some(Requirement::Exists(label(value)?)),
        CondKind::Test(Test::InList, values) => match values.as_slice() {
            [value, Value { kind: ValueKind::List(texts), .. }] if !texts.is_empty() => {
                let texts: Option<Vec<String>> = texts.iter().map(text).collect();
                Some(Requirement::In(label(value)?, texts?))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The key of a label of the namespace.
fn label(value: &Value) -> Option<String> {
    let Path { root: Root::NamespaceObject, steps } = value.as_path()? else { return None };
    match steps.as_slice() {
        [Step::Field(metadata), Step::Field(labels), Step::Field(key)]
            if metadata.name == "metadata" && labels.name == "labels" && is_label_key(&key.name) =>
        {
            Some(key.name.clone())
        }
        _ => None,
    }
}

/// A literal text that can be the value of a label; others would make the selector invalid.
fn text(value: &Value) -> Option<String> {
    match value.as_literal()? {
        Literal::Text(text) if text.is_empty() || is_qualified(text) => Some(text.clone()),
        _ => None,
    }
}

/// Up to 63 letters, digits, `-`, `_`, `.`, with a letter or digit at both ends.
fn is_qualified(text: &str) -> bool {
    let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    text.len() <= 63
        && end(text.as_bytes().first())
        && end(text.as_bytes().last())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_label_key(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let domain = |prefix: &str| {
        prefix.len() <= 253
            && prefix.split('.').all(|label| {
                is_qualified(label)
                    && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
    };
    is_qualified(name) && prefix.is_none_or(domain)
}

fn expression(key: String, operator: &str, values: Option<Vec<String>>) -> Map {
    Map::new().with("key", key).with("operator", operator).with_some("values", values)
}
