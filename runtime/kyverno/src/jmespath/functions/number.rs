//! Functions on numbers.

use super::{Answer, argument_at, golang, number_at, other};
use crate::jmespath::interpret::Evaluation;
use crate::json::{Json, View};

pub(super) fn abs<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    Ok(Json::Float(number_at(arguments, 0)?.abs()))
}

pub(super) fn ceil<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    Ok(Json::Float(number_at(arguments, 0)?.ceil()))
}

pub(super) fn floor<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    Ok(Json::Float(number_at(arguments, 0)?.floor()))
}

/// Of no numbers it is not a number.
pub(super) fn avg<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let list = argument_at(arguments, 0)?;
    let mut sum = 0.0;
    for element in list.elements() {
        if let View::Float(number) = element.view() {
            sum += number;
        }
    }
    Ok(Json::Float(sum / list.list_len().unwrap_or(0) as f64))
}

/// To so many digits after the point, half away from zero.
pub(super) fn round<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let (number, digits) = (number_at(arguments, 0)?, number_at(arguments, 1)?);
    if !digits.is_finite() || digits.trunc() != digits || golang::to_int(digits) as f64 != digits {
        return other("JMESPath function 'round': Non-integer argument(s) passed for round off");
    }
    if digits < 0.0 {
        return other("JMESPath function 'round': %!d(MISSING) argument is out of bounds (%!d(MISSING))");
    }
    let shift = golang::ten_to_the(golang::to_int(digits));
    Ok(Json::Float((number * shift).round() / shift))
}

/// The number, or the one that a text says; null for what says none. Kyverno: an integer is of no type that it knows.
pub(super) fn to_number<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let value = argument_at(arguments, 0)?;
    match value.view() {
        View::Float(number) => Ok(Json::Float(number)),
        View::Text(text) => Ok(golang::parse_float(text).map_or(Json::Null, Json::Float)),
        View::List { .. } if value.is_records() => other("unknown type"),
        View::Null | View::Bool(_) | View::List { .. } | View::Map { .. } => Ok(Json::Null),
        View::Int(_) => other("unknown type"),
    }
}
