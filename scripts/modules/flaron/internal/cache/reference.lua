-- flaron.internal.cache.reference: what a reference in an answer means (RFC 3986, 5.2). Part of flaron.cache; not for use by itself.
local plain_url = require "flaron.internal.cache.key"

-- A path without `.` and `..`.
local function without_dots(path)
  local out = {}
  for segment, slash in path:gmatch "([^/]*)(/?)" do
    if segment == ".." then
      out[math.max(#out, 1)] = nil
    elseif segment ~= "." and segment .. slash ~= "" then
      out[#out + 1] = segment .. slash
    end
    if #out == 0 then out[1] = "/" end
  end
  return table.concat(out)
end

-- Scheme and authority of a URL, written in one way.
local function origin_of(url) return plain_url(url:match "^%a[%w+.-]*://[^/?#]*" or "", {}) end

--- The URL that `reference` means in an answer for `url`; nil for one of another origin.
---@param url string
---@param reference string
---@return string|nil url
return function(url, reference)
  local scheme, authority, path, query = url:match "^(%a[%w+.-]*:)(//[^/?#]*)([^?#]*)(%??[^#]*)"
  if not scheme then return nil end
  reference = reference:match "^[^#]*"
  if reference:find "^%a[%w+.-]*:" then
    scheme, reference = reference:match "^(%a[%w+.-]*:)(.*)$"
    if not reference:find "^//" then return nil end
  end
  if reference:find "^//" then
    authority, path, query = reference:match "^(//[^/?]*)([^?]*)(.*)$"
  elseif reference ~= "" then
    local own
    own, query = reference:match "^([^?]*)(.*)$"
    if own:find "^/" then
      path = own
    elseif own ~= "" then
      path = (path:match "^.*/" or "/") .. own
    end
  end
  local result = scheme .. authority .. without_dots(path) .. query
  return origin_of(result) == origin_of(url) and result or nil
end
