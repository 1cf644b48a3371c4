-- flaron.csrf: keeps requests out that a page of another site makes with a visitor's cookies. First by what browsers say of
-- where a request comes from (Sec-Fetch-Site, Origin), then by a token that is signed with HMAC-SHA-256 and bound to the
-- session, or to a cookie of its own: the signed double-submit cookie of OWASP's cheat sheet.
--
-- What it does not do: it helps against no script in a page of one's own (XSS), reads no token from a URL, and looks for one
-- in the body of URL-encoded forms alone; `token` reads it from elsewhere.
local argument = require "flaron.internal.argument"
local cookie = require "flaron.cookie"
local flaron = require "flaron"
local signed = require "flaron.internal.signed"
local url = require "flaron.url"
local crypto, encoding, request = flaron.crypto, flaron.encoding, flaron.request

--- Protection against forged requests of other sites.
---@class flaron.csrf
local csrf = {}

---@class flaron.csrf.Options
---@field secret string the name of the secret that signs; the manifest must allow it
---@field old_secrets? string[] names of secrets that signed before and still count; default: none
---@field session? fun(): string|nil the id of the visitor's session, to which tokens are bound; default: a cookie of its own
---@field cookie? string the name of that cookie; default `"__Host-csrf"`
---@field field? string the field of a form that has the token; default `"csrf_token"`
---@field header? string the header that has it; default `"x-csrf-token"`
---@field token? fun(): string|nil reads the token from elsewhere, when neither header nor form has it
---@field origins? string[] other origins whose pages may send requests, such as `"https://app.example.com"`
---@field max_age? integer seconds that a token is good for; default 43200, twelve hours

---@alias flaron.csrf.Reason
---| "cross-site" # the browser says that a page of another site sends it
---| "no session" # there is nothing that a token could be bound to
---| "no token" # the request has none
---| "forged" # the token is not of ours, or of another session
---| "expired" # its time is over
---| "no such secret" # the host does not have the secret, or the manifest does not allow it

--- What checks requests.
---@class flaron.csrf.Guard
---@field package secrets string[]
---@field package session? fun(): string|nil
---@field package cookie string
---@field package field string
---@field package header string
---@field package find? fun(): string|nil
---@field package origins table<string, boolean>
---@field package max_age integer
---@field package id string|nil of the cookie that this response sets
local guard = {}
guard.__index = guard

local TYPES = {
  secret = "string", old_secrets = "table", session = "function", cookie = "string", field = "string", header = "string",
  token = "function", origins = "table", max_age = "integer",
}
local SAFE = { GET = true, HEAD = true, OPTIONS = true, TRACE = true }
local COOKIE = { same_site = "Strict" } -- secure, http_only, without a domain, as __Host- wants it
local DEFAULT_PORTS = { http = 80, https = 443 }
local LONGEST_AGE = 0xffffffff

-- The origin of a URL as browsers write it; nil when it has none.
local function origin_of(text)
  local parts = url.parse(text)
  if not parts or not parts.scheme or not parts.host then return nil end
  local port = parts.port and parts.port ~= DEFAULT_PORTS[parts.scheme] and (":%d"):format(parts.port) or ""
  return parts.scheme .. "://" .. parts.host .. port
end

-- The option that is wrong and what is wrong with it; nil when nothing is.
local function fault_of(options)
  if not options.secret then return "secret", "missing" end
  for _, name in ipairs { "old_secrets", "origins" } do
    local fault = argument.strings(options[name])
    if fault then return name, fault end
  end
  for _, origin in ipairs(options.origins or {}) do
    if origin_of(origin) ~= origin then return "origins", ("'%s' is not an origin, such as https://example.com"):format(origin) end
  end
  if options.session and options.cookie then return "cookie", "not with session: tokens are bound to one of them" end
  local name = options.header
  if name and not name:find "^[%w!#$%%&'*+.^_`|~-]+$" then return "header", ("'%s' is not a token"):format(name) end
  local age = options.max_age
  if age and (age < 1 or age > LONGEST_AGE) then return "max_age", ("%d is not from 1 to %d"):format(age, LONGEST_AGE) end
end

--- Says how requests are checked. It needs no host: do it at start-up.
---
--- Raises: for an option that is unknown, missing or makes no sense.
---@param options flaron.csrf.Options `secret` must be there.
---@return flaron.csrf.Guard guard to check with.
function csrf.new(options)
  argument.check(options, 1, "csrf.new", "table")
  argument.options(options, "csrf.new", TYPES, fault_of)
  local self = {
    secrets = { options.secret, table.unpack(options.old_secrets or {}) }, session = options.session,
    cookie = options.cookie or "__Host-csrf", field = options.field or "csrf_token",
    header = options.header or "x-csrf-token", find = options.token, origins = {}, max_age = options.max_age or 43200,
  }
  cookie.serialize(self.cookie, "", COOKIE) -- raises for what no cookie can have
  for _, origin in ipairs(options.origins or {}) do self.origins[origin] = true end
  return setmetatable(self, guard)
end

-- What a token or a cookie is signed with: `kind` and the fields, which have no colon. nil and a message without the secret.
local function sign(secret, kind, ...) return crypto.hmac(secret, table.concat({ "flaron.csrf", kind, ... }, ":")) end

-- Whether one of the secrets signed; nil and a message if none is available.
local function is_signed(self, found, kind, ...)
  local fields = { ... }
  return signed.by_any(self.secrets, found, function(secret) return sign(secret, kind, table.unpack(fields)) end)
end

local function random_hex() return assert(encoding.hex_encode(assert(crypto.random_bytes(16)))) end

-- The id in our cookie, when we signed it; else nil, and a message when the secret is not there.
local function read_cookie(self)
  if self.id then return self.id end
  local id, signature = (cookie.get(self.cookie) or ""):match "^(%x+)%.(%x+)$"
  if not id or #id ~= 32 then return nil end
  local good, message = is_signed(self, signature, "cookie", self.cookie, id)
  return good and id or nil, message
end

-- What tokens of this visitor are bound to, in hexadecimal; nil and a reason when there is nothing.
local function read_id(self)
  if not self.session then
    local id, message = read_cookie(self)
    return id, message or "no session"
  end
  local id = self.session()
  if id == nil or id == "" then return nil, "no session" end
  if type(id) ~= "string" then error(("csrf: the session's id is a %s, not a string"):format(type(id)), 0) end
  return (id:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

--- A token for a form or a page of this visitor; another one each time, and all are good. Without `session` it sets the cookie when there is none yet, and the host sends one `Set-Cookie` a response.
---
--- Raises: when another cookie is set already.
---@return string|nil token of characters that HTML and headers may have as they are.
---@return flaron.csrf.Reason? reason `"no session"` or `"no such secret"`.
function guard:token()
  argument.self(self, "secrets", "guard:token")
  local id, reason = read_id(self)
  if not id and (self.session or reason ~= "no session") then return nil, reason end
  if not id then
    id = random_hex()
    local signature, message = sign(self.secrets[1], "cookie", self.cookie, id)
    if not signature then return nil, message end
    cookie.set(self.cookie, id .. "." .. signature, COOKIE)
    self.id = id
  end
  local expires, salt = ("%x"):format(assert(flaron.time.now()) + self.max_age), random_hex()
  local signature, message = sign(self.secrets[1], "token", expires, salt, id)
  if not signature then return nil, message end
  return expires .. "." .. salt .. "." .. signature
end

--- Checks a token alone, wherever it comes from, such as the first message of a WebSocket. Signatures are compared in constant time.
---@param token string? what came from outside.
---@return true|nil good `true` when it is of this visitor.
---@return flaron.csrf.Reason? reason why not.
function guard:verify(token)
  argument.self(self, "secrets", "guard:verify")
  argument.optional(token, 1, "guard:verify", "string")
  if not token or token == "" then return nil, "no token" end
  local id, reason = read_id(self)
  if not id then return nil, reason end
  local expires, salt, signature = token:match "^(%x+)%.(%x+)%.(%x+)$"
  if not expires or #expires > 12 or #salt ~= 32 then return nil, "forged" end
  local good, message = is_signed(self, signature, "token", expires, salt, id)
  if not good then return nil, message or "forged" end
  if assert(flaron.time.now()) >= tonumber(expires, 16) then return nil, "expired" end
  return true
end

-- Whether a page of another site sends the request, by what the browser says; a client that says nothing is none.
local function is_cross_site(self)
  local origin, site = request.header "origin", request.header "sec-fetch-site"
  if origin and self.origins[origin] then return false end
  if site then return site ~= "same-origin" and site ~= "none" end
  return origin ~= nil and origin ~= origin_of(assert(request.url()))
end

-- The token of the request; nil when it has none.
local function find_token(self)
  local token = request.header(self.header)
  if token then return token end
  local kind = (request.header "content-type" or ""):match "^[^;%s]*"
  if kind:lower() == "application/x-www-form-urlencoded" then token = url.query(request.body())[self.field] end
  if not token and self.find then token = self.find() end
  return type(token) == "string" and token or nil
end

--- Checks the request: a method that changes something (all but GET, HEAD, OPTIONS and TRACE) must come from a page of this site or of `origins`, as far as the browser says, and have a token.
---@return true|nil good `true` when it may be answered.
---@return flaron.csrf.Reason? reason why not.
function guard:check()
  argument.self(self, "secrets", "guard:check")
  if SAFE[request.method()] then return true end
  if is_cross_site(self) then return nil, "cross-site" end
  return self:verify(find_token(self))
end

--- The check as middleware for `app:use` of flaron.router: what it refuses is answered with 403 and the reason. A secret that is not there is an error.
---@return flaron.router.Middleware middleware that goes on only when the check is good.
function guard:middleware()
  argument.self(self, "secrets", "guard:middleware")
  return function(_, next)
    local good, reason = self:check()
    if good then return next() end
    if reason == "no such secret" then error(("flaron.csrf: the secret %s is not set"):format(self.secrets[1]), 0) end
    local headers = { ["content-type"] = "text/plain; charset=utf-8", ["cache-control"] = "no-store" }
    return { status = 403, headers = headers, body = ("forbidden: %s\n"):format(reason) }
  end
end

return csrf
