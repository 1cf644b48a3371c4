-- serving.lua - shared by the specs of flaron-lua dev: programs in the background, a served project.
local support = require "support"

local serving = {}

--- Starts a program in the background; returns its process id.
function serving.start(command, out)
  local _, pid = support.run(("%s >%s.out 2>%s.err </dev/null & echo $!"):format(command, out, out))
  return tonumber(pid)
end

--- Waits until `check` returns a true value, for at most `seconds`; returns that value.
function serving.wait(check, seconds)
  for _ = 1, seconds * 50 do
    local result = check()
    if result then return result end
    os.execute "sleep 0.02"
  end
end

-- Whether a process has ended. It may stay as a zombie if process 1 does not reap.
local function is_over(pid)
  local stat = support.read(("/proc/%d/stat"):format(pid))
  return not stat or stat:match "%) (%S)" == "Z"
end

--- Starts a program that prints the port it listens on, within `seconds` (default 5); returns its process id and the port.
function serving.listen(command, out, seconds)
  local pid = serving.start("exec " .. command, out)
  return pid, assert(serving.wait(function() return (support.read(out .. ".out") or ""):match "%d+" end, seconds or 5))
end

--- Ends a program by a signal (default INT) and waits for its end.
function serving.stop(pid, signal)
  os.execute(("kill -%s %d 2>/dev/null"):format(signal or "INT", pid))
  serving.wait(function() return is_over(pid) end, 7)
end

--- Serves a project; returns a table for requests to it. `before` is a shell command to run first: "ulimit -n 60 && ".
function serving.serve(project, words, before)
  local dev = { log = support.folder() .. "/dev" }
  dev.pid = serving.start(("%sexec %s dev %s --port 0 --cpu-ms 200 %s"):format(before or "", support.quote(support.flaron_lua),
    support.quote(project), words or ""), dev.log)
  dev.port = serving.wait(function() return (support.read(dev.log .. ".err") or ""):match "on https?://[%d.]+:(%d+)/" end, 5)
  assert(dev.port, support.read(dev.log .. ".err"))
  -- The page's port; nil with --quiet.
  dev.page_port = serving.wait(function()
    local said = support.read(dev.log .. ".err")
    return said:match "stores: http://localhost:(%d+)/__flaron/" or (words or ""):find("--quiet", 1, true) and "none"
  end, 5)
  if dev.page_port == "none" then dev.page_port = nil end
  --- Makes a request to the page below /__flaron/.
  function dev.page(path, options)
    local _, output = support.run(("curl -s -m 8 %s http://127.0.0.1:%s/__flaron/%s"):format(options or "", dev.page_port, path))
    return output
  end
  function dev.curl(path, options)
    local _, output = support.run(("curl -s -m 8 %s http://127.0.0.1:%s%s"):format(options or "", dev.port, path))
    return output
  end
  function dev.raw(bytes, ms)
    local file = dev.log .. ".raw"
    support.write(file, bytes)
    local _, output = support.run(("node tests/support/http.mjs %s %d %s"):format(dev.port, ms or 300, file))
    return output
  end
  function dev.stop(signal) serving.stop(dev.pid, signal) end
  return dev
end

return serving
