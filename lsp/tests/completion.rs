//! What may stand at the cursor, within text that is half written.

use aipc_lsp::ide::completion::{Completion, about, at};

use crate::fixture::Project;

fn completion(project: &mut Project) -> Completion {
    let (path, offset) = project.cursor.clone();
    project.workspace.project_policies(&path);
    at(&mut project.workspace, &path, offset).expect("a policy file")
}

#[track_caller]
fn check(text: &str, wanted: &[&str], unwanted: &[&str]) {
    let found = completion(&mut Project::one(text));
    let labels: Vec<&str> = found.items.iter().map(|it| it.label.as_str()).collect();
    for label in wanted {
        assert!(labels.contains(label), "{text}: `{label}` is not among {labels:?}");
    }
    for label in unwanted {
        assert!(!labels.contains(label), "{text}: `{label}` is among {labels:?}");
    }
}

#[test]
fn fields_of_kubernetes() {
    check("deny pod if spec.$0", &["hostNetwork", "containers"], &["deny", "count", "replicas"]);
    check("deny pod if spec.host$0Net == true", &["hostNetwork"], &[]);
    check(
        "deny Deployment if spec.template.spec.securityContext.$0\n\ndeny pod if true",
        &["runAsUser"],
        &["deny"],
    );
    check("deny pod if any c in container: c.$0", &["image", "securityContext"], &[]);
    check(
        "deny container if $0",
        &["image", "resources", "self", "any", "container"],
        &["trigger", "expect"],
    );
    check("deny pod if image.$0", &["tag", "registry"], &["spec"]);
    check("deny pod if user.$0", &["name", "groups"], &[]);
}

#[test]
fn keys_of_objects_that_are_written_out() {
    let text = "generate NetworkPolicy \"x\" in trigger.metadata.name for Namespace {\n  spec: { $0 }\n}";
    check(text, &["podSelector", "policyTypes"], &["deny", "spec"]);
    let found = completion(&mut Project::one(
        "test \"t\" {\n  expect deny Pod { spec: { containers: [{ $0 }] } }\n}",
    ));
    assert_eq!(found.items[0].label, "image", "what is required comes first");
    check(
        "test \"t\" {\n  expect deny Pod { spec: { containers: [], $0 } }\n}",
        &["hostIPC"],
        &["containers", "status"],
    );
}

#[test]
fn values_of_closed_sets() {
    for text in ["deny container if imagePullPolicy == \"$0\"", "deny container if imagePullPolicy == \"$0"] {
        check(text, &["Always", "Never"], &["deny", "image"]);
    }
    check("mutate pod {\n  set spec.restartPolicy = \"$0\"\n}", &["OnFailure"], &[]);
    check("policy p {\n  severity $0\n}", &["high", "critical"], &["deny"]);
    check("policy p {\n  action $0\n}", &["enforce", "warn"], &[]);
    check("deny pod on $0 if true", &["create", "connect"], &[]);
    check(
        "policy p {\n  settings { $0 }\n  deny pod if true\n}",
        &["background", "failurePolicy"],
        &["spec"],
    );
}

#[test]
fn words_of_the_language() {
    check("$0", &["policy", "deny", "policy …", "test …", "use"], &["severity", "expect", "spec"]);
    check("policy p {\n  $0\n}", &["severity", "deny", "let"], &["policy", "expect"]);
    check("test \"t\" {\n  $0\n}", &["expect", "given"], &["deny …", "severity"]);
    check("mutate pod {\n  $0\n}", &["set", "default", "remove"], &["deny"]);
    check("deny $0", &["pod", "container", "Deployment", "resource"], &["deny"]);
    check("refine Container.image as $0", &["image", "list of"], &["spec"]);
}

#[test]
fn names_in_scope() {
    let text = "let allowed = [\"a\"]\nfn old-one(c: Container) = c.image == \"x\"\ndeny pod with n = 1 if image !~ $0";
    check(text, &["allowed", "old-one", "n", "count"], &[]);
    check("use \"std/ai/track-ownership\" as own\npolicy mine = own.$0", &["track-ownership"], &["deny"]);
    check("use \"std/$0\"", &["std/pod-security/baseline"], &["deny"]);
}

#[test]
fn names_of_other_files_come_with_their_use() {
    let mut project = Project::of(&[
        ("a.aip", "deny pod if image !~ $0"),
        ("shared.aip", "/// Where images come from.\nlet registries = [\"a/*\"]\n"),
    ]);
    let found = completion(&mut project);
    let item = found.items.iter().find(|it| it.label == "shared.registries").expect("it is offered");
    assert_eq!(item.import.as_deref(), Some("use \"./shared\" as shared\n"));
}

#[test]
fn a_field_has_the_words_of_kubernetes() {
    let mut project = Project::one("deny pod if spec.$0");
    let found = completion(&mut project);
    let item = found.items.iter().find(|it| it.label == "hostNetwork").expect("it is offered");
    let state = project.workspace.project(&project.cursor.0.clone());
    let options = state.options.borrow();
    let words = about(&item.about, &options.cluster).expect("it has words");
    assert!(words.contains("hostNetwork: bool") && words.contains("Host networking"), "{words}");
}

#[test]
fn the_word_at_the_cursor_is_replaced() {
    let mut project = Project::one("deny pod if spec.hos$0tN == true");
    let found = completion(&mut project);
    assert_eq!(found.replace, 17..22);
    let mut project = Project::one("deny container if imagePullPolicy == \"Al$0ways\"");
    let found = completion(&mut project);
    assert_eq!(found.replace, 38..44, "within quotes the whole text");
}

#[test]
fn keys_of_labels_are_those_of_the_workspace_first() {
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {acme.io/team: a}\nspec:\n  \
                    selector: {matchLabels: {tier: front}}\n";
    let files = [("a.aip", "deny Deployment if metadata.labels.$0\n"), ("web.yaml", manifest)];
    let mut project = Project::of(&files);
    let found = completion(&mut project);
    let place = |label: &str| found.items.iter().position(|it| it.label == label);
    let known = place("app.kubernetes.io/name").expect("a key that Kubernetes knows");
    for seen in ["acme.io/team", "tier"] {
        assert!(place(seen).is_some_and(|it| it < known), "{seen}: {:?}", found.items);
    }
    assert_eq!(place("matchLabels"), None, "it has labels in it, and is none");
}
