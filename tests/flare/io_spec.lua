-- io_spec.lua - io, loadfile and dofile over assets, and lines of the log: each piece below gives in a flare what it gives in
-- native Lua, where the assets are files.
local evaluate = require "evaluate"
local support = require "support"

local numbers = table.concat({ " 12", "0x1F -3.5e2", "\t+7 0x.8p1 0xA.8P-1 .5 5. 1e+2", "99999999999999999999 -0x7fffffffffffffff",
  "nan", "e 1e 0x 0xg . - +-1 1..2 1e5e5 --1", ("1"):rep(200), ("1"):rep(201), "00012 1_000 1x" }, "\n")
local every = {}
for byte = 0, 255 do every[#every + 1] = string.char(byte) end
local assets = {
  ["lines.txt"] = "one\ntwo\n\nfour",
  ["ended.txt"] = "a\r\nb\n",
  ["pages/empty"] = "",
  ["bytes.bin"] = table.concat(every):rep(3),
  ["numbers.txt"] = numbers,
  ["long.txt"] = ("x"):rep(5000) .. "\n" .. ("y"):rep(3000),
  ["chunk.lua"] = "local a, b = ... return 7, a, b, x",
  ["head.lua"] = "\xEF\xBB\xBF#!/usr/bin/lua\nreturn debug.getinfo(1, 'l').currentline, debug.getinfo(1, 'S').source",
  ["only.lua"] = "#!/usr/bin/lua",
  ["mark.lua"] = "\xEF\xBBreturn 1",
  ["bad.lua"] = "\n\nreturn = 1",
  ["raises.lua"] = "local t\nt.x = 1",
  ["yields.lua"] = "return coroutine.yield(1), 2",
  ["data.csv"] = "k,v\n",
}

-- What gives the same in both.
local same = {
  -- opening
  "return io.type(io.open 'lines.txt'), io.type(io.open './lines.txt'), io.type(io.open '././pages/empty')",
  "return io.open 'nothing'", "return io.open('nothing', 'rb')", "return io.open ''", "return io.open 'pages/nothing.html'",
  "return pcall(io.open)", "return pcall(io.open, {})", "return io.open(7)",
  "for _, m in ipairs { '', 'x', 'rw', 'r+b+', 'br', 'rb+', 'rbx', 'R' } do out(m, pcall(io.open, 'lines.txt', m)) end",
  "return io.type(io.open('lines.txt', 'rb')), io.type(io.open('lines.txt', 'rbb'))",
  "return io.type(42), io.type(io.stdin), io.type {}, pcall(io.type)",
  "local f = io.open 'lines.txt' local t = tostring(f):match '^file %(0x%x+%)$' f:close() return t ~= nil, tostring(f), io.type(f)",
  "local f = io.open 'lines.txt' return f:close(), pcall(f.close, f)",
  "local f = io.open 'lines.txt' return io.close(f), pcall(io.close, f), pcall(f.read, f), pcall(f.lines, f), pcall(f.seek, f)",
  "local f <close> = io.open 'lines.txt' local g do local h <close> = f g = h end return io.type(g)",
  "local m = getmetatable(io.stdin) return m.__name, type(m.__index), type(m.__gc), type(m.__close), type(m.__tostring), m.__metatable",
  "local n = {} for k in pairs(getmetatable(io.stdin)) do n[#n + 1] = k end table.sort(n) return table.concat(n, ' ')",
  "local n = {} for k in pairs(getmetatable(io.stdin).__index) do n[#n + 1] = k end table.sort(n) return table.concat(n, ' ')",
  "local n = {} for k in pairs(io) do n[#n + 1] = k end table.sort(n) return table.concat(n, ' ')",
  "return pcall(function() return io.stdin.read({}) end)", "return pcall(io.stdin.read)",
  "return pcall(function() return io.stdin + 1 end)", "return pcall(function() return #io.stdin end)",
  "return require 'io' == io, package.loaded.io == io, io.stdin ~= io.stdout, rawequal(io.input(), io.stdin)",
  -- reading
  "local f = io.open 'lines.txt' return f:read(), f:read 'l', f:read 'L', f:read 'L', f:read 'L', f:read 'l', f:read 'a', f:read 'a'",
  "local f = io.open 'lines.txt' return f:read('*l', '*L', '*a', '*a', '*l')",
  "local f = io.open 'lines.txt' return f:read('lines', 'Long', 'all')",
  "local f = io.open 'ended.txt' return f:read('L', 'l', 'l')",
  "local f = io.open 'pages/empty' return f:read(0), f:read 'l', f:read 'L', f:read 'n', f:read(1), f:read 'a'",
  "local f = io.open 'lines.txt' return f:read(0, 2, 0, 100, 0)", "local f = io.open 'lines.txt' return f:read(3, 'a', 0, 'x')",
  "local f = io.open 'lines.txt' return f:read(2.0, '3')", "return pcall(io.open 'lines.txt'.read, io.open 'lines.txt', 1.5)",
  "for _, p in ipairs { 'x', '', '*', '**l', 'w' } do local f = io.open 'lines.txt' out(p, pcall(f.read, f, p)) end",
  "local f = io.open 'lines.txt' return pcall(function() f:read {} end)", "return pcall(function() io.open 'lines.txt':read 'z' end)",
  "local f = io.open 'lines.txt' return pcall(f.read, f, 'l', 'z'), f:read()",
  "local f = io.open 'bytes.bin' local a, b, c = f:read(10, 300, 'a') return a, b, c, f:seek()",
  "local f = io.open 'long.txt' return #f:read(), #f:read(), f:read()", "return #io.open 'long.txt':read(4999, 2)",
  "local f = io.open 'numbers.txt' for _ = 1, 60 do local n = f:read 'n' out(n, math.type(n), f:seek()) if not n then f:read(1) end end",
  "local f = io.open 'numbers.txt' return f:read('n', 'n', 'n', 'l', 'n', 'n')",
  "local f = io.open 'lines.txt' return f:read('n', 'l')", "local f = io.open 'lines.txt' return f:read('l', 'n', 'l')",
  "return io.read(), io.read 'a', io.read 'n', io.read(0), io.read(5), io.read('a', 'l'), io.stdin:read()",
  "return pcall(io.read, 'x'), pcall(function() io.read 'x' end), pcall(function() io.read(1, {}) end)",
  -- lines
  "for l in io.lines 'lines.txt' do out(l) end", "for a, b in io.lines('lines.txt', 1, 'L') do out(a, b) end",
  "for n in io.lines('numbers.txt', 'n') do out(n) end", "for l in io.lines('./ended.txt', '*L') do out(l) end",
  "for c in io.lines('lines.txt', 4) do out(c) end", "for a in io.lines('lines.txt', 'a') do out(a) if a == '' then break end end",
  "local n = io.lines 'ended.txt' return n(), n(), n(), pcall(n)",
  "local f = io.open 'ended.txt' local n = f:lines() n() n() return n(), n(), io.type(f)",
  "local f = io.open 'ended.txt' local n = f:lines() f:close() return pcall(n)", "return pcall(io.lines, 'nothing')",
  "return pcall(function() for l in io.lines 'nothing' do out(l) end end)",
  "return select('#', io.lines 'lines.txt'), select('#', io.lines())",
  "local _, a, b, f = io.lines 'lines.txt' return a, b, io.type(f)",
  "local file for l in io.lines() do out(l) end return io.type(io.input())",
  "local _, _, _, f = io.lines 'lines.txt' for _ in io.lines 'lines.txt' do break end return io.type(f)",
  "return pcall(io.lines, 'lines.txt', 'x')", "return pcall(io.lines('lines.txt', 'x'))", "return pcall(io.lines, {})",
  "return pcall(io.lines, 'lines.txt', table.unpack({}, 1, 251))", "return pcall(io.lines('lines.txt', table.unpack({}, 1, 250)))",
  "local f = io.open 'lines.txt' return pcall(function() for l in f:lines 'x' do out(l) end end)",
  -- default input
  "local old = io.input() io.input 'lines.txt' out(io.read(), io.type(io.input())) for l in io.lines() do out(l) end out(io.read()) "
    .. "out(io.close(io.input())) out(pcall(io.read), pcall(io.lines)) io.input(old) return io.read()",
  "local f = io.open 'lines.txt' local old = io.input() out(io.input(f) == f, io.read()) io.input(old) return f:read()",
  "return pcall(io.input, 'nothing'), pcall(io.input, {}), pcall(io.input, io.stdin) ",
  "local f = io.open 'lines.txt' f:close() return pcall(io.input, f)",
  -- positions
  "local f = io.open 'lines.txt' return f:seek(), f:seek 'end', f:seek('set', 4), f:read(), f:seek('cur', -4), f:read(), f:seek()",
  "local f = io.open 'lines.txt' return f:seek('set', 100), f:read(0), f:read 'a', f:read(), f:seek(), f:seek('end', 5)",
  "local f = io.open 'lines.txt' f:read() out(f:seek('set', -1)) out(f:seek('cur', -100)) out(f:seek('end', -100)) return f:seek(), "
    .. "f:seek('end', -4), f:read()",
  "local f = io.open 'lines.txt' return pcall(f.seek, f, 'x'), pcall(f.seek, f, 'set', 'x'), pcall(f.seek, f, 'set', 1.5), "
    .. "pcall(f.seek, f, 1)",
  "local f = io.open 'lines.txt' f:read 'a' return f:seek('cur', -1), f:read 'a', f:read 'n', f:seek 'set', f:read(1)",
  "local f = io.open 'lines.txt' return f:setvbuf 'no', f:setvbuf('full', 1024), f:setvbuf 'line', f:flush(), pcall(f.setvbuf, f), "
    .. "pcall(f.setvbuf, f, 'x')",
  "local f = io.open 'lines.txt' return pcall(f.setvbuf, f, 'no', 'x')",
  -- writing where it cannot be
  "local f = io.open 'lines.txt' out(f:write 'x') out(f:write(1)) out(f:write('', 'y')) return f:write() == f, f:write '' == f, f:read()",
  "local f = io.open 'lines.txt' return pcall(f.write, f, {}), pcall(f.write, f, 'a', {})",
  "return pcall(io.write, {}), pcall(io.stdout.write, io.stdout, nil)",
  "local old = io.output() local f = io.open 'lines.txt' out(io.output(f) == f) out(io.write 'x') out(io.close(), pcall(io.write, "
    .. "'x'), pcall(io.flush)) io.output(old)",
  "return io.close(io.stdin)", "return io.stdout:close()", "return io.stderr:close(), io.type(io.stderr)", "return io.close()",
  "return io.flush(), io.stdout:flush(), io.stderr:flush(), io.stdout:setvbuf 'no'",
  "return io.write() == io.stdout, io.write('') == io.stdout, io.stderr:write('') == io.stderr",
  "return pcall(io.popen), pcall(io.popen, 'x', 'rw'), pcall(io.popen, 'x', 'a')",
  -- chunks
  "return pcall(dofile, 'chunk.lua')", "x = 5 local a, b, c, d = loadfile 'chunk.lua'(1, 2) x = nil return a, b, c, d",
  "return loadfile('./chunk.lua', 't', { x = 3 })(1)", "return loadfile('chunk.lua', nil, { x = 3 })()",
  "return loadfile('chunk.lua', 'bt')()",
  "return pcall(loadfile('chunk.lua', 't', nil))", "return dofile 'head.lua'", "return loadfile './head.lua'()", "return dofile 'only.lua'",
  "return loadfile 'mark.lua'", "return loadfile 'bad.lua'", "return loadfile './bad.lua'", "return pcall(dofile, 'bad.lua')",
  "return loadfile 'nothing'", "return pcall(dofile, './nothing')", "return pcall(loadfile, {})", "return pcall(dofile, {})",
  "return pcall(loadfile, 'chunk.lua', {})", "return loadfile('nothing', 'b')", "return pcall(dofile, 'raises.lua')",
  "return dofile()", "return type(loadfile()), loadfile()(), dofile 'pages/empty'",
  "local co = coroutine.wrap(dofile) return co 'yields.lua', co(5)",
  -- os
  "return os.getenv 'NO_SUCH_NAME', pcall(os.getenv), pcall(os.getenv, {})",
  "return os.setlocale(), os.setlocale 'C', os.setlocale 'xx_XX'",
  "return os.setlocale(nil, 'numeric'), os.setlocale('C', 'time'), pcall(os.setlocale, {})",
  "return pcall(os.remove), pcall(os.rename, 'x'), pcall(os.execute, {}), pcall(os.exit, {}), pcall(os.exit, 'x')",
}

-- In front of each piece: collects what it gives.
local prefix = [[
local results = {}
local function out(...)
  local all = table.pack(...)
  for i = 1, all.n do
    local value = all[i]
    local kind = math.type(value) or type(value)
    all[i] = (kind == "string" or kind == "integer" or kind == "float" or kind == "boolean") and ("%q"):format(value) or kind
  end
  results[#results + 1] = table.concat(all, ", ")
end
]]
local suffix = " return table.concat(results, '; ') "

local function whole(piece)
  return ("%s out(pcall(function() %s end)) %s"):format(prefix:gsub("\n", " "), piece, suffix)
end

local function manifest()
  local names = {}
  for path in pairs(assets) do names[#names + 1] = ("%q"):format(path) end
  table.sort(names)
  return ("return { assets = { %s } }"):format(table.concat(names, ", "))
end

-- What native Lua gives for each piece, in a folder that has the assets as files.
local function native()
  local folder, lines = support.project(assets), {}
  for i, piece in ipairs(same) do
    lines[i] = ("result = load(%q, '=script')() results:write(#result, '\\n', result)"):format(whole(piece))
  end
  support.write(folder .. "/native.lua", "local results, result = assert(io.open('results', 'wb'))\n" .. table.concat(lines, "\n"))
  local code, _, errors = support.run(("unset LUA_INIT LUA_INIT_5_4 LUA_PATH LUA_CPATH; cd %s && lua5.4 native.lua"):format(folder))
  assert(code == 0, errors)
  local file <close> = assert(io.open(folder .. "/results", "rb"))
  local results = {}
  for i = 1, #same do
    local size = file:read "n"
    file:read(1)
    results[i] = size > 0 and file:read(size) or ""
  end
  return results
end

describe("io, as in native Lua", function()
  local flare, expected
  setup(function()
    local files = { ["flare.lua"] = manifest() }
    for path, content in pairs(assets) do files[path] = content end
    flare, expected = evaluate.open({}, files), native()
  end)
  teardown(function() flare:close() end)

  for i, piece in ipairs(same) do
    it(("gives the same for %s"):format(piece), function()
      assert.equal(expected[i], (flare:value(whole(piece))))
    end)
  end
end)

describe("io, on a file system that cannot be written", function()
  local flare
  setup(function()
    flare = evaluate.open({}, { ["flare.lua"] = "return { assets = { './a.txt', 'b/c.txt' } }", ["./a.txt"] = "A", ["b/c.txt"] = "C" })
  end)
  teardown(function() flare:close() end)

  it("opens nothing to write, whether it is there or not", function()
    for _, mode in ipairs { "w", "a", "r+", "w+", "a+", "wb", "r+b", "ab" } do
      for _, name in ipairs { "a.txt", "new.txt", "./a.txt" } do
        assert.same({ n = 3, nil, name .. ": Read-only file system", 30 }, (flare:run(("return io.open(%q, %q)"):format(name, mode))))
      end
    end
    assert.equal("cannot open file 'x' (Read-only file system)", flare:fault "io.output 'x'")
  end)

  it("has no processes and no temporary files", function()
    assert.same({ n = 3, nil, "ls: Read-only file system", 30 }, (flare:run "return io.popen 'ls'"))
    assert.same({ n = 3, nil, "cat: Read-only file system", 30 }, (flare:run "return io.popen('cat', 'w')"))
    assert.same({ n = 3, nil, "Read-only file system", 30 }, (flare:run "return io.tmpfile()"))
    assert.same({ n = 3, nil, "Read-only file system", 30 }, (flare:run "return os.execute 'ls'"))
    assert.same({ n = 1, false }, (flare:run "return os.execute()"))
    assert.same({ n = 3, nil, "a.txt: Read-only file system", 30 }, (flare:run "return os.remove 'a.txt'"))
    assert.same({ n = 3, nil, "Read-only file system", 30 }, (flare:run "return os.rename('a.txt', 'd')"))
    assert.same({ n = 3, nil, "unable to generate a unique filename", 30 }, (flare:run "return os.tmpname()"))
  end)

  it("finds an asset with and without './' in front, wherever the manifest has it, and nothing else", function()
    assert.same({ n = 4, "A", "A", "C", "C" }, (flare:run [[
      local function get(name) return io.open(name):read 'a' end
      return get 'a.txt', get './a.txt', get 'b/c.txt', get './b/c.txt']]))
    for _, name in ipairs { "/a.txt", "b/../a.txt", "A.TXT", "c.txt", "b", "main.lua", "flare.lua" } do
      assert.same({ n = 3, nil, name .. ": No such file or directory", 2 }, (flare:run(("return io.open %q"):format(name))))
    end
  end)

  it("has standard files that cannot do what they are not for", function()
    local bad = { n = 3, nil, "Bad file descriptor", 9 }
    for _, call in ipairs { "io.stdout:read()", "io.stderr:read 'a'", "io.stdout:read(0)", "io.stdin:write 'x'" } do
      assert.same(bad, (flare:run("return " .. call)))
    end
    assert.same({ n = 3, nil, "Illegal seek", 29 }, (flare:run "return io.stdin:seek()"))
    assert.equal("Bad file descriptor", flare:fault "for _ in io.stdout:lines() do end")
  end)

  it("reads any count, and seeks no further than there are numbers", function()
    assert.same({ n = 3, "A", nil, "" },
      (flare:run "local f = io.open 'a.txt' return f:read(math.maxinteger), f:read(1 << 32), f:read 'a'"))
    assert.same({ n = 3, nil, "Invalid argument", 22 },
      (flare:run "local f = io.open 'a.txt' f:seek 'end' return f:seek('cur', math.maxinteger)"))
    assert.same({ n = 1 }, (flare:run "local f = io.open 'a.txt' f:seek('set', math.maxinteger) return f:read(1)"))
  end)

  it("lets no file be broken by what a script does to itself", function()
    for _, code in ipairs {
      "getmetatable(io.stdin).__index = nil return pcall(function() return io.stdin:read() end)",
      "getmetatable(io.stdin).__gc = 7 getmetatable(io.stdin).__close = 7 collectgarbage()",
      "local f = io.open 'a.txt' f = nil collectgarbage() collectgarbage()",
    } do
      flare:run(code)
      assert.equal("A", flare:value "return io.open 'a.txt':read()")
    end
  end)
end)

describe("a file that start-up leaves open", function()
  local main = [[
    local f, count = io.open "data.txt", 0
    local head = f:read()
    io.input "data.txt"
    return function()
      count = count + 1
      return { body = ("%s %s %s %s %d"):format(head, f:read(), f:read(), io.read "L":sub(1, 3), count) }
    end]]
  it("is read on from there, in each invocation", function()
    local flare <close> = support.load {
      ["main.lua"] = main, ["flare.lua"] = "return { assets = { 'first', 'data.txt', 'last' } }", first = ("x"):rep(70000),
      last = "z", ["data.txt"] = "one\ntwo\nthree\n",
    }
    for _ = 1, 2 do assert.equal("one two three one 1", flare:request({}).body) end
  end)

  it("may be read whole, by io, loadfile and flaron.asset", function()
    local flare <close> = support.load {
      ["main.lua"] = [[
        local flaron = require "flaron"
        local lines = {}
        for l in io.lines "data.txt" do lines[#lines + 1] = l end
        local seen = table.concat(lines, ",") .. dofile "a.lua" .. flaron.asset "data.txt" .. tostring(flaron.asset "none")
        return function() return { body = seen } end]],
      ["flare.lua"] = "return { assets = { 'a.lua', 'data.txt' } }", ["a.lua"] = "return 5", ["data.txt"] = "1\n2\n",
    }
    assert.equal("1,251\n2\nnil", flare:request({}).body)
  end)
end)

describe("standard output and standard error", function()
  local function logs(body, options)
    local response = support.answer(body, nil, options)
    local lines = {}
    for i, line in ipairs(response.logs) do lines[i] = line.level .. ": " .. line.text end
    return lines, response
  end

  it("are lines of the log: info and warn", function()
    assert.same({ "info: a", "info: b", "info: ", "warn: c", "info: d" },
      (logs "io.write('a\\nb\\n', '\\n') io.stderr:write('c\\n') io.stdout:write 'd\\n'"))
  end)

  it("are put together of pieces, print and warn going on with what was begun", function()
    assert.same({ "info: a12.5b", "info: cd\te", "info: f", "warn: gh" },
      (logs "io.write('a', 1, 2.5) io.write 'b\\nc' print('d', 'e') print 'f' io.stderr:write 'g' warn 'h'"))
  end)

  it("write numbers as Lua does", function()
    assert.same({ "info: 1 1 0.1 1e+100 -7 9.007199254741e+15" },
      (logs "io.write(1, ' ', 1.0, ' ', 0.1, ' ', 1e100, ' ', -7, ' ', 2^53, '\\n')"))
  end)

  it("are ended with the handler, also by an error", function()
    assert.same({ "info: a", "info: b", "warn: c" }, (logs "io.write 'b' flaron.logging.info 'a' io.stderr:write 'c' io.flush()"))
    local lines, response = logs "io.write 'begun' error 'gone'"
    assert.equal(500, response.status)
    assert.same({ "info: begun", 2 }, { lines[1], #lines })
    assert.matches("^error: main%.lua:%d+: gone", lines[2])
    local flare <close> = support.load "return function() io.write 'x' return { body = 'y' } end"
    for _ = 1, 2 do assert.same({ { level = "info", text = "x" } }, flare:request({}).logs) end
  end)

  it("are ended with the handler of an event", function()
    local flare <close> = support.load "return { ws_message = function() io.write 'begun' end }"
    assert.same({ { level = "info", text = "begun" } }, flare:event("message", { data = "" }).logs)
  end)

  it("lose nothing of a line that is longer than one of the log", function()
    local lines = logs "for i = 1, 1000 do io.write('0123456789') end io.write 'end\\n' io.write(('y'):rep(4096), '\\n', 'z')"
    assert.equal(("info: 0123456789"):rep(1), lines[1]:sub(1, 16))
    assert.equal(("0123456789"):rep(1000) .. "end" .. ("y"):rep(4096) .. "z", (table.concat(lines):gsub("info: ", "")))
    assert.equal(5, #lines)
  end)

  it("keep every byte", function()
    local lines = logs "local t = {} for b = 0, 255 do if b ~= 10 then t[#t + 1] = string.char(b) end end io.write(table.concat(t), '\\n')"
    assert.equal(255 + 6, #lines[1])
    assert.equal(1, #lines)
  end)

  it("write through io.output, which can be set", function()
    assert.same({ "warn: a", "info: b" }, (logs "io.output(io.stderr) io.write 'a\\n' io.output(io.stdout) io.write 'b\\n'"))
  end)

  it("keep what a print of many lines had: one event", function()
    assert.same({ "info: a\nb" }, (logs "print 'a\\nb'"))
  end)

  for _, call in ipairs { "io.write 'x'", "io.stdout:write 'x'", "io.stderr:write 'x'" } do
    it(("refuse %s outside of handlers"):format(call), function()
      local none, message = support.try_load("\n" .. call .. "\nreturn print")
      assert.is_nil(none)
      assert.matches("main.lua:2: io.write cannot be called here: what stands outside the handlers runs once, when the flare is "
        .. "packed, and there is no host then; call it in the handler, or require this module there", message, 1, true)
    end)
  end

  it("take setvbuf and flush at start-up", function()
    local flare <close> = support.load "io.stdout:setvbuf 'no' io.flush() io.stderr:flush() return function() return { body = 'b' } end"
    assert.equal("b", flare:request({}).body)
  end)
end)
