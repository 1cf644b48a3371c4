-- oidc_spec.lua - the template `auth` at a provider that others wrote: oidc-provider of npm on loopback (tests/identity).
local serving = require "serving"
local support = require "support"

describe("flaron-lua new --template auth, at oidc-provider,", function()
  if not support.read "build/libraries/identity.stamp" then
    it("works", function() pending "oidc-provider of npm could not be had (build/libraries/identity.log)" end)
    return
  end
  local pid, port

  setup(function()
    local modules = select(2, support.run "pwd"):gsub("\n", "") .. "/build/libraries/identity"
    pid, port = serving.listen(("node tests/identity/provider.mjs %s https://localhost/callback https://localhost/"):format(
      support.quote(modules)), support.folder() .. "/provider", 20)
  end)
  teardown(function() serving.stop(pid) end)

  it("signs in and out, takes access tokens, refreshes tokens, and follows a change of keys", function()
    local folder = support.folder() .. "/gateway"
    assert.equal(0, (support.cli("new", folder, "--template", "auth")))
    local issuer = "http://127.0.0.1:" .. port
    local manifest = support.read(folder .. "/flare.lua"):gsub("https://login%.example%.com", issuer)
      :gsub('SITE = "[^"]*"', 'SITE = "https://localhost"')
    support.write(folder .. "/flare.lua", manifest)
    support.write(folder .. "/spec/gateway_spec.lua", support.read "tests/identity/gateway_spec.lua")
    local code, output = support.run(("%s%s test %s -o TAP"):format(support.sanitizer, support.quote(support.flaron_lua),
      support.quote(folder)))
    assert.equal(0, code, output)
    assert.equal(7, select(2, output:gsub("\nok ", "\n")) + (output:find "^ok " and 1 or 0), output)
  end)
end)
