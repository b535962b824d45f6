//! `patchesJson6902`: operations on places of an object, one after another.
//!
//! Kyverno lets an index count from the end, an `add` make what is missing on the way, and a `remove` find nothing.

use std::borrow::Cow;

use aipc_runtime::document::{DuplicateKeys, Finding, FindingKind, ReadOptions, read};

use super::raw_json::Raw;
use super::{PatchError, Patched};
use crate::json::Json;

/// What a patch makes of an object. The patch is the text of a list of operations, in JSON or YAML.
///
/// # Errors
/// The text is no patch, or one of its operations does not apply.
pub fn patch_json(object: &Json<'_>, patch: &str) -> Result<Patched, PatchError> {
    let operations = operations(patch)?;
    let before = Raw::of(object);
    let mut target = Target { own: Some(before.clone()), root: before.clone() };
    for operation in &operations {
        target.apply(operation)?;
    }
    Ok(if target.root == before { Patched::Unchanged } else { Patched::Changed(target.root.to_json()) })
}

/// Whether a text is a patch whose paths are paths.
///
/// # Errors
/// What is wrong with it.
pub fn check_patch(patch: &str) -> Result<(), String> {
    match operations(patch) {
        Err(PatchError::Refused(why) | PatchError::Panic(why)) => Err(why),
        Ok(operations) => match operations.iter().find(|operation| !operation.path.starts_with('/')) {
            Some(wrong) => Err(format!("`{}` is no path, which begins with `/`", wrong.path)),
            None => Ok(()),
        },
    }
}

const MISSING: &str = "missing value";
const INVALID: &str = "invalid state detected";
const INVALID_INDEX: &str = "invalid index referenced";

/// Lists are not filled up with more elements than this before the one that a patch adds.
const FILLED_MAX: i64 = 100_000;

struct Operation {
    kind: Kind,
    path: String,
    from: String,
    /// A null that a patch gives is one that was added.
    value: Option<Raw>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

fn operations(patch: &str) -> Result<Vec<Operation>, PatchError> {
    let undecoded = |why: &str| PatchError::Refused(format!("failed to decode patches: {why}"));
    let list = if patch.starts_with('[') {
        Raw::parse(patch).ok_or_else(|| undecoded(INVALID))?
    } else {
        from_yaml(patch)?
    };
    let list = match list {
        Raw::List(list) => list,
        Raw::Nothing => return Ok(Vec::new()),
        other => {
            let kind = other.kind();
            return Err(undecoded(&format!(
                "json: cannot unmarshal {kind} into Go value of type jsonpatch.Patch"
            )));
        }
    };
    list.iter().map(|operation| Operation::of(operation).map_err(|why| undecoded(&why))).collect()
}

fn from_yaml(patch: &str) -> Result<Raw, PatchError> {
    let options = ReadOptions { duplicate_keys: DuplicateKeys::Last, ..ReadOptions::default() };
    let read = read("patchesJson6902", patch.as_bytes(), &options);
    // A list is no object of Kubernetes, which a patch need not be.
    let is_wrong = |finding: &&Finding| finding.is_error() && finding.kind != FindingKind::NotAResource;
    if let Some(finding) = read.findings.iter().find(is_wrong) {
        let why = &finding.message;
        return Err(PatchError::Refused(format!("failed to convert patchesJSON6902 to JSON: {why}")));
    }
    Ok(read.documents.first().map_or(Raw::Nothing, |document| Raw::of_document(document, document.root())))
}

impl Operation {
    fn of(operation: &Raw) -> Result<Operation, String> {
        let fields = match operation {
            Raw::Map(fields) => fields.as_slice(),
            Raw::Nothing => &[],
            other => {
                let kind = other.kind();
                return Err(format!(
                    "json: cannot unmarshal {kind} into Go value of type jsonpatch.Operation"
                ));
            }
        };
        let invalid = |why: String| {
            let mut sorted = fields.to_vec();
            sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
            let mut text = String::new();
            Raw::Map(sorted).write(&mut text);
            format!("invalid operation {text}: {why}")
        };
        let field = |name: &str| fields.iter().find(|(key, _)| &**key == name).map(|(_, value)| value);
        let text = |name: &str| match field(name) {
            None | Some(Raw::Nothing) => None,
            Some(value) => Some(value.as_text().map(Cow::into_owned).ok_or_else(|| {
                let kind = value.kind();
                format!(
                    "failed to decode '{name}': json: cannot unmarshal {kind} into Go value of type string"
                )
            })),
        };
        let kind = match text("op").and_then(Result::ok).as_deref() {
            Some("add") => Kind::Add,
            Some("remove") => Kind::Remove,
            Some("replace") => Kind::Replace,
            Some("move") => Kind::Move,
            Some("copy") => Kind::Copy,
            Some("test") => Kind::Test,
            _ => return Err(invalid("unsupported operation".to_owned())),
        };
        let value = field("value").map(|value| match value {
            Raw::Nothing => Raw::Scalar("null".into()),
            value => value.clone(),
        });
        if matches!(kind, Kind::Add | Kind::Replace) && value.is_none() {
            let why = format!("failed to decode 'value': operation, missing value field: {MISSING}");
            return Err(invalid(why));
        }
        let missing_from = || format!("failed to decode 'from': operation, missing from field: {MISSING}");
        let from = match kind {
            Kind::Move | Kind::Copy => {
                text("from").unwrap_or_else(|| Err(missing_from())).map_err(invalid)?
            }
            _ => String::new(),
        };
        let missing_path = || format!("failed to decode 'path': operation missing path field: {MISSING}");
        let path = text("path").unwrap_or_else(|| Err(missing_path())).map_err(invalid)?;
        Ok(Operation { kind, path, from, value })
    }
}

/// The object under change.
struct Target {
    root: Raw,
    /// What an empty key leads to from the root: the object as it was, by itself.
    own: Option<Raw>,
}

/// A place that a path leads to: a key of a list or map, which may be missing there.
struct Place<'t> {
    container: &'t mut Raw,
    key: String,
    /// What an empty key leads to.
    own: Option<&'t Raw>,
}

/// Why there is nothing at a place.
enum Absent {
    Missing(String),
    Elsewise(String),
}

impl Absent {
    fn message(self) -> String {
        match self {
            Absent::Missing(message) | Absent::Elsewise(message) => message,
        }
    }
}

impl Target {
    fn apply(&mut self, operation: &Operation) -> Result<(), PatchError> {
        let Operation { path, from, .. } = operation;
        let value = || operation.value.clone().unwrap_or(Raw::Scalar("null".into()));
        match operation.kind {
            Kind::Add => self.add(path, value()),
            Kind::Remove => match self.find(path) {
                None => Ok(()),
                Some(place) => {
                    place.remove().map_err(|why| format!("error in remove for path: '{path}': {why}"))
                }
            },
            Kind::Replace => self.replace(path, value()),
            Kind::Move => self.move_from(from, path),
            Kind::Copy => self.copy(from, path),
            Kind::Test => return self.test(path, operation.value.as_ref()),
        }
        .map_err(PatchError::Refused)
    }

    fn add(&mut self, path: &str, value: Raw) -> Result<(), String> {
        if path.is_empty() {
            if !matches!(value, Raw::List(_) | Raw::Map(_)) {
                let kind = value.kind();
                return Err(format!(
                    "json: cannot unmarshal {kind} into Go value of type jsonpatch.partialDoc"
                ));
            }
            self.own = Some(value.clone());
            self.root = value;
            return Ok(());
        }
        self.ensure(path)?;
        let Some(place) = self.find(path) else {
            return Err(format!("add operation does not apply: doc is missing path: \"{path}\": {MISSING}"));
        };
        place.add(value).map_err(|why| format!("error in add for path: '{path}': {why}"))
    }

    fn replace(&mut self, path: &str, value: Raw) -> Result<(), String> {
        if path.is_empty() {
            if !matches!(value, Raw::List(_) | Raw::Map(_)) {
                return Err("replace operation value must be object or array: %!w(<nil>)".to_owned());
            }
            self.own = None;
            self.root = value;
            return Ok(());
        }
        let Some(mut place) = self.find(path) else {
            return Err(format!("replace operation does not apply: doc is missing path: {path}: {MISSING}"));
        };
        if place.get().is_err() {
            return Err(format!("replace operation does not apply: doc is missing key: {path}: {MISSING}"));
        }
        place.set(value).map_err(|why| format!("error in remove for path: '{path}': {why}"))
    }

    fn move_from(&mut self, from: &str, path: &str) -> Result<(), String> {
        if from.is_empty() {
            return Err(format!("unable to move entire document to another path: {INVALID}"));
        }
        let Some(place) = self.find(from) else {
            return Err(format!(
                "move operation does not apply: doc is missing from path: {from}: {MISSING}"
            ));
        };
        let key = place.key.clone();
        let in_move = |why: String| format!("error in move for path: '{key}': {why}");
        let value = place.get().map_err(|why| in_move(why.message()))?;
        place.remove().map_err(in_move)?;
        let Some(place) = self.find(path) else {
            return Err(format!(
                "move operation does not apply: doc is missing destination path: {path}: {MISSING}"
            ));
        };
        place.add(value).map_err(|why| format!("error in move for path: '{path}': {why}"))
    }

    fn copy(&mut self, from: &str, path: &str) -> Result<(), String> {
        let Some(place) = self.find(from) else {
            return Err(format!(
                "copy operation does not apply: doc is missing from path: \"{from}\": {MISSING}"
            ));
        };
        let value =
            place.get().map_err(|why| format!("error in copy for from: '{from}': {}", why.message()))?;
        let Some(place) = self.find(path) else {
            return Err(format!(
                "copy operation does not apply: doc is missing destination path: {path}: {MISSING}"
            ));
        };
        place.add(value).map_err(|why| format!("error while adding value during copy: {why}"))
    }

    fn test(&mut self, path: &str, expected: Option<&Raw>) -> Result<(), PatchError> {
        let failed = || PatchError::Refused(format!("testing value {path} failed: test failed"));
        let found = if path.is_empty() {
            self.root.clone()
        } else {
            let Some(place) = self.find(path) else {
                return Err(PatchError::Refused(format!(
                    "test operation does not apply: is missing path: {path}: {MISSING}"
                )));
            };
            match place.get() {
                Ok(value) => value,
                Err(Absent::Missing(_)) => Raw::Nothing,
                Err(Absent::Elsewise(why)) => {
                    return Err(PatchError::Refused(format!("error in test for path: '{path}': {why}")));
                }
            }
        };
        let is_nothing = found == Raw::Nothing;
        match expected {
            None | Some(Raw::Nothing) => is_nothing.then_some(()).ok_or_else(failed),
            Some(expected) if expected.is_null() => is_nothing.then_some(()).ok_or_else(failed),
            Some(_) if is_nothing => Err(failed()),
            Some(expected) => are_equal(&found, expected)?.then_some(()).ok_or_else(failed),
        }
    }

    /// Makes the lists and maps that a path leads through.
    fn ensure(&mut self, path: &str) -> Result<(), String> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let Some((_, parents)) = parts.split_last() else { return Ok(()) };
        let Some((mut current, parents)) = self.enter(parents) else { return Ok(()) };
        let nexts = &parts[parts.len() - parents.len()..];
        for (index, (part, next)) in parents.iter().zip(nexts).enumerate() {
            let key = decoded(part);
            let is_there =
                !key.is_empty() && child(current, &key).is_some_and(|child| *child != Raw::Nothing);
            if !is_there {
                let made = made_for(next)?;
                if let (Raw::List(elements), Ok(at)) = (&mut *current, part.parse::<i64>()) {
                    if at > FILLED_MAX {
                        return Err(format!("index {at} is too far beyond the end of a list"));
                    }
                    while (elements.len() as i64) < at {
                        elements.push(Raw::Scalar("null".into()));
                    }
                }
                let place = Place { container: current, key: (*part).to_owned(), own: None };
                if place.add(made).is_err() {
                    // The operation fails for want of its path, unless what is left of it is no path either.
                    return nexts.iter().skip(index).try_for_each(|next| made_for(next).map(|_| ()));
                }
            }
            // What was made stands under the key as it is written.
            let place = match (*part, is_there) {
                ("-", _) => last_index(current),
                (_, true) => key.into_owned(),
                (part, false) => part.to_owned(),
            };
            match child(current, &place) {
                Some(next @ (Raw::List(_) | Raw::Map(_))) => current = next,
                Some(_) => return Err(INVALID.to_owned()),
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Where a way begins, and what of it is left: an empty key leads from the root to the object as it was.
    fn enter<'t, 'p>(&'t mut self, parents: &'p [&'p str]) -> Option<(&'t mut Raw, &'p [&'p str])> {
        match parents {
            ["", rest @ ..] => Some((self.own.as_mut()?, rest)),
            _ => Some((&mut self.root, parents)),
        }
    }

    fn find(&mut self, path: &str) -> Option<Place<'_>> {
        if path.is_empty() {
            return Some(Place { container: &mut self.root, key: String::new(), own: self.own.as_ref() });
        }
        let (_, path) = path.split_once('/')?;
        let Some((parents, last)) = path.rsplit_once('/') else {
            let key = decoded(path).into_owned();
            return Some(Place { container: &mut self.root, key, own: self.own.as_ref() });
        };
        let parents: Vec<&str> = parents.split('/').collect();
        let (mut current, parents) = self.enter(&parents)?;
        for part in parents {
            let key = decoded(part);
            current = if key.is_empty() { None } else { child(current, &key) }?;
            if !matches!(current, Raw::List(_) | Raw::Map(_)) {
                return None;
            }
        }
        Some(Place { container: current, key: decoded(last).into_owned(), own: None })
    }
}

impl Place<'_> {
    fn get(&self) -> Result<Raw, Absent> {
        let key = &self.key;
        if key.is_empty() {
            return Ok(self.own.cloned().unwrap_or(Raw::Nothing));
        }
        match &*self.container {
            Raw::List(elements) => {
                let at = index(key).map_err(Absent::Elsewise)?;
                let found = from_the_start(at, elements.len()).and_then(|at| elements.get(at));
                found.cloned().ok_or_else(|| Absent::Elsewise(no_index(at)))
            }
            Raw::Map(entries) => match entries.iter().find(|(name, _)| **name == **key) {
                Some((_, value)) => Ok(value.clone()),
                None => Err(Absent::Missing(format!("unable to get nonexistent key: {key}: {MISSING}"))),
            },
            Raw::Nothing | Raw::Scalar(_) => {
                Err(Absent::Elsewise("invalid value, expected object".to_owned()))
            }
        }
    }

    fn set(&mut self, value: Raw) -> Result<(), String> {
        match &mut *self.container {
            Raw::List(elements) => {
                let at = index(&self.key)?;
                let len = elements.len();
                let place = from_the_start(at, len).and_then(|at| elements.get_mut(at));
                *place.ok_or_else(|| no_index(at))? = value;
            }
            Raw::Map(entries) => match entries.iter_mut().find(|(name, _)| **name == *self.key) {
                Some((_, before)) => *before = value,
                None => entries.push((self.key.as_str().into(), value)),
            },
            Raw::Nothing | Raw::Scalar(_) => return Err("invalid value, expected object".to_owned()),
        }
        Ok(())
    }

    fn add(mut self, value: Raw) -> Result<(), String> {
        let Raw::List(elements) = &mut *self.container else { return self.set(value) };
        if self.key == "-" {
            elements.push(value);
            return Ok(());
        }
        let at = index(&self.key)
            .map_err(|why| format!("value was not a proper array index: '{}': {why}", self.key))?;
        // Counted from the end of the longer list.
        let place = from_the_start(at, elements.len() + 1).filter(|at| *at <= elements.len());
        elements.insert(place.ok_or_else(|| no_index(at))?, value);
        Ok(())
    }

    fn remove(self) -> Result<(), String> {
        match self.container {
            Raw::List(elements) => {
                let at = index(&self.key)?;
                if let Some(at) = from_the_start(at, elements.len()).filter(|at| *at < elements.len()) {
                    elements.remove(at);
                }
            }
            Raw::Map(entries) => entries.retain(|(name, _)| **name != *self.key),
            Raw::Nothing | Raw::Scalar(_) => return Err("invalid value, expected object".to_owned()),
        }
        Ok(())
    }
}

/// What stands under a key, or at an index from either end.
fn child<'r>(container: &'r mut Raw, key: &str) -> Option<&'r mut Raw> {
    match container {
        Raw::List(elements) => {
            let at = from_the_start(index(key).ok()?, elements.len())?;
            elements.get_mut(at)
        }
        Raw::Map(entries) => entries.iter_mut().find(|(name, _)| &**name == key).map(|(_, value)| value),
        Raw::Nothing | Raw::Scalar(_) => None,
    }
}

/// What has to be made so that the next part of a path has a place: a list for an index, filled up to it, or a map.
fn made_for(next: &str) -> Result<Raw, String> {
    let at = match next.parse::<i64>() {
        Ok(at) => at,
        Err(_) if next == "-" => 0,
        Err(_) => return Ok(Raw::Map(Vec::new())),
    };
    if at < -1 {
        let why = "Unable to ensure path for negative index other than -1";
        return Err(format!("{why}: {at}: {INVALID_INDEX}"));
    }
    if at > FILLED_MAX {
        return Err(format!("index {at} is too far beyond the end of a list"));
    }
    Ok(Raw::List((0..at).map(|_| Raw::Scalar("null".into())).collect()))
}

fn last_index(container: &Raw) -> String {
    match container {
        Raw::List(elements) => elements.len().saturating_sub(1).to_string(),
        _ => "-".to_owned(),
    }
}

/// The number that a key is, as Go reads it.
fn index(key: &str) -> Result<i64, String> {
    key.parse::<i64>().map_err(|error| {
        let is_number =
            matches!(error.kind(), std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow);
        let why = if is_number { "value out of range" } else { "invalid syntax" };
        format!("strconv.Atoi: parsing {key:?}: {why}")
    })
}

/// An index from either end as one from the start, which may be beyond the end.
fn from_the_start(at: i64, len: usize) -> Option<usize> {
    let at = if at < 0 { at.checked_add(len as i64)? } else { at };
    usize::try_from(at).ok()
}

fn no_index(at: i64) -> String {
    format!("Unable to access invalid index: {at}: {INVALID_INDEX}")
}

fn decoded(part: &str) -> Cow<'_, str> {
    if part.contains('~') { part.replace("~1", "/").replace("~0", "~").into() } else { part.into() }
}

/// Numbers are equal if their text is.
fn are_equal(a: &Raw, b: &Raw) -> Result<bool, PatchError> {
    Ok(match (a, b) {
        (Raw::Map(a), Raw::Map(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (key, a) in a {
                let Some((_, b)) = b.iter().find(|(name, _)| name == key) else { return Ok(false) };
                let is_equal = match (a, b) {
                    (Raw::Nothing, Raw::Nothing) => true,
                    (Raw::Nothing, _) | (_, Raw::Nothing) => false,
                    (a, b) => are_equal(a, b)?,
                };
                if !is_equal {
                    return Ok(false);
                }
            }
            true
        }
        (Raw::List(a), Raw::List(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(b) {
                if *a == Raw::Nothing || *b == Raw::Nothing {
                    let why = "runtime error: invalid memory address or nil pointer dereference";
                    return Err(PatchError::Panic(why.to_owned()));
                }
                if !are_equal(a, b)? {
                    return Ok(false);
                }
            }
            true
        }
        (Raw::Scalar(text), Raw::Scalar(other)) => match (a.as_text(), b.as_text()) {
            (Some(a), Some(b)) => a == b,
            _ => text == other,
        },
        _ => false,
    })
}
