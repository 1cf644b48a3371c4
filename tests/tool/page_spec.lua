-- The page of flaron-lua dev and what it asks, over real sockets. In a browser: browser_spec.lua.
local json = require "dkjson"
local serving = require "serving"
local support = require "support"
local walkthrough = require "walkthrough"

local main = [[
local flaron = require "flaron"
return function()
  local path = flaron.request.url():match "^%w+://[^/]+(.*)"
  if path == "/boom" then error "boom" end
  if path == "/key" then return { body = flaron.secrets.get "KEY" .. flaron.request.header "x-key" } end
  if path == "/through" then return { body = ("."):rep((1 << 20) - 7) .. flaron.secrets.get "KEY" } end
  if path == "/late" then
    for _ = 1, 3 do flaron.encoding.base64_encode(("."):rep(1 << 20)) end
    return { body = "it is " .. flaron.secrets.get "KEY" }
  end
  if path == "/tell" then
    flaron.logging.info("key " .. flaron.secrets.get "KEY")
    error("no " .. flaron.secrets.get "KEY")
  end
  if path == "/mirror" then return { body = flaron.secrets.get "KEY" and flaron.request.body() } end
  if path == "/echo" then return { status = 201, headers = { ["x-a"] = "1" }, body = flaron.request.body() } end
  flaron.logging.warn("seen " .. path)
  flaron.plasma.increment("visits", 1)
  return { body = "hello" }
end]]

describe("the page of flaron-lua dev", function()
  local folder, state, dev

  setup(function()
    folder = support.folder()
    state = folder .. "/the state"
    support.write(folder .. "/main.lua", main)
    support.run("mkdir -m 700 " .. support.quote(state))
    support.cli("secret", "set", "KEY", "correct-horse-9", "--persist", state)
    dev = serving.serve(folder, "--persist " .. support.quote(state))
  end)

  teardown(function() dev.stop() end)

  -- The status and the body of what is under /__flaron/; `words` are more words for curl.
  local function ask(path, words)
    local answer = dev.page(support.quote(path), "-w '\n%{http_code}' " .. (words or ""))
    local body, status = answer:match "^(.*)\n(%d+)$"
    return tonumber(status), body
  end

  local function ask_json(path, words)
    local status, body = ask(path, words)
    return status, json.decode(body)
  end

  -- PUTs a table as JSON.
  local function put(path, value)
    support.write(folder .. "/put.json", type(value) == "string" and value or json.encode(value))
    return ask_json(path, "-X PUT --data-binary @" .. support.quote(folder .. "/put.json"))
  end

  local function kv(...)
    local words = { "kv", "--persist", state, ... }
    local code, out, errors = support.cli(table.unpack(words))
    assert.same({ 0, "" }, { code, errors })
    return out
  end

  -- Listens to the events; returns what reads all that came so far, and what ends it.
  local function listen(name)
    local out = folder .. "/" .. name
    local pid = serving.start(("exec curl -sN -m 20 http://127.0.0.1:%s/__flaron/events"):format(dev.page_port), out)
    local function read() return support.read(out .. ".out") or "" end
    assert.truthy(serving.wait(function() return read() ~= "" end, 4))
    return read, function() serving.stop(pid, "KILL") end
  end

  describe("answers", function()
    local function status(words, path)
      return (ask(path or "history", "-o /dev/null " .. words))
    end

    it("programs on this machine, which send no Origin", function()
      assert.equal(200, status "")
      assert.equal(200, status "-H 'Host: localhost:1'")
    end)

    it("no other name of this machine, whatever the method", function()
      for _, method in ipairs { "GET", "HEAD", "POST", "PUT", "DELETE" } do
        local words = method == "HEAD" and "-I " or "-X " .. method .. " "
        assert.equal(403, status(words .. "-H 'Host: evil.example'"), method)
        assert.equal(403, status(words .. "-H 'Host: evil.example:" .. dev.page_port .. "'"), method)
      end
    end)

    it("no other site's page, whatever the method", function()
      for _, method in ipairs { "GET", "POST", "PUT", "DELETE" } do
        for _, header in ipairs { "Origin: http://evil.example", "Origin: null", "Origin: http://127.0.0.1:1",
          "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site" } do
          assert.equal(403, status(("-X %s -H '%s'"):format(method, header), "kv/spark?key=k"), method .. " " .. header)
        end
      end
      assert.equal(403, status("-H 'Origin: http://evil.example'", "events"))
    end)

    it("its own pages", function()
      local own = ("-H 'Origin: http://127.0.0.1:%s' -H 'Sec-Fetch-Site: same-origin'"):format(dev.page_port)
      assert.equal(200, status(own))
    end)

    it("nobody who comes from another machine", function()
      local _, address = support.run "hostname -I"
      address = address:match "^(%d+%.%d+%.%d+%.%d+)"
      if not address then return pending "this machine has no other address" end
      local open = serving.serve(folder, "--host 0.0.0.0 --persist " .. support.folder())
      local function far(port, path, words)
        return (select(2, support.run(("curl -s -m 8 -w '%%{http_code}' %s http://%s:%s/%s"):format(words or "", address, port, path))))
      end
      local page, flare, boom = far(open.page_port, "__flaron/history", "-H 'Host: localhost'"), far(open.port, ""),
        far(open.port, "boom", "-H 'Accept: text/html'")
      local near = open.page("history", "-o /dev/null -w '%{http_code}'")
      open.stop()
      assert.same({ "000", "200", "hello200", "Internal Server Error500" }, { page, near, flare, boom })
    end)

    it("a browser that opens it, wherever the link is", function()
      local words = "-H 'Sec-Fetch-Site: %s' -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: %s'"
      assert.equal(200, status(words:format("same-site", "document"), ""))
      assert.equal(200, status(words:format("cross-site", "document"), ""))
      assert.equal(403, status(words:format("cross-site", "iframe"), ""))
      assert.equal(403, status(words:format("same-site", "document"), "history"))
      assert.equal(403, status("-X POST " .. words:format("same-site", "document"), ""))
    end)

    it("nobody at the flare's own port, where /__flaron/ is a path like others", function()
      assert.equal("hello", dev.curl "/__flaron/history")
    end)
  end)

  it("may load nothing but its own parts, and is framed by nobody", function()
    local _, head = ask("", "-I")
    assert.matches("content%-security%-policy: default%-src 'self';[^\r\n]*frame%-ancestors 'none'", head)
    assert.matches("x%-content%-type%-options: nosniff", head)
    local _, page = ask ""
    assert.matches("^<!doctype html>", page)
    for _, inline in ipairs { "<style", " style=", "<script>", " on%l+=", "://" } do
      assert.falsy(page:find(inline), inline)
    end
    assert.truthy(head:find(("img-src 'self' blob:; connect-src 'self' ws://localhost:%s ws://127.0.0.1:%s;"):format(dev.port,
      dev.port), 1, true), head)
    local files = { ["page.css"] = "text/css", ["icon.svg"] = "image/svg+xml" }
    for _, name in ipairs { "page", "elements", "bytes", "record", "plots", "socket" } do files[name .. ".js"] = "text/javascript" end
    for file, kind in pairs(files) do
      local code, part = ask(file, "-i")
      assert.equal(200, code)
      assert.truthy(part:lower():find("content-type: " .. kind, 1, true), file)
    end
  end)

  it("has nothing of another name, and no other method", function()
    for _, path in ipairs { "nothing", "index.html", "page.js/", "..", "kv", "kv/other" } do
      assert.equal(404, (ask(path, "--path-as-is")), path)
    end
    local code, answer = ask_json("history", "-X POST -d x")
    assert.same({ 405, { error = "this answers GET only" } }, { code, answer })
    assert.equal(405, (ask("kv/spark?key=k", "-X POST -d x")))
  end)

  it("tells the history of requests, and each as it comes", function()
    local read, leave = listen "events"
    dev.curl "/first"
    dev.curl "/boom"
    local data = serving.wait(function()
      return read():match "event: request\ndata: ([^\n]*/boom[^\n]*)\n\n"
    end, 4)
    leave()
    local _, history = ask_json "history"
    local boom, first = history.records[#history.records], history.records[#history.records - 1]
    assert.same(boom, json.decode(data))
    assert.matches("/first$", first.url)
    assert.same({ level = "warn", text = "seen /first" }, first.logs[1])
    assert.is_true(boom.failed)
    assert.matches("^main.lua:4: boom\nstack traceback:", boom.logs[1].text)
  end)

  -- The newest record in whole.
  local function whole()
    local _, history = ask_json "history"
    local last = history.records[#history.records]
    local status, answer = ask("record?id=" .. last.id)
    assert.equal(200, status)
    return json.decode(answer, 1, false), answer
  end

  it("tells all of a request: what was asked, each call in order with its answer and time, what was answered", function()
    dev.curl("/seen", "-H 'X-One: 1'")
    local record = whole()
    assert.equal("GET", record.request.method)
    local headers = {}
    for _, pair in ipairs(record.request.headers) do headers[pair[1]:lower()] = pair[2] end
    assert.equal("1", headers["x-one"])
    local names = {}
    for i, call in ipairs(record.calls) do names[i] = call.import end
    assert.same({ "req_url", "log_warn", "plasma_increment", "resp_body_set" }, names)
    assert.same({ "seen /seen" }, record.calls[2].arguments)
    assert.same({ "visits", 1 }, record.calls[3].arguments)
    assert.is_true(record.calls[3].us >= 0 and record.calls[3].us < 5000000)
    assert.is_nil(record.calls[1].us) -- it answers at once
    assert.same({ 200, "hello" }, { record.response.status, record.response.body })
    local _, names_of = ask_json "imports"
    assert.same({ "plasma.increment", "request.header" }, { names_of.plasma_increment, names_of.req_header_get })
  end)

  it("shows bodies both ways, also of what is no text", function()
    support.write(folder .. "/bytes", "\255\1")
    dev.curl("/echo", "--data-binary @" .. support.quote(folder .. "/bytes"))
    local record = whole()
    assert.same({ base64 = "/wE=" }, record.request.body)
    assert.same({ base64 = "/wE=" }, record.response.body)
    assert.same({ 201, { { "x-a", "1" } } }, { record.response.status, record.response.headers })
  end)

  it("shows no secret that a flare reads, and no cookie that it does not", function()
    dev.curl("/key", "-H 'Cookie: s=abcdefgh1' -H 'X-Key: is correct-horse-9'")
    local record, text = whole()
    assert.falsy(text:find("correct-horse-9", 1, true) or text:find("abcdefgh1", 1, true), text)
    assert.same({ "KEY", "Cookie" }, record.redacted)
  end)

  it("shows no secret where it is cut through, or is read in calls that are left out", function()
    dev.curl("/through", "-o /dev/null")
    local record = whole()
    assert.equal(8, record.result.left_out.response)
    assert.equal(("."):rep((1 << 20) - 15) .. ("x"):rep(15), record.response.body)
    assert.equal("it is correct-horse-9", dev.curl "/late")
    local late, text = whole()
    assert.is_true(late.result.cut)
    assert.falsy(text:find("horse", 1, true))
    assert.equal(("x"):rep(#"it is correct-horse-9"), late.response.body)
    assert.same({ "(all, since a secret was read in calls that are left out)" }, late.redacted)
  end)

  it("tells the number of a request that it sends", function()
    local _, answer = ask_json("send", "-X POST -d '{\"method\":\"GET\",\"path\":\"/sent\"}'")
    local _, history = ask_json "history"
    local last = history.records[#history.records]
    assert.same({ 200, last.id }, { answer.status, answer.id })
    assert.matches("/sent$", last.url)
  end)

  it("gives a request as a file that replay takes", function()
    dev.curl "/again"
    local _, text = whole()
    support.write(folder .. "/saved.json", text)
    local code, out = support.cli("replay", folder .. "/saved.json")
    assert.same({ 0, folder .. "/saved.json: the same, 4 calls\n" }, { code, out })
  end)

  it("makes a spec of a request that passes as it is", function()
    dev.curl "/spec-of-it"
    local _, history = ask_json "history"
    local code, answer = ask_json("spec?id=" .. history.records[#history.records].id)
    assert.equal(200, code, answer.error)
    support.run("mkdir -p " .. support.quote(folder .. "/spec"))
    support.write(folder .. "/spec/it_spec.lua", answer.spec)
    local result, out, errors = support.run(("%s %s test %s"):format(
      support.sanitizer, support.quote(walkthrough.tool), support.quote(folder)))
    support.run("rm -r " .. support.quote(folder .. "/spec"))
    assert.equal(0, result, out .. errors)
    assert.matches("/spec%-of%-it", answer.spec)
    assert.equal(404, (ask "spec?id=0"))
  end)

  it("shows no secret in what a flare logged and raised, as the terminal does not", function()
    dev.curl "/tell"
    local _, text = ask "history"
    assert.truthy(text:find("key ***************", 1, true))
    assert.truthy(text:find("no ***************", 1, true))
    assert.falsy(text:find("correct-horse-9", 1, true))
    local said = serving.wait(function()
      local log = support.read(dev.log .. ".out") or ""
      return log:find "no %*" and log
    end, 5)
    assert.falsy(said:find("correct-horse-9", 1, true))
  end)

  it("keeps 1 MiB of a body, and says how much it leaves out", function()
    support.write(folder .. "/large", ("x"):rep((1 << 20) + 7))
    dev.curl("/echo", "-o /dev/null --data-binary @" .. support.quote(folder .. "/large"))
    local record = whole()
    assert.same({ 1 << 20, 1 << 20 }, { #record.request.body, #record.response.body })
    assert.same({ request = 7, response = 7, calls = 0 }, record.result.left_out)
  end)

  it("keeps 4 KiB of bodies and values as long as nobody has looked, and no part of a secret", function()
    local unseen = serving.serve(folder, "--persist " .. support.quote(state))
    support.write(folder .. "/middle", ("y"):rep((4 << 10) - 4) .. "correct-horse-9")
    unseen.curl("/echo", "-o /dev/null --data-binary @" .. support.quote(folder .. "/middle"))
    unseen.curl("/mirror", "-o /dev/null --data-binary @" .. support.quote(folder .. "/middle"))
    local records = json.decode(unseen.page "history").records
    local function of(i) return json.decode((unseen.page("record?id=" .. records[i].id))) end
    local echo, mirror = of(1), of(2)
    unseen.curl("/echo", "-o /dev/null --data-binary @" .. support.quote(folder .. "/middle"))
    records = json.decode(unseen.page "history").records
    local later = of(3)
    unseen.stop()
    assert.same({ 4 << 10, 4 << 10 }, { #echo.request.body, #echo.response.body })
    assert.same({ request = 11, response = 11, calls = 22 }, echo.result.left_out)
    local hidden = ("y"):rep((4 << 10) - 15) .. ("x"):rep(15)
    assert.same({ hidden, hidden }, { mirror.request.body, mirror.response.body })
    for _, call in ipairs(mirror.calls) do
      assert.falsy(json.encode(call):find("corr", 1, true), call.import)
    end
    assert.equal((4 << 10) + 11, #later.request.body)
    assert.is_nil(later.result.left_out)
  end)

  it("forgets what was before 16 MiB of requests, and says so", function()
    dev.curl("/echo", "-d first")
    local _, history = ask_json "history"
    local first = history.records[#history.records].id
    for _ = 1, 9 do dev.curl("/echo", "-o /dev/null --data-binary @" .. support.quote(folder .. "/large")) end
    assert.equal(404, (ask("record?id=" .. first)))
    _, history = ask_json "history"
    assert.is_true(#history.records < 9, #history.records)
    local code, answer = ask_json "record?id=nonsense"
    assert.same({ 404, "this request is not kept any more: the last 200 are, up to 16 MiB in all" }, { code, answer.error })
  end)

  it("outlives those who listen", function()
    for _ = 1, 5 do
      serving.start(("exec curl -sN -m 0.2 http://127.0.0.1:%s/__flaron/events"):format(dev.page_port), folder .. "/gone")
      support.run(("curl -s -o /dev/null --rate 100/s 'http://127.0.0.1:%s/gone?[1-60]'"):format(dev.port))
    end
    assert.equal("hello", dev.curl "/")
  end)

  it("keeps the last 200 requests", function()
    support.run(("curl -s -o /dev/null 'http://127.0.0.1:%s/many?[1-205]'"):format(dev.port))
    local _, history = ask_json "history"
    assert.equal(200, #history.records)
    assert.matches("/many%?6$", history.records[1].url)
    assert.matches("/many%?205$", history.records[200].url)
  end)

  it("tells of the flare what inspect tells, and its hash", function()
    local wasm = folder .. "/packed.wasm"
    assert.equal(0, (support.cli("pack", folder, "-o", wasm)))
    local about = json.decode((select(2, support.cli("inspect", "--json", wasm))))
    local _, sum = support.run("sha256sum " .. support.quote(wasm))
    about.sha256 = sum:match "^%x+"
    local code, answer = ask_json "flares"
    assert.equal(200, code)
    local key = { name = "KEY", set = true, allowed = true }
    assert.same({ { path = folder, flare = about, secrets = { key } } }, answer.flares)
    assert.same({ tonumber(dev.port), false }, { answer.port, answer.https })
    assert.equal(folder:match "[^/]+$", answer.name)
  end)

  describe("of the stores", function()
    it("reads what flaron-lua kv writes, and the other way around", function()
      kv("set", "from-kv", "ü", "--ttl", "100")
      local code, answer = ask_json "kv/spark?key=from-kv"
      assert.is_true(answer.ttl > 90 and answer.ttl <= 100)
      answer.ttl = nil
      assert.same({ 200, { key = "from-kv", bytes = 2, counter = false, text = "ü" } }, { code, answer })
      code, answer = put("kv/spark?key=from-page", { text = "<b>\0", ttl = 50 })
      assert.same({ 200, "<b>\0", 4 }, { code, answer.text, answer.bytes })
      assert.equal("<b>\0", kv("get", "from-page"))
      assert.equal(200, (ask("kv/spark?key=from-page", "-X DELETE")))
      assert.equal(404, (ask "kv/spark?key=from-page"))
    end)

    it("gives bytes that are no UTF-8 as base64, and takes them so", function()
      local code, answer = put("kv/plasma?key=bytes", { base64 = "/wAB" })
      assert.same({ 200, "/wAB", 3 }, { code, answer.base64, answer.bytes })
      assert.equal("\255\0\1", kv("get", "bytes", "--plasma"))
    end)

    it("lists keys, also by their beginning", function()
      for _, key in ipairs { "list:a", "list:b", "lisp", "n.m-o_p" } do kv("set", key, key) end
      local code, answer = ask_json "kv/spark?prefix=list%3A"
      assert.equal(200, code)
      assert.same({ { key = "list:a", bytes = 6 }, { key = "list:b", bytes = 6 } }, answer.keys)
      assert.same({ 2, 16 << 20 }, { answer.total, answer.quota })
      answer = select(2, ask_json "kv/spark")
      assert.is_true(answer.total >= 4 and answer.bytes > 30)
    end)

    it("changes counters as counters", function()
      kv("add", "count", "5", "--plasma")
      local code, answer = put("kv/plasma?key=count", { add = "-7" })
      assert.same({ 200, true, "-2" }, { code, answer.counter, answer.text })
      answer = select(2, ask_json "kv/plasma?prefix=count")
      assert.same({ { key = "count", bytes = 2, counter = true } }, answer.keys)
      assert.equal("-1\n", kv("add", "count", "1", "--plasma"))
      put("kv/plasma?key=no-count", { text = "x" })
      code, answer = put("kv/plasma?key=no-count", { add = "1" })
      assert.same({ 409, "'no-count' holds a value, not a counter" }, { code, answer.error })
      code, answer = put("kv/plasma?key=count", { add = "1.5" })
      assert.same({ 400, "a counter is changed by a whole number of 64 bits, not by '1.5'" }, { code, answer.error })
    end)

    it("says what is wrong", function()
      local function refused(code, message, path, value)
        local got, answer = put(path, value)
        assert.equal(code, got, json.encode(answer))
        assert.matches(message, answer.error)
      end
      refused(400, "this is no key: a key has 1 to 256", "kv/spark?key=a%20b", { text = "x" })
      refused(400, "this is no key", "kv/spark?key=__flaron%3Ax", { text = "x" })
      refused(400, "this is no key", "kv/spark?key=%zz", { text = "x" })
      refused(400, "this is no key", "kv/spark", { text = "x" })
      refused(400, "this is no key", "kv/spark?key=" .. ("k"):rep(257), { text = "x" })
      refused(400, "a JSON object is expected", "kv/spark?key=k", "nonsense")
      refused(400, "a JSON object is expected", "kv/spark?key=k", "[]")
      refused(400, "\"text\" or \"base64\" is expected", "kv/spark?key=k", { text = 1 })
      refused(400, "\"text\" or \"base64\" is expected", "kv/spark?key=k", { text = "x", base64 = "eA==" })
      refused(400, "\"text\" or \"base64\" is expected", "kv/spark?key=k", { add = "1" })
      refused(400, "no base64", "kv/spark?key=k", { base64 = "x" })
      refused(400, "time to live", "kv/spark?key=k", { text = "x", ttl = -1 })
      refused(400, "time to live", "kv/spark?key=k", { text = "x", ttl = 315360001 })
      refused(400, "time to live", "kv/plasma?key=k", { text = "x", ttl = 1 })
      local large = "65537 bytes, and a flare may write 65536: max_kv_value_bytes in flare.lua"
      for _, store in ipairs { "spark", "plasma" } do
        local at = ("kv/%s?key=large"):format(store)
        refused(413, large, at, { text = ("x"):rep(65537) })
        assert.same({ 200, 65536 }, { put(at, { text = ("x"):rep(65536) }), select(2, ask_json(at)).bytes })
        assert.equal(200, (ask(at, "-X DELETE")))
      end
      assert.equal(404, (ask("kv/spark?key=k")))
      local code, answer = ask_json("kv/spark?key=k", "-X DELETE")
      assert.same({ 404, "there is no key 'k' in spark" }, { code, answer.error })
    end)
  end)

  it("tells that the project changed, and what is wrong with it", function()
    local read, leave = listen "reload"
    support.write(folder .. "/main.lua", "return 1 +")
    assert.truthy(serving.wait(function() return read():find("event: reload\n", 1, true) end, 4))
    local _, answer = ask_json "flares"
    assert.matches("^main.lua:1: ", answer.flares[1].error)
    assert.truthy(answer.flares[1].flare)
    support.write(folder .. "/main.lua", main)
    assert.truthy(serving.wait(function() return not select(2, ask_json "flares").flares[1].error end, 4))
    leave()
  end)

  it("tells of several flares, with their routes", function()
    local several = support.folder()
    support.run(("mkdir %s/api %s/site"):format(several, several))
    support.write(several .. "/edge.lua", "return { ['/api/*'] = 'api', ['/health'] = 'api', ['/site/*'] = 'site' }")
    support.write(several .. "/api/main.lua", "return function() end")
    support.write(several .. "/site/main.lua", "return function(")
    local other = serving.serve(several)
    local answer = json.decode(other.page "flares")
    other.stop()
    local routes = {}
    for _, item in ipairs(answer.flares) do
      routes[item.route] = item.flare and item.flare.handlers[1] or item.error:match "^main.lua:1:"
    end
    assert.same({ ["/api/*"] = "handle_request", ["/health"] = "handle_request", ["/site/*"] = "main.lua:1:" }, routes)
  end)

  it("shows what the origin answered to what is handed on, and that it did not", function()
    local site, origin = support.folder(), support.folder()
    support.write(origin .. "/main.lua", [[return function()
      return { status = 203, headers = { ["x-of"] = "origin" }, body = "the origin's" }
    end]])
    support.write(site .. "/main.lua", "return function() return require 'flaron'.PASS_THROUGH end")
    local behind = serving.serve(origin)
    local front = serving.serve(site, "--origin http://127.0.0.1:" .. behind.port)
    local function last()
      local records = json.decode(front.page "history").records
      return records[#records], json.decode(front.page("record?id=" .. records[#records].id))
    end
    assert.equal("the origin's", front.curl "/a")
    local line, record = last()
    assert.same({ 203, true }, { line.status, line.origin })
    assert.same({ 203, "the origin's", 0 }, { record.origin.status, record.origin.body, record.origin.left_out })
    local headers = {}
    for _, pair in ipairs(record.origin.headers) do headers[pair[1]:lower()] = pair[2] end
    assert.equal("origin", headers["x-of"])
    assert.equal("PASS_THROUGH", record.response.action)
    behind.stop()
    front.curl "/b"
    line, record = last()
    front.stop()
    assert.same({ 502, true }, { line.status, line.origin })
    assert.is_nil(record.origin)
  end)

  it("tells which secrets a flare may use, and which are set, but none of them", function()
    local one = support.folder()
    support.write(one .. "/main.lua", "return function() end")
    support.write(one .. "/flare.lua", 'return { allowed_secrets = { "SET", "UNSET" } }')
    support.cli("secret", "set", "SET", "abc-value-1", "--project", one)
    support.cli("secret", "set", "OTHER", "abc-value-2", "--project", one)
    local other = serving.serve(one)
    local text = other.page "flares"
    other.stop()
    assert.same({ { name = "SET", set = true, allowed = true }, { name = "UNSET", set = false, allowed = true },
      { name = "OTHER", set = true, allowed = false } }, json.decode(text).flares[1].secrets)
    assert.falsy(text:find("abc-value", 1, true))
  end)

  it("has one at each of several edges, with its stores and its requests", function()
    local several = serving.serve(folder, "--edges 2 --persist " .. support.folder())
    local edges = json.decode(several.page "edges").edges
    local pages = json.decode(several.page "flares").pages
    local function at(edge, path, words)
      local port = path:find "^__flaron/" and pages[tonumber(edge.name:match "%d+")] or edge.port
      local _, out = support.run(("curl -s -m 8 %s 'http://127.0.0.1:%d/%s'"):format(words or "", port, path))
      return out
    end
    at(edges[2], "__flaron/kv/spark?key=here", "-X PUT -d '{\"text\":\"two\"}'")
    at(edges[2], "asked")
    local first, second = json.decode(at(edges[1], "__flaron/history")), json.decode(at(edges[2], "__flaron/history"))
    local keys = { at(edges[1], "__flaron/kv/spark?key=here"), at(edges[2], "__flaron/kv/spark?key=here") }
    local flares = json.decode(at(edges[2], "__flaron/flares"))
    several.stop()
    assert.same({ 0, 1, "edge-2" }, { #first.records, #second.records, second.records[1].edge })
    assert.matches("there is no key 'here' in spark", keys[1])
    assert.matches('"text":"two"', keys[2])
    assert.equal("handle_request", flares.flares[1].flare.handlers[1])
    assert.same({ "edge-2", edges[2].port }, { flares.edge, flares.port })
  end)
end)
