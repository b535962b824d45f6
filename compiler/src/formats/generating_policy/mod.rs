//! GeneratingPolicy of `policies.kyverno.io/v1`: one for each `generate` rule.
//!
//! A rule that came through [`legalize`](super::support::legalize) goes in; a YAML document comes out, with an expression
//! of CEL for each kind of object that is made. What may be missing is asked for before anything is made.

use super::cel::ast::{self, Expr};
use super::cel::print::print;
use super::cel::{Base, Translator, as_json};
use super::objects::{fields, named};
use super::validating_policy::{in_namespace, matching, naming, set_conditions, set_variables, subject};
use super::yaml_write::{self, Map, Node};
use super::{Emitted, EmittedRule, Unsupported, gathered, rules_with};
use crate::diagnostic::Diagnostic;
use crate::ir::present::Facts;
use crate::ir::rewrite::inlined;
use crate::ir::{
    Body, Cond, Generation, KindRef, Literal, Local, Make, Path, Policy, PolicySet, Root, Rule, Settings,
    Type, Value, ValueKind, rewrite,
};
use crate::source::{Sources, Span};

/// A name that the IR does not use: the object that may be copied.
const COPIED: Local = Local(1 << 26);

/// The policies of a set, in source order. The set is legal for the target.
///
/// # Errors
/// A diagnostic for each rule that says what CEL cannot, beyond what the table of features knows.
pub fn emit(set: &PolicySet, sources: &Sources) -> Result<Vec<Emitted>, Vec<Diagnostic>> {
    let mut names = naming::Names::default();
    let rules = rules_with(set, |body| matches!(body, Body::Generate(_)));
    gathered(rules, "GeneratingPolicy", |(policy, rule)| {
        emit_rule(policy, rule, &mut names, sources).map(|it| vec![it])
    })
}

fn emit_rule(
    policy: &Policy,
    rule: &Rule,
    names: &mut naming::Names,
    sources: &Sources,
) -> Result<Emitted, Unsupported> {
    let settings = rule.settings.over(&policy.settings);
    if settings.namespace.is_some() {
        let reason =
            "a namespaced GeneratingPolicy makes objects in its own namespace only, whatever a rule says";
        return Err(Unsupported { span: rule.origin, reason });
    }
    let spec = spec(&inlined(rule), &settings)?;
    let name = names.name(policy, rule, None);
    let mut root = Map::new()
        .with("apiVersion", "policies.kyverno.io/v1")
        .with("kind", "GeneratingPolicy")
        .with("metadata", naming::metadata(policy, rule, &settings, &name))
        .with("spec", spec);
    if let Some(first) = root.0.first_mut() {
        first.comments = vec![naming::source_line(rule, sources)];
    }
    Ok(Emitted {
        kind: "GeneratingPolicy".to_owned(),
        name,
        policy: policy.name.clone(),
        yaml: yaml_write::document(&Node::Map(root)),
        rules: vec![EmittedRule { rule: rule.name.clone(), names: vec![String::new()] }],
    })
}

fn spec(rule: &Rule, settings: &Settings) -> Result<Map, Unsupported> {
    let Body::Generate(generation) = &rule.body else {
        // INVARIANT: `emit` hands on generations only.
        return Ok(Map::new());
    };
    let places = subject::Places::of(rule);
    let mut conditions: Vec<&Cond> = rule.applies.iter().collect();
    let selector = matching::take_namespace_selector(&mut conditions, rule);
    let mut outer = Translator::new(places.roots_for_matching());
    let mut match_conditions: Vec<Expr> = settings.namespace.iter().map(|name| in_namespace(name)).collect();
    match_conditions.extend(conditions.into_iter().map(|cond| outer.condition(cond)));
    match_conditions.retain(|cond| *cond != Expr::Bool(true));

    let mut translator = Translator::new(places.roots_for_matching()).with_variables();
    let mut variables = Vec::new();
    places.declare(&mut translator, &mut variables);
    let known = Expr::all(match_conditions.iter().cloned());
    let expressions = translator.given(&known, |translator| each(translator, generation, rule))?;
    let hoisted = translator.take_hoisted();
    variables.extend(hoisted.into_iter().map(|hoisted| (hoisted.name, hoisted.expr)));

    let mut spec = Map::new();
    let knobs = [
        ("synchronize", settings.synchronize),
        ("generateExisting", settings.existing),
        ("orphanDownstreamOnPolicyDelete", settings.orphan),
    ];
    let mut evaluation = Map::new();
    for (key, enabled) in knobs.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        evaluation.set(key, Map::new().with("enabled", enabled));
    }
    if !evaluation.is_empty() {
        spec.set("evaluation", evaluation);
    }
    if let Some(seconds) = settings.timeout_s {
        spec.set("webhookConfiguration", Map::new().with("timeoutSeconds", i64::from(seconds)));
    }
    let mut constraints = Map::new().with("resourceRules", matching::resource_rules(rule));
    if let Some(selector) = selector {
        constraints.set("namespaceSelector", selector);
    }
    spec.set("matchConstraints", constraints);
    set_conditions(&mut spec, &match_conditions);
    set_variables(&mut spec, &variables);
    let generate = expressions.iter().map(|expr| Map::new().with("expression", print(expr)));
    spec.set("generate", generate.collect::<Vec<Map>>());
    Ok(spec)
}

/// An expression for each kind of object: what it makes once, or for each element.
fn each(translator: &mut Translator, generation: &Generation, rule: &Rule) -> Result<Vec<Expr>, Unsupported> {
    let facts = Facts::of(&rule.applies).about(&rule.targets);
    let Some(each) = &generation.each else {
        return Ok(make(translator, &generation.make, &facts, &rule.applies)?
            .into_iter()
            .map(Made::expr)
            .collect());
    };
    let range = translator.total_list_or_map(&each.source);
    let variables = translator.bind_elements(&each.binder, &each.source);
    let filter = translator.condition(&each.filter);
    let facts = facts.and(std::slice::from_ref(&each.filter));
    let asked = [rule.applies.as_slice(), std::slice::from_ref(&each.filter)].concat();
    let made = translator.given(&filter, |translator| make(translator, &generation.make, &facts, &asked));
    variables.iter().for_each(|name| translator.release(name));
    let rounds = made?.into_iter().map(|made| {
        let body = Made { test: Expr::all([filter.clone(), made.test]), ..made }.expr();
        Expr::macro_of(range.clone(), "all", &variables, vec![body])
    });
    Ok(rounds.collect())
}

/// What is made, and when.
struct Made {
    test: Expr,
    make: Expr,
}

impl Made {
    /// True where nothing is made: nothing but `false` ends the rounds of `all`.
    fn expr(self) -> Expr {
        Expr::if_else(self.test, self.make, Expr::Bool(true))
    }
}

/// What one round makes, where all that it needs is there.
fn make(
    translator: &mut Translator,
    make: &Make,
    facts: &Facts,
    asked: &[Cond],
) -> Result<Vec<Made>, Unsupported> {
    match make {
        Make::Object { kind, name, namespace, fields: value } => {
            let names = [Some(name), namespace.as_ref()];
            let asked = named(names.into_iter().flatten(), facts, asked);
            where_named(translator, asked, names, |translator, names| {
                let object = object(kind, name, value)?;
                let (there, object) = as_json(translator, &object)?;
                let objects = Expr::List(vec![(false, Expr::call("dyn", object))]);
                let [_, namespace] = names;
                Ok((there, vec![apply(namespace, objects)]))
            })
        }
        Make::Copy { rename: Some(rename), .. } => {
            let reason = "CEL cannot give a copy another name";
            Err(Unsupported { span: rename.origin, reason })
        }
        Make::Copy { kinds, name, namespace, filter, into, rename: None } => {
            let names = [Some(into), namespace.as_ref(), name.as_ref()];
            let asked = named(names.into_iter().flatten(), facts, asked);
            where_named(translator, asked, names, |translator, [into, from, one]| {
                let copies = kinds.iter().map(|kind| {
                    let objects = match name {
                        Some(_) => self::one(kind, &from, &one, filter)?,
                        None => all_of(translator, kind, &from, filter),
                    };
                    Ok(apply(into.clone(), objects))
                });
                Ok((Expr::Bool(true), copies.collect::<Result<Vec<Expr>, Unsupported>>()?))
            })
        }
    }
}

/// What is made where names are there and not empty. `build` gets the names, the empty text for one that is not said,
/// and gives what else must be there.
fn where_named<const N: usize>(
    translator: &mut Translator,
    asked: Vec<Cond>,
    names: [Option<&Value>; N],
    build: impl FnOnce(&mut Translator, [Expr; N]) -> Result<(Expr, Vec<Expr>), Unsupported>,
) -> Result<Vec<Made>, Unsupported> {
    let asked = Expr::all(asked.iter().map(|cond| translator.condition(cond)).collect::<Vec<Expr>>());
    let mut tests = vec![asked.clone()];
    let found = translator.given(&asked, |translator| {
        names.map(|name| match name {
            Some(name) => {
                let (there, typed) = translator.guarded(name);
                tests.push(there);
                typed.expr
            }
            None => Expr::str(""),
        })
    });
    let named = Expr::all(tests);
    let (there, made) = translator.given(&named, |translator| build(translator, found))?;
    let test = Expr::all([named, there]);
    Ok(made.into_iter().map(|make| Made { test: test.clone(), make }).collect())
}

fn apply(namespace: Expr, objects: Expr) -> Expr {
    Expr::name("generator").method("Apply", vec![namespace, objects])
}

/// The object as a value: its fields, and what the rule says besides. Its namespace is said to `Apply`.
fn object(kind: &KindRef, name: &Value, value: &Value) -> Result<Value, Unsupported> {
    let fields = fields(value)?;
    let text =
        |text: String, span: Span| Value::new(ValueKind::Literal(Literal::Text(text)), Type::Text, span);
    let mut metadata = vec![("name".to_owned(), name.clone())];
    metadata.extend(fields.metadata);
    let entry = |key: &str, value: Value| (key.to_owned(), value);
    let mut entries = vec![
        entry("apiVersion", text(kind.api_version(), value.origin)),
        entry("kind", text(kind.kind.clone(), value.origin)),
        entry("metadata", Value::new(ValueKind::Object(metadata), Type::Object, value.origin)),
    ];
    entries.extend(fields.others);
    Ok(Value::new(ValueKind::Object(entries), Type::Object, value.origin))
}

fn version_and_plural(kind: &KindRef) -> [Expr; 2] {
    [Expr::str(kind.api_version()), Expr::str(kind.plural.as_str())]
}

/// The one object of a name.
fn one(kind: &KindRef, namespace: &Expr, name: &Expr, filter: &Cond) -> Result<Expr, Unsupported> {
    if !filter.is_const(true) {
        let reason =
            "a copy by its name is made, whatever it holds; leave out the name, and ask for `metadata.name`";
        return Err(Unsupported { span: filter.origin, reason });
    }
    let [version, plural] = version_and_plural(kind);
    let arguments = vec![version, plural, namespace.clone(), name.clone()];
    let found = Expr::name("resource").method("Get", arguments);
    Ok(Expr::List(vec![(false, found)]))
}

/// All objects that the filter holds of.
fn all_of(translator: &mut Translator, kind: &KindRef, namespace: &Expr, filter: &Cond) -> Expr {
    let [version, plural] = version_and_plural(kind);
    let listed = Expr::name("resource").method("List", vec![version, plural, namespace.clone()]);
    let listed = Expr::Direct(ast::Path {
        base: Box::new(listed),
        base_certain: true,
        steps: vec![ast::Step { key: ast::Key::Field("items".to_owned()), certain: true }],
    });
    if filter.is_const(true) {
        return listed;
    }
    let name = translator.fresh("copied");
    translator.bind(COPIED, Base::certain(Expr::name(name.as_str())));
    let filter = rewrite::map_paths(filter, &mut |path| match path.root {
        Root::Existing | Root::ExistingSubject => Path { root: Root::Local(COPIED), ..path.clone() },
        _ => path.clone(),
    });
    let test = translator.condition(&filter);
    translator.release(&name);
    // What is looked up has no type that a macro could run over.
    Expr::macro_of(Expr::call("dyn", listed), "filter", &[name], vec![test])
}
