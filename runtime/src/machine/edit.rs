//! Mutations: which changes a rule asks for.

use super::elements::for_each_element;
use super::run::{Machine, Stop};
use crate::document::{Document, NodeId, NodeValue};
use crate::patch::{Change, ChangeKind, Segment};
use crate::program::{self, Block, Edit, Place, PlaceRoot, PlaceStep};
use crate::value::{Value, json_text};

/// The changes that the edits of a rule ask of the subject, in order.
pub(super) fn changes<'a>(machine: &mut Machine<'a>, edits: &'a [Edit]) -> Result<Vec<Change>, Stop> {
    let mut changes = Vec::new();
    for edit in edits {
        for_each_element(machine, &edit.each, &mut |machine| one(machine, edit, &mut changes))?;
    }
    Ok(changes)
}

/// The edit where all its names are bound.
fn one<'a>(machine: &mut Machine<'a>, edit: &'a Edit, changes: &mut Vec<Change>) -> Result<(), Stop> {
    if let Some(guard) = edit.guard
        && !machine.ask(guard)?
    {
        return Ok(());
    }
    let Some(at) = place(machine, &edit.place)? else { return Ok(()) };
    let kind = match &edit.change {
        program::Change::Remove => ChangeKind::Remove,
        program::Change::Put(block) => match json(machine, *block)? {
            Some(value) => ChangeKind::Put(value),
            None => return Ok(()),
        },
        program::Change::Insert { first, value } => match json(machine, *value)? {
            Some(value) => ChangeKind::Insert { first: *first, value },
            None => return Ok(()),
        },
    };
    changes.push(Change { at, kind });
    Ok(())
}

/// The place from the object on; `None` where it begins at something that is not there.
fn place<'a>(machine: &mut Machine<'a>, place: &'a Place) -> Result<Option<Vec<Segment>>, Stop> {
    let document = machine.resource.document;
    let begin = match place.root {
        PlaceRoot::Object => Some(machine.resource.object),
        PlaceRoot::Subject => machine.subject.node,
        PlaceRoot::Slot(slot) => match &machine.slots[slot.0 as usize] {
            Value::Node(of, node) if std::ptr::eq(*of, document) => Some(*node),
            _ => None,
        },
    };
    let Some(begin) = begin else { return Ok(None) };
    let mut at = way_to(document, machine.resource.object, begin);
    for step in &place.steps {
        at.push(Segment::Key(match step {
            PlaceStep::Field(name) => name.clone(),
            PlaceStep::Key(block) => {
                let values = machine.values(*block)?;
                let key = values.first().and_then(|value| value.as_text().map(str::to_owned));
                machine.done_with(values);
                match key {
                    Some(key) => key,
                    None => return Ok(None),
                }
            }
        }));
    }
    Ok(Some(at))
}

/// The value that a block leaves; `None` where it is missing.
pub(super) fn json(machine: &mut Machine<'_>, block: Block) -> Result<Option<serde_json::Value>, Stop> {
    let values = machine.values(block)?;
    let json = match values.first() {
        Some(value) if !value.is_missing() => {
            let text = json_text(value, &mut machine.budget)?;
            serde_json::from_str(&text).ok()
        }
        _ => None,
    };
    machine.done_with(values);
    Ok(json)
}

/// The steps from one node down to another.
fn way_to(document: &Document, from: NodeId, to: NodeId) -> Vec<Segment> {
    let from = document.resolved(from);
    let mut way = Vec::new();
    let mut at = to;
    while at != from {
        let Some(parent) = document.parent(at) else { break };
        let segment = match document.value(parent) {
            NodeValue::Map { .. } => document
                .entries(parent)
                .find(|(_, _, value)| *value == at)
                .map(|(key, _, _)| Segment::Key(key.to_owned())),
            _ => document.elements(parent).position(|it| it == at).map(Segment::Index),
        };
        way.extend(segment);
        at = parent;
    }
    way.reverse();
    way
}
