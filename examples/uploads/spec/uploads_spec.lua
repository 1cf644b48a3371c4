local edge = require "flaron.edge"

local NOW = 1700000000 -- 2023-11-14T22:13:20Z
local SITE = "https://up.example"
local SECRETS = { TOKEN_KEY = ("k"):rep(32), S3_KEY = "wJalrXUtnFEMI", STORAGE_KEY = "whsec_MDEyMzQ1Njc4OWFiY2RlZg==" }

-- Signs as the identity provider and the storage do, and a URL as the storage expects it: in a flare of the spec's own.
local others = [[
local digest, flaron, sigv4 = require "flaron.digest", require "flaron", require "flaron.sigv4"
local s3 = sigv4.new { region = "eu-central-1", service = "s3", access_key = "AKIDEXAMPLE", secret = "S3_KEY" }
return function()
  local body = flaron.request.body()
  if flaron.request.url():find "/token" then
    return { body = assert(flaron.crypto.sign_jwt("HS256", "TOKEN_KEY", flaron.json.decode(body))) }
  end
  if flaron.request.url():find "/presign" then return { body = assert(s3:presign(body, 300, "PUT")) } end
  return { body = digest.hmac("sha256", "0123456789abcdef", body, "base64") }
end]]
local manifest = 'return { requires_body = true, allowed_secrets = { "TOKEN_KEY", "S3_KEY" } }'

describe("uploads", function()
  local flare = assert(edge.load("main.lua", { now = NOW, secrets = SECRETS }))
  local signer = assert(edge.load({ ["main.lua"] = others, ["flare.lua"] = manifest }, { now = NOW, secrets = SECRETS }))

  local function token(claims)
    local text = {}
    for name, value in pairs(claims) do text[#text + 1] = ("%q:%s"):format(name, math.type(value) and value or ("%q"):format(value)) end
    return signer:request({ method = "POST", url = SITE .. "/token", body = "{" .. table.concat(text, ",") .. "}" }).body
  end

  local function ask(method, path, user, headers)
    headers = headers or {}
    if user then headers.authorization = "Bearer " .. token { sub = user, aud = "uploads", exp = NOW + 3600 } end
    return flare:request { method = method, url = SITE .. path, headers = headers }
  end

  -- Sends an event, signed as Standard Webhooks has it unless the signature is given.
  local function tell(body, signature)
    local signed = ("msg_1.%d.%s"):format(NOW, body)
    signature = signature or "v1," .. signer:request({ method = "POST", url = SITE .. "/sign", body = signed }).body
    local headers = { ["webhook-id"] = "msg_1", ["webhook-timestamp"] = tostring(NOW), ["webhook-signature"] = signature }
    return flare:request { method = "POST", url = SITE .. "/events", headers = headers, body = body }
  end

  local function event(kind, key, at, size)
    return ('{"type":"object.%s","timestamp":"%s","data":{"key":"%s","size":%s}}'):format(kind, at, key, size or "7")
  end

  it("signs a URL for the one who is signed in", function()
    local answer = ask("POST", "/uploads", "ada")
    assert.response(answer).has.status(201)
    local upload = answer.json()
    assert.equal("2023-11-14T22:18:20Z", upload.expires)
    local place = "https://pictures.s3.eu-central-1.amazonaws.com/ada/" .. upload.id
    assert.equal(signer:request({ method = "POST", url = SITE .. "/presign", body = place }).body, upload.url)
    assert.matches("X-Amz-Date=20231114T221320Z&X-Amz-Expires=300&", upload.url, 1, true)
    assert.is_nil(answer.body:find(SECRETS.S3_KEY, 1, true))
    assert.not_equal(upload.id, ask("POST", "/uploads", "ada").json().id)
  end)

  it("knows of a file when the storage has told, and only its owner is told", function()
    local id = ask("POST", "/uploads", "ada").json().id
    assert.response(ask("GET", "/uploads/" .. id, "ada")).has.status(404)
    assert.response(tell(event("created", "ada/" .. id, "2023-11-14T23:13:19.5+01:00"))).has.status(204)
    local answer = ask("GET", "/uploads/" .. id, "ada")
    assert.response(answer).has.json { size = 7, at = "2023-11-14T22:13:19Z" }
    assert.response(answer).has.header("last-modified", "Tue, 14 Nov 2023 22:13:19 GMT")
    assert.response(ask("GET", "/uploads/" .. id, "eve")).has.status(404)
    for status, since in pairs { [304] = answer.headers["last-modified"], [200] = "Tue, 14 Nov 2023 22:13:18 GMT" } do
      assert.response(ask("GET", "/uploads/" .. id, "ada", { ["if-modified-since"] = since })).has.status(status)
    end
  end)

  it("takes events twice and in any order", function()
    for id, order in pairs { ["1"] = { "removed", "created", "removed", "created" }, ["2"] = { "created", "removed", "created" } } do
      local at = { created = "2023-11-14T22:13:00Z", removed = "2023-11-14T22:13:00.2Z" }
      for _, kind in ipairs(order) do assert.response(tell(event(kind, "ada/" .. id, at[kind]))).has.status(204) end
      assert.response(ask("GET", "/uploads/" .. id, "ada")).has.status(404)
    end
    tell(event("created", "ada/1", "2023-11-14T22:13:20Z", 9))
    assert.equal(9, ask("GET", "/uploads/1", "ada").json().size)
  end)

  it("refuses webhooks of others", function()
    local answer = tell(event("created", "ada/1", "2023-11-14T22:13:00Z"), "v1,AAAA")
    assert.response(answer).has.status(401)
    assert.response(answer).has.log("warn", "webhook:")
    assert.same({}, flare:contents "plasma")
  end)

  it("passes over events that it does not know, and shows them", function()
    for shown, body in pairs {
      ['{ data = { id = 7 }, type = "bucket.full" }'] = '{"type":"bucket.full","data":{"id":7}}',
      ['"no JSON"'] = "no JSON",
      ["{ 1 }"] = "[1]",
    } do
      local answer = tell(body)
      assert.response(answer).has.status(204)
      assert.response(answer).has.log("info", "passed over:\t" .. shown)
    end
    for _, key in ipairs { "ada", "ada/../eve/1", "ada/1:2", "ada/" .. ("1"):rep(300) } do
      assert.response(tell(event("created", key, "2023-11-14T22:13:00Z"))).has.status(204)
    end
    tell(event("created", "ada/1", "yesterday"))
    tell(event("created", "ada/1", "2023-11-14T22:13:00Z", '"big"'))
    assert.same({}, flare:contents "plasma")
  end)

  it("signs for nobody without a good token", function()
    for reason, claims in pairs {
      expired = { sub = "ada", aud = "uploads", exp = NOW - 1 },
      audience = { sub = "ada", aud = "shop", exp = NOW + 60 },
      missing = { aud = "uploads", exp = NOW + 60 },
      subject = { sub = "../eve", aud = "uploads", exp = NOW + 60 },
    } do
      local headers = { authorization = "Bearer " .. token(claims) }
      local answer = ask("POST", "/uploads", nil, headers)
      assert.response(answer).has.status(401)
      assert.response(answer).has.header("www-authenticate", "Bearer")
      assert.response(answer).has.log("info", "refused:\t" .. reason)
    end
    assert.response(ask("POST", "/uploads")).has.log("info", "refused:\tabsent")
  end)

  it("says so when it cannot sign or keep", function()
    flare:fail("plasma_set", "too large")
    assert.response(tell(event("created", "ada/1", "2023-11-14T22:13:00Z"))).has.status(503)
    local bare <close> = assert(edge.load("main.lua", { now = NOW, secrets = { TOKEN_KEY = SECRETS.TOKEN_KEY } }))
    local headers = { authorization = "Bearer " .. token { sub = "ada", aud = "uploads", exp = NOW + 60 } }
    local answer = bare:request { method = "POST", url = SITE .. "/uploads", headers = headers }
    assert.response(answer).has.status(503)
    assert.response(answer).has.log("error", "S3_KEY:\tno such secret")
  end)
end)
