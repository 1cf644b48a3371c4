-- flaron-lua dev against the strict list (tests/support/strict): what RFC 9112, 9110, 9113 and 6455 have a server refuse and
-- understand, and what it may not hand on of an origin. Each case is a spec; the clients are there, in JavaScript.
local serving = require "serving"
local support = require "support"

local RUN = "node tests/support/strict/run.mjs "
local SANITIZED = (os.getenv "SANITIZE" or "") ~= ""
local TIMEOUT = SANITIZED and 6 or 2 -- seconds; a handshake of TLS takes long under a sanitizer
local SECONDS = 300 -- at most, for a group: the list ends by itself

-- Asks dev the cases of a group; returns a table from names to "ok" or what is wrong.
local function ask(group, words)
  local origin, origin_port = serving.listen(RUN .. "origin-server", support.folder() .. "/origin", 10)
  local dev = serving.serve("tests/support/strict/flare", ("--quiet --timeout %d --persist %s --origin http://127.0.0.1:%s %s"):format(
    TIMEOUT, support.folder(), origin_port, words == "tls" and "--https" or ""))
  local _, output, errors = support.run(("timeout %d %s%s %s %s %s"):format(SECONDS, RUN, group, dev.port, words, origin_port))
  dev.stop()
  serving.stop(origin, "KILL")
  local results = { errors = errors .. support.read(dev.log .. ".err") }
  for name, result in output:gmatch "([^\t\n]+)\t([^\n]*)" do results[name] = result end
  return results
end

local function cases(group, words)
  describe("flaron-lua dev, " .. group .. (words ~= "" and " over " .. words:upper() or ""), function()
    local results
    setup(function()
      results = ask(group, words)
    end)
    for name in select(2, support.run(RUN .. "list " .. group)):gmatch "[^\n]+" do
      it(name, function() assert.equal("ok", results[name] or "not asked: " .. results.errors) end)
    end
  end)
end

cases("http1", "")
cases("http2", "")
cases("websocket", "")
cases("origin", "")
cases("http1", "tls")
cases("http2", "tls")
