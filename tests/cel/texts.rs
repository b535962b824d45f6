//! Text of users stays text: in conditions, keys, names and messages, whatever it looks like.

use super::build::*;
use crate::support::oracle::{Oracle, Request};
use crate::support::verdict::Verdict;
use aipc_compiler::formats::validating_policy::emit;
use aipc_compiler::ir::*;
use aipc_compiler::source::Sources;
use serde_json::json;

const NASTY: [&str; 40] = [
    "{{ request.object.metadata.name }}",
    "{{x}}",
    "$(x)",
    "${x}",
    "a|b",
    "*",
    "a*",
    "?",
    ">5",
    "!a",
    "1-10",
    "a & b",
    "it's",
    "say \"hi\"",
    "both ' and \"",
    "back\\slash",
    "\\d+",
    "new\nline",
    "\r\n",
    "tab\there",
    "on",
    "yes",
    "0644",
    "null",
    "~",
    "1e3",
    "",
    " ",
    " lead",
    "trail ",
    "# comment",
    "a: b",
    "- item",
    "') || true || ('",
    "\") + (\"",
    "é日本😀",
    "\u{85}\u{2028}",
    "\u{1b}[31mred",
    "%s",
    "object.spec.hostNetwork",
];

#[test]
fn no_text_becomes_code() {
    let Some(oracle) = Oracle::shared() else {
        eprintln!("SKIPPED: set AIPC_ORACLE to the oracle's program to send texts through Kyverno");
        return;
    };
    for nasty in NASTY {
        let label = || subject("metadata! annotations{} @owner", Type::Text);
        let mut of_key = subject("metadata! annotations{}", Type::Text);
        if let ValueKind::Path(path) = &mut of_key.kind {
            path.steps.push(Step::Field(Field {
                name: nasty.to_owned(),
                required: false,
                shape: Shape::Scalar,
            }));
        }
        let literal =
            Glob(vec![GlobPart::Text(nasty.to_owned()), GlobPart::Many, GlobPart::Text("end".to_owned())]);
        let conditions = [
            ("equal", equal(label(), text(nasty))),
            (
                "listed",
                cond(CondKind::Test(
                    Test::InList,
                    vec![label(), list(vec![text(nasty), text("q")], Type::Text)],
                )),
            ),
            ("glob", cond(CondKind::Glob { value: label(), globs: vec![literal] })),
            ("contains", cond(CondKind::Test(Test::InText, vec![text(nasty), label()]))),
            ("key", equal(of_key, text("here"))),
            (
                "in-value",
                cond(CondKind::Glob {
                    value: label(),
                    globs: vec![Glob(vec![
                        GlobPart::One,
                        GlobPart::Value(subject("metadata! annotations{} @other", Type::Text)),
                    ])],
                }),
            ),
        ];
        let rules = conditions
            .into_iter()
            .map(|(name, cond)| {
                let mut rule = rule(name, vec![target("", "v1", "Pod", "")], cond);
                rule.message.parts = vec![TextPart::Text(nasty.to_owned())];
                if name == "contains" {
                    let other = path(Root::Object, "metadata! annotations{} @other", Type::Text);
                    rule.message.parts.push(TextPart::Value(other));
                }
                rule.source_text = nasty.to_owned();
                rule.description = Some(nasty.to_owned());
                rule
            })
            .collect();
        let mut policy = policy("p", rules);
        policy.title = Some(nasty.to_owned());
        policy.category = Some(nasty.to_owned());
        policy.controls = vec![(nasty.to_owned(), nasty.to_owned())];
        policy.settings.annotations = vec![("acme.io/x".to_owned(), nasty.to_owned())];
        let set = PolicySet { policies: vec![policy], ..PolicySet::default() };
        let mut sources = Sources::default();
        sources.add(format!("{nasty}.aip"), "");
        let emitted = emit(&set, &sources);
        let yaml: Vec<&str> = emitted.iter().map(|it| it.yaml.as_str()).collect();
        let loaded = oracle.load(&yaml);
        assert!(loaded.refused.is_empty(), "{nasty:?}: {:?}\n{}", loaded.refused, yaml.join("---\n"));

        let of = |annotations: serde_json::Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "annotations": annotations}, "spec": {"containers": []}});
        let with = |text: String| of(json!({"owner": text, "other": nasty}));
        let key = {
            let mut entries = serde_json::Map::new();
            entries.insert(nasty.to_owned(), json!("here"));
            of(serde_json::Value::Object(entries))
        };
        let resources = [
            with(nasty.to_owned()),
            with(format!("{nasty} the end")),
            with(format!("x{nasty}")),
            with("another".to_owned()),
            key,
        ];
        // which of the rules is violated, for each resource
        let empty = nasty.is_empty();
        let expected: [&[&str]; 5] = [
            &["equal", "listed", "contains"],
            &["glob", "contains"],
            &["contains", "in-value"],
            if empty { &["contains"] } else { &[] },
            &["key"],
        ];
        for (at, answer) in loaded.evaluate(&resources, &Request::default()).iter().enumerate() {
            for object in &emitted {
                let rule = object.rules[0].rule.as_str();
                let found = answer.verdict_of_rule(&object.name, "");
                let violated = expected[at].contains(&rule);
                assert_eq!(
                    found == Verdict::Fail,
                    violated,
                    "{nasty:?} {rule} {}\n{}",
                    resources[at],
                    object.yaml
                );
                assert_ne!(found, Verdict::Error, "{nasty:?} {rule}\n{}", object.yaml);
                for row in answer.rows.iter().filter(|row| row.policy == object.name && row.status == "fail")
                {
                    let other =
                        resources[at]["metadata"]["annotations"]["other"].as_str().unwrap_or_default();
                    let said = match rule {
                        "contains" => format!("{nasty}{other}"),
                        _ => nasty.to_owned(),
                    };
                    // without any words Kyverno has its own
                    assert!(row.message == said || said.trim().is_empty(), "{said:?} {:?}", row.message);
                }
            }
        }
    }
}
