//! From sources: the library and a gallery of rules, as people write them.

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::formats::cluster_policy;
use aipc_compiler::ir::{PolicySet, Root, rewrite};
use aipc_compiler::source::{NoFiles, Sources};

use serde_json::Value as Json;

use super::{machine, random_rules};
use crate::support::oracle::{Numbers, Operation, Oracle, Request, UserInfo};
use crate::support::resources::{Profile, generate_many};

/// What becomes of a source.
struct Compiled {
    sources: Sources,
    set: PolicySet,
    yaml: String,
}

fn compile(name: &str, source: &str) -> Compiled {
    let mut sources = Sources::default();
    let file = sources.add(name, source);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
    let messages = |found: &[aipc_compiler::diagnostic::Diagnostic]| {
        found.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join("\n")
    };
    assert!(!analysis.has_errors(), "{name}: {}", messages(&analysis.diagnostics));
    let (set, found) = (analysis.policies.clone(), analysis.not_carried.clone());
    assert!(!aipc_compiler::diagnostic::has_errors(&found), "{name}: {}", messages(&found));
    let emitted = cluster_policy::emit(&set, &sources);
    let emitted = emitted.unwrap_or_else(|refused| panic!("{name}: {}", messages(&refused)));
    let yaml = emitted.iter().map(|it| it.yaml.as_str()).collect::<Vec<_>>().join("---\n");
    Compiled { sources, set, yaml }
}

fn snapshot(name: &str, yaml: &str) {
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, yaml);
    });
}

/// Compares Kyverno's verdicts on the YAML with those of our evaluator: without a user and with two, on create and
/// update, with numbers in both forms.
fn compare(oracle: &Oracle, name: &str, compiled: &Compiled, resources: &[Json]) -> usize {
    let Compiled { sources, set, yaml } = compiled;
    let loaded = oracle.load(&[yaml]);
    assert!(loaded.refused.is_empty(), "{name}: {:?}\n{yaml}", loaded.refused);
    let user = |name: &str, groups: &[&str], cluster_roles: &[&str]| UserInfo {
        username: name.to_owned(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        roles: vec!["default:reader".to_owned()],
        cluster_roles: cluster_roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    let users = [
        None,
        Some(user("ann", &["dev", "platform-a"], &["cluster-admin"])),
        Some(user("system:serviceaccount:ci:bot", &["system:serviceaccounts"], &[])),
    ];
    let asks =
        |root| set.policies.iter().flat_map(|policy| &policy.rules).any(|rule| rewrite::mentions(rule, root));
    let old: Vec<Json> = resources.iter().cycle().skip(1).take(resources.len()).cloned().collect();
    let old: Vec<Json> = resources
        .iter()
        .zip(old)
        .map(|(resource, old)| if old["kind"] == resource["kind"] { old } else { resource.clone() })
        .collect();
    let mut compared = 0;
    for (number, user) in users.iter().enumerate() {
        if number > 0 && !asks(Root::User) {
            continue;
        }
        for (operation, numbers) in [
            (Operation::Create, Numbers::Float64),
            (Operation::Create, Numbers::Int64),
            (Operation::Update, Numbers::Int64),
            (Operation::Delete, Numbers::Int64),
        ] {
            let labels = [("team", if number == 1 { "ops" } else { "ml" })];
            let request = Request {
                cluster: Vec::new(),
                operation: Some(operation),
                user_info: user.clone(),
                namespace_labels: Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
                numbers,
                old_resources: if operation == Operation::Update { old.clone() } else { vec![] },
                ..Request::default()
            };
            let ours = machine::verdicts(set, sources, resources, &request);
            for ((resource, ours), answer) in
                resources.iter().zip(ours).zip(loaded.evaluate(resources, &request))
            {
                let said = (&answer.rows, &answer.error);
                assert_eq!(answer.verdict(), ours, "{name}: {request:?}\n{said:?}\n{resource}\n{yaml}");
                compared += 1;
            }
        }
    }
    compared
}

#[test]
fn the_library() {
    for name in aipc_compiler::stdlib::names().filter(|name| name.starts_with("ai/")) {
        let source = aipc_compiler::stdlib::find(name).expect("a library file");
        let compiled = compile(&format!("<std/{name}>"), source);
        snapshot(&format!("std-{}", name.replace('/', "-")), &compiled.yaml);
        let Some(oracle) = Oracle::shared() else { continue };
        let aimed = Profile::workloads().aimed_at(&compiled.yaml).hints;
        let profile = Profile { hints: [random_rules::hints(), aimed].concat(), ..Profile::workloads() };
        compare(oracle, name, &compiled, &generate_many(0, 500, &profile));
    }
}

/// Rules of many kinds.
const GALLERY: &[&str] = &[
    r#"deny pod if image !~ "trusted-registry.io/ai-models/*""#,
    r#"deny pod if image !~ ["ghcr.io/acme/*", "nvcr.io/*"]"#,
    r#"deny container if image.tag == "latest" and securityContext.privileged"#,
    r#"require container that has resources.limits.cpu and has resources.limits.memory"#,
    r#"require container that ports.hostPort == 0 or missing"#,
    r#"deny Deployment, StatefulSet if spec.replicas > 100"#,
    r#"deny Pod if not has metadata.ownerReferences"#,
    r#"deny resource if empty label.owner"#,
    r#"deny pod where resource.kind in ["Pod", "Deployment"] if spec.hostNetwork"#,
    r#"deny Deployment on update if changed spec.selector"#,
    r#"deny Service on update, delete where label.protected == "true" and "cluster-admin" not in user.clusterRoles"#,
    r#"deny Namespace on create where not any g in user.groups: g ~ "platform-*" if label.tier == "gold""#,
    r#"require pod where namespace.labels.team == "ml" and resource.metadata.name !~ "legacy-*" that has label.cost-centre"#,
    r#"deny Ingress if spec.rules.host not in spec.tls.hosts"#,
    r#"deny pod if any c in container: c.securityContext.privileged and c.image ~ "docker.io/*""#,
    r#"require pod that every v in spec.volumes: not has v.hostPath or v.hostPath.path ~ "/var/log/*""#,
    r#"deny Ingress if any k, v in metadata.annotations: k ~ "nginx.ingress*" and v matches r"\balias\b""#,
    r#"require pod that count([v for v in spec.volumes where has v.emptyDir]) <= 2"#,
    r#"deny pod where namespace ~ "prod-*" and namespace != "prod-x" if spec.hostPID message "No host PIDs in {namespace}.""#,
    r#"require container that imagePullPolicy == "Always" message "{name}: {image} must be pulled always.""#,
    r#"deny container if resources.limits.memory > 2Gi or resources.limits.cpu > 500m"#,
    r#"deny container if resources.requests.memory > resources.limits.memory"#,
    r#"deny container if env.value matches r"^(?i)secret""#,
    r#"require pod that spec.securityContext.runAsNonRoot"#,
    r#"deny Deployment if metadata.name != spec.template.metadata.labels.app"#,
    r#"deny pod if spec.serviceAccountName ?? "default" == "default""#,
    r#"require container that securityContext.runAsNonRoot ?? pod.spec.securityContext.runAsNonRoot"#,
    r#"deny container if "ALL" not in securityContext.capabilities.drop"#,
    r#"deny pod if label.app == "a" or annotation["x/y"] == "1Gi" or spec.nodeName ~ "n?de-*""#,
    r#"deny Service if spec.type == "LoadBalancer" and spec.ports.port in 1..1023"#,
    r#"deny ConfigMap if any k, v in data: v ~ "*{{*" message "{{ braces }} and $(x) in {metadata.name}""#,
    r#"deny container if name == pod.metadata.name"#,
    r#"deny container if any e in env: e.name == name"#,
    r#"deny pod if any c in container: any e in c.env: e.value == c.name and e.name == metadata.name"#,
    r#"deny PersistentVolumeClaim if spec.resources.requests.storage > 100Gi and spec.storageClassName == "fast""#,
    r#"deny CronJob if spec.schedule ~ "*/1 *""#,
    r#"deny pod if lower(spec.hostname) == "a" and spec.priority + 1 > 1000"#,
    r#"deny pod if spec.terminationGracePeriodSeconds not in [0, 30, 60]"#,
    r#"deny volume if has hostPath"#,
    r#"deny PodDisruptionBudget if spec.maxUnavailable > 25% or spec.minAvailable == 1"#,
    r#"policy by-label "Actions by label" { action audit where label.app == "a"  action enforce, warn  deny pod if spec.hostNetwork }"#,
    r#"policy by-namespace "Actions by namespace" { action audit where namespace ~ "dev-*"  deny pod if spec.hostNetwork }"#,
    r#"deny Pod on any if spec.hostNetwork and metadata.name ~ "*-1""#,
    r#"deny ConfigMap on delete where label.app == "a" if has data"#,
    r#"deny Deployment/scale if spec.replicas > 8"#,
    r#"deny Pod/exec where namespace.labels.team == "ml""#,
    r#"deny pod where user.name ~ ["ann", "system:serviceaccount:ci:*"] if spec.hostNetwork"#,
    r#"deny pod where "cluster-admin" in user.clusterRoles if spec.hostPID"#,
    r#"deny pod if user.serviceAccount.name == "bot""#,
    r#"deny Secret where "system:serviceaccounts" in user.groups and namespace == "default" if type == "Opaque""#,
    r#"kind Foo = "example.com/v1/Foo" untyped
deny Foo if spec.a.b > 3 or spec.list.name == "x" or spec.text ~ "a*""#,
    r#"deny pod if any k, v in metadata.labels: k == "app" and v == metadata.name"#,
    r#"deny pod if any a in container: any b in container: a.name != b.name and a.image == b.image"#,
    r#"require pod that every c in container: every p in c.ports: p.containerPort < 1024 or c.name ~ "web-*""#,
    r#"deny resource where resource.kind != "Namespace" if namespace == "default" and label.app == "a""#,
    r#"deny pod on update if changed spec.containers or changed label.app"#,
    r#"let sizes = ["a", "b"]
deny pod if label.app not in sizes and has label.app message "Size {label.app} is none of ours.""#,
];

#[test]
fn a_gallery() {
    let profile = Profile { hints: random_rules::hints(), ..Profile::all() };
    let mut page = String::new();
    let mut compared = 0;
    for (number, source) in GALLERY.iter().enumerate() {
        let compiled = compile("gallery.aip", source);
        page.push_str(&format!("{source}\n\n{}\n", compiled.yaml));
        let Some(oracle) = Oracle::shared() else { continue };
        compared += compare(oracle, source, &compiled, &generate_many(number as u64 * 100, 100, &profile));
    }
    snapshot("gallery", &page);
    println!("{compared} verdicts agree");
}
