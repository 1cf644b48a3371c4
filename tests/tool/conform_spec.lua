-- `flaron-lua conform`: the report of the local edge, the flare that makes the same one elsewhere, and how reports are compared.
local dkjson = require "dkjson"
local edge = require "flaron.edge"
local serving = require "serving"
local support = require "support"

local KEY, TOKEN, URL = "flaron-lua-conform-public-key-32", "a-token-of-20-letters", "https://edge.example/conform"

-- The request that `conform -o` tells, as its words for curl have it.
local request = {
  method = "POST", url = URL .. "?q=a%20b+c%2Fd%c3%a4", body = "conform body",
  headers = { ["x-conform-token"] = TOKEN, ["x-conform"] = "a, b", ["content-type"] = "text/plain", authorization = "Conform",
    cookie = "conform=1", ["x-flaron-conform"] = "1" },
}

-- The flare to be deployed, packed once; the path, and what the command said.
local function packed()
  local path = support.folder() .. "/conform.wasm"
  local code, output, errors = support.cli("conform", "-o", path, "--token", TOKEN, "--url", URL)
  assert.same({ 0, "" }, { code, errors })
  return path, output
end

-- Deploys the flare on a host: edge.load's options, and `change`, which gets the flare. Returns the report's path.
local function deployed(options, change)
  local path = packed()
  options.secrets = options.secrets or { CONFORM_KEY = KEY }
  local flare <close> = assert(edge.load(path, options))
  local itself <close> = assert(edge.load(path, options))
  flare:stub_fetch("^https?://", function(fetch)
    if fetch.url:sub(1, #URL) ~= URL then return nil end
    local answer = assert(itself:request(fetch))
    if answer.action ~= "respond" then return { body = "" } end
    return { status = answer.status, headers = answer.headers, body = answer.body }
  end)
  if change then change(flare, itself) end
  local answer = assert(flare:request(request))
  assert.equal(200, answer.status)
  support.write(path .. ".json", answer.body)
  return path .. ".json"
end

-- Compares a report, which departs in exactly these probes; returns what was said.
local function departs(path, names)
  local code, output, errors = support.cli("conform", "--compare", path)
  assert.equal("", errors)
  local found = {}
  for name in output:gmatch "(%S+): [^\n]+\n  local edge: " do found[#found + 1] = name end
  table.sort(found)
  table.sort(names)
  assert.same(names, found)
  assert.equal(#names > 0 and 1 or 0, code)
  return output
end

describe("conform", function()
  it("prints what the local edge does, each question with its name, answer and what to beware of", function()
    local code, output, errors = support.cli "conform"
    assert.same({ 0, "" }, { code, errors })
    local report, got = dkjson.decode(output), {}
    for _, probe in ipairs(report.probes) do
      assert.is_nil(got[probe.name], probe.name)
      assert.is_nil(probe.skipped, probe.name)
      assert.matches("%?$", probe.question)
      assert.matches("%.$", probe.beware)
      got[probe.name] = probe.got
    end
    assert.is_true(#report.probes > 100)
    assert.is_true(#report.not_probed > 5)
    local some = { ["url_encode.blank"] = "a+b", ["hmac.hash"] = "sha256, hex", ["aes.layout"] = "understood",
      ["request.header.joined"] = "a, b", ["request.header.cookie"] = "nothing", ["spark.ttl"] = "900 to 1000",
      ["spark.key.over"] = "nothing: bad key (code 8)", ["plasma.value.over"] = "nothing: too large (code 3)",
      ["fetch.most"] = "16 in all", ["time.ns"] = "digit*19", ["hash.name.blake3"] = "nothing",
      ["response.transform"] = "status not sent, header not sent, body not sent" }
    for name, value in pairs(some) do assert.equal(value, got[name], name) end
  end)

  it("writes a flare that makes the same report, says how it is asked, and keeps its token from others", function()
    local path, said = packed()
    for _, text in ipairs { TOKEN, KEY, URL .. "*", "-H 'X-Conform: b'", "--data-binary 'conform body' '" .. request.url .. "'" } do
      assert.is_number(said:find(text, 1, true), text)
    end
    assert.same({ 0, "600\n", "" }, { support.run("stat -c %a " .. path) })
    local report = deployed {}
    departs(report, {})
    for _, probe in ipairs(dkjson.decode(support.read(report)).probes) do assert.equal(probe.got, probe.expected) end
  end)

  it("makes a flare that answers 404 without the token, and leaves no key", function()
    local flare <close> = assert(edge.load(packed(), { secrets = { CONFORM_KEY = KEY } }))
    for _, token in ipairs { "", "another-token-of-letters" } do
      local answer = flare:request { url = URL .. "?conform=echo", headers = { ["x-conform-token"] = token } }
      assert.same({ 404, "" }, { answer.status, answer.body })
    end
    assert.equal(200, flare:request(request).status)
    assert.same({}, flare:contents "spark")
    assert.same({}, flare:contents "plasma")
  end)

  it("tells where a host departs whose limits are others", function()
    local report = deployed { max_kv_value_bytes = 1000, max_fetch_requests = 30, requires_raw_auth = true }
    local said = departs(report, { "spark.value.most", "plasma.value.most", "fetch.most", "request.header.authorization",
      "request.header.cookie", "request.header.flaron" })
    assert.is_number(said:find("spark.value.most: Spark: Is a value of 64 KiB taken?\n  local edge: 65536 bytes come back\n" ..
      "  there:      nothing: too large (code 2)\n  beware:     Keep values and keys well below the limit.\n", 1, true), said)
    assert.matches("\n6 of %d+ answers depart from the local edge's\n$", said)
  end)

  it("tells where a host departs that answers in another way, or not at all", function()
    local report = deployed({ secrets = {} }, function(flare)
      flare:answer("encoding_url_encode", { "a%20b" })
      flare:answer("crypto_hash", { ("AB"):rep(16) })
      flare:answer("timestamp", { "1700000000" })
      flare:fail("encoding_hex_decode", true)
      flare:fail("plasma_set", "not available")
    end)
    local said = departs(report, { "url_encode.blank", "hash.sha384", "uuid_v7.form", "hex_decode.case", "plasma.bytes",
      "plasma.counter.set", "plasma.counter.value", "plasma.key.empty", "plasma.key.most", "plasma.key.over", "plasma.key.slash",
      "plasma.key.utf8", "plasma.list", "plasma.value.most", "plasma.value.over" })
    assert.is_number(said:find("hmac.hash: not asked: the host has no secret CONFORM_KEY that the flare may read\n", 1, true), said)
  end)

  it("asks for no fetches without a URL", function()
    local path = support.folder() .. "/conform.wasm"
    assert.equal(0, (support.cli("conform", "-o", path, "--token", TOKEN)))
    local flare <close> = assert(edge.load(path, { secrets = { CONFORM_KEY = KEY } }))
    flare:stub_fetch("^http://conform.invalid/", function() return nil end)
    support.write(path .. ".json", flare:request(request).body)
    local said = departs(path .. ".json", {})
    assert.is_number(said:find("fetch.echo: not asked: fetches are probed when --url says where the flare is deployed\n", 1, true), said)
  end)

  it("finds nothing that departs in `dev`, asked by curl as it says", function()
    local folder = support.folder()
    local path = folder .. "/conform.wasm"
    assert.equal(0, (support.cli("conform", "-o", path, "--token", "the-first-of-2-tokens")))
    assert.equal(0, (support.cli("secret", "set", "CONFORM_KEY", KEY, "--persist", folder .. "/state")))
    local dev = serving.serve(path, "--quiet --cpu-ms 5000 --persist " .. folder .. "/state")
    local url = ("http://127.0.0.1:%s/conform"):format(dev.port)
    local _, said = support.cli("conform", "-o", path, "--token", TOKEN, "--url", url)
    local command = said:match "  (curl [^\n]+) >report.json\n"
    local report = serving.wait(function()
      local _, output = support.run(command)
      return output ~= "" and output
    end, 10)
    dev.stop()
    support.write(folder .. "/report.json", report)
    departs(folder .. "/report.json", {})
  end)
end)

describe("conform --compare", function()
  local function refusal(content)
    local path = support.folder() .. "/report.json"
    if content then support.write(path, content) end
    local code, output, errors = support.cli("conform", "--compare", path)
    assert.same({ 1, "" }, { code, output })
    return (errors:gsub("^flaron%-lua conform: ", ""):gsub("build/tmp/%w+/", ""))
  end

  it("refuses what is no report, with file and place", function()
    assert.equal("report.json: No such file or directory\n", refusal(nil))
    assert.matches("^report.json:2: it is no report, which is JSON: ", refusal '{\n"format": }')
    assert.matches("^report.json:1: it is no report, which is JSON: ", refusal "")
    assert.equal('report.json: it is no report of this flaron-lua conform: its "format" is not "flaron-lua conform 1"\n', refusal "{}")
    assert.matches("^report.json: it is no report of this", refusal "[1]")
    local function report(probes) return '{ "format": "flaron-lua conform 1", "probes": ' .. probes .. " }" end
    assert.equal('report.json: it is no report: "probes" is not a list\n', refusal(report '{ "name": "a" }'))
    assert.equal('report.json: it is no report: probe 2 has no string "got"\n',
      refusal(report '[{ "name": "a", "got": "x" }, { "name": "b", "got": 1 }]'))
    assert.equal('report.json: it is no report: probe 1 has no string "name"\n', refusal(report "[7]"))
  end)

  it("fails for a report that answers none of the questions", function()
    local path = support.folder() .. "/report.json"
    support.write(path, '{ "format": "flaron-lua conform 1", "probes": [{ "name": "a", "got": "x" }] }')
    local code, output, errors = support.cli("conform", "--compare", path)
    assert.equal(1, code)
    assert.matches("url_encode.blank: not asked: the report is of another version\n", output)
    assert.equal("flaron-lua conform: " .. path .. ": it answers none of the questions\n", errors)
  end)

  it("reads standard input, and lets a report write nothing but text to a terminal", function()
    local probe = '{ "format": "flaron-lua conform 1", "probes": [{ "name": "url_encode.blank", "got": "\\u001b[2J" }] }'
    local code, output = support.run(("printf '%%s' %s | %s conform --compare -"):format(support.quote(probe),
      support.quote(support.flaron_lua)))
    assert.equal(1, code)
    assert.is_number(output:find("  there:      \\x1b[2J\n", 1, true), output)
  end)
end)

describe("the words of conform", function()
  it("are refused when they make no sense", function()
    local function misuse(...)
      local code, output, errors = support.cli("conform", ...)
      assert.same({ 2, "" }, { code, output })
      return errors
    end
    assert.matches("--output needs --token", misuse("-o", "x.wasm"), 1, true)
    assert.matches("16 to 200 letters", misuse("-o", "x.wasm", "--token", "short"), 1, true)
    assert.matches("16 to 200 letters", misuse("-o", "x.wasm", "--token", TOKEN .. "'"), 1, true)
    assert.matches("--output and --compare", misuse("-o", "x.wasm", "--token", TOKEN, "--compare", "r.json"), 1, true)
    for _, url in ipairs { "example.com", "https:///a", "https://example.com", "https://example.com/*", "https://example.com/?q=1",
      "ftp://example.com/" } do
      assert.matches("a URL with a path and no query", misuse("-o", "x.wasm", "--token", TOKEN, "--url", url), 1, true)
    end
    misuse("--token", TOKEN)
    misuse("a word")
  end)
end)

describe("a report that is followed", function()
  -- Answers of a host that the local edge can follow, by probe.
  local manners = {
    ["url_encode.blank"] = "a%20b", ["url_decode.plus"] = "a+b c", ["hex_encode.case"] = "AB00FF", ["hmac.hash"] = "sha512, hex",
    ["hash.name.md5"] = "nothing", ["hash.name.sha1"] = "nothing", ["hash.name.blake2b"] = "nothing",
    ["hash.sha384"] = "nothing: algorithm not supported", ["time.rfc3339"] = "0000-00-00T00:00:00.000Z",
    ["time.iso8601"] = "0000-00-00T00:00:00.000Z", ["fetch.redirect"] = "302", ["fetch.most"] = "20 in all",
  }

  -- A report of a host with these answers, and others; its path.
  local function report(answers, others)
    local probes = {}
    for name, got in pairs(answers) do probes[#probes + 1] = { name = name, got = got, expected = "another" } end
    for name, got in pairs(others or {}) do probes[#probes + 1] = { name = name, got = got, expected = "its own" } end
    local path = support.folder() .. "/report.json"
    support.write(path, dkjson.encode { format = "flaron-lua conform 1", probes = probes })
    return path
  end

  local script = [[
local flaron = require "flaron"
return function() return { body = flaron.encoding.url_encode "a b" } end
]]

  it("makes the local edge answer as that host does, which its own report shows", function()
    local names = {}
    for name in pairs(manners) do names[#names + 1] = name end
    local said = departs(deployed { conform = report(manners) }, names)
    for name, got in pairs(manners) do
      local shown = said:match(name:gsub("%.", "%%.") .. ": [^\n]+\n  local edge: [^\n]+\n  there:      ([^\n]+)")
      assert.equal(got, shown, name)
    end
    for _, hash in ipairs { "sha1", "sha384" } do
      departs(deployed { conform = report { ["hmac.hash"] = hash .. ", hex" } }, { "hmac.hash" })
    end
  end)

  it("is one for run, dev and test", function()
    local folder = support.project { ["main.lua"] = script, ["spec/main_spec.lua"] = [[
it("follows", function() assert.equal("a%20b", assert(require "flaron.edge".load "main.lua"):request().body) end)]] }
    local path = report(manners)
    local _, output = support.cli("run", folder, "--conform", path)
    assert.matches("\n\na%%20b\n?$", output)
    assert.matches("\n\na%+b\n?$", (select(2, support.cli("run", folder))))
    assert.equal(0, (support.cli("test", folder, "--conform", path)))
    assert.equal(1, (support.cli("test", folder)))
    local dev = serving.serve(folder, "--quiet --conform " .. path)
    local body = dev.curl "/"
    dev.stop()
    assert.equal("a%20b", body)
  end)

  it("tells what is not followed, once and in each tool", function()
    local folder = support.project { ["main.lua"] = script, ["spec/main_spec.lua"] = [[
local edge = require "flaron.edge"
it("loads", function() assert(edge.load "main.lua") assert(edge.load "main.lua") end)]] }
    local path = report(manners, { ["spark.empty"] = "nothing\27[2J" })
    local note = ": spark.empty: 'nothing\\x1b[2J' is not followed: here it is 'its own'\n"
    local _, _, errors = support.cli("run", folder, "--conform", path)
    assert.equal(path .. note, errors)
    local code
    code, _, errors = support.cli("test", folder, "--conform", path)
    assert.equal(0, code)
    local _, times = errors:gsub("is not followed", "")
    assert.equal(1, times, errors)
    code, _, errors = support.cli("run", folder, "--conform", report { ["spark.empty"] = "another" }) -- as here
    assert.same({ 0, "" }, { code, errors })
    for _, got in ipairs { "more than 24", "-1 in all", " 7 in all", "7 in all that", "99999999999999999999 in all" } do
      _, _, errors = support.cli("run", folder, "--conform", report({}, { ["fetch.most"] = got }))
      assert.matches("'" .. got .. "' is not followed", errors, 1, true)
    end
  end)

  it("is refused when it is none", function()
    local folder = support.project(script)
    local none = folder .. "/none.json"
    for _, command in ipairs { "run", "dev", "test" } do
      local code, output, errors = support.cli(command, folder, "--conform", none)
      assert.same({ 1, "", ("flaron-lua %s: %s: No such file or directory\n"):format(command, none) }, { code, output, errors })
    end
    support.write(none, "{}")
    assert.matches('its "format" is not "flaron%-lua conform 1"\n$', (select(3, support.cli("run", folder, "--conform", none))))
    local flare, message = edge.load(folder, { conform = none })
    assert.is_nil(flare)
    assert.matches("it is no report", message, 1, true)
    assert.has_error(function() edge.load(folder, { conform = 1 }) end, "option 'conform' is a number, not a string")
  end)
end)
