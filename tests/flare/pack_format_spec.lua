-- pack_format_spec.lua - string.pack, packsize and unpack against the lua5.4 that runs the specs, which has 64 bits: formats and
-- values from a generator, and by hand. Only the sizes of l, L, T and a plain s differ: they are written with a size here.
local evaluate = require "evaluate"

-- A run of cases here and there: each is format, values. Gives what pack, packsize and unpack of it say, as one text a case.
local runner = [[
local function say(...)
  local all = table.pack(...)
  for i = 1, all.n do
    local v = all[i]
    all[i] = type(v) == "string" and ("%q"):format(v):gsub("\n", "n")
      or v ~= v and "nan" or math.type(v) == "float" and ("%a"):format(v) or tostring(v)
  end
  return table.concat(all, " ", 1, all.n)
end
local function try(f, ...) return say(pcall(f, ...)) end
return function(format, cut, ...)
  local out = { try(string.pack, format, ...), try(string.packsize, format) }
  local good, data = pcall(string.pack, format, ...)
  if good then
    out[#out + 1] = try(string.unpack, format, data)
    out[#out + 1] = try(string.unpack, format, data:sub(1, cut))
    out[#out + 1] = try(string.unpack, format, ("x"):rep(cut) .. data, cut + 1)
    out[#out + 1] = try(string.unpack, format, data:reverse())
  end
  return table.concat(out, " | ")
end]]

-- Literals of values for an option.
local integers = { "0", "1", "-1", "127", "128", "-128", "255", "-129", "32767", "65536", "2147483648", "-2147483649", "1 << 40",
  "math.maxinteger", "math.mininteger", "3.0", "'12'" }
local floats = { "0.0", "-0.0", "1.5", "-1/3", "1e300", "1e-310", "math.huge", "-math.huge", "3", "2^53" }
local strings = { "''", "'a'", "'abc'", "('x'):rep(300)", "'a\\0b'", "'\\255\\0\\1'" }

local function one_of(list) return list[math.random(#list)] end

local function item(values)
  local option = one_of { "b", "B", "h", "H", "i", "I", "j", "J", "n", "f", "d", "z", "s", "c", "x", "X", "<", ">", "=", "!", " " }
  if option == "i" or option == "I" then
    values[#values + 1] = one_of(integers)
    return option .. one_of { "", "1", "2", "3", "4", "5", "7", "8", "9", "16", "17", "0" }
  elseif option:find "[bBhHjJ]" then
    values[#values + 1] = one_of(integers)
  elseif option:find "[nfd]" then
    values[#values + 1] = one_of(floats)
  elseif option == "z" then
    values[#values + 1] = one_of(strings)
  elseif option == "s" then
    values[#values + 1] = one_of(strings)
    return option .. one_of { "1", "2", "3", "4", "8", "16" }
  elseif option == "c" then
    values[#values + 1] = one_of(strings)
    return option .. one_of { "0", "1", "3", "7", "" }
  elseif option == "X" then
    return option .. one_of { "b", "h", "i4", "i8", "j", "d", "i16", "z", "" }
  elseif option == "!" then
    return option .. one_of { "", "1", "2", "4", "8", "16", "3", "17" }
  end
  return option
end

describe("string.pack and unpack", function()
  local flare

  setup(function() flare = evaluate.open {} end)
  teardown(function() flare:close() end)

  local function compare(cases)
    local native = load(runner)()
    local code = { "local run = (function() " .. runner .. " end)() local out = {}" }
    local expected = {}
    for i, case in ipairs(cases) do
      code[#code + 1] = ("out[%d] = run(%s)"):format(i, case)
      expected[i] = load("local run = ... return run(" .. case .. ")")(native)
    end
    code[#code + 1] = "return out"
    local got = flare:value(table.concat(code, "\n"))
    for i in ipairs(cases) do assert.equal(expected[i], got[i], cases[i]) end
  end

  for seed = 1, 12 do
    it(("are native Lua's for generated formats, %d"):format(seed), function()
      math.randomseed(seed)
      local cases = {}
      for i = 1, 100 do
        local values, format = {}, {}
        for k = 1, math.random(5) do format[k] = item(values) end
        if math.random(10) == 1 then table.remove(values) end
        cases[i] = ("%q, %d%s%s"):format(table.concat(format), math.random(0, 9), #values > 0 and ", " or "", table.concat(values, ", "))
      end
      compare(cases)
    end)
  end

  it("refuse what native Lua refuses", function()
    compare { "'i4294967297', 1, 1", "'!32 b', 1, 1", "'y', 1", "'Xz', 1", "'X', 1",
      "'!4 i4 i8 Xi8', 3, 1, 2",
      "'c', 1, 'x'", "'s1', 1, ('x'):rep(256)", "'z', 1, 'a\\0b'", "'i1', 1, 200", "'I1', 1, -1", "'!3 i4', 1, 1",
      "'i16', 1, -2", "'I16', 1, -2",
      "'<i9', 1, math.mininteger", "'d', 1, {}", "'b', 1, 1.5", "'f', 1, 1e300", "'f', 1, 1e-46" }
  end)

  it("have sizes of 4 bytes for l, L, T and s, and no others", function()
    assert.equal("4 4 4", flare:value "return ('l L T'):gsub('%a', function(o) return string.packsize(o) end)")
    assert.equal("\3\0\0\0abc", flare:value "return string.pack('<s', 'abc')")
    for option, size in pairs { b = 1, h = 2, i = 4, j = 8, n = 8, f = 4, d = 8, ["!8bi8"] = 16, ["!bi8"] = 16 } do
      assert.equal(size, string.packsize(option))
      assert.equal(size, flare:value(("return string.packsize %q"):format(option)))
    end
  end)
end)
