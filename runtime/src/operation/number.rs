//! Arithmetic of numbers, quantities, durations and times.
//!
//! Ints are exact while they fit into 64 bits and floats beyond; a quantity with anything is an exact decimal.
//! What overflows a duration or time is missing.

use crate::budget::{Budget, OverBudget};
use crate::value::{Decimal, Number, Quantity, QuantityFormat, Shared, Time, Value, View};

enum Operand {
    Int(i64),
    Float(f64),
    Quantity(Decimal, QuantityFormat),
    Duration(i64),
    Time(Time),
}

impl Operand {
    fn of(value: &Value<'_>) -> Option<Operand> {
        match value.view() {
            View::Int(number) => Some(Operand::Int(number)),
            View::Float(number) => Some(Operand::Float(number)),
            View::Quantity(quantity) => Some(Operand::Quantity(quantity.number, quantity.format)),
            View::Duration(nanoseconds) => Some(Operand::Duration(nanoseconds)),
            View::Time(time) => Some(Operand::Time(time)),
            _ => None,
        }
    }

    fn number(&self) -> Option<Number> {
        match self {
            Operand::Int(number) => Some(Number::Int(*number)),
            Operand::Float(number) => Some(Number::Float(*number)),
            Operand::Quantity(number, _) => Some(Number::Decimal(*number)),
            Operand::Duration(_) | Operand::Time(_) => None,
        }
    }

    fn format(&self) -> Option<QuantityFormat> {
        if let Operand::Quantity(_, format) = self { Some(*format) } else { None }
    }
}

/// One operation on numbers of each kind.
struct Arithmetic {
    int: fn(i64, i64) -> Option<i64>,
    float: fn(f64, f64) -> f64,
    decimal: fn(Decimal, Decimal) -> Option<Decimal>,
}

const ADD: Arithmetic =
    Arithmetic { int: i64::checked_add, float: |a, b| a + b, decimal: Decimal::checked_add };
const SUBTRACT: Arithmetic =
    Arithmetic { int: i64::checked_sub, float: |a, b| a - b, decimal: Decimal::checked_sub };
const MULTIPLY: Arithmetic =
    Arithmetic { int: i64::checked_mul, float: |a, b| a * b, decimal: Decimal::checked_mul };
const DIVIDE: Arithmetic = Arithmetic {
    int: |a, b| if b != 0 && a.checked_rem(b)? == 0 { a.checked_div(b) } else { None },
    float: |a, b| a / b,
    decimal: Decimal::checked_div,
};

fn reckon<'a>(a: &Operand, b: &Operand, arithmetic: &Arithmetic) -> Value<'a> {
    let (Some(x), Some(y)) = (a.number(), b.number()) else { return Value::Missing };
    if let (Number::Int(x), Number::Int(y)) = (x, y) {
        return match (arithmetic.int)(x, y) {
            Some(result) => Value::Int(result),
            None => Value::float((arithmetic.float)(x as f64, y as f64)),
        };
    }
    let floats = |x: Number, y: Number| (arithmetic.float)(to_f64(x), to_f64(y));
    let Some(format) = a.format().or(b.format()) else { return Value::float(floats(x, y)) };
    let exact = x.to_decimal().zip(y.to_decimal()).and_then(|(x, y)| (arithmetic.decimal)(x, y));
    match exact {
        Some(result) => Value::quantity(Quantity::computed(result, format)),
        None => Value::float(floats(x, y)),
    }
}

fn to_f64(number: Number) -> f64 {
    match number {
        Number::Int(number) => number as f64,
        Number::Float(number) => number,
        Number::Decimal(number) => number.to_f64(),
    }
}

pub(super) fn add<'a>(a: &Value<'a>, b: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    if let (Some(x), Some(y)) = (a.as_text(), b.as_text()) {
        let len = x.len() + y.len();
        budget.text_len(len)?;
        budget.spend_text(len)?;
        return Ok(Value::text(format!("{x}{y}")));
    }
    if let (Some(x), Some(y)) = (a.list_len(), b.list_len()) {
        budget.text_len(x + y)?;
        budget.spend((x + y) as u64)?;
        return Ok(Value::list(a.elements().chain(b.elements()).collect()));
    }
    let (Some(x), Some(y)) = (Operand::of(a), Operand::of(b)) else { return Ok(Value::Missing) };
    Ok(match (&x, &y) {
        (Operand::Duration(x), Operand::Duration(y)) => duration(x.checked_add(*y)),
        (Operand::Time(time), Operand::Duration(by)) => time.plus(*by).map_or(Value::Missing, Value::Time),
        _ => reckon(&x, &y, &ADD),
    })
}

pub(super) fn subtract<'a>(a: &Value<'a>, b: &Value<'a>) -> Value<'a> {
    let (Some(x), Some(y)) = (Operand::of(a), Operand::of(b)) else { return Value::Missing };
    match (&x, &y) {
        (Operand::Duration(x), Operand::Duration(y)) => duration(x.checked_sub(*y)),
        (Operand::Time(later), Operand::Time(earlier)) => duration(later.since(*earlier)),
        (Operand::Time(time), Operand::Duration(by)) => {
            by.checked_neg().and_then(|by| time.plus(by)).map_or(Value::Missing, Value::Time)
        }
        _ => reckon(&x, &y, &SUBTRACT),
    }
}

pub(super) fn multiply<'a>(a: &Value<'a>, b: &Value<'a>) -> Value<'a> {
    let (Some(x), Some(y)) = (Operand::of(a), Operand::of(b)) else { return Value::Missing };
    match (&x, &y) {
        (Operand::Duration(nanoseconds), by) | (by, Operand::Duration(nanoseconds)) => match by.number() {
            Some(Number::Int(by)) => duration(nanoseconds.checked_mul(by)),
            Some(by) => scaled(*nanoseconds, by, &MULTIPLY),
            None => Value::Missing,
        },
        _ => reckon(&x, &y, &MULTIPLY),
    }
}

pub(super) fn divide<'a>(a: &Value<'a>, b: &Value<'a>) -> Value<'a> {
    let (Some(x), Some(y)) = (Operand::of(a), Operand::of(b)) else { return Value::Missing };
    if y.number().and_then(Number::to_decimal).is_some_and(Decimal::is_zero) {
        return Value::Missing;
    }
    match (&x, &y) {
        (Operand::Duration(x), Operand::Duration(y)) => {
            if *y == 0 {
                Value::Missing
            } else {
                reckon(&Operand::Int(*x), &Operand::Int(*y), &DIVIDE)
            }
        }
        (Operand::Duration(nanoseconds), by) => match by.number() {
            // The nanoseconds that do not come out even are cut off.
            Some(Number::Int(by)) => duration(nanoseconds.checked_div(by)),
            Some(by) => scaled(*nanoseconds, by, &DIVIDE),
            None => Value::Missing,
        },
        (Operand::Quantity(..), Operand::Quantity(..)) => match reckon(&x, &y, &DIVIDE) {
            // A proportion has no unit.
            Value::Quantity(ratio) => plain(ratio.number),
            other => other,
        },
        _ => reckon(&x, &y, &DIVIDE),
    }
}

pub(super) fn negate<'a>(a: &Value<'a>) -> Value<'a> {
    match Operand::of(a) {
        Some(Operand::Duration(nanoseconds)) => duration(nanoseconds.checked_neg()),
        Some(Operand::Float(number)) => Value::float(-number),
        Some(operand) => reckon(&Operand::Int(0), &operand, &SUBTRACT),
        None => Value::Missing,
    }
}

/// To so many digits after the point, half away from zero.
pub(super) fn round<'a>(a: &Value<'a>, digits: &Value<'a>) -> Value<'a> {
    let (Some(operand), Some(digits)) = (Operand::of(a), digits.as_int()) else { return Value::Missing };
    match (operand.number().and_then(Number::to_decimal), operand) {
        (Some(number), Operand::Quantity(_, format)) => {
            Value::quantity(Quantity::computed(number.round(digits), format))
        }
        (Some(number), Operand::Float(_)) => Value::float(number.round(digits).to_f64()),
        (Some(number), Operand::Int(_)) => plain(number.round(digits)),
        _ => Value::Missing,
    }
}

/// The sum of two numbers or two durations, for sums of lists.
pub(super) fn plus<'a>(a: &Value<'a>, b: &Value<'a>) -> Value<'a> {
    match (Operand::of(a), Operand::of(b)) {
        (Some(Operand::Duration(a)), Some(Operand::Duration(b))) => duration(a.checked_add(b)),
        (Some(a), Some(b)) => reckon(&a, &b, &ADD),
        _ => Value::Missing,
    }
}

/// Without a unit: an int if it is one, else a float.
fn plain<'a>(number: Decimal) -> Value<'a> {
    number.to_i64().map_or_else(|| Value::float(number.to_f64()), Value::Int)
}

fn duration<'a>(nanoseconds: Option<i64>) -> Value<'a> {
    nanoseconds.map_or(Value::Missing, Value::Duration)
}

fn scaled<'a>(nanoseconds: i64, by: Number, arithmetic: &Arithmetic) -> Value<'a> {
    let result = (arithmetic.float)(nanoseconds as f64, to_f64(by));
    // 2^63 is exact as a float.
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&result);
    if fits { Value::Duration(result as i64) } else { Value::Missing }
}

/// Keeps the text of a quantity that is one already.
pub(super) fn to_quantity<'a>(a: &Value<'a>) -> Value<'a> {
    let parsed = match a {
        Value::Quantity(quantity) => return Value::Quantity(quantity.clone()),
        _ => match a.view() {
            View::Text(text) => Quantity::parse(text),
            View::Int(number) => Quantity::parse(&number.to_string()),
            View::Float(number) => Quantity::parse(&crate::value::json_float(number)),
            _ => None,
        },
    };
    parsed.map_or(Value::Missing, |quantity| Value::Quantity(Shared::Owned(std::sync::Arc::new(quantity))))
}
