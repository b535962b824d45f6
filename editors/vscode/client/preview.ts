// What a policy file compiles to, beside it: a document that follows the source, with the lines of the rule at the cursor marked.

import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

import { chosenTarget, TargetItem } from "./target";

const SCHEME = "aipc-preview";

interface Region {
  source: number;
  start: number;
  end: number;
}

interface Preview {
  target: string;
  version: number;
  stale: boolean;
  problems: string[];
  text: string;
  regions: Region[];
}

/** The address of the preview of a source. */
function previewOf(source: vscode.Uri): vscode.Uri {
  const name = source.path.split("/").pop() ?? "policy";
  return vscode.Uri.from({ scheme: SCHEME, path: `/${name}.yaml`, query: source.toString() });
}

function sourceOf(preview: vscode.Uri): vscode.Uri {
  return vscode.Uri.parse(preview.query, true);
}

/** What stands above an output that is older than its source; each line of it moves the output down. */
function banner(preview: Preview): string[] {
  if (!preview.stale) {
    return [];
  }
  const first = preview.text ? "# STALE: the source has mistakes, and this is what it was before." : "# There is nothing to show:";
  return [first, ...preview.problems.slice(0, 5).map((it) => `#   ${it}`), ""];
}

export interface Outputs {
  /** Asks for all outputs anew. */
  refresh(): void;
}

export function registerPreview(
  context: vscode.ExtensionContext,
  client: () => LanguageClient | undefined,
  target: TargetItem,
): Outputs {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const shown = new Map<string, Preview>();
  const mark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
  });
  // The side that was moved by us, and must not move the other one back.
  let following = false;

  const provider: vscode.TextDocumentContentProvider = {
    onDidChange: changed.event,
    async provideTextDocumentContent(uri) {
      const source = sourceOf(uri);
      const asked = { uri: source.toString(), target: chosenTarget() };
      const preview = await client()?.sendRequest<Preview | null>("aipc/preview", asked);
      if (!preview) {
        return "# The source is not open.\n";
      }
      shown.set(uri.toString(), preview);
      return [...banner(preview), preview.text].join("\n");
    },
  };

  /** Which target the project of a source has, for the item in the status bar. */
  async function learnTarget(document: vscode.TextDocument | undefined): Promise<void> {
    if (document?.languageId === "aip" && client()?.isRunning()) {
      const preview = await client()?.sendRequest<Preview | null>("aipc/preview", { uri: document.uri.toString() });
      if (preview) {
        target.shown(preview.target);
      }
    }
  }

  function visible(uri: vscode.Uri): vscode.TextEditor | undefined {
    return vscode.window.visibleTextEditors.find((it) => it.document.uri.toString() === uri.toString());
  }

  /** Marks in the output what belongs to the line of the source. */
  function follow(editor: vscode.TextEditor): void {
    const uri = previewOf(editor.document.uri);
    const preview = shown.get(uri.toString());
    const output = visible(uri);
    if (!preview || !output) {
      return;
    }
    const line = editor.selection.active.line;
    // The rule that begins last before the cursor.
    const before = preview.regions.filter((it) => it.source <= line).map((it) => it.source);
    const rule = Math.max(...before);
    const down = banner(preview).length;
    const ranges = preview.regions
      .filter((it) => it.source === rule)
      .map((it) => new vscode.Range(it.start + down, 0, Math.max(it.start, it.end - 1) + down, 0));
    output.setDecorations(mark, ranges);
    if (ranges.length > 0 && !following) {
      output.revealRange(ranges[0], vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
  }

  /** Goes in the source to the rule whose output the cursor is in. */
  function lead(editor: vscode.TextEditor): void {
    const preview = shown.get(editor.document.uri.toString());
    const source = preview && visible(sourceOf(editor.document.uri));
    if (!preview || !source) {
      return;
    }
    const line = editor.selection.active.line - banner(preview).length;
    const region = preview.regions.find((it) => it.start <= line && line < it.end);
    if (region) {
      following = true;
      const place = new vscode.Position(region.source, 0);
      source.selection = new vscode.Selection(place, place);
      source.revealRange(new vscode.Range(place, place), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
      setTimeout(() => (following = false), 100);
    }
  }

  /** An output rests on the files that its source uses, too, and on the settings of the project. */
  const isSource = (it: vscode.TextDocument) => it.languageId === "aip" || it.uri.path.endsWith("/aip.toml");

  function refresh(): void {
    void learnTarget(vscode.window.activeTextEditor?.document);
    vscode.workspace.textDocuments.filter((it) => it.uri.scheme === SCHEME).forEach((it) => changed.fire(it.uri));
  }

  context.subscriptions.push(
    changed,
    mark,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, provider),
    vscode.commands.registerCommand("aipc.preview", async (address?: string | vscode.Uri) => {
      const active = vscode.window.activeTextEditor?.document;
      const source = typeof address === "string" ? vscode.Uri.parse(address, true) : address ?? active?.uri;
      if (!source) {
        return;
      }
      const document = await vscode.workspace.openTextDocument(previewOf(source));
      await vscode.languages.setTextDocumentLanguage(document, "yaml");
      await vscode.window.showTextDocument(document, {
        viewColumn: vscode.ViewColumn.Beside,
        preserveFocus: true,
        preview: false,
      });
      const editor = visible(source);
      if (editor) {
        follow(editor);
      }
    }),
    vscode.workspace.onDidChangeTextDocument((event) => {
      if (isSource(event.document)) {
        refresh();
      } else if (event.document.uri.scheme === SCHEME) {
        const source = visible(sourceOf(event.document.uri));
        if (source) {
          follow(source);
        }
      }
    }),
    vscode.window.onDidChangeActiveTextEditor((editor) => learnTarget(editor?.document)),
    vscode.workspace.onDidSaveTextDocument((document) => isSource(document) && refresh()),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("aip.target") && refresh()),
    vscode.window.onDidChangeTextEditorSelection((event) => {
      const document = event.textEditor.document;
      if (document.languageId === "aip") {
        follow(event.textEditor);
      } else if (document.uri.scheme === SCHEME && event.textEditor === vscode.window.activeTextEditor) {
        lead(event.textEditor);
      }
    }),
  );
  return { refresh };
}
