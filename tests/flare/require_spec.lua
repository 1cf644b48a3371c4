-- require_spec.lua - `require` and `package` in a flare as in native Lua: searchers, searchpath, paths, and what is said of
-- a module that is missing. What the packer finds and refuses is pack_spec.lua's and rocks_spec.lua's.
local support = require "support"

-- What a project answers to one request.
local function body_of(files)
  local flare <close> = support.load(files)
  local response = assert(flare:request {})
  assert.equal(200, response.status, support.log(response, "error"))
  return response.body
end

local function refusal(files)
  local flare, message = support.try_load(files)
  assert.is_nil(flare)
  return message
end

describe("package.searchers", function()
  it("is asked in order: what is inserted finds modules, and what it says stands in the message", function()
    assert.equal("made by hand with data\nmodule 'none' not found:\n\tfirst says no to none\n\tno field package.preload['none']\n"
      .. "\tonly what was packed can be required: name it under 'modules' in flare.lua\n\tlast says no", body_of {
      ["main.lua"] = [[
        table.insert(package.searchers, 1, function(name)
          if name == "hand" then return function(...) return "made by " .. table.concat({ ... }, " with ") end, "data" end
          return "first says no to " .. name
        end)
        package.searchers[#package.searchers + 1] = function() return nil end
        package.searchers[#package.searchers + 1] = function() return "last says no" end
        local hand, data = require "hand"
        assert(data == "data")
        return function()
          local name = "none"
          return { body = hand .. "\n" .. select(2, pcall(require, name)) }
        end]] })
  end)

  it("can be emptied, replaced and called, as in native Lua", function()
    assert.equal("module 'x' not found:\n'package.searchers' must be a table\nthe file ./x.lua\nno field package.preload['y']", body_of {
      ["main.lua"] = [[return function()
        local all, lines = package.searchers, {}
        package.searchers = {}
        lines[1] = select(2, pcall(require, "x"))
        package.searchers = nil
        lines[2] = select(2, pcall(require, "x"))
        local loader, file = all[2] "x"
        lines[3] = loader("x", file) .. " " .. file
        lines[4] = all[1] "y"
        return { body = table.concat(lines, "\n") }
      end]], ["x.lua"] = "return 'the file'" })
  end)

  it("makes nothing of a searcher's error but an error", function()
    assert.matches("^main%.lua:2: oh$", body_of { ["main.lua"] = [[return function()
      package.searchers[3] = function() error "oh" end
      local name = "x"
      return { body = select(2, pcall(require, name)) }
    end]] })
  end)
end)

describe("a module", function()
  it("is called with its name and its file, which is require's second value, too", function()
    local source = "return table.concat({ ... }, ' ')"
    assert.equal("a.b ./a/b.lua, ./a/b.lua, a ./a/init.lua, ./a/init.lua, r ./lua_modules/share/lua/5.4/r.lua, "
      .. "./lua_modules/share/lua/5.4/r.lua, p :preload:, :preload:", body_of {
        ["main.lua"] = [[
          package.preload.p = function(...) return table.concat({ ... }, " ") end
          local all = {}
          for _, name in ipairs { "a.b", "a", "r", "p" } do
            local value, from = require(name)
            all[#all + 1] = value
            all[#all + 1] = from
          end
          return function() return { body = table.concat(all, ", ") } end]],
        ["a/b.lua"] = source, ["a/init.lua"] = source, ["lua_modules/share/lua/5.4/r.lua"] = source })
  end)

  it("is found by every name that leads to its file, as in native Lua, also when stripped", function()
    for _, strip in ipairs { false, true } do
      local flare <close> = support.load({
        ["main.lua"] = [[local a = require "lib.a"
          return function()
            local other = "lib/a"
            local b, from = require(other)
            return { body = a .. " " .. b .. " " .. from }
          end]],
        ["lib/a.lua"] = "return ..." }, { strip = strip })
      assert.equal("lib.a lib/a ./lib/a.lua", flare:request({}).body)
    end
  end)
end)

describe("package.searchpath", function()
  it("finds packed modules and assets, and says of others what native Lua says", function()
    local flare <close> = support.load {
      ["main.lua"] = [[require "lib.a"
        local early = package.searchpath("lib.a", package.path)
        return function()
          local find = package.searchpath
          return { body = table.concat({ early, find("lib.a", package.path), find("lib/a", "x/?.lua;?.lua"), find("page", "./?.html"),
            find("lib-a", "?.lua", "-"), find("li.b", "./?/a.lua", ".", ""), find("main", package.path), tostring(find("other", "?.lua")),
            select(2, find("a.b", "./?.lua;?/x;y")), select(2, find("a.b", "")), select(2, find("a.b", "?-?", "")) }, "|") }
        end]],
      ["lib/a.lua"] = "", ["other.lua"] = "", ["page.html"] = "", ["flare.lua"] = "return { assets = { 'page.html' } }" }
    assert.equal("./lib/a.lua|./lib/a.lua|lib/a.lua|./page.html|lib/a.lua|./lib/a.lua|./main.lua|nil|"
      .. "no file './a/b.lua'\n\tno file 'a/b/x'\n\tno file 'y'|no file ''|no file 'a.b-a.b'", flare:request({}).body)
  end)
end)

describe("package.path", function()
  it("has the places in the order that the packer goes by", function()
    assert.equal("./?.lua;./?/init.lua;./vendor/?.lua;./deps/x/lua/?/init.lua;./lua_modules/share/lua/5.4/?.lua;"
      .. "./lua_modules/share/lua/5.4/?/init.lua", body_of {
        ["main.lua"] = "return function() return { body = package.path } end",
        ["flare.lua"] = "return { paths = { './vendor/?.lua', 'deps/x/lua/?/init.lua' } }" })
  end)

  it("has no effect, which is said when a module is missing and it was changed", function()
    local hint = "package.path has no effect: name places under 'paths' in flare.lua"
    assert.matches("\n\tonly what was packed can be required: name it under 'modules' in flare.lua\n\t" .. hint .. "$", body_of {
      ["main.lua"] = [[return function()
        package.path = "vendor/?.lua;" .. package.path
        local name = "x"
        return { body = select(2, pcall(require, name)) }
      end]] })
    for _, code in ipairs { "local x = require 'x' return print", "return require('x' .. 1)", "local y = require 'y' return print" } do
      assert.matches("\n\tno file '.*\n\t" .. hint, refusal {
        ["main.lua"] = "package.path = 'vendor/?.lua;' .. package.path " .. code, ["y.lua"] = "require 'z'", ["vendor/x.lua"] = "" })
    end
    assert.is_nil(refusal { ["main.lua"] = "require 'x' return print" }:find(hint, 1, true))
  end)
end)

describe("paths of flare.lua", function()
  local manifest = "return { paths = { 'vendor/?.lua', 'vendor/?/src/?.lua' } }"

  it("are looked at after the project's own files and before rocks, at start-up and late", function()
    assert.equal("own vendor ./vendor/b.lua twice late", body_of {
      ["flare.lua"] = manifest,
      ["main.lua"] = [[
        local b, from = require "b"
        local name = "lat"
        require(name .. "e")
        return function() return { body = table.concat({ require "a", b, from, require "c", require(name .. "e") }, " ") } end]],
      ["a.lua"] = "return 'own'", ["vendor/a.lua"] = "return 'vendor'", ["vendor/b.lua"] = "return 'vendor'",
      ["lua_modules/share/lua/5.4/b.lua"] = "return 'rock'", ["vendor/c/src/c.lua"] = "return 'twice'",
        ["vendor/late.lua"] = "return 'late'" })
  end)

  it("stand in what is said of a module that is missing", function()
    assert.matches("^main%.lua:1: module 'xx' not found:\n\tno file 'xx%.lua'\n\tno file 'xx/init%.lua'\n\tno file 'vendor/xx%.lua'\n"
      .. "\tno file 'vendor/xx/src/xx%.lua'\n\tno file 'lua_modules/", refusal { ["main.lua"] = "require 'xx' return print",
        ["flare.lua"] = manifest })
  end)

  it("are confined to the project", function()
    for path, message in pairs {
      ["../x/?.lua"] = "leaves the project", ["/x/?.lua"] = "leaves the project",
        ["x/../?.lua"] = "has '..' in it, which paths in a project do not",
      [".flaron/?.lua"] = "is in .flaron, which has secrets and stores and is not for flares",
      ["vendor/x.lua"] = "has no '?', for which the module's name stands", [""] = "has no '?', for which the module's name stands",
      ["a/?.lua;b/?.lua"] = "has a ';': each place is a string of its own",
    } do
      assert.equal(("flare.lua: paths[2]: '%s' %s"):format(path, message), refusal { ["main.lua"] = "return print",
        ["flare.lua"] = ("return { paths = { 'a/?.lua', %q } }"):format(path) })
    end
    assert.equal("flare.lua: key 'paths' is not a list of strings, but \"x\"", refusal { ["main.lua"] = "",
      ["flare.lua"] = "return { paths = 'x' }" })
    assert.matches("^flare%.lua: paths: there are 101 places, and 100 are the most$", refusal { ["main.lua"] = "",
      ["flare.lua"] = "local t = {} for i = 1, 101 do t[i] = '?' end return { paths = t }" })
  end)
end)

describe("patterns of flare.lua", function()
  local function packed(manifest, files, body)
    files["flare.lua"] = manifest
    files["main.lua"] = ("local flaron = require 'flaron' return function() %s end"):format(body)
    return body_of(files)
  end

  it("name modules by paths or names, found by either", function()
    for _, pattern in ipairs { "vs.io.*", "vs/io/*", "vs.**", "*.io.*", "vs/**/[ui]*" } do
      local good = pattern ~= "vs/**/[ui]*"
      local files = { ["vs/io/u.lua"] = "return ...", ["vendor/vs/io/i.lua"] = "return ...", ["vs/io/f/init.lua"] = "return ...",
        ["vs/io/.h.lua"] = "syntax error", ["vs/io/a.b.lua"] = "syntax error", ["vs/io/data.txt"] = "" }
      local manifest = ("return { modules = { %q }, paths = { 'vendor/?.lua' } }"):format(pattern)
      if good then
        assert.equal("vs.io.u vs/io/i vs.io.f", packed(manifest, files,
          "local dot, slash = 'vs.io.', 'vs/io/' return { body = require(dot .. 'u') .. ' ' .. require(slash .. 'i') .. ' ' "
            .. ".. require(dot .. 'f') }"))
      else
        files["flare.lua"], files["main.lua"] = manifest, "return print"
        assert.equal("flare.lua: modules[1]: no module matches 'vs/**/[ui]*'", refusal(files)) -- '*' is all there is
      end
    end
  end)

  it("name assets, in any depth", function()
    local files = function()
      return { ["pages/a.html"] = "a", ["pages/x/b.html"] = "b", ["pages/x/y/c.html"] = "c", ["pages/x/d.txt"] = "d",
        ["pages/.e.html"] = "e" }
    end
    local body = "local t = {} for _, n in ipairs { 'a.html', 'x/b.html', 'x/y/c.html', 'x/d.txt', '.e.html' } do "
      .. "t[#t + 1] = flaron.asset('pages/' .. n) or '-' end return { body = table.concat(t) }"
    for pattern, expected in pairs { ["pages/*.html"] = "a----", ["pages/**/*.html"] = "abc--", ["pages/*/*.html"] = "-b---",
      ["**/x/**"] = "-bcd-", ["./pages//**"] = "abcd-", ["pages/.*"] = "----e", ["pages/*"] = "a----", ["**/*.t*t"] = "---d-" } do
      assert.equal(expected, packed(("return { assets = { %q, 'pages/a.html' } }"):format(pattern), files(), body):gsub("^a",
        expected:sub(1, 1)), pattern)
    end
  end)

  it("that match nothing are an error", function()
    assert.equal("flare.lua: assets[2]: no file matches 'x/*'", refusal { ["main.lua"] = "return print", ["a"] = "",
      ["flare.lua"] = "return { assets = { 'a', 'x/*' } }" })
    assert.equal("flare.lua: modules[1]: no module matches 'x.*'", refusal { ["main.lua"] = "return print",
      ["flare.lua"] = "return { modules = { 'x.*' } }" })
    assert.equal("flare.lua: assets[1]: '../*' leaves the project", refusal { ["main.lua"] = "return print",
      ["flare.lua"] = "return { assets = { '../*' } }" })
  end)

  it("bind nobody to what a module of them requires", function()
    assert.equal("false", packed("return { modules = { 'opt.*' } }", { ["opt/a.lua"] = "return require 'nowhere'" },
      "local name = 'opt.a' return { body = tostring(pcall(require, name)) }"))
    assert.matches("^opt/a%.lua:1: module 'nowhere' not found", refusal { ["main.lua"] = "return print",
      ["opt/a.lua"] = "return require 'nowhere'",
      ["flare.lua"] = "return { modules = { 'opt.a' } }" })
  end)
end)
