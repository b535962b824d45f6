//! The Pod Security Standards of the library: each policy three ways, and those of public ClusterPolicies of the same
//! intent verdict for verdict, on the resources that those are tested with and on changed ones.

use super::admissible;
use super::ports::{Cause, compare, corpus, says};
use crate::support::compile::{Compiled, compile};
use crate::support::judge::Judge;
use crate::support::oracle::Request;
use crate::support::resources::Profile;
use crate::support::three_ways::ThreeWays;

const RESOURCES: usize = 200;

/// The policies of the library.
const POLICIES: [(&str, &[&str]); 2] = [
    (
        "baseline",
        &[
            "disallow-host-process",
            "disallow-host-namespaces",
            "disallow-privileged-containers",
            "disallow-capabilities",
            "disallow-host-path",
            "disallow-host-ports",
            "disallow-probe-hosts",
            "restrict-apparmor-profiles",
            "disallow-selinux",
            "disallow-proc-mount",
            "restrict-seccomp",
            "restrict-sysctls",
        ],
    ),
    (
        "restricted",
        &[
            "restrict-volume-types",
            "disallow-privilege-escalation",
            "require-run-as-nonroot",
            "require-run-as-non-root-user",
            "require-seccomp",
            "disallow-capabilities-strict",
        ],
    ),
];

/// A ClusterPolicy of the corpus, the policy of ours with its intent, and where they differ.
struct Port {
    level: &'static str,
    /// The name of ours, of the folder and of the file.
    name: &'static str,
    causes: &'static [Cause],
}

const PORTS: [Port; 8] = [
    Port { level: "baseline", name: "disallow-host-ports", causes: &[] },
    Port { level: "baseline", name: "disallow-proc-mount", causes: &[] },
    Port {
        level: "baseline",
        name: "disallow-selinux",
        causes: &[
            ("the standard lets the fields be empty", |it| {
                says(it, &[r#""type":"""#, r#""user":"""#, r#""role":"""#])
            }),
            ("the standard allows container_engine_t since 1.31", |it| says(it, &["container_engine_t"])),
        ],
    },
    Port {
        level: "baseline",
        name: "restrict-apparmor-profiles",
        causes: &[("ours sees the field that took the annotation's place", |it| {
            says(it, &["appArmorProfile"])
        })],
    },
    Port {
        level: "baseline",
        name: "restrict-sysctls",
        causes: &[("the standard allows more sysctls since 1.27", |it| {
            says(it, &["net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_"])
        })],
    },
    Port { level: "restricted", name: "disallow-privilege-escalation", causes: WINDOWS },
    Port { level: "restricted", name: "require-run-as-nonroot", causes: &[] },
    Port {
        level: "restricted",
        name: "disallow-capabilities-strict",
        causes: &[
            WINDOWS[0],
            ("a capability called `*` is a wildcard to the operator AnyNotIn", |it| says(it, &[r#""*""#])),
        ],
    },
];

const WINDOWS: &[Cause] =
    &[("the standard leaves Pods for Windows out since 1.25", |it| says(it, &[r#""windows""#]))];

fn policy(level: &str, name: &str) -> (String, Compiled) {
    let source = format!("use \"std/pod-security/{level}\" as library\npolicy {name} = library.{name}()\n");
    let compiled = compile(&source).unwrap_or_else(|said| panic!("{name}: {said:#?}"));
    (source, compiled)
}

#[test]
fn policies_say_the_same_three_ways() {
    let judge = ThreeWays::open("pod-security");
    for (level, names) in POLICIES {
        for (number, name) in names.iter().enumerate() {
            let (source, compiled) = policy(level, name);
            for form in [&compiled.legacy, &compiled.successor] {
                assert!(form.is_ok(), "{name}: {form:?}");
            }
            let resources = admissible(7_000 + number as u64 * 1_000, RESOURCES, &Profile::workloads());
            let outcome = judge.compare(&source, &compiled, &resources, &Request::default(), true);
            assert!(outcome.agrees(), "{name}: {}", outcome.describe(&source));
        }
    }
    judge.close();
}

#[test]
fn verdicts_are_those_of_public_policies() {
    let Some(corpus) = corpus() else { return };
    let judge = Judge::open("pod-security-corpus");
    for port in &PORTS {
        let (_, compiled) = policy(port.level, port.name);
        let file = format!("pod-security/{}/{1}/{1}", port.level, port.name);
        let found = compare(&judge, &corpus, &file, &compiled, &Profile::workloads(), port.causes);
        assert!(found.unexplained == 0, "{}: {}\n{}", port.name, found.unexplained, found.words);
        let (count, denied) = (found.count, found.denied);
        assert!(count > RESOURCES && denied > 20, "{}: {count} compared, {denied} denied", port.name);
    }
    judge.close();
}
