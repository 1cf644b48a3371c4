-- scripts_sigv4_spec.lua - flaron.sigv4: the examples that AWS publishes (its test suite of Signature Version 4, and those of
-- S3's documents), and what is told of wrong arguments.
local evaluate = require "evaluate"

local SUITE, S3 = 1440938160, 1369353600 -- 2015-08-30T12:36:00Z, 2013-05-24T00:00:00Z

describe("flaron.sigv4", function()
  local flare

  setup(function()
    flare = evaluate.open({ now = SUITE, secrets = {
      SUITE = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", S3 = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", TOKEN = "a+b/c==",
    } }, { ["flare.lua"] = "return { allowed_secrets = { 'SUITE', 'S3', 'TOKEN', 'NONE' } }" }, { "flaron.sigv4" })
  end)

  teardown(function() flare:close() end)

  local OF_SUITE = "region = 'us-east-1', service = 'service', access_key = 'AKIDEXAMPLE', secret = 'SUITE'"
  local OF_S3 = "region = 'us-east-1', service = 's3', access_key = 'AKIAIOSFODNN7EXAMPLE', secret = 'S3'"

  local function run(options, code)
    flare.flare:set_time(options:find("S3", 1, true) and S3 or SUITE)
    return flare:run(("local signer = require 'flaron.sigv4'.new { %s } return signer:%s"):format(options, code))
  end

  -- The headers of a signed request, and its signature.
  local function sign(options, arguments)
    local values = run(options, "sign(" .. arguments .. ")")
    assert.is_table(values[1], values[2])
    local headers = values[1].headers
    return headers, headers.authorization:match "Signature=(%x+)$", values[1]
  end

  it("signs the requests of AWS's test suite", function()
    for arguments, expected in pairs {
      ["'https://example.amazonaws.com/'"] = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
      ["'https://example.amazonaws.com/?Param2=value2&Param1=value1'"] =
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
      ["'https://example.amazonaws.com/', { method = 'POST' }"] =
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    } do
      local headers, signature, request = sign(OF_SUITE, arguments)
      assert.equal(expected, signature, arguments)
      assert.equal("20150830T123600Z", headers["x-amz-date"])
      assert.equal("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        .. "SignedHeaders=host;x-amz-date, Signature=" .. expected, headers.authorization)
      assert.is_nil(headers.host)
      assert.equal(arguments:find "POST" and "POST" or "GET", request.method)
    end
  end)

  it("signs the requests of S3's documents", function()
    local url = "'https://examplebucket.s3.amazonaws.com/"
    local headers, signature = sign(OF_S3, url .. "test.txt', { headers = { Range = 'bytes=0-9' } }")
    assert.equal("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", signature)
    assert.equal("bytes=0-9", headers.range)
    assert.matches("SignedHeaders=host;range;x%-amz%-content%-sha256;x%-amz%-date,", headers.authorization)
    for arguments, expected in pairs {
      ["test$file.text', { method = 'PUT', body = 'Welcome to Amazon S3.', headers = { date = 'Fri, 24 May 2013 00:00:00 GMT', "
        .. "['x-amz-storage-class'] = 'REDUCED_REDUNDANCY' } }"] =
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
      ["?lifecycle'"] = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
      ["?max-keys=2&prefix=J'"] = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    } do
      assert.equal(expected, select(2, sign(OF_S3, url .. arguments)), arguments)
    end
  end)

  it("presigns the URL of S3's documents", function()
    assert.equal("https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
      .. "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
      .. "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
      .. "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
      run(OF_S3, "presign('https://examplebucket.s3.amazonaws.com/test.txt', 86400)")[1])
  end)

  it("has the token of temporary credentials in headers and URLs", function()
    local options = OF_SUITE .. ", session_token = 'TOKEN'"
    local headers = sign(options, "'https://example.amazonaws.com/'")
    assert.equal("a+b/c==", headers["x-amz-security-token"])
    assert.matches("SignedHeaders=host;x%-amz%-date;x%-amz%-security%-token,", headers.authorization)
    assert.matches("X%-Amz%-Security%-Token=a%%2Bb%%2Fc%%3D%%3D", run(options, "presign 'https://example.amazonaws.com'")[1])
  end)

  it("leaves a body out of the signature when asked to", function()
    local headers, signature = sign(OF_S3, "'https://b.s3.amazonaws.com/', { method = 'PUT', body = 'a', unsigned_body = true }")
    local _, other = sign(OF_S3, "'https://b.s3.amazonaws.com/', { method = 'PUT', body = 'b', unsigned_body = true }")
    assert.equal("UNSIGNED-PAYLOAD", headers["x-amz-content-sha256"])
    assert.equal(signature, other)
  end)

  it("says that a secret is not there, and what is no URL", function()
    local none = OF_SUITE:gsub("SUITE", "NONE")
    assert.same({ nil, "no such secret", n = 2 }, run(none, "sign 'https://a.example/'"))
    assert.same({ nil, "no such secret", n = 2 }, run(none, "presign 'https://a.example/'"))
    for _, url in ipairs { "", "/a", "ftp://a/", "https://", "https://a b/", "https://u@a.example/" } do
      local fault = flare:fault(("require 'flaron.sigv4'.new({ %s }):sign(%q)"):format(OF_SUITE, url))
      assert.matches("bad argument #1 to 'signer:sign' %(not an http or https URL%)", fault)
    end
    for options, message in pairs {
      ["{}"] = "option 'region' of sigv4.new: missing",
      ["{ region = 'a/b' }"] = "option 'region' of sigv4.new: not of letters, digits, dots, _ and -",
      ["{ regoin = 'a' }"] = "unknown option 'regoin' of sigv4.new: did you mean 'region'?",
    } do
      local fault = flare:fault(("require 'flaron.sigv4'.new(%s)"):format(options))
      assert.truthy(fault:find(message, 1, true), fault)
    end
  end)
end)
