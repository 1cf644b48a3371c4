-- client.lua - flare:client(): a visitor, who keeps cookies (cookies.lua) and may follow redirects (RFC 9110, 15.4).
--
-- The flare answers for every host that is asked. It renders no page, and sends no Referer and no Origin.
-- `core` is as edge.lua has it, `requests` is request.lua, `at_caller` gives errors the place of the spec.
local core, requests, at_caller = ...
local new_jar = core.script "cookies"()

local client = {}
client.__index = client
client.__name = "flaron.edge.client"

local MOST = 20 -- redirects one after the other: what browsers follow
local FOLLOWED = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

-- Headers that say what a body is: gone when the body is (RFC 9110, 15.4, 5); and those that are for one server alone.
local OF_BODY, OF_SERVER = {}, {}
for name in ("content-encoding content-language content-length content-location content-type digest last-modified"):gmatch "%S+" do
  OF_BODY[name] = true
end
for name in ("authorization cookie origin proxy-authorization referer host"):gmatch "%S+" do OF_SERVER[name] = true end

local function fail(format, ...) error(format:format(...), 0) end

-- The parts of a whole URL; `path` is never empty, `host` has no port.
local function split(url)
  local scheme, authority, path, query = url:match "^(%a[%w+.-]*)://([^/?#]*)([^?#]*)(%??[^#]*)"
  scheme = scheme:lower()
  local host = authority:gsub("^.*@", ""):gsub(":%d*$", ""):lower()
  return {
    scheme = scheme, authority = authority, host = host, path = path == "" and "/" or path, query = query,
    secure = scheme == "https" or scheme == "wss", origin = scheme .. "://" .. authority:lower(),
  }
end

-- A path without "." and ".." (RFC 3986, 5.2.4).
local function remove_dots(path)
  local out, last = {}, ""
  for segment in path:gmatch "/([^/]*)" do
    last = segment
    if segment == ".." then out[#out] = nil elseif segment ~= "." then out[#out + 1] = segment end
  end
  if last == "." or last == ".." then out[#out + 1] = "" end
  return "/" .. table.concat(out, "/")
end

-- The URL that a Location means (RFC 3986, 5.2.2). Without a fragment it has that of `base` (RFC 9110, 10.2.2).
local function resolve(base, location)
  local front, fragment = location:match "^([^#]*)(#?.*)$"
  if fragment == "" then fragment = base:match "#.*$" or "" end
  if front:find "^%a[%w+.-]*:" then return front .. fragment end
  local of_base = split(base)
  if front:find "^//" then return of_base.scheme .. ":" .. front .. fragment end
  local path, query = front:match "^([^?]*)(.*)$"
  if path == "" then
    path, query = of_base.path, query == "" and of_base.query or query
  else
    path = remove_dots(path:sub(1, 1) == "/" and path or of_base.path:gsub("[^/]*$", "") .. path)
  end
  return of_base.scheme .. "://" .. of_base.authority .. path .. query .. fragment
end

local function without(headers, names)
  local left = {}
  for name, value in pairs(headers) do
    if not names[name:lower()] then left[name] = value end
  end
  return left
end

local function header_of(headers, wanted)
  for name, value in pairs(headers) do
    if name:lower() == wanted then return value end
  end
end

-- The headers of a request, the client's own and its cookies among them. What is for one server is for that of the client.
local function with_cookies(self, request, url)
  local headers = without(request.headers, {})
  for name, value in pairs(url.origin == split(self.base).origin and self.headers or without(self.headers, OF_SERVER)) do
    if not header_of(headers, name:lower()) then headers[name] = value end
  end
  headers.cookie = self.jar:header(url, core.now(self.flare))
  return headers
end

-- Asks the flare once, and keeps what it sets.
local function ask(self, request)
  local url = split(request.url)
  local answer, message = self.flare:request {
    method = request.method, url = request.url, headers = with_cookies(self, request, url), body = request.body,
  }
  if not answer then return nil, message end
  local set = answer.action == "respond" and header_of(answer.headers, "set-cookie")
  if set then self.jar:take(set, url, core.now(self.flare)) end
  answer.url, answer.redirects = request.url, {}
  self.asked, self.answer = request, answer
  return answer
end

-- Where an answer of the flare leads; nil when nowhere.
local function location_of(answer)
  return answer.action == "respond" and FOLLOWED[answer.status] and header_of(answer.headers, "location") or nil
end

-- What is asked after `answer`, which came of `request` and is the redirect number `count` of `most`.
local function next_request(request, answer, count, most)
  local status, url = answer.status, resolve(request.url, location_of(answer))
  if count > most then fail("more than %d redirects: %s leads to %s", most, core.harmless(request.url), core.harmless(url)) end
  if not requests.is_whole(url) or not url:find "^[Hh][Tt][Tt][Pp][Ss]?:" then
    fail("%s leads to '%s', which no client asks for", core.harmless(request.url), core.harmless(url))
  end
  local followed = { method = request.method, url = url, headers = request.headers, body = request.body }
  local changes = status == 303 and request.method ~= "HEAD" or (status == 301 or status == 302) and request.method == "POST"
  if changes and request.method ~= "GET" then
    followed.method, followed.body, followed.headers = "GET", nil, without(request.headers, OF_BODY)
  end
  if split(url).origin ~= split(request.url).origin then followed.headers = without(followed.headers, OF_SERVER) end
  return followed
end

-- How many redirects are followed; `value` is an option or a field.
local function read_follow(value, fallback)
  if value == nil then return fallback end
  if value == true then return MOST end
  if value == false then return 0 end
  if math.type(value) ~= "integer" or value < 0 then fail "'follow' is true, false, or how many redirects at most" end
  return value
end

local function read_request(self, request)
  local made = requests.make("client:request", request, self.base)
  if header_of(made.headers, "cookie") then fail "a client sends cookies of its own: client:set_cookie gives it others" end
  made.method = made.method or "GET"
  return made, request == nil and self.most or read_follow(request.follow, self.most)
end

function client:request(request)
  local asked, most = at_caller(read_request, self, request)
  local answer, message = ask(self, asked)
  local led = {}
  while answer and most > 0 and location_of(answer) do
    led[#led + 1] = answer
    asked = at_caller(next_request, asked, answer, #led, most)
    answer, message = ask(self, asked)
    if answer then answer.redirects = table.move(led, 1, #led, 1, {}) end
  end
  if answer then return answer end
  return nil, message
end

function client:follow()
  local last = self.answer
  if not last then error("the client has not asked for anything yet", 2) end
  if not location_of(last) then error(("the answer, %d, leads nowhere: there is nothing to follow"):format(last.status), 2) end
  local led = table.move(last.redirects, 1, #last.redirects, 1, {})
  led[#led + 1] = last
  local asked = at_caller(next_request, self.asked, last, 1, 1)
  local answer, message = ask(self, asked)
  if not answer then return nil, message end
  answer.redirects = led
  return answer
end

function client:websocket(request)
  local made = at_caller(requests.make, "client:websocket", request, self.base)
  return self.flare:websocket { url = made.url, headers = with_cookies(self, made, split(made.url)) }
end

function client:cookie(name)
  for _, cookie in ipairs(self.jar:list(core.now(self.flare))) do
    if cookie.name == name then return cookie.value end
  end
end

function client:cookies()
  local all = {}
  for n, cookie in ipairs(self.jar:list(core.now(self.flare))) do
    all[n] = {}
    for name, value in pairs(cookie) do all[n][name] = value end
  end
  return all
end

function client:set_cookie(header, url)
  local kept = at_caller(function()
    if type(header) ~= "string" then fail("bad argument #1 to 'set_cookie' (string expected, got %s)", type(header)) end
    if url ~= nil and not (type(url) == "string" and requests.is_whole(url)) then
      fail "bad argument #2 to 'set_cookie' (a whole URL expected)"
    end
    return self.jar:take(header, split(url or self.base), core.now(self.flare))
  end)
  return kept
end

--- Forgets all cookies but those that the client was made with, and what was asked.
function client:clear()
  self.jar, self.asked, self.answer = new_jar(), nil, nil
  for name, value in pairs(self.given) do self.jar:take(name .. "=" .. value .. "; Path=/", split(self.base), core.now(self.flare)) end
end

local function make(flare, options)
  local made = requests.make("flare:client", options, "https://localhost")
  options = options or {}
  if header_of(options.headers or {}, "cookie") then fail "a client sends cookies of its own: give it the option 'cookies'" end
  local self = setmetatable({
    flare = flare, base = split(made.url).scheme .. "://" .. split(made.url).authority, headers = options.headers or {},
    given = options.cookies or {}, most = read_follow(options.follow, 0),
  }, client)
  self:clear()
  return self
end

return client, make
