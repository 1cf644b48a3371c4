-- beam_spec.lua - flaron.beam: fetches, answered by stubs and by a real server in a node process.
local evaluate = require "evaluate"
local support = require "support"

describe("beam.fetch with a stub", function()
  local flare, seen

  before_each(function()
    flare = evaluate.open()
    seen = nil
    flare.flare:stub_fetch("^https://api%.test/", function(request)
      seen = request
      return { status = 201, headers = { ["X-Served-By"] = "stub", ["content-type"] = "text/plain" }, body = "body" }
    end)
  end)
  after_each(function() flare:close() end)

  it("gives status, headers and body", function()
    local response = flare:value "return beam.fetch 'https://api.test/a?b=c'"
    local headers = { ["x-served-by"] = "stub", ["content-type"] = "text/plain" }
    assert.same({ status = 201, headers = headers, body = "body" }, response)
    assert.equal("integer", math.type(response.status))
    assert.equal("https://api.test/a?b=c", seen.url)
    assert.equal("GET", seen.method)
    assert.equal("", seen.body)
  end)

  it("finds response headers in any case, and nil for others", function()
    assert.same({ n = 4, "stub", "stub", "stub" }, flare:run [[
      local h = beam.fetch("https://api.test/").headers
      return h["x-served-by"], h["X-Served-By"], h["X-SERVED-BY"], h["x-other"] ]])
    assert.same({ n = 1 }, flare:run "return beam.fetch('https://api.test/').headers[1]")
  end)

  it("sends method, headers and body", function()
    flare:run [[
      local headers = { ["X-A"] = "1", ["X-N"] = 5 }
      beam.fetch("https://api.test/", { method = "PATCH", headers = headers, body = "é\"\\\n" })]]
    assert.equal("PATCH", seen.method)
    assert.equal("é\"\\\n", seen.body)
    assert.same({ ["X-A"] = "1", ["X-N"] = "5" }, seen.headers)
  end)

  it("takes empty options, nil, and numbers for text", function()
    assert.equal(201, flare:value "return beam.fetch('https://api.test/', {}).status")
    assert.equal(201, flare:value "return beam.fetch('https://api.test/', nil).status")
    assert.equal(201, flare:value "return beam.fetch('https://api.test/', { headers = {}, body = 12 }).status")
    assert.equal("12", seen.body)
  end)

  it("gives every status", function()
    for _, status in ipairs { 204, 304, 404, 500, 599 } do
      flare.flare:stub_fetch("^http://status/", { status = status })
      assert.same({ status = status, headers = {}, body = "" }, flare:value "return beam.fetch 'http://status/'")
    end
  end)

  it("follows redirects", function()
    flare.flare:stub_fetch("^http://from/", { status = 302, headers = { location = "https://api.test/to" } })
    assert.equal("body", flare:value "return beam.fetch('http://from/').body")
    assert.equal("https://api.test/to", seen.url)
  end)

  it("gives nil and the host's message for an error, nil and ours without one", function()
    flare.flare:stub_fetch("^http://down/", function() return nil, "connection refused \"now\"" end)
    assert.same({ n = 2, nil, "connection refused \"now\"" }, flare:run "return beam.fetch 'http://down/'")
    flare.flare:stub_fetch("^http://down/", function() return nil end)
    assert.same({ n = 2, nil, "fetch failed" }, flare:run "return beam.fetch 'http://down/'")
  end)

  it("gives nil and a message beyond max_fetch_requests: 16 an invocation", function()
    assert.same({ n = 2, 16, "fetch failed" }, flare:run [[
      local count = 0
      while true do
        local response, message = beam.fetch "https://api.test/"
        if not response then return count, message end
        count = count + 1
      end]])
  end)

  it("gives nil and a message for what is no http URL", function()
    for _, url in ipairs { "", "ftp://a/", "file:///etc/passwd", "a b", "http://" } do
      local values = flare:run(("return beam.fetch %q"):format(url))
      assert.equal(2, values.n)
      assert.is_nil(values[1])
      assert.is_string(values[2])
    end
  end)

  it("gives nil and a message for header values with CR, LF or NUL", function()
    for _, value in ipairs { "a\r\nb: c", "a\0b" } do
      local values = flare:run(("return beam.fetch('https://api.test/', { headers = { x = %q } })"):format(value))
      assert.is_nil(values[1])
      assert.is_string(values[2])
    end
    assert.is_nil(seen)
  end)

  local wrong = {
    ["beam.fetch()"] = "#1 to 'beam.fetch' (string expected, got nil)",
    ["beam.fetch {}"] = "#1 to 'beam.fetch' (string expected, got table)",
    ["beam.fetch 'http://a/\\0'"] = "#1 to 'beam.fetch' (contains a NUL)",
    ["beam.fetch('http://a/', 'GET')"] = "#2 to 'beam.fetch' (table expected, got string)",
    ["beam.fetch('http://a/', { verb = 'GET' })"] =
      "#2 to 'beam.fetch' (verb: unknown option: method, headers and body are known)",
    ["beam.fetch('http://a/', { 'GET' })"] =
      "#2 to 'beam.fetch' (1: unknown option: method, headers and body are known)",
    ["beam.fetch('http://a/', { method = {} })"] = "#2 to 'beam.fetch' (method: not a string)",
    ["beam.fetch('http://a/', { body = true })"] = "#2 to 'beam.fetch' (body: not a string)",
    ["beam.fetch('http://a/', { body = '\\xff' })"] = "#2 to 'beam.fetch' (not UTF-8: the host takes text here)",
    ["beam.fetch('http://a/', { headers = 'x' })"] = "#2 to 'beam.fetch' (headers: not a table)",
    ["beam.fetch('http://a/', { headers = { 'x' } })"] = "#2 to 'beam.fetch' (headers: a name is not a string)",
    ["beam.fetch('http://a/', { headers = { x = {} } })"] = "#2 to 'beam.fetch' (headers: 'x' is not a string)",
  }
  for call, message in pairs(wrong) do
    it(("refuses %s"):format(call), function()
      assert.equal("bad argument " .. message, flare:fault(call))
    end)
  end
end)

describe("What of an answer is not UTF-8", function()
  -- The values of code with an upstream that answers so, and the log.
  local function with(answer, code)
    local flare <close> = evaluate.open()
    flare.flare:stub_fetch("", answer)
    local values, response = flare:run(code)
    return values, response.logs
  end

  local ask = "local a = beam.fetch 'http://up.test/x' return a.lossy, #a.body"

  it("is counted in lossy, and told in the log with URL and content-encoding", function()
    local gzip = "\x1f\x8b\8\0\0\0\0\0\0\3\xcb\xc8"
    local values, logs = with({ headers = { ["Content-Encoding"] = "gzip", ["content-type"] = "text/html" }, body = gzip }, ask)
    assert.same({ n = 2, 3, #gzip + 2 * 3 }, values)
    assert.same({ { level = "warn", text = "beam.fetch: http://up.test/x: the answer's body is not UTF-8 "
      .. "(Content-Encoding: gzip): 3 of 12 bytes became U+FFFD" } }, logs)
  end)

  it("is told with the content-type when there is no content-encoding, and alone without both", function()
    local _, logs = with({ headers = { ["content-type"] = "image/png" }, body = "\x89PNG" }, ask)
    assert.matches("not UTF%-8 %(content%-type: image/png%): 1 of 4 bytes became", logs[1].text)
    _, logs = with({ body = "caf\xe9" }, ask)
    assert.matches("not UTF%-8: 1 of 4 bytes became", logs[1].text)
  end)

  it("is told of headers, too", function()
    local values, logs = with({ headers = { ["x-name"] = "Jos\xe9" }, body = "b" },
      "local a = beam.fetch 'http://up.test/x' return a.lossy, a.headers['x-name']")
    assert.same({ n = 2, nil, "Jos\u{fffd}" }, values)
    assert.same({ { level = "warn", text = "beam.fetch: http://up.test/x: the answer's headers are not UTF-8: 1 byte "
      .. "became U+FFFD" } }, logs)
  end)

  it("is nothing when all is: lossy is nil, also for U+FFFD itself and bytes that are escaped", function()
    for _, body in ipairs { "", "plain", "é\u{fffd}\u{10ffff}", "\0\1\"\\\n" } do
      assert.same({ { n = 2, nil, #body }, {} }, { with({ body = body }, ask) })
    end
  end)
end)

describe("beam.fetch by the manifest", function()
  it("fetches only what allowed_fetch_urls has, and says in the log why not", function()
    local flare <close> = evaluate.open({}, { ["flare.lua"] =
      "return { allowed_fetch_urls = { 'https://api.test/v1/*' }, max_fetch_requests = 2 }" })
    flare.flare:stub_fetch("", { body = "stub" })
    assert.equal("stub", flare:value "return beam.fetch('https://api.test/v1/x').body")
    for _, url in ipairs { "https://api.test/v2/x", "https://evil.test/?https://api.test/v1/", "http://api.test/v1/x",
      "https://api.test/v1/../v2/x", "https://api.test@evil.test/v1/x" } do
      local values, response = flare:run(("return beam.fetch %q"):format(url))
      assert.same({ n = 2, nil, "fetch failed" }, values)
      assert.matches("not in allowed_fetch_urls", support.log(response, "warn"))
    end
    local _, response = flare:run "return beam.fetch 'https://api.test/v1/%2e%2e/v2'"
    assert.matches("not in allowed_fetch_urls: its path has dot segments", support.log(response, "warn"))
    assert.same({ n = 4, "stub", "stub", nil, "fetch failed" }, flare:run [[
      local url = "https://api.test/v1/"
      return beam.fetch(url).body, beam.fetch(url).body, beam.fetch(url)]])
  end)
end)

describe("beam.fetch with a * in the host", function()
  it("goes to no other host, also by a redirect", function()
    local flare <close> = evaluate.open({}, { ["flare.lua"] = "return { allowed_fetch_urls = { 'https://*.good.test/*' } }" })
    flare.flare:stub_fetch("", function(asked)
      local target = asked.url:match "to=(.*)"
      return target and { status = 302, headers = { location = target } } or { body = asked.url }
    end)
    for _, url in ipairs { "https://a.good.test/", "https://a.b.good.test/x?y", "https://a.good.test/?to=https://b.good.test/" } do
      assert.is_string(flare:value(("return beam.fetch(%q).body"):format(url)), url)
    end
    for _, url in ipairs { "https://evil.test/.good.test/", "https://evil.test/x.good.test/y", "https://evil.test?.good.test/",
      "https://x@evil.test/.good.test/", "https://evil.test#.good.test/", "https://a.good.test:81/", "https://good.test/" } do
      for _, whole in ipairs { url, "https://a.good.test/?to=" .. url } do
        local values, response = flare:run(("return beam.fetch %q"):format(whole))
        assert.same({ n = 2, nil, "fetch failed" }, values, whole)
        assert.matches("not in allowed_fetch_urls", support.log(response, "warn"))
      end
    end
  end)
end)

describe("beam.fetch over the network", function()
  local port, process, folder, flare

  local server = [=[
    const server = require("http").createServer((request, response) => {
      let body = "";
      request.on("data", (piece) => (body += piece));
      request.on("end", () => {
        if (request.url === "/slow") return;
        if (request.url === "/redirect") { response.writeHead(302, { location: "/echo" }); response.end(); return; }
        if (request.url === "/broken") { request.socket.destroy(); return; }
        response.writeHead(request.url === "/missing" ? 404 : 200,
          [["X-Two", "a"], ["X-Two", "b"], ["Content-Type", "application/json"]]);
        response.end(JSON.stringify({ method: request.method, url: request.url, body,
          custom: request.headers["x-custom"] || null, length: request.headers["content-length"] || null }));
      });
    });
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));
    setTimeout(() => process.exit(), 120000);]=]

  setup(function()
    folder = support.folder()
    support.write(folder .. "/server.js", server)
    local _, pid = support.run(("node %s/server.js >%s/port 2>/dev/null & echo $!"):format(folder, folder))
    process = pid:match "%d+"
    for _ = 1, 100 do
      port = (support.read(folder .. "/port") or ""):match "%d+"
      if port then break end
      support.run "sleep 0.05"
    end
    flare = evaluate.open { fetch_timeout_ms = 1000 }
  end)
  teardown(function()
    flare:close()
    support.run("kill " .. process)
  end)

  local function fetch(path, options)
    return flare:run(("return beam.fetch('http://127.0.0.1:%s%s', %s)"):format(port, path, options))
  end

  local function echoed(path, options)
    local response = fetch(path, options)[1]
    return flare:value(("return json.decode(%q)"):format(response.body)), response
  end

  it("asks with GET and hands status, headers and body on", function()
    local echo, response = echoed "/echo?a=b"
    assert.same({ method = "GET", url = "/echo?a=b", body = "", custom = evaluate.null, length = evaluate.null }, echo)
    assert.equal(200, response.status)
    assert.equal("application/json", response.headers["content-type"])
    assert.equal("a, b", response.headers["x-two"])
  end)

  it("sends method, headers and body", function()
    local echo = echoed("/echo", "{ method = 'PUT', headers = { ['X-Custom'] = 'c' }, body = 'höllo' }")
    assert.same({ method = "PUT", url = "/echo", body = "höllo", custom = "c", length = "6" }, echo)
  end)

  it("gives 404 as an answer", function()
    assert.equal(404, fetch("/missing")[1].status)
  end)

  it("follows redirects", function()
    assert.equal("/echo", (echoed "/redirect").url)
  end)

  it("gives nil and a message when the connection breaks, nobody listens, or time is up", function()
    for _, path in ipairs { "/broken", "/slow" } do
      local values = fetch(path)
      assert.is_nil(values[1])
      assert.is_string(values[2])
    end
    local values = flare:run "return beam.fetch 'http://127.0.0.1:1/'"
    assert.is_nil(values[1])
    assert.is_string(values[2])
  end)
end)
