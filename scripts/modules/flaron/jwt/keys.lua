-- flaron.jwt.keys: the key set that an issuer publishes (JWKS), kept in Spark. Part of flaron.jwt; not for use by itself.
--
-- What it does not do: it does not find the set's URL (see the issuer's discovery document), and keeps no set after `ttl`.
local argument = require "flaron.internal.argument"
local digest = require "flaron.digest"
local flaron = require "flaron"
local is_secure = require "flaron.internal.secure_url"
local jose = require "flaron.internal.jose"
local beam, logging, spark, time = flaron.beam, flaron.logging, flaron.spark, flaron.time

local jwt = {}

---@class flaron.jwt.KeysOptions
---@field url string where the set is, by https, or by http of this machine
---@field ttl? integer seconds that a set is kept, up to 86400; default 3600
---@field interval? integer seconds between two fetches at least, up to `ttl`; default 60

--- A published key set, for the option `key`.
---@class flaron.jwt.Keys
---@field package find fun(kid?: string): table[]?, string?

local TYPES = { url = "string", ttl = "integer", interval = "integer" }
local LONGEST = 60000 -- bytes of a set: with the times before it, it fits into a value of Spark

-- The option that is wrong and what is wrong with it; nil when nothing is.
local function fault_of(options)
  if not options.url then return "url", "missing" end
  if not is_secure(options.url) then return "url", "an https URL expected" end
  local ttl = options.ttl or 3600
  if ttl < 1 or ttl > 86400 then return "ttl", "not from 1 to 86400" end
  if options.interval and (options.interval < 1 or options.interval > ttl) then return "interval", ("not from 1 to %d"):format(ttl) end
end

-- The set that a URL answers with; nil and why not.
local function fetch(url)
  local answer, message = beam.fetch(url)
  if not answer then return nil, message end
  if answer.status ~= 200 then return nil, ("the status is %d"):format(answer.status) end
  if #answer.body > LONGEST then return nil, ("the answer has over %d bytes"):format(LONGEST) end
  local object = jose.object(answer.body)
  if not object or type(object.keys) ~= "table" then return nil, "the answer is no JWKS" end
  if #object.keys > jose.MOST_KEYS then return nil, ("the set has more than %d keys"):format(jose.MOST_KEYS) end
  return answer.body
end

-- The public keys of a set with a name. A published key of an HMAC is no secret: it verifies nothing.
local function public_keys(set, kid)
  local found = {}
  for _, key in ipairs(jose.keys(set, kid)) do
    if key.kty ~= "oct" then found[#found + 1] = key end
  end
  return found
end

--- A key set that is fetched when it is needed, kept in Spark for `ttl`, and fetched anew for a key that it does not have, though not more often than every `interval` seconds. It needs no host: do it at start-up. The manifest must have `writes_spark_kv`, and the URL in `allowed_fetch_urls`.
---
--- Raises: for an option that is unknown, missing or makes no sense.
---@param options flaron.jwt.KeysOptions `url` must be there.
---@return flaron.jwt.Keys keys for the option `key` of `jwt.new`.
function jwt.keys(options)
  argument.check(options, 1, "jwt.keys", "table")
  argument.options(options, "jwt.keys", TYPES, fault_of)
  local url, ttl = options.url, options.ttl or 3600
  local interval = options.interval or math.min(60, ttl)
  local place = "flaron.jwt:" .. digest.sha256(url, "hex")
  return { find = function(kid)
    local now = assert(time.now())
    -- what is kept: when it was asked for last, when it expires, and the set, which is empty if none came
    local asked, expires, set = (spark.get(place) or ""):match "^(%d+) (%d+)\n(.*)$"
    asked, expires = math.tointeger(asked), math.tointeger(expires)
    if not asked or now >= expires then asked, set = nil, "" end
    local found = set ~= "" and public_keys(set, kid) or {}
    if #found == 0 and (not asked or now >= asked + interval or now < asked) then
      local new, why = fetch(url)
      if not new then logging.warn(("jwt.keys: no key set from %s: %s"):format(url, why)) end
      if new then
        set, expires, found = new, now + ttl, public_keys(new, kid)
      elseif set == "" then
        expires = now + interval
      end
      spark.set(place, ("%d %d\n%s"):format(now, expires, set), expires - now)
    end
    if set == "" then return nil, "no keys" end
    return found
  end }
end

return jwt.keys
