//! Explanations follow the verdicts that they explain: every policy of the library on generated objects.

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::formats::bytecode;
use aipc_compiler::hir::Body;
use aipc_compiler::source::{NoFiles, Sources};
use aipc_compiler::stdlib;
use aipc_project::report::Status;
use aipc_project::run::explain::{Explanation, Outcome, RuleSource, Step, Wanted, explain};
use aipc_project::run::judge::World;
use aipc_project::run::manifests::{Manifest, Manifests};
use aipc_runtime::document::{self, ReadOptions};
use aipc_runtime::machine::{self, AdmissionOperation};
use aipc_runtime::value::Time;

use crate::support::resources::{Profile, generate_many};

const RESOURCES: usize = 60;

#[test]
fn every_condition_of_a_verdict_has_its_answer() {
    let resources = generate_many(3, RESOURCES, &Profile::workloads());
    let texts: Vec<String> = resources.iter().map(ToString::to_string).collect();
    let text = texts.join("\n---\n");
    let read = document::read("objects.yaml", text.as_bytes(), &ReadOptions::default());
    let manifests = Manifests {
        files: vec![Manifest { name: "objects.yaml".to_string(), text, read }],
        ..Manifests::default()
    };
    let recorded = machine::World::default();
    let world = World {
        operation: AdmissionOperation::Create,
        namespace: "default",
        user: None,
        old: None,
        recorded: &recorded,
        now: Time::from_unix(1_800_000_000, 0),
        strict: false,
        audit_warn: false,
        show_values: false,
    };
    let mut failed = 0;
    for name in stdlib::names().filter(|it| *it != "prelude") {
        let mut sources = Sources::default();
        let file = sources.add(format!("<std/{name}>"), stdlib::find(name).expect("a file of the library"));
        let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
        let program = bytecode::emit(&analysis.policies, &sources).expect("the library has bytecode");
        let source = |policy: &str, rule: &str| RuleSource::find(&analysis, &sources, policy, rule);
        let wanted = Wanted { rule: &|_, _| true, object: &|_, _| true, source: &source };
        for it in explain(&[program], &manifests, &world, &wanted) {
            let rule = source(&it.policy, &it.rule).expect("a rule of the file");
            if matches!(rule.hir.body, Body::Deny(_) | Body::Require(_)) {
                failed += usize::from(it.status == Status::Fail);
                check(&it, matches!(rule.hir.body, Body::Deny(_)));
            }
        }
    }
    assert!(failed > 100, "only {failed} verdicts are of interest");
}

/// What a check says of an object, and what its tree says.
fn check(told: &Explanation, is_deny: bool) {
    let conditions = told.steps.iter().filter(|it| !it.label.starts_with("where "));
    let violates = |step: &Step| match step.outcome {
        Outcome::Fail => true,
        Outcome::True => is_deny,
        Outcome::False => !is_deny,
        Outcome::Pass | Outcome::Skip => false,
        Outcome::NotAsked => panic!("`{}` has no answer: {told:#?}", step.label),
    };
    match told.status {
        Status::Fail | Status::Warn => assert!(conditions.clone().any(violates), "{told:#?}"),
        Status::Pass => assert!(!conditions.clone().any(violates), "{told:#?}"),
        Status::Skip | Status::Error => {}
    }
}
