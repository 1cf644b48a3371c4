-- profile_spec.lua - `flaron-lua run --profile`: shares of functions whose work is known, all kinds of calls, what is
-- written. The bounds are wide, since samples are chance and machines are busy.
local support = require "support"

-- Profiles a script; returns its stacks {samples=, [1..n] = labels}, the samples in all, standard error, the exit code.
local function profile(source, ...)
  local folder = support.project(source)
  local file = folder .. "/p.folded"
  local code, output, errors = support.cli("run", folder, "--profile", file, ...)
  local stacks, all = {}, 0
  for line in (support.read(file) or ""):gmatch "[^\n]+" do
    local names, samples = line:match "^(.*) (%d+)$"
    local stack = { samples = math.tointeger(samples), text = names }
    for name in names:gmatch "[^;]+" do stack[#stack + 1] = name end
    stacks[#stacks + 1] = stack
    all = all + stack.samples
  end
  return stacks, all, errors, code, output
end

-- The share of samples, in percent, whose stack ends with `name`, or, `anywhere`, has it.
local function share(stacks, all, name, anywhere)
  local sum = 0
  for _, stack in ipairs(stacks) do
    local found = stack[#stack] == name
    for _, other in ipairs(anywhere and stack or {}) do found = found or other == name end
    if found then sum = sum + stack.samples end
  end
  return 100 * sum / all
end

local function between(low, high, value)
  assert.is_true(value >= low and value <= high, ("%.1f is not between %d and %d"):format(value, low, high))
end

-- A handler around a body, the functions before it.
local function script(functions, body)
  return ("local flaron = require 'flaron'\n%s\nreturn { handle_request = function()\n%s\nend }\n"):format(functions, body)
end

local spin = "local function spin(n) local x = 0 for i = 1, n do x = x + i % 7 end return x end\n"

-- Whether a text is well-formed XML, as far as the writer can get it wrong: tags match, what has a meaning is escaped.
local function check_xml(text)
  local open, count, at = {}, 0, 1
  while true do
    local from, to, close, name, rest = text:find("<(/?)(%a+)([^<>]*)>", at)
    local between_tags = text:sub(at, (from or 0) - 1)
    assert.is_nil(between_tags:find "[<>]")
    assert.is_nil(between_tags:gsub("&%a+;", ""):find "&")
    assert.is_nil(between_tags:find "[%z\1-\8\11-\31\127]")
    if not from then break end
    count = count + 1
    if close == "/" then
      assert.equal(table.remove(open), name)
    elseif rest:sub(-1) ~= "/" then
      open[#open + 1] = name
    end
    at = to + 1
  end
  assert.same({}, open)
  assert.is_truthy(utf8.len(text))
  return count
end

describe("a profile", function()
  it("shows the share of each Lua function", function()
    local stacks, all, errors, code, output = profile(script([[
      local function hot() local x = 0 for i = 1, 90000 do x = x + i % 7 end return x end
      local cold = function() local x = 0 for i = 1, 10000 do x = x + i % 7 end return x end]],
      "local x = hot() + cold() flaron.response.set_body(tostring(x)) return flaron.RESPOND"))
    between(60, 98, share(stacks, all, "hot main.lua:2"))
    between(2, 30, share(stacks, all, "cold main.lua:3"))
    between(90, 100, share(stacks, all, "handle_request main.lua:4", true))
    assert.equal(0, code)
    assert.matches("^HTTP/1.1 200 OK\n\n%d+$", output)
    assert.matches("/p.folded has all of it\n$", errors)
    assert.matches("\n  self   total\n +%d+%.%d%%  +%d+%.%d%%  hot main.lua:2\n", errors)
    assert.is_nil(errors:find("of the invocations failed", 1, true))
  end)

  it("shows functions of the host on the bindings that call them", function()
    local stacks, all = profile(script("", [[
      local value = ("v"):rep(2000)
      for n = 1, 300 do flaron.spark.set("k" .. n, value) end
      return flaron.RESPOND]]))
    between(50, 100, share(stacks, all, "spark_set [host]"))
    for _, stack in ipairs(stacks) do
      if stack[#stack] == "spark_set [host]" and #stack > 2 then
        assert.equal("invocation;handle_request main.lua:3;spark.set [C];spark_set [host]", stack.text)
      end
    end
  end)

  it("counts the time in C to the function that is there", function()
    local stacks, all = profile(script("", [[
      local text = ("x"):rep(20000)
      local s = text:gsub("x", "y")
      for word in text:gmatch "z*" do s = word end
      table.sort({ 1, 2 })
      return flaron.RESPOND]]))
    between(20, 95, share(stacks, all, "string.gsub [C]"))
    between(3, 70, share(stacks, all, "string.gmatch [C]"))
    between(60, 100, share(stacks, all, "string.gsub [C]") + share(stacks, all, "string.gmatch [C]"))
  end)

  it("waits with the flare, without a CPU clock", function()
    local code = support.run "command -v node"
    assert.equal(0, code)
    local folder = support.project(script("", "flaron.beam.fetch(flaron.request.url()) return flaron.RESPOND"))
    support.write(folder .. "/slow.mjs", [[
      import http from "node:http";
      const server = http.createServer((_, answer) => setTimeout(() => answer.end("slow"), 100));
      server.listen(0, "127.0.0.1", () => console.log(server.address().port));
      setTimeout(() => process.exit(), 20000);]])
    local _, _, errors = support.run(([[
      node %s/slow.mjs >%s/port & server=$!
      until [ -s %s/port ]; do sleep 0.05; done
      %s run %s --url http://127.0.0.1:$(cat %s/port)/ --profile %s/p.folded --times 4
      kill $server]]):format(folder, folder, folder, support.quote(support.flaron_lua), folder, folder, folder))
    local waited = (support.read(folder .. "/p.folded") or ""):match "beam_fetch %[host%] (%d+)\n"
    assert.is_truthy(waited, errors)
    between(200, 2000, tonumber(waited))
  end)

  it("puts coroutines on who resumed them", function()
    local stacks, all = profile(script(spin, [[
      local co = coroutine.create(function()
        local inner = coroutine.wrap(function() for _ = 1, 3 do local x = spin(20000) coroutine.yield(x) end end)
        for _ = 1, 3 do inner() end
      end)
      coroutine.resume(co)
      return flaron.RESPOND]]))
    between(80, 100, share(stacks, all, "spin main.lua:2"))
    for _, stack in ipairs(stacks) do
      if stack[#stack] == "spin main.lua:2" then
        assert.equal("invocation;handle_request main.lua:4;coroutine.resume [C];main.lua:5;coroutine.wrap [C];main.lua:6;"
          .. "spin main.lua:2", stack.text)
      end
    end
  end)

  it("marks tail calls", function()
    local stacks, all = profile(script(spin, "return spin(20000) and flaron.RESPOND"))
    between(0, 0, share(stacks, all, "(tail calls)", true))
    stacks, all = profile(script(spin .. "local function hop(n) if n == 0 then return spin(20000) end return hop(n - 1) end",
      "local x = hop(10) flaron.response.set_body(tostring(x)) return flaron.RESPOND"))
    between(80, 100, share(stacks, all, "(tail calls)", true))
    between(80, 100, share(stacks, all, "spin main.lua:2"))
  end)

  it("leaves calls out of a deep recursion, and knows its ends", function()
    for _, depth in ipairs { 500, 15000 } do
      local stacks, all = profile(script(spin .. ([[
        local function down(n) if n == 0 then local x = spin(3000000) return x end local x = down(n - 1) return x end
        local function top() local x = down(%d) return x end]]):format(depth),
        "local x = top() flaron.response.set_body(tostring(x)) return flaron.RESPOND"), "--times", "20")
      between(80, 100, share(stacks, all, "spin main.lua:2"))
      between(80, 100, share(stacks, all, "(calls left out)", true))
      between(depth > 10000 and 0 or 80, depth > 10000 and 20 or 100, share(stacks, all, "top main.lua:4", true))
      for _, stack in ipairs(stacks) do assert.is_true(#stack <= 124) end
    end
  end)

  it("lives through stacks that grow and shrink, errors, collections and finalizers", function()
    local stacks, all, _, code, output = profile(script([[
      local function down(n) if n == 0 then error {} end return 1 + down(n - 1) end]], [[
      for n = 1, 60 do
        local co = coroutine.wrap(function() pcall(down, n * 50) error "over" end)
        pcall(co)
        setmetatable({}, { __gc = function() for _ = 1, 100 do end end })
        if n % 20 == 0 then collectgarbage() end
        string.rep("x", n * 10)
      end
      flaron.response.set_body "alive"
      return flaron.RESPOND]]))
    assert.same({ 0, "HTTP/1.1 200 OK\n\nalive" }, { code, output })
    between(50, 100, share(stacks, all, "down main.lua:2", true) + share(stacks, all, "collectgarbage [C]", true))
    between(0, 20, share(stacks, all, "(coroutine)", true))
    between(0, 20, share(stacks, all, "(moving the stack)", true))
  end)

  it("is made of a flare that fails, or is stopped", function()
    local stacks, all, errors, code = profile(script(spin, "spin(200000) error 'no'"))
    between(80, 100, share(stacks, all, "spin main.lua:2"))
    assert.equal(0, code)
    assert.equal(1, select(2, errors:gsub("main.lua:5: no", "")))
    stacks, all, errors = profile(script("local function loop() while true do end end", "loop()"), "--cpu-ms", "60",
      "--times", "3")
    between(80, 100, share(stacks, all, "loop main.lua:2"))
    assert.matches("\n3 of the invocations failed or were stopped\n", errors)
    between(60, 2000, all)
  end)

  it("names what it can of a packed flare, a stripped one too", function()
    local folder = support.project(script(spin, "local x = spin(20000) flaron.response.set_body(tostring(x)) return 1"))
    for _, strip in ipairs { false, true } do
      local flare = folder .. "/f.wasm"
      assert.equal(0, (support.cli("pack", folder, "-o", flare, strip and "--strip" or nil)))
      local code = support.cli("run", flare, "--profile", folder .. "/p.svg", "--times", "200")
      assert.equal(0, code)
      local svg = support.read(folder .. "/p.svg")
      check_xml(svg)
      if strip then
        assert.matches("<title>%?%x%x%x%x%x%x%x%x:%d+\n", svg)
        local explained = select(2, support.cli("explain", folder .. "/f.map", folder .. "/p.svg"))
        assert.is_truthy(explained:find("<title>main.lua:2\n", 1, true))
      else
        assert.is_truthy(svg:find("<title>main.lua:2\n", 1, true))
      end
    end
  end)
end)

describe("the flame graph", function()
  it("is well-formed, whatever functions and files are called", function()
    local folder = support.folder() .. "/ä & <b>"
    support.project(script(spin, [==[
      local source = "local x = 0 for i = 1, 20000 do x = x + i end return x"
      local names = { "=<&>\"'", "=\255\1\xc2\x85 größe", "--]]>;\n" .. source }
      for _, name in ipairs(names) do local x = load(source, name)() source = source .. " + " .. x end
      return flaron.RESPOND]==]), folder)
    local code, _, errors = support.cli("run", folder, "--profile", folder .. "/p.svg")
    assert.equal(0, code, errors)
    local svg = support.read(folder .. "/p.svg")
    assert.is_true(check_xml(svg) > 20)
    assert.is_truthy(svg:find("<title>main chunk &lt;&amp;&gt;&quot;'\n", 1, true))
    assert.is_truthy(svg:find("<title>main chunk ???\xc2", 1, true) or svg:find("<title>main chunk ???? größe\n", 1, true))
    assert.is_truthy(svg:find("ä &amp; &lt;b&gt;: ", 1, true))
    assert.is_nil(svg:find("<script", 1, true))
  end)

  it("draws a callee over its caller, no wider", function()
    local folder = support.project(script(spin, "local x = spin(20000) flaron.response.set_body(tostring(x)) return 1"))
    assert.equal(0, (support.cli("run", folder, "--profile", folder .. "/p.svg", "--times", "300")))
    local boxes = {}
    for title, samples, x, y, width in support.read(folder .. "/p.svg"):gmatch
      '<title>([^\n]*)\n(%d+) samples.-x="([%d.]+)" y="(%d+)" width="([%d.]+)"' do
      boxes[title] = { samples = tonumber(samples), x = tonumber(x), y = tonumber(y), width = tonumber(width) }
    end
    local caller, callee = boxes["handle_request main.lua:4"], boxes["spin main.lua:2"]
    assert.equal(caller.y - 17, callee.y)
    assert.is_true(callee.x >= caller.x and callee.x + callee.width <= caller.x + caller.width + 0.01)
    local root = boxes.invocation
    assert.equal(1179.5, root.width)
    assert.is_true(math.abs(callee.width - (1180 * callee.samples / root.samples - 0.5)) < 0.02)
  end)
end)

describe("flaron-lua run --profile", function()
  local folder = support.project(script("", "return flaron.RESPOND"))

  it("refuses what it cannot do", function()
    local function refused(code, pattern, ...)
      local got, output, errors = support.cli("run", folder, ...)
      assert.equal(code, got)
      assert.matches(pattern, errors)
      return output
    end
    assert.equal("", refused(2, "^flaron%-lua run: %-%-times is for %-%-profile\nusage: ", "--times", "3"))
    assert.equal("", refused(2, "^flaron%-lua run: %-%-times takes a number from 1 to %d+, not '0'\n", "--times", "0"))
    assert.equal("", refused(2, "^flaron%-lua run: %-%-profile and %-%-record do not go together",
      "--profile", folder .. "/p", "--record", folder .. "/r"))
    refused(1, "flaron%-lua run: .*: 1 invocation took less than a sample: more with %-%-times\n$",
      "--profile", folder .. "/p", "--times", "1")
    assert.is_nil(support.read(folder .. "/p"))
    refused(1, "flaron%-lua run: /nonexistent/p.svg: No such file or directory\n$", "--profile", "/nonexistent/p.svg")
  end)

  it("says how far it is", function()
    local _, _, errors = support.cli("run", support.project(script(spin, "local x = spin(3e5) return x and 1")),
      "--profile", folder .. "/p.svg", "--times", "900")
    assert.matches("%d+ of 900 invocations\n", errors)
    assert.matches("\n[^\n]+: 900 invocations in %d+ ms, %d+ samples\n", "\n" .. errors)
  end)

  it("changes neither answer nor flare", function()
    local plain = { support.cli("run", "examples/hello") }
    local profiled = { support.cli("run", "examples/hello", "--profile", folder .. "/p.svg", "--times", "50000") }
    assert.same({ plain[1], plain[2] }, { profiled[1], profiled[2] })
  end)
end)

describe("make profile", function()
  it("wants a SCRIPT", function()
    local code, output, errors = support.run "make --no-print-directory profile"
    assert.same({ 2, "" }, { code, output })
    assert.matches("^make profile: SCRIPT= is missing, [^\n]*\n", errors)
  end)
end)
