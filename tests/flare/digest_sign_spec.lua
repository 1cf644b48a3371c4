-- digest_sign_spec.lua - flaron.digest.sign: what it signs is right for openssl and for the standards' vectors, and keys that
-- are none are refused.
local evaluate = require "evaluate"
local keys = require "keys"

local MESSAGE = "The quick brown fox jumps over the lazy dog"

-- RFC 6979, A.2.5 and A.2.6: the private number, and r and s of two messages.
local DETERMINISTIC = {
  { "ES256", "P-256", "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
    sample = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
      .. "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    test = "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
      .. "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083" },
  { "ES384", "P-384", "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5",
    sample = "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46"
      .. "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
    test = "8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF023DB"
      .. "DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA5A5" },
}
local ORDERS = { ["P-256"] = keys.bytes "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
  ["P-384"] = keys.bytes "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973" }

local flipped, with = keys.flipped, keys.with

describe("digest.sign", function()
  local flare, rsa, rsa_key

  -- What a function of flaron.digest gives for each list of arguments: the result, or why there is none.
  local function all(name, cases)
    local out = { "local out, cases = {}, {\n" }
    for _, case in ipairs(cases) do
      out[#out + 1] = ("{ n = 5, %q, {"):format(case[1])
      for field, value in pairs(case[2]) do out[#out + 1] = ("%s = %q,"):format(field, value) end
      out[#out + 1] = ("}, %q, %s },\n"):format(case[3], case[4] and ("%q"):format(case[4]) or "nil")
    end
    out[#out + 1] = ([[}
      for i, case in ipairs(cases) do
        local found, why = require "flaron.digest".%s(table.unpack(case, 1, 4))
        if found == nil then found = why end
        out[i] = found
      end
      return out]]):format(name)
    return (flare:run("return load(request.body())()", { body = table.concat(out) }))[1]
  end

  -- The private key of a file, as flaron.jwt reads it.
  local function private(path)
    return flare:value("return require 'flaron.internal.jose'.private_keys(request.body())[1]", { body = keys.read(path) })
  end

  setup(function()
    flare = evaluate.open({ cpu_ms = 60000 }, {}, { "flaron.digest", "flaron.internal.jose" })
    rsa = keys.make "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
    rsa_key = private(rsa)
  end)
  teardown(function() flare:close() end)

  it("makes the signatures of RFC 6979", function()
    for _, vector in ipairs(DETERMINISTIC) do
      for _, message in ipairs { "sample", "test" } do
        local key = { curve = vector[2], d = keys.bytes(vector[3]) }
        assert.equal(keys.bytes(vector[message]), all("sign", { { vector[1], key, message } })[1])
      end
    end
  end)

  it("makes the signatures of PKCS#1 v1.5 that openssl makes, and of PSS that openssl verifies", function()
    local cases, salt = {}, ("0123456789abcdef"):rep(4)
    for _, bits in ipairs { "256", "384", "512" } do
      cases[#cases + 1] = { "RS" .. bits, rsa_key, MESSAGE }
      cases[#cases + 1] = { "PS" .. bits, rsa_key, MESSAGE, salt:sub(1, tonumber(bits) // 8) }
    end
    local signatures = all("sign", cases)
    for i, case in ipairs(cases) do
      local hash = "sha" .. case[1]:sub(3)
      if case[1]:find "^RS" then
        assert.equal(keys.sign(rsa, hash, MESSAGE), signatures[i], case[1])
      else
        assert.is_true(keys.verifies(rsa, hash, MESSAGE, signatures[i],
          "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sigopt rsa_mgf1_md:" .. hash), case[1])
      end
      case[4] = signatures[i]
    end
    for i, right in ipairs(all("verify", cases)) do assert.is_true(right, cases[i][1]) end
  end)

  it("takes keys of other sizes and exponents", function()
    for _, words in ipairs { "rsa_keygen_bits:2049", "rsa_keygen_bits:4096 -pkeyopt rsa_keygen_pubexp:3" } do
      local path = keys.make("-algorithm RSA -pkeyopt " .. words)
      local key = private(path)
      local found = all("sign", { { "RS256", key, MESSAGE }, { "PS512", key, MESSAGE, ("s"):rep(64) },
        { "RS256", with(key, { n = "\0" .. key.n, p = "\0" .. key.p, dp = "\0\0" .. key.dp, qi = "\0" .. key.qi }), MESSAGE } })
      assert.equal(keys.sign(path, "sha256", MESSAGE), found[1], words)
      assert.is_true(all("verify", { { "PS512", key, MESSAGE, found[2] } })[1], words)
      assert.equal(found[1], found[3], words)
    end
  end)

  it("makes another signature of PSS for another salt, and the same for the same", function()
    local found = all("sign", { { "PS256", rsa_key, MESSAGE, ("a"):rep(32) }, { "PS256", rsa_key, MESSAGE, ("a"):rep(32) },
      { "PS256", rsa_key, MESSAGE, ("b"):rep(32) } })
    assert.equal(found[1], found[2])
    assert.not_equal(found[1], found[3])
  end)

  it("signs with elliptic keys what verifies, and with no two messages the same nonce", function()
    for _, case in ipairs { { "ES256", "P-256", 32 }, { "ES384", "P-384", 48 } } do
      local path = keys.make("-algorithm EC -pkeyopt ec_paramgen_curve:" .. case[2])
      local public, key = keys.ec(path, case[2], case[3]), private(path)
      local cases, seen = {}, {}
      for i = 1, 10 do cases[i] = { case[1], key, MESSAGE .. i } end
      for i, signature in ipairs(all("sign", cases)) do
        assert.equal(2 * case[3], #signature)
        local r = signature:sub(1, case[3])
        assert.is_nil(seen[r])
        seen[r] = true
        cases[i] = { case[1], public, MESSAGE .. i, signature }
      end
      for _, right in ipairs(all("verify", cases)) do assert.is_true(right) end
    end
  end)

  local missing = "not a private RSA key: n, e, p, q, dp, dq and qi expected"
  local size, unfit = "factor of a wrong size", "the numbers of the key do not fit one another"

  it("refuses RSA keys that are none, and says why", function()
    local other, last = private(keys.make "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"), 8 * 128 - 8
    local refused = {
      { {}, "not an RSA key" }, { { n = rsa_key.n, e = rsa_key.e }, missing },
      { with(rsa_key, { n = rsa_key.n:sub(1, -2) }), "modulus too small" },
      { with(rsa_key, { n = rsa_key.n:rep(3) }), "modulus too large" },
      { with(rsa_key, { n = flipped(rsa_key.n, 8 * 255) }), "modulus even" },
      { with(rsa_key, { e = "\1" }), "exponent too small" }, { with(rsa_key, { e = "" }), "exponent too small" },
      { with(rsa_key, { e = "\3" }), unfit }, { with(rsa_key, { e = ("\1"):rep(9) }), "exponent too large" },
      { with(rsa_key, { p = "" }), size }, { with(rsa_key, { q = "\0" }), size }, { with(rsa_key, { p = "\1" }), size },
      { with(rsa_key, { p = rsa_key.p:rep(400) }), size }, { with(rsa_key, { p = "\1", q = rsa_key.n }), size },
      { with(rsa_key, { p = rsa_key.p:sub(1, -4) }), size },
      { with(rsa_key, { p = other.p }), unfit }, { with(rsa_key, { n = other.n }), unfit },
      { with(rsa_key, { p = flipped(rsa_key.p, last) }), unfit }, { with(rsa_key, { q = flipped(rsa_key.q, last) }), unfit },
      { with(rsa_key, { p = rsa_key.q, q = rsa_key.p }), unfit },
      { with(rsa_key, { dp = "" }), unfit }, { with(rsa_key, { dp = flipped(rsa_key.dp, last) }), unfit },
      { with(rsa_key, { dq = flipped(rsa_key.dq, 9) }), unfit }, { with(rsa_key, { qi = flipped(rsa_key.qi, last) }), unfit },
      { with(rsa_key, { qi = "" }), unfit }, { with(rsa_key, { qi = ("\xff"):rep(128) }), unfit },
      { with(rsa_key, { dp = ("\xff"):rep(129) }), unfit }, { with(rsa_key, { dq = ("\xff"):rep(1 << 16) }), unfit },
      { with(rsa_key, { qi = ("\xff"):rep(1 << 16) }), unfit },
    }
    for _, name in ipairs { "p", "q", "dp", "dq", "qi" } do
      local key = with(rsa_key, {})
      key[name] = nil
      refused[#refused + 1] = { key, missing }
      refused[#refused + 1] = { with(rsa_key, { [name] = true }), missing }
    end
    for algorithm, salt in pairs { RS256 = false, PS512 = ("s"):rep(64) } do
      local cases = {}
      for i, case in ipairs(refused) do cases[i] = { algorithm, case[1], MESSAGE, salt or nil } end
      for i, why in ipairs(all("sign", cases)) do assert.equal(refused[i][2], why, "case " .. i) end
    end
  end)

  it("refuses elliptic keys that are none, and says why", function()
    for algorithm, curve in pairs { ES256 = "P-256", ES384 = "P-384" } do
      local order = ORDERS[curve]
      local length = #order
      local key = { curve = curve, d = ("\7"):rep(length) }
      local above = order:sub(1, -2) .. string.char(order:byte(-1) + 1)
      local refused = {
        { {}, "not an EC key" }, { rsa_key, "not an EC key" }, { { curve = curve }, "not a private EC key: d expected" },
        { with(key, { d = true }), "not a private EC key: d expected" },
        { with(key, { curve = "P-521" }), "another curve than the algorithm's" },
        { with(key, { curve = curve .. "\0" }), "another curve than the algorithm's" },
        { with(key, { d = "" }), "private number of a wrong size" },
        { with(key, { d = key.d:sub(2) }), "private number of a wrong size" },
        { with(key, { d = "\0" .. key.d }), "private number of a wrong size" },
        { with(key, { d = ("\7"):rep(1 << 16) }), "private number of a wrong size" },
        { with(key, { d = ("\0"):rep(length) }), "private number out of range" },
        { with(key, { d = order }), "private number out of range" },
        { with(key, { d = above }), "private number out of range" },
        { with(key, { d = ("\xff"):rep(length) }), "private number out of range" },
      }
      local cases = {}
      for i, case in ipairs(refused) do cases[i] = { algorithm, case[1], MESSAGE } end
      for i, why in ipairs(all("sign", cases)) do assert.equal(refused[i][2], why, "case " .. i) end
      local one, most = ("\0"):rep(length - 1) .. "\1", order:sub(1, -2) .. string.char(order:byte(-1) - 1)
      for _, signature in ipairs(all("sign", { { algorithm, with(key, { d = one }), "" }, { algorithm, with(key, { d = most }), "" } })) do
        assert.equal(2 * length, #signature)
      end
    end
  end)

  it("raises for an argument of another kind, and for a salt of another size", function()
    local function failure(code)
      return flare:value("local _, message = pcall(function() require 'flaron.digest'.sign(" .. code .. ") end); return message")
    end
    assert.matches("#1 to 'sign' %(invalid option 'HS256'%)", failure "'HS256', {}, ''")
    assert.matches("#2 to 'sign' %(table expected, got string%)", failure "'RS256', 'key', ''")
    assert.matches("#3 to 'sign' %(string expected, got no value%)", failure "'RS256', {}")
    assert.matches("#4 to 'sign' %(a salt of 32 random bytes expected%)", failure "'PS256', {}, ''")
    assert.matches("#4 to 'sign' %(a salt of 64 random bytes expected%)", failure "'PS512', {}, '', ('s'):rep(63)")
    assert.matches("#4 to 'sign' %(only PS256, PS384 and PS512 take a salt%)", failure "'ES256', {}, '', ''")
  end)

  it("refuses, or reads as the same, a private key of which bits are flipped", function()
    local code = [[
      local jose, digest, wrong, read = require "flaron.internal.jose", require "flaron.digest", {}, 0
      local der = encoding.base64_decode(request.body():match("\n(.*)\n%-"):gsub("\n", "") .. "")
      local good = digest.sign("RS256", jose.private_keys(der)[1], "")
      for cut = 0, #der - 1 do if jose.private_keys(der:sub(1, cut))[1] then wrong[#wrong + 1] = -cut end end
      if jose.private_keys(der .. "\0")[1] then wrong[#wrong + 1] = "more" end
      for bit = 0, 8 * #der - 1, 47 do
        local at = bit // 8 + 1
        local key = jose.private_keys(der:sub(1, at - 1) .. string.char(der:byte(at) ~ 1 << bit % 8) .. der:sub(at + 1))[1]
        local signature = key and digest.sign("RS256", key, "")
        if key then read = read + 1 end
        if signature and signature ~= good then wrong[#wrong + 1] = bit end
      end
      return good ~= nil, read > 50, wrong]]
    assert.same({ true, true, {}, n = 3 }, (flare:run(code, { body = keys.read(rsa) })))
  end)
end)
