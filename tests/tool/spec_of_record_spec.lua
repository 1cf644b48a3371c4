-- spec_of_record_spec.lua - `flaron-lua replay --spec`: records of all kinds become specs that pass as they are and tell no secret.
local serving = require "serving"
local support = require "support"
local walkthrough = require "walkthrough"

local quote = support.quote
local SECRET = "sk_live/aB3dEf9912x=="

local main = [[
local flaron = require "flaron"
local beam, plasma, request, spark = flaron.beam, flaron.plasma, flaron.request, flaron.spark

local function show(value, more) return tostring(value) .. "," .. tostring(more) end

local routes = {}
function routes.plain() return { headers = { ["x-a"] = "it's" }, body = "says \"hi\"\n" } end
function routes.echo() return { status = 201, headers = { ["X-Size"] = tostring(#request.body()) }, body = request.body() } end
function routes.ids()
  local id = flaron.id
  return { body = table.concat({ id.uuid_v4(), id.ulid(), id.snowflake(), flaron.time.now "ns", os.clock(), math.random() }, " ") }
end
function routes.bytes() return { body = flaron.crypto.random_bytes(20) } end
function routes.stores()
  local seen = {}
  local function add(...) seen[#seen + 1] = show(...) end
  add(spark.get "there") add(spark.get "gone") add(spark.set("there", "new")) add(spark.get "there")
  add(spark.set("brief", "b", 60)) add(spark.get "brief") spark.delete "there" add(spark.get "there")
  add(plasma.get "motto") add(plasma.increment("hits", 2)) add(plasma.decrement "hits") add(plasma.get "hits")
  add(plasma.get "seen") add(plasma.increment "seen") add(plasma.set("motto", "m2")) add(plasma.get "motto") plasma.delete "motto"
  add(table.concat(plasma.list(), " ")) add(table.concat(spark.list(), " "))
  return { body = table.concat(seen, ";") }
end
function routes.ttl() return { body = show(spark.get "timed") } end
function routes.refused() return { body = show(spark.set("key", ("x"):rep(100000))) .. show(plasma.increment "motto2") } end
function routes.fetch()
  local base = request.header "x-base"
  local seen = {}
  local function ask(url, options)
    local answer, message = beam.fetch(url, options)
    seen[#seen + 1] = answer and show(answer.status, answer.body .. tostring(answer.headers["x-size"])) or tostring(message)
  end
  ask(base .. "/echo", { method = "POST", body = "one" })
  ask(base .. "/echo", { method = "POST", body = "two" })
  ask(base .. "/plain?x=1")
  ask "http://127.0.0.1:1/closed"
  return { body = table.concat(seen, "\n") }
end
function routes.odd_fetch()
  local answer = beam.fetch(request.header "x-base" .. "/bytes")
  return { body = answer and tostring(answer.lossy) .. answer.body or "none" }
end
function routes.secret()
  local key = flaron.secrets.get "API_KEY"
  local fetched, message = beam.fetch("http://127.0.0.1:1/", { headers = { authorization = "Bearer " .. key } })
  return { headers = { ["x-key"] = key }, body = key .. flaron.crypto.hmac("API_KEY", "x") .. tostring(fetched or message) }
end
function routes.token() return { body = flaron.crypto.sign_jwt("HS256", "API_KEY", { sub = "ada" }) } end
function routes.login() return { body = request.header "cookie" or "none" } end
function routes.boom() flaron.logging.warn "so" error "boom (100%)" end
function routes.pass() flaron.response.set_header("x-lost", "1") return flaron.PASS_THROUGH end
function routes.spin() while true do flaron.time.now() end end

return {
  handle_request = function() return routes[request.url():match "^%w+://[^/]+/([%w_]*)"]() end,
  ws_open = function() flaron.ws.send("welcome " .. flaron.ws.conn_id()) end,
  ws_message = function() flaron.ws.send(flaron.ws.event_data():upper()) flaron.ws.close(4000) end,
}]]

local manifest = [[return { requires_body = true, requires_raw_auth = true, writes_spark_kv = true, writes_plasma_kv = true,
  websocket = true, allowed_secrets = { "API_KEY" }, allowed_fetch_urls = { "*" } }]]

describe("flaron-lua replay --spec", function()
  local project, dev

  setup(function()
    project = walkthrough.root .. "/" .. support.folder() .. "/a project"
    support.run(("mkdir -p %s/.flaron %s/spec"):format(quote(project), quote(project)))
    support.write(project .. "/main.lua", main)
    support.write(project .. "/flare.lua", manifest)
    support.write(project .. "/.flaron/secrets.json", ('{"API_KEY": %q}'):format(SECRET))
    support.run(("chmod 600 %s/.flaron/secrets.json"):format(quote(project)))
    for _, words in ipairs { { "set", "there", "old" }, { "set", "timed", "t", "--ttl", "3600" }, { "set", "motto", "m", "--plasma" },
      { "set", "motto2", "m", "--plasma" }, { "add", "seen", "41", "--plasma" } } do
      table.move({ "--project", project }, 1, 2, #words + 1, words)
      assert.equal(0, (support.cli("kv", table.unpack(words))))
    end
    dev = serving.serve(project, "--record-secrets --record " .. quote(project .. "/.flaron/records"))
  end)

  teardown(function() dev.stop() end)

  local function records()
    local files = {}
    local _, output = support.run("ls " .. quote(project .. "/.flaron/records"))
    for name in output:gmatch "[^\n]+" do files[#files + 1] = project .. "/.flaron/records/" .. name end
    return files
  end

  -- Asks dev once; the new record.
  local function record(path, options)
    local before = {}
    for _, file in ipairs(records()) do before[file] = true end
    dev.curl(path, options)
    for _, file in ipairs(records()) do
      if not before[file] and file:find((options or ""):match "%-X (%u+)" or (options or ""):find "%-d " and "POST" or "GET", 1, true)
        and support.read(file):find(('"url": "http://127.0.0.1:%s%s'):format(dev.port, path), 1, true) then return file end
    end
    error("no record of " .. path)
  end

  -- The spec of a record; it tells no secret.
  local function make(file)
    local code, output, errors = support.cli("replay", file, project, "--spec")
    assert.same({ 0, "" }, { code, errors })
    assert.is_nil(output:find(SECRET, 1, true))
    return output
  end

  it("makes specs that pass as they are", function()
    local base = ("-H 'x-base: http://127.0.0.1:%s'"):format(dev.port)
    local specs = {
      plain = make(record "/plain?a=1+b=%C3%A4"), echo = make(record("/echo", "-d 'some text'")),
      binary = make(record("/echo", "-X PUT --data-binary \"$(printf 'a\\377\\001\\\\b')\"")),
      ids = make(record "/ids"), bytes = make(record "/bytes"), stores = make(record "/stores"), ttl = make(record "/ttl"),
      refused = make(record "/refused"), fetch = make(record("/fetch", base)), odd = make(record("/odd_fetch", base)),
      secret = make(record "/secret"), token = make(record "/token"), login = make(record("/login", "-H 'Cookie: a=1'")),
      boom = make(record "/boom"), pass = make(record "/pass"),
    }
    dev.raw("GET /room HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      .. "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x81\x82\0\0\0\0hi", 300)
    for _, file in ipairs(records()) do
      local event = file:match "%-ws_(%l+)%.json$"
      if event then specs["ws_" .. event] = make(file) end
    end
    local count = 0
    for name, content in pairs(specs) do
      count = count + 1
      support.write(("%s/spec/%s_spec.lua"):format(project, name), content)
    end
    assert.equal(17, count)
    local code, output = support.run(("unset LUA_CPATH LUA_PATH; %s%s test %s"):format(
      support.sanitizer, quote(walkthrough.tool), quote(project)))
    assert.equal(0, code, output)
    assert.matches("\n17 successes / 0 failures / 0 errors / 0 pending", output)

    -- What a reader should see as such is an option or a stub.
    local function has(name, ...)
      for _, text in ipairs { ... } do assert.is_truthy(specs[name]:find(text, 1, true), text .. " is not in\n" .. specs[name]) end
    end
    has("stores", 'spark = { there = "old"', 'plasma = { motto = "m", motto2 = "", seen = 41 }')
    assert.is_nil(specs.stores:find("flare:answer", 1, true))
    has("ttl", 'flare:answer("spark_get", {')
    has("fetch", "-- one answer after the other", ('flare:stub_fetch("^http://127%%.0%%.0%%.1:%s/plain%%?x=1$", {'):format(dev.port))
    has("odd", 'flare:answer("beam_fetch", {')
    has("secret", "secrets = { API_KEY = ", 'flare:answer("crypto_hmac", { "')
    has("plain", [[assert.equal('says "hi"\n', answer.body)]], [[{ ["x-a"] = "it's" }]], "now = ")
    has("boom", [[has.log("error", "^main%.lua:]], "assert.equal(500, answer.status)")
    has("pass", 'assert.equal("pass_through", answer.action)')
    has("ws_message", 'assert.same({ "HI" }, answer.frames)', "assert.equal(4000, answer.close_code)")
  end)

  it("says what the flare does now, and refuses what has no end or departs", function()
    local file, spin = record "/plain?changed", record "/spin"
    local code, output, errors = support.cli("replay", spin, project, "--spec")
    assert.same({ 1, "", "flaron-lua replay: " .. spin .. ": no spec can be made of it: it has no end\n" }, { code, output, errors })
    local changed = support.folder()
    support.write(changed .. "/main.lua", (main:gsub('says \\"hi\\"', "bye")))
    support.write(changed .. "/flare.lua", manifest)
    code, output, errors = support.cli("replay", file, changed, "--spec")
    assert.equal(0, code)
    assert.is_truthy(output:find([[assert.equal("bye\n", answer.body)]], 1, true), output)
    assert.matches("the outcome is not the recorded one: the spec has that of now\n$", errors)
    support.write(changed .. "/main.lua", "return function() return { body = require 'flaron.id'.ulid() } end")
    code, output, errors = support.cli("replay", file, changed, "--spec")
    assert.same({ 1, "" }, { code, output })
    assert.matches("no spec can be made of it: it departs at call 1, as `flaron%-lua replay` shows\n$", errors)
  end)

  it("makes no code of what a record says", function()
    local text = '"]]) os.execute "touch pwned" --\n\\\n os.execute "touch pwned" --[[ %s'
    local file = record "/plain"
    local content = support.read(file):gsub('"url": "http://127%.0%.0%.1:%d+/plain"', function()
      return '"url": "http://a/plain?' .. text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n") .. '"'
    end)
    support.write(file, content)
    local code, output, errors = support.cli("replay", file, project, "--spec")
    assert.same({ 0, "" }, { code, errors })
    local asked
    local environment = { describe = function(_, f) f() end, it = function(_, f) f() end, require = function()
      local function nothing() end
      local flare = { answer = nothing, stub_fetch = nothing, request = function(_, request) asked = request error "enough" end }
      return { load = function() return setmetatable({}, { __close = nothing, __index = flare }) end }
    end, assert = assert }
    assert.has_error(function() assert(load(output, "=spec", "t", environment))() end)
    assert.equal("http://a/plain?" .. text, asked.url)
  end)
end)
