//! What rules say of resources.

use aipc_compiler::formats::bytecode;
use aipc_compiler::source::{NoFiles, Sources};
use aipc_runtime::machine::{
    AdmissionOperation, Environment, ErrorReason, Evaluator, InvalidKind, Limits, Namespaces, NotApplicable,
    Resource, Unknown, User, Verdict,
};

use crate::{decide, document, noon, program};

fn verdict(source: &str, yaml: &str) -> Verdict {
    let program = program(source);
    let mut verdicts = decide(&program, yaml).verdicts;
    assert_eq!(verdicts.len(), 1, "{source}");
    verdicts.remove(0).verdict
}

fn pod(containers: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: web}}\nspec:\n  containers: {containers}\n"
    )
}

#[test]
fn images_of_all_containers_and_workloads() {
    let policy = r#"deny pod if image !~ "good.io/*""#;
    assert_eq!(verdict(policy, &pod("[{name: a, image: good.io/x}]")), Verdict::Pass);
    assert_eq!(
        verdict(policy, &pod("[{name: a, image: good.io/x}, {name: b, image: bad.io/x}]")),
        Verdict::Fail
    );
    let init = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  initContainers: [{name: i, image: bad}]\n  containers: [{name: a, image: good.io/x}]\n";
    assert_eq!(verdict(policy, init), Verdict::Fail);
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: {}\n  template:\n    spec: {containers: [{name: a, image: bad}]}\n";
    assert_eq!(verdict(policy, deployment), Verdict::Fail);
    let cron = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec:\n  schedule: ''\n  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: good.io/a}]}}}}\n";
    assert_eq!(verdict(policy, cron), Verdict::Pass);
}

#[test]
fn other_kinds_and_groups_meet_no_rule() {
    let program = program(r#"deny Deployment if spec.replicas > 3"#);
    let of = |api_version: &str, kind: &str| {
        let yaml = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{replicas: 9}}\n"
        );
        decide(&program, &yaml).verdicts.len()
    };
    assert_eq!(
        (of("apps/v1", "Deployment"), of("apps/v1", "StatefulSet"), of("acme.io/v1", "Deployment")),
        (1, 0, 0)
    );
}

#[test]
fn quantities_are_numbers() {
    let policy = "deny container if resources.limits.memory > 1Gi";
    let with = |memory: &str| {
        verdict(
            policy,
            &pod(&format!("[{{name: a, image: x, resources: {{limits: {{memory: {memory}}}}}}}]")),
        )
    };
    assert_eq!(with("1Gi"), Verdict::Pass);
    assert_eq!(with("1025Mi"), Verdict::Fail);
    assert_eq!(with("2e9"), Verdict::Fail);
    assert_eq!(with("\"1073741825\""), Verdict::Fail);
    let sum = "deny pod if sum(container.resources.requests.cpu) > 1";
    let two = |a: &str, b: &str| {
        let container = |name: &str, cpu: &str| {
            format!("{{name: {name}, image: x, resources: {{requests: {{cpu: {cpu}}}}}}}")
        };
        verdict(sum, &pod(&format!("[{}, {}]", container("a", a), container("b", b))))
    };
    assert_eq!(two("500m", "0.5"), Verdict::Pass);
    assert_eq!(two("500m", "501m"), Verdict::Fail);
}

#[test]
fn null_and_wrong_types_read_as_missing_and_are_noted() {
    let program = program("deny container if not has image\ndeny container if securityContext.privileged");
    let decision =
        decide(&program, &pod("[{name: a, image: 5, securityContext: {privileged: 'yes'}}, null]"));
    assert_eq!(decision.verdicts[0].violations.len(), 2);
    assert_eq!(decision.verdicts[1].verdict, Verdict::Pass);
    let kinds: Vec<String> = decision.invalid.iter().map(|invalid| invalid.sentence()).collect();
    assert_eq!(kinds, ["expected text", "expected true or false", "expected a value, found null"]);
    // An optional field that is null is a field that is not there.
    let fine = decide(&program, &pod("[{name: a, image: x, securityContext: null}]"));
    assert_eq!(fine.invalid, []);
}

#[test]
fn a_required_field_that_is_missing_is_noted_once() {
    let program = program(
        r#"deny Deployment if spec.template.spec.hostNetwork
        deny Deployment if spec.template.spec.hostPID"#,
    );
    let decision = decide(
        &program,
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {selector: {}}\n",
    );
    assert_eq!(decision.invalid.len(), 1);
    assert_eq!(decision.invalid[0].kind, InvalidKind::MissingField { field: "template".to_owned() });
}

#[test]
fn users_may_be_unknown() {
    let source = r#"deny Pod where user.name == "eve" if spec.hostNetwork"#;
    let program = program(source);
    let document = document(&pod("[]").replace("spec:\n", "spec:\n  hostNetwork: true\n"));
    let decide = |user: Option<&aipc_runtime::document::Document>| {
        let mut environment = Environment::new(noon());
        environment.user = user;
        let decision =
            Evaluator::new(&program).evaluate(Resource::of(&document), &environment, Limits::default());
        let verdict = &decision.verdicts[0];
        (verdict.verdict.clone(), verdict.assumed.clone())
    };
    let user = |name: &str| User { name: name.to_owned(), ..User::default() }.to_document();
    assert_eq!(decide(None), (Verdict::Fail, vec![Unknown::User]));
    assert_eq!(decide(Some(&user("eve"))), (Verdict::Fail, vec![]));
    assert_eq!(decide(Some(&user("adam"))), (Verdict::NotApplicable(NotApplicable::Where), vec![]));

    let in_condition = r#"deny Pod if user.name != "eve""#;
    assert_eq!(verdict(in_condition, &pod("[]")), Verdict::NotApplicable(NotApplicable::NoUser));
}

#[test]
fn labels_of_namespaces_may_be_unknown() {
    let program = program(
        "deny Pod where namespace.labels.tier == \"gold\" if spec.hostNetwork\ndeny Pod if namespace.labels.tier != \"gold\"",
    );
    let pod = document(&pod("[]"));
    let namespace =
        document("apiVersion: v1\nkind: Namespace\nmetadata: {name: web, labels: {tier: gold}}\n");
    let mut namespaces = Namespaces::new();
    namespaces.add("web", Resource::of(&namespace));
    let decide = |namespaces| {
        let environment = Environment { namespaces, ..Environment::new(noon()) };
        let decision = Evaluator::new(&program).evaluate(Resource::of(&pod), &environment, Limits::default());
        decision.verdicts.iter().map(|it| (it.verdict.clone(), it.assumed.len())).collect::<Vec<_>>()
    };
    assert_eq!(decide(None), [(Verdict::Pass, 1), (Verdict::NotEvaluated(Unknown::NamespaceLabels), 0)],);
    assert_eq!(decide(Some(&namespaces)), [(Verdict::Pass, 0), (Verdict::Pass, 0)]);
}

#[test]
fn updates_see_the_old_object() {
    let program = program("deny Deployment on update if changed spec.replicas");
    let of = |replicas: u32| {
        document(&format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{replicas: {replicas}}}\n"
        ))
    };
    let (one, two) = (of(1), of(2));
    let decide = |operation, old: Option<&_>| {
        let mut environment = Environment::new(noon());
        environment.operation = operation;
        environment.old_object = old.map(|old: &std::sync::Arc<_>| Resource::of(old));
        let decision = Evaluator::new(&program).evaluate(Resource::of(&two), &environment, Limits::default());
        decision.verdicts[0].verdict.clone()
    };
    assert_eq!(decide(AdmissionOperation::Create, None), Verdict::NotApplicable(NotApplicable::Operation));
    assert_eq!(decide(AdmissionOperation::Update, Some(&one)), Verdict::Fail);
    assert_eq!(decide(AdmissionOperation::Update, Some(&two)), Verdict::Pass);
    assert_eq!(decide(AdmissionOperation::Update, None), Verdict::Fail);
}

#[test]
fn namespaces_have_names() {
    let policy = r#"deny Pod where namespace == "default" if spec.hostNetwork"#;
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: true, containers: []}\n";
    assert_eq!(verdict(policy, pod), Verdict::Fail);
    assert_eq!(
        verdict(policy, &pod.replace("name: p", "name: p, namespace: web")),
        Verdict::NotApplicable(NotApplicable::Where)
    );
    let own = r#"deny Namespace where namespace ~ "kube-*""#;
    assert_eq!(verdict(own, "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-x}\n"), Verdict::Fail);
}

#[test]
fn too_many_steps_are_an_error() {
    let program = program(
        "deny pod if any a in container: any b in container: a.name == b.name and a.image != b.image",
    );
    let containers: Vec<String> = (0..400).map(|i| format!("{{name: n{i}, image: x}}")).collect();
    let document = document(&pod(&format!("[{}]", containers.join(", "))));
    let environment = Environment::new(noon());
    let decide = |fuel| {
        let limits = Limits { fuel };
        let decision = Evaluator::new(&program).evaluate(Resource::of(&document), &environment, limits);
        decision.verdicts[0].verdict.clone()
    };
    assert_eq!(decide(10_000_000), Verdict::Pass);
    let Verdict::Error(error) = decide(10_000) else { panic!("{:?}", decide(10_000)) };
    assert_eq!(error.reason, ErrorReason::OverBudget);
}

#[test]
fn the_library_has_bytecode() {
    for name in aipc_compiler::stdlib::names() {
        let mut sources = Sources::default();
        let file = sources.add(format!("<std/{name}>"), aipc_compiler::stdlib::find(name).unwrap());
        let analysis =
            aipc_compiler::analysis::analyze(&mut sources, file, &NoFiles, &mut Default::default());
        let (set, _) = (analysis.policies.clone(), analysis.not_carried.clone());
        bytecode::emit(&set, &sources).unwrap_or_else(|refused| panic!("{name}: {refused:#?}"));
    }
}

#[test]
fn a_policy_may_want_one_rule_only() {
    let program = program(
        r#"policy p "P" {
          settings { applyRules: "One" }
          rule a: deny Pod where metadata.name == "q" if spec.hostPID
          rule b: deny Pod if spec.hostNetwork
          rule c: deny Pod if not spec.hostNetwork
        }"#,
    );
    let verdicts: Vec<Verdict> =
        decide(&program, &pod("[]")).verdicts.into_iter().map(|it| it.verdict).collect();
    let skipped = |why| Verdict::NotApplicable(why);
    assert_eq!(verdicts, [skipped(NotApplicable::Where), Verdict::Pass, skipped(NotApplicable::EarlierRule)]);
}

#[test]
fn large_maps_and_lists_take_time_by_their_size() {
    let program = program("deny Pod if any k, v in metadata.annotations: k == \"none\" and v == \"none\"");
    let entries: Vec<String> = (0..60_000).map(|i| format!("a{i}: 'x'")).collect();
    let yaml = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, annotations: {{{}}}}}\n",
        entries.join(", ")
    );
    let start = std::time::Instant::now();
    assert_eq!(decide(&program, &yaml).verdicts[0].verdict, Verdict::Pass);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn evaluators_may_be_shared_between_threads() {
    fn is_shareable<T: Send + Sync>() {}
    is_shareable::<Evaluator<'static>>();
    is_shareable::<aipc_runtime::program::Program>();
}
