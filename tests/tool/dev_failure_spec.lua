-- What flaron-lua dev tells of handlers that fail: to browsers, in the log, as JSON. All from one excerpt, of the
-- flare that ran.
local json = require "dkjson"
local serving = require "serving"
local support = require "support"

local HTML = "-H 'Accept: text/html'"

-- The last line of JSON of a dev with --json, once there are `count`.
local function record(dev, count)
  return serving.wait(function()
    local lines = {}
    for line in (support.read(dev.log .. ".out") or ""):gmatch "({[^\n]*})\n" do lines[#lines + 1] = line end
    return #lines >= count and json.decode(lines[#lines])
  end, 4)
end

-- What of the log of a dev matches, once it does.
local function logged(dev, pattern)
  return serving.wait(function() return (support.read(dev.log .. ".out") or ""):match(pattern) end, 4)
end

-- The lines of the script on a page of dev, as they were before HTML.
local function lines_of(page)
  local lines = {}
  for line in page:gsub("&gt;", ">"):gsub("&quot;", '"'):gsub("&amp;", "&"):gmatch "  ([> ] +%d+ | [^\n]*\n)" do
    lines[#lines + 1] = line
  end
  return table.concat(lines)
end

describe("flaron-lua dev of a flare that caught its error", function()
  local caught = {
    traceback = [[flaron.logging.error(debug.traceback("caught"))]],
    xpcall = [[local _, message = xpcall(error, function(e) return debug.traceback(tostring(e.code)) end, { code = 7 })
      flaron.logging.error(message)]],
    memory = [[flaron.logging.error "not enough memory"]],
  }
  for name, code in pairs(caught) do
    it("shows browsers the flare's own page: " .. name, function()
      local folder = support.project('local flaron = require "flaron"\nreturn function() ' .. code
        .. ' return { status = 500, headers = { ["content-type"] = "text/html" }, body = "<h1>our own error page</h1>" } end')
      local dev = serving.serve(folder)
      local page, plain = dev.curl("/", HTML .. " -w '%{http_code}'"), dev.curl("/", "-w '%{http_code}'")
      local log = logged(dev, "500 GET / .-\n(.*)500 GET /")
      dev.stop()
      assert.equal("<h1>our own error page</h1>500", page)
      assert.equal(page, plain)
      assert.matches("^  error: ", log)
      assert.falsy(log:find("last host calls", 1, true))
      assert.falsy(log:find("> +%d+ | "))
      dev = serving.serve(folder, "--json")
      dev.curl("/", HTML)
      local told = record(dev, 1)
      local history = json.decode(dev.page "history")
      dev.stop()
      assert.same({ 500, false }, { told.status, told.failed })
      assert.is_nil(told.error or told.source or told.last_calls)
      assert.is_false(history.records[1].failed)
    end)
  end
end)

describe("flaron-lua dev of a flare that failed", function()
  local main = [[
local flaron = require "flaron"
local part = require "lib.part"
local function words() return load(flaron.asset "words.lua", "@words.lua")() end
local handlers = {}
function handlers.main()
  error "in main"
end
function handlers.part() return part() end
function handlers.words() return words() end
function handlers.full()
  for i = 1, 150 do print(i) end
  error "unheard"
end
return {
  handle_request = function()
    return (handlers[flaron.request.url():match "[^/]+$"] or function() return { body = "good" } end)()
  end,
  ws_message = function()
    local t = nil
    return t.x
  end,
}]]
  local files = {
    ["main.lua"] = main,
    ["lib/part.lua"] = "return function()\n  error 'in part' -- first\nend",
    ["words.lua"] = "-- one\n-- two\nreturn nil + 1 -- first",
    ["flare.lua"] = 'return { assets = { "words.lua" } }',
  }
  local folder, dev

  before_each(function()
    folder = support.project(files)
    dev = serving.serve(folder, "--json")
  end)

  after_each(function() dev.stop() end)

  it("shows the same lines as a page and as JSON, also when the log is full", function()
    for i, case in ipairs {
      { "main", "main.lua:6: in main\nstack", ">    6 |   error \"in main\"" },
      { "part", "lib/part.lua:2: in part\nstack", ">    2 |   error 'in part' -- first" },
      { "words", "words.lua:3: attempt to perform arithmetic on a nil value\nstack", ">    3 | return nil + 1 -- first" },
      { "full", "main.lua:12: unheard\nstack", ">   12 |   error \"unheard\"" },
    } do
      local page = dev.curl("/" .. case[1], HTML)
      local told = record(dev, i)
      assert.is_true(told.failed)
      assert.equal(case[2], told.error:sub(1, #case[2]))
      assert.truthy(("\n" .. told.source):find("\n" .. case[3] .. "\n", 1, true), told.source)
      assert.equal(told.source, lines_of(page))
      assert.truthy(page:find(case[2]:match "[^\n]+", 1, true))
    end
  end)

  it("shows the lines of the flare that ran, not those on the disk", function()
    local source = {}
    for i, name in ipairs { "main", "part", "words" } do
      dev.curl("/" .. name)
      source[name] = record(dev, i).source
    end
    -- The new files cannot be packed, so the flare of the old ones goes on.
    support.write(folder .. "/lib/part.lua", "-- moved\n-- down\n" .. files["lib/part.lua"]:gsub("first", "second"))
    support.write(folder .. "/words.lua", "-- other\n\n\n\n" .. files["words.lua"]:gsub("first", "second"))
    support.write(folder .. "/main.lua", "\n\n\n" .. main .. "\nreturn return")
    assert.truthy(serving.wait(function() return (support.read(dev.log .. ".err") or ""):find("cannot be packed", 1, true) end, 4))
    for i, name in ipairs { "main", "part", "words" } do
      local page = dev.curl("/" .. name, HTML)
      assert.equal(source[name], record(dev, 3 + i).source)
      assert.equal(source[name], lines_of(page))
    end
    -- Packed again: those of the new one.
    support.write(folder .. "/main.lua", "\n\n\n" .. main)
    assert.truthy(serving.wait(function() return (support.read(dev.log .. ".err") or ""):find("reloaded", 1, true) end, 4))
    dev.curl "/part"
    assert.matches("\n>    4 |   error 'in part' %-%- second\n", record(dev, 7).source)
    dev.curl "/main"
    assert.matches('\n>    9 |   error "in main"\n', record(dev, 8).source)
  end)

  it("shows the lines of the flare that ran when its files are gone", function()
    dev.curl "/part"
    local source = record(dev, 1).source
    support.run("rm -r " .. folder .. "/lib " .. folder .. "/main.lua")
    dev.curl "/part"
    assert.equal(source, record(dev, 2).source)
  end)

  it("says so of a handler of a WebSocket, too", function()
    support.run("timeout 3 node tests/support/http.mjs ws " .. dev.port)
    local told = record(dev, 1)
    assert.same({ "message", true }, { told.event, told.failed })
    assert.matches("^main.lua:20: attempt to index a nil value %(local 't'%)\nstack traceback:", told.error)
    assert.matches("\n>   20 |     return t.x\n", told.source)
  end)

  it("shows no lines of a packed flare, and its own 500", function()
    local wasm = folder .. "/packed.wasm"
    assert.equal(0, (support.cli("pack", folder, "-o", wasm)))
    local packed = serving.serve(wasm, "--json")
    local page = packed.curl("/main", HTML)
    local told = record(packed, 1)
    packed.stop()
    assert.equal("Internal Server Error", page)
    assert.is_true(told.failed)
    assert.matches("^main.lua:6: in main\n", told.error)
    assert.is_nil(told.source)
  end)
end)

describe("flaron-lua dev of a project that cannot be packed", function()
  it("shows the lines that it was packed of", function()
    local folder = support.project "local a = 1\nlocal b = = 2\nreturn a"
    local dev = serving.serve(folder)
    local page = dev.curl("/", HTML)
    dev.stop()
    assert.matches("main.lua:2: unexpected symbol near '='\n\n     1 | local a = 1\n&gt;    2 | local b = = 2\n     3 | return a\n", page)
  end)
end)

describe("local variables of a failed handler", function()
  local folder

  setup(function()
    folder = support.project {
      ["main.lua"] = [[local flaron = require "flaron"
return function()
  local key, t = flaron.secrets.get "KEY", { a = { 1 } }
  error "no"
end]],
      ["flare.lua"] = "return { allowed_secrets = { 'KEY' } }",
    }
    support.run(("printf 'hunter2\\nhunter' | %s secret set KEY @- --persist %s/.flaron"):format(support.quote(support.flaron_lua), folder))
  end)

  local expected = 'main.lua:4\n\tkey = "***************"\n\tt = { a = { 1 } }\n'

  it("are in the log with --verbose, and on the page for browsers", function()
    local dev = serving.serve(folder, "--verbose")
    local page = dev.curl("/", HTML)
    local log = logged(dev, "  locals:\n(.-)  last host calls")
    dev.stop()
    assert.equal((("    " .. expected):gsub("\n(.)", "\n    %1")), log)
    assert.truthy(page:find('    \tt = { a = { 1 } }\n', 1, true), page)
    assert.is_nil(page:find("hunter", 1, true))
    dev = serving.serve(folder)
    dev.curl "/"
    assert.is_string(logged(dev, "last host calls"))
    dev.stop()
    assert.is_nil(support.read(dev.log .. ".out"):find("locals", 1, true))
  end)

  it("are in JSON and in the history of the page", function()
    local dev = serving.serve(folder, "--json")
    dev.curl "/"
    local told, history = record(dev, 1), json.decode(dev.page "history")
    dev.stop()
    assert.equal(expected, told.locals)
    assert.equal(expected, history.records[1].locals)
  end)
end)
