-- terminal_spec.lua - what a command prints of files that are somebody else's cannot take a terminal over: names, logs,
-- messages and arguments, in every command. Bodies are written as they are, but not to a terminal.
local json = require "dkjson"
local serving = require "serving"
local support = require "support"

local _, here = support.run "pwd"
local root = here:gsub("%s+$", "")
local tool = support.flaron_lua:find "^/" and support.flaron_lua or root .. "/" .. support.flaron_lua
local quote = support.quote

-- What must not come out: escapes of C0, DEL, C1 as bytes and as characters, marks that turn text around, no UTF-8.
local EVIL = "\27[2J\27]0;t\7\8\r\127\155\194\155\226\128\174\226\129\166\255"
local SHOWN = "\\x1b[2J\\x1b]0;t\\x07\\x08\\x0d\\x7f\\x9b\\u{9b}\\u{202e}\\u{2066}\\xff"
local IN_HEADER = SHOWN:gsub("\\x0d", "") -- which has no CR
local NAME = "e\27[2J\127\194\155\226\128\174" -- one that is UTF-8, for what must be

local function lua_string(text)
  return '"' .. text:gsub(".", function(c) return ("\\%03d"):format(c:byte()) end) .. '"'
end

local function shell(folder, command)
  return support.run(("cd %s && %s"):format(quote(folder), (command:gsub("TOOL", "timeout 20 " .. quote(tool)))))
end

-- What harm there is in a text, nil = none.
local function harm(text)
  local at = text:find "[\0-\8\11-\31\127]" or text:find "\194[\128-\159]" or text:find "\226\128[\170-\174]"
    or text:find "\226\129[\166-\169]" or (not utf8.len(text) and select(2, utf8.len(text)))
  return at and ("%d: %q"):format(at, text:sub(math.max(1, at - 40), at + 20)) or nil
end

-- Runs a command, nothing of whose output may do harm; all of it.
local function harmless(folder, command)
  local code, output, errors = shell(folder, command)
  assert.is_nil(harm(output), command)
  assert.is_nil(harm(errors), command)
  assert.is_true(code < 3, command .. errors)
  return output .. errors
end

describe("what is printed of others' files", function()
  local base

  setup(function()
    base = root .. "/" .. support.project {
      ["p/main.lua"] = ([[
        local flaron, evil = require "flaron", %s
        local m = require %s
        return {
          handle_request = function()
            print(evil)
            flaron.logging.warn(evil .. "\n" .. evil)
            flaron.response.set_header("x-evil", (evil:gsub("\r", "")))
            flaron.spark.get "k"
            if flaron.request.url():find "fail" then error(evil) end
            return { status = 200, body = evil }
          end }]]):format(lua_string(EVIL), lua_string(NAME)),
      ["p/" .. NAME .. ".lua"] = "return '" .. NAME .. "'",
      ["p/" .. NAME .. ".txt"] = "x",
      ["p/flare.lua"] = ("return { name = %s, assets = { %s }, allowed_fetch_urls = { %s } }"):format(
        lua_string(NAME), lua_string(NAME .. ".txt"), lua_string(NAME)),
      ["p/spec/main_spec.lua"] = [[
        local edge = require "flaron.edge"
        it("shows what there is", function()
          local answer = assert(edge.load "."):request {}
          assert.response(answer).has.status(404)
        end)
        it("shows headers", function() assert.response(assert(edge.load "."):request {}).has.header "none" end)
        it("shows bodies", function() assert.response(assert(edge.load "."):request {}).has.body "none" end)
        it("shows messages", function() assert(edge.load { ["main.lua"] = "require 'e\27[2J'" }) end)]],
    }
    assert.equal(0, (shell(base, "TOOL pack p -o evil.wasm --strip >/dev/null")))
  end)

  it("is harmless in run, its log, its headers and its failures", function()
    for _, what in ipairs { "p", "evil.wasm" } do
      local code, output, errors = shell(base, "TOOL run " .. what)
      assert.equal(0, code)
      local head, body = output:match "^(.-)\n\n(.*)$"
      assert.is_nil(harm(head))
      assert.is_nil(harm(errors))
      assert.equal(EVIL, body)
      assert.matches("x-evil: " .. IN_HEADER, head, 1, true)
      assert.equal(("info: %s\nwarn: %s\n%s\n"):format(SHOWN, SHOWN, SHOWN), errors)
      assert.matches(SHOWN, harmless(base, ("TOOL run %s --url http://x/fail"):format(what)), 1, true)
    end
    harmless(base, "TOOL run p --profile x.folded --times 30 >/dev/null")
  end)

  it("is harmless in run and kv get on a terminal, bodies and values too", function()
    shell(base, ("printf %%s %s >value && TOOL kv set key @value --persist kept"):format(quote(EVIL)))
    local _, raw = shell(base, "TOOL kv get key --persist kept")
    assert.equal(EVIL, raw)
    for _, command in ipairs { "run p", "kv get key --persist kept" } do
      local _, shown = shell(base, ("script -qec %s /dev/null </dev/null"):format(quote(quote(tool) .. " " .. command)))
      assert.matches(SHOWN, shown, 1, true)
      assert.is_nil(harm((shown:gsub("\r", ""))), command)
      assert.equal("\r\n", shown:sub(-2)) -- the prompt stands in a line of its own
    end
  end)

  it("is harmless in inspect, pack, check and test", function()
    assert.matches("e\\x1b[2J\\x7f\\u{9b}\\u{202e}", harmless(base, "TOOL inspect evil.wasm"), 1, true)
    local about = assert(json.decode((harmless(base, "TOOL inspect evil.wasm --json"))))
    assert.equal(NAME, about.name)
    assert.equal(NAME .. ".txt", about.assets[1].file)
    harmless(base, "TOOL pack p -o " .. quote(EVIL:gsub("[/\255\155]", "") .. ".wasm"))
    harmless(base, "TOOL check p")
    local output = harmless(base, support.sanitizer .. "TOOL test p -o plainTerminal")
    assert.matches("warn: " .. SHOWN, output, 1, true)
    assert.matches("x-evil: " .. IN_HEADER, output, 1, true)
    assert.matches("module 'e\\x1b[2J' not found", output, 1, true)
  end)

  it("is harmless in messages about modules and assets", function()
    local other = root .. "/" .. support.project { ["main.lua"] = ("require %s return print"):format(lua_string("a\27[2Jb")) }
    for _, command in ipairs { "run", "pack", "check", "run ." } do
      assert.matches("module 'a\\x1b[2Jb' not found", harmless(other, "TOOL " .. command), 1, true)
    end
    for _, manifest in ipairs { "{ assets = { %s } }", "{ main = %s }", "{ modules = { %s } }", "{ [%s] = 1 }", "%s" } do
      support.write(other .. "/flare.lua", "return " .. manifest:format(lua_string("../" .. NAME)))
      for _, command in ipairs { "run", "pack", "check" } do harmless(other, "TOOL " .. command) end
    end
    support.write(other .. "/flare.lua", "error(" .. lua_string(EVIL) .. ")")
    harmless(other, "TOOL run")
    os.remove(other .. "/flare.lua")
    support.write(other .. "/main.lua", "error(" .. lua_string(EVIL) .. ")")
    for _, command in ipairs { "run", "pack --strip", "check", "dev --port 0 & sleep 3; kill $!" } do
      assert.matches(SHOWN, harmless(other, "TOOL " .. command), 1, true)
    end
    support.write(other .. "/edge.lua", ("return { [%s] = 'x', ['/a'] = %s }"):format(lua_string "/x\27[2J", lua_string "../\27[2J"))
    assert.matches("\\x1b[2J", harmless(other, "TOOL dev --port 0"), 1, true)
  end)

  it("is harmless in replay and explain", function()
    shell(base, "TOOL run p --record r.json >/dev/null 2>&1")
    local record = assert(support.read(base .. "/r.json"))
    harmless(base, "TOOL replay r.json")
    for from, to in pairs { ["spark_get"] = "\\u001b[2Jx", ['"status": 200'] = '"status": 201', ['"k"'] = '"\\u001b\\u009b"',
      ["warn"] = "error", ['"file": "p"'] = '"file": "\\u001b[2J"', ['"format"'] = "\27[2J\"format\"",
      ['"handle_request"'] = '"\\u001b[2J\\u202e"', ['"flaron_lua": "'] = '"flaron_lua": "\\u001b[2J' } do
      support.write(base .. "/changed.json", (record:gsub(from:gsub("%p", "%%%0"), (to:gsub("%%", "%%%%")))))
      harmless(base, "TOOL replay changed.json --go-on")
    end
    support.write(base .. "/other.lua", "error(" .. lua_string(EVIL) .. ")")
    harmless(base, "TOOL replay r.json other.lua")
    support.write(base .. "/log", EVIL .. "\n\tx\n" .. EVIL)
    local _, output = shell(base, "TOOL explain evil.map log")
    assert.equal(SHOWN .. "\n\tx\n" .. SHOWN, output)
    support.write(base .. "/bad.map", "\27[2J")
    harmless(base, "TOOL explain bad.map log")
  end)

  it("is harmless in dev, its log as text and as JSON", function()
    for _, words in ipairs { "", "--json" } do
      local dev = serving.serve(base .. "/p", words .. " --persist " .. quote(base .. "/dev"))
      dev.curl "/"
      dev.curl "/fail"
      support.write(base .. "/p/main.lua.new", "error(" .. lua_string(EVIL) .. ")")
      local good = support.read(base .. "/p/main.lua")
      support.run(("mv %s/p/main.lua.new %s/p/main.lua"):format(quote(base), quote(base)))
      serving.wait(function() return support.read(dev.log .. ".err"):find "cannot be packed" end, 4)
      support.write(base .. "/p/main.lua", good)
      dev.stop()
      local log, errors = support.read(dev.log .. ".out"), support.read(dev.log .. ".err")
      assert.is_nil(harm(log))
      assert.is_nil(harm(errors))
      assert.matches("cannot be packed: main.lua:1: " .. SHOWN, errors, 1, true)
      assert.matches(words == "" and SHOWN or "\\u001B", log, 1, true)
      for line in words ~= "" and log:gmatch "[^\n]+" or function() end do assert.is_table(json.decode(line)) end
    end
  end)

  it("is harmless in kv and secret, and what SQLite says", function()
    local stores = root .. "/" .. support.project { ["main.lua"] = "return print" }
    shell(stores, "TOOL kv set a b")
    support.write(stores .. "/sql", ("PRAGMA journal_mode = DELETE; CREATE TABLE \"%s\"(x);"):format(NAME))
    shell(stores, "sqlite3 .flaron/stores.db <sql")
    assert.matches("table 'e\\x1b[2J", harmless(stores, "TOOL kv list"), 1, true)
    support.run(("cd %s && rm -r .flaron && mkdir -m 700 .flaron"):format(quote(stores)))
    support.write(stores .. "/.flaron/secrets.json", ('{"%s": "v"}'):format("e\\u001b[2J\127\194\155\226\128\174"))
    support.run(("chmod 600 %s/.flaron/secrets.json"):format(quote(stores)))
    assert.matches("e\\x1b[2J\\x7f\\u{9b}\\u{202e}", harmless(stores, "TOOL secret list"), 1, true)
    local list = assert(json.decode((harmless(stores, "TOOL secret list --json"))))
    assert.equal(NAME, list[1].name)
    support.write(stores .. "/.flaron/secrets.json", '{"\\u001b[2J": 5}')
    harmless(stores, "TOOL secret list")
  end)

  it("is harmless in what is said of arguments", function()
    local word = quote(EVIL)
    for _, words in ipairs { word, "run " .. word, "inspect " .. word, "replay " .. word, "explain " .. word, "check " .. word,
      "pack " .. word, "dev " .. word, "test " .. word, "kv get " .. word, "kv " .. word, "secret get " .. word,
      "secret set " .. word .. " x",
      "run p --url " .. word, "run p --cpu-ms " .. word, "run --" .. word, "new a/" .. word, "new x --template " .. word,
      "dev --origin " .. word, "--completion " .. word, "kv list --persist " .. word, "run p --secrets " .. word,
      "dev p --host " .. word, "pack p -o /none/" .. word, "run p --record /none/" .. word } do
      harmless(base, "TOOL " .. words .. " >/dev/null")
    end
  end)
end)
