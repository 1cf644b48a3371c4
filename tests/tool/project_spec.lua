-- project_spec.lua - what `flaron-lua pack` reads: the requires it sees in source, files in all their shapes, what
-- flare.lua names; that equal projects give equal bytes; its time; and descriptions that are nonsense.
-- What is in the module, and what is refused, is in pack_spec.lua.
local support = require "support"

local sanitized = (os.getenv "SANITIZE" or "") ~= ""
local _, here = support.run "pwd"
local root = here:gsub("%s+$", "")
local executable = support.flaron_lua:find "^/" and support.flaron_lua or root .. "/" .. support.flaron_lua

local plain = "return function() return 'x' and { body = 'plain' } end\n"

local project = support.project

-- Packs a project, which must work; returns the path of the flare and what was printed.
local function pack(files, ...)
  local out = support.folder() .. "/out.wasm"
  local code, output, errors = support.cli("pack", project(files), "-o", out, ...)
  assert.equal("", errors)
  assert.equal(0, code)
  return out, output
end

-- The names of a project's modules and where they were found: "a (a.lua)", sorted.
local function modules_of(files)
  local list = {}
  for _, module in ipairs(support.inspect(pack(files)).modules) do
    list[#list + 1] = ("%s (%s)"):format(module.name, module.file)
  end
  table.sort(list)
  return list
end

-- The body of the answer of a project, a .wasm or a .lua; it must work.
local function body_of(what, ...)
  if type(what) == "table" then what = project(what) end
  local code, output, errors = support.cli("run", what, ...)
  assert.equal("", errors)
  assert.equal(0, code)
  return (output:match "\n\n(.*)$")
end

-- Packs a project, which must not work: exit code 1, nothing on standard output and no file. The message.
local function refusal(files, ...)
  local folder = support.folder()
  local code, output, errors = support.cli("pack", project(files), "-o", folder .. "/out.wasm", ...)
  assert.equal(1, code)
  assert.equal("", output)
  assert.equal("", (select(2, support.run("ls -A " .. support.quote(folder)))))
  local message = errors:match "^flaron%-lua pack: (.*)\n$"
  return assert(message, errors)
end

local function leb(value)
  local out = {}
  repeat
    local byte = value & 127
    value = value >> 7
    out[#out + 1] = string.char(value > 0 and byte | 128 or byte)
  until value == 0
  return table.concat(out)
end

-- The sections of a module, in order: { id, first, last } of their payloads in `wasm`.
local function sections_of(wasm)
  local list, at = {}, 9
  while at <= #wasm do
    local id, size, shift = wasm:byte(at), 0, 0
    repeat
      at = at + 1
      local byte = wasm:byte(at)
      size = size | (byte & 127) << shift
      shift = shift + 7
    until byte < 128
    list[#list + 1] = { id = id, first = at + 1, last = at + size }
    at = at + size + 1
  end
  return list
end

-- The flare with another text in its custom section 'flaron-lua'.
local function with_description(wasm, text)
  for _, one in ipairs(sections_of(wasm)) do
    local name = "\10flaron-lua"
    if one.id == 0 and wasm:sub(one.first, one.first + #name - 1) == name then
      local size_bytes = #leb(one.last - one.first + 1)
      return wasm:sub(1, one.first - size_bytes - 1) .. leb(#name + #text) .. name .. text .. wasm:sub(one.last + 1)
    end
  end
end

describe("pack of examples/hello", function()
  it("makes at most 280,000 bytes", function()
    local out = support.folder() .. "/hello.wasm"
    assert.equal(0, (support.cli("pack", "examples/hello", "-o", out)))
    local size = #assert(support.read(out))
    assert.is_true(size <= 280000, size .. " bytes")
  end)

  it("takes at most 100 ms", function()
    if sanitized then return pending "sanitizers are slow" end
    local out = support.folder() .. "/hello.wasm"
    local best = math.huge
    for _ = 1, 5 do
      local code, output = support.run(("date +%%s%%N && %s pack examples/hello -o %s && date +%%s%%N")
        :format(support.flaron_lua, out))
      assert.equal(0, code)
      local begin, finish = output:match "^(%d+)\n.*\n(%d+)\n$"
      best = math.min(best, (math.tointeger(finish) - math.tointeger(begin)) / 1e6)
    end
    assert.is_true(best <= 100, best .. " ms")
  end)
end)

describe("packing is deterministic", function()
  -- A project whose start-up makes everything that could depend on addresses, order, clock or place.
  local files = {
    ["main.lua"] = [[
      local a, b = require "a.b", require "rock"
      local set, order = {}, {}
      for i = 1, 300 do set["key" .. i] = { i, function() return i end } end
      for i = 1, 50 do set[{}] = i; set[function() return i end] = i; set[i / 3] = i end
      for key in pairs(set) do order[#order + 1] = tostring(key) end
      table.sort(order)
      local thread = coroutine.wrap(function() while true do coroutine.yield(tostring({})) end end)
      thread()
      local weak = setmetatable({}, { __mode = "k" })
      for _ = 1, 100 do weak[{}] = {} end
      return { handle_request = function() return { body = a .. b .. order[1] .. thread() } end, ws_open = print }]],
    ["a/b.lua"] = "return 'a.b'",
    ["lua_modules/share/lua/5.4/rock.lua"] = "return tostring(print):sub(1, 8)",
    ["flare.lua"] = "return { name = 'd', assets = { 'x.txt' }, allowed_secrets = { 'b', 'a' }, requires_body = true, "
      .. "writes_spark_kv = true, websocket = true, max_fetch_requests = 3 }",
    ["x.txt"] = "asset",
  }
  local folder, first

  local function packed(path, environment, options, folder_to_be_in)
    local out = support.folder() .. "/out.wasm"
    local code, _, errors = support.run(("cd %s && env %s %s pack %s -o %s/%s %s"):format(
      support.quote(folder_to_be_in or "."), environment or "", executable, support.quote(path), root, out, options or ""))
    assert.equal("", errors)
    assert.equal(0, code)
    return assert(support.read(out))
  end

  setup(function()
    folder = project(files)
    first = packed(folder)
  end)

  it("twice", function()
    for _ = 1, 5 do assert.is_true(packed(folder) == first) end
  end)

  it("but not for other input", function()
    local other = {}
    for path, content in pairs(files) do other[path] = content end
    other["x.txt"] = "asseT"
    assert.is_false(packed(project(other)) == first)
  end)

  it("after the second has changed", function()
    local code = support.run "now=$(date +%s); while [ $(date +%s) = $now ]; do sleep 0.02; done"
    assert.equal(0, code)
    assert.is_true(packed(folder) == first)
  end)

  it("in another time zone, language and environment", function()
    assert.is_true(packed(folder, "TZ=Asia/Kathmandu LC_ALL=C LANG=de_DE.UTF-8") == first)
    assert.is_true(packed(folder, "-i TZ=America/St_Johns HOME=/nonexistent LUA_PATH=/x/?.lua LUA_INIT='error(1)'") == first)
  end)

  it("from a copy of the project, elsewhere, with other times and modes", function()
    local copy = support.folder() .. "/another place"
    assert.equal(0, (support.run(("cp -r %s '%s' && find '%s' -exec touch -d '2001-02-03' {} + && chmod -R go-rwx '%s'")
      :format(folder, copy, copy, copy))))
    assert.is_true(packed(copy) == first)
  end)

  it("from any working directory, by a relative or absolute path, with or without a slash", function()
    assert.is_true(packed(root .. "/" .. folder) == first)
    assert.is_true(packed(folder .. "/") == first)
    assert.is_true(packed("./" .. folder .. "//") == first)
    assert.is_true(packed(".", nil, nil, folder) == first)
    assert.is_true(packed("..", nil, nil, folder .. "/a") == first)
    assert.is_true(packed(folder .. "/main.lua") == first)
    assert.is_true(packed("main.lua", nil, nil, folder) == first)
    assert.is_true(packed("./main.lua", nil, nil, folder) == first)
    assert.is_true(packed(root .. "/" .. folder .. "/main.lua", nil, nil, "/") == first)
  end)

  it("from a path with spaces, quotes and umlauts", function()
    local odd = project(files, support.folder() .. "/Käse & \"Grüße\" 'n' 100% $HOME")
    assert.is_true(packed(odd) == first)
    assert.is_true(packed(".", nil, nil, odd) == first)
    assert.is_true(packed(odd .. "/main.lua") == first)
  end)

  it("with --strip and --memory too", function()
    assert.is_true(packed(folder, nil, "--strip --memory 8M") == packed(project(files), "TZ=UTC", "--memory=8192K --strip"))
  end)
end)

describe("pack", function()
  it("takes a shebang line, also one with a quote or a bracket", function()
    local main = "#!/usr/bin/env -S lua5.4 --[[ don't \"\nreturn function() return { body = require 'late' } end"
    assert.equal("late", body_of { ["main.lua"] = main, ["late.lua"] = "#!x 'y\nreturn 'late'" })
    assert.matches("^main%.lua:3: ", refusal "#!/usr/bin/lua\n\nx = = 1")
    assert.equal("1", body_of { ["main.lua"] = "return function() return { body = tostring(require 'only') } end",
      ["only.lua"] = "#return 0" } == "true" and "1")
  end)

  it("takes a byte order mark, and Windows' line ends", function()
    assert.equal("bom", body_of { ["main.lua"] = "\xEF\xBB\xBFreturn function()\r\nreturn { body = require 'm' }\r\nend\r\n",
      ["m.lua"] = "\xEF\xBB\xBF#!/bin/lua\r\nreturn 'bom'" })
    assert.matches("^main%.lua:3: ", refusal "\xEF\xBB\xBF\r\n\r\nx = = 1")
    assert.equal("bom", body_of { ["flare.lua"] = "\xEF\xBB\xBFreturn {\r\n  vars = { A = 'bom' },\r\n}\r\n",
      ["main.lua"] = "return function() return { body = os.getenv 'A' } end" })
    assert.matches("^flare%.lua:2: ", refusal { ["main.lua"] = "return print", ["flare.lua"] = "\xEF\xBB\xBF\n= 1" })
    assert.equal("\xEF\xBB\xBF", body_of { ["flare.lua"] = "return { assets = { 'a' } }", a = "\xEF\xBB\xBF",
      ["main.lua"] = "return function() return { body = require 'flaron'.asset 'a' } end" })
  end)

  it("takes an empty module, and one of a comment", function()
    assert.equal("true true", body_of { ["empty.lua"] = "", ["comment.lua"] = "-- nothing",
      ["main.lua"] = "local e, c = require 'empty', require 'comment'\n"
        .. "return function() return { body = tostring(e) .. ' ' .. tostring(c) } end" })
  end)

  it("prefers a returned handler to a global", function()
    assert.equal("field", body_of { ["main.lua"] = "function handle_request() return { body = 'global' } end\n"
      .. "return { handle_request = function() return { body = 'field' } end }" })
  end)

  it("keeps to --memory, and to the manifest's where there is none", function()
    local function limit(files, ...) return support.inspect(pack(files, ...)).memory_limit_bytes end
    local manifest = { ["main.lua"] = plain, ["flare.lua"] = "return { memory = '5M' }" }
    assert.equal(8 << 20, limit(plain, "--memory", "8M"))
    assert.equal(1 << 20, limit(plain, "--memory=1M"))
    assert.equal(2 << 20, limit(plain, "--memory", "2048K"))
    assert.equal(76 << 16, limit(plain, "--memory", "5000000"))
    assert.equal(4095 << 20, limit(plain, "--memory", "4095M"))
    assert.equal(5 << 20, limit(manifest))
    assert.equal(6 << 20, limit(manifest, "--memory", "6M"))
  end)

  it("says what more memory comes to when start-up fails then, too", function()
    local message = refusal("local function f() return 1 + f() end f()", "--memory", "2M")
    assert.matches("^main%.lua: a memory of 2048 KiB is too small for start%-up %(.*%); with %d+ KiB it fails: "
      .. "main%.lua:1: stack overflow.*\nstack traceback:\n.*main%.lua:1: in main chunk", message)
  end)

  it("says so when no memory would do", function()
    assert.equal("main.lua: a memory of 1024 KiB is too small for start-up (--memory, or 'memory' in flare.lua)",
      refusal("local x = ('x'):rep(1e9) return print", "--memory", "1M"))
  end)

  it("names a file whose name is no UTF-8", function()
    assert.same({ "caf\\xE9 (caf\\xE9.lua)", "main (main.lua)" },
      modules_of { ["main.lua"] = "require 'caf\xE9' return print", ["caf\xE9.lua"] = "" })
  end)

  it("can be written to a device, which stays one", function()
    local folder = support.folder()
    assert.equal(0, (support.run(("mkfifo %s/pipe"):format(folder))))
    local code, output = support.run(("timeout 20 cat %s/pipe >%s/copy & timeout 20 %s pack %s -o %s/pipe; code=$?; wait; exit $code")
      :format(folder, folder, support.flaron_lua, project(plain), folder))
    assert.equal(0, code)
    assert.matches("^packed ", output)
    assert.is_true(assert(support.read(folder .. "/copy")) == assert(support.read(pack(plain))))
    assert.equal("copy\npipe\n", (select(2, support.run("ls -A " .. folder))))
  end)
end)

describe("require", function()
  it("prefers the project's own modules, and a file to a folder", function()
    assert.equal("own file", body_of {
      ["main.lua"] = "local m = require 'm' return function() return { body = m } end",
      ["m.lua"] = "return 'own file'",
      ["m/init.lua"] = "return 'own folder'",
      ["lua_modules/share/lua/5.4/m.lua"] = "return 'rock'",
    })
    assert.equal("own folder", body_of {
      ["main.lua"] = "local m = require 'm' return function() return { body = m } end",
      ["m/init.lua"] = "return 'own folder'",
      ["lua_modules/share/lua/5.4/m.lua"] = "return 'rock'",
    })
  end)

  it("is followed through modules that are only required late", function()
    local files = {
      ["main.lua"] = "return function() return { body = require('one') } end",
      ["one.lua"] = "return (function() return 'one ' .. require [[two]] end)()",
      ["two.lua"] = "return 'two ' .. require [==[three]==]",
      ["three.lua"] = "return 'three ' .. require -- where?\n --[[ there ]] ( --[=[ ]] ]=] 'four' )",
      ["four.lua"] = "local require = require return 'four'",
    }
    assert.equal("one two three four", body_of(files))
    assert.equal(5, #modules_of(files))
  end)

  it("is seen behind everything that may stand before it", function()
    for n, before in ipairs { "local a = ...\n", "::label:: ", "local t = { ... }; ", "local s = 'x'.. ", "local s = x..",
      "local s = 'it\\'s' ", "local s = \"\\\"\" ", "local s = [[ ]=] ' ]] ", "local n = -- '\n", "x = 3 - ", "t.a = ",
      "f 'x' ", "do local s = '\\\\' end ", "local s = 'a\\z\n  b' ", "local s = 'a\\\nb' ", "local s = 'a\\\r\nb' " } do
      local code = ("return function(...) local x, t = '', {} local function f() end\n%s require 'late' f(t, x) end")
        :format(before)
      if before:find "%.%. $" or before:find "x%.%.$" or before:find "[-=] $" then
        code = code:gsub(" f%(t, x%)", "")
      end
      assert.same({ "late (late.lua)", "main (main.lua)" }, modules_of { ["main.lua"] = code, ["late.lua"] = "" },
        n .. ": " .. before)
    end
  end)

  it("is not looked for in comments and strings, or when it is something else's", function()
    assert.same({ "main (main.lua)" }, modules_of { ["main.lua"] = [==[
      -- require "no"
      --[[ require "no"
      require "no" ]]
      --[=[ ]] require "no" ]=]
      ---[[ require "no"
      local s = "require 'no'" .. 'require "no"' .. [[ require "no" ]] .. [=[ ]] require "no" ]=] .. "\" require 'no'"
      local t = { require = function() end, pre_require = print }
      local function my_require() end
      return function()
        t.require "no"
        t . require "no"
        t:require "no"
        my_require "no"
        local required = { require = "no", "require", 'no' }
        local name = "no"
        pcall(require, "no")
        return s, required, name
      end]==] })
  end)

  it("of a name that is computed is no module of its beginning", function()
    assert.equal("handlers.one", body_of {
      ["main.lua"] = "local name = 'one' local m = require('handlers.' .. name) return function() return { body = m } end",
      ["handlers/one.lua"] = "return ...",
    })
    assert.same({ "main (main.lua)" }, modules_of "return function(x) return require ('a' .. x), require(('b'):rep(x)) end")
    assert.same({ "a (a.lua)", "b (b.lua)", "main (main.lua)" }, modules_of {
      ["main.lua"] = "return function(x) return require 'a' .. x, require('b', x), require 'a':rep(3) end",
      ["a.lua"] = "", ["b.lua"] = "" })
  end)

  it("may be tried: the module is there or not", function()
    local main = "local ok, m = pcall(require, 'optional') return function() return { body = tostring(ok) .. tostring(m) } end"
    assert.equal("trueyes", body_of { ["main.lua"] = main, ["optional.lua"] = "return 'yes'" })
    assert.matches("^falsemodule 'optional' not found:", body_of { ["main.lua"] = main })
    assert.same({ "main (main.lua)" }, modules_of(main))
  end)

  it("reads the main script, modules and assets that flare.lua names", function()
    local files = {
      ["flare.lua"] = "return { main = 'src/start.lua', modules = { 'late.one', 'two' }, assets = { 'img/a b.txt', 'ö.txt' } }",
      ["main.lua"] = "error 'not this one'",
      ["src/start.lua"] = [[
        local flaron = require "flaron"
        return function()
          local name = "late.one"
          return { body = require(name) .. flaron.asset "img/a b.txt" .. flaron.asset "ö.txt" }
        end]],
      ["late/one.lua"] = "return 'late '",
      ["two.lua"] = "return require 'three'",
      ["three.lua"] = "return 3",
      ["img/a b.txt"] = "asset",
      ["ö.txt"] = "\0\255",
    }
    assert.equal("late asset\0\255", body_of(files))
    local about = support.inspect(pack(files))
    assert.same({ { file = "img/a b.txt", bytes = 5 }, { file = "ö.txt", bytes = 2 } }, about.assets)
    assert.equal("src/start.lua", about.modules[1].file)
    assert.equal(#files["src/start.lua"], about.modules[1].bytes)
    assert.same({ "late.one (late/one.lua)", "main (src/start.lua)", "three (three.lua)", "two (two.lua)" }, modules_of(files))
  end)

  it("says of what flare.lua names and is not there where it was looked for", function()
    assert.equal("flare.lua: module 'gone' not found:\n\tno file 'gone.lua'\n\tno file 'gone/init.lua'\n"
      .. "\tno file 'lua_modules/share/lua/5.4/gone.lua'\n\tno file 'lua_modules/share/lua/5.4/gone/init.lua'",
      refusal { ["main.lua"] = plain, ["flare.lua"] = "return { modules = { 'gone' } }" })
    assert.equal("flare.lua: asset 'gone.txt': No such file or directory",
      refusal { ["main.lua"] = plain, ["flare.lua"] = "return { assets = { 'gone.txt' } }" })
    assert.equal("flare.lua: asset 'folder': Is a directory",
      refusal { ["main.lua"] = plain, ["folder/x"] = "", ["flare.lua"] = "return { assets = { 'folder' } }" })
    assert.equal("gone.lua: No such file or directory",
      refusal { ["main.lua"] = plain, ["flare.lua"] = "return { main = 'gone.lua' }" })
  end)
end)

describe("pack refuses", function()
  it("a syntax error, naming the line, and touches no file that is there", function()
    local folder = support.folder()
    local out = folder .. "/out.wasm"
    support.write(out, "the old one")
    local _, before = support.run("stat -c '%i %y' " .. out)
    local code, output, errors = support.cli("pack", project "local a = 1\n\nlocal b = = 2\n", "-o", out)
    assert.equal(1, code)
    assert.equal("", output)
    assert.equal("flaron-lua pack: main.lua:3: unexpected symbol near '='\n", errors)
    assert.equal("the old one", support.read(out))
    assert.equal(before, (select(2, support.run("stat -c '%i %y' " .. out))))
    assert.equal("out.wasm\n", (select(2, support.run("ls -A " .. folder))))
  end)

  it("a syntax error in any module, by its file, also when it is only required late", function()
    assert.matches("^lib/util%.lua:2: syntax error near 'is'",
      refusal { ["main.lua"] = "return function() require 'lib.util' end", ["lib/util.lua"] = "\nthis is no Lua" })
    assert.matches("^flare%.lua:1: ", refusal { ["main.lua"] = plain, ["flare.lua"] = "return {" })
    assert.matches("^start%.lua:1: ", refusal { ["flare.lua"] = "return { main = 'start.lua' }", ["start.lua"] = "x" })
  end)

  it("a binary chunk", function()
    local name = os.tmpname()
    support.write(name, string.dump(function() end))
    local code, _, errors = support.cli("pack", name, "-o", support.folder() .. "/out.wasm")
    os.remove(name)
    assert.equal(1, code)
    assert.matches("attempt to load a binary chunk", errors)
  end)
end)

describe("a flare that says nonsense of itself", function()
  it("ends neither inspect nor run", function()
    local path = pack(plain)
    local good = assert(support.read(path))
    local begin = "{\"format\":1,\"runtime\":\"x\","
    for _, text in ipairs { "\"modules\":3}", "\"modules\":[3,{},null,{\"name\":1},{\"file\":\"x\"}]}", "\"assets\":{\"a\":1}}",
      "\"modules\":[{\"name\":\"a\",\"file\":\"b\",\"bytes\":-1}],\"arena\":-5}", "\"config\":3}", "\"config\":[1]}",
      "\"config\":{\"requires_body\":3}}", "\"config\":{\"max_fetch_requests\":-1}}", "\"config\":{\"allowed_secrets\":[1]}}",
      "\"name\":[],\"arena\":99999999999}", "\"config\":{\"max_kv_value_bytes\":9223372036854775807}}" } do
      support.write(path, with_description(good, begin .. text))
      for _, command in ipairs { "inspect", "inspect --json", "run" } do
        local code, _, errors = support.run(("%s %s %s"):format(support.flaron_lua, command, path))
        assert.is_true(code == 0 or code == 1 and errors:find("^flaron%-lua run: " .. path:gsub("%p", "%%%0")) ~= nil,
          ("%s %s: %d %s"):format(command, text, code, errors))
      end
    end
  end)
end)
