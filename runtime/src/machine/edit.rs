//! Mutations: which changes a rule asks for.

use super::elements::for_each_element;
use super::run::{Machine, Stop};
use super::{ChangedObject, ErrorReason, EvaluationError};
use crate::document::{Document, NodeId, NodeValue};
use crate::patch::{self, Change, ChangeKind, Segment};
use crate::program::{self, Block, Edit, Existing, Place, PlaceRoot, PlaceStep};
use crate::value::{Value, json_text};

/// An object under edit, which the places of edits begin at.
#[derive(Clone, Copy)]
struct Edited<'a> {
    document: &'a Document,
    object: NodeId,
}

/// The changes that the edits of a rule ask of the subject, in order.
pub(super) fn changes<'a>(machine: &mut Machine<'a>, edits: &'a [Edit]) -> Result<Vec<Change>, Stop> {
    let edited = Edited { document: machine.resource.document, object: machine.resource.object };
    changes_of(machine, edited, edits)
}

/// Objects that one rule may change when one object is admitted.
const OBJECTS_MAX: usize = 10_000;

/// The existing objects that become others, each as it is recorded and as it is afterwards.
pub(super) fn existing<'a>(
    machine: &mut Machine<'a>,
    groups: &'a [Existing],
) -> Result<Vec<ChangedObject>, Stop> {
    let mut changed: Vec<ChangedObject> = Vec::new();
    for group in groups {
        for_each_element(machine, std::slice::from_ref(&group.objects), &mut |machine| {
            let slot = group.objects.element.0 as usize;
            let Value::Node(document, object) = machine.slots[slot] else { return Ok(()) };
            if let Some(filter) = group.filter
                && !machine.ask(filter)?
            {
                return Ok(());
            }
            let changes = changes_of(machine, Edited { document, object }, &group.edits)?;
            if changes.is_empty() {
                return Ok(());
            }
            let before = document.to_json(object);
            let after = patch::apply(&before, &changes);
            if after == before {
                return Ok(());
            }
            if changed.len() >= OBJECTS_MAX {
                return Err(Stop::Error(EvaluationError { reason: ErrorReason::OverBudget, origin: None }));
            }
            changed.push(ChangedObject { before, after });
            Ok(())
        })?;
    }
    Ok(changed)
}

fn changes_of<'a>(
    machine: &mut Machine<'a>,
    edited: Edited<'a>,
    edits: &'a [Edit],
) -> Result<Vec<Change>, Stop> {
    let mut changes = Vec::new();
    for edit in edits {
        for_each_element(machine, &edit.each, &mut |machine| one(machine, edited, edit, &mut changes))?;
    }
    Ok(changes)
}

/// The edit where all its names are bound.
fn one<'a>(
    machine: &mut Machine<'a>,
    edited: Edited<'a>,
    edit: &'a Edit,
    changes: &mut Vec<Change>,
) -> Result<(), Stop> {
    if let Some(guard) = edit.guard
        && !machine.ask(guard)?
    {
        return Ok(());
    }
    let Some(at) = place(machine, edited, &edit.place)? else { return Ok(()) };
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
fn place<'a>(
    machine: &mut Machine<'a>,
    edited: Edited<'a>,
    place: &'a Place,
) -> Result<Option<Vec<Segment>>, Stop> {
    let Edited { document, object } = edited;
    let begin = match place.root {
        PlaceRoot::Object => Some(object),
        PlaceRoot::Subject => machine.subject.node,
        PlaceRoot::Slot(slot) => match &machine.slots[slot.0 as usize] {
            Value::Node(of, node) if std::ptr::eq(*of, document) => Some(*node),
            _ => None,
        },
    };
    let Some(begin) = begin else { return Ok(None) };
    let mut at = way_to(document, object, begin);
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
