-- check_spec.lua - `flaron-lua check`: each finding with its place, what --fix makes of flare.lua and what it leaves
-- alone, and that projects that are right pass.
local support = require "support"

local root = select(2, support.run "pwd"):gsub("\n", "")

local tool = support.flaron_lua:find "^/" and support.flaron_lua or root .. "/" .. support.flaron_lua

local MAIN = 'local flaron = require "flaron"\nlocal spark = flaron.spark\nreturn function()\n%s\nend\n'

-- Makes a project of files; a string is the body of handle_request, which begins in line 4. Its folder.
local function project(files)
  local folder = support.folder() .. "/größer als"
  if type(files) == "string" then files = { ["main.lua"] = MAIN:format("flaron.asset(spark.get 'x') " .. files) } end
  -- Without one of its own, that of a folder above counts, and this repository's leaves build/ out.
  files[".luacheckrc"] = files[".luacheckrc"] or "ignore = { '6..' }\n"
  for path, content in pairs(files) do
    local parent = (folder .. "/" .. path):match "^(.*)/"
    assert.equal(0, (support.run("mkdir -p " .. support.quote(parent))))
    support.write(folder .. "/" .. path, content)
  end
  return folder
end

-- Checks a folder; the exit code, and the findings with the folder's name taken off, without the line of the size.
local function check(folder, ...)
  local code, output, errors = support.cli("check", folder, ...)
  assert.equal("", errors)
  local plain = folder:gsub("%p", "%%%0")
  return code, (output:gsub(plain .. "/", ""):gsub(plain .. " packs to %d+ bytes\n", ""))
end

-- What a project with this body and this flare.lua is found to have.
local function findings(body, manifest)
  local folder = project(body)
  if manifest then support.write(folder .. "/flare.lua", manifest) end
  local _, output = check(folder)
  return (output:gsub("%d+ errors?, %d+ warnings?\n$", ""))
end

-- The flare.lua that --fix makes of `manifest` for a body, after which nothing is to say and nothing to mend.
local function fixed(body, manifest)
  local folder = project(body)
  if manifest then support.write(folder .. "/flare.lua", manifest) end
  local code, output = check(folder, "--fix")
  assert.equal(0, code, output)
  local content = support.read(folder .. "/flare.lua")
  assert.same({ 0, "0 errors, 0 warnings\n" }, { check(folder, "--fix", "--strict") })
  assert.equal(content, support.read(folder .. "/flare.lua"))
  return content, output
end

describe("flaron-lua check", function()
  for _, example in ipairs { "hello", "spark-counter", "plasma-counter", "secret-jwt", "websocket-echo", "beam-fetch",
    "edge-ops", "json-api", "html-rewriter", "guestbook", "openresty", "uploads", "log-intake" } do
    it("finds nothing in the example " .. example, function()
      assert.same({ 0, "0 errors, 0 warnings\n" }, { check("examples/" .. example, "--strict") })
    end)
  end

  it("takes a folder, a script, or nothing for the folder it is in, and says the size", function()
    local folder = project { ["main.lua"] = "return function() return x end\n", ["flare.lua"] = "return {}" }
    local _, size = support.cli("pack", folder, "-o", folder .. "/out.wasm")
    size = size:match "(%d+) bytes"
    local message = "main.lua:1:26: error: accessing undefined variable 'x'\n%s packs to " .. size .. " bytes\n1 error, 0 warnings\n"
    assert.same({ 1, folder .. "/" .. message:format(folder), "" }, { support.cli("check", folder) })
    assert.same({ 1, folder .. "/" .. message:format(folder .. "/main.lua"), "" },
      { support.cli("check", folder .. "/main.lua") })
    assert.same({ 1, message:format ".", "" },
      { support.run(("cd %s && %s check"):format(support.quote(folder), support.quote(tool))) })
  end)

  it("tells the errors of all files, and of start-up", function()
    local folder = project {
      ["main.lua"] = 'require "a"\nlocal x = = 1\n',
      ["a.lua"] = '#!shebang\nrequire "lib.b"\nreturn function( end\n',
      ["lib/b.lua"] = "for",
    }
    assert.same({ 1, "a.lua:3:18: error: <name> or '...' expected near 'end'\n"
      .. "lib/b.lua:1:3: error: <name> expected near <eof>\n"
      .. "main.lua:2:11: error: unexpected symbol near '='\n3 errors, 0 warnings\n" }, { check(folder) })
    support.write(folder .. "/main.lua", "local function f() error 'oh' end\nf()\n")
    local code, output = check(folder)
    assert.equal(1, code)
    assert.equal("main.lua:1: error: oh\n1 error, 0 warnings\n", output)
    support.write(folder .. "/main.lua", "\nrequire 'flaron.ruoter'")
    assert.matches("^main%.lua:2: error: module 'flaron.ruoter' not found:\n\tdid you mean 'flaron.router'%?\n", (select(2, check(folder))))
    support.write(folder .. "/main.lua", "\nrequire 'nowhere'")
    assert.matches("^main%.lua:2: error: module 'nowhere' not found:\n", (select(2, check(folder))))
    folder = project { ["main.lua"] = "return {}", ["flare.lua"] = "return {}" }
    assert.matches("^main%.lua: error: the main script has no handler: ", (select(2, check(folder))))
  end)

  it("tells what is wrong with flare.lua, where", function()
    for manifest, message in pairs {
      ["return {\n  name = 'a',\n  nam = 1,\n}"] = "flare.lua:3:3: error: unknown key 'nam'; known are name main ",
      ["return {\n\tmemory = true }"] = "flare.lua:2:2: error: key 'memory' is not a size from 1M to 4095M, such as 32M, but true\n",
      ["return {\n memroy = '8M' }"] = "flare.lua:2:2: error: unknown key 'memroy'; known are name main modules assets paths memory "
        .. "vars bytecode without requires_body requires_raw_auth writes_spark_kv writes_plasma_kv allowed_secrets allowed_fetch_urls "
        .. "max_fetch_requests max_kv_value_bytes max_spark_pull_per_invocation websocket ws_protocols: did you mean 'memory'?\n",
      ["return {\n  =\n}"] = "flare.lua:2: error: unexpected symbol near '='\n",
      ["\n\nerror 'x'"] = "flare.lua:3: error: attempt to call a nil value (global 'error')\n",
      ["return 1"] = "flare.lua: error: it returns a number, not a table\n",
      ["return { assets = { 'nothing' } }"] = "flare.lua: error: asset 'nothing': No such file or directory\n",
      ["return { modules = { 'nothing' } }"] = "flare.lua: error: module 'nothing' not found:\n",
    } do
      assert.equal(message, findings("", manifest):sub(1, #message))
    end
    assert.same({ 1, "main.lua: error: No such file or directory: no project here; name its folder, or make one by `flaron-lua new NAME`\n"
      .. "1 error, 0 warnings\n" },
      { check(project { ["flare.lua"] = "return {}" }) })
  end)

  it("tells names that there are not in a flare", function()
    for body, message in pairs {
      ["print(nothing)"] = "4:35: error: accessing undefined variable 'nothing'",
      ["io.wirte 'x'"] = "4:29: error: accessing undefined field 'wirte' of global 'io': did you mean 'write'?",
      ["string.trim 'x'"] = "4:29: error: accessing undefined field 'trim' of global 'string'",
      ["string.fromat 'x'"] = "4:29: error: accessing undefined field 'fromat' of global 'string': did you mean 'format'?",
      ["os.tiem()"] = "4:29: error: accessing undefined field 'tiem' of global 'os': did you mean 'time'?",
      ["pirnt 'x'"] = "4:29: error: accessing undefined variable 'pirnt': did you mean 'print'?",
      ["flaron.reqest.body()"] = "4:36: error: flaron has no 'reqest': did you mean 'request'?",
      ["spark.gett 'x'"] = "4:35: error: spark has no 'gett': did you mean 'get'?",
      ["spark['lizt']()"] = "4:35: error: spark has no 'lizt': did you mean 'list'?",
      ["flaron.crypto.md6 'x'"] = "4:43: error: crypto has no 'md6'",
      ["require('flaron.id').uuid()"] = "4:50: error: id has no 'uuid': did you mean 'ulid'?",
      ["local t = flaron.time.at"] = "4:51: error: time has no 'at'",
      ["print(require('flaron').logging.inf)"] = "4:61: error: logging has no 'inf': did you mean 'info'?",
      ["spark:get 'x'"] = "4:35: error: spark:get: its functions are called with '.', not ':'",
    } do
      local found = findings(body, "return {}")
      assert.is_number(found:find("main.lua:" .. message .. "\n", 1, true), found)
      assert.is_true((select(2, found:gsub(": error: ", ""))) == 1, found)
    end
  end)

  it("tells where the code names a library that flare.lua leaves out, and is silent on others", function()
    local folder = project {
      ["flare.lua"] = "return { without = { 'io', 'load', 'utf8' } }",
      ["main.lua"] = "local lib = require 'lib'\nreturn function()\n  if lib.no then io.write 'x' end\n"
        .. "  return { body = os.date() .. string.format('%d', math.pi // 1) }\nend\n",
      ["lib.lua"] = "local M = {}\nfunction M.make(text) return loadfile(text) end\nlocal io = { read = 1 }\n"
        .. "M.no = io.read == require 'utf8'\nM.load = { load = 1 }\nreturn M\n",
    }
    local said = ' is not in this flare: flare.lua has without = { "io", "load", "utf8" }\n'
    local code, output = check(folder)
    local place = output:match "lib%.lua:4:%d+: error: utf8 is"
    assert.same({ 1, true, output }, { code, place ~= nil, output })
    for _, line in ipairs { "lib.lua:2:30: error: loadfile", "main.lua:3:18: error: io" } do
      assert.is_number(output:find(line .. said, 1, true), output)
    end
  end)

  it("warns of ready-made modules that use what flare.lua leaves out", function()
    local folder = project { ["flare.lua"] = "return { without = { 'utf8', 'table' } }",
      ["main.lua"] = "local date = require 'flaron.date'\nreturn function() return { body = date.http(0) .. ('x'):rep(2) } end\n" }
    local _, output = check(folder)
    assert.is_number(output:find("flare.lua: warning: without: table is used by ", 1, true), output)
    assert.is_nil(output:find("utf8", 1, true), output)
  end)

  it("takes no test of what a Lua has for a mistake, nor what stands behind one", function()
    for _, body in ipairs {
      "return unpack or table.unpack", "return table.unpack or unpack", "return (loadstring or load) 'x'",
        "if setfenv then setfenv(1, {}) end",
      "return jit and jit.version", "return type(jit) == 'table' and jit.os", "return rawget(_G, 'jit') and jit.os",
        "return jit ~= nil and jit.arch",
      "local has = type(jit) == 'table' if has then jit.off() end", "if not bit32 then return end return bit32.band(1, 2)",
      "if not jit then return 1 else return jit.os end", "local n = math.mod or math.fmod return n",
        "return table.getn and table.getn {} or 0",
      "local a, b = loadstring, setfenv return a, b", "local t = { unpack = unpack } return t.x", "while newproxy do newproxy() end",
      "local f = function() return ngx and ngx.say end f()",
        "if jit and jit.version then print(jit.version, bit and bit.tobit(1)) end",
      "local m = math return m.mod or m.fmod", "return pcall(loadstring, 'x')",
    } do
      assert.equal("", findings(body, "return {}"), body)
    end
    for body, name in pairs { ["return unpack {}"] = "unpack", ["return jit.version"] = "jit", ["return jit.version and 1"] = "jit",
      ["return typo"] = "typo",
      ["if setfenv then print 'x' end return setfenv(1, {})"] = "setfenv", ["return unpack and 1, loadstring 'x'"] = "loadstring",
      ["return math.mod(1, 2)"] = "math", ["local f = function() return unpack and 1 end print(f, unpack {})"] = "unpack" } do
      local found = findings(body, "return {}")
      assert.matches("^main%.lua:4:%d+: error: accessing undefined [^\n]*'" .. name .. "'[^\n]*\n$", found, body)
    end
  end)

  it("says nothing of what is there to be closed, nor of long lines, unless a .luacheckrc says how long", function()
    local long = ("x"):rep(200)
    local files = { ["main.lua"] = "return function()\n  local lock <close> = setmetatable({}, { __close = print })\n"
      .. "  local a <const> = 1\n"
      .. "  local other<close>, b = nil, 2\n  return { body = '" .. long .. "' }\nend\n", ["flare.lua"] = "return {}",
        [".luacheckrc"] = "std = 'lua54'\n" }
    local unused = "main.lua:3:9: warning: unused variable 'a'\nmain.lua:4:23: warning: unused variable 'b'\n"
    assert.equal(unused, findings(files))
    files[".luacheckrc"] = "max_line_length = 100\n"
    assert.equal(unused .. "main.lua:5:101: warning: line is too long (222 > 100)\n", findings(files))
  end)

  it("says in one note what rocks name and a flare has not", function()
    local rocks = "lua_modules/share/lua/5.4/"
    assert.equal("note: rocks name what a flare has not: newproxy (" .. rocks .. "a.lua:4), os.nothing (" .. rocks
      .. "b.lua:1), setfenv (" .. rocks
      .. "a.lua:1)\n", findings {
        ["main.lua"] = "local a, b = require 'a', require 'b'\nreturn function() return a, b end\n", ["flare.lua"] = "return {}",
        [rocks .. "a.lua"] = "local function f() setfenv(1, {}) setfenv(2, {}) end\nlocal u = unpack or table.unpack\nmine = 1\n"
          .. "local function g() f(newproxy().x) end\nif jit then jit.off() end\nreturn { f, g, u, theirs }\n",
        [rocks .. "b.lua"] = "local function g() return os.nothing() end\ntheirs = 1\n"
          .. "function string.more() end\nreturn { g, string.more }\n" })
  end)

  it("follows no name that may be something else", function()
    assert.equal("", findings([[
      local s = spark
      if s.get "x" then s = { gett = print } end
      s.gett "y"
      local function f(spark) return spark.gett end -- luacheck: ignore
      f {}
      flaron.helper = print
      flaron.helper "z"]], "return {}"))
  end)

  it("warns of what is unused, as the project's .luacheckrc has it, and fails for that when it is told to", function()
    local folder = project { ["main.lua"] = "local a = 1\nreturn function() return mine end\n", ["flare.lua"] = "return {}",
      [".luacheckrc"] = "std = 'lua51'\nread_globals = { 'mine' }\n" }
    local message = "main.lua:1:7: warning: unused variable 'a'\n0 errors, 1 warning\n"
    assert.same({ 0, message }, { check(folder) })
    assert.same({ 1, message }, { check(folder, "--strict") })
    support.write(folder .. "/.luacheckrc", "ignore = { '211' }\nstds.ours = { read_globals = { 'mine' } }\nstd = 'min+ours'\n")
    assert.same({ 0, "0 errors, 0 warnings\n" }, { check(folder) })
    support.write(folder .. "/.luacheckrc", "ignore = \n")
    local code, output = check(folder)
    assert.equal(1, code)
    assert.matches("^error: Couldn't load configuration from .luacheckrc: syntax error", output)
  end)

  it("takes a .luacheckrc as luacheck does: its globals, files, stds, what it returns, and from a folder above", function()
    local folder = project { ["sub/main.lua"] = "local a = 1\nreturn function() return mine end\n",
      ["sub/flare.lua"] = "return {}", [".luacheckrc"] = "" }
    local unused = "sub/main.lua:1:7: warning: unused variable 'a'\n"
    local unknown = "sub/main.lua:2:26: error: accessing undefined variable 'mine'\n"
    for rc, expected in pairs {
      [""] = unused .. unknown,
      ["\xEF\xBB\xBFread_globals = { 'mine' }"] = unused,
      ["return { read_globals = { 'mine' } }"] = unused,
      ["unused = false"] = unknown,
      ["files['sub'].unused = false"] = unknown,
      ["files['sub/*.lua'] = { ignore = { '211/a' }, read_globals = { mine = {} } }"] = "",
      ["files['other'].unused = false"] = unused .. unknown,
      ["exclude_files = { 'sub/**' }"] = "",
      ["stds.ours = { read_globals = { 'mine' } } std = 'lua51+ours'"] = unused,
      ["stds.ours = { read_globals = stds.ngx_lua.globals } std = 'ours' unused = false"] = unknown,
      ["local names = {} for n, c in ipairs { 'm', 'ine' } do names[n] = c end\n"
        .. "read_globals = { table.concat(names) } cache = true jobs = 3"] = unused,
    } do
      support.write(folder .. "/.luacheckrc", rc .. "\n")
      local _, output = check(folder .. "/sub")
      assert.equal(expected, (output:gsub("%d errors?, %d warnings?\n$", ""):gsub("main.lua", "sub/main.lua")), rc)
    end
    assert.equal("", (select(2, support.run(("cd %s && ls -A | grep -v -x -e .luacheckrc -e sub"):format(support.quote(folder))))))
  end)

  it("takes nothing but data from a .luacheckrc, within a second and some memory, and says where it is not", function()
    local folder = project { ["main.lua"] = "return function() end", ["flare.lua"] = "return {}" }
    for rc, message in pairs {
      ["\nos.execute 'touch pwned'"] = "runtime error (.luacheckrc:2: attempt to index a nil value (global 'os'))",
      ["io.open('pwned', 'w')"] = "runtime error (.luacheckrc:1: attempt to index a nil value (global 'io'))",
      ["require 'luacheck.config'"] = "runtime error (.luacheckrc:1: attempt to call a nil value (global 'require'))",
      ["load 'x = 1' ()"] = "runtime error (.luacheckrc:1: attempt to call a nil value (global 'load'))",
      ["string.rep = nil pcall(1)"] = "runtime error (.luacheckrc:1: attempt to call a nil value (global 'pcall'))",
      ["_G.x = 1"] = "runtime error (.luacheckrc:1: attempt to index a nil value (global '_G'))",
      ["std = 'lua54'\nstds.a = { read_globals = {\nfunction() end } }"]
        = "error (.luacheckrc:3: stds.a.read_globals[1] is a function: of a .luacheckrc only data is taken)",
      ["formatter = string.rep"] = "error (formatter is a function: of a .luacheckrc only data is taken)",
      ["stds.a = {} stds.a.b = stds.a"] = "error (stds.a.b is a table inside of itself)",
      ["while true do end"] = "runtime error (.luacheckrc: stopped after 1000 ms of CPU time)",
      ["globals = ('x'):rep(1 << 30)"] = "runtime error (not enough memory)",
      ["local t = {} for i = 1, 50 do t = { t, t } end globals = t"] = "error (not enough memory)",
      ["\27Lua"] = "syntax error (attempt to load a binary chunk (mode is 't'))",
    } do
      support.write(folder .. "/.luacheckrc", rc .. "\n")
      local code, output = check(folder)
      assert.same({ 1, "error: Couldn't load configuration from .luacheckrc: " .. message
        .. "; only syntax, manifest and size were checked\n1 error, 0 warnings\n" }, { code, output }, rc)
    end
    assert.equal("", (select(2, support.run(("find %s -name 'pwned*'"):format(support.quote(folder))))))
  end)

  it("runs nothing of what it checks, whatever it is named, and asks no variable of the environment", function()
    local evil = "os.execute 'touch pwned-lua'\nreturn {}\n"
    local files = { ["main.lua"] = "local a = 1\nreturn function() return b end\n", ["flare.lua"] = "return {}",
      ["spec/a_spec.lua"] = evil, ["build.lua"] = evil, ["init.lua"] = evil, ["home/.config/luacheck/.luacheckrc"] = "x(",
      ["home/.luacheckrc"] = "x(", [".busted"] = evil }
    for _, name in ipairs { "luacheck", "luacheck/init", "luacheck/config", "luacheck/check_state", "luacheck/stages",
      "luacheck/stages/parse", "luacheck/runner", "lfs", "lanes", "argparse", "luacheck/fs", "cjson", "socket" } do
      for _, place in ipairs { "", "src/", "lua_modules/share/lua/5.1/", "lua_modules/share/lua/5.4/" } do
        files[place .. name .. ".lua"] = evil
      end
    end
    local folder = project(files)
    local programs = "lua lua5.1 lua5.3 lua5.4 luajit luacheck busted sh uname env git"
    local code = support.run(([[cd %s && mkdir -p bin && for p in %s; do printf '#!/bin/sh\ntouch "%%s/pwned-$0"\n' "$PWD" > $p
      chmod +x $p && cp $p bin/$p; done]]):format(support.quote(folder), programs))
    assert.equal(0, code)
    local expected = "main.lua:1:7: warning: unused variable 'a'\n"
      .. "main.lua:2:26: error: accessing undefined variable 'b'\n1 error, 1 warning\n"
    for _, environment in ipairs { "PATH=.:bin::$PATH", "-i", "LUA_PATH='./?.lua;?.lua;;' LUA_CPATH='./?.so;;'",
      "LUA_INIT=@init.lua LUA_INIT_5_1=@init.lua LUA_INIT_5_2=@init.lua LUA_INIT_5_3=@init.lua LUA_INIT_5_4=@init.lua",
      "LUA_PATH_5_1='./?.lua' LUA_PATH_5_4='./?.lua' LUA_CPATH_5_1='./?.so' LUA_CPATH_5_4='./?.so'",
      'HOME="$PWD/home"', 'XDG_CONFIG_HOME="$PWD/home/.config"' } do
      local status, output = support.run(("cd %s && env %s %s check"):format(support.quote(folder), environment, support.quote(tool)))
      assert.same({ 1, expected }, { status, (output:gsub("%. packs to %d+ bytes\n", "")) }, environment)
    end
    assert.equal("", (select(2, support.run(("find %s -name 'pwned*'"):format(support.quote(folder))))))
  end)

  it("passes over what is nested too deeply for luacheck, says so, and makes no flare.lua then", function()
    local folder = project { ["main.lua"] = "local spark = require 'flaron'.spark\nreturn function() spark.set('a', "
      .. ("1 + "):rep(50000) .. "1) end", ["a.lua"] = "return {}" }
    local code, output = check(folder, "--fix")
    assert.same({ 0, "main.lua: warning: luacheck cannot read this file: it is nested too deeply\n0 errors, 1 warning\n" },
      { code, output })
    support.write(folder .. "/main.lua", "local t = " .. ("{"):rep(50000) .. ("}"):rep(50000) .. " return function() return t end")
    assert.same({ 1, "main.lua: error: C stack overflow\n1 error, 0 warnings\n" }, { check(folder) })
  end)

  it("takes files by any name", function()
    local folder = project { ["main.lua"] = [[require 'a"b' require "-x" require "[=["
      require "a\\" require "$(touch pwned)" return print]],
      ["flare.lua"] = "return {}", ['a"b.lua'] = "local y", ["-x.lua"] = "local y", ["[=[.lua"] = "local y", ["a\\.lua"] = "local y",
      ["$(touch pwned).lua"] = "local y" }
    local _, output = check(folder)
    for _, name in ipairs { 'a"b', "-x", "[=[", "a\\", "$(touch pwned)" } do
      assert.matches(name .. ".lua:1:7: warning: unused variable 'y'\n", output, 1, true)
    end
    assert.equal("", (select(2, support.run(("find %s . -maxdepth 1 -name pwned"):format(support.quote(folder))))))
  end)

  it("leaves line lengths and white space to projects that say what they want of them", function()
    local folder = project { ["main.lua"] = "return function() end" .. (" "):rep(200) .. "\n", ["flare.lua"] = "return {}",
      [".luacheckrc"] = "std = 'lua54'\n" }
    local code, output = check(folder)
    assert.equal(0, code)
    assert.matches("main.lua:1:22: warning: line contains trailing whitespace\n", output, 1, true)
    local _, outside = support.run "mktemp -d"
    outside = outside:gsub("\n", "") -- where no folder above has a .luacheckrc
    assert.equal(0, (support.run(("cp %s/*.lua %s"):format(support.quote(folder), outside))))
    assert.same({ 0, "0 errors, 0 warnings\n" }, { check(outside) })
    support.run("rm -r " .. outside)
  end)

  it("takes a global that the project sets for a matter of style", function()
    assert.equal("main.lua:4:29: warning: setting non-standard global variable 'x'\n"
      .. "main.lua:4:42: warning: accessing undefined variable 'x'\n", findings("x = 1 return x", "return {}"))
  end)

  it("warns of URLs that let in other hosts than they seem to, or none", function()
    local items = { { "https://api.example.com*", "also matches hosts such as api.example.com.evil.example, and no path: write "
      .. "'https://api.example.com/*'" },
      { "https://api.example.com*/v1/*", "also matches hosts such as api.example.com.evil.example: write 'https://api.example.com/*'" },
      { "https://api.example.com*:84/*", "also matches hosts such as api.example.com.evil.example: write 'https://api.example.com/*'" },
      { "https://*example.com/*", "also matches hosts such as evil-example.com: write 'https://*.example.com/*'" },
      { "https://*", "matches hosts without a path: write 'https://*/*'" } }
    local lines, expected = {}, {}
    for n, item in ipairs(items) do
      lines[n] = ("    %q,\n"):format(item[1])
      expected[n] = ("flare.lua:%d:5: warning: '%s' %s\n"):format(n + 2, item[1], item[2])
    end
    local manifest = "return {\n  allowed_fetch_urls = {\n%s  },\n}\n"
    local body = "return flaron.beam.fetch(flaron.request.url())"
    assert.equal(table.concat(expected), findings(body, manifest:format(table.concat(lines))))
    assert.equal("", findings(body, manifest:format [["*", "https://*.a.example/*", "https://a.example:*/*", "https://a.example",]]))
    local folder = project(body)
    support.write(folder .. "/flare.lua", manifest:format '"http*"')
    local code, output = check(folder, "--strict")
    assert.same({ 1, "flare.lua:3:1: warning: no URL matches 'http*': it has no '://', which '*' does not stand for\n"
      .. "0 errors, 1 warning\n" }, { code, output })
  end)

  it("tells what flare.lua must grant", function()
    for body, message in pairs {
      ["spark.set('a', 'b')"] = "4:29: error: spark.set needs writes_spark_kv = true in flare.lua",
      ["spark.delete 'a'"] = "4:29: error: spark.delete needs writes_spark_kv = true in flare.lua",
      ["spark.pull('a', {})"] = "4:29: error: spark.pull needs writes_spark_kv = true in flare.lua",
      ["local s = spark.set s('a', 'b')"] = "4:49: error: spark.set needs writes_spark_kv = true in flare.lua",
      ["pcall(spark.set, 'a', 'b')"] = "4:35: error: spark.set needs writes_spark_kv = true in flare.lua",
      ["local p = flaron.plasma p.increment 'n'"] = "4:53: error: plasma.increment needs writes_plasma_kv = true in flare.lua",
      ["require 'flaron.plasma'.set('a', 'b')"] = "4:29: error: plasma.set needs writes_plasma_kv = true in flare.lua",
      ["flaron.request.body()"] = "4:29: error: request.body needs requires_body = true in flare.lua",
      ["flaron.request.header 'COOKIE'"] = '4:29: error: request.header "COOKIE" needs requires_raw_auth = true in flare.lua',
      ["flaron.request.header('x-flaron-ip')"] = '4:29: error: request.header "x-flaron-ip" needs requires_raw_auth = true in flare.lua',
      ["flaron.secrets.get 'A'"] = "4:29: error: secrets.get: the secret 'A' is not in allowed_secrets of flare.lua",
      ["flaron.crypto.hmac('A', 'x')"] = "4:29: error: crypto.hmac: the secret 'A' is not in allowed_secrets of flare.lua",
      ["local K <const> = 'A' .. '_B' flaron.crypto.sign_jwt('HS256', K, {})"] =
        "4:59: error: crypto.sign_jwt: the secret 'A_B' is not in allowed_secrets of flare.lua",
      ["flaron.beam.fetch('https://a.example/b')"] =
        "4:29: error: beam.fetch: 'https://a.example/b' is not in allowed_fetch_urls of flare.lua",
      ["flaron.secrets.get(tostring(1))"] = "4:29: warning: secrets.get: there is no secret in allowed_secrets of flare.lua",
      ["flaron.beam.fetch('https://' .. tostring(1))"] = "4:29: warning: beam.fetch: there is no URL in allowed_fetch_urls of flare.lua",
    } do
      assert.equal("main.lua:" .. message .. "\n", findings(body, "return {}"))
    end
    assert.equal("main.lua:2:10: error: ws_close needs websocket = true in flare.lua\n", findings {
      ["main.lua"] = "local function open() end\nreturn { ws_close = open, ws_open = open }\n",
      ["flare.lua"] = "return {}",
    })
    assert.equal("main.lua:1:10: error: ws_open needs websocket = true in flare.lua\n", findings {
      ["main.lua"] = "function ws_open() end\n",
      ["flare.lua"] = "return {}",
    })
  end)

  it("looks into modules, too", function()
    assert.equal("lib/a.lua:1:19: error: spark.set needs writes_spark_kv = true in flare.lua\n", findings {
      ["main.lua"] = "local a = require 'lib.a'\nreturn function() a() end\n",
      ["lib/a.lua"] = "return function() require'flaron'.spark.set('a', 'b') end\n",
      ["flare.lua"] = "return {}",
    })
  end)

  it("is content with what is granted, and notes what is not needed", function()
    local all = [[
return {
  requires_body = true, requires_raw_auth = true,
  writes_spark_kv = true, writes_plasma_kv = true,
  websocket = true,
  allowed_secrets = { "A", "B" },
  allowed_fetch_urls = { "https://a.example/*" },
}
]]
    assert.equal("", findings({ ["flare.lua"] = all, ["main.lua"] = [[
local flaron = require "flaron"
local function handle_request()
  flaron.request.body()
  flaron.request.header "authorization"
  flaron.spark.set("a", flaron.secrets.get "A")
  flaron.plasma.delete(flaron.crypto.decrypt_aes("B", "x"))
  flaron.beam.fetch "https://A.example:443/b/../c#d"
end
return { handle_request = handle_request, ws_open = handle_request }
]] }))
    assert.equal([[
flare.lua:2:3: note: the code does not need requires_body
flare.lua:2:25: note: the code does not need requires_raw_auth
flare.lua:3:3: note: the code does not need writes_spark_kv
flare.lua:3:27: note: the code does not need writes_plasma_kv
flare.lua:4:3: note: the code does not need websocket
flare.lua:5:23: note: the code does not use the secret 'A'
flare.lua:5:28: note: the code does not use the secret 'B'
flare.lua:6:3: note: the code fetches no URL
]], findings("", all))
  end)

  it("notes nothing about what goes where it cannot follow", function()
    local all = "return { writes_spark_kv = true, allowed_secrets = { 'A' }, allowed_fetch_urls = { '*' }, requires_raw_auth = true }"
    assert.equal("", findings("print(flaron)", all))
    assert.equal("", findings("print(spark, flaron.secrets, flaron.beam.fetch, flaron.request)", all))
    assert.equal("", findings("for k in pairs(flaron) do flaron[k].x() end", all))
    assert.equal("", findings(
      "local n = tostring(1) print(spark, flaron.secrets.get(n), flaron.beam.fetch(n), flaron.request.header(n))", all))
  end)

  it("says once what a project without flare.lua needs", function()
    local folder = project "spark.set('a', flaron.secrets.get 'Ä\"')"
    local code, output = check(folder)
    assert.equal(0, code)
    assert.equal([[
flare.lua: note: there is none: the local edge allows everything, production nothing. The code needs
return {
  name = "größer als",
  writes_spark_kv = true,
  allowed_secrets = { "Ä\"" },
}
0 errors, 0 warnings
]], output)
  end)

  it("does without luacheck what it can, and says so", function()
    local folder = project "print(nothing) spark.set('a', 'b')"
    support.write(folder .. "/flare.lua", "return { name = 'a' }")
    local link = "cd %s && mkdir -p bin share/lua/5.1/luacheck && touch share/lua/5.1/luacheck/check_state.lua bin/luacheck"
      .. " && chmod +x bin/luacheck"
    assert.equal(0, (support.run(link:format(support.quote(folder)))))
    for _, path in ipairs { "/nowhere", "bin", "''", "bin:.:" } do -- the relative ones are the project's
      local function run()
        local command = ("cd %s && env PATH=%s %s check"):format(support.quote(folder), path, support.quote(tool))
        local code, output = support.run(command)
        return code, (output:gsub("%. packs to %d+ bytes\n", ""))
      end
      local missing = "warning: luacheck is not installed (Debian has it in the package lua-check); "
        .. "only syntax, manifest and size were checked\n"
      assert.same({ 0, missing .. "0 errors, 1 warning\n" }, { run() })
      local good = support.read(folder .. "/main.lua")
      support.write(folder .. "/main.lua", "x =\n")
      assert.same({ 1, "main.lua:2: error: unexpected symbol near <eof>\n" .. missing .. "1 error, 1 warning\n" }, { run() })
      support.write(folder .. "/main.lua", good)
    end
  end)

  it("refuses what cannot be checked", function()
    for _, words in ipairs { { "a", "b" }, { "--nope" }, { "-x" }, { "--fix=1" } } do
      local code, output, errors = support.cli("check", table.unpack(words))
      assert.same({ 2, "" }, { code, output })
      assert.matches("\nusage: flaron%-lua check %[DIR|MAIN%.lua%]", errors)
    end
    assert.same({ 1, "", "flaron-lua check: nowhere: No such file or directory\n" }, { support.cli("check", "nowhere") })
    assert.same({ 1, "", "flaron-lua check: a.wasm: it is packed; a script or its folder can be checked\n" },
      { support.cli("check", "a.wasm") })
    local code, output = support.cli("check", "--help")
    assert.equal(0, code)
    for _, word in ipairs { "--fix", "--strict", "--help" } do assert.matches(word, output, 1, true) end
  end)
end)

describe("flaron-lua check of answers", function()
  -- The errors about main.lua, without its name.
  local function errors(main)
    local found = {}
    for line in findings { ["main.lua"] = main }:gmatch "main%.lua:([^\n]* error: [^\n]*)" do found[#found + 1] = line end
    return found
  end

  it("names the field, the nearest right one and the route, wherever a handler returns it", function()
    assert.same({
      "2:65: error: field 'body' of the answer of not_found is a boolean, not a string",
      "3:38: error: the answer of POST /y has an unknown field 'staus': did you mean 'status'?",
      "4:18: error: the answer of GET /g has an unknown field 'Status': did you mean 'status'?",
      "5:35: error: the answer of GET /z has an unknown field 'staus': did you mean 'status'?",
      "7:45: error: field 'status' of the answer of POST /y is teapot, not an integer from 100 to 599",
      "9:46: error: field 'headers' of the answer of POST /y is a string, not a table",
      "10:48: error: a key in field 'headers' of the answer of POST /y is a number, not a string",
      "10:55: error: header 'x' of the answer of POST /y is a table, not a string",
      "10:60: error: a key in field 'headers' of the answer of POST /y is a number, not a string",
      "10:72: error: the answer of POST /y has both json and body",
      "11:45: error: field 'status' of the answer of POST /y is 42, not an integer from 100 to 599",
      "12:32: error: the answer of POST /y has an unknown field 'bdoy': did you mean 'body'?",
      "14:48: error: the answer of PURGE /p is a string: an action of flaron, a table or nothing is expected",
      "15:53: error: the answer of a middleware is 404: an action of flaron, a table or nothing is expected",
    }, errors [[
local router = require "flaron.router"
local app = router.new { not_found = function() return { body = true } end }
local function fail(status) return { staus = status } end
local shared = { Status = 200 }
app:get("/z", function() return { staus = 200 } end)
app:post("/y", function(req)
  if req.path == "a" then return { status = "teapot" } end
  if req.path == "b" then return fail(404) end
  if req.path == "c" then return { headers = "x" } end
  if req.path == "d" then return { headers = { 1, x = {}, [2] = "y" }, json = {}, body = "" } end
  if req.path == "e" then return { status = 42 } end
  return req.path == "f" and { bdoy = "" } or { json = { x = 1 }, status = 201.0 }
end)
app:route({ "PURGE" }, "/p", function() return "text" end)
app:use(function(req, next) if req.path then return 404 end return next() end)
app:group("/g"):get("/g", function() return shared end)
return app:handler()
]])
  end)

  it("knows what handle_request may answer, which is no json", function()
    assert.same({
      "3:28: error: the answer has an unknown field 'json'",
      "3:39: error: the answer has an item without a name: status, headers and body are known",
      "4:12: error: the answer has an unknown field 'header': did you mean 'headers'?",
    }, errors [[
return { handle_request = function()
  local function inner() return "fine" end
  if inner() then return { json = {}, inner } end
  return { header = {} }
end }
]])
  end)

  it("is silent on what is right, or known only when it runs", function()
    assert.same({}, errors [[
local flaron = require "flaron"
local router = require "flaron.router"
local app = router.new()
local function make(status, body) return { status = status, body = body, headers = { ["x-n"] = 1 } } end
app:get("/a", function(req) return make(req.path and 200 or 404, "x") end)
app:get("/b", function() local answer = {} answer.status = 204 return answer end)
app:get("/c", function(req) return req.path == "x" and flaron.PASS_THROUGH or { json = { staus = 1 }, status = "200" } end)
app:get("/d", function(req) return { [req.path] = 1 } end)
app:get("/e", function(req) local list = { "a" } table.sort(list, function() return true end) req.list = list end)
app:get("/f", function() return end, function() return nil, "more" end)
app:use(function(_, next) local answer = next() answer.seen = nil return answer end)
return app:handler()
]])
  end)
end)

describe("flaron-lua check of what comes from elsewhere", function()
  for source, place in pairs {
    ["return function(req) return { body = req.url } end"] = "1:17: warning: a handler gets no arguments, so 'req' is nil",
    ["return { handle_request = function(r, env) return r or env end }"] = "1:36: warning: a handler gets no arguments, so 'r' is nil",
    ["local function go(event) return event end\nreturn { ws_message = go }"] = "1:19: warning: a handler gets no arguments, so 'event'",
    ["function handle_request(request) return request end"] = "1:25: warning: a handler gets no arguments, so 'request' is nil",
    ["return function() return { headers = { content_type = 'text/html' } } end"] =
      "1:40: warning: header 'content_type' has a '_': was 'content-type' meant?",
    ["local f = require 'flaron' return function() f.response.set_header('X_A', '1') end"] =
      "1:68: warning: header 'X_A' has a '_': was 'X-A' meant?",
    ["return function() return { body = ngx.var.uri } end"] =
      "1:35: error: accessing undefined variable 'ngx', which is of OpenResty: docs/from-openresty.md says",
  } do
    it("says what a flare has: " .. source:match "[^\n]*", function()
      local _, output = check(support.project { ["main.lua"] = source, [".luacheckrc"] = "std = 'lua54'" }) -- not that of this repository
      assert.truthy(output:find("main.lua:" .. place, 1, true), output)
    end)
  end

  it("is silent on handlers without parameters, and on other functions with them", function()
    local _, output = check(support.project "local function f(x) return { body = x } end\nreturn function() return f 'x' end")
    assert.matches("\n0 errors, 0 warnings\n$", output)
    assert.is_nil(output:find("arguments", 1, true))
  end)

  it("says what stands in place of modules that no flare has", function()
    for name, words in pairs {
      ["resty.http"] = "it is of OpenResty: docs/from-openresty.md", ["bit"] = "Lua 5.4 has operators for it",
      ["socket.http"] = "a flare has no sockets, flaron.beam fetches", ["ngx.re"] = "it is of OpenResty",
    } do
      local _, output = check(support.project(("local m = require %q\nreturn function() return m end"):format(name)))
      assert.truthy(output:find(("main.lua:1: error: module '%s' not found:\n\t%s"):format(name, words), 1, true), output)
    end
    local _, output = check(support.project "local m = require 'bits'\nreturn function() return m end")
    assert.is_nil(output:find("operators", 1, true))
  end)
end)

describe("flaron-lua check of what goes wrong in a ready-made module at start-up", function()
  for source, message in pairs {
    ["local app = require 'flaron.router'.new()\napp.get('/x', print)\nreturn app:handler()"] =
      "^main%.lua:2: error: call it app:get%(%.%.%.%), with a colon\n",
    ["local page = require 'flaron.template'.compile(nil)\nreturn function() return { body = page:render() } end"] =
      "^main%.lua:1: error: bad argument #1 to 'template%.compile' %(string expected, got nil%)\n",
    ["local url = require 'flaron.url'\nlocal text = url.build { path = {} }\nreturn function() return { body = text } end"] =
      "^main%.lua:2: error: flaron/url%.lua:%d+: ",
  } do
    it("names a line of the project: " .. source:match "flaron%.%l+", function()
      local status, output = check(support.project(source))
      assert.equal(1, status)
      assert.matches(message, output)
    end)
  end
end)

describe("flaron-lua check of handlers", function()
  local function found(source)
    return (select(2, check(support.project(source))))
  end

  it("names what is nearly one, wherever it stands", function()
    local good = "local function answer() return { body = 'x' } end\n"
    for source, place in pairs {
      [good .. "return { handle_request = answer, ws_mesage = answer }"] = "2:35",
      [good .. "return { handel_request = answer }"] = "2:10",
      [good .. "handle_request = answer\nfunction ws_opne() end"] = "3:10",
      [good .. "local M = { handle_request = answer }\nfunction M.Ws_Close() end\nreturn M"] = "3:12",
    } do
      assert.matches("main%.lua:" .. place .. ": warning: '[%a_]+' is no handler, so nobody calls it: did you mean '[%l_]+'%?\n",
        found(source))
    end
    assert.is_nil(found(good .. "return { handle_request = answer, version = 1, request = answer }"):find "no handler")
  end)

  it("tells a method that stands for a handler", function()
    local made = "local app = require('flaron.router').new()\nlocal made = app.handler\n"
    for source, place in pairs {
      [made .. "return app.handler"] = "3:8", [made .. "return made"] = "2:14",
      [made .. "return { handle_request = app.handler }"] = "3:27", [made .. "handle_request = app.handler"] = "3:18",
    } do
      assert.matches("main%.lua:" .. place
        .. ": error: app%.handler is a method and no handler: call it app:handler%(%.%.%.%), with a colon\n", found(source))
    end
    assert.is_nil(found(made .. "return made(app)"):find "no handler")
  end)

  it("names the field that other frameworks' names stand for", function()
    for name, field in pairs { Status = "status", statusCode = "status", status_code = "status", Body = "body", HEADERS = "headers" } do
      assert.matches(("unknown field '%s': did you mean '%s'%%?\n"):format(name, field),
        found(("return function() return { %s = nil or 5 } end"):format(name)))
    end
  end)

  it("tells an error of the start-up without a traceback", function()
    for _, source in ipairs { "local x = {} + 1\nreturn x", "require('flaron.template').compile(nil)", "error 'a'" } do
      local output = found(source)
      assert.matches("^main%.lua:1: error: [^\n]+\n", output)
      for _, word in ipairs { "traceback", "flaron/", "[C]" } do assert.is_nil(output:find(word, 1, true), output) end
    end
  end)
end)

describe("flaron-lua check --fix", function()
  local body = "spark.set('a', flaron.secrets.get 'B') flaron.beam.fetch 'https://a.example/#b'"

  it("makes a flare.lua where there is none", function()
    local content, output = fixed(body)
    assert.equal([[
return {
  name = "größer als",
  writes_spark_kv = true,
  allowed_secrets = { "B" },
  allowed_fetch_urls = { "https://a.example/" },
}
]], content)
    assert.matches("^flare.lua: made\n", output)
  end)

  it("names a main script that is not main.lua", function()
    local folder = project { ["other.lua"] = "return function() end\n" }
    assert.equal(0, (support.cli("check", "--fix", folder .. "/other.lua")))
    assert.equal('return {\n  name = "größer als",\n  main = "other.lua",\n}\n', support.read(folder .. "/flare.lua"))
    assert.equal(0, (support.cli("pack", folder, "-o", folder .. "/out.wasm")))
  end)

  it("adds to a flare.lua what it lacks, and leaves all else as it was", function()
    for manifest, expected in pairs {
      ["return {}"] = 'return { writes_spark_kv = true, allowed_secrets = { "B" }, allowed_fetch_urls = { "https://a.example/" } }',
      ['return { name = "x" }\n'] =
        'return { name = "x", writes_spark_kv = true, allowed_secrets = { "B" }, allowed_fetch_urls = { "https://a.example/" } }\n',
      ['-- häßlich\nreturn {\n\tname = "ü", -- its name\n\twrites_spark_kv = false, -- never\n\tallowed_secrets = {},\n'
        .. '\tallowed_fetch_urls = {\n\t\t"x" -- only\n\t},\n\tmemory = "8M" --[[, }]] -- most\n\n}\n'] =
        '-- häßlich\nreturn {\n\tname = "ü", -- its name\n\twrites_spark_kv = true, -- never\n\tallowed_secrets = { "B" },\n'
        .. '\tallowed_fetch_urls = {\n\t\t"x", -- only\n\t\t"https://a.example/",\n\t},\n\tmemory = "8M" --[[, }]] -- most\n\n}\n',
      ['return {\r\n  allowed_secrets = { "B", },\r\n  allowed_fetch_urls = { "*" } ; -- all\r\n}\r\n'] =
        'return {\r\n  allowed_secrets = { "B", },\r\n  allowed_fetch_urls = { "*" } ; -- all\r\n  writes_spark_kv = true,\r\n}\r\n',
      ['return {\n  allowed_secrets = { "A", },\n  ["writes_spark_kv"] = true, allowed_fetch_urls = { "https://a.example/" }}'] =
        'return {\n  allowed_secrets = { "A", "B" },\n  ["writes_spark_kv"] = true, allowed_fetch_urls = { "https://a.example/" }}',
    } do
      local folder = project(body)
      support.write(folder .. "/flare.lua", manifest)
      local code, output = check(folder, "--fix")
      assert.equal(0, code, output)
      assert.equal(expected, support.read(folder .. "/flare.lua"))
      assert.same({ 0, output:gsub("^[^\n]*\n", "") .. "" }, { check(folder, "--fix", "--strict") })
      assert.equal(expected, support.read(folder .. "/flare.lua"))
    end
  end)

  it("keeps a byte order mark", function()
    assert.equal("\xEF\xBB\xBFreturn {\n  name = 'x',\n  writes_spark_kv = true,\n}\n",
      (fixed("spark.set('a', 'b')", "\xEF\xBB\xBFreturn {\n  name = 'x',\n}\n")))
  end)

  it("says what it added", function()
    local _, output = fixed(body, 'return { name = "x" }')
    assert.matches('^flare.lua: added writes_spark_kv, allowed_secrets "B", allowed_fetch_urls "https://a.example/"\n', output)
  end)

  it("leaves a flare.lua alone that it does not understand, and says why", function()
    for manifest, message in pairs {
      ["local t = {}\nreturn t\n"] = "flare.lua:2:1: note: not mended: it does not return a table written there\n",
      ["return { allowed_secrets = (function() return { 'A' } end)() }"] =
        "flare.lua:1:10: note: not mended: allowed_secrets is not a list written there\n",
      ["return { ['writes' .. '_spark_kv'] = false }"] = "flare.lua:1:10: note: not mended: a key is not written as a name\n",
      ["return { writes_spark_kv = not true }"] = "flare.lua:1:10: note: not mended: writes_spark_kv is not written as false\n",
    } do
      local folder = project(body)
      support.write(folder .. "/flare.lua", manifest)
      local code, output = check(folder, "--fix")
      assert.equal(1, code)
      assert.is_number(output:find(message, 1, true), output)
      assert.equal(manifest, support.read(folder .. "/flare.lua"))
    end
  end)

  it("makes no flare.lua that would forbid what it could not see", function()
    local folder = project "flaron.secrets.get(tostring(1))"
    local _, output = check(folder, "--fix")
    assert.matches("main.lua:4:29: note: no flare.lua was made: what secrets.get is used with is known only when it runs\n",
      output, 1, true)
    assert.is_nil(support.read(folder .. "/flare.lua"))
  end)

  it("leaves flare.lua as it was when it cannot be written", function()
    local folder = project(body)
    local long = ("n"):rep(250) -- so long that no file can be made beside it
    support.write(folder .. "/" .. long, "return {}")
    assert.equal(0, (support.run(("ln -s %s %s"):format(long, support.quote(folder .. "/flare.lua")))))
    local code, output = check(folder, "--fix")
    assert.equal(1, code)
    assert.is_nil(output:find("added", 1, true))
    assert.matches("flare.lua: error: File name too long\n", output, 1, true)
    assert.equal("return {}", support.read(folder .. "/flare.lua"))
    assert.equal(".luacheckrc\nflare.lua\nmain.lua\n" .. long .. "\n",
      (select(2, support.run("LC_ALL=C ls -A " .. support.quote(folder)))))
  end)
end)
