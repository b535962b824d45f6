//! Policies and rules as YAML.

use super::conditions::all_of;
use super::matching::{Matching, matching, override_of};
use super::message::message;
use super::pattern::pattern;
use super::place::{self, Placed};
use super::scope::{BEFORE, Context, IMAGE_REFERENCE, Scope, TRIGGER};
use super::{Unsupported, capture, generate, lookup, mutate, value, verify};
use crate::diagnostic::Diagnostic;
use crate::formats::jmespath::{self, Expr};
use crate::formats::yaml_write::{Map, Node, document};
use crate::formats::{Emitted, EmittedRule, existing};
use crate::ir::present::Facts;
use crate::ir::rewrite::violation_of_subject;
use crate::ir::*;
use crate::source::{Sources, Span};

/// Names that the IR does not use begin here.
pub const FRESH_LOCALS: u32 = 1 << 24;

/// One ClusterPolicy (Policy, where `settings { namespace }` is written) for each policy, and one ClusterCleanupPolicy
/// (CleanupPolicy) for each `delete` in it.
///
/// # Errors
/// A diagnostic for each rule that says what ClusterPolicies cannot, beyond what the table of features knows.
pub fn emit(set: &PolicySet, sources: &Sources) -> Result<Vec<Emitted>, Vec<Diagnostic>> {
    let mut emitted = Vec::new();
    let mut refused = Vec::new();
    for policy in &set.policies {
        let mut policy = policy.clone();
        policy.rules.retain(|rule| !matches!(rule.body, Body::Delete(_)));
        if policy.rules.is_empty() {
            continue;
        }
        match self::policy(&policy, sources) {
            Ok(policy) => emitted.push(policy),
            Err(found) => refused.extend(found.iter().map(|found| found.diagnostic("ClusterPolicy"))),
        }
    }
    match super::cleanup::emit(set, sources) {
        Ok(policies) => emitted.extend(policies),
        Err(found) => refused.extend(found),
    }
    if refused.is_empty() { Ok(emitted) } else { Err(refused) }
}

/// What is refused comes once for each rule.
fn policy(policy: &Policy, sources: &Sources) -> Result<Emitted, Vec<Unsupported>> {
    let mut rules = Vec::new();
    let mut emitted = Vec::new();
    let mut refused = Vec::new();
    let mut users = false;
    let autogen = place::autogen(policy);
    for rule in &policy.rules {
        let written = match rules_of(policy, rule, autogen, sources) {
            Ok(written) => written,
            Err(found) => {
                refused.push(found);
                continue;
            }
        };
        let mut names = Vec::new();
        for (name, autogen, speaks_of_users, node) in written {
            users |= speaks_of_users;
            names.push(name.clone());
            if autogen {
                names.extend(["autogen-", "autogen-cronjob-"].map(|prefix| format!("{prefix}{name}")));
            }
            rules.push(Node::Map(node));
        }
        emitted.push(EmittedRule { rule: rule.name.clone(), names });
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let settings = &policy.settings;
    let kind = if settings.namespace.is_some() { "Policy" } else { "ClusterPolicy" };
    let mut metadata = Map::new().with("name", policy.name.clone());
    metadata = metadata.with_some("namespace", settings.namespace.clone());
    if !settings.labels.is_empty() {
        metadata.set("labels", pairs(&settings.labels));
    }
    let annotations = annotations(policy, autogen);
    if !annotations.is_empty() {
        metadata.set("annotations", annotations);
    }
    let any_setting = |find: fn(&Settings) -> Option<String>| {
        find(settings).or_else(|| policy.rules.iter().find_map(|rule| find(&rule.settings)))
    };
    let warns = settings.emit_warning == Some(true)
        || policy.rules.iter().any(|rule| {
            rule.settings.emit_warning == Some(true) || rule.actions.iter().any(|action| action.warn)
        });
    let mut spec = Map::new();
    // Kyverno refuses policies that speak of users where there are none: in background scans.
    let background =
        settings.background.or_else(|| policy.rules.iter().find_map(|rule| rule.settings.background));
    // Neither does it scan for policies about every kind.
    let every_kind =
        policy.rules.iter().any(|rule| rule.targets.iter().any(|target| target.kind.kind.contains('*')));
    spec.set("background", background.unwrap_or(true) && !users && !every_kind);
    if let Some(apply) = any_setting(|settings| settings.apply_rules.clone()) {
        spec.set("applyRules", apply);
    }
    if warns {
        spec.set("emitWarning", true);
    }
    if let Some(failure) = any_setting(|settings| settings.failure_policy.clone()) {
        spec.set("failurePolicy", failure);
    }
    if let Some(seconds) =
        settings.timeout_s.or_else(|| policy.rules.iter().find_map(|rule| rule.settings.timeout_s))
    {
        spec.set("webhookConfiguration", Map::new().with("timeoutSeconds", i64::from(seconds)));
    }
    spec.set("rules", Node::List(rules));
    let root = Map::new()
        .with("apiVersion", "kyverno.io/v1")
        .with("kind", kind)
        .with("metadata", metadata)
        .with("spec", spec)
        .comment_first(format!("Generated by aipc from {}.", place_of(sources, policy.origin)));
    Ok(Emitted {
        kind: kind.to_owned(),
        name: policy.name.clone(),
        policy: policy.name.clone(),
        yaml: document(&Node::Map(root)),
        rules: emitted,
    })
}

/// Title, category, severity and the like, in the order in which Kyverno's own policies have them.
fn annotations(policy: &Policy, autogen: bool) -> Map {
    let mut map = Map::new();
    let mut set = |key: &str, value: Option<Node>| {
        if let Some(value) = value {
            map.set(key, value);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Node::Text);
    set("policies.kyverno.io/title", text(&policy.title));
    set("policies.kyverno.io/category", text(&policy.category));
    set("policies.kyverno.io/severity", text(&policy.severity));
    set("policies.kyverno.io/description", policy.description.clone().map(Node::Prose));
    if !policy.controls.is_empty() {
        let controls: Vec<String> =
            policy.controls.iter().map(|(framework, clause)| format!("{framework} {clause}")).collect();
        set("policies.kyverno.io/controls", Some(controls.join(", ").into()));
    }
    let scored = policy.settings.scored.or_else(|| policy.rules.iter().find_map(|rule| rule.settings.scored));
    if scored == Some(false) {
        set("policies.kyverno.io/scored", Some("false".into()));
    }
    if place::mentions_pods(policy) && !autogen {
        set("pod-policies.kyverno.io/autogen-controllers", Some("none".into()));
    }
    for (key, value) in &policy.settings.annotations {
        // what we derive from the policy wins over what is written by hand
        if map.get(key).is_none() {
            map.set(key.clone(), value.clone());
        }
    }
    map
}

fn pairs(entries: &[(String, String)]) -> Map {
    entries.iter().fold(Map::new(), |map, (key, value)| map.with(key.clone(), value.clone()))
}

pub fn place_of(sources: &Sources, span: Span) -> String {
    match sources.iter().find(|(file, _)| *file == span.file) {
        Some((_, source)) => format!("{}:{}", source.name, source.line_column(span.start).0),
        None => "its source".to_owned(),
    }
}

/// A rule as it is written: its name, whether Kyverno makes more out of it, whether it speaks of users, the YAML.
type Written = (String, bool, bool, Map);

/// The rules for one rule of the source: for each place of its subject, and for each action that has a condition
/// which only a rule of its own can ask.
fn rules_of(
    policy: &Policy,
    rule: &Rule,
    autogen: bool,
    sources: &Sources,
) -> Result<Vec<Written>, Unsupported> {
    let mut written = Vec::new();
    for placed in placed_apart(rule, autogen)? {
        for (suffix, action, placed) in by_action(&placed) {
            let suffixes = [placed.suffix.clone(), suffix].into_iter().flatten();
            let name = suffixes.fold(rule.name.clone(), |name, suffix| format!("{name}-{suffix}"));
            let name = shortened(&name, &written);
            let (users, mut node) = self::rule(&name, &placed, &action, &policy.settings)?;
            let place = place_of(sources, rule.origin);
            node = node.comment_first(format!("{place}: {}", rule.source_text));
            written.push((name, placed.autogen, users, node));
        }
    }
    Ok(written)
}

/// The rule for each place of its subject, and of the existing objects that it changes.
fn placed_apart(rule: &Rule, autogen: bool) -> Result<Vec<Placed>, Unsupported> {
    let mut all = Vec::new();
    for placed in place::placed(&rewrite::inlined(rule), autogen)? {
        for (number, rule) in existing::apart(&placed.rule).into_iter().enumerate() {
            let of_targets = (number > 0).then(|| format!("targets-{}", number + 1));
            let suffix = [placed.suffix.clone(), of_targets].into_iter().flatten().collect::<Vec<_>>();
            let suffix = (!suffix.is_empty()).then(|| suffix.join("-"));
            all.push(Placed { suffix, rule, ..placed.clone() });
        }
    }
    Ok(all)
}

/// At most 63 characters, and no name twice.
fn shortened(name: &str, others: &[Written]) -> String {
    let cut = |name: &str, max: usize| -> String { name.chars().take(max).collect() };
    let short = cut(name, 63);
    let taken = |name: &str| others.iter().any(|(other, ..)| other == name);
    let numbered = (2..).map(|number| format!("{}-{number}", cut(&short, 58)));
    std::iter::once(short.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(short)
}

/// What happens on a violation.
struct Consequence {
    effect: Effect,
    overrides: Vec<Map>,
}

/// The rule once, with overrides where they can say the conditions of its actions; else once for each action, with
/// its condition as a further `where`.
fn by_action(placed: &Placed) -> Vec<(Option<String>, Consequence, Placed)> {
    let namespaced = placed.targets.iter().all(|target| target.kind.namespaced && !target.kind.is_any());
    let (default, _) = placed.rule.default_action();
    let conditional: Vec<(&Action, &Cond)> = placed
        .rule
        .actions
        .iter()
        .take_while(|action| action.condition.is_some())
        .filter_map(|action| Some((action, action.condition.as_ref()?)))
        .collect();
    // Overrides are about what `validate` says.
    let validates = matches!(
        &placed.rule.body,
        Body::Check(_) | Body::Verify(Verification { of: Verified::Manifest { .. }, .. })
    );
    let overrides = conditional.iter().filter(|_| validates).map(|(action, cond)| {
        let map = override_of(cond, namespaced)?;
        Some(map.0.into_iter().fold(Map::new().with("action", name_of(action.effect)), |map, entry| {
            map.with(entry.key, entry.value)
        }))
    });
    if let Some(overrides) = overrides.collect::<Option<Vec<_>>>()
        && (validates || conditional.is_empty())
    {
        return vec![(None, Consequence { effect: default, overrides }, placed.clone())];
    }
    // The first whose condition holds decides.
    let mut rules = Vec::new();
    let mut before: Vec<Cond> = Vec::new();
    let steps = conditional.iter().map(|(action, cond)| (action.effect, Some((*cond).clone())));
    for (effect, cond) in steps.chain([(default, None)]) {
        let mut placed = placed.clone();
        placed.rule.applies.extend(before.iter().map(|cond| cond.clone().negate()));
        placed.rule.applies.extend(cond.clone());
        before.extend(cond);
        let suffix = (!rules.is_empty()).then(|| name_of(effect).to_ascii_lowercase());
        rules.push((suffix, Consequence { effect, overrides: vec![] }, placed));
    }
    rules
}

fn name_of(effect: Effect) -> &'static str {
    match effect {
        Effect::Enforce => "Enforce",
        Effect::Audit => "Audit",
    }
}

/// One rule; also whether it speaks of users.
fn rule(
    name: &str,
    placed: &Placed,
    consequence: &Consequence,
    settings: &Settings,
) -> Result<(bool, Map), Unsupported> {
    let rule = &placed.rule;
    let any_kind = KindRef {
        group: String::new(),
        version: String::new(),
        kind: "*".to_owned(),
        plural: "*".to_owned(),
        namespaced: false,
        untyped: true,
    };
    let kind = placed.targets.first().map_or(&any_kind, |target| &target.kind);
    let context = Context::new(kind, FRESH_LOCALS);
    let scope = Scope::top();
    let Matching { matches, excludes, rest, users } = matching(placed, settings.namespace.is_some())?;
    let mut map = Map::new().with("name", name).with("match", matches).with_some("exclude", excludes);
    let mut context_entries = Vec::new();
    if !matches!(rule.body, Body::Verify(_)) {
        context.open_questions();
        // Preconditions hold where what comes behind them is asked.
        context.assume(Some(Facts::of(&rule.applies).about(&placed.targets)));
    }
    let (key, body, mut rest, kept) = match &rule.body {
        Body::Check(check) => {
            ("validate", validate(&context, &scope, rule, check, consequence, settings)?, rest, None)
        }
        Body::Mutate(mutation @ Mutation { existing: Some(targets), .. }) => {
            let knobs = rule.settings.over(settings);
            existing::can_be_said(rule, mutation, &knobs)?;
            let written = mutate::existing(FRESH_LOCALS, targets, mutation, knobs.existing)?;
            if written.takes_images_apart {
                context.image_reference();
            }
            ("mutate", written.mutate, rest, written.keeps_trigger.then_some(TRIGGER))
        }
        Body::Mutate(mutation) => {
            let written = mutate::mutate(&context, &scope, &placed.targets, mutation)?;
            let kept = context.reads_before().then_some(BEFORE);
            ("mutate", written.mutate, [rest, written.conditions].concat(), kept)
        }
        Body::Generate(generation) => {
            let knobs = rule.settings.over(settings);
            let written = generate::generate(&context, &scope, rule, generation, &knobs)?;
            ("generate", written.generate, [rest, written.conditions].concat(), None)
        }
        Body::Verify(verification) => {
            let (key, node) = match &verification.of {
                Verified::Images { .. } => {
                    let about = (placed.targets.as_slice(), consequence.effect, settings);
                    let written = verify::verify_images(&context, rule, verification, about)?;
                    map = map.with_some("imageExtractors", written.extractors);
                    ("verifyImages", written.verify_images)
                }
                Verified::Manifest { ignoring } => {
                    let manifests = verify::manifests(rule, ignoring, &verification.checks, &placed.targets)?;
                    let mut validate = validated(&context, &scope, rule, consequence, settings)?;
                    validate.set("manifests", manifests);
                    ("validate", validate.into())
                }
            };
            let rest: Vec<Cond> = rest.into_iter().filter(|cond| !cond.is_const(true)).collect();
            let preconditions = if rest.is_empty() { None } else { Some(all_of(&context, &scope, &rest)?) };
            map = map.with_some("preconditions", preconditions);
            map.set(key, node);
            return Ok((users || rewrite::mentions(rule, Root::User), map));
        }
        Body::Delete(_) => {
            return Err(Unsupported { span: rule.origin, reason: "aipc does not write this verb here yet" });
        }
    };
    context.assume(None);
    rest.retain(|cond| !cond.is_const(true));
    let mut preconditions = if rest.is_empty() { None } else { Some(all_of(&context, &scope, &rest)?) };
    if let Some(kept) = kept {
        let variable = Map::new().with("jmesPath", "request.object");
        context_entries.push(Map::new().with("name", kept).with("variable", variable));
        preconditions = Some(mutate::asked_first(mutate::kept(kept), preconditions));
    }
    if context.takes_images_apart() {
        let variable = Map::new().with("value", super::image::reference());
        context_entries.push(Map::new().with("name", IMAGE_REFERENCE).with("variable", variable));
    }
    context_entries.extend(context.close_questions());
    if !context_entries.is_empty() {
        map.set("context", context_entries);
    }
    map = map.with_some("preconditions", preconditions);
    map.set(key, body);
    Ok((users || rewrite::mentions(rule, Root::User), map))
}

/// What is said under `validate`.
fn validate(
    context: &Context,
    scope: &Scope,
    rule: &Rule,
    check: &Check,
    consequence: &Consequence,
    settings: &Settings,
) -> Result<Map, Unsupported> {
    let mut validate = validated(context, scope, rule, consequence, settings)?;
    let (key, value) = self::check(context, scope, rule, check)?;
    validate.set(key, value);
    Ok(validate)
}

/// What stands under `validate` whatever is asked.
fn validated(
    context: &Context,
    scope: &Scope,
    rule: &Rule,
    consequence: &Consequence,
    settings: &Settings,
) -> Result<Map, Unsupported> {
    let mut validate = Map::new().with("failureAction", name_of(consequence.effect));
    if !consequence.overrides.is_empty() {
        validate.set("failureActionOverrides", consequence.overrides.clone());
    }
    let existing = rule.settings.allow_existing_violations.or(settings.allow_existing_violations);
    validate.set("allowExistingViolations", existing.unwrap_or(false));
    if let Some(message) = message(context, scope, rule)? {
        validate.set("message", message);
    }
    Ok(validate)
}

/// `pattern`, `deny` or `foreach`.
fn check(
    context: &Context,
    scope: &Scope,
    rule: &Rule,
    check: &Check,
) -> Result<(&'static str, Node), Unsupported> {
    let violation = rewrite::normalize(&violation_of_subject(check));
    // Without conditions Kyverno denies.
    if violation.is_const(true) {
        return Ok(("deny", Map::new().into()));
    }
    // Patterns say nothing when an object is deleted.
    if !rule.operations.delete
        && !rule.operations.connect
        && let Some(pattern) = pattern(&violation)
    {
        return Ok((pattern.key, pattern.value));
    }
    // Kyverno takes no `foreach` in a policy about every kind.
    if !rule.operations.delete
        && !context.kind.is_any()
        && let Some(foreach) = foreach(context, scope, &violation)?
    {
        return Ok(("foreach", foreach));
    }
    let deny = Map::new().with("conditions", all_of(context, scope, std::slice::from_ref(&violation))?);
    Ok(("deny", deny.into()))
}

/// One element at a time, where a condition on elements speaks of more than the element: a filter sees nothing
/// else, a `foreach` does.
fn foreach(context: &Context, scope: &Scope, violation: &Cond) -> Result<Option<Node>, Unsupported> {
    match correlated(context, violation) {
        Some(q) => {
            self::entry(context, scope, q, 0).map(|entry| entry.map(|entry| Node::List(vec![entry.into()])))
        }
        None => Ok(None),
    }
}

/// A quantifier over a list whose body speaks of more than the element.
fn correlated<'a>(context: &Context, cond: &'a Cond) -> Option<&'a Quantified> {
    let CondKind::Any(q) = &cond.kind else { return None };
    let is_list = q.binder.key.is_none() && !matches!(q.source.ty, Type::Map(_) | Type::Object);
    // A list that cannot be had ends no rule in an error there.
    if !is_list || measure::any_value_within(&q.source, &mut lookup::is_lookup) {
        return None;
    }
    let bound = capture::bound(q.binder);
    let asks = |value: &Value| lookup::is_lookup(value) && capture::value_mentions(value, &bound);
    let is_correlated = measure::any_value(&q.body, &mut { asks })
        || !capture::lift(context, q.binder, &q.body).values.is_empty();
    is_correlated.then_some(q)
}

/// An entry of `foreach`, with another one in it where the body has a correlated quantifier itself. `None` if its
/// list cannot be written there.
fn entry(context: &Context, scope: &Scope, q: &Quantified, depth: usize) -> Result<Option<Map>, Unsupported> {
    let list = jmespath::text(&value::raw(context, scope, &q.source)?.or_null());
    // Variables are not put into the list.
    if list.contains("{{") {
        return Ok(None);
    }
    let parts = match &q.body.kind {
        CondKind::And(parts) => parts.clone(),
        _ => vec![q.body.clone()],
    };
    let nested: Vec<usize> =
        (0..parts.len()).filter(|at| correlated(context, &parts[*at]).is_some()).collect();
    let map = Map::new().with("list", list);
    context.open_questions();
    let asked = |map: Map| {
        let asked = context.close_questions();
        map.with_some("context", (!asked.is_empty()).then_some(asked))
    };
    let bound = |name: String| {
        let mut inner = scope.clone();
        inner.bind(q.binder.element, Expr::path([name.as_str()]));
        inner
    };
    if let [at] = nested.as_slice() {
        let mut others = parts.clone();
        others.remove(*at);
        // A precondition that cannot be asked passes over the element.
        let asks_first = others.iter().any(|it| measure::any_value(it, &mut lookup::is_lookup));
        // By its number, as the elements inside are called `element` as well.
        let inner = bound(format!("element{depth}"));
        let nested = correlated(context, &parts[*at]).filter(|_| !asks_first);
        let nested = nested.map(|q| self::entry(context, &inner, q, depth + 1));
        if let Some(nested) = nested.transpose()?.flatten() {
            let preconditions = match others.is_empty() {
                true => None,
                false => Some(all_of(context, &inner, &others)?),
            };
            let map = asked(map).with_some("preconditions", preconditions);
            return Ok(Some(map.with("foreach", vec![nested])));
        }
    }
    let name = if depth == 0 { "element".to_owned() } else { format!("element{depth}") };
    let conditions = all_of(context, &bound(name), &parts)?;
    Ok(Some(asked(map).with("deny", Map::new().with("conditions", conditions))))
}
