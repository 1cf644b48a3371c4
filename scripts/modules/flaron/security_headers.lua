-- flaron.security_headers: headers that restrict what browsers allow a page, with the defaults of OWASP's cheat sheet
-- of HTTP headers; each can be changed, or left out with `false`.
--
-- It does not set X-XSS-Protection, which does more harm than good, and does not affect answers of the origin server,
-- which a flare cannot change.
local argument = require "flaron.internal.argument"
local flaron = require "flaron"

--- Security headers of answers.
---@class flaron.security_headers
local security_headers = {}

---@class flaron.security_headers.Options
---@field csp? string|table<string, string|false>|false `Content-Security-Policy`: whole, or directives that take the place of those of the default
---@field report_only? boolean browsers report what `csp` forbids, and let it pass; default `false`
---@field hsts? string|false `Strict-Transport-Security`, of answers over https alone
---@field frame_options? string|false `X-Frame-Options`
---@field content_type_options? string|false `X-Content-Type-Options`
---@field referrer_policy? string|false `Referrer-Policy`
---@field permissions_policy? string|false `Permissions-Policy`
---@field opener_policy? string|false `Cross-Origin-Opener-Policy`
---@field resource_policy? string|false `Cross-Origin-Resource-Policy`
---@field embedder_policy? string|false `Cross-Origin-Embedder-Policy`; default `false`

--- The headers of a site.
---@class flaron.security_headers.Shield
---@field package headers table<string, string>
---@field package hsts string|false
---@field package csp string|nil
---@field package csp_name string
---@field package value string|nil the nonce of this invocation
local shield = {}
shield.__index = shield

-- Names and defaults. The default of referrer_policy keeps the header Origin of forms, which "no-referrer" would turn
-- into "null".
local HEADERS = {
  frame_options = { "x-frame-options", "DENY" },
  content_type_options = { "x-content-type-options", "nosniff" },
  referrer_policy = { "referrer-policy", "strict-origin-when-cross-origin" },
  permissions_policy = {
    "permissions-policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
  },
  opener_policy = { "cross-origin-opener-policy", "same-origin" },
  resource_policy = { "cross-origin-resource-policy", "same-origin" },
  embedder_policy = { "cross-origin-embedder-policy", false },
}
local HSTS = "max-age=31536000; includeSubDomains"
local CSP = {
  ["default-src"] = "'self'", ["base-uri"] = "'self'", ["form-action"] = "'self'", ["frame-ancestors"] = "'none'",
  ["object-src"] = "'none'",
}

local TYPES = { csp = "string|table|false", report_only = "boolean", hsts = "string|false" }
for option in pairs(HEADERS) do TYPES[option] = "string|false" end

-- What is wrong with a directive; nil if nothing.
local function directive_fault(name, value)
  if type(name) ~= "string" or not name:find "^%l[%l-]*$" then return ("'%s' is not a directive"):format(tostring(name)) end
  if value == false then return nil end
  if type(value) ~= "string" then return ("%s: string or false expected, got %s"):format(name, type(value)) end
  if value:find "[;,%c\128-\255]" then return name .. " has a character that may not stand there" end
end

-- The value of a policy's header: the given directives replace those of the default, in alphabetical order.
local function write_csp(given)
  local all, list = {}, {}
  for name, value in pairs(CSP) do all[name] = value end
  for name, value in pairs(given) do all[name] = value end
  for name, value in pairs(all) do
    if value then list[#list + 1] = value == "" and name or name .. " " .. value end
  end
  table.sort(list)
  return table.concat(list, "; ")
end

-- The wrong option and what is wrong with it; nil if nothing.
local function fault_of(options)
  for option, value in pairs(options) do
    if type(value) == "string" and (value:find "[%c\128-\255]" or not value:find "%S") then
      return option, "not a value of a header"
    end
  end
  if type(options.csp) ~= "table" then return nil end
  for name, value in pairs(options.csp) do
    local fault = directive_fault(name, value)
    if fault then return "csp", fault end
  end
end

--- Says which headers answers have. It needs no host: do it at start-up.
---
--- Raises: for an option that is unknown, of a wrong type or no value of a header.
---@param options? flaron.security_headers.Options what differs from the defaults; `false` leaves a header or a directive out.
---@return flaron.security_headers.Shield shield to answer with.
function security_headers.new(options)
  argument.optional(options, 1, "security_headers.new", "table")
  options = options or {}
  argument.options(options, "security_headers.new", TYPES, fault_of)
  local self = { headers = {}, hsts = HSTS, csp_name = "content-security-policy" }
  for name, header in pairs(HEADERS) do
    local value = options[name]
    if value == nil then value = header[2] end
    if value then self.headers[header[1]] = value end
  end
  if options.hsts ~= nil then self.hsts = options.hsts end
  if type(options.csp) == "string" then self.csp = options.csp
  elseif options.csp ~= false then self.csp = write_csp(options.csp or {})
  end
  if self.csp == "" then self.csp = nil end
  if options.report_only then self.csp_name = self.csp_name .. "-report-only" end
  return setmetatable(self, shield)
end

--- The nonce of this answer: put it into `<script nonce="...">`, and `{nonce}` into a directive of `csp`. It is the same throughout an invocation, and 128 random bits anew in each.
---@return string nonce in base64.
function shield:nonce()
  argument.self(self, "headers", "shield:nonce")
  if not self.value then
    local bytes = assert(flaron.crypto.random_bytes(16))
    self.value = assert(flaron.encoding.base64_encode(bytes))
  end
  return self.value
end

--- Sets the headers, in `flaron.response`. Those that a handler sets afterwards, or names in its answer, take their place.
function shield:apply()
  argument.self(self, "headers", "shield:apply")
  local set_header = flaron.response.set_header
  for name, value in pairs(self.headers) do set_header(name, value) end
  if self.hsts and (flaron.request.url() or ""):lower():find "^https:" then set_header("strict-transport-security", self.hsts) end
  if self.csp then
    local csp = self.csp
    if csp:find("{nonce}", 1, true) then csp = csp:gsub("{nonce}", "'nonce-" .. self:nonce() .. "'") end
    set_header(self.csp_name, csp)
  end
end

--- The headers as middleware for `app:use` of flaron.router.
---@return flaron.router.Middleware middleware that sets them before it goes on.
function shield:middleware()
  argument.self(self, "headers", "shield:middleware")
  return function(_, next)
    self:apply()
    return next()
  end
end

return security_headers
