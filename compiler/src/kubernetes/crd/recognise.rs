//! Core types that a definition writes out in full.
//!
//! Definitions cannot refer to other types, so one that holds a pod template repeats the whole of PodSpec. Such a copy is
//! taken for the core type itself: views on pods and containers then reach into it, values have their sets and formats,
//! and a megabyte of schema is not converted field by field.

use aipc_runtime::document::{Document, NodeId};

use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::types::{Object, ObjectId, Type, TypeId};

/// The types that are looked for, each with fields that a copy must have.
const CORE: &[(&str, &[&str])] = &[
    ("core/v1/PodTemplateSpec", &["spec"]),
    ("core/v1/PodSpec", &["containers"]),
    ("core/v1/Container", &["name", "image", "command"]),
    ("core/v1/EphemeralContainer", &["name", "image", "targetContainerName"]),
    ("core/v1/Volume", &["name", "emptyDir", "configMap"]),
    ("core/v1/VolumeMount", &["name", "mountPath"]),
    ("core/v1/EnvVar", &["name", "value", "valueFrom"]),
    ("core/v1/ResourceRequirements", &["limits", "requests"]),
    ("core/v1/SecurityContext", &["privileged", "capabilities"]),
    ("core/v1/PodSecurityContext", &["fsGroup", "runAsUser"]),
    ("core/v1/Probe", &["httpGet", "periodSeconds"]),
    ("core/v1/Toleration", &["key", "operator", "effect"]),
    ("core/v1/Affinity", &["nodeAffinity", "podAffinity", "podAntiAffinity"]),
    ("core/v1/TopologySpreadConstraint", &["maxSkew", "topologyKey", "whenUnsatisfiable"]),
    ("core/v1/PersistentVolumeClaimSpec", &["accessModes", "storageClassName"]),
    ("core/v1/ServiceSpec", &["clusterIP", "ports"]),
    ("meta/v1/LabelSelector", &["matchExpressions", "matchLabels"]),
    ("meta/v1/ObjectMeta", &["annotations", "labels"]),
    ("meta/v1/Condition", &["lastTransitionTime", "status", "type"]),
];

/// The core type that the object schema is a copy of.
///
/// A copy has the type's distinguishing fields and at least half of all, no field that no release of the type has, and the
/// same shape (text, number, list, …) in each. Copies made from older releases lack newer fields; they count.
pub(super) fn recognise(cluster: &Cluster, document: &Document, schema: NodeId) -> Option<TypeId> {
    let properties = document.get(schema, "properties")?;
    CORE.iter().find_map(|(name, must_have)| {
        if !must_have.iter().all(|it| document.get(properties, it).is_some()) {
            return None;
        }
        let ty = cluster.named_object(name)?;
        let Type::Object(id) = cluster.ty(ty) else { return None };
        is_copy(cluster, document, properties, *id).then_some(ty)
    })
}

fn is_copy(cluster: &Cluster, document: &Document, properties: NodeId, id: ObjectId) -> bool {
    let object = cluster.object(id);
    2 * document.len(properties) >= object.fields.len()
        && document
            .entries(properties)
            .all(|(key, _, schema)| has_field(cluster, object, document, key, schema))
}

fn has_field(cluster: &Cluster, object: &Object, document: &Document, key: &str, schema: NodeId) -> bool {
    if let Some(field) = object.fields.iter().find(|it| it.name == key) {
        return has_shape(cluster, document, schema, field.ty);
    }
    object.elsewhere.iter().any(|(name, _)| name == key)
}

/// Whether the schema may be that of the type, one level deep; for the spec of a pod template all the way.
fn has_shape(cluster: &Cluster, document: &Document, schema: NodeId, ty: TypeId) -> bool {
    let int_or_string = document.get(schema, "x-kubernetes-int-or-string").is_some();
    let written = document.get(schema, "type").and_then(|it| document.as_str(it));
    match cluster.ty(ty) {
        Type::Bool => written == Some("boolean"),
        Type::Int => written == Some("integer"),
        Type::Float => written == Some("number"),
        Type::Quantity => int_or_string || written == Some("string"),
        Type::IntOrPercent | Type::IntOrName => int_or_string,
        Type::String
        | Type::Bytes
        | Type::Duration
        | Type::Time
        | Type::Semver
        | Type::Image
        | Type::Ip
        | Type::IpOrNone
        | Type::Cidr
        | Type::Enum(_) => written == Some("string"),
        Type::List(_) => written == Some("array"),
        Type::Map(_) => written == Some("object"),
        Type::Object(id) if is_pod_spec(cluster, *id) => recognise(cluster, document, schema) == Some(ty),
        Type::Object(_) => written == Some("object"),
        Type::Json => true,
    }
}

fn is_pod_spec(cluster: &Cluster, id: ObjectId) -> bool {
    cluster.object(id).name == "core/v1/PodSpec"
}
