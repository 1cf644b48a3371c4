-- docs_spec.lua - runs every example of every page under docs/, one `it` a block, and checks every value it shows.
-- docs/api.md says at its top how blocks are to be read; `rewrite` below makes that into Lua. On the page of ready-made
-- Lua (docs/router.md and scripts/modules/flaron/router.lua) that module is a local, too, and the flare is given cookies.
local edge = require "flaron.edge"
local support = require "support"

-- What a block is checked with, in flares and in native Lua: a function of the line, the values there are and
-- those that are shown, both from table.pack. Of a table only the fields shown count, of a list the length too.
local check_source = [==[
local function write(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  local fields = {}
  for key, field in pairs(value) do fields[#fields + 1] = ("[%s] = %s"):format(write(key), write(field)) end
  table.sort(fields)
  return "{ " .. table.concat(fields, ", ") .. " }"
end

local function fits(shown, value)
  if type(shown) ~= "table" or (type(value) ~= "table" and type(value) ~= "userdata") then
    return shown == value and math.type(shown) == math.type(value)
  end
  for key, field in pairs(shown) do
    if not fits(field, value[key]) then return false end
  end
  return #shown == #value
end

local function values(list)
  local all = {}
  for i = 1, list.n do all[i] = write(list[i]) end
  return list.n > 0 and table.concat(all, ", ") or "nothing"
end

return function(line, got, shown, done)
  local same = got.n == shown.n
  for i = 1, shown.n do same = same and fits(shown[i], got[i]) end
  if not same then error(("line %d shows %s, it is %s"):format(line, values(shown), values(got)), 0) end
  done(line)
end
]==]

local check = assert(load(check_source, "=check"))()

-- In a flare, what was checked goes to the log, so that a check that never runs is noticed.
local CHECKED = "docs_spec checked line "
local flare_check = ([[
local check = (function() %s end)()
return function(line, got, shown)
  check(line, got, shown, function() print("%s" .. line) end)
end]]):format(check_source, CHECKED)

local prefix = "local docs_check = require 'docs_check'; "
local modules = "local flaron = require 'flaron'; "
for _, name in ipairs(support.modules()) do modules = modules .. ("local %s = flaron.%s; "):format(name, name) end

local default_request = {
  method = "POST",
  url = "https://example.com/cart?item=7",
  headers = { ["content-type"] = "text/plain", accept = "text/html", cookie = "a=b" },
  body = "hello",
}

local project = {
  ["docs_check.lua"] = flare_check,
  ["page.html"] = "<h1>hello</h1>\n",
  ["flare.lua"] = [[return {
    assets = { "page.html" }, requires_body = true, writes_spark_kv = true, writes_plasma_kv = true, websocket = true,
    allowed_secrets = { "API_KEY", "AES_KEY", "SESSION_KEY", "SESSION_KEY_2023" }, allowed_fetch_urls = { "https://api.example.com/*" },
  }]],
}

-- The pages, sorted.
local function list_pages()
  local pages = {}
  local _, output = support.run "LC_ALL=C ls docs/*.md"
  for path in output:gmatch "[^\n]+" do
    -- testing.md is one project, which test_command_spec.lua runs; the Lua of editors.md is Neovim's
    if path ~= "docs/testing.md" and path ~= "docs/editors.md" then pages[#pages + 1] = path end
  end
  return pages
end

-- The name of the ready-made module that a page is about, if it is.
local function module_of(page)
  local name = page:match "^docs/(.*)%.md$"
  return support.read(("scripts/modules/flaron/%s.lua"):format(name)) and name
end

-- The blocks of Lua of a page, each with the page, its heading, the line its fence is on and its lines.
local function read_blocks(page)
  local blocks, block, heading, number = {}, nil, "", 0
  for line in assert(support.read(page)):gmatch "([^\n]*)\n" do
    number = number + 1
    if line == "```lua" then
      block = { page = page, module = module_of(page), heading = heading, line = number }
    elseif line == "```" and block then
      blocks[#blocks + 1] = block
      block = nil
    elseif block then
      block[#block + 1] = line
    else
      heading = line:match "^#+ (.*)" or heading
    end
  end
  assert(block == nil, "a block of " .. page .. " does not end")
  return blocks
end

-- Makes `CODE --> VALUES` into CODE and a check of what it returns or, for a local, of what it is now.
local function rewrite_line(code, shown, line)
  local locals = code:match "^%s*local%s+([%a_][%w_, ]*)%s*=%s"
  if locals then return ("%s; docs_check(%d, table.pack(%s), table.pack(%s))"):format(code, line, locals, shown) end
  return ("docs_check(%d, table.pack(%s), table.pack(%s))"):format(line, code:match "^%s*(.*)", shown)
end

-- The source of a block with its checks, in as many lines; the lines that are checked; the `-- flare:...` lines.
local function rewrite(block)
  local lines, checks, asks = {}, {}, {}
  for i, text in ipairs(block) do
    local line = block.line + i
    local ask, answer = text:match "^%-%- (flare:.-) %-%-> (.+)$"
    local code, shown = text:match "^(.-)%s*%-%-> (.+)$"
    lines[i] = text
    if ask then
      asks[#asks + 1] = { line = line, ask = ask, answer = answer }
    elseif code and code:find "%S" then
      lines[i] = rewrite_line(code, shown, line)
      checks[#checks + 1] = line
    elseif code then -- the values of the line before
      lines[i - 1], lines[i] = rewrite_line(block[i - 1], shown, line - 1), ""
      checks[#checks + 1] = line - 1
    end
  end
  return table.concat(lines, "\n"), checks, asks
end

-- Messages name the line of the document: sources are pushed down to where they stand in it.
local function push_down(block, first, source)
  return ("\n"):rep(block.line - 1) .. first .. "\n" .. source
end

local function in_document(block, message)
  return (tostring(message):gsub("main%.lua:(%d+)", block.page .. ":%1"))
end

local function stub(flare)
  flare:stub_fetch("^https://api%.example%.com/", { status = 404, body = "no such page" })
  flare:stub_fetch("^https://api%.example%.com/down$", function() return nil end)
  flare:stub_fetch("^https://api%.example%.com/users$", { status = 201, headers = { Location = "/users/8" } })
  flare:stub_fetch("^https://api%.example%.com/users/7$",
    { headers = { ["Content-Type"] = "application/json" }, body = '{"id":7,"name":"Ada"}' })
end

local function load_flare(block, source)
  local files = { ["main.lua"] = source }
  for path, content in pairs(project) do files[path] = content end
  local flare, message = support.try_load(files, {
    now = 1700000000,
    requires_raw_auth = block.module ~= nil,
    secrets = { API_KEY = "s3cr3t", AES_KEY = ("k"):rep(32), SESSION_KEY = "new", SESSION_KEY_2023 = "old" },
    spark = { greeting = "hello" },
    plasma = { visits = 41, motto = "onwards" },
  })
  if not flare then error(("the block at line %d does not load: %s"):format(block.line, in_document(block, message)), 0) end
  stub(flare)
  return flare
end

-- Takes the lines of CHECKED out of a response's log; notes them in `seen`.
local function take_checked(response, seen)
  local logs = {}
  for _, entry in ipairs(response.logs) do
    local line = entry.text:match("^" .. CHECKED .. "(%d+)$")
    if line then seen[tonumber(line)] = true else logs[#logs + 1] = entry end
  end
  response.logs = logs
  return response
end

local function expect_checked(block, checks, seen)
  for _, line in ipairs(checks) do
    if not seen[line] then error(("%s:%d: the value shown was never checked"):format(block.page, line), 0) end
  end
end

-- Whether a script's error ended the invocation, whatever the script answers otherwise.
local function failed(response)
  return response.failed or response.status == 500 or response.close_code == 1011
end

local function run_flare(block, kind)
  local source, checks, asks = rewrite(block)
  local is_ws = kind == "body" and source:find "%f[%w_]ws%."
  if kind == "body" then
    local own = block.module and ("local %s = require 'flaron.%s'; "):format(block.module, block.module) or ""
    source = push_down(block, modules .. own .. prefix .. "local function block()", source) ..
      ("\nend return { %s = block }"):format(is_ws and "ws_message" or "handle_request")
  else
    source = push_down(block, prefix .. " _ENV.docs_check = docs_check", source)
  end
  local flare <close> = load_flare(block, source)
  local seen = {}
  local asked = {
    request = function(_, request) return take_checked(assert(flare:request(request or default_request)), seen) end,
    event = function(_, kind_of, event)
      return take_checked(assert(flare:event(kind_of, event or { data = "hello" })), seen)
    end,
  }
  for _, it in ipairs(asks) do
    local place = ("\n"):rep(it.line - 1)
    local environment = { flare = asked }
    local got = table.pack(assert(load(place .. "return " .. it.ask, "@" .. block.page, "t", environment))())
    local shown = table.pack(assert(load(place .. "return " .. it.answer, "@" .. block.page, "t", {}))())
    local good, message = pcall(check, it.line, got, shown, function() end)
    if not good then error(in_document(block, message .. "\n" .. (support.log(got[1], "error") or "")), 0) end
  end
  if #asks == 0 then
    local response = is_ws and asked:event "message" or asked:request()
    if failed(response) then error(in_document(block, support.log(response, "error") or "failed"), 0) end
  end
  expect_checked(block, checks, seen)
end

local function run_manifest(block)
  local flare <close> = assert(support.load {
    ["main.lua"] = "return function() end",
    ["flare.lua"] = push_down(block, "", table.concat(block, "\n")),
    ["page.html"] = "<h1>hello</h1>\n",
    ["pages/home.lua"] = "return {}",
  })
  assert.equal(200, flare:request().status)
end

local function run_spec(block)
  local source, checks = rewrite(block)
  local path, seen = support.folder() .. "/", {}
  support.write(path .. "main.lua", "return function() return { body = 'hello' } end\n")
  local environment = setmetatable({
    path = path,
    edge = {
      load = function(...)
        local answers = table.pack(pcall(support.try_load, ...))
        if not answers[1] then error((answers[2]:gsub("^[%w./]*support%.lua:%d+: ", "")), 0) end
        return table.unpack(answers, 2, answers.n)
      end,
      cluster = edge.cluster,
    },
    docs_check = function(line, got, shown)
      check(line, got, shown, function() seen[line] = true end)
    end,
  }, { __index = _G })
  assert(load(push_down(block, "", source), "@" .. block.page, "t", environment))()
  expect_checked(block, checks, seen)
end

for _, page in ipairs(list_pages()) do
  local blocks = read_blocks(page)
  if #blocks > 0 then
    describe(page, function()
      for _, block in ipairs(blocks) do
        it(("line %d: %s"):format(block.line, block.heading), function()
          assert(load(table.concat(block, "\n"), ("=%s, block at line %d"):format(page, block.line)))
          local kind = block[1]
          if kind == "-- flare.lua" then
            run_manifest(block)
          elseif kind == "-- spec" then
            run_spec(block)
          else
            run_flare(block, kind == "-- main.lua" and "main" or "body")
          end
        end)
      end
    end)
  end
end
