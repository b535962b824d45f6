//! The evaluator: programs on resources, within limits, without I/O and without a clock of its own.
//!
//! ```text
//! Program ─▶ Evaluator::new ─▶ evaluate(Resource, Environment, Limits) ─▶ Decision
//! ```
//! A first pass only answers whether a rule is violated. For a violation the condition runs once more and
//! notes what decided it. [`Evaluator::trace`] notes everything that one rule asks.

mod answer;
mod ask;
mod decision;
mod edit;
mod elements;
mod environment;
mod evaluator;
mod exempt;
mod generate;
mod path;
mod record;
mod run;
mod trace;
mod verify;
mod world;

pub use decision::{
    Action, Cause, ChangedObject, Decision, ErrorReason, EvaluationError, Invalid, InvalidKind,
    NotApplicable, RuleVerdict, Unknown, Verdict, Violation,
};
pub use environment::{AdmissionOperation, Environment, Limits, Namespaces, ObjectKind, Resource, User};
pub use evaluator::{Evaluator, Mutated};
pub use trace::{Event, EventKind, Pass, Trace, TracedValue};
pub use world::{Answer, Key, LABEL_VALUE, OBJECT_NAME, URL_PART, World, is_label_value, is_object_name};
