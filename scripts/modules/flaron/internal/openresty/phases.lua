-- flaron.internal.openresty.phases: calls the phases of a request in nginx's order. A phase is a function, or a module of the flare
-- whose chunk is run for each request as content_by_lua_file runs a file.
--
-- It compiles nothing: modules are found at start-up and are in the flare as all others.
local flaron = require "flaron"
local output = require "flaron.internal.openresty.output"
local state = require "flaron.internal.openresty.state"
local upstream = require "flaron.internal.openresty.upstream"

state.LEAVE = {} -- what a phase yields that ends at once

-- The chunk of a module, not run; nil and where it was looked for.
local function chunk_of(name)
  local places = {}
  for _, searcher in ipairs(package.searchers) do
    local found, extra = searcher(name)
    if type(found) == "function" then return function() return found(name, extra) end end
    places[#places + 1] = found
  end
  return nil, table.concat(places, "\n\t")
end

-- Runs a phase to its end, or to where it leaves; returns the code that it left with.
local function run(name)
  local phase = state.phases[name]
  if not phase then return nil end
  local before, thread = state.phase, state.thread
  state.phase, state.thread = name, coroutine.create(phase)
  local good, mark, code = coroutine.resume(state.thread)
  if not good then error(debug.traceback(state.thread, tostring(mark)), 0) end
  if coroutine.status(state.thread) == "suspended" then
    if mark ~= state.LEAVE then error(name .. ": attempt to yield from outside a coroutine", 0) end
    coroutine.close(state.thread)
  end
  state.phase, state.thread = before, thread
  return mark == state.LEAVE and code or nil
end

-- Runs a phase that may answer; true when it did.
local function answered_by(name)
  local code = run(name)
  if code == -1 then code = 500 end
  if code and code >= 200 then
    output.finish(code)
  elseif state.sent then
    output.finish(200)
  end
  return state.eof
end

-- The answer of the upstream, which the filters then see.
local function pass()
  local answer = upstream.pass()
  if answer.status == 502 and not next(answer.header) and answer.body == "" then return output.finish(502) end
  state.status = answer.status
  for name, value in pairs(answer.header) do
    if name ~= "content-length" and name ~= "transfer-encoding" and name ~= "connection" then output.set_header(name, value, 1) end
  end
  output.write(answer.body, true)
end

-- What the script changed of a request that goes to the origin as it came.
local function change_of_request()
  local name = next(state.changed)
  if name then return "ngx.req.set_" .. name end
  name = next(state.changed_headers)
  return name and "ngx.req.set_header '" .. name .. "'"
end

local function handle_request()
  for _, name in ipairs { "header_filter", "body_filter" } do
    output.filters[name] = state.phases[name] and function() run(name) end
  end
  if not answered_by "rewrite" and not answered_by "access" then
    if state.phases.content then
      if not answered_by "content" then output.finish(200) end
    elseif state.upstream then
      pass()
    else
      local change = change_of_request()
      if change then
        error(change .. ": what goes to the origin cannot be changed: `upstream` of ngx.handler names a server to ask instead", 0)
      end
      run "log"
      return flaron.PASS_THROUGH
    end
  end
  run "log"
  local headers = {}
  for _, header in pairs(state.headers) do headers[header[1]] = header[2] end
  return { status = state.status, headers = headers, body = table.concat(state.chunks) }
end

local NAMES = { rewrite = true, access = true, content = true, header_filter = true, body_filter = true, log = true }

-- Makes the handler; errors have the level of the caller's caller.
local function handler(options)
  local phases = {}
  for name, value in pairs(options) do
    if NAMES[name] then
      local places
      if type(value) == "string" then
        value, places = chunk_of(value)
        if not value then
          error(("option '%s' of openresty.handler: module '%s' not found:\n\t%s"):format(name, options[name], places), 3)
        end
      end
      phases[name] = value
    end
  end
  for _, name in ipairs { "header_filter", "body_filter" } do
    if phases[name] and not phases.content and not options.upstream then
      error(("option '%s' of openresty.handler: the origin's answer cannot be changed: name `upstream`, or give `content`")
        :format(name), 3)
    end
  end
  local upstream_url = options.upstream and options.upstream:gsub("/+$", "")
  return function()
    state.phases, state.upstream, state.default_type = phases, upstream_url, options.default_type or "text/plain"
    return handle_request()
  end
end

return { handler = handler }
