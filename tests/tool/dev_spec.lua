-- flaron-lua dev, over real sockets: HTTP, WebSockets, reloading, actions, faults, ending.
local serving = require "serving"
local support = require "support"

local main = [[
local flaron = require "flaron"
local request, response = flaron.request, flaron.response

local routes = {}
function routes.hello() return { body = "hello " .. request.method() } end
function routes.size() return { body = tostring(#request.body()) } end
function routes.echo() return { headers = { ["x-seen"] = request.header "x-test" }, body = request.body() } end
function routes.empty() return { status = 204 } end
function routes.cached() response.set_header("etag", '"1"') return { status = 304, body = "not sent" } end
function routes.origin() return flaron.PASS_THROUGH end
function routes.big() return { body = ("x"):rep(10 << 20) } end
function routes.boom() error "boom" end
function routes.spin() while true do end end
function routes.memory() local t = {} while true do t[#t + 1] = ("x"):rep(100000) .. #t end end
function routes.marked() response.set_header("x-mark", "1") response.set_status(418) return flaron.TRANSFORM end
function routes.slow() return { body = tostring(flaron.beam.fetch(request.header "x-url")) } end

return function()
  local name = request.url():match "^%w+://[^/]+/(%w*)"
  return (routes[name] or routes.hello)()
end]]

local start, stop, wait, serve = serving.start, serving.stop, serving.wait, serving.serve

describe("flaron-lua dev", function()
  local folder, dev, origin

  setup(function()
    folder = support.folder()
    support.write(folder .. "/main.lua", main)
    local port
    origin, port = serving.listen("node tests/support/http.mjs origin", folder .. "/origin")
    dev = serve(folder, "--origin http://127.0.0.1:" .. port)
  end)

  teardown(function()
    dev.stop()
    stop(origin, "KILL")
  end)

  it("answers", function()
    assert.equal("hello GET", dev.curl "/")
    assert.equal("hello PATCH", dev.curl("/", "-X PATCH"))
  end)

  it("answers HEAD with the length and no body", function()
    local answer = dev.raw "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
    assert.matches("^HTTP/1.1 200 OK", answer)
    assert.matches("Content%-Length: 10\r\n", answer)
    assert.matches("\r\n\r\n$", answer)
  end)

  it("sends no body with 204 and 304", function()
    assert.matches("^HTTP/1.1 204 No Content\r\n.*\r\n\r\n$", (dev.raw "GET /empty HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert.matches("^HTTP/1.1 304 Not Modified\r\n.*\r\n\r\n$", (dev.raw "GET /cached HTTP/1.1\r\nHost: x\r\n\r\n"))
  end)

  it("keeps connections and answers pipelined requests in order", function()
    local answer = dev.raw("GET / HTTP/1.1\r\nHost: x\r\n\r\nDELETE / HTTP/1.1\r\nHost: x\r\n\r\nGET /size HTTP/1.1\r\nHost: x\r\n\r\n")
    assert.matches("hello GET.*hello DELETE.*\r\n\r\n0$", answer)
  end)

  it("takes bodies in chunks, and says 100 Continue", function()
    local answer = dev.raw("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\n\0\255\r\n0\r\n\r\n")
    assert.matches("\r\n\r\nabc\0\255$", answer)
    answer = dev.raw "POST /size HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab"
    assert.matches("^HTTP/1.1 100 Continue", answer)
  end)

  it("takes and gives 10 MiB, byte for byte", function()
    support.run(("head -c 10485760 /dev/urandom >%s/big"):format(folder))
    local _, out = support.run(("curl -s -m 20 --data-binary @%s/big http://127.0.0.1:%s/echo | cmp - %s/big && echo same"):format(
      folder, dev.port, folder))
    assert.equal("same\n", out)
  end)

  it("hands headers on", function()
    assert.matches("x%-seen: it", dev.curl("/echo", "-i -H 'X-Test: it'"))
  end)

  it("refuses what is no HTTP, and headers without end", function()
    assert.matches("^HTTP/1.1 400", (dev.raw "nonsense\r\n\r\n"))
    assert.equal("", dev.raw("GET / HTTP/1.1\r\nX: " .. ("a"):rep(1 << 20) .. "\r\n\r\n"):match "200 OK" or "")
    assert.equal("hello GET", dev.curl "/")
  end)

  it("takes 100 headers and no more", function()
    local function ask(count)
      local lines = { "GET / HTTP/1.1\r\nHost: x\r\n" }
      for i = 2, count do lines[i] = ("X-%d: y\r\n"):format(i) end
      return (dev.raw(table.concat(lines) .. "\r\n"))
    end
    assert.matches("^HTTP/1.1 200", ask(100))
    assert.matches("^HTTP/1.1 431", ask(101))
  end)

  it("cuts off clients that are too slow, and answers others meanwhile", function()
    local patient = serve(folder, "--timeout 1")
    local ways = { "idle", "headers", "body", "silence", "reader" }
    for _, way in ipairs(ways) do
      start(("node tests/support/http.mjs slow %s %s"):format(patient.port, way), folder .. "/slow-" .. way)
    end
    for _ = 1, 20 do assert.equal("hello GET", patient.curl "/") end
    for _, way in ipairs(ways) do
      local ms = wait(function() return (support.read(folder .. "/slow-" .. way .. ".out") or ""):match "^(%w+)\n" end, 14)
      ms = assert(tonumber(ms), way .. ": " .. tostring(ms))
      assert.is_true(ms >= 900 and (ms < 4000 or way == "reader" and ms < 9000), way .. ": " .. ms)
    end
    patient.stop()
  end)

  it("answers 500 and logs the traceback when a script fails", function()
    assert.equal("Internal Server Error500", dev.curl("/boom", "-w '%{http_code}'"))
    local log = wait(function() return (support.read(dev.log .. ".out") or ""):match "500 GET /boom .*" end, 2)
    assert.matches("error: main.lua:12: boom\n%s+stack traceback:", log)
    assert.matches("\n +> +12 | function routes.boom%(%) error \"boom\" end\n", log)
    assert.matches("last host calls:\n +req_url %-> %d+ B\n", log)
    assert.falsy(log:find("resp_set_status\n", 1, true))
  end)

  it("shows browsers where a script failed", function()
    local page = dev.curl("/boom", "-H 'Accept: text/html' -w '%{http_code}'")
    assert.matches("^<!doctype html>.*main.lua:12: boom.*&gt;   12 | function routes.boom%(%).*500$", page)
    assert.matches("^<!doctype html>.*error: not enough memory\n.*500$", dev.curl("/memory", "-H 'Accept: text/html' -w '%{http_code}'"))
  end)

  it("keeps what is under /__flaron/ from other machines' names and other sites' pages", function()
    local function status(words)
      return dev.page("nothing", "-o /dev/null -w '%{http_code}' " .. words)
    end
    local own = ("http://127.0.0.1:%s"):format(dev.page_port)
    assert.equal("404", status "")
    assert.equal("404", status("-H 'Origin: " .. own .. "' -H 'Sec-Fetch-Site: same-origin'"))
    assert.equal("403", status "-H 'Host: evil.example'")
    assert.equal("403", status "-H 'Host: localhost.evil.example'")
    assert.equal("403", status "-H 'Origin: http://evil.example'")
    assert.equal("403", status "-H 'Origin: null'")
    assert.equal("403", status "-X POST -H 'Sec-Fetch-Site: cross-site'")
  end)

  it("speaks HTTP/2 without TLS", function()
    assert.equal("hello GET2", dev.curl("/", "--http2-prior-knowledge -w '%{http_version}'"))
  end)

  it("stops a loop and a memory hog while it answers others", function()
    start(("curl -s -m 8 -w '%%{http_code}' http://127.0.0.1:%s/spin"):format(dev.port), folder .. "/spin")
    start(("curl -s -m 8 -w '%%{http_code}' http://127.0.0.1:%s/memory"):format(dev.port), folder .. "/memory")
    for _ = 1, 20 do assert.equal("hello GET", dev.curl "/") end
    for _, name in ipairs { "spin", "memory" } do
      assert.truthy(wait(function() return support.read(folder .. "/" .. name .. ".out") == "Internal Server Error500" end, 8), name)
    end
    assert.matches("stopped: CPU time limit reached", support.read(dev.log .. ".out"))
  end)

  it("answers others while fetches hang", function()
    local server, port = serving.listen("node tests/support/http.mjs hang", folder .. "/hang")
    for i = 1, 8 do
      start(("curl -s -m 3 -H 'X-Url: http://127.0.0.1:%s/' http://127.0.0.1:%s/slow"):format(port, dev.port), folder .. "/slow" .. i)
    end
    os.execute "sleep 0.2"
    for _ = 1, 10 do assert.equal("hello GET", dev.curl "/") end
    stop(server, "KILL")
  end)

  it("hands PASS_THROUGH on to the origin with method, path, headers and body", function()
    assert.equal("PUT /origin?q=1 it 3", dev.curl("/origin?q=1", "-X PUT -H 'X-Test: it' -d abc"))
    assert.matches("x%-origin: yes", dev.curl("/origin", "-i"))
  end)

  it("sends the origin's answer as it is, and warns of what the flare set, also for TRANSFORM", function()
    local answer = dev.curl("/marked", "-i")
    assert.matches("^HTTP/1.1 200 ", answer)
    assert.matches("x%-origin: yes", answer)
    assert.not_matches("x%-mark", answer)
    local line = "TRANSFORM: 1 header %(x%-mark%) and the status 418 that were set are not sent"
    assert.truthy(wait(function() return (support.read(dev.log .. ".out") or ""):match(line) end, 2))
  end)

  it("loads a changed script before the next request", function()
    support.write(folder .. "/main.lua", "return function() return { body = 'new' } end")
    local begin = os.clock()
    assert.truthy(wait(function() return dev.curl "/" == "new" end, 1))
    assert.is_true(os.clock() - begin < 1)
    support.write(folder .. "/main.lua", "return function(")
    assert.truthy(wait(function() return (support.read(dev.log .. ".err") or ""):match "cannot be packed.*main.lua:1:" end, 2))
    assert.equal("new", dev.curl "/")
    support.write(folder .. "/main.lua", main)
    assert.truthy(wait(function() return dev.curl "/" == "hello GET" end, 1))
  end)
end)

describe("flaron-lua dev", function()
  it("speaks WebSocket, in order", function()
    local dev = serve("examples/websocket-echo", "--persist " .. support.folder())
    local _, out = support.run("node tests/support/http.mjs ws " .. dev.port)
    dev.stop()
    local frames = {}
    for line in out:gmatch "[^\n]+" do
      if not line:find "^10 " then frames[#frames + 1] = line end
    end
    assert.matches("^1 ", frames[1]) -- the welcome
    for i = 0, 19 do
      assert.equal("1 " .. ("m" .. i):gsub(".", function(c) return ("%02x"):format(c:byte()) end), frames[i + 2])
    end
    assert.equal("2 00ff", frames[22])
    assert.matches("10 70696e67", out)
    assert.matches("left: 4000", support.read(dev.log .. ".out"))
  end)

  it("says what is wrong with a script that never was right, as a page to browsers", function()
    local folder = support.folder()
    support.write(folder .. "/main.lua", "return 1 +")
    local dev = serve(folder)
    local text = dev.curl "/"
    local page = dev.curl("/", "-H 'Accept: text/html'")
    dev.stop()
    assert.matches("^The flare cannot be packed:\nmain.lua:1: ", text)
    assert.matches("<pre>main.lua:1: unexpected symbol near &lt;eof&gt;\n\n&gt;    1 | return 1 %+\n</pre>", page)
  end)

  it("says what to do when there is no origin", function()
    local folder = support.folder()
    support.write(folder .. "/main.lua", "return function() return require('flaron').PASS_THROUGH end")
    local dev = serve(folder)
    local answer = dev.curl("/", "-w '%{http_code}'")
    dev.stop()
    assert.matches("%-%-origin URL.*502$", answer)
  end)

  it("serves several flares by edge.lua", function()
    local folder = support.folder()
    support.run(("mkdir %s/api %s/site"):format(folder, folder))
    support.write(folder .. "/edge.lua", "\xEF\xBB\xBFreturn { ['/api/*'] = 'api', ['/health'] = 'api', ['/site/*'] = 'site' }")
    support.write(folder .. "/api/main.lua", "return function() return { body = 'api' } end")
    support.write(folder .. "/site/main.lua", "return function() return { body = 'site' } end")
    local dev = serve(folder)
    local answers = {}
    for _, path in ipairs { "/api/x", "/health", "/health?x", "/site/", "/healthz" } do
      answers[#answers + 1] = dev.curl(path, "-w ' %{http_code}'")
    end
    dev.stop()
    assert.same({ "api 200", "api 200", "api 200", "site 200", "No route:\nedge.lua has no route for /healthz\n 404" }, answers)
    local code, _, errors = support.cli("dev", folder, "--port", "0", "--debug", "0")
    assert.same({ 1, "flaron-lua dev: --debug is for one project, and edge.lua has several: name one of them\n" }, { code, errors })
  end)

  it("keeps its stores from one start to the next, also when it is killed", function()
    local folder = support.folder()
    support.write(folder .. "/main.lua", [[
      local spark = require "flaron.spark"
      return function()
        local n = tonumber((spark.get "n") or 0) + 1
        assert(spark.set("n", tostring(n)))
        return { body = tostring(n) }
      end]])
    local dev = serve(folder)
    assert.equal("1", dev.curl "/")
    assert.equal("2", dev.curl "/")
    dev.stop "KILL"
    dev = serve(folder)
    local answer = dev.curl "/"
    dev.stop()
    assert.equal("3", answer)
  end)

  it("ends on Ctrl-C with 0, when open requests are answered", function()
    local dev = serve "examples/hello"
    local _, out = support.run(([[%s dev examples/hello --port 0 2>%s & p=$!
      until grep -q ' on http' %s; do sleep 0.02; done; kill -INT $p; wait $p; echo $?]]):format(
      support.quote(support.flaron_lua), dev.log .. "2", dev.log .. "2"))
    dev.stop()
    assert.matches("0\n$", out)
  end)

  it("names what keeps it from starting, in one line", function()
    local dev = serve "examples/hello"
    local code, _, errors = support.cli("dev", "examples/hello", "--port", dev.port)
    dev.stop()
    assert.equal(1, code)
    assert.matches("^flaron%-lua dev: cannot listen on 127.0.0.1:%d+: [^\n]+\n$", errors)
    code, _, errors = support.cli("dev", "/nowhere")
    assert.equal(1, code)
    assert.equal("flaron-lua dev: /nowhere: No such file or directory\n", errors)
    assert.equal(2, (support.cli("dev", "--port", "x")))
  end)

  it("writes a line of JSON for each request with --json", function()
    local dev = serve("examples/hello", "--json")
    dev.curl "/x"
    local line = wait(function() return (support.read(dev.log .. ".out") or ""):match "^({.-})\n" end, 2)
    dev.stop()
    local record = require("dkjson").decode(line)
    assert.equal("GET", record.method)
    assert.equal(200, record.status)
    assert.same({ calls = 1, ["in"] = 0, out = #record.url }, record.calls.req_url)
    assert.equal(32 << 20, record.limits.memory_bytes)
    assert.equal(200000, record.limits.cpu_us)
    assert.is_true(record.peak_bytes > 0 and record.peak_bytes < record.memory_bytes + 1)
  end)

  it("sees what links lead to, whatever that is called, and links that are made", function()
    local folder = support.folder()
    local function shell(command) support.run(("cd %s && %s"):format(folder, command)) end
    shell [[mkdir .far .near ..1 ..2 && echo 'return 1' | tee .far/a .b 'c~' ..1/d .near/e y.lua >x.lua
      echo 'return 2' >..2/d && ln -s ..1 ..data
      ln -s .far/a a.lua; ln -s .b b.lua; ln -s 'c~' c.lua; ln -s ..data/d d.lua; ln -s .link e.lua; ln -s .near/e .link
      ln -s .none/f f.lua; ln -s x.lua h.lua; echo 'x = = 1' >.far/main; ln -s .far/main main.lua]]
    local dev = serve(folder)
    assert.matches("main.lua:1: unexpected symbol near '='", dev.curl "/", 1, true)
    support.write(folder .. "/.far/main", "local all = {}\n" .. ("abcdefgh"):gsub(".", [[
all[#all + 1] = select(2, pcall(function() return require "%0" end))
]]) .. "return function() for i, v in ipairs(all) do all[i] = tonumber(v) or '-' end return { body = table.concat(all) } end")
    local function has(body) assert.equal(body, wait(function() return dev.curl "/" == body and body end, 2) or dev.curl "/") end
    has "11111--1"
    for n, command in ipairs { "echo 'return 2' >.far/a", "echo 'return 2' >.b", "echo 'return 2' >'c~'",
      "ln -s ..2 .new && mv -T .new ..data",
      "echo 'return 2' >.near/e", "mkdir .none && echo 'return 2' >.none/f", "sed -i s/1/2/ y.lua && ln y.lua g.lua",
      "rm h.lua && sleep 0.05 && ln -s y.lua h.lua" } do
      shell(command)
      has(("2"):rep(n) .. ("11111--1"):sub(n + 1))
    end
    dev.stop()
  end)

  it("sees new folders, new files in them, and secrets, without a new start", function()
    local folder = support.folder()
    support.write(folder .. "/main.lua", "local ok, m = pcall(require, 'a.b.c') return function() return { body = tostring(ok and m) } end")
    local dev = serve(folder)
    assert.equal("false", dev.curl "/")
    support.run(("mkdir -p %s/a/b && echo 'return 1' >%s/a/b/c.lua"):format(folder, folder))
    assert.truthy(wait(function() return dev.curl "/" == "1" end, 2))
    support.run(("echo 'return 2' >%s/a/b/c.lua.new && mv %s/a/b/c.lua.new %s/a/b/c.lua"):format(folder, folder, folder))
    assert.truthy(wait(function() return dev.curl "/" == "2" end, 2))
    local count = select(2, support.read(dev.log .. ".err"):gsub("reloaded", ""))
    support.write(folder .. "/notes.txt", "not part of it")
    support.write(folder .. "/main.lua",
      "local f = require 'flaron' return function() return { body = tostring(f.secrets.get 'KEY') } end")
    assert.truthy(wait(function() return dev.curl "/" == "nil" end, 2))
    assert.equal(count + 1, select(2, support.read(dev.log .. ".err"):gsub("reloaded", "")))
    support.run(("echo -n one | %s secret set KEY --persist %s/.flaron"):format(support.flaron_lua, folder))
    assert.truthy(wait(function() return dev.curl "/" == "one" end, 2))
    dev.stop()
  end)

  it("loses no write that it answered when it is killed", function()
    local folder = support.folder()
    support.write(folder .. "/main.lua", [[
      local flaron = require "flaron"
      return function()
        local name = flaron.request.url():match "[^/]+$"
        if name == "total" then return { body = tostring(flaron.plasma.get "total") } end
        if flaron.request.method() == "GET" then return { body = tostring((flaron.spark.get(name))) } end
        assert(flaron.spark.set(name, name))
        return { body = tostring(flaron.plasma.increment("total", 1)) }
      end]])
    local dev = serve(folder)
    local writer = [[i=0; while curl -sf -m 2 -X PUT http://127.0.0.1:%s/w%d-$i >/dev/null; do echo w%d-$i; i=$((i+1)); done]]
    for w = 1, 6 do start(("sh -c " .. support.quote(writer:format(dev.port, w, w))), folder .. "/acked" .. w) end
    os.execute "sleep 1.5"
    dev.stop "KILL"
    os.execute "sleep 0.3"
    dev = serve(folder)
    local count = 0
    for w = 1, 6 do
      for name in support.read(folder .. "/acked" .. w .. ".out"):gmatch "%S+" do
        count = count + 1
        if count % 7 == 0 then assert.equal(name, dev.curl("/" .. name)) end
      end
    end
    assert.is_true(count > 20, "only " .. count .. " writes")
    assert.is_true(tonumber(dev.curl "/total") >= count)
    local _, kept = support.run(("%s kv list --persist %s/.flaron"):format(support.flaron_lua, folder))
    for w = 1, 6 do
      for name in support.read(folder .. "/acked" .. w .. ".out"):gmatch "%S+" do assert.truthy(kept:find(name, 1, true), name) end
    end
    dev.stop()
  end)

  it("serves HTTPS and HTTP/2 with --https", function()
    local folder = support.folder()
    local dev = serve("examples/hello", "--https --persist " .. folder .. "/https")
    local pem = folder .. "/https/https.pem"
    local url = ("https://localhost:%s/x"):format(dev.port)
    local _, answer = support.run(("curl -s -m 8 --cacert %s %s -w ' %%{http_version}'"):format(pem, url))
    assert.equal("hello from GET " .. url .. "\n 2", answer)
    _, answer = support.run(("curl -s -m 8 --http1.1 --cacert %s %s -w ' %%{http_version}'"):format(pem, url))
    assert.equal("hello from GET " .. url .. "\n 1.1", answer)
    local _, mode = support.run("stat -c %a " .. pem)
    assert.equal("600\n", mode)
    assert.matches("its certificate: " .. pem .. " (curl --cacert FILE; browsers ask once, or import it)\n",
      support.read(dev.log .. ".err"), 1, true)
    local first = support.read(pem)
    dev.stop()
    serve("examples/hello", "--https --persist " .. folder .. "/https").stop()
    assert.equal(first, support.read(pem))
  end)

  it("is trusted by fetches as SSL_CERT_FILE says", function()
    local folder = support.folder()
    local origin = serve("examples/hello", "--https --persist " .. folder .. "/https")
    local url = ("https://localhost:%s/x"):format(origin.port)
    support.project({
      ["main.lua"] = ([[local beam = require "flaron.beam"
        return function()
          local answer, why = beam.fetch %q
          return { body = answer and answer.body or why }
        end]]):format(url),
      ["flare.lua"] = ("return { allowed_fetch_urls = { %q } }"):format(url),
    }, folder .. "/asks")
    local function ask(pem)
      return select(2, support.run(("SSL_CERT_FILE=%s %s run %s/asks 2>&1"):format(pem, support.flaron_lua, folder)))
    end
    assert.matches("hello from GET", ask(folder .. "/https/https.pem"), 1, true)
    assert.matches("error setting certificate file: /nowhere.pem", ask "/nowhere.pem", 1, true)
    origin.stop()
  end)
end)
