-- output.lua - how `flaron-lua test` tells its results in CI: on standard output as busted does, and as JUnit's XML in the file
-- that -Xoutput names. Both are busted's own; busted takes one alone.
return function(options)
  local parts = { require "busted.outputHandlers.plainTerminal"(options), require "busted.outputHandlers.junit"(options) }
  return {
    subscribe = function(_, how)
      for _, part in ipairs(parts) do part:subscribe(how) end
    end,
  }
end
