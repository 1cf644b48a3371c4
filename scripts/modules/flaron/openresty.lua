-- flaron.openresty: the table `ngx` for scripts that were written for OpenResty, as far as a flare can be honest about it. What
-- it cannot do raises an error that says what there is instead. docs/openresty.md has what is there, docs/from-openresty.md
-- how to do without.
--
-- Its parts are in flaron/internal/openresty/; each opens when it is used first.
local argument = require "flaron.internal.argument"
local constants = require "flaron.internal.openresty.constants"
local flaron = require "flaron"
local output = require "flaron.internal.openresty.output"
local phases = require "flaron.internal.openresty.phases"
local request = require "flaron.internal.openresty.request"
local state = require "flaron.internal.openresty.state"
local upstream = require "flaron.internal.openresty.upstream"

--- The table `ngx` of OpenResty's scripts.
---@class flaron.openresty
---@field [string] any what docs/openresty.md lists
local openresty = {}

---@class flaron.openresty.Options
---@field rewrite? function|string a function, or the name of a module whose file is run for each request
---@field access? function|string the same; it comes after `rewrite`
---@field content? function|string what answers; without it `upstream` does, or the origin
---@field header_filter? function|string before the first byte is sent
---@field body_filter? function|string for each piece of the body, in `ngx.arg`
---@field log? function|string after the answer is made, before it goes out
---@field upstream? string such as `"https://backend.example.com"`: whom `ngx.location.capture` asks for a path
---@field default_type? string the content-type of an answer that has none; default `"text/plain"`

local TYPES = {
  rewrite = "function|string", access = "function|string", content = "function|string", header_filter = "function|string",
  body_filter = "function|string", log = "function|string", upstream = "string", default_type = "string",
}

local function fault_of(options)
  if not next(options) then return "content", "missing" end
  local base = options.upstream
  if base and not base:find "^https?://[^/?#]+[^?#]*$" then
    return "upstream", ("'%s' is no URL of http or https without query"):format(base)
  end
end

--- Makes the handler of a flare from the phases of a request. Each is a function, or the name of a module whose file is run for each request, as `content_by_lua_file` does.
---
--- Raises: for an option that is unknown or makes no sense, a module that is not there, and a filter without `content` and `upstream`.
---@param options flaron.openresty.Options the phases, and what nginx.conf says beside them.
---@return fun(): any handler what main.lua returns as `handle_request`.
function openresty.handler(options)
  argument.check(options, 1, "openresty.handler", "table")
  argument.options(options, "openresty.handler", TYPES, fault_of)
  local handler = phases.handler(options) -- no tail call: errors have the level of the caller
  return handler
end

-- ---- what is there ----

local LEVELS = { [7] = "info", [8] = "info", [6] = "info", [5] = "warn" }

local function log(level, ...)
  if math.type(level) ~= "integer" or level < 0 or level > 8 then error("bad log level: " .. tostring(level), 2) end
  local text, n, fault = state.join(flaron.json.null, ...)
  if not text then error(("bad argument #%d to 'log' (%s)"):format(n + 1, fault), 2) end
  flaron.logging[LEVELS[level] or "error"](text)
end

-- Raises for a field of `name` that is not in `fields`.
local function closed(name, fields)
  return setmetatable(fields, {
    __index = function(_, field) error(("%s.%s: a flare has nothing for it: docs/from-openresty.md"):format(name, tostring(field)), 2) end,
  })
end

local there = {
  header = output.header, req = request.req, var = request.var, null = flaron.json.null, log = log,
  resp = closed("ngx.resp", { get_headers = output.get_headers }),
  location = closed("ngx.location", { capture = upstream.capture, capture_multi = upstream.capture_multi }),
  get_phase = function() return state.phase or "init" end,
  config = { subsystem = "http", debug = false },
}
for name, value in pairs(constants.values) do there[name] = value end
for name, value in pairs(output.functions) do there[name] = value end

-- Parts that are opened when one of their names is used.
local function text() return require "flaron.internal.openresty.text".functions end
local function clock() return require "flaron.internal.openresty.clock" end

local late = {
  re = function() return require "flaron.internal.openresty.regex" end,
  shared = function() return require "flaron.internal.openresty.shared" end,
}
for _, name in ipairs { "escape_uri", "unescape_uri", "encode_args", "decode_args", "encode_base64", "decode_base64", "md5",
  "md5_bin", "sha1_bin", "hmac_sha1", "crc32_short", "crc32_long", "quote_sql_str" } do
  late[name] = function() return text()[name] end
end
for _, name in ipairs { "time", "now", "today", "localtime", "utctime", "update_time", "http_time", "cookie_time",
  "parse_http_time" } do
  late[name] = function() return clock()[name] end
end

-- Values that are read each time.
local live = {
  status = function() return state.status end,
  headers_sent = function() return state.sent end,
  is_subrequest = function() return false end,
  ctx = function() return state.ctx end,
  arg = function() return state.arg end,
}

-- ---- what is not ----

local ABSENT = {
  socket = "a flare has no sockets: ngx.location.capture or flaron.beam asks over HTTP",
  timer = "nothing runs after the answer: do it before, or let a service outside call the flare",
  thread = "one invocation runs nothing beside it: one call after the other",
  semaphore = "one invocation runs nothing beside it",
  worker = "there are no workers: each request has a memory of its own; ngx.shared or flaron.spark is what they share",
  balancer = "the site's configuration chooses the upstream, or `upstream` of ngx.handler",
  ssl = "TLS is the site's configuration",
  ocsp = "TLS is the site's configuration",
  process = "there are no processes",
  pipe = "there are no processes",
  errlog = "flaron.logging writes the log, and nothing reads it",
  sleep = "nothing waits but a fetch: answer 429 or 503 with Retry-After",
  exec = "there are no locations: call the function that answers",
  on_abort = "a flare is not told that a client has gone",
  run_worker_thread = "one invocation runs nothing beside it",
  get_raw_phase = "ngx.get_phase",
  req_sock = "a flare has no sockets",
}

return setmetatable(openresty, {
  __index = function(_, name)
    if live[name] then return live[name]() end
    if there[name] ~= nil then return there[name] end
    if late[name] then
      there[name] = late[name]()
      return there[name]
    end
    if ABSENT[name] then error(("ngx.%s: %s"):format(name, ABSENT[name]), 2) end
    return nil
  end,
  __newindex = function(_, name, value)
    if name == "ctx" then
      if type(value) ~= "table" then error("ctx should be a table while getting a " .. type(value), 2) end
      state.ctx = value
    elseif name == "status" then
      local status = math.tointeger(tonumber(value))
      if not status or status < 100 or status > 599 then error(("ngx.status: %s is not from 100 to 599"):format(tostring(value)), 2) end
      state.need("ngx.status", "rewrite access content header_filter body_filter log")
      if state.sent and state.phase ~= "header_filter" then
        flaron.logging.error "attempt to set ngx.status after sending out response headers"
      else
        state.status = status
      end
    else
      error(("ngx.%s: it cannot be set"):format(tostring(name)), 2)
    end
  end,
})
