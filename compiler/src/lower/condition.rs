//! Conditions in their two modes: one value is enough, or all must.
//!
//! `any` below is the mode: true in `deny … if` (and under an even number of `not`s), false in `require … that`.
//! The equations are those of the language reference, "Paths of many values".

use super::Lowered;
use super::place::{Ctx, external};
use super::value::as_address;
use crate::hir::{self, Expr, ExprKind, Relation};
use crate::ir::{
    self, Binder, Comparison, Cond, CondKind, Domain, Glob, GlobPart, Literal, Quantified, Root, Test,
    Unknown, Value, ValueKind,
};
use crate::source::Span;

/// Literal lists are written out, element by element, up to this many copies of a condition; lists within lists
/// multiply.
const UNROLLED_MAX: usize = 64;

impl Ctx {
    pub(super) fn condition(&mut self, expr: &Expr, any: bool) -> Lowered<Cond> {
        self.positioned(expr, any, true)
    }

    /// `positive`: an even number of negations stands around it, so that its truth makes the rule apply.
    fn positioned(&mut self, expr: &Expr, any: bool, positive: bool) -> Lowered<Cond> {
        let span = expr.span;
        self.spend(ir::measure::PART_SIZE, span)?;
        Ok(match &expr.kind {
            ExprKind::Not(inner) => self.positioned(inner, !any, !positive)?.negate(),
            ExprKind::And(a, b) => {
                let parts = vec![self.positioned(a, any, positive)?, self.positioned(b, any, positive)?];
                Cond::new(CondKind::And(parts), span)
            }
            ExprKind::Or(a, b) => {
                let parts = vec![self.positioned(a, any, positive)?, self.positioned(b, any, positive)?];
                Cond::new(CondKind::Or(parts), span)
            }
            ExprKind::If(test, yes, no) => {
                let test = self.positioned(test, true, positive)?;
                let (yes, no) = (self.positioned(yes, any, positive)?, self.positioned(no, any, positive)?);
                let then = Cond::new(CondKind::And(vec![self.copy(&test)?, yes]), span);
                let otherwise = Cond::new(CondKind::And(vec![test.negate(), no]), span);
                Cond::new(CondKind::Or(vec![then, otherwise]), span)
            }
            ExprKind::Quantified { any: some, binder, source, body } => {
                // Over the groups of an unknown user the quantifier as a whole is unknown.
                let unknown = self.assume && {
                    let source = self.list(source)?;
                    self.unknown_in(&source).is_some()
                };
                let assume = self.assume;
                self.assume = assume && !unknown;
                let body = |ctx: &mut Ctx| ctx.positioned(body, any, positive);
                let cond = self.explicit(*some, *binder, source, body, span);
                self.assume = assume;
                self.assumed(cond?, positive)
            }
            ExprKind::Apply { parameters, body } => self.apply(parameters, body, any, positive, span)?,
            _ => self.atom(expr, any, positive)?,
        })
    }

    /// `any x in …: …`, `every x in …: …`
    fn explicit(
        &mut self,
        some: bool,
        binder: Binder,
        source: &Expr,
        body: impl Fn(&mut Ctx) -> Lowered<Cond>,
        span: Span,
    ) -> Lowered<Cond> {
        let source = self.list(source)?;
        // Each element of a list that is written out is a value of its own.
        let literal = match &source.kind {
            ValueKind::List(items) if items.iter().all(|it| it.as_literal().is_some()) => {
                Some(items.clone()).filter(|it| it.len() * self.unrolled <= UNROLLED_MAX)
            }
            _ => None,
        };
        if let Some(items) = literal {
            let unrolled = self.unrolled;
            self.unrolled *= items.len().max(1);
            let mut parts = Vec::new();
            for (index, item) in items.into_iter().enumerate() {
                self.replace(binder.element, item)?;
                if let Some(key) = binder.key {
                    let number = ValueKind::Literal(Literal::Int(index as i64));
                    self.replace(key, Value::new(number, ir::Type::Int, span))?;
                }
                parts.push(body(self)?);
            }
            self.restore(binder.element);
            self.unrolled = unrolled;
            return Ok(Cond::new(if some { CondKind::Or(parts) } else { CondKind::And(parts) }, span));
        }
        let body = body(self)?;
        let quantified = Box::new(Quantified { binder, source, body });
        Ok(Cond::new(if some { CondKind::Any(quantified) } else { CondKind::All(quantified) }, span))
    }

    /// A boolean function: for one, or for all, of the values of its arguments.
    fn apply(
        &mut self,
        parameters: &[(ir::Local, Expr)],
        body: &Expr,
        any: bool,
        positive: bool,
        span: Span,
    ) -> Lowered<Cond> {
        let mut many = None;
        for (local, argument) in parameters {
            match argument.as_place() {
                Some(place) if place.is_many() && !matches!(argument.ty, hir::Ty::List(_)) => {
                    many = Some((*local, place.clone(), argument.ty.clone()));
                }
                _ => {
                    let value = self.argument(argument)?;
                    self.replace(*local, value)?;
                }
            }
        }
        match many {
            None => self.positioned(body, any, positive),
            Some((local, place, ty)) => self.quantify(&place, &ty, any, span, &mut |ctx, value| {
                ctx.replace(local, value)?;
                ctx.positioned(body, any, positive)
            }),
        }
    }

    /// A condition without smaller conditions in it. If a path of many values is in it, one or all of them count.
    fn atom(&mut self, expr: &Expr, any: bool, positive: bool) -> Lowered<Cond> {
        let many =
            hir::pairing::many(expr).first().and_then(|it| Some((it.as_place()?.clone(), it.ty.clone())));
        let cond = match many {
            None => self.single_atom(expr)?,
            Some((place, ty)) => self.quantify(&place, &ty, any, expr.span, &mut |ctx, value| {
                let before = ctx.chosen.replace(value);
                let cond = ctx.single_atom(expr);
                ctx.chosen = before;
                cond
            })?,
        };
        Ok(self.assumed(cond, positive))
    }

    /// In `where`, what is unknown takes the value that makes the rule apply, and the exemption not.
    fn assumed(&mut self, cond: Cond, positive: bool) -> Cond {
        if !self.assume {
            return cond;
        }
        let mut about = None;
        ir::measure::any_value(&cond, &mut |value| {
            about = self.unknown_at(value);
            about.is_some()
        });
        match about {
            Some(about) => {
                let origin = cond.origin;
                let otherwise = positive != self.exempts;
                Cond::new(CondKind::Known { about, cond: Box::new(cond), otherwise }, origin)
            }
            None => cond,
        }
    }

    /// What a value may not know: who the user is, what labels the namespace has.
    pub(super) fn unknown_in(&self, value: &Value) -> Option<Unknown> {
        let mut about = None;
        ir::measure::any_value_within(value, &mut |value| {
            about = self.unknown_at(value);
            about.is_some()
        });
        about
    }

    fn unknown_at(&self, value: &Value) -> Option<Unknown> {
        match value.as_path()?.root {
            Root::User => Some(Unknown::User),
            Root::NamespaceObject => Some(Unknown::NamespaceLabels),
            Root::Local(local) => self.unknown_locals.get(&local).copied(),
            _ => None,
        }
    }

    /// An atom about the value that was chosen for its many-valued path.
    pub(super) fn chosen_atom(&mut self, expr: &Expr) -> Lowered<Cond> {
        self.single_atom(expr)
    }

    fn single_atom(&mut self, expr: &Expr) -> Lowered<Cond> {
        let span = expr.span;
        let make = |kind| Cond::new(kind, span);
        Ok(match &expr.kind {
            ExprKind::Has(inner) => make(CondKind::Has(self.value(inner)?)),
            ExprKind::Empty(inner) => make(CondKind::Empty(self.value(inner)?)),
            ExprKind::Changed { now, before } => {
                make(CondKind::Changed { now: self.value(now)?, before: self.value(before)? })
            }
            ExprKind::Atom(atom) => self.relation(atom, span)?,
            ExprKind::External(name, _) => return Err(external(name, span)),
            _ => self.is(expr)?,
        })
    }

    fn relation(&mut self, atom: &hir::Atom, span: Span) -> Lowered<Cond> {
        let left = self.value(&atom.left)?;
        let copy = self.copy_value(&left)?;
        let cond = self.positive_relation(atom, copy, span)?;
        let cond = if atom.negated { cond.negate() } else { cond };
        Ok(match atom.or_missing {
            false => cond,
            true => {
                let missing = Cond::new(CondKind::Has(left), span).negate();
                Cond::new(CondKind::Or(vec![cond, missing]), span)
            }
        })
    }

    fn positive_relation(&mut self, atom: &hir::Atom, left: Value, span: Span) -> Lowered<Cond> {
        let make = |kind| Cond::new(kind, span);
        Ok(match &atom.relation {
            Relation::Compare { comparison, domain: Domain::Ip, right } => {
                let left = as_address(left, &atom.left.ty);
                let right = as_address(self.value(right)?, &right.ty);
                make(CondKind::Compare { comparison: *comparison, domain: Domain::Ip, left, right })
            }
            Relation::Compare { comparison, domain, right } => {
                let right = self.value(right)?;
                make(CondKind::Compare { comparison: *comparison, domain: *domain, left, right })
            }
            Relation::Glob(globs) => {
                let globs: Lowered<Vec<Glob>> = globs.iter().map(|glob| self.glob(glob)).collect();
                make(CondKind::Glob { value: left, globs: globs? })
            }
            Relation::GlobOfEach { binder, source, filter, glob } => {
                let source = self.list(source)?;
                let matched = make(CondKind::Glob { value: left, globs: vec![self.glob(glob)?] });
                let body = match filter {
                    Some(filter) => make(CondKind::And(vec![self.condition(filter, true)?, matched])),
                    None => matched,
                };
                make(CondKind::Any(Box::new(Quantified { binder: *binder, source, body })))
            }
            Relation::Regex(patterns) => make(CondKind::Regex { value: left, patterns: patterns.clone() }),
            Relation::InList { domain: Domain::Ip, list } => {
                self.in_list(as_address(left, &atom.left.ty), Domain::Ip, list, span)?
            }
            Relation::InList { domain, list } => self.in_list(left, *domain, list, span)?,
            Relation::InMap(map) => make(CondKind::Test(Test::InMap, vec![left, self.value(map)?])),
            Relation::InText(text) => make(CondKind::Test(Test::InText, vec![left, self.value(text)?])),
            Relation::InRange(low, high) => {
                make(CondKind::Test(Test::InRange, vec![left, self.value(low)?, self.value(high)?]))
            }
            Relation::InCidr(network) => {
                let left = as_address(left, &hir::Ty::Ip);
                let network = as_address(self.value(network)?, &hir::Ty::Cidr);
                make(CondKind::Test(Test::InCidr, vec![left, network]))
            }
            Relation::CidrInCidr(network) => {
                let left = as_address(left, &hir::Ty::Cidr);
                let network = as_address(self.value(network)?, &hir::Ty::Cidr);
                make(CondKind::Test(Test::CidrInCidr, vec![left, network]))
            }
        })
    }

    fn in_list(&mut self, left: Value, domain: Domain, list: &Expr, span: Span) -> Lowered<Cond> {
        let make = |kind| Cond::new(kind, span);
        // Texts, booleans and whole values are equal as JSON; numbers by value; the rest one by one.
        let test = match domain {
            Domain::Text | Domain::Bool | Domain::Json => Some(Test::InList),
            Domain::Number => Some(Test::InListNumber),
            Domain::Duration | Domain::Time | Domain::Semver | Domain::Percent | Domain::Ip => None,
        };
        if let Some(test) = test {
            let right = self.list(list)?;
            return Ok(make(CondKind::Test(test, vec![left, right])));
        }
        if let ExprKind::List(items) = &list.kind {
            let mut parts = Vec::new();
            for item in items {
                let right = self.value(item)?;
                let right = if domain == Domain::Ip { as_address(right, &item.ty) } else { right };
                parts.push(match (domain, &right.ty) {
                    (Domain::Ip, ir::Type::Cidr) if left.ty == ir::Type::Cidr => {
                        make(CondKind::Test(Test::CidrInCidr, vec![self.copy_value(&left)?, right]))
                    }
                    (Domain::Ip, ir::Type::Cidr) => {
                        make(CondKind::Test(Test::InCidr, vec![self.copy_value(&left)?, right]))
                    }
                    _ => make(CondKind::Compare {
                        comparison: Comparison::Equal,
                        domain,
                        left: self.copy_value(&left)?,
                        right,
                    }),
                });
            }
            return Ok(make(CondKind::Or(parts)));
        }
        let source = self.list(list)?;
        let element = self.fresh();
        let ty = match &source.ty {
            ir::Type::List(item) => (**item).clone(),
            other => other.clone(),
        };
        let path = ir::Path { root: Root::Local(element), steps: Vec::new() };
        let right = Value::new(ValueKind::Path(path), ty, span);
        let right = match (domain, &list.ty) {
            (Domain::Ip, hir::Ty::List(item)) => as_address(right, item),
            (Domain::Ip, item) => as_address(right, item),
            _ => right,
        };
        let body = make(CondKind::Compare { comparison: Comparison::Equal, domain, left, right });
        let binder = Binder { key: None, element };
        Ok(make(CondKind::Any(Box::new(Quantified { binder, source, body }))))
    }

    fn glob(&mut self, parts: &[hir::GlobPart]) -> Lowered<Glob> {
        let mut glob = Vec::new();
        for part in parts {
            match part {
                hir::GlobPart::Pattern(text) => glob.extend(Glob::parse(text).0),
                hir::GlobPart::Value(value) => match self.value(value)? {
                    // A constant is text, and its stars are plain characters; only a computed part can hold such.
                    Value { kind: ValueKind::Literal(Literal::Text(text)), .. }
                        if !text.contains(['*', '?']) =>
                    {
                        glob.push(GlobPart::Text(text));
                    }
                    value => glob.push(GlobPart::Value(value)),
                },
            }
        }
        Ok(Glob(glob))
    }
}
