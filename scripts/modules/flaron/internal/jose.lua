-- flaron.internal.jose: strict base64url, JSON objects, and public keys as JWK, JWKS or PEM (SPKI, PKCS#1). Part of flaron.jwt;
-- not for use by itself. It needs no host. Certificates and private keys in PEM are not read.
local json = require "flaron.internal.json"

local jose = { MOST_KEYS = 32 } -- of a set: a token without a name of a key is tried with each

local VALUES = {} -- of each character its six bits
for i = 1, 64 do VALUES[("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"):byte(i)] = i - 1 end

--- The bytes that base64url without padding stands for; nil for another character or length, and for bits that are left over.
---@param text string
---@return string? bytes
function jose.decode(text)
  local rest = #text % 4
  if rest == 1 or text:find "[^%w_-]" then return nil end
  local out = {}
  for at = 1, #text - rest, 4 do
    local a, b, c, d = text:byte(at, at + 3)
    out[#out + 1] = string.pack(">I3", VALUES[a] << 18 | VALUES[b] << 12 | VALUES[c] << 6 | VALUES[d])
  end
  if rest > 0 then
    local a, b, c = text:byte(-rest, -1)
    local bits = VALUES[a] << 18 | VALUES[b] << 12 | (c and VALUES[c] << 6 or 0)
    if bits & (rest == 2 and 0xffff or 0xff) ~= 0 then return nil end
    out[#out + 1] = string.pack(">I3", bits):sub(1, rest - 1)
  end
  return table.concat(out)
end

--- The table that JSON text stands for; nil if it is no JSON or neither an object nor a list.
---@param text string?
---@return table? object
function jose.object(text)
  if not text or not text:find "^[ \t\r\n]*[{%[]" then return nil end
  local good, object = json.decode(text)
  return good and type(object) == "table" and object or nil
end

-- The content of the DER element with a tag that begins at `at`, and where the next begins; nil for what is no strict DER.
local function element(der, at, tag)
  local found, size = der:byte(at, at + 1)
  if found ~= tag or not size then return nil end
  at = at + 2
  if size >= 0x80 then
    local count = size - 0x80
    if count < 1 or count > 2 or #der < at + count - 1 then return nil end
    size = string.unpack(">I" .. count, der, at)
    if size < (count == 1 and 0x80 or 0x100) then return nil end
    at = at + count
  end
  if at + size - 1 > #der then return nil end
  return der:sub(at, at + size - 1), at + size
end

-- The content of an element that is all there is.
local function whole(der, tag)
  local content, after = element(der, 1, tag)
  return after == #der + 1 and content or nil
end

-- An INTEGER that is positive and as short as can be, without a byte for the sign.
local function integer(der, at)
  local content, after = element(der, at, 0x02)
  if not content or content == "" or content:byte() >= 0x80 or content:find "^\0[\0-\x7f]" then return nil end
  return (content:gsub("^\0", "")), after
end

local function rsa_of(der)
  local list = whole(der, 0x30)
  local n, after = integer(list or "", 1)
  local e, last = integer(list or "", after or 1)
  if n and e and last == #list + 1 then return { kty = "RSA", n = n, e = e } end
end

-- AlgorithmIdentifiers, RFC 3279 and RFC 5480: for EC with the curve's name and the size of a coordinate.
local RSA = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
local CURVES = {
  ["\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"] = { "P-256", 32 },
  ["\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"] = { "P-384", 48 },
}

local function spki_of(der)
  local list = whole(der, 0x30)
  local algorithm, after = element(list or "", 1, 0x30)
  local bits, last = element(list or "", after or 1, 0x03)
  if not algorithm or not bits or last ~= #list + 1 or bits:byte() ~= 0 then return nil end
  if algorithm == RSA then return rsa_of(bits:sub(2)) end
  local curve, size = table.unpack(CURVES[algorithm] or {})
  if curve and #bits == 2 + 2 * size and bits:byte(2) == 4 then
    return { kty = "EC", curve = curve, x = bits:sub(3, 2 + size), y = bits:sub(3 + size) }
  end
end

local function pem(text)
  local kind, body, again = text:match "^%s*%-%-%-%-%-BEGIN ([%u ]+)%-%-%-%-%-\r?\n([%w+/=\r\n]+)%-%-%-%-%-END ([%u ]+)%-%-%-%-%-%s*$"
  local read = kind == again and ({ ["PUBLIC KEY"] = spki_of, ["RSA PUBLIC KEY"] = rsa_of })[kind]
  if not read then return nil end
  local characters = body:gsub("[\r\n]", "")
  local digits = characters:match "^([%w+/]+)=?=?$"
  local der = digits and #characters % 4 == 0 and jose.decode((digits:gsub("[+/]", { ["+"] = "-", ["/"] = "_" })))
  return der and read(der)
end

-- What the fields of a JWK are called here, of each kind.
local FIELDS = { oct = { k = "k" }, RSA = { n = "n", e = "e" }, EC = { x = "x", y = "y" } }

-- A key of a JWK; nil for one that is malformed, is not for signatures, or of a kind that is not known.
local function jwk(object)
  local names = type(object) == "table" and FIELDS[object.kty]
  if not names or object.use ~= nil and object.use ~= "sig" then return nil end
  if object.alg ~= nil and type(object.alg) ~= "string" or object.kid ~= nil and type(object.kid) ~= "string" then return nil end
  if object.key_ops ~= nil then
    local verifies = false
    for _, use in ipairs(type(object.key_ops) == "table" and object.key_ops or {}) do verifies = verifies or use == "verify" end
    if not verifies then return nil end
  end
  local key = { kty = object.kty, alg = object.alg, kid = object.kid, curve = object.kty == "EC" and object.crv or nil }
  for name in pairs(names) do
    key[name] = type(object[name]) == "string" and jose.decode(object[name])
    if not key[name] then return nil end
  end
  return key
end

--- Whether a key, or a JWK, may be the one of this name: it has the name or none; nil is any.
function jose.is_named(key, kid) return kid == nil or key.kid == nil or key.kid == kid end

--- The keys that a JWK, a JWKS (each as a table or as JSON) or PEM has.
---@param source string|table
---@param kid? string only those of this name, and those without one
---@return table[] keys those that can verify; none if there is no such thing
function jose.keys(source, kid)
  if type(source) == "string" and source:find "^%s*%-%-%-%-%-BEGIN " then return { pem(source) } end
  local object = type(source) == "string" and jose.object(source) or source
  if type(object) ~= "table" then return {} end
  local keys = {}
  for _, one in ipairs(type(object.keys) == "table" and object.keys or { object }) do
    if type(one) == "table" and jose.is_named(one, kid) then keys[#keys + 1] = jwk(one) end
  end
  return keys
end

return jose
