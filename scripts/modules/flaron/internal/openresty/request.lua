-- flaron.internal.openresty.request: ngx.req and ngx.var. What a script changes of the request is kept in `state.changed`: it is read
-- again here, and an upstream gets it (upstream.lua).
--
-- It cannot list headers, and knows nothing of the connection: a flare is not told of it.
local constants = require "flaron.internal.openresty.constants"
local flaron = require "flaron"
local output = require "flaron.internal.openresty.output"
local state = require "flaron.internal.openresty.state"
local text = require "flaron.internal.openresty.text"
local request = flaron.request

-- Scheme, host and target of the request's URL.
local function parts()
  local scheme, host, target = (request.url() or ""):match "^(%a[%w+.-]*)://([^/?#]*)([^#]*)"
  if target and not target:find "^/" then target = "/" .. target end
  return scheme or "", host or "", target or "/"
end

-- What follows "?", as it is now; nil when it is empty.
local function current_args()
  local args = state.changed.args
  if args == nil then args = select(3, parts()):match "%?(.*)$" end
  return args ~= "" and args or nil
end

-- A path as nginx reads it: decoded, without "//", "." and "..".
local function normalize(path)
  local out = {}
  path = text.unescape(path)
  for piece in path:gmatch "[^/]+" do
    if piece == ".." then
      out[#out] = nil
    elseif piece ~= "." then
      out[#out + 1] = piece
    end
  end
  local is_folder = path:find "/%.?%.?$"
  return "/" .. table.concat(out, "/") .. (is_folder and #out > 0 and "/" or "")
end

local function current_uri()
  if state.changed.uri then return state.changed.uri end
  local _, _, target = parts()
  return normalize(target:match "^[^?]*")
end

local function current_method() return state.changed.method or request.method() end

-- The value of a request's header, as it was changed.
local function header_of(name)
  name = name:gsub("_", "-")
  local changed = state.changed_headers[name:lower()]
  if changed ~= nil then return changed or nil end
  if name == "" or name:find "[^%w!#$%%&'*+.^`|~-]" then return nil end
  return request.header(name)
end

local function current_body() return state.changed.body or request.body() end

local ANYWHERE = "rewrite access content header_filter body_filter log"
local EARLY = "rewrite access content"

-- ---- ngx.req ----

local req = {}
local functions = {
  get_method = function()
    state.need("ngx.req.get_method", ANYWHERE)
    return current_method()
  end,
  set_method = function(number)
    state.need("ngx.req.set_method", EARLY)
    for n, method in ipairs(constants.methods) do
      if number == 1 << n then
        state.changed.method = method
        return
      end
    end
    error("unsupported HTTP method: " .. tostring(number), 2)
  end,
  get_headers = function()
    state.need("ngx.req.get_headers", ANYWHERE)
    return setmetatable({}, {
      __index = function(_, name) return header_of(tostring(name)) end,
      __pairs = function() error("ngx.req.get_headers: headers cannot be listed here: ask for them by name", 2) end,
    })
  end,
  set_header = function(name, value)
    state.need("ngx.req.set_header", EARLY)
    if type(value) == "table" then value = table.concat(value, ", ") end
    state.changed_headers[tostring(name):gsub("_", "-"):lower()] = value ~= nil and state.text_of(value)
  end,
  clear_header = function(name)
    state.need("ngx.req.clear_header", EARLY)
    state.changed_headers[tostring(name):gsub("_", "-"):lower()] = false
  end,
  get_uri_args = function(most)
    state.need("ngx.req.get_uri_args", ANYWHERE)
    return text.functions.decode_args(current_args() or "", most)
  end,
  set_uri_args = function(args)
    state.need("ngx.req.set_uri_args", EARLY)
    state.changed.args = type(args) == "table" and text.functions.encode_args(args) or tostring(args)
  end,
  set_uri = function(uri, jump)
    state.need("ngx.req.set_uri", EARLY)
    if type(uri) ~= "string" or uri == "" then error("attempt to use zero-length uri", 2) end
    if jump then error("ngx.req.set_uri: there are no locations to jump to: call the function that answers", 2) end
    state.changed.uri = uri
  end,
  read_body = function()
    state.need("ngx.req.read_body", EARLY)
    state.body_read = true
  end,
  discard_body = function() state.need("ngx.req.discard_body", EARLY) end,
  get_body_data = function()
    state.need("ngx.req.get_body_data", ANYWHERE)
    local body = state.body_read and current_body() or ""
    return body ~= "" and body or nil
  end,
  get_body_file = function() return nil end,
  set_body_data = function(body)
    state.need("ngx.req.set_body_data", EARLY)
    if not state.body_read then error("request body not read yet", 2) end
    state.changed.body = tostring(body)
  end,
  get_post_args = function(most)
    state.need("ngx.req.get_post_args", ANYWHERE)
    if not state.body_read then error("no request body found; maybe you should turn on lua_need_request_body?", 2) end
    return text.functions.decode_args(current_body(), most)
  end,
  start_time = function() return flaron.time.now "ms" / 1000 end,
  is_internal = function() return false end,
  http_version = function() return nil end,
}
setmetatable(req, {
  __index = function(_, name)
    if functions[name] then return functions[name] end
    error(("ngx.req.%s: a flare has nothing for it: docs/from-openresty.md"):format(tostring(name)), 2)
  end,
})

-- ---- ngx.var ----

-- The value of a cookie as it is written; the case of its name does not matter in nginx.
local function cookie_of(name)
  for key, value in (request.header "cookie" or ""):gmatch "([^=;%s]+)=%s*([^;]*)" do
    if key:lower() == name:lower() then return value end
  end
end

-- The value of an argument as it is written.
local function argument_of(name)
  for key, value in ("&" .. (current_args() or "")):gmatch "&([^=&]*)=([^&]*)" do
    if key:lower() == name:lower() then return value end
  end
end

local function port_of(host, scheme) return host:match ":(%d+)$" or (scheme == "https" and "443" or "80") end

local known = {
  uri = current_uri,
  document_uri = current_uri,
  request_uri = function() return (select(3, parts())) end,
  args = current_args,
  query_string = current_args,
  is_args = function() return current_args() and "?" or "" end,
  host = function() return select(2, parts()):gsub(":%d+$", ""):lower() end,
  server_name = function() return select(2, parts()):gsub(":%d+$", ""):lower() end,
  scheme = function() return (parts()) end,
  server_port = function()
    local scheme, host = parts()
    return port_of(host, scheme)
  end,
  https = function() return (parts()) == "https" and "on" or "" end,
  request_method = current_method,
  request_body = function() return state.body_read and current_body() or nil end,
  content_type = function() return header_of "content-type" end,
  content_length = function() return header_of "content-length" end,
  status = function() return ("%03d"):format(state.status) end,
  msec = function() return ("%.3f"):format(flaron.time.now "ms" / 1000) end,
  time_iso8601 = function() return os.date("!%Y-%m-%dT%H:%M:%S+00:00", flaron.time.now()) end,
  time_local = function() return os.date("!%d/%b/%Y:%H:%M:%S +0000", flaron.time.now()) end,
  request_id = function()
    state.request_id = state.request_id or (assert(flaron.crypto.random_bytes(16)):gsub(".", function(byte)
      return ("%02x"):format(byte:byte())
    end))
    return state.request_id
  end,
}

local prefixes = {
  http_ = header_of,
  arg_ = argument_of,
  cookie_ = cookie_of,
  sent_http_ = function(name) return output.header[name] end,
}

-- What a flare is not told.
local UNKNOWN = {
  "^remote_", "^binary_remote_addr$", "^ssl_", "^server_addr$", "^server_protocol$", "^connection", "^tcpinfo_", "^upstream_",
  "^proxy_", "^geoip", "^realip_", "^document_root$", "^realpath_root$", "^request_filename$", "^hostname$", "^pid$", "^pipe$",
  "^nginx_version$", "^bytes_sent$", "^body_bytes_sent$", "^request_length$", "^request_time$", "^request$", "^limit_rate$",
}

local var = setmetatable({}, {
  __index = function(_, name)
    state.need("ngx.var", ANYWHERE)
    if type(name) ~= "string" then return nil end
    if state.vars[name] ~= nil then return state.vars[name] end
    if known[name] then return (known[name]()) end
    for prefix, read in pairs(prefixes) do
      if name:sub(1, #prefix) == prefix then return (read(name:sub(#prefix + 1))) end
    end
    for _, pattern in ipairs(UNKNOWN) do
      if name:find(pattern) then
        error(("ngx.var.%s: a flare is not told it: docs/from-openresty.md says what there is"):format(name), 2)
      end
    end
    return nil
  end,
  __newindex = function(_, name, value)
    state.need("ngx.var", ANYWHERE)
    if name == "args" then
      state.changed.args = value ~= nil and tostring(value)
    elseif known[name] then
      error(("variable \"%s\" not changeable"):format(tostring(name)), 2)
    else
      state.vars[name] = value ~= nil and state.text_of(value) or nil
    end
  end,
})

return { req = req, var = var, uri = current_uri, args = current_args, method = current_method, body = current_body,
  header = header_of, parts = parts, normalize = normalize }
