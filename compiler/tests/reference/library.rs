//! The list of the library's policies, from the sources themselves.

use std::collections::BTreeMap;

use aipc_compiler::analysis::{Options, analyze};
use aipc_compiler::source::{NoFiles, Sources};
use aipc_compiler::stdlib;

const HEAD: &str = "# The library

Policies to start from, written in the language itself. They are part of `aipc`: a file takes them by name, with its own
parameters where a policy has some.

```aip
use \"std/pod-security/baseline\" as baseline
use \"std/best-practices/require-labels\" as labels

policy host-ports = baseline.disallow-host-ports()
policy our-labels = labels.require-labels(keys: [\"owner\", \"app.kubernetes.io/name\"])
```

Each file begins with what its policies are for and where they mean to differ from others of the same intent, and ends with
their tests. `prelude.aip` has the views that every file knows.
";

/// What each folder is about, in the order of the page.
const TOPICS: [(&str, &str); 3] = [
    (
        "ai",
        "AI platforms. Each policy twice: as recommended, and `-as-written` like the example that it ports",
    ),
    ("pod-security", "The Pod Security Standards of Kubernetes, a policy for each control"),
    ("best-practices", "Workloads, networks, storage and rights as most clusters want them"),
];

/// The text of `stdlib/README.md`.
pub fn page() -> String {
    let mut rows: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in stdlib::names().filter(|name| *name != "prelude") {
        let (topic, _) = name.split_once('/').unwrap_or_else(|| panic!("{name} is in no folder"));
        let mut sources = Sources::default();
        let file = sources.add(format!("<std/{name}>"), stdlib::find(name).unwrap_or_default());
        let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
        for policy in &analysis.policies.policies {
            let cell = |text: &Option<String>| match text {
                Some(text) => text.replace('|', "\\|").replace('\n', " "),
                None => panic!("{name}: {} lacks a title, severity or description", policy.name),
            };
            rows.entry(topic).or_default().push(format!(
                "| [{}]({name}.aip) | {} | {} | {} |\n",
                policy.name,
                cell(&policy.title),
                cell(&policy.severity),
                cell(&policy.description)
            ));
        }
    }
    let mut page = HEAD.to_owned();
    for (topic, about) in TOPICS {
        let rows = rows.remove(topic).unwrap_or_default();
        page.push_str(&format!(
            "\n## {topic}\n\n{about}.\n\n| policy | title | severity | why |\n|---|---|---|---|\n{}",
            rows.concat()
        ));
    }
    assert!(rows.is_empty(), "folders without words: {:?}", rows.keys());
    page
}

#[test]
fn the_example_of_the_page_checks() {
    let (_, rest) = HEAD.split_once("```aip\n").unwrap_or_default();
    let (source, _) = rest.split_once("```").unwrap_or_default();
    let mut sources = Sources::default();
    let file = sources.add("policy.aip", source);
    let analysis = analyze(&mut sources, file, &NoFiles, &mut Options::default());
    assert!(analysis.diagnostics.is_empty(), "{:#?}", analysis.diagnostics);
    assert_eq!(analysis.policies.policies.len(), 2);
}
