//! `generate`: which objects a rule makes.

use serde_json::{Map, Value as Json};

use super::edit::json;
use super::elements::for_each_element;
use super::run::{Machine, Stop};
use super::{ErrorReason, EvaluationError};
use crate::program::{Block, Copies, Generation, Make, NewObject};
use crate::value::Value;

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
            return Err(error(ErrorReason::OverBudget));
        }
        match &generation.make {
            Make::Object(object) => made.extend(one(machine, object)?),
            Make::Copies(copies) => self::copies(machine, copies, &mut made)?,
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

/// What a cluster gives an object when it comes, and a copy does not take along.
const OF_THE_CLUSTER: [&str; 5] =
    ["uid", "selfLink", "creationTimestamp", "managedFields", "resourceVersion"];

/// The copies of one round. What Kyverno does: an object is not copied onto itself, and owners stay in their namespace.
fn copies(machine: &mut Machine<'_>, copies: &Copies, made: &mut Vec<Json>) -> Result<(), Stop> {
    let Some(into) = name(machine, copies.into)? else { return Ok(()) };
    let rename = match copies.rename {
        None => None,
        Some(block) => match name(machine, block)? {
            Some(rename) => Some(rename),
            None => return Ok(()),
        },
    };
    let Some(Json::Array(objects)) = json(machine, copies.objects)? else { return Ok(()) };
    if objects.len() < copies.required as usize {
        return Err(error(ErrorReason::LookupFailed));
    }
    for mut object in objects {
        let Some(metadata) = object.get_mut("metadata").and_then(Json::as_object_mut) else { continue };
        let text = |key: &str| metadata.get(key).and_then(Json::as_str);
        let same_namespace = text("namespace") == Some(&into);
        let same_name = rename.is_none() || text("name") == rename.as_deref();
        if same_namespace && same_name {
            continue;
        }
        metadata.retain(|key, _| !OF_THE_CLUSTER.contains(&key.as_str()));
        if !same_namespace {
            metadata.remove("ownerReferences");
        }
        metadata.insert("namespace".to_owned(), Json::String(into.clone()));
        metadata.extend(rename.iter().map(|it| ("name".to_owned(), Json::String(it.clone()))));
        made.push(object);
    }
    Ok(())
}

fn error(reason: ErrorReason) -> Stop {
    Stop::Error(EvaluationError { reason, origin: None })
}

/// A name is text, and not empty.
fn name(machine: &mut Machine<'_>, block: Block) -> Result<Option<String>, Stop> {
    let values = machine.values(block)?;
    let name = values.first().and_then(Value::as_text).filter(|text| !text.is_empty());
    let name = name.map(str::to_owned);
    machine.done_with(values);
    Ok(name)
}
