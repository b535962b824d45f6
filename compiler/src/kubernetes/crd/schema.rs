//! A structural schema to types.

use aipc_runtime::document::{Document, NodeId, NodeValue};

use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::types::*;
use crate::kubernetes::version::Version;

use super::Errors;
use super::recognise::recognise;

/// Schemas nest no deeper in practice; deeper ones are refused rather than read with an unbounded stack.
const DEPTH_MAX: usize = 100;

pub(super) struct SchemaReader<'c, 'd, 'e, 'f> {
    pub(super) cluster: &'c mut Cluster,
    pub(super) document: &'d Document,
    pub(super) errors: &'e mut Errors<'f>,
}

impl SchemaReader<'_, '_, '_, '_> {
    /// The type of a kind's objects. `apiVersion`, `kind` and `metadata` are as in every kind, whatever the schema says.
    pub(super) fn root(&mut self, schema: NodeId, name: &str) -> Option<TypeId> {
        let type_node = self.document.get(schema, "type");
        if type_node.and_then(|it| self.document.as_str(it)) != Some("object") {
            self.errors.push(
                self.document,
                schema,
                "the schema of a kind must have `type: object`".to_string(),
            );
            return None;
        }
        let mut object = self.object(schema, name, 0);
        object.fields.retain(|it| !matches!(it.name.as_ref(), "apiVersion" | "kind" | "metadata"));
        let common = self.cluster.object_of(self.cluster.any_object());
        let common: Vec<Field> = common.map(|it| it.fields.clone()).unwrap_or_default();
        object.fields.splice(0..0, common);
        Some(self.cluster.push_object(object))
    }

    /// The schema's `description`.
    pub(super) fn doc(&self, schema: NodeId) -> Option<Box<str>> {
        self.text(schema, "description").map(Box::from)
    }

    fn ty(&mut self, schema: NodeId, name: &str, depth: usize) -> TypeId {
        if depth > DEPTH_MAX {
            self.fail(schema, format!("the schema nests deeper than {DEPTH_MAX} levels"));
            return self.cluster.intern(Type::Json);
        }
        let ty = match self.text(schema, "type") {
            _ if self.flag(schema, "x-kubernetes-int-or-string") => self.int_or_string(schema, name),
            Some("object") => return self.object_type(schema, name, depth),
            Some("array") => self.list(schema, name, depth),
            Some("string") => self.string(schema),
            Some("integer") => Type::Int,
            Some("number") => Type::Float,
            Some("boolean") => Type::Bool,
            Some(other) => {
                self.fail(schema, format!("`{other}` is no type of a schema"));
                Type::Json
            }
            None if self.flag(schema, "x-kubernetes-preserve-unknown-fields") => Type::Json,
            None => {
                self.fail(schema, "a structural schema gives every value a `type`".to_string());
                Type::Json
            }
        };
        self.cluster.intern(ty)
    }

    fn object_type(&mut self, schema: NodeId, name: &str, depth: usize) -> TypeId {
        if let Some(core) = recognise(self.cluster, self.document, schema) {
            return core;
        }
        if let Some(values) = self.document.get(schema, "additionalProperties") {
            let value = match self.document.value(values) {
                NodeValue::Map { .. } => Some(self.ty(values, &format!("{name}[]"), depth + 1)),
                NodeValue::Bool(true) => Some(self.cluster.intern(Type::Json)),
                _ => None,
            };
            if let Some(value) = value {
                return self.cluster.intern(Type::Map(value));
            }
        }
        let embedded = self.flag(schema, "x-kubernetes-embedded-resource");
        let open = self.flag(schema, "x-kubernetes-preserve-unknown-fields");
        if self.properties(schema).is_empty() && open && !embedded {
            return self.cluster.intern(Type::Json);
        }
        let mut object = self.object(schema, name, depth);
        if embedded {
            self.embed(&mut object);
        }
        self.cluster.push_object(object)
    }

    /// An object inside an object has the three fields of every object.
    fn embed(&mut self, object: &mut Object) {
        let common = self.cluster.object_of(self.cluster.any_object());
        let common: Vec<Field> = common.map(|it| it.fields.clone()).unwrap_or_default();
        object.fields.retain(|it| !common.iter().any(|common| common.name == it.name));
        object.fields.splice(0..0, common);
    }

    fn object(&mut self, schema: NodeId, name: &str, depth: usize) -> Object {
        let required: Vec<String> = self.texts(schema, "required");
        let mut object = Object {
            name: Text::Owned(name.to_string()),
            fields: Vec::new(),
            open: self.flag(schema, "x-kubernetes-preserve-unknown-fields"),
            elsewhere: Vec::new(),
            doc: self.doc_ref(schema),
        };
        for (key, property) in self.properties(schema) {
            // A kind's own metadata is ObjectMeta, and its schema may only narrow it.
            let ty = self.ty(property, &format!("{name}.{key}"), depth + 1);
            let is_required = required.contains(&key);
            let effectively_required = is_required || key == "spec" && self.cluster.has_required_field(ty);
            object.fields.push(Field {
                name: Text::Owned(key),
                ty,
                required: is_required,
                effectively_required,
                default: self.default(property),
                since: Version::OLDEST,
                removed: None,
                doc: self.doc_ref(property),
            });
        }
        object
    }

    fn list(&mut self, schema: NodeId, name: &str, depth: usize) -> Type {
        let Some(items) = self.document.get(schema, "items") else {
            self.fail(schema, "a list needs `items`".to_string());
            return Type::Json;
        };
        let item = self.ty(items, &format!("{name}[]"), depth + 1);
        let identity = match self.text(schema, "x-kubernetes-list-type") {
            Some("set") => ListIdentity::Set,
            Some("map") => {
                let keys = self.texts(schema, "x-kubernetes-list-map-keys");
                ListIdentity::Map(keys.into_iter().map(Text::Owned).collect())
            }
            _ => ListIdentity::Atomic,
        };
        // Strategic merge patches are for built-in kinds only.
        Type::List(ListType { item, identity, patch: PatchStrategy::Replace })
    }

    fn string(&mut self, schema: NodeId) -> Type {
        if is_quantity(self.text(schema, "pattern")) {
            return Type::Quantity;
        }
        if let Some(values) = self.document.get(schema, "enum") {
            let all: Vec<NodeId> = self.document.elements(values).collect();
            let texts =
                all.iter().filter_map(|it| self.document.as_str(*it)).map(|it| Text::Owned(it.to_string()));
            let values: Vec<Text> = texts.collect();
            return Type::Enum(self.cluster.push_enum(values));
        }
        match self.text(schema, "format") {
            Some("date-time") => Type::Time,
            Some("duration") => Type::Duration,
            Some("byte") => Type::Bytes,
            Some("ipv4" | "ipv6" | "ip") => Type::Ip,
            Some("cidr") => Type::Cidr,
            _ => Type::String,
        }
    }

    fn int_or_string(&mut self, schema: NodeId, name: &str) -> Type {
        let field = name.rsplit('.').next().unwrap_or(name).trim_end_matches("[]").to_ascii_lowercase();
        if is_quantity(self.text(schema, "pattern")) {
            Type::Quantity
        } else if field.ends_with("port") || field.ends_with("ports") {
            Type::IntOrName
        } else {
            Type::IntOrPercent
        }
    }

    fn default(&self, schema: NodeId) -> Option<DefaultValue> {
        let default = self.document.get(schema, "default")?;
        match self.document.value(default) {
            NodeValue::Bool(value) => Some(DefaultValue::Bool(value)),
            NodeValue::Int(value) => Some(DefaultValue::Int(value)),
            NodeValue::Str(value) => Some(DefaultValue::String(Text::Owned(value.to_string()))),
            NodeValue::Null => None,
            NodeValue::Uint(_) | NodeValue::Float(_) | NodeValue::Seq { .. } | NodeValue::Map { .. } => {
                let text = self.document.to_json(default).to_string();
                Some(DefaultValue::Conditional(Text::Owned(text)))
            }
        }
    }

    fn doc_ref(&self, schema: NodeId) -> DocRef {
        self.doc(schema).map_or(DocRef::None, DocRef::Owned)
    }

    fn properties(&self, schema: NodeId) -> Vec<(String, NodeId)> {
        let Some(properties) = self.document.get(schema, "properties") else { return Vec::new() };
        self.document.entries(properties).map(|(key, _, value)| (key.to_string(), value)).collect()
    }

    fn flag(&self, schema: NodeId, key: &str) -> bool {
        self.document.get(schema, key).is_some_and(|it| self.document.value(it) == NodeValue::Bool(true))
    }

    fn text(&self, schema: NodeId, key: &str) -> Option<&str> {
        self.document.get(schema, key).and_then(|it| self.document.as_str(it))
    }

    fn texts(&self, schema: NodeId, key: &str) -> Vec<String> {
        let Some(list) = self.document.get(schema, key) else { return Vec::new() };
        self.document.elements(list).filter_map(|it| self.document.as_str(it)).map(str::to_string).collect()
    }

    fn fail(&mut self, node: NodeId, message: String) {
        self.errors.push(self.document, node, message);
    }
}

/// Definitions made from Go types write a quantity as a string with Kubernetes' own pattern.
fn is_quantity(pattern: Option<&str>) -> bool {
    pattern.is_some_and(|it| it.contains("[KMGTPE]i"))
}
