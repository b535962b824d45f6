//! What the evaluator says of one resource.

use crate::document::NodeId;
use crate::patch::Change;
use crate::program::{Effect, ExemptionId, RuleId, SourcePlace};

/// The verdicts of all rules that speak of a resource's kind, and what is wrong with the resource itself.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Decision {
    /// In the order of policies and rules in the program; one for each rule whose kinds fit.
    pub verdicts: Vec<RuleVerdict>,
    /// Values that no admissible object has, as far as rules came upon them; each once, in document order.
    pub invalid: Vec<Invalid>,
}

/// One rule on one resource.
#[derive(Clone, PartialEq, Debug)]
pub struct RuleVerdict {
    pub rule: RuleId,
    pub verdict: Verdict,
    /// In the order of subjects and elements; filled where the verdict is [`Verdict::Fail`], and with those
    /// found before the error where it is [`Verdict::Error`].
    pub violations: Vec<Violation>,
    /// What the rule changes, of a mutation that applies.
    pub changes: Vec<Change>,
    /// The existing objects that the rule changes, of a mutation of such that applies.
    pub existing: Vec<ChangedObject>,
    /// The objects that the rule makes, of a generation that applies.
    pub created: Vec<serde_json::Value>,
    /// The images whose signatures would have to be looked at, as they are written; each once.
    pub unverified: Vec<String>,
    /// What the verdict took for granted because it was not known; empty if nothing.
    pub assumed: Vec<Unknown>,
    /// The question that has no answer, where the verdict is [`Verdict::NotEvaluated`] because of one.
    pub unanswered: Option<String>,
}

/// An object of the cluster that a rule changes when another one is admitted.
#[derive(Clone, PartialEq, Debug)]
pub struct ChangedObject {
    pub before: serde_json::Value,
    pub after: serde_json::Value,
}

/// What a rule says of a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    Pass,
    Fail,
    NotApplicable(NotApplicable),
    Error(EvaluationError),
    /// It asks for something that is not known.
    NotEvaluated(Unknown),
}

/// Why a rule does not apply to a resource of its kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotApplicable {
    /// The rule does not speak of this operation.
    Operation,
    /// A `where` condition is false.
    Where,
    /// The condition of a clean-up is false.
    Condition,
    /// No image is one that the rule speaks of.
    NoImage,
    /// The policy belongs to another namespace.
    Namespace,
    /// The rule asks for a user, and none is known.
    NoUser,
    /// An earlier rule of the policy applied, and the policy wants only one.
    EarlierRule,
    /// The rule would speak of the object, and an exemption covers it.
    Exempt(ExemptionId),
}

impl NotApplicable {
    /// One sentence without a period, for reports.
    pub fn because(self) -> &'static str {
        match self {
            NotApplicable::Operation => "the rule does not speak of this operation",
            NotApplicable::Where => "a `where` condition is false",
            NotApplicable::Condition => "the condition is false",
            NotApplicable::NoImage => "no image is one that the rule speaks of",
            NotApplicable::Namespace => "the policy belongs to another namespace",
            NotApplicable::NoUser => "no user is known",
            NotApplicable::EarlierRule => "an earlier rule of the policy applied",
            NotApplicable::Exempt(_) => "an exemption covers the object",
        }
    }
}

/// Why a rule ended in an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvaluationError {
    pub reason: ErrorReason,
    /// The place of the source that asked for it, if one place did.
    pub origin: Option<SourcePlace>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ErrorReason {
    /// The rule took more steps, or made more text, than its limits allow.
    OverBudget,
    /// `must(…)` found nothing.
    MustMissing,
    /// A regular expression is larger than the limit once compiled.
    RegexTooLarge,
    /// A question is recorded to have failed.
    LookupFailed,
    /// Text would have changed the meaning of the URL that it was to be a part of.
    UrlPart,
}

impl ErrorReason {
    /// One sentence without a period, for reports.
    pub fn because(&self) -> &'static str {
        match self {
            ErrorReason::OverBudget => "over budget",
            ErrorReason::MustMissing => "`must` found no value",
            ErrorReason::RegexTooLarge => "a regular expression is too large",
            ErrorReason::LookupFailed => "what it asked for could not be had",
            ErrorReason::UrlPart => "text that does not fit into a URL",
        }
    }
}

/// What may be unknown when a manifest is judged outside a cluster.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Unknown {
    User,
    NamespaceLabels,
    /// The objects of a kind.
    Objects,
    /// What a service or the API server answers.
    Answers,
    CacheEntries,
    /// What a registry says of an image.
    Images,
    /// What comes out by chance.
    Chance,
    /// Who signed the images, or the object: a registry knows.
    Signatures,
}

impl Unknown {
    pub const ALL: &'static [Unknown] = &[
        Unknown::User,
        Unknown::NamespaceLabels,
        Unknown::Objects,
        Unknown::Answers,
        Unknown::CacheEntries,
        Unknown::Images,
        Unknown::Chance,
        Unknown::Signatures,
    ];

    /// The stable name in program listings and in the IR.
    pub fn code(self) -> &'static str {
        match self {
            Unknown::User => "user",
            Unknown::NamespaceLabels => "namespace-labels",
            Unknown::Objects => "objects",
            Unknown::Answers => "answers",
            Unknown::CacheEntries => "cache-entries",
            Unknown::Images => "images",
            Unknown::Chance => "chance",
            Unknown::Signatures => "signatures",
        }
    }

    /// The words for reports: what is not known.
    pub fn name(self) -> &'static str {
        match self {
            Unknown::User => "the user",
            Unknown::NamespaceLabels => "the labels of the namespace",
            Unknown::Objects => "the objects of a kind",
            Unknown::Answers => "the answer of a service",
            Unknown::CacheEntries => "an entry of the cache",
            Unknown::Images => "what the registry says of an image",
            Unknown::Chance => "what comes out by chance",
            Unknown::Signatures => "who signed",
        }
    }
}

/// One subject, or one element of a subject, that a rule objects to.
#[derive(Clone, PartialEq, Debug)]
pub struct Violation {
    /// The element, or the subject; the nearest parent that exists where the subject is missing.
    pub node: NodeId,
    /// The path of that subject: `spec.template.spec.containers[0]`; empty for the whole object.
    pub path: String,
    /// The rule's message with its values filled in.
    pub message: String,
    pub cause: Cause,
    /// What is to happen: the first action whose condition holds.
    pub action: Action,
}

/// What decided that it is a violation.
#[derive(Clone, PartialEq, Debug)]
pub struct Cause {
    /// The deciding condition in the policy's source.
    pub origin: SourcePlace,
    /// The condition as written there.
    pub text: String,
    /// The node that was read, or the nearest parent that exists where it is missing.
    pub node: NodeId,
    /// The path that was read: `spec.containers[0].image`, whether it exists or not.
    pub path: String,
    /// The offending value as compact JSON; long ones are cut and end in `…`. `None` where it is missing.
    pub value: Option<String>,
}

/// What a rule asks for when it is violated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Action {
    pub effect: Effect,
    /// Whether admission also warns.
    pub warn: bool,
}

/// A value that no admissible object has. It reads as missing.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Invalid {
    /// The value; for a missing field the object that lacks it.
    pub node: NodeId,
    pub kind: InvalidKind,
}

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum InvalidKind {
    /// The value is of another type; what is expected (`a whole number`).
    WrongType { expected: &'static str },
    /// The value is null where the API server asks for one: in a list or map, or in a required field. Expected
    /// is what should stand there.
    Null { expected: &'static str },
    /// A required field is absent.
    MissingField { field: String },
}

impl Invalid {
    /// One sentence without a period, for reports.
    pub fn sentence(&self) -> String {
        match &self.kind {
            InvalidKind::WrongType { expected } => format!("expected {expected}"),
            InvalidKind::Null { expected } => format!("expected {expected}, found null"),
            InvalidKind::MissingField { field } => format!("the required field `{field}` is missing"),
        }
    }
}
