-- vectors_spec.lua - the standards' own test vectors, as a script sees them.
local evaluate = require "evaluate"

describe("test vectors", function()
  local flare

  setup(function() flare = evaluate.open() end)
  teardown(function() flare:close() end)

  local hashes = { -- FIPS 180-4 examples, RFC 1321 appendix A.5
    md5 = {
      [""] = "d41d8cd98f00b204e9800998ecf8427e",
      a = "0cc175b9c0f1b6a831c399e269772661",
      abc = "900150983cd24fb0d6963f7d28e17f72",
      ["message digest"] = "f96b697d7cb7938d525a2f31aaf161d0",
      ["12345678901234567890123456789012345678901234567890123456789012345678901234567890"] =
        "57edf4a22be3c955ac49da2e2107b67a",
    },
    sha1 = {
      [""] = "da39a3ee5e6b4b0d3255bfef95601890afd80709",
      abc = "a9993e364706816aba3e25717850c26c9cd0d89d",
      ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"] = "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
    },
    sha256 = {
      [""] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"] =
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    },
    sha384 = {
      abc = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    },
    sha512 = {
      abc = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        .. "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    },
  }
  for algorithm, vectors in pairs(hashes) do
    it(("of %s"):format(algorithm), function()
      for input, hash in pairs(vectors) do
        assert.equal(hash, flare:value(("return crypto.hash(%q, %q)"):format(algorithm, input)))
      end
    end)
  end

  it("of SHA-1 and SHA-256 for a million a", function()
    assert.same({ n = 2, "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
      flare:run "local a = ('a'):rep(1000000) return crypto.hash('sha1', a), crypto.hash('sha256', a)")
  end)

  it("of HMAC-SHA-256: RFC 4231 cases 1, 2, 6 and 7, with binary keys", function()
    local long = ("\xaa"):rep(131)
    local hmac <close> = evaluate.open { secrets = { one = ("\x0b"):rep(20), two = "Jefe", long = long } }
    local cases = {
      { "one", "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
      { "two", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
      { "long", "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
      { "long", "This is a test using a larger than block-size key and a larger than block-size data. "
        .. "The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[3], hmac:value(("return crypto.hmac(%q, %q)"):format(case[1], case[2])))
    end
  end)

  it("of JWT: the key of RFC 7515 A.1, the signature computed anew over our header and claims", function()
    local support = require "support"
    local encoded = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    local _, key = support.run(("node -e 'process.stdout.write(Buffer.from(\"%s\", \"base64url\"))'"):format(encoded))
    assert.equal(64, #key)
    local jwt <close> = evaluate.open { secrets = { a1 = key } }
    for algorithm, hash in pairs { HS256 = "sha256", HS384 = "sha384", HS512 = "sha512" } do
      local token = jwt:value(([[
        return crypto.sign_jwt(%q, "a1", { iss = "joe", exp = 1300819380, ["http://example.com/is_root"] = true })]])
        :format(algorithm))
      local _, verdict = support.run(([[node -e '
        const [h, p, s] = "%s".split("."), key = Buffer.from("%s", "base64url");
        const mac = require("crypto").createHmac("%s", key).update(h + "." + p).digest("base64url");
        const c = JSON.parse(Buffer.from(p, "base64url"));
        console.log(mac === s, Buffer.from(h, "base64url").toString(), c.iss, c.exp, c["http://example.com/is_root"],
          Object.keys(c).length)']]):format(token, encoded, hash))
      assert.equal(('true {"alg":"%s","typ":"JWT"} joe 1300819380 true 3\n'):format(algorithm), verdict)
    end
  end)

  it("of AES-256-GCM: test cases 14 and 15 of McGrew and Viega, as NIST has them", function()
    local function bytes(hex) return (hex:gsub("%x%x", function(b) return string.char(tonumber(b, 16)) end)) end
    local key15 = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    local aes <close> = evaluate.open { secrets = { zero = ("\0"):rep(32), c15 = bytes(key15), c15_hex = key15 } }
    local plain15 = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      .. "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
    local cases = {
      { "zero", ("0"):rep(24) .. "cea7403d4d606b6e074ec5d3baf39d18" .. "d0d1c8a799996bf0265b98b5d48ab919", ("0"):rep(32) },
      { "c15", "cafebabefacedbaddecaf888"
        .. "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        .. "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
        .. "b094dac5d93471bdec1a502270e3cc6c", plain15 },
    }
    cases[3] = { "c15_hex", cases[2][2], plain15 }
    for _, case in ipairs(cases) do
      assert.equal(case[3], aes:value(([[
        local sealed = encoding.base64_encode(encoding.hex_decode(%q))
        return encoding.hex_encode(crypto.decrypt_aes(%q, sealed))]]):format(case[2], case[1])))
    end
  end)

  it("of base64, RFC 4648, and base16", function()
    local cases = { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=",
      foobar = "Zm9vYmFy" }
    for plain, base64 in pairs(cases) do
      assert.same({ n = 2, base64, plain }, flare:run(
        ("return encoding.base64_encode(%q), encoding.base64_decode(%q)"):format(plain, base64)))
    end
    assert.same({ n = 2, "666f6f626172", "foobar" },
      flare:run "return encoding.hex_encode 'foobar', encoding.hex_decode '666F6F626172'")
  end)
end)

describe("ids by their specifications", function()
  -- The example of RFC 9562, A.6: 2022-02-22T19:22:22.000Z is 0x017F22E279B0 milliseconds.
  local NOW = 1645557742

  it("UUID v4: RFC 9562, 5.4: version 4, variant 10, all other bits random", function()
    local flare <close> = evaluate.open()
    local ids = flare:value "local ids = {} for i = 1, 400 do ids[i] = id.uuid_v4() end return ids"
    local ones, all = {}, 0
    for _, uuid in ipairs(ids) do
      local hex = uuid:gsub("-", "")
      assert.equal("4", hex:sub(13, 13))
      assert.matches("[89ab]", hex:sub(17, 17))
      for i = 1, 32 do
        local digit = tonumber(hex:sub(i, i), 16)
        for bit = 0, 3 do ones[i * 4 + bit] = (ones[i * 4 + bit] or 0) + (digit >> bit & 1) end
      end
    end
    for _, count in pairs(ones) do if count > 100 and count < 300 then all = all + 1 end end
    assert.equal(122, all)
  end)

  it("UUID v7: RFC 9562, 5.7: milliseconds in front, version 7, variant 10, in order", function()
    local flare <close> = evaluate.open { now = NOW }
    local ids = flare:value "local ids = {} for i = 1, 1000 do ids[i] = id.uuid_v7() end return ids"
    for i, uuid in ipairs(ids) do
      assert.matches("^017f22e2%-79b0%-7%x%x%x%-[89ab]%x%x%x%-%x+$", uuid)
      assert.is_true(i == 1 or ids[i - 1] < uuid)
    end
    flare.flare:advance(0.001)
    assert.matches("^017f22e2%-79b1%-7", flare:value "return id.uuid_v7()")
  end)

  it("ULID: 48 bits of milliseconds in Crockford's base32, growing by one within a millisecond", function()
    local flare <close> = evaluate.open { now = NOW }
    local alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    local function value(text)
      local n = 0
      for c in text:gmatch "." do n = n * 32 + alphabet:find(c, 1, true) - 1 end
      return n
    end
    local ids = flare:value "local ids = {} for i = 1, 1000 do ids[i] = id.ulid() end return ids"
    for i, ulid in ipairs(ids) do
      assert.equal(NOW * 1000, value(ulid:sub(1, 10)))
      if i > 1 then
        assert.is_true(ids[i - 1] < ulid)
        local step = value(ulid:sub(17)) - value(ids[i - 1]:sub(17))
        assert.is_true(step == 1 or step == 1 - 32 ^ 10)
      end
    end
  end)

  it("KSUID: seconds since 1400000000 in front, base62", function()
    local alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    local flare <close> = evaluate.open { now = NOW }
    local before = flare:value "return id.ksuid()"
    local digits = {} -- of the 160-bit number in base 2^16, least significant first
    for c in before:gmatch "." do
      local carry = alphabet:find(c, 1, true) - 1
      for i = 1, 10 do
        carry = carry + (digits[i] or 0) * 62
        digits[i], carry = carry & 0xffff, carry >> 16
      end
      assert.equal(0, carry)
    end
    assert.equal(NOW - 1400000000, digits[10] << 16 | digits[9])
    flare.flare:advance(1)
    assert.is_true(before < flare:value "return id.ksuid()")
  end)

  it("Nano ID: 64 characters that need no escape, all of them used", function()
    local flare <close> = evaluate.open()
    local seen, count = {}, 0
    for c in flare:value("return id.nanoid(1024) .. id.nanoid(1024)"):gmatch "." do
      assert.matches("[A-Za-z0-9_-]", c)
      if not seen[c] then seen[c], count = true, count + 1 end
    end
    assert.equal(64, count)
  end)

  it("snowflake: 41 bits of milliseconds since 2010-11-04, 10 of the machine, 12 of a sequence", function()
    local flare <close> = evaluate.open { now = NOW, machine_id = 717 }
    local ids = flare:value "local ids = {} for i = 1, 5000 do ids[i] = math.tointeger(id.snowflake()) end return ids"
    for i, n in ipairs(ids) do
      assert.equal(717, n >> 12 & 1023)
      assert.equal((i - 1) & 4095, n & 4095)
      assert.equal(NOW * 1000 - 1288834974657 + (i - 1) // 4096, n >> 22)
    end
  end)
end)
