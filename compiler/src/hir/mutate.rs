//! `mutate`: edits of the admitted object, or of existing ones.

use super::check::Checker;
use super::verbs::{Head, Objects};
use super::{AssignVerb, Edit, Existing, Expr, Identity, Mutation, Ty, errors};
use crate::diagnostic::Code;
use crate::ir::Root;
use crate::kubernetes::{DefaultValue, FieldLookup, ListIdentity, PatchStrategy, Type};
use crate::syntax::ast;

impl Checker<'_> {
    pub(super) fn mutate(
        &mut self,
        it: &ast::Mutate,
        frame: Option<&ast::Scope>,
    ) -> Option<(Head, Mutation)> {
        let Some(trigger) = &it.trigger else {
            let (head, edits) =
                self.with_head(&it.subject, &it.scope, frame, Objects::Admitted, |checker, _| {
                    checker.edits(&it.edits)
                })?;
            return Some((head, Mutation { existing: None, edits }));
        };
        let (head, existing) = self.with_trigger(trigger, frame, |checker| {
            checker.with_head(&it.subject, &it.scope, None, Objects::Existing, |checker, _| {
                checker.edits(&it.edits)
            })
        })?;
        let (changed, edits) = existing?;
        let existing = Existing { subject: changed.subject, narrows: changed.narrows };
        Some((head, Mutation { existing: Some(existing), edits }))
    }

    fn edits(&mut self, edits: &[ast::Edit]) -> Vec<Edit> {
        let count = self.locals.len();
        let typed = edits.iter().filter_map(|edit| self.edit(edit)).collect();
        self.forget(count);
        typed
    }

    /// One statement; `None` for a `let`, and for what was wrong, which has been said.
    fn edit(&mut self, edit: &ast::Edit) -> Option<Edit> {
        match edit {
            ast::Edit::Assign { verb, path, value, span } => {
                let target = self.edit_target(path);
                let value = self.beside(&target, value);
                self.one_value(&value);
                let (wanted, identity) = match (&target.ty, verb) {
                    (Ty::Error, _) => return None,
                    (Ty::List(item), AssignVerb::Append | AssignVerb::Prepend) => {
                        ((**item).clone(), self.identity(path))
                    }
                    (Ty::Json, AssignVerb::Append | AssignVerb::Prepend) => (Ty::Json, Identity::Value),
                    (_, AssignVerb::Append | AssignVerb::Prepend) => {
                        let diagnostic = errors::append_to_no_list(self.cluster, &target);
                        self.report(diagnostic);
                        return None;
                    }
                    (ty, _) => (ty.clone(), Identity::Value),
                };
                let value = self.coerced(value, &wanted);
                self.check_value(&value, &wanted);
                let assign = Edit::Assign { verb: *verb, target, identity, value, span: *span };
                (!matches!(&assign, Edit::Assign { value, .. } if value.is_error())).then_some(assign)
            }
            ast::Edit::Remove { path, span } => {
                let target = self.edit_target(path);
                (!target.is_error()).then_some(Edit::Remove { target, span: *span })
            }
            ast::Edit::Let(it) => {
                let value = self.expr(&it.value);
                self.bind_value(&it.name, value);
                None
            }
            ast::Edit::For { binder, source, filter, edits, .. } => {
                let count = self.locals.len();
                let bound = self.binder(binder, source);
                let filter = filter.as_ref().map(|it| self.single_condition(it));
                let edits = self.edits(edits);
                self.forget(count);
                let (binder, source) = bound.filter(|it| !it.1.is_error())?;
                Some(Edit::For { binder, source, filter, edits })
            }
            ast::Edit::If { condition, edits, .. } => {
                let condition = self.single_condition(condition);
                let edits = self.edits(edits);
                (!condition.is_error()).then_some(Edit::If { condition, edits })
            }
            ast::Edit::Call { function, args, span } => {
                for arg in args {
                    let _ = self.expr(&arg.value);
                }
                Some(Edit::External(function.text(), *span))
            }
            ast::Edit::Error(_) => None,
        }
    }

    /// What an edit changes: one place, or one element of a `for`.
    fn edit_target(&mut self, path: &ast::Expr) -> Expr {
        let said = self.diagnostics.len();
        let target = self.expr(path);
        // An edit never speaks of elements by their numbers: that is an error, which comes with the lowering.
        let mut found = self.diagnostics.split_off(said);
        found.retain(|it| it.code != Code::OneElement);
        self.diagnostics.append(&mut found);
        if target.is_error() {
            return target;
        }
        match target.as_place() {
            Some(place) if place.is_many() => {
                self.report(errors::edit_through_list(target.span));
                Expr::error(target.span)
            }
            // The admitted object that makes existing ones change stays as it is.
            Some(place) if !place.branches.iter().all(|branch| self.is_edited(branch.root)) => {
                self.report(errors::edit_of_other(target.span));
                Expr::error(target.span)
            }
            Some(_) => target,
            None => {
                self.report(errors::edit_needs_path(target.span));
                Expr::error(target.span)
            }
        }
    }

    fn is_edited(&self, root: Root) -> bool {
        match root {
            Root::Object | Root::Subject => self.trigger.is_none(),
            Root::Existing | Root::ExistingSubject | Root::Local(_) => true,
            Root::OldObject
            | Root::OldSubject
            | Root::Predicate
            | Root::Namespace
            | Root::NamespaceObject
            | Root::User
            | Root::Request
            | Root::Now => false,
        }
    }

    /// What makes an element of the list at a path the same element: the keys of the schema.
    fn identity(&mut self, path: &ast::Expr) -> Identity {
        let (base, field) = match &path.kind {
            ast::ExprKind::Field { base, field } => {
                let base = self.quietly(|checker| checker.expr(base));
                (base.ty, field.text.clone())
            }
            ast::ExprKind::Name(name) => {
                let this = self.subject.as_ref().map(|scope| scope.this.ty.clone());
                (this.unwrap_or(Ty::Error), name.clone())
            }
            _ => return Identity::Value,
        };
        let Ty::Object(ids) = base else { return Identity::Value };
        let Some(FieldLookup::Found(field)) = ids.first().map(|id| self.cluster.field(*id, &field)) else {
            return Identity::Value;
        };
        let Type::List(list) = self.cluster.ty(field.ty) else { return Identity::Value };
        let keys = match (&list.identity, &list.patch) {
            (ListIdentity::Map(keys), _) => keys.as_slice(),
            (_, PatchStrategy::MergeBy(key)) => std::slice::from_ref(key),
            _ => return Identity::Value,
        };
        let default = |key: &str| {
            let Type::Object(item) = self.cluster.ty(list.item) else { return None };
            match self.cluster.field(*item, key) {
                FieldLookup::Found(field) => match &field.default {
                    Some(DefaultValue::String(text)) => Some(text.to_string()),
                    _ => None,
                },
                _ => None,
            }
        };
        Identity::Keys(keys.iter().map(|key| (key.to_string(), default(key))).collect())
    }
}
