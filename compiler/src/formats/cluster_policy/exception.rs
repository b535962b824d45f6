//! Exemptions as PolicyException (`kyverno.io/v2`).
//!
//! Kyverno asks them after a rule's context and preconditions, and of the object as it was sent: the rules that it makes
//! for workloads are named one by one, and conditions begin at the workload.

use super::Unsupported;
use super::conditions::all_of;
use super::emit::FRESH_LOCALS;
use super::matching::{Matching, matching_of_exception};
use super::place::{self, Placed};
use super::scope::{Context, Scope};
use crate::diagnostic::Diagnostic;
use crate::formats::exempted::{self, Exempted, Held, RuleOf};
use crate::formats::yaml_write::{Map, Node, document};
use crate::formats::{Emitted, EmittedRule, gathered};
use crate::ir::*;
use crate::source::Sources;

/// One PolicyException for each exemption and for kinds of which the same is asked; none for an exemption that names no
/// rule.
///
/// # Errors
/// A diagnostic for each exemption that says what exceptions cannot.
pub fn emit_exceptions(
    set: &PolicySet,
    policies: &[Emitted],
    sources: &Sources,
) -> Result<Vec<Emitted>, Vec<Diagnostic>> {
    let mut names = exempted::Names::default();
    gathered(&set.exemptions, "PolicyException", |exemption| {
        self::exceptions(set, exemption, policies, &mut names, sources)
    })
}

fn exceptions(
    set: &PolicySet,
    exemption: &Exemption,
    policies: &[Emitted],
    names: &mut exempted::Names,
    sources: &Sources,
) -> Result<Vec<Emitted>, Unsupported> {
    let mut named = exempted::rules_of(set, exemption);
    // Clean-ups take no exceptions: they ask themselves whether one covers an object.
    named.retain(|(_, rule)| Held::by(rule) != Held::CleanedUp);
    for (_, rule) in &named {
        refuse_unasked(exemption, rule)?;
    }
    let rules = self::rules(&named, policies);
    let mut emitted = Vec::new();
    for Exempted { mut rule, .. } in exempted::exempted(exemption, &named)? {
        rule.applies.extend(exemption.until.as_deref().map(|end| exempted::before(end, exemption)));
        for placed in place::placed(&rule, false)? {
            let name = names.name(exemption);
            let spec = spec(&placed, rules.clone())?;
            let root = Map::new()
                .with("apiVersion", "kyverno.io/v2")
                .with("kind", "PolicyException")
                .with("metadata", metadata(exemption, &name))
                .with("spec", spec)
                .comment_first(exempted::source_line(exemption, sources));
            emitted.push(Emitted {
                kind: "PolicyException".to_owned(),
                name,
                policy: String::new(),
                yaml: document(&Node::Map(root)),
                rules: vec![],
            });
        }
    }
    Ok(emitted)
}

/// What Kyverno does before it asks for exceptions, or where it asks for none.
fn refuse_unasked(exemption: &Exemption, rule: &Rule) -> Result<(), Unsupported> {
    let span = exemption.origin;
    let is_must = |value: &Value| matches!(value.kind, ValueKind::Must(_));
    let in_preconditions = match rule.body {
        Body::Check(_) => {
            let inlined = rewrite::inlined(rule);
            inlined.applies.iter().any(|cond| measure::any_value(cond, &mut |value| is_must(value)))
        }
        // Kyverno asks for exceptions before anything else.
        Body::Generate(_) => false,
        _ => measure::any_value_of_rule(rule, &mut |value| is_must(value)),
    };
    match in_preconditions {
        true => {
            let reason =
                "a rule that it names may end in an error by `must` before Kyverno asks for exceptions";
            Err(Unsupported { span, reason })
        }
        false => Ok(()),
    }
}

/// Of each policy, the names of its rules with those that Kyverno makes out of them.
fn rules(named: &[RuleOf<'_>], policies: &[Emitted]) -> Vec<Map> {
    let mut exceptions = Vec::new();
    for emitted in policies {
        let of_policy = named.iter().filter(|(policy, _)| policy.name == emitted.policy);
        let is_named = |it: &&EmittedRule| of_policy.clone().any(|(_, rule)| rule.name == it.rule);
        let names: Vec<String> =
            emitted.rules.iter().filter(is_named).flat_map(|it| it.names.iter().cloned()).collect();
        if names.is_empty() {
            continue;
        }
        let namespace = of_policy.clone().next().and_then(|(policy, _)| policy.settings.namespace.as_ref());
        let policy = match namespace {
            Some(namespace) => format!("{namespace}/{}", emitted.name),
            None => emitted.name.clone(),
        };
        exceptions.push(Map::new().with("policyName", policy).with("ruleNames", names));
    }
    exceptions
}

/// The kind has no field for an end and a reason.
fn metadata(exemption: &Exemption, name: &str) -> Map {
    let annotations = Map::new()
        .with("aipc.dev/because", exemption.because.as_str())
        .with_some("aipc.dev/until", exemption.until.as_deref());
    Map::new().with("name", name).with("annotations", annotations)
}

fn spec(placed: &Placed, exceptions: Vec<Map>) -> Result<Map, Unsupported> {
    let Matching { matches, mut rest, users, .. } = matching_of_exception(placed)?;
    rest.retain(|cond| !cond.is_const(true));
    let conditions = match (rest.is_empty(), placed.targets.first()) {
        (false, Some(target)) => {
            let context = Context::without_variables(&target.kind, FRESH_LOCALS);
            Some(all_of(&context, &Scope::top(), &rest)?)
        }
        _ => None,
    };
    let mut spec = Map::new();
    // A background scan knows no user, and Kyverno refuses to ask for one in it.
    if users || rewrite::mentions(&placed.rule, Root::User) {
        spec.set("background", false);
    }
    spec.set("exceptions", exceptions);
    spec.set("match", matches);
    Ok(spec.with_some("conditions", conditions))
}
