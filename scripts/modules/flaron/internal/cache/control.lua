-- flaron.internal.cache.control: what may be kept, how long, and whether it may be used: RFC 9111 as a shared cache reads it, with
-- stale-while-revalidate and stale-if-error of RFC 5861. Part of flaron.cache; not for use by itself.
local date = require "flaron.date"

local control = {}

local MOST = 0x7fffffff -- seconds: what is more is as good as this (RFC 9111, 1.2.2)

-- A quoted string that begins at `at`, and where what is behind it begins. One without an end goes on to the end.
local function read_quoted(text, at)
  local out, from = {}, at + 1
  while true do
    local stop = text:find('["\\]', from) or #text + 1
    out[#out + 1] = text:sub(from, stop - 1)
    if text:sub(stop, stop) ~= "\\" then return table.concat(out), math.min(stop, #text) + 1 end
    out[#out + 1] = text:sub(stop + 1, stop + 1)
    from = stop + 2
  end
end

--- The directives of a header Cache-Control: their values by names in lower case, `true` without one. Of those that are there
--- twice the first counts.
function control.parse(text)
  local found, at = {}, 1
  text = text or ""
  while true do
    at = text:match("^[ \t,]*()", at)
    if at > #text then return found end
    local name, behind = text:match("^([^=,\" \t]*)[ \t]*()", at)
    local value, from = true, text:match("^=[ \t]*()", behind)
    if from and text:sub(from, from) == '"' then
      value, behind = read_quoted(text, from)
    elseif from then
      value, behind = text:match("^([^, \t]*)()", from)
    end
    name = name:lower()
    if found[name] == nil then found[name] = value end
    at = text:match("^[^,]*()", behind)
  end
end

-- The argument of a directive as seconds; nil when it is not there, `wrong` when it is none.
local function seconds_of(value, wrong)
  if value == nil then return nil end
  if type(value) ~= "string" or not value:find "^%d+$" then return wrong end
  return #value > 10 and MOST or math.min(math.tointeger(tonumber(value)), MOST)
end

-- Statuses that may be kept when the answer says for how long, and those of them that may be without (RFC 9110, 15.1).
local KEPT, BY_DEFAULT = {}, {}
for _, status in ipairs { 200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501 } do
  KEPT[status] = true
  BY_DEFAULT[status] = status ~= 302 and status ~= 303 and status ~= 307
end

-- How many seconds an answer is fresh from the time of its origin on; nil when it says nothing of it.
local function lifetime_of(headers, said, date_at)
  local lifetime = seconds_of(said["s-maxage"], 0) or seconds_of(said["max-age"], 0)
  if lifetime or not headers.expires then return lifetime end
  local expires = date.parse_http(headers.expires)
  return expires and math.max(0, math.min(expires - date_at, MOST)) or 0
end

-- The names in a header Vary, in lower case and sorted; nil for "*".
local function vary_of(text)
  local names = {}
  for name in (text or ""):gmatch "[^, \t]+" do
    if name == "*" then return nil end
    names[#names + 1] = name:lower()
  end
  table.sort(names)
  return names
end

-- Whether an answer to a visitor who is known by a header may be given to others.
local function may_share(name, said, vary)
  if said.public or said["s-maxage"] or name == "authorization" and said["must-revalidate"] then return true end
  for _, other in ipairs(vary) do
    if other == name then return true end
  end
  return false
end

--- What is to be kept of an answer beside its bytes, with `ttl`, the seconds it is of use; nil when it may not be kept.
---@param answer table with `status` and `headers`, their names in lower case.
---@param about table `options` of the cache, `keep`, its seconds for what can be validated, `asked_at` and `now` in seconds, `requested`, the directives of the request, and
--- `known`, the names of headers that say who the visitor is.
function control.assess(answer, about)
  local headers, options = answer.headers, about.options
  local said, vary = control.parse(headers["cache-control"]), vary_of(headers.vary)
  if not KEPT[answer.status] or headers["set-cookie"] or not vary or said.private then return nil end
  if about.requested["no-store"] or said["no-store"] and not said["must-understand"] then return nil end
  local guarded = {}
  for _, name in ipairs { "authorization", "cookie" } do
    guarded[name] = not may_share(name, said, vary)
    if about.known[name] and guarded[name] then return nil end
  end
  local date_at = headers.date and date.parse_http(headers.date) or about.now
  local lifetime = lifetime_of(headers, said, date_at)
  local validator, again = headers.etag or headers["last-modified"], said["no-cache"] ~= nil
  if not lifetime and BY_DEFAULT[answer.status] and not again then lifetime = options.ttl end
  if not lifetime and (again or said.public) and validator then lifetime = 0 end
  if not lifetime then return nil end
  local strict = again or said["must-revalidate"] ~= nil or said["proxy-revalidate"] ~= nil
  local lax = not strict and not said["s-maxage"] -- else what the origin did not allow is not done
  local function window(name, option)
    return not strict and (seconds_of(said[name], 0) or lax and option) or 0
  end
  local entry = {
    status = answer.status, headers = headers, body = answer.body, vary = vary, guarded = guarded, stored = about.now,
    lifetime = lifetime, again = again, strict = not lax,
    age = math.max(0, about.now - date_at, (seconds_of(headers.age, 0) or 0) + about.now - about.asked_at),
    swr = window("stale-while-revalidate", options.stale_while_revalidate),
    sie = window("stale-if-error", options.stale_if_error),
  }
  local left = again and 0 or math.max(0, lifetime - entry.age)
  local ttl = left + math.max(entry.swr, entry.sie, validator and about.keep or 0)
  if ttl < 1 then return nil end
  return entry, math.min(ttl, 315360000)
end

--- How old an entry is, and for how long it is fresh from now on, which is negative when it is stale. In seconds.
function control.age(entry, now)
  local age = math.min(MOST, entry.age + math.max(0, now - entry.stored))
  return age, entry.lifetime - age
end

--- What may be done with an entry: "fresh" or "stale", it may be used; "soon", it may be used while somebody asks the origin;
--- "ask", only when the origin says so; "no", not at all. Second, whether it may be used when the origin fails.
function control.state(entry, requested, known, now)
  for name in pairs(known) do
    if entry.guarded[name] then return "no", false end
  end
  local age, left = control.age(entry, now)
  local on_error = not entry.again and not requested["no-cache"] and left + math.max(entry.sie, entry.swr) > 0
  local max_age, min_fresh = seconds_of(requested["max-age"], 0), seconds_of(requested["min-fresh"], 0)
  if entry.again or requested["no-cache"] or max_age and age > max_age or min_fresh and left < min_fresh then
    return "ask", on_error
  end
  if left > 0 then return "fresh", on_error end
  local max_stale = requested["max-stale"]
  if max_stale and not entry.strict and (max_stale == true or -left <= seconds_of(max_stale, -1)) then return "stale", on_error end
  if left + entry.swr > 0 then return "soon", on_error end
  return "ask", on_error
end

return control
