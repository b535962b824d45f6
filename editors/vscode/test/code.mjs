// VS Code's own server, in a folder of its own, and a browser that shows it.
// CODE_SERVER, DRIVER: where npm put code-server and playwright-core; CHROMIUM: the browser.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const { CODE_SERVER, CHROMIUM = "/usr/bin/chromium", DRIVER = process.cwd() } = process.env;
const { chromium } = createRequire(path.join(DRIVER, "package.json"))("playwright-core");
const main = path.join(CODE_SERVER, "node_modules/code-server/lib/vscode/out/server-main.js");

/** The folder of the extension. */
export const extension = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** Starts VS Code, with a package installed if one is named, and gives a page to `action`; ends all that it started. */
export async function withCode({ install, env = {}, settings = {}, viewport = { width: 1400, height: 900 } }, action) {
  const work = mkdtempSync(path.join(tmpdir(), "aipc-vscode-"));
  const folder = path.join(work, "workspace");
  mkdirSync(folder);
  mkdirSync(path.join(work, "data/Machine"), { recursive: true });
  writeFileSync(path.join(work, "data/Machine/settings.json"), JSON.stringify(settings));
  const places = ["--server-data-dir", work, "--extensions-dir", path.join(work, "extensions")];
  if (install) {
    const done = spawnSync(process.execPath, [main, ...places, "--install-extension", install], { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${install} cannot be installed: ${done.stdout}${done.stderr}`);
  }
  const port = 18_000 + Math.floor(Math.random() * 1_000);
  const server = spawn(
    process.execPath,
    [
      main, ...places, "--host", "127.0.0.1", "--port", String(port), "--without-connection-token",
      "--accept-server-license-terms", "--enable-smoke-test-driver", "--disable-telemetry", "--disable-workspace-trust",
    ],
    { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] },
  );
  let browser;
  try {
    await new Promise((resolve, reject) => {
      server.stdout.on("data", (data) => String(data).includes("Extension host agent listening") && resolve());
      server.on("exit", (code) => reject(new Error(`the server of VS Code ended with ${code}`)));
      setTimeout(() => reject(new Error("the server of VS Code does not start")), 60_000).unref();
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ["--no-sandbox"] });
    const page = await browser.newPage({ viewport });
    // A busy machine needs that long for the first page.
    page.setDefaultNavigationTimeout(180_000);
    return await action({ page, folder, address: `127.0.0.1:${port}` });
  } finally {
    await browser?.close();
    server.kill();
    rmSync(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
