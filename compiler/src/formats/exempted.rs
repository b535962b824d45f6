//! Exemptions, made ready for those who write them as exceptions of Kyverno: which rules they name, and what must hold of
//! an object.
//!
//! ```text
//! ir::Exemption ─► of each kind: its conditions about the object, for every subject in it
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

/// The rules that an exemption names, with their policies.
pub fn rules_of<'a>(
    set: &'a PolicySet,
    exemption: &'a Exemption,
) -> impl Iterator<Item = (&'a Policy, &'a Rule)> + Clone {
    let rules = set.policies.iter().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
    rules.filter(|(policy, rule)| exemption.is_from(&policy.name, &rule.name))
}

/// The exemption at each place that its subjects lie at; nothing where no rule speaks on its operations.
///
/// # Errors
/// It names a rule of another verb than these, or asks what Pods in lists were before.
pub fn exempted(set: &PolicySet, exemption: &Exemption) -> Result<Vec<Exempted>, Unsupported> {
    let is_carried = |body: &Body| match body {
        Body::Check(_) => true,
        // Of two objects, an exception could mean either.
        Body::Mutate(mutation) => mutation.existing.is_none(),
        Body::Generate(_) | Body::Verify(_) | Body::Delete(_) => false,
    };
    if rules_of(set, exemption).any(|(_, rule)| !is_carried(&rule.body)) {
        let reason = "aipc writes exceptions from `deny`, `require` and `mutate` without `for` only";
        return Err(Unsupported { span: exemption.origin, reason });
    }
    let spoken_on = rules_of(set, exemption).fold(
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
        every.targets = every_object(set, exemption);
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

/// All kinds, and the subresources that a named rule speaks of.
fn every_object(set: &PolicySet, exemption: &Exemption) -> Vec<Target> {
    let kind = KindRef {
        group: String::new(),
        version: String::new(),
        kind: "*".to_owned(),
        plural: "*".to_owned(),
        namespaced: false,
        untyped: true,
    };
    let mut targets = vec![Target { kind, subresource: None, subjects: vec![SubjectPath::default()] }];
    for target in rules_of(set, exemption).flat_map(|(_, rule)| &rule.targets) {
        let at_object = Target { subjects: vec![SubjectPath::default()], ..target.clone() };
        if target.subresource.is_some() && !targets.contains(&at_object) {
            targets.push(at_object);
        }
    }
    targets
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

/// `policies.aip:12: exempt restrict-images, baseline.host-paths`
pub fn source_line(exemption: &Exemption, sources: &Sources) -> String {
    let source = sources.get(exemption.origin.file);
    let (line, _) = source.line_column(exemption.origin.start);
    let name = |(policy, rule): &(String, Option<String>)| match rule {
        Some(rule) => format!("{policy}.{rule}"),
        None => policy.clone(),
    };
    let names: Vec<String> = exemption.rules.iter().map(name).collect();
    format!("{}:{line}: exempt {}", source.name, names.join(", "))
}
