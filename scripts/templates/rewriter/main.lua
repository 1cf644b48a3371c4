-- Changes the pages of a site on their way to the visitor: links to http:// become https://, and each page gets a
-- line at its end.
local flaron = require "flaron"
local beam, logging, request = flaron.beam, flaron.logging, flaron.request

local ORIGIN = "https://www.example.com" -- must be in allowed_fetch_urls of flare.lua

local FOOTER = "<p>Changed at the edge.</p>\n"

local function rewrite(page)
  page = page:gsub('href="http://', 'href="https://')
  local at = page:find "</body>" or #page + 1
  return page:sub(1, at - 1) .. FOOTER .. page:sub(at)
end

-- A media type without its parameters; it has no case: "text/html" of "Text/HTML; charset=utf-8".
local function media_type(value)
  return (value or ""):match("^%s*([^;%s]*)"):lower()
end

local function handle_request()
  -- For all but pages the origin answers as if this flare was not there: a body comes through beam as text, so
  -- the bytes of an image would not survive.
  local accepts = request.header "accept" or ""
  if request.method() ~= "GET" or not accepts:lower():find("text/html", 1, true) then return flaron.PASS_THROUGH end

  local path = request.url():match "^%a[%w+.-]*://[^/?#]*([^#]*)"
  if path:sub(1, 1) ~= "/" then path = "/" .. path end
  local page, message = beam.fetch(ORIGIN .. path, { headers = { accept = accepts } })
  if not page then
    logging.error("origin:", message)
    return { status = 502, headers = { ["content-type"] = "text/plain" }, body = "the site does not answer\n" }
  end

  local kind = page.headers["content-type"]
  if media_type(kind) ~= "text/html" then return flaron.PASS_THROUGH end
  return { status = page.status, headers = { ["content-type"] = kind }, body = rewrite(page.body) }
end

return { handle_request = handle_request }
