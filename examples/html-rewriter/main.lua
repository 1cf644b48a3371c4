-- html-rewriter: changes a site's pages on their way to the visitor.
--
--   - half of the visitors see another headline; who sees which is kept in a cookie, how often in Plasma
--   - links to other sites get rel="noopener"
--   - images are loaded when they come into view
--   - a banner is put at the top of the page
local flaron = require "flaron"
local experiment = require "rewriter.experiment"
local html = require "flaron.html"
local logging, request = flaron.logging, flaron.request

local ORIGIN = "https://www.example.com" -- must be in allowed_fetch_urls of flare.lua

local hero = experiment.new {
  name = "hero",
  variants = { "control", "short" },
}
-- What stands in <h1 class="hero">; no entry: what the page has.
local HEADLINES = { short = "Bread. Before you are awake." }

-- The headers of the upstream that are handed on. Those about the bytes (etag, last-modified) are not:
-- the bytes are other ones.
local HANDED_ON = { "content-type", "content-language", "link" }

-- The host of a URL, in lower case; nil for a URL without one, such as "/offers".
local function host_of(url)
  local host = url:match "^%a[%w+.-]*://([^/?#]*)" or url:match "^//([^/?#]*)"
  return host and host:lower()
end

local function path_of(url)
  local path = url:match "^%a[%w+.-]*://[^/?#]*([^#]*)" or ""
  return path:sub(1, 1) == "/" and path or "/" .. path
end

local function bad_gateway()
  return {
    status = 502,
    headers = { ["content-type"] = "text/plain; charset=utf-8", ["cache-control"] = "no-store" },
    body = "the site does not answer\n",
  }
end

local variant, shown -- of this request: nothing that is set in it survives it

-- The changes, read once, when the flare is packed.
local changes = html.new()
  :on("h1.hero", function(headline)
    if shown then return end
    shown = true
    if HEADLINES[variant] then headline:set_content(html.escape(HEADLINES[variant])) end
  end)
  :on("a[href]", function(link)
    local host = host_of(link:get "href")
    if host and host ~= host_of(ORIGIN) and host ~= host_of(request.url()) then link:add_word("rel", "noopener") end
  end)
  :on("img", function(image)
    if not image:get "loading" then image:set("loading", "lazy") end
  end)
  :on("body", function(body) body:prepend(flaron.asset "banner.html") end)

local function handle_request()
  -- Only pages are of interest. For all else the origin answers as if this flare was not there, and the bytes
  -- of an image never come through beam, which carries text.
  if request.method() ~= "GET" then return flaron.PASS_THROUGH end

  local page, message = flaron.beam.fetch(ORIGIN .. path_of(request.url()), { headers = { accept = "text/html" } })
  if not page or page.status >= 500 then
    logging.error("upstream:", message or page.status)
    return bad_gateway()
  end
  local kind = page.headers["content-type"] or ""
  if kind:match("^[^;%s]*"):lower() ~= "text/html" then return flaron.PASS_THROUGH end

  local is_new
  variant, is_new = hero:variant()
  local body = changes:rewrite(page.body)
  if shown and page.status == 200 then hero:count(variant) end

  local headers = {}
  for _, name in ipairs(HANDED_ON) do headers[name] = page.headers[name] end
  -- The page is for this visitor: a cache in between must not give it to the next one.
  headers["cache-control"] = "private, no-cache"
  headers["vary"] = "cookie"
  -- The host keeps one Set-Cookie an answer: the upstream's own, if any, is dropped.
  if is_new then headers["set-cookie"] = hero:cookie(variant) end
  return { status = page.status, headers = headers, body = body }
end

return { handle_request = handle_request }
