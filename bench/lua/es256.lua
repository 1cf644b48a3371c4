-- es256: signatures of ECDSA on P-256 verified. (Natively OpenSSL, by bench/openssl.lua.)
local digest = require "flaron.digest"

local function bytes(hex) return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)) end

local key = {
  curve = "P-256",
  x = bytes "b159e36db19dfd334629acc24cb0bdef4bd966edc984b7c9eaa04a8560de5970",
  y = bytes "74600e31f01ba348a3d62f6831ec08203c108e81174b5cbc738f6440919cc00b",
  pem = [[
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsVnjbbGd/TNGKazCTLC970vZZu3J
hLfJ6qBKhWDeWXB0YA4x8BujSKPWL2gx7AggPBCOgRdLXLxzj2RAkZzACw==
-----END PUBLIC KEY-----
]],
}
local message = ("a message of some length, such as the first two parts of a token: "):rep(4)
local signature = bytes(
    "d735dc80f2e01aa9a04a8f8502ef9035cf563b6aa3a060990b864a2f22d5c26f9fd9d5fe1e805581ccbdafd2d5382588ef949c529586" ..
    "dcd11c6b10b75e7da8cf")

local function run(count)
  local right = 0
  for i = 1, count do
    -- each other one is of another message
    if digest.verify("ES256", key, i % 2 == 0 and message or message .. i, signature) then right = right + 1 end
  end
  return right
end

return { run = run, n = 100, small = 4 }
