//! Operations on lists and maps. Elements that are missing (null) count for nothing, except in `count` and
//! `index`, which speak of places.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::number;
use crate::budget::{Budget, OverBudget};
use crate::value::{Shared, Value, View, canonical_json, compare_numbers};

pub(super) fn count<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let len = match a.view() {
        View::List { len } | View::Map { len } => len,
        View::Text(text) => {
            budget.spend_text(text.len())?;
            text.chars().count()
        }
        _ => return Ok(Value::Missing),
    };
    Ok(Value::Int(len as i64))
}

/// The elements that are present; `None` if it is no list.
fn present<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Option<Vec<Value<'a>>>, OverBudget> {
    let Some(len) = a.list_len() else { return Ok(None) };
    budget.spend(len as u64)?;
    Ok(Some(a.elements().filter(|element| !element.is_missing()).collect()))
}

pub(super) fn sum<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let Some(elements) = present(a, budget)? else { return Ok(Value::Missing) };
    let mut elements = elements.into_iter();
    let Some(first) = elements.next() else { return Ok(Value::Int(0)) };
    // A lone element has to be a number or a duration too.
    let first = match first.view() {
        View::Duration(_) => first,
        _ => number::plus(&Value::Int(0), &first),
    };
    Ok(elements.fold(first, |total, element| number::plus(&total, &element)))
}

/// The order of two values of one kind; `None` if they have none.
fn order(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a.view(), b.view()) {
        (
            View::Int(_) | View::Float(_) | View::Quantity(_),
            View::Int(_) | View::Float(_) | View::Quantity(_),
        ) => compare_numbers(a.as_number(), b.as_number()),
        (View::Text(a), View::Text(b)) => Some(a.cmp(b)),
        (View::Duration(a), View::Duration(b)) => Some(a.cmp(&b)),
        (View::Time(a), View::Time(b)) => Some(a.cmp(&b)),
        (View::Semver(a), View::Semver(b)) => Some(a.precedence(b)),
        (View::Percent(a), View::Percent(b)) => Some(a.cmp(&b)),
        _ => None,
    }
}

/// The first of the smallest or largest elements; missing for an empty list and where there is no order.
pub(super) fn extreme<'a>(
    a: &Value<'a>,
    wanted: Ordering,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let Some(elements) = present(a, budget)? else { return Ok(Value::Missing) };
    let mut elements = elements.into_iter();
    let Some(mut best) = elements.next() else { return Ok(Value::Missing) };
    if order(&best, &best).is_none() {
        return Ok(Value::Missing);
    }
    for element in elements {
        match order(&element, &best) {
            Some(ordering) if ordering == wanted => best = element,
            Some(_) => {}
            None => return Ok(Value::Missing),
        }
    }
    Ok(best)
}

pub(super) fn sort<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let Some(mut elements) = present(a, budget)? else { return Ok(Value::Missing) };
    let len = elements.len() as u64;
    budget.spend(len.saturating_mul(u64::from(64 - len.leading_zeros())))?;
    if let Some(first) = elements.first()
        && elements.iter().any(|element| order(first, element).is_none())
    {
        return Ok(Value::Missing);
    }
    elements.sort_by(|a, b| order(a, b).unwrap_or(Ordering::Equal));
    Ok(Value::list(elements))
}

/// The first of each group of equal elements.
pub(super) fn distinct<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let Some(elements) = present(a, budget)? else { return Ok(Value::Missing) };
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for element in elements {
        if seen.insert(canonical_json(&element, budget)?) {
            kept.push(element);
        }
    }
    Ok(Value::list(kept))
}

pub(super) fn reverse<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let Some(mut elements) = present(a, budget)? else { return Ok(Value::Missing) };
    elements.reverse();
    Ok(Value::list(elements))
}

type Entries<'a> = Vec<(Shared<'a, str>, Value<'a>)>;

fn entries<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Option<Entries<'a>>, OverBudget> {
    let Some(len) = a.map_len() else { return Ok(None) };
    budget.spend(len as u64)?;
    Ok(Some(a.sorted_entries()))
}

pub(super) fn keys<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    Ok(match entries(a, budget)? {
        Some(entries) => Value::list(entries.into_iter().map(|(key, _)| Value::Text(key)).collect()),
        None => Value::Missing,
    })
}

pub(super) fn values<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    Ok(match entries(a, budget)? {
        Some(entries) => Value::list(entries.into_iter().map(|(_, value)| value).collect()),
        None => Value::Missing,
    })
}

pub(super) fn without<'a>(
    a: &Value<'a>,
    key: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let (Some(mut entries), Some(key)) = (entries(a, budget)?, key.as_text()) else {
        return Ok(Value::Missing);
    };
    entries.retain(|(name, _)| &**name != key);
    Ok(Value::map(entries))
}

pub(super) fn merge<'a>(a: &Value<'a>, b: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let (Some(left), Some(right)) = (entries(a, budget)?, entries(b, budget)?) else {
        return Ok(Value::Missing);
    };
    budget.text_len(left.len() + right.len())?;
    let mut merged = left;
    let places: HashMap<String, usize> =
        merged.iter().enumerate().map(|(place, (key, _))| (key.to_string(), place)).collect();
    for (key, value) in right {
        match places.get(&*key) {
            Some(place) => merged[*place].1 = value,
            None => merged.push((key, value)),
        }
    }
    Ok(Value::map(merged))
}

/// An element by number, negative from the end, or an entry by key.
pub(super) fn index<'a>(
    a: &Value<'a>,
    place: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let found = match (a.view(), place.view()) {
        (View::List { len }, _) => {
            place.as_int().and_then(|number| element_place(number, len)).map(|at| a.element(at))
        }
        (View::Map { len }, View::Text(key)) => {
            budget.spend(len as u64 / 8)?;
            Some(a.entry(key))
        }
        _ => None,
    };
    Ok(found.filter(|value| !value.is_missing()).unwrap_or(Value::Missing))
}

/// The place of an element by number; negative numbers count from the end.
pub(crate) fn element_place(number: i64, len: usize) -> Option<usize> {
    let place = if number < 0 { number.checked_add(i64::try_from(len).ok()?)? } else { number };
    usize::try_from(place).ok().filter(|place| *place < len)
}
