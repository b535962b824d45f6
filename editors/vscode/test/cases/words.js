// Words about what stands there.

const assert = require("assert");
const { execute, open, until } = require("../desk");

/** The words at `|`. */
async function hover(text) {
  const { document, position } = await open("a.aip", text);
  return until(`words about ${text}`, async () => {
    const it = await execute("HoverProvider", document.uri, position);
    return it.flatMap((it) => it.contents.map((it) => it.value)).join("\n");
  });
}

module.exports = {
  async "hover shows what a field is, and Kubernetes' own words"() {
    const words = await hover("deny pod if spec.host|Network\n");
    assert.match(words, /hostNetwork: bool/);
    assert.match(words, /Host networking/);
  },
  async "hover shows since when a field is there"() {
    assert.match(await hover('deny pod if spec.hostname|Override == "a"\n'), /since Kubernetes 1\.34/);
  },
  async "hover shows what a rule becomes"() {
    const words = await hover("de|ny pod if spec.hostNetwork\n");
    assert.match(words, /kind: ClusterPolicy/);
  },
  async "hover shows the comment, the type and the declaration of a name"() {
    const words = await hover('/// Registries of ours.\nlet allowed = ["a/*"]\ndeny pod if image !~ all|owed\n');
    assert.match(words, /Registries of ours\./);
    assert.match(words, /let allowed = \["a\/\*"\].*list of string/);
  },
  async "hover shows kinds, functions and signs"() {
    assert.match(await hover("deny Dep|loyment if spec.paused\n"), /apps\/v1/);
    assert.match(await hover("deny pod if cou|nt(spec.containers) > 3\n"), /count\(/);
    assert.match(await hover('deny pod if image !|~ "a/*"\n'), /!~/);
  },
  async "signatures show which argument is written"() {
    const { document, position } = await open("a.aip", "deny pod if count(|\n");
    const help = await until("the signature", () => execute("SignatureHelpProvider", document.uri, position, "("));
    assert.match(help.signatures[0].label, /^count\(/);
    assert.equal(help.activeParameter, 0);
    const own = await open("b.aip", "fn both(a: Container, b: Container) = a.tty and b.tty\ndeny pod if both(spec.containers, |\n");
    const second = await until("the signature of a function of the file", () =>
      execute("SignatureHelpProvider", own.document.uri, own.position, ","),
    );
    assert.match(second.signatures[0].label, /^both\(a: Container, b: Container\)/);
    assert.equal(second.activeParameter, 1);
  },
};
