//! `mutate`: edits as a strategic merge where that says the same, else as JSON patches.
//!
//! Kyverno applies the entries of a rule one after the other, and each sees what those before it did; edits all read
//! the object as it was. So where an edit reads what an earlier one writes, the rule keeps the object in a variable.
//! Texts of policies and manifests go into a patch as JSON inside of one variable, which Kyverno does not read again.

use super::Unsupported;
use super::conditions::{all_of, variable};
use super::scope::{Context, Scope};
use super::value::{literal_json, raw};
use crate::formats::edits::{
    EACH, escaped, in_order, is_map, is_within, names, removes_element, same_elements, written_to,
};
use crate::formats::existing::seen_from_target;
use crate::formats::jmespath::{self, Expr};
use crate::formats::yaml_write::{Map, Node, document};
use crate::ir::*;

/// What a rule says instead of `validate`.
pub struct Mutate {
    /// What has to hold of every edit: `preconditions`.
    pub conditions: Vec<Cond>,
    pub mutate: Map,
}

/// The edits of a rule whose subject has been put at its place.
///
/// # Errors
/// Edits that get into each other's way, and values that JMESPath cannot say.
pub fn mutate(
    context: &Context,
    scope: &Scope,
    targets: &[Target],
    mutation: &Mutation,
) -> Result<Mutate, Unsupported> {
    let (conditions, edits) = split_guards(&mutation.edits);
    let merges = targets.iter().all(|target| keeps_lists(&target.kind));
    if merges && let Some(overlay) = context.attempt(|| strategic(context, scope, &edits))? {
        return Ok(Mutate { conditions, mutate: Map::new().with("patchStrategicMerge", overlay) });
    }
    if let Some(patch) = plain_patch(&edits) {
        return Ok(Mutate { conditions, mutate: Map::new().with("patchesJson6902", patch) });
    }
    let edits = in_order(edits)?;
    if !context.changes_target() && reads_what_was_written(&edits) {
        context.read_before();
    }
    let mut entries: Vec<Entry> = Vec::new();
    for edit in edits {
        match entries.last_mut() {
            Some(last) if last.is_of(&edit) => last.others.push(edit),
            _ => entries.push(Entry { edit, others: Vec::new() }),
        }
    }
    let entries: Result<Vec<Map>, Unsupported> =
        entries.iter().map(|entry| foreach(context, scope, entry)).collect();
    Ok(Mutate { conditions, mutate: Map::new().with("foreach", entries?) })
}

/// What a rule about existing objects says.
pub struct MutateExisting {
    pub mutate: Map,
    /// The admitted object has to be kept in a variable.
    pub keeps_trigger: bool,
    /// The form of image references is needed.
    pub takes_images_apart: bool,
}

/// The edits of existing objects, of kinds that have their subjects at one place.
///
/// # Errors
/// As of [`mutate`].
pub fn existing(
    next_local: u32,
    existing: &Existing,
    mutation: &Mutation,
    on_policy_update: Option<bool>,
) -> Result<MutateExisting, Unsupported> {
    let (applies, edits) = seen_from_target(mutation);
    let Some(kind) = existing.targets.first().map(|target| &target.kind) else {
        return Ok(MutateExisting { mutate: Map::new(), keeps_trigger: false, takes_images_apart: false });
    };
    let context = Context::of_target(kind, next_local);
    let scope = Scope::top();
    context.open_questions();
    let mut written = mutate(&context, &scope, &existing.targets, &edits)?;
    if written.mutate.get("foreach").is_some() {
        context.close_questions();
        context.read_before();
        context.open_questions();
        written = mutate(&context, &scope, &existing.targets, &edits)?;
    }
    let mut asked: Vec<Cond> = [applies, written.conditions]
        .concat()
        .iter()
        .flat_map(|cond| conjuncts(rewrite::normalize(cond)))
        .collect();
    let named = take_name(&mut asked);
    let preconditions = match asked.is_empty() {
        true => None,
        false => Some(all_of(&context, &scope, &asked)?),
    };
    // Of each target, as the rule's own context is asked for the first of them only.
    let questions = context.close_questions();
    let target = |target: &Target| {
        let mut map =
            Map::new().with("apiVersion", target.kind.api_version()).with("kind", target.kind.kind.as_str());
        if let Some((key, value)) = &named {
            map.set(*key, value.as_str());
        }
        map.with_some("context", (!questions.is_empty()).then(|| questions.clone()))
            .with_some("preconditions", preconditions.clone())
    };
    let targets: Vec<Map> = existing.targets.iter().map(target).collect();
    let mut map =
        Map::new().with_some("mutateExistingOnPolicyUpdate", on_policy_update).with("targets", targets);
    map.0.extend(written.mutate.0);
    Ok(MutateExisting {
        mutate: map,
        keeps_trigger: context.reads_before(),
        takes_images_apart: context.takes_images_apart(),
    })
}

/// The conditions that all have to hold.
fn conjuncts(cond: Cond) -> Vec<Cond> {
    match cond.kind {
        CondKind::And(parts) => parts.into_iter().flat_map(conjuncts).collect(),
        CondKind::Const(true) => Vec::new(),
        _ => vec![cond],
    }
}

/// The name of the objects, or else their namespace, where that is written out. Kyverno asks for one object with both,
/// and takes it for an error that there is none.
fn take_name(asked: &mut Vec<Cond>) -> Option<(&'static str, String)> {
    let equal = |cond: &Cond, field: &str| {
        let CondKind::Compare { comparison: Comparison::Equal, left, right, .. } = &cond.kind else {
            return None;
        };
        let path = left.as_path().filter(|path| path.root == Root::Object)?;
        let is_field = |step: &Step, name: &str| matches!(step, Step::Field(field) if field.name == name);
        let is_at = matches!(path.steps.as_slice(), [metadata, last] if is_field(metadata, "metadata") && is_field(last, field));
        match right.as_literal() {
            Some(Literal::Text(text)) if is_at && aipc_runtime::machine::is_object_name(text) => {
                Some(text.clone())
            }
            _ => None,
        }
    };
    for field in ["name", "namespace"] {
        if let Some((at, text)) = asked.iter().enumerate().find_map(|(at, it)| Some((at, equal(it, field)?)))
        {
            asked.remove(at);
            return Some((field, text));
        }
    }
    None
}

/// The condition that makes Kyverno keep an object in a variable before it changes: variables have a value once they are
/// asked for.
pub fn kept(variable: &str) -> Map {
    Map::new()
        .with("key", format!("{{{{ {variable}.kind }}}}"))
        .with("operator", "NotEquals")
        .with("value", "")
}

/// Preconditions with that one in front of the others.
pub fn asked_first(kept: Map, others: Option<Map>) -> Map {
    let mut all = vec![Node::Map(kept)];
    let mut rest = Map::new();
    for entry in others.into_iter().flat_map(|map| map.0) {
        match (entry.key.as_str(), entry.value) {
            ("all", Node::List(rows)) => all.extend(rows),
            (_, value) => {
                rest.set(entry.key, value);
            }
        }
    }
    joined(Map::new().with("all", Node::List(all)), rest)
}

// Guards

/// What all guards ask for of the object as a whole, and the edits with what is left of their guards.
fn split_guards(edits: &[Edit]) -> (Vec<Cond>, Vec<Edit>) {
    let parts = |edit: &Edit| -> Vec<Cond> {
        match rewrite::normalize(&edit.guard).kind {
            CondKind::And(parts) => parts,
            CondKind::Const(true) => Vec::new(),
            kind => vec![Cond::new(kind, edit.guard.origin)],
        }
    };
    let all: Vec<Vec<Cond>> = edits.iter().map(parts).collect();
    let of_object = |cond: &Cond| !measure::any_root(cond, &mut |root| matches!(root, Root::Local(_)));
    let closed = |cond: &Cond| of_object(cond) || !mentions_elements(cond, edits);
    let common: Vec<Cond> = match all.split_first() {
        // What `default` and the like ask of a place belongs to the edit, even if there is only one.
        Some((first, rest)) => first
            .iter()
            .filter(|cond| closed(cond) && !edits.iter().any(|edit| asks_of_place(cond, edit)))
            .filter(|cond| rest.iter().all(|parts| parts.iter().any(|other| same(other, cond))))
            .cloned()
            .collect(),
        None => Vec::new(),
    };
    let edits = edits.iter().zip(all).map(|(edit, parts)| {
        let left: Vec<Cond> =
            parts.into_iter().filter(|part| !common.iter().any(|cond| same(cond, part))).collect();
        let guard = match left.is_empty() {
            true => Cond::constant(true, edit.origin),
            false => Cond::new(CondKind::And(left), edit.origin),
        };
        Edit { guard, ..edit.clone() }
    });
    (common.clone(), edits.collect())
}

/// Whether a condition speaks of the elements of an edit's lists.
fn mentions_elements(cond: &Cond, edits: &[Edit]) -> bool {
    let elements: Vec<Local> = edits
        .iter()
        .flat_map(|edit| &edit.each)
        .flat_map(|each| super::capture::bound(each.binder))
        .collect();
    super::capture::mentions(cond, &elements)
}

/// Whether two conditions ask the same, wherever they are written.
fn same(a: &Cond, b: &Cond) -> bool {
    print::print_cond(a) == print::print_cond(b)
}

/// `not has place`
fn asks_of_place(cond: &Cond, edit: &Edit) -> bool {
    let CondKind::Not(inner) = &cond.kind else { return false };
    match &inner.kind {
        CondKind::Has(value) => value.as_path() == edit.change.place().as_path(),
        CondKind::Any(quantified) => quantified.source.as_path() == edit.change.place().as_path(),
        _ => false,
    }
}

/// What is left of a guard: nothing, that the place is empty, or something else.
enum Left {
    Nothing,
    Absent,
    Other,
}

fn left(edit: &Edit) -> Left {
    match &edit.guard.kind {
        CondKind::Const(true) => Left::Nothing,
        CondKind::And(parts) => match parts.as_slice() {
            [one] if is_absent(one, edit) => Left::Absent,
            _ => Left::Other,
        },
        _ => Left::Other,
    }
}

fn is_absent(cond: &Cond, edit: &Edit) -> bool {
    let CondKind::Not(inner) = &cond.kind else { return false };
    matches!(&inner.kind, CondKind::Has(value) if value.as_path() == edit.change.place().as_path())
}

// Strategic merge

/// Kinds without lists whose elements are merged by a key. In the lists of others a strategic merge joins elements that
/// have the same key, two ports of one number with their own protocols for instance, whatever the patch is about.
const WITHOUT_KEYED_LISTS: [(&str, &str); 14] = [
    ("", "Namespace"),
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "ResourceQuota"),
    ("", "LimitRange"),
    ("", "PersistentVolumeClaim"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("networking.k8s.io", "Ingress"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("policy", "PodDisruptionBudget"),
    ("scheduling.k8s.io", "PriorityClass"),
];

fn keeps_lists(kind: &KindRef) -> bool {
    WITHOUT_KEYED_LISTS.contains(&(kind.group.as_str(), kind.kind.as_str()))
}

/// The edits as one overlay: scalars that are set, and anything that is set where nothing is.
fn strategic(context: &Context, scope: &Scope, edits: &[Edit]) -> Result<Option<Map>, Unsupported> {
    let mut root = Map::new();
    for edit in edits {
        let Change::Put { place, value } = &edit.change else { return Ok(None) };
        let scalar = !matches!(value.ty, Type::List(_) | Type::Map(_) | Type::Object | Type::Json);
        let anchor = match left(edit) {
            Left::Nothing if scalar => "",
            Left::Absent => "+",
            Left::Nothing | Left::Other => return Ok(None),
        };
        let Some(fields) = plain_fields(place).filter(|_| edit.each.is_empty()) else { return Ok(None) };
        let Some(node) = node(context, scope, value)? else { return Ok(None) };
        let Some((last, parents)) = fields.split_last() else { return Ok(None) };
        let mut map = &mut root;
        for name in parents {
            let Some(next) = map_at(map, name) else { return Ok(None) };
            map = next;
        }
        // A field that is written twice takes the last value, which an overlay cannot say.
        let anchored = format!("+({last})");
        if map.get(last).is_some() || map.get(&anchored).is_some() {
            return Ok(None);
        }
        map.set(if anchor.is_empty() { (*last).to_owned() } else { anchored }, node);
    }
    Ok(Some(root))
}

/// The map under a key, made if there is none; `None` if something else stands there.
fn map_at<'m>(map: &'m mut Map, key: &str) -> Option<&'m mut Map> {
    let at = match map.0.iter().position(|entry| entry.key == key) {
        Some(at) => at,
        None => {
            map.set(key, Map::new());
            map.0.len() - 1
        }
    };
    match &mut map.0[at].value {
        Node::Map(map) => Some(map),
        _ => None,
    }
}

/// The names on the way from the object to a place, if Kyverno reads none of them as an anchor or wildcard.
fn plain_fields(place: &Value) -> Option<Vec<&str>> {
    let path = place.as_path().filter(|path| path.root == Root::Object)?;
    let names: Option<Vec<&str>> = path
        .steps
        .iter()
        .map(|step| match step {
            Step::Field(field) => Some(field.name.as_str()).filter(|name| is_plain_key(name)),
            Step::Key(_) | Step::Element(_) => None,
        })
        .collect();
    names.filter(|names| !names.is_empty())
}

fn is_plain_key(key: &str) -> bool {
    !key.is_empty() && !key.contains(['(', ')', '*', '?', '{', '}', '$', '<', '>', '+', '^', '='])
}

/// A value as YAML: literals as they are, what is computed as a variable of its own. `None` where
/// that is no scalar, or may be none.
fn node(context: &Context, scope: &Scope, value: &Value) -> Result<Option<Node>, Unsupported> {
    Ok(match &value.kind {
        ValueKind::Literal(literal) => Some(safe_text(literal_json(literal))),
        ValueKind::Object(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let Some(node) = node(context, scope, value)?.filter(|_| is_plain_key(key)) else {
                    return Ok(None);
                };
                map.set(key.clone(), node);
            }
            Some(Node::Map(map))
        }
        ValueKind::List(items) => {
            let mut nodes = Vec::new();
            for item in items {
                let Some(node) = node(context, scope, item)? else { return Ok(None) };
                nodes.push(node);
            }
            Some(Node::List(nodes))
        }
        // What a variable brings is not read again if it is a text; texts inside of lists and maps are.
        _ if matches!(value.ty, Type::List(_) | Type::Map(_) | Type::Object | Type::Json) => None,
        _ => {
            let term = raw(context, scope, value)?;
            let text = variable(&term.or_null());
            Some(Node::Text(text))
        }
    })
}

/// A literal; a text that Kyverno would read something into stands inside of a variable.
pub fn safe_text(literal: serde_json::Value) -> Node {
    match literal {
        serde_json::Value::String(text) if !is_safe_text(&text) => {
            Node::Text(variable(&Expr::call("to_string", [Expr::text(text)])))
        }
        json => json.into(),
    }
}

/// Whether Kyverno takes a text as it stands.
pub fn is_safe_text(text: &str) -> bool {
    !text.contains("{{") && !text.contains("$(") && !text.contains("}}")
}

// JSON patches

/// All edits as one patch without variables, if every place and value is written out and nothing is asked first.
fn plain_patch(edits: &[Edit]) -> Option<Node> {
    let operations: Option<Vec<Map>> = edits
        .iter()
        .map(|edit| {
            let is_plain = edit.each.is_empty() && matches!(left(edit), Left::Nothing);
            is_plain.then(|| written_operation(edit)).flatten()
        })
        .collect();
    Some(patch_text(operations?))
}

/// The YAML text of a patch.
fn patch_text(operations: Vec<Map>) -> Node {
    Node::Text(document(&Node::List(operations.into_iter().map(Node::Map).collect())))
}

/// An operation as it is written in a patch: with values that are literals.
fn written_operation(edit: &Edit) -> Option<Map> {
    let path = written_path(edit)?;
    let (name, value) = match &edit.change {
        Change::Put { value, .. } => (put(edit), Some(literal(value).filter(is_safe)?)),
        Change::Insert { value, .. } => ("add", Some(literal(value).filter(is_safe)?)),
        Change::Remove { .. } => ("remove", None),
    };
    Some(Map::new().with("op", name).with("path", path).with_some("value", value.map(Node::from)))
}

/// An element is replaced; a field is added, which replaces it too.
fn put(edit: &Edit) -> &'static str {
    let is_element = edit.change.place().as_path().is_some_and(|path| path.steps.is_empty());
    if is_element { "replace" } else { "add" }
}

/// A value that consists of literals only.
fn literal(value: &Value) -> Option<serde_json::Value> {
    match &value.kind {
        ValueKind::Literal(it) => Some(literal_json(it)),
        ValueKind::List(items) => items.iter().map(literal).collect::<Option<Vec<_>>>().map(Into::into),
        ValueKind::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| Some((key.clone(), literal(value)?)));
            entries.collect::<Option<serde_json::Map<_, _>>>().map(Into::into)
        }
        _ => None,
    }
}

fn is_safe(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => is_safe_text(text),
        serde_json::Value::Array(items) => items.iter().all(is_safe),
        serde_json::Value::Object(map) => map.iter().all(|(key, value)| is_safe_text(key) && is_safe(value)),
        _ => true,
    }
}

/// A step of a JSON pointer.
enum Token {
    Name(String),
    /// The number of the element of the loop at this depth.
    Number(usize),
    Computed(Expr),
}

/// The pointer's steps, from the object on. With a scope, computed keys are there too.
fn tokens(edit: &Edit, keys: Option<(&Context, &Scope)>) -> Result<Option<Vec<Token>>, Unsupported> {
    let mut tokens = Vec::new();
    if !way(edit, edit.change.place(), keys, &mut tokens)? {
        return Ok(None);
    }
    if let Change::Insert { end, .. } = &edit.change {
        tokens.push(Token::Name(if *end == End::First { "0" } else { "-" }.to_owned()));
    }
    Ok(Some(tokens))
}

/// The steps to a place: those to the element that it begins at, then its own.
fn way(
    edit: &Edit,
    place: &Value,
    keys: Option<(&Context, &Scope)>,
    tokens: &mut Vec<Token>,
) -> Result<bool, Unsupported> {
    let Some(path) = place.as_path() else { return Ok(false) };
    if let Root::Local(local) = path.root {
        let Some(depth) = edit.each.iter().position(|each| each.binder.element == local) else {
            return Ok(false);
        };
        let each = &edit.each[depth];
        if !way(edit, &each.list, keys, tokens)? {
            return Ok(false);
        }
        match each.binder.key.filter(|_| is_map(&each.list)) {
            Some(_) => match keys {
                Some(_) => {
                    tokens.push(Token::Computed(Expr::path([element_name(edit, depth).as_str(), "key"])))
                }
                None => return Ok(false),
            },
            None => tokens.push(Token::Number(depth)),
        }
    }
    for step in &path.steps {
        match (step, keys) {
            (Step::Field(field), _) => tokens.push(Token::Name(field.name.clone())),
            (Step::Key(key), Some((context, scope))) => {
                tokens.push(Token::Computed(raw(context, scope, key)?.expr));
            }
            (Step::Key(_), None) | (Step::Element(_), _) => return Ok(false),
        }
    }
    Ok(true)
}

/// What Kyverno calls the element of a loop: the innermost by its plain name where it is the only one.
fn element_name(edit: &Edit, depth: usize) -> String {
    if edit.each.len() == 1 { "element".to_owned() } else { format!("element{depth}") }
}

fn number_name(edit: &Edit, depth: usize) -> String {
    if edit.each.len() == 1 { "elementIndex".to_owned() } else { format!("elementIndex{depth}") }
}

/// The pointer as text in a patch, numbers of elements as variables.
fn written_path(edit: &Edit) -> Option<String> {
    let tokens = tokens(edit, None).ok().flatten()?;
    let mut text = String::new();
    for token in tokens {
        text.push('/');
        match token {
            Token::Name(name) if is_safe_text(&name) => text.push_str(&escaped(&name)),
            Token::Number(depth) => text.push_str(&format!("{{{{{}}}}}", number_name(edit, depth))),
            Token::Name(_) | Token::Computed(_) => return None,
        }
    }
    Some(text)
}

/// The pointer as an expression of type text.
fn computed_path(edit: &Edit, tokens: Vec<Token>) -> Expr {
    let mut parts: Vec<Expr> = Vec::new();
    let mut text = String::new();
    for token in tokens {
        text.push('/');
        let part = match token {
            Token::Name(name) => {
                text.push_str(&escaped(&name));
                continue;
            }
            Token::Number(depth) => {
                Expr::call("to_string", [Expr::path([number_name(edit, depth).as_str()])])
            }
            Token::Computed(key) => {
                let tilde = Expr::call("replace_all", [key, Expr::text("~"), Expr::text("~0")]);
                Expr::call("replace_all", [tilde, Expr::text("/"), Expr::text("~1")])
            }
        };
        parts.push(Expr::text(std::mem::take(&mut text)));
        parts.push(part);
    }
    if !text.is_empty() {
        parts.push(Expr::text(text));
    }
    match parts.as_slice() {
        [Expr::Text(_)] => parts.remove(0),
        _ => Expr::call("join", [Expr::text(""), Expr::list(parts)]),
    }
}

/// An operation of an entry.
struct Operation {
    /// As it is written in a patch, where that says it.
    written: Option<Map>,
    /// As an expression of type object.
    computed: Expr,
}

fn operation(context: &Context, scope: &Scope, edit: &Edit) -> Result<Operation, Unsupported> {
    let scope = inside(scope, edit);
    let no_place = Unsupported { span: edit.origin, reason: "this place cannot be said in a JSON patch" };
    let tokens = tokens(edit, Some((context, &scope)))?.ok_or(no_place)?;
    let path = computed_path(edit, tokens);
    let text = |name: &str| Expr::text(name);
    let mut entries = vec![(
        "op".to_owned(),
        text(if edit.change.value().is_some() { put_or_add(edit) } else { "remove" }),
    )];
    entries.push(("path".to_owned(), path));
    if let Some(value) = edit.change.value() {
        entries.push(("value".to_owned(), raw(context, &scope, value)?.or_null()));
    }
    Ok(Operation { written: written_operation(edit), computed: Expr::Object(entries) })
}

fn put_or_add(edit: &Edit) -> &'static str {
    match edit.change {
        Change::Put { .. } => put(edit),
        Change::Insert { .. } | Change::Remove { .. } => "add",
    }
}

/// The scope with the names of an edit's elements.
fn inside(scope: &Scope, edit: &Edit) -> Scope {
    let mut inner = scope.clone();
    for (depth, each) in edit.each.iter().enumerate() {
        let element = Expr::path([element_name(edit, depth).as_str()]);
        match (is_map(&each.list), each.binder.key) {
            (true, key) => {
                inner.bind(each.binder.element, element.clone().field("value"));
                if let Some(key) = key {
                    inner.bind(key, element.field("key"));
                }
            }
            (false, key) => {
                inner.bind(each.binder.element, element);
                if let Some(key) = key {
                    inner.bind(key, Expr::path([number_name(edit, depth).as_str()]));
                }
            }
        }
    }
    inner
}

// Entries of `foreach`

/// Edits of the same lists under the same conditions.
struct Entry {
    edit: Edit,
    others: Vec<Edit>,
}

impl Entry {
    fn is_of(&self, edit: &Edit) -> bool {
        let alike = same_elements(&self.edit, edit);
        let removes = removes_element(edit) || removes_element(&self.edit);
        alike && !removes && same(&self.edit.guard, &edit.guard)
    }
}

fn foreach(context: &Context, scope: &Scope, entry: &Entry) -> Result<Map, Unsupported> {
    let edit = &entry.edit;
    let inner = inside(scope, edit);
    // The list of a loop is asked for before the loop's own variables are there.
    let mut lists = Vec::new();
    for each in &edit.each {
        lists.push(list(context, &inner, each)?);
        context.open_questions();
    }
    if edit.each.is_empty() {
        context.open_questions();
    }
    let operations: Result<Vec<Operation>, Unsupported> =
        std::iter::once(edit).chain(&entry.others).map(|it| operation(context, scope, it)).collect();
    let operations = operations?;
    let written: Option<Vec<Map>> = operations.iter().map(|it| it.written.clone()).collect();
    let patch = match written {
        Some(operations) => patch_text(operations),
        None => {
            let operations = operations.into_iter().map(|it| it.computed).collect();
            Node::Text(variable(&Expr::call("to_string", [Expr::list(operations)])))
        }
    };
    let conditions = match &edit.guard.kind {
        CondKind::Const(true) => None,
        CondKind::And(parts) => Some(all_of(context, &inner, parts)?),
        _ => Some(all_of(context, &inner, std::slice::from_ref(&edit.guard))?),
    };
    let order = removes_element(edit).then_some("Descending");
    let questions = context.close_questions();
    let mut body = Map::new()
        .with_some("context", (!questions.is_empty()).then_some(questions))
        .with_some("preconditions", conditions)
        .with("patchesJson6902", patch);
    if edit.each.is_empty() {
        // Once: a list with one element.
        return Ok(joined(Map::new().with("list", "`[1]`"), body));
    }
    for (depth, list) in lists.into_iter().enumerate().rev() {
        body = joined(Map::new().with("list", list).with_some("order", order), body);
        if depth > 0 {
            if !context.close_questions().is_empty() {
                let reason = "Kyverno declares no variables between a loop and a loop in it";
                return Err(Unsupported { span: edit.origin, reason });
            }
            body = Map::new().with("foreach", vec![body]);
        }
    }
    Ok(body)
}

/// The elements of a loop, as an expression.
fn list(context: &Context, scope: &Scope, each: &EachElement) -> Result<String, Unsupported> {
    let list = match is_map(&each.list) {
        true => {
            let map = raw(context, scope, &each.list)?.or_null().or(Expr::Json(serde_json::json!({})));
            Expr::call("items", [map, Expr::text("key"), Expr::text("value")])
        }
        false => raw(context, scope, &each.list)?.or_null().or(Expr::empty_list()),
    };
    let list = jmespath::text(&list);
    if list.contains("{{") {
        let reason = "a list with a variable in it cannot be written in `foreach`";
        return Err(Unsupported { span: each.list.origin, reason });
    }
    Ok(list)
}

fn joined(mut head: Map, tail: Map) -> Map {
    head.0.extend(tail.0);
    head
}

// Order

/// Whether an edit reads what one before it, or it itself for another element, has written by then.
fn reads_what_was_written(edits: &[Edit]) -> bool {
    edits.iter().enumerate().any(|(at, edit)| {
        let mut reads: Vec<Vec<String>> = edit.each.iter().map(|each| names(edit, &each.list)).collect();
        let mut note = |value: &Value| {
            if value.as_path().is_some_and(|path| matches!(path.root, Root::Object | Root::Local(_))) {
                reads.push(names(edit, value));
            }
            false
        };
        measure::any_value(&edit.guard, &mut note);
        edit.change.value().into_iter().for_each(|value| {
            measure::any_value_within(value, &mut note);
        });
        let from = if edit.each.is_empty() { &edits[..at] } else { &edits[..=at] };
        from.iter().any(|other| {
            let written = written_to(other);
            let touches = |read: &Vec<String>| is_within(read, &written) || is_within(&written, read);
            // The list of the elements that are edited is read once, before any of them is.
            let own = std::ptr::eq(other, edit);
            reads.iter().any(|read| {
                touches(read) && !(own && (is_own_list(edit, read) || read.contains(&EACH.to_owned())))
            })
        })
    })
}

fn is_own_list(edit: &Edit, read: &[String]) -> bool {
    edit.each.iter().any(|each| names(edit, &each.list) == read)
}
