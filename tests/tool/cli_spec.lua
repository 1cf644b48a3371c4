-- The command line of `flaron-lua`: help, misuse, exit codes, what goes to which stream, paths of all kinds.
-- What is packed and refused is in pack_spec.lua.
local support = require "support"
local dkjson = require "dkjson"

local root = select(2, support.run "pwd"):gsub("\n", "")
local tool = support.flaron_lua:sub(1, 1) == "/" and support.flaron_lua or root .. "/" .. support.flaron_lua
local commands = { "pack", "run", "inspect" }

-- A file with `content` in a folder of its own; returns its path and the folder.
local function file(content, name)
  local folder = root .. "/" .. support.folder()
  local path = folder .. "/" .. (name or "main.lua")
  support.write(path, content)
  return path, folder
end

-- Runs a shell command in which TOOL stands for flaron-lua.
local function shell(command)
  return support.run((command:gsub("TOOL", (support.quote(tool):gsub("%%", "%%%%")))))
end

-- A script that answers with all it was asked.
local echo = file [[
  local request = require("flaron").request
  return function()
    return { status = 201, headers = { ["x-type"] = request.header "content-type" or "none" },
      body = request.method() .. " " .. request.url() .. " " .. request.body() }
  end]]

describe("flaron-lua", function()
  it("tells how it is used, on standard output, when it is asked", function()
    for _, word in ipairs { "--help", "-h", "help" } do
      local code, output, errors = support.cli(word)
      assert.same({ 0, "" }, { code, errors })
      for _, command in ipairs(commands) do assert.matches("\n  " .. command .. " +%l", output) end
      local readme = support.read(output:match "\nThe documents begin with ([^\n]+/README%.md)\n$")
      assert.matches("^# flaron%-lua\n", readme)
    end
    for _, command in ipairs(commands) do
      for _, word in ipairs { "--help", "-h" } do
        local code, output, errors = support.cli(command, word)
        assert.same({ 0, "" }, { code, errors })
        assert.matches("^usage: flaron%-lua " .. command .. " ", output)
        assert.matches("\n  %-h, %-%-help +this text\n", output)
      end
    end
  end)

  it("has help for each option that its usage names", function()
    for _, command in ipairs(commands) do
      local _, output = support.cli(command, "--help")
      local usage, help = output:match "^(.-)\n\n(.*)$"
      local n = 0
      for option in usage:gmatch "%-%-[%a-]+" do
        assert.is_number(help:find(option, 1, true), command .. " " .. option)
        n = n + 1
      end
      assert.is_true(n >= 1)
      for _, line in ipairs { output:match "^[^\n]*", select(-1, output:match "\n([^\n]*)\n$") } do
        assert.is_true(#line <= 120, line)
      end
    end
  end)

  it("tells its version and the runtime's", function()
    local code, output, errors = support.cli "--version"
    assert.same({ 0, "" }, { code, errors })
    local runtime = output:match "^flaron%-lua %d+%.%d+%.%d+ %(Lua 5%.4%.%d+, runtime (%x+)%)\n$"
    local about = dkjson.decode((select(2, support.cli("inspect", echo, "--json"))))
    assert.equal(runtime, about.runtime:sub(1, #runtime))
  end)

  it("says what is wrong and how it is used, on standard error, and exits with 2", function()
    local wrong = {
      { words = {}, message = "^usage: flaron%-lua COMMAND" },
      { words = { "" }, message = "^usage: flaron%-lua COMMAND" },
      { words = { "nope" }, message = "^flaron%-lua: there is no command 'nope'\nusage: [^\n]*; see flaron%-lua %-%-help\n$" },
      { words = { "--nope" }, message = "^flaron%-lua: unknown option '%-%-nope'\nusage: [^\n]*; see flaron%-lua %-%-help\n$" },
      { words = { "help", "nope" }, message = "there is no command 'nope'" },
      { words = { "new", "--template", "htp", "x" }, message = "not 'htp': did you mean 'http'%?\n" },
      { words = { "new", "--template", "qqqq", "x" }, message = "not 'qqqq'\n" },
      { words = { "check", "--fx" }, message = "unknown option '%-%-fx': did you mean '%-%-fix'%?\n" },
      { words = { "Pack" }, message = "there is no command 'Pack': did you mean 'pack'%?\n" },
      { words = { "tets" }, message = "there is no command 'tets': did you mean 'test'%?\n" },
      { words = { "inspekt" }, message = "there is no command 'inspekt': did you mean 'inspect'%?\n" },
      { words = { "serve" }, message = "there is no command 'serve': did you mean 'dev'%?\n" },
      { words = { "deploy" }, message = "there is no command 'deploy': did you mean 'pack'%?\n" },
      { words = { "depoly" }, message = "there is no command 'depoly': did you mean 'pack'%?\n" },
      { words = { "version" }, message = "did you mean '%-%-version'%?\n" },
      { words = { "-v" }, message = "unknown option '%-v': did you mean '%-%-version'%?\n" },
      { words = { "--vershun" }, message = "unknown option '%-%-vershun': did you mean '%-%-version'%?\n" },
      { words = { "--man", "more" }, message = "no argument is expected, not 1\n" },
    }
    for _, command in ipairs(commands) do
      local function add(message, ...)
        wrong[#wrong + 1] = { words = { command, ... },
          message = ("^flaron%%-lua %s: %s\nusage: flaron%%-lua %s [^\n]*; see flaron%%-lua %s %%-%%-help\n$"):format(command,
            message, command, command) }
      end
      if command == "inspect" then add "one flare is expected, not 0" end
      add("one [%l ]+ is expected, not 2", "a", "b")
      add("one [%l ]+ is expected, not 3", "a", "b", "c")
      add("unknown option '%-%-nope'", "--nope", "a")
      add("unknown option '%-z'", "-z", "a")
      add("unknown option '%-z'", "a", "-z")
      add("unknown option '%-%-hlep': did you mean '%-%-help'%?", "a", "--hlep")
      add("option '%-%-help' takes no value, and not 'yes'", "--help=yes")
    end
    local function lacks(command, word)
      wrong[#wrong + 1] = { words = { command, echo, word },
        message = ("^flaron%%-lua %s: option '%s' lacks its value\n"):format(command, (word:gsub("%-", "%%-"))) }
    end
    for _, word in ipairs { "-X", "-u", "-H", "-d", "--method", "--url", "--header", "--body", "--memory", "--cpu-ms" } do
      lacks("run", word)
    end
    for _, word in ipairs { "-o", "--output", "--memory" } do lacks("pack", word) end
    for _, value in ipairs { "x", "", "-1", "1.5", "99999999999999999999", "10s" } do
      wrong[#wrong + 1] = { words = { "run", echo, "--cpu-ms", value },
        message = "%-%-cpu%-ms takes a number of milliseconds, not '" .. value:gsub("%p", "%%%0") .. "' %(from 0 to 2147483647%)\n" }
    end
    for _, value in ipairs { "no colon", ": no name", "", "a b: c", "a : b", "a(: b", "a:\rb", "a: b\nc", "é: b" } do
      wrong[#wrong + 1] = { words = { "run", echo, "-H", value }, message = "%-%-header takes 'Name: value' as HTTP allows it, not '" }
    end
    for _, value in ipairs { "", "G T", "GET\n", "a:b", "é" } do
      wrong[#wrong + 1] = { words = { "run", echo, "-X", value }, message = "%-%-method takes a method such as GET, not '" }
    end
    for _, value in ipairs { "", "/a", "example.com", "/?u=http://x", "1http://x", "http://", "http:///x", "http://h/a b", "://h" } do
      wrong[#wrong + 1] = { words = { "run", echo, "--url", value },
        message = "%-%-url takes a whole URL such as [^\n]* not '" .. value:gsub("%p", "%%%0") .. "'" }
    end
    for _, command in ipairs { "run", "dev" } do
      wrong[#wrong + 1] = { words = { command, echo, "--record-secrets" }, message = "%-%-record%-secrets is for %-%-record\n" }
    end
    for _, value in ipairs { "x", "1.5", "65536" } do
      wrong[#wrong + 1] = { words = { "dev", echo, "--port", value }, message = "%-%-port takes a number from 0 to 65535, not '" .. value }
    end
    for _, case in ipairs {
      { "inspect", "--json=yes", "option '%-%-json' takes no value, and not 'yes'\n" },
      { "run", "--rec", "option '%-%-rec' is ambiguous: %-%-record or %-%-record%-secrets\n" },
      { "run", "--memory=8x", "%-%-memory takes a size from 1M to 4095M, such as 32M, not '8x'\n" },
      { "run", "--tims=3", "unknown option '%-%-tims=3': did you mean '%-%-times'%?\n" },
      { "run", "--times=3", "%-%-times is for %-%-profile\n" },
      { "dev", "-quiet", "unknown option '%-quiet': did you mean '%-%-quiet'%?\n" },
      { "dev", "--timeout=0", "%-%-timeout takes a number of seconds, not '0' %(from 1 to 3600%)\n" },
      { "dev", "--latency=80", "%-%-latency takes a time such as 80ms or 2s, not '80' %(at most 86400s%)\n" },
      { "dev", "--skew=1s", "%-%-skew is for %-%-edges\n" },
      { "new", "-t", "option '%-t' lacks its value: http, websocket, api, rewriter, proxy, auth, members, "
        .. "rate%-limit, cached%-api, ab%-test or websocket%-room\n" },
    } do
      wrong[#wrong + 1] = { words = { case[1], echo, case[2] }, message = case[3] }
    end
    for _, case in ipairs(wrong) do
      local code, output, errors = support.cli(table.unpack(case.words))
      local name = table.concat(case.words, " ")
      assert.equal(2, code, name)
      assert.equal("", output, name)
      assert.matches(case.message, errors)
      assert.matches("usage: flaron%-lua ", errors)
    end
  end)

  it("takes a long option cut short, options behind arguments, and -- where they end", function()
    local expected = "HTTP/1.1 201 Created\nx-type: none\n\nPUT http://localhost/ "
    for _, words in ipairs { { "--meth", "PUT", echo }, { echo, "--met=PUT" }, { echo, "-XPUT" }, { "-X", "PUT", "--", echo } } do
      assert.same({ 0, expected, "" }, { support.cli("run", table.unpack(words)) })
    end
    assert.matches("^flaron%-lua run: %-XPUT: ", (select(3, support.cli("run", "--", "-XPUT"))))
    assert.matches("^flaron%-lua run: %-1: ", (select(3, support.cli("run", "-1"))))
  end)

  it("shows the help of a command for `help COMMAND`, too", function()
    for _, command in ipairs(commands) do
      assert.same({ support.cli(command, "--help") }, { support.cli("help", command) })
      assert.same({ support.cli(command, "--help") }, { support.cli("--help", command) })
    end
  end)

  it("fails when its output cannot be written", function()
    for _, command in ipairs { "--help", "--version", "run " .. echo, "inspect " .. echo, "inspect --json " .. echo } do
      local code, _, errors = shell("TOOL " .. command .. " >/dev/full")
      assert.equal(1, code, command)
      assert.matches("^flaron%-lua[%l ]*: standard output: No space left on device\n$", errors)
    end
  end)
end)

describe("flaron-lua pack and run", function()
  it("take this folder when none is named", function()
    local folder = support.project { ["main.lua"] = "return function() return { body = 'here' } end" }
    local code, output = shell(("cd %s && TOOL pack && TOOL run && TOOL run -d x"):format(support.quote(folder)))
    assert.equal(0, code)
    assert.matches("^packed %.: [^/]+%.wasm, .*\n\nhereHTTP/1.1 200 OK\n\nhere$", output)
  end)
end)

describe("flaron-lua run", function()
  it("hands a URL over as a server sees it: with a path, and without its fragment", function()
    for given, seen in pairs {
      ["http://a"] = "http://a/", ["http://a?x"] = "http://a/?x", ["http://a/b?c#d"] = "http://a/b?c", ["https://a:8#/f"] = "https://a:8/",
    } do
      local code, output = support.cli("run", echo, "-X", "PUT", "--url", given)
      assert.same({ 0, "PUT " .. seen .. " " }, { code, output:match "\n\n(.*)$" })
    end
  end)

  it("prints status line, headers, an empty line and the body, and nothing more", function()
    local code, output, errors = support.cli("run", echo)
    assert.same({ 0, "HTTP/1.1 201 Created\nx-type: none\n\nGET http://localhost/ ", "" }, { code, output, errors })
  end)

  it("takes method, URL, headers and body, in short and in long", function()
    local expected = "HTTP/1.1 201 Created\nx-type: text/plain\n\nPUT https://example.com/a?b=c some body"
    for _, words in ipairs {
      { "run", echo, "-X", "PUT", "-u", "https://example.com/a?b=c", "-H", "Content-Type: text/plain", "-d", "some body" },
      { "run", "-XPUT", "-uhttps://example.com/a?b=c", "-HContent-Type:text/plain", "-dsome body", echo },
      { "run", "--method=PUT", echo, "--url", "https://example.com/a?b=c", "--header", "content-type: \t text/plain", "--body=some body" },
    } do
      assert.same({ 0, expected, "" }, { support.cli(table.unpack(words)) })
    end
    assert.matches("\n\nPOST http://localhost/ x$", (select(2, support.cli("run", echo, "-d", "x"))))
    assert.matches("\n\nPOST http://localhost/ $", (select(2, support.cli("run", echo, "-d", ""))))
    assert.matches("\n\nGET http://localhost/ x$", (select(2, support.cli("run", echo, "-d", "x", "-X", "GET"))))
  end)

  it("gives the flare each header of several", function()
    local path = file [[local header = require("flaron").request.header
      return function() return { body = header "a" .. header "B" .. header "c" } end]]
    assert.matches("\n\n1two: 3$", (select(2, support.cli("run", path, "-H", "A: 1", "-H", "b:two", "-H", "c:  : 3 \t"))))
  end)

  it("joins headers of one name as a server does", function()
    local path, folder = file [[local header = require("flaron").request.header
      return function() return { body = header "a" .. "|" .. header "cookie" } end]]
    support.write(folder .. "/flare.lua", "return { requires_raw_auth = true }")
    assert.matches("\n\n1, 2|a=1; b=2$", (select(2, support.cli("run", folder, "-H", "A: 1", "-H", "a: 2", "-H", "cookie: a=1",
      "-H", "Cookie: b=2"))), path)
  end)

  it("exits with 1 on a status of 400 or more when --fail asks for it", function()
    for status, codes in pairs { [200] = { 0, 0 }, [399] = { 0, 0 }, [400] = { 0, 1 }, [404] = { 0, 1 }, [500] = { 0, 1 } } do
      local path = file(("return function() return { status = %d } end"):format(status))
      local printed = "^HTTP/1.1 " .. status
      for i, words in ipairs { {}, { "--fail" } } do
        local code, output = support.cli("run", path, table.unpack(words))
        assert.equal(codes[i], code, status)
        assert.matches(printed, output)
      end
    end
    assert.equal(1, (support.cli("run", file "return function() return { status = 404 } end", "-f")))
  end)

  it("takes a body from a file and from standard input, byte for byte", function()
    local bytes = {}
    for i = 0, 255 do bytes[i + 1] = string.char(i) end
    local all = table.concat(bytes):rep(300)
    local path, folder = file(all, "body.bin")
    local mirror = file [[return function() return { body = require("flaron").request.body() } end]]
    local function body_of(command)
      local code, output, errors = shell(command)
      assert.same({ 0, "" }, { code, errors })
      return output:match "^HTTP/1.1 200 OK\n\n(.*)$"
    end
    assert.is_true(body_of(("TOOL run %s -d @%s"):format(mirror, path)) == all)
    assert.is_true(body_of(("cd %s && TOOL run %s --body @body.bin"):format(folder, mirror)) == all)
    assert.is_true(body_of(("TOOL run %s -d @- <%s"):format(mirror, path)) == all)
    assert.is_true(body_of(("cat %s %s | TOOL run %s -d @-"):format(path, path, mirror)) == all .. all)
    assert.equal("", body_of(("TOOL run %s -d @- </dev/null"):format(mirror)))
    assert.equal("@", body_of(("printf @ | TOOL run %s -d @-"):format(mirror)))
    local code, output, errors = shell(("TOOL run %s -d @%s/none"):format(mirror, folder))
    assert.same({ 1, "" }, { code, output })
    assert.matches("^flaron%-lua run: " .. folder:gsub("%p", "%%%0") .. "/none: No such file or directory\n$", errors)
    assert.matches("Is a directory\n$", (select(3, shell(("TOOL run %s -d @%s"):format(mirror, folder)))))
  end)

  it("prints a body of any bytes as it is", function()
    local _, output = support.cli("run", (file [[return function() return { body = "a\0b\255\r\n\n" } end]]))
    assert.equal("HTTP/1.1 200 OK\n\na\0b\255\r\n\n", output)
  end)

  it("prints the log on standard error", function()
    local path = file [[
      local log = require("flaron").logging
      return function()
        print("one", 1)
        log.warn "two"
        log.error "three\0and more"
        return { status = 299, body = "body" }
      end]]
    local code, output, errors = support.cli("run", path)
    assert.same({ 0, "HTTP/1.1 299\n\nbody" }, { code, output })
    assert.equal("info: one\t1\nwarn: two\nerror: three\\x00and more\n", errors)
  end)

  it("shows a failing handler as the host does, with the traceback", function()
    local code, output, errors = support.cli("run", (file "return function()\n  error 'oh'\nend"))
    assert.equal("HTTP/1.1 500 Internal Server Error\ncontent-type: text/plain; charset=utf-8\n\nInternal Server Error", output)
    assert.matches("^error: main.lua:2: oh\nstack traceback:\n", errors)
    assert.equal(0, code)
  end)

  it("exits with 1 when the flare was wrecked, had to be stopped in C, or cannot be had", function()
    local hang = file [[return function() return ("a"):rep(40):find(("a?"):rep(40) .. ("a"):rep(40)) end]]
    local code, output, errors = support.cli("run", hang, "--cpu-ms", "100")
    assert.equal(1, code)
    assert.matches("^HTTP/1.1 500 ", output)
    assert.matches("^error: stopped: CPU time limit reached inside a C function\nstack traceback:\n\t", errors)
    code, output, errors = support.cli("run", (file "return { ws_open = print }"))
    assert.same({ 1, "" }, { code, output })
    assert.matches("main.lua: it has no handle_request\n$", errors)
    code, output, errors = support.cli("run", "/nonexistent.wasm")
    assert.same({ 1, "", "flaron-lua run: /nonexistent.wasm: No such file or directory\n" }, { code, output, errors })
    code, output, errors = support.cli("run", (file "return )"))
    assert.same({ 1, "" }, { code, output })
    assert.matches("^flaron%-lua run: main.lua:1: unexpected symbol near '%)'", errors)
  end)

  it("limits CPU time to what is asked, a second when nothing is", function()
    local loop = file [[return function() while true do end end]]
    local begin = os.time()
    local code, output, errors = support.cli("run", loop)
    assert.equal(0, code)
    assert.matches("^HTTP/1.1 500", output)
    assert.matches("^error: main.lua:1: stopped: CPU time limit reached\nstack traceback:\n", errors)
    assert.is_true(os.time() - begin < 5)
    local slow = file [[return function() local n = 0 for i = 1, 3e6 do n = n + i end return { body = "done" } end]]
    assert.matches("done$", (select(2, support.cli("run", slow, "--cpu-ms", "0"))))
    assert.matches("stopped", (select(3, support.cli("run", slow, "--cpu-ms", "1"))))
  end)

  it("limits memory to what is asked", function()
    local path = file [[return function() return { body = tostring(pcall(string.rep, "x", 3 << 20)) } end]]
    assert.matches("true$", (select(2, support.cli("run", path))))
    assert.matches("false$", (select(2, support.cli("run", path, "--memory", "4M"))))
  end)

  it("says when the origin answers", function()
    for action, answer in pairs { TRANSFORM = "the origin answers and the flare transforms", PASS_THROUGH = "the origin answers" } do
      local code, output, errors = support.cli("run", (file("return function() return require('flaron')." .. action .. " end")))
      assert.same({ 0, "HTTP/1.1 200 OK\n\n" }, { code, output })
      assert.equal("action: " .. action .. ", " .. answer .. "\n", errors)
    end
  end)

  it("does not show what was set when the origin answers, and warns of it", function()
    for _, action in ipairs { "TRANSFORM", "PASS_THROUGH" } do
      local code, output, errors = support.cli("run", (file([[local flaron = require "flaron"
        return function()
          flaron.response.set_status(418)
          flaron.response.set_header("x-a", "1")
          flaron.response.set_body "mine"
          return flaron.]] .. action .. " end")))
      assert.same({ 0, "HTTP/1.1 200 OK\n\n" }, { code, output })
      assert.matches(action .. ": 1 header %(x%-a%), the status 418 and a body of 4 bytes that were set are not sent", errors)
    end
  end)

  it("runs a script, its folder and a packed flare alike", function()
    local path, folder = file [[return function() return { body = require "part" } end]]
    support.write(folder .. "/part.lua", "return 'same'")
    local packed = folder .. "/packed.wasm"
    assert.equal(0, (support.cli("pack", folder, "-o", packed)))
    for _, what in ipairs { path, folder, folder .. "/", packed } do
      assert.same({ 0, "HTTP/1.1 200 OK\n\nsame", "" }, { support.cli("run", what) })
    end
  end)
end)

describe("flaron-lua inspect", function()
  it("tells what is in a flare", function()
    local path, folder = file [[require "part" return { handle_request = print, ws_open = print }]]
    support.write(folder .. "/part.lua", "return 1")
    assert.equal(0, (support.cli("pack", folder, "-o", folder .. "/x.wasm", "--memory", "16M")))
    local code, output, errors = support.cli("inspect", folder .. "/x.wasm")
    assert.same({ 0, "" }, { code, errors })
    assert.matches("/x.wasm: %d+ bytes, packed with runtime %x+ %(this flaron%-lua's%)\n", output)
    assert.matches("\nhandlers +handle_request, ws_open\n", output)
    assert.matches("\nmodules +65 bytes +main %(main.lua%)\n +8 bytes +part %(part.lua%)\n", output)
    assert.matches("\nimage +%d+ bytes\n", output)
    assert.matches("\nmemory +%d+ KiB at first, 16384 KiB at most\n", output)
    assert.matches("\nimports +flaron/v1%.", output)
    assert.matches("\nexports +memory, ", output)
    assert.matches("\ncut +io, debug, load, loadfile, dofile\n", output)
    assert.is_string(path)
  end)

  it("tells the same as JSON", function()
    local path, folder = file [[return { handle_request = print, ws_close = print }]]
    assert.equal(0, (support.cli("pack", path, "-o", folder .. "/x.wasm", "--strip")))
    local code, output, errors = support.cli("inspect", "--json", folder .. "/x.wasm")
    assert.same({ 0, "" }, { code, errors })
    local about, after, message = dkjson.decode(output)
    assert.is_nil(message)
    assert.equal("\n", output:sub(after))
    assert.equal(#support.read(folder .. "/x.wasm"), about.bytes)
    assert.is_true(about.image_bytes > 10000 and about.image_bytes < about.memory_bytes)
    assert.equal(32 << 20, about.memory_limit_bytes)
    assert.same({ true, true }, { about.stripped, about.runs_here })
    assert.equal(64, #about.runtime)
    assert.same({ "handle_request", "ws_close" }, about.handlers)
    assert.same({ { name = "main", file = "main.lua", bytes = 51 } }, about.modules)
    table.sort(about.exports)
    assert.same({ "alloc", "handle_request", "memory", "ws_close" }, about.exports)
    for _, name in ipairs(about.imports) do assert.matches("^flaron/v1%.[%l%d_]+$", name) end
    local code2, same = support.cli("inspect", folder .. "/x.wasm", "--json")
    assert.same({ 0, output }, { code2, same })
  end)

  it("tells the names of the manifest's variables, and not what they are", function()
    local folder = support.project {
      ["main.lua"] = "return function() print(os.getenv 'MODE') return { body = os.getenv 'MODE' } end",
      ["flare.lua"] = "return { vars = { MODE = 'fast', LEVEL = 'seven' } }",
    }
    local code, output, errors = support.cli("inspect", folder)
    assert.same({ 0, "" }, { code, errors })
    local names = output:match "\nvars +([^\n]+)\n"
    assert.is_true(names == "MODE, LEVEL" or names == "LEVEL, MODE", output)
    assert.is_nil(output:find("seven", 1, true))
    local about = dkjson.decode((select(2, support.cli("inspect", "--json", folder))))
    table.sort(about.vars)
    assert.same({ "LEVEL", "MODE" }, about.vars)
    assert.matches("\r?\n\r?\nfast", (select(2, support.cli("run", folder))))
  end)

  it("packs a script first, and says what is wrong with it", function()
    assert.matches("main %(main.lua%)", (select(2, support.cli("inspect", echo))))
    local code, output, errors = support.cli("inspect", (file "x ="))
    assert.same({ 1, "" }, { code, output })
    assert.matches("^flaron%-lua inspect: main.lua:1: ", errors)
  end)
end)

describe("paths", function()
  local source = [[return function() return { body = require "mödül" } end]]

  it("may hold spaces, quotes and letters of any language", function()
    for _, name in ipairs { "with space", "ümläut-日本", "it's", "semi;colon", "per%cent", "-dash", "new\nline" } do
      local folder = root .. "/" .. support.folder() .. "/" .. name
      support.run("mkdir -p " .. support.quote(folder))
      support.write(folder .. "/main.lua", source)
      support.write(folder .. "/mödül.lua", "return 'here'")
      assert.same({ 0, "HTTP/1.1 200 OK\n\nhere", "" }, { support.cli("run", folder) })
      local out = folder .. "/öut put.wasm"
      local code, output, errors = support.cli("pack", folder .. "/main.lua", "-o", out)
      assert.same({ 0, "" }, { code, errors })
      assert.is_number(output:find(out, 1, true))
      assert.same({ 0, "HTTP/1.1 200 OK\n\nhere", "" }, { support.cli("run", out) })
      local about = dkjson.decode((select(2, support.cli("inspect", "--json", out))))
      assert.same({ "mödül", "mödül.lua" }, { about.modules[2].name, about.modules[2].file })
    end
  end)

  it("may be relative to another working directory", function()
    local _, folder = file(source)
    support.write(folder .. "/mödül.lua", "return 'here'")
    support.run(("mkdir -p %s/deep/er"):format(folder))
    for from, path in pairs { [""] = "main.lua", ["deep"] = "../main.lua", ["deep/er"] = "../..", ["."] = "./", ["deep/"] = ".." } do
      assert.same({ 0, "HTTP/1.1 200 OK\n\nhere", "" }, { shell(("cd %s/%s && TOOL run %s"):format(folder, from, path)) })
    end
    assert.same({ 0, "HTTP/1.1 200 OK\n\nhere", "" }, { shell(("cd %s && ln -s main.lua link.lua && TOOL run link.lua"):format(folder)) })
  end)

  it("that begin with a dash come behind --", function()
    local _, folder = file("return function() return { body = 'dash' } end", "-x.lua")
    assert.same({ 0, "HTTP/1.1 200 OK\n\ndash", "" }, { shell(("cd %s && TOOL run -- -x.lua"):format(folder)) })
  end)

  it("of an output are made of the input's name when there is none", function()
    local path, folder = file("return function() end", "my.flare.lua")
    support.run(("mkdir -p '%s/a project' && cp %s '%s/a project/main.lua'"):format(folder, path, folder))
    assert.equal(0, (shell(("cd %s && TOOL pack my.flare.lua && TOOL pack 'a project' && cd 'a project' && "):format(folder)
      .. "TOOL pack . && TOOL pack main.lua")))
    local _, listed = shell(("cd %s && ls *.wasm 'a project'"):format(folder))
    assert.equal("a project.wasm\nmy.flare.wasm\n\na project:\na project.wasm\nmain.lua\nmain.wasm\n", listed)
  end)
end)
