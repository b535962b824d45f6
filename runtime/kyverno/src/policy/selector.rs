//! Label selectors of Kubernetes, with Kyverno's wildcards in `matchLabels`.

use std::collections::BTreeMap;

use aipc_runtime::document::NodeId;

use crate::wildcard;

use super::fields::Reader;

/// A label selector.
#[derive(Clone, Debug, Default)]
pub struct LabelSelector {
    pub match_labels: BTreeMap<String, String>,
    pub expressions: Vec<Requirement>,
}

/// One of `matchExpressions`.
#[derive(Clone, Debug)]
pub struct Requirement {
    pub key: String,
    pub operator: RequirementOperator,
    pub values: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RequirementOperator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

const OPERATORS: &[(&str, RequirementOperator)] = &[
    ("In", RequirementOperator::In),
    ("NotIn", RequirementOperator::NotIn),
    ("Exists", RequirementOperator::Exists),
    ("DoesNotExist", RequirementOperator::DoesNotExist),
];

/// Reads a `LabelSelector`.
pub fn read_selector(reader: &mut Reader<'_>, node: NodeId) -> Option<LabelSelector> {
    let mut fields = reader.fields(node)?;
    let match_labels = fields.text_map(reader, "matchLabels");
    let mut expressions = Vec::new();
    for node in fields.elements(reader, "matchExpressions") {
        let Some(mut fields) = reader.fields(node) else { continue };
        let key = fields.text(reader, "key").unwrap_or_default().to_owned();
        let operator = fields.word(reader, "operator", OPERATORS);
        let values = fields.texts(reader, "values");
        fields.finish(reader);
        if let Some(operator) = operator {
            expressions.push(Requirement { key, operator, values });
        }
    }
    fields.finish(reader);
    Some(LabelSelector { match_labels, expressions })
}

impl LabelSelector {
    /// Whether labels are selected. A selector that Kubernetes would not take selects nothing.
    pub fn matches(&self, labels: &BTreeMap<&str, &str>) -> bool {
        let are_valid = self.expressions.iter().all(Requirement::is_valid);
        are_valid
            && self.match_labels.iter().all(|(key, value)| has_label(labels, key, value))
            && self.expressions.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether it asks for anything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.expressions.is_empty()
    }
}

/// Whether a label is there. A pair with a wildcard stands for one of the labels that match in key and value.
fn has_label(labels: &BTreeMap<&str, &str>, key: &str, value: &str) -> bool {
    if !wildcard::has_wildcard(key) && !wildcard::has_wildcard(value) {
        return labels.get(key) == Some(&value) && is_label(key, value);
    }
    let is_match =
        |(name, found): (&&str, &&str)| wildcard::matches(key, name) && wildcard::matches(value, found);
    if labels.iter().any(is_match) {
        return true;
    }
    // Where none matches, Kyverno puts zeros in the place of wildcards and looks for that.
    let plain = |text: &str| text.replace(['*', '?'], "0");
    labels.get(&*plain(key)) == Some(&&*plain(value))
}

impl Requirement {
    fn is_valid(&self) -> bool {
        let values = match self.operator {
            RequirementOperator::In | RequirementOperator::NotIn => !self.values.is_empty(),
            RequirementOperator::Exists | RequirementOperator::DoesNotExist => self.values.is_empty(),
        };
        values && is_qualified_name(&self.key) && self.values.iter().all(|value| is_label_value(value))
    }

    fn matches(&self, labels: &BTreeMap<&str, &str>) -> bool {
        let value = labels.get(&*self.key);
        let is_among = |value: &&str| self.values.iter().any(|known| known == value);
        match self.operator {
            RequirementOperator::In => value.is_some_and(is_among),
            RequirementOperator::NotIn => !value.is_some_and(is_among),
            RequirementOperator::Exists => value.is_some(),
            RequirementOperator::DoesNotExist => value.is_none(),
        }
    }
}

fn is_label(key: &str, value: &str) -> bool {
    is_qualified_name(key) && is_label_value(value)
}

/// A name of at most 63 letters, digits, `-`, `_` and `.`, perhaps below a DNS name.
fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_name(prefix) && is_name(name),
        None => is_name(text),
    }
}

fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text)
}

fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63 && outer(bytes.first()) && outer(bytes.last()) && bytes.iter().all(|byte| inner(*byte))
}

fn is_dns_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let outer =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let bytes = part.as_bytes();
        let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        outer(bytes.first()) && outer(bytes.last()) && bytes.iter().all(inner)
    };
    text.len() <= 253 && text.split('.').all(is_part)
}
