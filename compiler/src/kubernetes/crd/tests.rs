//! Definitions of custom resources, right and wrong.

use aipc_runtime::document::Document;
use serde_json::{Map, Value, json};

use super::super::*;

const ROBOTS: &str = include_str!("robots.yaml");

fn robots() -> Cluster {
    let mut cluster = Cluster::newest();
    let kinds = cluster.add_crd(ROBOTS, "robots.yaml").unwrap_or_else(|it| panic!("{it:?}"));
    assert_eq!(kinds.len(), 2, "two versions are served");
    cluster
}

/// The type at a path below a kind, in words.
fn type_at(cluster: &Cluster, kind: &str, path: &str) -> String {
    let KindLookup::Found(kind) = cluster.kind(kind) else { panic!("no {kind}: {:?}", cluster.kind(kind)) };
    let mut ty = cluster.kind_of(kind).ty;
    for step in path.split('.') {
        let name = step.trim_end_matches("[]");
        let Type::Object(object) = cluster.ty(ty) else { return format!("no object before {name}") };
        ty = match cluster.field(*object, name) {
            FieldLookup::Found(field) => field.ty,
            FieldLookup::Open => return "open".to_string(),
            other => return format!("{other:?}"),
        };
        for _ in 0..step.matches("[]").count() {
            ty = match cluster.ty(ty) {
                Type::List(list) => list.item,
                Type::Map(item) => *item,
                _ => return format!("no list at {name}"),
            };
        }
    }
    match cluster.ty(ty) {
        Type::Object(id) => cluster.object(*id).name.to_string(),
        Type::Enum(id) => cluster.enumeration(*id).values.join("|"),
        Type::List(list) => format!("{:?}", list.identity),
        Type::Map(item) => format!("map of {:?}", cluster.ty(*item)),
        scalar => format!("{scalar:?}"),
    }
}

#[test]
fn a_schema_becomes_types() {
    let cluster = robots();
    let facts = [
        ("metadata", "meta/v1/ObjectMeta"),
        ("metadata.labels", "map of String"),
        ("spec.replicas", "Int"),
        ("spec.mode", "Idle|Working|off"),
        ("spec.weight", "Float"),
        ("spec.enabled", "Bool"),
        ("spec.port", "IntOrName"),
        ("spec.maxUnavailable", "IntOrPercent"),
        ("spec.memory", "Quantity"),
        ("spec.labels", "map of String"),
        ("spec.anything", "map of Json"),
        ("spec.settings", "Json"),
        ("spec.half.known", "String"),
        ("spec.half.unknown", "open"),
        ("spec.raw", "Json"),
        ("spec.inner.metadata", "meta/v1/ObjectMeta"),
        ("spec.inner.spec", "open"),
        ("spec.started", "Time"),
        ("spec.timeout", "Duration"),
        ("spec.key", "Bytes"),
        ("spec.address", "Ip"),
        ("spec.network", "Cidr"),
        ("spec.nothing", "acme.io/v1/Robot.spec.nothing"),
        ("spec.nothing.field", "Unknown { suggestion: None }"),
        ("spec.arms", r#"Map(["side", "index"])"#),
        ("spec.arms[].side", "Left|Right"),
        ("spec.arms[].tools", "Set"),
        ("spec.arm", "Unknown { suggestion: Some(\"arms\") }"),
        ("status.ready", "Bool"),
    ];
    for (path, expected) in facts {
        assert_eq!(type_at(&cluster, "Robot", path), expected, "{path}");
    }
    assert_eq!(type_at(&cluster, "acme.io/v1beta1/Robot", "spec.old"), "String");
}

#[test]
fn a_definition_becomes_kinds() {
    let cluster = robots();
    let KindLookup::Found(id) = cluster.kind("Robot") else { panic!("found by its bare name") };
    let kind = cluster.kind_of(id);
    assert_eq!(kind.full_name(), "acme.io/v1/Robot", "the stable version wins");
    assert_eq!((kind.plural.as_ref(), kind.namespaced, kind.source), ("robots", true, KindSource::Crd));
    assert_eq!(kind.subresources.iter().map(|it| it.name.as_ref()).collect::<Vec<_>>(), ["scale", "status"]);
    assert_eq!(cluster.kind_doc(id), Some("A robot of the plant."));
    let Type::Object(root) = cluster.ty(kind.ty) else { panic!("an object") };
    let spec = cluster.fields(*root).find(|it| it.name == "spec").unwrap();
    assert!(spec.required && spec.effectively_required);
    let Type::Object(spec) = cluster.ty(spec.ty) else { panic!("an object") };
    assert_eq!(cluster.field_doc(*spec, "replicas"), Some("How many."));
    let default =
        |name: &str| cluster.fields(*spec).find(|it| it.name == name).and_then(|it| it.default.clone());
    assert_eq!(default("replicas"), Some(DefaultValue::Int(2)));
    assert_eq!(default("mode"), Some(DefaultValue::String("Idle".into())));
    assert_eq!(default("enabled"), Some(DefaultValue::Bool(true)));
    assert!(matches!(
        cluster.kind("robots"),
        KindLookup::Unknown { suggestion: Some(it) } if it.name == "Robot" && it.misspelling == Misspelling::Plural
    ));
    assert!(matches!(
        cluster.kind("acme.io/v1alpha1/Robot"),
        KindLookup::Unknown { suggestion: Some(it) } if it.misspelling == Misspelling::GroupOrVersion
    ));
}

#[test]
fn built_in_kinds_win_and_equal_names_are_ambiguous() {
    let mut cluster = robots();
    let other = |group: &str, kind: &str| {
        ROBOTS.replace("acme.io", group).replace("kind: Robot,", &format!("kind: {kind},"))
    };
    cluster.add_crd(&other("serving.acme.io", "Service"), "service.yaml").unwrap();
    let KindLookup::Found(service) = cluster.kind("Service") else { panic!("found") };
    assert_eq!(cluster.kind_of(service).full_name(), "v1/Service");
    assert!(matches!(cluster.kind("serving.acme.io/v1/Service"), KindLookup::Found(_)));
    cluster.add_crd(&other("other.io", "Robot"), "other.yaml").unwrap();
    let KindLookup::Ambiguous(kinds) = cluster.kind("Robot") else { panic!("ambiguous") };
    let names: Vec<String> = kinds.iter().map(|it| cluster.kind_of(*it).full_name()).collect();
    assert_eq!(names, ["acme.io/v1/Robot", "other.io/v1/Robot"]);
}

#[test]
fn mistakes_are_told_with_their_lines() {
    let definition = |schema: &str| {
        format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  group: a.io\n  scope: Cluster\n  \
             names: {{ kind: A, plural: as }}\n  versions:\n  - name: v1\n    served: true\n    schema:\n      \
             openAPIV3Schema:\n{schema}"
        )
    };
    let cases = [
        (
            definition("        type: object\n        properties:\n          a: {}\n"),
            14,
            "every value a `type`",
        ),
        (
            definition("        type: object\n        properties:\n          a: { type: text }\n"),
            14,
            "`text` is no type",
        ),
        (
            definition("        type: object\n        properties:\n          a: { type: array }\n"),
            14,
            "needs `items`",
        ),
        (definition("        properties: {}\n"), 12, "`type: object`"),
        (definition("").replace("scope: Cluster", "scope: World"), 5, "`World` is no scope"),
        (definition("        type: object\n").replace("group: a.io", "grup: a.io"), 4, "`group` is missing"),
        (
            definition("        type: object\n").replace("k8s.io/v1", "k8s.io/v1beta1"),
            1,
            "`apiextensions.k8s.io/v1beta1`",
        ),
        ("kind: Pod\napiVersion: v1\n".to_string(), 1, "no CustomResourceDefinition"),
        ("a: [\n".to_string(), 2, ""),
        (ROBOTS.to_string(), 5, "already known"),
    ];
    for (text, line, message) in cases {
        let mut cluster = robots();
        let kinds = cluster.kinds().count();
        let errors = cluster.add_crd(&text, "a.yaml").expect_err(&text);
        assert!(errors[0].message.contains(message), "{text}\n{errors:?}");
        assert_eq!(errors[0].line, line, "{text}\n{errors:?}");
        assert_eq!(errors[0].file, "a.yaml");
        assert_eq!(cluster.kinds().count(), kinds, "nothing is added where there is an error");
    }
}

#[test]
fn two_mistakes_give_two_errors() {
    let text = ROBOTS
        .replace("weight: { type: number }", "weight: { type: kilo }")
        .replace("raw: { x-kubernetes-preserve-unknown-fields: true }", "raw: {}");
    let errors = Cluster::newest().add_crd(&text, "robots.yaml").unwrap_err();
    assert_eq!(errors.len(), 2, "{errors:?}");
}

/// A structural schema of a built-in type, as definitions write it, without the fields of `left_out`.
fn written_out(cluster: &Cluster, ty: TypeId, depth: usize) -> Value {
    match cluster.ty(ty) {
        Type::Bool => json!({"type": "boolean"}),
        Type::Int => json!({"type": "integer"}),
        Type::Float => json!({"type": "number"}),
        Type::Quantity => json!({"x-kubernetes-int-or-string": true, "pattern": "([KMGTPE]i)"}),
        Type::IntOrPercent | Type::IntOrName => json!({"x-kubernetes-int-or-string": true}),
        Type::List(list) => json!({"type": "array", "items": written_out(cluster, list.item, depth)}),
        Type::Map(item) => {
            json!({"type": "object", "additionalProperties": written_out(cluster, *item, depth)})
        }
        Type::Json => json!({"x-kubernetes-preserve-unknown-fields": true}),
        Type::Object(_) if depth == 0 => json!({"type": "object"}),
        Type::Object(id) => {
            let field = |it: &Field| (it.name.to_string(), written_out(cluster, it.ty, depth - 1));
            let properties: Map<String, Value> = cluster.fields(*id).map(field).collect();
            json!({"type": "object", "properties": properties})
        }
        _ => json!({"type": "string"}),
    }
}

fn definition_with(property: Value) -> Document {
    Document::from_json(&json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {
            "group": "acme.io",
            "scope": "Namespaced",
            "names": {"kind": "Copy", "plural": "copies"},
            "versions": [{
                "name": "v1",
                "served": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"it": property}}},
            }],
        },
    }))
}

#[test]
fn copies_of_core_types_are_the_core_types() {
    let names = [
        "core/v1/PodTemplateSpec",
        "core/v1/PodSpec",
        "core/v1/Container",
        "core/v1/EphemeralContainer",
        "core/v1/Volume",
        "core/v1/EnvVar",
        "core/v1/ResourceRequirements",
        "core/v1/SecurityContext",
        "core/v1/PodSecurityContext",
        "core/v1/Probe",
        "core/v1/Toleration",
        "core/v1/Affinity",
        "meta/v1/LabelSelector",
        "core/v1/PersistentVolumeClaimSpec",
        "meta/v1/ObjectMeta",
        "core/v1/ServiceSpec",
    ];
    let mut cluster = Cluster::newest();
    for from in [Version::OLDEST, Version::NEWEST] {
        let source = Cluster::new(from);
        for name in names {
            let ty = source.named_object(name).unwrap();
            let document = definition_with(written_out(&source, ty, 5));
            let mut cluster = Cluster::newest();
            cluster.add_crd_documents([&document], "copy.yaml").unwrap_or_else(|it| panic!("{it:?}"));
            assert_eq!(type_at(&cluster, "Copy", "it"), name, "written for {from}");
        }
    }
    // Another shape in one field, or one more field, is another type.
    let ty = cluster.named_object("core/v1/Container").unwrap();
    let mut more = written_out(&cluster, ty, 5);
    more["properties"]["pressure"] = json!({"type": "integer"});
    let mut other = written_out(&cluster, ty, 5);
    other["properties"]["image"] = json!({"type": "object"});
    for (index, schema) in [more, other].into_iter().enumerate() {
        let document = definition_with(schema);
        let mut fresh = Cluster::newest();
        fresh.add_crd_documents([&document], "copy.yaml").unwrap_or_else(|it| panic!("{it:?}"));
        assert_eq!(type_at(&fresh, "Copy", "it"), "acme.io/v1/Copy.it", "{index}");
    }
    let ty = cluster.named_object("core/v1/PodTemplateSpec").unwrap();
    let document = definition_with(written_out(&cluster, ty, 5));
    cluster.add_crd_documents([&document], "copy.yaml").unwrap();
    assert_eq!(
        type_at(&cluster, "Copy", "it.spec.containers[].imagePullPolicy"),
        "Always|IfNotPresent|Never"
    );
}

#[test]
fn schemas_that_nest_without_end_are_refused() {
    let mut schema = json!({"type": "object"});
    for _ in 0..300 {
        schema = json!({"type": "object", "properties": {"a": schema}});
    }
    let errors = Cluster::newest().add_crd_documents([&definition_with(schema)], "deep.yaml").unwrap_err();
    assert!(errors[0].message.contains("deeper"), "{errors:?}");
}

#[test]
fn damaged_definitions_give_errors_or_kinds() {
    let lines: Vec<&str> = ROBOTS.lines().collect();
    let without_one = (0..lines.len()).map(|left_out| {
        let kept = lines.iter().enumerate().filter(|(index, _)| *index != left_out);
        kept.map(|(_, line)| format!("{line}\n")).collect::<String>()
    });
    let cut = (0..ROBOTS.len()).step_by(41).map(|end| ROBOTS[..end].to_string());
    let swapped =
        ROBOTS.match_indices("type").map(|(at, _)| format!("{}items{}", &ROBOTS[..at], &ROBOTS[at + 4..]));
    for text in without_one.chain(cut).chain(swapped) {
        match Cluster::newest().add_crd(&text, "robots.yaml") {
            Ok(kinds) => assert!(!kinds.is_empty()),
            Err(errors) => {
                assert!(errors.iter().all(|it| it.line > 0 && !it.message.is_empty()), "{errors:?}")
            }
        }
    }
}
