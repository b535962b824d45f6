// Why a rule says what it says.

const assert = require("assert");
const vscode = require("vscode");
const { api, execute, found, open, until, write } = require("../desk");

const POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  hostNetwork: true\n  containers:\n  - name: c\n    image: b/x\n";
const POLICY = 'policy p {\n  rule ours: deny pod if spec.hostNetwork and image !~ "a/*"\n}\n';

const tree = () => until("the tree", () => api().verdicts.lines().length > 0 && api().verdicts.lines());

module.exports = {
  async "a rule's verdicts are explained as a tree, with what decided"() {
    await write("pod.yaml", POD);
    const { document, editor } = await open("a.aip", POLICY);
    await until("the server", async () => (await execute("CodeLensProvider", document.uri, 20)).some((it) => /1 fail/.test(it.command?.title)));
    editor.selection = new vscode.Selection(1, 20, 1, 20);
    assert.equal(await vscode.commands.executeCommand("aipc.explainVerdict"), true);
    assert.deepEqual(await tree(), [
      "fail: p/ours",
      "  fail: Pod web",
      '    true: spec.hostNetwork and image !~ "a/*"',
      "      true: spec.hostNetwork",
      '      true: image !~ "a/*"',
      '        true: spec.containers[0].image = "b/x" ◀',
    ]);
  },
  async "a finding in a manifest offers to explain itself"() {
    await write("a.aip", POLICY);
    const { document } = await open("pod.yaml", POD);
    const [denied] = await found(document.uri, (it) => it.length > 0);
    const actions = await execute("CodeActionProvider", document.uri, denied.range, "quickfix");
    const action = actions.find((it) => it.title === "Explain this verdict");
    assert.ok(action, JSON.stringify(actions.map((it) => it.title)));
    assert.equal(await vscode.commands.executeCommand(action.command.command, ...action.command.arguments), true);
    assert.deepEqual((await tree()).slice(0, 2), ["fail: Pod web", "  fail: p/ours"]);
  },
  async "where there is no rule, nothing is explained"() {
    const { document } = await open("a.aip", `let a = 1\n${POLICY}`);
    await until("the server", async () => (await execute("DocumentSymbolProvider", document.uri))?.length > 0);
    assert.equal(await vscode.commands.executeCommand("aipc.explainVerdict", document.uri, 0, 0), false);
    await vscode.commands.executeCommand("notifications.clearAll");
  },
};
