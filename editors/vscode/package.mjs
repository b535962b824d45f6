// Packs the extension into aipc.vsix, without a network: node package.mjs [PROGRAM]
// With a program, that is the server in it, and the package is for platforms like this one.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";

const program = process.argv[2];
const server = path.resolve("server");
const licence = path.resolve("LICENSE");
const arguments_ = ["package", "--no-dependencies", "--allow-missing-repository", "--out", "aipc.vsix"];
rmSync(server, { recursive: true, force: true });
if (program) {
  mkdirSync(server);
  copyFileSync(path.resolve(process.env.INIT_CWD ?? "", program), path.join(server, path.basename(program)));
  arguments_.push("--target", `${process.platform}-${process.arch}`);
}
copyFileSync(path.resolve("../../LICENSE"), licence);
try {
  const vsce = path.resolve("node_modules/@vscode/vsce/vsce");
  process.exitCode = spawnSync(process.execPath, [vsce, ...arguments_], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(server, { recursive: true, force: true });
  rmSync(licence, { force: true });
}
