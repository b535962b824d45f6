// What the cases have at hand: files of their own, an editor on them, and patience.

const vscode = require("vscode");

// Each case has a project of its own.
let project = 0;

/** A file of the case's project. */
const file = (name) => vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, `case-${project}`, name);

const write = (name, text) => vscode.workspace.fs.writeFile(file(name), Buffer.from(text));

/** Begins a case: an empty project. */
exports.begin = async () => {
  project += 1;
  await write("aip.toml", "");
};

/** Puts everything back as a case found it. */
exports.end = async () => {
  await vscode.workspace.saveAll();
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
};

/** Asks VS Code, as its own windows do. It gives a request up where the editor moves meanwhile: then again. */
async function execute(command, ...args) {
  const answered = await until(`an answer to ${command}`, () =>
    vscode.commands.executeCommand(`vscode.execute${command}`, ...args).then(
      (answer) => ({ answer }),
      (error) => {
        if (error.name !== "Canceled") throw error;
      },
    ),
  );
  return answered.answer;
}

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
  await write(name, plain);
  const document = await vscode.workspace.openTextDocument(file(name));
  const editor = await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
  if (document.getText() !== plain) await replace(editor, document.getText(), plain);
  const position = document.positionAt(Math.max(at, 0));
  editor.selection = new vscode.Selection(position, position);
  return { document, editor, position };
}

/** Types: the first `before` in a text becomes `after`. */
async function replace({ document }, before, after) {
  const start = document.getText().indexOf(before);
  if (start < 0) throw new Error(`no \`${before}\` in ${document.getText()}`);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(start), document.positionAt(start + before.length)), after);
  await vscode.workspace.applyEdit(edit);
}

/** What is found in a file, once it is what is waited for. */
const found = (uri, test) =>
  until(`findings in ${uri.path}`, () => {
    const list = vscode.languages.getDiagnostics(uri);
    return test(list) ? list : undefined;
  });

/** The codes of what is found in a file. */
const codes = (list) => list.map((it) => it.code?.value ?? it.code);

/** Sets `aip.*` for the time of an action. */
async function withSetting(name, value, action) {
  const set = (it) => vscode.workspace.getConfiguration("aip").update(name, it, vscode.ConfigurationTarget.Workspace);
  await set(value);
  try {
    return await action();
  } finally {
    await set(undefined);
  }
}

/** What the extension lets its tests ask. */
const api = () => vscode.extensions.all.find((it) => it.packageJSON.name === "aipc").exports;

const whole = new vscode.Range(0, 0, 999, 0);

Object.assign(exports, { api, codes, execute, file, found, open, replace, until, whole, withSetting, write });
