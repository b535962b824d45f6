//! Kyverno's ClusterCleanupPolicy (`kyverno.io/v2`), and CleanupPolicy where a namespace is given: one for each `delete`
//! rule and place of its subject.
//!
//! They run by a schedule: there is no request, the object is called `target`, and nothing makes rules for workloads.

use super::super::validating_policy::naming;
use super::super::{deletion, exempted};
use super::conditions::{all_of, variable};
use super::emit::FRESH_LOCALS;
use super::matching::{Matching, matching_existing};
use super::mutate::asked_first;
use super::place;
use super::scope::{Context, IMAGE_REFERENCE, Scope};
use super::{Unsupported, image};
use crate::diagnostic::Diagnostic;
use crate::formats::jmespath::Expr;
use crate::formats::yaml_write::{Map, Node, document};
use crate::formats::{Emitted, EmittedRule};
use crate::ir::rewrite::inlined;
use crate::ir::{Body, Policy, PolicySet, Rule};
use crate::source::Sources;

/// The clean-ups of a set, in source order.
///
/// # Errors
/// A diagnostic for each rule that a clean-up cannot say.
pub fn emit(set: &PolicySet, sources: &Sources) -> Result<Vec<Emitted>, Vec<Diagnostic>> {
    let mut names = naming::Names::default();
    deletion::emit(set, "ClusterCleanupPolicy", |policy, rule| {
        of_rule(set, policy, rule, &mut names, sources)
    })
}

fn of_rule(
    set: &PolicySet,
    policy: &Policy,
    rule: &Rule,
    names: &mut naming::Names,
    sources: &Sources,
) -> Result<Vec<Emitted>, Unsupported> {
    let settings = rule.settings.over(&policy.settings);
    let kind = if settings.namespace.is_some() { "CleanupPolicy" } else { "ClusterCleanupPolicy" };
    let mut emitted = Vec::new();
    for placed in place::placed(&inlined(rule), false)? {
        let (Body::Delete(deletion), Some(first)) = (&placed.rule.body, placed.targets.first()) else {
            continue;
        };
        let context = Context::of_clean_up(&first.kind, FRESH_LOCALS);
        let mut asked = placed.clone();
        asked.rule.applies.push(deletion.condition.clone());
        asked.rule.applies.iter_mut().for_each(deletion::where_known);
        // Kyverno asks no exceptions of a clean-up, so it says itself whom they cover.
        asked.rule.applies.extend(exempted::unless_exempt(set, (policy, rule), &placed.targets)?);
        let Matching { matches, excludes, mut rest, .. } =
            matching_existing(&asked, settings.namespace.is_some())?;
        rest.retain(|cond| !cond.is_const(true));
        context.open_questions();
        let mut conditions = match rest.is_empty() {
            true => None,
            false => Some(all_of(&context, &Scope::top(), &rest)?),
        };
        let questions = context.close_questions();
        for question in questions.iter().rev() {
            conditions = Some(asked_first(answered(question), conditions));
        }
        let mut entries = Vec::new();
        if context.takes_images_apart() {
            let variable = Map::new().with("value", image::reference());
            entries.push(Map::new().with("name", IMAGE_REFERENCE).with("variable", variable));
        }
        entries.extend(questions);
        let spec = Map::new()
            .with("match", matches)
            .with_some("exclude", excludes)
            .with_some("context", (!entries.is_empty()).then_some(entries))
            .with_some("conditions", conditions)
            .with("schedule", deletion.schedule.as_str())
            .with_some("deletionPropagationPolicy", settings.propagation.as_deref());
        let name = names.name(policy, rule, placed.suffix.as_deref());
        let mut root = Map::new()
            .with("apiVersion", "kyverno.io/v2")
            .with("kind", kind)
            .with("metadata", naming::metadata(policy, rule, &settings, &name))
            .with("spec", spec)
            .comment_first(naming::source_line(rule, sources));
        for it in set.exemptions.iter().filter(|it| it.is_from(&policy.name, &rule.name)) {
            root = root.comment_first(format!("{}: {}", exempted::source_line(it, sources), it.because));
        }
        emitted.push(Emitted {
            policy: policy.name.clone(),
            kind: kind.to_owned(),
            name,
            yaml: document(&Node::Map(root)),
            rules: vec![EmittedRule { rule: rule.name.clone(), names: vec![String::new()] }],
        });
    }
    Ok(emitted)
}

/// The condition that a list was answered. Kyverno asks once; after a failure the variable is one that is not there, which
/// an expression could take for an answer, and more would go than should.
fn answered(question: &Map) -> Map {
    let name = match question.get("name") {
        Some(Node::Text(name)) => name.as_str(),
        _ => "",
    };
    Map::new()
        .with("key", variable(&Expr::call("length", [Expr::path([name])])))
        .with("operator", "GreaterThanOrEquals")
        .with("value", 0i64)
}
