// What a file compiles to, beside it.

const assert = require("assert");
const vscode = require("vscode");
const { execute, open, replace, until } = require("../desk");

const SOURCE = "policy p {\n  rule a: deny pod if spec.hostNetwork\n}\n";

/** The output of a source, where it is open. */
const output = ({ uri }) =>
  vscode.workspace.textDocuments.find((it) => it.uri.scheme === "aipc-preview" && it.uri.query === uri.toString() && !it.isClosed);

const outputEditor = () => vscode.window.visibleTextEditors.find((it) => it.document.uri.scheme === "aipc-preview");

/** Shows the output of a file. */
async function show(document) {
  await vscode.commands.executeCommand("aipc.preview", document.uri.toString());
  await until("the output", () => output(document)?.getText().includes("kind: "));
  return output(document);
}

module.exports = {
  async "the output stands beside the source, and follows it"() {
    const { document, editor } = await open("a.aip", SOURCE);
    const yaml = await show(document);
    assert.equal(yaml.languageId, "yaml");
    assert.match(yaml.getText(), /kind: ClusterPolicy/);
    assert.equal(outputEditor().viewColumn, vscode.ViewColumn.Two);
    await replace(editor, "spec.hostNetwork", "spec.hostPID");
    await until("the new output", () => yaml.getText().includes("hostPID"));
    assert.ok(!yaml.getText().includes("hostNetwork"));
  },
  async "the output says when it is stale"() {
    const { document, editor } = await open("a.aip", SOURCE);
    const yaml = await show(document);
    await replace(editor, "spec.", "spec.oops.");
    await until("the banner", () => yaml.getText().startsWith("# STALE"));
    assert.match(yaml.getText(), /AIP\d{4}.*oops/);
    assert.match(yaml.getText(), /kind: ClusterPolicy[^]*hostNetwork/);
    await replace(editor, "oops.", "");
    await until("the fresh output", () => !yaml.getText().startsWith("# STALE"));
  },
  async "the output follows the files that its source uses"() {
    const lib = await open("lib.aip", 'let allowed = ["first/*"]\n');
    const { document } = await open("a.aip", 'use "./lib"\ndeny pod if image !~ lib.allowed\n');
    const yaml = await show(document);
    assert.match(yaml.getText(), /first/);
    await replace(lib, "first", "second");
    await until("the output of the other file's change", () => yaml.getText().includes("second"));
  },
  async "the target of the output is chosen from a list"() {
    const { document } = await open("a.aip", SOURCE);
    const yaml = await show(document);
    let isOpen = false;
    const pick = async () => {
      isOpen = true;
      await vscode.commands.executeCommand("aipc.selectTarget");
      isOpen = false;
    };
    try {
      // The first of the list, once the list is open; VS Code closes it where the window loses the focus.
      await until("the choice", async () => {
        if (vscode.workspace.getConfiguration("aip").get("target") === "kyverno") return !isOpen;
        if (!isOpen) void pick();
        await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
        return false;
      });
      await until("the output of the other target", () => yaml.getText().includes("kind: ValidatingPolicy"));
    } finally {
      await vscode.workspace.getConfiguration("aip").update("target", undefined, vscode.ConfigurationTarget.Workspace);
    }
    await until("the output of the first target", () => yaml.getText().includes("kind: ClusterPolicy"));
  },
  async "the cursor in the source shows the lines of its rule in the output"() {
    const { document, editor } = await open("a.aip", rules(12));
    await show(document);
    const shows = (name) => {
      const text = output(document).getText().split("\n");
      const line = text.findIndex((it) => it.includes(`- name: ${name}`));
      return line > 0 && outputEditor().visibleRanges.some((it) => it.start.line <= line && line <= it.end.line);
    };
    const put = (line) => (editor.selection = new vscode.Selection(line, 4, line, 4));
    put(1);
    await until("the first rule", () => shows("r0") && !shows("r11"));
    put(12);
    await until("the last rule", () => shows("r11") && !shows("r0"));
  },
  async "the cursor in the output leads to the rule in the source"() {
    const { document, editor } = await open("a.aip", rules(12));
    await show(document);
    const line = output(document).getText().split("\n").findIndex((it) => it.includes("- name: r7"));
    const shown = await vscode.window.showTextDocument(output(document), { viewColumn: vscode.ViewColumn.Two });
    shown.selection = new vscode.Selection(line + 2, 0, line + 2, 0);
    await until("the rule", () => editor.selection.active.line === 8);
  },
  async "a lens shows the output"() {
    const { document } = await open("a.aip", SOURCE);
    const lens = await until("the lens", async () => {
      const it = await execute("CodeLensProvider", document.uri, 20);
      return it.find((it) => it.command?.command === "aipc.preview");
    });
    await vscode.commands.executeCommand(lens.command.command, ...lens.command.arguments);
    await until("the output", () => output(document)?.getText().includes("kind: ClusterPolicy"));
  },
};

/** A policy with rules from `r0` on, each in a line of its own. */
function rules(count) {
  const lines = Array.from({ length: count }, (_, at) => `  rule r${at}: deny pod if metadata.name == "n${at}"\n`);
  return `policy p {\n${lines.join("")}}\n`;
}
