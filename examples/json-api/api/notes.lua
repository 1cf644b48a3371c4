-- api.notes: the notes themselves. Each is a key of its own in Spark, "note:" and an ULID, its value JSON.
local flaron = require "flaron"
local http = require "api.http"
local validate = require "api.validate"
local id, json, logging, spark, time = flaron.id, flaron.json, flaron.logging, flaron.spark, flaron.time

local PREFIX = "note:"
local MOST_AT_ONCE, USUAL_AT_ONCE = 100, 20

local FIELDS = {
  title = { type = "string", required = true, shortest = 1, longest = 120 },
  text = { type = "string", longest = 10000 },
  done = { type = "boolean" },
  tags = { type = "list", longest = 8, of = { type = "string", pattern = "^[%w-]+$", longest = 32 } },
}

local notes = {}

-- The key of an id that a client sent; nil when it is none of ours. So no request can name any other key.
local function key_of(text)
  return text:find("^" .. ("[0-9A-HJKMNP-TV-Z]"):rep(26) .. "$") and PREFIX .. text or nil
end

-- An empty Lua table may be {} or [] in JSON, and decode makes the same of both: say which it is.
local function list(items)
  return items and #items > 0 and items or json.empty_array
end

local function decode(value)
  local note = json.decode(value)
  note.tags = list(note.tags)
  return note
end

local function find(request)
  local key = key_of(request.params.id)
  local value = key and spark.get(key)
  if not value then return nil, http.fail(404, "there is no such note") end
  return decode(value), key
end

-- What a client may set, checked and completed; nil and an answer when it is not right.
local function read_note()
  local sent, failure = http.read_json()
  if not sent then return nil, failure end
  local faults = validate(sent, FIELDS)
  if faults then return nil, http.fail(422, "the note is not right", faults) end
  return {
    title = sent.title,
    text = sent.text or "",
    done = sent.done or false,
    tags = list(sent.tags),
  }
end

-- Stores a note and answers with it.
local function store(key, note, status, headers)
  local ok, message = spark.set(key, json.encode(note))
  if ok then return http.answer(status, note, headers) end
  logging.error(("spark.set %s: %s"):format(key, message))
  return http.fail(message == "too large" and 413 or 503, "the note cannot be stored: " .. message)
end

function notes.list(request)
  local query = request.query
  local most = query.limit == nil and USUAL_AT_ONCE or math.tointeger(query.limit)
  if not most or most < 1 or most > MOST_AT_ONCE then
    return http.fail(400, ("limit must be from 1 to %d"):format(MOST_AT_ONCE))
  end
  local after = query.after and key_of(query.after)
  if query.after and not after then return http.fail(400, "after must be a note's id") end

  -- ULIDs begin with the time, so the order of the keys is that of the notes.
  local keys, message = spark.list()
  if not keys then
    logging.error("spark.list:", message)
    return http.fail(503, "the notes cannot be listed")
  end
  table.sort(keys)
  local found, more = {}, false
  for _, key in ipairs(keys) do
    if key:sub(1, #PREFIX) == PREFIX and (not after or key > after) then
      if #found == most then
        more = true
        break
      end
      local value = spark.get(key) -- another request may have deleted it since
      if value then found[#found + 1] = decode(value) end
    end
  end
  return http.answer(200, {
    notes = list(found),
    next = more and "/notes?limit=" .. most .. "&after=" .. found[#found].id or json.null,
  })
end

function notes.create()
  local note, failure = read_note()
  if not note then return failure end
  note.id = assert(id.ulid())
  note.created = time.now "rfc3339"
  note.changed = note.created
  return store(PREFIX .. note.id, note, 201, { location = "/notes/" .. note.id })
end

function notes.get(request)
  local note, failure = find(request)
  return note and http.answer(200, note) or failure
end

function notes.replace(request)
  local before, key = find(request)
  if not before then return key end
  local note, failure = read_note()
  if not note then return failure end
  note.id, note.created, note.changed = before.id, before.created, time.now "rfc3339"
  return store(key, note, 200)
end

function notes.delete(request)
  local note, key = find(request)
  if not note then return key end
  spark.delete(key)
  return http.answer(204)
end

return notes
