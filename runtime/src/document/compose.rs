//! Events to documents: scalars get their meaning, aliases and merge keys are settled.
//!
//! The composer keeps its own stack, so nesting costs no recursion. An alias becomes a node that
//! points at the anchored one; what it would cost to write it out in full is only counted.

use std::borrow::Cow;
use std::collections::HashMap;

use super::builder::{Builder, Replaced, Scalar};
use super::finding::{FindingKind, Severity};
use super::findings::Findings;
use super::lines::Lines;
use super::node::{Document, NodeId, NodeValue};
use super::number::{Number, json_number};
use super::options::{DuplicateKeys, ReadOptions};
use super::position::Position;
use super::resolve::{Resolved, is_known_tag, is_merge, key_text, other_reading, quoted, resolve};
use super::yaml::{EventKind, Parser, Properties, SyntaxError};

/// Why a document was not read.
pub(super) struct Refusal {
    pub(super) kind: FindingKind,
    pub(super) message: String,
    pub(super) position: Position,
    pub(super) related: Option<Position>,
}

/// Where a piece of text stands and where its findings go.
pub(super) struct Context<'a, 'c> {
    pub(super) options: &'c ReadOptions,
    pub(super) lines: &'c mut Lines<'a>,
    pub(super) findings: &'c mut Findings,
    /// The offset of the text in the file.
    pub(super) base: usize,
}

impl Context<'_, '_> {
    pub(super) fn position(&mut self, start: usize, end: usize) -> Position {
        self.lines.position(self.base + start, self.base + end)
    }

    pub(super) fn refuse<T>(
        &mut self,
        kind: FindingKind,
        offset: usize,
        message: impl Into<String>,
    ) -> Result<T, Refusal> {
        let position = self.position(offset, offset);
        Err(Refusal { kind, message: message.into(), position, related: None })
    }

    pub(super) fn syntax<T>(&mut self, error: SyntaxError) -> Result<T, Refusal> {
        self.refuse(FindingKind::Syntax, error.offset, error.message)
    }

    /// Reports an integer that does not survive as a float, or at all.
    pub(super) fn report_precision(&mut self, text: &str, number: Number, position: Position) {
        /// Integers up to here are exact as floats.
        const FLOAT_EXACT_MAX: u64 = 1 << 53;
        let (severity, message) = match number {
            Number::Int(it) if it.unsigned_abs() > FLOAT_EXACT_MAX => {
                (Severity::Warning, "tools that read numbers as floats change the integer")
            }
            Number::Float(it) if it.abs() <= FLOAT_EXACT_MAX as f64 || text.contains(['.', 'e', 'E']) => {
                return;
            }
            Number::Uint(_) | Number::Float(_) => {
                (Severity::Error, "Kubernetes cannot keep exactly the integer")
            }
            Number::Int(_) => return,
        };
        self.findings
            .add(FindingKind::Precision, severity, position, None, || format!("{message} {}", quoted(text)));
    }

    /// Reports a key that a later one replaced.
    pub(super) fn report_replaced(&mut self, key: &str, replaced: &Replaced) {
        let Replaced { earlier, later, earlier_merged, later_merged } = *replaced;
        match (earlier_merged, later_merged) {
            (false, false) => {
                let severity = match self.options.duplicate_keys {
                    DuplicateKeys::Error => Severity::Error,
                    DuplicateKeys::Last => Severity::Warning,
                };
                let kind = FindingKind::DuplicateKey;
                self.findings.add(kind, severity, later, Some(earlier), || {
                    let (key, line) = (quoted(key), earlier.line);
                    format!("the key {key} stands on line {line} already; Kubernetes keeps this one")
                });
            }
            (false, true) => {
                let kind = FindingKind::MergeOverride;
                self.findings.add(kind, Severity::Warning, earlier, Some(later), || {
                    format!(
                        "the merge key `<<` below replaces the key {}; other readers keep it",
                        quoted(key)
                    )
                });
            }
            // To replace what a merge key brought is what merge keys are for.
            (true, _) => {}
        }
    }
}

/// Reads one document; `None` at the end of the text.
pub(super) fn compose<'a>(
    events: &mut Parser<'a>,
    context: &mut Context<'_, '_>,
    text_len: usize,
) -> Result<Option<Document>, Refusal> {
    let start = match events.next() {
        Ok(event) => event,
        Err(error) => return context.syntax(error),
    };
    if matches!(start.kind, EventKind::StreamEnd) {
        return Ok(None);
    }
    let mut composer = Composer {
        builder: Builder::new(),
        frames: Vec::new(),
        anchors: Vec::new(),
        anchor_of: HashMap::new(),
        decoded: 1,
        shared: Cost::default(),
        text_len: text_len as u64,
        context,
    };
    loop {
        let event = match events.next() {
            Ok(event) => event,
            Err(error) => return composer.context.syntax(error),
        };
        let (start, end) = (event.start, event.end);
        match event.kind {
            EventKind::DocumentEnd | EventKind::StreamEnd => {
                return Ok(Some(composer.builder.finish()));
            }
            EventKind::DocumentStart => {}
            EventKind::Alias(name) => composer.alias(name, start, end)?,
            EventKind::Scalar { properties, value, implicit } => {
                composer.scalar(properties, value, implicit, start, end)?;
            }
            EventKind::SeqStart(properties) => composer.open(false, properties, start, end)?,
            EventKind::MapStart(properties) => composer.open(true, properties, start, end)?,
            EventKind::SeqEnd | EventKind::MapEnd => composer.close(end),
        }
    }
}

struct Composer<'a, 'f, 'c, 'r> {
    builder: Builder,
    frames: Vec<Frame>,
    anchors: Vec<Anchored>,
    anchor_of: HashMap<&'a str, usize>,
    /// How many nodes Go's reader would have visited, aliases written out.
    decoded: u64,
    /// What aliases stand for, in all.
    shared: Cost,
    text_len: u64,
    context: &'r mut Context<'f, 'c>,
}

/// What a node costs when written out in full.
#[derive(Clone, Copy, Default)]
struct Cost {
    nodes: u64,
    bytes: u64,
    /// The levels of collections in it.
    height: usize,
}

impl Cost {
    fn add(&mut self, child: Cost) {
        self.nodes = self.nodes.saturating_add(child.nodes);
        self.bytes = self.bytes.saturating_add(child.bytes);
        self.height = self.height.max(child.height);
    }
}

/// A collection under way.
struct Frame {
    kind: FrameKind,
    role: Role,
    anchor: Option<usize>,
    cost: Cost,
}

enum FrameKind {
    Seq,
    Map(Awaits),
    /// The list of maps of a merge key.
    MergeList,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaits {
    Key,
    Value,
    /// The value of a merge key.
    Merged,
}

/// What becomes of a collection when it is complete.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Value,
    /// The value of a merge key.
    Merge,
}

/// Where the next node belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Value,
    Key,
    Merge,
    MergeItem,
}

struct Anchored {
    target: Target,
    cost: Cost,
}

enum Target {
    /// The collection is not complete: an alias here would contain itself.
    Open,
    Collection(NodeId),
    Scalar(Resolved<'static>, Option<NodeId>),
}

const MERGE_VALUE: &str = "a merge key `<<` takes a map, or a list of maps, or aliases of maps";

impl<'a> Composer<'a, '_, '_, '_> {
    fn place(&self) -> Place {
        match self.frames.last().map(|frame| &frame.kind) {
            None | Some(FrameKind::Seq | FrameKind::Map(Awaits::Value)) => Place::Value,
            Some(FrameKind::Map(Awaits::Key)) => Place::Key,
            Some(FrameKind::Map(Awaits::Merged)) => Place::Merge,
            Some(FrameKind::MergeList) => Place::MergeItem,
        }
    }

    /// Notes that the node at the current place is complete and what it costs.
    fn advance(&mut self, cost: Cost, next: Awaits) {
        if let Some(frame) = self.frames.last_mut() {
            frame.cost.add(cost);
            if let FrameKind::Map(awaits) = &mut frame.kind {
                *awaits = next;
            }
        }
    }

    fn scalar(
        &mut self,
        properties: Properties<'a>,
        value: Cow<'a, str>,
        implicit: bool,
        start: usize,
        end: usize,
    ) -> Result<(), Refusal> {
        if value.len() > self.context.options.scalar_bytes_max {
            let max = self.context.options.scalar_bytes_max;
            let message = format!("this text is longer than {max} bytes");
            return self.context.refuse(FindingKind::TooLarge, start, message);
        }
        let place = self.place();
        let tag = properties.tag.as_deref();
        if place == Place::Key && is_merge(&value, tag, implicit) {
            self.advance(Cost::default(), Awaits::Merged);
            return Ok(());
        }
        if matches!(place, Place::Merge | Place::MergeItem) {
            return self.context.refuse(FindingKind::MergeValue, start, MERGE_VALUE);
        }
        let position = self.context.position(start, end);
        self.report_tag(tag, position);
        let cost = Cost { nodes: 1, bytes: value.len() as u64, height: 0 };
        let resolved = match resolve(value.clone(), tag, implicit) {
            Ok(resolved) => resolved,
            Err(message) => return self.context.refuse(FindingKind::Value, start, message),
        };
        if tag.is_none() && implicit {
            self.report_reading(&value, &resolved, position);
        }
        self.decoded += 1;
        let node = if place == Place::Key {
            self.add_key(&resolved, position, start)?;
            None
        } else {
            Some(self.add_value(&resolved, position, start)?)
        };
        if let Some(name) = properties.anchor {
            let target = Target::Scalar(into_owned(resolved), node);
            self.define(name, Anchored { target, cost });
        }
        let next = if place == Place::Key { Awaits::Value } else { Awaits::Key };
        self.advance(cost, next);
        Ok(())
    }

    fn add_key(&mut self, key: &Resolved<'_>, position: Position, start: usize) -> Result<(), Refusal> {
        match key_text(key) {
            Ok(text) => {
                self.builder.key(&text, position);
                Ok(())
            }
            Err(message) => self.context.refuse(FindingKind::Key, start, message),
        }
    }

    fn add_value(
        &mut self,
        value: &Resolved<'_>,
        position: Position,
        start: usize,
    ) -> Result<NodeId, Refusal> {
        let scalar = match value {
            Resolved::Null => Scalar::Null,
            Resolved::Bool(it) => Scalar::Bool(*it),
            Resolved::Number(Number::Int(it)) => Scalar::Int(*it),
            Resolved::Number(Number::Uint(it)) => Scalar::Uint(*it),
            Resolved::Number(Number::Float(it)) if it.is_finite() => json_number(*it),
            Resolved::Number(Number::Float(_)) => {
                let message = "infinity and NaN are no values of JSON; quote them if text is meant";
                return self.context.refuse(FindingKind::Value, start, message);
            }
            Resolved::Str(text) => Scalar::Str(text),
        };
        Ok(self.builder.scalar(scalar, position))
    }

    fn open(
        &mut self,
        is_map: bool,
        properties: Properties<'a>,
        start: usize,
        end: usize,
    ) -> Result<(), Refusal> {
        let depth_max = self.context.options.depth_max;
        if self.frames.len() >= depth_max {
            let message = format!("lists and maps are nested deeper than {depth_max} levels");
            return self.context.refuse(FindingKind::TooLarge, start, message);
        }
        let place = self.place();
        let role = match place {
            Place::Key => {
                let message = "a list or a map cannot be a key";
                return self.context.refuse(FindingKind::Key, start, message);
            }
            Place::MergeItem if !is_map => {
                return self.context.refuse(FindingKind::MergeValue, start, MERGE_VALUE);
            }
            Place::Value | Place::MergeItem => Role::Value,
            Place::Merge => Role::Merge,
        };
        let position = self.context.position(start, end);
        self.report_tag(properties.tag.as_deref(), position);
        let anchor = properties
            .anchor
            .map(|name| self.define(name, Anchored { target: Target::Open, cost: Cost::default() }));
        let is_merge_list = role == Role::Merge && !is_map;
        if role == Role::Merge {
            // The value is built under this key and taken out again when it is complete.
            self.builder.key("<<", position);
        }
        let kind = if is_map {
            self.builder.open_map(position);
            FrameKind::Map(Awaits::Key)
        } else {
            self.builder.open_seq(position);
            if is_merge_list { FrameKind::MergeList } else { FrameKind::Seq }
        };
        // Go's reader does not visit the list of a merge key itself.
        let nodes = u64::from(!is_merge_list);
        self.decoded += nodes;
        let cost = Cost { nodes, bytes: 0, height: 0 };
        self.frames.push(Frame { kind, role, anchor, cost });
        Ok(())
    }

    fn close(&mut self, end: usize) {
        let Some(mut frame) = self.frames.pop() else { return };
        frame.cost.height += 1;
        let end = (self.context.base + end) as u32;
        let context = &mut *self.context;
        let closed = self.builder.close(end, &mut |key, replaced| {
            context.report_replaced(key, &replaced);
        });
        let Some(node) = closed else { return };
        if let Some(anchor) = frame.anchor {
            self.anchors[anchor] = Anchored { target: Target::Collection(node), cost: frame.cost };
        }
        if frame.role == Role::Merge {
            self.builder.take_last();
            if matches!(frame.kind, FrameKind::MergeList) {
                // Earlier maps of the list win, so they come last.
                let maps: Vec<NodeId> = self.builder.document().elements(node).rev().collect();
                for map in maps {
                    self.builder.merge(map);
                }
            } else {
                self.builder.merge(node);
            }
        }
        self.advance(frame.cost, Awaits::Key);
    }

    fn alias(&mut self, name: &'a str, start: usize, end: usize) -> Result<(), Refusal> {
        let Some(anchored) = self.anchor_of.get(name).map(|at| &self.anchors[*at]) else {
            let message = format!("no anchor `&{name}` stands before this alias");
            return self.context.refuse(FindingKind::Alias, start, message);
        };
        let cost = anchored.cost;
        let (value, node) = match &anchored.target {
            Target::Open => {
                let message = format!("the alias `*{name}` stands inside its own anchor");
                return self.context.refuse(FindingKind::Alias, start, message);
            }
            Target::Collection(node) => (None, Some(*node)),
            Target::Scalar(value, node) => (Some(value.clone()), *node),
        };
        self.spend(cost, start)?;
        let position = self.context.position(start, end);
        let place = self.place();
        let map = node.filter(|node| matches!(self.builder.document().value(*node), NodeValue::Map { .. }));
        match (place, value, node, map) {
            (Place::Key, Some(value), _, _) => self.add_key(&value, position, start)?,
            (Place::Key, None, _, _) => {
                let message = "a list or a map cannot be a key";
                return self.context.refuse(FindingKind::Key, start, message);
            }
            (Place::Merge, _, _, Some(map)) => self.builder.merge(map),
            (Place::MergeItem, _, _, Some(map)) => {
                self.builder.shared(map, position);
            }
            (Place::Merge | Place::MergeItem, _, _, None) => {
                return self.context.refuse(FindingKind::MergeValue, start, MERGE_VALUE);
            }
            (Place::Value, _, Some(node), _) => {
                self.builder.shared(node, position);
            }
            (Place::Value, value, None, _) => {
                self.add_value(&value.unwrap_or(Resolved::Null), position, start)?;
            }
        }
        let next = if place == Place::Key { Awaits::Value } else { Awaits::Key };
        let cost = Cost { nodes: cost.nodes.saturating_add(1), ..cost };
        self.advance(cost, next);
        Ok(())
    }

    /// Counts the use of an anchored node against the budgets: ours, and that of Go's reader, which
    /// bounds the share of nodes that come from aliases.
    fn spend(&mut self, cost: Cost, start: usize) -> Result<(), Refusal> {
        self.shared.add(cost);
        self.decoded = self.decoded.saturating_add(1).saturating_add(cost.nodes);
        let options = self.context.options;
        let Cost { nodes, bytes, .. } = self.shared;
        let bytes_max = self.text_len.saturating_mul(options.alias_factor_max);
        let share = nodes as f64 / self.decoded as f64;
        let is_over_share = nodes > 100 && self.decoded > 1000 && share > go_alias_share(self.decoded);
        if nodes > options.alias_nodes_max || nodes.saturating_add(bytes) > bytes_max || is_over_share {
            let message = "aliases stand for too much text here";
            return self.context.refuse(FindingKind::Alias, start, message);
        }
        if self.frames.len() + cost.height > options.depth_max {
            let message =
                format!("with this alias lists and maps are nested deeper than {}", options.depth_max);
            return self.context.refuse(FindingKind::TooLarge, start, message);
        }
        Ok(())
    }

    fn define(&mut self, name: &'a str, anchored: Anchored) -> usize {
        let at = self.anchors.len();
        self.anchors.push(anchored);
        self.anchor_of.insert(name, at);
        at
    }

    fn report_tag(&mut self, tag: Option<&str>, position: Position) {
        if let Some(tag) = tag.filter(|tag| !is_known_tag(tag)) {
            self.context.findings.add(FindingKind::UnknownTag, Severity::Warning, position, None, || {
                format!("the tag {} means nothing to Kubernetes", quoted(tag))
            });
        }
    }

    fn report_reading(&mut self, text: &str, value: &Resolved<'_>, position: Position) {
        let findings = &mut self.context.findings;
        if let Some(other) = other_reading(text, value) {
            let kind = FindingKind::AmbiguousScalar;
            findings.add(kind, Severity::Warning, position, None, || {
                let value = match value {
                    Resolved::Null => "null".to_owned(),
                    Resolved::Bool(it) => format!("the boolean {it}"),
                    Resolved::Number(Number::Int(it)) => format!("the number {it}"),
                    Resolved::Number(Number::Uint(it)) => format!("the number {it}"),
                    Resolved::Number(Number::Float(it)) => format!("the number {it}"),
                    Resolved::Str(_) => "text".to_owned(),
                };
                format!("`{text}` is {value} to Kubernetes and {other} to readers of YAML 1.2")
            });
        }
        if let Resolved::Number(number) = value {
            self.context.report_precision(text, *number, position);
        }
    }
}

/// The share of nodes from aliases that Go's reader allows after `decoded` nodes: 99 % up to
/// 400,000, falling to 10 % at 4,000,000.
fn go_alias_share(decoded: u64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let decoded = (decoded as f64).clamp(LOW, HIGH);
    0.99 - 0.89 * ((decoded - LOW) / (HIGH - LOW))
}

fn into_owned(value: Resolved<'_>) -> Resolved<'static> {
    match value {
        Resolved::Null => Resolved::Null,
        Resolved::Bool(it) => Resolved::Bool(it),
        Resolved::Number(it) => Resolved::Number(it),
        Resolved::Str(it) => Resolved::Str(Cow::Owned(it.into_owned())),
    }
}
