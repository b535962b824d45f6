//! What the reader says, and where: each text with its findings, one a line.

use aipc_runtime::document::{DuplicateKeys, Read, ReadOptions, read};

/// `line:column severity kind: message`, with `(see line:column)` for a second place.
fn lines(read: &Read) -> Vec<String> {
    read.findings
        .iter()
        .map(|it| {
            let at = it.position;
            let see = it
                .related
                .map_or(String::new(), |related| format!(" (see {}:{})", related.line, related.column));
            format!("{}:{} {:?} {:?}: {}{see}", at.line, at.column, it.severity, it.kind, it.message)
        })
        .collect()
}

fn check(text: &str, expected: &[&str]) {
    let read = read("file.yaml", text.as_bytes(), &ReadOptions::default());
    assert_eq!(lines(&read), expected, "{text}");
}

/// A Pod with `rest` below it.
fn pod(rest: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\n{rest}")
}

#[test]
fn a_plain_manifest_has_no_findings() {
    check(&pod("metadata: {name: a}\nspec:\n  hostNetwork: true\n  priority: 0\n"), &[]);
    check("", &[]);
    check("# nothing\n---\n", &[]);
    check("{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}", &[]);
}

#[test]
fn duplicate_keys_name_both_lines() {
    check(
        &pod("metadata:\n  name: a\n  labels: {}\n  name: b\n"),
        &["6:3 Error DuplicateKey: the key `name` stands on line 4 already; \
           Kubernetes keeps this one (see 4:3)"],
    );
    let options = ReadOptions { duplicate_keys: DuplicateKeys::Last, ..ReadOptions::default() };
    let read = read("f", pod("a: 1\na: 2\n").as_bytes(), &options);
    assert!(!read.has_errors() && read.findings.len() == 1);
    let document = &read.documents[0];
    assert_eq!(document.to_json(document.root())["a"], 2);
}

#[test]
fn readings_that_differ_by_version_are_warned_about() {
    check(
        &pod("a: yes\nb: 0644\nc: 1_000\nd: 'no'\ne: 0b11\nf: 0x1F\ny: 1\n"),
        &[
            "3:4 Warning AmbiguousScalar: `yes` is the boolean true to Kubernetes \
             and text to readers of YAML 1.2",
            "4:4 Warning AmbiguousScalar: `0644` is the number 420 to Kubernetes \
             and a decimal number to readers of YAML 1.2",
            "5:4 Warning AmbiguousScalar: `1_000` is the number 1000 to Kubernetes \
             and text to readers of YAML 1.2",
            "7:4 Warning AmbiguousScalar: `0b11` is the number 3 to Kubernetes \
             and text to readers of YAML 1.2",
            "9:1 Warning AmbiguousScalar: `y` is the boolean true to Kubernetes \
             and text to readers of YAML 1.2",
        ],
    );
}

#[test]
fn numbers_that_kubernetes_changes_are_named() {
    check(
        &pod("a: 9007199254740993\nb: 9223372036854775808\nc: 18446744073709551616\nd: 1e30\n"),
        &[
            "3:4 Warning Precision: tools that read numbers as floats change the integer \
             `9007199254740993`",
            "4:4 Error Precision: Kubernetes cannot keep exactly the integer `9223372036854775808`",
            "5:4 Error Precision: Kubernetes cannot keep exactly the integer `18446744073709551616`",
        ],
    );
}

#[test]
fn what_is_no_value_or_key_is_an_error() {
    let no_float = "infinity and NaN are no values of JSON; quote them if text is meant";
    check(&pod("a: .inf\n"), &[&format!("3:4 Error Value: {no_float}")]);
    check(&pod("a:\n- .NaN\n"), &[&format!("4:3 Error Value: {no_float}")]);
    check(&pod("a: !!int x\n"), &["3:10 Error Value: `x` is not a value of the tag `!!int`"]);
    check(&pod("a: !!binary x\n"), &["3:13 Error Value: `x` is not base64"]);
    check(&pod("~: 1\n"), &["3:1 Error Key: null cannot be a key; quote it if text is meant"]);
    check(&pod("? [a]\n: 1\n"), &["3:3 Error Key: a list or a map cannot be a key"]);
    check(
        &pod("a: !secret x\n"),
        &["3:12 Warning UnknownTag: the tag `!secret` means nothing to Kubernetes"],
    );
}

#[test]
fn merge_keys_are_checked() {
    check(
        &pod("a: {<<: 1}\n"),
        &["3:9 Error MergeValue: a merge key `<<` takes a map, or a list of maps, \
           or aliases of maps"],
    );
    check(
        &pod("x: &x {b: 1}\nz:\n  b: 2\n  <<: *x\n"),
        &["5:3 Warning MergeOverride: the merge key `<<` below replaces the key `b`; \
           other readers keep it (see 3:8)"],
    );
    check(&pod("x: &x {b: 1}\nz:\n  <<: *x\n  b: 2\n"), &[]);
}

#[test]
fn aliases_need_their_anchor() {
    check(&pod("a: *x\n"), &["3:4 Error Alias: no anchor `&x` stands before this alias"]);
    check(&pod("a: &x\n  b: *x\n"), &["4:6 Error Alias: the alias `*x` stands inside its own anchor"]);
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    let text = format!("{}---\na: [1\n---\n{}", pod("metadata: {name: a}\n"), pod(""));
    let read = read("file.yaml", text.as_bytes(), &ReadOptions::default());
    assert_eq!(lines(&read), ["6:1 Error Syntax: expected `,` or `]`"]);
    assert_eq!(read.resources.len(), 2);
    assert_eq!(read.resources[1].position().line, 7);
}

#[test]
fn text_that_kubernetes_drops_is_an_error() {
    check(
        &format!("{}...\n{}", pod(""), pod("")),
        &["4:1 Error TrailingDocument: a document ended before this, and Kubernetes drops \
           what follows; put `---` between documents"],
    );
    check(
        "--- {apiVersion: v1, kind: Pod}\n---\napiVersion: v1\nkind: Pod\n",
        &["1:1 Error SeparatorText: only a comment may follow `---` on its line; \
           Kubernetes stops reading the file here, and this document is not read"],
    );
    check(
        "  apiVersion: v1\nkind: Pod\n",
        &[
            "1:3 Error NotAResource: this object has no `kind`",
            "2:1 Error TrailingDocument: a document ended before this, and Kubernetes drops \
             what follows; put `---` between documents",
        ],
    );
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    let said = |bytes: &[u8]| lines(&read("f", bytes, &ReadOptions::default()));
    assert_eq!(said(b"a: \xFF\n"), ["1:4 Error Encoding: these bytes are not UTF-8"]);
    assert_eq!(said(b"\xFF\xFEa\0"), ["1:1 Error Encoding: this file is UTF-16; save it as UTF-8"]);
    assert_eq!(said(b"a\0:\0"), ["1:2 Error Encoding: a NUL byte is not text; is this file UTF-16?"]);
    assert_eq!(
        said(b"a: b\nc: \x1B[0m\n"),
        ["2:4 Error Encoding: YAML does not allow this control character"]
    );
}

#[test]
fn what_is_no_object_is_an_error() {
    check("just text\n", &["1:1 Error NotAResource: this is not a Kubernetes object: an object is a map"]);
    check("a: 1\n", &["1:1 Error NotAResource: this object has no `kind`"]);
    check(
        "kind: List\nitems:\n- 1\n- {kind: Pod}\n",
        &["3:3 Error NotAResource: this is not a Kubernetes object: an object is a map"],
    );
    check("kind: List\nitems: {}\n", &["2:8 Error NotAResource: the items of a List must be a list"]);
}
