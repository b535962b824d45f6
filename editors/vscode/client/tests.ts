// The `test` blocks in the test explorer.

import { execFile } from "child_process";
import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

export function registerTests(
  context: vscode.ExtensionContext,
  client: () => LanguageClient | undefined,
  server: () => Promise<string | undefined>,
): void {
  const controller = vscode.tests.createTestController("aipc", "aipc");
  context.subscriptions.push(controller);

  /** The tests of a file, as its outline has them. */
  async function discover(document: vscode.TextDocument): Promise<void> {
    if (document.languageId !== "aip" || document.uri.scheme !== "file" || !client()) {
      return;
    }
    const symbols =
      (await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
        "vscode.executeDocumentSymbolProvider",
        document.uri,
      )) ?? [];
    const tests = symbols.filter((it) => it.kind === vscode.SymbolKind.Event);
    const id = document.uri.toString();
    if (tests.length === 0) {
      controller.items.delete(id);
      return;
    }
    const file = controller.items.get(id) ?? controller.createTestItem(id, vscode.workspace.asRelativePath(document.uri), document.uri);
    controller.items.add(file);
    file.children.replace(
      tests.map((test) => {
        const item = controller.createTestItem(`${id}#${test.name}`, test.name, document.uri);
        item.range = test.selectionRange;
        return item;
      }),
    );
  }

  async function run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = controller.createTestRun(request);
    const asked = request.include ?? [...controller.items].map(([, item]) => item);
    const tests = asked.flatMap((it) => (it.children.size > 0 ? [...it.children].map(([, item]) => item) : [it]));
    const program = await server();
    for (const test of tests.filter((it) => !request.exclude?.includes(it))) {
      if (token.isCancellationRequested) {
        run.skipped(test);
        continue;
      }
      run.started(test);
      const began = Date.now();
      if (!program || !test.uri) {
        run.errored(test, new vscode.TestMessage("aipc was not found"));
        continue;
      }
      // What is tested is what is on disk.
      const document = vscode.workspace.textDocuments.find((it) => it.uri.toString() === test.uri?.toString());
      await document?.save();
      const { code, output } = await call(program, ["test", "--color", "never", "--filter", test.label, test.uri.fsPath]);
      run.appendOutput(output.replace(/\n/g, "\r\n"));
      const took = Date.now() - began;
      if (code === 0) {
        run.passed(test, took);
      } else {
        const message = new vscode.TestMessage(output.trim());
        if (test.range) {
          message.location = new vscode.Location(test.uri, test.range);
        }
        if (code === 1) {
          run.failed(test, message, took);
        } else {
          run.errored(test, message, took);
        }
      }
    }
    run.end();
  }

  controller.createRunProfile("Run", vscode.TestRunProfileKind.Run, run, true);
  controller.resolveHandler = async (item) => {
    if (!item) {
      await Promise.all(vscode.workspace.textDocuments.map(discover));
    }
  };
  const later = new Map<string, NodeJS.Timeout>();
  context.subscriptions.push(
    vscode.workspace.onDidOpenTextDocument(discover),
    vscode.workspace.onDidChangeTextDocument((event) => {
      // The outline is asked for once typing pauses.
      const id = event.document.uri.toString();
      clearTimeout(later.get(id));
      later.set(id, setTimeout(() => void discover(event.document), 300));
    }),
    vscode.workspace.onDidDeleteFiles((event) => event.files.forEach((it) => controller.items.delete(it.toString()))),
    vscode.commands.registerCommand("aipc.runTest", async (address: string, title: string) => {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(address, true));
      await discover(document);
      const item = controller.items.get(document.uri.toString())?.children.get(`${document.uri.toString()}#${title}`);
      if (item) {
        await run(new vscode.TestRunRequest([item]), new vscode.CancellationTokenSource().token);
      }
      return item !== undefined;
    }),
  );
}

function call(program: string, args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 60_000, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === "number" ? error.code : 70) : 0;
      resolve({ code, output: stderr + stdout });
    });
  });
}
