-- nist_spec.lua - flaron.digest against the response files of NIST's validation program (CAVP), as the test vectors of
-- Debian's python-cryptography have them: SHA, RSA and ECDSA; and the RFCs' vectors of HMAC. Its HMAC files are not there;
-- its PSS files have salts of ten bytes and none, where RFC 7518 wants those of the digest's size.
local libraries = require "libraries"
local support = require "support"
local describe = libraries.describe(describe, pending, "vectors")

local FOLDER = "build/libraries/vectors/usr/lib/python3/dist-packages/cryptography_vectors/"

-- The body is a file; each case counts what it found right, and raises for what it did not.
local main = [[
local flaron = require "flaron"
local digest = require "flaron.digest"

local bytes = {}
for i = 0, 255 do bytes[("%02x"):format(i)] = string.char(i) end
local function unhex(text) return (text:lower():gsub("%x%x", bytes)) end

local cases = {}

function cases.hash(text, name)
  local count = 0
  for bits, message, expected in text:gmatch "Len = (%d+)%s+Msg = (%x+)%s+MD = (%x+)" do
    assert(digest[name](bits == "0" and "" or unhex(message), "hex") == expected)
    count = count + 1
  end
  return count
end

-- SHAVS, 6.4: each of a file's digests takes a thousand. The first ones only.
function cases.monte(text, name)
  local hash, seed, count = digest[name], unhex(text:match "Seed = (%x+)"), 0
  for expected in text:gmatch "MD = (%x+)" do
    local a, b, c = seed, seed, seed
    for _ = 1, 1000 do a, b, c = b, c, hash(a .. b .. c) end
    assert(c == unhex(expected))
    seed, count = c, count + 1
    if count == 20 then break end
  end
  return count
end

function cases.hmac(text, name)
  local count = 0
  text = text:gsub("#[^\n]*\n", "") .. "\n"
  for key, message, expected in text:gmatch "Key = (%x+)%s+Msg = (%x+)%s+MD = (%x+)" do
    assert(digest.hmac(name, unhex(key), unhex(message), "hex"):sub(1, #expected) == expected)
    count = count + 1
  end
  return count
end

-- Fields of a file, of sections that are asked for, and after which field an item is complete.
local function items(text, wanted, last)
  local fields = {}
  return coroutine.wrap(function()
    for line in text:gmatch "[^\r\n]+" do
      local section, name, value = line:match "^%[(.*)%]", line:match "^(%w+) = (.*)$"
      if section then
        fields = { section = section }
      elseif name then
        fields[name] = value
        if name == last and wanted(fields) then coroutine.yield(fields) end
      end
    end
  end)
end

function cases.rsa(text, last)
  local right, refused = 0, 0
  local function wanted(of) return tonumber(of.section:match "%d+") >= 2048 and ("SHA256 SHA384 SHA512"):find(of.SHAAlg, 1, true) end
  for of in items(text, wanted, last) do
    local key = { n = unhex(of.n), e = unhex(("0"):rep(#of.e % 2) .. of.e) }
    local good = digest.verify("RS" .. of.SHAAlg:sub(4), key, unhex(of.Msg), unhex(of.S))
    assert((good == true) == not (of.Result or "P"):find "^F")
    if good then right = right + 1 else refused = refused + 1 end
  end
  return ("%d %d"):format(right, refused)
end

function cases.ecdsa(text, last)
  local right, refused = 0, 0
  local algorithms = { ["P-256,SHA-256"] = "ES256", ["P-384,SHA-384"] = "ES384" }
  for of in items(text, function(of) return algorithms[of.section] end, last) do
    local key = { curve = of.section:match "^[^,]+", x = unhex(of.Qx), y = unhex(of.Qy) }
    local good = digest.verify(algorithms[of.section], key, unhex(of.Msg), unhex(of.R .. of.S))
    assert((good == true) == not (of.Result or "P"):find "^F")
    if good then right = right + 1 else refused = refused + 1 end
  end
  return ("%d %d"):format(right, refused)
end

return function()
  local header = flaron.request.header
  return { body = tostring(cases[header "case"](flaron.request.body(), header "with")) }
end
]]

describe("flaron.digest, by NIST's vectors", function()
  local flare

  setup(function() flare = support.load(main, { requires_body = true, cpu_ms = 60000 }) end)
  teardown(function() flare:close() end)

  local function ask(case, with, path)
    local body = assert(support.read(FOLDER .. path))
    local response = flare:request { method = "POST", headers = { case = case, with = with }, body = body }
    assert.equal(200, response.status, path .. ": " .. (support.log(response, "error") or ""))
    return response.body
  end

  for name, files in pairs { sha1 = "SHA1/SHA1", sha224 = "SHA2/SHA224", sha256 = "SHA2/SHA256", sha384 = "SHA2/SHA384",
    sha512 = "SHA2/SHA512" } do
    it("has the digests of " .. name, function()
      local wide = name == "sha384" or name == "sha512"
      assert.equal(wide and "129" or "65", ask("hash", name, "hashes/" .. files .. "ShortMsg.rsp"))
      assert.equal(wide and "128" or "64", ask("hash", name, "hashes/" .. files .. "LongMsg.rsp"))
      assert.equal("20", ask("monte", name, "hashes/" .. files .. "Monte.rsp"))
    end)
  end

  it("has the codes of RFC 2202 and RFC 4231", function()
    assert.equal("7", ask("hmac", "md5", "HMAC/rfc-2202-md5.txt"))
    assert.equal("7", ask("hmac", "sha1", "HMAC/rfc-2202-sha1.txt"))
    for _, bits in ipairs { "224", "256", "384", "512" } do
      assert.equal("6", ask("hmac", "sha" .. bits, ("HMAC/rfc-4231-sha%s.txt"):format(bits)))
    end
  end)

  it("verifies signatures of RSA, and refuses those that were changed", function()
    assert.equal("27 135", ask("rsa", "Result", "asymmetric/RSA/FIPS_186-2/SigVer15_186-3.rsp"))
    assert.equal("90 0", ask("rsa", "S", "asymmetric/RSA/FIPS_186-2/SigGen15_186-3.rsp"))
  end)

  it("verifies signatures of ECDSA, and refuses those that were changed", function()
    assert.equal("30 0", ask("ecdsa", "S", "asymmetric/ECDSA/FIPS_186-3/SigGen.rsp"))
    assert.equal("6 24", ask("ecdsa", "Result", "asymmetric/ECDSA/FIPS_186-3/SigVer.rsp"))
  end)
end)
