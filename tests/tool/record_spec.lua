-- record_spec.lua - flaron-lua dev --record, run --record and replay: real requests, recorded and run again.
local json = require "dkjson"
local serving = require "serving"
local support = require "support"

local quote, wait = support.quote, serving.wait

local main = [[
local flaron = require "flaron"
local request, response, spark, encoding = flaron.request, flaron.response, flaron.spark, flaron.encoding

local function count()
  local n = tonumber((spark.get "visits") or 0) + 1
  assert(spark.set("visits", tostring(n), 60))
  return n
end

local routes = {}
function routes.count() return { body = ("%d %d %.17g"):format(count(), os.time(), math.random()) } end
function routes.ids()
  local id = flaron.id
  print(id.uuid_v4(), id.uuid_v7(), id.ulid(), id.ksuid(), id.nanoid(), id.snowflake(), os.clock())
  return { body = flaron.crypto.random_bytes(300) }
end
function routes.echo()
  response.set_header("x-empty", "")
  return { status = 201, headers = { ["X-Size"] = tostring(#request.body()) }, body = request.body() }
end
function routes.order()
  local keys = {}
  for key in pairs { a = 1, b = 2, c = 3, d = 4, [print] = 5, [{}] = 6 } do keys[#keys + 1] = tostring(key) end
  return { body = table.concat(keys, " ") }
end
function routes.boom() count() error "boom\0boom" end
function routes.fault() flaron.logging.warn("\255\0") error {} end
function routes.spin() while true do flaron.time.now() end end
function routes.memory() local t = {} while true do t[#t + 1] = ("x"):rep(100000) .. #t end end
function routes.pass() return flaron.PASS_THROUGH end
function routes.secret()
  local key = flaron.secrets.get "API_KEY"
  encoding.base64_encode("me:" .. key)
  flaron.crypto.hash("sha256", key)
  flaron.beam.fetch("http://127.0.0.1:1/" .. encoding.url_encode(key), { headers = { authorization = "Bearer " .. key } })
  return { headers = { ["x-key"] = key }, body = #key .. key }
end
function routes.login() return { body = request.header "cookie" or "none" } end

return {
  handle_request = function() return routes[request.url():match "^%w+://[^/]+/(%w*)"]() end,
}]]

-- Runs a replay; returns the exit code, standard output and standard error.
local function replay(...) return support.cli("replay", ...) end

-- The last line of what was printed.
local function last(output) return output:match "([^\n]*)\n$" end

-- The records in a folder, the oldest first.
local function records(folder)
  local files = {}
  local _, output = support.run("ls " .. quote(folder))
  for name in output:gmatch "[^\n]+" do files[#files + 1] = folder .. "/" .. name end
  return files
end

-- Serves a project with --record; `dev.record(path, options)` asks it once and returns the file of that request
-- and the answer.
local function serve(project, words)
  local folder = support.folder() .. "/records of ä"
  local dev = serving.serve(project, ("--record %s %s"):format(quote(folder), words or ""))
  dev.folder = folder
  function dev.record(path, options)
    local before = #records(folder)
    local answer = dev.curl(path, options)
    local after = records(folder)
    assert.equal(before + 1, #after)
    return after[#after], answer
  end
  return dev
end

describe("flaron-lua dev --record", function()
  local project, dev

  setup(function()
    project = support.folder() .. "/a project"
    support.run(("mkdir -p %s/.flaron"):format(quote(project)))
    support.write(project .. "/main.lua", main)
    support.write(project .. "/.flaron/secrets.json", '{"API_KEY": "sk_live/aB3dEf9912x==", "other": "x"}')
    support.run(("chmod 600 %s/.flaron/secrets.json"):format(quote(project)))
    dev = serve(project)
  end)

  teardown(function() dev.stop() end)

  local function same(path, options)
    local file, answer = dev.record(path, options)
    local code, output, errors = replay(file)
    assert.equal(0, code, output .. errors)
    assert.matches("^.*: the same, %d+ calls?[^\n]*\n$", output)
    return answer, file, output, errors
  end

  it("names files by time, request and method, for their owner alone", function()
    local file = dev.record("/order", "-X PROPFIND")
    assert.matches("^%d%d%d%d%d%d%d%dT%d%d%d%d%d%d%.%d%d%d%-%d%d%d%d%d%d+%-PROPFIND%.json$", file:match "[^/]+$")
    local _, mode = support.run(("stat -c %%a %s %s"):format(quote(dev.folder), quote(file)))
    assert.equal("700\n600\n", mode)
  end)

  it("keeps what identifies the flare and when it was", function()
    local record = json.decode(support.read((dev.record "/order")))
    assert.equal(1, record.format)
    assert.equal(project, record.flare.file)
    local packed = support.folder() .. "/packed.wasm"
    support.cli("pack", project, "-o", packed)
    local _, sum = support.run("sha256sum " .. packed)
    assert.equal(sum:match "%x+", record.flare.sha256)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$", record.begin)
    assert.equal("handle_request", record.handler)
    assert.equal(200, record.cpu_ms)
  end)

  it("is replayed with the same clock, ids, randomness, stores and order of pairs", function()
    for _, path in ipairs { "/count", "/count", "/ids", "/order" } do same(path) end
  end)

  it("is replayed with bodies of any bytes", function()
    local folder = support.folder()
    for name, body in pairs {
      empty = "",
      nul = "a\0b",
      binary = "\0\255\r\n\xed\xa0\x80",
      text = "äöü \u{10FFFF}\\\"",
      big = ("0123456789abcde\0"):rep(65536),
    } do
      support.write(folder .. "/" .. name, body)
      assert.equal(body, (same("/echo", ("--data-binary @%s/%s"):format(folder, name))))
    end
    support.run(("head -c 10485760 /dev/urandom >%s/random"):format(folder))
    local _, file = same("/echo", ("--data-binary @%s/random"):format(folder))
    assert.is_true(#support.read(file) < 30 << 20) -- the body stands in it once as asked, once as answered
  end)

  it("is replayed when the script fails", function()
    local _, file, _, log = same "/boom"
    assert.matches("main.lua:26: boom\\x00boom\nstack traceback:", log)
    assert.equal(500, json.decode(support.read(file)).response.status)
    same "/fault"
    same "/nothing"
    same "/memory"
  end)

  it("is replayed until the CPU time limit stopped it", function()
    local _, _, output = same "/spin"
    assert.matches("until the CPU time limit stopped it\n$", output)
  end)

  it("is replayed when the origin answered", function() same "/pass" end)

  it("replaces secrets everywhere, also in what the host made of them, and is replayed with the replacement", function()
    local answer, file = same "/secret"
    assert.equal("21sk_live/aB3dEf9912x==", answer)
    local content = support.read(file)
    for _, secret in ipairs { "sk_live", "aB3dEf9912x", "bWU6c2tfbGl2ZS9hQjNkRWY5OTEyeD09" } do
      assert.falsy(content:find(secret, 1, true), secret)
    end
    local record = json.decode(content)
    assert.same({ "API_KEY" }, record.redacted)
    local _, hash = support.run "printf %s 'sk_live/aB3dEf9912x==' | sha256sum"
    assert.falsy(content:find(hash:match "%x+", 1, true))
    assert.matches("the flare read a secret: its value is replaced", support.read(dev.log .. ".err"))
  end)

  it("replaces a secret in JSON whose slashes are not escaped", function()
    local folder = support.project {
      ["main.lua"] = [[
        local flaron = require "flaron"
        flaron.json.encode_escape_forward_slash(false)
        return function() return { body = flaron.json.encode { key = flaron.secrets.get "API_KEY" } } end]],
      ["flare.lua"] = "return { allowed_secrets = { 'API_KEY' } }",
      [".flaron/secrets.json"] = [[{"API_KEY":"sk/1\"zz9/x"}]],
    }
    assert(os.execute("chmod 600 " .. folder .. "/.flaron/secrets.json"))
    local code, output, errors = support.cli("run", folder, "--record", folder .. "/r.json")
    assert.equal(0, code, errors)
    assert.is_truthy(output:find([[{"key":"sk/1\"zz9/x"}]], 1, true), output)
    local record = support.read(folder .. "/r.json")
    assert.falsy(record:find("zz9", 1, true), record)
  end)

  it("replaces credentials that the flare was not given", function()
    local file, answer = dev.record("/login", "-H 'Cookie: session=abcdef' -H 'Authorization: Basic bWU6bWU='")
    assert.equal("none", answer)
    assert.falsy(support.read(file):find("abcdef", 1, true))
    assert.falsy(support.read(file):find("bWU6bWU", 1, true))
    assert.matches("the same", last(select(2, replay(file))))
  end)

  it("departs where a changed script asks something else, and names the line", function()
    local file = dev.record "/count"
    local changed = support.folder() .. "/main.lua"
    support.write(changed, (main:gsub('spark.get "visits"', 'spark.get "visitors"')))
    local code, output, errors = replay(file, changed)
    assert.equal(1, code)
    assert.equal(file .. [[: it departs at call 2 of 6
  recorded: spark.get("visits")
  now:      spark.get("visitors")
  argument 1 differs from byte 6 (6 bytes were recorded, now there are 8)
stack traceback:
	[C]: in function 'get'
	main.lua:5: in function 'count'
]], output:match "^(.-\n)\tmain.lua:11")
    assert.matches("the flare has changed since: recorded %x+, now %x+", errors)
  end)

  it("shows long bytes around where they differ", function()
    local folder = support.folder()
    local script = "return function() require('flaron.spark').set('k', ('a'):rep(5000) .. '%s' .. ('c'):rep(5000)) end"
    support.write(folder .. "/main.lua", script:format "b")
    support.write(folder .. "/other.lua", script:format "B\\n\\0")
    support.cli("run", folder .. "/main.lua", "--record", folder .. "/r.json")
    local _, output = replay(folder .. "/r.json", folder .. "/other.lua")
    assert.matches('recorded: spark%.set%("k", %.%.%."a+bc+"%.%.%., 0%)', output)
    assert.matches('now:      spark%.set%("k", %.%.%."a+B\\n\\x00c+"%.%.%., 0%)', output)
    assert.matches("argument 2 differs from byte 5001 %(10001 bytes were recorded, now there are 10003%)", output)
  end)

  it("departs when the script asks more or less than was recorded", function()
    local file = dev.record "/count"
    local changed = support.folder() .. "/main.lua"
    support.write(changed, (main:gsub("math.random%(%)", "1.0")))
    local code, output = replay(file, changed)
    assert.equal(1, code)
    assert.matches('call %d of 6\n  recorded: crypto%.random_bytes%(%d+%)\n  now:      it ends without a further call\n$', output)
    support.write(changed, (main:gsub("return { body = %(\"%%d", "spark.delete 'x' %0")))
    code, output = replay(file, changed)
    assert.equal(1, code)
    assert.matches("recorded: spark%.get%(\"visits\"%)\n  now:      spark%.delete%(\"x\"%)\n", output)
    support.write(changed, (main:gsub("(function routes.count%(%)) return (.-) end\n", "%1 local a = %2 spark.list() return a end\n")))
    code, output = replay(file, changed)
    assert.equal(1, code)
    assert.matches("it departs after call %d, the last of its record\n  recorded: there was no further call\n"
      .. "  now:      spark%.list%(%)\n", output)
  end)

  it("goes on with --go-on, and tells what became of it", function()
    local file = dev.record "/count"
    local changed = support.folder() .. "/main.lua"
    support.write(changed, (main:gsub("local n = tonumber", "encoding.hex_encode 'x' request.header 'y' spark.get 'z' %0")))
    local code, output = replay(file, changed, "--go-on")
    assert.equal(1, code)
    assert.matches("it departs at call %d of 6\n", output)
    assert.matches("going on: 1 of %d further calls had no answer\nthe outcome is the same\n$", output)
  end)

  it("tells that a changed script does not end, or fails", function()
    local file = dev.record "/count"
    local changed = support.folder() .. "/main.lua"
    support.write(changed, (main:gsub("local n = tonumber", "while true do end %0")))
    local code, output, errors = replay(file, changed)
    assert.equal(1, code)
    assert.matches("the CPU time limit stops it now\n", output)
    assert.matches("main.lua:5: stopped: CPU time limit reached\nstack traceback:", errors)
    support.write(changed, (main:gsub("local n = tonumber", "error 'other' %0")))
    code, output = replay(file, changed)
    assert.equal(1, code)
    assert.matches('recorded: spark%.get%("visits"%)\n  now:      it ends without a further call\n$', output)
  end)

  it("lets a changed script print, and tells which line is other, and what else", function()
    local file = dev.record "/count"
    local changed = support.folder() .. "/main.lua"
    support.write(changed, (main:gsub("local n = tonumber", "print 'here' %0")))
    local code, output, errors = replay(file, changed)
    assert.equal(1, code)
    assert.matches('line 1 of the log differs\n  recorded: there was none\n  now:      logging%.info%("here"%)\n', output)
    assert.matches("it makes the same calls, the outcome differs\n$", output)
    assert.matches("info: here\n", errors)
    support.write(changed, (main:gsub('{ body = %("%%d', '{ status = 404, body = ("n %%%%d')))
    code, output = replay(file, changed)
    assert.equal(1, code)
    assert.matches("the status differs\n  recorded: 200\n  now:      404\n", output)
    assert.matches("the body differs from byte 1 ", output)
  end)

  it("writes one file for each of many requests at a time", function()
    local before = #records(dev.folder)
    support.run(("seq 400 | xargs -P 24 -I{} curl -s -m 20 -d n{} -o /dev/null http://127.0.0.1:%s/echo"):format(dev.port))
    local files, seen = records(dev.folder), {}
    assert.equal(before + 400, #files)
    for i = before + 1, #files do
      local record = assert(json.decode(support.read(files[i])))
      seen[record.request.body] = record.response.body
    end
    for i = 1, 400 do assert.equal("n" .. i, seen["n" .. i]) end
    local _, rest = support.run(("find %s -name '*.part*'"):format(quote(dev.folder)))
    assert.equal("", rest)
  end)
end)

describe("flaron-lua dev --record", function()
  it("answers when a record cannot be written, says so once, and goes on when it can", function()
    local project = support.folder()
    support.write(project .. "/main.lua", "return function() return { body = 'hello' } end")
    local dev = serve(project)
    dev.record "/"
    support.run(("mv %s %s"):format(quote(dev.folder), quote(dev.folder .. "2")))
    for _ = 1, 3 do assert.equal("hello", dev.curl "/") end
    local _, told = support.read(dev.log .. ".err"):gsub("No such file or directory", "")
    assert.equal(1, told)
    support.run(("mv %s %s"):format(quote(dev.folder .. "2"), quote(dev.folder)))
    dev.record "/"
    dev.stop()
  end)

  it("answers when the disk is full", function()
    local project = support.folder()
    support.write(project .. "/main.lua", "return function() return { body = require('flaron.request').body() } end")
    support.write(project .. "/big", ("x"):rep(3 << 20))
    local log = project .. "/dev"
    local pid = serving.start(("trap '' XFSZ; ulimit -f 2048; exec %s dev %s --port 0 --record %s/records"):format(
      quote(support.flaron_lua), project, project), log)
    local port = assert(wait(function() return (support.read(log .. ".err") or ""):match "on http://[%d.]+:(%d+)/" end, 5))
    local _, answer = support.run(("curl -s --data-binary @%s/big http://127.0.0.1:%s/ | wc -c"):format(project, port))
    support.run(("curl -s -d x http://127.0.0.1:%s/"):format(port))
    serving.stop(pid)
    assert.equal(3 << 20, tonumber(answer))
    assert.matches("File too large", support.read(log .. ".err"))
    assert.equal(1, #records(project .. "/records")) -- the small one, and nothing half-written
  end)

  it("names a folder that cannot be made, and ends", function()
    local file = support.folder() .. "/file"
    support.write(file, "")
    local code, _, errors = support.cli("dev", "examples/hello", "--port", "0", "--record", file)
    assert.equal(1, code)
    assert.equal("flaron-lua dev: --record: " .. file .. ": Not a directory\n", errors)
    code, _, errors = support.cli("dev", "examples/hello", "--port", "0", "--record", file .. "/x")
    assert.equal(1, code)
    assert.equal("flaron-lua dev: --record: " .. file .. "/x: Not a directory\n", errors)
  end)

  it("is made of thousands of encodings of a secret, in no time and without one of them", function()
    local many = support.project [[
      local flaron = require "flaron"
      return function()
        local key, last = flaron.secrets.get "KEY", nil
        for i = 1, 8000 do last = flaron.encoding.hex_encode(key .. i) end
        return { body = last }
      end]]
    support.write(many .. "/secrets.json", '{"KEY": "0123456789abcdef"}')
    support.run("chmod 600 " .. many .. "/secrets.json")
    local begin = os.clock()
    local code, output = support.cli("run", many, "--url", "http://a/", "--secrets", many .. "/secrets.json", "--record",
      many .. "/record.json")
    assert.equal(0, code)
    assert.matches("3031323334353637383961626364656638303030", output)
    local content = support.read(many .. "/record.json")
    for _, secret in ipairs { "0123456789abcdef", "30313233343536373839" } do assert.falsy(content:find(secret, 1, true), secret) end
    assert.is_true(#json.decode(content).calls >= 8000)
    assert.is_true(os.clock() - begin < 5)
  end)

  it("records secrets as they are with --record-secrets, and says so", function()
    local project = support.folder()
    support.write(project .. "/main.lua", "return function() return { body = require('flaron.secrets').get('KEY'):reverse() } end")
    support.run("mkdir " .. project .. "/.flaron")
    support.write(project .. "/.flaron/secrets.json", '{"KEY": "abcdefghijkl"}')
    support.run("chmod 600 " .. project .. "/.flaron/secrets.json")
    local dev = serve(project, "--record-secrets")
    local file = dev.record "/"
    dev.stop()
    assert.truthy(support.read(file):find("abcdefghijkl", 1, true))
    assert.matches("has a secret in it, as %-%-record%-secrets wants\n", support.read(dev.log .. ".err"))
    assert.matches("the same, 2 calls$", last(select(2, replay(file))))
    dev = serve(project)
    file = dev.record "/"
    dev.stop()
    local code, output, errors = replay(file)
    assert.equal(1, code)
    assert.matches("the body differs", output)
    assert.matches("were replaced in the record, .*: KEY\n$", errors)
  end)

  it("records the events of a WebSocket, each in a file", function()
    local dev = serve("examples/websocket-echo", "--persist " .. support.folder())
    support.run("node tests/support/http.mjs ws " .. dev.port)
    assert.truthy(wait(function() return #records(dev.folder) == 23 end, 3)) -- open, 20 texts, 2 bytes, close
    dev.stop()
    for _, file in ipairs(records(dev.folder)) do
      local code, output, errors = replay(file)
      assert.equal(0, code, output .. errors)
      assert.matches("%-ws_%a+%.json$", file)
    end
    local record = json.decode(support.read(records(dev.folder)[22]))
    local event = record.request.event
    assert.same({ type = "message", connection = event.connection, data = { base64 = "AP8=" }, close_code = 0 }, event)
    assert.same({ { base64 = "AP8=" } }, record.response.frames)
  end)

  local requests = {
    ["hello"] = { "/greeting?x=1" },
    ["spark-counter"] = { "/", "/" },
    ["plasma-counter"] = { "/", "/" },
    ["secret-jwt"] = { "/?user=ada", "/" },
    ["edge-ops"] = { "/" },
    ["json-api"] = { "/notes", "/notes' -d '{\"text\":\"a\"}", "/nowhere" },
    ["beam-fetch"] = { "/" },
    ["html-rewriter"] = { "/" },
  }
  for name, paths in pairs(requests) do
    it("is replayed with examples/" .. name, function()
      local state = support.folder()
      support.write(state .. "/secrets.json", '{"JWT_SECRET": "0123456789abcdef0123456789abcdef"}')
      support.run(("chmod 600 %s/secrets.json"):format(state))
      local dev = serve("examples/" .. name, "--persist " .. state)
      for _, path in ipairs(paths) do
        dev.curl(path:match "^[^']*", (path:match "' (.*)$" or "") .. (path:find "'" and "'" or "") .. " -m 40")
      end
      dev.stop()
      local files = records(dev.folder)
      assert.equal(#paths, #files)
      for _, file in ipairs(files) do
        local code, output, errors = replay(file)
        assert.equal(0, code, output .. errors)
        assert.matches("the same, %d+ calls$", last(output))
      end
    end)
  end
end)

describe("flaron-lua replay", function()
  local folder, file

  setup(function()
    folder = support.folder()
    file = folder .. "/r.json"
    support.write(folder .. "/main.lua", "return function() return { body = require('flaron.request').url() } end")
    assert.equal(0, (support.cli("run", folder, "--record", file)))
  end)

  it("runs what `run --record` wrote", function()
    assert.matches("the same, 2 calls$", last(select(2, replay(file))))
  end)

  it("goes as far as a record that was full", function()
    local full = support.folder()
    support.write(full .. "/main.lua", [[
      local encoding, long = require "flaron.encoding", ("x"):rep(1 << 20)
      return function()
        for _ = 1, 40 do encoding.hex_encode(long) print "line" end
        return { body = "done" }
      end]])
    assert.equal(0, (support.cli("run", full, "--record", full .. "/r.json", "--cpu-ms", "0")))
    local code, output = replay(full .. "/r.json")
    assert.equal(0, code)
    assert.matches("the same, 42 calls, until its record was full\n$", output)
  end)

  it("asks for a flare when the recorded one is not here", function()
    support.write(folder .. "/moved.json", (support.read(file):gsub('"file": "[^"]*"', '"file": "/no/where"')))
    local code, _, errors = replay(folder .. "/moved.json")
    assert.equal(1, code)
    assert.matches("its flare was /no/where, which is not here: name it behind the record\n$", errors)
    assert.equal(0, (replay(folder .. "/moved.json", folder)))
  end)

  it("refuses a flare without the handler", function()
    local other = folder .. "/other.lua"
    support.write(other, "return { ws_message = print }")
    local code, _, errors = replay(file, other)
    assert.equal(1, code)
    assert.equal("flaron-lua replay: " .. other .. ": it has no handle_request\n", errors)
  end)

  it("names line and column where a file is cut off", function()
    local bad = folder .. "/bad.json"
    support.write(bad, support.read(file):sub(1, -100))
    local code, output, errors = replay(bad)
    assert.equal(1, code)
    assert.equal("", output)
    assert.matches("^flaron%-lua replay: [^\n]*bad%.json:%d+:%d+: [^\n]+\n$", errors)
  end)

  it("survives a file cut off anywhere", function()
    local whole, bad = support.read(file), folder .. "/bad.json"
    for size = 0, #whole - 3, 23 do
      support.write(bad, whole:sub(1, size))
      local code, _, errors = replay(bad)
      assert.equal(1, code)
      assert.matches("^flaron%-lua replay: [^\n]+\n$", errors)
    end
  end)

  it("says what is wrong with what is no record", function()
    local whole, bad = support.read(file), folder .. "/bad.json"
    for change, message in pairs {
      ['"format": 1'] = { '"format": 9', "its format is 9, this flaron%-lua knows 1" },
      ['"handle_request"'] = { '"handle_%%s"', "'handler' is 'handle_%%s', which nobody knows" },
      ['"import": "req_url"'] = { '"import": "exec"', "call 1: there is no import 'exec'" },
      ['"arguments": %[%]'] = { '"arguments": [1]', "call 1: 'arguments' are none of req_url" },
      ['"answer": "[^"]*"'] = { '"answer": {"base64": "?"}', "call 1: 'answer' is none of req_url" },
      ['"status": 200'] = { '"status": -1', "'status' is no whole number from 0 to 2147483647" },
      ['"headers": %[%]'] = { '"headers": [[1, 2]]', "'headers' has something that is not %[name, value%]" },
      ['"result": {'] = { '"results": {', "'result' is no object" },
    } do
      local content, n = whole:gsub(change, message[1], 1)
      assert.equal(1, n, change)
      support.write(bad, content)
      local code, _, errors = replay(bad)
      assert.equal(1, code)
      assert.matches("^flaron%-lua replay: [^\n]*bad%.json: it is no record of this flaron%-lua: " .. message[2] .. "\n$", errors)
    end
    support.write(bad, "-- main.lua")
    local _, _, errors = replay(bad)
    assert.matches("^flaron%-lua replay: [^\n]*bad%.json:1:1: [^\n]*: it is no record\n$", errors)
    for _, content in ipairs { "[]", "1", "{}", "null", "" } do
      support.write(bad, content)
      assert.equal(1, (replay(bad)))
    end
  end)

  it("takes no more memory than its limits, whatever a record has", function()
    local whole, big = support.read(file), folder .. "/big.json"
    local function with(change, value) return (whole:gsub(change, function() return value end, 1)) end
    local body = '"body": "' .. ("x"):rep(8500000) .. '"'
    local handed = with('"body": "[^"]*"', body)
    local from = '{"import": "spark_get", "arguments": ["k"], "answer": {"from": "request.body"}},'
    local sent = '{"import": "ws_send", "arguments": [{"from": "request.body"}], "answer": 0},'
    local pair, call = '["a", "b"],', '{"import": "req_method", "arguments": [], "answer": "GET"},'
    for content, message in pairs {
      [handed:gsub('"calls": %[', function() return '"calls": [' .. from:rep(2000) end)] =
        "call 16: the calls up to it are more than 1048576, or have more than 134217728 bytes",
      [handed:gsub('"calls": %[', function() return '"calls": [' .. sent:rep(2000) end)] = "call 16: the calls up to it are",
      [with('"calls": %[', '"calls": [' .. call:rep(1100000))] = "call 1048577: the calls up to it are more than 1048576",
      [with('"headers": %[', '"headers": [' .. pair:rep(70000) .. pair:sub(1, -2))] = "'headers' has 70001 items, more than 65536",
      ["[" .. ("[],"):rep(2800000) .. "[]]"] = "it has more values than any record of 8400004 bytes",
      ['{"' .. ("a"):rep(9) .. '": [' .. ("{},"):rep(2800000) .. "{}]}"] = "it has more values than any record",
    } do
      support.write(big, content)
      local code, output, errors = support.run(("/usr/bin/time -f %%M timeout 100 %s replay %s %s")
        :format(quote(support.flaron_lua), quote(big), quote(folder)))
      assert.same({ 1, "" }, { code, output })
      assert.matches("it is no record of this flaron-lua: " .. message, errors, 1, true)
      local most = (os.getenv "SANITIZE" or "") ~= "" and 1e9 or 1200
      assert.is_true(tonumber(errors:match "(%d+)\n$") >> 10 < most, errors)
    end
    support.write(big, ("["):rep(100000))
    assert.matches("big%.json:1:2049: maximum parsing depth reached", select(3, replay(big, folder)))
    os.remove(big)
  end)

  it("believes a record's limit of CPU time only up to its own", function()
    assert.matches("and at most 10000)", select(2, replay "--help"), 1, true)
    local endless, record = support.folder(), folder .. "/limit.json"
    support.write(endless .. "/main.lua", "return function() while true do end end")
    local function seconds(cpu_ms, stopped, ...)
      local content = support.read(file):gsub('"cpu_ms": %d+', '"cpu_ms": ' .. cpu_ms):gsub('"stopped": %a+', '"stopped": ' .. stopped)
      support.write(record, content)
      local code, output, errors = support.run(("/usr/bin/time -f %%U timeout 100 %s replay %s %s %s"):format(
        quote(support.flaron_lua), quote(record), quote(endless), table.concat({ ... }, " ")))
      assert.is_true(code < 2)
      assert.matches(".", output)
      return tonumber(errors:match "([%d.]+)\n$")
    end
    assert.is_true(seconds("2147483647", "true") < 13)
    assert.is_true(seconds("100", "true") < 2)
    assert.is_true(seconds("20", "false") < 2)
    assert.is_true(seconds("0", "false", "--cpu-ms 300") < 2)
    for _, cpu_ms in ipairs { "-1", "2147483648", "1e400", "\"1\"", "null", "1.5" } do
      support.write(record, (support.read(file):gsub('"cpu_ms": %d+', '"cpu_ms": ' .. cpu_ms)))
      local code, _, errors = replay(record, endless)
      assert.equal(1, code)
      assert.matches("cpu_ms' is no whole number from 0 to 2147483647\n$" , (errors:gsub("limit.json:%d+:%d+: [^\n]*: it is no record",
        "cpu_ms' is no whole number from 0 to 2147483647")))
    end
  end)

  it("names a file that is not there, and tells how it is used", function()
    local code, _, errors = replay(folder .. "/none.json")
    assert.equal(1, code)
    assert.equal("flaron-lua replay: " .. folder .. "/none.json: No such file or directory\n", errors)
    assert.equal(2, (replay()))
    assert.equal(2, (replay(file, folder, "third")))
    assert.equal(2, (replay(file, "--cpu-ms", "x")))
    assert.equal(2, (replay(file, "--memory", "1")))
    assert.equal(2, (replay(file, "--nonsense")))
    assert.matches("^usage: flaron%-lua replay FILE", select(2, replay "--help"))
  end)
end)
