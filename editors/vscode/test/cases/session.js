// The server and its settings; files of every sort.

const assert = require("assert");
const vscode = require("vscode");
const { api, codes, execute, file, found, open, until, withSetting, write } = require("../desk");

const isRunning = () => api().client()?.isRunning();

module.exports = {
  async "the server starts again"() {
    const before = api().client();
    await vscode.commands.executeCommand("aipc.restart");
    assert.notEqual(api().client(), before);
    const { document } = await open("again.aip", "deny Podd if true\n");
    await found(document.uri, (it) => codes(it).includes("AIP0206"));
  },
  async "a server that is not there is told, and the next one found"() {
    const set = (it) => vscode.workspace.getConfiguration("aip").update("server.path", it, vscode.ConfigurationTarget.Global);
    await set("/nowhere/aipc");
    try {
      await until("no server", () => !isRunning());
      const { document } = await open("a.aip", "deny Podd if true\n");
      assert.deepEqual(vscode.languages.getDiagnostics(document.uri), []);
    } finally {
      await set(process.env.AIPC);
    }
    await until("the server", isRunning);
    const { document } = await open("b.aip", "deny Podd if true\n");
    await found(document.uri, (it) => codes(it).includes("AIP0206"));
    await vscode.commands.executeCommand("notifications.clearAll");
  },
  async "the log says which server runs"() {
    await vscode.commands.executeCommand("aipc.showLog");
    const log = await until("the log", () => vscode.workspace.textDocuments.find((it) => it.uri.scheme === "output" && /aipc/.test(it.uri.path)));
    await until("the server in the log", () => log.getText().includes(`server: ${process.env.AIPC}`));
    await vscode.commands.executeCommand("workbench.action.closePanel");
  },
  async "every command that is offered is there"() {
    const commands = new Set(await vscode.commands.getCommands(true));
    const { contributes } = vscode.extensions.all.find((it) => it.packageJSON.name === "aipc").packageJSON;
    assert.ok(contributes.commands.length >= 5);
    for (const { command } of contributes.commands) assert.ok(commands.has(command), command);
    assert.match(api().client().initializeResult.serverInfo.version, /^\d+\.\d+\.\d+$/);
  },
  async "every setting has the default that it names"() {
    const { contributes } = vscode.extensions.all.find((it) => it.packageJSON.name === "aipc").packageJSON;
    for (const [name, row] of Object.entries(contributes.configuration.properties)) {
      assert.deepEqual(vscode.workspace.getConfiguration().inspect(name).defaultValue, row.default, name);
    }
  },
  async "lenses have their switch"() {
    const { document } = await open("a.aip", "deny pod if spec.hostPID\n");
    const lenses = async () => (await execute("CodeLensProvider", document.uri, 20)).length;
    await until("lenses", lenses);
    await withSetting("codeLens.enabled", false, () => until("no lenses", async () => (await lenses()) === 0));
    await until("lenses again", lenses);
  },
  async "a file that was never saved has all of it"() {
    const document = await vscode.workspace.openTextDocument({ language: "aip", content: "deny container if securityContext.\n" });
    await vscode.window.showTextDocument(document);
    await found(document.uri, (it) => it.length > 0);
    const list = await execute("CompletionItemProvider", document.uri, new vscode.Position(0, 34), ".");
    assert.ok(list.items.some((it) => it.label === "privileged"));
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  },
  async "a file outside of the workspace has all of it"() {
    const outside = vscode.Uri.file(`${require("os").tmpdir()}/aipc-outside-${process.pid}/a.aip`);
    await vscode.workspace.fs.writeFile(outside, Buffer.from("deny Podd if true\n"));
    const document = await vscode.workspace.openTextDocument(outside);
    await vscode.window.showTextDocument(document);
    await found(document.uri, (it) => codes(it).includes("AIP0206"));
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(outside, ".."), { recursive: true });
  },
  async "columns are right behind signs of every width, and lines with any end"() {
    const { document } = await open("a.aip", 'let a = "\u{1f600}é漢"  // \u{1f600}\r\ndeny Podd if image == "\u{1f600}" or spec.oops\r\n');
    const list = await found(document.uri, (it) => it.length >= 1);
    assert.ok(list.some((it) => document.getText(it.range) === "Podd"));
    const fixed = await open("b.aip", 'deny pod if spec.hostname == "\u{1f600}漢" or spec.hostNetwrk\r\n');
    const [field] = await found(fixed.document.uri, (it) => it.length === 1);
    assert.equal(fixed.document.getText(field.range), "hostNetwrk");
  },
  async "a file that changes on disk is noticed"() {
    await write("lib.aip", 'let permitted = ["a/*"]\n');
    const { document } = await open("a.aip", 'use "./lib"\ndeny pod if image !~ lib.allowed\n');
    await found(document.uri, (it) => it.length > 0);
    await write("lib.aip", 'let allowed = ["a/*"]\n');
    await found(document.uri, (it) => it.length === 0);
  },
  async "the project's settings have their findings"() {
    const { document } = await open("aip.toml", '[cluster]\nkubernetes = "0.9"\n');
    await found(document.uri, (it) => codes(it).includes("AIP0703"));
    assert.equal(document.uri.path, file("aip.toml").path);
  },
};
