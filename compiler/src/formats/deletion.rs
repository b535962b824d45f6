//! What the two forms of a clean-up share: which rules they can say, and what they ask of namespaces.

use super::{Emitted, Unsupported, gathered, rules_with};
use crate::diagnostic::Diagnostic;
use crate::ir::{Body, Cond, CondKind, Policy, PolicySet, Root, Rule, Unknown, measure};

/// The policies for the `delete` rules of a set, in source order; `kind` is the one that says them.
///
/// # Errors
/// A diagnostic for each rule that a clean-up cannot say.
pub fn emit(
    set: &PolicySet,
    kind: &str,
    mut of_rule: impl FnMut(&Policy, &Rule) -> Result<Vec<Emitted>, Unsupported>,
) -> Result<Vec<Emitted>, Vec<Diagnostic>> {
    gathered(rules_with(set, |body| matches!(body, Body::Delete(_))), kind, |(policy, rule)| {
        listable(policy, rule)?;
        of_rule(policy, rule)
    })
}

/// Kyverno lists the objects of each kind by group, version and name, and a policy of a namespace lists those in it.
fn listable(policy: &Policy, rule: &Rule) -> Result<(), Unsupported> {
    let refuse = |reason| Err(Unsupported { span: rule.origin, reason });
    let in_namespace = rule.settings.over(&policy.settings).namespace.is_some();
    for kind in rule.targets.iter().map(|target| &target.kind) {
        let is_open = |part: &str| part.is_empty() || part.contains('*');
        if kind.is_any() || kind.kind.contains('*') || kind.group.contains('*') || is_open(&kind.version) {
            return refuse(
                "Kyverno lists what it deletes kind by kind and finds none for `*`: name the kinds with their version",
            );
        }
        if in_namespace && !kind.namespaced {
            return refuse("a policy of a namespace deletes nothing that lives outside of namespaces");
        }
    }
    Ok(())
}

/// A condition about labels of the namespace does not hold where they are not known: what is in doubt stays.
pub fn where_known(cond: &mut Cond) {
    if let CondKind::And(parts) = &mut cond.kind {
        return parts.iter_mut().for_each(where_known);
    }
    let about_labels = measure::any_root(cond, &mut |root| root == Root::NamespaceObject);
    if about_labels && !matches!(cond.kind, CondKind::Known { .. }) {
        let origin = cond.origin;
        let inner = std::mem::replace(cond, Cond::constant(false, origin));
        let about = Unknown::NamespaceLabels;
        *cond = Cond::new(CondKind::Known { about, cond: Box::new(inner), otherwise: false }, origin);
    }
}
