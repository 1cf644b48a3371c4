-- An instance in V8 that goes on after traps stays whole: what follows is right. V8 ends an invocation where an import
-- throws, or where its own stack is used up. The local edge's engine is asked the same by tests/unit/reuse_test.c.
local support = require "support"

local deep = [[
local flaron = require "flaron"
local function again(s) return (s:gsub(".", again)) end
return function()
  if flaron.request.method() == "DEEP" then again "a" end
  return { body = "hello from " .. flaron.request.method() .. " " .. flaron.request.url() }
end]]

local greeting = "hello from GET https://example.com/greeting"

-- Runs tests/engines/reuse.mjs on `flare`; returns how often it trapped and did not, and the answer afterwards.
local function reuse(flare, how, times, stack_kb)
  local code, out, err = support.run(("node%s tests/engines/reuse.mjs %s %s %s"):format(
    stack_kb and " --stack-size=" .. stack_kb or "", how, flare, times or ""))
  assert.equal("", err)
  assert.equal(0, code)
  local trapped, passed, answer = out:match "^(%d+) (%d+) (.*)\n$"
  return tonumber(trapped), tonumber(passed), answer
end

describe("an instance that is kept after traps", function()
  local hello, nested

  setup(function()
    local folder = support.folder()
    hello, nested = folder .. "/hello.wasm", folder .. "/deep.wasm"
    assert.equal(0, (support.cli("pack", "examples/hello", "-o", hello)))
    support.project(deep, folder)
    assert.equal(0, (support.cli("pack", folder, "-o", nested)))
  end)

  it("answers as ever after 100,000 imports that threw", function()
    assert.same({ 100000, 0, greeting }, { reuse(hello, "imports", 100000) })
  end)

  it("answers as ever after the engine's stack was used up", function()
    assert.same({ 20000, 0, greeting }, { reuse(nested, "deep", 20000, 100) })
  end)

  it("answers as ever after its first invocation trapped, wherever that was", function()
    local trapped, passed, answer = reuse(hello, "first", nil, 200)
    assert.is_true(trapped > 20 and passed > 20, trapped .. " trapped, " .. passed .. " passed")
    assert.equal(greeting, answer)
  end)
end)
