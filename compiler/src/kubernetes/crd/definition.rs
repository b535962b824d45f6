//! One CustomResourceDefinition: names, scope, versions.

use aipc_runtime::document::{Document, NodeId, NodeValue};

use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::types::{Kind, KindSource, Subresource, Text, TypeId, Verbs};
use crate::kubernetes::version::Version;

use super::Errors;
use super::schema::SchemaReader;

/// The parts of a definition that make kinds.
pub(super) struct Definition<'d> {
    document: &'d Document,
    node: NodeId,
    group: &'d str,
    kind: &'d str,
    plural: &'d str,
    namespaced: bool,
    versions: Vec<DefinedVersion<'d>>,
}

/// A served version.
struct DefinedVersion<'d> {
    name: &'d str,
    schema: NodeId,
    has_status: bool,
    has_scale: bool,
}

/// A kind that will be added once all definitions of the file are known to be good.
pub(in crate::kubernetes) struct NewKind {
    pub(in crate::kubernetes) kind: Kind,
    pub(in crate::kubernetes) doc: Option<Box<str>>,
}

impl<'d> Definition<'d> {
    /// The definition at `node`; nothing where a part is missing or wrong, which is then among the errors.
    pub(super) fn read(document: &'d Document, node: NodeId, errors: &mut Errors) -> Option<Definition<'d>> {
        let mut reader = Reader { document, errors, complete: true };
        let spec = reader.child(node, "spec")?;
        let group = reader.text(spec, "group");
        let names = reader.child(spec, "names");
        let kind = names.and_then(|it| reader.text(it, "kind"));
        let plural = names.and_then(|it| reader.text(it, "plural"));
        let namespaced = reader.namespaced(spec);
        let versions = reader.versions(spec);
        if !reader.complete {
            return None;
        }
        Some(Definition {
            document,
            node,
            group: group?,
            kind: kind?,
            plural: plural?,
            namespaced: namespaced?,
            versions,
        })
    }

    /// Appends a kind for each served version.
    pub(super) fn to_kinds(&self, cluster: &mut Cluster, kinds: &mut Vec<NewKind>, errors: &mut Errors) {
        for version in &self.versions {
            let known =
                |it: &Kind| it.group == self.group && it.version == version.name && it.kind == self.kind;
            let typed = |it: &Kind| it.source != KindSource::Untyped;
            if cluster.kinds().any(|(_, it)| known(it) && typed(it)) || kinds.iter().any(|it| known(&it.kind))
            {
                let message = format!("`{}/{}/{}` is already known", self.group, version.name, self.kind);
                errors.push(self.document, self.node, message);
                continue;
            }
            let name = format!("{}/{}/{}", self.group, version.name, self.kind);
            let mut reader = SchemaReader { cluster, document: self.document, errors };
            let Some(ty) = reader.root(version.schema, &name) else { continue };
            let doc = reader.doc(version.schema);
            kinds.push(NewKind { kind: self.kind(cluster, version, ty), doc });
        }
    }

    fn kind(&self, cluster: &Cluster, version: &DefinedVersion, ty: TypeId) -> Kind {
        let owned = |text: &str| Text::Owned(text.to_string());
        let mut subresources = Vec::new();
        if let Some(scale) = cluster.named_object("autoscaling/v1/Scale").filter(|_| version.has_scale) {
            subresources.push(Subresource {
                name: Text::Borrowed("scale"),
                kind: Text::Borrowed("Scale"),
                verbs: Verbs::CHANGE,
                ty: scale,
            });
        }
        if version.has_status {
            let (name, verbs) = (Text::Borrowed("status"), Verbs::CHANGE);
            subresources.push(Subresource { name, kind: owned(self.kind), verbs, ty });
        }
        Kind {
            group: owned(self.group),
            version: owned(version.name),
            kind: owned(self.kind),
            plural: owned(self.plural),
            namespaced: self.namespaced,
            verbs: Verbs::STORED,
            subresources,
            ty,
            source: KindSource::Crd,
            since: Version::OLDEST,
            removed: None,
        }
    }
}

struct Reader<'d, 'e, 'f> {
    document: &'d Document,
    errors: &'e mut Errors<'f>,
    complete: bool,
}

impl<'d> Reader<'d, '_, '_> {
    fn child(&mut self, node: NodeId, key: &str) -> Option<NodeId> {
        let child = self.document.get(node, key);
        if child.is_none() {
            self.fail(node, format!("`{key}` is missing here"));
        }
        child
    }

    fn text(&mut self, node: NodeId, key: &str) -> Option<&'d str> {
        let child = self.child(node, key)?;
        match self.document.as_str(child) {
            Some(text) if !text.is_empty() => Some(text),
            _ => {
                self.fail(child, format!("`{key}` must be a text"));
                None
            }
        }
    }

    fn namespaced(&mut self, spec: NodeId) -> Option<bool> {
        match self.text(spec, "scope")? {
            "Namespaced" => Some(true),
            "Cluster" => Some(false),
            other => {
                let node = self.document.get(spec, "scope").unwrap_or(spec);
                self.fail(node, format!("`{other}` is no scope; write `Namespaced` or `Cluster`"));
                None
            }
        }
    }

    fn versions(&mut self, spec: NodeId) -> Vec<DefinedVersion<'d>> {
        let Some(list) = self.child(spec, "versions") else { return Vec::new() };
        let elements: Vec<NodeId> = self.document.elements(list).collect();
        if elements.is_empty() {
            self.fail(list, "`versions` must list at least one version".to_string());
        }
        elements.into_iter().filter_map(|it| self.version(it)).collect()
    }

    /// Nothing for a version that is not served.
    fn version(&mut self, node: NodeId) -> Option<DefinedVersion<'d>> {
        let name = self.text(node, "name")?;
        let served = self.child(node, "served")?;
        if self.document.value(served) != NodeValue::Bool(true) {
            return None;
        }
        let schema = self.child(node, "schema").and_then(|it| self.child(it, "openAPIV3Schema"))?;
        let subresource = |name: &str| self.document.get_path(node, &["subresources", name]).is_some();
        Some(DefinedVersion {
            name,
            schema,
            has_status: subresource("status"),
            has_scale: subresource("scale"),
        })
    }

    fn fail(&mut self, node: NodeId, message: String) {
        self.errors.push(self.document, node, message);
        self.complete = false;
    }
}
