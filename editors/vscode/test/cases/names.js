// Names: where they come from, where they are, and other names for them.

const assert = require("assert");
const vscode = require("vscode");
const { execute, file, open, until, write } = require("../desk");

const LIB = 'let allowed = ["a/*"]\n';
const USE = 'use "./lib"\ndeny pod if image !~ lib.allo|wed\n';

/** The places that a question is answered with. */
const places = (what, ...args) =>
  until(what, async () => {
    const it = await execute(what, ...args);
    return it.length > 0 && it;
  });

const words = async (place) => (await vscode.workspace.openTextDocument(place.uri)).getText(place.range);

module.exports = {
  async "a name leads to its declaration, in another file too"() {
    await open("lib.aip", LIB);
    const { document, position } = await open("a.aip", USE);
    const [place] = await places("DefinitionProvider", document.uri, position);
    assert.equal(place.uri.path, file("lib.aip").path);
    assert.equal(await words(place), "allowed");
  },
  async "a name of the library leads into the library"() {
    const { document, position } = await open("a.aip", 'deny cont|ainer if image == "x"\n');
    const [place] = await places("DefinitionProvider", document.uri, position);
    assert.equal(place.uri.scheme, "aipc");
    const library = await vscode.workspace.openTextDocument(place.uri);
    assert.match(library.getText(), /view container of pod/);
    assert.equal(await words(place), "container");
    assert.equal(library.languageId, "aip");
  },
  async "a subject leads to the declaration of its kind"() {
    const text = 'kind Model = "ai.example.com/v1/Model" untyped\ndeny Mo|del if spec.size > 3\n';
    const { document, position } = await open("a.aip", text);
    const [place] = await places("TypeDefinitionProvider", document.uri, position);
    assert.equal(place.range.start.line, 0);
  },
  async "all places that use a name are found"() {
    await open("lib.aip", LIB);
    await write("b.aip", 'use "./lib"\nrequire pod that image ~ lib.allowed\n');
    const { document, position } = await open("a.aip", USE);
    const uses = await until("three places", async () => {
      const it = await execute("ReferenceProvider", document.uri, position);
      return it.length === 3 && it;
    });
    assert.deepEqual(uses.map((it) => it.uri.path.split("/").pop()).sort(), ["a.aip", "b.aip", "lib.aip"]);
    assert.deepEqual(await Promise.all(uses.map(words)), ["allowed", "allowed", "allowed"]);
  },
  async "a name is changed wherever it is used"() {
    const lib = await open("lib.aip", LIB);
    const { document, position } = await open("a.aip", USE);
    await places("DefinitionProvider", document.uri, position);
    const edit = await execute("DocumentRenameProvider", document.uri, position, "trusted");
    await vscode.workspace.applyEdit(edit);
    assert.equal(document.getText(), 'use "./lib"\ndeny pod if image !~ lib.trusted\n');
    assert.equal(lib.document.getText(), 'let trusted = ["a/*"]\n');
  },
  async "what is no name of the project keeps its name"() {
    const { document } = await open("a.aip", 'let allowed = ["a/*"]\ndeny pod if image !~ allowed\n');
    const prepare = (line, column) =>
      vscode.commands.executeCommand("vscode.prepareRename", document.uri, new vscode.Position(line, column));
    const own = await until("the name", () => prepare(0, 6).catch(() => undefined));
    assert.equal(document.getText(own.range), "allowed");
    assert.equal(own.placeholder, "allowed");
    // The word `deny`, and the view of the library.
    await assert.rejects(prepare(1, 2));
    await assert.rejects(prepare(1, 6), /library/);
    await assert.rejects(execute("DocumentRenameProvider", document.uri, new vscode.Position(0, 6), "deny"), /word of the language/);
  },
  async "the uses of a name in the file are marked"() {
    const { document, position } = await open("a.aip", 'let all|owed = ["a/*"]\ndeny pod if image !~ allowed\nrequire container that image ~ allowed\n');
    const marks = await until("three marks", async () => {
      const it = await execute("DocumentHighlights", document.uri, position);
      return it?.length === 3 && it;
    });
    assert.ok(marks.every((it) => document.getText(it.range) === "allowed"));
  },
  async "a file has its outline"() {
    const { document } = await open("a.aip", 'policy p "T" {\n  rule r: deny pod if spec.hostPID\n}\n\ntest "t" {\n  expect allow Pod {}\n}\n');
    const symbols = await places("DocumentSymbolProvider", document.uri);
    assert.deepEqual(symbols.map((it) => it.name), ["p", "t"]);
    assert.deepEqual(symbols[0].children.map((it) => it.name), ["r"]);
    assert.equal(document.getText(symbols[0].selectionRange), "p");
  },
  async "paths of `use` and codes of diagnostics are links"() {
    await write("lib.aip", LIB);
    const { document } = await open("a.aip", 'use "./lib"\n// AIP0206 is told of unknown kinds.\ndeny pod if image !~ lib.allowed\n');
    const links = await until("two links", async () => {
      const it = await execute("LinkProvider", document.uri);
      return it?.length === 2 && it;
    });
    assert.deepEqual(links.map((it) => document.getText(it.range)), ["./lib", "AIP0206"]);
    assert.equal(links[0].target.path, file("lib.aip").path);
    assert.match((await vscode.workspace.openTextDocument(links[1].target)).getText(), /AIP0206/);
  },
  async "names of the whole workspace are found"() {
    await write("elsewhere.aip", "policy far-away {\n  rule r: deny pod if spec.hostPID\n}\n");
    await open("a.aip", "deny pod if spec.hostIPC\n");
    const [symbol] = await until("the name", async () => {
      const it = (await execute("WorkspaceSymbolProvider", "faraway")).filter((it) => it.location.uri.path === file("elsewhere.aip").path);
      return it.length > 0 && it;
    });
    assert.equal(symbol.name, "far-away");
  },
};
