-- stores.lua - probes of Spark and Plasma. All keys begin with PREFIX, and none is left when the probes have run.
local plasma, spark = require "flaron.plasma", require "flaron.spark"
local show = require "show"

local PREFIX = "flaron-conform:"
local KIB64 = 64 * 1024

-- Runs `probe` with the name of a key of a store, which is deleted after it whatever happens.
local function with(store, name, probe)
  return function()
    local key = PREFIX .. name
    local good, text = pcall(probe, key)
    store.delete(key)
    if not good then error(text, 0) end
    return text
  end
end

-- What writing a value of `size` bytes answers, and how many come back.
local function sized(store, size)
  return with(store, "sized", function(key)
    local done, message, code = store.set(key, ("x"):rep(size))
    if not done then return show.result(done, message, code) end
    return #(store.get(key) or "") .. " bytes come back"
  end)
end

-- What writing and reading a key of `length` characters answer.
local function long(store, length)
  return function()
    local key = PREFIX .. ("k"):rep(length - #PREFIX)
    local done, message, code = store.set(key, "v")
    local got = done and store.get(key)
    store.delete(key)
    return done and "written, and " .. show.result(got) .. " is read" or show.result(done, message, code)
  end
end

local function refused(store, key)
  return function()
    local done, message, code = store.set(key, "v")
    if done then store.delete(key) end
    return show.result(done, message, code)
  end
end

-- Whether a list has a key that was set, and is sorted.
local function listed(store)
  return with(store, "listed", function(key)
    store.set(key, "v")
    local keys, message = store.list()
    if not keys then return show.result(keys, message) end
    local has, sorted = false, true
    for i, name in ipairs(keys) do
      has = has or name == key
      sorted = sorted and (i == 1 or keys[i - 1] < name)
    end
    return (has and "has the key" or "lacks the key") .. (sorted and ", sorted" or ", not sorted")
  end)
end

local limit, keys = "Keep values and keys well below the limit.", "Use letters, digits and : . _ - in keys."

local probes = {
  { "spark.ttl", "Which time to live does spark.get tell of a key that was set for 1000 seconds?", "Store the time of expiry in the value.",
    with(spark, "ttl", function(key)
      spark.set(key, "v", 1000)
      local value, ttl = spark.get(key)
      if not value then return "nothing" end
      return not ttl and "none" or ttl >= 900 and ttl <= 1000 and "900 to 1000" or tostring(ttl)
    end) },
  { "spark.ttl.none", "Which time to live has a key that was set without one?", "Store the time of expiry in the value.",
    with(spark, "ttl", function(key)
      spark.set(key, "v")
      local value, ttl = spark.get(key)
      return value and (ttl and tostring(ttl) or "none") or "nothing"
    end) },
  { "spark.ttl.keep", "Does spark.set without a time to live end the one that a key has?", "Give the time to live with each spark.set.",
    with(spark, "ttl", function(key)
      spark.set(key, "v", 100)
      spark.set(key, "w")
      local value, ttl = spark.get(key)
      return value and (ttl and "it stays" or "it ends") or "nothing"
    end) },
  { "spark.ttl.long", "What is a time to live of ten years and a second?", "Use shorter ones.", with(spark, "ttl", function(key)
    return show.result(spark.set(key, "v", 315360001))
  end) },
  { "spark.ttl.negative", "What is a negative time to live?", "Never pass one.", with(spark, "ttl", function(key)
    return show.result(spark.set(key, "v", -1))
  end) },
  { "spark.empty", "Is an empty value of Spark there?", "Store at least a byte.", with(spark, "empty", function(key)
    spark.set(key, "")
    local value = spark.get(key)
    return value and "it is there" or "nothing"
  end) },
  { "spark.bytes", "Does Spark keep all bytes?", "Encode values in base64.", with(spark, "bytes", function(key)
    spark.set(key, "a\0\xff\n")
    return show.result((spark.get(key)))
  end) },
  { "plasma.empty", "Is an empty value of Plasma there?", "Store at least a byte.", with(plasma, "empty", function(key)
    plasma.set(key, "")
    return show.result(plasma.get(key))
  end) },
  { "plasma.bytes", "Does Plasma keep all bytes?", "Encode values in base64.", with(plasma, "bytes", function(key)
    plasma.set(key, "a\0\xff\n")
    return show.result(plasma.get(key))
  end) },
  { "plasma.counter", "What do a new counter and its plasma.get give?", "Use one way to read a counter: plasma.increment(key, 0).",
    with(plasma, "counter", function(key)
      local first, message = plasma.increment(key, 5)
      if not first then return show.result(first, message) end
      return ("%s, then %s, read %s"):format(first, show.result(plasma.decrement(key, 7)), show.result(plasma.get(key)))
    end) },
  { "plasma.counter.large", "Does a counter keep 64 bits?", "Keep counters below 2^53.", with(plasma, "large", function(key)
    return show.result(plasma.increment(key, 9007199254740993))
  end) },
  { "plasma.counter.value", "What does plasma.increment do with a key that holds a value?", "Use different keys for values and counters.",
    with(plasma, "value", function(key)
      plasma.set(key, "v")
      return show.result(plasma.increment(key))
    end) },
  { "plasma.counter.set", "Does plasma.set end a counter?", "Use different keys for values and counters.",
    with(plasma, "set", function(key)
      plasma.increment(key)
      return show.result(plasma.set(key, "v")) .. ", read " .. show.result(plasma.get(key))
    end) },
  { "plasma.counter.deleted", "Does a counter that was deleted begin at 0?", "Never delete a counter; use another key.",
    with(plasma, "deleted", function(key)
      plasma.increment(key, 3)
      plasma.delete(key)
      return show.result(plasma.increment(key))
    end) },
}

for name, store in pairs { spark = spark, plasma = plasma } do
  local rows = {
    { "value.most", "Is a value of 64 KiB taken?", limit, sized(store, KIB64) },
    { "value.over", "What is a value of 64 KiB and a byte?", limit, sized(store, KIB64 + 1) },
    { "key.most", "Is a key of 256 characters taken?", limit, long(store, 256) },
    { "key.over", "What is a key of 257 characters?", limit, long(store, 257) },
    { "key.slash", "What is a key with a '/'?", keys, refused(store, PREFIX .. "a/b") },
    { "key.utf8", "What is a key with a letter that is not ASCII?", keys, refused(store, PREFIX .. "\u{e4}") },
    { "key.empty", "What is an empty key?", keys, refused(store, "") },
    { "list", "Does a list have a key that was just set, and is it sorted?", "Sort a list before you rely on its order.", listed(store) },
    { "deleted", "What is a key that was deleted?", "Do not rely on a key being gone at once.", with(store, "gone", function(key)
      store.set(key, "v")
      store.delete(key)
      return show.result((store.get(key)))
    end) },
    { "absent", "What is a key that was never set?", "Check for nil.", function() return show.result((store.get(PREFIX .. "absent"))) end },
  }
  for _, row in ipairs(rows) do
    row[1] = name .. "." .. row[1]
    row[2] = name:gsub("^%l", string.upper) .. ": " .. row[2]
    probes[#probes + 1] = row
  end
end

-- `pairs` above has no order of its own.
table.sort(probes, function(a, b) return a[1] < b[1] end)
return probes
