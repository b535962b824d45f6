// The package, installed and used by keyboard and pointer: what is on the screen.
// PACKAGE=aipc.vsix, with a server in it; the rest as for `code.mjs`. PICTURES=folder keeps what it sees.

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { withCode } from "./code.mjs";

const { PACKAGE, PICTURES } = process.env;
const PATIENCE = 45_000;

const POLICY = `/// Only models that we scanned may run.
policy trusted-images "Images come from our registry" {
  severity high

  rule registry: deny pod
    if image !~ "trusted-registry.io/ai-models/*"
    message "{image} is not from our registry"

  rule privileges: deny container
    if securityContext.privileged
    message "models need no privileges"
}

test "an image of elsewhere is denied" {
  expect deny Pod { spec: { containers: [{ name: "a", image: "busybox" }] } }
}
`;

const pod = (name, image) => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: models
spec:
  containers:
    - name: server
      image: ${image}
`;

const FILES = {
  "aip.toml": "",
  "trusted-images.aip": POLICY,
  "manifests/llama.yaml": pod("llama", "trusted-registry.io/ai-models/llama:3"),
  "manifests/embed.yaml": pod("embed", "trusted-registry.io/ai-models/embed:1"),
  "manifests/bad-pod.yaml": pod("chat", "docker.io/nginx:1.29"),
  ".vscode/settings.json": JSON.stringify({
    "workbench.colorTheme": "Default Dark Modern",
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": true,
    "window.commandCenter": false,
    "editor.minimap.enabled": false,
    "editor.fontSize": 13,
    "extensions.ignoreRecommendations": true,
  }),
};

const settings = { "chat.disableAIFeatures": true };

let failed = 0;
let passed = 0;
await withCode({ install: PACKAGE, settings, viewport: { width: 1180, height: 640 } }, async ({ page, folder, address }) => {
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  page.setDefaultTimeout(PATIENCE);
  const keys = page.keyboard;

  /** Something that is seen. */
  const see = (selector, words) => page.locator(selector, words ? { hasText: words } : {}).first().waitFor();
  const gone = (selector) => page.locator(selector).first().waitFor({ state: "detached" });
  const command = async (name) => {
    await keys.press("F1");
    await page.locator(".quick-input-widget input").first().fill(`>${name}`);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().click();
  };
  const openFile = async (name) => {
    await keys.press("Control+p");
    await page.locator(".quick-input-widget input").first().fill(name);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().click();
    await see(".tab.active", name);
    await page.locator(".editor-group-container.active .monaco-editor .view-line").first().waitFor();
  };
  /** Puts the cursor behind the first `words` of the file. */
  const goto = async (words, text = POLICY) => {
    await page.mouse.move(560, 600);
    const before = text.slice(0, text.indexOf(words) + words.length).split("\n");
    await keys.press("Control+g");
    await page.locator(".quick-input-widget input").first().fill(`:${before.length}:${before[before.length - 1].length + 1}`);
    await keys.press("Enter");
  };
  /** Presses a key until something is seen: what opens may be closed again by findings that come. */
  const press = async (key, selector) => {
    for (let tries = 0; tries < 10; tries += 1) {
      await keys.press(key);
      const opened = await page.locator(selector).first().waitFor({ timeout: 4_000 }).then(() => true, () => false);
      if (opened) return;
    }
    throw new Error(`${key} does not open ${selector}`);
  };
  const picture = async (name) => {
    if (!PICTURES) return;
    await page.mouse.move(560, 600);
    await page.waitForTimeout(1_200);
    await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  };
  const step = async (name, action) => {
    if (failed > 0) return;
    try {
      await action();
      passed += 1;
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}: ${String(error).split("\n")[0]}`);
      await page.screenshot({ path: path.join(PICTURES ?? folder, "failed.png") });
    }
  };

  await page.goto(`http://${address}/?folder=${folder}`);

  await step("the package runs with the server that is in it", async () => {
    await see(".monaco-workbench");
    await see(".explorer-folders-view .monaco-list-row", "aip.toml");
    // Some hosts open a side bar for chats.
    if (await page.locator(".part.auxiliarybar").isVisible()) await command("View: Toggle Secondary Side Bar Visibility");
    await command("View: Close All Editors");
    await openFile("trusted-images.aip");
    await see(".codelens-decoration a", "Show what it compiles to");
  });
  await step("lenses tell the verdicts on the manifests", async () => {
    await see(".codelens-decoration a", "2 pass, 1 fail: bad-pod.yaml");
    await see(".codelens-decoration a", "3 pass");
  });
  await step("a typing mistake has its squiggle, and a quick fix by keyboard", async () => {
    await goto("securityContext.privi");
    await keys.press("Delete");
    await keys.type("d");
    await see(".squiggly-error");
    await press("Control+.", ".action-widget");
    await see(".action-widget", "write `privileged`");
    await picture("quick-fix");
    // The words above the rules stay where they are.
    await see(".codelens-decoration a", "no verdict while the file has mistakes");
    await keys.press("Enter");
    await gone(".squiggly-error");
    await see(".view-line", "securityContext.privileged");
  });
  await step("fields of Kubernetes are suggested while one types", async () => {
    await goto("if securityContext.privileged");
    await keys.type(" or securityContext.");
    await see(".suggest-widget .monaco-list-row", "allowPrivilegeEscalation");
    await keys.type("runAsN");
    await see(".suggest-widget .monaco-list-row.focused", "runAsNonRoot");
    await page.waitForTimeout(300);
    if (!(await page.locator(".suggest-details").first().isVisible())) await keys.press("Control+Space");
    await see(".suggest-details", "non-root user");
    await picture("completion");
    await keys.press("Enter");
    await see(".view-line", "or securityContext.runAsNonRoot");
    for (let undo = 0; undo < 30 && !(await page.locator(".view-line", { hasText: /securityContext\.privileged$/ }).count()); undo += 1) {
      await keys.press("Control+z");
      await page.waitForTimeout(50);
    }
    await see(".view-line", /securityContext\.privileged$/);
  });
  await step("the output stands beside the source, with the lines of the rule marked", async () => {
    await goto("rule registry: deny pod");
    await page.locator(".codelens-decoration a", { hasText: "Show what it compiles to" }).first().click();
    await see(".tab", "trusted-images.aip.yaml");
    await see(".view-line", "- name: registry");
    await command("View: Toggle Primary Side Bar Visibility");
    await page.locator(".view-line", { hasText: "rule registry" }).first().click();
    await see(".editor-group-container:nth-child(1) .cdr, .split-view-view .cdr");
    await picture("live-output");
  });
  await step("the target is chosen in the status bar", async () => {
    const item = (hasText, hasNotText) => page.locator(".statusbar-item", { hasText, hasNotText }).first();
    await item("kyverno-legacy").click();
    await see(".quick-input-list .monaco-list-row", "ValidatingPolicy");
    await keys.press("Enter");
    await see(".view-line", "kind: ValidatingPolicy");
    await item("kyverno", "legacy").click();
    await see(".quick-input-list .monaco-list-row", "aip.toml");
    await keys.type("aip.toml");
    await keys.press("Enter");
    await see(".view-line", "kyverno.io/v1");
    await command("View: Close All Editors");
    await command("View: Toggle Primary Side Bar Visibility");
  });
  await step("a manifest shows the line that fails", async () => {
    await openFile("bad-pod.yaml");
    await see(".squiggly-error");
    await command("Problems: Focus on Problems View");
    await see(".markers-panel .monaco-list-row", "docker.io/nginx:1.29 is not from our registry");
    await picture("manifest");
    await command("View: Toggle Panel Visibility");
  });
  await step("a verdict is explained as a tree", async () => {
    await openFile("trusted-images.aip");
    await goto("rule registry: deny");
    await command("aipc: Explain the verdict here");
    await see(".part.panel .monaco-list-row", "Pod chat");
    await see(".part.panel .monaco-list-row", "decided");
    await picture("verdict");
    await command("View: Toggle Panel Visibility");
  });
  await step("tests are in the explorer, and run there", async () => {
    await command("Testing: Focus on Test Explorer View");
    await see(".test-explorer .monaco-list-row", "trusted-images.aip");
    await command("Test: Run All Tests");
    await see(".test-explorer .codicon-testing-passed-icon");
    await openFile("trusted-images.aip");
    await goto("expect deny");
    for (let letter = 0; letter < 4; letter += 1) await keys.press("Backspace");
    await keys.type("allow");
    await command("Test: Run All Tests");
    await see(".test-explorer .codicon-testing-failed-icon");
    await picture("tests");
  });
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
