//! Mutation rules: the shape of what is read.

use aipc_runtime::document::{NodeId, NodeValue};
use aipc_runtime::value::Shared;

use crate::json::{Entry, Json};
use crate::mutate::check_patch;
use crate::substitute::find_all;

use super::fields::{FaultKind, Fields, Reader};
use super::rule::{Conditions, ContextEntry, Template, read_any_all, read_conditions, read_context};

/// What a mutation rule does.
#[derive(Clone, Debug)]
pub struct Mutate {
    pub change: Change,
    /// The existing objects that it is about; without any it is about the object of the request.
    pub targets: Vec<Target>,
}

#[derive(Clone, Debug)]
pub enum Change {
    /// The whole rule, all of whose texts Kyverno fills in to have the patch in it.
    Patch(Template),
    ForEach(Vec<MutateEach>),
}

/// A loop of changes.
#[derive(Clone, Debug)]
pub struct MutateEach {
    /// A query, without braces.
    pub list: String,
    /// From the last element to the first.
    pub is_descending: bool,
    pub context: Vec<ContextEntry>,
    pub preconditions: Option<Conditions>,
    pub change: EachChange,
}

#[derive(Clone, Debug)]
pub enum EachChange {
    /// A map with the patch under its name.
    Patch(Template),
    ForEach(Vec<MutateEach>),
}

/// Existing objects that a rule changes.
#[derive(Clone, Debug)]
pub struct Target {
    /// Which objects: a map of texts, and a selector.
    pub selector: Template,
    pub context: Vec<ContextEntry>,
    pub preconditions: Option<Conditions>,
}

/// The names of the two kinds of patch.
pub const STRATEGIC: &str = "patchStrategicMerge";
pub const JSON: &str = "patchesJson6902";

impl Mutate {
    /// Whether a patch of JSON operations is anywhere in it but in an inner loop.
    pub(super) fn has_json_patch(&self) -> bool {
        let is_there = |patch: &Json<'_>| {
            patch.get(JSON).and_then(|text| text.as_text().map(|text| !text.is_empty())) == Some(true)
        };
        match &self.change {
            Change::Patch(rule) => rule.value.get("mutate").is_some_and(|mutate| is_there(&mutate)),
            Change::ForEach(loops) => loops.iter().any(|each| match &each.change {
                EachChange::Patch(patch) => is_there(&patch.value),
                EachChange::ForEach(_) => false,
            }),
        }
    }
}

/// Reads the `mutate` of a rule.
pub(super) fn read_mutate(reader: &mut Reader<'_>, node: NodeId, rule: NodeId) -> Option<Mutate> {
    let mut fields = reader.fields(node)?;
    fields.bool(reader, "mutateExistingOnPolicyUpdate");
    let target_nodes = fields.elements(reader, "targets");
    let targets = target_nodes.into_iter().filter_map(|node| read_target(reader, node)).collect();
    let patches = read_patches(reader, &mut fields, true);
    let for_each = fields.get(reader, "foreach");
    let loops = for_each.map_or(Vec::new(), |node| read_loops(reader, node));
    fields.finish(reader);
    match patches.as_slice() {
        [_, patch] => {
            only_one(reader, *patch, "only one of `patchStrategicMerge` and `patchesJson6902` is allowed")
        }
        [patch] if !loops.is_empty() => {
            only_one(
                reader,
                *patch,
                "beside `foreach` there is no `patchStrategicMerge` and no `patchesJson6902`",
            );
        }
        _ => {}
    }
    let change = match for_each {
        Some(_) => Change::ForEach(loops),
        None => Change::Patch(Template::new(without_nulls(&reader.json(rule)))),
    };
    Some(Mutate { change, targets })
}

fn only_one(reader: &mut Reader<'_>, node: NodeId, message: &str) {
    reader.fault(node, FaultKind::Refused, message);
}

/// The patches that there are.
fn read_patches(reader: &mut Reader<'_>, fields: &mut Fields, is_rule: bool) -> Vec<NodeId> {
    let strategic = fields.get(reader, STRATEGIC);
    let json = fields.get(reader, JSON);
    if let Some(node) = json
        && let Some(text) = reader.text(node)
        && is_rule
    {
        check_operations(reader, node, text);
    }
    let is_empty = |node: &NodeId| reader.document.value(*node) == NodeValue::Str("");
    strategic.into_iter().chain(json.filter(|node| !is_empty(node))).collect()
}

/// Variables stand for text while operations are looked at, and paths have none.
fn check_operations(reader: &mut Reader<'_>, node: NodeId, text: &str) {
    if text.is_empty() {
        return;
    }
    let mut filled = text.to_owned();
    for variable in find_all(text) {
        filled = filled.replace(&variable.text, "variable");
    }
    if let Err(why) = check_patch(&filled) {
        reader.fault(node, FaultKind::Refused, format!("this is no list of operations: {why}"));
    }
}

fn read_loops(reader: &mut Reader<'_>, node: NodeId) -> Vec<MutateEach> {
    let elements = reader.elements(node);
    elements.into_iter().filter_map(|node| read_each(reader, node)).collect()
}

fn read_each(reader: &mut Reader<'_>, node: NodeId) -> Option<MutateEach> {
    let mut fields = reader.fields(node)?;
    let list = fields.text(reader, "list").unwrap_or_default().to_owned();
    let order = fields.word(reader, "order", &[("Ascending", false), ("Descending", true)]);
    let context = read_context(reader, &mut fields);
    let preconditions = fields.get(reader, "preconditions").and_then(|node| read_any_all(reader, node));
    let patches = read_patches(reader, &mut fields, false);
    let strategic = fields.get(reader, STRATEGIC);
    let inner = fields.get(reader, "foreach").map_or(Vec::new(), |node| read_loops(reader, node));
    fields.finish(reader);
    let is_nested = !inner.is_empty();
    if is_nested && !(context.is_empty() && preconditions.is_none() && patches.is_empty()) {
        reader.fault(
            node,
            FaultKind::Refused,
            "a loop with an inner `foreach` has nothing else beside its list",
        );
    } else if !is_nested && patches.len() != 1 {
        let message = "a loop has one of `patchStrategicMerge`, `patchesJson6902` and an inner `foreach`";
        reader.fault(node, FaultKind::Refused, message);
    }
    let change = if is_nested {
        EachChange::ForEach(inner)
    } else {
        let patch = |name: &'static str| {
            let node = reader.document.get(node, name)?;
            Some((Shared::Borrowed(name), reader.json(node)))
        };
        let entries: Vec<Entry<'static>> = [STRATEGIC, JSON].into_iter().filter_map(patch).collect();
        EachChange::Patch(Template::new(Json::map(entries)))
    };
    // Merged elements come before the others, so the last goes first.
    let is_descending = order.unwrap_or(strategic.is_some());
    Some(MutateEach { list, is_descending, context, preconditions, change })
}

fn read_target(reader: &mut Reader<'_>, node: NodeId) -> Option<Target> {
    const SELECTING: [&str; 6] = ["apiVersion", "kind", "namespace", "name", "uid", "selector"];
    let mut fields = reader.fields(node)?;
    fields.allow(&SELECTING);
    let context = read_context(reader, &mut fields);
    let preconditions = fields.get(reader, "preconditions").and_then(|node| read_conditions(reader, node));
    fields.finish(reader);
    let selecting = reader.json(node).entries().into_iter();
    let selector = Json::map(selecting.filter(|(key, _)| SELECTING.contains(&&**key)).collect());
    Some(Target { selector: Template::new(selector), context, preconditions })
}

/// A rule as Kyverno writes it again: fields of its own that are null are not there. In a patch null has a meaning.
fn without_nulls(rule: &Json<'static>) -> Json<'static> {
    let standing = |(_, value): &Entry<'static>| !value.is_null();
    Json::map(rule.entries().into_iter().filter(standing).collect())
}
