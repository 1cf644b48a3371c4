-- flaron-lua repl: Lua line by line in a project, from a pipe and in a terminal; and the chunks of `run -e`.
local support = require "support"

local quote = support.quote
local tool = quote(support.flaron_lua)

-- What `flaron-lua repl` does with these lines from a pipe, in a project or, without one, in an empty folder.
local function repl(lines, project, words)
  local input = support.folder() .. "/input"
  support.write(input, lines)
  return support.run(("HOME=/nonexistent %s repl %s %s <%s"):format(tool, words or "", quote(project or support.folder()), input))
end

-- The same, for lines of which none may fail; returns what is printed.
local function printed(lines, project, words)
  local code, output, errors = repl(lines, project, words)
  assert.same({ 0, "" }, { code, errors })
  return output
end

describe("flaron-lua repl", function()
  it("prints the values of expressions as inspect writes them, and keeps globals", function()
    assert.equal('3\n"a"\tnil\n{\n  1,\n  2,\n  a = "x",\n}\n7\n', printed
      "1 + 2\n= 'a', nil\n{ 1, 2, a = 'x' }\nx = 7\nlocal y = 8\n=x\nif y then error() end\n")
    assert.equal("hello\t1\n", printed "print('hello', 1)")
  end)

  it("goes on with what is not complete, and counts lines", function()
    assert.equal("6\n", printed "do\n  local n = 1\n  n = n +\n    5\n  print(n)\nend\n")
    assert.equal('"a\\nb"\n', printed "[[a\nb]]\n")
    local code, output, errors = repl "x = 1\nfor i = 1, 2 do\n  error 'no'\nend\n=x\n"
    assert.same({ 1, "1\n" }, { code, output })
    assert.equal("stdin:3: no\nstack traceback:\n\t[C]: in function 'error'\n\tstdin:3: in main chunk\n", errors)
  end)

  it("says what is wrong, and goes on", function()
    local code, output, errors = repl "x =\n\nx 1\n1 +"
    assert.same({ 1, "" }, { code, output })
    assert.matches("^stdin:3: unexpected symbol near '1'\nstdin:4: [^\n]+ near <eof>\n$", errors)
    assert.equal("error object: {\n  code = 1,\n}\n", (select(3, repl "error { code = 1 }"):gsub("stack traceback.*$", "")))
    assert.matches("^text\n", (select(3, repl "error(setmetatable({}, { __tostring = function() return 'text' end }))")))
  end)

  it("has the modules of the project, read when they are required", function()
    local project = support.project {
      ["main.lua"] = "error 'not run'", ["lib/a.lua"] = "print 'loaded'\nreturn { name = ..., sum = function(a, b) return a + b end }",
      ["broken.lua"] = "return (", ["throws.lua"] = "local x = nil\nreturn x.y",
    }
    local code, output, errors = repl([[
a = require "lib.a"
a.sum(1, 2), a.name
require "broken"
require "throws"
require "nothing"
require "flaron.url".decode "a%20b"
require "lpeg".type(1), require "zlib" ~= nil]], project)
    assert.equal(1, code)
    assert.equal('loaded\n3\t"lib.a"\n"a b"\nnil\ttrue\n', output)
    assert.matches("error loading module 'broken' from file 'broken.lua':\n\tbroken.lua:1: unexpected symbol near <eof>\n", errors)
    assert.matches("throws.lua:2: attempt to index a nil value %(local 'x'%)\nstack traceback:\n"
      .. "\tthrows.lua:2: in main chunk\n\t%[C%]: in function 'require'\n\tstdin:4: in main chunk\n", errors)
    assert.matches("module 'nothing' not found:\n\tno field package.preload%['nothing'%]\n\tno file 'nothing.lua'", errors)
    assert.is_nil(errors:find("flaron-lua:", 1, true), errors)
  end)

  it("has the stores, secrets and rights of the project, and the host", function()
    local project = support.project {
      ["main.lua"] = "return function() return { body = require('flaron').spark.get 'key' or 'none' } end",
      ["flare.lua"] = "return { writes_spark_kv = true, allowed_secrets = { 'TOKEN', 'OTHER' }, vars = { LEVEL = 'high' } }",
    }
    support.run(("mkdir -p %s/.flaron && chmod 700 %s/.flaron && echo -n secret | %s secret set TOKEN --persist %s/.flaron"):format(project,
      project, tool, project))
    local code, output, errors = repl([[
flaron.spark.set("key", "value", 60)
flaron.secrets.get "TOKEN", flaron.secrets.get "OTHER"
flaron.plasma.set("a", "b")
flaron.request.url(), os.getenv "LEVEL"
flaron.logging.warn "careful"
flaron.logging.error "bad"]], project)
    assert.equal(0, code, errors)
    assert.equal('"secret"\tnil\nnil\t"no capability"\t5\n"http://localhost/"\t"high"\n', output:match '"secret.*')
    assert.matches("not set: OTHER", errors)
    assert.matches("writes_plasma_kv", errors)
    assert.matches("\nwarn: careful\nerror: bad\n$", errors)
    assert.matches("\n\nvalue$", (select(2, support.cli("run", project))))
  end)

  it("stops a chunk at its limits, and keeps the variables", function()
    local limit = "(the limit of a chunk is 50 ms of CPU time: --cpu-ms)\n"
    local code, output, errors = repl("x = 5\nwhile true do x = 6 end\n=x\n"
      .. "co = coroutine.wrap(function() while true do end end)\nco()\n=x\n",
      nil, "--cpu-ms 50")
    assert.same({ 1, "6\n6\n" }, { code, output })
    assert.equal("stdin:2: stopped: CPU time limit reached\nstack traceback:\n\tstdin:2: in main chunk\n" .. limit
      .. "stopped: CPU time limit reached\nstack traceback:\n\t[C]: in function 'co'\n\tstdin:5: in main chunk\n" .. limit, errors)
    code, output, errors = repl("x = 5\nt = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e5) .. i end\nt = nil\n=x\n", nil,
      "--memory 8m --cpu-ms 0")
    assert.same({ 1, "5\n" }, { code, output })
    assert.equal("not enough memory\n(the limit of the flare is 8192 KiB: --memory)\n", errors)
    code, output, errors = repl("x = 5\nos.exit()\n=x\n")
    assert.same({ 1, "5\n" }, { code, output })
    assert.matches("^stdin:2: os.exit ends the handler", errors)
  end)

  it("begins anew when its memory is lost, and says so", function()
    local code, output, errors = repl("x = 5\n('x'):rep(30000):find(('x*'):rep(12) .. 'y')\n=x\n", nil, "--cpu-ms 50")
    assert.same({ 1, "nil\n" }, { code, output })
    assert.matches("\n%(its memory is lost: variables are gone%)\n$", errors)
  end)

  it("runs thousands of chunks in one memory", function()
    local lines = {}
    for i = 1, 3000 do lines[i] = ("t = { %d }"):format(i) end
    assert.equal("3000\n", printed(table.concat(lines, "\n") .. "\n=t[1]\n", nil, "--memory 2m"))
  end)

  it("takes commands that begin with a dot", function()
    local project = support.project { ["m.lua"] = "return 1" }
    local code, output, errors = repl("x = 1\n.reload\n=x\n.help\n.nothing\n.exit\n=2\n", project)
    assert.same({ 0, "nil\n" }, { code, output })
    assert.matches("^Lua runs as in a handler .-%.reload .-flaron%-lua repl: there is no command '%.nothing'\n", errors)
  end)

  it("is not harmed by chunks that change what it uses", function()
    assert.equal("2\n{}\n", printed [[
load, print, xpcall, select = nil
debug, package.loaded["flaron.inspect"], package.searchers = nil
=2
local _ = setmetatable(_G, { __index = error, __newindex = error })
={}
]])
  end)

  it("refuses lines and chunks of more than a MiB", function()
    local long = ("x"):rep(1 << 20)
    assert.same({ 1, "", "flaron-lua repl: line 2: more than 1048576 bytes without an end\n" }, { repl("\n" .. long .. "x") })
    assert.same({ 1, "", "flaron-lua repl: line 2: more than 1048576 bytes without an end\n" }, { repl("s = [[\n" .. long) })
    assert.equal("1048576\n", printed("s = '" .. long:sub(1, -7) .. "'\n=#s + 6\n"))
  end)

  it("refuses what is no project", function()
    local flare = support.folder() .. "/x.wasm"
    assert.equal(0, (support.cli("pack", "examples/hello", "-o", flare)))
    assert.matches("a packed flare has no sources", (select(3, repl("", flare))))
    assert.same({ 1, "" }, { (repl("", "/nonexistent")), (select(2, repl("", "/nonexistent"))) })
    assert.equal(2, (support.cli("repl", "a", "b")))
    local broken = support.project { ["flare.lua"] = "return { nothing = 1 }" }
    assert.matches("^flaron%-lua repl: flare.lua: ", (select(3, repl("", broken))))
  end)
end)

describe("flaron-lua repl in a terminal", function()
  local folder

  setup(function()
    local _, here = support.run "pwd"
    folder = here:gsub("%s+$", "") .. "/" .. support.project {
      ["main.lua"] = "return print", ["lib/thing.lua"] = "return {}", [".flaron/.keep"] = "",
    }
    support.run("chmod 700 " .. quote(folder .. "/.flaron"))
  end)

  -- What is shown when `keys` are pressed: a shell's words that press keys by `press KEYS`, which are those of printf, and wait:
  -- by `enter KEYS`, which ends a line, for the next prompt; by `await WORD` for what is shown.
  -- The trap keeps a shell like dash, which Ctrl-C reaches as well, until it has said how the program ended.
  local function pressed(keys)
    local shown = folder .. "/shown"
    support.run(([[n=0 p=0 shown=%s
      hold() { sleep 0.02; n=$((n + 1)); [ $n -lt 500 ]; }
      await() { until grep -q -e "$1" "$shown" 2>/dev/null || ! hold; do :; done; }
      prompt() { p=$((p + 1)); until [ "$(grep -c '^[^a-z]*> ' "$shown" 2>/dev/null)" -ge $p ] || ! hold; do :; done; }
      press() { printf "$1"; }
      enter() { press "$1\r"; prompt; }
      rm -f "$shown"
      { prompt; %s; press '\004'; await 'ended:'; } | TERM=xterm timeout 20 script -qefc %s "$shown" >/dev/null]]):format(quote(shown),
      keys, quote(("trap : INT; %s repl --cpu-ms 0 %s; echo ended: $?"):format(tool, quote(folder)))))
    return (support.read(shown):gsub("\r", ""):gsub("\27%[[%d;?]*%a", ""))
  end

  it("edits lines, ends what runs by Ctrl-C, and itself by Ctrl-D", function()
    local shown = pressed [[enter 'x = 41'; enter 'x + 1'; press 'print "busy" while true do end\r'; await '^busy'; press '\003'; prompt
      enter 'x + 2'; press 'broken('; await 'broken('; press '\003'; prompt; enter '"stil\177ll "..x']]
    assert.matches("\n42\n.*\ninterrupted\n.*\n43\n.*\n\"still 41\"\n.*\nended: 0", shown)
  end)

  it("completes globals, fields, methods and modules", function()
    local shown = pressed [[enter 'string.rev\t("ab")'; enter 's = "x"'; enter 's:upp\t()'; enter 'require "lib.th\t"'
      press 'coroutine.is\t'; await 'yieldable'; press '\025'; enter 'flaron.spa\t.ge\t ~= nil'
      press 'coroutine.\t'; await 'wrap'; press '\025']]
    assert.matches("\n\"ba\"\n", shown)
    assert.matches("s:upper%(%)", shown)
    assert.matches("require \"lib%.thing\"\n{}\t\"lib/thing.lua\"\n", shown)
    assert.matches("coroutine%.isyieldable", shown)
    assert.matches("\ntrue\n", shown)
    assert.matches("\nclose +create +", shown)
  end)

  it("remembers lines for the next time, in the folder of the state and for its owner alone", function()
    pressed [[enter 'y = "remembered"']]
    assert.matches('\ny = "remembered"\n', "\n" .. support.read(folder .. "/.flaron/repl_history"))
    assert.matches("^600", (select(2, support.run("stat -c %a " .. quote(folder .. "/.flaron/repl_history")))))
    assert.matches('\n"remembered"\n', pressed [[press '\020'; await 'y = "remembered"'; enter ''; enter '=y']])
  end)
end)

describe("flaron-lua run -e", function()
  it("runs chunks in a flare of the project and prints what they give", function()
    local project = support.project { ["main.lua"] = "error 'not run'", ["m.lua"] = "return { n = 4 }" }
    assert.same({ 0, "5\n{\n  n = 4,\n}\n", "" }, { support.cli("run", project, "-e", "m = require 'm'", "-e", "m.n + 1", "-e", "m") })
    assert.same({ 0, '"PUT"\t"b"\n', "" },
      { support.cli("run", project, "-X", "PUT", "-d", "b", "-e", "flaron.request.method(), flaron.request.body()") })
  end)

  it("ends at a chunk that fails, whose lines are those of -e", function()
    local project = support.folder()
    local code, output, errors = support.cli("run", project, "-e", "print(1)\nerror 'no'", "-e", "print(2)")
    assert.same({ 1, "1\n", "-e:2: no\nstack traceback:\n\t[C]: in function 'error'\n\t-e:2: in main chunk\n" }, { code, output, errors })
    assert.same({ 1, "", "-e:1: unexpected symbol near <eof>\n" }, { support.cli("run", project, "-e", "x =") })
    assert.equal(2, (support.cli("run", project, "-e")))
    for _, word in ipairs { "--fail", "--record=r", "--profile=p" } do
      code, output, errors = support.cli("run", project, "-e", "1", word)
      assert.same({ 2, "" }, { code, output })
      assert.matches("^flaron%-lua run: %-e runs no handler: ", errors)
    end
  end)
end)
