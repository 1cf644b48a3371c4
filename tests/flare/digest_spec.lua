-- digest_spec.lua - flaron.digest: digests, HMAC, HKDF, PBKDF2, forms, arguments. Signatures: digest_verify_spec.lua.
local evaluate = require "evaluate"
local keys = require "keys"
local support = require "support"

local NAMES = { "md5", "sha1", "sha224", "sha256", "sha384", "sha512" }
local bytes = keys.bytes

-- FIPS 180-4's examples, as NIST publishes them, and RFC 1321's for md5.
local DIGESTS = {
  { "", "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
  { "abc", "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d",
    "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
  { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "8215ef0796a20bcaaae116d3876c664a",
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1", "75388b16512776cc5dba5da1fd890150b0c6455cb4f58b1952522525",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    "3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6b0455a8520bc4e6f5fe95b1fe3c8452b",
    "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c33596fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445" },
  { "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    "03dd8807a93175fb062dfb55dc7d359c", "a49b2446a02c645bf419f995b67091253a04a259",
    "c97ca9a559850ce97a04a96def6d99a9e0e0e2ab14e6b8df265fc0b3",
    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039",
    "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909" },
  { ("a"):rep(1000000), "7707d6ae4e027c70eea2a935c2296f21", "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
    "20794655980c91d8bbb4c1ea97618a4bf03f42581948b2ee4ee7ad67",
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985",
    "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b" },
}

-- RFC 4231: key, data, then HMAC-SHA-224, 256, 384 and 512. In case 5 the RFC shows 128 bits of them.
local HMACS = {
  { ("\x0b"):rep(20), "Hi There", "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
  { "Jefe", "what do ya want for nothing?", "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
  { ("\xaa"):rep(20), ("\xdd"):rep(50), "7fb3cb3588c6c1f6ffa9694d7d6ad2649365b0c1f65d69d1ec8333ea",
    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
    "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb" },
  { bytes "0102030405060708090a0b0c0d0e0f10111213141516171819", ("\xcd"):rep(50),
    "6c11506874013cac6a2abc1bb382627cec6a90d86efc012de7afec5a",
    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
    "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd" },
  { ("\x0c"):rep(20), "Test With Truncation", "0e2aea68a90c8d37c988bcdb9fca6fa8", "a3b6167473100ee06e0c796c2955552b",
    "3abf34c3503b2a23a46efc619baef897", "415fad6271580a531d4179bc891d87a6" },
  { ("\xaa"):rep(131), "Test Using Larger Than Block-Size Key - Hash Key First",
    "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e",
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
    "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" },
  { ("\xaa"):rep(131), "This is a test using a larger than block-size key and a larger than block-size data. "
    .. "The key needs to be hashed before being used by the HMAC algorithm.",
    "3a854166ac5d9f023f54d517d0b39dbd946770db9c2b95c9f6f565d1",
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
    "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58" },
}

local function range(first, last)
  local out = {}
  for i = first, last do out[#out + 1] = string.char(i) end
  return table.concat(out)
end

-- RFC 5869, appendix A: hash, key, salt, info, result.
local HKDFS = {
  { "sha256", ("\x0b"):rep(22), range(0, 12), range(0xf0, 0xf9),
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865" },
  { "sha256", range(0, 0x4f), range(0x60, 0xaf), range(0xb0, 0xff),
    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
    .. "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
  { "sha256", ("\x0b"):rep(22), "", "",
    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8" },
  { "sha1", ("\x0b"):rep(11), range(0, 12), range(0xf0, 0xf9),
    "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896" },
  { "sha1", range(0, 0x4f), range(0x60, 0xaf), range(0xb0, 0xff),
    "0bd770a74d1160f7c9f12cd5912a06ebff6adcae899d92191fe4305673ba2ffe8fa3f1a4e5ad79f3f334b3b202b2173c486ea37ce3d397ed034c7f9dfeb15c5e"
    .. "927336d0441f4c4300e2cff0d0900b52d3b4" },
  { "sha1", ("\x0c"):rep(22), nil, nil,
    "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5673a081d70cce7acfc48" },
}

describe("flaron.digest", function()
  local flare

  setup(function() flare = evaluate.open({}, {}, { "flaron.digest" }) end)
  teardown(function() flare:close() end)

  local function value(code, request) return flare:value("local digest = require 'flaron.digest'; " .. code, request) end
  local function failure(code)
    return (value("local ok, message = pcall(function() " .. code .. " end); return not ok and message:gsub('^run:%d+: ', '')"))
  end

  it("gives the digests that FIPS 180-4 and RFC 1321 give", function()
    for _, case in ipairs(DIGESTS) do
      for i, name in ipairs(NAMES) do
        local code = ("return digest.%s(request.body(), 'hex')"):format(name)
        assert.equal(case[i + 1], value(code, { body = case[1] }), name .. " of " .. #case[1] .. " bytes")
      end
    end
  end)

  it("gives the same in pieces of any size", function()
    assert.is_true(value [[
      local text = ("0123456789"):rep(60)
      for _, name in ipairs { "md5", "sha1", "sha224", "sha256", "sha384", "sha512" } do
        for _, size in ipairs { 1, 3, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 599 } do
          local plain, keyed = digest.new(name), digest.new(name, "\0key")
          for at = 1, #text, size do
            plain:update(text:sub(at, at + size - 1))
            keyed:update(""):update(text:sub(at, at + size - 1))
          end
          assert(plain:finish() == digest[name](text))
          assert(keyed:finish "hex" == digest.hmac(name, "\0key", text, "hex"))
        end
      end
      return true]])
  end)

  it("gives the HMACs of RFC 4231", function()
    for number, case in ipairs(HMACS) do
      for i, name in ipairs { "sha224", "sha256", "sha384", "sha512" } do
        local code = ("return digest.hmac(%q, %q, %q, 'hex')"):format(name, case[1], case[2])
        local found = flare:value("return load(request.body())()", { body = "local digest = require 'flaron.digest'; " .. code })
        assert.equal(case[i + 2], found:sub(1, #case[i + 2]), "case " .. number .. ", " .. name)
      end
    end
  end)

  it("gives the keys of RFC 5869", function()
    for _, case in ipairs(HKDFS) do
      local code = ("local digest = require 'flaron.digest'; return digest.hkdf(%q, %q, %s, %s, %d, 'hex')"):format(case[1], case[2],
        case[3] and ("%q"):format(case[3]), case[4] and ("%q"):format(case[4]), #case[5] // 2)
      assert.equal(case[5], flare:value("return load(request.body())()", { body = code }))
    end
  end)

  it("gives the keys of RFC 7914's and RFC 6070's vectors of PBKDF2", function()
    assert.equal("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
      .. "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
      value "return digest.pbkdf2('sha256', 'passwd', 'salt', 1, 64, 'hex')")
    assert.equal("4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
      .. "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
      value "return digest.pbkdf2('sha256', 'Password', 'NaCl', 80000, 64, 'hex')")
    assert.equal("4b007901b765489abead49d926f721d065a429c1", value "return digest.pbkdf2('sha1', 'password', 'salt', 4096, 20, 'hex')")
    assert.equal("56fa6aa75548099dcc37d7f03425e0c3", value "return digest.pbkdf2('sha1', 'pass\\0word', 'sa\\0lt', 4096, 16, 'hex')")
  end)

  it("gives bytes, hex and both kinds of base64", function()
    assert.equal(bytes(DIGESTS[2][5]), value "return digest.sha256 'abc'")
    assert.equal(bytes(DIGESTS[2][5]), value "return digest.sha256('abc', 'raw')")
    assert.equal("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", value "return digest.sha256('abc', 'base64')")
    assert.equal("ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0", value "return digest.sha256('abc', 'base64url')")
    for length = 1, 9 do -- what is left of three bytes
      local raw = value(("return digest.hkdf('sha256', 'k', nil, nil, %d)"):format(length))
      local hex = raw:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
      local code, out = support.run(("printf %s | tr a-f A-F | basenc -d --base16 | base64"):format(hex))
      assert.equal(0, code)
      assert.equal(out, value(("return digest.hkdf('sha256', 'k', nil, nil, %d, 'base64')"):format(length)) .. "\n")
    end
  end)

  it("takes the text of a number, and bytes of any value", function()
    assert.is_true(value "return digest.sha256(12) == digest.sha256 '12' and digest.sha256 '\\0' ~= digest.sha256 ''")
  end)

  it("compares in a time that depends on the lengths only", function()
    assert.same({ n = 6, true, true, false, false, false, false }, (flare:run [[
      local equal = require "flaron.digest".equal
      return equal("", ""), equal("a\0b", "a\0b"), equal("a\0b", "a\0c"), equal("a", "ab"), equal("", "a"), equal("b", "a")]]))
  end)

  it("works during start-up, and an object goes on in the handler", function()
    local response = support.answer([[flaron.response.set_body(hash:update("c"):finish "hex")]])
    assert.equal(500, response.status)
    local started <close> = support.load [[
      local flaron, digest = require "flaron", require "flaron.digest"
      local hash = digest.new("sha256", digest.sha256 ""):update "ab"
      return function() return { body = hash:update("c"):finish "hex" } end]]
    for _ = 1, 3 do -- each invocation has the object as it was packed
      assert.equal(value "return digest.hmac('sha256', digest.sha256 '', 'abc', 'hex')", started:request({}).body)
    end
  end)

  it("raises for an argument of another kind, without a word of it", function()
    assert.equal("bad argument #1 to 'flaron.digest.sha256' (string expected, got no value)",
      value "return (select(2, pcall(digest.sha256)))")
    assert.matches("#1 to 'hmac' %(invalid option 'sha3'%)", failure "digest.hmac('sha3', 'k', 'x')")
    assert.matches("#2 to 'sha256' %(invalid option 'HEX'%)", failure "digest.sha256('x', 'HEX')")
    assert.matches("#2 to 'hmac' %(string expected, got nil%)", failure "digest.hmac('sha256', nil, 'x')")
    assert.matches("#5 to 'hkdf' %(length out of range%)", failure "digest.hkdf('sha256', 'k', '', '', 255 * 32 + 1)")
    assert.matches("#5 to 'hkdf' %(length out of range%)", failure "digest.hkdf('sha256', 'k', '', '', 0)")
    assert.matches("#4 to 'pbkdf2' %(less than one iteration%)", failure "digest.pbkdf2('sha256', 'secret', '', 0, 1)")
    assert.matches("#4 to 'pbkdf2' %(too many iterations%)", failure "digest.pbkdf2('sha256', 'secret', '', 5000001, 33)")
    assert.matches("#4 to 'pbkdf2' %(too many iterations%)", failure "digest.pbkdf2('sha256', 'secret', '', math.maxinteger, 1)")
    assert.matches("#5 to 'pbkdf2' %(length out of range%)", failure "digest.pbkdf2('sha256', 'secret', '', 1, 1 << 40)")
    assert.matches("'update' %(string expected, got no value%)", failure "digest.new 'md5':update()")
    assert.matches("flaron.digest.object expected, got string", failure "digest.new('md5').update('x', 'y')")
  end)

  it("gives an object one result", function()
    assert.matches("the digest is finished: make another one", failure "local d = digest.new 'md5'; d:finish(); d:finish()")
    assert.matches("the digest is finished: make another one", failure "local d = digest.new 'md5'; d:finish(); d:update 'x'")
  end)

  it("is no worse than an error when a script replaces an object's inside", function()
    assert.matches("userdata of a C function has been replaced", failure [[
      local file = debug.setmetatable(io.stdout, getmetatable(digest.new "md5") and debug.getmetatable(digest.new "md5"))
      digest.new("md5").update(file, "x")]])
    assert.equal("locked", value "return getmetatable(digest.new 'md5')")
  end)
end)
