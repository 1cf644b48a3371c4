-- flaron.router.paths: which paths all who read them take for the same. Part of flaron.router; not for use by itself.
--
-- A guard looks at a path and lets it go on to an origin, which may read it in another way: nginx joins "//" and goes up for
-- "..", Tomcat drops what follows ";", IIS takes "\" for "/", and most decode before they look. What has nothing of
-- that in it is plain: there is one way to write it and one way to read it.
local url = require "flaron.url"

-- Whether a path, as it is written in a URL, is plain.
return function(path)
  for hex in path:gmatch "%%(.?.?)" do
    local byte = hex:find "^%x%x$" and string.char(tonumber(hex, 16))
    -- Not "~", which Java's URLEncoder and others encode.
    if not byte or byte:find "[%w._/\\-]" then return false end
  end
  local text = url.decode(path)
  return utf8.len(text) ~= nil and not text:find "[\\;%c]" and not text:find("//", 1, true) and not text:find "/%.%.?%f[/\0]"
    and not text:find "%%%x%x" -- it would be decoded once more
end
