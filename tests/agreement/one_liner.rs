//! The sentence that the project starts from, as a whole file.

use super::admissible;
use crate::support::compile::compile;
use crate::support::oracle::Request;
use crate::support::resources::{Hint, Profile};
use crate::support::three_ways::ThreeWays;
use serde_json::json;

const SOURCE: &str = "deny pod if image !~ \"trusted-registry.io/ai-models/*\"\n";

#[test]
fn images_of_every_container_of_every_workload() {
    let judge = ThreeWays::open("one_liner");
    let compiled = compile(SOURCE).unwrap_or_else(|problems| panic!("{problems:?}"));
    for form in [&compiled.legacy, &compiled.successor] {
        assert!(form.is_ok(), "{form:?}");
    }
    for kind in [
        "Pod",
        "Deployment",
        "CronJob",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "ReplicationController",
        "Job",
    ] {
        let hints = ["containers", "initContainers", "ephemeralContainers"].map(|list| {
            Hint::new(&format!("spec.{list}[].image"), [json!("trusted-registry.io/ai-models/*")])
        });
        let profile = Profile { admissible: true, kinds: vec![kind], hints: hints.to_vec() };
        let resources = admissible(0, 200, &profile);
        let outcome = judge.compare(SOURCE, &compiled, &resources, &Request::default(), true);
        assert!(outcome.agrees(), "{kind}: {}", outcome.describe(SOURCE));
        let [pass, fail, error] = outcome.counts;
        assert!(pass >= 20 && fail >= 20 && error == 0, "{kind}: {:?}", outcome.counts);
        let with = |list: &str| {
            let spec = |it: &serde_json::Value| match kind {
                "Pod" => it["spec"].clone(),
                "CronJob" => it["spec"]["jobTemplate"]["spec"]["template"]["spec"].clone(),
                _ => it["spec"]["template"]["spec"].clone(),
            };
            resources.iter().filter(|it| spec(it)[list][0].is_object()).count()
        };
        assert!(with("initContainers") > 20 && with("ephemeralContainers") > 20, "{kind}");
    }
    judge.close();
}
