// Runs `run.js` in VS Code's own server, in a headless Chromium: AIPC=program CODE_SERVER=folder CHROMIUM=program node host.mjs

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const { AIPC, CODE_SERVER, CHROMIUM = "/usr/bin/chromium", DRIVER = process.cwd() } = process.env;
const { chromium } = createRequire(path.join(DRIVER, "package.json"))("playwright-core");

const extension = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const work = mkdtempSync(path.join(tmpdir(), "aipc-vscode-"));
const folder = path.join(work, "workspace");
const port = 18_000 + Math.floor(Math.random() * 1_000);
const TIMEOUT = 240_000;

const main = path.join(CODE_SERVER, "node_modules/code-server/lib/vscode/out/server-main.js");
const server = spawn(
  process.execPath,
  [
    main, "--host", "127.0.0.1", "--port", String(port), "--without-connection-token", "--accept-server-license-terms",
    "--enable-smoke-test-driver", "--server-data-dir", path.join(work, "server"), "--user-data-dir", path.join(work, "data"),
    "--extensions-dir", path.join(work, "extensions"), "--disable-telemetry", "--disable-workspace-trust",
  ],
  { env: { ...process.env, AIPC }, stdio: ["ignore", "pipe", "inherit"] },
);
await new Promise((resolve, reject) => {
  server.stdout.on("data", (data) => String(data).includes("Extension host agent listening") && resolve());
  server.on("exit", (code) => reject(new Error(`the server of VS Code ended with ${code}`)));
  setTimeout(() => reject(new Error("the server of VS Code does not start")), 60_000);
});

const { mkdirSync } = await import("node:fs");
mkdirSync(folder);
const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ["--no-sandbox"] });
let code = 1;
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  // VS Code talks a lot; what the tests say begins so.
  const isOurs = (words) => /^(ok |FAILED |\d+ passed|Error: failed|\s+at )/.test(String(words));
  await page.exposeFunction("codeAutomationLog", (_type, args) => args.some(isOurs) && console.log(...args));
  const ended = new Promise((resolve, reject) => {
    page.exposeFunction("codeAutomationExit", resolve);
    setTimeout(() => reject(new Error(`no end within ${TIMEOUT / 1000} s`)), TIMEOUT);
  });
  const remote = `vscode-remote://127.0.0.1:${port}`;
  const payload = [
    ["extensionDevelopmentPath", remote + extension],
    ["extensionTestsPath", `${remote}${extension}/test/run.js`],
  ];
  const query = `folder=${folder}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
  await page.goto(`http://127.0.0.1:${port}/?${query}`);
  code = await ended;
} catch (error) {
  console.error(String(error));
} finally {
  await browser.close();
  server.kill();
  rmSync(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
process.exit(code);
