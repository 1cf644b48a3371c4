-- evaluate.lua - a flare that runs the Lua code sent to it, so that a spec can make many small checks on one packed
-- artefact and compare the values that a script saw.
--
--   local flare <close> = evaluate.open { secrets = { key = "k" } }
--   assert.same({ n = 1, "k" }, flare:run "return secrets.get 'key'")
--
-- The code sees flaron and its modules as locals. It is sent in the header `script`, so the body is free; its values
-- come back as Lua literals: in the body of a response, or in the last log line of an event.
local support = require "support"

local evaluate = {}

-- The names that code sees, all on its first line.
local prefix = [[local flaron = require "flaron"; ]]
for _, name in ipairs(support.modules()) do
  prefix = prefix .. ("local %s = flaron.%s; "):format(name, name)
end

local main = [=[
local flaron = require "flaron"

local function write(value, out)
  local kind = math.type(value) or type(value)
  if kind == "table" then
    out[#out + 1] = "{"
    for key, field in next, value do
      out[#out + 1] = "["
      write(key, out)
      out[#out + 1] = "]="
      write(field, out)
      out[#out + 1] = ","
    end
    out[#out + 1] = "}"
  elseif value == flaron.json.null then
    out[#out + 1] = "null"
  elseif value == flaron.json.empty_array then
    out[#out + 1] = "empty_array"
  elseif kind == "nil" or kind == "boolean" or kind == "string" or kind == "integer" or kind == "float" then
    out[#out + 1] = ("%q"):format(value)
  else
    out[#out + 1] = ("%q"):format(kind)
  end
end

local function values(...)
  local out = { "return " }
  write(table.pack(...), out)
  return table.concat(out)
end

local function run()
  return values(assert(load(flaron.request.header "script", "=script", "t"))())
end

local function event()
  local text = run()
  flaron.logging.info(text)
end

return {
  handle_request = function()
    flaron.response.set_body(run())
  end,
  ws_open = event,
  ws_message = event,
  ws_close = event,
}
]=]

local until_run = main:match "^(.-)local function run"

local Evaluator = {}
Evaluator.__index = Evaluator

--- A flare of this kind; `options` are those of edge.load, `files` are beside main.lua, which requires `modules` first.
function evaluate.open(options, files, modules)
  local required = {}
  for _, name in ipairs(modules or {}) do required[#required + 1] = ("require %q; "):format(name) end
  local project = { ["main.lua"] = table.concat(required) .. main }
  for path, content in pairs(files or {}) do project[path] = content end
  return setmetatable({ flare = support.load(project, options) }, Evaluator)
end

--- A flare whose handler runs `code` in a pcall, without other imports than those in the code. Its values are in the
--- log and in the body, so that either of them may fail. Ask it with Evaluator:fixed.
function evaluate.fixed(code, options)
  local source = until_run .. prefix .. [=[

local function run()
]=] .. code .. [=[

end

local function handler()
  local text = values(pcall(run))
  flaron.logging.warn(text)
  flaron.response.set_body(text)
end

return { handle_request = handler, ws_message = handler, ws_close = handler }]=]
  return setmetatable({ flare = support.load(source, options) }, Evaluator)
end

local function literal(text, response)
  local chunk = load(text, "=answer", "t", { null = evaluate.null, empty_array = evaluate.empty_array })
  if not chunk then error("the script's answer cannot be read: " .. text:sub(1, 200), 0) end
  return chunk(), response
end

-- These stand for the two constants of flaron.json in answers.
evaluate.null = setmetatable({}, { __name = "json.null" })
evaluate.empty_array = setmetatable({}, { __name = "json.empty_array" })

--- Runs code as a handler; returns its values, as from table.pack, and the response.
function Evaluator:run(code, request)
  local all = { headers = {} }
  for key, value in pairs(request or {}) do all[key] = value end
  local headers = { script = prefix .. code }
  for key, value in pairs(all.headers) do headers[key] = value end
  all.headers = headers
  local response = assert(self.flare:request(all))
  self.last = response
  if response.failed or response.status == 500 then error(support.log(response, "error") or "failed", 0) end
  return literal(response.body, response)
end

--- Runs code in the handler of an event ("open", "message", "close").
function Evaluator:event(kind, code, event)
  local all = { headers = { script = prefix .. code } }
  for key, value in pairs(event or {}) do all[key] = value end
  local response = assert(self.flare:event(kind, all))
  self.last = response
  local last = response.logs[#response.logs]
  if response.close_code == 1011 then error(last and last.text or "failed", 0) end
  return literal(last.text, response)
end

--- Asks a flare of evaluate.fixed, by an event if `event` has a type; returns the results of pcall, and the response.
function Evaluator:fixed(request, event)
  local response = assert(event and self.flare:event(event, request) or self.flare:request(request or {}))
  local text = response.body
  for _, line in ipairs(response.logs) do
    if text == "" and line.text:find "^return {" then text = line.text end
  end
  if text:find "^return {" then return literal(text, response) end
  error(support.log(response, "error") or "no answer", 0)
end

--- Only the first value.
function Evaluator:value(code, request)
  return self:run(code, request)[1]
end

--- The message of the error that code raises, without the place.
function Evaluator:fault(code, request)
  local values = self:run(("local ok, message = pcall(function() %s end) return ok, message"):format(code), request)
  if values[1] then error("no error was raised", 2) end
  return (tostring(values[2]):gsub("^script:%d+: ", ""))
end

function Evaluator:close()
  self.flare:close()
end

Evaluator.__close = Evaluator.close

return evaluate
