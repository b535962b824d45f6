//! The best practices of the library: each policy three ways, on objects of every kind that it may speak of.

use super::ports::{compare, corpus};
use super::{admissible, give_namespace};
use crate::support::compile::{Compiled, compile};
use crate::support::judge::Judge;
use crate::support::oracle::Request;
use crate::support::resources::{KINDS, Profile, WORKLOADS};
use crate::support::three_ways::ThreeWays;

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

/// Ours that say the same, verdict for verdict, as the policy of the corpus with their intent. Others of the library mean
/// to differ; their files say in what.
const PORTS: &[(&str, &str)] = &[
    ("disallow-cri-socket-mounts", "best-practices/disallow-cri-sock-mount/disallow-cri-sock-mount"),
    ("disallow-helm-tiller", "best-practices/disallow-helm-tiller/disallow-helm-tiller"),
    ("require-labels", "best-practices/require-labels/require-labels"),
    ("disallow-deprecated-registry", "other/restrict-deprecated-registry/restrict-deprecated-registry"),
    ("disallow-ingress-wildcards", "other/restrict-ingress-wildcard/restrict-ingress-wildcard"),
    ("disallow-unsafe-sysctls", "other/prevent-cr8escape/prevent-cr8escape"),
    ("disallow-wildcard-verbs", "other/restrict-wildcard-verbs/restrict-wildcard-verbs"),
    ("limit-containers-per-pod", "other/limit-containers-per-pod/limit-containers-per-pod"),
    (
        "require-multiple-replicas",
        "other/require-deployments-have-multiple-replicas/require-deployments-have-multiple-replicas",
    ),
    ("require-priority-class", "other/require-pod-priorityclassname/require-pod-priorityclassname"),
    ("require-storage-class", "other/require-storageclass/require-storageclass"),
    ("require-read-only-host-paths", "other/ensure-readonly-hostpath/ensure-readonly-hostpath"),
    (
        "disallow-service-account-tokens",
        "other/restrict-sa-automount-sa-token/restrict-sa-automount-sa-token",
    ),
];

#[test]
fn verdicts_are_those_of_public_policies() {
    let Some(corpus) = corpus() else { return };
    let judge = Judge::open("best-practices-corpus");
    let mut problems = Vec::new();
    for (name, file) in PORTS {
        let (_, compiled) = policy(name, "");
        let found = compare(&judge, &corpus, file, &compiled, &Profile::all(), &[]);
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
