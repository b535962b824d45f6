//! Exemptions as PolicyException of `policies.kyverno.io/v1`.
//!
//! They name policies of all kinds of the family, and say by CEL which objects they cover. A cluster takes only the
//! functions that Kubernetes itself has in these conditions, and no variables.

use super::subject::Places;
use crate::diagnostic::Diagnostic;
use crate::formats::cel::ast::Expr;
use crate::formats::cel::translate::Roots;
use crate::formats::cel::{Base, Translator};
use crate::formats::exempted::{self, Held, RuleOf};
use crate::formats::yaml_write::{Map, Node, document};
use crate::formats::{Emitted, Unsupported, gathered};
use crate::ir::{Exemption, PolicySet, Rule, Target};
use crate::source::Sources;

/// One PolicyException for each exemption, for rules that run with the same at hand and for kinds of which the same is asked; none for an exemption that names no
/// rule.
///
/// # Errors
/// A diagnostic for each exemption whose conditions Kyverno would refuse in exceptions.
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
    let mut emitted = Vec::new();
    for held in Held::ALL {
        let mut rules = exempted::rules_of(set, exemption);
        rules.retain(|(_, rule)| Held::by(rule) == held);
        if !rules.is_empty() {
            emitted.extend(self::where_held(held, exemption, &rules, policies, names, sources)?);
        }
    }
    Ok(emitted)
}

/// The exceptions from rules that run with the same at hand.
fn where_held(
    held: Held,
    exemption: &Exemption,
    rules: &[RuleOf<'_>],
    policies: &[Emitted],
    names: &mut exempted::Names,
    sources: &Sources,
) -> Result<Vec<Emitted>, Unsupported> {
    let is_from = |it: &Emitted, name: &str| {
        rules.iter().any(|(policy, rule)| policy.name == it.policy && rule.name == name)
    };
    let is_named = |it: &&Emitted| it.rules.iter().any(|rule| is_from(it, &rule.rule));
    let references: Vec<Map> = policies
        .iter()
        .filter(is_named)
        .map(|it| Map::new().with("name", it.name.as_str()).with("kind", it.kind.as_str()))
        .collect();
    let others: Vec<&Target> = rules.iter().flat_map(|(_, rule)| &rule.targets).collect();
    let mut emitted = Vec::new();
    for mut exempted in exempted::exempted(exemption, rules)? {
        if held == Held::CleanedUp {
            exempted.keep_objects();
            if exempted.rule.targets.is_empty() {
                continue;
            }
        }
        exempted.rule.applies.splice(0..0, exempted::of_its_kinds(&exempted, &others)?);
        let name = names.name(exemption);
        let spec = spec(held, exemption, &exempted.rule, references.clone())?;
        let annotations = Map::new().with("aipc.dev/because", exemption.because.as_str());
        let metadata = Map::new().with("name", name.as_str()).with("annotations", annotations);
        let root = Map::new()
            .with("apiVersion", "policies.kyverno.io/v1")
            .with("kind", "PolicyException")
            .with("metadata", metadata)
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
    Ok(emitted)
}

fn spec(held: Held, exemption: &Exemption, rule: &Rule, references: Vec<Map>) -> Result<Map, Unsupported> {
    let mut translator = Translator::new(roots(held, rule));
    let mut conditions = Vec::new();
    for cond in &rule.applies {
        let mut expr = translator.condition(cond);
        let mut is_beyond = false;
        expr.visit_mut(&mut |part| {
            is_beyond |= is_beyond_kubernetes(part);
            without_type(part);
        });
        if is_beyond {
            let reason = "Kyverno takes only the functions of CEL that Kubernetes itself has in the conditions of exceptions";
            return Err(Unsupported { span: cond.origin, reason });
        }
        conditions.push(expr);
    }
    conditions.retain(|cond| *cond != Expr::Bool(true));
    let mut spec = Map::new().with("policyRefs", references);
    super::set_conditions(&mut spec, &conditions);
    Ok(spec.with_some("expiresAt", exemption.until.as_deref()))
}

/// Where the object lies that the exemption speaks of.
fn roots(held: Held, rule: &Rule) -> Roots {
    let roots = Places::of(rule).roots_for_matching();
    match held {
        Held::Admitted | Held::CleanedUp => roots,
        Held::Existing => Roots {
            object: Base::of_request("object", true),
            old_object: Base::of_request("oldObject", false),
            ..roots
        },
    }
}

/// A function of Kyverno's own, or a question to the cluster.
fn is_beyond_kubernetes(expr: &Expr) -> bool {
    const LIBRARIES: [&str; 4] = ["time.", "regex.", "math.", "base64."];
    const FUNCTIONS: [&str; 3] = ["sha256", "sha1", "md5"];
    match expr {
        Expr::Call(name, _) => {
            LIBRARIES.iter().any(|library| name.starts_with(library)) || FUNCTIONS.contains(name)
        }
        Expr::Method(base, "Get" | "List", _) => **base == Expr::name("resource"),
        _ => false,
    }
}

/// The request and the namespace have types here, to which null does not belong: whether something is missing is asked
/// of them as values of any type.
fn without_type(expr: &mut Expr) {
    let path = match expr {
        Expr::Present(path) => path,
        Expr::Or(path, default) if **default == Expr::Null => path,
        _ => return,
    };
    if let Expr::Name(name) = path.base.as_ref()
        && ["request", "namespaceObject"].contains(&name.as_str())
        && !path.steps.is_empty()
    {
        *path.base = Expr::call("dyn", Expr::name(name.as_str()));
    }
}
