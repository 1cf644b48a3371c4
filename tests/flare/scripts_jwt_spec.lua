-- scripts_jwt_spec.lua - flaron.jwt: which tokens are good with which keys, and what is said of the others.
local evaluate = require "evaluate"
local keys = require "keys"
local support = require "support"

-- RFC 7515, appendix A.1 to A.3: one payload, three keys.
local PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
local EXPIRES = 1300819380
local OCT = [[{ kty = "oct", k = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow" }]]
local RSA = [[{ kty = "RSA", e = "AQAB", n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1P]]
  .. [[t0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo]]
  .. [[7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb]]
  .. [[54h4FRWyuXpoQ" }]]
local EC = [[{ kty = "EC", crv = "P-256", x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", ]]
  .. [[y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }]]
local HS256 = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." .. PAYLOAD .. ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
local RS256 = "eyJhbGciOiJSUzI1NiJ9." .. PAYLOAD .. ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_"
  .. "lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRm"
  .. "B_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
  .. "p0igcN_IoypGlUPQGe77Rw"
local ES256 = "eyJhbGciOiJFUzI1NiJ9." .. PAYLOAD
  .. ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
local VECTORS = { { OCT, HS256 }, { RSA, RS256 }, { EC, ES256 } }

-- Base64url of bytes, for tokens that no one else makes.
local ENCODE = [[
  local function encode(bytes)
    return (encoding.base64_encode(bytes):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
  end
  local KEY = ("k"):rep(64)
  local function make(header, payload, key)
    local input = encode(header) .. "." .. encode(payload)
    return input .. "." .. encode(require "flaron.digest".hmac("sha256", key or KEY, input))
  end
]]

describe("flaron.jwt", function()
  local flare

  setup(function()
    flare = evaluate.open({ now = EXPIRES - 1, cpu_ms = 60000, secrets = { KEY = ("k"):rep(64), OLD = "old" } },
      {}, { "flaron.jwt", "flaron.digest" })
  end)
  teardown(function() flare:close() end)

  local function run(code) return flare:run("return load(request.body(), '=script', 't', setmetatable({ request = request, "
    .. "encoding = encoding, crypto = crypto, json = json }, { __index = _G }))()", { body = ENCODE .. code }) end

  -- The claims, or the reason, of a token for options, both as Lua text.
  local function verify(options, token)
    local values = run(("return require 'flaron.jwt'.new(%s):verify(%s)"):format(options, token))
    return values[1] or values[2]
  end

  -- What a token of claims, as JSON, is with more options.
  local function claims(text, options)
    local found = verify(("{ hmac_key = KEY, %s }"):format(options or ""), ("make('{\"alg\":\"HS256\"}', %q)"):format(text))
    return type(found) == "table" and "good" or found
  end

  it("takes the tokens of RFC 7515", function()
    for _, vector in ipairs(VECTORS) do
      assert.same({ iss = "joe", exp = EXPIRES, ["http://example.com/is_root"] = true },
        verify(("{ key = %s }"):format(vector[1]), ("%q"):format(vector[2])))
      local set = ("{ key = { keys = { %s, %s, { kty = 'OKP' }, %s } } }"):format(OCT, RSA, EC)
      assert.equal("joe", verify(set, ("%q"):format(vector[2])).iss)
      assert.equal("joe", verify(("{ key = json.encode(%s) }"):format(vector[1]), ("%q"):format(vector[2])).iss)
    end
  end)

  it("refuses a token of which any bit is flipped", function()
    for i, vector in ipairs(VECTORS) do
      local code = [[
        local token, good, count = %q, {}, 0
        local tokens = require "flaron.jwt".new { key = %s }
        for bit = 0, 8 * #token - 1, %d do
          local at = bit // 8 + 1
          count = count + 1
          if tokens:verify(token:sub(1, at - 1) .. string.char(token:byte(at) ~ 1 << bit %% 8) .. token:sub(at + 1)) then
            good[#good + 1] = bit
          end
        end
        return good, count]]
      local values = run(code:format(vector[2], vector[1], i == 1 and 1 or 7))
      assert.same({}, values[1])
      assert.is_true(values[2] > 200)
    end
  end)

  it("refuses the algorithm of another key, and none", function()
    for i, vector in ipairs(VECTORS) do
      for k, other in ipairs(VECTORS) do
        if i ~= k then assert.equal("algorithm", verify(("{ key = %s }"):format(other[1]), ("%q"):format(vector[2]))) end
      end
      for _, name in ipairs { "none", "None", "NONE", "", "hs256", "HS1", "ES512", "EdDSA" } do
        local token = ("encode '{\"alg\":%q}' .. '.%s.AA'"):format(name, PAYLOAD)
        assert.equal("algorithm", verify(("{ key = %s }"):format(vector[1]), token), name)
      end
    end
    local pinned = OCT:gsub("}", ", alg = 'HS512' }")
    assert.equal("algorithm", verify(("{ key = %s }"):format(pinned), ("%q"):format(HS256)))
    assert.equal("algorithm", verify(("{ key = %s, algorithms = { 'PS256' } }"):format(RSA), ("%q"):format(RS256)))
    assert.equal("algorithm", verify("{ hmac_key = ('k'):rep(47) }", "make('{\"alg\":\"HS384\"}', '{}', ('k'):rep(47))"))
  end)

  it("takes what openssl signs with keys in PEM", function()
    local input = "eyJhbGciOiJ%s."
    local function token(algorithm, path, words, size)
      local header = ('{"alg":"%s"}'):format(algorithm)
      local head = flare:value(("return (encoding.base64_encode(%q):gsub('=', ''))"):format(header))
      input = head .. "." .. PAYLOAD
      local signature = keys.sign(path, "sha" .. algorithm:sub(3), input, words, size)
      return ("%q .. encode %q"):format(input .. ".", signature)
    end
    local rsa = keys.make "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
    local p256, p384 = keys.make "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
      keys.make "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"
    local pems = { keys.pem(rsa), keys.pem(rsa, "rsa -RSAPublicKey_out"), keys.pem(p256), keys.pem(p384) }
    local tokens = {}
    for _, bits in ipairs { "256", "384", "512" } do
      tokens[#tokens + 1] = { 1, token("RS" .. bits, rsa) }
      tokens[#tokens + 1] = { 1, token("PS" .. bits, rsa, "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest") }
    end
    tokens[#tokens + 1] = { 2, token("RS256", rsa) }
    tokens[#tokens + 1] = { 3, token("ES256", p256, nil, 32) }
    tokens[#tokens + 1] = { 4, token("ES384", p384, nil, 48) }
    for i, case in ipairs(tokens) do
      local found = verify(("{ key = %q }"):format(pems[case[1]]), case[2])
      assert.equal("joe", type(found) == "table" and found.iss or found, "case " .. i)
    end
    assert.equal("signature", verify(("{ key = %q }"):format(keys.pem(keys.make "-algorithm RSA -pkeyopt rsa_keygen_bits:2048")),
      tokens[1][2]))
  end)

  it("verifies HS256 with secrets that the host keeps", function()
    local good = ("crypto.sign_jwt('HS256', 'KEY', { sub = '7', exp = %d })"):format(EXPIRES)
    assert.equal("7", verify("{ secret = 'KEY' }", good).sub)
    assert.equal("7", verify("{ secret = 'OLD', old_secrets = { 'KEY' } }", good).sub)
    assert.equal("signature", verify("{ secret = 'OLD' }", good))
    assert.equal("no such secret", verify("{ secret = 'OTHER' }", good))
    assert.equal("algorithm", verify("{ secret = 'KEY' }", (good:gsub("HS256", "HS512"))))
    assert.equal("7", verify("{ hmac_key = KEY }", (good:gsub("HS256", "HS512"))).sub)
    assert.equal("7", verify("{ hmac_key = KEY }", (good:gsub("HS256", "HS384"))).sub)
  end)

  it("takes the key that the token names", function()
    local named = { (OCT:gsub("}", ", kid = 'a' }")), "{ kty = 'oct', kid = 'b', k = encode(KEY) }" }
    local set = ("{ key = { keys = { %s, %s } } }"):format(named[1], named[2])
    local payload = ("'{\"exp\":%d}'"):format(EXPIRES)
    assert.equal(EXPIRES, verify(set, ("make('{\"alg\":\"HS256\",\"kid\":\"b\"}', %s)"):format(payload)).exp)
    assert.equal("signature", verify(set, ("make('{\"alg\":\"HS256\",\"kid\":\"a\"}', %s)"):format(payload)))
    assert.equal("key", verify(set, ("make('{\"alg\":\"HS256\",\"kid\":\"c\"}', %s)"):format(payload)))
    assert.equal("malformed", verify(set, ("make('{\"alg\":\"HS256\",\"kid\":1}', %s)"):format(payload)))
  end)

  it("checks times, to the second", function()
    local now = EXPIRES - 1
    for _, case in ipairs {
      { '{"exp":%d}', now, "expired" }, { '{"exp":%d}', now + 1, "good" }, { '{"exp":%d.5}', now, "good" },
      { '{"exp":%d}', now - 9, "good", "leeway = 10" }, { '{"exp":%d}', now - 10, "expired", "leeway = 10" },
      { '{"nbf":%d}', now, "good", "required = {}" }, { '{"nbf":%d}', now + 1, "early", "required = {}" },
      { '{"nbf":%d}', now + 10, "good", "required = {}, leeway = 10" }, { '{"iat":%d}', now + 1, "early", "required = {}" },
      { '{"iat":%d}', now - 9, "good", "required = {}, max_age = 10" },
        { '{"iat":%d}', now - 10, "expired", "required = {}, max_age = 10" },
      { '{"n":%d}', 1, "missing" }, { '{"n":%d}', 1, "missing", "required = { 'n', 'm' }" },
        { '{"n":%d}', 1, "good", "required = { 'n' }" },
      { '{"n":%d}', 1, "missing", "required = {}, max_age = 10" }, { '{"exp":null,"n":%d}', 1, "malformed" },
      { '{"exp":"%d"}', now + 9, "malformed" }, { '{"exp":1e999,"n":%d}', 1, "malformed" }, { '{"exp":nan,"n":%d}', 1, "malformed" },
      { '{"exp":[%d]}', now + 9, "malformed" }, { '{"exp":true,"n":%d}', 1, "malformed" }, { '{"nbf":"%d"}', 1, "malformed" },
    } do
      assert.equal(case[3], claims(case[1]:format(case[2]), case[4]), case[1] .. (case[4] or ""))
    end
  end)

  it("checks whose the token is", function()
    for _, case in ipairs {
      { '{"iss":"a"}', "issuer = 'a'", "good" }, { '{"iss":"a"}', "issuer = { 'b', 'a' }", "good" },
        { '{"iss":"a"}', "issuer = 'b'", "issuer" },
      { "{}", "issuer = 'b'", "issuer" }, { '{"iss":["b"]}', "issuer = 'b'", "issuer" },
      { '{"aud":"a"}', "audience = 'a'", "good" }, { '{"aud":["b","a"]}', "audience = 'a'", "good" },
      { '{"aud":["b","a"]}', "audience = { 'c', 'a' }", "good" }, { '{"aud":["b"]}', "audience = 'a'", "audience" },
      { '{"aud":[["a"]]}', "audience = 'a'", "audience" }, { '{"aud":{"a":"a"}}', "audience = 'a'", "audience" },
      { "{}", "audience = 'a'", "audience" }, { '{"aud":null}', "audience = 'a'", "audience" },
      { '{"sub":"a"}', "subject = 'a'", "good" }, { '{"sub":"a"}', "subject = 'b'", "subject" },
        { '{"sub":1}', "subject = '1'", "subject" },
    } do
      assert.equal(case[3], claims(case[1], "required = {}, " .. case[2]), case[1] .. case[2])
    end
  end)

  it("refuses what is no token, and headers that ask for more", function()
    local payload = ("{\"exp\":%d}"):format(EXPIRES)
    local function header(text, options)
      local found = verify("{ hmac_key = KEY, " .. (options or "") .. " }", ("make(%q, %q)"):format(text, payload))
      return type(found) == "table" and "good" or found
    end
    assert.equal("critical", header '{"alg":"HS256","crit":["b64"],"b64":false}')
    assert.equal("critical", header '{"alg":"HS256","crit":[]}')
    for _, text in ipairs { '{"alg":1}', "{}", '["HS256"]', '"HS256"', "HS256", '{"alg":"HS256"', "{} {}", "" } do
      assert.equal("malformed", header(text), text)
    end
    assert.equal("good", header('{"alg":"HS256","typ":"application/AT+JWT"}', "type = 'at+jwt'"))
    assert.equal("type", header('{"alg":"HS256","typ":"JWT"}', "type = 'at+jwt'"))
    assert.equal("type", header('{"alg":"HS256"}', "type = 'at+jwt'"))
    for _, text in ipairs { "[]", '"a"', "1", "null", "exp", '{"exp":1' } do assert.equal("malformed", claims(text), text) end
    local key = ("{ key = %s }"):format(OCT)
    for _, token in ipairs { "a", "a.b", "a.b.c", "..", HS256 .. "=", HS256 .. ".a", " " .. HS256, HS256 .. "\n", HS256:gsub("%.", "..", 1),
      HS256:sub(1, -2) .. "l", HS256:sub(1, -2), HS256:gsub("-", "+"), HS256:gsub("_", "/"), HS256 .. ("a"):rep(16384) } do
      local found = verify(key, ("%q"):format(token))
      assert.equal("malformed", type(found) == "table" and "good" or found, token:sub(1, 300))
    end
    assert.equal("absent", verify(key, "nil"))
    assert.equal("absent", verify(key, "''"))
  end)

  it("refuses options and keys that make no sense", function()
    local function fault(options) return flare:fault(("require 'flaron.jwt'.new(%s)"):format(options)) end
    assert.equal("option 'key' of jwt.new: one of 'secret', 'hmac_key' and 'key' must be there", fault "{}")
    assert.equal("option 'key' of jwt.new: one of 'secret', 'hmac_key' and 'key' must be there", fault "{ secret = 'a', key = 'b' }")
    assert.equal("unknown option 'isuer' of jwt.new: did you mean 'issuer'?", fault "{ secret = 'a', isuer = 'b' }")
    assert.equal("option 'hmac_key' of jwt.new: at least 32 bytes expected, and no PEM", fault "{ hmac_key = ('k'):rep(31) }")
    assert.equal("option 'hmac_key' of jwt.new: at least 32 bytes expected, and no PEM",
      fault "{ hmac_key = '-----BEGIN PUBLIC KEY-----' .. ('k'):rep(64) }")
    assert.equal("option 'algorithms' of jwt.new: 'none' is not known", fault "{ secret = 'a', algorithms = { 'none' } }")
    assert.equal("option 'leeway' of jwt.new: not from 0 to 3600", fault "{ secret = 'a', leeway = 3601 }")
    assert.equal("option 'max_age' of jwt.new: not from 1 to 4294967296", fault "{ secret = 'a', max_age = 0 }")
    assert.equal("option 'audience' of jwt.new: list of strings expected, has a number", fault "{ secret = 'a', audience = { 1 } }")
    local none = "option 'key' of jwt.new: no public key, JWK or JWKS that can verify"
    for _, key in ipairs { "''", "'a'", "{}", "{ keys = {} }", "{ kty = 'OKP' }", "'[]'", "{ kty = 'oct', k = 'a' }",
      "{ kty = 'oct', k = 'AA=' }",
      "'-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----'",
      "'-----BEGIN PUBLIC KEY-----\\nAAA\\n-----END PUBLIC KEY-----'", (EC:gsub("}", ", use = 'enc' }")),
      (EC:gsub("}", ", key_ops = { 'sign' } }")) } do
      assert.equal(none, fault(("{ key = %s }"):format(key)), key)
    end
    assert.equal("option 'key' of jwt.new: point not on the curve", fault(("{ key = %s }"):format((EC:gsub("5a0", "5a4")))))
    assert.equal("option 'key' of jwt.new: shorter than 32 bytes", fault "{ key = { kty = 'oct', k = 'AAAA' } }")
    assert.equal("option 'key' of jwt.new: modulus too small", fault "{ key = { kty = 'RSA', n = 'AAAA', e = 'AQAB' } }")
  end)

  it("reads PEM strictly: no cut, no byte more, no other bit", function()
    local pem = keys.pem(keys.make "-algorithm EC -pkeyopt ec_paramgen_curve:P-256")
    local code = [[
      local jose, pem, wrong = require "flaron.internal.jose", %q, {}
      local der = encoding.base64_decode(pem:match("\n(.*)\n%%-"):gsub("\n", "") .. "")
      local function read(bytes)
        return jose.keys("-----BEGIN PUBLIC KEY-----\n" .. encoding.base64_encode(bytes) .. "\n-----END PUBLIC KEY-----\n")[1]
      end
      if not read(der) then wrong[1] = "whole" end
      for cut = 1, #der - 1 do if read(der:sub(1, cut)) then wrong[#wrong + 1] = cut end end
      for bit = 0, 8 * (#der - 64) - 1 do
        local at = bit // 8 + 1
        if read(der:sub(1, at - 1) .. string.char(der:byte(at) ~ 1 << bit %% 8) .. der:sub(at + 1)) then wrong[#wrong + 1] = bit end
      end
      if read(der .. "\0") then wrong[#wrong + 1] = "more" end
      return wrong]]
    assert.same({}, run(code:format(pem))[1])
  end)

  it("fetches a key set once, anew for an unknown key, and not more often than the interval", function()
    local url, now, fetched = "https://login.test/jwks", EXPIRES - 1000, 0
    local body, status = ('{"keys":[{"kid":"a",%s]}'):format((EC:gsub(" = ", ":"):gsub("[{ ]", ""):gsub("(%l+):", '"%1":'))), 200
    flare.flare:stub_fetch("^https://login%.test/", function()
      fetched = fetched + 1
      return { status = status, body = body }
    end)
    local options = ("{ key = require 'flaron.jwt'.keys { url = %q, ttl = 300, interval = 10 } }"):format(url)
    local unknown = "encode '{\"alg\":\"ES256\",\"kid\":\"b\"}' .. '.e30.AA'"
    local function at(seconds, token, count, expected)
      flare.flare:set_time(now + seconds)
      local found = verify(options, token)
      assert.equal(expected, type(found) == "table" and found.iss or found)
      assert.equal(count, fetched)
    end
    status = 503
    at(0, unknown, 1, "no keys")
    at(9, ("%q"):format(ES256), 1, "no keys")
    status = 200
    at(10, ("%q"):format(ES256), 2, "joe")
    at(15, ("%q"):format(ES256), 2, "joe")
    at(19, unknown, 2, "key")
    at(20, unknown, 3, "key")
    at(29, unknown, 3, "key")
    status = 500
    at(30, unknown, 4, "key")
    at(31, ("%q"):format(ES256), 4, "joe")
    status = 200
    at(319, ("%q"):format(ES256), 4, "joe")
    at(320, ("%q"):format(ES256), 5, "joe")
    body = '{"keys":[{"kty":"oct","k":"' .. ("A"):rep(44) .. '"}]}' -- what all can read is no secret
    at(620, ("%q"):format(HS256), 6, "key")
    flare.flare:set_time(EXPIRES - 1)
  end)

  it("says in the log why a key set is not taken", function()
    local others <close> = support.load {
      ["main.lua"] = [[
        local flaron, jwt = require "flaron", require "flaron.jwt"
        local sets = {}
        for n = 1, 6 do sets[n] = jwt.new { key = jwt.keys { url = ("https://login.test/%d"):format(n) } } end
        return function()
          local _, reason = sets[tonumber(flaron.request.url():match "%d+$")]:verify "eyJhbGciOiJFUzI1NiJ9.e30.AA"
          return { body = reason }
        end]],
      ["flare.lua"] = "return { writes_spark_kv = true, allowed_fetch_urls = { 'https://login.test/*' } }",
    }
    for n, case in ipairs {
      { 503, "", "the status is 503" }, { 200, "<html>", "the answer is no JWKS" }, { 200, "{}", "the answer is no JWKS" },
      { 200, "[" .. (" "):rep(60000), "the answer has over 60000 bytes" },
      { 200, '{"keys":[{}' .. (",{}"):rep(32) .. "]}", "the set has more than 32 keys" }, { 0, "", "fetch failed" },
    } do
      others:stub_fetch("^https://login%.test/", function() return case[1] > 0 and { status = case[1], body = case[2] } or nil end)
      local answer = others:request { url = ("https://x.test/%d"):format(n) }
      assert.equal("no keys", answer.body)
      local last = answer.logs[#answer.logs]
      assert.equal(("warn jwt.keys: no key set from https://login.test/%d: %s"):format(n, case[3]), last.level .. " " .. last.text)
    end
  end)

  it("refuses options of a key set that make no sense", function()
    local function fault(options) return flare:fault(("require 'flaron.jwt'.keys(%s)"):format(options)) end
    assert.equal("option 'url' of jwt.keys: missing", fault "{}")
    assert.equal("option 'url' of jwt.keys: an https URL expected", fault "{ url = 'http://a/' }")
    assert.equal("option 'ttl' of jwt.keys: not from 1 to 86400", fault "{ url = 'https://a/', ttl = 0 }")
    assert.equal("option 'interval' of jwt.keys: not from 1 to 50", fault "{ url = 'https://a/', ttl = 50, interval = 51 }")
  end)
end)
