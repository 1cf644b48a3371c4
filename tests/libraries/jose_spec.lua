-- jose_spec.lua - tokens between flaron.jwt and jose of npm, both ways: 1,000 with random claims, by all algorithms.
local libraries = require "libraries"
local support = require "support"
local describe = libraries.describe(describe, pending, "npm")

local MADE, SIGNED = 800, 200 -- tokens by jose, and by the flare, with the same keys

-- The body is what jose.mjs makes. `verify` counts the tokens that have their claims; `sign` gives as many tokens of its
-- own, in the same form; `flip` gives the bits of one token of each algorithm that can be flipped.
local main = [[
local flaron = require "flaron"
local jwt = require "flaron.jwt"
local json, request = flaron.json, flaron.request

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for name, value in pairs(a) do
    if not same(value, b[name]) then return false end
  end
  for name in pairs(b) do
    if a[name] == nil then return false end
  end
  return true
end

local function verifiers(keys)
  local found = {}
  for algorithm, key in pairs(keys) do found[algorithm] = jwt.new { key = key.public, required = {} } end
  return found
end

local cases = {}

function cases.verify(given)
  local right, tokens = 0, verifiers(given.keys)
  for _, one in ipairs(given.tokens) do
    local claims, reason = tokens[one.alg]:verify(one.token)
    assert(claims, reason)
    assert(same(claims, one.claims))
    right = right + 1
  end
  return tostring(right)
end

function cases.sign(given)
  for i = math.tointeger(request.header "count") + 1, #given.tokens do given.tokens[i] = nil end
  for _, one in ipairs(given.tokens) do
    one.token = jwt.sign(one.claims, given.keys[one.alg].private, { iat = false, kid = one.token:sub(-9) })
  end
  return json.encode(given)
end

function cases.flip(given)
  local taken, tried, tokens, seen = {}, 0, verifiers(given.keys), {}
  for _, one in ipairs(given.tokens) do
    local token, verifier = one.token, tokens[one.alg]
    if not seen[one.alg] then
      seen[one.alg] = true
      for bit = 0, 8 * #token - 1, one.alg:find "^HS" and 5 or 53 do -- in each byte another one
        local at = bit // 8 + 1
        tried = tried + 1
        if verifier:verify(token:sub(1, at - 1) .. string.char(token:byte(at) ~ 1 << bit % 8) .. token:sub(at + 1)) then
          taken[#taken + 1] = one.alg .. " " .. bit
        end
      end
    end
  end
  return (tried > 1000 and "" or tried) .. table.concat(taken, ", ")
end

return function()
  local given = assert(json.decode(request.body()))
  return { body = cases[request.header "case"](given) }
end
]]

describe("flaron.jwt and jose of npm", function()
  local flare, made, path

  -- What jose.mjs says; it finds jose beside it.
  local function jose(arguments)
    local code, out, errors = support.run("node build/libraries/npm/jose.mjs " .. arguments)
    assert(code == 0, errors)
    return out
  end

  local function ask(case)
    local response = flare:request { headers = { case = case, count = tostring(SIGNED) }, method = "POST", body = made }
    assert.equal(200, response.status, support.log(response, "error"))
    return response.body
  end

  setup(function()
    flare = support.load(main, { requires_body = true, cpu_ms = 120000 })
    path = support.folder() .. "/tokens.json"
    jose(("make %d %s"):format(MADE, path))
    made = assert(support.read(path))
  end)
  teardown(function() flare:close() end)

  it("take each other's tokens", function()
    assert.equal(tostring(MADE), ask "verify")
    support.write(path, ask "sign")
    assert.equal(tostring(SIGNED) .. "\n", jose("verify " .. path))
  end)

  it("leave no bit of a token that can be flipped", function() assert.equal("", ask "flip") end)
end)
