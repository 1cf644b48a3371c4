-- What a hostile review found once: each case crashed, hung, leaked or lied before it was mended.
local support = require "support"

local fetches = [[
local flaron = require "flaron"
return function()
  local response, message = flaron.beam.fetch "http://x.test/"
  if flaron.request.header "x-then" == "loop" then while true do end end
  return { body = response and response.body or message }
end]]

describe("a stub", function()
  it("cannot close or call the flare that fetches", function()
    local flare <close> = support.load(fetches)
    flare:stub_fetch("x.test", function() flare:close() end)
    assert.error_matches(function() flare:request() end, "a stub cannot close the flare that fetches")
    flare:stub_fetch("x.test", function() return flare:request() end)
    assert.error_matches(function() flare:request() end, "a stub cannot call the flare that fetches")
    flare:stub_fetch("x.test", { body = "fine" })
    assert.equal("fine", flare:request().body)
  end)

  it("may call another flare, and both keep their CPU limits", function()
    if support.engine ~= "wasm2c" then return end -- no other engine has a limit
    local inner <close> = support.load([[
      return function() return { body = tostring((('a'):rep(40):find(('a?'):rep(40) .. ('a'):rep(40)))) } end]], { cpu_ms = 50 })
    local outer <close> = support.load(fetches, { cpu_ms = 50 })
    local stopped
    outer:stub_fetch("x.test", function()
      stopped = inner:request().failed
      return { body = "inner" }
    end)
    assert.equal("inner", outer:request().body)
    assert.is_true(stopped)
    local response = outer:request { headers = { ["x-then"] = "loop" } }
    assert.equal(500, response.status)
    assert.matches("stopped: CPU time limit reached", support.log(response, "error"))
  end)
end)

describe("a flare", function()
  it("cannot fill the edge's memory with refusals", function()
    local response = support.answer("for _ = 1, 5000 do flaron.spark.delete 'bad key !' end", nil, { max_log_lines = 10 })
    assert.equal(10, #response.logs)
  end)

  it("sends nothing of an answer when it is stopped while handing it over", function()
    if support.engine ~= "wasm2c" then return end
    local script = [[
      local response = require("flaron").response
      return function()
        response.set_header("set-cookie", "session=abc")
        for i = 1, 3000 do response.set_header("x-" .. i, "v") end
      end]]
    for cpu_ms = 20, 120, 10 do
      local flare <close> = support.load(script, { cpu_ms = cpu_ms })
      local response = flare:request()
      assert.is_true(response.status == 200 or response.headers["set-cookie"] == nil)
    end
  end)

  it("cannot ask JSON for depths that the stack does not hold", function()
    local response = support.answer [[
      local good, message = pcall(flaron.json.decode_max_depth, 1000000)
      local deep = pcall(flaron.json.decode, ("["):rep(50000))
      return { body = tostring(good) .. tostring(deep) .. message }]]
    assert.matches("^falsefalse.*expected integer between 1 and 1000", response.body)
  end)

  it("is told that memory ended, not that the other side answered nonsense", function()
    local flare <close> = support.load([[
      local beam = require("flaron").beam
      return function()
        local good, message = pcall(beam.fetch, "http://x.test/")
        return { body = tostring(good) .. tostring(message) }
      end]], { memory = 8 << 20 })
    flare:stub_fetch("x.test", { body = ("x"):rep(3 << 20) })
    assert.equal("falsenot enough memory", flare:request().body)
  end)

  it("may make unknown globals an error", function()
    local flare <close> = support.load [[
      setmetatable(_G, { __index = function(_, name) error("no global " .. tostring(name)) end })
      return { handle_request = function() return { body = "strict" } end }]]
    assert.equal("strict", flare:request().body)
  end)

  it("may have more than 2 GiB of memory", function()
    local flare <close> = support.load("return function() return { body = 'big' } end", { memory = 3 << 30 })
    assert.equal("big", flare:request().body)
  end)
end)

describe("edge.load", function()
  it("refuses clocks that do not fit, and names what is wrong with a request", function()
    assert.error_matches(function() support.load("return print", { now = 1e300 }) end, "is no time in seconds")
    assert.error_matches(function() support.load("return print", { now = 0 }) end, "the clock cannot stand at 0")
    local flare <close> = support.load "return function() end"
    assert.error_matches(function() flare:request { url = true } end, "field 'url' is a boolean, not a string")
    assert.error_matches(function() flare:request { headers = 5 } end, "field 'headers' is a number, not a table")
    assert.error_matches(function() flare:request { headers = { a = {} } } end, "not a table from names to strings")
  end)

  it("is not led astray by the metamethods of a table of files", function()
    local files = setmetatable({ ["main.lua"] = "return function() end" }, { __index = function() error "astray" end })
    local flare <close> = assert(support.load(files))
    assert.equal(200, flare:request().status)
  end)
end)
