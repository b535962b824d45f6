// The item in the status bar: whether the server runs.

import * as vscode from "vscode";

export interface Status {
  state(running: boolean): void;
  missing(): void;
}

export function registerStatus(context: vscode.ExtensionContext): Status {
  const item = vscode.languages.createLanguageStatusItem("aipc", [{ language: "aip" }, { pattern: "**/aip.toml" }]);
  item.name = "aipc";
  item.command = { command: "aipc.showLog", title: "Show the log" };
  context.subscriptions.push(item);
  const show = (text: string, severity: vscode.LanguageStatusSeverity) => {
    item.text = text;
    item.severity = severity;
  };
  show("aipc starts", vscode.LanguageStatusSeverity.Information);
  return {
    state: (running) =>
      running
        ? show("aipc", vscode.LanguageStatusSeverity.Information)
        : show("aipc has stopped", vscode.LanguageStatusSeverity.Error),
    missing: () => show("aipc was not found", vscode.LanguageStatusSeverity.Error),
  };
}
