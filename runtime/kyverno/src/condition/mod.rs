//! Conditions of `deny` and `preconditions`: a key, an operator, a value.
//!
//! [`Operator::test`] is the meaning of one condition after its variables are filled in. A null key makes every operator
//! false, the negated ones too.

mod membership;
mod numeric;

use aipc_runtime::value::{parse_duration, parse_number};

use crate::json::{Json, View};
use crate::pattern::scalar::{float_to_int, parse_float, parse_int};
use crate::wildcard;
use membership::Quantifier;
use numeric::Order;

/// What a condition compares its key and value by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    Equals,
    NotEquals,
    /// Deprecated: as [`Operator::AnyIn`] for scalars, all of a list in it, without wildcards.
    In,
    /// Deprecated.
    NotIn,
    AnyIn,
    AllIn,
    AnyNotIn,
    AllNotIn,
    Compare(Order),
    /// Deprecated: durations and seconds only.
    CompareDurations(Order),
}

/// How policies spell each operator, those that are deprecated included.
const SPELLINGS: &[(&str, Operator)] = &[
    ("Equals", Operator::Equals),
    ("Equal", Operator::Equals),
    ("NotEquals", Operator::NotEquals),
    ("NotEqual", Operator::NotEquals),
    ("In", Operator::In),
    ("NotIn", Operator::NotIn),
    ("AnyIn", Operator::AnyIn),
    ("AllIn", Operator::AllIn),
    ("AnyNotIn", Operator::AnyNotIn),
    ("AllNotIn", Operator::AllNotIn),
    ("GreaterThanOrEquals", Operator::Compare(Order::GreaterOrEqual)),
    ("GreaterThan", Operator::Compare(Order::Greater)),
    ("LessThanOrEquals", Operator::Compare(Order::LessOrEqual)),
    ("LessThan", Operator::Compare(Order::Less)),
    ("DurationGreaterThanOrEquals", Operator::CompareDurations(Order::GreaterOrEqual)),
    ("DurationGreaterThan", Operator::CompareDurations(Order::Greater)),
    ("DurationLessThanOrEquals", Operator::CompareDurations(Order::LessOrEqual)),
    ("DurationLessThan", Operator::CompareDurations(Order::Less)),
];

impl Operator {
    /// The operator of a policy's word.
    pub fn parse(word: &str) -> Option<Operator> {
        SPELLINGS.iter().find(|(spelling, _)| *spelling == word).map(|(_, operator)| *operator)
    }

    /// All words that name an operator.
    pub fn words() -> impl Iterator<Item = &'static str> {
        SPELLINGS.iter().map(|(spelling, _)| *spelling)
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// Kyverno's process would crash: `In` and `NotIn` on a list that holds something else than text.
    pub fn test(self, key: &Json<'_>, value: &Json<'_>) -> Result<bool, String> {
        Ok(match self {
            Operator::Equals => equals(key, value).unwrap_or(false),
            Operator::NotEquals => equals(key, value).is_some_and(|equal| !equal),
            Operator::In => return membership::exact(key, value, false),
            Operator::NotIn => return membership::exact(key, value, true),
            Operator::AnyIn => membership::test(key, value, Quantifier::Any, false),
            Operator::AllIn => membership::test(key, value, Quantifier::All, false),
            Operator::AnyNotIn => membership::test(key, value, Quantifier::Any, true),
            Operator::AllNotIn => membership::test(key, value, Quantifier::All, true),
            Operator::Compare(order) => numeric::test(key, value, order),
            Operator::CompareDurations(order) => numeric::test_durations(key, value, order),
        })
    }
}

/// Whether key and value are equal; `None` for keys that are never compared.
fn equals(key: &Json<'_>, value: &Json<'_>) -> Option<bool> {
    Some(match key.view() {
        View::Null => return None,
        View::Bool(key) => value.as_bool() == Some(key),
        View::Int(key) => match value.view() {
            View::Int(number) => number == key,
            View::Float(number) => number == number.trunc() && float_to_int(number) == key,
            View::Text(text) => parse_int(text) == Some(key),
            _ => false,
        },
        View::Float(key) => match value.view() {
            View::Int(number) => key == key.trunc() && float_to_int(key) == number,
            View::Float(number) => number == key,
            View::Text(text) => parse_float(text) == Some(key),
            _ => false,
        },
        View::Text(text) => text_equals(text, key, value),
        View::List { .. } => value.list_len().is_some() && key.deep_equal(value),
        View::Map { .. } => value.is_map() && key.deep_equal(value),
    })
}

fn text_equals(text: &str, key: &Json<'_>, value: &Json<'_>) -> bool {
    if let Some((key, value)) = durations(key, value) {
        return numeric::seconds(key) == numeric::seconds(value);
    }
    let Some(expected) = value.as_text() else { return false };
    match (parse_number(text), parse_number(expected)) {
        (Some(key), Some(value)) => key == value,
        // A quantity is never taken for a wildcard.
        (Some(_), None) => false,
        (None, _) => wildcard::matches(expected, text),
    }
}

/// Both as durations, if at least one is written as one; a number beside it counts seconds.
fn durations(key: &Json<'_>, value: &Json<'_>) -> Option<(i64, i64)> {
    let written = |value: &Json<'_>| {
        let text = value.as_text().filter(|text| *text != "0")?;
        parse_duration(text)
    };
    let (of_key, of_value) = (written(key), written(value));
    if of_key.is_none() && of_value.is_none() {
        return None;
    }
    let counted = |value: &Json<'_>| numeric::whole_seconds(value);
    Some((of_key.or_else(|| counted(key))?, of_value.or_else(|| counted(value))?))
}
