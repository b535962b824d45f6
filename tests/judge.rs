//! The judge itself: it finds agreement where there is agreement, and shows what differs where not.

use crate::support::judge::Judge;
use crate::support::parallel::in_parallel;
use crate::support::resources::{Profile, generate_many};
use crate::support::verdict::Verdict;
use serde_json::Value;

const POLICY: &str = include_str!("article/1-restrict-ai-image-sources.yaml");

/// What the policy says, written by hand: every main container's image begins with the registry.
fn by_hand(resource: &Value) -> Verdict {
    let pod = match resource["kind"].as_str() {
        Some("Pod") => &resource["spec"],
        Some("CronJob") => &resource["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        _ => &resource["spec"]["template"]["spec"],
    };
    let mut containers = pod["containers"].as_array().into_iter().flatten();
    let trusted = |container: &Value| {
        container["image"].as_str().is_some_and(|image| image.starts_with("trusted-registry.io/ai-models/"))
    };
    if containers.all(trusted) { Verdict::Pass } else { Verdict::Fail }
}

#[test]
fn a_right_reading_agrees_and_a_wrong_one_is_shown() {
    let judge = Judge::open("judge");
    let reports = in_parallel(4, |part| {
        let resources = generate_many(part as u64 * 1000, 100, &Profile::workloads().aimed_at(POLICY));
        let right = judge.agree(POLICY, &resources, by_hand);
        // Forgets that Kyverno reads templates of workloads too.
        let wrong = judge.agree(POLICY, &resources, |resource| match resource["kind"].as_str() {
            Some("Pod") => by_hand(resource),
            _ => Verdict::Pass,
        });
        (right, wrong)
    });
    for (right, wrong) in &reports {
        right.assert_agrees("the policy read by hand");
        assert_eq!(right.counts.iter().sum::<usize>(), right.resources);
        let first = &wrong.disagreements[0];
        assert_eq!((first.ours, first.kyverno), (Verdict::Pass, Verdict::Fail));
        assert!(wrong.describe().contains("ours is Pass, Kyverno's is Fail"), "{}", wrong.describe());
        if judge.is_live() {
            let smallest = first.smallest.as_ref().map(Value::to_string).unwrap_or_default();
            assert!(smallest.len() < 150, "{smallest}");
        }
    }
    judge.close();
}

#[test]
fn a_refused_policy_and_a_missing_recording_are_problems() {
    let judge = Judge::open("article");
    let report = judge.agree(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: a}\nspec: {rulez: []}\n",
        &[],
        by_hand,
    );
    let problem = if judge.is_live() { "Kyverno refuses" } else { "does not have this question" };
    assert!(report.describe().contains(problem), "{}", report.describe());
}
