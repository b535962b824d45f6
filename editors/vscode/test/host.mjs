// Runs `run.js` inside of VS Code: AIPC=program CODE_SERVER=folder DRIVER=folder CHROMIUM=program node host.mjs

import { extension, withCode } from "./code.mjs";

const TIMEOUT = 900_000;

const code = await withCode({ env: { AIPC: process.env.AIPC } }, async ({ page, folder, address }) => {
  // VS Code talks a lot; what the tests say begins so.
  const isOurs = (words) => /^(ok |FAILED |\d+ passed|Error: failed|\s+at |AssertionError)/.test(String(words));
  await page.exposeFunction("codeAutomationLog", (_type, args) => args.some(isOurs) && console.log(...args));
  const ended = new Promise((resolve, reject) => {
    page.exposeFunction("codeAutomationExit", resolve);
    setTimeout(() => reject(new Error(`no end within ${TIMEOUT / 1000} s`)), TIMEOUT).unref();
  });
  const remote = `vscode-remote://${address}`;
  const payload = [
    ["extensionDevelopmentPath", remote + extension],
    ["extensionTestsPath", `${remote}${extension}/test/run.js`],
  ];
  await page.goto(`http://${address}/?folder=${folder}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
  return await ended;
}).catch((error) => {
  console.error(String(error));
  return 1;
});
process.exit(code);
