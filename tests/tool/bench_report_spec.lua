-- bench_report_spec.lua - what `make bench` writes: tables, charts; and its sites, which must be packed and answer.
local chart = require "bench.chart"
local common = require "bench.common"
local report = require "bench.report"
local support = require "support"

describe("a table of the benchmarks", function()
  it("has its columns below each other, counted in letters", function()
    assert.equal([[
| what | time, µs |
| ---- | -------: |
| µ    |      1.5 |
| long |        – |]], report.table { columns = { "what", "time, µs" }, rows = { { "µ", "1.5" }, { "long", "–" } } })
  end)

  it("shows about three digits of a figure", function()
    assert.same({ "0.12", "9.94", "10.0", "123", "–" },
      { common.short(0.123), common.short(9.94), common.short(9.96), common.short(123.4), common.short(nil) })
  end)
end)

describe("a chart of the benchmarks", function()
  local function draw(log)
    return chart.svg { title = 'a < b & "c"', log = log, groups = {
      { name = "first", { series = "one", value = 2 }, { series = "two", value = 4 } },
      { name = "second", { series = "two", value = 1 } },
    } }
  end

  it("has a title, a legend and the figures as text, escaped", function()
    local svg = draw()
    assert.truthy(svg:find('<title id="title">a &lt; b &amp; &quot;c&quot;</title>', 1, true))
    for _, text in ipairs { "one", "two", "first", "second", "2.00", "4.00", "1.00" } do
      assert.truthy(svg:find(">" .. text .. "</text>", 1, true), text)
    end
  end)

  it("draws bars as long as their values say", function()
    local long = {}
    for width in draw():gmatch '<rect class="s%d" x="%d+" y="[%d.]+" width="([%d.]+)" height="11"' do long[#long + 1] = tonumber(width) end
    assert.same({ 245, 490, 122.5 }, long)
  end)

  it("shows also the least value of a logarithmic one", function()
    for width in draw(true):gmatch 'width="([%d.]+)" height="11"' do assert.is_true(tonumber(width) > 50) end
  end)
end)

describe("bench/run.lua", function()
  it("refuses a group that there is not", function()
    local code, _, errors = support.run "lua5.4 bench/run.lua 7"
    assert.equal(2, code)
    assert.equal("bench: there is no group '7'; they are 1 to 6\n", errors)
  end)
end)

describe("a site of the benchmarks", function()
  for _, name in ipairs { "hello", "json", "body", "echo" } do
    it(name .. " is packed and answers", function()
      local flare <close> = support.load(("bench/sites/%s/"):format(name))
      if name == "echo" then
        local connection = flare:websocket()
        connection:send "hello"
        assert.equal("hello", connection:receive())
      else
        assert.truthy(#flare:request({ url = "https://example.com/items" }).body > 20)
      end
    end)
  end
end)
