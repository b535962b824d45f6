//! DeletingPolicy of `policies.kyverno.io/v1`, and NamespacedDeletingPolicy where a namespace is given: one for each
//! `delete` rule and place of its subject.
//!
//! They run by a schedule: CEL sees `object` and `namespaceObject`, and there is no request.

use super::cel::Translator;
use super::cel::ast::Expr;
use super::cluster_policy::place;
use super::validating_policy::{in_namespace, matching, named_conditions, naming, set_variables, subject};
use super::yaml_write::{self, Map, Node};
use super::{Emitted, EmittedRule, Unsupported, deletion};
use crate::diagnostic::Diagnostic;
use crate::ir::rewrite::inlined;
use crate::ir::{Body, Cond, Deletion, Policy, PolicySet, Rule, Settings, SubjectPath};
use crate::source::Sources;

/// The policies of a set, in source order. The set is legal for the target.
///
/// # Errors
/// A diagnostic for each rule that a clean-up cannot say.
pub fn emit(set: &PolicySet, sources: &Sources) -> Result<Vec<Emitted>, Vec<Diagnostic>> {
    let mut names = naming::Names::default();
    deletion::emit(set, "DeletingPolicy", |policy, rule| emit_rule(policy, rule, &mut names, sources))
}

/// A policy for each place that the subject lies at.
fn emit_rule(
    policy: &Policy,
    rule: &Rule,
    names: &mut naming::Names,
    sources: &Sources,
) -> Result<Vec<Emitted>, Unsupported> {
    let settings = rule.settings.over(&policy.settings);
    let kind = if settings.namespace.is_some() { "NamespacedDeletingPolicy" } else { "DeletingPolicy" };
    let mut emitted = Vec::new();
    for placed in place::placed(&inlined(rule), false)? {
        let mut at_place = placed.rule;
        at_place.targets = placed.targets;
        // The paths of the rule begin at the object now.
        at_place.targets.iter_mut().for_each(|target| target.subjects = vec![SubjectPath::default()]);
        let Body::Delete(deletion) = &at_place.body else { continue };
        let name = names.name(policy, rule, placed.suffix.as_deref());
        let root = Map::new()
            .with("apiVersion", "policies.kyverno.io/v1")
            .with("kind", kind)
            .with("metadata", naming::metadata(policy, rule, &settings, &name))
            .with("spec", spec(&at_place, deletion, &settings))
            .comment_first(naming::source_line(rule, sources));
        emitted.push(Emitted {
            policy: policy.name.clone(),
            kind: kind.to_owned(),
            name,
            yaml: yaml_write::document(&Node::Map(root)),
            rules: vec![EmittedRule { rule: rule.name.clone(), names: vec![String::new()] }],
        });
    }
    Ok(emitted)
}

fn spec(rule: &Rule, deletion: &Deletion, settings: &Settings) -> Map {
    let places = subject::Places::of(rule);
    let mut asked: Vec<Cond> = rule.applies.iter().chain([&deletion.condition]).cloned().collect();
    asked.iter_mut().for_each(deletion::where_known);
    let mut asked: Vec<&Cond> = asked.iter().collect();
    let selector = matching::take_namespace_selector(&mut asked, rule);

    let mut translator = Translator::new(places.roots_for_matching()).with_variables();
    let mut conditions: Vec<Expr> =
        settings.namespace.iter().map(|namespace| in_namespace(namespace)).collect();
    conditions.extend(asked.into_iter().map(|cond| translator.condition(cond)));
    conditions.retain(|cond| *cond != Expr::Bool(true));
    let hoisted = translator.take_hoisted();
    let variables: Vec<_> = hoisted.into_iter().map(|hoisted| (hoisted.name, hoisted.expr)).collect();

    let constraints = Map::new()
        .with("resourceRules", matching::resource_rules(rule))
        .with_some("namespaceSelector", selector);
    let mut spec = Map::new().with("matchConstraints", constraints);
    let conditions = named_conditions(&conditions);
    if !conditions.is_empty() {
        spec.set("conditions", conditions);
    }
    set_variables(&mut spec, &variables);
    spec.with("schedule", deletion.schedule.as_str())
        .with_some("deletionPropagationPolicy", settings.propagation.as_deref())
}
