//! Calls: built-in functions by their table, and the functions of the source, which are expanded.

use std::rc::Rc;

use super::check::Checker;
use super::occurrence::Definition;
use super::resolve::ModuleId;
use super::{Expr, ExprKind, Literal, Operation, Record, Ty, errors, lookup};
use crate::hir::Place;
use crate::ir::Root;
use crate::source::Span;
use crate::suggest;
use crate::syntax::ast;
use crate::vocabulary::foreign;
use crate::vocabulary::functions::{self, Function, Kind, Meaning, Returns as FunctionResult};

impl Checker<'_> {
    pub(super) fn call(&mut self, callee: &ast::Expr, args: &[ast::Arg], span: Span) -> Expr {
        let Some(parts) = qualified(callee) else {
            let _ = self.expr(callee);
            self.report(errors::not_a_function(callee.span));
            return Expr::error(span);
        };
        let name = parts.iter().map(|it| it.0).collect::<Vec<_>>().join(".");
        if let Some((module, function)) = self.declared_function(&name) {
            self.occur_qualified(&parts, Definition::Source(function.name.span));
            return self.call_declared(module, &function, args, span);
        }
        let Some(function) = functions::find(&name) else {
            if let Some((theirs, meant)) = self.foreign_call(callee, args, span) {
                self.report(errors::foreign_call(callee.span, span, &theirs, &meant));
                return Expr::error(span);
            }
            for arg in args {
                let _ = self.expr(&arg.value);
            }
            let mut own: Vec<&str> =
                self.modules.get(self.module).functions.keys().map(String::as_str).collect();
            own.sort_unstable();
            let known = functions::FUNCTIONS.iter().map(|it| it.name).chain(own);
            let suggestion = suggest::closest(&name, known).map(str::to_string);
            self.report(errors::unknown_function(&name, callee.span, suggestion.as_deref()));
            return Expr::error(span);
        };
        self.occur(callee.span, Definition::Function(function.name), None);
        self.call_built_in(function, args, span)
    }

    /// How a call of other languages is said here. A method is called with what stands before the dot.
    fn foreign_call(&self, callee: &ast::Expr, args: &[ast::Arg], span: Span) -> Option<(String, String)> {
        let (name, receiver) = match &callee.kind {
            ast::ExprKind::Name(name) => (name, None),
            ast::ExprKind::Field { base, field } => (&field.text, Some(&**base)),
            _ => return None,
        };
        let arguments = args.iter().map(|arg| &arg.value);
        let operands: Vec<&str> =
            receiver.into_iter().chain(arguments).map(|it| self.sources.text(it.span)).collect();
        if args.iter().any(|arg| arg.name.is_some()) {
            return None;
        }
        if let Some(ours) = foreign::call(name, operands.len()) {
            let meant = foreign::filled(ours, &operands)?;
            let is_call = ours.ends_with(')') || ours.ends_with(']');
            let meant = if is_call || self.stands_alone(span) { meant } else { format!("({meant})") };
            return Some((name.clone(), meant));
        }
        let function = receiver.and_then(|_| functions::find(name))?;
        Some((name.clone(), format!("{}({})", function.name, operands.join(", "))))
    }

    /// Whether no sign of an operator touches the expression, so that one of another kind may take its place.
    fn stands_alone(&self, span: Span) -> bool {
        let text = &self.sources.get(span.file).text;
        let before = text[..span.start as usize].trim_end();
        let behind = text[span.end as usize..].trim_start();
        let binds = |c: char| "=!<>~+-*/?.[".contains(c);
        !before.ends_with(binds)
            && !behind.starts_with(binds)
            && !["in ", "not in ", "or missing", "matches "].iter().any(|word| behind.starts_with(word))
    }

    fn declared_function(&self, name: &str) -> Option<(ModuleId, Rc<ast::Function>)> {
        if let Some((alias, rest)) = name.split_once('.') {
            let module = *self.modules.get(self.module).uses.get(alias)?;
            return Some((module, self.modules.get(module).functions.get(rest)?.clone()));
        }
        self.lookup_modules()
            .into_iter()
            .find_map(|id| Some((id, self.modules.get(id).functions.get(name)?.clone())))
    }

    /// Arguments in the order of parameters; `None` where one is wrong.
    fn arrange<'b>(
        &mut self,
        name: &str,
        parameters: &[&str],
        required: usize,
        args: &'b [ast::Arg],
        span: Span,
    ) -> Option<Vec<Option<&'b ast::Expr>>> {
        let mut slots: Vec<Option<&ast::Expr>> = vec![None; parameters.len()];
        let mut position = 0;
        for arg in args {
            let slot = match &arg.name {
                Some(word) => match parameters.iter().position(|it| *it == word.text) {
                    Some(slot) => slot,
                    None => {
                        let known =
                            suggest::closest(&word.text, parameters.iter().copied()).map(str::to_string);
                        self.report(errors::unknown_parameter(name, word, known.as_deref()));
                        return None;
                    }
                },
                None => {
                    position += 1;
                    position - 1
                }
            };
            if slot >= slots.len() || slots[slot].is_some() {
                self.report(errors::too_many_arguments(name, parameters, span));
                return None;
            }
            slots[slot] = Some(&arg.value);
        }
        if let Some(missing) = (0..required).find(|slot| slots[*slot].is_none()) {
            self.report(errors::missing_argument(name, parameters[missing], span));
            return None;
        }
        Some(slots)
    }

    // Functions of the table

    fn call_built_in(&mut self, function: &'static Function, args: &[ast::Arg], span: Span) -> Expr {
        let names: Vec<&str> = function.parameters.iter().map(|it| it.name).collect();
        let Some(slots) = self.arrange(function.name, &names, function.required, args, span) else {
            for arg in args {
                let _ = self.quietly(|checker| checker.expr(&arg.value));
            }
            return Expr::error(span);
        };
        let mut values = Vec::new();
        let mut fine = true;
        for (slot, parameter) in slots.iter().zip(function.parameters) {
            let value = slot.map(|arg| self.argument(function, parameter.ty, arg));
            fine &= !value.as_ref().is_some_and(Expr::is_error);
            values.push(value);
        }
        if !fine {
            return Expr::error(span);
        }
        if lookup::asks(function.name) {
            let ty = self.result(function.result, &[]);
            return self.lookup(function.name, values, ty, span);
        }
        let mut values: Vec<Expr> = values.into_iter().flatten().collect();
        let ty = self.result(function.result, &values);
        match function.meaning {
            Meaning::Must => Expr::new(ExprKind::Must(Box::new(values.remove(0))), ty, span),
            Meaning::External if function.name == "image" => {
                // Text read as an image reference: the same text, with parts.
                let mut value = values.remove(0);
                value.ty = Ty::Image;
                value
            }
            Meaning::External if function.result == FunctionResult::Attestor => {
                let given = slots.iter().zip(function.parameters).filter(|(slot, _)| slot.is_some());
                let args: Vec<_> = given.map(|(_, parameter)| parameter.name).zip(values).collect();
                match self.is_attestor(function.name, &args, span) {
                    true => Expr::new(ExprKind::Attestor(function.name, args), ty, span),
                    false => Expr::error(span),
                }
            }
            Meaning::External => Expr::new(ExprKind::External(function.name, values), ty, span),
            Meaning::Operation(operation) => {
                if operation == Operation::Round && values.len() == 1 {
                    values.push(Expr::new(ExprKind::Literal(Literal::Int(0)), Ty::Int, span));
                }
                self.folded(operation, values, ty, span)
            }
        }
    }

    /// A conversion of a literal is the literal of that type.
    fn folded(&mut self, operation: Operation, values: Vec<Expr>, ty: Ty, span: Span) -> Expr {
        let conversion = matches!(
            operation,
            Operation::ToQuantity
                | Operation::ToDuration
                | Operation::ToTime
                | Operation::ToSemver
                | Operation::ToIp
                | Operation::ToCidr
        );
        if conversion && values.len() == 1 && values[0].as_text().is_some() {
            let coerced = self.coerced(values[0].clone(), &ty);
            return Expr { span, ..coerced };
        }
        if values.len() == 1 && values[0].ty == ty && conversion {
            return Expr { span, ..values[0].clone() };
        }
        Expr::new(ExprKind::Operation(operation, values), ty, span)
    }

    fn argument(&mut self, function: &Function, kind: Kind, arg: &ast::Expr) -> Expr {
        // `cluster.get(Deployment, …)`: the kind itself.
        if function.name.starts_with("cluster.")
            && kind == Kind::Any
            && let ast::ExprKind::Name(name) = &arg.kind
            && let Some(id) = self.kind_by_name(name)
        {
            let full = self.cluster.kind_of(id).full_name();
            self.occur(arg.span, Definition::Kind(full.clone()), None);
            return Expr::new(ExprKind::Literal(Literal::Text(full)), Ty::Text, arg.span);
        }
        let value = self.expr(arg);
        let value = match kind {
            Kind::Any | Kind::List | Kind::Countable | Kind::Map => value,
            Kind::Text | Kind::Number | Kind::Int | Kind::Scalar | Kind::Regex => self.opened(value),
        };
        if value.is_error() {
            return value;
        }
        let many = value.as_place().is_some_and(Place::is_many);
        let fits = match kind {
            Kind::Any => true,
            Kind::Text => value.ty.is_textual() || value.ty == Ty::Json,
            Kind::Number => value.ty.is_numeric() || value.ty == Ty::Json,
            Kind::Int => matches!(value.ty, Ty::Int | Ty::Json),
            Kind::Scalar => value.ty.is_scalar() || value.ty == Ty::Json,
            Kind::List => matches!(value.ty, Ty::List(_) | Ty::Json) || many,
            Kind::Countable => {
                matches!(value.ty, Ty::List(_) | Ty::Map(_) | Ty::Json) || value.ty.is_textual() || many
            }
            Kind::Map => matches!(value.ty, Ty::Map(_) | Ty::Object(_) | Ty::Json),
            Kind::Regex => value.as_text().is_some(),
        };
        if !fits {
            let diagnostic = errors::wrong_argument(self.cluster, function.name, kind, &value);
            self.report(diagnostic);
            return Expr::error(value.span);
        }
        if kind == Kind::Regex {
            let pattern = value.as_text().unwrap_or_default().to_string();
            if !self.check_regex(&pattern, value.span) {
                return Expr::error(value.span);
            }
        }
        // A path through lists where a list is wanted: all its values.
        if many && matches!(kind, Kind::List | Kind::Countable) && !matches!(value.ty, Ty::List(_)) {
            let ty = Ty::List(Box::new(value.ty.clone()));
            return Expr { ty, ..value };
        }
        value
    }

    fn result(&self, result: FunctionResult, values: &[Expr]) -> Ty {
        let ty = |index: usize| values.get(index).map_or(Ty::Json, |it| it.ty.clone());
        match result {
            FunctionResult::Bool => Ty::Bool,
            FunctionResult::Int => Ty::Int,
            FunctionResult::Float => Ty::Float,
            FunctionResult::Text => Ty::Text,
            FunctionResult::Quantity => Ty::Quantity,
            FunctionResult::Duration => Ty::Duration,
            FunctionResult::Time => Ty::Time,
            FunctionResult::Semver => Ty::Semver,
            FunctionResult::Image => Ty::Image,
            FunctionResult::Ip => Ty::Ip,
            FunctionResult::Cidr => Ty::Cidr,
            FunctionResult::Json => Ty::Json,
            FunctionResult::Attestor => Ty::Attestor,
            FunctionResult::Texts => Ty::List(Box::new(Ty::Text)),
            FunctionResult::Same(index) => ty(index),
            FunctionResult::Element(index) => match ty(index) {
                Ty::List(item) => *item,
                _ => Ty::Json,
            },
            FunctionResult::MapValues(index) => match ty(index) {
                Ty::Map(item) => Ty::List(item),
                _ => Ty::List(Box::new(Ty::Json)),
            },
        }
    }

    // Functions of the source

    /// A call is the body with parameters standing for arguments. The body is looked at again with the types of the
    /// arguments, so that `fn f(c: Container)` also takes an init container.
    fn call_declared(
        &mut self,
        module: ModuleId,
        function: &Rc<ast::Function>,
        args: &[ast::Arg],
        span: Span,
    ) -> Expr {
        let names: Vec<&str> = function.params.iter().map(|it| it.name.text.as_str()).collect();
        let required = function.params.iter().take_while(|it| it.default.is_none()).count();
        let Some(slots) = self.arrange(&function.name.text, &names, required, args, span) else {
            return Expr::error(span);
        };
        let mut parameters = Vec::new();
        let mut fine = true;
        for (slot, param) in slots.into_iter().zip(&function.params) {
            let declared = self.in_module(module, |checker| checker.quietly(|checker| checker.ty(&param.ty)));
            let value = match (slot, &param.default) {
                (Some(arg), _) => self.expr(arg),
                (None, Some(default)) => {
                    self.in_module(module, |checker| checker.quietly(|checker| checker.expr(default)))
                }
                (None, None) => Expr::error(span),
            };
            let value = if matches!(declared, Ty::List(_)) { value } else { self.opened(value) };
            let value = self.coerced(value, &declared);
            if !value.is_error() && !assignable(&value.ty, &declared) {
                let diagnostic =
                    errors::wrong_parameter(self.cluster, &function.name.text, param, &declared, &value);
                self.report(diagnostic);
                fine = false;
            }
            fine &= !value.is_error();
            let local = self.fresh();
            let place = ExprKind::Place(Place::root(Root::Local(local)));
            // An object of another type may have the fields that the body asks for; json has what is declared.
            let as_given = matches!(declared, Ty::Object(_)) && value.ty != Ty::Json || declared == Ty::Json;
            let ty = if as_given { value.ty.clone() } else { declared };
            parameters.push((local, value, Expr::new(place, ty, param.name.span), param.name.clone()));
        }
        if !fine {
            return Expr::error(span);
        }
        let body = function.body.clone();
        let bound: Vec<(ast::Name, Expr)> =
            parameters.iter().map(|(_, _, place, name)| (name.clone(), place.clone())).collect();
        let (body, body_fine) = self.deeper(span, (Expr::error(span), true), |checker| {
            checker.in_module(module, |checker| {
                checker.trial(|checker| {
                    let subject = checker.subject.take();
                    for (name, value) in bound {
                        checker.locals.push(super::check::LocalName::new(&name, value));
                    }
                    let body = checker.expr(&body);
                    checker.subject = subject;
                    body
                })
            })
        });
        if !body_fine || body.is_error() {
            // The declaration has its own diagnostics; here only a body that does not fit these arguments is news.
            if body_fine || self.function_is_sound(module, function) {
                self.report(errors::body_does_not_fit(&function.name.text, span, function.name.span));
            }
            return Expr::error(span);
        }
        let ty = body.ty.clone();
        let parameters = parameters.into_iter().map(|(local, value, ..)| (local, value)).collect();
        Expr::new(ExprKind::Apply { parameters, body: Box::new(body) }, ty, span)
    }

    fn function_is_sound(&mut self, module: ModuleId, function: &Rc<ast::Function>) -> bool {
        let function = function.clone();
        let ((), fine) =
            self.trial(|checker| checker.in_module(module, |checker| checker.function(&function)));
        fine
    }

    /// Checks a declaration by itself, with its parameters as declared.
    pub(super) fn function(&mut self, function: &ast::Function) {
        let subject = self.subject.take();
        let count = self.locals.len();
        for param in &function.params {
            let ty = self.ty(&param.ty);
            if let Some(default) = &param.default {
                let value = self.expr(default);
                let value = self.coerced(value, &ty);
                if !value.is_error() && !assignable(&value.ty, &ty) {
                    let diagnostic =
                        errors::wrong_parameter(self.cluster, &function.name.text, param, &ty, &value);
                    self.report(diagnostic);
                }
            }
            self.bind(&param.name, ty);
        }
        let span = function.body.span;
        let _ = self.deeper(span, Expr::error(span), |checker| checker.expr(&function.body));
        self.forget(count);
        self.subject = subject;
    }
}

/// Whether a value of one type may stand where another is declared.
pub(super) fn assignable(value: &Ty, declared: &Ty) -> bool {
    match (value, declared) {
        (Ty::Error, _) | (_, Ty::Error | Ty::Json) => true,
        (Ty::Json, _) => true,
        (a, b) if a == b => true,
        // What the body makes of other objects decides.
        (Ty::Object(_) | Ty::Map(_), Ty::Object(_)) => true,
        (Ty::Map(_), Ty::Map(_)) => true,
        (Ty::List(a), Ty::List(b)) => assignable(a, b),
        (a, Ty::Text) => a.is_textual(),
        (Ty::Text | Ty::Enum(_), Ty::Image) => true,
        (Ty::Int, Ty::Float | Ty::Quantity) | (Ty::Float, Ty::Quantity) => true,
        (Ty::Record(Record::Namespace), Ty::Image) => false,
        _ => false,
    }
}

/// `cluster.get` of the callee `cluster.get`; `None` for anything but names and fields.
/// The names of a callee, each with its place.
fn qualified(callee: &ast::Expr) -> Option<Vec<(&str, Span)>> {
    match &callee.kind {
        ast::ExprKind::Name(name) => Some(vec![(name, callee.span)]),
        ast::ExprKind::Field { base, field } => {
            let mut parts = qualified(base)?;
            parts.push((&field.text, field.span));
            Some(parts)
        }
        _ => None,
    }
}
