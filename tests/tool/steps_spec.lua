-- The steps of a request, as the page of flaron-lua dev asks for them: which lines ran, what the variables were, when one
-- changed, when a text first appeared. In a browser: browser_spec.lua.
local json = require "dkjson"
local serving = require "serving"
local support = require "support"

local main = [[
local flaron = require "flaron"
local cart = require "cart"
return function()
  local path = flaron.request.url():match "^%w+://[^/]+(.*)"
  local total = 0
  for _, price in ipairs(cart.prices) do
    total = cart.add(total, price)
  end
  flaron.spark.set("total", tostring(total))
  flaron.logging.info("total " .. total)
  local key = flaron.secrets.get "KEY"
  if path == "/long" then
    for i = 1, 300000 do
      total = i
    end
  end
  if path == "/odd" then flaron.logging.info "\xff odd" end if path == "/boom" then error(key) end
  return { body = "total: " .. total }
end
]]

local cart = [[
local cart = { prices = { 3, 4, 5 } }
function cart.add(sum, price)
  local more = sum + price
  return more
end
return cart
]]

describe("the steps of a request", function()
  local dev, id, lines

  -- What is answered; asks again while it is being made.
  local function ask(query)
    for _ = 1, 400 do
      local answer = dev.page(support.quote("steps?" .. query), "-w '\n%{http_code}'")
      local body, status = answer:match "^(.*)\n(%d+)$"
      if status ~= "202" then return json.decode(body), tonumber(status) end
    end
    error "no answer"
  end

  -- Sends a request; the id of its record.
  local function send(path)
    dev.curl(path)
    local records = json.decode(dev.page "history").records
    return math.tointeger(records[#records].id)
  end

  -- The events at which a line of a file runs.
  local function events(file, line)
    local found = {}
    for event = 1, lines.events do
      if lines.sources[lines.s[event] + 1].name == file and lines.l[event] == line then found[#found + 1] = event end
    end
    return found
  end

  local function variable(place, name)
    for _, v in ipairs(place.variables) do
      if v.name == name then return v end
    end
  end

  setup(function()
    local folder = support.project { ["main.lua"] = main, ["cart.lua"] = cart }
    local state = folder .. "/state"
    support.run("mkdir -m 700 " .. support.quote(state))
    support.cli("secret", "set", "KEY", "correct-horse-9", "--persist", state)
    dev = serving.serve(folder, "--persist " .. support.quote(state))
    dev.page ""
    id = send "/a"
    lines = ask("id=" .. id)
  end)

  teardown(function() dev.stop() end)

  it("tells each line that ran, in order, with its file, depth and calls of the host", function()
    assert.same({ "main.lua", "cart.lua" }, { lines.sources[1].name, lines.sources[2].name })
    assert.same({ main, cart }, { lines.sources[1].text, lines.sources[2].text })
    assert.equal(3, #events("cart.lua", 3))
    assert.equal(3, #events("cart.lua", 4))
    assert.equal(4, #events("main.lua", 6))
    assert.same({}, events("main.lua", 13))
    local inside = events("cart.lua", 3)[1]
    assert.equal(lines.d[events("main.lua", 7)[1]] + 1, lines.d[inside])
    local calls = {}
    for i, call in ipairs(lines.calls) do calls[i] = call.event end
    assert.same({ events("main.lua", 4)[1], events("main.lua", 9)[1], events("main.lua", 11)[1] }, calls)
    assert.same({ { event = events("main.lua", 10)[1], level = "info", line = "total 12" } }, lines.logs)
    assert.is_false(lines.cut)
  end)

  it("tells the variables before a line, and which of them the line before changed", function()
    local second = events("main.lua", 7)[2]
    local place = ask(("id=%d&at=%d&before=%d"):format(id, second, events("main.lua", 7)[1]))
    assert.same({ "3", true }, { variable(place, "total").value, variable(place, "total").changed })
    assert.same({ "4", true }, { variable(place, "price").value, variable(place, "price").changed })
    assert.same({ '"/a"', false }, { variable(place, "path").value, variable(place, "path").changed })
    assert.same({ "main.lua", 7 }, { place.frames[1].source, place.frames[1].line })
  end)

  it("tells what is in tables, and the calls around", function()
    local inside = events("cart.lua", 3)[2]
    local place = ask(("id=%d&at=%d"):format(id, inside))
    assert.same({ "cart.lua", 3, "main.lua", 7 }, { place.frames[1].source, place.frames[1].line, place.frames[2].source,
      place.frames[2].line })
    assert.same({ "3", "4" }, { variable(place, "sum").value, variable(place, "price").value })
    place = ask(("id=%d&at=%d&level=1"):format(id, inside))
    local found = variable(place, "cart")
    assert.equal("upvalue", found.kind)
    assert.equal("prices", found.inside[#found.inside].name)
  end)

  it("finds where a variable was changed, forwards and backwards", function()
    local last = events("main.lua", 9)[1]
    local found = ask(("id=%d&at=%d&change=total&backwards=1"):format(id, last))
    assert.same({ events("main.lua", 7)[3], "main.lua", 7 }, { found.event, found.source, found.line })
    found = ask(("id=%d&at=%d&change=total"):format(id, events("main.lua", 6)[1]))
    assert.same({ "main.lua", 7 }, { found.source, found.line })
    assert.equal(0, ask(("id=%d&at=%d&change=path"):format(id, last)).event)
    local answer, status = ask(("id=%d&at=%d&change=nobody"):format(id, last))
    assert.equal(409, status)
    assert.matches("nobody", answer.error)
  end)

  it("finds when a text or number first appears", function()
    local found = ask(("id=%d&at=1&find=12"):format(id))
    local place = ask(("id=%d&at=%d"):format(id, found.event))
    assert.same({ "cart.lua", 4 }, { place.frames[1].source, place.frames[1].line })
    assert.equal("12", variable(place, "more").value)
    assert.equal(0, ask(("id=%d&at=1&find=nowhere"):format(id)).event)
  end)

  it("replaces secrets that the flare read", function()
    local place = ask(("id=%d&at=%d"):format(id, events("main.lua", 12)[1]))
    assert.matches("^\"%S+\"$", variable(place, "key").value)
    assert.no.matches("correct%-horse%-9", json.encode(place))
  end)

  it("writes nothing to the stores a second time", function()
    dev.page(support.quote "kv/spark?key=total", "-X PUT -d '{\"text\":\"other\"}'")
    ask(("id=%d&at=%d&again=1"):format(id, lines.events))
    assert.equal("other", json.decode(dev.page(support.quote "kv/spark?key=total")).text)
  end)

  it("goes to the end of a request that failed", function()
    local boom = send "/boom"
    local all = ask("id=" .. boom)
    local place = ask(("id=%d&at=%d"):format(boom, all.events))
    assert.same({ "main.lua", 17 }, { place.frames[1].source, place.frames[1].line })
  end)

  it("tells a line of the log that is no UTF-8", function()
    assert.equal("? odd", ask("id=" .. send "/odd").logs[2].line)
  end)

  it("tells the first 200,000 lines of a long one, and says that there are more", function()
    local long = send "/long"
    local all = ask("id=" .. long)
    assert.same({ 200000, true }, { all.events, all.cut })
    local place = ask(("id=%d&at=200000"):format(long))
    assert.equal("main.lua", place.frames[1].source)
  end)

  it("says that a request is not kept any more", function()
    local answer, status = ask "id=999999"
    assert.equal(404, status)
    assert.matches("not kept any more", answer.error)
  end)
end)
