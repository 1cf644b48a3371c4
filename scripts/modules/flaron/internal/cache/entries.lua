-- flaron.internal.cache.entries: answers in Spark, each under a key that is a hash: what is known of it and its bytes in one value, or,
-- when that is too large for Spark, its bytes in further values. Where an answer depends on headers of the request (Vary),
-- the key has only their names, and the answers have keys of their own. Part of flaron.cache; not for use by itself.
--
-- A part belongs to one answer only, so that who reads while another writes gets all of one answer, or none.
local flaron = require "flaron"
local hash = require "flaron.internal.hash"
local json, spark = flaron.json, flaron.spark

local entries = {}

local LARGEST, SMALLEST = 65536, 1024 -- bytes of a value: what Spark takes, and what is not worth more parts
local LONGEST_TTL = 315360000

-- What is kept of an entry beside its bytes.
local FIELDS = { "status", "headers", "vary", "guarded", "stored", "lifetime", "age", "again", "strict", "swr", "sie" }

local function part_key(key, id, n) return ("%s:%s:%d"):format(key, id, n) end

-- Deletes the parts of an entry that was read.
local function drop_parts(key, entry)
  for n = 1, entry.parts or 0 do spark.delete(part_key(key, entry.id, n)) end
end

-- Writes the bytes in parts, as large as the store takes them: their number, or nil and why not.
local function write_parts(key, id, body, ttl)
  local size, n = LARGEST, 0
  while n * size < #body do
    local done, why = spark.set(part_key(key, id, n + 1), body:sub(n * size + 1, (n + 1) * size), ttl)
    if done then
      n = n + 1
    elseif why == "too large" and n == 0 and size > SMALLEST then
      size = size // 2
    else
      drop_parts(key, { id = id, parts = n })
      return nil, why
    end
  end
  return n
end

-- Writes an entry under its key: true, or nil and why not.
local function write(key, entry, ttl)
  local head = {}
  for _, name in ipairs(FIELDS) do head[name] = entry[name] end
  local text = json.encode(head)
  local value = ("%d\n%s%s"):format(#text, text, entry.body)
  if #value <= LARGEST then
    local done, why = spark.set(key, value, ttl)
    if done or why ~= "too large" then return done, why end
  end
  head.id, head.size = flaron.id.nanoid(12), #entry.body
  local why
  head.parts, why = write_parts(key, head.id, entry.body, ttl)
  if not head.parts then return nil, why end
  text = json.encode(head)
  local done
  done, why = spark.set(key, ("%d\n%s"):format(#text, text), ttl)
  if not done then drop_parts(key, head) end
  return done, why
end

-- Whether what was read is what was written here.
local function is_record(record)
  if type(record) ~= "table" then return false end
  if record.names then return type(record.names) == "table" and type(record.salt) == "string" end
  for _, name in ipairs { "status", "stored", "lifetime", "age", "swr", "sie" } do
    if not math.tointeger(record[name]) then return false end
  end
  return type(record.headers) == "table" and type(record.vary) == "table" and type(record.guarded) == "table"
end

-- What stands under a key: an entry with its bytes, or the names that answers depend on; nil when nothing does.
local function read(key)
  local value, ttl = spark.get(key)
  local size, from = (value or ""):match "^(%d+)\n()"
  if not size then return nil end
  local good, entry = pcall(json.decode, value:sub(from, from + size - 1))
  if not good or not is_record(entry) then return nil end
  entry.ttl = ttl
  if not entry.parts then
    entry.body = value:sub(from + size)
    return entry
  end
  local list = {}
  for n = 1, entry.parts do list[n] = spark.get(part_key(key, entry.id, n)) or "" end
  entry.body = table.concat(list)
  if #entry.body ~= entry.size then return nil end -- a part has gone
  return entry
end

-- The key of the answer to a request under `base`, whose answers depend on headers.
local function variant_key(base, record, header)
  local list = { base, record.salt }
  for _, name in ipairs(record.names) do
    local value = header(name)
    list[#list + 1] = name
    list[#list + 1] = value and "=" .. value:gsub("[ \t]+", " "):gsub(" ?, ?", ","):match "^ ?(.-) ?$" or ""
  end
  for n, text in ipairs(list) do list[n] = ("%d:%s"):format(#text, text) end
  return base:match "^[^:]*" .. ":" .. hash(table.concat(list))
end

--- The entry for a request, nil if there is none.
---@param base string a key of entries.key.
---@param header fun(name: string): string? the headers of the request.
function entries.find(base, header)
  local record = read(base)
  if record and record.names then record = read(variant_key(base, record, header)) end
  return record
end

--- Keeps an entry for `ttl` seconds: true, or nil and why not.
function entries.save(base, header, entry, ttl)
  local key, before = base, read(base)
  if #entry.vary > 0 then
    local names = table.concat(entry.vary, ",")
    local record = before and before.names and table.concat(before.names, ",") == names and before
    if not record or record.ttl and record.ttl < ttl then
      if before then drop_parts(base, before) end
      record = { names = entry.vary, salt = record and record.salt or flaron.id.nanoid(12) }
      local text = json.encode(record)
      local done, why = spark.set(base, ("%d\n%s"):format(#text, text), ttl)
      if not done then return nil, why end
    end
    key = variant_key(base, record, header)
    before = read(key)
  end
  local done, why = write(key, entry, math.min(ttl, LONGEST_TTL))
  if done and before then drop_parts(key, before) end
  return done, why
end

--- Forgets what is under a key, for all headers that it depends on: whether anything was.
function entries.drop(base)
  local record = read(base)
  if not spark.get(base) then return false end
  if record then drop_parts(base, record) end
  spark.delete(base)
  return true
end

--- Whether nobody else asks the origin for this key now; then others know for `seconds` that this invocation does.
function entries.lock(base, seconds)
  if spark.get(base .. ":lock") then return false end
  spark.set(base .. ":lock", "", seconds)
  return true
end

--- Ends what entries.lock began.
function entries.unlock(base) spark.delete(base .. ":lock") end

return entries
