//! Values.

use super::Lowered;
use super::place::{Ctx, external};
use crate::hir::{self, ExprKind};
use crate::ir::{self, Cond, CondKind, Literal, Operation, TextPart, Type, Value, ValueKind};
use crate::source::Span;

impl Ctx {
    /// An expression as one value. A place of many values is the one that the current atom has chosen.
    pub(super) fn value(&mut self, expr: &hir::Expr) -> Lowered<Value> {
        let (span, ty) = (expr.span, expr.ty.to_ir());
        let size = match expr.kind {
            ExprKind::Literal(_) => ir::measure::LITERAL_SIZE,
            _ => ir::measure::PART_SIZE,
        };
        self.spend(size, span)?;
        let make = |kind| Value::new(kind, ty.clone(), span);
        Ok(match &expr.kind {
            ExprKind::Error => return Err(super::Refusal::new(span, "this has an error")),
            ExprKind::Literal(Literal::Ip(text) | Literal::Cidr(text)) => {
                make(ValueKind::Literal(Literal::Text(text.clone())))
            }
            ExprKind::Literal(literal) => make(ValueKind::Literal(literal.clone())),
            ExprKind::Place(place) if place.is_many() => match &self.chosen {
                Some(value) => Value { origin: span, ..value.clone() },
                None => self.collected(place, &expr.ty, span)?,
            },
            ExprKind::Place(place) => self.single_place(&place.branches[0], &expr.ty, span)?,
            ExprKind::Operation(operation, args) => self.operation(*operation, args, ty, span)?,
            ExprKind::List(items) => make(ValueKind::List(self.all(items)?)),
            ExprKind::Object(entries) => {
                let entries: Lowered<Vec<(String, Value)>> =
                    entries.iter().map(|(key, value)| Ok((key.clone(), self.value(value)?))).collect();
                make(ValueKind::Object(entries?))
            }
            ExprKind::Collect(collect) => {
                let source = self.list(&collect.source)?;
                let filter = match &collect.filter {
                    Some(filter) => self.condition(filter, true)?,
                    None => Cond::constant(true, span),
                };
                let chosen = self.chosen.take();
                let body = self.value(&collect.body);
                self.chosen = chosen;
                let collect =
                    ir::Collect { binder: collect.binder, source, filter, body: body?, flatten: false };
                make(ValueKind::Collect(Box::new(collect)))
            }
            ExprKind::ObjectCollect(_) => return Err(external("an object made of a list", span)),
            ExprKind::Text(parts) => make(ValueKind::Text(self.text(parts)?)),
            ExprKind::Coalesce(a, b) => {
                let (a, b) = alike(self.value(a)?, self.value(b)?, &expr.ty);
                let ty = if is_address(&a) { a.ty.clone() } else { ty };
                Value::new(ValueKind::Coalesce(Box::new(a), Box::new(b)), ty, span)
            }
            ExprKind::If(test, yes, no) => {
                let test = self.condition(test, true)?;
                let (yes, no) = alike(self.value(yes)?, self.value(no)?, &expr.ty);
                let ty = if is_address(&yes) { yes.ty.clone() } else { ty };
                Value::new(ValueKind::If(Box::new(test), Box::new(yes), Box::new(no)), ty, span)
            }
            ExprKind::Must(inner) => make(ValueKind::Must(Box::new(self.value(inner)?))),
            ExprKind::Try(inner) if asks(inner) => return Err(external("try", span)),
            // Nothing else that is carried can fail, so there is nothing to try.
            ExprKind::Try(inner) => self.value(inner)?,
            ExprKind::Range(low, high) => make(ValueKind::List(vec![self.value(low)?, self.value(high)?])),
            ExprKind::Lookup(lookup) => self.lookup(lookup, ty, span)?,
            ExprKind::External(name, _) => return Err(external(name, span)),
            ExprKind::Attestor(name, _) => {
                let reason = format!("`{name}` is one who signs, which only `verify` asks for");
                return Err(super::Refusal::coded(crate::diagnostic::Code::WrongArguments, span, reason));
            }
            ExprKind::Apply { parameters, body } if expr.ty != hir::Ty::Bool => {
                for (local, argument) in parameters {
                    let value = self.argument(argument)?;
                    self.replace(*local, value)?;
                }
                self.value(body)?
            }
            ExprKind::Not(_)
            | ExprKind::And(..)
            | ExprKind::Or(..)
            | ExprKind::Has(_)
            | ExprKind::Empty(_)
            | ExprKind::Changed { .. }
            | ExprKind::Atom(_)
            | ExprKind::Quantified { .. }
            | ExprKind::Apply { .. } => make(ValueKind::Bool(Box::new(self.condition(expr, true)?))),
        })
    }

    fn all(&mut self, exprs: &[hir::Expr]) -> Lowered<Vec<Value>> {
        exprs.iter().map(|expr| self.value(expr)).collect()
    }

    pub(super) fn text(&mut self, parts: &[hir::TextPart]) -> Lowered<Vec<TextPart>> {
        let mut lowered = Vec::new();
        for part in parts {
            lowered.push(match part {
                hir::TextPart::Text(text) => TextPart::Text(text.clone()),
                hir::TextPart::Value(value) => TextPart::Value(as_text(self.value(value)?)),
            });
        }
        Ok(lowered)
    }

    fn operation(
        &mut self,
        operation: Operation,
        args: &[hir::Expr],
        ty: Type,
        span: Span,
    ) -> Lowered<Value> {
        let mut values = Vec::new();
        for (index, arg) in args.iter().enumerate() {
            let collects = crate::hir::pairing::collects(operation, index);
            values.push(if collects { self.argument(arg)? } else { self.value(arg)? });
        }
        let ty = match operation {
            Operation::ToIp => Type::Ip,
            Operation::ToCidr => Type::Cidr,
            _ => ty,
        };
        Ok(Value::new(ValueKind::Call(operation, values), ty, span))
    }

    /// An argument as a whole: a path of many values is the list of them.
    pub(super) fn argument(&mut self, expr: &hir::Expr) -> Lowered<Value> {
        match &expr.kind {
            ExprKind::Place(place) if place.is_many() => self.list(expr),
            _ => self.value(expr),
        }
    }

    /// A source or collected place: a list or a map.
    pub(super) fn list(&mut self, expr: &hir::Expr) -> Lowered<Value> {
        match &expr.kind {
            ExprKind::Place(place) if place.is_many() => {
                // The type of a collected place may be that of one value or of the list of them.
                let ends_in_one = place.branches.iter().all(|it| match it.steps.last() {
                    Some(hir::Step::Each | hir::Step::Key(_)) => true,
                    Some(hir::Step::Field(field)) => !matches!(field.shape, ir::Shape::List | ir::Shape::Any),
                    Some(hir::Step::Element(_)) | None => false,
                });
                let element = match &expr.ty {
                    hir::Ty::List(item) if ends_in_one => (**item).clone(),
                    ty => ty.clone(),
                };
                self.collected(place, &element, expr.span)
            }
            // A function of a path of many values: of each of them.
            _ => match crate::hir::pairing::first_many(expr) {
                Some(many) => self.mapped(expr, many),
                None => self.value(expr),
            },
        }
    }

    /// `[expr for each value of a place in it]`
    fn mapped(&mut self, expr: &hir::Expr, many: &hir::Expr) -> Lowered<Value> {
        let span = expr.span;
        let Some(place) = many.as_place() else { return self.value(expr) };
        let source = self.collected(place, &many.ty, span)?;
        let element = self.fresh();
        let path = ir::Path { root: ir::Root::Local(element), steps: Vec::new() };
        let one = Value::new(ValueKind::Path(path), many.ty.to_ir(), span);
        let before = self.chosen.replace(one);
        let body = self.value(expr);
        self.chosen = before;
        let binder = ir::Binder { key: None, element };
        let filter = Cond::constant(true, span);
        let collect = ir::Collect { binder, source, filter, body: body?, flatten: false };
        let ty = Type::List(Box::new(expr.ty.to_ir()));
        Ok(Value::new(ValueKind::Collect(Box::new(collect)), ty, span))
    }

    /// A boolean value as a condition.
    pub(super) fn is(&mut self, expr: &hir::Expr) -> Lowered<Cond> {
        let value = self.value(expr)?;
        let span = expr.span;
        Ok(match value.kind {
            ValueKind::Literal(Literal::Bool(value)) => Cond::constant(value, span),
            ValueKind::Bool(cond) => *cond,
            kind => Cond::new(CondKind::Is(Value { kind, ..value }), span),
        })
    }
}

/// Whether the expression is, or has in it, a question that may fail.
fn asks(expr: &hir::Expr) -> bool {
    let mut found = matches!(expr.kind, ExprKind::Lookup(_));
    expr.for_each_part(&mut |part| found |= asks(part));
    found
}

/// The value read as the address or network that its type says; what cannot be read so is missing.
pub(super) fn as_address(value: Value, ty: &hir::Ty) -> Value {
    let (operation, address_ty): (_, _) = match ty {
        hir::Ty::Cidr => (Operation::ToCidr, Type::Cidr),
        _ => (Operation::ToIp, Type::Ip),
    };
    if is_address(&value) {
        return value;
    }
    let span = value.origin;
    let kind = match value.kind {
        ValueKind::Literal(Literal::Text(text)) => ValueKind::Literal(match address_ty {
            Type::Cidr => Literal::Cidr(text),
            _ => Literal::Ip(text),
        }),
        kind => ValueKind::Call(operation, vec![Value { kind, ..value }]),
    };
    Value::new(kind, address_ty, span)
}

fn is_address(value: &Value) -> bool {
    matches!(value.ty, Type::Ip | Type::Cidr)
}

/// Two alternatives, both read as addresses if one of them is.
fn alike(a: Value, b: Value, ty: &hir::Ty) -> (Value, Value) {
    match is_address(&a) || is_address(&b) {
        true => (as_address(a, ty), as_address(b, ty)),
        false => (a, b),
    }
}

/// The value as text: numbers and booleans as JSON writes them.
pub(super) fn as_text(value: Value) -> Value {
    match value.ty {
        Type::Text | Type::Image | Type::Duration | Type::Time | Type::Semver | Type::Ip | Type::Cidr => {
            value
        }
        _ => {
            let span = value.origin;
            Value::new(ValueKind::Call(Operation::ToText, vec![value]), Type::Text, span)
        }
    }
}
