//! The verbs that are checked but not yet carried to outputs: mutate, generate, verify, delete; and exemptions' scopes.
//!
//! Names and types are checked as everywhere; what is left over is the meaning of the rule as a whole.

use std::rc::Rc;

use super::check::Checker;
use super::{Expr, ExprKind, Subject, Ty, errors};
use crate::hir::Place;
use crate::ir::Root;
use crate::source::Span;
use crate::syntax::ast;

impl Checker<'_> {
    /// Checks a rule of another verb and gives whom it speaks of.
    pub(super) fn other_verb(&mut self, body: &ast::RuleBody, frame: &[ast::Narrow]) -> Option<Subject> {
        match body {
            ast::RuleBody::Mutate(it) => self.mutate(it, frame),
            ast::RuleBody::Generate(it) => self.generate(it),
            ast::RuleBody::GenerateCopy(it) => self.generate_copy(it),
            ast::RuleBody::Verify(it) => self.verify(it, frame),
            ast::RuleBody::Delete(it) => self.delete(it, frame),
            ast::RuleBody::Deny(_) | ast::RuleBody::Require(_) | ast::RuleBody::Error(_) => None,
        }
    }

    /// Runs `work` with the names of a subject and its scope in force.
    fn with_subject<T>(
        &mut self,
        subject: &ast::Subject,
        scope: &ast::Scope,
        frame: &[ast::Narrow],
        work: impl FnOnce(&mut Self, &Subject) -> T,
    ) -> Option<(Subject, T)> {
        let (subject, names) = self.subject(subject)?;
        let _ = self.operations(scope.on.as_ref(), &subject);
        let before = self.subject.replace(Rc::new(names));
        let count = self.locals.len();
        for narrow in frame.iter().chain(&scope.narrows) {
            let _ = self.narrow(narrow);
        }
        let result = work(self, &subject);
        self.forget(count);
        self.subject = before;
        Some((subject, result))
    }

    /// The scope of `for …`, with its own subject.
    pub(super) fn trigger_scope(&mut self, trigger: &ast::Trigger) {
        let _ = self.with_subject(&trigger.subject, &trigger.scope, &[], |_, _| ());
    }

    /// Runs `work` with `trigger` in force, if there is a `for`, and with what its `with`s bind.
    fn with_trigger<T>(&mut self, trigger: Option<&ast::Trigger>, work: impl FnOnce(&mut Self) -> T) -> T {
        let Some(trigger) = trigger else { return work(self) };
        let count = self.locals.len();
        let found = self.subject(&trigger.subject);
        let ty = found.as_ref().map_or(Ty::Error, |it| it.0.object_ty.clone());
        if let Some((subject, names)) = found {
            let _ = self.operations(trigger.scope.on.as_ref(), &subject);
            let before = self.subject.replace(Rc::new(names));
            for narrow in &trigger.scope.narrows {
                let _ = self.narrow(narrow);
            }
            self.subject = before;
        }
        let before = self.trigger.replace(ty);
        let result = work(self);
        self.trigger = before;
        self.forget(count);
        result
    }

    fn mutate(&mut self, it: &ast::Mutate, frame: &[ast::Narrow]) -> Option<Subject> {
        if let Some(settings) = &it.settings {
            let _ = self.settings(settings);
        }
        self.with_trigger(it.trigger.as_ref(), |checker| {
            let found =
                checker.with_subject(&it.subject, &it.scope, frame, |checker, _| checker.edits(&it.edits));
            found.map(|it| it.0)
        })
    }

    fn edits(&mut self, edits: &[ast::Edit]) {
        let count = self.locals.len();
        for edit in edits {
            self.edit(edit);
        }
        self.forget(count);
    }

    fn edit(&mut self, edit: &ast::Edit) {
        match edit {
            ast::Edit::Assign { verb, path, value, .. } => {
                let target = self.edit_target(path);
                let value = self.expr(value);
                let value = self.coerced(value, &target.ty);
                let wanted = match (&target.ty, verb) {
                    (Ty::List(item), ast::AssignVerb::Append | ast::AssignVerb::Prepend) => (**item).clone(),
                    (Ty::Error | Ty::Json, _) => return,
                    (_, ast::AssignVerb::Append | ast::AssignVerb::Prepend) => {
                        let diagnostic = errors::append_to_no_list(self.cluster, &target);
                        self.report(diagnostic);
                        return;
                    }
                    (ty, _) => ty.clone(),
                };
                self.check_value(&value, &wanted);
            }
            ast::Edit::Remove { path, .. } => {
                let _ = self.edit_target(path);
            }
            ast::Edit::Let(it) => {
                let value = self.expr(&it.value);
                self.bind_value(&it.name, value);
            }
            ast::Edit::For { binder, source, filter, edits, .. } => {
                let count = self.locals.len();
                let _ = self.binder(binder, source);
                if let Some(filter) = filter {
                    let _ = self.single_condition(filter);
                }
                self.edits(edits);
                self.forget(count);
            }
            ast::Edit::If { condition, edits, .. } => {
                let _ = self.single_condition(condition);
                self.edits(edits);
            }
            ast::Edit::Call { args, .. } => {
                for arg in args {
                    let _ = self.expr(&arg.value);
                }
            }
            ast::Edit::Error(_) => {}
        }
    }

    /// What an edit changes: one place, or one element of a `for`.
    fn edit_target(&mut self, path: &ast::Expr) -> Expr {
        let target = self.expr(path);
        if target.is_error() {
            return target;
        }
        match target.as_place() {
            Some(place) if place.is_many() => {
                self.report(errors::edit_through_list(target.span));
                Expr::error(target.span)
            }
            Some(_) => target,
            None => {
                self.report(errors::edit_needs_path(target.span));
                Expr::error(target.span)
            }
        }
    }

    /// Whether a value may be written where a type is wanted; fields of object literals one by one.
    pub(super) fn check_value(&mut self, value: &Expr, wanted: &Ty) {
        match (&value.kind, wanted) {
            (ExprKind::Object(entries), Ty::Object(ids)) => {
                for (key, entry) in entries {
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

    fn generate(&mut self, it: &ast::Generate) -> Option<Subject> {
        if let Some(settings) = &it.settings {
            let _ = self.settings(settings);
        }
        self.with_trigger(it.trigger.as_ref(), |checker| {
            let count = checker.locals.len();
            checker.each(it.each.as_ref());
            let _ = checker.single(&it.name);
            if let Some(namespace) = &it.namespace {
                let _ = checker.single(namespace);
            }
            let subject = checker.generated_kind(&it.kind);
            if let Some(subject) = &subject {
                let body = checker.object(&it.body);
                checker.check_value(&body, &subject.object_ty);
            }
            checker.forget(count);
            subject
        })
    }

    fn generate_copy(&mut self, it: &ast::GenerateCopy) -> Option<Subject> {
        if let Some(settings) = &it.settings {
            let _ = self.settings(settings);
        }
        self.with_trigger(Some(&it.trigger), |checker| {
            let count = checker.locals.len();
            checker.each(it.each.as_ref());
            for expr in it.name.iter().chain(&it.namespace).chain([&it.into]).chain(&it.rename) {
                let _ = checker.single(expr);
            }
            let mut first = None;
            for kind in &it.kinds {
                let subject = ast::Subject {
                    parts: vec![ast::SubjectPart {
                        kind: kind.clone(),
                        only: Some(kind.span),
                        span: kind.span,
                    }],
                    span: kind.span,
                };
                let scope = ast::Scope { on: None, narrows: Vec::new(), span: kind.span.at_end() };
                let found = checker.with_subject(&subject, &scope, &[], |checker, _| {
                    if let Some(filter) = &it.filter {
                        let _ = checker.single_condition(filter);
                    }
                });
                first = first.or(found.map(|it| it.0));
            }
            checker.forget(count);
            first
        })
    }

    /// The kind that is made; there is no `self` while it is written.
    fn generated_kind(&mut self, kind: &ast::KindRef) -> Option<Subject> {
        let subject = ast::Subject {
            parts: vec![ast::SubjectPart { kind: kind.clone(), only: Some(kind.span), span: kind.span }],
            span: kind.span,
        };
        self.subject(&subject).map(|it| it.0)
    }

    fn each(&mut self, each: Option<&ast::Each>) {
        let Some(each) = each else { return };
        let binder = ast::Binder { first: each.name.clone(), second: None };
        let _ = self.binder(&binder, &each.source);
        if let Some(filter) = &each.filter {
            let _ = self.single_condition(filter);
        }
    }

    fn verify(&mut self, it: &ast::Verify, frame: &[ast::Narrow]) -> Option<Subject> {
        let found = self.with_subject(&it.subject, &it.scope, frame, |checker, _| {
            for check in &it.checks {
                match check {
                    ast::Check::Signed { signers, .. } => checker.signers(signers),
                    ast::Check::Attested { signers, condition, .. } => {
                        checker.signers(signers);
                        if let Some(condition) = condition {
                            checker.in_attestation = true;
                            let _ = checker.condition(condition);
                            checker.in_attestation = false;
                        }
                    }
                    ast::Check::Ignoring { paths, .. } => {
                        for path in paths {
                            let _ = checker.expr(path);
                        }
                    }
                }
            }
            if let Some(message) = &it.tail.message {
                let _ = checker.text_parts(message);
            }
            for action in &it.tail.actions {
                let _ = checker.action(action);
            }
            if let Some(settings) = &it.tail.settings {
                let _ = checker.settings(settings);
            }
        });
        found.map(|it| it.0)
    }

    fn signers(&mut self, signers: &ast::Signers) {
        let value = self.expr(&signers.of);
        let one = matches!(value.ty, Ty::Attestor | Ty::Error | Ty::Json);
        let several =
            matches!(&value.ty, Ty::List(item) if matches!(**item, Ty::Attestor | Ty::Error | Ty::Json));
        if !(one && signers.count.is_none() || several) {
            let diagnostic = errors::not_signers(self.cluster, &value);
            self.report(diagnostic);
        }
        if let (Some((count, span)), ExprKind::List(items)) = (signers.count, &value.kind) {
            if count < 1 || count as usize > items.len() {
                self.report(errors::impossible_count(count, items.len(), span));
            }
        }
    }

    fn delete(&mut self, it: &ast::Delete, frame: &[ast::Narrow]) -> Option<Subject> {
        let found = self.with_subject(&it.subject, &it.scope, frame, |checker, _| {
            if let Some(condition) = &it.condition {
                let _ = checker.single_condition(condition);
            }
            if let Some(settings) = &it.settings {
                let _ = checker.settings(settings);
            }
        });
        match &it.schedule {
            ast::Schedule::Cron(text) => {
                if text.value.split_whitespace().count() != 5 {
                    self.report(errors::bad_literal("cron line of five fields", &text.value, text.span));
                }
            }
            ast::Schedule::Every(text) => {
                if super::constant::parse_duration(&text.value).is_none_or(|it| it <= 0) {
                    self.report(errors::bad_literal("duration", &text.value, text.span));
                }
            }
        }
        found.map(|it| it.0)
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
