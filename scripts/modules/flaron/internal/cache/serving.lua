-- flaron.internal.cache.serving: how a request is answered, out of Spark or by the origin. Part of flaron.cache; not for use by itself.
--
-- A request is a table: `kind` ("fetch" or "handler"), `method`, `url`, `has_body`, `header`, a function of a name in lower case,
-- `known`, a function that returns a table with those of "cookie" and "authorization" that say here who the visitor is, `ask`,
-- a function that asks the origin, of headers that validate and whether a failure is of no matter, `pass`, one that asks it as
-- if there were no cache, and perhaps `prepare`, which is called for an answer before it is kept.
local condition = require "flaron.internal.cache.condition"
local control = require "flaron.internal.cache.control"
local entries = require "flaron.internal.cache.entries"
local flaron = require "flaron"
local hash = require "flaron.internal.hash"
local plain_url = require "flaron.internal.cache.key"
local same_origin = require "flaron.internal.cache.reference"

local serving = {}

local LOCK = 30 -- seconds, as long as a fetch may take
local SAFE = { GET = true, HEAD = true, OPTIONS = true, TRACE = true }
local FAILED = { [500] = true, [502] = true, [503] = true, [504] = true }
-- What is not handed on from one connection to the next (RFC 9110, 7.6.1), and the length, which follows from the body.
local HOP = {
  connection = true, ["keep-alive"] = true, ["proxy-authenticate"] = true, ["proxy-authorization"] = true,
  ["proxy-connection"] = true, te = true, trailer = true, ["transfer-encoding"] = true, upgrade = true, ["content-length"] = true,
}

-- The key of a URL; nil for one that is not kept. Pages that a handler makes and pages that are fetched have keys of their own.
local function key_of(options, kind, url)
  local key = plain_url(url, options)
  if options.key then key = options.key(key) end
  if key == false then return nil end
  if type(key) ~= "string" then
    error(("cache '%s': the key is a %s, not a string or false"):format(options.name, type(key)), 0)
  end
  return ("%s:%s"):format(options.name, hash(kind .. key))
end

local any_case = { __index = function(headers, name)
  local lower = type(name) == "string" and name:lower()
  return lower and lower ~= name and rawget(headers, lower) or nil
end }

--- The headers of an answer with names in lower case, without those of one connection.
function serving.plain_headers(headers)
  local plain, dropped = setmetatable({}, any_case), {}
  for name, value in pairs(headers or {}) do plain[tostring(name):lower()] = tostring(value) end
  for name in (plain.connection or ""):gmatch "[^, \t]+" do dropped[name:lower()] = true end
  for name in pairs(plain) do
    if HOP[name] or dropped[name] then plain[name] = nil end
  end
  return plain
end

-- What is answered out of an entry.
local function answer_of(entry, now)
  local headers = serving.plain_headers(entry.headers)
  headers.age = ("%d"):format((control.age(entry, now)))
  return { status = entry.status, headers = headers, body = entry.body }
end

-- Keeps what the origin answered, if it may be: whether it is kept.
local function keep(options, req, base, answer, asked_at, now)
  local entry, ttl = control.assess(answer, {
    options = options, keep = req.kind == "fetch" and options.keep or 0, asked_at = asked_at, now = now,
    requested = req.requested, known = req.known(),
  })
  if not entry or #answer.body > options.max_bytes then return false end
  -- What a fetched body lost on its way is U+FFFD now: it is not text.
  if req.kind == "fetch" and (answer.lossy or answer.body:find("\u{FFFD}", 1, true)) then return false end
  if req.prepare then req.prepare(answer) end
  local done, why = entries.save(base, req.header, entry, ttl)
  if not done then flaron.logging.error(("cache '%s': not kept:"):format(options.name), why) end
  return done == true
end

-- What a 304 makes of an entry: its headers are those of the 304 where that has them (RFC 9111, 3.2).
local function refresh(entry, answer)
  local headers = serving.plain_headers(entry.headers)
  headers.age = nil
  for name, value in pairs(answer.headers) do
    if name ~= "content-type" and name ~= "content-encoding" and name ~= "content-range" then headers[name] = value end
  end
  return { status = entry.status, headers = headers, body = entry.body }
end

-- Asks the origin, about an entry if there is one, and keeps the answer: what serving.answer returns.
local function ask(options, req, base, entry, on_error)
  local asked_at = assert(flaron.time.now())
  local answer, message = req.ask(entry and condition.validators(entry), on_error)
  if answer and answer.status == 304 and entry and not condition.is_about(answer, entry) then
    answer, message = req.ask(nil, on_error) -- it is about another one than was kept
  end
  local now = assert(flaron.time.now())
  if on_error and (not answer or FAILED[answer.status]) then return answer_of(entry, now), "stale", entry end
  if not answer then return nil, message end
  local how = "miss"
  if answer.status == 304 and entry then answer, how = refresh(entry, answer), "revalidated" end
  if req.method ~= "GET" then return answer, how end
  local kept = keep(options, req, base, answer, asked_at, now)
  if entry and not kept and not FAILED[answer.status] then entries.drop(base) end -- it is not so any more
  return answer, how, nil, kept
end

-- The directives of a request; those of one without Cache-Control are in Pragma.
local function requested_by(options, req)
  if options.obey_requests == false then return {} end
  return control.parse(req.header "cache-control" or req.header "pragma")
end

-- What a cache can say nothing of: a part of an answer, and what is to happen only if nothing has changed meanwhile.
local function is_special(req)
  for _, name in ipairs { "range", "if-match", "if-unmodified-since", "if-range" } do
    if req.header(name) then return true end
  end
  return false
end

-- Answers as if there were no cache.
local function pass(req)
  local answer, message = req.pass()
  if not answer then return nil, message end
  return answer, "bypass"
end

-- Forgets what a request that went well has changed: its URL, and those of the same origin that the answer names (RFC 9111, 4.4).
local function forget(options, req, answer)
  local headers = serving.plain_headers(answer.headers)
  for _, reference in ipairs { "", headers.location or "", headers["content-location"] or "" } do
    local url = same_origin(req.url, reference)
    local key = url and key_of(options, req.kind, url)
    if key then entries.drop(key) end
  end
end

--- Answers a request: the answer and how (flaron.cache.How), the entry if it is one, whether it is kept since now; nil and why
--- not.
function serving.answer(options, req)
  local base, method = key_of(options, req.kind, req.url), req.method
  if not SAFE[method] then
    local answer, how = pass(req)
    if answer and answer.status < 400 then forget(options, req, answer) end
    return answer, how
  end
  if not base or req.has_body or method ~= "GET" and method ~= "HEAD" or is_special(req) then return pass(req) end
  req.requested = requested_by(options, req)
  local only_here = req.requested["only-if-cached"]
  local entry, now = entries.find(base, req.header), assert(flaron.time.now())
  local on_error, locked = false, false
  if entry then
    local state
    state, on_error = control.state(entry, req.requested, req.known(), now)
    if state == "fresh" then return answer_of(entry, now), "hit", entry end
    locked = state == "soon" and not only_here and entries.lock(base, LOCK)
    if state == "stale" or state == "soon" and not locked then return answer_of(entry, now), "stale", entry end
    if state == "no" then entry = nil end
  end
  if only_here then return { status = 504, headers = serving.plain_headers(), body = "Gateway Timeout\n" }, "miss" end
  local answer, how, used, kept = ask(options, req, base, entry, on_error)
  if locked then entries.unlock(base) end
  return answer, how, used, kept
end

--- Forgets the answers for a URL: whether there were any.
function serving.drop(options, url)
  local dropped = false
  for _, kind in ipairs { "fetch", "handler" } do
    local base = key_of(options, kind, url)
    dropped = base ~= nil and entries.drop(base) or dropped
  end
  return dropped
end

return serving
