-- flaron.internal.jose: strict base64url, JSON objects, and keys as JWK, JWKS, PEM or DER: public ones (SPKI, PKCS#1) and
-- private ones (PKCS#8, PKCS#1, SEC1). Part of flaron.jwt; not for use by itself. It needs no host. Certificates and
-- encrypted keys are not read.
local json = require "flaron.internal.json"

local jose = {
  MOST_KEYS = 32, -- of a set: a token without a name of a key is tried with each
  LONGEST = 16384, -- bytes of a token: more than servers take in a header
  HASHES = { HS256 = { "sha256", 32 }, HS384 = { "sha384", 48 }, HS512 = { "sha512", 64 } },
  ASYMMETRIC = {
    RS256 = "RSA", RS384 = "RSA", RS512 = "RSA", PS256 = "RSA", PS384 = "RSA", PS512 = "RSA", ES256 = "P-256", ES384 = "P-384",
  },
}

--- Whether a key has an algorithm: by its kind, curve and length, and by `alg` if it has one.
function jose.has(key, algorithm)
  if key.alg and key.alg ~= algorithm then return false end
  if key.kty == "oct" then -- RFC 7518, 3.2
    return jose.HASHES[algorithm] ~= nil and #key.k >= jose.HASHES[algorithm][2]
  end
  return jose.ASYMMETRIC[algorithm] == (key.curve or key.kty)
end

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

-- A function that gives the elements of the list that DER is, one after the other: the content of the next, or nil if it has
-- another tag. Without a tag: whether that was all.
local function elements(der)
  local list, after = element(der, 1, 0x30)
  local at = 1
  return function(tag)
    if not list or after ~= #der + 1 then return nil end
    if not tag then return at == #list + 1 end
    local content, behind = element(list, at, tag)
    at = behind or at
    return content
  end
end

-- An INTEGER that is not negative and as short as can be, without a byte for the sign.
local function integer(take)
  local content = take(0x02)
  if not content or content == "" or content:byte() >= 0x80 or content:find "^\0[\0-\x7f]" then return nil end
  return (content:gsub("^\0", ""))
end

-- A key of the INTEGERs that `take` gives under these names; nil if it does not have them, or more.
local function rsa_of_integers(take, names)
  local key = { kty = "RSA" }
  for _, name in ipairs(names) do
    key[name] = integer(take)
    if not key[name] or key[name] == "" then return nil end
  end
  return take() and key or nil
end

local function pkcs1_public(der) return rsa_of_integers(elements(der), { "n", "e" }) end

local function pkcs1_private(der)
  local take = elements(der)
  return integer(take) == "" and rsa_of_integers(take, { "n", "e", "d", "p", "q", "dp", "dq", "qi" }) or nil
end

-- AlgorithmIdentifiers, RFC 3279 and RFC 5480: for EC the object identifiers of curves, with name and size of a coordinate.
local RSA = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
local EC = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
local CURVES = {
  ["\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"] = { "P-256", 32 }, ["\x06\x05\x2b\x81\x04\x00\x22"] = { "P-384", 48 },
}

-- Name and size of the curve that an AlgorithmIdentifier names; nil if it is of something else.
local function curve_of(algorithm)
  if algorithm:sub(1, #EC) == EC then return table.unpack(CURVES[algorithm:sub(#EC + 1)] or {}) end
end

local function spki(der)
  local take = elements(der)
  local algorithm, bits = take(0x30), take(0x03)
  if not algorithm or not bits or not take() or bits:byte() ~= 0 then return nil end
  if algorithm == RSA then return pkcs1_public(bits:sub(2)) end
  local curve, size = curve_of(algorithm)
  if curve and #bits == 2 + 2 * size and bits:byte(2) == 4 then
    return { kty = "EC", curve = curve, x = bits:sub(3, 2 + size), y = bits:sub(3 + size) }
  end
end

-- RFC 5915; `identifier` is the curve's object identifier, if what is around the key has it. The public key is not looked at.
local function sec1(der, identifier)
  local take = elements(der)
  local version, d, named = integer(take), take(0x04), take(0xa0)
  take(0xa1)
  local curve, size = table.unpack(CURVES[identifier or named] or {})
  if version ~= "\1" or not d or not curve or #d ~= size or named and identifier and named ~= identifier or not take() then return nil end
  return { kty = "EC", curve = curve, d = d }
end

-- RFC 5208; attributes are not looked at.
local function pkcs8(der)
  local take = elements(der)
  local version, algorithm, inner = integer(take), take(0x30), take(0x04)
  take(0xa0)
  if version ~= "" or not algorithm or not inner or not take() then return nil end
  if algorithm == RSA then return pkcs1_private(inner) end
  if curve_of(algorithm) then return sec1(inner, algorithm:sub(#EC + 1)) end
end

-- What reads keys, by what PEM calls them, and the use that a JWK must permit. What the fields of a JWK, of each kind, are for.
local PUBLIC = {
  pem = { ["PUBLIC KEY"] = spki, ["RSA PUBLIC KEY"] = pkcs1_public },
  use = "verify",
  fields = { oct = { "k" }, RSA = { "n", "e" }, EC = { "x", "y" } },
}
local PRIVATE = {
  pem = { ["PRIVATE KEY"] = pkcs8, ["RSA PRIVATE KEY"] = pkcs1_private, ["EC PRIVATE KEY"] = sec1 },
  use = "sign",
  fields = { oct = { "k" }, RSA = { "n", "e", "p", "q", "dp", "dq", "qi" }, EC = { "d" } },
}

-- openssl's ecparam writes the curve in front of a key, which has it, too.
local PARAMETERS = "^%s*%-%-%-%-%-BEGIN EC PARAMETERS%-%-%-%-%-[%w+/=%s]+%-%-%-%-%-END EC PARAMETERS%-%-%-%-%-"

local function read_pem(text, kinds)
  local kind, body, again = text:gsub(PARAMETERS, "")
    :match "^%s*%-%-%-%-%-BEGIN ([%u ]+)%-%-%-%-%-\r?\n([%w+/=\r\n]+)%-%-%-%-%-END ([%u ]+)%-%-%-%-%-%s*$"
  local read = kind == again and kinds.pem[kind]
  if not read then return nil end
  local characters = body:gsub("[\r\n]", "")
  local digits = characters:match "^([%w+/]+)=?=?$"
  local der = digits and #characters % 4 == 0 and jose.decode((digits:gsub("[+/]", { ["+"] = "-", ["/"] = "_" })))
  return der and read(der) or nil
end

local function read_der(der, kinds)
  for _, read in pairs(kinds.pem) do
    local key = read(der)
    if key then return key end
  end
end

-- A key of a JWK; nil for one that is malformed, is not for signatures, or of a kind that is not known.
local function jwk(object, kinds)
  local names = type(object) == "table" and kinds.fields[object.kty]
  if not names or object.use ~= nil and object.use ~= "sig" or object.oth ~= nil then return nil end
  if object.alg ~= nil and type(object.alg) ~= "string" or object.kid ~= nil and type(object.kid) ~= "string" then return nil end
  if object.key_ops ~= nil then
    local permitted = false
    for _, use in ipairs(type(object.key_ops) == "table" and object.key_ops or {}) do permitted = permitted or use == kinds.use end
    if not permitted then return nil end
  end
  local key = { kty = object.kty, alg = object.alg, kid = object.kid, curve = object.kty == "EC" and object.crv or nil }
  for _, name in ipairs(names) do
    key[name] = type(object[name]) == "string" and jose.decode(object[name])
    if not key[name] then return nil end
  end
  return key
end

--- Whether a key, or a JWK, may be the one of this name: it has the name or none; nil is any.
function jose.is_named(key, kid) return kid == nil or key.kid == nil or key.kid == kid end

local function read_keys(source, kid, kinds)
  if type(source) == "string" and source:find "^%s*%-%-%-%-%-BEGIN " then return { read_pem(source, kinds) } end
  if type(source) == "string" and source:byte() == 0x30 then return { read_der(source, kinds) } end
  local object = type(source) == "string" and jose.object(source) or source
  if type(object) ~= "table" then return {} end
  local keys = {}
  for _, one in ipairs(type(object.keys) == "table" and object.keys or { object }) do
    if type(one) == "table" and jose.is_named(one, kid) then keys[#keys + 1] = jwk(one, kinds) end
  end
  return keys
end

--- The keys that a JWK, a JWKS (each as a table or as JSON), PEM or DER has.
---@param source string|table
---@param kid? string only those of this name, and those without one
---@return table[] keys those that can verify; none if there is no such thing
function jose.keys(source, kid) return read_keys(source, kid, PUBLIC) end

--- The same for private keys, and keys of HMAC: those that can sign.
function jose.private_keys(source, kid) return read_keys(source, kid, PRIVATE) end

return jose
