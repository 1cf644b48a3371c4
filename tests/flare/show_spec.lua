-- What the local edge shows and production does not: what is in tables that are printed, and the locals of a failed handler.
local edge = require "flaron.edge"
local support = require "support"

local shows = support.engine == "wasm2c" -- other engines run what is packed

-- What `print(EXPRESSIONS)` writes.
local function printed(expressions, before)
  local answer = support.answer(("%s print(%s)"):format(before or "", expressions))
  assert.equal(200, answer.status, answer.error)
  return support.log(answer, "info")
end

if shows then
  describe("print of a table on the local edge", function()
    it("shows its fields on one line, in order", function()
      assert.equal("{}", printed "{}")
      assert.equal('a\t{ 1, 2.0, "x", -3, [0.5] = false, [7] = true, b = { c = "d" }, ["e f"] = {}, ["end"] = 1, [true] = 1 }\tnil',
        printed "'a', { 1, 2.0, 'x', -3, [7] = true, [0.5] = false, b = { c = 'd' }, ['e f'] = {}, ['end'] = 1, [true] = 1 }, nil")
      assert.equal("{ <function>, <thread>, [{}] = 1 }", printed "{ print, coroutine.create(print), [{}] = 1 }")
    end)

    it("writes strings as Lua reads them, and cuts what is long", function()
      assert.equal([[{ "a\n\"\\\r\t\x00\x7Fé" }]], printed [[{ 'a\n"\\\r\t\0\127é' }]])
      assert.equal('{ "' .. ("x"):rep(200) .. '"<5 more bytes> }', printed "{ ('x'):rep(205) }")
      assert.equal('{ "' .. ("é"):rep(99) .. 'a"<3 more bytes> }', printed "{ ('é'):rep(99) .. 'aéa' }")
      assert.matches(", 40, <11 more> }$", printed("t", "local t = { x = 1 } for i = 1, 50 do t[i] = i end"))
      assert.matches("^{ k00 = 0, k01 = 1, .*, k39 = 39, <10 more> }$",
        printed("t", "local t = {} for i = 49, 0, -1 do t[('k%02d'):format(i)] = i end"))
      assert.equal("{ { { { <table> } } } }", printed "{ { { { { 1 } } } } }")
      assert.equal("{ a = <table> }", printed("t", "local t = {} t.a = t"))
      assert.is_true(#printed("t", "local t = {} for i = 1, 39 do t[i] = ('x'):rep(190) end") <= 4096)
    end)

    it("leaves tables alone that say what they are, and calls nothing else of a script", function()
      assert.equal("me\t{ 1 }", printed [[setmetatable({}, { __tostring = function() return "me" end }),
        setmetatable({ 1 }, { __index = error, __pairs = error, __len = error })]])
      assert.matches("^Kind: 0x", printed "setmetatable({ 1 }, { __name = 'Kind' })")
      assert.equal("{ 1 }", printed("keep { 1 }", "local keep = function(...) return ... end"))
    end)

    it("does so for who has kept print, in coroutines, and behind what io.write began", function()
      local flare <close> = support.load [[local kept = print
        return function() print = nil coroutine.wrap(function() io.write "so: " kept { 1 } end)() end]]
      assert.equal("so: { 1 }", support.log(flare:request {}, "info"))
    end)

    it("ends when memory is full", function()
      local flare <close> = support.load([[return function()
        local t, n = {}, 0
        while pcall(function() n = n + 1 t[n] = ("x"):rep(1000) .. n end) do end
        for _ = 1, 20 do pcall(print, t) end
        t = nil
        print { "after" }
      end]], { memory = 2 << 20 })
      local answer = flare:request {}
      assert.equal(200, answer.status, answer.error)
      assert.equal('{ "after" }', answer.logs[#answer.logs].text)
    end)
  end)

  describe("locals of a failed handler", function()
    local source = [[local flaron = require "flaron"
local up = "up"
local function inner(a, b)
  local t, s = { x = a }, flaron.secrets.get "KEY"
  for i = 1, 3 do
    local gone = i
    if i == 2 then error("no" .. up) end
  end
end
return function()
  local list = { "one" }
  inner(7, nil)
  return list
end]]

    it("are those of each level, shortened", function()
      local flare <close> = support.load(source)
      local answer = flare:request {}
      assert.equal(500, answer.status)
      assert.equal("main.lua:7\n\ta = 7\n\tb = nil\n\tt = { x = 7 }\n\ts = nil\n\ti = 2\n\tgone = 2\nmain.lua:12\n\tlist = { \"one\" }\n",
        answer.locals)
      assert.matches("^main.lua:7: noup\nstack traceback:", answer.error)
    end)

    it("show no secret that the flare has read, whole or cut", function()
      for _, secret in ipairs { "hunter22", 'a "quoted"\n\\secret\0', ("long-"):rep(100) } do
        local flare <close> = support.load(source, { secrets = { KEY = secret } })
        local locals = flare:request {}.locals
        assert.is_nil(locals:find(secret:sub(1, 8), 1, true), locals)
        assert.matches('\n\ts = "%*+"', locals)
      end
    end)

    it("are not there after a good end, of events too, and stay when a handler fails at any depth", function()
      local flare <close> = support.load [[local function deep(n) return n == 0 and nil + 1 or deep(n - 1) + 1 end
        return { handle_request = function() end, ws_message = function() deep(100) end }]]
      assert.is_nil(flare:request {}.locals)
      local answer = assert(flare:event("message", { data = "" }))
      assert.matches("^main.lua:1\n\tn = 0\nmain.lua:1\n\tn = 1\n", answer.locals)
      assert.is_nil(flare:request {}.locals)
    end)

    it("are shown by a failing assertion about the response", function()
      local flare <close> = support.load(source)
      local good, message = pcall(function() assert.response(flare:request {}).has.status(200) end)
      assert.is_false(good)
      assert.matches("Its handler failed with these locals:\n  main.lua:7\n  \ta = 7\n", tostring(message.message or message))
    end)
  end)
else
  describe("what the local edge shows", function()
    it("is not there in what is packed", function()
      assert.matches("^table: 0x", printed "{ 1 }")
      local flare <close> = edge.load({ ["main.lua"] = "return function() local a = 1 error(a) end" })
      assert.is_nil(flare:request {}.locals)
    end)
  end)
end
