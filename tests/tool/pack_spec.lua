-- `flaron-lua pack`: what is in the module it writes, what it finds, and what it says to bad input; and what
-- `inspect` and `run` say to files that are not flares, or no longer.
local support = require "support"
local dkjson = require "dkjson"

local root = select(2, support.run "pwd"):gsub("\n", "")
local tool = support.flaron_lua:sub(1, 1) == "/" and support.flaron_lua or root .. "/" .. support.flaron_lua

-- A new project folder with `files`: a table from paths to contents, or the text of main.lua.
local function project(files)
  return support.project(files, root .. "/" .. support.folder())
end

local function exists(path)
  return support.read(path) ~= nil or support.run("test -e " .. support.quote(path)) == 0
end

-- Packs a project (files or a folder) that must pack; returns the path of the .wasm, its folder and the report.
local function pack(files, ...)
  local folder = type(files) == "string" and files:sub(1, 1) == "/" and files or project(files)
  local out = folder .. "/out.wasm"
  local code, output, errors = support.cli("pack", folder, "-o", out, ...)
  assert.equal("", errors)
  assert.equal(0, code)
  return out, folder, output
end

-- Packs a project that must be refused; returns the first line of what is said, and all of it.
local function refused(files, ...)
  local folder = type(files) == "string" and files:sub(1, 1) == "/" and files or project(files)
  local out = folder .. "/out.wasm"
  local code, output, errors = support.cli("pack", folder, "-o", out, ...)
  assert.equal(1, code)
  assert.equal("", output)
  assert.is_false(exists(out))
  assert.is_nil(select(2, support.run("ls -A " .. support.quote(folder))):find(".part-", 1, true))
  local first = errors:match "^flaron%-lua pack: ([^\n]*)"
  assert.is_string(first, errors)
  return first, errors
end

local function run(path, ...)
  local code, output, errors = support.cli("run", path, ...)
  return output:match "\n\n(.*)$", code, errors
end

local function inspect(path)
  local code, output = support.cli("inspect", path, "--json")
  assert.equal(0, code)
  return (dkjson.decode(output))
end

-- What V8 sees in a module: { valid, imports = { "module.name"... }, exports = { name... } }.
local function on_node(path)
  local code, output, errors = support.run(("node -e %s %s"):format(support.quote [[
    const bytes = require("fs").readFileSync(process.argv[1]);
    const module = new WebAssembly.Module(bytes);
    console.log(JSON.stringify({ valid: WebAssembly.validate(bytes),
      imports: WebAssembly.Module.imports(module), exports: WebAssembly.Module.exports(module) }))]], support.quote(path)))
  assert.equal("", errors)
  assert.equal(0, code)
  return (dkjson.decode(output))
end

local function modules(path)
  local names = {}
  for i, module in ipairs(inspect(path).modules) do names[i] = module.name .. "=" .. module.file end
  return table.concat(names, " ", 1, 1), (function() table.remove(names, 1) table.sort(names) return names end)()
end

describe("a packed flare", function()
  local handlers = {
    { "return function() end", "handle_request" },
    { "function handle_request() end", "handle_request" },
    { "return { handle_request = function() end }", "handle_request" },
    { "return { ws_message = function() end }", "ws_message" },
    { "return { ws_open = print, ws_message = print, ws_close = print }", "ws_close ws_message ws_open" },
    { "function ws_open() end return { handle_request = print }", "handle_request ws_open" },
    { "function ws_close() end function handle_request() end return {}", "handle_request ws_close" },
    { "handle_request = print ws_open = print ws_message = print ws_close = print",
      "handle_request ws_close ws_message ws_open" },
  }
  for _, case in ipairs(handlers) do
    it("exports memory, alloc and " .. case[2] .. " for " .. case[1], function()
      local path = pack(case[1])
      local seen = on_node(path)
      local names = {}
      for _, export in ipairs(seen.exports) do
        if export.name == "memory" or export.name == "alloc" then
          names[export.name] = export.kind
        else
          assert.equal("function", export.kind)
          names[#names + 1] = export.name
        end
      end
      table.sort(names)
      assert.equal(case[2], table.concat(names, " "))
      assert.same({ "memory", "function" }, { names.memory, names.alloc })
      local about = inspect(path)
      table.sort(about.handlers)
      assert.equal(case[2], table.concat(about.handlers, " "))
    end)
  end

  it("imports functions of flaron/v1 and nothing else", function()
    local seen = on_node(pack "return function() end")
    assert.is_true(#seen.imports > 0)
    for _, import in ipairs(seen.imports) do
      assert.same({ "flaron/v1", "function" }, { import.module, import.kind })
    end
    local _, listed = support.run("wasm-objdump -x -j Import " .. support.quote((pack "return function() end")))
    assert.is_nil(listed:find "wasi")
    assert.is_nil(listed:find "env%.")
  end)

  it("validates with no feature beyond those that are allowed", function()
    local path = support.quote((pack "return function() end"))
    local allowed = "wasm-validate --disable-simd --disable-reference-types --disable-multi-value " .. path
    assert.same({ 0, "", "" }, { support.run(allowed) })
    assert.is_true(on_node(path:sub(2, -2)).valid)
    -- The check can fail: one of the allowed features is really used.
    assert.equal(1, (support.run("wasm-validate --disable-bulk-memory " .. path)))
  end)

  it("carries two custom sections: ours and the producers", function()
    local _, listed = support.run("wasm-objdump -h " .. support.quote((pack "return function() end")))
    local names = {}
    for name in listed:gmatch 'Custom start=%S+ end=%S+ %b() "([^"]*)"' do names[#names + 1] = name end
    assert.same({ "producers", "flaron-lua" }, names)
  end)

  it("of examples/hello has at most 280 KB", function()
    assert.is_true(#support.read(pack(root .. "/examples/hello")) <= 280 * 1024)
    os.remove "examples/hello/out.wasm"
  end)

  it("has the limit of memory it was packed with", function()
    assert.equal(32 << 20, inspect((pack "return function() end")).memory_limit_bytes)
    assert.equal(8 << 20, inspect((pack("return function() end", "--memory", "8M"))).memory_limit_bytes)
    assert.equal(2 << 20, inspect((pack("return function() end", "--memory", "2097152"))).memory_limit_bytes)
    assert.equal(3 << 20, inspect((pack("return function() end", "--memory", "3100K"))).memory_limit_bytes)
  end)

  it("is the same, byte for byte, whenever and wherever it is packed", function()
    local files = {
      ["main.lua"] = [[
        local parts, order, names = {}, {}, {}
        for _, name in ipairs { "a", "b.c", "d" } do parts[name] = require("parts." .. name) end
        for key, value in pairs(parts) do order[#order + 1] = key .. tostring(value) end
        for i = 1, 300 do names["key" .. i], names[{}], names[print] = i, i, tostring(function() end) end
        for i = 1, 300, 3 do names["key" .. i] = nil end
        local co = coroutine.create(function() coroutine.yield(names) end)
        coroutine.resume(co)
        table.sort(order)
        local numbers = {}
        for i = 1, 500 do numbers[i] = i * 7919 % 503 end
        table.sort(numbers)
        return function() return { body = table.concat(order, " ") } end]],
      ["parts/a.lua"] = "return { 1 }", ["parts/b/c.lua"] = "return function() end", ["parts/d.lua"] = "return 'd'",
    }
    local path, folder = pack(files)
    local first = support.read(path)
    local function again(command)
      local out = root .. "/" .. support.folder() .. "/again.wasm"
      local code, _, errors = support.run(command:gsub("OUT", support.quote(out)):gsub("DIR", support.quote(folder))
        :gsub("PACK", support.quote(tool) .. " pack"))
      assert.equal("", errors)
      assert.equal(0, code)
      assert.is_true(support.read(out) == first, command)
    end
    again "PACK DIR -o OUT"
    again "PACK DIR/main.lua -o OUT"
    again "cd DIR && PACK main.lua -o OUT"
    again "cd DIR && PACK . -o OUT"
    again "cd DIR && PACK ./main.lua -o OUT"
    again "cd / && PACK DIR -o OUT"
    again "cp -r DIR DIR-copy && touch -d 2001-01-01 DIR-copy/* && PACK DIR-copy -o OUT"
    again "sleep 1.1; TZ=Asia/Kathmandu LC_ALL=de_DE.UTF-8 PACK DIR -o OUT"
    again "env -i HOME=/nowhere FOO=bar PACK DIR -o OUT"
    again "umask 077; PACK DIR -o OUT"
    again "PACK DIR -o OUT; PACK DIR -o OUT" -- over an older one
    assert.is_true(support.read(pack(folder, "--strip")) ~= first)
  end)

  it("needs no compiler and no other program to be made", function()
    local folder = project "return function() return { body = 'made' } end"
    local out = folder .. "/out.wasm"
    assert.equal(0, (support.run(("PATH=/nonexistent %s pack %s -o %s"):format(support.quote(tool), folder, out))))
    assert.equal("made", (run(out)))
  end)

  it("without debug information is smaller, works, and tells places for the line map", function()
    local files = [[
      local function deep(n) if n == 0 then error "deliberate" end return deep(n - 1) + 1 end
      return function()
        local ok, message = pcall(deep, 3)
        if require("flaron").request.method() == "POST" then deep(3) end
        return { body = tostring(ok) .. " " .. message }
      end]]
    local plain, stripped = pack(files), pack(files, "--strip")
    assert.is_true(#support.read(stripped) < #support.read(plain))
    assert.same({ false, true }, { inspect(plain).stripped, inspect(stripped).stripped })
    assert.equal("false main.lua:1: deliberate", (run(plain)))
    assert.matches("^false %?%x%x%x%x%x%x%x%x:%d+: deliberate$", (run(stripped)))
    local body, code, errors = run(stripped, "-X", "POST")
    assert.same({ "Internal Server Error", 0 }, { body, code })
    assert.matches("^error: %?%x+:%d+: deliberate\nstack traceback:\n", errors)
  end)
end)

describe("the modules of a flare", function()
  it("are looked for beside main.lua, in folders with an init.lua, and where LuaRocks puts them", function()
    local path = pack {
      ["main.lua"] = [[
        local one, two, three, four, five = require "one", require 'a.b', require("a"), require [=[x]=], require "y.z"
        return function() return { body = table.concat({ one, two, three, four, five }, " ") } end]],
      ["one.lua"] = "return 'one'",
      ["a/b.lua"] = "return 'a/b ' .. (...)",
      ["a/init.lua"] = "return 'a/init ' .. ...",
      ["lua_modules/share/lua/5.4/x.lua"] = "return 'rock x'",
      ["lua_modules/share/lua/5.4/y/z/init.lua"] = "return 'rock y.z'",
      ["lua_modules/share/lua/5.4/one.lua"] = "return 'not this one'",
    }
    assert.equal("one a/b a.b a/init a rock x rock y.z", (run(path)))
    local main, others = modules(path)
    assert.equal("main=main.lua", main)
    assert.same({ "a.b=a/b.lua", "a=a/init.lua", "one=one.lua", "x=lua_modules/share/lua/5.4/x.lua",
      "y.z=lua_modules/share/lua/5.4/y/z/init.lua" }, others)
  end)

  it("are found in modules, to any depth, and each but once", function()
    local files = { ["main.lua"] = "local n = require 'm1' require 'm1' require 'm50' return function() return { body = '' .. n } end" }
    for i = 1, 100 do files["m" .. i .. ".lua"] = i < 100 and ("return require('m%d') + 1"):format(i + 1) or "return 1" end
    local path = pack(files)
    assert.equal("100", (run(path)))
    assert.equal(101, #inspect(path).modules)
  end)

  it("are those that code requires: not comments, strings, fields and other names", function()
    local _, others = modules((pack {
      ["main.lua"] = [==[#!/usr/bin/env lua
        -- require "nope1"
        --[[ require "nope2"
          require "nope3" ]] --[=[ ]] require "nope4" ]=]
        local s = "require 'nope5'" .. 'require "nope6"' .. [[ require "nope7" ]] .. "\" require 'nope8'"
        local t = { require = function() end }
        t.require "nope9" t:require "nope10"
        local function require_ () end require_ "nope11"
        local xrequire = require_ xrequire("nope12")
        local name = 'real' .. s:sub(1, 0) local _ = require(name)
        local a = { b = "x" .. require "yes1" , require--[[ a comment ]]"yes2",
          require -- a comment
            ( "yes3" ) }
        local _ = a
        return function() end]==],
      ["real.lua"] = "", ["yes1.lua"] = "return ''", ["yes2.lua"] = "", ["yes3.lua"] = "",
    }))
    assert.same({ "real=real.lua", "yes1=yes1.lua", "yes2=yes2.lua", "yes3=yes3.lua" }, others)
  end)

  it("that start-up requires by a name it computes are found too", function()
    local path = pack {
      ["main.lua"] = [[
        local out = {}
        for _, name in ipairs { "one", "two", "three" } do out[#out + 1] = require("parts." .. name) end
        return function() return { body = table.concat(out, " ") } end]],
      ["parts/one.lua"] = "return 1",
      ["parts/two.lua"] = "return require('parts.' .. 'inner' .. '.two')",
      ["parts/inner/two.lua"] = "return 2 .. require 'parts.static'",
      ["parts/static.lua"] = "return '!'",
      ["parts/three.lua"] = "return 3",
    }
    assert.equal("1 2! 3", (run(path)))
    assert.equal(6, #inspect(path).modules)
  end)

  it("that are optional may be missing", function()
    local path = pack [[
      local ok, message = pcall(require, "optional")
      return function() return { body = tostring(ok) .. " " .. message:match "^[^\n]*" } end]]
    assert.equal("false module 'optional' not found:", (run(path)))
  end)

  it("that nobody found are an error when they are required late", function()
    local body, _, errors = run((pack [[return function()
      local name = "later"
      require(name)
    end]]))
    assert.equal("Internal Server Error", body)
    assert.matches("^error: main.lua:3: module 'later' not found:", errors)
  end)

  it("are loaded once, and give what Lua's require gives", function()
    local path = pack {
      ["main.lua"] = [[
        local out = {}
        local function note(...)
          local n = select("#", ...)
          local t = { ... }
          for i = 1, n do t[i] = tostring(t[i]) end
          out[#out + 1] = table.concat(t, ",")
        end
        note(require "nothing") note(require "nothing")
        note(require "nothing_nil") note(package.loaded.nothing_nil)
        note(require "no") note(package.loaded.no) note(require "no")
        note(require "itself") note(require "itself")
        note(require("counted") == require("counted"), require("counted").n)
        note(require "string" == string, require "_G" == _G, require "flaron" == require("flaron"))
        note(type(package.preload.counted), package.path ~= nil)
        note(pcall(require)) note(pcall(require, {}))
        return function() return { body = table.concat(out, "\n") } end]],
      ["nothing.lua"] = "",
      ["nothing_nil.lua"] = "return nil",
      ["no.lua"] = "times = (times or 0) + 1 return false",
      ["itself.lua"] = "package.loaded[...] = 'itself'",
      ["counted.lua"] = "loads = (loads or 0) + 1 return { n = loads }",
    }
    assert.equal([[
true,./nothing.lua
true
true,./nothing_nil.lua
true
false,./no.lua
false
false,./no.lua
itself,./itself.lua
itself
true,1
true,true,true
nil,true
false,bad argument #1 to 'require' (string expected, got no value)
false,bad argument #1 to 'require' (string expected, got table)]], (run(path)))
  end)

  it("may have a name with dashes, dots and letters of any language, but a file must be there", function()
    assert.equal("ja", (run((pack {
      ["main.lua"] = "local v = require 'mit-strich.ümläut' return function() return { body = v } end",
      ["mit-strich/ümläut.lua"] = "return 'ja'",
    }))))
  end)

  it("with no end of line, a mark of a shell, or Windows line ends are read as Lua reads them", function()
    assert.equal("true main.lua:3: x", (run((pack {
      ["main.lua"] = "#!/usr/bin/lua\r\nlocal a = require 'a'\r\nlocal _, e = pcall(function() error 'x' end)\r\n"
        .. "return function() return { body = tostring(a) .. ' ' .. e } end",
      ["a.lua"] = "#! no line feed behind this one: nothing else",
    }))))
  end)
end)

describe("pack refuses", function()
  it("a syntax error, naming file and line", function()
    assert.matches("^main.lua:3: unexpected symbol near '%)'", (refused "local a = 1\n\nlocal b = )\n"))
    assert.matches("^lib/bad.lua:2: .* near <eof>", (refused {
      ["main.lua"] = "return function() require 'lib.bad' end", ["lib/bad.lua"] = "local function f()\n  return 1",
    }))
  end)

  it("a script that fails at start-up, with the traceback", function()
    local first, all = refused [[
local function inner() error "not today" end
local function outer() inner() return 1 end
outer()
return function() end]]
    assert.equal("main.lua:1: not today", first)
    assert.matches("\nstack traceback:\n\t%[C%]: in function 'error'\n\tmain.lua:1: in upvalue 'inner'\n"
      .. "\tmain.lua:2: in local 'outer'\n\tmain.lua:3: in main chunk\n", all)
    assert.equal("(error object is a table value)", (refused "error({})"):gsub("^table: 0x%x+$", "(error object is a table value)"))
    assert.matches("^nil", (refused "error()"):gsub("^%(error object is a nil value%)", "nil"))
    assert.matches("C stack overflow", (refused "local function f() string.gsub('a', 'a', f) end f()"))
    assert.matches("a memory of 32768 KiB is too small for start%-up",
      (refused "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end"))
  end)

  it("a script that does not end: after 5 s, with the traceback, in Lua or in a C function", function()
    local lua = project "local function spin()\n  while true do end\nend\npcall(spin)\nspin()\nreturn function() end"
    local c = project "local s = ('a'):rep(40)\nlocal function match()\n  s:find(('a?'):rep(40) .. s)\nend\nmatch()\nreturn function() end"
    local script = { "" }
    for i, folder in ipairs { lua, c } do
      script[i] = ("( ulimit -t 9; %s pack %s -o %s/out.wasm; echo $? >%s/code ) 2>%s/errors &"):format(support.quote(tool),
        folder, folder, folder, folder)
    end
    local begin = os.time()
    support.run(table.concat(script, "\n") .. "\nwait")
    assert.is_true(os.time() - begin >= 4)
    for _, folder in ipairs { lua, c } do
      assert.equal("1\n", support.read(folder .. "/code"))
      assert.is_false(exists(folder .. "/out.wasm"))
    end
    local errors = support.read(lua .. "/errors")
    assert.matches("^flaron%-lua pack: .-stopped: CPU time limit reached\nstack traceback:\n", errors)
    assert.matches("\n\tmain.lua:[45]: in main chunk\n", errors)
    errors = support.read(c .. "/errors")
    assert.matches("^flaron%-lua pack: main.lua: start%-up did not end: stopped: CPU time limit reached inside a C function\n", errors)
    assert.matches("main.lua:3: in function", errors)
    assert.matches("main.lua:5: in main chunk", errors)
  end)

  it("a main script without handlers, or with something else in their place", function()
    for source, message in pairs {
      ["local x = 1"] = "the main script has no handler: return a table with handle_request, ws_open, ws_message or "
        .. "ws_close, or define them as globals",
      ["return {}"] = "the main script has no handler",
      ["return { handle = print }"] = "the main script has no handler",
      ["local app = require 'flaron.router'.new() app:get('/', print) return app"] = "as globals: was app:handler() meant?",
      [""] = "the main script has no handler",
      ["return 1"] = "the main script returned a number: expected a table with handlers, a function or nothing",
      ["return 'x'"] = "the main script returned a string",
      ["return { handle_request = 1 }"] = "field 'handle_request' of the main script is a number, not a function",
      ["handle_request = {}"] = "global 'handle_request' of the main script is a table, not a function",
      ["return { handle_request = print, ws_open = true }"] = "field 'ws_open' of the main script is a boolean",
    } do
      local first = refused(source)
      assert.is_number(first:find(message, 1, true), first)
    end
  end)

  it("a module that is missing: who asked for it, and where it was looked for", function()
    local first, all = refused {
      ["main.lua"] = "local a = require 'a'\nreturn function() return a end",
      ["a.lua"] = "local function now()\nend\nnow(require 'gone.away')\nreturn now",
    }
    assert.equal("a.lua:3: module 'gone.away' not found:", first)
    for _, place in ipairs { "gone/away.lua", "gone/away/init.lua", "lua_modules/share/lua/5.4/gone/away.lua",
      "lua_modules/share/lua/5.4/gone/away/init.lua" } do
      assert.is_number(all:find("no file '" .. place .. "'", 1, true), place)
    end
    assert.is_nil(all:find("did you mean", 1, true))
    for name, meant in pairs { uitl = "util", ["lib.hepler"] = "lib.helper", ["flaron.sprak"] = "flaron.spark", strng = "string",
      rokc = "rock" } do
      local _, hint = refused { ["main.lua"] = ("require '%s'"):format(name), ["util.lua"] = "", ["lib/helper.lua"] = "",
        ["lua_modules/share/lua/5.4/rock/init.lua"] = "" }
      local expected = ("module '%s' not found:\n\tdid you mean '%s'?\n\tno file"):format(name, meant)
      assert.is_number(hint:find(expected, 1, true), hint)
    end
    local computed, more = refused "\nlocal n = 'gone'\nlocal _ = require(n .. '2')\nreturn function() end"
    assert.equal("main.lua:3: module 'gone2' not found:", computed)
    assert.is_number(more:find("no file 'gone2.lua'", 1, true))
    assert.is_number(more:find("main.lua:3: in main chunk", 1, true))
  end)

  it("modules that require each other without end", function()
    assert.matches("overflow", (select(2, refused {
      ["main.lua"] = "require 'a' return function() end", ["a.lua"] = "require 'b'", ["b.lua"] = "require 'a'",
    })))
  end)

  it("a call of the host at start-up, naming the function and the line", function()
    for call, name in pairs {
      ["os.time()"] = "os.time", ["os.date()"] = "os.date", ["math.random()"] = "math.random",
      ["math.randomseed()"] = "math.randomseed", ["flaron.request.method()"] = "request.method",
      ["flaron.request.body()"] = "request.body", ["flaron.response.set_status(200)"] = "response.set_status",
      ["flaron.logging.info('x')"] = "logging.info", ["flaron.time.now()"] = "time.now",
    } do
      local first = refused("local flaron = require 'flaron'\n\n" .. call .. "\nreturn function() end")
      assert.is_number(first:find("main.lua:3: " .. name .. " cannot be called here", 1, true), first)
    end
    pack "local t = os.time { year = 2000, month = 1, day = 1 } math.randomseed(1) local _ = math.random(t) return function() end"
  end)

  it("a path that cannot be read", function()
    local folder = root .. "/" .. support.folder()
    local function fails(path)
      local code, output, errors = support.cli("pack", path, "-o", folder .. "/out.wasm")
      assert.same({ 1, "" }, { code, output })
      assert.is_false(exists(folder .. "/out.wasm"))
      assert.matches("^flaron%-lua pack: [^\n]+\n$", errors)
      return errors
    end
    assert.matches(": No such file or directory", fails(folder .. "/none.lua"))
    assert.matches("main.lua: No such file or directory", fails(folder))
    assert.matches("Not a directory", fails(root .. "/Makefile/main.lua"))
    support.run("mkdir " .. folder .. "/main.lua")
    assert.matches("main.lua: Is a directory", fails(folder))
    assert.matches("No such file or directory", fails "")
  end)

  it("a file that may not be read", function()
    local _, folder = support.run "mktemp -d" -- not below a home that others may not enter
    folder = folder:gsub("%s+$", "")
    support.write(folder .. "/main.lua", "return function() end")
    support.run(("chmod 755 %s && chmod 000 %s/main.lua"):format(folder, folder))
    local as = ""
    if support.run "test $(id -u) = 0" == 0 then
      as = "setpriv --reuid=65534 --regid=65534 --clear-groups "
      if support.run(as .. support.quote(tool) .. " --version") ~= 0 then
        return pending "root can read everything, and there is nobody else to be"
      end
    end
    local code, _, errors = support.run(as .. support.quote(tool) .. " pack " .. folder .. " -o /tmp/never.wasm")
    support.run("rm -rf " .. folder)
    assert.equal(1, code)
    assert.matches("main.lua: Permission denied\n$", errors)
  end)

  it("a memory that is too small, and tells one that does", function()
    local source = "local t = {} for i = 1, %d do t[i] = { i } end return function() return { body = 'good' .. #t } end"
    for memory, entries in pairs { ["1M"] = 10000, ["4M"] = 100000 } do
      local files = source:format(entries)
      local enough = refused(files, "--memory", memory)
        :match "^main.lua: a memory of %d+ KiB is too small for start%-up: (%d+) KiB would do"
      assert.equal("good" .. entries, (run((pack(files, "--memory", enough .. "K")))))
    end
    for _, size in ipairs { "0", "1K", "1048575", "4096M", "5G", "x", "", "-1M", "1.5M", "32MB", " 1M" } do
      local code, _, errors = support.cli("pack", "examples/hello", "-o", "/nonexistent/x.wasm", "--memory", size)
      assert.equal(2, code, size)
      assert.matches("^flaron%-lua pack: %-%-memory takes a size from 1M to 4095M", errors)
    end
  end)
end)

describe("pack writes its output whole or not at all:", function()
  local function fails(out, before)
    local folder = project "return function() end"
    local code, output, errors = support.run(("cd %s && %s %s pack . -o %s"):format(folder, before or "", support.quote(tool), out))
    assert.same({ 1, "" }, { code, output })
    assert.matches("^flaron%-lua pack: [^\n]+\n$", errors)
    assert.equal("main.lua\n", (select(2, support.run("cd " .. folder .. " && rm -rf target && ls -A"))))
    return errors
  end

  it("a folder that is not there", function()
    assert.matches("none/out.wasm: No such file or directory", fails "none/out.wasm")
  end)

  it("a target that is a folder", function()
    assert.matches("target: Is a directory", fails("target", "mkdir target &&"))
  end)

  it("a target inside of a file", function()
    assert.matches("main.lua/out.wasm: Not a directory", fails "main.lua/out.wasm")
  end)

  it("no room, in the middle of writing", function()
    assert.matches("out.wasm: File too large", fails("out.wasm", "trap '' XFSZ; ulimit -f 20;"))
  end)

  it("a device: it is written to, and stays what it is", function()
    assert.matches("/dev/full: No space left on device", fails "/dev/full")
    assert.equal("character special file\n", (select(2, support.run "stat -c %F /dev/full")))
    local folder = project "return function() end"
    local code, output = support.run(("%s pack %s -o /dev/stdout | wc -c"):format(support.quote(tool), folder))
    assert.equal(0, code)
    assert.is_true(tonumber(output) > 100000)
  end)

  it("a link that leads nowhere", function()
    local folder = support.folder()
    support.run(("ln -s nowhere %s/out.wasm"):format(folder))
    assert.matches("out.wasm: No such file or directory", fails(root .. "/" .. folder .. "/out.wasm"))
    assert.equal("nowhere\n", (select(2, support.run(("readlink %s/out.wasm"):format(folder)))))
  end)

  it("an older output that may be replaced stays as it is when packing fails", function()
    local path, folder = pack "return function() end"
    local before = support.read(path)
    support.write(folder .. "/main.lua", "return )")
    assert.equal(1, (support.cli("pack", folder, "-o", path)))
    assert.is_true(support.read(path) == before)
  end)
end)

describe("a file that is no flare", function()
  local folder = root .. "/" .. support.folder()
  local good = folder .. "/good.wasm"
  local bytes

  setup(function()
    support.run("mkdir -p " .. folder)
    bytes = support.read((pack [[
      local t = {}
      for i = 1, 500 do t["key" .. i] = { i, tostring(i), function() return i end } end
      return function()
        local n = 0
        for _, v in pairs(t) do n = n + v[1] + v[3]() + #v[2] end
        return { body = "answer " .. n }
      end]]))
    support.write(good, bytes)
  end)

  -- What `command` says to `content`: it must refuse with one line.
  local function refuses(command, content, file)
    local path = folder .. "/" .. (file or "bad.wasm")
    support.write(path, content)
    local code, output, errors = support.cli(command, path)
    if code ~= 1 or output ~= "" or not errors:find("^flaron%-lua " .. command .. ": [^\n]+: [^\n]+\n$") then
      error(("%s of %d bytes: code %d, %q, %q"):format(command, #content, code, output, errors))
    end
    return errors
  end

  it("is refused by inspect and run with a sentence", function()
    for content, message in pairs {
      [""] = "shorter than the magic number", ["x"] = "shorter than the magic number", ["#!/bin/sh\necho"] = "does not begin with",
      ["\0asm"] = "it ends too early", ["\0asm\2\0\0\0"] = "not a WebAssembly module of version 1",
      ["\0asm\1\0\0\0"] = "it was not packed by flaron%-lua", ["\127ELF" .. ("\0"):rep(1000)] = "does not begin with",
      ["\0asm\1\0\0\0\0\11\10flaron-lua"] = "custom section 'flaron%-lua' cannot be read",
    } do
      assert.matches(message, refuses("inspect", content))
      assert.matches(message, refuses("run", content))
    end
  end)

  it("but another module is refused too", function()
    support.run("wat2wasm tests/tool/unwind/quiet.wat -o " .. folder .. "/other.wasm")
    local other = support.read(folder .. "/other.wasm")
    assert.matches("it was not packed by flaron%-lua", refuses("inspect", other))
    assert.matches("it was not packed by flaron%-lua", refuses("run", other))
  end)

  it("is refused wherever it is cut off", function()
    local ends = {}
    for size = 0, 100 do ends[#ends + 1] = size end
    for size = 101, #bytes - 1, #bytes // 200 do ends[#ends + 1] = size end
    for size = #bytes - 400, #bytes - 1, 3 do ends[#ends + 1] = size end
    for i, size in ipairs(ends) do refuses(i % 2 == 0 and "inspect" or "run", bytes:sub(1, size)) end
  end)

  it("is refused with anything behind its end", function()
    refuses("inspect", bytes .. "x")
    refuses("run", bytes .. "\13\1\0")
    refuses("run", bytes .. bytes)
  end)

  it("is refused by run, and shown by inspect, when its code is another runtime's", function()
    local _, headers = support.run("wasm-objdump -h " .. good)
    local from, to = headers:match "Code start=0x(%x+) end=0x(%x+)"
    local at = (tonumber(from, 16) + tonumber(to, 16)) // 2
    local patched = bytes:sub(1, at) .. string.char(bytes:byte(at + 1) ~ 1) .. bytes:sub(at + 2)
    assert.matches("it was packed with another runtime %(%x+, this flaron%-lua has %x+%): pack it again", refuses("run", patched))
    local code, output = support.cli("inspect", folder .. "/bad.wasm")
    assert.equal(0, code)
    assert.matches("%(not this flaron%-lua's%)", output)
    assert.is_false(inspect(folder .. "/bad.wasm").runs_here)
    local element = tonumber(headers:match "Elem start=0x(%x+)", 16)
    patched = bytes:sub(1, element + 20) .. string.char(bytes:byte(element + 21) ~ 1) .. bytes:sub(element + 22)
    assert.matches("another runtime", refuses("run", patched))
  end)

  it("with a damaged image ends as a flare that fails, 500 times", function()
    local _, headers = support.run("wasm-objdump -h " .. good)
    local from, to = headers:match "Data start=0x(%x+) end=0x(%x+)"
    from, to = tonumber(from, 16), tonumber(to, 16)
    math.randomseed(20240501)
    local path = folder .. "/damaged.wasm"
    local counts = { [0] = 0, [1] = 0 }
    for i = 1, 500 do
      local damaged = bytes
      for _ = 1, i % 4 == 0 and 30 or 1 do
        local at = math.random(from + 8, to - 1)
        damaged = damaged:sub(1, at) .. string.char(damaged:byte(at + 1) ~ (1 << math.random(0, 7))) .. damaged:sub(at + 2)
      end
      support.write(path, damaged)
      local code, _, errors = support.cli("run", path, "--cpu-ms", "300")
      if code ~= 0 and code ~= 1 then
        support.write("build/damaged.wasm", damaged)
        error(("flip %d: code %d, %s (build/damaged.wasm)"):format(i, code, errors))
      end
      counts[code] = counts[code] + 1
    end
    assert.is_true(counts[0] > 50 and counts[1] > 20, counts[0] .. " good, " .. counts[1] .. " bad")
  end)

  it("with any byte of its other sections changed is refused or still what it was", function()
    local _, headers = support.run("wasm-objdump -h " .. good)
    local places = {}
    for name, from, to in headers:gmatch "(%a+) start=0x(%x+) end=0x(%x+)" do
      if name ~= "Code" and name ~= "Data" then
        from, to = tonumber(from, 16), tonumber(to, 16)
        for at = from - 2, to - 1, math.max(1, (to - from) // 40) do places[#places + 1] = at end
      end
    end
    local path = folder .. "/changed.wasm"
    for i, at in ipairs(places) do
      support.write(path, bytes:sub(1, at) .. string.char(bytes:byte(at + 1) ~ (1 << i % 8)) .. bytes:sub(at + 2))
      for _, command in ipairs { "run", "inspect" } do
        local code, _, errors = support.cli(command, path)
        if code ~= 0 and not (code == 1 and errors ~= "") then
          error(("%s with byte %d changed: code %d, %q"):format(command, at, code, errors))
        end
      end
    end
  end)
end)
