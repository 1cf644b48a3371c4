-- common.lua - what the groups of the benchmarks share: progress, programs to talk with, means.
local support = require "support"

local common = { folder = "build/bench" }

--- Says what is being measured, on standard error.
function common.progress(format, ...)
  io.stderr:write("  ", format:format(...), "\n")
end

--- The standard output of a command that must succeed.
function common.output(command)
  local code, output, errors = support.run(command)
  if code ~= 0 then error(("%s\nended with %d: %s%s"):format(command, code, output, errors), 0) end
  return output
end

--- Whether a command can be run.
function common.has(command)
  return (support.run("PATH=$PATH:/usr/sbin command -v " .. command)) == 0
end

--- Why packages of npm are not there; nil when they are.
function common.npm_failure()
  if support.read(common.folder .. "/npm.stamp") then return nil end
  local log = support.read(common.folder .. "/npm.log") or ""
  return log:match "npm%s+[%a!]+%s+code%s+(%w+)" or log:match "([^\n]*not found)" or "npm failed"
end

local count = 0

--- Starts a program that answers each line with a line. `ask(line)` gives the answer, or nil when it has ended.
function common.start(command)
  count = count + 1
  local pipe = ("%s/worker%d"):format(common.folder, count)
  os.remove(pipe)
  common.output("mkfifo " .. pipe)
  local to = assert(io.popen(("exec %s >%s 2>%s.err"):format(command, pipe, pipe), "w"))
  local from = assert(io.open(pipe))
  local worker = {}
  function worker.ask(line)
    if not from then return nil end
    to:write(line, "\n")
    to:flush()
    local answer = from:read "l"
    if not answer then worker.stop() end
    return answer
  end
  function worker.stop()
    if not from then return end
    to:close()
    from:close()
    from = nil
    os.remove(pipe)
  end
  return worker
end

--- The median of a list of numbers that is not empty; sorts it.
function common.median(list)
  table.sort(list)
  return (list[(#list + 1) // 2] + list[#list // 2 + 1]) / 2
end

--- The geometric mean of a list of positive numbers; nil of none.
function common.geometric_mean(list)
  if #list == 0 then return nil end
  local sum = 0
  for _, value in ipairs(list) do sum = sum + math.log(value) end
  return math.exp(sum / #list)
end

--- A number with about three digits, as text; "–" for nil.
function common.short(value)
  if not value then return "–" end
  local digits = value >= 99.5 and 0 or value >= 9.95 and 1 or 2
  return (("%%.%df"):format(digits)):format(value)
end

return common
