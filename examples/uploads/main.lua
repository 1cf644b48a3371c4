-- uploads: clients send their files to a storage themselves, by URLs that are signed here, and the storage tells by
-- webhooks what has come. No file goes through the flare.
--
--   POST /uploads      { id, url, expires }: where to PUT a file, for five minutes
--   GET  /uploads/:id  { size, at } of a file that has come
--   POST /events       webhooks of the storage
--
-- Clients have a token: `Authorization: Bearer TOKEN`.
local date = require "flaron.date"
local flaron = require "flaron"
local inspect = require "flaron.inspect"
local jwt = require "flaron.jwt"
local router = require "flaron.router"
local sigv4 = require "flaron.sigv4"
local webhook = require "flaron.webhook"
local json, plasma = flaron.json, flaron.plasma

local BUCKET = os.getenv "BUCKET"
local LIFETIME = 300 -- seconds

local tokens = jwt.new { secret = "TOKEN_KEY", audience = "uploads", required = { "exp", "sub" } }
local s3 = sigv4.new { region = "eu-central-1", service = "s3", access_key = os.getenv "S3_ACCESS_KEY", secret = "S3_KEY" }
local storage = webhook.new { from = "standard", secret = "STORAGE_KEY" }

local function refuse(status, message, headers)
  return { status = status, headers = headers, json = { error = message } }
end

-- The client is `sub` of its token. It becomes a part of keys and URLs, so it is a plain word.
local function signed_in(req, next)
  local claims, reason = tokens:verify((req:header "authorization" or ""):match "^[Bb]earer +(.*)$")
  req.user = claims and tostring(claims.sub):match "^[%w_-]+$"
  if req.user and #req.user <= 64 then return next() end
  flaron.logging.info("refused:", reason or "subject")
  return refuse(401, "no good token", { ["www-authenticate"] = "Bearer" })
end

local app = router.new()
app:use(function(_, next)
  flaron.response.set_header("cache-control", "private, no-cache")
  return next()
end)

app:post("/uploads", signed_in, function(req)
  local id = assert(flaron.id.ulid())
  local url, message = s3:presign(("%s/%s/%s"):format(BUCKET, req.user, id), LIFETIME, "PUT")
  if not url then
    flaron.logging.error("S3_KEY:", message)
    return refuse(503, "no uploads now")
  end
  return { status = 201, json = { id = id, url = url, expires = date.iso(flaron.time.now() + LIFETIME) } }
end)

-- What is known of a file: { size = bytes, at = milliseconds since 1970, gone = true or nil }. It is in Plasma, since the
-- storage tells one edge and clients ask all.
local function known(user, id)
  local text = plasma.get(("upload:%s:%s"):format(user, id))
  return text and json.decode(text)
end

app:get("/uploads/:id", signed_in, function(req)
  local file = req.params.id:find "^%w+$" and known(req.user, req.params.id)
  if not file or file.gone then return refuse(404, "it has not come") end
  local since, at = date.parse_http(req:header "if-modified-since" or ""), file.at // 1000
  local headers = { ["last-modified"] = date.http(at) }
  if since and since >= at then return { status = 304, headers = headers } end
  return { headers = headers, json = { size = file.size, at = date.iso(at) } }
end)

-- What an event says of one of our files: user, id and what to keep; nil for other events.
local function read_event(event)
  local data = type(event) == "table" and event.data
  if type(data) ~= "table" or type(data.key) ~= "string" or #data.key > 128
    or type(event.timestamp) ~= "string" then
    return nil
  end
  local user, id = data.key:match "^([%w_-]+)/(%w+)$"
  local seconds, milliseconds = date.parse_iso(event.timestamp)
  if not user or not seconds then return nil end
  local at = seconds * 1000 + milliseconds
  if event.type == "object.removed" then return user, id, { at = at, gone = true } end
  if event.type == "object.created" and math.type(data.size) == "integer" then return user, id, { at = at, size = data.size } end
end

app:post("/events", function()
  local body, reason = storage:check()
  if not body then
    flaron.logging.warn("webhook:", reason)
    return refuse(401, reason)
  end
  local good, event = pcall(json.decode, body)
  local user, id, file = read_event(good and event)
  if not user then
    -- A sender repeats what is not answered by 2xx; what we do not know today is nothing to repeat.
    flaron.logging.info("passed over:", inspect.text(good and event or body, { indent = "", length = 500 }))
    return { status = 204 }
  end
  -- Webhooks come twice, and in any order: the later event counts.
  local before = known(user, id)
  if not before or before.at < file.at then
    local done, message = plasma.set(("upload:%s:%s"):format(user, id), json.encode(file))
    if not done then return refuse(503, message) end
  end
  return { status = 204 }
end)

return app:handler()
