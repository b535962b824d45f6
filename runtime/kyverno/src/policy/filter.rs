//! `match` and `exclude`: which objects and users a rule is about.

use std::collections::BTreeMap;

use aipc_runtime::document::NodeId;

use super::fields::{FaultKind, Fields, Reader};
use super::selector::{LabelSelector, read_selector};

/// What a rule matches or excludes.
#[derive(Clone, Debug)]
pub enum Filters {
    /// One of them.
    Any(Vec<Filter>),
    /// All of them.
    All(Vec<Filter>),
    /// The older form without `any` and `all`.
    One(Box<Filter>),
}

/// One filter: what is given has to hold, and of a list one.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub kinds: Vec<KindSelector>,
    pub name: Option<String>,
    pub names: Vec<String>,
    pub namespaces: Vec<String>,
    pub annotations: BTreeMap<String, String>,
    /// Whether `annotations` is written, even if it is empty.
    pub has_annotations: bool,
    pub selector: Option<LabelSelector>,
    pub namespace_selector: Option<LabelSelector>,
    pub operations: Vec<String>,
    pub users: Users,
}

/// Who asks; what is given has to hold, and of a list one.
#[derive(Clone, Debug, Default)]
pub struct Users {
    /// As `namespace:name`.
    pub roles: Vec<String>,
    pub cluster_roles: Vec<String>,
    pub subjects: Vec<Subject>,
}

#[derive(Clone, Debug)]
pub struct Subject {
    pub kind: SubjectKind,
    pub name: String,
    pub namespace: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubjectKind {
    User,
    Group,
    ServiceAccount,
}

/// `Pod`, `v1/Pod`, `apps/v1/Deployment`, `Pod/exec`; each part may have wildcards.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KindSelector {
    /// As it is written.
    pub text: String,
    pub group: String,
    pub version: String,
    pub kind: String,
    pub subresource: String,
}

impl Users {
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.cluster_roles.is_empty() && self.subjects.is_empty()
    }
}

impl Filter {
    /// Whether it says nothing about the object.
    pub fn has_no_resources(&self) -> bool {
        self.kinds.is_empty()
            && self.name.is_none()
            && self.names.is_empty()
            && self.namespaces.is_empty()
            && self.annotations.is_empty()
            && self.selector.is_none()
            && self.namespace_selector.is_none()
            && self.operations.is_empty()
    }

    pub fn is_empty(&self) -> bool {
        self.has_no_resources() && self.users.is_empty()
    }
}

impl Filters {
    /// All filters in order.
    pub fn iter(&self) -> impl Iterator<Item = &Filter> {
        match self {
            Filters::Any(filters) | Filters::All(filters) => filters.iter(),
            Filters::One(filter) => std::slice::from_ref(&**filter).iter(),
        }
    }
}

impl KindSelector {
    /// Takes a selector apart as Kyverno does.
    pub fn parse(text: &str) -> KindSelector {
        let mut parts: Vec<&str> = text.split('/').collect();
        if let Some(last) = parts.pop() {
            parts.extend(last.split('.'));
        }
        let (group, version, kind, subresource) = match *parts.as_slice() {
            [kind] => ("*", "*", kind, ""),
            ["*", "*"] => ("*", "*", "*", "*"),
            ["*", subresource] if subresource.to_lowercase() == subresource => ("*", "*", "*", subresource),
            [version, kind] if is_version(version) => ("*", version, kind, ""),
            [kind, subresource] => ("*", "*", kind, subresource),
            [version, kind, subresource] if is_version(version) => ("*", version, kind, subresource),
            [group, version, kind] => (group, version, kind, ""),
            [group, version, kind, subresource] => (group, version, kind, subresource),
            _ => ("", "", "", ""),
        };
        KindSelector {
            text: text.into(),
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
            subresource: subresource.into(),
        }
    }

    /// Whether it names Pods, which is what rules are generated from.
    pub fn is_pod(&self) -> bool {
        names_pod(&self.text)
    }
}

/// Whether the kind in a selector, without its group, version and subresource, is `Pod`.
pub fn names_pod(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let kind = match *parts.as_slice() {
        [kind] => kind.split('.').next().unwrap_or(kind),
        ["*", "*"] => "*",
        [version, kind] if is_version(version) => kind.split('.').next().unwrap_or(kind),
        [kind, _] => kind,
        [version, kind, _] if is_version(version) => kind,
        [_, _, kind] => kind.split('.').next().unwrap_or(kind),
        [_, _, kind, _] => kind,
        _ => "",
    };
    kind == "Pod"
}

/// `*`, or `v1`, `v1beta1` with single digits.
pub fn is_version(text: &str) -> bool {
    let is_digit = |text: &str| text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = text.strip_prefix('v') else { return text == "*" };
    match number.split_once("alpha").or_else(|| number.split_once("beta")) {
        Some((major, minor)) => is_digit(major) && is_digit(minor),
        None => is_digit(number),
    }
}

/// Reads `match` or `exclude`; `None` for what says nothing.
pub fn read_filters(reader: &mut Reader<'_>, node: NodeId) -> Option<Filters> {
    let mut fields = reader.fields(node)?;
    let any: Vec<Filter> =
        fields.elements(reader, "any").into_iter().filter_map(|node| read_filter(reader, node)).collect();
    let all: Vec<Filter> =
        fields.elements(reader, "all").into_iter().filter_map(|node| read_filter(reader, node)).collect();
    let one = read_filter_fields(reader, &mut fields);
    fields.finish(reader);
    if !any.is_empty() && !all.is_empty() {
        reader.fault(node, FaultKind::Refused, "`any` and `all` cannot stand together");
    }
    let has_lists = !any.is_empty() || !all.is_empty();
    if has_lists && !one.has_no_resources() {
        reader.fault(node, FaultKind::Refused, "`resources` cannot stand beside `any` or `all`");
    }
    if !any.is_empty() {
        return Some(Filters::Any(any));
    }
    if !all.is_empty() {
        return Some(Filters::All(all));
    }
    Some(Filters::One(Box::new(one)))
}

fn read_filter(reader: &mut Reader<'_>, node: NodeId) -> Option<Filter> {
    let mut fields = reader.fields(node)?;
    let filter = read_filter_fields(reader, &mut fields);
    fields.finish(reader);
    Some(filter)
}

/// The fields of a filter: `resources` and those of the user.
fn read_filter_fields(reader: &mut Reader<'_>, fields: &mut Fields) -> Filter {
    let users = read_users(reader, fields);
    let resources = fields.get(reader, "resources").and_then(|node| reader.fields(node));
    let Some(mut fields) = resources else { return Filter { users, ..Filter::default() } };
    let node = fields.node;
    let filter = Filter {
        kinds: fields.texts(reader, "kinds").iter().map(|kind| KindSelector::parse(kind)).collect(),
        name: fields.text(reader, "name").filter(|name| !name.is_empty()).map(str::to_owned),
        names: fields.texts(reader, "names"),
        namespaces: fields.texts(reader, "namespaces"),
        has_annotations: fields.get(reader, "annotations").is_some(),
        annotations: fields.text_map(reader, "annotations"),
        selector: fields.get(reader, "selector").and_then(|node| read_selector(reader, node)),
        namespace_selector: fields
            .get(reader, "namespaceSelector")
            .and_then(|node| read_selector(reader, node)),
        operations: read_operations(reader, &mut fields),
        users,
    };
    fields.finish(reader);
    if filter.name.is_some() && !filter.names.is_empty() {
        reader.fault(node, FaultKind::Refused, "`name` and `names` cannot stand together");
    }
    filter
}

fn read_operations(reader: &mut Reader<'_>, fields: &mut Fields) -> Vec<String> {
    const OPERATIONS: &[&str] = &["CREATE", "CONNECT", "UPDATE", "DELETE"];
    let mut operations = Vec::new();
    for node in fields.elements(reader, "operations") {
        let Some(text) = reader.text(node) else { continue };
        if !OPERATIONS.contains(&text) {
            reader.fault(node, FaultKind::Shape, format!("`{text}` is none of {}", OPERATIONS.join(", ")));
        }
        operations.push(text.to_owned());
    }
    operations
}

fn read_users(reader: &mut Reader<'_>, fields: &mut Fields) -> Users {
    let mut users = Users::default();
    for node in fields.elements(reader, "roles") {
        let Some(role) = reader.text(node) else { continue };
        if role.split(':').count() != 2 {
            reader.fault(node, FaultKind::Refused, "a role is written `namespace:name`");
        }
        users.roles.push(role.to_owned());
    }
    users.cluster_roles = fields.texts(reader, "clusterRoles");
    for node in fields.elements(reader, "subjects") {
        users.subjects.extend(read_subject(reader, node));
    }
    users
}

fn read_subject(reader: &mut Reader<'_>, node: NodeId) -> Option<Subject> {
    const KINDS: &[(&str, SubjectKind)] = &[
        ("User", SubjectKind::User),
        ("Group", SubjectKind::Group),
        ("ServiceAccount", SubjectKind::ServiceAccount),
    ];
    let mut fields = reader.fields(node)?;
    fields.allow(&["apiGroup"]);
    let kind = fields.word(reader, "kind", KINDS);
    let name = fields.text(reader, "name").unwrap_or_default().to_owned();
    let namespace = fields.text(reader, "namespace").unwrap_or_default().to_owned();
    fields.finish(reader);
    if name.is_empty() {
        reader.fault(node, FaultKind::Refused, "a subject needs a `name`");
    }
    if kind == Some(SubjectKind::ServiceAccount) && namespace.is_empty() {
        reader.fault(node, FaultKind::Refused, "a ServiceAccount needs a `namespace`");
    }
    Some(Subject { kind: kind?, name, namespace })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_taken_apart() {
        let table = [
            ("Pod", ("*", "*", "Pod", "")),
            ("v1/Pod", ("*", "v1", "Pod", "")),
            ("v10/Pod", ("*", "*", "v10", "Pod")),
            ("apps/Deployment", ("*", "*", "apps", "Deployment")),
            ("apps/v1/Deployment", ("apps", "v1", "Deployment", "")),
            ("Pod/exec", ("*", "*", "Pod", "exec")),
            ("Pod.status", ("*", "*", "Pod", "status")),
            ("*/*", ("*", "*", "*", "*")),
            ("*/scale", ("*", "*", "*", "scale")),
            ("*/Pod", ("*", "*", "Pod", "")),
            ("*/*/Pod", ("*", "*", "*", "Pod")),
            ("v1beta1/Pod/status", ("*", "v1beta1", "Pod", "status")),
            ("apps/v1/Deployment/scale", ("apps", "v1", "Deployment", "scale")),
            ("a/b/c/d/e", ("", "", "", "")),
        ];
        for (text, (group, version, kind, subresource)) in table {
            let found = KindSelector::parse(text);
            let expected = KindSelector {
                text: text.into(),
                group: group.into(),
                version: version.into(),
                kind: kind.into(),
                subresource: subresource.into(),
            };
            assert_eq!(found, expected, "{text}");
        }
    }
}
