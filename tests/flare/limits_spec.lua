-- limits_spec.lua - large values and many calls: no limit of our own below the host's.
local evaluate = require "evaluate"
local support = require "support"

local MIB = 1 << 20

describe("in one invocation", function()
  it("a request body of 10 MiB is read, hashed by a loop and sent back", function()
    local body = ("0123456789abcdef"):rep(10 * MIB // 16)
    local flare <close> = support.load [[
      local flaron = require "flaron"
      return function()
        local body = flaron.request.body()
        flaron.response.set_header("x-size", #body)
        return { body = body }
      end]]
    for _ = 1, 2 do
      local response = flare:request { body = body }
      assert.equal(tostring(10 * MIB), response.headers["x-size"])
      assert.is_true(response.body == body)
      assert.is_true(response.memory <= 32 * MIB)
    end
  end)

  it("a request body one byte larger is not handed over", function()
    local flare <close> = evaluate.open()
    assert.equal(0, flare:value("return #request.body()", { body = ("x"):rep(10 * MIB + 1) }))
  end)

  it("a fetch of 5 MiB from a stub arrives whole", function()
    local body = ("<é\"\\ >"):rep(5 * MIB // 7)
    local flare <close> = evaluate.open()
    flare.flare:stub_fetch("", { body = body })
    local response = select(2, flare:run "response.set_header('x-size', #beam.fetch('http://a/').body)")
    assert.equal(tostring(#body), response.headers["x-size"])
    assert.is_true(response.memory <= 32 * MIB)
    local echo <close> = support.load [[
      local flaron = require "flaron"
      return function() return { body = flaron.beam.fetch("http://a/").body } end]]
    echo:stub_fetch("", { body = body })
    assert.is_true(echo:request({}).body == body)
  end)

  it("a fetch of 5 MiB from a real server arrives whole", function()
    local folder = support.folder()
    local _, pid = support.run(([[node -e '
      const server = require("http").createServer((q, r) => r.end("0123456789abcdef".repeat(5 * 65536)));
      server.listen(0, "127.0.0.1", () => console.log(server.address().port));
      setTimeout(() => process.exit(), 60000);' >%s/port 2>/dev/null & echo $!]]):format(folder))
    local port
    for _ = 1, 100 do
      port = (support.read(folder .. "/port") or ""):match "%d+"
      if port then break end
      support.run "sleep 0.05"
    end
    local flare <close> = evaluate.open()
    local ok, values = pcall(flare.run, flare, ([[
      local body = beam.fetch("http://127.0.0.1:%s/").body
      return #body, body == ("0123456789abcdef"):rep(5 * 65536)]]):format(port))
    support.run("kill " .. pid:match "%d+")
    assert.is_true(ok, tostring(values))
    assert.same({ n = 2, 5 * MIB, true }, values)
  end)

  it("10,000 spark.get leave the heap where it was", function()
    local flare <close> = evaluate.open { spark = { key = ("v"):rep(1000) } }
    local values, response = flare:run [[
      spark.get "key" spark.get "none"
      collectgarbage() collectgarbage()
      local before, size = collectgarbage "count", 0
      for i = 1, 10000 do size = size + #spark.get "key" end
      collectgarbage() collectgarbage()
      return size, collectgarbage "count" - before]]
    assert.equal(10000 * 1000, values[1])
    assert.is_true(values[2] < 1, ("%g KiB more"):format(values[2]))
    assert.equal(10001 + 1, response.calls.spark_get)
    assert.is_true(response.memory <= 4 * MIB, response.memory)
  end)

  it("100 bodies of 1 MiB pass through a memory of 8 MiB", function()
    local flare <close> = evaluate.open { memory = 8 * MIB }
    local values, response = flare:run([[
      local size = 0
      for _ = 1, 100 do size = size + #request.body() end
      return size]], { body = ("x"):rep(MIB) })
    assert.equal(100 * MIB, values[1])
    assert.is_true(response.memory <= 8 * MIB)
  end)

  it("1 MiB is hashed, and signed by HMAC", function()
    local flare <close> = evaluate.open { secrets = { key = "k" } }
    local _, expected = support.run [[node -e '
      const { createHash, createHmac } = require("crypto"), text = "é".repeat(524288);
      process.stdout.write(createHash("sha256").update(text).digest("hex"));
      process.stdout.write(createHmac("sha256", "k").update(text).digest("hex"))']]
    assert.equal(expected, flare:value
      "local text = ('é'):rep(524288) return crypto.hash('sha256', text) .. crypto.hmac('key', text)")
  end)

  it("1 MiB is encrypted and decrypted", function()
    local flare <close> = evaluate.open { secrets = { key = ("k"):rep(32) } }
    assert.is_true(flare:value
      "local text = ('ab'):rep(524288) return crypto.decrypt_aes('key', crypto.encrypt_aes('key', text)) == text")
  end)

  it("100,000 random bytes come in 391 calls", function()
    local flare <close> = evaluate.open()
    local values, response = flare:run "return #crypto.random_bytes(100000)"
    assert.equal(100000, values[1])
    assert.equal(391, response.calls.crypto_random_bytes)
  end)

  it("a response of 10 MiB goes out whole", function()
    local response = support.answer "return { body = ('0123456789abcdef'):rep(10 << 16) }"
    assert.equal(10 * MIB, #response.body)
    assert.is_true(response.body == ("0123456789abcdef"):rep(10 << 16))
  end)

  it("a table that grows without end is Lua's own not enough memory, at the packed limit", function()
    local flare <close> = evaluate.open { memory = 6 * MIB }
    local values, response = flare:run
      "local ok, m = pcall(function() local t = {} while true do t[#t + 1] = { #t } end end) return ok, m"
    assert.same({ n = 2, false, "not enough memory" }, values)
    assert.is_true(response.memory <= 6 * MIB and response.memory > 3 * MIB)
  end)

  it("a loop that makes garbage of all kinds stays below 2 MiB", function()
    local flare <close> = evaluate.open()
    local values, response = flare:run [[
      local keep
      for i = 1, 300000 do -- some 100 MB in all
        keep = { name = "item " .. i, tags = { i, tostring(i) }, call = function() return i end }
        if i % 100 == 0 then keep = ("x"):rep(10000) .. i end
        if i % 50 == 0 then coroutine.wrap(function() coroutine.yield(i) end)() end
        if i % 10 == 0 then response.set_header("x-last", ("%d"):format(i)) end
      end
      return #keep]]
    assert.same({ n = 1, 10006 }, values)
    assert.equal("300000", response.headers["x-last"])
    assert.is_true(response.memory <= 2 * MIB, response.memory)
  end)

  it("memory is 32 MiB unless the flare says something else", function()
    local flare <close> = evaluate.open()
    local values, response = flare:run "return (pcall(string.rep, 'x', 14 << 20)), (pcall(string.rep, 'x', 40 << 20))"
    assert.same({ n = 2, true, false }, values)
    assert.is_true(response.memory <= 32 * MIB and response.memory > 14 * MIB)
  end)
end)
