// What the policies of the workspace say of its manifests.

const assert = require("assert");
const vscode = require("vscode");
const { execute, file, found, open, replace, until, withSetting, write } = require("../desk");

const pod = (name, image) => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers:\n  - name: c\n    image: ${image}\n`;

const POLICY = 'policy p {\n  rule ours: deny pod if image !~ "a/*"\n    message "not ours: {image}"\n}\n';

const isDenied = (list) => list.some((it) => it.message.includes("not ours"));

/** The lens of a file whose words are such. */
const lens = (document, words) =>
  until(`the lens ${words}`, async () => {
    const it = await execute("CodeLensProvider", document.uri, 20);
    return it.find((it) => words.test(it.command?.title ?? ""));
  });

module.exports = {
  async "a lens over a rule says what it says of the manifests"() {
    for (const name of ["one", "two", "three"]) await write(`${name}.yaml`, pod(name, "a/x"));
    await write("bad-pod.yaml", pod("bad", "b/x"));
    const { document } = await open("a.aip", POLICY);
    const verdict = await lens(document, /pass/);
    assert.equal(verdict.command.title, "3 pass, 1 fail: bad-pod.yaml");
    assert.equal(verdict.range.start.line, 1);
    const [, failures] = verdict.command.arguments;
    assert.equal(failures[0].uri, file("bad-pod.yaml").toString());
    assert.equal(failures[0].line, 6);
    const bad = await open("bad-pod.yaml", pod("bad", "b/x"));
    await replace(bad, "b/x", "a/x");
    await lens(document, /^4 pass$/);
    // The line stays where it is while one types.
    await replace({ document }, "image !~", "imag !~");
    assert.equal((await lens(document, /^no verdict while the file has mistakes$/)).range.start.line, 1);
  },
  async "a lens leads to what its rule denies"() {
    await write("bad-pod.yaml", pod("bad", "b/x"));
    const { document } = await open("a.aip", POLICY);
    const verdict = await lens(document, /1 fail: bad-pod\.yaml/);
    await vscode.commands.executeCommand(verdict.command.command, ...verdict.command.arguments);
    await vscode.commands.executeCommand("closeReferenceSearch");
  },
  async "a manifest shows at the value what a policy denies"() {
    await write("a.aip", POLICY);
    const bad = await open("bad.yaml", pod("bad", "b/x"));
    const list = await found(bad.document.uri, isDenied);
    const denied = list.find((it) => it.message.includes("not ours: b/x"));
    assert.equal(bad.document.getText(denied.range), "b/x");
    assert.equal(denied.relatedInformation[0].location.uri.path, file("a.aip").path);
    assert.equal(denied.relatedInformation[0].location.range.start.line, 1);
    await replace(bad, "b/x", "a/x");
    await found(bad.document.uri, (it) => !isDenied(it));
  },
  async "a manifest hears of a policy that changes"() {
    const policy = await open("a.aip", POLICY);
    const bad = await open("bad.yaml", pod("bad", "b/x"));
    await found(bad.document.uri, isDenied);
    await replace(policy, '"a/*"', '"b/*"');
    await found(bad.document.uri, (it) => !isDenied(it));
  },
  async "a manifest has the repair that a mutation makes"() {
    await write("a.aip", "mutate Pod {\n  default spec.hostNetwork = false\n}\n");
    const { document } = await open("pod.yaml", pod("web", "a/x"));
    const list = await found(document.uri, (it) => it.some((it) => it.message.includes("admission changes")));
    const noted = list.find((it) => it.message.includes("admission changes"));
    const actions = await execute("CodeActionProvider", document.uri, noted.range, "quickfix");
    const fix = actions.find((it) => it.title === "Write what admission would make of it");
    assert.ok(fix, JSON.stringify(actions.map((it) => it.title)));
    await vscode.workspace.applyEdit(fix.edit);
    assert.match(document.getText(), /hostNetwork: false/);
    await found(document.uri, (it) => !it.some((it) => it.message.includes("admission changes")));
  },
  async "findings in manifests have their switch"() {
    await write("a.aip", POLICY);
    const bad = await open("bad.yaml", pod("bad", "b/x"));
    await found(bad.document.uri, isDenied);
    await withSetting("manifests.enabled", false, () => found(bad.document.uri, (it) => it.length === 0));
    await found(bad.document.uri, isDenied);
  },
};
