-- flaron.cookie: the headers Cookie and Set-Cookie, RFC 6265. Signs and encrypts nothing: flaron.session signs.
local argument = require "flaron.internal.argument"
local flaron = require "flaron"

--- Cookies of the request, and one of the response.
---@class flaron.cookie
local cookie = {}

---@class flaron.cookie.Options
---@field path? string default `"/"`
---@field domain? string default: this host alone
---@field max_age? integer seconds; without it and `expires` the cookie ends with the browser's session
---@field expires? integer seconds since 1970
---@field secure? boolean sent over HTTPS alone; default `true`
---@field http_only? boolean out of reach for scripts of the page; default `true`
---@field same_site? "Strict"|"Lax"|"None" default `"Lax"`
---@field partitioned? boolean a jar for each site that embeds this one; default `false`

local TYPES = {
  path = "string", domain = "string", max_age = "integer", expires = "integer", secure = "boolean",
  http_only = "boolean", same_site = "string", partitioned = "boolean",
}
local SAME_SITE = { Strict = true, Lax = true, None = true }
local LONGEST = 4096 -- bytes of name, value and attributes that browsers must accept (RFC 6265)
local LONGEST_OPTION = 1024 -- browsers ignore a longer path or domain (RFC 6265bis, 5.6)
local FIRST_DATE, LAST_DATE = -11644473600, 253402300799 -- 1601 to 9999: the range of a cookie's date

-- Trims blanks. A single pattern would take quadratic time for a run of blanks.
local function trim(text)
  local first = text:find "[^ \t]"
  return first and text:sub(first, (text:find "[^ \t][ \t]*$")) or ""
end

--- Reads a header `Cookie`. Quotes around a value are no part of it; nothing is decoded.
---@param header string? the header's value; `nil` gives no cookies.
---@return table<string, string> cookies from names to values. Of cookies with the same name the first counts: browsers send the one with the longest path first.
function cookie.parse(header)
  argument.optional(header, 1, "cookie.parse", "string")
  local cookies = {}
  for pair in (header or ""):gmatch "[^;]+" do
    local name, value = pair:match "^([^=]*)=(.*)$"
    if name then name, value = trim(name), trim(value) end
    if name and name ~= "" and cookies[name] == nil then cookies[name] = value:match '^"(.*)"$' or value end
  end
  return cookies
end

--- The value of a cookie of the request. The manifest must have `requires_raw_auth`: else the host withholds it.
---@param name string the name, in the right case.
---@return string|nil value `nil` when there is none.
function cookie.get(name)
  argument.check(name, 1, "cookie.get", "string")
  return cookie.parse(flaron.request.header "cookie")[name]
end

-- Whether a domain is the name of a host, as browsers compare it with the one they asked (RFC 6265, 5.1.3; RFC 1123, 2.1):
-- labels of up to 63 characters that neither begin nor end with '-'. A dot in front counts for nothing; one at the end
-- would fit no host.
local function is_domain(text)
  local name = text:match "^%.?(.+)$"
  if not name or #name > 253 then return false end
  for label in (name .. "."):gmatch "([^.]*)%." do
    if #label > 63 or not label:find "^[%w_-]+$" or label:find "^%-" or label:find "%-$" then return false end
  end
  return true
end

-- What is wrong with the options on their own; nil if nothing.
local function options_fault(options)
  for name, value in pairs(options) do
    local expected, kind = TYPES[name], type(value)
    if not expected then return ("unknown option '%s'%s"):format(tostring(name), argument.nearest(name, TYPES)) end
    if expected == "integer" then kind = math.type(value) or kind end
    if kind ~= expected then return ("%s: %s expected, got %s"):format(name, expected, kind) end
    -- Control characters would begin another header, a semicolon another attribute.
    if kind == "string" and value:find "[%c;\128-\255]" then return name .. " has a character that may not stand there" end
    if kind == "string" and #value > LONGEST_OPTION then return ("%s: longer than %d bytes"):format(name, LONGEST_OPTION) end
  end
  if options.same_site and not SAME_SITE[options.same_site] then return "same_site is not Strict, Lax or None" end
  if options.path and options.path:sub(1, 1) ~= "/" then return "path does not begin with '/'" end
  if options.domain and not is_domain(options.domain) then return "domain is not the name of a host" end
  if options.expires and (options.expires < FIRST_DATE or options.expires > LAST_DATE) then
    return "expires is not from the year 1601 to 9999"
  end
end

-- Cookies that browsers would silently drop are an error here. Browsers accept the prefixes in any case (RFC 6265bis,
-- 4.1.3).
local function rules_fault(name, options)
  local secure, http_only = options.secure ~= false, options.http_only ~= false
  name = name:lower()
  if options.same_site == "None" and not secure then return "same_site = 'None' needs secure" end
  if options.partitioned and not secure then return "partitioned needs secure" end
  if name:find "^__secure%-" and not secure then return "the prefix __Secure- needs secure" end
  if name:find "^__host%-" and (not secure or options.domain or options.path and options.path ~= "/") then
    return "the prefix __Host- needs secure, the path '/' and no domain"
  end
  if name:find "^__http%-" and not (secure and http_only) then return "the prefix __Http- needs secure and http_only" end
  if name:find "^__host%-http%-" and not http_only then return "the prefix __Host-Http- needs http_only" end
end

local function fault_of(name, value, options)
  if not name:find "^[%w!#$%%&'*+.^_`|~-]+$" then return "the name is no token" end
  if value:find "[^%w%p]" or value:find '[",;\\]' then
    return "the value has a character that a cookie may not have: encode it first"
  end
  return options_fault(options) or rules_fault(name, options)
end

-- The header's value; nil and a message if the arguments are not valid.
local function write(name, value, options)
  options = options or {}
  local fault = fault_of(name, value, options)
  if fault then return nil, fault end
  local parts = { name .. "=" .. value, "Path=" .. (options.path or "/") }
  if options.domain then parts[#parts + 1] = "Domain=" .. options.domain end
  if options.max_age then parts[#parts + 1] = ("Max-Age=%d"):format(options.max_age) end
  if options.expires then parts[#parts + 1] = os.date("!Expires=%a, %d %b %Y %H:%M:%S GMT", options.expires) end
  if options.secure ~= false then parts[#parts + 1] = "Secure" end
  if options.http_only ~= false then parts[#parts + 1] = "HttpOnly" end
  parts[#parts + 1] = "SameSite=" .. (options.same_site or "Lax")
  if options.partitioned then parts[#parts + 1] = "Partitioned" end
  local text = table.concat(parts, "; ")
  if #text > LONGEST then return nil, ("longer than the %d bytes that browsers keep"):format(LONGEST) end
  return text
end

-- Raises an error with the name of a function of this module and the line of its caller.
local function fail(where, name, message)
  error(("bad cookie '%s' for '%s' (%s)"):format(tostring(name), where, message), 3)
end

--- Makes the value of a header `Set-Cookie`.
---
--- Raises: for a name, value or option that a cookie cannot have, more than 4096 bytes, and what browsers would not keep: `same_site = "None"` and `partitioned` without `secure`, and the prefixes `__Secure-`, `__Host-`, `__Http-` and `__Host-Http-`, in any case, without what they need.
---@param name string a token of RFC 9110.
---@param value string of printable ASCII without space, `"`, `,`, `;` and `\`; encode others, as with `flaron.url.encode`.
---@param options? flaron.cookie.Options attributes, by name.
---@return string header the header's value.
function cookie.serialize(name, value, options)
  argument.check(name, 1, "cookie.serialize", "string")
  argument.check(value, 2, "cookie.serialize", "string")
  argument.optional(options, 3, "cookie.serialize", "table")
  local text, message = write(name, value, options)
  if not text then fail("cookie.serialize", name, message) end
  return text
end

local held -- name of the cookie that this response sets

-- Sets the header; returns what is wrong, if anything.
local function hold(name, value, options)
  local text, message = write(name, value, options)
  if not text then return message end
  if held and held ~= name then return ("the host sends one Set-Cookie a response, and '%s' is set"):format(held) end
  flaron.response.set_header("set-cookie", text)
  held = name
end

--- Sets the cookie of the response. The host sends one `Set-Cookie` a response; setting the same name again replaces it.
---
--- Raises: as `cookie.serialize` does, and when a cookie of another name is set already.
---@param name string as for `cookie.serialize`.
---@param value string as for `cookie.serialize`.
---@param options? flaron.cookie.Options as for `cookie.serialize`.
function cookie.set(name, value, options)
  argument.check(name, 1, "cookie.set", "string")
  argument.check(value, 2, "cookie.set", "string")
  argument.optional(options, 3, "cookie.set", "table")
  local fault = hold(name, value, options)
  if fault then fail("cookie.set", name, fault) end
end

--- Makes the browser forget a cookie. It takes the place of `cookie.set` in a response.
---
--- Raises: as `cookie.set` does.
---@param name string the name.
---@param options? flaron.cookie.Options `path`, `domain` and `partitioned` must be those that it was set with.
function cookie.delete(name, options)
  argument.check(name, 1, "cookie.delete", "string")
  argument.optional(options, 2, "cookie.delete", "table")
  local all = {}
  for key, value in pairs(options or {}) do all[key] = value end
  all.max_age, all.expires = 0, 0
  local fault = hold(name, "", all)
  if fault then fail("cookie.delete", name, fault) end
end

return cookie
