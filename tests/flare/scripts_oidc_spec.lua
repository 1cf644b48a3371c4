-- scripts_oidc_spec.lua - flaron.oidc: a sign-in from its first step to the last, and everything that is not one: answers of
-- another sign-in, of another provider, sent twice, late, changed, of providers that are down or talk nonsense.
local evaluate = require "evaluate"
local identity = require "identity"
local support = require "support"

local NOW, ISSUER = 1700000000, "https://id.example"

local main = [[
local flaron = require "flaron"
local oidc, router, session = require "flaron.oidc", require "flaron.router", require "flaron.session"
local sessions = session.new { secret = "KEY", old_secrets = { "OLD" }, max_age = 3600 }
local options = {
  issuer = "https://id.example", client_id = "shop", client_secret = "CLIENT", redirect_uri = "https://localhost/callback",
  scope = "openid offline_access", sessions = sessions, post_logout_redirect_uri = "https://localhost/bye",
  MORE
}
local client = oidc.new(options)
local api = require "flaron.jwt".new { key = oidc.keys { issuer = "https://id.example", interval = 1 }, issuer = "https://id.example",
  audience = "api", type = "at+jwt" }
local app = router.new()
local function say(...) return { json = { ... } } end
app:get("/login", function(req)
  local parameters = req.query.prompt and { prompt = req.query.prompt }
  local answer, reason = client:login(req.query.to, parameters)
  return answer or say(false, reason)
end)
app:get("/callback", function()
  local user, reason, place, detail = client:callback()
  return say(user or false, reason or false, place, detail or false)
end)
app:get("/user", function() local user, reason = client:user() return say(user or false, reason) end)
for _, name in ipairs { "access_token", "refresh", "userinfo" } do
  app:get("/" .. name, function()
    local value, reason, detail = client[name](client)
    return say(value or false, reason or false, detail or false)
  end)
end
app:get("/basket", function(req)
  local values = sessions:read() or {}
  values.basket = ("pear"):rep(req.query.count or 1)
  sessions:write(values)
  return say(true)
end)
app:get("/decode", function(req)
  local text = req:header "cookie":match "=([%w_-]+)%.":gsub("[-_]", { ["-"] = "+", ["_"] = "/" })
  return say((flaron.encoding.base64_decode(text .. ("="):rep(-#text % 4))))
end)
app:get("/session", function() return say((sessions:read())) end)
app:get("/api", function(req) local claims, reason = api:verify(req:header "x-token") return say(claims or false, reason) end)
app:any("/logout", function() return client:logout() end)
local pages = app:group("/pages", client:middleware())
pages:any("/*rest", function(req) return { body = "hello " .. req.user.sub } end)
return app:handler()]]

local SECRETS = { KEY = "the key of the session", OLD = "the old key", CLIENT = "the client's: secret", AES = ("k"):rep(32) }

describe("flaron.oidc", function()
  local flares, provider, flare, client = {}, nil, nil, nil

  -- The flare with more options for oidc.new; one of a kind is loaded once.
  local function open(more)
    more = more or ""
    flares[more] = flares[more] or support.load((main:gsub("MORE", function() return more end)),
      { requires_raw_auth = true, secrets = SECRETS, now = NOW })
    flare = flares[more]
    flare:reset()
    flare:set_time(NOW)
    provider.change, provider.id_token, provider.more, provider.now = nil, nil, nil, NOW
    provider:stub(flare)
    client = flare:client()
  end

  setup(function() provider = identity.new(ISSUER, NOW) end)
  teardown(function()
    for _, one in pairs(flares) do one:close() end
    provider.helper:close()
  end)
  before_each(function() open() end)

  local function get(path, headers)
    local answer = client:request { path = path, headers = headers }
    assert.is_nil(answer.error)
    return answer
  end
  local function said(path, headers) return get(path, headers).json() end

  -- Begins a sign-in; what it asks the provider for.
  local function begin(path)
    local answer = get(path or "/login")
    assert.equal(303, answer.status, answer.body)
    local place, query = answer.headers.location:match "^([^?]*)%?(.*)$"
    assert.equal(ISSUER .. "/authorization", place)
    return identity.fields(query)
  end

  local function encode(text) return (text:gsub("[^%w.-]", function(c) return ("%%%02X"):format(c:byte()) end)) end

  -- The path of the callback for a sign-in; `change` may change its fields.
  local function answer_of(asked, change)
    local fields = { code = provider:code(asked), state = asked.state, iss = ISSUER }
    for name, value in pairs(change or {}) do fields[name] = value or nil end
    local parts = {}
    for name, value in pairs(fields) do parts[#parts + 1] = name .. "=" .. encode(value) end
    return "/callback?" .. table.concat(parts, "&")
  end

  local function sign_in() return said(answer_of(begin())) end

  it("signs in by the code flow with PKCE, state and nonce, and comes back", function()
    local asked = begin "/login?to=/a%3Fb%3D1&prompt=login"
    assert.same({ "code", "shop", "https://localhost/callback", "openid offline_access", "S256", "login" }, { asked.response_type,
      asked.client_id, asked.redirect_uri, asked.scope, asked.code_challenge_method, asked.prompt })
    assert.equal(43, #asked.code_challenge)
    local cookie = client:cookie "session"
    for _, name in ipairs { "state", "nonce" } do assert.equal(64, #asked[name]) end
    local answer = get(answer_of(asked))
    assert.same({ { iss = ISSUER, sub = "ada", name = "Ada Lovelace", email = "ada@example.com" }, false, "/a?b=1", false }, answer.json())
    assert.same({ "POST", "https://id.example/token" }, { answer.fetches[1].method, answer.fetches[1].url })
    assert.equal("Basic c2hvcDp0aGUlMjBjbGllbnQlMjdzJTNBJTIwc2VjcmV0", provider.authorization)
    assert.is_nil(provider.last_form.client_secret)
    assert.is_not_equal(cookie, client:cookie "session")
    assert.equal("ada", said "/user"[1].sub)
    assert.equal("access-" .. provider.serial, said "/access_token"[1])
  end)

  it("tells nothing of state, nonce and verifier in the cookie, and no secret anywhere", function()
    local answer = get "/login"
    local asked = identity.fields(answer.headers.location:match "%?(.*)$")
    local cookie = client:cookie "session"
    local payload = flare:request({ path = "/decode", headers = { cookie = "session=" .. cookie } }).json()[1]
    assert.matches('"return_to"', payload)
    for _, text in ipairs { asked.state, asked.nonce } do assert.is_nil(payload:find(text, 1, true)) end
    local last = get(answer_of(asked))
    for _, text in ipairs { "the client's", "access-", "refresh-", "the key" } do
      assert.is_nil(client:cookie "session":find(text, 1, true))
      assert.is_nil(last.body:find(text, 1, true))
      for _, line in ipairs(last.logs) do assert.is_nil(line.text:find(text, 1, true)) end
    end
  end)

  it("sends the secret in the form, or none, where it is told to", function()
    open "client_auth = 'post',"
    sign_in()
    assert.same({ "shop", "the client's: secret" }, { provider.last_form.client_id, provider.last_form.client_secret })
    assert.is_nil(provider.authorization)
    open "client_secret = nil, client_auth = 'none',"
    assert.equal("ada", sign_in()[1].sub)
    assert.same({ "shop" }, { provider.last_form.client_id, provider.last_form.client_secret })
  end)

  it("asks for the provider's document and keys once", function()
    sign_in()
    sign_in()
    assert.same({ "GET /.well-known/openid-configuration", "POST /token", "GET /keys", "POST /token" }, provider.fetched)
    flare:advance(3600)
    provider.fetched, provider.now = {}, NOW + 3600
    sign_in()
    assert.same({ "GET /.well-known/openid-configuration", "POST /token", "GET /keys" }, provider.fetched)
  end)

  it("discovers nothing where all endpoints are said", function()
    open [[authorization_endpoint = "https://id.example/authorization", token_endpoint = "https://id.example/token",
      jwks_uri = "https://id.example/keys",]]
    assert.equal("ada", sign_in()[1].sub)
    assert.same({ "POST /token", "GET /keys" }, provider.fetched)
    assert.equal("https://localhost/bye", get "/logout".headers.location)
  end)

  it("refuses an answer that is not of the sign-in that is under way", function()
    assert.same({ false, "no login", "/", false }, said "/callback?code=a&state=b")
    local asked = begin "/login?to=/x"
    for _, change in ipairs { { state = ("0"):rep(64) }, { state = false }, { state = asked.state .. "0" }, { state = asked.nonce } } do
      assert.same({ false, "state", "/", false }, said(answer_of(asked, change)))
    end
    assert.same({ false, "state", "/", false }, said(answer_of(asked) .. "&state=" .. asked.state))
    local first = answer_of(asked)
    begin() -- another sign-in takes the place of the first
    assert.same({ false, "state", "/", false }, said(first))
    assert.same({}, { table.unpack(provider.fetched, 2) })
  end)

  it("ends a sign-in once, and in ten minutes", function()
    local path = answer_of(begin())
    assert.equal("ada", said(path)[1].sub)
    assert.same({ false, "no login", "/", false }, said(path))
    assert.equal("ada", said "/user"[1].sub)
    local cookie
    path = answer_of(begin())
    cookie = client:cookie "session"
    assert.equal("ada", said(path)[1].sub)
    client:set_cookie("session=" .. cookie .. "; Path=/; Secure; HttpOnly") -- who kept the cookie has a code that is used
    assert.same({ false, "token", "/", "invalid_grant" }, said(path))
    path = answer_of(begin())
    flare:advance(600)
    assert.same({ false, "no login", "/", false }, said(path))
  end)

  it("refuses a cookie that was changed, and needs the secrets", function()
    local path = answer_of(begin())
    local cookie = client:cookie "session"
    for _, changed in ipairs { cookie:sub(1, -2) .. (cookie:sub(-1) == "0" and "1" or "0"), "A" .. cookie:sub(2), "x", "" } do
      client:set_cookie("session=" .. changed .. "; Path=/; Secure; HttpOnly")
      assert.same({ false, "no login", "/", false }, said(path))
      assert.same({ false, "absent" }, said "/user")
    end
    local bare <close> = support.load((main:gsub("MORE", "")), { requires_raw_auth = true, secrets = { CLIENT = "c" }, now = NOW })
    provider:stub(bare)
    client = bare:client()
    assert.same({ false, "no such secret" }, said "/login")
    assert.same({ false, "no such secret", "/", false },
      bare:request({ path = "/callback", headers = { cookie = "session=" .. cookie } }).json())
    assert.equal(500, client:request({ path = "/pages/a" }).status)
    local without <close> = support.load((main:gsub("MORE", "")), { requires_raw_auth = true, secrets = { KEY = "k" }, now = NOW })
    provider:stub(without)
    client = without:client()
    assert.same({ false, "no such secret", "/", false }, said(answer_of(begin())))
  end)

  it("goes on over a change of the session's secret", function()
    local path = answer_of(begin())
    local new <close> = support.load((main:gsub("MORE", ""):gsub('"KEY"', '"NEW"'):gsub('"OLD"', '"KEY"')),
      { requires_raw_auth = true, secrets = { KEY = SECRETS.KEY, NEW = "new", CLIENT = "c" }, now = NOW })
    provider:stub(new)
    local answer = new:client { cookies = { session = client:cookie "session" } }:request { path = path }
    assert.equal("ada", answer.json()[1].sub)
  end)

  it("refuses an answer of another provider", function()
    for _, change in ipairs { { iss = "https://evil.example" }, { iss = false }, { iss = ISSUER .. "/" } } do
      assert.same({ false, "issuer", "/", false }, said(answer_of(begin(), change)))
    end
    provider.more = { authorization_response_iss_parameter_supported = false }
    provider:stub(flare)
    flare:advance(3600)
    provider.now = NOW + 3600
    assert.equal("ada", said(answer_of(begin(), { iss = false }))[1].sub)
    assert.same({ false, "issuer", "/", false }, said(answer_of(begin(), { iss = "https://evil.example" })))
  end)

  it("hands on why the provider refuses, if it is a word", function()
    assert.same({ false, "refused", "/", "access_denied" }, said(answer_of(begin(), { error = "access_denied" }))) -- beside a code
    for given, detail in pairs { access_denied = "access_denied", ["<script>"] = false, [("x"):rep(65)] = false } do
      assert.same({ false, "refused", "/x", detail }, said(answer_of(begin "/login?to=/x", { code = false, error = given })))
    end
    assert.same({ false, "refused", "/", false }, said(answer_of(begin(), { code = false })))
    for _, case in ipairs {
      { 400, '{"error":"invalid_client"}', "token", "invalid_client" }, { 400, '{"error":"<b>"}', "provider", false },
      { 500, '{"error":"invalid_client"}', "provider", false }, { 401, "", "provider", false }, { 302, "{}", "provider", false },
    } do
      provider.answers["/token"] = { status = case[1], body = case[2] }
      assert.same({ false, case[3], "/", case[4] }, said(answer_of(begin())))
    end
  end)

  it("says that the provider is down or talks nonsense, and asks no more for a while", function()
    local discovery = "/.well-known/openid-configuration"
    local nonsense = {
      function() return nil, "connection refused" end, { status = 500, body = "{}" }, { body = "<html>" }, { body = "" }, { body = "[]" },
      { body = '"x"' }, { body = ("["):rep(5000) }, { body = '{"issuer":"' .. ("x"):rep(100000) .. '"}' }, { body = "{}" },
    }
    for _, answer in ipairs(nonsense) do
      provider.answers[discovery], provider.fetched = answer, {}
      flare:advance(3600)
      assert.same({ false, "provider" }, said "/login")
      assert.same({ false, "provider" }, said "/login")
      assert.equal(1, #provider.fetched)
      assert.equal(503, get "/pages/a".status)
      flare:advance(10)
      provider.answers[discovery] = nil
      begin()
    end
    for _, more in ipairs { { issuer = "https://other.example" }, { token_endpoint = 1 }, { jwks_uri = "http://id.example/keys" },
      { authorization_endpoint = "https://a@id.example/" }, { token_endpoint = "javascript:alert(1)" } } do
      provider.more = more
      flare:advance(3600)
      assert.same({ false, "provider" }, said "/login")
    end
    open()
    for _, answer in ipairs(nonsense) do
      provider.answers["/token"] = answer
      assert.same({ false, "provider", "/", false }, said(answer_of(begin())))
    end
    for _, body in ipairs { '{"token_type":"Bearer"}', '{"token_type":"mac","access_token":"a"}', '{"access_token":"a"}',
      '{"token_type":"Bearer","access_token":7}', '{"token_type":"Bearer","access_token":"a\\nb"}',
      '{"token_type":null,"access_token":"a"}' } do
      provider.answers["/token"] = { body = body }
      assert.same({ false, "provider", "/", false }, said(answer_of(begin())))
    end
    provider.answers["/token"] = { body = '{"token_type":"bearer","access_token":"a","expires_in":"x"}' }
    assert.same({ false, "id token", "/", "absent" }, said(answer_of(begin())))
    provider.answers["/token"] = nil
    provider.answers["/keys"] = { status = 500, body = "" }
    assert.same({ false, "provider", "/", false }, said(answer_of(begin())))
  end)

  it("refuses ID tokens that are not for this client and this sign-in", function()
    local cases = {
      { "nonce", function(c) c.nonce = ("0"):rep(64) end }, { "nonce", function(c) c.nonce = nil end },
      { "nonce", function(c) c.nonce = 7 end },
      { "audience", function(c) c.aud = "other" end }, { "audience", function(c) c.aud = nil end },
      { "authorized party", function(c) c.aud = { "shop", "other" } end },
      { "authorized party", function(c) c.azp = "other" end },
      { "issuer", function(c) c.iss = "https://evil.example" end },
      { "expired", function(c) c.exp = NOW - 31 end }, { "missing", function(c) c.exp = nil end },
      { "missing", function(c) c.iat = nil end },
      { "early", function(c) c.iat = NOW + 31 end }, { "missing", function(c) c.sub = nil end }, { "subject", function(c) c.sub = 7 end },
      { "subject", function(c) c.sub = "" end },
      { "access token", function(c) c.at_hash = identity.base64url(("\0"):rep(16)) end },
      { "access token", function(c) c.at_hash = 7 end },
    }
    for n, case in ipairs(cases) do
      provider.change = case[2]
      assert.same({ false, "id token", "/", case[1] }, said(answer_of(begin())), "case " .. n)
    end
    for _, good in ipairs { function(c) c.aud = { "shop", "other" } c.azp = "shop" end, function(c) c.iat = NOW + 30 end } do
      provider.change = good
      assert.equal("ada", sign_in()[1].sub)
    end
    provider.change = function(c)
      local hash = select(2, support.run(("printf access-%d | openssl dgst -sha256 -binary"):format(provider.serial)))
      c.at_hash = identity.base64url(hash:sub(1, 16))
    end
    assert.equal("ada", sign_in()[1].sub)
    provider.change = nil
    for reason, make in pairs {
      algorithm = function(asked) return identity.base64url '{"alg":"none"}' .. "." .. identity.base64url(
        require("dkjson").encode(provider:claims(asked))) .. ".AA" end,
      key = function(asked) return provider:sign(provider:claims(asked), { alg = "RS256", kid = "other" }) end,
      signature = function(asked) return (provider:sign(provider:claims(asked)):gsub("[^.]*$", ("A"):rep(342))) end,
      malformed = function() return "nonsense" end,
    } do
      provider.id_token = make
      assert.same({ false, "id token", "/", reason }, said(answer_of(begin())))
    end
  end)

  it("comes back to a path of this site, and nowhere else", function()
    for given, place in pairs {
      ["//evil.example"] = "/", ["/\\evil.example"] = "/", ["https://evil.example/"] = "/", ["javascript:alert(1)"] = "/", [""] = "/",
      ["/\tx"] = "/", ["/\n/evil"] = "/", ["evil"] = "/", ["/a\\b"] = "/", ["/ü"] = "/", ["/\0"] = "/", ["/" .. ("x"):rep(1024)] = "/",
      ["/"] = "/", ["/a//b?c=/d#e"] = "/a//b?c=/d#e", ["/x?next=https://evil.example"] = "/x?next=https://evil.example",
    } do
      assert.equal(place, said(answer_of(begin("/login?to=" .. encode(given))))[3], given)
    end
  end)

  it("lets those who are signed in through, and begins a sign-in for others", function()
    local asked = begin "/pages/a?b=%41"
    assert.equal("/pages/a?b=%41", said(answer_of(asked))[3])
    assert.equal("hello ada", get "/pages/a".body)
    client = flare:client()
    assert.equal(401, client:request({ method = "POST", path = "/pages/a" }).status)
    assert.equal(401, get("/pages/a", { ["sec-fetch-mode"] = "cors" }).status)
    assert.equal(303, get("/pages/a", { ["sec-fetch-mode"] = "navigate" }).status)
    assert.equal(303, client:request({ method = "HEAD", path = "/pages/a" }).status)
  end)

  it("keeps what else is in the session, and a visitor signed in while he begins anew", function()
    get "/basket"
    sign_in()
    assert.equal("pear", said "/session"[1].basket)
    local asked = begin()
    assert.equal("ada", said "/user"[1].sub)
    assert.same({ false, "refused", "/", "access_denied" }, said(answer_of(asked, { code = false, error = "access_denied" })))
    assert.equal("ada", said "/user"[1].sub)
    flare:advance(1800)
    begin() -- writes the cookie, but makes the sign-in last no longer
    flare:advance(1799)
    assert.equal("ada", said "/user"[1].sub)
    flare:advance(1)
    assert.same({ false, "absent" }, said "/user")
    assert.equal("pear", said "/session"[1].basket)
  end)

  it("does not write a cookie that browsers would drop", function()
    provider.change = function(c) c.name = ("x"):rep(4000) end
    assert.same({ false, "too large", "/", false }, said(answer_of(begin())))
    assert.same({ false, "absent" }, said "/user")
    provider.change = nil
    local long = "/" .. ("a"):rep(1000)
    get "/basket?count=450"
    assert.equal(long, said(answer_of(begin("/login?to=" .. long)))[3])
    client = flare:client()
    get "/basket?count=650" -- what the flare itself keeps leaves room for a sign-in, but not for the path
    assert.same({ "ada", "/" }, (function(all) return { all[1].sub, all[3] } end)(said(answer_of(begin("/login?to=" .. long)))))
    client = flare:client()
    get "/basket?count=730"
    assert.same({ false, "too large" }, said "/login")
  end)

  it("refreshes tokens when they are about to expire, and takes the new refresh token", function()
    sign_in()
    local first = said "/access_token"[1]
    flare:advance(89)
    assert.equal(first, said "/access_token"[1])
    flare:advance(1)
    local second = said "/access_token"[1]
    assert.is_not_equal(first, second)
    assert.same({ "refresh_token", nil }, { provider.last_form.grant_type, provider.last_form.scope })
    assert.equal(second, said "/access_token"[1])
    local third = said "/refresh"[1]
    assert.is_not_equal(second, third)
    assert.equal(third, said "/access_token"[1])
    provider.change = function(c) c.sub = "eve" end
    assert.same({ false, "id token", "subject" }, said "/refresh")
    assert.equal(third, said "/access_token"[1])
  end)

  it("says why there is no access token", function()
    assert.same({ false, "absent", false }, said "/access_token")
    sign_in()
    provider.refresh = "revoked"
    local token = said "/access_token"[1]
    assert.same({ false, "token", "invalid_grant" }, said "/refresh")
    assert.equal(token, said "/access_token"[1])
    assert.same({ false, "no refresh token", false }, said "/refresh") -- it is not tried again
    flare:advance(120)
    assert.same({ false, "expired", false }, said "/access_token")
    sign_in()
    flare:advance(100)
    provider.answers["/token"] = { status = 503, body = "" }
    assert.matches("^access%-", said "/access_token"[1]) -- still good for a while
    flare:advance(20)
    assert.same({ false, "provider", false }, said "/access_token")
    provider.answers["/token"] = nil
    assert.matches("^access%-", said "/access_token"[1])
  end)

  it("uses a refresh token in one request at a time", function()
    sign_in()
    flare:advance(90)
    local inner
    provider.answers["/token"] = function()
      local key, entry
      for name, value in pairs(flare:contents "spark") do if name:find "^flaron%.oidc:tokens:" then key, entry = name, value end end
      inner = { key, entry:match '"busy":(%d+)' }
      return nil, "timeout"
    end
    assert.matches("^access%-", said "/access_token"[1])
    assert.equal(tostring(NOW + 90), inner[2])
    provider.answers["/token"] = nil
    -- as it is while another invocation waits for the provider
    local held <close> = support.load((main:gsub("MORE", "")), { requires_raw_auth = true, secrets = SECRETS, now = NOW + 90,
      spark = { [inner[1]] = '{"access_token":"a","refresh_token":"r","expires":' .. NOW + 120 .. ',"busy":' .. NOW + 90 .. "}" } })
    provider:stub(held)
    client = held:client { cookies = { session = client:cookie "session" } }
    assert.same({ "a", false, false }, said "/access_token")
    assert.same({ false, "busy", false }, said "/refresh")
    assert.same({}, provider.fetched)
  end)

  it("keeps tokens encrypted where it is told to, and says when they cannot be kept", function()
    open "encrypt_with = 'AES',"
    sign_in()
    local token = said "/access_token"[1]
    assert.matches("^access%-", token)
    for name, value in pairs(flare:contents "spark") do
      if name:find "^flaron%.oidc:tokens:" then assert.is_nil(value:find("access", 1, true)) end
    end
    open()
    flare:fail("spark_set", "quota")
    local answer = get(answer_of(begin()))
    assert.equal("ada", answer.json()[1].sub)
    assert.response(answer).has.log("warn", "flaron.oidc: tokens are not kept:\tquota")
    assert.same({ false, "no tokens", false }, said "/access_token")
  end)

  it("knows a visitor on every edge, and has his tokens on one", function()
    sign_in()
    local other <close> = support.load((main:gsub("MORE", "")), { requires_raw_auth = true, secrets = SECRETS, now = NOW })
    provider:stub(other)
    client = other:client { cookies = { session = client:cookie "session" } }
    assert.equal("ada", said "/user"[1].sub)
    for _, name in ipairs { "access_token", "refresh", "userinfo" } do
      assert.same({ false, "no tokens", false }, said("/" .. name))
    end
    assert.equal(ISSUER .. "/end_session", get "/logout".headers.location:match "^[^?]*")
  end)

  it("asks who the visitor is, and takes no other's answer", function()
    assert.same({ false, "absent", false }, said "/userinfo")
    sign_in()
    assert.equal("7", said "/userinfo"[1].phone)
    assert.equal("Bearer access-" .. provider.serial, provider.authorization)
    for _, case in ipairs { { { body = '{"sub":"eve"}' }, "provider" }, { { body = "x" }, "provider" },
      { { status = 401, body = "{}" }, "token" } } do
      provider.answers["/userinfo"] = case[1]
      assert.same({ false, case[2], false }, said "/userinfo")
    end
  end)

  it("signs out here and at the provider", function()
    sign_in()
    get "/basket"
    local answer = get "/logout"
    local place, query = answer.headers.location:match "^([^?]*)%?(.*)$"
    local fields = identity.fields(query)
    assert.same({ 303, ISSUER .. "/end_session" }, { answer.status, place })
    assert.same({ "shop", "https://localhost/bye" }, { fields.client_id, fields.post_logout_redirect_uri })
    assert.matches("^eyJ", fields.id_token_hint)
    assert.same({ false, "absent" }, said "/user")
    assert.same({ { basket = "pear" } }, said "/session")
    for name in pairs(flare:contents "spark") do assert.is_nil(name:find "^flaron%.oidc:tokens:") end
    client = flare:client()
    sign_in()
    get "/logout"
    assert.is_nil(client:cookie "session")
    provider.answers["/.well-known/openid-configuration"] = { status = 500, body = "" }
    flare:advance(3600)
    assert.equal("https://localhost/bye", get "/logout".headers.location)
  end)

  it("gives an API the provider's keys, new ones at once, and forgets the old", function()
    local function token(number, more)
      local claims = { iss = ISSUER, aud = "api", sub = "ada", exp = NOW + 4000 }
      for name, value in pairs(more or {}) do claims[name] = value end
      return provider:sign(claims, { alg = "RS256", typ = "at+jwt", kid = ("key-%d"):format(number) }, number)
    end
    local function call(text) return said("/api", { ["x-token"] = text }) end
    local number = #provider.keys
    assert.equal("ada", call(token(number))[1].sub)
    assert.same({ false, "audience" }, call(token(number, { aud = "shop" })))
    flare:advance(1)
    provider:rotate()
    assert.equal("ada", call(token(number + 1))[1].sub)
    assert.same({ false, "key" }, call(token(number)))
    provider.answers["/.well-known/openid-configuration"] = { status = 500, body = "" }
    flare:advance(3601)
    assert.same({ false, "no keys" }, call(token(number + 1)))
  end)

  it("has a word for whatever comes", function()
    local words = { ["no login"] = true, state = true, issuer = true, refused = true, token = true }
    local path = answer_of(begin "/login?to=/a")
    local cookie = client:cookie "session"
    math.randomseed(17)
    local function change(text)
      local at = math.random(#text)
      local kind, byte = math.random(3), string.char(math.random(33, 126))
      return text:sub(1, at - (kind == 1 and 0 or 1)) .. (kind == 3 and "" or byte) .. text:sub(at + 1)
    end
    for n = 1, 400 do
      local query, held = path:sub(11), cookie
      if n % 2 == 0 then query = change(query):gsub("#", "") else held = change(held) end
      local answer = flare:request { url = "https://localhost/callback?" .. query, headers = { cookie = "session=" .. held } }
      local user, reason = table.unpack(answer.json())
      -- what was changed may not count: a blank after the cookie, the name of a field that nobody reads
      assert.truthy(user and user.sub == "ada" or words[reason], answer.body)
    end
  end)

  it("refuses options that make no sense", function()
    local plain <close> = evaluate.open({ secrets = { K = "k" } }, {}, { "flaron.oidc", "flaron.session" })
    local function fault(options)
      return plain:fault(("local s = require 'flaron.session'.new { secret = 'K' } require 'flaron.oidc'.new {%s}"):format(options))
    end
    local good = "issuer = 'https://a', client_id = 'c', redirect_uri = 'https://b/c', sessions = s, "
    for _, case in ipairs {
      { "", "option 'issuer' of oidc.new: missing" }, { "issuer = 'https://a'", "option 'client_id' of oidc.new: missing" },
      { good .. "isuer = 1", "unknown option 'isuer' of oidc.new: did you mean 'issuer'?" },
      { good .. "issuer = 'http://a'", "option 'issuer' of oidc.new: an https URL expected, or http of this machine" },
      { good .. "redirect_uri = 'https://b/#c'", "option 'redirect_uri' of oidc.new: an https URL expected, or http of this machine" },
      { good .. "issuer = 'http://localhost.evil.example/'",
        "option 'issuer' of oidc.new: an https URL expected, or http of this machine" },
      { good .. "issuer = 'http://localhost@evil.example/'",
        "option 'issuer' of oidc.new: an https URL expected, or http of this machine" },
      { good .. "sessions = {}", "option 'sessions' of oidc.new: what session.new gives expected" },
      { good .. "client_auth = 'basic'", "option 'client_auth' of oidc.new: there is no client_secret" },
      { good .. "client_auth = 'jwt'", "option 'client_auth' of oidc.new: 'basic', 'post' or 'none' expected" },
      { good .. "scope = 'email'", "option 'scope' of oidc.new: has no 'openid'" },
      { good .. "claims = { 1 }", "option 'claims' of oidc.new: item 1: string expected, got number" },
      { good .. "leeway = 3601", "option 'leeway' of oidc.new: not from 0 to 3600" },
      { good .. "ttl = 0", "option 'ttl' of oidc.new: not from 1 to 86400" },
    } do
      assert.equal(case[2], fault(case[1]))
    end
    for _, issuer in ipairs { "http://localhost", "http://127.0.0.1:3000/", "http://[::1]:80/x", "https://a.example/tenant" } do
      plain:run(("local s = require 'flaron.session'.new { secret = 'K' } require 'flaron.oidc'.new {%s}"):format(
        good .. ("issuer = %q"):format(issuer)))
    end
    local function keys_fault(options) return plain:fault(("require 'flaron.oidc'.keys {%s}"):format(options)) end
    assert.equal("option 'issuer' of oidc.keys: missing", keys_fault "")
    assert.equal("option 'issuer' of oidc.keys: an https URL expected, or http of this machine", keys_fault "issuer = 'http://a/'")
    assert.equal("option 'ttl' of oidc.keys: not from 1 to 86400", keys_fault "issuer = 'https://a/', ttl = 0")
    assert.equal("option 'interval' of oidc.keys: not from 1 to 50", keys_fault "issuer = 'https://a/', ttl = 50, interval = 51")
    assert.matches("bad argument #2 to 'client:login' %('state' is set by the sign%-in%)", plain:fault [[
      local s = require 'flaron.session'.new { secret = 'K' }
      local client = require "flaron.oidc".new { issuer = 'https://a', client_id = 'c', redirect_uri = 'https://b/c', sessions = s }
      client:login("/", { state = "x" })]])
  end)
end)
