-- flaron.internal.cache.watch: what a handler sets in flaron.response, and whether this invocation has read who the visitor is. Part of
-- flaron.cache; not for use by itself.
--
-- The functions of flaron.request and flaron.response are wrapped when this is loaded, at start-up. A function that a script
-- took out of them before, as a local, is not seen.
local flaron = require "flaron"
local request, response = flaron.request, flaron.response

local watch = {}

local read = {} -- of "cookie" and "authorization" those that this invocation has asked for
local set = { headers = {} } -- what the handler that runs now has set

-- Calls a function of the host; its errors have the line of the caller's caller.
local function call(f, ...)
  local good, message = pcall(f, ...)
  if not good then error(message, 3) end
end

local header = request.header
function request.header(name, ...)
  if type(name) ~= "string" then
    call(header, name, ...)
    return header(name, ...)
  end
  local lower = name:lower()
  if lower == "cookie" or lower == "authorization" then read[lower] = true end
  if lower:find("\0", 1, true) then call(header, name) end
  return header(name)
end

local set_status, set_header = response.set_status, response.set_header
function response.set_status(code, ...)
  call(set_status, code, ...)
  set.status = math.tointeger(code)
end

function response.set_header(name, value, ...)
  call(set_header, name, value, ...)
  set.headers[tostring(name):lower()] = tostring(value)
end

for _, name in ipairs { "set_body", "set_body_str" } do
  local set_body = response[name]
  response[name] = function(bytes, ...)
    call(set_body, bytes, ...)
    set.body = tostring(bytes)
  end
end

--- The headers that say who the visitor is and were asked for, whether they were there or not: by name.
function watch.known() return read end

--- Runs a function, and returns what it set in flaron.response meanwhile and what it returned.
function watch.run(f)
  local outer, inner = set, { headers = {} }
  local _ <close> = setmetatable({}, { __close = function()
    for name, value in pairs(inner.headers) do outer.headers[name] = value end -- for a cache around this one
    outer.status, outer.body = inner.status or outer.status, inner.body or outer.body
    set = outer
  end })
  set = inner
  local answer = f()
  return inner, answer
end

return watch
