//! Exemptions: what they cover is the same to our bytecode, to Kyverno with our ClusterPolicies and their exceptions, and
//! to Kyverno with our ValidatingPolicies and MutatingPolicies and theirs.

use super::{admissible, give_namespace};
use crate::support::compile::{Compiled, compile};
use crate::support::judge::Judge;
use crate::support::oracle::{Operation, Oracle, Request, UserInfo};
use crate::support::parallel::in_parallel;
use crate::support::policies::quoted;
use crate::support::recording::Digests;
use crate::support::resources::{Hint, Profile};
use crate::support::three_ways::ThreeWays;
use crate::support::verdict::Verdict;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const RESOURCES: usize = 100;

/// What is exempted from: rules of which Kyverno makes more for workloads, rules written for each place, one kind, every
/// kind, a policy in a namespace, actions that become several policies.
const POLICIES: &str = r#"
policy pods {
  rule host: deny pod if spec.hostNetwork or spec.hostPID or spec.hostIPC
  rule owner: require pod that has label.app
  rule latest: deny container if image.tag == "latest" or image ~ "*nginx*"
}
policy bare {
  rule selected: deny Pod only where metadata.labels.app != "zz" if not has metadata.labels.team
  rule named: deny Deployment, StatefulSet if metadata.name !~ "no-such*"
}
policy team {
  settings { namespace: "legacy" }
  deny pod where namespace ~ "le*" and namespace != "web" if not has label.team
}
policy acted {
  action audit where namespace == "web"
  action enforce
  deny ConfigMap, Service if not has metadata.labels.team
}
policy labelled { deny resource if not has metadata.labels.team }
policy gone { deny Pod, ConfigMap on delete if not has metadata.labels.team }
"#;

/// Exemptions by name; how they are, and whether they cover anything at all.
const EXEMPTIONS: &[(&str, &str)] = &[
    ("all-rules", "exempt pods because \"r\""),
    ("one-rule", "exempt pods.host because \"r\""),
    ("two-names", "exempt pods.host, bare.named because \"r\""),
    ("glob-of-rules", "exempt \"pods.*t\" because \"r\""),
    ("glob-of-policies", "exempt \"*e*\" because \"r\""),
    ("pods-in-namespace", "exempt pods for pod where namespace == \"legacy\" because \"r\""),
    ("pods-by-label", "exempt pods for pod where label.app ~ \"w*\" because \"r\""),
    ("pods-only", "exempt pods, bare for Pod only where metadata.labels.app == \"web\" because \"r\""),
    ("one-workload", "exempt pods.latest, bare for Deployment because \"r\""),
    ("cron-jobs", "exempt pods for CronJob because \"r\""),
    (
        "several-kinds",
        "exempt pods, acted for Deployment, ConfigMap, Service where namespace ~ \"l*\" because \"r\"",
    ),
    ("not-in-namespace", "exempt pods for pod where namespace not in [\"web\", \"default\"] because \"r\""),
    (
        "every-container",
        "exempt pods for pod where every c in spec.containers: c.image ~ \"*nginx*\" because \"r\"",
    ),
    (
        "some-container",
        "exempt pods.latest for pod where any c in spec.containers: not has c.resources.limits because \"r\"",
    ),
    (
        "image-tag",
        "exempt pods for pod where any c in spec.containers: c.image.tag == \"latest\" because \"r\"",
    ),
    (
        "two-conditions",
        "exempt pods for pod where spec.hostNetwork where label.app in [\"web\", \"api\"] or namespace == \"web\" because \"r\"",
    ),
    (
        "labels-of-namespace",
        "exempt pods, labelled for pod where namespace.labels.tier == \"gold\" because \"r\"",
    ),
    ("by-user", "exempt pods, acted for resource where user.name == \"ann\" because \"r\""),
    ("by-glob-of-users", "exempt pods for resource where user.name ~ \"*\" because \"r\""),
    ("not-by-user", "exempt pods for resource where user.name != \"bob\" because \"r\""),
    ("by-group", "exempt pods for pod where \"ml\" in user.groups because \"r\""),
    ("on-update", "exempt pods for pod on update where has label.app because \"r\""),
    ("with-old", "exempt pods for pod on update where old.metadata.labels.app == \"web\" because \"r\""),
    ("on-delete", "exempt gone, pods for resource where metadata.namespace == \"web\" because \"r\""),
    ("in-a-namespace", "exempt team for pod where label.app == \"web\" because \"r\""),
    ("of-actions", "exempt acted for ConfigMap because \"r\""),
    (
        "with-binding",
        "exempt pods for pod with app = label.app where app ~ \"a*\" or spec.hostPID because \"r\"",
    ),
    ("future", "exempt pods for pod where namespace != \"web\" until 2199-01-31 because \"r\""),
    (
        "two-exemptions",
        "exempt pods.host for pod where namespace == \"web\" because \"a\"\nexempt pods.latest, pods.host for Deployment because \"b\"",
    ),
    ("ended", "exempt pods until 2020-01-31 because \"r\""),
    (
        "ended-with-conditions",
        "exempt pods for pod where namespace != \"web\" until 2020-01-31 because \"r\"",
    ),
];

fn resources(number: usize) -> Vec<Value> {
    let hints = vec![
        Hint::new("metadata.labels.app", vec![json!("web"), json!("api")]),
        Hint::new("metadata.labels.team", vec![json!("ml")]),
        Hint::new("spec.containers[].image", vec![json!("nginx"), json!("nginx:1"), json!("a/b:latest")]),
        Hint::new("spec.template.spec.containers[].image", vec![json!("nginx"), json!("a/b:latest")]),
        Hint::new("spec.hostNetwork", vec![json!(true)]),
    ];
    let kinds = [Profile::workloads().kinds, vec!["ConfigMap", "Service"]].concat();
    let profile = Profile { kinds, hints, ..Profile::workloads() };
    let mut resources = admissible(number as u64 * 1000 + 77, RESOURCES, &profile);
    for (at, resource) in resources.iter_mut().enumerate() {
        if resource["kind"] != "Namespace" && at % 4 != 0 {
            resource["metadata"]["namespace"] = json!(["legacy", "web", "late"][at % 4 - 1]);
        }
    }
    give_namespace(&mut resources);
    resources
}

fn requests(resources: &[Value]) -> Vec<Request> {
    let user = |name: &str, group: &str| {
        Some(UserInfo { username: name.to_owned(), groups: vec![group.to_owned()], ..UserInfo::default() })
    };
    let labels = |tier: &str| Some(BTreeMap::from([("tier".to_owned(), tier.to_owned())]));
    // Each object was another one of its kind, where there is one before it.
    let olds = resources.iter().enumerate().map(|(at, it)| {
        let other = resources[..at].iter().rev().find(|other| other["kind"] == it["kind"]);
        let mut old = other.unwrap_or(it).clone();
        old["metadata"]["name"] = it["metadata"]["name"].clone();
        old["metadata"]["namespace"] = it["metadata"]["namespace"].clone();
        old
    });
    let update = Some(Operation::Update);
    vec![
        Request { user_info: user("ann", "ml"), namespace_labels: labels("gold"), ..Request::default() },
        Request::default(),
        Request {
            user_info: user("bob", "dev"),
            namespace_labels: labels("tin"),
            operation: update,
            old_resources: olds.collect(),
            ..Request::default()
        },
        Request { user_info: user("ann", "ml"), operation: Some(Operation::Delete), ..Request::default() },
    ]
}

#[test]
fn exemptions_cover_the_same_three_ways() {
    let judge = ThreeWays::open("exceptions");
    let bare = compiled(POLICIES).unwrap_or_else(|problem| panic!("{problem}"));
    let found = in_parallel(EXEMPTIONS.len(), |number| {
        let (name, exemption) = EXEMPTIONS[number];
        let source = format!("{POLICIES}{exemption}\n");
        let compiled = match compiled(&source) {
            Ok(compiled) => compiled,
            Err(problem) => return Some(format!("{name}: {problem}")),
        };
        let resources = resources(number);
        let mut waived = 0;
        for request in requests(&resources) {
            let outcome = judge.compare(&source, &compiled, &resources, &request, true);
            if !outcome.agrees() {
                return Some(format!("{name}: {request:?}\n{}", outcome.describe(exemption)));
            }
            let verdict = |of: &Compiled, at: usize| of.judge(&resources[at], at, &request);
            waived += (0..resources.len())
                .filter(|&at| verdict(&compiled, at).messages.len() < verdict(&bare, at).messages.len())
                .count();
        }
        // One that covers nothing would show little, and one that has ended must.
        ((waived == 0) != name.starts_with("ended")).then(|| format!("{name}: it waives {waived}"))
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found[..found.len().min(3)].join("\n\n"));
    judge.close();
}

/// The source in all forms.
pub(super) fn compiled(source: &str) -> Result<Compiled, String> {
    let compiled = compile(source).map_err(|problems| format!("{problems:?}"))?;
    for form in [&compiled.legacy, &compiled.successor] {
        form.as_ref().map_err(|reasons| format!("{reasons:?}"))?;
    }
    Ok(compiled)
}

const MUTATIONS: &str = r#"
policy labelled {
  rule owner: mutate pod { set label.owner = "ml" }
  rule pull: mutate container { set imagePullPolicy = "Always" }
}
policy noted { mutate ConfigMap, Service, Pod only { set metadata.annotations.noted = "yes" } }
"#;

const EXEMPTIONS_OF_MUTATIONS: &[(&str, &str)] = &[
    ("all", "exempt labelled because \"r\""),
    ("pods", "exempt labelled.owner for pod where namespace == \"legacy\" because \"r\""),
    ("labels", "exempt labelled.pull, noted for pod where label.app == \"web\" because \"r\""),
    ("kinds", "exempt \"*\" for CronJob, ConfigMap where metadata.name ~ \"*a*\" because \"r\""),
    ("user", "exempt noted for resource where user.name == \"ann\" and namespace != \"web\" because \"r\""),
    ("ended", "exempt labelled, noted until 2020-01-31 because \"r\""),
];

#[test]
fn exempt_objects_are_not_mutated() {
    let oracle = Oracle::shared();
    let digests = Digests::open("exceptions_of_mutations");
    let bare = compiled(MUTATIONS).unwrap_or_else(|problem| panic!("{problem}"));
    let found = in_parallel(EXEMPTIONS_OF_MUTATIONS.len(), |number| {
        let (name, exemption) = EXEMPTIONS_OF_MUTATIONS[number];
        let source = format!("{MUTATIONS}{exemption}\n");
        let compiled = match compiled(&source) {
            Ok(compiled) => compiled,
            Err(problem) => return Some(format!("{name}: {problem}")),
        };
        let resources = resources(500 + number);
        let request = requests(&resources).remove(0);
        let made = |by: &Compiled| -> Vec<Value> {
            resources.iter().map(|resource| by.mutate(resource, &request)).collect()
        };
        let ours = made(&compiled);
        if (ours == made(&bare)) != (name == "ended") {
            return Some(format!("{name}: whether it changes anything is not what was expected"));
        }
        let Some(oracle) = oracle else {
            return digests.compare(name, &source, &ours).err();
        };
        digests.note(name, &source, &ours);
        [&compiled.legacy, &compiled.successor]
            .into_iter()
            .flatten()
            .find_map(|yaml| super::mutations::live(oracle, name, yaml, &resources, &ours, &request))
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found.join("\n\n"));
    digests.close();
}

/// Images that nobody signed, and objects that nobody signed.
const VERIFICATIONS: &str = r#"
let d = key("""
  -----BEGIN PUBLIC KEY-----
  MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFMPiFkXMCTseX1BEMNGsV9vdrPNL
  AoU7Iz4ADDaQJhob9wtaYZyA0JwRftmVf6nhqU9xsI8PXKL/bPJ/Qupynw==
  -----END PUBLIC KEY-----
  """, log: "none")
policy images {
  settings { mutateDigest: false, verifyDigest: false, required: false }
  rule signed: verify container where image.registry == "localhost:5000" signed by d
  rule inits: verify initContainer where image.registry == "localhost:5000" signed by d
}
policy team {
  settings { namespace: "legacy", mutateDigest: false, verifyDigest: false, required: false }
  verify container where image.registry == "localhost:5000" signed by d
}
"#;

/// What only ClusterPolicy verifies.
const OF_MANIFESTS: &str = "policy manifests { verify ConfigMap, Service signed by d }\n";

const EXEMPTIONS_OF_VERIFICATIONS: &[(&str, &str)] = &[
    ("all", "exempt images, team because \"r\""),
    ("one-rule", "exempt images.signed, team because \"r\""),
    ("namespace", "exempt images, team for pod where namespace == \"legacy\" because \"r\""),
    ("label", "exempt \"*\" for pod where label.app ~ \"w*\" because \"r\""),
    ("kinds", "exempt images, team for CronJob, Deployment because \"r\""),
    ("user", "exempt images, team for resource where user.name == \"ann\" because \"r\""),
    ("update", "exempt images for pod on update where old.metadata.labels.app == \"web\" because \"r\""),
    ("ended", "exempt images, team until 2020-01-31 because \"r\""),
];

#[test]
fn exempt_images_and_manifests_are_not_verified() {
    let judge = Judge::open("verify_exceptions");
    for (number, (name, exemption)) in EXEMPTIONS_OF_VERIFICATIONS.iter().enumerate() {
        let mut resources = resources(700 + number);
        resources.truncate(OF_IMAGES);
        resources
            .iter_mut()
            .for_each(|resource| super::verify::readable(resource, &mut UNSIGNED.iter().cycle()));
        let of_manifests = exemption.replace("images, team", "manifests").replace("for pod", "for ConfigMap");
        let mut waived = 0;
        for (policies, exemption, of_images) in [
            (VERIFICATIONS.to_owned(), (*exemption).to_owned(), true),
            (format!("{VERIFICATIONS}{OF_MANIFESTS}"), of_manifests, false),
        ] {
            if !of_images && !exemption.contains("manifests") {
                continue;
            }
            let compile = |source: &str| compile(source).unwrap_or_else(|words| panic!("{name}: {words:?}"));
            let (bare, compiled) = (compile(&policies), compile(&format!("{policies}{exemption}\n")));
            let legacy = compiled.legacy.as_ref().unwrap_or_else(|words| panic!("{name}: {words:?}"));
            let requests = requests(&resources);
            for request in requests.iter().filter(|it| it.operation != Some(Operation::Delete)) {
                let verdict = |of: &Compiled, resource: &Value| {
                    let at = resources.iter().position(|it| it == resource).unwrap_or_default();
                    // What is not evaluated is not signed here.
                    match of.judge(resource, at, request).verdict {
                        Verdict::Error => Verdict::Fail,
                        other => other,
                    }
                };
                let ours = |resource: &Value| verdict(&compiled, resource);
                waived += resources.iter().filter(|it| ours(it) != verdict(&bare, it)).count();
                let report = judge.agree_on(legacy, &resources, request, ours);
                report.assert_agrees(&format!("{name} as PolicyException of kyverno.io: {request:?}"));
                if let (true, Ok(yaml)) = (of_images, &compiled.successor) {
                    let report = judge.agree_on(yaml, &resources, request, ours);
                    report.assert_agrees(&format!(
                        "{name} as PolicyException of policies.kyverno.io: {request:?}"
                    ));
                }
                assert!(!of_images || compiled.successor.is_ok(), "{name}: {:?}", compiled.successor);
            }
        }
        assert_eq!(waived == 0, *name == "ended", "{name}: it waives {waived}");
    }
    judge.close();
}

/// Each image is asked for at the registry, many times over.
const OF_IMAGES: usize = 20;

const UNSIGNED: [&str; 1] = ["localhost:5000/app:unsigned"];

/// The examples of the reference are built for both, and Kyverno takes them.
#[test]
fn examples_of_the_reference_are_accepted() {
    let page = include_str!("../../compiler/reference/language.md");
    let blocks = page.split("```aip\n").skip(1).filter_map(|block| block.split("```").next());
    let examples: Vec<&str> =
        blocks.filter(|it| it.lines().any(|line| line.starts_with("exempt "))).collect();
    assert!(examples.len() > 1, "{examples:?}");
    for source in examples {
        let compiled = compiled(source).unwrap_or_else(|problem| panic!("{problem}\n{source}"));
        for yaml in [&compiled.legacy, &compiled.successor].into_iter().flatten() {
            // A clean-up of the older kind says itself whom it leaves alone.
            let says_itself = source.contains("delete ") && yaml.contains("kind: ClusterCleanupPolicy");
            assert!(yaml.contains("kind: PolicyException") || says_itself, "{yaml}");
            if let Some(oracle) = Oracle::shared() {
                let set = oracle.load(&[yaml]);
                assert!(set.refused.is_empty(), "{:?}\n{yaml}", set.refused);
            }
        }
    }
}

/// Texts in all places of an exemption that take one mean themselves, and its words arrive as they were written.
#[test]
fn texts_of_exemptions_mean_themselves() {
    let judge = ThreeWays::open("hostile_exceptions");
    let texts = super::hostile::TEXTS;
    let found = in_parallel(texts.len(), |number| {
        let text = texts[number];
        let literal = quoted(text);
        let source = format!(
            "policy p {{\n  rule a: deny ConfigMap if true\n  rule b: deny Pod only if true\n}}\n\
             exempt p.a for ConfigMap where data.a == {literal} or metadata.name == {literal} because {because}\n\
             exempt p.b for Pod where metadata.labels.app == {literal} because {because}\n\
             exempt p for resource where namespace == {literal} because {because}\n\
             exempt p for resource where user.name == {literal} because {because}\n",
            because = quoted(&format!("x{text}")),
        );
        let compiled = match compiled(&source) {
            Ok(compiled) => compiled,
            Err(problem) => return Some(format!("{problem}\n{source}")),
        };
        let near = [text.to_owned(), format!("{text}x"), "a".to_owned(), "6".to_owned(), "web".to_owned()];
        let mut resources = Vec::new();
        for near in &near {
            let metadata = json!({"name": "c", "namespace": "n"});
            let data =
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": near}});
            let mut labelled = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata});
            labelled["metadata"]["labels"] = json!({"app": near});
            labelled["spec"] = json!({"containers": [{"name": "a", "image": "b"}]});
            resources.extend([data, labelled]);
        }
        let user = UserInfo { username: text.to_owned(), ..UserInfo::default() };
        for request in [Request::default(), Request { user_info: Some(user), ..Request::default() }] {
            let outcome = judge.compare(&source, &compiled, &resources, &request, true);
            if !outcome.agrees() {
                return Some(outcome.describe(&source));
            }
        }
        let forms = [&compiled.legacy, &compiled.successor].into_iter().flatten();
        let count = |yaml: &String| super::hostile::annotated(yaml, "aipc.dev/because", &format!("x{text}"));
        forms.map(count).any(|count| count < 4).then(|| format!("a reason did not arrive\n{source}"))
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found[..found.len().min(3)].join("\n\n"));
    judge.close();
}
