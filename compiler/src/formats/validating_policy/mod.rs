//! ValidatingPolicy of `policies.kyverno.io/v1`: one for each rule and action.
//!
//! A rule that came through [`legalize`](super::support::legalize) goes in; a YAML document comes out, with
//! the condition as CEL, negated: what must hold. Kyverno's own derivation of rules for workloads stays out
//! of it, since the IR has named the kinds already.

mod exception;
pub(super) mod matching;
pub(super) mod message;
pub(super) mod naming;
pub(super) mod subject;
mod unknown;

pub use exception::emit_exceptions;

use super::cel::ast::{Expr, Path};
use super::cel::print::print;
use super::cel::{Base, Translator};
use super::yaml_write::{self, Map, Node};
use super::{Emitted, EmittedRule};
use crate::ir::{self, Body, Cond, CondKind, Effect, Policy, PolicySet, Root, Rule};
use crate::source::Sources;

/// The policies of a set, in source order. The set is legal for the target.
pub fn emit(set: &PolicySet, sources: &Sources) -> Vec<Emitted> {
    let mut names = naming::Names::default();
    let mut emitted = Vec::new();
    for policy in &set.policies {
        for rule in policy.rules.iter().filter(|rule| rule.check().is_some()) {
            for part in parts_by_action(rule) {
                let name = names.name(policy, rule, part.suffix);
                emitted.push(emit_part(policy, rule, &part, name, sources));
            }
        }
    }
    emitted
}

/// A rule under one of its actions.
pub(super) struct Part {
    pub(super) effect: Effect,
    warn: bool,
    /// When this action is the one that decides.
    pub(super) conditions: Vec<Cond>,
    /// Tells the policies of one rule apart; `None` where there is only one.
    pub(super) suffix: Option<&'static str>,
}

/// The first action whose condition holds decides: each gets the negations of those before it.
pub(super) fn parts_by_action(rule: &Rule) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut before: Vec<Cond> = Vec::new();
    let mut open = true;
    for action in &rule.actions {
        let mut conditions = before.clone();
        match &action.condition {
            Some(cond) => {
                conditions.push(cond.clone());
                before.push(cond.clone().negate());
            }
            None => open = false,
        }
        let suffix = Some(if action.effect == Effect::Enforce { "enforce" } else { "audit" });
        parts.push(Part { effect: action.effect, warn: action.warn, conditions, suffix });
        if !open {
            break;
        }
    }
    if open {
        let (effect, warn) = rule.default_action();
        parts.push(Part { effect, warn, conditions: before, suffix: Some("enforce") });
    }
    if parts.len() == 1 {
        parts[0].suffix = None;
    }
    parts
}

fn emit_part(policy: &Policy, rule: &Rule, part: &Part, name: String, sources: &Sources) -> Emitted {
    let settings = rule.settings.over(&policy.settings);
    let spec = Spec::of(rule, part, &settings);
    let kind = match settings.namespace {
        Some(_) => "NamespacedValidatingPolicy",
        None => "ValidatingPolicy",
    };
    let mut root = Map::new()
        .with("apiVersion", "policies.kyverno.io/v1")
        .with("kind", kind)
        .with("metadata", naming::metadata(policy, rule, &settings, &name))
        .with("spec", spec.to_yaml(rule, part, &settings));
    if let Some(first) = root.0.first_mut() {
        first.comments = vec![naming::source_line(rule, sources)];
    }
    Emitted {
        kind: kind.to_owned(),
        name,
        policy: policy.name.clone(),
        yaml: yaml_write::document(&Node::Map(root)),
        rules: vec![EmittedRule { rule: rule.name.clone(), names: vec![String::new()] }],
    }
}

/// The parts of a policy that the rule's meaning decides.
struct Spec {
    namespace_selector: Option<Map>,
    match_conditions: Vec<Expr>,
    variables: Vec<(String, Expr)>,
    expression: Expr,
    message: message::Text,
    uses_user: bool,
}

impl Spec {
    fn of(rule: &Rule, part: &Part, settings: &ir::Settings) -> Spec {
        let places = subject::Places::of(rule);
        let mut conditions: Vec<&Cond> = rule.applies.iter().chain(&part.conditions).collect();
        let namespace_selector = matching::take_namespace_selector(&mut conditions, rule);

        // Variables are out of reach of matchConditions; what needs one is checked by the validation.
        let mut outer = Translator::new(places.roots_for_matching());
        let (matchable, checked): (Vec<&Cond>, Vec<&Cond>) =
            conditions.into_iter().partition(|cond| places.is_matchable(cond));
        let mut match_conditions: Vec<Expr> =
            settings.namespace.iter().map(|name| in_namespace(name)).collect();
        match_conditions.extend(matchable.into_iter().map(|cond| outer.condition(cond)));
        match_conditions.retain(|cond| *cond != Expr::Bool(true));

        let mut body = Judged::new(rule, &places);
        let (expression, message) = body.validation(rule, &places, &checked);
        Spec {
            namespace_selector,
            match_conditions,
            variables: body.variables,
            expression,
            message,
            uses_user: uses_user(rule),
        }
    }

    fn to_yaml(&self, rule: &Rule, part: &Part, settings: &ir::Settings) -> Map {
        let mut spec = Map::new();
        spec.set("validationActions", actions(part, settings));
        set_webhook(&mut spec, settings, self.uses_user);
        if matching::would_autogen(rule) {
            let none = Map::new().with("controllers", Vec::<Node>::new());
            spec.set("autogen", Map::new().with("podControllers", none));
        }
        let mut constraints = Map::new().with("resourceRules", matching::resource_rules(rule));
        if let Some(selector) = &self.namespace_selector {
            constraints.set("namespaceSelector", selector.clone());
        }
        spec.set("matchConstraints", constraints);
        set_conditions(&mut spec, &self.match_conditions);
        set_variables(&mut spec, &self.variables);
        let mut validation = Map::new().with("expression", print(&self.expression));
        match &self.message {
            message::Text::Plain(text) => validation.set("message", text.as_str()),
            message::Text::Computed(expr) => validation.set("messageExpression", print(expr)),
        };
        spec.set("validations", vec![validation]);
        spec
    }
}

/// What happens on a violation.
pub(super) fn actions(part: &Part, settings: &ir::Settings) -> Vec<&'static str> {
    match (part.effect, part.warn || settings.emit_warning == Some(true)) {
        (Effect::Enforce, false) => vec!["Deny"],
        (Effect::Enforce, true) => vec!["Deny", "Warn"],
        (Effect::Audit, false) => vec!["Audit"],
        (Effect::Audit, true) => vec!["Audit", "Warn"],
    }
}

/// How and when Kyverno runs the policy.
pub(super) fn set_webhook(spec: &mut Map, settings: &ir::Settings, uses_user: bool) {
    if let Some(policy) = &settings.failure_policy {
        spec.set("failurePolicy", policy.as_str());
    }
    if let Some(seconds) = settings.timeout_s {
        spec.set("webhookConfiguration", Map::new().with("timeoutSeconds", i64::from(seconds)));
    }
    // A background scan has no user to ask for.
    let background = settings.background.or(uses_user.then_some(false));
    if let Some(background) = background {
        let enabled = Map::new().with("enabled", background);
        spec.set("evaluation", Map::new().with("background", enabled));
    }
}

/// `matchConditions`, if there are any.
pub(super) fn set_conditions(spec: &mut Map, conditions: &[Expr]) {
    let conditions = named_conditions(conditions);
    if !conditions.is_empty() {
        spec.set("matchConditions", conditions);
    }
}

/// Conditions with the names that Kyverno wants for each.
pub(super) fn named_conditions(conditions: &[Expr]) -> Vec<Map> {
    let conditions = conditions.iter().enumerate().map(|(number, cond)| {
        let name = match number {
            0 => "where".to_owned(),
            number => format!("where-{}", number + 1),
        };
        Map::new().with("name", name).with("expression", print(cond))
    });
    conditions.collect()
}

/// `variables`, if there are any.
pub(super) fn set_variables(spec: &mut Map, variables: &[(String, Expr)]) {
    let variables = variables
        .iter()
        .map(|(name, expr)| Map::new().with("name", name.as_str()).with("expression", print(expr)));
    let variables: Vec<Map> = variables.collect();
    if !variables.is_empty() {
        spec.set("variables", variables);
    }
}

/// The object lies in the namespace, as a namespaced policy asks.
pub(super) fn in_namespace(name: &str) -> Expr {
    use super::cel::ast::{Key, Step};
    let step = |name: &str, certain| Step { key: Key::Field(name.to_owned()), certain };
    let path = Path {
        base: Box::new(Expr::name("object")),
        base_certain: true,
        steps: vec![step("metadata", false), step("namespace", false)],
    };
    Expr::Or(path, Box::new(Expr::str(""))).equal(Expr::str(name))
}

fn uses_user(rule: &Rule) -> bool {
    ir::rewrite::mentions(rule, Root::User)
}

/// The variables and the translation of what is judged.
struct Judged {
    translator: Translator,
    variables: Vec<(String, Expr)>,
    /// Bindings that speak of a list's element or of one of several subjects, put in where they are used.
    inline: Vec<(ir::Local, ir::Value)>,
    /// The names of the lists of subjects, and of one of them, where there are several in an object.
    several: Option<(String, String)>,
}

impl Judged {
    fn new(rule: &Rule, places: &subject::Places) -> Judged {
        let mut translator = Translator::new(places.roots_for_matching()).with_variables();
        let mut variables = Vec::new();
        let several = places.declare(&mut translator, &mut variables);
        let mut body = Judged { translator, variables, inline: vec![], several };
        if let Some(elements) = rule.check().and_then(|check| check.elements.as_ref()) {
            body.translator.prefer(elements.binder.element, &elements.view);
        }
        for binding in &rule.bindings {
            body.bind(binding, rule);
        }
        body
    }

    fn bind(&mut self, binding: &ir::Binding, rule: &Rule) {
        if self.is_scoped(&binding.value, rule) {
            self.inline.push((binding.local, binding.value.clone()));
            return;
        }
        let name = self.translator.fresh(&camel(&binding.name));
        let found = self.translator.certain(&binding.value);
        let (expr, certain, ty) = match found {
            Some(typed) => (typed.expr, true, typed.ty),
            None => {
                let (expr, ty) = self.translator.nullable_typed(&binding.value);
                (expr, false, ty)
            }
        };
        self.take_hoisted();
        self.variables.push((name.clone(), expr));
        let expr = Expr::Name(format!("variables.{name}"));
        self.translator.bind(binding.local, Base { expr, certain, ty, steps: vec![] });
    }

    /// Whether the value depends on something that only exists inside the validation.
    fn is_scoped(&self, value: &ir::Value, rule: &Rule) -> bool {
        let elements = rule.check().and_then(|check| check.elements.as_ref());
        ir::measure::any_root_within(value, &mut |root| match root {
            Root::Subject | Root::OldSubject => self.several.is_some(),
            Root::Local(local) => {
                self.inline.iter().any(|(other, _)| *other == local)
                    || elements.is_some_and(|elements| {
                        elements.binder.element == local || elements.binder.key == Some(local)
                    })
            }
            _ => false,
        })
    }

    /// What must hold, and what to say where it does not.
    fn validation(
        &mut self,
        rule: &Rule,
        places: &subject::Places,
        checked: &[&Cond],
    ) -> (Expr, message::Text) {
        let mut rule = rule.clone();
        // bindings that cannot be variables are put in where they are used
        for (local, value) in self.inline.clone().into_iter().rev() {
            put_in(&mut rule, local, &value);
        }
        let Body::Check(check) = &rule.body else {
            // INVARIANT: `emit` hands on checks only.
            return (Expr::Bool(true), message::Text::Plain(String::new()));
        };
        let mut parts: Vec<Cond> = checked.iter().map(|cond| (*cond).clone()).collect();
        let offending = match &check.elements {
            Some(elements) if message::names(&rule.message, elements) => {
                Some(self.offending(&rule, elements, &check.violation))
            }
            _ => None,
        };
        let origin = check.violation.origin;
        let violation = match &offending {
            Some(_) => Cond::constant(true, origin),
            None => unknown::where_known(ir::rewrite::violation_of_subject(check), &rule),
        };
        parts.push(violation);
        let violation = Cond::new(CondKind::And(parts), origin);
        let expr = self.of_each_subject(&violation, places);
        let message = message::of(&rule, &mut self.translator, offending.as_ref());
        let expr = match &offending {
            Some(offending) => Expr::all([
                expr,
                Expr::binary(
                    super::cel::ast::Op::NotEqual,
                    Expr::Name(format!("variables.{}", offending.list)).size(),
                    Expr::Int(0),
                ),
            ]),
            None => expr,
        };
        self.take_hoisted_before_last(offending.is_some());
        (expr.negate(), message)
    }

    /// The condition for the subject; where an object has several, that it holds for one of them.
    fn of_each_subject(&mut self, violation: &Cond, places: &subject::Places) -> Expr {
        let subject = places.subject_may_be_missing().then(|| self.translator.subject_is_there());
        match (&self.several, subject) {
            (Some((list, name)), _) => {
                let body = self.translator.condition(violation);
                let list = Expr::Name(format!("variables.{list}"));
                match body {
                    Expr::Bool(true) => Expr::Bool(true),
                    body => Expr::macro_of(list, "exists", std::slice::from_ref(name), vec![body]),
                }
            }
            (None, Some(there)) => self.translator.condition_given(there, violation),
            (None, None) => self.translator.condition(violation),
        }
    }

    /// A variable with the elements that violate.
    fn offending(&mut self, rule: &Rule, elements: &ir::Elements, violation: &Cond) -> message::Offending {
        let origin = violation.origin;
        let violation = unknown::where_known(violation.clone(), rule);
        let parts = vec![elements.filter.clone(), violation];
        let cond = Cond::new(CondKind::And(parts), origin);
        let (element, list) = self.translator.filtered(&elements.source, &elements.binder, &cond);
        let list = match &self.several {
            Some((subjects, subject)) => {
                let subjects = Expr::Name(format!("variables.{subjects}"));
                Expr::macro_of(subjects, "map", std::slice::from_ref(subject), vec![list])
                    .method("flatten", vec![])
            }
            None => list,
        };
        self.take_hoisted();
        let name = self.translator.fresh("offending");
        self.variables.push((name.clone(), list));
        message::Offending { list: name, element }
    }

    /// Lists that became variables come before what uses them.
    fn take_hoisted(&mut self) {
        let hoisted = self.translator.take_hoisted();
        self.variables.extend(hoisted.into_iter().map(|hoisted| (hoisted.name, hoisted.expr)));
    }

    fn take_hoisted_before_last(&mut self, offending: bool) {
        let last = if offending { self.variables.pop() } else { None };
        self.take_hoisted();
        self.variables.extend(last);
    }
}

/// Puts a binding's value in place of its name. Steps behind the name go on from the value.
fn put_in(rule: &mut Rule, local: ir::Local, bound: &ir::Value) {
    ir::rewrite::visit_rule(rule, &mut |value| {
        let Some(path) = value.as_path() else { return };
        if path.root != Root::Local(local) {
            return;
        }
        if path.steps.is_empty() {
            *value = bound.clone();
        } else if let Some(start) = bound.as_path() {
            let steps = start.steps.iter().chain(&path.steps).cloned().collect();
            value.kind = ir::ValueKind::Path(ir::Path { root: start.root, steps });
        }
    });
}

/// `allowed-hosts` as a name of CEL: `allowedHosts`.
fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in name.chars() {
        match c {
            '-' => upper = true,
            c if upper => {
                out.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
