//! Random edits: the server lives, and knows the same as one that opens the text afresh.

use std::fmt::Write;

use serde_json::{Value, json};

use super::client::{Client, Folder};
use crate::support::random::Random;

/// What is typed: pieces of policies, line ends of each kind, letters of each width.
const PIECES: &[&str] = &[
    "deny pod if image !~ \"a/*\"\n",
    "require container that has resources.limits\r\n",
    "policy p {\n  severity high\n",
    "}\n",
    "let x = [\"a\", \"\u{1f600}\"]\n",
    "message \"ö {image} \u{1f600}\"",
    "test \"t\" {\n  expect deny Pod { spec: { containers: [] } }\n}\r\n",
    "spec.",
    "\"",
    "{",
    "(",
    "\r",
    "\n",
    " ",
    "\u{1f600}",
    "and ",
    "every c in container: ",
    "// words\n",
    "generate Secret \"s\" in \"n\" for Namespace {\n",
];

/// What is asked and not waited for.
const CANCELLED: &[&str] = &[
    "textDocument/hover",
    "textDocument/completion",
    "textDocument/definition",
    "textDocument/semanticTokens/full",
    "textDocument/documentSymbol",
    "aipc/explainVerdict",
];

/// How many edits each seed makes; the long run is that of the continuous integration.
fn edits() -> usize {
    let asked = std::env::var("AIPC_EDITS").ok().and_then(|it| it.parse().ok());
    asked.unwrap_or(1_000)
}

#[test]
fn after_any_edits_the_server_knows_what_a_fresh_one_knows() {
    let seeds: u64 = std::env::var("AIPC_EDIT_SEEDS").ok().and_then(|it| it.parse().ok()).unwrap_or(2);
    for seed in 0..seeds {
        session(seed, edits());
    }
}

fn session(seed: u64, edits: usize) {
    let folder = Folder::new(&format!("edits-{seed}"));
    let mut random = Random::new(seed);
    let mut client = Client::start(&folder.0, json!({}));
    let uri = folder.file("a.aip", "");
    client.open(&uri, "aip", "");
    // The text as the protocol has it: UTF-16, lines that end in three ways.
    let mut text: Vec<u16> = Vec::new();
    let mut version = 1;
    for number in 1..=edits {
        let (from, to) = (random.below(text.len() + 3), random.below(text.len() + 3));
        let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 40));
        let piece = if random.below(3) == 0 { "" } else { PIECES[random.below(PIECES.len())] };
        let piece = if text.len() > 4_000 { "" } else { piece };
        let (start, end) = (place(&text, from), place(&text, to));
        let (mut from, mut to) = (written(start, &text, &mut random), written(end, &text, &mut random));
        // A range that runs backwards means the same.
        if random.below(8) == 0 {
            std::mem::swap(&mut from, &mut to);
        }
        let change = json!({ "range": { "start": from, "end": to }, "text": piece });
        text.splice(start..end, piece.encode_utf16());
        version += 1;
        client.notify(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [change] }),
        );
        match random.below(20) {
            0 => {
                let at = json!({ "textDocument": { "uri": uri }, "position": position(start, &text) });
                let id = client.begin(CANCELLED[random.below(CANCELLED.len())], at);
                client.notify("$/cancelRequest", json!({ "id": id }));
                // Of one that is over or never was, there is nothing to cancel.
                client.notify("$/cancelRequest", json!({ "id": id - 1 }));
                client.notify("$/cancelRequest", json!({ "id": format!("n{id}") }));
            }
            1 => {
                let at = json!({ "textDocument": { "uri": uri }, "position": position(start, &text) });
                client.request("textDocument/completion", at).expect("an answer");
            }
            _ => {}
        }
        if number % 1_000 == 0 || number == edits {
            compare(&mut client, &folder, &uri, version, &text, &format!("seed {seed}, edit {number}"));
        }
    }
    assert!(client.log.iter().all(|it| !it.contains("fault")), "seed {seed}: {:?}", client.log);
    assert_eq!(client.goodbye(), Some(0));
}

/// The same text, opened afresh, has the same findings, folds and tokens.
fn compare(client: &mut Client, folder: &Folder, uri: &str, version: i64, text: &[u16], what: &str) {
    let whole = String::from_utf16(text).expect("no half of a pair was left");
    let fresh_folder = Folder::new(&format!("fresh-{}", folder.0.file_name().map_or(0, |it| it.len())));
    let mut fresh = Client::start(&fresh_folder.0, json!({}));
    // The name is part of what is said.
    let fresh_uri = fresh_folder.file("a.aip", "");
    fresh.open(&fresh_uri, "aip", &whole);
    let known = client.diagnostics(uri, version);
    let expected = fresh.diagnostics(&fresh_uri, 1);
    let shown = |list: &[Value]| {
        list.iter().fold(String::new(), |mut out, it| {
            let _ = writeln!(out, "{} {} {}", it["range"], it["code"], it["message"]);
            out
        })
    };
    assert_eq!(shown(&known), shown(&expected), "{what}: {whole:?}");
    for method in [
        "textDocument/foldingRange",
        "textDocument/semanticTokens/full",
        "textDocument/documentSymbol",
        "textDocument/codeLens",
        "textDocument/documentLink",
    ] {
        let ask = |client: &mut Client, uri: &str| {
            let mut answer = client.request(method, json!({ "textDocument": { "uri": uri } })).expect(method);
            if let Some(answer) = answer.as_object_mut() {
                answer.remove("resultId");
            }
            answer
        };
        assert_eq!(ask(client, uri), ask(&mut fresh, &fresh_uri), "{what}: {method}");
    }
}

/// Where an editor can have its cursor: not within a pair, and not between `\r` and `\n`.
fn place(text: &[u16], at: usize) -> usize {
    let mut at = at.min(text.len());
    let is_low = |unit: Option<&u16>| unit.is_some_and(|it| (0xdc00..0xe000).contains(it));
    let in_line_end =
        |at: usize| at > 0 && text.get(at) == Some(&u16::from(b'\n')) && text[at - 1] == u16::from(b'\r');
    while at > 0 && (is_low(text.get(at)) || in_line_end(at)) {
        at -= 1;
    }
    at
}

/// A place as an editor writes it; now and then in a way that is not valid, and means the same.
fn written(at: usize, text: &[u16], random: &mut Random) -> Value {
    let mut written = position(at, text);
    let is_high = text.get(at).is_some_and(|it| (0xd800..0xdc00).contains(it));
    let is_line_end = text.get(at).is_none_or(|it| *it == u16::from(b'\r') || *it == u16::from(b'\n'));
    match random.below(4) {
        // Within a pair, which means before it.
        0 if is_high => written["character"] = json!(written["character"].as_u64().unwrap_or(0) + 1),
        // Beyond the end of the line, between `\r` and `\n` among others.
        0 if is_line_end => written["character"] = json!(99_999),
        1 if is_line_end => written["character"] = json!(written["character"].as_u64().unwrap_or(0) + 1),
        // Beyond the end of the text.
        2 if at == text.len() => written = json!({ "line": 99_999, "character": 3 }),
        _ => {}
    }
    written
}

fn position(at: usize, text: &[u16]) -> Value {
    let (mut line, mut start) = (0, 0);
    let mut index = 0;
    while index < at {
        let unit = text[index];
        let is_pair = unit == u16::from(b'\r') && text.get(index + 1) == Some(&u16::from(b'\n'));
        index += if is_pair { 2 } else { 1 };
        if unit == u16::from(b'\n') || unit == u16::from(b'\r') {
            line += 1;
            start = index;
        }
    }
    json!({ "line": line, "character": at.saturating_sub(start) })
}
