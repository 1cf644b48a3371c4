local json = require "dkjson"
local edge = require "flaron.edge"

local NOW = 1700000000

--- Loads a flare that answers ?user= with a token, with a secret and a clock that stands.
local function load(options)
  options = options or {}
  options.secrets = options.secrets or { JWT_SECRET = "a secret that nobody guesses" }
  options.now = NOW
  return assert(edge.load("main.lua", options))
end

local function ask(flare, user)
  local response = flare:request { url = "https://example.com/token?user=" .. user }
  return response, json.decode(response.body)
end

--- base64url without padding, RFC 4648, 5.
local function decode(text)
  local bits, size, bytes = 0, 0, {}
  for c in text:gmatch "." do
    local digit = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"):find(c, 1, true) - 1
    bits, size = (bits << 6 | digit) & 0xFFFF, size + 6
    if size >= 8 then
      size = size - 8
      bytes[#bytes + 1] = string.char(bits >> size & 0xFF)
    end
  end
  return table.concat(bytes)
end

--- Takes a token apart: header and claims as tables, the signature in hex, and what was signed.
local function take_apart(token)
  local header, claims, signature = token:match "^([%w_-]+)%.([%w_-]+)%.([%w_-]+)$"
  assert.is_string(header)
  local hex = decode(signature):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
  return json.decode(decode(header)), json.decode(decode(claims)), hex, header .. "." .. claims
end

--- HMAC-SHA-256 in hex, by a way that has nothing to do with tokens.
local function hmac(secret, input)
  local flare <close> = assert(edge.load({ ["main.lua"] = [[
    local flaron = require "flaron"
    return function() return { body = assert(flaron.crypto.hmac("KEY", flaron.request.body())) } end
  ]] }, { secrets = { KEY = secret } }))
  return flare:request({ method = "POST", body = input }).body
end

describe("secret-jwt", function()
  it("gives a token with sub, iat and exp, the times as numbers", function()
    local flare <close> = load()
    local response, answer = ask(flare, "alice")
    assert.equal(200, response.status)
    assert.equal("application/json", response.headers["content-type"])
    assert.equal("no-store", response.headers["cache-control"])
    assert.equal(3600, answer.expires_in)
    local header, claims = take_apart(answer.token)
    assert.same({ alg = "HS256", typ = "JWT" }, header)
    assert.same({ sub = "alice", iat = NOW, exp = NOW + 3600 }, claims)
  end)

  it("signs it with the secret", function()
    -- RFC 4231, test case 2: the means to check with is right.
    assert.equal("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      hmac("Jefe", "what do ya want for nothing?"))
    for _, secret in ipairs { "a secret that nobody guesses", "another one" } do
      local flare <close> = load { secrets = { JWT_SECRET = secret } }
      local _, answer = ask(flare, "alice")
      local _, _, signature, signed = take_apart(answer.token)
      assert.equal(hmac(secret, signed), signature)
      assert.not_equal(hmac("a wrong secret", signed), signature)
    end
  end)

  it("goes with the clock", function()
    local flare <close> = load()
    flare:advance(86400)
    local _, answer = ask(flare, "alice")
    local _, claims = take_apart(answer.token)
    assert.equal(NOW + 86400, claims.iat)
  end)

  it("lets no user name become a claim", function()
    local flare <close> = load()
    local _, answer = ask(flare, "x%22%2C%22admin%22%3Atrue%2C%22y%22%3A%22z%C3%A4+%5C")
    local _, claims = take_apart(answer.token)
    assert.same({ sub = 'x","admin":true,"y":"zä \\', iat = NOW, exp = NOW + 3600 }, claims)
  end)

  it("answers 400 without a user name that can be used", function()
    local flare <close> = load()
    for _, user in ipairs { "", "%FF%FE", "%zz", ("x"):rep(65) } do
      local response, answer = ask(flare, user)
      assert.equal(400, response.status)
      assert.same({ error = "say who you are: ?user=NAME" }, answer)
    end
    assert.equal(400, flare:request({ url = "https://example.com/token" }).status)
    assert.equal(400, flare:request({ url = "https://example.com/token#?user=alice" }).status)
  end)

  it("answers 503 without the secret, and names it in the log alone", function()
    for _, secrets in ipairs { {}, { OTHER = "value" }, { JWT_SECRET = "" } } do
      local flare <close> = load { secrets = secrets }
      local response, answer = ask(flare, "alice")
      assert.equal(503, response.status)
      assert.same({ error = "tokens are not available" }, answer)
      assert.response(response).has.log("error", "secret JWT_SECRET is not set, or not in allowed_secrets")
    end
  end)

  it("answers 500 when the host cannot sign", function()
    local flare <close> = load()
    flare:fail("crypto_sign_jwt", true)
    local response, answer = ask(flare, "alice")
    assert.equal(500, response.status)
    assert.same({ error = "the token cannot be signed" }, answer)
  end)

  it("never lets the secret out", function()
    local flare <close> = load()
    local response = ask(flare, "alice")
    assert.is_nil(response.body:find("nobody guesses", 1, true))
    assert.same({}, response.logs)
  end)
end)
