-- run.lua - `tests/suite/run`: runs the folder that LUA_SUITE names, file by file, on the engine that FLARON_ENGINE names, and
-- compares with table.lua. The last line counts.
local suite = require "suite"
local support = require "support"
local entries = dofile "tests/suite/table.lua"

local folder = os.getenv "LUA_SUITE" or ""
local only = ...

local function fail(message)
  io.stderr:write("tests/suite/run: ", message, "\n")
  os.exit(2)
end

local faults = suite.faults(entries)
if #faults > 0 then fail(table.concat(faults, "\n")) end
if folder == "" then fail "LUA_SUITE=FOLDER names the suite's folder (docs/internals/upgrade-lua.md says how to get it)" end
if not support.read(folder .. "/all.lua") then fail(folder .. ": there is no all.lua in it") end

local passed, failed = 0, 0
local function report(name, message, seconds)
  if message then failed = failed + 1 else passed = passed + 1 end
  if message or seconds then print(("  %s: %s"):format(name, message or seconds)) end
end

-- The lines that are stepped over are those of one version of the suite.
local known, helpers = { ["all.lua"] = true }, {}
for _, entry in ipairs(entries) do
  known[entry.name] = true
  if entry.helper then helpers[#helpers + 1] = entry.name end
  local text = support.read(folder .. "/" .. entry.name)
  local misfit = not text and "not there" or suite.misfit(entry, text)
  if misfit then fail(entry.name .. ": " .. misfit) end
end
local _, names = support.run("cd " .. support.quote(folder) .. " && ls *.lua")
for name in names:gmatch "[^\n]+" do
  if not known[name] then fail(name .. ": the table does not know this file") end
end

for _, entry in ipairs(entries) do
  if not entry.helper and not entry.whole and (not only or entry.name:find(only, 1, true)) then
    local begun = os.time()
    local message = suite.judge(entry, suite.run(folder, entry, helpers))
    report(entry.name, message, ("%d lines stepped over, %d s"):format(suite.stepped(entry), os.time() - begun))
    -- What is cut must be in the way. Once is enough: which lines those are does not hang on the engine.
    for i, cut in ipairs(support.engine == "wasm2c" and entry.cuts or {}) do
      local answer = suite.run(folder, entry, helpers, i)
      report(entry.name, not answer.stopped and ("the cut of %d to %d is not needed"):format(cut[1], cut[2]) or nil)
    end
  end
end

print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and passed > 0)
