-- A login gateway: pages for those who have signed in at a provider of OpenID Connect, and an API that takes the
-- provider's access tokens. docs/oidc.md tells how it works; flare.lua names the provider.
--
--   GET  /           for all
--   GET  /account    for those who are signed in; others are led to the provider, and come back to it
--   GET  /callback   where the provider leads back to
--   POST /logout     signs out, here and at the provider
--   GET  /api/me     for programs, with an access token: `Authorization: Bearer TOKEN`
local flaron = require "flaron"
local jwt = require "flaron.jwt"
local oidc = require "flaron.oidc"
local router = require "flaron.router"
local session = require "flaron.session"
local template = require "flaron.template"

local site, issuer = os.getenv "SITE", os.getenv "ISSUER"

local client = oidc.new {
  issuer = issuer,
  client_id = os.getenv "CLIENT_ID",
  client_secret = "CLIENT_SECRET",
  redirect_uri = site .. "/callback",
  post_logout_redirect_uri = site .. "/",
  scope = "openid profile email",
  sessions = session.new { secret = "SESSION_KEY", name = "__Host-session", max_age = 8 * 3600 },
}

local tokens = jwt.new {
  key = oidc.keys { issuer = issuer }, issuer = issuer, audience = os.getenv "AUDIENCE", leeway = 30,
}

local PAGE = [[
<!doctype html>
<title>%s</title>
<h1>%s</h1>
<p>%s
%s
]]
local SIGN_IN = '<p><a href="/account">Sign in</a>'
local SIGN_OUT = '<form method="post" action="/logout"><button>Sign out</button></form>'

local function show(status, title, text, user)
  return {
    status = status,
    headers = { ["content-type"] = "text/html; charset=utf-8", ["cache-control"] = "no-store" },
    body = PAGE:format(title, title, template.escape(text), user and SIGN_OUT or SIGN_IN),
  }
end

local app = router.new()

app:get("/", function()
  local user = client:user()
  return show(200, "Welcome", user and "You are signed in." or "You are not signed in.", user)
end)

-- What a visitor is told who is not signed in after all. Other reasons are the gateway's or the provider's fault.
local TELL = {
  ["no login"] = { 400, "This sign-in is over." },
  ["state"] = { 400, "You began to sign in somewhere else, too." },
  ["refused"] = { 403, "You did not sign in." },
}

app:get("/callback", function()
  local user, reason, return_to, detail = client:callback()
  if user then return { status = 303, headers = { location = return_to, ["cache-control"] = "no-store" } } end
  if client:user() and TELL[reason] then return { status = 303, headers = { location = "/" } } end
  local tell = TELL[reason] or { 503, "Nobody can sign in at the moment." }
  if not TELL[reason] then flaron.logging.error("sign-in:", reason, detail or "") end
  return show(tell[1], "Not signed in", tell[2])
end)

app:post("/logout", function() return client:logout() end)

local account = app:group("/account", client:middleware())
account:get("/", function(req)
  return show(200, "Your account", "You are " .. (req.user.name or req.user.sub) .. ".", req.user)
end)

-- Around the API: the request must have an access token of the provider for this API.
local api = app:group("/api", function(req, next)
  local token = (req:header "authorization" or ""):match "^[Bb][Ee][Aa][Rr][Ee][Rr] +([^ ]+)$"
  local claims, reason = tokens:verify(token)
  if reason == "no keys" then return { status = 503, json = { error = "the provider does not answer" } } end
  if not claims then
    return { status = 401, headers = { ["www-authenticate"] = "Bearer" }, json = { error = "no good token" } }
  end
  req.claims = claims
  return next()
end)
api:get("/me", function(req) return { json = { sub = req.claims.sub, scope = req.claims.scope } } end)

return app:handler()
