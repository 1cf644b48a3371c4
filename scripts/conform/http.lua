-- http.lua - probes of flaron.request, flaron.response and flaron.beam. Fetches go to this flare itself, at settings.url:
-- what it answers then is `modes`, of main.lua's request.
local flaron = require "flaron"
local settings, show = require "settings", require "show"
local beam, json, request, response = flaron.beam, flaron.json, flaron.request, flaron.response

local ODD = "<>&\"\\/\u{2028}\u{1f600}"
local FETCHES = 24 -- no more than this are tried

local fetched = 0

-- Fetches this flare in a mode.
local function fetch(mode, options)
  if not settings.url then show.skip "fetches are probed when --url says where the flare is deployed" end
  options = options or {}
  options.headers = options.headers or {}
  options.headers["x-conform-token"] = settings.token
  local answer, message = beam.fetch(settings.url .. "?conform=" .. mode, options)
  if answer then fetched = fetched + 1 end
  return answer, message
end

-- A probe that fetches: `look` makes the text of the answer.
local function fetching(mode, options, look)
  return function()
    local answer, message = fetch(mode, options and options())
    return answer and look(answer) or show.result(answer, message)
  end
end

-- What the flare in mode `echo` saw, of the answer to a fetch.
local function seen(answer)
  local good, echo = pcall(json.decode, answer.body)
  return good and type(echo) == "table" and ("%s, body %s, type %s"):format(echo.method, echo.body, echo.type) or "another's answer"
end

local function header(name)
  return function() return show.result(request.header(name)) end
end

local withheld = "Say requires_raw_auth in flare.lua, and in the configuration of the host."

local http = {}

-- What the flare answers to its own fetches.
http.modes = {
  echo = function()
    return { status = 201, headers = { ["content-type"] = "application/json" }, body = json.encode {
      method = request.method(), body = show.bytes(request.body()), type = request.header "content-type" or "none" } }
  end,
  odd = function() return { body = ODD } end,
  bytes = function() return { body = "a\xffb\0c" } end,
  empty = function() return { status = 204 } end,
  cookie = function() return { headers = { ["set-cookie"] = "conform=1; Path=/" } } end,
  twice = function()
    response.set_header("x-conform", "first")
    response.set_header("X-Conform", "second")
  end,
  redirect = function() return { status = 302, headers = { location = (settings.url or "") .. "?conform=echo" } } end,
  transform = function()
    response.set_status(203)
    response.set_header("x-conform", "set")
    response.set_body("set")
    return flaron.TRANSFORM
  end,
}

http.probes = {
  { "request.method", "How does the method of a POST come?", "Compare methods in upper case.",
    function() return show.result(request.method()) end },
  { "request.url.whole", "Is request.url() a whole URL?", "Take the path by a pattern that does without scheme and host.",
    function()
      local url = request.url() or ""
      return url:find "^https?://[^/]+/" and "whole" or url:find "^/" and "a path" or "neither a URL nor a path"
    end },
  { "request.url.query", "Does the query come as it was sent?", "Decode the query once, and expect both '+' and %20.",
    function() return (request.url() or ""):match "%?(.*)" or "nothing" end },
  { "request.header.case", "Is a header found whatever the case of its name?", "Ask for names in lower case.", header "CONTENT-type" },
  { "request.header.joined", "What is a header that was sent twice?", "Expect one value, or both with a comma.", header "x-conform" },
  { "request.header.absent", "What is a header that was not sent?", "Check for nil.", header "x-conform-absent" },
  { "request.header.authorization", "Is Authorization withheld without requires_raw_auth?", withheld, header "authorization" },
  { "request.header.cookie", "Is Cookie withheld without requires_raw_auth?", withheld, header "cookie" },
  { "request.header.flaron", "Is X-Flaron-* withheld without requires_raw_auth?", withheld, header "x-flaron-conform" },
  { "request.body", "Does the body come as it was sent, with requires_body?", "Check the body's length against content-length.",
    function() return show.result(request.body()) end },

  { "fetch.echo", "What does a POST by beam.fetch send?", "Set content-type and method yourself.",
    fetching("echo", function() return { method = "POST", body = "a=b" } end, seen) },
  { "fetch.type", "Does a header of a fetch arrive?", "Set each header once.",
    fetching("echo", function() return { method = "PUT", body = "a", headers = { ["Content-Type"] = "text/x" } } end, seen) },
  { "fetch.status", "Which status has a fetch that 201 answered?", "Compare with ranges: 200 to 299.",
    fetching("echo", nil, function(answer) return tostring(answer.status) end) },
  { "fetch.headers", "Of which type is a header of an answer?", "Check for a string before using a header.",
    fetching("echo", nil, function(answer) return show.result(answer.headers["content-type"]) end) },
  { "fetch.text", "Does text with < > & and U+2028 come as it is?", "Compare nothing with such text.",
    fetching("odd", nil, function(answer) return answer.body == ODD and "as it is" or show.bytes(answer.body) end) },
  { "fetch.bytes", "What becomes of bytes that are not UTF-8?", "Leave what is not text to the origin.",
    fetching("bytes", nil, function(answer) return show.bytes(answer.body) end) },
  { "fetch.empty", "What is the answer 204?", "Expect an empty body.",
    fetching("empty", nil, function(answer) return ("%d, %d bytes"):format(answer.status, #answer.body) end) },
  { "fetch.cookie", "Does set-cookie go out and come back?", "Do not rely on cookies of a fetched answer.",
    fetching("cookie", nil, function(answer) return show.result(answer.headers["set-cookie"]) end) },
  { "response.header.twice", "What goes out of a header that was set twice?", "Set each header once.",
    fetching("twice", nil, function(answer) return show.result(answer.headers["x-conform"]) end) },
  { "response.transform", "What goes out of what a flare sets before TRANSFORM?", "Fetch the page with beam.fetch and answer it.",
    fetching("transform", nil, function(answer)
      return ("status %s, header %s, body %s"):format(answer.status == 203 and "sent" or "not sent",
        answer.headers["x-conform"] and "sent" or "not sent", answer.body == "set" and "sent" or "not sent")
    end) },
  { "fetch.redirect", "What becomes of a POST that 302 answers?", "Fetch the last URL; expect 302 as an answer.",
    fetching("redirect", function() return { method = "POST", body = "a=b" } end, function(answer)
      return answer.status == 201 and "followed: " .. seen(answer) or tostring(answer.status)
    end) },
  { "fetch.error.empty", "What does a fetch without a URL answer?", "Show a message; do not compare it.",
    function() return show.result(beam.fetch "") end },
  { "fetch.error.scheme", "What does a fetch of ftp: answer?", "Show a message; do not compare it.",
    function() return show.result(beam.fetch "ftp://conform.invalid/") end },
  { "fetch.error.allowed", "What does a fetch answer that allowed_fetch_urls does not have?", "Show a message; do not compare it.",
    function() return show.result(beam.fetch "https://not-allowed.invalid/") end },
  { "fetch.error.host", "What does a fetch of a host answer that is not there?", "Show a message; do not compare it.",
    function() return show.result(beam.fetch "http://conform.invalid/") end },
  { "fetch.most", ("How many fetches does an invocation have, of %d, when the four errors above count?"):format(FETCHES),
    "Set max_fetch_requests, and stay below it.", function()
      for _ = fetched + 1, FETCHES do
        if not fetch "empty" then return (fetched + 4) .. " in all" end
      end
      return "more than " .. FETCHES
    end },
}

return http
