-- What flaron-lua dev writes of a request: its line, the fetches that failed or were slow, the origin's part, colours.
local json = require "dkjson"
local serving = require "serving"
local support = require "support"
local system = require "system"

local main = [[
local flaron = require "flaron"
return function()
  local url = flaron.request.url()
  local path = url:match "^%w+://[^/]+(/%w*)"
  if path == "/fetch" then return { body = tostring(flaron.beam.fetch((url:match "u=(.*)"))) } end
  if path == "/key" then
    return { body = tostring(flaron.beam.fetch((url:match "u=(.*)") .. flaron.secrets.get "KEY")) }
  end
  if path == "/pass" then return flaron.PASS_THROUGH end
  if path == "/spin" then while true do end end
  if path == "/memory" then return { body = ("x"):rep(20 << 20) } end
  return { status = tonumber(url:match "status=(%d+)"), body = flaron.request.body() }
end]]

local serve, start, stop, wait = serving.serve, serving.start, serving.stop, serving.wait

describe("a line of dev", function()
  local folder, dev, origin, port

  -- The milliseconds that a line says something took: "520 ms", and "1.05 s" from a second on.
  local function milliseconds(line)
    local number, unit = line:match " ([%d.]+) (m?s)%f[%W]"
    local said = tonumber(number)
    assert.is_true(said and (unit == "ms" and said < 1000 or unit == "s" and said >= 1), line)
    return unit == "s" and said * 1000 or said
  end

  -- The report of a request: its line and what stands under it, which begin with a blank. It took no longer than it did for this side.
  local function report(path, options, of)
    local begin, before = system.monotime(), #support.read((of or dev).log .. ".out");
    (of or dev).curl(path, "-o /dev/null " .. (options or ""))
    local text = wait(function()
      local text = support.read((of or dev).log .. ".out"):sub(before + 1)
      return text ~= "" and text
    end, 4)
    local took = (system.monotime() - begin) * 1000
    for line in text:gmatch "[^\n]+" do
      if line:find "^%d" then assert.is_true(milliseconds(line) < took + 10, line) end -- "1.05 s" is rounded
      if line:find "^%d" or line:find "^  fetch:" or line:find "^  #" then assert.is_true(utf8.len(line) <= 100, line) end
    end
    return text
  end

  setup(function()
    folder = support.project {
      ["main.lua"] = main,
      ["flare.lua"] = "return { requires_body = true, allowed_fetch_urls = { '*' }, allowed_secrets = { 'KEY' } }",
    }
    support.run(("cd %s && mkdir -m 700 .flaron && echo '{\"KEY\":\"hush-hush\"}' >.flaron/secrets.json && chmod 600 .flaron/*")
      :format(folder))
    origin, port = serving.listen("node tests/support/http.mjs origin", folder .. "/origin")
    dev = serve(folder, "--origin http://127.0.0.1:" .. port)
  end)

  teardown(function()
    dev.stop()
    stop(origin, "KILL")
  end)

  it("has the time of day, status, method, path and how long it took", function()
    local _, before = support.run "date +%H:%M:%S"
    local line = report "/a?b=c"
    local _, after = support.run "date +%H:%M:%S"
    local time = line:match "^(%d%d:%d%d:%d%d) 200 GET /a%?b=c [%d.]+ m?s"
    assert.is_true(time and before <= time .. "\n" and time .. "\n" <= after, line)
    assert.matches(" 404 PATCH /%?status=404 [%d.]+ m?s", report("/?status=404", "-X PATCH"))
  end)

  it("says what of it is waiting, and the fetches", function()
    local fetching = report("/fetch?u=http://127.0.0.1:" .. port .. "/?ms=520")
    assert.matches(" 200 GET /fetch%S+ [%d.]+ m?s %([%d.]+ ms CPU, 1 fetch%)\n", fetching)
    assert.is_true(milliseconds(fetching) >= 519, fetching) -- timers of Node may be a millisecond early
    local passed = report "/pass?ms=1050"
    assert.matches(" 200 GET /pass%?ms=1050 [%d.]+ s %(origin, [%d.]+ ms CPU%)\n$", passed)
    assert.is_true(milliseconds(passed) >= 1050, passed)
  end)

  it("says what is near its limit", function()
    assert.matches("^%S+ 500 GET /spin [%d.]+ m?s %(2%d%d ms of 200 ms CPU%)\n", report "/spin")
    assert.matches("^%S+ 500 GET /memory [%d.]+ m?s %(.-[23]%d MiB of 32 MiB%)\n", report "/memory")
  end)

  it("has what the origin answered", function()
    assert.matches(" 404 GET /pass%?status=404 [%d.]+ m?s %(origin, [%d.]+ ms CPU%)\n$", report "/pass?status=404")
    local cut = report "/pass?cut"
    assert.matches(" 200 GET /pass%?cut [%d.]+ m?s %(origin, ", cut)
    assert.matches("\n  error: origin http://127.0.0.1:" .. port .. "/pass?cut: transfer closed", cut, 1, true)
    assert.matches(" client gone GET /pass%?ms=5000 [%d.]+ m?s %(origin, ", report("/pass?ms=5000", "-m 0.1"))
    local records = dev.page "history"
    assert.matches('"method":"GET","url":"[^"]*/pass%?status=404".-"origin":true,"status":404', records)
  end)

  it("says why there was no answer of an origin, in one line", function()
    local alone, dead = serve(folder), serve(folder, "--origin http://127.0.0.1:9")
    finally(function() alone.stop() dead.stop() end)
    assert.matches(" 502 GET /pass [%d.]+ m?s\n  error: there is no origin to answer this: start flaron%-lua dev with %-%-origin URL\n$",
      report("/pass", "", alone))
    assert.matches(" 502 GET /pass [%d.]+ m?s %(origin, [%d.]+ ms CPU%)\n  error: origin http://127.0.0.1:9/pass: [^\n]+\n$",
      report("/pass", "", dead))
    local said = support.read(dead.log .. ".err") -- no library says anything of its own
    assert.matches("^[^\n]+ on http[^\n]+\nrequests, logs and stores: [^\n]+\n$", said)
  end)

  it("is 100 columns at most, whatever was asked", function()
    local long = report("/" .. ("a"):rep(300) .. "?status=404", "-X " .. ("M"):rep(60))
    local without = long:gsub(" %([%d.]+ ms CPU%)", "") -- which a slow machine has in its place
    assert.matches("^%S+ 404 MMMMMMMMMMMMMMMMM%.%.%. /aaa+%.%.%. [%d.]+ m?s\n$", without)
    assert.is_true(utf8.len(long) > 90)
    report("/fetch?u=http://127.0.0.1:9/" .. ("b"):rep(300))
  end)

  it("tells of fetches that failed or were slow, with their URLs", function()
    local function fetch(url) return report("/fetch?u=" .. url):match "^[^\n]+\n(.*)$" end
    local base = "http://127.0.0.1:" .. port .. "/"
    assert.equal("", fetch(base))
    assert.matches("^  fetch: " .. base .. "%?status=503: 503 in [%d.]+ m?s\n$", fetch(base .. "?status=503"))
    local slow = fetch(base .. "?ms=510")
    assert.matches("^  fetch: " .. base .. "%?ms=510: 200 in [%d.]+ m?s\n$", slow)
    assert.is_true(milliseconds(slow) >= 509, slow)
    assert.matches("^  fetch: http://127.0.0.1:9/x: Failed to connect [^\n]+ %([%d.]+ m?s%)\n$", fetch "http://127.0.0.1:9/x")
    assert.matches("^  warn: beam.fetch: http://none.invalid/: [^\n]+\n$", fetch "http://none.invalid/")
    assert.matches("^  fetch: http://127.0.0.1:9/b+%.%.%.: [^\n]+\n$", fetch("http://127.0.0.1:9/" .. ("b"):rep(300)))
  end)

  it("shows no secret that was read", function()
    local text = report "/key?u=http://127.0.0.1:9/"
    assert.matches("  fetch: http://127.0.0.1:9/*********: ", text, 1, true)
    assert.is_nil(dev.page("history"):find("hush-hush", 1, true))
  end)

  it("has as JSON the fields that docs/dev.md names", function()
    local page, documented, seen, numbers = support.read "docs/dev.md", {}, {}, serve(folder, "--json --origin http://127.0.0.1:" .. port)
    finally(function() numbers.stop() end)
    for names in page:match "## As JSON(.-)\n## ":gmatch "\n| (`[^|]*) |" do
      for name in names:gmatch "`(%w+[%w_]*)`" do documented[name] = true end
    end
    local function note(text)
      for line in text:gmatch "[^\n]+" do
        for name in pairs(assert(json.decode(line))) do seen[name] = true end
      end
    end
    for path, options in pairs { ["/fetch?u=http://127.0.0.1:9/"] = "", ["/spin"] = "", ["/pass"] = "", ["/pass?ms=5000"] = "-m 0.1" } do
      note(report(path, options, numbers))
    end
    for name in pairs(seen) do assert.is_true(documented[name], name) end
    documented.edge, documented.event = nil, nil -- these need other specs
    for name in pairs(documented) do assert.is_true(seen[name], name) end
  end)

  it("has more under it with --verbose: memory, calls of the host, all fetches", function()
    local verbose = serve(folder, "-v")
    finally(function() verbose.stop() end)
    local text = report("/x?b", "-d abc", verbose)
    assert.matches("\n  #%d+: %d+ us CPU %(%d+%%%), [%d.]+ %a?i?B of 32 MiB, ", text)
    assert.matches("1 req_body (3 B out)", text, 1, true)
    assert.matches("1 resp_body_set (3 B in)", text, 1, true)
    assert.matches("\n  fetch: http://127.0.0.1:" .. port .. "/: 200 in ", report("/fetch?u=http://127.0.0.1:" .. port .. "/", "", verbose),
      1, true)
  end)
end)

describe("colours of dev", function()
  local folder

  setup(function() folder = support.project "return function() return 1 end" end)

  -- What dev writes of a request, on a terminal or not, with words of a shell in front and options after.
  local function written(terminal, before, words)
    local out = support.folder() .. "/out"
    local command = ("%s exec %s dev %s --port 0 %s"):format(before, support.quote(support.flaron_lua), folder, words)
    if terminal then command = ("exec script -qefc %s /dev/null"):format(support.quote(command)) end
    local pid = start(command, out)
    local function all() return (support.read(out .. ".out") or "") .. (support.read(out .. ".err") or "") end
    local port = assert(wait(function() return all():match "on http://127.0.0.1:(%d+)/" end, 5), all())
    support.run(("curl -s -m 5 http://127.0.0.1:%s/here"):format(port))
    local text = assert(wait(function() return all():find "/here[^\n]*\n" and all() end, 5), all())
    -- script(1) hands no signal on at once; it ends with what runs in it.
    stop(terminal and tonumber((support.read(("/proc/%d/task/%d/children"):format(pid, pid)))) or pid)
    return text
  end

  it("are those of a terminal that wants some, or as --color says", function()
    local green = "\27%[32m200\27%[0m GET /here"
    assert.matches(green, written(true, "TERM=xterm NO_COLOR=", ""))
    assert.is_nil(written(true, "NO_COLOR=1", ""):find "\27%[%d+m")
    assert.is_nil(written(true, "TERM=dumb", ""):find "\27%[%d+m")
    assert.is_nil(written(true, "", "--color never"):find "\27%[%d+m")
    assert.is_nil(written(false, "", ""):find "\27")
    assert.is_nil(written(false, "", "--color auto"):find "\27")
    assert.matches(green, written(false, "NO_COLOR=1", "--color always"))
  end)

  it("are refused when nobody knows them", function()
    local code, _, errors = support.cli("dev", folder, "--color", "blue")
    assert.same({ 2, true }, { code, errors:find("--color takes auto, always or never, not 'blue'", 1, true) ~= nil })
  end)
end)
