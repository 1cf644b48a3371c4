-- secret-jwt: gives a user a signed token (JWT, RFC 7519) that is good for an hour.
local flaron = require "flaron"
local crypto, encoding, json = flaron.crypto, flaron.encoding, flaron.json
local logging, request, secrets, time = flaron.logging, flaron.request, flaron.secrets, flaron.time

local SECRET = "JWT_SECRET" -- the secret's name; its value stays with the host
local LIFETIME = 3600       -- seconds
local LONGEST_NAME = 64

-- A table as the answer is short for set_status, set_header and set_body.
local function answer(status, body)
  return {
    status = status,
    headers = {
      ["content-type"] = "application/json",
      ["cache-control"] = "no-store", -- a token is nobody else's
    },
    body = json.encode(body) .. "\n",
  }
end

-- The value of a field of the URL's query, decoded; nil when it is not there or makes no sense.
local function query_field(name)
  local query = request.url():match "^[^?#]*%?([^#]*)" or ""
  for key, value in query:gmatch "([^&=]+)=([^&]*)" do
    if key == name then return (encoding.url_decode(value)) end
  end
end

local function handle_request()
  local user = query_field "user"
  if not user or user == "" or not utf8.len(user) or #user > LONGEST_NAME then
    return answer(400, { error = "say who you are: ?user=NAME" })
  end

  -- sign_jwt takes the secret's name and would fail as well; asking first tells a flare that is not set
  -- up yet (503) from one that is broken (500).
  if not secrets.get(SECRET) then
    logging.error("secret " .. SECRET .. " is not set, or not in allowed_secrets")
    return answer(503, { error = "tokens are not available" })
  end

  local now = time.now() -- an integer, and an integer in the token: `exp` as text would be no JWT
  local token, message = crypto.sign_jwt("HS256", SECRET, {
    sub = user,
    iat = now,
    exp = now + LIFETIME,
  })
  if not token then
    logging.error("crypto.sign_jwt:", message)
    return answer(500, { error = "the token cannot be signed" })
  end
  return answer(200, { token = token, expires_in = LIFETIME })
end

return { handle_request = handle_request }
