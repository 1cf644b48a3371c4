-- flaron.date: writes and reads dates of HTTP (RFC 9110, 5.6.7), ISO 8601 and RFC 3339. The calendar is the proleptic
-- Gregorian one; there are no locales, and time zones only as offsets in minutes.
--
-- It does not support week dates, days of the year, durations and intervals of ISO 8601, and names of time zones.
local argument = require "flaron.internal.argument"
local flaron = require "flaron"

--- Dates of HTTP and of ISO 8601, both ways.
---@class flaron.date
local date = {}

local DAY = 86400
local FIRST, LAST = -62167219200, 253402300799 -- the years 0 to 9999, which fit into four digits
local FURTHEST = 1439 -- the largest offset in minutes: 23:59

local WEEKDAYS = { "Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday" } -- from 1 January 1970
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

local MONTH_NUMBERS, SHORT_DAYS, LONG_DAYS = {}, {}, {}
for number, name in ipairs(MONTHS) do MONTH_NUMBERS[name:lower()] = number end
for _, name in ipairs(WEEKDAYS) do SHORT_DAYS[name:sub(1, 3):lower()], LONG_DAYS[name:lower()] = true, true end

-- Days from 1 January 1970 to a day. Years begin in March here, so that 29 February is the last day of a year.
local function days_of(year, month, day)
  if month <= 2 then year = year - 1 end
  local before = (153 * ((month + 9) % 12) + 2) // 5
  return 365 * year + year // 4 - year // 100 + year // 400 + before + day - 719469
end

-- Year, month and day of a number of days from 1 January 1970.
local function civil_of(days)
  local year = (days + 719468) * 400 // 146097 + 1 -- perhaps one or two too late
  while days_of(year, 3, 1) > days do year = year - 1 end
  local rest = days - days_of(year, 3, 1)
  local month = (5 * rest + 2) // 153
  local day = rest - (153 * month + 2) // 5 + 1
  if month >= 10 then return year + 1, month - 9, day end
  return year, month + 3, day
end

local function month_length(year, month)
  if month == 2 then return (year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)) and 29 or 28 end
  return (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
end

-- Seconds from 1970 to a time `offset` minutes east of UTC; nil when there is no such time. A leap second, 23:59:60
-- UTC, equals the second after it, as in POSIX.
local function seconds_of(year, month, day, hour, minute, second, offset)
  if month < 1 or month > 12 or day < 1 or day > month_length(year, month) then return nil end
  if hour > 23 or minute > 59 or second > 60 then return nil end
  local seconds = days_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset * 60
  if second == 60 and seconds % DAY ~= 0 then return nil end
  return seconds
end

-- Digits as integers; "" is 0.
local function integers(...)
  local list = table.pack(...)
  for i = 1, list.n do list[i] = math.tointeger(tonumber(list[i])) or 0 end
  return table.unpack(list, 1, list.n)
end

--- A date as HTTP wants it in headers such as `Last-Modified`: an IMF-fixdate.
---
--- Raises: for a time outside of the years 0 to 9999.
---@param seconds integer since 1970.
---@return string text such as `"Sun, 06 Nov 1994 08:49:37 GMT"`.
function date.http(seconds)
  argument.check(seconds, 1, "date.http", "integer")
  if seconds < FIRST or seconds > LAST then argument.fail(1, "date.http", "not in the years 0 to 9999") end
  local days, rest = seconds // DAY, seconds % DAY
  local year, month, day = civil_of(days)
  return ("%s, %02d %s %04d %02d:%02d:%02d GMT"):format(WEEKDAYS[days % 7 + 1]:sub(1, 3), day, MONTHS[month], year,
    rest // 3600, rest // 60 % 60, rest % 60)
end

-- The full year of two digits: the latest one that is not more than 50 years after `now` (RFC 9110, 5.6.7).
local function full_year(digits, now, rest)
  local year, month, day = civil_of(now // DAY)
  local latest = days_of(year + 50, month, day) * DAY + now % DAY
  local candidate = (year + 50) // 100 * 100 + digits
  if candidate > year + 50 then candidate = candidate - 100 end
  local seconds = seconds_of(candidate, table.unpack(rest))
  if candidate == year + 50 and seconds and seconds > latest then candidate = candidate - 100 end
  return candidate
end

-- The forms of a date in HTTP, in lower case: the pattern of each, and the order of its parts.
local FORMS = {
  { "^(%l%l%l), (%d%d) (%l%l%l) (%d%d%d%d) (%d%d):(%d%d):(%d%d) gmt$", names = SHORT_DAYS },
  { "^(%l+), (%d%d)%-(%l%l%l)%-(%d%d) (%d%d):(%d%d):(%d%d) gmt$", names = LONG_DAYS, short = true },
  { "^(%l%l%l) (%l%l%l) ([ %d]%d) (%d%d):(%d%d):(%d%d) (%d%d%d%d)$", names = SHORT_DAYS, asctime = true },
}

-- Day name, year, month, day and time of a date, and its form; nothing if it has none of the forms.
local function read_http(text)
  for _, form in ipairs(FORMS) do
    local name, a, b, c, d, e, f = text:match(form[1])
    if name and form.names[name] then
      if form.asctime then return form, MONTH_NUMBERS[a], integers(f, b, c, d, e) end
      return form, MONTH_NUMBERS[b], integers(c, a, d, e, f)
    end
  end
end

--- Reads a date of a header, in any of the three forms that RFC 9110 has: IMF-fixdate, RFC 850's and asctime's. Case does not matter (RFC 9111, 4.2); nor does whether the name of the day is right.
---@param text string the header's value.
---@param now? integer seconds since 1970, of which a year of two digits is within 50 years; default: the host's clock, which is not there at start-up.
---@return integer|nil seconds since 1970.
---@return string? message `"not a date"`.
function date.parse_http(text, now)
  argument.check(text, 1, "date.parse_http", "string")
  argument.range(now, 2, "date.parse_http", FIRST, LAST)
  local form, month, year, day, hour, minute, second = read_http(text:lower())
  if not month then return nil, "not a date" end
  if form.short then
    now = now or assert(flaron.time.now())
    year = full_year(year, now, { month, day, hour, minute, second, 0 })
  end
  local seconds = seconds_of(year, month, day, hour, minute, second, 0)
  if not seconds then return nil, "not a date" end
  return seconds
end

--- A date as RFC 3339 has it, which is one of ISO 8601.
---
--- Raises: for a time that is outside of the years 0 to 9999 at its offset.
---@param seconds integer since 1970.
---@param milliseconds? integer from 0 to 999: with it the text has three digits more.
---@param offset? integer minutes east of UTC of the time that is written, from -1439 to 1439; default 0, written `Z`.
---@return string text such as `"2023-11-14T22:13:20Z"`, `"2023-11-14T23:13:20.000+01:00"`.
function date.iso(seconds, milliseconds, offset)
  argument.check(seconds, 1, "date.iso", "integer")
  argument.range(milliseconds, 2, "date.iso", 0, 999)
  argument.range(offset, 3, "date.iso", -FURTHEST, FURTHEST)
  local shift = (offset or 0) * 60
  if seconds < FIRST - shift or seconds > LAST - shift then argument.fail(1, "date.iso", "not in the years 0 to 9999") end
  local here = seconds + shift
  local year, month, day = civil_of(here // DAY)
  local rest = here % DAY
  local zone, fraction = "Z", milliseconds and (".%03d"):format(milliseconds) or ""
  if shift ~= 0 then
    local minutes = math.abs(offset)
    zone = ("%s%02d:%02d"):format(shift < 0 and "-" or "+", minutes // 60, minutes % 60)
  end
  return ("%04d-%02d-%02dT%02d:%02d:%02d%s%s"):format(year, month, day, rest // 3600, rest // 60 % 60, rest % 60, fraction, zone)
end

-- Date, time and zone of a text, each in the extended form (with - and :) or each in the basic one.
local SHAPES = {
  { "^(%d%d%d%d)%-(%d%d)%-(%d%d)", "^(%d%d):(%d%d)", "^:(%d%d)", "^([+-])(%d%d):(%d%d)$" },
  { "^(%d%d%d%d)(%d%d)(%d%d)", "^(%d%d)(%d%d)", "^(%d%d)", "^([+-])(%d%d)(%d%d)$" },
}

-- The offset of a zone in minutes; false if the zone is empty, nil if it is not valid.
local function read_zone(text, shape)
  if text == "" then return false end
  if text == "Z" or text == "z" then return 0 end
  local sign, hours, minutes = text:match(shape[4])
  if not sign then sign, hours, minutes = text:match "^([+-])(%d%d)()$" end
  if not sign then return nil end
  hours, minutes = integers(hours, type(minutes) == "string" and minutes or "")
  if hours > 23 or minutes > 59 then return nil end
  return (hours * 60 + minutes) * (sign == "-" and -1 or 1)
end

-- The parts of a text: year, month, day, hour, minute, second, milliseconds and zone; nothing if it is not a date.
local function read_iso(text, shape)
  local year, month, day = text:match(shape[1])
  if not year then return end
  local rest = text:sub(#year + #month + #day + (shape == SHAPES[1] and 3 or 1))
  if rest == "" then return false, 0, integers(year, month, day, 0, 0, 0) end
  if not rest:find "^[Tt ]" then return end
  rest = rest:sub(2)
  local hour, minute = rest:match(shape[2])
  if not hour then return end
  rest = rest:sub(shape == SHAPES[1] and 6 or 5)
  local second, fraction = rest:match(shape[3]), nil
  if second then
    rest = rest:sub(shape == SHAPES[1] and 4 or 3)
    fraction = rest:match "^[.,](%d+)"
    if fraction then rest = rest:sub(#fraction + 2) end
  end
  local zone = read_zone(rest, shape)
  if zone == nil then return end
  local milliseconds = integers(((fraction or "") .. "000"):sub(1, 3))
  return zone, milliseconds, integers(year, month, day, hour, minute, second)
end

--- Reads a date of RFC 3339 or ISO 8601: `2023-11-14T22:13:20.5+01:00`; also without seconds, with a space for the `T`, a comma for the point, an offset `+01`, without `-` and `:` throughout (`20231114T221320Z`), and a day alone, which begins at midnight UTC.
---@param text string the date.
---@param offset? integer minutes east of UTC, from -1439 to 1439, that a text is of which names no offset; without it a time of day that names none is not read.
---@return integer|nil seconds since 1970.
---@return integer|string milliseconds from 0 to 999, what is finer is cut off; or why there is no date: `"not a date"`, `"no offset"`.
---@return integer? offset minutes east of UTC, as the text has it.
function date.parse_iso(text, offset)
  argument.check(text, 1, "date.parse_iso", "string")
  argument.range(offset, 2, "date.parse_iso", -FURTHEST, FURTHEST)
  for _, shape in ipairs(SHAPES) do
    local zone, milliseconds, year, month, day, hour, minute, second = read_iso(text, shape)
    if zone ~= nil then
      local is_day = not text:find "[Tt ]"
      if not zone and not offset and not is_day then return nil, "no offset" end
      zone = zone or offset or 0
      local seconds = seconds_of(year, month, day, hour, minute, second, zone)
      if not seconds then return nil, "not a date" end
      return seconds, milliseconds, zone
    end
  end
  return nil, "not a date"
end

return date
