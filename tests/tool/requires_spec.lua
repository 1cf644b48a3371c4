-- requires_spec.lua - what the packer makes of a `require`: whether it is Lua's, whether it is sure to run, what is said when
-- nothing is there; modules that start-up computes; patterns and paths of flare.lua on disk.
local serving = require "serving"
local support = require "support"

local quote = support.quote

-- Packs a project; the exit code, what is said on standard error, and the folder.
local function pack(files, ...)
  local folder = support.project(files)
  local code, _, errors = support.cli("pack", folder, "-o", folder .. "/out.wasm", ...)
  return code, errors, folder
end

-- The same, but the folder, as a list.
local function verdict(files)
  local code, errors = pack(files)
  return { code, errors }
end

local note = "main.lua:%d: note: module 'gone' not found, so requiring it is an error\n"

describe("a require that finds nothing", function()
  it("is refused where it is sure to run", function()
    for _, code in ipairs {
      "require 'gone'", "local g = require('gone')", "do require 'gone' end", "local x = { f = function() end, g = require [[gone]] }",
      "local function f() end f(require 'gone')", "if require 'gone' then end", "while require 'gone' do end",
        "for _ in pairs(require 'gone') do end",
      "local a = print and type local g = require 'gone'", "local a = print or type; require 'gone'",
        "local a, g = print and 1, require 'gone'",
      "print(print and 1, require 'gone')", "local t = { print or 1, require 'gone' }", "local x = (print or 1)\nrequire 'gone'",
      "for i = 1, 0 do end require 'gone'", "repeat local function require() end until true require 'gone'",
      "local function f(require) end require 'gone'", "do local require = print end require 'gone'",
        "for require = 1, 0 do end require 'gone'",
      "local require = require require 'gone'", "local type, require = type, require\nrequire 'gone'",
        "local require <const> = _G.require require 'gone'",
      "local t = { require = 1 } function t.require() end require 'gone'", "local x = 1.5 .. 'a' require 'gone'",
        "goto a ::a:: local f = function() return 1 end",
    } do
      local main = code:find "^goto" and "local f = function() goto a ::a:: return end require 'gone' return print" or code
        .. " return print"
      local status, errors = pack(main)
      assert.equal(1, status, main)
      assert.matches("main%.lua:%d+: module 'gone' not found:\n", errors)
    end
  end)

  it("is a note where it is not", function()
    for _, code in ipairs {
      "return function() require 'gone' end", "if jit then require 'gone' end", "local g = jit and require 'gone'",
        "local g = jit and (require 'gone')",
      "local g = print or { require 'gone' }", "local g = jit and print(1, require('gone').x)", "for _ = 1, 0 do require 'gone' end",
      "while jit do require 'gone' end", "if print then return print end local g = require 'gone'",
        "if not jit then goto done end require 'gone' ::done::",
      "local x = jit and require 'gone'.y", "if print then elseif require 'gone' then end",
        "local t = { f = function() return require 'gone' end }",
      "local function f() local require = require return require 'gone' end",
        "local function f() do local function require() end end require 'gone' end",
      "local old = require require = function(n) return old(n) end if jit then require 'gone' end",
    } do
      local status, errors = pack(code .. " return print")
      if code:find "^return" then status, errors = pack(code) end
      assert.equal(0, status, code .. errors)
      assert.equal(note:format(1), errors, code)
    end
  end)

  it("is nothing after the file named package.preload: many modules in one file bring what they require", function()
    local files = {
      ["main.lua"] = "return function() return { body = require 'all'.x } end",
      ["all.lua"] = "package.preload['gone'] = function() return { x = 'here' } end\nreturn require('gone')",
    }
    local status, errors, folder = pack(files)
    assert.same({ 0, "" }, { status, errors })
    local flare <close> = support.load(folder .. "/out.wasm")
    assert.equal("here", flare:request().body)
    assert.equal(1, (pack("local x = require('gone') package.preload.other = x return print")))
  end)

  it("is nothing in a pcall, in a rock, or when it is not Lua's require", function()
    for _, code in ipairs {
      "pcall(require, 'gone')", "local function f() local ok = pcall(function() return require 'gone' end) end",
      "local function require(n) return n end local x = require 'gone'",
        "local require = function(n) return n end\nlocal x = require 'gone'",
      "local require = type require 'gone'", "local a, require = require, type require 'gone'",
        "local require = require or type ; local function f(require) require 'gone' end",
      "local f = function(a, require, ...) return require 'gone' end", "for require in pairs {} do require 'gone' end",
        "local require; local function f() require 'gone' end",
      "local t = {} function t.f(require) return require 'gone' end", "local t = { require = type } t.require 'gone' t:require 'gone'",
      "local function f() local function require() end if x then return require 'gone' end end",
        "local x = [[require 'gone']] -- require 'gone'",
      "local require = setmetatable({}, { __call = type }) require 'gone'",
        "local n = 'gone' local function f() return require(n .. 's') end",
    } do
      assert.same({ 0, "" }, verdict(code .. "\nreturn print"), code)
    end
    assert.same({ 0, "" }, verdict { ["main.lua"] = "require 'rock' return print",
      ["lua_modules/share/lua/5.4/rock.lua"] = "local function f() require 'gone' end" })
  end)

  it("is noted once, with what was perhaps meant, and not when something provides it after all", function()
    local status, errors = pack { ["main.lua"] = [[
      package.preload.mine = print
      return function()
        require "mine" require "cjson" require "flaron.spark" require "string"
        require "uitl"
        require "uitl"
        require "other"
      end]], ["util.lua"] = "", ["other.lua"] = "return function() require 'uitl' require '\\117' end" }
    assert.same({ 0, "main.lua:4: note: module 'uitl' not found, so requiring it is an error: did you mean 'util'?\n" }, { status, errors })
    local folder = support.project { ["main.lua"] = "return function() return require 'gone' end", ["flare.lua"] = "return {}" }
    local _, output = support.cli("check", folder, "--strict")
    assert.matches("/main.lua:1: note: module 'gone' not found, so requiring it is an error\n", output, 1, true)
    assert.matches("\n0 errors, 0 warnings\n$", output)
  end)

  it("is refused in a module only when the script goes there for sure", function()
    local files = { ["a.lua"] = "require 'gone'" }
    for main, expected in pairs { ["require 'a' return print"] = 1, ["return function() require 'a' end"] = 1,
      ["if jit then require 'a' end return print"] = 0, ["pcall(require, 'a') return print"] = 0,
      ["local function f() if jit then require 'a' end end return function() require 'b' end"] = 1 } do
      files["main.lua"], files["b.lua"] = main, "local a = require 'a'"
      assert.equal(expected, (pack(files)), main)
    end
  end)
end)

describe("modules that start-up computes", function()
  it("are found while it runs, with what they require, in a time that grows with their number alone", function()
    local files = { ["main.lua"] = [[
      local sum = 0
      for i = 1, 300 do sum = sum + require("m.m" .. i)() end
      return function() return { body = tostring(sum) } end]] }
    for i = 1, 300 do
      files[("m/m%d.lua"):format(i)] = ("local base = require 'base' return function() return %d + base end"):format(i)
    end
    files["base.lua"] = "return require('con' .. 'stant')"
    files["constant.lua"] = "return 1"
    local status, errors, folder = pack(files)
    assert.same({ 0, "" }, { status, errors })
    local first = support.read(folder .. "/out.wasm")
    assert.matches("\n" .. 300 * 301 // 2 + 300 .. "$", (select(2, support.cli("run", folder .. "/out.wasm"))))
    local begin = os.time()
    for _ = 1, 5 do assert.equal(0, (support.cli("pack", folder, "-o", folder .. "/out.wasm"))) end
    assert.is_true(os.time() - begin <= 4) -- 300 start-ups each would take half a minute
    assert.is_true(first == support.read(folder .. "/out.wasm"))
  end)

  it("may be anything: one with a syntax error, one that needs more modules, one whose name is odd", function()
    assert.matches("^flaron%-lua pack: a%.lua:1: .*near", (select(2, pack { ["main.lua"] = "require('a' .. '') return print",
      ["a.lua"] = "x =" })))
    assert.equal(0, (pack { ["main.lua"] = "require('a' .. '') return print", ["a.lua"] = "require('b' .. '')", ["b.lua"] = "" }))
    assert.equal(0, (pack { ["main.lua"] = "require('a' .. '\\nb') return print", ["a\nb.lua"] = "" }))
    local _, errors = pack "require('go' .. 'ne') return print"
    assert.matches("main%.lua:1: module 'gone' not found:\n\tno file 'gone%.lua'\n", errors)
    _, errors = pack "table.insert(package.searchers, 1, function() return 'not mine' end) require('go' .. 'ne') return print"
    assert.matches("main%.lua:1: module 'gone' not found:\n\tno file .*gone/init%.lua'\n\tnot mine\n", errors)
  end)
end)

describe("patterns of flare.lua", function()
  local function assets_of(folder, ...)
    local code, _, errors = support.cli("pack", folder, "-o", folder .. "/../out.wasm")
    assert.same({ 0, "" }, { code, errors }, ...)
    local _, output = support.cli("inspect", folder .. "/../out.wasm")
    local list = {}
    for path in output:match("\nassets.-\nconfig"):gmatch " bytes  ([^\n]+)" do list[#list + 1] = path end
    return list
  end

  -- A project in a folder of its own, with these assets and what the shell makes of it.
  local function project(assets, shell)
    local base = support.folder()
    local folder = support.project({ ["main.lua"] = "return print", ["flare.lua"] = ("return { assets = { %s } }"):format(assets),
      ["p/b.html"] = "", ["p/a.html"] = "", ["p/x/y/c.html"] = "", ["p/.hidden/d.html"] = "", [".flaron/e.html"] = "" }, base .. "/project")
    assert.equal(0, (support.run(("cd %s && mkdir ../outside && touch ../outside/o.html && chmod 700 .flaron; %s"):format(quote(folder),
      shell or ":"))))
    return folder
  end

  it("take files in one order, each once, and none that is hidden", function()
    assert.same({ "p/x/y/c.html", "p/a.html", "p/b.html" }, assets_of(project "'p/x/y/*', 'p/**/*.html', 'p/a.html'"))
    assert.same({ "p/.hidden/d.html" }, assets_of(project "'p/.*/*'"))
    assert.same({ "flare.lua", "main.lua", "p/a.html", "p/b.html", "p/x/y/c.html" }, assets_of(project "'**'"))
  end)

  it("follow links that stay in the project, but '**' into none", function()
    local shell = "ln -s ../p/x p/l; ln -s . p/loop; ln -s .. p/x/up; ln -s b.html p/f.html"
    assert.same({ "p/a.html", "p/b.html", "p/f.html", "p/x/y/c.html" }, assets_of(project("'p/**/*.html'", shell)))
    assert.same({ "p/l/y/c.html", "p/x/y/c.html" }, assets_of(project("'p/*/y/*.html', 'p/l/y/*'", shell)))
  end)

  it("refuse links out of it by name, and what is no file", function()
    for pattern, message in pairs { ["p/*.html"] = "assets%[1%]: 'p/z.html' leaves the project by a link",
      ["p/*/o.html"] = "assets%[1%]: 'p/out' leaves the project by a link",
      [".flaron/*"] = "assets%[1%]: '%.flaron/%*' is in %.flaron", ["p/f*"] = "assets%[1%]: 'p/fifo' is a pipe",
        ["p/none*"] = "assets%[1%]: no file matches 'p/none%*'" } do
      local folder = project(("%q"):format(pattern), "ln -s ../../outside/o.html p/z.html; ln -s ../../outside p/out; mkfifo p/fifo")
      local code, _, errors = support.cli("pack", folder, "-o", folder .. "/out.wasm")
      assert.equal(1, code)
      assert.matches("^flaron%-lua pack: flare%.lua: " .. message, errors)
    end
  end)

  it("look at 100000 names at most", function()
    local folder = project("'p/**/*.nothing'", "mkdir p/many && cd p/many && seq 100001 | xargs touch")
    local code, _, errors = support.cli("pack", folder)
    assert.same({ 1, "flaron-lua pack: flare.lua: assets[1]: more than 100000 names are to be looked at for 'p/**/*.nothing'\n" }, { code,
      errors })
    support.run("rm -r " .. quote(folder))
  end)
end)

describe("paths of flare.lua", function()
  local files = { ["flare.lua"] = "return { paths = { 'vendor/?.lua', '.deps/?/init.lua' } }", ["vendor/v.lua"] = "return 'v'",
    ["main.lua"] = "local v = require 'v' return function() return { body = v .. require 'hidden' } end",
      [".deps/hidden/init.lua"] = "return 'h'",
    ["spec/a_spec.lua"] = "it('a', function() assert.equal('vh', require 'v' .. require 'hidden') end)" }

  it("count in pack, run, check and for the modules of specs", function()
    local folder = support.project(files)
    assert.matches("\n\nvh$", (select(2, support.cli("run", folder))))
    assert.same({ 0, "" }, { (support.cli("pack", folder, "-o", folder .. "/out.wasm")), (select(3, support.cli("pack", folder, "-o",
      folder .. "/out.wasm"))) })
    assert.matches("\n0 errors, 0 warnings\n$", (select(2, support.cli("check", folder))))
    local code, output = support.run(("unset LUA_PATH LUA_CPATH; %s test %s"):format(support.flaron_lua, quote(folder)))
    assert.equal(0, code, output)
  end)

  it("are watched by dev, hidden ones too", function()
    local folder = support.project(files)
    local dev = serving.serve(folder, "--quiet")
    assert.equal("vh", dev.curl "/")
    support.write(folder .. "/.deps/hidden/init.lua", "return 'h2'")
    assert.is_truthy(serving.wait(function() return dev.curl "/" == "vh2" end, 4))
    support.write(folder .. "/main.lua", "local l = require 'later' return function() return { body = l } end")
    assert.is_truthy(serving.wait(function() return dev.curl("/", "-H 'accept: text/html'") ~= "vh2" or true end, 1))
    support.run(("mkdir %s/.deps/later"):format(quote(folder)))
    support.write(folder .. "/vendor/later.lua", "return 'late'")
    assert.is_truthy(serving.wait(function() return dev.curl "/" == "late" end, 4))
    dev.stop()
  end)
end)
