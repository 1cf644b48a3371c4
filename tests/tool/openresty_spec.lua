-- openresty_spec.lua - the scripts of examples/openresty answer in a flare as they do in Debian's nginx with its Lua module, which
-- is asked the same.
local edge = require "flaron.edge"
local serving = require "serving"
local support = require "support"

local MODULES = "/usr/lib/nginx/modules/"
local EXAMPLE = "examples/openresty"

if not support.read(MODULES .. "ngx_http_lua_module.so") then
  pending "nginx with its Lua module is not installed (make setup-bench)"
  return
end

-- What is asked: path, and perhaps headers, method and body. In this order, since some scripts count.
local REQUESTS = {
  { "/hello" }, { "/hello?name=ada" }, { "/hello?name=" }, { "/hello?name" }, { "/hello?name=a&name=b" }, { "/hello/a%20b?name=%C3%A9+x" },
  { "/hello", nil, "POST", "x" }, { "/hello", nil, "HEAD" },
  { "/notes" }, { "/notes", nil, "POST" }, { "/notes", nil, "POST", "{bad" }, { "/notes", nil, "POST", "{}" },
  { "/notes", nil, "POST", '{"title":"buy","text":null}' }, { "/notes", nil, "POST", '{"title":"\u{e9}","text":[1,2]}' },
  { "/whoami" }, { "/whoami", { ["X-API-Key"] = "k-100" } }, { "/whoami", { ["x-api-key"] = "bad" } }, { "/whoami?KEY=k-200" },
  { "/whoami?key=k-100" },
  { "/private" }, { "/private", { authorization = "Basic YWRhOmVuZ2luZQ" } }, { "/private", { authorization = "Basic !!" } },
  { "/private/admin", { authorization = "Basic YWRhOmVuZ2luZQ==" } },
  { "/private/admin", { authorization = "Basic Z3JhY2U6YnVnOjE5NDc=" } },
  { "/private", { authorization = "Bearer x" } },
  { "/download/a" }, { "/download/a?expires=4102444800&md5=x" }, { "/download/a?expires=4102444800&md5=675fdc0cf064f27d788cc3bf0d0fb386" },
  { "/download/a?expires=1000&md5=423f1cd883ea9fe6666ff267009cff1e" },
  { "/limited", { ["X-Client"] = "c" } }, { "/limited", { ["X-Client"] = "c" } }, { "/limited", { ["x-client"] = "d" } }, { "/limited" },
  { "/limited", { ["X-Client"] = "c" } }, { "/limited", { ["X-Client"] = "c" } }, { "/limited", { ["X-Client"] = "c" } },
  { "/limited", { ["X-Client"] = "c" } },
  { "/counter" }, { "/counter" },
  { "/page" }, { "/page?gone=1" }, { "/page", nil, "HEAD" },
  { "/static/a.css" }, { "/static/a.html" }, { "/static/a" }, { "/static/a.tar.png" },
  { "/banner" }, { "/banner?gone=1" },
  { "/moved/home" }, { "/moved/blog" }, { "/moved/ABC?x=1" }, { "/moved/abc/" }, { "/moved/abc" },
  { "/ab", { cookie = "x=1; group=a" } }, { "/ab", { cookie = "GROUP= b" } }, { "/ab", { cookie = "group=b" } },
  { "/form" }, { "/form", nil, "POST", "name=A+B%3C&x&y=&tags=1&tags=2&=no&tags" }, { "/form", nil, "POST", "" },
  { "/form", nil, "PUT", "name=x" },
  { "/query/%20/x?a=1&b=%20x+y&c&a=2&=z&d=&A=9" }, { "/query" }, { "/query?" }, { "/query?a=%zz&%41=%4" }, { "/query?a&a&a=1" },
  { "/cors" }, { "/cors", { origin = "https://app.example.com" } }, { "/cors", { origin = "https://evil.example" } },
  { "/cors", { origin = "https://app.example.com", ["access-control-request-method"] = "PUT" }, "OPTIONS" },
  { "/toolbox" },
  { "/backend/user" }, { "/backend/user?key=k-100" }, { "/backend/none?key=k-100" },
  { "/aggregate" },
}

local CONF = [[
load_module @MODULES@ndk_http_module.so;
load_module @MODULES@ngx_http_lua_module.so;
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events {}
http {
  access_log off;
  default_type text/plain;
  server_tokens off;
  absolute_redirect off;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
  @SHARED@
  init_by_lua_block { package.preload["flaron.openresty"] = function() return ngx end }
  server {
    listen unix:@FOLDER@/backend;
    location = /backend/user { default_type application/json; return 200 '{"id":7}'; }
    location = /backend/orders { lua_need_request_body on; content_by_lua_block { ngx.print("[1,", #ngx.req.get_body_data(), "]") } }
    location / { content_by_lua_block { ngx.status = 404 ngx.print "" ngx.exit(404) } }
  }
  server {
    listen unix:@FOLDER@/front;
    server_name localhost;
    @LOCATIONS@
  }
}
]]

-- nginx.conf for what main.lua says of the scripts.
local function configuration(folder)
  local main = support.read(EXAMPLE .. "/main.lua")
  local _, here = support.run "pwd"
  local scripts, locations, shared = here:gsub("\n$", "") .. "/" .. EXAMPLE .. "/scripts/", {}, {}
  for path, phases in main:gmatch '\nlocation%("([^"]+)", (%b{})%)' do
    local lines = { ("location %s {"):format(path) }
    for phase, script in pairs(load("return " .. phases)()) do
      lines[#lines + 1] = ("%s_by_lua_file %s%s.lua;"):format(phase, scripts, script)
      for name in support.read(scripts .. script .. ".lua"):gmatch "ngx%.shared%.([%w_]+)" do shared[name] = true end
    end
    if not phases:find "content" then lines[#lines + 1] = ("proxy_pass http://unix:%s/backend;"):format(folder) end
    lines[#lines + 1] = "}"
    locations[#locations + 1] = table.concat(lines, "\n")
  end
  local zones = {}
  for name in pairs(shared) do zones[#zones + 1] = ("lua_shared_dict %s 1m;"):format(name) end
  local values = { FOLDER = folder, LOCATIONS = table.concat(locations, "\n"), MODULES = MODULES, SHARED = table.concat(zones, "\n") }
  return (CONF:gsub("@(%u+)@", values))
end

local function backend(request)
  local path = request.url:match "^https://backend%.example%.com/backend(/[^?]*)"
  if path == "/user" then
    return { status = 200, headers = { ["content-type"] = "application/json" }, body = '{"id":7}' }
  elseif path == "/orders" then
    return { status = 200, body = "[1," .. #request.body .. "]" }
  end
  return { status = 404, body = "" }
end

-- Headers that the server adds, or that are of the connection.
local OF_SERVER = { date = true, server = true, connection = true, ["content-length"] = true, ["transfer-encoding"] = true }

-- An answer as text.
local function shown(status, headers, body)
  local lines = {}
  for name, value in pairs(headers) do
    name = name:lower()
    if not OF_SERVER[name] then lines[#lines + 1] = name .. ": " .. value end
  end
  table.sort(lines)
  return ("%d\n%s\n\n%s"):format(status, table.concat(lines, "\n"), body)
end

-- What nginx answers.
local function ask_nginx(folder, path, headers, method, body)
  local words = { "curl -s -i -m 8 --path-as-is --unix-socket", support.quote(folder .. "/front") }
  if method == "HEAD" then words[#words + 1] = "-I" elseif method then words[#words + 1] = "-X " .. method end
  for name, value in pairs(headers or {}) do words[#words + 1] = "-H " .. support.quote(name .. ": " .. value) end
  if body then
    support.write(folder .. "/body", body)
    words[#words + 1] = "-H content-type: --data-binary @" .. support.quote(folder .. "/body")
  end
  words[#words + 1] = support.quote("http://localhost" .. path)
  local _, text = support.run(table.concat(words, " "))
  local head, rest = text:match "^(.-)\r\n\r\n(.*)$"
  local found = {}
  for name, value in head:gmatch "\n([^:\n]+): ([^\r\n]*)" do
    found[name] = found[name] and found[name] .. ", " .. value or value
  end
  rest = rest:gsub("<hr><center>nginx</center>\r?\n", "") -- its pages of errors have its name
  return shown(tonumber(head:match "^HTTP/%S+ (%d+)"), found, rest)
end

describe("scripts of OpenResty answer as in nginx:", function()
  local answers, pid = {}, nil

  -- All is asked before the first comparison: each test begins with empty stores.
  setup(function()
    local folder = support.folder()
    support.run("mkdir -p " .. folder .. "/tmp")
    support.write(folder .. "/nginx.conf", configuration(folder))
    pid = serving.start(("exec /usr/sbin/nginx -p %s -c nginx.conf -e stderr"):format(support.quote(folder)), folder .. "/nginx")
    assert(serving.wait(function()
      return (support.run(("curl -s -m 8 --unix-socket %s/front http://localhost/"):format(folder))) == 0
    end, 5), support.read(folder .. "/nginx.err"))
    local flare <close> = assert(edge.load(EXAMPLE .. "/main.lua"))
    flare:stub_fetch("", backend)
    for i, asked in ipairs(REQUESTS) do
      local path, headers, method, body = table.unpack(asked, 1, 4)
      local answer = assert(flare:request { url = "http://localhost" .. path, headers = headers, method = method, body = body })
      answers[i] = {
        nginx = ask_nginx(folder, path, headers, method, body),
        flare = shown(answer.status, answer.headers, method == "HEAD" and "" or answer.body),
      }
    end
  end)

  teardown(function()
    if pid then serving.stop(pid) end
  end)

  for i, asked in ipairs(REQUESTS) do
    it(("%d. %s %s"):format(i, asked[3] or "GET", asked[1]), function() assert.equal(answers[i].nginx, answers[i].flare) end)
  end
end)
