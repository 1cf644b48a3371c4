-- cookies.lua - what a browser does with cookies, RFC 6265: keeps those that answers set, and says which go with a request.
--
-- It knows no list of public suffixes (5.3, 5): a domain without a dot is one, "co.uk" is not. SameSite is kept and not
-- acted upon: a spec says itself who asks. Times are seconds since 1970, given by the caller.
local jar = {}
jar.__index = jar

local MONTHS = {}
for n, name in ipairs { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec" } do MONTHS[name] = n end

local function trim(text) return text:match "^[ \t]*(.-)[ \t]*$" end

-- The seconds since 1970 of a date, nil when there is no such date.
local function to_seconds(year, month, day, hour, minute, second)
  local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  local days = { 31, leap and 29 or 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
  if day < 1 or day > days[month] or year < 1601 or hour > 23 or minute > 59 or second > 59 then return nil end
  local before = year - 1
  local count = before * 365 + before // 4 - before // 100 + before // 400 - 719162 + day - 1
  for n = 1, month - 1 do count = count + days[n] end
  return ((count * 24 + hour) * 60 + minute) * 60 + second
end

-- A date as RFC 6265, 5.1.1 reads it, which is more than HTTP's; nil when it is none.
local function read_date(text)
  local hour, minute, second, day, month, year
  for token in text:gmatch "[^\t\32-\47\59-\64\91-\96\123-\126]+" do
    local h, m, s = (token .. " "):match "^(%d%d?):(%d%d?):(%d%d?)%D"
    local d, y = (token .. " "):match "^(%d%d?)%D", (token .. " "):match "^(%d%d%d?%d?)%D"
    if not hour and h then hour, minute, second = tonumber(h), tonumber(m), tonumber(s)
    elseif not day and d then day = tonumber(d)
    elseif not month and MONTHS[token:sub(1, 3):lower()] then month = MONTHS[token:sub(1, 3):lower()]
    elseif not year and y then year = tonumber(y)
    end
  end
  if not (hour and day and month and year) then return nil end
  if year < 70 then year = year + 2000 elseif year < 100 then year = year + 1900 end
  return to_seconds(year, month, day, hour, minute, second)
end

-- 5.1.3
local function domain_matches(host, domain)
  if host == domain then return true end
  local is_address = host:find "^%d+%.%d+%.%d+%.%d+$" or host:find "^%["
  return not is_address and host:sub(-#domain - 1) == "." .. domain
end

-- 5.1.4
local function path_matches(path, of_cookie)
  if path == of_cookie then return true end
  return path:sub(1, #of_cookie) == of_cookie and (of_cookie:sub(-1) == "/" or path:sub(#of_cookie + 1, #of_cookie + 1) == "/")
end

local function default_path(path) return path:match "^(/.*)/[^/]*$" or "/" end

-- The attributes of Set-Cookie, by name in lower case; of those with the same name the last counts. (5.2)
local function read_attributes(text, now)
  local found = {}
  for part in text:gmatch "[^;]+" do
    local name, value = part:match "^([^=]*)=?(.*)$"
    name, value = trim(name):lower(), trim(value)
    if name == "expires" then found.expires = read_date(value) or found.expires
    elseif name == "max-age" and value:find "^%-?%d+$" then
      found.max_age = tonumber(value) > 0 and now + tonumber(value) or -math.huge
    elseif name == "domain" and value ~= "" then found.domain = value:gsub("^%.", ""):lower()
    elseif name == "path" then found.path = value:sub(1, 1) == "/" and value or nil
    elseif name == "secure" then found.secure = true
    elseif name == "httponly" then found.http_only = true
    elseif name == "samesite" then found.same_site = value
    end
  end
  return found
end

--- Takes a Set-Cookie that came with the answer to `url`, as request.lua takes URLs apart. (5.3)
--- @return boolean kept false: it is none that a browser keeps
function jar:take(header, url, now)
  local pair, rest = header:match "^([^;]*);?(.*)$"
  local name, value = pair:match "^([^=]*)=(.*)$"
  name = name and trim(name)
  if not name or name == "" then return false end
  local attributes = read_attributes(rest, now)
  local domain = attributes.domain
  if domain == url.host then
    if not domain:find(".", 1, true) then domain = nil end
  elseif domain and not (domain:find(".", 1, true) and domain_matches(url.host, domain)) then
    return false
  end
  local cookie = {
    name = name, value = trim(value), domain = domain or url.host, host_only = not domain,
    path = attributes.path or default_path(url.path), expires = attributes.max_age or attributes.expires,
    secure = attributes.secure or false, http_only = attributes.http_only or false, same_site = attributes.same_site,
  }
  self.number = self.number + 1
  local at, number = #self.cookies + 1, self.number
  for n, old in ipairs(self.cookies) do
    if old.name == name and old.domain == cookie.domain and old.path == cookie.path then at, number = n, self.numbers[old] end
  end
  self.cookies[at], self.numbers[cookie] = cookie, number
  return true
end

--- The cookies that are not over, oldest first: a list of what `take` kept.
function jar:list(now)
  local left = {}
  for _, cookie in ipairs(self.cookies) do
    if not cookie.expires or cookie.expires > now then left[#left + 1] = cookie end
  end
  self.cookies = left
  return table.move(left, 1, #left, 1, {})
end

--- The header Cookie of a request, nil when no cookie goes with it. (5.4)
function jar:header(url, now)
  local sent = {}
  for _, cookie in ipairs(self:list(now)) do
    local at_home = cookie.host_only and url.host == cookie.domain or not cookie.host_only and domain_matches(url.host, cookie.domain)
    if at_home and path_matches(url.path, cookie.path) and (url.secure or not cookie.secure) then sent[#sent + 1] = cookie end
  end
  table.sort(sent, function(a, b)
    if #a.path ~= #b.path then return #a.path > #b.path end
    return self.numbers[a] < self.numbers[b]
  end)
  for n, cookie in ipairs(sent) do sent[n] = cookie.name .. "=" .. cookie.value end
  return sent[1] and table.concat(sent, "; ")
end

--- A jar without cookies.
return function()
  return setmetatable({ cookies = {}, numbers = setmetatable({}, { __mode = "k" }), number = 0 }, jar)
end
