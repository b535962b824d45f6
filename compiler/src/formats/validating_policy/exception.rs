//! Exemptions as PolicyException of `policies.kyverno.io/v1`.
//!
//! They name policies of all kinds of the family, and say by CEL which objects they cover. A cluster takes only the
//! functions that Kubernetes itself has in these conditions, and no variables.

use super::subject::Places;
use crate::diagnostic::Diagnostic;
use crate::formats::cel::Translator;
use crate::formats::cel::ast::Expr;
use crate::formats::exempted::{self, Exempted};
use crate::formats::yaml_write::{Map, Node, document};
use crate::formats::{Emitted, Unsupported, gathered};
use crate::ir::{Cond, CondKind, Exemption, PolicySet, Root, Rule, Target};
use crate::source::{Sources, Span};

/// One PolicyException for each exemption and for kinds of which the same is asked; none for an exemption that names no
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
    let is_named = |it: &&Emitted| it.rules.iter().any(|rule| exemption.is_from(&it.policy, &rule.rule));
    let references: Vec<Map> = policies
        .iter()
        .filter(is_named)
        .map(|it| Map::new().with("name", it.name.as_str()).with("kind", it.kind.as_str()))
        .collect();
    let mut emitted = Vec::new();
    for mut exempted in exempted::exempted(set, exemption)? {
        exempted.rule.applies.splice(0..0, self::kinds(set, exemption, &exempted)?);
        let name = names.name(exemption);
        let spec = spec(exemption, &exempted.rule, references.clone())?;
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

fn spec(exemption: &Exemption, rule: &Rule, references: Vec<Map>) -> Result<Map, Unsupported> {
    let mut translator = Translator::new(Places::of(rule).roots_for_matching());
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

/// That the object is of one of the exemption's kinds: nothing in an exception says so but its conditions. Not asked where
/// the rules speak of no other.
fn kinds(set: &PolicySet, exemption: &Exemption, exempted: &Exempted) -> Result<Option<Cond>, Unsupported> {
    if exempted.is_every_object {
        return Ok(None);
    }
    let origin = exemption.origin;
    let targets = &exempted.rule.targets;
    let others: Vec<&Target> =
        exempted::rules_of(set, exemption).flat_map(|(_, rule)| &rule.targets).collect();
    let same = |a: &Target, b: &Target| a.kind == b.kind && a.subresource == b.subresource;
    if others.iter().all(|other| targets.iter().any(|target| same(target, other))) {
        return Ok(None);
    }
    let whole = others.iter().any(|other| other.kind.is_any());
    let is_ambiguous = |target: &Target| {
        whole
            || others.iter().any(|it| it.kind.kind == target.kind.kind && it.kind.group != target.kind.group)
    };
    let asks_subresource = others.iter().any(|other| other.subresource.is_some())
        || targets.iter().any(|target| target.subresource.is_some());
    if !asks_subresource && targets.iter().any(|target| target.kind.is_any()) {
        return Ok(None);
    }
    if !asks_subresource && !targets.iter().any(is_ambiguous) {
        let kinds: Vec<&str> = targets.iter().map(|target| target.kind.kind.as_str()).collect();
        return Ok(Some(exempted::text_is_one_of(Root::Object, &["kind"], &kinds, origin)));
    }
    let parts: Result<Vec<Cond>, Unsupported> =
        targets.iter().map(|target| is_of(target, asks_subresource, origin)).collect();
    Ok(Some(Cond::new(CondKind::Or(parts?), origin)))
}

fn is_of(target: &Target, asks_subresource: bool, origin: Span) -> Result<Cond, Unsupported> {
    let text = |root, fields: &[&str], text: &str| exempted::text_is_one_of(root, fields, &[text], origin);
    let kind = &target.kind;
    if asks_subresource {
        let subresource = target.subresource.as_deref().unwrap_or_default().trim_start_matches('/');
        let mut parts = vec![text(Root::Request, &["subResource"], subresource)];
        if !kind.is_any() {
            parts.push(text(Root::Request, &["resource", "group"], &kind.group));
            parts.push(text(Root::Request, &["resource", "resource"], &kind.plural));
        }
        return Ok(Cond::new(CondKind::And(parts), origin));
    }
    if kind.version.is_empty() || kind.version == "*" {
        let reason = "the version of this kind is not known, and a condition has to name it";
        return Err(Unsupported { span: origin, reason });
    }
    let parts = vec![
        text(Root::Object, &["kind"], &kind.kind),
        text(Root::Object, &["apiVersion"], &kind.api_version()),
    ];
    Ok(Cond::new(CondKind::And(parts), origin))
}
