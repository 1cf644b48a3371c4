-- spark.pull between edges: option `edges` of edge.load is what the others have.
local support = require "support"

local script = [[
local spark, json = require "flaron.spark", require "flaron.json"
return function()
  local count, message, code = spark.pull("fra-1", { "a", "b", "missing" })
  local again = table.pack(spark.pull("fra-1", { "a" }))
  return { body = json.encode { count or json.null, message or json.null, code or json.null, again[2], spark.get "b" or json.null } }
end]]

describe("spark.pull", function()
  it("moves the keys that the other edge has, once an invocation", function()
    local flare <close> = support.load(script, { edges = { ["fra-1"] = { a = "1", b = "two\0", c = "3" } } })
    assert.equal([=[[2,null,null,"write limit","two\u0000"]]=], flare:request().body)
    assert.same({ a = "1", b = "two\0" }, flare:contents "spark")
  end)

  it("answers 'not available' for an edge that cannot be reached", function()
    local flare <close> = support.load(script, { edges = { ["ams-1"] = { a = "1" } } })
    assert.equal([=[[null,"not available",5,"write limit",null]]=], flare:request().body)
  end)

  it("refuses more keys than an invocation may pull", function()
    local flare <close> = support.load(script, { edges = { ["fra-1"] = { a = "1" } }, max_spark_pull_per_invocation = 2 })
    assert.matches('^%[null,"write limit",3', flare:request().body)
  end)
end)

describe("names with a NUL in them", function()
  it("are no fields of an answer", function()
    local flare <close> = support.load "return function() return { ['status\\0x'] = 404 } end"
    local response = flare:request()
    assert.equal(500, response.status)
    assert.matches("unknown field", support.log(response, "error"))
  end)

  it("are no options of a fetch", function()
    local response = support.answer [[
      local good, message = pcall(flaron.beam.fetch, "http://localhost/", { ["body\0x"] = "hi" })
      return { body = message }]]
    assert.matches("unknown option", response.body)
  end)
end)
