//! What the checker says: each case is a source, the codes it must give, and words that must stand in what is said.

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::diagnostic::{Code, Diagnostic};
use aipc_compiler::source::{NoFiles, Sources};

fn check(source: &str) -> Vec<Diagnostic> {
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", source);
    analyze(&mut sources, file, &NoFiles, &mut Options::default()).diagnostics
}

/// All that a diagnostic says, in one text.
fn said(diagnostic: &Diagnostic) -> String {
    let labels = diagnostic.labels.iter().map(|it| it.text.clone());
    let fixes = diagnostic.fixes.iter().map(|it| it.title.clone());
    let help = diagnostic.help.iter().cloned();
    let all: Vec<String> =
        std::iter::once(diagnostic.message.clone()).chain(labels).chain(help).chain(fixes).collect();
    all.join(" | ")
}

#[track_caller]
fn refuses(source: &str, code: &str, words: &[&str]) {
    let found = check(source);
    let codes: Vec<&str> = found.iter().map(|it| it.code.as_str()).collect();
    let all: Vec<String> = found.iter().map(said).collect();
    assert_eq!(codes, [code], "{source}\n{all:#?}");
    for word in words {
        assert!(all[0].contains(word), "{source}\nwants {word:?} in {}", all[0]);
    }
}

#[track_caller]
fn accepts(source: &str) {
    let found: Vec<String> = check(source).iter().map(said).collect();
    assert!(found.is_empty(), "{source}\n{found:#?}");
}

/// There is one finding, and its first fix makes `mended` of the source, in which nothing is found.
#[track_caller]
fn mends(source: &str, code: &str, mended: &str) {
    let found = check(source);
    let all: Vec<String> = found.iter().map(said).collect();
    let codes: Vec<&str> = found.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, [code], "{source}\n{all:#?}");
    let fix = found[0].fixes.first().unwrap_or_else(|| panic!("{source}\nno fix: {}", all[0]));
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut text = source.to_string();
    for edit in edits {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    assert_eq!(text, mended, "{source}");
    accepts(mended);
}

#[test]
fn the_five_silent_typos_are_errors() {
    refuses("deny container if securityContext.priviledged", "AIP0301", &["did you mean `privileged`"]);
    refuses("deny pod if spec.hostNetwrok", "AIP0301", &["did you mean `hostNetwork`"]);
    refuses("deny pdo if spec.hostNetwork", "AIP0206", &["did you mean `pod`"]);
    refuses(r#"deny container if imagePullPolicy == "Allways""#, "AIP0307", &["did you mean `Always`"]);
    refuses("require Deployment that spec.replica >= 2", "AIP0301", &["did you mean `replicas`"]);
}

#[test]
fn habits_of_yaml_are_understood() {
    let policy = |meta: &str| format!("policy p {{\n  {meta}\n  deny pod if spec.hostNetwork\n}}");
    for word in ["severity: high", "category: \"x\"", "action: enforce"] {
        refuses(&policy(word), "AIP0116", &["without `:`", "remove `:`"]);
    }
    refuses("deny pod if label.app.kubernetes.io == \"x\"", "AIP0303", &["write `[\"app.kubernetes.io\"]`"]);
}

#[test]
fn one_mistake_of_form_is_said_once_with_its_repair() {
    let policy = |meta: &str| format!("policy p {{\n  {meta}\n  deny pod if spec.hostNetwork\n}}");
    for (written, meant) in [
        ("severity \"high\"", "severity high"),
        ("action \"audit\"", "action audit"),
        ("category AI supply, chain", "category \"AI supply, chain\""),
        ("control \"cis\" \"5.1\"", "control cis \"5.1\""),
    ] {
        mends(&policy(written), "AIP0116", &policy(meant));
    }
    let clean_up = |every: &str| format!("delete Job if metadata.name == \"x\" every {every}");
    mends(&clean_up("5m"), "AIP0105", &clean_up("5min"));
    mends(&clean_up("5 minutes"), "AIP0105", &clean_up("5min"));
    mends("deny pod on \"create\" if spec.hostNetwork", "AIP0116", "deny pod on create if spec.hostNetwork");
    mends("deny \"pod\" if spec.hostNetwork", "AIP0116", "deny pod if spec.hostNetwork");
    mends(
        "deny pod if spec.hostNetwork message No host",
        "AIP0116",
        "deny pod if spec.hostNetwork message \"No host\"",
    );
    let exempt = |until: &str| format!("{}\nexempt p for pod until {until} because \"x\"", policy(""));
    mends(&exempt("\"2027-01-01\""), "AIP0116", &exempt("2027-01-01"));
    refuses(&exempt("2027-01-01").replace(" because \"x\"", ""), "AIP0120", &["says why"]);
    refuses(&policy("severity"), "AIP0109", &["expected a name"]);
    refuses("fn f(x) = x", "AIP0120", &["`name: string`"]);
    refuses("deny pod if image whatever \"x\"", "AIP0101", &["unexpected `whatever`"]);
}

#[test]
fn signs_and_phrases_of_other_languages_are_mended() {
    for (written, meant) in [
        ("image not ~ \"x*\"", "image !~ \"x*\""),
        ("image not == \"x\"", "image != \"x\""),
        ("image <> \"x\"", "image != \"x\""),
        ("image === \"x\"", "image == \"x\""),
        ("image !== \"x\"", "image != \"x\""),
        ("securityContext?.privileged", "securityContext.privileged"),
        ("command contains \"sh\"", "\"sh\" in command"),
        ("not (image.tag contains \"dev\")", "not (\"dev\" in image.tag)"),
        ("image startswith \"docker.io/\"", "image ~ \"docker.io/*\""),
        ("image ends with \":latest\"", "image ~ \"*:latest\""),
        ("image like \"x*\"", "image ~ \"x*\""),
        ("name is \"x\" and tty", "name == \"x\" and tty"),
        ("name is not \"x\"", "name != \"x\""),
        ("securityContext is null", "not has securityContext"),
        ("resources.limits[\"cpu\"] is not null", "has resources.limits[\"cpu\"]"),
        ("command is empty", "empty command"),
        ("securityContext exists", "has securityContext"),
        ("image ~ nginx:*", "image ~ \"nginx:*\""),
        ("image ~ ghcr.io/*", "image ~ \"ghcr.io/*\""),
        ("image == nginx:1.29 or tty", "image == \"nginx:1.29\" or tty"),
    ] {
        mends(&format!("deny container if {written}"), "AIP0116", &format!("deny container if {meant}"));
    }
    mends(
        "deny container if resources.limits.memory > 64 Gi",
        "AIP0105",
        "deny container if resources.limits.memory > 64Gi",
    );
    mends(
        "deny pod if now - resource.metadata.creationTimestamp > 3 days",
        "AIP0105",
        "deny pod if now - resource.metadata.creationTimestamp > 3d",
    );
    mends("const x = \"a\"", "AIP0112", "let x = \"a\"");
}

#[test]
fn names_and_calls_of_other_languages_are_mended() {
    for (written, code, meant) in [
        ("spec.serviceAccountName == null", "AIP0305", "not has spec.serviceAccountName"),
        ("None != spec.serviceAccountName", "AIP0305", "has spec.serviceAccountName"),
        ("metadata.labels[\"a\"] == nil", "AIP0305", "not has metadata.labels[\"a\"]"),
        ("spec.hostNetwork == True", "AIP0201", "spec.hostNetwork == true"),
        ("object.spec.hostNetwork", "AIP0201", "resource.spec.hostNetwork"),
        ("label.team == platform", "AIP0201", "label.team == \"platform\""),
        (
            "metadata.namespace in [kube-system, \"a\"]",
            "AIP0201",
            "metadata.namespace in [\"kube-system\", \"a\"]",
        ),
        ("len(spec.volumes) > 3", "AIP0209", "count(spec.volumes) > 3"),
        ("spec.volumes.size() > 3", "AIP0209", "count(spec.volumes) > 3"),
        ("metadata.name.startsWith(\"x\")", "AIP0209", "metadata.name ~ \"x*\""),
        ("metadata.name.endsWith(spec.nodeName)", "AIP0209", "metadata.name ~ \"*{spec.nodeName}\""),
        ("contains(metadata.name, \"x\")", "AIP0209", "\"x\" in metadata.name"),
        ("true == metadata.name.contains(\"x\")", "AIP0209", "true == (\"x\" in metadata.name)"),
        ("spec.volumes.exists(v, has v.hostPath)", "AIP0209", "any v in spec.volumes: has v.hostPath"),
        ("metadata.name.lower() == \"x\"", "AIP0209", "lower(metadata.name) == \"x\""),
    ] {
        let rule = |condition: &str| format!("deny Pod only if {condition}");
        mends(&rule(written), code, &rule(meant));
    }
    mends(
        "deny pod where namespace == kube-system if spec.hostNetwork",
        "AIP0201",
        "deny pod where namespace == \"kube-system\" if spec.hostNetwork",
    );
    mends(
        "mutate pod { set metadata.labels.team = platform }",
        "AIP0201",
        "mutate pod { set metadata.labels.team = \"platform\" }",
    );
    mends("deny pod if namespace.name == \"a\"", "AIP0301", "deny pod if namespace == \"a\"");
    mends(
        "deny Pod only if request.object.spec.hostNetwork",
        "AIP0301",
        "deny Pod only if resource.spec.hostNetwork",
    );
    mends("deny Pod only if spec.volumes.length > 3", "AIP0301", "deny Pod only if count(spec.volumes) > 3");
    mends("deny pod if now > \"2027-01-01\"", "AIP0313", "deny pod if now > 2027-01-01");
    mends(
        "generate NetworkPolicy \"x\" for Namespace { spec: { podSelector: {} } }",
        "AIP0408",
        "generate NetworkPolicy \"x\" in trigger.metadata.name for Namespace { spec: { podSelector: {} } }",
    );
    refuses("policy p severity high { deny pod }", "AIP0101", &["first in its braces"]);
    // A slip of the finger is no text.
    refuses("deny pod if label.team == namspace", "AIP0201", &["did you mean `namespace`"]);
}

#[test]
fn numbers_say_their_unit() {
    mends("deny pod if count(spec.volumes) > 5m", "AIP0507", "deny pod if count(spec.volumes) > 5");
    mends(
        "deny pod if spec.activeDeadlineSeconds > 5m",
        "AIP0507",
        "deny pod if spec.activeDeadlineSeconds > 300",
    );
    mends(
        "deny pod if spec.activeDeadlineSeconds > 5min",
        "AIP0305",
        "deny pod if spec.activeDeadlineSeconds > 300",
    );
    let age = |limit: &str| format!("deny pod if now - resource.metadata.creationTimestamp > {limit}");
    mends(&age("30"), "AIP0305", &age("30s"));
    mends(&age("5m"), "AIP0305", &age("5min"));
    let memory = |limit: &str| format!("deny container if resources.limits.memory > {limit}");
    mends(&memory("30"), "AIP0507", &memory("30Mi"));
    mends(&memory("512m"), "AIP0507", &memory("512Mi"));
    accepts(&memory("0"));
    accepts("deny container if resources.limits.cpu > 500m or resources.limits.cpu > 30");
}

#[test]
fn a_glob_is_not_compared_and_one_container_is_not_all() {
    mends("deny pod if image == \"nginx:*\"", "AIP0506", "deny pod if image ~ \"nginx:*\"");
    mends("deny pod if image not in [\"a/*\", \"b\"]", "AIP0506", "deny pod if image !~ [\"a/*\", \"b\"]");
    mends("deny Service if metadata.name != \"x-*\"", "AIP0506", "deny Service if metadata.name !~ \"x-*\"");
    mends(
        "deny Service if metadata.labels.team == \"*\"",
        "AIP0506",
        "deny Service if metadata.labels.team ~ \"*\"",
    );
    accepts("deny Role if \"*\" in rules.verbs");
    accepts("deny Ingress if spec.rules.host == \"*.example.com\"");
    mends(
        "deny pod if spec.containers[0].image ~ \"a/*\"",
        "AIP0508",
        "deny pod if spec.containers.image ~ \"a/*\"",
    );
}

#[test]
fn templates_have_no_name_and_no_namespace() {
    let rule = |namespace: &str| format!("deny pod where {namespace} == \"prod\" if spec.hostNetwork");
    mends(&rule("metadata.namespace"), "AIP0509", &rule("namespace"));
    let named = |name: &str| format!("deny container if tty message \"{{{name}}}\"");
    mends(&named("pod.metadata.name"), "AIP0509", &named("resource.metadata.name"));
    accepts("deny Pod only if metadata.namespace == \"prod\"");
    accepts("deny pod if metadata.labels.name == \"prod\"");
    accepts("deny Deployment if metadata.namespace == \"prod\"");
}

#[test]
fn rules_of_the_tour_are_accepted() {
    for source in [
        r#"deny pod if image !~ "trusted-registry.io/ai-models/*""#,
        r#"require pod that image ~ ["ghcr.io/acme/*", "nvcr.io/*"]"#,
        r#"deny pod if not (image ~ "trusted-registry.io/ai-models/*")"#,
        r#"deny container if image.tag == "latest" and securityContext.privileged"#,
        "require container that has resources.limits.cpu and has resources.limits.memory",
        "require container that ports.hostPort == 0 or missing",
        "deny Deployment, StatefulSet if spec.replicas > 100",
        "deny Deployment on update if changed spec.selector",
        r#"deny Service on update, delete where label.protected == "true" and "cluster-admin" not in user.clusterRoles"#,
        r#"deny Namespace on create where not any g in user.groups: g ~ "platform-*" if label.tier == "gold""#,
        "deny Ingress if spec.rules.host not in spec.tls.hosts",
        r#"deny pod if any c in container: c.securityContext.privileged and c.image ~ "docker.io/*""#,
        r#"require pod that every v in spec.volumes: not has v.hostPath or v.hostPath.path ~ "/var/log/*""#,
        r#"deny Ingress if any k, v in metadata.annotations: k ~ "nginx.ingress*" and v matches r"\balias\b""#,
        "require pod that count([v for v in spec.volumes where has v.emptyDir]) <= 2",
        "deny resource if empty label.owner",
        "deny Pod only if not has metadata.ownerReferences",
        r#"deny pod where resource.kind in ["Pod", "Deployment"] if spec.hostNetwork"#,
        "deny Deployment/scale if spec.replicas > 8",
        r#"deny Pod/exec where namespace.labels.exec == "false""#,
        "require security that seLinuxOptions.type in [\"container_t\"] or missing",
        "require container that securityContext.runAsNonRoot ?? pod.spec.securityContext.runAsNonRoot",
        "deny container if privileged(self)",
        "deny container if resources.limits.memory > 64Gi",
        r#"deny Service if spec.clusterIP in "10.0.0.0/8""#,
        r#"deny Deployment if image ~ "docker.io/*""#,
        "deny pod if now - resource.metadata.creationTimestamp > 30d",
        r#"require Namespace, ConfigMap that metadata.name ~ ["{g}-*" for g in user.groups where g !~ "*:*"]"#,
    ] {
        accepts(source);
    }
}

#[test]
fn two_uses_of_one_list_may_be_different_elements() {
    refuses(
        r#"deny pod if container.securityContext.privileged and container.image ~ "docker.io/*""#,
        "AIP0402",
        &["deny container if", "any c in container"],
    );
    refuses(r#"require pod that image ~ "a/*" or image ~ "b/*""#, "AIP0402", &[]);
    // The dual joins distribute over the elements.
    accepts(r#"deny pod if image ~ "a/*" or image ~ "b/*""#);
    accepts("deny pod if not (has container.image and has container.name)");
    refuses(
        "deny pod if container.resources.requests.cpu != container.resources.limits.cpu",
        "AIP0402",
        &["any c in"],
    );
}

#[test]
fn one_value_is_wanted_in_where() {
    refuses(r#"deny pod where image ~ "a/*" if spec.hostNetwork"#, "AIP0401", &["any of them, or every one"]);
}

#[test]
fn absence_is_not_a_silent_pass() {
    refuses(r#"require pod that spec.volumes.name ~ "a*""#, "AIP0403", &["or missing"]);
    accepts(r#"require pod that spec.volumes.name ~ "a*" or missing"#);
}

#[test]
fn comparisons_are_typed() {
    refuses(r#"deny Deployment if spec.replicas == "3""#, "AIP0305", &["write the number without quotes"]);
    refuses("deny pod if spec.hostNetwork > 1", "AIP0305", &[]);
    refuses(r#"deny pod if label.app.name == "x""#, "AIP0303", &[r#"["app.name"]"#]);
    refuses(r#"deny pod if image ~ "^nvcr\\.io/.*""#, "AIP0316", &["use `matches`"]);
    refuses(r#"deny pod if image matches "*.io/*""#, "AIP0316", &["use `~`"]);
    refuses("deny pod if spec.containers", "AIP0310", &["has"]);
    refuses("deny pod if has resource.metadata.name", "AIP0502", &[]);
}

/// A lint that is an error has a level too; what it is about is compiled then.
#[test]
fn settings_switch_lints_off() {
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", "deny Pod only if has metadata.name");
    let mut options = Options::default();
    options.lints.insert(Code::AlwaysTrue, None);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut options);
    assert!(analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics);
    assert_eq!(analysis.policies.policies.len(), 1);
    assert!(!Code::UnknownField.has_level() && Code::AlwaysTrue.has_level() && Code::BarePod.has_level());
}

#[test]
fn lints_say_what_was_probably_meant() {
    refuses("deny Pod if spec.hostNetwork", "AIP0501", &["Pod only"]);
    refuses(r#"deny pod if spec.nodeName == """#, "AIP0503", &["empty spec.nodeName"]);
    refuses("deny Service on update if spec.type != old.spec.type", "AIP0504", &["changed spec.type"]);
    refuses(r#"deny pod if label["app.kubernets.io/name"] == "x""#, "AIP0505", &["app.kubernetes.io/name"]);
}

#[test]
fn policies_have_parameters() {
    accepts(
        r#"policy require-labels(keys: list of string = ["owner"]) "Labels" {
             require resource that every k in keys: metadata.labels[k] ~ "?*"
           }
           policy our-labels = require-labels(keys: ["owner", "cost-centre"]) { action audit }"#,
    );
    refuses(
        r#"policy a(n: int) { deny Deployment if spec.replicas > n }
           policy b = a(m: 3)"#,
        "AIP0311",
        &["has no parameter `m`"],
    );
}

#[test]
fn mistakes_do_not_hide_each_other() {
    let found = check(
        r#"deny pod if spec.hostNetwrok
deny pdo if spec.hostPID
deny container if imagePullPolicy == "Allways"
require Deployment that spec.replicas >= "two"
deny Service if spec.typ == "NodePort""#,
    );
    let lines: Vec<&str> = found.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(lines, ["AIP0301", "AIP0206", "AIP0307", "AIP0305", "AIP0301"]);
}

#[test]
fn other_verbs_are_checked() {
    accepts(r#"mutate pod { set spec.dnsPolicy = "ClusterFirst" }"#);
    refuses(r#"mutate pod { set spec.dnsPolcy = "ClusterFirst" }"#, "AIP0301", &["dnsPolicy"]);
    accepts(
        r#"delete Pod where namespace ~ "ci-*" if now - metadata.creationTimestamp > 1d every "0 * * * *""#,
    );
    accepts(
        r#"generate NetworkPolicy "default-deny" in trigger.metadata.name for Namespace where label.zone == "dmz" { spec: { podSelector: {}, policyTypes: ["Ingress"] } }"#,
    );
    accepts(
        r#"verify container where image ~ "ghcr.io/acme/*" signed by keyless(issuer: "https://x", subject: "y")"#,
    );
    accepts(r#"exempt a.b for pod where namespace == "legacy" until 2027-01-31 because "OPS-1""#);
}

#[test]
fn declarations_that_multiply_are_stopped() {
    let mut source = String::from("let a0 = [1]\n");
    for n in 1..40 {
        source.push_str(&format!("let a{n} = a{} + a{}\n", n - 1, n - 1));
    }
    let found = check(&source);
    assert!(found.iter().any(|it| it.code.as_str() == "AIP0217"), "{found:?}");
    let itself = check("let a = b\nlet b = a\ndeny Deployment if spec.replicas > a");
    assert!(itself.iter().any(|it| it.code.as_str() == "AIP0205"), "{itself:?}");
}

#[test]
fn a_kind_that_nobody_knows_is_reported_once() {
    refuses(
        r#"kind Old = "flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema"
           deny Old if empty metadata.labels"#,
        "AIP0302",
        &["removed in 1.32"],
    );
}

#[test]
fn a_date_that_does_not_exist_is_reported_once() {
    refuses(r#"exempt a until 2027-02-30 because "OPS-1""#, "AIP0118", &[]);
}

#[test]
fn names_of_whole_objects_are_always_there() {
    refuses("require Deployment that has metadata.name", "AIP0502", &[]);
    // The template of a Deployment need not have one.
    refuses("require pod that has metadata.name", "AIP0509", &["resource.metadata.name"]);
}

#[test]
fn a_text_beside_a_list_is_read_as_its_elements() {
    accepts(r#"deny Service if "10.0.0.1" in spec.externalIPs"#);
    refuses(r#"deny Service if "ten" in spec.externalIPs"#, "AIP0313", &["IP address"]);
    refuses(r#"deny PersistentVolume if "ReadWrite" in spec.accessModes"#, "AIP0307", &["ReadWriteOnce"]);
}

#[test]
fn conditions_are_not_asked_whether_they_are_there() {
    refuses("deny container if empty privileged(self)", "AIP0315", &["this is a condition"]);
    refuses("deny pod if has (spec.hostPID or spec.hostIPC)", "AIP0315", &["write the condition itself"]);
}

#[test]
fn verbs_want_their_clauses() {
    refuses(r#"generate ConfigMap "a" in "b" { data: {} }"#, "AIP0408", &["for KIND"]);
    refuses(
        r#"generate ConfigMap "a" for Namespace { data: {} }"#,
        "AIP0408",
        &["lives in a namespace", "in NAMESPACE"],
    );
    refuses(r#"generate ClusterRole "a" in "b" for Namespace { rules: [] }"#, "AIP0408", &["no namespace"]);
    refuses("delete container if true every 10min", "AIP0408", &["a part of one"]);
    refuses("delete Pod on create if spec.hostPID every 10min", "AIP0408", &["at times"]);
    refuses(r#"exempt a for container because "b""#, "AIP0408", &["a part of one"]);
}

#[test]
fn durations_that_cron_cannot_say_are_refused_with_what_is_near() {
    refuses(
        "delete Pod every 7min",
        "AIP0313",
        &["cron cannot say `every 7min`", r#"`every "*/6 * * * *"`"#],
    );
    refuses("delete Pod every 90s", "AIP0313", &["cron cannot say `every 90s`"]);
    refuses(r#"delete Pod every "61 * * * *""#, "AIP0313", &["`61` is no minute"]);
    accepts("delete Pod every 10min");
    accepts(r#"delete Pod every "0 */2 * * mon-fri""#);
}

#[test]
fn texts_of_edits_say_what_happens_where_a_value_is_missing() {
    let missing = r#"mutate Pod only { set metadata.annotations.at = "on {spec.nodeName}" }"#;
    refuses(missing, "AIP0409", &["this may be missing", "where has x"]);
    accepts(r#"mutate Pod only { set metadata.annotations.at = "on {spec.nodeName ?? "none"}" }"#);
    accepts(
        r#"mutate Pod only where has spec.nodeName { set metadata.annotations.at = "on {spec.nodeName}" }"#,
    );
    accepts(
        r#"mutate Pod only { if spec.nodeName ~ "a*" { set metadata.annotations.at = "on {spec.nodeName}" } }"#,
    );
    accepts(r#"mutate Pod only { set metadata.annotations.at = "on {must(spec.nodeName)}" }"#);
    accepts(r#"mutate container { set image = "harbor.acme.io/{image.repository}" }"#);
    refuses(
        r#"generate ConfigMap "a" in trigger.metadata.name for Namespace { data: { a: "{trigger.metadata.labels.a}" } }"#,
        "AIP0409",
        &[],
    );
}

#[test]
fn edits_change_places_of_the_object() {
    refuses("mutate pod { append spec.volumes = json(annotation.volume) }", "AIP0410", &["written out"]);
    refuses("mutate pod { set spec.containers[0].image = \"a\" }", "AIP0315", &["use `for`"]);
    refuses("mutate pod { for g in [\"a\"] { set g = \"b\" } }", "AIP0315", &["a copy of values"]);
    refuses(
        "mutate Deployment for Secret on update { set trigger.metadata.labels.a = \"b\" }",
        "AIP0315",
        &["none of its places"],
    );
    accepts("mutate pod { for v in spec.volumes where has v.hostPath { remove v } }");
    accepts("mutate pod { for k, v in metadata.annotations where k ~ \"a/*\" { remove v } }");
}
