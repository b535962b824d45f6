//! Recorded answers as files and tests write them.

use serde_json::{Map, Value as Json};

use super::{Answer, Key};
use crate::budget::Budget;
use crate::document::Document;
use crate::value::Value;

/// Steps that reading one answer may take.
const FUEL: u64 = 10_000_000;

impl Answer {
    /// A question and its answer: `get: URL`, `post: URL` with `body`, `image: REFERENCE`, `cache: NAME`, or
    /// `create: KIND` with `object`; and either `answer: VALUE` or `fails: true`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn recorded(json: &Json) -> Result<(Key, Answer), String> {
        let Json::Object(fields) = json else { return Err("an answer is a map".to_owned()) };
        let key = question(fields)?;
        let answer = match (fields.get("answer"), fields.get("fails")) {
            (Some(answer), None) => Answer::Is(Document::from_json(answer)),
            (None, Some(Json::Bool(true))) => Answer::Fails,
            (None, Some(_)) => return Err("`fails` is `true` or is not there".to_owned()),
            (Some(_), Some(_)) => {
                return Err("it has an `answer` and `fails`; one of them is meant".to_owned());
            }
            (None, None) => return Err("it has no `answer`".to_owned()),
        };
        Ok((key, answer))
    }
}

const QUESTIONS: [&str; 5] = ["get", "post", "image", "cache", "create"];

fn question(fields: &Map<String, Json>) -> Result<Key, String> {
    let asked: Vec<&str> = QUESTIONS.into_iter().filter(|word| fields.contains_key(*word)).collect();
    let [word] = asked[..] else {
        return Err("it answers one question: `get`, `post`, `image`, `cache` or `create`".to_owned());
    };
    let sent = match word {
        "post" => Some("body"),
        "create" => Some("object"),
        _ => None,
    };
    let known =
        |key: &&String| [word, "answer", "fails"].contains(&key.as_str()) || sent == Some(key.as_str());
    if let Some(key) = fields.keys().find(|key| !known(key)) {
        return Err(format!("`{key}` does not go with `{word}`"));
    }
    let Some(Json::String(text)) = fields.get(word) else { return Err(format!("`{word}` is text")) };
    let with = |make: &dyn Fn(&Value<'_>, &mut Budget) -> Result<Key, crate::budget::OverBudget>| {
        let sent = sent.unwrap_or_default();
        let body = fields.get(sent).ok_or(format!("`{word}` needs `{sent}`"))?;
        let document = Document::from_json(body);
        make(&Value::Node(&document, document.root()), &mut Budget::new(FUEL))
            .map_err(|_| format!("`{sent}` is too large"))
    };
    match word {
        "get" => Ok(Key::http_get(text)),
        "post" => with(&|body, budget| Key::http_post(text, body, budget)),
        "image" => Ok(Key::image(text)),
        "cache" => Ok(Key::cache(text)),
        _ => with(&|object, budget| Key::post(text, object, budget)),
    }
}
