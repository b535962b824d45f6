//! What the verbs besides `deny` and `require` share: a head with its scope, the object that triggers them, and values
//! that are written into objects.

use std::rc::Rc;

use super::check::Checker;
use super::cursor::Site;
use super::{Expr, ExprKind, Narrow, Place, Subject, Ty, errors};
use crate::ir::{self, Root};
use crate::source::Span;
use crate::syntax::ast;

/// Who a rule speaks of and when.
pub(super) struct Head {
    pub(super) subject: Subject,
    pub(super) operations: ir::Operations,
    pub(super) narrows: Vec<Narrow>,
}

/// Whether the objects of a head are admitted, or exist in the cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Objects {
    Admitted,
    Existing,
}

impl Checker<'_> {
    /// Runs `work` with the names of a subject and its scope in force; `frame` is the scope of the policy.
    pub(super) fn with_head<T>(
        &mut self,
        subject: &ast::Subject,
        scope: &ast::Scope,
        frame: Option<&ast::Scope>,
        objects: Objects,
        work: impl FnOnce(&mut Self, &Head) -> T,
    ) -> Option<(Head, T)> {
        let (mut subject, mut names) = self.subject(subject)?;
        if objects == Objects::Existing {
            names.speak_of_existing();
            subject.elements.iter_mut().for_each(|it| speak_of_existing(&mut it.place));
        }
        let on = scope.on.as_ref().or(frame.and_then(|it| it.on.as_ref()));
        let operations = self.operations(on, &subject);
        let before = self.subject.replace(Rc::new(names));
        let count = self.locals.len();
        let mut narrows = Vec::new();
        for narrow in frame.iter().flat_map(|it| &it.narrows).chain(&scope.narrows) {
            narrows.extend(self.narrow(narrow));
        }
        let head = Head { subject, operations, narrows };
        let result = work(self, &head);
        self.forget(count);
        self.subject = before;
        Some((head, result))
    }

    /// Runs `work` with `trigger` in force, and with what the `with`s of its scope bind.
    pub(super) fn with_trigger<T>(
        &mut self,
        trigger: &ast::Trigger,
        frame: Option<&ast::Scope>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> Option<(Head, T)> {
        self.with_head(&trigger.subject, &trigger.scope, frame, Objects::Admitted, |checker, head| {
            let before = checker.trigger.replace(head.subject.object_ty.clone());
            // The names of the trigger are those of its scope only.
            let names = checker.subject.take();
            let result = work(checker);
            checker.subject = names;
            checker.trigger = before;
            result
        })
    }

    /// Whether a value may be written where a type is wanted; fields of object literals one by one.
    pub(super) fn check_value(&mut self, value: &Expr, wanted: &Ty) {
        match (&value.kind, wanted) {
            (ExprKind::Object(entries), Ty::Object(ids)) => {
                for (key, entry) in entries {
                    if self.is_cursor(key) {
                        let present = entries.iter().map(|it| it.0.clone()).filter(|it| it != key).collect();
                        self.at_cursor(Site::Key { of: wanted.clone(), present });
                        continue;
                    }
                    let name = ast::Name { text: key.clone(), span: self.key_span(key, entry) };
                    let base = Expr::new(
                        ExprKind::Place(Place::root(Root::Subject)),
                        Ty::Object(ids.clone()),
                        value.span,
                    );
                    let field = self.field(base, &name);
                    if !field.is_error() {
                        let entry = self.coerced(entry.clone(), &field.ty);
                        self.check_value(&entry, &field.ty);
                    }
                }
            }
            (ExprKind::Object(entries), Ty::Map(item)) => {
                for (_, entry) in entries {
                    let entry = self.coerced(entry.clone(), item);
                    self.check_value(&entry, item);
                }
            }
            (ExprKind::List(items), Ty::List(item)) => {
                for it in items {
                    let it = self.coerced(it.clone(), item);
                    self.check_value(&it, item);
                }
            }
            _ => {
                if value.as_text().is_some_and(|it| self.is_cursor(it)) {
                    self.at_cursor(Site::Value(wanted.clone()));
                }
                if !fits(&value.ty, wanted) {
                    let diagnostic =
                        errors::wrong_value(self.cluster, value, wanted, self.sources.text(value.span));
                    self.report(diagnostic);
                }
            }
        }
    }

    /// The place of a key: it stands right before its value. The value's own place where the source spells the key
    /// otherwise, with escapes.
    fn key_span(&self, key: &str, entry: &Expr) -> Span {
        let file = entry.span.file;
        let text = &self.sources.get(file).text;
        let before = text.get(..entry.span.start as usize).unwrap_or_default().trim_end();
        let before = before.strip_suffix(':').unwrap_or(before).trim_end();
        let quoted = before.strip_suffix('"').and_then(|it| it.strip_suffix(key)?.strip_suffix('"'));
        match before.strip_suffix(key).or(quoted) {
            Some(rest) => Span::new(file, rest.len() as u32, before.len() as u32),
            None => entry.span,
        }
    }
}

/// Places of the admitted object become places of an existing one.
pub(super) fn speak_of_existing(place: &mut Place) {
    for branch in &mut place.branches {
        branch.root = match branch.root {
            Root::Object => Root::Existing,
            Root::Subject => Root::ExistingSubject,
            root => root,
        };
    }
}

/// Whether a value of one type can be written into a field of another.
fn fits(value: &Ty, wanted: &Ty) -> bool {
    match (value, wanted) {
        (Ty::Error | Ty::Json, _) | (_, Ty::Error | Ty::Json) => true,
        (a, b) if a == b => true,
        (
            Ty::Text,
            Ty::Enum(_) | Ty::Image | Ty::Bytes | Ty::IntOrString | Ty::Quantity | Ty::Duration | Ty::Time,
        ) => true,
        (Ty::Text, Ty::Semver | Ty::Ip | Ty::Cidr) => true,
        (a, b) if a.is_textual() && b.is_textual() => true,
        (Ty::Int | Ty::Percent, Ty::IntOrPercent) | (Ty::Int, Ty::IntOrString) => true,
        (a, Ty::Quantity) => a.is_exact_number(),
        (Ty::Int, Ty::Float) => true,
        (Ty::List(a), Ty::List(b)) => fits(a, b),
        (Ty::Map(a), Ty::Map(b)) => fits(a, b),
        (Ty::Map(_) | Ty::Object(_), Ty::Object(_) | Ty::Map(_)) => true,
        _ => false,
    }
}
