//! Policies and rules.

use super::body::{Body, Check, Exemption, Verification, Verified};
use super::expr::{Binder, Cond, Field, Local, Root, TextPart, Value};
use super::measure;
use crate::source::Span;

/// All policies of one build, in source order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PolicySet {
    pub policies: Vec<Policy>,
    pub exemptions: Vec<Exemption>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Policy {
    pub name: String,
    /// The words after the name.
    pub title: Option<String>,
    /// The doc comment.
    pub description: Option<String>,
    pub severity: Option<String>,
    pub category: Option<String>,
    /// Framework and clause: (`nist-ai-rmf`, `MANAGE 3.1`).
    pub controls: Vec<(String, String)>,
    pub settings: Settings,
    pub rules: Vec<Rule>,
    pub origin: Span,
}

/// Engine knobs of a policy or rule; `None` where the engine's default holds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Settings {
    pub background: Option<bool>,
    /// `Fail` or `Ignore`.
    pub failure_policy: Option<String>,
    pub timeout_s: Option<u32>,
    /// `One` or `All`.
    pub apply_rules: Option<String>,
    pub emit_warning: Option<bool>,
    pub allow_existing_violations: Option<bool>,
    pub scored: Option<bool>,
    /// Existing objects are mutated, or get their generated ones, when the policy comes.
    pub existing: Option<bool>,
    /// Generated objects follow their source or trigger.
    pub synchronize: Option<bool>,
    /// Generated objects stay when their policy goes.
    pub orphan: Option<bool>,
    /// How a clean-up deletes what depends on an object: `Foreground`, `Background`, `Orphan`.
    pub propagation: Option<String>,
    /// Images are written with their digest once their signatures are verified.
    pub mutate_digest: Option<bool>,
    /// Images must be written with a digest.
    pub verify_digest: Option<bool>,
    /// An image without a signature check is denied.
    pub required: Option<bool>,
    /// Verified signatures are remembered.
    pub cache: Option<bool>,
    /// Makes a namespaced policy.
    pub namespace: Option<String>,
    pub labels: Vec<(String, String)>,
    pub annotations: Vec<(String, String)>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    pub name: String,
    pub description: Option<String>,
    pub targets: Vec<Target>,
    pub operations: Operations,
    /// The `where` conditions that speak of the object as a whole; all must hold or the rule does not apply.
    pub applies: Vec<Cond>,
    /// `with` values in order, each may use those before it. Lazy: computed when first asked for.
    pub bindings: Vec<Binding>,
    pub body: Body,
    /// What to say; values in it may be missing, which then read as empty text.
    pub message: Message,
    pub actions: Vec<Action>,
    pub settings: Settings,
    /// The source has this rule by name; `None` for one that the compiler named.
    pub named: bool,
    pub origin: Span,
    /// The rule's own source, on one line, for reports and comments.
    pub source_text: String,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Binding {
    pub local: Local,
    pub name: String,
    pub value: Value,
}

/// A kind that the rule speaks of, and where in it the subject lies.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    pub kind: KindRef,
    /// `/status`, `/scale`, `/exec`: the subresource the rule is about.
    pub subresource: Option<String>,
    /// The places of the subject: one empty path where it is the object itself, `spec.template` for the
    /// Pods of a Deployment, several or lists (`spec.workerGroupSpecs[*].template`) in some CRDs.
    pub subjects: Vec<SubjectPath>,
}

/// From the object down to the subject.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SubjectPath(pub Vec<SubjectStep>);

#[derive(Clone, PartialEq, Debug)]
pub enum SubjectStep {
    Field(Field),
    /// Each element of the list reached so far.
    Each,
}

impl SubjectPath {
    /// The fields, if the path opens no list.
    pub fn fields(&self) -> Option<Vec<&Field>> {
        self.0
            .iter()
            .map(|step| match step {
                SubjectStep::Field(field) => Some(field),
                SubjectStep::Each => None,
            })
            .collect()
    }
}

/// A kind of the cluster. `*` in `kind` with empty group and version: every kind.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct KindRef {
    /// Empty for the core group.
    pub group: String,
    pub version: String,
    pub kind: String,
    /// Lower-case plural, the name in URLs and in `resourceRules`.
    pub plural: String,
    pub namespaced: bool,
    /// Declared `untyped`: the plural is a guess.
    pub untyped: bool,
}

impl KindRef {
    /// `apps/v1`, `v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Stands for every kind (`resource`).
    pub fn is_any(&self) -> bool {
        self.kind == "*"
    }
}

/// The operations of admission on which a rule speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Operations {
    pub create: bool,
    pub update: bool,
    pub delete: bool,
    pub connect: bool,
}

impl Operations {
    /// What a rule without `on` speaks of.
    pub const DEFAULT: Operations = Operations { create: true, update: true, delete: false, connect: false };
    pub const ANY: Operations = Operations { create: true, update: true, delete: true, connect: true };

    /// Kubernetes' words, in its order.
    pub fn names(self) -> Vec<&'static str> {
        [(self.create, "CREATE"), (self.update, "UPDATE"), (self.delete, "DELETE"), (self.connect, "CONNECT")]
            .into_iter()
            .filter_map(|(on, name)| on.then_some(name))
            .collect()
    }
}

/// The elements of a subject that a rule takes one at a time.
#[derive(Clone, PartialEq, Debug)]
pub struct Elements {
    /// How the source calls one: `container`.
    pub view: String,
    pub binder: Binder,
    /// The list of them: a path, or a concatenation of paths.
    pub source: Value,
    /// `where` conditions about one element; the rule says nothing of elements for which it is false.
    pub filter: Cond,
}

impl Elements {
    /// Whether a value is about one of them, or its key.
    pub fn are_read_by(&self, value: &Value) -> bool {
        let Binder { element, key, .. } = &self.binder;
        measure::any_root_within(value, &mut |root| {
            root == Root::Local(*element) || key.is_some_and(|key| root == Root::Local(key))
        })
    }
}

/// A message: written by the author, or made from the source.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    pub parts: Vec<TextPart>,
    pub written: bool,
}

impl Message {
    /// The text, if nothing is computed.
    pub fn as_text(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                TextPart::Text(text) => Some(text.as_str()),
                TextPart::Value(_) => None,
            })
            .collect()
    }
}

/// `action enforce, warn where …`: the first whose condition holds decides; `None` always holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Action {
    pub effect: Effect,
    pub warn: bool,
    pub condition: Option<Cond>,
    pub origin: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    Enforce,
    Audit,
}

impl Settings {
    /// These settings where they say something, else those of the policy around them.
    pub fn over(&self, outer: &Settings) -> Settings {
        let joined = |inner: &[(String, String)], outer: &[(String, String)]| {
            let kept = outer.iter().filter(|(key, _)| !inner.iter().any(|(other, _)| other == key));
            kept.chain(inner).cloned().collect()
        };
        Settings {
            background: self.background.or(outer.background),
            failure_policy: self.failure_policy.clone().or_else(|| outer.failure_policy.clone()),
            timeout_s: self.timeout_s.or(outer.timeout_s),
            apply_rules: self.apply_rules.clone().or_else(|| outer.apply_rules.clone()),
            emit_warning: self.emit_warning.or(outer.emit_warning),
            allow_existing_violations: self.allow_existing_violations.or(outer.allow_existing_violations),
            scored: self.scored.or(outer.scored),
            existing: self.existing.or(outer.existing),
            synchronize: self.synchronize.or(outer.synchronize),
            orphan: self.orphan.or(outer.orphan),
            propagation: self.propagation.clone().or_else(|| outer.propagation.clone()),
            mutate_digest: self.mutate_digest.or(outer.mutate_digest),
            verify_digest: self.verify_digest.or(outer.verify_digest),
            required: self.required.or(outer.required),
            cache: self.cache.or(outer.cache),
            namespace: self.namespace.clone().or_else(|| outer.namespace.clone()),
            labels: joined(&self.labels, &outer.labels),
            annotations: joined(&self.annotations, &outer.annotations),
        }
    }
}

impl Rule {
    /// As [`Rule::check`], to change it.
    pub fn check_mut(&mut self) -> Option<&mut Check> {
        match &mut self.body {
            Body::Check(check) => Some(check),
            Body::Mutate(_) | Body::Generate(_) | Body::Verify(_) | Body::Delete(_) => None,
        }
    }

    /// The elements that the rule takes one at a time, where a name stands for one.
    pub fn elements(&self) -> Option<&Elements> {
        match &self.body {
            Body::Check(check) => check.elements.as_ref(),
            Body::Verify(Verification { of: Verified::Images { elements, .. }, .. }) => Some(elements),
            Body::Mutate(_) | Body::Generate(_) | Body::Verify(_) | Body::Delete(_) => None,
        }
    }

    /// What the rule asks, if it is a `deny` or `require`.
    pub fn check(&self) -> Option<&Check> {
        match &self.body {
            Body::Check(check) => Some(check),
            Body::Mutate(_) | Body::Generate(_) | Body::Verify(_) | Body::Delete(_) => None,
        }
    }

    /// The action that holds where no conditional one does; enforce if none is written.
    pub fn default_action(&self) -> (Effect, bool) {
        let unconditional = self.actions.iter().find(|action| action.condition.is_none());
        unconditional.map_or((Effect::Enforce, false), |action| (action.effect, action.warn))
    }
}
