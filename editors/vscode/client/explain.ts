// Why a rule says what it says of an object, as a tree: asked for at the cursor, in a policy or in a manifest.

import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

const VIEW = "aipc.verdict";
const COMMAND = "aipc.explainVerdict";

/** A line of the tree, as the server has it. */
interface Step {
  label: string;
  detail: string;
  outcome: string;
  /** It decided. */
  deciding: boolean;
  uri?: string;
  range?: { start: { line: number; character: number }; end: { line: number; character: number } };
  children: Step[];
}

/** Icons and colours of outcomes; what is not here was not asked. */
const ICONS: Record<string, [icon: string, color: string]> = {
  pass: ["pass", "testing.iconPassed"],
  fail: ["error", "testing.iconFailed"],
  warn: ["warning", "list.warningForeground"],
  error: ["warning", "testing.iconErrored"],
  true: ["check", "testing.iconPassed"],
  false: ["close", "testing.iconFailed"],
};

export interface Verdicts {
  /** The lines of the tree that is shown, each with its depth, as they are read. */
  lines(): string[];
}

export function registerExplain(context: vscode.ExtensionContext, client: () => LanguageClient | undefined): Verdicts {
  const changed = new vscode.EventEmitter<Step | undefined>();
  let root: Step | undefined;

  /** Whether what decided is below; that is what one wants to see at once. */
  const decides = (it: Step): boolean => it.deciding || it.children.some(decides);

  const provider: vscode.TreeDataProvider<Step> = {
    onDidChangeTreeData: changed.event,
    getChildren: (it) => (it ? it.children : root ? [root] : []),
    getTreeItem(it) {
      const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
      const isOpen = it === root || (it.outcome !== "pass" && decides(it));
      const item = new vscode.TreeItem(it.label, it.children.length === 0 ? None : isOpen ? Expanded : Collapsed);
      const [icon, color] = ICONS[it.outcome] ?? ["circle-slash", "disabledForeground"];
      item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
      item.description = it.deciding ? `${it.detail}  ◀ decided`.trim() : it.detail;
      item.tooltip = new vscode.MarkdownString(`**${it.outcome}**${it.deciding ? ", and this decided" : ""}`);
      item.tooltip.appendText(`\n\n${it.label}\n\n${it.detail}`);
      item.accessibilityInformation = { label: `${it.outcome}: ${it.label}, ${item.description}` };
      if (it.uri && it.range) {
        const { start, end } = it.range;
        const selection = new vscode.Range(start.line, start.character, end.line, end.character);
        const show: vscode.TextDocumentShowOptions = { selection, preview: true };
        item.command = { command: "vscode.open", title: "Go there", arguments: [vscode.Uri.parse(it.uri, true), show] };
      }
      return item;
    },
  };
  const view = vscode.window.createTreeView(VIEW, { treeDataProvider: provider, showCollapseAll: true });

  async function explain(address?: string | vscode.Uri, line?: number, character?: number): Promise<boolean> {
    const active = vscode.window.activeTextEditor;
    const uri = typeof address === "string" ? vscode.Uri.parse(address, true) : address ?? active?.document.uri;
    if (!uri) {
      return false;
    }
    const cursor = active?.document.uri.toString() === uri.toString() ? active.selection.active : new vscode.Position(0, 0);
    const position = { line: line ?? cursor.line, character: character ?? cursor.character };
    const asked = { textDocument: { uri: uri.toString() }, position };
    const answer = await client()?.sendRequest<Step | null>("aipc/explainVerdict", asked);
    if (!answer) {
      void vscode.window.showInformationMessage("There is no verdict here: put the cursor into a rule, or into an object of a manifest.");
      return false;
    }
    root = answer;
    view.message = undefined;
    changed.fire(undefined);
    await vscode.commands.executeCommand(`${VIEW}.focus`);
    return true;
  }

  /** Beside each finding of a policy in a manifest. */
  const actions: vscode.CodeActionProvider = {
    provideCodeActions(document, _range, { diagnostics }) {
      const denied = diagnostics.filter((it) => it.source === "aipc" && it.code === "policy");
      if (denied.length === 0) {
        return [];
      }
      const action = new vscode.CodeAction("Explain this verdict", vscode.CodeActionKind.QuickFix);
      action.diagnostics = denied;
      const { line, character } = denied[0].range.start;
      action.command = { command: COMMAND, title: action.title, arguments: [document.uri, line, character] };
      return [action];
    },
  };
  const manifests = [{ language: "yaml", scheme: "file" }, { language: "json", scheme: "file" }];

  context.subscriptions.push(
    changed,
    view,
    vscode.commands.registerCommand(COMMAND, (address?: string | vscode.Uri, line?: unknown, character?: unknown) =>
      // A menu gives other things behind the address.
      explain(address, typeof line === "number" ? line : undefined, typeof character === "number" ? character : undefined),
    ),
    vscode.languages.registerCodeActionsProvider(manifests, actions, { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] }),
  );

  const lines = (it: Step, depth: number): string[] => {
    const own = `${"  ".repeat(depth)}${it.outcome}: ${it.label}${it.deciding ? " ◀" : ""}`;
    return [own, ...it.children.flatMap((child) => lines(child, depth + 1))];
  };
  return { lines: () => (root && view.visible ? lines(root, 0) : []) };
}
