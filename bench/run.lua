-- run.lua - the benchmarks. Called by `make bench`, which builds and installs what they need.
--
--   lua5.4 bench/run.lua [GROUP...]     1 to 6; without one: all, into docs/benchmarks/MAKE.md
--
-- Some of the groups alone are only printed: figures of another day do not belong beside the others'.
local groups = { "programs", "invocation", "requests", "size", "parts", "engines" }
local chosen = {}
for _, word in ipairs(arg) do
  local number = math.tointeger(tonumber(word))
  if not groups[number] then
    io.stderr:write(("bench: there is no group '%s'; they are 1 to %d\n"):format(word, #groups))
    os.exit(2)
  end
  chosen[#chosen + 1] = number
end
local all = #chosen == 0
if all then chosen = { 1, 2, 3, 4, 5, 6 } end

local common = require "bench.common"
local machine = require "bench.machine"
local report = require "bench.report"

local begin, busy, sections = os.time(), { machine.load() }, {}
for i, number in ipairs(chosen) do
  io.stderr:write(("group %d, %s\n"):format(number, groups[number]))
  local section, why = require("bench." .. groups[number]).run()
  section = section or { title = groups[number], text = ("Not measured: %s."):format(why), tables = {}, charts = {}, notes = {} }
  sections[i] = section
end
busy[2] = machine.load()
for i, number in ipairs(chosen) do report.print(number, sections[i]) end
if all then
  print(("\n%s and its charts are written"):format(report.write(sections, busy)))
end
common.progress("it took %d seconds", os.time() - begin)
