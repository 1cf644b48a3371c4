-- flaron.internal.openresty.clock: the times of ngx, by the host's clock, in UTC. nginx keeps the time of an event; here each call asks.
local date = require "flaron.date"
local flaron = require "flaron"
local time = flaron.time

-- "!%Y-%m-%d" of now, or of what is given.
local function stamp(format, seconds) return os.date(format, seconds or time.now()) end

local LAST = 253402300799 -- the end of the year 9999

-- An argument in whole seconds, within the years that dates have, as in nginx.
local function seconds_of(value, name)
  local seconds = tonumber(value)
  if not seconds then error(("bad argument #1 to '%s' (number expected, got %s)"):format(name, type(value)), 3) end
  return math.tointeger(math.max(0, math.min(seconds, LAST)) // 1) -- NaN is 0
end

local function local_time() return stamp "!%Y-%m-%d %H:%M:%S" end

local function cookie_time(seconds)
  seconds = seconds_of(seconds, "cookie_time")
  local text = date.http(seconds) -- "Thu, 18 Nov 2010 11:27:35 GMT"
  return (text:gsub("^(%a+, %d+) (%a+) %d%d(%d%d)", "%1-%2-%3"))
end

return {
  time = function() return time.now() end,
  now = function() return time.now "ms" / 1000 end,
  today = function() return stamp "!%Y-%m-%d" end,
  localtime = local_time,
  utctime = local_time,
  update_time = function() end,
  http_time = function(seconds) return date.http(seconds_of(seconds, "http_time")) end,
  cookie_time = cookie_time,
  parse_http_time = function(text)
    if type(text) ~= "string" then error("string argument expected", 2) end
    return (date.parse_http(text))
  end,
}
