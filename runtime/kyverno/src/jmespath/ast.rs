//! What an expression is made of.

use super::functions::Function;
use crate::json::Json;

/// A node of an expression. Its height is bounded by the parser, so whoever walks it may recurse.
#[derive(Debug)]
pub(super) enum Ast {
    /// What the library leaves in the place of an index that it could not read. It fails when it is evaluated.
    Empty,
    /// `@`, and what stands where nothing is written.
    Current,
    Literal(Json<'static>),
    Field(Box<str>),
    Index(i64),
    Slice(Slice),
    /// Steps one after the other; where one fails, all fail.
    Path(Vec<Ast>),
    /// The same, but a key that is not there is null for the next.
    Pipe(Box<[Ast; 2]>),
    Or(Box<[Ast; 2]>),
    And(Box<[Ast; 2]>),
    Not(Box<Ast>),
    Compare(Comparator, Box<[Ast; 2]>),
    /// The left, and what is made of each of its elements.
    Projection(Box<[Ast; 2]>),
    ValueProjection(Box<[Ast; 2]>),
    /// The left, what is made of each element, the condition.
    FilterProjection(Box<[Ast; 3]>),
    Flatten(Box<Ast>),
    List(Vec<Ast>),
    Map(Vec<(Box<str>, Ast)>),
    Call(Callee, Vec<Ast>),
    /// `&expression`
    Reference(Box<Ast>),
}

/// What is called.
#[derive(Debug)]
pub(super) enum Callee {
    Known(&'static Function),
    Unknown(Box<str>),
    /// What stands before the bracket is no name, as in `(a.b)(c)`.
    Nameless,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// `[start:stop:step]`
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Slice {
    pub start: Option<i64>,
    pub stop: Option<i64>,
    pub step: Option<i64>,
}
