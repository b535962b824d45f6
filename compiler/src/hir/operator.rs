//! Operators: what may be compared with what, and in which domain.

use super::check::Checker;
use super::cursor::Site;
use super::expr::literal;
use super::{
    Atom, Comparison, Domain, Expr, ExprKind, GlobPart, Literal, Operation, Record, Relation, TextPart, Ty,
    errors,
};
use crate::kubernetes::EnumId;
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOp, UnaryOp};
use crate::vocabulary::foreign;

impl Checker<'_> {
    pub(super) fn unary(&mut self, op: UnaryOp, op_span: Span, operand: &ast::Expr, span: Span) -> Expr {
        match op {
            UnaryOp::Not => {
                let inner = self.condition(operand);
                Expr::new(ExprKind::Not(Box::new(inner)), Ty::Bool, span)
            }
            UnaryOp::Neg => {
                let inner = self.expr(operand);
                let inner = self.opened(inner);
                if !(inner.ty.is_exact_number() || matches!(inner.ty, Ty::Duration | Ty::Error)) {
                    let diagnostic = errors::not_a_number(self.cluster, &inner);
                    self.report(diagnostic);
                    return Expr::error(span);
                }
                let ty = inner.ty.clone();
                Expr::new(ExprKind::Operation(Operation::Negate, vec![inner]), ty, span)
            }
            UnaryOp::Has | UnaryOp::Empty => {
                let inner = self.expr(operand);
                if inner.ty == Ty::Bool && inner.as_place().is_none() && !inner.is_error() {
                    self.report(errors::asks_of_condition(op.as_str(), inner.span));
                    return Expr::error(span);
                }
                if op == UnaryOp::Has {
                    self.lint_always_present(&inner, span);
                }
                let kind = match op {
                    UnaryOp::Has => ExprKind::Has(Box::new(inner)),
                    _ => ExprKind::Empty(Box::new(inner)),
                };
                Expr::new(kind, Ty::Bool, span)
            }
            UnaryOp::Changed => self.changed(operand, op_span, span),
            UnaryOp::Try => {
                let inner = self.expr(operand);
                let ty = inner.ty.clone();
                Expr::new(ExprKind::Try(Box::new(inner)), ty, span)
            }
        }
    }

    /// `changed p`: the same path, now and before.
    fn changed(&mut self, operand: &ast::Expr, op_span: Span, span: Span) -> Expr {
        if let Some(on) = self.create_only {
            self.report(errors::old_on_create(op_span, on));
            return Expr::error(span);
        }
        let now = self.expr(operand);
        if now.is_error() {
            return Expr::error(span);
        }
        let Some(place) = now.as_place() else {
            self.report(errors::changed_needs_path(now.span));
            return Expr::error(span);
        };
        if place.is_many() {
            self.report(errors::any_or_every(&now, self.sources.text(now.span)));
            return Expr::error(span);
        }
        let mut before = place.clone();
        for branch in &mut before.branches {
            branch.root = match branch.root {
                crate::ir::Root::Object => crate::ir::Root::OldObject,
                crate::ir::Root::Subject => crate::ir::Root::OldSubject,
                _ => {
                    self.report(errors::changed_needs_path(now.span));
                    return Expr::error(span);
                }
            };
        }
        let before = Expr::new(ExprKind::Place(before), now.ty.clone(), now.span);
        Expr::new(ExprKind::Changed { now: Box::new(now), before: Box::new(before) }, Ty::Bool, span)
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        or_missing: bool,
        span: Span,
    ) -> Expr {
        // Each form in a function of its own: they recurse, and deep expressions have little stack for each level.
        match op {
            BinaryOp::And | BinaryOp::Or => self.junction(op, left, right, span),
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => {
                self.computed(op, op_span, left, right, span)
            }
            _ => self.atom(op, op_span, left, right, or_missing, span),
        }
    }

    fn junction(&mut self, op: BinaryOp, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
        let left = Box::new(self.condition(left));
        let right = Box::new(self.condition(right));
        let kind = match op {
            BinaryOp::And => ExprKind::And(left, right),
            _ => ExprKind::Or(left, right),
        };
        Expr::new(kind, Ty::Bool, span)
    }

    fn computed(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let left = self.expr(left);
        let right = self.expr(right);
        self.arithmetic(op, op_span, left, right, span)
    }

    fn atom(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        or_missing: bool,
        span: Span,
    ) -> Expr {
        let Some((left, relation, negated)) = self.relation(op, op_span, left, right) else {
            return Expr::error(span);
        };
        let atom = Atom { relation, left, negated, or_missing };
        Expr::new(ExprKind::Atom(Box::new(atom)), Ty::Bool, span)
    }

    fn relation(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Option<(Expr, Relation, bool)> {
        match op {
            BinaryOp::Eq => self.compare(Comparison::Equal, op_span, left, right, false),
            BinaryOp::Ne => self.compare(Comparison::Equal, op_span, left, right, true),
            BinaryOp::Lt => self.compare(Comparison::Less, op_span, left, right, false),
            BinaryOp::Le => self.compare(Comparison::LessOrEqual, op_span, left, right, false),
            BinaryOp::Gt => self.compare(Comparison::Greater, op_span, left, right, false),
            BinaryOp::Ge => self.compare(Comparison::GreaterOrEqual, op_span, left, right, false),
            BinaryOp::Glob => self.glob(left, right, false),
            BinaryOp::NotGlob => self.glob(left, right, true),
            BinaryOp::Matches => self.regex(left, right, false),
            BinaryOp::NotMatches => self.regex(left, right, true),
            BinaryOp::In => self.contained(op_span, left, right, false),
            BinaryOp::NotIn => self.contained(op_span, left, right, true),
            BinaryOp::Or | BinaryOp::And | BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => {
                None
            }
        }
    }

    // == < <= > >=

    fn compare(
        &mut self,
        comparison: Comparison,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        negated: bool,
    ) -> Option<(Expr, Relation, bool)> {
        if comparison == Comparison::Equal && self.is_with_null(left, right, negated) {
            return None;
        }
        let left = self.expr(left);
        let right = self.beside(&left, right);
        // A list beside a scalar stands for each of its elements; two lists compare as wholes.
        let whole = matches!((&left.ty, &right.ty), (Ty::List(_), Ty::List(_)));
        let (left, right) = if whole { (left, right) } else { (self.opened(left), self.opened(right)) };
        if left.is_error() || right.is_error() {
            return None;
        }
        let left = as_address(left, &right);
        let right = self.coerced(right, &left.ty);
        let left = self.coerced(left, &right.ty);
        if left.is_error() || right.is_error() {
            return None;
        }
        let Some(domain) = domain(&left.ty, &right.ty) else {
            let diagnostic =
                errors::cannot_compare(self.cluster, &left, &right, op_span, self.sources.text(right.span));
            self.report(diagnostic);
            return None;
        };
        let ordered = comparison != Comparison::Equal;
        if ordered && matches!(domain, Domain::Bool | Domain::Json | Domain::Ip) {
            let diagnostic = errors::no_order(self.cluster, &left, op_span);
            self.report(diagnostic);
            return None;
        }
        self.lint_empty_text(&left, &right, comparison, negated);
        self.lint_unit(&left, &right, domain);
        if comparison == Comparison::Equal {
            let meant = if negated { BinaryOp::NotGlob } else { BinaryOp::Glob };
            self.lint_compared_glob(&left, &right, op_span, meant);
        }
        self.lint_old_comparison(&left, &right, op_span, negated);
        Some((left, Relation::Compare { comparison, domain, right }, negated))
    }

    /// What stands beside a value, and is text without quotes where that is text.
    pub(super) fn beside(&mut self, left: &Expr, right: &ast::Expr) -> Expr {
        let ty = match &left.ty {
            Ty::List(item) => item,
            ty => ty,
        };
        match ty.is_textual() || matches!(ty, Ty::Json | Ty::IntOrString) {
            true => self.text_or(right),
            false => self.expr(right),
        }
    }

    /// `x == null`: reported.
    fn is_with_null(&mut self, left: &ast::Expr, right: &ast::Expr, negated: bool) -> bool {
        let mut null = |expr: &ast::Expr| match &expr.kind {
            ast::ExprKind::Name(name) if foreign::is_null(name) => {
                self.quietly(|checker| checker.word(name, expr.span)).is_none()
            }
            _ => false,
        };
        let value = match (null(left), null(right)) {
            (false, true) => left,
            (true, false) => right,
            _ => return false,
        };
        if !self.expr(value).is_error() {
            let is_operand =
                !matches!(value.kind, ast::ExprKind::Unary { .. } | ast::ExprKind::Binary { .. });
            let text = self.sources.text(value.span).to_string();
            self.report(errors::compared_with_null(left.span.to(right.span), &text, is_operand, negated));
        }
        true
    }

    /// A literal text read as the type it stands beside; other expressions as they are.
    pub(super) fn coerced(&mut self, expr: Expr, to: &Ty) -> Expr {
        let span = expr.span;
        if let (ExprKind::List(items), Ty::List(item)) = (&expr.kind, to) {
            let items: Vec<Expr> = items.iter().map(|it| self.coerced(it.clone(), item)).collect();
            let ty = items.iter().map(|it| it.ty.clone()).reduce(Ty::join).unwrap_or(Ty::Json);
            return Expr::new(ExprKind::List(items), Ty::List(Box::new(ty)), span);
        }
        let Some(text) = expr.as_text().map(str::to_string) else { return expr };
        let read = |kind: &str, value: Option<(Literal, Ty)>| match value {
            Some((value, ty)) => Ok(literal(value, ty, span)),
            None => Err(errors::bad_literal(kind, &text, span)),
        };
        let result = match to {
            Ty::Quantity => {
                let fine = super::constant::is_quantity(&text);
                read("quantity", fine.then(|| (Literal::Quantity(text.clone()), Ty::Quantity)))
            }
            Ty::Duration => {
                let value = super::constant::parse_duration(&text);
                read("duration", value.map(|value| (Literal::Duration(value), Ty::Duration)))
            }
            Ty::Time => {
                let fine = super::constant::is_time(&text);
                read("time", fine.then(|| (Literal::Time(text.clone()), Ty::Time)))
            }
            Ty::Semver => {
                let fine = super::constant::is_semver(&text);
                read("semantic version", fine.then(|| (Literal::Semver(text.clone()), Ty::Semver)))
            }
            Ty::Ip => {
                let fine = text.parse::<std::net::IpAddr>().is_ok();
                read("IP address", fine.then(|| (Literal::Ip(text.clone()), Ty::Ip)))
            }
            Ty::Cidr => {
                let fine = super::constant::is_cidr(&text);
                read("network", fine.then(|| (Literal::Cidr(text.clone()), Ty::Cidr)))
            }
            Ty::IntOrPercent | Ty::Percent if text.ends_with('%') => {
                let value = text.trim_end_matches('%').parse().ok();
                read("percentage", value.map(|value| (Literal::Percent(value), Ty::Percent)))
            }
            Ty::Enum(id) => {
                self.check_enum(*id, &text, span);
                Ok(expr)
            }
            _ => Ok(expr),
        };
        match result {
            Ok(expr) => expr,
            Err(diagnostic) => {
                self.report(diagnostic);
                Expr::error(span)
            }
        }
    }

    fn check_enum(&mut self, id: EnumId, text: &str, span: Span) {
        let set = self.cluster.enumeration(id);
        if self.is_cursor(text) {
            self.at_cursor(Site::Value(Ty::Enum(id)));
            return;
        }
        if set.values.iter().any(|value| value == text) {
            return;
        }
        let elsewhere = set.elsewhere.iter().find(|it| it.value == text).map(|it| it.since);
        let suggestion = self.cluster.enum_suggestion(id, text).map(str::to_string);
        let diagnostic =
            errors::unknown_enum_value(self.cluster, id, text, span, suggestion.as_deref(), elsewhere);
        self.report(diagnostic);
    }

    // ~

    fn glob(&mut self, left: &ast::Expr, right: &ast::Expr, negated: bool) -> Option<(Expr, Relation, bool)> {
        let left = self.expr(left);
        let left = self.opened(left);
        let globs = self.globs(right);
        if left.is_error() {
            return None;
        }
        if !(left.ty.is_textual() || matches!(left.ty, Ty::Json | Ty::IntOrString | Ty::Ip | Ty::Cidr)) {
            let diagnostic = errors::not_matchable(self.cluster, &left, "~");
            self.report(diagnostic);
            return None;
        }
        Some((left, globs?, negated))
    }

    /// The right side of `~`: a glob, a list of globs, or a list made of globs.
    fn globs(&mut self, right: &ast::Expr) -> Option<Relation> {
        match &right.kind {
            ast::ExprKind::Paren(inner) => self.globs(inner),
            ast::ExprKind::String(string) => Some(Relation::Glob(vec![self.glob_literal(string)?])),
            ast::ExprKind::List(items) => {
                let mut globs = Vec::new();
                for item in items {
                    match self.globs(item)? {
                        Relation::Glob(more) => globs.extend(more),
                        _ => {
                            self.report(errors::not_a_glob(item.span));
                            return None;
                        }
                    }
                }
                Some(Relation::Glob(globs))
            }
            ast::ExprKind::ListComprehension { element, clause } => {
                let ast::ExprKind::String(string) = &element.kind else {
                    self.report(errors::not_a_glob(element.span));
                    return None;
                };
                let mut glob = None;
                let collect = self.comprehension(clause, |checker| {
                    glob = checker.glob_literal(string);
                    Expr::new(ExprKind::Error, Ty::Text, string.span)
                })?;
                let (binder, source, filter) = (collect.binder, collect.source, collect.filter);
                Some(Relation::GlobOfEach { binder, source, filter, glob: glob? })
            }
            _ => {
                let value = self.text_or(right);
                if value.is_error() {
                    return None;
                }
                // A `let` or parameter that is a constant.
                match constant_texts(&value) {
                    Some(texts) => {
                        texts.iter().for_each(|text| self.lint_glob(text, value.span));
                        Some(Relation::Glob(
                            texts.into_iter().map(|text| vec![GlobPart::Pattern(text)]).collect(),
                        ))
                    }
                    None => {
                        self.report(errors::not_a_glob(value.span));
                        None
                    }
                }
            }
        }
    }

    fn glob_literal(&mut self, string: &ast::StringLiteral) -> Option<Vec<GlobPart>> {
        if let Some(text) = string.constant() {
            self.lint_glob(&text, string.span);
            return Some(vec![GlobPart::Pattern(text)]);
        }
        let mut parts = Vec::new();
        for part in self.text_parts(string) {
            parts.push(match part {
                TextPart::Text(text) => GlobPart::Pattern(text),
                TextPart::Value(value) => GlobPart::Value(self.as_text(value)),
            });
        }
        Some(parts)
    }

    /// `^`, `$`, `.*` and the like in a glob: a regular expression was meant.
    fn lint_glob(&mut self, glob: &str, span: Span) {
        let looks_like_regex = glob.starts_with('^')
            || glob.ends_with('$')
            || glob.contains(".*")
            || glob.contains(".+")
            || ["\\d", "\\w", "\\s", "\\."].iter().any(|it| glob.contains(it))
            || (glob.contains('[') && glob.contains(']'));
        if looks_like_regex {
            self.report(errors::glob_is_regex(glob, span));
        }
    }

    // matches

    fn regex(
        &mut self,
        left: &ast::Expr,
        right: &ast::Expr,
        negated: bool,
    ) -> Option<(Expr, Relation, bool)> {
        let left = self.expr(left);
        let left = self.opened(left);
        let right = self.expr(right);
        if left.is_error() || right.is_error() {
            return None;
        }
        if !(left.ty.is_textual() || matches!(left.ty, Ty::Json | Ty::IntOrString | Ty::Ip | Ty::Cidr)) {
            let diagnostic = errors::not_matchable(self.cluster, &left, "matches");
            self.report(diagnostic);
            return None;
        }
        let Some(patterns) = constant_texts(&right) else {
            self.report(errors::not_a_constant_regex(right.span));
            return None;
        };
        let mut fine = true;
        for pattern in &patterns {
            fine &= self.check_regex(pattern, right.span);
        }
        fine.then_some((left, Relation::Regex(patterns), negated))
    }

    pub(super) fn check_regex(&mut self, pattern: &str, span: Span) -> bool {
        if pattern.starts_with('*') || pattern.starts_with('?') {
            self.report(errors::regex_is_glob(pattern, span));
            return false;
        }
        match aipc_runtime::regular_expression::regex_is_portable(pattern) {
            Ok(()) => true,
            Err(reason) => {
                self.report(errors::bad_regex(pattern, span, &reason));
                false
            }
        }
    }

    // in

    fn contained(
        &mut self,
        op_span: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        negated: bool,
    ) -> Option<(Expr, Relation, bool)> {
        let left = self.expr(left);
        let right = self.beside(&left, right);
        let left = self.opened(left);
        if left.is_error() || right.is_error() {
            return None;
        }
        let meant = if negated { BinaryOp::NotGlob } else { BinaryOp::Glob };
        self.lint_compared_glob(&left, &right, op_span, meant);
        let left = as_address(left, &right);
        if let ExprKind::Range(low, high) = right.kind {
            let (low, high) = (self.coerced(*low, &left.ty), self.coerced(*high, &left.ty));
            if !left.ty.is_numeric() || !low.ty.is_numeric() || !high.ty.is_numeric() {
                let diagnostic =
                    errors::cannot_compare(self.cluster, &left, &low, left.span, self.sources.text(low.span));
                self.report(diagnostic);
                return None;
            }
            return Some((left, Relation::InRange(low, high), negated));
        }
        // Collected: a path through lists is one list of all its values.
        let many = super::pairing::first_many(&right).is_some();
        let item = match &right.ty {
            Ty::List(item) => Some((**item).clone()),
            _ if many => Some(right.ty.clone()),
            _ => None,
        };
        if let Some(item) = item {
            return self.in_list(left, right, &item, negated);
        }
        match (&left.ty, &right.ty) {
            (left_ty, Ty::Map(_)) if left_ty.is_textual() => Some((left, Relation::InMap(right), negated)),
            (Ty::Ip, _) if right.as_text().is_some() => {
                let right = self.coerced(right, &Ty::Cidr);
                (!right.is_error()).then_some((left, Relation::InCidr(right), negated))
            }
            (Ty::Ip, Ty::Cidr) => Some((left, Relation::InCidr(right), negated)),
            (Ty::Cidr, _) if right.as_text().is_some() => {
                let right = self.coerced(right, &Ty::Cidr);
                (!right.is_error()).then_some((left, Relation::CidrInCidr(right), negated))
            }
            (Ty::Cidr, Ty::Cidr) => Some((left, Relation::CidrInCidr(right), negated)),
            (a, b) if a.is_textual() && b.is_textual() => Some((left, Relation::InText(right), negated)),
            (_, Ty::Json) => Some((left, Relation::InList { domain: Domain::Json, list: right }, negated)),
            _ => {
                let diagnostic = errors::not_a_container(self.cluster, &right);
                self.report(diagnostic);
                None
            }
        }
    }

    fn in_list(
        &mut self,
        left: Expr,
        right: Expr,
        item: &Ty,
        negated: bool,
    ) -> Option<(Expr, Relation, bool)> {
        let right = match &right.ty {
            Ty::List(_) => self.coerced(right, &Ty::List(Box::new(left.ty.clone()))),
            _ => right,
        };
        // `"10.0.0.1" in spec.externalIPs`: the text beside a list is read as its elements are.
        let left = match &right.kind {
            ExprKind::List(_) => left,
            _ => self.coerced(left, item),
        };
        if left.is_error() {
            return None;
        }
        if let ExprKind::List(items) = &right.kind {
            // Networks in a list: the address lies in one of them.
            if matches!(left.ty, Ty::Ip | Ty::Cidr) && items.iter().all(|it| it.as_text().is_some()) {
                return self.in_networks(left, right, negated);
            }
            if let Some(bad) = items.iter().find(|it| it.is_error()) {
                let _ = bad;
                return None;
            }
            if items.is_empty() {
                return Some((left, Relation::InList { domain: Domain::Json, list: right }, negated));
            }
            for it in items {
                if domain(&left.ty, &it.ty).is_none() {
                    let diagnostic =
                        errors::cannot_compare(self.cluster, &left, it, it.span, self.sources.text(it.span));
                    self.report(diagnostic);
                    return None;
                }
            }
        }
        let item = match &right.ty {
            Ty::List(item) => (**item).clone(),
            _ => item.clone(),
        };
        let Some(domain) = domain(&left.ty, &item) else {
            let diagnostic = errors::cannot_compare(
                self.cluster,
                &left,
                &right,
                right.span,
                self.sources.text(right.span),
            );
            self.report(diagnostic);
            return None;
        };
        Some((left, Relation::InList { domain, list: right }, negated))
    }

    fn in_networks(&mut self, left: Expr, right: Expr, negated: bool) -> Option<(Expr, Relation, bool)> {
        let ExprKind::List(items) = right.kind else { return None };
        let items: Vec<Expr> = items
            .into_iter()
            .map(|it| {
                let network = it.as_text().is_some_and(|text| text.contains('/'));
                let to = if network { Ty::Cidr } else { left.ty.clone() };
                self.coerced(it, &to)
            })
            .collect();
        if items.iter().any(Expr::is_error) {
            return None;
        }
        let list = Expr::new(ExprKind::List(items), Ty::List(Box::new(Ty::Cidr)), right.span);
        Some((left, Relation::InList { domain: Domain::Ip, list }, negated))
    }

    // + - * /

    fn arithmetic(&mut self, op: BinaryOp, op_span: Span, left: Expr, right: Expr, span: Span) -> Expr {
        let lists = matches!((&left.ty, &right.ty), (Ty::List(_), Ty::List(_)));
        let (left, right) = if lists { (left, right) } else { (self.opened(left), self.opened(right)) };
        if left.is_error() || right.is_error() {
            return Expr::error(span);
        }
        let number = |a: &Ty, b: &Ty| match (a, b) {
            (Ty::Int, Ty::Int) => Ty::Int,
            (Ty::Int | Ty::Float, Ty::Int | Ty::Float) => Ty::Float,
            _ => Ty::Quantity,
        };
        let result = match (op, &left.ty, &right.ty) {
            (BinaryOp::Add, Ty::List(a), Ty::List(b)) => {
                Some((Operation::Add, Ty::List(Box::new((**a).clone().join((**b).clone())))))
            }
            (BinaryOp::Add, a, b) if a.is_textual() && b.is_textual() => Some((Operation::Add, Ty::Text)),
            (BinaryOp::Add, Ty::Time, Ty::Duration) | (BinaryOp::Add, Ty::Duration, Ty::Time) => {
                Some((Operation::Add, Ty::Time))
            }
            (BinaryOp::Sub, Ty::Time, Ty::Time) => Some((Operation::Subtract, Ty::Duration)),
            (BinaryOp::Sub, Ty::Time, Ty::Duration) => Some((Operation::Subtract, Ty::Time)),
            (BinaryOp::Add, Ty::Duration, Ty::Duration) => Some((Operation::Add, Ty::Duration)),
            (BinaryOp::Sub, Ty::Duration, Ty::Duration) => Some((Operation::Subtract, Ty::Duration)),
            (BinaryOp::Mul, Ty::Duration, b) if b.is_exact_number() => {
                Some((Operation::Multiply, Ty::Duration))
            }
            (BinaryOp::Div, Ty::Duration, b) if b.is_exact_number() => {
                Some((Operation::Divide, Ty::Duration))
            }
            (BinaryOp::Div, Ty::Duration, Ty::Duration) => Some((Operation::Divide, Ty::Float)),
            (_, a, b) if a.is_numeric() && b.is_numeric() => {
                let ty = number(a, b);
                Some(match op {
                    BinaryOp::Add => (Operation::Add, ty),
                    BinaryOp::Sub => (Operation::Subtract, ty),
                    BinaryOp::Mul => (Operation::Multiply, ty),
                    // A division of whole numbers need not be whole.
                    _ => (Operation::Divide, if ty == Ty::Int { Ty::Float } else { ty }),
                })
            }
            _ => None,
        };
        match result {
            Some((operation, ty)) => Expr::new(ExprKind::Operation(operation, vec![left, right]), ty, span),
            None => {
                let diagnostic = errors::cannot_calculate(self.cluster, op, op_span, &left, &right);
                self.report(diagnostic);
                Expr::error(span)
            }
        }
    }

    // Lints that belong to an operator

    /// `has metadata.name`: required, so it says nothing.
    fn lint_always_present(&mut self, inner: &Expr, span: Span) {
        let Some(place) = inner.as_place() else { return };
        let always = place.branches.iter().all(|branch| {
            matches!(branch.root, crate::ir::Root::Subject | crate::ir::Root::Object)
                && !branch.steps.is_empty()
                && branch.steps.iter().all(|step| matches!(step, super::Step::Field(field) if field.required || field.name == "metadata"))
                && matches!(branch.steps.last(), Some(super::Step::Field(_)))
        });
        let is_name = place.branches.iter().all(|branch| {
            let fields: Vec<&str> = branch
                .steps
                .iter()
                .map(|step| match step {
                    super::Step::Field(field) => field.name.as_str(),
                    _ => "",
                })
                .collect();
            let whole_object = match branch.root {
                crate::ir::Root::Object => true,
                crate::ir::Root::Subject => self.subject_is_object(),
                _ => false,
            };
            whole_object && matches!(fields[..], ["metadata", "name"] | ["kind"] | ["apiVersion"])
        });
        if always || is_name {
            self.report(errors::always_present(inner, span, self.sources.text(inner.span)));
        }
    }

    /// Whether the rule speaks of whole objects, rather than of a template or of elements.
    fn subject_is_object(&self) -> bool {
        use super::subject::Of;
        self.subject.as_ref().is_some_and(|scope| matches!(scope.of, Of::Kinds(_) | Of::Resource))
    }

    /// `p == ""` on an optional path lets the absent one through.
    fn lint_empty_text(&mut self, left: &Expr, right: &Expr, comparison: Comparison, negated: bool) {
        if comparison != Comparison::Equal || right.as_text() != Some("") {
            return;
        }
        let optional = left.as_place().is_some_and(|place| {
            place.branches.iter().any(|branch| match branch.steps.last() {
                Some(super::Step::Field(field)) => !field.required,
                _ => true,
            })
        });
        if optional {
            let text = self.sources.text(left.span).to_string();
            self.report(errors::compared_with_empty(left, right, &text, negated));
        }
    }

    /// A whole number beside a part of one (`count(…) > 5m`), or so few bytes of memory that others were meant.
    fn lint_unit(&mut self, left: &Expr, right: &Expr, domain: Domain) {
        if domain != Domain::Number {
            return;
        }
        let text = self.sources.text(right.span).to_string();
        let is_part = matches!(&right.kind, ExprKind::Literal(Literal::Quantity(text)) if text.ends_with(['n', 'u', 'm']));
        if left.ty == Ty::Int && is_part {
            let in_seconds = last_name(left).is_some_and(|name| name.ends_with("Seconds"));
            self.report(errors::part_of_whole_number(right.span, &text, in_seconds));
        } else if last_name(left).is_some_and(is_counted_in_bytes) {
            let few = matches!(right.kind, ExprKind::Literal(Literal::Int(bytes)) if (1..BYTES_MEANT_MIN).contains(&bytes));
            if is_part || few {
                self.report(errors::few_bytes(right.span, &text));
            }
        }
    }

    /// `image == "nginx:*"`: an image, a name or a label has no stars in it, so a glob was meant.
    fn lint_compared_glob(&mut self, left: &Expr, right: &Expr, op_span: Span, meant: BinaryOp) {
        let texts = constant_texts(right).unwrap_or_default();
        let Some(glob) = texts.iter().find(|text| text.contains('*')) else { return };
        if has_no_stars(left) {
            self.report(errors::compared_glob(right.span, op_span, glob, meant));
        }
    }

    /// `p != old.p`: both missing counts as different.
    fn lint_old_comparison(&mut self, left: &Expr, right: &Expr, op_span: Span, negated: bool) {
        use crate::ir::Root;
        let (Some(a), Some(b)) = (left.as_place(), right.as_place()) else { return };
        let (Some(a), Some(b)) = (a.branches.first(), b.branches.first()) else { return };
        let is_old = |root: Root| matches!(root, Root::OldObject | Root::OldSubject);
        if negated && a.steps == b.steps && is_old(a.root) != is_old(b.root) {
            let now = if is_old(a.root) { right } else { left };
            let text = self.sources.text(now.span).to_string();
            self.report(errors::changed_is_meant(left.span.to(right.span), op_span, &text));
        }
    }
}

/// Fewer bytes of memory than this were hardly meant.
const BYTES_MEANT_MIN: i64 = 1024;

/// The field or key that a path ends in.
fn last_name(expr: &Expr) -> Option<&str> {
    match expr.as_place()?.branches.first()?.steps.last()? {
        super::Step::Field(field) => Some(&field.name),
        super::Step::Key(key) => key.as_text(),
        super::Step::Element(_) | super::Step::Each => None,
    }
}

fn is_counted_in_bytes(name: &str) -> bool {
    matches!(name, "memory" | "storage" | "ephemeral-storage")
}

/// Whether the API server takes no `*` in such a value: images, names, labels.
fn has_no_stars(expr: &Expr) -> bool {
    if matches!(expr.ty, Ty::Image | Ty::Record(Record::Namespace)) {
        return true;
    }
    let Some(branch) = expr.as_place().and_then(|place| place.branches.first()) else { return false };
    let name = |step: &super::Step| match step {
        super::Step::Field(field) => field.name.clone(),
        _ => String::new(),
    };
    match &branch.steps[..] {
        [.., map, _] if name(map) == "labels" => true,
        [.., last] => matches!(name(last).as_str(), "name" | "namespace" | "serviceAccountName"),
        [] => false,
    }
}

/// A field that holds an address or `None`, beside an address or a network: the address.
fn as_address(left: Expr, right: &Expr) -> Expr {
    let is_address = |expr: &Expr| {
        matches!(expr.ty, Ty::Ip | Ty::Cidr)
            || expr.as_text().is_some_and(|text| {
                text.parse::<std::net::IpAddr>().is_ok() || super::constant::is_cidr(text)
            })
    };
    let beside = match &right.kind {
        ExprKind::List(items) => items.iter().all(is_address),
        _ => is_address(right),
    };
    if left.ty != Ty::IpOrNone || !beside {
        return left;
    }
    let span = left.span;
    Expr::new(ExprKind::Operation(Operation::ToIp, vec![left]), Ty::Ip, span)
}

/// The domain in which two types compare; `None` where they do not.
pub(super) fn domain(left: &Ty, right: &Ty) -> Option<Domain> {
    Some(match (left, right) {
        (Ty::Bool, Ty::Bool) => Domain::Bool,
        (Ty::Duration, Ty::Duration) => Domain::Duration,
        (Ty::Time, Ty::Time) => Domain::Time,
        (Ty::Semver, Ty::Semver) => Domain::Semver,
        (Ty::Percent, Ty::Percent | Ty::IntOrPercent) | (Ty::IntOrPercent, Ty::Percent) => Domain::Percent,
        (Ty::Ip, Ty::Ip) | (Ty::Cidr, Ty::Cidr) => Domain::Ip,
        (Ty::IntOrPercent, Ty::IntOrPercent) | (Ty::IntOrString, Ty::IntOrString) => Domain::Json,
        (a, b) if a.is_numeric() && b.is_numeric() => Domain::Number,
        (Ty::IntOrString, b) | (b, Ty::IntOrString) if b.is_textual() => Domain::Text,
        (a, b) if a.is_textual() && b.is_textual() => Domain::Text,
        (Ty::Json, Ty::Json) => Domain::Json,
        (Ty::Json, other) | (other, Ty::Json) => match other {
            Ty::Bool => Domain::Bool,
            it if it.is_numeric() => Domain::Number,
            it if it.is_textual() => Domain::Text,
            Ty::Duration => Domain::Duration,
            Ty::Time => Domain::Time,
            Ty::Semver => Domain::Semver,
            Ty::Percent => Domain::Percent,
            _ => Domain::Json,
        },
        (Ty::List(a), Ty::List(b)) => {
            domain(a, b)?;
            Domain::Json
        }
        (Ty::Map(a), Ty::Map(b)) => {
            domain(a, b)?;
            Domain::Json
        }
        (Ty::Object(a), Ty::Object(b)) if a == b => Domain::Json,
        (Ty::Object(_), Ty::Map(_)) | (Ty::Map(_), Ty::Object(_)) => Domain::Json,
        (Ty::Record(Record::User), _) | (_, Ty::Record(Record::User)) => return None,
        _ => return None,
    })
}

/// The texts of a constant: one, or a list of them.
pub(super) fn constant_texts(expr: &Expr) -> Option<Vec<String>> {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => Some(vec![text.clone()]),
        ExprKind::List(items) => items.iter().map(|item| item.as_text().map(str::to_string)).collect(),
        _ => None,
    }
}
