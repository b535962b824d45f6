// Texts that are part of the server: the library, and the pages of diagnostics.

import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

export function registerBuiltIn(context: vscode.ExtensionContext, client: () => LanguageClient | undefined): void {
  const provider: vscode.TextDocumentContentProvider = {
    async provideTextDocumentContent(uri) {
      const text = await client()?.sendRequest<string>("aipc/builtIn", { uri: uri.toString(true) });
      return text ?? "";
    },
  };
  context.subscriptions.push(vscode.workspace.registerTextDocumentContentProvider("aipc", provider));
}
