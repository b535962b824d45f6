//! The library: each policy three ways, and the literal ports against the YAML that they port.

use super::{admissible, cleanup};
use crate::support::compile::{Compiled, compile, compile_rules};
use crate::support::judge::Judge;
use crate::support::oracle::Request;
use crate::support::resources::{Profile, generate_many};
use crate::support::three_ways::{ThreeWays, is_clean};
use crate::support::verdict::Verdict;
use serde_json::{Value, json};

const RESOURCES: usize = 500;

/// The policy `<name>-as-written` of each library file, and the YAML that it says again.
const PORTS: [(&str, &str); 5] = [
    ("restrict-ai-image-sources", include_str!("../article/1-restrict-ai-image-sources.yaml")),
    ("require-resource-limits", include_str!("../article/2-require-resource-limits.yaml")),
    ("require-model-documentation", include_str!("../article/4-require-model-documentation.yaml")),
    ("restrict-gpu-access", include_str!("../article/5-restrict-gpu-access.yaml")),
    ("block-exfiltration", include_str!("../article/6-block-exfiltration.yaml")),
];

/// One policy of a library file, by itself.
fn policy(file: &str, name: &str) -> (String, Compiled) {
    let source = format!("use \"std/ai/{file}\" as library\npolicy {name} = library.{name}()\n");
    let compiled = compile(&source).unwrap_or_else(|said| panic!("{name}: {said:#?}"));
    (source, compiled)
}

fn resources(profile: &Profile, yaml: &str) -> Vec<Value> {
    let profile = profile.clone().aimed_at(yaml);
    if !profile.admissible {
        return generate_many(0, RESOURCES, &profile);
    }
    let mut resources = admissible(0, RESOURCES, &profile);
    resources.iter_mut().enumerate().for_each(|(index, it)| carry_a_model(index, it));
    resources
}

/// Every second pod says that it carries a model, every fourth asks for a GPU, as some policies want to hear.
fn carry_a_model(index: usize, resource: &mut Value) {
    let pod = match resource["kind"].as_str() {
        Some("Pod") => resource,
        Some("CronJob") => &mut resource["spec"]["jobTemplate"]["spec"]["template"],
        _ => &mut resource["spec"]["template"],
    };
    if index.is_multiple_of(2) && pod.is_object() {
        pod["metadata"]["labels"]["ai/model"] = json!("llama");
        if index.is_multiple_of(4) {
            pod["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = json!("1");
        }
    }
}

#[test]
fn literal_ports_say_what_their_yaml_says() {
    let judge = Judge::open("literal");
    for (file, yaml) in PORTS {
        let name = format!("{file}-as-written");
        let (_, compiled) = policy(file, &name);
        let ours = |resource: &Value| compiled.judge(resource, 0, &Request::default());
        let report = judge.agree(yaml, &resources(&Profile::workloads(), yaml), |it| ours(it).verdict);
        report.assert_agrees(&name);
        // What the API server would not take: we may say less, but never that all is well where Kyverno fails.
        let spoilt = resources(&Profile { admissible: false, ..Profile::workloads() }, yaml);
        let theirs = judge.verdicts(yaml, &spoilt, &Request::default()).expect("recorded verdicts");
        for (resource, theirs) in spoilt.iter().zip(theirs) {
            let ours = ours(resource);
            assert!(!(is_clean(&ours) && theirs == Verdict::Fail), "{name} passes {resource}");
        }
    }
    judge.close();
}

#[test]
fn library_policies_say_the_same_three_ways() {
    let judge = ThreeWays::open("library");
    for (file, yaml) in PORTS {
        for name in [file.to_owned(), format!("{file}-as-written")] {
            let (source, compiled) = policy(file, &name);
            let resources = resources(&Profile::workloads(), yaml);
            for form in [&compiled.legacy, &compiled.successor] {
                assert!(form.is_ok(), "{name}: {form:?}");
            }
            let outcome = judge.compare(&source, &compiled, &resources, &Request::default(), true);
            assert!(outcome.agrees(), "{name}: {}", outcome.describe(&source));
            let [pass, fail, error] = outcome.counts;
            assert!(pass > 20 && fail > 20 && error == 0, "{name}: {pass} pass, {fail} fail, {error} error");
        }
    }
    judge.close();
}

/// What is refused and what is removed, each by itself: in namespaces with AI, in others, and in spared ones.
#[test]
fn what_is_refused_before_is_removed_after_three_ways() {
    let judge = ThreeWays::open("shift_left");
    let source = "use \"std/ai/shift-left\" as library\n\
        policy shift-left = library.shift-left(spared: [\"kube-*\", \"pre\"])\n\
        policy shift-left-as-written = library.shift-left-as-written()\n";
    let rules = compile_rules(source).unwrap_or_else(|said| panic!("{said:#?}"));
    assert_eq!(rules.len(), 3);
    let mut resources = resources(&Profile::workloads(), PORTS[0].1);
    resources.iter_mut().enumerate().for_each(|(number, it)| cleanup::give_space_and_time(number, it));
    for (name, compiled) in rules {
        for form in [&compiled.legacy, &compiled.successor] {
            assert!(form.is_ok(), "{name}: {form:?}");
        }
        let source = format!("{source}// {name}\n");
        for (key, has_ai) in [("ai", true), ("team", false)] {
            let labels = [(key.to_owned(), "true".to_owned())].into_iter().collect();
            let request = Request { namespace_labels: Some(labels), ..Request::default() };
            let outcome = judge.compare(&source, &compiled, &resources, &request, true);
            assert!(outcome.agrees(), "{name}: {}", outcome.describe(&source));
            let [pass, fail, error] = outcome.counts;
            assert!(
                pass > 20 && (fail > 20) == has_ai && (has_ai || fail == 0) && error == 0,
                "{name}: {pass} pass, {fail} fail, {error} error"
            );
        }
    }
    judge.close();
}
