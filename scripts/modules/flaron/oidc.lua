-- flaron.oidc: signs visitors in by a provider of OpenID Connect: the authorization code flow with PKCE, state and nonce. What
-- is known of the visitor is in the cookie of flaron.session, and tokens are in Spark.
--
-- What it does not do: other flows, encrypted ID tokens, registration of clients, front- and back-channel logout, and proofs of
-- the client other than its secret.
local argument = require "flaron.internal.argument"
local client = require "flaron.oidc.client"
local is_secure = require "flaron.internal.secure_url"
local jwt = require "flaron.jwt"
local provider = require "flaron.internal.oidc.provider"

--- Sign-in by OpenID Connect.
---@class flaron.oidc
local oidc = {}

---@class flaron.oidc.Options
---@field issuer string the provider, as its tokens name it in `iss`
---@field client_id string what the provider calls this client
---@field redirect_uri string the URL of the callback, as the provider knows it
---@field sessions flaron.session.Sessions what keeps visitors: their cookie has the sign-in, too
---@field client_secret? string the name of the secret that the provider gave; without it the client is public
---@field client_auth? "basic"|"post"|"none" how the secret is sent; default `"basic"`, and `"none"` without a secret
---@field scope? string default `"openid"`
---@field claims? string[] of the ID token, what is kept in the session beside `iss` and `sub`; default `{ "name", "email" }`
---@field post_logout_redirect_uri? string where the provider leads to after logout, as it knows it; default: nowhere
---@field algorithms? string[] of the provider's keys, only these
---@field leeway? integer seconds that clocks may differ, up to 3600; default 30
---@field ttl? integer seconds that the provider's document and keys are kept, up to 86400; default 3600
---@field encrypt_with? string the name of a secret for AES: tokens are kept encrypted
---@field authorization_endpoint? string in place of what is discovered; with the next two nothing is
---@field token_endpoint? string
---@field jwks_uri? string
---@field end_session_endpoint? string
---@field userinfo_endpoint? string

---@class flaron.oidc.KeysOptions
---@field issuer string as of flaron.oidc.Options
---@field ttl? integer as for `jwt.keys`
---@field interval? integer as for `jwt.keys`
---@field jwks_uri? string in place of what is discovered

---@alias flaron.oidc.Reason
---| "absent" # nobody is signed in
---| "expired" # the access token is, and there is no refresh token
---| "no login" # no sign-in of this visitor is under way
---| "state" # the answer is not of the sign-in that is under way
---| "issuer" # the answer is another provider's
---| "refused" # the provider refused to sign in
---| "token" # the provider refused to give tokens
---| "id token" # the ID token is not good
---| "provider" # the provider does not answer, or not as it should
---| "no tokens" # this edge has no tokens of the visitor
---| "no refresh token" # there is none
---| "busy" # another request is refreshing the tokens
---| "too large" # the cookie would be over 4096 bytes
---| "no such secret" # the host does not have a secret, or the manifest does not allow it

local TYPES = {
  issuer = "string", client_id = "string", redirect_uri = "string", sessions = "table", client_secret = "string",
  client_auth = "string", scope = "string", claims = "table", post_logout_redirect_uri = "string", algorithms = "table",
  leeway = "integer", ttl = "integer", encrypt_with = "string",
}
for _, name in ipairs(provider.ENDPOINTS) do TYPES[name] = "string" end
local INSECURE = "an https URL expected, or http of this machine"
local WAYS = { basic = true, post = true, none = true }

-- What is wrong with how long things are kept.
local function fault_of_times(options)
  local ttl = options.ttl or 3600
  if ttl < 1 or ttl > 86400 then return "ttl", "not from 1 to 86400" end
  if options.interval and (options.interval < 1 or options.interval > ttl) then return "interval", ("not from 1 to %d"):format(ttl) end
end

-- The option that is wrong and what is wrong with it; nil when nothing is.
local function fault_of(options)
  for _, name in ipairs { "issuer", "client_id", "redirect_uri", "sessions" } do
    if not options[name] then return name, "missing" end
  end
  for _, name in ipairs { "issuer", "redirect_uri", "post_logout_redirect_uri", table.unpack(provider.ENDPOINTS) } do
    if options[name] and not is_secure(options[name]) then return name, INSECURE end
  end
  if type(options.sessions.write) ~= "function" then return "sessions", "what session.new gives expected" end
  if options.client_auth and not WAYS[options.client_auth] then return "client_auth", "'basic', 'post' or 'none' expected" end
  if (options.client_auth or "none") ~= "none" and not options.client_secret then return "client_auth", "there is no client_secret" end
  if options.scope and not (" " .. options.scope .. " "):find(" openid ", 1, true) then return "scope", "has no 'openid'" end
  for _, name in ipairs { "claims", "algorithms" } do
    local fault = argument.strings(options[name])
    if fault then return name, fault end
  end
  if options.leeway and (options.leeway < 0 or options.leeway > 3600) then return "leeway", "not from 0 to 3600" end
  return fault_of_times(options)
end

local KEYS = { issuer = "string", ttl = "integer", interval = "integer", jwks_uri = "string" }

-- The same for oidc.keys.
local function fault_of_keys(options)
  if not options.issuer then return "issuer", "missing" end
  for _, name in ipairs { "issuer", "jwks_uri" } do
    if options[name] and not is_secure(options[name]) then return name, INSECURE end
  end
  return fault_of_times(options)
end

--- The keys of a provider, found by its discovery document, for `jwt.new`: what an API needs that takes the provider's access tokens. It needs no host: do it at start-up. The manifest must have `writes_spark_kv`, and the provider's URLs in `allowed_fetch_urls`.
---
--- Raises: for an option that is unknown, missing or makes no sense.
---@param options flaron.oidc.KeysOptions `issuer` must be there; `ttl` and `interval` are as for `jwt.keys`, `jwks_uri` is in place of what is discovered.
---@return flaron.jwt.Keys keys for the option `key` of `jwt.new`.
function oidc.keys(options)
  argument.check(options, 1, "oidc.keys", "table")
  argument.options(options, "oidc.keys", KEYS, fault_of_keys)
  local function keys_of(at) return jwt.keys { url = at, ttl = options.ttl, interval = options.interval } end
  if options.jwks_uri then return keys_of(options.jwks_uri) end
  return { find = function(kid)
    local endpoints = provider.endpoints(options)
    if not endpoints then return nil, "no keys" end
    return keys_of(endpoints.jwks_uri).find(kid)
  end }
end

--- Says who signs visitors in, and for whom. It needs no host: do it at start-up.
---
--- Raises: for an option that is unknown, missing or makes no sense.
---@param options flaron.oidc.Options `issuer`, `client_id`, `redirect_uri` and `sessions` must be there.
---@return flaron.oidc.Client client to sign in with.
function oidc.new(options)
  argument.check(options, 1, "oidc.new", "table")
  argument.options(options, "oidc.new", TYPES, fault_of)
  local keys = oidc.keys { issuer = options.issuer, ttl = options.ttl, jwks_uri = options.jwks_uri }
  local tokens = jwt.new {
    key = keys, algorithms = options.algorithms, issuer = options.issuer, audience = options.client_id,
    required = { "exp", "iat", "sub" }, leeway = options.leeway or 30,
  }
  return setmetatable({ options = options, tokens = tokens }, client)
end

return oidc
