//! Values that a report must not show: those of Secrets, and of environment variables.

use aipc_runtime::document::{Document, NodeId, NodeValue, Position, Resource};
use serde_json::Value;

/// What stands for a hidden value.
pub const MASK: &str = "***";

/// Texts below this length are too common to be replaced inside of messages.
const MESSAGE_CHARS_MIN: usize = 4;
/// Environment variables hold ordinary words as well; only longer values are replaced inside of messages.
const ENVIRONMENT_CHARS_MIN: usize = 8;

/// The hidden parts of one object.
#[derive(Default)]
pub struct Mask {
    /// Byte ranges of the file.
    ranges: Vec<(u32, u32)>,
    texts: Vec<String>,
    /// Nothing is hidden, whatever it is.
    shows_all: bool,
}

impl Mask {
    /// Hides nothing.
    pub const NONE: Mask = Mask { ranges: Vec::new(), texts: Vec::new(), shows_all: true };

    /// What is hidden in an object: every value under `data` and `stringData` of a Secret, and every `value` in a
    /// list `env`, wherever a Pod's template lies.
    pub fn of(resource: &Resource) -> Mask {
        let mut mask = Mask::default();
        let document = resource.document();
        if resource.kind() == "Secret" {
            for key in ["data", "stringData"] {
                if let Some(values) = document.get(resource.root(), key) {
                    mask.hide(document, values, MESSAGE_CHARS_MIN);
                }
            }
        }
        mask.hide_environment(document, resource.root());
        // Longer texts first, so that none leaves its tail behind.
        mask.texts.sort_by_key(|it| std::cmp::Reverse(it.len()));
        mask.texts.dedup();
        mask
    }

    /// Whether any part of a node is hidden.
    pub fn covers(&self, document: &Document, node: NodeId) -> bool {
        [node, document.resolved(node)].into_iter().any(|it| self.touches(document.position(it)))
    }

    /// A message without the hidden texts.
    pub fn message(&self, message: &str) -> String {
        self.texts.iter().fold(message.to_string(), |text, hidden| text.replace(hidden, MASK))
    }

    /// An object that was made from this one, without the hidden texts, and without those of a Secret.
    pub fn object(&self, object: &Value) -> Value {
        let mut shown = self.texts_hidden(object);
        let is_secret = object["kind"] == "Secret" && !self.shows_all;
        for key in ["data", "stringData"].into_iter().filter(|_| is_secret) {
            if let Some(Value::Object(values)) = shown.get_mut(key) {
                values.values_mut().for_each(|value| *value = Value::String(MASK.to_string()));
            }
        }
        shown
    }

    fn texts_hidden(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.message(text)),
            Value::Array(items) => items.iter().map(|item| self.texts_hidden(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| (self.message(key), self.texts_hidden(value)));
                Value::Object(fields.collect())
            }
            other => other.clone(),
        }
    }

    /// A line of the file that begins at byte `start`, with the hidden parts replaced, and where the byte range
    /// `marked` of the file lies in it.
    pub fn line(&self, line: &str, start: u32, marked: (u32, u32)) -> (String, std::ops::Range<usize>) {
        let end = start + line.len() as u32;
        let clip = |(from, to): (u32, u32)| (from.clamp(start, end) - start, to.clamp(start, end) - start);
        let mut hidden: Vec<(u32, u32)> =
            self.ranges.iter().map(|it| clip(*it)).filter(|(from, to)| from < to).collect();
        hidden.sort_unstable();
        let (mark_start, mark_end) = clip(marked);
        let mut text = String::new();
        let mut mark = (None, None);
        let mut at = 0;
        let mut skip_to = 0;
        for (offset, ch) in line.char_indices().chain([(line.len(), '\0')]) {
            if mark.0.is_none() && offset as u32 >= mark_start {
                mark.0 = Some(text.len());
            }
            if mark.1.is_none() && offset as u32 >= mark_end {
                mark.1 = Some(text.len());
            }
            if offset == line.len() || (offset as u32) < skip_to {
                continue;
            }
            while hidden.get(at).is_some_and(|(_, to)| *to <= offset as u32) {
                at += 1;
            }
            match hidden.get(at) {
                Some((from, to)) if *from <= offset as u32 => {
                    text.push_str(MASK);
                    skip_to = *to;
                }
                Some(_) | None => text.push(ch),
            }
        }
        let start = mark.0.unwrap_or(text.len());
        (text, start..mark.1.unwrap_or(start).max(start))
    }

    fn touches(&self, position: Position) -> bool {
        self.ranges.iter().any(|(start, end)| position.start < *end && *start < position.end)
    }

    fn hide_environment(&mut self, document: &Document, root: NodeId) {
        let mut waiting = vec![root];
        while let Some(node) = waiting.pop() {
            for (key, _, value) in document.entries(node) {
                if key == "env" {
                    for variable in document.elements(value) {
                        if let Some(value) = document.get(variable, "value") {
                            self.hide(document, value, ENVIRONMENT_CHARS_MIN);
                        }
                    }
                } else if !document.is_empty(value) {
                    waiting.push(value);
                }
            }
            waiting.extend(document.elements(node).filter(|it| !document.is_empty(*it)));
        }
    }

    /// Hides every scalar at or below a node.
    fn hide(&mut self, document: &Document, node: NodeId, chars_min: usize) {
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            match document.value(node) {
                NodeValue::Map { .. } => waiting.extend(document.entries(node).map(|(_, _, value)| value)),
                NodeValue::Seq { .. } => waiting.extend(document.elements(node)),
                NodeValue::Null => {}
                NodeValue::Str(text) => {
                    self.hide_node(document, node);
                    for text in [Some(text.to_string()), base64_text(text)].into_iter().flatten() {
                        if text.chars().count() >= chars_min {
                            self.texts.push(text);
                        }
                    }
                }
                NodeValue::Bool(_) | NodeValue::Int(_) | NodeValue::Uint(_) | NodeValue::Float(_) => {
                    self.hide_node(document, node);
                }
            }
        }
    }

    fn hide_node(&mut self, document: &Document, node: NodeId) {
        for node in [node, document.resolved(node)] {
            let position = document.position(node);
            if !position.is_absent() {
                self.ranges.push((position.start, position.end));
            }
        }
    }
}

/// The text behind base64, as values of a Secret are written.
fn base64_text(text: &str) -> Option<String> {
    let digits = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in digits.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use aipc_runtime::document::{ReadOptions, read};

    use super::*;

    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: hunter22 # old\n\
                          data: {token: c2VjcmV0, short: eA==}\n";

    fn mask_of(text: &str) -> (Resource, Mask) {
        let read = read("s.yaml", text.as_bytes(), &ReadOptions::default());
        let resource = read.resources[0].clone();
        let mask = Mask::of(&resource);
        (resource, mask)
    }

    #[test]
    fn values_of_secrets_are_hidden_everywhere() {
        let (resource, mask) = mask_of(SECRET);
        let document = resource.document();
        let password = document.get_path(resource.root(), &["stringData", "password"]).unwrap();
        let name = document.get_path(resource.root(), &["metadata", "name"]).unwrap();
        assert!(mask.covers(document, password));
        assert!(mask.covers(document, resource.root()));
        assert!(!mask.covers(document, name));
        assert_eq!(mask.message("password is hunter22, token secret"), "password is ***, token ***");
        let mut start = 0;
        let mut shown = String::new();
        for line in SECRET.split_inclusive('\n') {
            shown.push_str(&mask.line(line, start, (start, start + 4)).0);
            start += line.len() as u32;
        }
        assert!(shown.contains("  password: *** # old\ndata: {token: ***, short: ***}"), "{shown}");
    }

    #[test]
    fn the_mark_moves_with_what_is_hidden_before_it() {
        let (_, mask) = mask_of(SECRET);
        let start = SECRET.find("data: {").unwrap() as u32;
        let line = &SECRET[start as usize..].trim_end();
        let at = start + line.find("short").unwrap() as u32;
        let (text, marked) = mask.line(line, start, (at, at + 5));
        assert_eq!(&text[marked], "short");
    }

    #[test]
    fn environment_variables_are_hidden() {
        let text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    env:\n    - {name: A, value: longpassword}\n";
        let (_, mask) = mask_of(text);
        let line = "    - {name: A, value: longpassword}";
        let start = text.find(line).unwrap() as u32;
        assert_eq!(mask.line(line, start, (start, start)).0, "    - {name: A, value: ***}");
        assert_eq!(mask.message("is longpassword"), "is ***");
    }
}
