-- keys.lua - keys and signatures that openssl's program makes, for specs that verify them. Each in the form that flaron.digest
-- takes: bytes without a sign, and r and s one after the other.
local support = require "support"

local keys = {}

local function run(command)
  local code, out, errors = support.run(command)
  if code ~= 0 then error(command .. ": " .. errors, 2) end
  return out
end

--- Bytes of hexadecimal digits.
function keys.bytes(hex)
  return (hex:gsub("%s", ""):gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- Makes a private key by `openssl genpkey WORDS`; returns the path of its file.
function keys.make(words)
  local path = support.folder() .. "/key.pem"
  run(("openssl genpkey %s -out %s"):format(words, path))
  return path
end

--- The bytes of a file that openssl wrote.
function keys.read(path) return assert(support.read(path)) end

--- The modulus of an RSA key, as a key for digest.verify. Its exponent is 65537 unless it is given.
function keys.rsa(path, exponent)
  local hex = run(("openssl rsa -in %s -noout -modulus"):format(path)):match "=(%x+)"
  return { n = keys.bytes(hex), e = exponent or "\1\0\1" }
end

--- The public key of a private one in PEM; `words` are the program of openssl and its option, if not the usual ones.
function keys.pem(path, words) return run(("openssl %s -in %s"):format(words or "pkey -pubout", path)) end

--- An elliptic key, as a key for digest.verify; `size` is that of a coordinate.
function keys.ec(path, curve, size)
  local der = run(("openssl pkey -in %s -pubout -outform DER"):format(path))
  return { curve = curve, x = der:sub(-2 * size, -size - 1), y = der:sub(-size) }
end

-- r and s of ECDSA's SEQUENCE of two INTEGERs, each of `size` bytes.
local function joined(der, size)
  local at = der:byte(2) < 0x80 and 3 or 4
  local function integer()
    local bytes = der:sub(at + 2, at + 1 + der:byte(at + 1)):gsub("^\0+", "")
    at = at + 2 + der:byte(at + 1)
    return ("\0"):rep(size - #bytes) .. bytes
  end
  local r = integer()
  return r .. integer()
end

--- The signature of a message by a key; `words` are more options of `openssl dgst`. For ECDSA `size` is a coordinate's.
function keys.sign(path, hash, message, words, size)
  local file = support.folder() .. "/message"
  support.write(file, message)
  local signature = run(("openssl dgst -%s %s -sign %s %s"):format(hash, words or "", path, file))
  return size and joined(signature, size) or signature
end

--- Bytes with one bit flipped, counted from 0.
function keys.flipped(bytes, bit)
  local at = bit // 8 + 1
  return bytes:sub(1, at - 1) .. string.char(bytes:byte(at) ~ 1 << bit % 8) .. bytes:sub(at + 1)
end

--- A copy of a key with other fields.
function keys.with(key, changes)
  local copy = {}
  for name, value in pairs(key) do copy[name] = value end
  for name, value in pairs(changes) do copy[name] = value end
  return copy
end

--- Whether openssl takes a signature; `words` are more options of `openssl dgst`.
function keys.verifies(path, hash, message, signature, words)
  local file, other = support.folder() .. "/message", support.folder() .. "/signature"
  support.write(file, message)
  support.write(other, signature)
  return (support.run(("openssl dgst -%s %s -prverify %s -signature %s %s"):format(hash, words or "", path, other, file))) == 0
end

--- The result of raising bytes, a number below the modulus of an RSA key, to the private exponent: a signature of what need
--- not be well encoded.
function keys.raw_sign(path, bytes)
  local file = support.folder() .. "/bytes"
  support.write(file, bytes)
  return run(("openssl pkeyutl -decrypt -inkey %s -in %s -pkeyopt rsa_padding_mode:none"):format(path, file))
end

return keys
