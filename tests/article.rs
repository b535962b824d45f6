//! The policies of the article that the project starts from, as Kyverno understands them.

use crate::support::judge::Judge;
use crate::support::oracle::{Request, UserInfo};
use crate::support::resources::{Profile, generate_many};
use crate::support::verdict::Verdict;

const POLICIES: [(&str, &str); 6] = [
    ("restrict-ai-image-sources", include_str!("article/1-restrict-ai-image-sources.yaml")),
    ("require-resource-limits", include_str!("article/2-require-resource-limits.yaml")),
    ("track-ownership", include_str!("article/3-track-ownership.yaml")),
    ("require-model-documentation", include_str!("article/4-require-model-documentation.yaml")),
    ("restrict-gpu-access", include_str!("article/5-restrict-gpu-access.yaml")),
    ("block-exfiltration", include_str!("article/6-block-exfiltration.yaml")),
];

/// Verdicts on resources that all fall into one class would not compare anything.
#[test]
fn kyverno_is_of_two_minds_about_generated_resources() {
    let judge = Judge::open("article");
    let user = UserInfo { username: "eve".to_owned(), ..UserInfo::default() };
    let request = Request { user_info: Some(user), ..Request::default() };
    for (name, policy) in POLICIES {
        let resources = generate_many(0, 500, &Profile::workloads().aimed_at(policy));
        let verdicts = judge
            .verdicts(policy, &resources, &request)
            .unwrap_or_else(|problem| panic!("{name}: {problem}"));
        let count = |class: Verdict| verdicts.iter().filter(|verdict| **verdict == class).count();
        let (pass, fail, error) = (count(Verdict::Pass), count(Verdict::Fail), count(Verdict::Error));
        match name {
            // A mutation changes objects and refuses none.
            "track-ownership" => assert_eq!((pass, fail, error), (500, 0, 0), "{name}"),
            _ => assert!(
                pass >= 50 && fail >= 50 && error == 0,
                "{name}: {pass} pass, {fail} fail, {error} error"
            ),
        }
    }
    judge.close();
}
