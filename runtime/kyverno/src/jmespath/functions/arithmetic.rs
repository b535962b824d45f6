//! Reckoning with numbers, quantities and durations.
//!
//! A number is itself; text is a quantity if it can be one, so `30m` is thirty thousandths, and otherwise a duration.
//! What of them goes with what is in the table of each operation.

use aipc_runtime::value::{format_duration, parse_duration};

use super::quantity::Amount;
use super::{Answer, argument_at, golang, is_list, other};
use crate::go_text::float_g;
use crate::jmespath::SearchError;
use crate::jmespath::interpret::Evaluation;
use crate::json::{Json, View};

#[derive(Clone, Copy)]
enum Operand {
    Scalar(f64),
    Quantity(Amount),
    /// Nanoseconds.
    Duration(i64),
}

use Operand::{Duration, Quantity, Scalar};

fn operand(value: &Json<'_>, operation: &str) -> Result<Operand, SearchError> {
    let found = match value.view() {
        View::Float(number) => Some(Scalar(number)),
        View::Text(text) => match Amount::parse(text)? {
            Some(amount) => Some(Quantity(amount)),
            None => parse_duration(text).map(Duration),
        },
        View::Null | View::Bool(_) | View::Int(_) | View::List { .. } | View::Map { .. } => None,
    };
    found.map_or_else(|| failed(operation, "invalid operand"), Ok)
}

fn operands(arguments: &[Json<'_>], operation: &str) -> Result<(Operand, Operand), SearchError> {
    Ok((operand(argument_at(arguments, 0)?, operation)?, operand(argument_at(arguments, 1)?, operation)?))
}

fn failed<T>(operation: &str, what: &str) -> Result<T, SearchError> {
    other(format!("JMESPath function '{operation}': {what}"))
}

fn mismatch<T>(operation: &str) -> Result<T, SearchError> {
    failed(operation, "Types mismatch")
}

fn zero_divisor<T>(operation: &str) -> Result<T, SearchError> {
    failed(operation, "Zero divisor passed")
}

fn quantity<'a>(amount: Amount) -> Answer<'a> {
    amount.to_text().map(Json::text)
}

fn duration<'a>(nanoseconds: i64) -> Answer<'a> {
    Ok(Json::text(format_duration(nanoseconds)))
}

/// Two of a kind.
pub(super) fn add<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let (a, b) = operands(arguments, "add")?;
    plus(a, b, "add")
}

fn plus<'a>(a: Operand, b: Operand, operation: &str) -> Answer<'a> {
    match (a, b) {
        (Scalar(a), Scalar(b)) => Ok(Json::Float(a + b)),
        (Quantity(a), Quantity(b)) => quantity(a.plus(b)?),
        (Duration(a), Duration(b)) => duration(a.wrapping_add(b)),
        _ => mismatch(operation),
    }
}

/// The elements added up; the only one of a list is given back as it is.
pub(super) fn sum<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let list = argument_at(arguments, 0)?;
    if !is_list(list) {
        return mismatch("sum");
    }
    let mut elements = list.elements();
    let Some(mut sum) = elements.next() else {
        return failed("sum", "at least one element in the array is required");
    };
    for element in elements {
        evaluation.spend(1)?;
        sum = plus(operand(&sum, "sum")?, operand(&element, "sum")?, "sum")?;
    }
    Ok(sum)
}

/// Two of a kind.
pub(super) fn subtract<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    match operands(arguments, "subtract")? {
        (Scalar(a), Scalar(b)) => Ok(Json::Float(a - b)),
        (Quantity(a), Quantity(b)) => quantity(a.plus(b.negated())?),
        (Duration(a), Duration(b)) => duration(a.wrapping_sub(b)),
        _ => mismatch("subtract"),
    }
}

/// Anything with a number.
pub(super) fn multiply<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    match operands(arguments, "multiply")? {
        (Scalar(a), Scalar(b)) => Ok(Json::Float(a * b)),
        (Quantity(a), Scalar(b)) | (Scalar(b), Quantity(a)) => quantity(a.times(amount_of(b)?)?),
        (Duration(a), Scalar(b)) | (Scalar(b), Duration(a)) => duration(nanoseconds(seconds(a) * b)),
        _ => mismatch("multiply"),
    }
}

/// Two of a kind give a number; a quantity or duration by a number gives one of its kind.
pub(super) fn divide<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    match operands(arguments, "divide")? {
        (Scalar(a), Scalar(b)) if b != 0.0 => Ok(Json::Float(a / b)),
        (Quantity(a), Quantity(b)) if b.to_f64() != 0.0 => Ok(Json::Float(a.to_f64() / b.to_f64())),
        (Quantity(a), Scalar(b)) if b != 0.0 => quantity(a.divided_by(amount_of(b)?)?),
        (Duration(a), Duration(b)) if seconds(b) != 0.0 => Ok(Json::Float(seconds(a) / seconds(b))),
        (Duration(a), Scalar(b)) if b != 0.0 => duration(nanoseconds(seconds(a) / b)),
        (Scalar(_), Scalar(_)) | (Quantity(_), Quantity(_)) | (Quantity(_), Scalar(_)) => {
            zero_divisor("divide")
        }
        (Duration(_), Duration(_)) | (Duration(_), Scalar(_)) => zero_divisor("divide"),
        (Scalar(_), Quantity(_) | Duration(_)) | (Quantity(_), Duration(_)) | (Duration(_), Quantity(_)) => {
            mismatch("divide")
        }
    }
}

/// Two of a kind; numbers and quantities have to be whole.
pub(super) fn modulo<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let whole = |a: f64, b: f64| -> Result<i64, SearchError> {
        let (x, y) = (golang::to_int(a), golang::to_int(b));
        if a != x as f64 || b != y as f64 {
            return failed("modulo", "Non-integer argument(s) passed for modulo");
        }
        if y == 0 { zero_divisor("modulo") } else { Ok(x.wrapping_rem(y)) }
    };
    match operands(arguments, "modulo")? {
        (Scalar(a), Scalar(b)) => Ok(Json::Float(whole(a, b)? as f64)),
        (Quantity(a), Quantity(b)) => {
            let rest = whole(a.to_f64(), b.to_f64())?;
            quantity(Amount::new(i128::from(rest), 0, a.format()))
        }
        (Duration(_), Duration(0)) => zero_divisor("modulo"),
        (Duration(a), Duration(b)) => duration(a.wrapping_rem(b)),
        _ => mismatch("modulo"),
    }
}

/// A number as the quantity that its text is.
fn amount_of(number: f64) -> Result<Amount, SearchError> {
    match Amount::parse(&float_g(number))? {
        Some(amount) => Ok(amount),
        None => other("unable to parse quantity's suffix"),
    }
}

fn seconds(nanoseconds: i64) -> f64 {
    (nanoseconds / 1_000_000_000) as f64 + (nanoseconds % 1_000_000_000) as f64 / 1e9
}

fn nanoseconds(seconds: f64) -> i64 {
    golang::to_int(seconds * 1e9)
}
