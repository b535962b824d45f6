//! The tree of an expression.

/// An expression over the current value.
#[derive(Clone, PartialEq, Debug)]
pub enum Expr {
    /// `@`
    Current,
    /// `base.name`
    Field(Box<Expr>, String),
    /// `base[0]`
    Index(Box<Expr>, i64),
    /// `base[1:3]`
    Slice(Box<Expr>, Option<i64>, Option<i64>),
    /// `base.[a, b]`; on `@` just `[a, b]`.
    Select(Box<Expr>, Vec<Expr>),
    /// `{key: value}`; a value that is missing is null.
    Object(Vec<(String, Expr)>),
    /// `base[]`: the elements of the lists in a list.
    Flatten(Box<Expr>),
    /// `base[?test]`
    Filter(Box<Expr>, Box<Expr>),
    /// `base[*].body`: the body for each element, nulls left out.
    Project(Box<Expr>, Box<Expr>),
    /// `base | next`, where `@` of `next` is the base.
    Pipe(Box<Expr>, Box<Expr>),
    Call(&'static str, Vec<Expr>),
    /// `&body`, an argument of `map`.
    Reference(Box<Expr>),
    Text(String),
    /// The text of a context variable, put into the expression before it is read. Only for constants of ours.
    Variable(&'static str),
    Json(serde_json::Value),
    Compare(Box<Expr>, Order, Box<Expr>),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
}

/// Whether the function answers true or false.
fn is_question(name: &str) -> bool {
    [
        "contains",
        "starts_with",
        "ends_with",
        "regex_match",
        "pattern_match",
        "semver_compare",
        "time_before",
        "time_after",
    ]
    .contains(&name)
}

/// The comparisons. `<` and its like are null unless both sides are floats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub fn symbol(self) -> &'static str {
        match self {
            Order::Equal => "==",
            Order::NotEqual => "!=",
            Order::Less => "<",
            Order::LessOrEqual => "<=",
            Order::Greater => ">",
            Order::GreaterOrEqual => ">=",
        }
    }
}

impl Expr {
    /// A path of fields from the current value.
    pub fn path<'a>(fields: impl IntoIterator<Item = &'a str>) -> Expr {
        fields.into_iter().fold(Expr::Current, |base, name| base.field(name))
    }

    pub fn field(self, name: impl Into<String>) -> Expr {
        Expr::Field(Box::new(self), name.into())
    }

    pub fn index(self, index: i64) -> Expr {
        Expr::Index(Box::new(self), index)
    }

    pub fn filter(self, test: Expr) -> Expr {
        Expr::Filter(Box::new(self), Box::new(test))
    }

    pub fn flatten(self) -> Expr {
        Expr::Flatten(Box::new(self))
    }

    /// `[a, b]`
    pub fn list(items: Vec<Expr>) -> Expr {
        Expr::Select(Box::new(Expr::Current), items)
    }

    pub fn call(name: &'static str, arguments: impl Into<Vec<Expr>>) -> Expr {
        Expr::Call(name, arguments.into())
    }

    /// `map(&body, list)`: the body for each element, nulls kept.
    pub fn map(body: Expr, list: Expr) -> Expr {
        Expr::call("map", [Expr::Reference(Box::new(body)), list])
    }

    pub fn compare(self, order: Order, other: Expr) -> Expr {
        Expr::Compare(Box::new(self), order, Box::new(other))
    }

    pub fn equals(self, other: Expr) -> Expr {
        self.compare(Order::Equal, other)
    }

    pub fn null() -> Expr {
        Expr::Json(serde_json::Value::Null)
    }

    pub fn bool(value: bool) -> Expr {
        Expr::Json(serde_json::Value::Bool(value))
    }

    pub fn number(value: i64) -> Expr {
        Expr::Json(value.into())
    }

    pub fn empty_list() -> Expr {
        Expr::Json(serde_json::Value::Array(vec![]))
    }

    pub fn text(text: impl Into<String>) -> Expr {
        Expr::Text(text.into())
    }

    /// `self != null`; a missing key is no error there.
    pub fn is_present(self) -> Expr {
        self.compare(Order::NotEqual, Expr::null())
    }

    /// `self || default`
    pub fn or(self, default: Expr) -> Expr {
        match self {
            // what comes after null takes its place
            Expr::Or(mut parts) if parts.last() == Some(&Expr::null()) => {
                parts.pop();
                parts.push(default);
                Expr::Or(parts)
            }
            other => Expr::Or(vec![other, default]),
        }
    }

    /// The conjunction; constants fold, nested ones flatten.
    pub fn all(parts: impl IntoIterator<Item = Expr>) -> Expr {
        Expr::junction(parts, true)
    }

    /// The disjunction; constants fold, nested ones flatten.
    pub fn any(parts: impl IntoIterator<Item = Expr>) -> Expr {
        Expr::junction(parts, false)
    }

    fn junction(parts: impl IntoIterator<Item = Expr>, conjunctive: bool) -> Expr {
        let mut flat: Vec<Expr> = Vec::new();
        for part in parts {
            match part {
                Expr::And(inner) if conjunctive => flat.extend(inner),
                Expr::Or(inner) if !conjunctive => flat.extend(inner),
                Expr::Json(serde_json::Value::Bool(value)) if value == conjunctive => {}
                // A guard that two parts share is asked once.
                part if flat.contains(&part) => {}
                part => flat.push(part),
            }
        }
        match (flat.len(), conjunctive) {
            (0, _) => Expr::bool(conjunctive),
            (1, _) => flat.remove(0),
            (_, true) => Expr::And(flat),
            (_, false) => Expr::Or(flat),
        }
    }

    /// The negation of what the expression says as a condition.
    pub fn negate(self) -> Expr {
        match self {
            Expr::Compare(left, Order::Equal, right) => Expr::Compare(left, Order::NotEqual, right),
            Expr::Compare(left, Order::NotEqual, right) => Expr::Compare(left, Order::Equal, right),
            Expr::Json(serde_json::Value::Bool(value)) => Expr::bool(!value),
            Expr::Not(inner) => *inner,
            other => Expr::Not(Box::new(other)),
        }
    }

    /// The same condition with a value that is `true`, or else `false` or null: no list, which only counts as
    /// true.
    pub fn to_boolean(self) -> Expr {
        match self {
            Expr::And(parts) => Expr::And(parts.into_iter().map(Expr::to_boolean).collect()),
            Expr::Or(parts) => Expr::Or(parts.into_iter().map(Expr::to_boolean).collect()),
            list @ (Expr::Filter(..) | Expr::Flatten(_) | Expr::Project(..)) => {
                Expr::call("length", [list.or(Expr::empty_list())]).compare(Order::Greater, Expr::number(0))
            }
            Expr::Call(name, arguments) if is_question(name) => Expr::Call(name, arguments),
            other @ (Expr::Compare(..) | Expr::Not(_) | Expr::Json(_)) => other,
            other => Expr::Not(Box::new(Expr::Not(Box::new(other)))),
        }
    }

    /// Whether the expression may stand behind `[*]`, to be asked of each element.
    pub fn is_chain(&self) -> bool {
        match self {
            Expr::Current => true,
            Expr::Field(base, _) | Expr::Index(base, _) => base.is_chain(),
            Expr::Slice(..)
            | Expr::Select(..)
            | Expr::Object(_)
            | Expr::Flatten(_)
            | Expr::Filter(..)
            | Expr::Project(..)
            | Expr::Pipe(..)
            | Expr::Call(..)
            | Expr::Reference(_)
            | Expr::Text(_)
            | Expr::Variable(_)
            | Expr::Json(_)
            | Expr::Compare(..)
            | Expr::Not(_)
            | Expr::And(_)
            | Expr::Or(_) => false,
        }
    }
}
