//! Exemptions, made ready for those who write them as exceptions of Kyverno: which rules they name, and what must hold of
//! an object.
//!
//! ```text
//! ir::Exemption ─► the rules that it names, by what an engine holds when it asks ([`Held`])
//!               ─► of each kind: its conditions about the object, for every subject in it
//!               ─► kinds of which the same is asked, together ─► Exempted
//! ```
//! What is not here: how a target says when an exemption ends.

use std::collections::HashSet;

use super::Unsupported;
use super::cluster_policy::place;
use crate::ir::rewrite::inlined;
use crate::ir::rewrite::{self, at_subject};
use crate::ir::*;
use crate::source::{Sources, Span};

/// Names that the IR does not use begin here.
const FRESH_LOCALS: u32 = 1 << 20;

/// An exemption for kinds of which the same is asked.
#[derive(Clone, Debug)]
pub struct Exempted {
    /// Its targets and its conditions (`applies`) are about the object itself; no bindings are left.
    pub rule: Rule,
    /// Every object, where the exemption says no `for`.
    pub is_every_object: bool,
}

impl Exempted {
    /// Leaves out subresources, which no clean-up deletes.
    pub fn keep_objects(&mut self) {
        self.rule.targets.retain(|target| target.subresource.is_none());
    }
}

/// What an engine of Kyverno has at hand when it asks whether an exemption covers an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// The object that was admitted.
    Admitted,
    /// An existing object that is to change; the one that was admitted is the request's.
    Existing,
    /// An object that may go, and no request.
    CleanedUp,
}

impl Held {
    pub const ALL: [Held; 3] = [Held::Admitted, Held::Existing, Held::CleanedUp];

    /// What there is when the rule runs.
    pub fn by(rule: &Rule) -> Held {
        match &rule.body {
            Body::Mutate(mutation) if mutation.existing.is_some() => Held::Existing,
            Body::Check(_) | Body::Mutate(_) | Body::Generate(_) | Body::Verify(_) => Held::Admitted,
            Body::Delete(_) => Held::CleanedUp,
        }
    }
}

/// A rule with its policy.
pub type RuleOf<'a> = (&'a Policy, &'a Rule);

/// The rules that an exemption names, with their policies.
pub fn rules_of<'a>(set: &'a PolicySet, exemption: &Exemption) -> Vec<RuleOf<'a>> {
    let rules = set.policies.iter().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
    rules.filter(|(policy, rule)| exemption.is_from(&policy.name, &rule.name)).collect()
}

/// An exemption from some of the rules that it names, at each place that its subjects lie at; nothing where none of them
/// speaks on its operations.
///
/// # Errors
/// It asks what Pods in lists were before.
pub fn exempted(exemption: &Exemption, rules: &[RuleOf<'_>]) -> Result<Vec<Exempted>, Unsupported> {
    let spoken_on = rules.iter().fold(
        Operations { create: false, update: false, delete: false, connect: false },
        |all, (_, rule)| joined(all, rule.operations, |a, b| a || b),
    );
    let operations = joined(spoken_on, exemption.operations, |a, b| a && b);
    if operations.names().is_empty() {
        return Ok(Vec::new());
    }
    let mut rule = place::with_bare_templates(&inlined(&exemption.as_rule()));
    rule.operations = operations;
    let on_some = (operations != spoken_on).then(|| one_of_operations(operations, rule.origin));
    let mut groups: Vec<Rule> = Vec::new();
    if rule.targets.is_empty() {
        let mut every = rule.clone();
        every.targets = every_object(rules);
        groups.push(every);
    }
    for target in &rule.targets {
        let applies = conditions_at(&rule, &target.subjects)?;
        let at_object = Target { subjects: vec![SubjectPath::default()], ..target.clone() };
        match groups.iter_mut().find(|group| group.applies == applies) {
            Some(group) => group.targets.push(at_object),
            None => groups.push(Rule { targets: vec![at_object], applies, ..rule.clone() }),
        }
    }
    let is_every_object = exemption.targets.is_empty();
    let with_operations = |mut rule: Rule| {
        rule.applies.extend(on_some.clone());
        Exempted { rule, is_every_object }
    };
    Ok(groups.into_iter().map(with_operations).collect())
}

fn joined(a: Operations, b: Operations, join: fn(bool, bool) -> bool) -> Operations {
    Operations {
        create: join(a.create, b.create),
        update: join(a.update, b.update),
        delete: join(a.delete, b.delete),
        connect: join(a.connect, b.connect),
    }
}

/// All kinds, and the subresources that one of the rules speaks of.
fn every_object(rules: &[RuleOf<'_>]) -> Vec<Target> {
    let kind = KindRef {
        group: String::new(),
        version: String::new(),
        kind: "*".to_owned(),
        plural: "*".to_owned(),
        namespaced: false,
        untyped: true,
    };
    let mut targets = vec![Target { kind, subresource: None, subjects: vec![SubjectPath::default()] }];
    for target in rules.iter().flat_map(|(_, rule)| &rule.targets) {
        let at_object = Target { subjects: vec![SubjectPath::default()], ..target.clone() };
        if target.subresource.is_some() && !targets.contains(&at_object) {
            targets.push(at_object);
        }
    }
    targets
}

/// That the object is of one of the exemption's kinds, where nothing but a condition says so. Not asked where `others`,
/// of which the rules speak, are all among them.
///
/// # Errors
/// The condition would have to name a version that is not known.
pub fn of_its_kinds(exempted: &Exempted, others: &[&Target]) -> Result<Option<Cond>, Unsupported> {
    if exempted.is_every_object {
        return Ok(None);
    }
    let origin = exempted.rule.origin;
    let targets = &exempted.rule.targets;
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
        return Ok(Some(text_is_one_of(Root::Object, &["kind"], &kinds, origin)));
    }
    let parts: Result<Vec<Cond>, Unsupported> =
        targets.iter().map(|target| is_of(target, asks_subresource, origin)).collect();
    Ok(Some(Cond::new(CondKind::Or(parts?), origin)))
}

fn is_of(target: &Target, asks_subresource: bool, origin: Span) -> Result<Cond, Unsupported> {
    let text = |root, fields: &[&str], text: &str| text_is_one_of(root, fields, &[text], origin);
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

/// Of each exemption from a clean-up, that it does not cover the object: for policies that take no exceptions. `targets`
/// are the kinds that the policy lists.
///
/// # Errors
/// As [`exempted`].
pub fn unless_exempt(
    set: &PolicySet,
    (policy, rule): RuleOf<'_>,
    targets: &[Target],
) -> Result<Vec<Cond>, Unsupported> {
    let mut unless = Vec::new();
    let from_rule = |exemption: &&Exemption| exemption.is_from(&policy.name, &rule.name);
    for exemption in set.exemptions.iter().filter(from_rule) {
        for mut exempted in exempted(exemption, &[(policy, rule)])? {
            exempted.keep_objects();
            let is_listed =
                |it: &Target| targets.iter().any(|other| it.kind.is_any() || other.kind == it.kind);
            exempted.rule.targets.retain(is_listed);
            if exempted.rule.targets.is_empty() {
                continue;
            }
            let mut covers: Vec<Cond> =
                of_its_kinds(&exempted, &targets.iter().collect::<Vec<_>>())?.into_iter().collect();
            covers.extend(exempted.rule.applies);
            covers.extend(exemption.until.as_deref().map(|end| before(end, exemption)));
            unless.push(Cond::new(CondKind::And(covers), exemption.origin).negate());
        }
    }
    Ok(unless)
}

/// The moment of evaluation is before the end.
pub fn before(end: &str, exemption: &Exemption) -> Cond {
    let origin = exemption.origin;
    let now = ValueKind::Path(Path { root: Root::Now, steps: vec![] });
    let end = ValueKind::Literal(Literal::Time(end.to_owned()));
    let kind = CondKind::Compare {
        comparison: Comparison::Less,
        domain: Domain::Time,
        left: Value::new(now, Type::Time, origin),
        right: Value::new(end, Type::Time, origin),
    };
    Cond::new(kind, origin)
}

/// The operation is one of these.
fn one_of_operations(operations: Operations, origin: Span) -> Cond {
    text_is_one_of(Root::Request, &["operation"], &operations.names(), origin)
}

/// `root.a.b == "text"` or `root.a.b in ["text", …]`, of a field that is always there.
pub fn text_is_one_of(root: Root, fields: &[&str], texts: &[&str], origin: Span) -> Cond {
    let last = fields.len().saturating_sub(1);
    let field = |(number, name): (usize, &&str)| {
        let shape = if number == last { Shape::Scalar } else { Shape::Object };
        Step::Field(Field { name: (*name).to_owned(), required: true, shape })
    };
    let steps = fields.iter().enumerate().map(field).collect();
    let text = Value::new(ValueKind::Path(Path { root, steps }), Type::Text, origin);
    let literal =
        |text: &&str| Value::new(ValueKind::Literal(Literal::Text((*text).to_owned())), Type::Text, origin);
    let kind = match texts {
        [one] => CondKind::Compare {
            comparison: Comparison::Equal,
            domain: Domain::Text,
            left: text,
            right: literal(one),
        },
        several => {
            let list = ValueKind::List(several.iter().map(literal).collect());
            let list = Value::new(list, Type::List(Box::new(Type::Text)), origin);
            CondKind::Test(Test::InList, vec![text, list])
        }
    };
    Cond::new(kind, origin)
}

/// What must hold of the object: the conditions of each of its subjects, and that there is one. A template that is missing
/// is a subject of which everything is missing; a list that is missing has none.
fn conditions_at(rule: &Rule, places: &[SubjectPath]) -> Result<Vec<Cond>, Unsupported> {
    let origin = rule.origin;
    if let [place] = places
        && let Some(at_place) = at_subject(rule, place)
    {
        return Ok(at_place.applies);
    }
    if rewrite::mentions(rule, Root::OldSubject) {
        let reason = "a Pod template in a list has no counterpart in the old object, as elements may move";
        return Err(Unsupported { span: origin, reason });
    }
    let asks_subject = |cond: &Cond| measure::any_root(cond, &mut |root| root == Root::Subject);
    let (of_subject, mut conditions): (Vec<Cond>, Vec<Cond>) =
        rule.applies.iter().cloned().partition(asks_subject);
    let mut next = FRESH_LOCALS;
    let mut of_some_subject = |cond: &Cond| {
        let at = |place: &SubjectPath| place::open(cond, Root::Object, vec![], &place.0, &mut next);
        Cond::new(CondKind::Or(places.iter().map(at).collect()), origin)
    };
    conditions.push(of_some_subject(&Cond::constant(true, origin)));
    if !of_subject.is_empty() {
        let fails = Cond::new(CondKind::And(of_subject), origin).negate();
        conditions.push(of_some_subject(&fails).negate());
    }
    Ok(conditions)
}

/// Whether an exemption asks who made a request, what kind of request it is, or what was before it.
pub fn asks_of_request(exemption: &Exemption) -> bool {
    let roots = [Root::User, Root::Request, Root::OldObject, Root::OldSubject];
    exemption.operations != Operations::ANY
        || measure::any_value_of_rule(&exemption.as_rule(), &mut |value| {
            value.as_path().is_some_and(|path| roots.contains(&path.root))
        })
}

/// The names given to exceptions so far.
#[derive(Default)]
pub struct Names(HashSet<String>);

impl Names {
    /// `exempt-policy-rule` after the first rule that it names; a valid DNS name that is still free.
    pub fn name(&mut self, exemption: &Exemption) -> String {
        let first = exemption.rules.first();
        let words = first.map(|(policy, rule)| format!("{policy}-{}", rule.as_deref().unwrap_or_default()));
        let wish =
            super::validating_policy::naming::dns_name(&format!("exempt-{}", words.unwrap_or_default()));
        let numbered =
            (2..).map(|number| super::validating_policy::naming::dns_name(&format!("{wish}-{number}")));
        let name = std::iter::once(wish.clone()).chain(numbered).find(|name| !self.0.contains(name));
        let name = name.unwrap_or(wish);
        self.0.insert(name.clone());
        name
    }
}

/// `Generated by aipc from policies.aip:12: exempt restrict-images, baseline.host-paths`
pub fn source_line(exemption: &Exemption, sources: &Sources) -> String {
    let source = sources.get(exemption.origin.file);
    let (line, _) = source.line_column(exemption.origin.start);
    let name = |(policy, rule): &(String, Option<String>)| match rule {
        Some(rule) => format!("{policy}.{rule}"),
        None => policy.clone(),
    };
    let names: Vec<String> = exemption.rules.iter().map(name).collect();
    format!("Generated by aipc from {}:{line}: exempt {}", source.name, names.join(", "))
}
