-- edge_spec.lua - flaron.edge itself: what a response tells beside the answer, connections, resetting, failures by
-- name. What it does under busted is in tests/tool/test_command_spec.lua.
local edge = require "flaron.edge"
local support = require "support"

describe("a response of flaron.edge", function()
  it("has its body as a value", function()
    local function json(body) return support.answer(("return { body = %q }"):format(body)).json() end
    assert.same({ a = { 1, 2.5, edge.null, true, "ü\0" }, b = {} }, json '{"a":[1,2.5,null,true,"ü\\u0000"],"b":{}}')
    assert.equal("integer", math.type(json "9007199254740993"))
    assert.equal(9007199254740993, json "9007199254740993")
    assert.equal(edge.null, json "null")
    assert.is_false(json "false")
    assert.is_true(json "\xEF\xBB\xBFtrue")
    local answer = support.answer "return { body = '[1]' }"
    assert.same({ { 1 }, { 1 } }, { answer.json(), answer:json() })
    assert.has_error(function() json "{" end, "the body is no JSON: line 1: string or '}' expected near end of file")
    assert.has_error(function() json "" end, "the body is no JSON: line 1: unexpected token near end of file")
  end)

  it("has what was fetched, redirects too, whoever answered", function()
    local flare <close> = support.load [[
      local beam = require "flaron.beam"
      return function()
        beam.fetch("https://a.example/one", { method = "PUT", headers = { ["X-A"] = "b" }, body = "text" })
        beam.fetch "http://127.0.0.1:1/"
      end]]
    flare:stub_fetch("/one$", { status = 307, headers = { location = "/two" } })
    flare:stub_fetch("/two$", { status = 204 })
    local fetches = flare:request().fetches
    local seen = {}
    for i, fetch in ipairs(fetches) do seen[i] = fetch.method .. " " .. fetch.url .. " " .. fetch.body end
    assert.same({ "PUT https://a.example/one text", "PUT https://a.example/two text", "GET http://127.0.0.1:1/ " }, seen)
    assert.equal("b", fetches[1].headers["X-A"])
    assert.equal(3, #flare:request().fetches)
  end)

  it("has what it took", function()
    local flare <close> = support.load [[
      return function()
        local n = 0
        for i = 1, 200000 do n = n + i end
        return { body = ("x"):rep(require("flaron").request.method() == "PUT" and 1 << 20 or 10) }
      end]]
    local small, large = flare:request(), flare:request { method = "PUT" }
    assert.is_true(small.cpu_us > 500)
    if support.engine == "wasm2c" then
      assert.is_true(small.peak >= 16384 and small.peak < 1 << 17, tostring(small.peak))
      assert.is_true(large.peak > 1 << 20 and large.peak < 5 << 20, tostring(large.peak))
      assert.equal(small.peak, flare:request().peak)
    else
      assert.same({ 0, 0 }, { small.peak, large.peak })
    end
  end)
end)

describe("flare:websocket", function()
  local source = [[
    local ws, request = require "flaron.ws", require "flaron.request"
    return {
      ws_open = function() ws.send(request.url() .. " " .. (request.header "x-a" or "none")) end,
      ws_message = function()
        if ws.event_data() == "bye" then ws.close(4001) end
        ws.send(ws.conn_id()) ws.send(ws.event_data())
      end,
      ws_close = function() print("closed", ws.close_code()) end,
    }]]

  it("opens connections that know themselves and the request", function()
    local flare <close> = support.load(source)
    local one = flare:websocket { url = "https://example.com/chat", headers = { ["x-a"] = "b" } }
    local two = flare:websocket()
    assert.equal("https://example.com/chat b", one:receive())
    assert.equal("http://localhost/ none", two:receive())
    assert.are_not.equal(one.conn_id, two.conn_id)
    assert.equal("respond", one:send("a\0b").action)
    assert.same({ one.conn_id, "a\0b", nil }, { one:receive(), one:receive(), (one:receive()) })
    assert.is_nil(two:receive())
  end)

  it("closes from either side, once", function()
    local flare <close> = support.load(source)
    local one, two = flare:websocket(), flare:websocket()
    assert.equal("closed\t1000", support.log(one:close(), "info"))
    assert.equal(1000, one.close_code)
    assert.equal("closed\t4000", support.log(flare:websocket():close(4000), "info"))
    two:send "bye"
    assert.equal(4001, two.close_code)
    for _, connection in ipairs { one, two } do
      assert.has_error(function() connection:send "x" end, ("the connection is closed (%d)"):format(connection.close_code))
      assert.has_error(function() connection:close() end, ("the connection is closed (%d)"):format(connection.close_code))
    end
  end)

  it("needs no handler but that of messages, and says so", function()
    local flare <close> = support.load "return { ws_open = function() end }"
    local connection = flare:websocket()
    assert.has_error(function() connection:send "x" end, "the flare has no ws_message")
    assert.is_nil(connection:close())
    flare:close()
    assert.has_error(function() flare:websocket() end)
  end)
end)

describe("flare:reset", function()
  it("brings back what edge.load made", function()
    local flare <close> = support.load([[
      local flaron = require "flaron"
      return function()
        if flaron.request.method() == "PUT" then while true do end end
        flaron.spark.set("s", (flaron.spark.get "s" or "") .. "+")
        return { body = flaron.json.encode { flaron.spark.get "s", flaron.plasma.increment "p", flaron.time.now(),
          flaron.id.uuid_v7(), flaron.id.nanoid(), flaron.id.snowflake(), flaron.beam.fetch("https://a.example/").body } }
      end]], { now = 1700000000, random_seed = 7, spark = { s = "s" }, plasma = { p = 1 }, cpu_ms = 50 })
    local function ask()
      flare:stub_fetch("a%.example", { body = "stub" })
      return flare:request()
    end
    local first = ask()
    assert.same({ "s+", 2, 1700000000 }, { table.unpack(first.json(), 1, 3) })
    local second = ask()
    assert.same({ "s++", 3, 1700000000 }, { table.unpack(second.json(), 1, 3) })
    flare:advance(10)
    flare:fail("spark_get")
    flare:fail("plasma_increment", true)
    assert.are_not.equal(first.body, ask().body)
    if support.engine == "wasm2c" then flare:request { method = "PUT" } end
    for _ = 1, 2 do
      flare:reset()
      assert.same({ s = "s" }, flare:contents "spark")
      assert.same({ p = "1" }, flare:contents "plasma")
      assert.equal(first.body, ask().body)
    end
    flare:reset()
    flare:stub_fetch("b%.example", {})
    assert.is_true(flare:request().status == 500, "the stub of before still answers")
  end)

  it("is refused inside of an invocation, and of a closed flare", function()
    local flare <close> = support.load "return function() require('flaron.beam').fetch 'https://a.example/' end"
    flare:stub_fetch("a%.example", function() flare:reset() end)
    assert.has_error(function() flare:request() end, "the flare is busy: a stub cannot reset the flare that fetches")
    flare:close()
    assert.has_error(function() flare:reset() end)
  end)
end)

describe("flare:fail", function()
  it("takes the message for the code", function()
    local flare <close> = support.load [[
      local flaron = require "flaron"
      return { handle_request = function()
        return { body = flaron.json.encode { { flaron.spark.set("a", "b") }, { flaron.plasma.set("a", "b") } } }
      end, ws_open = function() print(flaron.ws.send "x") end }]]
    flare:fail("spark_set", "no capability")
    flare:fail("plasma_set", "no capability")
    flare:fail("ws_send", "too large")
    assert.equal('[[null,"no capability",9],[null,"no capability",5]]', flare:request().body)
    assert.equal("nil\ttoo large\t2", support.log(flare:event "open", "info"))
    for _, case in ipairs { { "spark_set", "send limit" }, { "ws_send", "quota" }, { "beam_fetch", "quota" }, { "spark_set", "" } } do
      assert.has_error(function() flare:fail(table.unpack(case)) end,
        ("import '%s' does not fail with '%s'"):format(case[1], case[2]))
    end
  end)
end)

describe("flare:answer", function()
  local source = [[
    local flaron = require "flaron"
    return function()
      local told, message = flaron.spark.set("key", "value")
      return { body = table.concat({ flaron.time.now(), flaron.id.ulid(), tostring(flaron.spark.get "key"),
        tostring(told or message) }, " ") }
    end]]
  local flare = assert(support.load({ ["main.lua"] = source }, { now = 1700000000, spark = { key = "there" } }))
  flare:answer("id_ulid", { "first", "second" })

  it("answers the next calls of an import, in order, and then the host does", function()
    flare:answer("timestamp", { "12" })
    flare:answer("spark_get", { false, "\0\0\0\0told" })
    flare:answer("spark_set", { 0, 2 })
    assert.equal("12 first nil true", flare:request().body)
    assert.matches("^1700000000 second told %l", flare:request().body)
    assert.equal("there", flare:contents("spark").key)
    assert.matches("^1700000000 %w+ value true$", flare:request().body)
    flare:answer("timestamp", { "13" })
    flare:answer("timestamp", { "14" })
    assert.same({ "13", "14" }, { flare:request().body:match "^%d+", flare:request().body:match "^%d+" })
  end)

  it("is taken back after a test, and what was given outside of tests is given again", function()
    assert.matches("^1700000000 first value true", flare:request().body)
    flare:reset()
    assert.matches("^1700000000 first value true", flare:request().body)
  end)

  it("counts the calls, and fails where an import is told to", function()
    flare:answer("timestamp", { "12" })
    assert.equal(1, flare:request().calls.timestamp)
    flare:answer("spark_set", { 0 })
    flare:fail("spark_set", "quota")
    assert.matches("quota$", flare:request().body)
  end)

  it("says what is wrong", function()
    assert.has_error(function() flare:answer("time_now", {}) end, "there is no import 'time_now'")
    assert.has_error(function() flare:answer("log_info", {}) end, "import 'log_info' answers nothing")
    assert.has_error(function() flare:answer("timestamp", { "1", 2 }) end, "answer 2 of import 'timestamp' is 2, not a string or false")
    assert.has_error(function() flare:answer("spark_set", { "quota" }) end, "answer 1 of import 'spark_set' is quota, not an integer")
  end)
end)

describe("flare:request", function()
  local source = [[
    local flaron = require "flaron"
    return function()
      local seen = { method = flaron.request.method(), url = flaron.request.url(), body = flaron.request.body() }
      for _, name in ipairs { "content-type", "cookie", "x-a" } do seen[name] = flaron.request.header(name) end
      return { body = flaron.json.encode(seen) }
    end]]
  local flare = support.load(source, { requires_body = true, requires_raw_auth = true })
  local function ask(request) return assert(flare:request(request)).json() end
  local function refuses(message, request)
    assert.has_error(function() flare:request(request) end, message)
  end

  it("puts paths and queries together", function()
    assert.equal("http://localhost/", ask().url)
    assert.equal("http://localhost/x?y=1", ask({ path = "/x?y=1" }).url)
    assert.equal("http://localhost/?q=a%26b&q=c%20d&r=1", ask({ query = { r = 1, q = { "a&b", "c d" } } }).url)
    assert.equal("http://localhost/x?y=1&z=%C3%BC", ask({ path = "/x?y=1#f", query = { z = "ü" } }).url)
    for given, seen in pairs {
      ["http://a"] = "http://a/", ["http://a?x"] = "http://a/?x", ["http://a#f"] = "http://a/", ["http://a?x#/f?"] = "http://a/?x",
      ["http://a:8#f"] = "http://a:8/", ["http://a/b#c#d"] = "http://a/b", ["http://a/b?c=http://d#"] = "http://a/b?c=http://d",
    } do
      assert.equal(seen, ask({ url = given }).url)
      local event <close> = support.load "local f = require 'flaron' return { ws_open = function() f.ws.send(f.request.url()) end }"
      assert.equal(seen, event:event("open", { url = given }).frames[1])
    end
    assert.equal("https://a.example/?raw=%2f", ask({ url = "https://a.example/", query = "raw=%2f" }).url)
    refuses("field 'path' is 'x', which does not begin with '/'", { path = "x" })
    refuses("field 'path' is a number, not a string", { path = 5 })
    refuses("a request has url or path, not both", { path = "/x", url = "http://localhost/" })
    refuses("'a' in the field 'query' is a function, not a string", { query = { a = print } })
  end)

  it("sends JSON and forms as what they are", function()
    local seen = ask { json = { b = { 1, 2.5, true, edge.null }, a = 'ü"\n', c = {} } }
    assert.same({ "POST", "application/json", '{"a":"ü\\"\\n","b":[1,2.5,true,null],"c":{}}' },
      { seen.method, seen["content-type"], seen.body })
    seen = ask { form = { ["a b"] = "1&2", c = { "x", "y" } }, method = "put" }
    assert.same({ "PUT", "application/x-www-form-urlencoded", "a+b=1%262&c=x&c=y" },
      { seen.method, seen["content-type"], seen.body })
    seen = ask { json = {}, headers = { ["Content-Type"] = "application/problem+json" } }
    assert.equal("application/problem+json", seen["content-type"])
    assert.equal("false", ask({ json = false }).body)
    refuses("a request has body or json, not both", { json = {}, body = "" })
    refuses("a request has json or form, not both", { json = {}, form = {} })
    refuses("JSON cannot say a function", { json = { print } })
    refuses("JSON cannot say a table with other keys than names, or 1 to n", { json = { 1, nil, 3, x = 1 } })
    local round = {}
    round[1] = round
    refuses("JSON cannot say tables that are nested this deeply", { json = round })
  end)

  it("refuses names of headers that no client could send", function()
    refuses("field 'headers': 'a b' is no name of a header", { headers = { ["a b"] = "x" } })
    refuses("field 'headers': '' is no name of a header", { headers = { [""] = "x" } })
  end)

  it("sends cookies", function()
    local headers = { ["x-a"] = "1" }
    local seen = ask { cookies = { b = "2", a = 1 }, headers = headers }
    assert.same({ "a=1; b=2", "1" }, { seen.cookie, seen["x-a"] })
    assert.same({ ["x-a"] = "1" }, headers)
    refuses("a request has cookies or a header cookie, not both", { cookies = { a = "b" }, headers = { Cookie = "c=d" } })
    refuses("'a' in the field 'cookies' has a character that no cookie has", { cookies = { a = "b; c=d" } })
  end)

  it("refuses fields that it does not know, of whatever it takes", function()
    refuses("unknown field 'hedaers' of flare:request: did you mean 'headers'?", { hedaers = {} })
    refuses("unknown field 'data' of flare:request", { data = "x" })
    refuses("unknown field '1' of flare:request", { "http://localhost/" })
    assert.has_error(function() flare:websocket { body = "x" } end, "unknown field 'body' of flare:websocket")
    local chat <close> = support.load "return { ws_message = function() end }"
    assert.has_error(function() chat:event("message", { text = "x" }) end, "unknown field 'text' of flare:event")
    assert.has_error(function() chat:event("message", { conn = "x" }) end, "unknown field 'conn' of flare:event")
    local good, message = pcall(function() flare:request { pth = "/x" } end)
    assert.is_false(good)
    assert.matches("^[^\n]*edge_spec%.lua:%d+: unknown field 'pth' of flare:request: did you mean 'path'%?$", message)
  end)

  it("refuses options of edge.load that it does not know", function()
    local message = select(2, pcall(function() edge.load({ ["main.lua"] = "return function() end" }, { secret = {} }) end))
    assert.matches("edge_spec%.lua:%d+: unknown option 'secret' of edge%.load: did you mean 'secrets'%?$", message)
  end)

  it("refuses a stub's answer with a field that it does not know", function()
    assert.has_error(function() flare:stub_fetch("x", { json = {} }) end, "unknown field 'json' of a stub's answer")
    assert.has_error(function() flare:stub_fetch("x", { staus = 1 }) end,
      "unknown field 'staus' of a stub's answer: did you mean 'status'?")
    local fetching <close> = support.load [[
      local beam = require "flaron.beam"
      return function() return { body = (beam.fetch "https://a.example/").body } end]]
    fetching:stub_fetch("a%.example", function() return { bdy = "x" } end)
    assert.has_error(function() fetching:request() end, "unknown field 'bdy' of a stub's answer: did you mean 'body'?")
  end)

  it("takes whole URLs and methods alone", function()
    for _, url in ipairs { "/x", "x", "", "http:/x", "http://", "//a.example/", "http://a b/", "http://a/\n" } do
      assert.has_error(function() flare:request { url = url } end)
    end
    refuses("field 'url' is '/x', not a whole URL such as https://example.com/: a path is the field 'path'", { url = "/x" })
    for _, method in ipairs { "", "A B", "a\r\nb", 5 } do
      assert.has_error(function() flare:request { method = method } end)
    end
    assert.same({ "POST", "PATCH", "purge" },
      { ask({ method = "post" }).method, ask({ method = "Patch" }).method, ask({ method = "purge" }).method })
    refuses("bad argument #1 to 'request' (table expected, got string)", "/x")
  end)

  it("says when a method of a flare or a connection is called with a dot", function()
    for _, name in ipairs { "request", "event", "websocket", "stub_fetch", "fail", "set_time", "advance", "contents", "reset", "wasm",
      "close" } do
      for _, argument in ipairs { {}, "x", 5 } do
        assert.has_error(function() flare[name](argument) end, ("call it flare:%s(...), with a colon"):format(name))
      end
    end
    local chat <close> = support.load "return { ws_message = function() end }"
    local connection = chat:websocket()
    assert.has_error(function() connection.send "x" end, "call it websocket:send(...), with a colon")
    assert.has_error(function() connection.receive() end, "call it websocket:receive(...), with a colon")
    assert.has_error(function() connection.close() end, "call it websocket:close(...), with a colon")
    assert.has_error(function() edge:load "main.lua" end, "call it edge.load(...), with a dot")
    assert.has_error(function() edge:cluster(3) end, "call it edge.cluster(...), with a dot")
  end)
end)

describe("A store that a spec fills", function()
  it("has no value that the flare could not have written", function()
    local main = { ["main.lua"] = "return function() end", ["flare.lua"] = "return { max_kv_value_bytes = 10 }" }
    for _, store in ipairs { "spark", "plasma" } do
      support.load(main, { [store] = { k = ("x"):rep(10) } }):close()
      assert.matches(("option '%s': 'k': 11 bytes, and a flare may write 10: max_kv_value_bytes in flare.lua"):format(store),
        select(2, pcall(support.load, main, { [store] = { k = ("x"):rep(11) } })))
    end
  end)
end)
