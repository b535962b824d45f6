//! Texts that mean something to a template engine, a YAML reader, a shell or a wildcard, in every place of a policy
//! that takes a text: they mean themselves, and arrive as they were written.

use super::admissible;
use crate::support::compile::{Compiled, compile};
use crate::support::oracle::{Oracle, Request};
use crate::support::parallel::in_parallel;
use crate::support::policies::quoted;
use crate::support::resources::Profile;
use crate::support::three_ways::ThreeWays;
use aipc_runtime::document::{ReadOptions, read};
use serde_json::{Value, json};

pub(super) const TEXTS: [&str; 46] = [
    "{{ request.object.metadata.name }}",
    "{{x}}",
    "{{ x",
    "}}",
    "\\{{ x }}",
    "{{{{ }}}}",
    "{{ `{{x}}` }}",
    "$(a)",
    "$(./../name)",
    "$(metadata.name)",
    "a|b",
    "a | b",
    "a&b",
    "!a",
    "*",
    "a*",
    "?",
    "?*",
    ">5",
    "<=5",
    "1-5",
    "1!-5",
    "<1h",
    "\"",
    "'",
    "\"'\\",
    "a\nb",
    "\n",
    "a\n  b: c\n",
    "on",
    "yes",
    "~",
    "null",
    "0644",
    "0x1f",
    "1e3",
    "1_000",
    "2001-01-01",
    "1:30",
    "\\",
    "\\n",
    "`",
    "`a` || 'b'",
    "# c",
    "a: b",
    " a ",
];

/// A rule about the text, and where the resources must have it to be at its boundary.
struct Place {
    name: &'static str,
    /// The rule, with `TEXT` for the text as a string literal.
    rule: &'static str,
    kind: &'static str,
    /// A path of keys to the value; `TEXT` is the text as a key.
    at: &'static [&'static str],
}

const PLACES: [Place; 17] = [
    place("==", "deny ConfigMap if data.a == TEXT", "ConfigMap", &["data", "a"]),
    place("!=", "deny ConfigMap if data.a != TEXT", "ConfigMap", &["data", "a"]),
    place("in", "require ConfigMap that data.a in [TEXT, \"x\"]", "ConfigMap", &["data", "a"]),
    place("not in", "deny ConfigMap if data.a not in [\"x\", TEXT]", "ConfigMap", &["data", "a"]),
    place("or missing", "require ConfigMap that data.a == TEXT or missing", "ConfigMap", &["data", "a"]),
    place(
        "key",
        "deny Service if metadata.annotations[TEXT] == \"v\"",
        "Service",
        &["metadata", "annotations", "TEXT"],
    ),
    place(
        "has key",
        "require Service that has metadata.annotations[TEXT]",
        "Service",
        &["metadata", "annotations", "TEXT"],
    ),
    place(
        "key in",
        "deny Service if TEXT in metadata.annotations",
        "Service",
        &["metadata", "annotations", "TEXT"],
    ),
    place(
        "where label",
        "deny Pod only where metadata.labels.app == TEXT if spec.hostNetwork or true",
        "Pod",
        &["metadata", "labels", "app"],
    ),
    place("where name", "deny ConfigMap where metadata.name == TEXT", "ConfigMap", &["metadata", "name"]),
    place(
        "where namespace",
        "deny ConfigMap where namespace == TEXT",
        "ConfigMap",
        &["metadata", "namespace"],
    ),
    place("text in text", "deny ConfigMap if TEXT in data.a", "ConfigMap", &["data", "a"]),
    place(
        "value in a glob",
        "deny ConfigMap if data.a ~ \"{data.a}\" and data.a == TEXT",
        "ConfigMap",
        &["data", "a"],
    ),
    place(
        "element",
        "deny pod if spec.serviceAccountName == TEXT",
        "Deployment",
        &["spec", "template", "spec", "serviceAccountName"],
    ),
    place(
        "list",
        "deny mainContainer if command == TEXT",
        "Pod",
        &["spec", "containers", "0", "command", "0"],
    ),
    place(
        "every",
        "require mainContainer that every e in args: e != TEXT",
        "Pod",
        &["spec", "containers", "0", "args", "0"],
    ),
    place("??", "deny ConfigMap if (data.a ?? TEXT) == TEXT", "ConfigMap", &["data", "a"]),
];

const fn place(
    name: &'static str,
    rule: &'static str,
    kind: &'static str,
    at: &'static [&'static str],
) -> Place {
    Place { name, rule, kind, at }
}

/// Resources whose value is the text, nearly the text, or what somebody could take it for.
fn resources(place: &Place, text: &str) -> Vec<Value> {
    let near = [
        text.to_owned(),
        text.trim().to_owned(),
        format!("{text}x"),
        format!("x{text}"),
        "a".to_owned(),
        "b".to_owned(),
        "6".to_owned(),
        "3".to_owned(),
        "420".to_owned(),
        "true".to_owned(),
        "m".to_owned(),
        String::new(),
    ];
    let profile = Profile { admissible: true, kinds: vec![place.kind], hints: Vec::new() };
    let mut made = admissible(7, near.len() + 1, &profile);
    for (resource, near) in made.iter_mut().zip(near) {
        if place.name == "where name" && near.is_empty() {
            continue;
        }
        let is_key = place.at.contains(&"TEXT");
        let mut here = &mut *resource;
        for (depth, key) in place.at.iter().enumerate() {
            let is_text = *key == "TEXT";
            let key = if is_text { near.as_str() } else { key };
            let is_last = depth + 1 == place.at.len();
            let next = if is_last { json!(if is_key { "v" } else { near.as_str() }) } else { json!({}) };
            here = match key.parse::<usize>() {
                Ok(index) if !is_text => {
                    if !here.is_array() {
                        *here = json!([]);
                    }
                    let list = here.as_array_mut().expect("a list");
                    if list.len() <= index {
                        list.push(next.clone());
                    }
                    if is_last {
                        list[index] = next;
                    }
                    &mut list[index]
                }
                _ => {
                    if !here.is_object() {
                        *here = json!({});
                    }
                    let fields = here.as_object_mut().expect("an object");
                    let child = fields.entry(key.to_owned()).or_insert_with(|| next.clone());
                    if is_last {
                        *child = next;
                    }
                    child
                }
            };
        }
    }
    made
}

#[test]
fn texts_mean_themselves_wherever_they_stand() {
    let judge = ThreeWays::open("hostile");
    let found: Vec<Option<String>> = in_parallel(TEXTS.len() * PLACES.len(), |index| {
        let (text, place) = (TEXTS[index / PLACES.len()], &PLACES[index % PLACES.len()]);
        let rule = place.rule.replace("TEXT", &quoted(text));
        let source = format!("policy hostile {{\n  {rule}\n}}\n");
        let compiled = match compile(&source) {
            Ok(compiled) => compiled,
            Err(problems) => return Some(format!("{}: {problems:?}\n{source}", place.name)),
        };
        for form in [&compiled.legacy, &compiled.successor] {
            if let Err(reasons) = form {
                return Some(format!("{}: {reasons:?}\n{source}", place.name));
            }
        }
        let resources = resources(place, text);
        let outcome = judge.compare(&source, &compiled, &resources, &Request::default(), true);
        (!outcome.agrees()).then(|| format!("{}: {}", place.name, outcome.describe(&source)))
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found[..found.len().min(5)].join("\n\n"));
    judge.close();
}

/// The globs and regular expressions that say the text literally, or with a wildcard at its end.
#[test]
fn texts_in_globs_and_regular_expressions_mean_themselves() {
    let judge = ThreeWays::open("hostile_globs");
    let found: Vec<Option<String>> = in_parallel(TEXTS.len() * 3, |index| {
        let (text, form) = (TEXTS[index / 3], index % 3);
        // What the language takes for a regular expression in a glob is refused there.
        if form < 2 && text.contains(['^', '$', '[', ']', '\\']) {
            return None;
        }
        let condition = match form {
            0 => format!("data.a ~ {}", quoted(text)),
            1 => format!("data.a !~ [{}, \"zz*\"]", quoted(&format!("{text}*"))),
            _ => {
                let escaped: String = text
                    .chars()
                    .flat_map(|it| {
                        (it.is_ascii_punctuation() && it != '_').then_some('\\').into_iter().chain([it])
                    })
                    .collect();
                // `\<` and `\>` are word boundaries to some readers, so the language refuses them.
                let escaped = escaped.replace("\\<", "<").replace("\\>", ">");
                format!("data.a matches {}", quoted(&format!("^{escaped}$")))
            }
        };
        let source = format!("policy hostile {{\n  deny ConfigMap if {condition}\n}}\n");
        let compiled = match compile(&source) {
            Ok(compiled) => compiled,
            Err(problems) => return Some(format!("{problems:?}\n{source}")),
        };
        let outcome =
            judge.compare(&source, &compiled, &resources(&PLACES[0], text), &Request::default(), true);
        (!outcome.agrees()).then(|| outcome.describe(&source))
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found[..found.len().min(5)].join("\n\n"));
    judge.close();
}

/// The words about a policy, all of them the text.
fn wordy(text: &str, rule: &str) -> String {
    let literal = quoted(text);
    let described: Vec<String> = text.lines().map(|line| format!("/// {line}\n")).collect();
    format!(
        "{}policy wordy {literal} {{\n  severity low\n  category {literal}\n  control nist-ai-rmf {literal}\n  \
         settings {{ annotations: {{ \"example.com/note\": {literal} }} }}\n  {rule}\n    message {literal}\n}}\n",
        described.concat()
    )
}

/// Rules that become a pattern, a denial, and one element at a time.
const RULES: [&str; 4] = [
    "require Pod only that spec.hostNetwork",
    "deny Pod only if spec.hostNetwork != true and metadata.name ~ \"x*\" or not spec.hostNetwork",
    "deny mainContainer if name != pod.spec.serviceAccountName",
    "require pod that spec.containers.name ~ \"no-such-name-*\"",
];

#[test]
fn words_arrive_as_they_were_written() {
    let pods = Profile { admissible: true, kinds: vec!["Pod"], hints: Vec::new() };
    let mut pod = admissible(3, 1, &pods).remove(0);
    pod["spec"]["hostNetwork"] = json!(false);
    let found = in_parallel(TEXTS.len() * RULES.len(), |index| {
        let (text, rule) = (TEXTS[index / RULES.len()], RULES[index % RULES.len()]);
        let source = wordy(text, rule);
        let compiled = compile(&source).unwrap_or_else(|problems| panic!("{problems:?}\n{source}"));
        let ours = compiled.judge(&pod, 0, &Request::default()).messages;
        assert!(!ours.is_empty() && ours.iter().all(|message| message == text), "{ours:?} of\n{source}");
        let mut wrong = Vec::new();
        for yaml in [&compiled.legacy, &compiled.successor] {
            let yaml = yaml.as_ref().unwrap_or_else(|reasons| panic!("{reasons:?}\n{source}"));
            wrong.extend(wrong_words(yaml, text));
        }
        if let Some(oracle) = Oracle::shared() {
            wrong.extend(wrong_messages(oracle, &compiled, &pod, text));
        }
        wrong.into_iter().map(|it| format!("{it}\nof {source}")).collect::<Vec<_>>()
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} differ\n{}", found.len(), found[..found.len().min(6)].join("\n\n"));
}

/// The annotations as Kubernetes' own reader has them.
fn wrong_words(yaml: &str, text: &str) -> Vec<String> {
    let read = read("policy.yaml", yaml.as_bytes(), &ReadOptions::default());
    let mut wrong = Vec::new();
    for resource in &read.resources {
        let annotations = resource.document().get_path(resource.root(), &["metadata", "annotations"]);
        let annotations = annotations.map(|it| resource.document().to_json(it)).unwrap_or_default();
        for key in ["policies.kyverno.io/title", "policies.kyverno.io/category", "example.com/note"] {
            if annotations[key] != text {
                wrong.push(format!("{key} is {} in\n{yaml}", annotations[key]));
            }
        }
    }
    wrong
}

/// How many objects have the text as that annotation, as Kubernetes' own reader has it.
pub(super) fn annotated(yaml: &str, key: &str, text: &str) -> usize {
    let read = read("policy.yaml", yaml.as_bytes(), &ReadOptions::default());
    let is_so = |resource: &&aipc_runtime::document::Resource| {
        let at = resource.document().get_path(resource.root(), &["metadata", "annotations", key]);
        at.is_some_and(|it| resource.document().to_json(it) == text)
    };
    read.resources.iter().filter(is_so).count()
}

/// Kyverno's messages; it puts words of its own before and after those of patterns and elements.
fn wrong_messages(oracle: &Oracle, compiled: &Compiled, pod: &Value, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (is_legacy, yaml) in [(true, &compiled.legacy), (false, &compiled.successor)] {
        let Ok(yaml) = yaml else { continue };
        let set = oracle.load(&[yaml]);
        if let Some(refusal) = set.refused.first() {
            wrong.push(format!("refused: {}\n{yaml}", refusal.reason));
            continue;
        }
        let answer = set.evaluate(std::slice::from_ref(pod), &Request::default()).remove(0);
        let failures: Vec<_> = answer.rows.iter().filter(|row| row.status == "fail").collect();
        let arrives = |message: &str| match is_legacy {
            true => message.contains(text),
            false => message == text,
        };
        if failures.is_empty() || !failures.iter().all(|row| arrives(&row.message)) {
            wrong.push(format!("Kyverno says {:?} {:?}\n{yaml}", answer.rows, answer.error));
        }
    }
    wrong
}

/// Names that a YAML reader takes for something else.
#[test]
fn names_stay_names() {
    let judge = ThreeWays::open("hostile_names");
    for name in ["on", "yes", "n", "0644", "1e3", "null", "true", "0x1f", "1-2", "2001-01-01", "1_000"] {
        if name.contains('_') {
            continue; // no name for Kubernetes
        }
        let source =
            format!("policy \"{name}\" {{\n  rule \"{name}\": deny Pod only if spec.hostNetwork\n}}\n");
        let compiled = compile(&source).unwrap_or_else(|problems| panic!("{problems:?}\n{source}"));
        let pods = Profile { admissible: true, kinds: vec!["Pod"], hints: Vec::new() };
        let outcome = judge.compare(&source, &compiled, &admissible(0, 20, &pods), &Request::default(), true);
        assert!(outcome.agrees(), "{}", outcome.describe(&source));
    }
    judge.close();
}

/// What a manifest says is never read as part of a policy.
#[test]
fn values_of_manifests_stay_values_in_messages() {
    let Some(oracle) = Oracle::shared() else { return };
    let source = "policy speaks {\n  deny ConfigMap if has data.a\n    message \"a is {data.a}, not b\"\n}\n";
    let compiled = compile(source).unwrap_or_else(|problems| panic!("{problems:?}"));
    for text in TEXTS {
        let resource = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": {"a": text}});
        let expected = format!("a is {text}, not b");
        assert_eq!(
            compiled.judge(&resource, 0, &Request::default()).messages,
            std::slice::from_ref(&expected)
        );
        let wrong = wrong_messages(oracle, &compiled, &resource, &expected);
        assert!(wrong.is_empty(), "{text}: {}", wrong.join("\n"));
    }
}

/// A value that is missing is left out, in every output.
#[test]
fn missing_values_are_left_out_of_messages() {
    let object = |kind: &str, rest: Value| {
        let mut object =
            json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "m", "namespace": "n"}});
        object.as_object_mut().expect("it is a map").extend(rest.as_object().cloned().unwrap_or_default());
        object
    };
    let service = || object("Service", json!({"spec": {"ports": [{"port": 80}]}}));
    for (kind, words, resource, expected) in [
        ("ConfigMap", "[{data.a}] of {metadata.labels.team}.", object("ConfigMap", json!({})), "[] of ."),
        ("ConfigMap", "{data.a ?? \"none\"}", object("ConfigMap", json!({"data": {}})), "none"),
        ("ConfigMap", "{data.a}", object("ConfigMap", json!({"data": {"a": "one"}})), "one"),
        ("ConfigMap", "{data.a ?? data.b}", object("ConfigMap", json!({"data": {"b": "two"}})), "two"),
        ("Service", "[{spec.externalName}] [{spec.healthCheckNodePort}]", service(), "[] []"),
        ("Service", "[{spec.sessionAffinityConfig.clientIP.timeoutSeconds}] m", service(), "[] m"),
        ("Service", "[{spec.ports.nodePort}] [{spec.ports.name}]", service(), "[] []"),
        ("Service", "[{spec.allocateLoadBalancerNodePorts}] m", service(), "[] m"),
    ] {
        let source = format!(
            "policy speaks {{\n  deny {kind} if not has metadata.annotations\n    message \"{words}\"\n}}\n"
        );
        let compiled = compile(&source).unwrap_or_else(|problems| panic!("{problems:?}\n{source}"));
        let ours = compiled.judge(&resource, 0, &Request::default()).messages;
        assert_eq!(ours, [expected.to_owned()], "{source}");
        if let Some(oracle) = Oracle::shared() {
            let wrong = wrong_messages(oracle, &compiled, &resource, expected);
            assert!(wrong.is_empty(), "{source}{}", wrong.join("\n"));
        }
    }
}
