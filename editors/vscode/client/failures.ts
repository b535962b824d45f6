// The objects that a rule denies, as the lens over the rule leads to them.

import * as vscode from "vscode";

interface Failure {
  uri: string;
  line: number;
  object: string;
}

export function registerFailures(context: vscode.ExtensionContext): void {
  context.subscriptions.push(
    vscode.commands.registerCommand("aipc.showFailures", async (source: string, failures: Failure[]) => {
      if (failures.length === 0) {
        void vscode.window.showInformationMessage("Nothing in the workspace is denied by this rule.");
        return;
      }
      const places = failures.map((it) => new vscode.Location(vscode.Uri.parse(it.uri, true), new vscode.Position(it.line, 0)));
      const uri = vscode.Uri.parse(source, true);
      const position = vscode.window.activeTextEditor?.selection.active ?? new vscode.Position(0, 0);
      await vscode.commands.executeCommand("editor.action.goToLocations", uri, position, places, "peek", "");
    }),
  );
}
