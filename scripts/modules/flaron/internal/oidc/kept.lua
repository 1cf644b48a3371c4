-- flaron.internal.oidc.kept: the tokens of a sign-in in Spark, and new ones for old. Part of flaron.oidc; not for use by itself.
--
-- What it does not do: other edges do not have them, since Spark is of one edge.
local flaron = require "flaron"
local id_token = require "flaron.internal.oidc.id_token"
local jose = require "flaron.internal.jose"
local provider = require "flaron.internal.oidc.provider"
local crypto, json, spark, time = flaron.crypto, flaron.json, flaron.spark, flaron.time

local kept = {}

local EARLY = 30 -- seconds before an access token expires in which a new one is asked for
local PATIENCE = 15 -- seconds after which an invocation that began to refresh is given up

local function place_of(own) return "flaron.oidc:tokens:" .. own.id end

--- Writes the tokens of a sign-in, for as long as it lasts.
---@param options flaron.oidc.Options
---@param own table what the session has of the sign-in
---@param entry table
---@return true? done
---@return string? message why not
function kept.write(options, own, entry)
  local text, message = json.encode(entry), nil
  if options.encrypt_with then text, message = crypto.encrypt_aes(options.encrypt_with, text) end
  if not text then return nil, message end
  return spark.set(place_of(own), text, math.max(1, own.expires - assert(time.now())))
end

--- The tokens of a sign-in; nil if this edge does not have them.
---@param options flaron.oidc.Options
---@param own table
---@return table? entry
function kept.read(options, own)
  local text = spark.get(place_of(own))
  if text and options.encrypt_with then text = crypto.decrypt_aes(options.encrypt_with, text) end
  return text and jose.object(text)
end

--- Forgets the tokens of a sign-in.
---@param own table
function kept.delete(own)
  local place = place_of(own)
  if spark.get(place) then spark.delete(place) end
end

--- What is kept of an answer of the token endpoint.
---@param tokens table
---@param before? table what was kept before
---@return table entry
function kept.entry(tokens, before)
  return {
    access_token = tokens.access_token, expires = tokens.lifetime and assert(time.now()) + tokens.lifetime or nil,
    refresh_token = tokens.refresh_token or before and before.refresh_token, id_token = tokens.id_token or before and before.id_token,
  }
end

--- Whether an access token is good for `margin` more seconds, as far as the provider said.
---@param entry table
---@param margin integer
---@return boolean
function kept.is_fresh(entry, margin) return not entry.expires or assert(time.now()) < entry.expires - margin end

--- Exchanges the refresh token for new tokens. One at a time: providers take the second use of a refresh token for theft.
---@param client table of flaron.oidc
---@param own table
---@param entry table
---@return table? entry the new one
---@return string? reason
---@return string? detail
function kept.refresh(client, own, entry)
  local options, now = client.options, assert(time.now())
  if not entry.refresh_token then return nil, "no refresh token" end
  if entry.busy and now >= entry.busy and now < entry.busy + PATIENCE then return nil, "busy" end
  local endpoints = provider.endpoints(options)
  if not endpoints then return nil, "provider" end
  entry.busy = now
  kept.write(options, own, entry)
  entry.busy = nil
  local fields = { grant_type = "refresh_token", refresh_token = entry.refresh_token }
  local tokens, reason, detail = provider.ask_tokens(options, endpoints.token_endpoint, fields)
  if tokens and tokens.id_token then
    local expected = { client_id = options.client_id, sub = own.user.sub, access_token = tokens.access_token }
    local claims, fault = id_token.verify(client.tokens, tokens.id_token, expected)
    if not claims then tokens, reason, detail = nil, "id token", fault end
  end
  if detail == "invalid_grant" then entry.refresh_token = nil end -- it is of no more use
  local new = tokens and kept.entry(tokens, entry)
  local done, message = kept.write(options, own, new or entry)
  if not done then flaron.logging.warn("flaron.oidc: new tokens are not kept:", message) end
  return new, reason, detail
end

--- An access token that is still good, with new tokens for old where it is not.
---@param client table of flaron.oidc
---@param own table
---@return string? token
---@return string? reason
---@return string? detail
function kept.access_token(client, own)
  local entry = kept.read(client.options, own)
  if not entry then return nil, "no tokens" end
  if kept.is_fresh(entry, EARLY) then return entry.access_token end
  local new, reason, detail = kept.refresh(client, own, entry)
  if new then return new.access_token end
  if kept.is_fresh(entry, 0) then return entry.access_token end
  return nil, reason == "no refresh token" and "expired" or reason, detail
end

return kept
