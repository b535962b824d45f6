//! What the queries of a rule can see: the request, and the entries of `context`, loaded when they are first named.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use aipc_runtime::value::{Shared, Time};

use crate::images;
use crate::jmespath::{Query, Root, SearchError};
use crate::json::{Entry, Escape, Json};
use crate::matching::UserInfo;
use crate::policy::rule::{ContextEntry, ContextSource, Template};
use crate::substitute::{substitute, substitute_text};

/// Why a query or a substitution has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// As Kyverno words it.
    pub message: String,
    /// What is missing to evaluate it, if that is the reason: a cluster, a registry, chance.
    pub needs: Option<String>,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), needs: None }
    }

    pub fn needs(what: impl Into<String>) -> Failure {
        let what = what.into();
        Failure { message: format!("needs {what}"), needs: Some(what) }
    }

    /// Whether a key that the query names is not there; Kyverno looks for these words, too.
    pub fn is_unknown_key(&self) -> bool {
        self.message.contains("Unknown key")
    }
}

/// Queries that were parsed, by their text.
#[derive(Debug, Default)]
pub struct Queries {
    parsed: RefCell<HashMap<Box<str>, Parsed>>,
}

type Parsed = Arc<Result<Query, String>>;

impl Queries {
    fn get(&self, text: &str) -> Parsed {
        if let Some(known) = self.parsed.borrow().get(text) {
            return Arc::clone(known);
        }
        let parsed = Arc::new(Query::parse(text).map_err(|error| error.to_string()));
        self.parsed.borrow_mut().insert(text.into(), Arc::clone(&parsed));
        parsed
    }
}

/// What is known beside the objects: answers to what rules look up. Nothing, unless it is said.
pub trait World {
    /// The data of a ConfigMap as an object with `data` and `metadata`.
    ///
    /// # Errors
    /// What is missing to answer.
    fn config_map(&self, namespace: &str, name: &str) -> Result<Option<Json<'static>>, Failure> {
        Err(Failure::needs(format!("the ConfigMap {namespace}/{name}")))
    }

    /// The answer of the API server or another service to a call.
    ///
    /// # Errors
    /// What is missing to answer, or what the server said.
    fn api_call(&self, url: &str, _is_post: bool) -> Result<Json<'static>, Failure> {
        Err(Failure::needs(format!("the answer to {url}")))
    }

    /// Whether anything but variables can be asked for at all. Where it cannot, the names of such entries are unknown, as
    /// in Kyverno's tests.
    fn can_be_asked(&self) -> bool {
        true
    }

    /// What a user gave for a rule, by dotted path.
    fn values(&self, _policy: &str, _rule: &str) -> Vec<Entry<'static>> {
        Vec::new()
    }
}

/// What queries see for one rule and one request.
pub struct Context<'a, 'c> {
    queries: &'c Queries,
    world: &'c dyn World,
    /// The namespace of a Policy.
    namespace: Option<&'c str>,
    /// A map.
    request: Json<'a>,
    names: Vec<Entry<'a>>,
    image_holder: Option<Json<'a>>,
    is_delete: bool,
    now: Time,
    entries: RefCell<Vec<Loadable<'a, 'c>>>,
    /// Entries from here on are out of sight, while one of them is being loaded.
    horizon: RefCell<Option<usize>>,
}

/// An entry of `context`, or the images, on its way.
struct Loadable<'a, 'c> {
    name: &'c str,
    source: Source<'c>,
    state: State<'a>,
    /// How many loops it stands in.
    level: usize,
}

#[derive(Clone, Copy)]
enum Source<'c> {
    Images,
    Entry(&'c ContextEntry),
}

#[derive(Clone)]
enum State<'a> {
    New,
    /// Tried, and it has no value.
    Failed,
    Loaded(Json<'a>),
}

/// What a [`Context`] begins with.
pub struct Request<'a, 'c> {
    pub queries: &'c Queries,
    pub world: &'c dyn World,
    /// As reports name it.
    pub policy: &'c str,
    pub namespace: Option<&'c str>,
    pub rule: &'c str,
    pub object: Option<Json<'a>>,
    pub old_object: Option<Json<'a>>,
    pub operation: &'c str,
    pub user: &'c UserInfo,
    /// Whether anything is known of who asks.
    pub has_user: bool,
    pub object_namespace: &'c str,
    /// Further fields of the request and names beside it, as a user gave them.
    pub values: Vec<Entry<'static>>,
    pub now: Time,
}

/// A map with a value at a dotted path; maps on the way are kept.
fn merged<'a>(map: &Json<'a>, path: &str, value: Json<'a>) -> Json<'a> {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let value = match rest {
        "" => value,
        rest => merged(&map.get(name).unwrap_or_else(|| Json::map(Vec::new())), rest, value),
    };
    let mut entries = map.entries();
    entries.push((key(name), value));
    Json::map(entries)
}

fn key<'a>(name: &str) -> Shared<'a, str> {
    Shared::Owned(name.into())
}

impl<'a, 'c> Context<'a, 'c> {
    pub fn new(request: Request<'a, 'c>) -> Context<'a, 'c> {
        let mut fields: Vec<Entry<'a>> = Vec::new();
        let mut names: Vec<Entry<'a>> = Vec::new();
        // What is deleted has no images, as Kyverno has it.
        let image_holder = request.object.clone();
        if let Some(object) = request.object {
            fields.push((Shared::Borrowed("object"), object));
        }
        if let Some(object) = request.old_object {
            fields.push((Shared::Borrowed("oldObject"), object));
        }
        fields.push((Shared::Borrowed("namespace"), Json::text(request.object_namespace)));
        fields.push((Shared::Borrowed("operation"), Json::text(request.operation)));
        if request.has_user {
            let user = request.user;
            let texts =
                |list: &[String]| Json::list(list.iter().map(|text| Json::text(text.as_str())).collect());
            let mut of_user = vec![(Shared::Borrowed("username"), Json::text(user.username.as_str()))];
            if !user.groups.is_empty() {
                of_user.push((Shared::Borrowed("groups"), texts(&user.groups)));
            }
            fields.push((Shared::Borrowed("userInfo"), Json::map(of_user)));
            for (name, roles) in [("roles", &user.roles), ("clusterRoles", &user.cluster_roles)] {
                if !roles.is_empty() {
                    fields.push((Shared::Borrowed(name), texts(roles)));
                }
            }
            let (namespace, name) = service_account(&user.username);
            names.push((Shared::Borrowed("serviceAccountName"), Json::text(name)));
            names.push((Shared::Borrowed("serviceAccountNamespace"), Json::text(namespace)));
        }
        let mut names = Json::map(names);
        let mut fields = Json::map(fields);
        for (name, value) in
            request.values.into_iter().chain(request.world.values(request.policy, request.rule))
        {
            match name.strip_prefix("request.") {
                Some(path) => fields = merged(&fields, path, value),
                None => names = merged(&names, &name, value),
            }
        }
        let images = Loadable { name: "images", source: Source::Images, state: State::New, level: 0 };
        Context {
            queries: request.queries,
            world: request.world,
            namespace: request.namespace,
            request: fields,
            names: names.entries(),
            image_holder,
            is_delete: request.operation == "DELETE",
            now: request.now,
            entries: RefCell::new(vec![images]),
            horizon: RefCell::new(None),
        }
    }

    /// Takes the entries of a rule or of a loop, to be loaded when they are named.
    pub fn add_entries(&self, entries: &'c [ContextEntry], level: usize) {
        let mut known = self.entries.borrow_mut();
        let is_askable = |entry: &&ContextEntry| {
            self.world.can_be_asked() || matches!(entry.source, ContextSource::Variable { .. })
        };
        for entry in entries.iter().filter(is_askable) {
            known.push(Loadable {
                name: &entry.name,
                source: Source::Entry(entry),
                state: State::New,
                level,
            });
        }
    }

    /// The context of one element of a loop; [`Context::leave`] takes it back.
    pub fn enter(&mut self, element: &Json<'a>, index: usize, level: usize) -> Vec<Entry<'a>> {
        let before = self.names.clone();
        let index = Json::Int(index as i64);
        self.set("element", element.clone());
        self.set(&format!("element{level}"), element.clone());
        self.set("elementIndex", index.clone());
        self.set(&format!("elementIndex{level}"), index);
        before
    }

    /// Leaves an element: its names and the entries of the loop go. What an outer entry saw of it is loaded anew.
    pub fn leave(&mut self, before: Vec<Entry<'a>>, level: usize) {
        self.names = before;
        let mut entries = self.entries.borrow_mut();
        entries.retain(|entry| entry.level <= level);
        for entry in entries.iter_mut() {
            let names_element = match entry.source {
                Source::Images => false,
                Source::Entry(entry) => names_element(entry),
            };
            if names_element || matches!(entry.state, State::Failed) {
                entry.state = State::New;
            }
        }
    }

    /// Gives a name a value.
    pub fn set(&mut self, name: &str, value: Json<'a>) {
        match self.names.iter_mut().find(|(known, _)| &**known == name) {
            Some(known) => known.1 = value,
            None => self.names.push((key(name), value)),
        }
    }

    /// Puts another object in the place of `request.object`.
    pub fn set_object(&mut self, object: Json<'a>) {
        let mut fields = self.request.entries();
        fields.push((Shared::Borrowed("object"), object));
        self.request = Json::map(fields);
    }

    /// Puts an old object in the place of the new one, as if it were created; [`Context::restore_request`] takes it back.
    pub fn as_if_created(&mut self, old: Json<'a>) -> Json<'a> {
        let before = self.request.clone();
        let mut fields = self.request.entries();
        fields.retain(|(name, _)| &**name != "oldObject");
        fields.push((Shared::Borrowed("object"), old));
        fields.push((Shared::Borrowed("operation"), Json::text("CREATE")));
        self.request = Json::map(fields);
        before
    }

    /// The request as it is now; [`Context::restore_request`] takes it back.
    pub fn request(&self) -> Json<'a> {
        self.request.clone()
    }

    /// Takes the request back that [`Context::as_if_created`] gave, or [`Context::request`].
    pub fn restore_request(&mut self, before: Json<'a>) {
        self.request = before;
    }

    /// A variable as it is asked for at a place of a policy: `@` is the place itself, and what is deleted is the old object.
    pub fn localize(&self, variable: &str, path: &str) -> String {
        let variable = if variable == "@" { self.place(path) } else { variable.to_owned() };
        if self.is_delete { variable.replace("request.object", "request.oldObject") } else { variable }
    }

    /// The path of a place of a policy in the object, two steps and everything up to `foreach` left out.
    fn place(&self, path: &str) -> String {
        let root =
            if self.names.iter().any(|(name, _)| &**name == "target") { "target" } else { "request.object" };
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        if let Some(at) = parts.iter().position(|part| *part == "foreach") {
            parts.drain(..=at);
        }
        let mut place = root.to_owned();
        for part in parts.into_iter().skip(2) {
            match part.parse::<usize>() {
                Ok(index) => place.push_str(&format!("[{index}]")),
                Err(_) if part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                    place.push('.');
                    place.push_str(part);
                }
                Err(_) => place.push_str(&format!(".\"{part}\"")),
            }
        }
        place
    }

    /// The value of a query.
    ///
    /// # Errors
    /// The query is none, names what is not there, or fails.
    pub fn query(&self, text: &str) -> Result<Json<'a>, Failure> {
        self.load(text)?;
        let text = text.trim();
        if text.is_empty() {
            return Err(Failure::new("invalid query (nil)"));
        }
        let parsed = self.queries.get(text);
        let query = match &*parsed {
            Ok(query) => query,
            Err(message) => return Err(Failure::new(format!("incorrect query {text}: {message}"))),
        };
        self.search(query, &Known(self)).map_err(|failure| match failure.needs {
            Some(_) => failure,
            None => Failure::new(format!("JMESPath query failed: {}", failure.message)),
        })
    }

    fn search(&self, query: &Query, root: &dyn Root<'a>) -> Result<Json<'a>, Failure> {
        query.search(root, Some(self.now)).map_err(|error| match error {
            SearchError::NotEvaluated(what) => Failure::needs(what),
            error => Failure::new(error.to_string()),
        })
    }

    /// Loads the entries that a query names, in their order.
    fn load(&self, query: &str) -> Result<(), Failure> {
        let horizon = self.horizon.borrow().unwrap_or(usize::MAX);
        loop {
            let next = {
                let entries = self.entries.borrow();
                let mut named = entries.iter().enumerate().take(horizon);
                named.find_map(|(index, entry)| {
                    let is_new = matches!(entry.state, State::New) && mentions(query, entry.name);
                    is_new.then_some((index, entry.source))
                })
            };
            let Some((index, source)) = next else { return Ok(()) };
            self.entries.borrow_mut()[index].state = State::Failed;
            let before = self.horizon.replace(Some(index));
            let found = self.value_of(source);
            self.horizon.replace(before);
            if let Some(value) = found? {
                self.entries.borrow_mut()[index].state = State::Loaded(value);
            }
        }
    }

    fn value_of(&self, source: Source<'c>) -> Result<Option<Json<'a>>, Failure> {
        let entry = match source {
            Source::Images => {
                let Some(object) = &self.image_holder else { return Ok(None) };
                return images::extract(object).map_err(Failure::new);
            }
            Source::Entry(entry) => entry,
        };
        match &entry.source {
            ContextSource::Variable { value, query, default } => {
                self.variable(&entry.name, value.as_ref(), query.as_deref(), default.as_ref()).map(Some)
            }
            ContextSource::ConfigMap { name, namespace } => self.config_map(&entry.name, name, namespace),
            ContextSource::ApiCall(call) => {
                let url = call.url_path.as_deref().or(call.service.as_deref()).unwrap_or_default();
                let url = self.text_of(url)?;
                match (self.world.api_call(&url, call.is_post), &call.default) {
                    (Ok(answer), _) => match &call.query {
                        None => Ok(Some(answer)),
                        Some(query) => {
                            let query = self.text_of(query)?;
                            self.search_in(&query, &answer).map(Some)
                        }
                    },
                    (Err(failure), Some(default)) if failure.needs.is_none() => {
                        substitute(self, default).map(Some)
                    }
                    (Err(failure), _) => Err(failure),
                }
            }
            ContextSource::ImageRegistry { reference, .. } => {
                Err(Failure::needs(format!("the registry for `{reference}` (context `{}`)", entry.name)))
            }
            ContextSource::GlobalReference { name, .. } => {
                Err(Failure::needs(format!("the global context entry `{name}` (context `{}`)", entry.name)))
            }
        }
    }

    fn text_of(&self, text: &str) -> Result<String, Failure> {
        let filled = substitute_text(self, text)?;
        filled.as_text().map(str::to_owned).ok_or_else(|| Failure::new(format!("`{text}` gives no text")))
    }

    fn config_map(&self, entry: &str, name: &str, namespace: &str) -> Result<Option<Json<'a>>, Failure> {
        let name = self.text_of(name)?;
        let namespace = self.text_of(namespace)?;
        let namespace = match (namespace.as_str(), self.namespace) {
            ("", own) => own.unwrap_or("default"),
            (asked, Some(own)) if asked != own => {
                let message =
                    format!("configMap {asked}/{name} is outside the namespace {own} of the policy");
                return Err(Failure::new(message));
            }
            (asked, _) => asked,
        };
        let found = self.world.config_map(namespace, &name)?;
        found.map(Some).ok_or_else(|| {
            let message = format!("failed to retrieve config map for context entry {entry}: failed to get configmap {namespace}/{name}");
            Failure::new(message)
        })
    }

    fn variable(
        &self,
        name: &str,
        value: Option<&Template>,
        query: Option<&str>,
        default: Option<&Template>,
    ) -> Result<Json<'a>, Failure> {
        let fill = |template: &Template| {
            let filled = substitute(self, template);
            filled.map_err(|failure| Failure {
                message: format!(
                    "failed to substitute variables in context entry {name}: {}",
                    failure.message
                ),
                ..failure
            })
        };
        let query =
            match query {
                None => None,
                Some(query) => {
                    let filled = fill(&Template::new(Json::text(query)))?;
                    let text = filled.as_text().map(str::to_owned);
                    Some(text.ok_or_else(|| {
                        Failure::new(format!("jmespath value must be a string {name} {query}"))
                    })?)
                }
            };
        let default = default.map(fill).transpose()?.filter(|value| !value.is_null());
        let applied = |found: Result<Json<'a>, Failure>, query: &str| match (found, &default) {
            (Ok(found), _) => Ok(Some(found)),
            (Err(failure), _) if failure.needs.is_some() => Err(failure),
            (Err(_), Some(_)) => Ok(None),
            (Err(failure), None) => {
                let message =
                    format!("failed to apply jmespath {query} to variable {name}: {}", failure.message);
                Err(Failure::new(message))
            }
        };
        let found = match (value, query) {
            (Some(value), None) => Some(fill(value)?),
            (Some(value), Some(query)) => {
                let value = fill(value)?;
                applied(self.search_in(&query, &value), &query)?.or_else(|| default.clone())
            }
            // A query that gives null leaves the default.
            (None, Some(query)) => applied(self.query(&query), &query)?
                .filter(|found| !found.is_null())
                .or_else(|| default.clone()),
            (None, None) => default.clone(),
        };
        match found.filter(|found| !found.is_null()) {
            // It is kept as JSON text, which leaves floats only.
            Some(found) => Ok(found.with_floats()),
            None => {
                let message =
                    format!("failed to add context entry for variable {name} since it evaluated to nil");
                Err(Failure::new(message))
            }
        }
    }

    /// The value of a query on another value than the context.
    fn search_in(&self, query: &str, value: &Json<'a>) -> Result<Json<'a>, Failure> {
        match &*self.queries.get(query.trim()) {
            Ok(parsed) => self.search(parsed, value),
            Err(message) => {
                Err(Failure::new(format!("failed to compile JMESPath: {query}, error: {message}")))
            }
        }
    }
}

/// All that is known at the moment, by name.
struct Known<'x, 'a, 'c>(&'x Context<'a, 'c>);

impl<'a> Root<'a> for Known<'_, 'a, '_> {
    fn get(&self, name: &str) -> Result<Option<Json<'a>>, SearchError> {
        let context = self.0;
        let entries = context.entries.borrow();
        let horizon = context.horizon.borrow().unwrap_or(entries.len());
        // The last entry of a name counts, and entries hide other names.
        for entry in entries[..horizon].iter().rev() {
            if let State::Loaded(value) = &entry.state
                && entry.name == name
            {
                return Ok(Some(value.clone()));
            }
        }
        if name == "request" {
            return Ok(Some(context.request.clone()));
        }
        Ok(context.names.iter().find(|(known, _)| &**known == name).map(|(_, value)| value.clone()))
    }

    fn whole(&self) -> Result<Json<'a>, SearchError> {
        let context = self.0;
        let mut all = vec![(Shared::Borrowed("request"), context.request.clone())];
        all.extend(context.names.iter().cloned());
        let entries = context.entries.borrow();
        let horizon = context.horizon.borrow().unwrap_or(entries.len());
        for entry in &entries[..horizon] {
            if let State::Loaded(value) = &entry.state {
                all.push((key(entry.name), value.clone()));
            }
        }
        Ok(Json::map(all))
    }
}

/// Whether an entry's texts name the element of a loop.
fn names_element(entry: &ContextEntry) -> bool {
    let has = |text: &str| text.contains("element");
    let in_template = |template: &Option<Template>| {
        template
            .as_ref()
            .is_some_and(|template| template.is_dynamic && has(&template.value.to_json(Escape::Plain)))
    };
    match &entry.source {
        ContextSource::Variable { value, query, default } => {
            in_template(value) || in_template(default) || query.as_deref().is_some_and(has)
        }
        ContextSource::ConfigMap { name, namespace } => has(name) || has(namespace),
        ContextSource::ApiCall(call) => {
            call.url_path.as_deref().is_some_and(has) || call.query.as_deref().is_some_and(has)
        }
        ContextSource::ImageRegistry { reference, .. } => has(reference),
        ContextSource::GlobalReference { .. } => false,
    }
}

/// Whether a query names an entry: as a word, and not as the field of something else.
fn mentions(query: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let ends_in_word = name.chars().next_back().is_some_and(is_word);
    query.match_indices(name).any(|(at, _)| {
        let before = query[..at].chars().next_back();
        let after = query[at + name.len()..].chars().next();
        let starts = before.is_none_or(|c| c != '.' && !c.is_ascii_alphanumeric());
        starts && after.is_some_and(is_word) != ends_in_word
    })
}

/// Namespace and name of the service account that a user is; empty for others.
fn service_account(username: &str) -> (&str, &str) {
    const PREFIX: &str = "system:serviceaccount:";
    let mut parts = username.get(PREFIX.len()..).unwrap_or("").split(':');
    match (parts.next(), parts.next()) {
        (Some(namespace), Some(name)) => (namespace, name),
        _ => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_mentioned_as_words() {
        let table = [
            ("cm.data", true),
            ("x.cm", false),
            ("xcm", false),
            ("cms", false),
            ("length(cm)", true),
            ("a || cm", true),
            ("_cm", true),
            ("cm", true),
        ];
        for (query, expected) in table {
            assert_eq!(mentions(query, "cm"), expected, "{query}");
        }
    }

    #[test]
    fn service_accounts_are_taken_apart() {
        assert_eq!(service_account("system:serviceaccount:ns:name"), ("ns", "name"));
        assert_eq!(service_account("kubernetes-admin"), ("", ""));
    }
}
