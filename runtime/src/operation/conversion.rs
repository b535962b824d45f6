//! Conversions between types; missing where they cannot convert.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;

use super::{Operation, number};
use crate::budget::{Budget, DEPTH_MAX, OverBudget};
use crate::document::{Document, DuplicateKeys, FindingKind, ReadOptions, read};
use crate::value::{Semver, Shared, Value, View, json_text, scalar_text};

fn made<'a>(text: String, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    budget.text_len(text.len())?;
    budget.spend_text(text.len())?;
    Ok(Value::text(text))
}

pub(super) fn to_text<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    match a.to_shared_text() {
        Some(text) => Ok(Value::Text(text)),
        None => scalar_text(a).map_or(Ok(Value::Missing), |text| made(text, budget)),
    }
}

/// Text in decimal digits; floats lose what stands after the point, quantities have to be whole.
pub(super) fn to_int<'a>(a: &Value<'a>) -> Value<'a> {
    let number = match a.view() {
        View::Int(number) => Some(number),
        View::Text(text) => text.parse().ok(),
        View::Quantity(quantity) => quantity.number.to_i64(),
        View::Float(number) => {
            let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
            fits.then_some(number as i64)
        }
        _ => None,
    };
    number.map_or(Value::Missing, Value::Int)
}

/// Text in decimal digits with an optional point and exponent.
pub(super) fn to_float<'a>(a: &Value<'a>) -> Value<'a> {
    match a.view() {
        View::Int(number) => Value::Float(number as f64),
        View::Float(number) => Value::float(number),
        View::Quantity(quantity) => Value::float(quantity.number.to_f64()),
        // Words such as `inf` and `nan` are no numbers of JSON.
        View::Text(text)
            if !text.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E')) =>
        {
            text.parse().map_or(Value::Missing, Value::float)
        }
        _ => Value::Missing,
    }
}

pub(super) fn to_quantity<'a>(a: &Value<'a>) -> Value<'a> {
    number::to_quantity(a)
}

pub(super) fn to_version<'a>(a: &Value<'a>) -> Value<'a> {
    match a {
        Value::Semver(semver) => Value::Semver(semver.clone()),
        _ => match a.as_text().and_then(Semver::parse_lenient) {
            Some(semver) => Value::Semver(Shared::Owned(std::sync::Arc::new(semver))),
            None => Value::Missing,
        },
    }
}

/// Compact, with sorted keys.
pub(super) fn to_json<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    json_text(a, budget).map(Value::text)
}

pub(super) fn from_json<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let Some(text) = a.as_text() else { return Ok(Value::Missing) };
    budget.spend(text.len() as u64)?;
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => {
            let document = Document::from_json(&json);
            Ok(owned(&Value::Node(&document, document.root())))
        }
        Err(_) => Ok(Value::Missing),
    }
}

/// One document, read as manifests are; of equal keys the last counts. Missing if anything of it cannot be
/// read.
pub(super) fn from_yaml<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let Some(text) = a.as_text() else { return Ok(Value::Missing) };
    budget.spend(text.len() as u64)?;
    let options =
        ReadOptions { duplicate_keys: DuplicateKeys::Last, depth_max: DEPTH_MAX, ..ReadOptions::default() };
    let file = read("", text.as_bytes(), &options);
    // What is no Kubernetes object may well be YAML.
    let refused = file.findings.iter().any(|it| it.is_error() && it.kind != FindingKind::NotAResource);
    match file.documents.as_slice() {
        [document] if !refused => {
            budget.spend(document.node_count() as u64)?;
            Ok(owned(&Value::Node(document, document.root())))
        }
        _ => Ok(Value::Missing),
    }
}

/// A value that no longer needs the document it stands in. Null becomes missing; the readers bound the depth.
fn owned<'a>(value: &Value<'_>) -> Value<'a> {
    match value.view() {
        View::Bool(value) => Value::Bool(value),
        View::Int(number) => Value::Int(number),
        View::Float(number) => Value::Float(number),
        View::Text(text) => Value::text(text),
        View::List { .. } => Value::list(value.elements().map(|element| owned(&element)).collect()),
        View::Map { .. } => {
            let own = |(key, value): (Shared<'_, str>, Value<'_>)| {
                (Shared::Owned(std::sync::Arc::from(&*key)), owned(&value))
            };
            Value::map(value.entries().into_iter().map(own).collect())
        }
        // No document holds the other types.
        _ => Value::Missing,
    }
}

pub(super) fn base64_encode<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    match a.as_text() {
        Some(text) => made(STANDARD.encode(text), budget),
        None => Ok(Value::Missing),
    }
}

/// The standard alphabet with padding; line breaks are skipped. Missing if what comes out is no UTF-8.
pub(super) fn base64_decode<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let Some(text) = a.as_text() else { return Ok(Value::Missing) };
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let decoded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.map_or(Ok(Value::Missing), |text| made(text, budget))
}

/// The digest of a text in lower-case hexadecimal digits.
pub(super) fn hash<'a>(
    operation: Operation,
    a: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let Some(text) = a.as_text() else { return Ok(Value::Missing) };
    budget.spend(text.len() as u64 / 8)?;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let digest = match operation {
        Operation::Sha256 => hex(&sha2::Sha256::digest(text)),
        Operation::Sha1 => hex(&sha1::Sha1::digest(text)),
        Operation::Md5 => hex(&md5::Md5::digest(text)),
        _ => return Ok(Value::Missing),
    };
    Ok(Value::text(digest))
}
