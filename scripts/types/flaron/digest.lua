---@meta flaron.digest
-- The optional part digest: docs/digest.md.

---@alias flaron.digest.Name "md5"|"sha1"|"sha224"|"sha256"|"sha384"|"sha512"
---@alias flaron.digest.Form "raw"|"hex"|"base64url"|"base64"
---@alias flaron.digest.Algorithm "RS256"|"RS384"|"RS512"|"PS256"|"PS384"|"PS512"|"ES256"|"ES384"

---@class flaron.digest
local digest = {}

---@param bytes string
---@param form? flaron.digest.Form  default "raw"
---@return string digest
function digest.md5(bytes, form) end

---@param bytes string
---@param form? flaron.digest.Form  default "raw"
---@return string digest
function digest.sha1(bytes, form) end

---@param bytes string
---@param form? flaron.digest.Form  default "raw"
---@return string digest
function digest.sha224(bytes, form) end

---@param bytes string
---@param form? flaron.digest.Form  default "raw"
---@return string digest
function digest.sha256(bytes, form) end

---@param bytes string
---@param form? flaron.digest.Form  default "raw"
---@return string digest
function digest.sha384(bytes, form) end

---@param bytes string
---@param form? flaron.digest.Form  default "raw"
---@return string digest
function digest.sha512(bytes, form) end

---@param name flaron.digest.Name
---@param key string
---@param bytes string
---@param form? flaron.digest.Form  default "raw"
---@return string code
function digest.hmac(name, key, bytes, form) end

---A digest piece by piece.
---@class flaron.digest.Object
local Object = {}

---@param bytes string
---@return flaron.digest.Object self
function Object:update(bytes) end

---Ends it: an error when it is called again.
---@param form? flaron.digest.Form  default "raw"
---@return string digest
function Object:finish(form) end

---@param name flaron.digest.Name
---@param key? string  with it an HMAC
---@return flaron.digest.Object
function digest.new(name, key) end

---@param name flaron.digest.Name
---@param key string
---@param salt? string
---@param info? string
---@param length integer  bytes, up to 255 digests
---@param form? flaron.digest.Form  default "raw"
---@return string key
function digest.hkdf(name, key, salt, info, length, form) end

---@param name flaron.digest.Name
---@param password string
---@param salt string
---@param iterations integer  in all blocks together up to 10,000,000
---@param length integer  bytes, up to 65,536
---@param form? flaron.digest.Form  default "raw"
---@return string key
function digest.pbkdf2(name, password, salt, iterations, length, form) end

---@param a string
---@param b string
---@return boolean equal  in a time that depends on the lengths only
function digest.equal(a, b) end

---@class flaron.digest.Key
---@field n? string  RSA: the modulus
---@field e? string  RSA: the exponent
---@field curve? "P-256"|"P-384"
---@field x? string
---@field y? string
---@field p? string  RSA: a private key has this and the next four
---@field q? string
---@field dp? string
---@field dq? string
---@field qi? string
---@field d? string  of a curve: the private number

---@param algorithm flaron.digest.Algorithm
---@param key flaron.digest.Key
---@param message string
---@param signature string  of ECDSA: r and s, as in a JWS
---@return boolean|nil right  nil when there is something wrong with the key
---@return string? why
function digest.verify(algorithm, key, message, signature) end

---@param algorithm flaron.digest.Algorithm
---@param key flaron.digest.Key  a private one
---@param message string
---@param salt? string  of PSS: random bytes, as many as the digest has
---@return string|nil signature  nil when there is something wrong with the key
---@return string? why
function digest.sign(algorithm, key, message, salt) end

return digest
