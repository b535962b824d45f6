//! What an expression finds here, in the words of the oracle; and why Kyverno may find another thing.

use super::expressions::Question;
use crate::support::oracle::Found;
use aipc_kyverno::jmespath::{Query, SearchError};
use aipc_kyverno::json::{Json, View};
use serde_json::{Value, json};

/// What is compared: a value with all its numbers as floats, the kind of failure, and which key is unknown.
pub fn outcome(found: &Found) -> Value {
    match found {
        it if !it.refused.is_empty() => json!("refused"),
        it if !it.panic.is_empty() => json!("panic"),
        it if it.unknown_key => json!({"unknown": it.error}),
        it if !it.error.is_empty() => json!("error"),
        it if !it.not_evaluated.is_empty() => json!("not evaluated"),
        it => json!({"value": floats(&it.value)}),
    }
}

fn floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(elements) => elements.iter().map(floats).collect(),
        Value::Object(entries) => {
            // Maps of serde_json keep their order, which says nothing here.
            let mut sorted: Vec<_> =
                entries.iter().map(|(key, value)| (key.clone(), floats(value))).collect();
            sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
            sorted.into_iter().collect()
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// What we find.
pub fn ours(question: &Question) -> Found {
    let text = question.document.to_string();
    let read = aipc_runtime::document::read("document.json", text.as_bytes(), &Default::default());
    let root = Json::of(&read.documents[0]);
    let root = if question.integers { root.with_integers() } else { root };
    let query = match Query::parse(&question.expression) {
        Ok(query) => query,
        Err(error) => return Found { refused: error.to_string(), ..Found::default() },
    };
    let now = aipc_runtime::value::Time::from_unix(1_700_000_000, 0);
    match query.search(&root, Some(now)) {
        Ok(value) => Found { value: typed(&value), ..Found::default() },
        Err(error) => {
            let message = error.to_string();
            match error {
                SearchError::UnknownKey(_) => Found { error: message, unknown_key: true, ..Found::default() },
                SearchError::Other(_) => Found { error: message, ..Found::default() },
                SearchError::Panic(_) => Found { panic: message, ..Found::default() },
                SearchError::NotEvaluated(what) => Found { not_evaluated: what, ..Found::default() },
            }
        }
    }
}

/// The value with the types that JSON has not, as the oracle writes them.
fn typed(value: &Json<'_>) -> Value {
    match value.view() {
        View::Null => Value::Null,
        View::Bool(value) => json!(value),
        View::Int(number) => json!({"$int": number.to_string()}),
        View::Float(number) if number.is_nan() => json!({"$float": "NaN"}),
        View::Float(number) if number.is_infinite() => {
            json!({"$float": if number > 0.0 { "+Inf" } else { "-Inf" }})
        }
        View::Float(number) => json!(number),
        View::Text(text) => json!(text),
        View::List { .. } => {
            let elements: Value = value.elements().map(|element| typed(&element)).collect();
            if value.is_records() { json!({"$records": elements}) } else { elements }
        }
        View::Map { .. } => {
            let entries = value.entries();
            entries.iter().map(|(key, value)| (key.to_string(), typed(value))).collect()
        }
    }
}

/// Why ours is not Kyverno's, where that is known; `again` asks Kyverno once more.
pub fn cause(question: &Question, ours: &Found, again: impl Fn() -> Found) -> Option<String> {
    let expression = question.expression.as_str();
    let names = |name: &str| expression.contains(name);
    if !ours.not_evaluated.is_empty() {
        return Some(format!("not evaluated: {}", generic(&ours.not_evaluated)));
    }
    if question.integers && names("compare(") {
        return Some("Go's int of `compare` is none of the document's int64".to_owned());
    }
    if names("sort_by(") && again().sorted {
        return Some("`sort_by` sorts the document in place".to_owned());
    }
    if names("keys(") || names("values(") || names("*") {
        let found = outcome(ours);
        let answers: Vec<Value> = (0..60).map(|_| outcome(&again())).collect();
        let varies = answers.iter().any(|answer| *answer != answers[0]);
        // Ours is one of Kyverno's, or has the same elements where there are too many orders to see it.
        let is_one = answers.contains(&found) || unordered(&found) == unordered(&answers[0]);
        if varies && is_one {
            return Some("maps have any order in Kyverno".to_owned());
        }
    }
    None
}

/// Whether Kyverno has one answer, and we have one too: none of the causes can apply.
pub fn is_settled(question: &Question, ours: &Found) -> bool {
    let unsettled = ["keys(", "values(", "*", "sort_by(", "compare("];
    ours.not_evaluated.is_empty() && !unsettled.iter().any(|it| question.expression.contains(it))
}

/// The value with all lists sorted.
fn unordered(value: &Value) -> Value {
    match value {
        Value::Array(elements) => {
            let mut elements: Vec<Value> = elements.iter().map(unordered).collect();
            elements.sort_by_key(Value::to_string);
            elements.into()
        }
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), unordered(value))).collect()
        }
        value => value.clone(),
    }
}

/// Without what is in backticks, so that equal reasons are equal.
fn generic(reason: &str) -> String {
    reason.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "…" }).collect()
}
