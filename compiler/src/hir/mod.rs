//! The typed tree: who is meant by each name, and what type each expression has.
//!
//! Enters: `ast::Module` of a file and of what it uses. Leaves: [`Module`], with every name resolved, views
//! opened into paths, calls of functions expanded, literals read as the type that they are compared with.
//! Quantifiers are still implied by many-valued paths, and presence by the rules of the language: `lower`
//! settles both. Targets are unknown here.
//!
//! ```text
//!   ast ──resolve──► Scopes (what a file declares and uses) ──check──► hir::Module
//! ```

pub mod constant;
pub mod errors;
pub mod occurrence;
pub mod pairing;
pub mod print;
pub mod resolve;
pub mod subject;
pub mod ty;

mod call;
pub mod check;
pub mod cursor;
mod expr;
mod operator;
mod place;
mod policy;
mod delete;
mod exempt;
mod generate;
mod lookup;
mod mutate;
mod test;
mod verbs;
mod verify;
mod walk;

pub use check::check;
pub use occurrence::{Definition, Occurrence};
pub use ty::{Record, Ty};
pub(crate) use verify::NO_LOG;

use std::sync::Arc;

use crate::ir;
use crate::source::Span;

pub use ir::{Binder, Comparison, Domain, Field, Literal, Local, Operation};

/// What one file says, typed.
#[derive(Clone, Debug, Default)]
pub struct Module {
    pub policies: Vec<Policy>,
    pub exemptions: Vec<Exemption>,
    pub tests: Vec<Test>,
    /// Which name stands where, for editors.
    pub occurrences: Vec<Occurrence>,
    /// What may stand where the cursor's word is, if there is one.
    pub sites: Vec<cursor::Site>,
}

/// A policy whose parameters have values. A bare rule makes a policy of its own.
#[derive(Clone, Debug)]
pub struct Policy {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub severity: Option<String>,
    pub category: Option<String>,
    pub controls: Vec<(String, String)>,
    pub settings: ir::Settings,
    pub rules: Vec<Rule>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    /// The source names it.
    pub named: bool,
    pub description: Option<String>,
    pub subject: Subject,
    pub operations: ir::Operations,
    /// `where` and `with` of policy and rule, in order.
    pub narrows: Vec<Narrow>,
    pub body: Body,
    pub message: Option<Vec<TextPart>>,
    /// Of the rule, then of the policy: the first whose condition holds decides.
    pub actions: Vec<Action>,
    pub settings: ir::Settings,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Body {
    /// `deny … if C`: violated where C holds of a subject.
    Deny(Expr),
    /// `require … that C`: violated where C does not hold of a subject.
    Require(Expr),
    /// `mutate … { edits }`
    Mutate(Mutation),
    /// `generate … { fields }`, `generate copy of …`
    Generate(Generation),
    /// `verify … signed by …`
    Verify(Verification),
    /// `delete … if C every …`
    Delete(Deletion),
}

impl Body {
    pub fn verb(&self) -> &'static str {
        match self {
            Body::Deny(_) => "deny",
            Body::Require(_) => "require",
            Body::Mutate(_) => "mutate",
            Body::Generate(_) => "generate",
            Body::Verify(_) => "verify",
            Body::Delete(_) => "delete",
        }
    }
}

/// The edits of a mutation.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// With `for`, the objects that change; the rule's own subject is then what is admitted.
    pub existing: Option<Existing>,
    pub edits: Vec<Edit>,
}

/// The existing objects that a mutation changes. Its names have the roots `Existing` and `ExistingSubject`.
#[derive(Clone, Debug)]
pub struct Existing {
    pub subject: Subject,
    pub narrows: Vec<Narrow>,
}

/// A statement of a mutation; `let`s are put where they are used.
#[derive(Clone, Debug)]
pub enum Edit {
    Assign {
        verb: AssignVerb,
        /// A place of one value.
        target: Expr,
        /// Of a list that grows: what makes an element of it the same element.
        identity: Identity,
        value: Expr,
        span: Span,
    },
    Remove {
        target: Expr,
        span: Span,
    },
    For {
        binder: Binder,
        source: Expr,
        filter: Option<Expr>,
        edits: Vec<Edit>,
    },
    If {
        condition: Expr,
        edits: Vec<Edit>,
    },
    /// `kyverno.jsonPatch(…)`: by its name.
    External(String, Span),
}

/// What makes an element of a list the same element.
#[derive(Clone, PartialEq, Debug)]
pub enum Identity {
    /// Its whole value.
    Value,
    /// These fields; each with the value that the API server fills in where it is absent.
    Keys(Vec<(String, Option<String>)>),
}

pub use crate::syntax::ast::AssignVerb;

/// What a `generate` rule makes. The rule's own subject is what is admitted: `trigger`.
#[derive(Clone, Debug)]
pub struct Generation {
    pub each: Option<Each>,
    pub make: Make,
}

impl Generation {
    /// The kinds that are made, as text.
    pub fn made(&self) -> String {
        let kinds = match &self.make {
            Make::Object { kind, .. } => std::slice::from_ref(kind),
            Make::Copy { kinds, .. } => kinds,
        };
        kinds.iter().map(|kind| kind.kind.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// `each x in list where …`
#[derive(Clone, Debug)]
pub struct Each {
    pub binder: Binder,
    pub source: Expr,
    pub filter: Option<Expr>,
}

#[derive(Clone, Debug)]
pub enum Make {
    Object {
        kind: ir::KindRef,
        name: Expr,
        namespace: Option<Expr>,
        /// An object literal.
        fields: Expr,
    },
    Copy {
        kinds: Vec<ir::KindRef>,
        name: Option<Expr>,
        namespace: Option<Expr>,
        /// About the root `Existing`.
        filter: Option<Expr>,
        into: Expr,
        rename: Option<Expr>,
    },
}

/// `verify`: who has to have signed.
#[derive(Clone, Debug)]
pub struct Verification {
    pub of: Verified,
    pub checks: Vec<SignatureCheck>,
}

/// What is signed.
#[derive(Clone, Debug)]
pub enum Verified {
    /// Of each element of the subject, this image.
    Images(Expr),
    /// The object itself, without the fields behind `ignoring`.
    Manifest(Vec<Expr>),
}

#[derive(Clone, Debug)]
pub enum SignatureCheck {
    Signed { signers: Signers, span: Span },
    Attested { predicate: String, signers: Signers, condition: Option<Expr>, span: Span },
}

/// So many of the attestors; `None`: the one, or all of them.
#[derive(Clone, Debug)]
pub struct Signers {
    pub count: Option<u32>,
    pub of: Expr,
}

/// `delete … if C every …`
#[derive(Clone, Debug)]
pub struct Deletion {
    pub condition: Option<Expr>,
    /// Five fields of cron.
    pub schedule: String,
}

#[derive(Clone, Debug)]
pub enum Narrow {
    Where(Expr),
    With { local: Local, name: String, value: Expr },
}

#[derive(Clone, Debug)]
pub struct Action {
    pub effect: ir::Effect,
    pub warn: bool,
    pub condition: Option<Expr>,
    pub span: Span,
}

/// An `exempt` item.
#[derive(Clone, Debug)]
pub struct Exemption {
    /// Policy and rule, as names or globs; `None` for all rules of a policy.
    pub rules: Vec<(String, Option<String>)>,
    /// `None`: every object.
    pub subject: Option<Subject>,
    pub operations: ir::Operations,
    pub narrows: Vec<Narrow>,
    /// RFC 3339.
    pub until: Option<String>,
    pub because: String,
    pub span: Span,
}

/// Who a rule speaks of, kinds and views resolved.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Shared: a view that many rules speak of has many.
    pub targets: Arc<Vec<ir::Target>>,
    /// The elements spoken of, from the subject on; `None` where it is the subject as a whole.
    pub elements: Option<Elements>,
    /// The type of `self`: of one element, or of the subject.
    pub ty: Ty,
    /// The type of the subject: the Pod template of a `container` rule.
    pub subject_ty: Ty,
    /// The type of the submitted object.
    pub object_ty: Ty,
    /// `pod`, `container`, `Deployment, StatefulSet`.
    pub text: String,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Elements {
    /// The view's name: `container`.
    pub view: String,
    /// Many-valued: what each element is.
    pub place: Place,
    /// The name under which expressions speak of one element.
    pub local: Local,
}

/// A typed expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Ty,
    pub span: Span,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// Already reported.
    Error,
    Literal(Literal),
    Place(Place),
    Operation(Operation, Vec<Expr>),
    List(Vec<Expr>),
    Object(Vec<(String, Expr)>),
    Collect(Box<Collect>),
    /// `{ key: value for … }`
    ObjectCollect(Box<(Collect, Expr)>),
    Text(Vec<TextPart>),
    Coalesce(Box<Expr>, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Must(Box<Expr>),
    Try(Box<Expr>),
    /// `low..high`
    Range(Box<Expr>, Box<Expr>),
    /// A call that asks a cluster, a registry or the network, or that only some outputs know: by its name.
    External(&'static str, Vec<Expr>),
    /// A question to the cluster, a service or a registry.
    Lookup(Box<Lookup>),
    /// One who signs: the function's name, and the arguments that are given, by the names of their parameters.
    Attestor(&'static str, Vec<(&'static str, Expr)>),

    // Conditions: type bool.
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Has(Box<Expr>),
    Empty(Box<Expr>),
    Changed {
        now: Box<Expr>,
        before: Box<Expr>,
    },
    Atom(Box<Atom>),
    Quantified {
        any: bool,
        binder: Binder,
        source: Box<Expr>,
        body: Box<Expr>,
    },
    /// A call of a boolean `fn`: each parameter stands for one value of its argument.
    Apply {
        parameters: Vec<(Local, Expr)>,
        body: Box<Expr>,
    },
}

/// A question to something outside the object.
#[derive(Clone, PartialEq, Debug)]
pub struct Lookup {
    /// The function that asks: `cluster.get`.
    pub name: &'static str,
    pub kind: LookupKind,
    /// The arguments besides the kind, in the order of the parameters.
    pub arguments: Vec<Option<Expr>>,
}

/// The kind that a lookup asks for.
#[derive(Clone, PartialEq, Debug)]
pub enum LookupKind {
    /// It asks something else than the cluster.
    None,
    Known(ir::KindRef),
    /// `"apps/v1/{…}"`: the one of these whose full name the text is.
    OneOf(Vec<ir::KindRef>, Box<Expr>),
}

/// A comparison.
#[derive(Clone, PartialEq, Debug)]
pub struct Atom {
    pub relation: Relation,
    /// The left side; `or missing` speaks of it.
    pub left: Expr,
    /// `!=`, `!~`, `not in`, `not matches`
    pub negated: bool,
    pub or_missing: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Relation {
    Compare {
        comparison: Comparison,
        domain: Domain,
        right: Expr,
    },
    Glob(Vec<Vec<GlobPart>>),
    /// `~ ["{g}-*" for g in …]`
    GlobOfEach {
        binder: Binder,
        source: Expr,
        filter: Option<Expr>,
        glob: Vec<GlobPart>,
    },
    Regex(Vec<String>),
    /// Equal to one of the elements, compared in a domain.
    InList {
        domain: Domain,
        list: Expr,
    },
    InMap(Expr),
    InText(Expr),
    InRange(Expr, Expr),
    InCidr(Expr),
    CidrInCidr(Expr),
}

#[derive(Clone, PartialEq, Debug)]
pub enum GlobPart {
    Pattern(String),
    Value(Expr),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Collect {
    pub binder: Binder,
    pub source: Expr,
    pub filter: Option<Expr>,
    pub body: Expr,
}

#[derive(Clone, PartialEq, Debug)]
pub enum TextPart {
    Text(String),
    Value(Expr),
}

/// Where values are: one path, or several where a view has several. Lists on the way are open
/// ([`Step::Each`]), so a place may stand for many values.
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    pub branches: Vec<Branch>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Branch {
    pub root: ir::Root,
    pub steps: Vec<Step>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    Field(Field),
    Key(Box<Expr>),
    Element(i64),
    /// Each element of the list reached so far.
    Each,
}

/// A `test` block.
#[derive(Clone, Debug)]
pub struct Test {
    pub title: String,
    pub givens: Vec<Given>,
    pub expects: Vec<Expect>,
    pub span: Span,
}

/// The world of a test.
#[derive(Clone, Debug)]
pub enum Given {
    User(serde_json::Value),
    /// The namespace of objects that name none.
    Namespace(String),
    /// An object of the cluster.
    Object(serde_json::Value),
    /// The moment at which the test runs.
    Now(String),
    /// What a service, the cache or a registry answers, as [`aipc_runtime::machine::Answer::recorded`] reads it.
    Answer(serde_json::Value),
}

#[derive(Clone, Debug)]
pub struct Expect {
    pub verdict: Verdict,
    pub operation: AdmissionOperation,
    /// The object, with apiVersion and kind.
    pub object: serde_json::Value,
    pub old: Option<serde_json::Value>,
    /// `policy` or `policy.rule` that is to speak.
    pub by: Option<String>,
    /// A glob that a message is to match.
    pub message: Option<String>,
    pub span: Span,
}

/// The one operation of an expectation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AdmissionOperation {
    Create,
    Update,
    Delete,
    Connect,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    Deny,
    Allow,
    Skip,
    /// A clean-up would remove the object.
    Delete,
    /// Clean-ups look at the object, and it stays.
    Keep,
    /// The object after the mutations, whole.
    Becomes(serde_json::Value),
    /// A generation makes an object that has all that this one has.
    Generates(serde_json::Value),
    /// An existing object becomes one with these fields.
    Mutates(serde_json::Value),
}

impl Expr {
    pub fn new(kind: ExprKind, ty: Ty, span: Span) -> Expr {
        Expr { kind, ty, span }
    }

    pub fn error(span: Span) -> Expr {
        Expr { kind: ExprKind::Error, ty: Ty::Error, span }
    }

    pub fn is_error(&self) -> bool {
        self.ty == Ty::Error
    }

    pub fn as_place(&self) -> Option<&Place> {
        match &self.kind {
            ExprKind::Place(place) => Some(place),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Literal(Literal::Text(text)) => Some(text),
            _ => None,
        }
    }
}
