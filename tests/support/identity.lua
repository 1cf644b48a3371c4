-- identity.lua - a provider of OpenID Connect for specs that stub fetches: its document, its keys, its token endpoint. It answers
-- wrongly where a spec says so. It has no pages: a spec reads what a sign-in asks for and goes on to the callback.
--
-- Tokens are signed by a flare, or, with a header that a spec chose, by openssl's program, which takes longer.
local dkjson = require "dkjson"
local keys = require "keys"
local support = require "support"

local identity = {}
identity.__index = identity

local helper = [[
local digest, flaron = require "flaron.digest", require "flaron"
return function()
  local body, key = flaron.request.body(), flaron.request.header "key"
  if not key then return { body = digest.sha256(body, "base64url") } end
  return { body = flaron.crypto.sign_jwt("RS256", key, flaron.json.decode(body)) }
end]]

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

--- Base64url of bytes, without padding.
function identity.base64url(bytes)
  local out = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    for n = 1, c and 4 or b and 3 or 2 do
      local index = (bits >> (24 - 6 * n) & 63) + 1
      out[#out + 1] = ALPHABET:sub(index, index)
    end
  end
  return table.concat(out)
end

--- Makes a provider with one RSA key; `now` is when tokens are issued.
function identity.new(issuer, now)
  local self = setmetatable({ issuer = issuer, now = now, keys = {}, used = {}, asked = {}, serial = 0 }, identity)
  self:rotate()
  return self
end

--- Takes a new key for what is signed from now on, and publishes it alone.
function identity:rotate()
  local path = keys.make "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
  self.keys[#self.keys + 1] = { path = path, kid = ("key-%d"):format(#self.keys + 1) }
  local secrets = {}
  for _, key in ipairs(self.keys) do secrets[key.kid] = support.read(key.path) end
  if self.helper then self.helper:close() end
  self.helper = support.load(helper, { secrets = secrets })
end

--- The SHA-256 of bytes, in base64url.
function identity:sha256(bytes) return assert(self.helper:request { method = "POST", body = bytes }).body end

--- A token of claims, as JSON has them, by the latest key, or by that with a number.
function identity:sign(claims, header, number)
  local key = self.keys[number or #self.keys]
  if not header then
    return assert(self.helper:request { method = "POST", headers = { key = key.kid }, body = dkjson.encode(claims) }).body
  end
  local input = identity.base64url(dkjson.encode(header)) .. "." .. identity.base64url(dkjson.encode(claims))
  return input .. "." .. identity.base64url(keys.sign(key.path, "sha256", input))
end

--- The claims of an ID token of a sign-in whose fields are `asked`; `change` may change them.
function identity:claims(asked)
  local claims = { iss = self.issuer, sub = "ada", aud = asked.client_id, iat = self.now, exp = self.now + 300, nonce = asked.nonce,
    name = "Ada Lovelace", email = "ada@example.com", other = "not kept" }
  if self.change then self.change(claims) end
  return claims
end

--- Notes what a sign-in asks for, as in the query of its URL, and gives a code for it.
function identity:code(asked)
  self.serial = self.serial + 1
  local code = ("code-%d"):format(self.serial)
  self.asked[code] = asked
  return code
end

local function fields_of(text)
  local fields = {}
  for name, value in text:gmatch "([^&=]+)=([^&]*)" do
    fields[name] = value:gsub("%+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  end
  return fields
end
identity.fields = fields_of

-- What the token endpoint answers.
function identity:token(form)
  self.last_form = form
  local asked
  if form.grant_type == "authorization_code" then
    asked = self.asked[form.code]
    if not asked or self.used[form.code] then return 400, { error = "invalid_grant" } end
    self.used[form.code] = true
    if self:sha256(form.code_verifier or "") ~= asked.code_challenge then return 400, { error = "invalid_grant" } end
    self.grant = asked
  elseif form.refresh_token ~= self.refresh then
    return 400, { error = "invalid_grant" }
  else
    asked = { client_id = self.grant.client_id }
  end
  self.serial = self.serial + 1
  self.refresh = ("refresh-%d"):format(self.serial)
  local answer = { token_type = "Bearer", access_token = ("access-%d"):format(self.serial), expires_in = 120, refresh_token = self.refresh }
  answer.id_token = self.id_token and self.id_token(asked) or self:sign(self:claims(asked))
  return 200, answer
end

-- The published keys: the latest alone.
function identity:set()
  local key = self.keys[#self.keys]
  key.n = key.n or identity.base64url(keys.rsa(key.path).n)
  return { keys = { { kty = "RSA", kid = key.kid, use = "sig", alg = "RS256", n = key.n, e = "AQAB" } } }
end

--- The provider's document; fields of `more` take the place of its own.
function identity:document(more)
  local document = { issuer = self.issuer, authorization_response_iss_parameter_supported = true }
  for _, name in ipairs { "authorization", "token", "userinfo", "end_session" } do
    document[name .. "_endpoint"] = ("%s/%s"):format(self.issuer, name)
  end
  document.jwks_uri = self.issuer .. "/keys"
  for name, value in pairs(more or {}) do document[name] = value end
  return document
end

--- Answers what a flare fetches of the provider. `self.answers[path]` is an answer in place of its own, or a function that gives
--- one, as flare:stub_fetch takes them.
function identity:stub(flare)
  self.answers, self.fetched = {}, {}
  local pattern = "^" .. self.issuer:gsub("%p", "%%%0") .. "/"
  flare:stub_fetch(pattern, function(fetch)
    local path = fetch.url:sub(#self.issuer + 1)
    self.fetched[#self.fetched + 1] = fetch.method .. " " .. path
    local own = self.answers[path]
    if type(own) == "function" then return own(fetch) end
    if own then return own end
    local status, body = 200, {}
    if path == "/.well-known/openid-configuration" then body = self:document(self.more)
    elseif path == "/keys" then body = self:set()
    elseif path == "/token" then
      self.authorization = fetch.headers.authorization
      status, body = self:token(fields_of(fetch.body))
    elseif path == "/userinfo" then
      self.authorization = fetch.headers.authorization
      body = { sub = "ada", phone = "7" }
    else status = 404 end
    return { status = status, headers = { ["content-type"] = "application/json" }, body = dkjson.encode(body) }
  end)
end

return identity
