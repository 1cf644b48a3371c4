-- flaron.internal.openresty.state: what the parts of flaron.openresty share of a request: its phase, its answer, and how nginx makes
-- texts of Lua's values. Each invocation begins with the memory that start-up left, so nothing is reset here.
--
-- It does not run phases (phases.lua) and asks the host for nothing.
local state = {
  phases = {}, -- by name, the functions of the handler that runs; `upstream` and `default_type` are its options
  upstream = nil, default_type = nil,
  phase = nil, -- the one that runs: "access"...; nil outside of them
  status = 0, -- 0: not set yet
  headers = {}, -- by name in lower case: { name, value }
  body_read = false, -- whether ngx.req.read_body was called
  thread = nil, -- the coroutine that the phase runs in
  sent = false, -- whether status and headers can no longer change
  eof = false, -- whether the body has ended
  chunks = {}, -- of the body
  ctx = {},
  vars = {}, -- ngx.var.NAME that the script set
  changed = {}, -- of the request, by ngx.req.set_...: method, uri, args and body; args that are removed are false
  changed_headers = {}, -- by name in lower case; false: it is removed
  arg = nil, -- ngx.arg in body_filter
}

--- Raises, at the line of the caller's caller, unless one of `phases` runs: "rewrite access content".
function state.need(name, phases)
  local phase = state.phase
  if not phase then
    error(("%s: no request is here: call it in a phase that ngx.handler was given"):format(name), 3)
  end
  if not phases:find(phase, 1, true) then
    error(("%s: API disabled in the context of %s_by_lua*"):format(name, phase), 3)
  end
end

--- Where a request is answered; header_filter, body_filter and log come after it.
state.ANSWERING = "rewrite access content"

--- The text of a value that is no table, as LuaJIT writes it: 2.0 is "2".
function state.text_of(value)
  if math.type(value) == "float" then return ("%.14g"):format(value) end
  return tostring(value)
end

-- Adds the texts of a value to `out`; a message when it is none that nginx writes.
local function add(out, value, null)
  local kind = type(value)
  if value == null then
    out[#out + 1] = "null"
  elseif kind == "table" then
    local count = 0
    for _ in pairs(value) do count = count + 1 end
    if count ~= #value then return "non-array table found" end
    for _, one in ipairs(value) do
      local fault = add(out, one, null)
      if fault then return fault end
    end
  elseif kind == "string" or kind == "number" or kind == "boolean" or kind == "nil" then
    out[#out + 1] = state.text_of(value)
  else
    return "string, number, boolean, nil, ngx.null, or array table expected, but got " .. kind
  end
end

--- Joins values as ngx.print does. nil, the number of the argument and why: when one cannot be written.
function state.join(null, ...)
  local out = {}
  for n = 1, select("#", ...) do
    local fault = add(out, (select(n, ...)), null)
    if fault then return nil, n, fault end
  end
  return table.concat(out)
end

return state
