-- nan_spec.lua - NaN has no sign and no payload in a flare: Wasm leaves open which NaN an operation gives, machines and engines
-- differ, and a flare is to answer the same on all of them.
local evaluate = require "evaluate"
local support = require "support"

-- How a NaN comes about: by an operation, by a function, from bytes, from text.
local sources = { "0/0", "-(0/0)", "0/0 * -1", "math.huge - math.huge", "math.huge * 0", "-math.huge % 2", "0/0 + 1", "1 // 0.0 - 1 // 0.0",
  "math.sqrt(-1)", "math.log(-1)", "math.acos(2)", "math.asin(2)", "math.sin(1/0)", "math.cos(1/0)", "math.tan(1/0)", "math.fmod(1/0, 2)",
  "math.fmod(1, 0.0)", "math.abs(-(0/0))", "math.abs(0/0)", "(-8.0) ^ (1/3)", "math.pow(-8, 1/3)", "math.exp(0/0)", "math.log10(-1)",
  "math.log(-1, 2)", "math.log(-1, 10)", "math.cosh(0/0)", "math.sinh(-(0/0))", "math.tanh(0/0)", "math.ldexp(0/0, 3)",
  "(math.frexp(-(0/0)))", "math.max(0/0, 1)", "math.min(-(0/0), 1)", "math.floor(0/0)", "(math.modf(-(0/0)))", "select(2, math.modf(0/0))",
  "(string.unpack('<d', '\\1\\0\\0\\0\\0\\0\\xf0\\xff'))", "(string.unpack('<f', '\\1\\0\\xa0\\x7f'))",
  "(string.unpack('>n', ('\\xff'):rep(8)))" }

-- What shows it.
local shows = {
  { "tostring(n)", "nan" },
  { "n .. ''", "nan" },
  { "table.concat { n, 1 }", "nan1" },
  { "('%f %g %e %a'):format(n, n, n, n)", "nan nan nan nan" },
  { "('%G %E %A'):format(n, n, n)", "NAN NAN NAN" },
  { "('%.3f|%10g|%-10.2e|%010a'):format(n, n, n, n)", "nan|       nan|nan       |       nan" },
  { "('%+g|% g|%s|%q'):format(n, n, n, n)", "+nan| nan|nan|(0/0)" },
  { "(string.pack('>d n', n, n):gsub('.', function(c) return ('%02x'):format(c:byte()) end))", "7ff80000000000007ff8000000000000" },
  { "(string.pack('<d >f <f', n, n, n):gsub('.', function(c) return ('%02x'):format(c:byte()) end))", "000000000000f87f7fc000000000c07f" },
  { "select(2, pcall(json.encode, n))", "Cannot serialise number: must not be NaN or Inf" },
  { "(select(2, pcall(rawset, {}, n, 1)))", "table index is NaN" },
  { "select(2, pcall(string.rep, 'x', n))", "bad argument #2 to 'string.rep' (number has no integer representation)" },
  { "tostring(select(2, math.frexp(n)))", "0" },
  { "tostring(n == n) .. tostring(n < n) .. tostring(rawequal(n, n))", "falsefalsefalse" },
}

describe("NaN", function()
  local flare

  setup(function() flare = evaluate.open {} end)
  teardown(function() flare:close() end)

  for _, source in ipairs(sources) do
    it(("has no sign when it comes from %s"):format(source), function()
      local code = { ("local n = %s local list = {}"):format(source) }
      for i, show in ipairs(shows) do code[#code + 1] = ("list[%d] = %s"):format(i, show[1]) end
      code[#code + 1] = "return n ~= n, list"
      local expected = {}
      for i, show in ipairs(shows) do expected[i] = show[2] end
      assert.same({ n = 2, true, expected }, (flare:run(table.concat(code, "\n"))))
    end)
  end

  it("has none when start-up computed it, in every place that keeps values", function()
    local list = table.concat(sources, ",\n")
    local packed <close> = support.load(([[
      local nans = { %s }
      local up, named = nans[1], { a = nans[2] }
      local co = coroutine.wrap(function() local inside = -nans[1] coroutine.yield() return inside end)
      co()
      return function()
        local out = { tostring(up), tostring(named.a), tostring(co()) }
        for i, n in ipairs(nans) do out[#out + 1] = tostring(n) .. string.pack(">d", n):byte(1) end
        return { body = table.concat(out, " ") }
      end]]):format(list))
    assert.equal("nan nan nan" .. (" nan127"):rep(#sources), packed:request({}).body)
  end)

  it("is one and the same in what is packed", function()
    local folder = support.folder()
    support.write(folder .. "/main.lua", [[
      local zero = 0.0
      Globals = { zero / zero, a = -(zero / zero), math.sqrt(-1), { [1] = zero / zero * 2 } }
      local up, f = zero / zero, string.unpack("<d", ("\xff"):rep(8))
      local co = coroutine.wrap(function() local inside = zero / zero coroutine.yield() return inside end)
      co()
      return function() return { body = tostring(up) .. tostring(f) .. tostring(co()) } end]])
    local code, _, errors = support.cli("pack", folder, "-o", folder .. "/out.wasm")
    assert.same({ 0, "" }, { code, errors })
    local wasm = support.read(folder .. "/out.wasm")
    assert.is_nil(wasm:find("\0\0\0\0\0\0\xf8\xff", 1, true))
    assert.is_truthy(wasm:find("\0\0\0\0\0\0\xf8\x7f", 1, true))
  end)
end)
