//! Lookups that post, that ask services and the global context: the recorded answers are those that Kyverno gets.
//!
//! Kyverno's command line gives recorded answers by URL, so what is sent to a service is not compared; what is sent to the
//! API server is.

use super::lookups::{cluster, deployments};
use crate::support::compile::compile;
use crate::support::oracle::{Recorded, Request};
use crate::support::three_ways::ThreeWays;
use serde_json::{Value, json};

const REVIEW: &str = "authorization.k8s.io/v1/SubjectAccessReview";
const LOCAL_REVIEW: &str = "authorization.k8s.io/v1/LocalSubjectAccessReview";

/// Rules of both outputs.
const RULES: &[&str] = &[
    r#"deny Deployment if not cluster.post("authorization.k8s.io/v1/SubjectAccessReview", { spec: { user: "ann", resourceAttributes: { verb: "create", group: "apps", resource: "deployments", namespace: namespace, name: metadata.name } } }).status.allowed"#,
    r#"deny Deployment with review = cluster.post("authorization.k8s.io/v1/SubjectAccessReview", { spec: { user: "bob", resourceAttributes: { namespace: namespace } } })
         if review.status.allowed == false and spec.replicas > 2"#,
    r#"deny Deployment if cluster.post("authorization.k8s.io/v1/LocalSubjectAccessReview", { metadata: { namespace: namespace }, spec: { user: "ann", resourceAttributes: { namespace: namespace } } }).status.allowed"#,
    r#"deny Deployment if namespace in cache("closed").namespaces"#,
    r#"deny Deployment if any t in cache("teams").list: t.name == metadata.labels.ref and t.closed"#,
];

/// Rules of ClusterPolicies: CEL does not tell an answer of a service that says no from one that says yes.
const SERVICES: &[&str] = &[
    r#"deny Deployment if http.get("https://prices.example.com/v1/{namespace}").left == 0"#,
    r#"deny Deployment if http.get("https://prices.example.com/v1/{namespace}", { Accept: "application/json" }).left < spec.replicas"#,
    r#"deny Deployment if http.post("https://prices.example.com/cost/{namespace}", { spec: spec, apiVersion: "v1" }).total > 10 and spec.replicas > 1"#,
];

fn allowed(kind: &str, allowed: bool) -> Value {
    let (api_version, kind) = kind.rsplit_once('/').unwrap_or_default();
    json!({"apiVersion": api_version, "kind": kind, "status": {"allowed": allowed}})
}

/// What the API server answers to a review, and services and the cache to anybody.
fn answers(objects: &[Value]) -> Vec<Recorded> {
    let mut answers = vec![
        Recorded::entry("closed", json!({"namespaces": ["prod", "staging"]})),
        Recorded::entry(
            "teams",
            json!({"list": [{"name": "web", "closed": true}, {"name": "default", "closed": false}]}),
        ),
    ];
    for (at, namespace) in ["default", "staging", "prod"].iter().enumerate() {
        let spec = json!({"user": "bob", "resourceAttributes": {"namespace": namespace}});
        let url = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        answers.push(Recorded::posted(REVIEW, url, json!({"spec": spec}), allowed(REVIEW, at == 0)));
        let spec = json!({"user": "ann", "resourceAttributes": {"namespace": namespace}});
        let url = format!("/apis/authorization.k8s.io/v1/namespaces/{namespace}/localsubjectaccessreviews");
        let sent = json!({"metadata": {"namespace": namespace}, "spec": spec});
        answers.push(Recorded::posted(LOCAL_REVIEW, &url, sent, allowed(LOCAL_REVIEW, at == 1)));
        let prices = format!("https://prices.example.com/v1/{namespace}");
        answers.push(Recorded::service("GET", &prices, None, json!({"left": at * 2})));
    }
    let mut seen = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        let (name, namespace) = (&object["metadata"]["name"], &object["metadata"]["namespace"]);
        let costs = format!("https://prices.example.com/cost/{}", namespace.as_str().unwrap_or_default());
        let sent = json!({"spec": object["spec"], "apiVersion": "v1"});
        answers.push(Recorded::service("POST", &costs, Some(sent), json!({"total": 11})));
        if !seen.contains(&(name, namespace)) {
            seen.push((name, namespace));
            let attributes = json!({"verb": "create", "group": "apps", "resource": "deployments", "namespace": namespace, "name": name});
            let sent = json!({"spec": {"user": "ann", "resourceAttributes": attributes}});
            let url = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
            answers.push(Recorded::posted(REVIEW, url, sent, allowed(REVIEW, at % 2 == 0)));
        }
    }
    answers
}

#[test]
fn answers_are_those_that_kyverno_gets() {
    let judge = ThreeWays::open("lookups_elsewhere");
    let objects = deployments(52);
    let request = Request { cluster: cluster(), answers: answers(&objects), ..Request::default() };
    let mut problems = String::new();
    for (rule, is_service) in RULES.iter().map(|it| (it, false)).chain(SERVICES.iter().map(|it| (it, true))) {
        let compiled = compile(rule).unwrap_or_else(|problems| panic!("{rule}: {problems:?}"));
        if let Err(said) = &compiled.legacy {
            problems.push_str(&format!("{rule}: {said:?}\n"));
        }
        if compiled.successor.is_err() != is_service {
            problems.push_str(&format!("{rule}: {:?}\n", compiled.successor));
        }
        let outcome = judge.compare(rule, &compiled, &objects, &request, true);
        if !outcome.agrees() {
            problems.push_str(&outcome.describe(rule));
        }
        let [pass, fail, error] = outcome.counts;
        if pass == 0 || fail == 0 || error != 0 {
            problems.push_str(&format!("{rule}: {:?}\n", outcome.counts));
        }
    }
    assert!(problems.is_empty(), "{problems}");
    judge.close();
}

/// What would be sent somewhere else, or without a part, is refused.
#[test]
fn what_could_be_sent_elsewhere_is_refused() {
    for (rule, reason) in [
        (
            r#"deny Deployment if http.get("https://a.example.com/{metadata.labels.ref}").a == 1"#,
            "may be missing",
        ),
        (r#"deny Deployment if cache(metadata.name).a == 1"#, "written out"),
        (
            r#"deny Deployment if cluster.post(ConfigMap, { metadata: { namespace: metadata.labels.ref, name: "a" } }).a == 1"#,
            "not known",
        ),
        (r#"mutate Deployment { set metadata.labels.a = random(r"[a-z]{8}") }"#, "drawn twice"),
        (r#"deny Deployment if http.post("https://a.example.com/", spec).a == 1"#, "objects only"),
    ] {
        let compiled = compile(rule).unwrap_or_else(|said| panic!("{rule}: {said:?}"));
        let said = compiled.legacy.expect_err(rule);
        assert!(said.iter().any(|it| it.contains(reason)), "{rule}: {said:?}");
    }
}
