-- flaron.jwt.sign: makes JSON Web Tokens with a key that the flare has in its hands. Part of flaron.jwt; not for use by itself.
--
-- What it does not do: it keeps no key. crypto.sign_jwt signs with a secret that the flare does not see.
local argument = require "flaron.internal.argument"
local digest = require "flaron.digest"
local flaron = require "flaron"
local jose = require "flaron.internal.jose"
local crypto, encoding, json, time = flaron.crypto, flaron.encoding, flaron.json, flaron.time

local jwt = {}

---@class flaron.jwt.SignOptions
---@field algorithm? string one of those that the key has; default the key's `alg`, or the usual one of its kind
---@field kid? string the name of the key; default the key's own
---@field type? string `typ` in the header; default `"JWT"`
---@field ttl? integer seconds until the token expires: `exp`
---@field iat? boolean whether claims without `iat` get it; default true

local TYPES = { algorithm = "string", kid = "string", type = "string", ttl = "integer", iat = "boolean" }
local USUAL = { oct = "HS256", RSA = "RS256", ["P-256"] = "ES256", ["P-384"] = "ES384" } -- by a key's kind or curve

-- The option that is wrong and what is wrong with it; nil when nothing is.
local function fault_of(options)
  local algorithm, ttl = options.algorithm, options.ttl
  if algorithm and not jose.HASHES[algorithm] and not jose.ASYMMETRIC[algorithm] then
    return "algorithm", ("'%s' is not known"):format(algorithm)
  end
  if ttl and (ttl < 1 or ttl > 1 << 32) then return "ttl", "not from 1 to 4294967296" end
end

-- The key of a source that can sign, and by which algorithm; nil and why there is none.
local function find_key(source, options)
  local bytes, keys = type(source) == "table" and source.hmac_key
  if type(bytes) == "string" then
    if #bytes < 32 or bytes:find "%-%-%-%-%-BEGIN " then return nil, "hmac_key: at least 32 bytes expected, and no PEM" end
    keys = { { kty = "oct", k = bytes } }
  else
    keys = jose.private_keys(source, options.kid)
  end
  for _, key in ipairs(keys) do
    local algorithm = options.algorithm or key.alg or USUAL[key.curve or key.kty]
    if algorithm and jose.has(key, algorithm) then return key, algorithm end
  end
  return nil, keys[1] and "it does not have the algorithm" or "no private key in PEM, DER, JWK or JWKS that can sign"
end

local function sign_with(key, algorithm, input)
  local hash = jose.HASHES[algorithm]
  if hash then return digest.hmac(hash[1], key.k, input) end
  local salt = algorithm:find "^PS" and assert(crypto.random_bytes(math.tointeger(algorithm:sub(3)) // 8)) or nil
  return digest.sign(algorithm, key, input, salt)
end

-- The claims with those that the options add.
local function complete(claims, options)
  local all, now = {}, nil
  for name, value in pairs(claims) do all[name] = value end
  if options.ttl or options.iat ~= false and all.iat == nil then now = assert(time.now()) end
  if options.ttl then all.exp = now + options.ttl end
  if options.iat ~= false and all.iat == nil then all.iat = now end
  return all
end

local function encode(bytes)
  return (assert(encoding.base64_encode(bytes)):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end

--- Makes a token. The key says which algorithms there are: `{ hmac_key = bytes }`, or a private key in PEM, DER, JWK or JWKS.
---
--- Raises: for an option that is unknown or makes no sense, claims that JSON cannot say, and a key that cannot sign.
---@param claims table<string, flaron.Json> what the token says.
---@param key string|table never a key that others have: read it with `secrets.get`.
---@param options? flaron.jwt.SignOptions below.
---@return string token header, claims and signature.
function jwt.sign(claims, key, options)
  argument.check(claims, 1, "jwt.sign", "table")
  if type(key) ~= "table" then argument.check(key, 2, "jwt.sign", "string") end
  argument.optional(options, 3, "jwt.sign", "table")
  options = options or {}
  argument.options(options, "jwt.sign", TYPES, fault_of)
  if #claims > 0 then argument.fail(1, "jwt.sign", "claims are a list, not named") end
  if options.ttl and claims.exp ~= nil then error("option 'ttl' of jwt.sign: the claims have 'exp'", 2) end
  local good, payload = pcall(json.encode, complete(claims, options))
  if not good then argument.fail(1, "jwt.sign", payload) end
  local found, algorithm = find_key(key, options)
  if not found then argument.fail(2, "jwt.sign", algorithm) end
  local kid = options.kid or found.kid
  local header = ('{"alg":"%s","typ":%s%s}'):format(algorithm, json.encode(options.type or "JWT"),
    kid and ',"kid":' .. json.encode(kid) or "")
  local input = encode(header) .. "." .. encode(payload)
  local signature, fault = sign_with(found, algorithm, input)
  if not signature then argument.fail(2, "jwt.sign", fault) end
  local token = input .. "." .. encode(signature)
  if #token > jose.LONGEST then argument.fail(1, "jwt.sign", ("the token is longer than %d bytes"):format(jose.LONGEST)) end
  return token
end

return jwt.sign
