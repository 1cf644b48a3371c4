-- flaron.cors: which pages of other origins may read the flare's answers: the CORS protocol of the Fetch standard.
--
-- It only instructs browsers and blocks no requests: a request from an origin that is not allowed is answered, but its
-- page cannot read the answer. It does not support Access-Control-Allow-Private-Network, which browsers have abandoned,
-- nor headers for answers of the origin server, which a flare cannot change.
local argument = require "flaron.internal.argument"
local flaron = require "flaron"

--- Cross-origin resource sharing.
---@class flaron.cors
local cors = {}

---@class flaron.cors.Options
---@field origins "*"|string[]|fun(origin: string): boolean whose pages may read answers
---@field credentials? boolean requests with cookies; default `false`
---@field methods? string[] default: GET, HEAD, POST, PUT, PATCH, DELETE
---@field headers? "*"|string[] headers that requests may have; default `"*"`, those that the browser asks for
---@field exposed? string[] headers of answers that pages may read beside the usual ones; default: none
---@field max_age? integer seconds that browsers may keep the answer to a preflight; default 600

--- Who may read what.
---@class flaron.cors.Policy
---@field package allows fun(origin: string): boolean
---@field package any boolean all origins, without looking
---@field package always table<string, string> headers of each answer
---@field package preflight table<string, string> headers of an answer to a preflight
---@field package headers "*"|nil headers are those that are asked for
local policy = {}
policy.__index = policy

local TYPES = {
  origins = "string|table|function", credentials = "boolean", methods = "table", headers = "string|table", exposed = "table",
  max_age = "integer",
}
local LONGEST_AGE = 0x7fffffff
local METHODS = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" }
local TOKEN = "[%w!#$%%&'*+.^_`|~-]"
local DEFAULT_PORTS = { http = "80", https = "443" }

-- What is wrong with an origin of the list; nil if nothing.
local function origin_fault(text)
  if text == "null" then return "'null' is what any sandboxed frame sends" end
  local scheme, rest = text:match "^(%a[%w+.-]*)://(.+)$"
  if not scheme then return "it has no scheme, such as https://" end
  local host, port = rest:match "^(%[[%x:.]+%])(.*)$"
  if not host then host, port = rest:match "^([^:/?#@]*)(.*)$" end
  if port ~= "" and not port:find "^:%d+$" and port ~= ":*" then return "an origin ends with its host or port" end
  if port:sub(2) == DEFAULT_PORTS[scheme:lower()] then return "browsers leave the port out when it is the scheme's own" end
  if host:gsub("^%*%.", ""):find "[^%w._%[%]:-]" or host == "" or host == "*." then
    return "a star stands for whole labels in front, https://*.example.com, or for the port"
  end
end

-- Converts an origin with stars to a Lua pattern.
local function to_pattern(text)
  local pattern = text:gsub("[%-%.%[%]%+]", "%%%0"):gsub(":%*$", ":%%d+")
  return "^" .. pattern:gsub("//%*%%%.", "//[%%w_.-]+%%.") .. "$"
end

-- A function that tells whether an origin is in the list.
local function allow_list(list)
  local exact, patterns = {}, {}
  for _, origin in ipairs(list) do
    origin = origin:lower()
    if origin:find("*", 1, true) then patterns[#patterns + 1] = to_pattern(origin) else exact[origin] = true end
  end
  return function(origin)
    if exact[origin] then return true end
    for _, pattern in ipairs(patterns) do
      if origin:find(pattern) then return true end
    end
    return false
  end
end

-- What is wrong with a list of tokens; nil if nothing.
local function list_fault(list)
  for n, name in ipairs(list) do
    if type(name) ~= "string" then return ("item %d: string expected, got %s"):format(n, type(name)) end
    if not name:find("^" .. TOKEN .. "+$") then return ("'%s' is not a token"):format(name) end
    if name == "*" then return "'*' means nothing here: name them" end
  end
end

local function origins_fault(origins)
  if type(origins) == "string" and origins ~= "*" then return "a list, a function or \"*\" expected" end
  if type(origins) ~= "table" then return nil end
  if #origins == 0 then return "the list is empty" end
  for n, origin in ipairs(origins) do
    if type(origin) ~= "string" then return ("item %d: string expected, got %s"):format(n, type(origin)) end
    local fault = origin_fault(origin)
    if fault then return ("'%s': %s"):format(origin, fault) end
  end
end

-- The wrong option and what is wrong with it; nil if nothing.
local function fault_of(options)
  if options.origins == nil then return "origins", "missing" end
  local fault = origins_fault(options.origins)
  if fault then return "origins", fault end
  if options.credentials and options.origins == "*" then return "credentials", "never with origins = \"*\": name the origins" end
  for _, name in ipairs { "methods", "headers", "exposed" } do
    local list = options[name]
    if type(list) == "string" and list ~= "*" then return name, "a list or \"*\" expected" end
    fault = type(list) == "table" and list_fault(list)
    if fault then return name, fault end
  end
  local age = options.max_age
  if age and (age < 0 or age > LONGEST_AGE) then return "max_age", ("%d is not from 0 to %d"):format(age, LONGEST_AGE) end
end

--- Says who may read what. It needs no host: do it at start-up.
---
--- Raises: for an option that is unknown, missing or makes no sense, such as `credentials` with `origins = "*"`.
---@param options flaron.cors.Options `origins` must be there.
---@return flaron.cors.Policy policy to answer by.
function cors.new(options)
  argument.check(options, 1, "cors.new", "table")
  argument.options(options, "cors.new", TYPES, fault_of)
  local origins = options.origins
  local self = { any = origins == "*", headers = (options.headers or "*") == "*" and "*" or nil, always = {}, preflight = {} }
  self.allows = type(origins) == "table" and allow_list(origins) or origins
  if options.credentials then self.always["access-control-allow-credentials"] = "true" end
  if options.exposed and #options.exposed > 0 then self.exposed = table.concat(options.exposed, ", ") end
  self.preflight["access-control-allow-methods"] = table.concat(options.methods or METHODS, ", ")
  self.preflight["access-control-max-age"] = tostring(options.max_age or 600)
  if type(options.headers) == "table" and #options.headers > 0 then
    self.preflight["access-control-allow-headers"] = table.concat(options.headers, ", ")
  end
  return setmetatable(self, policy)
end

-- The value of Access-Control-Allow-Origin for an origin; nil if it is not allowed.
local function allowed(self, origin)
  if self.any then return "*" end
  if not origin or origin == "null" or origin:find "[^\33-\126]" then return nil end
  return self.allows(origin) == true and origin or nil
end

-- Whether a header of the request is a valid list of tokens.
local function is_token_list(text) return text:find("^[,%s]*" .. TOKEN) ~= nil and not text:find "[^%w!#$%%&'*+.^_`|~, -]" end

local VARY_OF_PREFLIGHT = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"

-- The answer to a preflight, from an allowed origin or not.
local function answer_preflight(self, allow)
  local headers = { vary = VARY_OF_PREFLIGHT }
  if not allow then
    headers["content-type"] = "text/plain; charset=utf-8"
    return { status = 403, headers = headers, body = "origin not allowed\n" }
  end
  for name, value in pairs(self.preflight) do headers[name] = value end
  local asked = self.headers and flaron.request.header "access-control-request-headers"
  if asked and is_token_list(asked) then headers["access-control-allow-headers"] = asked end
  return { status = 204, headers = headers }
end

--- Sets the headers that the request is to be answered with, in `flaron.response`, `Vary: Origin` wherever they depend on the origin; and answers a preflight.
---@return flaron.Answer|nil answer for a preflight: return it. `nil` for any other request: answer it yourself.
function policy:apply()
  argument.self(self, "preflight", "policy:apply")
  local origin = flaron.request.header "origin"
  local is_preflight = flaron.request.method() == "OPTIONS" and origin
    and flaron.request.header "access-control-request-method"
  local allow = allowed(self, origin)
  if not self.any then flaron.response.set_header("vary", "Origin") end
  if allow then
    flaron.response.set_header("access-control-allow-origin", allow)
    for name, value in pairs(self.always) do flaron.response.set_header(name, value) end
    if self.exposed and not is_preflight then flaron.response.set_header("access-control-expose-headers", self.exposed) end
  end
  if is_preflight then return answer_preflight(self, allow) end
end

-- A value of Vary with Origin added.
local function with_origin(vary)
  for name in vary:gmatch "[^,%s]+" do
    if name == "*" or name:lower() == "origin" then return vary end
  end
  return vary:find "%S" and vary .. ", Origin" or "Origin"
end

-- A handler's answer; if it has its own Vary, a copy with Origin added.
local function keep_vary(answer)
  local headers = type(answer) == "table" and answer.headers
  for name, value in pairs(type(headers) == "table" and headers or {}) do
    if type(name) == "string" and name:lower() == "vary" and type(value) == "string" then
      local whole, all = {}, {}
      for key, field in pairs(answer) do whole[key] = field end
      for key, field in pairs(headers) do all[key] = field end
      all[name], whole.headers = with_origin(value), all
      return whole
    end
  end
  return answer
end

--- The policy as middleware for `app:use` of flaron.router: preflights are answered before any route is asked. A `Vary` in a handler's answer is kept, with `Origin` added.
---@return flaron.router.Middleware middleware to use outermost, so that answers of other middleware can be read, too.
function policy:middleware()
  argument.self(self, "preflight", "policy:middleware")
  return function(_, next)
    local answer = self:apply()
    if answer then return answer end
    answer = next()
    return self.any and answer or keep_vary(answer)
  end
end

return cors
