// The shape of a text: its form, its parts, its colours, the words between its words.

const assert = require("assert");
const vscode = require("vscode");
const { api, execute, file, open, replace, until, whole, withSetting, write } = require("../desk");

const OPTIONS = { tabSize: 2, insertSpaces: true };

async function apply(document, edits) {
  const change = new vscode.WorkspaceEdit();
  change.set(document.uri, edits);
  await vscode.workspace.applyEdit(change);
}

const hints = (document) => vscode.commands.executeCommand("vscode.executeInlayHintProvider", document.uri, whole);

module.exports = {
  async "formatting gives a file its form, once"() {
    const { document } = await open("a.aip", 'policy   p{\nrule a:deny   pod if spec.hostNetwork\n\n\n\nrule b: deny pod if image=="a"   // why\n}\n');
    const edits = await until("formatting", () => execute("FormatDocumentProvider", document.uri, OPTIONS));
    await apply(document, edits);
    const formed = 'policy p {\n  rule a: deny pod if spec.hostNetwork\n\n  rule b: deny pod if image == "a"  // why\n}\n';
    assert.equal(document.getText(), formed);
    const again = await execute("FormatDocumentProvider", document.uri, OPTIONS);
    assert.deepEqual(again ?? [], []);
  },
  async "formatting of a part leaves the rest as it is"() {
    const { document } = await open("a.aip", "deny   pod if spec.hostNetwork\n\ndeny   pod if spec.hostPID\n");
    const edits = await until("formatting", () => execute("FormatRangeProvider", document.uri, new vscode.Range(0, 0, 0, 4), OPTIONS));
    await apply(document, edits);
    assert.equal(document.getText(), "deny pod if spec.hostNetwork\n\ndeny   pod if spec.hostPID\n");
  },
  async "formatting leaves a file with mistakes of its grammar alone"() {
    const { document } = await open("a.aip", "deny   pod if (\n");
    await until("the mistake", () => vscode.languages.getDiagnostics(document.uri).length > 0);
    const edits = await Promise.resolve(execute("FormatDocumentProvider", document.uri, OPTIONS)).catch(() => []);
    assert.deepEqual(edits ?? [], []);
  },
  async "blocks and comments fold"() {
    const text = '// one\n// two\npolicy p "T" {\n  rule r: deny pod if spec.hostPID\n}\n';
    const { document } = await open("a.aip", text);
    const folds = await until("folds", async () => {
      const it = await execute("FoldingRangeProvider", document.uri);
      return it?.length >= 2 && it;
    });
    assert.deepEqual(folds.map((it) => [it.start, it.end]), [[0, 1], [2, 4]]);
    assert.equal(folds[0].kind, vscode.FoldingRangeKind.Comment);
  },
  async "a selection grows from the word to the file"() {
    const { document, position } = await open("a.aip", 'policy p "T" {\n  rule r: deny pod if count(spec.conta|iners) > 3\n}\n');
    const [selection] = await until("selections", () => execute("SelectionRangeProvider", document.uri, [position]));
    const grown = [];
    for (let it = selection; it; it = it.parent) grown.push(document.getText(it.range));
    for (const part of ["containers", "spec.containers", "count(spec.containers)", "count(spec.containers) > 3"]) {
      assert.ok(grown.includes(part), `${part} in ${JSON.stringify(grown)}`);
    }
    assert.equal(grown[grown.length - 1].trim(), document.getText().trim());
  },
  async "colours come from what words mean"() {
    const { document } = await open("a.aip", 'let allowed = ["a/*"]\ndeny pod if image !~ allowed and spec.hostNetwork\n');
    const [tokens, legend] = await until("tokens", async () => {
      const it = await vscode.commands.executeCommand("vscode.provideDocumentSemanticTokens", document.uri);
      const legend = await vscode.commands.executeCommand("vscode.provideDocumentSemanticTokensLegend", document.uri);
      return it?.data.length > 0 && [it, legend];
    });
    const kinds = {};
    let [line, column] = [0, 0];
    for (let at = 0; at < tokens.data.length; at += 5) {
      const [down, right, length, kind] = tokens.data.slice(at, at + 4);
      [line, column] = down > 0 ? [line + down, right] : [line, column + right];
      kinds[document.getText(new vscode.Range(line, column, line, column + length))] = legend.tokenTypes[kind];
    }
    assert.equal(kinds.deny, "keyword");
    assert.equal(kinds.hostNetwork, "property");
    assert.equal(kinds.allowed, "variable");
  },
  async "colours are sent as differences"() {
    // No window shows it, so that nobody else asks for its colours.
    await write("a.aip", "deny pod if spec.hostNetwork\n".repeat(30));
    const document = await vscode.workspace.openTextDocument(file("a.aip"));
    const textDocument = { uri: document.uri.toString() };
    const ask = (method, more) => api().client().sendRequest(`textDocument/semanticTokens/${method}`, { textDocument, ...more });
    const before = await until("tokens", async () => {
      const it = await ask("full");
      return it?.data.length > 0 && it;
    });
    await replace({ document }, "spec.hostNetwork", "not spec.hostNetwork");
    const delta = await ask("full/delta", { previousResultId: before.resultId });
    assert.ok(delta.edits, "differences, not all tokens");
    const inserted = delta.edits.reduce((sum, it) => sum + (it.data?.length ?? 0), 0);
    assert.ok(inserted > 0 && inserted < before.data.length / 4, `${inserted} of ${before.data.length} numbers`);
    const data = [...before.data];
    for (const it of [...delta.edits].sort((a, b) => b.start - a.start)) data.splice(it.start, it.deleteCount, ...(it.data ?? []));
    assert.deepEqual(data, (await ask("full")).data);
  },
  async "hints show types, kinds and quantifiers, and each has its switch"() {
    const { document } = await open("a.aip", 'let allowed = ["a/*"]\ndeny pod if image !~ allowed\n');
    const labels = async () => ((await hints(document)) ?? []).map((it) => it.label);
    const all = { types: ": list of string", quantifiers: "any", kinds: "→ Pod, Deployment, StatefulSet +5" };
    const shown = async (wanted) => {
      const list = await labels();
      return wanted.every((it) => list.includes(it)) && Object.values(all).every((it) => wanted.includes(it) || !list.includes(it)) && list;
    };
    await until("all hints", () => shown(Object.values(all))).catch(async () => assert.deepEqual(await labels(), Object.values(all)));
    for (const name of Object.keys(all)) {
      const others = Object.keys(all).filter((it) => it !== name).map((it) => all[it]);
      await withSetting(`inlayHints.${name}`, false, () => until(`hints without ${name}`, () => shown(others)));
    }
    await until("all hints again", () => shown(Object.values(all)));
  },
};
