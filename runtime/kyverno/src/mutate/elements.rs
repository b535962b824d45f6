//! Elements of lists, told by the values that they have under some keys.

use super::PatchError;
use super::tree::{Id, Kind, Tree};

/// Keys with the values that an element has under them. The empty key tells a scalar by itself.
pub(super) struct KeyValues<'k> {
    pub(super) keys: Vec<&'k str>,
    /// Elements without some key have less values.
    pub(super) values: Vec<String>,
}

impl<'k> KeyValues<'k> {
    pub(super) fn one(key: &'k str, value: &str) -> KeyValues<'k> {
        KeyValues { keys: vec![key], values: vec![value.to_owned()] }
    }

    /// Those keys under which any element has a value; all if none has.
    pub(super) fn valid(keys: &[&'k str], all: &[Vec<String>], values: &[String]) -> KeyValues<'k> {
        let has_value =
            |at: usize| all.iter().any(|values| values.get(at).is_some_and(|value| !value.is_empty()));
        let mut used: Vec<usize> = (0..keys.len()).filter(|at| has_value(*at)).collect();
        if used.is_empty() {
            used = (0..keys.len()).collect();
        }
        KeyValues {
            keys: used.iter().map(|at| keys[*at]).collect(),
            values: used.iter().filter_map(|at| values.get(*at).cloned()).collect(),
        }
    }
}

/// The first element with these values, each as it is written.
pub(super) fn matching(tree: &Tree, list: Id, told_by: &KeyValues<'_>) -> Option<Id> {
    let KeyValues { keys, values } = told_by;
    let elements = tree.elements(list).iter().copied();
    if keys.first().is_none_or(|key| key.is_empty()) {
        let text = values.first().map_or("", |value| value);
        return elements.into_iter().find(|element| tree.scalar_text(*element) == text);
    }
    elements.into_iter().find(|element| {
        tree.is_map(*element)
            && keys.iter().zip(values).all(|(key, value)| {
                tree.field(*element, key).is_some_and(|field| tree.scalar_text(field) == value)
            })
    })
}

/// Puts an element in the places of all those with these values, or after the others; without one takes them away.
///
/// An empty value is that of any element that has the key. Where a key has no value at all, it is that of the key before
/// it which decides; and without any value nothing is kept. Elements without content never are.
///
/// # Errors
/// An element is of another kind than those with such keys.
pub(super) fn put(
    tree: &mut Tree,
    list: Id,
    element: Option<Id>,
    told_by: &KeyValues<'_>,
) -> Result<(), PatchError> {
    let KeyValues { keys, values } = told_by;
    let is_of_maps = keys.first().is_some_and(|key| !key.is_empty())
        && values.first().is_some_and(|value| !value.is_empty());
    let mut kept = Vec::new();
    let mut is_found = false;
    for standing in tree.elements(list).to_vec() {
        if tree.is_null_or_empty_map(standing) {
            continue;
        }
        if is_of_maps && !tree.is_map(standing) {
            kept.push(standing);
            continue;
        }
        let mut is_meant = !keys.is_empty() && !values.is_empty();
        for (key, value) in keys.iter().zip(values) {
            if !has_value(tree, standing, key, value)? {
                is_meant = false;
                break;
            }
        }
        if is_meant {
            is_found = true;
            kept.extend(element);
        } else if !values.is_empty() {
            kept.push(standing);
        }
    }
    if !is_found {
        kept.extend(element.filter(|element| !tree.is_null(*element)));
    }
    if let Some(elements) = tree.elements_mut(list) {
        *elements = kept;
    }
    Ok(())
}

fn has_value(tree: &Tree, element: Id, key: &str, value: &str) -> Result<bool, PatchError> {
    if key.is_empty() {
        tree.expect(element, Kind::Scalar)?;
        return Ok(tree.scalar_text(element) == value);
    }
    tree.expect(element, Kind::Map)?;
    let field = tree.field(element, key);
    Ok(field.is_some_and(|field| value.is_empty() || tree.scalar_text(field) == value))
}
