//! The world around an object, as far as it is recorded: objects of the cluster, and answers of services, of the
//! cache and of registries.
//!
//! What is recorded is known. Of a kind all objects are: one that is not there is known not to exist. A kind that is
//! not recorded, and a question without a recorded answer, are unknown: nothing is concluded from them.

use std::collections::HashMap;

use crate::budget::{Budget, OverBudget};
use crate::document::Document;
use crate::value::{Image, Value, canonical_json};

/// Objects and answers.
#[derive(Debug, Default)]
pub struct World {
    /// Every kind is recorded: there are no objects but these.
    is_whole: bool,
    /// By `apps/v1/Deployment`.
    kinds: HashMap<String, Vec<Recorded>>,
    answers: HashMap<String, Answer>,
}

/// An object of the cluster.
#[derive(Debug)]
struct Recorded {
    /// Namespace and name; the first is empty for objects that are in none. The objects of a kind are in this order.
    id: (String, String),
    object: Document,
}

/// What a service, the cache or a registry answers.
#[derive(Debug)]
pub enum Answer {
    Is(Document),
    /// There is none, for a reason: the rule that asks ends in an error.
    Fails,
}

/// What the world says to a question.
pub(super) enum Said<'a> {
    Unknown,
    /// The value, missing where there is known to be none.
    Is(Value<'a>),
    Fails,
}

/// An answer is known by its question as text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Key(String);

impl Key {
    pub fn http_get(url: &str) -> Key {
        Key(format!("GET {url}"))
    }

    /// # Errors
    /// The body is too long or nested too deeply.
    pub fn http_post(url: &str, body: &Value<'_>, budget: &mut Budget) -> Result<Key, OverBudget> {
        Ok(Key(format!("POST {url}\n{}", canonical_json(body, budget)?)))
    }

    /// # Errors
    /// As for [`Key::http_post`].
    pub fn post(kind: &str, object: &Value<'_>, budget: &mut Budget) -> Result<Key, OverBudget> {
        Ok(Key(format!("{kind}\n{}", canonical_json(object, budget)?)))
    }

    pub fn cache(name: &str) -> Key {
        Key(format!("cache {name}"))
    }

    /// Two spellings of one image are one key.
    pub fn image(reference: &str) -> Key {
        let whole = Image::parse(reference).map(|image| image.reference());
        Key(format!("image {}", whole.as_deref().unwrap_or(reference)))
    }
}

impl World {
    /// A world of which every object will be recorded, whatever its kind.
    pub fn whole() -> World {
        World { is_whole: true, ..World::default() }
    }

    /// Makes a kind known: `apps/v1/Deployment`. Whether it was not before.
    pub fn add_kind(&mut self, kind: &str) -> bool {
        let is_new = !self.kinds.contains_key(kind);
        self.kinds.entry(kind.to_owned()).or_default();
        is_new
    }

    /// Adds an object of a kind. `false` where there is one of this namespace and name already.
    pub fn add_object(&mut self, kind: &str, namespace: &str, name: &str, object: Document) -> bool {
        let objects = self.kinds.entry(kind.to_owned()).or_default();
        let id = (namespace.to_owned(), name.to_owned());
        match objects.binary_search_by(|it| it.id.cmp(&id)) {
            Ok(_) => false,
            Err(place) => {
                objects.insert(place, Recorded { id, object });
                true
            }
        }
    }

    /// Records an answer. `false` where there is one to the question already.
    pub fn add_answer(&mut self, question: Key, answer: Answer) -> bool {
        self.answers.insert(question.0, answer).is_none()
    }

    /// Whether all objects of a kind are recorded.
    pub fn knows(&self, kind: &str) -> bool {
        self.is_whole || self.kinds.contains_key(kind)
    }

    /// The recorded objects of a kind, in the order of namespace and name.
    pub fn objects(&self, kind: &str) -> impl Iterator<Item = &Document> {
        self.kinds.get(kind).into_iter().flatten().map(|it| &it.object)
    }

    pub(super) fn get(&self, kind: &str, namespace: &str, name: &str) -> Said<'_> {
        let Some(objects) = self.kinds.get(kind) else {
            return if self.is_whole { Said::Is(Value::Missing) } else { Said::Unknown };
        };
        let found = objects.binary_search_by(|it| (&*it.id.0, &*it.id.1).cmp(&(namespace, name)));
        Said::Is(found.map_or(Value::Missing, |at| whole(&objects[at].object)))
    }

    /// The objects of a kind, of one namespace or of all.
    pub(super) fn list(&self, kind: &str, namespace: Option<&str>) -> Option<Vec<Value<'_>>> {
        let objects = match self.kinds.get(kind) {
            Some(objects) => objects.as_slice(),
            None if self.is_whole => &[],
            None => return None,
        };
        let is_in = |it: &&Recorded| namespace.is_none_or(|namespace| it.id.0 == namespace);
        Some(objects.iter().filter(is_in).map(|it| whole(&it.object)).collect())
    }

    pub(super) fn answer(&self, question: &Key) -> Said<'_> {
        match self.answers.get(&question.0) {
            None => Said::Unknown,
            Some(Answer::Is(document)) => Said::Is(whole(document)),
            Some(Answer::Fails) => Said::Fails,
        }
    }
}

fn whole(document: &Document) -> Value<'_> {
    Value::Node(document, document.root())
}

/// [`is_object_name`] as a regular expression, for outputs that ask it elsewhere; the API server refuses what is too long.
pub const OBJECT_NAME: &str = "^[-_:A-Za-z0-9][-_.:A-Za-z0-9]*$";
/// [`is_label_value`] as a regular expression.
pub const LABEL_VALUE: &str = "^(?:(?:[A-Za-z0-9][-_.A-Za-z0-9]{0,61})?[A-Za-z0-9])?$";

/// [`is_url_part`] as a regular expression.
pub const URL_PART: &str = r"^(?:\.?\.?[-_~A-Za-z0-9]|\.\.\.)[-_.~A-Za-z0-9]*$";

/// Whether text may be the name of an object or namespace: letters, digits, `-`, `_`, `.`, `:`, with no `.` first.
/// Names of other characters ask for nothing, so no text of an object can lead a question elsewhere.
pub fn is_object_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    !text.is_empty() && text.len() <= 253 && text.bytes().all(fits) && !text.starts_with('.')
}

/// Whether text may be the value of a label.
pub fn is_label_value(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let bytes = text.as_bytes();
    bytes.is_empty()
        || bytes.len() <= 63 && text.bytes().all(fits) && ends(bytes.first()) && ends(bytes.last())
}

/// Whether text may stand in a URL as one part of it, and mean itself.
pub fn is_url_part(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits) && text != "." && text != ".."
}
