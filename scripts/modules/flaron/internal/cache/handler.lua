-- flaron.internal.cache.handler: a handler with a cache in front of it. Part of flaron.cache; not for use by itself.
local condition = require "flaron.internal.cache.condition"
local control = require "flaron.internal.cache.control"
local flaron = require "flaron"
local serving = require "flaron.internal.cache.serving"
local watch = require "flaron.internal.cache.watch"

-- What a handler answers that is not one of the flare: of it nothing is kept.
local ELSEWHERE = { status = 0, headers = {}, body = "" }

local FIELDS = { status = true, headers = true, body = true, json = true }

-- Whether what a handler returned is a table that the host takes.
local function is_answer(raw)
  if type(raw) ~= "table" or raw.headers ~= nil and type(raw.headers) ~= "table" then return false end
  for name in pairs(raw) do
    if not FIELDS[name] then return false end
  end
  for name, value in pairs(raw.headers or {}) do
    if type(name) ~= "string" or type(value) ~= "string" and type(value) ~= "number" then return false end
  end
  return (raw.status == nil or math.type(raw.status) == "integer") and (raw.body == nil or type(raw.body) == "string")
end

-- The answer of a handler in one table, of what it returned and of what it set before; ELSEWHERE for what is no answer, of
-- which the host tells.
local function whole(raw, set)
  local list = serving.plain_headers(set.headers)
  if raw == nil or raw == flaron.RESPOND then return { status = set.status or 200, headers = list, body = set.body or "" } end
  if not is_answer(raw) then return ELSEWHERE end
  local body = raw.body
  if body == nil and raw.json ~= nil then
    local good, text = pcall(flaron.json.encode, raw.json)
    if not good then return ELSEWHERE end
    body, list["content-type"] = text, "application/json"
  end
  for name, value in pairs(serving.plain_headers(raw.headers)) do list[name] = value end
  return { status = raw.status or set.status or 200, headers = list, body = body or set.body or "" }
end

-- An entity tag for bytes.
local function make_tag(body)
  return '"' .. assert(flaron.crypto.hash("sha256", assert(flaron.encoding.base64_encode(body)))):sub(1, 32) .. '"'
end

-- What Cache-Status says (RFC 9211).
local function status_of(options, how, entry, kept)
  if entry then
    local _, left = control.age(entry, assert(flaron.time.now()))
    return ("%s; hit; ttl=%d"):format(options.name, left)
  end
  return ("%s; fwd=%s%s"):format(options.name, how, kept and "; stored" or "")
end

-- Answers a request by a handler without arguments, or out of the cache.
return function(options, handler)
  local raw
  local function header(name) return flaron.request.header(name) end
  local function run(_, on_error)
    local set
    if on_error then
      local good
      good, set, raw = pcall(watch.run, handler)
      if not good then
        flaron.logging.error(("cache '%s': the handler failed:"):format(options.name), set)
        return nil, "failed"
      end
    else
      set, raw = watch.run(handler)
    end
    return whole(raw, set)
  end
  local tag
  local method = assert(flaron.request.method())
  local answer, how, entry, kept = serving.answer(options, {
    kind = "handler", method = method, url = assert(flaron.request.url()), header = header, known = watch.known, ask = run,
    pass = run,
    prepare = function(found)
      if options.etag == false or found.headers.etag or found.status ~= 200 then return end
      tag = make_tag(found.body)
      found.headers.etag = tag
    end,
  })
  if answer == ELSEWHERE then return raw end
  local set_header = flaron.response.set_header
  if options.status ~= false then set_header("cache-status", status_of(options, how, entry, kept)) end
  if tag then set_header("etag", tag) end
  if (method == "GET" or method == "HEAD") and condition.is_met(header, answer) then return condition.not_modified(answer) end
  if entry or answer.status == 504 and raw == nil then return answer end
  return raw
end
