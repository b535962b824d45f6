//! The verdicts of our own evaluator, from bytecode.

use std::collections::BTreeMap;

use aipc_compiler::formats::bytecode;
use aipc_compiler::ir::PolicySet;
use aipc_compiler::source::Sources;
use aipc_runtime::document::Document;
use aipc_runtime::machine::{
    AdmissionOperation, Environment, Evaluator, Limits, Namespaces, Resource, User, Verdict as Said,
};
use aipc_runtime::value::Time;
use serde_json::{Value as Json, json};

use crate::support::oracle::{Operation, Request, UserInfo};
use crate::support::verdict::Verdict;

/// The verdict on each resource, for what the request says besides.
pub fn verdicts(set: &PolicySet, sources: &Sources, resources: &[Json], request: &Request) -> Vec<Verdict> {
    let program = match bytecode::emit(set, sources) {
        Ok(program) => program,
        Err(found) => panic!("{found:?}"),
    };
    let evaluator = Evaluator::new(&program);
    let user = request.user_info.as_ref().map(to_user);
    let user = user.as_ref().map(User::to_document);
    (0..resources.len())
        .map(|at| {
            let object = Document::from_json(&resources[at]);
            let old = request.old_resources.get(at).filter(|old| !old.is_null()).map(Document::from_json);
            let name = resources[at]["metadata"]["namespace"].as_str().unwrap_or("default");
            let namespace =
                request.namespace_labels.as_ref().map(|labels| Document::from_json(&namespace(name, labels)));
            let mut namespaces = Namespaces::new();
            if let Some(namespace) = &namespace {
                namespaces.add(name, Resource::of(namespace));
            }
            let mut environment = Environment::new(Time::from_unix(1_800_000_000, 0));
            environment.operation = match request.operation {
                None | Some(Operation::Create) => AdmissionOperation::Create,
                Some(Operation::Update) => AdmissionOperation::Update,
                Some(Operation::Delete) => AdmissionOperation::Delete,
            };
            environment.old_object = old.as_ref().map(Resource::of);
            environment.user = user.as_ref();
            environment.namespaces = Some(&namespaces);
            let decision = evaluator.evaluate(Resource::of(&object), &environment, Limits::default());
            Verdict::of_all(decision.verdicts.iter().map(|verdict| match verdict.verdict {
                Said::Fail => Verdict::Fail,
                Said::Error(_) => Verdict::Error,
                Said::Pass | Said::NotApplicable(_) | Said::NotEvaluated(_) => Verdict::Pass,
            }))
        })
        .collect()
}

fn to_user(info: &UserInfo) -> User {
    User {
        name: info.username.clone(),
        uid: String::new(),
        groups: info.groups.clone(),
        roles: info.roles.clone(),
        cluster_roles: info.cluster_roles.clone(),
    }
}

fn namespace(name: &str, labels: &BTreeMap<String, String>) -> Json {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } })
}
