//! Comparisons and tests: the questions whose answer is yes or no. With a missing operand it is no.

use std::cmp::Ordering;

use super::{Comparison, Domain, Test};
use crate::budget::{Budget, OverBudget};
use crate::value::{Number, Value, View, compare_numbers, json_equal};

/// Whether two values compare so in a domain.
///
/// # Errors
/// The budget is used up: texts and whole values cost by their size.
#[inline]
pub fn compare(
    comparison: Comparison,
    domain: Domain,
    left: &Value<'_>,
    right: &Value<'_>,
    budget: &mut Budget,
) -> Result<bool, OverBudget> {
    let ordering = match domain {
        Domain::Bool => pair(left.as_bool(), right.as_bool()).filter(|_| comparison == Comparison::Equal),
        Domain::Number => compare_numbers(left.as_number(), right.as_number()),
        Domain::Text => match (left.as_text(), right.as_text()) {
            (Some(left), Some(right)) => {
                budget.spend_text(left.len().min(right.len()))?;
                Some(left.cmp(right))
            }
            _ => None,
        },
        Domain::Duration => pair(left.as_duration(), right.as_duration()),
        Domain::Time => pair(left.as_time(), right.as_time()),
        Domain::Semver => match (left.as_semver(), right.as_semver()) {
            (Some(left), Some(right)) => Some(left.precedence(&right)),
            _ => None,
        },
        Domain::Percent => pair(left.as_percent(), right.as_percent()),
        Domain::Ip => {
            let addresses = || pair(left.as_ip(), right.as_ip()).map(Ordering::is_eq);
            let networks = || left.as_cidr().zip(right.as_cidr()).map(|(left, right)| left == right);
            let equal = addresses().or_else(networks);
            return Ok(comparison == Comparison::Equal && equal == Some(true));
        }
        Domain::Json => {
            if comparison != Comparison::Equal || left.is_missing() || right.is_missing() {
                return Ok(false);
            }
            return json_equal(left, right, budget);
        }
    };
    Ok(ordering.is_some_and(|ordering| comparison.accepts(ordering)))
}

fn pair<T: Ord>(left: Option<T>, right: Option<T>) -> Option<Ordering> {
    Some(left?.cmp(&right?))
}

/// The answer of a test.
///
/// # Errors
/// As [`compare`].
pub fn test(test: Test, arguments: &[Value<'_>], budget: &mut Budget) -> Result<bool, OverBudget> {
    match (test, arguments) {
        (Test::InList, [value, list]) => in_list(value, list, budget),
        (Test::InListNumber, [value, list]) => in_list_number(value, list, budget),
        (Test::InMap, [key, map]) => match key.as_text() {
            Some(key) => {
                budget.spend(map.map_len().unwrap_or(0) as u64 / 8)?;
                Ok(!map.entry(key).is_missing())
            }
            None => Ok(false),
        },
        (Test::InText, [inner, outer]) => match (inner.as_text(), outer.as_text()) {
            (Some(inner), Some(outer)) => {
                budget.spend_text(outer.len())?;
                Ok(memchr::memmem::find(outer.as_bytes(), inner.as_bytes()).is_some())
            }
            _ => Ok(false),
        },
        (Test::InRange, [value, low, high]) => {
            let value = value.as_number();
            let above = compare_numbers(low.as_number(), value).is_some_and(Ordering::is_le);
            Ok(above && compare_numbers(value, high.as_number()).is_some_and(Ordering::is_le))
        }
        (Test::InCidr, [address, network]) => Ok(network
            .as_cidr()
            .zip(address.as_ip())
            .is_some_and(|(network, address)| network.contains(address))),
        (Test::CidrInCidr, [inner, outer]) => Ok(outer
            .as_cidr()
            .zip(inner.as_cidr())
            .is_some_and(|(outer, inner)| outer.contains_network(inner))),
        // A wrong number of arguments.
        _ => Ok(false),
    }
}

fn in_list(value: &Value<'_>, list: &Value<'_>, budget: &mut Budget) -> Result<bool, OverBudget> {
    if value.is_missing() {
        return Ok(false);
    }
    // Text among texts is the common case.
    let text = if let View::Text(text) = value.view() { Some(text) } else { None };
    for element in list.elements() {
        budget.spend(1)?;
        let equal = match (text, element.as_text()) {
            (Some(text), Some(element)) => text == element,
            _ => !element.is_missing() && json_equal(value, &element, budget)?,
        };
        if equal {
            return Ok(true);
        }
    }
    Ok(false)
}

fn in_list_number(value: &Value<'_>, list: &Value<'_>, budget: &mut Budget) -> Result<bool, OverBudget> {
    let Some(number): Option<Number> = value.as_number() else { return Ok(false) };
    for element in list.elements() {
        budget.spend(1)?;
        if compare_numbers(Some(number), element.as_number()) == Some(Ordering::Equal) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether value or presence differ.
///
/// # Errors
/// As [`compare`].
pub fn changed(now: &Value<'_>, before: &Value<'_>, budget: &mut Budget) -> Result<bool, OverBudget> {
    match (now.is_missing(), before.is_missing()) {
        (true, true) => Ok(false),
        (false, false) => Ok(!json_equal(now, before, budget)?),
        (true, false) | (false, true) => Ok(true),
    }
}
