//! From sources: the library and a gallery of rules, as people write them.

use aipc_compiler::analysis::{Options, analyze, lower};
use aipc_compiler::formats::cluster_policy;
use aipc_compiler::ir::PolicySet;
use aipc_compiler::source::{NoFiles, Sources};

use super::{differences, random_rules, reference};
use crate::support::oracle::Oracle;
use crate::support::resources::{Profile, generate_many};

/// The YAML of a source, and its IR.
fn compile(name: &str, source: &str) -> (String, PolicySet) {
    let mut sources = Sources::default();
    let file = sources.add(name, source);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
    let messages = |found: &[aipc_compiler::diagnostic::Diagnostic]| {
        found.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join("\n")
    };
    assert!(!analysis.has_errors(), "{name}: {}", messages(&analysis.diagnostics));
    let (set, found) = lower(&analysis, &sources);
    assert!(!aipc_compiler::diagnostic::has_errors(&found), "{name}: {}", messages(&found));
    let refused = cluster_policy::unsupported(&set);
    assert!(refused.is_empty(), "{name}: {}", messages(&refused));
    let emitted = cluster_policy::emit(&set, &sources);
    let yaml = emitted.iter().map(|it| it.yaml.as_str()).collect::<Vec<_>>().join("---\n");
    (yaml, set)
}

fn snapshot(name: &str, yaml: &str) {
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, yaml);
    });
}

#[test]
fn the_library() {
    for name in aipc_compiler::stdlib::names().filter(|name| name.starts_with("ai/")) {
        let source = aipc_compiler::stdlib::find(name).expect("a library file");
        let (yaml, set) = compile(&format!("<std/{name}>"), source);
        snapshot(&format!("std-{}", name.replace('/', "-")), &yaml);
        let Some(oracle) = Oracle::shared() else { continue };
        let profile = Profile { hints: random_rules::hints(), ..Profile::workloads() }.aimed_at(&yaml);
        if reference::understands(&set) {
            let difference = differences(oracle, &set, &generate_many(0, 500, &profile));
            assert!(difference.is_none(), "{name}: {}", difference.unwrap_or_default());
        } else {
            let loaded = oracle.load(&[&yaml]);
            assert!(loaded.refused.is_empty(), "{name}: {:?}", loaded.refused);
        }
    }
}

/// Rules of many kinds. Kyverno takes each; where the reference understands it, verdicts agree.
const GALLERY: [&str; 40] = [
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
];

#[test]
fn a_gallery() {
    let profile = Profile { hints: random_rules::hints(), ..Profile::all() };
    let mut page = String::new();
    for (number, source) in GALLERY.iter().enumerate() {
        let (yaml, set) = compile("gallery.aip", source);
        page.push_str(&format!("{source}\n\n{yaml}\n"));
        let Some(oracle) = Oracle::shared() else { continue };
        let loaded = oracle.load(&[&yaml]);
        assert!(loaded.refused.is_empty(), "{source}: {:?}\n{yaml}", loaded.refused);
        if reference::understands(&set) {
            let profile = profile.clone().aimed_at(&yaml);
            let difference = differences(oracle, &set, &generate_many(number as u64 * 100, 100, &profile));
            assert!(difference.is_none(), "{source}: {}", difference.unwrap_or_default());
        }
    }
    snapshot("gallery", &page);
}
