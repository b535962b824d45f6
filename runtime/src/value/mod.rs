//! Values of an evaluation: nodes of a document as they stand there, and what operations make of them.
//!
//! A [`Value`] borrows from documents and programs where it can and owns what was computed. Meaning is read
//! through [`Value::view`], where a node and a computed value look the same; `null` looks missing.

pub mod calendar;
mod decimal;
mod duration;
mod image;
mod json;
mod network;
mod quantity;
mod semver;
mod time;

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

pub use decimal::Decimal;
pub use duration::{format_duration, parse_duration};
pub use image::Image;
pub use json::{canonical_json, compare_numbers, json_equal, json_float, json_text, scalar_text};
pub use network::Cidr;
pub use quantity::{Quantity, QuantityFormat, parse_number};
pub use semver::Semver;
pub use time::Time;

use crate::document::{Document, NodeId, NodeValue};

/// What is borrowed where it lies, or shared by those that computed it.
#[derive(Debug)]
pub enum Shared<'a, T: ?Sized> {
    Borrowed(&'a T),
    Owned(Arc<T>),
}

impl<T: ?Sized> Clone for Shared<'_, T> {
    fn clone(&self) -> Self {
        match self {
            Shared::Borrowed(value) => Shared::Borrowed(value),
            Shared::Owned(value) => Shared::Owned(Arc::clone(value)),
        }
    }
}

impl<T: ?Sized> Deref for Shared<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Shared::Borrowed(value) => value,
            Shared::Owned(value) => value,
        }
    }
}

/// A value that is present, or [`Value::Missing`].
#[derive(Clone, Debug)]
pub enum Value<'a> {
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Quantity(Shared<'a, Quantity>),
    /// `25%` is 25.
    Percent(i64),
    Text(Shared<'a, str>),
    /// Nanoseconds.
    Duration(i64),
    Time(Time),
    Semver(Shared<'a, Semver>),
    Ip(IpAddr),
    Cidr(Cidr),
    List(Shared<'a, [Value<'a>]>),
    /// Keys are unique; they keep the order in which they came.
    Map(Shared<'a, [(Shared<'a, str>, Value<'a>)]>),
    /// What stands at a place of a document; a node that holds null is missing.
    Node(&'a Document, NodeId),
}

/// A value as its meaning sees it.
#[derive(Clone, Copy, Debug)]
pub enum View<'v> {
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Quantity(&'v Quantity),
    Percent(i64),
    Text(&'v str),
    Duration(i64),
    Time(Time),
    Semver(&'v Semver),
    Ip(IpAddr),
    Cidr(Cidr),
    /// Look at it with [`Value::elements`].
    List {
        len: usize,
    },
    /// Look at it with [`Value::entries`] and [`Value::entry`].
    Map {
        len: usize,
    },
}

/// A number of any type, for order and arithmetic.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    Int(i64),
    Float(f64),
    Decimal(Decimal),
}

impl Number {
    /// The number exactly; `None` for floats that are not finite.
    pub fn to_decimal(self) -> Option<Decimal> {
        match self {
            Number::Int(number) => Some(Decimal::from(number)),
            Number::Float(number) => Decimal::from_f64(number),
            Number::Decimal(number) => Some(number),
        }
    }
}

impl<'a> Value<'a> {
    pub fn text(text: impl Into<Arc<str>>) -> Value<'a> {
        Value::Text(Shared::Owned(text.into()))
    }

    pub fn list(elements: Vec<Value<'a>>) -> Value<'a> {
        Value::List(Shared::Owned(elements.into()))
    }

    /// A map of entries whose keys are unique.
    pub fn map(entries: Vec<(Shared<'a, str>, Value<'a>)>) -> Value<'a> {
        Value::Map(Shared::Owned(entries.into()))
    }

    pub fn quantity(quantity: Quantity) -> Value<'a> {
        Value::Quantity(Shared::Owned(Arc::new(quantity)))
    }

    /// The float, or missing if JSON cannot say it.
    pub fn float(number: f64) -> Value<'a> {
        if number.is_finite() { Value::Float(number) } else { Value::Missing }
    }

    /// The same value, borrowed from this one.
    pub fn borrow(&'a self) -> Value<'a> {
        match self {
            Value::Missing => Value::Missing,
            Value::Bool(value) => Value::Bool(*value),
            Value::Int(number) => Value::Int(*number),
            Value::Float(number) => Value::Float(*number),
            Value::Quantity(quantity) => Value::Quantity(Shared::Borrowed(quantity)),
            Value::Percent(number) => Value::Percent(*number),
            Value::Text(text) => Value::Text(Shared::Borrowed(text)),
            Value::Duration(nanoseconds) => Value::Duration(*nanoseconds),
            Value::Time(time) => Value::Time(*time),
            Value::Semver(semver) => Value::Semver(Shared::Borrowed(semver)),
            Value::Ip(address) => Value::Ip(*address),
            Value::Cidr(cidr) => Value::Cidr(*cidr),
            Value::List(elements) => Value::List(Shared::Borrowed(elements)),
            Value::Map(entries) => Value::Map(Shared::Borrowed(entries)),
            Value::Node(document, node) => Value::Node(document, *node),
        }
    }

    #[inline]
    pub fn view(&self) -> View<'_> {
        match self {
            Value::Missing => View::Missing,
            Value::Bool(value) => View::Bool(*value),
            Value::Int(number) => View::Int(*number),
            Value::Float(number) => View::Float(*number),
            Value::Quantity(quantity) => View::Quantity(quantity),
            Value::Percent(number) => View::Percent(*number),
            Value::Text(text) => View::Text(text),
            Value::Duration(nanoseconds) => View::Duration(*nanoseconds),
            Value::Time(time) => View::Time(*time),
            Value::Semver(semver) => View::Semver(semver),
            Value::Ip(address) => View::Ip(*address),
            Value::Cidr(cidr) => View::Cidr(*cidr),
            Value::List(elements) => View::List { len: elements.len() },
            Value::Map(entries) => View::Map { len: entries.len() },
            Value::Node(document, node) => match document.value(*node) {
                NodeValue::Null => View::Missing,
                NodeValue::Bool(value) => View::Bool(value),
                NodeValue::Int(number) => View::Int(number),
                // Kubernetes keeps integers that large as floats.
                NodeValue::Uint(number) => View::Float(number as f64),
                NodeValue::Float(number) => View::Float(number),
                NodeValue::Str(text) => View::Text(text),
                NodeValue::Seq { len } => View::List { len },
                NodeValue::Map { len } => View::Map { len },
            },
        }
    }

    pub fn is_missing(&self) -> bool {
        matches!(self.view(), View::Missing)
    }

    /// Missing, `""`, `[]` or `{}`.
    pub fn is_empty(&self) -> bool {
        match self.view() {
            View::Missing | View::Text("") | View::List { len: 0 } | View::Map { len: 0 } => true,
            View::Text(_) | View::List { .. } | View::Map { .. } => false,
            View::Bool(_) | View::Int(_) | View::Float(_) | View::Quantity(_) | View::Percent(_) => false,
            View::Duration(_) | View::Time(_) | View::Semver(_) | View::Ip(_) | View::Cidr(_) => false,
        }
    }

    /// The text, if it is text.
    #[inline]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Node(document, node) => document.as_str(*node),
            _ => None,
        }
    }

    /// The text as a value that needs no copy of it.
    pub fn to_shared_text(&self) -> Option<Shared<'a, str>> {
        match self {
            Value::Text(text) => Some(text.clone()),
            Value::Node(document, node) => document.as_str(*node).map(Shared::Borrowed),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let View::Bool(value) = self.view() { Some(value) } else { None }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self.view() {
            View::Int(number) => Some(number),
            View::Quantity(quantity) => quantity.number.to_i64(),
            _ => None,
        }
    }

    /// The number of an int, float or quantity; text is read as a quantity.
    #[inline]
    pub fn as_number(&self) -> Option<Number> {
        match self.view() {
            View::Int(number) => Some(Number::Int(number)),
            View::Float(number) => Some(Number::Float(number)),
            View::Quantity(quantity) => Some(Number::Decimal(quantity.number)),
            View::Text(text) => parse_number(text).map(Number::Decimal),
            _ => None,
        }
    }

    /// Nanoseconds of a duration; text is read as Go reads one.
    pub fn as_duration(&self) -> Option<i64> {
        match self.view() {
            View::Duration(nanoseconds) => Some(nanoseconds),
            View::Text(text) => parse_duration(text),
            _ => None,
        }
    }

    pub fn as_time(&self) -> Option<Time> {
        match self.view() {
            View::Time(time) => Some(time),
            View::Text(text) => Time::parse(text),
            _ => None,
        }
    }

    pub fn as_semver(&self) -> Option<Shared<'a, Semver>> {
        match self {
            Value::Semver(semver) => Some(semver.clone()),
            _ => Semver::parse(self.as_text()?).map(|semver| Shared::Owned(Arc::new(semver))),
        }
    }

    /// The number before the sign of `25%`.
    pub fn as_percent(&self) -> Option<i64> {
        match self.view() {
            View::Percent(number) => Some(number),
            View::Text(text) => parse_percent(text),
            _ => None,
        }
    }

    pub fn as_ip(&self) -> Option<IpAddr> {
        match self.view() {
            View::Ip(address) => Some(address),
            View::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn as_cidr(&self) -> Option<Cidr> {
        match self.view() {
            View::Cidr(cidr) => Some(cidr),
            View::Text(text) => Cidr::parse(text),
            _ => None,
        }
    }

    /// How many elements a list has; `None` if it is none.
    #[inline]
    pub fn list_len(&self) -> Option<usize> {
        if let View::List { len } = self.view() { Some(len) } else { None }
    }

    /// An element of a list; missing outside it.
    #[inline]
    pub fn element(&self, index: usize) -> Value<'a> {
        match self {
            Value::List(elements) => elements.get(index).cloned().unwrap_or(Value::Missing),
            Value::Node(document, node) => {
                document.element(*node, index).map_or(Value::Missing, |node| Value::Node(document, node))
            }
            _ => Value::Missing,
        }
    }

    /// The elements of a list in order; none for any other value.
    pub fn elements(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        (0..self.list_len().unwrap_or(0)).map(|index| self.element(index))
    }

    /// How many entries a map has; `None` if it is none.
    pub fn map_len(&self) -> Option<usize> {
        if let View::Map { len } = self.view() { Some(len) } else { None }
    }

    /// The value under a key; missing without it.
    #[inline]
    pub fn entry(&self, key: &str) -> Value<'a> {
        match self {
            Value::Map(entries) => {
                let found = entries.iter().find(|(name, _)| &**name == key);
                found.map_or(Value::Missing, |(_, value)| value.clone())
            }
            Value::Node(document, node) => {
                document.get(*node, key).map_or(Value::Missing, |node| Value::Node(document, node))
            }
            _ => Value::Missing,
        }
    }

    /// The entries of a map in the order in which they stand there; none for any other value.
    pub fn entries(&self) -> Vec<(Shared<'a, str>, Value<'a>)> {
        match self {
            Value::Map(entries) => entries.to_vec(),
            Value::Node(document, node) => document
                .entries(*node)
                .map(|(key, _, value)| (Shared::Borrowed(key), Value::Node(document, value)))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The entries of a map by their sorted keys; those whose value is missing are left out.
    pub fn sorted_entries(&self) -> Vec<(Shared<'a, str>, Value<'a>)> {
        let mut entries = self.entries();
        entries.retain(|(_, value)| !value.is_missing());
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        entries
    }
}

impl<T: ?Sized + PartialEq> PartialEq for Shared<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: ?Sized + Eq> Eq for Shared<'_, T> {}

impl<T: ?Sized + PartialOrd> PartialOrd for Shared<'_, T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: ?Sized + Ord> Ord for Shared<'_, T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (**self).cmp(&**other)
    }
}

/// The number before the sign of `25%`: digits only, as an IntOrString has it.
pub fn parse_percent(text: &str) -> Option<i64> {
    let digits = text.strip_suffix('%')?;
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if valid { digits.parse().ok() } else { None }
}
