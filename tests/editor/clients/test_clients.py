"""What editors of three kinds get, each with the capabilities that it truly states; pytest-lsp brings them.

Messages are checked against the types of the protocol, and against what the client said it can.
`aipc` is on the PATH. See .ci/clients.
"""

import asyncio
import pathlib

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

CLIENTS = {
    "vscode": lambda: client_capabilities("visual_studio_code"),
    "neovim": lambda: client_capabilities("neovim"),
    # Nothing but what every client must understand.
    "minimal": lambda: lsp.ClientCapabilities(),
}

POLICY = 'let allowed = ["a/*"]\n\npolicy p "T" {\n  rule r: deny podd if image !~ allowed and count(spec.containers) > 3\n}\n'


def editor() -> LanguageClient:
    """A client that says yes to what its capabilities let a server ask."""
    client = make_test_lsp_client()
    client.asked = []
    for method in [
        lsp.CLIENT_REGISTER_CAPABILITY,
        lsp.WORKSPACE_CODE_LENS_REFRESH,
        lsp.WORKSPACE_INLAY_HINT_REFRESH,
        lsp.WORKSPACE_SEMANTIC_TOKENS_REFRESH,
    ]:
        client.feature(method)(lambda *_, method=method: client.asked.append(method))
    return client


@pytest_lsp.fixture(
    params=CLIENTS, config=ClientServerConfig(server_command=["aipc", "lsp"], client_factory=editor)
)
async def client(request, lsp_client: LanguageClient, tmp_path: pathlib.Path):
    (tmp_path / "aip.toml").write_text("")
    capabilities = CLIENTS[request.param]()
    folders = [lsp.WorkspaceFolder(uri=tmp_path.as_uri(), name="project")]
    lsp_client.can = capabilities
    lsp_client.folder = tmp_path
    lsp_client.answer = await lsp_client.initialize_session(
        lsp.InitializeParams(capabilities=capabilities, root_uri=tmp_path.as_uri(), workspace_folders=folders)
    )
    yield
    await lsp_client.shutdown_session()
    assert lsp_client._server.returncode == 0


def pulls(client: LanguageClient) -> bool:
    return bool(client.can.text_document and client.can.text_document.diagnostic)


def write(client: LanguageClient, name: str, text: str) -> str:
    path = client.folder / name
    path.write_text(text)
    return path.as_uri()


def open_file(client: LanguageClient, name: str, text: str, language: str = "aip") -> str:
    uri = write(client, name, text)
    item = lsp.TextDocumentItem(uri=uri, language_id=language, version=1, text=text)
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(text_document=item))
    return uri


def change(client: LanguageClient, uri: str, version: int, line: int, start: int, end: int, text: str) -> None:
    part = lsp.Range(lsp.Position(line, start), lsp.Position(line, end))
    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(
            text_document=lsp.VersionedTextDocumentIdentifier(version=version, uri=uri),
            content_changes=[lsp.TextDocumentContentChangePartial(range=part, text=text)],
        )
    )


def document(uri: str) -> lsp.TextDocumentIdentifier:
    return lsp.TextDocumentIdentifier(uri=uri)


async def until(ask, test, what: str):
    """The first answer that is good enough, within a time that a slow machine needs too."""
    for _ in range(200):
        answer = await ask()
        if test(answer):
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within 10 s: {what}; last: {answer}")


async def findings(client: LanguageClient, uri: str, test) -> list[lsp.Diagnostic]:
    """What is found in a file, told or asked for as the client can."""

    async def ask():
        if not pulls(client):
            return list(client.diagnostics.get(uri, [None]))
        report = await client.text_document_diagnostic_async(lsp.DocumentDiagnosticParams(text_document=document(uri)))
        return list(report.items)

    return await until(ask, lambda it: None not in it and test(it), f"findings in {uri}")


def codes(found: list[lsp.Diagnostic]) -> list[str]:
    return [it.code for it in found]


async def test_findings_come_in_one_way_only(client: LanguageClient):
    uri = open_file(client, "a.aip", "deny podd if spec.hostNetwork\n")
    (found,) = await findings(client, uri, lambda it: len(it) == 1)
    assert (found.code, found.range.start.character, found.range.end.character) == ("AIP0206", 5, 9)
    offered = client.answer.capabilities.diagnostic_provider is not None
    assert offered == pulls(client)
    change(client, uri, 2, 0, 8, 9, "")
    await findings(client, uri, lambda it: it == [])
    if pulls(client):
        assert client.diagnostics == {}, "who asks is not told as well"


async def test_findings_hold_what_the_client_can_show(client: LanguageClient):
    text = 'let a = "x"\nlet a = "y"\ndeny pod if image == a\n/// stray\n'
    uri = open_file(client, "a.aip", text)
    found = await findings(client, uri, lambda it: {"AIP0203", "AIP0119"} <= set(codes(it)))
    twice = next(it for it in found if it.code == "AIP0203")
    stray = next(it for it in found if it.code == "AIP0119")
    published = client.can.text_document and client.can.text_document.publish_diagnostics
    assert bool(twice.related_information) == bool(published and published.related_information)
    assert bool(stray.tags) == bool(published and published.tag_support)
    assert bool(stray.code_description) == bool(published and published.code_description_support)


async def test_repairs(client: LanguageClient):
    uri = open_file(client, "a.aip", "deny podd if spec.hostPID\ndeny pod if spec.hostNetwrk\n")
    found = await findings(client, uri, lambda it: len(it) == 2)
    ask = lambda only: client.text_document_code_action_async(  # noqa: E731
        lsp.CodeActionParams(
            text_document=document(uri),
            range=found[0].range,
            context=lsp.CodeActionContext(diagnostics=found, only=only),
        )
    )
    first = next(it for it in await ask([lsp.CodeActionKind.QuickFix]) if it.title == "write `pod`")
    assert first.diagnostics[0].code == "AIP0206"
    (edits,) = first.edit.changes.values() if first.edit.changes else [it.edits for it in first.edit.document_changes]
    assert [it.new_text for it in edits] == ["pod"]
    (every,) = await ask([lsp.CodeActionKind.SourceFixAll])
    assert every.kind == lsp.CodeActionKind.SourceFixAll
    (edits,) = every.edit.changes.values() if every.edit.changes else [it.edits for it in every.edit.document_changes]
    assert sorted(it.new_text for it in edits) == ["hostNetwork", "pod"]


async def test_completion_is_what_the_client_can_put_in(client: LanguageClient):
    uri = open_file(client, "a.aip", "\ndeny container if securityContext.\n")
    ask = lambda line, column: client.text_document_completion_async(  # noqa: E731
        lsp.CompletionParams(text_document=document(uri), position=lsp.Position(line, column))
    )
    answer = await ask(1, 34)
    items = getattr(answer, "items", answer)
    field = next(it for it in items if it.label == "runAsNonRoot")
    assert field.kind == lsp.CompletionItemKind.Field
    resolved = await client.completion_item_resolve_async(field)
    words = resolved.documentation
    assert "non-root" in (words if isinstance(words, str) else words.value)
    answer = await ask(0, 0)
    items = getattr(answer, "items", answer)
    completion = client.can.text_document and client.can.text_document.completion
    snippets = bool(completion and completion.completion_item and completion.completion_item.snippet_support)
    assert any(it.insert_text_format == lsp.InsertTextFormat.Snippet for it in items) == snippets
    assert "deny" in [it.label for it in items]
    if not snippets:
        texts = [it.insert_text or (it.text_edit and it.text_edit.new_text) or it.label for it in items]
        assert not any("${" in it or "$1" in it for it in texts)


async def test_every_question_has_an_answer(client: LanguageClient):
    uri = open_file(client, "a.aip", POLICY.replace("podd", "pod"))
    at = {"text_document": document(uri), "position": lsp.Position(3, 34)}
    whole = lsp.Range(lsp.Position(0, 0), lsp.Position(9, 0))
    options = lsp.FormattingOptions(tab_size=2, insert_spaces=True)
    hover = await client.text_document_hover_async(lsp.HoverParams(**at))
    assert "allowed" in hover.contents.value
    place = await client.text_document_definition_async(lsp.DefinitionParams(**at))
    place = place[0] if isinstance(place, list) else place
    assert place.range.start == lsp.Position(0, 4)
    context = lsp.ReferenceContext(include_declaration=True)
    assert len(await client.text_document_references_async(lsp.ReferenceParams(**at, context=context))) == 2
    assert len(await client.text_document_document_highlight_async(lsp.DocumentHighlightParams(**at))) == 2
    prepared = await client.text_document_prepare_rename_async(lsp.PrepareRenameParams(**at))
    assert prepared.placeholder == "allowed"
    edit = await client.text_document_rename_async(lsp.RenameParams(**at, new_name="ours"))
    assert edit.changes or edit.document_changes
    (policy,) = [
        it
        for it in await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(document(uri)))
        if it.name == "p"
    ]
    assert policy.kind
    assert await client.workspace_symbol_async(lsp.WorkspaceSymbolParams(query="p"))
    count = lsp.SignatureHelpParams(document(uri), lsp.Position(3, 50))
    assert (await client.text_document_signature_help_async(count)).signatures[0].label.startswith("count(")
    assert await client.text_document_folding_range_async(lsp.FoldingRangeParams(document(uri)))
    positions = [lsp.Position(3, 34)]
    (selection,) = await client.text_document_selection_range_async(lsp.SelectionRangeParams(document(uri), positions))
    assert selection.parent
    tokens = await client.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(document(uri)))
    assert tokens.data and len(tokens.data) % 5 == 0
    hints = await client.text_document_inlay_hint_async(lsp.InlayHintParams(document(uri), whole))
    assert {"any", ": list of string"} <= {it.label for it in hints}
    lenses = await client.text_document_code_lens_async(lsp.CodeLensParams(document(uri)))
    # Commands that this client has not said to have are not offered to it.
    assert not any(it.command and it.command.command.startswith("aipc.") for it in lenses or [])
    formatted = await client.text_document_formatting_async(lsp.DocumentFormattingParams(document(uri), options))
    assert not formatted, "it has its form already"


async def test_manifests(client: LanguageClient):
    write(client, "a.aip", 'deny pod if image !~ "a/*"\n  message "not ours: {image}"\n')
    manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - image: busybox\n    name: c\n"
    uri = open_file(client, "pod.yaml", manifest, "yaml")
    found = await findings(client, uri, lambda it: any("not ours: busybox" in one.message for one in it))
    assert found[0].range.start == lsp.Position(5, 11)


async def test_columns_are_in_the_units_that_were_agreed(client: LanguageClient):
    unit = client.answer.capabilities.position_encoding
    line = 'deny pod if spec.hostname == "\U0001f600漢" or spec.oops'
    uri = open_file(client, "a.aip", line + "\n")
    (found,) = await findings(client, uri, lambda it: len(it) == 1)
    before = line[: line.index("oops")]
    width = {
        lsp.PositionEncodingKind.Utf8: len(before.encode()),
        lsp.PositionEncodingKind.Utf16: len(before.encode("utf-16-le")) // 2,
        lsp.PositionEncodingKind.Utf32: len(before),
    }
    assert found.range.start.character == width[unit]


async def test_a_workspace_may_have_several_folders(client: LanguageClient):
    for name in ["one", "two"]:
        (client.folder / name).mkdir()
        (client.folder / name / "aip.toml").write_text("")
        (client.folder / name / "lib.aip").write_text(f'let {name} = ["a/*"]\n')
    uri = open_file(client, "two/a.aip", 'use "./lib"\ndeny pod if image !~ lib.two\n')
    other = open_file(client, "one/a.aip", 'use "./lib"\ndeny pod if image !~ lib.two\n')
    folder = lsp.WorkspaceFolder(uri=(client.folder / "two").as_uri(), name="two")
    event = lsp.WorkspaceFoldersChangeEvent(added=[folder], removed=[])
    client.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(event=event))
    await findings(client, uri, lambda it: it == [])
    assert len(await findings(client, other, lambda it: len(it) == 1)) == 1


async def test_settings_take_effect_at_once(client: LanguageClient):
    uri = open_file(client, "a.aip", 'deny pod if "admin" in user.roles\n')
    await findings(client, uri, lambda it: it == [])
    settings = {"aip": {"target": "kyverno"}}
    client.set_configuration(settings)
    client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(settings=settings))
    await findings(client, uri, lambda it: "AIP0601" in codes(it))


async def test_what_goes_wrong_is_told_and_costs_nothing(client: LanguageClient):
    from pygls.exceptions import JsonRpcException

    uri = open_file(client, "a.aip", "deny pod if spec.hostNetwork\n")
    keyword = {"text_document": document(uri), "position": lsp.Position(0, 1)}
    with pytest.raises(JsonRpcException):
        await client.text_document_rename_async(lsp.RenameParams(**keyword, new_name="x"))
    beyond = {"text_document": document(uri), "position": lsp.Position(77, 99)}
    assert await client.text_document_hover_async(lsp.HoverParams(**beyond)) is None
    at = {"text_document": document(uri), "position": lsp.Position(0, 20)}
    assert await client.text_document_hover_async(lsp.HoverParams(**at))
