local edge = require "flaron.edge"

local BREAD = '192.0.2.7 - ada [14/Nov/2023:22:13:20 +0000] "GET /bread?token=abc&n=1 HTTP/1.1" 200 512 "-" "curl/7.88.1"'
local NOWHERE =
  '2001:db8::1 - - [14/Nov/2023:22:13:21 +0000] "GET /nowhere?to=ada%40mail.example HTTP/2.0" 404 - "-" "a \\"b\\" Ada@mail.example"'
local LOGS = "https://logs.example/logs"

-- What a command makes of bytes: gzip itself, as other servers run it.
local function pipe(command, bytes)
  local path = os.tmpname()
  local process = assert(io.popen(("%s >%s"):format(command, path), "w"))
  process:write(bytes)
  assert(process:close())
  local file <close> = assert(io.open(path, "rb"))
  os.remove(path)
  return file:read "a"
end

local function packed(text) return pipe("gzip -c", text) end
local function unpacked(bytes) return pipe("gunzip -c", bytes) end

describe("log-intake", function()
  local flare = assert(edge.load("main.lua", { now = 1700000000, secrets = { LOG_KEY = "for specs" } }))

  local function send(text, headers)
    headers = headers or {}
    headers["x-log-key"] = headers["x-log-key"] or "for specs"
    headers["content-encoding"] = headers["content-encoding"] or "gzip"
    return flare:request { method = "POST", url = LOGS, headers = headers, body = text }
  end

  local function ask(query, headers)
    headers = headers or {}
    headers["x-log-key"] = "for specs"
    return flare:request { url = LOGS, query = query, headers = headers }
  end

  it("takes lines, tells how many are none, and masks who asked", function()
    local answer = send(packed(BREAD .. "\r\nno line\n" .. NOWHERE .. "\n"))
    assert.response(answer).has.status(202)
    assert.response(answer).has.json { taken = 2, refused = 1 }
    assert.equal('- - - [14/Nov/2023:22:13:20 +0000] "GET /bread?token=SECRET&n=1 HTTP/1.1" 200 512 "-" "curl/7.88.1"\n'
      .. '- - - [14/Nov/2023:22:13:21 +0000] "GET /nowhere?to=EMAIL HTTP/2.0" 404 - "-" "a \\"b\\" EMAIL"\n', ask().body)
    for _, value in pairs(flare:contents "spark") do assert.is_nil(unpacked(value):find("ada", 1, true)) end
  end)

  it("finds lines by status and by path, in the order they came", function()
    send(packed(BREAD))
    flare:advance(1)
    send(packed(NOWHERE))
    flare:advance(1)
    send(packed(BREAD:gsub("/bread", "/Cake")))
    assert.matches("/bread.*/nowhere.*/Cake", ask().body)
    assert.matches("^[^\n]*/nowhere[^\n]*\n$", ask({ status = "404" }).body)
    assert.matches("^[^\n]*/bread[^\n]*\n[^\n]*/Cake[^\n]*\n$", ask({ match = "^/(?i:bread|cake)\\b" }).body)
    assert.equal("", ask({ status = "404", match = "^/bread" }).body)
  end)

  it("forgets after a week", function()
    send(packed(BREAD))
    flare:advance(7 * 24 * 3600)
    assert.equal("", ask().body)
  end)

  it("gives gzip to those who take it, and 304 to those who have it", function()
    send(packed(BREAD))
    local plain, short = ask(), ask(nil, { ["accept-encoding"] = "br, gzip" })
    assert.response(plain).has.no.header "content-encoding"
    assert.response(short).has.header("content-encoding", "gzip")
    assert.response(short).has.header("vary", "accept-encoding")
    assert.equal(plain.body, unpacked(short.body))
    assert.equal(plain.headers.etag, short.headers.etag)
    local again = { ["if-none-match"] = plain.headers.etag }
    assert.response(ask(nil, again)).has.status(304)
    send(packed(NOWHERE))
    assert.response(ask(nil, again)).has.status(200)
  end)

  it("lets nobody in without the key", function()
    for _, answer in ipairs { send(packed(BREAD), { ["x-log-key"] = "for spec" }), flare:request { url = LOGS } } do
      assert.response(answer).has.status(401)
      assert.response(answer).has.json { error = "wrong key" }
    end
    local bare <close> = assert(edge.load "main.lua")
    assert.response(bare:request { url = LOGS }).has.status(503)
  end)

  it("refuses what is not packed, broken, or a bomb", function()
    assert.response(send(BREAD, { ["content-encoding"] = "identity" })).has.status(415)
    local good = packed(BREAD)
    for message, body in pairs { ["broken data"] = BREAD, ["cut off"] = good:sub(1, -2), ["trailing data"] = good .. "x" } do
      local answer = send(body)
      assert.response(answer).has.status(400)
      assert.response(answer).has.json { error = message }
    end
    local bomb = packed(("x"):rep((1 << 20) + 1))
    assert.is_true(#bomb < 2000)
    assert.response(send(bomb)).has.status(413)
    assert.same({}, flare:contents "spark")
  end)

  it("refuses patterns that make no sense, are long, or take too long", function()
    send(packed((BREAD:gsub("/bread", "/" .. ("a"):rep(60)))))
    for error, query in pairs {
      ["the pattern makes no sense"] = { match = "(" },
      ["the pattern is too long"] = { match = ("a"):rep(201) },
      ["the search takes too long"] = { match = "^/(a+)+$" },
      ["the status is no number"] = { status = "bad" },
    } do
      local answer = ask(query)
      assert.response(answer).has.status(400)
      assert.response(answer).has.json { error = error }
    end
  end)

  it("says so when nothing can be kept", function()
    flare:fail("spark_set", "quota")
    local answer = send(packed(BREAD))
    assert.response(answer).has.status(503)
    assert.response(answer).has.json { error = "quota" }
  end)
end)
