-- dkjson_spec.lua - dkjson as Debian has it, in flares, without LPeg, which it asks for and does without.
local libraries = require "libraries"
local describe = libraries.describe(describe, pending, "debian")

local body = [=[
local json = require "dkjson"

function cases.encode()
  return json.encode({ 1, "two", { three = json.null }, false }), json.encode({ b = 1, a = 2 }, { keyorder = { "a", "b" } }),
    json.encode(setmetatable({}, { __jsontype = "array" })), json.encode(0.1),
    json.encode(2^53), json.encode(1/0), json.quotestring "a\n\"é"
end

function cases.indent() return json.encode({ a = { 1, 2 }, b = true }, { indent = true, keyorder = { "a", "b" } }) end

function cases.decode()
  local t, at = json.decode [[ { "a": [1, -2.5e3, null, true], "b": "\u00e9\ud83d\ude00" } rest ]]
  return t.a[1], t.a[2], t.a[3], t.a[4], t.b, at, math.type(t.a[1])
end

function cases.null() local t = json.decode("[null]", 1, json.null) return t[1] == json.null end

function cases.faults() return select(3, json.decode "[1, 2"), (select(3, json.decode "{ x }")) end

function cases.hooks()
  local t = setmetatable({ 5 }, { __tojson = function(self, state) return "<" .. self[1] .. ">" end })
  return json.encode { t }, (pcall(json.encode, { print })), json.encode({ print }, { exception = function() return '"?"' end })
end

function cases.lpeg() return pcall(json.use_lpeg) end
]=]

describe("dkjson", function()
  local says, flare
  setup(function() says, flare = libraries.flare({ "dkjson.lua" }, body) end)
  teardown(function() flare:close() end)

  it("encodes", function()
    assert.equal([=[[1,"two",{"three":null},false], {"a":2,"b":1}, [], 0.1, 9.007199254741e+15, null, "a\n\"é"]=], (says "encode"))
    assert.equal('{\n  "a":[1,2],\n  "b":true\n}', (says "indent"))
  end)

  it("decodes, and says where it stopped", function()
    assert.equal("1, -2500.0, nil, true, é😀, 61, integer", (says "decode"))
    assert.equal("true", (says "null"))
    assert.matches("^unterminated array at line 1, column 1, .*column 3", (says "faults"))
  end)

  it("asks __tojson and the exception handler", function()
    assert.matches('^%[<5>%], false, %["%?"%]$', (says "hooks"))
  end)

  it("finds LPeg, whose version is no function any more", function()
    assert.matches("^false, .*attempt to call a string value %(field 'version'%)", (says "lpeg"))
  end)
end)
