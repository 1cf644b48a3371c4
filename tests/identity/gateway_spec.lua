-- gateway_spec.lua - the project of the template `auth` at a real provider, by `flaron-lua test`: sign-in, access tokens, a new
-- key, logout. tests/tool/oidc_spec.lua copies it into the project's spec/, whose flare.lua names the provider.
local edge = require "flaron.edge"

local manifest = dofile "flare.lua"
local vars = manifest.vars
local SECRETS = { SESSION_KEY = "for specs", CLIENT_SECRET = "the secret of the client" }
local jar = os.tmpname()
local CURL = "env -u LD_PRELOAD curl -s -m 10 " -- a sanitizer is for the specs' process alone

-- Asks the provider as a browser does: where it leads to, or "", and the page.
local function ask(url, form)
  local words = { CURL .. "-w '\\n%{redirect_url}'", "-b " .. jar, "-c " .. jar }
  for name, value in pairs(form or {}) do words[#words + 1] = ("--data-urlencode '%s=%s'"):format(name, value) end
  local pipe <close> = assert(io.popen(("%s '%s'"):format(table.concat(words, " "), url)))
  local page, place = pipe:read "a":match "^(.*)\n(.-)$"
  return place, page
end

-- Goes through the provider's pages, as `name`, until it leads back to this site; where to, and which pages there were.
local function visit(url, name)
  local seen = {}
  local place, page = ask(url)
  for _ = 1, 20 do
    if place:sub(1, #vars.SITE) == vars.SITE then return place:sub(#vars.SITE + 1), table.concat(seen, " ") end
    if place ~= "" then
      place, page = ask(place)
    else
      local action = assert(page:match '<form[^>]* action="([^"]+)"', page)
      local form = {}
      for input in page:gmatch "<input[^>]*>" do
        local field, value = input:match ' name="([^"]+)"', input:match ' value="([^"]*)"'
        if field and value then form[field] = value end
      end
      if form.xsrf then form.logout = "yes" end
      if form.prompt == "login" then form.login, form.password = name, "any" end
      seen[#seen + 1] = form.prompt or "logout"
      place, page = ask(action:find "^/" and vars.ISSUER .. action or action, form)
    end
  end
  error "the provider does not lead back"
end

-- An access token for a program, which the provider signs with its latest key.
local function program_token()
  local pipe <close> = assert(io.popen((CURL .. "-u 'gateway:the%%20secret%%20of%%20the%%20client' "
    .. "-d 'grant_type=client_credentials&scope=read&resource=%s' %s/token"):format(vars.AUDIENCE, vars.ISSUER)))
  return assert(pipe:read "a":match '"access_token":"([^"]+)"')
end

describe("the login gateway at oidc-provider", function()
  local flare, client

  before_each(function()
    os.remove(jar)
    flare = assert(edge.load("main.lua", { secrets = SECRETS, now = os.time() }))
    client = flare:client()
  end)
  after_each(function() flare:close() end)
  teardown(function() os.remove(jar) end)

  it("signs in, knows the visitor, and signs out at both", function()
    local begun = client:request { path = "/account?tab=2" }
    local back, pages = visit(begun.headers.location, "ada")
    assert.equal("login consent", pages)
    assert.matches("^/callback%?code=.*&iss=", back)
    local answer = client:request { path = back }
    assert.response(answer).has.status(303)
    assert.response(answer).has.header("location", "/account?tab=2")
    assert.response(client:request { path = "/account" }).has.body "You are ada of the provider%."
    assert.response(client:request { path = back }).has.status(303) -- sent twice: signed in already, and led to /
    assert.response(flare:client():request { path = back }).has.status(400)

    -- whom the provider knows is not asked again
    local other = flare:client()
    back, pages = visit(other:request({ path = "/account" }).headers.location, "ada")
    assert.equal("", pages)
    assert.response(other:request { path = back }).has.header("location", "/account")

    answer = client:request { method = "POST", path = "/logout" }
    back, pages = visit(answer.headers.location)
    assert.same({ "/", "logout" }, { back, pages })
    assert.response(client:request { path = "/" }).has.body "You are not signed in%."
    begun = client:request { path = "/account" }
    back, pages = visit(begun.headers.location, "eve")
    assert.equal("login consent", pages)
    client:request { path = back }
    assert.response(client:request { path = "/account" }).has.body "You are eve of the provider%."
  end)

  it("takes access tokens for the API, by the provider's latest key alone", function()
    local function call(token) return flare:request { path = "/api/me", headers = { authorization = "Bearer " .. token } } end
    local old = program_token()
    assert.response(call(old)).has.json { sub = "gateway", scope = "read" }
    assert.response(call(old)).has.no.fetched "/jwks$"
    local pipe <close> = assert(io.popen((CURL .. "-X POST %s/test/rotate"):format(vars.ISSUER)))
    assert.matches("^%d+\n$", pipe:read "a")
    local new = program_token()
    assert.is_not_equal(old:match "^[^.]*", new:match "^[^.]*")
    assert.response(call(new)).has.status(401) -- not more than one look at the keys a minute
    flare:advance(60)
    local answer = call(new)
    assert.response(answer).has.json { sub = "gateway", scope = "read" }
    assert.response(answer).has.fetched "/jwks$"
    assert.response(call(old)).has.status(401)
    assert.response(call(new:sub(1, -2) .. (new:sub(-1) == "A" and "B" or "A"))).has.status(401)
  end)

  it("has tokens of the visitor refreshed, and asks who he is", function()
    local script = [[
      local oidc, router, session = require "flaron.oidc", require "flaron.router", require "flaron.session"
      local client = oidc.new { issuer = os.getenv "ISSUER", client_id = os.getenv "CLIENT_ID", client_secret = "CLIENT_SECRET",
        client_auth = "post", redirect_uri = os.getenv "SITE" .. "/callback", scope = "openid offline_access email",
        sessions = session.new { secret = "SESSION_KEY" } }
      local app = router.new()
      local function say(...) return { json = { ... } } end
      app:get("/login", function() return client:login("/", { prompt = "consent" }) end)
      app:get("/callback", function() return say(client:callback()) end)
      app:get("/token", function() return say(client:access_token()) end)
      app:get("/refresh", function() return say(client:refresh()) end)
      app:get("/who", function() return say(client:userinfo()) end)
      return app:handler()]]
    local file <close> = assert(io.open "flare.lua")
    flare:close()
    flare = assert(edge.load({ ["main.lua"] = script, ["flare.lua"] = file:read "a" }, { secrets = SECRETS, now = os.time() }))
    client = flare:client()
    local function said(path) return client:request({ path = path }).json()[1] end
    assert.equal("ada@example.com", said((visit(client:request({ path = "/login" }).headers.location, "ada"))).email)
    local first = said "/token"
    assert.equal(first, said "/token")
    assert.equal("ada@example.com", said "/who".email)
    local second, third = said "/refresh", said "/refresh"
    assert.is_true(type(second) == "string" and type(third) == "string" and first ~= second and second ~= third)
    flare:advance(31) -- of the 60 seconds that it is good for
    local fourth = said "/token"
    assert.is_true(type(fourth) == "string" and fourth ~= third)
    assert.equal("ada", said "/who".sub)
  end)
end)
