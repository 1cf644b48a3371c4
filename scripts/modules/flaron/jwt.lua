-- flaron.jwt: verifies and signs JSON Web Tokens (RFC 7519) in compact form. The key says which algorithms count, never
-- the token; there is no "none".
--
-- What it does not do: encrypted tokens (JWE), certificates, EdDSA, extensions that the header calls critical.
local argument = require "flaron.internal.argument"
local digest = require "flaron.digest"
local flaron = require "flaron"
local jose = require "flaron.internal.jose"
local signed = require "flaron.internal.signed"
local crypto, json, time = flaron.crypto, flaron.json, flaron.time

--- JSON Web Tokens.
---@class flaron.jwt
local jwt = { keys = require "flaron.jwt.keys", sign = require "flaron.jwt.sign" }

---@class flaron.jwt.Options
---@field secret? string the name of a secret: the host verifies HS256 with it
---@field old_secrets? string[] names of secrets that signed before and still count
---@field hmac_key? string the bytes of a key of HS256, HS384 and HS512
---@field key? string|table a public key: PEM, DER, JWK or JWKS, as text or as a table; or what `jwt.keys` gives
---@field algorithms? string[] of those that the key has, only these
---@field issuer? string|string[] what `iss` must be, or one of it
---@field audience? string|string[] what `aud` must be or have, or one of it
---@field subject? string what `sub` must be
---@field type? string what `typ` in the header must be, such as `"at+jwt"`
---@field required? string[] claims that must be there; default `{ "exp" }`
---@field leeway? integer seconds that clocks may differ, up to 3600; default 0
---@field max_age? integer seconds after `iat` for which a token is good

---@alias flaron.jwt.Reason
---| "absent" # there is no token
---| "malformed" # it is no token, or a claim is of a wrong type
---| "critical" # its header has `crit`
---| "type" # `typ` is not the one asked for
---| "algorithm" # the key does not have its algorithm
---| "key" # no key has its name
---| "signature" # the signature does not fit
---| "missing" # a required claim is missing
---| "expired" # its time is over
---| "early" # its time, or that of its issue, is still to come
---| "issuer" # it is from another issuer
---| "audience" # it is for another audience
---| "subject" # it is about another subject
---| "no keys" # the key set cannot be had
---| "no such secret" # the host does not have the secret, or the manifest does not allow it

--- What verifies tokens.
---@class flaron.jwt.Tokens
---@field package options flaron.jwt.Options
---@field package find fun(kid?: string): table[]?, string?
local tokens = {}
tokens.__index = tokens

local TYPES = {
  secret = "string", old_secrets = "table", hmac_key = "string", key = "string|table", algorithms = "table",
  issuer = "string|table", audience = "string|table", subject = "string", type = "string", required = "table",
  leeway = "integer", max_age = "integer",
}

-- Whether a list has a value; a string is a list of one.
local function includes(list, value)
  if type(list) ~= "table" then return list == value end
  for _, item in ipairs(list) do
    if item == value then return true end
  end
  return false
end

-- What makes a key useless; nil if it can verify.
local function fault_of_key(key)
  if key.kty == "oct" then return #key.k < 32 and "shorter than 32 bytes" or nil end
  local algorithm = key.kty == "RSA" and "RS256" or key.curve == "P-256" and "ES256" or "ES384"
  return select(2, digest.verify(algorithm, key, "", ""))
end

-- The option that is wrong and what is wrong with it; nil when nothing is.
local function fault_of(options)
  local sources = (options.secret and 1 or 0) + (options.hmac_key and 1 or 0) + (options.key and 1 or 0)
  if sources ~= 1 then return "key", "one of 'secret', 'hmac_key' and 'key' must be there" end
  if options.hmac_key and (#options.hmac_key < 32 or options.hmac_key:find "%-%-%-%-%-BEGIN ") then
    return "hmac_key", "at least 32 bytes expected, and no PEM"
  end
  for _, name in ipairs { "old_secrets", "algorithms", "issuer", "audience", "required" } do
    for _, item in ipairs(type(options[name]) == "table" and options[name] or {}) do
      if type(item) ~= "string" then return name, "list of strings expected, has a " .. type(item) end
    end
  end
  for _, name in ipairs(options.algorithms or {}) do
    if not jose.HASHES[name] and not jose.ASYMMETRIC[name] then return "algorithms", ("'%s' is not known"):format(name) end
  end
  if options.leeway and (options.leeway < 0 or options.leeway > 3600) then return "leeway", "not from 0 to 3600" end
  if options.max_age and (options.max_age < 1 or options.max_age > 1 << 32) then return "max_age", "not from 1 to 4294967296" end
end

-- The keys of the option `key` that can verify; nil and why there are none.
local function read_keys(source)
  local all, good, fault = jose.keys(source), {}, nil
  if #all > jose.MOST_KEYS then return nil, ("more than %d keys"):format(jose.MOST_KEYS) end
  for _, key in ipairs(all) do
    local wrong = fault_of_key(key)
    if wrong then fault = wrong else good[#good + 1] = key end
  end
  if #good == 0 then return nil, fault or "no public key, JWK or JWKS that can verify" end
  return good
end

--- Says how tokens are verified. It needs no host: do it at start-up.
---
--- Raises: for an option that is unknown, missing or makes no sense, and for a key that cannot verify.
---@param options flaron.jwt.Options one of `secret`, `hmac_key` and `key` must be there.
---@return flaron.jwt.Tokens tokens to verify with.
function jwt.new(options)
  argument.check(options, 1, "jwt.new", "table")
  argument.options(options, "jwt.new", TYPES, fault_of)
  local self = { options = options }
  if type(options.key) == "table" and type(options.key.find) == "function" then
    self.find = options.key.find
  elseif not options.secret then
    local keys, fault = { { kty = "oct", k = options.hmac_key } }, nil
    if options.key then keys, fault = read_keys(options.key) end
    if not keys then error("option 'key' of jwt.new: " .. fault, 2) end
    self.find = function(kid)
      local found = {}
      for _, key in ipairs(keys) do
        if jose.is_named(key, kid) then found[#found + 1] = key end
      end
      return found
    end
  end
  return setmetatable(self, tokens)
end

-- The host's HMAC with the named secrets. True, or nil and why not.
local function verify_by_host(options, header, input, signature)
  if header.alg ~= "HS256" then return nil, "algorithm" end
  local hex = signature:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
  local good, message = signed.by_any({ options.secret, table.unpack(options.old_secrets or {}) }, hex,
    function(secret) return crypto.hmac(secret, input) end)
  return good or nil, message or "signature"
end

-- Tries the keys that fit a header. True, or nil and why not.
local function verify_by_keys(self, header, input, signature)
  local keys, fault = self.find(header.kid)
  if not keys then return nil, fault end
  local reason = #keys == 0 and "key" or "algorithm"
  for _, key in ipairs(keys) do
    if jose.has(key, header.alg) then
      local hash = jose.HASHES[header.alg]
      local good
      if hash then
        good = digest.equal(digest.hmac(hash[1], key.k, input), signature)
      else
        good = digest.verify(header.alg, key, input, signature)
      end
      if good then return true end
      reason = "signature"
    end
  end
  return nil, reason
end

-- Why a header is refused; nil if it is not.
local function fault_of_header(header, options)
  if type(header.alg) ~= "string" or header.kid ~= nil and type(header.kid) ~= "string" then return "malformed" end
  if header.crit ~= nil then return "critical" end
  if options.type then
    local kind = type(header.typ) == "string" and header.typ:lower():gsub("^application/", "")
    if kind ~= options.type:lower():gsub("^application/", "") then return "type" end
  end
  if options.algorithms and not includes(options.algorithms, header.alg) then return "algorithm" end
end

-- Why claims are refused at a time; nil if they are not.
local function fault_of_claims(claims, options, now)
  local leeway = options.leeway or 0
  for _, name in ipairs { "exp", "nbf", "iat" } do
    local value = claims[name]
    if value ~= nil and (not math.type(value) or value ~= value or math.abs(value) > 1 << 53) then return "malformed" end
  end
  for _, name in ipairs(options.required or { "exp" }) do
    if claims[name] == nil or claims[name] == json.null then return "missing" end
  end
  if options.max_age and not claims.iat then return "missing" end
  if claims.exp and now >= claims.exp + leeway then return "expired" end
  if options.max_age and now >= claims.iat + options.max_age + leeway then return "expired" end
  if math.max(claims.nbf or now, claims.iat or now) > now + leeway then return "early" end
  if options.issuer and not includes(options.issuer, claims.iss) then return "issuer" end
  if options.audience then
    local found = false
    for _, name in ipairs(type(claims.aud) == "table" and claims.aud or { claims.aud }) do
      found = found or type(name) == "string" and includes(options.audience, name)
    end
    if not found then return "audience" end
  end
  if options.subject and claims.sub ~= options.subject then return "subject" end
end

--- Verifies a token: first its signature, then its claims.
---@param text string? what came from outside, without `Bearer`.
---@return table|nil claims what it says.
---@return flaron.jwt.Reason? reason why it is refused.
---@return table? header its header.
function tokens:verify(text)
  argument.self(self, "options", "tokens:verify")
  argument.optional(text, 1, "tokens:verify", "string")
  if not text or text == "" then return nil, "absent" end
  if #text > jose.LONGEST then return nil, "malformed" end
  local input, head, body, tail = text:match "^(([%w_-]+)%.([%w_-]+))%.([%w_-]+)$"
  local header, signature = jose.object(jose.decode(head or "")), jose.decode(tail or "")
  if not input or not header or not signature then return nil, "malformed" end
  local fault = fault_of_header(header, self.options)
  if fault then return nil, fault end
  local good, reason
  if self.options.secret then
    good, reason = verify_by_host(self.options, header, input, signature)
  else
    good, reason = verify_by_keys(self, header, input, signature)
  end
  if not good then return nil, reason end
  local payload = jose.decode(body)
  local claims = payload and payload:find "^[ \t\r\n]*{" and jose.object(payload)
  if not claims then return nil, "malformed" end
  fault = fault_of_claims(claims, self.options, assert(time.now()))
  if fault then return nil, fault end
  return claims, nil, header
end

return jwt
