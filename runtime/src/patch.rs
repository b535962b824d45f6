//! Changes of an object: what they are, and the object that they make.
//!
//! Elements of lists are told by the numbers that they had before any change. So changes do not get into each other's
//! way: an element that moves keeps its changes, and one that was added is not meant by any.

use serde_json::{Map, Value};

/// One change at one place.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// From the object on.
    pub at: Vec<Segment>,
    pub kind: ChangeKind,
}

/// A step on the way to a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Segment {
    Key(String),
    /// The number of an element before any change.
    Index(usize),
}

#[derive(Clone, PartialEq, Debug)]
pub enum ChangeKind {
    /// This stands there from now on; missing objects on the way are made.
    Put(Value),
    /// The list there, which is made if it is missing, has one element more.
    Insert { first: bool, value: Value },
    /// Nothing stands there any more; a list closes up.
    Remove,
}

/// The object after the changes, in their order.
pub fn apply(object: &Value, changes: &[Change]) -> Value {
    let mut tree = Tree::of(object);
    for change in changes {
        match &change.kind {
            ChangeKind::Put(value) => {
                if let Some(place) = tree.reach(&change.at) {
                    *place = Tree::added(value);
                }
            }
            ChangeKind::Insert { first, value } => {
                let Some(place) = tree.reach(&change.at) else { continue };
                if !matches!(place, Tree::List(_)) {
                    *place = Tree::List(Vec::new());
                }
                if let Tree::List(elements) = place {
                    let at = if *first { 0 } else { elements.len() };
                    elements.insert(at, (None, Tree::added(value)));
                }
            }
            ChangeKind::Remove => tree.remove(&change.at),
        }
    }
    tree.into_json()
}

/// An object under change.
enum Tree {
    Scalar(Value),
    /// Each element with its number before any change; those that were added have none.
    List(Vec<(Option<usize>, Tree)>),
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// The object before any change.
    fn of(value: &Value) -> Tree {
        Tree::new(value, &Some)
    }

    /// A value that a change brings: its elements have no numbers.
    fn added(value: &Value) -> Tree {
        Tree::new(value, &|_| None)
    }

    fn new(value: &Value, number: &dyn Fn(usize) -> Option<usize>) -> Tree {
        match value {
            Value::Array(items) => {
                let elements = items.iter().enumerate();
                Tree::List(elements.map(|(at, it)| (number(at), Tree::new(it, number))).collect())
            }
            Value::Object(map) => {
                Tree::Map(map.iter().map(|(key, it)| (key.clone(), Tree::new(it, number))).collect())
            }
            scalar => Tree::Scalar(scalar.clone()),
        }
    }

    fn into_json(self) -> Value {
        match self {
            Tree::Scalar(value) => value,
            Tree::List(elements) => elements.into_iter().map(|(_, tree)| tree.into_json()).collect(),
            Tree::Map(entries) => Value::Object(
                entries.into_iter().map(|(key, tree)| (key, tree.into_json())).collect::<Map<_, _>>(),
            ),
        }
    }

    /// The place, made if it is missing. `None` for an element that is gone, or that never was.
    fn reach(&mut self, at: &[Segment]) -> Option<&mut Tree> {
        let Some((first, rest)) = at.split_first() else { return Some(self) };
        match first {
            Segment::Index(number) => match self {
                Tree::List(elements) => {
                    elements.iter_mut().find(|(old, _)| *old == Some(*number))?.1.reach(rest)
                }
                Tree::Scalar(_) | Tree::Map(_) => None,
            },
            Segment::Key(key) => {
                if let Tree::List(_) = self {
                    return None;
                }
                if let Tree::Scalar(_) = self {
                    *self = Tree::Map(Vec::new());
                }
                let Tree::Map(entries) = self else { return None };
                let found = entries.iter().position(|(name, _)| name == key);
                let at = found.unwrap_or_else(|| {
                    entries.push((key.clone(), Tree::Scalar(Value::Null)));
                    entries.len() - 1
                });
                entries[at].1.reach(rest)
            }
        }
    }

    fn remove(&mut self, at: &[Segment]) {
        let Some((first, rest)) = at.split_first() else { return };
        match (self, first) {
            (Tree::List(elements), Segment::Index(number)) => {
                let Some(at) = elements.iter().position(|(old, _)| *old == Some(*number)) else { return };
                match rest.is_empty() {
                    true => drop(elements.remove(at)),
                    false => elements[at].1.remove(rest),
                }
            }
            (Tree::Map(entries), Segment::Key(key)) => {
                let Some(at) = entries.iter().position(|(name, _)| name == key) else { return };
                match rest.is_empty() {
                    true => drop(entries.remove(at)),
                    false => entries[at].1.remove(rest),
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(path: &str) -> Vec<Segment> {
        let parts = path.split('.').filter(|part| !part.is_empty());
        parts.map(|part| part.parse().map_or_else(|_| Segment::Key(part.into()), Segment::Index)).collect()
    }

    fn put(path: &str, value: Value) -> Change {
        Change { at: at(path), kind: ChangeKind::Put(value) }
    }

    fn insert(path: &str, first: bool, value: Value) -> Change {
        Change { at: at(path), kind: ChangeKind::Insert { first, value } }
    }

    fn remove(path: &str) -> Change {
        Change { at: at(path), kind: ChangeKind::Remove }
    }

    #[test]
    fn parents_are_made_and_values_replaced() {
        let changed =
            apply(&json!({"a": {"b": 1}}), &[put("a.c.d", json!("x")), put("a.b", json!({"e": 2}))]);
        assert_eq!(changed, json!({"a": {"b": {"e": 2}, "c": {"d": "x"}}}));
        assert_eq!(apply(&json!({"a": null}), &[put("a.b", json!(1))]), json!({"a": {"b": 1}}));
    }

    #[test]
    fn elements_keep_their_changes_when_they_move() {
        let object = json!({"l": [{"n": "a"}, {"n": "b"}, {"n": "c"}]});
        let changes =
            [insert("l", true, json!({"n": "z"})), remove("l.0"), put("l.2.x", json!(1)), remove("l.1.n")];
        assert_eq!(apply(&object, &changes), json!({"l": [{"n": "z"}, {}, {"n": "c", "x": 1}]}));
    }

    #[test]
    fn lists_are_made_and_what_is_gone_stays_gone() {
        assert_eq!(apply(&json!({}), &[insert("a.l", false, json!(1))]), json!({"a": {"l": [1]}}));
        let replaced = [put("l", json!([7])), remove("l.0"), put("l.1.x", json!(1))];
        assert_eq!(apply(&json!({"l": [1, 2]}), &replaced), json!({"l": [7]}));
        assert_eq!(apply(&json!({"a": 1}), &[remove("b"), remove("a.c"), remove("")]), json!({"a": 1}));
    }
}
