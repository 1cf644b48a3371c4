-- scripts_jwt_sign_spec.lua - jwt.sign: what a token has, which keys sign, and what is said of the others.
local evaluate = require "evaluate"
local keys = require "keys"

local NOW = 1300819380
local EC = [[{ kty = "EC", crv = "P-256", d = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI" }]]
local EC_PUBLIC = [[{ kty = "EC", crv = "P-256", x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }]]

-- A JWK, as Lua text, with more fields.
local function with(key, fields) return key:sub(1, -3) .. ", " .. fields .. " }" end

describe("jwt.sign", function()
  local flare

  setup(function()
    flare = evaluate.open({ now = NOW, cpu_ms = 60000 }, {}, { "flaron.jwt", "flaron.internal.jose" })
  end)
  teardown(function() flare:close() end)

  -- Header and claims of a token, as JSON, for arguments as Lua text.
  local function signed(arguments)
    local values = flare:run(([[
      local jose = require "flaron.internal.jose"
      local head, body = require "flaron.jwt".sign(%s):match "^(.-)%%.(.-)%%."
      return jose.decode(head), jose.decode(body)]]):format(arguments))
    return values[1], values[2]
  end

  local function fault(arguments) return flare:fault(("require 'flaron.jwt'.sign(%s)"):format(arguments)) end

  it("has the algorithm, `typ` and the key's name in the header", function()
    assert.equal('{"alg":"ES256","typ":"JWT"}', (signed("{}, " .. EC)))
    assert.equal('{"alg":"ES256","typ":"JWT","kid":"a\\"b"}', (signed("{}, " .. with(EC, "kid = 'a\"b'"))))
    assert.equal('{"alg":"ES256","typ":"at+jwt","kid":"c"}', (signed(("{}, %s, { type = 'at+jwt', kid = 'c' }"):format(EC))))
    assert.equal('{"alg":"HS256","typ":"JWT"}', (signed "{}, { hmac_key = ('k'):rep(64) }"))
    assert.equal('{"alg":"HS512","typ":"JWT"}', (signed "{}, { hmac_key = ('k'):rep(64) }, { algorithm = 'HS512' }"))
  end)

  it("adds the time of now and of the end, and nothing else", function()
    local function claims(text, options) return select(2, signed(("%s, %s, %s"):format(text, EC, options or "nil"))) end
    assert.equal(('{"iat":%d}'):format(NOW), claims "{}")
    assert.equal('{"iat":7}', claims "{ iat = 7 }")
    assert.equal('{"sub":"7"}', claims("{ sub = '7' }", "{ iat = false }"))
    assert.equal(('{"exp":%d}'):format(NOW + 60), claims("{}", "{ ttl = 60, iat = false }"))
    assert.equal('{"exp":9}', claims("{ exp = 9 }", "{ iat = false }"))
    assert.equal("{}", claims("{}", "{ iat = false }"))
    assert.equal("option 'ttl' of jwt.sign: the claims have 'exp'", fault(("{ exp = 9 }, %s, { ttl = 60 }"):format(EC)))
    assert.same({ "7", n = 1 }, (flare:run("local claims = { sub = '7' } require 'flaron.jwt'.sign(claims, " .. EC
      .. ", { ttl = 60 }) assert(not claims.exp and not claims.iat) return claims.sub")))
  end)

  it("signs what verifies, with keys of openssl in PEM and DER, by each algorithm that the key has", function()
    local rsa, p256, p384 = keys.make "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
      keys.make "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", keys.make "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"
    local cases = {
      { rsa, "RS256" }, { rsa, "RS384" }, { rsa, "RS512" }, { rsa, "PS256" }, { rsa, "PS384" }, { rsa, "PS512" },
      { rsa, "RS256", "rsa -traditional" }, { rsa, "RS256", "rsa -outform DER -traditional" }, { rsa, "RS256", "pkey -outform DER" },
      { p256, "ES256" }, { p256, "ES256", "ec" }, { p256, "ES256", "ec -outform DER" }, { p256, "ES256", "pkey -outform DER" },
      { p256, "ES256", "ec -no_public" }, { p384, "ES384" }, { p384, "ES384", "ec" },
    }
    for _, case in ipairs(cases) do
      local private = case[3] and keys.pem(case[1], case[3]) or keys.read(case[1])
      for _, public in ipairs { keys.pem(case[1]), keys.pem(case[1], "pkey -pubout -outform DER") } do
        local values = flare:run(([[
          local jwt = require "flaron.jwt"
          local token = jwt.sign({ sub = "7" }, %q, { ttl = 60, algorithm = %q })
          local claims, reason, header = jwt.new { key = %q }:verify(token)
          return claims and claims.sub, reason, header and header.alg]]):format(private, case[2], public))
        assert.same({ "7", nil, case[2], n = 3 }, values)
      end
    end
    local parameters = keys.pem(p256, "ecparam -name prime256v1 -genkey")
    assert.truthy(parameters:find "BEGIN EC PARAMETERS" and parameters:find "BEGIN EC PRIVATE KEY")
    assert.equal('{"alg":"ES256","typ":"JWT"}', (signed(("{}, %q"):format(parameters))))
  end)

  it("makes another token of PSS each time, since the salt is random", function()
    local values = flare:run(([[
      local sign, key = require "flaron.jwt".sign, %q
      return sign({}, key, { algorithm = "PS256" }) ~= sign({}, key, { algorithm = "PS256" }), sign({}, key) == sign({}, key)]])
      :format(keys.read(keys.make "-algorithm RSA -pkeyopt rsa_keygen_bits:2048")))
    assert.same({ true, true, n = 2 }, values)
  end)

  it("lets the key say the algorithm", function()
    local none = "bad argument #2 to 'jwt.sign' (it does not have the algorithm)"
    assert.equal(none, fault(("{}, %s, { algorithm = 'HS256' }"):format(EC)))
    assert.equal(none, fault(("{}, %s, { algorithm = 'ES384' }"):format(EC)))
    assert.equal(none, fault(("{}, %s, { algorithm = 'ES256' }"):format(with(EC, "alg = 'ES384'"))))
    assert.equal(none, fault("{}, " .. with(EC, "alg = 'none'")))
    assert.equal(none, fault("{}, { hmac_key = ('k'):rep(47) }, { algorithm = 'HS384' }"))
    assert.equal("option 'algorithm' of jwt.sign: 'none' is not known", fault(("{}, %s, { algorithm = 'none' }"):format(EC)))
    assert.equal('{"alg":"HS384","typ":"JWT"}', (signed(("{}, { kty = 'oct', alg = 'HS384', k = %q }"):format(("A"):rep(64)))))
  end)

  it("takes of a set the key that is named, or the first that can", function()
    local set = ("{ keys = { %s, { kty = 'oct', kid = 'b', k = %q }, %s } }"):format(EC_PUBLIC, ("A"):rep(64), with(EC, "kid = 'a'"))
    assert.equal('{"alg":"HS256","typ":"JWT","kid":"b"}', (signed("{}, " .. set)))
    assert.equal('{"alg":"ES256","typ":"JWT","kid":"a"}', (signed(("{}, %s, { kid = 'a' }"):format(set))))
    assert.equal('{"alg":"ES256","typ":"JWT","kid":"a"}', (signed(("{}, %s, { algorithm = 'ES256' }"):format(set))))
    assert.equal("bad argument #2 to 'jwt.sign' (no private key in PEM, DER, JWK or JWKS that can sign)",
      fault(("{}, %s, { kid = 'c' }"):format(set)))
  end)

  it("refuses keys that cannot sign, and says nothing of them", function()
    local none = "bad argument #2 to 'jwt.sign' (no private key in PEM, DER, JWK or JWKS that can sign)"
    local rsa = keys.make "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
    for _, key in ipairs { "''", "'secret'", "{}", "{ keys = {} }", "'[]'", EC_PUBLIC, with(EC, "use = 'enc'"),
      with(EC, "key_ops = { 'verify' }"), ("%q"):format(keys.pem(rsa)), ("%q"):format(keys.read(rsa):gsub("\n%-", "A\n-")),
      ("%q"):format(keys.read(rsa):sub(1, -60)), ("%q"):format(keys.pem(rsa, "pkey -aes128 -passout pass:word")),
      "'-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----'", "'0'", "'0\\x82'",
      "{ kty = 'RSA', n = 'AA', e = 'AA', d = 'AA' }" } do
      assert.equal(none, fault("{}, " .. key), key)
    end
    assert.equal("bad argument #2 to 'jwt.sign' (private number of a wrong size)", fault("{}, " .. with(EC, "d = 'AAAA'")))
    assert.equal("bad argument #2 to 'jwt.sign' (private number out of range)",
      fault("{}, " .. with(EC, ("d = %q"):format(("A"):rep(43)))))
    assert.equal("bad argument #2 to 'jwt.sign' (modulus too small)",
      fault(("{}, %q"):format(keys.read(keys.make "-algorithm RSA -pkeyopt rsa_keygen_bits:1024"))))
    local short = "bad argument #2 to 'jwt.sign' (hmac_key: at least 32 bytes expected, and no PEM)"
    assert.equal(short, fault "{}, { hmac_key = ('k'):rep(31) }")
    assert.equal(short, fault("{}, { hmac_key = '-----BEGIN PUBLIC KEY-----' .. ('k'):rep(64) }"))
  end)

  it("refuses claims and options that make no sense", function()
    assert.equal("bad argument #1 to 'jwt.sign' (claims are a list, not named)", fault("{ 'a' }, " .. EC))
    assert.matches("^bad argument #1 to 'jwt.sign' %(.*function", fault("{ f = print }, " .. EC))
    assert.equal("bad argument #1 to 'jwt.sign' (the token is longer than 16384 bytes)", fault("{ a = ('x'):rep(12300) }, " .. EC))
    assert.equal("option 'ttl' of jwt.sign: not from 1 to 4294967296", fault(("{}, %s, { ttl = 0 }"):format(EC)))
    assert.equal("unknown option 'tll' of jwt.sign: did you mean 'ttl'?", fault(("{}, %s, { tll = 1 }"):format(EC)))
  end)
end)
