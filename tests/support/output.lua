-- output.lua - the output of busted in `make test`: one line per spec file and engine, and the failures in full. It appends the
-- counts as "PASSED FAILED PENDING" to the file that RESULTS names, which run.sh sums up.
return function(options)
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()
  local verbose = options.verbose
  local file, count, begin
  local engine = os.getenv "ENGINE"

  local function write(...)
    io.write(...)
    io.flush()
  end

  local function message_of(failure)
    local message = failure.message
    if type(message) ~= "string" then
      message = message == nil and "nil error" or require("pl.pretty").write(message)
    end
    return message
  end

  handler.fileStart = function(element)
    file, count, begin = element.name, 0, os.time()
    return nil, true
  end

  handler.testEnd = function(element, _, status)
    count = count + 1
    if verbose or status == "failure" or status == "error" then
      write(("  %s: %s\n"):format(status, handler.getFullName(element)))
    end
    return nil, true
  end

  handler.fileEnd = function()
    local seconds = os.time() - begin
    write(("  %s%s: %d%s\n"):format(file, engine and " on " .. engine or "", count, seconds > 1 and (" (%d s)"):format(seconds) or ""))
    return nil, true
  end

  handler.suiteEnd = function()
    for _, list in ipairs { handler.failures, handler.errors } do
      for _, failure in ipairs(list) do
        local trace = failure.element.trace or failure.trace or {}
        write(("\nFAILED %s (%s:%s)\n%s\n"):format(failure.name or "?", trace.short_src or "?",
          trace.currentline or "?", message_of(failure)))
      end
    end
    for _, pending in ipairs(handler.pendings) do
      write(("skipped: %s%s\n"):format(pending.name, pending.message and ": " .. message_of(pending) or ""))
    end
    local results = os.getenv "RESULTS"
    if results then
      local out = assert(io.open(results, "a"))
      out:write(handler.successesCount, " ", handler.failuresCount + handler.errorsCount, " ", handler.pendingsCount, "\n")
      out:close()
    end
    return nil, true
  end

  busted.subscribe({ "file", "start" }, handler.fileStart)
  busted.subscribe({ "file", "end" }, handler.fileEnd)
  busted.subscribe({ "test", "end" }, handler.testEnd, { predicate = handler.cancelOnPending })
  busted.subscribe({ "suite", "end" }, handler.suiteEnd)
  return handler
end
