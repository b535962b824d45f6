//! `generate`: objects as `data`, copies as `clone` and `cloneList`, several as `foreach`.

use super::Unsupported;
use super::conditions::{all_of, variable};
use super::matching::label_equality;
use super::mutate::{is_safe_text, safe_text};
use super::scope::{Context, Scope};
use super::value::{literal_json, raw};
use crate::formats::jmespath::{self, Expr};
use crate::formats::objects::{fields, named};
use crate::formats::yaml_write::{Map, Node};
use crate::ir::present::{Facts, certain};
use crate::ir::*;
use crate::source::Span;

/// What a rule says instead of `validate`.
pub struct Generate {
    /// What has to hold of the trigger besides the rule's scope: `preconditions`.
    pub conditions: Vec<Cond>,
    pub generate: Map,
}

/// The block of a rule whose subject has been put at its place.
///
/// # Errors
/// Copies that Kyverno cannot choose, and values that JMESPath cannot say.
pub fn generate(
    context: &Context,
    scope: &Scope,
    rule: &Rule,
    generation: &Generation,
    settings: &Settings,
) -> Result<Generate, Unsupported> {
    let facts = Facts::of(&rule.applies).about(&rule.targets);
    let mut generate = Map::new();
    let knobs = [
        ("synchronize", settings.synchronize),
        ("generateExisting", settings.existing),
        ("orphanDownstreamOnPolicyDelete", settings.orphan),
    ];
    for (key, value) in knobs.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        generate.set(key, value);
    }
    let Some(each) = &generation.each else {
        let conditions = named(names(&generation.make), &facts, &rule.applies);
        let facts = facts.and(&conditions);
        for entry in make(context, scope, &generation.make, &facts)?.0 {
            generate.set(entry.key, entry.value);
        }
        return Ok(Generate { conditions, generate });
    };
    let list = raw(context, scope, &each.source)?;
    let list =
        if list.total && list.guards.is_empty() { list.expr } else { list.or_null().or(Expr::empty_list()) };
    let list = jmespath::text(&list);
    if list.contains("{{") {
        let reason = "Kyverno puts no variables into the list of a `foreach`";
        return Err(Unsupported { span: each.source.origin, reason });
    }
    context.open_questions();
    let mut inner = scope.clone();
    inner.bind(each.binder.element, Expr::path(["element"]));
    if let Some(key) = each.binder.key {
        inner.bind(key, Expr::path(["elementIndex"]));
    }
    let facts = facts.and(std::slice::from_ref(&each.filter));
    let mut asked = vec![each.filter.clone()];
    asked.retain(|cond| !cond.is_const(true));
    let known = [rule.applies.as_slice(), std::slice::from_ref(&each.filter)].concat();
    let named = named(names(&generation.make), &facts, &known);
    let facts = facts.and(&named);
    asked.extend(named);
    let preconditions = match asked.is_empty() {
        true => None,
        false => Some(all_of(context, &inner, &asked)?),
    };
    let made = make(context, &inner, &generation.make, &facts)?;
    let questions = context.close_questions();
    let mut entry = Map::new()
        .with("list", list)
        .with_some("context", (!questions.is_empty()).then_some(questions))
        .with_some("preconditions", preconditions);
    for made in made.0 {
        entry.set(made.key, made.value);
    }
    generate.set("foreach", vec![entry]);
    Ok(Generate { conditions: Vec::new(), generate })
}

/// The names without which nothing is made.
fn names(make: &Make) -> Vec<&Value> {
    match make {
        Make::Object { name, namespace, .. } => std::iter::once(name).chain(namespace).collect(),
        Make::Copy { name, namespace, into, rename, .. } => {
            name.iter().chain(namespace).chain([into]).chain(rename).collect()
        }
    }
}

/// What one round makes.
fn make(context: &Context, scope: &Scope, make: &Make, facts: &Facts) -> Result<Map, Unsupported> {
    let text = |value: &Value| node(context, scope, value, facts);
    match make {
        Make::Object { kind, name, namespace, fields: value } => {
            let mut map = Map::new().with("apiVersion", kind.api_version()).with("kind", kind.kind.as_str());
            map.set("name", text(name)?);
            if let Some(namespace) = namespace {
                map.set("namespace", text(namespace)?);
            }
            let fields = fields(value)?;
            let mut data = Map::new();
            if !fields.metadata.is_empty() {
                data.set("metadata", entries(context, scope, &fields.metadata, facts)?);
            }
            for (key, value) in &fields.others {
                if !certain(value, facts) || !is_safe_text(key) {
                    let reason = "this field may be missing, and Kyverno leaves none out of `data`; ask for it in a `where`";
                    return Err(Unsupported { span: value.origin, reason });
                }
                data.set(key.clone(), text(value)?);
            }
            // Without data Kyverno makes nothing.
            map.set("data", data);
            Ok(map)
        }
        Make::Copy { kinds, name: Some(name), namespace, filter, into, rename } => {
            let [kind] = kinds.as_slice() else {
                let reason = "Kyverno copies one kind by name; make a rule for each";
                return Err(Unsupported { span: name.origin, reason });
            };
            if !filter.is_const(true) {
                let reason = "Kyverno copies by name or by labels, not by both";
                return Err(Unsupported { span: filter.origin, reason });
            }
            let mut map = Map::new().with("apiVersion", kind.api_version()).with("kind", kind.kind.as_str());
            map.set("name", text(rename.as_ref().unwrap_or(name))?);
            map.set("namespace", text(into)?);
            let mut clone = Map::new();
            if let Some(namespace) = namespace {
                clone.set("namespace", text(namespace)?);
            }
            clone.set("name", text(name)?);
            map.set("clone", clone);
            Ok(map)
        }
        Make::Copy { kinds, name: None, namespace, filter, into, rename } => {
            if let Some(rename) = rename {
                let reason = "several copies cannot have one name";
                return Err(Unsupported { span: rename.origin, reason });
            }
            let kind = |kind: &KindRef| format!("{}/{}", kind.api_version(), kind.kind);
            let mut list = Map::new();
            if let Some(namespace) = namespace {
                list.set("namespace", text(namespace)?);
            }
            list.set("kinds", kinds.iter().map(kind).collect::<Vec<_>>());
            if let Some(selector) = selector(filter)? {
                list.set("selector", Map::new().with("matchLabels", selector));
            }
            Ok(Map::new().with("namespace", text(into)?).with("cloneList", list))
        }
    }
}

/// The labels that a filter asks for; `None` where it asks for nothing.
fn selector(filter: &Cond) -> Result<Option<Map>, Unsupported> {
    let filter = rewrite::normalize(filter);
    let parts = match &filter.kind {
        CondKind::Const(true) => return Ok(None),
        CondKind::And(parts) => parts.as_slice(),
        _ => std::slice::from_ref(&filter),
    };
    let mut labels = Map::new();
    for part in parts {
        let found = label_equality(part, &[Root::Existing, Root::ExistingSubject]);
        match found.filter(|(key, _)| labels.get(key).is_none()) {
            Some((key, value)) => labels.set(key, value),
            None => {
                let reason = "Kyverno chooses copies by labels only: `label.share == \"yes\"`";
                return Err(Unsupported { span: part.origin, reason });
            }
        };
    }
    Ok(Some(labels))
}

/// The entries as YAML, one by one where all of them are there; else as one variable that leaves out those that are not.
fn entries(
    context: &Context,
    scope: &Scope,
    entries: &[(String, Value)],
    facts: &Facts,
) -> Result<Node, Unsupported> {
    if let Some((_, value)) = entries.iter().find(|(key, _)| !is_safe_text(key)) {
        let reason = "Kyverno would put a variable into the key of this field";
        return Err(Unsupported { span: value.origin, reason });
    }
    match entries.iter().find(|(_, value)| !certain(value, facts)) {
        Some((_, value)) => {
            let object = Value::new(ValueKind::Object(entries.to_vec()), Type::Object, value.origin);
            computed(context, scope, &object, facts)
        }
        None => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.set(key.clone(), node(context, scope, value, facts)?);
            }
            Ok(Node::Map(map))
        }
    }
}

/// A value as one variable.
fn computed(context: &Context, scope: &Scope, value: &Value, facts: &Facts) -> Result<Node, Unsupported> {
    let read_again = is_read_again(value);
    if read_again && let Some(origin) = variable_within(value) {
        let reason = "Kyverno would read this text as a variable, as something beside it is computed";
        return Err(Unsupported { span: origin, reason });
    }
    let term = raw(context, scope, value)?;
    // A path that leads nowhere is an error to Kyverno, and here all of them lead somewhere.
    let expr = if certain(value, facts) { term.expr } else { term.or_null() };
    Ok(Node::Text(variable(&if read_again { without_variables(expr) } else { expr })))
}

/// Whether Kyverno reads what a variable brings once more: it does not of a text, but of the texts and keys inside of a
/// list or map.
fn is_read_again(value: &Value) -> bool {
    let is_labels = |path: &Path| match path.steps.as_slice() {
        // Kubernetes lets no braces into them.
        [Step::Field(metadata), Step::Field(map)] => metadata.name == "metadata" && map.name == "labels",
        _ => false,
    };
    match &value.kind {
        ValueKind::Path(path) if matches!(path.root, Root::Object | Root::Subject) && is_labels(path) => {
            false
        }
        _ => matches!(value.ty, Type::Map(_) | Type::Object | Type::Json | Type::List(_)),
    }
}

/// The place of a text of the source, inside of a value, that Kyverno would read something into.
fn variable_within(value: &Value) -> Option<Span> {
    let mut found = None;
    rewrite::visit_value(&mut value.clone(), &mut |value| {
        if let Some(Literal::Text(text)) = value.as_literal()
            && !is_safe_text(text)
        {
            found.get_or_insert(value.origin);
        }
    });
    found
}

/// The value, or an error where a text in it looks like a variable.
fn without_variables(value: Expr) -> Expr {
    let json = Expr::call("to_string", [Expr::list(vec![value.clone()])]);
    let holds = |text: &str| Expr::call("contains", [json.clone(), Expr::text(text)]);
    let found = Expr::any([holds("{{"), holds("$(")]);
    let error = Expr::call("to_boolean", [Expr::text("a text of the object looks like a variable")]);
    Expr::any([Expr::all([Expr::Not(Box::new(found)), Expr::list(vec![value])]), error]).index(0)
}

/// A value that is there, as YAML: literals as they are, what is computed as a variable of its own.
pub fn node(context: &Context, scope: &Scope, value: &Value, facts: &Facts) -> Result<Node, Unsupported> {
    match &value.kind {
        ValueKind::Literal(literal) => Ok(safe_text(literal_json(literal))),
        ValueKind::Object(fields) => entries(context, scope, fields, facts),
        ValueKind::List(items) if items.iter().all(|item| certain(item, facts)) => {
            let items: Result<Vec<Node>, Unsupported> =
                items.iter().map(|item| node(context, scope, item, facts)).collect();
            Ok(Node::List(items?))
        }
        _ => computed(context, scope, value, facts),
    }
}
