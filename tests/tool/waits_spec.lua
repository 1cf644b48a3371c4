-- waits_spec.lua - flares that wait or compute keep nobody waiting: `flaron-lua dev` under crowds of both.
local serving = require "serving"
local support = require "support"

local start, stop, wait = serving.start, serving.stop, serving.wait

local main = [[
local flaron = require "flaron"
local routes = {}
function routes.hang(port) return { body = select(2, flaron.beam.fetch("http://127.0.0.1:" .. port .. "/")) } end
function routes.spin(ms)
  for _ = 1, ms * 30000 do end
  return { body = "spun" }
end
return function()
  local name, n = flaron.request.url():match "/(%a+)/(%d+)"
  if name then return routes[name](n) end
  return { body = "hello" }
end
]]

-- A number of /proc/PID/status.
local function status(dev, name) return tonumber(support.read(("/proc/%d/status"):format(dev.pid)):match(name .. ":%s+(%d+)")) end

-- Lets a crowd ask, and returns what crowd.mjs prints as numbers, and its process.
local function crowd(dev, count, path, gone)
  local out = support.folder() .. "/crowd"
  local pid = start(("exec node tests/support/crowd.mjs %d %d %s %s"):format(dev.port, count, path, gone or ""), out)
  local function printed() return (support.read(out .. ".out") or ""):match "^([^\n]*)\n([^\n]*)\n" end
  assert(wait(printed, 60), support.read(out .. ".err"))
  local line, first = printed()
  local median, max = line:match "plain: (%S+) (%S+)$"
  return tonumber(median) or math.huge, tonumber(max) or math.huge, pid, line, first
end

describe("flaron-lua dev", function()
  local folder, hang, port

  setup(function()
    folder = support.project { ["main.lua"] = main }
    hang, port = serving.listen("node tests/support/http.mjs hang", folder .. "/hang")
  end)

  teardown(function() stop(hang, "KILL") end)

  it("answers within 50 ms while 1,000 fetches hang, in 256 KiB for each, and ends on Ctrl-C at once", function()
    local dev = serving.serve(folder, "--quiet", "ulimit -Sn 1024 && ")
    assert.equal("hello", dev.curl "/")
    local before = status(dev, "VmRSS")
    local median, max, pid, line = crowd(dev, 1000, "/hang/" .. port)
    local each = (status(dev, "VmRSS") - before) / 1000
    local begin = os.time()
    stop(dev.pid, "INT")
    local took = os.time() - begin
    stop(pid, "KILL")
    assert.is_true(median < 50 and max < (os.getenv "SANITIZE" ~= "" and 5000 or 1500), line)
    assert.is_true(each < (os.getenv "SANITIZE" ~= "" and 2000 or 256), each .. " KiB for each")
    assert.is_true(took <= 2, took .. " s until it ended")
  end)

  it("answers while 60 clients have it compute", function()
    local dev = serving.serve(folder, "--quiet")
    local median, max, pid, line = crowd(dev, 60, "/spin/150")
    dev.stop()
    stop(pid, "KILL")
    assert.is_true(median < 50 and max < 1500, line)
  end)

  it("says which fetch had no descriptor left", function()
    local dev = serving.serve(folder, "", "ulimit -n 64 && ")
    local median, _, pid, line, first = crowd(dev, 20, "/hang/" .. port)
    dev.stop()
    stop(pid, "KILL")
    assert.equal("no descriptor is left for the connection (ulimit -n)", first)
    assert.is_true(median < 50, line)
  end)
end)
