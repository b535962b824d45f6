// Where the server is, and how it is spoken to.

import * as fs from "fs";
import * as path from "path";
import * as vscode from "vscode";
import { ClientCapabilities, LanguageClient, StaticFeature, FeatureState } from "vscode-languageclient/node";

const PROGRAM = process.platform === "win32" ? "aipc.exe" : "aipc";

/** The program: the setting's, the extension's own, the first one on the `PATH`. */
export async function findServer(context: vscode.ExtensionContext): Promise<string | undefined> {
  // Of a workspace that is not trusted, VS Code gives the user's own value.
  const asked = vscode.workspace.getConfiguration("aip").get<string>("server.path", "").trim();
  if (asked) {
    return isProgram(asked) ? asked : undefined;
  }
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter((it) => path.isAbsolute(it));
  const places = [context.asAbsolutePath("server"), ...folders];
  return places.map((folder) => path.join(folder, PROGRAM)).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Tells the server that the commands of its lenses are here. */
class Commands implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), aipcCommands: true };
  }
  initialize(): void {}
  getState(): FeatureState {
    return { kind: "static" };
  }
  clear(): void {}
}

/** The server needs a moment to take settings that it was given. */
const SETTLED_MS = 300;

/** A client for the server, not started yet. `onSettings` is called once the server has new settings. */
export function startServer(program: string, log: vscode.LogOutputChannel, onSettings: () => void): LanguageClient {
  const client = new LanguageClient(
    "aip",
    "aipc",
    { command: program, args: ["lsp"], options: { env: { ...process.env, RUST_BACKTRACE: "1" } } },
    {
      documentSelector: [
        { language: "aip" },
        { language: "yaml", scheme: "file" },
        { language: "json", scheme: "file" },
        { pattern: "**/aip.toml", scheme: "file" },
      ],
      outputChannel: log,
      synchronize: { configurationSection: "aip" },
      middleware: {
        workspace: {
          // The server asks for them after it was told of a change.
          configuration(params, token, next) {
            setTimeout(onSettings, SETTLED_MS);
            return next(params, token);
          },
        },
      },
      initializationOptions: { aip: vscode.workspace.getConfiguration("aip") },
      // The server's own code and its page, rather than "aip".
      diagnosticCollectionName: "aipc",
    },
  );
  client.registerFeature(new Commands());
  return client;
}
