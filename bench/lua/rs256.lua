-- rs256: signatures of RSA, 2048 bits, verified. (Natively OpenSSL, by bench/openssl.lua.)
local digest = require "flaron.digest"

local function bytes(hex) return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)) end

local key = {
  n = bytes(
    "c43add0e401c015888b9cda85bd6cfeb585724a67e4ea5a9529b6220bc5ec332c343cd11d6d40dc64d106bb524c32a2f383d4c60c042" ..
    "e31692622a4c865c1c033fc9628f15a72e5cceb338a1f7e9e58a0072dafbb173ed5052f42f242f1148a995479ab2cc12bd24d6b4fdf0" ..
    "ada9351b82d95b8eb95c2c68f1848e650dd5a09e521f2e4a38259d67c51c080fb69e2d6dacc0441aca1b347bab98b4a69a1f1d9be802" ..
    "5424ab0a44d5faabbf50cbd5a72c1c5cb7cb1ed84fcdc5856e2bd7b0a3d6fd6e3b48fe56fd90e220b287b22ce27194fbfb46af8d1609" ..
    "dbb9bddfa49e98cffe04fe5647deaf03659d9f15d9986c089cd7d29288b5fd4db7192694fdf27f29"),
  e = bytes "010001",
  pem = [[
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxDrdDkAcAViIuc2oW9bP
61hXJKZ+TqWpUptiILxewzLDQ80R1tQNxk0Qa7UkwyovOD1MYMBC4xaSYipMhlwc
Az/JYo8Vpy5czrM4offp5YoActr7sXPtUFL0LyQvEUiplUeasswSvSTWtP3wrak1
G4LZW465XCxo8YSOZQ3VoJ5SHy5KOCWdZ8UcCA+2ni1trMBEGsobNHurmLSmmh8d
m+gCVCSrCkTV+qu/UMvVpywcXLfLHthPzcWFbivXsKPW/W47SP5W/ZDiILKHsizi
cZT7+0avjRYJ27m936SemM/+BP5WR96vA2WdnxXZmGwInNfSkoi1/U23GSaU/fJ/
KQIDAQAB
-----END PUBLIC KEY-----
]],
}
local message = ("a message of some length, such as the first two parts of a token: "):rep(4)
local signature = bytes(
    "49a019c4c6132f04c4a32c999a99b93d5b9a985ab6a120e98293938e5153084896186cd94c432f8bde6ce58c2f345c279a60a069ebce" ..
    "0cfccc95a83ade8c81c8efe0b855bf0ce34e66bc6f7473c8f02f09360a011cb088f5ba3c06395e9c049a1375017467b49485cdcead17" ..
    "a4d45968a8070ebc5b51506ef114cd55cc1df04a32553274cd482b7747fc0a3a031de090f057163ae9cd615d7601de7028489f7da059" ..
    "711dee72e8cf32e725976952aaa295c5329ec79aa6e65fb643d1a1f373207b3b39bfef0dd8553458e18e0c97f1e4724f471d041434a6" ..
    "465710d0d353917c7433da53b2d99fd177f9f61349c9d0f94798d4f355d9934a0878008c2b9eec36")

local function run(count)
  local right = 0
  for i = 1, count do
    -- each other one is of another message
    if digest.verify("RS256", key, i % 2 == 0 and message or message .. i, signature) then right = right + 1 end
  end
  return right
end

return { run = run, n = 200, small = 4 }
