// What is wrong, and its repair.

const assert = require("assert");
const vscode = require("vscode");
const { codes, execute, file, found, open, replace, until, whole, withSetting, write } = require("../desk");

const MISTAKES = `policy p {
  rule a: deny pod if spec.hostNetwrk
  rule b: deny podd if spec.hostPID
  rule c: deny container if imagePullPolicy == "Allways"
}
`;

module.exports = {
  async "a mistake has its place, its code and its page"() {
    const { document } = await open("a.aip", "deny podd if spec.hostNetwork\n");
    const [first] = await found(document.uri, (it) => it.length === 1);
    assert.equal(document.getText(first.range), "podd");
    assert.equal(first.severity, vscode.DiagnosticSeverity.Error);
    assert.equal(first.code.value, "AIP0206");
    const page = await vscode.workspace.openTextDocument(first.code.target);
    assert.match(page.getText(), /AIP0206/);
  },
  async "a mistake has its repair"() {
    const { document } = await open("a.aip", "deny podd if spec.hostNetwork\n");
    const [first] = await found(document.uri, (it) => it.length === 1);
    const actions = await execute("CodeActionProvider", document.uri, first.range, "quickfix");
    const fix = actions.find((it) => it.title === "write `pod`");
    assert.ok(fix && fix.isPreferred, JSON.stringify(actions.map((it) => it.title)));
    await vscode.workspace.applyEdit(fix.edit);
    await found(document.uri, (it) => it.length === 0);
    assert.equal(document.getText(), "deny pod if spec.hostNetwork\n");
  },
  async "all mistakes are told at once, and none stays when it is mended"() {
    const { document, editor } = await open("a.aip", MISTAKES);
    const list = await found(document.uri, (it) => it.length === 3);
    assert.deepEqual(codes(list).sort(), ["AIP0206", "AIP0301", "AIP0307"]);
    await replace(editor, "podd", "pod");
    assert.deepEqual(codes(await found(document.uri, (it) => it.length === 2)).sort(), ["AIP0301", "AIP0307"]);
    await replace(editor, "Allways", "Always");
    await replace(editor, "hostNetwrk", "hostNetwork");
    await found(document.uri, (it) => it.length === 0);
  },
  async "one command repairs all that is safe"() {
    const { document } = await open("a.aip", MISTAKES);
    await found(document.uri, (it) => it.length === 3);
    // VS Code gives the command up where the window gets or loses the focus meanwhile.
    await until("the repairs", async () => {
      await vscode.commands.executeCommand("editor.action.fixAll");
      return !/hostNetwrk|podd|Allways/.test(document.getText());
    });
    await found(document.uri, (it) => it.length === 0);
    assert.match(document.getText(), /spec\.hostNetwork\n.*deny pod .*\n.*"Always"\n/);
  },
  async "a mistake leads to the other place that it is about"() {
    const { document } = await open("a.aip", 'let a = "x"\nlet a = "y"\ndeny pod if image == a\n');
    const list = await found(document.uri, (it) => codes(it).includes("AIP0203"));
    const [related] = list.find((it) => it.code.value === "AIP0203").relatedInformation;
    assert.equal(related.location.uri.path, file("a.aip").path);
    assert.equal(related.location.range.start.line, 0);
    assert.match(related.message, /first declared here/);
  },
  async "text that does nothing is greyed"() {
    const { document } = await open("a.aip", "deny pod if spec.hostNetwork\n/// stray\n");
    const [stray] = await found(document.uri, (it) => it.length === 1);
    assert.deepEqual(stray.tags, [vscode.DiagnosticTag.Unnecessary]);
    assert.equal(stray.severity, vscode.DiagnosticSeverity.Warning);
  },
  async "fields that the cluster's version lacks are struck through"() {
    await write("aip.toml", '[cluster]\nkubernetes = "1.30"\n');
    const { document } = await open("a.aip", 'deny pod if spec.hostnameOverride == "a"\n');
    const [field] = await found(document.uri, (it) => it.length === 1);
    assert.deepEqual(field.tags, [vscode.DiagnosticTag.Deprecated]);
    assert.equal(document.getText(field.range), "hostnameOverride");
  },
  async "what the chosen target cannot say is found"() {
    const { document } = await open("a.aip", 'deny pod if "admin" in user.roles\n');
    await until("the server", async () => (await execute("DocumentSymbolProvider", document.uri))?.length === 1);
    assert.deepEqual(vscode.languages.getDiagnostics(document.uri), []);
    await withSetting("target", "kyverno", () => found(document.uri, (it) => codes(it).includes("AIP0601")));
    await found(document.uri, (it) => it.length === 0);
  },
  async "a mistake of a used file is told in that file, and mended from there"() {
    const lib = await open("lib.aip", 'let allowed = ["a/*"]\n');
    const { document } = await open("a.aip", 'use "./lib"\ndeny pod if image !~ lib.allowed\n');
    await until("the server", async () => (await execute("HoverProvider", document.uri, new vscode.Position(1, 27))).length > 0);
    assert.deepEqual(vscode.languages.getDiagnostics(document.uri), []);
    await replace(lib, "allowed", "permitted");
    await found(document.uri, (it) => it.length === 1);
    await replace(lib, "permitted", "allowed");
    await found(document.uri, (it) => it.length === 0);
    assert.equal((await execute("CodeActionProvider", document.uri, whole, "quickfix")).length, 0);
  },
};
