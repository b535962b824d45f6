//! Which name stands where: what an editor asks for.

use super::Ty;
use crate::kubernetes::ObjectId;
use crate::source::Span;

/// A name in the source and what it was resolved to.
#[derive(Clone, PartialEq, Debug)]
pub struct Occurrence {
    pub span: Span,
    pub definition: Definition,
    /// The type of the value at the name, where it has one.
    pub ty: Option<Ty>,
}

/// What a name means.
#[derive(Clone, PartialEq, Debug)]
pub enum Definition {
    /// A `let`, `fn`, `view`, `with`, binder, parameter, policy or rule: the place of its name.
    Source(Span),
    /// A kind: `apps/v1/Deployment`.
    Kind(String),
    /// A field of an object type of the cluster.
    Field {
        object: ObjectId,
        field: String,
    },
    Function(&'static str),
    /// A policy, or one of its rules, by names that may be those of another file: of `exempt` and of `by`.
    Rule {
        policy: String,
        rule: Option<String>,
    },
    Predefined(&'static str),
}
