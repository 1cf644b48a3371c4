-- sha256: the digest of 1 MiB, ten times. (Natively OpenSSL, by bench/openssl.lua.)
local digest = require "flaron.digest"

local text = ("0123456789abcdef"):rep(1 << 16)

local function run(count)
  local sum = 0
  for i = 1, count do sum = sum + digest.sha256(text):byte(i % 32 + 1) end
  return sum
end

return { run = run, n = 10, small = 1 }
