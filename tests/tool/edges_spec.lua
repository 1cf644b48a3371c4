-- flaron-lua dev --edges: several edges over real sockets that gossip, are cut off from each other and mended.
local serving = require "serving"
local json = require "dkjson"
local support = require "support"

local main = [[
local flaron = require "flaron"
local plasma, request, spark, time = flaron.plasma, flaron.request, flaron.spark, flaron.time

local verbs = {
  get = plasma.get, set = plasma.set, delete = plasma.delete, increment = plasma.increment,
  keep = spark.set, have = spark.get, now = function() return time.now "ms" end,
  pull = function(origin, ...) return spark.pull(origin, { ... }) end,
}

return function()
  local words = {}
  for word in request.url():match("^%w+://[^/]+/(.*)"):gmatch "[^/]+" do words[#words + 1] = word end
  local answers = table.pack(verbs[table.remove(words, 1)](table.unpack(words)))
  for i = 1, answers.n do answers[i] = tostring(answers[i]) end
  return { body = table.concat(answers, " ") }
end]]

local project = support.folder()
support.write(project .. "/main.lua", main)

-- The ports on which edges listen for each other.
local function between(edges)
  local _, listed = support.run(("cat /proc/%d/net/tcp"):format(edges.pid))
  local _, inodes = support.run(("ls -l /proc/%d/fd"):format(edges.pid))
  local public, ports = {}, {}
  for _, port in ipairs(edges.ports) do public[tonumber(port)] = true end
  for _, port in ipairs(json.decode(edges.page "flares").pages) do public[port] = true end
  for port, inode in listed:gmatch "0100007F:(%x+) 00000000:0000 0A %S+ %S+ %S+ +%d+ +%d+ (%d+)" do
    port = tonumber(port, 16)
    if inodes:find("socket:[" .. inode .. "]", 1, true) and not public[port] then ports[#ports + 1] = port end
  end
  return ports
end

-- Serves the project on several edges; what it answers is asked as edges.ask(NUMBER, "set/key/value").
local function serve(words, persist, before)
  local edges = serving.serve(project, ("--persist %s %s"):format(persist or support.folder(), words), before)
  local count = tonumber(words:match "%-%-edges (%d)")
  edges.ports = serving.wait(function()
    local ports = {}
    for port in support.read(edges.log .. ".err"):gmatch "on https?://[%d.]+:(%d+)/" do ports[#ports + 1] = port end
    return #ports == count and ports
  end, 5)
  function edges.ask(edge, path, options)
    local _, output = support.run(("curl -s -m 8 %s 'http://127.0.0.1:%s/%s'"):format(options or "", edges.ports[edge], path))
    return output
  end
  function edges.control(path, method)
    return json.decode(edges.page(support.quote(path), "-X " .. (method or "POST")))
  end
  -- Whether every edge answers the same; waits for it.
  function edges.all(path, expected, seconds)
    local answers = {}
    local same = serving.wait(function()
      for i = 1, count do
        answers[i] = edges.ask(i, path)
        if answers[i] ~= expected then return false end
      end
      return true
    end, seconds or 5)
    return same or table.concat(answers, ", ")
  end
  -- Waits until all links are up and nothing is pending.
  function edges.settle()
    return serving.wait(function()
      for _, link in ipairs(edges.control("edges", "GET").links) do
        if link.state ~= "up" or link.pending > 0 then return false end
      end
      return true
    end, 5)
  end
  return edges
end

describe("flaron-lua dev --edges 3", function()
  local edges

  setup(function() edges = serve "--edges 3" end)
  teardown(function() edges.stop() end)

  it("counts on all edges", function()
    for i = 1, 30 do edges.ask(i % 3 + 1, "increment/visits") end
    assert.is_true(edges.all("get/visits", "30"))
    assert.truthy(edges.settle())
  end)

  it("brings values and deletes to all edges", function()
    edges.ask(2, "set/greeting/hello")
    assert.is_true(edges.all("get/greeting", "hello"))
    edges.ask(3, "delete/greeting")
    assert.is_true(edges.all("get/greeting", "nil"))
  end)

  it("counts apart while links are cut, and comes to the exact sum when they are mended", function()
    edges.ask(1, "increment/apart/100")
    assert.is_true(edges.all("get/apart", "100"))
    edges.control "partition"
    for i = 1, 5 do edges.ask(1, "increment/apart/" .. i) end
    for _ = 1, 4 do edges.ask(2, "increment/apart/1000") end
    edges.ask(3, "increment/apart/-7")
    os.execute "sleep 0.3"
    assert.same({ "115", "4100", "93" }, { edges.ask(1, "get/apart"), edges.ask(2, "get/apart"), edges.ask(3, "get/apart") })
    edges.control "heal"
    assert.is_true(edges.all("get/apart", "4108"))
    assert.truthy(edges.settle())
  end)

  it("goes around a link that is cut", function()
    local state = edges.control "partition?a=edge-1&b=edge-3"
    local cut = {}
    for _, link in ipairs(state.links) do
      if link.state == "cut" then cut[#cut + 1] = link.from .. link.to end
    end
    assert.same({ "edge-1edge-3", "edge-3edge-1" }, cut)
    edges.ask(1, "set/around/there")
    assert.is_true(edges.all("get/around", "there"))
    edges.control "heal"
  end)

  it("cuts one edge off from all others", function()
    edges.control "partition?a=edge-3"
    edges.ask(1, "set/alone/yes")
    assert.truthy(serving.wait(function() return edges.ask(2, "get/alone") == "yes" end, 5))
    os.execute "sleep 0.2"
    assert.equal("nil", edges.ask(3, "get/alone"))
    edges.control "heal?a=edge-3"
    assert.is_true(edges.all("get/alone", "yes"))
  end)

  it("ends what was counted while it was deleted elsewhere, and counts anew", function()
    edges.ask(1, "increment/ended/5")
    assert.is_true(edges.all("get/ended", "5"))
    edges.control "partition"
    edges.ask(1, "delete/ended")
    edges.ask(2, "increment/ended/3")
    assert.equal("8", edges.ask(2, "get/ended"))
    edges.control "heal"
    assert.is_true(edges.all("get/ended", "nil"))
    edges.ask(2, "increment/ended/3")
    edges.ask(3, "increment/ended/4")
    assert.is_true(edges.all("get/ended", "7"))
  end)

  it("ends what was counted while it was set elsewhere", function()
    edges.control "partition"
    edges.ask(3, "increment/both/3")
    edges.ask(1, "set/both/a-value")
    edges.ask(2, "increment/both/3")
    edges.control "heal"
    assert.is_true(edges.all("get/both", "a-value"))
  end)

  it("pulls from another edge, which keeps what it has", function()
    edges.ask(2, "keep/session:7/seven/60")
    edges.ask(2, "keep/session:8/eight")
    assert.equal("nil", edges.ask(1, "have/session:7"))
    assert.equal("2", edges.ask(1, "pull/edge-2/session:7/session:8/session:9"))
    assert.equal("seven 60", edges.ask(1, "have/session:7"))
    assert.equal("eight", edges.ask(1, "have/session:8"))
    assert.equal("seven 60", edges.ask(2, "have/session:7"))
  end)

  it("pulls nothing from itself, from an edge that is not there or over a link that is cut", function()
    edges.ask(2, "keep/k/v")
    assert.equal("nil not available 5", edges.ask(1, "pull/edge-1/k"))
    assert.equal("nil not available 5", edges.ask(1, "pull/edge-4/k"))
    edges.control "partition?a=edge-1&b=edge-2"
    assert.equal("nil not available 5", edges.ask(1, "pull/edge-2/k"))
    assert.equal("1", edges.ask(3, "pull/edge-2/k"))
    edges.control "heal"
    assert.equal("1", edges.ask(1, "pull/edge-2/k"))
  end)

  it("brings what another process writes to all edges", function()
    local folder = support.folder()
    local other = serve("--edges 2", folder)
    support.cli("kv", "add", "outside", "5", "--plasma", "--persist", folder .. "/edge-2")
    support.cli("kv", "add", "outside", "6", "--plasma", "--persist", folder)
    local same = other.all("get/outside", "11")
    other.stop()
    assert.is_true(same)
  end)

  it("refuses names, methods and queries that mean nothing", function()
    assert.equal("there is no edge 'edge-9'", edges.control("partition?a=edge-9").error)
    assert.equal("an edge has no link to itself", edges.control("heal?a=edge-1&b=edge-1").error)
    assert.equal("b=NAME needs a=NAME", edges.control("heal?b=edge-1").error)
    assert.equal("expected a=NAME&b=NAME, not 'x'", edges.control("heal?x").error)
    assert.equal("expected POST, not GET", edges.control("heal", "GET").error)
    assert.equal("expected GET, not POST", edges.control("edges").error)
    assert.equal("403", edges.page("heal", "-X POST -H 'Origin: https://example.com' -o /dev/null -w '%{http_code}'"))
  end)

  it("tells strangers nothing, whatever they send to the ports between edges", function()
    local ports = between(edges)
    for _, port in ipairs(ports) do
      -- A pull of key "a" with a token of zeros; the exit code counts the bytes of the answer.
      local code = support.run(([[node -e 'const s = require("net").connect(%d, "127.0.0.1");
        s.write(Buffer.concat([Buffer.from([23, 0, 0, 0, 5]), Buffer.alloc(17), Buffer.from([1, 0, 0, 0, 97])]));
        let n = 0;
        s.on("data", d => n += d.length).on("error", () => {}).on("close", () => process.exit(n));
        setTimeout(() => process.exit(99), 3000)']]):format(port))
      assert.equal(0, code)
    end
    assert.equal(3, #ports)
    edges.ask(1, "set/still/there")
    assert.is_true(edges.all("get/still", "there"))
  end)

  it("drops strangers that say nothing or drip, without work, and keeps few of them", function()
    local folder = support.folder()
    -- 600 that say nothing, of whom 256 are kept, and one that sends a byte of a frame without end every 50 ms.
    local pid = serving.start(([[exec node -e 'const net = require("net"), begin = Date.now();
      let open = 600, dripped = 0;
      for (let i = 0; i < 600; i++) net.connect(%d, "127.0.0.1").on("error", () => {}).on("close", () => {
        if (--open === 300) console.log("few", Date.now() - begin);
        if (open === 0) console.log("all", Date.now() - begin);
      });
      const drip = net.connect(%d, "127.0.0.1", () => drip.write(Buffer.from([255, 255, 15, 0, 1])));
      const timer = setInterval(() => drip.write("x"), 50);
      drip.on("error", () => {}).on("close", () => { clearInterval(timer); console.log("drip", Date.now() - begin); });
      setTimeout(() => process.exit(), 15000)']]):format(between(edges)[1], between(edges)[2]), folder .. "/strangers")
    local function after(what) return tonumber((support.read(folder .. "/strangers.out") or ""):match(what .. " (%d+)")) end
    local function cpu() -- seconds of all threads: the 14th and 15th field, proc(5)
      local fields = {}
      for field in support.read(("/proc/%d/stat"):format(edges.pid)):match "%) (.*)":gmatch "%S+" do fields[#fields + 1] = field end
      return (fields[12] + fields[13]) / 100
    end
    assert.truthy(serving.wait(function() return after "few" end, 5))
    local before, begin = cpu(), os.time()
    assert.equal("nil", edges.ask(1, "get/nothing"))
    assert.truthy(serving.wait(function() return after "all" and after "drip" end, 10))
    local used = (cpu() - before) / math.max(os.time() - begin, 1)
    serving.stop(pid, "KILL")
    assert.is_true(after "all" >= 2500 and after "all" < 8000, after "all")
    assert.is_true(after "drip" < 5000, after "drip")
    assert.is_true(used < 0.3, used .. " of a processor")
    edges.ask(1, "set/after/strangers")
    assert.is_true(edges.all("get/after", "strangers"))
  end)

  it("names the edge in its log, and gives each a machine of its own", function()
    edges.ask(2, "get/anything")
    assert.truthy(serving.wait(function()
      return support.read(edges.log .. ".out"):match "edge%-2 200 GET /get/anything "
    end, 2))
  end)
end)

describe("flaron-lua dev --edges with few descriptors", function()
  it("says once that none is left, goes on with those it has, and works on when there are some again", function()
    local edges = serve("--edges 2", nil, "ulimit -n 100 && ")
    assert.truthy(edges.settle())
    local folder = support.folder()
    local pid = serving.start(([[exec node -e 'const net = require("net");
      for (let i = 0; i < 150; i++) net.connect(%d, "127.0.0.1").on("error", () => {});
      setTimeout(() => process.exit(), 20000)']]):format(between(edges)[1]), folder .. "/strangers")
    local function said() return select(2, support.read(edges.log .. ".err"):gsub("no descriptor is left: the edges", "")) end
    assert.truthy(serving.wait(function() return said() > 0 end, 5))
    assert.is_true(edges.all("get/nothing", "nil", 8))
    os.execute "sleep 1.5"
    serving.stop(pid, "KILL")
    edges.ask(1, "set/still/there")
    assert.is_true(edges.all("get/still", "there", 8))
    edges.stop()
    assert.equal(1, said())
  end)
end)

describe("flaron-lua dev --edges with --latency", function()
  it("delays what goes over a link, and pulls both ways", function()
    local edges = serve "--edges 2 --latency 400ms"
    assert.truthy(edges.settle())
    assert.equal(400, edges.control("edges", "GET").latency_ms)
    edges.ask(1, "set/slow/message")
    local at_once = edges.ask(2, "get/slow")
    os.execute "sleep 0.15"
    local soon = edges.ask(2, "get/slow")
    local later = edges.all("get/slow", "message", 3)
    edges.ask(2, "keep/k/v")
    local answer, seconds = edges.ask(1, "pull/edge-2/k", "-w ' %{time_total}'"):match "^(.*) (%S+)$"
    edges.stop()
    assert.same({ "nil", "nil", true, "1" }, { at_once, soon, later, answer })
    assert.is_true(tonumber(seconds) >= 0.8 and tonumber(seconds) < 3, seconds)
  end)

  it("loses what is on its way when a link is cut, and sends it again when it is mended", function()
    local edges = serve "--edges 2 --latency 500ms"
    assert.truthy(edges.settle())
    edges.ask(1, "increment/n/3")
    edges.control "partition"
    os.execute "sleep 0.8"
    assert.equal("nil", edges.ask(2, "get/n"))
    edges.ask(2, "increment/n/4")
    edges.control "heal"
    local same = edges.all("get/n", "7")
    edges.stop()
    assert.is_true(same)
  end)
end)

describe("flaron-lua dev --edges with --skew", function()
  local edges

  setup(function() edges = serve "--edges 3 --skew 2s" end)
  teardown(function() edges.stop() end)

  it("sets each edge's clock ahead of the one before", function()
    local first, third = tonumber(edges.ask(1, "now")), tonumber(edges.ask(3, "now"))
    assert.is_true(third - first >= 4000 and third - first < 6000, third - first)
    assert.equal(4000, edges.control("edges", "GET").edges[3].skew_ms)
  end)

  it("lets him win who writes after he saw a write, though his clock is behind", function()
    edges.ask(3, "set/seen/ahead")
    assert.is_true(edges.all("get/seen", "ahead"))
    edges.ask(1, "set/seen/behind")
    assert.is_true(edges.all("get/seen", "behind"))
    os.execute "sleep 0.2"
    assert.is_true(edges.all("get/seen", "behind"))
  end)

  it("lets the later stamp win among those that did not see each other", function()
    edges.control "partition"
    edges.ask(3, "set/unseen/ahead")
    edges.ask(1, "set/unseen/behind")
    edges.control "heal"
    assert.is_true(edges.all("get/unseen", "ahead"))
  end)
end)

describe("flaron-lua dev --edges", function()
  it("goes on where it was when it is killed, links and all", function()
    local folder = support.folder()
    local edges = serve("--edges 3", folder)
    edges.ask(1, "increment/n/10")
    assert.is_true(edges.all("get/n", "10"))
    edges.control "partition"
    edges.ask(1, "increment/n/1")
    edges.ask(2, "increment/n/2")
    edges.ask(3, "increment/n/3")
    edges.stop "KILL"
    edges = serve("--edges 3", folder)
    local same = edges.all("get/n", "16")
    edges.ask(3, "increment/n/4")
    local again = edges.all("get/n", "20")
    edges.stop "KILL"
    edges = serve("--edges 2", folder)
    local fewer = edges.all("get/n", "20")
    edges.stop()
    local code, number = support.cli("kv", "get", "n", "--plasma", "--persist", folder)
    assert.same({ true, true, true, 0, "20" }, { same, again, fewer, code, number })
  end)

  it("refuses stores that are a copy of another edge's", function()
    local folder = support.folder()
    serve("--edges 1", folder).stop()
    support.run(("mkdir %s/edge-2 && cp %s/stores.db %s/edge-2/"):format(folder, folder, folder))
    local code, _, errors = support.cli("dev", project, "--edges", "2", "--port", "0", "--persist", folder)
    assert.equal(1, code)
    assert.equal("flaron-lua dev: the stores of edge-2 are a copy of those of edge-1: remove them\n", errors)
  end)

  it("takes ports one after the other, and none when one of them is busy", function()
    local first = serving.serve(project, "--persist " .. support.folder())
    local port = tonumber(first.port)
    local code, _, errors = support.cli("dev", project, "--edges", "2", "--port", tostring(port - 1), "--persist", support.folder())
    first.stop()
    assert.equal(1, code)
    assert.matches("^flaron%-lua dev: cannot listen on 127.0.0.1:%d+: [^\n]+\n$", errors)
    for _ = 1, 20 do -- somebody else may have one of them
      port = math.random(15000, 30000)
      local free, edges = pcall(serve, ("--edges 2 --port %d"):format(port))
      if free then
        edges.stop()
        assert.same({ tostring(port), tostring(port + 1) }, edges.ports)
        break
      end
    end
    code, _, errors = support.cli("dev", project, "--edges", "2", "--port", "65535", "--persist", support.folder())
    assert.equal(1, code)
    assert.equal("flaron-lua dev: there is no port 65536 for edge-2\n", errors)
  end)

  it("loads a changed script on all edges, and says so once", function()
    local edges = serve "--edges 3"
    support.write(project .. "/main.lua", main:gsub("return function%(%)", "%0 if true then return { body = 'new' } end"))
    local same = edges.all("get/n", "new", 2)
    support.write(project .. "/main.lua", main)
    edges.all("get/n", "nil", 2)
    local code = support.run(("kill -INT %d; while kill -0 %d 2>/dev/null; do sleep 0.02; done"):format(edges.pid, edges.pid))
    local _, reloads = support.read(edges.log .. ".err"):gsub(" reloaded in ", "")
    assert.same({ true, 0, 2 }, { same, code, reloads })
    assert.matches("ended\n$", support.read(edges.log .. ".err"))
  end)

  it("names the edge in its JSON, unless there is only one", function()
    local edges = serve "--edges 2 --json"
    edges.ask(2, "get/n")
    local line = serving.wait(function() return support.read(edges.log .. ".out"):match "^({.-})\n" end, 2)
    edges.stop()
    assert.equal("edge-2", json.decode(line).edge)
    local one = serve "--edges 1 --json"
    one.ask(1, "get/n")
    line = serving.wait(function() return support.read(one.log .. ".out"):match "^({.-})\n" end, 2)
    local control = one.page("edges", "-o /dev/null -w '%{http_code}'")
    local pulled = one.ask(1, "pull/edge-2/k")
    one.stop()
    assert.is_nil(json.decode(line).edge)
    assert.same({ "404", "nil not available 5" }, { control, pulled })
  end)

  it("refuses numbers and times that are none", function()
    for _, words in ipairs { { "--edges", "0" }, { "--edges", "10" }, { "--edges", "2", "--latency", "80" },
      { "--edges", "2", "--skew", "-2s" }, { "--edges", "2", "--latency", "99999999s" }, { "--latency", "80ms" } } do
      local code, _, errors = support.cli("dev", project, table.unpack(words))
      assert.equal(2, code, table.concat(words, " "))
      assert.matches("^flaron%-lua dev: %-%-", errors)
    end
  end)
end)

describe("WebSockets on three edges", function()
  -- What a client hears on an edge that says each text when the last one is answered; `greeted` messages come before.
  local function say(edges, edge, greeted, ...)
    local words = {}
    for n, text in ipairs { ... } do words[n] = support.quote(text) end
    local code, output = support.run(("node tests/support/say.mjs %s %d %s"):format(edges.ports[edge], greeted, table.concat(words, " ")))
    assert.equal(0, code, output)
    local heard = {}
    for line in output:gmatch "[^\n]+" do heard[#heard + 1] = line end
    return heard
  end

  local function on_edges(of)
    local edges = serving.serve(of, "--edges 3 --persist " .. support.folder())
    edges.ports = serving.wait(function()
      local ports = {}
      for port in support.read(edges.log .. ".err"):gmatch "on http://[%d.]+:(%d+)/" do ports[#ports + 1] = port end
      return #ports == 3 and ports
    end, 5)
    return edges
  end

  it("are three speakers in the guide's room, and each hears all", function()
    local page, files = support.read "docs/guide/websocket-room.md", {}
    for name, source in page:gmatch "\n```lua\n%-%- (%w+%.lua)\n(.-)```" do files[name] = source end
    local edges = on_edges(support.project { ["main.lua"] = files["main.lua"], ["flare.lua"] = files["flare.lua"] })
    finally(function() edges.stop() end)
    for edge, text in ipairs { "I am A", "I am B", "I am C" } do
      assert.equal(2, #say(edges, edge, 1, json.encode { say = text }))
    end
    for edge = 1, 3 do
      local speakers = serving.wait(function()
        local found, messages = {}, json.decode(say(edges, edge, 1)[1]).messages
        for _, message in ipairs(messages) do found[message.from] = message.text end
        return #messages == 3 and found
      end, 4)
      local count = 0
      for from in pairs(assert(speakers, "edge-" .. edge .. " does not hear all")) do
        assert.matches("^guest%-%x+$", from)
        count = count + 1
      end
      assert.equal(3, count)
    end
  end)

  it("are known by ids of their own in the template", function()
    local folder, ids, count = support.folder(), {}, 0
    assert.equal(0, (support.cli("new", folder .. "/echo", "--template", "websocket")))
    local edges = on_edges(folder .. "/echo")
    finally(function() edges.stop() end)
    for edge = 1, 3 do
      local heard = say(edges, edge, 1, "hello")
      local id = heard[1]:match "^welcome, (%x+); say bye to leave$"
      assert.equal(id .. " says: hello", heard[2])
      count = count + (ids[id] and 0 or 1)
      ids[id] = true
    end
    assert.equal(3, count)
  end)
end)

describe("docs/edges.md", function()
  it("shows what happens", function()
    local edges = serving.serve("examples/plasma-counter",
      "--edges 3 --latency 80ms --persist " .. support.folder())
    local ports = {}
    serving.wait(function()
      ports = {}
      for port in support.read(edges.log .. ".err"):gmatch "on http://[%d.]+:(%d+)/" do ports[#ports + 1] = port end
      return #ports == 3
    end, 5)
    local shown, answered = {}, {}
    for block in support.read "docs/edges.md":gmatch "\n```\n(.-)```" do
      for command, output in ((block:find "^%$ [cs]" and block or "") .. "$ "):gmatch "%$ ([^\n]+)\n(.-)%f[$]" do
        local _, answer = support.run((command:gsub("curl", "curl -s"):gsub("localhost:878([789])", function(digit)
          return "127.0.0.1:" .. ports[tonumber(digit) - 6]
        end):gsub("localhost:9787", "127.0.0.1:" .. edges.page_port)))
        shown[#shown + 1], answered[#answered + 1] = output, answer
      end
    end
    edges.stop()
    assert.equal(9, #shown)
    assert.same(shown, answered)
  end)
end)
