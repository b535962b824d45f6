// The `test` blocks in the test explorer.

import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

/** So many files are looked at for tests; of a larger workspace, those that are open as well. */
const FILES_MAX = 500;

/** A test that the server ran, on the text that is open. */
interface Outcome {
  title: string;
  range: { start: { line: number } };
  passed: boolean;
  failures: { range: { start: { line: number } }; expected: string; actual: string[] }[];
}

interface Outcomes {
  /** Why none could run. */
  problems: string[];
  tests: Outcome[];
}

/** What became of a test. */
export type Result = "passed" | "failed" | "errored" | "skipped";

export interface TestTree {
  /** Looks for tests anew: in the open files, and in all once the explorer was open. */
  refresh(): Promise<void>;
}

export function registerTests(
  context: vscode.ExtensionContext,
  client: () => LanguageClient | undefined,
): TestTree {
  const controller = vscode.tests.createTestController("aipc", "aipc");
  let isWhole = false;

  /** The tests of a file, as its outline has them. */
  async function discover(document: vscode.TextDocument): Promise<void> {
    if (document.languageId !== "aip" || document.uri.scheme !== "file" || !client()?.isRunning()) {
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
    const known = new Set<string>();
    file.children.replace(
      tests.map((test) => {
        // Two tests may have one title.
        let name = `${id}#${test.name}`;
        while (known.has(name)) {
          name += "'";
        }
        known.add(name);
        const item = controller.createTestItem(name, test.name, document.uri);
        item.range = test.range;
        return item;
      }),
    );
  }

  async function discoverFile(uri: vscode.Uri): Promise<void> {
    await discover(await vscode.workspace.openTextDocument(uri));
  }

  async function refresh(): Promise<void> {
    if (isWhole) {
      const files = await vscode.workspace.findFiles("**/*.aip", undefined, FILES_MAX);
      await Promise.all(files.map(discoverFile));
    }
    await Promise.all(vscode.workspace.textDocuments.map(discover));
  }

  /** The single tests of a request, by their files. */
  function asked(request: vscode.TestRunRequest): Map<string, vscode.TestItem[]> {
    const items = request.include ?? [...controller.items].map(([, item]) => item);
    const tests = items.flatMap((it) => (it.children.size > 0 ? [...it.children].map(([, item]) => item) : [it]));
    const byFile = new Map<string, vscode.TestItem[]>();
    for (const test of tests.filter((it) => !request.exclude?.includes(it))) {
      const file = test.uri?.toString() ?? "";
      byFile.set(file, [...(byFile.get(file) ?? []), test]);
    }
    return byFile;
  }

  /** Runs tests; gives the result of each, by the id of its item. */
  async function run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<Map<string, Result>> {
    const run = controller.createTestRun(request);
    const results = new Map<string, Result>();
    for (const [file, tests] of asked(request)) {
      if (token.isCancellationRequested) {
        tests.forEach((it) => (run.skipped(it), results.set(it.id, "skipped")));
        continue;
      }
      tests.forEach((it) => run.started(it));
      const began = Date.now();
      // A file that is not open is opened, so that the server has its text.
      await vscode.workspace.openTextDocument(vscode.Uri.parse(file, true));
      const answer = await client()?.sendRequest<Outcomes | null>("aipc/runTests", { textDocument: { uri: file } }, token);
      const took = (Date.now() - began) / tests.length;
      for (const test of tests) {
        // By their titles, and where two have one, by their lines.
        const named = answer?.tests.filter((it) => it.title === test.label) ?? [];
        const outcome = named.length > 1 ? named.find((it) => it.range.start.line === test.range?.start.line) : named[0];
        results.set(test.id, tell(run, test, outcome, answer?.problems ?? ["the aipc server does not run"], took));
      }
    }
    run.end();
    return results;
  }

  /** Says in the explorer what became of a test. */
  function tell(run: vscode.TestRun, test: vscode.TestItem, outcome: Outcome | undefined, problems: string[], took: number): Result {
    const say = (lines: string[]) => run.appendOutput(`${lines.join("\r\n")}\r\n`, undefined, test);
    if (!outcome) {
      say([`ERROR  ${test.label}`, ...problems.map((it) => `  ${it}`)]);
      run.errored(test, new vscode.TestMessage(problems.join("\n") || "the test did not run"), took);
      return "errored";
    }
    if (outcome.passed) {
      say([`ok     ${test.label}`]);
      run.passed(test, took);
      return "passed";
    }
    say([`FAILED ${test.label}`, ...outcome.failures.flatMap((it) => [`  expected: ${it.expected}`, ...it.actual.map((of, at) => `  ${at === 0 ? "actual:" : "       "}   ${of}`)])]);
    const messages = outcome.failures.map((it) => {
      const actual = it.actual.join("\n");
      const message = vscode.TestMessage.diff(`expected ${it.expected}, but ${actual}`, it.expected, actual);
      message.location = test.uri && new vscode.Location(test.uri, new vscode.Position(it.range.start.line, 0));
      return message;
    });
    run.failed(test, messages, took);
    return "failed";
  }

  const profile = controller.createRunProfile(
    "Run",
    vscode.TestRunProfileKind.Run,
    (request, token) => {
      if (!request.continuous) {
        return run(request, token).then(() => undefined);
      }
      // Again with each file that is saved: a test rests on the files that its own uses, too.
      const saved = vscode.workspace.onDidSaveTextDocument((it) => it.languageId === "aip" && void run(request, token));
      token.onCancellationRequested(() => saved.dispose());
      return undefined;
    },
    true,
  );
  profile.supportsContinuousRun = true;
  controller.refreshHandler = refresh;
  controller.resolveHandler = async (item) => {
    if (!item) {
      isWhole = true;
      await refresh();
    }
  };

  const files = vscode.workspace.createFileSystemWatcher("**/*.aip");
  const later = new Map<string, NodeJS.Timeout>();
  context.subscriptions.push(
    controller,
    files,
    files.onDidCreate((uri) => isWhole && void discoverFile(uri)),
    files.onDidDelete((uri) => controller.items.delete(uri.toString())),
    vscode.workspace.onDidOpenTextDocument(discover),
    vscode.workspace.onDidChangeTextDocument((event) => {
      // The outline is asked for once typing pauses.
      const id = event.document.uri.toString();
      clearTimeout(later.get(id));
      later.set(id, setTimeout(() => void discover(event.document), 300));
    }),
    vscode.commands.registerCommand("aipc.runTest", async (address: string, title: string): Promise<Result | undefined> => {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(address, true));
      await discover(document);
      const id = `${document.uri.toString()}#${title}`;
      const item = controller.items.get(document.uri.toString())?.children.get(id);
      if (!item) {
        return undefined;
      }
      const results = await run(new vscode.TestRunRequest([item]), new vscode.CancellationTokenSource().token);
      return results.get(id);
    }),
  );
  return { refresh };
}
