-- without.lua - takes libraries away from a flare whose flare.lua names them under `without`; instead of each stands something
-- that says so when it is used. Start-up runs it before all else, so nobody has anything of them. The packer leaves out
-- their functions (edge/flare/parts.h): no value that stays may have one of these.
--
-- Its argument is the list of names, separated by spaces.
local list = ...
local said = (" is not in this flare: flare.lua has without = { %s }"):format((list:gsub("%S+", '"%0"'):gsub(" ", ", ")))
local registry, loaded, globals = debug.getregistry(), package.loaded, _G
local names = {} -- by what stands instead of a library: its name

local function refuse(library) error(names[library] .. said, 2) end

local meta = { __index = refuse, __newindex = refuse }

for name in list:gmatch "%S+" do
  if name == "load" then
    for _, global in ipairs { "load", "loadfile", "dofile" } do
      globals[global] = function() error(global .. said, 2) end
    end
  else
    local instead = {}
    names[instead] = name
    globals[name], loaded[name] = setmetatable(instead, meta), instead
  end
  if name == "io" then registry._IO_input, registry._IO_output, registry["FILE*"] = nil, nil, nil end
end
collectgarbage()
