//! What an editor can rely on: answers in the shapes of the protocol, order, and a server that lives.

use serde_json::{Value, json};

use super::client::{Client, Folder};

const POLICY: &str = "deny Podd if image !~ \"a/*\"\n";

fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

#[test]
fn findings_are_told_to_those_who_do_not_ask() {
    let folder = Folder::new("push");
    let mut client = Client::start(&folder.0, json!({}));
    assert_eq!(client.capabilities["positionEncoding"], "utf-16");
    assert!(client.capabilities.get("diagnosticProvider").is_none(), "never both");
    let uri = folder.file("a.aip", POLICY);
    client.open(&uri, "aip", POLICY);
    let found = client.diagnostics(&uri, 1);
    assert_eq!(found[0]["code"], "AIP0206");
    assert_eq!(found[0]["range"]["start"], json!({ "line": 0, "character": 5 }));

    let change = json!({ "range": { "start": { "line": 0, "character": 5 }, "end": { "line": 0, "character": 9 } }, "text": "pod" });
    client.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [change] }),
    );
    assert_eq!(client.diagnostics(&uri, 2), Vec::<Value>::new());
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn findings_are_for_those_who_ask() {
    let folder = Folder::new("pull");
    let can = json!({ "textDocument": { "diagnostic": {} }, "general": { "positionEncodings": ["utf-8"] } });
    let mut client = Client::start(&folder.0, can);
    assert_eq!(client.capabilities["positionEncoding"], "utf-8");
    let uri = folder.file("a.aip", POLICY);
    client.open(&uri, "aip", POLICY);
    let answer = client.request("textDocument/diagnostic", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(answer.expect("a report")["items"][0]["code"], "AIP0206");
    assert!(client.published.is_empty(), "nothing is told unasked");
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn every_offer_is_kept() {
    let folder = Folder::new("offers");
    let mut client = Client::start(&folder.0, json!({}));
    let text = "let allowed = [\"a/*\"]\n\npolicy p \"T\" {\n  deny pod if image !~ allowed and count(spec.containers) > 3\n}\n";
    let uri = folder.file("a.aip", text);
    client.open(&uri, "aip", text);
    let file = json!({ "textDocument": { "uri": uri } });
    let allowed = at(&uri, 3, 24);
    let with = |mut params: Value, more: Value| {
        if let (Some(params), Some(more)) = (params.as_object_mut(), more.as_object()) {
            params.extend(more.clone());
        }
        params
    };
    let whole =
        json!({ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } } });
    let asked = [
        ("textDocument/hover", allowed.clone()),
        ("textDocument/completion", at(&uri, 3, 29)),
        ("textDocument/signatureHelp", at(&uri, 3, 41)),
        ("textDocument/definition", allowed.clone()),
        (
            "textDocument/references",
            with(allowed.clone(), json!({ "context": { "includeDeclaration": true } })),
        ),
        ("textDocument/documentHighlight", allowed.clone()),
        ("textDocument/documentSymbol", file.clone()),
        ("workspace/symbol", json!({ "query": "p" })),
        (
            "textDocument/codeAction",
            with(with(file.clone(), whole.clone()), json!({ "context": { "diagnostics": [] } })),
        ),
        (
            "textDocument/formatting",
            with(file.clone(), json!({ "options": { "tabSize": 2, "insertSpaces": true } })),
        ),
        (
            "textDocument/rangeFormatting",
            with(
                with(file.clone(), whole.clone()),
                json!({ "options": { "tabSize": 2, "insertSpaces": true } }),
            ),
        ),
        ("textDocument/prepareRename", allowed.clone()),
        ("textDocument/rename", with(allowed, json!({ "newName": "trusted" }))),
        ("textDocument/foldingRange", file.clone()),
        (
            "textDocument/selectionRange",
            with(file.clone(), json!({ "positions": [{ "line": 3, "character": 24 }] })),
        ),
        ("textDocument/semanticTokens/full", file.clone()),
        ("textDocument/semanticTokens/full/delta", with(file.clone(), json!({ "previousResultId": "1" }))),
        ("textDocument/inlayHint", with(file, whole)),
    ];
    for (method, params) in asked {
        let answer = client.request(method, params).unwrap_or_else(|error| panic!("{method}: {error}"));
        assert!(!answer.is_null(), "{method} has an answer");
    }
    let answer =
        client.request("aipc/builtIn", json!({ "uri": "aipc:/std/prelude.aip" })).expect("the prelude");
    assert!(answer.as_str().is_some_and(|it| it.contains("view pod")), "{answer}");
    // What the schemas of Kubernetes have has a page.
    let place = client.request("textDocument/typeDefinition", at(&uri, 3, 48)).expect("a page");
    let page = client.request("aipc/builtIn", json!({ "uri": place["uri"] })).expect("its text");
    assert!(page.as_str().is_some_and(|it| it.starts_with("# Container\n")), "{place} {page}");
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn a_burst_of_keystrokes_ends_at_the_last_one() {
    let folder = Folder::new("burst");
    let mut client = Client::start(&folder.0, json!({}));
    let uri = folder.file("a.aip", "");
    client.open(&uri, "aip", "");
    for version in 2..302 {
        let end = version - 2;
        let place = json!({ "line": 0, "character": end });
        let change = json!({ "range": { "start": place, "end": place }, "text": "a" });
        client.notify(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [change] }),
        );
    }
    let folded = client.request(
        "textDocument/selectionRange",
        json!({ "textDocument": { "uri": uri }, "positions": [{ "line": 0, "character": 0 }] }),
    );
    let folded = folded.expect("an answer");
    assert_eq!(folded[0]["range"]["end"]["character"], 300, "all edits were made, in order");
    client.diagnostics(&uri, 301);
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn a_cancelled_request_is_answered_and_costs_nothing() {
    let folder = Folder::new("cancel");
    let mut client = Client::start(&folder.0, json!({}));
    let text = "deny pod if spec.hostNetwork\n".repeat(2_000);
    let uri = folder.file("a.aip", &text);
    client.open(&uri, "aip", &text);
    let slow = client.begin("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": uri } }));
    client.notify("$/cancelRequest", json!({ "id": slow }));
    // Cancelled, or already done.
    if let Err(error) = client.finish(slow) {
        assert_eq!(error["code"], -32800, "{error}");
    }
    assert!(client.request("textDocument/hover", at(&uri, 0, 20)).is_ok());
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn what_is_no_message_does_not_end_the_session() {
    let folder = Folder::new("garbage");
    let mut client = Client::start(&folder.0, json!({}));
    for text in ["{", "[]", "{\"jsonrpc\":\"2.0\"}", "null", "\u{1f600}"] {
        client.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }
    client.notify("textDocument/nonsense", json!({}));
    client.notify("$/unknown", json!({ "a": 1 }));
    let error = client.request("textDocument/nonsense", json!({})).expect_err("there is no such request");
    assert_eq!(error["code"], -32601, "{error}");
    let error = client.request("textDocument/hover", json!({ "textDocument": 7 })).expect_err("wrong params");
    assert_eq!(error["code"], -32602, "{error}");
    // Of a file that is not open there is nothing to say.
    assert_eq!(client.request("textDocument/hover", at("file:///gone.aip", 0, 0)), Ok(Value::Null));
    let uri = folder.file("a.aip", POLICY);
    client.open(&uri, "aip", POLICY);
    assert_eq!(client.diagnostics(&uri, 1).len(), 1);
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn an_end_without_goodbye_has_its_own_code() {
    let folder = Folder::new("exit");
    let mut client = Client::start(&folder.0, json!({}));
    client.notify("exit", Value::Null);
    assert_eq!(client.ended(), Some(1));
}

#[test]
fn manifests_and_settings_have_findings_too() {
    let folder = Folder::new("manifests");
    folder.file("a.aip", "deny pod if image !~ \"a/*\"\n  message \"not ours: {image}\"\n");
    let settings = "[cluster]\nkubernetes = \"0.9\"\n";
    let mut client = Client::start(&folder.0, json!({}));
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - image: busybox\n    name: c\n";
    let uri = folder.file("pod.yaml", manifest);
    client.open(&uri, "yaml", manifest);
    let found = client.diagnostics(&uri, 1);
    assert_eq!(found[0]["range"]["start"], json!({ "line": 5, "character": 11 }), "{found:?}");
    assert!(found[0]["message"].as_str().is_some_and(|it| it.contains("not ours: busybox")), "{found:?}");
    let uri = folder.file("aip.toml", settings);
    client.open(&uri, "toml", settings);
    assert_eq!(client.diagnostics(&uri, 1)[0]["code"], "AIP0703");
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn the_output_stays_while_the_source_is_broken() {
    let folder = Folder::new("preview");
    let mut client = Client::start(&folder.0, json!({ "experimental": { "aipcCommands": true } }));
    let text = "deny pod if spec.hostNetwork\n";
    let uri = folder.file("a.aip", text);
    client.open(&uri, "aip", text);
    let ask = |client: &mut Client| client.request("aipc/preview", json!({ "uri": uri })).expect("a preview");
    let fresh = ask(&mut client);
    assert_eq!(
        (&fresh["stale"], &fresh["target"], &fresh["version"]),
        (&json!(false), &json!("kyverno-legacy"), &json!(1))
    );
    assert!(fresh["text"].as_str().is_some_and(|it| it.contains("kind: ClusterPolicy")), "{fresh}");
    assert_eq!(fresh["regions"][0]["source"], 0);
    let broken = json!([{ "text": "deny pod if spec.hostNetwrk\n" }]);
    client.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": broken }),
    );
    let stale = ask(&mut client);
    assert_eq!(
        (&stale["stale"], &stale["text"], &stale["version"]),
        (&json!(true), &fresh["text"], &json!(2))
    );
    assert!(stale["problems"][0].as_str().is_some_and(|it| it.starts_with("AIP0301")), "{stale}");
    let error =
        client.request("aipc/preview", json!({ "uri": uri, "target": "nowhere" })).expect_err("no target");
    assert_eq!(error["code"], -32602);
    let lenses =
        client.request("textDocument/codeLens", json!({ "textDocument": { "uri": uri } })).expect("lenses");
    assert_eq!(lenses[0]["command"]["command"], "aipc.preview");
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn a_verdict_is_explained_on_request() {
    let folder = Folder::new("explain");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {hostNetwork: true}\n";
    let manifest = folder.file("pod.yaml", pod);
    let text = "deny pod if spec.hostNetwork\n";
    let uri = folder.file("a.aip", text);
    let mut client = Client::start(&folder.0, json!({}));
    client.open(&uri, "aip", text);
    client.open(&manifest, "yaml", pod);
    let tree = client.request("aipc/explainVerdict", at(&uri, 0, 20)).expect("a tree");
    let object = &tree["children"][0];
    assert_eq!((&object["label"], &object["outcome"]), (&json!("Pod web"), &json!("fail")), "{tree}");
    assert_eq!((&object["uri"], &object["range"]["start"]["line"]), (&json!(manifest), &json!(0)));
    let condition = &object["children"][0];
    assert_eq!(condition["detail"], "spec.hostNetwork = true");
    assert_eq!((&condition["uri"], &condition["deciding"]), (&json!(uri), &json!(true)));
    assert_eq!(condition["range"]["start"], json!({ "line": 0, "character": 12 }));
    let tree = client.request("aipc/explainVerdict", at(&manifest, 2, 0)).expect("a tree");
    assert_eq!(
        (&tree["label"], &tree["children"][0]["outcome"]),
        (&json!("Pod web"), &json!("fail")),
        "{tree}"
    );
    let nothing = client.request("aipc/explainVerdict", at("file:///gone.aip", 0, 0));
    assert_eq!(nothing, Ok(Value::Null));
    let error = client.request("aipc/explainVerdict", json!({ "uri": uri })).expect_err("no position");
    assert_eq!(error["code"], -32602);
    assert_eq!(client.goodbye(), Some(0));
}

/// The words of the lenses of a file.
fn lenses(client: &mut Client, uri: &str) -> Vec<String> {
    let params = json!({ "textDocument": { "uri": uri } });
    let found = client.request("textDocument/codeLens", params).expect("lenses");
    let title = |it: &Value| it["command"]["title"].as_str().unwrap_or_default().to_string();
    found.as_array().map(|it| it.iter().map(title).collect()).unwrap_or_default()
}

fn replace_all(client: &mut Client, uri: &str, version: i64, text: &str) {
    client.notify(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [{ "text": text }] }),
    );
}

#[test]
fn lenses_say_the_last_verdicts_while_typing_and_the_true_ones_in_the_end() {
    let folder = Folder::new("lenses");
    folder.file(
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: a}\nspec: {hostNetwork: true}\n",
    );
    let (denies, allows) = ("rule r: deny pod if spec.hostNetwork\n", "rule r: deny pod if spec.hostPID\n");
    let uri = folder.file("a.aip", denies);
    let refresh = json!({ "workspace": { "codeLens": { "refreshSupport": true } } });
    let mut client = Client::start(&folder.0, refresh);
    client.open(&uri, "aip", denies);
    let mut known = Vec::new();
    let mut until_refreshed = |client: &mut Client, wanted: &str| {
        let before = known.clone();
        // No answer but the last one and the true one.
        loop {
            let seen = client.lens_refreshes;
            let found = lenses(client, &uri);
            if found == [wanted] {
                known = found;
                return;
            }
            assert_eq!(found, before);
            client.until(|it| it.lens_refreshes > seen);
        }
    };
    until_refreshed(&mut client, "0 pass, 1 fail: pod.yaml");
    for version in 2..40 {
        replace_all(&mut client, &uri, version, if version % 2 == 0 { allows } else { denies });
    }
    replace_all(&mut client, &uri, 40, allows);
    until_refreshed(&mut client, "1 pass");
    // An exemption in another file, which arrives on disk.
    let exempt = folder.file("b.aip", "exempt a.r for pod until 2099-01-31 because \"ops: for now\"\n");
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": exempt, "type": 1 }] }));
    replace_all(&mut client, &uri, 41, denies);
    until_refreshed(&mut client, "0 pass");
    assert_eq!(client.goodbye(), Some(0));

    // Who cannot be told of a new answer gets none but the true one.
    let mut client = Client::start(&folder.0, json!({}));
    client.open(&uri, "aip", denies);
    assert_eq!(lenses(&mut client, &uri), ["0 pass"]);
    replace_all(&mut client, &uri, 2, "rule s: deny pod if spec.hostNetwork\n");
    assert_eq!(lenses(&mut client, &uri), ["0 pass, 1 fail: pod.yaml"]);
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn each_switch_of_the_settings_does_what_it_says() {
    let folder = Folder::new("switches");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {hostNetwork: true, containers: [{name: c, image: x}]}\n";
    let manifest = folder.file("pod.yaml", pod);
    let text = "let ours = [\"a/*\"]\ndeny container if image !~ ours\ndeny pod if image ~ \"x\"\n";
    let uri = folder.file("a.aip", text);
    let mut client = Client::start(&folder.0, json!({}));
    client.open(&uri, "aip", text);
    client.open(&manifest, "yaml", pod);
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    // The hints that are there, each by a part of its words; whether there are lenses; whether manifests have findings.
    let state = |client: &mut Client| {
        let asked = json!({ "textDocument": { "uri": uri }, "range": whole });
        let hints = client.request("textDocument/inlayHint", asked).expect("hints").to_string();
        let hints = [": list of string", "→ ", "any"].map(|it| hints.contains(it));
        let has_lenses = !lenses(client, &uri).is_empty();
        let asked = json!({ "textDocument": { "uri": manifest }, "position": { "line": 0, "character": 0 } });
        // The findings of before this answer are those under these settings.
        client.request("textDocument/hover", asked).expect("an answer");
        (hints, has_lenses)
    };
    assert_eq!(state(&mut client), ([true; 3], true));
    let without = |key: &str, hints: [bool; 3], has_lenses: bool, client: &mut Client| {
        let settings = match key.split_once('.') {
            Some((group, key)) => json!({ "aip": { group: { key: false } } }),
            None => json!({ "aip": {} }),
        };
        client.notify("workspace/didChangeConfiguration", json!({ "settings": settings }));
        assert_eq!(state(client), (hints, has_lenses), "{key}");
    };
    without("inlayHints.types", [false, true, true], true, &mut client);
    without("inlayHints.kinds", [true, false, true], true, &mut client);
    without("inlayHints.quantifiers", [true, true, false], true, &mut client);
    without("codeLens.enabled", [true; 3], false, &mut client);
    assert!(!client.diagnostics(&manifest, 1).is_empty(), "policies speak of the manifest");
    without("manifests.enabled", [true; 3], true, &mut client);
    let is_silent = |it: &mut Client| it.published.get(&manifest).is_some_and(|(_, found)| found.is_empty());
    client.until(is_silent);
    without("all on", [true; 3], true, &mut client);
    client.until(|it| !is_silent(it));
    // The target whose limits are findings, and whose output is shown.
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "aip": { "target": "kyverno" } } }),
    );
    let preview = client.request("aipc/preview", json!({ "uri": uri })).expect("a preview");
    assert_eq!(preview["target"], "kyverno");
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn tests_run_on_the_text_that_is_open() {
    let folder = Folder::new("run-tests");
    let text = "deny pod if spec.hostNetwork\n\ntest \"host\" {\n  expect deny Pod { spec: { hostNetwork: true } }\n}\n\n\
                test \"wrong\" {\n  expect deny Pod { spec: { hostNetwork: false } }\n}\n";
    let uri = folder.file("a.aip", "");
    let mut client = Client::start(&folder.0, json!({}));
    client.open(&uri, "aip", text);
    let file = json!({ "textDocument": { "uri": uri } });
    let run = client.request("aipc/runTests", file.clone()).expect("a run");
    assert_eq!((&run["version"], &run["problems"]), (&json!(1), &json!([])), "{run}");
    assert_eq!(
        (&run["tests"][0]["title"], &run["tests"][0]["passed"]),
        (&json!("host"), &json!(true)),
        "{run}"
    );
    let wrong = &run["tests"][1];
    assert_eq!((&wrong["passed"], &wrong["range"]["start"]["line"]), (&json!(false), &json!(6)));
    let failure = &wrong["failures"][0];
    assert_eq!(
        (&failure["expected"], &failure["range"]["start"]["line"]),
        (&json!("deny"), &json!(7)),
        "{failure}"
    );
    assert!(failure["actual"][0].as_str().is_some_and(|it| it.ends_with("allows it")), "{failure}");
    let mut one = file.clone();
    one["title"] = json!("host");
    let run = client.request("aipc/runTests", one).expect("a run");
    assert_eq!(run["tests"].as_array().map(Vec::len), Some(1), "{run}");
    replace_all(&mut client, &uri, 2, &text.replace("spec.hostNetwork\n", "spec.oops\n"));
    let run = client.request("aipc/runTests", file).expect("a run");
    assert!(run["problems"][0].as_str().is_some_and(|it| it.starts_with("AIP0301")), "{run}");
    assert_eq!(run["tests"], json!([]));
    assert_eq!(client.goodbye(), Some(0));
}

#[test]
fn paths_and_codes_are_links() {
    let folder = Folder::new("links");
    let lib = folder.file("lib.aip", "let a = 1\n");
    let text = "use \"./lib\" as lib\nuse \"std/ai/track-ownership\" as more\n// AIP0101, and not AIP01011 or AIP9999\n";
    let uri = folder.file("a.aip", text);
    let settings = folder.file("aip.toml", "[lints]\nAIP0403 = \"off\"\n");
    let mut client = Client::start(&folder.0, json!({}));
    client.open(&uri, "aip", text);
    client.open(&settings, "toml", "[lints]\nAIP0403 = \"off\"\n");
    let mut links = |uri: &str| {
        let asked = json!({ "textDocument": { "uri": uri } });
        let found = client.request("textDocument/documentLink", asked).expect("links");
        let link = |it: &Value| (it["range"]["start"].clone(), it["target"].as_str().map(str::to_string));
        found.as_array().map(|it| it.iter().map(link).collect::<Vec<_>>()).unwrap_or_default()
    };
    let at = |line: u32, character: u32| json!({ "line": line, "character": character });
    let expected = [
        (at(0, 5), Some(lib)),
        (at(1, 5), Some("aipc:/std/ai/track-ownership.aip".to_string())),
        (at(2, 3), Some("aipc:/explain/AIP0101.md".to_string())),
    ];
    assert_eq!(links(&uri), expected);
    assert_eq!(links(&settings), [(at(1, 0), Some("aipc:/explain/AIP0403.md".to_string()))]);
    assert_eq!(client.goodbye(), Some(0));
}
