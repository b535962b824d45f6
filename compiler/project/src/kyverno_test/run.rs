//! Running a test: each expected result beside what the rule says.

use std::collections::{BTreeMap, BTreeSet};

use aipc_compiler::kubernetes::Cluster;
use aipc_kyverno::context::{Queries, World};
use aipc_kyverno::engine::{Engine, Request, RuleResponse, Status};
use aipc_kyverno::json::{Entry, Escape, Json, View};
use aipc_kyverno::matching::UserInfo;
use aipc_kyverno::policy::written_name;
use aipc_runtime::document::{Position, ReadOptions, Resource};
use aipc_runtime::value::{Shared, Time};

use super::read::{Expected, TestFile, Values};
use crate::report::Finding;
use crate::run::kyverno::{self, KyvernoPolicy};
use crate::run::manifests::{self, Manifest};

/// One expected result on one resource.
#[derive(Debug)]
pub struct Row {
    pub position: Position,
    /// As `policy/rule on namespace/name`.
    pub what: String,
    pub expected: String,
    /// What the rule said, if it is not what was expected.
    pub failure: Option<String>,
}

/// What came of a test.
#[derive(Default)]
pub struct Ran {
    pub rows: Vec<Row>,
    pub findings: Vec<Finding>,
}

/// The values that a test gives, which are all that is known.
struct TestWorld<'w> {
    values: &'w Values,
}

impl World for TestWorld<'_> {
    fn can_be_asked(&self) -> bool {
        false
    }

    fn values(&self, policy: &str, rule: &str) -> Vec<Entry<'static>> {
        // Those of a rule are those of the rules that are generated from it, too.
        let values = self.values.of_rules.get(&(policy.to_owned(), written_name(rule).to_owned()));
        values
            .into_iter()
            .flatten()
            .map(|(key, value)| (Shared::Owned(key.as_str().into()), value.clone()))
            .collect()
    }
}

/// Runs a test. What cannot be compared is a finding. If it is to be compatible, a rule that says nothing about a resource
/// passes whatever was expected of it, as Kyverno has it.
pub fn run(test: &TestFile, compatible: bool) -> Ran {
    let mut ran = Ran::default();
    if !test.undone.is_empty() {
        let message = format!("`{}` gives {}, which are not used yet", test.name, test.undone.join(", "));
        ran.findings.push(Finding::error("unsupported-test", message));
        return ran;
    }
    let policies = load_all(&test.policies, &mut ran.findings);
    let policies: Vec<KyvernoPolicy> =
        policies.iter().flat_map(|manifest| kyverno::read(manifest, &mut ran.findings)).collect();
    let resources = load_all(&test.resources, &mut ran.findings);
    if !ran.findings.is_empty() {
        return ran;
    }
    let objects: Vec<&Resource> = resources.iter().flat_map(|manifest| &manifest.read.resources).collect();
    let given = Given {
        test,
        world: TestWorld { values: &test.values },
        cluster: Cluster::newest(),
        queries: Queries::default(),
        compatible,
    };
    for expected in &test.expected {
        if let Some(what) = expected.undone {
            let message = format!("`{}` expects {what}, which are not compared yet", test.name);
            let place = manifests::location(&test.name, expected.position, String::new());
            ran.findings.push(Finding::error("unsupported-test", message).at(place));
            continue;
        }
        ran.rows.extend(given.rows(expected, &policies, &objects));
    }
    ran
}

fn load_all(paths: &[std::path::PathBuf], findings: &mut Vec<Finding>) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for path in paths {
        match manifests::load(path, &ReadOptions::default()) {
            Ok(manifest) => manifests.push(manifest),
            Err(finding) => findings.push(finding),
        }
    }
    manifests
}

struct Given<'g> {
    test: &'g TestFile,
    world: TestWorld<'g>,
    cluster: Cluster,
    queries: Queries,
    compatible: bool,
}

impl Given<'_> {
    fn rows(&self, expected: &Expected, policies: &[KyvernoPolicy], objects: &[&Resource]) -> Vec<Row> {
        let rule = expected.rule.as_deref();
        let name = expected.policy.rsplit('/').next().unwrap_or(&expected.policy);
        let what = |object: &str| match rule {
            Some(rule) => format!("{name}/{rule} on {object}"),
            None => format!("{name} on {object}"),
        };
        let row = |object: &str, failure: Option<String>| Row {
            position: expected.position,
            what: what(object),
            expected: expected.result.clone(),
            failure,
        };
        let Some(policy) = policies.iter().find(|policy| policy.policy.name == name) else {
            return vec![row("anything", Some(format!("there is no policy `{}`", expected.policy)))];
        };
        let wanted: Vec<Option<&str>> = match expected.resources.as_slice() {
            [] => vec![None],
            names => names.iter().map(|name| Some(name.as_str())).collect(),
        };
        let mut rows = Vec::new();
        for wanted in wanted {
            let mut is_found = false;
            for object in objects.iter().filter(|object| is_named(object, wanted, expected.kind.as_deref())) {
                is_found = true;
                let full = match object.namespace() {
                    Some(namespace) => format!("{namespace}/{}", object.name().unwrap_or("")),
                    None => object.name().unwrap_or("").to_owned(),
                };
                let (responses, patched) = self.outcome(policies, policy, object, expected);
                let of_rule: Vec<&RuleResponse> = responses
                    .iter()
                    .filter(|response| {
                        rule.is_none_or(|rule| {
                            let generated = [format!("autogen-{rule}"), format!("autogen-cronjob-{rule}")];
                            response.rule == rule || generated.contains(&response.rule)
                        })
                    })
                    .collect();
                if of_rule.is_empty() {
                    // All resources are asked, and not each is the rule's. A skip means that it is not.
                    let is_said = wanted.is_some() && expected.result != "skip" && !self.compatible;
                    if wanted.is_some() && !is_said {
                        rows.push(row(&full, None));
                    } else if is_said {
                        rows.push(row(&full, Some("the rule says nothing about it".to_owned())));
                    }
                    continue;
                }
                let is_listed = expected.patched.as_deref().is_none_or(|path| match &patched {
                    Some(patched) => self.wanted(path, patched).is_none_or(|wanted| wanted.is_some()),
                    None => true,
                });
                if !is_listed && self.compatible {
                    continue;
                }
                for response in of_rule {
                    let status = response.status.word();
                    let failure = (status != expected.result).then(|| match response.message.as_str() {
                        "" => status.to_owned(),
                        message => format!("{status}: {message}"),
                    });
                    let failure =
                        failure.or_else(|| self.unlike(expected.patched.as_deref()?, patched.as_ref()?));
                    rows.push(row(&full, failure));
                }
            }
            if let (false, Some(wanted)) = (is_found, wanted) {
                rows.push(row(wanted, Some("there is no such resource".to_owned())));
            }
        }
        rows
    }

    /// What a policy says of an object, and what it makes of it: all policies mutate, one after the other, before any
    /// validates.
    fn outcome<'o>(
        &'o self,
        policies: &'o [KyvernoPolicy],
        wanted: &KyvernoPolicy,
        object: &'o Resource,
        expected: &Expected,
    ) -> (Vec<RuleResponse>, Option<Json<'o>>) {
        let read = self.read(object);
        let (mut responses, mut patched) = (Vec::new(), None);
        let mut now = Some(read.clone());
        for policy in policies.iter().filter(|policy| policy.policy.mutates()) {
            let Some(subject) = now.take() else { break };
            let mutation = self.ask(policy, subject, object, expected, |engine, request| {
                engine.mutate(&policy.policy, request)
            });
            if std::ptr::eq(policy, wanted) {
                responses.extend(mutation.responses);
                patched.clone_from(&mutation.object);
            }
            now = mutation.object;
        }
        if let Some(now) = now {
            let is_changed = !now.with_integers().deep_equal(&read.with_integers());
            let now = if is_changed { now.with_integers() } else { now };
            let validate =
                |engine: &Engine<'_>, request: &Request<'_, '_>| engine.validate(&wanted.policy, request);
            responses.extend(self.ask(wanted, now, object, expected, validate));
        }
        for response in &mut responses {
            if response.status == Status::NotEvaluated {
                response.message = format!("needs {}", response.message);
            }
        }
        (responses, patched)
    }

    /// An object as it is judged.
    fn read<'o>(&self, object: &'o Resource) -> Json<'o> {
        kyverno::as_judged(object, &self.cluster, "default")
    }

    /// The object of a file that has the identity of another; `None` if the file cannot be read.
    fn wanted(&self, path: &std::path::Path, patched: &Json<'_>) -> Option<Option<Json<'static>>> {
        let manifest = manifests::load(path, &ReadOptions::default()).ok()?;
        let identity = |object: &Json<'_>| {
            let metadata = object.get("metadata").unwrap_or(Json::Null);
            let text = |value: Option<Json<'_>>| value.and_then(|it| it.as_text().map(str::to_owned));
            [object.get("apiVersion"), object.get("kind"), metadata.get("namespace"), metadata.get("name")]
                .map(text)
        };
        let mut wanted = manifest.read.resources.iter().map(|resource| self.read(resource).to_owned());
        Some(wanted.find(|it| identity(it) == identity(patched)))
    }

    /// What is different from the object of a file; none if the file has no such object.
    fn unlike(&self, path: &std::path::Path, patched: &Json<'_>) -> Option<String> {
        let name = path.display();
        let Some(wanted) = self.wanted(path, patched) else {
            return Some(format!("`{name}` cannot be read"));
        };
        let (wanted, patched) = (tidy(&wanted?.with_floats()), tidy(&patched.with_floats()));
        let place = difference(wanted.as_ref()?, patched.as_ref()?, "")?;
        Some(format!("the patched object is not that of `{name}`: {place}"))
    }

    /// Asks about an object.
    fn ask<'o, T>(
        &'o self,
        policy: &KyvernoPolicy,
        read: Json<'o>,
        object: &Resource,
        expected: &Expected,
        ask: impl FnOnce(&Engine<'_>, &Request<'o, '_>) -> T,
    ) -> T {
        let values = &self.test.values;
        let mut given: Vec<(String, Json<'static>)> = values.global.clone();
        let of_resource = (policy.policy.name.clone(), object.name().unwrap_or("").to_owned());
        given.extend(values.of_resources.get(&of_resource).into_iter().flatten().cloned());
        let asked = given.iter().rev().find(|(key, _)| key == "request.operation");
        let asked = asked.and_then(|(_, it)| it.as_text().map(str::to_owned));
        let operation = expected.operation.clone().or(asked).unwrap_or_else(|| "CREATE".to_owned());
        let namespace = object.namespace().unwrap_or("default");
        let none = BTreeMap::new();
        let labels = values.namespace_labels.get(namespace).unwrap_or(&none);
        let labels: BTreeMap<&str, &str> = labels.iter().map(|(key, value)| (&**key, &**value)).collect();
        let nobody = UserInfo::default();
        let (object_now, old_object) = match operation.as_str() {
            "DELETE" => (None, Some(read)),
            "UPDATE" => (Some(read.clone()), Some(read)),
            _ => (Some(read), None),
        };
        let values: Vec<Entry<'static>> = given
            .into_iter()
            // Values for parts of the object itself change nothing.
            .filter(|(key, _)| key != "request.operation" && !key.contains("request.object."))
            .map(|(key, value)| (Shared::Owned(key.into()), value))
            .collect();
        let request = Request {
            object: object_now,
            old_object,
            operation: &operation,
            user: self.test.user.as_ref().unwrap_or(&nobody),
            has_user: self.test.user.is_some(),
            namespace_labels: &labels,
            values,
            now: Time::from_unix(1_767_225_600, 0),
        };
        ask(&Engine { queries: &self.queries, world: &self.world }, &request)
    }
}

/// The value without nulls and without empty lists and maps; `None` if nothing is left.
fn tidy<'a>(value: &Json<'a>) -> Option<Json<'a>> {
    match value.view() {
        View::Null => None,
        View::List { .. } => {
            let elements: Vec<Json<'a>> = value.elements().filter_map(|element| tidy(&element)).collect();
            (!elements.is_empty()).then(|| Json::list(elements))
        }
        View::Map { .. } => {
            let entries = value.entries().into_iter().filter_map(|(key, value)| Some((key, tidy(&value)?)));
            let entries: Vec<Entry<'a>> = entries.collect();
            (!entries.is_empty()).then(|| Json::map(entries))
        }
        _ => Some(value.clone()),
    }
}

/// The first place where two values differ.
fn difference(wanted: &Json<'_>, found: &Json<'_>, path: &str) -> Option<String> {
    if wanted.deep_equal(found) {
        return None;
    }
    let said =
        |value: Option<&Json<'_>>| value.map_or("nothing".to_owned(), |value| value.to_json(Escape::Plain));
    if wanted.is_map() && found.is_map() {
        let keys: BTreeSet<String> =
            wanted.entries().iter().chain(&found.entries()).map(|(key, _)| key.to_string()).collect();
        for key in keys {
            let path = format!("{path}/{key}");
            match (wanted.get(&key), found.get(&key)) {
                (Some(wanted), Some(found)) => {
                    if let Some(place) = difference(&wanted, &found, &path) {
                        return Some(place);
                    }
                }
                (wanted, found) => {
                    return Some(format!(
                        "{path} is {}, and not {}",
                        said(found.as_ref()),
                        said(wanted.as_ref())
                    ));
                }
            }
        }
    }
    Some(format!("{path} is {}, and not {}", said(Some(found)), said(Some(wanted))))
}

fn is_named(object: &Resource, wanted: Option<&str>, kind: Option<&str>) -> bool {
    let Some(wanted) = wanted else { return true };
    let name = object.name().unwrap_or("");
    let is_it = match wanted.split_once('/') {
        Some((namespace, wanted)) => object.namespace().unwrap_or("default") == namespace && name == wanted,
        None => name == wanted,
    };
    is_it && kind.is_none_or(|kind| kind == object.kind())
}
