//! Validation rules: patterns, conditions that deny, and loops over elements.

use crate::context::{Context, Failure};
use crate::json::{Json, View};
use crate::matching::{self, Matched, UserInfo};
use crate::pattern::{Pattern, expand_all};
use crate::pod_security::{self, PodSecurity};
use crate::policy::Policy;
use crate::policy::rule::{Action, Check, ForEach, Rule, Template, Validate};
use crate::substitute::{substitute, substitute_text};

use super::{Request, RuleResponse, Status, begin, conditions, elements_of, error, join, respond};

/// The result of a validation rule whose preconditions hold; `None` if it says nothing.
pub fn run<'a, 'c>(
    context: &mut Context<'a, 'c>,
    policy: &Policy,
    rule: &'c Rule,
    body: &'c Validate,
    request: &Request<'a, '_>,
) -> Option<RuleResponse> {
    let mut validator = Validator::new(rule, body, request.object.clone());
    validator.is_delete = is_delete(request);
    let response = validator.check(context, &body.check, 0);
    let enforces = body.action.or(policy.action) == Some(Action::Enforce);
    let is_update = request.operation == "UPDATE" || request.object.is_some() && request.old_object.is_some();
    if !enforces || !is_update || !body.allow_existing_violations {
        return response;
    }
    // An update may keep what was wrong before.
    let failed = response.as_ref().is_some_and(|response| response.status == Status::Fail);
    match prior(context, &validator, request) {
        Err(()) => Some(respond(rule, Status::Skip, "failed to validate old object")),
        Ok(prior) if failed && prior == Some(Status::Fail) => {
            let message = "skipping the rule evaluation as pre-existing violations are allowed";
            Some(respond(rule, Status::Skip, message))
        }
        Ok(_) => response,
    }
}

fn is_delete(request: &Request<'_, '_>) -> bool {
    if request.operation.is_empty() { request.object.is_none() } else { request.operation == "DELETE" }
}

/// What the rule says of the old object, as if it were created by nobody.
///
/// # Errors
/// The request is no update.
fn prior<'a, 'c>(
    context: &mut Context<'a, 'c>,
    current: &Validator<'c, 'a>,
    request: &Request<'a, '_>,
) -> Result<Option<Status>, ()> {
    let Validator { rule, body, .. } = *current;
    if request.operation != "UPDATE" {
        return Err(());
    }
    let Some(old) = request.old_object.clone() else { return Ok(None) };
    let restore = context.as_if_created(old.clone());
    let is_asked = begin(context, rule, rule.preconditions.as_ref()).is_none();
    let fields = matching::ObjectFields::new(&old);
    let asked = matching::Request {
        object: &Matched::new(&fields),
        operation: "CREATE",
        user: &UserInfo::nobody(),
        namespace_labels: request.namespace_labels,
    };
    let found = if is_asked && matching::applies(&rule.matches, rule.exclude.as_ref(), &asked) {
        let mut validator = Validator::new(rule, body, Some(old));
        validator.filled = match (&current.filled, &request.object, &body.check) {
            (Some(filled), Some(object), Check::Pattern(_)) => Some(expand_all(&filled.to_owned(), object)),
            (filled, _, _) => filled.clone(),
        };
        validator.check(context, &body.check, 0).map(|response| response.status)
    } else {
        Some(Status::Skip)
    };
    context.restore_request(restore);
    Ok(found)
}

struct Validator<'r, 'a> {
    rule: &'r Rule,
    body: &'r Validate,
    /// The element that patterns are held against, in a loop over maps.
    element: Option<Json<'a>>,
    object: Option<Json<'a>>,
    is_delete: bool,
    /// The pattern with its variables filled in. Kyverno fills them in once, and holds the old object against the same.
    filled: Option<Json<'a>>,
}

impl<'r, 'a> Validator<'r, 'a> {
    fn new(rule: &'r Rule, body: &'r Validate, object: Option<Json<'a>>) -> Self {
        Validator { rule, body, element: None, object, is_delete: false, filled: None }
    }

    fn check<'c>(
        &mut self,
        context: &mut Context<'a, 'c>,
        check: &'c Check,
        nesting: usize,
    ) -> Option<RuleResponse> {
        match check {
            Check::Deny(conditions) => Some(self.deny(context, conditions.as_ref())),
            Check::Pattern(template) => self.against(context, template, nesting, Self::pattern),
            Check::AnyPattern(template) => self.against(context, template, nesting, Self::any_pattern),
            Check::ForEach(loops) => self.for_each(context, loops, nesting),
            Check::PodSecurity(security) => self.pod_security(security),
            Check::Cel(_) => Some(self.respond(Status::NotEvaluated, "validate.cel is not evaluated yet")),
            Check::Manifests(_) => Some(self.respond(Status::NotEvaluated, "the signature of manifests")),
            Check::Nothing => None,
        }
    }

    fn respond(&self, status: Status, message: impl Into<String>) -> RuleResponse {
        respond(self.rule, status, message)
    }

    fn deny(
        &self,
        context: &Context<'_, '_>,
        denied: Option<&crate::policy::rule::Conditions>,
    ) -> RuleResponse {
        let found = match denied {
            // Without a condition everything is denied.
            None => Ok((true, String::new())),
            Some(denied) => conditions::check(context, denied),
        };
        match found {
            Err(failure) => error(self.rule, "failed to check deny conditions", &failure),
            Ok((false, _)) => self.passed(),
            Ok((true, message)) => self.respond(Status::Fail, self.deny_message(context, &message)),
        }
    }

    fn passed(&self) -> RuleResponse {
        self.respond(Status::Pass, format!("validation rule '{}' passed.", self.rule.name))
    }

    fn deny_message(&self, context: &Context<'_, '_>, message: &str) -> String {
        let own = self.body.message.as_deref().unwrap_or("");
        if own.is_empty() && message.is_empty() {
            return format!("validation error: rule {} failed", self.rule.name);
        }
        match substitute_text(context, &join([own, message])) {
            Err(_) => message.to_owned(),
            Ok(filled) => match filled.view() {
                View::Text(text) => text.to_owned(),
                _ => "the produced message didn't resolve to a string, check your policy definition."
                    .to_owned(),
            },
        }
    }

    /// The value that patterns are held against; `None` where there is nothing to check.
    fn subject(&self) -> Option<Json<'a>> {
        if let Some(element) = &self.element {
            return Some(element.clone());
        }
        if self.is_delete { None } else { Some(self.object.clone().unwrap_or(Json::Null)) }
    }

    /// The pattern of the rule, or of the loop that it is in, with its variables filled in.
    fn fill(
        &mut self,
        context: &Context<'a, '_>,
        template: &Template,
        nesting: usize,
    ) -> Result<Json<'a>, RuleResponse> {
        if nesting == 0
            && let Some(filled) = &self.filled
        {
            return Ok(filled.clone());
        }
        let filled = substitute(context, template)
            .map_err(|failure| error(self.rule, "variable substitution failed", &failure))?;
        if nesting == 0 {
            self.filled = Some(filled.clone());
        }
        Ok(filled)
    }

    /// Holds the subject against a pattern with its variables filled in.
    fn against(
        &mut self,
        context: &Context<'a, '_>,
        template: &Template,
        nesting: usize,
        hold: impl Fn(&Self, &Context<'a, '_>, &Json<'a>, &Json<'a>) -> RuleResponse,
    ) -> Option<RuleResponse> {
        match self.fill(context, template, nesting) {
            Ok(filled) => Some(hold(self, context, &filled, &self.subject()?)),
            Err(response) => Some(response),
        }
    }

    fn pattern(&self, context: &Context<'a, '_>, filled: &Json<'a>, subject: &Json<'a>) -> RuleResponse {
        let Err(failure) = Pattern::new(filled).check(subject) else { return self.passed() };
        if failure.is_skip {
            return self.respond(Status::Skip, failure.message);
        }
        let status = if failure.path.is_empty() { Status::Error } else { Status::Fail };
        let rule = &self.rule.name;
        let place = match failure.path.as_str() {
            "" => format!("rule {rule} execution error: {}", failure.message),
            path => format!("rule {rule} failed at path {path}"),
        };
        let message = self.failure_message(context, &failure.message, &place);
        let mut response = self.respond(status, message);
        response.path = Some(failure.path).filter(|path| !path.is_empty());
        response
    }

    fn pod_security(&self, security: &PodSecurity) -> Option<RuleResponse> {
        let subject = self.subject()?;
        let rule = &self.rule.name;
        Some(match pod_security::check(security, &subject) {
            Err(message) => self.respond(Status::Error, message),
            Ok(None) => self.respond(Status::Pass, format!("Validation rule '{rule}' passed.")),
            Ok(Some(words)) => {
                self.respond(Status::Fail, format!("Validation rule '{rule}' failed. {words}"))
            }
        })
    }

    /// The message of the rule, if it has one, and what failed.
    fn failure_message(&self, context: &Context<'_, '_>, cause: &str, failed: &str) -> String {
        let Some(message) = &self.body.message else { return format!("validation error: {failed}") };
        match substitute_text(context, message) {
            Err(_) => format!(
                "validation error: variables substitution error in rule {} execution error: {cause}",
                self.rule.name
            ),
            Ok(filled) => {
                let text = filled.as_text().unwrap_or_default();
                let stop = if text.ends_with('.') { "" } else { "." };
                format!("validation error: {text}{stop} {failed}")
            }
        }
    }

    fn any_pattern(&self, context: &Context<'a, '_>, filled: &Json<'a>, subject: &Json<'a>) -> RuleResponse {
        let rule = &self.rule.name;
        if filled.list_len().is_none() && !filled.is_null() {
            let message = "failed to deserialize anyPattern, expected type array";
            return self.respond(Status::Error, message);
        }
        let (mut failed, mut skipped) = (Vec::new(), Vec::new());
        let mut place = None;
        for (index, pattern) in filled.elements().enumerate() {
            let Err(failure) = Pattern::new(&pattern).check(subject) else {
                let message = format!("validation rule '{rule}' anyPattern[{index}] passed.");
                return self.respond(Status::Pass, message);
            };
            match (failure.is_skip, failure.path.as_str()) {
                (true, _) => skipped.push(format!("rule {rule}[{index}] skipped: {}", failure.message)),
                (false, "") => failed.push(format!("rule {rule}[{index}] failed: {}", failure.message)),
                (false, path) => {
                    failed.push(format!("rule {rule}[{index}] failed at path {path}"));
                    place.get_or_insert(failure.path);
                }
            }
        }
        if !failed.is_empty() {
            let failed = failed.join(" ");
            let message = self.failure_message(context, &failed, &failed);
            let mut response = self.respond(Status::Fail, message);
            response.path = place;
            return response;
        }
        if !skipped.is_empty() {
            return self.respond(Status::Skip, skipped.join(" "));
        }
        self.respond(Status::Pass, self.body.message.clone().unwrap_or_default())
    }

    fn for_each<'c>(
        &mut self,
        context: &mut Context<'a, 'c>,
        loops: &'c [ForEach],
        nesting: usize,
    ) -> Option<RuleResponse> {
        let mut applied = 0;
        let mut list_failure: Option<Failure> = None;
        for each in loops {
            let elements = match elements_of(context, &each.list) {
                Ok(elements) => elements,
                Err(failure) if failure.needs.is_some() => return Some(error(self.rule, "", &failure)),
                // What is not there has no elements.
                Err(failure) if failure.is_unknown_key() => continue,
                Err(failure) => {
                    list_failure = Some(failure);
                    continue;
                }
            };
            match self.elements(context, each, &elements, nesting) {
                Err(response) => return Some(response),
                Ok(count) => applied += count,
            }
        }
        match (applied, list_failure) {
            (0, Some(failure)) => Some(error(self.rule, "failed to evaluate list", &failure)),
            (0, None) => None,
            _ => Some(self.respond(Status::Pass, "rule passed")),
        }
    }

    /// How many elements were checked.
    ///
    /// # Errors
    /// The response of the first that does not pass.
    fn elements<'c>(
        &mut self,
        context: &mut Context<'a, 'c>,
        each: &'c ForEach,
        elements: &[Json<'a>],
        nesting: usize,
    ) -> Result<usize, RuleResponse> {
        let mut applied = 0;
        for (index, element) in elements.iter().enumerate().filter(|(_, element)| !element.is_null()) {
            let is_map = element.is_map();
            if each.element_scope == Some(true) && !is_map {
                let what = "cannot use elementScope=true foreach rules for elements that are not maps";
                let message =
                    format!("{what}, expected type=map got type={}", crate::go_text::type_name(element));
                return Err(error(self.rule, "failed to process foreach", &Failure::new(message)));
            }
            let outer = self.element.clone();
            if each.element_scope.unwrap_or(is_map) {
                self.element = Some(element.clone());
            }
            let before = context.enter(element, index, nesting);
            context.add_entries(&each.context, nesting + 1);
            let found = self.element_check(context, each, nesting + 1);
            context.leave(before, nesting);
            self.element = outer;
            let Some(response) = found else { continue };
            match response.status {
                Status::Pass => applied += 1,
                Status::Skip => {}
                // A precondition that fails to be evaluated leaves the element out.
                Status::Error if response.message.contains("failed to evaluate preconditions") => {}
                status => {
                    let message = match status {
                        Status::NotEvaluated => response.message,
                        _ => format!("validation failure: {}", response.message),
                    };
                    let mut outer = self.respond(status, message);
                    outer.path = response.path;
                    return Err(outer);
                }
            }
        }
        Ok(applied)
    }

    fn element_check<'c>(
        &mut self,
        context: &mut Context<'a, 'c>,
        each: &'c ForEach,
        nesting: usize,
    ) -> Option<RuleResponse> {
        if let Some(response) = begin(context, self.rule, each.preconditions.as_ref()) {
            return Some(response);
        }
        self.check(context, &each.check, nesting)
    }
}
