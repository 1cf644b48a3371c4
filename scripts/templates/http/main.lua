-- Answers requests: a greeting at /, and a 404 everywhere else.
local flaron = require "flaron"
local logging, request = flaron.logging, flaron.request

local TEXT = "text/plain; charset=utf-8"

-- "/a/b" of "https://example.com/a/b?c=d".
local function path_of(url)
  local path = url:match "^%a[%w+.-]*://[^/?#]*([^?#]*)"
  return path == "" and "/" or path
end

local function greet()
  local language = request.header "accept-language" or ""
  return {
    headers = { ["content-type"] = TEXT, vary = "accept-language" },
    body = language:find "^de" and "Guten Tag\n" or "Good day\n",
  }
end

-- The fallback. What is logged can be seen in `flaron-lua dev`, and in a spec.
local function not_found(path)
  logging.warn("nothing at", path)
  return { status = 404, headers = { ["content-type"] = TEXT }, body = "there is nothing here\n" }
end

local pages = { ["/"] = greet }

local function handle_request()
  local path = path_of(request.url())
  local page = pages[path] or not_found
  return page(path)
end

return { handle_request = handle_request }
