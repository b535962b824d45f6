//! Why a rule objects: the deciding condition, where it looked, what it found, and what the author says.

use aipc_runtime::machine::Violation;
use aipc_runtime::program::Effect;

use crate::{decide, program};

fn violations(source: &str, yaml: &str) -> Vec<Violation> {
    let program = program(source);
    decide(&program, yaml).verdicts.into_iter().flat_map(|verdict| verdict.violations).collect()
}

/// Subject, message, deciding condition, path, value.
fn told(source: &str, yaml: &str) -> Vec<[String; 5]> {
    violations(source, yaml)
        .into_iter()
        .map(|it| {
            let value = it.cause.value.unwrap_or_else(|| "-".to_owned());
            [it.path, it.message, it.cause.text, it.cause.path, value]
        })
        .collect()
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, labels: {team: ml}}
spec:
  replicas: 2
  selector: {}
  template:
    spec:
      containers:
      - {name: a, image: 'nginx:1'}
      - {name: b, image: nginx, securityContext: {privileged: true}}
";

#[test]
fn the_last_condition_with_what_it_read() {
    let table = [
        (
            "deny container if securityContext.privileged message \"{name} of {resource.metadata.name} is privileged\"",
            vec![[
                "spec.template.spec.containers[1]",
                "b of d is privileged",
                "securityContext.privileged",
                "spec.template.spec.containers[1].securityContext.privileged",
                "true",
            ]],
        ),
        (
            r#"deny pod if image ~ "*:latest" or container.image.tag == "latest" message "m""#,
            vec![[
                "spec.template",
                "m",
                r#"container.image.tag == "latest""#,
                "spec.template.spec.containers[1].image",
                "\"nginx\"",
            ]],
        ),
        (
            r#"require Deployment that metadata.labels.owner ~ "?*" message "m""#,
            vec![["", "m", r#"metadata.labels.owner ~ "?*""#, "metadata.labels.owner", "-"]],
        ),
        (r#"require pod that every v in spec.volumes: has v.name and has spec.nodeName message "m""#, vec![]),
        (
            r#"require pod that any c in container: c.image ~ "good/*" message "m""#,
            vec![[
                "spec.template",
                "m",
                r#"any c in container: c.image ~ "good/*""#,
                "spec.template.spec.containers",
                r#"[{"image":"nginx:1","name":"a"},{"image":"nginx","name":"b","securityContext":{"privileged":true}}]"#,
            ]],
        ),
        (
            r#"deny Deployment with n = spec.replicas + 1 if n > 2 message "{n}""#,
            vec![["", "3", "n > 2", "spec.replicas", "2"]],
        ),
    ];
    for (source, expected) in table {
        let found = told(source, DEPLOYMENT);
        let found: Vec<Vec<&str>> =
            found.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        assert_eq!(found, expected, "{source}");
    }
}

#[test]
fn the_cause_points_into_the_source() {
    let found = violations("deny Deployment\n  if spec.replicas > 1\n  and spec.replicas < 5", DEPLOYMENT);
    let origin = found[0].cause.origin;
    assert_eq!((origin.line, origin.column), (3, 7));
}

#[test]
fn the_first_action_that_holds() {
    let effect = |source: &str| {
        let action = violations(source, DEPLOYMENT)[0].action;
        (action.effect, action.warn)
    };
    assert_eq!(effect("deny Deployment if spec.replicas > 1"), (Effect::Enforce, false));
    assert_eq!(effect("deny Deployment if spec.replicas > 1 action audit, warn"), (Effect::Audit, true));
    let conditional =
        "deny Deployment if spec.replicas > 1\n action audit where namespace ~ \"NS\"\n action enforce, warn";
    assert_eq!(effect(&conditional.replace("NS", "def*")), (Effect::Audit, false));
    assert_eq!(effect(&conditional.replace("NS", "prod")), (Effect::Enforce, true));
}

#[test]
fn long_values_are_cut() {
    let yaml = DEPLOYMENT.replace("team: ml", &format!("team: {}", "é".repeat(300)));
    let found = violations("deny Deployment if has label.team", &yaml);
    let value = found[0].cause.value.clone().unwrap();
    assert!(value.ends_with('…') && value.len() < 220, "{value}");
}
