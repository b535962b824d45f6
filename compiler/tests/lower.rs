//! Meaning in the IR: what the shape of a few sources becomes.

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::ir::{self, CondKind};
use aipc_compiler::source::{NoFiles, Sources};

fn rules(source: &str) -> Vec<ir::Rule> {
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", source);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
    assert!(!analysis.has_errors(), "{source}: {:#?}", analysis.diagnostics);
    let (set, refused) = (analysis.policies.clone(), analysis.not_carried.clone());
    assert!(refused.is_empty(), "{source}: {refused:#?}");
    set.policies.into_iter().flat_map(|it| it.rules).collect()
}

/// The violations of each rule in normal form, places of the source and numbers of locals left out.
fn violation(source: &str) -> String {
    let rule = rules(source).remove(0);
    let text = format!("{:?}", ir::rewrite::normalize(&rule.check().expect("a check").violation));
    let mut kept = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(", origin: Span {") {
        kept.push_str(&rest[..at]);
        let after = &rest[at..];
        rest = &after[after.find('}').map_or(after.len(), |end| end + 1)..];
    }
    kept.push_str(rest);
    kept
}

#[test]
fn a_rule_and_its_duals_are_one_rule() {
    let one = violation(r#"deny pod if image !~ "a/*""#);
    assert_eq!(one, violation(r#"deny pod if not (image ~ "a/*")"#));
    assert_eq!(one, violation(r#"require pod that image ~ "a/*""#));
    assert_eq!(one, violation(r#"require pod that not (image !~ "a/*")"#));
    let two = violation(r#"deny container if image ~ "a/*" and not securityContext.privileged"#);
    assert_eq!(two, violation(r#"require container that not (image ~ "a/*") or securityContext.privileged"#));
}

#[test]
fn a_bare_quantifier_over_a_constant_list_is_written_out() {
    let rule = rules(r#"require resource that every k in ["a", "b"]: metadata.labels[k] ~ "?*""#).remove(0);
    let violation = ir::rewrite::normalize(&rule.check().expect("a check").violation);
    let CondKind::Or(parts) = &violation.kind else { panic!("{violation:#?}") };
    assert_eq!(parts.len(), 2);
}

#[test]
fn unknown_users_make_a_rule_apply() {
    let known = |source: &str| {
        let rule = rules(source).remove(0);
        match &rule.applies[0].kind {
            CondKind::Known { about, otherwise, .. } => (*about, *otherwise),
            CondKind::Not(inner) => match &inner.kind {
                CondKind::Known { about, otherwise, .. } => (*about, !*otherwise),
                other => panic!("{other:#?}"),
            },
            other => panic!("{other:#?}"),
        }
    };
    use ir::Unknown::{NamespaceLabels, User};
    assert_eq!(known(r#"deny pod where user.name == "ann" if spec.hostNetwork"#), (User, true));
    assert_eq!(known(r#"deny pod where user.name != "ann" if spec.hostNetwork"#), (User, true));
    assert_eq!(
        known(r#"deny pod where not any g in user.groups: g ~ "p-*" if spec.hostNetwork"#),
        (User, true)
    );
    assert_eq!(
        known(r#"deny pod where namespace.labels.a == "b" if spec.hostNetwork"#),
        (NamespaceLabels, true)
    );
}

#[test]
fn where_about_an_element_filters_elements() {
    let rule = rules(
        r#"deny container where image ~ "a/*" where resource.metadata.name ~ "x*" if securityContext.privileged"#,
    )
    .remove(0);
    assert_eq!(rule.applies.len(), 1);
    let elements = rule.check().expect("a check").elements.clone().expect("an element rule");
    assert_eq!(elements.view, "container");
    assert!(matches!(elements.filter.kind, CondKind::Glob { .. }));
}

#[test]
fn pods_are_found_in_every_kind_that_makes_them() {
    let rule = rules("deny pod if spec.hostNetwork").remove(0);
    let kinds: Vec<&str> = rule.targets.iter().map(|it| it.kind.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "Pod",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "ReplicationController",
            "Job",
            "CronJob"
        ]
    );
    assert_eq!(rule.targets[7].subjects[0].0.len(), 4);
}
