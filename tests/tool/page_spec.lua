-- The page of flaron-lua dev and what it asks, over real sockets. In a browser: browser_spec.lua.
local json = require "dkjson"
local serving = require "serving"
local support = require "support"

local main = [[
local flaron = require "flaron"
return function()
  local path = flaron.request.url():match "^%w+://[^/]+(.*)"
  if path == "/boom" then error "boom" end
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
    for file, kind in pairs { ["page.css"] = "text/css", ["page.js"] = "text/javascript", ["icon.svg"] = "image/svg+xml" } do
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
    assert.same({ { path = folder, flare = about } }, answer.flares)
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
      refused(413, "larger than 16777216 bytes", "kv/plasma?key=k", '{"text":"' .. ("x"):rep((16 << 20) + 1) .. '"}')
      refused(413, "more than the 16777216 bytes of spark", "kv/spark?key=k", '{"text":"' .. ("x"):rep(16 << 20) .. '"}')
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
  end)
end)
