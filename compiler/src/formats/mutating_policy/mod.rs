//! MutatingPolicy of `policies.kyverno.io/v1`: one for each `mutate` rule and place of its subject.
//!
//! A rule that came through [`legalize`](super::support::legalize) goes in; a YAML document with one JSON patch as CEL
//! comes out. Kyverno's own derivation of rules for workloads stays out of it.

mod patch;

use super::cel::Translator;
use super::cel::ast::Expr;
use super::cel::print::print;
use super::cluster_policy::place;
use super::validating_policy::{in_namespace, matching, naming, set_conditions, set_variables, subject};
use super::yaml_write::{self, Map, Node};
use super::{Emitted, EmittedRule, Unsupported, gathered, rules_with};
use crate::diagnostic::Diagnostic;
use crate::ir::rewrite::inlined;
use crate::ir::{Body, Cond, Mutation, Policy, PolicySet, Rule, SubjectPath};
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
    for placed in place::placed(&inlined(rule), false)? {
        let mut at_place = placed.rule;
        at_place.targets = placed.targets;
        // The paths of the rule begin at the object now.
        at_place.targets.iter_mut().for_each(|target| target.subjects = vec![SubjectPath::default()]);
        let Body::Mutate(mutation) = &at_place.body else { continue };
        let mut spec = spec(&at_place, mutation, settings.namespace.as_deref())?;
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
    let mutation = Map::new()
        .with("patchType", "JSONPatch")
        .with("jsonPatch", Map::new().with("expression", print(&patch)));
    spec.set("mutations", vec![mutation]);
    Ok(spec)
}
