-- libraries.lua - common libraries in packed flares: those of Debian's packages, which make unpacks into
-- build/libraries without installing them, and the output of TypeScriptToLua. For tests/libraries.
local support = require "support"

local libraries = {}

local ROOT = "build/libraries"

-- The beginning and the end of the main script. A case is a function that the request names; its results come back in
-- one line.
local head = "local flaron = require 'flaron'\nlocal cases = {}\n"
local tail = [[

return function()
  local results = table.pack(cases[flaron.request.header "case"]())
  for i = 1, results.n do results[i] = tostring(results[i]) end
  return { body = table.concat(results, ", ", 1, results.n) }
end
]]

--- The path of a module or a folder of modules, such as "pl" or "dkjson.lua".
local function path_of(name)
  local _, path = support.run(("ls -d %s/debian/usr/share/lua/5.[41]/%s %s/npm/lua/%s"):format(ROOT, name, ROOT, name))
  return assert(path:match "^[^\n]+", name .. " is not in " .. ROOT)
end

--- A project with copies of `names`, each beside main.lua, as vendored modules, or, with `rocks`, where luarocks puts
--- them.
--- @return string folder
function libraries.project(names, files, rocks)
  local folder = support.project(files)
  local to = folder .. (rocks and "/lua_modules/share/lua/5.4" or "")
  for _, name in ipairs(names) do
    assert((support.run(("mkdir -p %s && cp -rL %s %s/"):format(to, path_of(name), to))) == 0)
  end
  return folder
end

--- Packs `body`, which fills the table `cases` with functions, with the libraries named.
--- @return function says: the results of a case, joined by ", ", and the response
--- @return flaron.edge.Flare flare
function libraries.flare(names, body, options, rocks)
  local flare = support.load(libraries.project(names, { ["main.lua"] = head .. body .. tail }, rocks) .. "/", options)
  return function(case)
    local response = flare:request { headers = { case = case } }
    if response.status ~= 200 then error(("%s: %s"):format(case, support.log(response, "error")), 2) end
    return response.body, response
  end, flare
end

--- busted's `describe`, or, if make could not fetch the libraries of a spec, a function that reports that with busted's
--- `pending`.
--- @param from string "debian", "npm" or "vectors"
function libraries.describe(describe, pending, from)
  if support.read(("%s/%s.stamp"):format(ROOT, from)) then return describe end
  return function(name) pending(("%s: what %s has could not be fetched"):format(name, from)) end
end

return libraries
