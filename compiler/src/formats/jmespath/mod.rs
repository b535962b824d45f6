//! JMESPath in Kyverno's dialect: expressions as a tree, and their text.
//!
//! The tree says what is meant: a filter or a projection is a whole list, whatever is done to it next. The
//! printer puts in the parentheses that this takes. What the expressions mean for policies is not here.

mod expr;
mod literal;
mod print;

pub use expr::{Expr, Order};
pub use literal::{REPLACED, json_literal};
pub use print::{lines, text};
