//! The `match` and `exclude` blocks: kinds, operations, and what of `where` they say exactly.

use super::Unsupported;
use super::place::Placed;
use crate::formats::yaml_write::Map;
use crate::ir::*;

/// Where a rule speaks.
#[derive(Debug)]
pub struct Matching {
    pub matches: Map,
    pub excludes: Option<Map>,
    /// What is left for `preconditions`.
    pub rest: Vec<Cond>,
    /// Users are spoken of, which Kyverno knows only at admission.
    pub users: bool,
}

/// Kinds that no well-known group besides Kubernetes' own has, so that people write them bare.
const BARE: [&str; 22] = [
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "CronJob",
    "Namespace",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Node",
    "ClusterRole",
    "ClusterRoleBinding",
    "RoleBinding",
    "StorageClass",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "LimitRange",
    "ResourceQuota",
];

/// Whose blocks they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Whose {
    /// A rule's: where the user or the labels of the namespace are not known, it speaks.
    Rule,
    /// An exception's: there, it covers nothing. It has no `exclude`, and no `operations` that are heeded.
    Exception,
    /// A clean-up's: where labels are not known, it deletes nothing. It has no operations.
    CleanUp,
}

impl Whose {
    /// Whether the blocks say of what is not known what a condition says of it.
    fn says(self, about: Unknown, otherwise: bool) -> bool {
        match self {
            Whose::Rule => otherwise,
            Whose::Exception => !otherwise,
            // A selector does not match where the labels are not known, and clean-ups know no users.
            Whose::CleanUp => about == Unknown::NamespaceLabels,
        }
    }
}

/// The blocks of a rule, of a policy that lives in a namespace or of one that does not.
pub fn matching(placed: &Placed, in_namespace: bool) -> Result<Matching, Unsupported> {
    self::blocks(placed, Whose::Rule, in_namespace)
}

/// The blocks of a clean-up: it asks the API server for each of its kinds, so they are written in full.
pub fn matching_existing(placed: &Placed, in_namespace: bool) -> Result<Matching, Unsupported> {
    self::blocks(placed, Whose::CleanUp, in_namespace)
}

/// The `match` of an exception; operations are among its conditions.
pub fn matching_of_exception(placed: &Placed) -> Result<Matching, Unsupported> {
    self::blocks(placed, Whose::Exception, false)
}

/// Kyverno takes no names of namespaces in a policy that lives in one.
fn blocks(placed: &Placed, whose: Whose, in_namespace: bool) -> Result<Matching, Unsupported> {
    let in_full = |target: &Target| format!("{}/{}", target.kind.api_version(), target.kind.kind);
    let kinds: Vec<String> = match whose {
        Whose::Rule | Whose::Exception => placed.targets.iter().map(kind).collect(),
        Whose::CleanUp => placed.targets.iter().map(in_full).collect(),
    };
    let rule = &placed.rule;
    let mut resources = Map::new().with("kinds", kinds);
    let mut filter = Filter::default();
    let namespaced = placed.targets.iter().all(|target| target.kind.namespaced && !target.kind.is_any());
    let mut rest = Vec::new();
    for cond in &rule.applies {
        let parts = match rewrite::normalize(cond) {
            Cond { kind: CondKind::And(parts), .. } => parts,
            cond => vec![cond],
        };
        for part in parts {
            let names_namespace = namespace_globs(&part).is_some()
                || matches!(&part.kind, CondKind::Not(inner) if namespace_globs(inner).is_some());
            if (names_namespace && in_namespace) || !filter.take(&part, namespaced, placed.autogen, whose) {
                rest.push(part);
            }
        }
    }
    for cond in &rest {
        if let Some(span) = unseen(cond) {
            let reason = "Kyverno sees labels of namespaces in `match` only: write `where namespace.labels[…] == \"…\"` as a `where` of its own";
            return Err(Unsupported { span, reason });
        }
    }
    if !filter.namespaces.is_empty() {
        resources.set("namespaces", filter.namespaces);
    }
    if !filter.labels.is_empty() {
        resources.set("selector", Map::new().with("matchLabels", pairs(filter.labels)));
    }
    if !filter.namespace_labels.is_empty() {
        resources.set("namespaceSelector", Map::new().with("matchLabels", pairs(filter.namespace_labels)));
    }
    if whose == Whose::Rule {
        let operations: Vec<&str> = rule.operations.names();
        resources.set("operations", operations);
    }
    let mut block = Map::new().with("resources", resources);
    let users = !filter.subjects.is_empty() || !filter.cluster_roles.is_empty() || !filter.roles.is_empty();
    if !filter.subjects.is_empty() {
        let subject = |(kind, name): (&str, String)| Map::new().with("kind", kind).with("name", name);
        block.set("subjects", filter.subjects.into_iter().map(subject).collect::<Vec<_>>());
    }
    if !filter.roles.is_empty() {
        block.set("roles", filter.roles);
    }
    if !filter.cluster_roles.is_empty() {
        block.set("clusterRoles", filter.cluster_roles);
    }
    let excludes = (!filter.excluded.is_empty()).then(|| {
        let resources = Map::new().with("namespaces", filter.excluded);
        any(Map::new().with("resources", resources))
    });
    Ok(Matching { matches: any(block), excludes, rest, users })
}

fn any(filter: Map) -> Map {
    Map::new().with("any", vec![filter])
}

fn pairs(labels: Vec<(String, String)>) -> Map {
    labels.into_iter().fold(Map::new(), |map, (key, value)| map.with(key, value))
}

/// `Pod`, `batch/v1/Job`, `Deployment/scale`.
fn kind(target: &Target) -> String {
    let KindRef { group, version, kind, .. } = &target.kind;
    let name = match () {
        () if target.kind.is_any() => "*".to_owned(),
        () if version.is_empty() || version == "*" => kind.clone(),
        () if !target.kind.untyped && BARE.contains(&kind.as_str()) && is_builtin(group) => kind.clone(),
        () if group.is_empty() => format!("{version}/{kind}"),
        () => format!("{group}/{version}/{kind}"),
    };
    match &target.subresource {
        Some(subresource) => format!("{name}/{}", subresource.trim_start_matches('/')),
        None => name,
    }
}

fn is_builtin(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

/// What the blocks say, gathered from conditions.
#[derive(Default)]
struct Filter {
    namespaces: Vec<String>,
    excluded: Vec<String>,
    labels: Vec<(String, String)>,
    namespace_labels: Vec<(String, String)>,
    subjects: Vec<(&'static str, String)>,
    roles: Vec<String>,
    cluster_roles: Vec<String>,
}

impl Filter {
    /// Takes a condition into the blocks, if they say exactly that.
    fn take(&mut self, cond: &Cond, namespaced: bool, autogen: bool, whose: Whose) -> bool {
        if let Some(names) = namespace_globs(cond).filter(|_| namespaced && self.namespaces.is_empty()) {
            self.namespaces = names;
            return true;
        }
        if whose == Whose::Rule
            && let CondKind::Not(inner) = &cond.kind
            && let Some(names) = namespace_globs(inner).filter(|_| namespaced)
        {
            self.excluded.extend(names);
            return true;
        }
        if let CondKind::Known { about, cond: inner, otherwise } = &cond.kind
            && whose.says(*about, *otherwise)
        {
            return match about {
                Unknown::NamespaceLabels => self.take_namespace_label(inner, namespaced),
                Unknown::User => self.take_user(inner, whose),
            };
        }
        if let Some((key, value)) = label_equality(cond, &[Root::Object])
            // A selector switches off the rules that Kyverno makes for workloads.
            && !autogen
            && !self.labels.iter().any(|(known, _)| known == key)
        {
            self.labels.push((key.to_owned(), value.to_owned()));
            return true;
        }
        false
    }

    fn take_namespace_label(&mut self, cond: &Cond, namespaced: bool) -> bool {
        let parts = match &cond.kind {
            CondKind::And(parts) => parts.as_slice(),
            _ => std::slice::from_ref(cond),
        };
        let mut found = Vec::new();
        for part in parts {
            match text_equality(part) {
                Some((path, value)) if path.root == Root::NamespaceObject && is_label_value(value) => {
                    let Some(key) = label_key(path) else { return false };
                    found.push((key.to_owned(), value.to_owned()));
                }
                _ => return false,
            }
        }
        if !namespaced
            || found.iter().any(|(key, _)| self.namespace_labels.iter().any(|(known, _)| known == key))
        {
            return false;
        }
        self.namespace_labels.extend(found);
        true
    }

    /// Each list of the block is one condition, all of which have to hold, so a second condition of a kind is left.
    fn take_user(&mut self, cond: &Cond, whose: Whose) -> bool {
        // Whom nobody knows has an empty name, which only these globs match.
        let matches_nobody =
            |subjects: &Vec<(&str, String)>| subjects.iter().any(|(_, name)| name.chars().all(|c| c == '*'));
        if let Some(subjects) = user_subjects(cond)
            .filter(|_| self.subjects.is_empty())
            .filter(|subjects| whose == Whose::Rule || !matches_nobody(subjects))
        {
            self.subjects = subjects;
            return true;
        }
        // `"admin" in user.clusterRoles`
        if let CondKind::Test(Test::InList, values) = &cond.kind
            && let [name, list] = values.as_slice()
            && let Some(Literal::Text(role)) = name.as_literal()
            && let Some(path) = list.as_path()
            && path.root == Root::User
            && let [Step::Field(field)] = path.steps.as_slice()
        {
            match field.name.as_str() {
                "clusterRoles" if self.cluster_roles.is_empty() => self.cluster_roles.push(role.clone()),
                // Kyverno takes `namespace:name` only
                "roles" if self.roles.is_empty() && role.split(':').count() == 2 => {
                    self.roles.push(role.clone())
                }
                _ => return false,
            }
            return true;
        }
        false
    }
}

/// The users or groups that a condition asks for: names, or globs of names.
fn user_subjects(cond: &Cond) -> Option<Vec<(&'static str, String)>> {
    match &cond.kind {
        CondKind::Or(parts) => {
            let found: Option<Vec<Vec<_>>> = parts.iter().map(user_subjects).collect();
            Some(found?.concat())
        }
        CondKind::Any(q) => {
            let path = q.source.as_path()?;
            let groups =
                path.root == Root::User && first_field(path) == Some("groups") && path.steps.len() == 1;
            let globs = globs_of(&q.body, |path| {
                path.root == Root::Local(q.binder.element) && path.steps.is_empty()
            })?;
            groups.then(|| globs.into_iter().map(|glob| ("Group", glob)).collect())
        }
        CondKind::Test(Test::InList, values) => match values.as_slice() {
            [name, list] => {
                let path = list.as_path()?;
                let Some(Literal::Text(group)) = name.as_literal() else { return None };
                let groups = path.root == Root::User && first_field(path) == Some("groups");
                (groups && !group.contains(['*', '?'])).then(|| vec![("Group", group.clone())])
            }
            _ => None,
        },
        _ => {
            let globs = globs_of(cond, |path| path.root == Root::User && first_field(path) == Some("name"))?;
            Some(globs.into_iter().map(|glob| ("User", glob)).collect())
        }
    }
}

fn first_field(path: &Path) -> Option<&str> {
    match path.steps.first() {
        Some(Step::Field(field)) => Some(&field.name),
        _ => None,
    }
}

/// The globs of a condition about the namespace's name.
fn namespace_globs(cond: &Cond) -> Option<Vec<String>> {
    globs_of(cond, |path| path.root == Root::Namespace && path.steps.is_empty())
}

/// The globs one of which a text must match for the condition to hold: from `~`, `==`, `in` and `or`.
fn globs_of(cond: &Cond, is_subject: impl Fn(&Path) -> bool + Copy) -> Option<Vec<String>> {
    let about = |value: &Value| value.as_path().is_some_and(is_subject);
    let exact = |literal: &Literal| match literal {
        // a wildcard in plain text would be one to Kyverno
        Literal::Text(text) if !text.contains(['*', '?']) && is_template_free(text) => Some(text.clone()),
        _ => None,
    };
    match &cond.kind {
        CondKind::Glob { value, globs } if about(value) => {
            let globs: Option<Vec<String>> = globs.iter().map(Glob::to_pattern).collect();
            globs.filter(|globs| globs.iter().all(|glob| is_template_free(glob)))
        }
        CondKind::Compare { comparison: Comparison::Equal, domain: Domain::Text, left, right } => {
            let literal = if about(left) {
                right
            } else if about(right) {
                left
            } else {
                return None;
            };
            Some(vec![exact(literal.as_literal()?)?])
        }
        CondKind::Test(Test::InList, values) => match values.as_slice() {
            [value, list] if about(value) => match &list.kind {
                ValueKind::List(items) => items.iter().map(|item| exact(item.as_literal()?)).collect(),
                _ => None,
            },
            _ => None,
        },
        CondKind::Or(parts) => {
            let found: Option<Vec<Vec<String>>> =
                parts.iter().map(|part| globs_of(part, is_subject)).collect();
            Some(found?.concat())
        }
        _ => None,
    }
}

/// Kyverno takes no variables in these blocks, and the empty text matches in its own way.
fn is_template_free(text: &str) -> bool {
    !text.is_empty() && !text.contains("{{") && !text.contains("$(")
}

/// `label.key == "value"` of an object that one of the roots stands for, if a selector says it.
pub fn label_equality<'c>(cond: &'c Cond, roots: &[Root]) -> Option<(&'c str, &'c str)> {
    let (path, value) = text_equality(cond)?;
    let key = label_key(path).filter(|_| roots.contains(&path.root))?;
    is_label_value(value).then_some((key, value))
}

/// `path == "text"`.
fn text_equality(cond: &Cond) -> Option<(&Path, &str)> {
    let CondKind::Compare { comparison: Comparison::Equal, domain: Domain::Text, left, right } = &cond.kind
    else {
        return None;
    };
    match (left.as_path(), right.as_literal()) {
        (Some(path), Some(Literal::Text(text))) => Some((path, text)),
        _ => None,
    }
}

/// The key of `metadata.labels[key]`, if a selector takes it.
fn label_key(path: &Path) -> Option<&str> {
    match path.steps.as_slice() {
        [Step::Field(metadata), Step::Field(labels), Step::Field(key)]
            if metadata.name == "metadata" && labels.name == "labels" =>
        {
            let (prefix, name) = key.name.split_once('/').unwrap_or(("x", &key.name));
            let prefix_fits = prefix.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            });
            (prefix_fits && !name.is_empty() && is_label_value(name)).then_some(&key.name)
        }
        _ => None,
    }
}

/// What Kubernetes takes as the value of a label.
fn is_label_value(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.iter().all(|b| inner(*b))
        && bytes.first().is_none_or(u8::is_ascii_alphanumeric)
        && bytes.last().is_none_or(u8::is_ascii_alphanumeric)
}

/// Where a condition speaks of what only the blocks see.
fn unseen(cond: &Cond) -> Option<crate::source::Span> {
    let mut span = None;
    measure::any_value(cond, &mut |value| {
        let is_unseen = value.as_path().is_some_and(|path| path.root == Root::NamespaceObject);
        if is_unseen {
            span = Some(value.origin);
        }
        is_unseen
    });
    span
}

/// The `failureActionOverrides` of a conditional action, if they say its condition.
pub fn override_of(cond: &Cond, namespaced: bool) -> Option<Map> {
    if !namespaced {
        return None;
    }
    let mut filter = Filter::default();
    let taken = match namespace_globs(cond) {
        Some(names) => {
            filter.namespaces = names;
            true
        }
        None => match &cond.kind {
            CondKind::Known { about: Unknown::NamespaceLabels, cond, .. } => {
                filter.take_namespace_label(cond, true)
            }
            _ => filter.take_namespace_label(cond, true),
        },
    };
    taken.then(|| {
        let mut map = Map::new();
        if !filter.namespaces.is_empty() {
            map.set("namespaces", filter.namespaces);
        }
        if !filter.namespace_labels.is_empty() {
            map.set("namespaceSelector", Map::new().with("matchLabels", pairs(filter.namespace_labels)));
        }
        map
    })
}
