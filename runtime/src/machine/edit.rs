//! Mutations: which changes a rule asks for.

use super::run::{Machine, Stop};
use crate::document::{Document, NodeId, NodeValue};
use crate::patch::{Change, ChangeKind, Segment};
use crate::program::{self, Block, EachElement, Edit, Place, PlaceRoot, PlaceStep};
use crate::value::{Value, View, json_text};

/// The changes that the edits of a rule ask of the subject, in order.
pub(super) fn changes<'a>(machine: &mut Machine<'a>, edits: &'a [Edit]) -> Result<Vec<Change>, Stop> {
    let mut changes = Vec::new();
    for edit in edits {
        each(machine, edit, &edit.each, &mut changes)?;
    }
    Ok(changes)
}

/// The edit for each element of the lists that are left to open.
fn each<'a>(
    machine: &mut Machine<'a>,
    edit: &'a Edit,
    lists: &'a [EachElement],
    changes: &mut Vec<Change>,
) -> Result<(), Stop> {
    let Some((first, rest)) = lists.split_first() else { return one(machine, edit, changes) };
    let sources = machine.values(first.sources)?;
    let mut number = 0;
    for source in &sources {
        let (len, entries) = match source.view() {
            View::List { len } => (len, None),
            View::Map { len } => (len, Some(source.entries())),
            _ => continue,
        };
        for index in 0..len {
            machine.budget.spend(1)?;
            let (key, element) = match &entries {
                Some(entries) => (Value::Text(entries[index].0.clone()), entries[index].1.clone()),
                None => (Value::Int(number), source.element(index)),
            };
            number += 1;
            if element.is_missing() {
                continue;
            }
            if let Some(slot) = first.key {
                machine.slots[slot.0 as usize] = key;
            }
            machine.slots[first.element.0 as usize] = element;
            each(machine, edit, rest, changes)?;
        }
    }
    machine.done_with(sources);
    Ok(())
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

fn json(machine: &mut Machine<'_>, block: Block) -> Result<Option<serde_json::Value>, Stop> {
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
