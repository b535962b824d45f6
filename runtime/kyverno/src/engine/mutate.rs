//! Mutation rules: what they make of the object, one after another, and of existing objects.

use crate::context::{Context, Failure};
use crate::json::{Escape, Json};
use crate::mutate::{PatchError, Patched, patch_json, patch_strategic};
use crate::policy::mutate::{Change, EachChange, JSON, Mutate, MutateEach, STRATEGIC};
use crate::policy::rule::{Rule, Template};
use crate::substitute::substitute;

use super::{RuleResponse, Status, conditions, elements_of, error, respond};

/// What the mutation rules of a policy make of an object.
#[derive(Clone, Debug)]
pub struct Mutation<'a> {
    pub responses: Vec<RuleResponse>,
    /// The object afterwards; none if it is deleted, or after a rule that fails, for which nothing is left.
    pub object: Option<Json<'a>>,
}

/// What a rule, or a loop of it, makes of an object.
struct Outcome<'a> {
    status: Status,
    message: String,
    /// Only after a pass and a skip.
    object: Option<Json<'a>>,
}

impl<'a> Outcome<'a> {
    fn failed(rule: &Rule, what: &str, failure: &Failure) -> Outcome<'a> {
        let RuleResponse { status, message, .. } = error(rule, what, failure);
        Outcome { status, message, object: None }
    }

    fn error(message: impl Into<String>) -> Outcome<'a> {
        Outcome { status: Status::Error, message: message.into(), object: None }
    }

    fn skipped(object: Option<Json<'a>>, message: impl Into<String>) -> Outcome<'a> {
        Outcome { status: Status::Skip, message: message.into(), object }
    }

    fn passed(object: Option<Json<'a>>) -> Outcome<'a> {
        Outcome { status: Status::Pass, message: String::new(), object }
    }

    fn is_failure(&self) -> bool {
        matches!(self.status, Status::Error | Status::NotEvaluated)
    }

    /// The same failure, with words before it.
    fn within(self, what: &str) -> Outcome<'a> {
        match self.status {
            Status::Error => Outcome { message: format!("{what}: {}", self.message), ..self },
            _ => self,
        }
    }
}

/// The response of a rule whose preconditions hold, and the object that it leaves.
pub fn run<'a, 'c>(
    context: &mut Context<'a, 'c>,
    rule: &'c Rule,
    body: &'c Mutate,
    object: Option<Json<'a>>,
) -> (RuleResponse, Option<Json<'a>>) {
    let mutator = Mutator { rule };
    let outcome = match &body.change {
        Change::Patch(whole) => mutator.of_rule(context, whole, object),
        Change::ForEach(loops) => mutator.for_each(context, loops, object, 0),
    };
    let message = match (outcome.status, &outcome.object) {
        (Status::Pass, Some(object)) => success(object),
        _ => outcome.message,
    };
    (respond(rule, outcome.status, message), outcome.object)
}

/// What Kyverno says of an object that was changed.
fn success(object: &Json<'_>) -> String {
    let metadata = object.get("metadata").unwrap_or(Json::Null);
    let text =
        |value: Option<Json<'_>>| value.and_then(|it| it.as_text().map(str::to_owned)).unwrap_or_default();
    let (kind, name) = (text(object.get("kind")), text(metadata.get("name")));
    match text(metadata.get("namespace")).as_str() {
        "" => format!("mutated {kind}/{name}"),
        namespace => format!("mutated {kind}/{name} in namespace {namespace}"),
    }
}

struct Mutator<'c> {
    rule: &'c Rule,
}

impl<'c> Mutator<'c> {
    /// Kyverno fills in all texts of the rule, and takes the patch out of that.
    fn of_rule<'a>(
        &self,
        context: &Context<'a, 'c>,
        whole: &Template,
        object: Option<Json<'a>>,
    ) -> Outcome<'a> {
        match substitute(context, whole) {
            Err(failure) => Outcome::failed(self.rule, "variable substitution failed", &failure),
            Ok(filled) => patched(&filled.get("mutate").unwrap_or(Json::Null), object),
        }
    }

    fn for_each<'a>(
        &self,
        context: &mut Context<'a, 'c>,
        loops: &'c [MutateEach],
        mut object: Option<Json<'a>>,
        nesting: usize,
    ) -> Outcome<'a> {
        let mut applied = 0;
        for each in loops {
            let elements = match elements_of(context, &each.list) {
                Ok(elements) => elements,
                Err(failure) => {
                    // Kyverno says it twice.
                    let what = format!("failed to evaluate list {}: {}", each.list, failure.message);
                    return Outcome::failed(self.rule, &what, &failure);
                }
            };
            let request = context.request();
            let outcome = self.elements(context, each, elements, object.clone(), nesting);
            context.restore_request(request);
            if outcome.is_failure() {
                return outcome.within("failed to mutate elements");
            }
            if outcome.status == Status::Pass {
                applied += 1;
                object = outcome.object;
                if let Some(object) = &object {
                    context.set_object(object.clone());
                }
            }
        }
        match applied {
            0 => Outcome::skipped(object, "0 elements processed"),
            _ => Outcome::passed(object),
        }
    }

    fn elements<'a>(
        &self,
        context: &mut Context<'a, 'c>,
        each: &'c MutateEach,
        elements: Vec<Json<'a>>,
        object: Option<Json<'a>>,
        nesting: usize,
    ) -> Outcome<'a> {
        let mut numbered: Vec<(usize, Json<'a>)> = elements.into_iter().enumerate().collect();
        if each.is_descending {
            numbered.reverse();
        }
        let mut current = object.clone();
        for (index, element) in numbered.into_iter().filter(|(_, element)| !element.is_null()) {
            let request = context.request();
            let before = context.enter(&element.with_floats(), index, nesting);
            context.add_entries(&each.context, nesting + 1);
            let outcome = self.element(context, each, index, current.clone(), nesting);
            context.leave(before, nesting);
            context.restore_request(request);
            if outcome.is_failure() {
                return outcome;
            }
            if outcome.status == Status::Pass {
                current = outcome.object;
            }
        }
        let is_same = match (&object, &current) {
            (Some(before), Some(after)) => before.deep_equal(after),
            (before, after) => before.is_none() == after.is_none(),
        };
        if is_same { Outcome::skipped(current, "no patches applied") } else { Outcome::passed(current) }
    }

    fn element<'a>(
        &self,
        context: &mut Context<'a, 'c>,
        each: &'c MutateEach,
        index: usize,
        object: Option<Json<'a>>,
        nesting: usize,
    ) -> Outcome<'a> {
        if let Some(preconditions) = &each.preconditions {
            match conditions::check(context, preconditions) {
                Err(failure) => {
                    let what = format!("failed to evaluate mutate.foreach[{index}].preconditions");
                    return Outcome::failed(self.rule, &what, &failure);
                }
                Ok((false, _)) => return Outcome::skipped(object, ""),
                Ok((true, _)) => {}
            }
        }
        match &each.change {
            EachChange::ForEach(loops) => self.for_each(context, loops, object, nesting + 1),
            EachChange::Patch(patch) => match substitute(context, patch) {
                Err(failure) => Outcome::failed(self.rule, "variable substitution failed", &failure),
                Ok(filled) => patched(&filled, object),
            },
        }
    }
}

/// What the patch of a rule or a loop makes of an object.
fn patched<'a>(patch: &Json<'a>, object: Option<Json<'a>>) -> Outcome<'a> {
    let target = object.clone().unwrap_or(Json::Null);
    let strategic = patch.get(STRATEGIC).filter(|patch| !patch.is_null());
    let operations = patch.get(JSON).filter(|patch| !patch.is_null());
    let found = match (&strategic, &operations) {
        (Some(strategic), _) => patch_strategic(&target, strategic),
        (None, Some(operations)) => match operations.as_text() {
            Some("") => return Outcome::error("empty mutate rule"),
            Some(text) => patch_json(&target, text),
            None => {
                let kind = crate::go_text::type_name(operations);
                return Outcome::error(format!(
                    "variable substitution failed: patchesJson6902 is no text but {kind}"
                ));
            }
        },
        (None, None) => return Outcome::error("empty mutate rule"),
    };
    match found {
        Ok(Patched::Unchanged) => Outcome::skipped(object, "no patches applied"),
        Ok(Patched::Changed(after)) => {
            match after.get("kind").and_then(|kind| kind.as_text().map(str::is_empty)) {
                Some(false) => Outcome::passed(Some(after)),
                _ => {
                    let text = after.to_json(Escape::Html);
                    Outcome::error(format!(
                        "failed to unmarshal patched resource: Object 'Kind' is missing in '{text}'"
                    ))
                }
            }
        }
        Err(PatchError::Refused(why)) => Outcome::error(format!("failed to patch resource: {why}")),
        Err(PatchError::Panic(why)) => Outcome {
            status: Status::NotEvaluated,
            message: format!("another patch, for Kyverno itself ends on this one: {why}"),
            object: None,
        },
    }
}
