-- bytecode_spec.lua - what string.dump gives: loaded where the mode and flare.lua say so, refused in Lua's words elsewhere, and of no
-- harm to anybody but its flare when it was changed.
local evaluate = require "evaluate"
local support = require "support"

local ALLOWED = { ["flare.lua"] = "return { bytecode = true }" }
local dumped = [[local b = string.dump(function(...)
  local x = "long enough to be a long string in any Lua there is" return #x, ... end) ]]

describe("bytecode", function()
  local flare, strict

  setup(function() flare, strict = evaluate.open({}, ALLOWED), evaluate.open {} end)
  teardown(function() flare:close() strict:close() end)

  it("is loaded with the mode b or bt when flare.lua has bytecode = true", function()
    for _, mode in ipairs { "b", "bt", "tb" } do
      assert.same({ n = 3, 51, 1, 2 }, flare:run((dumped .. "return load(b, 'c', %q)(1, 2)"):format(mode)))
    end
  end)

  it("is refused with any other mode, in Lua's words", function()
    for mode, said in pairs { ["nil"] = "t", ["'t'"] = "t", ["'x'"] = "x" } do
      local message = ("attempt to load a binary chunk (mode is '%s')"):format(said)
      assert.same({ n = 2, nil, message }, flare:run((dumped .. "return load(b, 'c', %s)"):format(mode)))
    end
    assert.same({ n = 2, nil, "attempt to load a binary chunk (mode is 't')" }, flare:run(dumped .. "return load(b)"))
    assert.same({ n = 2, nil, "attempt to load a text chunk (mode is 'b')" }, flare:run "return load('return 1', 'c', 'b')")
  end)

  it("is refused in every mode without that key", function()
    for _, manifest in ipairs { "return {}", "return { bytecode = false }" } do
      local none <close> = evaluate.open({}, { ["flare.lua"] = manifest })
      assert.same({ n = 2, nil, "attempt to load a binary chunk (mode is 't')" }, none:run(dumped .. "return load(b, 'c', 'b')"))
    end
    for _, mode in ipairs { "", ", 'c'", ", 'c', 't'", ", 'c', 'b'", ", 'c', 'bt'" } do
      assert.same({ n = 2, nil, "attempt to load a binary chunk (mode is 't')" }, strict:run((dumped .. "return load(b%s)"):format(mode)))
    end
    assert.same({ n = 2, nil, "attempt to load a binary chunk (mode is 't')" },
      strict:run(dumped .. "return load(function() local s = b b = nil return s end, 'c', 'b')"))
    assert.same({ n = 2, nil, "attempt to load a text chunk (mode is 'b')" }, strict:run "return load('', 'c', 'b')")
    assert.same({ n = 2, nil, "attempt to load a text chunk (mode is '')" }, strict:run "return load('', 'c', '')")
  end)

  it("comes in pieces of any size, stripped or not, with an environment", function()
    assert.same({ n = 1, true }, flare:run(dumped .. [[
      for size = 1, #b, 7 do
        local at = 1
        local f = assert(load(function() at = at + size return b:sub(at - size, at - 1) end, "=c", "b"))
        if f() ~= 51 then return size end
      end
      return true]]))
    assert.same({ n = 2, 7, "?" }, flare:run [[
      local b = string.dump(load("return x, debug.getinfo(1, 'S').short_src"), true)
      return load(b, "=c", "b", { x = 7, debug = debug })()]])
  end)

  it("keeps constants, nested functions, upvalues, varargs and lines", function()
    assert.same({ n = 2, "1 2.5 nil true false nan text 3 -0.0", "=source:3" }, flare:run [[
      local source = "local up = ...\nreturn function(a, ...)\n" ..
        "local here = debug.getinfo(1, 'Sl') here = here.source .. ':' .. here.currentline " ..
        "local t = { 1, 2.5, nil, true, false, 0/0, 'text', select('#', ...) + 1, -0.0 } " ..
        "for i = 1, 9 do t[i] = tostring(t[i]) end return up(t, ' '), here end"
      local f = load(string.dump(load(source, "=source")), "c", "b")
      return f(table.concat)(1, 2, 3)]])
  end)

  it("is loaded at start-up, and what it made is packed", function()
    local packed <close> = support.load { ["flare.lua"] = ALLOWED["flare.lua"], ["main.lua"] = [[
      local f = load(string.dump(function(x) return "made of " .. x end), "c", "b")
      return function() return { body = f "bytecode" .. load(string.dump(f), "c", "b") " it" } end]] }
    for _ = 1, 2 do assert.equal("made of bytecodemade of  it", packed:request({}).body) end
  end)

  it("of a 64-bit Lua of the same version is the same", function()
    local native = string.dump(function(a, b)
      local t = { a + b, "native", 1 << 40, 0.5 }
      return t[1], t[2], t[3], t[4]
    end)
    local hex = native:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    assert.same({ n = 4, 3, "native", 1 << 40, 0.5 }, flare:run(
      ("local b = (%q):gsub('..', function(h) return string.char(tonumber(h, 16)) end) "
        .. "return load(b, 'c', 'b')(1, 2)"):format(hex)))
  end)

  it("is no module, and not the main script", function()
    for _, files in ipairs { { ["main.lua"] = string.dump(function() return print end) },
      { ["main.lua"] = "require 'lib' return print", ["lib.lua"] = string.dump(function() end) } } do
      files["flare.lua"] = ALLOWED["flare.lua"]
      local none, message = support.try_load(files)
      assert.is_nil(none)
      assert.matches("attempt to load a binary chunk %(mode is 't'%)", message)
    end
  end)

  it("that is cut off is refused at every byte", function()
    assert.same({ n = 1, "" }, flare:run(dumped .. [[
      local out = ""
      for i = 1, #b - 1 do
        local f, message = load(b:sub(1, i), "=c", "b")
        if f or message ~= "c: bad binary format (truncated chunk)" then out = out .. i .. tostring(message) .. " " end
      end
      return out]]))
  end)

  it("of another version, machine or form is refused", function()
    local function refused(change)
      return flare:run(dumped .. "return load(" .. change .. ", '@c', 'b')")[2]
    end
    assert.equal("c: bad binary format (version mismatch)", refused "b:sub(1, 4) .. '\\x53' .. b:sub(6)")
    assert.equal("c: bad binary format (version mismatch)", refused "b:sub(1, 4) .. '\\x55' .. b:sub(6)")
    for _, at in ipairs { 2, 6, 7, 12, 13, 14, 15, 16, 30 } do
      assert.equal("c: bad binary format (corrupted chunk)", refused(("b:sub(1, %d) .. '\\xee' .. b:sub(%d)"):format(at - 1, at + 1)))
    end
    assert.equal("c: bad binary format (truncated chunk)", refused "'\\27Lua'")
    assert.equal("c: bad binary format (integer overflow)", refused "b:sub(1, 32) .. ('\\1'):rep(20)")
  end)

  it("is collected", function()
    local small <close> = evaluate.open({ memory = 2 << 20 }, ALLOWED)
    assert.equal("done", small:value [[
      local b = string.dump(load("return '" .. ("x"):rep(20000) .. "'"))
      for _ = 1, 2000 do load(b, "c", "b") end
      return "done"]])
  end)

  it("that was changed does no harm to the next invocation, nor to whoever runs it", function()
    local hurt <close> = evaluate.open({ cpu_ms = 300, memory = 4 << 20 }, ALLOWED)
    math.randomseed(11)
    for round = 1, 20 do
      local seed = math.random(1 << 30)
      local ok, message = pcall(hurt.run, hurt, ([[
        math.randomseed(%d)
        local b = string.dump(function(t, ...)
          local n, up = 0, function(x) n = n + x return n end
          for i, v in ipairs(t) do up(v) t[i] = { v .. "x", ... } end
          local s <close> = setmetatable({}, { __close = function() n = -n end })
          return n, t.field, t[1] and t[2] or #t, coroutine.wrap(function(...) return select("#", ...) end)(...)
        end, %s)
        for _ = 1, 40 do
          local at, count = math.random(32, #b), math.random(3)
          local changed = b:sub(1, at - 1)
          for _ = 1, count do changed = changed .. string.char(math.random(0, 255)) end
          changed = changed .. b:sub(at + count)
          local f = load(changed, "=changed", "b")
          if f then pcall(f, { 1, 2, 3, field = "f" }, 1, nil, 3) end
        end
        return "survived"]]):format(seed, round % 2 == 0))
      assert.is_true(ok == true or type(message) == "string")
      assert.equal("fine", hurt:value "return 'fine'", ("after the seed %d"):format(seed))
    end
  end)
end)
