//! The formats of a report. Escaping is each format's own duty.

pub mod diagnostics;
pub mod explanation;
pub mod json;
pub mod text;

#[cfg(test)]
pub(crate) mod tests {
    use aipc_project::report::*;

    use super::{json, text};

    /// A report with one result of each status.
    pub(crate) fn sample() -> Report {
        let location = Location {
            file: "pods/bad.yaml".to_string(),
            line: 7,
            column: 14,
            path: "spec.containers[0].image".to_string(),
        };
        let source = SourceLocation { file: "images.aip".to_string(), line: 3, column: 13 };
        let violation = Violation {
            message: "not from a trusted registry".to_string(),
            location: location.clone(),
            source: source.clone(),
            condition: "image !~ \"trusted/*\"".to_string(),
            value: Some("\"nginx\"".to_string()),
            bytes: None,
            snippet: Some(Snippet { line: 7, text: "    - image: nginx".to_string(), marked: 13..18 }),
        };
        let result = |status, because: Option<&str>, violations| RuleResult {
            policy: "images".to_string(),
            rule: "deny-pod".to_string(),
            status,
            evaluated: true,
            because: because.map(str::to_string),
            message: "not from a trusted registry".to_string(),
            resource: ResourceName {
                api_version: "v1".to_string(),
                kind: "Pod".to_string(),
                namespace: "default".to_string(),
                name: "web".to_string(),
            },
            location: location.clone(),
            source: source.clone(),
            source_text: "deny pod if image !~ \"trusted/*\"".to_string(),
            violations,
            effect: None,
            created: Vec::new(),
            changed: Vec::new(),
            exemption: None,
        };
        Report {
            results: vec![
                result(Status::Fail, None, vec![violation.clone(), violation.clone()]),
                result(Status::Warn, None, vec![violation]),
                result(Status::Pass, None, vec![]),
                result(Status::Skip, Some("a `where` condition is false"), vec![]),
                result(Status::Error, Some("over budget"), vec![]),
            ],
            findings: vec![
                Finding::error("duplicate-key", "the key `image` stands twice").at(location),
                Finding {
                    level: Level::Warning,
                    ..Finding::error("unmatched-rule", "rule `images/other` matched nothing")
                        .help("is its kind right?")
                },
            ],
            counts: Counts { policies: 1, rules: 2, files: 1, resources: 5, skipped_files: 3 },
        }
    }

    /// The sample with one text in every place that a manifest or a policy fills.
    fn filled_with(text: &str) -> Report {
        let mut report = sample();
        for result in &mut report.results {
            let name = &mut result.resource;
            let places = [&mut result.policy, &mut result.rule, &mut result.message, &mut result.source_text];
            let names = [&mut name.api_version, &mut name.kind, &mut name.namespace, &mut name.name];
            for place in places.into_iter().chain(names) {
                *place = text.to_string();
            }
            result.because = Some(text.to_string());
            result.location.file = text.to_string();
            for violation in &mut result.violations {
                violation.message = text.to_string();
                violation.condition = text.to_string();
                violation.location.path = text.to_string();
                violation.value = Some(text.to_string());
                violation.snippet = Some(Snippet { line: 1, text: text.to_string(), marked: 0..text.len() });
            }
        }
        report
    }

    proptest::proptest! {
        #[test]
        fn no_text_changes_the_shape_of_a_report(text in "\\PC{0,8}(\\p{C}|\n|\\PC){0,12}") {
            let options = text::TextOptions { style: crate::console::Style::PLAIN, verbose: true };
            let report = filled_with(&text);
            let lines = text::render(&report, options);
            proptest::prop_assert!(!lines.chars().any(|ch| ch != '\n' && escape::is_hazardous(ch)));
            let expected = text::render(&filled_with("x"), options).lines().count();
            proptest::prop_assert_eq!(lines.lines().count(), expected);
            let json: serde_json::Value = serde_json::from_str(&json::render(&report)).expect("it is JSON");
            proptest::prop_assert_eq!(&json["results"][0]["message"], &text);
            proptest::prop_assert_eq!(&json["results"][0]["violations"][0]["value"], &text);
        }
    }
}
