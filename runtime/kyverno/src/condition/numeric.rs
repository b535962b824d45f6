//! `GreaterThan` and its like: numbers, durations, quantities and versions.

use std::cmp::Ordering;

use aipc_runtime::value::{Semver, parse_duration, parse_number};

use crate::json::{Json, View};
use crate::pattern::scalar::{float_to_int, parse_float};

use super::durations;

/// Which order satisfies a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Order {
    fn accepts(self, found: Option<Ordering>) -> bool {
        let Some(found) = found else { return false };
        match self {
            Order::Greater => found.is_gt(),
            Order::GreaterOrEqual => found.is_ge(),
            Order::Less => found.is_lt(),
            Order::LessOrEqual => found.is_le(),
        }
    }
}

/// Whether the key stands in that order to the value.
pub fn test(key: &Json<'_>, value: &Json<'_>, order: Order) -> bool {
    match key.view() {
        View::Int(number) => number_against(number as f64, key, value, order),
        View::Float(number) => number_against(number, key, value, order),
        View::Text(text) => text_against(text, key, value, order),
        View::Null | View::Bool(_) | View::List { .. } | View::Map { .. } => false,
    }
}

fn number_against(number: f64, key: &Json<'_>, value: &Json<'_>, order: Order) -> bool {
    let found = match value.view() {
        View::Int(value) => number.partial_cmp(&(value as f64)),
        View::Float(value) => number.partial_cmp(&value),
        View::Text(text) => match durations(key, value) {
            Some((key, value)) => seconds(key).partial_cmp(&seconds(value)),
            None => parse_float(text).and_then(|value| number.partial_cmp(&value)),
        },
        View::Null | View::Bool(_) | View::List { .. } | View::Map { .. } => None,
    };
    order.accepts(found)
}

fn text_against(text: &str, key: &Json<'_>, value: &Json<'_>, order: Order) -> bool {
    if let Some((key, value)) = durations(key, value) {
        return order.accepts(seconds(key).partial_cmp(&seconds(value)));
    }
    let other = value.as_text();
    if let (Some(key), Some(value)) = (parse_number(text), other.and_then(parse_number)) {
        return order.accepts(Some(key.cmp(&value)));
    }
    if let Some(number) = parse_float(text) {
        return number_against(number, &Json::Float(number), value, order);
    }
    let (Some(key), Some(value)) = (Semver::parse(text), other.and_then(Semver::parse)) else { return false };
    order.accepts(Some(key.precedence(&value)))
}

/// Whether two durations stand in that order; numbers count seconds, their fractions dropped.
pub fn test_durations(key: &Json<'_>, value: &Json<'_>, order: Order) -> bool {
    let duration = |value: &Json<'_>| match value.as_text() {
        Some(text) => parse_duration(text),
        None => whole_seconds(value),
    };
    let (Some(key), Some(value)) = (duration(key), duration(value)) else { return false };
    order.accepts(Some(key.cmp(&value)))
}

/// Nanoseconds of a number of seconds, its fraction dropped; they wrap as Go's do.
pub fn whole_seconds(value: &Json<'_>) -> Option<i64> {
    let seconds = match value.view() {
        View::Int(number) => number,
        View::Float(number) => float_to_int(number),
        _ => return None,
    };
    Some(seconds.wrapping_mul(1_000_000_000))
}

/// Nanoseconds as the float of seconds that Go compares.
pub fn seconds(nanoseconds: i64) -> f64 {
    (nanoseconds / 1_000_000_000) as f64 + (nanoseconds % 1_000_000_000) as f64 / 1e9
}
