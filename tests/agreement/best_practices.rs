//! The best practices of the library: each policy three ways, on objects of every kind that it may speak of.

use std::sync::OnceLock;

use super::ports::{Cause, compare, corpus, says};
use super::{admissible, give_namespace};
use crate::support::compile::{Compiled, compile};
use crate::support::judge::Judge;
use crate::support::oracle::Request;
use crate::support::resources::{KINDS, Profile, WORKLOADS};
use crate::support::three_ways::ThreeWays;
use regex::Regex;
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

/// The spec of the Pod that a resource is or makes.
fn pod(resource: &Value) -> &Value {
    match resource["kind"].as_str() {
        Some("Pod") => &resource["spec"],
        Some("CronJob") => &resource["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        _ => &resource["spec"]["template"]["spec"],
    }
}

/// Whether an image of a resource has a property.
fn has_image(resource: &Value, is_meant: fn(&str) -> bool) -> bool {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let mut containers = lists.iter().filter_map(|list| pod(resource)[*list].as_array()).flatten();
    containers.any(|it| it["image"].as_str().is_some_and(is_meant))
}

/// Whether a text is no reference to an image: `x:`, `Web:1`, `a@sha256:short`.
fn is_no_reference(image: &str) -> bool {
    static REFERENCE: OnceLock<Regex> = OnceLock::new();
    let reference = REFERENCE.get_or_init(|| {
        let host = "(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?";
        let path = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*";
        let pattern = format!(
            "^{host}{path}(?:/{path})*(?::[A-Za-z0-9_][\\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?$"
        );
        Regex::new(&pattern).expect("a pattern")
    });
    !reference.is_match(image)
}

/// Whether the only colon of an image is that of its registry's port, or the image has a digest.
fn has_port_or_digest(image: &str) -> bool {
    let last = image.rsplit('/').next().unwrap_or(image);
    image.contains('@') || image.contains(':') && !last.contains(':')
}

/// Whether a container drops a capability that is written so.
fn drops(resource: &Value, is_meant: fn(&str) -> bool) -> bool {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let mut containers = lists.iter().filter_map(|list| pod(resource)[*list].as_array()).flatten();
    containers.any(|it| {
        let dropped = it["securityContext"]["capabilities"]["drop"].as_array();
        dropped.is_some_and(|it| it.iter().any(|it| it.as_str().is_some_and(is_meant)))
    })
}

/// Whether a text is neither a number nor a percentage.
fn is_no_amount(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.strip_suffix('%').unwrap_or(text).parse::<u32>().is_err())
}

const BRACES: Cause = ("Kyverno reads a text in braces as a variable", |it| says(it, &["{{ x }}"]));
const NO_REFERENCE: Cause =
    ("a text that is no reference to an image has no tag", |it| has_image(it, is_no_reference));

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
        &[BRACES, ("a wildcard names Secrets too", |it| says(it, &[r#""*""#]))],
    ),
    (
        "disallow-latest-tag",
        "",
        "best-practices/disallow-latest-tag/disallow-latest-tag",
        &[
            NO_REFERENCE,
            ("the port of a registry is no tag, and a digest decides", |it| {
                has_image(it, has_port_or_digest)
            }),
        ],
    ),
    (
        "require-probes",
        "",
        "best-practices/require-probes/require-probes",
        &[
            ("all kinds that run Pods for long count", |it| {
                ["ReplicaSet", "ReplicationController"].contains(&it["kind"].as_str().unwrap_or_default())
            }),
            ("a pod that runs to its end needs no probe", |it| {
                pod(it)["restartPolicy"].as_str().is_some_and(|it| it != "Always")
            }),
        ],
    ),
    (
        "require-drop-net-raw",
        "",
        "best-practices/require-drop-cap-net-raw/require-drop-cap-net-raw",
        &[
            ("ALL drops NET_RAW too", |it| drops(it, |it| it.eq_ignore_ascii_case("ALL"))),
            ("a star in a manifest is no pattern", |it| drops(it, |it| it.contains('*'))),
        ],
    ),
    (
        "require-requests-and-limits",
        "",
        "best-practices/require-pod-requests-limits/require-pod-requests-limits",
        &[("ephemeral containers cannot have resources", |it| says(it, &["ephemeralContainers"]))],
    ),
    (
        "require-cpu-limits",
        "",
        "other/require-cpu-limits/require-cpu-limits",
        &[("ephemeral containers cannot have resources", |it| says(it, &["ephemeralContainers"]))],
    ),
    (
        "disallow-empty-ingress-host",
        "",
        "best-practices/disallow-empty-ingress-host/disallow-empty-ingress-host",
        &[("each rule needs a host, whether it has `http` or not", |it| lacks(&it["spec"]["rules"], "http"))],
    ),
    (
        "require-ingress-https",
        "",
        "other/require-ingress-https/require-ingress-https",
        &[("the API server takes no Ingress without a spec", |it| it["spec"].is_null())],
    ),
    (
        "restrict-disruption-budgets",
        "",
        "other/require-reasonable-pdbs/require-reasonable-pdbs",
        &[("the API server takes numbers and percentages only", |it| {
            is_no_amount(&it["spec"]["minAvailable"]) || is_no_amount(&it["spec"]["maxUnavailable"])
        })],
    ),
    (
        "disallow-escalating-roles",
        "",
        "other/restrict-escalation-verbs-roles/restrict-escalation-verbs-roles",
        &[BRACES],
    ),
    (
        "require-pull-of-latest",
        "",
        "other/imagepullpolicy-always/imagepullpolicy-always",
        &[
            NO_REFERENCE,
            ("init and ephemeral containers count", |it| {
                says(it, &["initContainers", "ephemeralContainers"])
            }),
            ("the port of a registry is no tag, and a digest decides", |it| {
                has_image(it, has_port_or_digest)
            }),
        ],
    ),
    (
        "require-ingress-tls",
        "",
        "other/ingress-host-match-tls/ingress-host-match-tls",
        &[BRACES, ("a star in a manifest is no pattern", |it| says(&it["spec"], &["*"]))],
    ),
    (
        "disallow-service-account-tokens",
        "",
        "other/restrict-sa-automount-sa-token/restrict-sa-automount-sa-token",
        &[],
    ),
    ("disallow-node-names", "", "other/restrict-node-selection/restrict-node-selection", &[]),
    (
        "require-multiple-replicas",
        "",
        "other/require-deployments-have-multiple-replicas/require-deployments-have-multiple-replicas",
        &[],
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
