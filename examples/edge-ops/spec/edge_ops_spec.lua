local json = require "dkjson"
local edge = require "flaron.edge"

local NOW = 1700000000.25 -- 2023-11-14T22:13:20.25Z

describe("edge-ops", function()
  local function load(options)
    options = options or {}
    options.now = NOW
    return assert(edge.load("main.lua", options))
  end

  local function ask(flare)
    local response = flare:request()
    assert.equal(200, response.status)
    return json.decode(response.body), response
  end

  it("answers one JSON object with all of it", function()
    local flare <close> = load()
    local answer, response = ask(flare)
    assert.equal("application/json", response.headers["content-type"])
    local names = {}
    for name in pairs(answer) do names[#names + 1] = name end
    table.sort(names)
    assert.equal("base64 hash hex input ksuid nanoid snowflake timestamps ulid uuid", table.concat(names, " "))
  end)

  it("hashes and encodes", function()
    local flare <close> = load()
    local answer = ask(flare)
    assert.equal("hello, edge", answer.input)
    assert.equal("46bb9ee5ae7248c554b6345d49ea3b13e1c07a611c25671317a2163c31373d76", answer.hash)
    assert.same({ encoded = "aGVsbG8sIGVkZ2U=", decoded = "hello, edge" }, answer.base64)
    assert.same({ encoded = "68656c6c6f2c2065646765", decoded = "hello, edge" }, answer.hex)
  end)

  it("makes identifiers of the right form", function()
    local flare <close> = load()
    local answer = ask(flare)
    for version, uuid in pairs(answer.uuid) do
      local digits = ("x"):rep(8) .. "-xxxx-" .. version:sub(2) .. "xxx-[89ab]xxx-" .. ("x"):rep(12)
      assert.matches("^" .. digits:gsub("%-", "%%-"):gsub("x", "%%x") .. "$", uuid)
    end
    assert.matches("^[0-7]" .. ("[0-9A-HJKMNP-TV-Z]"):rep(25) .. "$", answer.ulid)
    assert.matches("^" .. ("%w"):rep(27) .. "$", answer.ksuid)
    assert.matches("^" .. ("[%w_-]"):rep(21) .. "$", answer.nanoid)
    assert.matches("^%d+$", answer.snowflake)
    assert.truthy(math.tointeger(answer.snowflake)) -- fits 63 bits
  end)

  it("puts the time into those that have it", function()
    local flare <close> = load()
    local answer = ask(flare)
    local ms = 1700000000250
    assert.equal(("%012x"):format(ms), (answer.uuid.v7:gsub("%-", ""):sub(1, 12)))
    local ulid_ms = 0
    for c in answer.ulid:sub(1, 10):gmatch "." do
      ulid_ms = ulid_ms * 32 + ("0123456789ABCDEFGHJKMNPQRSTVWXYZ"):find(c, 1, true) - 1
    end
    assert.equal(ms, ulid_ms)
  end)

  it("makes new identifiers each time, later ones behind earlier ones", function()
    local flare <close> = load()
    local before = ask(flare)
    flare:advance(2)
    local after = ask(flare)
    assert.not_equal(before.uuid.v4, after.uuid.v4)
    assert.not_equal(before.nanoid, after.nanoid)
    assert.is_true(before.uuid.v7 < after.uuid.v7)
    assert.is_true(before.ulid < after.ulid)
    assert.is_true(before.ksuid < after.ksuid)
    assert.is_true(math.tointeger(before.snowflake) < math.tointeger(after.snowflake))
  end)

  it("tells the time in every format", function()
    local flare <close> = load()
    local answer = ask(flare)
    assert.same({
      unix = 1700000000,
      ms = 1700000000250,
      ns = "1700000000250000000",
      rfc3339 = "2023-11-14T22:13:20Z",
      iso8601 = "2023-11-14T22:13:20Z",
      http = "Tue, 14 Nov 2023 22:13:20 GMT",
    }, answer.timestamps)
  end)

  for _, import in ipairs {
    "crypto_hash", "encoding_base64_encode", "encoding_base64_decode", "encoding_hex_encode", "encoding_hex_decode",
    "id_uuid", "id_ulid", "id_ksuid", "id_nanoid", "timestamp",
  } do
    it("answers 500 and logs a line of main.lua without " .. import, function()
      local flare <close> = load()
      flare:fail(import, true)
      local response = flare:request()
      assert.equal(500, response.status)
      assert.equal("Internal Server Error", response.body)
      assert.response(response).has.log("error", "main%.lua:%d+:")
    end)
  end
end)
