-- flaron.oidc.client: a visitor's way through a sign-in, what is known of him afterwards, and his way out. Part of flaron.oidc;
-- not for use by itself.
--
-- The session's values have a field `oidc`: `user` and `expires`, the `id` that tokens are kept under, and of a sign-in that is
-- under way `login`.
local argument = require "flaron.internal.argument"
local digest = require "flaron.digest"
local flaron = require "flaron"
local exchange = require "flaron.internal.oidc.exchange"
local kept = require "flaron.internal.oidc.kept"
local provider = require "flaron.internal.oidc.provider"
local crypto, encoding, request, time = flaron.crypto, flaron.encoding, flaron.request, flaron.time

--- What signs in by one provider.
---@class flaron.oidc.Client
---@field package options flaron.oidc.Options
---@field package tokens flaron.jwt.Tokens
local client = {}
client.__index = client

local PATIENCE = 600 -- seconds in which a sign-in must come to its end
local LONGEST = 1024 -- bytes of the path to come back to: it is in the cookie

local function random_id() return assert(encoding.hex_encode(assert(crypto.random_bytes(16)))) end

-- The values of the session, and of them what is ours; either may be empty, and then why.
local function read(self)
  local values, reason = self.options.sessions:read()
  local own = values and values.oidc
  return values or {}, type(own) == "table" and own or {}, reason
end

-- Writes the session, or has the browser forget it when nothing is left in it.
local function write(self, values, own)
  values.oidc = next(own) and own or nil
  if next(values) then return self.options.sessions:write(values) end
  self.options.sessions:clear()
  return true
end

-- Who is signed in by this provider, and what the session has of it; nil and why nobody is.
local function signed_in(self)
  local _, own, reason = read(self)
  local user = own.user
  if type(user) == "table" and user.iss == self.options.issuer and assert(time.now()) < own.expires then return user, own end
  return nil, reason == "no such secret" and reason or "absent"
end

-- A path of this site, and nothing that a browser takes for a URL of another.
local function is_path(text)
  return #text <= LONGEST and not text:find "[^!-~]" and not text:find '[\\"<>]' and (text == "/" or text:find "^/[^/]" ~= nil)
end

local function redirect(place, fields)
  local query = fields and provider.form(fields) or ""
  if query ~= "" then place = place .. (place:find("?", 1, true) and "&" or "?") .. query end
  return { status = 303, headers = { location = place, ["cache-control"] = "no-store" } }
end

--- Begins a sign-in: sets the session's cookie, and leads to the provider.
---
--- Raises: for a parameter that the sign-in itself sets, and when another cookie is set already.
---@param return_to? string the path to come back to afterwards; what is no path of this site, or too long for the cookie, counts as `"/"`.
---@param parameters? table<string, string> more for the provider, such as `prompt` or `login_hint`.
---@return table|nil answer for the visitor.
---@return flaron.oidc.Reason? reason `"provider"`, `"too large"` or `"no such secret"`.
function client:login(return_to, parameters)
  argument.self(self, "options", "client:login")
  argument.optional(return_to, 1, "client:login", "string")
  argument.optional(parameters, 2, "client:login", "table")
  local options, id = self.options, random_id()
  local made, fault = exchange.secrets(options, options.sessions.secrets[1], id)
  if not made then return nil, fault end
  local fields = {
    response_type = "code", client_id = options.client_id, redirect_uri = options.redirect_uri, scope = options.scope or "openid",
    state = made.state, nonce = made.nonce, code_challenge = digest.sha256(made.verifier, "base64url"), code_challenge_method = "S256",
  }
  for name, value in pairs(parameters or {}) do
    if fields[name] then argument.fail(2, "client:login", ("'%s' is set by the sign-in"):format(name)) end
    fields[name] = value
  end
  local endpoints = provider.endpoints(options)
  if not endpoints then return nil, "provider" end
  local values, own = read(self)
  own.login = { id = id, expires = assert(time.now()) + PATIENCE, return_to = return_to and is_path(return_to) and return_to or "/" }
  local done, message = write(self, values, own)
  if message == "too large" then
    own.login.return_to = "/"
    done, message = write(self, values, own)
  end
  if not done then return nil, message end
  return redirect(endpoints.authorization_endpoint, fields)
end

-- What the session has of a visitor who has just signed in.
local function new_own(self, claims)
  local user = { iss = claims.iss, sub = claims.sub }
  for _, name in ipairs(self.options.claims or { "name", "email" }) do user[name] = claims[name] end
  return { user = user, id = random_id(), expires = assert(time.now()) + self.options.sessions.max_age }
end

--- Ends a sign-in, at the path of `redirect_uri`: exchanges the code that the provider sent, verifies the ID token, and writes the session. It takes up to three fetches. A sign-in can be ended once.
---
--- Raises: when another cookie is set already.
---@return table|nil user `iss`, `sub` and those of `claims` that the ID token has.
---@return flaron.oidc.Reason? reason why nobody is signed in.
---@return string return_to the path that `client:login` was given, or `"/"`.
---@return string? detail of `"refused"` and `"token"` the provider's code, such as `"access_denied"`, if it is one; of `"id token"` the reason of `tokens:verify`, or `"nonce"`, `"authorized party"` or `"access token"`.
function client:callback()
  argument.self(self, "options", "client:callback")
  local values, own, why = read(self)
  local login = own.login
  if why == "no such secret" then return nil, why, "/" end
  if type(login) ~= "table" or assert(time.now()) >= login.expires then return nil, "no login", "/" end
  local answer = exchange.read()
  local made = exchange.of_state(self.options, login.id, answer.state)
  if not made then return nil, "state", "/" end
  own.login = nil
  local claims, tokens, detail = exchange.claims(self, made, answer)
  local new = claims and new_own(self, claims) or own
  local done, message = write(self, values, new)
  if not claims then return nil, tokens, login.return_to, detail end
  if not done then return nil, message, login.return_to end
  if own.id then kept.delete(own) end
  done, message = kept.write(self.options, new, kept.entry(tokens))
  if not done then flaron.logging.warn("flaron.oidc: tokens are not kept:", message) end
  return new.user, nil, login.return_to
end

--- Who is signed in, by the session's cookie alone: no fetch, and good on every edge. The manifest must have `requires_raw_auth`.
---@return table|nil user as of `client:callback`.
---@return flaron.oidc.Reason? reason `"absent"` or `"no such secret"`.
function client:user()
  argument.self(self, "options", "client:user")
  local user, reason = signed_in(self)
  if user then return user end
  return nil, reason
end

--- An access token for the visitor's calls of APIs, with new tokens for old by the refresh token when less than 30 seconds are left. Only the edge that signed in has it.
---@return string|nil token without `Bearer`.
---@return flaron.oidc.Reason? reason why there is none.
---@return string? detail as of `client:callback`.
function client:access_token()
  argument.self(self, "options", "client:access_token")
  local user, own = signed_in(self)
  if not user then return nil, own end
  return kept.access_token(self, own)
end

--- Has the provider give new tokens, whatever is left of the old ones. One request at a time does so: `"busy"` is for the others.
---@return string|nil token the new access token.
---@return flaron.oidc.Reason? reason why there is none.
---@return string? detail as of `client:callback`.
function client:refresh()
  argument.self(self, "options", "client:refresh")
  local user, own = signed_in(self)
  if not user then return nil, own end
  local entry = kept.read(self.options, own)
  if not entry then return nil, "no tokens" end
  local new, reason, detail = kept.refresh(self, own, entry)
  if not new then return nil, reason, detail end
  return new.access_token
end

--- What the provider says of the visitor now, at its `userinfo_endpoint`. It must be of the same `sub`.
---@return table|nil claims by name.
---@return flaron.oidc.Reason? reason why there are none.
function client:userinfo()
  argument.self(self, "options", "client:userinfo")
  local user, own = signed_in(self)
  if not user then return nil, own end
  local token, reason = kept.access_token(self, own)
  if not token then return nil, reason end
  local endpoints = provider.endpoints(self.options)
  if not endpoints or not endpoints.userinfo_endpoint then return nil, "provider" end
  local headers = { authorization = "Bearer " .. token, accept = "application/json" }
  local claims, status = provider.fetch(endpoints.userinfo_endpoint, { headers = headers })
  if not claims or status ~= 200 or claims.sub ~= user.sub then return nil, status == 401 and "token" or "provider" end
  return claims
end

--- Signs the visitor out here, and leads to the provider, which does the same there (OpenID Connect RP-Initiated Logout 1.0). Where the provider has no endpoint for it, it leads to `post_logout_redirect_uri`, or to `/`. Do it for `POST` alone.
---
--- Raises: when another cookie is set already.
---@return table answer for the visitor.
function client:logout()
  argument.self(self, "options", "client:logout")
  local options, values, own = self.options, read(self)
  local entry = own.id and kept.read(options, own) or {}
  if own.id then kept.delete(own) end
  if not write(self, values, {}) then options.sessions:clear() end
  local endpoints = provider.endpoints(options)
  local place = endpoints and endpoints.end_session_endpoint
  if not place then return redirect(options.post_logout_redirect_uri or "/") end
  return redirect(place, {
    client_id = options.client_id, id_token_hint = entry.id_token, post_logout_redirect_uri = options.post_logout_redirect_uri,
  })
end

--- Middleware for `app:use` and groups of flaron.router: it goes on for those who are signed in, with `req.user`. A page that a browser is to show begins a sign-in which comes back to it; any other request is answered with 401, and with 503 while the provider does not answer.
---@return flaron.router.Middleware middleware that asks who is there.
function client:middleware()
  argument.self(self, "options", "client:middleware")
  local function refuse(status, text)
    return { status = status, headers = { ["content-type"] = "text/plain; charset=utf-8", ["cache-control"] = "no-store" }, body = text }
  end
  return function(req, next)
    local user, reason = self:user()
    if user then
      req.user = user
      return next()
    end
    local mode = request.header "sec-fetch-mode"
    local is_page = (req.method == "GET" or req.method == "HEAD") and (not mode or mode == "navigate")
    if reason == "absent" and not is_page then return refuse(401, "sign in first\n") end
    local answer, fault = self:login(req.path .. (req.query_string ~= "" and "?" .. req.query_string or ""))
    if fault == "no such secret" then error("flaron.oidc: the secret of the session is not set", 0) end
    return answer or refuse(503, "nobody can sign in at the moment\n")
  end
end

return client
