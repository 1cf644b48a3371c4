-- flaron.internal.cache.condition: requests that ask only for what has changed (RFC 9110, 13). Part of flaron.cache; not for use by
-- itself.
local date = require "flaron.date"

local condition = {}

local SENT = { "cache-control", "content-location", "date", "etag", "expires", "vary", "age", "set-cookie" } -- with a 304

local function opaque(tag) return tag:match '^W/(".*")$' or tag end

-- Whether a list of entity tags has one, as weak ones are compared.
local function has_tag(list, tag)
  if list:find "^[ \t]*%*[ \t]*$" then return true end
  for other in list:gmatch '"[^"]*"' do
    if other == opaque(tag) then return true end
  end
  return false
end

--- Whether the client has what an answer of status 200 says already.
---@param header fun(name: string): string? the headers of the request.
---@param answer table `status` and `headers`.
function condition.is_met(header, answer)
  if answer.status ~= 200 then return false end
  local list, tag = header "if-none-match", answer.headers.etag
  if list then return tag ~= nil and has_tag(list, tag) end
  local since, changed = header "if-modified-since", answer.headers["last-modified"]
  since, changed = since and date.parse_http(since), changed and date.parse_http(changed)
  return since ~= nil and since ~= false and changed ~= nil and changed ~= false and changed <= since
end

--- The answer 304 in place of another.
function condition.not_modified(answer)
  local headers = {}
  for _, name in ipairs(SENT) do headers[name] = answer.headers[name] end
  return { status = 304, headers = headers, body = "" }
end

--- The headers that ask an origin whether an entry still holds; nil when it has nothing to ask by.
function condition.validators(entry)
  local tag, changed = entry.headers.etag, entry.headers["last-modified"]
  if not tag and not changed then return nil end
  return { ["if-none-match"] = tag, ["if-modified-since"] = changed }
end

--- Whether a 304 is about an entry: its entity tag, if it has one, is the entry's.
function condition.is_about(answer, entry)
  local tag = answer.headers.etag
  return not tag or not entry.headers.etag or opaque(tag) == opaque(entry.headers.etag)
end

return condition
