-- binary_spec.lua - every byte, everywhere that the ABI carries bytes; and what is refused by name where it cannot.
local evaluate = require "evaluate"

local all = {}
for byte = 0, 255 do all[#all + 1] = string.char(byte) end
local EVERY = table.concat(all)
local TWICE = EVERY .. EVERY:reverse()

-- In front of code: the same bytes in the script.
local every = [[
  local every = {}
  for byte = 0, 255 do every[#every + 1] = string.char(byte) end
  every = table.concat(every)
  every = every .. every:reverse()
]]

describe("every byte goes through", function()
  local flare

  setup(function() flare = evaluate.open { secrets = { binary = TWICE, aes = ("k"):rep(32) }, max_log_line = 1 << 20 } end)
  teardown(function() flare:close() end)

  it("the request's body", function()
    assert.equal(TWICE, flare:value("return request.body()", { body = TWICE }))
    for byte = 0, 255 do
      assert.equal(string.char(byte), flare:value("return request.body()", { body = string.char(byte) }))
    end
  end)

  it("the request's headers and, but blanks, # and control characters, its URL", function()
    local url = "http://localhost/" .. TWICE:gsub("[%c #\127]", "")
    assert.same({ n = 2, TWICE, url }, flare:run("return request.header 'x', request.url()", { headers = { x = TWICE }, url = url }))
  end)

  it("the response's body", function()
    local support = require "support"
    assert.equal(TWICE, support.answer(every .. "flaron.response.set_body(every)").body)
    assert.equal(TWICE, support.answer(every .. "return { body = every }").body)
  end)

  it("the response's header values, but CR, LF and NUL", function()
    local support = require "support"
    local response = support.answer(every .. [[
      local refused = 0
      for byte = 0, 255 do
        if not pcall(flaron.response.set_header, "x-" .. byte, "a" .. string.char(byte) .. "b") then refused = refused + 1 end
      end
      return { body = refused }]])
    assert.equal("3", response.body)
    for byte = 0, 255 do
      local allowed = byte ~= 0 and byte ~= 10 and byte ~= 13
      assert.equal(allowed and "a" .. string.char(byte) .. "b" or nil, response.headers["x-" .. byte])
    end
  end)

  it("spark and plasma values", function()
    assert.same({ n = 2, TWICE, TWICE }, flare:run(every .. [[
      assert(spark.set("k", every) and plasma.set("k", every))
      return (spark.get "k"), (plasma.get "k")]]))
    assert.same({ k = TWICE }, flare.flare:contents "spark")
    assert.same({ k = TWICE }, flare.flare:contents "plasma")
  end)

  it("secrets", function()
    assert.equal(TWICE, flare:value "return secrets.get 'binary'")
  end)

  it("ws frames and event data", function()
    local code = every .. "ws.send(every) ws.send_text(ws.event_data()) return ws.event_text()"
    local values, response = flare:event("message", code, { data = TWICE, conn_id = TWICE })
    assert.equal(TWICE, values[1])
    assert.same({ TWICE, TWICE }, response.frames)
    assert.equal(TWICE, flare:event("message", "return ws.conn_id()", { conn_id = TWICE })[1])
  end)

  it("log lines", function()
    local _, response = flare:run(every .. "logging.info(every)")
    assert.equal(TWICE, response.logs[1].text)
  end)

  it("base64, hex and URL encoding, both ways", function()
    for name in ("base64 hex url"):gmatch "%w+" do
      assert.is_true(flare:value(every .. ("return encoding.%s_decode(encoding.%s_encode(every)) == every"):format(name, name)))
      for byte = 0, 255, 17 do
        assert.equal(string.char(byte), flare:value(
          ("return encoding.%s_decode(encoding.%s_encode(string.char(%d)))"):format(name, name, byte)))
      end
    end
    local expected = TWICE:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    assert.equal(expected, flare:value(every .. "return encoding.hex_encode(every)"))
  end)

  it("decrypt_aes", function()
    local support = require "support"
    -- What node encrypted: nonce, ciphertext, tag.
    local _, sealed = support.run [[node -e '
      const c = require("crypto").createCipheriv("aes-256-gcm", Buffer.alloc(32, "k"), Buffer.alloc(12, 7));
      const all = Buffer.from([...Array(256).keys()]);
      const text = Buffer.concat([all, Buffer.from(all).reverse()]);
      const out = Buffer.concat([c.update(text), c.final()]);
      process.stdout.write(Buffer.concat([Buffer.alloc(12, 7), out, c.getAuthTag()]).toString("base64"))']]
    assert.equal(TWICE, flare:value(("return crypto.decrypt_aes('aes', %q)"):format(sealed)))
  end)

  it("json, whose strings cjson leaves as they are above 0x7f", function()
    assert.is_true(flare:value(every .. "return json.decode(json.encode(every)) == every"))
  end)

  it("random_bytes are raw bytes, not hex", function()
    local bytes = flare:value "return crypto.random_bytes(4096)"
    assert.equal(4096, #bytes)
    assert.is_truthy(bytes:find "[\128-\255]")
    assert.is_truthy(bytes:find "%z")
  end)
end)

describe("where the ABI carries text", function()
  local flare

  setup(function() flare = evaluate.open { secrets = { aes = ("k"):rep(32) } } end)
  teardown(function() flare:close() end)

  for _, call in ipairs { "crypto.hash('sha256', %s)", "crypto.hmac('aes', %s)", "crypto.encrypt_aes('aes', %s)",
    "beam.fetch('http://a/', { body = %s })", "crypto.sign_jwt('HS256', 'aes', { a = %s })",
    "beam.fetch('http://a/', { headers = { a = %s } })", "spark.pull('o', { %s })" } do
    it(("bytes that are not UTF-8 are refused by name: %s"):format(call), function()
      for _, text in ipairs { "'\\xff'", "'a\\x80'", "'\\xc3'", "'\\xc0\\xaf'", "'\\xe0\\x80\\x80'", "'\\xed\\xa0\\x80'",
        "'\\xf4\\x90\\x80\\x80'", "'\\xf8\\x88\\x80\\x80\\x80'" } do
        assert.matches("^bad argument #[123] to '" .. call:match "^[%w_.]+" .. "' %(not UTF%-8: the host takes text here%)$",
          flare:fault(call:format(text)))
      end
    end)
  end

  it("every character of UTF-8 is taken, U+0000 too", function()
    for _, text in ipairs { "\\0", "\\u{7f}", "\\u{80}", "\\u{7ff}", "\\u{800}", "\\u{d7ff}", "\\u{e000}", "\\u{ffff}",
      "\\u{10000}", "\\u{10ffff}" } do
      assert.is_true(flare:value(([[
        local text = "a%sb"
        return crypto.decrypt_aes("aes", crypto.encrypt_aes("aes", text)) == text]]):format(text)), text)
    end
  end)
end)

describe("a NUL in a key or name", function()
  local flare

  setup(function() flare = evaluate.open() end)
  teardown(function() flare:close() end)

  for call, argument in pairs {
    ["spark.get 'a\\0b'"] = "#1 to 'spark.get'", ["spark.set('\\0', '')"] = "#1 to 'spark.set'",
    ["spark.delete 'a\\0'"] = "#1 to 'spark.delete'", ["spark.pull('a\\0', {})"] = "#1 to 'spark.pull'",
    ["plasma.get 'a\\0b'"] = "#1 to 'plasma.get'", ["plasma.set('a\\0b', '')"] = "#1 to 'plasma.set'",
    ["plasma.delete 'a\\0b'"] = "#1 to 'plasma.delete'", ["plasma.increment 'a\\0b'"] = "#1 to 'plasma.increment'",
    ["plasma.decrement 'a\\0b'"] = "#1 to 'plasma.decrement'", ["secrets.get 'a\\0b'"] = "#1 to 'secrets.get'",
    ["beam.fetch 'http://a/\\0'"] = "#1 to 'beam.fetch'", ["flaron.asset 'a\\0b'"] = "#1 to 'flaron.asset'",
  } do
    it(("is refused by name: %s"):format(call), function()
      assert.equal(("bad argument %s (contains a NUL)"):format(argument), flare:fault(call))
    end)
  end

  it("in a request header's name finds nothing", function()
    assert.same({ n = 1 }, flare:run("return request.header 'x-a\\0b'", { headers = { ["x-a"] = "there" } }))
  end)
end)
