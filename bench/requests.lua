-- requests.lua - group 3 of the benchmarks: requests through `flaron-lua dev`, beside nginx with Lua and workerd.
--
-- Each site of bench/sites is the same work, once for each server. They are served in turn, several times,
-- and the best run counts: that with the least CPU time of the server a request.
local common = require "bench.common"
local support = require "support"

local requests = {}

local SECONDS, ROUNDS, CONNECTIONS = 3, 3, 64
local sites = {
  { folder = "hello", name = "hello" },
  { folder = "json", name = "JSON API" },
  { folder = "body", name = "100 KB body" },
  { folder = "echo", name = "WebSocket echo" },
}

local here = common.output "pwd":gsub("\n$", "")

-- Each gives the command that serves a folder on a port.
local servers = {
  { name = "flaron-lua dev", site = "main.lua", command = function(folder, port)
    return ("%s dev %s --port %d --quiet"):format(support.flaron_lua, folder, port)
  end },
  { name = "nginx + Lua", site = "nginx.lua", command = function(folder, port)
    local path = here .. "/" .. folder
    local values = { PORT = port, FOLDER = path }
    support.run("mkdir -p " .. folder .. "/tmp")
    support.write(folder .. "/nginx.conf", (support.read "bench/nginx.conf":gsub("%f[%u]%u+%f[%U]", values)))
    return ("/usr/sbin/nginx -p %s -c nginx.conf -e stderr"):format(support.quote(path))
  end },
  { name = "workerd", site = "workerd.mjs", command = function(folder, port)
    local binary = common.output(("cd %s && node -p 'require(\"workerd\").default'"):format(common.folder)):gsub("\n$", "")
    support.write(folder .. "/workerd.capnp", support.read "bench/workerd.capnp")
    return ("%s serve %s/workerd.capnp --socket-addr=http=127.0.0.1:%d"):format(support.quote(binary), folder, port)
  end },
}

-- Why a server cannot be measured; nil when it can.
local function missing(server)
  if server.name == "nginx + Lua" then
    if not support.read "/usr/lib/nginx/modules/ngx_http_lua_module.so" then return "nginx with its Lua module is not installed" end
  elseif server.name == "workerd" then
    local why = common.npm_failure()
    return why and ("workerd is not installed (%s)"):format(why)
  end
end

-- CPU seconds a process has used, or nil when it is gone. /proc counts in hundredths.
local function cpu(pid)
  local stat = support.read(("/proc/%d/stat"):format(pid))
  local user, system = (stat or ""):match "%) %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ (%d+) (%d+)"
  return user and (user + system) / 100
end

local units = { us = 0.001, ms = 1, s = 1000 }

-- Milliseconds of wrk's "1.23ms".
local function milliseconds(text)
  local value, unit = (text or ""):match "^([%d.]+)(%a+)$"
  return units[unit] and tonumber(value) * units[unit]
end

-- Loads a server for some seconds; returns the number of answers, and median and 99th percentile in milliseconds.
local function load_with(site, port, seconds)
  if site.folder == "echo" then
    local report = common.output(("%s/echo %d %d %d"):format(common.folder, port, CONNECTIONS, seconds))
    local count, p50, p99 = report:match "^(%d+) (%d+) (%d+)"
    return tonumber(count), p50 / 1000, p99 / 1000
  end
  local report = common.output(("wrk -t1 -c%d -d%ds --latency 'http://127.0.0.1:%d/items?q=1'"):format(CONNECTIONS, seconds, port))
  assert(not report:find "Non%-2xx" and not report:find "Socket errors", report)
  local count = tonumber(report:match "(%d+) requests in")
  local p50, p99 = milliseconds(report:match "\n%s+50%%%s+(%S+)"), milliseconds(report:match "\n%s+99%%%s+(%S+)")
  assert(count and count > 0 and p50 and p99, report)
  return count, p50, p99
end

local port = 20000 + os.time() % 10000

-- Serves a site and loads it; returns its figures, or nil and what went wrong.
local function measure(server, site)
  port = port + 1
  local folder = ("%s/sites/%s"):format(common.folder, site.folder)
  local log = ("%s/%s"):format(common.folder, server.site)
  local pid = tonumber((common.output(("exec %s >%s.out 2>&1 </dev/null & echo $!"):format(server.command(folder, port), log))))
  local running = common.folder .. "/server.pid" -- for `make bench`, should we be interrupted
  support.write(running, ("%d\n"):format(pid))
  local function stop()
    os.remove(running)
    support.run(("kill %d; while kill -0 %d; do sleep 0.02; done"):format(pid, pid))
  end
  local good, result = pcall(function()
    for _ = 1, 200 do
      if support.run(("curl -s -o %s/answer http://127.0.0.1:%d/"):format(common.folder, port)) == 0 then break end
      assert(cpu(pid), "the server ended: " .. (support.read(log .. ".out") or ""))
      support.run "sleep 0.05"
    end
    load_with(site, port, 1)
    local before = cpu(pid)
    local count, p50, p99 = load_with(site, port, SECONDS)
    return { us = (cpu(pid) - before) / count * 1e6, p50 = p50, p99 = p99, rate = count / SECONDS }
  end)
  stop()
  if good then return result end
  return nil, ("%s, %s: %s"):format(server.name, site.name, result)
end

--- Measures; returns a section of the document (report.lua).
function requests.run()
  local notes, chosen, rows, bars = {}, {}, {}, {}
  if not common.has "wrk" then return nil, "wrk is not installed" end
  for _, server in ipairs(servers) do
    local why = missing(server)
    if why then notes[#notes + 1] = why .. "." else chosen[#chosen + 1] = server end
  end
  common.output(("rm -rf %s/sites && cp -r bench/sites %s/sites"):format(common.folder, common.folder))
  for _, site in ipairs(sites) do
    common.progress("%s", site.name)
    local best = {}
    for _ = 1, ROUNDS do
      for _, server in ipairs(chosen) do
        if support.read(("bench/sites/%s/%s"):format(site.folder, server.site)) then
          local figures, why = measure(server, site)
          if not figures then
            common.progress("%s", why)
            notes[#notes + 1] = ("A round of %d failed: %s"):format(ROUNDS, why)
          elseif not best[server] or figures.us < best[server].us then
            best[server] = figures
          end
        end
      end
    end
    local group = { name = site.name }
    for _, server in ipairs(chosen) do
      local b = best[server]
      local ratio = b and best[chosen[1]] and b.us / best[chosen[1]].us
      rows[#rows + 1] = b and { site.name, server.name, ("%.0f"):format(1e6 / b.us), common.short(ratio), ("%.0f"):format(b.rate),
        ("%.2f"):format(b.p50), ("%.2f"):format(b.p99) } or { site.name, server.name, "–", "–", "–", "–", "–" }
      if ratio then group[#group + 1] = { series = server.name, value = ratio } end
    end
    bars[#bars + 1] = group
  end
  return {
    title = "A request",
    text = ([[
HTTP/1.1 on this machine, %d connections that ask again as soon as they are answered (wrk; for WebSockets
[a load of ours](../bench/echo.c) with messages of 64 bytes). What counts is CPU time: *requests per CPU second* is how
many the server answers for each second of processor time it uses, all its threads and the kernel's work for it included;
*CPU ratio* is its time a request in units of that of `flaron-lua dev`, so less is better. Requests per second and the times a
client waits depend also on how many cores are left beside the load. nginx runs LuaJIT in one worker, with one Lua state for all
requests; a flare begins each request in a fresh one. workerd runs JavaScript. Debian's nginx has no WebSockets for
Lua.]]):format(CONNECTIONS),
    tables = { { columns = { "site", "server", "requests per CPU second", "CPU ratio", "requests/s", "p50, ms", "p99, ms" },
      rows = rows, texts = 2 } },
    charts = { { file = "requests", title = "CPU time a request, in units of flaron-lua dev's (less is better)", base = 1,
      groups = bars } },
    notes = notes,
  }
end

return requests
