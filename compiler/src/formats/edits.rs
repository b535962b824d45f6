//! Edits of `mutate`, before they are written for a target: where they write, and in which order.

use super::Unsupported;
use crate::ir::*;

/// Edits of fields first, then elements that go, then elements that come: so numbers of elements stay what they were.
///
/// # Errors
/// Edits that would not do the same in that order.
pub fn in_order(mut edits: Vec<Edit>) -> Result<Vec<Edit>, Unsupported> {
    let class = |edit: &Edit| match &edit.change {
        Change::Insert { .. } => 2,
        Change::Remove { .. } if removes_element(edit) => 1,
        Change::Put { .. } | Change::Remove { .. } => 0,
    };
    for (at, later) in edits.iter().enumerate() {
        for earlier in &edits[..at] {
            let (before, after) = (written_to(earlier), written_to(later));
            let related = is_within(&before, &after) || is_within(&after, &before);
            let in_way = match (class(earlier), class(later)) {
                // The second would count elements that the first has moved.
                (1, 1) => before == after,
                // A field of an element, before the element goes or others come.
                (1, 0) | (2, 0) => related && !is_below_element(&after, list_of(&before)),
                // Elements that were there go before others come.
                (2, 1) => related && list_of(&before) != list_of(&after),
                _ => false,
            };
            if in_way {
                let reason = "another edit of the rule writes the same place; make two rules of them";
                return Err(Unsupported { span: later.origin, reason });
            }
        }
    }
    edits.sort_by_key(class);
    Ok(edits)
}

/// The list that grows or that an element leaves.
pub fn list_of(place: &[String]) -> &[String] {
    match place {
        [list @ .., last] if last == EACH => list,
        list => list,
    }
}

/// Whether a place lies in an element of a list.
pub fn is_below_element(place: &[String], list: &[String]) -> bool {
    place.len() > list.len() && place.starts_with(list) && place[list.len()] == EACH
}

/// Stands for each element of a list, or each entry of a map.
pub const EACH: &str = "[*]";

/// Where an edit writes, by names from the object on.
pub fn written_to(edit: &Edit) -> Vec<String> {
    names(edit, edit.change.place())
}

/// The names on the way from the object to a place.
pub fn names(edit: &Edit, value: &Value) -> Vec<String> {
    let Some(path) = value.as_path() else { return Vec::new() };
    let mut names = match path.root {
        Root::Local(local) => match edit.each.iter().find(|each| each.binder.element == local) {
            Some(each) => {
                let mut names = names(edit, &each.list);
                names.push(EACH.to_owned());
                names
            }
            None => return Vec::new(),
        },
        _ => Vec::new(),
    };
    names.extend(path.steps.iter().map(|step| match step {
        Step::Field(field) => field.name.clone(),
        Step::Key(_) | Step::Element(_) => EACH.to_owned(),
    }));
    names
}

/// Whether one place is the other or lies in it; a computed key may be any.
pub fn is_within(inner: &[String], outer: &[String]) -> bool {
    inner.len() >= outer.len() && inner.iter().zip(outer).all(|(a, b)| a == b || a == EACH || b == EACH)
}

/// Whether a list of an edit is a map, whose elements are its entries.
pub fn is_map(list: &Value) -> bool {
    matches!(list.ty, Type::Map(_))
}

/// Whether what goes is the element of a list, or the entry of a map, itself.
pub fn removes_element(edit: &Edit) -> bool {
    matches!(&edit.change, Change::Remove { place } if place.as_path().is_some_and(|path| path.steps.is_empty()))
}

/// A name in a JSON pointer (RFC 6901).
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether two edits go through the same elements by the same names.
pub fn same_elements(a: &Edit, b: &Edit) -> bool {
    a.each.len() == b.each.len()
        && a.each.iter().zip(&b.each).all(|(a, b)| {
            a.binder == b.binder && a.list.as_path().is_some() && a.list.as_path() == b.list.as_path()
        })
}
