//! The `test` blocks of policies: each file is tested by its own policies alone.

use aipc_compiler::analysis::Analysis;
use aipc_compiler::diagnostic;
use aipc_compiler::formats::bytecode;
use aipc_compiler::hir;
use aipc_compiler::source::{Sources, Span};
use aipc_runtime::document::{Document, push_index, push_key};
use aipc_runtime::glob::{Glob, Matcher};
use aipc_runtime::machine::{
    AdmissionOperation, Decision, Environment, Evaluator, Invalid, InvalidKind, Limits, Namespaces, Resource,
    RuleVerdict, Unknown, User, Verdict,
};
use aipc_runtime::program::{Body, Program};
use aipc_runtime::value::Time;
use serde_json::Value;

use crate::run::context;

/// Tests have no clock: without `given now` they run at this moment, 2026-01-01T00:00:00Z.
const NOW_UNIX_SECONDS: i64 = 1_767_225_600;

/// The program of one file, which its tests run; none where it has mistakes, which were said.
pub fn program_of(analysis: &Analysis, sources: &Sources) -> Option<Program> {
    if diagnostic::has_errors(&analysis.diagnostics) {
        return None;
    }
    // Rules that no output carries were named; the others can be tested.
    bytecode::emit(&analysis.policies, sources).ok()
}

/// An expectation that did not come true.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    pub span: Span,
    pub expected: String,
    /// What happened instead, a sentence each.
    pub actual: Vec<String>,
}

/// Runs a test: the expectations that do not come true.
pub fn failures(test: &hir::Test, program: &Program) -> Vec<Failure> {
    let mut user = None;
    let mut namespace = "default";
    let mut now = Time::from_unix(NOW_UNIX_SECONDS, 0);
    let mut objects = Vec::new();
    let mut answers = Vec::new();
    for given in &test.givens {
        match given {
            hir::Given::User(value) => user = Some(user_document(value)),
            hir::Given::Namespace(name) => namespace = name,
            hir::Given::Now(moment) => now = Time::parse(moment).unwrap_or(now),
            hir::Given::Answer(value) => answers.push(value),
            hir::Given::Object(value) => objects.push((value, Document::from_json(value))),
        }
    }
    let mut namespaces = Namespaces::new();
    for (value, document) in &objects {
        if value["kind"] == "Namespace"
            && let Some(name) = value["metadata"]["name"].as_str()
        {
            namespaces.add(name, Resource::of(document));
        }
    }
    let world = context::of_test(objects.iter().map(|(value, _)| *value), answers.into_iter());
    let evaluator = Evaluator::new(program);
    test.expects
        .iter()
        .filter_map(|expect| {
            let object = Document::from_json(&expect.object);
            let old = expect.old.as_ref().map(Document::from_json);
            let operation = match expect.operation {
                hir::AdmissionOperation::Create => AdmissionOperation::Create,
                hir::AdmissionOperation::Update => AdmissionOperation::Update,
                hir::AdmissionOperation::Delete => AdmissionOperation::Delete,
                hir::AdmissionOperation::Connect => AdmissionOperation::Connect,
            };
            let old_object = match (operation, &old) {
                (AdmissionOperation::Delete, None) => Some(Resource::of(&object)),
                (_, old) => old.as_ref().map(Resource::of),
            };
            let environment = Environment {
                operation,
                old_object,
                user: user.as_ref(),
                namespace_default: namespace,
                namespaces: Some(&namespaces),
                world: Some(&world),
                ..Environment::new(now)
            };
            if matches!(expect.verdict, hir::Verdict::Delete | hir::Verdict::Keep) {
                // A clean-up comes by itself to what is in the cluster: there is no request that changes it before.
                let environment = Environment { user: None, ..environment };
                let decision = evaluator.evaluate(Resource::of(&object), &environment, Limits::default());
                return compare(expect, program, &decision);
            }
            let mutated = evaluator.mutate(Resource::of(&object), &environment, Limits::default());
            let after = mutated.document.as_ref().unwrap_or(&object);
            if let hir::Verdict::Becomes(wanted) = &expect.verdict {
                return becomes(expect, wanted, &after.to_json(after.root()), &mutated.verdicts, program);
            }
            let decision = evaluator.evaluate(Resource::of(after), &environment, Limits::default());
            if let hir::Verdict::Generates(wanted) = &expect.verdict {
                return generates(expect, wanted, &decision.verdicts, program);
            }
            if let hir::Verdict::Mutates(wanted) = &expect.verdict {
                return mutates(expect, wanted, &decision.verdicts, program);
            }
            compare(expect, program, &decision)
        })
        .collect()
}

fn user_document(value: &Value) -> Document {
    let texts = |key: &str| -> Vec<String> {
        let items = value[key].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|it| it.as_str()).map(str::to_string).collect()
    };
    let text = |key: &str| value[key].as_str().unwrap_or("").to_string();
    User {
        name: text("name"),
        uid: text("uid"),
        groups: texts("groups"),
        roles: texts("roles"),
        cluster_roles: texts("clusterRoles"),
    }
    .to_document()
}

fn compare(expect: &hir::Expect, program: &Program, decision: &Decision) -> Option<Failure> {
    let is_named = |policy: &str, rule: &str| {
        expect.by.as_ref().is_none_or(|by| by == policy || *by == format!("{policy}.{rule}"))
    };
    let spoken: Vec<Spoken<'_>> =
        decision.verdicts.iter().map(|verdict| Spoken::of(verdict, program)).collect();
    let mut named = spoken.iter().filter(|it| is_named(it.policy, it.rule));
    // Clean-ups neither deny nor allow.
    let mut judges = named.clone().filter(|it| !it.is_clean_up);
    let mut clean_ups = named.clone().filter(|it| it.is_clean_up);
    let goes = |it: &Spoken<'_>| it.verdict.verdict == Verdict::Pass;
    let stays = |it: &Spoken<'_>| matches!(it.verdict.verdict, Verdict::NotApplicable(_));
    let is_error =
        |it: &&Spoken<'_>| matches!(it.verdict.verdict, Verdict::Error(_) | Verdict::NotEvaluated(_));
    let holds = match expect.verdict {
        hir::Verdict::Deny => judges.any(|it| it.denies_with(expect.message.as_deref())),
        // Silence is no permission: a rule must have looked at the object.
        hir::Verdict::Allow => {
            judges.clone().any(|it| matches!(it.verdict.verdict, Verdict::Pass))
                && !judges.any(|it| matches!(it.verdict.verdict, Verdict::Fail) || is_error(&it))
        }
        hir::Verdict::Skip => named.all(|it| matches!(it.verdict.verdict, Verdict::NotApplicable(_))),
        hir::Verdict::Delete => clean_ups.any(goes),
        hir::Verdict::Keep => clean_ups.clone().next().is_some() && clean_ups.all(stays),
        // Compared before anything is judged.
        hir::Verdict::Becomes(_) | hir::Verdict::Generates(_) | hir::Verdict::Mutates(_) => true,
    };
    // Objects of tests are partial; what is wrong in them is said, what is absent is not.
    let is_wrong = |it: &&Invalid| !matches!(it.kind, InvalidKind::MissingField { .. });
    let wrong: Vec<&Invalid> = decision.invalid.iter().filter(is_wrong).collect();
    // Of rules that are not there, anything would be true.
    let nobody = !program.rules().iter().any(|rule| {
        let policy = &program.policies()[rule.policy.0 as usize];
        is_named(&policy.name, &rule.name)
    });
    if holds && wrong.is_empty() && !nobody {
        return None;
    }
    let mut actual: Vec<String> = spoken.iter().map(Spoken::words).collect();
    if let Some(by) = expect.by.as_ref().filter(|_| nobody) {
        actual.push(format!("there is no policy or rule `{by}`"));
    } else if actual.is_empty() {
        actual.push("no rule speaks of this object".to_string());
    }
    let is_silent = !spoken.is_empty() && spoken.iter().all(stays);
    if expect.verdict == hir::Verdict::Allow && is_silent {
        actual.push("no rule judges this object, which is `expect skip`".to_string());
    }
    for invalid in wrong {
        actual.push(format!("the object is not one that a cluster accepts: {}", invalid.sentence()));
    }
    Some(Failure { span: expect.span, expected: expected(expect), actual })
}

/// Whether the object after the mutations is the one that is wanted; else where it is not.
fn becomes(
    expect: &hir::Expect,
    wanted: &Value,
    after: &Value,
    verdicts: &[RuleVerdict],
    program: &Program,
) -> Option<Failure> {
    let spoken = verdicts.iter().map(|verdict| Spoken::of(verdict, program));
    // Silence is no agreement: a mutation must have looked at the object.
    if wanted == after && !verdicts.is_empty() {
        return None;
    }
    let mut actual = Vec::new();
    differences(wanted, after, &mut String::new(), &mut actual);
    let others = spoken.filter(|it| !matches!(it.verdict.verdict, Verdict::Pass)).map(|it| it.words());
    actual.extend(others);
    if verdicts.is_empty() {
        actual.push("no mutation speaks of this object".to_string());
    }
    Some(Failure { span: expect.span, expected: expected(expect), actual })
}

/// Whether a rule makes an object that has what is wanted; else what is wrong with the nearest one.
fn generates(
    expect: &hir::Expect,
    wanted: &Value,
    verdicts: &[RuleVerdict],
    program: &Program,
) -> Option<Failure> {
    let created: Vec<&Value> = verdicts.iter().flat_map(|it| &it.created).collect();
    let generates = |body: &Body| matches!(body, Body::Generate(_));
    lacks(expect, wanted, ("generate", "made", &created), generates, verdicts, program)
}

/// Whether a rule changes an existing object into one that has what is wanted; else what is wrong with the nearest one.
fn mutates(
    expect: &hir::Expect,
    wanted: &Value,
    verdicts: &[RuleVerdict],
    program: &Program,
) -> Option<Failure> {
    let changed: Vec<&Value> =
        verdicts.iter().flat_map(|it| &it.existing).map(|object| &object.after).collect();
    let mutates = |body: &Body| matches!(body, Body::EditExisting(_));
    lacks(expect, wanted, ("mutate … for", "changed", &changed), mutates, verdicts, program)
}

/// What the nearest of the objects that came about lacks; `None` where one has all that is wanted.
fn lacks(
    expect: &hir::Expect,
    wanted: &Value,
    (verb, done, objects): (&str, &str, &[&Value]),
    speaks: impl Fn(&Body) -> bool,
    verdicts: &[RuleVerdict],
    program: &Program,
) -> Option<Failure> {
    let lacking = objects.iter().map(|object| {
        let mut lacking = Vec::new();
        differences(wanted, &within(object, wanted), &mut String::new(), &mut lacking);
        (*object, lacking)
    });
    let nearest = lacking.min_by_key(|(_, lacking)| lacking.len());
    let actual = match nearest {
        Some((_, lacking)) if lacking.is_empty() => return None,
        Some((object, lacking)) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
            let made = format!("{} {} is {done}", text(&object["kind"]), text(&object["metadata"]["name"]));
            std::iter::once(made).chain(lacking).collect()
        }
        None => {
            let of_rule = |it: &&RuleVerdict| speaks(&program.rule(it.rule).body);
            let words = verdicts.iter().filter(of_rule).map(|it| match it.verdict {
                Verdict::Pass => format!("{}: nothing is {done}", Spoken::of(it, program).name()),
                _ => Spoken::of(it, program).words(),
            });
            let mut words: Vec<String> = words.collect();
            if words.is_empty() {
                words.push(format!("no `{verb}` rule speaks of this object"));
            }
            words
        }
    };
    Some(Failure { span: expect.span, expected: expected(expect), actual })
}

/// Of an object only what another one names.
fn within(object: &Value, named: &Value) -> Value {
    match (object, named) {
        (Value::Object(fields), Value::Object(named)) => {
            let kept = named.iter().filter_map(|(key, named)| Some((key, within(fields.get(key)?, named))));
            Value::Object(kept.map(|(key, value)| (key.clone(), value)).collect())
        }
        (Value::Array(items), Value::Array(named)) if items.len() == named.len() => {
            items.iter().zip(named).map(|(item, named)| within(item, named)).collect()
        }
        (object, _) => object.clone(),
    }
}

/// A sentence for each place where two objects differ.
fn differences(wanted: &Value, is: &Value, path: &mut String, found: &mut Vec<String>) {
    let at = path.len();
    match (wanted, is) {
        (Value::Object(wanted), Value::Object(is)) => {
            let others = is.keys().filter(|key| !wanted.contains_key(*key));
            for key in wanted.keys().chain(others) {
                push_key(path, key);
                differences(
                    wanted.get(key).unwrap_or(&Value::Null),
                    is.get(key).unwrap_or(&Value::Null),
                    path,
                    found,
                );
                path.truncate(at);
            }
        }
        (Value::Array(wanted), Value::Array(is)) if wanted.len() == is.len() => {
            for (index, (wanted, is)) in wanted.iter().zip(is).enumerate() {
                push_index(path, index);
                differences(wanted, is, path, found);
                path.truncate(at);
            }
        }
        (wanted, is) if wanted == is => {}
        (wanted, Value::Null) => found.push(format!("{path} is missing, and {wanted} is wanted")),
        (Value::Null, is) => found.push(format!("{path} is {is}, and should not be there")),
        (wanted, is) => found.push(format!("{path} is {is}, and {wanted} is wanted")),
    }
}

/// What one rule said.
struct Spoken<'a> {
    policy: &'a str,
    rule: &'a str,
    verdict: &'a RuleVerdict,
    is_clean_up: bool,
}

impl<'a> Spoken<'a> {
    fn of(verdict: &'a RuleVerdict, program: &'a Program) -> Spoken<'a> {
        let rule = &program.rules()[verdict.rule.0 as usize];
        let policy = &program.policies()[rule.policy.0 as usize];
        let is_clean_up = matches!(rule.body, Body::Delete(_));
        Spoken { policy: &policy.name, rule: &rule.name, verdict, is_clean_up }
    }
}

impl Spoken<'_> {
    fn denies_with(&self, message: Option<&str>) -> bool {
        let matcher = message.and_then(|pattern| Matcher::new(&Glob::parse(pattern)));
        let fits = |text: &str| message.is_none() || matcher.as_ref().is_some_and(|it| it.matches(text));
        matches!(self.verdict.verdict, Verdict::Fail)
            && self.verdict.violations.iter().any(|it| fits(&it.message))
    }

    fn name(&self) -> String {
        format!("{}.{}", self.policy, self.rule)
    }

    fn words(&self) -> String {
        let name = self.name();
        match &self.verdict.verdict {
            Verdict::Pass if self.is_clean_up => format!("{name} deletes it"),
            Verdict::Pass => format!("{name} allows it"),
            Verdict::Fail => match self.verdict.violations.first() {
                Some(first) => {
                    let value = first.cause.value.as_deref().unwrap_or("missing");
                    format!("{name} denies it: {} ({} is {value})", first.message, first.cause.path)
                }
                None => format!("{name} denies it"),
            },
            Verdict::NotApplicable(why) if self.is_clean_up => format!("{name} keeps it: {}", why.because()),
            Verdict::NotApplicable(why) => format!("{name} does not apply: {}", why.because()),
            Verdict::Error(error) => format!("{name} ends in an error: {}", error.reason.because()),
            Verdict::NotEvaluated(unknown @ Unknown::Signatures) => {
                let images = self.verdict.unverified.join(", ");
                format!("{name} is not evaluated: {} is unknown: {images}", unknown.name())
            }
            Verdict::NotEvaluated(unknown) => {
                let what = self.verdict.unanswered.as_deref().unwrap_or(unknown.name());
                format!("{name} is not evaluated: {what} not given")
            }
        }
    }
}

fn expected(expect: &hir::Expect) -> String {
    let mut words = match &expect.verdict {
        hir::Verdict::Deny => "deny".to_string(),
        hir::Verdict::Allow => "allow".to_string(),
        hir::Verdict::Skip => "skip".to_string(),
        hir::Verdict::Delete => "delete".to_string(),
        hir::Verdict::Keep => "keep".to_string(),
        hir::Verdict::Becomes(_) => "the object becomes another".to_string(),
        hir::Verdict::Generates(wanted) => format!("{} is made", named(wanted)),
        hir::Verdict::Mutates(wanted) => format!("{} is changed", named(wanted)),
    };
    if let Some(by) = &expect.by {
        words.push_str(&format!(" by {by}"));
    }
    if let Some(message) = &expect.message {
        words.push_str(&format!(" with a message like {message:?}"));
    }
    words
}

fn named(object: &Value) -> String {
    let kind = object["kind"].as_str().unwrap_or_default();
    let name = object["metadata"]["name"].as_str().map_or(String::new(), |it| format!(" {it}"));
    format!("{kind}{name}")
}
