//! A cluster as the compiler sees it: one version of Kubernetes, its kinds, and the user's own.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::suggest;

use super::crd::NewKind;
use super::docs;
use super::lookup::{FieldLookup, KindLookup, KindSuggestion, Misspelling, Resource, ResourceLookup};
use super::short_names;
use super::table::{self, Table};
use super::types::*;
use super::version::{Releases, Version};

/// The shapes that policies are checked against.
///
/// Built-in objects are decoded when first asked for; a `Cluster` is cheap to make and may be shared by threads.
pub struct Cluster {
    version: Version,
    table: &'static Table,
    types: Vec<Type>,
    /// Filled on the first addition of a user's kind.
    interned: HashMap<Type, TypeId>,
    /// The built-in objects first, under their number in the table, then the user's.
    objects: Vec<OnceLock<Object>>,
    enums: Vec<Enumeration>,
    kinds: Vec<Kind>,
    /// The kinds of each bare name, in their order.
    kinds_by_name: HashMap<Text, Vec<KindId>>,
    /// Texts about users' kinds.
    kind_docs: HashMap<KindId, Box<str>>,
    kinds_elsewhere: Vec<KindElsewhere>,
}

/// A built-in kind that the cluster's version lacks.
pub(super) struct KindElsewhere {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    pub(super) releases: Releases,
}

impl Cluster {
    /// The built-in kinds of one version of Kubernetes.
    pub fn new(version: Version) -> Cluster {
        let table = table::built_in();
        let (kinds, kinds_elsewhere) = table.kinds(version);
        let mut kinds_by_name: HashMap<Text, Vec<KindId>> = HashMap::with_capacity(kinds.len());
        for (index, kind) in kinds.iter().enumerate() {
            kinds_by_name.entry(kind.kind.clone()).or_default().push(KindId(index as u32));
        }
        Cluster {
            version,
            table,
            types: table.types(),
            interned: HashMap::new(),
            objects: (0..table.object_count()).map(|_| OnceLock::new()).collect(),
            enums: table.enums(version),
            kinds,
            kinds_by_name,
            kind_docs: HashMap::new(),
            kinds_elsewhere,
        }
    }

    /// The built-in kinds of the newest version of Kubernetes.
    pub fn newest() -> Cluster {
        Cluster::new(Version::NEWEST)
    }

    pub fn version(&self) -> Version {
        self.version
    }

    pub fn ty(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// The object's fields in this cluster's version.
    pub fn object(&self, id: ObjectId) -> &Object {
        self.objects[id.0 as usize].get_or_init(|| self.table.object(id, self.version))
    }

    /// Whether there is such an object, for a number that came from outside.
    pub fn has_object(&self, id: ObjectId) -> bool {
        (id.0 as usize) < self.objects.len()
    }

    /// The object of an object type; nothing for other types.
    pub fn object_of(&self, ty: TypeId) -> Option<&Object> {
        match self.ty(ty) {
            Type::Object(id) => Some(self.object(*id)),
            _ => None,
        }
    }

    pub fn enumeration(&self, id: EnumId) -> &Enumeration {
        &self.enums[id.0 as usize]
    }

    pub fn kind_of(&self, id: KindId) -> &Kind {
        &self.kinds[id.0 as usize]
    }

    /// Every kind: built-in ones by group, name and version, then the user's in the order of addition.
    pub fn kinds(&self) -> impl Iterator<Item = (KindId, &Kind)> {
        self.kinds.iter().enumerate().map(|(index, kind)| (KindId(index as u32), kind))
    }

    /// The type of a built-in object by its short name: `core/v1/PodSpec`, `meta/v1/ObjectMeta`.
    pub fn named_object(&self, name: &str) -> Option<TypeId> {
        Some(self.table.object_type(self.table.object_by_name(name)?))
    }

    /// `meta/v1/ObjectMeta`, the type of `metadata` in every kind.
    pub fn object_meta(&self) -> TypeId {
        self.table.object_meta()
    }

    /// What is known of every object: `apiVersion`, `kind` and `metadata`, and no other field.
    pub fn any_object(&self) -> TypeId {
        self.table.any_object()
    }

    /// The fields of an object, in the schema's order.
    pub fn fields(&self, object: ObjectId) -> impl Iterator<Item = &Field> {
        self.object(object).fields.iter()
    }

    /// What `name` is as a field of the object.
    pub fn field(&self, object: ObjectId, name: &str) -> FieldLookup<'_> {
        let object = self.object(object);
        if let Some(field) = object.fields.iter().find(|it| it.name == name) {
            return FieldLookup::Found(field);
        }
        if object.open {
            return FieldLookup::Open;
        }
        if let Some((_, releases)) = object.elsewhere.iter().find(|(it, _)| it == name) {
            return FieldLookup::NotInThisVersion { since: releases.since(), removed: releases.removed() };
        }
        let names = object.fields.iter().map(|it| it.name.as_ref());
        FieldLookup::Unknown { suggestion: suggest::closest(name, names) }
    }

    /// Whether `name` is a field of the object in this or another version, for those who have no use for suggestions: they
    /// cost much more than the field. Nothing where the object takes any field.
    pub fn has_field(&self, object: ObjectId, name: &str) -> Option<bool> {
        let object = self.object(object);
        let is_known = object.fields.iter().any(|it| it.name == name)
            || !object.open && object.elsewhere.iter().any(|(it, _)| it == name);
        (is_known || !object.open).then_some(is_known)
    }

    /// The value of the set that was probably meant by `word`.
    pub fn enum_suggestion(&self, id: EnumId, word: &str) -> Option<&str> {
        suggest::closest(word, self.enumeration(id).values.iter().map(|it| it.as_ref()))
    }

    /// Kubernetes' text about a field; nothing where there is none, or no such field.
    pub fn field_doc(&self, object: ObjectId, name: &str) -> Option<&str> {
        let field = self.object(object).fields.iter().find(|it| it.name == name)?;
        docs::text(&field.doc)
    }

    /// Kubernetes' text about an object type.
    pub fn object_doc(&self, object: ObjectId) -> Option<&str> {
        docs::text(&self.object(object).doc)
    }

    /// Kubernetes' text about a kind, or that of the user's definition.
    pub fn kind_doc(&self, id: KindId) -> Option<&str> {
        if let Some(text) = self.kind_docs.get(&id) {
            return Some(text);
        }
        match self.ty(self.kind_of(id).ty) {
            Type::Object(object) => self.object_doc(*object),
            _ => None,
        }
    }
}

/// Names of kinds.
impl Cluster {
    /// What `name` stands for: `Deployment`, `apps/v1/Deployment`, or `v1/Pod` for the core group.
    ///
    /// A bare name means the newest stable version of the kind. Where groups compete, the core group wins, which only
    /// concerns `Event` (core, not `events.k8s.io`: both show the same objects); then built-in kinds win over a user's
    /// definition, whose full name always finds it; between two groups of users' definitions the name is ambiguous.
    /// Kinds without a shape are found by their full name only.
    pub fn kind(&self, name: &str) -> KindLookup {
        match full_name(name) {
            Some((group, version, kind)) => self.kind_in(group, version, kind),
            None => self.bare_kind(name),
        }
    }

    /// The kind that [`Cluster::kind`] finds, for those who have no use for suggestions: they cost much more.
    pub fn find_kind(&self, name: &str) -> Option<KindId> {
        let (_, _, kind) = full_name(name).unwrap_or(("", "", name));
        if !self.kinds_by_name.contains_key(kind) {
            return None;
        }
        match self.kind(name) {
            KindLookup::Found(id) => Some(id),
            KindLookup::Ambiguous(_) | KindLookup::NotInThisVersion { .. } | KindLookup::Unknown { .. } => {
                None
            }
        }
    }

    /// The kinds of a bare name.
    fn kinds_named(&self, name: &str) -> impl Iterator<Item = (KindId, &Kind)> {
        let ids = self.kinds_by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        ids.iter().map(|id| (*id, self.kind_of(*id)))
    }

    /// Like [`Cluster::kind`], and with a subresource behind it: `Deployment/scale`, `v1/Pod/exec`.
    ///
    /// The last part is a subresource where it begins in lower case, which no kind does. A kind without a shape has any.
    pub fn resource(&self, name: &str) -> ResourceLookup {
        let (kind, subresource) = split_subresource(name);
        let kind = match self.kind(kind) {
            KindLookup::Found(kind) => kind,
            other => return ResourceLookup::Kind(other),
        };
        let Some(subresource) = subresource else {
            return ResourceLookup::Found(Resource { kind, subresource: None });
        };
        let is_known = self.kind_of(kind).subresource(subresource).is_some();
        if is_known || self.kind_of(kind).source == KindSource::Untyped {
            return ResourceLookup::Found(Resource { kind, subresource: Some(subresource.to_string()) });
        }
        let known = self.kind_of(kind).subresources.iter().map(|it| it.name.as_ref());
        ResourceLookup::UnknownSubresource {
            kind,
            suggestion: suggest::closest(subresource, known).map(str::to_string),
        }
    }

    fn kind_in(&self, group: &str, version: &str, name: &str) -> KindLookup {
        let found = self.kinds_named(name).find(|(_, it)| it.group == group && it.version == version);
        if let Some((id, _)) = found {
            return KindLookup::Found(id);
        }
        let elsewhere = |it: &&KindElsewhere| it.kind == name && it.group == group && it.version == version;
        if let Some(it) = self.kinds_elsewhere.iter().find(elsewhere) {
            return it.lookup();
        }
        KindLookup::Unknown { suggestion: self.suggest_in(group, version, name) }
    }

    /// The same kind under another group or version, else the same group and version with a similar kind.
    fn suggest_in(&self, group: &str, version: &str, name: &str) -> Option<KindSuggestion> {
        let same_kind = self.kinds().filter(|(_, it)| it.kind == name && it.source != KindSource::Untyped);
        let nearest = same_kind.min_by_key(|(_, it)| {
            (it.group != group, suggest::distance(&it.group, group), it.version != version, rank(&it.version))
        });
        if let Some((_, kind)) = nearest {
            return Some(KindSuggestion { name: kind.full_name(), misspelling: Misspelling::GroupOrVersion });
        }
        let neighbours = || self.kinds().filter(|(_, it)| it.group == group && it.version == version);
        let kind = neighbours().map(|(_, it)| it.kind.as_ref());
        if let Some(kind) = suggest::closest(name, kind) {
            let (_, kind) = neighbours().find(|(_, it)| it.kind == kind)?;
            return Some(KindSuggestion { name: kind.full_name(), misspelling: Misspelling::Similar });
        }
        self.suggest_bare(name)
    }

    fn bare_kind(&self, name: &str) -> KindLookup {
        let candidates: Vec<KindId> = self
            .kinds_named(name)
            .filter(|(_, it)| it.source != KindSource::Untyped)
            .map(|(id, _)| id)
            .collect();
        let built_in: Vec<KindId> =
            candidates.iter().copied().filter(|it| self.kind_of(*it).source == KindSource::BuiltIn).collect();
        let mut candidates = if built_in.is_empty() { candidates } else { built_in };
        if candidates.iter().any(|it| self.kind_of(*it).group.is_empty()) {
            candidates.retain(|it| self.kind_of(*it).group.is_empty());
        }
        let newest = self.newest_of_each_group(&candidates);
        match newest.as_slice() {
            [] => match self.kinds_elsewhere.iter().find(|it| it.kind == name) {
                Some(it) => it.lookup(),
                None => KindLookup::Unknown { suggestion: self.suggest_bare(name) },
            },
            [kind] => KindLookup::Found(*kind),
            _ => KindLookup::Ambiguous(newest),
        }
    }

    fn newest_of_each_group(&self, kinds: &[KindId]) -> Vec<KindId> {
        let mut newest: Vec<KindId> = Vec::new();
        for &kind in kinds {
            let group = &self.kind_of(kind).group;
            match newest.iter_mut().find(|it| self.kind_of(**it).group == *group) {
                Some(best) if rank(&self.kind_of(kind).version) < rank(&self.kind_of(*best).version) => {
                    *best = kind
                }
                Some(_) => {}
                None => newest.push(kind),
            }
        }
        newest
    }

    fn suggest_bare(&self, name: &str) -> Option<KindSuggestion> {
        let typed = || self.kinds().map(|(_, it)| it).filter(|it| it.source != KindSource::Untyped);
        let suggestion =
            |kind: &str, misspelling| Some(KindSuggestion { name: self.findable_name(kind), misspelling });
        if let Some(kind) = typed().find(|it| it.kind.eq_ignore_ascii_case(name)) {
            return suggestion(&kind.kind, Misspelling::Case);
        }
        if let Some(kind) = typed().find(|it| it.plural.eq_ignore_ascii_case(name)) {
            return suggestion(&kind.kind, Misspelling::Plural);
        }
        if let Some(kind) = short_names::kind(&name.to_ascii_lowercase()) {
            return suggestion(kind, Misspelling::ShortName);
        }
        let near = suggest::closest(name, typed().map(|it| it.kind.as_ref()));
        if let Some(kind) = near {
            return suggestion(kind, Misspelling::Similar);
        }
        let plural = suggest::closest(name, typed().map(|it| it.plural.as_ref()))?;
        let kind = typed().find(|it| it.plural == plural)?;
        suggestion(&kind.kind, Misspelling::Similar)
    }

    /// The bare name where it finds a kind, else the first full one.
    fn findable_name(&self, kind: &str) -> String {
        match self.bare_kind(kind) {
            KindLookup::Ambiguous(kinds) => {
                kinds.first().map_or_else(|| kind.to_string(), |it| self.kind_of(*it).full_name())
            }
            KindLookup::Found(_) | KindLookup::NotInThisVersion { .. } | KindLookup::Unknown { .. } => {
                kind.to_string()
            }
        }
    }
}

/// Kinds of the user.
impl Cluster {
    /// Adds a kind without a shape, in Kubernetes' own spelling: `tekton.dev/v1beta1/TaskRun`, with a subresource
    /// `tekton.dev/v1beta1/TaskRun/status`, with wildcards `*/scale`, `apps/*/Deployment`.
    ///
    /// Of its objects only `apiVersion`, `kind` and `metadata` are typed; every other field is `json`, and any subresource
    /// has the same shape. The same spelling finds it in [`Cluster::resource`]. A name that was added before gives the
    /// same kind again. The error is a sentence about the name; a kind with a shape is one.
    pub fn add_untyped(&mut self, name: &str) -> Result<KindId, String> {
        let (kind_name, _) = split_subresource(name);
        let Some((group, version, kind)) = full_name(kind_name) else {
            return Err(format!("`{name}` lacks its group and version; write `group/version/Kind`"));
        };
        if group.contains('/') {
            return Err(format!("`{name}` has too many parts; write `group/version/Kind`"));
        }
        check_kind_name(name, kind)?;
        if !(version == "*" || version_parts(version).is_some()) {
            return Err(format!("`{version}` is not a version such as `v1` or `v1beta1`"));
        }
        let known = self.kinds_named(kind).find(|(_, it)| it.group == group && it.version == version);
        match known {
            Some((id, it)) if it.source == KindSource::Untyped => return Ok(id),
            Some(_) => return Err(format!("`{name}` has a schema, so it cannot be untyped")),
            None => {}
        }
        let owned = |text: &str| Text::Owned(text.to_string());
        Ok(self.push_kind(Kind {
            group: owned(group),
            version: owned(version),
            kind: owned(kind),
            plural: Text::Borrowed(""),
            namespaced: true,
            verbs: Verbs::ALL,
            subresources: Vec::new(),
            ty: self.table.untyped_object(),
            source: KindSource::Untyped,
            since: Version::OLDEST,
            removed: None,
        }))
    }

    /// How many kinds there are: what [`Cluster::forget_kinds_after`] takes.
    pub fn kind_count(&self) -> usize {
        self.kinds.len()
    }

    /// Takes back the kinds without a shape that were added last, down to so many kinds: those that a file declares are
    /// not those of the next one.
    pub fn forget_kinds_after(&mut self, count: usize) {
        while self.kinds.len() > count
            && self.kinds.last().is_some_and(|it| it.source == KindSource::Untyped)
            && let Some(kind) = self.kinds.pop()
        {
            let id = KindId(self.kinds.len() as u32);
            if let Some(ids) = self.kinds_by_name.get_mut(&kind.kind) {
                ids.retain(|it| *it != id);
                if ids.is_empty() {
                    self.kinds_by_name.remove(&kind.kind);
                }
            }
        }
    }

    pub(super) fn push_kind(&mut self, kind: Kind) -> KindId {
        let id = KindId(self.kinds.len() as u32);
        self.kinds_by_name.entry(kind.kind.clone()).or_default().push(id);
        self.kinds.push(kind);
        id
    }

    pub(super) fn push_kinds(&mut self, kinds: Vec<NewKind>) -> Vec<KindId> {
        let mut added = Vec::new();
        for NewKind { kind, doc } in kinds {
            let id = self.push_kind(kind);
            self.kind_docs.extend(doc.map(|it| (id, it)));
            added.push(id);
        }
        added
    }

    /// The type of a new object.
    pub(super) fn push_object(&mut self, object: Object) -> TypeId {
        let id = ObjectId(self.objects.len() as u32);
        self.objects.push(OnceLock::from(object));
        self.intern(Type::Object(id))
    }

    /// The set of these values, new or known.
    pub(super) fn push_enum(&mut self, values: Vec<Text>) -> EnumId {
        let built_in = self.table.enum_count();
        let known = self.enums[built_in..].iter().position(|it| it.values == values);
        let index = known.map_or(self.enums.len(), |it| built_in + it);
        if known.is_none() {
            self.enums.push(Enumeration { name: None, values, elsewhere: Vec::new() });
        }
        EnumId(index as u32)
    }

    /// Whether objects of the type need a field.
    pub(super) fn has_required_field(&self, ty: TypeId) -> bool {
        self.object_of(ty).is_some_and(|it| it.fields.iter().any(|field| field.effectively_required))
    }

    /// The id of a type, new or known.
    pub fn intern(&mut self, ty: Type) -> TypeId {
        if self.interned.is_empty() {
            // The first of equal types counts, so that built-in ones keep their numbers.
            for (index, it) in self.types.iter().enumerate() {
                self.interned.entry(it.clone()).or_insert(TypeId(index as u32));
            }
        }
        if let Some(id) = self.interned.get(&ty) {
            return *id;
        }
        let id = TypeId(self.types.len() as u32);
        self.types.push(ty.clone());
        self.interned.insert(ty, id);
        id
    }
}

impl KindElsewhere {
    fn lookup(&self) -> KindLookup {
        let full_name = match self.group {
            "" => format!("{}/{}", self.version, self.kind),
            group => format!("{group}/{}/{}", self.version, self.kind),
        };
        KindLookup::NotInThisVersion {
            full_name,
            since: self.releases.since(),
            removed: self.releases.removed(),
        }
    }
}

/// Group, version and kind of a full name; nothing for a bare one.
///
/// A lone `*` before the kind, and a lone `*` for the kind, stand for every group and version.
fn full_name(name: &str) -> Option<(&str, &str, &str)> {
    match name.rsplit_once('/') {
        Some(("*", kind)) => Some(("*", "*", kind)),
        Some((api_version, kind)) => {
            let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
            Some((group, version, kind))
        }
        None => (name == "*").then_some(("*", "*", name)),
    }
}

/// Splits `apps/v1/Deployment/scale` into the kind and `scale`.
fn split_subresource(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('/') {
        Some((kind, last)) if last.starts_with(|c: char| c.is_ascii_lowercase()) => (kind, Some(last)),
        Some(_) | None => (name, None),
    }
}

fn check_kind_name(name: &str, kind: &str) -> Result<(), String> {
    let is_kind =
        kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.chars().all(|c| c.is_ascii_alphanumeric());
    if kind == "*" || is_kind {
        return Ok(());
    }
    Err(format!("`{name}` names no kind; a kind begins with a capital letter, as in `group/version/Kind`"))
}

/// Orders versions as Kubernetes does: stable before beta before alpha, then newer before older, then the rest.
fn rank(version: &str) -> (u8, std::cmp::Reverse<u32>, std::cmp::Reverse<u32>) {
    let (stage, major, minor) = version_parts(version).unwrap_or((3, 0, 0));
    (stage, std::cmp::Reverse(major), std::cmp::Reverse(minor))
}

/// Stage (0 stable, 1 beta, 2 alpha), major and minor of `v2beta3`.
fn version_parts(text: &str) -> Option<(u8, u32, u32)> {
    let digits = text.strip_prefix('v')?;
    if let Ok(major) = digits.parse() {
        return Some((0, major, 0));
    }
    for (word, stage) in [("beta", 1), ("alpha", 2)] {
        if let Some((major, minor)) = digits.split_once(word) {
            return Some((stage, major.parse().ok()?, minor.parse().ok()?));
        }
    }
    None
}
