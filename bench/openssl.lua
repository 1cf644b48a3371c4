-- openssl.lua - what bench/lua/ uses of flaron.digest, natively: by OpenSSL, with the package lua-luaossl.
--
-- What a program gives as a key must have its PEM, too. `make bench` turns OpenSSL's use of the processor's SHA instructions off.
local digest = require "openssl.digest"
local pkey = require "openssl.pkey"

local openssl, HALF = {}, 32 -- bytes of r, and of s
local read = {} -- keys that were read, by their PEM: OpenSSL takes longer for that than for a signature

function openssl.sha256(bytes) return digest.new("sha256"):final(bytes) end

-- A whole number in DER.
local function integer(bytes)
  bytes = bytes:gsub("^\0+", "")
  if bytes == "" or bytes:byte() >= 0x80 then bytes = "\0" .. bytes end
  return "\2" .. string.char(#bytes) .. bytes
end

function openssl.verify(algorithm, key, message, signature)
  if algorithm == "ES256" then
    local both = integer(signature:sub(1, HALF)) .. integer(signature:sub(HALF + 1))
    signature = "\48" .. string.char(#both) .. both
  end
  read[key.pem] = read[key.pem] or pkey.new(key.pem)
  return read[key.pem]:verify(signature, digest.new("sha256"):update(message))
end

return openssl
