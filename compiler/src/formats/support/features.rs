//! What a rule uses, with the places that use it.

use super::Feature as F;
use crate::formats::objects;
use crate::ir::*;
use crate::source::Span;

/// The largest integer up to which floats have each integer.
const FLOAT_EXACT_MAX: u64 = 1 << 53;

/// The features of a policy's rules and settings, in source order, each place once.
pub fn features_of_policy(policy: &Policy) -> Vec<(F, Span)> {
    let mut walk = Walk::default();
    walk.settings(&policy.settings, policy.origin);
    let mut found = walk.found;
    for rule in &policy.rules {
        let of_rule = features_of(rule);
        if policy.settings.namespace.is_some() {
            let is_confined =
                |feature: &F| matches!(feature, F::ClusterLookup | F::ClusterPost | F::Http | F::Cache);
            let lookups = of_rule.iter().filter(|(feature, _)| is_confined(feature));
            found.extend(lookups.map(|(_, span)| (F::NamespacedLookup, *span)));
        }
        found.extend(of_rule);
    }
    found
}

/// The features that a rule uses.
pub fn features_of(rule: &Rule) -> Vec<(F, Span)> {
    let mut walk = Walk::default();
    walk.rule(rule);
    let mut seen = std::collections::HashSet::new();
    walk.found.retain(|found| seen.insert(*found));
    walk.found
}

#[derive(Default)]
struct Walk {
    found: Vec<(F, Span)>,
    /// How many quantifiers stand around.
    depth: usize,
}

impl Walk {
    fn add(&mut self, feature: F, span: Span) {
        self.found.push((feature, span));
    }

    fn settings(&mut self, settings: &Settings, span: Span) {
        let uses = [
            (settings.background.is_some(), F::Background),
            (settings.failure_policy.is_some(), F::FailurePolicy),
            (settings.timeout_s.is_some(), F::Timeout),
            (settings.apply_rules.as_deref() == Some("One"), F::ApplyRulesOne),
            (settings.emit_warning.is_some(), F::EmitWarning),
            (settings.allow_existing_violations == Some(true), F::AllowExistingViolations),
            (settings.scored.is_some(), F::Scored),
            (settings.namespace.is_some(), F::NamespacedPolicy),
        ];
        self.found.extend(uses.into_iter().filter_map(|(used, feature)| used.then_some((feature, span))));
    }

    fn rule(&mut self, rule: &Rule) {
        let span = rule.origin;
        self.settings(&rule.settings, span);
        for target in &rule.targets {
            self.target(target, span);
        }
        if rule.operations.delete {
            self.add(F::OnDelete, span);
        }
        if rule.operations.connect {
            self.add(F::OnConnect, span);
        }
        let listed = rule.targets.iter().flat_map(|target| &target.subjects).any(|it| it.fields().is_none());
        if listed && rewrite::mentions(rule, Root::OldSubject) {
            self.add(F::OldListedPods, span);
        }
        for cond in &rule.applies {
            self.add(F::StaticWhere, cond.origin);
            self.cond(cond);
        }
        for binding in &rule.bindings {
            self.add(F::Binding, binding.value.origin);
            self.value(&binding.value);
        }
        let elements = rule.check().and_then(|check| check.elements.as_ref());
        self.body(&rule.body, span);
        if rule.message.written
            && matches!(&rule.body, Body::Verify(Verification { of: Verified::Images { .. }, .. }))
        {
            self.add(F::VerifyMessage, span);
        }
        for part in &rule.message.parts {
            if let TextPart::Value(value) = part {
                self.add(F::ComputedMessage, value.origin);
                self.value(value);
                if let Body::Verify(Verification { of: Verified::Images { elements, .. }, .. }) = &rule.body
                    && elements.are_read_by(value)
                {
                    self.add(F::VerifyMessageElement, value.origin);
                }
                let local = |value: &Value| value.as_path().is_some_and(|p| matches!(p.root, Root::Local(_)));
                if elements.is_some() && local(value) {
                    self.add(F::OffendingElement, value.origin);
                }
            }
        }
        self.depth = 0;
        for action in &rule.actions {
            if action.warn {
                self.add(F::Warn, action.origin);
            }
            if let Some(cond) = &action.condition {
                self.add(F::ConditionalAction, action.origin);
                self.cond(cond);
            }
        }
    }

    fn body(&mut self, body: &Body, span: Span) {
        match body {
            Body::Check(check) => {
                self.add(F::DenyRequire, span);
                if let Some(elements) = &check.elements {
                    self.elements(elements);
                }
                self.cond(&check.violation);
            }
            Body::Mutate(mutation) => self.mutation(mutation, span),
            Body::Generate(generation) => {
                self.add(F::Generate, span);
                if let Make::Copy { .. } = generation.make {
                    self.add(F::Copy, span);
                }
                if generation.each.is_some() {
                    self.add(F::GenerateEach, span);
                }
                self.parts(body);
            }
            Body::Delete(_) => {
                self.add(F::Delete, span);
                self.parts(body);
            }
            Body::Verify(verification) => {
                let of_images = matches!(verification.of, Verified::Images { .. });
                for check in &verification.checks {
                    match check {
                        SignatureCheck::Signed { by, origin } => {
                            let is_bundle = |it: &Attestor| matches!(it, Attestor::Bundle(_));
                            let is_notary = |it: &Attestor| matches!(it, Attestor::Notary { .. });
                            if of_images && by.any(&is_bundle) {
                                self.add(F::SignedInBundle, *origin);
                            }
                            if of_images && by.any(&|it| !is_notary(it) && !is_bundle(it)) {
                                self.add(F::SignedBeside, *origin);
                            }
                        }
                        SignatureCheck::Attested { by, condition, origin, .. } => {
                            if by.any(&|it| matches!(it, Attestor::Keyless(_))) {
                                self.add(F::AttestedByIdentity, *origin);
                            }
                            if condition.is_some() {
                                self.add(F::AttestationCondition, *origin);
                            }
                        }
                    }
                }
                self.add(
                    match verification.of {
                        Verified::Images { .. } => F::Verify,
                        Verified::Manifest { .. } => F::VerifyManifest,
                    },
                    span,
                );
                self.parts(body);
            }
        }
    }

    fn elements(&mut self, elements: &Elements) {
        self.add(F::Quantifier, elements.source.origin);
        self.value(&elements.source);
        self.depth += 1;
        self.cond(&elements.filter);
    }

    fn mutation(&mut self, mutation: &Mutation, span: Span) {
        self.add(F::Mutate, span);
        if let Some(existing) = &mutation.existing {
            self.add(F::MutateExisting, span);
            existing.targets.iter().for_each(|target| self.target(target, span));
            existing.applies.iter().for_each(|cond| self.cond(cond));
            existing.bindings.iter().for_each(|binding| self.value(&binding.value));
        }
        for edit in &mutation.edits {
            if !edit.each.is_empty() {
                self.add(F::EditElements, edit.origin);
            }
            if edit.each.len() > 1 {
                self.add(F::EditNestedElements, edit.origin);
            }
            edit.each.iter().for_each(|each| self.value(&each.list));
            self.depth += edit.each.len();
            self.cond(&edit.guard);
            self.value(edit.change.place());
            edit.change.value().into_iter().for_each(|value| self.value(value));
            self.depth = 0;
        }
    }

    fn parts(&mut self, body: &Body) {
        measure::for_each_part_of_body(body, &mut |part| match part {
            measure::Part::Cond(cond) => self.cond(cond),
            measure::Part::Value(value) => self.value(value),
        });
    }

    fn target(&mut self, target: &Target, span: Span) {
        if target.kind.is_any() {
            self.add(F::AnyKind, span);
        }
        if target.kind.untyped {
            self.add(F::UntypedKind, span);
        }
        if target.subresource.is_some() {
            self.add(F::Subresource, span);
        }
        for place in &target.subjects {
            match place.fields() {
                None => self.add(F::ListedPods, span),
                Some(fields) if !fields.is_empty() => self.add(F::PodTemplates, span),
                Some(_) => {}
            }
        }
    }

    fn cond(&mut self, cond: &Cond) {
        let span = cond.origin;
        match &cond.kind {
            CondKind::Const(_) => {}
            CondKind::Not(inner) => self.cond(inner),
            CondKind::Known { about, cond: inner, .. } => {
                if *about == Unknown::NamespaceLabels {
                    self.add(F::NamespaceLabels, span);
                }
                self.cond(inner);
            }
            CondKind::And(parts) | CondKind::Or(parts) => parts.iter().for_each(|part| self.cond(part)),
            CondKind::Is(value) | CondKind::Has(value) | CondKind::Empty(value) => self.value(value),
            CondKind::Compare { comparison, domain, left, right } => {
                if let Some(feature) = compared(*comparison, *domain, left, right) {
                    self.add(feature, span);
                }
                self.value(left);
                self.value(right);
            }
            CondKind::Glob { value, globs } => {
                self.add(F::Glob, span);
                self.value(value);
                for part in globs.iter().flat_map(|glob| &glob.0) {
                    if let GlobPart::Value(value) = part {
                        self.add(F::ValueInGlob, value.origin);
                        self.value(value);
                    }
                }
            }
            CondKind::Regex { value, .. } => {
                self.add(F::Regex, span);
                self.value(value);
            }
            CondKind::Test(test, values) => {
                self.add(F::Test(*test), span);
                values.iter().for_each(|value| self.value(value));
            }
            CondKind::Any(q) | CondKind::All(q) => {
                let map = matches!(q.source.ty, Type::Map(_) | Type::Object);
                self.add(if map { F::MapQuantifier } else { F::Quantifier }, span);
                if self.depth > 0 {
                    self.add(F::NestedQuantifier, span);
                }
                self.value(&q.source);
                self.depth += 1;
                self.cond(&q.body);
                self.depth -= 1;
            }
            CondKind::Changed { now, before } => {
                self.add(F::Changed, span);
                self.value(now);
                self.value(before);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        let span = value.origin;
        match &value.kind {
            ValueKind::Literal(Literal::Int(int)) if int.unsigned_abs() > FLOAT_EXACT_MAX => {
                self.add(F::HugeInteger, span);
            }
            ValueKind::Literal(_) => {}
            ValueKind::Path(path) => self.path(path, span),
            ValueKind::Call(operation, arguments) => {
                self.add(F::Operation(*operation), span);
                if let Some(feature) = computed(*operation, arguments) {
                    self.add(feature, span);
                }
                arguments.iter().for_each(|argument| self.value(argument));
            }
            ValueKind::Coalesce(a, b) => {
                self.value(a);
                self.value(b);
            }
            ValueKind::If(test, a, b) => {
                self.cond(test);
                self.value(a);
                self.value(b);
            }
            ValueKind::Bool(cond) => {
                self.add(F::ConditionAsValue, span);
                self.cond(cond);
            }
            ValueKind::List(values) | ValueKind::Concat(values) => {
                values.iter().for_each(|value| self.value(value));
            }
            ValueKind::Object(entries) => entries.iter().for_each(|(_, value)| self.value(value)),
            ValueKind::Collect(collect) => {
                self.add(F::Comprehension, span);
                self.value(&collect.source);
                self.depth += 1;
                self.cond(&collect.filter);
                self.value(&collect.body);
                self.depth -= 1;
            }
            ValueKind::Text(parts) => {
                for part in parts {
                    if let TextPart::Value(value) = part {
                        self.found.extend(as_text(value).map(|feature| (feature, value.origin)));
                        self.value(value);
                    }
                }
            }
            ValueKind::Must(inner) => {
                self.add(F::Must, span);
                self.value(inner);
            }
            ValueKind::Lookup(lookup) => {
                self.add(lookup_feature(lookup), span);
                if let Lookup::Post { kind, object } = &**lookup
                    && objects::posted(kind, object).is_none()
                {
                    self.add(F::ComputedPost, span);
                }
                if let Lookup::List { labels: Some(labels), .. } = &**lookup
                    && !matches!(labels.kind, ValueKind::Object(_))
                {
                    self.add(F::ComputedLabels, labels.origin);
                }
                lookup.for_each_value(&mut |value| self.value(value));
            }
        }
    }

    fn path(&mut self, path: &Path, span: Span) {
        let first = path.steps.first().and_then(|step| match step {
            Step::Field(field) => Some(field.name.as_str()),
            Step::Key(_) | Step::Element(_) => None,
        });
        let feature = match path.root {
            Root::OldObject | Root::OldSubject => Some(F::OldObject),
            Root::NamespaceObject => Some(F::NamespaceLabels),
            Root::Request => Some(F::RequestFields),
            Root::Now => Some(F::Now),
            Root::User => Some(match first {
                Some("roles" | "clusterRoles") => F::UserRoles,
                Some("serviceAccount") => F::ServiceAccount,
                Some("uid") => F::UserUid,
                _ => F::UserNameGroups,
            }),
            Root::Object
            | Root::Subject
            | Root::Local(_)
            | Root::Existing
            | Root::ExistingSubject
            | Root::Predicate
            | Root::Namespace => None,
        };
        self.found.extend(feature.map(|feature| (feature, span)));
        for step in &path.steps {
            if let Step::Key(key) = step {
                self.add(F::ComputedKey, span);
                self.value(key);
            }
        }
    }
}

fn lookup_feature(lookup: &Lookup) -> F {
    match lookup {
        Lookup::Get { .. } | Lookup::List { .. } => F::ClusterLookup,
        Lookup::Post { .. } => F::ClusterPost,
        Lookup::HttpGet { .. } | Lookup::HttpPost { .. } => F::Http,
        Lookup::Cache { .. } => F::Cache,
        Lookup::ImageRemote { .. } => F::ImageRemote,
        Lookup::Random { .. } => F::Random,
    }
}

/// What a comparison asks of a target, beyond plain scalars.
fn compared(comparison: Comparison, domain: Domain, left: &Value, right: &Value) -> Option<F> {
    match domain {
        Domain::Bool => None,
        Domain::Text => (comparison != Comparison::Equal).then_some(F::TextOrder),
        Domain::Number => {
            let quantity = |value: &Value| matches!(value.ty, Type::Quantity);
            (quantity(left) || quantity(right)).then_some(F::Quantities)
        }
        Domain::Duration => Some(F::Durations),
        Domain::Time => Some(F::Times),
        Domain::Semver => Some(F::Versions),
        Domain::Percent => Some(F::Percents),
        Domain::Ip => Some(F::Addresses),
        Domain::Json => Some(F::WholeValues),
    }
}

/// What an operation asks beyond itself, for the types of its arguments.
fn computed(operation: Operation, arguments: &[Value]) -> Option<F> {
    let fraction = |value: &Value| matches!(value.ty, Type::Float);
    let unit = |ty: &Type| matches!(ty, Type::Quantity | Type::Duration);
    match operation {
        Operation::Multiply | Operation::Divide if arguments.iter().any(|it| unit(&it.ty)) => {
            Some(F::ScaledUnits)
        }
        Operation::Sum | Operation::Min | Operation::Max | Operation::Sort => {
            let plain = |ty: &Type| matches!(ty, Type::Int | Type::Float | Type::Text | Type::Image);
            let list = arguments.first().map(|list| &list.ty);
            (!matches!(list, Some(Type::List(element)) if plain(element))).then_some(F::UnitsInLists)
        }
        Operation::Trim if arguments.get(1).is_some_and(|it| it.as_literal().is_none()) => {
            Some(F::ComputedTrim)
        }
        Operation::Join => match arguments.first().map(|list| &list.ty) {
            Some(Type::List(element)) if matches!(**element, Type::Float) => Some(F::FloatAsText),
            Some(Type::List(element))
                if matches!(**element, Type::Text | Type::Image | Type::Int | Type::Bool) =>
            {
                None
            }
            _ => Some(F::ValueAsText),
        },
        Operation::ToText => arguments.first().and_then(as_text),
        Operation::Divide => {
            let number = |value: &Value| matches!(value.ty, Type::Float | Type::Int);
            arguments.iter().all(number).then_some(F::Decimals)
        }
        Operation::Add | Operation::Subtract | Operation::Multiply => {
            arguments.iter().any(fraction).then_some(F::Decimals)
        }
        _ => None,
    }
}

/// What it takes to write a value as text.
fn as_text(value: &Value) -> Option<F> {
    match value.ty {
        Type::Float => Some(F::FloatAsText),
        Type::Json => Some(F::ValueAsText),
        _ => None,
    }
}
