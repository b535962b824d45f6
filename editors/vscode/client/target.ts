// The target that is shown: the setting `aip.target`, its picker, and its item in the status bar.

import * as vscode from "vscode";

const TARGETS = [
  { label: "kyverno", detail: "ValidatingPolicy and its family, from Kyverno 1.17 on", value: "kyverno" },
  { label: "kyverno-legacy", detail: "ClusterPolicy and its family, up to Kyverno 1.19", value: "kyverno-legacy" },
  { label: "as aip.toml says", detail: "and kyverno-legacy where it says nothing", value: "" },
];

export interface TargetItem {
  /** Says in the status bar which target an output was made for. */
  shown(target: string): void;
}

/** The target that was chosen in the editor; none where `aip.toml` has the word. */
export function chosenTarget(): string | undefined {
  return vscode.workspace.getConfiguration("aip").get<string>("target") || undefined;
}

export function registerTarget(context: vscode.ExtensionContext): TargetItem {
  const item = vscode.window.createStatusBarItem("aipc.target", vscode.StatusBarAlignment.Right, 100);
  item.name = "aipc: target";
  item.command = "aipc.selectTarget";
  item.tooltip = "The target whose limits and output aipc shows";
  let ofProject = "aip.toml";
  const show = (editor: vscode.TextEditor | undefined) => {
    item.text = `$(target) ${chosenTarget() ?? ofProject}`;
    const isOurs = editor && (editor.document.languageId === "aip" || editor.document.uri.scheme === "aipc-preview");
    if (isOurs) {
      item.show();
    } else {
      item.hide();
    }
  };
  show(vscode.window.activeTextEditor);

  context.subscriptions.push(
    item,
    vscode.window.onDidChangeActiveTextEditor(show),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("aip.target") && show(vscode.window.activeTextEditor)),
    vscode.commands.registerCommand("aipc.selectTarget", async () => {
      const chosen = await vscode.window.showQuickPick(TARGETS, { title: "The target that aipc shows" });
      if (chosen) {
        const where = vscode.workspace.workspaceFolders
          ? vscode.ConfigurationTarget.Workspace
          : vscode.ConfigurationTarget.Global;
        await vscode.workspace.getConfiguration("aip").update("target", chosen.value, where);
      }
    }),
  );
  return {
    shown(target) {
      ofProject = target;
      show(vscode.window.activeTextEditor);
    },
  };
}
