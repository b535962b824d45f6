//! The best practices of the library: each policy three ways, on objects of every kind that it may speak of.

use super::ports::{Cause, compare, corpus, says};
use super::{admissible, give_namespace};
use crate::support::compile::{Compiled, compile};
use crate::support::judge::Judge;
use crate::support::oracle::Request;
use crate::support::resources::{KINDS, Profile, WORKLOADS};
use crate::support::three_ways::ThreeWays;
use serde_json::{Value, json};

const RESOURCES: usize = 200;

fn policy(name: &str, arguments: &str) -> (String, Compiled) {
    let source = format!(
        "use \"std/best-practices/{name}\" as library\npolicy {name} = library.{name}({arguments})\n"
    );
    let compiled = compile(&source).unwrap_or_else(|said| panic!("{name}: {said:#?}"));
    (source, compiled)
}

/// The policy of a library file has the file's name, and a default for each parameter.
#[test]
fn policies_say_the_same_three_ways() {
    let judge = ThreeWays::open("best-practices");
    let folder = "best-practices/";
    let names = aipc_compiler::stdlib::names().filter_map(|name| name.strip_prefix(folder));
    let mut count = 0;
    let (mut denied, mut problems) = (0, Vec::new());
    for (number, name) in names.enumerate() {
        let (source, compiled) = policy(name, "");
        for form in [&compiled.legacy, &compiled.successor] {
            assert!(form.is_ok(), "{name}: {form:?}");
        }
        let first = 20_000 + number as u64 * 1_000;
        let mut resources =
            admissible(first, RESOURCES / 2, &Profile { kinds: WORKLOADS.to_vec(), ..Profile::all() });
        let others = KINDS.into_iter().filter(|kind| !WORKLOADS.contains(kind)).collect();
        resources.extend(admissible(
            first + 500,
            RESOURCES / 2,
            &Profile { kinds: others, ..Profile::all() },
        ));
        give_namespace(&mut resources);
        let outcome = judge.compare(&source, &compiled, &resources, &Request::default(), true);
        if !outcome.agrees() {
            problems.push(format!("{name}: {}", outcome.describe(&source)));
        }
        denied += usize::from(outcome.counts[1] > 0);
        count += 1;
    }
    assert!(problems.is_empty(), "{} of {count}:\n{}", problems.len(), problems.join("\n\n"));
    assert!(count >= 25 && denied * 2 > count, "{denied} of {count} policies deny something");
    judge.close();
}

/// Whether an element of a list lacks a field, or there is no list.
fn lacks(list: &Value, field: &str) -> bool {
    list.as_array().is_none_or(|elements| elements.iter().any(|element| element[field].is_null()))
}

/// Ours, its arguments, the policy of the corpus with its intent, and the published causes of differences. Others of the
/// library mean to differ in more than that; their files say in what.
const PORTS: &[(&str, &str, &str, &[Cause])] = &[
    ("disallow-cri-socket-mounts", "", "best-practices/disallow-cri-sock-mount/disallow-cri-sock-mount", &[]),
    ("disallow-helm-tiller", "", "best-practices/disallow-helm-tiller/disallow-helm-tiller", &[]),
    ("require-labels", "", "best-practices/require-labels/require-labels", &[]),
    (
        "disallow-deprecated-registry",
        "",
        "other/restrict-deprecated-registry/restrict-deprecated-registry",
        &[],
    ),
    (
        "disallow-ingress-wildcards",
        "",
        "other/restrict-ingress-wildcard/restrict-ingress-wildcard",
        &[("a rule without a host has no wildcard", |it| lacks(&it["spec"]["rules"], "host"))],
    ),
    ("disallow-unsafe-sysctls", "", "other/prevent-cr8escape/prevent-cr8escape", &[]),
    ("disallow-wildcard-verbs", "", "other/restrict-wildcard-verbs/restrict-wildcard-verbs", &[]),
    ("limit-containers-per-pod", "", "other/limit-containers-per-pod/limit-containers-per-pod", &[]),
    ("require-priority-class", "", "other/require-pod-priorityclassname/require-pod-priorityclassname", &[]),
    ("require-storage-class", "", "other/require-storageclass/require-storageclass", &[]),
    (
        "require-read-only-host-paths",
        "",
        "other/ensure-readonly-hostpath/ensure-readonly-hostpath",
        &[("the API server takes no volume without a name", |it| lacks(&it["spec"]["volumes"], "name"))],
    ),
    (
        "disallow-node-ports",
        "",
        "best-practices/restrict-node-port/restrict-node-port",
        &[("the API server takes no Service without a spec", |it| it["spec"].is_null())],
    ),
    (
        "disallow-ingress-default-backend",
        "",
        "other/restrict-ingress-defaultbackend/restrict-ingress-defaultbackend",
        &[("the API server takes no Ingress without a spec", |it| it["spec"].is_null())],
    ),
    (
        "disallow-load-balancers",
        "",
        "other/restrict-loadbalancer/restrict-loadbalancer",
        &[("the API server fills in the type", |it| it["spec"]["type"].is_null())],
    ),
    (
        "disallow-token-secrets",
        "",
        "other/deny-secret-service-account-token-type/deny-secret-service-account-token-type",
        &[("the API server fills in the type", |it| it["type"].is_null())],
    ),
    (
        "require-annotations",
        "keys: [\"corp.org/department\"]",
        "other/require-annotations/require-annotations",
        &[],
    ),
    (
        "restrict-image-registries",
        "images: [\"eu.foo.io/*\", \"bar.io/*\"]",
        "best-practices/restrict-image-registries/restrict-image-registries",
        &[],
    ),
    (
        "restrict-ingress-classes",
        "classes: [\"HAProxy\", \"nginx\"]",
        "other/restrict-ingress-classes/restrict-ingress-classes",
        &[("the field counts before the annotation that it replaced", |it| {
            it["spec"]["ingressClassName"].is_string()
        })],
    ),
    (
        "restrict-service-ports",
        "first: 32000, last: 33000",
        "other/restrict-service-port-range/restrict-service-port-range",
        &[("a Service without ports has none that is wrong", |it| it["spec"]["ports"].is_null())],
    ),
    (
        "disallow-bare-pods",
        "",
        "other/prevent-bare-pods/prevent-bare-pods",
        &[("an empty list of owners is none", |it| it["metadata"]["ownerReferences"] == json!([]))],
    ),
    (
        "disallow-default-namespace",
        "",
        "best-practices/disallow-default-namespace/disallow-default-namespace",
        &[("all kinds that run Pods count", |it| {
            ["CronJob", "ReplicaSet", "ReplicationController"]
                .contains(&it["kind"].as_str().unwrap_or_default())
        })],
    ),
    (
        "require-read-only-root-filesystem",
        "",
        "best-practices/require-ro-rootfs/require-ro-rootfs",
        &[("init and ephemeral containers count", |it| says(it, &["initContainers", "ephemeralContainers"]))],
    ),
    (
        "disallow-wildcard-resources",
        "",
        "other/restrict-wildcard-resources/restrict-wildcard-resources",
        &[("a rule without resources names no wildcard", |it| lacks(&it["rules"], "resources"))],
    ),
    (
        "disallow-cluster-admin-bindings",
        "",
        "other/restrict-binding-clusteradmin/restrict-binding-clusteradmin",
        &[],
    ),
    (
        "disallow-system-group-bindings",
        "",
        "other/restrict-binding-system-groups/restrict-binding-system-groups",
        &[("a binding without subjects binds nobody", |it| it["subjects"].is_null())],
    ),
    (
        "disallow-secret-reading-roles",
        "",
        "other/restrict-secret-role-verbs/restrict-secret-role-verbs",
        &[
            ("Kyverno reads a text in braces as a variable", |it| says(it, &["{{ x }}"])),
            ("a wildcard names Secrets too", |it| says(it, &[r#""*""#])),
        ],
    ),
];

#[test]
fn verdicts_are_those_of_public_policies() {
    let Some(corpus) = corpus() else { return };
    let judge = Judge::open("best-practices-corpus");
    let mut problems = Vec::new();
    for (name, arguments, file, causes) in PORTS {
        let (_, compiled) = policy(name, arguments);
        let found = compare(&judge, &corpus, file, &compiled, &Profile::all(), causes);
        if found.unexplained > 0 || found.denied == 0 {
            problems.push(format!(
                "{name}: {} of {}, {} denied\n{}",
                found.unexplained, found.count, found.denied, found.words
            ));
        }
    }
    assert!(problems.is_empty(), "{} of {}:\n{}", problems.len(), PORTS.len(), problems.join("\n"));
    judge.close();
}
