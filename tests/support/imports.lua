-- imports.lua - every import of bindings/abi/abi.def: the call of a script that reaches it, and what comes of it. Shared by
-- tests/flare/failure_spec.lua, which has each of them fail, and tests/tool/engines_spec.lua, which compares engines.
local support = require "support"

local imports = {}
for result, name in support.read "bindings/abi/abi.def":gmatch "\nFLARON_IMPORT%((%u+%d*), ([%w_]+), %u+, " do
  imports[#imports + 1] = { name = name, result = result }
end

local JWT = "algorithm not supported or no such secret"

-- For each import the call that reaches it, what comes of it, and what when it fails: a list of values, or the
-- message of an error. `others` also fail; `codes` are those an I32 answers with; `event` is where it works.
local cases = {
  req_method = { "return request.method()", "PUT", { nil, "not available", n = 2 } },
  req_url = { "return request.url()", "http://a/b", { nil, "not available", n = 2 } },
  req_header_get = { "return request.header 'x-a'", "header", { n = 1 } },
  req_body = { "return request.body()", "body", { "", n = 1 } },
  resp_set_status = { "response.set_status(201)", function(_, r) return r.status == 201 end,
    function(_, r) return r.status == 200 end },
  resp_header_set = { "response.set_header('x', 'y')", function(_, r) return r.headers.x == "y" end,
    function(_, r) return r.headers.x == nil end },
  resp_body_set = { "return 1", function(_, r) return r.body ~= "" end,
    function(v, r) return r.body == "" and v[2] == 1 end },
  beam_fetch = { "local r, m = beam.fetch 'http://a/' return r and r.body, m", "fetched",
    { nil, "fetch failed", n = 2 } },
  log_info = { "logging.info 'told' print 'too'", function(_, r) return #r.logs == 3 end,
    function(_, r) return #r.logs == 1 end },
  log_warn = { "logging.warn 'told'", function(_, r) return #r.logs == 2 end, function(_, r) return #r.logs == 0 end },
  log_error = { "logging.error 'told'", function(_, r) return #r.logs == 2 end,
    function(_, r) return #r.logs == 1 end },
  crypto_hash = { "return crypto.hash('md5', '')", "d41d8cd98f00b204e9800998ecf8427e",
    { nil, "algorithm not supported", n = 2 } },
  crypto_hmac = { "return crypto.hmac('key', 'x')", "^%x+$", { nil, "no such secret", n = 2 } },
  crypto_sign_jwt = { "return crypto.sign_jwt('HS256', 'key', { a = 1 })", "^e[%w._-]+$", { nil, JWT, n = 2 } },
  crypto_encrypt_aes = { "return crypto.encrypt_aes('key', 'x')", "^[%w+/=]+$",
    { nil, "no such secret, or no AES key", n = 2 } },
  crypto_decrypt_aes = { "return crypto.decrypt_aes('key', crypto.encrypt_aes('key', 'plain'))", "plain",
    { nil, "cannot be decrypted", n = 2 } },
  crypto_random_bytes = { "return #crypto.random_bytes(300)", 300,
    function(v) return v[1] == false and v[2]:find "attempt to get length of a nil value" ~= nil end },
  encoding_base64_encode = { "return encoding.base64_encode 'abc'", "YWJj", { nil, "not available", n = 2 } },
  encoding_base64_decode = { "return encoding.base64_decode 'YWJj'", "abc", { nil, "not base64", n = 2 } },
  encoding_hex_encode = { "return encoding.hex_encode 'abc'", "616263", { nil, "not available", n = 2 } },
  encoding_hex_decode = { "return encoding.hex_decode '616263'", "abc", { nil, "not hexadecimal", n = 2 } },
  encoding_url_encode = { "return encoding.url_encode 'a b'", "^a%+b$", { nil, "not available", n = 2 } },
  encoding_url_decode = { "return encoding.url_decode 'a+b'", "a b", { nil, "not URL-encoded", n = 2 } },
  id_uuid = { "return id.uuid_v4()", "^[%x-]+$", { nil, "not available", n = 2 } },
  id_ulid = { "return id.ulid()", "^%w+$", { nil, "not available", n = 2 } },
  id_ksuid = { "return id.ksuid()", "^%w+$", { nil, "not available", n = 2 } },
  id_nanoid = { "return id.nanoid()", "^[%w_-]+$", { nil, "not available", n = 2 } },
  id_snowflake = { "return id.snowflake()", "^%d+$", { nil, "not available", n = 2 }, others = { "snowflake_id" } },
  snowflake_id = { "return id.snowflake()", "^%d+$", { nil, "not available", n = 2 }, others = { "id_snowflake" } },
  timestamp = { "return time.now 'http'", "GMT$", { nil, "not available", n = 2 } },
  spark_get = { "return spark.get 'there'", "kept", { n = 1 } },
  spark_set = { "return spark.set('k', 'v')", true, codes = { "invalid ttl", "too large", "write limit", "quota",
    "not available", "internal error", "read limit", "bad key", "no capability", [10] = "unknown error",
    [-1] = "unknown error" } },
  spark_delete = { "spark.set('k', 'v') spark.delete 'k' return (spark.get 'k')", function(v) return v[2] == nil end,
    function(v) return v[2] == "v" end },
  spark_list = { "return #assert(spark.list())", 1, "not available" },
  spark_pull = { "return spark.pull('origin', { 'k' })", function(v) return v[4] == 5 end, negative = true,
    codes = { [3] = "write limit", [5] = "not available", [6] = "internal error", [8] = "bad key",
      [9] = "no capability", [10] = "unknown error" } },
  plasma_get = { "return plasma.get 'there'", "kept", { n = 1 } },
  plasma_set = { "return plasma.set('k', 'v')", true, codes = { "not available", "write limit", "too large", "bad key",
    "no capability", "internal error", "unknown error", [-1] = "unknown error" } },
  plasma_delete = { "return plasma.delete 'k'", true, codes = { "not available", "write limit", "too large", "bad key",
    "no capability", "internal error", "unknown error" } },
  plasma_increment = { "return plasma.increment('c', 5)", function(v) return math.type(v[2]) == "integer" end,
    { nil, "refused", n = 2 } },
  plasma_decrement = { "return plasma.decrement('c', 5)", function(v) return math.type(v[2]) == "integer" end,
    { nil, "refused", n = 2 } },
  plasma_list = { "return #assert(plasma.list())", function(v) return v[2] >= 1 end, "not available" },
  secret_get = { "return secrets.get 'key'", "^k+$", { n = 1 } },
  ws_send = { "return ws.send 'frame'", true, event = "message",
    codes = { "send limit", "too large", "send error", "unknown error" } },
  ws_close_conn = { "ws.close(1001)", function(_, r) return r.close_code == 1001 end,
    function(_, r) return r.close_code == nil end, event = "message" },
  ws_conn_id = { "return ws.conn_id()", "connection", { n = 1 }, event = "message" },
  ws_event_type = { "return ws.event_type()", "message", { n = 1 }, event = "message" },
  ws_event_data = { "return ws.event_data()", "data", { "", n = 1 }, event = "message" },
  ws_close_code = { "return ws.close_code()", 1001, event = "close" },
}

local options = { secrets = { key = ("k"):rep(32) }, spark = { there = "kept" }, plasma = { there = "kept" } }

-- list: { name =, result = } as abi.def has them; cases: by name; options: those of edge.load that the cases expect.
return { list = imports, cases = cases, options = options }
