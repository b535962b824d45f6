//! Kustomize's strategic merge: maps grow together, null takes away, and lists with keys are joined by them.
//!
//! The object is walked as a whole, so lists with keys are joined with themselves where the patch says nothing.

use std::slice;

use super::PatchError;
use super::elements::{KeyValues, matching, put};
use super::merge_keys::Schema;
use super::tree::{Id, Kind, Tree};

/// What a patch makes of an object, both nodes of the tree.
///
/// # Errors
/// A node of the patch is of another kind than that of the object, or has an unknown `$patch`.
pub(super) fn merge(tree: &mut Tree, object: Id, patch: Id) -> Result<Id, PatchError> {
    let merged = Merge { tree }.walk(None, Pair { object: Some(object), patch: Some(patch) })?;
    merged.ok_or_else(|| PatchError::Refused("filter cannot create or delete objects".to_owned()))
}

const DIRECTIVE: &str = "$patch";

/// The nodes of one place. They are the same node where the patch stands in for what is missing.
#[derive(Clone, Copy)]
struct Pair {
    object: Option<Id>,
    patch: Option<Id>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

struct Merge<'t> {
    tree: &'t mut Tree,
}

impl Merge<'_> {
    /// What stands at a place from now on.
    fn walk(&mut self, schema: Option<Schema>, pair: Pair) -> Result<Option<Id>, PatchError> {
        let schema = schema.or_else(|| self.schema_of_kind(pair));
        let nodes = [pair.object, pair.patch].into_iter().flatten();
        let kind = nodes.clone().find_map(|node| self.tree.kind(node));
        for node in nodes {
            if let Some(kind) = kind {
                self.tree.expect(node, kind)?;
            }
        }
        match (kind, schema) {
            (Some(Kind::List), Some(Schema::Merged(keys, _))) => self.joined_list(schema, keys, pair),
            (Some(Kind::Scalar | Kind::List), _) => Ok(pair.patch.or(pair.object)),
            (Some(Kind::Map) | None, _) => self.map(schema, pair),
        }
    }

    /// Objects within objects are known by their kind too.
    fn schema_of_kind(&self, pair: Pair) -> Option<Schema> {
        [pair.object, pair.patch].into_iter().flatten().find_map(|node| {
            let text = |key| {
                let value = self.tree.field(node, key).filter(|value| !self.tree.is_empty(*value))?;
                Some(self.tree.scalar_text(value))
            };
            Schema::of_kind(text("apiVersion")?, text("kind")?)
        })
    }

    fn map(&mut self, schema: Option<Schema>, pair: Pair) -> Result<Option<Id>, PatchError> {
        let Some(object) = self.map_itself(pair)? else { return Ok(None) };
        let pair = Pair { object: Some(object), ..pair };
        let mut keys = self.tree.keys(object);
        keys.extend(pair.patch.map_or(Vec::new(), |patch| self.tree.keys(patch)));
        keys.sort();
        keys.dedup();
        for key in keys {
            let below = Pair {
                object: self.tree.field(object, &key),
                patch: pair.patch.and_then(|patch| self.tree.field(patch, &key)),
            };
            let value = self.walk(schema.and_then(|schema| schema.field(&key)), below)?;
            self.tree.set(object, &key, value)?;
        }
        Ok(Some(object))
    }

    /// The map whose fields are merged next.
    fn map_itself(&mut self, Pair { object, patch }: Pair) -> Result<Option<Id>, PatchError> {
        let Some(standing) = object.filter(|object| !self.tree.is_null(*object)) else {
            return Ok(match (self.directive(patch), patch) {
                (Ok(Directive::Delete), _) => None,
                (_, None) => object.map(|_| self.tree.null_that_stays()),
                (_, Some(patch)) => Some(patch),
            });
        };
        self.standing(standing, patch)
    }

    fn standing(&mut self, object: Id, patch: Option<Id>) -> Result<Option<Id>, PatchError> {
        if patch.is_some_and(|patch| self.tree.is_null(patch)) {
            return Ok(None);
        }
        Ok(match self.directive(patch)? {
            Directive::Delete => None,
            Directive::Replace => patch,
            Directive::Merge => Some(object),
        })
    }

    /// What `$patch` says, which is taken out of the patch.
    fn directive(&mut self, patch: Option<Id>) -> Result<Directive, PatchError> {
        let Some(patch) = patch else { return Ok(Directive::Merge) };
        let found = match self.tree.kind(patch) {
            Some(Kind::Map) => self.tree.field(patch, DIRECTIVE),
            Some(Kind::List) => {
                let elements = self.tree.elements(patch).iter();
                let with =
                    elements.filter_map(|element| Some((element, self.tree.field(*element, DIRECTIVE)?)));
                // Beside other fields it is about the element, not about the list.
                with.take(1)
                    .find(|(element, _)| self.tree.entries(**element).len() == 1)
                    .map(|(_, value)| value)
            }
            _ => return Err(PatchError::Refused("no implemented strategic merge patch strategy".to_owned())),
        };
        let Some(value) = found else { return Ok(Directive::Merge) };
        let text = self.tree.scalar_text(value).to_owned();
        let directive = match &*text {
            "merge" => Directive::Merge,
            "replace" => Directive::Replace,
            "delete" => Directive::Delete,
            unknown => return Err(PatchError::Refused(format!("unknown patch strategy '{unknown}'"))),
        };
        if self.tree.is_map(patch) {
            self.tree.clear(patch, DIRECTIVE);
        } else {
            put(self.tree, patch, None, &KeyValues::one(DIRECTIVE, &text))?;
        }
        Ok(directive)
    }

    fn joined_list(
        &mut self,
        schema: Option<Schema>,
        keys: &[&'static str],
        Pair { object, patch }: Pair,
    ) -> Result<Option<Id>, PatchError> {
        let list = match object.filter(|object| !self.tree.is_null(*object)) {
            None => patch,
            Some(object) => self.standing(object, patch)?,
        };
        let Some(list) = list else { return Ok(None) };
        let pair = Pair { object: Some(list), patch };
        let mut found = self.values(keys, pair);
        if keys.len() > 1 {
            fill(&mut found);
        }
        // Scalars are told by themselves.
        let keys = if keys.is_empty() { &[""] } else { keys };
        self.join(schema.and_then(Schema::elements), &found, keys, pair).map(Some)
    }

    /// What the elements have under the keys, each once, those of the patch first.
    fn values(&self, keys: &[&str], Pair { object, patch }: Pair) -> Vec<Vec<String>> {
        let mut found: Vec<Vec<String>> = Vec::new();
        for list in [patch, object].into_iter().flatten() {
            for element in self.tree.elements(list) {
                let value = |key: &&str| {
                    let value = self.tree.field(*element, key).filter(|value| !self.tree.is_empty(*value));
                    value.map_or(String::new(), |value| self.tree.scalar_text(value).to_owned())
                };
                let values = if keys.is_empty() {
                    vec![self.tree.scalar_text(*element).to_owned()]
                } else {
                    keys.iter().map(value).collect()
                };
                if !found.contains(&values) {
                    found.push(values);
                }
            }
        }
        found
    }

    fn join(
        &mut self,
        schema: Option<Schema>,
        found: &[Vec<String>],
        keys: &[&'static str],
        pair: Pair,
    ) -> Result<Id, PatchError> {
        let list = pair.object.unwrap_or_else(|| self.tree.empty_list());
        let joined = self.tree.empty_list();
        let mut last = None;
        for values in found {
            let told_by = KeyValues::valid(keys, found, values);
            let each = KeyValues::valid(&told_by.keys, slice::from_ref(&told_by.values), &told_by.values);
            let element = |list: Option<Id>| list.and_then(|list| matching(self.tree, list, &each));
            let below = Pair { object: element(pair.object), patch: element(pair.patch) };
            let value = self.walk(schema, below)?;
            match value.filter(|value| !self.tree.is_null_or_empty_map(*value)) {
                None => put(self.tree, list, None, &told_by)?,
                Some(value) => {
                    for (key, text) in told_by.keys.iter().zip(&told_by.values) {
                        if self.tree.is_map(value)
                            && self.tree.field(value, key).is_none()
                            && !text.is_empty()
                        {
                            let text = self.tree.text(text);
                            self.tree.set(value, key, Some(text))?;
                        }
                    }
                    put(self.tree, joined, Some(value), &told_by)?;
                }
            }
            last = Some(told_by.keys);
        }
        match last {
            None => Ok(list),
            Some(keys) => self.append(joined, list, &keys).map(|()| joined),
        }
    }

    /// Adds to a list the elements of another one that are not in it yet.
    fn append(&mut self, list: Id, others: Id, keys: &[&'static str]) -> Result<(), PatchError> {
        for element in self.tree.elements(others).to_vec() {
            if keys.first() == Some(&"") {
                let text = self.tree.scalar_text(element).to_owned();
                put(self.tree, list, Some(element), &KeyValues::one("", &text))?;
                continue;
            }
            let mut values = Vec::new();
            for key in keys {
                self.tree.expect(element, Kind::Map)?;
                match self.tree.field(element, key) {
                    Some(value) => values.push(self.tree.scalar_text(value).to_owned()),
                    None => self.tree.elements_mut(list).into_iter().for_each(|list| list.push(element)),
                }
            }
            let told_by = KeyValues { keys: keys.to_vec(), values };
            // Several keys: what is there already goes, lest the element stand there twice.
            if keys.len() > 1 {
                put(self.tree, list, None, &told_by)?;
            }
            put(self.tree, list, Some(element), &told_by)?;
        }
        Ok(())
    }
}

/// Takes elements for the same whose values only differ where one has none, and gives both what either has.
fn fill(found: &mut [Vec<String>]) {
    for a in 0..found.len() {
        // What was compared at the start of the row goes on being compared.
        let row = found[a].clone();
        for b in 0..found.len() {
            if let Some(filled) = filled(&row, &found[b]) {
                found[a].clone_from(&filled);
                found[b] = filled;
            }
        }
    }
}

fn filled(a: &[String], b: &[String]) -> Option<Vec<String>> {
    let has_common = a.iter().zip(b).any(|(a, b)| a == b);
    let differ = a.iter().zip(b).any(|(a, b)| a != b && !a.is_empty() && !b.is_empty());
    let either = |(a, b): (&String, &String)| if a.is_empty() { b.clone() } else { a.clone() };
    (has_common && !differ).then(|| a.iter().zip(b).map(either).collect())
}
