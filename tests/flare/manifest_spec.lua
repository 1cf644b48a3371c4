-- manifest_spec.lua - flare.lua: what it may say, what is refused, and that the host keeps to it.
local evaluate = require "evaluate"
local support = require "support"

-- The message with which a project of this manifest is refused.
local function refusal(manifest)
  local flare, message = support.try_load { ["main.lua"] = "return print", ["flare.lua"] = manifest }
  assert.is_nil(flare)
  return message
end

local known = { "name", "main", "modules", "assets", "paths", "memory", "vars", "bytecode", "without", "requires_body", "requires_raw_auth",
  "writes_spark_kv", "writes_plasma_kv", "allowed_secrets", "allowed_fetch_urls", "max_fetch_requests", "max_kv_value_bytes",
  "max_spark_pull_per_invocation", "websocket", "ws_protocols" }

describe("flare.lua", function()
  it("may say everything that is known", function()
    local flare <close> = support.load {
      ["main.lua"] = "error 'not this one'",
      ["flare.lua"] = [[return { name = "all", main = "start.lua", modules = { "lib" }, assets = { "a.txt" },
        memory = "16M", vars = { MODE = "fast" }, bytecode = true, without = { "utf8" }, requires_body = true, requires_raw_auth = true,
        writes_spark_kv = true, writes_plasma_kv = true,
        allowed_secrets = { "s" }, allowed_fetch_urls = { "https://*" }, max_fetch_requests = 3,
        max_kv_value_bytes = 1000, max_spark_pull_per_invocation = 5, websocket = true, ws_protocols = { "chat" } }]],
      ["start.lua"] = "return function() local name = 'lib' return { body = require(name) .. os.getenv 'MODE' } end",
      ["lib.lua"] = "return 'lib'",
      ["a.txt"] = "a",
    }
    assert.equal("libfast", flare:request({}).body)
  end)

  it("may compute what it says", function()
    local flare <close> = evaluate.open({ secrets = { s3 = "v" } }, { ["flare.lua"] =
      "local list = {} for i = 1, 5 do list[i] = 's' .. i end return { allowed_secrets = list }" })
    assert.equal("v", flare:value "return secrets.get 's3'")
  end)

  it("may be empty: then nothing is allowed", function()
    local flare <close> = evaluate.open({ secrets = { s = "v" } }, { ["flare.lua"] = "return {}" })
    flare.flare:stub_fetch("", { body = "x" })
    assert.same({ n = 1 }, flare:run "return secrets.get 's'")
    assert.same({ n = 3, nil, "no capability", 9 }, flare:run "return spark.set('k', 'v')")
    assert.same({ n = 3, nil, "no capability", 9 }, flare:run "return spark.pull('o', { 'k' })")
    assert.same({ n = 3, nil, "no capability", 5 }, flare:run "return plasma.set('k', 'v')")
    assert.same({ n = 3, nil, "no capability", 5 }, flare:run "return plasma.delete 'k'")
    assert.same({ n = 2, nil, "refused" }, flare:run "return plasma.increment 'k'")
    assert.same({ n = 2, nil, "fetch failed" }, flare:run "return beam.fetch 'https://a/'")
    assert.same({ n = 2, "", nil }, flare:run("return request.body(), request.header 'cookie'",
      { body = "there", headers = { cookie = "a" } }))
  end)

  local grants = {
    { "writes_spark_kv = true", "return spark.set('k', 'v')", { n = 1, true } },
    { "writes_plasma_kv = true", "return plasma.set('k', 'v'), plasma.increment 'c', plasma.delete 'k'",
      { n = 3, true, 1, true } },
    { "requires_body = true", "return request.body()", { n = 1, "there" } },
    { "requires_raw_auth = true", "return request.header 'cookie'", { n = 1, "a=b" } },
    { "allowed_secrets = { 's' }", "return secrets.get 's', secrets.get 't'", { n = 2, "v" } },
    { "allowed_fetch_urls = { 'https://a/*' }", "return beam.fetch('https://a/').body", { n = 1, "x" } },
    { "writes_spark_kv = true, max_kv_value_bytes = 3", "return spark.set('k', 'four')",
      { n = 3, nil, "too large", 2 } },
    { "writes_plasma_kv = true, max_kv_value_bytes = 3", "return plasma.set('k', 'four')",
      { n = 3, nil, "too large", 3 } },
    { "allowed_fetch_urls = { '*' }, max_fetch_requests = 0", "return beam.fetch 'https://a/'",
      { n = 2, nil, "fetch failed" } },
  }
  for _, case in ipairs(grants) do
    it(("is kept to: %s"):format(case[1]), function()
      local options = { secrets = { s = "v", t = "w" } }
      local flare <close> = evaluate.open(options, { ["flare.lua"] = "return { " .. case[1] .. " }" })
      flare.flare:stub_fetch("", { body = "x" })
      assert.same(case[3], (flare:run(case[2], { body = "there", headers = { cookie = "a=b" } })))
    end)
  end

  it("bounds memory", function()
    local flare <close> = evaluate.open({}, { ["flare.lua"] = "return { memory = '4M' }" })
    local values, response = flare:run "local ok, message = pcall(string.rep, 'x', 5 << 20) return ok, message"
    assert.same({ n = 2, false, "not enough memory" }, values)
    assert.is_true(response.memory <= 4 << 20)
  end)

  it("is refused for a key that is not known, and says which are", function()
    for _, key in ipairs { "secrets", "Name", "writes_spark", "max_body", "x" } do
      local message = refusal(("return { %s = true }"):format(key))
      assert.matches("flare%.lua: unknown key '" .. key .. "'; known are", message)
      for _, name in ipairs(known) do assert.is_truthy(message:find(name, 1, true)) end
    end
    assert.is_truthy(refusal("return { [1] = 'x', name = 'y' }"):find("flare.lua:", 1, true))
  end)

  local wrong = {
    name = { "1", "{}", "true", "''" },
    main = { "7", "{}" },
    modules = { "'lib'", "{ 1 }", "{ a = 'b' }", "true" },
    assets = { "'a'", "{ {} }" },
    memory = { "'lots'", "true", "-1", "'32MB'", "1", "'1K'", "1 << 33", "1.5" },
    vars = { "'A=1'", "7", "true", "{ 'a' }" },
    bytecode = { "1", "'b'", "{}" },
    without = { "'io'", "true", "{ 1 }", "{ io = true }" },
    requires_body = { "1", "'yes'", "{}" },
    requires_raw_auth = { "0" },
    writes_spark_kv = { "'true'" },
    writes_plasma_kv = { "1" },
    allowed_secrets = { "'s'", "{ true }", "true" },
    allowed_fetch_urls = { "'*'", "{ 1 }" },
    max_fetch_requests = { "-1", "1.5", "'16'", "true" },
    max_kv_value_bytes = { "-1", "{}" },
    max_spark_pull_per_invocation = { "'1'" },
    websocket = { "1" },
    ws_protocols = { "'chat'", "{ 1 }" },
  }
  for key, values in pairs(wrong) do
    it(("is refused for a %s of the wrong kind"):format(key), function()
      for _, value in ipairs(values) do
        assert.matches("flare%.lua: key '" .. key .. "' is not an? ", refusal(("return { %s = %s }"):format(key, value)))
      end
    end)
  end

  it("says what was found, and what was perhaps meant", function()
    for value, message in pairs {
      ["memory = '8x'"] = "key 'memory' is not a size from 1M to 4095M, such as 32M, but \"8x\"",
      ["memory = '4096m'"] = "key 'memory' is not a size from 1M to 4095M, such as 32M, but \"4096m\"",
      ["memory = 5"] = "key 'memory' is not a size from 1M to 4095M, such as 32M, but 5",
      ["name = {}"] = "key 'name' is not a string with something in it, but a table",
      ["ws_protocols = { 'chat', 'a b' }"] = "ws_protocols[2]: \"a b\" is no name of a sub-protocol, such as \"graphql-ws\"",
      ["ws_protocols = { '' }"] = "ws_protocols[1]: \"\" is no name of a sub-protocol, such as \"graphql-ws\"",
      ["websocket = 'yes'"] = "key 'websocket' is not a boolean, but \"yes\"",
      ["vars = { 'MODE' }"] = "key 'vars' is not a table from names to strings, but a list",
      ["vars = { PORT = 8080 }"] = "key 'vars': 'PORT' is not a string without NUL, but 8080",
      ["vars = { A = { 'x' } }"] = "key 'vars': 'A' is not a string without NUL, but [\"x\"]",
      ["vars = { A = 'a\\0b' }"] = "key 'vars': 'A' is not a string without NUL, but \"a\\u0000b\"",
      ["vars = { [''] = 'x' }"] = "key 'vars': '' is no name: one is not empty and has no '=' in it",
      ["vars = { ['A=B'] = 'x' }"] = "key 'vars': 'A=B' is no name: one is not empty and has no '=' in it",
      ["without = { 'io', 'utf' }"] = "without[2]: there is no library 'utf' that can be left out, but io, debug, load, coroutine, "
        .. "math, os, table, utf8: did you mean 'utf8'?",
      ["without = { 'string' }"] = "without[1]: 'string' cannot be left out, since strings have their methods from it; those that "
        .. "can are io, debug, load, coroutine, math, os, table, utf8",
      ["memmory = '8M'"] = "max_spark_pull_per_invocation websocket ws_protocols: did you mean 'memory'?",
      ["asets = {}"] = "max_spark_pull_per_invocation websocket ws_protocols: did you mean 'assets'?",
      ["write_spark_kv = true"] = "websocket ws_protocols: did you mean 'writes_spark_kv'?",
    } do
      local found = refusal("return { " .. value .. " }")
      assert.is_number(found:find(message, 1, true), found)
    end
  end)

  it("has a memory as the command line takes it", function()
    for word, bytes in pairs { ["'8m'"] = 8 << 20, ["'2048k'"] = 2 << 20, ["'2M'"] = 2 << 20, ["2097152"] = 2 << 20 } do
      local flare <close> = evaluate.open({}, { ["flare.lua"] = "return { memory = " .. word .. " }" })
      local values = flare:run(("return (pcall(string.rep, 'x', %d))"):format(bytes))
      assert.same({ n = 1, false }, values)
    end
  end)

  it("is refused with the line of a syntax error", function()
    assert.matches("flare%.lua:2: .*expected", refusal "return {\n name = 'x' main = 1 }")
  end)

  it("is refused with the line of an error", function()
    assert.matches("flare%.lua:2: attempt to call a nil value %(global 'require'%)",
      refusal "\nlocal x = require 'os'")
    assert.matches("flare%.lua:1: attempt to index a nil value %(global 'os'%)",
      refusal "return { name = os.getenv 'A' }")
  end)

  it("is refused when it does not return a table", function()
    for code, kind in pairs { [""] = "nil", ["return 1"] = "number", ["return 'x'"] = "string",
      ["return function() end"] = "function" } do
      assert.matches("flare%.lua: it returns a " .. kind .. ", not a table", refusal(code))
    end
    assert.matches("flare%.lua: it is a list", refusal "return { 'a' }")
  end)

  it("is refused with a function, NaN or itself in it", function()
    assert.matches("flare%.lua: .*function", refusal "return { name = function() end }")
    assert.matches("flare%.lua: .*NaN", refusal "return { memory = 0/0 }")
    assert.matches("flare%.lua: .*nesting", refusal "local t = {} t.assets = t return t")
  end)

  it("is stopped when it does not end, and says where", function()
    assert.matches("flare%.lua", refusal "\nwhile true do end")
    assert.matches("flare%.lua", refusal "local s = 'x' while true do s = s .. s end")
    assert.matches("flare%.lua", refusal "local function f() return 1 + f() end return f()")
  end)

  it("cannot be bytecode", function()
    assert.matches("flare%.lua: attempt to load a binary chunk", refusal(string.dump(function() return {} end)))
  end)
end)
