//! `generate`: objects that are made when another is admitted.

use super::check::Checker;
use super::verbs::{Head, Objects};
use super::{Each, Expr, Generation, Make, Ty, errors};
use crate::ir;
use crate::syntax::ast;

impl Checker<'_> {
    pub(super) fn generate(
        &mut self,
        it: &ast::Generate,
        frame: Option<&ast::Scope>,
    ) -> Option<(Head, Generation)> {
        let Some(trigger) = &it.trigger else {
            self.report(errors::generate_without_trigger(it.verb, it.kind.span));
            return None;
        };
        let (head, generation) = self.with_trigger(trigger, frame, |checker| {
            let count = checker.locals.len();
            let each = checker.each(it.each.as_ref());
            let name = checker.single(&it.name);
            let namespace = it.namespace.as_ref().map(|it| checker.single(it));
            let kind = checker.one_kind(&it.kind);
            let make = kind.and_then(|(kind, ty)| {
                let fields = checker.object(&it.body);
                checker.check_value(&fields, &ty);
                match (kind.namespaced || kind.untyped, &namespace) {
                    (true, None) if !kind.untyped => {
                        let is_namespace = |ty: &Ty| checker.is_of(ty, &["core/v1/Namespace"]);
                        let of = match checker.trigger.as_ref().is_some_and(is_namespace) {
                            true => "trigger.metadata.name",
                            false => "trigger.metadata.namespace",
                        };
                        checker.report(errors::generate_without_namespace(&kind.kind, of, it.name.span));
                    }
                    (false, Some(namespace)) => {
                        checker.report(errors::generate_in_no_namespace(&kind.kind, namespace.span));
                    }
                    _ => {}
                }
                let fine = ![Some(&name), namespace.as_ref(), Some(&fields)]
                    .into_iter()
                    .flatten()
                    .any(Expr::is_error);
                fine.then_some(Make::Object { kind, name, namespace, fields })
            });
            checker.forget(count);
            Some(Generation { each: each?, make: make? })
        })?;
        Some((head, generation?))
    }

    pub(super) fn generate_copy(
        &mut self,
        it: &ast::GenerateCopy,
        frame: Option<&ast::Scope>,
    ) -> Option<(Head, Generation)> {
        let (head, generation) = self.with_trigger(&it.trigger, frame, |checker| {
            let count = checker.locals.len();
            let each = checker.each(it.each.as_ref());
            let mut optional = |expr: &Option<ast::Expr>| expr.as_ref().map(|it| checker.single(it));
            let (name, namespace, rename) =
                (optional(&it.name), optional(&it.namespace), optional(&it.rename));
            let into = checker.single(&it.into);
            let mut kinds = Vec::new();
            for kind in &it.kinds {
                kinds.push(checker.one_kind(kind)?.0);
            }
            let filter = match &it.filter {
                Some(filter) => Some(checker.copy_filter(&it.kinds, filter)?),
                None => None,
            };
            checker.forget(count);
            let fine = ![name.as_ref(), namespace.as_ref(), Some(&into), rename.as_ref()]
                .into_iter()
                .flatten()
                .any(Expr::is_error);
            let make = Make::Copy { kinds, name, namespace, filter, into, rename };
            fine.then_some(Generation { each: each?, make })
        })?;
        Some((head, generation?))
    }

    /// The `where` about the objects that are copied; `None` if something was wrong.
    fn copy_filter(&mut self, kinds: &[ast::KindRef], filter: &ast::Expr) -> Option<Expr> {
        let span = kinds.first()?.span.to(kinds.last()?.span);
        let part = |kind: &ast::KindRef| ast::SubjectPart {
            kind: kind.clone(),
            only: Some(kind.span),
            span: kind.span,
        };
        let subject = ast::Subject { parts: kinds.iter().map(part).collect(), span };
        let scope = ast::Scope { on: None, narrows: Vec::new(), span: span.at_end() };
        let found = self.with_head(&subject, &scope, None, Objects::Existing, |checker, _| {
            checker.single_condition(filter)
        });
        found.map(|it| it.1).filter(|it| !it.is_error())
    }

    /// A kind by itself, with the type of its objects; `None` if there is none, which has been said.
    fn one_kind(&mut self, kind: &ast::KindRef) -> Option<(ir::KindRef, super::Ty)> {
        let part = ast::SubjectPart { kind: kind.clone(), only: Some(kind.span), span: kind.span };
        let (subject, _) = self.subject(&ast::Subject { parts: vec![part], span: kind.span })?;
        let whole = |target: &ir::Target| {
            target.subresource.is_none()
                && !target.kind.is_any()
                && target.subjects.iter().all(|place| place.0.is_empty())
        };
        match subject.targets.as_slice() {
            [target] if whole(target) && subject.elements.is_none() => {
                Some((target.kind.clone(), subject.object_ty))
            }
            _ => {
                self.report(errors::generate_no_kind(kind.span));
                None
            }
        }
    }

    /// The outer `None`: something was wrong, which has been said.
    fn each(&mut self, each: Option<&ast::Each>) -> Option<Option<Each>> {
        let Some(each) = each else { return Some(None) };
        let binder = ast::Binder { first: each.name.clone(), second: None };
        let bound = self.binder(&binder, &each.source);
        let filter = each.filter.as_ref().map(|it| self.single_condition(it));
        let (binder, source) = bound.filter(|it| !it.1.is_error())?;
        Some(Some(Each { binder, source, filter }))
    }
}
