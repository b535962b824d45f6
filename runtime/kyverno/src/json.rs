//! JSON values as Kyverno's engine holds them: null is a value, and integers are not floats.
//!
//! Whoever reads a manifest from a file gives Kyverno floats only, and whoever patches one gives it integers. Both can
//! be seen by a policy, so a [`Json::Node`] has floats where an owned value may have integers.

use std::cmp::Ordering;
use std::sync::Arc;

use aipc_runtime::document::{Document, NodeId, NodeValue};
use aipc_runtime::value::{Shared, json_float};

/// A key of a map with its value.
pub type Entry<'a> = (Shared<'a, str>, Json<'a>);

/// A value; what it borrows lives as long as the policies and the manifest.
#[derive(Clone, Debug)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Shared<'a, str>),
    List(Shared<'a, [Json<'a>]>),
    /// A list of maps as JMESPath's `items` makes it. Kyverno: it has another type in Go, so it is equal to no list, and
    /// most functions and operators take it for none.
    Records(Shared<'a, [Json<'a>]>),
    /// INVARIANT: sorted by keys, each key once.
    Map(Shared<'a, [Entry<'a>]>),
    /// What stands in a document, its numbers as floats.
    Node(&'a Document, NodeId),
}

/// A value as one looks at it, wherever it is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum View<'v> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'v str),
    /// Look at it with [`Json::elements`].
    List {
        len: usize,
    },
    /// Look at it with [`Json::entries`] and [`Json::get`].
    Map {
        len: usize,
    },
}

impl<'a> Json<'a> {
    pub fn text(text: impl Into<Arc<str>>) -> Json<'a> {
        Json::Text(Shared::Owned(text.into()))
    }

    pub fn list(elements: Vec<Json<'a>>) -> Json<'a> {
        Json::List(Shared::Owned(elements.into()))
    }

    /// A map; of entries with the same key the last one stays.
    pub fn map(mut entries: Vec<Entry<'a>>) -> Json<'a> {
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut unique: Vec<Entry<'a>> = Vec::with_capacity(entries.len());
        for entry in entries {
            match unique.last_mut() {
                Some(last) if last.0 == entry.0 => *last = entry,
                _ => unique.push(entry),
            }
        }
        Json::Map(Shared::Owned(unique.into()))
    }

    /// The root of a document.
    pub fn of(document: &'a Document) -> Json<'a> {
        Json::Node(document, document.root())
    }

    #[inline]
    pub fn view(&self) -> View<'_> {
        match self {
            Json::Null => View::Null,
            Json::Bool(value) => View::Bool(*value),
            Json::Int(number) => View::Int(*number),
            Json::Float(number) => View::Float(*number),
            Json::Text(text) => View::Text(text),
            Json::List(elements) | Json::Records(elements) => View::List { len: elements.len() },
            Json::Map(entries) => View::Map { len: entries.len() },
            Json::Node(document, node) => match document.value(*node) {
                NodeValue::Null => View::Null,
                NodeValue::Bool(value) => View::Bool(value),
                NodeValue::Int(number) => View::Float(number as f64),
                NodeValue::Uint(number) => View::Float(number as f64),
                NodeValue::Float(number) => View::Float(number),
                NodeValue::Str(text) => View::Text(text),
                NodeValue::Seq { len } => View::List { len },
                NodeValue::Map { len } => View::Map { len },
            },
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.view(), View::Null)
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let View::Bool(value) = self.view() { Some(value) } else { None }
    }

    /// The text, if it is text.
    #[inline]
    pub fn as_text(&self) -> Option<&str> {
        if let View::Text(text) = self.view() { Some(text) } else { None }
    }

    /// The text as one that outlives this value.
    pub fn to_text(&self) -> Option<Shared<'a, str>> {
        match self {
            Json::Text(text) => Some(text.clone()),
            Json::Node(document, node) => document.as_str(*node).map(Shared::Borrowed),
            _ => None,
        }
    }

    /// How many elements a list has; `None` if it is none.
    #[inline]
    pub fn list_len(&self) -> Option<usize> {
        if let View::List { len } = self.view() { Some(len) } else { None }
    }

    /// Whether it is what only looks like a list: [`Json::Records`].
    pub fn is_records(&self) -> bool {
        matches!(self, Json::Records(_))
    }

    pub fn is_map(&self) -> bool {
        matches!(self.view(), View::Map { .. })
    }

    /// An element of a list; `None` outside it.
    #[inline]
    pub fn element(&self, index: usize) -> Option<Json<'a>> {
        match self {
            Json::List(elements) | Json::Records(elements) => elements.get(index).cloned(),
            Json::Node(document, node) => {
                document.element(*node, index).map(|node| Json::Node(document, node))
            }
            _ => None,
        }
    }

    /// The elements of a list in order; none for any other value.
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = Json<'a>> + '_ {
        (0..self.list_len().unwrap_or(0)).filter_map(|index| self.element(index))
    }

    /// The value under a key; `None` without it, which null is not.
    #[inline]
    pub fn get(&self, key: &str) -> Option<Json<'a>> {
        match self {
            Json::Map(entries) => {
                let at = entries.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
                Some(entries[at].1.clone())
            }
            Json::Node(document, node) => document.get(*node, key).map(|node| Json::Node(document, node)),
            _ => None,
        }
    }

    /// The entries of a map by sorted keys; none for any other value.
    pub fn entries(&self) -> Vec<Entry<'a>> {
        match self {
            Json::Map(entries) => entries.to_vec(),
            Json::Node(document, node) => {
                let mut entries: Vec<Entry<'a>> = document
                    .entries(*node)
                    .map(|(key, _, value)| (Shared::Borrowed(key), Json::Node(document, value)))
                    .collect();
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                entries
            }
            _ => Vec::new(),
        }
    }

    /// The same value, independent of where it was read.
    pub fn to_owned(&self) -> Json<'static> {
        match self.view() {
            View::Null => Json::Null,
            View::Bool(value) => Json::Bool(value),
            View::Int(number) => Json::Int(number),
            View::Float(number) => Json::Float(number),
            View::Text(text) => Json::text(text),
            View::List { .. } => Json::list(self.elements().map(|element| element.to_owned()).collect()),
            View::Map { .. } => {
                let entry = |(key, value): Entry<'a>| (Shared::Owned((&*key).into()), value.to_owned());
                Json::map(self.entries().into_iter().map(entry).collect())
            }
        }
    }

    /// Deep equality as Go's `reflect.DeepEqual` has it: an integer is not equal to a float.
    pub fn deep_equal(&self, other: &Json<'_>) -> bool {
        match (self.view(), other.view()) {
            (View::List { len }, View::List { len: others }) => {
                len == others
                    && self.is_records() == other.is_records()
                    && self.elements().zip(other.elements()).all(|(a, b)| a.deep_equal(&b))
            }
            (View::Map { len }, View::Map { len: others }) => {
                let (entries, others_entries) = (self.entries(), other.entries());
                len == others
                    && entries
                        .iter()
                        .zip(&others_entries)
                        .all(|((a_key, a), (b_key, b))| a_key == b_key && a.deep_equal(b))
            }
            (a, b) => a == b,
        }
    }

    /// Compact JSON with sorted keys, as Go's `json.Marshal` writes it, `<`, `>` and `&` escaped or not.
    pub fn to_json(&self, escape: Escape) -> String {
        let mut out = String::new();
        self.write_json(escape, &mut out);
        out
    }

    fn write_json(&self, escape: Escape, out: &mut String) {
        match self.view() {
            View::Null => out.push_str("null"),
            View::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            View::Int(number) => out.push_str(&number.to_string()),
            View::Float(number) => out.push_str(&json_float(number)),
            View::Text(text) => write_text(text, escape, out),
            View::List { .. } => {
                out.push('[');
                for (index, element) in self.elements().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    element.write_json(escape, out);
                }
                out.push(']');
            }
            View::Map { .. } => {
                out.push('{');
                for (index, (key, value)) in self.entries().iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(key, escape, out);
                    out.push(':');
                    value.write_json(escape, out);
                }
                out.push('}');
            }
        }
    }

    /// The same value with integers where a float is one that JSON writes without a fraction: what reading its JSON
    /// text again with Kubernetes' reader gives.
    pub fn with_integers(&self) -> Json<'a> {
        match self.view() {
            View::Float(number) => match integer_of(number) {
                Some(number) => Json::Int(number),
                None => Json::Float(number),
            },
            View::List { .. } => Json::list(self.elements().map(|element| element.with_integers()).collect()),
            View::Map { .. } => Json::map(
                self.entries().into_iter().map(|(key, value)| (key, value.with_integers())).collect(),
            ),
            _ => self.clone(),
        }
    }

    /// The same value with floats only: what reading its JSON text again with Go's own reader gives.
    pub fn with_floats(&self) -> Json<'a> {
        match self {
            Json::Node(..) => self.clone(),
            Json::Int(number) => Json::Float(*number as f64),
            Json::List(elements) | Json::Records(elements) => {
                Json::list(elements.iter().map(Json::with_floats).collect())
            }
            Json::Map(entries) => {
                Json::map(entries.iter().map(|(key, value)| (key.clone(), value.with_floats())).collect())
            }
            _ => self.clone(),
        }
    }
}

/// The integer that a float's JSON text is, if it is one.
fn integer_of(number: f64) -> Option<i64> {
    // Below 1e21 JSON writes plain digits; above 2^63 they are no int64.
    let is_integer = number.fract() == 0.0 && number >= i64::MIN as f64 && number < i64::MAX as f64;
    is_integer.then_some(number as i64)
}

/// Which characters of a text become escapes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Escape {
    /// Those that JSON wants, and `<`, `>`, `&`, U+2028 and U+2029, as Go does unless it is told otherwise.
    Html,
    /// Those that JSON wants, and U+2028 and U+2029.
    Plain,
}

fn write_text(text: &str, escape: Escape, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if escape == Escape::Html => push_escape(c, out),
            '\u{2028}' | '\u{2029}' => push_escape(c, out),
            c if (c as u32) < 0x20 => push_escape(c, out),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn push_escape(c: char, out: &mut String) {
    out.push_str(&format!("\\u{:04x}", c as u32));
}

impl PartialOrd for Json<'_> {
    /// The order of two texts or two floats; of nothing else.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.view(), other.view()) {
            (View::Text(a), View::Text(b)) => Some(a.cmp(b)),
            (View::Float(a), View::Float(b)) => a.partial_cmp(&b),
            _ => None,
        }
    }
}

impl PartialEq for Json<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.deep_equal(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Arc<Document> {
        let read = aipc_runtime::document::read("test.yaml", text.as_bytes(), &Default::default());
        Arc::clone(&read.documents[0])
    }

    #[test]
    fn nodes_have_floats_and_patched_values_integers() {
        let document = document("{a: 1, b: [1.5, null], c: {d: x}}");
        let value = Json::of(&document);
        assert_eq!(value.get("a").unwrap().view(), View::Float(1.0));
        assert_eq!(value.with_integers().get("a").unwrap().view(), View::Int(1));
        assert!(!value.deep_equal(&value.with_integers()));
        assert!(value.deep_equal(&value.with_integers().with_floats()));
        assert!(value.get("b").unwrap().element(1).unwrap().is_null());
        assert!(value.get("z").is_none());
    }

    #[test]
    fn text_is_as_go_writes_it() {
        let document =
            document(r#"{"z": "<a&b>", "a": [1, 2.5, 1e21, true, null, {}], "q": "\u2028\b\u0001\""}"#);
        let value = Json::of(&document);
        assert_eq!(
            value.to_json(Escape::Html),
            r#"{"a":[1,2.5,1e+21,true,null,{}],"q":"\u2028\b\u0001\"","z":"\u003ca\u0026b\u003e"}"#
        );
        assert!(value.to_json(Escape::Plain).ends_with(r#""z":"<a&b>"}"#));
    }

    #[test]
    fn the_last_of_equal_keys_stays() {
        let key = |text: &'static str| Shared::Borrowed(text);
        let map = Json::map(vec![(key("b"), Json::Int(1)), (key("a"), Json::Null), (key("b"), Json::Int(2))]);
        assert_eq!(map.to_json(Escape::Plain), r#"{"a":null,"b":2}"#);
    }
}
