-- The front of flaron-lua dev: what it takes of HTTP/1.1, HTTP/2 and WebSockets, from clients and from an origin, and what it
-- bears (RFC 9110, 9112, 9113, 6455).
local json = require "dkjson"
local serving = require "serving"
local support = require "support"

local main = [[
local flaron = require "flaron"
local request, response, ws = flaron.request, flaron.response, flaron.ws

local routes = {}
function routes.echo() return { body = "<" .. request.body() .. ">" } end
function routes.hdr()
  local words = { request.method(), request.url() }
  for _, name in ipairs { "host", "x-a", "cookie", "upgrade", "connection", "content-length" } do
    words[#words + 1] = name .. "=" .. tostring(request.header(name))
  end
  return { body = table.concat(words, " ") }
end
function routes.own()
  return { headers = { Date = "yesterday", Server = "mine", Connection = "x", ["Content-Length"] = "99" }, body = "own" }
end
function routes.none()
  return { status = tonumber(request.url():match "%d+$"), body = "content" }
end
function routes.big() return { body = ("x"):rep(10 << 20) } end
function routes.spin() while true do end end
function routes.nap() local t = flaron.time.now "ms" while flaron.time.now "ms" - t < 60 do end return { body = "slept" } end
function routes.boom() error "boom" end
function routes.origin() return flaron.PASS_THROUGH end

return {
  handle_request = function()
    local name = request.url():match "^%w+://[^/]+/(%w*)"
    return (routes[name] or function() return { body = "hello" } end)()
  end,
  ws_message = function()
    local data = ws.event_data()
    ws.send(data == "headers" and tostring(request.header "x-once") or data == "id" and ws.conn_id() or data)
  end,
}]]

local folder = support.folder()
support.write(folder .. "/main.lua", main)

local function front(words)
  local _, out = support.run("node tests/support/front.mjs " .. words)
  return out
end

-- Sends each of some strings on a connection of its own; returns lists of what came and whether it was closed then.
local function ask(port, strings)
  support.write(folder .. "/ask.json", json.encode(strings))
  local answers = json.decode(front(("ask %s %s/ask.json"):format(port, folder)))
  assert.equal(#strings, #answers)
  return answers
end

-- What a process has in memory, in MB; 0 under a sanitizer, which keeps what was freed.
local function resident(pid)
  if (os.getenv "SANITIZE" or "") ~= "" then return 0 end
  return tonumber(support.read(("/proc/%d/status"):format(pid)):match "VmRSS:%s+(%d+)") / 1024
end

-- The most a process has in memory while `deed` goes on, in MB, and the longest that another client waits, in seconds.
local function watch(dev, deed, seconds)
  local most, longest = 0, 0
  local pid = serving.start(deed, folder .. "/deed")
  for _ = 1, seconds * 20 do
    local time = tonumber(dev.curl("/hello", "-o /dev/null -w '%{time_total}'"))
    most, longest = math.max(most, resident(dev.pid)), math.max(longest, time)
    os.execute "sleep 0.02"
  end
  serving.stop(pid, "KILL")
  return most, longest
end

describe("HTTP/1.1 in flaron-lua dev", function()
  local dev

  setup(function() dev = serving.serve(folder) end)
  teardown(function() dev.stop() end)

  -- Whether all are answered with the status; those that are refused end the connection.
  local function all(status, requests)
    local names, strings = {}, {}
    for name, bytes in pairs(requests) do names[#names + 1], strings[#strings + 1] = name, bytes end
    for i, answer in ipairs(ask(dev.port, strings)) do
      assert.equal(tostring(status), answer[1]:match "^HTTP/1.1 (%d+)" or answer[1], names[i])
      if status >= 400 then assert.equal("closed", answer[2], names[i]) end
    end
  end

  local function get(lines, version) return ("GET /hdr HTTP/%s\r\n%s\r\n"):format(version or "1.1", lines) end
  local function post(lines, body) return ("POST /echo HTTP/1.1\r\nHost: x\r\n%s\r\n%s"):format(lines, body) end

  it("refuses lengths that two readers could read differently", function()
    all(400, {
      ["two that differ"] = post("Content-Length: 4\r\nContent-Length: 5\r\n", "hello"),
      ["a list that differs"] = post("Content-Length: 4, 5\r\n", "hello"),
      plus = post("Content-Length: +5\r\n", "hello"),
      minus = post("Content-Length: -5\r\n", "hello"),
      hex = post("Content-Length: 0x5\r\n", "hello"),
      empty = post("Content-Length: \r\n", "hello"),
      ["a blank inside"] = post("Content-Length: 1 1\r\n", "hello"),
      ["2^63"] = post("Content-Length: 9223372036854775808\r\n", "hello"),
      ["2^64 + 5"] = post("Content-Length: 18446744073709551621\r\n", "hello"),
      ["an empty coding"] = post("Transfer-Encoding:\r\n", "hello"),
      ["a coding in HTTP/1.0"] = "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    })
    all(200, {
      ["equal ones"] = post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
      ["a list of equal ones"] = post("Content-Length: 5 ,5\r\n", "hello"),
      ["blanks around"] = post("Content-Length: \t 5 \t \r\n", "hello"),
    })
  end)

  it("refuses transfer codings but chunked", function()
    all(501, {
      gzip = post("Transfer-Encoding: gzip\r\n", "hello"),
      ["gzip, chunked"] = post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
      ["chunked, gzip"] = post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"),
      identity = post("Transfer-Encoding: identity\r\n", "hello"),
      ["identity and chunked in two lines"] = post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      ["chunked twice"] = post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      ["a vertical tab"] = post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
    })
  end)

  it("takes chunks over a length, and closes then", function()
    local request = post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")
    local answer = ask(dev.port, { request .. get "Host: x\r\n" })[1]
    assert.matches("^HTTP/1.1 200.*Connection: close.*\r\n\r\n<hello>$", answer[1])
    assert.equal("closed", answer[2])
  end)

  it("refuses chunks that are none", function()
    local chunks = "Transfer-Encoding: chunked\r\n"
    all(400, {
      ["no hex"] = post(chunks, "Z\r\nhello\r\n0\r\n\r\n"),
      prefix = post(chunks, "0x5\r\nhello\r\n0\r\n\r\n"),
      plus = post(chunks, "+5\r\nhello\r\n0\r\n\r\n"),
      minus = post(chunks, "-1\r\nhello\r\n0\r\n\r\n"),
      blank = post(chunks, " 5\r\nhello\r\n0\r\n\r\n"),
      ["blank behind"] = post(chunks, "5 \r\nhello\r\n0\r\n\r\n"),
      empty = post(chunks, "\r\nhello\r\n0\r\n\r\n"),
      ["2^64 + 5"] = post(chunks, "10000000000000005\r\nhello\r\n0\r\n\r\n"),
      ["line feeds alone"] = post(chunks, "5\nhello\n0\n\n"),
      ["longer than said"] = post(chunks, "4\r\nhello\r\n0\r\n\r\n"),
      ["a return alone behind it"] = post(chunks, "5\r\nhello\rX0\r\n\r\n"),
      ["an extension without end"] = post(chunks, "5;" .. ("a"):rep(2000) .. "\r\nhello\r\n0\r\n\r\n"),
      ["a line feed in an extension"] = post(chunks, "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"),
      ["a trailer without a colon"] = post(chunks, "5\r\nhello\r\n0\r\nno colon\r\n\r\n"),
      ["a folded trailer"] = post(chunks, "5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n"),
      ["trailers without end"] = post(chunks, "5\r\nhello\r\n0\r\n" .. ("X: a\r\n"):rep(5000) .. "\r\n"),
    })
    all(200, {
      extension = post(chunks, "5;a;b=c;d=\"e\\\"\"\r\nhello\r\n0\r\n\r\n"),
      trailer = post(chunks, "5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"),
      capitals = post("Transfer-Encoding: Chunked\r\n", "A\r\n0123456789\r\n000\r\n\r\n"),
    })
  end)

  it("refuses heads that are none", function()
    all(400, {
      ["no host"] = get "",
      ["two hosts"] = get "Host: a\r\nHost: a\r\n",
      ["an empty host"] = get "Host:\r\n",
      ["a host with a path"] = get "Host: a/b\r\n",
      ["a host with a list"] = get "Host: a, b\r\n",
      ["a host with a word as port"] = get "Host: a:b\r\n",
      ["a fold"] = get "Host: x\r\nX-A: a\r\n b\r\n",
      ["a fold by a tab"] = get "Host: x\r\nX-A: a\r\n\tb\r\n",
      ["a fold of the first"] = get " Host: x\r\nHost: x\r\n",
      ["line feeds alone"] = "GET / HTTP/1.1\nHost: x\n\n",
      ["one line feed alone"] = "GET / HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n",
      ["a line feed at the end alone"] = "GET / HTTP/1.1\r\nHost: x\r\n\n",
      ["a return alone"] = get "Host: x\r\nX-A: a\rX-B: b\r\n",
      ["a NUL"] = get "Host: x\r\nX-A: a\0b\r\n",
      ["an escape"] = get "Host: x\r\nX-A: a\27b\r\n",
      ["a delete"] = get "Host: x\r\nX-A: a\127b\r\n",
      ["a blank before the colon"] = get "Host: x\r\nX-A : a\r\n",
      ["a blank in a name"] = get "Host: x\r\nX A: a\r\n",
      ["an empty name"] = get "Host: x\r\n: a\r\n",
      ["no colon"] = get "Host: x\r\nX-A\r\n",
      ["a name beyond ASCII"] = get "Host: x\r\nX-\195\164: a\r\n",
      ["a fragment"] = "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
      ["a fragment in a URL"] = "GET http://x/a#b HTTP/1.1\r\nHost: x\r\n\r\n",
      ["two blanks"] = "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
      ["a tab"] = "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n",
      ["a blank behind the version"] = "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
      ["no version"] = "GET /\r\nHost: x\r\n\r\n",
      ["a small version"] = "GET / http/1.1\r\nHost: x\r\n\r\n",
      ["a long version"] = "GET / HTTP/1.10\r\nHost: x\r\n\r\n",
      ["a method that is no token"] = "G@T / HTTP/1.1\r\nHost: x\r\n\r\n",
      ["an empty method"] = " / HTTP/1.1\r\nHost: x\r\n\r\n",
      ["TLS"] = "\22\3\1\2\0\1\0\1\252\3\3",
      ["Connection that is no list"] = get "Host: x\r\nConnection: a b\r\n",
    })
    all(505, { ["2.0"] = get("Host: x\r\n", "2.0"), ["3.0"] = get("Host: x\r\n", "3.0"), ["0.9"] = get("Host: x\r\n", "0.9") })
    all(417, { ["an expectation"] = post("Expect: the-impossible\r\nContent-Length: 1\r\n", "x") })
  end)

  it("takes what is unusual, but right", function()
    all(200, {
      ["an empty line before"] = "\r\n" .. get "Host: x\r\n",
      ["HTTP/1.0 without a host"] = get("", "1.0"),
      ["a later minor version"] = get("Host: x\r\n", "1.2"),
      ["an address"] = get "Host: [::1]:80\r\n",
      ["encoded bytes in a host"] = get "Host: a%20b\r\n",
      ["a value of blanks"] = get "Host: x\r\nX-A:  \t \r\n",
      ["bytes beyond ASCII in a value"] = get "Host: x\r\nX-A: \228\r\n",
    })
  end)

  it("has limits for heads and bodies", function()
    all(414, { target = "GET /" .. ("a"):rep(40000) .. " HTTP/1.1\r\nHost: x\r\n\r\n", endless = "GET /" .. ("a"):rep(60000) })
    all(431, {
      line = get("Host: x\r\nX-A: " .. ("a"):rep(70000) .. "\r\n"),
      lines = get("Host: x\r\n" .. ("X-A: a\r\n"):rep(100)),
      endless = "GET / HTTP/1.1\r\nHost: x\r\n" .. ("X-A: " .. ("a"):rep(1000) .. "\r\n"):rep(90),
    })
    all(413, { length = post("Content-Length: 67108865\r\n", "x") })
  end)

  it("makes lines of one name a list, and blanks around values nothing", function()
    local answer = ask(dev.port, { get "Host: x\r\nX-A: 1\r\nCookie: a=1\r\nx-a: \t2 \t\r\ncookie: b=2 \r\nConnection: close\r\n" })[1]
    assert.matches("x%-a=1, 2 cookie=nil ", answer[1])
    local project = support.project { ["flare.lua"] = "return { requires_raw_auth = true }", ["main.lua"] = main }
    local open = serving.serve(project)
    answer = ask(open.port, { get "Host: x\r\nCookie: a=1\r\ncookie: b=2\r\nConnection: close\r\n" })[1]
    local h2 = front("h2 " .. open.port .. " cookies")
    open.stop()
    assert.matches("cookie=a=1; b=2 ", answer[1])
    assert.matches("x%-a=1, 2 cookie=a=1; b=2 ", h2)
  end)

  it("shows the flare one Content-Length, where equal ones came", function()
    local one = "Content-Length: 4"
    for _, lines in ipairs { one .. "\r\n" .. one, one .. ", 4", one:lower() .. ",4\r\n" .. one } do
      local answer = ask(dev.port, { "POST /hdr HTTP/1.1\r\nHost: x\r\n" .. lines .. "\r\n\r\nbody" })[1]
      assert.matches("content%-length=4$", answer[1])
    end
  end)

  it("shows the flare Upgrade, and keeps what is the connection's to itself", function()
    local answer = ask(dev.port, { get "Host: x\r\nUpgrade: h2c\r\nConnection: upgrade, close\r\n" })[1]
    assert.matches("upgrade=h2c connection=upgrade, close", answer[1])
    answer = ask(dev.port, { "GET /own HTTP/1.1\r\nHost: x\r\n\r\n" })[1][1]
    assert.matches("Content%-Length: 3\r\n", answer)
    assert.falsy(answer:find "99" or answer:lower():find "connection")
    local _, dates = answer:lower():gsub("\ndate:", "")
    local _, servers = answer:lower():gsub("\nserver:", "")
    assert.same({ 1, 1 }, { dates, servers })
    local told = { ["content-length"] = "the body has 3 bytes, and the connection says so", connection = "the connection sets it" }
    for name, why in pairs(told) do
      local said = "warn: response header '" .. name .. "' is dropped: " .. why
      assert.truthy(serving.wait(function() return support.read(dev.log .. ".out"):lower():find(said, 1, true) end, 2), name)
    end
    assert.matches("date: yesterday", answer)
    assert.matches("server: mine", answer)
  end)

  it("sends no content with a status that has none, and says so", function()
    for status, length in pairs { [204] = "", [205] = "Content%-Length: 0\r\n", [304] = "" } do
      local target = "GET /none/" .. status .. " HTTP/1.1\r\nHost: x\r\n"
      local answer = ask(dev.port, { target .. "\r\n" .. target .. "Connection: close\r\n\r\n" })[1][1]
      local first, second = answer:match "^(.-\r\n\r\n)(.+)$"
      assert.matches("^HTTP/1.1 " .. status .. " ", first)
      assert.matches("^HTTP/1.1 " .. status .. " ", second)
      assert.falsy(answer:find "content$")
      assert.matches(length, first)
      local said = "warn: response body of 7 bytes is dropped: status " .. status .. " has no content"
      assert.truthy(serving.wait(function() return support.read(dev.log .. ".out"):find(said, 1, true) end, 2), status)
    end
  end)

  it("answers what was asked ahead in order, and the last before it closes", function()
    local two = post("Content-Length: 1\r\n", "1") .. post("Transfer-Encoding: chunked\r\n", "1\r\n2\r\n0\r\n\r\n")
    local last = post("Content-Length: 1\r\nConnection: close\r\n", "3")
    local answer = ask(dev.port, { two .. last .. post("Content-Length: 1\r\n", "4") })[1]
    assert.matches("<1>.*<2>.*Connection: close.*<3>$", answer[1])
    assert.equal("closed", answer[2])
    answer = ask(dev.port, { post("Content-Length: 1\r\n", "1") .. "nonsense\r\n" })[1]
    assert.matches("^HTTP/1.1 200.*<1>HTTP/1.1 400", answer[1])
  end)

  it("answers who only sends no more, and drops who has gone", function()
    assert.matches("^HTTP/1.1 200 OK.*hello$", front("half " .. dev.port .. " /"))
    assert.matches("^HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK.*slept$", front("half " .. dev.port .. " /nap"))
    local before = serving.wait(function() return resident(dev.pid) end, 1)
    local most, longest = watch(dev, ("exec node tests/support/front.mjs gone %s /spin 200"):format(dev.port), 2)
    assert.is_true(most < before + 64, most .. " MB")
    assert.is_true(longest < 1, longest .. " s")
  end)
end)

describe("HTTP/2 in flaron-lua dev", function()
  local dev

  setup(function() dev = serving.serve(folder, "--quiet") end)
  teardown(function() dev.stop() end)

  local function h2(what) return front(("h2 %s '%s'"):format(dev.port, what)) end

  it("resets malformed requests", function()
    for _, what in ipairs { "empty name", "capital name", "connection", "length" } do
      assert.matches("\n3 0 1 <0><0><0><1>\n", "\n" .. h2(what), what) -- PROTOCOL_ERROR
    end
  end)

  it("refuses what it does not take", function()
    assert.matches("Host and :authority differ", h2 "host and authority")
    assert.matches("character that no target has", h2 "fragment")
    assert.matches("more than 100 headers", h2 "many")
  end)

  it("answers 413 to a body over 64 MiB", function()
    support.run(("head -c 67108865 /dev/zero >%s/much"):format(folder))
    for _, words in ipairs { "--http2-prior-knowledge", "-H Expect:" } do
      local status = dev.curl("/echo", ("%s -o /dev/null -w '%%{http_code}' --data-binary @%s/much"):format(words, folder))
      assert.equal("413", status, words)
    end
  end)

  it("ends connections that reset, fill or flood it", function()
    for _, what in ipairs { "resets", "empty", "continuations" } do
      assert.matches("\n7 0 0 .-<0><0><0><11>", "\n" .. h2(what), what) -- GOAWAY, ENHANCE_YOUR_CALM
    end
    local most, longest = watch(dev, ("exec node tests/support/front.mjs h2 %s pings"):format(dev.port), 1)
    assert.is_true(most < 64 and longest < 1, most .. " MB, " .. longest .. " s")
  end)

  it("keeps few answers for who takes none", function()
    local most, longest = watch(dev, ("exec node tests/support/front.mjs h2 %s window"):format(dev.port), 2)
    assert.is_true(most < 256, most .. " MB")
    assert.is_true(longest < 2, longest .. " s")
  end)
end)

describe("WebSockets in flaron-lua dev", function()
  local dev

  setup(function() dev = serving.serve(folder, "--quiet --timeout 1") end)
  teardown(function() dev.stop() end)

  local first = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
  local function handshake(lines)
    return ask(dev.port, { first .. lines .. "\r\n" })[1][1]
  end
  local key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

  it("are named by a flare's 426", function()
    local echo = serving.serve "examples/websocket-echo"
    finally(function() echo.stop() end)
    local answer = echo.curl("/", "-i")
    assert.matches("^HTTP/1.1 426 ", answer)
    assert.matches("\r\nUpgrade: websocket\r\nConnection: upgrade\r\n", answer)
    assert.is_nil((support.read(echo.log .. ".out") or ""):find("dropped", 1, true))
  end)

  it("take version 13 alone", function()
    for _, version in ipairs { "8", "12", "14", "", "13, 8" } do
      local answer = handshake(key .. "Sec-WebSocket-Version: " .. version .. "\r\n")
      assert.matches("^HTTP/1.1 426 .*sec%-websocket%-version: 13\r\n", answer)
    end
    assert.matches("^HTTP/1.1 426 ", handshake(key))
    assert.matches("^HTTP/1.1 400 ", handshake "Sec-WebSocket-Version: 13\r\n")
    assert.matches("^HTTP/1.1 400 ", handshake "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n")
    assert.matches("^HTTP/1.1 101 .*Sec%-WebSocket%-Accept: s3pPLMBiTxaQ9kYGzzhZRbK%+xOo=\r\n",
      handshake(key .. "Sec-WebSocket-Version: 13\r\n"))
  end)

  it("are answered with the first of the protocols that they offer and flare.lua names", function()
    local named = serving.serve(support.project {
      ["main.lua"] = "return { ws_open = function() end }",
      ["flare.lua"] = "return { websocket = true, ws_protocols = { 'chat', 'graphql-ws' } }",
    })
    finally(function() named.stop() end)
    local function answered(offered, by)
      local lines = offered:gsub("[^;]+", "Sec-WebSocket-Protocol: %0\r\n"):gsub(";", "")
      local head = by.raw(first .. key .. "Sec-WebSocket-Version: 13\r\n" .. lines .. "\r\n", 100)
      assert.matches("^HTTP/1.1 101 ", head)
      return head:match "\r\nSec%-WebSocket%-Protocol: ([^\r]*)\r\n"
    end
    for offered, answer in pairs { ["graphql-ws, b"] = "graphql-ws", ["b,graphql-ws , chat"] = "graphql-ws", ["b;chat"] = "chat",
      ["b, c"] = false, Chat = false, [""] = false } do
      assert.equal(answer, answered(offered, named) or false, offered)
    end
    assert.equal("b", answered("b, c", dev)) -- there is no flare.lua
    local log = serving.wait(function()
      local log = support.read(named.log .. ".out")
      return log:find "client offers: Chat" and log
    end, 4)
    local warning = "warn: sub%-protocols that the client offers: b, c: ws_protocols of flare.lua names none"
    assert.matches("ws open GET /ws [%d.]+ ms\n  " .. warning, log)
    assert.equal(2, select(2, log:gsub("warn: sub%-protocols", "")))
  end)

  it("know the request that opened them in each event", function()
    assert.matches("^1 4 " .. ("kept"):gsub(".", function(c) return ("%02x"):format(c:byte()) end), front("ws " .. dev.port .. " headers"))
  end)

  it("are answered in the type of the message that is answered", function()
    assert.matches("^1 1 61\n2 3 616263\n1 1 62\n", front("ws " .. dev.port .. " types"))
  end)

  it("have ids that no other has, on another edge or after a restart", function()
    local seen, count = {}, 0
    local other = serving.serve(folder)
    for _, port in ipairs { dev.port, dev.port, other.port } do
      local id = front("ws " .. port .. " id"):match "^1 32 (%x+)\n":gsub("%x%x", function(x) return string.char(tonumber(x, 16)) end)
      assert.matches("^%x+$", id)
      assert.is_nil(seen[id])
      seen[id], count = true, count + 1
    end
    other.stop()
    assert.equal(3, count)
  end)

  it("are closed with a reason when they break a rule or a limit", function()
    for what, code in pairs { fragments = 1008, large = 1009, unmasked = 1002 } do
      assert.matches(("^8 2 %04x\n"):format(code), front(("ws %s %s"):format(dev.port, what)), what)
    end
  end)

  it("are asked whether they are there, and ended when they are not", function()
    assert.equal("9 0 \nclosed\n", front("ws " .. dev.port .. " idle"))
  end)

  it("wait while the flare is busy, or they do not read", function()
    for _, what in ipairs { "flood", "pings" } do
      local most, longest = watch(dev, ("exec node tests/support/front.mjs ws %s %s"):format(dev.port, what), 2)
      assert.is_true(most < 64, what .. ": " .. most .. " MB")
      assert.is_true(longest < 1, what .. ": " .. longest .. " s")
    end
  end)
end)

describe("the origin of flaron-lua dev", function()
  local ok = "HTTP/1.1 200 OK\r\n"
  local function chunked(body) return ok .. "Transfer-Encoding: chunked\r\n\r\n" .. body end
  local good = {
    ["a blank behind the length"] = ok .. "Content-Length: 2 \r\n\r\nok",
    ["blanks around the length"] = ok .. "Content-Length:\t 2\t\r\n\r\nok",
    chunks = chunked "2;x=y\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
    ["an interim answer"] = "HTTP/1.1 103 Early Hints\r\nX-Interim: 1\r\n\r\n" .. ok .. "Content-Length: 2\r\n\r\nok",
    ["what concerns the connection"] = ok .. "Connection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 1\r\nTrailer: x\r\nContent-Length: 2\r\n\r\nok",
  }
  local bad = {
    ["a list of lengths"] = ok .. "Content-Length: 2, 2\r\n\r\nok",
    ["two lengths"] = ok .. "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    ["a negative length"] = ok .. "Content-Length: -2\r\n\r\nok",
    ["a length with a plus"] = ok .. "Content-Length: +2\r\n\r\nok",
    ["an empty length"] = ok .. "Content-Length:\r\n\r\nok",
    ["a huge length"] = ok .. "Content-Length: 99999999999999999999\r\n\r\nok",
    ["a length of hex"] = ok .. "Content-Length: 0x2\r\n\r\nok",
    gzip = ok .. "Transfer-Encoding: gzip\r\n\r\nok",
    ["chunked, gzip"] = ok .. "Transfer-Encoding: chunked, gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ["gzip, chunked"] = ok .. "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ["an empty coding"] = ok .. "Transfer-Encoding:\r\n\r\nok",
    ["both lengths"] = ok .. "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ["a change of protocol"] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" .. ok ..
      "Content-Length: 2\r\n\r\nok",
    ["a fold"] = ok .. "X-A: b\r\n c: d\r\nContent-Length: 2\r\n\r\nok",
    ["an empty name"] = ok .. ": b\r\nContent-Length: 2\r\n\r\nok",
    ["a blank before the colon"] = ok .. "X-A : b\r\nContent-Length: 2\r\n\r\nok",
    ["a NUL"] = ok .. "X-A: a\0b\r\nContent-Length: 2\r\n\r\nok",
    ["a long status"] = "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
    ["a short status"] = "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok",
    ["a status of 0"] = "HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nok",
    ["no status"] = "HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nok",
    ["no HTTP"] = "hello\r\n\r\n",
    ["chunks without a size"] = chunked "zz\r\nok\r\n0\r\n\r\n",
    ["a prefix of chunks"] = chunked "0x2\r\nok\r\n0\r\n\r\n",
    ["a blank before a size"] = chunked " 2\r\nok\r\n0\r\n\r\n",
    ["chunks that end nowhere"] = chunked "2\nok\n0\n\n",
  }
  local names, strings, origin, dev = {}, {}, nil, nil

  setup(function()
    for _, list in ipairs { good, bad } do
      for name, answer in pairs(list) do names[name], strings[#strings + 1] = #strings + 1, answer end
    end
    table.insert(strings, 1, good["a blank behind the length"]) -- number 0
    support.write(folder .. "/answers.json", json.encode(strings))
    local port
    origin, port = serving.listen(("node tests/support/front.mjs answers %s/answers.json"):format(folder), folder .. "/origin")
    dev = serving.serve(folder, "--quiet --origin http://127.0.0.1:" .. port)
  end)

  teardown(function()
    dev.stop()
    serving.stop(origin, "KILL")
  end)

  local function get(name) return dev.curl("/origin/" .. names[name], "-i") end

  it("is handed on when it is right", function()
    for name in pairs(good) do
      local answer = get(name)
      assert.matches("^HTTP/1.1 200 OK\r\n.*\r\n\r\nok$", answer, name)
      for _, hidden in ipairs { "hop", "trailer", "interim", "keep%-alive", "x%-t" } do
        assert.falsy(answer:lower():find(hidden), name)
      end
    end
  end)

  it("is a 502 when it is not, and its connection is closed", function()
    for name in pairs(bad) do
      local answer = get(name)
      assert.matches("^HTTP/1.1 502 Bad Gateway\r\n.*\r\n\r\nThe origin http://127.0.0.1:%d+ gave no answer: [^\r\n]+%.\n$", answer, name)
      assert.truthy(serving.wait(function()
        return ("\n" .. support.read(folder .. "/origin.out")):find(("\n%d closed\n"):format(names[name]), 1, true)
      end, 3), name)
    end
    assert.equal("hello", dev.curl "/")
  end)

  it("gets no header of the client's connection", function()
    local words = ""
    for _, header in ipairs { "Connection: x-hop, close", "X-Hop: 1", "TE: trailers", "Trailer: x", "Proxy-Connection: x", "X-Kept: 1" } do
      words = words .. (" -H '%s'"):format(header)
    end
    dev.curl("/origin/0", words)
    local seen = serving.wait(function() return (support.read(folder .. "/origin.out")):match '"GET /origin/0[^\n]*' end, 2):lower()
    for _, hidden in ipairs { "hop", "te: ", "trailer", "connection", "close" } do assert.falsy(seen:find(hidden, 1, true), seen) end
    assert.truthy(seen:find("x-kept: 1", 1, true))
  end)

  it("is not asked whether it wants a large body, whatever the client asked us", function()
    support.write(folder .. "/large", ("x"):rep(2 << 20))
    dev.curl("/origin/0", ("-X PUT -H 'Expect: 100-continue' -T %s/large"):format(folder))
    local seen = serving.wait(function() return (support.read(folder .. "/origin.out")):match '"PUT /origin/0[^\n]*' end, 2):lower()
    assert.truthy(seen:find("content-length: 2097152", 1, true))
    assert.falsy(seen:find("expect", 1, true))
  end)
end)

describe("flaron-lua dev", function()
  it("shows sources to browsers that open the page on this machine, and to no script", function()
    local dev = serving.serve(folder)
    local function boom(words) return dev.curl("/boom", "-H 'Accept: text/html' " .. words) end
    local head = boom "-I -X GET"
    local shown, document, script = boom "", boom "-H 'Sec-Fetch-Dest: document'", boom "-H 'Sec-Fetch-Dest: empty'"
    local foreign = { boom "-H 'Host: evil.example'", boom "-H 'Origin: http://evil.example'" }
    local address = ("http://localhost:%s/__flaron/"):format(dev.page_port)
    dev.stop()
    assert.same({ "Internal Server Error", "Internal Server Error" }, foreign) -- a name bound to 127.0.0.1, another site's page
    assert.truthy(shown:find(address, 1, true))
    assert.matches("content%-security%-policy: sandbox;", head)
    assert.equal("<!doctype html>", shown:sub(1, 15))
    assert.equal("<!doctype html>", document:sub(1, 15))
    assert.equal("Internal Server Error", script)
    support.write(folder .. "/main.lua", "return 1 +")
    dev = serving.serve(folder)
    local text, hidden = dev.curl "/", dev.curl("/", "-H 'Sec-Fetch-Dest: empty'")
    dev.stop()
    support.write(folder .. "/main.lua", main)
    assert.matches("main.lua:1:", text)
    assert.equal("Internal Server Error\n", hidden)
  end)

  it("takes connections again when others have ended, and does not spin until then", function()
    local log = folder .. "/full"
    local pid = serving.start(("ulimit -n 100; exec %s dev %s --port 0 --quiet"):format(support.quote(support.flaron_lua), folder), log)
    local port = serving.wait(function() return (support.read(log .. ".err") or ""):match "on http://[%d.]+:(%d+)/" end, 5)
    local strings = {}
    for i = 1, 150 do strings[i] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n" end
    local function ticks()
      local user, system = support.read(("/proc/%d/stat"):format(pid)):match "%) %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ (%d+) (%d+)"
      return user + system
    end
    local before = ticks()
    local answered = 0
    for _, answer in ipairs(ask(port, strings)) do answered = answered + (answer[1]:find "hello$" and 1 or 0) end
    local spent = ticks() - before
    local _, after = support.run(("curl -s -m 4 http://127.0.0.1:%s/"):format(port))
    serving.stop(pid)
    local _, said = support.read(log .. ".err"):gsub("no more connections can be taken", "")
    assert.is_true(answered >= 60 and answered < 150, answered .. " answered")
    assert.is_true(spent < 30, spent .. " ticks")
    assert.same({ "hello", 1 }, { after, said })
  end)

  it("tells clients that speak HTTP to the port of HTTPS so, and goes on with others", function()
    local dev = serving.serve(folder, "--https --persist " .. support.folder())
    local first = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "nonsense" }
    for i, answer in ipairs(ask(dev.port, first)) do
      assert.matches("^HTTP/1.1 400 .*\r\n\r\nThis port speaks HTTPS", answer[1], first[i])
      assert.equal("closed", answer[2], first[i])
    end
    local _, hello = support.run(("curl -sk -m 8 https://127.0.0.1:%s/"):format(dev.port))
    dev.stop()
    assert.equal("hello", hello)
  end)

  it("listens on an address of IPv6 in brackets", function()
    local log = folder .. "/six"
    local pid = serving.start(("exec %s dev %s --port 0 --host '[::1]'"):format(support.quote(support.flaron_lua), folder), log)
    local said = serving.wait(function() return (support.read(log .. ".err") or ""):match "on http://%[::1%]:%d+/" or
      (support.read(log .. ".err") or ""):match "not known" end, 5)
    serving.stop(pid)
    assert.matches("on http://%[::1%]:%d+/", said)
  end)

  it("has the page at the port that it is told", function()
    local code, _, errors = support.cli("dev", folder, "--page-port", "0")
    assert.equal(2, code)
    assert.matches("^flaron%-lua dev: %-%-page%-port takes a number from 1 to 65535, not '0'\n", errors)
    for _ = 1, 20 do -- somebody else may have it
      local port = math.random(15000, 30000)
      local free, dev = pcall(serving.serve, folder, "--page-port " .. port)
      if free then
        local answer = dev.page "history"
        dev.stop()
        assert.equal(tostring(port), dev.page_port)
        assert.matches("^{\"records\"", answer)
        break
      end
    end
  end)
end)
