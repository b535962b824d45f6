//! Between values and text: JSON, YAML, base64, digests.

use std::sync::Arc;

use aipc_runtime::budget::DEPTH_MAX;
use aipc_runtime::document::{DuplicateKeys, FindingKind, ReadOptions, read};
use aipc_runtime::value::Shared;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD as PADDED};
use sha2::Digest;

use super::{Answer, argument_at, not_evaluated, other, text_at};
use crate::go_text::float_g;
use crate::jmespath::interpret::Evaluation;
use crate::jmespath::json_text::{self, Fault};
use crate::json::{Escape, Json, View};

/// As Go decodes: with padding, and whatever bits are left over.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

pub(super) fn base64_encode<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let text = text_at(arguments, 0)?;
    evaluation.make(text.len() / 3 * 4 + 4)?;
    Ok(Json::text(PADDED.encode(text)))
}

/// Line breaks are skipped. Bytes that are no text are not evaluated: Kyverno goes on with them.
pub(super) fn base64_decode<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let text: String = text_at(arguments, 0)?.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    evaluation.make(text.len())?;
    match LENIENT.decode(text).map(String::from_utf8) {
        Ok(Ok(decoded)) => Ok(Json::text(decoded)),
        Ok(Err(_)) => not_evaluated("bytes that are no text"),
        Err(error) => other(format!("illegal base64 data: {error}")),
    }
}

pub(super) fn sha256<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let text = text_at(arguments, 0)?;
    evaluation.spend(text.len() / 8)?;
    Ok(hexadecimal(&sha2::Sha256::digest(text)))
}

pub(super) fn sha1<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let text = text_at(arguments, 0)?;
    evaluation.spend(text.len() / 8)?;
    Ok(hexadecimal(&sha1::Sha1::digest(text)))
}

pub(super) fn md5<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let text = text_at(arguments, 0)?;
    evaluation.spend(text.len() / 8)?;
    Ok(hexadecimal(&md5::Md5::digest(text)))
}

fn hexadecimal<'a>(bytes: &[u8]) -> Json<'a> {
    Json::text(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Text as it is, anything else as JSON.
pub(super) fn to_string<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let value = argument_at(arguments, 0)?;
    if let Some(text) = value.to_text() {
        return Ok(Json::Text(text));
    }
    evaluation.walk(value)?;
    if let Some(number) = unsayable(value) {
        return other(format!("json: unsupported value: {}", float_g(number)));
    }
    let text = value.to_json(Escape::Html);
    evaluation.make(text.len())?;
    Ok(Json::text(text))
}

/// A number of the value that JSON cannot say.
fn unsayable(value: &Json<'_>) -> Option<f64> {
    match value.view() {
        View::Float(number) => (!number.is_finite()).then_some(number),
        View::List { .. } => value.elements().find_map(|element| unsayable(&element)),
        View::Map { .. } => value.entries().iter().find_map(|(_, value)| unsayable(value)),
        View::Null | View::Bool(_) | View::Int(_) | View::Text(_) => None,
    }
}

pub(super) fn parse_json<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let text = text_at(arguments, 0)?;
    evaluation.spend(text.len())?;
    match json_text::read(text) {
        Ok(value) => Ok(value),
        Err(Fault::Syntax(message)) => other(message),
        Err(Fault::Depth) => not_evaluated("JSON with more levels than we read"),
    }
}

/// The first document of a text, read as manifests are; of equal keys the last one counts.
pub(super) fn parse_yaml<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let text = text_at(arguments, 0)?;
    evaluation.spend(text.len())?;
    let options =
        ReadOptions { duplicate_keys: DuplicateKeys::Last, depth_max: DEPTH_MAX, ..ReadOptions::default() };
    let file = read("", text.as_bytes(), &options);
    // What is no Kubernetes object may well be YAML.
    let refused = file.findings.iter().find(|it| it.is_error() && it.kind != FindingKind::NotAResource);
    if let Some(finding) = refused {
        return other(format!("yaml: {}", finding.message));
    }
    match file.documents.first() {
        None => Ok(Json::Null),
        Some(document) => {
            evaluation.spend(document.node_count())?;
            Ok(owned(&Json::of(document)))
        }
    }
}

/// A value that no longer needs the document it stands in; the reader bounds the depth.
fn owned<'a>(value: &Json<'_>) -> Json<'a> {
    match value.view() {
        View::Null => Json::Null,
        View::Bool(value) => Json::Bool(value),
        View::Int(number) => Json::Int(number),
        View::Float(number) => Json::Float(number),
        View::Text(text) => Json::text(text),
        View::List { .. } => Json::list(value.elements().map(|element| owned(&element)).collect()),
        View::Map { .. } => {
            let entries = value.entries();
            let own =
                |(key, value): &(Shared<'_, str>, Json<'_>)| (Shared::Owned(Arc::from(&**key)), owned(value));
            Json::map(entries.iter().map(own).collect())
        }
    }
}
