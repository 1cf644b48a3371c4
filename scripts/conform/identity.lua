-- identity.lua - probes of flaron.id, flaron.time and crypto.random_bytes: forms only, since each value is another.
local crypto, id, time = require "flaron.crypto", require "flaron.id", require "flaron.time"
local show = require "show"

local NEAR = 60000 -- milliseconds within which two times are the same: the machine may be slow

local ids = "Take ids as texts of any length and alphabet."

-- Whether each of some ids is greater than the one before.
local function rising(make, key)
  return function()
    local last
    for _ = 1, 8 do
      local text = make()
      if not text then return "nothing" end
      local value = key and key(text) or text
      if last and value <= last then return "not always greater than the one before" end
      last = value
    end
    return "each greater than the one before"
  end
end

-- The difference between the clock and a time in milliseconds, roughly.
local function near(ms)
  local off = ms - time.now "ms"
  if math.abs(off) < NEAR then return "the clock" end
  return ("the clock and about %d days"):format(off // 86400000)
end

local function form_of(format)
  return function() return show.form(time.now(format)) end
end

-- A time with each letter as it is and each digit a 0: forms that are the same every day.
local function stamp(format)
  return function()
    local text = time.now(format)
    return text and show.bytes((tostring(text):gsub("%d", "0"))) or "nothing"
  end
end

return {
  { "uuid_v4.form", "Which form has id.uuid_v4()?", ids, function()
    local text = id.uuid_v4()
    if not text then return "nothing" end
    local plain = text:find "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89abAB]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
    return (plain and "RFC 9562, version 4, " or "another form, ") .. (text:find "%u" and "upper case" or "lower case")
  end },
  { "uuid_v7.form", "Which form and time has id.uuid_v7()?", ids, function()
    local text = id.uuid_v7()
    if not text then return "nothing" end
    local high, low = text:match "^(%x%x%x%x%x%x%x%x)%-(%x%x%x%x)%-7%x%x%x%-[89abAB]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
    if not high then return "another form" end
    return "RFC 9562, version 7, at " .. near(tonumber(high .. low, 16))
  end },
  { "uuid_v7.order", "Are UUIDs of version 7 in the order in which they were made?",
    "Do not sort by ids made in the same millisecond.", rising(id.uuid_v7) },
  { "ulid.form", "Which form has id.ulid()?", ids,
    function() return show.all(id.ulid(), "[0-9A-HJKMNP-TV-Z]", "Crockford's base32") end },
  { "ulid.order", "Are ULIDs in the order in which they were made?", "Do not sort by ids made in the same millisecond.", rising(id.ulid) },
  { "ksuid.form", "Which form has id.ksuid()?", ids, function() return show.all(id.ksuid(), "%w", "letters and digits") end },
  { "nanoid.form", "Which form has id.nanoid()?", ids, function() return show.all(id.nanoid(), "[%w_-]", "of A-Za-z0-9_-") end },
  { "nanoid.long", "How long is id.nanoid(300)?", "Join shorter ones where the host cuts.",
    function() return show.all(id.nanoid(300), "[%w_-]", "of A-Za-z0-9_-") end },
  { "snowflake.epoch", "From which epoch does id.snowflake() count, with 22 bits below the milliseconds?",
    "Do not take the time out of a snowflake.", function()
      local text = id.snowflake()
      local number = text and math.tointeger(tonumber(text))
      if not number then return show.form(text) end
      local epoch = time.now "ms" - (number >> 22)
      for _, known in ipairs { { 1288834974657, "Twitter's" }, { 1420070400000, "2015" }, { 0, "1970" } } do
        if math.abs(epoch - known[1]) < NEAR then return known[2] end
      end
      return "about " .. os.date("!%Y-%m-%d", epoch // 1000)
    end },
  { "snowflake.order", "Are snowflakes in the order in which they were made?", "Do not sort by them.",
    rising(id.snowflake, function(text) return math.tointeger(tonumber(text)) or 0 end) },
  { "random_bytes.size", "How many bytes does crypto.random_bytes(300) give?", "Check the length of what you get.",
    function()
      local bytes, message = crypto.random_bytes(300)
      return bytes and #bytes .. " bytes" or show.result(bytes, message)
    end },
  { "time.unix", "Which form has time.now()?", "Convert with tonumber, and check.",
    function() return math.type(time.now()) or "no number" end },
  { "time.ms", "Does the clock of milliseconds agree with that of seconds?", "Use one format only.",
    function() return near(time.now() * 1000) end },
  { "time.ns", "How many digits has time.now 'ns'?", "Use 'ms' where an integer of 64 bits is not enough.", form_of "ns" },
  { "time.rfc3339", "How is time.now 'rfc3339' written?", "Parse fractions and offsets of a time that the host gives.", stamp "rfc3339" },
  { "time.iso8601", "How is time.now 'iso8601' written?", "Parse fractions and offsets of a time that the host gives.", stamp "iso8601" },
  { "time.http", "How is time.now 'http' written?", "Write the date with flaron.date.", function()
    local text = time.now "http"
    if not text then return "nothing" end
    return text:find "^%a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT$" and "as RFC 9110, 5.6.7" or show.form(text)
  end },
}
