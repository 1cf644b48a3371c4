-- A JSON API over Spark, the store of this edge: items, each a key of its own.
--
--   GET    /items       the ids            200
--   POST   /items       adds an item       201 and where it is
--   GET    /items/ID    the item           200, 404
--   PUT    /items/ID    replaces it        200, 404
--   DELETE /items/ID    removes it         204, 404
local flaron = require "flaron"
local router = require "flaron.router"
local id, json, logging, spark = flaron.id, flaron.json, flaron.logging, flaron.spark

local PREFIX = "item:"

local function fail(status, message)
  return { status = status, json = { error = message } }
end

local app = router.new {
  not_found = function() return fail(404, "there is nothing here") end,
  method_not_allowed = function(req) return fail(405, req.method .. " is not allowed here") end,
}

-- The JSON object in the body; nil and an answer when there is none, which is the client's fault: 400 and not 500.
local function read_item(req)
  local item = req:json()
  if type(item) ~= "table" or #item > 0 then return nil, fail(400, "the body is not a JSON object") end
  return item
end

-- Writes an item; an answer when the store refuses it.
local function write_item(item)
  local ok, message = spark.set(PREFIX .. item.id, json.encode(item))
  if ok then return end
  logging.error("spark.set:", message)
  return message == "too large" and fail(413, "the item is too large") or fail(503, "the store takes nothing now")
end

app:get("/items", function()
  local ids = {}
  for _, key in ipairs(spark.list() or {}) do
    if key:sub(1, #PREFIX) == PREFIX then ids[#ids + 1] = key:sub(#PREFIX + 1) end
  end
  table.sort(ids)
  return { json = #ids > 0 and ids or json.empty_array }
end)

app:post("/items", function(req)
  local item, refused = read_item(req)
  if not item then return refused end
  item.id = id.ulid()
  return write_item(item) or { status = 201, headers = { location = "/items/" .. item.id }, json = item }
end)

-- Around the routes of one item: it must be there. An id is a part of a key of Spark, which has few characters.
local items = app:group("/items/:id", function(req, next)
  local name = req.params.id
  req.item = name:find "^%w+$" and spark.get(PREFIX .. name)
  if not req.item then return fail(404, "there is no such item") end
  return next()
end)

items:get("/", function(req)
  return { json = json.decode(req.item) }
end)

items:put("/", function(req)
  local item, refused = read_item(req)
  if not item then return refused end
  item.id = req.params.id
  return write_item(item) or { json = item }
end)

items:delete("/", function(req)
  spark.delete(PREFIX .. req.params.id)
  return { status = 204 }
end)

return app:handler()
