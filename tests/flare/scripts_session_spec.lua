-- scripts_session_spec.lua - flaron.session: sessions that last, and all that is not a session: forged, moved, expired.
local evaluate = require "evaluate"
local support = require "support"

local NOW = 1700000000
local KEYS = { KEY = "the key", OLD = "the old key", OTHER = "another key" }

describe("flaron.session", function()
  local flare

  setup(function()
    flare = evaluate.open({ requires_raw_auth = true, secrets = KEYS, now = NOW },
      { ["flare.lua"] = "return { modules = { 'flaron.session' }, allowed_secrets = { 'KEY', 'OLD', 'OTHER' } }" })
  end)

  before_each(function() flare.flare:set_time(NOW) end)

  teardown(function() flare:close() end)

  -- Runs code that has `sessions` of the options given.
  local function run(code, options)
    return flare:run(("local sessions = require 'flaron.session'.new(%s) %s"):format(options or "{ secret = 'KEY' }", code))
  end

  local function sign(values, options) return run(("return sessions:sign(%s)"):format(values), options)[1] end
  local function verify(text, options) return run(("return sessions:verify(%q)"):format(text), options) end
  local function base64url(text)
    return (flare:value(("return encoding.base64_encode(%q)"):format(text)):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
  end

  -- A payload with a good signature, as somebody who has the key would make it.
  local function signed(payload)
    return payload .. "." .. flare:value(("return crypto.hmac('KEY', 'flaron.session:session:%s')"):format(payload))
  end

  it("keeps values of every kind that JSON has", function()
    local token = sign "{ n = 1, f = 1.5, s = 'ü\\0\\255', list = { 1, { a = true } }, big = 9007199254740993 }"
    assert.matches("^[%w_-]+%.%x+$", token)
    assert.same({ { n = 1, f = 1.5, s = "ü\0\255", list = { 1, { a = true } }, big = 9007199254740993 }, nil, NOW + 86400, n = 3 },
      verify(token))
    assert.same({}, verify(sign "{}")[1])
  end)

  it("signs with HMAC-SHA-256 of the host", function()
    local payload, signature = sign("{ a = 1 }"):match "^(.*)%.(.*)$"
    assert.equal(flare:value(("return crypto.hmac('KEY', 'flaron.session:session:%s')"):format(payload)), signature)
    assert.equal(64, #signature)
  end)

  it("refuses every change of a byte", function()
    local token = sign "{ user = 'ada', admin = false }"
    for i = 1, #token, 3 do
      local c = token:sub(i, i)
      local changed = token:sub(1, i - 1) .. (c == "A" and "B" or c == "a" and "b" or "a") .. token:sub(i + 1)
      local result = verify(changed)
      assert.is_nil(result[1], changed)
      assert.truthy(result[2] == "forged" or c == "." and result[2] == "malformed", result[2])
    end
  end)

  it("refuses what is of another form", function()
    local token = sign "{ user = 'ada' }"
    local payload, signature = token:match "^(.*)%.(.*)$"
    for _, text in ipairs { "x", ".", payload, payload .. ".", "." .. signature, signature, token .. "\n", token .. " ", " " .. token,
      token .. ".x", token .. "\0", payload .. "=." .. signature, ("a"):rep(5000) .. "." .. signature, "%.%", "\255" } do
      assert.same({ nil, "malformed", n = 2 }, verify(text), text)
    end
    for _, text in ipairs { payload .. "." .. signature:sub(1, -2), payload .. "." .. signature .. "0", payload .. "." .. signature:upper(),
      payload .. "x." .. signature, payload .. ".00", "e30." .. signature } do
      assert.same({ nil, "forged", n = 2 }, verify(text), text)
    end
    assert.same({ nil, "absent", n = 2 }, verify "")
    assert.same({ nil, "absent", n = 2 }, run "return sessions:verify(nil)")
  end)

  it("refuses a payload that is signed but none of ours", function()
    for _, json in ipairs { "null", "[]", "1", "{", "{}", '{"values":{}}', '{"expires":1800000000}', '{"expires":1e99,"values":{}}',
      '{"expires":"1800000000x","values":{}}', '{"expires":1800000000,"values":1}', '{"expires":1800000000,"values":null}' } do
      assert.same({ nil, "malformed", n = 2 }, verify(signed(base64url(json))), json)
    end
    assert.same({ nil, "malformed", n = 2 }, verify(signed "A"))
    assert.same({ {}, nil, 1800000000, n = 3 }, verify(signed(base64url '{"expires":1800000000,"values":{}}')))
  end)

  it("ends when its time is over, to the second", function()
    local token = sign("{ a = 1 }", "{ secret = 'KEY', max_age = 60 }")
    flare.flare:set_time(NOW + 59)
    assert.same({ { a = 1 }, nil, NOW + 60, n = 3 }, verify(token))
    flare.flare:set_time(NOW + 60)
    assert.same({ nil, "expired", n = 2 }, verify(token))
    flare.flare:set_time(NOW)
    assert.same({ { a = 1 }, nil, NOW + 5, n = 3 }, verify(run("return sessions:sign({ a = 1 }, 5)")[1]))
  end)

  it("is no good under another cookie's name or another key", function()
    local token = sign("{ a = 1 }", "{ secret = 'KEY', name = 'invitation' }")
    assert.same({ nil, "forged", n = 2 }, verify(token))
    assert.same({ nil, "forged", n = 2 }, verify(sign("{}", "{ secret = 'OTHER' }")))
  end)

  it("reads what an old key signed, and signs with the new one", function()
    local rotated = "{ secret = 'KEY', old_secrets = { 'OTHER', 'OLD' } }"
    local old = sign("{ a = 1 }", "{ secret = 'OLD' }")
    assert.same({ a = 1 }, verify(old, rotated)[1])
    assert.same({ a = 2 }, verify(sign("{ a = 2 }", rotated))[1])
    assert.same({ nil, "forged", n = 2 }, verify(old))
  end)

  it("says when there is no key", function()
    assert.same({ nil, "no such secret", n = 2 }, run("return sessions:sign {}", "{ secret = 'NONE' }"))
    assert.same({ nil, "no such secret", n = 2 }, run("return sessions:write {}", "{ secret = 'NONE' }"))
    assert.same({ nil, "no such secret", n = 2 }, verify("a.00", "{ secret = 'NONE', old_secrets = { 'NONE2' } }"))
    local token = sign "{ a = 1 }"
    assert.same({ a = 1 }, verify(token, "{ secret = 'NONE', old_secrets = { 'KEY' } }")[1])
    assert.same({ nil, "forged", n = 2 }, verify(token, "{ secret = 'NONE', old_secrets = { 'OTHER' } }"))
  end)

  it("goes round with the browser", function()
    local shop <close> = support.load([[
      local flaron = require "flaron"
      local sessions = require("flaron.session").new { secret = "KEY", max_age = 100 }
      return function()
        if flaron.request.method() == "DELETE" then return sessions:clear() end
        local values, reason = sessions:read()
        local count = (values and values.count or 0) + 1
        assert(sessions:write { count = count })
        return { body = count .. " " .. (values and "" or reason) }
      end]], { secrets = KEYS, now = NOW, requires_raw_auth = true })
    local jar
    local function ask(method)
      local answer = shop:request { method = method, headers = { cookie = jar } }
      local header = answer.headers["set-cookie"]
      jar = header:match "^[^;]*"
      return answer.body, header
    end
    assert.equal("1 absent", (ask()))
    local body, header = ask()
    assert.equal("2 ", body)
    assert.matches("^session=[%w_-]+%.%x+; Path=/; Max%-Age=100; Secure; HttpOnly; SameSite=Lax$", header)
    shop:advance(99)
    assert.equal("3 ", (ask()))
    shop:advance(99)
    assert.equal("4 ", (ask()))
    shop:advance(100)
    assert.equal("1 expired", (ask()))
    ask "DELETE"
    assert.equal("session=", jar)
    assert.equal("1 absent", (ask()))
  end)

  it("is absent as long as the host withholds cookies", function()
    local token = sign "{ a = 1 }"
    local body = "local values, reason = require 'flaron.session'.new({ secret = 'KEY' }):read() return { body = reason or values.a .. '' }"
    local request = { headers = { cookie = "session=" .. token } }
    assert.equal("absent", support.answer(body, request, { secrets = KEYS, now = NOW }).body)
    assert.equal("1", support.answer(body, request, { secrets = KEYS, now = NOW, requires_raw_auth = true }).body)
  end)

  it("is at most what a browser keeps", function()
    -- Three bytes more of text are four more of base64.
    local function write(size)
      return run(("return sessions:write { t = ('x'):rep(%d) }"):format(size))
    end
    local most
    for size = 2900, 3100 do
      if write(size)[1] then most = size end
    end
    assert.same({ nil, "too large", n = 2 }, write(most + 1))
    local _, answer = run(("return sessions:write { t = ('x'):rep(%d) }"):format(most))
    assert.equal(0, #answer.logs)
    assert.is_true(#answer.headers["set-cookie"] <= 4096 and #answer.headers["set-cookie"] > 4096 - 8)
  end)

  it("refuses values and options that make no sense", function()
    assert.matches("bad argument #1 to 'sessions:sign' %(table expected, got string%)$",
      flare:fault "require 'flaron.session'.new({ secret = 'KEY' }):sign 'x'")
    assert.matches("Cannot serialise function", flare:fault "require 'flaron.session'.new({ secret = 'KEY' }):write { print }")
    for options, message in pairs {
      ["{}"] = "option 'secret' of session.new is missing$",
      ["{ secret = 1 }"] = "option 'secret' of session.new: string expected, got number$",
      ["{ secret = 'a', maxage = 1 }"] = "unknown option 'maxage' of session.new: did you mean 'max_age'%?$",
      ["{ secret = 'a', old_secrets = 'b' }"] = "option 'old_secrets' of session.new: table expected, got string$",
      ["{ secret = 'a', old_secrets = { 5 } }"] = "option 'old_secrets' of session.new: item 1: string expected, got number$",
      ["{ secret = 'a', max_age = 1 << 32 }"] = "max_age is more than 4294967295$",
      ["{ secret = 'a', max_age = 1.5 }"] = "max_age is no positive integer$",
      ["{ secret = 'a', max_age = 0 }"] = "max_age is no positive integer$",
      ["{ secret = 'a', name = 'a b' }"] = "the name is no token%)$",
      ["{ secret = 'a', same_site = 'None', secure = false }"] = "same_site = 'None' needs secure%)$",
      ["{ secret = 'a', partitioned = true, secure = false }"] = "partitioned needs secure%)$",
    } do
      assert.matches(message, flare:fault("require 'flaron.session'.new(" .. options .. ")"), options)
    end
  end)

  it("refuses times to live that are none", function()
    for age, message in pairs {
      ["-1"] = "-1 is not from 1 to 4294967295", ["0"] = "0 is not from 1 to 4294967295",
      ["1.5"] = "number has no integer representation", ["'60'"] = "number expected, got string",
      ["math.maxinteger"] = "9223372036854775807 is not from 1 to 4294967295",
    } do
      local fault = flare:fault(("require 'flaron.session'.new({ secret = 'KEY' }):sign({}, %s)"):format(age))
      assert.truthy(fault:find(("bad argument #2 to 'sessions:sign' (%s)"):format(message), 1, true), fault)
    end
  end)

  it("compares all bytes, of any length", function()
    assert.same({ true, true, false, false, false, false, n = 6 }, flare:run [[
      local equal = require "flaron.session".equal
      return equal("", ""), equal("a\0\255", "a\0\255"), equal("a", ""), equal("", "a"), equal("ab", "abc"), equal("abc", "abd")]])
  end)

  -- Memory is filled up, and a little of it given back, more each time.
  it("lets an error of memory through: what was sent is not malformed for that", function()
    local found = flare:run([=[
      local sessions = require "flaron.session".new { secret = "KEY" }
      local list = {}
      for n = 1, 800 do list[n] = {} end
      local token = sessions:sign { list = list }
      local function ask() return sessions:verify(token) end
      local found, ballast = {}, {}
      local function fill()
        local size = 1 << 18
        while size >= 64 do
          if not pcall(function() ballast[#ballast + 1] = ("x"):rep(size) end) then size = size // 2 end
        end
      end
      for give = 1, 60 do
        fill()
        for _ = 1, give do ballast[#ballast] = nil end
        collectgarbage()
        local good, value, reason = pcall(ask)
        local text = tostring(not good and value or reason or "good"):match "not enough memory" or reason or "good"
        found[text] = (found[text] or 0) + 1
      end
      ballast = nil
      return found]=])[1]
    assert.is_true((found["not enough memory"] or 0) > 0 and (found.good or 0) > 0)
    found["not enough memory"], found.good = nil, nil
    assert.same({}, found)
  end)
end)
