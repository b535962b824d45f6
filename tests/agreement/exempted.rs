//! Exemptions from rules that run beside admission, or after it: `delete`, `generate` and `mutate … for`. What they cover
//! is the same to our bytecode, and to Kyverno with both of our forms.

use super::cleanup::give_space_and_time;
use super::exceptions::compiled;
use super::{admissible, existing, generation};
use crate::support::compile::{Compiled, compile};
use crate::support::oracle::{Operation, Oracle, Request};
use crate::support::parallel::in_parallel;
use crate::support::recording::Digests;
use crate::support::resources::{Hint, Profile};
use crate::support::three_ways::ThreeWays;
use crate::support::verdict::Verdict;
use serde_json::{Value, json};

/// Of one kind, of several, of Pods in workloads, in a namespace; and a rule of another verb, which the same exemption
/// may name.
const CLEAN_UPS: &str = r#"
policy old {
  rule pods: delete pod if spec.hostNetwork or not has spec.serviceAccountName every 1d
  rule maps: delete ConfigMap, Secret, Service if metadata.labels.app != "web" every 1h
  rule all: delete Deployment every 1d
}
policy team {
  settings { namespace: "prod" }
  delete ConfigMap if not has metadata.labels.team every 1d
}
policy judged { deny ConfigMap, Pod if not has metadata.labels.team }
"#;

const FROM_CLEAN_UPS: &[(&str, &str)] = &[
    ("all-rules", "exempt old because \"r\""),
    ("one-rule", "exempt old.maps because \"r\""),
    ("every-policy", "exempt \"*\" for resource where metadata.labels.app == \"api\" because \"r\""),
    ("by-name", "exempt old for resource where metadata.name ~ \"*a*\" because \"r\""),
    (
        "with-verdicts",
        "exempt old, judged for ConfigMap, Pod only where namespace ~ \"p*\" and has metadata.labels because \"r\"",
    ),
    ("in-namespace", "exempt old for resource where namespace == \"prod\" because \"r\""),
    ("not-in-namespace", "exempt old for pod where namespace not in [\"prod\", \"pre\"] because \"r\""),
    ("one-kind", "exempt old.maps for Secret where has metadata.labels.app because \"r\""),
    ("workloads", "exempt old.pods for Deployment, CronJob because \"r\""),
    ("pods-alone", "exempt old.pods for Pod only where not spec.hostNetwork because \"r\""),
    (
        "in-templates",
        "exempt old.pods for pod where any c in spec.containers: c.image ~ \"*nginx*\" because \"r\"",
    ),
    (
        "every-container",
        "exempt old for pod where every c in spec.containers: not has c.resources.limits because \"r\"",
    ),
    (
        "with-binding",
        "exempt old for resource with app = metadata.labels.app ?? \"none\" where app in [\"none\", \"api\"] because \"r\"",
    ),
    ("of-a-namespace", "exempt team, old for ConfigMap where has data because \"r\""),
    ("future", "exempt old for resource where namespace != \"prod\" until 2199-01-31 because \"r\""),
    ("future-all", "exempt old until 2199-01-31 because \"r\""),
    (
        "two-exemptions",
        "exempt old.maps for Secret where namespace == \"prod\" because \"a\"\nexempt old for resource where metadata.labels.app == \"api\" because \"b\"",
    ),
    ("ended", "exempt old until 2020-01-31 because \"r\""),
    (
        "ended-with-conditions",
        "exempt old for pod where namespace != \"prod\" until 2020-01-31 because \"r\"",
    ),
];

fn resources(number: usize) -> Vec<Value> {
    let hints = vec![
        Hint::new("metadata.labels.app", [json!("web"), json!("api")]),
        Hint::new("metadata.labels.team", [json!("ml")]),
        Hint::new("spec.hostNetwork", [json!(true)]).of_kinds(&["Pod"]),
        Hint::new("spec.containers[].image", [json!("nginx"), json!("nginx:1"), json!("a/b")]),
    ];
    let kinds = [Profile::workloads().kinds, vec!["ConfigMap", "Secret", "Service", "ConfigMap"]].concat();
    let profile = Profile { kinds, hints, ..Profile::workloads() };
    let mut resources = admissible(70_000 + number as u64 * 1000, 160, &profile);
    resources.iter_mut().enumerate().for_each(|(number, it)| give_space_and_time(number, it));
    resources
}

#[test]
fn exempt_objects_stay() {
    let judge = ThreeWays::open("exempted_clean_ups");
    let bare = compiled(CLEAN_UPS).unwrap_or_else(|problem| panic!("{problem}"));
    let found = in_parallel(FROM_CLEAN_UPS.len(), |number| {
        let (name, exemption) = FROM_CLEAN_UPS[number];
        let source = format!("{CLEAN_UPS}{exemption}\n");
        let compiled = match compiled(&source) {
            Ok(compiled) => compiled,
            Err(problem) => return Some(format!("{name}: {problem}")),
        };
        let (resources, request) = (resources(number), Request::default());
        let outcome = judge.compare(&source, &compiled, &resources, &request, true);
        if !outcome.agrees() {
            return Some(format!("{name}: {}", outcome.describe(exemption)));
        }
        let go = |by: &Compiled| {
            let goes = |&at: &usize| by.judge(&resources[at], at, &request).verdict == Verdict::Fail;
            (0..resources.len()).filter(goes).count()
        };
        let (now, before) = (go(&compiled), go(&bare));
        // One that covers nothing would show little, and one that has ended must.
        ((now == before) != name.starts_with("ended")).then(|| format!("{name}: {before} go, then {now}"))
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found[..found.len().min(3)].join("\n\n"));
    judge.close();
}

const GENERATIONS: &str = r#"
policy made {
  rule closed: generate NetworkPolicy "closed" in trigger.metadata.name for Namespace {
    spec: { podSelector: {}, policyTypes: ["Ingress"] } }
  rule copied: generate ConfigMap "copy" in space for ConfigMap each space in ["dev", "test"] { data: { space: space } }
  rule noted: generate ConfigMap "of-{trigger.metadata.name}" in namespace for Deployment { data: { a: "b" } }
}
policy judged { deny Namespace, Deployment if not has metadata.labels.team }
"#;

const FROM_GENERATIONS: &[(&str, &str, &str)] = &[
    ("Namespace", "all", "exempt made because \"r\""),
    (
        "Namespace",
        "label",
        "exempt made.closed for Namespace where metadata.labels.team == \"ml\" because \"r\"",
    ),
    ("Namespace", "with-verdicts", "exempt \"*\" for resource where metadata.name ~ \"*1*\" because \"r\""),
    ("Namespace", "user", "exempt made for resource where user.name == \"ann\" because \"r\""),
    ("ConfigMap", "loops", "exempt made for ConfigMap where metadata.labels.app != \"web\" because \"r\""),
    ("ConfigMap", "on-create", "exempt made for resource on create where has metadata.labels because \"r\""),
    (
        "Deployment",
        "pods",
        "exempt made for pod where any c in spec.containers: c.image ~ \"*nginx*\" because \"r\"",
    ),
    ("Deployment", "namespace", "exempt made for Deployment where namespace == \"default\" because \"r\""),
    (
        "Deployment",
        "future",
        "exempt made for Deployment where spec.replicas > 1 until 2199-01-31 because \"r\"",
    ),
    ("Namespace", "ended", "exempt made until 2020-01-31 because \"r\""),
];

/// Whether both forms were written, but for the reasons that are meant.
fn written<'a>(name: &str, compiled: &'a Compiled, meant: &str) -> Result<Vec<&'a String>, String> {
    let mut forms = Vec::new();
    for form in [&compiled.legacy, &compiled.successor] {
        match form {
            Ok(yaml) => forms.push(yaml),
            Err(reasons) if !meant.is_empty() && reasons.iter().all(|it| it.contains(meant)) => {}
            Err(reasons) => return Err(format!("{name}: {reasons:?}")),
        }
    }
    Ok(forms)
}

#[test]
fn exempt_triggers_make_nothing() {
    let oracle = Oracle::shared();
    let digests = Digests::open("exempted_generations");
    let bare = compiled(GENERATIONS).unwrap_or_else(|problem| panic!("{problem}"));
    let found = in_parallel(FROM_GENERATIONS.len(), |number| {
        let (kind, name, exemption) = FROM_GENERATIONS[number];
        let source = format!("{GENERATIONS}{exemption}\n");
        let tried = || -> Result<(), String> {
            let compiled = compile(&source).map_err(|said| format!("{name}: {said:?}"))?;
            let meant = if exemption.contains("until") { "expiresAt" } else { "" };
            let forms = written(name, &compiled, meant)?;
            let (triggers, request) = (generation::triggers(50 + number, kind), generation::request());
            let made = |by: &Compiled| -> Vec<Value> {
                triggers.iter().map(|it| generation::plain(&by.generate(it, &request))).collect()
            };
            let ours = made(&compiled);
            if (ours == made(&bare)) != (name == "ended") {
                return Err(format!("{name}: whether it changes anything is not what was expected"));
            }
            let Some(oracle) = oracle else { return digests.compare(name, &source, &ours) };
            digests.note(name, &source, &ours);
            let live = |yaml| generation::live(oracle, name, yaml, &triggers, &ours, &request);
            forms.into_iter().find_map(|yaml| live(yaml)).map_or(Ok(()), Err)
        };
        tried().err()
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n\n"));
    digests.close();
}

const CHANGES: &str = r#"
policy followed {
  rule noted: mutate Deployment where metadata.namespace == trigger.metadata.namespace
    for ConfigMap where has data.policy {
    set metadata.annotations.policy = trigger.data.policy
  }
  rule scaled: mutate Deployment for ConfigMap { default spec.replicas = 2  set metadata.labels.seen = "yes" }
}
policy kept { deny ConfigMap if not has metadata.labels.team }
"#;

const FROM_CHANGES: &[(&str, &str)] = &[
    ("all", "exempt followed because \"r\""),
    ("one-rule", "exempt followed.scaled because \"r\""),
    ("by-trigger", "exempt followed for ConfigMap where data.policy == \"strict\" because \"r\""),
    ("by-namespace", "exempt followed for ConfigMap where namespace == \"models\" because \"r\""),
    ("with-verdicts", "exempt \"*\" for ConfigMap where metadata.labels.team == \"ml\" because \"r\""),
    ("by-name", "exempt followed for resource where metadata.name ~ \"t1*\" because \"r\""),
    (
        "by-user",
        "exempt followed for resource where user.name == \"ann\" and has metadata.labels.team because \"r\"",
    ),
    ("on-update", "exempt followed for ConfigMap on update where has metadata.labels.team because \"r\""),
    ("with-old", "exempt followed for ConfigMap on update where old.data.policy == \"open\" because \"r\""),
    ("any-key", "exempt followed for ConfigMap where any k, v in data: v == \"open\" because \"r\""),
    ("future", "exempt followed for ConfigMap where has data.policy until 2199-01-31 because \"r\""),
    ("ended", "exempt followed until 2020-01-31 because \"r\""),
];

#[test]
fn exempt_triggers_change_nothing() {
    let oracle = Oracle::shared();
    let digests = Digests::open("exempted_changes");
    let bare = compiled(CHANGES).unwrap_or_else(|problem| panic!("{problem}"));
    let found = in_parallel(FROM_CHANGES.len(), |number| {
        let (name, exemption) = FROM_CHANGES[number];
        let source = format!("{CHANGES}{exemption}\n");
        let tried = || -> Result<(), String> {
            let compiled = compile(&source).map_err(|said| format!("{name}: {said:?}"))?;
            let forms = written(name, &compiled, "")?;
            let first = 90_000 + number as u64 * 1000;
            let triggers = existing::objects(first, "ConfigMap", 12, "t");
            let world = existing::objects(first + 500, "Deployment", 6, "target");
            let mut request = existing::request(&world);
            if exemption.contains("on update") {
                let mut olds = triggers.clone();
                olds.iter_mut().step_by(2).for_each(|it| it["data"] = json!({"policy": "open"}));
                request = Request { operation: Some(Operation::Update), old_resources: olds, ..request };
            }
            let made = |by: &Compiled| -> Vec<Value> {
                let of = |(at, it): (usize, &Value)| existing::plain(&by.existing_at(it, at, &request));
                triggers.iter().enumerate().map(of).collect()
            };
            let ours = made(&compiled);
            if (ours == made(&bare)) != (name == "ended") {
                return Err(format!("{name}: whether it changes anything is not what was expected"));
            }
            let Some(oracle) = oracle else { return digests.compare(name, &source, &ours) };
            digests.note(name, &source, &ours);
            let live = |yaml| existing::live(oracle, name, yaml, &triggers, &ours, &request);
            forms.into_iter().find_map(|yaml| live(yaml)).map_or(Ok(()), Err)
        };
        tried().err()
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n\n"));
    digests.close();
}

/// What one of the forms cannot say is refused, with the reason.
#[test]
fn what_kyverno_does_not_honour_is_refused() {
    let policies =
        format!("{CLEAN_UPS}{}{CHANGES}", GENERATIONS.split("policy judged").next().unwrap_or_default());
    let cases: &[(&str, [&str; 2])] = &[
        ("exempt made until 2199-01-31 because \"r\"", ["", "does not read `expiresAt`"]),
        (
            "exempt old for ConfigMap where namespace.labels.tier == \"gold\" because \"r\"",
            ["Kyverno sees labels of namespaces in `match` only", ""],
        ),
        (
            "exempt followed for ConfigMap where namespace.labels.tier == \"gold\" because \"r\"",
            ["", "Kyverno does not know the namespace"],
        ),
        (
            "exempt old for Secret where now - metadata.creationTimestamp < 30d because \"r\"",
            ["", "only the functions of CEL that Kubernetes itself has"],
        ),
    ];
    for (exemption, reasons) in cases {
        let compiled = compile(&format!("{policies}{exemption}\n")).unwrap_or_else(|said| panic!("{said:?}"));
        for (form, reason) in [&compiled.legacy, &compiled.successor].into_iter().zip(reasons) {
            match form {
                Ok(yaml) => assert!(reason.is_empty(), "{exemption}\n{yaml}"),
                Err(said) => {
                    assert!(
                        !reason.is_empty() && said.iter().any(|it| it.contains(reason)),
                        "{exemption}: {said:?}"
                    );
                }
            }
        }
    }
    for exemption in [
        "exempt old for resource where user.name == \"ann\" because \"r\"",
        "exempt old.maps for Secret on update because \"r\"",
        "exempt \"*\" for ConfigMap where request.operation == \"CREATE\" because \"r\"",
    ] {
        let said = compile(&format!("{policies}{exemption}\n")).err().unwrap_or_default();
        assert!(said.iter().any(|it| it.contains("a clean-up runs by itself")), "{exemption}: {said:?}");
    }
}
