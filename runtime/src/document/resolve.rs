//! What a YAML scalar means to Kubernetes: YAML 1.1 as `sigs.k8s.io/yaml` reads it.

use std::borrow::Cow;

use super::number::{Number, float_key, plain_number, point_float};
use super::timestamp::is_timestamp;

/// The value of a scalar, before it goes through JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Resolved<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Str(Cow<'a, str>),
}

/// The prefix of the tags that `!!` stands for.
const YAML_TAG: &str = "tag:yaml.org,2002:";

/// The tags that change or check a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Str,
    Bool,
    Int,
    Float,
    Null,
    Timestamp,
    Binary,
    /// Any other tag; the text stays text.
    Other,
}

/// The value of a scalar, or what is wrong with it. `implicit` says that the scalar is plain, or
/// has the tag `!`.
pub(super) fn resolve<'a>(
    text: Cow<'a, str>,
    tag: Option<&str>,
    implicit: bool,
) -> Result<Resolved<'a>, String> {
    let Some(tag_text) = tag else {
        return Ok(if implicit { plain_value(text) } else { Resolved::Str(text) });
    };
    let tag = tag_of(tag_text);
    match tag {
        Tag::Str | Tag::Other => return Ok(Resolved::Str(text)),
        Tag::Binary => return decode_binary(&text).map(|text| Resolved::Str(Cow::Owned(text))),
        Tag::Timestamp if is_timestamp(&text) => return Ok(Resolved::Str(text)),
        Tag::Bool | Tag::Int | Tag::Float | Tag::Null | Tag::Timestamp => {}
    }
    match (tag, plain_value(Cow::Borrowed(text.as_ref()))) {
        (Tag::Null, Resolved::Null) => Ok(Resolved::Null),
        (Tag::Bool, Resolved::Bool(it)) => Ok(Resolved::Bool(it)),
        (Tag::Int, Resolved::Number(it @ (Number::Int(_) | Number::Uint(_)))) => Ok(Resolved::Number(it)),
        (Tag::Float, Resolved::Number(it @ Number::Float(_))) => Ok(Resolved::Number(it)),
        (Tag::Float, Resolved::Number(Number::Int(it))) => Ok(Resolved::Number(Number::Float(it as f64))),
        _ => {
            let tag = tag_text.strip_prefix(YAML_TAG).unwrap_or(tag_text);
            Err(format!("{} is not a value of the tag `!!{tag}`", quoted(&text)))
        }
    }
}

/// Whether Kubernetes gives the tag a meaning, or the tag is the one that says "text".
pub(super) fn is_known_tag(tag: &str) -> bool {
    tag == "!"
        || tag_of(tag) != Tag::Other
        || matches!(tag.strip_prefix(YAML_TAG), Some("map" | "seq" | "merge"))
}

/// Whether the key is a merge key.
pub(super) fn is_merge(text: &str, tag: Option<&str>, implicit: bool) -> bool {
    text == "<<" && (implicit || tag.and_then(|tag| tag.strip_prefix(YAML_TAG)) == Some("merge"))
}

/// The text of a key as it stands in JSON, or why it cannot.
pub(super) fn key_text<'a>(key: &Resolved<'a>) -> Result<Cow<'a, str>, &'static str> {
    Ok(match key {
        Resolved::Str(text) => text.clone(),
        Resolved::Bool(true) => Cow::Borrowed("true"),
        Resolved::Bool(false) => Cow::Borrowed("false"),
        Resolved::Number(Number::Int(it)) => Cow::Owned(it.to_string()),
        Resolved::Number(Number::Float(it)) => Cow::Owned(float_key(*it)),
        Resolved::Number(Number::Uint(_)) => {
            return Err("an integer of 2^63 or more cannot be a key; quote it");
        }
        Resolved::Null => return Err("null cannot be a key; quote it if text is meant"),
    })
}

/// What YAML 1.2 makes of a plain scalar that Kubernetes reads as `value`, if that is not the same.
pub(super) fn other_reading(text: &str, value: &Resolved<'_>) -> Option<&'static str> {
    match value {
        Resolved::Null | Resolved::Str(_) => None,
        Resolved::Bool(_) => {
            let is_core = matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE");
            (!is_core).then_some("text")
        }
        Resolved::Number(Number::Float(_)) => text.contains('_').then_some("text"),
        Resolved::Number(Number::Int(_) | Number::Uint(_)) => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            let is_signed = digits.len() < text.len();
            match digits.as_bytes() {
                _ if text.contains('_') => Some("text"),
                [b'0', b'b' | b'B' | b'X' | b'O', ..] => Some("text"),
                [b'0', b'x' | b'o', ..] => is_signed.then_some("text"),
                [b'0', rest @ ..] if rest.iter().any(|digit| *digit != b'0') => {
                    let is_same = rest.iter().skip_while(|digit| **digit == b'0').count() == 1;
                    (!is_same).then_some("a decimal number")
                }
                _ => None,
            }
        }
    }
}

/// `text` in backticks, cut to a length that fits a message.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    match text.char_indices().nth(SHOWN_MAX) {
        None => format!("`{}`", text.escape_debug()),
        Some((at, _)) => format!("`{}…`", text[..at].escape_debug()),
    }
}

fn tag_of(tag: &str) -> Tag {
    match tag.strip_prefix(YAML_TAG) {
        Some("str") => Tag::Str,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("null") => Tag::Null,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        _ => Tag::Other,
    }
}

/// The value of a plain scalar. The first character decides what it can be.
fn plain_value(text: Cow<'_, str>) -> Resolved<'_> {
    match text.as_bytes().first() {
        None | Some(b'~' | b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => {
            match text.as_ref() {
                "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
                "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
                    Resolved::Bool(true)
                }
                "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
                    Resolved::Bool(false)
                }
                _ => Resolved::Str(text),
            }
        }
        Some(b'.') => match text.as_ref() {
            ".nan" | ".NaN" | ".NAN" => Resolved::Number(Number::Float(f64::NAN)),
            ".inf" | ".Inf" | ".INF" => Resolved::Number(Number::Float(f64::INFINITY)),
            _ => match point_float(&text) {
                Some(float) => Resolved::Number(Number::Float(float)),
                None => Resolved::Str(text),
            },
        },
        Some(b'+' | b'-' | b'0'..=b'9') => match text.as_ref() {
            "+.inf" | "+.Inf" | "+.INF" => Resolved::Number(Number::Float(f64::INFINITY)),
            "-.inf" | "-.Inf" | "-.INF" => Resolved::Number(Number::Float(f64::NEG_INFINITY)),
            _ => match plain_number(&text) {
                Some(number) => Resolved::Number(number),
                None => Resolved::Str(text),
            },
        },
        Some(_) => Resolved::Str(text),
    }
}

/// Base64 with line breaks anywhere; bytes that are not UTF-8 become U+FFFD one by one, as Go
/// writes them to JSON.
fn decode_binary(text: &str) -> Result<String, String> {
    let wrong = || format!("{} is not base64", quoted(text));
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    if !digits.len().is_multiple_of(4) {
        return Err(wrong());
    }
    let padding = digits.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let mut bits: u32 = 0;
    for (at, digit) in digits[..digits.len() - padding].iter().enumerate() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err(wrong()),
        };
        bits = bits << 6 | u32::from(value);
        // Every digit but the first of four completes a byte.
        if at % 4 != 0 {
            let left = 2 * (3 - at % 4) as u32;
            bytes.push((bits >> left) as u8);
        }
    }
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(decoded)
}
