-- flaron.internal.oidc.id_token: whether an ID token is for this client and for this sign-in (OpenID Connect Core 1.0, 3.1.3.7
-- and 3.1.3.8), beyond what flaron.jwt verifies. Part of flaron.oidc; not for use by itself.
local digest = require "flaron.digest"
local jose = require "flaron.internal.jose"

local id_token = {}

-- Whether `at_hash` is of the access token: the left half of its hash, which is that of the signature.
local function is_hash_of(text, access_token, algorithm)
  local hash = digest["sha" .. algorithm:sub(3)](access_token)
  return type(text) == "string" and digest.equal(jose.decode(text) or "", hash:sub(1, #hash // 2))
end

--- Verifies an ID token.
---@param tokens flaron.jwt.Tokens that verify what is not said here
---@param text string?
---@param expected { client_id: string, nonce?: string, sub?: string, access_token: string } without `nonce` any is good
---@return table? claims
---@return string? reason one of flaron.jwt's, or "nonce", "authorized party", "access token"
function id_token.verify(tokens, text, expected)
  local claims, reason, header = tokens:verify(text)
  if not claims then return nil, reason end
  if type(claims.sub) ~= "string" or claims.sub == "" then return nil, "subject" end
  if expected.sub and claims.sub ~= expected.sub then return nil, "subject" end
  if expected.nonce and (type(claims.nonce) ~= "string" or not digest.equal(claims.nonce, expected.nonce)) then return nil, "nonce" end
  local several = type(claims.aud) == "table" and #claims.aud > 1
  if (several or claims.azp ~= nil) and claims.azp ~= expected.client_id then return nil, "authorized party" end
  if claims.at_hash ~= nil and not is_hash_of(claims.at_hash, expected.access_token, header.alg) then return nil, "access token" end
  return claims
end

return id_token
