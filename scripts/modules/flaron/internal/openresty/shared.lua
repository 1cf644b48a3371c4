-- flaron.internal.openresty.shared: ngx.shared.NAME over Spark, which is on disk and of this edge. Every name is a dictionary.
--
-- What Spark does not have is not here: add, replace and incr are two steps and not one, so two requests at the same moment
-- may both succeed; times to live are rounded up to whole seconds; nothing is evicted; lists are not there.
local flaron = require "flaron"
local state = require "flaron.internal.openresty.state"
local spark = flaron.spark

local FIRST = "ngx:" -- what its keys in Spark begin with, then the dictionary, ":", and the key
local LONGEST_TTL = 315360000 -- seconds that Spark takes

-- A byte that Spark's keys cannot have, and "." itself.
local function escape(byte) return (".%02x"):format(byte:byte()) end

local function encode(text) return (text:gsub("[^%w:_-]", escape)) end

local function decode(text) return (text:gsub("%.(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)) end

-- The key in Spark; nil and what nginx says when there can be none.
local function key_of(dict, key)
  if key == nil then return nil, "nil key" end
  key = tostring(key)
  if key == "" then return nil, "empty key" end
  local full = dict.prefix .. encode(key)
  if #full > 256 then return nil, "key too long" end
  return full
end

-- A value in Spark: its type, its flags in 32 bits, ":", its text.
local LETTERS = { string = "s", number = "n", boolean = "b" }

local function pack(value, flags)
  local letter = LETTERS[type(value)]
  local text = math.type(value) == "float" and ("%.17g"):format(value) or tostring(value)
  return letter and ("%s%d:%s"):format(letter, (math.tointeger(flags) or 0) & 0xffffffff, text)
end

local function unpack_value(text)
  local letter, flags, content = text:match "^([snb])(%d+):(.*)$"
  flags = tonumber(flags)
  if letter == "n" then content = tonumber(content) end
  if letter == "b" then content = content == "true" end
  if flags == 0 then flags = nil end
  return content, flags
end

local methods = {}

-- Reads a key: its value, flags and seconds to live.
local function read(dict, key)
  local full, fault = key_of(dict, key)
  if not full then return nil, fault end
  local text, ttl = spark.get(full)
  if not text then return nil end
  local value, flags = unpack_value(text)
  return value, flags, ttl
end

-- Writes a key as set does.
local function write(dict, key, value, exptime, flags)
  local full, fault = key_of(dict, key)
  if not full then return nil, fault end
  if value == nil then
    spark.delete(full)
    return true, nil, false
  end
  local text = pack(value, flags)
  if not text then return nil, "bad value type" end
  if type(exptime or 0) ~= "number" or (exptime or 0) < 0 then error('bad "exptime" argument', 3) end
  local done, message = spark.set(full, text, math.ceil(math.min(LONGEST_TTL, exptime or 0))) -- of NaN, too
  if not done then return false, message, false end
  return true, nil, false
end

function methods:get(key)
  local value, flags = read(self, key)
  if flags == nil then return value end
  return value, flags
end

function methods:get_stale(key)
  local value, flags = read(self, key)
  if value == nil then return nil, flags end
  return value, flags, false
end

function methods:set(key, value, exptime, flags) return write(self, key, value, exptime, flags) end

methods.safe_set = methods.set

function methods:add(key, value, exptime, flags)
  if read(self, key) ~= nil then return false, "exists", false end
  return write(self, key, value, exptime, flags)
end

methods.safe_add = methods.add

function methods:replace(key, value, exptime, flags)
  if read(self, key) == nil then return false, "not found", false end
  return write(self, key, value, exptime, flags)
end

function methods:delete(key)
  local full, fault = key_of(self, key)
  if not full then return nil, fault end
  spark.delete(full)
  return true, nil, false
end

function methods:incr(key, by, init, init_ttl)
  if type(by) ~= "number" then error("bad argument #2 to 'incr' (number expected)", 2) end
  local value, flags, ttl = read(self, key)
  if value == nil then
    if flags then return nil, flags end
    if init == nil then return nil, "not found" end
    value, ttl = init, init_ttl
    flags = nil
  elseif type(value) ~= "number" then
    return nil, "not a number"
  end
  local done, message = write(self, key, value + by, ttl, flags)
  if not done then return nil, message end
  if init == nil then return value + by end
  return value + by, nil, false
end

function methods:ttl(key)
  local value, fault, ttl = read(self, key)
  if value == nil then return nil, type(fault) == "string" and fault or "not found" end
  return ttl or 0
end

function methods:expire(key, exptime)
  local value, flags = read(self, key)
  if value == nil then return nil, type(flags) == "string" and flags or "not found" end
  return write(self, key, value, exptime, flags)
end

-- The keys of the dictionary, at most `most` of them (1024 by default, 0 is all), as nginx gives them.
function methods:get_keys(most)
  local keys = {}
  most = most or 1024
  for _, full in ipairs(spark.list() or {}) do
    if full:sub(1, #self.prefix) == self.prefix and (most == 0 or #keys < most) then
      keys[#keys + 1] = decode(full:sub(#self.prefix + 1))
    end
  end
  return keys
end

function methods:flush_all()
  for _, key in ipairs(self:get_keys(0)) do spark.delete((key_of(self, key))) end
end

function methods:flush_expired() return 0 end -- Spark forgets by itself

for name, method in pairs(methods) do
  methods[name] = function(self, ...)
    if type(self) ~= "table" or not self.prefix then error(("bad \"zone\" argument: call it dict:%s(...)"):format(name), 2) end
    state.need("ngx.shared", "rewrite access content header_filter body_filter log")
    return method(self, ...)
  end
end

local dict = {
  __index = function(_, name)
    if methods[name] then return methods[name] end
    error(("ngx.shared: a dictionary over Spark has no '%s'"):format(tostring(name)), 2)
  end,
}

return setmetatable({}, {
  __index = function(shared, name)
    local made = setmetatable({ prefix = FIRST .. encode(tostring(name)):gsub(":", ".3a") .. ":" }, dict)
    rawset(shared, name, made)
    return made
  end,
})
