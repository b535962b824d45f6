//! Our side of comparisons: sources through the whole compiler, and resources through the evaluator.

use super::oracle::{Operation, Recorded, Request};
use super::verdict::Verdict;
use aipc_compiler::analysis::{self, Options};
use aipc_compiler::diagnostic::{Diagnostic, has_errors};
use aipc_compiler::formats::support::{Target, legalize};
use aipc_compiler::formats::{bytecode, emit_yaml};
use aipc_compiler::ir::{Policy, PolicySet, Rule};
use aipc_compiler::source::{NoFiles, Sources};
use aipc_runtime::budget::Budget;
use aipc_runtime::document::Document;
use aipc_runtime::machine;
use aipc_runtime::machine::{
    AdmissionOperation, Answer, Decision, Environment, Evaluator, Key, Limits, Namespaces, Resource,
    RuleVerdict, User, World,
};
use aipc_runtime::program::{Body, Program, RuleId};
use aipc_runtime::value::{Time, Value::Node};
use serde_json::{Value, json};

/// A file of policies in every form that the compiler gives.
pub struct Compiled {
    pub program: Program,
    /// ClusterPolicies as YAML, or why there are none.
    pub legacy: Result<String, Vec<String>>,
    /// ValidatingPolicies and MutatingPolicies as YAML, or why there are none.
    pub successor: Result<String, Vec<String>>,
}

/// What our evaluator says of one resource.
pub struct Judged {
    pub verdict: Verdict,
    /// Whether the resource has values that no admissible object has.
    pub invalid: bool,
    pub messages: Vec<String>,
}

/// The file compiled; what `check` says where it refuses.
pub fn compile(source: &str) -> Result<Compiled, Vec<String>> {
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", source);
    let analysis = analysis::analyze(&mut sources, file, &NoFiles, &mut Options::default());
    if analysis.has_errors() {
        return Err(words(&analysis.diagnostics));
    }
    let (set, diagnostics) = (analysis.policies.clone(), analysis.not_carried.clone());
    if has_errors(&diagnostics) {
        return Err(words(&diagnostics));
    }
    emitted(&set, &sources)
}

/// The policies of a file one by one, with their names.
pub fn compile_policies(source: &str) -> Result<Vec<(String, Compiled)>, Vec<String>> {
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", source);
    let analysis = analysis::analyze(&mut sources, file, &NoFiles, &mut Options::default());
    if analysis.has_errors() {
        return Err(words(&analysis.diagnostics));
    }
    let (set, diagnostics) = (analysis.policies.clone(), analysis.not_carried.clone());
    if has_errors(&diagnostics) {
        return Err(words(&diagnostics));
    }
    let exemptions = set.exemptions;
    let one_by_one = set.policies.into_iter().map(|policy| {
        let name = policy.name.clone();
        Ok((name, emitted(&PolicySet { policies: vec![policy], exemptions: exemptions.clone() }, &sources)?))
    });
    one_by_one.collect()
}

/// The rules of a file one by one, with their names: `policy.rule`.
pub fn compile_rules(source: &str) -> Result<Vec<(String, Compiled)>, Vec<String>> {
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", source);
    let analysis = analysis::analyze(&mut sources, file, &NoFiles, &mut Options::default());
    if analysis.has_errors() || has_errors(&analysis.not_carried) {
        return Err(words(&[&analysis.diagnostics[..], &analysis.not_carried].concat()));
    }
    let of_policy = |policy: &Policy| {
        let alone = |rule: &Rule| Policy { rules: vec![rule.clone()], ..policy.clone() };
        policy.rules.iter().map(alone).collect::<Vec<_>>()
    };
    let one_by_one = analysis.policies.policies.iter().flat_map(of_policy).map(|policy| {
        let name = format!("{}.{}", policy.name, policy.rules[0].name);
        let exemptions = analysis.policies.exemptions.clone();
        Ok((name, emitted(&PolicySet { policies: vec![policy], exemptions }, &sources)?))
    });
    one_by_one.collect()
}

fn emitted(set: &PolicySet, sources: &Sources) -> Result<Compiled, Vec<String>> {
    let program = bytecode::emit(set, sources).map_err(|found| words(&found))?;
    let yaml = |target: Target| {
        let refusals = legalize(set, target);
        match has_errors(&refusals) {
            true => Err(words(&refusals)),
            false => emit_yaml(set, target, sources).map(joined).map_err(|refused| words(&refused)),
        }
    };
    Ok(Compiled { program, legacy: yaml(Target::KyvernoLegacy), successor: yaml(Target::Kyverno) })
}

fn joined(emitted: Vec<aipc_compiler::formats::Emitted>) -> String {
    emitted.into_iter().map(|it| it.yaml).collect::<Vec<_>>().join("---\n")
}

/// Errors as `CODE sentence (label)`.
fn words(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .filter(|it| has_errors(std::slice::from_ref(*it)))
        .map(|it| {
            let label = it.labels.first().map_or("", |label| label.text.as_str());
            format!("{} {} ({label})", it.code.as_str(), it.message)
        })
        .collect()
}

impl Compiled {
    /// Our verdict on resource number `index` of a request.
    pub fn judge(&self, resource: &Value, index: usize, request: &Request) -> Judged {
        self.with_world(resource, index, request, |evaluator, resource, environment| {
            judged(&self.program, &evaluator.evaluate(resource, environment, Limits::default()))
        })
    }

    /// What our mutations make of a resource.
    pub fn mutate(&self, resource: &Value, request: &Request) -> Value {
        self.with_world(resource, 0, request, |evaluator, at, environment| {
            let mutated = evaluator.mutate(at, environment, Limits::default());
            mutated.document.map_or_else(|| resource.clone(), |document| document.to_json(document.root()))
        })
    }

    /// The objects that our generations make beside a resource.
    pub fn generate(&self, resource: &Value, request: &Request) -> Vec<Value> {
        self.with_world(resource, 0, request, |evaluator, at, environment| {
            let decision = evaluator.evaluate(at, environment, Limits::default());
            decision.verdicts.into_iter().flat_map(|it| it.created).collect()
        })
    }

    /// What becomes of the existing objects that our mutations change when a resource comes.
    pub fn existing(&self, resource: &Value, request: &Request) -> Vec<Value> {
        self.existing_at(resource, 0, request)
    }

    /// As [`Compiled::existing`], of resource number `index` of a request.
    pub fn existing_at(&self, resource: &Value, index: usize, request: &Request) -> Vec<Value> {
        self.with_world(resource, index, request, |evaluator, at, environment| {
            let decision = evaluator.evaluate(at, environment, Limits::default());
            decision.verdicts.into_iter().flat_map(|it| it.existing).map(|it| it.after).collect()
        })
    }

    fn with_world<T>(
        &self,
        resource: &Value,
        index: usize,
        request: &Request,
        ask: impl FnOnce(&Evaluator<'_>, Resource<'_>, &Environment<'_>) -> T,
    ) -> T {
        let evaluator = Evaluator::new(&self.program);
        let document = Document::from_json(resource);
        let old = request.old_resources.get(index).filter(|it| !it.is_null()).map(Document::from_json);
        let user = request.user_info.as_ref().map(|user| {
            let (name, groups) = (user.username.clone(), user.groups.clone());
            let (roles, cluster_roles) = (user.roles.clone(), user.cluster_roles.clone());
            User { name, groups, roles, cluster_roles, ..User::default() }.to_document()
        });
        let space = request.namespace_labels.as_ref().map(|labels| {
            Document::from_json(
                &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": labels}}),
            )
        });
        let mut namespaces = Namespaces::new();
        if let Some(space) = &space {
            namespaces
                .add(resource["metadata"]["namespace"].as_str().unwrap_or("default"), Resource::of(space));
        }
        let world = world(request);
        let mut environment = Environment::new(Time::parse("2026-11-23T12:00:00Z").expect("a moment"));
        environment.world = Some(&world);
        environment.user = user.as_ref();
        environment.namespaces = space.as_ref().map(|_| &namespaces);
        environment.operation = match request.operation.unwrap_or(Operation::Create) {
            Operation::Create => AdmissionOperation::Create,
            Operation::Update => AdmissionOperation::Update,
            Operation::Delete => AdmissionOperation::Delete,
        };
        if environment.operation != AdmissionOperation::Create {
            environment.old_object = Some(old.as_ref().map_or_else(|| Resource::of(&document), Resource::of));
        }
        ask(&evaluator, Resource::of(&document), &environment)
    }
}

/// The objects that are all there are, but for kinds that nobody may ask for: what these hold is not known.
fn world(request: &Request) -> World {
    let mut world = match request.forbidden.is_empty() {
        true => World::whole(),
        false => World::default(),
    };
    for object in &request.cluster {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let kind = format!("{}/{}", text(&object["apiVersion"]), text(&object["kind"]));
        let metadata = &object["metadata"];
        if request.forbidden.contains(&kind) {
            continue;
        }
        world.add_object(
            &kind,
            &text(&metadata["namespace"]),
            &text(&metadata["name"]),
            Document::from_json(object),
        );
    }
    for recorded in &request.answers {
        world.add_answer(question(recorded), Answer::Is(Document::from_json(&recorded.answer)));
    }
    world
}

fn question(recorded: &Recorded) -> Key {
    let mut budget = Budget::new(1 << 20);
    let sent = |value: &Value| Document::from_json(value);
    if !recorded.entry.is_empty() {
        return Key::cache(&recorded.entry);
    }
    if !recorded.kind.is_empty() {
        let object = sent(&recorded.object);
        return Key::post(&recorded.kind, &Node(&object, object.root()), &mut budget)
            .expect("a short object");
    }
    match &recorded.body {
        Some(body) => {
            let body = sent(body);
            Key::http_post(&recorded.url, &Node(&body, body.root()), &mut budget).expect("a short body")
        }
        None => Key::http_get(&recorded.url),
    }
}

fn judged(program: &Program, decision: &Decision) -> Judged {
    let deletes = |rule: RuleId| matches!(program.rule(rule).body, Body::Delete(_));
    let class = |it: &RuleVerdict| match &it.verdict {
        // What goes counts like a failure.
        machine::Verdict::Pass if deletes(it.rule) => Verdict::Fail,
        machine::Verdict::Pass | machine::Verdict::NotApplicable(_) => Verdict::Pass,
        machine::Verdict::Fail => Verdict::Fail,
        machine::Verdict::Error(_) | machine::Verdict::NotEvaluated(_) => Verdict::Error,
    };
    Judged {
        verdict: Verdict::of_all(decision.verdicts.iter().map(class)),
        invalid: !decision.invalid.is_empty(),
        messages: decision
            .verdicts
            .iter()
            .flat_map(|it| it.violations.iter().map(|violation| violation.message.clone()))
            .collect(),
    }
}
