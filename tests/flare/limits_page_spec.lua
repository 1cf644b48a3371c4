-- limits_page_spec.lua - reads the tables of docs/limits.md and goes to the limits, and one beyond; those that would take
-- long are only compared with the code or the help text (time of a fetch, CPU times, sizes of files, what `dev` takes:
-- front_spec.lua has more of that). That there is no lower limit of our own, and what large values do, is limits_spec.lua's.
local evaluate = require "evaluate"
local support = require "support"

local units = { KiB = 1 << 10, MiB = 1 << 20 }

-- The rows of all tables: what is limited, the number, what is beyond it.
local rows = {}
for line in assert(support.read "docs/limits.md"):gmatch "[^\n]+" do
  local name, number, unit, set, beyond = line:match "^| ([^|]+) | (%d+) ?(%a*) | %u? ?| ([^|]+) | (.+) |$"
  if name then
    rows[#rows + 1] = { name = name, n = tonumber(number) * (units[unit] or 1), unit = unit, set = set, beyond = beyond }
  end
end

-- The message that a row shows for `nil, "message"`.
local function message_of(row, n)
  local messages = {}
  for message in row.beyond:gmatch '`nil, "([^"]+)"`' do messages[#messages + 1] = message end
  return messages[n or 1] or error(row.name .. " shows no message", 0)
end

-- Runs code, with N for the limit, in a flare of its own; expects its last two values to be the refusal.
local function refuses(row, code, options, message)
  local flare <close> = evaluate.open(options)
  local values = flare:run((code:gsub("%f[%w]N%f[%W]", tostring(row.n))))
  assert.same({ true, nil, message or message_of(row) }, { values[1], values[2], values[3] })
end

local function source(name) return (assert(support.read(name)):gsub("%s+", " ")) end

local checks = {}

checks["memory"] = function(row)
  local flare <close> = evaluate.open()
  local values, response = flare:run "return pcall(function() local t = {} while true do t[#t + 1] = { #t } end end)"
  assert.same({ n = 2, false, "not enough memory" }, values)
  assert.is_true(response.memory <= row.n and response.memory > row.n // 2)
end

checks["depth of Lua calls"] = function(row)
  assert.is_truthy(source "runtime/lua/include/lua_user.h":find(("#define LUAI_MAXSTACK %d "):format(row.n), 1, true))
  local flare <close> = evaluate.open()
  local values = flare:run [[
    local depth = 0
    local function down() depth = depth + 1 return 1 + down() end -- one slot a call
    local good, message = pcall(down)
    return depth, good, message:match "stack overflow"]]
  assert.is_true(values[1] > row.n * 0.99 and values[1] <= row.n, values[1])
  assert.same({ n = 3, values[1], false, "stack overflow" }, values)
end

checks["C calls within each other"] = function(row)
  local flare <close> = evaluate.open()
  local values = flare:run [[
    local depth = 0
    local function down() depth = depth + 1 return (("x"):gsub("x", down)) end
    local good, message = pcall(down)
    local parser = load("return " .. ("("):rep(300) .. "1" .. (")"):rep(300))
    return depth, good, message:match "C stack overflow", parser]]
  assert.is_true(values[1] > row.n * 0.9 and values[1] <= row.n, values[1])
  assert.same({ false, "C stack overflow", nil }, { values[2], values[3], values[4] })
end

checks["values of JSON within each other"] = function(row)
  local flare <close> = evaluate.open()
  for n, good in pairs { [row.n] = true, [row.n + 1] = false } do
    assert.same({ n = 2, good, good }, flare:run(([[
      local t = {}
      for _ = 2, %d do t = { t } end
      local text = ("["):rep(%d) .. ("]"):rep(%d)
      return (pcall(json.encode, t)), (pcall(json.decode, text))]]):format(n, n, n)))
  end
end

checks["random bytes of one call"] = function(row)
  local flare <close> = evaluate.open { memory = 64 << 20 }
  assert.equal(row.n, flare:value(("return #crypto.random_bytes(%d)"):format(row.n)))
  assert.matches("from 0 to " .. row.n, flare:fault(("crypto.random_bytes(%d)"):format(row.n + 1)))
end

checks["length of a Nano ID"] = function(row)
  local flare <close> = evaluate.open()
  assert.equal(row.n, flare:value(("return #id.nanoid(%d)"):format(row.n)))
  assert.matches("1 to " .. row.n, flare:fault(("id.nanoid(%d)"):format(row.n + 1)))
end

checks["a cookie that is written"] = function(row)
  local flare <close> = support.load(([[
    local cookie = require "flaron.cookie"
    local session = require "flaron.session".new { secret = "KEY" }
    local function fits(n) return (pcall(cookie.serialize, "a", ("x"):rep(n - #cookie.serialize("a", "")))) end
    return function()
      local n = %d
      local _, message = session:write { text = ("x"):rep(n) }
      return { body = table.concat({ tostring(fits(n)), tostring(fits(n + 1)), message }, " ") }
    end]]):format(row.n), { secrets = { KEY = "k" } })
  assert.equal("true false too large", flare:request({}).body)
end

checks["request body"] = function(row)
  local flare <close> = evaluate.open()
  assert.equal(row.n, flare:value("return #request.body()", { body = ("x"):rep(row.n) }))
  assert.equal("", flare:value("return request.body()", { body = ("x"):rep(row.n + 1) }))
end

checks["lines of the log"] = function(row)
  local response = support.answer(("for i = 1, %d do print(i) end"):format(row.n + 1))
  local written = 0
  for _, line in ipairs(response.logs) do
    if line.text:find "^%d+$" then written = written + 1 end
  end
  assert.equal(row.n, written)
end

checks["a line of the log"] = function(row)
  for size, seen in pairs { [row.n] = row.n, [row.n + 1] = row.n } do
    assert.equal(seen, #support.answer(("print(('x'):rep(%d))"):format(size)).logs[1].text)
  end
end

checks["values of a response header"] = function(row)
  local response = support.answer "flaron.response.set_header('a', '1') flaron.response.set_header('A', '2')"
  local values = {}
  for _, value in pairs(response.headers) do values[#values + 1] = value end
  assert.same({ "2" }, values)
  assert.equal(row.n, #values)
end

-- The warnings of a response, and what a flare with these options says there.
local function warns(code, pattern, options)
  local flare <close> = evaluate.open(options)
  flare.flare:stub_fetch("", { body = "x" })
  local values, response = flare:run(code)
  local said = support.log(response, "warn") or ""
  if pattern then assert.matches(pattern, said) else assert.equal("", said) end
  return values, response
end

checks["headers of a response"] = function(row)
  for extra, pattern in pairs { [0] = false, "resp_header_set: " .. row.n .. " headers of .* allowed$" } do
    local _, response = warns(("for i = 1, %d do response.set_header('h' .. i, 'v') end"):format(row.n + extra), pattern)
    local count = 0
    for _ in pairs(response.headers) do count = count + 1 end
    assert.equal(row.n, count)
  end
end

checks["names and values of the headers of a response"] = function(row)
  for extra, pattern in pairs { [0] = false, "resp_header_set: 0 headers of 0 bytes and one of " .. row.n + 1 .. ": " } do
    local _, response = warns(("response.set_header('h', ('v'):rep(%d))"):format(row.n - 1 + extra), pattern)
    assert.equal(extra == 0 and row.n - 1 or nil, response.headers.h and #response.headers.h)
  end
end

checks["body of a response"] = function(row)
  for extra, pattern in pairs { [0] = false, "resp_body_set: " .. row.n + 1 .. " bytes: " .. row.n .. " are allowed$" } do
    local flare <close> = support.load(("return function() return { body = ('x'):rep(%d) } end"):format(row.n + extra),
      { memory = 256 << 20 })
    local response = flare:request {}
    assert.equal(extra == 0 and row.n or 0, #response.body)
    assert.matches(pattern or "^$", support.log(response, "warn") or "")
  end
end

-- What a fetch comes to with the limit, and beyond it.
local function fetches(row, code, pattern)
  assert.is_true(warns("return " .. code:gsub("N", row.n) .. " ~= nil", false, { memory = 64 << 20 })[1])
  local values = warns("return " .. code:gsub("N", row.n + 1), "^beam.fetch: http://.*: " .. pattern, { memory = 64 << 20 })
  assert.same({ n = 2, nil, message_of(row) }, values)
end

checks["a URL that is fetched"] = function(row)
  fetches(row, "beam.fetch('http://a/' .. ('x'):rep(N - 9))", ("a URL of %d bytes: %d are allowed"):format(row.n + 1, row.n))
end

checks["headers of a fetch"] = function(row)
  fetches(row, "beam.fetch('http://a/', { headers = (function() local h = {} for i = 1, N do h['h' .. i] = '' end return h end)() })",
    row.n + 1 .. " headers of ")
end

checks["names and values of the headers of a fetch"] = function(row)
  fetches(row, "beam.fetch('http://a/', { headers = { h = ('v'):rep(N - 1) } })", "1 headers of " .. row.n + 1 .. " bytes: ")
end

checks["header lines of an answer"] = function(row)
  assert.is_truthy(source "edge/base/http.h":find(("HTTP_HEAD_LINES = %d,"):format(row.n), 1, true))
  assert.is_truthy(source "edge/base/http.c":find('"' .. message_of(row) .. '"', 1, true))
end

checks["head of an answer"] = function(row)
  assert.is_truthy(source "edge/base/http.h":find(("HTTP_HEAD_SIZE = %d << 10 "):format(row.n >> 10), 1, true))
  assert.is_truthy(source "edge/base/http.c":find('"' .. message_of(row) .. '"', 1, true))
end

checks["keys of a list"] = function(row) -- tests/flare/budget_spec.lua reaches it
  assert.is_truthy(source "edge/host/limits.def":find(("max_list_keys, size_t, %d,"):format(row.n), 1, true))
end

checks["all messages sent for one event"] = function(row)
  local flare <close> = evaluate.open()
  local values, response = flare:event("message", ([[
    for _ = 1, %d do assert(ws.send(("x"):rep(1 << 20))) end
    return select(2, ws.send "x")]]):format(row.n >> 20))
  assert.same({ n = 2, message_of(row), 1 }, values)
  assert.equal(row.n >> 20, #response.frames)
end

checks["input of `crypto` and `encoding`, options of a fetch"] = function(row)
  local options = { memory = 256 << 20, secrets = { key = ("k"):rep(32) } }
  local code = "return encoding.base64_encode(('x'):rep(%d)) ~= nil, crypto.hash('md5', ('x'):rep(%d - 100)) ~= nil"
  assert.same({ n = 2, true, true }, (warns(code:format(row.n, row.n), false, options)))
  assert.same({ n = 2, false, false }, (warns(code:format(row.n + 1, row.n + 100), "%d+ bytes: " .. row.n .. " are allowed", options)))
  assert.same({ n = 2, nil, message_of(row) }, (warns(("return encoding.base64_encode(('x'):rep(%d))"):format(row.n + 1), "", options)))
end

checks["what `crypto.sign_jwt` is given"] = function(row)
  local options = { secrets = { key = "k" } }
  local code = "return crypto.sign_jwt('HS256', 'key', { a = ('x'):rep(%d) }) ~= nil"
  assert.is_true(warns(code:format(row.n - 100), false, options)[1])
  assert.is_false(warns(code:format(row.n), "^crypto_sign_jwt: %d+ bytes: " .. row.n .. " are allowed$", options)[1])
end

checks["fetches"] = function(row)
  local flare <close> = evaluate.open()
  flare.flare:stub_fetch("", { body = "x" })
  local values = flare:run(([[
    local good = true
    for _ = 1, %d do good = good and beam.fetch "http://a/" ~= nil end
    return good, beam.fetch "http://a/"]]):format(row.n))
  assert.same({ n = 3, true, nil, message_of(row) }, values)
end

checks["body of an answer"] = function(row)
  local flare <close> = evaluate.open { memory = 128 << 20 }
  flare.flare:stub_fetch("", function(fetch) return { body = ("x"):rep(tonumber(fetch.url:match "%d+")) } end)
  assert.equal(row.n, flare:value(("return #beam.fetch('http://a/%d').body"):format(row.n)))
  assert.same({ n = 2, nil, message_of(row) }, flare:run(("return beam.fetch('http://a/%d')"):format(row.n + 1)))
end

checks["time of a fetch"] = function(row)
  assert.is_truthy(source "edge/host/limits.def":find(("fetch_timeout_ms, int, %d,"):format(row.n * 1000), 1, true))
end

checks["redirects of a fetch"] = function(row)
  local flare <close> = evaluate.open()
  flare.flare:stub_fetch("", function(fetch)
    local left = tonumber(fetch.url:match "%d+")
    return left == 0 and { body = "there" } or { status = 302, headers = { location = "http://a/" .. left - 1 } }
  end)
  assert.equal("there", flare:value(("return beam.fetch('http://a/%d').body"):format(row.n)))
  assert.same({ n = 2, nil, message_of(row) }, flare:run(("return beam.fetch('http://a/%d')"):format(row.n + 1)))
end

checks["a key"] = function(row)
  refuses(row, "return spark.set(('k'):rep(N), ''), spark.set(('k'):rep(N + 1), '')")
  refuses(row, "return plasma.set(('k'):rep(N), 'x'), plasma.set(('k'):rep(N + 1), 'x')")
end

checks["a value"] = function(row)
  refuses(row, "return spark.set('k', ('x'):rep(N)), spark.set('k', ('x'):rep(N + 1))")
  refuses(row, "return plasma.set('k', ('x'):rep(N)), plasma.set('k', ('x'):rep(N + 1))")
end

checks["writes to Spark, deleting included"] = function(row)
  refuses(row, "local good = true spark.delete 'a' for _ = 2, N do good = good and spark.set('k', '') end return good, spark.set('k', '')")
end

checks["writes to Plasma, deleting and counting included"] = function(row)
  local most = [[
    plasma.delete "a"
    plasma.increment "b"
    local good = true
    for _ = 3, N do good = good and plasma.set("k", "x") end
    return good, ]]
  refuses(row, most .. "plasma.set('k', 'x')")
  refuses(row, most .. "plasma.increment 'b'", nil, message_of(row, 2))
end

checks["all keys and values in Spark"] = function(row)
  refuses(row, [[
    local good = true
    for i = 100, 99 + N // (64 << 10) do good = good and spark.set(tostring(i), ("x"):rep((64 << 10) - 3)) end
    return good, spark.set("k", "")]])
end

checks["time to live"] = function(row)
  refuses(row, "return spark.set('k', '', N), spark.set('k', '', N + 1)")
end

local other_edge = { edges = { ["fra-1"] = {} } }

checks["pulls from another edge"] = function(row)
  refuses(row, "return spark.pull('fra-1', { 'a' }) == 0, spark.pull('fra-1', { 'a' })", other_edge)
  assert.equal(1, row.n)
end

checks["keys of a pull"] = function(row)
  local pull = "local keys = {} for i = 1, N + %d do keys[i] = 'k' .. i end return true, spark.pull('fra-1', keys)"
  local flare <close> = evaluate.open(other_edge)
  assert.equal(0, flare:run((pull:format(0):gsub("N", row.n)))[2])
  refuses(row, pull:format(1), other_edge)
end

checks["messages sent for one event"] = function(row)
  local flare <close> = evaluate.open()
  local values = flare:event("message", ([[
    local good = true
    for _ = 1, %d do good = good and ws.send "x" end
    return good, (select(2, ws.send "x"))]]):format(row.n))
  assert.same({ true, message_of(row) }, { values[1], values[2] })
end

checks["all messages sent for one event"] = function(row)
  local flare <close> = evaluate.open()
  local values = flare:event("message", ([[
    local good, message = true, ("x"):rep(1 << 20)
    for _ = 1, %d do good = good and ws.send(message) end
    return good, (select(2, ws.send "x"))]]):format(row.n >> 20))
  assert.same({ true, message_of(row) }, { values[1], values[2] })
end

checks["a message"] = function(row)
  local flare <close> = evaluate.open()
  local values = flare:event("message", ("return ws.send(('x'):rep(%d)), (select(2, ws.send(('x'):rep(%d))))"):format(row.n,
    row.n + 1))
  assert.same({ true, message_of(row) }, { values[1], values[2] })
end

checks["CPU time of an invocation in `dev` and `run`"] = function(row)
  for _, command in ipairs { "dev", "run" } do
    assert.matches(("(default %d)"):format(row.n), select(2, support.cli(command, "--help")), 1, true)
  end
end

checks["CPU time of start-up, when packing"] = function(row)
  assert.is_truthy(source "edge/pack/pack.h":find(("PACK_START_MS = %d "):format(row.n), 1, true))
end

checks["a request that `dev` takes"] = function(row)
  assert.is_truthy(source "edge/server/server_private.h":find(("MAX_ENTITY = %d << 20 "):format(row.n >> 20), 1, true))
end

-- What stands for the number in the sources of the server.
for name, place in pairs {
  ["a request's target"] = { "http1.h", "HTTP1_MAX_TARGET = %d << 10", 10 },
  ["a request's head"] = { "http1.h", "HTTP1_MAX_HEAD = %d << 10", 10 },
  ["header lines of a request"] = { "http1.h", "HTTP1_MAX_FIELDS = %d,", 0 },
  ["bodies and messages in memory"] = { "server_task.c", "MOST_BODIES = %d << 20", 20 },
  ["streams of an HTTP/2 connection"] = { "server_http2.c", "MAX_STREAMS = %d,", 0 },
  ["flares at work for an HTTP/2 connection"] = { "server_http2.c", "MOST = %d }", 0 },
  ["answers kept for an HTTP/2 connection"] = { "server_http2.c", "MAX_KEPT = %d << 20", 20 },
  ["answers kept for all clients"] = { "connection.c", "MOST_HELD = %d << 20", 20 },
  ["memory of flares and answers in `dev`"] = { "pool.c", "MOST_BYTES = %d << 20", 20 },
  ["a request's head, of HTTP/2"] = { "server_http2.c", "MOST_READ = %d * HTTP1_MAX_HEAD", 16 },
  ["events of a WebSocket that wait"] = { "server_socket.c", "MAX_EVENTS = %d,", 0 },
  ["fragments of a message"] = { "server_socket.c", "MAX_FRAGMENTS = %d,", 0 },
  ["what a WebSocket does not read"] = { "server_socket.c", "MAX_UNSENT = %d << 20", 20 },
} do
  checks[name] = function(row)
    local file, what, shift = table.unpack(place)
    assert.is_truthy(source("edge/server/" .. file):find(what:format(row.n >> shift), 1, true))
  end
end

checks["flares that wait at once in `dev`, for a fetch or a pull"] = function(row)
  assert.is_truthy(source "edge/server/pool.h":find(("POOL_WAITING = %d }"):format(row.n), 1, true))
end

checks["flares that compute at once in `dev`"] = function(row)
  assert.is_truthy(source "cli/dev/dev.c":find(("FEWEST_THREADS = %d,"):format(row.n + 1), 1, true))
end

checks["edges of `dev`"] = function(row)
  local code, _, errors = support.cli("dev", "--edges", tostring(row.n + 1))
  assert.equal(2, code)
  assert.matches(("--edges takes a number from 1 to %d"):format(row.n), errors, 1, true)
end

checks["a key and its value, whatever else is allowed"] = function(row)
  assert.is_truthy(source "edge/store/store.h":find(("STORE_ROW_MAX = %d << 20 "):format(row.n >> 20), 1, true))
end

checks["CPU time of one call to the stores"] = function(row)
  assert.is_truthy(source "edge/store/store_open.c":find((" CPU_MS = %d,"):format(row.n), 1, true))
end

checks["names of a project that are looked at for a pattern in flare.lua"] = function(row)
  assert.is_truthy(source "edge/pack/patterns.h":find(("PATTERNS_MOST = %d }"):format(row.n), 1, true))
end

-- What is read of files: tests/tool/paths_spec.lua goes to the limits.
for name, constant in pairs {
  ["a file of a project"] = "PROJECT_MAX",
  ["all files of a project"] = "PROJECT_ALL",
  ["a packed flare that is read"] = "FLARE_MAX",
  ["a record that is replayed"] = "RECORD_MAX",
  ["a line map"] = "MAP_MAX",
  ["a file of secrets"] = "SECRETS_MAX",
  ["a body given to `run`"] = "BODY_MAX",
} do
  checks[name] = function(row)
    assert.is_truthy(source "edge/base/file.h":find(("#define FILE_%s ((size_t)%d << 20)"):format(constant, row.n >> 20), 1, true))
  end
end

describe("docs/limits.md", function()
  local seen = {}
  for _, row in ipairs(rows) do
    seen[row.name] = true
    it(("is right about %s"):format(row.name), function()
      assert.is_function(checks[row.name], "nobody checks it")
      checks[row.name](row)
    end)
  end

  it("has a row for each check", function()
    for name in pairs(checks) do assert.is_true(seen[name], name) end
  end)

  it("names every limit that docs/api.md names, with the same number", function()
    local count = 0
    for name, number, unit in assert(support.read "docs/api.md"):gmatch "\n| `([%w_]+)` | integer | (%d+) ?(%a*) |" do
      for _, row in ipairs(rows) do
        if row.set:find("[`*]" .. name .. "[`*]") then
          count = count + 1
          assert.equal(row.n, tonumber(number) * (units[unit] or 1) // (name:find "_ms$" and row.unit == "s" and 1000 or 1), name)
        end
      end
      assert.is_truthy(not name:find "^max_" or
        support.read "docs/limits.md":find("[`*]" .. name .. "[`*]"), name)
    end
    assert.is_true(count >= 12, count)
  end)
end)
