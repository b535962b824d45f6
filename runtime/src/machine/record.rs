//! What decided: a second pass over a violation that notes the conditions and the values they read.
//!
//! The cause of a violation is the last condition that was answered on the way to it, with the first value it
//! read. A quantifier that ran out of elements counts as a condition, about its list.

use std::collections::HashMap;

use super::Cause;
use super::run::Machine;
use super::trace::{Event, EventKind, Pass, TracedValue};
use crate::budget::Budget;
use crate::document::{Document, NodeId, push_index, push_key};
use crate::operation::collections::element_place;
use crate::program::{BindingId, Block, Origin, OriginId, Path, PathId, PathRoot, PathStep};
use crate::value::{Shared, Value, View, json_text};

/// A value that was read, and where.
#[derive(Clone)]
pub(super) struct Read<'a> {
    /// The node, or the nearest parent that exists; in the resource.
    pub(super) node: NodeId,
    pub(super) path: String,
    pub(super) value: Value<'a>,
}

/// Notes of one pass.
#[derive(Default)]
pub(super) struct Recorder<'a> {
    /// The reads that no condition has used yet.
    reads: Vec<Read<'a>>,
    /// The reads of a value under construction begin here; those of what is around it lie below.
    floor: usize,
    floors: Vec<usize>,
    /// What each open loop is over.
    loops: Vec<Option<Read<'a>>>,
    bindings: HashMap<BindingId, Option<Read<'a>>>,
    /// The last condition and what it read.
    cause: Option<(usize, Option<Read<'a>>)>,
    /// Everything that happens, where a trace is wanted.
    passes: Option<Vec<Pass>>,
}

impl<'a> Recorder<'a> {
    /// One that notes everything.
    pub(super) fn of_trace() -> Recorder<'a> {
        Recorder { passes: Some(Vec::new()), ..Recorder::default() }
    }

    pub(super) fn into_passes(self) -> Vec<Pass> {
        self.passes.unwrap_or_default()
    }

    /// The reads that the next condition uses, in a trace.
    fn traced_reads(&self) -> Vec<TracedValue> {
        let mut reads: Vec<TracedValue> = Vec::new();
        for read in self.reads.iter().skip(self.floor) {
            let value = excerpt(&read.value);
            let read = TracedValue { node: Some(read.node), path: read.path.clone(), value };
            if !reads.contains(&read) {
                reads.push(read);
            }
        }
        reads
    }

    fn happens(&mut self, origin: Option<OriginId>, kind: EventKind) {
        if let Some(pass) = self.passes.as_mut().and_then(|it| it.last_mut()) {
            pass.events.push(Event { origin, kind });
        }
    }

    /// A list or a binding begins to be computed.
    pub(super) fn open_value(&mut self) {
        self.floors.push(self.floor);
        self.floor = self.reads.len();
    }

    pub(super) fn close_value(&mut self) {
        self.floor = self.floors.pop().unwrap_or(0);
    }

    pub(super) fn close_binding(&mut self, id: BindingId) {
        let read = self.reads.get(self.floor).cloned();
        self.bindings.insert(id, read);
        self.close_value();
    }

    /// A binding is asked for that was computed before.
    pub(super) fn read_again(&mut self, id: BindingId) {
        self.reads.extend(self.bindings.get(&id).cloned().flatten());
    }

    pub(super) fn open_loop(&mut self) {
        let over = self.take_first();
        self.loops.push(over);
    }

    pub(super) fn close_loop(&mut self) {
        self.loops.pop();
    }

    /// The first read since the last condition; all of them are used.
    fn take_first(&mut self) -> Option<Read<'a>> {
        let first = self.reads.get(self.floor).cloned();
        self.reads.truncate(self.floor);
        first
    }

    fn answered(&mut self, here: usize) {
        let read = self.take_first().or_else(|| self.loops.iter().rev().flatten().next().cloned());
        self.cause = Some((here, read));
    }
}

impl<'a> Machine<'a> {
    pub(super) fn record_path(&mut self, id: PathId, value: &Value<'a>) {
        let path = &self.program.parts().paths[id.0 as usize];
        let base = match path.root {
            // A root that had been unknown would have stopped the pass before.
            PathRoot::User | PathRoot::NamespaceObject => Value::Missing,
            root => self.root(root),
        };
        let elsewhere = match path.root {
            PathRoot::OldObject | PathRoot::OldSubject => Some("old"),
            PathRoot::User => Some("user"),
            PathRoot::Namespace => Some("namespace"),
            PathRoot::NamespaceObject => Some("namespace"),
            PathRoot::Request => Some("request"),
            PathRoot::Now => Some("now"),
            PathRoot::Subject if self.subject.node.is_none() => {
                let mut text = self.subject_path();
                push_steps(&mut text, &path.steps, None);
                let node = self.subject.nearest;
                return self.add_read(Read { node, path: text, value: value.clone() });
            }
            PathRoot::Object | PathRoot::Subject | PathRoot::Slot(_) | PathRoot::Stack => None,
        };
        match elsewhere {
            None => self.record_steps(&base, path, value),
            Some(name) => {
                let mut text = name.to_owned();
                if let Value::Node(document, node) = base {
                    let below = document.path_below(self.old.map_or(document.root(), |old| old.object), node);
                    if !below.is_empty() && !below.starts_with('[') {
                        text.push('.');
                    }
                    text.push_str(&below);
                }
                push_steps(&mut text, &path.steps, None);
                self.add_read(Read { node: self.resource.object, path: text, value: value.clone() });
            }
        }
    }

    /// A read of what lies at a path from a value.
    pub(super) fn record_steps(&mut self, base: &Value<'a>, path: &Path, value: &Value<'a>) {
        let Some((document, start)) = self.own_node(base) else { return };
        let mut node = start;
        for step in &path.steps {
            match next(document, node, step) {
                Some(found) => node = found,
                None => break,
            }
        }
        let mut text = document.path_below(self.resource.object, start);
        push_steps(&mut text, &path.steps, Some((document, start)));
        self.add_read(Read { node, path: text, value: value.clone() });
    }

    /// A read of an entry under a computed key; it stands for the read of its map.
    pub(super) fn record_entry(&mut self, map: &Value<'a>, key: &Value<'a>, value: &Value<'a>) {
        let (Some((document, start)), Some(key)) = (self.own_node(map), key.as_text()) else { return };
        let mut text = document.path_below(self.resource.object, start);
        push_key(&mut text, key);
        let node = document.get(start, key).unwrap_or(start);
        if let Some(recorder) = &mut self.recorder {
            // The map was read before, and the key perhaps.
            let floor = recorder.floor;
            recorder.reads.truncate(floor);
        }
        self.add_read(Read { node, path: text, value: value.clone() });
    }

    /// The node of a value, if it lies in the resource.
    fn own_node(&self, value: &Value<'a>) -> Option<(&'a Document, NodeId)> {
        match value {
            Value::Node(document, node) if std::ptr::eq(*document, self.resource.document) => {
                Some((*document, *node))
            }
            _ => None,
        }
    }

    fn add_read(&mut self, read: Read<'a>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.reads.push(read);
        }
    }

    /// A block of conditions begins: one more pass of a trace.
    pub(super) fn open_pass(&mut self, block: Block) {
        if !self.is_traced() {
            return;
        }
        let pass = Pass { block, node: self.subject.nearest, path: self.subject_path(), events: Vec::new() };
        if let Some(recorder) = &mut self.recorder {
            recorder.reads.clear();
            recorder.loops.clear();
            recorder.floors.clear();
            recorder.floor = 0;
            recorder.passes.get_or_insert_default().push(pass);
        }
    }

    /// The last pass was about an element of the subject.
    pub(super) fn pass_was_about(&mut self, node: NodeId, path: &str) {
        let passes = self.recorder.as_mut().and_then(|it| it.passes.as_mut());
        if let Some(pass) = passes.and_then(|it| it.last_mut()) {
            pass.node = node;
            path.clone_into(&mut pass.path);
        }
    }

    pub(super) fn is_traced(&self) -> bool {
        self.recorder.as_ref().is_some_and(|it| it.passes.is_some())
    }

    pub(super) fn record_answer(&mut self, here: usize, holds: bool) {
        let origin = self.is_traced().then(|| self.origin_id(here));
        if let Some(recorder) = &mut self.recorder {
            if let Some(origin) = origin {
                let reads = recorder.traced_reads();
                recorder.happens(origin, EventKind::Answer { holds, reads });
            }
            recorder.answered(here);
        }
    }

    /// A loop comes to its next element.
    pub(super) fn record_element(&mut self, here: usize, element: &Value<'a>) {
        let Some(origin) = self.is_traced().then(|| self.origin_id(here)).flatten() else { return };
        let node = self.own_node(element).map(|(_, node)| node);
        let path =
            node.map_or(String::new(), |it| self.resource.document.path_below(self.resource.object, it));
        let element = TracedValue { node, path, value: excerpt(element) };
        if let Some(recorder) = &mut self.recorder {
            recorder.happens(Some(origin), EventKind::Element(element));
        }
    }

    /// What a condition asks is not known.
    pub(super) fn record_assumed(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.happens(None, EventKind::Assumed);
        }
    }

    /// A loop is at its end. A quantifier is a condition then; the loop of a list under construction is none.
    pub(super) fn record_exhausted(&mut self, here: usize) {
        let origin = self.origin_id(here);
        let is_condition = origin.is_some();
        if let Some(recorder) = &mut self.recorder {
            let over = recorder.loops.pop().flatten();
            if is_condition {
                let floor = recorder.floor;
                recorder.reads.truncate(floor);
                recorder.cause = Some((here, over));
                recorder.happens(origin, EventKind::Exhausted);
            }
        }
    }

    /// The condition of the source that an instruction answers.
    pub(super) fn origin_of(&self, here: usize) -> Option<&'a Origin> {
        let OriginId(origin) = self.origin_id(here)?;
        self.program.parts().origins.get(origin as usize)
    }

    fn origin_id(&self, here: usize) -> Option<OriginId> {
        let table = &self.program.parts().origin_table;
        let row = table.binary_search_by_key(&(here as u32), |(at, _)| *at).ok()?;
        Some(table[row].1)
    }

    /// The path of the subject, whether it exists or not.
    pub(super) fn subject_path(&self) -> String {
        let mut path = self.resource.document.path_below(self.resource.object, self.subject.nearest);
        if !path.is_empty() && !self.subject.rest.is_empty() && !self.subject.rest.starts_with('[') {
            path.push('.');
        }
        path.push_str(&self.subject.rest);
        path
    }

    /// The cause that the pass has noted; `fallback` is what is violated, and `node` and `path` where.
    pub(super) fn cause(&mut self, fallback: OriginId, node: NodeId, path: &str) -> Cause {
        let noted = self.recorder.as_mut().and_then(|recorder| recorder.cause.take());
        let (here, read) = noted.map_or((None, None), |(here, read)| (Some(here), read));
        let origin = here
            .and_then(|here| self.origin_of(here))
            .or_else(|| self.program.parts().origins.get(fallback.0 as usize));
        let (place, text) =
            origin.map_or((Default::default(), String::new()), |it| (it.place, it.text.clone()));
        let read = read.unwrap_or_else(|| Read { node, path: path.to_owned(), value: Value::Missing });
        Cause { origin: place, text, node: read.node, path: read.path, value: excerpt(&read.value) }
    }
}

fn next(document: &Document, node: NodeId, step: &PathStep) -> Option<NodeId> {
    match step {
        PathStep::Field { name, .. } => document.get(node, name),
        PathStep::Element(number) => {
            element_place(*number, document.len(node)).and_then(|at| document.element(node, at))
        }
    }
}

/// Adds steps to the text of a path; places from the end are counted from the start where the list is there.
fn push_steps(text: &mut String, steps: &[PathStep], from: Option<(&Document, NodeId)>) {
    let mut at = from;
    for step in steps {
        match step {
            PathStep::Field { name, .. } => push_key(text, name),
            PathStep::Element(number) => {
                let place = at.and_then(|(document, node)| element_place(*number, document.len(node)));
                match place {
                    Some(place) => push_index(text, place),
                    None => text.push_str(&format!("[{number}]")),
                }
            }
        }
        at = at.and_then(|(document, node)| Some((document, next(document, node, step)?)));
    }
}

/// Bytes of JSON that a report shows.
const EXCERPT_MAX: usize = 200;

/// A value as compact JSON, cut where it is long; `None` where it is missing.
fn excerpt(value: &Value<'_>) -> Option<String> {
    let long_text = value.as_text().filter(|text| text.len() > EXCERPT_MAX);
    let shown = match (long_text, value.view()) {
        (_, View::Missing) => return None,
        (Some(text), _) => {
            let end = text.floor_char_boundary(EXCERPT_MAX);
            Value::Text(Shared::Borrowed(&text[..end]))
        }
        (None, _) => value.clone(),
    };
    let mut json = match (json_text(&shown, &mut Budget::new(10_000)), value.view()) {
        (Ok(json), _) => json,
        (Err(_), View::List { .. }) => "[…".to_owned(),
        (Err(_), _) => "{…".to_owned(),
    };
    if long_text.is_some() {
        json.pop();
        json.push('…');
    } else if json.len() > EXCERPT_MAX {
        json.truncate(json.floor_char_boundary(EXCERPT_MAX));
        json.push('…');
    }
    Some(json)
}
