//! Functions on lists.

use std::cmp::Ordering;

use super::{Answer, Each, argument_at, is_list, other, panic, text_at};
use crate::jmespath::interpret::Evaluation;
use crate::json::{Json, View};

/// Characters of a text, elements of a list, entries of a map.
pub(super) fn length<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    match argument_at(arguments, 0)?.view() {
        View::Text(text) => Ok(Json::Float(text.chars().count() as f64)),
        View::List { len } | View::Map { len } => Ok(Json::Float(len as f64)),
        View::Null | View::Bool(_) | View::Int(_) | View::Float(_) => other("could not compute length()"),
    }
}

/// Kyverno: elements are compared as Go compares interfaces, which panics for two lists and for two maps.
pub(super) fn contains<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (list, wanted) = (argument_at(arguments, 0)?, argument_at(arguments, 1)?);
    if let Some(text) = list.as_text() {
        return Ok(Json::Bool(wanted.as_text().is_some_and(|wanted| text.contains(wanted))));
    }
    if list.is_records() {
        return panic("interface conversion: interface {} is []map[string]interface {}, not []interface {}");
    }
    evaluation.spend(list.list_len().unwrap_or(0))?;
    for element in list.elements() {
        let equal = match (element.view(), wanted.view()) {
            (View::Map { .. }, View::Map { .. }) => {
                return panic("runtime error: comparing uncomparable type map[string]interface {}");
            }
            (View::List { .. }, View::List { .. }) if element.is_records() == wanted.is_records() => {
                return panic("runtime error: comparing uncomparable type []interface {}");
            }
            (View::List { .. }, View::List { .. }) => false,
            (element, wanted) => element == wanted,
        };
        if equal {
            return Ok(Json::Bool(true));
        }
    }
    Ok(Json::Bool(false))
}

pub(super) fn join<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (separator, list) = (text_at(arguments, 0)?, argument_at(arguments, 1)?);
    let len = list.elements().filter_map(|element| Some(element.as_text()?.len() + separator.len())).sum();
    evaluation.spend(list.list_len().unwrap_or(0))?;
    evaluation.make(len)?;
    let mut joined = String::with_capacity(len);
    for (at, element) in list.elements().enumerate() {
        if at > 0 {
            joined.push_str(separator);
        }
        joined.push_str(element.as_text().unwrap_or_default());
    }
    Ok(Json::text(joined))
}

pub(super) fn reverse<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let value = argument_at(arguments, 0)?;
    if let Some(text) = value.as_text() {
        evaluation.make(text.len())?;
        return Ok(Json::text(text.chars().rev().collect::<String>()));
    }
    if value.is_records() {
        return panic("interface conversion: interface {} is []map[string]interface {}, not []interface {}");
    }
    evaluation.spend(value.list_len().unwrap_or(0))?;
    Ok(Json::list(value.elements().rev().collect()))
}

/// A list as it is, anything else as the only element of one.
pub(super) fn to_array<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let value = argument_at(arguments, 0)?;
    Ok(if is_list(value) { value.clone() } else { Json::list(vec![value.clone()]) })
}

pub(super) fn not_null<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    Ok(arguments.iter().find(|value| !value.is_null()).cloned().unwrap_or(Json::Null))
}

/// The first of the largest.
pub(super) fn max<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    best(argument_at(arguments, 0)?, Ordering::Greater, evaluation)
}

/// The first of the smallest.
pub(super) fn min<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    best(argument_at(arguments, 0)?, Ordering::Less, evaluation)
}

fn best<'a>(list: &Json<'a>, better: Ordering, evaluation: &mut Evaluation) -> Answer<'a> {
    evaluation.spend(list.list_len().unwrap_or(0))?;
    let mut best: Option<Json<'a>> = None;
    for element in list.elements() {
        if best.as_ref().is_none_or(|best| element.partial_cmp(best) == Some(better)) {
            best = Some(element);
        }
    }
    Ok(best.unwrap_or(Json::Null))
}

/// Numbers that are none come first.
pub(super) fn sort<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let list = argument_at(arguments, 0)?;
    evaluation.spend(list.list_len().unwrap_or(0))?;
    let mut elements: Vec<Json<'a>> = list.elements().collect();
    elements.sort_by(order);
    Ok(Json::list(elements))
}

fn order(a: &Json<'_>, b: &Json<'_>) -> Ordering {
    let is_nan = |value: &Json<'_>| matches!(value.view(), View::Float(number) if number.is_nan());
    a.partial_cmp(b).unwrap_or_else(|| is_nan(b).cmp(&is_nan(a)))
}

/// What the expression makes of each element, nulls included.
pub(super) fn map<'a>(list: &Json<'a>, each: Each<'_, 'a>) -> Answer<'a> {
    Ok(Json::list(list.elements().map(each).collect::<Result<_, _>>()?))
}

pub(super) fn max_by<'a>(list: &Json<'a>, each: Each<'_, 'a>) -> Answer<'a> {
    best_by(list, each, Ordering::Greater)
}

pub(super) fn min_by<'a>(list: &Json<'a>, each: Each<'_, 'a>) -> Answer<'a> {
    best_by(list, each, Ordering::Less)
}

fn best_by<'a>(list: &Json<'a>, each: Each<'_, 'a>, better: Ordering) -> Answer<'a> {
    let mut elements = list.elements();
    let Some(mut best) = elements.next() else { return Ok(Json::Null) };
    if list.list_len() == Some(1) {
        return Ok(best);
    }
    let mut best_key = each(best.clone())?;
    let is_number = is_number_key(&best_key)?;
    for element in elements {
        let key = each(element.clone())?;
        match key.view() {
            View::Float(_) if is_number => {}
            View::Text(_) if !is_number => {}
            _ if is_number => return other("invalid type, must be number"),
            _ => return other("invalid type, must be string"),
        }
        if key.partial_cmp(&best_key) == Some(better) {
            (best, best_key) = (element, key);
        }
    }
    Ok(best)
}

/// Whether keys are numbers; otherwise they are text.
fn is_number_key(first: &Json<'_>) -> Result<bool, super::SearchError> {
    match first.view() {
        View::Float(_) => Ok(true),
        View::Text(_) => Ok(false),
        View::Null | View::Bool(_) | View::Int(_) | View::List { .. } | View::Map { .. } => {
            other("invalid type, must be number of string")
        }
    }
}

/// A sorted list. Kyverno sorts the list that it was given as well, which we leave alone.
pub(super) fn sort_by<'a>(list: &Json<'a>, each: Each<'_, 'a>) -> Answer<'a> {
    if list.list_len().is_some_and(|len| len < 2) {
        return Ok(list.clone());
    }
    let mut keyed = Vec::with_capacity(list.list_len().unwrap_or(0));
    let mut is_number = None;
    let mut wrong = false;
    for element in list.elements() {
        let key = match each(element.clone()) {
            Ok(key) => key,
            // The first element is asked before the others are compared.
            Err(super::SearchError::Other(_)) if is_number.is_some() => Json::Null,
            Err(error) => return Err(error),
        };
        let is_number = match is_number {
            Some(is_number) => is_number,
            None => *is_number.insert(is_number_key(&key)?),
        };
        wrong |= match key.view() {
            View::Float(_) => !is_number,
            View::Text(_) => is_number,
            _ => true,
        };
        keyed.push((key, element));
    }
    if wrong {
        return other("error in sort_by comparison");
    }
    keyed.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    Ok(Json::list(keyed.into_iter().map(|(_, element)| element).collect()))
}
