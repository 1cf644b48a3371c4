-- What flaron-lua serves, in Chromium: the page of dev (tests/browser/page.mjs), and a sign-in by the template `auth`
-- (tests/browser/login.mjs). What the programs do there are the specs here.
local support = require "support"

local has_browser = support.run "node tests/browser/driver.mjs" == 0

-- Makes specs of what a program prints: "ok NAME" or "failed NAME", a tab and why.
local function run(program, ...)
  local words = { "timeout 120 node", program, support.quote(support.flaron_lua), support.quote(support.folder()) }
  for _, word in ipairs { ... } do words[#words + 1] = support.quote(word) end
  local code, out, errors = support.run(table.concat(words, " "))
  for verdict, name, why in out:gmatch "(%l+) ([^\t\n]+)\t?([^\n]*)" do
    it(name, function() assert.equal("ok", verdict, why) end)
  end

  it("gets to the end", function()
    assert.same({ 0, "" }, { code, errors })
  end)
end

describe("the page of flaron-lua dev, in a browser,", function()
  if has_browser then return run "tests/browser/page.mjs" end
  it("works", function() pending "Chromium cannot be installed here" end)
end)

describe("a login gateway, in a browser,", function()
  local modules = "build/libraries/identity"
  if has_browser and support.read(modules .. ".stamp") then
    return run("tests/browser/login.mjs", select(2, support.run "pwd"):gsub("\n", "") .. "/" .. modules)
  end
  it("works", function() pending "Chromium or oidc-provider of npm cannot be had here" end)
end)
