//! `generate`: which objects a rule makes.

use serde_json::{Map, Value as Json};

use super::edit::json;
use super::elements::for_each_element;
use super::run::{Machine, Stop};
use super::{ErrorReason, EvaluationError, Unknown};
use crate::program::{Block, Generation, Make, NewObject};

/// Objects that one rule may make of one object. Kyverno has no limit; a cluster would not live long without one.
const OBJECTS_MAX: usize = 10_000;

/// The objects, round by round.
pub(super) fn objects<'a>(machine: &mut Machine<'a>, generation: &'a Generation) -> Result<Vec<Json>, Stop> {
    let mut made = Vec::new();
    for_each_element(machine, generation.each.as_slice(), &mut |machine| {
        if let Some(filter) = generation.filter
            && !machine.ask(filter)?
        {
            return Ok(());
        }
        if made.len() >= OBJECTS_MAX {
            return Err(Stop::Error(EvaluationError { reason: ErrorReason::OverBudget, origin: None }));
        }
        match &generation.make {
            Make::Object(object) => made.extend(one(machine, object)?),
            Make::Copies => return Err(Stop::NotEvaluated(Unknown::ClusterObjects)),
        }
        Ok(())
    })?;
    Ok(made)
}

/// The object of one round; `None` where it has no name or namespace.
fn one(machine: &mut Machine<'_>, object: &NewObject) -> Result<Option<Json>, Stop> {
    let Some(name) = name(machine, object.name)? else { return Ok(None) };
    let namespace = match object.namespace {
        None => None,
        Some(block) => match self::name(machine, block)? {
            Some(namespace) => Some(namespace),
            None => return Ok(None),
        },
    };
    let mut fields = match json(machine, object.fields)? {
        Some(Json::Object(fields)) => fields,
        _ => Map::new(),
    };
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), Json::String(name));
    metadata.extend(namespace.map(|it| ("namespace".to_owned(), Json::String(it))));
    if let Some(Json::Object(own)) = fields.remove("metadata") {
        metadata.extend(own.into_iter().filter(|(key, _)| key != "name" && key != "namespace"));
    }
    let mut made = Map::new();
    made.insert("apiVersion".to_owned(), Json::String(object.api_version.clone()));
    made.insert("kind".to_owned(), Json::String(object.kind.clone()));
    made.insert("metadata".to_owned(), Json::Object(metadata));
    made.extend(fields.into_iter().filter(|(key, _)| key != "apiVersion" && key != "kind"));
    Ok(Some(Json::Object(made)))
}

/// A name is text, and not empty.
fn name(machine: &mut Machine<'_>, block: Block) -> Result<Option<String>, Stop> {
    let values = machine.values(block)?;
    let name = values.first().and_then(|value| value.as_text()).filter(|text| !text.is_empty());
    let name = name.map(str::to_owned);
    machine.done_with(values);
    Ok(name)
}
