-- A JSON API over Spark, the store of this edge: items, each a key of its own.
--
--   GET    /items       the ids            200
--   POST   /items       adds an item       201 and where it is
--   GET    /items/ID    the item           200, 404
--   PUT    /items/ID    replaces it        200, 404
--   DELETE /items/ID    removes it         204, 404
local flaron = require "flaron"
local id, json, logging, request, spark = flaron.id, flaron.json, flaron.logging, flaron.request, flaron.spark

local PREFIX = "item:"

local function answer(status, value, headers)
  headers = headers or {}
  headers["content-type"] = "application/json"
  return { status = status, headers = headers, body = json.encode(value) .. "\n" }
end

local function fail(status, message)
  return answer(status, { error = message })
end

-- The JSON object in the body; nil and an answer when there is none. json.decode raises an error on what is not
-- JSON, and that is the client's fault: 400 and not 500.
local function read_item()
  local good, item = pcall(json.decode, request.body())
  if not good or type(item) ~= "table" or #item > 0 then return nil, fail(400, "the body is not a JSON object") end
  return item
end

-- Writes an item; an answer when the store refuses it.
local function write_item(key, item)
  local ok, message = spark.set(key, json.encode(item))
  if ok then return end
  logging.error("spark.set:", message)
  return message == "too large" and fail(413, "the item is too large") or fail(503, "the store takes nothing now")
end

local items, item = {}, {}

function items.GET()
  local ids = {}
  for _, key in ipairs(spark.list() or {}) do
    if key:sub(1, #PREFIX) == PREFIX then ids[#ids + 1] = key:sub(#PREFIX + 1) end
  end
  table.sort(ids)
  return answer(200, #ids > 0 and ids or json.empty_array)
end

function items.POST()
  local new, refused = read_item()
  if not new then return refused end
  new.id = id.ulid()
  return write_item(PREFIX .. new.id, new) or answer(201, new, { location = "/items/" .. new.id })
end

function item.GET(key)
  return answer(200, json.decode(spark.get(key)))
end

function item.PUT(key)
  local new, refused = read_item()
  if not new then return refused end
  new.id = key:sub(#PREFIX + 1)
  return write_item(key, new) or answer(200, new)
end

function item.DELETE(key)
  spark.delete(key)
  return { status = 204 }
end

local function handle_request()
  local path = request.url():match "^%a[%w+.-]*://[^/?#]*([^?#]*)"
  local name = path:match "^/items/(%w+)$"
  local methods = name and item or path == "/items" and items
  if not methods then return fail(404, "there is nothing here") end
  local key = name and PREFIX .. name
  if key and not spark.get(key) then return fail(404, "there is no such item") end
  local method = methods[request.method()]
  return method and method(key) or fail(405, request.method() .. " is not allowed here")
end

return { handle_request = handle_request }
