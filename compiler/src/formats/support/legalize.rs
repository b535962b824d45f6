//! Says what a target cannot carry.

use super::{Feature, Support, Target, features_of_policy};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir;
use crate::source::Span;

/// Errors for what the target lacks and warnings for what it carries with differences. Without errors, the
/// target's emitter is total on the set.
pub fn legalize(set: &ir::PolicySet, target: Target) -> Vec<Diagnostic> {
    let mut seen = std::collections::HashSet::new();
    let mut found: Vec<Diagnostic> = set
        .policies
        .iter()
        .flat_map(features_of_policy)
        .chain(set.exemptions.iter().map(|it| (Feature::Exempt, it.origin)))
        .filter(|found| seen.insert(*found))
        .filter_map(|(feature, span)| judge(feature, span, target))
        .collect();
    // Some features are carried but for a few forms; what is left shows only when it is written.
    let is_refused = |diagnostic: &Diagnostic| diagnostic.code == Code::NotInTarget;
    if target == Target::KyvernoLegacy && !found.iter().any(is_refused) {
        found.extend(crate::formats::cluster_policy::unsupported(set));
    }
    found
}

fn judge(feature: Feature, span: Span, target: Target) -> Option<Diagnostic> {
    let row = feature.row();
    match row.of(target) {
        Support::Yes | Support::Encoded(_) | Support::Since(_) => None,
        Support::Differs(cases) => Some(
            Diagnostic::new(
                Code::DiffersInTarget,
                span,
                format!("{} in {} is not always the same", row.name, target.title()),
            )
            .at(cases),
        ),
        Support::No(reason) => {
            let diagnostic = Diagnostic::new(
                Code::NotInTarget,
                span,
                format!("{} cannot be said in {}", row.name, target.title()),
            )
            .at(reason);
            let others: Vec<String> = Target::ALL
                .into_iter()
                .filter(|other| *other != target && !matches!(row.of(*other), Support::No(_)))
                .map(|other| format!("`--target {}`", other.name()))
                .collect();
            Some(match others.is_empty() {
                true => diagnostic,
                false => diagnostic.help(format!("{} can say it", others.join(" and "))),
            })
        }
    }
}
