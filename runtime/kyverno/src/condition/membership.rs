//! `AnyIn`, `AllIn`, `AnyNotIn`, `AllNotIn`, and the older `In` and `NotIn`.
//!
//! Keys and items are compared as texts, with wildcards on both sides where the value is a list.

use crate::go_text::sprint;
use crate::json::{Json, View};
use crate::pattern::scalar::{TextPattern, is_range};
use crate::wildcard;

/// How many of a list of keys have to be in the value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quantifier {
    Any,
    All,
}

/// Whether any or all of the key is in the value, or is not, if negated.
pub fn test(key: &Json<'_>, value: &Json<'_>, quantifier: Quantifier, negated: bool) -> bool {
    match key.view() {
        View::Null | View::Map { .. } => false,
        View::Text(_) | View::Int(_) | View::Float(_) | View::Bool(_) => {
            // A value of the wrong type makes the negated form false, too.
            scalar_in(&sprint(key), value).is_some_and(|found| found != negated)
        }
        View::List { .. } => {
            let keys: Vec<String> = key.elements().map(|element| sprint(&element)).collect();
            list_in(&keys, value, quantifier, negated).unwrap_or(false)
        }
    }
}

/// Whether a text is in the value; `None` if the value is of no use.
fn scalar_in(key: &str, value: &Json<'_>) -> Option<bool> {
    match value.view() {
        View::List { .. } => Some(value.elements().any(|item| is_alike(key, &sprint(&item)))),
        View::Text(text) => {
            if wildcard::matches(text, key) {
                return Some(true);
            }
            if is_range(text) {
                return Some(in_range(key, text));
            }
            Some(items_of(text)?.iter().any(|item| item == key))
        }
        View::Null | View::Bool(_) | View::Int(_) | View::Float(_) | View::Map { .. } => None,
    }
}

fn list_in(keys: &[String], value: &Json<'_>, quantifier: Quantifier, negated: bool) -> Option<bool> {
    let among = |items: &[String]| {
        let is_in = |key: &String| items.iter().any(|item| is_alike(key, item));
        match (quantifier, negated) {
            (Quantifier::Any, false) => keys.iter().any(is_in),
            (Quantifier::All, false) => keys.iter().all(is_in),
            (Quantifier::Any, true) => !keys.iter().all(is_in),
            (Quantifier::All, true) => !keys.iter().any(is_in),
        }
    };
    match value.view() {
        View::List { .. } => Some(among(&value.elements().map(|item| sprint(&item)).collect::<Vec<_>>())),
        View::Text(text) => {
            if let [key] = keys
                && key == text
            {
                return Some(!negated);
            }
            if is_range(text) {
                let is_in = |key: &String| in_range(key, text);
                return Some(match (quantifier, negated) {
                    (Quantifier::Any, false) => keys.iter().any(is_in),
                    (Quantifier::All, false) => keys.iter().all(is_in),
                    // Strictly outside: what is no number at all is not.
                    (Quantifier::Any, true) => {
                        let outside = TextPattern::new(&text.replacen('-', "!-", 1));
                        keys.iter().any(|key| outside.matches(&Json::text(key.as_str())))
                    }
                    (Quantifier::All, true) => !keys.iter().any(is_in),
                });
            }
            Some(among(&items_of(text)?))
        }
        View::Bool(_) | View::Int(_) | View::Float(_) if quantifier == Quantifier::Any => {
            Some(among(&[sprint(value)]))
        }
        View::Null | View::Bool(_) | View::Int(_) | View::Float(_) | View::Map { .. } => None,
    }
}

fn in_range(key: &str, range: &str) -> bool {
    TextPattern::new(range).matches(&Json::text(key))
}

fn is_alike(key: &str, item: &str) -> bool {
    wildcard::matches(item, key) || wildcard::matches(key, item)
}

/// The items that a text means: those of a JSON array of texts, or the text itself. `None` for any other JSON.
fn items_of(text: &str) -> Option<Vec<String>> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Err(_) => Some(vec![text.to_owned()]),
        Ok(value) => texts_of(value),
    }
}

/// The texts that Go reads into a list of strings: null items are empty, and null itself is an empty list.
fn texts_of(value: serde_json::Value) -> Option<Vec<String>> {
    use serde_json::Value;
    let text = |item| match item {
        Value::String(text) => Some(text),
        Value::Null => Some(String::new()),
        _ => None,
    };
    match value {
        Value::Array(items) => items.into_iter().map(text).collect(),
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

/// The deprecated `In` and `NotIn`: the whole of a list, compared exactly.
///
/// # Errors
/// A list of keys holds something else than text, on which Kyverno's process ends.
pub fn exact(key: &Json<'_>, value: &Json<'_>, negated: bool) -> Result<bool, String> {
    match key.view() {
        View::Null | View::Map { .. } => Ok(false),
        View::Text(_) | View::Int(_) | View::Float(_) | View::Bool(_) => {
            let key = sprint(key);
            let found = match value.view() {
                View::List { .. } => Some(value.elements().any(|item| is_alike(&key, &sprint(&item)))),
                View::Text(text) if wildcard::matches(text, &key) => Some(true),
                View::Text(text) => json_texts(text).map(|items| items.contains(&key)),
                _ => None,
            };
            Ok(found.is_some_and(|found| found != negated))
        }
        View::List { .. } => {
            let mut keys = Vec::new();
            for element in key.elements() {
                match element.as_text() {
                    Some(text) => keys.push(text.to_owned()),
                    None => {
                        return Err(
                            "Kyverno ends on In and NotIn with a list that holds more than text".to_owned()
                        );
                    }
                }
            }
            let items = match value.view() {
                View::List { .. } => value.elements().map(|item| item.as_text().map(str::to_owned)).collect(),
                // One key that is the value itself is in it, and Kyverno says so for the negated form, too.
                View::Text(text) if keys.len() == 1 && keys[0] == text => return Ok(true),
                View::Text(text) => json_texts(text),
                _ => None,
            };
            let Some(items) = items else { return Ok(false) };
            let is_in = keys.iter().all(|key| items.contains(key));
            Ok(is_in != negated)
        }
    }
}

fn json_texts(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok().and_then(texts_of)
}
