//! JMESPath as Kyverno has it: its fork of the Go library, and the functions that it adds.
//!
//! ```text
//! text ─lexer▶ tokens ─parse▶ Ast ─interpret (Root, time)▶ Json
//!                                    └─ functions: a row for each, name, parameters, meaning
//! ```
//!
//! A [`Query`] is parsed once and searched often; plain paths allocate nothing. Kyverno itself is the judge of every
//! answer, in `tests/agreement/jmespath.rs`. Not here: variables in text, which are found and put in by the engine.
//!
//! What Kyverno leaves to chance has one outcome here: whoever goes through a map (`keys`, `values`, `.*`) goes by
//! sorted keys. `sort_by`, which changes the list in place there, changes nothing here.

mod ast;
mod functions;
mod interpret;
mod json_text;
mod lexer;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use aipc_runtime::value::Time;

use crate::json::Json;

/// A compiled expression.
#[derive(Debug)]
pub struct Query {
    ast: ast::Ast,
}

impl Query {
    /// Compiles an expression.
    ///
    /// # Errors
    /// Kyverno's library refuses it, or it is nested too deeply.
    pub fn parse(text: &str) -> Result<Query, QueryError> {
        parse::parse(text).map(|ast| Query { ast })
    }

    /// What the expression finds, at a point in time; without one, what asks for it is not evaluated.
    ///
    /// # Errors
    /// Kyverno answers with an error too, or what it would answer cannot be known here.
    pub fn search<'a>(&self, root: &dyn Root<'a>, now: Option<Time>) -> Result<Json<'a>, SearchError> {
        interpret::search(&self.ast, root, now)
    }
}

/// What an expression is asked of. A value is one; the context of a rule, which loads entries when they are asked for,
/// is another.
pub trait Root<'a> {
    /// The value under a key, and `None` without the key. Asked of what is no map it is null.
    ///
    /// # Errors
    /// The value cannot be had.
    fn get(&self, key: &str) -> Result<Option<Json<'a>>, SearchError>;

    /// All of it, for `@` and whatever else needs more than a key.
    ///
    /// # Errors
    /// A value of it cannot be had.
    fn whole(&self) -> Result<Json<'a>, SearchError>;
}

impl<'a> Root<'a> for Json<'a> {
    fn get(&self, key: &str) -> Result<Option<Json<'a>>, SearchError> {
        Ok(match Json::get(self, key) {
            None if !self.is_map() => Some(Json::Null),
            value => value,
        })
    }

    fn whole(&self) -> Result<Json<'a>, SearchError> {
        Ok(self.clone())
    }
}

/// Why an expression does not compile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueryError {
    /// As Kyverno says it.
    pub message: String,
    /// Bytes of the expression before the place.
    pub offset: usize,
}

impl QueryError {
    fn syntax(message: impl fmt::Display, offset: usize) -> QueryError {
        QueryError { message: format!("SyntaxError: {message}"), offset }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for QueryError {}

/// Why a search finds no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SearchError {
    /// A map has no such key. Most of the language takes this for null; what reaches the caller does not.
    UnknownKey(String),
    /// Any other error of Kyverno's.
    Other(String),
    /// Kyverno panics here.
    Panic(String),
    /// What Kyverno answers cannot be known: chance, a network, the clock, or more than we take on.
    NotEvaluated(String),
}

/// Kyverno's message, where it has one.
impl fmt::Display for SearchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SearchError::UnknownKey(key) => write!(f, "Unknown key \"{key}\" in path"),
            SearchError::Other(message) => f.write_str(message),
            SearchError::Panic(message) => write!(f, "panic: {message}"),
            SearchError::NotEvaluated(what) => write!(f, "not evaluated: {what}"),
        }
    }
}

impl std::error::Error for SearchError {}
