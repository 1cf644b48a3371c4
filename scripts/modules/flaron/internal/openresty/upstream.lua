-- flaron.internal.openresty.upstream: ngx.location.capture, and what stands for proxy_pass: requests by beam.fetch. A path is asked of
-- `upstream` of ngx.handler, since a flare has no locations.
local constants = require "flaron.internal.openresty.constants"
local flaron = require "flaron"
local request = require "flaron.internal.openresty.request"
local state = require "flaron.internal.openresty.state"
local text = require "flaron.internal.openresty.text"

-- The headers of the request that go on to the upstream, beside those that the script sets. Others cannot be listed, and
-- cookies and Authorization are not given to other servers unasked.
local PASSED = { "accept", "accept-language", "content-type", "user-agent" }

local function headers_of()
  local headers = {}
  for _, name in ipairs(PASSED) do headers[name] = request.header(name) end
  for name, value in pairs(state.changed_headers) do headers[name] = value or nil end
  return headers
end

-- What a fetch gives, in the form that capture has; 502 when it fails.
local function fetch(url, options)
  local answer, message = flaron.beam.fetch(url, options)
  if not answer then
    flaron.logging.error(("upstream %s: %s"):format(url, message))
    return { status = 502, header = {}, body = "", truncated = false }
  end
  return { status = answer.status, header = answer.headers, body = answer.body, truncated = false }
end

local function url_of(name, uri, args, level)
  if not uri:find "^https?://" then
    if not state.upstream then
      error(("%s: '%s' is a path: `upstream` of ngx.handler says of which server"):format(name, uri), level + 1)
    end
    uri = state.upstream .. uri
  end
  if args and args ~= "" then uri = uri .. (uri:find("?", 1, true) and "&" or "?") .. args end
  return uri
end

local REFUSED = { vars = true, copy_all_vars = true, share_all_vars = true, ctx = true, always_forward_body = true }

local function capture_one(name, uri, options, level)
  if type(uri) ~= "string" then error(("bad argument #1 to '%s' (string expected)"):format(name), level + 1) end
  options = options or {}
  for option in pairs(options) do
    if REFUSED[option] then
      error(("ngx.location.capture: option '%s': the other side is a server of its own and has no %s of this request")
        :format(option, option == "ctx" and "ngx.ctx" or "variables"), level + 1)
    end
  end
  local method = "GET"
  for n, known in ipairs(constants.methods) do
    if options.method == 1 << n then method = known end
  end
  local args = options.args
  if type(args) == "table" then args = text.functions.encode_args(args) end
  return fetch(url_of(name, uri, args, level + 1), { method = method, headers = headers_of(), body = options.body })
end

local function capture(uri, options)
  state.need("ngx.location.capture", state.ANSWERING)
  return capture_one("ngx.location.capture", uri, options, 2)
end

-- One after the other, not at the same time.
local function capture_multi(list)
  state.need("ngx.location.capture_multi", state.ANSWERING)
  if type(list) ~= "table" then error("bad argument #1 to 'capture_multi' (table expected)", 2) end
  local results = {}
  for n, one in ipairs(list) do results[n] = capture_one("ngx.location.capture_multi", one[1], one[2], 2) end
  return table.unpack(results, 1, #list)
end

-- Asks the upstream for this request, as the script left it.
local function pass()
  local method, body = request.method(), request.body()
  local path = state.changed.uri
  if path then
    path = text.escape(path, "[^%w%-._~!$&'()*+,;=:@/]")
  else
    path = select(3, request.parts()):match "^[^?]*"
  end
  return fetch(url_of("upstream", path, request.args(), 1),
    { method = method, headers = headers_of(), body = body ~= "" and body or nil })
end

return { capture = capture, capture_multi = capture_multi, pass = pass }
