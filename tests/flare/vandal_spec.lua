-- vandal_spec.lua - what a script can do to itself with `debug`. The invocation may fail, by an error of Lua's; the next one on the same
-- instance is as if nothing had been, and the CPU limit holds. What debug does when nobody means harm is in debug_spec.lua.
local support = require "support"

-- A handler that does harm when the request asks it to, and else uses each part that could have been harmed.
local function flare_of(harm, options)
  local files = {}
  files["main.lua"] = [[
local flaron = require "flaron"
local helper = require "helper"
local harm = require "harm"
local object = setmetatable({}, { __index = { name = "object" }, __tostring = function() return "shown" end })
return function()
  local out = {}
  if flaron.request.method() == "POST" then harm() end
  local function say(...) for i = 1, select("#", ...) do out[#out + 1] = tostring((select(i, ...))) end end
  say(("a,b"):gsub(",", ";"))
  for word in ("x y"):gmatch "%a" do say(word) end
  say(coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b end)(1))
  say(object.name, object, 1 + 1.5, "5" + 1, #"text", 2 < 3, tostring(nil), -"2")
  say(flaron.json.encode { a = { 1, 2 } }, flaron.json.decode "[1,2]"[2], require "cjson.safe".decode "nope")
  say(math.random(5) <= 5, os.time() > 0, flaron.asset "data.txt", flaron.asset "none.txt", require "helper" == helper, helper.value)
  say(pcall(require, "no.such.module"))
  say(flaron.spark.set("k", "v"), flaron.spark.get "k", #flaron.spark.list(), flaron.crypto.hash("sha256", "x"))
  say(flaron.beam.fetch "http://x.test/".headers["X-NAME"], flaron.beam.fetch("http://x.test/", { headers = { a = "b" } }).body)
  say(debug.gethook(), debug.traceback("m", 1), pcall(error, { 1 }) == false, select(2, pcall(string.rep)))
  say(load("return 1 + 1")(), table.concat({ 1, 2 }, "-"), select("#", table.unpack({}, 1, 3)), string.format("%s", object))
  flaron.response.set_header("x-good", "yes")
  return { body = table.concat(out, " "):gsub("0x%x+", "") }
end]]
  files["harm.lua"] = "local flaron = require 'flaron'\nlocal function harm()\n" .. harm .. "\nend\nreturn harm"
  files["helper.lua"] = "return { value = 'helped' }"
  files["data.txt"] = "the data"
  files["flare.lua"] = "return { assets = { 'data.txt' }, allowed_fetch_urls = { '*' }, writes_spark_kv = true }"
  local flare = support.load(files, options)
  flare:stub_fetch("x.test", { headers = { ["x-name"] = "named" }, body = "fetched" })
  return flare
end

local clean
do
  local flare <close> = flare_of "return"
  local response = flare:request {}
  assert(response.status == 200, support.log(response, "error"))
  clean = response.body
end

-- Each is done to a flare.
local harms = {
  ["empties the registry"] = "local r = debug.getregistry() for k in next, r do r[k] = nil end",
  ["empties the registry and collects"] = [[
    local r = debug.getregistry() for k in next, r do r[k] = nil end
    for i = 1, 100 do r[i] = nil r["k" .. i] = {} end
    collectgarbage() collectgarbage()]],
  ["fills the registry with numbers"] = "local r = debug.getregistry() for k in next, r do r[k] = 12345 end",
  ["fills the registry with light userdata and functions"] = [[
    local r, n = debug.getregistry(), 0
    for k in next, r do n = n + 1 r[k] = n % 2 == 0 and debug.upvalueid(function() return r end, 1) or print end]],
  ["fills the registry with tables that raise errors"] = [[
    local t = setmetatable({}, { __index = function() error "i" end, __newindex = function() error "n" end,
      __call = function() error "c" end })
    local r = debug.getregistry() for k in next, r do r[k] = t end]],
  ["gives the registry a metatable"] = [[
    debug.setmetatable(debug.getregistry(), { __index = function() error "no" end, __newindex = function() error "no" end, __mode = "kv" })
    debug.getregistry()._LOADED = nil debug.getregistry()._HOOKKEY = nil]],
  ["says wrong places for assets"] = [[
    for key, value in next, debug.getregistry() do
      if type(value) == "table" and value["data.txt"] then value["data.txt"] = -1 end
    end
    local big = flaron.asset "data.txt"
    for key, value in next, debug.getregistry() do
      if type(value) == "table" and value["data.txt"] then value["data.txt"] = 0x7fffffff end
    end
    assert(big == nil and flaron.asset "data.txt" == nil)]],
  ["vandalises the metatables of all types"] = [[
    local function bad() error "bad" end
    local mt = { __index = bad, __newindex = bad, __call = bad, __tostring = bad, __name = 5, __len = bad, __concat = bad, __eq = bad,
      __lt = bad, __le = bad, __unm = bad, __add = bad, __close = bad, __gc = bad, __mode = "kv", __pairs = bad, __metatable = 1 }
    for _, value in ipairs { 1, "", true, print, coroutine.create(print), debug.upvalueid(function() return mt end, 1) } do
      debug.setmetatable(value, mt)
    end
    debug.setmetatable(nil, mt)]],
  ["takes the strings' metatable away"] = "debug.setmetatable('', nil) collectgarbage()",
  ["gives strings a metatable that is its own index"] = "local mt = {} mt.__index = mt debug.setmetatable('', mt)",
  ["has __tostring of numbers give no string"] = [[
    debug.setmetatable(1, { __tostring = function() return {} end, __name = {} }) print(1) error(1)]],
  ["raises errors whose text raises errors"] = "error(setmetatable({}, { __tostring = function() error 'again' end, __name = 1 }))",
  ["sets upvalues of C functions"] = [[
    for _, value in ipairs { 5, "text", {}, print, coroutine.create(print), false } do
      local list = { math.random, math.randomseed, require, ("x"):gmatch ".", coroutine.wrap(print), flaron.json.encode, flaron.json.decode,
        flaron.json.encode_max_depth, require "cjson.safe".decode, string.format, ipairs {} }
      for _, f in ipairs(list) do
        for n = 1, 5 do
          local old = select(2, debug.getupvalue(f, n))
          if debug.setupvalue(f, n, value) then
            pcall(f, 1, 2)
            pcall(f)
            pcall(f, "[1]")
            pcall(f, {})
            debug.setupvalue(f, n, old)
          end
        end
      end
    end]],
  ["sets upvalues of C functions to userdata of others"] = [[
    local config = select(2, debug.getupvalue(flaron.json.encode, 1))
    local state = select(2, debug.getupvalue(math.random, 1))
    local walk = select(2, debug.getupvalue(("x"):gmatch ".", 3))
    local light = debug.upvalueid(function() return config end, 1)
    for _, value in ipairs { config, state, walk, light, flaron.json.null } do
      for _, f in ipairs { math.random, math.randomseed, ("x"):gmatch ".", flaron.json.encode, flaron.json.decode,
        flaron.json.encode_max_depth } do
        for n = 1, 3 do
          if debug.setupvalue(f, n, value) then pcall(f, 1, 2) pcall(f) pcall(f, "[1]") pcall(f, {}) end
        end
      end
    end]],
  ["calls the finalizers of C by hand"] = [[
    local config = select(2, debug.getupvalue(flaron.json.encode, 1))
    local walk = select(2, debug.getupvalue(("x"):gmatch ".", 3))
    local light = debug.upvalueid(function() return walk end, 1)
    local box
    ;("x"):rep(3000):gsub(".", function(x)
      for n = 1, 20 do
        local _, value = debug.getlocal(2, n)
        if type(value) == "userdata" and value ~= light then box = value end
      end
      return x:rep(100)
    end)
    for _, value in ipairs { config, box } do
      local metatable = debug.getmetatable(value)
      for _, f in ipairs { metatable.__gc, metatable.__close } do
        for _, argument in ipairs { 5, "x", {}, light, walk, flaron.json.null, value, value } do pcall(f, argument) end
        pcall(f)
      end
    end
    for _ = 1, 3 do pcall(flaron.json.encode, { ("x"):rep(100) }) pcall(flaron.spark.pull, "fra-1", { "k" }) end
    assert(box)]],
  ["joins upvalues of all there is"] = [[
    local env = {}
    for _, t in pairs(package.loaded) do
      for _, f in pairs(type(t) == "table" and t or {}) do
        if type(f) == "function" then pcall(debug.upvaluejoin, f, 1, function() return env end, 1) end
      end
    end
    debug.upvaluejoin(harm, 1, function() return env end, 1)
    debug.upvaluejoin(debug.getinfo(2, "f").func, 1, function() return env end, 1)]],
  ["breaks LUA_FILEHANDLE"] = [[
    for _, value in ipairs { 5, {}, setmetatable({}, { __index = function() error "x" end }) } do
      debug.getregistry()["FILE*"] = value
      if io then
        pcall(io.open, "data.txt")
        pcall(io.write, "x")
        pcall(io.lines, "data.txt")
        if io.stdout then pcall(io.stdout.write, io.stdout, "x") pcall(tostring, io.stdout) end
      end
    end]],
  ["leaves hooks behind"] = [[
    debug.sethook(function() end, "crl", 1)
    local co = coroutine.create(function() coroutine.yield() end)
    debug.sethook(co, function() error "hook" end, "crl", 1)
    coroutine.resume(co)]],
  ["leaves a hook that raises errors"] = "debug.sethook(function() error 'hook' end, 'crl', 1)",
  ["leaves a hook and takes the table of hooks away"] = [[
    debug.sethook(function() end, "crl", 1)
    debug.getregistry()._HOOKKEY = nil
    local x = 1
    debug.getregistry()._HOOKKEY = 5
    x = x + 1
    assert(select("#", debug.gethook()) == 3)
    debug.sethook(print, "l")]],
  ["empties package.loaded, package.preload and package"] = [[
    for k in next, package.loaded do package.loaded[k] = nil end
    for k in next, package.preload do package.preload[k] = nil end
    for k in next, package do package[k] = nil end]],
  ["empties the globals and all libraries"] = [[
    local next, loaded, type = next, package.loaded, type
    for _, t in next, loaded do if type(t) == "table" and t ~= flaron then for k in next, t do t[k] = nil end end end]],
  ["sets the locals of what called it"] = [[
    for level = 1, 5 do
      if not debug.getinfo(level) then break end
      for n = 1, 250 do if not pcall(debug.setlocal, level, n, 5) or not debug.getlocal(level, n) then break end end
    end]],
  ["sets the temporaries of C functions that call it"] = [[
    local function harm_c(value) return function()
      for n = 1, 20 do if not debug.setlocal(2, n, value) then break end end
      return 1
    end end
    for _, value in ipairs { 5, "text", {}, false } do
      local h = harm_c(value)
      local index = setmetatable({}, { __index = h, __len = function() return 3 end, __newindex = h, __pairs = h, __tostring = h })
      pcall(table.sort, { 3, 2, 1 }, h)
      pcall(table.concat, index) pcall(table.unpack, index) pcall(table.insert, index, 1) pcall(table.move, index, 1, 3, 2, {})
      pcall(load, h)
      pcall(xpcall, error, h)
      pcall(tostring, index) pcall(print, index)
      pcall(flaron.spark.pull, "fra-1", index)
      pcall(flaron.logging.info, index, index)
      pcall(pcall, h)
      pcall(require, index)
      package.preload["x.y"] = h
      pcall(require, "x.y")
      pcall(flaron.beam.fetch, "http://x.test/", { [index] = 1 })
    end]],
  ["gives itself as its own metatable, collects in a finalizer and hooks"] = [[
    local t = {}
    t.__gc = function(o) setmetatable(o, t) debug.sethook(function() collectgarbage() end, "l") collectgarbage() end
    setmetatable(t, t)
    for _ = 1, 5 do setmetatable({}, t) collectgarbage() end]],
  ["answers by a hook"] = "debug.sethook(function() flaron.response.set_body 'hooked' flaron.response.set_status(201) end, 'l')",
  ["resumes, closes and hooks coroutines from a hook"] = [[
    local co = coroutine.create(function() while true do coroutine.yield() end end)
    debug.sethook(function()
      debug.sethook(co, function() pcall(coroutine.yield) pcall(coroutine.close, co) end, "crl")
      coroutine.resume(co)
      pcall(coroutine.yield)
    end, "crl")]],
  ["ends with a deep recursion under a hook"] = "debug.sethook(function() end, 'crl') local function deep() return 1 + deep() end deep()",
  ["uses memory up under a hook"] = "debug.sethook(function() end, 'crl', 3) local t = {} while true do t = { t, ('x'):rep(1000) } end",
}

describe("a flare that", function()
  for name, harm in pairs(harms) do
    it(name .. " is clean at its next request", function()
      local flare <close> = flare_of(harm)
      assert.equal(clean, flare:request({}).body)
      for _ = 1, 2 do
        local response = assert(flare:request { method = "POST" })
        assert.is_false(response.failed, support.log(response, "error")) -- it would be true of an instance that was replaced
        if response.status ~= 200 and response.status ~= 201 then
          assert.same({ 500, "Internal Server Error" }, { response.status, response.body })
          assert.is_string(response.error)
        end
        response = flare:request {}
        assert.equal(clean, response.body)
        assert.equal("yes", response.headers["x-good"])
      end
    end)
  end
end)

describe("a CPU time limit", function()
  if support.engine ~= "wasm2c" then
    pending("is for who runs the engine to set: " .. support.engine .. " has none of its own")
    return
  end

  local loops = {
    ["debug.sethook in a loop"] = "while true do debug.sethook() end",
    ["debug.sethook in a local"] = "local sethook = debug.sethook while true do sethook() end",
    ["debug.sethook in a coroutine"] = "coroutine.wrap(function() while true do debug.sethook() end end)()",
    ["debug.sethook of the coroutine outside"] = [[
      local outer = coroutine.running()
      coroutine.wrap(function() while true do debug.sethook(outer) debug.sethook(outer, print, "") end end)()]],
    ["debug.sethook under pcall"] = "while true do pcall(function() while true do debug.sethook() end end) end",
    ["debug.sethook of a hook for calls"] = "local function h() end while true do debug.sethook(h, 'c') end",
    ["debug.sethook of a hook for returns"] = "local function h() end while true do debug.sethook(h, 'r') end",
    ["debug.sethook of a hook for lines"] = "local function h() end while true do debug.sethook(h, 'l') end",
    ["debug.sethook of a hook for counts"] = "local function h() end while true do debug.sethook(h, '', 1000000) end",
    ["a loop under hooks of all kinds"] = "debug.sethook(function() end, 'crl', 1) while true do local f = tostring f(1) end",
    ["a loop under a rare count"] = "debug.sethook(function() end, '', 1 << 30) while true do end",
    ["a hook that never ends"] = "debug.sethook(function() while true do end end, 'l')\nlocal x = 1",
    ["a hook for calls that never ends"] = "debug.sethook(function() while true do end end, 'c') tostring(1)",
    ["a hook for returns that never ends"] = "debug.sethook(function() while true do end end, 'r') tostring(1)",
    ["a hook for counts that never ends"] = "debug.sethook(function() while true do end end, '', 1) local x = 1",
    ["a hook that catches all errors"] = [[
      debug.sethook(function() while true do pcall(function() while true do end end) end end, "l")
      local x = 1]],
    ["a hook that sets hooks"] = "local function h() while true do debug.sethook(h, 'crl', 1) end end debug.sethook(h, 'l')\nlocal x = 1",
    ["a hook that takes itself away"] = "debug.sethook(function() debug.sethook() while true do debug.sethook() end end, 'l')\nlocal x = 1",
    ["a hook in a coroutine"] = [[
      local co = coroutine.create(function()
        local x = 1
      end)
      debug.sethook(co, function() while true do debug.sethook() end end, "l")
      while true do coroutine.resume(co) end]],
    ["a finalizer"] = "setmetatable({}, { __gc = function() while true do debug.sethook() end end }) collectgarbage()",
    ["finalizers without end"] = [[
      local function again() setmetatable({}, { __gc = function() again() while true do pcall(debug.sethook) end end }) end
      again()
      while true do collectgarbage() end]],
    ["a finalizer under a hook"] = [[
      debug.sethook(function() end, "crl", 1)
      setmetatable({}, { __gc = function() debug.sethook() while true do end end })
      while true do collectgarbage() end]],
    ["a finalizer in a hook"] = [[
      debug.sethook(function() setmetatable({}, { __gc = function() while true do end end }) collectgarbage() end, "l")
      local x = 1]],
    ["__close of a coroutine that a hook ended"] = [[
      local co = coroutine.create(function()
        local c <close> = setmetatable({}, { __close = function() while true do end end })
        debug.sethook(function() debug.sethook() error "x" end, "l")
        local x = 1
      end)
      coroutine.resume(co)
      while true do coroutine.close(co) end]],
    ["hooks of coroutines of coroutines"] = [[
      local function nest(n)
        debug.sethook(function() if n == 0 then while true do debug.sethook() end end end, "crl", 1)
        while true do coroutine.resume(coroutine.create(nest), n - 1) end
      end
      nest(10)]],
    ["setlocal and setupvalue on whatever there is"] = [[
      while true do
        for n = 1, 10 do debug.setlocal(1, n, nil) pcall(debug.setupvalue, debug.sethook, n, nil) end
      end]],
    ["a registry that is emptied again and again"] = "local r = debug.getregistry() while true do for k in next, r do r[k] = nil end end",
  }
  for name, loop in pairs(loops) do
    it("stops " .. name, function()
      local flare <close> = flare_of("  " .. loop, { cpu_ms = 100 })
      local response = flare:request { method = "POST" }
      assert.equal(500, response.status)
      assert.matches("stopped: CPU time limit reached", response.error)
      assert.is_false(response.failed, response.error) -- by an error, not by a trap
      assert.is_true(response.cpu_us < 300000, response.cpu_us .. " us")
      assert.equal(clean, flare:request({}).body)
    end)
  end
end)
