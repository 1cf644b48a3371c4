-- budget_spec.lua - every import of bindings/abi/abi.def with the largest input that it takes: within a budget of CPU time, so
-- that no flare goes far beyond its limit inside the host. What is larger is refused, and the log says by how much. An
-- import without a row fails here.
local evaluate = require "evaluate"
local support = require "support"

local MIB = 1 << 20

-- Milliseconds for an invocation that makes the input and calls once; far less is the host's. A sanitizer takes its part.
local BUDGET = 1000 * (os.getenv "SANITIZE" ~= "" and 6 or 1)

local imports = {}
for name in support.read "bindings/abi/abi.def":gmatch "\nFLARON_IMPORT%(%u+%d*, ([%w_]+), %u+, " do
  imports[#imports + 1] = name
end

local function many(count, size)
  local list = {}
  for i = 1, count do list[("key%06d"):format(i)] = ("v"):rep(size) end
  return list
end

-- For each import: code that calls it with the most that it takes and returns something true if it did, and what to
-- call it with beyond that; `refused` is what the script then gets (nil: nothing to see), `log` what the log says.
-- `event`, `request`, `options`: as the spec needs them; `budget`: that many times the usual one.
local cases = {
  req_method = { "return request.method()" },
  req_url = { "return #request.url() > 60000", request = { url = "http://a/" .. ("x"):rep(65000) } },
  req_header_get = { "return request.header(('x'):rep(256 << 10)) == nil",
    beyond = "return request.header(('x'):rep((256 << 10) + 1)) == nil",
    log = "req_header_get: 262145 bytes: 262144 are" },
  req_body = { "return #request.body() == 10 << 20", request = { body = ("b"):rep(10 * MIB) },
    beyond = "return request.body() == ''", beyond_request = { body = ("b"):rep(10 * MIB + 1) } },
  resp_set_status = { "response.set_status(599) return true" },
  resp_header_set = { "for i = 1, 999 do response.set_header(('header-%05d'):format(i), ('v'):rep(240)) end return true",
    beyond = "for i = 1, 3000 do response.set_header(('header-%05d'):format(i), 'v') end return true",
    log = "resp_header_set: 1000 headers of %d+ bytes and one of 13: 1000 of 262144 are allowed" },
  resp_body_set = { "response.set_body(('x'):rep(64 << 20)) return true" },
  beam_fetch = { [[
      local headers = {}
      for i = 1, 1000 do headers["x" .. i] = ("v"):rep(200) end
      return #assert(beam.fetch("http://a/", { method = "POST", headers = headers, body = ("x"):rep(15 << 20) })).body]],
    fetched = ("\1"):rep(10 * MIB), budget = 2, beyond = [[
      local headers = {}
      for i = 1, 100000 do headers["k" .. i] = "" end
      local answer, why = beam.fetch("http://a/", { headers = headers })
      return answer == nil and why == "fetch failed"]],
    log = "beam.fetch: http://a/: 100000 headers of %d+ bytes: 1000 of 262144 are allowed" },
  log_info = { "logging.info(('x'):rep(16 * MIB)) for _ = 1, 99 do logging.info('x') end return true" },
  log_warn = { "logging.warn(('x'):rep(16 * MIB)) for _ = 1, 99 do logging.warn('x') end return true" },
  log_error = { "logging.error(('x'):rep(16 * MIB)) for _ = 1, 99 do logging.error('x') end return true" },
  crypto_hash = { "return crypto.hash('sha512', ('é'):rep(8 * MIB - 100))",
    beyond = "local hash, why = crypto.hash('md5', ('x'):rep(16 * MIB)) return hash == nil and why",
    log = "crypto_hash: 167%d+ bytes: 16777216 are allowed" },
  crypto_hmac = { "return crypto.hmac('key', ('x'):rep(16 * MIB - 100))",
    beyond = "return crypto.hmac('key', ('x'):rep(16 * MIB)) == nil", log = "crypto_hmac: 167%d+ bytes: 16777216 are allowed" },
  crypto_sign_jwt = { [[
      local claims = {}
      for i = 1, 12000 do claims[("c%d"):format(i)] = 0.1 + i end
      return crypto.sign_jwt("HS256", "key", claims)]],
    beyond = "return crypto.sign_jwt('HS256', 'key', { a = ('x'):rep(256 << 10) }) == nil",
    log = "crypto_sign_jwt: 262%d+ bytes: 262144 are allowed" },
  crypto_encrypt_aes = { "return #crypto.encrypt_aes('key', ('x'):rep(16 * MIB - 100))",
    beyond = "return crypto.encrypt_aes('key', ('x'):rep(16 * MIB)) == nil", log = "crypto_encrypt_aes: 167%d+ bytes: 16777216 are" },
  crypto_decrypt_aes = { "return crypto.decrypt_aes('key', ('x'):rep(24 * MIB - 100)) == nil",
    beyond = "return crypto.decrypt_aes('key', ('x'):rep(24 * MIB)) == nil", log = "crypto_decrypt_aes: 251%d+ bytes: 25165824 are" },
  crypto_random_bytes = { "return #crypto.random_bytes(256)" },
  encoding_base64_encode = { "return #encoding.base64_encode(('x'):rep(16 * MIB))",
    beyond = "return encoding.base64_encode(('x'):rep(16 * MIB + 1)) == nil", log = "base64_encode: 16777217 bytes: 16777216 are allowed" },
  encoding_base64_decode = { "return #encoding.base64_decode(('x'):rep(48 * MIB))",
    beyond = "return encoding.base64_decode(('x'):rep(48 * MIB + 4)) == nil", log = "base64_decode: 50331652 bytes: 50331648 are" },
  encoding_hex_encode = { "return #encoding.hex_encode(('x'):rep(16 * MIB))",
    beyond = "return encoding.hex_encode(('x'):rep(16 * MIB + 1)) == nil", log = "hex_encode: 16777217 bytes: 16777216 are allowed" },
  encoding_hex_decode = { "return #encoding.hex_decode(('a'):rep(48 * MIB))",
    beyond = "return encoding.hex_decode(('a'):rep(48 * MIB + 2)) == nil", log = "hex_decode: 50331650 bytes: 50331648 are allowed" },
  encoding_url_encode = { "return #encoding.url_encode(('%'):rep(16 * MIB))",
    beyond = "return encoding.url_encode(('%'):rep(16 * MIB + 1)) == nil", log = "url_encode: 16777217 bytes: 16777216 are allowed" },
  encoding_url_decode = { "return #encoding.url_decode(('%20'):rep(16 * MIB))",
    beyond = "return encoding.url_decode(('%20'):rep(16 * MIB) .. 'x') == nil", log = "url_decode: 50331649 bytes: 50331648 are allowed" },
  id_uuid = { "return id.uuid_v7()" },
  id_ulid = { "return id.ulid()" },
  id_ksuid = { "return id.ksuid()" },
  id_nanoid = { "return #id.nanoid(1024)" },
  id_snowflake = { "return id.snowflake()" },
  snowflake_id = { "return id.snowflake()" },
  timestamp = { "return time.now 'http'" },
  spark_get = { "return #spark.get 'key000001' == 64 << 10 and spark.get(('k'):rep(256 << 10)) == nil",
    options = { spark = many(1, 64 << 10) } },
  spark_set = { "return spark.set('k', ('v'):rep(64 << 10))" },
  spark_delete = { "spark.delete 'key000001' return true", options = { spark = many(1, 64 << 10) } },
  spark_list = { "return #spark.list() == 100000", options = { spark = many(100000, 0), spark_quota_bytes = 64 * MIB },
    beyond = "spark.set('one-more', '') return spark.list() == nil", log = "spark.list: more than 100000 keys" },
  spark_pull = { "local keys = {} for i = 1, 1000 do keys[i] = ('k'):rep(250) .. i end return spark.pull('fra-1', keys) == 0",
    options = { edges = { ["fra-1"] = {} } }, beyond = [[
      local keys = {}
      for i = 1, 100000 do keys[i] = "k" .. i end
      return select(2, spark.pull("fra-1", keys))]] },
  plasma_get = { "return #plasma.get 'key000001' == 64 << 10", options = { plasma = many(1, 64 << 10) } },
  plasma_set = { "return plasma.set('k', ('v'):rep(64 << 10))" },
  plasma_delete = { "return plasma.delete 'key000001'", options = { plasma = many(1, 64 << 10) } },
  plasma_increment = { "return plasma.increment('c', math.maxinteger)" },
  plasma_decrement = { "return plasma.decrement('c', math.maxinteger)" },
  plasma_list = { "return #plasma.list() == 100000", options = { plasma = many(100000, 1) },
    beyond = "plasma.set('one-more', 'x') return plasma.list() == nil", log = "plasma.list: more than 100000 keys" },
  secret_get = { "return #secrets.get 'key'" },
  ws_send = { "for _ = 1, 16 do assert(ws.send(('x'):rep(1 << 20))) end return true", event = true,
    beyond = "for _ = 1, 16 do ws.send(('x'):rep(1 << 20)) end return select(2, ws.send 'x') == 'send limit'" },
  ws_close_conn = { "ws.close(1000) return true", event = true },
  ws_conn_id = { "return ws.conn_id()", event = true },
  ws_event_type = { "return ws.event_type()", event = true },
  ws_event_data = { "return #ws.event_data() == 1 << 20", event = true },
  ws_close_code = { "return ws.close_code() == 0", event = true },
}

local function ask(flare, case, code, request)
  code = ("local MIB = 1 << 20 local function call() %s end return call()"):format(code)
  if not case.event then return flare:run(code, request) end
  return flare:event("message", code, { data = ("d"):rep(MIB) })
end

describe("the largest input of", function()
  it("each import has a row here", function()
    local known = {}
    for _, name in ipairs(imports) do
      known[name] = true
      assert.is_table(cases[name], name .. " has none")
    end
    for name in pairs(cases) do assert.is_true(known[name], name) end
    assert.equal(48, #imports)
  end)

  -- The host is the same whatever runs the flare, and time on the clock is all that another engine tells.
  for _, name in ipairs(support.engine == "wasm2c" and imports or {}) do
    local case = cases[name] or {}
    local options = { memory = 1024 * MIB, secrets = { key = ("k"):rep(32) } }
    for key, value in pairs(case.options or {}) do options[key] = value end

    it(name .. " is done within its budget, and what is beyond it is refused", function()
      local flare <close> = evaluate.open(options)
      flare.flare:stub_fetch("", { body = case.fetched or "x" })
      local values, response = ask(flare, case, case[1], case.request)
      assert.truthy(values[1])
      assert.is_true(response.calls[name] ~= nil or name == "id_snowflake" or name == "snowflake_id")
      assert.is_true(response.cpu_us < BUDGET * 1000 * (case.budget or 1), ("%d ms"):format(response.cpu_us // 1000))
      if not case.beyond then return end
      flare.flare:stub_fetch("", { body = "x" })
      values, response = ask(flare, case, case.beyond, case.beyond_request or case.request)
      assert.truthy(values[1])
      if case.log then assert.matches(case.log, support.log(response, "warn")) end
      assert.is_true(response.cpu_us < BUDGET * 1000, ("%d ms beyond"):format(response.cpu_us // 1000))
    end)

    it(name .. " again and again ends when the CPU time is over, or soon after", function()
      local limited = { cpu_ms = 50 }
      for key, value in pairs(options) do limited[key] = value end
      if name:find "_list" then limited.spark, limited.plasma = many(1000, 1), many(1000, 1) end
      local code = case[1]:gsub("100000", "1000")
      local flare <close> = evaluate.open(limited)
      flare.flare:stub_fetch("", { body = case.fetched or "x" })
      local good = pcall(ask, flare, case, "while true do pcall(function() " .. code .. " end) end", case.request)
      assert.is_false(good)
      assert.is_true(flare.last.cpu_us < (50 + BUDGET / 2) * 1000, ("%d ms"):format(flare.last.cpu_us // 1000))
    end)
  end
end)
