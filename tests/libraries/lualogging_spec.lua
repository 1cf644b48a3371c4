-- lualogging_spec.lua - LuaLogging as Debian has it, in flares: loggers of one's own, and its console, which is the flare's log.
local libraries = require "libraries"
local describe = libraries.describe(describe, pending, "debian")

local body = [=[
local logging = require "logging"
local console = require "logging.console"

function cases.own()
  local lines = {}
  local logger = logging.new(function(_, level, message) lines[#lines + 1] = level .. " " .. message return true end)
  logger:setLevel(logging.INFO)
  logger:debug "not seen"
  logger:info("%d of %s", 3, "them")
  logger:error { 1, a = "x" }
  logger:warn(function(n) return "n " .. n end, 5)
  logger:log(logging.FATAL, "end")
  return table.concat(lines, "\n")
end

function cases.pattern()
  return logging.prepareLogMsg("%date %level %message!", "today", "INFO", "100% sure")
end

function cases.console()
  local logger = console "%level: %message\n"
  logger:warn "mind the gap"
  return logger:info("%s", "one line")
end

function cases.unknown() return pcall(logging.new(print).setLevel, nil, "LOUD") end

function cases.file()
  require "logging.file"
  return logging.file("a.log"):info "x"
end
]=]

describe("LuaLogging", function()
  local says, flare
  setup(function() says, flare = libraries.flare({ "logging", "logging.lua" }, body) end)
  teardown(function() flare:close() end)

  it("calls loggers of one's own", function()
    assert.equal('WARN Logger: changing loglevel from DEBUG to INFO\nINFO 3 of them\nERROR {1, a = "x"}\nWARN n 5\nFATAL end', (says "own"))
    assert.equal("today INFO 100% sure!", (says "pattern"))
  end)

  it("writes to the log by its console", function()
    local answer, response = says "console"
    assert.equal("true", answer)
    local texts = {}
    for _, line in ipairs(response.logs) do texts[#texts + 1] = line.level .. " " .. line.text end
    assert.same({ "info WARN: mind the gap", "info INFO: one line" }, texts)
  end)

  it("says that its files cannot be written", function()
    assert.equal("nil, file `a.log' could not be opened for writing", (says "file"))
  end)
end)
