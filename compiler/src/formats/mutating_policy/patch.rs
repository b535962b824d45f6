//! Edits as a list of operations of JSON Patch (RFC 6902), in CEL.
//!
//! All of the expression reads the object as it was, as edits do. The operations are made one after the other, and each
//! needs a place that is there: so missing parents are added first, once for all edits that need them, and what is
//! removed is asked for. Edits that would get into each other's way are refused.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::formats::Unsupported;
use crate::formats::cel::ast::{Expr, Key, Op, Path};
use crate::formats::cel::{Translator, as_json};
use crate::formats::edits::{
    escaped, in_order, is_below_element, is_map, is_within, list_of, names, removes_element, same_elements,
    written_to,
};
use crate::ir::{
    Binder, Change, EachElement, Edit, End, Local, Mutation, Path as IrPath, Root, Step, Type, Value,
    ValueKind,
};

/// Names that the IR does not use begin here.
const FRESH_LOCALS: u32 = 1 << 25;

/// The operations that make the edits: a list of `JSONPatch`.
///
/// # Errors
/// Edits of related places, and places and values that CEL has no words for.
pub fn patch(translator: &mut Translator, mutation: &Mutation) -> Result<Expr, Unsupported> {
    let edits = in_order(mutation.edits.clone())?;
    keep_apart(&edits)?;
    let mut parts = Parts::default();
    let mut at = 0;
    while at < edits.len() {
        // Edits of the same elements share a loop, unless elements go, which has an order of its own.
        let alone = removes_element(&edits[at]);
        let together = |edit: &&Edit| same_elements(&edits[at], edit) && !removes_element(edit);
        let count = if alone { 1 } else { edits[at..].iter().take_while(together).count() };
        let group = at..at + count.max(1);
        parents_of_loop(translator, &edits[group.clone()], &mut parts)?;
        let made = each(translator, &edits[at].each, &mut Vec::new(), &mut |translator, loops| {
            let mut group_parts = Parts::default();
            let mut known = Known::new();
            for number in group.clone() {
                edit(translator, &edits, number, loops, &mut known, &mut group_parts)?;
            }
            Ok(group_parts)
        })?;
        parts.0.extend(match alone && !edits[at].each.is_empty() {
            // From the end, so that numbers stay what they were.
            true => vec![Part::List(made.expr().method("reverse", vec![]))],
            false => made.0,
        });
        at += count.max(1);
    }
    Ok(parts.expr())
}

/// Refuses edits one of which would find what another has written.
fn keep_apart(edits: &[Edit]) -> Result<(), Unsupported> {
    let grows = |edit: &Edit| matches!(edit.change, Change::Insert { .. });
    let puts = |edit: &Edit| matches!(edit.change, Change::Put { .. });
    let places: Vec<Vec<String>> = edits.iter().map(written_to).collect();
    let made: Vec<Vec<Vec<String>>> = edits
        .iter()
        .map(|edit| parents(edit).iter().filter(|it| may_be_missing(it)).map(|it| names(edit, it)).collect())
        .collect();
    for (number, later) in edits.iter().enumerate() {
        for (number_before, earlier) in edits[..number].iter().enumerate() {
            let (before, after) = (&places[number_before], &places[number]);
            let related = is_within(before, after) || is_within(after, before);
            let same = before == after && same_elements(earlier, later);
            let fits = match (earlier, later) {
                (a, b) if same => (puts(a) && puts(b)) || (grows(a) && grows(b)),
                // Elements keep their numbers until others go or come.
                (_, b) if removes_element(b) => is_below_element(before, list_of(after)),
                (a, b) if removes_element(a) => grows(b) && *after == list_of(before),
                (_, b) if grows(b) => is_below_element(before, after),
                _ => false,
            };
            if related && !fits {
                let reason = "another edit of the rule writes the same place; make two rules of them";
                return Err(Unsupported { span: later.origin, reason });
            }
            let shared = made[number].iter().any(|place| made[number_before].contains(place));
            if shared && !same_elements(earlier, later) {
                let reason =
                    "another loop of the rule makes the same place; write them as one, or make two rules";
                return Err(Unsupported { span: later.origin, reason });
            }
        }
    }
    Ok(())
}

/// What has to be there before an edit can be made, outermost first; of a list that grows, the list is the last.
fn parents(edit: &Edit) -> Vec<Value> {
    let count = |steps: usize| match edit.change {
        Change::Put { .. } => steps.saturating_sub(1),
        Change::Insert { .. } => steps,
        Change::Remove { .. } => 0,
    };
    let place = edit.change.place();
    let Some(path) = place.as_path() else { return Vec::new() };
    (1..=count(path.steps.len())).map(|length| prefix(path, length, place)).collect()
}

/// The first steps of a path.
fn prefix(path: &IrPath, length: usize, place: &Value) -> Value {
    let path = IrPath { root: path.root, steps: path.steps[..length].to_vec() };
    Value::new(ValueKind::Path(path), Type::Object, place.origin)
}

fn may_be_missing(parent: &Value) -> bool {
    match parent.as_path().and_then(|path| path.steps.last()) {
        Some(Step::Field(field)) => !field.required,
        _ => true,
    }
}

// Parts of a patch

/// A list of operations, part by part.
#[derive(Default)]
struct Parts(Vec<Part>);

enum Part {
    /// Operations that are made where a condition holds.
    Operations(Expr, Vec<Expr>),
    /// An expression of a list of operations.
    List(Expr),
}

impl Parts {
    fn push(&mut self, test: Expr, operation: Expr) {
        match self.0.last_mut() {
            Some(Part::Operations(last, operations)) if *last == test => operations.push(operation),
            _ => self.0.push(Part::Operations(test, vec![operation])),
        }
    }

    fn expr(self) -> Expr {
        let parts = self.0.into_iter().map(|part| match part {
            Part::Operations(test, operations) => Expr::if_else(test, list(operations), list(vec![])),
            Part::List(expr) => expr,
        });
        let mut parts: Vec<Expr> = parts.collect();
        match parts.len() {
            0 => list(vec![]),
            1 => parts.remove(0),
            _ => Expr::Sum(parts),
        }
    }
}

fn list(operations: Vec<Expr>) -> Expr {
    Expr::List(operations.into_iter().map(|operation| (false, operation)).collect())
}

fn operation(op: &str, path: Expr, value: Option<Expr>) -> Expr {
    let mut fields = vec![("op", Expr::str(op)), ("path", path)];
    fields.extend(value.map(|value| ("value", value)));
    Expr::Message("JSONPatch", fields)
}

// Loops

/// What CEL calls the number or key of an element.
struct Loop {
    number: String,
    is_map: bool,
}

/// Makes the operations for one element, given the loops that it stands in.
type Build<'b> = dyn FnMut(&mut Translator, &[Loop]) -> Result<Parts, Unsupported> + 'b;

/// What `build` makes for each element of the lists.
fn each(
    translator: &mut Translator,
    lists: &[EachElement],
    loops: &mut Vec<Loop>,
    build: &mut Build,
) -> Result<Parts, Unsupported> {
    let Some((first, rest)) = lists.split_first() else { return build(translator, loops) };
    let (range, variables) = enter(translator, first, loops);
    let inner = each(translator, rest, loops, build);
    loops.pop();
    variables.iter().for_each(|name| translator.release(name));
    let mut inner = inner?.0;
    let single = matches!(inner.as_slice(), [Part::Operations(_, operations)] if operations.len() == 1);
    let all = match inner.pop() {
        Some(Part::Operations(test, mut operations)) if single => {
            let operation = operations.remove(0);
            let bodies = match test {
                Expr::Bool(true) => vec![operation],
                test => vec![test, operation],
            };
            Expr::macro_of(range, "transformList", &variables, bodies)
        }
        last => {
            inner.extend(last);
            Expr::macro_of(range, "transformList", &variables, vec![Parts(inner).expr()])
                .method("flatten", vec![])
        }
    };
    Ok(Parts(vec![Part::List(all)]))
}

/// Binds the names of an element; its list, and what CEL calls the names.
fn enter(translator: &mut Translator, list: &EachElement, loops: &mut Vec<Loop>) -> (Expr, Vec<String>) {
    let range = translator.total_list_or_map(&list.list);
    let depth = u32::try_from(loops.len()).unwrap_or(0);
    let key = list.binder.key.unwrap_or(Local(FRESH_LOCALS + depth));
    let binder = Binder { key: Some(key), element: list.binder.element };
    let variables = translator.bind_elements(&binder, &list.list);
    let number = variables.first().cloned().unwrap_or_default();
    loops.push(Loop { number, is_map: is_map(&list.list) });
    (range, variables)
}

/// Whether an edit of elements is made for any of them.
fn any_element(
    translator: &mut Translator,
    edit: &Edit,
    lists: &[EachElement],
    loops: &mut Vec<Loop>,
) -> Result<Expr, Unsupported> {
    let Some((first, rest)) = lists.split_first() else { return Ok(one(translator, edit, loops)?.0) };
    let (range, variables) = enter(translator, first, loops);
    let inner = any_element(translator, edit, rest, loops);
    loops.pop();
    variables.iter().for_each(|name| translator.release(name));
    Ok(Expr::macro_of(range, "exists", &variables, vec![inner?]))
}

/// A place outside of the elements that an edit goes through: made for each of them it would lose what it got before.
fn is_outside(edit: &Edit, parent: &Value) -> bool {
    let is_plain = |path: &IrPath| {
        let is_field = |step: &Step| matches!(step, Step::Field(_));
        !matches!(path.root, Root::Local(_)) && path.steps.iter().all(is_field)
    };
    !edit.each.is_empty() && parent.as_path().is_some_and(is_plain)
}

/// Makes the parents outside of the elements of a loop, before it begins.
fn parents_of_loop(
    translator: &mut Translator,
    edits: &[Edit],
    parts: &mut Parts,
) -> Result<(), Unsupported> {
    let mut made: Vec<Vec<String>> = Vec::new();
    for edit in edits {
        for parent in parents(edit).into_iter().filter(|it| is_outside(edit, it)) {
            let own = names(edit, &parent);
            let path = path_of(translator, edit, &parent)?;
            let there = translator.there(&path);
            if there == Expr::Bool(true) || made.contains(&own) {
                continue;
            }
            let needs = |other: &&Edit| parents(other).iter().any(|it| names(other, it) == own);
            let tests: Result<Vec<Expr>, Unsupported> = edits
                .iter()
                .filter(needs)
                .map(|other| any_element(translator, other, &other.each, &mut Vec::new()))
                .collect();
            let at = pointer(translator, edit, &parent, &[], None)?.1;
            let test = Expr::all([there.negate(), Expr::any(tests?)]);
            parts.push(test, operation("add", at, Some(empty_of(edit, &own))));
            made.push(own);
        }
    }
    Ok(())
}

/// What is made where nothing was: the list that grows, or a map.
fn empty_of(edit: &Edit, parent: &[String]) -> Expr {
    match &edit.change {
        Change::Insert { list: it, .. } if names(edit, it) == parent => list(vec![]),
        _ => Expr::Map(vec![]),
    }
}

// Edits

/// Of edits by number, what they need and when they are made, as far as that was asked within one loop.
type Known = HashMap<usize, (Vec<Vec<String>>, Expr)>;

/// The operations of an edit, after those that make its parents.
fn edit(
    translator: &mut Translator,
    edits: &[Edit],
    number: usize,
    loops: &[Loop],
    known: &mut Known,
    parts: &mut Parts,
) -> Result<(), Unsupported> {
    let edit = &edits[number];
    for (path, parent) in missing(translator, edit)? {
        if is_outside(edit, &parent) {
            continue;
        }
        let own = names(edit, &parent);
        let mut tests = Vec::new();
        let mut made = false;
        for (at, other) in
            edits.iter().enumerate().filter(|(at, other)| *at == number || same_elements(edit, other))
        {
            let (needs, test) = match known.entry(at) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let needs = missing(translator, other)?;
                    let needs = needs.iter().map(|(_, parent)| names(other, parent)).collect();
                    entry.insert((needs, one(translator, other, loops)?.0))
                }
            };
            if needs.contains(&own) {
                made |= at < number;
                if made {
                    break;
                }
                tests.push(test.clone());
            }
        }
        if made {
            continue;
        }
        let (reached, at) = pointer(translator, edit, &parent, loops, None)?;
        let test = Expr::all([Expr::any(tests), translator.there(&path).negate(), reached]);
        parts.push(test, operation("add", at, Some(empty_of(edit, &own))));
    }
    let (test, operation) = one(translator, edit, loops)?;
    parts.push(test, operation);
    Ok(())
}

/// When an edit is made, and its operation.
fn one(translator: &mut Translator, edit: &Edit, loops: &[Loop]) -> Result<(Expr, Expr), Unsupported> {
    let guard = translator.condition(&edit.guard);
    let place = edit.change.place();
    let (test, operation) = translator.given(&guard, |translator| {
        let end = match &edit.change {
            Change::Insert { end: End::First, .. } => Some("0"),
            Change::Insert { end: End::Last, .. } => Some("-"),
            Change::Put { .. } | Change::Remove { .. } => None,
        };
        let (reached, path) = pointer(translator, edit, place, loops, end)?;
        let (there, op, value) = match &edit.change {
            Change::Put { value, .. } => {
                let is_element = place.as_path().is_some_and(|path| path.steps.is_empty());
                let (there, value) = as_json(translator, value)?;
                (there, if is_element { "replace" } else { "add" }, Some(value))
            }
            Change::Insert { value, .. } => {
                let (there, value) = as_json(translator, value)?;
                (there, "add", Some(value))
            }
            Change::Remove { .. } if removes_element(edit) => (Expr::Bool(true), "remove", None),
            Change::Remove { .. } => (entry_is_there(translator, edit)?, "remove", None),
        };
        Ok((Expr::all([reached, there]), operation(op, path, value)))
    })?;
    Ok((Expr::all([guard, test]), operation))
}

/// The parents that may be missing, whatever the guard says: they are made from the outside in, for all edits alike.
fn missing(translator: &mut Translator, edit: &Edit) -> Result<Vec<(Path, Value)>, Unsupported> {
    let mut found = Vec::new();
    for parent in parents(edit) {
        let path = path_of(translator, edit, &parent)?;
        if translator.there(&path) != Expr::Bool(true) {
            found.push((path, parent));
        }
    }
    Ok(found)
}

fn path_of(translator: &mut Translator, edit: &Edit, place: &Value) -> Result<Path, Unsupported> {
    let reason = "CEL cannot ask whether this place is there";
    translator.plain_path(place).ok_or(Unsupported { span: edit.origin, reason })
}

/// The place that is removed is there, be it null.
fn entry_is_there(translator: &mut Translator, edit: &Edit) -> Result<Expr, Unsupported> {
    let path = path_of(translator, edit, edit.change.place())?;
    let key = match path.steps.last().map(|step| &step.key) {
        Some(Key::Field(name) | Key::Entry(name)) => Expr::str(name.as_str()),
        Some(Key::Computed(key)) => key.clone(),
        Some(Key::Element(_)) | None => {
            let reason = "CEL cannot ask whether this place is there";
            return Err(Unsupported { span: edit.origin, reason });
        }
    };
    let parent = path.prefix(path.steps.len() - 1);
    let there = translator.there(&parent);
    Ok(Expr::all([there, Expr::binary(Op::In, key, Expr::Direct(parent))]))
}

// Pointers

/// What must hold for the keys on the way to be there, and the JSON pointer to a place, with one more token behind it if
/// given.
fn pointer(
    translator: &mut Translator,
    edit: &Edit,
    place: &Value,
    loops: &[Loop],
    last: Option<&str>,
) -> Result<(Expr, Expr), Unsupported> {
    let mut way = Way { edit, loops, guards: Vec::new(), pieces: Vec::new() };
    way.go(translator, place)?;
    if let Some(last) = last {
        way.text(&format!("/{last}"));
    }
    let pointer = if way.pieces.len() == 1 { way.pieces.remove(0) } else { Expr::Sum(way.pieces) };
    Ok((Expr::all(way.guards), pointer))
}

/// A pointer in the making.
struct Way<'e> {
    edit: &'e Edit,
    loops: &'e [Loop],
    guards: Vec<Expr>,
    pieces: Vec<Expr>,
}

impl Way<'_> {
    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Expr::Str(last)) => last.push_str(text),
            _ => self.pieces.push(Expr::str(text)),
        }
    }

    fn go(&mut self, translator: &mut Translator, place: &Value) -> Result<(), Unsupported> {
        let reason = "this place cannot be said in a JSON patch";
        let no_place = Unsupported { span: self.edit.origin, reason };
        let Some(path) = place.as_path() else { return Err(no_place) };
        if let Root::Local(local) = path.root {
            let each = self.edit.each.iter().zip(self.loops).find(|(each, _)| each.binder.element == local);
            let Some((each, one)) = each else { return Err(no_place) };
            self.go(translator, &each.list)?;
            self.text("/");
            let number = Expr::name(one.number.as_str());
            self.pieces.push(match one.is_map {
                true => Expr::call("jsonpatch.escapeKey", number),
                false => Expr::call("string", number),
            });
        }
        for step in &path.steps {
            match step {
                Step::Field(field) => self.text(&format!("/{}", escaped(&field.name))),
                Step::Key(key) => {
                    let (there, key) = translator.guarded(key);
                    self.guards.push(there);
                    self.text("/");
                    self.pieces.push(Expr::call("jsonpatch.escapeKey", key.expr));
                }
                Step::Element(_) => return Err(no_place),
            }
        }
        Ok(())
    }
}
