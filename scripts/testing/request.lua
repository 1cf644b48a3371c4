-- request.lua - what a spec says of a request or an event, made into what lua_edge.c takes: `method`, `url`, `headers`
-- and `body`. A field that is not known is an error: a spec that asks for something else than it says is green for
-- nothing.
--
-- It does not look at what a flare may have: that the manifest withholds a cookie shows in the flare. `core` is as
-- edge.lua has it. Every error is raised without a place; edge.lua gives it that of the spec.
local core = ...
local encode_json = core.script "json"()
local requests = {}

local function set(names)
  local all = {}
  for name in names:gmatch "%S+" do all[name] = true end
  return all
end

-- The fields that each function takes.
local FIELDS = {
  ["flare:request"] = set "method url path query headers cookies body json form",
  ["flare:websocket"] = set "url path query headers cookies",
  ["flare:event"] = set "conn_id data close_code url path query headers cookies",
  ["flare:client"] = set "url headers cookies follow",
  ["client:request"] = set "method url path query headers body json form follow",
  ["client:websocket"] = set "url path query headers",
}
local BODIES = { "body", "json", "form" }
local USUAL = set "GET HEAD POST PUT PATCH DELETE OPTIONS" -- the methods that are meant in any case

local MOST = 100 -- bytes of a value that a message shows

local function fail(format, ...) error(format:format(...), 0) end

local function show(text) return core.harmless(text:sub(1, MOST)) .. (#text > MOST and "..." or "") end

local function check_fields(what, request)
  local known, names = FIELDS[what], {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  for name in pairs(request) do
    if not known[name] then
      fail("unknown field '%s' of %s%s", show(tostring(name)), what,
        type(name) == "string" and core.nearest(name, names) or "")
    end
  end
end

local function check_type(request, name, ...)
  local kind = type(request[name])
  for _, good in ipairs { ... } do
    if kind == good then return request[name] end
  end
  if kind ~= "nil" then fail("field '%s' is a %s, not a %s", name, kind, table.concat({ ... }, " or a ")) end
end

local function escape(text)
  return (tostring(text):gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function sorted(fields, what)
  local names = {}
  for name in pairs(fields) do
    if type(name) ~= "string" then fail("field '%s' is not a table from names to values", what) end
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- The fields of a query or a form, encoded; a value may be a list.
local function encode_fields(fields, what)
  local all = {}
  for _, name in ipairs(sorted(fields, what)) do
    local value = fields[name]
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      local kind = type(one)
      if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
        fail("'%s' in the field '%s' is a %s, not a string", name, what, kind)
      end
      all[#all + 1] = escape(name) .. "=" .. escape(one)
    end
  end
  return table.concat(all, "&")
end

--- Whether a URL is whole, as `flaron-lua run --url` takes it.
function requests.is_whole(url)
  return url:find "^%a[%w+.-]*://[^/?#\\]" and not url:find "[%c \127]"
end

-- The URL of what is asked; `base` is what a path is put after.
local function make_url(request, base)
  local url, path = request.url, check_type(request, "path", "string")
  if url ~= nil and type(url) ~= "string" then fail("field 'url' is a %s, not a string", type(url)) end
  if url and path then fail "a request has url or path, not both" end
  if url and not requests.is_whole(url) then
    fail("field 'url' is '%s', not a whole URL such as https://example.com/%s", show(url),
      url:sub(1, 1) == "/" and ": a path is the field 'path'" or "")
  end
  if path then
    if path:sub(1, 1) ~= "/" then fail("field 'path' is '%s', which does not begin with '/'", show(path)) end
    if path:find "[%c \127]" then fail("field 'path' has a character that no URL has: '%s'", show(path)) end
    url = base .. path
  end
  local query = check_type(request, "query", "table", "string")
  if query then
    if type(query) == "table" then query = encode_fields(query, "query") end
    local front, fragment = (url or base .. "/"):match "^([^#]*)(.*)$"
    url = front .. (query == "" and "" or front:find("?", 1, true) and "&" or "?") .. query .. fragment
  end
  return url or base .. "/"
end

local function find_header(headers, wanted)
  for name in pairs(headers) do
    if type(name) == "string" and name:lower() == wanted then return name end
  end
end

-- The headers, a table of its own, with the cookies in them.
local function make_headers(request)
  local headers, all = check_type(request, "headers", "table"), {}
  for name, value in pairs(headers or {}) do all[name] = value end
  local cookies = check_type(request, "cookies", "table")
  if not cookies then return all end
  if find_header(all, "cookie") then fail "a request has cookies or a header cookie, not both" end
  local parts = {}
  for _, name in ipairs(sorted(cookies, "cookies")) do
    local value = cookies[name]
    if type(value) ~= "string" and type(value) ~= "number" then
      fail("'%s' in the field 'cookies' is a %s, not a string", name, type(value))
    end
    if name:find "[%c%s=;]" or name == "" or tostring(value):find "[%c;]" then
      fail("'%s' in the field 'cookies' has a character that no cookie has", show(name))
    end
    parts[#parts + 1] = name .. "=" .. value
  end
  if #parts > 0 then all.cookie = table.concat(parts, "; ") end
  return all
end

-- The body, and its content type when the field says which it is.
local function make_body(request)
  local given
  for _, name in ipairs(BODIES) do
    if request[name] ~= nil then
      if given then fail("a request has %s or %s, not both", given, name) end
      given = name
    end
  end
  if given == "json" then return encode_json(request.json), "application/json" end
  if given == "form" then
    check_type(request, "form", "table")
    return (encode_fields(request.form, "form"):gsub("%%20", "+")), "application/x-www-form-urlencoded"
  end
  return request.body
end

-- A method as it is sent: those that everybody knows in upper case, as browsers do.
local function make_method(method, fallback)
  if method == nil then return fallback end
  if type(method) ~= "string" then fail("field 'method' is a %s, not a string", type(method)) end
  if not method:find "^[%w!#$%%&'*+.^_`|~-]+$" then fail("field 'method' is '%s', which is no method", show(method)) end
  return USUAL[method:upper()] and method:upper() or method
end

--- Makes a request of what a spec says.
--- @param what string the function that was called: "flare:request" or another of FIELDS.
--- @param request table? the spec's; it is not changed.
--- @param base string? what a path is put after; default "http://localhost".
--- @return table request with `method`, `url`, `headers` and `body`, each of which may be nil.
function requests.make(what, request, base)
  request = request == nil and {} or request
  if type(request) ~= "table" then
    fail("bad argument #1 to '%s' (table expected, got %s)", what:match "[^:]*$", type(request))
  end
  check_fields(what, request)
  local body, content_type = make_body(request)
  local headers = make_headers(request)
  if content_type and not find_header(headers, "content-type") then headers["content-type"] = content_type end
  return {
    method = make_method(request.method, content_type and "POST" or "GET"),
    url = make_url(request, base or "http://localhost"), headers = headers, body = body,
  }
end

--- The same of an event, with `conn_id`, `data` and `close_code`.
function requests.make_event(event)
  event = event == nil and {} or event
  if type(event) ~= "table" then fail("bad argument #2 to 'event' (table expected, got %s)", type(event)) end
  check_fields("flare:event", event)
  return {
    conn_id = event.conn_id, data = event.data, close_code = event.close_code,
    url = make_url(event, "http://localhost"), headers = make_headers(event),
  }
end

return requests
