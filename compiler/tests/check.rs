//! What the checker says: each case is a source, the codes it must give, and words that must stand in what is said.

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::diagnostic::{Code, Diagnostic};
use aipc_compiler::source::{NoFiles, Sources};

fn check(source: &str) -> Vec<Diagnostic> {
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", source);
    analyze(&mut sources, file, &NoFiles, &mut Options::default()).diagnostics
}

/// All that a diagnostic says, in one text.
fn said(diagnostic: &Diagnostic) -> String {
    let labels = diagnostic.labels.iter().map(|it| it.text.clone());
    let fixes = diagnostic.fixes.iter().map(|it| it.title.clone());
    let help = diagnostic.help.iter().cloned();
    let all: Vec<String> =
        std::iter::once(diagnostic.message.clone()).chain(labels).chain(help).chain(fixes).collect();
    all.join(" | ")
}

#[track_caller]
fn refuses(source: &str, code: &str, words: &[&str]) {
    let found = check(source);
    let codes: Vec<&str> = found.iter().map(|it| it.code.as_str()).collect();
    let all: Vec<String> = found.iter().map(said).collect();
    assert_eq!(codes, [code], "{source}\n{all:#?}");
    for word in words {
        assert!(all[0].contains(word), "{source}\nwants {word:?} in {}", all[0]);
    }
}

#[track_caller]
fn accepts(source: &str) {
    let found: Vec<String> = check(source).iter().map(said).collect();
    assert!(found.is_empty(), "{source}\n{found:#?}");
}

#[test]
fn the_five_silent_typos_are_errors() {
    refuses("deny container if securityContext.priviledged", "AIP0301", &["did you mean `privileged`"]);
    refuses("deny pod if spec.hostNetwrok", "AIP0301", &["did you mean `hostNetwork`"]);
    refuses("deny pdo if spec.hostNetwork", "AIP0206", &["did you mean `pod`"]);
    refuses(r#"deny container if imagePullPolicy == "Allways""#, "AIP0307", &["did you mean `Always`"]);
    refuses("require Deployment that spec.replica >= 2", "AIP0301", &["did you mean `replicas`"]);
}

#[test]
fn habits_of_yaml_are_understood() {
    let policy = |meta: &str| format!("policy p {{\n  {meta}\n  deny pod if spec.hostNetwork\n}}");
    for word in ["severity: high", "category: \"x\"", "action: enforce"] {
        refuses(&policy(word), "AIP0116", &["without `:`", "remove `:`"]);
    }
    refuses("deny pod if label.app.kubernetes.io == \"x\"", "AIP0303", &["write `[\"app.kubernetes.io\"]`"]);
}

#[test]
fn rules_of_the_tour_are_accepted() {
    for source in [
        r#"deny pod if image !~ "trusted-registry.io/ai-models/*""#,
        r#"require pod that image ~ ["ghcr.io/acme/*", "nvcr.io/*"]"#,
        r#"deny pod if not (image ~ "trusted-registry.io/ai-models/*")"#,
        r#"deny container if image.tag == "latest" and securityContext.privileged"#,
        "require container that has resources.limits.cpu and has resources.limits.memory",
        "require container that ports.hostPort == 0 or missing",
        "deny Deployment, StatefulSet if spec.replicas > 100",
        "deny Deployment on update if changed spec.selector",
        r#"deny Service on update, delete where label.protected == "true" and "cluster-admin" not in user.clusterRoles"#,
        r#"deny Namespace on create where not any g in user.groups: g ~ "platform-*" if label.tier == "gold""#,
        "deny Ingress if spec.rules.host not in spec.tls.hosts",
        r#"deny pod if any c in container: c.securityContext.privileged and c.image ~ "docker.io/*""#,
        r#"require pod that every v in spec.volumes: not has v.hostPath or v.hostPath.path ~ "/var/log/*""#,
        r#"deny Ingress if any k, v in metadata.annotations: k ~ "nginx.ingress*" and v matches r"\balias\b""#,
        "require pod that count([v for v in spec.volumes where has v.emptyDir]) <= 2",
        "deny resource if empty label.owner",
        "deny Pod only if not has metadata.ownerReferences",
        r#"deny pod where resource.kind in ["Pod", "Deployment"] if spec.hostNetwork"#,
        "deny Deployment/scale if spec.replicas > 8",
        r#"deny Pod/exec where namespace.labels.exec == "false""#,
        "require security that seLinuxOptions.type in [\"container_t\"] or missing",
        "require container that securityContext.runAsNonRoot ?? pod.spec.securityContext.runAsNonRoot",
        "deny container if privileged(self)",
        "deny container if resources.limits.memory > 64Gi",
        r#"deny Service if spec.clusterIP in "10.0.0.0/8""#,
        r#"deny Deployment if image ~ "docker.io/*""#,
        "deny pod if now - resource.metadata.creationTimestamp > 30d",
        r#"require Namespace, ConfigMap that metadata.name ~ ["{g}-*" for g in user.groups where g !~ "*:*"]"#,
    ] {
        accepts(source);
    }
}

#[test]
fn two_uses_of_one_list_may_be_different_elements() {
    refuses(
        r#"deny pod if container.securityContext.privileged and container.image ~ "docker.io/*""#,
        "AIP0402",
        &["deny container if", "any c in container"],
    );
    refuses(r#"require pod that image ~ "a/*" or image ~ "b/*""#, "AIP0402", &[]);
    // The dual joins distribute over the elements.
    accepts(r#"deny pod if image ~ "a/*" or image ~ "b/*""#);
    accepts("deny pod if not (has container.image and has container.name)");
    refuses(
        "deny pod if container.resources.requests.cpu != container.resources.limits.cpu",
        "AIP0402",
        &["any c in"],
    );
}

#[test]
fn one_value_is_wanted_in_where() {
    refuses(r#"deny pod where image ~ "a/*" if spec.hostNetwork"#, "AIP0401", &["any of them, or every one"]);
}

#[test]
fn absence_is_not_a_silent_pass() {
    refuses(r#"require pod that spec.volumes.name ~ "a*""#, "AIP0403", &["or missing"]);
    accepts(r#"require pod that spec.volumes.name ~ "a*" or missing"#);
}

#[test]
fn comparisons_are_typed() {
    refuses(r#"deny Deployment if spec.replicas == "3""#, "AIP0305", &["write the number without quotes"]);
    refuses("deny pod if spec.hostNetwork > 1", "AIP0305", &[]);
    refuses(r#"deny pod if label.app.name == "x""#, "AIP0303", &[r#"["app.name"]"#]);
    refuses(r#"deny pod if image ~ "^nvcr\\.io/.*""#, "AIP0316", &["use `matches`"]);
    refuses(r#"deny pod if image matches "*.io/*""#, "AIP0316", &["use `~`"]);
    refuses("deny pod if spec.containers", "AIP0310", &["has"]);
    refuses("deny pod if has resource.metadata.name", "AIP0502", &[]);
}

/// A lint that is an error has a level too; what it is about is compiled then.
#[test]
fn settings_switch_lints_off() {
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", "deny Pod only if has metadata.name");
    let mut options = Options::default();
    options.lints.insert(Code::AlwaysTrue, None);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut options);
    assert!(analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics);
    assert_eq!(analysis.policies.policies.len(), 1);
    assert!(!Code::UnknownField.has_level() && Code::AlwaysTrue.has_level() && Code::BarePod.has_level());
}

#[test]
fn lints_say_what_was_probably_meant() {
    refuses("deny Pod if spec.hostNetwork", "AIP0501", &["Pod only"]);
    refuses(r#"deny pod if spec.nodeName == """#, "AIP0503", &["empty spec.nodeName"]);
    refuses("deny Service on update if spec.type != old.spec.type", "AIP0504", &["changed spec.type"]);
    refuses(r#"deny pod if label["app.kubernets.io/name"] == "x""#, "AIP0505", &["app.kubernetes.io/name"]);
}

#[test]
fn policies_have_parameters() {
    accepts(
        r#"policy require-labels(keys: list of string = ["owner"]) "Labels" {
             require resource that every k in keys: metadata.labels[k] ~ "?*"
           }
           policy our-labels = require-labels(keys: ["owner", "cost-centre"]) { action audit }"#,
    );
    refuses(
        r#"policy a(n: int) { deny Deployment if spec.replicas > n }
           policy b = a(m: 3)"#,
        "AIP0311",
        &["has no parameter `m`"],
    );
}

#[test]
fn mistakes_do_not_hide_each_other() {
    let found = check(
        r#"deny pod if spec.hostNetwrok
deny pdo if spec.hostPID
deny container if imagePullPolicy == "Allways"
require Deployment that spec.replicas >= "two"
deny Service if spec.typ == "NodePort""#,
    );
    let lines: Vec<&str> = found.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(lines, ["AIP0301", "AIP0206", "AIP0307", "AIP0305", "AIP0301"]);
}

#[test]
fn other_verbs_are_checked() {
    accepts(r#"mutate pod { set spec.dnsPolicy = "ClusterFirst" }"#);
    refuses(r#"mutate pod { set spec.dnsPolcy = "ClusterFirst" }"#, "AIP0301", &["dnsPolicy"]);
    accepts(
        r#"delete Pod where namespace ~ "ci-*" if now - metadata.creationTimestamp > 1d every "0 * * * *""#,
    );
    accepts(
        r#"generate NetworkPolicy "default-deny" in trigger.metadata.name for Namespace where label.zone == "dmz" { spec: { podSelector: {}, policyTypes: ["Ingress"] } }"#,
    );
    accepts(
        r#"verify container where image ~ "ghcr.io/acme/*" signed by keyless(issuer: "https://x", subject: "y")"#,
    );
    accepts(r#"exempt a.b for pod where namespace == "legacy" until 2027-01-31 because "OPS-1""#);
}

#[test]
fn declarations_that_multiply_are_stopped() {
    let mut source = String::from("let a0 = [1]\n");
    for n in 1..40 {
        source.push_str(&format!("let a{n} = a{} + a{}\n", n - 1, n - 1));
    }
    let found = check(&source);
    assert!(found.iter().any(|it| it.code.as_str() == "AIP0217"), "{found:?}");
    let itself = check("let a = b\nlet b = a\ndeny Deployment if spec.replicas > a");
    assert!(itself.iter().any(|it| it.code.as_str() == "AIP0205"), "{itself:?}");
}

#[test]
fn a_kind_that_nobody_knows_is_reported_once() {
    refuses(
        r#"kind Old = "flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema"
           deny Old if empty metadata.labels"#,
        "AIP0302",
        &["removed in 1.32"],
    );
}

#[test]
fn a_date_that_does_not_exist_is_reported_once() {
    refuses(r#"exempt a until 2027-02-30 because "OPS-1""#, "AIP0118", &[]);
}

#[test]
fn names_of_whole_objects_are_always_there() {
    refuses("require Deployment that has metadata.name", "AIP0502", &[]);
    // The template of a Deployment need not have one.
    accepts("require pod that has metadata.name");
}

#[test]
fn a_text_beside_a_list_is_read_as_its_elements() {
    accepts(r#"deny Service if "10.0.0.1" in spec.externalIPs"#);
    refuses(r#"deny Service if "ten" in spec.externalIPs"#, "AIP0313", &["IP address"]);
    refuses(r#"deny PersistentVolume if "ReadWrite" in spec.accessModes"#, "AIP0307", &["ReadWriteOnce"]);
}

#[test]
fn conditions_are_not_asked_whether_they_are_there() {
    refuses("deny container if empty privileged(self)", "AIP0315", &["this is a condition"]);
    refuses("deny pod if has (spec.hostPID or spec.hostIPC)", "AIP0315", &["write the condition itself"]);
}

#[test]
fn verbs_want_their_clauses() {
    refuses(r#"generate ConfigMap "a" in "b" { data: {} }"#, "AIP0408", &["for KIND"]);
    refuses(
        r#"generate ConfigMap "a" for Namespace { data: {} }"#,
        "AIP0408",
        &["lives in a namespace", "in NAMESPACE"],
    );
    refuses(r#"generate ClusterRole "a" in "b" for Namespace { rules: [] }"#, "AIP0408", &["no namespace"]);
    refuses("delete container if true every 10min", "AIP0408", &["a part of one"]);
    refuses("delete Pod on create if spec.hostPID every 10min", "AIP0408", &["at times"]);
    refuses(r#"exempt a for container because "b""#, "AIP0408", &["a part of one"]);
}

#[test]
fn durations_that_cron_cannot_say_are_refused_with_what_is_near() {
    refuses(
        "delete Pod every 7min",
        "AIP0313",
        &["cron cannot say `every 7min`", r#"`every "*/6 * * * *"`"#],
    );
    refuses("delete Pod every 90s", "AIP0313", &["cron cannot say `every 90s`"]);
    refuses(r#"delete Pod every "61 * * * *""#, "AIP0313", &["`61` is no minute"]);
    accepts("delete Pod every 10min");
    accepts(r#"delete Pod every "0 */2 * * mon-fri""#);
}

#[test]
fn texts_of_edits_say_what_happens_where_a_value_is_missing() {
    let missing = r#"mutate Pod only { set metadata.annotations.at = "on {spec.nodeName}" }"#;
    refuses(missing, "AIP0409", &["this may be missing", "where has x"]);
    accepts(r#"mutate Pod only { set metadata.annotations.at = "on {spec.nodeName ?? "none"}" }"#);
    accepts(
        r#"mutate Pod only where has spec.nodeName { set metadata.annotations.at = "on {spec.nodeName}" }"#,
    );
    accepts(
        r#"mutate Pod only { if spec.nodeName ~ "a*" { set metadata.annotations.at = "on {spec.nodeName}" } }"#,
    );
    accepts(r#"mutate Pod only { set metadata.annotations.at = "on {must(spec.nodeName)}" }"#);
    accepts(r#"mutate container { set image = "harbor.acme.io/{image.repository}" }"#);
    refuses(
        r#"generate ConfigMap "a" in trigger.metadata.name for Namespace { data: { a: "{trigger.metadata.labels.a}" } }"#,
        "AIP0409",
        &[],
    );
}

#[test]
fn edits_change_places_of_the_object() {
    refuses("mutate pod { append spec.volumes = json(annotation.volume) }", "AIP0410", &["written out"]);
    refuses("mutate pod { set spec.containers[0].image = \"a\" }", "AIP0315", &["use `for`"]);
    refuses("mutate pod { for g in [\"a\"] { set g = \"b\" } }", "AIP0315", &["a copy of values"]);
    refuses(
        "mutate Deployment for Secret on update { set trigger.metadata.labels.a = \"b\" }",
        "AIP0315",
        &["none of its places"],
    );
    accepts("mutate pod { for v in spec.volumes where has v.hostPath { remove v } }");
    accepts("mutate pod { for k, v in metadata.annotations where k ~ \"a/*\" { remove v } }");
}
