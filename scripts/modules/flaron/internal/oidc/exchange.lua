-- flaron.internal.oidc.exchange: the provider's answer to a sign-in: whether it is the answer to this one, and what its code is
-- good for. Part of flaron.oidc; not for use by itself.
local digest = require "flaron.digest"
local flaron = require "flaron"
local id_token = require "flaron.internal.oidc.id_token"
local provider = require "flaron.internal.oidc.provider"
local url = require "flaron.url"

local exchange = {}

--- What a sign-in must not tell: `state`, `nonce` and `verifier` (of PKCE), each of 64 hexadecimal digits. The cookie has only
--- the id that they are made from, so who reads it does not have them.
---@param options flaron.oidc.Options
---@param secret string its name
---@param id string of the sign-in
---@return { state: string, nonce: string, verifier: string }? made
---@return string? message "no such secret"
function exchange.secrets(options, secret, id)
  local made = {}
  for _, what in ipairs { "state", "nonce", "verifier" } do
    local text = ("flaron.oidc:%s:%s:%s:%s"):format(what, id, options.issuer, options.client_id)
    local value, message = flaron.crypto.hmac(secret, text)
    if not value then return nil, message end
    made[what] = value
  end
  return made
end

--- The same, by the secret that a sign-in began with; nil if the state is not its own.
---@param options flaron.oidc.Options
---@param id string
---@param state string?
function exchange.of_state(options, id, state)
  for _, secret in ipairs(options.sessions.secrets) do
    local made = exchange.secrets(options, secret, id)
    if made and state and digest.equal(made.state, state) then return made end
  end
end

--- The fields of the provider's answer. One that is there twice counts for nothing (RFC 6749, 3.1).
---@return table<string, string>
function exchange.read()
  local fields, all = url.query(assert(flaron.request.url()):match "%?([^#]*)")
  local seen = {}
  for _, field in ipairs(all) do
    if seen[field[1]] then fields[field[1]] = nil end
    seen[field[1]] = true
  end
  return fields
end

--- Exchanges the code, and verifies the ID token.
---@param client flaron.oidc.Client
---@param made table of the sign-in, as of `exchange.secrets`
---@param answer table<string, string>
---@return table? claims
---@return table|string tokens, or why not
---@return string? detail what the provider or flaron.jwt calls it
function exchange.claims(client, made, answer)
  local options = client.options
  local endpoints = provider.endpoints(options)
  if not endpoints then return nil, "provider" end
  if answer.iss ~= options.issuer and (answer.iss or endpoints.sends_issuer) then return nil, "issuer" end -- RFC 9207
  if answer.error or not answer.code then return nil, "refused", provider.error_code(answer.error) end
  local tokens, reason, detail = provider.ask_tokens(options, endpoints.token_endpoint, {
    grant_type = "authorization_code", code = answer.code, redirect_uri = options.redirect_uri, code_verifier = made.verifier,
  })
  if not tokens then return nil, reason, detail end
  local claims, fault = id_token.verify(client.tokens, tokens.id_token, {
    client_id = options.client_id, nonce = made.nonce, access_token = tokens.access_token,
  })
  if fault == "no keys" then return nil, "provider" end
  if not claims then return nil, "id token", fault end
  return claims, tokens
end

return exchange
