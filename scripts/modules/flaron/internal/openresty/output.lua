-- flaron.internal.openresty.output: the answer of ngx: say, print, header, status, exit, redirect, and the pages that nginx answers
-- with by itself. header_filter runs when the first byte is written and body_filter for each piece, as in nginx, but all is
-- held back until the last phase has ended.
--
-- It does not choose which phase runs (phases.lua).
local flaron = require "flaron"
local state = require "flaron.internal.openresty.state"
local null = flaron.json.null

local filters = {} -- "header_filter" and "body_filter": functions that run the phase; set by phases.lua

-- ---- headers ----

local function escape(c) return ("%%%02X"):format(c:byte()) end

-- A header's name as scripts write it: `_` is `-`, and what cannot be in a name is encoded, as in nginx.
local function header_name(name) return (tostring(name):gsub("_", "-"):gsub('[%c "(),/:;<=>?@%[\\%]{}]', escape)) end

-- A header's value; control characters but tabs are encoded, as in nginx: text of a client begins no other header.
local function header_value(value) return (state.text_of(value):gsub("[^%C\t]", escape)) end

-- Sets or removes a header. Lists are joined, which Set-Cookie cannot be (RFC 6265, 3).
local function set_header(name, value, level)
  name = header_name(name)
  local key = name:lower()
  if type(value) == "table" then
    local list = {}
    for n, one in ipairs(value) do list[n] = header_value(one) end
    if key == "set-cookie" and #list > 1 then
      error("ngx.header['Set-Cookie']: an answer of a flare has one; put the values into one cookie, as flaron.session does",
        level + 1)
    end
    value = list[1] and table.concat(list, ", ")
  elseif value ~= nil then
    value = header_value(value)
  end
  state.headers[key] = value and { name, value } or nil
end

local header = setmetatable({}, {
  __index = function(_, name)
    state.need("ngx.header", "rewrite access content header_filter body_filter log")
    local found = state.headers[header_name(name):lower()]
    return found and found[2]
  end,
  __newindex = function(_, name, value)
    state.need("ngx.header", "rewrite access content header_filter body_filter log")
    if state.sent and state.phase ~= "header_filter" then
      flaron.logging.error("attempt to set ngx.header." .. tostring(name) .. " after sending out response headers")
    else
      set_header(name, value, 2)
    end
  end,
})

-- ngx.resp.get_headers(): those that are set.
local function get_headers()
  local all = {}
  for key, one in pairs(state.headers) do all[key] = one[2] end
  return setmetatable(all, { __index = function(_, name) return rawget(all, header_name(name):lower()) end })
end

-- ---- body ----

local function send_headers()
  if state.sent then return end
  state.sent = true
  if state.status == 0 then state.status = 200 end
  if not state.headers["content-type"] and state.status ~= 204 and state.status ~= 304 then
    set_header("Content-Type", state.default_type, 1)
  end
  if filters.header_filter then filters.header_filter() end
end

-- Sends a piece of the body through body_filter; `last`: no other follows.
local function write(text, last)
  send_headers()
  if state.eof then return end
  if filters.body_filter and (text ~= "" or last) then
    state.arg = { text, last }
    filters.body_filter()
    local given = state.arg[1]
    text, last, state.arg = state.join(null, given == nil and "" or given), state.arg[2], nil
    if not text then error("ngx.arg[1]: not a string or a list of strings", 0) end
  end
  state.chunks[#state.chunks + 1] = text
  state.eof = last or false
end

local function print_values(name, ending, ...)
  local text, n, fault = state.join(null, ...)
  if not text then error(("bad argument #%d to '%s' (%s)"):format(n, name, fault), 3) end
  if state.eof then return nil, "seen eof" end
  write(text .. ending, false)
  return 1
end

local function say(...)
  state.need("ngx.say", state.ANSWERING)
  return print_values("say", "\n", ...)
end

local function print(...)
  state.need("ngx.print", state.ANSWERING)
  return print_values("print", "", ...)
end

local function flush()
  state.need("ngx.flush", state.ANSWERING)
  send_headers()
  return 1
end

local function eof()
  state.need("ngx.eof", state.ANSWERING)
  if state.eof then return nil, "seen eof" end
  write("", true)
  return 1
end

local function send_headers_now()
  state.need("ngx.send_headers", state.ANSWERING)
  send_headers()
  return 1
end

-- ---- the ends of a phase ----

-- What nginx calls statuses on its pages; other statuses have no page.
local PAGES = {
  [301] = "Moved Permanently", [302] = "Found", [303] = "See Other", [307] = "Temporary Redirect", [308] = "Permanent Redirect",
  [400] = "Bad Request", [401] = "Authorization Required", [402] = "Payment Required", [403] = "Forbidden", [404] = "Not Found",
  [405] = "Not Allowed", [406] = "Not Acceptable", [408] = "Request Time-out", [409] = "Conflict", [410] = "Gone",
  [411] = "Length Required", [412] = "Precondition Failed", [413] = "Request Entity Too Large", [414] = "Request-URI Too Large",
  [415] = "Unsupported Media Type", [416] = "Requested Range Not Satisfiable", [421] = "Misdirected Request",
  [429] = "Too Many Requests", [500] = "Internal Server Error", [501] = "Not Implemented", [502] = "Bad Gateway",
  [503] = "Service Temporarily Unavailable", [504] = "Gateway Time-out", [505] = "HTTP Version Not Supported",
  [507] = "Insufficient Storage",
}

-- Ends the answer as ngx.exit(code) does, for a code from 200 on.
local function finish(code)
  if state.sent then
    if code >= 300 and code ~= state.status then
      flaron.logging.error(("attempt to set status %d via ngx.exit after sending out the response status %d"):format(code,
        state.status))
    end
  elseif code >= 300 or code == 204 then
    state.status = code
    local name = PAGES[code]
    if name then
      local title = ("%d %s"):format(code, name)
      set_header("Content-Type", "text/html", 1)
      return write(("<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n</body>\r\n</html>\r\n")
        :format(title, title), true)
    end
  end
  if not state.eof then write("", true) end
end

-- Ends the phase at once; `code` is what phases.lua gets. No pcall of the script stops it.
local function leave(name, code)
  if coroutine.running() ~= state.thread then
    error(name .. " in a coroutine of the script's own: let it return first", 3)
  end
  coroutine.yield(state.LEAVE, code)
end

local function exit(code)
  state.need("ngx.exit", "rewrite access content header_filter")
  code = math.tointeger(tonumber(code))
  if not code then error("bad argument #1 to 'exit' (number expected)", 2) end
  if code == 444 then error("ngx.exit(444): a flare cannot close a connection: answer 403 or 429", 2) end
  if code > 599 or code > 0 and code < 200 or code < -5 then
    error(("ngx.exit: %d is no status that a flare can answer"):format(code), 2)
  end
  if state.phase == "header_filter" and code > 0 then
    error("ngx.exit in header_filter takes ngx.OK and ngx.ERROR: set ngx.status", 2)
  end
  leave("ngx.exit", code)
end

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

local function redirect(uri, status)
  state.need("ngx.redirect", state.ANSWERING)
  if type(uri) ~= "string" then error("bad argument #1 to 'redirect' (string expected, got " .. type(uri) .. ")", 2) end
  status = status or 302
  if not REDIRECTS[status] then
    error("only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, ngx.HTTP_SEE_OTHER, "
      .. "and ngx.HTTP_TEMPORARY_REDIRECT are allowed", 2)
  end
  if state.sent then error("attempt to call ngx.redirect after sending out the headers", 2) end
  local unsafe = uri:match "%c"
  if unsafe then error(("unsafe byte \"0x%02x\" in redirect uri"):format(unsafe:byte()), 2) end
  set_header("Location", uri, 2)
  leave("ngx.redirect", status)
end

return {
  header = header, get_headers = get_headers, set_header = set_header,
  filters = filters, write = write, send_headers = send_headers, finish = finish,
  functions = {
    say = say, print = print, flush = flush, eof = eof, send_headers = send_headers_now, exit = exit, redirect = redirect,
  },
}
