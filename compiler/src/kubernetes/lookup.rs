//! Answers to "what is this name?": found, elsewhere, or unknown with the likeliest correction.

use super::types::{Field, KindId};
use super::version::Version;

/// What a kind's name stands for.
#[derive(Clone, PartialEq, Debug)]
pub enum KindLookup {
    Found(KindId),
    /// Several groups have such a kind; each candidate's full name (`apps/v1/Deployment`) is unambiguous.
    Ambiguous(Vec<KindId>),
    /// The kind is built in, but not in the cluster's version of Kubernetes.
    NotInThisVersion {
        full_name: String,
        since: Version,
        removed: Option<Version>,
    },
    Unknown {
        suggestion: Option<KindSuggestion>,
    },
}

/// What was probably meant, and why it was not found as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KindSuggestion {
    /// A name that [`super::Cluster::kind`] finds.
    pub name: String,
    pub misspelling: Misspelling,
}

/// How a kind's name was spelled wrongly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Misspelling {
    /// `deployments`: the name of the resource in addresses and RBAC.
    Plural,
    /// `deployment`, `replicaset`.
    Case,
    /// `deploy`, `sts`: kubectl's abbreviation.
    ShortName,
    /// `extensions/v1beta1/Ingress`: the kind exists under another group or version.
    GroupOrVersion,
    /// Letters differ.
    Similar,
}

/// A kind and possibly one of its subresources, as in `Deployment/scale`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    pub kind: KindId,
    /// The subresource's name; [`super::Kind::subresource`] gives the rest.
    pub subresource: Option<String>,
}

/// What the name of a resource stands for.
#[derive(Clone, PartialEq, Debug)]
pub enum ResourceLookup {
    Found(Resource),
    /// The part before the subresource was not found; never [`KindLookup::Found`].
    Kind(KindLookup),
    /// The kind has no such subresource.
    UnknownSubresource {
        kind: KindId,
        suggestion: Option<String>,
    },
}

/// What a field's name stands for in one object type.
#[derive(Clone, PartialEq, Debug)]
pub enum FieldLookup<'a> {
    Found(&'a Field),
    /// The object takes any field; this one has type `json`.
    Open,
    /// Other versions of Kubernetes have the field.
    NotInThisVersion {
        since: Version,
        removed: Option<Version>,
    },
    Unknown {
        suggestion: Option<&'a str>,
    },
}
