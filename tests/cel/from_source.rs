//! From sources: the bytecode and Kyverno on the ValidatingPolicy say the same of each resource.

use std::collections::{BTreeMap, BTreeSet};

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::diagnostic::{Code, Diagnostic, has_errors};
use aipc_compiler::formats::support::{Target, legalize};
use aipc_compiler::formats::{Emitted, bytecode, emit_yaml};
use aipc_compiler::source::{NoFiles, Sources};
use aipc_runtime::document::Document;
use aipc_runtime::machine::{
    AdmissionOperation, Environment, Evaluator, Limits, Namespaces, Resource, User, Verdict as Decided,
};
use aipc_runtime::program::Program;
use aipc_runtime::value::Time;
use serde_json::{Value as Json, json};

use crate::support::oracle::{Numbers, Operation, Oracle, Request, UserInfo};
use crate::support::resources::{Hint, Profile, generate_many};
use crate::support::verdict::Verdict;

struct Compiled {
    emitted: Vec<Emitted>,
    program: Program,
}

fn compile(name: &str, source: &str) -> Compiled {
    let mut sources = Sources::default();
    let file = sources.add(name, source);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
    assert!(!analysis.has_errors(), "{source}: {:#?}", analysis.diagnostics);
    let (set, found) = (analysis.policies.clone(), analysis.not_carried.clone());
    assert!(!has_errors(&found), "{source}: {found:#?}");
    let refused: Vec<Diagnostic> =
        legalize(&set, Target::Kyverno).into_iter().filter(|it| it.code == Code::NotInTarget).collect();
    assert!(refused.is_empty(), "{source}: {refused:#?}");
    let program = bytecode::emit(&set, &sources).unwrap_or_else(|refused| panic!("{source}: {refused:#?}"));
    let emitted =
        emit_yaml(&set, Target::Kyverno, &sources).unwrap_or_else(|refused| panic!("{source}: {refused:#?}"));
    Compiled { emitted, program }
}

fn yaml(emitted: &[Emitted]) -> String {
    emitted.iter().map(|it| it.yaml.as_str()).collect::<Vec<_>>().join("---\n")
}

/// What is known besides the resources.
#[derive(Clone, Copy, Debug)]
struct World {
    operation: Operation,
    user: Option<&'static str>,
    env: Option<&'static str>,
}

const WORLDS: [World; 5] = [
    World { operation: Operation::Create, user: None, env: None },
    World { operation: Operation::Create, user: Some("ann"), env: Some("prod") },
    World { operation: Operation::Update, user: Some("system:serviceaccount:ci:bot"), env: Some("dev") },
    World { operation: Operation::Update, user: None, env: None },
    World { operation: Operation::Delete, user: Some("ann"), env: None },
];

/// What the bytecode says: whether some rule is violated.
fn decide(program: &Program, resource: &Json, old: Option<&Json>, world: World) -> Verdict {
    let document = Document::from_json(resource);
    let old = old.map(Document::from_json);
    let user = world.user.map(|name| {
        let groups = vec!["dev".to_owned(), "system:authenticated".to_owned()];
        User { name: name.to_owned(), groups, ..User::default() }.to_document()
    });
    let name = resource["metadata"]["namespace"].as_str().unwrap_or("default");
    let namespace = Document::from_json(&json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": {"env": world.env}},
    }));
    let mut namespaces = Namespaces::new();
    if world.env.is_some() {
        namespaces.add(name, Resource::of(&namespace));
    }
    let deleted = world.operation == Operation::Delete;
    let environment = Environment {
        operation: match world.operation {
            Operation::Create => AdmissionOperation::Create,
            Operation::Update => AdmissionOperation::Update,
            Operation::Delete => AdmissionOperation::Delete,
        },
        old_object: old.as_ref().map(Resource::of).or(deleted.then(|| Resource::of(&document))),
        user: user.as_ref(),
        namespaces: Some(&namespaces),
        ..Environment::new(Time::parse("2026-11-23T12:00:00Z").unwrap())
    };
    let decision = Evaluator::new(program).evaluate(Resource::of(&document), &environment, Limits::default());
    let mut verdict = Verdict::Pass;
    for rule in decision.verdicts {
        match rule.verdict {
            Decided::Fail => return Verdict::Fail,
            Decided::Error(_) => verdict = Verdict::Error,
            Decided::Pass | Decided::NotApplicable(_) | Decided::NotEvaluated(_) => {}
        }
    }
    verdict
}

/// Compares on resources that aim at the texts of the source. Returns how many verdicts agree.
fn agree(oracle: &Oracle, source: &str, compiled: &Compiled, first: u64, count: usize) -> usize {
    let yaml = yaml(&compiled.emitted);
    let loaded = oracle.load(&[&yaml]);
    assert!(loaded.refused.is_empty(), "{source}: {:?}\n{yaml}", loaded.refused);
    let profile = Profile { hints: hints(source), ..Profile::all() };
    let mut compared = 0;
    for (number, world) in WORLDS.into_iter().enumerate() {
        let seed = first + number as u64 * 10_000;
        let resources: Vec<Json> = generate_many(seed, count, &profile).into_iter().map(placed).collect();
        let old: Vec<Json> = match world.operation {
            Operation::Update => others(&resources),
            Operation::Create | Operation::Delete => vec![],
        };
        for numbers in [Numbers::Float64, Numbers::Int64] {
            let request = Request {
                cluster: Vec::new(),
                operation: Some(world.operation),
                user_info: world.user.map(|name| UserInfo {
                    username: name.to_owned(),
                    groups: vec!["dev".to_owned(), "system:authenticated".to_owned()],
                    ..UserInfo::default()
                }),
                namespace_labels: world.env.map(|env| BTreeMap::from([("env".to_owned(), env.to_owned())])),
                numbers,
                old_resources: old.clone(),
                ..Request::default()
            };
            for (at, answer) in loaded.evaluate(&resources, &request).iter().enumerate() {
                let ours = decide(&compiled.program, &resources[at], old.get(at), world);
                assert!(
                    answer.verdict() == ours,
                    "{source}\nours is {ours:?}, Kyverno says {:?} {:?}\n{world:?} {numbers:?} seed {}\n{}\nold {:?}\n{yaml}",
                    answer.verdict(),
                    answer.rows.iter().map(|row| (&row.policy, &row.message)).collect::<Vec<_>>(),
                    seed + at as u64,
                    resources[at],
                    old.get(at).map(Json::to_string),
                );
                compared += 1;
            }
        }
    }
    compared
}

/// The resource in a namespace: Kyverno's command line writes `default` into those without one.
fn placed(mut resource: Json) -> Json {
    if resource["kind"] != "Namespace" && resource["metadata"]["namespace"].is_null() {
        resource["metadata"]["namespace"] = json!("default");
    }
    resource
}

/// For each resource another one of its kind, or itself.
fn others(resources: &[Json]) -> Vec<Json> {
    let other = |at: usize| {
        let same = |other: &&Json| other["kind"] == resources[at]["kind"];
        resources[at..].iter().skip(1).find(same).unwrap_or(&resources[at]).clone()
    };
    (0..resources.len()).map(other).collect()
}

/// The literals of the source, at the places that the library's words stand for.
fn hints(source: &str) -> Vec<Hint> {
    let texts: BTreeSet<&str> = source.split('"').skip(1).step_by(2).collect();
    let values = |more: &[&str]| texts.iter().chain(more).map(|text| json!(text)).collect::<Vec<Json>>();
    let texts_at = [
        "spec.containers[].image",
        "spec.initContainers[].image",
        "spec.containers[].imagePullPolicy",
        "spec.serviceAccountName",
        "spec.hostname",
        "metadata.name",
        "metadata.labels.app",
        "metadata.labels.team",
        "metadata.labels.version",
        "metadata.annotations.owner",
        "metadata.annotations.ttl",
        "metadata.annotations.expires",
        "metadata.annotations.address",
    ];
    let odd = [
        "",
        "nginx",
        "nginx:1.25",
        "ghcr.io/acme/app:v1.2.3",
        "1.2.3",
        "v1.10",
        "90s",
        "2h",
        "2026-01-01T00:00:00Z",
        "10.1.2.3",
    ];
    let mut hints: Vec<Hint> = texts_at.iter().map(|path| Hint::new(path, values(&odd))).collect();
    let quantities = ["1", "500m", "1Gi", "2Gi", "64Gi", "0.5"].map(|text| json!(text));
    for path in ["spec.containers[].resources.limits.memory", "spec.containers[].resources.limits.cpu"] {
        hints.push(Hint::new(path, quantities.clone()));
    }
    hints
}

#[test]
fn the_library() {
    let oracle = Oracle::shared();
    for name in aipc_compiler::stdlib::names().filter(|name| name.starts_with("ai/")) {
        let source = aipc_compiler::stdlib::find(name).expect("a library file");
        let compiled = compile(&format!("<std/{name}>"), source);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("std-{}", name.replace('/', "-")), yaml(&compiled.emitted));
        });
        if let Some(oracle) = oracle {
            agree(oracle, source, &compiled, 0, 100);
        }
    }
}

/// Rules of many kinds.
const GALLERY: [&str; 77] = [
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
    r#"deny Service on update, delete where label.protected == "true" and "dev" not in user.groups"#,
    r#"deny Namespace on create where not any g in user.groups: g ~ "platform-*" if label.tier == "gold""#,
    r#"require pod where namespace.labels.env == "prod" and resource.metadata.name !~ "legacy-*" that has label.cost-centre"#,
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
    // parts of images
    r#"deny container if image.registry not in ["docker.io", "ghcr.io"]"#,
    r#"deny container if not has image.digest and image.tag !~ "v*""#,
    r#"deny container if image.name ~ "docker.io/*" or image.repository == "acme/app""#,
    r#"deny container if semver(image.tag) < semver("1.2.0")"#,
    // conversions
    r#"deny resource if duration(annotation.ttl) > 1h"#,
    r#"deny resource if time(annotation.expires) < time("2026-06-01T00:00:00Z")"#,
    r#"deny resource if int(annotation.ttl) > 5 or quantity(annotation.owner) > 1Gi"#,
    r#"deny resource if ip(annotation.address) in "10.0.0.0/8""#,
    r#"deny resource if semver(label.version) >= semver("1.2.3")"#,
    // texts
    r#"deny resource if substring(label.app, 0, 3) == "ngi" or split(annotation.owner, "-")[0] == "team""#,
    r#"deny resource if replace(label.app, "a", "b") == "bbb" or upper(label.app) == "NGINX""#,
    r#"deny resource if trim(label.app, "n-") ~ "gi*" or count(label.app) > 10"#,
    r#"deny resource if matchGroup(label.version, r"^v?(\d+)\.", 1) == "1""#,
    r#"deny resource if "{metadata.namespace}-{label.app}" == "default-nginx""#,
    // lists and maps
    r#"deny pod if sum(spec.containers.ports.containerPort) > 9000 or max(spec.containers.ports.containerPort) == 443"#,
    r#"deny pod if join(sort(spec.containers.name), ",") == "c0,c1" or count(distinct(container.image)) > 2"#,
    r#"deny resource if "app" in keys(metadata.labels) and "a" in values(metadata.labels)"#,
    r#"deny resource if keys(without(metadata.labels, "app")) == ["owner"]"#,
    r#"deny pod if spec.containers[0].name == "c0" and spec.containers[-1].image ~ "*nginx*""#,
    // numbers
    r#"deny Deployment if spec.replicas * 2 - 1 > 5 or spec.replicas / 2 >= 1.5"#,
    r#"deny pod if -spec.priority > 5 or spec.priority + 0.5 == 1.5"#,
    r#"deny container if resources.limits.memory - resources.requests.memory > 1Gi"#,
    r#"deny container if ports.containerPort in 1..1024 and securityContext.runAsUser in [0, 1000]"#,
    r#"deny container if livenessProbe.httpGet.port > 1024 or readinessProbe.httpGet.port == 8080"#,
    r#"deny Service if spec.ports.targetPort == 8080 or spec.ports.targetPort == "http""#,
    r#"deny container if livenessProbe.httpGet.port in [80, 8080] or startupProbe.tcpSocket.port in 1..1024"#,
    // names, choices
    r#"deny pod with team = label.team with limit = 5 where team != "ops" if team == "web" or count(container) > limit"#,
    r#"deny container with tag = image.tag if tag == "latest" or tag == "dev""#,
    r#"deny pod if if spec.hostNetwork then has label.app else spec.hostPID"#,
    r#"deny pod if label["{metadata.name}"] == "x" or (if spec.hostIPC then "a" else label.app) == "a""#,
    // who, where, before
    r#"deny Pod if user.name != "ann""#,
    r#"deny pod if spec.hostPID or user.name == "ann" or namespace.labels.env == "dev""#,
    r#"deny Deployment on create, update where user.serviceAccount.name != "bot" if namespace.labels.env != "prod""#,
    r#"deny pod on update if label.app != old.metadata.labels.app or changed spec.hostname"#,
    r#"deny ConfigMap, Secret on update, delete if metadata.labels.app == "nginx" and request.operation == "DELETE""#,
    r#"deny Namespace where namespace ~ "*-*" if namespace.labels.app != "nginx""#,
    r#"policy p "P" { action audit where namespace.labels.env == "dev"  action enforce, warn  deny pod if spec.hostNetwork  deny container if securityContext.privileged }"#,
];

#[test]
fn a_gallery() {
    let oracle = Oracle::shared();
    let mut page = String::new();
    let mut compared = 0;
    for (number, source) in GALLERY.iter().enumerate() {
        let compiled = compile("gallery.aip", source);
        page.push_str(&format!("{source}\n\n{}\n", yaml(&compiled.emitted)));
        if let Some(oracle) = oracle {
            compared += agree(oracle, source, &compiled, number as u64 * 100_000, 40);
        }
    }
    println!("{compared} verdicts agree");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("gallery", page);
    });
}
