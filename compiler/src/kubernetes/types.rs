//! The words that shapes are told in: types, objects and their fields, kinds and their subresources.
//!
//! All of it is data. Handles (`TypeId`, `ObjectId`, `EnumId`, `KindId`) belong to the [`super::Cluster`] that gave
//! them and are resolved by it.

use std::borrow::Cow;

use super::version::{Releases, Version};

/// Text of the built-in tables (borrowed) or of a user's definition (owned).
pub type Text = Cow<'static, str>;

/// A type of a [`super::Cluster`]. Equal types have equal ids, so ids compare as types do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TypeId(pub(crate) u32);

/// An object type: a named set of fields. Two objects with the same fields but different names stay different.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ObjectId(pub(crate) u32);

impl ObjectId {
    /// A number for it, which an editor can keep.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The object of a number that [`ObjectId::number`] gave; [`super::Cluster::has_object`] says whether there is one.
    pub fn from_number(number: u32) -> ObjectId {
        ObjectId(number)
    }
}

/// A closed set of strings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct EnumId(pub(crate) u32);

/// A kind: what stands behind a pair of `apiVersion` and `kind`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct KindId(pub(crate) u32);

/// What a field may hold, as far as the published schemas and our refinements of them tell.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    Bool,
    Int,
    Float,
    String,
    /// Base64 text of arbitrary bytes (`format: byte`), such as the values of a Secret's `data`.
    Bytes,
    /// `resource.Quantity`: a number or a string such as `500m`, `2Gi`.
    Quantity,
    /// An int, or a string that is a percentage: `maxUnavailable`, `minAvailable`, `maxSurge`.
    IntOrPercent,
    /// An int, or a string that is a name: `targetPort` and the ports of probes and network policies.
    IntOrName,
    /// A duration in Go's spelling (`1h30m`): `metav1.Duration` and the string fields that are parsed as one.
    Duration,
    /// `metav1.Time` and `metav1.MicroTime`, RFC 3339.
    Time,
    /// A semantic version.
    Semver,
    /// A reference to a container image.
    Image,
    /// One IPv4 or IPv6 address.
    Ip,
    /// An address, or the word `None` (the cluster IPs of a headless service).
    IpOrNone,
    /// An IPv4 or IPv6 network.
    Cidr,
    /// One string of a closed set.
    Enum(EnumId),
    List(ListType),
    /// Any keys, values of one type: labels, `limits`, `data`.
    Map(TypeId),
    Object(ObjectId),
    /// Anything: `RawExtension`, `x-kubernetes-preserve-unknown-fields`, JSON Schema inside a definition.
    Json,
}

/// A list, and how two lists of it come together.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ListType {
    pub item: TypeId,
    /// `x-kubernetes-list-type` with its keys: what makes an element the same element.
    pub identity: ListIdentity,
    /// `x-kubernetes-patch-strategy: merge` with its key: what a strategic merge patch does. It may name
    /// fewer keys than `identity` (`ports` of a container: keyed by `containerPort` and `protocol`, merged
    /// by `containerPort` alone).
    pub patch: PatchStrategy,
}

/// What makes an element of a list the same element (`x-kubernetes-list-type`).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ListIdentity {
    /// The list is one value; also where the schema says nothing.
    Atomic,
    /// Elements are scalars, each at most once.
    Set,
    /// Elements are objects, told apart by these fields, in the schema's order.
    Map(Vec<Text>),
}

/// What a strategic merge patch does with a list.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PatchStrategy {
    /// The patch's list takes the place of the old one.
    Replace,
    /// Scalars of the patch are added.
    Merge,
    /// Elements with the same value of this field are merged.
    MergeBy(Text),
}

/// An object type and its fields in one version of Kubernetes.
#[derive(Clone, PartialEq, Debug)]
pub struct Object {
    /// `core/v1/PodSpec`, `meta/v1/ObjectMeta`; for a user's definition the path to it, `acme.io/v1/Robot.spec.arm`.
    pub name: Text,
    /// In the order of the schema, which is the alphabet for built-in ones.
    pub fields: Vec<Field>,
    /// True where fields other than the listed ones may stand, with values of type `json`.
    pub open: bool,
    /// Fields that only other versions of Kubernetes have.
    pub(crate) elsewhere: Vec<(Text, Releases)>,
    /// Where the text about the object is.
    pub(crate) doc: DocRef,
}

/// A field of an [`Object`].
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    pub name: Text,
    pub ty: TypeId,
    /// The schema requires it. Requirements that the API server does not enforce are left out: those that a later
    /// release dropped, and a few known by hand.
    pub required: bool,
    /// The API server refuses an object without it: `required`; or a field `spec` whose own fields include a
    /// required one; or `apiVersion` and `kind` of a kind, and `metadata` of a kind that is stored; or one of a few that
    /// only validation requires, such as `image` of a container.
    pub effectively_required: bool,
    /// What the API server fills in where the field is absent.
    pub default: Option<DefaultValue>,
    /// The first known release with the field; [`Version::OLDEST`] for all that are older still.
    pub since: Version,
    /// The release that no longer has the field.
    pub removed: Option<Version>,
    pub(crate) doc: DocRef,
}

/// What the API server fills in for an absent field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DefaultValue {
    Bool(bool),
    Int(i64),
    String(Text),
    /// Depends on other fields; the text says how, as the end of a sentence: "Always for the tag latest, …".
    Conditional(Text),
}

/// Where a text about an object or field is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum DocRef {
    None,
    /// Of the built-in texts, by number.
    BuiltIn(u16),
    Owned(Box<str>),
}

/// A closed set of strings, as one version of Kubernetes knows it.
///
/// An empty string counts as a value only where it is one of its own (`hostPath.type`). Elsewhere the API server reads it
/// as absent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enumeration {
    /// Kubernetes' own name for the set, such as `PullPolicy`; nothing for sets of users' definitions.
    pub name: Option<Text>,
    /// In the order in which people list them.
    pub values: Vec<Text>,
    /// Values that only other versions of Kubernetes accept.
    pub elsewhere: Vec<EnumValueElsewhere>,
}

/// A value that this version of Kubernetes does not accept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnumValueElsewhere {
    pub value: Text,
    pub since: Version,
    pub removed: Option<Version>,
}

/// A kind of the cluster: built in, from a user's definition, or named by the user without a shape.
#[derive(Clone, PartialEq, Debug)]
pub struct Kind {
    /// `apps`, `networking.k8s.io`; empty for the core group. `*` in untyped kinds that name any group.
    pub group: Text,
    /// `v1`, `v1beta1`; `*` in untyped kinds that name any version.
    pub version: Text,
    /// `Deployment`; `*` in untyped kinds that name any kind.
    pub kind: Text,
    /// `deployments`; empty for untyped kinds.
    pub plural: Text,
    pub namespaced: bool,
    /// What the API server lets one do with objects of the kind.
    pub verbs: Verbs,
    /// In alphabetical order; none for untyped kinds, of which none are known.
    pub subresources: Vec<Subresource>,
    /// An object type.
    pub ty: TypeId,
    pub source: KindSource,
    /// The first known release with this group and version of the kind.
    pub since: Version,
    /// The release that no longer has it.
    pub removed: Option<Version>,
}

impl Kind {
    /// As manifests write it: `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Kubernetes' own full spelling: `apps/v1/Deployment`, and `v1/Pod` for the core group.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.api_version(), self.kind)
    }

    /// The subresource of this name: `scale`, `exec`, `status`.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|it| it.name == name)
    }
}

/// Where a kind's shape comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KindSource {
    BuiltIn,
    /// A CustomResourceDefinition of the user.
    Crd,
    /// Named by the user without a shape: only `apiVersion`, `kind` and `metadata` are typed.
    Untyped,
}

/// A part of a kind with its own address: `pods/exec`, `deployments/scale`, `…/status`.
#[derive(Clone, PartialEq, Debug)]
pub struct Subresource {
    /// `scale`, `exec`, `status`.
    pub name: Text,
    /// The kind of object that is sent to it: `Scale`, `PodExecOptions`, `Eviction`; the kind's own for `status`.
    pub kind: Text,
    pub verbs: Verbs,
    /// An object type.
    pub ty: TypeId,
}

/// What the API server lets one do with a resource, as it names it in RBAC.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Verbs(pub(crate) u16);

impl Verbs {
    pub const CREATE: Verbs = Verbs(1);
    pub const UPDATE: Verbs = Verbs(1 << 1);
    pub const PATCH: Verbs = Verbs(1 << 2);
    pub const DELETE: Verbs = Verbs(1 << 3);
    pub const DELETE_COLLECTION: Verbs = Verbs(1 << 4);
    pub const GET: Verbs = Verbs(1 << 5);
    pub const LIST: Verbs = Verbs(1 << 6);
    pub const CONNECT: Verbs = Verbs(1 << 7);
    /// Reading and changing, as for subresources of stored objects.
    pub(crate) const CHANGE: Verbs = Verbs(Verbs::GET.0 | Verbs::UPDATE.0 | Verbs::PATCH.0);
    /// Everything that can be done with a stored object.
    pub(crate) const STORED: Verbs = Verbs(Verbs::ALL.0 & !Verbs::CONNECT.0);
    /// What is assumed of kinds whose verbs are not known.
    pub const ALL: Verbs = Verbs((1 << 8) - 1);

    /// True where every verb of `other` is allowed.
    pub fn contains(self, other: Verbs) -> bool {
        self.0 & other.0 == other.0
    }

    /// True for `exec`, `attach`, `portforward` and `proxy`: admission sees them as CONNECT only.
    pub fn is_connect_only(self) -> bool {
        self.0 & Verbs::CONNECT.0 != 0 && self.0 & (Verbs::CREATE.0 | Verbs::UPDATE.0 | Verbs::DELETE.0) == 0
    }
}
