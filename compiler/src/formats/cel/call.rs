//! Operations on values.

use super::ast::{Expr, Key, Op, Path, Step, Ty, Typed};
use super::text::escape_regex;
use super::translate::Translator;
use super::value::push;
use crate::ir::{Literal, Operation, Type, Value};

/// What an operation of arithmetic works on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arithmetic {
    Int,
    Double,
    Quantity,
    Duration,
    Time,
    Text,
    List,
}

impl Translator {
    /// An operation whose arguments are there.
    pub(super) fn call(
        &mut self,
        operation: Operation,
        arguments: &[Value],
        guards: &mut Vec<Expr>,
    ) -> Typed {
        let Some(first) = arguments.first() else {
            // INVARIANT: each operation takes an argument
            return Typed::new(Expr::Null, Ty::Dyn);
        };
        let second = arguments.get(1);
        match operation {
            Operation::Add | Operation::Subtract | Operation::Multiply | Operation::Divide => {
                self.arithmetic(operation, first, second.unwrap_or(first), guards)
            }
            Operation::Negate => self.negative(first, guards),
            Operation::Round => {
                let digits = second.map_or(Expr::Int(0), |digits| self.int(digits, guards));
                let number = self.double(first, guards);
                Typed::new(Expr::Call("math.round", vec![number, digits]), Ty::Double)
            }
            Operation::Count => Typed::new(self.value(first, guards).expr.size(), Ty::Int),
            Operation::Sum | Operation::Min | Operation::Max | Operation::Sort => {
                self.over_numbers(operation, first, guards)
            }
            Operation::Distinct => self.list_method(first, "distinct", guards),
            Operation::Reverse => self.list_method(first, "reverse", guards),
            Operation::Keys => {
                let map = self.value(first, guards).expr;
                Typed::new(self.sorted_keys(map), Ty::List)
            }
            Operation::Values => {
                let map = self.value(first, guards).expr;
                let keys = self.sorted_keys(map.clone());
                let name = self.fresh("key");
                self.release(&name);
                let entry = Expr::Index(Box::new(map), Box::new(Expr::name(name.as_str())));
                Typed::new(Expr::macro_of(keys, "map", &[name], vec![entry]), Ty::List)
            }
            Operation::Without => {
                let key = second.map_or(Expr::str(""), |key| self.text_value(key, guards));
                let map = self.value(first, guards).expr;
                let names = [self.fresh("key"), self.fresh("value")];
                names.iter().for_each(|name| self.release(name));
                let other = Expr::binary(Op::NotEqual, Expr::name(names[0].as_str()), key);
                let value = Expr::name(names[1].as_str());
                Typed::new(Expr::macro_of(map, "transformMap", &names, vec![other, value]), Ty::Map)
            }
            // legalize refuses these
            Operation::Merge
            | Operation::ToJson
            | Operation::FromJson
            | Operation::FromYaml
            | Operation::Base64Decode => self.value(first, guards),
            Operation::Index => self.index(first, second, guards),
            Operation::Join => {
                let separator = second.map_or(Expr::str(""), |text| self.text_value(text, guards));
                let list = self.texts(first, guards);
                Typed::new(list.method("join", vec![separator]), Ty::Str)
            }
            Operation::Split => {
                let separator = second.map_or(Expr::str(""), |text| self.text_value(text, guards));
                let text = self.text_value(first, guards);
                Typed::new(text.method("split", vec![separator]), Ty::List)
            }
            Operation::Lower => self.text_method(first, "lowerAscii", guards),
            Operation::Upper => self.text_method(first, "upperAscii", guards),
            Operation::Trim => {
                let text = self.text_value(first, guards);
                Typed::new(trimmed(text, second), Ty::Str)
            }
            Operation::Replace => {
                let text = self.text_value(first, guards);
                let parts = arguments[1..].iter().map(|part| self.text_value(part, guards)).collect();
                Typed::new(text.method("replace", parts), Ty::Str)
            }
            Operation::Substring => self.substring(first, second, arguments.get(2), guards),
            Operation::MatchGroup => self.match_group(first, second, arguments.get(2), guards),
            Operation::ToText => Typed::new(self.as_text(first, guards), Ty::Str),
            Operation::ToInt => {
                let expr = match first.ty {
                    Type::Text | Type::Image => {
                        let text = self.text_value(first, guards);
                        self.int_of_text(text, guards)
                    }
                    _ => self.int(first, guards),
                };
                Typed::new(expr, Ty::Int)
            }
            Operation::ToFloat => {
                let expr = match first.ty {
                    Type::Text | Type::Image => {
                        let text = self.text_value(first, guards);
                        self.double_of_text(text, guards)
                    }
                    _ => self.double(first, guards),
                };
                Typed::new(expr, Ty::Double)
            }
            Operation::ToQuantity => Typed::new(self.quantity(first, guards), Ty::Quantity),
            Operation::ToDuration => Typed::new(self.duration(first, guards), Ty::Duration),
            Operation::ToTime => Typed::new(self.time(first, guards), Ty::Time),
            Operation::ToSemver => Typed::new(self.semver(first, guards), Ty::Semver),
            Operation::ToVersion => {
                let text = self.text_value(first, guards);
                let lenient = |name| Expr::Call(name, vec![text.clone(), Expr::Bool(true)]);
                push(guards, lenient("isSemver"));
                Typed::new(lenient("semver"), Ty::Semver)
            }
            Operation::ToIp => Typed::new(self.ip(first, guards), Ty::Ip),
            Operation::ToCidr => Typed::new(self.cidr(first, guards), Ty::Cidr),
            Operation::Base64Encode => {
                let bytes = Expr::call("bytes", self.text_value(first, guards));
                Typed::new(Expr::call("base64.encode", bytes), Ty::Str)
            }
            Operation::Sha256 => self.hash(first, "sha256", guards),
            Operation::Sha1 => self.hash(first, "sha1", guards),
            Operation::Md5 => self.hash(first, "md5", guards),
            Operation::ImageRegistry
            | Operation::ImageRepository
            | Operation::ImageTag
            | Operation::ImageDigest
            | Operation::ImageName
            | Operation::ImageReference
            | Operation::ImageWrittenTag => {
                let image = self.reference(first, guards);
                self.image(operation, image, guards)
            }
        }
    }

    fn arithmetic(
        &mut self,
        operation: Operation,
        left: &Value,
        right: &Value,
        guards: &mut Vec<Expr>,
    ) -> Typed {
        let (a, b) = (arithmetic_of(left), arithmetic_of(right));
        let (adds, op) = match operation {
            Operation::Add => (true, Op::Add),
            Operation::Subtract => (true, Op::Subtract),
            Operation::Multiply => (false, Op::Multiply),
            _ => (false, Op::Divide),
        };
        match (a, b) {
            (Arithmetic::Text, _) | (_, Arithmetic::Text) => {
                let left = self.text_value(left, guards);
                Typed::new(Expr::binary(op, left, self.text_value(right, guards)), Ty::Str)
            }
            (Arithmetic::List, _) | (_, Arithmetic::List) => {
                let left = self.value(left, guards).expr;
                Typed::new(Expr::binary(op, left, self.value(right, guards).expr), Ty::List)
            }
            (Arithmetic::Time, Arithmetic::Time) => {
                let left = self.time(left, guards);
                Typed::new(Expr::binary(op, left, self.time(right, guards)), Ty::Duration)
            }
            (Arithmetic::Time, _) => {
                let left = self.time(left, guards);
                Typed::new(Expr::binary(op, left, self.duration(right, guards)), Ty::Time)
            }
            (Arithmetic::Duration, _) => {
                let left = self.duration(left, guards);
                Typed::new(Expr::binary(op, left, self.duration(right, guards)), Ty::Duration)
            }
            (Arithmetic::Quantity, _) | (_, Arithmetic::Quantity) if adds => {
                let left = self.quantity(left, guards);
                let name = if op == Op::Add { "add" } else { "sub" };
                Typed::new(left.method(name, vec![self.quantity(right, guards)]), Ty::Quantity)
            }
            (Arithmetic::Int, Arithmetic::Int) if op != Op::Divide => {
                let left = self.int(left, guards);
                Typed::new(Expr::binary(op, left, self.int(right, guards)), Ty::Int)
            }
            _ => {
                let left = self.double(left, guards);
                let divisor = self.double(right, guards);
                match &divisor {
                    _ if op != Op::Divide => {}
                    Expr::Double(number) if *number != 0.0 => {}
                    _ => push(guards, Expr::binary(Op::NotEqual, divisor.clone(), Expr::Double(0.0))),
                }
                Typed::new(Expr::binary(op, left, divisor), Ty::Double)
            }
        }
    }

    fn negative(&mut self, value: &Value, guards: &mut Vec<Expr>) -> Typed {
        match arithmetic_of(value) {
            Arithmetic::Quantity => {
                let zero = Expr::call("quantity", Expr::str("0"));
                Typed::new(zero.method("sub", vec![self.quantity(value, guards)]), Ty::Quantity)
            }
            Arithmetic::Duration => {
                let zero = Expr::call("duration", Expr::str("0s"));
                let expr = Expr::binary(Op::Subtract, zero, self.duration(value, guards));
                Typed::new(expr, Ty::Duration)
            }
            Arithmetic::Int => Typed::new(Expr::Negative(Box::new(self.int(value, guards))), Ty::Int),
            _ => Typed::new(Expr::Negative(Box::new(self.double(value, guards))), Ty::Double),
        }
    }

    /// `sum`, `min`, `max`, `sort`: the elements of a list from an object get one type first.
    fn over_numbers(&mut self, operation: Operation, list: &Value, guards: &mut Vec<Expr>) -> Typed {
        let element = match &list.ty {
            Type::List(element) => (**element).clone(),
            _ => Type::Float,
        };
        let typed = self.value(list, guards);
        let name = self.fresh("it");
        self.release(&name);
        let it = Expr::name(name.as_str());
        let (convert, ty) = match element {
            Type::Int => ("int", Ty::Int),
            Type::Text | Type::Image => ("string", Ty::Str),
            _ => ("double", Ty::Double),
        };
        let uniform = Expr::macro_of(typed.expr.clone(), "map", &[name], vec![Expr::call(convert, it)]);
        match operation {
            Operation::Sum => Typed::new(uniform.method("sum", vec![]), ty),
            Operation::Sort => Typed::new(uniform.method("sort", vec![]), Ty::List),
            operation => {
                push(guards, Expr::binary(Op::Greater, typed.expr.size(), Expr::Int(0)));
                let name = if operation == Operation::Min { "min" } else { "max" };
                Typed::new(uniform.method(name, vec![]), ty)
            }
        }
    }

    /// A list whose elements are texts.
    fn texts(&mut self, list: &Value, guards: &mut Vec<Expr>) -> Expr {
        let typed = self.value(list, guards).expr;
        let name = self.fresh("it");
        self.release(&name);
        let it = Expr::name(name.as_str());
        let text = match &list.ty {
            Type::List(element) if **element == Type::Int => Expr::call("string", Expr::call("int", it)),
            Type::List(element) if **element == Type::Bool => Expr::call("string", it),
            _ => return typed,
        };
        Expr::macro_of(typed, "map", &[name], vec![text])
    }

    fn list_method(&mut self, list: &Value, name: &'static str, guards: &mut Vec<Expr>) -> Typed {
        Typed::new(self.value(list, guards).expr.method(name, vec![]), Ty::List)
    }

    fn text_method(&mut self, text: &Value, name: &'static str, guards: &mut Vec<Expr>) -> Typed {
        Typed::new(self.text_value(text, guards).method(name, vec![]), Ty::Str)
    }

    fn hash(&mut self, text: &Value, name: &'static str, guards: &mut Vec<Expr>) -> Typed {
        Typed::new(Expr::call(name, self.text_value(text, guards)), Ty::Str)
    }

    fn sorted_keys(&mut self, map: Expr) -> Expr {
        let name = self.fresh("key");
        self.release(&name);
        let key = Expr::call("string", Expr::name(name.as_str()));
        Expr::macro_of(map, "map", &[name], vec![key]).method("sort", vec![])
    }

    fn index(&mut self, base: &Value, index: Option<&Value>, guards: &mut Vec<Expr>) -> Typed {
        let typed = self.value(base, guards);
        let key = match index.map(|index| (index, index.as_literal())) {
            Some((_, Some(Literal::Int(number)))) if *number < 0 => {
                let back = Expr::Int(number.saturating_neg());
                let size = typed.expr.clone().size();
                push(guards, Expr::binary(Op::GreaterOrEqual, size.clone(), back.clone()));
                Key::Computed(Expr::binary(Op::Subtract, size, back))
            }
            Some((index, _)) => Key::Computed(self.value(index, guards).expr),
            None => Key::Computed(Expr::Int(0)),
        };
        let step = Step { key, certain: false };
        let path = match typed.expr {
            Expr::Direct(mut path) => {
                path.steps.push(step);
                path
            }
            other => Path { base: Box::new(other), base_certain: true, steps: vec![step] },
        };
        self.guard_present(&path, guards);
        Typed::new(Expr::Direct(path), Ty::Dyn)
    }

    /// Cut at both ends to what the text has.
    fn substring(
        &mut self,
        text: &Value,
        start: Option<&Value>,
        end: Option<&Value>,
        guards: &mut Vec<Expr>,
    ) -> Typed {
        let text = self.text_value(text, guards);
        let size = text.clone().size();
        let mut bound = |value: Option<&Value>| {
            let number = value.map_or(Expr::Int(0), |value| self.int(value, guards));
            match number {
                Expr::Int(number) => Expr::Int(number.max(0)),
                number => Expr::Call("math.greatest", vec![number, Expr::Int(0)]),
            }
        };
        let (start, end) = (bound(start), bound(end));
        let start = match start {
            Expr::Int(0) => start,
            start => Expr::Call("math.least", vec![start, size.clone()]),
        };
        let end = match (&start, end) {
            (Expr::Int(0), end) => Expr::Call("math.least", vec![end, size]),
            (start, end) => {
                let end = Expr::Call("math.greatest", vec![end, start.clone()]);
                Expr::Call("math.least", vec![end, size])
            }
        };
        Typed::new(text.method("substring", vec![start, end]), Ty::Str)
    }

    /// The group by replacing the whole text by it: the leftmost match, as the lazy front makes sure.
    fn match_group(
        &mut self,
        text: &Value,
        pattern: Option<&Value>,
        group: Option<&Value>,
        guards: &mut Vec<Expr>,
    ) -> Typed {
        let text = self.text_value(text, guards);
        let pattern = match pattern.and_then(Value::as_literal) {
            Some(Literal::Text(pattern)) => pattern.as_str(),
            _ => "",
        };
        let group = match group.and_then(Value::as_literal) {
            Some(Literal::Int(number)) => *number,
            Some(Literal::Text(name)) => group_number(pattern, name),
            _ => 0,
        };
        push(guards, text.clone().matches(pattern));
        let (whole, number) = match group {
            0 => (format!("^(?s:.*?)({pattern})(?s:.*)$"), 1),
            number => (format!("^(?s:.*?)(?:{pattern})(?s:.*)$"), number),
        };
        let replaced = vec![text, Expr::Regex(whole), Expr::Str(format!("\\{number}"))];
        Typed::new(Expr::Call("regex.replace", replaced), Ty::Str)
    }
}

fn arithmetic_of(value: &Value) -> Arithmetic {
    match value.ty {
        Type::Int => Arithmetic::Int,
        Type::Quantity => Arithmetic::Quantity,
        Type::Duration => Arithmetic::Duration,
        Type::Time => Arithmetic::Time,
        Type::Text | Type::Image => Arithmetic::Text,
        Type::List(_) => Arithmetic::List,
        _ => Arithmetic::Double,
    }
}

/// Without any of the characters at both ends. They are a literal; legalize refuses others.
fn trimmed(text: Expr, characters: Option<&Value>) -> Expr {
    let characters = match characters.and_then(Value::as_literal) {
        Some(Literal::Text(characters)) if !characters.is_empty() => characters,
        _ => return text,
    };
    let one_of: Vec<String> = characters.chars().map(|c| escape_regex(&c.to_string())).collect();
    let one_of = one_of.join("|");
    let pattern = Expr::Regex(format!("^(?:{one_of})+|(?:{one_of})+$"));
    Expr::Call("regex.replace", vec![text, pattern, Expr::str("")])
}

/// The number of a group by its name; 0 stands for the whole match.
fn group_number(pattern: &str, name: &str) -> i64 {
    let names = regex::Regex::new(pattern)
        .map(|regex| regex.capture_names().position(|group| group == Some(name)).unwrap_or(0));
    names.map_or(0, |number| i64::try_from(number).unwrap_or(0))
}
