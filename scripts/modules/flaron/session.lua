-- flaron.session: keeps values for a visitor in a signed cookie: HMAC-SHA-256 by the host.
--
-- The values are not encrypted (the visitor can read them), and a single session cannot be ended early, since nothing
-- is stored on the server. A copied cookie is valid until it expires.
local argument = require "flaron.internal.argument"
local cookie = require "flaron.cookie"
local flaron = require "flaron"
local signed = require "flaron.internal.signed"
local untrusted = require "flaron.internal.json"
local crypto, encoding, json, time = flaron.crypto, flaron.encoding, flaron.json, flaron.time

--- Sessions in a signed cookie.
---@class flaron.session
local session = {}

---@class flaron.session.Options
---@field secret string the name of the secret that signs; the manifest must allow it
---@field old_secrets? string[] names of secrets that signed before and still count; default: none
---@field name? string the name of the cookie; default `"session"`
---@field max_age? integer seconds that a session lasts; default 86400, a day
---@field path? string as for `flaron.cookie`
---@field domain? string as for `flaron.cookie`
---@field secure? boolean as for `flaron.cookie`
---@field http_only? boolean as for `flaron.cookie`
---@field same_site? "Strict"|"Lax"|"None" as for `flaron.cookie`
---@field partitioned? boolean as for `flaron.cookie`

---@alias flaron.session.Reason
---| "absent" # there is no cookie
---| "forged" # the signature is not ours
---| "malformed" # it is not of the form of a session
---| "expired" # its time is over
---| "no such secret" # the host does not have the secret, or the manifest does not allow it

--- The sessions of one cookie.
---@class flaron.session.Sessions
---@field package secrets string[]
---@field package name string
---@field package max_age integer
---@field package cookie flaron.cookie.Options
local sessions = {}
sessions.__index = sessions

local TYPES = {
  secret = "string", old_secrets = "table", name = "string", max_age = "number", path = "string", domain = "string",
  secure = "boolean", http_only = "boolean", same_site = "string", partitioned = "boolean",
}
local LONGEST_AGE = 0xffffffff -- seconds, 136 years: keeps the expiry a valid number of seconds
local LONGEST = 4096 -- bytes of a cookie: browsers drop longer ones

--- Whether two strings are the same, in a time that tells nothing of where they differ.
---@param one string a secret, or what was made of one.
---@param other string what came from outside.
---@return boolean same `true` when all bytes are equal.
function session.equal(one, other)
  argument.check(one, 1, "session.equal", "string")
  argument.check(other, 2, "session.equal", "string")
  return signed.equal(one, other)
end

--- Says how sessions are kept. It needs no host: do it at start-up.
---
--- Raises: for an option that is unknown, missing or of a wrong type.
---@param options flaron.session.Options `secret` must be there.
---@return flaron.session.Sessions sessions to read and write.
function session.new(options)
  argument.check(options, 1, "session.new", "table")
  argument.options(options, "session.new", TYPES)
  if not options.secret then error("option 'secret' of session.new is missing", 2) end
  local self = { name = options.name or "session", max_age = options.max_age or 86400, secrets = { options.secret } }
  if math.type(self.max_age) ~= "integer" or self.max_age < 1 then error("max_age is no positive integer", 2) end
  if self.max_age > LONGEST_AGE then error(("max_age is more than %d"):format(LONGEST_AGE), 2) end
  local fault = argument.strings(options.old_secrets)
  if fault then error("option 'old_secrets' of session.new: " .. fault, 2) end
  for _, name in ipairs(options.old_secrets or {}) do self.secrets[#self.secrets + 1] = name end
  self.cookie = {
    path = options.path, domain = options.domain, secure = options.secure, http_only = options.http_only,
    same_site = options.same_site, partitioned = options.partitioned, max_age = self.max_age,
  }
  cookie.serialize(self.name, "", self.cookie) -- raises for options that a cookie cannot have
  return setmetatable(self, sessions)
end

-- base64url without padding, RFC 4648: "/", "=" and "+" are not allowed everywhere in a cookie.
local function encode(bytes)
  return (assert(encoding.base64_encode(bytes)):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end

local function decode(text)
  local standard = text:gsub("[-_]", { ["-"] = "+", ["_"] = "/" })
  return (encoding.base64_decode(standard .. ("="):rep(-#text % 4)))
end

-- The signature of a payload. It covers the name of the cookie, so that a payload is not valid in another cookie.
local function sign(self, secret, payload)
  return crypto.hmac(secret, "flaron.session:" .. self.name .. ":" .. payload)
end

--- Signs values, for another place than a cookie, such as a link.
---
--- Raises: for what JSON cannot say.
---@param values table what to keep, as `json.encode` takes it.
---@param max_age? integer seconds that it is good for, from 1 to 4294967295; default: that of the sessions.
---@return string|nil text `payload.signature`, of characters that a URL and a cookie may have.
---@return string? message `"no such secret"`.
function sessions:sign(values, max_age)
  argument.self(self, "secrets", "sessions:sign")
  argument.check(values, 1, "sessions:sign", "table")
  argument.range(max_age, 2, "sessions:sign", 1, LONGEST_AGE)
  local expires = assert(time.now()) + (max_age or self.max_age)
  local payload = encode(json.encode { expires = expires, values = values })
  local signature, message = sign(self, self.secrets[1], payload)
  if not signature then return nil, message end
  return payload .. "." .. signature
end

--- Checks what `sessions:sign` made. Nothing of it is read before the signature is found good.
---@param text string? what came from outside.
---@return table|nil values what was signed.
---@return flaron.session.Reason? reason why not.
---@return integer? expires when the values expire, in seconds since 1970.
function sessions:verify(text)
  argument.self(self, "secrets", "sessions:verify")
  argument.optional(text, 1, "sessions:verify", "string")
  if not text or text == "" then return nil, "absent" end
  local payload, found = text:match "^([%w_-]+)%.(%x+)$"
  if not payload or #text > LONGEST then return nil, "malformed" end
  local good, message = signed.by_any(self.secrets, found, function(secret) return sign(self, secret, payload) end)
  if not good then return nil, message or "forged" end
  local decoded = decode(payload)
  local is_json, content = untrusted.decode(decoded or "")
  if not is_json or type(content) ~= "table" or type(content.values) ~= "table" or not math.tointeger(content.expires) then
    return nil, "malformed"
  end
  if assert(time.now()) >= content.expires then return nil, "expired" end
  return content.values, nil, content.expires
end

--- The session of the request. The manifest must have `requires_raw_auth`: else the host withholds cookies.
---@return table|nil values what was written.
---@return flaron.session.Reason? reason why there is none.
---@return integer? expires when the values expire, in seconds since 1970.
function sessions:read()
  argument.self(self, "secrets", "sessions:read")
  return self:verify(cookie.get(self.name))
end

--- Sets the cookie of the session, with a new time to live. The host sends one `Set-Cookie` a response.
---
--- Raises: for what JSON cannot say, and when another cookie is set already.
---@param values table what to keep, as `json.encode` takes it; little, since every request carries it.
---@return true|nil done `true` when it was set.
---@return string? message `"no such secret"`, or `"too large"` for a cookie of more than 4096 bytes.
function sessions:write(values)
  argument.self(self, "secrets", "sessions:write")
  argument.check(values, 1, "sessions:write", "table")
  local text, message = self:sign(values)
  if not text then return nil, message end
  if #cookie.serialize(self.name, "", self.cookie) + #text > LONGEST then return nil, "too large" end
  cookie.set(self.name, text, self.cookie)
  return true
end

--- Makes the browser forget the session. Who kept the cookie can still use it until it expires.
---
--- Raises: when another cookie is set already.
function sessions:clear()
  argument.self(self, "secrets", "sessions:clear")
  local options = {}
  for name, value in pairs(self.cookie) do options[name] = value end
  cookie.delete(self.name, options)
end

return session
