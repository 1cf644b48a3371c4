-- flaron.url: takes URLs apart and puts them together: RFC 3986 and the queries of HTML forms. Needs no host.
--
-- It does not resolve ".." or relative URLs, and knows nothing of international host names.

--- URLs, their queries, and the encoding of both.
---@class flaron.url
local url = {}

---@class flaron.url.Parts
---@field scheme? string in lower case, such as `"https"`
---@field userinfo? string what stands before `@`, as it is written
---@field host? string in lower case; an IPv6 address keeps its brackets
---@field port? integer only when the URL names one
---@field path string as it is written; `"/"` when a URL with a host has none
---@field query? string what follows `?`, as it is written
---@field fragment? string what follows `#`, as it is written

local function to_byte(hex)
  return string.char(tonumber(hex, 16))
end

local function to_hex(byte)
  return ("%%%02X"):format(byte:byte())
end

--- Decodes `%XX`. A `+` stays one: it is a space only in queries and forms.
---@param text string encoded text, such as a segment of a path.
---@return string bytes what was encoded; a `%` that no two hexadecimal digits follow stays as it is.
function url.decode(text)
  return (text:gsub("%%(%x%x)", to_byte))
end

--- Encodes bytes for any part of a URL, as JavaScript's `encodeURIComponent` does.
---@param bytes string any bytes.
---@return string text with `%XX` for all but letters, digits and `-._~`.
function url.encode(bytes)
  return (tostring(bytes):gsub("[^%w%-._~]", to_hex))
end

local function decode_field(text)
  if not text:find "[%%+]" then return text end
  return url.decode((text:gsub("%+", " ")))
end

--- Reads a query, or a form that was sent as `application/x-www-form-urlencoded`. A field without `=` is `""`.
---@param text string? such as `"a=1&b=2"`; `nil` gives no fields.
---@return table<string, string> fields from names to values, decoded. Of fields with the same name the first counts.
---@return string[][] all all fields in order, each `{ name, value }`.
function url.query(text)
  local fields, all = {}, {}
  for pair in (text or ""):gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    name, value = decode_field(name), decode_field(value)
    if fields[name] == nil then fields[name] = value end
    all[#all + 1] = { name, value }
  end
  return fields, all
end

--- Takes a URL apart. Nothing is decoded.
---
--- Raises: for an argument that is no string.
---@param text string a URL, or only a part of one from the path on.
---@return flaron.url.Parts|nil parts `scheme`, `userinfo`, `host`, `port` (integer), `path`, `query` and `fragment`; those that are not in the URL are `nil`, but `path` is always a string.
---@return string? message `"not a URL"` when it has a space, a control character, a wrong port or no host.
function url.parse(text)
  if text:find "[\0-\32\127]" then return nil, "not a URL" end
  local parts = {}
  local rest, fragment = text:match "^([^#]*)#?(.*)$"
  if #rest < #text then parts.fragment = fragment end
  local before, query = rest:match "^([^?]*)%??(.*)$"
  if #before < #rest then parts.query = query end
  local scheme, behind = before:match "^(%a[%w+.-]*):(.*)$"
  if scheme then parts.scheme, before = scheme:lower(), behind end
  local authority, path = before:match "^//([^/]*)(.*)$"
  if not authority then
    parts.path = before
    return parts
  end
  local userinfo, address = authority:match "^(.*)@([^@]*)$"
  local host, port = (address or authority):match "^(%[[%x:.]+%])(.*)$"
  if not host then host, port = (address or authority):match "^([^:%[%]]*)(.*)$" end
  parts.userinfo, parts.host = userinfo, host:lower()
  if port ~= "" and port ~= ":" then parts.port = math.tointeger(port:match "^:(%d+)$") end
  if host == "" or (port ~= "" and port ~= ":" and (not parts.port or parts.port > 65535)) then
    return nil, "not a URL"
  end
  parts.path = path == "" and "/" or path
  return parts
end

-- The names of a table in an order that is always the same.
local function sorted_names(fields)
  local names = {}
  for name in pairs(fields) do
    if type(name) ~= "string" then error("a name in the query is a " .. type(name) .. ", not a string", 4) end
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- A query of a table, in which a value may be a list.
local function build_query(fields)
  local pairs_of = {}
  for _, name in ipairs(sorted_names(fields)) do
    local value = fields[name]
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      pairs_of[#pairs_of + 1] = url.encode(name) .. "=" .. url.encode(one)
    end
  end
  return table.concat(pairs_of, "&")
end

-- A part with all that may not stand in it encoded; a `%` that is there is kept.
local function clean(text, allowed)
  return (text:gsub("[^%w%-._~%%!$&'()*+,;=:@" .. allowed .. "]", to_hex))
end

--- Puts a URL together.
---
--- Raises: for a part that cannot be written: `host: not a host`, `scheme: not a scheme`, `port: not a port`.
---@param parts flaron.url.Parts|table as `url.parse` returns them. `query` may be a table from names to values, or to lists of values, which are encoded; names are sorted.
---@return string text the URL. In `path`, `query` and `fragment` what may not stand there is encoded; a `%` is kept.
function url.build(parts)
  local out = {}
  local function check(name, pattern, other)
    local value = parts[name] and tostring(parts[name])
    if value and not value:find(pattern) and not value:find(other or pattern) then
      error(("%s: not a %s"):format(name, name), 3)
    end
    return value
  end
  local scheme, port = check("scheme", "^%a[%w+.-]*$"), check("port", "^%d+$")
  local host = check("host", "^[%w%-._~%%!$&'()*+,;=]+$", "^%[[%x:.]+%]$")
  if scheme then out[#out + 1] = scheme .. ":" end
  if host then
    out[#out + 1] = "//"
    if parts.userinfo then out[#out + 1] = clean(parts.userinfo, "") .. "@" end
    out[#out + 1] = port and host .. ":" .. port or host
  end
  local path = parts.path or ""
  if host and path:sub(1, 1) ~= "/" then path = "/" .. path end
  out[#out + 1] = clean(path, "/")
  local query = parts.query
  if type(query) == "table" then query = build_query(query) end
  if query and (query ~= "" or type(parts.query) == "string") then out[#out + 1] = "?" .. clean(query, "/?") end
  if parts.fragment then out[#out + 1] = "#" .. clean(parts.fragment, "/?") end
  return table.concat(out)
end

return url
