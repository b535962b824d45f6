//! Fields of objects that no schema knows: typing mistakes, of which a rule that looks for the right name sees nothing, and
//! which the API server drops in silence or refuses.
//!
//! A kind without a schema is not asked here: the run says so of the kind.

use std::collections::HashMap;

use aipc_compiler::hir::errors;
use aipc_compiler::kubernetes::{Cluster, FieldLookup, ObjectId, Type, TypeId};
use aipc_runtime::document::{Document, NodeId, Position, Resource};

use super::manifests::location;
use crate::report::{Finding, Level};

/// The schemas of a run's kinds, looked up once for each kind.
pub struct Fields<'a> {
    clusters: &'a [&'a Cluster],
    kinds: HashMap<(&'a str, &'a str), Vec<(&'a Cluster, TypeId)>>,
}

/// A field that is not where it stands.
struct Unknown<'a> {
    object: ObjectId,
    name: &'a str,
    position: Position,
    value: NodeId,
}

impl<'a> Fields<'a> {
    pub fn of(clusters: &'a [&'a Cluster]) -> Fields<'a> {
        Fields { clusters, kinds: HashMap::new() }
    }

    /// The fields of an object that none of the schemas of its kind knows, with what was probably meant.
    pub fn check(&mut self, file: &str, resource: &'a Resource, level: Level) -> Vec<Finding> {
        let clusters = self.clusters;
        let kind = (resource.api_version(), resource.kind());
        let schemas = self.kinds.entry(kind).or_insert_with(|| schemas_of(clusters, kind));
        let Some((&(cluster, ty), others)) = schemas.split_first() else { return Vec::new() };
        let document = resource.document();
        let unknown_in = |cluster: &Cluster, ty: TypeId| {
            let mut found = Vec::new();
            collect(cluster, document, resource.root(), ty, &mut found);
            found
        };
        let mut unknown = unknown_in(cluster, ty);
        if unknown.is_empty() {
            return Vec::new();
        }
        for &(cluster, ty) in others {
            let there = unknown_in(cluster, ty);
            unknown.retain(|it| there.iter().any(|other| other.value == it.value));
        }
        let finding = |it: &Unknown<'_>| {
            let (message, help) = words(cluster, it.object, it.name);
            let place = location(file, it.position, resource.path(it.value));
            let finding = Finding { level, ..Finding::error("unknown-field", message).at(place) };
            help.into_iter().fold(finding, |finding, help| finding.help(help))
        };
        unknown.iter().map(finding).collect()
    }
}

/// The shape of a kind in each of the clusters that know it.
fn schemas_of<'a>(clusters: &[&'a Cluster], (api_version, kind): (&str, &str)) -> Vec<(&'a Cluster, TypeId)> {
    let name = format!("{api_version}/{kind}");
    let of = |cluster: &&'a Cluster| Some((*cluster, cluster.kind_of(cluster.find_kind(&name)?).ty));
    clusters.iter().filter_map(of).collect()
}

fn collect<'d>(
    cluster: &Cluster,
    document: &'d Document,
    node: NodeId,
    ty: TypeId,
    found: &mut Vec<Unknown<'d>>,
) {
    match cluster.ty(ty) {
        Type::Object(object) => {
            for (name, position, value) in document.entries(node) {
                match cluster.field(*object, name) {
                    FieldLookup::Found(field) => collect(cluster, document, value, field.ty, found),
                    FieldLookup::Open => {}
                    FieldLookup::NotInThisVersion { .. } | FieldLookup::Unknown { .. } => {
                        found.push(Unknown { object: *object, name, position, value });
                    }
                }
            }
        }
        Type::List(list) => {
            document.elements(node).for_each(|it| collect(cluster, document, it, list.item, found));
        }
        Type::Map(item) => {
            document.entries(node).for_each(|(_, _, it)| collect(cluster, document, it, *item, found));
        }
        Type::Bool
        | Type::Int
        | Type::Float
        | Type::String
        | Type::Bytes
        | Type::Quantity
        | Type::IntOrPercent
        | Type::IntOrName
        | Type::Duration
        | Type::Time
        | Type::Semver
        | Type::Image
        | Type::Ip
        | Type::IpOrNone
        | Type::Cidr
        | Type::Enum(_)
        | Type::Json => {}
    }
}

/// What is said of a field that the object lacks, and what was probably meant.
fn words(cluster: &Cluster, object: ObjectId, name: &str) -> (String, Option<String>) {
    match cluster.field(object, name) {
        FieldLookup::NotInThisVersion { since, removed } => {
            let help = "set `kubernetes` under `[cluster]` in aip.toml to the version of your clusters";
            (errors::field_of_another_version(cluster, object, name, since, removed), Some(help.to_owned()))
        }
        FieldLookup::Unknown { suggestion } => {
            let help = suggestion.map(|meant| format!("did you mean `{meant}`?"));
            (errors::no_such_field(cluster, object, name), help)
        }
        // INVARIANT: only fields that the object lacks come here.
        FieldLookup::Found(_) | FieldLookup::Open => (String::new(), None),
    }
}
