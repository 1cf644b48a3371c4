-- failure_spec.lua - every import of bindings/abi/abi.def, one by one: made to fail by the host, and short of memory.
-- What is documented comes back, the invocation goes on, and nothing is lost. An import without a case fails here.
local evaluate = require "evaluate"
local support = require "support"
local tables = require "imports"

local imports, cases, options = tables.list, tables.cases, tables.options

local function open(case, more)
  local all = {}
  for key, value in pairs(options) do all[key] = value end
  for key, value in pairs(more or {}) do all[key] = value end
  local flare = evaluate.fixed(case.code or case[1], all)
  flare.flare:stub_fetch("", { body = case.fetched or "fetched" })
  return flare
end

local function ask(flare, case)
  if case.event then
    local data, conn_id = case.data or "data", case.data or "connection"
    return flare:fixed({ data = data, conn_id = conn_id, close_code = 1001 }, case.event)
  end
  local data = case.data
  return flare:fixed { method = "PUT", url = "http://a/" .. (data or "b"), headers = { ["x-a"] = data or "header" },
    body = data or "body" }
end

-- Compares what pcall gave with what a case expects.
local function check(expected, values, response)
  if type(expected) == "function" then
    assert.is_true(expected(values, response))
  elseif type(expected) == "table" then
    assert.same(table.pack(true, table.unpack(expected, 1, expected.n)), values)
  elseif type(expected) == "string" and values[1] == true then
    assert.matches(expected, values[2])
  elseif type(expected) == "string" then
    assert.matches(expected, values[2])
    assert.is_false(values[1])
  else
    assert.same({ n = 2, true, expected }, values)
  end
  assert.not_equal(500, response.status)
end

describe("bindings/abi/abi.def", function()
  it("has 48 imports, and each has a case here", function()
    assert.equal(48, #imports)
    local missing, known = {}, {}
    for _, import in ipairs(imports) do
      known[import.name] = true
      if not cases[import.name] then missing[#missing + 1] = import.name end
    end
    assert.same({}, missing)
    for name in pairs(cases) do assert.is_true(known[name], name) end
  end)
end)

describe("when the host fails", function()
  for _, import in ipairs(imports) do
    local name, case = import.name, cases[import.name] or {}

    it(("in %s, the script gets what is documented and goes on; then it works again"):format(name), function()
      local flare <close> = open(case)
      local values, response = ask(flare, case)
      check(case[2], values, response)
      assert.is_true((response.calls[name] or 0) >= 1 or name == "id_snowflake")
      for _, other in ipairs(case.others or {}) do flare.flare:fail(other, true) end
      if import.result == "I32" then
        for code, message in pairs(case.codes or {}) do
          flare.flare:fail(name, case.negative and -code or code)
          assert.same({ n = 4, true, nil, message, code }, (ask(flare, case)))
        end
        if name == "ws_close_code" then
          flare.flare:fail(name, 4000)
          assert.same({ n = 2, true, 4000 }, (ask(flare, case)))
        end
      else
        flare.flare:fail(name, true)
        values, response = ask(flare, case)
        check(case[3], values, response)
        assert.is_true(response.calls[name] >= 1)
      end
      flare.flare:fail(name)
      for _, other in ipairs(case.others or {}) do flare.flare:fail(other) end
      check(case[2], ask(flare, case))
    end)
  end

  local more = {
    { "crypto_random_bytes", "return crypto.random_bytes(16)", { n = 3, true, nil, "not available" } },
    { "crypto_random_bytes", "return math.random()", { n = 2, false, "the host gives no random bytes" } },
    { "crypto_random_bytes", "return math.randomseed()", { n = 2, false, "the host gives no random bytes" } },
    { "timestamp", "return os.clock()", { n = 3, true, nil, "not available" } },
    { "timestamp", "return time.now()", { n = 3, true, nil, "not available" } },
    { "id_uuid", "return id.uuid_v7()", { n = 3, true, nil, "not available" } },
    { "spark_list", "return spark.list()", { n = 3, true, nil, "not available" } },
    { "plasma_list", "return plasma.list()", { n = 3, true, nil, "not available" } },
    { "ws_send", "return ws.send_text 'x'", { n = 4, true, nil, "send error", 3 } },
  }
  for _, case in ipairs(more) do
    it(("in %s, %s says so"):format(case[1], case[2]), function()
      local flare <close> = open { case[2] }
      flare.flare:fail(case[1], case[1] == "ws_send" and 3 or true)
      local values = ask(flare, case)
      if values[1] == false then values[2] = values[2]:gsub("^main%.lua:%d+: ", "") end
      assert.same(case[3], values)
    end)
  end

  it("in timestamp, os.time and os.date raise an error that can be caught", function()
    for _, call in ipairs { "os.time()", "os.date()" } do
      local flare <close> = open { "return " .. call }
      flare.flare:fail("timestamp", true)
      local values = ask(flare, {})
      assert.is_false(values[1], call)
      assert.is_string(values[2])
    end
  end)
end)

-- Lua that fills memory until nothing of the size of a table fits, makes the call, and lets go of it all.
local short_of_memory = [[
  local call = function() %s end
  local function room()
    local list, count = {}, 0
    pcall(function()
      while true do
        list[count + 1] = ("x"):rep(4000)
        count = count + 1
      end
    end)
    return count
  end
  local chain
  local function fill()
    local size = 1 << 16
    while size >= 64 do
      if not pcall(function() chain = { chain, ("x"):rep(size) } end) then size = size // 2 end
    end
    pcall(function() while true do chain = { chain } end end)
  end
  for _ = 1, 8 do -- after the first of it, free memory lies in other pieces, which says nothing of what is lost
    fill()
    pcall(call)
    chain = nil
    collectgarbage()
  end
  room()
  collectgarbage()
  local before, count = room(), 0
  collectgarbage()
  count = collectgarbage "count"
  local refused, good, first, second = 0, nil, nil, nil
  for _ = 1, 8 do
    fill()
    good, first, second = pcall(call)
    if not good then refused = refused + 1 end
    chain = nil
    collectgarbage()
  end
  for _ = 1, 3 do collectgarbage() end
  local left = collectgarbage "count" - count
  local after = room()
  collectgarbage()
  local again = pcall(call)
  return good, first, second, left, before, after, again, refused]]

local MEMORY = (2 << 20) + 65536

-- Whose answers here are so large that the host's `alloc` must refuse each of them.
local large = { req_header_get = true, req_body = true, req_url = true, beam_fetch = true, spark_get = true,
  plasma_get = true, secret_get = true, ws_conn_id = true, ws_event_data = true }

describe("when memory is full", function()
  for _, import in ipairs(imports) do
    local name, case = import.name, cases[import.name] or {}
    if import.result == "PACKED" then
      it(("%s gives an error that can be caught, or a value, and nothing is lost"):format(name), function()
        local full = { code = short_of_memory:format(case[1]), event = case.event, data = ("d"):rep(3000),
          fetched = ("f"):rep(3000) }
        local more = { memory = MEMORY, max_fetch_requests = 1000, spark = { there = full.data },
          plasma = { there = full.data }, secrets = { key = name == "secret_get" and full.data or options.secrets.key } }
        local flare <close> = open(full, more)
        local values, response = ask(flare, full)
        assert.is_true(values[1], tostring(values[2]))
        local good, first, second, left, before, after, again, refused = table.unpack(values, 2, 9)
        if good then
          assert.is_true(first ~= nil or second == "not available" or second == "not enough memory", tostring(second))
        else
          assert.matches("not enough memory", tostring(first))
        end
        assert.is_true(left < 8, ("%s KiB left behind"):format(left))
        assert.is_true(before > 50 and after > before * 0.9, ("room for %d blocks, then %d"):format(before, after))
        assert.is_true(again)
        if large[name] then assert.equal(8, refused) end
        assert.is_true(response.memory <= MEMORY)
      end)
    end
  end

  it("a large value is refused with Lua's own error, and the buffer is the host's no more", function()
    local code = [[
      local results = {}
      for i = 1, 50 do results[i] = pcall(request.body) end
      local good, message = pcall(request.body)
      local small = #request.header "x-a"
      return good, message, small, results[1], results[50] ]]
    local flare <close> = evaluate.fixed(code, { memory = MEMORY })
    local values, response = flare:fixed { headers = { ["x-a"] = "header" }, body = ("b"):rep(1 << 20) }
    assert.same({ n = 6, true, false, "not enough memory", 6, false, false }, values)
    assert.is_true(response.memory <= MEMORY)
  end)

  it("ends an invocation that does not catch it with 500 and a log line, and the next one works", function()
    local flare <close> = support.load([[
      local flaron = require "flaron"
      return function()
        if flaron.request.method() == "GET" then return { body = "good" } end
        local list = {}
        while true do list[#list + 1] = flaron.request.body() end
      end]], { memory = MEMORY })
    for _ = 1, 3 do
      local response = flare:request { method = "POST", body = ("b"):rep(50000) }
      assert.equal(500, response.status)
      assert.matches("not enough memory", support.log(response, "error"))
      assert.is_true(response.memory <= MEMORY)
      assert.equal("good", flare:request({}).body)
    end
  end)
end)

-- A block of 40 bytes lost each time would be seen: most calls cost a message to another process on V8.
local CALLS = support.engine == "wasm2c" and 20000 or 500

describe("nothing is lost", function()
  for _, import in ipairs(imports) do
    local name, case = import.name, cases[import.name] or {}
    if import.result == "PACKED" and name ~= "beam_fetch" then
      it(("by %d calls of %s that work and as many that fail"):format(CALLS, name), function()
        local code = ([[
          local call = function() %s end
          for _ = 1, 10 do pcall(call) end
          collectgarbage() collectgarbage()
          local before = collectgarbage "count"
          for _ = 1, %d do pcall(call) end
          collectgarbage() collectgarbage()
          return collectgarbage "count" - before]]):format(case[1], CALLS)
        local big = { code = code, event = case.event, data = large[name] and ("d"):rep(3000) or nil }
        local flare <close> = open(big, { memory = MEMORY, max_plasma_writes = 1 << 20 })
        for _, failing in ipairs { false, true } do
          flare.flare:fail(name, failing)
          local values, response = ask(flare, big)
          assert.is_true(values[1], tostring(values[2]))
          assert.is_true(values[2] < 4, ("%s KiB more"):format(values[2]))
          assert.is_true(response.memory <= MEMORY // 2 + (1 << 19), response.memory)
        end
      end)
    end
  end
end)
