//! MutatingPolicy of `policies.kyverno.io/v1`: one for each `mutate` rule and place of its subject.
//!
//! A rule that came through [`legalize`](super::support::legalize) goes in; a YAML document with one JSON patch as CEL
//! comes out. Kyverno's own derivation of rules for workloads stays out of it.

mod patch;

use super::cel::ast::{Expr, Key, Path, Step};
use super::cel::print::print;
use super::cel::translate::Roots;
use super::cel::{Base, Translator};
use super::cluster_policy::place::{self, Placed};
use super::validating_policy::{
    in_namespace, matching, named_conditions, naming, set_conditions, set_variables, subject,
};
use super::yaml_write::{self, Map, Node};
use super::{Emitted, EmittedRule, Unsupported, existing, gathered, rules_with};
use crate::diagnostic::Diagnostic;
use crate::ir::rewrite::inlined;
use crate::ir::{Body, Cond, Existing, Mutation, Policy, PolicySet, Rule, SubjectPath};
use crate::source::Sources;

/// The policies of a set, in source order. The set is legal for the target.
///
/// # Errors
/// A diagnostic for each rule whose edits one JSON patch cannot make.
pub fn emit(set: &PolicySet, sources: &Sources) -> Result<Vec<Emitted>, Vec<Diagnostic>> {
    let mut names = naming::Names::default();
    let rules = rules_with(set, |body| matches!(body, Body::Mutate(_)));
    gathered(rules, "MutatingPolicy", |(policy, rule)| emit_rule(policy, rule, &mut names, sources))
}

/// A policy for each place that the subject lies at.
fn emit_rule(
    policy: &Policy,
    rule: &Rule,
    names: &mut naming::Names,
    sources: &Sources,
) -> Result<Vec<Emitted>, Unsupported> {
    let settings = rule.settings.over(&policy.settings);
    let kind = match settings.namespace {
        Some(_) => "NamespacedMutatingPolicy",
        None => "MutatingPolicy",
    };
    let mut emitted = Vec::new();
    let placed = place::placed(&inlined(rule), false)?;
    let apart = placed.iter().flat_map(|placed| {
        let rules = existing::apart(&placed.rule).into_iter().enumerate();
        rules.map(move |(number, rule)| {
            let of_targets = (number > 0).then(|| format!("targets-{}", number + 1));
            let suffix: Vec<String> = [placed.suffix.clone(), of_targets].into_iter().flatten().collect();
            let suffix = (!suffix.is_empty()).then(|| suffix.join("-"));
            Placed { suffix, rule, ..placed.clone() }
        })
    });
    for placed in apart {
        let mut at_place = placed.rule;
        at_place.targets = placed.targets;
        // The paths of the rule begin at the object now.
        at_place.targets.iter_mut().for_each(|target| target.subjects = vec![SubjectPath::default()]);
        let Body::Mutate(mutation) = &at_place.body else { continue };
        let mut spec = match &mutation.existing {
            None => spec(&at_place, mutation, settings.namespace.as_deref())?,
            Some(targets) => {
                existing::can_be_said(&at_place, mutation, &settings)?;
                if settings.existing == Some(true) {
                    let reason = "when the policy comes Kyverno takes each existing object for the one that was admitted";
                    return Err(Unsupported { span: rule.origin, reason });
                }
                existing_spec(&at_place, mutation, targets)?
            }
        };
        if let Some(policy) = &settings.failure_policy {
            spec.set("failurePolicy", policy.as_str());
        }
        if let Some(seconds) = settings.timeout_s {
            spec.set("webhookConfiguration", Map::new().with("timeoutSeconds", i64::from(seconds)));
        }
        let name = names.name(policy, rule, placed.suffix.as_deref());
        let mut root = Map::new()
            .with("apiVersion", "policies.kyverno.io/v1")
            .with("kind", kind)
            .with("metadata", naming::metadata(policy, rule, &settings, &name))
            .with("spec", spec);
        if let Some(first) = root.0.first_mut() {
            first.comments = vec![naming::source_line(rule, sources)];
        }
        emitted.push(Emitted {
            kind: kind.to_owned(),
            name,
            policy: policy.name.clone(),
            yaml: yaml_write::document(&Node::Map(root)),
            rules: vec![EmittedRule { rule: rule.name.clone(), names: vec![String::new()] }],
        });
    }
    Ok(emitted)
}

/// The rule about existing objects: the match is about the admitted one, the target match and the patch about the
/// existing one, where the admitted one is the request's.
fn existing_spec(rule: &Rule, mutation: &Mutation, targets: &Existing) -> Result<Map, Unsupported> {
    let mut conditions: Vec<&Cond> = rule.applies.iter().collect();
    let selector = matching::take_namespace_selector(&mut conditions, rule);
    let mut of_trigger = Translator::new(subject::Places::of(rule).roots_for_matching());
    let mut match_conditions: Vec<Expr> =
        conditions.into_iter().map(|cond| of_trigger.condition(cond)).collect();
    match_conditions.retain(|cond| *cond != Expr::Bool(true));

    let (applies, edits) = existing::seen_from_target(mutation);
    let seen =
        Rule { targets: targets.targets.clone(), applies, body: Body::Mutate(edits.clone()), ..rule.clone() };
    let places = subject::Places::of(&seen);
    let roots = || Roots { old_object: Base::of_request("oldObject", false), ..places.roots_for_matching() };
    let mut of_target = Translator::new(roots());
    let mut target_conditions = vec![was_admitted()];
    target_conditions.extend(seen.applies.iter().map(|cond| of_target.condition(cond)));
    target_conditions.retain(|cond| *cond != Expr::Bool(true));
    let mut translator = Translator::new(roots()).with_variables();
    let known = Expr::all(target_conditions.iter().cloned());
    let patch = translator.given(&known, |translator| patch::patch(translator, &edits))?;
    let variables: Vec<(String, Expr)> =
        translator.take_hoisted().into_iter().map(|hoisted| (hoisted.name, hoisted.expr)).collect();

    let mut spec = Map::new();
    spec.set("evaluation", Map::new().with("mutateExisting", Map::new().with("enabled", true)));
    if matching::would_autogen(rule) {
        let none = Map::new().with("controllers", Vec::<Node>::new());
        spec.set("autogen", Map::new().with("podControllers", none));
    }
    let constraints = Map::new().with("resourceRules", matching::resource_rules(rule));
    spec.set("matchConstraints", constraints.with_some("namespaceSelector", selector));
    set_conditions(&mut spec, &match_conditions);
    spec.set("targetMatchConstraints", Map::new().with("resourceRules", matching::resource_rules(&seen)));
    spec.set("targetMatchConditions", named_conditions(&target_conditions));
    set_variables(&mut spec, &variables);
    spec.set("mutations", vec![json_patch(&patch)]);
    Ok(spec)
}

/// Whether an object was admitted. Kyverno also goes through the existing objects from time to time, and then takes each
/// for the one that was; only a request of the API server has a `requestKind`.
fn was_admitted() -> Expr {
    let step = Step { key: Key::Field("requestKind".to_owned()), certain: false };
    Expr::Present(Path { base: Box::new(Expr::name("request")), base_certain: true, steps: vec![step] })
}

fn json_patch(patch: &Expr) -> Map {
    Map::new().with("patchType", "JSONPatch").with("jsonPatch", Map::new().with("expression", print(patch)))
}

fn spec(rule: &Rule, mutation: &Mutation, namespace: Option<&str>) -> Result<Map, Unsupported> {
    let places = subject::Places::of(rule);
    let mut conditions: Vec<&Cond> = rule.applies.iter().collect();
    let selector = matching::take_namespace_selector(&mut conditions, rule);
    let mut outer = Translator::new(places.roots_for_matching());
    let mut match_conditions: Vec<Expr> = namespace.iter().map(|name| in_namespace(name)).collect();
    match_conditions.extend(conditions.into_iter().map(|cond| outer.condition(cond)));
    match_conditions.retain(|cond| *cond != Expr::Bool(true));

    let mut translator = Translator::new(places.roots_for_matching()).with_variables();
    let mut variables = Vec::new();
    places.declare(&mut translator, &mut variables);
    // What the match conditions say is known to the patch.
    let known = Expr::all(match_conditions.iter().cloned());
    let patch = translator.given(&known, |translator| patch::patch(translator, mutation))?;
    let hoisted = translator.take_hoisted();
    variables.extend(hoisted.into_iter().map(|hoisted| (hoisted.name, hoisted.expr)));

    let mut spec = Map::new();
    if matching::would_autogen(rule) {
        let none = Map::new().with("controllers", Vec::<Node>::new());
        spec.set("autogen", Map::new().with("podControllers", none));
    }
    let mut constraints = Map::new().with("resourceRules", matching::resource_rules(rule));
    if let Some(selector) = selector {
        constraints.set("namespaceSelector", selector);
    }
    spec.set("matchConstraints", constraints);
    set_conditions(&mut spec, &match_conditions);
    set_variables(&mut spec, &variables);
    spec.set("mutations", vec![json_patch(&patch)]);
    Ok(spec)
}
