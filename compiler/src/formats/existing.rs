//! `mutate … for`: what a rule does with existing objects, for whoever writes it.

use super::Unsupported;
use crate::ir::rewrite::{inlined_existing, visit_body, visit_edit, visit_values};
use crate::ir::{
    Body, Cond, Edit, Existing, Mutation, Path, Root, Rule, Settings, Step, SubjectPath, Target, Value,
    ValueKind,
};

/// The rule once for each place that its existing subjects lie at. Paths about them begin at [`Root::Existing`], and
/// they have no `with` values. As it is where it is not about existing objects.
pub fn apart(rule: &Rule) -> Vec<Rule> {
    let inlined = inlined_existing(rule);
    let Body::Mutate(Mutation { existing: Some(existing), edits }) = &inlined.body else {
        return vec![rule.clone()];
    };
    let mut groups: Vec<(Vec<Step>, Vec<Target>)> = Vec::new();
    for target in &existing.targets {
        let way = way(target);
        let target = Target { subjects: vec![SubjectPath::default()], ..target.clone() };
        match groups.iter_mut().find(|(other, _)| *other == way) {
            Some((_, targets)) => targets.push(target),
            None => groups.push((way, vec![target])),
        }
    }
    let at_place = |(way, targets): (Vec<Step>, Vec<Target>)| {
        let mut put = |value: &mut Value| put(value, &way);
        let mut applies = existing.applies.clone();
        applies.iter_mut().for_each(|cond| visit_values(cond, &mut put));
        let mut edits = edits.clone();
        edits.iter_mut().for_each(|edit| visit_edit(edit, &mut put));
        let existing = Existing { targets, applies, bindings: Vec::new() };
        Rule { body: Body::Mutate(Mutation { existing: Some(existing), edits }), ..inlined.clone() }
    };
    groups.into_iter().map(at_place).collect()
}

/// The fields on the way to the subject.
fn way(target: &Target) -> Vec<Step> {
    // INVARIANT: lowering has seen that each subject has one place.
    let fields = target.subjects.first().and_then(SubjectPath::fields).unwrap_or_default();
    fields.into_iter().map(|field| Step::Field(field.clone())).collect()
}

/// A path from the subject becomes one from the object.
fn put(value: &mut Value, way: &[Step]) {
    let ValueKind::Path(path) = &mut value.kind else { return };
    if path.root != Root::ExistingSubject {
        return;
    }
    // An object has `metadata`, a template in it may have none.
    if !way.is_empty()
        && let Some(Step::Field(field)) = path.steps.first_mut()
        && field.name == "metadata"
    {
        field.required = false;
    }
    path.root = Root::Existing;
    path.steps.splice(0..0, way.iter().cloned());
}

/// What a rule asks of an existing object and does to it, seen from there: that object is [`Root::Object`], and the
/// one that was admitted [`Root::Existing`]. So whatever writes edits of an object writes these.
pub fn seen_from_target(mutation: &Mutation) -> (Vec<Cond>, Mutation) {
    let turn = |value: &mut Value| {
        if let ValueKind::Path(Path { root, .. }) = &mut value.kind {
            *root = match *root {
                Root::Existing | Root::ExistingSubject => Root::Object,
                Root::Object | Root::Subject => Root::Existing,
                other => other,
            };
        }
    };
    let mut applies = mutation.existing.as_ref().map_or(Vec::new(), |it| it.applies.clone());
    let mut edits: Vec<Edit> = mutation.edits.clone();
    applies.iter_mut().for_each(|cond| visit_values(cond, &mut { turn }));
    edits.iter_mut().for_each(|edit| visit_edit(edit, &mut { turn }));
    (applies, Mutation { existing: None, edits })
}

/// What no YAML of Kyverno says of existing objects, whatever its kind.
///
/// # Errors
/// The rule is about one of these.
pub fn can_be_said(rule: &Rule, mutation: &Mutation, settings: &Settings) -> Result<(), Unsupported> {
    let refused = |span, reason| Err(Unsupported { span, reason });
    if rule.operations.delete {
        return refused(
            rule.origin,
            "on delete Kyverno asks whether a rule applies by a request without its object",
        );
    }
    if settings.namespace.is_some() {
        return refused(
            rule.origin,
            "Kyverno lets a policy of a namespace change objects of that namespace only",
        );
    }
    let mut found = None;
    visit_body(&mut Body::Mutate(mutation.clone()), &mut |value| {
        let is_bare = |path: &Path| matches!(path.root, Root::Namespace | Root::NamespaceObject);
        if value.as_path().is_some_and(is_bare) {
            found.get_or_insert(value.origin);
        }
    });
    match found {
        Some(span) => refused(
            span,
            "say `trigger.metadata.namespace`: this is read where the existing object is at hand",
        ),
        None => Ok(()),
    }
}
