//! The Pod Security Standards of the library: each policy three ways, and those of public ClusterPolicies of the same
//! intent verdict for verdict, on the resources that those are tested with and on changed ones.

use serde_json::{Value, json};

use super::admissible;
use super::ports::{Cause, compare, corpus, says};
use crate::support::compile::{Compiled, compile};
use crate::support::judge::Judge;
use crate::support::oracle::Request;
use crate::support::resources::Profile;
use crate::support::three_ways::ThreeWays;
use crate::support::verdict::Verdict;

const RESOURCES: usize = 200;
const LEVEL_RESOURCES: usize = 400;

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
        causes: &[
            ("the standard lets the annotation be empty", |it| says(it, &[r#"/a":"""#, r#"/b":"""#])),
            ("ours sees the field that took the annotation's place", |it| says(it, &["appArmorProfile"])),
        ],
    },
    Port {
        level: "baseline",
        name: "restrict-sysctls",
        causes: &[("the standard allows more sysctls since 1.27", |it| {
            says(it, &["net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_"])
        })],
    },
    Port { level: "restricted", name: "disallow-privilege-escalation", causes: WINDOWS },
    Port {
        level: "restricted",
        name: "require-run-as-nonroot",
        causes: &[("by the standard, `false` for the Pod is wrong whatever its containers say", |it| {
            says(it, &[r#""runAsNonRoot":false"#])
        })],
    },
    Port {
        level: "restricted",
        name: "disallow-capabilities-strict",
        causes: &[
            WINDOWS[0],
            ("by the standard, an empty text is no capability that may be added", |it| says(it, &[r#""""#])),
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

/// The level as Kyverno has it built in, beside all policies of the library of that level together.
#[test]
fn levels_are_those_of_the_standard() {
    let judge = Judge::open("pod-security-levels");
    for (level, included) in [("baseline", 1), ("restricted", 2)] {
        let policies: Vec<Compiled> = POLICIES[..included]
            .iter()
            .flat_map(|(level, names)| names.iter().map(|name| policy(level, name).1))
            .collect();
        let yaml = format!(
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: {level}\nspec:\n  rules:\n    - name: {level}\n      \
             match:\n        any:\n          - resources:\n              kinds: [Pod]\n      validate:\n        failureAction: \
             Enforce\n        podSecurity:\n          level: {level}\n          version: latest\n"
        );
        let pods = Profile { kinds: vec!["Pod"], ..Profile::workloads() };
        let mut resources = admissible(11_000, LEVEL_RESOURCES, &pods);
        resources.iter_mut().enumerate().for_each(|(index, pod)| set_one(index, pod));
        let ours = |resource: &Value| {
            let judged = policies.iter().map(|it| it.judge(resource, 0, &Request::default()).verdict);
            Verdict::of_all(judged)
        };
        let report = judge.agree(&yaml, &resources, ours);
        report.assert_agrees(level);
        let [pass, fail, error] = report.counts;
        assert!(pass > 20 && fail > 100 && error == 0, "{level}: {pass} pass, {fail} fail, {error} error");
    }
    judge.close();
}

/// Makes a Pod that is safe in most ways out of a generated one, and sets one thing that a level is about.
fn set_one(index: usize, pod: &mut Value) {
    let context = json!({
        "allowPrivilegeEscalation": false, "runAsNonRoot": true,
        "seccompProfile": {"type": "RuntimeDefault"}, "capabilities": {"drop": ["ALL"]},
    });
    let container = json!({"name": "a", "image": "a/b:1", "securityContext": context});
    if !index.is_multiple_of(5) {
        pod["spec"] = json!({"containers": [container.clone(), {"name": "b", "image": "a/b:1", "securityContext": context}]});
        pod["metadata"] = json!({"name": "a", "namespace": "default"});
    }
    let (place, value) = &settings()[index % settings().len()];
    let mut at = pod;
    let keys: Vec<&str> = place.split(' ').collect();
    for key in keys {
        at = match key.parse::<usize>() {
            Ok(number) => match at.as_array_mut() {
                Some(elements) if number < elements.len() => &mut elements[number],
                _ => return,
            },
            Err(_) => {
                if !at.is_object() {
                    *at = json!({});
                }
                &mut at[key]
            }
        };
    }
    *at = value.clone();
}

/// Places and values, of which each decides something in one of the levels.
fn settings() -> Vec<(&'static str, Value)> {
    let of = |places: &[&'static str], values: &[Value]| -> Vec<(&'static str, Value)> {
        places.iter().flat_map(|place| values.iter().map(|value| (*place, value.clone()))).collect()
    };
    [
        of(&["spec hostNetwork", "spec hostPID", "spec hostIPC"], &[json!(true), json!(false)]),
        of(
            &[
                "spec securityContext windowsOptions hostProcess",
                "spec containers 0 securityContext windowsOptions hostProcess",
            ],
            &[json!(true), json!(false)],
        ),
        of(&["spec containers 0 securityContext privileged"], &[json!(true), json!(false)]),
        of(
            &["spec containers 0 securityContext capabilities add"],
            &[json!([]), json!(["CHOWN"]), json!(["NET_BIND_SERVICE"]), json!(["SYS_ADMIN"]), json!([""])],
        ),
        of(&["spec containers 0 securityContext capabilities drop"], &[json!([]), json!(["NET_RAW"])]),
        of(
            &["spec volumes"],
            &[
                json!([{"name": "v", "hostPath": {"path": "/"}}]),
                json!([{"name": "v", "nfs": {"server": "s", "path": "/"}}]),
                json!([{"name": "v", "image": {"reference": "a/b:1"}}]),
                json!([{"name": "v", "configMap": {"name": "c"}}, {"name": "w", "emptyDir": {}}]),
            ],
        ),
        of(
            &["spec containers 1 ports"],
            &[
                json!([{"containerPort": 80}]),
                json!([{"containerPort": 80, "hostPort": 0}]),
                json!([{"containerPort": 80, "hostPort": 8080}]),
            ],
        ),
        of(
            &[
                "spec containers 0 livenessProbe",
                "spec containers 0 readinessProbe",
                "spec containers 1 startupProbe",
            ],
            &[
                json!({"httpGet": {"port": 80}}),
                json!({"httpGet": {"port": 80, "host": "10.0.0.1"}}),
                json!({"tcpSocket": {"port": 80, "host": "10.0.0.1"}}),
                json!({"tcpSocket": {"port": 80, "host": ""}}),
            ],
        ),
        of(
            &["spec containers 0 lifecycle postStart", "spec containers 0 lifecycle preStop"],
            &[
                json!({"httpGet": {"port": 80}}),
                json!({"httpGet": {"port": 80, "host": "10.0.0.1"}}),
                json!({"tcpSocket": {"port": 80, "host": "10.0.0.1"}}),
            ],
        ),
        of(
            &["metadata annotations container.apparmor.security.beta.kubernetes.io/a"],
            &[json!("runtime/default"), json!("localhost/x"), json!("unconfined"), json!("")],
        ),
        of(
            &["spec securityContext appArmorProfile", "spec containers 0 securityContext appArmorProfile"],
            &[json!({"type": "Unconfined"}), json!({"type": "RuntimeDefault"})],
        ),
        of(
            &["spec securityContext seLinuxOptions", "spec containers 1 securityContext seLinuxOptions"],
            &[
                json!({"type": "container_t"}),
                json!({"type": "container_engine_t"}),
                json!({"type": "spc_t"}),
                json!({"type": ""}),
                json!({"user": "u"}),
                json!({"role": "r"}),
                json!({"user": "", "role": "", "level": "s0"}),
            ],
        ),
        of(&["spec containers 0 securityContext procMount"], &[json!("Default"), json!("Unmasked")]),
        of(
            &["spec securityContext seccompProfile", "spec containers 0 securityContext seccompProfile"],
            &[
                json!({"type": "Unconfined"}),
                json!({"type": "RuntimeDefault"}),
                json!({"type": "Localhost", "localhostProfile": "a"}),
            ],
        ),
        of(
            &["spec securityContext sysctls"],
            &[
                json!([{"name": "kernel.shm_rmid_forced", "value": "1"}]),
                json!([{"name": "net.ipv4.tcp_rmem", "value": "1"}]),
                json!([{"name": "kernel.sem", "value": "1"}]),
            ],
        ),
        of(&["spec containers 0 securityContext allowPrivilegeEscalation"], &[json!(true), json!(false)]),
        of(
            &["spec securityContext runAsNonRoot", "spec containers 0 securityContext runAsNonRoot"],
            &[json!(true), json!(false)],
        ),
        of(
            &["spec securityContext runAsUser", "spec containers 0 securityContext runAsUser"],
            &[json!(0), json!(1000)],
        ),
        of(&["spec containers 0 securityContext"], &[json!({})]),
        of(&["spec os"], &[json!({"name": "windows"}), json!({"name": "linux"})]),
    ]
    .concat()
}
