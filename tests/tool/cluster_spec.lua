-- cluster_spec.lua - edge.cluster: several edges in a spec, whose Plasma meets when the spec says so. How writes merge is
-- merge_test.c's; `dev --edges` has edges_spec.lua.
local edge = require "flaron.edge"

-- A flare that does what the path's words say, and answers with what came of it.
local SOURCE = [[
local flaron = require "flaron"
local plasma, spark = flaron.plasma, flaron.spark
local acts = {
  visit = function() return plasma.increment "visits" end,
  set = function(value) return plasma.set("motto", value) end,
  delete = function() return plasma.delete "motto" end,
  keep = function(value) return spark.set("kept", value, 60) end,
  pull = function(origin) return spark.pull(origin, { "kept", "other" }) end,
  id = function() return flaron.id.uuid_v4() .. " " .. flaron.id.snowflake() end,
}
return function()
  local act, word = flaron.request.url():match "//[^/]+/(%w+)/?([%w-]*)$"
  local result, message = acts[act](word)
  return { body = tostring(result or message) }
end]]

local MANIFEST = "return { writes_plasma_kv = true, writes_spark_kv = true }"
local FILES = { ["main.lua"] = SOURCE, ["flare.lua"] = MANIFEST }

local function go(flare, path) return flare:request({ path = path }).body end

local function plasma_of(cluster)
  local all = {}
  for n, flare in ipairs(cluster) do all[n] = flare:contents "plasma" end
  return all
end

describe("edge.cluster", function()
  local cluster = assert(edge.cluster(3, FILES, { now = 1700000000, plasma = { visits = 10, motto = "first" }, random_seed = 7 }))

  it("has edges of their own, which know at first what the options say", function()
    assert.equal(3, #cluster)
    local first = { visits = "10", motto = "first" }
    assert.same({ first, first, first }, plasma_of(cluster))
    assert.equal("11", go(cluster[1], "/visit"))
    assert.equal("11", go(cluster[2], "/visit"))
    assert.equal("12", go(cluster[2], "/visit"))
    assert.equal("10", cluster[3]:contents("plasma").visits)
  end)

  it("gossips by hand: counters add up, the later value wins, Spark stays where it is", function()
    go(cluster[1], "/visit")
    go(cluster[2], "/visit")
    go(cluster[1], "/set/one")
    cluster[3]:advance(1)
    go(cluster[3], "/set/three")
    go(cluster[2], "/keep/here")
    cluster:gossip()
    local same = { visits = "12", motto = "three" }
    assert.same({ same, same, same }, plasma_of(cluster))
    assert.same({ {}, { kept = "here" }, {} }, { cluster[1]:contents "spark", cluster[2]:contents "spark", cluster[3]:contents "spark" })
    go(cluster[1], "/delete")
    cluster:gossip()
    assert.same({ visits = "12" }, cluster[3]:contents "plasma")
  end)

  it("is whole again in each test, with the stores and links that it had", function()
    local first = { visits = "10", motto = "first" }
    assert.same({ first, first, first }, plasma_of(cluster))
    cluster:partition()
    go(cluster[1], "/visit")
    cluster:gossip()
    assert.equal("10", cluster[2]:contents("plasma").visits)
  end)

  it("has no link cut that another test cut", function()
    go(cluster[1], "/visit")
    cluster:gossip()
    assert.equal("11", cluster[2]:contents("plasma").visits)
  end)

  it("cuts edges off, and mends them: nothing is lost, nothing counts twice", function()
    cluster:partition(3)
    for n = 1, 3 do go(cluster[n], "/visit") end
    cluster:gossip()
    assert.same({ "12", "12", "11" }, { plasma_of(cluster)[1].visits, plasma_of(cluster)[2].visits, plasma_of(cluster)[3].visits })
    go(cluster[3], "/visit")
    cluster:heal(3)
    cluster:gossip()
    cluster:gossip()
    for n = 1, 3 do assert.equal("14", cluster[n]:contents("plasma").visits) end
  end)

  it("goes around a link that is cut, and talks over one link alone", function()
    cluster:partition(1, 2)
    go(cluster[1], "/visit")
    cluster:gossip()
    assert.equal("11", cluster[2]:contents("plasma").visits)
    cluster:heal()
    go(cluster[1], "/visit")
    cluster:gossip(1, 3)
    assert.same({ "11", "12" }, { cluster[2]:contents("plasma").visits, cluster[3]:contents("plasma").visits })
    cluster:gossip(3, 2)
    assert.equal("12", cluster[2]:contents("plasma").visits)
  end)

  it("has the same edge win each time when two write at once", function()
    for _ = 1, 3 do
      go(cluster[3], "/set/three")
      go(cluster[1], "/set/one")
      cluster:gossip()
      for n = 1, 3 do assert.equal("three", cluster[n]:contents("plasma").motto) end
      cluster:reset()
    end
  end)

  it("pulls Spark by the clock of the edge that has it, unless the link is cut", function()
    go(cluster[2], "/keep/there")
    assert.equal("1", go(cluster[1], "/pull/edge-2"))
    assert.same({ kept = "there" }, cluster[1]:contents "spark")
    assert.equal("not available", go(cluster[1], "/pull/edge-1"))
    assert.equal("not available", go(cluster[1], "/pull/edge-4"))
    cluster:partition(2, 3)
    assert.equal("not available", go(cluster[3], "/pull/edge-2"))
    cluster[2]:advance(60)
    assert.equal("0", go(cluster[1], "/pull/edge-2"))
  end)

  it("gives each edge ids of its own, the same each time", function()
    local function ids() return { go(cluster[1], "/id"), go(cluster[2], "/id"), go(cluster[3], "/id") } end
    local first = ids()
    assert.are_not.equal(first[1], first[2])
    assert.are_not.equal(first[2], first[3])
    cluster:reset()
    assert.same(first, ids())
  end)

  it("is main.lua of this folder unless it is told another", function()
    local nothing, message = edge.cluster(2)
    assert.is_nil(nothing)
    assert.matches("^main%.lua: ", message)
    assert.same({ nil, "main.lua:1: unexpected symbol near <eof>" }, { edge.cluster(2, { ["main.lua"] = "return {" }) })
  end)

  it("ends, by hand, by <close>, or with one of its flares", function()
    local kept
    do
      local closing <close> = assert(edge.cluster(2, FILES))
      kept = closing
      assert.equal("1", go(closing[1], "/visit"))
    end
    assert.error_matches(function() kept[1]:request() end, "flare is closed")
    assert.has_error(function() kept:gossip() end, "the cluster is closed")
    local other = assert(edge.cluster(2, FILES))
    other[1]:close()
    assert.has_error(function() other:gossip() end, "the cluster is closed")
    assert.equal("1", go(other[2], "/visit"))
    assert.equal("not available", go(other[2], "/pull/edge-1"))
    for _ = 1, 20 do assert(edge.cluster(9, FILES)):gossip() end -- the collector closes them: descriptors do not run out
    collectgarbage()
  end)

  it("says what is wrong at the spec's line", function()
    local function refuses(message, f)
      local good, said = pcall(f)
      assert.is_false(good)
      assert.matches("cluster_spec%.lua:%d+: " .. message:gsub("%p", "%%%0") .. "$", said)
    end
    refuses("bad argument #1 to 'cluster' (a number of edges from 2 to 9 expected, got 1)", function() edge.cluster(1) end)
    refuses("bad argument #1 to 'cluster' (a number of edges from 2 to 9 expected, got main.lua)", function() edge.cluster "main.lua" end)
    refuses("bad argument #3 to 'cluster' (table expected, got number)", function() edge.cluster(2, FILES, 1) end)
    refuses("option 'edges' is not for a cluster: it has edges", function() edge.cluster(2, FILES, { edges = {} }) end)
    refuses("option 'store' is not for a cluster: each edge has one", function() edge.cluster(2, FILES, { store = false }) end)
    refuses("bad argument #2 to 'partition' (an edge from 1 to 3 expected, got 4)", function() cluster:partition(1, 4) end)
    refuses("bad argument #1 to 'heal' (an edge from 1 to 3 expected, got edge-1)", function() cluster:heal "edge-1" end)
    refuses("bad argument #1 to 'gossip' (an edge expected, got nil)", function() cluster:gossip(nil, 2) end)
    refuses("bad argument #2 to 'partition' (an edge has no link to itself)", function() cluster:partition(2, 2) end)
    refuses("call it cluster:gossip(...), with a colon", function() cluster.gossip() end)
  end)
end)
