-- assertions.lua - what busted's `assert` learns from flaron.edge:
--
--   assert.response(answer).has.status(200)        assert.budget(answer).under { cpu_us = 500 }
--
-- Each assertion is one function of the response that answers whether it holds, and what there is instead. What a flare
-- wrote is shown by `harmless`: it cannot take a terminal over.
local response_metatable, harmless = ...
local assert = require "luassert"
local util = require "luassert.util"
local say = require "say"

local SUBJECT = "flaron_subject"
local MOST = 300 -- bytes of a body that a message shows

local function show(value)
  if type(value) ~= "string" then return assert:format({ value, n = 1 })[1] end
  local shown = ("%q"):format(value:sub(1, MOST)):gsub("\\\n", "\\n")
  shown = harmless(shown)
  return #value > MOST and ("%s... (%d bytes)"):format(shown, #value) or shown
end

-- Whether a text is, or has what matches, `wanted`; nil: any will do.
local function fits(text, wanted)
  if wanted == nil or text == wanted then return true end
  local good, found = pcall(string.find, text, wanted)
  return good and found ~= nil
end

local function wanted_text(wanted)
  return wanted == nil and "" or " that is or matches " .. show(wanted)
end

-- The lines of a log, one a line.
local function show_logs(logs)
  local lines = {}
  for _, line in ipairs(logs) do lines[#lines + 1] = ("\n  %s: %s"):format(line.level, harmless(line.text)) end
  return #lines > 0 and table.concat(lines) or " nothing"
end

-- The local variables of a handler that failed.
local function show_locals(answer)
  if not answer.locals then return "" end
  return "\nIts handler failed with these locals:\n  " .. harmless((answer.locals:gsub("\n$", ""):gsub("\n", "\n  ")))
end

-- Each returns: whether it holds, what was looked for, what there is.
local checks = {}

function checks.status(answer, status)
  local there = ("%d, with the body %s and in the log:%s"):format(answer.status, show(answer.body), show_logs(answer.logs))
  return answer.status == status, "status " .. tostring(status), there
end

function checks.header(answer, name, wanted)
  local found, names = nil, {}
  for key, value in pairs(answer.headers) do
    names[#names + 1] = harmless(key .. ": " .. value)
    if key:lower() == name:lower() then found = value end
  end
  table.sort(names)
  local there = #names > 0 and "\n  " .. table.concat(names, "\n  ") or "no header"
  return found ~= nil and fits(found, wanted), ("header '%s'%s"):format(name, wanted_text(wanted)), there
end

function checks.body(answer, wanted)
  return fits(answer.body, wanted), "a body" .. wanted_text(wanted), show(answer.body)
end

function checks.json(answer, wanted)
  local good, value = pcall(function() return answer.json() end)
  if not good then return false, "JSON " .. show(wanted), show(answer.body) end
  return util.deepcompare(value, wanted, true), "JSON " .. show(wanted), show(value)
end

function checks.log(answer, level, wanted)
  local found = false
  for _, line in ipairs(answer.logs) do found = found or line.level == level and fits(line.text, wanted) end
  return found, ("a line of level '%s'%s"):format(level, wanted_text(wanted)), "in the log:" .. show_logs(answer.logs)
end

function checks.fetched(answer, wanted, method)
  local found, all = false, {}
  for _, fetch in ipairs(answer.fetches) do
    found = found or fits(fetch.url, wanted) and (method == nil or fetch.method == method)
    all[#all + 1] = harmless(("\n  %s %s"):format(fetch.method, fetch.url))
  end
  local what = ("a fetch%s of a URL%s"):format(method and " by " .. method or "", wanted_text(wanted))
  return found, what, #all > 0 and table.concat(all) or "no fetch"
end

local units = { [""] = 1, K = 1 << 10, M = 1 << 20 }

-- "300K" in bytes.
local function bytes(size)
  local number, unit = tostring(size):match "^(%d+)([KM]?)$"
  if not number then error(("'%s' is no size, such as \"300K\""):format(size), 0) end
  return tonumber(number) * units[unit]
end

local figures = {
  cpu_us = function(answer) return answer.cpu_us end,
  memory = function(answer)
    if answer.peak == 0 then error("this engine does not tell how much memory an invocation has", 0) end
    return answer.peak
  end,
  host_calls = function(answer)
    local sum = 0
    for _, count in pairs(answer.calls) do sum = sum + count end
    return sum
  end,
}

function checks.under(answer, limits)
  local good, wanted, there, names = true, {}, {}, {}
  for name in pairs(limits) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    if not figures[name] then
      error(("a budget has cpu_us, memory and host_calls, not '%s'"):format(name), 0)
    end
    local used = figures[name](answer)
    good = good and used <= (name == "memory" and bytes(limits[name]) or limits[name])
    wanted[#wanted + 1] = ("%s = %s"):format(name, limits[name])
    there[#there + 1] = ("%s = %d"):format(name, used)
  end
  return good, "a budget of at most " .. table.concat(wanted, ", "), table.concat(there, ", ")
end

for _, name in ipairs { "response", "budget" } do
  assert:register("modifier", name, function(luassert_state, arguments)
    if getmetatable(arguments[1]) ~= response_metatable then
      error(("assert.%s takes a response of flaron.edge, not %s"):format(name, show(arguments[1])), 0)
    end
    rawset(luassert_state, SUBJECT, arguments[1])
    return luassert_state
  end)
end

say:set("assertion.flaron.positive", "Expected %s.\nThere is: %s")
say:set("assertion.flaron.negative", "Expected not: %s.\nThere is: %s")

for name, check in pairs(checks) do
  assert:register("assertion", name, function(luassert_state, arguments)
    local answer = rawget(luassert_state, SUBJECT)
    if not answer then error(("%s is said of assert.response(...) or assert.budget(...)"):format(name), 0) end
    local good, wanted, there = check(answer, table.unpack(arguments, 1, arguments.n))
    arguments[1], arguments[2], arguments.n = wanted, there .. show_locals(answer), 2
    arguments.nofmt = { true, true }
    return good
  end, "assertion.flaron.positive", "assertion.flaron.negative")
end
