//! Conditions. Each is translated as it stands; [`Expr::negate`] turns it around, guards and all.

use super::ast::{Expr, Op, Path, Ty, Typed};
use super::image::has_tag;
use super::path::user_path;
use super::translate::Translator;
use super::value::{dynamic, is_type, push};
use crate::ir::{
    Comparison, Cond, CondKind, Domain, Literal, Operation, Quantified, Root, Test, Type, Unknown, Value,
    ValueKind,
};

impl Translator {
    /// The condition as an expression of type bool that never errs.
    pub fn condition(&mut self, cond: &Cond) -> Expr {
        if let Some(parts) = by_default(cond) {
            return self.condition(&parts);
        }
        match &cond.kind {
            CondKind::Const(value) => Expr::Bool(*value),
            CondKind::Not(inner) => self.condition(inner).negate(),
            CondKind::And(parts) => self.junction(parts, true),
            CondKind::Or(parts) => self.junction(parts, false),
            CondKind::Is(value) => self.is(value),
            CondKind::Has(value) => self.has(value),
            CondKind::Empty(value) => self.empty(value),
            CondKind::Compare { comparison, domain, left, right } => {
                self.compare(*comparison, *domain, left, right)
            }
            CondKind::Glob { value, globs } => self.globs(value, globs),
            CondKind::Regex { value, patterns } => self.regex(value, patterns),
            CondKind::Test(test, values) => self.atom(|this, guards| this.test(*test, values, guards)),
            CondKind::Any(quantified) => self.quantifier(quantified, true),
            CondKind::All(quantified) => self.quantifier(quantified, false).negate(),
            CondKind::Changed { now, before } => {
                let now = self.nullable(now);
                Expr::binary(Op::NotEqual, now, self.nullable(before))
            }
            CondKind::Known { about, cond, otherwise } => self.known(*about, cond, *otherwise),
        }
    }

    /// As [`Translator::condition`], and `given`, which is known to hold inside it.
    pub fn condition_given(&mut self, given: Expr, cond: &Cond) -> Expr {
        let (_, cond) = self.scope(|this, _| {
            this.learn_all(&given.present_if_true());
            this.condition(cond)
        });
        Expr::all([given, cond])
    }

    /// The guards that `build` gives, and the test that it returns.
    pub(super) fn atom(&mut self, build: impl FnOnce(&mut Self, &mut Vec<Expr>) -> Expr) -> Expr {
        let (guards, test) = self.scope(build);
        Expr::all(guards.into_iter().chain([test]))
    }

    /// Each part knows what the parts before it say: in `and` that they hold, in `or` that they do not.
    fn junction(&mut self, parts: &[Cond], conjunctive: bool) -> Expr {
        let (_, parts) = self.scope(|this, _| {
            let translate = |part| {
                let part = this.condition(part);
                let learned = if conjunctive { part.present_if_true() } else { part.present_if_false() };
                this.learn_all(&learned);
                part
            };
            parts.iter().map(translate).collect::<Vec<_>>()
        });
        if conjunctive { Expr::all(parts) } else { Expr::any(parts) }
    }

    fn is(&mut self, value: &Value) -> Expr {
        if let Some(path) = self.plain_path(value) {
            return Expr::Or(path, Box::new(Expr::Bool(false))).equal(Expr::Bool(true));
        }
        self.atom(|this, guards| {
            let typed = this.value(value, guards);
            if typed.ty == Ty::Bool { typed.expr } else { typed.expr.equal(Expr::Bool(true)) }
        })
    }

    fn has(&mut self, value: &Value) -> Expr {
        self.atom(|this, guards| {
            this.value(value, guards);
            Expr::Bool(true)
        })
    }

    fn empty(&mut self, value: &Value) -> Expr {
        self.atom(|this, guards| {
            let typed = this.value(value, guards);
            let unlike = |zero| Expr::binary(Op::NotEqual, typed.expr.clone(), zero);
            let (text, list, map) = (Expr::str(""), Expr::List(vec![]), Expr::Map(vec![]));
            match (&value.ty, typed.ty) {
                (_, Ty::Str) | (Type::Text | Type::Image, _) => unlike(text),
                (_, Ty::List) | (Type::List(_), _) => unlike(list),
                (_, Ty::Map) | (Type::Map(_) | Type::Object, _) => unlike(map),
                (Type::Json, Ty::Dyn) => Expr::all([unlike(text), unlike(list), unlike(map)]),
                // numbers, times and the like are never empty
                _ => Expr::Bool(true),
            }
        })
        .negate()
    }

    fn regex(&mut self, value: &Value, patterns: &[String]) -> Expr {
        let matches_blank = patterns.iter().any(|pattern| {
            !aipc_runtime::regular_expression::compile(pattern).is_ok_and(|regex| !regex.is_match(""))
        });
        self.atom(|this, guards| {
            let text = match this.never_null(value) {
                Some(path) if !matches_blank => Expr::Or(path, Box::new(Expr::str(""))),
                _ => this.text_value(value, guards),
            };
            Expr::any(patterns.iter().map(|pattern| text.clone().matches(pattern.as_str())))
        })
    }

    fn compare(&mut self, comparison: Comparison, domain: Domain, left: &Value, right: &Value) -> Expr {
        if comparison == Comparison::Equal {
            if let Some((image, tag)) = tag_of_image(left, right) {
                return self.atom(|this, guards| {
                    let image = this.reference(image, guards);
                    has_tag(image, tag)
                });
            }
            if let Some(expr) = self.equals_literal(domain, left, right) {
                return expr;
            }
        }
        self.atom(|this, guards| this.comparison(comparison, domain, left, right, guards))
    }

    /// `a.?b.orValue('') == 'x'`: says at once that the field is there and what it is.
    fn equals_literal(&mut self, domain: Domain, left: &Value, right: &Value) -> Option<Expr> {
        match domain {
            Domain::Bool | Domain::Number | Domain::Text | Domain::Json => {}
            Domain::Duration | Domain::Time | Domain::Semver | Domain::Percent | Domain::Ip => return None,
        }
        let (path, literal) = match (left.as_literal(), right.as_literal()) {
            (None, Some(literal)) if domain != Domain::Number || is_plain_number(left) => {
                (self.plain_path(left)?, literal)
            }
            (Some(literal), None) if domain != Domain::Number || is_plain_number(right) => {
                (self.plain_path(right)?, literal)
            }
            _ => return None,
        };
        let (literal, zero) = match literal {
            Literal::Bool(value) => (Expr::Bool(*value), Expr::Bool(false)),
            Literal::Int(value) => (Expr::Int(*value), Expr::Int(0)),
            Literal::Float(value) => (Expr::Double(*value), Expr::Double(0.0)),
            Literal::Text(text) => (Expr::str(text.as_str()), Expr::str("")),
            _ => return None,
        };
        if path.is_certain() {
            return Some(Expr::Direct(path).equal(literal));
        }
        let default = if zero == literal { Expr::Null } else { zero };
        Some(Expr::Or(path, Box::new(default)).equal(literal))
    }

    pub(super) fn comparison(
        &mut self,
        comparison: Comparison,
        domain: Domain,
        left: &Value,
        right: &Value,
        guards: &mut Vec<Expr>,
    ) -> Expr {
        let static_ty = |expr: Expr, ty| Typed::new(expr, ty);
        match domain {
            Domain::Number if !is_plain_number(left) || !is_plain_number(right) => {
                let left = self.quantity(left, guards);
                ordered(comparison, left, self.quantity(right, guards))
            }
            Domain::Semver => {
                let left = self.semver(left, guards);
                ordered(comparison, left, self.semver(right, guards))
            }
            Domain::Number => {
                let left = self.number(left, guards);
                relation(comparison, left, self.number(right, guards))
            }
            Domain::Bool | Domain::Json => {
                let left = self.value(left, guards);
                relation(comparison, left, self.value(right, guards))
            }
            Domain::Text => {
                let left = static_ty(self.text_value(left, guards), Ty::Dyn);
                relation(comparison, left, static_ty(self.text_value(right, guards), Ty::Dyn))
            }
            Domain::Duration => {
                let left = static_ty(self.duration(left, guards), Ty::Duration);
                relation(comparison, left, static_ty(self.duration(right, guards), Ty::Duration))
            }
            Domain::Time => {
                let left = static_ty(self.time(left, guards), Ty::Time);
                relation(comparison, left, static_ty(self.time(right, guards), Ty::Time))
            }
            Domain::Percent => {
                let left = static_ty(self.percent(left, guards), Ty::Int);
                relation(comparison, left, static_ty(self.percent(right, guards), Ty::Int))
            }
            Domain::Ip if left.ty == Type::Cidr || right.ty == Type::Cidr => {
                let left = static_ty(self.cidr(left, guards), Ty::Cidr);
                relation(comparison, left, static_ty(self.cidr(right, guards), Ty::Cidr))
            }
            Domain::Ip => {
                let left = static_ty(self.ip(left, guards), Ty::Ip);
                relation(comparison, left, static_ty(self.ip(right, guards), Ty::Ip))
            }
        }
    }

    fn test(&mut self, test: Test, values: &[Value], guards: &mut Vec<Expr>) -> Expr {
        let [first, second, rest @ ..] = values else {
            // INVARIANT: lowering gives each test as many values as it takes
            return Expr::Bool(false);
        };
        match test {
            Test::InList | Test::InListNumber => self.in_list(test, first, second, guards),
            Test::InMap => {
                let key = self.text_value(first, guards);
                let map = self.value(second, guards);
                let step = super::ast::Step { key: super::ast::Key::Computed(key), certain: false };
                let path = match map.expr {
                    Expr::Direct(mut path) => {
                        path.steps.push(step);
                        path
                    }
                    other => Path { base: Box::new(other), base_certain: true, steps: vec![step] },
                };
                Expr::Present(path)
            }
            Test::InText => {
                let part = self.text_value(first, guards);
                self.text_value(second, guards).method("contains", vec![part])
            }
            Test::InRange => {
                let Some(third) = rest.first() else { return Expr::Bool(false) };
                let low = self.comparison(Comparison::GreaterOrEqual, Domain::Number, first, second, guards);
                let high = self.comparison(Comparison::LessOrEqual, Domain::Number, first, third, guards);
                Expr::all([low, high])
            }
            Test::InCidr => {
                let address = self.ip(first, guards);
                self.cidr(second, guards).method("containsIP", vec![address])
            }
            Test::CidrInCidr => {
                let inner = self.cidr(first, guards);
                self.cidr(second, guards).method("containsCIDR", vec![inner])
            }
        }
    }

    fn in_list(&mut self, test: Test, value: &Value, list: &Value, guards: &mut Vec<Expr>) -> Expr {
        let plain_elements = matches!(&list.ty, Type::List(ty) if matches!(**ty, Type::Int | Type::Float | Type::IntOrPercent));
        if test == Test::InListNumber && !(is_plain_number(value) && plain_elements) {
            if let ValueKind::List(values) = &list.kind {
                let value = self.quantity(value, guards);
                let each: Vec<Expr> = values
                    .iter()
                    .map(|other| {
                        self.atom(|this, guards| {
                            ordered(Comparison::Equal, value.clone(), this.quantity(other, guards))
                        })
                    })
                    .collect();
                return Expr::any(each);
            }
            let value = self.quantity(value, guards);
            let list = self.value(list, guards).expr;
            let name = self.fresh("quantity");
            self.release(&name);
            let text = Expr::call("string", Expr::name(name.as_str()));
            let equal = Expr::all([
                Expr::call("isQuantity", text.clone()),
                ordered(Comparison::Equal, Expr::call("quantity", text), value),
            ]);
            return Expr::macro_of(list, "exists", &[name], vec![equal]);
        }
        // null is in no list of literals, so the value needs no guard
        if let Some(path) = self.plain_path(value)
            && let ValueKind::List(values) = &list.kind
            && values.iter().all(|value| value.as_literal().is_some())
        {
            let literals = self.value(list, guards).expr;
            if path.is_certain() {
                return Expr::binary(Op::In, Expr::Direct(path), literals);
            }
            let text = values.iter().all(|value| matches!(value.as_literal(), Some(Literal::Text(_))));
            let holds_empty =
                values.iter().any(|value| value.as_literal() == Some(&Literal::Text(String::new())));
            let default = if text && !holds_empty { Expr::str("") } else { Expr::Null };
            return Expr::binary(Op::In, Expr::Or(path, Box::new(default)), literals);
        }
        let value = self.value(value, guards);
        let list = self.value(list, guards);
        // beside a list of another static type the value is made dynamic
        let value = match &list.expr {
            Expr::List(_) => dynamic(value),
            _ => value.expr,
        };
        Expr::binary(Op::In, value, list.expr)
    }

    fn quantifier(&mut self, q: &Quantified, any: bool) -> Expr {
        self.atom(|this, guards| {
            let source = this.value(&q.source, guards);
            if q.source.ty == Type::Json && source.ty == Ty::Dyn {
                let iterable = [is_type(&source.expr, "list"), is_type(&source.expr, "map")];
                push(guards, Expr::any(iterable));
            }
            let names = this.bind_elements(&q.binder, &q.source);
            let body = this.condition(&q.body);
            names.iter().for_each(|name| this.release(name));
            let body = if any { body } else { body.negate() };
            Expr::macro_of(source.expr, "exists", &names, vec![body])
        })
    }

    fn known(&mut self, about: Unknown, cond: &Cond, otherwise: bool) -> Expr {
        let known = match about {
            Unknown::User => Expr::Present(user_path("username")),
            Unknown::NamespaceLabels => self.knows_namespace(),
        };
        // a condition that is `otherwise` by itself where all of it is missing needs no question
        if value_where_missing(cond, about) == Some(otherwise) {
            return self.condition(cond);
        }
        let (_, inner) = self.scope(|this, _| {
            this.learn_all(&known.present_if_true());
            this.condition(cond)
        });
        match otherwise {
            false => Expr::all([known, inner]),
            true => Expr::any([known.negate(), inner]),
        }
    }
}

/// `(a ?? b) == c` as `a == c` or, where `a` is missing, `b == c`.
fn by_default(cond: &Cond) -> Option<Cond> {
    let make = |kind| Cond::new(kind, cond.origin);
    let coalesced = |value: &Value| match &value.kind {
        ValueKind::Coalesce(first, second) => Some(((**first).clone(), (**second).clone())),
        _ => None,
    };
    let (first, with_first, with_second) = match &cond.kind {
        CondKind::Is(value) => {
            let (a, b) = coalesced(value)?;
            (a.clone(), CondKind::Is(a), CondKind::Is(b))
        }
        CondKind::Compare { comparison, domain, left, right } => {
            let compare =
                |left, right| CondKind::Compare { comparison: *comparison, domain: *domain, left, right };
            match coalesced(left) {
                Some((a, b)) => (a.clone(), compare(a, right.clone()), compare(b, right.clone())),
                None => {
                    let (a, b) = coalesced(right)?;
                    (a.clone(), compare(left.clone(), a), compare(left.clone(), b))
                }
            }
        }
        CondKind::Glob { value, globs } => {
            let glob = |value| CondKind::Glob { value, globs: globs.clone() };
            let (a, b) = coalesced(value)?;
            (a.clone(), glob(a), glob(b))
        }
        CondKind::Regex { value, patterns } => {
            let regex = |value| CondKind::Regex { value, patterns: patterns.clone() };
            let (a, b) = coalesced(value)?;
            (a.clone(), regex(a), regex(b))
        }
        _ => return None,
    };
    let missing = make(CondKind::Has(first)).negate();
    let otherwise = make(CondKind::And(vec![missing, make(with_second)]));
    Some(make(CondKind::Or(vec![make(with_first), otherwise])))
}

/// The image whose tag is compared with a text.
fn tag_of_image<'v>(left: &'v Value, right: &'v Value) -> Option<(&'v Value, &'v str)> {
    let (call, literal) = if left.as_literal().is_some() { (right, left) } else { (left, right) };
    match (&call.kind, literal.as_literal()?) {
        (ValueKind::Call(Operation::ImageTag, arguments), Literal::Text(tag)) => {
            Some((arguments.first()?, tag))
        }
        _ => None,
    }
}

/// What a condition is where everything about the unknown is missing; `None` if other things decide.
fn value_where_missing(cond: &Cond, about: Unknown) -> Option<bool> {
    let missing = |value: &Value| {
        value.as_path().is_some_and(|path| {
            path.root
                == match about {
                    Unknown::User => Root::User,
                    Unknown::NamespaceLabels => Root::NamespaceObject,
                }
        })
    };
    match &cond.kind {
        CondKind::Const(value) => Some(*value),
        CondKind::Not(inner) => value_where_missing(inner, about).map(|value| !value),
        CondKind::And(parts) | CondKind::Or(parts) => {
            let and = matches!(cond.kind, CondKind::And(_));
            let values: Vec<_> = parts.iter().map(|part| value_where_missing(part, about)).collect();
            if values.contains(&Some(!and)) {
                return Some(!and);
            }
            values.iter().all(|value| *value == Some(and)).then_some(and)
        }
        CondKind::Is(value)
        | CondKind::Has(value)
        | CondKind::Glob { value, .. }
        | CondKind::Regex { value, .. } => missing(value).then_some(false),
        CondKind::Empty(value) => missing(value).then_some(true),
        CondKind::Compare { left, right, .. } => (missing(left) || missing(right)).then_some(false),
        CondKind::Test(_, values) => values.iter().any(missing).then_some(false),
        CondKind::Any(q) => missing(&q.source).then_some(false),
        CondKind::All(q) => missing(&q.source).then_some(true),
        CondKind::Changed { .. } | CondKind::Known { .. } => None,
    }
}

/// An int or float, or the number of an IntOrString, whose text is none; of quantities and of values of unknown
/// type CEL compares the quantities that they say.
fn is_plain_number(value: &Value) -> bool {
    matches!(value.ty, Type::Int | Type::Float | Type::IntOrPercent)
        && !matches!(value.as_literal(), Some(Literal::Quantity(_)))
}

fn op(comparison: Comparison) -> Op {
    match comparison {
        Comparison::Equal => Op::Equal,
        Comparison::Less => Op::Less,
        Comparison::LessOrEqual => Op::LessOrEqual,
        Comparison::Greater => Op::Greater,
        Comparison::GreaterOrEqual => Op::GreaterOrEqual,
    }
}

/// A relation by CEL's own operators; `==` of two static types needs one of them made dynamic.
fn relation(comparison: Comparison, left: Typed, right: Typed) -> Expr {
    if comparison == Comparison::Equal && left.expr.is_literal() && right.expr.is_literal() {
        return Expr::Bool(left.expr == right.expr);
    }
    let clash = left.ty != right.ty && left.ty != Ty::Dyn && right.ty != Ty::Dyn;
    let left = if clash { dynamic(left) } else { left.expr };
    Expr::binary(op(comparison), left, right.expr)
}

/// A relation of quantities or versions, which have methods for it.
fn ordered(comparison: Comparison, left: Expr, right: Expr) -> Expr {
    let compared = |op| Expr::binary(op, left.clone().method("compareTo", vec![right.clone()]), Expr::Int(0));
    match comparison {
        Comparison::Less => left.method("isLessThan", vec![right]),
        Comparison::Greater => left.method("isGreaterThan", vec![right]),
        Comparison::Equal | Comparison::LessOrEqual | Comparison::GreaterOrEqual => compared(op(comparison)),
    }
}
