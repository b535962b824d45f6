//! Values: what must hold for one to be there, and the expression that gives it then.

use super::ast::{Expr, Op, Ty, Typed};
use super::path::Found;
use super::text;
use super::translate::{Base, Translator};
use crate::ir::{self, Binder, Collect, Literal, TextPart, Type, Value, ValueKind};

/// What Go's `time.ParseDuration` reads.
const DURATION: &str = r"^[-+]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)$";
/// RFC 3339.
const TIME: &str = concat!(
    "^[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
    "|02-(?:0[1-9]|[12][0-9]))T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]+)?",
    "(?:Z|[-+](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
);
/// A whole number that fits into 64 bits.
const INT: &str = "^[-+]?[0-9]{1,18}$";
const FLOAT: &str = r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?$";

impl Translator {
    /// The expression of a value that is there. What must hold for that is added to `guards` and known from
    /// then on; the caller forgets it with [`Translator::scope`].
    pub(super) fn value(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Typed {
        match &value.kind {
            ValueKind::Literal(literal) => self.literal(literal),
            ValueKind::Path(path) => match self.path(path, guards) {
                Found::Path(path, ty) => {
                    self.guard_present(&path, guards);
                    Typed::new(Expr::Direct(path), ty)
                }
                Found::Value(value) => value,
            },
            ValueKind::Call(operation, arguments) => self.call(*operation, arguments, guards),
            ValueKind::Coalesce(first, second) => self.coalesce(first, second, guards),
            ValueKind::If(test, then, otherwise) => self.choice(test, then, otherwise, guards),
            ValueKind::Bool(cond) => Typed::new(self.condition(cond), Ty::Bool),
            ValueKind::List(values) => Typed::new(self.list(values), Ty::List),
            ValueKind::Object(entries) => Typed::new(self.object(entries), Ty::Map),
            ValueKind::Concat(values) => Typed::new(self.concat(values), Ty::List),
            ValueKind::Collect(collect) => Typed::new(self.collect(collect), Ty::List),
            ValueKind::Text(parts) => self.text(parts, guards),
            // legalize refuses `must`
            ValueKind::Must(inner) => self.value(inner, guards),
            ValueKind::Lookup(lookup) => self.lookup(lookup, guards),
        }
    }

    /// Runs `build`, which gives guards, and forgets what it learned. The guards come with its result.
    pub(super) fn scope<T>(&mut self, build: impl FnOnce(&mut Self, &mut Vec<Expr>) -> T) -> (Vec<Expr>, T) {
        let mark = self.known.len();
        let mut guards = Vec::new();
        let result = build(self, &mut guards);
        self.known.truncate(mark);
        (guards, result)
    }

    /// What must hold for a value to be there, and the value then.
    pub fn guarded(&mut self, value: &Value) -> (Expr, Typed) {
        let (guards, typed) = self.scope(|this, guards| this.value(value, guards));
        (Expr::all(guards), typed)
    }

    /// The value, or null where it is missing.
    pub fn nullable(&mut self, value: &Value) -> Expr {
        if let Some(path) = self.plain_path(value) {
            return Expr::Or(path, Box::new(Expr::Null));
        }
        if let ValueKind::Lookup(lookup) = &value.kind
            && let ir::Lookup::Get { kind, name, namespace } = &**lookup
        {
            return self.object_or_null(kind, name, namespace.as_ref());
        }
        let (guards, typed) = self.scope(|this, guards| this.value(value, guards));
        match guards.is_empty() {
            true => dynamic(typed),
            false => Expr::if_else(Expr::all(guards), dynamic(typed), Expr::Null),
        }
    }

    /// Whether a value is there, and its text.
    pub fn message_text(&mut self, value: &Value) -> (Expr, Expr) {
        let (guards, text) = self.scope(|this, guards| this.as_text(value, guards));
        (Expr::all(guards), text)
    }

    /// The text of a value; empty where it is missing.
    pub fn text_or_empty(&mut self, value: &Value) -> Expr {
        if matches!(value.ty, Type::Text | Type::Image)
            && let Some(path) = self.plain_path(value)
        {
            return Expr::Or(path, Box::new(Expr::str("")));
        }
        let (there, text) = self.message_text(value);
        Expr::if_else(there, text, Expr::str(""))
    }

    /// The sum of texts.
    pub fn concatenation(&self, pieces: Vec<Expr>) -> Expr {
        concatenation(pieces)
    }

    /// As [`Translator::nullable`], with what the value is where it is there.
    pub fn nullable_typed(&mut self, value: &Value) -> (Expr, Ty) {
        let (_, typed) = self.scope(|this, guards| this.value(value, guards));
        (self.nullable(value), typed.ty)
    }

    /// The elements for which a condition holds, and what one of them is called from then on.
    pub fn filtered(&mut self, source: &Value, binder: &Binder, cond: &ir::Cond) -> (String, Expr) {
        let list = self.total_list(source);
        let names = self.bind_elements(binder, source);
        let cond = self.condition(cond);
        let element = names.last().cloned().unwrap_or_default();
        let expr = match (cond, names.len()) {
            (Expr::Bool(true), 1) => list,
            (cond, 1) => Expr::macro_of(list, "filter", &names, vec![cond]),
            (cond, _) => {
                Expr::macro_of(list, "transformList", &names, vec![cond, Expr::name(element.as_str())])
            }
        };
        (element, expr)
    }

    /// Whether the value is always there, and as what.
    pub fn certain(&mut self, value: &Value) -> Option<Typed> {
        let (guards, typed) = self.scope(|this, guards| this.value(value, guards));
        Expr::all(guards).eq(&Expr::Bool(true)).then_some(typed)
    }

    /// The path of a value that is nothing but one, with nothing else to guard.
    pub fn plain_path(&mut self, value: &Value) -> Option<super::ast::Path> {
        let path = value.as_path()?;
        let (guards, found) = self.scope(|this, guards| this.path(path, guards));
        match found {
            Found::Path(path, Ty::Dyn) if guards.is_empty() => Some(path),
            Found::Path(..) | Found::Value(_) => None,
        }
    }

    fn literal(&mut self, literal: &Literal) -> Typed {
        let call = |name: &'static str, text: String, ty| Typed::new(Expr::call(name, Expr::Str(text)), ty);
        match literal {
            Literal::Bool(value) => Typed::new(Expr::Bool(*value), Ty::Bool),
            Literal::Int(value) => Typed::new(Expr::Int(*value), Ty::Int),
            Literal::Percent(value) => Typed::new(Expr::Str(format!("{value}%")), Ty::Str),
            Literal::Float(value) => Typed::new(Expr::Double(*value), Ty::Double),
            Literal::Text(text) => Typed::new(Expr::str(text.as_str()), Ty::Str),
            Literal::Quantity(text) => call("quantity", text.clone(), Ty::Quantity),
            Literal::Duration(nanoseconds) => call("duration", text::duration(*nanoseconds), Ty::Duration),
            Literal::Time(text) => call("timestamp", text.clone(), Ty::Time),
            Literal::Semver(text) => call("semver", text.clone(), Ty::Semver),
            Literal::Ip(text) => call("ip", text.clone(), Ty::Ip),
            Literal::Cidr(text) => call("cidr", text.clone(), Ty::Cidr),
        }
    }

    fn coalesce(&mut self, first: &Value, second: &Value, guards: &mut Vec<Expr>) -> Typed {
        let (first_guards, a) = self.scope(|this, guards| this.value(first, guards));
        if first_guards.is_empty() {
            return a;
        }
        let (second_guards, b) = self.scope(|this, guards| this.value(second, guards));
        let (first_guards, a) = match must_become(a.ty, b.ty) {
            Some(ty) => self.scope(|this, guards| this.value_of(first, ty, guards)),
            None => (first_guards, a),
        };
        let (second_guards, b) = match must_become(b.ty, a.ty) {
            Some(ty) => self.scope(|this, guards| this.value_of(second, ty, guards)),
            None => (second_guards, b),
        };
        let there = Expr::all(first_guards);
        guards.push(Expr::any([there.clone(), Expr::all(second_guards)]));
        branch(there, a, b)
    }

    /// A value as one of the types that CEL has no other spelling for.
    fn value_of(&mut self, value: &Value, ty: Ty, guards: &mut Vec<Expr>) -> Typed {
        let expr = match ty {
            Ty::Quantity => self.quantity(value, guards),
            Ty::Duration => self.duration(value, guards),
            Ty::Time => self.time(value, guards),
            Ty::Semver => self.semver(value, guards),
            Ty::Ip => self.ip(value, guards),
            Ty::Cidr => self.cidr(value, guards),
            Ty::Dyn | Ty::Bool | Ty::Int | Ty::Double | Ty::Str | Ty::List | Ty::Map => {
                return self.value(value, guards);
            }
        };
        Typed::new(expr, ty)
    }

    fn choice(&mut self, test: &ir::Cond, first: &Value, second: &Value, guards: &mut Vec<Expr>) -> Typed {
        let test = self.condition(test);
        let (if_true, if_false) = (test.present_if_true(), test.present_if_false());
        let (a_guards, a) = self.scope(|this, guards| {
            this.learn_all(&if_true);
            this.value(first, guards)
        });
        let (b_guards, b) = self.scope(|this, guards| {
            this.learn_all(&if_false);
            this.value(second, guards)
        });
        let (a_guards, a) = match must_become(a.ty, b.ty) {
            Some(ty) => self.scope(|this, guards| {
                this.learn_all(&if_true);
                this.value_of(first, ty, guards)
            }),
            None => (a_guards, a),
        };
        let (b_guards, b) = match must_become(b.ty, a.ty) {
            Some(ty) => self.scope(|this, guards| {
                this.learn_all(&if_false);
                this.value_of(second, ty, guards)
            }),
            None => (b_guards, b),
        };
        let (a_there, b_there) = (Expr::all(a_guards), Expr::all(b_guards));
        if a_there == b_there {
            guards.push(a_there);
        } else if b_there == Expr::Bool(true) {
            guards.push(Expr::any([test.clone().negate(), a_there]));
        } else if a_there == Expr::Bool(true) {
            guards.push(Expr::any([test.clone(), b_there]));
        } else {
            guards.push(Expr::if_else(test.clone(), a_there, b_there));
        }
        guards.retain(|guard| *guard != Expr::Bool(true));
        branch(test, a, b)
    }

    fn list(&mut self, values: &[Value]) -> Expr {
        let mut items = Vec::new();
        let mut optional = false;
        for value in values {
            if let Some(typed) = self.certain(value) {
                items.push((false, typed));
            } else if let Some(path) = self.plain_path(value) {
                optional = true;
                items.push((true, Typed::new(Expr::Optional(path), Ty::Dyn)));
            } else {
                optional = true;
                items.push((false, Typed::new(self.nullable(value), Ty::Dyn)));
            }
        }
        let mixed = items.windows(2).any(|pair| pair[0].1.ty != pair[1].1.ty);
        let items = items
            .into_iter()
            .map(|(optional, item)| (optional, if mixed && !optional { dynamic(item) } else { item.expr }))
            .collect();
        let list = Expr::List(items);
        match optional {
            true => without_null(list, self),
            false => list,
        }
    }

    fn object(&mut self, entries: &[(String, Value)]) -> Expr {
        let entries = entries
            .iter()
            .map(|(key, value)| {
                let (guards, typed) = self.scope(|this, guards| this.value(value, guards));
                if guards.is_empty() {
                    return (false, key.clone(), dynamic(typed));
                }
                let some = Expr::call("optional.of", dynamic(typed));
                let none = Expr::Call("optional.none", vec![]);
                (true, key.clone(), Expr::if_else(Expr::all(guards), some, none))
            })
            .collect();
        Expr::Map(entries)
    }

    /// A list that is empty where it is missing.
    pub(super) fn total_list(&mut self, value: &Value) -> Expr {
        if let Some(path) = self.plain_path(value) {
            if path.is_certain() {
                return Expr::Direct(path);
            }
            let found = Expr::Or(path, Box::new(Expr::List(vec![])));
            return Expr::call("optional.ofNonZeroValue", found).method("orValue", vec![Expr::List(vec![])]);
        }
        let (guards, list) = self.scope(|this, guards| this.value(value, guards));
        Expr::if_else(Expr::all(guards), list.expr, Expr::List(vec![]))
    }

    fn concat(&mut self, values: &[Value]) -> Expr {
        let mut items = Vec::new();
        let mut optional = false;
        for value in values {
            match self.plain_path(value) {
                Some(path) if !path.is_certain() => {
                    optional = true;
                    items.push((true, Expr::Optional(path)));
                }
                _ => items.push((false, self.total_list(value))),
            }
        }
        let list = match (optional, items.len()) {
            (_, 0) => Expr::List(vec![]),
            (false, 1) => items.remove(0).1,
            (false, _) => {
                let mut items = items.into_iter().map(|(_, item)| item);
                let first = items.next().unwrap_or(Expr::Null);
                items.fold(first, |sum, item| Expr::binary(Op::Add, sum, item))
            }
            (true, _) => without_null(Expr::List(items), self).method("flatten", vec![]),
        };
        if values.iter().all(|value| !mentions_scoped(value, self.roots.subject_is_scoped)) {
            let wish = values.first().and_then(last_name).unwrap_or_else(|| "items".to_owned());
            if let Some(variable) = self.hoist(&wish, &list) {
                return variable;
            }
        }
        list
    }

    fn collect(&mut self, collect: &Collect) -> Expr {
        let mark = self.known.len();
        let source = self.total_list_or_map(&collect.source);
        let names = self.bind_elements(&collect.binder, &collect.source);
        let filter = self.condition(&collect.filter);
        self.learn_all(&filter.present_if_true());
        let (guards, body) = match collect.flatten {
            true => (vec![], self.total_list(&collect.body)),
            false => {
                let (guards, body) = self.scope(|this, guards| this.value(&collect.body, guards));
                (guards, body.expr)
            }
        };
        let filter = Expr::all(std::iter::once(filter).chain(guards));
        self.known.truncate(mark);
        names.iter().for_each(|name| self.release(name));
        let name = if names.len() == 2 { "transformList" } else { "map" };
        let itself = names.last().is_some_and(|name| body_is(&body, name));
        let list = match filter {
            Expr::Bool(true) if itself && names.len() == 1 => source,
            Expr::Bool(true) => Expr::macro_of(source, name, &names, vec![body]),
            filter if itself && names.len() == 1 => Expr::macro_of(source, "filter", &names, vec![filter]),
            filter => Expr::macro_of(source, name, &names, vec![filter, body]),
        };
        if collect.flatten { list.method("flatten", vec![]) } else { list }
    }

    /// As [`Translator::total_list`], for what may be a map.
    pub fn total_list_or_map(&mut self, value: &Value) -> Expr {
        match value.ty {
            Type::Map(_) | Type::Object => {
                let (guards, map) = self.scope(|this, guards| this.value(value, guards));
                Expr::if_else(Expr::all(guards), map.expr, Expr::Map(vec![]))
            }
            _ => self.total_list(value),
        }
    }

    /// Names what a quantifier or comprehension runs over; two names for maps and numbered elements.
    pub fn bind_elements(&mut self, binder: &Binder, source: &Value) -> Vec<String> {
        let map = matches!(source.ty, Type::Map(_) | Type::Object | Type::Json);
        let wish = match self.preferred.get(&binder.element) {
            Some(name) => name.clone(),
            None if map => "value".to_owned(),
            None => singular(last_name(source)),
        };
        let mut names = Vec::new();
        if map || binder.key.is_some() {
            let name = self.fresh(if map { "key" } else { "index" });
            if let Some(key) = binder.key {
                self.bind(key, Base::certain(Expr::name(name.as_str())));
            }
            names.push(name);
        }
        let name = self.fresh(&wish);
        self.bind(binder.element, Base::certain(Expr::name(name.as_str())));
        names.push(name);
        names
    }

    fn text(&mut self, parts: &[TextPart], guards: &mut Vec<Expr>) -> Typed {
        let mut pieces = Vec::new();
        for part in parts {
            match part {
                TextPart::Text(text) => pieces.push(Expr::str(text.as_str())),
                TextPart::Value(value) => pieces.push(self.as_text(value, guards)),
            }
        }
        Typed::new(concatenation(pieces), Ty::Str)
    }

    /// The text of a scalar, as JSON writes it.
    pub(super) fn as_text(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.value(value, guards);
        match (&value.ty, typed.ty) {
            (_, Ty::Str)
            | (Type::Text | Type::Image | Type::Time | Type::Semver | Type::Ip | Type::Cidr, Ty::Dyn) => {
                typed.expr
            }
            (Type::Int, Ty::Dyn) => Expr::call("string", Expr::call("int", typed.expr)),
            (Type::IntOrPercent | Type::Quantity, Ty::Dyn) => {
                let is_text = is_type(&typed.expr, "string");
                let whole = Expr::call("string", Expr::call("int", typed.expr.clone()));
                Expr::if_else(is_text, typed.expr, whole)
            }
            (Type::Json | Type::Object | Type::List(_) | Type::Map(_), _) => {
                Expr::str("%s").method("format", vec![Expr::List(vec![(false, typed.expr)])])
            }
            _ => Expr::call("string", typed.expr),
        }
    }

    /// A text; a value of unknown type that is none is missing.
    pub(super) fn text_value(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.value(value, guards);
        if typed.ty == Ty::Dyn && matches!(value.ty, Type::Json | Type::IntOrPercent | Type::Quantity) {
            push(guards, is_type(&typed.expr, "string"));
        }
        typed.expr
    }

    /// A number to compare.
    pub(super) fn number(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Typed {
        let typed = self.value(value, guards);
        if typed.ty == Ty::Dyn && matches!(value.ty, Type::Json | Type::IntOrPercent) {
            push(guards, is_number(&typed.expr));
        }
        typed
    }

    /// A whole number as an int of CEL: from objects it may come as a float.
    pub(super) fn int(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.number(value, guards);
        if typed.ty == Ty::Int { typed.expr } else { Expr::call("int", typed.expr) }
    }

    pub(super) fn double(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.number(value, guards);
        match typed.expr {
            Expr::Int(int) => Expr::Double(int as f64),
            expr if typed.ty == Ty::Double => expr,
            expr => Expr::call("double", expr),
        }
    }

    /// A number as a quantity.
    pub(super) fn quantity(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        match value.as_literal() {
            Some(Literal::Int(int)) => return Expr::call("quantity", Expr::Str(int.to_string())),
            Some(Literal::Float(float)) => return Expr::call("quantity", Expr::Str(float.to_string())),
            _ => {}
        }
        let typed = self.value(value, guards);
        match (typed.ty, &value.ty) {
            (Ty::Quantity, _) => typed.expr,
            (Ty::Int | Ty::Double, _) | (_, Type::Quantity | Type::Int | Type::Float) => {
                Expr::call("quantity", Expr::call("string", typed.expr))
            }
            (ty, _) => {
                if ty == Ty::Dyn && value.ty == Type::IntOrPercent {
                    // its text is a name or a percentage
                    push(guards, is_number(&typed.expr));
                } else if ty == Ty::Dyn && !matches!(value.ty, Type::Text | Type::Image) {
                    push(guards, Expr::any([is_type(&typed.expr, "string"), is_number(&typed.expr)]));
                }
                let text = Expr::call("string", typed.expr);
                push(guards, Expr::call("isQuantity", text.clone()));
                Expr::call("quantity", text)
            }
        }
    }

    pub(super) fn duration(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.value(value, guards);
        if typed.ty == Ty::Duration {
            return typed.expr;
        }
        self.converted(typed, value, Type::Duration, guards, "duration", |text| text.matches(DURATION))
    }

    pub(super) fn time(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.value(value, guards);
        if typed.ty == Ty::Time {
            return typed.expr;
        }
        self.converted(typed, value, Type::Time, guards, "timestamp", |text| text.matches(TIME))
    }

    pub(super) fn semver(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.value(value, guards);
        if typed.ty == Ty::Semver {
            return typed.expr;
        }
        self.converted(typed, value, Type::Semver, guards, "semver", |text| Expr::call("isSemver", text))
    }

    pub(super) fn ip(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.value(value, guards);
        if typed.ty == Ty::Ip {
            return typed.expr;
        }
        self.converted(typed, value, Type::Ip, guards, "ip", |text| Expr::call("isIP", text))
    }

    pub(super) fn cidr(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.value(value, guards);
        if typed.ty == Ty::Cidr {
            return typed.expr;
        }
        self.converted(typed, value, Type::Cidr, guards, "cidr", |text| Expr::call("isCIDR", text))
    }

    /// The number before the sign of a percentage.
    pub(super) fn percent(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Expr {
        if let Some(Literal::Percent(number)) = value.as_literal() {
            return Expr::Int(*number);
        }
        let text = self.text_value(value, guards);
        push(guards, text.clone().matches("^[0-9]{1,18}%$"));
        Expr::call("int", text.method("replace", vec![Expr::str("%"), Expr::str("")]))
    }

    pub(super) fn int_of_text(&mut self, text: Expr, guards: &mut Vec<Expr>) -> Expr {
        push(guards, text.clone().matches(INT));
        Expr::call("int", text)
    }

    pub(super) fn double_of_text(&mut self, text: Expr, guards: &mut Vec<Expr>) -> Expr {
        push(guards, text.clone().matches(FLOAT));
        Expr::call("double", text)
    }

    /// Text turned into what `function` makes of it. Fields of the type hold nothing else.
    fn converted(
        &mut self,
        typed: Typed,
        value: &Value,
        field: Type,
        guards: &mut Vec<Expr>,
        function: &'static str,
        test: impl FnOnce(Expr) -> Expr,
    ) -> Expr {
        if value.ty != field || value.as_path().is_none() {
            if typed.ty == Ty::Dyn && !matches!(value.ty, Type::Text | Type::Image) && value.ty != field {
                push(guards, is_type(&typed.expr, "string"));
            }
            push(guards, test(typed.expr.clone()));
        }
        Expr::call(function, typed.expr)
    }
}

/// Adds a guard once.
pub(super) fn push(guards: &mut Vec<Expr>, guard: Expr) {
    if !guards.contains(&guard) {
        guards.push(guard);
    }
}

/// `type(x) == name`
pub(super) fn is_type(expr: &Expr, name: &str) -> Expr {
    Expr::call("type", expr.clone()).equal(Expr::name(name))
}

fn is_number(expr: &Expr) -> Expr {
    Expr::any([is_type(expr, "int"), is_type(expr, "double")])
}

/// The expression with a type that is known at run time only, so that it may stand beside any other.
pub(super) fn dynamic(typed: Typed) -> Expr {
    match typed.ty {
        Ty::Dyn => typed.expr,
        _ => Expr::call("dyn", typed.expr),
    }
}

/// The sum of texts, neighbouring literals joined.
pub(super) fn concatenation(pieces: Vec<Expr>) -> Expr {
    let mut joined: Vec<Expr> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Expr::Str(before)), Expr::Str(text)) => before.push_str(&text),
            (_, piece) => joined.push(piece),
        }
    }
    let mut pieces = joined.into_iter();
    let first = pieces.next().unwrap_or_else(|| Expr::str(""));
    pieces.fold(first, |sum, piece| Expr::binary(Op::Add, sum, piece))
}

/// The type that an alternative must be given beside one that is no plain value of an object: a field is the text of
/// a quantity, a literal the quantity itself.
fn must_become(ty: Ty, beside: Ty) -> Option<Ty> {
    let opaque = matches!(beside, Ty::Quantity | Ty::Duration | Ty::Time | Ty::Semver | Ty::Ip | Ty::Cidr);
    (opaque && ty != beside).then_some(beside)
}

/// `test ? a : b`, with types that CEL accepts.
fn branch(test: Expr, a: Typed, b: Typed) -> Typed {
    if a.ty == b.ty {
        return Typed::new(Expr::if_else(test, a.expr, b.expr), a.ty);
    }
    // a run-time type beside a static one is fine for CEL; two static ones are not
    match (a.ty, b.ty) {
        (Ty::Dyn, _) | (_, Ty::Dyn) => Typed::new(Expr::if_else(test, a.expr, b.expr), Ty::Dyn),
        _ => Typed::new(Expr::if_else(test, dynamic(a), b.expr), Ty::Dyn),
    }
}

fn without_null(list: Expr, translator: &mut Translator) -> Expr {
    let name = translator.fresh("it");
    translator.release(&name);
    let present = Expr::binary(Op::NotEqual, Expr::name(name.as_str()), Expr::Null);
    Expr::macro_of(list, "filter", &[name], vec![present])
}

fn body_is(body: &Expr, name: &str) -> bool {
    matches!(body, Expr::Direct(path) if path.steps.is_empty() && *path.base == Expr::name(name))
}

/// Whether a value uses an element of a quantifier around it, or one of several subjects, and so cannot be
/// moved out.
fn mentions_scoped(value: &Value, subject_is_scoped: bool) -> bool {
    ir::measure::any_root_within(value, &mut |root| match root {
        ir::Root::Local(_) => true,
        ir::Root::Subject | ir::Root::OldSubject => subject_is_scoped,
        _ => false,
    })
}

/// The last name on the way to a list.
fn last_name(source: &Value) -> Option<String> {
    match &source.kind {
        ValueKind::Path(path) => path.steps.iter().rev().find_map(|step| match step {
            ir::Step::Field(field) => Some(field.name.clone()),
            ir::Step::Key(_) | ir::Step::Element(_) => None,
        }),
        ValueKind::Concat(values) => values.first().and_then(last_name),
        ValueKind::Collect(collect) if collect.flatten => last_name(&collect.body),
        ValueKind::Collect(collect) => last_name(&collect.source),
        ValueKind::Coalesce(first, _) => last_name(first),
        _ => None,
    }
}

/// What to call one element of a list of that name: `containers` holds a `container`.
fn singular(name: Option<String>) -> String {
    let Some(name) = name else { return "item".to_owned() };
    let stem = if let Some(stem) = name.strip_suffix("ies") {
        format!("{stem}y")
    } else if name.ends_with("sses") || name.ends_with("xes") {
        name[..name.len() - 2].to_owned()
    } else if name.ends_with("ss") || !name.ends_with('s') || name.len() <= 3 {
        // `env`, `add`, `drop`: the name of one as of many
        name.clone()
    } else {
        name[..name.len() - 1].to_owned()
    };
    if stem.is_empty() { "item".to_owned() } else { stem }
}
