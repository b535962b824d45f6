//! Values at paths, and what is wrong with them on the way.
//!
//! Paths from the object and from the subject share their beginnings: each beginning is walked once for each
//! subject and remembered. `null` and values of another type read as missing and leave a note.

use super::run::{Machine, Stop};
use super::{AdmissionOperation, Invalid, InvalidKind, Resource, Unknown};
use crate::document::{Document, NodeId, NodeValue};
use crate::operation::collections::element_place;
use crate::program::{Expect, PathId, PathRoot, PathStep};
use crate::value::{Cidr, Quantity, Semver, Shared, Time, Value, View, parse_duration, parse_percent};

/// Where a beginning of a path led, seen from `base`.
#[derive(Clone, Copy)]
pub(super) struct Memo {
    base: Option<NodeId>,
    found: Option<NodeId>,
}

impl Memo {
    pub(super) const EMPTY: Memo = Memo { base: None, found: None };
}

/// Where a field of a node was found, if it was. Elements of lists are asked for the same fields by many rules.
#[derive(Clone, Copy)]
pub(super) struct StepMemo {
    /// `u32::MAX` where nothing is remembered.
    name: u32,
    node: Option<NodeId>,
    found: Option<NodeId>,
}

impl StepMemo {
    pub(super) const EMPTY: StepMemo = StepMemo { name: u32::MAX, node: None, found: None };
    /// How many are remembered; a power of two. A new one takes the place of an old one.
    pub(super) const COUNT: usize = 256;

    #[inline]
    fn place(node: NodeId, name: u32) -> usize {
        (node.index().wrapping_mul(31) ^ (name as usize).wrapping_mul(0x9e37_79b1)) % StepMemo::COUNT
    }
}

/// Something that no admissible object has, as it is met.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Note<'a> {
    pub(super) node: NodeId,
    pub(super) kind: NoteKind<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NoteKind<'a> {
    WrongType(&'static str),
    Null(&'static str),
    MissingField(&'a str),
}

impl Note<'_> {
    pub(super) fn to_invalid(self) -> Invalid {
        let kind = match self.kind {
            NoteKind::WrongType(expected) => InvalidKind::WrongType { expected },
            NoteKind::Null(expected) => InvalidKind::Null { expected },
            NoteKind::MissingField(field) => InvalidKind::MissingField { field: field.to_owned() },
        };
        Invalid { node: self.node, kind }
    }
}

/// How a value fits what is expected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Fits,
    /// It reads as missing, and an admissible object may have it.
    Missing,
    Wrong,
}

/// So many notes are kept before equal ones are thrown out.
const NOTES_MAX: usize = 4096;

impl<'a> Machine<'a> {
    /// The value at a path. If it asks for what is not known, `stop` says so and the value means nothing.
    #[inline]
    pub(super) fn path(&mut self, id: PathId) -> Value<'a> {
        let program = self.program;
        let path = &program.parts().paths[id.0 as usize];
        let (document, base) = match path.root {
            PathRoot::Object => (self.resource.document, self.resource.object),
            PathRoot::Subject => match self.subject.node {
                Some(node) => (self.resource.document, node),
                None => return Value::Missing,
            },
            PathRoot::OldObject => match self.old {
                Some(old) => (old.document, old.object),
                None => return Value::Missing,
            },
            PathRoot::OldSubject => match (self.old, self.subject.old_node) {
                (Some(old), Some(node)) => (old.document, node),
                _ => return Value::Missing,
            },
            PathRoot::Slot(slot) => {
                if let Value::Node(document, node) = self.slots[slot.0 as usize] {
                    return self.walk(document, node, id);
                }
                let base = self.slots[slot.0 as usize].clone();
                return self.walk_value(base, id);
            }
            PathRoot::Stack
            | PathRoot::Namespace
            | PathRoot::NamespaceObject
            | PathRoot::User
            | PathRoot::Request
            | PathRoot::Now => {
                let base = self.root(path.root);
                return self.walk_value(base, id);
            }
        };
        match self.walk_remembered(id, document, base, &path.steps) {
            Some(node) => self.fit(document, node, path.steps.last(), path.expect),
            None => Value::Missing,
        }
    }

    /// The value at a path's end, from a value on.
    pub(super) fn walk_value(&mut self, base: Value<'a>, id: PathId) -> Value<'a> {
        let path = &self.program.parts().paths[id.0 as usize];
        match base {
            Value::Node(document, node) => self.walk(document, node, id),
            mut value => {
                for step in &path.steps {
                    value = match step {
                        PathStep::Field { name, .. } => value.entry(name),
                        PathStep::Element(number) => match value.list_len() {
                            Some(len) => {
                                element_place(*number, len).map_or(Value::Missing, |at| value.element(at))
                            }
                            None => Value::Missing,
                        },
                    };
                }
                self.expect(value, path.expect)
            }
        }
    }

    fn walk(&mut self, document: &'a Document, base: NodeId, id: PathId) -> Value<'a> {
        let program = self.program;
        let path = &program.parts().paths[id.0 as usize];
        let names = &program.prepared().names[id.0 as usize];
        let is_own = std::ptr::eq(document, self.resource.document);
        let mut node = base;
        let mut before = None;
        for (step, name) in path.steps.iter().zip(names) {
            let found = if is_own && *name != u32::MAX {
                let place = StepMemo::place(node, *name);
                let memo = self.steps[place];
                if memo.name == *name && memo.node == Some(node) {
                    memo.found
                } else {
                    let found = self.step(document, node, step, before);
                    self.steps[place] = StepMemo { name: *name, node: Some(node), found };
                    found
                }
            } else {
                self.step(document, node, step, before)
            };
            match found {
                Some(next) => node = next,
                None => return Value::Missing,
            }
            before = Some(step);
        }
        self.fit(document, node, path.steps.last(), path.expect)
    }

    /// The node at the end of the steps; what is known of their beginnings is not walked again.
    #[inline]
    fn walk_remembered(
        &mut self,
        id: PathId,
        document: &'a Document,
        base: NodeId,
        steps: &'a [PathStep],
    ) -> Option<NodeId> {
        let beginnings = &self.program.prepared().beginnings[id.0 as usize];
        let mut node = base;
        let mut depth = beginnings.len();
        while depth > 0 {
            let memo = self.memo[beginnings[depth - 1] as usize];
            if memo.base == Some(base) {
                node = memo.found?;
                break;
            }
            depth -= 1;
        }
        for at in depth..steps.len() {
            let before = at.checked_sub(1).map(|before| &steps[before]);
            let found = self.step(document, node, &steps[at], before);
            self.memo[beginnings[at] as usize] = Memo { base: Some(base), found };
            node = found?;
        }
        Some(node)
    }

    #[inline]
    fn step(
        &mut self,
        document: &'a Document,
        node: NodeId,
        step: &'a PathStep,
        before: Option<&PathStep>,
    ) -> Option<NodeId> {
        match step {
            PathStep::Field { name, required } => {
                let found = document.get(node, name);
                if found.is_none() {
                    self.no_field(document, node, name, *required, before);
                }
                found
            }
            PathStep::Element(number) => {
                if let NodeValue::Seq { len } = document.value(node) {
                    return element_place(*number, len).and_then(|at| document.element(node, at));
                }
                self.not_a(document, node, before, Expect::List);
                None
            }
        }
    }

    #[cold]
    fn no_field(
        &mut self,
        document: &'a Document,
        node: NodeId,
        name: &'a str,
        required: bool,
        before: Option<&PathStep>,
    ) {
        if !matches!(document.value(node), NodeValue::Map { .. }) {
            self.not_a(document, node, before, Expect::Map);
        } else if required {
            self.note(document, node, NoteKind::MissingField(name));
        }
    }

    /// The node is something else than expected, and steps lead on from it.
    #[cold]
    fn not_a(&mut self, document: &'a Document, node: NodeId, before: Option<&PathStep>, expect: Expect) {
        match (document.value(node), before) {
            (NodeValue::Null, Some(PathStep::Field { required: false, .. }) | None) => {}
            (NodeValue::Null, _) => self.note(document, node, NoteKind::Null(expect.words())),
            _ => self.note(document, node, NoteKind::WrongType(expect.words())),
        }
    }

    /// The node as a value, if it is what is expected.
    #[inline]
    fn fit(
        &mut self,
        document: &'a Document,
        node: NodeId,
        last: Option<&PathStep>,
        expect: Expect,
    ) -> Value<'a> {
        let value = Value::Node(document, node);
        let view = value.view();
        if let View::Missing = view {
            let optional = matches!(last, Some(PathStep::Field { required: false, .. }) | None);
            if !optional && expect != Expect::Any {
                self.note(document, node, NoteKind::Null(expect.words()));
            }
            return Value::Missing;
        }
        match fits(view, expect) {
            Fit::Fits => value,
            Fit::Missing => Value::Missing,
            Fit::Wrong => {
                self.note(document, node, NoteKind::WrongType(expect.words()));
                Value::Missing
            }
        }
    }

    /// A value that no static path led to, if it is what is expected.
    pub(super) fn expect(&mut self, value: Value<'a>, expect: Expect) -> Value<'a> {
        let fit = fits(value.view(), expect);
        match (fit, &value) {
            (Fit::Fits, _) => value,
            (Fit::Wrong, Value::Node(document, node)) => {
                let (document, node) = (*document, *node);
                self.note(document, node, NoteKind::WrongType(expect.words()));
                Value::Missing
            }
            (Fit::Wrong | Fit::Missing, _) => Value::Missing,
        }
    }

    /// The entry of a map under a computed key.
    pub(super) fn entry(&mut self, map: &Value<'a>, key: &Value<'a>) -> Value<'a> {
        let Some(key) = key.as_text() else { return Value::Missing };
        if let Value::Node(document, node) = *map
            && !matches!(document.value(node), NodeValue::Map { .. } | NodeValue::Null)
        {
            self.note(document, node, NoteKind::WrongType(Expect::Map.words()));
        }
        map.entry(key)
    }

    /// Keeps a note about the resource; what is wrong elsewhere is not ours to say.
    pub(super) fn note(&mut self, document: &'a Document, node: NodeId, kind: NoteKind<'a>) {
        if !std::ptr::eq(document, self.resource.document) {
            return;
        }
        self.notes.push(Note { node, kind });
        if self.notes.len() >= self.notes_limit {
            self.notes.sort_unstable();
            self.notes.dedup();
            self.notes_limit = (self.notes.len() * 2).max(NOTES_MAX);
        }
    }

    /// The value of a root that is not walked with memory. As for [`Machine::path`], look at `stop`.
    pub(super) fn root(&mut self, root: PathRoot) -> Value<'a> {
        match root {
            PathRoot::Namespace => {
                self.namespace().map_or(Value::Missing, |name| Value::Text(Shared::Borrowed(name)))
            }
            PathRoot::NamespaceObject => match self.namespace_object() {
                NamespaceObject::Known(object) => Value::Node(object.document, object.object),
                NamespaceObject::None => Value::Missing,
                NamespaceObject::Unknown => self.unknown(Stop::NotEvaluated(Unknown::NamespaceLabels)),
            },
            PathRoot::User => match self.environment.user {
                Some(user) => Value::Node(user, user.root()),
                None => self.unknown(Stop::NoUser),
            },
            PathRoot::Request => self.request(),
            PathRoot::Now => Value::Time(self.environment.now),
            PathRoot::Stack => self.pop(),
            PathRoot::Object => Value::Node(self.resource.document, self.resource.object),
            PathRoot::OldObject => {
                self.old.map_or(Value::Missing, |old| Value::Node(old.document, old.object))
            }
            PathRoot::Subject => {
                self.subject.node.map_or(Value::Missing, |node| Value::Node(self.resource.document, node))
            }
            PathRoot::OldSubject => match (self.old, self.subject.old_node) {
                (Some(old), Some(node)) => Value::Node(old.document, node),
                _ => Value::Missing,
            },
            PathRoot::Slot(slot) => self.slots[slot.0 as usize].clone(),
        }
    }

    /// Something that is not known is missing in messages; elsewhere it stops the block.
    #[cold]
    fn unknown(&mut self, stop: Stop) -> Value<'a> {
        if !self.unknown_is_missing {
            self.stop = Some(stop);
        }
        Value::Missing
    }

    /// The namespace as text: of the object, the default one for objects that belong in one, and for a
    /// Namespace its own name.
    pub(super) fn namespace(&self) -> Option<&'a str> {
        let own = *self.own_namespace.get_or_init(|| {
            let field = if self.is_namespace() { "name" } else { "namespace" };
            self.resource.text(&["metadata", field]).filter(|name| !name.is_empty())
        });
        if self.is_namespace() {
            return own;
        }
        own.or(self.namespaced.then_some(self.environment.namespace_default))
    }

    fn is_namespace(&self) -> bool {
        self.kind.kind == "Namespace" && self.kind.group.is_empty()
    }

    pub(super) fn namespace_object(&self) -> NamespaceObject<'a> {
        let Some(name) = self.namespace() else { return NamespaceObject::None };
        if self.is_namespace() {
            return NamespaceObject::Known(self.resource);
        }
        match self.environment.namespaces.and_then(|known| known.get(name)) {
            Some(object) => NamespaceObject::Known(object),
            None => NamespaceObject::Unknown,
        }
    }

    /// Whether something that may be unknown is known.
    pub(super) fn knows(&self, about: Unknown) -> bool {
        match about {
            Unknown::User => self.environment.user.is_some(),
            Unknown::NamespaceLabels => !matches!(self.namespace_object(), NamespaceObject::Unknown),
            Unknown::Signatures => false,
            // Whether they are known shows only when they are asked for.
            Unknown::Objects | Unknown::Answers | Unknown::CacheEntries | Unknown::Images => true,
            Unknown::Chance => false,
        }
    }

    /// What the admission request says: `operation`, `name`, `namespace`, `subResource`.
    fn request(&self) -> Value<'a> {
        let name = self.resource.text(&["metadata", "name"]);
        let entries = [
            ("operation", Some(self.environment.operation.name())),
            ("name", name),
            ("namespace", self.namespace()),
            ("subResource", self.environment.subresource),
        ];
        let present = |(key, text): (&'static str, Option<&'a str>)| {
            text.map(|text| (Shared::Borrowed(key), Value::Text(Shared::Borrowed(text))))
        };
        Value::map(entries.into_iter().filter_map(present).collect())
    }
}

/// The Namespace object of a resource.
#[derive(Clone, Copy)]
pub(super) enum NamespaceObject<'a> {
    Known(Resource<'a>),
    /// The resource belongs to no namespace.
    None,
    Unknown,
}

/// The object as it was: none on create, and on delete the one that is deleted.
pub(super) fn old_object<'a>(
    resource: Resource<'a>,
    operation: AdmissionOperation,
    old: Option<Resource<'a>>,
) -> Option<Resource<'a>> {
    match operation {
        AdmissionOperation::Create => None,
        AdmissionOperation::Update | AdmissionOperation::Connect => old,
        AdmissionOperation::Delete => old.or(Some(resource)),
    }
}

#[inline]
fn fits(view: View<'_>, expect: Expect) -> Fit {
    let fits = |fits: bool| if fits { Fit::Fits } else { Fit::Wrong };
    // Text that a policy reads as something else is not wrong for the API server.
    let reads = |reads: bool| if reads { Fit::Fits } else { Fit::Missing };
    match (expect, view) {
        (_, View::Missing) => Fit::Missing,
        (Expect::Any, _) => Fit::Fits,
        (Expect::Bool, view) => fits(matches!(view, View::Bool(_))),
        (Expect::Int, view) => fits(matches!(view, View::Int(_))),
        (Expect::Float, view) => fits(matches!(view, View::Int(_) | View::Float(_))),
        (Expect::Quantity, View::Text(text)) => fits(Quantity::is_quantity(text)),
        (Expect::Quantity, view) => fits(matches!(view, View::Int(_) | View::Float(_) | View::Quantity(_))),
        (Expect::IntOrText, view) => fits(matches!(view, View::Int(_) | View::Text(_) | View::Percent(_))),
        (Expect::IntOfIntOrText, View::Text(_) | View::Percent(_)) => Fit::Missing,
        (Expect::IntOfIntOrText, view) => fits(matches!(view, View::Int(_))),
        (Expect::PercentOfIntOrText, View::Text(text)) => reads(parse_percent(text).is_some()),
        (Expect::PercentOfIntOrText, View::Int(_)) => Fit::Missing,
        (Expect::PercentOfIntOrText, view) => fits(matches!(view, View::Percent(_))),
        (Expect::Text, view) => fits(matches!(view, View::Text(_))),
        (Expect::Duration, View::Text(text)) => fits(parse_duration(text).is_some()),
        (Expect::Duration, view) => fits(matches!(view, View::Duration(_))),
        (Expect::Time, View::Text(text)) => fits(Time::parse(text).is_some()),
        (Expect::Time, view) => fits(matches!(view, View::Time(_))),
        (Expect::Semver, View::Text(text)) => reads(Semver::parse(text).is_some()),
        (Expect::Semver, view) => fits(matches!(view, View::Semver(_))),
        (Expect::Ip, View::Text(text)) => reads(text.parse::<std::net::IpAddr>().is_ok()),
        (Expect::Ip, view) => fits(matches!(view, View::Ip(_))),
        (Expect::Cidr, View::Text(text)) => reads(Cidr::parse(text).is_some()),
        (Expect::Cidr, view) => fits(matches!(view, View::Cidr(_))),
        (Expect::List, view) => fits(matches!(view, View::List { .. })),
        (Expect::Map, view) => fits(matches!(view, View::Map { .. })),
    }
}
