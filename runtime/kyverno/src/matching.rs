//! Whether a rule is about a request: `match` and `exclude`.

use std::collections::BTreeMap;

use crate::json::{Entry, Json, View};
use crate::policy::filter::{Filter, Filters, KindSelector, Subject, SubjectKind, Users};
use crate::policy::selector::LabelSelector;
use crate::wildcard;

/// What matching looks at of an object.
#[derive(Clone, Debug)]
pub struct Matched<'a> {
    pub group: &'a str,
    pub version: &'a str,
    pub kind: &'a str,
    pub subresource: &'a str,
    /// `metadata.name`, or `metadata.generateName` without it.
    pub name: &'a str,
    pub namespace: &'a str,
    /// The name itself, for a Namespace.
    own_namespace: &'a str,
    labels: BTreeMap<&'a str, &'a str>,
    annotations: BTreeMap<&'a str, &'a str>,
}

/// Who asks. Nobody is known in the background and where the command line is not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserInfo {
    pub username: String,
    pub groups: Vec<String>,
    /// As `namespace:name`.
    pub roles: Vec<String>,
    pub cluster_roles: Vec<String>,
}

impl UserInfo {
    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        *self != UserInfo::default()
    }

    /// Somebody whom no rule means: for old objects, of which nobody knows who made them.
    pub fn nobody() -> UserInfo {
        UserInfo {
            username: "kyverno:kyverno-invalid-controller".to_owned(),
            groups: vec!["kyverno:invalidgroup".to_owned()],
            roles: vec!["kyverno:invalidrole".to_owned()],
            cluster_roles: vec!["kyverno:invalidrole".to_owned()],
        }
    }
}

/// A request, as far as `match` and `exclude` see it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    pub object: &'r Matched<'r>,
    pub operation: &'r str,
    pub user: &'r UserInfo,
    /// Of the object's namespace.
    pub namespace_labels: &'r BTreeMap<&'r str, &'r str>,
}

impl<'a> Matched<'a> {
    /// What is asked of an object; whatever has the wrong type is absent.
    pub fn new(fields: &'a ObjectFields<'_>) -> Matched<'a> {
        let api_version = text(&fields.api_version);
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = text(&fields.kind);
        let name = match text(&fields.name) {
            "" => text(&fields.generate_name),
            name => name,
        };
        let namespace = text(&fields.namespace);
        let own_namespace = if kind == "Namespace" { text(&fields.name) } else { namespace };
        Matched {
            group,
            version,
            kind,
            subresource: "",
            name,
            namespace,
            own_namespace,
            labels: texts(&fields.labels),
            annotations: texts(&fields.annotations),
        }
    }

    pub fn labels(&self) -> &BTreeMap<&'a str, &'a str> {
        &self.labels
    }
}

/// The fields of an object that matching reads.
#[derive(Clone, Debug)]
pub struct ObjectFields<'a> {
    api_version: Option<Json<'a>>,
    kind: Option<Json<'a>>,
    name: Option<Json<'a>>,
    generate_name: Option<Json<'a>>,
    namespace: Option<Json<'a>>,
    labels: Vec<Entry<'a>>,
    annotations: Vec<Entry<'a>>,
}

impl<'a> ObjectFields<'a> {
    pub fn new(object: &Json<'a>) -> ObjectFields<'a> {
        let metadata = object.get("metadata");
        let below = |key: &str| metadata.as_ref().and_then(|metadata| metadata.get(key));
        ObjectFields {
            api_version: object.get("apiVersion"),
            kind: object.get("kind"),
            name: below("name"),
            generate_name: below("generateName"),
            namespace: below("namespace"),
            labels: below("labels").map_or_else(Vec::new, |map| map.entries()),
            annotations: below("annotations").map_or_else(Vec::new, |map| map.entries()),
        }
    }
}

fn text<'v>(value: &'v Option<Json<'_>>) -> &'v str {
    value.as_ref().and_then(Json::as_text).unwrap_or("")
}

/// A map of texts; empty if any value is none, as Kubernetes reads labels and annotations.
fn texts<'v>(entries: &'v [Entry<'_>]) -> BTreeMap<&'v str, &'v str> {
    let pair = |(key, value): &'v Entry<'_>| match value.view() {
        View::Text(text) => Some((&**key, text)),
        _ => None,
    };
    entries.iter().map(pair).collect::<Option<_>>().unwrap_or_default()
}

/// Whether a rule with these filters is about a request.
pub fn applies(matches: &Filters, exclude: Option<&Filters>, request: &Request<'_>) -> bool {
    let is_known = request.user.is_known();
    let is_match = |filter: &Filter| {
        let users = is_known.then_some(&filter.users);
        let is_empty = filter.has_no_resources() && users.is_none_or(Users::is_empty);
        !is_empty && filter_matches(filter, users, request)
    };
    let matched = match matches {
        Filters::Any(filters) => filters.iter().any(is_match),
        Filters::All(filters) => filters.iter().all(is_match),
        Filters::One(filter) => is_match(filter),
    };
    if !matched {
        return false;
    }
    let is_excluded =
        |filter: &Filter| !filter.is_empty() && filter_matches(filter, Some(&filter.users), request);
    !match exclude {
        None => false,
        Some(Filters::Any(filters)) => filters.iter().any(is_excluded),
        Some(Filters::All(filters)) => filters.iter().all(is_excluded),
        Some(Filters::One(filter)) => is_excluded(filter),
    }
}

/// Whether all of a filter holds; without users those that it asks for count as met.
fn filter_matches(filter: &Filter, users: Option<&Users>, request: &Request<'_>) -> bool {
    let Request { object, operation, user, namespace_labels } = *request;
    let is_named = |pattern: &String| wildcard::matches(pattern, object.name);
    (filter.operations.is_empty() || filter.operations.iter().any(|known| known == operation))
        && (filter.kinds.is_empty() || filter.kinds.iter().any(|kind| kind_matches(kind, object)))
        && filter.name.as_ref().is_none_or(is_named)
        && (filter.names.is_empty() || filter.names.iter().any(is_named))
        && (filter.namespaces.is_empty()
            || filter.namespaces.iter().any(|pattern| wildcard::matches(pattern, object.own_namespace)))
        && filter.annotations.iter().all(|(key, value)| {
            let is_pair = |(name, found): (&&str, &&str)| {
                wildcard::matches(key, name) && wildcard::matches(value, found)
            };
            object.annotations.iter().any(is_pair)
        })
        && filter.selector.as_ref().is_none_or(|selector| selector.matches(&object.labels))
        && filter
            .namespace_selector
            .as_ref()
            .is_none_or(|selector| in_namespace(selector, filter, object, namespace_labels))
        && users.is_none_or(|users| users_match(users, user))
}

fn in_namespace(
    selector: &LabelSelector,
    filter: &Filter,
    object: &Matched<'_>,
    labels: &BTreeMap<&str, &str>,
) -> bool {
    match object.kind {
        "Namespace" => false,
        "" if !filter.kinds.iter().any(|kind| kind.text == "*") => true,
        _ => selector.matches(labels),
    }
}

fn kind_matches(selector: &KindSelector, object: &Matched<'_>) -> bool {
    let is_kind = wildcard::matches(&selector.kind, object.kind)
        && wildcard::matches(&selector.group, object.group)
        && wildcard::matches(&selector.version, object.version);
    let is_pod = (object.group, object.version, object.kind) == ("", "v1", "Pod");
    is_kind
        && (wildcard::matches(&selector.subresource, object.subresource)
            || is_pod && object.subresource == "ephemeralcontainers")
}

fn users_match(users: &Users, user: &UserInfo) -> bool {
    let shares =
        |asked: &[String], has: &[String]| asked.is_empty() || has.iter().any(|role| asked.contains(role));
    shares(&users.roles, &user.roles)
        && shares(&users.cluster_roles, &user.cluster_roles)
        && (users.subjects.is_empty() || users.subjects.iter().any(|subject| is_subject(subject, user)))
}

fn is_subject(subject: &Subject, user: &UserInfo) -> bool {
    match subject.kind {
        SubjectKind::User => wildcard::matches(&subject.name, &user.username),
        SubjectKind::Group => user.groups.iter().any(|group| wildcard::matches(&subject.name, group)),
        SubjectKind::ServiceAccount => {
            let name = format!("system:serviceaccount:{}:{}", subject.namespace, subject.name);
            wildcard::matches(&name, &user.username)
        }
    }
}
