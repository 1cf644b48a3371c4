-- asset_spec.lua - flaron.asset: files that the manifest puts into a flare.
local evaluate = require "evaluate"
local support = require "support"

local every = {}
for byte = 0, 255 do every[#every + 1] = string.char(byte) end
every = table.concat(every)

local files = {
  ["flare.lua"] = "return { assets = { 'page.html', 'img/every.bin', 'empty.txt' } }",
  ["page.html"] = "<h1>page</h1>\n",
  ["img/every.bin"] = every,
  ["empty.txt"] = "",
  ["other.txt"] = "not named",
}

describe("flaron.asset", function()
  it("gives the bytes of a file, in every invocation", function()
    local flare <close> = evaluate.open({}, files)
    for _ = 1, 2 do
      assert.same({ n = 3, "<h1>page</h1>\n", every, "" },
        flare:run "return flaron.asset 'page.html', flaron.asset 'img/every.bin', flaron.asset 'empty.txt'")
    end
  end)

  it("gives one nil for a file that the manifest does not name", function()
    local flare <close> = evaluate.open({}, files)
    for _, path in ipairs { "other.txt", "none", "./page.html", "PAGE.HTML", "" } do
      assert.same({ n = 1 }, flare:run(("return flaron.asset %q"):format(path)))
    end
  end)

  it("gives a file of 3 MiB", function()
    local big = ("0123456789abcdef"):rep(3 << 16)
    local flare <close> = support.load {
      ["main.lua"] = "local flaron = require 'flaron' return function() return { body = flaron.asset 'big' } end",
      ["flare.lua"] = "return { assets = { 'big' } }",
      big = big,
    }
    assert.is_true(big == flare:request({}).body)
    assert.is_true(big == flare:request({}).body)
  end)

  it("refuses a path that is no string or has a NUL", function()
    local flare <close> = evaluate.open({}, files)
    assert.equal("bad argument #1 to 'flaron.asset' (string expected, got no value)", flare:fault "flaron.asset()")
    assert.equal("bad argument #1 to 'flaron.asset' (contains a NUL)", flare:fault "flaron.asset 'page.html\\0'")
  end)

  it("gives the same outside of handlers", function()
    local all = { ["main.lua"] = [[
      local flaron = require 'flaron'
      local page, bin, empty = flaron.asset 'page.html', flaron.asset 'img/every.bin', flaron.asset 'empty.txt'
      local none = flaron.asset 'other.txt'
      return function()
        local same = page == flaron.asset 'page.html' and bin == flaron.asset 'img/every.bin' and empty == ""
        return { body = page .. #bin .. tostring(same) .. tostring(none) }
      end]] }
    for path, content in pairs(files) do all[path] = content end
    local flare <close> = support.load(all)
    for _ = 1, 2 do assert.equal("<h1>page</h1>\n256truenil", flare:request({}).body) end
  end)

  it("is missed when packing, by its name", function()
    local flare, message = support.try_load {
      ["main.lua"] = "return print",
      ["flare.lua"] = "return { assets = { 'gone.txt' } }",
    }
    assert.is_nil(flare)
    assert.matches("gone%.txt", message)
  end)
end)
