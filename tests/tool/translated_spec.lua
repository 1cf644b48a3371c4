-- The translated runtime must compute what Wasm says to the last bit. A compiler that may fuse a multiplication and an
-- addition, as it does by default where the machine has such an instruction, gives other bits than every Wasm engine.
local support = require "support"

local compiler, flags = os.getenv "CC", os.getenv "WASM2C_FLAGS"
local fused = "vfn?m[as][du][db]%d+" -- vfmadd213sd, vfnmsub231pd...

local function compile(source, more)
  local code, out, errors = support.run(("printf '%%s' %s | %s %s -mfma %s -x c -S -o - -"):format(support.quote(source),
    compiler, flags, more))
  assert.equal(0, code, errors)
  return out
end

describe("the translated runtime", function()
  if not compiler or support.run "uname -m | grep -qx x86_64" ~= 0 then
    pending "is looked at on amd64, by `make test`"
    return
  end

  it("is compiled with flags that fuse nothing", function()
    local source = "double f(double a, double b, double c) { return a * b + c; }"
    assert.is_truthy(compile(source, "-ffp-contract=fast"):find(fused))
    assert.is_nil(compile(source, ""):find(fused))
  end)

  it("has no fused operation when the machine has them", function()
    local code, count, errors = support.run(("%s %s -mfma -S build/wasm/runtime_wasm2c.c -o - | grep -cE 'vfn?m(add|sub)'"):format(
      compiler, flags))
    assert.equal("0", (count:gsub("%s", "")), errors)
    assert.equal(1, code) -- grep's, for none
  end)
end)
