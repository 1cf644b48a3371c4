-- The page of flaron-lua dev in Chromium: what tests/browser/page.mjs does there, each check a spec.
local support = require "support"

describe("the page of flaron-lua dev, in a browser,", function()
  if support.run "node tests/browser/driver.mjs" ~= 0 then
    it("works", function() pending "Chromium cannot be installed here" end)
    return
  end
  local folder = support.folder()
  local code, out, errors = support.run(("timeout 120 node tests/browser/page.mjs %s %s"):format(
    support.quote(support.flaron_lua), support.quote(folder)))
  for verdict, name, why in out:gmatch "(%l+) ([^\t\n]+)\t?([^\n]*)" do
    it(name, function() assert.equal("ok", verdict, why) end)
  end

  it("gets to the end", function()
    assert.same({ 0, "" }, { code, errors })
  end)
end)
