// What VS Code itself shows, one case for each feature. Runs in the extension host; `host.mjs` starts it.

const assert = require("assert");
const vscode = require("vscode");

// Each case has a project of its own.
let project = 0;
const file = (name) => vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, `case-${project}`, name);
const execute = (command, ...args) => vscode.commands.executeCommand(`vscode.execute${command}`, ...args);

/** The first answer that is good enough, within a time that a slow machine needs too. */
async function until(what, ask) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Opens a file with a text of its own, and gives the place of `|` in it. */
async function open(name, text) {
  const at = text.indexOf("|");
  const plain = at < 0 ? text : text.slice(0, at) + text.slice(at + 1);
  await vscode.workspace.fs.writeFile(file(name), Buffer.from(plain));
  const document = await vscode.workspace.openTextDocument(file(name));
  const editor = await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
  if (document.getText() !== plain) {
    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    await editor.edit((edit) => edit.replace(whole, plain));
  }
  return { document, editor, position: document.positionAt(Math.max(at, 0)) };
}

const found = (uri, test) =>
  until(`diagnostics of ${uri.path}`, () => {
    const list = vscode.languages.getDiagnostics(uri);
    return test(list) ? list : undefined;
  });

const cases = {
  async "a mistake has its place, its code and its repair"() {
    const { document } = await open("a.aip", "deny Podd if spec.hostNetwork\n");
    const [first] = await found(document.uri, (it) => it.length === 1);
    assert.equal(document.getText(first.range), "Podd");
    assert.equal(first.code.value, "AIP0206");
    const actions = await execute("CodeActionProvider", document.uri, first.range, "quickfix");
    const fix = actions.find((it) => it.title === "write `Pod`");
    assert.ok(fix && fix.isPreferred, JSON.stringify(actions.map((it) => it.title)));
    await vscode.workspace.applyEdit(fix.edit);
    await found(document.uri, (it) => it.every((it) => it.code.value !== "AIP0206"));
    const page = await vscode.workspace.openTextDocument(first.code.target);
    assert.match(page.getText(), /AIP0206/);
  },
  async "completion knows the fields of Kubernetes"() {
    const { document, position } = await open("a.aip", "deny container if securityContext.|\n");
    const list = await until("completion", async () => {
      const it = await execute("CompletionItemProvider", document.uri, position, ".", 100);
      return it.items.some((it) => it.label === "runAsNonRoot") && it;
    });
    const item = list.items.find((it) => it.label === "runAsNonRoot");
    assert.equal(item.detail, "bool");
    assert.match(item.documentation.value, /container must run as a non-root user/);
  },
  async "hover shows what a field is, and what a rule becomes"() {
    const { document, position } = await open("a.aip", "deny pod if spec.host|Network\n");
    const words = async (place) =>
      (await execute("HoverProvider", document.uri, place)).flatMap((it) => it.contents.map((it) => it.value)).join("\n");
    await until("hover", async () => (await words(position)).includes("Host networking"));
    assert.match(await words(new vscode.Position(0, 1)), /kind: ClusterPolicy/);
  },
  async "names lead to their declarations, and are renamed everywhere"() {
    await open("lib.aip", 'let allowed = ["a/*"]\n');
    const { document, position } = await open("a.aip", 'use "./lib"\ndeny pod if image !~ lib.allo|wed\n');
    const [place] = await until("definition", async () => {
      const it = await execute("DefinitionProvider", document.uri, position);
      return it.length > 0 && it;
    });
    assert.equal(place.uri.path, file("lib.aip").path);
    const uses = await execute("ReferenceProvider", document.uri, position);
    assert.equal(uses.length, 2);
    const edit = await execute("DocumentRenameProvider", document.uri, position, "trusted");
    assert.equal(edit.entries().length, 2);
    const marks = await execute("DocumentHighlights", document.uri, position);
    assert.equal(marks.length, 1);
  },
  async "the library opens as a document"() {
    const { document, position } = await open("a.aip", 'deny cont|ainer if image == "x"\n');
    const [place] = await until("definition", async () => {
      const it = await execute("DefinitionProvider", document.uri, position);
      return it.length > 0 && it;
    });
    assert.equal(place.uri.scheme, "aipc");
    const library = await vscode.workspace.openTextDocument(place.uri);
    assert.match(library.getText(), /view container of pod/);
  },
  async "signatures, symbols, folds, selections"() {
    const text = 'policy p "T" {\n  rule r: deny pod if count(|spec.containers) > 3\n}\n';
    const { document, position } = await open("a.aip", text);
    const help = await until("signature", () => execute("SignatureHelpProvider", document.uri, position, "("));
    assert.match(help.signatures[0].label, /^count\(/);
    const symbols = await execute("DocumentSymbolProvider", document.uri);
    assert.deepEqual([symbols[0].name, symbols[0].children[0].name], ["p", "r"]);
    const folds = await execute("FoldingRangeProvider", document.uri);
    assert.deepEqual([folds[0].start, folds[0].end], [0, 2]);
    const [selection] = await execute("SelectionRangeProvider", document.uri, [position]);
    assert.ok(selection.parent.range.contains(selection.range));
    const all = await execute("WorkspaceSymbolProvider", "p");
    assert.ok(all.some((it) => it.name === "p"));
  },
  async "formatting, of a file and of a part"() {
    const { document } = await open("a.aip", "deny   pod if spec.hostNetwork\n\ndeny   pod if spec.hostPID\n");
    const options = { tabSize: 2, insertSpaces: true };
    const edits = await until("formatting", () => execute("FormatDocumentProvider", document.uri, options));
    assert.ok(edits.length > 0);
    const part = await execute("FormatRangeProvider", document.uri, new vscode.Range(0, 0, 0, 4), options);
    assert.ok(part.every((it) => it.range.end.line === 0));
  },
  async "tokens and hints"() {
    const { document } = await open("a.aip", 'let allowed = ["a/*"]\ndeny pod if image !~ allowed\n');
    const tokens = await until("tokens", () => vscode.commands.executeCommand("vscode.provideDocumentSemanticTokens", document.uri));
    assert.ok(tokens.data.length > 0 && tokens.data.length % 5 === 0);
    const whole = new vscode.Range(0, 0, 9, 0);
    const hints = await until("hints", async () => {
      const it = await vscode.commands.executeCommand("vscode.executeInlayHintProvider", document.uri, whole);
      return it.length >= 3 && it;
    });
    assert.ok(hints.some((it) => it.label === "any") && hints.some((it) => it.label === ": list of string"));
  },
  async "the output stands beside the source, follows it, and says when it is stale"() {
    const { document, editor } = await open("a.aip", "policy p {\n  rule a: deny pod if spec.hostNetwork\n}\n");
    await vscode.commands.executeCommand("aipc.preview", document.uri.toString());
    const output = () => vscode.workspace.textDocuments.find((it) => it.uri.scheme === "aipc-preview" && !it.isClosed);
    await until("the output", () => output()?.getText().includes("kind: ClusterPolicy"));
    assert.equal(output().languageId, "yaml");
    await editor.edit((edit) => edit.replace(new vscode.Range(1, 22, 1, 38), "spec.hostPID"));
    await until("the new output", () => output().getText().includes("hostPID"));
    await editor.edit((edit) => edit.insert(new vscode.Position(1, 22), "oops."));
    await until("the banner", () => output().getText().startsWith("# STALE"));
    assert.match(output().getText(), /hostPID/);
    await editor.edit((edit) => edit.delete(new vscode.Range(1, 22, 1, 27)));
    await until("the fresh output", () => !output().getText().startsWith("# STALE"));
  },
  async "lenses tell what rules say of the manifests, and manifests show it at the value"() {
    const pod = (name, image) =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers:\n  - name: c\n    image: ${image}\n`;
    await vscode.workspace.fs.writeFile(file("good.yaml"), Buffer.from(pod("good", "a/x")));
    const policy = await open("a.aip", 'policy p {\n  rule ours: deny pod if image !~ "a/*"\n    message "not ours: {image}"\n}\n');
    const bad = await open("bad.yaml", pod("bad", "b/x"));
    const list = await found(bad.document.uri, (it) => it.some((it) => it.message.includes("not ours: b/x")));
    const denied = list.find((it) => it.message.includes("not ours"));
    assert.equal(bad.document.getText(denied.range), "b/x");
    const lens = await until("the lens", async () => {
      const it = await execute("CodeLensProvider", policy.document.uri, 20);
      return it.find((it) => /1 fail: bad\.yaml/.test(it.command?.title ?? ""));
    });
    assert.equal(lens.command.command, "aipc.showFailures");
  },
  async "tests run from their lens"() {
    const test = (verdict) =>
      `deny pod if spec.hostNetwork\n\ntest "t" {\n  expect ${verdict} Pod { spec: { hostNetwork: true, containers: [] } }\n}\n`;
    const { document } = await open("tested.aip", test("deny"));
    await document.save();
    await until("the lens", async () => {
      const it = await execute("CodeLensProvider", document.uri, 20);
      return it.some((it) => it.command?.command === "aipc.runTest");
    });
    assert.equal(await vscode.commands.executeCommand("aipc.runTest", document.uri.toString(), "t"), true);
    assert.equal(await vscode.commands.executeCommand("aipc.runTest", document.uri.toString(), "nothing"), false);
  },
  async "the server starts again"() {
    await vscode.commands.executeCommand("aipc.restart");
    const { document } = await open("again.aip", "deny Podd if true\n");
    await found(document.uri, (it) => it.some((it) => it.code.value === "AIP0206"));
  },
};

exports.run = async function () {
  const extension = vscode.extensions.all.find((it) => it.packageJSON.name === "aipc");
  assert.ok(extension, "the extension is here");
  await vscode.workspace.getConfiguration("aip").update("server.path", process.env.AIPC ?? "", vscode.ConfigurationTarget.Global);
  await extension.activate();
  const failed = [];
  for (const [name, run] of Object.entries(cases)) {
    const began = Date.now();
    project += 1;
    await vscode.workspace.fs.writeFile(file("aip.toml"), Buffer.from(""));
    try {
      await run();
      console.log(`ok      ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failed.push(name);
      console.log(`FAILED  ${name}: ${error.stack ?? error}`);
    }
    await vscode.workspace.saveAll();
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  }
  console.log(`${Object.keys(cases).length - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0) throw new Error(`failed: ${failed.join("; ")}`);
};
