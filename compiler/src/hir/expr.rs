//! Expressions: names, literals, quantifiers, comprehensions. A dispatcher and what each arm computes.

use std::collections::HashSet;
use std::rc::Rc;

use super::check::{Checker, PolicyValue};
use super::occurrence::Definition;
use super::subject::Of;
use super::{Binder, Collect, Expr, ExprKind, Literal, Place, Record, TextPart, Ty, errors};
use crate::ir::{Operation, Root};
use crate::source::Span;
use crate::suggest;
use crate::syntax::ast;
use crate::vocabulary::foreign;
use crate::vocabulary::names::PREDEFINED;

impl Checker<'_> {
    /// An expression with its type. What is wrong is reported once and becomes [`ExprKind::Error`].
    pub(super) fn expr(&mut self, expr: &ast::Expr) -> Expr {
        self.within(expr.span, |checker| checker.expr_of_kind(expr))
    }

    /// Recurses, so nothing is worked out here: the forms are functions of their own, with their own stack.
    fn expr_of_kind(&mut self, expr: &ast::Expr) -> Expr {
        let span = expr.span;
        match &expr.kind {
            ast::ExprKind::Name(name) => self.name(name, span),
            ast::ExprKind::Field { base, field } => self.field_expr(base, field, span),
            ast::ExprKind::Index { base, index } => self.indexed(base, index, span),
            ast::ExprKind::Call { callee, args } => self.call(callee, args, span),
            ast::ExprKind::Unary { op, op_span, operand } => self.unary(*op, *op_span, operand, span),
            ast::ExprKind::Binary { op, op_span, left, right, or_missing } => {
                self.binary(*op, *op_span, left, right, *or_missing, span)
            }
            ast::ExprKind::Quantified { quantifier, binder, source, body } => {
                self.quantified(*quantifier, binder, source, body, span)
            }
            ast::ExprKind::If { condition, yes, no } => self.if_expr(condition, yes, no, span),
            ast::ExprKind::List(items) => self.list(items, span),
            ast::ExprKind::ListComprehension { element, clause } => {
                self.list_comprehension(element, clause, span)
            }
            ast::ExprKind::Object(object) => self.object(object),
            ast::ExprKind::ObjectComprehension { entry, clause } => {
                self.object_comprehension(entry, clause, span)
            }
            ast::ExprKind::String(string) => self.string(string),
            ast::ExprKind::Int(value) => self.int(*value, span),
            ast::ExprKind::Float(value) => literal(Literal::Float(*value), Ty::Float, span),
            ast::ExprKind::Quantity(text) => literal(Literal::Quantity(text.clone()), Ty::Quantity, span),
            ast::ExprKind::Duration(text) => self.duration(text, span),
            ast::ExprKind::Percent(text) => self.percent(text, span),
            ast::ExprKind::Date(text) => self.date(text, span),
            ast::ExprKind::Bool(value) => literal(Literal::Bool(*value), Ty::Bool, span),
            ast::ExprKind::Range { low, high } => self.range(low, high, span),
            ast::ExprKind::Coalesce { value, fallback } => self.coalesce(value, fallback, span),
            ast::ExprKind::Paren(inner) => self.in_parentheses(inner, span),
            ast::ExprKind::Hole | ast::ExprKind::Error => Expr::error(span),
        }
    }

    fn in_parentheses(&mut self, inner: &ast::Expr, span: Span) -> Expr {
        let mut expr = self.expr(inner);
        expr.span = span;
        expr
    }

    fn indexed(&mut self, base: &ast::Expr, index: &ast::Expr, span: Span) -> Expr {
        let base = self.expr(base);
        self.index(base, index, span)
    }

    fn list_comprehension(&mut self, element: &ast::Expr, clause: &ast::Comprehension, span: Span) -> Expr {
        let collect = self.comprehension(clause, |checker| checker.expr(element));
        let Some(collect) = collect else { return Expr::error(span) };
        let ty = Ty::List(Box::new(collect.body.ty.clone()));
        Expr::new(ExprKind::Collect(Box::new(collect)), ty, span)
    }

    fn percent(&mut self, text: &str, span: Span) -> Expr {
        match text.trim_end_matches('%').parse() {
            Ok(value) => literal(Literal::Percent(value), Ty::Percent, span),
            Err(_) => {
                self.report(errors::bad_literal("percentage", text, span));
                Expr::error(span)
            }
        }
    }

    fn range(&mut self, low: &ast::Expr, high: &ast::Expr, span: Span) -> Expr {
        let (low, high) = (self.single(low), self.single(high));
        let ty = Ty::List(Box::new(low.ty.clone().join(high.ty.clone())));
        Expr::new(ExprKind::Range(Box::new(low), Box::new(high)), ty, span)
    }

    // Names

    fn name(&mut self, name: &str, span: Span) -> Expr {
        if name.is_empty() {
            return Expr::error(span);
        }
        if self.is_cursor(name) {
            self.at_cursor(self.name_site());
            return Expr::error(span);
        }
        self.word(name, span).unwrap_or_else(|| self.unknown_name(name, span, false))
    }

    /// A name where text may stand: one that names nothing is text without its quotes.
    pub(super) fn text_or(&mut self, expr: &ast::Expr) -> Expr {
        match &expr.kind {
            ast::ExprKind::Name(name) if !name.is_empty() && !self.is_cursor(name) => {
                let found = self.word(name, expr.span);
                found.unwrap_or_else(|| self.unknown_name(name, expr.span, true))
            }
            ast::ExprKind::List(items) => {
                let items: Vec<Expr> = items.iter().map(|item| self.text_or(item)).collect();
                items.iter().for_each(|item| self.one_value(item));
                self.list_of(items, expr.span)
            }
            _ => self.expr(expr),
        }
    }

    /// What a word names; nothing where it names nothing.
    pub(super) fn word(&mut self, name: &str, span: Span) -> Option<Expr> {
        if let Some((value, at)) = self.local(name, span) {
            self.occur(span, Definition::Source(at), Some(&value.ty));
            return Some(value);
        }
        if let Some(expr) = self.predefined(name, span) {
            return Some(expr);
        }
        let named = ast::Name { text: name.to_string(), span };
        let subject = self.subject.clone();
        let mut found: Vec<(&'static str, Expr)> = Vec::new();
        if let Some(scope) = &subject {
            if self.has_field(&scope.this.ty, name) {
                let this = Expr { span: span.at_start(), ..scope.this.clone() };
                found.push(("field", Expr { span, ..self.field(this, &named) }));
            }
            if let Some((_, expr)) = scope.chain.iter().rev().find(|it| it.0 == name) {
                found.push(("view", Expr { span, ..expr.clone() }));
            } else if let Some((expr, _, at)) = self.view_of_this(name, scope) {
                self.occur(span, Definition::Source(at), Some(&expr.ty));
                found.push(("view", Expr { span, ..expr }));
            }
        }
        if let Some(expr) = self.declared_value(name, span) {
            found.push(("let", expr));
        }
        found.dedup_by(|a, b| a.1 == b.1);
        match found.len() {
            0 => None,
            1 => Some(found.remove(0).1),
            _ => {
                self.report(errors::ambiguous_name(name, span, found[0].0, found[1].0));
                Some(Expr::error(span))
            }
        }
    }

    fn has_field(&self, ty: &Ty, name: &str) -> bool {
        match ty {
            Ty::Object(ids) => ids.iter().all(|id| {
                // Of an object without a schema every name is a field, unless something declares the name.
                self.cluster.has_field(*id, name).unwrap_or_else(|| !self.is_declared(name))
            }),
            Ty::Record(record) => record.fields().iter().any(|field| field.name == name),
            Ty::Json => !self.is_declared(name),
            _ => false,
        }
    }

    fn is_declared(&self, name: &str) -> bool {
        self.policy_scope.iter().any(|it| it.name == name)
            || self.modules.get(self.module).lets.contains_key(name)
            || self.is_view(name)
    }

    fn predefined(&mut self, name: &str, span: Span) -> Option<Expr> {
        let predefined = PREDEFINED.iter().find(|it| it.name == name)?;
        let place = |root| ExprKind::Place(Place::root(root));
        let subject = self.subject.clone();
        let expr = match name {
            "self" | "resource" | "old" => {
                let Some(scope) = subject else {
                    self.report(errors::no_subject_here(name, span));
                    return Some(Expr::error(span));
                };
                match name {
                    "self" => Expr { span, ..scope.this.clone() },
                    "resource" => Expr { span, ..scope.resource.clone() },
                    _ => self.old(&scope.old, span),
                }
            }
            "namespace" => Expr::new(place(Root::Namespace), Ty::Record(Record::Namespace), span),
            "user" => Expr::new(place(Root::User), Ty::Record(Record::User), span),
            "request" => Expr::new(place(Root::Request), Ty::Record(Record::Request), span),
            "now" => Expr::new(place(Root::Now), Ty::Time, span),
            "trigger" => match self.trigger.clone() {
                Some(ty) => Expr::new(place(Root::Object), ty, span),
                None => {
                    self.report(errors::no_trigger_here(span));
                    Expr::error(span)
                }
            },
            "predicate" => {
                if !self.in_attestation {
                    self.report(errors::no_predicate_here(span));
                    return Some(Expr::error(span));
                }
                Expr::new(place(Root::Predicate), Ty::Json, span)
            }
            // `cluster.get(…)`: called, never read.
            _ => {
                self.report(errors::namespace_of_functions(name, span));
                Expr::error(span)
            }
        };
        self.occur(span, Definition::Predefined(predefined.name), Some(&expr.ty));
        Some(expr)
    }

    fn old(&mut self, old: &Option<Expr>, span: Span) -> Expr {
        if let Some(on) = self.create_only {
            self.report(errors::old_on_create(span, on));
            return Expr::error(span);
        }
        match old {
            Some(old) => Expr { span, ..old.clone() },
            None => {
                self.report(errors::old_of_element(span));
                Expr::error(span)
            }
        }
    }

    /// A parameter or `let` of the policy, a `let` of the file or of the prelude.
    fn declared_value(&mut self, name: &str, span: Span) -> Option<Expr> {
        if let Some(it) = self.policy_scope.iter().rev().find(|it| it.name == name).cloned() {
            let value = match it.value {
                PolicyValue::Parameter(value) if self.expand(value.size(), span) => (*value).clone(),
                PolicyValue::Parameter(_) => Expr::error(span),
                PolicyValue::Let(it) => self.let_value(&it, self.module, span),
            };
            self.occur(span, Definition::Source(it.span), Some(&value.ty));
            return Some(Expr { span, ..value });
        }
        for id in self.lookup_modules() {
            if let Some(it) = self.modules.get(id).lets.get(name).cloned() {
                let value = self.let_value(&it, id, span);
                self.occur(span, Definition::Source(it.name.span), Some(&value.ty));
                return Some(Expr { span, ..value });
            }
        }
        None
    }

    /// The value of a `let`, looked at anew so that each use has local names of its own.
    fn let_value(&mut self, it: &Rc<ast::Let>, module: super::resolve::ModuleId, span: Span) -> Expr {
        let it = it.clone();
        self.deeper(span, Expr::error(span), |checker| {
            checker.in_module(module, |checker| checker.quietly(|checker| checker.expr(&it.value)))
        })
    }

    /// `as_text`: text may stand here.
    fn unknown_name(&mut self, name: &str, span: Span, as_text: bool) -> Expr {
        let mut candidates: Vec<String> = self.locals.iter().map(|it| it.name.clone()).collect();
        candidates.extend(PREDEFINED.iter().map(|it| it.name.to_string()));
        candidates.extend(self.policy_scope.iter().map(|it| it.name.clone()));
        candidates.extend(self.modules.get(self.module).lets.keys().cloned());
        candidates.extend(self.views_in_force().map(|view| view.name.text.clone()));
        let mut here = String::from("here");
        if let Some(scope) = self.subject.clone()
            && let Ty::Object(ids) = &scope.this.ty
        {
            for id in ids {
                candidates.extend(self.cluster.fields(*id).map(|field| field.name.to_string()));
            }
            here = scope.this.ty.display(self.cluster);
        }
        candidates.sort();
        candidates.dedup();
        let closest = || suggest::closest(name, candidates.iter().map(String::as_str));
        let mut suggestion = foreign::value(name).or_else(closest).map(str::to_string);
        // A field of the pod in a rule about its containers.
        if suggestion.is_none()
            && let Some(scope) = self.subject.clone()
        {
            let outer = scope.chain.iter().rev().skip(1).find(|it| self.has_field(&it.1.ty, name));
            suggestion = outer.map(|it| format!("{}.{name}", it.0));
            if suggestion.is_none() && self.has_field(&scope.resource.ty, name) {
                suggestion = Some(format!("resource.{name}"));
            }
        }
        self.report(match suggestion {
            None if as_text => errors::unquoted_text(name, span),
            _ => errors::unknown_name(name, span, &here, suggestion.as_deref()),
        });
        Expr::error(span)
    }

    /// `base.field`, where the base may also be the alias of a file or a view's name on another place.
    fn field_expr(&mut self, base: &ast::Expr, field: &ast::Name, span: Span) -> Expr {
        if let ast::ExprKind::Name(alias) = &base.kind
            && let Some(module) = self.modules.get(self.module).uses.get(alias).copied()
        {
            let is_local = self.locals.iter().any(|local| local.name == *alias);
            if !is_local {
                return self.name_of_module(alias, module, field, span);
            }
        }
        let base = self.expr(base);
        // `pod.container`: a view read on from a place that is itself a view's.
        if let Some(of) = self.of_expr(&base)
            && !self.has_field(&base.ty, &field.text)
            && let Some((expr, _, at)) = self.view_from(&field.text, &base, &of)
        {
            self.occur(field.span, Definition::Source(at), Some(&expr.ty));
            return Expr { span, ..expr };
        }
        Expr { span, ..self.field(base, field) }
    }

    /// The view whose value an expression is, if it is one of the rule's own.
    fn of_expr(&self, base: &Expr) -> Option<Of> {
        let scope = self.subject.as_ref()?;
        let same = |it: &Expr| it.kind == base.kind;
        if let Some((name, _)) = scope.chain.iter().rev().find(|it| same(&it.1)) {
            return Some(Of::View(name.clone()));
        }
        if same(&scope.this) {
            return Some(scope.of.clone());
        }
        same(&scope.resource).then_some(Of::Resource)
    }

    fn name_of_module(
        &mut self,
        alias: &str,
        module: super::resolve::ModuleId,
        field: &ast::Name,
        span: Span,
    ) -> Expr {
        if self.is_cursor(&field.text) {
            self.at_cursor(self.file_site(module));
            return Expr::error(span);
        }
        if let Some(at) = self.modules.get(self.module).aliases.get(alias).copied() {
            self.occur(Span { end: span.start + alias.len() as u32, ..span }, Definition::Source(at), None);
        }
        match self.modules.get(module).lets.get(&field.text).cloned() {
            Some(it) => {
                let value = self.let_value(&it, module, span);
                self.occur(field.span, Definition::Source(it.name.span), Some(&value.ty));
                Expr { span, ..value }
            }
            None => {
                let mut names: Vec<&str> = self.modules.get(module).lets.keys().map(String::as_str).collect();
                names.sort_unstable();
                let known = suggest::closest(&field.text, names.into_iter()).map(str::to_string);
                self.report(errors::unknown_name_of_module(alias, field, known.as_deref()));
                Expr::error(span)
            }
        }
    }

    // Literals

    fn int(&mut self, value: i64, span: Span) -> Expr {
        literal(Literal::Int(value), Ty::Int, span)
    }

    fn duration(&mut self, text: &str, span: Span) -> Expr {
        match super::constant::parse_duration(text) {
            Some(nanoseconds) => literal(Literal::Duration(nanoseconds), Ty::Duration, span),
            None => {
                self.report(errors::bad_literal("duration", text, span));
                Expr::error(span)
            }
        }
    }

    fn date(&mut self, text: &str, span: Span) -> Expr {
        match super::constant::parse_date(text) {
            Some(time) => literal(Literal::Time(time), Ty::Time, span),
            None => {
                // What is no date at all was said where the text was read.
                if crate::syntax::is_date(text) {
                    self.report(errors::bad_literal("date", text, span));
                }
                Expr::error(span)
            }
        }
    }

    pub(super) fn string(&mut self, string: &ast::StringLiteral) -> Expr {
        let span = string.span;
        if let Some(text) = string.constant() {
            return literal(Literal::Text(text), Ty::Text, span);
        }
        let parts = self.text_parts(string);
        for part in &parts {
            if let TextPart::Value(value) = part {
                self.one_value(value);
            }
        }
        Expr::new(ExprKind::Text(parts), Ty::Text, span)
    }

    /// The parts of a string; values in it are scalars, and may be many where the caller allows it.
    pub(super) fn text_parts(&mut self, string: &ast::StringLiteral) -> Vec<TextPart> {
        let mut parts = Vec::new();
        for part in &string.parts {
            match part {
                ast::StringPart::Text(text) => parts.push(TextPart::Text(text.clone())),
                ast::StringPart::Interpolation(expr) => {
                    let value = self.expr(expr);
                    let value = self.opened(value);
                    if !(value.ty.is_scalar() || matches!(value.ty, Ty::Json | Ty::Error)) {
                        let diagnostic = errors::not_text(self.cluster, &value);
                        self.report(diagnostic);
                        continue;
                    }
                    parts.push(TextPart::Value(value));
                }
            }
        }
        parts
    }

    // Lists and objects

    fn list(&mut self, items: &[ast::Expr], span: Span) -> Expr {
        let items: Vec<Expr> = items.iter().map(|item| self.single(item)).collect();
        self.list_of(items, span)
    }

    fn list_of(&mut self, items: Vec<Expr>, span: Span) -> Expr {
        let ty = items.iter().map(|item| item.ty.clone()).reduce(Ty::join).unwrap_or(Ty::Json);
        Expr::new(ExprKind::List(items), Ty::List(Box::new(ty)), span)
    }

    pub(super) fn object(&mut self, object: &ast::Object) -> Expr {
        let mut entries: Vec<(String, Expr)> = Vec::new();
        let mut keys = HashSet::new();
        let mut ty: Option<Ty> = None;
        for entry in &object.entries {
            let Some(key) = entry.key.constant() else {
                self.report(errors::computed_key(entry.key.span()));
                continue;
            };
            if !keys.insert(key.clone()) {
                self.report(errors::key_twice(&key, entry.key.span()));
                continue;
            }
            let value = self.expr(&entry.value);
            ty = Some(match ty {
                Some(before) => before.join(value.ty.clone()),
                None => value.ty.clone(),
            });
            entries.push((key, value));
        }
        Expr::new(ExprKind::Object(entries), Ty::Map(Box::new(ty.unwrap_or(Ty::Json))), object.span)
    }

    fn object_comprehension(&mut self, entry: &ast::Entry, clause: &ast::Comprehension, span: Span) -> Expr {
        let mut key = Expr::error(entry.key.span());
        let collect = self.comprehension(clause, |checker| {
            key = match &entry.key {
                // `{ k: v for k, v in … }`: a bare word is the key's text, as in every object.
                ast::Key::Name(name) | ast::Key::Int(name) => {
                    match checker.locals.iter().any(|it| it.name == name.text) {
                        true => checker.name(&name.text, name.span),
                        false => literal(Literal::Text(name.text.clone()), Ty::Text, name.span),
                    }
                }
                ast::Key::String(string) => checker.string(string),
            };
            checker.expr(&entry.value)
        });
        let Some(collect) = collect else { return Expr::error(span) };
        let ty = Ty::Map(Box::new(collect.body.ty.clone()));
        Expr::new(ExprKind::ObjectCollect(Box::new((collect, key))), ty, span)
    }

    /// Binds the names of a `for`, checks the filter and then `body` with them.
    pub(super) fn comprehension(
        &mut self,
        clause: &ast::Comprehension,
        body: impl FnOnce(&mut Self) -> Expr,
    ) -> Option<Collect> {
        let count = self.locals.len();
        let (binder, source) = self.binder(&clause.binder, &clause.source)?;
        let filter = clause.filter.as_ref().map(|filter| self.single_condition(filter));
        let body = body(self);
        self.forget(count);
        Some(Collect { binder, source, filter, body })
    }

    /// The source of a quantifier or comprehension, and local names for its elements.
    pub(super) fn binder(&mut self, binder: &ast::Binder, source: &ast::Expr) -> Option<(Binder, Expr)> {
        let source = self.expr(source);
        // A view of several lists is already open: what is bound is one of its values.
        let element = match (&source.ty, source.as_place().is_some_and(Place::is_many)) {
            (Ty::Error, _) => None,
            (Ty::List(item), _) => Some((Ty::Int, (**item).clone())),
            (Ty::Map(item), false) => Some((Ty::Text, (**item).clone())),
            (Ty::Json, _) => Some((Ty::Json, Ty::Json)),
            (ty, true) => Some((Ty::Int, ty.clone())),
            (ty, false) => {
                let diagnostic = errors::not_a_list(self.cluster, ty, source.span);
                self.report(diagnostic);
                None
            }
        };
        let is_map = matches!(source.ty, Ty::Map(_));
        let Some((key_ty, element_ty)) = element else {
            // The names exist all the same, so that the body is not blamed for them.
            for name in std::iter::once(&binder.first).chain(&binder.second) {
                self.bind(name, Ty::Error);
            }
            return match source.is_error() {
                true => Some((Binder { key: None, element: self.fresh() }, source)),
                false => None,
            };
        };
        let binder = match &binder.second {
            Some(second) => {
                let key = self.bind(&binder.first, key_ty);
                Binder { key: Some(key), element: self.bind(second, element_ty) }
            }
            // One name over a map is its key, as in `for k in m` elsewhere.
            None if is_map => {
                let key = self.bind(&binder.first, Ty::Text);
                Binder { key: Some(key), element: self.fresh() }
            }
            None => Binder { key: None, element: self.bind(&binder.first, element_ty) },
        };
        Some((binder, source))
    }

    fn quantified(
        &mut self,
        quantifier: ast::Quantifier,
        binder: &ast::Binder,
        source: &ast::Expr,
        body: &ast::Expr,
        span: Span,
    ) -> Expr {
        let count = self.locals.len();
        let bound = self.binder(binder, source);
        let body = self.condition(body);
        self.forget(count);
        let Some((binder, source)) = bound else { return Expr::error(span) };
        if source.is_error() || body.is_error() {
            return Expr::new(ExprKind::Error, Ty::Bool, span);
        }
        let any = quantifier == ast::Quantifier::Any;
        let kind = ExprKind::Quantified { any, binder, source: Box::new(source), body: Box::new(body) };
        Expr::new(kind, Ty::Bool, span)
    }

    fn if_expr(&mut self, condition: &ast::Expr, yes: &ast::Expr, no: &ast::Expr, span: Span) -> Expr {
        let condition = self.single_condition(condition);
        let (yes, no) = (self.expr(yes), self.expr(no));
        let ty = yes.ty.clone().join(no.ty.clone());
        Expr::new(ExprKind::If(Box::new(condition), Box::new(yes), Box::new(no)), ty, span)
    }

    fn coalesce(&mut self, value: &ast::Expr, fallback: &ast::Expr, span: Span) -> Expr {
        let value = self.expr(value);
        let value = if matches!(value.ty, Ty::List(_)) { value } else { self.opened(value) };
        let fallback = self.expr(fallback);
        let fallback = self.coerced(fallback, &value.ty);
        let ty = match (&value.ty, &fallback.ty) {
            (a, b) if a == b => a.clone(),
            (a, b) if a.is_textual() && b.is_textual() => Ty::Text,
            (a, b) if a.is_numeric() && b.is_numeric() => Ty::Quantity,
            (Ty::Json, b) => b.clone(),
            (a, Ty::Json) => a.clone(),
            (Ty::Error, _) | (_, Ty::Error) => Ty::Error,
            // `labels ?? {}`, `list ?? []`
            (a @ (Ty::Map(_) | Ty::List(_)), Ty::Map(_) | Ty::List(_)) => a.clone(),
            (a @ Ty::Object(_), Ty::Object(_) | Ty::Map(_)) => a.clone(),
            _ => {
                let diagnostic = errors::cannot_default(self.cluster, &value, &fallback);
                self.report(diagnostic);
                Ty::Error
            }
        };
        Expr::new(ExprKind::Coalesce(Box::new(value), Box::new(fallback)), ty, span)
    }

    // What places want

    /// An expression that must have one value: list elements, ranges.
    pub(super) fn single(&mut self, expr: &ast::Expr) -> Expr {
        let expr = self.expr(expr);
        self.one_value(&expr);
        expr
    }

    /// Reports a path of many values where one is wanted.
    pub(super) fn one_value(&mut self, expr: &Expr) {
        if let Some(prefix) = super::pairing::first_many(expr) {
            self.report(errors::many_values(prefix));
        }
    }

    /// A condition in which nothing may be implicitly quantified: `where`, `if`-expressions, filters.
    pub(super) fn single_condition(&mut self, expr: &ast::Expr) -> Expr {
        let condition = self.condition(expr);
        if let Some(place) = super::pairing::first_many(&condition) {
            self.report(errors::any_or_every(place, self.sources.text(place.span)));
        }
        condition
    }

    /// An expression of type bool.
    pub(super) fn condition(&mut self, expr: &ast::Expr) -> Expr {
        let typed = self.expr(expr);
        let typed = self.opened(typed);
        match typed.ty {
            Ty::Bool => typed,
            Ty::Error => Expr::new(ExprKind::Error, Ty::Error, typed.span),
            // A field without a schema may hold a boolean.
            Ty::Json => Expr { ty: Ty::Bool, ..typed },
            _ => {
                let diagnostic = errors::not_a_condition(self.cluster, &typed, self.sources.text(typed.span));
                self.report(diagnostic);
                Expr::error(typed.span)
            }
        }
    }

    /// The value as text, for parts of globs and joined text.
    pub(super) fn as_text(&self, value: Expr) -> Expr {
        if value.ty.is_textual() || value.is_error() {
            return value;
        }
        let span = value.span;
        Expr::new(ExprKind::Operation(Operation::ToText, vec![value]), Ty::Text, span)
    }
}

pub(super) fn literal(value: Literal, ty: Ty, span: Span) -> Expr {
    Expr::new(ExprKind::Literal(value), ty, span)
}
