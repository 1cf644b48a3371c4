-- engines.lua - the engines of tests/engines, for specs that go through all that this machine has.
local support = require "support"

local engines = {}

--- The names, those that are not here as well.
function engines.names()
  local _, names = support.run "tests/engines/command.sh"
  local all = {}
  for name in names:gmatch "%S+" do all[#all + 1] = name end
  return all
end

--- The words that start an engine, for edge.load's `engine`; nil and a sentence if it is not here.
function engines.words(name)
  local code, command, why = support.run(("NATIVE=%s tests/engines/command.sh %s"):format(support.native, name))
  if code ~= 0 then return nil, why end
  local words = {}
  for word in command:gmatch "%S+" do words[#words + 1] = word end
  return words
end

return engines
