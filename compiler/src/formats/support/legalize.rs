//! Says what a target cannot carry.

use super::{Feature, Support, Target, features_of, features_of_policy};
use crate::diagnostic::{Code, Diagnostic};
use crate::formats::exempted::{self, Held};
use crate::ir;
use crate::source::Span;

/// Errors for what the target lacks and warnings for what it carries with differences. Without errors, the
/// target's emitter writes the set; what it refuses all the same is a form that only shows when it is written.
pub fn legalize(set: &ir::PolicySet, target: Target) -> Vec<Diagnostic> {
    let mut seen = std::collections::HashSet::new();
    set.policies
        .iter()
        .flat_map(features_of_policy)
        .chain(set.exemptions.iter().flat_map(|exemption| features_of_exemption(set, exemption)))
        .filter(|found| seen.insert(*found))
        .filter_map(|(feature, span)| judge(feature, span, target))
        .collect()
}

/// As [`legalize`], of one exemption.
pub fn legalize_exemption(set: &ir::PolicySet, exemption: &ir::Exemption, target: Target) -> Vec<Diagnostic> {
    let features = features_of_exemption(set, exemption).into_iter();
    features.filter_map(|(feature, span)| judge(feature, span, target)).collect()
}

fn features_of_exemption(set: &ir::PolicySet, exemption: &ir::Exemption) -> Vec<(Feature, Span)> {
    let ends = exemption.until.is_some();
    let rules = exempted::rules_of(set, exemption);
    let is_from = |verb: fn(&ir::Rule) -> bool| rules.iter().any(|(_, rule)| verb(rule));
    let as_rule = exemption.as_rule();
    let own = [
        (Feature::Exempt, true),
        (Feature::ExemptUntil, ends),
        (Feature::ExemptGenerateUntil, ends && is_from(|rule| matches!(rule.body, ir::Body::Generate(_)))),
        (
            Feature::ExemptCleanUpByRequest,
            exempted::asks_of_request(exemption) && is_from(|rule| Held::by(rule) == Held::CleanedUp),
        ),
        (
            Feature::ExemptExistingByNamespace,
            ir::rewrite::mentions(&as_rule, ir::Root::NamespaceObject)
                && is_from(|rule| Held::by(rule) == Held::Existing),
        ),
    ];
    let own = own.into_iter().filter_map(|(feature, holds)| holds.then_some((feature, exemption.origin)));
    let of_conditions = features_of(&as_rule).into_iter();
    own.chain(of_conditions.filter(|(feature, _)| *feature != Feature::DenyRequire)).collect()
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
