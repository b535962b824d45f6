//! What Kyverno says of a request: one result for each rule that is about it, in Kyverno's five words, or none.

mod conditions;
mod existing;
mod mutate;
mod validate;

pub use existing::Existing;
pub use mutate::Mutation;

use std::collections::BTreeMap;

use aipc_runtime::value::Time;

use crate::context::{Context, Failure, Queries, Request as ContextRequest, World};
use crate::json::{Entry, Json};
use crate::matching::{self, Matched, ObjectFields, UserInfo};
use crate::policy::Policy;
use crate::policy::rule::{Action, ActionOverride, Body, Conditions, Rule};
use crate::substitute::substitute;

/// What a rule says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Status {
    Pass,
    Fail,
    Warn,
    Error,
    Skip,
    /// What it needs is not here: a cluster, a registry, chance. Kyverno has no such word.
    NotEvaluated,
}

impl Status {
    /// The word of reports.
    pub fn word(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Warn => "warn",
            Status::Error => "error",
            Status::Skip => "skip",
            Status::NotEvaluated => "not evaluated",
        }
    }
}

/// The result of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleResponse {
    pub rule: String,
    pub status: Status,
    pub message: String,
    /// Where in the object it fails, as `/spec/containers/0/`, if Kyverno says it.
    pub path: Option<String>,
    /// What Kyverno does with an object that fails.
    pub action: Action,
}

/// One request to judge.
pub struct Request<'a, 'c> {
    /// Absent when it is deleted.
    pub object: Option<Json<'a>>,
    pub old_object: Option<Json<'a>>,
    pub operation: &'c str,
    pub user: &'c UserInfo,
    /// Whether anything is known of who asks.
    pub has_user: bool,
    pub namespace_labels: &'c BTreeMap<&'c str, &'c str>,
    /// Further values for names of the context.
    pub values: Vec<Entry<'static>>,
    pub now: Time,
}

/// What judges: the queries that it keeps parsed, and what it knows of the world.
pub struct Engine<'c> {
    pub queries: &'c Queries,
    pub world: &'c dyn World,
}

impl Engine<'_> {
    /// The results of the validation rules of a policy.
    pub fn validate(&self, policy: &Policy, request: &Request<'_, '_>) -> Vec<RuleResponse> {
        let Some(subject) = request.object.as_ref().or(request.old_object.as_ref()) else {
            return Vec::new();
        };
        let fields = ObjectFields::new(subject);
        let matched = Matched::new(&fields);
        if !is_in_namespace(policy, request) {
            return Vec::new();
        }
        let mut responses = Vec::new();
        for rule in policy.rules_for(matched.kind) {
            let Body::Validate(body) = &rule.body else { continue };
            if !is_about(rule, &matched, request) {
                continue;
            }
            let mut context = self.context(policy, rule, request, matched.namespace);
            let found = match begin(&context, rule, rule.preconditions.as_ref()) {
                Some(response) => Some(response),
                None => validate::run(&mut context, policy, rule, body, request),
            };
            if let Some(mut response) = found {
                overwrite_message(&context, rule, &mut response);
                response.action = action_of(policy, rule, matched.namespace, request.namespace_labels);
                if response.status == Status::Fail && !policy.is_scored() {
                    response.status = Status::Warn;
                }
                let is_applied = response.status != Status::Skip;
                responses.push(response);
                if policy.apply_one && is_applied {
                    break;
                }
            }
        }
        responses
    }

    /// What the mutation rules of a policy make of the object, each of what the one before left.
    ///
    /// Rules about existing objects are left out.
    pub fn mutate<'a>(&self, policy: &Policy, request: &Request<'a, '_>) -> Mutation<'a> {
        let mut mutation = Mutation { responses: Vec::new(), object: request.object.clone() };
        let Some(first) = request.object.as_ref().or(request.old_object.as_ref()) else { return mutation };
        if !is_in_namespace(policy, request) {
            return mutation;
        }
        let fields = ObjectFields::new(first);
        let namespace = Matched::new(&fields).namespace;
        for rule in policy.rules_for_all() {
            let Some(body) = rule.mutation() else { continue };
            let Some(subject) = mutation.object.clone().or_else(|| request.old_object.clone()) else { break };
            let fields = ObjectFields::new(&subject);
            if !is_about(rule, &Matched::new(&fields), request) {
                continue;
            }
            let mut context = self.context(policy, rule, request, namespace);
            if let Some(object) = &mutation.object {
                context.set_object(object.clone());
            }
            let mut response = match begin(&context, rule, rule.preconditions.as_ref()) {
                Some(response) => response,
                None => {
                    let (response, object) = mutate::run(&mut context, rule, body, mutation.object.take());
                    mutation.object = object;
                    response
                }
            };
            overwrite_message(&context, rule, &mut response);
            let is_applied = response.status != Status::Skip;
            mutation.responses.push(response);
            if policy.apply_one && is_applied {
                break;
            }
        }
        mutation
    }

    fn context<'a, 's>(
        &'s self,
        policy: &'s Policy,
        rule: &'s Rule,
        request: &'s Request<'a, 's>,
        namespace: &'s str,
    ) -> Context<'a, 's> {
        let context = Context::new(ContextRequest {
            queries: self.queries,
            world: self.world,
            policy: &policy.name,
            namespace: policy.namespace.as_deref(),
            rule: &rule.name,
            object: request.object.clone(),
            old_object: request.old_object.clone(),
            operation: request.operation,
            user: request.user,
            has_user: request.has_user,
            object_namespace: namespace,
            values: request.values.clone(),
            now: request.now,
        });
        context.add_entries(&rule.context, 0);
        context
    }
}

/// Whether a Policy is for the namespace of all objects of a request.
fn is_in_namespace(policy: &Policy, request: &Request<'_, '_>) -> bool {
    let Some(namespace) = &policy.namespace else { return true };
    let objects = request.object.iter().chain(&request.old_object);
    let mut found =
        objects.map(|object| object.get("metadata").and_then(|metadata| metadata.get("namespace")));
    found.all(|found| found.is_some_and(|found| found.as_text() == Some(namespace)))
}

/// Whether a rule is about an object of a request.
fn is_about(rule: &Rule, object: &Matched<'_>, request: &Request<'_, '_>) -> bool {
    let asked = matching::Request {
        object,
        operation: request.operation,
        user: request.user,
        namespace_labels: request.namespace_labels,
    };
    matching::applies(&rule.matches, rule.exclude.as_ref(), &asked)
}

/// What comes before the body of a rule, a loop or a target; a response if it ends there.
fn begin(context: &Context<'_, '_>, rule: &Rule, preconditions: Option<&Conditions>) -> Option<RuleResponse> {
    match conditions::check(context, preconditions?) {
        Err(failure) => Some(error(rule, "failed to evaluate preconditions", &failure)),
        Ok((false, message)) => Some(respond(rule, Status::Skip, join(["preconditions not met", &message]))),
        Ok((true, _)) => None,
    }
}

/// What a loop goes through: the elements of a list, or one value.
fn elements_of<'a>(context: &Context<'a, '_>, list: &str) -> Result<Vec<Json<'a>>, Failure> {
    let found = context.query(list)?;
    Ok(if found.list_len().is_some() { found.elements().collect() } else { vec![found] })
}

/// Report properties that take the place of the message: `message`, or one named after the status.
fn overwrite_message(context: &Context<'_, '_>, rule: &Rule, response: &mut RuleResponse) {
    let key = match response.status {
        Status::Pass => "passMessage",
        Status::Fail => "failMessage",
        Status::Warn => "warnMessage",
        Status::Error => "errorMessage",
        Status::Skip => "skipMessage",
        Status::NotEvaluated => return,
    };
    let properties = &rule.report_properties;
    if properties.is_empty() {
        return;
    }
    // One that cannot be filled in leaves all as they are written.
    let filled: Result<BTreeMap<&str, Json<'_>>, Failure> =
        properties.iter().map(|(key, template)| Ok((key.as_str(), substitute(context, template)?))).collect();
    for key in [key, "message"] {
        let text = match &filled {
            Ok(filled) => filled.get(key).and_then(Json::as_text),
            Err(_) => properties.get(key).and_then(|template| template.value.as_text()),
        };
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            response.message = text.to_owned();
        }
    }
}

fn respond(rule: &Rule, status: Status, message: impl Into<String>) -> RuleResponse {
    RuleResponse {
        rule: rule.name.clone(),
        status,
        message: message.into(),
        path: None,
        action: Action::Audit,
    }
}

/// An error of a rule, or that it cannot be evaluated.
fn error(rule: &Rule, what: &str, failure: &Failure) -> RuleResponse {
    match &failure.needs {
        Some(needs) => respond(rule, Status::NotEvaluated, needs.clone()),
        None => respond(rule, Status::Error, format!("{what}: {}", failure.message)),
    }
}

/// What is not empty of the texts, joined as Kyverno joins messages.
fn join<const N: usize>(texts: [&str; N]) -> String {
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ")
}

/// The action of a failed rule for an object in a namespace.
pub fn action_of(policy: &Policy, rule: &Rule, namespace: &str, labels: &BTreeMap<&str, &str>) -> Action {
    let (own, overrides) = match &rule.body {
        Body::Validate(validate) => (validate.action, validate.overrides.as_slice()),
        _ => (None, [].as_slice()),
    };
    let first = |overrides: &[ActionOverride]| {
        overrides.iter().find_map(|entry| entry.action.filter(|_| override_applies(entry, namespace, labels)))
    };
    first(overrides).or(own).or_else(|| first(&policy.overrides)).or(policy.action).unwrap_or(Action::Audit)
}

fn override_applies(entry: &ActionOverride, namespace: &str, labels: &BTreeMap<&str, &str>) -> bool {
    let in_namespaces = entry.namespaces.is_empty()
        || entry.namespaces.iter().any(|pattern| crate::wildcard::matches(pattern, namespace));
    in_namespaces && entry.namespace_selector.as_ref().is_none_or(|selector| selector.matches(labels))
}
