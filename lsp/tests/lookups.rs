//! Hover, definition, references, rename, highlights, signatures, diagnostics, quick fixes.

use aipc_compiler::formats::support::Target;
use aipc_lsp::ide::{
    actions, diagnostics, explain, hover, lens, manifest, names, preview, rename, signature, types,
};

use crate::fixture::{Project, refs};

fn hovered(text: &str) -> String {
    let mut project = Project::one(text);
    let (file, offset, files) = project.spot();
    hover::hover(&file, offset, &refs(&files), Target::KyvernoLegacy).map_or(String::new(), |it| it.markdown)
}

#[track_caller]
fn check_hover(text: &str, wanted: &[&str]) {
    let found = hovered(text);
    for words in wanted {
        assert!(found.contains(words), "{text}: `{words}` is not in\n{found}");
    }
}

#[test]
fn hover_says_what_a_name_is() {
    check_hover("deny pod if spec.host$0Network", &["hostNetwork: bool", "Host networking"]);
    check_hover("deny Deploy$0ment if spec.replicas > 3", &["apps/v1/Deployment", "namespaced"]);
    check_hover("deny po$0d if spec.hostNetwork", &["view pod of"]);
    check_hover("deny pod if co$0unt(spec.containers) > 3", &["count(list", "→ int"]);
    check_hover("deny pod if us$0er.name == \"x\"", &["user", "who sent the request"]);
    check_hover(
        "/// Who may.\nlet allowed = [\"a/*\"]\ndeny pod if image !~ allow$0ed",
        &["let allowed", "list of string", "Who may."],
    );
    check_hover(
        "deny pod if any c$0on in container: con.image == \"x\"",
        &["con: Container or EphemeralContainer"],
    );
    check_hover("deny pod if image !$0~ \"a/*\"", &["!~"]);
}

#[test]
fn hover_on_a_rule_shows_what_it_compiles_to() {
    check_hover("de$0ny pod if image !~ \"a/*\"", &["ClusterPolicy `a`", "```yaml", "kind: ClusterPolicy"]);
    assert_eq!(hovered("de$0ny pod if image !~ oops"), "", "a broken file compiles to nothing");
}

#[test]
fn definitions_in_this_file_and_others() {
    let files = [
        ("a.aip", "use \"./lib\" as lib\ndeny pod if image !~ lib.allow$0ed\n"),
        ("lib.aip", "let allowed = [\"a/*\"]\n"),
    ];
    let mut project = Project::of(&files);
    let (file, offset, all) = project.spot();
    let place = names::definition(&file, offset, &refs(&all)).expect("it is declared");
    assert_eq!((place.path.clone(), &place.text[place.range.clone()]), (project.path("lib.aip"), "allowed"));

    let mut project =
        Project::of(&[("a.aip", "use \"./lib\" as lib\ndeny pod if image !~ li$0b.allowed\n"), files[1]]);
    let (file, offset, all) = project.spot();
    let place = names::definition(&file, offset, &refs(&all)).expect("the file");
    assert_eq!((place.path, place.range), (project.path("lib.aip"), 0..0));

    let mut project = Project::one("deny contai$0ner if image == \"x\"");
    let (file, offset, all) = project.spot();
    let place = names::definition(&file, offset, &refs(&all)).expect("the prelude");
    assert_eq!(place.path.to_string_lossy(), "<std/prelude>");
    assert!(place.text[..place.range.start].ends_with("view "));
}

#[test]
fn an_exemption_leads_to_the_rule_of_another_file() {
    let mut project = Project::of(&[
        ("a.aip", "exempt images.tr$0usted until 2099-01-31 because \"ops: for now\"\n"),
        ("b.aip", "policy images {\n  rule trusted: deny pod if image !~ \"a/*\"\n}\n"),
    ]);
    let (file, offset, all) = project.spot();
    let place = names::definition(&file, offset, &refs(&all)).expect("the rule");
    assert_eq!((place.path.clone(), &place.text[place.range.clone()]), (project.path("b.aip"), "trusted"));
    let places = names::references(&file, offset, &refs(&all), true);
    assert_eq!(places.len(), 2, "{places:?}");
}

#[test]
fn renaming_reaches_every_file() {
    let mut project = Project::of(&[
        ("a.aip", "use \"./lib\" as lib\ndeny pod if image !~ lib.allow$0ed\n"),
        ("b.aip", "use \"./lib\"\ndeny pod if image !~ lib.allowed and spec.hostNetwork\n"),
        ("lib.aip", "let allowed = [\"a/*\"]\nlet more = allowed\n"),
    ]);
    let (file, offset, all) = project.spot();
    let edits = rename::rename(&file, offset, "trusted", &refs(&all)).expect("it can be renamed");
    let mut texts: Vec<String> = Vec::new();
    for name in ["a.aip", "b.aip", "lib.aip"] {
        let path = project.path(name);
        let mut text = project.workspace.text(&path).expect("a text").to_string();
        let mut here: Vec<_> = edits.iter().filter(|it| it.place.path == path).collect();
        here.sort_by_key(|it| std::cmp::Reverse(it.place.range.start));
        for edit in here {
            text.replace_range(edit.place.range.clone(), &edit.text);
        }
        texts.push(text);
    }
    assert_eq!(texts[0], "use \"./lib\" as lib\ndeny pod if image !~ lib.trusted\n");
    assert_eq!(texts[1], "use \"./lib\"\ndeny pod if image !~ lib.trusted and spec.hostNetwork\n");
    assert_eq!(texts[2], "let trusted = [\"a/*\"]\nlet more = trusted\n");
}

#[test]
fn what_is_not_ours_keeps_its_name() {
    for (text, why) in [
        ("deny pod if spec.host$0Network", "a field of Kubernetes"),
        ("deny Deploy$0ment if true", "a kind of Kubernetes"),
        ("deny po$0d if true", "declared in the library"),
        ("deny pod if co$0unt(spec.containers) > 1", "part of the language"),
        ("de$0ny pod if true", "no name here"),
    ] {
        let mut project = Project::one(text);
        let (file, offset, all) = project.spot();
        let said = rename::prepare(&file, offset, &refs(&all)).expect_err(text);
        assert!(said.contains(why), "{text}: {said}");
    }
    let mut project = Project::one("let a$0b = 1\n");
    let (file, offset, all) = project.spot();
    for name in ["deny", "user", "1a", "a b", ""] {
        assert!(rename::rename(&file, offset, name, &refs(&all)).is_err(), "{name}");
    }
}

#[test]
fn signatures_follow_the_cursor() {
    let active = |text: &str| {
        let mut project = Project::one(text);
        let (file, offset, _) = project.spot();
        signature::signature(&file, offset).map(|it| {
            let parameter = it.parameters.get(it.active).map(|range| it.label[range.clone()].to_string());
            (it.label, parameter.unwrap_or_default())
        })
    };
    let (label, parameter) = active("deny pod if join($0[\"a\"], \",\") == \"x\"").expect("a call");
    assert!(label.starts_with("join(list: list, "), "{label}");
    assert_eq!(parameter, "list: list");
    let (_, parameter) = active("deny pod if join([\"a\"], $0\",\") == \"x\"").expect("a call");
    assert_ne!(parameter, "list: list");
    // Not closed yet.
    let (_, parameter) = active("deny pod if join([\"a\"], $0\n").expect("a call");
    assert_ne!(parameter, "list: list");
    assert_eq!(active("deny pod if joi$0n([\"a\"], \",\") == \"x\""), None);
}

#[test]
fn diagnostics_have_their_fixes() {
    let mut project = Project::one("deny Podd if spec.hostNetwork\ndeny pod if spec.hostNetwrk\n");
    let (file, _, all) = project.spot();
    let findings = diagnostics::policy(&file, &refs(&all), &[]);
    assert_eq!(findings.iter().map(|it| it.code).collect::<Vec<_>>(), ["AIP0206", "AIP0301"]);
    let offered = actions::quick_fixes(&findings, &(6..6));
    assert_eq!(offered[0].fix.title, "write `Pod`");
    assert!(offered[0].preferred);
    let all = actions::fix_all(&findings);
    assert_eq!((all.count, all.edits.len()), (2, 2));
}

#[test]
fn files_of_a_project_are_seen_together() {
    let twin = "policy images {\n  deny pod if image !~ \"a/*\"\n}\n";
    let mut project = Project::of(&[("a.aip", twin), ("b.aip", twin)]);
    let (file, _, all) = project.spot();
    let findings = diagnostics::policy(&file, &refs(&all), &[]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].code == "AIP0705" && findings[0].message.contains("b.aip"), "{findings:?}");
}

#[test]
fn limits_of_a_target_show_while_typing() {
    let mut project = Project::one("deny pod if \"admin\" in user.roles\n");
    let (file, _, all) = project.spot();
    assert!(diagnostics::policy(&file, &refs(&all), &[]).is_empty());
    let findings = diagnostics::policy(&file, &refs(&all), &[Target::Kyverno]);
    assert_eq!(findings[0].code, "AIP0601");
}

#[test]
fn manifests_show_what_the_policies_say() {
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: c\n    image: busybox\n";
    let mut project = Project::of(&[
        (
            "a.aip",
            "deny pod if image !~ \"a/*\"\n  message \"not ours: {image}\"\n\npolicy p {\n  mutate pod { default label.team = \"x\" }\n}\n",
        ),
        ("pod.yaml", manifest),
    ]);
    let path = project.path("pod.yaml");
    let findings = manifest::findings(&mut project.workspace, &path);
    let denied = findings.iter().find(|it| it.message.contains("not ours")).expect("it is denied");
    assert_eq!(&manifest[denied.range.clone()], "busybox");
    assert_eq!(denied.related[0].0.path, project.path("a.aip"));
    let changed = findings.iter().find(|it| it.message.contains("admission changes")).expect("it is changed");
    assert!(changed.fixes[0].edits[0].text.contains("\"labels\": {\"team\":\"x\"}"), "{changed:?}");

    let chart = "services:\n  web: {image: busybox}\n";
    let mut project = Project::of(&[("a.aip", "deny pod if true\n"), ("compose.yaml", chart)]);
    let path = project.path("compose.yaml");
    assert!(manifest::findings(&mut project.workspace, &path).is_empty());
}

#[test]
fn a_preview_knows_which_lines_belong_together() {
    let text =
        "policy p {\n  rule a: deny pod if spec.hostNetwork\n\n  rule b: deny pod if spec.hostPID\n}\n";
    let mut project = Project::one(text);
    let (file, ..) = project.spot();
    for (target, kinds) in [(Target::KyvernoLegacy, 1), (Target::Kyverno, 2)] {
        let shown = preview::preview(&file, target).expect("it compiles");
        assert_eq!(shown.yaml.matches("\nkind: ").count(), kinds);
        let lines: Vec<&str> = shown.yaml.lines().collect();
        for (source, field) in [(1, "hostNetwork"), (3, "hostPID")] {
            let region = shown.regions.iter().find(|it| it.source == source).expect("the rule has lines");
            let part = lines[region.output.start as usize..region.output.end as usize].join("\n");
            assert!(part.contains(field), "{part}");
            assert!(lines[region.output.start as usize].trim_start().starts_with("# "), "{part}");
        }
    }
    let mut project = Project::one("deny pod if \"admin\" in user.roles\n");
    let (file, ..) = project.spot();
    assert!(preview::preview(&file, Target::KyvernoLegacy).is_ok());
    let said = preview::preview(&file, Target::Kyverno).expect_err("it cannot be said there");
    assert!(said[0].starts_with("AIP0601"), "{said:?}");
}

#[test]
fn lenses_tell_what_rules_say_of_the_manifests() {
    let pod = |name: &str, image: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n  - name: c\n    image: {image}\n"
        )
    };
    let (good, bad) = (pod("good", "a/x"), pod("bad", "b/x"));
    let mut project = Project::of(&[
        (
            "a.aip",
            "policy p {\n  rule ours: deny pod if image !~ \"a/*\"\n}\n\ntest \"t\" {\n  expect allow Pod { spec: { containers: [{ name: \"a\", image: \"a/x\" }] } }\n}\n",
        ),
        ("good.yaml", &good),
        ("bad.yaml", &bad),
    ]);
    let path = project.path("a.aip");
    let verdicts = project.workspace.verdicts(&path);
    let file = project.file(&path);
    let lenses = lens::lenses(&file, &verdicts);
    let titles: Vec<&str> = lenses.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(titles, ["Show what it compiles to", "1 pass, 1 fail: bad.yaml", "Run test"]);
    let lens::Action::Failures(places) = &lenses[1].action else { panic!("{lenses:?}") };
    assert_eq!(places, &[(project.path("bad.yaml"), 7, "Pod bad".to_string())]);

    // No line goes while the file is wrong.
    let broken = "policy p {\n  rule ours: deny pod if imag\n}\n";
    let mut project = Project::of(&[("a.aip", broken), ("good.yaml", &good)]);
    let path = project.path("a.aip");
    let verdicts = project.workspace.verdicts(&path);
    let lenses = lens::lenses(&project.file(&path), &verdicts);
    let titles: Vec<&str> = lenses.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(titles, ["Show what it compiles to", "no verdict while the file has mistakes"]);
}

/// The tree that explains what is at the cursor: outcome, label and detail a line; `◀` marks what decided.
fn explained(files: &[(&str, &str)]) -> String {
    fn line(node: &explain::Node, depth: usize, out: &mut String) {
        let mark = if node.deciding { " ◀" } else { "" };
        let detail = if node.detail.is_empty() { String::new() } else { format!("  ({})", node.detail) };
        out.push_str(&format!("{}{}: {}{detail}{mark}\n", "  ".repeat(depth), node.outcome, node.label));
        node.children.iter().for_each(|it| line(it, depth + 1, out));
    }
    let mut project = Project::of(files);
    let (path, offset) = project.cursor.clone();
    let mut out = String::new();
    if let Some(node) = explain::at(&mut project.workspace, &path, offset) {
        line(&node, 0, &mut out);
    }
    out
}

const TWO_PODS: (&str, &str) = (
    "pods.yaml",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  hostNetwork: true\n  containers:\n  - {name: a, image: \
     ours/a}\n  - {name: b, image: theirs/b}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: good}\nspec:\n  containers:\n  \
     - {name: a, image: ours/a}\n",
);

#[test]
fn a_verdict_is_explained_condition_by_condition() {
    let policy =
        "rule r: deny p$0od where not metadata.name in [\"x\"] if spec.hostNetwork and image !~ \"ours/*\"\n";
    let found = explained(&[("a.aip", policy), TWO_PODS]);
    insta::assert_snapshot!(found);
}

#[test]
fn explanations_follow_elements_quantifiers_functions_and_requirements() {
    let policies = [
        "rule r: deny conta$0iner where name != \"b\" if image ~ \"ours/*\"\n",
        "rule r: requi$0re pod that not (spec.hostNetwork or any c in spec.containers: c.name == \"b\")\n",
        "fn foreign(c: Container) = c.image !~ \"ours/*\"\nrule r: de$0ny pod if any c in spec.containers: foreign(c)\n",
        "rule r: requi$0re pod that (spec.hostname == \"x\" or missing) and every n in [1, 2]: count(spec.containers) != n\n",
        "rule r: de$0ny Pod with names = [c.name for c in spec.containers] if \"b\" in names\n",
        "rule r: mut$0ate pod where spec.hostNetwork { set spec.hostPID = false }\n",
        "rule r: del$0ete pod if spec.hostNetwork every \"0 * * * *\"\n",
    ];
    let mut found = String::new();
    for policy in policies {
        let told = explained(&[("a.aip", policy), TWO_PODS]);
        found.push_str(&format!("{}{told}\n", policy.replace("$0", "")));
    }
    insta::assert_snapshot!(found);
}

#[test]
fn the_object_at_the_cursor_is_explained_and_secrets_are_not() {
    let policy =
        "policy p {\n  deny Secret if data[\"token\"] == \"aGlkZGVu\"\n  deny Pod if spec.hostNetwork\n}\n";
    let secret = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n---\napiVersion: v1\nkind: Secret\nmetadata: \
                  {name: s}\ndata:\n  tok$0en: aGlkZGVu\n";
    let found = explained(&[("a.aip", policy), ("secret.yaml", secret)]);
    assert!(found.starts_with("fail: Secret s  (1 rule speaks of it)\n  fail: p/"), "{found}");
    assert!(found.contains("data.token = ***") && found.matches("aGlkZGVu").count() == 1, "{found}");
    assert_eq!(explained(&[("a.aip", "// no r$0ule\n"), TWO_PODS]), "");
    assert_eq!(
        explained(&[("a.aip", "rule r: deny p$0od if image ~ \"x\"\n")]),
        "pass: a/r  (the workspace has no manifests)\n"
    );
}

#[test]
fn the_type_of_a_value_has_a_page() {
    let page = |text: &str| {
        let mut project = Project::one(text);
        let (file, offset, _) = project.spot();
        types::definition(&file, offset).map(|it| (it.path.to_string_lossy().into_owned(), it.text))
    };
    let (path, text) = page("deny pod if any co$0n in spec.containers: con.image == \"x\"").expect("a page");
    assert_eq!(path, "<types/core/v1/Container>");
    assert!(text.contains("## imagePullPolicy\n\n```aip\nimagePullPolicy: "), "{text}");
    let (path, _) = page("deny pod if empty spec.contai$0ners").expect("a page");
    assert_eq!(path, "<types/core/v1/Container>", "of the elements");
    let (path, _) = page("deny Depl$0oyment if spec.replicas > 3").expect("a page");
    assert_eq!(path, "<types/apps/v1/Deployment>");
    assert_eq!(page("deny pod if spec.hostN$0etwork"), None, "a type without fields");
    let declared = page("kind Pod = \"v1/Pod\"\ndeny P$0od if spec.hostNetwork").expect("the item");
    assert!(declared.0.ends_with("a.aip"), "{}", declared.0);
}
