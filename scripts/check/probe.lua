-- probe.lua - a flare of `flaron-lua check` itself: tells what the runtime has, and which files its compiler refuses.
--
-- The project's files are its assets: "file/N" is the name of the Nth, "source/N" its text. `modules` has those of
-- its modules that come with flaron-lua.
-- luacheck: read globals record modules
local flaron = require "flaron"

-- The names in a table, as Lua source: the value is true, or the names in it for a table.
local function describe(names, depth)
  local parts = {}
  for name, value in pairs(names) do
    local inner = depth > 0 and type(value) == "table" and value ~= _G and describe(value, depth - 1) or "true"
    if type(name) == "string" then parts[#parts + 1] = ("[%q] = %s"):format(name, inner) end
  end
  table.sort(parts)
  return "{ " .. table.concat(parts, ", ") .. " }"
end

-- Compiles a file as the packer does, which passes over a first line for the shell.
local function compile(source, file)
  if source:sub(1, 1) == "#" then source = source:match "\n.*" or "" end
  local _, message = load(source, "@" .. file, "t")
  return message and message:match "^[^\n]*" -- one that has no line may have a traceback
end

local function handle_request()
  local globals, known = {}, { flaron = flaron }
  for name, value in pairs(_G) do
    if name ~= "record" and name ~= "modules" then globals[name] = value end
  end
  for name, value in pairs(flaron) do
    if type(value) == "table" then known["flaron." .. name] = value end
  end
  for name, value in pairs(modules) do
    if type(value) == "table" and not getmetatable(value) then known[name] = value end
  end
  local found = { record("runtime", 0, 0, 0,
    ("{ globals = %s, modules = %s }"):format(describe(globals, 1), describe(known, 1))) }
  for n = 1, math.huge do
    local file = flaron.asset("file/" .. n)
    if not file then break end
    local message = compile(flaron.asset("source/" .. n), file)
    if message then
      local line, text = message:sub(#file + 2):match "^(%d+): (.*)"
      found[#found + 1] = record("syntax", n, line or 0, 0, text or message)
    end
  end
  return { body = table.concat(found) }
end

return { handle_request = handle_request }
