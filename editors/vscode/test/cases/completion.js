// What may stand at the cursor.

const assert = require("assert");
const vscode = require("vscode");
const { execute, found, open, until, write } = require("../desk");

/** The items at `|`, with their words, once one of them has a label. */
async function items(text, label, name = "a.aip") {
  const { document, position } = await open(name, text);
  const before = document.lineAt(position).text[position.character - 1] ?? "";
  const list = await until(`\`${label}\` at ${text}`, async () => {
    const it = await execute("CompletionItemProvider", document.uri, position, /[."]/.test(before) ? before : undefined, 200);
    return it.items.some((it) => it.label === label) && it.items;
  });
  return { list, item: list.find((it) => it.label === label), document, position };
}

const Kind = vscode.CompletionItemKind;

module.exports = {
  async "completion knows the fields of Kubernetes, with their types and words"() {
    const { item, list } = await items("deny container if securityContext.|\n", "runAsNonRoot");
    assert.equal(item.kind, Kind.Field);
    assert.equal(item.detail, "bool");
    assert.match(item.documentation.value, /container must run as a non-root user/);
    assert.ok(!list.some((it) => it.label === "hostNetwork"), "a field of Pods is not one of containers");
  },
  async "completion marks what an object must have"() {
    const text = 'test "t" {\n  expect deny Pod { spec: { containers: [{ | }] } }\n}\n';
    const { item } = await items(text, "name");
    assert.match(item.detail, /^required /);
    assert.equal(item.insertText.value, 'name: "$1"');
  },
  async "completion works within what is half written"() {
    const { item } = await items('policy p "T" {\n  rule a: deny container if not (securityContext.|\n', "privileged");
    assert.equal(item.kind, Kind.Field);
  },
  async "completion knows the values of closed sets"() {
    const { list, item } = await items('deny container if imagePullPolicy == "|"\n', "IfNotPresent");
    assert.equal(item.kind, Kind.EnumMember);
    assert.deepEqual(["Always", "IfNotPresent", "Never"].filter((it) => list.some((of) => of.label === it)).length, 3);
  },
  async "completion knows the words of the language, and patterns of whole rules"() {
    const { list, item } = await items("|\n", "deny …");
    assert.equal(item.kind, Kind.Snippet);
    assert.match(item.insertText.value, /^deny \$\{1:pod\} if /);
    assert.equal(list.find((it) => it.label === "deny").kind, Kind.Keyword);
    assert.ok(!list.some((it) => it.label === "if"), "`if` begins nothing");
  },
  async "completion knows kinds and views"() {
    const { list, item } = await items("deny D| if spec.hostNetwork\n", "DaemonSet");
    assert.equal(item.kind, Kind.Class);
    assert.equal(item.detail, "apps/v1");
    assert.equal(list.find((it) => it.label === "container").kind, Kind.Interface);
  },
  async "completion knows names and functions"() {
    const text = '/// Ours.\nlet allowed = ["a/*"]\ndeny pod if image !~ al|\n';
    const { list, item } = await items(text, "allowed");
    assert.equal(item.kind, Kind.Variable);
    assert.equal(item.documentation.value, "Ours.");
    const count = list.find((it) => it.label === "count");
    assert.equal(count.kind, Kind.Function);
    assert.match(count.insertText.value, /^count\(\$\{1:/);
  },
  async "completion brings the `use` of another file with its name"() {
    await write("lib.aip", 'let allowed = ["a/*"]\n');
    const { item, document } = await items("deny pod if image !~ al|\n", "lib.allowed");
    const [edit] = item.additionalTextEdits;
    assert.equal(edit.newText, 'use "./lib" as lib\n');
    const change = new vscode.WorkspaceEdit();
    change.set(document.uri, [edit, vscode.TextEdit.replace(item.range.replacing ?? item.range, item.insertText ?? item.label)]);
    await vscode.workspace.applyEdit(change);
    assert.equal(document.getText(), 'use "./lib" as lib\ndeny pod if image !~ lib.allowed\n');
    await found(document.uri, (it) => it.length === 0);
  },
  async "completion knows the keys of labels that the manifests have"() {
    await write("pod.yaml", 'apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {our-team: "models"}}\n');
    const { item } = await items("deny pod if metadata.labels.| == \"x\"\n", "our-team");
    assert.equal(item.kind, Kind.Field);
  },
  async "completion knows the files that can be used"() {
    await write("lib.aip", 'let allowed = ["a/*"]\n');
    const { list, item } = await items('use "|"\n', "./lib");
    assert.equal(item.kind, Kind.Module);
    assert.ok(list.some((it) => it.label.startsWith("std/")));
  },
  async "a suggestion that is taken is in the text"() {
    const { document } = await items("deny container if securityContext.runAsNonR|\n", "runAsNonRoot");
    await vscode.commands.executeCommand("editor.action.triggerSuggest");
    await until("the suggestion", async () => {
      await vscode.commands.executeCommand("acceptSelectedSuggestion");
      return document.getText().includes("runAsNonRoot");
    });
    assert.equal(document.getText(), "deny container if securityContext.runAsNonRoot\n");
  },
};
