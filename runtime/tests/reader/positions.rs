//! Every node and key stands where its position says.

use aipc_runtime::document::{Document, NodeId, NodeValue, Position, ReadOptions, read};

/// Line, column and bytes agree with each other, and the bytes hold what the node is.
#[test]
fn positions_of_the_seeds_are_where_the_text_is() {
    for (name, text) in crate::mutate::SEEDS {
        let read = read(name, text.as_bytes(), &ReadOptions::default());
        assert!(!read.documents.is_empty(), "{name}: {:?}", read.findings);
        for document in &read.documents {
            walk(document, document.root(), &mut |position, value| {
                check(text, position, value, name);
            });
        }
    }
}

#[test]
fn columns_count_characters() {
    let text = "é: [日本, \"x\"]\r\n# c\r\n\r\nü:\r\n  - 'ä'\r\n";
    let read = read("t", text.as_bytes(), &ReadOptions::default());
    let document = &read.documents[0];
    let root = document.root();
    let at = |position: Position| {
        (position.line, position.column, &text[position.start as usize..position.end as usize])
    };
    assert_eq!(at(document.key_position(root, "é").unwrap()), (1, 1, "é"));
    let list = document.get(root, "é").unwrap();
    assert_eq!(at(document.position(list)), (1, 4, "[日本, \"x\"]"));
    let second = document.element(list, 1).unwrap();
    assert_eq!(at(document.position(second)), (1, 9, "\"x\""));
    assert_eq!(at(document.key_position(root, "ü").unwrap()), (4, 1, "ü"));
    let item = document.element(document.get(root, "ü").unwrap(), 0).unwrap();
    assert_eq!(at(document.position(item)), (5, 5, "'ä'"));
    assert_eq!(document.path(item), "[\"ü\"][0]");
}

#[test]
fn later_documents_and_aliases_have_their_own_places() {
    let text = "\u{feff}a: 1\n---\nx: &x\n  k: v\nw: *x\nz:\n  <<: *x\n";
    let read = read("t", text.as_bytes(), &ReadOptions::default());
    assert_eq!(read.documents.len(), 2);
    let first = &read.documents[0];
    assert_eq!(first.key_position(first.root(), "a").map(|it| (it.line, it.column)), Some((1, 1)));
    let second = &read.documents[1];
    let line_of = |path: &[&str]| {
        let node = second.get_path(second.root(), path).unwrap();
        let position = second.position(node);
        (position.line, position.column, second.path(node))
    };
    assert_eq!(line_of(&["x", "k"]), (4, 6, "x.k".to_owned()));
    assert_eq!(line_of(&["w"]), (5, 4, "w".to_owned()));
    assert_eq!(line_of(&["w", "k"]), (4, 6, "x.k".to_owned()));
    // A merged entry stands where its value is written, and has the path of its own map.
    assert_eq!(line_of(&["z", "k"]), (4, 6, "z.k".to_owned()));
}

fn walk<'a>(document: &'a Document, root: NodeId, see: &mut dyn FnMut(Position, NodeValue<'a>)) {
    let mut waiting = vec![root];
    while let Some(node) = waiting.pop() {
        if document.resolved(node) == node {
            see(document.position(node), document.value(node));
        }
        for (key, position, value) in document.entries(node) {
            see(position, NodeValue::Str(key));
            waiting.push(value);
        }
        waiting.extend(document.elements(node));
    }
}

fn check(text: &str, position: Position, value: NodeValue<'_>, name: &str) {
    let Position { line, column, start, end } = position;
    let before = &text[..start as usize];
    let covered = &text[start as usize..end as usize];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    assert_eq!(line as usize, before.matches('\n').count() + 1, "{name}: {covered}");
    assert_eq!(column as usize, before[line_start..].chars().count() + 1, "{name}: {covered}");
    match value {
        NodeValue::Str(text) if !covered.contains(['\n', '\\']) && !covered.starts_with(['*', '|', '>']) => {
            let bare = match covered.len() >= 2 && covered.starts_with(['"', '\'']) {
                true => covered[1..covered.len() - 1].replace("''", "'"),
                false => covered.to_owned(),
            };
            let is_typed_key = matches!(text, "true" | "false") || text.parse::<f64>().is_ok();
            let is_decoded = covered == "aGVsbG8=";
            assert!(
                bare == text || is_typed_key || is_decoded || covered.len() > 20,
                "{name}: {covered} {text}"
            );
        }
        NodeValue::Int(number) if covered.bytes().all(|byte| byte.is_ascii_digit()) => {
            if !covered.starts_with('0') {
                assert_eq!(covered, number.to_string(), "{name}");
            }
        }
        NodeValue::Bool(_) => assert!(covered.len() <= 5, "{name}: {covered}"),
        NodeValue::Seq { .. } if covered.starts_with('[') => assert!(covered.ends_with(']')),
        NodeValue::Map { .. } if covered.starts_with('{') => assert!(covered.ends_with('}')),
        NodeValue::Seq { len } | NodeValue::Map { len } => {
            assert!(len == 0 || !covered.trim().is_empty(), "{name}");
            assert_eq!(covered, covered.trim_end_matches('\n'), "{name}");
        }
        NodeValue::Null
        | NodeValue::Int(_)
        | NodeValue::Uint(_)
        | NodeValue::Float(_)
        | NodeValue::Str(_) => {}
    }
}
