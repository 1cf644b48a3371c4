-- section5_spec.lua - what section 5 of the ABI reference says that other SDKs get wrong: one test each.
local evaluate = require "evaluate"
local support = require "support"

describe("what other SDKs get wrong", function()
  local flare

  setup(function() flare = evaluate.open { secrets = { key = "k" } } end)
  teardown(function() flare:close() end)

  local function payload(claims)
    return flare:value(([[
      local part = assert(crypto.sign_jwt("HS256", "key", %s)):match "%%.([^.]+)%%."
      part = part:gsub("-", "+"):gsub("_", "/")
      return encoding.base64_decode(part .. ("="):rep(-#part %% 4))]]):format(claims))
  end

  it("JSON \\u escapes in a fetched body are decoded, surrogates and control characters too", function()
    local body = "<b>&amp;</b> \u{2028}\u{10348}😀 é \0\1\31 \"\\/"
    flare.flare:stub_fetch("", { body = body })
    assert.equal(body, flare:value "return beam.fetch('http://a/').body")
    assert.same({ n = 4, "<", "é", "😀", "\0" }, flare:run
      [[return json.decode '"\\u003c"', json.decode '"\\u00e9"', json.decode '"\\uD83D\\uDE00"', json.decode '"\\u0000"' ]])
  end)

  it("a header called status, body or headers is a header and nothing else", function()
    flare.flare:stub_fetch("", { status = 404, body = "real", headers = { status = "200", body = "fake", headers = "{}",
      error = "none" } })
    local response = flare:value "return beam.fetch 'http://a/'"
    assert.same({ status = 404, body = "real", headers = { status = "200", body = "fake", headers = "{}", error = "none" } },
      response)
  end)

  it("a body that looks like the host's JSON is a body", function()
    local body = [[{"status":500,"headers":{},"body":"inner","error":"no"}]]
    flare.flare:stub_fetch("", { body = body })
    assert.same({ n = 2, 200, body }, flare:run "local r = beam.fetch 'http://a/' return r.status, r.body")
  end)

  it("{\"error\"} is nil and the message, not a success with status 0", function()
    flare.flare:stub_fetch("", function() return nil, "no <route>" end)
    assert.same({ n = 2, nil, "no <route>" }, flare:run "return beam.fetch 'http://a/'")
  end)

  it("a body of 300 KiB does not vanish", function()
    local body = ("x"):rep(300 << 10)
    assert.is_true(flare:value("return request.body()", { body = body }) == body)
  end)

  it("reading 300 KiB again and again does not exhaust anything", function()
    local values, response = flare:run([[
      for _ = 1, 500 do if #request.body() ~= 307200 then return false end end
      return true]], { body = ("x"):rep(300 << 10) })
    assert.is_true(values[1])
    assert.is_true(response.memory < 8 << 20, response.memory)
  end)

  it("a reused instance does not grow", function()
    local memory
    for i = 1, 50 do
      local _, response = flare:run("return #request.body()", { body = ("x"):rep(300 << 10) })
      memory = memory or response.memory
      if i > 2 then assert.equal(memory, response.memory) end
    end
  end)

  it("a response body of 2 MiB is not dropped", function()
    assert.equal(2 << 20, #support.answer("flaron.response.set_body(('x'):rep(2 << 20))").body)
  end)

  it("alloc refuses lengths it cannot give, and gives aligned blocks inside of memory, each once", function()
    local path = support.folder() .. "/flare.wasm"
    support.write(path, flare.flare:wasm())
    local script = path:gsub("wasm$", "mjs")
    support.write(script, [[
      import { readFileSync } from "node:fs";
      const module = new WebAssembly.Module(readFileSync(process.argv[2]));
      const imports = {};
      for (const i of WebAssembly.Module.imports(module)) {
        if (i.module !== "flaron/v1" || i.kind !== "function") throw new Error("imports " + i.module + "." + i.name);
        imports[i.name] = () => 0;
      }
      const { memory, alloc } = new WebAssembly.Instance(module, { "flaron/v1": imports }).exports;
      const say = (...words) => console.log(words.join(" "));
      for (const n of [-1, 0, -2147483648, 0x7fffffff, 0x7ffffff8, 0x40000000]) say(n, alloc(n) >>> 0);
      const blocks = [];
      for (const n of [1, 7, 8, 9, 100, 65536, 1 << 20, 1]) {
        const at = alloc(n) >>> 0;
        const inside = at > 0 && at + n <= memory.buffer.byteLength;
        const apart = blocks.every(([b, size]) => at + n <= b || b + size <= at);
        blocks.push([at, n]);
        say("block", n, at % 8, inside, apart);
      }
      let count = 0;
      while (alloc(1 << 20) !== 0) count++;
      say("full", count > 20 && count < 32, memory.buffer.byteLength <= 32 << 20, alloc(1 << 20));]])
    local _, output = support.run("node " .. script .. " " .. path)
    local expected = "-1 0\n0 0\n-2147483648 0\n2147483647 0\n2147483640 0\n1073741824 0\n"
    for _, n in ipairs { 1, 7, 8, 9, 100, 65536, 1 << 20, 1 } do expected = expected .. ("block %d 0 true true\n"):format(n) end
    assert.equal(expected .. "full true true 0\n", output)
  end)

  it("crypto input above 43,671 bytes works", function()
    for _, size in ipairs { 43671, 43672, 65537, 300000 } do
      assert.same({ n = 2, true, 64 }, flare:run(([[
        local text = ("\""):rep(%d)
        return #crypto.hash("sha256", text) == 64, #crypto.hmac("key", text)]]):format(size)))
    end
  end)

  it("a user name cannot inject a claim into a JWT", function()
    local name = [[eve","admin":true,"x":"\]]
    local text = payload(([[{ sub = %q }]]):format(name))
    assert.same({ sub = name }, flare:value(("return json.decode(%q)"):format(text)))
    local key = payload [[{ ['a":1,"admin'] = true }]]
    assert.same({ ['a":1,"admin'] = true }, flare:value(("return json.decode(%q)"):format(key)))
  end)

  it("a secret's or an algorithm's name cannot inject anything either", function()
    assert.same({ n = 2, nil, "no such secret" }, flare:run [[return crypto.hmac('none","secret_key":"key', "x")]])
    assert.same({ n = 2, nil, "algorithm not supported" }, flare:run [[return crypto.hash('x","algorithm":"md5', "x")]])
  end)

  it("exp and iat stay integers, also beyond 53 bits, and floats stay floats", function()
    local text = payload "{ exp = 1700000000, iat = 1699996400, big = 9007199254740993, half = 0.5 }"
    assert.is_truthy(text:find('"exp":1700000000[,}]'))
    assert.is_truthy(text:find('"iat":1699996400[,}]'))
    assert.is_truthy(text:find('"big":9007199254740993[,}]'))
    assert.is_truthy(text:find('"half":0.5[,}]'))
    local now <close> = evaluate.open { now = 1700000000, secrets = { key = "k" } }
    assert.matches('^{"iat":1700000000}$', now:value [[
      local part = crypto.sign_jwt("HS256", "key", { iat = time.now() }):match "%.([^.]+)%."
      return encoding.base64_decode(part .. ("="):rep(-#part % 4))]])
  end)

  it("a failed hash, JWT or increment is nil and a message, never \"\" or 0", function()
    local refusing <close> = evaluate.open { writes_plasma_kv = false }
    for _, call in ipairs { "crypto.hash('none', '')", "crypto.hmac('none', '')", "crypto.sign_jwt('HS256', 'none', {})",
      "crypto.encrypt_aes('none', '')", "crypto.decrypt_aes('none', '')", "plasma.increment 'c'", "plasma.decrement 'c'" } do
      local values = refusing:run("return " .. call)
      assert.is_nil(values[1])
      assert.is_string(values[2])
    end
  end)

  it("text that is not UTF-8 is refused, not made invalid JSON or changed", function()
    local values, response = flare:run "return pcall(crypto.hash, 'sha256', 'caf\\xe9')"
    assert.same({ n = 2, false, "bad argument #2 to 'crypto.hash' (not UTF-8: the host takes text here)" }, values)
    assert.is_nil(response.calls.crypto_hash)
  end)
end)
