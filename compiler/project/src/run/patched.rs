//! Mutated objects back in their files: the text changes where the object does, and comments and order stay.
//!
//! Each text that comes out is read again, and holds the objects that it should. Where a change cannot be made within
//! the text as it is laid out, the object is laid out anew.

use aipc_compiler::formats::yaml_write::{Map, Node, document};
use aipc_runtime::document::{self, Document, NodeId, NodeValue, ReadOptions, Resource};
use serde_json::Value;

use super::judge::Patched;
use super::manifests::Manifest;

/// A file after mutation.
pub struct PatchedFile {
    pub name: String,
    pub text: String,
    /// The objects that were laid out anew, without their comments, as `Kind/name`.
    pub laid_out: Vec<String>,
}

/// The text of a file with its mutated objects; `None` where it holds none.
pub fn patched_file(manifest: &Manifest, patched: &[Patched], options: &ReadOptions) -> Option<PatchedFile> {
    let of_file = |resource: &Resource| {
        patched.iter().find(|it| {
            std::ptr::eq(it.before.document().as_ref(), resource.document().as_ref())
                && it.before.root() == resource.root()
        })
    };
    let wanted: Vec<(&Resource, Option<&Patched>)> =
        manifest.read.resources.iter().map(|resource| (resource, of_file(resource))).collect();
    if wanted.iter().all(|(_, patched)| patched.is_none()) {
        return None;
    }
    let expected: Vec<Value> = wanted
        .iter()
        .map(|(resource, patched)| match patched {
            Some(patched) => patched.after.clone(),
            None => resource.document().to_json(resource.root()),
        })
        .collect();
    let changed = || wanted.iter().filter_map(|(resource, patched)| Some((*resource, (*patched)?)));
    let text = &manifest.text;
    let in_place: Vec<Option<Vec<TextEdit>>> =
        changed().map(|(resource, patched)| edits(text, resource, &patched.after)).collect();
    let holds = |edits: &[TextEdit]| {
        applied(text, edits).filter(|text| objects(&manifest.name, text, options).as_ref() == Some(&expected))
    };
    let mut laid_out = Vec::new();
    let all: Option<Vec<TextEdit>> = in_place.into_iter().collect::<Option<Vec<_>>>().map(|all| all.concat());
    let text = match all.and_then(|edits| holds(&edits)) {
        Some(text) => text,
        None => {
            let edits: Vec<TextEdit> = changed()
                .map(|(resource, patched)| {
                    laid_out.push(format!("{}/{}", resource.kind(), resource.name().unwrap_or_default()));
                    anew(text, resource, &patched.after)
                })
                .collect();
            holds(&edits)?
        }
    };
    Some(PatchedFile { name: manifest.name.clone(), text, laid_out })
}

/// The objects that a text holds.
fn objects(name: &str, text: &str, options: &ReadOptions) -> Option<Vec<Value>> {
    let read = document::read(name, text.as_bytes(), options);
    let json = |resource: &Resource| resource.document().to_json(resource.root());
    (!read.has_errors()).then(|| read.resources.iter().map(json).collect())
}

/// Bytes of a text and what takes their place.
#[derive(Clone, PartialEq, Debug)]
struct TextEdit {
    start: usize,
    end: usize,
    text: String,
}

/// The text after the edits; `None` where two of them overlap.
fn applied(text: &str, edits: &[TextEdit]) -> Option<String> {
    let mut edits: Vec<&TextEdit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.start)?);
        out.push_str(&edit.text);
        at = edit.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// The object in one piece.
fn anew(text: &str, resource: &Resource, after: &Value) -> TextEdit {
    let at = At { text, document: resource.document() };
    let start = at.start(resource.root());
    let end = at.end(resource.root());
    let is_document = resource.root() == resource.document().root();
    let text = match is_document && !at.is_flow(resource.root()) {
        true => document(&Node::from(after.clone())).trim_end().to_owned(),
        false => after.to_string(),
    };
    TextEdit { start, end, text }
}

/// The edits that make one object another; `None` where the layout leaves no place for a change.
fn edits(text: &str, resource: &Resource, after: &Value) -> Option<Vec<TextEdit>> {
    let mut edits = Vec::new();
    At { text, document: resource.document() }.change(resource.root(), after, &mut edits)?;
    Some(edits)
}

/// A document and its text.
struct At<'a> {
    text: &'a str,
    document: &'a Document,
}

impl At<'_> {
    fn start(&self, node: NodeId) -> usize {
        self.document.position(node).start as usize
    }

    /// Where the text of a node ends, what is in it included.
    fn end(&self, node: NodeId) -> usize {
        let own = self.document.position(node).end as usize;
        if self.is_flow(node) {
            return own;
        }
        match self.document.value(node) {
            NodeValue::Map { .. } => {
                let ends =
                    self.document.entries(node).map(|(_, key, value)| self.end(value).max(key.end as usize));
                ends.max().unwrap_or(own)
            }
            NodeValue::Seq { .. } => self.document.elements(node).map(|it| self.end(it)).max().unwrap_or(own),
            _ => own,
        }
    }

    fn is_flow(&self, node: NodeId) -> bool {
        matches!(self.text.as_bytes().get(self.start(node)), Some(b'{' | b'['))
            && matches!(self.document.value(node), NodeValue::Map { .. } | NodeValue::Seq { .. })
    }

    fn change(&self, node: NodeId, after: &Value, edits: &mut Vec<TextEdit>) -> Option<()> {
        if self.document.to_json(node) == *after {
            return Some(());
        }
        match (self.document.value(node), after) {
            (NodeValue::Map { len }, Value::Object(map)) if len > 0 && !map.is_empty() => {
                self.change_map(node, map, edits)
            }
            (NodeValue::Seq { len }, Value::Array(items)) if len > 0 && !items.is_empty() => {
                self.change_list(node, items, edits)
            }
            _ => {
                self.replace(node, after, edits);
                Some(())
            }
        }
    }

    fn replace(&self, node: NodeId, after: &Value, edits: &mut Vec<TextEdit>) {
        let (start, end) = (self.start(node), self.end(node));
        let mut text = inline(after);
        // `key:` alone has no room for a value.
        if start == end && self.text[..start].ends_with(':') {
            text.insert(0, ' ');
        }
        // A block scalar ends behind its last line break.
        if self.text[start..end].ends_with('\n') {
            text.push('\n');
        }
        edits.push(TextEdit { start, end, text });
    }

    fn change_map(
        &self,
        node: NodeId,
        after: &serde_json::Map<String, Value>,
        edits: &mut Vec<TextEdit>,
    ) -> Option<()> {
        let entries: Vec<(&str, usize, NodeId)> =
            self.document.entries(node).map(|(key, at, value)| (key, at.start as usize, value)).collect();
        let kept = entries.iter().filter(|(key, ..)| after.contains_key(*key)).count();
        if kept == 0 {
            self.replace(node, &Value::Object(after.clone()), edits);
            return Some(());
        }
        for (index, (key, start, value)) in entries.iter().enumerate() {
            match after.get(*key) {
                Some(after) => self.change(*value, after, edits)?,
                None => {
                    let next = entries.get(index + 1).map(|it| it.1);
                    let before = index.checked_sub(1).map(|index| self.end(entries[index].2));
                    edits.push(self.removal(node, *start, self.end(*value), next, before)?);
                }
            }
        }
        let added: Vec<(&String, &Value)> =
            after.iter().filter(|(key, _)| !entries.iter().any(|(known, ..)| known == key)).collect();
        if added.is_empty() {
            return Some(());
        }
        let (_, first, _) = entries.first()?;
        let last = self.end(entries.last()?.2);
        if self.is_flow(node) {
            let text = added.iter().map(|(key, value)| format!(", {}: {value}", Value::from(key.as_str())));
            edits.push(TextEdit { start: last, end: last, text: text.collect() });
            return Some(());
        }
        let map =
            added.into_iter().fold(Map::new(), |map, (key, value)| map.with(key.clone(), value.clone()));
        edits.push(self.lines_behind(last, self.column(*first), &document(&Node::Map(map))));
        Some(())
    }

    fn change_list(&self, node: NodeId, after: &[Value], edits: &mut Vec<TextEdit>) -> Option<()> {
        let elements: Vec<NodeId> = self.document.elements(node).collect();
        let pairs = pairs(&elements.iter().map(|it| self.document.to_json(*it)).collect::<Vec<_>>(), after);
        if pairs.is_empty() {
            self.replace(node, &Value::Array(after.to_vec()), edits);
            return Some(());
        }
        // An element that is not paired goes.
        for (index, element) in elements.iter().enumerate() {
            match pairs.iter().find(|(before, _)| *before == index) {
                Some((_, after_index)) => self.change(*element, &after[*after_index], edits)?,
                None => {
                    let begin = self.begin_of(node, *element)?;
                    let next = elements.get(index + 1).map(|it| self.begin_of(node, *it));
                    let before = index.checked_sub(1).map(|index| self.end(elements[index]));
                    let next = match next {
                        Some(next) => Some(next?),
                        None => None,
                    };
                    edits.push(self.removal(node, begin, self.end(*element), next, before)?);
                }
            }
        }
        // What is new stands in front of the first that stays, or behind the last.
        let (first, last) = (pairs.first()?.1, pairs.last()?.1);
        let is_new = |index: &usize| !pairs.iter().any(|(_, after)| after == index);
        if (first..=last).any(|index| is_new(&index)) {
            return None;
        }
        self.insert(node, elements[pairs.first()?.0], &after[..first], true, edits)?;
        self.insert(node, elements[pairs.last()?.0], &after[last + 1..], false, edits)
    }

    fn insert(
        &self,
        list: NodeId,
        beside: NodeId,
        added: &[Value],
        in_front: bool,
        edits: &mut Vec<TextEdit>,
    ) -> Option<()> {
        if added.is_empty() {
            return Some(());
        }
        let (start, end) = (self.begin_of(list, beside)?, self.end(beside));
        if self.is_flow(list) {
            let texts: Vec<String> = added.iter().map(Value::to_string).collect();
            let (at, text) = match in_front {
                true => (start, format!("{}, ", texts.join(", "))),
                false => (end, format!(", {}", texts.join(", "))),
            };
            edits.push(TextEdit { start: at, end: at, text });
            return Some(());
        }
        let lines = document(&Node::List(added.iter().cloned().map(Node::from).collect()));
        match in_front {
            false => edits.push(self.lines_behind(end, self.column(start), &lines)),
            true => {
                let indent = self.column(start);
                let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
                self.text[line..start].trim().is_empty().then_some(())?;
                edits.push(TextEdit { start: line, end: line, text: indented(&lines, indent) });
            }
        }
        Some(())
    }

    /// Where an element begins: at its dash, or at itself in a flow list.
    fn begin_of(&self, list: NodeId, element: NodeId) -> Option<usize> {
        let start = self.start(element);
        if self.is_flow(list) {
            return Some(start);
        }
        let dash = self.text[..start].trim_end_matches([' ', '\t', '\n', '\r']).len().checked_sub(1)?;
        (self.text.as_bytes()[dash] == b'-').then_some(dash)
    }

    /// Takes away an entry or element: up to the next one, or behind the one before it.
    fn removal(
        &self,
        parent: NodeId,
        start: usize,
        end: usize,
        next: Option<usize>,
        before: Option<usize>,
    ) -> Option<TextEdit> {
        let cut = |start, end| TextEdit { start, end, text: String::new() };
        let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let has_own_lines = self.text[line..start].trim().is_empty();
        match (self.is_flow(parent), next, before) {
            (true, Some(next), _) => Some(cut(start, next)),
            (true, None, Some(before)) => Some(cut(before, end)),
            (_, None, None) => None,
            // Whole lines: the comments above the next one stay with it.
            (false, ..) if has_own_lines => Some(cut(line, self.line_end(end))),
            // Behind a dash, the next one takes its place.
            (false, Some(next), None) => Some(cut(start, next)),
            (false, _, Some(_)) => None,
        }
    }

    /// Behind the line break of the line in which something ends.
    fn line_end(&self, end: usize) -> usize {
        if self.text[..end].ends_with('\n') {
            return end;
        }
        self.text[end..].find('\n').map_or(self.text.len(), |at| end + at + 1)
    }

    fn lines_behind(&self, end: usize, indent: usize, lines: &str) -> TextEdit {
        let at = self.line_end(end);
        let mut text = indented(lines, indent);
        if !self.text[..at].ends_with('\n') {
            text.insert(0, '\n');
            text.truncate(text.trim_end().len());
        }
        TextEdit { start: at, end: at, text }
    }

    /// How many characters stand before a place on its line.
    fn column(&self, at: usize) -> usize {
        let line = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
        self.text[line..at].chars().count()
    }
}

fn indented(lines: &str, indent: usize) -> String {
    let indent = " ".repeat(indent);
    lines
        .lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") })
        .collect()
}

/// A value on one line, quoted as YAML wants it.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => value.to_string(),
        scalar => document(&Node::from(scalar.clone())).trim_end().to_owned(),
    }
}

/// Which elements before are which after, in order: equal ones, else those of the same name, else those beside them.
fn pairs(before: &[Value], after: &[Value]) -> Vec<(usize, usize)> {
    if before.len() == after.len() {
        return (0..before.len()).map(|index| (index, index)).collect();
    }
    let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
    let same = |a: &Value, b: &Value| a == b || name(a).is_some() && name(a) == name(b);
    let mut pairs = Vec::new();
    let mut from = 0;
    for (index, element) in before.iter().enumerate() {
        if let Some(found) = (from..after.len()).find(|at| same(element, &after[*at])) {
            pairs.push((index, found));
            from = found + 1;
        }
    }
    pairs
}
