-- flaron.internal.oidc.provider: what an issuer publishes of itself (OpenID Connect Discovery 1.0), kept in Spark, and requests to
-- its token endpoint. Part of flaron.oidc; not for use by itself.
local digest = require "flaron.digest"
local flaron = require "flaron"
local is_secure = require "flaron.internal.secure_url"
local jose = require "flaron.internal.jose"
local url = require "flaron.url"
local beam, encoding, secrets, spark = flaron.beam, flaron.encoding, flaron.secrets, flaron.spark

local provider = {}

local LONGEST = 60000 -- bytes of an answer
local PAUSE = 10 -- seconds after a discovery that failed in which there is no other
local NEEDED = { "authorization_endpoint", "token_endpoint", "jwks_uri" }

--- The endpoints that options may have in place of what is discovered.
provider.ENDPOINTS = { "authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint", "userinfo_endpoint" }

--- Fields as a query or a form has them, sorted by name.
---@param fields table<string, string>
---@return string
function provider.form(fields) return url.build({ query = fields }):sub(2) end

--- The object that a URL answers with, and its status; nil for no answer, for no object of JSON, and for what is too long.
---@param at string
---@param options? flaron.FetchOptions
---@return table? object
---@return integer? status
function provider.fetch(at, options)
  local answer = beam.fetch(at, options)
  if not answer or #answer.body > LONGEST then return nil end
  return jose.object(answer.body), answer.status
end

-- What counts of the issuer's document; nil if it is not his, or not complete.
local function read(document, issuer)
  if document.issuer ~= issuer then return nil end
  local found = { sends_issuer = document.authorization_response_iss_parameter_supported == true }
  for _, name in ipairs(provider.ENDPOINTS) do
    local value = document[name]
    if type(value) == "string" and is_secure(value) then found[name] = value end
  end
  for _, name in ipairs(NEEDED) do
    if not found[name] then return nil end
  end
  return found
end

-- What is discovered of an issuer, from Spark or by a fetch; nil if nothing can be had.
local function discover(issuer, ttl)
  local place = "flaron.oidc:issuer:" .. digest.sha256(issuer, "hex")
  local kept = spark.get(place)
  if kept then return jose.object(kept) end -- "" is no object: the last discovery failed
  local document, status = provider.fetch(issuer:gsub("/$", "") .. "/.well-known/openid-configuration")
  local found = document and status == 200 and read(document, issuer) or nil
  spark.set(place, found and flaron.json.encode(found) or "", found and ttl or PAUSE)
  return found
end

--- The endpoints of an issuer, and whether he sends `iss` (RFC 9207): those of the options, and what is discovered.
---@param options flaron.oidc.Options
---@return table? endpoints nil if they cannot be had.
function provider.endpoints(options)
  local found = {}
  if not (options.authorization_endpoint and options.token_endpoint and options.jwks_uri) then
    local kept = discover(options.issuer, options.ttl or 3600)
    if not kept then return nil end
    for name, value in pairs(kept) do found[name] = value end
  end
  for _, name in ipairs(provider.ENDPOINTS) do found[name] = options[name] or found[name] end
  return found
end

-- What proves to the token endpoint who asks: puts it into headers or fields. False if the secret is not there.
local function authenticate(options, headers, fields)
  local way = options.client_auth or options.client_secret and "basic" or "none"
  local secret = options.client_secret and secrets.get(options.client_secret)
  if way ~= "none" and not secret then return false end
  if way == "basic" then -- both encoded first: RFC 6749, 2.3.1
    local pair = url.encode(options.client_id) .. ":" .. url.encode(secret)
    headers.authorization = "Basic " .. assert(encoding.base64_encode(pair))
  else
    fields.client_id, fields.client_secret = options.client_id, secret or nil
  end
  return true
end

--- Asks the token endpoint.
---@param options flaron.oidc.Options
---@param endpoint string
---@param fields table<string, string> of the grant
---@return table? tokens as it answers, of the right types
---@return string? reason "no such secret", "provider" or "token"
---@return string? code of the provider's refusal, such as "invalid_grant"
function provider.ask_tokens(options, endpoint, fields)
  local headers = { ["content-type"] = "application/x-www-form-urlencoded", accept = "application/json" }
  if not authenticate(options, headers, fields) then return nil, "no such secret" end
  local object, status = provider.fetch(endpoint, { method = "POST", headers = headers, body = provider.form(fields) })
  if not object then return nil, "provider" end
  if status ~= 200 then
    local code = provider.error_code(object.error)
    if code and status >= 400 and status < 500 then return nil, "token", code end
    return nil, "provider"
  end
  local lifetime = math.tointeger(object.expires_in)
  local tokens = { lifetime = lifetime and lifetime >= 0 and lifetime <= 1 << 31 and lifetime or nil }
  for _, name in ipairs { "access_token", "refresh_token", "id_token" } do
    local value = object[name]
    if type(value) == "string" and value ~= "" and not value:find "[^!-~]" then tokens[name] = value end
  end
  if not tokens.access_token or type(object.token_type) ~= "string" or object.token_type:lower() ~= "bearer" then
    return nil, "provider"
  end
  return tokens
end

--- The code of an error if it is one (RFC 6749, 5.2) that a page or a log may have; nil for anything else.
---@param value any
---@return string?
function provider.error_code(value)
  return type(value) == "string" and #value <= 64 and value:match "^[%w_.-]+$" or nil
end

return provider
