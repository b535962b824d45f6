//! Expressions of CEL, as far as we write them.

use super::text;

/// What a value is at run time, which decides how it is compared; the static type where it has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ty {
    /// Known only at run time: everything from objects.
    Dyn,
    Bool,
    Int,
    Double,
    Str,
    List,
    Map,
    Duration,
    Time,
    Quantity,
    Semver,
    Ip,
    Cidr,
}

/// An expression and what it is.
#[derive(Clone, PartialEq, Debug)]
pub struct Typed {
    pub expr: Expr,
    pub ty: Ty,
}

impl Typed {
    pub fn new(expr: Expr, ty: Ty) -> Typed {
        Typed { expr, ty }
    }
}

#[derive(Clone, PartialEq, Debug)]
pub enum Expr {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Str(String),
    /// A string literal that is a regular expression.
    Regex(String),
    /// A variable, or a dotted name such as `variables.containers`.
    Name(String),
    /// A path whose steps are all there.
    Direct(Path),
    /// `a.?b.?c.orValue(default)`
    Or(Path, Box<Expr>),
    /// The path is there, and not null.
    Present(Path),
    /// `a.?b` as an optional, for `[?a.?b]`.
    Optional(Path),
    Index(Box<Expr>, Box<Expr>),
    Call(&'static str, Vec<Expr>),
    Method(Box<Expr>, &'static str, Vec<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Elements; `true` marks an optional one (`?a`).
    List(Vec<(bool, Expr)>),
    /// Entries; `true` marks an optional value (`?'k': v`).
    Map(Vec<(bool, String, Expr)>),
    /// `range.name(variables, bodies)`: `exists`, `all`, `filter`, `map`, `transformList`, `transformMap`.
    Macro(Box<Expr>, &'static str, Vec<String>, Vec<Expr>),
    /// Lists one after the other: `a + b + c`.
    Sum(Vec<Expr>),
    /// `Name{field: value}`
    Message(&'static str, Vec<(&'static str, Expr)>),
}

/// Operators of two operands, apart from `&&` and `||`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Op {
    pub fn symbol(self) -> &'static str {
        match self {
            Op::Equal => "==",
            Op::NotEqual => "!=",
            Op::Less => "<",
            Op::LessOrEqual => "<=",
            Op::Greater => ">",
            Op::GreaterOrEqual => ">=",
            Op::In => "in",
            Op::Add => "+",
            Op::Subtract => "-",
            Op::Multiply => "*",
            Op::Divide => "/",
        }
    }

    /// The relation that holds where this one does not; its operands have to be comparable.
    fn opposite(self) -> Option<Op> {
        match self {
            Op::Equal => Some(Op::NotEqual),
            Op::NotEqual => Some(Op::Equal),
            Op::Less => Some(Op::GreaterOrEqual),
            Op::LessOrEqual => Some(Op::Greater),
            Op::Greater => Some(Op::LessOrEqual),
            Op::GreaterOrEqual => Some(Op::Less),
            Op::In | Op::Add | Op::Subtract | Op::Multiply | Op::Divide => None,
        }
    }
}

/// From an expression along fields, keys and elements.
#[derive(Clone, PartialEq, Debug)]
pub struct Path {
    pub base: Box<Expr>,
    /// Whether the base may be null.
    pub base_certain: bool,
    pub steps: Vec<Step>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    pub key: Key,
    /// It is there, and not null, wherever the step before is.
    pub certain: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Key {
    Field(String),
    /// The constant key of a map.
    Entry(String),
    Computed(Expr),
    Element(i64),
}

impl Path {
    pub fn is_certain(&self) -> bool {
        self.base_certain && self.steps.iter().all(|step| step.certain)
    }

    /// The first so many steps.
    pub fn prefix(&self, length: usize) -> Path {
        Path { steps: self.steps[..length].to_vec(), ..self.clone() }
    }
}

impl Expr {
    pub fn name(name: impl Into<String>) -> Expr {
        Expr::Name(name.into())
    }

    pub fn str(text: impl Into<String>) -> Expr {
        Expr::Str(text.into())
    }

    pub fn call(name: &'static str, argument: Expr) -> Expr {
        Expr::Call(name, vec![argument])
    }

    pub fn method(self, name: &'static str, arguments: Vec<Expr>) -> Expr {
        Expr::Method(Box::new(self), name, arguments)
    }

    pub fn binary(op: Op, left: Expr, right: Expr) -> Expr {
        Expr::Binary(op, Box::new(left), Box::new(right))
    }

    pub fn equal(self, right: Expr) -> Expr {
        Expr::binary(Op::Equal, self, right)
    }

    /// `size(self)`
    pub fn size(self) -> Expr {
        self.method("size", vec![])
    }

    pub fn matches(self, pattern: impl Into<String>) -> Expr {
        self.method("matches", vec![Expr::Regex(pattern.into())])
    }

    /// `range.name(variable, body)`
    pub fn macro_of(range: Expr, name: &'static str, variables: &[String], bodies: Vec<Expr>) -> Expr {
        Expr::Macro(Box::new(range), name, variables.to_vec(), bodies)
    }

    pub fn if_else(test: Expr, then: Expr, otherwise: Expr) -> Expr {
        match test {
            Expr::Bool(true) => then,
            Expr::Bool(false) => otherwise,
            test => Expr::If(Box::new(test), Box::new(then), Box::new(otherwise)),
        }
    }

    /// All of the parts hold; flattened, constants folded, repetitions left out.
    pub fn all(parts: impl IntoIterator<Item = Expr>) -> Expr {
        let mut flat: Vec<Expr> = Vec::new();
        for part in parts {
            match part {
                Expr::All(inner) => flat.extend(inner),
                Expr::Bool(true) => {}
                Expr::Bool(false) => return Expr::Bool(false),
                part => flat.push(part),
            }
        }
        let mut unique: Vec<Expr> = Vec::new();
        for part in flat {
            if !unique.contains(&part) {
                unique.push(part);
            }
        }
        match unique.len() {
            0 => Expr::Bool(true),
            1 => unique.remove(0),
            _ => Expr::All(unique),
        }
    }

    /// One of the parts holds.
    pub fn any(parts: impl IntoIterator<Item = Expr>) -> Expr {
        Expr::all(parts.into_iter().map(Expr::negate)).negate()
    }

    /// The negation, pushed inwards as far as it reads better.
    pub fn negate(self) -> Expr {
        match self {
            Expr::Bool(value) => Expr::Bool(!value),
            Expr::Not(inner) => *inner,
            Expr::All(parts) => Expr::Any(parts.into_iter().map(Expr::negate).collect()),
            Expr::Any(parts) => Expr::All(parts.into_iter().map(Expr::negate).collect()),
            Expr::Binary(op, left, right) => match op.opposite() {
                Some(opposite) => Expr::Binary(opposite, left, right),
                None => Expr::Not(Box::new(Expr::Binary(op, left, right))),
            },
            Expr::Macro(range, "exists", variables, bodies) => {
                Expr::Macro(range, "all", variables, bodies.into_iter().map(Expr::negate).collect())
            }
            Expr::Macro(range, "all", variables, bodies) => {
                Expr::Macro(range, "exists", variables, bodies.into_iter().map(Expr::negate).collect())
            }
            other => Expr::Not(Box::new(other)),
        }
    }

    /// Visits the expression and all in it, inner ones first.
    pub fn visit_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        fn path(path: &mut Path, visit: &mut dyn FnMut(&mut Expr)) {
            path.base.visit_mut(visit);
            for step in &mut path.steps {
                if let Key::Computed(key) = &mut step.key {
                    key.visit_mut(visit);
                }
            }
        }
        match self {
            Expr::Null
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Double(_)
            | Expr::Str(_)
            | Expr::Regex(_)
            | Expr::Name(_) => {}
            Expr::Direct(found) | Expr::Present(found) | Expr::Optional(found) => path(found, visit),
            Expr::Or(found, default) => {
                path(found, visit);
                default.visit_mut(visit);
            }
            Expr::Index(left, right) | Expr::Binary(_, left, right) => {
                left.visit_mut(visit);
                right.visit_mut(visit);
            }
            Expr::Not(inner) | Expr::Negative(inner) => inner.visit_mut(visit),
            Expr::If(test, then, otherwise) => {
                [test, then, otherwise].into_iter().for_each(|part| part.visit_mut(visit));
            }
            Expr::Call(_, parts) | Expr::All(parts) | Expr::Any(parts) | Expr::Sum(parts) => {
                parts.iter_mut().for_each(|part| part.visit_mut(visit));
            }
            Expr::Method(base, _, parts) | Expr::Macro(base, _, _, parts) => {
                base.visit_mut(visit);
                parts.iter_mut().for_each(|part| part.visit_mut(visit));
            }
            Expr::List(items) => items.iter_mut().for_each(|(_, item)| item.visit_mut(visit)),
            Expr::Map(entries) => entries.iter_mut().for_each(|(_, _, value)| value.visit_mut(visit)),
            Expr::Message(_, fields) => fields.iter_mut().for_each(|(_, value)| value.visit_mut(visit)),
        }
        visit(self);
    }

    /// Paths that are there where the expression is true.
    pub fn present_if_true(&self) -> Vec<Path> {
        match self {
            Expr::Present(path) => vec![path.clone()],
            Expr::All(parts) => parts.iter().flat_map(Expr::present_if_true).collect(),
            Expr::Not(inner) => inner.present_if_false(),
            // no image reference is empty
            Expr::Method(base, "matches", arguments) => match (base.as_ref(), arguments.as_slice()) {
                (Expr::Or(path, default), [Expr::Name(name)])
                    if **default == Expr::str("") && name == "variables.imageReference" =>
                {
                    vec![path.clone()]
                }
                _ => vec![],
            },
            Expr::Binary(Op::Equal, left, right) => match (left.as_ref(), right.as_ref()) {
                (Expr::Or(path, default), literal) if literal.is_scalar() && **default != *literal => {
                    vec![path.clone()]
                }
                _ => vec![],
            },
            _ => vec![],
        }
    }

    /// Paths that are there where the expression is false.
    pub fn present_if_false(&self) -> Vec<Path> {
        match self {
            Expr::Any(parts) => parts.iter().flat_map(Expr::present_if_false).collect(),
            Expr::Not(inner) => inner.present_if_true(),
            Expr::Binary(Op::NotEqual, left, right) => {
                Expr::Binary(Op::Equal, left.clone(), right.clone()).present_if_true()
            }
            _ => vec![],
        }
    }

    /// A literal of one type, equal only to the same literal.
    pub(super) fn is_literal(&self) -> bool {
        matches!(self, Expr::Bool(_) | Expr::Int(_) | Expr::Str(_))
    }

    /// A literal that null is not equal to.
    fn is_scalar(&self) -> bool {
        matches!(self, Expr::Bool(_) | Expr::Int(_) | Expr::Double(_) | Expr::Str(_))
    }
}

impl Key {
    /// How the key is selected: `.name`, or in brackets.
    pub fn is_dotted(&self) -> bool {
        matches!(self, Key::Field(name) if text::is_selector(name))
    }
}
