-- http.lua - benchmark group 3: requests through `flaron-lua dev`, beside nginx with its Lua module.
--
--   lua5.4 tests/bench/http.lua [SECONDS]      from the project's folder; needs wrk, nginx and its Lua module
--
-- Both serve the same little sites on this machine, in turn, several times; the best run counts. What is
-- compared is CPU time per request, user and system, of the server's process: wrk and the other tenants of
-- the machine do not change it much. Prints a table; returns its rows as JSON lines behind it with --json.
local seconds = tonumber((...)) or 3
local ROUNDS, CONNECTIONS = 3, 64
local folder = "build/bench/http"

local function run(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

local function write(path, content)
  local file <close> = assert(io.open(path, "w"))
  file:write(content)
end

-- The same work twice: as a flare, and for ngx_lua. `hash` makes a little JSON of a request.
local sites = {
  {
    name = "hello",
    flare = [[
local flaron = require "flaron"
return function()
  flaron.response.set_header("content-type", "text/plain; charset=utf-8")
  flaron.response.set_body(("hello from %s %s\n"):format(flaron.request.method(), flaron.request.url()))
  return flaron.RESPOND
end]],
    nginx = [[
ngx.header["content-type"] = "text/plain; charset=utf-8"
local body = ("hello from %s %s\n"):format(ngx.req.get_method(), ngx.var.scheme .. "://" .. ngx.var.http_host .. ngx.var.request_uri)
ngx.header["content-length"] = #body
ngx.print(body)]],
  },
  {
    name = "JSON API",
    flare = [[
local flaron = require "flaron"
return function()
  local items = {}
  for i = 1, 20 do items[i] = { id = i, name = "item " .. i, price = i * 1.5, tags = { "a", "b" } } end
  flaron.response.set_header("content-type", "application/json")
  flaron.response.set_body(flaron.json.encode { path = flaron.request.url(), agent = flaron.request.header "user-agent", items = items })
  return flaron.RESPOND
end]],
    nginx = [[
local items = {}
for i = 1, 20 do items[i] = { id = i, name = "item " .. i, price = i * 1.5, tags = { "a", "b" } } end
local body = require("cjson").encode { path = ngx.var.request_uri, agent = ngx.var.http_user_agent, items = items }
ngx.header["content-type"] = "application/json"
ngx.header["content-length"] = #body
ngx.print(body)]],
  },
  {
    name = "100 KB body",
    flare = [[
local flaron = require "flaron"
local page = ("0123456789"):rep(10240)
return function()
  flaron.response.set_body(page)
  return flaron.RESPOND
end]],
    nginx = [[
page = page or ("0123456789"):rep(10240)
ngx.header["content-length"] = #page
ngx.print(page)]],
  },
}

local nginx_configuration = [[
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
daemon off; master_process off; worker_processes 1; pid %s/nginx.pid; error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000; client_body_temp_path %s/tmp; proxy_temp_path %s/tmp;
  fastcgi_temp_path %s/tmp; uwsgi_temp_path %s/tmp; scgi_temp_path %s/tmp; lua_package_cpath "/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;;";
  server { listen 127.0.0.1:%d; location / { content_by_lua_file %s/site.lua; } }
}]]

local function spawn(command)
  return tonumber(run(("exec %s >%s/out 2>%s/err </dev/null & echo $!"):format(command, folder, folder)))
end

local servers = {
  { name = "flaron-lua dev", start = function(site, port)
    write(folder .. "/flare/main.lua", site.flare)
    return spawn(("build/flaron-lua dev %s/flare --port %d --quiet"):format(folder, port))
  end },
  { name = "nginx + Lua", start = function(site, port)
    local here = run "pwd":gsub("\n", "") .. "/" .. folder
    write(folder .. "/site.lua", site.nginx)
    write(folder .. "/nginx.conf", nginx_configuration:format(here, here, here, here, here, here, port, here))
    return spawn(("/usr/sbin/nginx -p %s -c %s/nginx.conf"):format(here, here))
  end },
}

-- CPU seconds a process has used.
local function cpu(pid)
  local file <close> = assert(io.open(("/proc/%d/stat"):format(pid)), "the server has ended")
  local user, system = file:read("a"):match "%) %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ (%d+) (%d+)"
  return (user + system) / 100
end

-- Serves a site and asks it for `seconds`.
local function measure(server, site, port)
  local pid = server.start(site, port)
  local url = ("http://127.0.0.1:%d/items?q=1"):format(port)
  for _ = 1, 100 do
    if run(("curl -s -o /dev/null -w '%%{http_code}' %s"):format(url)) == "200" then break end
    os.execute "sleep 0.05"
  end
  run(("wrk -t1 -c%d -d1s %s"):format(CONNECTIONS, url)) -- warm
  local before = cpu(pid)
  local report = run(("wrk -t1 -c%d -d%ds --latency %s"):format(CONNECTIONS, seconds, url))
  local used = cpu(pid) - before
  os.execute(("kill %d; while kill -0 %d 2>/dev/null; do sleep 0.05; done"):format(pid, pid))
  assert(not report:find "Non%-2xx", report)
  local requests = tonumber(report:match "(%d+) requests in")
  return {
    us = used / requests * 1e6,
    rate = requests / seconds,
    p50 = report:match "50%%%s+(%S+)",
    p99 = report:match "99%%%s+(%S+)",
  }
end

os.execute(("rm -rf %s; mkdir -p %s/flare %s/tmp"):format(folder, folder, folder))
print(("%-12s %-15s %11s %12s %10s %10s %9s"):format("site", "server", "requests/s", "us CPU each", "p50", "p99", "ratio"))
for _, site in ipairs(sites) do
  local best = {}
  for round = 1, ROUNDS do
    for i, server in ipairs(servers) do
      local figures = measure(server, site, 18000 + round * 10 + i)
      if not best[i] or figures.us < best[i].us then best[i] = figures end
    end
  end
  for i, server in ipairs(servers) do
    local b = best[i]
    print(("%-12s %-15s %11.0f %12.1f %10s %10s %9.2f"):format(site.name, server.name, b.rate, b.us, b.p50, b.p99,
      b.us / best[#servers].us))
  end
end
