//! How ValidatingPolicies look.

use super::build::*;
use aipc_compiler::formats::validating_policy::emit;
use aipc_compiler::ir::*;
use aipc_compiler::source::Sources;

fn yaml(policies: Vec<Policy>) -> String {
    let mut sources = Sources::default();
    sources.add("policy.aip", "deny …\n");
    let emitted = emit(&PolicySet { policies, ..PolicySet::default() }, &sources);
    emitted.into_iter().map(|object| object.yaml).collect::<Vec<_>>().join("---\n")
}

#[test]
fn images_of_all_containers() {
    let violation =
        any(0, containers(), not(glob(local(0, "image", Type::Image), &["trusted-registry.io/ai-models/*"])));
    let mut policy =
        policy("restrict-ai-image-sources", vec![rule("restrict-ai-image-sources", pods(), violation)]);
    policy.title = Some("AI images come from approved registries".to_owned());
    policy.severity = Some("high".to_owned());
    policy.category = Some("AI supply chain".to_owned());
    policy.description = Some("Only models and runtimes that we scanned may run.".to_owned());
    policy.controls = vec![("nist-ai-rmf".to_owned(), "MANAGE 3.1".to_owned())];
    insta::assert_snapshot!(yaml(vec![policy]));
}

#[test]
fn elements_and_their_names_in_the_message() {
    let violation = or(vec![
        not(has(local(0, "resources limits{} @cpu", Type::Quantity))),
        compare(
            Comparison::Greater,
            Domain::Number,
            local(0, "resources limits{} @memory", Type::Quantity),
            quantity("64Gi"),
        ),
    ]);
    let mut limits = rule("limits", pods(), violation);
    limits.check_mut().expect("a check").elements = Some(Elements {
        view: "container".to_owned(),
        binder: binder(0),
        source: containers(),
        filter: not(glob(local(0, "name!", Type::Text), &["istio-*", "sidecar"])),
    });
    limits.message = Message {
        parts: vec![
            TextPart::Value(local(0, "name!", Type::Text)),
            TextPart::Text(" of ".to_owned()),
            TextPart::Value(path(Root::Object, "metadata! name", Type::Text)),
            TextPart::Text(" needs limits {{ request.object }} $(x).".to_owned()),
        ],
        written: true,
    };
    insta::assert_snapshot!(yaml(vec![policy("limits", vec![limits])]));
}

#[test]
fn conditions_of_many_forms() {
    let namespace = |value: &str| {
        cond(CondKind::Known {
            about: Unknown::NamespaceLabels,
            cond: Box::new(equal(
                path(Root::NamespaceObject, "metadata labels{} @env", Type::Text),
                text(value),
            )),
            otherwise: false,
        })
    };
    let mut gpu = rule(
        "gpu",
        pods(),
        not(and(vec![
            equal(subject("spec! serviceAccountName", Type::Text), text("gpu-training")),
            equal(subject("spec! nodeSelector{} @accelerator", Type::Text), text("nvidia-gpu")),
        ])),
    );
    gpu.applies = vec![
        namespace("prod"),
        not(glob(path(Root::Object, "metadata! namespace", Type::Text), &["kube-*"])),
        any(
            1,
            containers(),
            compare(
                Comparison::Greater,
                Domain::Number,
                local(1, "resources limits{} @nvidia.com/gpu", Type::Quantity),
                int(0),
            ),
        ),
    ];
    let mut replicas = rule(
        "replicas",
        vec![target("apps", "v1", "Deployment", "")],
        not(compare(
            Comparison::GreaterOrEqual,
            Domain::Number,
            subject("spec! replicas", Type::Int),
            int(2),
        )),
    );
    replicas.bindings = vec![Binding {
        local: Local(9),
        name: "owner-team".to_owned(),
        value: subject("metadata! labels{} @team", Type::Text),
    }];
    replicas.applies = vec![cond(CondKind::Known {
        about: Unknown::User,
        cond: Box::new(not(glob(path(Root::User, "name", Type::Text), &["system:*"]))),
        otherwise: true,
    })];
    replicas.check_mut().expect("a check").violation = or(vec![
        replicas.check_mut().expect("a check").violation.clone(),
        cond(CondKind::Empty(local(9, "", Type::Text))),
        cond(CondKind::Changed {
            now: subject("spec! paused", Type::Bool),
            before: path(Root::OldSubject, "spec! paused", Type::Bool),
        }),
    ]);
    replicas.actions = vec![
        Action { effect: Effect::Audit, warn: false, condition: Some(namespace("dev")), origin: span() },
        Action { effect: Effect::Enforce, warn: true, condition: None, origin: span() },
    ];
    let tag = call(Operation::ImageTag, vec![local(0, "image", Type::Image)], Type::Text);
    let privileged = is(local(0, "securityContext privileged", Type::Bool));
    let mut pod = rule(
        "pod-only",
        vec![target("", "v1", "Pod", "")],
        any(
            0,
            subject("spec! initContainers[]", objects()),
            and(vec![equal(tag, text("latest")), privileged]),
        ),
    );
    pod.operations = Operations { create: true, update: false, delete: true, connect: false };
    insta::assert_snapshot!(yaml(vec![policy("many", vec![gpu, replicas, pod])]));
}
