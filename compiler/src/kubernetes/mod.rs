//! Shapes of cluster objects as types.
//!
//! Enter: the committed table of all built-in kinds of Kubernetes 1.30 to 1.37 (`compiler/schemas`, one file for shapes
//! and one for texts) and the users' CustomResourceDefinitions. Leaves: a [`Cluster`], which answers what a kind is, which
//! fields an object has in one version of Kubernetes, and what was probably meant. Policies are unknown here, and so is
//! the file system: definitions arrive as text.
//!
//! ```text
//!   shapes.bin ──► table ──┐
//!   docs.bin ────► docs ───┼──► Cluster ──► KindLookup, FieldLookup, Type, &Object, &str (texts)
//!   CRD YAML ────► crd ────┘
//! ```
//!
//! The table is read in place: a kind or object is decoded when it is first asked for, and the texts stay packed until
//! someone asks for one, so that a compilation pays only for what it touches.

mod cluster;
mod crd;
mod docs;
mod lookup;
mod short_names;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod version;
mod well_known_keys;

pub use cluster::Cluster;
pub use crd::CrdError;
pub use lookup::{FieldLookup, KindLookup, KindSuggestion, Misspelling, Resource, ResourceLookup};
pub use types::{
    DefaultValue, EnumId, EnumValueElsewhere, Enumeration, Field, Kind, KindId, KindSource, ListIdentity,
    ListType, Object, ObjectId, PatchStrategy, Subresource, Text, Type, TypeId, Verbs,
};
pub use version::Version;
pub use well_known_keys::{well_known_key_suggestion, well_known_keys};
