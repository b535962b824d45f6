//! Operations on text. Positions count Unicode scalar values.

use crate::budget::{Budget, OverBudget};
use crate::regular_expression;
use crate::value::{Shared, Value, View, scalar_text};

/// Steps that compiling a regular expression costs.
const COMPILE_COST: u64 = 10_000;

fn made<'a>(text: String, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    budget.text_len(text.len())?;
    budget.spend_text(text.len())?;
    Ok(Value::text(text))
}

/// Character by character, as Go does; a character without a single counterpart of the other case stays.
pub(super) fn lower<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    match a.as_text() {
        // The capital dotted I is the one whose lower case has a second character; Go leaves that away.
        Some(text) => made(text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect(), budget),
        None => Ok(Value::Missing),
    }
}

pub(super) fn upper<'a>(a: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let single = |c: char| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(upper), None) => upper,
            _ => c,
        }
    };
    match a.as_text() {
        Some(text) => made(text.chars().map(single).collect(), budget),
        None => Ok(Value::Missing),
    }
}

/// The texts of scalars with a separator between them; missing if an element is a list or map.
pub(super) fn join<'a>(
    a: &Value<'a>,
    separator: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let (Some(len), Some(separator)) = (a.list_len(), separator.as_text()) else { return Ok(Value::Missing) };
    budget.spend(len as u64)?;
    let mut joined = String::new();
    let mut first = true;
    for element in a.elements().filter(|element| !element.is_missing()) {
        if !first {
            joined.push_str(separator);
        }
        first = false;
        match (element.as_text(), scalar_text(&element)) {
            (Some(text), _) => joined.push_str(text),
            (None, Some(text)) => joined.push_str(&text),
            (None, None) => return Ok(Value::Missing),
        }
        budget.text_len(joined.len())?;
    }
    made(joined, budget)
}

/// The pieces between separators; with an empty separator the single characters.
pub(super) fn split<'a>(
    a: &Value<'a>,
    separator: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let (Some(text), Some(separator)) = (a.to_shared_text(), separator.as_text()) else {
        return Ok(Value::Missing);
    };
    // Each piece costs a value, so a text of separators costs a step for each.
    let pieces = if separator.is_empty() { text.len() } else { text.matches(separator).count() };
    budget.spend(pieces as u64)?;
    budget.spend_text(text.len())?;
    let piece = |piece: &str| Value::text(piece);
    Ok(Value::list(match (&text, separator.is_empty()) {
        (Shared::Borrowed(text), true) => text
            .char_indices()
            .map(|(at, c)| Value::Text(Shared::Borrowed(&text[at..at + c.len_utf8()])))
            .collect(),
        (Shared::Borrowed(text), false) => {
            text.split(separator).map(|piece| Value::Text(Shared::Borrowed(piece))).collect()
        }
        (Shared::Owned(text), true) => text.chars().map(|c| Value::text(c.to_string())).collect(),
        (Shared::Owned(text), false) => text.split(separator).map(piece).collect(),
    }))
}

/// Without any of the characters at both ends.
pub(super) fn trim<'a>(
    a: &Value<'a>,
    characters: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let (Some(text), Some(characters)) = (a.to_shared_text(), characters.as_text()) else {
        return Ok(Value::Missing);
    };
    budget.spend((text.len() as u64).saturating_mul(characters.len() as u64) / 32)?;
    let is_trimmed = |c: char| characters.contains(c);
    Ok(match text {
        Shared::Borrowed(text) => Value::Text(Shared::Borrowed(text.trim_matches(is_trimmed))),
        Shared::Owned(text) => Value::text(text.trim_matches(is_trimmed)),
    })
}

/// All occurrences; an empty `old` stands before each character and at the end.
pub(super) fn replace<'a>(
    a: &Value<'a>,
    old: &Value<'a>,
    new: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let (Some(text), Some(old), Some(new)) = (a.as_text(), old.as_text(), new.as_text()) else {
        return Ok(Value::Missing);
    };
    budget.spend_text(text.len())?;
    // The length is reckoned before the text is made.
    budget.text_len(text.len().saturating_add(text.matches(old).count().saturating_mul(new.len())))?;
    made(text.replace(old, new), budget)
}

/// From `start` up to and without `end`; places outside the text count as its ends.
pub(super) fn substring<'a>(
    a: &Value<'a>,
    start: &Value<'a>,
    end: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let (Some(text), Some(start), Some(end)) = (a.to_shared_text(), start.as_int(), end.as_int()) else {
        return Ok(Value::Missing);
    };
    budget.spend_text(text.len())?;
    let place = |number: i64| {
        let number = usize::try_from(number.max(0)).unwrap_or(usize::MAX);
        text.char_indices().nth(number).map_or(text.len(), |(at, _)| at)
    };
    let (from, to) = (place(start), place(end));
    let range = from..to.max(from);
    Ok(match &text {
        Shared::Borrowed(text) => Value::Text(Shared::Borrowed(&text[range])),
        Shared::Owned(text) => Value::text(&text[range]),
    })
}

/// What a group of the first match caught; the group by number or name. Missing where the expression does not
/// match, the group took no part, or the expression is none.
pub(super) fn match_group<'a>(
    a: &Value<'a>,
    pattern: &Value<'a>,
    group: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let Some(pattern) = pattern.as_text() else { return Ok(Value::Missing) };
    budget.spend(COMPILE_COST)?;
    match regular_expression::compile(pattern) {
        Ok(regex) => caught(a, &regex, regular_expression::cost_per_byte(pattern), group, budget),
        Err(_) => Ok(Value::Missing),
    }
}

/// As [`match_group`], with an expression that is ready, and the steps it costs for each byte of text.
pub(crate) fn caught<'a>(
    a: &Value<'a>,
    regex: &regex::Regex,
    cost_per_byte: u64,
    group: &Value<'a>,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let Some(text) = a.as_text() else { return Ok(Value::Missing) };
    budget.spend((text.len() as u64).saturating_mul(cost_per_byte))?;
    let Some(captures) = regex.captures(text) else { return Ok(Value::Missing) };
    let group = match group.view() {
        View::Text(name) => captures.name(name),
        _ => group.as_int().and_then(|number| captures.get(usize::try_from(number).ok()?)),
    };
    Ok(group.map_or(Value::Missing, |group| Value::text(group.as_str())))
}

/// The texts of values after each other: scalars as they are, lists and maps as JSON. A missing one is no
/// text if `lenient`; otherwise the whole is missing.
pub(crate) fn interpolate<'a>(
    values: &[Value<'a>],
    lenient: bool,
    budget: &mut Budget,
) -> Result<Value<'a>, OverBudget> {
    let mut text = String::new();
    for value in values {
        match value.view() {
            View::Missing if lenient => {}
            View::Missing => return Ok(Value::Missing),
            View::Text(piece) => text.push_str(piece),
            View::List { .. } | View::Map { .. } => text.push_str(&crate::value::json_text(value, budget)?),
            _ => text.push_str(&scalar_text(value).unwrap_or_default()),
        }
        budget.text_len(text.len())?;
    }
    made(text, budget)
}

/// The elements of lists after each other; what is no list adds none.
pub(crate) fn concat<'a>(lists: &[Value<'a>], budget: &mut Budget) -> Result<Value<'a>, OverBudget> {
    let len = lists.iter().filter_map(Value::list_len).sum::<usize>();
    budget.text_len(len)?;
    budget.spend(len as u64)?;
    Ok(Value::list(lists.iter().flat_map(|list| list.elements().collect::<Vec<_>>()).collect()))
}
