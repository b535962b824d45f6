//! Paths into resources, and the places that they name.

use serde_json::Value;

/// A path such as `spec.containers[].image` or `metadata.labels["app.kubernetes.io/name"]`.
/// `[]` (or `[*]`) stands for every element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(String),
    Each,
}

impl Path {
    /// Panics on a malformed path: paths are written by tests.
    pub fn parse(text: &str) -> Path {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("[]").or_else(|| rest.strip_prefix("[*]")) {
                steps.push(Step::Each);
                rest = after;
            } else if let Some(quoted) = rest.strip_prefix("[\"") {
                let end = quoted.find("\"]").unwrap_or_else(|| panic!("unclosed key in `{text}`"));
                steps.push(Step::Key(quoted[..end].to_owned()));
                rest = &quoted[end + 2..];
            } else {
                let key = rest.strip_prefix('.').unwrap_or(rest);
                let end = key.find(['.', '[']).unwrap_or(key.len());
                assert!(end > 0, "empty key in `{text}`");
                steps.push(Step::Key(key[..end].to_owned()));
                rest = &key[end..];
            }
        }
        Path(steps)
    }

    /// The path below `keys`.
    pub fn under(&self, keys: &[&str]) -> Path {
        let mut steps: Vec<Step> = keys.iter().map(|key| Step::Key((*key).to_owned())).collect();
        steps.extend(self.0.iter().cloned());
        Path(steps)
    }

    /// The last key, whatever elements follow it.
    pub fn last_key(&self) -> Option<&str> {
        self.keys().last()
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Each => None,
        })
    }
}

/// A place in a value: keys and indices from the root, as in a JSON pointer.
pub type Place = Vec<String>;

/// Every place below the root, parents before children.
pub fn places(value: &Value) -> Vec<Place> {
    fn walk(value: &Value, here: &mut Place, found: &mut Vec<Place>) {
        let mut visit = |key: String, child: &Value| {
            here.push(key);
            found.push(here.clone());
            walk(child, here, found);
            here.pop();
        };
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, child)| visit(key.clone(), child)),
            Value::Array(elements) => {
                elements.iter().enumerate().for_each(|(index, child)| visit(index.to_string(), child));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    walk(value, &mut Vec::new(), &mut found);
    found
}

pub fn at<'a>(value: &'a Value, place: &[String]) -> Option<&'a Value> {
    place.iter().try_fold(value, |value, key| match value {
        Value::Object(fields) => fields.get(key),
        Value::Array(elements) => elements.get(key.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

pub fn at_mut<'a>(value: &'a mut Value, place: &[String]) -> Option<&'a mut Value> {
    place.iter().try_fold(value, |value, key| match value {
        Value::Object(fields) => fields.get_mut(key),
        Value::Array(elements) => elements.get_mut(key.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// Takes the field or element at `place` out; false if there is none.
pub fn remove(value: &mut Value, place: &[String]) -> bool {
    let Some((last, parent)) = place.split_last() else { return false };
    match at_mut(value, parent) {
        Some(Value::Object(fields)) => fields.shift_remove(last).is_some(),
        Some(Value::Array(elements)) => match last.parse::<usize>() {
            Ok(index) if index < elements.len() => {
                elements.remove(index);
                true
            }
            _ => false,
        },
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => false,
    }
}

#[test]
fn paths_have_keys_elements_and_quoted_keys() {
    let key = |text: &str| Step::Key(text.to_owned());
    assert_eq!(
        Path::parse(r#"metadata.labels["a.b/c"].x[][*].y"#).0,
        [key("metadata"), key("labels"), key("a.b/c"), key("x"), Step::Each, Step::Each, key("y")]
    );
}

#[test]
fn places_are_found_and_removed() {
    let mut value = serde_json::json!({"a": [{"b": 1}, 2]});
    let all: Vec<String> = places(&value).iter().map(|place| place.join("/")).collect();
    assert_eq!(all, ["a", "a/0", "a/0/b", "a/1"]);
    assert!(remove(&mut value, &["a".into(), "0".into()]));
    assert!(!remove(&mut value, &["a".into(), "1".into()]));
    assert_eq!(value, serde_json::json!({"a": [2]}));
}
