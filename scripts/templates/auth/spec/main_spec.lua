local edge = require "flaron.edge"
local provider = require "spec.provider"

local NOW = 1700000000
local vars = dofile("flare.lua").vars

describe("the login gateway", function()
  -- As it was loaded again before each `it`, its store too.
  local secrets = { SESSION_KEY = "for specs", CLIENT_SECRET = "for specs" }
  local flare = assert(edge.load("main.lua", { now = NOW, secrets = secrets }))
  local client = flare:client()
  local nonce -- of the sign-in that is under way
  provider.stub(flare, vars.ISSUER, function()
    return {
      iss = vars.ISSUER, aud = vars.CLIENT_ID, sub = "7", name = "Ada", nonce = nonce, iat = NOW, exp = NOW + 60,
    }
  end)

  -- Asks for a page that needs a sign-in; the path that the provider leads back to.
  local function begin(path)
    local answer = client:request { path = path }
    assert.response(answer).has.status(303)
    local query = answer.headers.location:match("^" .. vars.ISSUER:gsub("%p", "%%%0") .. "/authorize%?(.*)$")
    nonce = query:match "nonce=(%x+)"
    return "/callback?code=1&state=" .. query:match "state=(%x+)"
  end

  it("has a page for all", function()
    assert.response(client:request { path = "/" }).has.body "You are not signed in%."
  end)

  it("signs in, comes back to the page that was asked for, and signs out", function()
    local answer = client:request { path = begin "/account?tab=2" }
    assert.response(answer).has.status(303)
    assert.response(answer).has.header("location", "/account?tab=2")
    assert.response(client:request { path = "/account" }).has.body "You are Ada%."
    assert.response(client:request { path = "/" }).has.body "You are signed in%."
    answer = client:request { method = "POST", path = "/logout" }
    assert.response(answer).has.header("location", "^" .. vars.ISSUER:gsub("%p", "%%%0") .. "/logout%?client_id=")
    assert.response(client:request { path = "/account" }).has.status(303)
  end)

  it("says what went wrong, and signs nobody in", function()
    local path = begin "/account"
    assert.response(client:request { path = path:gsub("code=1", "error=access_denied") }).has.status(403)
    assert.response(client:request { path = path }).has.status(400) -- that sign-in is over
    path = begin "/account"
    nonce = "another"
    local answer = client:request { path = path }
    assert.response(answer).has.status(503)
    assert.response(answer).has.log("error", "sign-in:\tid token\tnonce")
    assert.response(client:request { path = "/account" }).has.status(303)
  end)

  it("takes the provider's access tokens for the API, and no others", function()
    local function call(token)
      return flare:request { path = "/api/me", headers = { authorization = token and "Bearer " .. token } }
    end
    local claims = { iss = vars.ISSUER, aud = vars.AUDIENCE, sub = "7", scope = "read", exp = NOW + 60 }
    assert.response(call(provider.sign(claims))).has.json { sub = "7", scope = "read" }
    claims.aud = "https://another.example"
    for _, token in ipairs { "", "nonsense", provider.sign(claims) } do assert.response(call(token)).has.status(401) end
    local answer = call()
    assert.response(answer).has.status(401)
    assert.response(answer).has.header("www-authenticate", "Bearer")
  end)
end)
