//! ImageValidatingPolicy of `policies.kyverno.io/v1`: one for each rule, place of its Pods, and action.
//!
//! Each policy names the lists of images itself, in place of those that Kyverno would look at; they hold the images that
//! the rule speaks of, as they are written. Kyverno's own derivation of rules for workloads stays out of it.

mod attestor;

use super::cel::Translator;
use super::cel::ast::Expr;
use super::cel::print::print;
use super::cluster_policy::place;
use super::images;
use super::validating_policy::{
    self, Part, in_namespace, matching, message, naming, parts_by_action, set_conditions, subject,
};
use super::yaml_write::{self, Map, Node};
use super::{Emitted, EmittedRule, Unsupported, gathered, rules_with};
use crate::diagnostic::Diagnostic;
use crate::ir::rewrite::inlined;
use crate::ir::*;
use crate::source::Sources;
use attestor::Attestors;

type Result<T> = std::result::Result<T, Unsupported>;

/// The policies for the verifications of a set, in source order.
///
/// # Errors
/// A diagnostic for each rule that says what these policies cannot.
pub fn emit(set: &PolicySet, sources: &Sources) -> std::result::Result<Vec<Emitted>, Vec<Diagnostic>> {
    let mut names = naming::Names::default();
    let of_images =
        |body: &Body| matches!(body, Body::Verify(Verification { of: Verified::Images { .. }, .. }));
    gathered(rules_with(set, of_images), "ImageValidatingPolicy", |(policy, rule)| {
        Verify { policy }.policies(rule, &mut names, sources)
    })
}

/// What a rule of the source verifies.
struct Verify<'a> {
    policy: &'a Policy,
}

impl Verify<'_> {
    fn policies(&self, rule: &Rule, names: &mut naming::Names, sources: &Sources) -> Result<Vec<Emitted>> {
        let mut emitted = Vec::new();
        for placed in place::placed(&inlined(rule), false)? {
            for part in parts_by_action(&placed.rule) {
                let suffixes = [placed.suffix.as_deref(), part.suffix];
                let suffix = suffixes.into_iter().flatten().collect::<Vec<_>>().join("-");
                let suffix = (!suffix.is_empty()).then_some(suffix.as_str());
                let name = names.name(self.policy, rule, suffix);
                let placed = Rule { targets: at_the_object(&placed.targets), ..placed.rule.clone() };
                emitted.push(self.policy(&placed, &part, name, sources)?);
            }
        }
        Ok(emitted)
    }

    fn policy(&self, rule: &Rule, part: &Part, name: String, sources: &Sources) -> Result<Emitted> {
        let settings = rule.settings.over(&self.policy.settings);
        let kind = match settings.namespace {
            Some(_) => "NamespacedImageValidatingPolicy",
            None => "ImageValidatingPolicy",
        };
        let mut root = Map::new()
            .with("apiVersion", "policies.kyverno.io/v1")
            .with("kind", kind)
            .with("metadata", naming::metadata(self.policy, rule, &settings, &name))
            .with("spec", self.spec(rule, part, &settings)?);
        if let Some(first) = root.0.first_mut() {
            first.comments = vec![naming::source_line(rule, sources)];
        }
        let rules = vec![EmittedRule { rule: rule.name.clone(), names: vec![name.clone()] }];
        Ok(Emitted {
            kind: kind.to_owned(),
            policy: self.policy.name.clone(),
            name,
            yaml: yaml_write::document(&Node::Map(root)),
            rules,
        })
    }

    fn spec(&self, rule: &Rule, part: &Part, settings: &Settings) -> Result<Map> {
        let refused = |reason| Unsupported { span: rule.origin, reason };
        let Body::Verify(Verification { of: Verified::Images { elements, image }, checks }) = &rule.body
        else {
            return Err(refused("a manifest is no image"));
        };
        if settings.cache == Some(false) {
            return Err(refused(
                "Kyverno remembers what these policies verified whenever it remembers at all",
            ));
        }
        let places = subject::Places::of(rule);
        let mut conditions: Vec<&Cond> = rule.applies.iter().chain(&part.conditions).collect();
        let selector = matching::take_namespace_selector(&mut conditions, rule);
        let mut translator = Translator::new(places.roots_for_matching());
        let mut match_conditions: Vec<Expr> = settings.namespace.iter().map(|it| in_namespace(it)).collect();
        match_conditions.extend(conditions.into_iter().map(|cond| translator.condition(cond)));
        match_conditions.retain(|cond| *cond != Expr::Bool(true));

        let enforced = part.effect == Effect::Enforce;
        let mutate = settings.mutate_digest.unwrap_or(enforced);
        let chosen = Chosen::of(rule, elements, image, mutate)?;
        let mut spec = Map::new();
        spec.set("validationActions", validating_policy::actions(part, settings));
        validating_policy::set_webhook(&mut spec, settings, rewrite::mentions(rule, Root::User));
        if matching::would_autogen(rule) {
            let none = Map::new().with("controllers", Vec::<Node>::new());
            spec.set("autogen", Map::new().with("podControllers", none));
        }
        let mut constraints = Map::new().with("resourceRules", matching::resource_rules(rule));
        constraints = constraints.with_some("namespaceSelector", selector);
        spec.set("matchConstraints", constraints);
        set_conditions(&mut spec, &match_conditions);
        let configuration = Map::new()
            .with("mutateDigest", mutate)
            .with("verifyDigest", settings.verify_digest.unwrap_or(enforced))
            .with("required", settings.required.unwrap_or(true));
        spec.set("validationConfigurations", configuration);
        if !chosen.references.is_empty() {
            spec.set("matchImageReferences", chosen.references.clone());
        }
        let lists = chosen
            .lists
            .iter()
            .map(|(name, list)| Map::new().with("name", name.as_str()).with("expression", print(list)));
        spec.set("images", lists.collect::<Vec<Map>>());

        let mut attestors = Attestors::default();
        let tests: Result<Vec<String>> = checks.iter().map(|check| attestors.test(check)).collect();
        let images: Vec<String> = chosen
            .lists
            .iter()
            .filter(|(_, list)| !is_empty(list))
            .map(|(name, _)| format!("images.{name}"))
            .collect();
        let expression = format!("({}).all(image, {})", images.join(" + "), tests?.join(" && "));
        let mut validation = Map::new().with("expression", expression);
        match message::of(rule, &mut translator, None) {
            message::Text::Plain(text) => validation.set("message", text),
            message::Text::Computed(expr) => validation.set("messageExpression", print(&expr)),
        };
        spec.set("attestors", attestors.named);
        if !attestors.attestations.is_empty() {
            spec.set("attestations", attestors.attestations);
        }
        spec.set("validations", vec![validation]);
        Ok(spec)
    }
}

/// The kinds of a rule whose paths have been put at the object.
fn at_the_object(targets: &[Target]) -> Vec<Target> {
    targets.iter().map(|it| Target { subjects: vec![SubjectPath::default()], ..it.clone() }).collect()
}

fn is_empty(list: &Expr) -> bool {
    *list == Expr::List(Vec::new())
}

/// Which images are looked at.
struct Chosen {
    /// Globs, or expressions about `ref`, of an image as it is written or with registry and tag: one must fit.
    references: Vec<Map>,
    /// Lists of texts, by name.
    lists: Vec<(String, Expr)>,
}

/// The lists that Kyverno makes of Pods, and of the kinds that hold them, if a policy does not.
const OF_PODS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

impl Chosen {
    fn of(rule: &Rule, elements: &Elements, image: &Value, mutate: bool) -> Result<Chosen> {
        let of_pods = rule.targets.iter().all(images::holds_pods);
        let by_reference = match of_pods && images::is_all_containers(elements) {
            true => images::references(elements, image),
            false => None,
        };
        let reason = "Kyverno writes digests into all images that fit a reference: choose images of all containers by `image.reference`, `image.name` or `image.registry`, or write `settings { mutateDigest: false }`";
        if mutate && by_reference.is_none() {
            return Err(Unsupported { span: elements.filter.origin, reason });
        }
        let references = match by_reference.filter(|_| !elements.filter.is_const(true)) {
            None => Vec::new(),
            Some(found) => match found.plain_globs() {
                Some(globs) => globs.iter().map(|it| Map::new().with("glob", it.as_str())).collect(),
                None => {
                    vec![Map::new().with("expression", print(&reference(rule, elements, image)))]
                }
            },
        };
        let mut elements = elements.clone();
        if !references.is_empty() {
            elements.filter = Cond::constant(true, elements.filter.origin);
        }
        let sources = match &elements.source.kind {
            ValueKind::Concat(lists) => lists.as_slice(),
            _ => std::slice::from_ref(&elements.source),
        };
        let mut lists: Vec<(String, Expr)> = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let name = images::list_name(source).filter(|name| OF_PODS.contains(name));
            let name = name.map_or_else(|| format!("images{number}"), str::to_owned);
            lists.push((name, list(rule, &elements, source, image)));
        }
        if of_pods {
            for name in OF_PODS {
                if !lists.iter().any(|(other, _)| other == name) {
                    lists.push((name.to_owned(), Expr::List(Vec::new())));
                }
            }
        }
        Ok(Chosen { references, lists })
    }
}

/// The filter of a rule about an image alone, which Kyverno calls `ref`.
fn reference(rule: &Rule, elements: &Elements, image: &Value) -> Expr {
    let mut filter = elements.filter.clone();
    let name = Local(u32::MAX);
    rewrite::visit_values(&mut filter, &mut |value| {
        if value.as_path().is_some() && value.as_path() == image.as_path() {
            value.kind = ValueKind::Path(Path { root: Root::Local(name), steps: Vec::new() });
        }
    });
    let mut translator = Translator::new(subject::Places::of(rule).roots_for_matching());
    let base = super::cel::Base {
        expr: Expr::name("ref"),
        certain: true,
        ty: super::cel::ast::Ty::Str,
        steps: Vec::new(),
    };
    translator.bind(name, base);
    translator.condition(&filter)
}

/// The images of one list.
fn list(rule: &Rule, elements: &Elements, source: &Value, image: &Value) -> Expr {
    let origin = source.origin;
    let has = Cond::new(CondKind::Has(image.clone()), origin);
    let filter = Cond::new(CondKind::And(vec![has, elements.filter.clone()]), origin);
    let collect = Collect {
        binder: elements.binder,
        source: source.clone(),
        filter,
        body: image.clone(),
        flatten: false,
    };
    let texts = Type::List(Box::new(Type::Text));
    let value = Value::new(ValueKind::Collect(Box::new(collect)), texts, origin);
    let mut translator = Translator::new(subject::Places::of(rule).roots_for_matching());
    translator.prefer(elements.binder.element, &elements.view);
    translator.total_list_or_map(&value)
}
