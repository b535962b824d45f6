//! The rules of Kyverno's policies on one object, and what is to be said of it.

use std::collections::{BTreeMap, BTreeSet};

use aipc_compiler::kubernetes::{Cluster, KindLookup};
use aipc_kyverno::context::Queries;
use aipc_kyverno::engine::{Engine, Request, RuleResponse, Status as RuleStatus};
use aipc_kyverno::json::{Escape, Json};
use aipc_kyverno::matching::UserInfo;
use aipc_kyverno::object::{as_read, node_at, without_namespace};
use aipc_kyverno::policy::rule::Action;
use aipc_kyverno::policy::written_name;
use aipc_runtime::document::{Document, NodeId, Resource, push_index, push_key};
use aipc_runtime::machine::{AdmissionOperation, User};

use super::KyvernoPolicy;
use super::lookups::Recorded;
use crate::report::{Effect, Finding, Level, RuleResult, Status, Violation};
use crate::run::judge::{Object, World};

/// Kyverno's policies of a run, with what is the same for all objects.
pub struct Given<'g> {
    policies: &'g [KyvernoPolicy],
    user: UserInfo,
    cluster: Cluster,
    /// Labels of the namespaces that are known.
    namespaces: BTreeMap<String, BTreeMap<String, String>>,
}

/// Judges objects by Kyverno's policies; one for each thread, with the queries that it has parsed.
pub struct Judge<'j> {
    given: &'j Given<'j>,
    world: &'j World<'j>,
    recorded: Recorded<'j>,
    queries: Queries,
}

/// What mutations made of an object.
#[derive(Default)]
pub(in crate::run) struct Mutated {
    pub results: Vec<RuleResult>,
    /// The object, if it is another one.
    pub document: Option<Document>,
    pub state: ObjectState,
}

/// What there is of an object when it is judged.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(in crate::run) enum ObjectState {
    #[default]
    AsRead,
    Patched,
    /// A mutation failed, and nothing is left of it.
    Gone,
}

/// What happened to each rule over the whole run.
#[derive(Default)]
pub struct Seen {
    /// By policy and by the name of the rule as it is written.
    applied: BTreeSet<(usize, String)>,
}

impl<'g> Given<'g> {
    /// With the Namespace objects that are known; `None` if there are no policies.
    pub fn new<'d>(
        policies: &'g [KyvernoPolicy],
        user: Option<&User>,
        namespaces: impl Iterator<Item = (&'d Document, NodeId)>,
    ) -> Option<Given<'g>> {
        (!policies.is_empty()).then(|| Given {
            policies,
            user: user.map_or_else(UserInfo::default, |user| UserInfo {
                username: user.name.clone(),
                groups: user.groups.clone(),
                roles: user.roles.clone(),
                cluster_roles: user.cluster_roles.clone(),
            }),
            cluster: Cluster::newest(),
            namespaces: labels_of(namespaces),
        })
    }
}

impl<'j> Judge<'j> {
    pub fn new(given: &'j Given<'j>, world: &'j World<'j>) -> Judge<'j> {
        let recorded = Recorded::new(world.recorded, &given.cluster);
        Judge { given, world, recorded, queries: Queries::default() }
    }

    /// What the mutation rules make of an object, policy after policy.
    pub(in crate::run) fn mutate(
        &self,
        object: &Object<'_>,
        old: Option<&Resource>,
        seen: &mut Seen,
    ) -> Mutated {
        let mut mutated = Mutated::default();
        if !self.given.policies.iter().any(|policy| policy.policy.mutates()) {
            return mutated;
        }
        let resource = object.judged();
        let before = self.read(resource);
        let mut now = Some(before.clone());
        let policies = self.given.policies.iter().enumerate();
        for (index, policy) in policies.filter(|(_, policy)| policy.policy.mutates()) {
            let Some(subject) = now.take() else { break };
            let mutation =
                self.ask(subject, old, resource, |engine, request| engine.mutate(&policy.policy, request));
            for response in mutation.responses {
                seen.applied.insert((index, written_name(&response.rule).to_owned()));
                let is_pass = response.status == RuleStatus::Pass;
                let mut result = self.result(policy, object, response);
                result.effect = is_pass.then_some(Effect::Patch);
                mutated.results.push(result);
            }
            now = mutation.object;
        }
        match now {
            // What failed to be mutated is judged by no further policy.
            None => mutated.state = ObjectState::Gone,
            Some(now) if !now.with_integers().deep_equal(&before.with_integers()) => {
                mutated.state = ObjectState::Patched;
                // The namespace that it was given to be judged in is not its own.
                let now = if resource.namespace().is_none() { without_namespace(&now) } else { now };
                let text = now.to_json(Escape::Plain);
                mutated.document = serde_json::from_str(&text).ok().map(|value| Document::from_json(&value));
            }
            Some(_) => {}
        }
        mutated
    }

    /// The results of the validation rules on an object, in the order of policies and rules.
    pub(in crate::run) fn results(
        &self,
        object: &Object<'_>,
        old: Option<&Resource>,
        state: ObjectState,
        seen: &mut Seen,
    ) -> Vec<RuleResult> {
        let mut results = Vec::new();
        if state == ObjectState::Gone {
            return results;
        }
        let resource = object.judged();
        let read = self.read(resource);
        // Kyverno sees integers in what it has patched.
        let read = if state == ObjectState::Patched { read.with_integers() } else { read };
        for (index, policy) in self.given.policies.iter().enumerate() {
            let ask =
                |engine: &Engine<'_>, request: &Request<'_, '_>| engine.validate(&policy.policy, request);
            for response in self.ask(read.clone(), old, resource, ask) {
                seen.applied.insert((index, written_name(&response.rule).to_owned()));
                results.push(self.result(policy, object, response));
            }
        }
        results
    }

    /// Asks about one object.
    fn ask<'r, T>(
        &'r self,
        read: Json<'r>,
        old: Option<&'r Resource>,
        resource: &'r Resource,
        ask: impl FnOnce(&Engine<'_>, &Request<'r, '_>) -> T,
    ) -> T {
        let old = old.map(|old| self.read(old));
        let (object_now, old_object) = match self.world.operation {
            AdmissionOperation::Create | AdmissionOperation::Connect => (Some(read), None),
            // As Kyverno's command line has it: without an old object, it is the same.
            AdmissionOperation::Update => (Some(read.clone()), Some(old.unwrap_or(read))),
            AdmissionOperation::Delete => (None, Some(old.unwrap_or(read))),
        };
        let namespace = resource.namespace().unwrap_or(self.world.namespace);
        let none = BTreeMap::new();
        let labels = self.given.namespaces.get(namespace).unwrap_or(&none);
        let labels: BTreeMap<&str, &str> = labels.iter().map(|(key, value)| (&**key, &**value)).collect();
        let request = Request {
            object: object_now,
            old_object,
            operation: self.world.operation.name(),
            user: &self.given.user,
            has_user: self.world.user.is_some(),
            namespace_labels: &labels,
            values: Vec::new(),
            now: self.world.now,
        };
        ask(&Engine { queries: &self.queries, world: &self.recorded }, &request)
    }

    fn read<'r>(&self, resource: &'r Resource) -> Json<'r> {
        as_judged(resource, &self.given.cluster, self.world.namespace)
    }

    fn result(&self, policy: &KyvernoPolicy, object: &Object<'_>, response: RuleResponse) -> RuleResult {
        let is_audit = response.action == Action::Audit;
        let (status, because) = match response.status {
            RuleStatus::Pass => (Status::Pass, None),
            RuleStatus::Fail if self.world.audit_warn && is_audit => (Status::Warn, None),
            RuleStatus::Fail => (Status::Fail, None),
            RuleStatus::Warn => (Status::Warn, None),
            RuleStatus::Skip => (Status::Skip, Some(response.message.clone())),
            RuleStatus::Error => (Status::Error, Some(response.message.clone())),
            // Nothing that could not be looked up may pass.
            RuleStatus::NotEvaluated => (Status::Error, Some(format!("needs {}", response.message))),
        };
        let rule = policy.policy.rules.iter().find(|rule| rule.name == written_name(&response.rule));
        let source = rule.map(|rule| policy.source(rule)).unwrap_or_default();
        let is_violation = matches!(status, Status::Fail | Status::Warn);
        let resource = object.judged();
        let (document, root) = (resource.document(), resource.root());
        let (node, missing) =
            response.path.as_deref().map_or((root, Vec::new()), |path| node_at(document, root, path));
        let violations: Vec<Violation> = is_violation
            .then(|| {
                let mut violation =
                    object.violation_at(node, &response.message, source.clone(), &response.rule);
                if !missing.is_empty() {
                    violation.value = None;
                }
                for step in missing {
                    match step.parse() {
                        Ok(index) => push_index(&mut violation.location.path, index),
                        Err(_) => push_key(&mut violation.location.path, step),
                    }
                }
                violation
            })
            .into_iter()
            .collect();
        let first = violations.first();
        RuleResult {
            policy: policy.policy.full_name(),
            rule: response.rule,
            status,
            // What could not be looked up is an error there.
            evaluated: true,
            because,
            message: first.map_or_else(String::new, |it| it.message.clone()),
            resource: object.name(),
            location: first.map_or_else(|| object.location(resource.root()), |it| it.location.clone()),
            source,
            source_text: String::new(),
            violations,
            effect: None,
            created: Vec::new(),
            changed: Vec::new(),
            exemption: None,
        }
    }
}

impl Seen {
    pub fn add(&mut self, other: Seen) {
        self.applied.extend(other.applied);
    }

    /// A finding for each rule that matched nothing.
    pub fn report(&self, policies: &[KyvernoPolicy], strict: bool, findings: &mut Vec<Finding>) {
        let level = if strict { Level::Error } else { Level::Warning };
        for (index, policy) in policies.iter().enumerate() {
            for rule in &policy.policy.rules {
                if !self.applied.contains(&(index, rule.name.clone())) {
                    let name = format!("{}/{}", policy.policy.full_name(), rule.name);
                    let message = format!("rule `{name}` matched nothing in this run");
                    findings.push(Finding { level, ..Finding::error("unmatched-rule", message) });
                }
            }
        }
    }
}

/// An object as rules see it: one of a namespaced kind without a namespace is in the default one.
pub fn as_judged<'r>(resource: &'r Resource, cluster: &Cluster, default_namespace: &str) -> Json<'r> {
    let kind = format!("{}/{}", resource.api_version(), resource.kind());
    let is_namespaced = match cluster.kind(&kind) {
        KindLookup::Found(kind) => cluster.kind_of(kind).namespaced,
        _ => true,
    };
    let json = Json::Node(resource.document(), resource.root());
    as_read(&json, is_namespaced.then_some(default_namespace))
}

/// The labels of the namespaces among objects, by name.
fn labels_of<'d>(
    namespaces: impl Iterator<Item = (&'d Document, NodeId)>,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for (document, root) in namespaces {
        let Some(name) =
            document.get_path(root, &["metadata", "name"]).and_then(|node| document.as_str(node))
        else {
            continue;
        };
        let mut labels = BTreeMap::new();
        if let Some(map) = document.get_path(root, &["metadata", "labels"]) {
            for (key, _, value) in document.entries(map) {
                if let Some(text) = document.as_str(value) {
                    labels.insert(key.to_owned(), text.to_owned());
                }
            }
        }
        all.insert(name.to_owned(), labels);
    }
    all
}
