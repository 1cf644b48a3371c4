-- config.lua - a flare of `flaron-lua check` itself: evaluates a .luacheckrc, its asset "config", as data.
--
-- The code of a .luacheckrc gets what computes (tables, strings, numbers) and nothing else; its time and memory are
-- those of this flare (cli/check/check_code.c). It answers with one record: "config" with the options as Lua source, a
-- table, or "luacheck" with what is wrong. luacheck's own loader is config.lua of luacheck; the same is a field here
-- as there: globals that are assigned, `files`, whose fields are tables from the start, `stds`, which has luacheck's
-- own standards after it, and what the file returns.
-- luacheck: read globals record
local flaron = require "flaron"
local builtin = require "luacheck.builtin_standards"

local NAME = ".luacheckrc"

local function make_environment()
  local known = {}
  for _, name in ipairs { "assert", "error", "ipairs", "math", "next", "pairs", "select", "string", "table", "tonumber",
    "tostring", "type", "utf8" } do
    local value = _G[name]
    if type(value) == "table" then -- a copy: what is done here is done with Lua's own
      value = {}
      for field, item in pairs(_G[name]) do value[field] = item end
    end
    known[name] = value
  end
  local metatables = {
    files = { __index = function(files, key)
      files[key] = {}
      return files[key]
    end },
    stds = { __index = builtin },
  }
  local special = {}
  for name, metatable in pairs(metatables) do special[name] = setmetatable({}, metatable) end
  local env = setmetatable({}, {
    __index = function(_, key)
      if special[key] ~= nil then return special[key] end
      return known[key]
    end,
    __newindex = function(env, key, value)
      if not metatables[key] then return rawset(env, key, value) end
      special[key] = type(value) == "table" and setmetatable(value, metatables[key]) or value
    end,
  })
  return env, special
end

-- Where a function stands: ".luacheckrc:3: ", or "" for one of Lua's own.
local function place_of(f)
  local about = debug.getinfo(f, "S")
  return about.what == "C" and "" or NAME .. ":" .. about.linedefined .. ": "
end

-- A value as Lua source, added to `parts`; an error where it is no data. `path` names it, `above` has the tables it is in.
local function add(parts, value, path, above)
  local kind = type(value)
  if kind == "string" or kind == "number" or kind == "boolean" then
    parts[#parts + 1] = ("%q"):format(value)
    return
  end
  if kind ~= "table" then
    local place = kind == "function" and place_of(value) or ""
    error(("%s%s is a %s: of a .luacheckrc only data is taken"):format(place, path, kind), 0)
  end
  if above[value] then error(path .. " is a table inside of itself", 0) end
  above[value] = true
  parts[#parts + 1] = "{"
  for key, item in next, value do
    parts[#parts + 1] = "["
    add(parts, key, "a key of " .. path, above)
    parts[#parts + 1] = "]="
    add(parts, item, type(key) == "string" and path .. "." .. key or path .. "[" .. tostring(key) .. "]", above)
    parts[#parts + 1] = ","
  end
  parts[#parts + 1] = "}"
  above[value] = nil
end

-- The options as Lua source; nil, and what is wrong.
local function evaluate(source)
  local env, special = make_environment()
  if source:sub(1, 3) == "\xEF\xBB\xBF" then source = source:sub(4) end
  local chunk, message = load(source, "@" .. NAME, "t", env)
  if not chunk then return nil, ("syntax error (%s)"):format(message) end
  local good, result = pcall(chunk)
  if not good then return nil, ("runtime error (%s)"):format(tostring(result)) end
  local options = {}
  for key, value in next, env do options[key] = value end
  for key, value in pairs(type(result) == "table" and result or {}) do options[key] = value end
  options.files, options.stds = options.files or special.files, options.stds or special.stds
  local parts = { "{" }
  good, message = pcall(function()
    for key, value in next, options do
      if type(key) == "string" then
        parts[#parts + 1] = ("[%q]="):format(key)
        add(parts, value, key, {})
        parts[#parts + 1] = ","
      end
    end
  end)
  if not good then return nil, ("error (%s)"):format(tostring(message)) end
  return table.concat(parts) .. "}"
end

local function handle_request()
  local options, message = evaluate(flaron.asset "config")
  return { body = record(options and "config" or "luacheck", 0, 0, 0, options or message) }
end

return { handle_request = handle_request }
