//! Mutation rules about existing objects: which they are, and what becomes of each.

use std::collections::BTreeMap;

use crate::context::{Context, Failure};
use crate::json::Json;
use crate::matching::{Matched, ObjectFields};
use crate::policy::Policy;
use crate::policy::filter::KindSelector;
use crate::policy::mutate::{Mutate, Target};
use crate::policy::rule::Rule;
use crate::policy::selector::{LabelSelector, Requirement, RequirementOperator};
use crate::substitute::substitute;
use crate::wildcard;

use super::{
    Engine, Request, RuleResponse, Status, begin, error, is_about, is_in_namespace, mutate, respond,
};

/// What a rule says of an existing object.
#[derive(Clone, Debug)]
pub struct Existing {
    pub response: RuleResponse,
    /// The object, if the rule changed it.
    pub changed: Option<Json<'static>>,
}

impl Engine<'_> {
    /// What the rules of a policy about existing objects make of those of a cluster, for a request that they match.
    pub fn mutate_existing<'a>(
        &self,
        policy: &Policy,
        request: &Request<'a, '_>,
        objects: &[Json<'a>],
    ) -> Vec<Existing> {
        let Some(subject) = request.object.as_ref().or(request.old_object.as_ref()) else {
            return Vec::new();
        };
        if !is_in_namespace(policy, request) {
            return Vec::new();
        }
        let fields = ObjectFields::new(subject);
        let matched = Matched::new(&fields);
        let mut found = Vec::new();
        for rule in policy.rules_for_all() {
            let Some(body) = rule.mutation_of_existing() else { continue };
            if !is_about(rule, &matched, request) {
                continue;
            }
            let context = || self.context(policy, rule, request, matched.namespace);
            let before = found.len();
            match begin(&context(), rule, rule.preconditions.as_ref()) {
                Some(response) => found.push(Existing { response, changed: None }),
                None => of_rule(&context, policy, rule, body, objects, &mut found),
            }
            let is_applied = found[before..].iter().any(|it| it.response.status != Status::Skip);
            if policy.apply_one && is_applied {
                break;
            }
        }
        found
    }
}

fn of_rule<'a, 'c>(
    context: &dyn Fn() -> Context<'a, 'c>,
    policy: &Policy,
    rule: &'c Rule,
    body: &'c Mutate,
    objects: &[Json<'a>],
    found: &mut Vec<Existing>,
) {
    let mut failures = Vec::new();
    let mut chosen = Vec::new();
    for (number, target) in body.targets.iter().enumerate() {
        match choose(&context(), policy, number, target, objects) {
            Ok(objects) => chosen.extend(objects.into_iter().map(|object| (target, object))),
            Err(failure) => failures.push(failure),
        }
    }
    if let Some(needs) = failures.iter().find(|failure| failure.needs.is_some()) {
        found.push(Existing { response: error(rule, "", needs), changed: None });
    } else if !failures.is_empty() {
        let messages: Vec<&str> = failures.iter().map(|failure| failure.message.as_str()).collect();
        let response = respond(rule, Status::Error, format!(": {}", messages.join("; ")));
        found.push(Existing { response, changed: None });
    }
    for (target, object) in chosen {
        let mut context = context();
        context.set("target", object.clone());
        context.add_entries(&target.context, 0);
        let (response, changed) = match begin(&context, rule, target.preconditions.as_ref()) {
            Some(response) => (response, None),
            None => mutate::run(&mut context, rule, body, Some(object)),
        };
        let changed = changed.filter(|_| response.status == Status::Pass).map(|object| object.to_owned());
        found.push(Existing { response, changed });
    }
}

/// The objects that a target is about.
fn choose<'a>(
    context: &Context<'a, '_>,
    policy: &Policy,
    number: usize,
    target: &Target,
    objects: &[Json<'a>],
) -> Result<Vec<Json<'a>>, Failure> {
    let filled = substitute(context, &target.selector).map_err(|failure| Failure {
        message: format!("failed to substitute variables in target[{number}]: {}", failure.message),
        ..failure
    })?;
    let text = |key: &str| filled.get(key).and_then(|it| it.as_text().map(str::to_owned)).unwrap_or_default();
    let kind = KindSelector::parse(&format!("{}/{}", text("apiVersion"), text("kind")));
    if !kind.subresource.is_empty() {
        return Err(Failure::needs("the subresources of existing objects"));
    }
    if wildcard::has_wildcard(&kind.kind) {
        return Err(Failure::needs(format!(
            "all kinds of a cluster, to find those that are `{}`",
            kind.kind
        )));
    }
    let (name, namespace) = (text("name"), policy.namespace.clone().unwrap_or_else(|| text("namespace")));
    let is_one = |text: &str| !text.is_empty() && !wildcard::has_wildcard(text);
    let selector = filled.get("selector").filter(|_| !(is_one(&name) && is_one(&namespace)));
    let selector = selector.map(|selector| selector_of(&selector));
    let is_meant = |object: &&Json<'a>| {
        let fields = ObjectFields::new(object);
        let of = Matched::new(&fields);
        wildcard::matches(&kind.group, of.group)
            && wildcard::matches(&kind.version, of.version)
            && wildcard::matches(&kind.kind, of.kind)
            && (namespace.is_empty() || wildcard::matches(&namespace, of.namespace))
            && (name.is_empty() || wildcard::matches(&name, of.name))
            && selector.as_ref().is_none_or(|selector| selector.matches(of.labels()))
    };
    let chosen: Vec<Json<'a>> = objects.iter().filter(is_meant).cloned().collect();
    if chosen.is_empty() && is_one(&name) && is_one(&namespace) {
        // A version alone is one of the core.
        let group = if kind.group == "*" { String::new() } else { format!(".{}", kind.group) };
        return Err(Failure::new(format!("{}{group} \"{name}\" not found", plural(&kind.kind))));
    }
    Ok(chosen)
}

/// The name of a resource, as Kubernetes guesses it from a kind.
fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.as_bytes().last() {
        Some(b's') => format!("{kind}es"),
        Some(b'y') => format!("{}ies", &kind[..kind.len() - 1]),
        _ => format!("{kind}s"),
    }
}

/// A selector whose variables were filled in.
fn selector_of(selector: &Json<'_>) -> LabelSelector {
    let owned = |value: &Json<'_>| value.as_text().unwrap_or_default().to_owned();
    let labels = selector.get("matchLabels").unwrap_or(Json::Null).entries();
    let match_labels: BTreeMap<String, String> =
        labels.iter().map(|(key, value)| ((**key).to_owned(), owned(value))).collect();
    let expressions = selector.get("matchExpressions").unwrap_or(Json::Null);
    let expressions = expressions.elements().map(|expression| {
        let field = |key: &str| expression.get(key).unwrap_or(Json::Null);
        let operator = match field("operator").as_text() {
            Some("In") => RequirementOperator::In,
            Some("NotIn") => RequirementOperator::NotIn,
            Some("Exists") => RequirementOperator::Exists,
            _ => RequirementOperator::DoesNotExist,
        };
        Requirement {
            key: owned(&field("key")),
            operator,
            values: field("values").elements().map(|value| owned(&value)).collect(),
        }
    });
    LabelSelector { match_labels, expressions: expressions.collect() }
}
