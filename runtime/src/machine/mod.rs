//! The evaluator: programs on resources, within limits, without I/O and without a clock of its own.

mod decision;
mod environment;

pub use decision::{
    Action, Cause, Decision, ErrorReason, EvaluationError, Invalid, InvalidKind, NotApplicable, RuleVerdict,
    Unknown, Verdict, Violation,
};
pub use environment::{AdmissionOperation, Environment, Limits, Namespaces, ObjectKind, Resource, User};
