-- rocks_spec.lua - rocks under lua_modules: real ones from Debian, in Lua and in C, and what a rock may do without.
-- Where modules are looked for, and in which order, is in pack_spec.lua and project_spec.lua.
local json = require "dkjson"
local support = require "support"

local SHARE, LIB = "lua_modules/share/lua/5.4", "lua_modules/lib/lua/5.4"

-- The path of an installed file or folder; the pattern is the shell's, since Debian's paths name the machine.
local function installed(pattern)
  local _, path = support.run("ls -d " .. pattern .. " | head -n 1")
  return assert(path:match "^[^\n]+", pattern .. " is not installed")
end

local PENLIGHT = installed "/usr/share/lua/5.4/pl"
local INSPECT = installed "/usr/share/lua/5.*/inspect.lua"
local DKJSON = installed "/usr/share/lua/5.4/dkjson.lua"
local SYSTEM, SYSTEM_CORE = installed "/usr/share/lua/5.4/system", installed "/usr/lib/*/lua/5.4/system"
local LFS = installed "/usr/lib/*/lua/5.4/lfs.so"

-- A project of files, and of rocks that are copied: from where they lie below lua_modules to what is installed.
local function project(files, rocks)
  local folder = support.folder()
  for path, from in pairs(rocks or {}) do
    local to = support.quote(folder .. "/" .. path)
    assert.equal(0, (support.run(("mkdir -p $(dirname %s) && cp -rL %s %s"):format(to, support.quote(from), to))))
  end
  return support.project(files, folder) .. "/"
end

local function body_of(files, rocks)
  local flare <close> = support.load(project(files, rocks))
  local response = assert(flare:request())
  assert.equal(200, response.status, support.log(response, "error"))
  return response.body
end

-- The first line of the message with which a project is refused.
local function refusal(files, rocks)
  local flare, message = support.try_load(project(files, rocks))
  assert.is_nil(flare)
  return message:match "^[^\n]*", message
end

local function modules_of(files, rocks)
  local folder = project(files, rocks)
  assert.equal(0, (support.cli("pack", folder, "-o", folder .. "out.wasm")))
  local _, output = support.cli("inspect", "--json", folder .. "out.wasm")
  local names = {}
  for _, module in ipairs(json.decode(output).modules) do names[module.name] = true end
  return names
end

local NEED_C = "is C code %%(lua_modules/lib/lua/5%%.4/%s%%): a flare is Wasm and cannot load it"

describe("a rock in Lua", function()
  it("is bundled: lua-inspect", function()
    assert.equal("{ 1, 2,\n  name = 'a\"b'\n}", body_of([[
      local inspect = require "inspect"
      return function() return { body = inspect { 1, 2, name = 'a"b' } } end]], { [SHARE .. "/inspect.lua"] = INSPECT }))
  end)

  it("is bundled with what it requires, and no more: lua-penlight", function()
    local main = [[
      local List, pretty, stringx, tablex = require "pl.List", require "pl.pretty", require "pl.stringx", require "pl.tablex"
      return function()
        local words = List(stringx.split "the quick brown fox"):map(string.upper)
        local lengths = tablex.map(function(word) return #word end, words)
        return { body = pretty.write({ words = words, sum = tablex.reduce("+", lengths) }, "") }
      end]]
    local rocks = { [SHARE .. "/pl"] = PENLIGHT }
    local body = body_of(main, rocks)
    assert.same({ words = { "THE", "QUICK", "BROWN", "FOX" }, sum = 16 }, load("return " .. body)())
    local names = modules_of(main, rocks)
    assert.is_true(names["pl.tablex"] and names["pl.utils"])
    assert.is_nil(names["pl.template"])
    assert.is_nil(names["pl.path"])
  end)

  it("that asks the host outside of handlers says so at its own line", function()
    assert.matches("^lua_modules/share/lua/5%.4/seed%.lua:2: os%.time cannot be called here: ",
      (refusal("require 'seed' return print", { [SHARE .. "/seed.lua"] = support.project "\nreturn os.time()" .. "/main.lua" })))
  end)

  it("works in parts that use load, metatables and classes", function()
    assert.equal("<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n 2 true", body_of([[
      local class, OrderedMap, Set = require "pl.class", require "pl.OrderedMap", require "pl.Set"
      local template = require "pl.template"
      local Point = class()
      function Point:_init(x, y) self.x, self.y = x, y end
      Point.__eq = function(a, b) return a.x == b.x and a.y == b.y end
      return function()
        local text = template.substitute("<ul>\n# for _, x in ipairs(list) do\n<li>$(x)</li>\n# end\n</ul>\n",
          { list = { "a", "b" }, ipairs = ipairs })
        local map = OrderedMap { { b = 1 }, { a = 2 } }
        return { body = ("%s %d %s"):format(text, #map:keys(), Point(1, 2) == Point(1, 2) and Set { 1 } == Set { 1 }) }
      end]], { [SHARE .. "/pl"] = PENLIGHT }))
  end)

  it("may be able to use C code that is not there: dkjson and lpeg", function()
    assert.equal('{"a":[1,2]} 2', body_of([[
      local json = require "dkjson"
      return function() return { body = json.encode { a = { 1, 2 } } .. " " .. json.decode("[1,2]")[2] } end]],
      { [SHARE .. "/dkjson.lua"] = DKJSON }))
  end)

  it("gives way to the project's own file", function()
    assert.equal("ours", body_of({
      ["main.lua"] = "local i = require 'inspect' return function() return { body = i } end",
      ["inspect.lua"] = "return 'ours'",
    }, { [SHARE .. "/inspect.lua"] = INSPECT }))
  end)

  it("is packed the same each time", function()
    local folder = project("require 'pl.pretty' return print", { [SHARE .. "/pl"] = PENLIGHT })
    local function packed()
      assert.equal(0, (support.cli("pack", folder, "-o", folder .. "out.wasm")))
      return assert(support.read(folder .. "out.wasm"))
    end
    assert.is_true(packed() == packed())
  end)
end)

describe("a rock in C is refused by name, with the reason", function()
  local lfs = { [LIB .. "/lfs.so"] = LFS }
  local reason = "main%.lua:2: module 'lfs' " .. NEED_C:format "lfs%.so"

  it("required at start-up", function()
    local first, all = refusal("\nlocal lfs = require 'lfs' return function() return lfs end", lfs)
    assert.matches("^" .. reason .. "$", first)
    assert.matches("main%.lua:2: in main chunk", all)
    assert.matches("^" .. reason .. "$", (refusal("local name = 'lf'\nlocal lfs = require(name .. 's') return print", lfs)))
  end)

  it("required late, by a module that is sure to require it", function()
    assert.matches("^x%.lua:1: module 'lfs' is C code", (refusal({
      ["main.lua"] = "return function() require 'x' end", ["x.lua"] = "require 'lfs'" }, lfs)))
  end)

  it("or in a note, where it may not be required at all", function()
    local folder = project("return function()\nrequire 'lfs' end", lfs)
    local code, _, errors = support.cli("pack", folder, "-o", folder .. "out.wasm")
    assert.equal(0, code)
    assert.matches("^main%.lua:2: note: module 'lfs' " .. NEED_C:format "lfs%.so" .. "\n$", errors)
  end)

  it("named in flare.lua", function()
    assert.matches("^flare%.lua: module 'lfs' " .. NEED_C:format "lfs%.so" .. "$", (refusal({
      ["main.lua"] = "return print", ["flare.lua"] = "return { modules = { 'lfs' } }" }, lfs)))
  end)

  it("by the rock in Lua around it: lua-system", function()
    local rocks = { [SHARE .. "/system"] = SYSTEM, [LIB .. "/system"] = SYSTEM_CORE }
    local expected = "^lua_modules/share/lua/5%.4/system/init%.lua:%d+: module 'system%.core' " .. NEED_C:format "system/core%.so"
    assert.matches(expected, (refusal("require 'system' return print", rocks)))
    assert.matches(expected, (refusal("return function() require 'system' end", rocks)))
  end)

  it("that has the module inside another one's file, or in lib64", function()
    assert.matches("module 'a%.b%.c' " .. NEED_C:format "a%.so", (refusal { ["main.lua"] = "require 'a.b.c' return print",
      [LIB .. "/a.so"] = "\127ELF" }))
    assert.matches("module 'a%.b' " .. NEED_C:format "a/b%.so", (refusal { ["main.lua"] = "require 'a.b' return print",
      [LIB .. "/a.so"] = "", [LIB .. "/a/b.so"] = "" }))
    assert.matches("module 'a' is C code %(lua_modules/lib64/lua/5%.4/a%.so%)", (refusal {
      ["main.lua"] = "require 'a' return print", ["lua_modules/lib64/lua/5.4/a.so"] = "" }))
  end)

  it("but not when there is one in Lua, or when flaron has it", function()
    assert.equal("Lua", body_of { ["main.lua"] = "local a = require 'a' return function() return { body = a } end",
      [SHARE .. "/a.lua"] = "return 'Lua'", [LIB .. "/a.so"] = "" })
    assert.equal("[1]", body_of { ["main.lua"] = "local c = require 'cjson' return function() return { body = c.encode{1} } end",
      [LIB .. "/cjson.so"] = "" })
  end)
end)

describe("C code that a script or a rock can do without", function()
  local lfs = { [LIB .. "/lfs.so"] = LFS, [SHARE .. "/pl"] = PENLIGHT }

  it("may be tried in a pcall, wherever that is", function()
    for _, code in ipairs {
      "local ok = pcall(require, 'lfs')",
      "local ok = pcall ( require , \"lfs\" )",
      "local ok = pcall(function() return require 'lfs' end)",
      "local ok = xpcall(function() local x = (1 + 2) return require('lfs') end, print)",
      "local ok = pcall(pcall, function() require 'lfs' end) and pcall(require, 'lfs')",
    } do
      local late = ("return function() %s return { body = tostring(ok) } end"):format(code)
      local early = ("%s return function() return { body = tostring(ok) } end"):format(code)
      assert.equal("false", body_of(late, lfs), late)
      assert.equal("false", body_of(early, lfs), early)
    end
  end)

  it("is missed behind the pcall", function()
    assert.matches("^main%.lua:1: module 'lfs' is C code", (refusal("pcall(print, (1)) local f = require('lfs') pcall(f) return f", lfs)))
    assert.matches("^main%.lua:1: module 'lfs' is C code", (refusal("local pcall = 1 require 'lfs' return print", lfs)))
  end)

  it("is found in a pcall when it is Lua", function()
    assert.equal("true here", body_of { ["main.lua"] = [[return function()
      local ok, it = pcall(require, "optional")
      return { body = tostring(ok) .. " " .. it } end]], ["optional.lua"] = "return 'here'" })
  end)

  it("is no hindrance in a rock as long as it is not reached: penlight's path and lfs", function()
    assert.equal("false", body_of([[return function()
      local ok, message = pcall(require, "pl.path")
      assert(message:find "pl.path requires LuaFileSystem", message)
      return { body = tostring(ok) } end]], lfs))
    assert.equal("a,b", body_of([[
      local utils = require "pl.utils"
      return function(late)
        if late then require "pl.dir" end
        return { body = table.concat(utils.split("a b"), ",") }
      end]], lfs))
  end)

  it("counts in a rock where it is sure to run", function()
    local function rock(source) return { ["main.lua"] = "return function() require 'rock' end", [SHARE .. "/rock.lua"] = source } end
    for _, source in ipairs {
      "if jit then\n  require 'c'\nend", "local f = function() require 'c' end", "local c = jit and require 'c'",
      "for i = 1, 0 do require 'c' end", "repeat require 'c' until true", "while x do require 'c' end",
      "local t = { __index = function() return require 'c' end }",
    } do
      local flare <close> = support.load(project(rock(source)))
      assert.truthy(flare, source)
    end
    for _, source in ipairs {
      "\nrequire 'c'", "if x then x() end\nrequire 'c'", "local function f() end\nlocal c = f(require('c'))",
      "for _ in x do repeat until y end\nlocal x = { a = require 'c' }", "while x do end\nreturn require 'c'",
    } do
      assert.equal("lua_modules/share/lua/5.4/rock.lua:2: module 'c' not found:", (refusal(rock(source))), source)
    end
  end)
end)

describe("ready-made Lua", function()
  local function files_of(main)
    local folder = project(main)
    assert.equal(0, (support.cli("pack", folder, "-o", folder .. "out.wasm")))
    local _, output = support.cli("inspect", folder .. "out.wasm")
    local list = {}
    for file in output:gmatch "bytes  [%w.]+ %(([^)]+)%)" do list[#list + 1] = file end
    table.sort(list)
    return list
  end

  it("is bundled only when it is required", function()
    assert.same({ "main.lua" }, files_of "local flaron = require 'flaron' return function() return flaron end")
    assert.same({ "flaron/cookie.lua", "flaron/internal/argument.lua", "main.lua" },
      files_of "return function() require 'flaron.cookie' end")
    assert.same({ "flaron/internal/address.lua", "flaron/internal/argument.lua", "flaron/internal/json.lua", "flaron/router.lua",
        "flaron/router/answer.lua", "flaron/router/paths.lua", "flaron/router/request.lua", "flaron/router/tree.lua",
        "flaron/url.lua", "main.lua" },
      files_of "local router = require 'flaron.router' return router.new():handler()")
  end)

  it("stands beside flaron and its modules", function()
    assert.equal("true true true", body_of [[
      local url, flaron = require "flaron.url", require "flaron"
      return function()
        return { body = ("%s %s %s"):format(url == require "flaron.url", flaron == require "flaron" and flaron.url == nil,
          flaron.request == require "flaron.request") }
      end]])
  end)

  it("gives way to the project's own file", function()
    assert.equal("ours", body_of { ["main.lua"] = "local url = require 'flaron.url' return function() return { body = url } end",
      ["flaron/url.lua"] = "return 'ours'" })
    assert.equal("a rock's", body_of { ["main.lua"] = "local url = require 'flaron.url' return function() return { body = url } end",
      [SHARE .. "/flaron/url.lua"] = "return \"a rock's\"" })
  end)

  it("has its own file names in tracebacks", function()
    local flare <close> = support.load [[
      local url = require "flaron.url"
      return function() url.build { path = {} } end]]
    assert.matches("^flaron/url%.lua:%d+: .*\n\tflaron/url%.lua:%d+: in .*\n\tmain%.lua:2: in ",
      support.log(flare:request(), "error"))
  end)

  it("that there is not is an error that says where it was looked for", function()
    local first, all = refusal "require 'flaron.routr' return print"
    assert.equal("main.lua:1: module 'flaron.routr' not found:", first)
    assert.matches("not found:\n\tdid you mean 'flaron%.router'%?\n\tno file 'flaron/routr%.lua'\n", all)
    assert.matches("\n\tno file 'flaron/routr%.lua'\n.*\n\tno file 'flaron/routr%.lua' in flaron%-lua\n", all)
    for _, name in ipairs { "flaron.", "flaron..url", "flaron.../templates/x", "flaron.router.", "flaronx.url" } do
      assert.matches("not found", (refusal(("require '%s' return print"):format(name))))
    end
  end)
end)
