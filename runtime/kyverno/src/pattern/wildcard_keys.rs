//! Keys with wildcards below `metadata.labels` and `metadata.annotations`: each stands for one key of the object.

use crate::json::{Entry, Json};
use crate::wildcard;

use super::{anchor, owned_key};

/// Whether a map of a pattern has labels or annotations that [`expand`] may change.
pub fn has_some(pattern: &Json<'_>) -> bool {
    let Some((_, metadata)) = find(pattern, "metadata") else { return false };
    ["labels", "annotations"].iter().any(|tag| {
        let Some((_, map)) = find(&metadata, tag) else { return false };
        map.is_map()
            && map
                .entries()
                .iter()
                .any(|(key, value)| wildcard::has_wildcard(key) || value.as_text().is_none())
    })
}

/// The pattern with the keys that the object has; `None` if nothing changes.
///
/// Kyverno takes any of the keys that match. We take the first in the order of their text.
pub fn expand(pattern: &Json<'static>, object: &Json<'_>) -> Option<Json<'static>> {
    let (metadata_key, metadata) = find(pattern, "metadata")?;
    let found = object.get("metadata").filter(|metadata| !metadata.is_null())?;
    let mut entries = metadata.entries();
    let mut is_changed = false;
    for tag in ["labels", "annotations"] {
        let Some((key, map)) = find(&metadata, tag) else { continue };
        let Some((_, present)) = find(&found, tag) else { continue };
        if !map.is_map() || !present.is_map() {
            continue;
        }
        replace(&mut entries, &key, with_keys_of(&map, &present));
        is_changed = true;
    }
    is_changed.then(|| {
        let mut all = pattern.entries();
        replace(&mut all, &metadata_key, Json::map(entries));
        Json::map(all)
    })
}

/// The pattern with the keys of an object in it wherever both have labels and annotations: Kyverno changes the pattern
/// that it holds against an object, and then holds the same one against the old object.
pub fn expand_all(pattern: &Json<'static>, object: &Json<'_>) -> Json<'static> {
    let expanded = expand(pattern, object).unwrap_or_else(|| pattern.clone());
    if !expanded.is_map() || !object.is_map() {
        return expanded;
    }
    let below = expanded.entries().into_iter().map(|(key, value)| {
        let plain = anchor::parse(&key).map_or(&*key, |(_, inner)| inner).to_owned();
        let value = match object.get(&plain) {
            Some(found) => expand_all(&value, &found),
            None => value,
        };
        (key, value)
    });
    Json::map(below.collect())
}

fn replace(entries: &mut [Entry<'static>], key: &str, value: Json<'static>) {
    if let Some(entry) = entries.iter_mut().find(|(name, _)| &**name == key) {
        entry.1 = value;
    }
}

/// The entry of a map whose key is the tag, with or without an anchor.
fn find<'a>(map: &Json<'a>, tag: &str) -> Option<(String, Json<'a>)> {
    let is_tag = |key: &str| key == tag || anchor::parse(key).is_some_and(|(_, inner)| inner == tag);
    let (key, value) = map.entries().into_iter().find(|(key, _)| is_tag(key))?;
    Some((key.to_string(), value))
}

fn with_keys_of(pattern: &Json<'static>, present: &Json<'_>) -> Json<'static> {
    let present = present.entries();
    let named = |wanted: &str| {
        let mut texts = present.iter().filter(|(_, value)| value.as_text().is_some());
        texts
            .find(|(key, _)| wildcard::matches(wanted, key))
            .map_or(wanted.to_owned(), |(key, _)| key.to_string())
    };
    // Values that are no text are dropped, as Kyverno drops them.
    let entries = pattern.entries().into_iter().filter(|(_, value)| value.as_text().is_some());
    let expanded = entries.map(|(key, value)| {
        if !wildcard::has_wildcard(&key) {
            return (key, value);
        }
        let key = match anchor::parse(&key) {
            Some((anchor, inner)) => anchor::spell(anchor, &named(inner)),
            None => named(&key),
        };
        (owned_key(&key), value)
    });
    Json::map(expanded.collect())
}
