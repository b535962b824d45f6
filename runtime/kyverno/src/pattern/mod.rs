//! Overlay patterns of `validate.pattern`: what an object has to look like.
//!
//! A pattern is taken apart once ([`Pattern::new`]) and then held against many objects ([`Pattern::check`]). Maps are
//! walked in two phases: keys with an anchor first, in the order of their text, then the others.

pub mod anchor;
pub mod scalar;
mod wildcard_keys;

use aipc_runtime::value::Shared;

pub use wildcard_keys::expand_all;

use crate::go_text::{sprint, type_name};
use crate::json::{Json, View};
use anchor::Anchor;
use scalar::Scalar;

/// An overlay pattern, taken apart.
#[derive(Clone, Debug)]
pub struct Pattern(Node);

/// Why an object does not satisfy a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// As Kyverno words it.
    pub message: String,
    /// Where in the object, as `/spec/containers/0/`; empty if Kyverno does not say, which makes the rule an error.
    pub path: String,
    /// A condition of the pattern does not hold, so that the rule says nothing about this object.
    pub is_skip: bool,
}

impl Pattern {
    pub fn new(pattern: &Json<'_>) -> Pattern {
        Pattern(Node::new(pattern))
    }

    /// Holds the pattern against an object.
    ///
    /// # Errors
    /// The object does not satisfy it, or a condition in it does not hold.
    pub fn check(&self, object: &Json<'_>) -> Result<(), Failure> {
        let mut walk = Walk { path: "/".to_owned(), seen: Vec::new() };
        let Err(Stop { path, error }) = walk.element(Some(object), &self.0) else { return Ok(()) };
        if error.is_skip() {
            return Err(Failure { message: error.message, path: String::new(), is_skip: true });
        }
        let is_lost =
            !error.is_negation() && walk.seen.iter().any(|seen| !seen.is_present && !seen.is_negation);
        let path = if is_lost { String::new() } else { path };
        Err(Failure { message: error.message, path, is_skip: false })
    }
}

#[derive(Clone, Debug)]
enum Node {
    Map(MapPattern),
    List(Vec<Node>),
    Scalar(Scalar, Json<'static>),
}

#[derive(Clone, Debug)]
struct MapPattern {
    /// Keys with `()`, `=()`, `X()` or `^()`.
    anchored: Vec<Keyed>,
    /// The others, those with anchors below them first.
    plain: Vec<Keyed>,
    /// Of the anchored those whose absence Kyverno remembers.
    remembered: Vec<Remembered>,
    /// The map itself, if it has keys with wildcards below its labels or annotations.
    wildcards: Option<Json<'static>>,
}

#[derive(Clone, Debug)]
struct Keyed {
    anchor: Option<Anchor>,
    key: Box<str>,
    node: Node,
    /// The pattern is exactly `"*"`.
    is_star: bool,
}

#[derive(Clone, Debug)]
struct Remembered {
    /// With its anchor.
    text: Box<str>,
    key: Box<str>,
    is_negation: bool,
}

impl Node {
    fn new(pattern: &Json<'_>) -> Node {
        match pattern.view() {
            View::Map { .. } => Node::Map(MapPattern::new(pattern)),
            View::List { .. } => Node::List(pattern.elements().map(|element| Node::new(&element)).collect()),
            _ => Node::Scalar(Scalar::new(pattern).unwrap_or(Scalar::Null), pattern.to_owned()),
        }
    }
}

impl MapPattern {
    fn new(pattern: &Json<'_>) -> MapPattern {
        let mut map = MapPattern {
            anchored: Vec::new(),
            plain: Vec::new(),
            remembered: Vec::new(),
            wildcards: wildcard_keys::has_some(pattern).then(|| pattern.to_owned()),
        };
        let mut first: Vec<Keyed> = Vec::new();
        for (text, value) in pattern.entries() {
            let parsed = anchor::parse(&text);
            let keyed = |anchor: Option<Anchor>, key: &str| Keyed {
                anchor,
                key: key.into(),
                node: Node::new(&value),
                is_star: value.as_text() == Some("*"),
            };
            match parsed {
                Some((anchor @ (Anchor::Condition | Anchor::Existence | Anchor::Negation), key)) => {
                    let is_negation = anchor == Anchor::Negation;
                    map.remembered.push(Remembered { text: (&*text).into(), key: key.into(), is_negation });
                    map.anchored.push(keyed(Some(anchor), key));
                }
                Some((Anchor::Equality, key)) => map.anchored.push(keyed(Some(Anchor::Equality), key)),
                Some((Anchor::Global, key)) => first.push(keyed(Some(Anchor::Global), key)),
                Some((Anchor::AddIfNotPresent, _)) | None if has_anchors(&value) => {
                    first.push(keyed(None, &text))
                }
                Some((Anchor::AddIfNotPresent, _)) | None => map.plain.push(keyed(None, &text)),
            }
        }
        first.reverse();
        first.append(&mut map.plain);
        map.plain = first;
        map
    }
}

/// Whether any key of a pattern, at any depth, has an anchor that validation knows.
fn has_anchors(pattern: &Json<'_>) -> bool {
    match pattern.view() {
        View::Map { .. } => pattern.entries().iter().any(|(key, value)| {
            let anchor = anchor::parse(key).map(|(anchor, _)| anchor);
            anchor.is_some_and(|anchor| anchor != Anchor::AddIfNotPresent) || has_anchors(value)
        }),
        View::List { .. } => pattern.elements().any(|element| has_anchors(&element)),
        _ => false,
    }
}

const CONDITION_MISMATCH: &str = "conditional anchor mismatch";
const GLOBAL_MISMATCH: &str = "global anchor mismatch";
const NEGATION_MATCHED: &str = "negation anchor matched in resource";

/// An error on its way up, with the path that Kyverno will name.
struct Stop {
    path: String,
    error: Error,
}

struct Error {
    kind: ErrorKind,
    message: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ErrorKind {
    Condition,
    Global,
    Negation,
    /// All of a map or list was skipped.
    Skipped,
    Mismatch,
}

impl Error {
    /// Kyverno looks into the words of an error if it does not know its kind.
    fn is_skip(&self) -> bool {
        match self.kind {
            ErrorKind::Condition | ErrorKind::Global => true,
            ErrorKind::Negation => false,
            ErrorKind::Skipped | ErrorKind::Mismatch => {
                self.message.contains(CONDITION_MISMATCH) || self.message.contains(GLOBAL_MISMATCH)
            }
        }
    }

    fn is_negation(&self) -> bool {
        match self.kind {
            ErrorKind::Negation => true,
            ErrorKind::Condition | ErrorKind::Global => false,
            ErrorKind::Skipped | ErrorKind::Mismatch => self.message.contains(NEGATION_MATCHED),
        }
    }
}

struct Walk<'p> {
    /// `/spec/containers/0/`
    path: String,
    seen: Vec<Seen<'p>>,
}

/// Whether a key with an anchor was there in any map that was looked at.
struct Seen<'p> {
    text: &'p str,
    is_present: bool,
    is_negation: bool,
}

impl<'p> Walk<'p> {
    fn stop<T>(&self, kind: ErrorKind, message: String) -> Result<T, Stop> {
        Err(Stop { path: self.path.clone(), error: Error { kind, message } })
    }

    /// Goes on below a key or an index.
    fn below<T>(&mut self, step: &str, go: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        let len = self.path.len();
        self.path.push_str(step);
        self.path.push('/');
        let found = go(self);
        self.path.truncate(len);
        found
    }

    fn element(&mut self, value: Option<&Json<'_>>, node: &'p Node) -> Result<(), Stop> {
        let value = value.unwrap_or(&Json::Null);
        match node {
            Node::Map(map) => {
                if !value.is_map() {
                    let message = format!(
                        "pattern and resource have different structures. Path: {}. Expected map[string]interface {{}}, found {}",
                        self.path,
                        type_name(value)
                    );
                    return self.stop(ErrorKind::Mismatch, message);
                }
                self.remember(value, map);
                self.map(value, map)
            }
            Node::List(nodes) => {
                if value.list_len().is_none() {
                    let message = format!(
                        "validation rule failed at path {}, resource does not satisfy the expected overlay pattern",
                        self.path
                    );
                    return self.stop(ErrorKind::Mismatch, message);
                }
                self.list(value, nodes)
            }
            Node::Scalar(scalar, pattern) => {
                let is_match = match value.list_len() {
                    Some(_) => value.elements().all(|element| scalar.matches(&element)),
                    None => scalar.matches(value),
                };
                if is_match {
                    return Ok(());
                }
                let message = format!(
                    "resource value '{}' does not match '{}' at path {}",
                    sprint(value),
                    sprint(pattern),
                    self.path
                );
                self.stop(ErrorKind::Mismatch, message)
            }
        }
    }

    fn remember(&mut self, value: &Json<'_>, map: &'p MapPattern) {
        for Remembered { text, key, is_negation } in &map.remembered {
            let is_present = value.get(key).is_some();
            match self.seen.iter_mut().find(|seen| seen.text == &**text) {
                Some(seen) => seen.is_present |= is_present,
                None => self.seen.push(Seen { text, is_present, is_negation: *is_negation }),
            }
        }
    }

    fn map(&mut self, value: &Json<'_>, map: &'p MapPattern) -> Result<(), Stop> {
        if let Some(source) = &map.wildcards
            && let Some(expanded) = wildcard_keys::expand(source, value)
        {
            // What is seen below such keys is lost for the report; the keys are labels and annotations.
            let expanded = MapPattern { wildcards: None, ..MapPattern::new(&expanded) };
            let mut inner = Walk { path: self.path.clone(), seen: Vec::new() };
            let found = inner.phases(value, &expanded);
            for seen in inner.seen {
                if let Some(known) = self.seen.iter_mut().find(|known| known.text == seen.text) {
                    known.is_present |= seen.is_present;
                }
            }
            return found;
        }
        self.phases(value, map)
    }

    fn phases<'q>(&mut self, value: &Json<'_>, map: &'q MapPattern) -> Result<(), Stop>
    where
        'q: 'p,
    {
        let mut skips: Vec<Error> = Vec::new();
        let mut applied = 0;
        for keyed in &map.anchored {
            match self.keyed(value, keyed) {
                Ok(()) => applied += 1,
                Err(stop) if stop.error.is_skip() => skips.push(stop.error),
                // A condition of this very map that does not hold counts more than what fails beside it.
                Err(_) if has_direct(&skips) => {}
                Err(stop) => return Err(stop),
            }
        }
        if !skips.is_empty() && (applied == 0 || has_direct(&skips)) {
            return self.stop(ErrorKind::Skipped, combined(&skips));
        }
        for keyed in &map.plain {
            self.keyed(value, keyed)?;
        }
        Ok(())
    }

    fn keyed(&mut self, value: &Json<'_>, keyed: &'p Keyed) -> Result<(), Stop> {
        let Keyed { anchor, key, node, is_star } = keyed;
        let found = value.get(key);
        match anchor {
            None if *is_star => match found {
                Some(value) if !value.is_null() => Ok(()),
                _ => self.stop(ErrorKind::Mismatch, format!("{}/{key} not found", self.path)),
            },
            None | Some(Anchor::AddIfNotPresent) => {
                self.below(key, |walk| walk.element(found.as_ref(), node))
            }
            Some(Anchor::Condition) => match found {
                None => {
                    let message = "conditional anchor key doesn't exist in the resource";
                    let message = format!("{CONDITION_MISMATCH}: {message}");
                    self.below(key, |walk| walk.stop(ErrorKind::Condition, message))
                }
                Some(found) => self.below(key, |walk| {
                    walk.element(Some(&found), node)
                        .map_err(|stop| stop.rename(ErrorKind::Condition, CONDITION_MISMATCH))
                }),
            },
            Some(Anchor::Global) => match found {
                None => Ok(()),
                Some(found) => self.below(key, |walk| {
                    walk.element(Some(&found), node)
                        .map_err(|stop| stop.rename(ErrorKind::Global, GLOBAL_MISMATCH))
                }),
            },
            Some(Anchor::Equality) => match found {
                None => Ok(()),
                Some(found) => self.below(key, |walk| walk.element(Some(&found), node)),
            },
            Some(Anchor::Negation) => match found {
                None => Ok(()),
                Some(_) => self.below(key, |walk| {
                    let message = format!("{NEGATION_MATCHED}: {} is not allowed", walk.path);
                    walk.stop(ErrorKind::Negation, message)
                }),
            },
            Some(Anchor::Existence) => match found {
                None => Ok(()),
                Some(found) => self.below(key, |walk| walk.existence(&found, node)),
            },
        }
    }

    fn existence(&mut self, value: &Json<'_>, node: &'p Node) -> Result<(), Stop> {
        if value.list_len().is_none() {
            let message = format!(
                "invalid resource type {}: Existence ^ () anchor can be used only on list/array type resource",
                type_name(value)
            );
            return self.stop(ErrorKind::Mismatch, message);
        }
        let Node::List(nodes) = node else {
            let message = format!(
                "invalid pattern type {}: Pattern has to be of list to compare against resource",
                node_type(node)
            );
            return self.stop(ErrorKind::Mismatch, message);
        };
        for node in nodes {
            if !matches!(node, Node::Map(_)) {
                let message = "invalid pattern type []interface {}: Pattern has to be of type map to compare against items in resource";
                return self.stop(ErrorKind::Mismatch, message.to_owned());
            }
            let mut is_found = false;
            for (index, element) in value.elements().enumerate() {
                if self.below(&index.to_string(), |walk| walk.element(Some(&element), node)).is_ok() {
                    is_found = true;
                    break;
                }
            }
            if !is_found {
                let message = format!("existence anchor validation failed at path {}", self.path);
                return self.stop(ErrorKind::Mismatch, message);
            }
        }
        Ok(())
    }

    fn list(&mut self, value: &Json<'_>, nodes: &'p [Node]) -> Result<(), Stop> {
        match nodes.first() {
            None => self.stop(ErrorKind::Mismatch, "pattern Array empty".to_owned()),
            Some(first @ Node::Map(_)) => {
                let pairs = value.elements().map(|element| (element, first));
                self.elements(pairs)
            }
            // Of several scalars only the first one counts.
            Some(first @ Node::Scalar(..)) => self.element(Some(value), first),
            Some(Node::List(_)) => {
                let len = value.list_len().unwrap_or(0);
                if len < nodes.len() {
                    let message = format!(
                        "validate Array failed, array length mismatch, resource Array len is {len} and pattern Array len is {}",
                        nodes.len()
                    );
                    return Err(Stop {
                        path: String::new(),
                        error: Error { kind: ErrorKind::Mismatch, message },
                    });
                }
                self.elements(value.elements().zip(nodes))
            }
        }
    }

    /// Elements beside their patterns: the first that fails fails, and if none applies, the list is skipped.
    fn elements<'a>(&mut self, pairs: impl Iterator<Item = (Json<'a>, &'p Node)>) -> Result<(), Stop> {
        let mut skips = Vec::new();
        let mut applied = 0;
        for (index, (element, node)) in pairs.enumerate() {
            match self.below(&index.to_string(), |walk| walk.element(Some(&element), node)) {
                Ok(()) => applied += 1,
                Err(stop) if stop.error.is_skip() => skips.push(stop.error),
                Err(stop) => return Err(stop),
            }
        }
        if applied == 0 && !skips.is_empty() {
            return self.stop(ErrorKind::Skipped, combined(&skips));
        }
        Ok(())
    }
}

impl Stop {
    /// The same place, under the name of the anchor above it.
    fn rename(self, kind: ErrorKind, prefix: &str) -> Stop {
        let message = format!("{prefix}: {}", self.error.message);
        Stop { path: self.path, error: Error { kind, message } }
    }
}

/// Whether a condition of the map itself is among them, not only of one below.
fn has_direct(skips: &[Error]) -> bool {
    skips.iter().any(|error| error.kind != ErrorKind::Skipped)
}

fn combined(errors: &[Error]) -> String {
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ")
}

fn node_type(node: &Node) -> &'static str {
    match node {
        Node::Map(_) => "map[string]interface {}",
        Node::List(_) => "[]interface {}",
        Node::Scalar(_, pattern) => type_name(pattern),
    }
}

/// A key that lives as long as it must.
fn owned_key(key: &str) -> Shared<'static, str> {
    Shared::Owned(key.into())
}
