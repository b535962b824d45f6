// What VS Code itself shows, one case for each feature; README.md has the table. Runs in the extension host; `host.mjs` starts it.

const assert = require("assert");
const fs = require("fs");
const path = require("path");
const vscode = require("vscode");

const { begin, end } = require("./desk");

const folder = path.join(__dirname, "cases");
const cases = Object.assign({}, ...fs.readdirSync(folder).map((name) => require(path.join(folder, name))));

/** The cases that the table names. */
function inTable() {
  const table = fs.readFileSync(path.join(__dirname, "README.md"), "utf8");
  return [...table.matchAll(/^\|[^|]*\| `cases\/[a-z]+\.js` \| (.*) \|$/gm)].flatMap(([, it]) => it.split("; "));
}

exports.run = async function () {
  const extension = vscode.extensions.all.find((it) => it.packageJSON.name === "aipc");
  assert.ok(extension, "the extension is here");
  await vscode.workspace.getConfiguration("aip").update("server.path", process.env.AIPC ?? "", vscode.ConfigurationTarget.Global);
  await extension.activate();
  assert.deepEqual([...new Set(inTable())].sort(), Object.keys(cases).sort(), "the table names the cases");
  const only = process.env.AIPC_CASE ?? "";
  const chosen = Object.entries(cases).filter(([name]) => only.split("|").some((it) => name.includes(it)));
  const failed = [];
  for (const [name, run] of chosen) {
    const began = Date.now();
    try {
      await begin();
      await run();
      console.log(`ok      ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failed.push(name);
      console.log(`FAILED  ${name}: ${error.stack ?? error}`);
    }
    await end();
  }
  console.log(`${chosen.length - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0 || chosen.length === 0) throw new Error(`failed: ${failed.join("; ")}`);
};
