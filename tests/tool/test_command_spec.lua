-- test_command_spec.lua - `flaron-lua test` and flaron.edge under busted: docs/testing.md as a project, what is told
-- when something is amiss, what begins anew, coverage.
local serving = require "serving"
local support = require "support"
local walkthrough = require "walkthrough"

local root, tool, sanitizer = walkthrough.root, walkthrough.tool, support.sanitizer

-- Runs `flaron-lua test` with words for the shell, in `folder`.
local function test(folder, words, environment)
  return support.run(("cd %s && unset LUA_CPATH LUA_PATH LUA_CPATH_5_4 LUA_PATH_5_4; %s%s %s test %s"):format(
    support.quote(folder), sanitizer, environment or "", support.quote(tool), words or ""))
end

-- A project with these files in a folder of its own, whose name is not a simple one.
local function project(files)
  local folder = root .. "/" .. support.folder() .. "/größe und mehr"
  for path, content in pairs(files) do
    local inside = folder .. "/" .. (path:match "^(.*)/" or "")
    support.run("mkdir -p " .. support.quote(inside))
    support.write(folder .. "/" .. path, content)
  end
  return folder
end

local hello = "return function() return { body = 'hello' } end\n"

-- A spec file of one test.
local function spec(body)
  return ([[
    local edge = require "flaron.edge"
    it("works", function()
      %s
    end)]]):format(body)
end

describe("docs/testing.md", function()
  local files = walkthrough.files "docs/testing.md"
  local tests = 0
  for _, content in pairs(files) do tests = tests + select(2, content:gsub("%f[%w]it%(", "")) end

  it("shows a project whose specs pass, in any order", function()
    local folder = project(files)
    for _, words in ipairs { "", "--shuffle", "--sort" } do
      local code, output, errors = test(folder, words)
      assert.matches(("\n%d successes / 0 failures / 0 errors / 0 pending"):format(tests), output)
      assert.same({ 0, "" }, { code, errors })
    end
  end)

  it("names every assertion there is", function()
    local known = {}
    for name in assert(support.read "scripts/testing/assertions.lua"):gmatch "\nfunction checks%.(%w+)" do
      known[#known + 1] = name
    end
    assert.is_true(#known >= 7)
    for _, name in ipairs(known) do
      assert.is_truthy(support.read("docs/testing.md"):find(("\n| `assert%%.%%w+%%(r%%)[%%w.]*%%.%s[ (]"):format(name)), name)
    end
  end)
end)

describe("flaron-lua test --watch", function()
  -- Starts it with `words` in a project; `text()` is what it has printed.
  local function watch(files, words)
    local folder = project(files)
    local out = root .. "/" .. support.folder() .. "/out"
    local pid = serving.start(("cd %s && unset LUA_CPATH LUA_PATH LUA_CPATH_5_4 LUA_PATH_5_4; %sexec %s test --watch -o TAP %s"):format(
      support.quote(folder), sanitizer ~= "" and "export " .. sanitizer .. "; " or "", support.quote(tool), words or ""), out)
    local watched = { folder = folder, pid = pid }
    function watched.text() return support.read(out .. ".out") or "" end
    -- Waits for run number `n` to be over; what it printed, with what was said to have changed before it.
    function watched.run(n)
      return assert(serving.wait(function()
        local runs = {}
        for run in watched.text():gmatch "(.-)\nwaiting for a file to change %(Ctrl%-C ends%)\n" do runs[#runs + 1] = run end
        return runs[n]
      end, 10), watched.text())
    end
    return watched
  end

  it("runs again when a file of the project or a spec changes, until Ctrl-C", function()
    local watched = watch { ["main.lua"] = hello, ["spec/a_spec.lua"] = spec [[
      assert.equal('hello', assert(edge.load 'main.lua'):request().body)]] }
    assert.matches("^ok 1 ", watched.run(1))
    support.write(watched.folder .. "/main.lua", (hello:gsub("hello", "bye")))
    assert.matches("^\nmain%.lua has changed\nnot ok 1 ", watched.run(2))
    support.write(watched.folder .. "/spec/b_spec.lua", "it('is new', function() end)")
    assert.matches("^\nb_spec%.lua has changed\nnot ok 1.*\nok 2 %- is new", watched.run(3))
    support.write(watched.folder .. "/.hidden", "")
    support.write(watched.folder .. "/main.lua~", "")
    support.run("mkdir " .. support.quote(watched.folder .. "/lib"))
    assert.matches("^\nlib has changed\n", watched.run(4))
    support.write(watched.folder .. "/lib/page.html", "new")
    assert.matches("^\npage%.html has changed\n", watched.run(5))
    serving.stop(watched.pid)
    local left = support.read(("/proc/%d/stat"):format(watched.pid))
    assert.is_true(not left or left:match "%) (%S)" == "Z")
  end)

  it("is not run again by what the specs write, nor for ever by Lua that they write", function()
    local watched = watch({ ["main.lua"] = hello, ["spec/a_spec.lua"] = spec [[
      for _, name in ipairs { "a.txt", "made.lua" } do
        local file <close> = assert(io.open(name, "w"))
        file:write(os.clock())
      end
      edge.load "main.lua"]] }, "--coverage -o lcov")
    assert.matches("\nmade%.lua has changed\nok 1 ", watched.run(1))
    os.execute "sleep 0.3"
    assert.equal(1, select(2, watched.text():gsub("waiting for a file", "")))
    assert.equal(2, select(2, watched.text():gsub("ok 1", "")))
    serving.stop(watched.pid)
  end)

  it("says what is wrong, and waits for it to be mended", function()
    local watched = watch { ["main.lua"] = hello, ["spec/a_spec.lua"] = "it('works'" }
    assert.matches("a_spec.lua", watched.run(1))
    support.write(watched.folder .. "/spec/a_spec.lua", "it('works', function() end)")
    assert.matches("ok 1 %- works", watched.run(2))
    serving.stop(watched.pid)
  end)
end)

describe("flaron-lua test", function()
  it("runs from any folder", function()
    local folder = project { ["main.lua"] = hello, ["spec/a_spec.lua"] = spec "assert.is_truthy(edge.load 'main.lua')" }
    for _, words in ipairs { support.quote(folder), "-C " .. support.quote(folder) } do
      local code, output, errors = test("/", words .. " -o TAP")
      assert.same({ 0, "" }, { code, errors })
      assert.matches("^ok 1 %- works\n", output)
    end
  end)

  it("answers 1 when specs fail, however many, or have errors", function()
    local folder = project {
      ["main.lua"] = hello,
      ["spec/a_spec.lua"] = "for n = 1, 300 do it('fails ' .. n, function() assert.equal(1, 2) end) end",
      ["broken/a_spec.lua"] = "it('works'",
    }
    local code, output = test(folder)
    assert.equal(1, code)
    assert.matches("0 successes / 300 failures", output)
    assert.equal(1, (test(folder, "broken")))
    assert.equal(1, (test(folder, "--no-such-option")))
  end)

  it("hands busted its arguments", function()
    local folder = project {
      ["main.lua"] = hello,
      ["spec/a_spec.lua"] = "it('one', function() end) it('two', function() end)",
      ["other/b_spec.lua"] = "it('three', function() end)",
    }
    assert.matches("^ok 1 %- two\n1..1", select(2, test(folder, "-o TAP --filter=two")))
    assert.matches("^ok 1 %- three\n1..1", select(2, test(folder, "-o TAP other")))
    support.write(folder .. "/.busted", "return { default = { ROOT = { 'other' } } }")
    assert.matches("^ok 1 %- three\n1..1", select(2, test(folder, "-o TAP")))
  end)

  it("hands them over as they are, without a shell", function()
    local names = { "two words", "a (b)", "it's \"quoted\"", "$(touch pwned)", "`touch pwned`", "a; touch pwned", "a & b | c > pwned",
      "line\nfeed", "back\\slash", "-x", "*", "größe", "%d", "~", "$HOME" }
    local lines, arguments = {}, {}
    for n, name in ipairs(names) do
      lines[n] = ("it(%q, function() end)"):format(name)
      arguments[n] = support.quote("--filter=^" .. name:gsub("%p", "%%%0") .. "$")
    end
    local folder = project { ["main.lua"] = hello, ["spec/a_spec.lua"] = table.concat(lines, "\n"),
      ["spec/odd $(touch pwned); (x)/it's_spec.lua"] = "it('works', function() end) it('is broken', function() error 'x' end)" }
    for n, argument in ipairs(arguments) do
      local code, output, errors = test(folder, "-o TAP spec/a_spec.lua " .. argument)
      assert.same({ 0, "ok 1 - " .. names[n] .. "\n1..1\n", "" }, { code, output, errors }, argument)
    end
    local path = support.quote "spec/odd $(touch pwned); (x)/it's_spec.lua"
    assert.same({ 0, "ok 1 - works\n1..1\n", "" }, { test(folder, "-o TAP --filter works " .. path) })
    assert.equal(1, (test(folder, "-o TAP " .. path)))
    assert.equal(1, (test(folder, support.quote "--filter=broken" .. " spec " .. support.quote "; true")))
    assert.equal(1, (test(folder, support.quote "spec; true" .. " " .. path)))
    assert.equal(1, (test(folder, "spec " .. support.quote "-e" .. " " .. support.quote "os.exit(7 == 7 and 1)")))
    assert.equal(1, (test(folder, "-e " .. support.quote "print 'a b' error '$(touch pwned)'")))
    assert.equal("", (select(2, support.run(("find %s -name pwned"):format(support.quote(folder))))))
  end)

  it("runs specs on lua5.4, whatever .busted says, and takes no --lua", function()
    local folder = project { ["main.lua"] = hello, ["spec/a_spec.lua"] = "it(_VERSION, function() end)" }
    for _, lua in ipairs { "lua5.1", "touch pwned;", "no-such-lua" } do
      support.write(folder .. "/.busted", ("return { _all = { lua = %q }, default = { output = 'TAP' } }"):format(lua))
      assert.same({ 0, "ok 1 - Lua 5.4\n1..1\n", "" }, { test(folder) })
      for _, words in ipairs { "--lua=" .. support.quote(lua), "--lua " .. support.quote(lua) } do
        local code, output, errors = test(folder, words)
        assert.same({ 2, "" }, { code, output })
        assert.matches("^flaron%-lua test: %-%-lua[^\n]*: specs run on lua5.4, which flaron.edge is made for\nusage: ", errors)
      end
    end
    assert.equal("", (select(2, support.run(("find %s -name pwned"):format(support.quote(folder))))))
  end)

  it("starts no program of the project for lua5.4 or busted", function()
    local folder = project { ["main.lua"] = hello, ["spec/a_spec.lua"] = "it('works', function() end)" }
    assert.equal(0, (support.run(("cd %s && printf '#!/bin/sh\ntouch pwned\n' > lua5.4 && chmod +x lua5.4 && cp lua5.4 busted")
      :format(support.quote(folder)))))
    assert.equal(0, (test(folder, "", "PATH=.::$PATH:")))
    local code, _, errors = test(folder, "", "PATH=.:")
    assert.same({ 1, "flaron-lua test: busted is not installed: it is in the Debian package lua-busted\n" }, { code, errors })
    assert.equal("", (select(2, support.run(("find %s -name pwned"):format(support.quote(folder))))))
  end)

  it("has the specs find rocks of the project", function()
    local folder = project {
      ["main.lua"] = hello,
      ["lua_modules/share/lua/5.4/rock.lua"] = "return 'a rock'",
      ["spec/a_spec.lua"] = spec "assert.equal('a rock', require 'rock')",
    }
    assert.equal(0, (test(folder)))
  end)

  it("says in one line what is missing", function()
    local folder = project { ["main.lua"] = hello }
    local code, output, errors = test(folder)
    assert.same({ 1, "", "flaron-lua test: there are no specs here: neither a folder spec/ nor a file .busted\n" },
      { code, output, errors })
    code, output, errors = test(support.folder())
    assert.same({ 1, "", "flaron-lua test: there are no specs here: neither a folder spec/ nor a file .busted; "
      .. "no project here; name its folder, or make one by `flaron-lua new NAME`\n" }, { code, output, errors })
    code, output, errors = test(folder, "-C no/such")
    assert.same({ 1, "", "flaron-lua test: no/such: No such file or directory\n" }, { code, output, errors })
    code, output, errors = test(project { ["spec/a_spec.lua"] = "" }, "", "PATH=/nonexistent")
    assert.same({ 1, "", "flaron-lua test: busted is not installed: it is in the Debian package lua-busted\n" },
      { code, output, errors })
    code, output, errors = test(folder, "no/such")
    assert.same({ 1, "", "flaron-lua test: no/such: No such file or directory\n" }, { code, output, errors })
    code, output, errors = test(folder, "-C")
    assert.same({ 2, "" }, { code, output })
    assert.matches("^flaron%-lua test: %-C lacks the project's folder\nusage: ", errors)
  end)

  it("finds flaron.edge where it is installed, and says so when it is nowhere", function()
    local folder = project { ["main.lua"] = hello, ["spec/a_spec.lua"] = spec "assert.is_truthy(edge.load 'main.lua')" }
    local prefix = root .. "/" .. support.folder()
    local place = prefix .. "/bin/flaron-lua"
    support.run(("mkdir -p %s/bin %s/lib/lua/5.4/flaron && cp %s %s"):format(prefix, prefix, support.quote(tool), place))
    local command = ("cd %s && %s%s test -o TAP"):format(support.quote(folder), sanitizer, place)
    local code, output, errors = support.run(command)
    assert.same({ 1, "" }, { code, output })
    assert.matches("^flaron%-lua test: the Lua module flaron.edge is neither in [^\n]*\n$", errors)
    support.run(("cp %s/lua/flaron/edge.so %s/lib/lua/5.4/flaron"):format(support.native, prefix))
    assert.same({ 0, "ok 1 - works\n1..1\n", "" }, { support.run(command) })
  end)
end)

describe("a flare under busted", function()
  -- Runs a spec file and returns busted's TAP output.
  local function run(source)
    local folder = project { ["main.lua"] = [[
      local flaron = require "flaron"
      return function()
        flaron.spark.set("n", tostring((flaron.spark.get "n" or 0) + 1))
        local fetched = flaron.beam.fetch "https://a.example/"
        return { body = flaron.json.encode {
          n = flaron.spark.get "n", time = flaron.time.now(), fetched = fetched and fetched.body } }
      end]], ["spec/a_spec.lua"] = source }
    local code, output = test(folder, "-o TAP --sort")
    return output, code
  end

  it("has what was set outside of tests in every test, and nothing that a test left", function()
    local output, code = run [[
      local edge = require "flaron.edge"
      local flare = assert(edge.load("main.lua", { now = 10, spark = { n = "5" } }))
      flare:stub_fetch("a%.example", { body = "outside" })
      describe("within", function()
        setup(function() flare:set_time(20) flare:request() end)
        for n = 1, 3 do
          it("test " .. n, function()
            assert.same({ n = "6", time = 20, fetched = "outside" }, flare:request().json())
            flare:stub_fetch("a%.example", { body = "inside" })
            flare:advance(5)
            flare:fail("spark_set", "quota")
            assert.same({ n = "6", time = 25, fetched = "inside" }, flare:request().json())
          end)
        end
      end)]]
    assert.same({ "ok 1 - within test 1\nok 2 - within test 2\nok 3 - within test 3\n1..3\n", 0 }, { output, code })
  end)

  it("keeps what before_each did for its test, and only for that", function()
    local output, code = run [[
      local edge = require "flaron.edge"
      local flare = assert(edge.load("main.lua", { now = 10, spark = { n = "5" } }))
      describe("a", function()
        before_each(function()
          flare:stub_fetch("a%.example", { body = "before" })
          flare:request()
        end)
        after_each(function() flare:set_time(99) end)
        for n = 1, 2 do
          it("test " .. n, function()
            assert.equal("before", flare:request().json().fetched)
            assert.equal("8", flare:request().json().n)
          end)
        end
      end)
      describe("b", function()
        before_each(function() flare:stub_fetch("a%.example", { body = "b" }) end)
        it("has its own", function() assert.equal("b", flare:request().json().fetched) end)
      end)]]
    assert.same({ "ok 1 - a test 1\nok 2 - a test 2\nok 3 - b has its own\n1..3\n", 0 }, { output, code })
  end)

  it("fails with what there is", function()
    local output = run [[
      local edge = require "flaron.edge"
      local source = "return function() print 'a line' return { status = 201, headers = { A = 'b' } } end"
      local flare = assert(edge.load { ["main.lua"] = source })
      it("1", function() assert.response(flare:request()).has.status(404) end)
      it("2", function() assert.response(flare:request()).has.header("x", "y") end)
      it("3", function() assert.response(flare:request()).has.log("error", "y") end)
      it("4", function() assert.response(flare:request()).has.fetched "y" end)
      it("5", function() assert.response(flare:request()).has.json {} end)
      it("6", function() assert.response(flare:request()).has.no.status(201) end)
      it("7", function() assert.budget(flare:request()).under { host_calls = 1, cpu_us = 1e6 } end)
      it("8", function() assert.budget(flare:request()).under { cpu = 1 } end)
      local lines = assert(edge.load { ["main.lua"] = "return function() return { body = 'a\\nb' } end" })
      it("10", function() assert.response(lines:request()).has.body "c\n" end)
      it("9", function() assert.response("text").has.status(200) end)]]
    for _, message in ipairs {
      'Expected status 404.\n# There is: 201, with the body "" and in the log:\n#   info: a line',
      'Expected header \'x\' that is or matches "y".\n# There is: \n#   A: b',
      'Expected a line of level \'error\' that is or matches "y".\n# There is: in the log:\n#   info: a line',
      'Expected a fetch of a URL that is or matches "y".\n# There is: no fetch',
      'Expected JSON (table: ',
      [[Expected a body that is or matches "c\n".]] .. '\n# There is: "a\\nb"',
      'Expected not: status 201.\n# There is: 201',
      'Expected a budget of at most cpu_us = 1000000.0, host_calls = 1.\n# There is: cpu_us = ',
      "a budget has cpu_us, memory and host_calls, not 'cpu'",
      'assert.response takes a response of flaron.edge, not "text"',
    } do
      assert.is_truthy(output:find(message, 1, true), message .. "\nis not in\n" .. output)
    end
    assert.is_nil(output:find "\nok ")
  end)
end)

it("flaron-lua test refuses --debug with --coverage", function()
  local code, _, errors = support.cli("test", "examples/hello", "--debug", "0", "--coverage")
  assert.equal(2, code)
  assert.matches("--debug and --coverage do not go together: both look at each line that runs", errors, 1, true)
end)

describe("flaron-lua test --coverage", function()
  local files = {
    ["main.lua"] = [[
local part = require "lib.part"

local function never()
  return 1
end

-- a comment
return function()
  local resumed = coroutine.wrap(function()
    for n = 1, 3 do
      coroutine.yield(n)
    end
  end)
  resumed()
  resumed()
  return { body = part(resumed()) }, never
end
]],
    ["lib/part.lua"] = "return function(n)\n  if n > 2 then\n    return tostring(n)\n  end\n  return 'small'\nend\n",
    ["lua_modules/share/lua/5.4/rock.lua"] = "return 1",
    ["spec/a_spec.lua"] = spec [[
      local flare = assert(edge.load "main.lua")
      for _ = 1, 2 do assert.equal("3", flare:request().body) end]],
  }

  it("counts the lines that ran, start-up and coroutines included", function()
    local folder = project(files)
    local code, output, errors = test(folder, "--coverage")
    assert.same({ 0, "" }, { code, errors })
    assert.matches("\n" .. [[
File         Hits Missed Coverage
%-+
lib/part.lua 3    1      75.00%%
main.lua     10   1      90.91%%
%-+
Total        13   2      86.67%%
$]], output)
    local stats = assert(support.read(folder .. "/luacov.stats.out"))
    assert.equal("6:lib/part.lua\n0 2 2 0 0 1 \n17:main.lua\n1 0 0 0 1 0 0 0 4 6 6 0 2 2 2 2 1 \n", stats)
    local report = assert(support.read(folder .. "/luacov.report.out"))
    assert.is_truthy(report:find("\n*0   return 1\n", 1, true))
    assert.is_truthy(report:find("\n 6     for n = 1, 3 do\n", 1, true))
    assert.is_truthy(report:find("\n   -- a comment\n", 1, true))
  end)

  it("is told as a tracefile and as a page, where they are asked for", function()
    local folder = project(files)
    support.write(folder .. "/lib/part.lua", support.read(folder .. "/lib/part.lua") .. "-- <b>&\n")
    local code, output, errors = test(folder, "--coverage --output lcov -ohtml -o TAP")
    assert.same({ 0, "" }, { code, errors })
    assert.matches("^ok 1 %- works\n1..1\n\nFile  ", output)
    local trace = assert(support.read(folder .. "/lcov.info"))
    assert.matches("^TN:\nSF:lib/part%.lua\nDA:2,2\nDA:3,2\nDA:5,0\nDA:6,1\nLF:4\nLH:3\nend_of_record\nTN:\nSF:main%.lua\nDA:1,1\n", trace)
    assert.equal(15, select(2, trace:gsub("DA:", "")))
    local page = assert(support.read(folder .. "/coverage.html"))
    assert.is_truthy(page:find("<h1>Coverage 86.67%</h1>", 1, true))
    assert.is_truthy(page:find("<tr class=hit><td>3</td><td>2</td><td>", 1, true))
    assert.is_truthy(page:find("<tr class=miss><td>5</td><td>0</td><td>  return 'small'</td></tr>", 1, true))
    assert.is_truthy(page:find("<td>-- &lt;b&gt;&amp;</td>", 1, true))
    for _, path in ipairs { "lcov.info", "coverage.html" } do os.remove(folder .. "/" .. path) end
    assert.equal(0, (test(folder .. "/lib", ".. --coverage --output=lcov --output-file=../a.info")))
    assert.equal(trace, support.read(folder .. "/a.info"))
    assert.is_nil(support.read(folder .. "/lcov.info"))
  end)

  it("refuses forms and files that make no sense", function()
    local folder = project(files)
    local function refused(words, message, code)
      local got, output, errors = test(folder, words)
      assert.same({ code or 2, "" }, { got, output }, words)
      assert.is_truthy(errors:find("flaron-lua test: " .. message .. "\n", 1, true), errors)
    end
    refused("--output lcov", "--output lcov: it is how coverage is told, and there is no --coverage")
    refused("--coverage --output-file a", "--output-file a: it is the file of one --output, lcov or html")
    refused("--coverage -o lcov -o html --output-file a", "--output-file a: it is the file of one --output, lcov or html")
    refused("--output-file a", "--output-file is for --coverage")
    refused("--coverage --output lcov --output-file no/such/a",
      "--output lcov: " .. folder .. "/no/such/a: No such file or directory", 1)
  end)

  -- Hooks of all kinds, in the handler, a coroutine of the handler's and one of start-up's, and a finalizer.
  local hooked = [[
local events = {}
local early = coroutine.create(function()
  local y = 1
  y = y + 1
end)

local function hook(event, line)
  if line then
    event = event .. line
  end
  events[#events + 1] = event
end

return function(stop)
  debug.sethook(early, hook, "l")
  debug.sethook(hook, "crl", 3)
  local x = 1
  coroutine.wrap(function()
    x = x + 1
  end)()
  coroutine.resume(early)
  local f, mask, count = debug.gethook()
  local g, early_mask = debug.gethook(early)
  debug.sethook()
  events[#events + 1] = tostring(f == hook) .. mask .. count .. tostring(g == hook) .. early_mask
  events[#events + 1] = tostring(debug.gethook())
  setmetatable({}, { __gc = function()
    x = x + 1
  end })
  collectgarbage()
  while require("flaron").request.method() == "POST" do
    debug.sethook(hook, "l")
    debug.sethook()
  end
  return { body = table.concat(events, " ") }
end
]]

  it("and a script's hooks, the profiler and the CPU limit do not disturb each other", function()
    local folder = project { ["main.lua"] = hooked, ["spec/a_spec.lua"] = spec [[
      local flare = assert(edge.load("main.lua", { cpu_ms = 100 }))
      local body = flare:request().body
      local file <close> = assert(io.open("body.txt", "w"))
      file:write(body)
      for _ = 1, 2 do
        local stopped = flare:request { method = "POST" }
        assert.is_false(stopped.failed)
        assert.matches("stopped: CPU time limit reached", stopped.error)
        assert.equal(body, flare:request().body)
      end]] }
    local code, output, plain = support.cli("run", folder)
    assert.equal(0, code, plain)
    plain = output:match "\n\n(.-)\n*$"
    assert.matches("^return line17 .*call .*count .* line3 line4 line5 .*return .* truecrl3truel nil$", plain)
    code, output = support.cli("run", folder, "--profile", folder .. "/p.svg")
    assert.same({ 0, plain }, { code, output:match "\n\n(.-)\n*$" })
    local errors
    code, output, errors = test(folder, "--coverage")
    assert.same({ 0, "" }, { code, errors }, output)
    assert.equal(plain, support.read(folder .. "/body.txt"))
    local counts = {}
    for n in support.read(folder .. "/luacov.stats.out"):match "main.lua\n(.-)\n":gmatch "%d+" do counts[#counts + 1] = tonumber(n) end
    for _, line in ipairs { 3, 4, 8, 9, 11, 15, 16, 17, 19, 21, 24, 28, 31, 32, 35 } do
      assert.is_true(counts[line] > 0, "line " .. line .. " was not counted")
    end
  end)

  it("tests the flare that is packed without it", function()
    local folder = project(files)
    support.write(folder .. "/spec/a_spec.lua", spec [[
      local file <close> = assert(io.open("plain.wasm", "rb"))
      assert.is_true(file:read "a" == edge.load("main.lua"):wasm())]])
    assert.equal(0, (support.cli("pack", folder, "-o", folder .. "/plain.wasm")))
    assert.equal(0, (test(folder, "--coverage")))
  end)

  it("says so when nothing was counted", function()
    local folder = project { ["main.lua"] = hello, ["spec/a_spec.lua"] = "it('works', function() end)" }
    local code, _, errors = test(folder, "--coverage")
    assert.equal(0, code)
    assert.matches("luacov.report.out: No such file or directory: no lines were counted\n$", errors)
  end)
end)
