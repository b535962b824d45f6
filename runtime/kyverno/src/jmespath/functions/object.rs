//! Functions on maps, and on what may be a map or a list.

use aipc_runtime::value::Shared;

use super::{Answer, argument_at, golang, is_list, other, panic, text_at};
use crate::go_text::float_g;
use crate::jmespath::interpret::Evaluation;
use crate::json::{Entry, Json, View};

/// By sorted keys; Kyverno's order is random.
pub(super) fn keys<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let entries = argument_at(arguments, 0)?.entries();
    evaluation.spend(entries.len())?;
    Ok(Json::list(entries.into_iter().map(|(key, _)| Json::Text(key)).collect()))
}

/// By sorted keys; Kyverno's order is random.
pub(super) fn values<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let entries = argument_at(arguments, 0)?.entries();
    evaluation.spend(entries.len())?;
    Ok(Json::list(entries.into_iter().map(|(_, value)| value).collect()))
}

/// Of equal keys the last one counts. Kyverno: what is no map makes it panic.
pub(super) fn merge<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    for map in arguments {
        if !map.is_map() {
            return panic("interface conversion: interface {} is not map[string]interface {}");
        }
        entries.extend(map.entries());
        evaluation.spend(entries.len())?;
    }
    Ok(Json::map(entries))
}

/// Kyverno: an integer, and what `items` makes, are of no type that it knows.
pub(super) fn type_name<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let value = argument_at(arguments, 0)?;
    Ok(Json::Text(Shared::Borrowed(match value.view() {
        View::Null => "null",
        View::Bool(_) => "boolean",
        View::Float(_) => "number",
        View::Text(_) => "string",
        View::Map { .. } => "object",
        View::List { .. } if !value.is_records() => "array",
        View::List { .. } | View::Int(_) => return other("unknown type"),
    })))
}

/// Whether the second map has all entries of the first.
pub(super) fn label_match<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (wanted, labels) = (argument_at(arguments, 0)?, argument_at(arguments, 1)?);
    for (key, value) in wanted.entries() {
        match labels.get(&key) {
            Some(label) if evaluation.equal(&value, &label)? => {}
            _ => return Ok(Json::Bool(false)),
        }
    }
    Ok(Json::Bool(true))
}

/// What a map has under a key, or a list at a place; null where there is nothing.
pub(super) fn lookup<'a>(arguments: &[Json<'a>], _: &mut Evaluation) -> Answer<'a> {
    let (value, key) = (argument_at(arguments, 0)?, argument_at(arguments, 1)?);
    if value.is_map() {
        return match key.as_text() {
            Some(key) => Ok(value.get(key).unwrap_or(Json::Null)),
            None => other("JMESPath function 'lookup': argument #2 is not of type String"),
        };
    }
    if value.is_records() {
        return other("JMESPath function 'lookup': argument #1 is not of type Object or Array");
    }
    let View::Float(number) = key.view() else {
        return other("JMESPath function 'lookup': argument #2 is not of type Number");
    };
    let place = golang::to_int(number);
    if number.trunc() != number {
        let number = float_g(number);
        return other(format!(
            "JMESPath function 'lookup': argument #2: expected an integer number but got: {number}"
        ));
    }
    if place as f64 != number {
        let number = float_g(number);
        return other(format!(
            "JMESPath function 'lookup': argument #2: number is outside the range of integer numbers: {number}"
        ));
    }
    Ok(usize::try_from(place).ok().and_then(|place| value.element(place)).unwrap_or(Json::Null))
}

/// A map for each entry, by sorted keys, or for each element with its place.
pub(super) fn items<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let value = argument_at(arguments, 0)?;
    let key_name: std::sync::Arc<str> = text_at(arguments, 1)?.into();
    let value_name: std::sync::Arc<str> = text_at(arguments, 2)?.into();
    if value.is_records() {
        return other("JMESPath function 'items': argument #1 is not of type Object or Array");
    }
    let record = |key: Json<'a>, value: Json<'a>| {
        Json::map(vec![(Shared::Owned(key_name.clone()), key), (Shared::Owned(value_name.clone()), value)])
    };
    let records: Vec<Json<'a>> = if value.is_map() {
        value.entries().into_iter().map(|(key, value)| record(Json::Text(key), value)).collect()
    } else {
        value.elements().enumerate().map(|(at, value)| record(Json::Float(at as f64), value)).collect()
    };
    evaluation.spend(3 * records.len())?;
    Ok(Json::Records(Shared::Owned(records.into())))
}

/// Keys of the first list with the values of the second; null where that is shorter.
pub(super) fn object_from_lists<'a>(arguments: &[Json<'a>], evaluation: &mut Evaluation) -> Answer<'a> {
    let (keys, values) = (argument_at(arguments, 0)?, argument_at(arguments, 1)?);
    for (at, list) in [keys, values].into_iter().enumerate() {
        if !is_list(list) {
            let at = at + 1;
            return other(format!(
                "JMESPath function 'object_from_lists': argument #{at} is not of type Array"
            ));
        }
    }
    evaluation.spend(2 * keys.list_len().unwrap_or(0))?;
    let mut entries = Vec::with_capacity(keys.list_len().unwrap_or(0));
    for (at, key) in keys.elements().enumerate() {
        let name = match key.view() {
            View::Text(_) => key.to_text(),
            View::Bool(value) => Some(Shared::Borrowed(if value { "true" } else { "false" })),
            View::Float(number) => Some(Shared::Owned(golang::short_float_text(number).into())),
            View::Null | View::Int(_) | View::List { .. } | View::Map { .. } => None,
        };
        let Some(name) = name else {
            return other("JMESPath function 'object_from_lists': argument #1 is not of type StringArray");
        };
        entries.push((name, values.element(at).unwrap_or(Json::Null)));
    }
    Ok(Json::map(entries))
}
