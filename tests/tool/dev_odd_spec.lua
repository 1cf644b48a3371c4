-- flaron-lua dev against odd requests, odd answers of flares, and what lies in a project that came from elsewhere.
local serving = require "serving"
local support = require "support"

local main = [[
local flaron = require "flaron"
local request, response = flaron.request, flaron.response

local routes = {}
function routes.status() return { status = tonumber((request.body())), body = "x" } end
function routes.origin() return flaron.PASS_THROUGH end
function routes.link() response.set_header("link", "</pushed>; rel=preload") return { body = "link" } end
function routes.connection()
  for _, name in ipairs { "proxy-connection", "te" } do response.set_header(name, "x") end
  return { body = "x" }
end
function routes.own()
  local name, n = request.url():match "/own/(%a+)/(%d+)"
  flaron.logging.info("own " .. n)
  if name == "bare" then return { status = 201 } end
  response.set_header("x-own", n)
  response.set_header("x-own-" .. n, n)
  if name == "headers" then for i = 1, 100 do response.set_header("x-" .. i, ("own " .. n):rep(200)) end end
  response.set_body(("own " .. n .. "\n"):rep(name == "large" and 3000 or 1))
  if name == "wrong" then error("own " .. n) end
end
function routes.slow() return { body = tostring(flaron.beam.fetch(request.header "x-url")) } end
function routes.count() return { body = tostring(flaron.plasma.increment "n") } end
function routes.total() return { body = tostring(flaron.plasma.get "n") } end
function routes.secret()
  local secret = flaron.secrets.get "KEY"
  flaron.encoding.url_encode("")
  flaron.encoding.base64_encode("user:" .. secret)
  flaron.encoding.hex_encode(("-"):rep(60) .. secret)
  error "no"
end

return function()
  local name = request.url():match "^%w+://[^/]+/(%a*)"
  return (routes[name] or function() return { body = request.method() .. " " .. request.url() } end)()
end]]

local start, stop, wait, serve = serving.start, serving.stop, serving.wait, serving.serve

describe("flaron-lua dev where there is no project", function()
  it("says what to do, ends, and leaves nothing behind", function()
    local folder = support.folder()
    local code, output, errors = support.cli("dev", folder, "--port", "0")
    assert.same({ 1, "", ("flaron-lua dev: %s: no project here; name its folder, or make one by `flaron-lua new NAME`\n"):format(folder) },
      { code, output, errors })
    assert.equal("", (select(2, support.run("ls -A " .. support.quote(folder)))))
  end)
end)

describe("flaron-lua dev", function()
  local folder, dev, origin, origin_port

  setup(function()
    folder = support.folder()
    support.write(folder .. "/main.lua", main)
    support.run(("mkdir -p %s/.flaron && printf %%s 'sesame/1234' | %s secret set KEY --persist %s/.flaron"):format(
      folder, support.flaron_lua, folder))
    origin, origin_port = serving.listen("node tests/support/http.mjs origin", folder .. "/origin")
    dev = serve(folder, "--origin http://127.0.0.1:" .. origin_port)
  end)

  teardown(function()
    dev.stop()
    stop(origin, "KILL")
  end)

  -- The status and the body of the answer to a request that is sent as it stands.
  local function ask(head, body)
    local answer = dev.raw(head .. "\r\n\r\n" .. (body or ""))
    return tonumber(answer:match "^HTTP/1.1 (%d+)"), answer:match "\r\n\r\n(.*)"
  end

  it("takes a whole URL as the target, and its host in place of Host", function()
    assert.same({ 200, "GET http://other:81/a?b" }, { ask "GET http://other:81/a?b HTTP/1.1\r\nHost: x" })
    assert.same({ 200, "GET http://other/" }, { ask "GET http://other HTTP/1.1\r\nHost: x" })
    assert.same({ 200, "OPTIONS http://x/" }, { ask "OPTIONS * HTTP/1.1\r\nHost: x" })
    assert.same({ 200, "GET /origin?q  0" }, { ask "GET http://other/origin?q HTTP/1.1\r\nHost: x" })
  end)

  it("refuses targets, hosts and methods that are none", function()
    for _, target in ipairs { "*", "a", "?a", "a:443", "ftp://x/", "http:///a", "http://u@x/" } do
      assert.equal(400, (ask(("GET %s HTTP/1.1\r\nHost: x"):format(target))), target)
    end
    for _, host in ipairs { "", "a/b", "a b", "a?b", "a@b" } do
      assert.equal(400, (ask(("GET / HTTP/1.1\r\nHost: %s"):format(host))), host)
    end
    assert.equal(400, (ask "G(T / HTTP/1.1\r\nHost: x"))
    assert.equal(400, (ask "CONNECT a:443 HTTP/1.1\r\nHost: x"))
    assert.equal(200, (ask "GET / HTTP/1.1\r\nHost: [::1]:80"))
  end)

  it("gives nothing of a request to another one", function()
    local answers = support.folder()
    assert.equal("", dev.curl("/own/{short,bare,wrong,large,headers}/[1-60]",
      "-i -Z --parallel-max 12 -o " .. answers .. "/#1-#2"))
    for name, status in pairs { short = 200, wrong = 500, large = 200, bare = 201, headers = 200 } do
      for n = 1, 60 do
        local answer = assert(support.read(("%s/%s-%d"):format(answers, name, n)))
        local head, body = answer:match "^(.-\r\n)\r\n(.*)$"
        assert.equal(status, tonumber(head:match "^HTTP/%S+ (%d+)"))
        local line = ("own %d\n"):format(n)
        assert.equal(name == "wrong" and "Internal Server Error" or name == "bare" and "" or line:rep(name == "large" and 3000 or 1), body)
        local own = select(2, head:gsub("\nx%-own[^:]*: (%d+)", function(value) assert.equal(n, tonumber(value)) end))
        assert.equal(status == 200 and 2 or 0, own)
        assert.equal(name == "headers" and 100 or 0, select(2, head:gsub("\nx%-%d+: ", "")))
      end
    end
    local records = require("dkjson").decode(dev.page "history").records
    assert.equal(200, #records)
    for _, record in ipairs(records) do
      local name, n = record.url:match "/own/(%a+)/(%d+)"
      assert.equal("own " .. n, record.logs[1].text)
      assert.equal(name == "wrong", record.failed)
      assert.equal(name == "wrong" and 2 or 1, #record.logs)
    end
  end)

  it("does not end an answer that is none: 1xx", function()
    local status, body = ask("POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: 3", "101")
    assert.equal(500, status)
    assert.equal("Internal Server Error", body)
    local said = "error: handle_request answered with status 101, which ends no request: answer with 200 to 599"
    assert.truthy(wait(function() return support.read(dev.log .. ".out"):find(said, 1, true) end, 2))
  end)

  it("hands on no header of a connection, and pushes nothing", function()
    assert.equal("x200", dev.curl("/connection", "--http2-prior-knowledge -w %{http_code}"))
    dev.curl("/link", "--http2-prior-knowledge")
    assert.falsy((support.read(dev.log .. ".out") or ""):find("/pushed", 1, true))
  end)

  it("shows a terminal no escapes of a path", function()
    ask "GET /a\xc2\x9b31mb HTTP/1.1\r\nHost: x"
    assert.truthy(wait(function() return (support.read(dev.log .. ".out")):find("GET /a\\u{9b}31mb ", 1, true) end, 2))
  end)

  it("shows no secret among the last calls of a flare that failed", function()
    dev.curl "/secret"
    local log = wait(function() return support.read(dev.log .. ".out"):match "secret_get KEY.*" end, 2)
    assert.matches("base64_encode user:%*%*%*%*%*%*%*%*%*%*%* %->", log)
    assert.falsy(log:find "ses")
    assert.falsy(dev.page("history"):find("sesame", 1, true))
  end)

  it("serves on and ends on Ctrl-C while all flares wait for others", function()
    local busy = serve(folder)
    local hang, port = serving.listen("node tests/support/http.mjs hang", folder .. "/hang")
    support.run(("for i in $(seq 70); do curl -s -m 20 -H 'X-Url: http://127.0.0.1:%s/' http://127.0.0.1:%s/slow >%s/x & done")
      :format(port, busy.port, folder))
    os.execute "sleep 2"
    assert.equal("404", busy.page("no", "-o /dev/null -w '%{http_code}'"))
    busy.stop() -- 5 seconds for open requests, one until fetches look up
    assert.truthy(wait(function() return (support.read(busy.log .. ".err")):find("ended", 1, true) end, 5))
    stop(hang, "KILL")
  end)

  it("keeps several edges apart under load, and loses no count", function()
    local edges = serve(folder, "--edges 3 --quiet --persist " .. support.folder())
    local load = {}
    local ports = {}
    for port in support.read(edges.log .. ".err"):gmatch "on http://127.0.0.1:(%d+)/" do
      ports[#ports + 1] = port
      for _ = 1, 12 do load[#load + 1] = ("curl -s 'http://127.0.0.1:%s/count?[1-500]' >%s/x &"):format(port, folder) end
    end
    assert.equal(36, #load)
    support.run(table.concat(load, " ") .. " wait")
    for _, port in ipairs(ports) do
      local total
      wait(function()
        _, total = support.run(("curl -s -m 5 http://127.0.0.1:%s/total"):format(port))
        return total == "18000"
      end, 10)
      assert.equal("18000", total)
    end
    edges.stop()
  end)

  it("does not speak plain HTTP to an origin of HTTPS", function()
    local wrong = serve(folder, "--origin https://127.0.0.1:" .. origin_port)
    local status = wrong.curl("/origin", "-o /dev/null -w '%{http_code}'")
    wrong.stop()
    assert.equal("502", status)
  end)

  it("refuses an origin with a path, which would be lost, and one that is no URL", function()
    for _, url in ipairs { "http://localhost:1/api", "foo", "localhost:1", "ftp://localhost", "http://", "" } do
      local code, _, errors = support.cli("dev", folder, "--origin", url)
      assert.equal(2, code, url)
      assert.equal(("flaron-lua dev: --origin takes a URL without a path such as http://localhost:3000, not '%s'\n"):format(url),
        errors:match "^[^\n]*\n")
    end
  end)

  it("makes a certificate of its own where there is a link or a file that others may read", function()
    local project = support.folder()
    support.write(project .. "/main.lua", main)
    support.write(project .. "/precious", "precious")
    support.run(("mkdir %s/.flaron && ln -s ../precious %s/.flaron/https.pem"):format(project, project))
    serve(project, "--https").stop()
    assert.equal("precious", support.read(project .. "/precious"))
    local file = project .. "/.flaron/https.pem"
    local first = support.read(file)
    support.run("chmod 644 " .. file)
    serve(project, "--https").stop()
    assert.equal("600\n", select(2, support.run("stat -c %a " .. file)))
    assert.are_not.equal(first, support.read(file))
  end)

  it("tells WebSockets that it goes away, and does not wait for them", function()
    local echo = serve("examples/websocket-echo", "--persist " .. support.folder())
    start("node tests/support/http.mjs ws " .. echo.port .. " stay", folder .. "/stay")
    assert.truthy(wait(function() return (support.read(folder .. "/stay.out") or ""):find "6d3139" end, 4))
    local begin = os.time()
    echo.stop()
    assert.is_true(os.time() - begin <= 3)
    assert.matches("8 03e9", support.read(folder .. "/stay.out"))
  end)
end)
