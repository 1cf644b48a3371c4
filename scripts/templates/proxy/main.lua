-- A caching proxy with security headers: pages of the origin are kept at this edge for as long as they say, and stale
-- ones are given when the origin fails. docs/cache.md tells what is kept.
local cache = require "flaron.cache"
local flaron = require "flaron"
local router = require "flaron.router"
local security_headers = require "flaron.security_headers"

local ORIGIN = "https://www.example.com" -- must be in allowed_fetch_urls of flare.lua

local pages = cache.new { name = "pages", query = "sorted", stale_while_revalidate = 30, stale_if_error = 3600 }

-- Browsers report what the policy would forbid. Take `report_only` out when nothing is reported any more.
local shield = security_headers.new { report_only = true }

-- What is left to the origin: where visitors are known by cookies, which no page here is made for, and what is no text,
-- which would not survive the way through beam.
local PERSONAL = { "^/account%f[/\0]", "^/login%f[/\0]" }
local BINARY = {
  "%.png$", "%.jpe?g$", "%.gif$", "%.webp$", "%.avif$", "%.ico$", "%.woff2?$", "%.pdf$", "%.zip$", "%.mp4$", "%.wasm$",
}

-- The headers of a request that the origin is told.
local HANDED_ON = { "accept", "accept-language", "if-none-match", "if-modified-since" }

local function has_one(text, patterns)
  for _, pattern in ipairs(patterns) do
    if text:find(pattern) then return true end
  end
  return false
end

-- Whether an answer is text, or has no body to be one. A media type has no case.
local function is_text(page)
  local kind = (page.headers["content-type"] or ""):match("^[^;%s]*"):lower()
  return page.body == "" or has_one(kind, { "^text/", "json$", "xml$", "javascript$" })
end

local app = router.new()

app:any("/*path", function(req)
  local target = ORIGIN .. req.path .. (req.query_string ~= "" and "?" .. req.query_string or "")
  if req.method ~= "GET" and req.method ~= "HEAD" then
    pages:purge(target) -- it may change what is there
    return flaron.PASS_THROUGH
  end
  if has_one(req.path, PERSONAL) or has_one(req.path:lower(), BINARY) then return flaron.PASS_THROUGH end

  local headers = { ["accept-encoding"] = "identity" }
  for _, name in ipairs(HANDED_ON) do headers[name] = req:header(name) end
  local page, how = pages:fetch(target, { method = req.method, headers = headers })
  if not page then
    flaron.logging.error("origin:", how)
    return { status = 502, headers = { ["content-type"] = "text/plain" }, body = "the site does not answer\n" }
  end
  -- An answer has one Set-Cookie: what sets several must come from the origin itself.
  if page.headers["set-cookie"] or not is_text(page) then return flaron.PASS_THROUGH end

  shield:apply()
  page.headers["x-cache"] = how
  return { status = page.status, headers = page.headers, body = page.body }
end)

return app:handler()
