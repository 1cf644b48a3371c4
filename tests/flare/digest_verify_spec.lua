-- digest_verify_spec.lua - flaron.digest.verify: signatures that openssl makes, and all kinds of bad ones.
local evaluate = require "evaluate"
local keys = require "keys"

local MESSAGE = "The quick brown fox jumps over the lazy dog"
local PSS = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sigopt rsa_mgf1_md:"

-- Orders of the curves, and their primes (FIPS 186-4, D.1.2).
local ORDERS = {
  ["P-256"] = keys.bytes "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
  ["P-384"] = keys.bytes("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"),
}
local PRIMES = {
  ["P-256"] = keys.bytes "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
  ["P-384"] = keys.bytes("fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff"),
}

local flipped, with = keys.flipped, keys.with

describe("digest.verify", function()
  local flare, rsa, rsa_key, p256, p256_key, p384, p384_key

  -- What verify gives for each of the cases { algorithm, key, message, signature }.
  local function verify(cases)
    local out = { "local out, cases = {}, {\n" }
    for _, case in ipairs(cases) do
      out[#out + 1] = ("{ %q, {"):format(case[1])
      for name, value in pairs(case[2]) do out[#out + 1] = ("%s = %q,"):format(name, value) end
      out[#out + 1] = ("}, %q, %q },\n"):format(case[3], case[4])
    end
    out[#out + 1] = [[}
      for i, case in ipairs(cases) do
        local right, why = require "flaron.digest".verify(table.unpack(case))
        out[i] = right == nil and why or right
      end
      return table.unpack(out)]]
    return (flare:run("return load(request.body())()", { body = table.concat(out) }))
  end

  setup(function()
    flare = evaluate.open({ cpu_ms = 20000 }, {}, { "flaron.digest" })
    rsa, p256, p384 = keys.make "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
      keys.make "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", keys.make "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"
    rsa_key, p256_key, p384_key = keys.rsa(rsa), keys.ec(p256, "P-256", 32), keys.ec(p384, "P-384", 48)
  end)
  teardown(function() flare:close() end)

  -- A right signature for each algorithm.
  local function right_ones()
    local cases = {}
    for _, bits in ipairs { "256", "384", "512" } do
      local hash = "sha" .. bits
      cases[#cases + 1] = { "RS" .. bits, rsa_key, MESSAGE, keys.sign(rsa, hash, MESSAGE) }
      cases[#cases + 1] = { "PS" .. bits, rsa_key, MESSAGE, keys.sign(rsa, hash, MESSAGE, PSS .. hash) }
    end
    cases[#cases + 1] = { "ES256", p256_key, MESSAGE, keys.sign(p256, "sha256", MESSAGE, nil, 32) }
    cases[#cases + 1] = { "ES384", p384_key, MESSAGE, keys.sign(p384, "sha384", MESSAGE, nil, 48) }
    return cases
  end

  it("takes what openssl signs, and nothing else for it", function()
    local cases, expected = right_ones(), {}
    local count = #cases
    for i = 1, count do expected[i] = true end
    for i = 1, count do
      local algorithm, key, message, signature = table.unpack(cases[i])
      local last = 8 * #signature - 1
      for _, wrong in ipairs { "", "\0", signature:sub(1, -2), signature .. "\0", "\0" .. signature, signature:sub(2),
        ("\0"):rep(#signature), ("\xff"):rep(#signature), flipped(signature, 0), flipped(signature, 7), flipped(signature, last),
        flipped(signature, last // 2) } do
        cases[#cases + 1], expected[#expected + 1] = { algorithm, key, message, wrong }, false
      end
      cases[#cases + 1], expected[#expected + 1] = { algorithm, key, message .. "\0", signature }, false
      cases[#cases + 1], expected[#expected + 1] = { algorithm, key, "", signature }, false
    end
    for i = 1, count do -- another algorithm of the same key
      for k = 1, count do
        if i ~= k and (cases[i][2] == cases[k][2]) then
          cases[#cases + 1], expected[#expected + 1] = { cases[k][1], cases[i][2], MESSAGE, cases[i][4] }, false
        end
      end
    end
    expected.n = #expected
    local found = verify(cases)
    for i = 1, #expected do assert.equal(expected[i], found[i], ("case %d, %s"):format(i, cases[i][1])) end
  end)

  it("takes keys of other sizes and exponents", function()
    local cases = {}
    for _, words in ipairs { "rsa_keygen_bits:2049", "rsa_keygen_bits:4096 -pkeyopt rsa_keygen_pubexp:3",
      "rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:4294967297" } do
      local path = keys.make("-algorithm RSA -pkeyopt " .. words)
      local key = keys.rsa(path, words:find "pubexp:3" and "\3" or words:find "4294967297" and "\1\0\0\0\1")
      cases[#cases + 1] = { "RS256", key, MESSAGE, keys.sign(path, "sha256", MESSAGE) }
      cases[#cases + 1] = { "PS384", with(key, { n = "\0" .. key.n, e = "\0\0" .. key.e }), MESSAGE,
        keys.sign(path, "sha384", MESSAGE, PSS .. "sha384") }
    end
    for i, right in ipairs(verify(cases)) do assert.is_true(right, "case " .. i) end
  end)

  it("refuses RSA keys that are none, and says why", function()
    local n, signature = rsa_key.n, ("\1"):rep(256)
    local refused = {
      { {}, "not an RSA key" }, { { n = n }, "not an RSA key" }, { { e = "\3" }, "not an RSA key" },
      { { n = true, e = 3 }, "not an RSA key" }, { p256_key, "not an RSA key" },
      { { n = "", e = "\3" }, "modulus too small" }, { { n = "\0\0", e = "\3" }, "modulus too small" },
      { { n = n:sub(1, -2), e = "\3" }, "modulus too small" }, { { n = "\x7f" .. n:sub(2), e = "\3" }, "modulus too small" },
      { { n = "\1" .. n .. n, e = "\3" }, "modulus too large" }, { { n = n:rep(400), e = "\3" }, "modulus too large" },
      { { n = n:sub(1, -2) .. "\0", e = "\3" }, "modulus even" },
      { { n = n, e = "" }, "exponent too small" }, { { n = n, e = "\0" }, "exponent too small" },
      { { n = n, e = "\1" }, "exponent too small" }, { { n = n, e = "\0\1" }, "exponent too small" },
      { { n = n, e = "\2" }, "exponent too small" }, { { n = n, e = "\1\0" }, "exponent even" },
      { { n = n, e = "\1" .. ("\0"):rep(7) .. "\1" }, "exponent too large" }, { { n = n, e = n }, "exponent too large" },
    }
    for _, algorithm in ipairs { "RS256", "PS512" } do
      local cases = {}
      for i, case in ipairs(refused) do cases[i] = { algorithm, case[1], MESSAGE, signature } end
      for i, why in ipairs(verify(cases)) do assert.equal(refused[i][2], why, "case " .. i) end
    end
  end)

  it("refuses a signature that is not below the modulus", function()
    local signature = keys.sign(rsa, "sha256", MESSAGE)
    assert.same({ n = 2, false, false }, verify { { "RS256", rsa_key, MESSAGE, rsa_key.n },
      { "RS256", rsa_key, MESSAGE, ("\xff"):rep(#signature) } })
  end)

  it("refuses every other encoding of a digest", function()
    local digest = flare:value(("return require 'flaron.digest'.sha256(%q)"):format(MESSAGE))
    local info = keys.bytes "3031300d060960864801650304020105000420"
    local no_null = keys.bytes "302f300b06096086480165030402010420"
    local function block(before, tail) return before .. ("\xff"):rep(256 - #before - 1 - #tail) .. "\0" .. tail end
    local right = block("\0\1", info .. digest)
    local wrong = {
      block("\0\2", info .. digest), block("\0\0", info .. digest), block("\0\1", no_null .. digest),
      block("\0\1", info .. digest:sub(1, -2)), block("\0\1", digest),
      "\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0" .. info .. digest .. ("\0"):rep(256 - 11 - #info - #digest), -- Bleichenbacher, 2006
      "\0\1" .. "\0" .. info .. digest .. ("\xff"):rep(256 - 3 - #info - #digest),
      block("\0\1", keys.bytes "3031300d060960864801650304020205000420" .. digest), -- SHA-384's name
      block("\0\1", keys.bytes "3032300d060960864801650304020105000421" .. "\0" .. digest),
      block("\0\1", keys.bytes "308131300d060960864801650304020105000420" .. digest), -- a length in two bytes
      (right:gsub("\xff\0", "\xfe\0", 1)),
    }
    local cases = { { "RS256", rsa_key, MESSAGE, keys.raw_sign(rsa, right) } }
    for i, encoded in ipairs(wrong) do cases[i + 1] = { "RS256", rsa_key, MESSAGE, keys.raw_sign(rsa, encoded) } end
    local results = verify(cases)
    assert.is_true(results[1])
    for i = 2, results.n do assert.is_false(results[i], "encoding " .. i - 1) end
  end)

  it("refuses a salt of another size, and another hash in the mask", function()
    local cases = {}
    for _, words in ipairs { "saltlen:0 -sigopt rsa_mgf1_md:sha256", "saltlen:20 -sigopt rsa_mgf1_md:sha256",
      "saltlen:max -sigopt rsa_mgf1_md:sha256", "saltlen:digest -sigopt rsa_mgf1_md:sha1", "saltlen:digest -sigopt rsa_mgf1_md:sha512" } do
      cases[#cases + 1] = { "PS256", rsa_key, MESSAGE,
        keys.sign(rsa, "sha256", MESSAGE, "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_" .. words) }
    end
    for i, right in ipairs(verify(cases)) do assert.is_false(right, "case " .. i) end
  end)

  it("refuses numbers of an ECDSA signature that are 0, or the order and more", function()
    for curve, case in pairs { ["P-256"] = { "ES256", p256, "sha256", 32 }, ["P-384"] = { "ES384", p384, "sha384", 48 } } do
      local size, order = case[4], ORDERS[curve]
      local key = keys.ec(case[2], curve, size)
      local signature = keys.sign(case[2], case[3], MESSAGE, nil, size)
      local r, s = signature:sub(1, size), signature:sub(size + 1)
      local zero, one, most = ("\0"):rep(size), ("\0"):rep(size - 1) .. "\1", ("\xff"):rep(size)
      local above = order:sub(1, -2) .. string.char(order:byte(-1) + 1)
      local numbers, cases = { zero, one, order, above, most, PRIMES[curve] }, {}
      for _, a in ipairs(numbers) do
        cases[#cases + 1] = { case[1], key, MESSAGE, a .. s }
        cases[#cases + 1] = { case[1], key, MESSAGE, r .. a }
        for _, b in ipairs(numbers) do cases[#cases + 1] = { case[1], key, MESSAGE, a .. b } end
      end
      cases[#cases + 1] = { case[1], key, MESSAGE, "\0" .. r .. "\0" .. s }
      cases[#cases + 1] = { case[1], key, MESSAGE, s .. r }
      for i, right in ipairs(verify(cases)) do assert.is_false(right, curve .. ", case " .. i) end
    end
  end)

  it("refuses EC keys that are none, and says why", function()
    for algorithm, key in pairs { ES256 = p256_key, ES384 = p384_key } do
      local size, prime = #key.x, PRIMES[key.curve]
      local signature = ("\1"):rep(2 * size)
      local refused = {
        { {}, "not an EC key" }, { { curve = key.curve, x = key.x }, "not an EC key" }, { rsa_key, "not an EC key" },
        { with(key, { x = true }), "not an EC key" }, { with(key, { curve = 256 }), "not an EC key" },
        { algorithm == "ES256" and p384_key or p256_key, "another curve than the algorithm's" },
        { with(key, { curve = "P-521" }), "another curve than the algorithm's" },
        { with(key, { curve = key.curve .. "\0" }), "another curve than the algorithm's" },
        { with(key, { x = key.x:sub(2) }), "coordinate of a wrong size" }, { with(key, { y = "" }), "coordinate of a wrong size" },
        { with(key, { x = "\0" .. key.x }), "coordinate of a wrong size" },
        { with(key, { x = key.y, y = key.x }), "point not on the curve" },
        { with(key, { y = flipped(key.y, 8 * size - 1) }), "point not on the curve" },
        { with(key, { x = ("\0"):rep(size), y = ("\0"):rep(size) }), "point not on the curve" },
        { with(key, { x = ("\xff"):rep(size) }), "point not on the curve" },
        { with(key, { x = prime, y = prime }), "point not on the curve" },
      }
      local cases = {}
      for i, case in ipairs(refused) do cases[i] = { algorithm, case[1], MESSAGE, signature } end
      for i, why in ipairs(verify(cases)) do assert.equal(refused[i][2], why, algorithm .. ", case " .. i) end
    end
  end)

  it("raises for an argument of another kind", function()
    local function failure(code)
      return flare:value("local _, message = pcall(function() require 'flaron.digest'.verify(" .. code .. ") end); return message")
    end
    for _, name in ipairs { "none", "HS256", "rs256", "ES512", "RS1", "" } do
      assert.matches("#1 to 'verify' %(invalid option '" .. name .. "'%)", failure(("%q, {}, '', ''"):format(name)))
    end
    assert.matches("#2 to 'verify' %(table expected, got string%)", failure "'RS256', 'key', '', ''")
    assert.matches("#3 to 'verify' %(string expected, got nil%)", failure "'RS256', {}, nil, ''")
    assert.matches("#4 to 'verify' %(string expected, got no value%)", failure "'RS256', {}, ''")
  end)

  it("agrees with openssl on many messages and keys", function()
    local cases = {}
    for i = 1, 4 do
      local path = keys.make "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
      local key = keys.ec(path, "P-256", 32)
      for k = 1, 5 do
        local message = ("message %d %d"):format(i, k)
        cases[#cases + 1] = { "ES256", key, message, keys.sign(path, "sha256", message, nil, 32) }
      end
    end
    for i, right in ipairs(verify(cases)) do assert.is_true(right, "case " .. i) end
  end)
end)
