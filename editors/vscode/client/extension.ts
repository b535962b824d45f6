// The extension: finds the server, starts it, and shows what only VS Code can show.

import * as vscode from "vscode";
import { LanguageClient, State } from "vscode-languageclient/node";

import { registerBuiltIn } from "./builtIn";
import { registerExplain, Verdicts } from "./explain";
import { registerFailures } from "./failures";
import { registerPreview } from "./preview";
import { findServer, startServer } from "./server";
import { registerStatus } from "./status";
import { registerTarget } from "./target";
import { registerTests } from "./tests";

let client: LanguageClient | undefined;

/** What tests of the extension may ask. */
export interface Api {
  client(): LanguageClient | undefined;
  verdicts: Verdicts;
}

export async function activate(context: vscode.ExtensionContext): Promise<Api> {
  const log = vscode.window.createOutputChannel("aipc", { log: true });
  const status = registerStatus(context);
  context.subscriptions.push(log);
  const current = () => client;

  registerBuiltIn(context, current);
  const outputs = registerPreview(context, current, registerTarget(context));
  registerFailures(context);
  const verdicts = registerExplain(context, current);
  const tests = registerTests(context, current);

  async function start(): Promise<void> {
    const server = await findServer(context);
    if (!server) {
      status.missing();
      // Not awaited: the message may stand there for long.
      void vscode.window
        .showErrorMessage("aipc was not found. Install it, or say where it is.", "Open the setting")
        .then((choice) => choice && vscode.commands.executeCommand("workbench.action.openSettings", "aip.server.path"));
      return;
    }
    log.info(`server: ${server}`);
    client = startServer(server, log, () => outputs.refresh());
    client.onDidChangeState((event) => status.state(event.newState === State.Running));
    try {
      await client.start();
      outputs.refresh();
      void tests.refresh();
    } catch (error) {
      status.state(false);
      log.error(String(error));
      void vscode.window.showErrorMessage(`The aipc server does not start: ${String(error)}`, "Show the log").then(
        (choice) => choice && log.show(),
      );
    }
  }

  context.subscriptions.push(
    vscode.commands.registerCommand("aipc.restart", async () => {
      await client?.stop().catch(() => undefined);
      client = undefined;
      await start();
    }),
    vscode.commands.registerCommand("aipc.showLog", () => log.show()),
    vscode.commands.registerCommand("aipc.version", () => {
      const info = client?.initializeResult?.serverInfo;
      void vscode.window.showInformationMessage(info ? `aipc ${info.version ?? ""}` : "The aipc server does not run.");
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("aip.server.path")) {
        void vscode.commands.executeCommand("aipc.restart");
      }
    }),
  );
  await start();
  return { client: current, verdicts };
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}
