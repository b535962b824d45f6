// The test explorer.

const assert = require("assert");
const vscode = require("vscode");
const { execute, open, replace, until } = require("../desk");

const SOURCE = `deny pod if spec.hostNetwork

test "t" {
  expect deny Pod { spec: { hostNetwork: true, containers: [] } }
}

test "t, but wrong" {
  expect allow Pod { spec: { hostNetwork: true, containers: [] } }
}
`;

const run = (document, title) => vscode.commands.executeCommand("aipc.runTest", document.uri.toString(), title);

module.exports = {
  async "each test has a lens that runs it"() {
    const { document } = await open("tested.aip", SOURCE);
    const lenses = await until("the lenses", async () => {
      const it = (await execute("CodeLensProvider", document.uri, 20)).filter((it) => it.command?.command === "aipc.runTest");
      return it.length === 2 && it;
    });
    assert.deepEqual(lenses.map((it) => [it.range.start.line, it.command.title]), [[2, "Run test"], [6, "Run test"]]);
    const results = [];
    for (const { command } of lenses) results.push(await vscode.commands.executeCommand(command.command, ...command.arguments));
    assert.deepEqual(results, ["passed", "failed"]);
  },
  async "a test runs as it is written, and says when it cannot"() {
    const { document } = await open("tested.aip", SOURCE);
    assert.equal(await until("the test", () => run(document, "t")), "passed");
    assert.equal(await run(document, "no such test"), undefined);
    await replace({ document }, "deny pod if spec.hostNetwork", "deny pod if spec.oops");
    assert.equal(await run(document, "t"), "errored");
    await replace({ document }, "deny pod if spec.oops", "deny pod if spec.hostNetwork");
    assert.equal(await run(document, "t"), "passed");
  },
};
