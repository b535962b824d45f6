//! Anchors of a strategic merge patch, settled against the object before the patch is merged.
//!
//! `+(k)` leaves the patch or loses its anchor. Conditions are held against the object and leave the patch. An element
//! of a list with anchors becomes one element for each element of the object that it is meant for, told by its name.

use super::PatchError;
use super::tree::{Id, Kind, Tree};
use crate::json::Json;
use crate::pattern::Pattern;
use crate::pattern::anchor::{self, Anchor};

/// Settles the anchors of a patch; `false` where a condition of it does not hold, so that nothing is to be merged.
///
/// # Errors
/// The patch does not fit the object, or Kyverno fails on it.
pub(super) fn settle(tree: &mut Tree, patch: Id, object: Id) -> Result<bool, PatchError> {
    let mut walk = Walk { tree };
    match walk.node(patch, Some(object)).and_then(|()| Ok(walk.clean(patch)?)) {
        Ok(()) => Ok(true),
        Err(Stop::Condition | Stop::Global) => Ok(false),
        Err(Stop::Fails(PatchError::Refused(why))) => {
            Err(PatchError::Refused(format!("failed to preProcess rule: {why}")))
        }
        Err(Stop::Fails(panic)) => Err(panic),
    }
}

enum Stop {
    /// `(k)` does not hold.
    Condition,
    /// `<(k)` does not hold.
    Global,
    Fails(PatchError),
}

impl From<PatchError> for Stop {
    fn from(error: PatchError) -> Stop {
        Stop::Fails(error)
    }
}

fn is_condition(anchor: Anchor) -> bool {
    matches!(anchor, Anchor::Condition | Anchor::Global)
}

fn is_of_patches(anchor: Anchor) -> bool {
    is_condition(anchor) || anchor == Anchor::AddIfNotPresent
}

/// A key with an anchor, as Kyverno looks for it: without spaces around.
struct Anchored {
    text: String,
    key: String,
}

struct Walk<'t> {
    tree: &'t mut Tree,
}

impl Walk<'_> {
    fn node(&mut self, patch: Id, object: Option<Id>) -> Result<(), Stop> {
        match self.tree.kind(patch) {
            Some(Kind::Map) => self.map(patch, object),
            Some(Kind::List) => {
                let first = self.tree.elements(patch).first().copied();
                if first.is_some_and(|first| self.tree.is_map(first)) {
                    self.list(patch, object)
                } else {
                    Ok(())
                }
            }
            Some(Kind::Scalar) | None => Ok(()),
        }
    }

    fn map(&mut self, patch: Id, object: Option<Id>) -> Result<(), Stop> {
        self.settle_additions(patch, object);
        if !self.all_hold(patch, object, Anchor::Global)? {
            return Err(Stop::Global);
        }
        if !self.all_hold(patch, object, Anchor::Condition)? {
            return Err(Stop::Condition);
        }
        for key in self.tree.keys(patch) {
            if anchor::parse(&key).is_some_and(|(anchor, _)| is_of_patches(anchor)) {
                continue;
            }
            if let Some(below) = self.tree.field(patch, &key) {
                self.node(below, object.and_then(|object| self.tree.field(object, &key)))?;
            }
        }
        Ok(())
    }

    /// Takes `+(k)` out of the patch where the object has the key, else the anchor off it; says how many there were.
    fn settle_additions(&mut self, patch: Id, object: Option<Id>) -> usize {
        let additions = self.anchored(patch, |anchor| anchor == Anchor::AddIfNotPresent);
        for Anchored { text, key } in &additions {
            if object.is_some_and(|object| self.tree.field(object, key).is_some()) {
                self.tree.clear(patch, text);
            } else {
                self.tree.rename(patch, text, key);
            }
        }
        additions.len()
    }

    fn all_hold(&mut self, patch: Id, object: Option<Id>, of: Anchor) -> Result<bool, PatchError> {
        for Anchored { text, key } in self.anchored(patch, |anchor| anchor == of) {
            let Some(value) = object.and_then(|object| self.tree.field(object, &key)) else {
                return Ok(false);
            };
            let condition = self.standing(patch, &text)?;
            if self.settle_additions(condition, Some(value)) == 0 && !self.holds(condition, value) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn holds(&self, condition: Id, value: Id) -> bool {
        match (self.comparable(condition), self.comparable(value)) {
            (Ok(condition), Ok(value)) => Pattern::new(&condition).check(&value).is_ok(),
            _ => false,
        }
    }

    /// Scalars are compared as text.
    fn comparable(&self, id: Id) -> Result<Json<'static>, PatchError> {
        match self.tree.kind(id) {
            Some(Kind::Scalar) | None => Ok(Json::text(self.tree.scalar_text(id))),
            Some(Kind::List | Kind::Map) => Ok(self.tree.to_json(id)?.with_floats()),
        }
    }

    fn list(&mut self, patch: Id, object: Option<Id>) -> Result<(), Stop> {
        if let Some(object) = object {
            self.tree.expect(object, Kind::List)?;
        }
        for element in self.tree.elements(patch).to_vec() {
            if self.has_anchors(element, is_of_patches) {
                self.element(patch, element, object)?;
            }
        }
        Ok(())
    }

    fn element(&mut self, patch: Id, element: Id, object: Option<Id>) -> Result<(), Stop> {
        let is_gate = self.has_anchors(element, |anchor| anchor == Anchor::Global);
        // One copy for all elements of the object: what the first of them settles is settled for the others.
        let element = self.tree.copy(element);
        let mut is_open = false;
        let mut is_shut = false;
        for of_object in object.map_or(Vec::new(), |object| self.tree.elements(object).to_vec()) {
            match self.node(element, Some(of_object)) {
                Ok(()) if is_gate => is_open = true,
                Ok(()) => self.add_for(patch, element, of_object)?,
                Err(Stop::Condition) => {}
                Err(Stop::Global) => is_shut = true,
                Err(stop) => return Err(stop),
            }
        }
        if object.is_none() {
            match self.node(element, None) {
                Ok(()) => is_open |= is_gate,
                Err(Stop::Condition) => return Ok(()),
                Err(stop) => return Err(stop),
            }
        }
        if is_shut && !is_open { Err(Stop::Global) } else { Ok(()) }
    }

    /// Adds to the patch what an element of it means for one of the object, which has to have a name.
    fn add_for(&mut self, patch: Id, element: Id, of_object: Id) -> Result<(), PatchError> {
        let name = self.tree.field(of_object, "name").filter(|name| !self.tree.is_empty(*name));
        let Some(name) = name else { return Ok(()) };
        let added = self.tree.copy(element);
        if self.is_left_empty(added, true)? {
            return Ok(());
        }
        self.tree.set(added, "name", Some(name))?;
        self.tree.elements_mut(patch).into_iter().for_each(|elements| elements.push(added));
        Ok(())
    }

    /// Takes the conditions out of a patch, and what they leave empty.
    fn clean(&mut self, patch: Id) -> Result<(), PatchError> {
        self.tree.expect(patch, Kind::Map)?;
        for key in self.tree.keys(patch) {
            let is_condition = anchor::parse(&key).is_some_and(|(anchor, _)| is_condition(anchor));
            let value = self.standing(patch, &key)?;
            if self.is_left_empty(value, is_condition)? {
                self.tree.clear(patch, &key);
            }
        }
        Ok(())
    }

    /// Takes the conditions out of a node; whether nothing is left of it. A scalar is, if it is a condition itself.
    fn is_left_empty(&mut self, node: Id, is_condition: bool) -> Result<bool, PatchError> {
        match self.tree.kind(node) {
            Some(Kind::Map) => self.is_map_left_empty(node),
            Some(Kind::List) => self.is_list_left_empty(node),
            Some(Kind::Scalar) | None => Ok(is_condition),
        }
    }

    fn is_map_left_empty(&mut self, map: Id) -> Result<bool, PatchError> {
        let mut some_stay = false;
        for Anchored { text, .. } in self.anchored(map, is_condition) {
            let value = self.standing(map, &text)?;
            if self.is_left_empty(value, true)? {
                self.tree.clear(map, &text);
            } else {
                some_stay = true;
            }
        }
        if some_stay {
            for Anchored { text, key } in self.anchored(map, is_condition) {
                self.tree.rename(map, &text, &key);
            }
        }
        let mut is_empty = true;
        for key in self.tree.keys(map) {
            let value = self.standing(map, &key)?;
            if self.is_left_empty(value, false)? {
                self.tree.clear(map, &key);
            } else {
                is_empty = false;
            }
        }
        Ok(is_empty)
    }

    fn is_list_left_empty(&mut self, list: Id) -> Result<bool, PatchError> {
        let elements = self.tree.elements(list).to_vec();
        for (index, element) in elements.iter().enumerate() {
            if self.has_anchors(*element, is_of_patches) || self.is_left_empty(*element, false)? {
                self.remove_at(list, index)?;
            }
        }
        Ok(!elements.is_empty() && self.tree.is_empty(list))
    }

    /// Kyverno counts as if nothing had been removed before, so it takes another element, or none is there.
    fn remove_at(&mut self, list: Id, index: usize) -> Result<(), PatchError> {
        let Some(elements) = self.tree.elements_mut(list) else { return Ok(()) };
        if index >= elements.len() {
            let (from, len) = (index + 1, elements.len());
            return Err(PatchError::Panic(format!(
                "runtime error: slice bounds out of range [{from}:{len}]"
            )));
        }
        elements.remove(index);
        Ok(())
    }

    fn anchored(&self, map: Id, is_meant: impl Fn(Anchor) -> bool) -> Vec<Anchored> {
        let entries = self.tree.entries(map).iter();
        let parsed = entries.filter_map(|(key, _)| anchor::parse(key));
        parsed
            .filter(|(anchor, _)| is_meant(*anchor))
            .map(|(anchor, key)| Anchored { text: anchor::spell(anchor, key), key: key.to_owned() })
            .collect()
    }

    /// Whether a node has such anchors, at any depth. A text that looks like a condition is one.
    fn has_anchors(&self, node: Id, is_meant: fn(Anchor) -> bool) -> bool {
        match self.tree.kind(node) {
            Some(Kind::Map) => self.tree.entries(node).iter().any(|(key, value)| {
                anchor::parse(key).is_some_and(|(anchor, _)| is_meant(anchor))
                    || !self.tree.is_empty(*value) && self.has_anchors(*value, is_meant)
            }),
            Some(Kind::List) => {
                self.tree.elements(node).iter().any(|element| self.has_anchors(*element, is_meant))
            }
            Some(Kind::Scalar) => {
                anchor::parse(self.tree.scalar_text(node)).is_some_and(|(anchor, _)| is_condition(anchor))
            }
            None => false,
        }
    }

    fn standing(&self, map: Id, key: &str) -> Result<Id, PatchError> {
        let panic = || {
            PatchError::Panic("runtime error: invalid memory address or nil pointer dereference".to_owned())
        };
        self.tree.field(map, key).ok_or_else(panic)
    }
}
