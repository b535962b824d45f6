//! Facts about Kubernetes, asked of the table.

use super::*;

/// What stands at a dotted path below a kind: lists and maps are entered by `[]`.
fn at<'a>(cluster: &'a Cluster, path: &str) -> Result<&'a Field, String> {
    let (kind, path) = path.split_once('.').ok_or("a path has a dot")?;
    let KindLookup::Found(kind) = cluster.kind(kind) else { return Err(format!("no kind {kind}")) };
    let mut ty = cluster.kind_of(kind).ty;
    let mut found = None;
    for step in path.split('.') {
        let name = step.trim_end_matches("[]");
        let Type::Object(object) = cluster.ty(ty) else { return Err(format!("`{name}` of no object")) };
        match cluster.field(*object, name) {
            FieldLookup::Found(field) => {
                ty = field.ty;
                found = Some(field);
            }
            other => return Err(format!("`{name}`: {other:?}")),
        }
        for _ in 0..step.matches("[]").count() {
            ty = match cluster.ty(ty) {
                Type::List(list) => list.item,
                Type::Map(item) => *item,
                other => return Err(format!("`{name}` is {other:?}")),
            };
        }
    }
    found.ok_or_else(|| "empty".to_string())
}

/// The type in the words of the reference pages.
fn words(cluster: &Cluster, ty: TypeId) -> String {
    match cluster.ty(ty) {
        Type::List(list) => {
            let identity = match &list.identity {
                ListIdentity::Atomic => "list".to_string(),
                ListIdentity::Set => "set".to_string(),
                ListIdentity::Map(keys) => format!("list by {}", keys.join("+")),
            };
            let patch = match &list.patch {
                PatchStrategy::Replace => String::new(),
                PatchStrategy::Merge => " (merge)".to_string(),
                PatchStrategy::MergeBy(key) => format!(" (merge by {key})"),
            };
            format!("{identity}{patch} of {}", words(cluster, list.item))
        }
        Type::Map(item) => format!("map of {}", words(cluster, *item)),
        Type::Object(id) => cluster.object(*id).name.to_string(),
        Type::Enum(id) => cluster.enumeration(*id).values.join("|"),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

#[test]
fn paths_have_their_types() {
    let cluster = Cluster::newest();
    let facts = [
        ("Deployment.spec.replicas", "int"),
        ("Deployment.metadata", "meta/v1/ObjectMeta"),
        ("Pod.metadata.labels", "map of string"),
        ("Pod.metadata.creationTimestamp", "time"),
        ("Pod.spec.containers", "list by name (merge by name) of core/v1/Container"),
        (
            "Pod.spec.containers[].ports",
            "list by containerPort+protocol (merge by containerPort) of core/v1/ContainerPort",
        ),
        ("Pod.spec.containers[].image", "image"),
        ("Pod.spec.containers[].imagePullPolicy", "Always|IfNotPresent|Never"),
        ("Pod.spec.containers[].resources.limits", "map of quantity"),
        ("Pod.spec.containers[].command", "list of string"),
        ("Pod.spec.containers[].env", "list by name (merge by name) of core/v1/EnvVar"),
        ("Pod.spec.containers[].livenessProbe.httpGet.port", "intorname"),
        ("Pod.spec.containers[].securityContext.privileged", "bool"),
        ("Pod.spec.containers[].securityContext.capabilities.drop", "list of string"),
        ("Pod.spec.containers[].securityContext.seccompProfile.type", "RuntimeDefault|Localhost|Unconfined"),
        ("Pod.spec.ephemeralContainers[].image", "image"),
        ("Pod.spec.volumes", "list by name (merge by name) of core/v1/Volume"),
        ("Pod.spec.volumes[].emptyDir.sizeLimit", "quantity"),
        ("Pod.spec.tolerations[].effect", "NoSchedule|PreferNoSchedule|NoExecute"),
        ("Pod.spec.restartPolicy", "Always|OnFailure|Never"),
        ("Pod.spec.hostNetwork", "bool"),
        ("Pod.status.phase", "Pending|Running|Succeeded|Failed|Unknown"),
        ("Deployment.spec.strategy.rollingUpdate.maxSurge", "intorpercent"),
        ("CronJob.spec.concurrencyPolicy", "Allow|Forbid|Replace"),
        ("CronJob.spec.jobTemplate.spec.template.spec", "core/v1/PodSpec"),
        ("Service.spec.clusterIP", "ipornone"),
        ("Service.spec.externalIPs", "list of ip"),
        ("Service.spec.ports[].targetPort", "intorname"),
        ("Service.spec.type", "ClusterIP|NodePort|LoadBalancer|ExternalName"),
        ("Secret.data", "map of bytes"),
        ("Secret.stringData", "map of string"),
        ("Secret.type", "string"),
        ("NetworkPolicy.spec.policyTypes", "list of Ingress|Egress"),
        ("NetworkPolicy.spec.ingress[].from[].ipBlock.cidr", "cidr"),
        ("Ingress.spec.rules[].http.paths[].pathType", "Exact|Prefix|ImplementationSpecific"),
        (
            "PersistentVolumeClaim.spec.accessModes",
            "list of ReadWriteOnce|ReadOnlyMany|ReadWriteMany|ReadWriteOncePod",
        ),
        ("PodDisruptionBudget.spec.minAvailable", "intorpercent"),
        ("Lease.spec.renewTime", "time"),
        ("ValidatingWebhookConfiguration.webhooks[].failurePolicy", "Fail|Ignore"),
        ("ClusterRole.rules[].verbs", "list of string"),
        ("ControllerRevision.data", "json"),
        ("CustomResourceDefinition.spec.scope", "Cluster|Namespaced"),
        ("HorizontalPodAutoscaler.spec.metrics[].resource.target.averageUtilization", "int"),
    ];
    for (path, expected) in facts {
        match at(&cluster, path) {
            Ok(field) => assert_eq!(words(&cluster, field.ty), expected, "{path}"),
            Err(error) => panic!("{path}: {error}"),
        }
    }
}

#[test]
fn requirements_are_those_of_the_api_server() {
    for version in Version::all() {
        let cluster = Cluster::new(version);
        let required = [
            "Pod.spec",
            "Pod.spec.containers",
            "Pod.spec.containers[].name",
            "Pod.spec.containers[].image",
            "Pod.metadata",
            "Pod.kind",
            "Deployment.spec",
            "Deployment.spec.template",
            "Deployment.spec.selector",
            "Deployment.spec.template.spec",
            "Job.spec",
            "CronJob.spec.jobTemplate.spec",
            "ReplicaSet.spec",
            "ReplicaSet.spec.template",
            "Ingress.spec.rules[].http.paths[].pathType",
        ];
        let optional = [
            "Pod.metadata.labels",
            "Deployment.spec.replicas",
            "Pod.spec.containers[].securityContext",
            "Service.spec",
            "StatefulSet.spec.serviceName",
            "NetworkPolicy.spec.podSelector",
            "PriorityClass.value",
            "Pod.status",
            "EndpointSlice.endpoints",
            "ConfigMap.data",
        ];
        for path in required {
            assert_eq!(at(&cluster, path).map(|it| it.effectively_required), Ok(true), "{version} {path}");
        }
        for path in optional {
            assert_eq!(at(&cluster, path).map(|it| it.effectively_required), Ok(false), "{version} {path}");
        }
    }
}

#[test]
fn fields_belong_to_their_versions() {
    // (path, the first version, the first version without)
    let facts = [
        ("Pod.spec.hostnameOverride", 34, None),
        ("Pod.spec.resources", 32, None),
        ("Pod.spec.workloadRef", 35, Some(36)),
        ("Pod.spec.containers[].restartPolicyRules", 34, None),
        ("Pod.spec.securityContext.supplementalGroupsPolicy", 31, None),
        ("Pod.spec.resourceClaims[].source", 30, Some(31)),
        ("Pod.spec.containers", 30, None),
    ];
    for (path, since, removed) in facts {
        for version in Version::all() {
            let cluster = Cluster::new(version);
            let has = version.minor() >= since && removed.is_none_or(|removed| version.minor() < removed);
            let found = at(&cluster, path);
            assert_eq!(found.is_ok(), has, "{version} {path}: {found:?}");
            let (told_since, told_removed) = match found {
                Ok(field) => (field.since, field.removed),
                Err(_) => elsewhere(&cluster, path),
            };
            assert_eq!(
                (told_since.minor(), told_removed.map(Version::minor)),
                (since, removed),
                "{version} {path}"
            );
        }
    }
}

/// The versions that have a field which this one lacks.
fn elsewhere(cluster: &Cluster, path: &str) -> (Version, Option<Version>) {
    let (parent, name) = path.rsplit_once('.').unwrap_or_default();
    let mut ty =
        at(cluster, parent.trim_end_matches("[]")).map(|it| it.ty).unwrap_or_else(|it| panic!("{it}"));
    if let Type::List(list) = cluster.ty(ty) {
        ty = list.item;
    }
    let Type::Object(object) = cluster.ty(ty) else { panic!("{path}") };
    match cluster.field(*object, name) {
        FieldLookup::NotInThisVersion { since, removed } => (since, removed),
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn slips_in_fields_get_suggestions() {
    let cluster = Cluster::newest();
    let facts = [
        ("core/v1/SecurityContext", "priviledged", Some("privileged")),
        ("core/v1/PodSpec", "hostNetwrok", Some("hostNetwork")),
        ("core/v1/PodSpec", "container", Some("containers")),
        ("apps/v1/DeploymentSpec", "replica", Some("replicas")),
        ("core/v1/Container", "imagepullpolicy", Some("imagePullPolicy")),
        ("core/v1/Container", "banana", None),
    ];
    for (object, field, suggestion) in facts {
        let Some(Type::Object(id)) = cluster.named_object(object).map(|it| cluster.ty(it)) else {
            panic!("no object {object}")
        };
        assert_eq!(cluster.field(*id, field), FieldLookup::Unknown { suggestion }, "{object}.{field}");
    }
    let Type::Enum(policy) =
        at(&cluster, "Pod.spec.containers[].imagePullPolicy").map(|it| cluster.ty(it.ty)).unwrap()
    else {
        panic!("a set")
    };
    assert_eq!(cluster.enum_suggestion(*policy, "Allways"), Some("Always"));
    assert_eq!(cluster.enum_suggestion(*policy, "always"), Some("Always"));
}

#[test]
fn values_of_sets_belong_to_their_versions() {
    let values = |version: Version| {
        let cluster = Cluster::new(version);
        let field = at(&cluster, "Pod.spec.tolerations[].operator").unwrap();
        words(&cluster, field.ty)
    };
    assert_eq!(values(Version::OLDEST), "Equal|Exists");
    assert_eq!(values(Version::NEWEST), "Equal|Exists|Lt|Gt");
    let cluster = Cluster::new(Version::OLDEST);
    let Type::Enum(id) = cluster.ty(at(&cluster, "Pod.spec.tolerations[].operator").unwrap().ty) else {
        panic!("a set")
    };
    let set = cluster.enumeration(*id);
    assert_eq!(set.name.as_deref(), Some("TolerationOperator"));
    assert_eq!(set.elsewhere[0].value, "Lt");
    assert_eq!(set.elsewhere[0].since.to_string(), "1.35");
}

#[test]
fn kinds_are_found_by_name() {
    let cluster = Cluster::newest();
    let facts = [
        ("Pod", "v1/Pod"),
        ("Deployment", "apps/v1/Deployment"),
        ("apps/v1/Deployment", "apps/v1/Deployment"),
        ("v1/Pod", "v1/Pod"),
        ("HorizontalPodAutoscaler", "autoscaling/v2/HorizontalPodAutoscaler"),
        ("autoscaling/v1/HorizontalPodAutoscaler", "autoscaling/v1/HorizontalPodAutoscaler"),
        ("Event", "v1/Event"),
        ("events.k8s.io/v1/Event", "events.k8s.io/v1/Event"),
        ("Ingress", "networking.k8s.io/v1/Ingress"),
        ("ResourceClaim", "resource.k8s.io/v1/ResourceClaim"),
        ("PodGroup", "scheduling.k8s.io/v1beta1/PodGroup"),
        ("StorageVersion", "internal.apiserver.k8s.io/v1alpha1/StorageVersion"),
    ];
    for (name, full) in facts {
        match cluster.kind(name) {
            KindLookup::Found(kind) => assert_eq!(cluster.kind_of(kind).full_name(), full, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    for version in Version::all() {
        let cluster = Cluster::new(version);
        for (_, kind) in cluster.kinds() {
            assert!(matches!(cluster.kind(&kind.kind), KindLookup::Found(_)), "{version} {}", kind.kind);
            assert!(
                matches!(cluster.kind(&kind.full_name()), KindLookup::Found(_)),
                "{version} {}",
                kind.full_name()
            );
        }
    }
}

#[test]
fn slips_in_kinds_get_suggestions() {
    let cluster = Cluster::newest();
    let facts = [
        ("pods", Some(("Pod", Misspelling::Plural))),
        ("networkpolicies", Some(("NetworkPolicy", Misspelling::Plural))),
        ("deployment", Some(("Deployment", Misspelling::Case))),
        ("Daemonset", Some(("DaemonSet", Misspelling::Case))),
        ("deploy", Some(("Deployment", Misspelling::ShortName))),
        ("svc", Some(("Service", Misspelling::ShortName))),
        ("Pdo", Some(("Pod", Misspelling::Similar))),
        ("Deploymnt", Some(("Deployment", Misspelling::Similar))),
        ("extensions/v1beta1/Ingress", Some(("networking.k8s.io/v1/Ingress", Misspelling::GroupOrVersion))),
        ("v1/Deployment", Some(("apps/v1/Deployment", Misspelling::GroupOrVersion))),
        ("apps/v1/Deploymnt", Some(("apps/v1/Deployment", Misspelling::Similar))),
        ("Sandwich", None),
    ];
    for (name, expected) in facts {
        let suggestion =
            expected.map(|(name, misspelling)| KindSuggestion { name: name.to_string(), misspelling });
        assert_eq!(cluster.kind(name), KindLookup::Unknown { suggestion }, "{name}");
    }
}

#[test]
fn kinds_belong_to_their_versions() {
    let old = Cluster::new(Version::OLDEST);
    assert_eq!(
        old.kind("networking.k8s.io/v1/ServiceCIDR"),
        KindLookup::NotInThisVersion {
            full_name: "networking.k8s.io/v1/ServiceCIDR".to_string(),
            since: Version::parse("1.33").unwrap(),
            removed: None,
        }
    );
    assert!(matches!(old.kind("CompositePodGroup"), KindLookup::NotInThisVersion { .. }));
    assert!(matches!(old.kind("ServiceCIDR"), KindLookup::Found(_)), "the alpha of 1.30");
    let newest = Cluster::newest();
    assert!(
        matches!(newest.kind("flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema"), KindLookup::NotInThisVersion {
        removed: Some(removed), ..
    } if removed.minor() == 32)
    );
}

#[test]
fn subresources_have_their_own_shapes() {
    let cluster = Cluster::newest();
    let facts = [
        ("Deployment/scale", "Scale", "autoscaling/v1/Scale", false),
        ("apps/v1/Deployment/status", "Deployment", "apps/v1/Deployment", false),
        ("Pod/exec", "PodExecOptions", "core/v1/PodExecOptions", true),
        ("v1/Pod/portforward", "PodPortForwardOptions", "core/v1/PodPortForwardOptions", true),
        ("Pod/eviction", "Eviction", "policy/v1/Eviction", false),
        ("Pod/ephemeralcontainers", "Pod", "core/v1/Pod", false),
        ("ServiceAccount/token", "TokenRequest", "authentication/v1/TokenRequest", false),
        ("Service/proxy", "ServiceProxyOptions", "core/v1/ServiceProxyOptions", true),
    ];
    for (name, kind, object, connect) in facts {
        let ResourceLookup::Found(Resource { kind: parent, subresource: Some(sub) }) = cluster.resource(name)
        else {
            panic!("{name}: {:?}", cluster.resource(name))
        };
        let sub = cluster.kind_of(parent).subresource(&sub).unwrap();
        assert_eq!((sub.kind.as_ref(), words(&cluster, sub.ty).as_str()), (kind, object), "{name}");
        assert_eq!(sub.verbs.is_connect_only(), connect, "{name}");
    }
    assert!(matches!(
        cluster.resource("Deployment/scal"),
        ResourceLookup::UnknownSubresource { suggestion: Some(it), .. } if it == "scale"
    ));
    assert!(matches!(
        cluster.resource("Pdo/exec"),
        ResourceLookup::Kind(KindLookup::Unknown { suggestion: Some(_) })
    ));
    let command =
        cluster.named_object("core/v1/PodExecOptions").and_then(|it| cluster.object_of(it)).unwrap();
    let command = command.fields.iter().find(|it| it.name == "command").unwrap();
    assert_eq!(words(&cluster, command.ty), "list of string");
}

#[test]
fn kinds_know_their_resources() {
    let cluster = Cluster::newest();
    for (name, plural, namespaced) in [
        ("Pod", "pods", true),
        ("Namespace", "namespaces", false),
        ("Node", "nodes", false),
        ("Ingress", "ingresses", true),
        ("ClusterRole", "clusterroles", false),
        ("NetworkPolicy", "networkpolicies", true),
        ("Endpoints", "endpoints", true),
    ] {
        let KindLookup::Found(id) = cluster.kind(name) else { panic!("{name}") };
        let kind = cluster.kind_of(id);
        assert_eq!((kind.plural.as_ref(), kind.namespaced), (plural, namespaced), "{name}");
        assert!(kind.verbs.contains(Verbs::CREATE), "{name}");
    }
}

#[test]
fn defaults_are_told() {
    let cluster = Cluster::newest();
    let default = |path: &str| at(&cluster, path).unwrap().default.clone();
    assert_eq!(default("Pod.spec.restartPolicy"), Some(DefaultValue::String("Always".into())));
    assert_eq!(default("Pod.spec.containers[].ports[].protocol"), Some(DefaultValue::String("TCP".into())));
    assert_eq!(default("Deployment.spec.replicas"), Some(DefaultValue::Int(1)));
    assert_eq!(default("Pod.spec.enableServiceLinks"), Some(DefaultValue::Bool(true)));
    assert!(matches!(default("Pod.spec.containers[].imagePullPolicy"), Some(DefaultValue::Conditional(_))));
    assert_eq!(default("Pod.spec.hostNetwork"), None);
}

#[test]
fn defaults_fit_their_types() {
    let cluster = Cluster::newest();
    for (_, kind) in cluster.kinds() {
        visit(
            &cluster,
            kind.ty,
            &mut Vec::new(),
            &mut |field| match (&field.default, cluster.ty(field.ty)) {
                (Some(DefaultValue::String(value)), Type::Enum(set)) => {
                    assert!(cluster.enumeration(*set).values.contains(value), "{}: {value}", field.name)
                }
                (Some(DefaultValue::String(_)), Type::String | Type::IntOrPercent) => {}
                (Some(DefaultValue::Int(_)), Type::Int | Type::IntOrPercent) => {}
                (Some(DefaultValue::Bool(_)), Type::Bool) => {}
                (Some(DefaultValue::Conditional(_)) | None, _) => {}
                (default, ty) => panic!("{}: {default:?} for {ty:?}", field.name),
            },
        );
    }
}

#[test]
fn every_kind_decodes_to_its_leaves_in_every_version() {
    for version in Version::all() {
        let cluster = Cluster::new(version);
        let mut seen = Vec::new();
        let mut fields = 0;
        for (_, kind) in cluster.kinds() {
            visit(&cluster, kind.ty, &mut seen, &mut |_| fields += 1);
            for subresource in &kind.subresources {
                visit(&cluster, subresource.ty, &mut seen, &mut |_| fields += 1);
            }
            assert_eq!(
                at(&cluster, &format!("{}.metadata", kind.kind)).map(|it| it.ty),
                Ok(cluster.object_meta())
            );
        }
        assert!(fields > 2000, "{version}: {fields}");
    }
}

/// Calls `f` for every field below the type, each object once: schemas of schemas contain themselves.
fn visit(cluster: &Cluster, ty: TypeId, seen: &mut Vec<TypeId>, f: &mut impl FnMut(&Field)) {
    match cluster.ty(ty) {
        Type::List(list) => visit(cluster, list.item, seen, f),
        Type::Map(item) => visit(cluster, *item, seen, f),
        Type::Object(object) => {
            if seen.contains(&ty) {
                return;
            }
            seen.push(ty);
            assert!(!cluster.object(*object).name.is_empty());
            for field in cluster.fields(*object) {
                f(field);
                visit(cluster, field.ty, seen, f);
            }
        }
        _ => {}
    }
}

#[test]
fn texts_come_when_asked() {
    let cluster = Cluster::newest();
    let container = cluster.named_object("core/v1/Container").unwrap();
    let Type::Object(container) = cluster.ty(container) else { panic!("an object") };
    let image = cluster.field_doc(*container, "image").unwrap_or_default();
    assert!(image.contains("image name"), "{image}");
    assert!(cluster.object_doc(*container).is_some_and(|it| it.contains("container")));
    assert_eq!(cluster.field_doc(*container, "banana"), None);
    let KindLookup::Found(pod) = cluster.kind("Pod") else { panic!("a kind") };
    assert!(cluster.kind_doc(pod).is_some_and(|it| it.starts_with("Pod is")));
}

#[test]
fn kinds_without_a_shape_keep_their_metadata() {
    let mut cluster = Cluster::newest();
    let facts = [
        ("tekton.dev/v1beta1/TaskRun/status", ("tekton.dev", "v1beta1", "TaskRun"), Some("status")),
        ("config.kio.kasten.io/v1alpha1/Policy", ("config.kio.kasten.io", "v1alpha1", "Policy"), None),
        ("*/scale", ("*", "*", "*"), Some("scale")),
        ("*/Deployment", ("*", "*", "Deployment"), None),
        ("apps/*/Deployment", ("apps", "*", "Deployment"), None),
        ("*/*/*", ("*", "*", "*"), None),
        ("*", ("*", "*", "*"), None),
        ("example.org/v1/Pod/exec", ("example.org", "v1", "Pod"), Some("exec")),
    ];
    for (name, (group, version, kind), subresource) in facts {
        let id = cluster.add_untyped(name).unwrap_or_else(|it| panic!("{it}"));
        assert_eq!(cluster.add_untyped(name), Ok(id), "{name}: added once");
        let it = cluster.kind_of(id);
        assert_eq!(
            (it.group.as_ref(), it.version.as_ref(), it.kind.as_ref()),
            (group, version, kind),
            "{name}"
        );
        let found = Resource { kind: id, subresource: subresource.map(str::to_string) };
        assert_eq!(cluster.resource(name), ResourceLookup::Found(found), "{name}");
        let Type::Object(object) = cluster.ty(it.ty) else { panic!("an object") };
        assert_eq!(cluster.field(*object, "spec"), FieldLookup::Open);
        assert!(
            matches!(cluster.field(*object, "metadata"), FieldLookup::Found(it) if it.ty == cluster.object_meta())
        );
    }
    assert!(matches!(cluster.kind("TaskRun"), KindLookup::Unknown { .. }), "by its full name only");
    assert!(matches!(cluster.kind("config.kio.kasten.io/v1alpha1/Policy"), KindLookup::Found(_)));
    assert!(matches!(cluster.kind("Deployment"), KindLookup::Found(_)));
    for name in ["", "pods", "a/b/c/D/e", "apps/one/Deployment", "apps/v1/", "apps/v1/deployment", "v1/Po-d"]
    {
        assert!(cluster.add_untyped(name).is_err(), "{name}");
    }
}

#[test]
fn equal_types_are_one() {
    let mut cluster = Cluster::newest();
    let string = cluster.intern(Type::String);
    assert_eq!(at(&cluster, "Pod.spec.nodeName").map(|it| it.ty), Ok(string));
    let map = cluster.intern(Type::Map(string));
    assert_eq!(at(&cluster, "Pod.metadata.labels").map(|it| it.ty), Ok(map));
    let new = cluster.intern(Type::Map(map));
    assert_eq!(cluster.intern(Type::Map(map)), new);
    assert_eq!(*cluster.ty(new), Type::Map(map));
}
