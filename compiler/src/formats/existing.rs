//! `mutate … for`: what a rule does with the existing objects of each kind, for whoever writes it.

use crate::ir::rewrite::{inlined_existing, visit_edit, visit_values};
use crate::ir::{Cond, Edit, Path, Root, Rule, Step, Target, Value, ValueKind};

/// The objects of one kind, with what is asked of them and done to them. Paths begin at [`Root::Existing`], and there
/// are no `with` values.
pub struct OfKind {
    pub target: Target,
    pub applies: Vec<Cond>,
    pub edits: Vec<Edit>,
}

/// What the rule does with each kind; empty where it is not about existing objects.
pub fn by_kind(rule: &Rule) -> Vec<OfKind> {
    let rule = inlined_existing(rule);
    let crate::ir::Body::Mutate(mutation) = &rule.body else { return Vec::new() };
    let Some(existing) = &mutation.existing else { return Vec::new() };
    let of_kind = |target: &Target| {
        // INVARIANT: lowering has seen that each subject has one place.
        let way: Vec<Step> = target
            .subjects
            .first()
            .and_then(|path| path.fields())
            .map_or(Vec::new(), |it| it.into_iter().map(|field| Step::Field(field.clone())).collect());
        let mut put = |value: &mut Value| {
            if let ValueKind::Path(path) = &mut value.kind {
                at_place(path, &way);
            }
        };
        let mut applies = existing.applies.clone();
        applies.iter_mut().for_each(|cond| visit_values(cond, &mut put));
        let mut edits = mutation.edits.clone();
        edits.iter_mut().for_each(|edit| visit_edit(edit, &mut put));
        OfKind { target: target.clone(), applies, edits }
    };
    existing.targets.iter().map(of_kind).collect()
}

/// A path from the subject becomes one from the object.
fn at_place(path: &mut Path, way: &[Step]) {
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
