-- Neovim as it comes, with the configuration of editors/README.md and nothing else:
-- nvim --headless --clean -c 'luafile neovim.lua', with README, FOLDER (empty) and `aipc` on the PATH.

local folder = assert(os.getenv("FOLDER"))
local readme = assert(io.open(assert(os.getenv("README")))):read("*a")
-- The block for versions up to 0.10: it is the one that old versions understand.
local configuration = assert(readme:match("Older versions.-\n```lua\n(.-)```"), "the configuration")

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

local function edit(name)
  vim.cmd("edit " .. folder .. "/" .. name)
  return vim.api.nvim_get_current_buf()
end

local function wait(what, test)
  assert(vim.wait(10000, test, 20), "not within 10 s: " .. what)
end

local function findings(buffer)
  return vim.tbl_map(function(it) return it.code end, vim.diagnostic.get(buffer))
end

--- What the server answers to a question about a place, both from 0.
local function ask(buffer, method, line, column, more)
  local params = vim.tbl_extend("force", {
    textDocument = { uri = vim.uri_from_bufnr(buffer) },
    position = { line = line, character = column },
  }, more or {})
  local answers = assert(vim.lsp.buf_request_sync(buffer, method, params, 10000), method .. ": no answer")
  local _, answer = next(answers)
  assert(answer and not answer.error, method .. ": " .. vim.inspect(answer))
  return answer.result
end

local function lines(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
end

local function equal(actual, expected)
  assert(vim.deep_equal(actual, expected), vim.inspect(actual) .. " is not " .. vim.inspect(expected))
end

local POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - image: busybox\n    name: c\n"

local cases = {
  { "a mistake is told, and goes when it is mended", function()
    write("a.aip", "deny podd if spec.hostNetwork\n")
    local buffer = edit("a.aip")
    equal(vim.bo.filetype, "aip")
    wait("the mistake", function() return #findings(buffer) == 1 end)
    local found = vim.diagnostic.get(buffer)[1]
    equal({ found.code, found.lnum, found.col, found.end_col }, { "AIP0206", 0, 5, 9 })
    vim.api.nvim_buf_set_text(buffer, 0, 8, 0, 9, {})
    wait("no mistake", function() return #findings(buffer) == 0 end)
  end },
  { "a mistake is repaired", function()
    write("b.aip", "deny pod if spec.hostNetwrk\n")
    local buffer = edit("b.aip")
    wait("the mistake", function() return #findings(buffer) == 1 end)
    local range = { start = { line = 0, character = 17 }, ["end"] = { line = 0, character = 27 } }
    local actions = ask(buffer, "textDocument/codeAction", 0, 17, { range = range, context = { diagnostics = {} } })
    vim.lsp.util.apply_workspace_edit(actions[1].edit, "utf-16")
    equal(lines(buffer), "deny pod if spec.hostNetwork")
    wait("no mistake", function() return #findings(buffer) == 0 end)
  end },
  { "completion, hover, signature", function()
    write("c.aip", "deny container if securityContext.\ndeny pod if count(spec.containers) > 3\n")
    local buffer = edit("c.aip")
    local list = ask(buffer, "textDocument/completion", 0, 34)
    local labels = vim.tbl_map(function(it) return it.label end, list.items or list)
    assert(vim.tbl_contains(labels, "runAsNonRoot"), vim.inspect(labels))
    assert(#vim.lsp.util.text_document_completion_list_to_complete_items(list, "runAsNon") == 1)
    assert(ask(buffer, "textDocument/hover", 1, 25).contents.value:find("containers"))
    assert(ask(buffer, "textDocument/signatureHelp", 1, 18).signatures[1].label:find("^count%("))
  end },
  { "names", function()
    write("lib.aip", 'let allowed = ["a/*"]\n')
    write("d.aip", 'use "./lib"\ndeny pod if image !~ lib.allowed\n')
    local buffer = edit("d.aip")
    local place = ask(buffer, "textDocument/definition", 1, 27)
    place = place[1] or place
    assert((place.uri or place.targetUri):find("lib%.aip$"))
    equal(#ask(buffer, "textDocument/references", 1, 27, { context = { includeDeclaration = true } }), 2)
    vim.lsp.util.apply_workspace_edit(ask(buffer, "textDocument/rename", 1, 27, { newName = "ours" }), "utf-16")
    equal(lines(buffer), 'use "./lib"\ndeny pod if image !~ lib.ours')
    assert(#ask(buffer, "textDocument/documentSymbol", 0, 0) >= 1)
  end },
  { "formatting", function()
    write("e.aip", "deny   pod if spec.hostNetwork\n")
    local buffer = edit("e.aip")
    vim.lsp.buf.formatting_sync({}, 10000)
    equal(lines(buffer), "deny pod if spec.hostNetwork")
  end },
  { "columns are right behind wide signs", function()
    write("f.aip", 'deny pod if spec.hostname == "😀漢" or spec.oops\n')
    local buffer = edit("f.aip")
    wait("the mistake", function() return #findings(buffer) == 1 end)
    local found = vim.diagnostic.get(buffer)[1]
    local line = vim.api.nvim_buf_get_lines(buffer, 0, 1, false)[1]
    -- Neovim counts bytes, the protocol does not.
    equal(line:sub(found.col + 1, found.end_col), "oops")
  end },
  { "a manifest shows what a policy denies", function()
    write("g.aip", 'deny pod if image !~ "a/*"\n  message "not ours: {image}"\n')
    -- This Neovim does not watch files: what the server is to know is opened.
    edit("g.aip")
    write("pod.yaml", POD)
    local buffer = edit("pod.yaml")
    local told
    wait("the verdict", function()
      told = vim.tbl_filter(function(it) return it.message:find("not ours: busybox") end, vim.diagnostic.get(buffer))
      return #told > 0
    end)
    equal({ told[1].lnum, told[1].col }, { 5, 11 })
  end },
  { "the server goes when it is told to", function()
    local clients = vim.lsp.get_active_clients()
    assert(#clients >= 1)
    vim.lsp.stop_client(clients)
    wait("its end", function() return #vim.lsp.get_active_clients() == 0 end)
  end },
}

write("aip.toml", "")
vim.cmd("cd " .. folder)
assert(loadstring(configuration))()
local failed = 0
for _, case in ipairs(cases) do
  local ok, why = pcall(case[2])
  failed = failed + (ok and 0 or 1)
  io.stdout:write((ok and "ok      " or "FAILED  ") .. case[1] .. (ok and "" or ": " .. tostring(why)) .. "\n")
end
io.stdout:write(string.format("%d passed, %d failed\n", #cases - failed, failed))
vim.cmd(failed == 0 and "qa!" or "cq!")
