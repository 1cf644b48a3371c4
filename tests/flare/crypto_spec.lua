-- crypto_spec.lua - flaron.crypto: what it takes, gives and refuses. The standards' vectors: vectors_spec.lua.
local evaluate = require "evaluate"
local support = require "support"

local HEX = ("0123456789abcdef"):rep(4)
local options = { secrets = { key = "secret", aes = ("k"):rep(32), aes_hex = HEX, short = "too short" } }

describe("crypto", function()
  local flare

  setup(function() flare = evaluate.open(options) end)
  teardown(function() flare:close() end)

  describe("hash", function()
    it("gives lower-case hex for each algorithm", function()
      for algorithm, size in pairs { md5 = 32, sha1 = 40, sha256 = 64, sha384 = 96, sha512 = 128, blake2b = 128 } do
        local hex = flare:value(("return crypto.hash(%q, 'x')"):format(algorithm))
        assert.equal(size, #hex)
        assert.matches("^[0-9a-f]+$", hex)
      end
    end)

    it("gives nil and a message for an algorithm that the host does not have", function()
      for _, algorithm in ipairs { "sha3", "", "SHA256", "sha-256" } do
        assert.same({ n = 2, nil, "algorithm not supported" },
          (flare:run(("return crypto.hash(%q, 'x')"):format(algorithm))))
      end
    end)

    it("takes a number for its text, and characters that JSON escapes", function()
      assert.same({ n = 1, true }, flare:run "return crypto.hash('md5', 12) == crypto.hash('md5', '12')")
      -- printf '"\\\n\0\37/' | sha256sum
      assert.equal("c8e20401283548216a863144d21aa920849ee0044b37d76b4525f389e7ea3c20",
        flare:value [[return crypto.hash("sha256", "\"\\\n\0\31/")]])
      local input = [["\"\\\n\0\31/\u{7f}\u{2028}€😀"]]
      assert.is_true(flare:value(([[
        local s = ""
        for _, c in utf8.codes(%s) do s = s .. utf8.char(c) end
        return crypto.hash("sha256", s) == crypto.hash("sha256", %s)]]):format(input, input)))
    end)
  end)

  describe("hmac", function()
    it("gives 64 digits of lower-case hex that depend on secret and input", function()
      local values = flare:run "return crypto.hmac('key', 'a'), crypto.hmac('key', 'b'), crypto.hmac('aes', 'a')"
      for i = 1, 3 do assert.matches("^" .. ("[0-9a-f]"):rep(64) .. "$", values[i]) end
      assert.not_equal(values[1], values[2])
      assert.not_equal(values[1], values[3])
    end)

    it("gives nil and a message without the secret", function()
      assert.same({ n = 2, nil, "no such secret" }, flare:run "return crypto.hmac('none', 'x')")
    end)

    it("gives nil for a secret that the manifest does not allow", function()
      local bound <close> = evaluate.open(options, { ["flare.lua"] = "return { allowed_secrets = { 'aes' } }" })
      assert.same({ n = 2, nil, "no such secret" }, bound:run "return crypto.hmac('key', 'x')")
      assert.equal(64, #bound:value "return crypto.hmac('aes', 'x')")
    end)
  end)

  describe("sign_jwt", function()
    it("gives a token in three parts for HS256, HS384 and HS512", function()
      for algorithm, size in pairs { HS256 = 43, HS384 = 64, HS512 = 86 } do
        local token = flare:value(("return crypto.sign_jwt(%q, 'key', { sub = 'a' })"):format(algorithm))
        local signature = token:match "^[%w_-]+%.[%w_-]+%.([%w_-]+)$"
        assert.equal(size, #signature)
      end
    end)

    it("gives nil and a message for an unknown algorithm, a missing secret and a key of the wrong kind", function()
      local refused = { n = 2, nil, "algorithm not supported or no such secret" }
      assert.same(refused, (flare:run "return crypto.sign_jwt('none', 'key', { a = 1 })"))
      assert.same(refused, (flare:run "return crypto.sign_jwt('HS1', 'key', { a = 1 })"))
      assert.same(refused, (flare:run "return crypto.sign_jwt('HS256', 'none', { a = 1 })"))
      assert.same(refused, (flare:run "return crypto.sign_jwt('RS256', 'key', { a = 1 })"))
      assert.same(refused, (flare:run "return crypto.sign_jwt('EdDSA', 'key', { a = 1 })"))
    end)

    it("refuses claims that are no table with names", function()
      assert.equal("bad argument #3 to 'crypto.sign_jwt' (table expected, got string)",
        flare:fault "crypto.sign_jwt('HS256', 'key', '{}')")
      assert.equal("bad argument #3 to 'crypto.sign_jwt' (table expected, got nil)",
        flare:fault "crypto.sign_jwt('HS256', 'key')")
      assert.equal("bad argument #3 to 'crypto.sign_jwt' (claims are a list, not named)",
        flare:fault "crypto.sign_jwt('HS256', 'key', { 'a', 'b' })")
    end)

    it("refuses claims that JSON cannot say", function()
      assert.matches("^bad argument #3 to 'crypto.sign_jwt' %(.*function",
        flare:fault "crypto.sign_jwt('HS256', 'key', { f = print })")
      assert.matches("^bad argument #3 to 'crypto.sign_jwt' %(.*nesting",
        flare:fault "local t = {} t.t = t crypto.sign_jwt('HS256', 'key', t)")
      assert.matches("^bad argument #3 to 'crypto.sign_jwt' %(.*NaN",
        flare:fault "crypto.sign_jwt('HS256', 'key', { x = 0/0 })")
    end)

    it("takes an empty table for no claims", function()
      assert.equal("{}", flare:value [[
        local payload = crypto.sign_jwt("HS256", "key", {}):match "%.(.-)%."
        return encoding.base64_decode(payload .. ("="):rep(-#payload % 4))]])
    end)

    it("signs with RSA and Ed25519 keys, and node verifies it", function()
      local folder = support.folder()
      local _, keys = support.run([=[node -e '
        const { generateKeyPairSync } = require("crypto");
        const out = {};
        for (const [kind, o] of [["rsa", { modulusLength: 2048 }], ["ed25519", {}]]) {
          const { privateKey, publicKey } = generateKeyPairSync(kind, o);
          out[kind] = privateKey.export({ type: "pkcs8", format: "pem" });
          require("fs").writeFileSync("]=] .. folder .. [=[/" + kind,
            publicKey.export({ type: "spki", format: "pem" }));
        }
        process.stdout.write(out.rsa + "\0" + out.ed25519);']=])
      local rsa, ed25519 = keys:match "^(.-)%z(.*)$"
      local signer <close> = evaluate.open { secrets = { rsa = rsa, ed25519 = ed25519 } }
      for kind, algorithm in pairs { rsa = "RS256", ed25519 = "EdDSA" } do
        local token = signer:value(("return crypto.sign_jwt(%q, %q, { sub = 'a' })"):format(algorithm, kind))
        local _, verdict = support.run(([[node -e '
          const { verify, createPublicKey } = require("crypto");
          const [h, p, s] = "%s".split(".");
          const key = createPublicKey(require("fs").readFileSync("%s/%s"));
          const hash = "%s" === "rsa" ? "sha256" : null;
          process.stdout.write(String(verify(hash, Buffer.from(h + "." + p), key, Buffer.from(s, "base64url"))))'
          ]]):format(token, folder, kind, kind))
        assert.equal("true", verdict)
        assert.is_nil(signer:value(("return crypto.sign_jwt('HS256', %q, { a = 1 })"):format(kind)))
      end
    end)
  end)

  describe("encrypt_aes and decrypt_aes", function()
    it("give back what went in, with a key of 32 bytes, or of hex", function()
      for _, name in ipairs { "aes", "aes_hex" } do
        assert.same({ n = 1, "häß \"\n€" }, flare:run(
          ([[return crypto.decrypt_aes(%q, crypto.encrypt_aes(%q, "häß \"\n€"))]]):format(name, name)))
      end
    end)

    it("never give the same twice", function()
      local values = flare:run "return crypto.encrypt_aes('aes', 'x'), crypto.encrypt_aes('aes', 'x')"
      assert.not_equal(values[1], values[2])
    end)

    it("give nil and a message without a fit key", function()
      assert.same({ n = 2, nil, "no such secret, or no AES key" }, flare:run "return crypto.encrypt_aes('none', 'x')")
      assert.same({ n = 2, nil, "no such secret, or no AES key" }, flare:run "return crypto.encrypt_aes('short', 'x')")
    end)

    it("give nil and a message for what another key wrote, what was changed, and what is no base64", function()
      local refused = { n = 2, nil, "cannot be decrypted" }
      assert.same(refused, (flare:run "return crypto.decrypt_aes('aes_hex', crypto.encrypt_aes('aes', 'x'))"))
      assert.same(refused, (flare:run "return crypto.decrypt_aes('aes', 'not base64!')"))
      assert.same(refused, (flare:run "return crypto.decrypt_aes('aes', '')"))
      assert.same(refused, (flare:run "return crypto.decrypt_aes('none', 'AAAA')"))
      assert.same({ n = 1, 0 }, flare:run [[
        local good, read = encoding.base64_decode(crypto.encrypt_aes("aes", "text")), 0
        for i = 1, #good do
          local bad = good:sub(1, i - 1) .. string.char(good:byte(i) ~ 1) .. good:sub(i + 1)
          if crypto.decrypt_aes("aes", encoding.base64_encode(bad)) then read = read + 1 end
        end
        return read]])
    end)

    it("encrypt the empty text, though the host cannot hand it back", function()
      local values = flare:run "local c = crypto.encrypt_aes('aes', '') return #c, crypto.decrypt_aes('aes', c)"
      assert.equal(40, values[1])
    end)
  end)

  describe("random_bytes", function()
    it("gives that many bytes, over 256 in several calls", function()
      for n, calls in pairs { [1] = 1, [16] = 1, [255] = 1, [256] = 1, [257] = 2, [1000] = 4 } do
        local values, response = flare:run(("return #crypto.random_bytes(%d)"):format(n))
        assert.equal(n, values[1])
        assert.equal(calls, response.calls.crypto_random_bytes)
      end
    end)

    it("gives the empty string for 0", function()
      local values, response = flare:run "return crypto.random_bytes(0)"
      assert.same({ n = 1, "" }, values)
      assert.is_nil(response.calls.crypto_random_bytes)
    end)

    it("gives every byte sooner or later, and never the same twice", function()
      local bytes = flare:value "return crypto.random_bytes(16384)"
      local seen, count = {}, 0
      for i = 1, #bytes do
        if not seen[bytes:byte(i)] then count, seen[bytes:byte(i)] = count + 1, true end
      end
      assert.equal(256, count)
      assert.not_equal(flare:value "return crypto.random_bytes(16)", flare:value "return crypto.random_bytes(16)")
    end)

    it("is repeatable with the option random_seed", function()
      local a <close> = evaluate.open { random_seed = 5 }
      local b <close> = evaluate.open { random_seed = 5 }
      assert.equal(a:value "return crypto.random_bytes(600)", b:value "return crypto.random_bytes(600)")
    end)
  end)

  local wrong = {
    ["crypto.hash()"] = "#1 to 'crypto.hash' (string expected, got no value)",
    ["crypto.hash 'md5'"] = "#2 to 'crypto.hash' (string expected, got no value)",
    ["crypto.hash('md5', {})"] = "#2 to 'crypto.hash' (string expected, got table)",
    ["crypto.hash({}, '')"] = "#1 to 'crypto.hash' (string expected, got table)",
    ["crypto.hash('md5', '\\xff')"] = "#2 to 'crypto.hash' (not UTF-8: the host takes text here)",
    ["crypto.hash('\\xff', '')"] = "#1 to 'crypto.hash' (not UTF-8: the host takes text here)",
    ["crypto.hmac 'key'"] = "#2 to 'crypto.hmac' (string expected, got no value)",
    ["crypto.hmac('key', '\\xed\\xa0\\x80')"] = "#2 to 'crypto.hmac' (not UTF-8: the host takes text here)",
    ["crypto.sign_jwt 'HS256'"] = "#2 to 'crypto.sign_jwt' (string expected, got nil)",
    ["crypto.sign_jwt('HS256', 'key', { a = '\\xff' })"] =
      "#3 to 'crypto.sign_jwt' (not UTF-8: the host takes text here)",
    ["crypto.sign_jwt('HS256', 'key', { ['\\xff'] = 1 })"] =
      "#3 to 'crypto.sign_jwt' (not UTF-8: the host takes text here)",
    ["crypto.encrypt_aes 'aes'"] = "#2 to 'crypto.encrypt_aes' (string expected, got no value)",
    ["crypto.encrypt_aes('aes', '\\xc0\\x80')"] = "#2 to 'crypto.encrypt_aes' (not UTF-8: the host takes text here)",
    ["crypto.decrypt_aes('aes', '\\xff')"] = "#2 to 'crypto.decrypt_aes' (not UTF-8: the host takes text here)",
    ["crypto.random_bytes()"] = "#1 to 'crypto.random_bytes' (number expected, got no value)",
    ["crypto.random_bytes(-1)"] = "#1 to 'crypto.random_bytes' (-1 is not from 0 to 16777216)",
    ["crypto.random_bytes(1.5)"] = "#1 to 'crypto.random_bytes' (number has no integer representation)",
    ["crypto.random_bytes 'many'"] = "#1 to 'crypto.random_bytes' (number expected, got string)",
  }
  for call, message in pairs(wrong) do
    it(("refuses %s"):format(call), function()
      assert.equal("bad argument " .. message, flare:fault(call))
    end)
  end
end)
