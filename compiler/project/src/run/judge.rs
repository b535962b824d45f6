//! Every rule on every object, and what is to be said of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aipc_compiler::kubernetes::Cluster;
use aipc_runtime::document::{Document, NodeId, NodeValue, Resource};
use aipc_runtime::machine::{
    self, AdmissionOperation, Environment, Evaluator, Limits, Namespaces, NotApplicable, RuleVerdict,
    Unknown, User, Verdict,
};
use aipc_runtime::program::{self, Body, Effect, Operations, Program, SourcePlace};
use aipc_runtime::value::Time;

use super::fields::Fields;
use super::kyverno::{self, KyvernoPolicy};
use super::manifests::{Manifest, Manifests, location};
use super::mask::{MASK, Mask};
use super::policies::Policies;
use crate::report::{
    Effect as RuleEffect, Exemption, Finding, Level, Location, ResourceName, RuleResult, Snippet,
    SourceLocation, Status, Violation,
};

/// What a run knows besides its inputs.
pub struct World<'a> {
    pub operation: AdmissionOperation,
    pub namespace: &'a str,
    pub user: Option<User>,
    pub old: Option<&'a Manifests>,
    /// Objects and answers that are recorded.
    pub recorded: &'a machine::World,
    pub now: Time,
    /// What is unusual is an error.
    pub strict: bool,
    /// Violations of audit rules are warnings.
    pub audit_warn: bool,
    pub show_values: bool,
}

impl World<'_> {
    /// How much weighs what is unusual.
    fn unusual(&self) -> Level {
        if self.strict { Level::Error } else { Level::Warning }
    }
}

/// The results, with the findings that come out of judging.
#[derive(Default)]
pub struct Judged {
    pub results: Vec<RuleResult>,
    pub findings: Vec<Finding>,
    /// The objects that mutations changed, in the order of the input.
    pub patched: Vec<Patched>,
    /// The objects that rules made, each with all its values, in the order of the results.
    pub created: Vec<serde_json::Value>,
    /// The existing objects that rules changed, as they are afterwards, in the order of the results.
    pub existing: Vec<serde_json::Value>,
}

/// An object that mutations changed.
pub struct Patched {
    pub before: Resource,
    pub after: serde_json::Value,
}

/// Judges all objects by all programs.
pub fn judge(policies: &Policies, manifests: &Manifests, world: &World<'_>) -> Judged {
    let rules = (policies.programs.as_slice(), policies.kyverno.as_slice());
    let (mut judged, seen) = judge_objects(rules, &policies.clusters(), manifests, world);
    unknown_kinds(policies, manifests, world, &mut judged);
    ended_exemptions(&policies.programs, world, &mut judged);
    if manifests.resources().next().is_some() {
        // Without any object, that alone is to be said.
        seen.report(&policies.programs, world, &mut judged);
        seen.kyverno.report(&policies.kyverno, world.strict, &mut judged.findings);
    }
    judged
}

/// As [`judge`], without findings about the run as a whole, and about fields that no schema knows.
pub fn judge_only(programs: &[Program], manifests: &Manifests, world: &World<'_>) -> Judged {
    judge_objects((programs, &[]), &[], manifests, world).0
}

fn judge_objects(
    rules: Rules<'_>,
    clusters: &[&Cluster],
    manifests: &Manifests,
    world: &World<'_>,
) -> (Judged, Seen) {
    let objects: Vec<(&Manifest, &Resource)> = manifests.resources().collect();
    with_surroundings(rules, manifests, world, |it| it.judge_all(clusters, &objects))
}

/// The rules of a run: programs, and Kyverno's policies as they are.
pub(super) type Rules<'r> = (&'r [Program], &'r [KyvernoPolicy]);

/// Does something with what is the same for all objects of a run.
pub(super) fn with_surroundings<T>(
    (programs, kyverno): Rules<'_>,
    manifests: &Manifests,
    world: &World<'_>,
    work: impl FnOnce(&Surroundings<'_>) -> T,
) -> T {
    let user = world.user.as_ref().map(User::to_document);
    let mut namespaces = Namespaces::new();
    for namespace in world.recorded.objects("v1/Namespace") {
        let namespace = machine::Resource::of(namespace);
        if let Some(name) = namespace.text(&["metadata", "name"]) {
            namespaces.add(name, namespace);
        }
    }
    for (_, resource) in manifests.resources() {
        if let (("v1", "Namespace"), Some(name)) =
            ((resource.api_version(), resource.kind()), resource.name())
        {
            namespaces.add(name, of(resource));
        }
    }
    let old: HashMap<Identity<'_>, &Resource> = world
        .old
        .iter()
        .flat_map(|it| it.resources())
        .map(|(_, resource)| (identity(resource, world.namespace), resource))
        .collect();
    let recorded = world.recorded.objects("v1/Namespace").map(|document| (document, document.root()));
    let given = manifests.resources().map(|(_, resource)| resource);
    let given = given.filter(|resource| (resource.api_version(), resource.kind()) == ("v1", "Namespace"));
    let known = recorded.chain(given.map(|it| (&**it.document(), it.root())));
    let kyverno = kyverno::Given::new(kyverno, world.user.as_ref(), known);
    work(&Surroundings {
        programs,
        kyverno: kyverno.as_ref(),
        world,
        user: user.as_ref(),
        namespaces: &namespaces,
        old,
    })
}

/// A list or map that is longer as text is not shown.
const VALUE_MAX: usize = 100;
/// Fewer objects than this are not worth a thread.
const OBJECTS_PER_THREAD_MIN: usize = 500;
/// As much as the command's own thread has.
const STACK_BYTES: usize = crate::STACK_BYTES;

/// What is the same for all objects.
pub(super) struct Surroundings<'a> {
    pub(super) programs: &'a [Program],
    kyverno: Option<&'a kyverno::Given<'a>>,
    world: &'a World<'a>,
    user: Option<&'a Document>,
    namespaces: &'a Namespaces<'a>,
    old: HashMap<Identity<'a>, &'a Resource>,
}

impl Surroundings<'_> {
    /// The request that brings an object.
    pub(super) fn environment<'e>(&'e self, resource: &'e Resource) -> Environment<'e> {
        let before = self.old.get(&identity(resource, self.world.namespace)).copied();
        Environment {
            operation: self.world.operation,
            old_object: old_object(self.world.operation, resource, before),
            user: self.user,
            namespace_default: self.world.namespace,
            namespaces: Some(self.namespaces),
            world: Some(self.world.recorded),
            ..Environment::new(self.world.now)
        }
    }

    /// On as many threads as help. Results keep the order of the objects, whatever their number.
    fn judge_all(&self, clusters: &[&Cluster], objects: &[(&Manifest, &Resource)]) -> (Judged, Seen) {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = cores.min(objects.len() / OBJECTS_PER_THREAD_MIN);
        if threads < 2 {
            return self.judge_some(clusters, objects);
        }
        let part = objects.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let workers: Vec<_> = objects
                .chunks(part)
                .map(|part| {
                    let worker = std::thread::Builder::new().stack_size(STACK_BYTES);
                    (part, worker.spawn_scoped(scope, move || self.judge_some(clusters, part)))
                })
                .collect();
            let (mut judged, mut seen) = (Judged::default(), Seen::default());
            for (part, worker) in workers {
                let (some, seen_there) = match worker.map(std::thread::ScopedJoinHandle::join) {
                    Ok(Ok(done)) => done,
                    Ok(Err(panic)) => std::panic::resume_unwind(panic),
                    // The system has no thread to give: this one does the work.
                    Err(_) => self.judge_some(clusters, part),
                };
                judged.results.extend(some.results);
                judged.patched.extend(some.patched);
                judged.created.extend(some.created);
                judged.existing.extend(some.existing);
                judged.findings.extend(some.findings);
                seen.add(seen_there);
            }
            (judged, seen)
        })
    }

    fn judge_some(&self, clusters: &[&Cluster], objects: &[(&Manifest, &Resource)]) -> (Judged, Seen) {
        let (mut judged, mut seen) = (Judged::default(), Seen::default());
        let evaluators: Vec<Evaluator<'_>> = self.programs.iter().map(Evaluator::new).collect();
        let kyverno = self.kyverno.map(|given| kyverno::Judge::new(given, self.world));
        let mut fields = Fields::of(clusters);
        for &(manifest, resource) in objects {
            judged.findings.extend(fields.check(&manifest.name, resource, self.world.unusual()));
            let environment = self.environment(resource);
            let before = self.old.get(&identity(resource, self.world.namespace)).copied();
            let mut object = Object::new(manifest, resource, self.world);
            let findings_before = judged.findings.len();
            // Admission mutates first, and judges what came of it.
            for (index, (program, evaluator)) in self.programs.iter().zip(&evaluators).enumerate() {
                let mutated = evaluator.mutate(of(object.judged()), &environment, Limits::default());
                for verdict in mutated.verdicts {
                    seen.note(index, &verdict);
                    judged.results.extend(object.result(program, verdict));
                }
                object.became(mutated.document);
            }
            let mut state = kyverno::ObjectState::default();
            if let Some(kyverno) = &kyverno {
                let mutated = kyverno.mutate(&object, before, &mut seen.kyverno);
                judged.results.extend(mutated.results);
                object.became(mutated.document);
                state = mutated.state;
            }
            for (index, (program, evaluator)) in self.programs.iter().zip(&evaluators).enumerate() {
                let decision = evaluator.evaluate(of(object.judged()), &environment, Limits::default());
                for invalid in &decision.invalid {
                    let place = object.location(invalid.node);
                    let finding = Finding::error("manifest-invalid", invalid.sentence()).at(place);
                    if !judged.findings[findings_before..].contains(&finding) {
                        judged.findings.push(finding);
                    }
                }
                for verdict in decision.verdicts {
                    seen.note(index, &verdict);
                    judged.created.extend(verdict.created.iter().cloned());
                    judged.existing.extend(verdict.existing.iter().map(|object| object.after.clone()));
                    judged.results.extend(object.result(program, verdict));
                }
            }
            if let Some(kyverno) = &kyverno {
                judged.results.extend(kyverno.results(&object, before, state, &mut seen.kyverno));
            }
            judged.patched.extend(object.mutated.map(|mutated| Patched {
                before: resource.clone(),
                after: mutated.document().to_json(mutated.root()),
            }));
        }
        (judged, seen)
    }
}

/// What makes two objects of two files the same one.
type Identity<'a> = (&'a str, &'a str, &'a str, &'a str);

fn identity<'a>(resource: &'a Resource, namespace: &'a str) -> Identity<'a> {
    let group = resource.api_version().split_once('/').map_or("", |(group, _)| group);
    (group, resource.kind(), resource.namespace().unwrap_or(namespace), resource.name().unwrap_or(""))
}

pub(super) fn of(resource: &Resource) -> machine::Resource<'_> {
    resource.into()
}

/// On delete, an object that goes is the old object.
fn old_object<'a>(
    operation: AdmissionOperation,
    resource: &'a Resource,
    before: Option<&'a Resource>,
) -> Option<machine::Resource<'a>> {
    match operation {
        AdmissionOperation::Create => None,
        AdmissionOperation::Update | AdmissionOperation::Connect => before.map(of),
        AdmissionOperation::Delete => Some(of(before.unwrap_or(resource))),
    }
}

/// How often a rule was not evaluated, and what it asked then.
#[derive(Default)]
struct NotEvaluated {
    objects: usize,
    questions: BTreeSet<String>,
}

/// So many questions a finding names.
const QUESTIONS_MAX: usize = 3;

impl NotEvaluated {
    fn asked(&self) -> String {
        let mut named: Vec<&str> = self.questions.iter().take(QUESTIONS_MAX).map(String::as_str).collect();
        if self.questions.len() > QUESTIONS_MAX {
            named.push("…");
        }
        if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) }
    }
}

/// What happened to each rule over the whole run.
#[derive(Default)]
struct Seen {
    /// Rules that applied to something, by program and rule.
    applied: BTreeSet<(usize, u32)>,
    /// How many objects a rule was not evaluated on.
    not_evaluated: BTreeMap<(usize, u32, Unknown), NotEvaluated>,
    kyverno: kyverno::Seen,
}

impl Seen {
    fn note(&mut self, program: usize, verdict: &RuleVerdict) {
        match &verdict.verdict {
            // A rule that asks who sends the request has no answer where nobody is known to.
            Verdict::NotApplicable(NotApplicable::NoUser) => {
                self.not_evaluated.entry((program, verdict.rule.0, Unknown::User)).or_default().objects += 1;
            }
            // It would have spoken of the object.
            Verdict::NotApplicable(NotApplicable::Exempt(_)) => {
                self.applied.insert((program, verdict.rule.0));
            }
            Verdict::NotApplicable(_) => {}
            Verdict::NotEvaluated(unknown) => {
                let of_rule = self.not_evaluated.entry((program, verdict.rule.0, *unknown)).or_default();
                of_rule.objects += 1;
                of_rule.questions.extend(verdict.unanswered.clone());
                of_rule.questions.extend(verdict.unverified.iter().cloned());
            }
            Verdict::Pass | Verdict::Fail | Verdict::Error(_) => {
                self.applied.insert((program, verdict.rule.0));
            }
        }
    }

    fn add(&mut self, other: Seen) {
        self.applied.extend(other.applied);
        self.kyverno.add(other.kyverno);
        for (rule, there) in other.not_evaluated {
            let here = self.not_evaluated.entry(rule).or_default();
            here.objects += there.objects;
            here.questions.extend(there.questions);
        }
    }

    fn report(&self, programs: &[Program], world: &World<'_>, judged: &mut Judged) {
        let level = world.unusual();
        for ((program, rule, unknown), it) in &self.not_evaluated {
            let objects = crate::report::count(it.objects, "object", "objects");
            let name = full_name(&programs[*program], *rule);
            let message = format!(
                "rule `{name}` was not evaluated on {objects}: {} unknown{}",
                is_unknown(*unknown),
                it.asked()
            );
            let help = match unknown {
                Unknown::User => "say who asks with `--user NAME`",
                Unknown::NamespaceLabels => {
                    "add the Namespace objects to the input, or to the file of `--context`"
                }
                Unknown::Objects => "list the objects of the kind in the file of `--context`",
                Unknown::Answers | Unknown::CacheEntries | Unknown::Images => {
                    "record the answer in the file of `--context`"
                }
                Unknown::Chance => "what comes out by chance is evaluated in a cluster only",
                Unknown::Signatures => "who signed is found out when Kyverno runs the policy",
            };
            judged.findings.push(Finding { level, ..Finding::error("not-evaluated", message).help(help) });
        }
        for (index, program) in programs.iter().enumerate() {
            for rule in 0..program.rules().len() as u32 {
                let was_not_evaluated = self.not_evaluated.keys().any(|it| (it.0, it.1) == (index, rule));
                // A rule about other operations has nothing to match in this run.
                let is_about = speaks_of(&program.rules()[rule as usize].operations, world.operation);
                if is_about && !self.applied.contains(&(index, rule)) && !was_not_evaluated {
                    let name = full_name(program, rule);
                    let message = format!("rule `{name}` matched nothing in this run");
                    judged.findings.push(Finding { level, ..Finding::error("unmatched-rule", message) });
                }
            }
        }
    }
}

fn speaks_of(operations: &Operations, operation: AdmissionOperation) -> bool {
    match operation {
        AdmissionOperation::Create => operations.create,
        AdmissionOperation::Update => operations.update,
        AdmissionOperation::Delete => operations.delete,
        AdmissionOperation::Connect => operations.connect,
    }
}

fn is_unknown(unknown: Unknown) -> String {
    let verb = match unknown {
        Unknown::NamespaceLabels | Unknown::Objects => "are",
        Unknown::User
        | Unknown::Answers
        | Unknown::CacheEntries
        | Unknown::Images
        | Unknown::Chance
        | Unknown::Signatures => "is",
    };
    format!("{} {verb}", unknown.name())
}

fn full_name(program: &Program, rule: u32) -> String {
    let rule = &program.rules()[rule as usize];
    format!("{}/{}", program.policies()[rule.policy.0 as usize].name, rule.name)
}

/// Kinds that neither a schema nor a rule knows: nothing was said of their objects, perhaps for a typing mistake.
fn unknown_kinds(policies: &Policies, manifests: &Manifests, world: &World<'_>, judged: &mut Judged) {
    let mut kinds: BTreeMap<(String, String), (usize, Location)> = BTreeMap::new();
    for (manifest, resource) in manifests.resources() {
        let kind = (resource.api_version().to_string(), resource.kind().to_string());
        let place = || location(&manifest.name, resource.position(), String::new());
        kinds.entry(kind).or_insert_with(|| (0, place())).0 += 1;
    }
    for ((api_version, kind), (count, place)) in kinds {
        if policies.knows_kind(&api_version, &kind)
            || is_named_by_rule(&policies.programs, &api_version, &kind)
        {
            continue;
        }
        let objects = crate::report::count(count, "object", "objects");
        let message = format!("no schema knows the kind `{api_version}/{kind}` ({objects})");
        let level = world.unusual();
        let help = "name its definition under `crds` in `aip.toml`, or the kind under `untyped`";
        judged
            .findings
            .push(Finding { level, ..Finding::error("unknown-kind", message).at(place).help(help) });
    }
}

fn is_named_by_rule(programs: &[Program], api_version: &str, kind: &str) -> bool {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let fits = |pattern: &str, text: &str| pattern == "*" || pattern == text;
    programs
        .iter()
        .flat_map(|it| it.rules())
        .flat_map(|it| &it.targets)
        .any(|target| target.kind == kind && fits(&target.group, group) && fits(&target.version, version))
}

/// One object while it is judged.
pub(super) struct Object<'a> {
    manifest: &'a Manifest,
    resource: &'a Resource,
    /// What mutations made of it.
    mutated: Option<Resource>,
    /// Made once something is to be shown.
    mask: std::cell::OnceCell<Mask>,
    world: &'a World<'a>,
}

impl<'a> Object<'a> {
    pub(super) fn new(manifest: &'a Manifest, resource: &'a Resource, world: &'a World<'a>) -> Object<'a> {
        Object { manifest, resource, mutated: None, mask: std::cell::OnceCell::new(), world }
    }

    /// Mutations changed it.
    pub(super) fn became(&mut self, document: Option<Document>) {
        if let Some(document) = document {
            let root = document.root();
            self.mutated = Some(Resource::new(Arc::new(document), root));
        }
    }

    /// The result of one rule; none where it does not speak of such objects.
    pub(super) fn result(&self, program: &Program, verdict: RuleVerdict) -> Option<RuleResult> {
        let rule = &program.rules()[verdict.rule.0 as usize];
        let policy = &program.policies()[rule.policy.0 as usize];
        let mut because = assumed(&verdict.assumed);
        let mut exemption = None;
        let asks_in_vain = matches!(
            &verdict.verdict,
            Verdict::NotEvaluated(_) | Verdict::NotApplicable(NotApplicable::NoUser)
        );
        let status = match &verdict.verdict {
            Verdict::Pass => Status::Pass,
            Verdict::Fail => {
                let enforced = verdict.violations.iter().any(|it| it.action.effect == Effect::Enforce);
                let warns = !policy.scored || (self.world.audit_warn && !enforced);
                if warns { Status::Warn } else { Status::Fail }
            }
            Verdict::NotApplicable(NotApplicable::Operation | NotApplicable::Namespace) => return None,
            Verdict::NotApplicable(NotApplicable::Exempt(id)) => {
                let covering = exemption_of(program, program.exemption(*id));
                because = Some(covering.sentence());
                exemption = Some(covering);
                Status::Skip
            }
            Verdict::NotApplicable(why) => {
                because = Some(why.because().to_string());
                Status::Skip
            }
            Verdict::Error(error) => {
                because = Some(error.reason.because().to_string());
                Status::Error
            }
            Verdict::NotEvaluated(unknown) => {
                let of = match verdict.unverified.as_slice() {
                    [] => String::new(),
                    images => format!(": {}", images.join(", ")),
                };
                because = Some(format!("not evaluated: {} unknown{of}", is_unknown(*unknown)));
                Status::Skip
            }
        };
        let violations: Vec<Violation> =
            verdict.violations.iter().map(|it| self.violation(program, it)).collect();
        let first = violations.first();
        Some(RuleResult {
            policy: policy.name.clone(),
            rule: rule.name.clone(),
            status,
            evaluated: !asks_in_vain,
            because,
            message: first.map_or_else(String::new, |it| it.message.clone()),
            resource: self.name(),
            location: first.map_or_else(|| self.location_of(self.resource.root()), |it| it.location.clone()),
            source: first.map_or_else(|| source(program, rule.place), |it| it.source.clone()),
            source_text: rule.source_text.clone(),
            violations,
            effect: effect(&rule.body, &verdict),
            created: verdict.created.iter().map(|object| self.mask().object(object)).collect(),
            changed: verdict.existing.iter().map(|object| self.mask().object(&object.after)).collect(),
            exemption,
        })
    }

    /// The object that checks look at.
    pub(super) fn judged(&self) -> &Resource {
        self.mutated.as_ref().unwrap_or(self.resource)
    }

    /// The node of the manifest for a node that a rule saw: what a mutation added stands nowhere, so its nearest
    /// parent does.
    fn in_manifest(&self, node: NodeId) -> NodeId {
        match &self.mutated {
            None => node,
            Some(mutated) => {
                counterpart((mutated.document(), node), (self.resource.document(), self.resource.root()))
            }
        }
    }

    fn violation(&self, program: &Program, violation: &machine::Violation) -> Violation {
        let cause = &violation.cause;
        let mask = self.mask();
        let node = self.in_manifest(cause.node);
        let mut place = self.location_of(node);
        // Where the value is missing the node is a parent, and the path says what was looked for.
        place.path.clone_from(&cause.path);
        let value = cause.value.as_ref().map(|value| self.shown(cause.node, value));
        Violation {
            message: mask.message(&violation.message),
            location: place,
            source: source(program, cause.origin),
            condition: cause.text.clone(),
            value,
            bytes: self.bytes(node),
            snippet: self.snippet(node),
        }
    }

    /// A value that a rule read at a node, unless it must not be shown.
    pub(super) fn shown(&self, node: NodeId, value: &str) -> String {
        match self.mask().covers(self.resource.document(), self.in_manifest(node)) {
            true => MASK.to_string(),
            false => value.to_string(),
        }
    }

    /// A violation at a node that a rule saw, with the value that stands there.
    pub(super) fn violation_at(
        &self,
        node: NodeId,
        message: &str,
        source: SourceLocation,
        condition: &str,
    ) -> Violation {
        let node = self.in_manifest(node);
        let document = self.resource.document();
        let value = match self.mask().covers(document, node) {
            true => MASK.to_string(),
            false => match (document.value(node), document.to_json(node).to_string()) {
                (NodeValue::Map { .. }, text) if text.len() > VALUE_MAX => "{…}".to_owned(),
                (NodeValue::Seq { .. }, text) if text.len() > VALUE_MAX => "[…]".to_owned(),
                (_, text) => text,
            },
        };
        Violation {
            message: self.mask().message(message),
            location: self.location_of(node),
            source,
            condition: condition.to_owned(),
            value: Some(value),
            bytes: self.bytes(node),
            snippet: self.snippet(node),
        }
    }

    pub(super) fn mask(&self) -> &Mask {
        self.mask.get_or_init(|| match self.world.show_values {
            true => Mask::NONE,
            false => Mask::of(self.resource),
        })
    }

    pub(super) fn name(&self) -> ResourceName {
        ResourceName {
            api_version: self.resource.api_version().to_string(),
            kind: self.resource.kind().to_string(),
            namespace: self.resource.namespace().unwrap_or("").to_string(),
            name: self.resource.name().unwrap_or("").to_string(),
        }
    }

    /// The place of a node that a rule saw.
    pub(super) fn location(&self, node: NodeId) -> Location {
        self.location_of(self.in_manifest(node))
    }

    fn location_of(&self, node: NodeId) -> Location {
        let position = self.resource.document().position(node);
        location(&self.manifest.name, position, self.resource.path(node))
    }

    /// Where a node is in its file; nothing for one that is not there.
    fn bytes(&self, node: NodeId) -> Option<std::ops::Range<usize>> {
        let position = self.resource.document().position(node);
        let bytes = position.start as usize..position.end as usize;
        (!position.is_absent() && bytes.start <= self.manifest.text.len()).then_some(bytes)
    }

    fn snippet(&self, node: NodeId) -> Option<Snippet> {
        let position = self.resource.document().position(node);
        let text = &self.manifest.text;
        let before = &text.as_bytes()[..self.bytes(node)?.start];
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |it| it + 1);
        let rest = text.get(start..)?;
        let line = rest.lines().next().unwrap_or("");
        let (text, marked) = self.mask().line(line, start as u32, (position.start, position.end));
        Some(Snippet { line: position.line, text, marked })
    }
}

fn exemption_of(program: &Program, exemption: &program::Exemption) -> Exemption {
    Exemption {
        because: exemption.because.clone(),
        until: exemption.until.clone(),
        source: source(program, exemption.place),
    }
}

/// Exemptions that have ended: their rules speak again, of which nobody may have thought.
fn ended_exemptions(programs: &[Program], world: &World<'_>, judged: &mut Judged) {
    for program in programs {
        for it in program.exemptions() {
            let Some(until) = &it.until else { continue };
            if Time::parse(until).is_none_or(|end| world.now < end) {
                continue;
            }
            let rules: Vec<String> = it.rules.iter().map(|rule| full_name(program, rule.0)).collect();
            let exemption = exemption_of(program, it);
            let message = format!(
                "the exemption from `{}` ended on {}: {}",
                rules.join("`, `"),
                exemption.end().unwrap_or_default(),
                it.because
            );
            let place = exemption.source.to_location();
            let level = world.unusual();
            judged.findings.push(Finding {
                level,
                ..Finding::error("ended-exemption", message).at(place).help("renew it, or take it out")
            });
        }
    }
}

/// What a rule does besides judging.
fn effect(body: &Body, verdict: &RuleVerdict) -> Option<RuleEffect> {
    match body {
        Body::Edit(_) if !verdict.changes.is_empty() => Some(RuleEffect::Patch),
        Body::Delete(_) if verdict.verdict == Verdict::Pass => Some(RuleEffect::Delete),
        Body::Generate(_) if !verdict.created.is_empty() => Some(RuleEffect::Create),
        Body::EditExisting(_) if !verdict.existing.is_empty() => Some(RuleEffect::Patch),
        Body::Check(_)
        | Body::Edit(_)
        | Body::EditExisting(_)
        | Body::Delete(_)
        | Body::Generate(_)
        | Body::Verify(_) => None,
    }
}

/// The node of a second document that stands where a node of the first stands, or the nearest parent of that place.
fn counterpart((first, node): (&Document, NodeId), (second, root): (&Document, NodeId)) -> NodeId {
    let mut way = Vec::new();
    let mut at = node;
    while let Some(parent) = first.parent(at).filter(|_| at != first.root()) {
        way.push((parent, at));
        at = parent;
    }
    let mut found = root;
    for (parent, child) in way.into_iter().rev() {
        let next = match first.entries(parent).find(|(_, _, value)| *value == child) {
            Some((key, _, _)) => second.get(found, key),
            None => {
                first.elements(parent).position(|it| it == child).and_then(|at| second.element(found, at))
            }
        };
        match next {
            Some(next) => found = next,
            None => break,
        }
    }
    found
}

fn assumed(unknown: &[Unknown]) -> Option<String> {
    let unknown: Vec<String> = unknown.iter().map(|it| format!("{} unknown", is_unknown(*it))).collect();
    match unknown.as_slice() {
        [] => None,
        unknown => Some(format!("assumed to apply: {}", unknown.join(", "))),
    }
}

fn source(program: &Program, place: SourcePlace) -> SourceLocation {
    let file = program.file(place).to_string();
    SourceLocation { file, line: place.line, column: place.column }
}
